use std::fmt;

/// What was open when the input ended. Its [`Display`](fmt::Display) form is
/// the sentence for the user; nginx adds the file and the line where it
/// stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unfinished {
    /// A closing brace is missing.
    #[non_exhaustive]
    Block {
        /// How many braces are open, the block's own included.
        depth: usize,
        /// The line of the innermost of them.
        line: usize,
        /// The line of the block's own.
        start: usize,
        /// The line of the first short string that its line did not close. It
        /// is a likely cause.
        unclosed_string: Option<usize>,
    },
    /// A string or a comment in long brackets is not closed.
    #[non_exhaustive]
    LongBracket {
        /// The number of equals signs in the bracket.
        level: usize,
        /// The line where the bracket was opened.
        line: usize,
        /// Whether it is a comment.
        comment: bool,
    },
}

impl fmt::Display for Unfinished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Unfinished::Block { depth, line, start, unclosed_string } => {
                write!(
                    f,
                    "unexpected end of file, \
                     expecting terminating characters for lua code block \
                     (the block starts at line {start}"
                )?;
                if depth > 1 {
                    write!(f, ", the last \"{{\" not closed is at line {line}")?;
                }
                if let Some(line) = unclosed_string {
                    write!(f, ", a string at line {line} is not closed")?;
                }
                f.write_str(")")
            }

            Unfinished::LongBracket { level, line, comment } => {
                let equals = Equals(level);
                let (what, dashes) = if comment { ("comment", "--") } else { ("string", "") };
                write!(
                    f,
                    "Lua code block missing the closing long bracket \"]{equals}]\", \
                     the inlined Lua code may be too long \
                     (the {what} \"{dashes}[{equals}[\" starts at line {line})"
                )
            }
        }
    }
}

struct Equals(usize);

impl fmt::Display for Equals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (0..self.0).try_for_each(|_| f.write_str("="))
    }
}
