//! Ways to end code before its own end.

use core::ptr;

use crate::ngx::Request;
use crate::sys::*;

/// Why code is ended before its own end.
#[derive(Clone, Copy)]
pub(crate) enum Exit {
    /// `ngx.exit` asked for this status.
    Asked(ngx_int_t),
    /// nginx refused something, and answers as it would without Lua.
    Refused(ngx_int_t),
    /// `ngx.exec`: another location answers.
    Elsewhere(Redirect),
}

/// Where a request goes instead; the texts are in its pool.
#[derive(Clone, Copy)]
pub(crate) enum Redirect {
    Named(ngx_str_t),
    Internal(ngx_str_t, Option<ngx_str_t>),
}

impl Redirect {
    /// Lets the other location answer. The caller owes nginx a `finalize` with
    /// DONE for the reference that it takes.
    pub(crate) fn go(self, r: Request) {
        // SAFETY: live request. nginx copies the strings.
        unsafe {
            (*r.as_ptr()).read_event_handler = Some(ngx_http_block_reading);
            match self {
                Self::Named(mut name) => ngx_http_named_location(r.as_ptr(), &raw mut name),
                Self::Internal(mut uri, mut args) => {
                    let args = args.as_mut().map_or(ptr::null_mut(), |args| &raw mut *args);
                    ngx_http_internal_redirect(r.as_ptr(), &raw mut uri, args)
                }
            };
        }
    }
}
