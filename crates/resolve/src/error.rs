//! Why a name has no address, in the words of nginx's resolver.

use std::fmt;

/// Linux's number, which the message has shown since there is one.
const ETIMEDOUT: u16 = 110;

/// Why a lookup failed. The text is what Lua code finds in a message:
/// `example.com could not be resolved (3: Host not found)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The server did not understand the question, or we not its answer.
    Format,
    /// The server could not find out.
    Server,
    /// There is no such name, or it has no address.
    NotFound,
    /// The server does not answer such questions.
    Unimplemented,
    /// The server does not answer us.
    Refused,
    /// No server answered.
    TimedOut,
    /// Another response code.
    Other(u8),
}

impl Error {
    /// The number in the message.
    pub fn code(self) -> u16 {
        match self {
            Self::Format => 1,
            Self::Server => 2,
            Self::NotFound => 3,
            Self::Unimplemented => 4,
            Self::Refused => 5,
            Self::TimedOut => ETIMEDOUT,
            Self::Other(code) => code.into(),
        }
    }

    /// The words behind the number.
    pub fn text(self) -> &'static str {
        match self {
            Self::Format => "Format error",
            Self::Server => "Server failure",
            Self::NotFound => "Host not found",
            Self::Unimplemented => "Unimplemented",
            Self::Refused => "Operation refused",
            Self::TimedOut => "Operation timed out",
            Self::Other(_) => "Unknown error",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "could not be resolved ({}: {})", self.code(), self.text())
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages() {
        assert_eq!(Error::NotFound.to_string(), "could not be resolved (3: Host not found)");
        assert_eq!(Error::TimedOut.to_string(), "could not be resolved (110: Operation timed out)");
        assert_eq!(Error::Other(9).to_string(), "could not be resolved (9: Unknown error)");
    }
}
