//! `access_by_lua`: runs after the other access checks.

use super::handler::{self, FAILED};
use super::place;
use crate::conf::Phase;
use crate::ngx::{self, Request};
use crate::sys::*;

pub(super) unsafe extern "C" fn handler(r: *mut ngx_http_request_t) -> ngx_int_t {
    ngx::callback("access_by_lua", FAILED, || {
        // SAFETY: nginx runs the phase for a live request.
        let r = unsafe { Request::from_ptr(r) };
        if place::postpone(r, &r.main_conf().access) {
            return DECLINED;
        }
        if r.loc_conf().hook(Phase::Access).is_none() {
            return DECLINED;
        }
        match handler::run(r, Phase::Access) {
            // Code that ends normally has granted access.
            DECLINED => OK,
            rc => rc,
        }
    })
}
