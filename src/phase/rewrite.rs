//! `rewrite_by_lua`: runs after the rewrite module's own directives.

use super::place;
use crate::conf::Phase;
use crate::ngx::{self, Request};
use crate::sched::body::Reading;
use crate::sched::{Ctx, Outcome};
use crate::sys::*;

const FAILED: ngx_int_t = NGX_HTTP_INTERNAL_SERVER_ERROR as ngx_int_t;

pub(super) unsafe extern "C" fn handler(r: *mut ngx_http_request_t) -> ngx_int_t {
    ngx::callback("rewrite_by_lua", FAILED, || {
        // SAFETY: nginx runs the phase for a live request.
        let r = unsafe { Request::from_ptr(r) };
        let conf = r.main_conf();
        if !conf.rewrite_in_place.replace(true) && place::move_to_end(r) {
            return DECLINED;
        }
        run(r, Phase::Rewrite)
    })
}

/// Runs the code of a phase that goes on to the next when it ends: the parts
/// that rewrite and access have in common.
pub(super) fn run(r: Request, phase: Phase) -> ngx_int_t {
    let Some(chunk) = r.loc_conf().hook(phase) else {
        return DECLINED;
    };

    // A stock `rewrite ... last` chose another location: its code runs.
    // SAFETY: live request.
    if phase == Phase::Rewrite && unsafe { (*r.as_ptr()).uri_changed() != 0 } {
        return DECLINED;
    }

    let Some(ctx) = Ctx::of(r) else { return FAILED };

    if ctx.phase.get() == Some(phase) {
        return match ctx.event() {
            Some(outcome) => finish(ctx, outcome),
            None => DONE,
        };
    }

    if r.loc_conf().need_request_body == 1 {
        match ctx.need_body() {
            Reading::Done => {}
            Reading::Waiting => return DONE,
            Reading::Failed(rc) => return rc,
        }
    }

    ctx.resume.set(Some(ngx_http_core_run_phases));
    ctx.watch_client();
    finish(ctx, ctx.start(phase, chunk))
}

fn finish(ctx: &Ctx, outcome: Outcome) -> ngx_int_t {
    match outcome {
        Outcome::Waiting => DONE,
        Outcome::Finished | Outcome::Exit(OK | DECLINED) => {
            let r = ctx.request;
            if r.header_sent() || ctx.output.is_buffering() {
                // The code answered; no later phase may answer again.
                if ctx.output.finish(ctx) == ERROR {
                    return ERROR;
                }
                return NGX_HTTP_OK as ngx_int_t;
            }
            // SAFETY: live request.
            unsafe { (*r.as_ptr()).write_event_handler = Some(ngx_http_core_run_phases) };
            DECLINED
        }
        Outcome::Exit(rc) => rc,
    }
}
