//! Coroutines that the scheduler runs, taken from and returned to a pool.
//!
//! A spare coroutine was reset: to Lua code it is indistinguishable from a new
//! one, with the main state's globals, but it keeps its stack, which saves the
//! allocation.

use super::state::Ref;
use super::{State, Vm};
use crate::sys::lua::{LUA_OK, LUA_YIELD, lua_newthread, reset_thread};

/// A coroutine and the registry entry that keeps it alive. It goes back to
/// the machine through [`Vm::recycle`].
pub(crate) struct Coroutine {
    pub state: State,
    anchor: Ref,
}

/// Whether this LuaJIT cannot reset a coroutine.
pub(crate) fn cannot_be_reused() -> bool {
    reset_thread().is_none()
}

impl Vm {
    /// A coroutine with an empty stack.
    pub(crate) fn coroutine(&self) -> Coroutine {
        if let Some(spare) = self.spare.borrow_mut().pop() {
            return spare;
        }

        let main = self.main();
        // SAFETY: the new coroutine is anchored before anything else happens.
        let state = unsafe {
            let l = lua_newthread(main.as_ptr());
            State::from_ptr(l)
        };
        Coroutine { state, anchor: main.anchor() }
    }

    /// Takes a coroutine back, ended or not. One that an error ended is not used
    /// again: LuaJIT cannot reset a stack that has overflown.
    pub(crate) fn recycle(&self, coroutine: Coroutine) {
        let mut spare = self.spare.borrow_mut();

        match self.reset_thread {
            Some(reset)
                if spare.len() < self.spare_limit
                    && matches!(coroutine.state.status(), LUA_OK | LUA_YIELD) =>
            {
                // SAFETY: the coroutine belongs to this machine and does not run.
                unsafe { reset(self.main().as_ptr(), coroutine.state.as_ptr()) };
                spare.push(coroutine);
            }
            _ => self.main().release(coroutine.anchor),
        }
    }
}
