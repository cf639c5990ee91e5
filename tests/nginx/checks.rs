//! What a block expects of a response.

use crate::block::Block;
use crate::perl::Perl;
use crate::report::{difference, quote, show};
use crate::response::Response;
use crate::value::Value;

/// Which of the block's requests a response answers.
#[derive(Clone, Copy)]
pub struct Position {
    pub request: usize,
    /// Several requests: what is expected must be arrays.
    pub many: bool,
    pub port: u16,
}

pub fn check_response(
    block: &Block,
    response: &mut Response,
    position: Position,
    perl: &mut Perl,
) -> Result<Vec<String>, String> {
    let mut problems = Vec::new();
    problems.extend(check_code(block, response, position, perl)?);
    problems.extend(check_raw_headers(block, response, position, perl)?);
    problems.extend(check_headers(block, response, position, perl)?);
    if !block.has("ignore_response_body") {
        filter_body(block, response, position, perl)?;
        problems.extend(check_body(block, response, position, perl)?);
    }
    if position.many {
        for problem in &mut problems {
            problem.insert_str(0, &format!("request {} (from 0): ", position.request));
        }
    }
    Ok(problems)
}

/// An expected value as text; what it is a regex of, if it is one.
fn source(section: &str, value: &Value) -> Result<Vec<u8>, String> {
    match value {
        Value::Text(text) | Value::Regex(text) => Ok(text.clone()),
        other => Err(format!("--- {section}: expected value is {}", other.kind())),
    }
}

impl Position {
    /// Puts the port in for $ServerPort and $ServerPortForClient.
    fn with_port(&self, text: &[u8]) -> Vec<u8> {
        let port = self.port.to_string();
        let mut text = text.to_vec();
        for name in [&b"$ServerPortForClient"[..], b"$ServerPort"] {
            text = replace_variable(&text, name, port.as_bytes());
        }
        text
    }
}

pub fn replace_variable(text: &[u8], name: &[u8], value: &[u8]) -> Vec<u8> {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(&byte) = rest.first() {
        let after = rest.strip_prefix(name);
        match after.filter(|after| !after.first().is_some_and(|&next| is_word(next))) {
            Some(after) => {
                out.extend(value);
                rest = after;
            }
            None => {
                out.push(byte);
                rest = &rest[1..];
            }
        }
    }
    out
}

fn with_flags(source: &[u8], flags: &str) -> Vec<u8> {
    [format!("(?{flags})").as_bytes(), source].concat()
}

fn check_code(
    block: &Block,
    response: &Response,
    Position { request, many, .. }: Position,
    perl: &mut Perl,
) -> Result<Option<String>, String> {
    let got = response.code.as_bytes();
    if let Some(like) = block.indexed("error_code_like", request, many)? {
        let pattern = source("error_code_like", like)?;
        let same = perl.is_match(&with_flags(&pattern, "sm"), got)?;
        return Ok((!same).then(|| {
            format!(
                "status code {} does not match {}",
                quote(got),
                quote(&pattern)
            )
        }));
    }

    let expected = match block.indexed("error_code", request, many)? {
        Some(value) => source("error_code", value)?,
        None => b"200".to_vec(),
    };
    let expected = expected.trim_ascii();
    Ok((expected != got).then(|| {
        let got = if got.is_empty() {
            "none".to_owned()
        } else {
            response.code.clone()
        };
        format!(
            "status code: expected {}, got {got}; the body is:\n{}",
            String::from_utf8_lossy(expected),
            show(&response.body)
        )
    }))
}

fn check_raw_headers(
    block: &Block,
    response: &Response,
    Position { request, many, .. }: Position,
    perl: &mut Perl,
) -> Result<Vec<String>, String> {
    let mut problems = Vec::new();
    for (section, wanted) in [
        ("raw_response_headers_like", true),
        ("raw_response_headers_unlike", false),
    ] {
        let Some(value) = block.indexed(section, request, many)? else {
            continue;
        };
        let pattern = source(section, value)?;
        if perl.is_match(&with_flags(&pattern, "s"), &response.raw_headers)? != wanted {
            problems.push(format!(
                "--- {section}: {} {} the headers\n{}",
                quote(&pattern),
                if wanted { "does not match" } else { "matches" },
                show(&response.raw_headers)
            ));
        }
    }
    Ok(problems)
}

fn check_headers(
    block: &Block,
    response: &Response,
    position: Position,
    perl: &mut Perl,
) -> Result<Vec<String>, String> {
    let Position { request, many, .. } = position;
    let mut problems = Vec::new();
    if let Some(value) = block.indexed("response_headers", request, many)? {
        for expected in ExpectedHeader::list("response_headers", value)? {
            problems.extend(expected.check(response, position));
        }
    }
    if let Some(value) = block.indexed("response_headers_like", request, many)? {
        for expected in ExpectedHeader::list("response_headers_like", value)? {
            problems.extend(expected.check_like(response, perl)?);
        }
    }
    Ok(problems)
}

/// A line "Name: value", or "! Name" for a header that must not be there.
struct ExpectedHeader {
    name: String,
    value: Option<Vec<u8>>,
}

impl ExpectedHeader {
    fn list(section: &str, value: &Value) -> Result<Vec<ExpectedHeader>, String> {
        let text = match value {
            Value::Undef => return Ok(Vec::new()),
            Value::Text(text) => text,
            other => return Err(format!("--- {section} is {}", other.kind())),
        };
        let lines = text.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
        let headers: Vec<_> = lines
            .filter(|line| !line.is_empty())
            .map(|line| ExpectedHeader::parse(section, line))
            .collect::<Result<_, _>>()?;
        for (at, header) in headers.iter().enumerate() {
            if headers[..at].iter().any(|other| other.name == header.name) {
                return Err(format!("--- {section} names {} twice", header.name));
            }
        }
        Ok(headers)
    }

    fn parse(section: &str, line: &[u8]) -> Result<ExpectedHeader, String> {
        let shown = || String::from_utf8_lossy(line).into_owned();
        if let Some(name) = line.strip_prefix(b"!") {
            let name = String::from_utf8_lossy(name.trim_ascii()).into_owned();
            return Ok(ExpectedHeader { name, value: None });
        }
        let colon = line
            .iter()
            .position(|&byte| byte == b':')
            .ok_or_else(|| format!("--- {section}: no colon in \"{}\"", shown()))?;
        let name = String::from_utf8_lossy(line[..colon].trim_ascii()).into_owned();
        Ok(ExpectedHeader {
            name,
            value: Some(line[colon + 1..].trim_ascii().to_vec()),
        })
    }

    fn check(&self, response: &Response, position: Position) -> Option<String> {
        let Some(expected) = &self.value else {
            let present = response.has_header(&self.name);
            return present.then(|| {
                format!(
                    "header {} must not be there\n{}",
                    self.name,
                    show(&response.raw_headers)
                )
            });
        };
        let expected = position.with_port(expected);
        let got = response.header(&self.name).unwrap_or_default();
        (got != expected).then(|| {
            let (expected, got) = (quote(&expected), quote(&got));
            format!("header {}: expected {expected}, got {got}", self.name)
        })
    }

    fn check_like(&self, response: &Response, perl: &mut Perl) -> Result<Option<String>, String> {
        let Some(pattern) = &self.value else {
            return Err("--- response_headers_like: \"! Name\" is for response_headers".into());
        };
        let got = response.header(&self.name).unwrap_or_default();
        let same = perl.is_match(&[b"^", pattern.as_slice(), b"$"].concat(), &got)?;
        Ok((!same).then(|| {
            format!(
                "header {}: {} does not match {}",
                self.name,
                quote(&got),
                quote(pattern)
            )
        }))
    }
}

/// `--- response_body_filters`: changes the body before it is compared.
fn filter_body(
    block: &Block,
    response: &mut Response,
    Position { request, .. }: Position,
    perl: &mut Perl,
) -> Result<(), String> {
    let filters = match block.value("response_body_filters") {
        None => return Ok(()),
        Some(Value::Text(text)) => text
            .split(|byte| byte.is_ascii_whitespace())
            .filter(|name| !name.is_empty())
            .map(|name| Value::Text(name.to_vec()))
            .collect(),
        Some(Value::List(list)) if matches!(list.first(), Some(Value::List(_))) => {
            let of_request = list.get(request).and_then(Value::as_list);
            of_request
                .ok_or("--- response_body_filters lacks this request")?
                .to_vec()
        }
        Some(Value::List(list)) => list.clone(),
        Some(value) => vec![value.clone()],
    };

    for filter in filters {
        let changed = match filter {
            Value::Code(code) => perl.call(code, &response.body)?,
            Value::Text(name) => builtin_filter(&name, &response.body, perl)?,
            other => return Err(format!("--- response_body_filters has {}", other.kind())),
        };
        let Value::Text(changed) = changed else {
            return Err("a filter of --- response_body_filters does not return text".into());
        };
        response.body = changed;
    }
    Ok(())
}

fn builtin_filter(name: &[u8], body: &[u8], perl: &mut Perl) -> Result<Value, String> {
    match name {
        b"length" => Ok(Value::text(body.len().to_string())),
        b"uc" | b"lc" | b"ucfirst" | b"lcfirst" => {
            let name = String::from_utf8_lossy(name);
            match perl.eval(format!("sub {{ {name}($_[0]) }}").as_bytes())? {
                Value::Code(code) => perl.call(code, body),
                other => Err(format!("perl made {} of a sub", other.kind())),
            }
        }
        _ => Err(format!(
            "unknown filter \"{}\" in --- response_body_filters",
            String::from_utf8_lossy(name)
        )),
    }
}

fn check_body(
    block: &Block,
    response: &Response,
    position: Position,
    perl: &mut Perl,
) -> Result<Vec<String>, String> {
    let Position { request, many, .. } = position;
    let got = &response.body;
    let mut problems = Vec::new();

    if let Some(expected) = block.indexed("response_body", request, many)? {
        problems.extend(check_whole_body(expected, got, position, perl)?);
    }

    for (section, wanted) in [
        ("response_body_like", true),
        ("response_body_unlike", false),
    ] {
        let Some(value) = block.indexed(section, request, many)? else {
            continue;
        };
        let pattern = position.with_port(&source(section, value)?);
        if perl.is_match(&with_flags(&pattern, "s"), got)? != wanted {
            problems.push(format!(
                "--- {section}: {} {} the body\n{}",
                quote(&pattern),
                if wanted { "does not match" } else { "matches" },
                show(got)
            ));
        }
    }
    Ok(problems)
}

fn check_whole_body(
    expected: &Value,
    got: &[u8],
    position: Position,
    perl: &mut Perl,
) -> Result<Option<String>, String> {
    if let Value::Regex(pattern) = expected {
        let same = perl.is_match(pattern, got)?;
        return Ok(
            (!same).then(|| format!("body does not match {}\n{}", quote(pattern), show(got)))
        );
    }
    let expected = position.with_port(&source("response_body", expected)?);
    Ok((expected != got).then(|| format!("body\n{}", difference(&expected, got))))
}
