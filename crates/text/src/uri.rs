//! Bytes that a URI must not carry.

use std::borrow::Cow;

use crate::escape::hex_digit;

/// The first byte that `ngx.req.set_uri` refuses unless its `binary` argument
/// is true: a control byte other than the tab.
pub fn first_unsafe_byte(uri: &[u8]) -> Option<u8> {
    uri.iter().copied().find(|&byte| is_unsafe(byte))
}

/// The text as it is shown in an error message: `\xHH`, in upper case, for
/// bytes that are not printable ASCII and for `"` and `\`.
pub fn display(text: &[u8]) -> Cow<'_, [u8]> {
    let hidden = text.iter().filter(|&&byte| is_hidden(byte)).count();
    if hidden == 0 {
        return Cow::Borrowed(text);
    }

    let mut out = Vec::with_capacity(text.len() + 3 * hidden);
    for &byte in text {
        if is_hidden(byte) {
            out.extend_from_slice(&[b'\\', b'x', hex_digit(byte >> 4), hex_digit(byte & 15)]);
        } else {
            out.push(byte);
        }
    }
    Cow::Owned(out)
}

const fn is_unsafe(byte: u8) -> bool {
    matches!(byte, 0..=0x08 | 0x0a..=0x1f | 0x7f)
}

const fn is_hidden(byte: u8) -> bool {
    matches!(byte, 0..=0x1f | b'"' | b'\\' | 0x7f..)
}

#[cfg(test)]
mod tests;
