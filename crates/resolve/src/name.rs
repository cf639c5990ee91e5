//! Names as DNS messages hold them, and those to ask for.

use crate::config::Config;

const MAX_LABEL: usize = 63;
const MAX_NAME: usize = 255;

/// A name: labels with their lengths before them and the empty one of the root
/// behind them, in lower case.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Name(Vec<u8>);

impl Name {
    /// A name from its text, a dot at its end or not. There is none if a label
    /// is empty or too long, or the whole is.
    pub fn from_text(text: &[u8]) -> Option<Self> {
        let text = text.strip_suffix(b".").unwrap_or(text);
        let mut wire = Vec::with_capacity(text.len() + 2);
        for label in text.split(|c| *c == b'.') {
            if label.is_empty() || label.len() > MAX_LABEL {
                return None;
            }
            wire.push(label.len() as u8);
            wire.extend(label.iter().map(u8::to_ascii_lowercase));
        }
        wire.push(0);
        (wire.len() <= MAX_NAME).then_some(Self(wire))
    }

    /// As it is written in a message.
    pub fn wire(&self) -> &[u8] {
        &self.0
    }

    /// Reads the name at a place of a message, and returns with it where the
    /// message goes on.
    ///
    /// A pointer has to point before the part of the name that it ends, so
    /// there are no circles.
    pub(crate) fn read(message: &[u8], start: usize) -> Option<(Self, usize)> {
        let mut wire = Vec::new();
        let mut part = start;
        let mut at = start;
        let mut end = None;
        loop {
            let len = *message.get(at)?;
            match len {
                0 => {
                    wire.push(0);
                    return (wire.len() <= MAX_NAME).then(|| (Self(wire), end.unwrap_or(at + 1)));
                }
                1..=63 => {
                    let next = at + 1 + usize::from(len);
                    let label = message.get(at + 1..next)?;
                    wire.push(len);
                    wire.extend(label.iter().map(u8::to_ascii_lowercase));
                    if wire.len() >= MAX_NAME {
                        return None;
                    }
                    at = next;
                }
                0xc0.. => {
                    let target = usize::from(len & 0x3f) << 8 | usize::from(*message.get(at + 1)?);
                    end.get_or_insert(at + 2);
                    if target >= part {
                        return None;
                    }
                    part = target;
                    at = target;
                }
                _ => return None,
            }
        }
    }
}

/// The names to ask for, in order, for a name in a configuration with a list
/// of domains. The rules are those of glibc. There may be none, since a name
/// has to be well formed.
pub fn candidates(config: &Config, name: &[u8]) -> Vec<Name> {
    // A name that ends with a dot is complete.
    if name.ends_with(b".") {
        return Name::from_text(name).into_iter().collect();
    }
    let dots = name.iter().filter(|c| **c == b'.').count();
    let mut names = Vec::new();
    let mut push = |text: &[u8]| {
        if let Some(name) = Name::from_text(text)
            && !names.contains(&name)
        {
            names.push(name);
        }
    };
    if dots >= config.ndots {
        push(name);
    }
    for domain in &config.search {
        if domain.is_empty() {
            push(name);
        } else {
            push(&[name, b".", domain].concat());
        }
    }
    push(name);
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(name: &Name) -> String {
        let mut text = String::new();
        let mut rest = name.wire();
        while let [len @ 1..=63, tail @ ..] = rest {
            let (label, tail) = tail.split_at(usize::from(*len));
            text += &String::from_utf8_lossy(label);
            text.push('.');
            rest = tail;
        }
        text
    }

    fn asked(config: &str, name: &str) -> Vec<String> {
        let config = Config::parse(config.as_bytes());
        candidates(&config, name.as_bytes()).iter().map(text).collect()
    }

    #[test]
    fn the_order_of_names() {
        let config = "search a b.c\n";
        assert_eq!(asked(config, "x"), ["x.a.", "x.b.c.", "x."]);
        assert_eq!(asked(config, "x.y"), ["x.y.", "x.y.a.", "x.y.b.c."]);
        assert_eq!(asked(config, "X.y."), ["x.y."]);
        assert_eq!(asked("", "x"), ["x."]);
    }

    #[test]
    fn so_many_dots() {
        let config = "search a\noptions ndots:2\n";
        assert_eq!(asked(config, "x.y"), ["x.y.a.", "x.y."]);
        assert_eq!(asked(config, "x.y.z"), ["x.y.z.", "x.y.z.a."]);
        assert_eq!(asked("search a\noptions ndots:0\n", "x"), ["x.", "x.a."]);
    }

    #[test]
    fn the_root_in_the_list() {
        assert_eq!(asked("search . a\n", "x"), ["x.", "x.a."]);
    }

    #[test]
    fn names_that_are_none() {
        for name in ["", ".", "a..b", ".a", "a..", &"x".repeat(64), &"x.".repeat(128)] {
            assert_eq!(asked("", name), [""; 0], "{name}");
        }
        assert_eq!(asked("", &"x".repeat(63)).len(), 1);
        assert_eq!(asked("", &"x.".repeat(127)).len(), 1);
        // Too long in a domain.
        assert_eq!(asked("search aa\n", &"x.".repeat(126)).len(), 1);
    }

    #[test]
    fn pointers() {
        let message = b"\x01a\x00\x01B\xc0\x00\xc0\x03\xc0\x0a\xc0\x00";
        let read = |at| Name::read(message, at).map(|(name, end)| (text(&name), end));
        assert_eq!(read(0), Some(("a.".into(), 3)));
        assert_eq!(read(3), Some(("b.a.".into(), 7)));
        assert_eq!(read(7), Some(("b.a.".into(), 9)));
        // Forward, and behind the end.
        assert_eq!(read(9), None);
        assert_eq!(read(13), None);
        assert_eq!(Name::read(b"\x01a\xc0\x00", 0), None);
        assert_eq!(Name::read(b"\x03ab", 0), None);
        assert_eq!(Name::read(b"", 0), None);
        assert_eq!(Name::read(b"\x40", 0), None);
    }
}
