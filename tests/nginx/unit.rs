//! Tests of the harness's own parts that need no nginx.

use std::collections::BTreeMap;
use std::time::Duration;

use libtest_mimic::Trial;

use crate::block::parse_time;
use crate::checks::replace_variable;
use crate::conf::{Expander, user_files_of_text, uses_echo};
use crate::log::is_severe;
use crate::peers::Peers;
use crate::ports::Ports;
use crate::report::difference;
use crate::request::{Headers, Packet, build, strip_comments};
use crate::response::Response;
use crate::settings::Version;
use crate::skip;
use crate::trial::Fault;
use crate::value::Value;
use crate::{Verdict, judge};

/// One trial per function; a panic is a failure.
pub fn trials() -> Vec<Trial> {
    let tests: &[(&str, fn())] = &[
        ("values survive the pipe", values_survive_the_pipe),
        ("bad values are errors", bad_values_are_errors),
        ("times", times),
        ("version conditions", version_conditions),
        ("request line and headers are completed", request_is_completed),
        ("given headers are kept", given_headers_are_kept),
        ("a body in parts stays in parts", body_in_parts),
        ("comments before a request", comments_before_request),
        ("response with a length", response_with_length),
        ("chunked response", chunked_response),
        ("broken chunked responses", broken_chunked_responses),
        ("responses without body", responses_without_body),
        ("repeated headers are joined", repeated_headers),
        ("no response", no_response),
        ("variables in the configuration", variables),
        ("port in expected text", port_in_expected_text),
        ("user files", user_files),
        ("echo directives", echo_directives),
        ("severe log lines", severe_lines),
        ("difference of two texts", difference_of_texts),
        ("marked differences", marked_differences),
    ];
    tests
        .iter()
        .map(|&(name, test)| {
            Trial::test(format!("harness::unit::{name}"), move || {
                test();
                Ok(())
            })
        })
        .collect()
}

fn values_survive_the_pipe() {
    let value = Value::List(vec![
        Value::text("a\nb:\0\u{e9}"),
        Value::List(Vec::new()),
        Value::text(vec![0xff, b'S']),
    ]);
    let mut pipe = Vec::new();
    value.write(&mut pipe).unwrap();
    assert_eq!(Value::read(&mut pipe.as_slice()).unwrap(), value);

    let answer = Value::read(&mut &b"M2:S1:aUS1:bL2:R4:(?:)C7:"[..]).unwrap();
    let expected = Value::List(vec![Value::Regex(b"(?:)".to_vec()), Value::Code(7)]);
    assert_eq!(answer.as_map().unwrap()["a"], Value::Undef);
    assert_eq!(answer.as_map().unwrap()["b"], expected);
}

fn bad_values_are_errors() {
    for bytes in ["", "S", "S3:ab", "Sx:ab", "L2:U", "Q1:", "M1:L0:U"] {
        assert!(Value::read(&mut bytes.as_bytes()).is_err(), "{bytes}");
    }
    assert!(Value::Code(1).write(&mut Vec::new()).is_err());
}

fn times() {
    assert_eq!(parse_time("2").unwrap(), Duration::from_secs(2));
    assert_eq!(parse_time("1.5s").unwrap(), Duration::from_millis(1500));
    assert_eq!(parse_time("200ms").unwrap(), Duration::from_millis(200));
    for text in ["", "x", "1m", "-1", "nan"] {
        assert!(parse_time(text).is_err(), "{text}");
    }
}

fn version_conditions() {
    let skips = |text: &str| {
        let sections = BTreeMap::from([("skip_nginx".to_owned(), Value::text(text))]);
        skip::by_version(&sections, Version(1, 22, 1)).map(|reason| reason.is_some())
    };
    assert_eq!(skips("3: < 1.22.1"), Ok(false));
    assert_eq!(skips("3: <= 1.22.1"), Ok(true));
    assert_eq!(skips("3: > 1.9.15"), Ok(true));
    assert_eq!(skips("3: >= 1.23.0"), Ok(false));
    assert_eq!(skips("3: >= 1.23.0 : old API"), Ok(false));
    assert_eq!(skips("3: < 1.22.0 or >= 1.22.1"), Ok(true));
    assert_eq!(skips("3: > 1.20.0 and < 1.22.0"), Ok(false));
    for text in ["< 1.22.1", "3:", "3: 1.22.1", "3: = 1.22.1", "3: < 1.22", "x: < 1.22.1"] {
        assert!(skips(text).is_err(), "{text}");
    }
}

fn packet(text: &str) -> Packet {
    Packet { bytes: text.into(), delay: None }
}

fn built(packets: Vec<Packet>, headers: &str) -> Vec<String> {
    build(packets, &Headers::parse(headers.as_bytes()), "close", "localhost")
        .unwrap()
        .iter()
        .map(|packet| String::from_utf8_lossy(&packet.bytes).into_owned())
        .collect()
}

fn request_is_completed() {
    let head = "Host: localhost\r\nConnection: close\r\n";
    assert_eq!(built(vec![packet("GET")], ""), [format!("GET / HTTP/1.1\r\n{head}\r\n")]);
    assert_eq!(
        built(vec![packet("  GET  /a?b \n")], ""),
        [format!("GET /a?b HTTP/1.1\r\n{head}\r\n")]
    );
    assert_eq!(
        built(vec![packet("POST /a HTTP/1.0\n hello\n\n")], "X-A: 1\n# no\nX-B:\n"),
        [format!("POST /a HTTP/1.0\r\n{head}X-A: 1\r\nX-B: \r\nContent-Length: 5\r\n\r\nhello")]
    );
    assert!(build(vec![packet("A B C D")], &Headers::default(), "close", "x").is_err());
    assert!(build(vec![packet("")], &Headers::default(), "close", "x").is_err());
}

fn given_headers_are_kept() {
    assert_eq!(
        built(vec![packet("POST /\nabc\n")], "host: a\nConnection: keep-alive\nContent-Length: 9"),
        ["POST / HTTP/1.1\r\nhost: a\r\nConnection: keep-alive\r\nContent-Length: 9\r\n\r\nabc\n"]
    );
    let chunked = built(vec![packet("POST /\n0\r\n\r\n")], "Transfer-Encoding: chunked");
    assert!(chunked[0].ends_with("chunked\r\n\r\n0\r\n\r\n"), "{chunked:?}");
}

fn body_in_parts() {
    let parts = built(vec![packet("POST /\nab"), packet("cd"), packet("e\n")], "");
    assert!(parts[0].ends_with("Content-Length: 5\r\n\r\nab"), "{parts:?}");
    assert_eq!(parts[1..], ["cd", "e"]);
    let split_line = vec![packet("POST "), packet("/\nab")];
    assert!(build(split_line, &Headers::default(), "close", "x").is_err());
}

fn comments_before_request() {
    assert_eq!(strip_comments(b"\n # one\n#two\n  GET / # three\n"), b"GET / # three\n");
    assert_eq!(strip_comments(b"# only"), b"");
}

fn response(text: &str) -> Response {
    Response::parse(text.as_bytes(), false).unwrap()
}

fn response_with_length() {
    let response =
        response("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX: a b\r\n\r\nabcHTTP/1.1 404");
    assert_eq!(response.code, "200");
    assert_eq!(response.body, b"abc");
    assert_eq!(response.rest, b"HTTP/1.1 404");
    assert_eq!(response.header("x").unwrap(), b"a b");
    assert_eq!(response.raw_headers, b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX: a b\r\n");
    // Cut short: what came is the body.
    let short = Response::parse(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", false).unwrap();
    assert_eq!(short.body, b"abc");
}

fn chunked_response() {
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let response = response(&format!("{head}3\r\nabc\r\nA \r\n0123456789\r\n0\r\n\r\nrest"));
    assert_eq!(response.body, b"abc0123456789");
    assert_eq!(response.rest, b"rest");
}

fn broken_chunked_responses() {
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    for body in ["", "3\r\nabc\r\n", "3\r\nab", "3\r\nabcd\r\n0\r\n\r\n", "x\r\n", "0\r\nabc"] {
        let text = format!("{head}{body}");
        assert!(Response::parse(text.as_bytes(), false).is_err(), "{body:?}");
    }
}

fn responses_without_body() {
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n";
    let response = Response::parse(head, true).unwrap();
    assert!(response.body.is_empty() && response.rest.is_empty());
    // A body where there must be none is left over.
    let response = Response::parse(&[&head[..], b"abc"].concat(), true).unwrap();
    assert_eq!(response.rest, b"abc");
    let response = Response::parse(b"HTTP/1.1 204 No Content\r\n\r\nabc", false).unwrap();
    assert_eq!(response.rest, b"abc");
}

fn repeated_headers() {
    let response = response("HTTP/1.1 200 OK\r\nX-A: 1\r\nx-a: 2\r\nX-Empty:\r\n\r\n");
    assert_eq!(response.header("X_A").unwrap(), b"1, 2");
    assert_eq!(response.header("X-Empty").unwrap(), b"");
    assert_eq!(response.header("X-B"), None);
}

fn no_response() {
    assert_eq!(response("").code, "");
    assert_eq!(response("hello\n").code, "");
    assert_eq!(response("hello 200 x\r\n\r\n").code, "");
}

fn variables() {
    let ports = Ports::new().unwrap();
    let peers = Peers::new(&std::env::temp_dir(), &ports).unwrap();
    let env = BTreeMap::from([
        ("TEST_NGINX_A".to_owned(), b"x y".to_vec()),
        ("TEST_NGINX_A_B".to_owned(), b"z".to_vec()),
    ]);
    let mut expander = Expander::new(env, &ports, &peers);
    let mut expand =
        |text: &str| expander.expand(text.as_bytes()).map(|text| String::from_utf8(text).unwrap());
    assert_eq!(expand("$TEST_NGINX_A/$TEST_NGINX_A_B $host $").unwrap(), "x y/z $host $");
    assert!(expand("$TEST_NGINX_C").unwrap_err().contains("$TEST_NGINX_C is not set"));
    assert!(expand("${TEST_NGINX_A}").is_err());

    let text = "$TEST_NGINX_RAND_PORT_1 $TEST_NGINX_RAND_PORT_2 $TEST_NGINX_RAND_PORT_1";
    let expanded = expand(text).unwrap();
    let words: Vec<&str> = expanded.split(' ').collect();
    assert_eq!(words[0], words[2]);
    assert_ne!(words[0], words[1]);
    assert!(words[0].parse::<u16>().is_ok());
}

fn port_in_expected_text() {
    let text = b"$ServerPort:$ServerPortForClient $ServerPorts";
    assert_eq!(
        replace_variable(text, b"$ServerPort", b"80"),
        b"80:$ServerPortForClient $ServerPorts"
    );
}

fn user_files() {
    let files = user_files_of_text(b">>> a.lua\none\n\ntwo\n>>> d/b 199801171935.33\n").unwrap();
    assert_eq!(files.len(), 2);
    assert_eq!((files[0].name.as_str(), files[0].text.as_slice()), ("a.lua", &b"one\n\ntwo\n"[..]));
    assert_eq!(files[1].name, "d/b");
    assert_eq!(files[1].modified.as_deref(), Some("199801171935.33"));
    assert!(user_files_of_text(b"text").is_err());
}

fn echo_directives() {
    assert!(uses_echo(b"location / {\n  echo hi;\n}"));
    assert!(uses_echo(b"echo_sleep 1;"));
    assert!(!uses_echo(b"location /echo {\n  # echo hi;\n echoes 1;\n}"));
}

fn severe_lines() {
    for line in [
        "2026/01/31 12:34:56 [alert] 12#12: *1 x",
        "2026/01/31 12:34:56 [crit] 12#12: x",
        "2026/01/31 12:34:56 [notice] 12#12: worker process 3 exited on signal 11",
        "nginx: lua.c:1: f: Assertion `x' failed.",
        "thread '<unnamed>' panicked at src/lib.rs:1:1:",
    ] {
        assert!(is_severe(line.as_bytes()), "{line}");
    }
    for line in
        ["2026/01/31 12:34:56 [error] 12#12: *1 [lua] said [alert]", "[alert] at the beginning", ""]
    {
        assert!(!is_severe(line.as_bytes()), "{line}");
    }
}

fn difference_of_texts() {
    let text = difference(b"a\nbc\n", b"a\nbd\n");
    assert!(text.contains("line 2, byte 3 (from 0)"), "{text}");
    assert!(difference(b"", b"\xff\r").contains("|\\xff\\r"));
}

fn marked_differences() {
    let mark = Some(&b" because\n"[..]);
    let check = || Err(Fault::Check("report".into()));
    let block = || Err(Fault::Block("report".into()));
    assert_eq!(judge(Ok(()), None), Verdict::Passed);
    assert_eq!(judge(check(), None), Verdict::Failed("report".into()));
    assert_eq!(judge(check(), mark), Verdict::Differs("because".into()));
    assert_eq!(judge(block(), mark), Verdict::Failed("report".into()));
    assert!(matches!(judge(Ok(()), mark), Verdict::Failed(report) if report.contains("remove")));
}
