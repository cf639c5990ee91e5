//! `access_by_lua`: runs after the other access checks.

use super::{place, rewrite};
use crate::conf::Phase;
use crate::ngx::{self, Request};
use crate::sys::*;

pub(super) unsafe extern "C" fn handler(r: *mut ngx_http_request_t) -> ngx_int_t {
    ngx::callback("access_by_lua", NGX_HTTP_INTERNAL_SERVER_ERROR as ngx_int_t, || {
        // SAFETY: nginx runs the phase for a live request.
        let r = unsafe { Request::from_ptr(r) };
        let conf = r.main_conf();
        if !conf.access_in_place.replace(true) && place::move_to_end(r) {
            return DECLINED;
        }
        if r.loc_conf().hook(Phase::Access).is_none() {
            return DECLINED;
        }
        match rewrite::run(r, Phase::Access) {
            // Code that ends normally has granted access.
            DECLINED => OK,
            rc => rc,
        }
    })
}
