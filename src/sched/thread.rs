//! Threads: what the scheduler resumes.
//!
//! A thread is a coroutine of the scheduler together with the coroutines that
//! its code created and that wait inside each other. When code waits, it arms
//! an event and yields; every `coroutine.resume` on the way notes its coroutine
//! in the thread's chain and yields too. The event then resumes the innermost
//! one, and when that ends or yields for its own purposes, the scheduler hands
//! its values to the one that resumed it.

use core::cell::{Cell, RefCell, UnsafeCell};
use core::ffi::{c_int, c_void};
use core::ptr;

use super::dispatch::dispatch;
use super::failures::Failures;
use super::family::Kin;
use super::ready::Link;
use super::ready::TURNS;
use super::semaphore::Waiter;
use super::{Ctx, Run};
use crate::conf::Phase;
use crate::lua::State;
use crate::lua::coroutine::{Coroutine, Mark};
use crate::ngx::event::{self, Timer};
use crate::sys::lua as ffi;
use crate::sys::*;

/// What a thread waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// Its turn, after others that are ready.
    Turn,
    Sleep,
    RequestBody,
    Flush,
    Subrequests,
    Semaphore,
    /// What a socket is asked for: a name, a connection, data.
    Socket,
    /// The end of light threads that it started.
    Threads,
}

impl Wait {
    pub(super) const KINDS: usize = Wait::Threads as usize + 1;
}

pub(crate) struct Thread {
    ctx: Cell<*const Ctx>,
    pub(super) coroutine: Cell<Option<Coroutine>>,
    /// User coroutines that are suspended inside each other because the
    /// innermost, the last one, waits.
    pub(super) chain: RefCell<Vec<State>>,
    /// Length of the chain when the current run began.
    base: Cell<usize>,
    wait: Cell<Option<Wait>>,
    /// What takes the wait, or its result, back if the thread is ended meanwhile.
    keeper: Cell<Option<Keeper>>,
    timer: UnsafeCell<Timer>,
    /// When the timer is to fire, if the thread waits for that. Until the thread
    /// runs again, the timer of an earlier wait may still be armed.
    due: Cell<Option<ngx_msec_t>>,
    /// Its place in the queue of the semaphore that it waits for.
    pub(super) waiter: Waiter,
    /// Values on the innermost coroutine's stack for its next resumption.
    pub(super) values: Cell<c_int>,
    /// The thread runs right now, below us on the C stack.
    running: Cell<bool>,
    /// It was to be ended while it ran.
    doomed: Cell<bool>,
    pub(super) link: Link,
    pub(super) kin: Kin,
    pub(super) failures: RefCell<Failures>,
}

/// Who keeps a thread waiting, and how that ends from outside.
#[derive(Clone, Copy)]
pub(crate) struct Keeper {
    pub owner: *const c_void,
    /// The thread ends: `owner` is to forget it, or to take back what it gave.
    pub undo: unsafe fn(*const c_void),
    /// The time that [`Thread::start_timer`] was given is over: `owner` is to
    /// wake the thread. Without this, there is no time limit.
    pub time_out: Option<unsafe fn(*const c_void)>,
}

/// How a resumption ended.
pub(super) enum Step {
    Waiting,
    /// It gave way to others.
    Yielded,
    Finished,
    Exit,
    Failed,
    /// The request ended meanwhile.
    Doomed,
}

impl Thread {
    pub(super) fn new() -> Self {
        Self {
            ctx: Cell::new(ptr::null()),
            coroutine: Cell::new(None),
            chain: RefCell::default(),
            base: Cell::new(0),
            wait: Cell::new(None),
            keeper: Cell::new(None),
            timer: UnsafeCell::new(Timer::new(timer_fired)),
            due: Cell::new(None),
            waiter: Waiter::new(),
            values: Cell::new(0),
            running: Cell::new(false),
            doomed: Cell::new(false),
            link: Link::new(),
            kin: Kin::default(),
            failures: RefCell::default(),
        }
    }

    pub(super) fn set_ctx(&self, ctx: *const Ctx) {
        self.ctx.set(ctx);
    }

    pub(crate) fn ctx(&self) -> &Ctx {
        // SAFETY: set when the thread was made; the context owns the thread.
        unsafe { &*self.ctx.get() }
    }

    /// The thread's own coroutine, unless it has ended.
    pub(super) fn coroutine_state(&self) -> Option<State> {
        self.coroutine.get().map(|coroutine| coroutine.state)
    }

    pub(super) fn state(&self) -> State {
        self.coroutine_state().expect("a thread that runs has a coroutine")
    }

    /// The coroutine that the next event resumes.
    pub(crate) fn innermost(&self) -> State {
        let last = self.chain.borrow().last().copied();
        last.unwrap_or_else(|| self.state())
    }

    /// Notes what the running code waits for. The caller then yields.
    pub(crate) fn wait_for(&self, wait: Wait) {
        self.wait.set(Some(wait));
        self.ctx().waits.add(wait);
    }

    /// The same, and the keeper is called if the thread is ended, or its time is
    /// over, before [`Thread::wake`].
    ///
    /// # Safety
    /// The keeper may be called with its owner until then.
    pub(crate) unsafe fn wait_for_keeper(&self, wait: Wait, keeper: Keeper) {
        self.keeper.set(Some(keeper));
        self.wait_for(wait);
    }

    pub(crate) fn waits_for(&self, wait: Wait) -> bool {
        self.wait.get() == Some(wait)
    }

    /// Makes the thread ready to go on with the `values` topmost values of its
    /// innermost coroutine.
    pub(crate) fn wake(&self, values: c_int) {
        self.stop_waiting();
        self.values.set(values);
        self.ctx().ready.push(self);
    }

    /// Has `undo(owner)` called if the thread, which was woken, is ended before it
    /// runs.
    ///
    /// # Safety
    /// `undo` may be called with `owner` until then.
    pub(crate) unsafe fn unless_resumed(
        &self,
        owner: *const c_void,
        undo: unsafe fn(*const c_void),
    ) {
        self.keeper.set(Some(Keeper { owner, undo, time_out: None }));
    }

    pub(super) fn stop_waiting(&self) {
        self.due.set(None);
        self.keeper.set(None);
        if let Some(wait) = self.wait.take() {
            self.ctx().waits.remove(wait);
        }
    }

    pub(crate) fn start_timer(&self, msec: usize) {
        self.due.set(Some(event::now().wrapping_add(msec)));
        let data = (&raw const *self).cast_mut().cast();
        // SAFETY: nothing else holds a reference to the timer.
        unsafe { (*self.timer.get()).arm_by(msec, data) }
    }

    /// The wait has no time limit any more.
    pub(crate) fn forget_timer(&self) {
        self.due.set(None);
    }

    fn stop_timer(&self) {
        // SAFETY: as above.
        unsafe { (*self.timer.get()).disarm() }
    }

    /// Whether the timer is one that the thread waits for, and not that of an
    /// earlier wait; what is missing is waited for.
    fn is_due(&self) -> bool {
        let Some(due) = self.due.get() else { return false };
        let missing = due.wrapping_sub(event::now()) as isize;
        if missing > 0 {
            self.start_timer(missing as usize);
        }
        missing <= 0
    }

    /// Whether the code that just yielded did so to wait or to end, and not to
    /// hand values to its resumer.
    pub(crate) fn yields_to_scheduler(&self) -> bool {
        self.wait.get().is_some() || self.ctx().exit.get().is_some()
    }

    /// Notes that `co` is suspended on the way to the scheduler. The innermost
    /// comes first.
    pub(crate) fn suspend(&self, co: State) {
        self.chain.borrow_mut().insert(self.base.get(), co);
    }

    /// Notes, for the trace, the wrapped coroutine that an error ended: see
    /// [`Failures::note`].
    pub(crate) fn note_failure(&self, l: State) {
        self.failures.borrow_mut().note(&self.ctx().vm, l);
    }

    pub(super) fn is_doomed(&self) -> bool {
        self.doomed.get()
    }

    pub(super) fn is_running(&self) -> bool {
        self.running.get()
    }

    /// Ends the thread, whatever it does.
    #[inline]
    pub(super) fn end(&self) {
        // Code that prints can end its own request: an error page that a filter
        // brings about is answered at once. Its coroutine goes when it is back.
        if self.running.get() {
            self.doomed.set(true);
            return;
        }
        if let Some(coroutine) = self.coroutine.take() {
            self.end_suspended(coroutine);
        }
    }

    fn end_suspended(&self, coroutine: Coroutine) {
        if let Some(keeper) = self.keeper.take() {
            // SAFETY: promised to `wait_for_keeper`.
            unsafe { (keeper.undo)(keeper.owner) }
        }
        self.stop_waiting();
        self.stop_timer();
        self.ctx().ready.remove(self);

        let vm = &self.ctx().vm;
        if !self.chain.borrow().is_empty() {
            self.chain.take().into_iter().for_each(|co| vm.reset(co));
        }
        self.failures.borrow_mut().clear(vm);
        if self.kin.is_light() {
            self.kin.forget(vm);
            vm.retire(coroutine);
        } else {
            vm.recycle(coroutine);
        }
    }

    /// Runs the thread until it waits or ends.
    pub(super) fn resume(&self, phase: Phase) -> Step {
        let ctx = self.ctx();
        let mut turns = 0;
        // Who waited for its turn has it.
        self.stop_waiting();
        loop {
            let co = self.innermost();
            let values = self.values.take();
            self.base.set(self.chain.borrow().len());
            let run = Run::of_thread(phase, ctx, self);
            self.running.set(true);
            // SAFETY: `co` is suspended or new, with its arguments on top.
            let status = run.enter(|| unsafe { ffi::lua_resume(co.as_ptr(), values) });
            self.running.set(false);
            if self.due.get().is_none() {
                self.stop_timer();
            }
            if self.doomed.take() {
                return Step::Doomed;
            }

            if status == ffi::LUA_YIELD && self.yields_to_scheduler() {
                if ctx.exit.get().is_some() {
                    return Step::Exit;
                }
                return Step::Waiting;
            }

            if self.chain.borrow_mut().pop().is_some() {
                self.hand_over(co, status);
                if status != ffi::LUA_YIELD {
                    ctx.coroutine_ended(co);
                }
                continue;
            }

            match status {
                ffi::LUA_YIELD => {
                    co.set_top(0);
                    turns += 1;
                    if !ctx.ready.is_empty() || ctx.nested.get() || turns == TURNS {
                        ctx.vm.push_mark(co, Mark::Waits);
                        return Step::Yielded;
                    }
                }
                ffi::LUA_OK => return Step::Finished,
                _ => return Step::Failed,
            }
        }
    }

    /// Gives what `co` yielded, returned or raised to the coroutine that
    /// resumed it, as the results of `coroutine.resume`.
    fn hand_over(&self, co: State, status: c_int) {
        let resumer = self.innermost();
        let success = matches!(status, ffi::LUA_OK | ffi::LUA_YIELD);
        let n = if success { co.top() } else { 1 };

        if !resumer.ensure(n + 1) {
            co.set_top(0);
            resumer.push_boolean(false);
            resumer.push_bytes("too many results to resume");
            self.values.set(2);
            return;
        }
        resumer.push_boolean(success);
        co.move_to(resumer, n);
        self.values.set(n + 1);
    }
}

unsafe extern "C" fn timer_fired(event: *mut ngx_event_t) {
    crate::ngx::callback("timer", (), || {
        // SAFETY: the timer was armed with its thread, and is disarmed before
        // the thread ends.
        let thread = unsafe { &*(*event).data.cast::<Thread>() };
        if !thread.is_due() {
            return;
        }
        match thread.wait.get() {
            Some(Wait::Sleep) => thread.wake(0),
            Some(Wait::Turn) => thread.take_turn(),
            _ => {
                let keeper = thread.keeper.get();
                let Some((keeper, time_out)) = keeper.and_then(|k| Some((k, k.time_out?))) else {
                    return;
                };
                // SAFETY: promised to `wait_for_keeper`.
                unsafe { time_out(keeper.owner) }
            }
        }
        dispatch(thread.ctx());
    });
}
