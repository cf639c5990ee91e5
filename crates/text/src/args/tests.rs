use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;

/// The arguments as `name=value` or `name!`, and whether some may be missing.
fn list(input: &str, max: usize, counting: Counting) -> (Vec<String>, bool) {
    let mut args = Args::new(input.as_bytes(), max, counting);
    let list = args
        .by_ref()
        .map(|(name, value)| {
            let name = String::from_utf8_lossy(&name).into_owned();
            match value {
                Value::Flag => name + "!",
                Value::Text(text) => name + "=" + &String::from_utf8_lossy(&text),
            }
        })
        .collect();
    (list, args.truncated())
}

fn assert_args(input: &str, expected: &[&str]) {
    for counting in [Counting::Kept, Counting::Pieces] {
        let (list, truncated) = list(input, 0, counting);
        assert_eq!(list, expected, "{input:?}");
        assert!(!truncated);
    }
}

#[test]
fn names_and_values() {
    assert_args("a=1&b=2", &["a=1", "b=2"]);
    assert_args("a", &["a!"]);
    assert_args("a=", &["a="]);
    assert_args("a=b=c", &["a=b=c"]);
    assert_args("a==b", &["a==b"]);
    assert_args("a=1;b=2", &["a=1;b=2"]);
    assert_args("a?b=1", &["a?b=1"]);
}

#[test]
fn repeated_names_stay_in_order() {
    assert_args("a&a=&a=1&a", &["a!", "a=", "a=1", "a!"]);
}

#[test]
fn empty_names_are_dropped() {
    for input in ["", "&", "&&", "=", "=1", "=&=&="] {
        assert_args(input, &[]);
    }
    assert_args("a&&b&", &["a!", "b!"]);
    assert_args("&a", &["a!"]);
    assert_args("=1&a", &["a!"]);
}

#[test]
fn pieces_are_counted() {
    for (input, count) in [("", 0), ("a", 1), ("a&b", 2), ("&", 2), ("a&&=&", 4)] {
        assert_eq!(pieces(input.as_bytes()), count, "{input:?}");
    }
}

#[test]
fn decoding() {
    assert_args("a+b=c+d", &["a b=c d"]);
    assert_args("%3d=%26", &["==&"]);
    assert_args("%26%3D", &["&=!"]);
    assert_args("%00=1&+", &["\0=1", " !"]);
    assert_args("a=%&%=%4&%4=%zz", &["a=%", "%=%4", "%4=%zz"]);
}

#[test]
fn kept_arguments_use_slots() {
    for (input, max, expected, truncated) in [
        ("a&b&c", 2, &["a!", "b!"][..], true),
        ("a&b", 2, &["a!", "b!"], false),
        ("a&b&", 2, &["a!", "b!"], true),
        ("=1&&=2&a=1&b=2", 1, &["a=1"], true),
        ("=1&&=2&a=1&b=2", 2, &["a=1", "b=2"], true),
        ("=1&&=2&a=1&b=2", 4, &["a=1", "b=2"], true),
        ("=1&&=2&a=1&b=2", 5, &["a=1", "b=2"], false),
        ("&&&a", 1, &["a!"], true),
        ("&a", 2, &["a!"], false),
        ("a&=2", 1, &["a!"], true),
        ("&", 1, &[], true),
        ("", 1, &[], false),
    ] {
        let (list, missing) = list(input, max, Counting::Kept);
        assert_eq!(list, expected, "{input:?} {max}");
        assert_eq!(missing, truncated, "{input:?} {max}");
    }
}

#[test]
fn pieces_use_slots() {
    for (input, max, expected, truncated) in [
        ("a&b&c", 2, &["a!", "b!"][..], true),
        ("a&b", 2, &["a!", "b!"], false),
        ("a&b&", 2, &["a!", "b!"], true),
        ("=1&&=2&a=1&b=2", 3, &[], true),
        ("=1&&=2&a=1&b=2", 4, &["a=1"], true),
        ("=1&&=2&a=1&b=2", 5, &["a=1", "b=2"], false),
        ("&&&a", 2, &[], true),
        ("&a", 1, &[], true),
        ("&a", 2, &["a!"], false),
        ("a&=2", 2, &["a!"], false),
        ("&", 1, &[], true),
        ("", 1, &[], false),
    ] {
        let (list, missing) = list(input, max, Counting::Pieces);
        assert_eq!(list, expected, "{input:?} {max}");
        assert_eq!(missing, truncated, "{input:?} {max}");
    }
}

#[test]
fn plain_text_is_borrowed() {
    let (name, value) = Args::new(b"a=1", 0, Counting::Kept).next().unwrap();
    assert!(matches!(name, Cow::Borrowed(_)));
    assert!(matches!(value, Value::Text(Cow::Borrowed(_))));
}

#[test]
fn pairs() {
    let mut out = Vec::new();
    push_pair(&mut out, b"a b", Some(b"c&d"));
    assert_eq!(out, b"a%20b=c%26d");
    push_pair(&mut out, b"e", None);
    push_pair(&mut out, b"f", Some(b""));
    assert_eq!(out, b"a%20b=c%26d&e&f=");
}

proptest! {
    #[test]
    fn pairs_come_back(
        pairs in vec((vec(any::<u8>(), 1..6), proptest::option::of(vec(any::<u8>(), 0..6))), 0..6),
    ) {
        let mut query = Vec::new();
        for (name, value) in &pairs {
            push_pair(&mut query, name, value.as_deref());
        }
        let back: Vec<_> = Args::new(&query, 0, Counting::Kept)
            .map(|(name, value)| match value {
                Value::Flag => (name.into_owned(), None),
                Value::Text(text) => (name.into_owned(), Some(text.into_owned())),
            })
            .collect();
        prop_assert_eq!(back, pairs);
    }

    #[test]
    fn limits(input in vec(select(b"&&=a1".as_slice()), 0..16), max in 1..6_usize) {
        let all: Vec<_> = Args::new(&input, 0, Counting::Kept).collect();
        let pieces = match input.len() {
            0 => 0,
            _ => input.split(|&byte| byte == b'&').count(),
        };

        let mut kept = Args::new(&input, max, Counting::Kept);
        prop_assert_eq!(kept.by_ref().collect::<Vec<_>>(), &all[..all.len().min(max)]);
        prop_assert_eq!(kept.truncated(), pieces > max);

        let head: Vec<_> = input.split(|&byte| byte == b'&').take(max).collect();
        let head = head.join(&b'&');
        let mut counted = Args::new(&input, max, Counting::Pieces);
        let expected: Vec<_> = Args::new(&head, 0, Counting::Kept).collect();
        prop_assert_eq!(counted.by_ref().collect::<Vec<_>>(), expected);
        prop_assert_eq!(counted.truncated(), pieces > max);
    }
}
