use proptest::prelude::*;

use super::*;

#[test]
fn control_bytes_but_the_tab_are_unsafe() {
    let refused: Vec<u8> = (0..=255).filter(|&byte| first_unsafe_byte(&[byte]).is_some()).collect();
    let expected: Vec<u8> = (0..=8).chain(10..=31).chain([0x7f]).collect();
    assert_eq!(refused, expected);
}

#[test]
fn the_first_one_is_named() {
    assert_eq!(first_unsafe_byte(b"/a\x02\x01"), Some(2));
    assert_eq!(first_unsafe_byte(b"/a?b c\t\xff"), None);
    assert_eq!(first_unsafe_byte(b""), None);
}

#[test]
fn shown() {
    assert_eq!(
        *display(b"/\x01\0abc\"\\'\t\n\x7f\xc8"),
        *br"/\x01\x00abc\x22\x5C'\x09\x0A\x7F\xC8"
    );
    assert!(matches!(display(b"/a b'~"), Cow::Borrowed(_)));
}

#[test]
fn shown_in_full_length() {
    let uri = vec![b'\xff'; 10_000];
    assert_eq!(*display(&uri), *r"\xFF".repeat(10_000).as_bytes());
}

proptest! {
    #[test]
    fn shown_byte_by_byte(text: Vec<u8>) {
        let expected: String = text
            .iter()
            .map(|&byte| match byte {
                b' '..=b'~' if byte != b'"' && byte != b'\\' => char::from(byte).to_string(),
                _ => format!("\\x{byte:02X}"),
            })
            .collect();
        prop_assert_eq!(&*display(&text), expected.as_bytes());
    }
}
