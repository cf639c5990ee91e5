//! Base64, with nginx's tolerance when decoding: the input ends at the first
//! `=`, padding may be missing, and unused bits of the last digit do not count.

use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::{Engine, decoded_len_estimate, encoded_len};
use memchr::memchr;

/// How bytes are written as digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `+` and `/`, and `=` up to a multiple of four digits.
    Padded,
    /// `+` and `/`.
    Unpadded,
    /// `-` and `_`, no padding.
    Url,
}

/// The input is not Base64: a byte outside of the alphabet, or one digit too
/// many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invalid;

const CONFIG: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_encode_padding(false)
    .with_decode_padding_mode(DecodePaddingMode::RequireNone)
    .with_decode_allow_trailing_bits(true);

static PADDED: GeneralPurpose = GeneralPurpose::new(&STANDARD, CONFIG.with_encode_padding(true));
static UNPADDED: GeneralPurpose = GeneralPurpose::new(&STANDARD, CONFIG);
static URL: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, CONFIG);

impl Form {
    fn engine(self) -> &'static GeneralPurpose {
        match self {
            Form::Padded => &PADDED,
            Form::Unpadded => &UNPADDED,
            Form::Url => &URL,
        }
    }
}

/// The length of `len` bytes when they are encoded; `None` if no memory holds
/// that much.
pub fn encoded_length(len: usize, form: Form) -> Option<usize> {
    encoded_len(len, form == Form::Padded)
}

/// Writes the digits to the start of `out`, which has room for
/// [`encoded_length`] of them; gives their number.
pub fn encode(input: &[u8], form: Form, out: &mut [u8]) -> usize {
    form.engine().encode_slice(input, out).expect("room for the digits")
}

/// What [`decode`] of `len` digits needs at most.
pub fn decoded_length(len: usize) -> usize {
    decoded_len_estimate(len)
}

/// Writes the decoded bytes to the start of `out`, which has room for
/// [`decoded_length`] of them; gives their number.
pub fn decode(input: &[u8], form: Form, out: &mut [u8]) -> Result<usize, Invalid> {
    let digits = memchr(b'=', input).map_or(input, |end| &input[..end]);
    // UNPADDED, as what is left has no padding.
    let engine = if form == Form::Url { &URL } else { &UNPADDED };
    engine.decode_slice(digits, out).map_err(|_| Invalid)
}

/// As [`decode`], but bytes outside of the standard alphabet are skipped.
pub fn decode_mime(input: &[u8], out: &mut [u8]) -> Result<usize, Invalid> {
    let digits: Vec<u8> = input
        .iter()
        .copied()
        .take_while(|byte| *byte != b'=')
        .filter(|byte| matches!(byte, b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/'))
        .collect();
    UNPADDED.decode_slice(digits, out).map_err(|_| Invalid)
}

#[cfg(test)]
mod tests;
