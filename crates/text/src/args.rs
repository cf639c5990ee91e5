//! Query strings.

use std::borrow::Cow;

use crate::escape::{self, Set};
use crate::unescape::{self, Plus};

/// The arguments of a query string, decoded, in order. Arguments with an empty
/// name are dropped.
///
/// ```
/// use nginx_lua_text::args::{Args, Counting, Value};
///
/// let mut args = Args::new(b"a=x+y&=1&b&c", 3, Counting::Kept);
/// assert_eq!(args.next(), Some((b"a".into(), Value::Text(b"x y".into()))));
/// assert_eq!(args.next(), Some((b"b".into(), Value::Flag)));
/// assert_eq!(args.next(), Some((b"c".into(), Value::Flag)));
/// assert_eq!(args.next(), None);
/// assert!(args.truncated());
/// ```
#[derive(Clone, Debug)]
pub struct Args<'a> {
    /// What follows the last piece taken; `None` after the end.
    rest: Option<&'a [u8]>,
    max: usize,
    counting: Counting,
    pieces: usize,
    slots: usize,
}

/// What uses up one of the `max` slots of [`Args`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counting {
    /// An argument that is kept, as in `ngx.req.get_uri_args`.
    Kept,
    /// Any piece between two `&`, dropped or not, as in `ngx.decode_args` and
    /// `ngx.req.get_post_args`.
    Pieces,
}

/// The value of an argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// There is no `=`. Lua sees `true`.
    Flag,
    /// What follows the first `=`.
    Text(Cow<'a, [u8]>),
}

impl<'a> Args<'a> {
    /// At most `max` slots are used, 0 means no limit.
    pub fn new(input: &'a [u8], max: usize, counting: Counting) -> Self {
        Args { rest: (!input.is_empty()).then_some(input), max, counting, pieces: 0, slots: 0 }
    }

    /// Whether the input has more than `max` pieces between `&`, dropped ones
    /// included. To be asked when the iteration is over. With
    /// [`Counting::Kept`] this can be so though no argument is missing.
    pub fn truncated(&self) -> bool {
        self.max != 0 && self.pieces + usize::from(self.rest.is_some()) > self.max
    }

    fn piece(&mut self) -> Option<Piece<'a>> {
        let rest = self.rest?;
        self.pieces += 1;

        let mut piece = Piece { text: rest, equals: None, encoded: false };
        self.rest = None;
        let mut n = 0;
        // Most arguments are too short for a search of each byte by itself.
        while let Some(plain) = rest[n..].iter().position(|&byte| SPECIAL[usize::from(byte)]) {
            n += plain;
            match rest[n] {
                b'&' => {
                    piece.text = &rest[..n];
                    self.rest = Some(&rest[n + 1..]);
                    break;
                }
                b'=' => piece.equals = piece.equals.or(Some(n)),
                _ => piece.encoded = true,
            }
            n += 1;
        }
        Some(piece)
    }
}

/// The bytes that do not stand for themselves.
static SPECIAL: [bool; 256] = {
    let mut table = [false; 256];
    table[b'&' as usize] = true;
    table[b'=' as usize] = true;
    table[b'%' as usize] = true;
    table[b'+' as usize] = true;
    table
};

/// What stands between two `&`.
struct Piece<'a> {
    text: &'a [u8],
    /// Where the first `=` is.
    equals: Option<usize>,
    encoded: bool,
}

impl<'a> Piece<'a> {
    fn split(&self) -> (&'a [u8], Option<&'a [u8]>) {
        match self.equals {
            Some(n) => (&self.text[..n], Some(&self.text[n + 1..])),
            None => (self.text, None),
        }
    }

    fn decoded(&self, part: &'a [u8]) -> Cow<'a, [u8]> {
        if self.encoded { unescape::decode(part, Plus::Space) } else { Cow::Borrowed(part) }
    }
}

impl<'a> Iterator for Args<'a> {
    type Item = (Cow<'a, [u8]>, Value<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if self.max != 0 && self.slots == self.max {
                return None;
            }

            let piece = self.piece()?;
            let (name, value) = piece.split();
            if name.is_empty() {
                self.slots += usize::from(self.counting == Counting::Pieces);
                continue;
            }

            self.slots += 1;
            let value = match value {
                Some(text) => Value::Text(piece.decoded(text)),
                None => Value::Flag,
            };
            return Some((piece.decoded(name), value));
        }
    }
}

/// How many pieces between `&` a query string has.
pub fn pieces(input: &[u8]) -> usize {
    if input.is_empty() { 0 } else { memchr::memchr_iter(b'&', input).count() + 1 }
}

/// Appends one argument to a query string, after a `&` when it is not the
/// first: `name=value`, or `name` alone for `None`.
pub fn push_pair(out: &mut Vec<u8>, name: &[u8], value: Option<&[u8]>) {
    if !out.is_empty() {
        out.push(b'&');
    }
    escape::escape_into(name, Set::Component, out);
    if let Some(value) = value {
        out.push(b'=');
        escape::escape_into(value, Set::Component, out);
    }
}

#[cfg(test)]
mod tests;
