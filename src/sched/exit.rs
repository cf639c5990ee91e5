//! Ways to end code before its own end.

use core::ptr::{self, NonNull};

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

/// Where a request goes instead. It is in the request's pool, as are the texts: few
/// requests have one, and all hand its place around.
#[derive(Clone, Copy)]
pub(crate) struct Redirect(NonNull<Elsewhere>);

#[derive(Clone, Copy)]
pub(crate) enum Elsewhere {
    Named(ngx_str_t),
    Internal(ngx_str_t, Option<ngx_str_t>),
}

impl Redirect {
    /// `None` if there is no memory.
    pub(crate) fn new(r: Request, elsewhere: Elsewhere) -> Option<Self> {
        let place = r.pool().alloc::<Elsewhere>()?;
        // SAFETY: the place is fresh.
        unsafe { place.write(elsewhere) };
        Some(Self(place))
    }

    /// Lets the other location answer. The caller owes nginx a `finalize` with
    /// DONE for the reference that it takes.
    pub(crate) fn go(self, r: Request) {
        // SAFETY: live request, and so its pool. nginx copies the strings.
        unsafe {
            (*r.as_ptr()).read_event_handler = Some(ngx_http_block_reading);
            match self.0.read() {
                Elsewhere::Named(mut name) => ngx_http_named_location(r.as_ptr(), &raw mut name),
                Elsewhere::Internal(mut uri, mut args) => {
                    let args = args.as_mut().map_or(ptr::null_mut(), |args| &raw mut *args);
                    ngx_http_internal_redirect(r.as_ptr(), &raw mut uri, args)
                }
            };
        }
    }
}
