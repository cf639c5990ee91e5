//! From the sections of a block to the bytes of its requests.

use std::time::Duration;

use crate::block::{Block, parse_time};
use crate::value::Value;

/// What is sent on one connection.
pub struct Request {
    pub packets: Vec<Packet>,
    /// How many responses come back; more than one when pipelined.
    pub responses: usize,
}

/// One write, after a pause.
#[derive(Clone, Debug, PartialEq)]
pub struct Packet {
    pub bytes: Vec<u8>,
    pub delay: Option<Duration>,
}

impl Request {
    pub fn bytes(&self) -> Vec<u8> {
        self.packets.iter().flat_map(|packet| packet.bytes.iter().copied()).collect()
    }

    pub fn is_head(&self) -> bool {
        self.bytes().trim_ascii_start().starts_with(b"HEAD ")
    }
}

/// The requests of `block`, in the order they are sent, each on a connection of
/// its own.
pub fn requests(block: &Block) -> Result<Vec<Request>, String> {
    if let Some(raw) = block.value("raw_request") {
        return Ok(vec![raw_request(block, raw)?]);
    }
    if let Some(pipelined) = block.value("pipelined_requests") {
        return Ok(vec![pipelined_request(block, pipelined)?]);
    }

    match block.value("request") {
        None => Err("no --- request, --- raw_request or --- pipelined_requests".into()),
        Some(Value::Text(text)) => {
            let packets = vec![Packet { bytes: strip_comments(text).to_vec(), delay: None }];
            Ok(vec![simple_request(block, 0, packets)?])
        }
        Some(Value::List(list)) => list
            .iter()
            .enumerate()
            .map(|(index, item)| simple_request(block, index, packets(item)?))
            .collect(),
        Some(other) => Err(format!("--- request is {}; it takes text or an array", other.kind())),
    }
}

fn raw_request(block: &Block, raw: &Value) -> Result<Request, String> {
    let mut packets = match raw {
        Value::List(_) => packets(raw)?,
        Value::Text(text) => vec![Packet { bytes: text.clone(), delay: None }],
        other => return Err(format!("--- raw_request is {}", other.kind())),
    };
    add_middle_delay(block, &mut packets)?;
    Ok(Request { packets, responses: 1 })
}

fn pipelined_request(block: &Block, pipelined: &Value) -> Result<Request, String> {
    let Value::List(list) = pipelined else {
        return Err("--- pipelined_requests must be an array".into());
    };
    let mut bytes = Vec::new();
    for (index, item) in list.iter().enumerate() {
        let Value::Text(text) = item else {
            return Err("--- pipelined_requests must be an array of text".into());
        };
        let connection = if index + 1 == list.len() { "close" } else { "keep-alive" };
        let packet = Packet { bytes: text.clone(), delay: None };
        let headers = more_headers(block, index)?;
        let built = build(vec![packet], &headers, connection, &block.settings.server_name)?;
        bytes.extend(built.into_iter().flat_map(|packet| packet.bytes));
    }
    Ok(Request { packets: vec![Packet { bytes, delay: None }], responses: list.len() })
}

fn simple_request(block: &Block, index: usize, packets: Vec<Packet>) -> Result<Request, String> {
    let headers = more_headers(block, index)?;
    let mut packets = build(packets, &headers, "close", &block.settings.server_name)?;
    add_middle_delay(block, &mut packets)?;
    Ok(Request { packets, responses: 1 })
}

fn add_middle_delay(block: &Block, packets: &mut [Packet]) -> Result<(), String> {
    let delay = block.duration("raw_request_middle_delay")?;
    for packet in packets.iter_mut().skip(1) {
        packet.delay = packet.delay.or(delay);
    }
    Ok(())
}

/// A request in parts: text, or { value => …, delay_before => seconds }.
fn packets(value: &Value) -> Result<Vec<Packet>, String> {
    match value {
        Value::Text(text) => Ok(vec![Packet { bytes: text.clone(), delay: None }]),
        Value::List(list) => list.iter().map(packet).collect(),
        other => Err(format!("a request is {}; it takes text or an array", other.kind())),
    }
}

fn packet(value: &Value) -> Result<Packet, String> {
    match value {
        Value::Text(text) => Ok(Packet { bytes: text.clone(), delay: None }),
        Value::Map(map) => {
            let Some(Value::Text(bytes)) = map.get("value") else {
                return Err("a part of a request has no value".into());
            };
            let delay = match map.get("delay_before") {
                Some(Value::Text(text)) => Some(parse_time(&String::from_utf8_lossy(text))?),
                _ => None,
            };
            Ok(Packet { bytes: bytes.clone(), delay })
        }
        other => Err(format!("a part of a request is {}", other.kind())),
    }
}

/// Skips blank lines and lines of comment before the request line.
pub fn strip_comments(mut text: &[u8]) -> &[u8] {
    loop {
        text = text.trim_ascii_start();
        if !text.starts_with(b"#") {
            return text;
        }
        let end = text.iter().position(|&byte| byte == b'\n').unwrap_or(text.len());
        text = &text[end..];
    }
}

/// `--- more_headers` for one request.
#[derive(Default)]
pub struct Headers {
    lines: Vec<(String, Vec<u8>)>,
}

impl Headers {
    pub fn parse(text: &[u8]) -> Headers {
        let lines = text
            .split(|&byte| byte == b'\n')
            .filter(|line| !line.is_empty() && !line.trim_ascii_start().starts_with(b"#"))
            .map(|line| match line.iter().position(|&byte| byte == b':') {
                Some(colon) => (&line[..colon], line[colon + 1..].trim_ascii_start()),
                None => (line, &b""[..]),
            })
            .map(|(name, value)| (String::from_utf8_lossy(name).into_owned(), value.to_vec()))
            .collect();
        Headers { lines }
    }

    fn has(&self, name: &str) -> bool {
        self.lines.iter().any(|(line, _)| line.eq_ignore_ascii_case(name))
    }

    fn is_chunked(&self) -> bool {
        self.lines.iter().any(|(name, value)| {
            name.eq_ignore_ascii_case("Transfer-Encoding") && value == b"chunked"
        })
    }
}

fn more_headers(block: &Block, index: usize) -> Result<Headers, String> {
    // One text serves all the requests, an array gives each its own.
    match block.indexed("more_headers", index, false)? {
        None | Some(Value::Undef) => Ok(Headers::default()),
        Some(Value::Text(text)) => Ok(Headers::parse(text)),
        Some(other) => Err(format!("--- more_headers is {}", other.kind())),
    }
}

/// Completes a request ("GET /uri", then the body): version, Host, Connection,
/// the headers given, and Content-Length, for which the body loses the white
/// space around it. The parts of the body stay parts.
pub fn build(
    packets: Vec<Packet>,
    headers: &Headers,
    connection: &str,
    host: &str,
) -> Result<Vec<Packet>, String> {
    let whole: Vec<u8> = packets.iter().flat_map(|packet| packet.bytes.iter().copied()).collect();
    let line_end = whole.iter().position(|&byte| byte == b'\n').map_or(whole.len(), |at| at + 1);
    let (line, body) = whole.split_at(line_end);
    if packets[0].bytes.len() < line_end {
        return Err("the request line is in several parts: use --- raw_request".into());
    }

    let sized = !body.is_empty() && !headers.is_chunked() && !headers.has("Content-Length");
    let body = if sized { body.trim_ascii() } else { body };
    let mut head = request_line(line)?;
    if !headers.has("Host") {
        head.extend(format!("Host: {host}\r\n").into_bytes());
    }
    if !headers.has("Connection") {
        head.extend(format!("Connection: {connection}\r\n").into_bytes());
    }
    for (name, value) in &headers.lines {
        head.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
    }
    if sized {
        head.extend(format!("Content-Length: {}\r\n", body.len()).into_bytes());
    }
    head.extend(b"\r\n");

    Ok(split_body(packets, head, line_end, body))
}

fn request_line(line: &[u8]) -> Result<Vec<u8>, String> {
    let shown = String::from_utf8_lossy(line);
    let words: Vec<&[u8]> =
        line.split(|byte| byte.is_ascii_whitespace()).filter(|word| !word.is_empty()).collect();
    let (method, uri, version) = match words[..] {
        [method] => (method, &b"/"[..], &b"HTTP/1.1"[..]),
        [method, uri] => (method, uri, &b"HTTP/1.1"[..]),
        [method, uri, version] => (method, uri, version),
        _ => {
            return Err(format!("bad request line {shown:?}: METHOD [URI [VERSION]]"));
        }
    };
    Ok([method, b" ", uri, b" ", version, b"\r\n"].concat())
}

fn split_body(packets: Vec<Packet>, head: Vec<u8>, line_end: usize, body: &[u8]) -> Vec<Packet> {
    let last = packets.len() - 1;
    let mut rest = body;
    let mut head = Some(head);
    packets
        .into_iter()
        .enumerate()
        .map(|(index, packet)| {
            let skipped = if index == 0 { line_end } else { 0 };
            let length = if index == last { rest.len() } else { packet.bytes.len() - skipped };
            let (part, after) = rest.split_at(length.min(rest.len()));
            rest = after;
            let mut bytes = head.take().unwrap_or_default();
            bytes.extend(part);
            Packet { bytes, delay: packet.delay }
        })
        .collect()
}
