//! What a log line is compared with: a piece of text or a regex.

use crate::block::Block;
use crate::perl::Perl;
use crate::response::find;
use crate::value::Value;

#[derive(Clone, Debug)]
pub enum Pattern {
    Text(Vec<u8>),
    Regex(Vec<u8>),
}

impl Pattern {
    /// The patterns of a section: one per line of a text, or an array.
    pub fn list(block: &Block, section: &str) -> Result<Vec<Pattern>, String> {
        match block.value(section) {
            None => Ok(Vec::new()),
            Some(Value::Text(text)) => Ok(text
                .split(|&byte| byte == b'\n')
                .filter(|line| !line.is_empty())
                .map(|line| Pattern::Text(line.to_vec()))
                .collect()),
            Some(Value::List(list)) => list
                .iter()
                .filter(|item| **item != Value::Undef)
                .map(|item| Pattern::new(section, item))
                .collect(),
            Some(value) => Ok(vec![Pattern::new(section, value)?]),
        }
    }

    pub fn new(section: &str, value: &Value) -> Result<Pattern, String> {
        match value {
            Value::Text(text) => Ok(Pattern::Text(text.clone())),
            Value::Regex(source) => Ok(Pattern::Regex(source.clone())),
            other => Err(format!("--- {section}: a pattern is {}", other.kind())),
        }
    }

    /// What matches in each of the lines.
    pub fn matches(
        &self,
        lines: &[&[u8]],
        perl: &mut Perl,
    ) -> Result<Vec<Option<Vec<u8>>>, String> {
        match self {
            Pattern::Text(text) => {
                Ok(lines.iter().map(|line| find(line, text).map(|_| text.clone())).collect())
            }
            Pattern::Regex(source) => perl.matches(source, lines),
        }
    }

    /// The first line that matches.
    pub fn find<'a>(
        &self,
        lines: &[&'a [u8]],
        perl: &mut Perl,
    ) -> Result<Option<&'a [u8]>, String> {
        let matches = self.matches(lines, perl)?;
        Ok(matches.iter().position(Option::is_some).map(|at| lines[at]))
    }

    pub fn show(&self) -> String {
        match self {
            Pattern::Text(text) => format!("\"{}\"", String::from_utf8_lossy(text)),
            Pattern::Regex(source) => String::from_utf8_lossy(source).into_owned(),
        }
    }
}
