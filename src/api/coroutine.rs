//! `coroutine.*`: as in plain Lua, and code in coroutines may wait.

use core::ffi::c_int;

use mlua::Lua;

use super::call;
use super::function::Function;
use crate::conf::{Phase, Phases};
use crate::lua::coroutine::{self, Mark, Status};
use crate::lua::state::Type;
use crate::lua::{Raise, Return, State, function};
use crate::sched::Run;
use crate::sys::lua as ffi;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("coroutine.create", create),
    Function::new("coroutine.resume", resume),
    Function::new("coroutine.status", status),
    Function::new("coroutine.yield", yield_),
];

/// Coroutines that resume each other use the C stack; this is as deep as they
/// may go.
const DEEPEST: usize = 1000;

/// `... = coroutine.yield(...)`
fn yield_(l: State) -> Return {
    check_phase(l)?;
    if !l.can_yield() {
        return Err(l.error("attempt to yield across C-call boundary"));
    }
    // SAFETY: it was asked whether that is possible.
    Ok(unsafe { ffi::lua_yield(l.as_ptr(), l.top()) })
}

/// Adds `coroutine.wrap`, whose functions are closures of Lua.
pub(super) fn open(lua: &Lua) -> mlua::Result<()> {
    let make: mlua::Function = lua
        .load(include_str!("coroutine.lua"))
        .set_name("=[C]")
        .call((native(lua, function(resume_wrapped))?, native(lua, function(raise))?))?;
    // SAFETY: the closure keeps `make` as its upvalue.
    let wrap: mlua::Function = unsafe {
        lua.exec_raw(make, |l| {
            State::from_ptr(l).push_function(function(wrap), 1);
        })?
    };
    let coroutine: mlua::Table = lua.globals().get("coroutine")?;
    coroutine.set("wrap", wrap)?;

    // The C module has two sets of functions, Lua's own and those of its scheduler.
    // Ours do for both.
    for name in ["create", "resume", "yield", "wrap", "status"] {
        let function: mlua::Function = coroutine.get(name)?;
        coroutine.set(format!("_{name}"), &function)?;
        coroutine.set(format!("__{name}"), function)?;
    }
    Ok(())
}

pub(super) fn native(lua: &Lua, f: ffi::lua_CFunction) -> mlua::Result<mlua::Function> {
    // SAFETY: pushes one value.
    unsafe { lua.exec_raw((), |l| State::from_ptr(l).push_function(f, 0)) }
}

/// `co = coroutine.create(function)`
fn create(l: State) -> Return {
    new_coroutine(l)?;
    Ok(1)
}

/// `function = coroutine.wrap(function)`
fn wrap(l: State) -> Return {
    new_coroutine(l)?;
    l.push_value(ffi::lua_upvalueindex(1));
    l.insert(-2);
    // SAFETY: function and argument are on the stack; errors are caught.
    match unsafe { ffi::lua_pcall(l.as_ptr(), 1, 1, 0) } {
        ffi::LUA_OK => Ok(1),
        _ => Err(Raise::Value),
    }
}

/// Pushes a coroutine for the function that is the first argument.
fn new_coroutine(l: State) -> Result<(), Raise> {
    const PLAIN: Phases = Phases::HEADER_FILTER.union(Phases::BODY_FILTER);
    let plain = Run::current().is_none_or(|run| run.phase == Phase::Init || run.phase.is_in(PLAIN));
    if l.type_of(1) != Type::Function || (l.is_c_function(1) && !plain) {
        return Err(l.argument_error(1, "Lua function expected"));
    }
    check_phase(l)?;
    // SAFETY: the new coroutine is on the stack of `l`, which keeps it.
    let co = unsafe { State::from_ptr(ffi::lua_newthread(l.as_ptr())) };
    l.push_value(1);
    l.move_to(co, 1);
    Ok(())
}

/// `ok, ... = coroutine.resume(co, ...)`
fn resume(l: State) -> Return {
    let Some(co) = l.thread(1) else {
        return Err(l.argument_error(1, "coroutine expected"));
    };
    check_phase(l)?;
    match refusal(l, co) {
        Some(reason) => Ok(failed(l, &reason)),
        None => run(l, co),
    }
}

/// As `resume`, but nil instead of false for a coroutine that cannot be
/// resumed.
fn resume_wrapped(l: State) -> Return {
    let Some(co) = l.thread(1) else {
        return Err(l.argument_error(1, "coroutine expected"));
    };
    check_phase(l)?;
    match refusal(l, co) {
        Some(reason) => {
            l.push_nil();
            l.push_bytes(reason);
            Ok(2)
        }
        None => run(l, co),
    }
}

/// Resumes `co` with the arguments that stand above it on the stack of `l`.
fn run(l: State, co: State) -> Return {
    let args = l.top() - 1;
    if !co.ensure(args) {
        return Ok(failed(l, "too many arguments to resume"));
    }
    let run = Run::current();
    if run.is_some_and(|run| run.depth() >= DEEPEST) {
        return Ok(failed(l, "C stack overflow"));
    }
    l.move_to(co, args);

    // SAFETY: `co` is suspended or new, with its arguments on top.
    let go = || unsafe { ffi::lua_resume(co.as_ptr(), args) };
    let status = match run {
        Some(run) => run.nest(l, go),
        None => go(),
    };

    if status == ffi::LUA_YIELD
        && let Some(thread) = run.and_then(|run| run.thread())
        && thread.yields_to_scheduler()
    {
        thread.suspend(co);
        // A value that is yielded stays on our stack: that keeps `co` alive. The
        // wait was only begun because all of the chain can yield.
        return Ok(call::yield_marked(l, Mark::Resumes, 1));
    }

    if status != ffi::LUA_YIELD
        && let Some(thread) = run.and_then(Run::thread)
    {
        thread.ctx().coroutine_ended(co);
    }

    let success = matches!(status, ffi::LUA_OK | ffi::LUA_YIELD);
    let results = if success { co.top() } else { 1 };
    if !l.ensure(results + 1) {
        co.set_top(0);
        return Ok(failed(l, "too many results to resume"));
    }
    l.push_boolean(success);
    co.move_to(l, results);
    Ok(results + 1)
}

/// Why `co` cannot be resumed.
fn refusal(l: State, co: State) -> Option<String> {
    match kind(l, co) {
        Status::Suspended => None,
        status => Some(format!("cannot resume {} coroutine", status.name())),
    }
}

fn failed(l: State, reason: &str) -> c_int {
    l.push_boolean(false);
    l.push_bytes(reason);
    2
}

/// `status = coroutine.status(co)`: "running", "suspended", "normal", "dead" or
/// "zombie".
fn status(l: State) -> Return {
    let Some(co) = l.thread(1) else {
        return Err(l.argument_error(1, "coroutine expected"));
    };
    check_phase(l)?;
    l.push_bytes(kind(l, co).name());
    Ok(1)
}

fn kind(l: State, co: State) -> Status {
    if co == l {
        return Status::Running;
    }
    let Some(run) = Run::current() else {
        return coroutine::status_at_start(co);
    };
    match (run.vm().status_of(co), run.thread()) {
        (Status::Normal, Some(thread)) if thread.ctx().spawns(co) => Status::Running,
        (status, _) => status,
    }
}

/// `raise(co, value)`: throws what ended a wrapped coroutine.
fn raise(l: State) -> Return {
    l.set_top(2);
    if let Some(thread) = Run::current().and_then(Run::thread) {
        thread.note_failure(l);
    }
    Err(Raise::Value)
}

/// Coroutines exist in the phases that may wait, in the filters and in
/// `init_by_lua`.
fn check_phase(l: State) -> Result<(), Raise> {
    const REFUSED: Phases =
        Phases::SET.union(Phases::LOG).union(Phases::INIT_WORKER).union(Phases::EXIT_WORKER);
    match Run::current() {
        Some(run) if run.phase.is_in(REFUSED) => Err(call::wrong_phase(l, run.phase)),
        _ => Ok(()),
    }
}
