use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// The result with `<n>` for group n.
fn filled(source: &str) -> String {
    let template = Template::parse(source.as_bytes()).expect("a valid template");
    let names: Vec<String> = (0..10).map(|n| format!("<{n}>")).collect();
    let mut out = Vec::new();
    template.append_to(&mut out, |n| names.get(n).map_or(b"", |name| name.as_bytes()));
    String::from_utf8(out).expect("the parts are UTF-8")
}

fn error(source: &str) -> String {
    Template::parse(source.as_bytes()).expect_err("an invalid template").to_string()
}

#[test]
fn text() {
    assert_eq!(filled(""), "");
    assert_eq!(filled("plain {text} \\1"), "plain {text} \\1");
}

#[test]
fn groups() {
    assert_eq!(filled("$0"), "<0>");
    assert_eq!(filled("a$1b${2}c"), "a<1>b<2>c");
    assert_eq!(filled("$1$2"), "<1><2>");
    assert_eq!(filled("${1}2"), "<1>2");
    assert_eq!(filled("$1a"), "<1>a");
    assert_eq!(filled("$1_"), "<1>_");
    assert_eq!(filled("$1}"), "<1>}");
    assert_eq!(filled("$01"), "<1>");
}

#[test]
fn a_number_is_as_long_as_it_can_be() {
    assert_eq!(filled("$12x"), "x");
    assert_eq!(filled("[$99999999999999999999999]"), "[]");
    assert_eq!(filled("[$18446744073709551617]"), "[]");
}

#[test]
fn dollars() {
    assert_eq!(filled("$$"), "$");
    assert_eq!(filled("$$1"), "$1");
    assert_eq!(filled("$$$1"), "$<1>");
    assert_eq!(filled("$$$$"), "$$");
    assert_eq!(filled("$1$$"), "<1>$");
}

#[test]
fn invalid_names() {
    for source in ["$", "a$", "$-", "$ ", "${", "${}", "a${}b", "$}", "$\0"] {
        let expected = format!("lua script: invalid capturing variable name found in \"{source}\"");
        assert_eq!(error(source), expected);
    }
}

#[test]
fn named() {
    for (source, name) in [("$a", "a"), ("x$_", "_"), ("${ab}", "ab"), ("$ab1-", "ab1")] {
        assert_eq!(
            error(source),
            format!(
                "attempt to use named capturing variable \"{name}\" \
                 (named captures not supported yet)"
            )
        );
    }
}

#[test]
fn unclosed() {
    for (source, name) in
        [("${1", "1"), ("${1a}", "1"), ("${ab", "ab"), ("${-}", ""), ("${a-b}", "a"), ("${$1}", "")]
    {
        assert_eq!(error(source), format!("the closing bracket in \"{name}\" variable is missing"));
    }
}

proptest! {
    #[test]
    fn never_panics(source in vec(prop_oneof![Just(b'$'), Just(b'{'), Just(b'}'), Just(b'1'), any::<u8>()], 0..30)) {
        if let Ok(template) = Template::parse(&source) {
            template.append_to(&mut Vec::new(), |_| b"x");
        }
    }

    #[test]
    fn escaped_text_is_itself(text in vec(any::<u8>(), 0..50)) {
        let escaped = text
            .iter()
            .flat_map(|c| if *c == b'$' { vec![b'$', b'$'] } else { vec![*c] })
            .collect::<Vec<_>>();
        let template = Template::parse(&escaped).expect("no variables");
        let mut out = Vec::new();
        template.append_to(&mut out, |_| b"never");
        prop_assert_eq!(out, text);
    }

    #[test]
    fn parts_come_in_order(parts in vec((any::<[u8; 3]>(), 0usize..100), 0..10)) {
        let mut source = Vec::new();
        let mut expected = Vec::new();
        let groups: Vec<Vec<u8>> = (0..100).map(|n| format!("[{n}]").into_bytes()).collect();
        for (text, group) in &parts {
            for c in text.iter().filter(|c| **c != b'$') {
                source.push(*c);
                expected.push(*c);
            }
            source.extend_from_slice(format!("${{{group}}}").as_bytes());
            expected.extend_from_slice(&groups[*group]);
        }
        let template = Template::parse(&source).expect("only numbers");
        let mut out = Vec::new();
        template.append_to(&mut out, |n| &groups[n]);
        prop_assert_eq!(out, expected);
    }
}
