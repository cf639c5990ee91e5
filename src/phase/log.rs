//! `log_by_lua`: runs when a request ends, before the access log is written.

use crate::conf::Phase;
use crate::ngx::{self, Request};
use crate::sched::{Ctx, Run};
use crate::sys::*;

pub(super) unsafe extern "C" fn handler(r: *mut ngx_http_request_t) -> ngx_int_t {
    ngx::callback("log_by_lua", OK, || {
        // SAFETY: nginx runs the log phase for a live request.
        let r = unsafe { Request::from_ptr(r) };
        let Some(chunk) = r.loc_conf().hook(Phase::Log) else {
            return DECLINED;
        };
        let Some(ctx) = Ctx::of(r) else { return ERROR };

        match Run::on_main(Phase::Log, ctx).chunk(ctx, chunk, 0) {
            Ok(()) => OK,
            Err(()) => ERROR,
        }
    })
}
