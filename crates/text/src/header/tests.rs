use proptest::prelude::*;

use super::*;

#[test]
fn lower_case() {
    assert_eq!(*lowercase(b"X-Forwarded_FOR\xc4"), *b"x-forwarded_for\xc4");
    assert!(matches!(lowercase(b"x-a_1"), Cow::Borrowed(_)));

    let mut out = b"A".to_vec();
    lowercase_into(b"Bc", &mut out);
    assert_eq!(out, b"Abc");
}

#[test]
fn underscores_become_dashes() {
    assert_eq!(*dashes(b"_X_y-Z_"), *b"-X-y-Z-");
    assert!(matches!(dashes(b"X-Y"), Cow::Borrowed(_)));
}

#[test]
fn content_lengths() {
    assert_eq!(content_length(b"0"), Some(0));
    assert_eq!(content_length(b"00012"), Some(12));
    assert_eq!(content_length(b"9223372036854775807"), Some(9_223_372_036_854_775_807));

    for value in [
        "",
        " 12",
        "12 ",
        "+1",
        "-1",
        "1.5",
        "0x10",
        "abc",
        "12a",
        "1e3",
        "1,2",
        "9223372036854775808",
        "92233720368547758070",
        "18446744073709551616",
    ] {
        assert_eq!(content_length(value.as_bytes()), None, "{value:?}");
    }
}

#[test]
fn media_type() {
    for (value, media_type) in [
        ("text/html", "text/html"),
        ("text/html; charset=x", "text/html"),
        ("text/html ; x", "text/html "),
        ("text/html;a;b", "text/html"),
        (" text/html ", " text/html "),
        (";x", ""),
        ("", ""),
    ] {
        assert_eq!(&value[..content_type_len(value.as_bytes())], media_type);
    }
}

proptest! {
    #[test]
    fn written_lengths_are_read(length in 0..=i64::MAX as u64) {
        prop_assert_eq!(content_length(length.to_string().as_bytes()), Some(length));
    }

    #[test]
    fn names_keep_their_length(name: Vec<u8>) {
        prop_assert_eq!(&*lowercase(&name), &name.to_ascii_lowercase()[..]);
        let dashed: Vec<u8> =
            name.iter().map(|&byte| if byte == b'_' { b'-' } else { byte }).collect();
        prop_assert_eq!(&*dashes(&name), &dashed[..]);
    }
}
