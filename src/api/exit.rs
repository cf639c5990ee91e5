//! `ngx.exit`.

use super::call::{self, NO_REQUEST, check_none_pending, leave};
use super::function::Function;
use crate::conf::{Phase, Phases};
use crate::lua::state::Type;
use crate::lua::{Return, State};
use crate::sched::Exit;
use crate::sys::*;

pub(super) const FUNCTIONS: &[Function] = &[Function::new("ngx.exit", exit)];

const PHASES: Phases = Phases::YIELD.union(Phases::HEADER_FILTER);

/// `ngx.exit(status)`
///
/// Ends the phase (`ngx.OK`), or the request with an HTTP status; `ngx.ERROR`
/// closes the connection. Does not return, except in `header_filter_by_lua`.
/// In a timer it ends the timer's code, whatever the status. Phases: output,
/// header_filter, timer.
fn exit(l: State) -> Return {
    if l.type_of(1) != Type::Number {
        let message =
            format!("cannot convert '{}' to 'int'", l.type_name(1).replace("no value", "nil"));
        return Err(l.error(format_args!("bad argument #1 to 'exit' ({message})")));
    }
    let status = l.number(1) as ngx_int_t;
    if status == AGAIN || status == DONE {
        return Err(l.error("bad argument to 'ngx.exit': does not accept NGX_AGAIN or NGX_DONE"));
    }

    let run = call::run_in(l, PHASES, NO_REQUEST)?;
    if run.phase == Phase::HeaderFilter {
        run.exit.set(Some(status));
        return Ok(0);
    }
    let Some(thread) = run.thread() else {
        return Err(l.error("no request ctx found"));
    };
    let ctx = thread.ctx();
    if status != ERROR && !is_silent(status) {
        check_none_pending(l, ctx)?;
    }
    if !run.can_wait(l) {
        return Err(l.error("attempt to yield across C-call boundary"));
    }

    let r = ctx.request;
    let mut status = status;
    if r.header_sent() && status >= NGX_HTTP_SPECIAL_RESPONSE as ngx_int_t && !is_silent(status) {
        if status != r.status() as ngx_int_t {
            r.log(
                NGX_LOG_ERR,
                format!(
                    "attempt to set status {status} via ngx.exit after sending out the response \
                     status {}",
                    r.status()
                ),
            );
        }
        status = NGX_HTTP_OK as ngx_int_t;
    }
    ctx.exit.set(Some(Exit::Asked(status)));
    Ok(leave(l))
}

/// Statuses that close the connection without an answer.
fn is_silent(status: ngx_int_t) -> bool {
    let status = status as u32;
    matches!(status, NGX_HTTP_REQUEST_TIME_OUT | NGX_HTTP_CLOSE | NGX_HTTP_CLIENT_CLOSED_REQUEST)
}
