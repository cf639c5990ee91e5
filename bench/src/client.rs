//! An HTTP client that sends exactly as many requests as it is told to, over
//! connections that it keeps open.

use std::fmt;
use std::io::{self, BufRead, BufReader, Error, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::ops::Range;
use std::time::Duration;

use crate::Result;

const TIMEOUT: Duration = Duration::from_secs(30);

/// Connections to a server, on which one request is sent again and again.
pub struct Client {
    connections: Vec<BufReader<TcpStream>>,
    request: String,
}

impl Client {
    /// Connects to 127.0.0.1:`port`. A `Content-Length` among the headers makes
    /// the request a POST with a body of that many bytes.
    pub fn connect(port: u16, connections: usize, uri: &str, headers: &[&str]) -> Result<Client> {
        let body: Option<usize> = headers
            .iter()
            .find_map(|header| header.strip_prefix("Content-Length: "))
            .map(|length| length.parse().map_err(|e| format!("Content-Length: {e}")))
            .transpose()?;
        let method = if body.is_some() { "POST" } else { "GET" };
        let mut request = format!("{method} {uri} HTTP/1.1\r\nHost: localhost\r\n");
        for header in headers {
            request.push_str(header);
            request.push_str("\r\n");
        }
        request.push_str("\r\n");
        request.push_str(&"x".repeat(body.unwrap_or(0)));
        let connections = (0..connections)
            .map(|_| connect(port))
            .collect::<io::Result<_>>()
            .map_err(|e| format!("127.0.0.1:{port} does not accept a connection: {e}"))?;
        Ok(Client { connections, request })
    }

    /// Sends one request.
    pub fn fetch(&mut self) -> Result<Response> {
        self.send(0).and_then(|()| self.receive(0)).map_err(|e| format!("a request failed: {e}"))
    }

    /// Sends `requests` requests, one at a time on each connection. All must be
    /// answered alike: what fails now and then has no speed.
    pub fn repeat(&mut self, requests: u64) -> Result<()> {
        self.exchange(requests).map_err(|e| format!("a request failed: {e}"))
    }

    /// Sends one request on each of these connections and does not wait for
    /// answers.
    pub fn send_on(&mut self, mut connections: Range<usize>) -> Result<()> {
        connections
            .try_for_each(|connection| self.send(connection))
            .map_err(|e| format!("a request failed: {e}"))
    }

    /// Whether the request that was sent first is answered, or at least begun.
    pub fn is_answered(&self) -> bool {
        let stream = self.connections[0].get_ref();
        let mut answered = true;
        if stream.set_nonblocking(true).is_ok() {
            answered =
                !matches!(stream.peek(&mut [0]), Err(e) if e.kind() == ErrorKind::WouldBlock);
        }
        stream.set_nonblocking(false).is_err() || answered
    }

    /// Takes one answer on each connection; all must be alike.
    pub fn receive_all(&mut self) -> Result<()> {
        let answers: io::Result<Vec<Response>> =
            self.connections.iter_mut().map(Response::read).collect();
        let answers = answers.map_err(|e| format!("a request failed: {e}"))?;
        match answers.iter().find(|answer| **answer != answers[0]) {
            None => Ok(()),
            Some(other) => Err(format!("not all answers are the same:\n{}\n\n{other}", answers[0])),
        }
    }

    fn exchange(&mut self, requests: u64) -> io::Result<()> {
        let ring = self.connections.len() as u64;
        let mut first = None;
        for turn in 0..requests + ring {
            let connection = (turn % ring) as usize;
            if turn >= ring && turn - ring < requests {
                let response = self.receive(connection)?;
                if *first.get_or_insert_with(|| response.clone()) != response {
                    return Err(Error::other("not all answers are the same"));
                }
            }
            if turn < requests {
                self.send(connection)?;
            }
        }
        Ok(())
    }

    fn send(&mut self, connection: usize) -> io::Result<()> {
        self.connections[connection].get_mut().write_all(self.request.as_bytes())
    }

    fn receive(&mut self, connection: usize) -> io::Result<Response> {
        Response::read(&mut self.connections[connection])
    }
}

fn connect(port: u16) -> io::Result<BufReader<TcpStream>> {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    Ok(BufReader::with_capacity(64 * 1024, stream))
}

/// What a server answered, as far as two servers can be expected to agree.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    /// Such as `HTTP/1.1 200 OK`.
    pub status_line: String,
    /// Sorted, without those that tell about time, or how the body is sent.
    pub headers: Vec<String>,
    /// The body, without the chunks' sizes.
    pub body: Vec<u8>,
}

impl Response {
    fn read(from: &mut impl BufRead) -> io::Result<Response> {
        let status_line = line(from)?;
        let mut headers = Vec::new();
        let mut length = None;
        let mut chunked = false;
        loop {
            let header = line(from)?;
            if header.is_empty() {
                break;
            }
            let (name, value) = header.split_once(": ").ok_or_else(|| invalid(&header))?;
            match name {
                "Content-Length" => length = Some(value.parse().map_err(|_| invalid(&header))?),
                "Transfer-Encoding" => chunked = value == "chunked",
                "Date" | "Last-Modified" | "ETag" | "Accept-Ranges" => {}
                _ => headers.push(header),
            }
        }
        headers.sort();
        let body = match length {
            Some(length) => bytes(from, length)?,
            None if chunked => chunks(from)?,
            None => return Err(invalid("neither Content-Length nor chunks")),
        };
        Ok(Response { status_line, headers, body })
    }
}

impl fmt::Display for Response {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let body = String::from_utf8_lossy(&self.body);
        write!(f, "{}\n{}\n\n{body:.1000}", self.status_line, self.headers.join("\n"))
    }
}

fn chunks(from: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let size = line(from)?;
        let size = u64::from_str_radix(&size, 16).map_err(|_| invalid(&size))?;
        body.append(&mut bytes(from, size)?);
        line(from)?;
        if size == 0 {
            return Ok(body);
        }
    }
}

fn line(from: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    from.read_line(&mut line)?;
    match line.strip_suffix("\r\n") {
        Some(line) => Ok(line.to_owned()),
        None if line.is_empty() => Err(ErrorKind::UnexpectedEof.into()),
        None => Err(invalid(&line)),
    }
}

fn bytes(from: &mut impl BufRead, length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(length).read_to_end(&mut bytes)?;
    if (bytes.len() as u64) < length {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    Ok(bytes)
}

fn invalid(what: &str) -> Error {
    Error::new(ErrorKind::InvalidData, format!("unexpected in a response: {what:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn responses_with_length_and_with_chunks_are_equal() {
        let mut stream: &[u8] = b"HTTP/1.1 200 OK\r\nDate: now\r\nContent-Length: 6\r\nX-B: 2\r\n\
            X-A: 1\r\n\r\nabcdefHTTP/1.1 200 OK\r\nX-A: 1\r\nX-B: 2\r\nTransfer-Encoding: chunked\
            \r\n\r\n2\r\nab\r\n4\r\ncdef\r\n0\r\n\r\n";
        let first = Response::read(&mut stream).expect("a response");
        let second = Response::read(&mut stream).expect("a response");
        assert_eq!(first, second);
        assert_eq!(first.body, b"abcdef");
        assert!(stream.is_empty());
    }

    #[test]
    fn a_response_that_ends_early_is_an_error() {
        let mut stream: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc";
        let error = Response::read(&mut stream).expect_err("half a response");
        assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
    }
}
