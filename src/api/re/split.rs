//! `split` of the module `ngx.re`

use core::ffi::c_int;

use super::walk::Walk;
use super::{Regexes, SUBJECT, not_matched, start, to_text};
use crate::lua::state::Type;
use crate::lua::{Raise, Return, State};

const OPTIONS: c_int = 3;
const CTX: c_int = 4;
const MAX: c_int = 5;
const RESULT: c_int = 6;

/// `pieces, err = split(subject, regex, options?, ctx?, max?, res?)`
///
/// Returns the pieces of the subject between the matches, each followed by what
/// group 1 of the match between has matched, if there is that group and it took
/// part. `ctx.pos` says where to begin. With `max`, there are at most so many
/// pieces, the last being the rest; without, empty ones at the end are dropped.
/// A table `res` is filled in place of a new one; its element after the last
/// becomes nil. nil and a message if the regex is wrong or a search was given
/// up. Phases: all.
pub(super) fn split(l: State) -> Return {
    l.set_top(RESULT);
    let regexes = Regexes::of(l)?;
    to_text(l, SUBJECT)?;
    let subject = l.bytes(SUBJECT).unwrap_or_default();
    let refusal = |kind: &str| format!("attempt to compare number with {kind}");
    let start = start(l, &regexes, CTX, refusal)?.unwrap_or(0);
    let max = max(l)?;
    result(l, max)?;
    if start >= subject.len() {
        l.push_nil();
        l.raw_set_index(RESULT, 1);
        return Ok(1);
    }
    let compiled = match regexes.search(l, OPTIONS) {
        Ok(compiled) => compiled,
        Err(refused) => return refused.results(l, 1),
    };

    let mut pieces = Pieces { l, len: 0, last_filled: 0 };
    let (mut walk, mut begin, mut count) = (Walk::new(start), start, 1);
    while max.is_none_or(|max| count < max) && begin < subject.len() {
        let found = match walk.find(&regexes.matcher, &compiled.regex, subject) {
            Ok(Some(found)) => found,
            Ok(None) => break,
            Err(error) => return Ok(not_matched(l, error, 1)),
        };
        let (from, to) = found.offsets(0);
        // An empty match separates what is before it, if there is something.
        if from == to && from == begin {
            continue;
        }
        pieces.add(subject.get(begin..from).unwrap_or_default());
        if let Some(separator) = found.group(1, subject) {
            pieces.add(separator);
        }
        begin = to;
        count += 1;
    }

    if max.is_none() && begin >= subject.len() {
        pieces.drop_empty();
    } else {
        pieces.add(subject.get(begin..).unwrap_or_default());
    }
    l.push_nil();
    l.raw_set_index(RESULT, pieces.len + 1);

    if l.type_of(CTX) == Type::Table {
        l.push_ref(regexes.pos);
        l.push_integer(walk.next as i64);
        l.raw_set(CTX);
    }
    l.set_top(RESULT);
    Ok(1)
}

/// The array being filled.
struct Pieces {
    l: State,
    len: c_int,
    /// The last element that is not empty.
    last_filled: c_int,
}

impl Pieces {
    fn add(&mut self, piece: &[u8]) {
        self.len += 1;
        if !piece.is_empty() {
            self.last_filled = self.len;
        }
        self.l.push_bytes(piece);
        self.l.raw_set_index(RESULT, self.len);
    }

    fn drop_empty(&mut self) {
        while self.len > self.last_filled {
            self.l.push_nil();
            self.l.raw_set_index(RESULT, self.len);
            self.len -= 1;
        }
    }
}

/// The most pieces; `None` stands for any number.
fn max(l: State) -> Result<Option<i64>, Raise> {
    match l.type_of(MAX) {
        Type::Nil => Ok(None),
        Type::Boolean if !l.boolean(MAX) => Ok(None),
        Type::Number => Ok(Some(l.number(MAX).ceil() as i64).filter(|max| *max > 0)),
        _ => {
            let kind = l.type_name(MAX);
            Err(l.error(format_args!("attempt to compare number with {kind}")))
        }
    }
}

/// Makes sure that there is a table for the result.
fn result(l: State, max: Option<i64>) -> Result<(), Raise> {
    const USUAL: i64 = 4;

    match l.type_of(RESULT) {
        Type::Table => Ok(()),
        Type::Nil => {
            l.new_table(max.unwrap_or(USUAL).min(USUAL) as usize, 0);
            l.replace(RESULT);
            Ok(())
        }
        Type::Boolean if !l.boolean(RESULT) => {
            l.new_table(USUAL as usize, 0);
            l.replace(RESULT);
            Ok(())
        }
        _ => Err(l.error("res is not a table")),
    }
}
