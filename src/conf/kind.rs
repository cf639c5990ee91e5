//! What a directive does.

use super::Phase;
use crate::sys::{Exported, ngx_conf_bitmask_t};

/// A `*_by_lua` directive's way to give its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Inline,
    Block,
    File,
}

/// What a directive does.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(ngx_feature = "ssl"), allow(dead_code))]
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
    /// Words that name bits, at this offset of a location's configuration.
    Bits(usize, &'static Exported<[ngx_conf_bitmask_t; 7]>),
    /// Texts, one in each use, at this offset of a location's configuration.
    Texts(usize),
    /// Pairs of texts, the same.
    Pairs(usize),
    /// A text at this offset of a location's configuration.
    Text(usize),
    SharedDict,
    Resolver,
    PackagePath,
    PackageCpath,
    /// Accepted, with a word that it has no effect.
    LoadRestyCore,
    /// Named here so that it is refused with a reason.
    Unavailable,
}
