//! What a directive does.

use super::Phase;

/// A `*_by_lua` directive's way to give its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Inline,
    Block,
    File,
}

/// What a directive does.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// Code for a phase.
    Code(Phase, Form),
    /// A flag at this offset of the configuration.
    Flag(usize),
    /// `lua_code_cache`: a flag that also says which machines are needed.
    CodeCache,
    /// A number at this offset of the configuration.
    Number(usize),
    /// A time in milliseconds there.
    Msec(usize),
    /// A size in bytes there.
    Size(usize),
    /// `lua_socket_send_lowat`
    SendLowat,
    SharedDict,
    Resolver,
    PackagePath,
    PackageCpath,
    /// Accepted, with a word that it has no effect.
    LoadRestyCore,
    /// Named here so that it is refused with a reason.
    Unavailable,
}
