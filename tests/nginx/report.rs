//! Texts for the person who reads why a block failed.

use std::fmt::Write;

const LONGEST: usize = 2000;

/// Bytes as text with escapes, one line of output per line of input.
pub fn show(bytes: &[u8]) -> String {
    let shown = &bytes[..bytes.len().min(LONGEST)];
    let mut text = String::new();
    for line in shown.split_inclusive(|&byte| byte == b'\n') {
        let _ = writeln!(text, "    |{}", escape(line));
    }
    if shown.len() < bytes.len() {
        let _ = writeln!(text, "    … and {} bytes more", bytes.len() - shown.len());
    }
    if text.is_empty() {
        text.push_str("    (nothing)\n");
    }
    text
}

/// Expected and got, and where they part.
pub fn difference(expected: &[u8], got: &[u8]) -> String {
    let common = expected
        .iter()
        .zip(got)
        .take_while(|(left, right)| left == right)
        .count();
    let line = expected[..common]
        .iter()
        .filter(|&&byte| byte == b'\n')
        .count()
        + 1;
    format!(
        "  expected ({} bytes):\n{}  got ({} bytes):\n{}  first difference: line {line}, byte \
         {common} (from 0)",
        expected.len(),
        show(expected),
        got.len(),
        show(got),
    )
}

/// A piece of text within a sentence.
pub fn quote(bytes: &[u8]) -> String {
    format!("\"{}\"", escape(bytes))
}

fn escape(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        for char in chunk.valid().chars() {
            match char {
                '\n' => text.push_str("\\n"),
                '\r' => text.push_str("\\r"),
                '\t' => text.push_str("\\t"),
                '\\' => text.push_str("\\\\"),
                char if char.is_control() => {
                    let _ = write!(text, "\\x{:02x}", u32::from(char));
                }
                char => text.push(char),
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    text
}

/// The last lines of a log, without debug messages.
pub fn tail(log: &[u8]) -> String {
    let text = String::from_utf8_lossy(log);
    let mut in_debug = false;
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| {
            // A message goes on until the next line with a level.
            in_debug = log_level(line).map_or(in_debug, |level| level == "debug");
            !in_debug
        })
        .collect();
    lines[lines.len().saturating_sub(30)..]
        .iter()
        .map(|line| format!("    {}\n", line.chars().take(500).collect::<String>()))
        .collect()
}

/// The level of a line "2026/01/31 12:34:56 [level] …" of an nginx log.
pub fn log_level(line: &str) -> Option<&str> {
    let after_date = line.get(19..)?.strip_prefix(" [")?;
    let is_date = line[..19].bytes().enumerate().all(|(at, byte)| match at {
        4 | 7 => byte == b'/',
        10 => byte == b' ',
        13 | 16 => byte == b':',
        _ => byte.is_ascii_digit(),
    });
    if is_date {
        after_date.split(']').next()
    } else {
        None
    }
}
