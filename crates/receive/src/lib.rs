//! What a socket's `receive`, `receiveany` and `receiveuntil` wait for, as
//! scanners over bytes that arrive in pieces of any size.
//!
//! The socket keeps the chain of buffers that it has received and not handed
//! out yet; nothing is copied here. A scanner is fed each byte of the chain
//! once, from the first unread one, and answers with a [`Cut`]: how much of the
//! chain is the result, and how much behind that is used up. A result that lies
//! within one buffer can thus become a Lua string straight from it.
//!
//! ```
//! use nginx_lua_receive::{Cut, Line, Scan};
//!
//! let mut line = Line::default();
//! assert_eq!(line.feed(b"PONG"), None);
//! // The line end is found in the second buffer; "+OK" is for the next call.
//! assert_eq!(line.feed(b"\r\n+OK"), Some(Cut { take: 4, skip: 2, returns: false }));
//! ```
//!
//! When the time is up or the peer has closed, [`Scan::partial`] tells what
//! Lua gets as the partial result.

#![forbid(unsafe_code)]

mod simple;
mod until;

pub use simple::{All, Any, Exact, Line, push_without_returns};
pub use until::{Start, Until};

/// Where a result ends in the chain of unread bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cut {
    /// So many bytes from the chain's first are the result.
    pub take: usize,
    /// So many bytes behind them are used up and belong to no result.
    pub skip: usize,
    /// There are carriage returns in the result to be dropped from it:
    /// [`push_without_returns`].
    pub returns: bool,
}

impl Cut {
    /// A result that uses up nothing besides itself.
    fn of(take: usize) -> Self {
        Self { take, ..Self::default() }
    }

    /// How many bytes leave the chain.
    pub fn consumed(&self) -> usize {
        self.take + self.skip
    }
}

/// A pattern that looks for the end of its result.
pub trait Scan {
    /// Looks at bytes that follow those of the call before. Once the end is
    /// found, the scanner is not fed again. An empty piece is fine, and needed
    /// by a pattern that is satisfied with nothing: feed the chain, even an
    /// empty one, before reading from the connection.
    fn feed(&mut self, piece: &[u8]) -> Option<Cut>;

    /// What is handed out when no more bytes come: the partial result of a
    /// timeout or of a close.
    fn partial(&mut self) -> Cut;
}
