//! Threads that wait for an operation of a socket.

use core::cell::Cell;
use core::ffi::c_int;
use core::ptr;

use crate::lua::State;
use crate::sched::dispatch::dispatch;
use crate::sched::{Ctx, Thread};
use crate::sys::ngx_msec_t;

/// The thread that waits for an operation, if one does.
pub(super) struct Waiting(Cell<*const Thread>);

/// A thread of this context can go on.
#[must_use]
pub(super) struct Woken(*const Ctx);

impl Woken {
    /// Runs it. The socket may be gone when this returns.
    pub(super) fn go_on(self) {
        // SAFETY: the thread that was woken keeps its context until it runs.
        dispatch(unsafe { &*self.0 });
    }
}

impl Waiting {
    pub(super) fn none() -> Self {
        Self(Cell::new(ptr::null()))
    }

    pub(super) fn is_some(&self) -> bool {
        !self.0.get().is_null()
    }

    pub(super) fn take<'a>(&self) -> Option<&'a Thread> {
        // SAFETY: a thread that ends is forgotten.
        unsafe { self.0.replace(ptr::null()).as_ref() }
    }

    /// Gives the thread so much time from now on, or no limit.
    pub(super) fn set_timer(&self, msec: Option<ngx_msec_t>) {
        // SAFETY: as for `take`.
        let Some(thread) = (unsafe { self.0.get().as_ref() }) else { return };
        match msec {
            Some(msec) => thread.start_timer(msec),
            None => thread.forget_timer(),
        }
    }

    pub(super) fn set(&self, thread: &Thread) {
        self.0.set(thread);
    }

    /// Makes the thread ready to go on with what `push` puts on its stack.
    pub(super) fn wake(&self, push: impl FnOnce(State) -> c_int) -> Option<Woken> {
        let thread = self.take()?;
        let results = push(thread.innermost());
        thread.wake(results);
        Some(Woken(thread.ctx()))
    }
}
