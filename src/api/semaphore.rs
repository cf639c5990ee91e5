//! `ngx.semaphore`. Its Lua half, `modules/semaphore.lua`, looks at the arguments
//! and has the objects; the functions that it calls through the FFI must not touch
//! the Lua state.

use core::ffi::c_int;

use super::call::{self, NO_REQUEST, cannot_wait};
use super::function::Function;
use crate::conf::Phases;
use crate::lua::coroutine::Mark;
use crate::lua::state::Type;
use crate::lua::{Return, State};
use crate::ngx;
use crate::sched::{Run, Semaphore};
use crate::sys::lua as ffi;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::native("address", address),
    Function::native("mark", mark),
    Function::native("wait", wait),
];

/// More would be as good as no timeout: some thousand years.
const LONGEST_WAIT: f64 = 1e14;

/// `address = address(name)`: that of a function for the FFI.
fn address(l: State) -> Return {
    let function = match l.bytes(1).unwrap_or_default() {
        b"create" => create as *const (),
        b"destroy" => destroy as *const (),
        b"post" => post as *const (),
        b"take" => take as *const (),
        _ => return Err(l.argument_error(1, "name of a function expected")),
    };
    // Addresses fit in a Lua number.
    l.push_number(function as usize as f64);
    Ok(1)
}

/// A new semaphore, for [`destroy`].
extern "C" fn create(resources: f64) -> *mut Semaphore {
    Box::into_raw(Box::new(Semaphore::new(resources as i32)))
}

/// # Safety
/// The semaphore comes from [`create`] and is not used any more.
unsafe extern "C" fn destroy(semaphore: *mut Semaphore) {
    ngx::callback("semaphore", (), || {
        // SAFETY: the caller's promise.
        drop(unsafe { Box::from_raw(semaphore) });
    });
}

/// # Safety
/// The semaphore is alive, as in [`take`].
unsafe extern "C" fn post(semaphore: *const Semaphore, resources: f64) {
    // SAFETY: the caller's promise.
    unsafe { (*semaphore).post(resources as i32) }
}

/// Takes a resource, where code may wait for one and need not.
///
/// # Safety
/// As [`post`].
unsafe extern "C" fn take(semaphore: *const Semaphore) -> bool {
    // SAFETY: the caller's promise.
    Run::current().is_some_and(|run| run.phase.is_in(Phases::YIELD))
        && unsafe { (*semaphore).take() }
}

/// `mark = mark()`: what tells that a coroutine waits, see [`Mark`].
fn mark(l: State) -> Return {
    let Some(run) = Run::current() else {
        return Err(l.error(NO_REQUEST));
    };
    run.vm().push_mark(l, Mark::Waits);
    Ok(1)
}

/// `ok, err = wait(mark, object, sem, seconds)`, where there is no resource to
/// take.
fn wait(l: State) -> Return {
    let run = call::current(l, NO_REQUEST)?;
    let seconds = l.number(4);
    if seconds == 0.0 && l.type_of(4) != Type::Number {
        return Err(l.error("attempt to perform arithmetic on a nil value"));
    }
    if seconds < 0.0 {
        return Err(l.error("no negative number"));
    }
    if !run.phase.is_in(Phases::YIELD) {
        return Ok(failed(l, call::disabled_in(run.phase)));
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

    // SAFETY: a cdata of the type that `take` has been called with holds such a
    // pointer.
    let semaphore = unsafe { &**l.address(3).cast::<*const Semaphore>() };
    semaphore.wait(thread, msec);
    // The arguments stay on the stack until the code goes on: the mark at the
    // bottom, and what keeps the semaphore alive.
    // SAFETY: `can_wait` was asked, so that this only notes the yield.
    Ok(unsafe { ffi::lua_yield(l.as_ptr(), 4) })
}

/// `nil, reason`
fn failed(l: State, reason: impl AsRef<[u8]>) -> c_int {
    l.push_nil();
    l.push_bytes(reason);
    2
}
