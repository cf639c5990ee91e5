//! `ngx.semaphore`: a semaphore is a table with a userdata at 1.

use core::ffi::c_int;
use core::ptr;

use super::call::{self, NO_REQUEST, cannot_wait};
use super::function::Function;
use super::text;
use crate::conf::Phases;
use crate::lua::state::Type;
use crate::lua::{Raise, Return, State};
use crate::sched::Semaphore;
use crate::sys::lua as ffi;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::native("new", new),
    Function::native("wait", wait),
    Function::native("post", post),
    Function::native("count", count),
    Function::native("close", close),
];

/// What is in the userdata.
#[repr(C)]
struct Handle {
    /// The address of [`MARK`], which tells such userdata from others; null when
    /// the semaphore is closed.
    mark: *const u8,
    semaphore: Semaphore,
}

static MARK: u8 = 0;

/// More would be as good as no timeout: some thousand years.
const LONGEST_WAIT: f64 = 1e14;

/// `sem = semaphore.new(resources = 0)`, given the metatable of the userdata as
/// well, of which it returns a new one.
///
/// What is no number counts as 0. Raises `no negative number`. All phases.
fn new(l: State) -> Return {
    l.set_top(2);
    let resources = text::to_number(l, 1).unwrap_or(0.0);
    if resources < 0.0 {
        return Err(l.error("no negative number"));
    }
    // SAFETY: Lua gives memory of this size, aligned for any such type.
    unsafe {
        let handle = ffi::lua_newuserdata(l.as_ptr(), size_of::<Handle>()).cast::<Handle>();
        let semaphore = Semaphore::new(resources as i32);
        handle.write(Handle { mark: &raw const MARK, semaphore });
    }
    l.push_value(2);
    l.set_metatable(-2);
    Ok(1)
}

/// `ok, err = sem:wait(seconds)`
///
/// Takes a resource. If there is none, or others wait for one already, waits for
/// `seconds` at most, to the millisecond; not at all if that is less than a
/// millisecond. Results: true; nil, `timeout` without having waited; false,
/// `timeout` after waiting; nil, `API disabled in the context of …` in other
/// phases. Raises `no negative number`. Phases: output.
fn wait(l: State) -> Return {
    l.set_top(2);
    let semaphore = this(l)?;
    let run = call::current(l, NO_REQUEST)?;
    let Some(seconds) = text::to_number(l, 2) else {
        return Err(l.error("attempt to perform arithmetic on a nil value"));
    };
    if seconds < 0.0 {
        return Err(l.error("no negative number"));
    }
    if !run.phase.is_in(Phases::YIELD) {
        let tag = run.phase.tag();
        return Ok(failed(l, format!("API disabled in the context of {tag}*")));
    }
    if semaphore.take() {
        l.push_boolean(true);
        return Ok(1);
    }
    let msec = (seconds * 1000.0).clamp(0.0, LONGEST_WAIT) as usize;
    if msec == 0 {
        return Ok(failed(l, "timeout"));
    }
    let Some(thread) = run.thread() else {
        return Err(l.error("no co ctx found"));
    };
    if !run.can_wait(l) {
        return Err(cannot_wait(l));
    }

    // On the stack, object and userdata stay until the code goes on.
    l.set_top(1);
    l.raw_get_index(1, 1);
    semaphore.wait(thread, msec);
    // SAFETY: `can_wait` was asked, so that this only notes the yield.
    Ok(unsafe { ffi::lua_yield(l.as_ptr(), 2) })
}

/// `true = sem:post(resources = 1)`
///
/// Wakes as many threads, when the running code waits or ends. What is no number
/// counts as 1. Raises `positive number required`. All phases.
fn post(l: State) -> Return {
    l.set_top(2);
    let semaphore = this(l)?;
    let resources = text::to_number(l, 2).unwrap_or(1.0);
    if resources.is_nan() || resources < 1.0 {
        return Err(l.error("positive number required"));
    }
    semaphore.post(resources as i32);
    l.push_boolean(true);
    Ok(1)
}

/// `count = sem:count()`
///
/// Resources that are left; negative if threads wait. All phases.
fn count(l: State) -> Return {
    l.push_integer(this(l)?.count().into());
    Ok(1)
}

/// `close(userdata)`, its finalizer.
fn close(l: State) -> Return {
    if let Some(handle) = handle(l, 1) {
        // SAFETY: only this changes it, and nothing else refers to it now.
        unsafe {
            (*handle).mark = ptr::null();
            (*handle).semaphore.close();
        }
    }
    Ok(0)
}

/// The semaphore at 1.
fn this<'a>(l: State) -> Result<&'a Semaphore, Raise> {
    if l.type_of(1) == Type::Table {
        l.raw_get_index(1, 1);
        let handle = handle(l, -1);
        l.pop(1);
        if let Some(handle) = handle {
            // SAFETY: the object keeps it alive while the function runs.
            return Ok(unsafe { &(*handle).semaphore });
        }
    }
    Err(l.error("not a semaphore instance"))
}

fn handle(l: State, index: c_int) -> Option<*mut Handle> {
    if l.type_of(index) != Type::Userdata || l.raw_len(index) != size_of::<Handle>() {
        return None;
    }
    // SAFETY: a userdata of this size; with the mark it is one of ours.
    unsafe {
        let handle = ffi::lua_touserdata(l.as_ptr(), index).cast::<Handle>();
        ptr::eq((*handle).mark, &raw const MARK).then_some(handle)
    }
}

/// `nil, reason`
fn failed(l: State, reason: impl AsRef<[u8]>) -> c_int {
    l.push_nil();
    l.push_bytes(reason);
    2
}
