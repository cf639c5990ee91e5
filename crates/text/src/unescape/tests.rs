use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::escape::{self, Set};

fn decoded(input: &str) -> Vec<u8> {
    decode(input.as_bytes(), Plus::Space).into_owned()
}

#[test]
fn hex_digits() {
    assert_eq!(decoded("%41"), b"A");
    assert_eq!(decoded("%2b"), b"+");
    assert_eq!(decoded("%00"), b"\0");
    assert_eq!(decoded("%aF%Fa1"), b"\xaf\xfa1");
    assert_eq!(decoded("%3f?"), b"??");
}

#[test]
fn plus() {
    assert_eq!(decoded("a+b"), b"a b");
    assert_eq!(decoded("a?b+c"), b"a?b c");
    assert_eq!(*decode(b"a+b%20", Plus::Keep), *b"a+b ");
}

#[test]
fn malformed_percent_is_kept() {
    for input in ["%", "%4", "%4g", "%g1", "%%", "%?41", "%u0041", "%1%1%1", "%4\0", "abc%1", "%0"]
    {
        assert_eq!(decoded(input), input.as_bytes());
    }
}

#[test]
fn decoding_goes_on_after_a_malformed_percent() {
    assert_eq!(decoded("%%41"), b"%A");
    assert_eq!(decoded("%%%41"), b"%%A");
    assert_eq!(decoded("%4%41"), b"%4A");
    assert_eq!(decoded("%zz%41%"), b"%zzA%");
    assert_eq!(decoded("%4+"), b"%4 ");
    assert_eq!(decoded("%+41"), b"% 41");
}

#[test]
fn nothing_to_decode_is_borrowed() {
    assert!(matches!(decode(b"", Plus::Space), Cow::Borrowed(_)));
    assert!(matches!(decode(b"abc/?&=", Plus::Space), Cow::Borrowed(_)));
    assert!(matches!(decode(b"a+b", Plus::Keep), Cow::Borrowed(_)));
}

/// The rule, spelt out.
fn model(input: &[u8], plus: Plus) -> Vec<u8> {
    let mut out = Vec::new();
    let mut i = 0;
    while i < input.len() {
        let digits = input.get(i + 1..i + 3).and_then(|digits| {
            let digits = std::str::from_utf8(digits).ok()?;
            let hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
            hex.then(|| u8::from_str_radix(digits, 16).unwrap())
        });
        match (input[i], digits) {
            (b'%', Some(byte)) => {
                out.push(byte);
                i += 2;
            }
            (b'+', _) if plus == Plus::Space => out.push(b' '),
            (byte, _) => out.push(byte),
        }
        i += 1;
    }
    out
}

proptest! {
    #[test]
    fn as_the_model(
        input in vec(select(b"%%%+4aFg0\xff".as_slice()), 0..30),
        plus in select([Plus::Space, Plus::Keep].as_slice()),
    ) {
        let expected = model(&input, plus);
        prop_assert_eq!(&*decode(&input, plus), &expected[..]);

        let mut out = b"before".to_vec();
        decode_into(&input, plus, &mut out);
        prop_assert_eq!(&out[..6], b"before");
        prop_assert_eq!(&out[6..], &expected[..]);

        let mut out = vec![0; input.len()];
        let len = decode_to(&input, plus, &mut out);
        prop_assert_eq!(&out[..len], &expected[..]);
    }

    #[test]
    fn undoes_escape(input: Vec<u8>) {
        for (set, plus) in [
            (Set::Uri, Plus::Keep),
            (Set::Args, Plus::Space),
            (Set::Component, Plus::Space),
            (Set::Html, Plus::Keep),
            (Set::Memcached, Plus::Keep),
        ] {
            let escaped = escape::escape(&input, set);
            prop_assert_eq!(&*decode(&escaped, plus), &input[..]);
        }
    }
}
