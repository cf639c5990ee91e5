//! HTTP/2, by way of the curl program.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{ChildStdin, Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use crate::block::Block;
use crate::client::Exchange;
use crate::conf::ServerRoot;
use crate::request::{Packet, Request};
use crate::response::find;

/// What curl reports when the time given with --max-time is over.
const TIMED_OUT: i32 = 28;

/// What it reports when the server resets the stream or ends the connection
/// instead of answering: an error in the framing layer, an empty reply, a failure
/// to receive, an error of the stream.
const NO_ANSWER: [i32; 4] = [16, 52, 56, 92];

/// Sends the request, given in its HTTP/1.1 form, and returns the response in
/// that form.
pub fn exchange(
    block: &Block,
    root: &ServerRoot,
    request: &Request,
    timeout: Duration,
) -> Result<Exchange, String> {
    if block.has("raw_request") || block.has("pipelined_requests") {
        return Err("--- http2 goes with --- request only".into());
    }
    let (head, body) = split(&request.packets)?;
    let mut lines = head.split("\r\n");
    let mut words = lines.next().unwrap_or_default().split(' ');
    let (method, uri) = (words.next().unwrap_or_default(), words.next().unwrap_or("/"));

    let mut command = Command::new("curl");
    command.args(["-i", "-sS", "--http2", "--http2-prior-knowledge"]);
    command.args(["--globoff", "--path-as-is"]);
    command.args(["--max-time", &timeout.as_secs_f64().to_string()]);
    if method == "HEAD" {
        command.arg("-I");
    } else {
        command.args(["-X", method]);
    }
    // What curl would add by itself.
    command.args(["-H", "User-Agent:", "-H", "Accept:", "-H", "Content-Type:"]);
    for header in lines.filter(|line| !line.starts_with("Connection:")) {
        command.arg("-H").arg(header_option(header));
    }
    let in_parts = body.len() > 1;
    if in_parts {
        command.args(["-T", "-"]);
    } else if let Some(packet) = body.first().filter(|packet| !packet.bytes.is_empty()) {
        command.arg("--data-binary").arg(body_option(&root.path, &packet.bytes)?);
    }
    if let Some(options) = block.string("curl_options")? {
        command.args(options.split_whitespace());
    }
    let protocol = block.string("curl_protocol")?.unwrap_or("http".into());
    command.arg(format!("{protocol}://127.0.0.1:{}{uri}", root.port));

    let output = run(command, if in_parts { &body } else { &[] })?;
    let code = output.status.code();
    if output.stdout.is_empty() && !code.is_some_and(|code| NO_ANSWER.contains(&code)) {
        return Err(format!("curl: {}", String::from_utf8_lossy(&output.stderr).trim()));
    }
    Ok(Exchange { received: output.stdout, timed_out: code == Some(TIMED_OUT) })
}

/// The request line and the headers, and the parts of the body.
fn split(packets: &[Packet]) -> Result<(String, Vec<Packet>), String> {
    let mut body = packets.to_vec();
    let first = body.first_mut().ok_or("the request is empty")?;
    let end = find(&first.bytes, b"\r\n\r\n").ok_or("the request has no end of its headers")?;
    let head = String::from_utf8_lossy(&first.bytes[..end]).into_owned();
    first.bytes.drain(..end + 4);
    Ok((head, body))
}

/// To curl "Name:" means that it is not to send this header, and "Name;" that
/// it is to send it without a value.
fn header_option(line: &str) -> String {
    match line.trim_end().strip_suffix(':') {
        Some(name) => format!("{name};"),
        None => line.to_owned(),
    }
}

fn body_option(root: &Path, body: &[u8]) -> Result<String, String> {
    let file = root.join("curl.body");
    fs::write(&file, body).map_err(|error| format!("cannot write {}: {error}", file.display()))?;
    Ok(format!("@{}", file.display()))
}

/// Runs curl to its end, and writes `body` to it meanwhile.
fn run(mut command: Command, body: &[Packet]) -> Result<Output, String> {
    let failed = |error| format!("cannot run curl: {error}");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut curl = command.spawn().map_err(failed)?;
    let stdin = curl.stdin.take();
    thread::scope(|scope| {
        scope.spawn(|| feed(stdin, body));
        curl.wait_with_output().map_err(failed)
    })
}

fn feed(stdin: Option<ChildStdin>, body: &[Packet]) {
    let Some(mut stdin) = stdin else { return };
    for packet in body {
        if let Some(delay) = packet.delay {
            thread::sleep(delay);
        }
        // The server may answer before it has read everything; curl ends then.
        if stdin.write_all(&packet.bytes).is_err() {
            return;
        }
    }
}
