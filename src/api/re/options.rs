//! The option letters of `ngx.re.*`.

use crate::sys::pcre2::*;

/// What the letters ask for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Options {
    /// Options for PCRE2's compiler.
    pub compile: u32,
    /// `o`: keep the compiled regex.
    pub once: bool,
    /// `j`: compile to machine code.
    pub jit: bool,
    /// `d`: find the longest match, without groups.
    pub dfa: bool,
    /// `U`: a subject that is not UTF-8 is no error.
    pub lenient: bool,
    /// `D`: names may be given to several groups.
    pub duplicate_names: bool,
}

impl Options {
    /// The error is the first letter that is none.
    pub(super) fn parse(letters: &[u8]) -> Result<Self, u8> {
        let mut options = Self::default();

        for letter in letters {
            options.compile |= match letter {
                b'o' => {
                    options.once = true;
                    continue;
                }
                b'j' => {
                    options.jit = true;
                    continue;
                }
                b'd' => {
                    options.dfa = true;
                    continue;
                }
                b'U' => {
                    options.lenient = true;
                    PCRE2_UTF
                }
                b'D' => {
                    options.duplicate_names = true;
                    PCRE2_DUPNAMES
                }
                b'J' => PCRE2_ALT_BSUX | PCRE2_ALLOW_EMPTY_CLASS | PCRE2_MATCH_UNSET_BACKREF,
                b'a' => PCRE2_ANCHORED,
                b'i' => PCRE2_CASELESS,
                b'm' => PCRE2_MULTILINE,
                b's' => PCRE2_DOTALL,
                b'u' => PCRE2_UTF,
                b'x' => PCRE2_EXTENDED,
                unknown => return Err(*unknown),
            };
        }

        // PCRE2 reads beyond the subject when it is told not to look and the
        // subject is not UTF-8. This way it looks, and takes no offence.
        if options.lenient && !options.dfa {
            options.compile |= PCRE2_MATCH_INVALID_UTF;
        }
        Ok(options)
    }

    /// The numbers that lua-resty-core has for what PCRE2 has no option for.
    pub(super) fn flags(&self) -> i64 {
        let flag = |set, value| if set { value } else { 0 };
        flag(self.once, 1)
            | flag(self.dfa, 2)
            | flag(self.jit, 4)
            | flag(self.duplicate_names, 8)
            | flag(self.lenient, 16)
    }
}
