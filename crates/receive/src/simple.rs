//! The patterns of `receive` and `receiveany`.

use memchr::{memchr, memchr2_iter};

use crate::{Cut, Scan};

#[cfg(test)]
mod tests;

/// `receive(n)`: exactly that many bytes.
#[derive(Clone, Debug)]
pub struct Exact {
    size: usize,
    seen: usize,
}

impl Exact {
    /// Waits for `size` bytes. None at all are there at once.
    pub fn new(size: usize) -> Self {
        Self { size, seen: 0 }
    }

    /// How many bytes have not come yet: what a buffer should have room for.
    pub fn missing(&self) -> usize {
        self.size - self.seen
    }
}

impl Scan for Exact {
    fn feed(&mut self, piece: &[u8]) -> Option<Cut> {
        self.seen += piece.len().min(self.missing());
        (self.seen == self.size).then(|| Cut::of(self.size))
    }

    fn partial(&mut self) -> Cut {
        Cut::of(self.seen)
    }
}

/// `receive("*l")`: up to a newline. All carriage returns are dropped, not
/// only one before the newline.
#[derive(Clone, Debug, Default)]
pub struct Line {
    seen: usize,
    /// The line holds carriage returns before the last run of them.
    inner: bool,
    /// The carriage returns at the end of what was seen.
    last: usize,
}

impl Line {
    /// The returns at the end need no copy: they are cut off.
    fn cut(&self, newline: usize) -> Cut {
        Cut { take: self.seen - self.last, skip: self.last + newline, returns: self.inner }
    }
}

impl Scan for Line {
    fn feed(&mut self, piece: &[u8]) -> Option<Cut> {
        // Behind the last newline or return of this piece.
        let mut done = 0;
        for at in memchr2_iter(b'\n', b'\r', piece) {
            if at > done {
                self.inner |= self.last > 0;
                self.last = 0;
            }
            self.seen += at - done;
            if piece[at] == b'\n' {
                return Some(self.cut(1));
            }
            self.seen += 1;
            self.last += 1;
            done = at + 1;
        }
        if done < piece.len() {
            self.inner |= self.last > 0;
            self.last = 0;
            self.seen += piece.len() - done;
        }
        None
    }

    fn partial(&mut self) -> Cut {
        self.cut(0)
    }
}

/// `receive("*a")`: all until the peer closes. What is partial at a timeout is
/// complete at a close.
#[derive(Clone, Debug, Default)]
pub struct All {
    seen: usize,
}

impl Scan for All {
    fn feed(&mut self, piece: &[u8]) -> Option<Cut> {
        self.seen += piece.len();
        None
    }

    fn partial(&mut self) -> Cut {
        Cut::of(self.seen)
    }
}

/// `receiveany(max)`: what is there, at least a byte and at most `max`. It is
/// satisfied by the first piece that is not empty.
#[derive(Clone, Debug)]
pub struct Any {
    max: usize,
}

impl Any {
    /// Takes at most `max` bytes.
    pub fn new(max: usize) -> Self {
        Self { max }
    }
}

impl Scan for Any {
    fn feed(&mut self, piece: &[u8]) -> Option<Cut> {
        (!piece.is_empty()).then(|| Cut::of(piece.len().min(self.max)))
    }

    fn partial(&mut self) -> Cut {
        Cut::default()
    }
}

/// Appends a piece of a result whose [`Cut::returns`] says that it has carriage
/// returns to be dropped.
pub fn push_without_returns(mut piece: &[u8], out: &mut Vec<u8>) {
    while let Some(at) = memchr(b'\r', piece) {
        out.extend_from_slice(&piece[..at]);
        piece = &piece[at + 1..];
    }
    out.extend_from_slice(piece);
}
