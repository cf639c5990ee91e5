//! All matches in a subject, one after the other.

use core::ffi::c_int;

use super::pcre::{Match, Matcher, Regex};

/// How far a walk is.
pub(super) struct Walk {
    /// Where the next match is looked for.
    pub next: usize,
    ended: bool,
    /// A match has gone through the subject and found it to be UTF-8.
    checked: bool,
}

impl Walk {
    pub(super) fn new(start: usize) -> Self {
        Self { next: start, ended: false, checked: false }
    }

    /// The next match. An error ends the walk too.
    pub(super) fn find<'m>(
        &mut self,
        matcher: &'m Matcher,
        regex: &Regex,
        subject: &[u8],
    ) -> Result<Option<Match<'m>>, c_int> {
        if self.ended {
            return Ok(None);
        }
        let start = self.next;
        // Unless there is a match and room for another.
        self.ended = true;
        // `\C` can end a match within a character: PCRE2 shall see that.
        let checked = self.checked && !is_within_character(subject, start);
        let Some(found) = matcher.find(regex, subject, start, checked)? else {
            return Ok(None);
        };
        self.checked = regex.checks_utf;

        let (from, to) = found.offsets(0);
        // With `\K`, a match can end where the search began.
        self.next = if from == to || to <= start {
            after_character(subject, to.max(start), regex.utf)
        } else {
            to
        };
        self.ended = self.next > subject.len();
        Ok(Some(found))
    }
}

/// The place behind the character, or the byte, at `place`.
fn after_character(subject: &[u8], place: usize, utf: bool) -> usize {
    let mut next = place + 1;
    while utf && is_within_character(subject, next) {
        next += 1;
    }
    next
}

fn is_within_character(subject: &[u8], place: usize) -> bool {
    subject.get(place).is_some_and(|byte| byte & 0xc0 == 0x80)
}
