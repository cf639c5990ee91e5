//! `lua_check_client_abort`: noticing that the client has gone.

use core::ffi::c_int;

use super::Ctx;
use crate::ngx::{self, Request};
use crate::sys::*;

impl Ctx {
    /// The client's connection is readable, and nobody wants to read: what
    /// [`Ctx::watch_client`] would have chosen.
    pub(crate) fn check_client(&self) {
        if self.request.loc_conf().check_client_abort == 1 {
            end_if_gone(self.request);
        } else {
            // SAFETY: live request.
            unsafe { ngx_http_block_reading(self.request.as_ptr()) };
        }
    }

    /// Chooses what happens when the client's connection becomes readable
    /// while code runs or waits.
    pub(crate) fn watch_client(&self) {
        let r = self.request.as_ptr();
        if self.request.loc_conf().check_client_abort != 1 {
            // SAFETY: live request.
            unsafe { (*r).read_event_handler = Some(ngx_http_block_reading) };
            return;
        }
        // SAFETY: live request and connection.
        unsafe {
            (*r).read_event_handler = Some(check_connection);
            let event = (*self.request.connection()).read;
            if (*r).stream.is_null() && (*event).ready() != 0 {
                // The client's end may have come together with the request, and
                // then no other event tells of it.
                ngx_post_event(event, &raw mut ngx_posted_events);
            }
        }
    }
}

unsafe extern "C" fn check_connection(r: *mut ngx_http_request_t) {
    ngx::callback("client abort", (), || {
        // SAFETY: nginx calls the read event handler of a live request.
        let request = unsafe { Request::from_ptr(r) };
        end_if_gone(request);
    });
}

fn end_if_gone(request: Request) {
    if !client_gone(request) {
        return;
    }
    if let Some(ctx) = Ctx::existing(request) {
        if ctx.client_gone() {
            return;
        }
        ctx.abort();
    }
    // SAFETY: live request and connection.
    unsafe { (*request.connection()).set_error(1) };
    request.finalize(NGX_HTTP_CLIENT_CLOSED_REQUEST as ngx_int_t);
}

/// Looks for the end of the connection without taking data from it.
fn client_gone(r: Request) -> bool {
    let connection = r.connection();
    // SAFETY: live connection; the buffer is on the stack.
    unsafe {
        let event = (*connection).read;
        if (*connection).error() != 0 || (*event).error() != 0 {
            return true;
        }
        // A connection of HTTP/2 or 3 ends through its own stream.
        if !(*r.as_ptr()).stream.is_null() {
            return false;
        }

        let mut byte = 0u8;
        let n = recv((*connection).fd, (&raw mut byte).cast(), 1, MSG_PEEK as c_int);
        let err = ngx_errno();

        if n == 0 || (n < 0 && err != NGX_EAGAIN as ngx_err_t) {
            (*event).set_eof(1);
            if n < 0 {
                (*event).set_error(1);
            }
            let err = if n < 0 { err } else { 0 };
            ngx::log::write(
                r.log_ptr(),
                NGX_LOG_INFO,
                err,
                b"client prematurely closed connection",
            );
            return true;
        }

        // Level-triggered events would come again and again for data that
        // stays unread.
        if ngx_event_flags & NGX_USE_LEVEL_EVENT as ngx_uint_t != 0 && (*event).active() != 0 {
            ngx_handle_read_event(event, 0);
        }
    }
    false
}
