//! From an event back to the code that waits for it.

use super::Ctx;
use crate::ngx::Request;

/// Lets the phase that a thread of `ctx` belongs to go on. The request may be
/// gone when this returns.
pub(crate) fn dispatch(ctx: &Ctx) {
    let r = ctx.request;
    if !ctx.has_client() {
        if let Some(resume) = ctx.resume.get() {
            // SAFETY: the request is live.
            unsafe { resume(r.as_ptr()) };
        }
        return;
    }

    let connection = r.connection();
    // SAFETY: the request is live. Reading the body replaces the write event
    // handler, so it is put back. A subrequest may have run in between.
    unsafe {
        if let Some(resume) = ctx.resume.get() {
            (*r.as_ptr()).write_event_handler = Some(resume);
            r.name_in_log();
            resume(r.as_ptr());
        }
    }
    Request::run_posted(connection);
}
