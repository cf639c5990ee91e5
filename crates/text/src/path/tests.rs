use proptest::prelude::*;

use super::*;

fn expand(value: &str) -> String {
    String::from_utf8(package_path(value.as_bytes(), b"/srv/", b"DEF;ault")).unwrap()
}

#[test]
fn two_semicolons_are_the_default() {
    assert_eq!(expand("a"), "a");
    assert_eq!(expand("a;b;"), "a;b;");
    assert_eq!(expand(";;"), ";DEF;ault;");
    assert_eq!(expand("a;;"), "a;DEF;ault;");
    assert_eq!(expand(";;a"), ";DEF;ault;a");
    assert_eq!(expand("a;;b;;"), "a;DEF;ault;b;DEF;ault;");
    assert_eq!(expand("a;;;b"), "a;DEF;ault;;b");
    assert_eq!(expand("a;;;;b"), "a;DEF;ault;;DEF;ault;b");
}

#[test]
fn empty_value_is_the_default() {
    assert_eq!(expand(""), "DEF;ault");
}

#[test]
fn prefix() {
    assert_eq!(expand("$prefix/x"), "/srv//x");
    assert_eq!(expand("${prefix}x;$prefixx"), "/srv/x;/srv/x");
    assert_eq!(expand("$prefix$prefix"), "/srv//srv/");
    assert_eq!(expand("$prefix;;$prefix"), "/srv/;DEF;ault;/srv/");
    assert_eq!(expand("${prefix;$pre;$;$"), "${prefix;$pre;$;$");
    assert_eq!(expand("$${prefix}"), "$/srv/");
}

#[test]
fn insertions_are_not_expanded() {
    assert_eq!(
        package_path(b"$prefix;;x", b"/a;;$prefix/", b";;$prefix"),
        b"/a;;$prefix/;;;$prefix;x"
    );
}

proptest! {
    #[test]
    fn as_replacing_one_by_one(value in "([a;/$]|\\$prefix|\\$\\{prefix\\}|;;){1,12}") {
        let expected = value
            .replace(";;", ";DEF;")
            .replace("$prefix", "/srv/")
            .replace("${prefix}", "/srv/");
        prop_assert_eq!(package_path(value.as_bytes(), b"/srv/", b"DEF"), expected.into_bytes());
    }
}
