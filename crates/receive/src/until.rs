//! `receiveuntil`.
//!
//! The search is that of Knuth, Morris and Pratt where a beginning of the
//! pattern is pending, and memchr's `memmem` where none is: what was seen is
//! never looked at again, however the data is cut and however the pattern
//! repeats itself.

use memchr::memmem;

use crate::{Cut, Scan};

mod pattern;
#[cfg(test)]
mod tests;

use pattern::Pattern;

/// The iterator that `receiveuntil` makes: it lives as long as that and finds
/// one pattern after the other.
///
/// With a size, a call returns as soon as that many bytes are known not to
/// begin the pattern. Since they become known in runs, the result may be longer
/// than the size. After the pattern was found in a call with a size, the next
/// call reports the end.
#[derive(Clone, Debug)]
pub struct Until {
    pattern: Pattern,
    inclusive: bool,
    /// The last call found the pattern, and it had a size.
    ended: bool,
    /// Where the last call stopped in the stream, with the first `pending`
    /// bytes from there seen and left in the chain.
    resume: Option<u64>,

    // Of the current call.
    /// Where the call started in the stream.
    from: u64,
    seen: usize,
    /// How long the beginning of the pattern is that the seen bytes end with.
    pending: usize,
    size: Option<usize>,
}

/// How a call starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// The pattern was found by the last call: this one returns three nils.
    End,
    /// So many bytes of the chain have been seen by the last call: feed those
    /// behind them.
    From(usize),
}

enum Step {
    More,
    /// The byte has not been used: look at it again.
    Again,
    Done(Cut),
}

impl Until {
    /// Prepares the search. There is none for an empty pattern.
    pub fn new(pattern: &[u8], inclusive: bool) -> Option<Self> {
        (!pattern.is_empty()).then(|| Self {
            pattern: Pattern::new(pattern),
            inclusive,
            ended: false,
            resume: None,
            from: 0,
            seen: 0,
            pending: 0,
            size: None,
        })
    }

    /// Whether it has memory besides its own: only then must it be dropped.
    pub fn owns_memory(&self) -> bool {
        self.pattern.owns_memory()
    }

    /// Starts a call. `position` is how many bytes have left the chain of this
    /// socket so far, read by whichever call or discarded with a connection: it
    /// tells whether anybody else has read since the last call. A size of 0 is
    /// none.
    pub fn start(&mut self, position: u64, size: usize) -> Start {
        if std::mem::take(&mut self.ended) {
            return Start::End;
        }
        if self.resume.take() != Some(position) {
            self.pending = 0;
        }
        self.from = position;
        self.seen = self.pending;
        self.size = (size > 0).then_some(size);
        Start::From(self.seen)
    }

    /// How many bytes at the end of what was seen may begin the pattern. They
    /// are no part of [`partial`](Scan::partial), and stay in the chain.
    pub fn pending(&self) -> usize {
        self.pending
    }

    /// Searches as long as nothing is pending. Returns how many bytes of the
    /// piece are done with, which no result ends in.
    fn search(&mut self, piece: &[u8]) -> Result<usize, Cut> {
        let pattern = self.pattern.bytes();
        let len = pattern.len();
        let want = self.size.map_or(usize::MAX, |size| size - self.seen);
        // Looking further ahead than the result is long would not be linear.
        if want < len {
            return Ok(0);
        }
        // A pattern behind the wanted bytes is not for this call.
        let window = &piece[..piece.len().min(want.saturating_add(len - 1))];
        if let Some(at) = memmem::find(window, pattern) {
            self.seen += at + len;
            return Err(self.found());
        }
        // A beginning of the pattern that matters is among the last bytes.
        // At least one is left, for a step that counts.
        let done = want.min(window.len()).saturating_sub(len);
        self.seen += done;
        Ok(done)
    }

    fn step(&mut self, byte: u8) -> Step {
        let pattern = self.pattern.bytes();
        if byte == pattern[self.pending] {
            self.pending += 1;
            self.seen += 1;
            if self.pending == pattern.len() {
                return Step::Done(self.found());
            }
            return Step::More;
        }
        let step = if self.pending == 0 {
            self.seen += 1;
            Step::More
        } else {
            let mut border = self.pattern.border(self.pending);
            while border > 0 && pattern[border] != byte {
                border = self.pattern.border(border);
            }
            self.pending = border;
            // The bytes before this one may be enough for a result.
            Step::Again
        };
        match self.size {
            Some(size) if self.seen - self.pending >= size => Step::Done(self.partial()),
            _ => step,
        }
    }

    fn found(&mut self) -> Cut {
        let len = self.pattern.bytes().len();
        self.pending = 0;
        self.ended = self.size.is_some();
        if self.inclusive {
            Cut::of(self.seen)
        } else {
            Cut { take: self.seen - len, skip: len, returns: false }
        }
    }
}

impl Scan for Until {
    fn feed(&mut self, piece: &[u8]) -> Option<Cut> {
        let mut at = 0;
        let mut searched = false;
        while at < piece.len() {
            if self.pending == 0 && !searched {
                searched = true;
                match self.search(&piece[at..]) {
                    Ok(done) => at += done,
                    Err(cut) => return Some(cut),
                }
            }
            match self.step(piece[at]) {
                Step::More => at += 1,
                Step::Again => {}
                Step::Done(cut) => return Some(cut),
            }
        }
        None
    }

    fn partial(&mut self) -> Cut {
        let take = self.seen - self.pending;
        self.resume = Some(self.from + take as u64);
        Cut::of(take)
    }
}
