//! Percent-decoding.

use std::borrow::Cow;

use memchr::{memchr, memchr2};

/// What a `+` stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plus {
    /// A space, as in a query string.
    Space,
    /// Itself, as in a path.
    Keep,
}

/// Decodes `%XX`. A `%` that two hex digits do not follow stays as it is.
pub fn decode(input: &[u8], plus: Plus) -> Cow<'_, [u8]> {
    match next(input, plus) {
        None => Cow::Borrowed(input),
        Some(n) => {
            let mut out = Vec::with_capacity(input.len());
            append(input, n, plus, &mut out);
            Cow::Owned(out)
        }
    }
}

/// Appends the decoded input to `out`.
pub fn decode_into(input: &[u8], plus: Plus, out: &mut Vec<u8>) {
    match next(input, plus) {
        None => out.extend_from_slice(input),
        Some(n) => append(input, n, plus, out),
    }
}

/// Writes the decoded input to the start of `out`, which has room for the
/// input; gives the length.
pub fn decode_to(input: &[u8], plus: Plus, out: &mut [u8]) -> usize {
    let (mut from, mut len) = (0, 0);
    while let Some(&byte) = input.get(from) {
        from += 1;
        out[len] = match byte {
            b'+' if plus == Plus::Space => b' ',
            b'%' => {
                match input.get(from..from + 2).map(|digits| (nibble(digits[0]), nibble(digits[1])))
                {
                    Some((Some(high), Some(low))) => {
                        from += 2;
                        high << 4 | low
                    }
                    _ => b'%',
                }
            }
            _ => byte,
        };
        len += 1;
    }
    len
}

/// Decodes the input, whose first special byte is `input[n]`.
fn append(input: &[u8], mut n: usize, plus: Plus, out: &mut Vec<u8>) {
    let mut rest = input;
    loop {
        out.extend_from_slice(&rest[..n]);
        rest = match rest[n..] {
            [b'%', high, low, ref after @ ..] => match (nibble(high), nibble(low)) {
                (Some(high), Some(low)) => {
                    out.push(high << 4 | low);
                    after
                }
                _ => {
                    out.push(b'%');
                    &rest[n + 1..]
                }
            },
            [b'+', ref after @ ..] => {
                out.push(b' ');
                after
            }
            _ => {
                out.push(b'%');
                &rest[n + 1..]
            }
        };

        match next(rest, plus) {
            Some(at) => n = at,
            None => break,
        }
    }
    out.extend_from_slice(rest);
}

fn next(input: &[u8], plus: Plus) -> Option<usize> {
    match plus {
        Plus::Space => memchr2(b'%', b'+', input),
        Plus::Keep => memchr(b'%', input),
    }
}

const fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
