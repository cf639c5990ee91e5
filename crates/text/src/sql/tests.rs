use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn quoted(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    quote_into(text, &mut out);
    out
}

/// A literal as MySQL reads it; `None` if it does not end where the text does.
fn read(literal: &[u8]) -> Option<Vec<u8>> {
    let mut rest = literal.strip_prefix(b"'".as_slice())?.iter();
    let mut text = Vec::new();
    loop {
        match *rest.next()? {
            b'\'' => return rest.as_slice().is_empty().then_some(text),
            b'\\' => text.push(match *rest.next()? {
                b'0' => 0,
                b'b' => 8,
                b't' => b'\t',
                b'n' => b'\n',
                b'r' => b'\r',
                b'Z' => 0x1a,
                other => other,
            }),
            byte => text.push(byte),
        }
    }
}

#[test]
fn special_bytes() {
    assert_eq!(quoted(b""), b"''");
    assert_eq!(quoted(b"a b"), b"'a b'");
    assert_eq!(quoted(b"\0\x08\t\n\r\x1a\\'\""), br#"'\0\b\t\n\r\Z\\\'\"'"#);
    assert_eq!(quoted(b"%_\x7f\xe4\x01"), b"'%_\x7f\xe4\x01'");
}

proptest! {
    #[test]
    fn a_literal_reads_as_its_text(text in vec(any::<u8>(), 0..100)) {
        prop_assert_eq!(read(&quoted(&text)), Some(text));
    }
}
