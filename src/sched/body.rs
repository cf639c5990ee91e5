//! Reading the request body while Lua code, or a phase, waits for it.

use super::ctx::Body;
use super::dispatch::dispatch;
use super::{Ctx, Wait};
use crate::ngx::{self, Request};
use crate::sys::*;

/// How an attempt to read the body went.
pub(crate) enum Reading {
    Done,
    /// The event handler calls back.
    Waiting,
    /// What to give to nginx.
    Failed(ngx_int_t),
}

impl Ctx {
    /// Reads the body for `lua_need_request_body` before a phase's code runs.
    pub(crate) fn need_body(&self) -> Reading {
        match self.body.get() {
            Body::Read => return Reading::Done,
            Body::Reading => return Reading::Waiting,
            Body::Unread => {}
        }
        let reading = read(self.request, phase_body_read);
        // The callback has come already if there was nothing to wait for.
        self.body.set(match reading {
            Reading::Waiting => Body::Reading,
            _ => Body::Read,
        });
        reading
    }

    /// Whether reading the body would not have to wait.
    pub(crate) fn body_is_at_hand(&self) -> bool {
        // SAFETY: live request.
        unsafe {
            let r = self.request.as_ptr();
            if !self.request.is_main() || !(*r).request_body.is_null() || (*r).discard_body() != 0 {
                return true;
            }
            let expected = (*r).headers_in.content_length_n;
            let chunked = (*r).headers_in.chunked() != 0;
            let preread = (*(*r).header_in).last.offset_from((*(*r).header_in).pos);
            !chunked && (expected <= 0 || (*r).stream.is_null() && expected <= preread as off_t)
        }
    }

    /// Reads the body for `ngx.req.read_body`, for the thread that runs.
    pub(crate) fn read_body(&self) -> Reading {
        if self.body.get() == Body::Reading {
            // Another thread has begun.
            return Reading::Waiting;
        }
        let reading = read(self.request, thread_body_read);
        if matches!(reading, Reading::Waiting) {
            self.body.set(Body::Reading);
            self.watch_writing();
        }
        reading
    }

    /// Has write events come to the code that waits; nginx reads a body without
    /// them.
    fn watch_writing(&self) {
        // SAFETY: live request.
        unsafe { (*self.request.as_ptr()).write_event_handler = self.resume.get() };
    }
}

/// Starts to read the body into one buffer or a temporary file.
fn read(r: Request, done: unsafe extern "C" fn(*mut ngx_http_request_t)) -> Reading {
    // SAFETY: live request. nginx takes a reference for the reading and leaves
    // it to its caller to give it back.
    let rc = unsafe {
        let raw = r.as_ptr();
        (*raw).set_request_body_in_single_buf(1);
        (*raw).set_request_body_in_persistent_file(1);
        (*raw).set_request_body_in_clean_file(1);
        let rc = ngx_http_read_client_request_body(raw, Some(done));
        if rc < NGX_HTTP_SPECIAL_RESPONSE as ngx_int_t && rc != ERROR {
            release(r);
        }
        rc
    };

    if rc == AGAIN {
        Reading::Waiting
    } else if rc == ERROR || rc >= NGX_HTTP_SPECIAL_RESPONSE as ngx_int_t {
        Reading::Failed(rc)
    } else {
        Reading::Done
    }
}

/// Gives back the reference that nginx took for reading the body.
fn release(r: Request) {
    // SAFETY: live request; the caller's own reference remains.
    unsafe {
        let main = r.main().as_ptr();
        (*main).set_count((*main).count() - 1);
    }
}

unsafe extern "C" fn phase_body_read(r: *mut ngx_http_request_t) {
    ngx::callback("request body", (), || {
        // SAFETY: nginx calls back with the request that it reads for.
        let request = unsafe { Request::from_ptr(r) };
        let Some(ctx) = Ctx::existing(request) else {
            return;
        };
        if ctx.body.replace(Body::Read) == Body::Reading {
            let connection = request.connection();
            // SAFETY: live request; reading the body has put other handlers in.
            unsafe {
                (*r).write_event_handler = Some(ngx_http_core_run_phases);
                ngx_http_core_run_phases(r);
            }
            Request::run_posted(connection);
        }
    });
}

unsafe extern "C" fn thread_body_read(r: *mut ngx_http_request_t) {
    ngx::callback("request body", (), || {
        // SAFETY: as above.
        let request = unsafe { Request::from_ptr(r) };
        let Some(ctx) = Ctx::existing(request) else {
            return;
        };
        ctx.body.set(Body::Read);
        if ctx.phase.get().is_none() {
            return;
        }
        ctx.watch_client();
        ctx.watch_writing();
        if ctx.waits.of(Wait::RequestBody) > 0 {
            ctx.each_waiting(Wait::RequestBody, |thread| thread.wake(0));
            dispatch(ctx);
        }
    });
}
