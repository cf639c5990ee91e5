//! Taking a response apart.

pub struct Response {
    /// The status code; empty when no response came.
    pub code: String,
    /// Status line and headers as they came, with the last CRLF.
    pub raw_headers: Vec<u8>,
    headers: Vec<(String, Vec<u8>)>,
    pub body: Vec<u8>,
    /// What follows the response: the next one when pipelined.
    pub rest: Vec<u8>,
}

impl Response {
    /// HTTP/0.9: all of it is body.
    pub fn headless(body: &[u8]) -> Response {
        Response {
            code: "200".into(),
            raw_headers: Vec::new(),
            headers: Vec::new(),
            body: body.to_vec(),
            rest: Vec::new(),
        }
    }

    pub fn parse(raw: &[u8], is_head: bool) -> Result<Response, String> {
        let (head, after) = match find(raw, b"\r\n\r\n") {
            Some(at) => (&raw[..at + 2], &raw[at + 4..]),
            None => (raw, &b""[..]),
        };
        let mut lines = head.split(|&byte| byte == b'\n').map(trim_end);
        let code = status_code(lines.next().unwrap_or_default());
        let headers = parse_headers(lines);

        let mut response = Response {
            code,
            raw_headers: if head.len() < raw.len() {
                head.to_vec()
            } else {
                Vec::new()
            },
            headers,
            body: after.to_vec(),
            rest: Vec::new(),
        };
        if response.code != "304" && response.code != "101" {
            response.delimit_body(is_head)?;
        }
        Ok(response)
    }

    /// All values of a header, joined by ", ". As in the client library of the
    /// published Test::Nginx, an underscore in a name stands for a dash.
    pub fn header(&self, name: &str) -> Option<Vec<u8>> {
        let canonical = |name: &str| name.replace('_', "-").to_ascii_lowercase();
        let values: Vec<&[u8]> = self
            .headers
            .iter()
            .filter(|(header, _)| canonical(header) == canonical(name))
            .map(|(_, value)| value.as_slice())
            .collect();
        (!values.is_empty()).then(|| values.join(&b", "[..]))
    }

    /// Whether there is a header of exactly this name, in whatever case.
    pub fn has_header(&self, name: &str) -> bool {
        self.headers
            .iter()
            .any(|(header, _)| header.eq_ignore_ascii_case(name))
    }

    fn delimit_body(&mut self, is_head: bool) -> Result<(), String> {
        let length = self.header("Content-Length").map(|value| {
            String::from_utf8_lossy(&value)
                .parse::<usize>()
                .map_err(|_| format!("bad Content-Length {:?}", String::from_utf8_lossy(&value)))
        });
        let raw = std::mem::take(&mut self.body);

        if is_head || self.code == "204" {
            self.rest = raw;
        } else if self
            .header("Transfer-Encoding")
            .is_some_and(|value| value == b"chunked")
        {
            (self.body, self.rest) = decode_chunked(&raw)?;
        } else if let Some(length) = length.transpose()? {
            // A body cut short is left to the checks on the body.
            let length = length.min(raw.len());
            self.body = raw[..length].to_vec();
            self.rest = raw[length..].to_vec();
        } else {
            self.body = raw;
        }
        Ok(())
    }
}

fn status_code(line: &[u8]) -> String {
    let line = String::from_utf8_lossy(line);
    let code = line.split(' ').nth(1).unwrap_or_default();
    let valid = line.starts_with("HTTP/") && code.bytes().all(|byte| byte.is_ascii_digit());
    if valid {
        code.to_owned()
    } else {
        String::new()
    }
}

fn parse_headers<'a>(lines: impl Iterator<Item = &'a [u8]>) -> Vec<(String, Vec<u8>)> {
    lines
        .filter_map(|line| {
            let colon = line.iter().position(|&byte| byte == b':')?;
            let name = String::from_utf8_lossy(line[..colon].trim_ascii()).into_owned();
            let value = &line[colon + 1..];
            Some((name, value.strip_prefix(b" ").unwrap_or(value).to_vec()))
        })
        .collect()
}

/// The data of all chunks, and what follows the last one.
fn decode_chunked(mut raw: &[u8]) -> Result<(Vec<u8>, Vec<u8>), String> {
    let mut body = Vec::new();
    loop {
        let Some(line_end) = find(raw, b"\r\n") else {
            return Err(format!("no last chunk; {} bytes of body came", body.len()));
        };
        let line = String::from_utf8_lossy(&raw[..line_end]);
        let size = line.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(size, 16)
            .map_err(|_| format!("bad chunk size {line:?} after {} bytes of body", body.len()))?;
        raw = &raw[line_end + 2..];

        if size == 0 {
            let Some(rest) = raw.strip_prefix(b"\r\n") else {
                return Err("the last chunk is not followed by an empty line".into());
            };
            return Ok((body, rest.to_vec()));
        }
        if raw.len() < size {
            return Err(format!("a chunk of {size} bytes ends after {}", raw.len()));
        }
        body.extend(&raw[..size]);
        raw = raw[size..]
            .strip_prefix(b"\r\n")
            .ok_or_else(|| format!("a chunk of {size} bytes is not followed by CRLF"))?;
    }
}

fn trim_end(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

pub fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    if needle.is_empty() {
        return Some(0);
    }
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
}
