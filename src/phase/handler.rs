//! What the phases have in common whose code lets the request go on when it
//! ends: server_rewrite, rewrite, access, precontent.

use crate::conf::Phase;
use crate::ngx::Request;
use crate::sched::body::Reading;
use crate::sched::{Ctx, Outcome};
use crate::sys::*;

pub(super) const FAILED: ngx_int_t = NGX_HTTP_INTERNAL_SERVER_ERROR as ngx_int_t;

/// Runs the code of the phase, or goes on with it after an event. DECLINED lets
/// the next handler of the phase run.
pub(super) fn run(r: Request, phase: Phase) -> ngx_int_t {
    let Some(chunk) = r.loc_conf().hook(phase) else {
        return DECLINED;
    };

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
        Outcome::Elsewhere(redirect) => {
            let r = ctx.request;
            redirect.go(r);
            r.finalize(DONE);
            DONE
        }
    }
}
