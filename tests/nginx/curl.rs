//! HTTP/2, by way of the curl program.

use std::fs;
use std::process::Command;
use std::time::Duration;

use crate::block::Block;
use crate::client::Exchange;
use crate::conf::ServerRoot;
use crate::request::Request;
use crate::response::find;

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
    let bytes = request.bytes();
    let head_end = find(&bytes, b"\r\n\r\n").ok_or("the request has no end of its headers")?;
    let head = String::from_utf8_lossy(&bytes[..head_end]).into_owned();
    let body = &bytes[head_end + 4..];
    let mut lines = head.split("\r\n");
    let mut words = lines.next().unwrap_or_default().split(' ');
    let (method, uri) = (words.next().unwrap_or_default(), words.next().unwrap_or("/"));

    let mut command = Command::new("curl");
    command.args(["-i", "-sS", "--http2-prior-knowledge", "--globoff", "--path-as-is"]);
    command.args(["--max-time", &timeout.as_secs_f64().to_string()]);
    if method == "HEAD" {
        command.arg("-I");
    } else {
        command.args(["-X", method]);
    }
    // What curl would add by itself.
    command.args(["-H", "User-Agent:", "-H", "Accept:", "-H", "Content-Type:"]);
    for header in lines.filter(|line| !line.starts_with("Connection:")) {
        command.args(["-H", header]);
    }
    if !body.is_empty() {
        let file = root.path.join("curl.body");
        fs::write(&file, body)
            .map_err(|error| format!("cannot write {}: {error}", file.display()))?;
        command.arg("--data-binary").arg(format!("@{}", file.display()));
    }
    if let Some(options) = block.string("curl_options")? {
        command.args(options.split_whitespace());
    }
    let protocol = block.string("curl_protocol")?.unwrap_or("http".into());
    command.arg(format!("{protocol}://127.0.0.1:{}{uri}", root.port));

    let output = command.output().map_err(|error| format!("cannot run curl: {error}"))?;
    if output.stdout.is_empty() {
        return Err(format!("curl: {}", String::from_utf8_lossy(&output.stderr).trim()));
    }
    // 28 is curl's code for "operation timed out".
    Ok(Exchange { received: output.stdout, timed_out: output.status.code() == Some(28) })
}
