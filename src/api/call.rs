//! What most functions ask first: is there a request, and may they run here?

use core::ffi::{c_int, c_void};

use crate::conf::{Phase, Phases};
use crate::lua::coroutine::Mark;
use crate::lua::{Raise, State};
use crate::sched::{Ctx, Run};
use crate::sys::lua;

/// How a function says that no request is there; the C module has three ways.
pub(super) const NO_REQUEST: &str = "no request found";
pub(super) const NO_REQUEST_OBJECT: &str = "no request object found";
pub(super) const REQUEST_OBJECT_NOT_FOUND: &str = "request object not found";

/// The run and the request's context, in one of `phases`.
pub(super) fn in_phases<'a>(
    l: State,
    phases: Phases,
    missing: &str,
) -> Result<(&'a Run, &'a Ctx), Raise> {
    let run = run_in(l, phases, missing)?;
    run.ctx().map(|ctx| (run, ctx)).ok_or_else(|| l.error(missing))
}

/// The run, in one of `phases`, whether there is a client's request or not.
pub(super) fn run_in<'a>(l: State, phases: Phases, missing: &str) -> Result<&'a Run, Raise> {
    let run = current(l, missing)?;
    if !run.phase.is_in(phases) {
        return Err(wrong_phase(l, run.phase));
    }
    Ok(run)
}

/// The run and the request's context, in any phase that serves a client.
pub(super) fn with_request<'a>(l: State, missing: &str) -> Result<(&'a Run, &'a Ctx), Raise> {
    let run = current(l, missing)?;
    match run.ctx() {
        Some(ctx) => Ok((run, ctx)),
        None => Err(l.error("API disabled in the current context")),
    }
}

/// The run, unless there is nothing but `init_by_lua`.
pub(super) fn current<'a>(l: State, missing: &str) -> Result<&'a Run, Raise> {
    match Run::current() {
        Some(run) if run.phase != Phase::Init => Ok(run),
        _ => Err(l.error(missing)),
    }
}

/// The function of the chunk that runs, for stack traces.
pub(super) fn closure(run: &Run) -> *const c_void {
    run.thread().map_or(core::ptr::null(), |thread| thread.ctx().closure())
}

pub(super) fn wrong_phase(l: State, phase: Phase) -> Raise {
    l.error(disabled_in(phase))
}

/// The message of a function that does not work in a phase.
pub(super) fn disabled_in(phase: Phase) -> String {
    // The names of directives stand for all their forms.
    let forms = if phase == Phase::Timer { "" } else { "*" };
    format!("API disabled in the context of {}{forms}", phase.tag())
}

/// Gives control to the scheduler; the caller has armed an event and knows
/// that the coroutine can yield.
pub(super) fn park(l: State) -> c_int {
    yield_marked(l, Mark::Waits, 0)
}

/// Gives control to the scheduler for good: the caller has set [`Ctx::exit`]. No
/// mark is needed, as no code runs that could ask why the coroutine has yielded.
pub(super) fn leave(l: State) -> c_int {
    // SAFETY: `Run::can_wait` was asked, so that this only notes the yield.
    unsafe { lua::lua_yield(l.as_ptr(), 0) }
}

/// Yields with a mark that tells others why, and with the `kept` topmost values.
pub(super) fn yield_marked(l: State, mark: Mark, kept: c_int) -> c_int {
    if let Some(run) = Run::current() {
        run.vm().push_mark(l, mark);
        if kept > 0 {
            l.insert(-1 - kept);
        }
    }
    // SAFETY: `Run::can_wait` was asked, so that this only notes the yield.
    unsafe { lua::lua_yield(l.as_ptr(), kept + 1) }
}

/// The error of a call that would have to wait where that is impossible; in
/// Lua's words, which have no position.
pub(super) fn cannot_wait(l: State) -> Raise {
    l.push_bytes("attempt to yield across C-call boundary");
    Raise::Value
}

/// Raises an error if code waits for subrequests: the request must not end or
/// go elsewhere meanwhile.
pub(super) fn check_none_pending(l: State, ctx: &Ctx) -> Result<(), Raise> {
    if ctx.has_pending_subrequests() {
        return Err(l.error("attempt to abort with pending subrequests"));
    }
    Ok(())
}
