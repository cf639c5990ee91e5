//! Finds the end of a Lua block in an nginx configuration file.
//!
//! nginx reads its configuration through a small buffer, and the body of a
//! `*_by_lua_block { ... }` is Lua, which nginx cannot parse. [`BlockLexer`]
//! is fed with whatever the buffer holds and says where the closing brace is.
//! It remembers its place between two pieces, so a string, a long bracket or
//! the whole block may be of any length.
//!
//! Only what decides whether a brace counts is looked at: short strings, long
//! brackets and comments, by the rules of LuaJIT. In a body that is valid Lua
//! the braces are balanced, so the end found here is the end of the block; in
//! one that is not, the Lua compiler will say what is wrong.

#![forbid(unsafe_code)]

mod unfinished;

pub use unfinished::Unfinished;

/// Streaming scanner over the body of a `*_by_lua_block { ... }`.
///
/// ```
/// use nginx_lua_lexer::{BlockLexer, Progress};
///
/// let mut lexer = BlockLexer::new(7);
/// assert_eq!(lexer.feed(b"\n ngx.say('}"), Progress::More);
/// assert_eq!(lexer.feed(b"')\n} location / {"), Progress::End(4));
/// assert_eq!(lexer.line(), 9);
/// ```
#[derive(Clone, Debug)]
pub struct BlockLexer {
    state: State,
    line: usize,
    /// The line of every open brace, the block's own first.
    open: Vec<usize>,
    /// The line of the first short string that its line did not close.
    unclosed_string: Option<usize>,
}

/// What [`BlockLexer::feed`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// All of the input was consumed and the block is still open.
    More,
    /// The closing brace of the block is `input[n - 1]`; nothing after it was
    /// consumed.
    End(usize),
}

#[derive(Clone, Copy, Debug)]
enum State {
    Code,
    /// After a `-`.
    Dash,
    /// After `[` and `level` equals signs.
    Bracket {
        level: usize,
    },
    /// After `--`.
    Comment,
    /// After `--[` and `level` equals signs.
    CommentBracket {
        level: usize,
    },
    LineComment,
    Short(Short),
    /// After a backslash.
    Escape(Short),
    /// After a backslash and a carriage return, which a line feed may follow.
    EscapeCr(Short),
    /// After `\z`, which skips white space, newlines included.
    SkipSpace(Short),
    Long(Long),
    /// After a `]` and `equals` equals signs in a long bracket.
    LongClose {
        long: Long,
        equals: usize,
    },
}

/// A short string.
#[derive(Clone, Copy, Debug)]
struct Short {
    quote: u8,
    line: usize,
}

/// A string or a comment in long brackets.
#[derive(Clone, Copy, Debug)]
struct Long {
    level: usize,
    line: usize,
    comment: bool,
}

impl BlockLexer {
    /// Starts right after the opening brace, which stands in `line` (counted
    /// from 1) of the file.
    pub fn new(line: usize) -> Self {
        BlockLexer { state: State::Code, line, open: vec![line], unclosed_string: None }
    }

    /// Consumes input up to the closing brace of the block or, when it is not
    /// there, all of it. Once the end was found nothing more is consumed.
    pub fn feed(&mut self, input: &[u8]) -> Progress {
        if self.open.is_empty() {
            return Progress::End(0);
        }

        for (i, &byte) in input.iter().enumerate() {
            self.state = self.step(byte);

            if byte == b'\n' {
                self.line += 1;
            }

            if self.open.is_empty() {
                return Progress::End(i + 1);
            }
        }

        Progress::More
    }

    /// The current line of the file: the start line plus the newlines consumed.
    pub fn line(&self) -> usize {
        self.line
    }

    /// The line of the first short string that was not closed where the line
    /// ended. This is not valid Lua, and when the closing brace stood in the
    /// same line it was taken for a part of the string.
    pub fn unclosed_string(&self) -> Option<usize> {
        self.unclosed_string
    }

    /// What was open when the input ended. Call it only while
    /// [`feed`](Self::feed) asks for more.
    pub fn finish(self) -> Unfinished {
        match self.state {
            State::Long(long) | State::LongClose { long, .. } => Unfinished::LongBracket {
                level: long.level,
                line: long.line,
                comment: long.comment,
            },
            State::Short(short)
            | State::Escape(short)
            | State::EscapeCr(short)
            | State::SkipSpace(short) => {
                self.unfinished_block(self.unclosed_string.or(Some(short.line)))
            }
            _ => self.unfinished_block(self.unclosed_string),
        }
    }

    fn unfinished_block(&self, unclosed_string: Option<usize>) -> Unfinished {
        Unfinished::Block {
            depth: self.open.len(),
            line: self.open.last().copied().unwrap_or(self.line),
            start: self.open.first().copied().unwrap_or(self.line),
            unclosed_string,
        }
    }

    fn step(&mut self, byte: u8) -> State {
        match self.state {
            State::Code => self.code(byte),

            State::Dash => match byte {
                b'-' => State::Comment,
                _ => self.code(byte),
            },

            State::Bracket { level } => match byte {
                b'=' => State::Bracket { level: level + 1 },
                b'[' => self.long(level, false),
                _ => self.code(byte),
            },

            State::Comment => match byte {
                b'[' => State::CommentBracket { level: 0 },
                _ => line_comment(byte),
            },

            State::CommentBracket { level } => match byte {
                b'=' => State::CommentBracket { level: level + 1 },
                b'[' => self.long(level, true),
                _ => line_comment(byte),
            },

            State::LineComment => line_comment(byte),

            State::Short(short) => self.short(short, byte),

            State::Escape(short) => match byte {
                b'z' => State::SkipSpace(short),
                b'\r' => State::EscapeCr(short),
                _ => State::Short(short),
            },

            State::EscapeCr(short) => match byte {
                b'\n' => State::Short(short),
                _ => self.short(short, byte),
            },

            State::SkipSpace(short) => match byte {
                b' ' | b'\t'..=b'\r' => State::SkipSpace(short),
                _ => self.short(short, byte),
            },

            State::Long(long) => match byte {
                b']' => State::LongClose { long, equals: 0 },
                _ => State::Long(long),
            },

            State::LongClose { long, equals } => match byte {
                b'=' => State::LongClose { long, equals: equals + 1 },
                b']' if equals == long.level => State::Code,
                // This bracket may be the first one of the closing pair.
                b']' => State::LongClose { long, equals: 0 },
                _ => State::Long(long),
            },
        }
    }

    fn code(&mut self, byte: u8) -> State {
        match byte {
            b'{' => self.open.push(self.line),
            b'}' => {
                self.open.pop();
            }
            b'-' => return State::Dash,
            b'[' => return State::Bracket { level: 0 },
            b'"' | b'\'' => {
                return State::Short(Short { quote: byte, line: self.line });
            }
            _ => {}
        }

        State::Code
    }

    fn short(&mut self, short: Short, byte: u8) -> State {
        match byte {
            b'\\' => State::Escape(short),
            // Not valid Lua. Going on with code keeps the damage in one line,
            // so that the block most likely ends where its author meant and
            // the Lua compiler can say what is wrong.
            b'\n' => {
                self.unclosed_string.get_or_insert(short.line);
                State::Code
            }
            _ if byte == short.quote => State::Code,
            _ => State::Short(short),
        }
    }

    fn long(&self, level: usize, comment: bool) -> State {
        State::Long(Long { level, line: self.line, comment })
    }
}

fn line_comment(byte: u8) -> State {
    match byte {
        b'\n' | b'\r' => State::Code,
        _ => State::LineComment,
    }
}

#[cfg(test)]
mod tests;
