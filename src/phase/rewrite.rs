//! `rewrite_by_lua`: runs after the rewrite module's own directives.

use super::handler::{self, FAILED};
use super::place;
use crate::conf::Phase;
use crate::ngx::{self, Request};
use crate::sys::*;

pub(super) unsafe extern "C" fn handler(r: *mut ngx_http_request_t) -> ngx_int_t {
    ngx::callback("rewrite_by_lua", FAILED, || {
        // SAFETY: nginx runs the phase for a live request.
        let r = unsafe { Request::from_ptr(r) };
        if place::postpone(r, &r.main_conf().rewrite) {
            return DECLINED;
        }
        // A stock `rewrite ... last` chose another location: its code runs.
        // SAFETY: live request.
        if unsafe { (*r.as_ptr()).uri_changed() != 0 } {
            return DECLINED;
        }
        handler::run(r, Phase::Rewrite)
    })
}
