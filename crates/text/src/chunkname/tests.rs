use proptest::prelude::*;

use super::*;

fn name(tag: &str, file: &str, prefix: &str, line: usize) -> String {
    String::from_utf8(inline(tag, file.as_bytes(), prefix.as_bytes(), line)).unwrap()
}

fn content(file: &str, line: usize) -> String {
    name("content_by_lua", file, "/etc/nginx/", line)
}

#[test]
fn main_file() {
    for file in ["/etc/nginx/nginx.conf", "/etc/nginx/sub/nginx.conf", "/nginx.conf", "nginx.conf"]
    {
        assert_eq!(content(file, 12), "=content_by_lua(nginx.conf:12)");
    }
    assert_eq!(content("/etc/nginx/xnginx.conf", 1), "=content_by_lua(xnginx.conf:1)");
    assert_eq!(content("/opt/my\\nginx.conf", 1), "=content_by_lua(/opt/my\\nginx.conf:1)");
}

#[test]
fn below_the_prefix() {
    let file = "/etc/nginx/conf.d/a.conf";
    assert_eq!(content(file, 3), "=content_by_lua(conf.d/a.conf:3)");
    assert_eq!(name("t", file, "/etc/nginx", 3), "=t(/conf.d/a.conf:3)");
    assert_eq!(name("t", file, "", 3), "=t(/etc/nginx/conf.d/a.conf:3)");
    assert_eq!(content("/etc/nginx/", 3), "=content_by_lua(/etc/nginx/:3)");
}

#[test]
fn elsewhere() {
    assert_eq!(content("/opt/x/a.conf", 12), "=content_by_lua(/opt/x/a.conf:12)");
    assert_eq!(content("", 12), "=content_by_lua(:12)");
    assert_eq!(name("", "", "", 0), "=(:0)");
}

#[test]
fn long_file_loses_its_head() {
    assert_eq!(
        content("/opt/012345678901234567890123456789012345", 5),
        "=content_by_lua(/opt/012345678901234567890123456789012345:5)"
    );
    assert_eq!(
        content("/opt/0123456789012345678901234567890123456", 5),
        "=content_by_lua(.../0123456789012345678901234567890123456:5)"
    );
    assert_eq!(
        content("/opt/012345678901234567890123456789012", 12345),
        "=content_by_lua(.../012345678901234567890123456789012:12345)"
    );
    let relative = "0123456789/".repeat(10);
    assert_eq!(
        content(&format!("/etc/nginx/{relative}"), 0),
        "=content_by_lua(...6789/0123456789/0123456789/0123456789/:0)"
    );
}

#[test]
fn long_tag_leaves_no_room() {
    let tag = "t".repeat(52);
    assert_eq!(name(&tag, "/opt", "", 1), format!("={tag}(...:1)"));
    let tag = "t".repeat(60);
    assert_eq!(name(&tag, "/opt", "", 1), format!("={tag}(...:1)"));
}

proptest! {
    #[test]
    fn fits_in_a_message(
        tag in "[a-z_]{0,30}",
        file in "[a-z/.]{0,80}",
        prefix in "[a-z/]{0,3}",
        line in 0..1_000_000_usize,
    ) {
        let name = name(&tag, &file, &prefix, line);
        prop_assert!(name.len() <= 60);

        let shown = name
            .strip_prefix(&format!("={tag}("))
            .and_then(|rest| rest.strip_suffix(&format!(":{line})")))
            .unwrap();
        match shown.strip_prefix("...").filter(|_| name.len() == 60) {
            Some(tail) => prop_assert!(file.ends_with(tail)),
            None => prop_assert!(file.ends_with(shown)),
        }
    }
}
