//! The text of a request's header, from the buffers in which nginx parsed it.
//!
//! nginx ends each name and each value with a NUL, in place of the byte that
//! followed it. No header has a NUL of its own, as nginx refuses those. When a
//! buffer is full in the middle of a line, nginx copies the line's beginning to
//! the next buffer, so that no line spans two.

use memchr::{memchr, memchr2};

/// Appends the request line and the headers, with the empty line after them, to
/// `out`. The first buffer begins with the request line; what follows the
/// headers in the last one is left alone.
///
/// ```
/// use nginx_lua_text::raw_header::restore;
///
/// let mut header = Vec::new();
/// restore([&b"GET / HTTP/1.1\r\nHost\0 a\0\n\r\nbody"[..]], &mut header);
/// assert_eq!(header, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n");
/// ```
pub fn restore<'a>(buffers: impl IntoIterator<Item = &'a [u8]>, out: &mut Vec<u8>) {
    let mut ending = None;
    for mut rest in buffers {
        loop {
            let Some(ending) = ending else {
                // The request line; nginx leaves it as it is.
                let Some(line) = request_line(rest) else { break };
                out.extend_from_slice(line);
                ending = Some(Ending::of(line));
                rest = &rest[line.len()..];
                continue;
            };

            let Some(line) = Line::first(rest, ending) else { break };
            line.append(out);
            if line.is_empty() {
                return;
            }
            rest = &rest[line.text.len()..];
        }
    }
}

/// The request line at the beginning of a header, with its end.
pub fn request_line(header: &[u8]) -> Option<&[u8]> {
    memchr(b'\n', header).map(|at| &header[..=at])
}

/// How this client ends its lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    CrLf,
    Lf,
}

impl Ending {
    fn of(line: &[u8]) -> Self {
        if line.ends_with(b"\r\n") { Ending::CrLf } else { Ending::Lf }
    }
}

/// A line, with its end.
struct Line<'a> {
    text: &'a [u8],
    /// Where NULs are, and what was there.
    restored: [Option<(usize, u8)>; 2],
}

impl<'a> Line<'a> {
    /// The first line of `text`, unless it is not complete.
    fn first(text: &'a [u8], ending: Ending) -> Option<Self> {
        let name_end = memchr2(0, b'\n', text)?;
        // A header that nginx did not take, or the empty line at the end.
        if text[name_end] == b'\n' || text[..name_end].contains(&b':') {
            let end = memchr(b'\n', text)?;
            return Some(Self { text: &text[..=end], restored: [None, None] });
        }

        // A header without a colon ends with its name.
        let after = &text[name_end + 1..];
        if ending == Ending::CrLf && after.first() == Some(&b'\n') {
            let restored = [Some((name_end, b'\r')), None];
            return Some(Self { text: &text[..name_end + 2], restored });
        }

        let value_end = name_end + 1 + memchr(0, after)?;
        let (byte, len) = match (&text[value_end + 1..], ending) {
            ([b'\n', ..], Ending::CrLf) => (b'\r', value_end + 2),
            ([b' ', ..], _) | ([b'\r', ..], Ending::CrLf) => {
                let end = memchr(b'\n', &text[value_end..])?;
                (b' ', value_end + end + 1)
            }
            _ => (b'\n', value_end + 1),
        };
        Some(Self {
            text: &text[..len],
            restored: [Some((name_end, b':')), Some((value_end, byte))],
        })
    }

    fn is_empty(&self) -> bool {
        matches!(self.text, [b'\n'] | [b'\r', b'\n'])
    }

    fn append(&self, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(self.text);
        for (at, byte) in self.restored.iter().flatten() {
            out[start + at] = *byte;
        }
    }
}

#[cfg(test)]
mod tests;
