//! Why an operation of a socket failed.

use core::ffi::c_int;
use std::borrow::Cow;

use crate::lua::State;
use crate::ngx::connection::error_text;
use crate::sys::ngx_err_t;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    Timeout,
    Closed,
    /// A system call.
    System(ngx_err_t),
    /// A name was not resolved, TLS was not agreed on, …
    Other(Cow<'static, str>),
}

impl Failure {
    /// Pushes `nil, reason`.
    pub(super) fn push(&self, l: State) -> c_int {
        l.push_nil();
        match self {
            Failure::Timeout => l.push_bytes("timeout"),
            Failure::Closed => l.push_bytes("closed"),
            Failure::System(0) => l.push_bytes("error"),
            Failure::System(error) => l.push_bytes(error_text(*error)),
            Failure::Other(text) => l.push_bytes(&**text),
        }
        2
    }
}

impl From<&'static str> for Failure {
    fn from(text: &'static str) -> Self {
        Failure::Other(Cow::Borrowed(text))
    }
}

impl From<String> for Failure {
    fn from(text: String) -> Self {
        Failure::Other(Cow::Owned(text))
    }
}
