//! The border between Lua and Rust.
//!
//! Every function that Lua can call is registered through [`function`], which
//! wraps it so that a panic becomes a Lua error and a returned [`Raise`] is
//! thrown where nothing is left that would need to be dropped.
//!
//! Inside such a function no Lua error may be *raised*: LuaJIT unwinds the
//! stack with an exception that Rust's `catch_unwind` does not accept. Hence
//! the rules that [`State`] keeps: raw accesses only, and calls into Lua only
//! through `lua_pcall` and `lua_resume`, which catch. The one error left is
//! lack of memory, and nginx ends a worker that has none as well.

use core::ffi::c_int;
use core::fmt::Display;
use core::ptr::NonNull;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::State;
use crate::panic;
use crate::sys::lua as ffi;

/// What a function called by Lua gives back: the number of results on the
/// stack, or an error.
pub(crate) type Return = Result<c_int, Raise>;

/// A Lua error to throw; its value or message is on top of the stack.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Raise {
    /// Throw the value.
    Value,
    /// Throw `bad argument #N to 'function' (message)`.
    Argument(c_int),
}

impl State {
    /// An error with the caller's position in front, as `luaL_error` makes it.
    pub(crate) fn error(self, message: impl Display) -> Raise {
        // SAFETY: luaL_where only pushes a string.
        unsafe { ffi::luaL_where(self.as_ptr(), 1) };
        // The Lua half of a function is not where its caller looks.
        if self.bytes(-1).is_some_and(|position| position.starts_with(b"[C]:")) {
            self.pop(1);
            // SAFETY: as above.
            unsafe { ffi::luaL_where(self.as_ptr(), 2) };
        }
        let text = {
            let position = self.bytes(-1).unwrap_or_default();
            let mut text = position.to_vec();
            text.extend_from_slice(message.to_string().as_bytes());
            text
        };
        self.pop(1);
        self.push_bytes(text);
        Raise::Value
    }

    /// An error about the `index`-th argument.
    pub(crate) fn argument_error(self, index: c_int, message: impl Display) -> Raise {
        self.push_bytes(message.to_string());
        Raise::Argument(index)
    }

    /// The argument must be a `expected`.
    pub(crate) fn type_error(self, index: c_int, expected: &str) -> Raise {
        let message = format!("{expected} expected, got {}", self.type_name(index));
        self.argument_error(index, message)
    }
}

/// Makes a Lua C function of a Rust function.
pub(crate) const fn function<F>(_: F) -> ffi::lua_CFunction
where
    F: Fn(State) -> Return + Copy,
{
    const { assert!(size_of::<F>() == 0, "only a plain function can be registered") };
    trampoline::<F>
}

unsafe extern "C-unwind" fn trampoline<F>(l: *mut ffi::lua_State) -> c_int
where
    F: Fn(State) -> Return + Copy,
{
    // SAFETY: a function item has no size, so there is nothing to read.
    let f = unsafe { NonNull::<F>::dangling().read() };
    // SAFETY: Lua calls us with a live coroutine.
    let l = unsafe { State::from_ptr(l) };

    match catch_unwind(AssertUnwindSafe(|| f(l))) {
        Ok(Ok(results)) => results,
        // SAFETY: only Copy data is alive here.
        Ok(Err(raise)) => unsafe { throw(l, raise) },
        Err(payload) => {
            push_panic(l, payload);
            // SAFETY: the payload was consumed.
            unsafe { throw(l, Raise::Value) }
        }
    }
}

/// # Safety
/// No Rust frame between here and Lua owns anything.
unsafe fn throw(l: State, raise: Raise) -> c_int {
    // SAFETY: the caller's promise; the message is a string on the stack.
    unsafe {
        match raise {
            Raise::Value => ffi::lua_error(l.as_ptr()),
            Raise::Argument(index) => {
                let message = ffi::lua_tolstring(l.as_ptr(), -1, core::ptr::null_mut());
                ffi::luaL_argerror(l.as_ptr(), index, message)
            }
        }
    }
}

fn push_panic(l: State, payload: Box<dyn Any + Send>) {
    l.push_bytes(format!("internal error in ngx_http_lua_module: {}", panic::text(&payload)));
    // A payload whose destructor panics must not take the worker down.
    core::mem::forget(payload);
}
