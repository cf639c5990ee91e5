use proptest::prelude::*;
use proptest::sample::select;

use super::*;

const SETS: &[Set] = &[
    Set::Uri,
    Set::Args,
    Set::Component,
    Set::Html,
    Set::Refresh,
    Set::Memcached,
    Set::MailAuth,
    Set::HeaderName,
    Set::HeaderValue,
    Set::SetUriArgs,
];

#[derive(PartialEq, Debug)]
struct Escaped {
    control: Vec<u8>,
    printable: String,
    del: bool,
    high: bool,
}

/// What a set escapes of all 256 bytes.
fn escaped(set: Set) -> Escaped {
    let contains = |byte: u8| {
        let input = [byte];
        let out = escape(&input, set);
        if *out != input {
            assert_eq!(*out, *format!("%{byte:02X}").as_bytes());
        }
        assert_eq!(set.contains(byte), *out != input);
        *out != input
    };
    let high = contains(0x80);
    assert!((0x80..=0xff).all(|byte| contains(byte) == high));

    Escaped {
        control: (0..0x20).filter(|&byte| contains(byte)).collect(),
        printable: (b' '..=b'~').filter(|&byte| contains(byte)).map(char::from).collect(),
        del: contains(0x7f),
        high,
    }
}

fn all_controls() -> Vec<u8> {
    (0..0x20).collect()
}

#[test]
fn escape_uri_types() {
    for (number, printable, above) in [
        (0, " #%?", true),
        (1, " #%+?", true),
        (2, " \"#$%&+,/:;<=>?@[\\]^`{|}", true),
        (3, " \"#%'", true),
        (4, " \"'", true),
        (5, " %", false),
        (6, " %", false),
    ] {
        let expected = Escaped {
            control: all_controls(),
            printable: printable.to_owned(),
            del: above,
            high: above,
        };
        let set = Set::from_type(number).unwrap();
        assert_eq!(escaped(set), expected, "type {number}");
    }

    assert_eq!(Set::from_type(-1), None);
    assert_eq!(Set::from_type(7), None);
}

#[test]
fn header_names() {
    assert_eq!(
        escaped(Set::HeaderName),
        Escaped {
            control: all_controls(),
            printable: " \"(),/:;<=>?@[\\]{}".to_owned(),
            del: true,
            high: true,
        }
    );
}

#[test]
fn header_values() {
    assert_eq!(
        escaped(Set::HeaderValue),
        Escaped {
            control: (0..0x20).filter(|&byte| byte != b'\t').collect(),
            printable: String::new(),
            del: true,
            high: false,
        }
    );
}

#[test]
fn set_uri_args() {
    assert_eq!(
        escaped(Set::SetUriArgs),
        Escaped { control: all_controls(), printable: " ".to_owned(), del: true, high: false }
    );
}

#[test]
fn mixed() {
    assert_eq!(*escape(b"a b=\xff!\n", Set::Component), *b"a%20b%3D%FF!%0A");
    assert_eq!(*escape(b"", Set::Component), *b"");
}

#[test]
fn nothing_to_escape_is_borrowed() {
    assert!(matches!(escape(b"abc-._~!'()*XYZ019", Set::Component), Cow::Borrowed(_)));
    assert!(matches!(escape(b" ", Set::Component), Cow::Owned(_)));
}

proptest! {
    #[test]
    fn byte_by_byte(input: Vec<u8>, set in select(SETS)) {
        let mut expected = Vec::new();
        for &byte in &input {
            if set.contains(byte) {
                expected.extend_from_slice(format!("%{byte:02X}").as_bytes());
            } else {
                expected.push(byte);
            }
        }
        prop_assert_eq!(escaped_len(&input, set), expected.len());
        prop_assert_eq!(&*escape(&input, set), &expected[..]);

        let mut out = b"before".to_vec();
        escape_into(&input, set, &mut out);
        prop_assert_eq!(&out[..6], b"before");
        prop_assert_eq!(&out[6..], &expected[..]);

        let mut out = vec![0; expected.len()];
        prop_assert_eq!(escape_to(&input, set, &mut out), expected.len());
        prop_assert_eq!(out, expected);
    }

    #[test]
    fn what_is_left_needs_no_escape(input: Vec<u8>, set in select(SETS)) {
        for &byte in &*escape(&input, set) {
            prop_assert!(byte == b'%' || !set.contains(byte));
        }
    }
}
