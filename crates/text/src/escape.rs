//! Percent-escaping.

use std::borrow::Cow;

/// Which bytes are escaped.
///
/// All sets but [`HeaderName`](Set::HeaderName),
/// [`HeaderValue`](Set::HeaderValue) and [`SetUriArgs`](Set::SetUriArgs) are
/// those of `ngx.escape_uri(str, type)`; they contain the control bytes and
/// the space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Set {
    /// A path (`ngx.escape_uri` type 0): `#%?`, DEL and above.
    Uri,
    /// A whole query string (type 1): `#%+?`, DEL and above.
    Args,
    /// One part of a path or a query string, and the default of
    /// `ngx.escape_uri` (type 2): all but alphanumerics and ``-._~!'()*``.
    Component,
    /// A link in a page (type 3): `"#%'`, DEL and above.
    Html,
    /// The `Refresh` header (type 4): `"'`, DEL and above.
    Refresh,
    /// A memcached key (type 5): `%`.
    Memcached,
    /// A mail login (type 6): `%`.
    MailAuth,
    /// A header name: control bytes, the space, ``"(),/:;<=>?@[\]{}``, DEL
    /// and above.
    HeaderName,
    /// A header value: control bytes but the tab.
    HeaderValue,
    /// The string argument of `ngx.req.set_uri_args`: control bytes and the
    /// space.
    SetUriArgs,
}

impl Set {
    /// The set that goes with the type number of `ngx.escape_uri`.
    pub const fn from_type(number: i64) -> Option<Set> {
        Some(match number {
            0 => Set::Uri,
            1 => Set::Args,
            2 => Set::Component,
            3 => Set::Html,
            4 => Set::Refresh,
            5 => Set::Memcached,
            6 => Set::MailAuth,
            _ => return None,
        })
    }

    /// Whether the byte is escaped.
    #[inline]
    pub const fn contains(self, byte: u8) -> bool {
        TABLE[byte as usize] & self.flag() != 0
    }

    const fn flag(self) -> u16 {
        1 << self as u16
    }
}

/// Escapes each byte of the set as `%XX`, in upper case.
pub fn escape(input: &[u8], set: Set) -> Cow<'_, [u8]> {
    let len = escaped_len(input, set);
    if len == input.len() {
        return Cow::Borrowed(input);
    }

    let mut out = Vec::with_capacity(len);
    append(input, set, &mut out);
    Cow::Owned(out)
}

/// Appends the escaped input to `out`.
pub fn escape_into(input: &[u8], set: Set, out: &mut Vec<u8>) {
    let flag = set.flag();
    let first = input.iter().position(|&byte| TABLE[usize::from(byte)] & flag != 0);
    match first {
        None => out.extend_from_slice(input),
        Some(first) => {
            out.reserve(escaped_len(input, set));
            out.extend_from_slice(&input[..first]);
            append(&input[first..], set, out);
        }
    }
}

/// Writes the escaped input to the start of `out`, which has room for three
/// times the input or for [`escaped_len`]; gives the length.
pub fn escape_to(input: &[u8], set: Set, out: &mut [u8]) -> usize {
    let flag = set.flag();
    let mut len = 0;
    for &byte in input {
        if TABLE[usize::from(byte)] & flag == 0 {
            out[len] = byte;
            len += 1;
        } else {
            out[len..len + 3].copy_from_slice(&escaped(byte));
            len += 3;
        }
    }
    len
}

/// The length that the input has when it is escaped.
pub fn escaped_len(input: &[u8], set: Set) -> usize {
    let flag = set.flag();
    let escaped: usize =
        input.iter().map(|&byte| usize::from(TABLE[usize::from(byte)] & flag != 0)).sum();
    input.len() + 2 * escaped
}

fn append(input: &[u8], set: Set, out: &mut Vec<u8>) {
    let mut rest = input;
    while let Some(n) = rest.iter().position(|&byte| set.contains(byte)) {
        let byte = rest[n];
        out.extend_from_slice(&rest[..n]);
        out.extend_from_slice(&escaped(byte));
        rest = &rest[n + 1..];
    }
    out.extend_from_slice(rest);
}

const fn escaped(byte: u8) -> [u8; 3] {
    [b'%', hex_digit(byte >> 4), hex_digit(byte & 15)]
}

pub(crate) const fn hex_digit(nibble: u8) -> u8 {
    b"0123456789ABCDEF"[nibble as usize]
}

/// For each byte the flags of the sets that contain it.
static TABLE: [u16; 256] = table();

const fn table() -> [u16; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = flags(byte as u8);
        byte += 1;
    }
    table
}

const fn flags(byte: u8) -> u16 {
    const MEMCACHED: u16 = Set::Memcached.flag() | Set::MailAuth.flag();
    const URI: u16 = Set::Uri.flag() | Set::Args.flag();
    const PAGE: u16 = Set::Html.flag() | Set::Refresh.flag();
    const HIGH: u16 = URI | PAGE | Set::Component.flag() | Set::HeaderName.flag();
    const SPACE: u16 = HIGH | MEMCACHED | Set::SetUriArgs.flag();

    match byte {
        b'\t' | b' ' => SPACE,
        0..b' ' => SPACE | Set::HeaderValue.flag(),
        0x7f => HIGH | Set::HeaderValue.flag() | Set::SetUriArgs.flag(),
        0x80.. => HIGH,
        b'"' => PAGE | Set::Component.flag() | Set::HeaderName.flag(),
        b'#' => URI | Set::Html.flag() | Set::Component.flag(),
        b'%' => URI | Set::Html.flag() | Set::Component.flag() | MEMCACHED,
        b'\'' => PAGE,
        b'(' | b')' => Set::HeaderName.flag(),
        b'+' => Set::Args.flag() | Set::Component.flag(),
        b'?' => URI | Set::Component.flag() | Set::HeaderName.flag(),
        b',' | b'/' | b':' | b';' | b'<' | b'=' | b'>' | b'@' => {
            Set::Component.flag() | Set::HeaderName.flag()
        }
        b'[' | b'\\' | b']' | b'{' | b'}' => Set::Component.flag() | Set::HeaderName.flag(),
        b'$' | b'&' | b'^' | b'`' | b'|' => Set::Component.flag(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests;
