use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn restored(buffers: &[&[u8]]) -> String {
    let mut out = Vec::new();
    restore(buffers.iter().copied(), &mut out);
    String::from_utf8(out).expect("text")
}

#[test]
fn names_and_values_get_their_ends_back() {
    assert_eq!(
        restored(&[b"GET / HTTP/1.1\r\nHost\0 a\0\nX\0\0\nY\0 b: c \0\n\r\nbody\n"]),
        "GET / HTTP/1.1\r\nHost: a\r\nX:\r\nY: b: c \r\n\r\n"
    );
}

#[test]
fn blanks_behind_a_value() {
    assert_eq!(
        restored(&[b"GET / HTTP/1.1\r\nA\0 a\0\r\nB\0 b\0  \r\nC\0 c\0\n\r\n"]),
        "GET / HTTP/1.1\r\nA: a \r\nB: b   \r\nC: c\r\n\r\n"
    );
}

#[test]
fn lines_that_end_with_a_newline_only() {
    assert_eq!(
        restored(&[b"GET / HTTP/1.1\nA\0 a\0B\0\0C\0 c\0 \n\nrest"]),
        "GET / HTTP/1.1\nA: a\nB:\nC: c  \n\n"
    );
    assert_eq!(restored(&[b"GET / HTTP/1.1\nA\0 a\0\nrest"]), "GET / HTTP/1.1\nA: a\n\n");
}

#[test]
fn headers_that_nginx_left_alone() {
    assert_eq!(
        restored(&[b"GET / HTTP/1.1\r\nin_valid: a\r\nA\0 a\0\nno colon\r\nB\0\n\r\n"]),
        "GET / HTTP/1.1\r\nin_valid: a\r\nA: a\r\nno colon\r\nB\r\n\r\n"
    );
}

#[test]
fn several_buffers() {
    assert_eq!(
        restored(&[
            b"GET / HTTP/1.1\r\nA\0 a\0\nB: half of",
            b"B\0 half of it\0\n",
            b"C\0 c\0\n\r\nbody"
        ]),
        "GET / HTTP/1.1\r\nA: a\r\nB: half of it\r\nC: c\r\n\r\n"
    );
    assert_eq!(
        restored(&[b"GET /half", b"GET /half-of-it HTTP/1.1\r\nA\0 a\0\n\r\n"]),
        "GET /half-of-it HTTP/1.1\r\nA: a\r\n\r\n"
    );
}

#[test]
fn headers_that_end_early() {
    assert_eq!(restored(&[]), "");
    assert_eq!(restored(&[b"GET /"]), "");
    assert_eq!(restored(&[b"GET /\r\n"]), "GET /\r\n");
    assert_eq!(restored(&[b"GET / HTTP/1.1\r\nA\0 a"]), "GET / HTTP/1.1\r\n");
    assert_eq!(restored(&[b"GET / HTTP/1.1\r\nA\0 a\0"]), "GET / HTTP/1.1\r\nA: a\n");
}

/// What nginx makes of a header line.
fn parsed(name: &str, blanks: &str, value: &str, trailing: &str, end: &str) -> Vec<u8> {
    let mut line = format!("{name}\0{blanks}{value}{trailing}{end}").into_bytes();
    let value_end = name.len() + 1 + blanks.len() + value.len();
    line[value_end] = 0;
    line
}

proptest! {
    #[test]
    fn any_headers_come_back(
        lines in vec(("[a-zA-Z-]{1,9}", " ?", "([!-~]([ -~]{0,9}[!-~])?)?", " {0,2}"), 0..9),
        crlf: bool,
        split in 0_usize..9,
    ) {
        let end = if crlf { "\r\n" } else { "\n" };
        let request_line = format!("GET / HTTP/1.1{end}");
        let mut expected = request_line.clone();
        let mut buffers = vec![request_line.into_bytes()];
        for (n, (name, blanks, value, trailing)) in lines.iter().enumerate() {
            // nginx takes blanks in front of nothing as leading ones.
            let (blanks, trailing) = if value.is_empty() { ("", "") } else { (&blanks[..], &trailing[..]) };
            // In this one case the bytes do not tell.
            let trailing = if crlf || trailing.len() > 1 { trailing } else { "" };
            expected += &format!("{name}:{blanks}{value}{trailing}{end}");
            if n == split {
                buffers.push(Vec::new());
            }
            let line = parsed(name, blanks, value, trailing, end);
            buffers.last_mut().expect("one buffer at least").extend(line);
        }
        expected += end;
        buffers.last_mut().expect("one buffer at least").extend(end.as_bytes());

        let buffers: Vec<&[u8]> = buffers.iter().map(Vec::as_slice).collect();
        prop_assert_eq!(restored(&buffers), expected);
    }

    #[test]
    fn any_bytes_are_taken(buffers in vec(vec(prop_oneof![Just(0), Just(b'\n'), Just(b'\r'), any::<u8>()], 0..40), 0..4)) {
        let mut out = Vec::new();
        restore(buffers.iter().map(Vec::as_slice), &mut out);
        let total: usize = buffers.iter().map(Vec::len).sum();
        prop_assert!(out.len() <= total);
    }
}
