use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn encoded(input: &[u8], form: Form) -> String {
    let mut out = vec![0; encoded_length(input.len(), form).unwrap()];
    assert_eq!(encode(input, form, &mut out), out.len());
    String::from_utf8(out).unwrap()
}

fn decoded(input: &str, form: Form) -> Option<Vec<u8>> {
    let mut out = vec![0; decoded_length(input.len())];
    let len = decode(input.as_bytes(), form, &mut out).ok()?;
    out.truncate(len);
    Some(out)
}

fn decoded_mime(input: &str) -> Option<Vec<u8>> {
    let mut out = vec![0; decoded_length(input.len())];
    let len = decode_mime(input.as_bytes(), &mut out).ok()?;
    out.truncate(len);
    Some(out)
}

#[test]
fn forms() {
    let input = b"\xff\xfe\xfd\xfa";
    assert_eq!(encoded(input, Form::Padded), "//79+g==");
    assert_eq!(encoded(input, Form::Unpadded), "//79+g");
    assert_eq!(encoded(input, Form::Url), "__79-g");
    for form in [Form::Padded, Form::Unpadded, Form::Url] {
        assert_eq!(encoded(b"", form), "");
    }
}

#[test]
fn decoding_ends_at_the_first_padding() {
    for input in ["YWI", "YWI=", "YWI==", "YWI=YWI=", "YWI=!"] {
        assert_eq!(decoded(input, Form::Padded).as_deref(), Some(&b"ab"[..]), "{input}");
    }
    for input in ["", "=", "====", "=YWI="] {
        assert_eq!(decoded(input, Form::Padded).as_deref(), Some(&b""[..]), "{input}");
    }
}

#[test]
fn unused_bits_do_not_count() {
    for input in ["YQ", "YR", "YZ==", "Yf==="] {
        assert_eq!(decoded(input, Form::Padded).as_deref(), Some(&b"a"[..]), "{input}");
    }
}

#[test]
fn malformed_input() {
    for input in ["Y", "Y=", "YWJjZ", "YW Jj", "YWJj\n", "YWI-", "YWI_", "YWJj\0", "YWJjé"] {
        assert_eq!(decoded(input, Form::Padded), None, "{input}");
    }
    for input in ["Y", "YW+-", "YW/_", "YWJj "] {
        assert_eq!(decoded(input, Form::Url), None, "{input}");
    }
}

#[test]
fn mime_skips_what_is_no_digit() {
    for input in ["YWJj", "YW\r\nJj", " Y-W_J.j\0", "YWJj=!!", "YWJjéZGVm"] {
        assert!(decoded_mime(input).unwrap().starts_with(b"abc"), "{input}");
    }
    assert_eq!(decoded_mime("!!!").as_deref(), Some(&b""[..]));
    assert_eq!(decoded_mime("Y!!!"), None);
    assert_eq!(decoded_mime("Y!=W"), None);
}

proptest! {
    #[test]
    fn decoding_undoes_encoding(input in vec(any::<u8>(), 0..200)) {
        for form in [Form::Padded, Form::Unpadded, Form::Url] {
            let digits = encoded(&input, form);
            prop_assert_eq!(decoded(&digits, form), Some(input.clone()));
        }
        let folded = encoded(&input, Form::Padded).replace('a', "\na");
        prop_assert_eq!(decoded_mime(&folded), Some(input));
    }

    /// As nginx decides it: all up to the first `=` is in the alphabet, and
    /// no single digit is left.
    #[test]
    fn what_is_valid(input in "[A-Za-z0-9+/=_!-]{0,12}") {
        let digits = input.split('=').next().unwrap();
        let plain = digits.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/".contains(&b));
        prop_assert_eq!(
            decoded(&input, Form::Padded).is_some(),
            plain && digits.len() % 4 != 1
        );
    }
}
