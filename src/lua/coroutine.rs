//! Coroutines that the scheduler runs, taken from and returned to a pool.
//!
//! A spare coroutine was reset: to Lua code it is indistinguishable from a new
//! one, with the main state's globals, but it keeps its stack, which saves the
//! allocation.

use core::ffi::c_void;

use super::state::Ref;
use super::{State, Vm};
use crate::sys::lua::{
    LUA_GLOBALSINDEX, LUA_OK, LUA_YIELD, ResetThread, lua_newthread, reset_thread,
};

/// A coroutine and the registry entry that keeps it alive. It goes back to
/// the machine through [`Vm::recycle`] or [`Vm::retire`].
#[derive(Clone, Copy)]
pub(crate) struct Coroutine {
    pub state: State,
    anchor: Ref,
}

/// What `coroutine.status` says of a coroutine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Running,
    Suspended,
    Normal,
    Dead,
    /// A light thread that has ended and that its parent has not waited for.
    Zombie,
}

impl Status {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Suspended => "suspended",
            Self::Normal => "normal",
            Self::Dead => "dead",
            Self::Zombie => "zombie",
        }
    }
}

/// A value at the bottom of the stack of a coroutine that the scheduler has: Lua
/// code must not resume it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// It waits for an event or its turn.
    Waits,
    /// It waits for a coroutine that it has resumed.
    Resumes,
    /// A light thread that has ended; its results are above.
    Zombie,
    /// Not on the stack: the globals of a light thread that is no more.
    Retired,
}

/// The tables that are the marks.
pub(super) struct Marks([(Ref, *const c_void); 4]);

impl Marks {
    pub(super) fn new(l: State) -> Self {
        Self(core::array::from_fn(|_| {
            l.new_table(0, 0);
            let address = l.address(-1);
            (l.anchor(), address)
        }))
    }

    fn address(&self, mark: Mark) -> *const c_void {
        self.0[mark as usize].1
    }
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

    /// A new coroutine with the globals of `l`, on whose stack it is left.
    pub(crate) fn coroutine_beside(&self, l: State) -> Coroutine {
        // SAFETY: the new coroutine is on the stack of `l`.
        let state = unsafe { State::from_ptr(lua_newthread(l.as_ptr())) };
        l.push_value(-1);
        Coroutine { state, anchor: l.anchor() }
    }

    /// Takes a coroutine back, ended or not. One that an error ended is not used
    /// again: LuaJIT cannot reset a stack that has overflown.
    pub(crate) fn recycle(&self, coroutine: Coroutine) {
        let mut spare = self.spare.borrow_mut();

        match self.reset_thread {
            Some(call)
                if spare.len() < self.spare_limit
                    && matches!(coroutine.state.status(), LUA_OK | LUA_YIELD) =>
            {
                self.reset_by(call, coroutine.state);
                spare.push(coroutine);
            }
            _ => self.main().release(coroutine.anchor),
        }
    }

    /// Ends a coroutine that Lua code may know, and leaves it to the collector.
    pub(crate) fn retire(&self, coroutine: Coroutine) {
        self.reset(coroutine.state);
        // Whoever still has it shall be told that it was a light thread.
        self.mark_globals(coroutine, Mark::Retired);
        self.main().release(coroutine.anchor);
    }

    /// Marks a light thread that has ended and whose results are on its stack.
    pub(crate) fn mark_zombie(&self, coroutine: Coroutine) {
        let co = coroutine.state;
        if co.status() == LUA_OK {
            self.push_mark(co, Mark::Zombie);
            co.insert(1);
        } else {
            // Functions still use the variables of code that an error ended.
            self.mark_globals(coroutine, Mark::Zombie);
        }
    }

    fn mark_globals(&self, coroutine: Coroutine, mark: Mark) {
        let main = self.main();
        main.push_ref(coroutine.anchor);
        self.push_mark(main, mark);
        main.set_globals_of(-2);
        main.pop(1);
    }

    fn has_globals(&self, co: State, mark: Mark) -> bool {
        co.address(LUA_GLOBALSINDEX) == self.marks.address(mark)
    }

    /// Whether `co` went through [`Vm::retire`].
    pub(crate) fn is_retired(&self, co: State) -> bool {
        self.has_globals(co, Mark::Retired)
    }

    /// Makes a coroutine dead that does not run.
    pub(crate) fn reset(&self, co: State) {
        match (co.status(), self.reset_thread) {
            (LUA_YIELD, Some(call)) => self.reset_by(call, co),
            (LUA_YIELD, None) => {
                self.push_mark(co, Mark::Retired);
                co.replace(LUA_GLOBALSINDEX);
            }
            (LUA_OK, _) => co.set_top(0),
            // It is dead, and functions still use its variables.
            _ => {}
        }
    }

    /// Empties a coroutine and gives it the globals of the main state.
    ///
    /// `lua_resetthread` cuts functions loose from the local variables that it
    /// clears, but those of its first argument instead of the second's. Those of
    /// a suspended coroutine would find there what the next code puts there. So
    /// it is called for these with the coroutine itself; and then with one that
    /// has never run and has no variables, as the main state may be running.
    fn reset_by(&self, call: ResetThread, co: State) {
        // SAFETY: the coroutines belong to this machine, and `co` does not run.
        unsafe {
            if co.status() == LUA_YIELD {
                call(co.as_ptr(), co.as_ptr());
            }
            call(self.pristine.as_ptr(), co.as_ptr());
        }
    }

    pub(crate) fn push_mark(&self, l: State, mark: Mark) {
        l.push_ref(self.marks.0[mark as usize].0);
    }

    /// The status of a coroutine other than the one that asks.
    pub(crate) fn status_of(&self, co: State) -> Status {
        let status = co.status();
        if status == LUA_OK && co.has_frames() {
            return Status::Normal;
        }
        if status != LUA_OK && status != LUA_YIELD {
            let zombie = self.has_globals(co, Mark::Zombie);
            return if zombie { Status::Zombie } else { Status::Dead };
        }
        if co.top() == 0 {
            return if status == LUA_YIELD { Status::Suspended } else { Status::Dead };
        }
        let bottom = co.address(1);
        if bottom == self.marks.address(Mark::Zombie) {
            Status::Zombie
        } else if status == LUA_YIELD {
            // Where coroutines cannot be reset, one that was ended looks as if it
            // waited.
            if self.reset_thread.is_none() && self.is_retired(co) {
                Status::Dead
            } else if bottom == self.marks.address(Mark::Waits) {
                Status::Running
            } else if bottom == self.marks.address(Mark::Resumes) {
                Status::Normal
            } else {
                Status::Suspended
            }
        } else {
            Status::Suspended
        }
    }

    /// Whether the scheduler of some request has `co`, which does not run.
    pub(crate) fn is_scheduled(&self, co: State) -> bool {
        let runs = co.status() == LUA_OK && co.has_frames();
        !runs && !matches!(self.status_of(co), Status::Suspended | Status::Dead)
    }
}

/// The status of a coroutine where there are no requests yet.
pub(crate) fn status_at_start(co: State) -> Status {
    match co.status() {
        LUA_OK if co.has_frames() => Status::Normal,
        LUA_OK if co.top() > 0 => Status::Suspended,
        LUA_YIELD => Status::Suspended,
        _ => Status::Dead,
    }
}
