//! `content_by_lua`: the location's content handler.

use crate::conf::cf::Conf;
use crate::conf::{LocConf, Phase};
use crate::ngx::{self, Request};
use crate::sched::body::Reading;
use crate::sched::{Ctx, Outcome};
use crate::sys::*;

const FAILED: ngx_int_t = NGX_HTTP_INTERNAL_SERVER_ERROR as ngx_int_t;

pub(super) unsafe extern "C" fn handler(r: *mut ngx_http_request_t) -> ngx_int_t {
    ngx::callback("content_by_lua", FAILED, || {
        // SAFETY: nginx calls the content handler of a live request.
        let r = unsafe { Request::from_ptr(r) };
        let Some(chunk) = r.loc_conf().hook(Phase::Content) else {
            return DECLINED;
        };
        let Some(ctx) = Ctx::of(r) else { return FAILED };

        if r.loc_conf().need_request_body == 1 {
            match ctx.need_body() {
                Reading::Done => {}
                Reading::Waiting => return wait(r),
                Reading::Failed(rc) => return rc,
            }
        }

        ctx.resume.set(Some(resume));
        ctx.watch_client();
        match ctx.start(Phase::Content, chunk) {
            Outcome::Waiting => {
                // SAFETY: live request.
                unsafe { (*r.as_ptr()).write_event_handler = Some(resume) };
                wait(r)
            }
            outcome => finish(ctx, outcome),
        }
    })
}

/// nginx gives up a reference for a handler that says DONE; the code that
/// waits keeps its own.
fn wait(r: Request) -> ngx_int_t {
    // SAFETY: live request.
    unsafe {
        let main = r.main().as_ptr();
        (*main).set_count((*main).count() + 1);
    }
    DONE
}

/// Goes on after an event. The request may be gone when this returns.
unsafe extern "C" fn resume(r: *mut ngx_http_request_t) {
    ngx::callback("content_by_lua", (), || {
        // SAFETY: nginx calls the write event handler of a live request.
        let r = unsafe { Request::from_ptr(r) };
        let Some(ctx) = Ctx::existing(r) else { return };
        match ctx.event() {
            None | Some(Outcome::Waiting) => {}
            Some(outcome) => {
                let rc = finish(ctx, outcome);
                r.finalize(rc);
            }
        }
    });
}

fn finish(ctx: &Ctx, outcome: Outcome) -> ngx_int_t {
    match outcome {
        Outcome::Finished => ctx.output.finish(ctx),
        Outcome::Exit(rc) => rc,
        Outcome::Elsewhere(redirect) => {
            redirect.go(ctx.request);
            DONE
        }
        Outcome::Waiting => DONE,
    }
}

/// An `if` in a location, which is a location without a name, has the content
/// handler of the location around it.
pub(super) fn inherit(cf: Conf, conf: &LocConf) {
    if conf.hook(Phase::Content).is_none() {
        return;
    }
    // SAFETY: while locations merge, the core module has configuration for
    // this one.
    unsafe {
        let ctx: *mut ngx_http_conf_ctx_t = (*cf.as_ptr()).ctx.cast();
        let core: *mut ngx_http_core_loc_conf_t =
            (*(*ctx).loc_conf.add(ngx_http_core_module.ctx_index)).cast();
        if (*core).noname() != 0 && (*core).handler.is_none() {
            (*core).handler = cf.main_conf().handlers.content;
        }
    }
}
