//! Header names and values.

use std::borrow::Cow;

use memchr::memchr;

/// The name in lower case.
pub fn lowercase(name: &[u8]) -> Cow<'_, [u8]> {
    if name.iter().any(u8::is_ascii_uppercase) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}

/// Appends the name in lower case to `out`.
pub fn lowercase_into(name: &[u8], out: &mut Vec<u8>) {
    out.extend(name.iter().map(u8::to_ascii_lowercase));
}

/// The name with each `_` turned into `-`, as
/// `lua_transform_underscores_in_response_headers` asks for.
pub fn dashes(name: &[u8]) -> Cow<'_, [u8]> {
    match memchr(b'_', name) {
        None => Cow::Borrowed(name),
        Some(first) => {
            let mut out = name.to_vec();
            for byte in &mut out[first..] {
                if *byte == b'_' {
                    *byte = b'-';
                }
            }
            Cow::Owned(out)
        }
    }
}

/// The value of a `Content-Length`: decimal digits only, and no more than
/// nginx's `off_t` holds.
pub fn content_length(value: &[u8]) -> Option<u64> {
    if value.is_empty() {
        return None;
    }
    let length = value.iter().try_fold(0_i64, |length, &byte| {
        if !byte.is_ascii_digit() {
            return None;
        }
        length.checked_mul(10)?.checked_add(i64::from(byte - b'0'))
    })?;
    u64::try_from(length).ok()
}

/// The length of the media type in a `Content-Type`, that is of what stands
/// before the first `;`. By this part nginx matches `gzip_types` and others.
pub fn content_type_len(value: &[u8]) -> usize {
    memchr(b';', value).unwrap_or(value.len())
}

#[cfg(test)]
mod tests;
