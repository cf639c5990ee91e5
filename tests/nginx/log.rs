//! The logs of an nginx, and what a block expects of them.

use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use crate::block::Block;
use crate::pattern::Pattern;
use crate::perl::Perl;
use crate::report::{difference, log_level};
use crate::value::Value;

/// nginx writes to its logs after the response is complete; this is for how
/// long the log must not have grown before "not in the log" is believed.
const QUIET: Duration = Duration::from_millis(15);

/// A log and how much of it belongs to the requests before.
pub struct Log {
    path: PathBuf,
    offset: usize,
}

impl Log {
    pub fn new(path: PathBuf) -> Log {
        Log { path, offset: 0 }
    }

    pub fn all(&self) -> Vec<u8> {
        fs::read(&self.path).unwrap_or_default()
    }

    fn new_part(&self) -> Vec<u8> {
        let mut all = self.all();
        all.drain(..self.offset.min(all.len()));
        all
    }

    fn settle(&self) {
        let size = || fs::metadata(&self.path).map_or(0, |metadata| metadata.len());
        let mut before = size();
        // A timer may keep writing; do not wait for its end.
        for _ in 0..10 {
            thread::sleep(QUIET);
            let now = size();
            if now == before {
                return;
            }
            before = now;
        }
    }
}

pub fn lines(text: &[u8]) -> Vec<&[u8]> {
    text.split_inclusive(|&byte| byte == b'\n').collect()
}

/// Checks `--- error_log`, `no_error_log` and `grep_error_log` on what was
/// logged since the last check. `patience` is for how long an expected line may
/// still come.
pub fn check_error_log(
    block: &Block,
    log: &mut Log,
    repetition: usize,
    perl: &mut Perl,
    patience: Duration,
) -> Result<Vec<String>, String> {
    let expected = Pattern::list(block, "error_log")?;
    let unwanted = Pattern::list(block, "no_error_log")?;
    let grep = Grep::new(block, repetition)?;

    log.settle();
    let deadline = Instant::now() + patience;
    let (text, mut problems) = loop {
        let text = log.new_part();
        let mut problems = missing(&expected, &lines(&text), "error.log", perl)?;
        if let Some(grep) = &grep {
            problems.extend(grep.check(&lines(&text), perl)?);
        }
        if problems.is_empty() || Instant::now() > deadline {
            break (text, problems);
        }
        thread::sleep(QUIET);
    };

    problems.extend(present(&unwanted, &lines(&text), "error.log", perl)?);
    if !block.settings.accumulate_log {
        log.offset += text.len();
    }
    Ok(problems)
}

/// Checks `--- access_log` and `no_access_log` on the whole access log.
pub fn check_access_log(
    block: &Block,
    log: &Log,
    perl: &mut Perl,
    patience: Duration,
) -> Result<Vec<String>, String> {
    let expected = Pattern::list(block, "access_log")?;
    let unwanted = Pattern::list(block, "no_access_log")?;
    if expected.is_empty() && unwanted.is_empty() {
        return Ok(Vec::new());
    }

    log.settle();
    let deadline = Instant::now() + patience;
    loop {
        let text = log.all();
        let mut problems = missing(&expected, &lines(&text), "access.log", perl)?;
        if problems.is_empty() || Instant::now() > deadline {
            problems.extend(present(&unwanted, &lines(&text), "access.log", perl)?);
            return Ok(problems);
        }
        thread::sleep(QUIET);
    }
}

/// Checks `--- shutdown_error_log` and `no_shutdown_error_log`; nginx has ended.
pub fn check_shutdown_log(
    block: &Block,
    log: &Log,
    perl: &mut Perl,
) -> Result<Vec<String>, String> {
    let text = log.new_part();
    let lines = lines(&text);
    let expected = Pattern::list(block, "shutdown_error_log")?;
    let unwanted = Pattern::list(block, "no_shutdown_error_log")?;
    let mut problems = missing(&expected, &lines, "error.log at shutdown", perl)?;
    problems.extend(present(&unwanted, &lines, "error.log at shutdown", perl)?);
    Ok(problems)
}

/// Lines that no block may have unless it names them: alert, crit and emerg
/// messages, workers killed by a signal, failed assertions, panics, and reports
/// of sanitizers (nginx sends its standard error to the log).
pub fn check_severe(block: &Block, log: &Log, perl: &mut Perl) -> Result<Vec<String>, String> {
    let text = log.all();
    let severe: Vec<&[u8]> = lines(&text)
        .into_iter()
        .filter(|line| is_severe(line))
        .collect();
    if severe.is_empty() {
        return Ok(Vec::new());
    }

    let mut named = Pattern::list(block, "error_log")?;
    named.extend(Pattern::list(block, "shutdown_error_log")?);
    named.extend(Pattern::list(block, "grep_error_log")?);
    let mut excused = vec![false; severe.len()];
    for pattern in &named {
        for (excused, matched) in excused.iter_mut().zip(pattern.matches(&severe, perl)?) {
            *excused |= matched.is_some();
        }
    }

    let unexpected = severe.iter().zip(excused).filter(|(_, excused)| !excused);
    Ok(unexpected
        .map(|(line, _)| {
            format!(
                "severe message in error.log that the block does not name in --- error_log:\n    {}",
                String::from_utf8_lossy(line).trim_end()
            )
        })
        .collect())
}

pub fn is_severe(line: &[u8]) -> bool {
    let text = String::from_utf8_lossy(line);
    let level = log_level(&text);
    matches!(level, Some("alert" | "crit" | "emerg"))
        || (level.is_some() && text.contains(" exited on signal "))
        || (text.contains("Assertion ") && text.contains(" failed"))
        || text.contains(" panicked at ")
        || text.contains("ERROR: AddressSanitizer")
        || text.contains("ERROR: LeakSanitizer")
}

fn missing(
    patterns: &[Pattern],
    lines: &[&[u8]],
    log: &str,
    perl: &mut Perl,
) -> Result<Vec<String>, String> {
    let mut problems = Vec::new();
    for pattern in patterns {
        if pattern.find(lines, perl)?.is_none() {
            problems.push(format!("no line in {log} matches {}", pattern.show()));
        }
    }
    Ok(problems)
}

fn present(
    patterns: &[Pattern],
    lines: &[&[u8]],
    log: &str,
    perl: &mut Perl,
) -> Result<Vec<String>, String> {
    let mut problems = Vec::new();
    for pattern in patterns {
        if let Some(line) = pattern.find(lines, perl)? {
            problems.push(format!(
                "a line in {log} matches {}, which must not be there:\n    {}",
                pattern.show(),
                String::from_utf8_lossy(line).trim_end()
            ));
        }
    }
    Ok(problems)
}

/// `--- grep_error_log` with `--- grep_error_log_out`.
struct Grep {
    pattern: Pattern,
    expected: Value,
}

impl Grep {
    fn new(block: &Block, repetition: usize) -> Result<Option<Grep>, String> {
        let (pattern, expected) = (
            block.value("grep_error_log"),
            block.value("grep_error_log_out"),
        );
        let (pattern, expected) = match (pattern, expected) {
            (None, None) => return Ok(None),
            (Some(pattern), Some(expected)) => (pattern, expected),
            _ => return Err("--- grep_error_log and --- grep_error_log_out go together".into()),
        };
        let pattern = Pattern::new("grep_error_log", of_repetition(pattern, repetition)?)?;
        if matches!(&pattern, Pattern::Text(text) if text.contains(&b'\n')) {
            return Err("--- grep_error_log is text of several lines; use the filter chop".into());
        }
        let expected = of_repetition(expected, repetition)?.clone();
        Ok(Some(Grep { pattern, expected }))
    }

    fn check(&self, lines: &[&[u8]], perl: &mut Perl) -> Result<Option<String>, String> {
        let mut found = Vec::new();
        for matched in self.pattern.matches(lines, perl)?.into_iter().flatten() {
            // The published module leaves out what spans lines.
            if !matched.contains(&b'\n') {
                found.extend(matched);
                found.push(b'\n');
            }
        }

        let same = match &self.expected {
            Value::Text(text) => *text == found,
            Value::Regex(source) => perl.is_match(source, &found)?,
            other => return Err(format!("--- grep_error_log_out is {}", other.kind())),
        };
        if same {
            return Ok(None);
        }
        let expected = match &self.expected {
            Value::Text(text) | Value::Regex(text) => text.as_slice(),
            _ => b"",
        };
        Ok(Some(format!(
            "{} finds something else in error.log\n{}",
            self.pattern.show(),
            difference(expected, &found)
        )))
    }
}

fn of_repetition(value: &Value, repetition: usize) -> Result<&Value, String> {
    match value {
        Value::List(list) => list
            .get(repetition)
            .ok_or_else(|| format!("grep_error_log*: no element for repetition {repetition}")),
        value => Ok(value),
    }
}
