//! Templates of `ngx.re.sub` and `ngx.re.gsub`: text in which `$1` or `${1}`
//! stands for what a group of the regular expression matched, and `$$` for a
//! dollar.

use std::fmt;

/// A parsed template.
///
/// ```
/// use nginx_lua_text::template::Template;
///
/// let template = Template::parse(b"<$1>$$${2}0").unwrap();
/// let mut out = Vec::new();
/// template.append_to(&mut out, |group| match group {
///     1 => b"one",
///     _ => b"",
/// });
/// assert_eq!(out, b"<one>$0");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// The literal text of all parts.
    text: Vec<u8>,
    groups: Vec<Group>,
}

/// Where in the text the match of a group is put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Group {
    number: usize,
    at: usize,
}

/// Why a template is refused. The text is the line that the error log gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error<'a> {
    /// What follows a `$` is no name; holds the template.
    InvalidName(&'a [u8]),
    /// The name is not a number.
    Named(&'a [u8]),
    /// There is no `}` after the name.
    Unclosed(&'a [u8]),
}

impl fmt::Display for Error<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidName(template) => write!(
                f,
                "lua script: invalid capturing variable name found in \"{}\"",
                String::from_utf8_lossy(template)
            ),
            Self::Named(name) => write!(
                f,
                "attempt to use named capturing variable \"{}\" (named captures not supported yet)",
                String::from_utf8_lossy(name)
            ),
            Self::Unclosed(name) => write!(
                f,
                "the closing bracket in \"{}\" variable is missing",
                String::from_utf8_lossy(name)
            ),
        }
    }
}

impl std::error::Error for Error<'_> {}

impl Template {
    /// Parses a template.
    ///
    /// # Errors
    /// A `$` that is followed by something else than a number, a number in
    /// braces or another `$`.
    pub fn parse(source: &[u8]) -> Result<Self, Error<'_>> {
        let mut template = Self { text: Vec::with_capacity(source.len()), groups: Vec::new() };
        let mut rest = source;

        while let Some(dollar) = memchr::memchr(b'$', rest) {
            template.text.extend_from_slice(&rest[..dollar]);
            rest = &rest[dollar + 1..];
            if let Some(after) = rest.strip_prefix(b"$") {
                template.text.push(b'$');
                rest = after;
                continue;
            }
            let (number, after) = variable(rest).map_err(|error| match error {
                Error::InvalidName(_) => Error::InvalidName(source),
                other => other,
            })?;
            template.groups.push(Group { number, at: template.text.len() });
            rest = after;
        }
        template.text.extend_from_slice(rest);
        Ok(template)
    }

    /// Appends the template, with the matches that `group` gives by number.
    pub fn append_to<'a>(&self, out: &mut Vec<u8>, group: impl Fn(usize) -> &'a [u8]) {
        let mut done = 0;
        for Group { number, at } in &self.groups {
            out.extend_from_slice(&self.text[done..*at]);
            out.extend_from_slice(group(*number));
            done = *at;
        }
        out.extend_from_slice(&self.text[done..]);
    }
}

/// Reads what follows a `$`: the number, and what comes after it.
fn variable(rest: &[u8]) -> Result<(usize, &[u8]), Error<'_>> {
    let (name_and_rest, braced) = match rest.strip_prefix(b"{") {
        Some(rest) => (rest, true),
        None => (rest, false),
    };

    let numeric = name_and_rest.first().is_some_and(u8::is_ascii_digit);
    let in_name = |c: &u8| if numeric { c.is_ascii_digit() } else { is_word(*c) };
    let len = name_and_rest.iter().position(|c| !in_name(c)).unwrap_or(name_and_rest.len());
    let (name, mut rest) = name_and_rest.split_at(len);

    if braced {
        if name_and_rest.is_empty() {
            return Err(Error::InvalidName(name));
        }
        rest = rest.strip_prefix(b"}").ok_or(Error::Unclosed(name))?;
    }
    if name.is_empty() {
        return Err(Error::InvalidName(name));
    }
    if !numeric {
        return Err(Error::Named(name));
    }
    Ok((number(name), rest))
}

fn is_word(c: u8) -> bool {
    c.is_ascii_alphanumeric() || c == b'_'
}

/// A number that is too large is one of no group.
fn number(digits: &[u8]) -> usize {
    digits
        .iter()
        .fold(0usize, |n, digit| n.saturating_mul(10).saturating_add(usize::from(digit - b'0')))
}

#[cfg(test)]
mod tests;
