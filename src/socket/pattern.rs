//! What a reader waits for.

use core::cell::RefCell;

use nginx_lua_receive::{All, Any, Cut, Exact, Line, Scan, Until};

/// The state of an iterator that `receiveuntil` has made.
pub(crate) type UntilCell = RefCell<Until>;

/// What is waited for.
pub(crate) enum Pattern {
    Exact(Exact),
    Line(Line),
    All(All),
    Any(Any),
    /// The iterator, which is on the stack of who waits, and a size or 0.
    Until(*const UntilCell, usize),
}

impl Pattern {
    pub(super) fn feed(&mut self, piece: &[u8]) -> Option<Cut> {
        match self {
            Pattern::Exact(exact) => exact.feed(piece),
            Pattern::Line(line) => line.feed(piece),
            Pattern::All(all) => all.feed(piece),
            Pattern::Any(any) => any.feed(piece),
            // SAFETY: see the variant.
            Pattern::Until(until, _) => unsafe { (**until).borrow_mut().feed(piece) },
        }
    }

    pub(super) fn partial(&mut self) -> Cut {
        match self {
            Pattern::Exact(exact) => exact.partial(),
            Pattern::Line(line) => line.partial(),
            Pattern::All(all) => all.partial(),
            Pattern::Any(any) => any.partial(),
            // SAFETY: see the variant.
            Pattern::Until(until, _) => unsafe { (**until).borrow_mut().partial() },
        }
    }

    /// How much to receive at once, if a buffer of `size` is configured and
    /// `unread` bytes are there. What is not asked for would be in the way of
    /// keeping the connection, so more than that is only received if it is
    /// needed.
    pub(super) fn wanted(&self, size: usize, unread: usize) -> usize {
        match self {
            Pattern::Exact(exact) => size.max(exact.missing()),
            Pattern::All(_) | Pattern::Line(_) | Pattern::Until(..) => size.max(unread),
            Pattern::Any(_) => size,
        }
    }
}
