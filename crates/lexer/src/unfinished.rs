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
            Unfinished::Block { depth, line, start } => {
                f.write_str(
                    "unexpected end of file, \
                     expecting terminating characters for lua code block",
                )?;
                match depth {
                    1 => write!(
                        f,
                        " (the block starting at line {start} has no closing \"}}\")"
                    ),
                    _ => write!(
                        f,
                        " (the block starting at line {start} lacks {depth} closing \"}}\", \
                         the last one not closed is at line {line})"
                    ),
                }
            }

            Unfinished::LongBracket {
                level,
                line,
                comment,
            } => {
                let equals = Equals(level);
                let (what, dashes) = match comment {
                    true => ("comment", "--"),
                    false => ("string", ""),
                };
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
