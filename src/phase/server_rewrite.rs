//! `server_rewrite_by_lua`: runs before the location is looked for, and before
//! the rewrite module's own directives of the server.

use super::handler::{self, FAILED};
use crate::conf::Phase;
use crate::ngx::{self, Request};
use crate::sys::*;

pub(super) unsafe extern "C" fn handler(r: *mut ngx_http_request_t) -> ngx_int_t {
    ngx::callback("server_rewrite_by_lua", FAILED, || {
        // SAFETY: nginx runs the phase for a live request, with the
        // configuration of its server.
        handler::run(unsafe { Request::from_ptr(r) }, Phase::ServerRewrite)
    })
}
