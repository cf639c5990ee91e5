//! `precontent_by_lua`: runs when all that can refuse the request has run, as
//! the last before the content handler.

use super::handler::{self, FAILED};
use super::place;
use crate::conf::Phase;
use crate::ngx::{self, Request};
use crate::sys::*;

pub(super) unsafe extern "C" fn handler(r: *mut ngx_http_request_t) -> ngx_int_t {
    ngx::callback("precontent_by_lua", FAILED, || {
        // SAFETY: nginx runs the phase for a live request.
        let r = unsafe { Request::from_ptr(r) };
        if place::postpone(r, &r.main_conf().precontent) {
            return DECLINED;
        }
        handler::run(r, Phase::Precontent)
    })
}
