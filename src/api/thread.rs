//! `ngx.thread.*` and `ngx.on_abort`: light threads.

use core::ffi::c_int;

use super::call::{self, NO_REQUEST, cannot_wait, park, yield_marked};
use super::function::Function;
use crate::conf::Phases;
use crate::lua::coroutine::Mark;
use crate::lua::state::Type;
use crate::lua::{Raise, Return, State};
use crate::sched::family::{Child, Spawned};
use crate::sched::{Run, Thread};

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("ngx.thread.spawn", spawn),
    Function::new("ngx.thread.wait", wait),
    Function::new("ngx.thread.kill", kill),
    Function::new("ngx.on_abort", on_abort),
];

/// `thread = ngx.thread.spawn(function, ...)`
///
/// Runs the function with the arguments in a new light thread, at once, until it
/// waits or ends; then the caller goes on. Phases: those that may wait.
fn spawn(l: State) -> Return {
    call::current(l, NO_REQUEST)?;
    check_function(l)?;
    let (run, thread) = in_thread(l)?;
    if !run.can_wait(l) {
        return Err(cannot_wait(l));
    }
    match thread.spawn(run.phase, l, l.top() - 1) {
        Spawned::Done => Ok(1),
        Spawned::Yield => Ok(yield_marked(l, Mark::Waits, 1)),
        Spawned::Refused => Err(l.error("too many arguments")),
    }
}

/// `ok, ... = ngx.thread.wait(thread, ...)`
///
/// Waits until the first of the threads ends. Gives true and what its function
/// returned, or false and the error that ended it; or nil and "already waited or
/// killed". Only the coroutine that started a thread can wait for it. Phases:
/// those that may wait.
fn wait(l: State) -> Return {
    let (run, thread) = in_thread(l)?;
    let n = l.top();
    if n == 0 {
        return Err(l.error("at least one coroutine should be specified"));
    }

    for i in 1..=n {
        let child = child(l, thread, i).inspect_err(|_| thread.forget_children())?;
        match child {
            Child::Alive(child) => thread.await_child(child),
            Child::Zombie(child) => {
                thread.forget_children();
                let results = child.move_results(l);
                thread.ctx().remove_light_thread(child);
                return Ok(results);
            }
            Child::Gone if i < n => {}
            Child::Gone => {
                thread.forget_children();
                return Ok(refuse(l, "already waited or killed"));
            }
            Child::NoThread => {
                thread.forget_children();
                return Err(l.error("attempt to wait on a coroutine that is not a user thread"));
            }
            Child::OfAnother => {
                thread.forget_children();
                return Err(l.error("only the parent coroutine can wait on the thread"));
            }
        }
    }

    if !run.can_wait(l) {
        thread.forget_children();
        return Err(cannot_wait(l));
    }
    thread.wait_for_children();
    Ok(park(l))
}

/// `ok, err = ngx.thread.kill(thread)`
///
/// Ends a light thread and whatever it waits for. Gives 1, or nil and an error:
/// "not user thread", "killer not parent", "pending subrequests", "already
/// terminated" or "already waited or killed". Phases: those that may wait.
fn kill(l: State) -> Return {
    let (_, thread) = in_thread(l)?;
    let reason = match child(l, thread, 1)? {
        Child::Alive(child) if child.waits_for_subrequests() => "pending subrequests",
        Child::Alive(child) => {
            thread.ctx().remove_light_thread(child);
            l.push_number(1.0);
            return Ok(1);
        }
        Child::Zombie(child) => {
            thread.ctx().remove_light_thread(child);
            "already terminated"
        }
        Child::Gone => "already waited or killed",
        Child::OfAnother => "killer not parent",
        Child::NoThread => "not user thread",
    };
    Ok(refuse(l, reason))
}

/// `ok, err = ngx.on_abort(function)`
///
/// Has the function run as a light thread when the client closes the connection
/// before it has the answer. Needs `lua_check_client_abort on`. Gives 1, or nil
/// and "lua_check_client_abort is off" or "duplicate call". Phases: output.
fn on_abort(l: State) -> Return {
    let (run, ctx) = call::in_phases(l, Phases::REQUEST, NO_REQUEST)?;
    if ctx.request.loc_conf().check_client_abort != 1 {
        return Ok(refuse(l, "lua_check_client_abort is off"));
    }
    if ctx.has_on_abort() {
        return Ok(refuse(l, "duplicate call"));
    }
    check_function(l)?;
    let Some(thread) = run.thread() else {
        return Err(call::wrong_phase(l, run.phase));
    };
    l.set_top(1);
    if thread.set_on_abort(l).is_none() {
        return Ok(refuse(l, "no memory"));
    }
    l.push_number(1.0);
    Ok(1)
}

fn in_thread<'a>(l: State) -> Result<(&'a Run, &'a Thread), Raise> {
    let run = call::current(l, NO_REQUEST)?;
    if !run.phase.is_in(Phases::YIELD) {
        return Err(call::wrong_phase(l, run.phase));
    }
    match run.thread() {
        Some(thread) => Ok((run, thread)),
        None => Err(l.error("no co ctx found")),
    }
}

fn check_function(l: State) -> Result<(), Raise> {
    if l.type_of(1) != Type::Function || l.is_c_function(1) {
        return Err(l.argument_error(1, "Lua function expected"));
    }
    Ok(())
}

/// What the argument at `index` is to the coroutine that runs.
fn child<'a>(l: State, thread: &'a Thread, index: c_int) -> Result<Child<'a>, Raise> {
    match l.thread(index) {
        Some(co) => Ok(thread.ctx().child(l, co)),
        None => Err(l.argument_error(index, "lua thread expected")),
    }
}

fn refuse(l: State, reason: &str) -> c_int {
    l.push_nil();
    l.push_bytes(reason);
    2
}
