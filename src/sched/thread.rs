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

use super::exit::{Exit, Redirect};
use super::failures::Failures;
use super::subrequest::Group;
use super::writer::Written;
use super::{Ctx, Run};
use crate::conf::{Chunk, Phase};
use crate::lua::coroutine::Coroutine;
use crate::lua::{State, traceback};
use crate::ngx::Request;
use crate::ngx::event::Timer;
use crate::sys::lua as ffi;
use crate::sys::*;

/// What a thread waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    Sleep,
    RequestBody,
    Flush,
    Subrequests,
}

pub(crate) struct Thread {
    ctx: Cell<*const Ctx>,
    coroutine: Cell<Option<Coroutine>>,
    /// User coroutines that are suspended inside each other because the
    /// innermost, the last one, waits.
    chain: RefCell<Vec<State>>,
    /// Length of the chain when the current run began.
    base: Cell<usize>,
    wait: Cell<Option<Wait>>,
    timer: UnsafeCell<Timer>,
    /// The subrequests that it waits for.
    pub(super) group: Cell<*const Group>,
    /// Values on the innermost coroutine's stack for its next resumption.
    values: Cell<c_int>,
    /// The thread runs right now, below us on the C stack.
    running: Cell<bool>,
    /// It was to be ended while it ran.
    doomed: Cell<bool>,
    next_ready: Cell<*const Thread>,
    queued: Cell<bool>,
    failures: RefCell<Failures>,
    /// The function of the chunk, for stack traces.
    closure: Cell<*const c_void>,
}

/// How a stretch of Lua code ended, seen by the phase.
#[derive(Clone, Copy)]
pub(crate) enum Outcome {
    /// Some thread waits for an event.
    Waiting,
    Finished,
    /// `ngx.exit` or an error: what to give to nginx.
    Exit(ngx_int_t),
    /// `ngx.exec`.
    Elsewhere(Redirect),
}

/// How a resumption ended.
enum Step {
    Waiting,
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
            timer: UnsafeCell::new(Timer::new(timer_fired)),
            group: Cell::new(ptr::null()),
            values: Cell::new(0),
            running: Cell::new(false),
            doomed: Cell::new(false),
            next_ready: Cell::new(ptr::null()),
            queued: Cell::new(false),
            failures: RefCell::default(),
            closure: Cell::new(ptr::null()),
        }
    }

    pub(super) fn set_ctx(&mut self, ctx: *const Ctx) {
        self.ctx.set(ctx);
    }

    pub(crate) fn ctx(&self) -> &Ctx {
        // SAFETY: set when the context was made; the thread is part of it.
        unsafe { &*self.ctx.get() }
    }

    fn state(&self) -> State {
        let coroutine = self.coroutine.take();
        let state = coroutine.as_ref().map(|c| c.state);
        self.coroutine.set(coroutine);
        state.expect("a thread that runs has a coroutine")
    }

    /// The coroutine that the next event resumes.
    pub(crate) fn innermost(&self) -> State {
        let last = self.chain.borrow().last().copied();
        last.unwrap_or_else(|| self.state())
    }

    /// The function of the chunk.
    pub(crate) fn closure(&self) -> *const c_void {
        self.closure.get()
    }

    /// Notes what the running code waits for. The caller then yields.
    pub(crate) fn wait_for(&self, wait: Wait) {
        self.wait.set(Some(wait));
    }

    pub(crate) fn waits_for(&self, wait: Wait) -> bool {
        self.wait.get() == Some(wait)
    }

    pub(crate) fn start_timer(&self, msec: usize) {
        let data = (&raw const *self).cast_mut().cast();
        // SAFETY: nothing else holds a reference to the timer.
        unsafe { (*self.timer.get()).arm(msec, data) }
    }

    fn stop_timer(&self) {
        // SAFETY: as above.
        unsafe { (*self.timer.get()).disarm() }
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

    /// Whether `co` waits in this thread's chain, or is the thread itself.
    pub(crate) fn owns(&self, co: State) -> bool {
        self.chain.borrow().contains(&co)
    }

    /// Makes the thread ready to go on with the `values` topmost values of its
    /// innermost coroutine.
    pub(crate) fn wake(&self, values: c_int) {
        self.stop_timer();
        self.wait.set(None);
        self.values.set(values);
        self.ctx().ready.push(self);
    }

    /// Notes, for the trace, the wrapped coroutine that an error ended: see
    /// [`Failures::note`].
    pub(crate) fn note_failure(&self, l: State) {
        self.failures.borrow_mut().note(&self.ctx().vm, l);
    }

    /// Ends the thread, whatever it does.
    pub(super) fn end(&self) {
        // Code that prints can end its own request: an error page that a filter
        // brings about is answered at once. Its coroutine goes when it is back.
        if self.running.get() {
            self.doomed.set(true);
            return;
        }
        let Some(coroutine) = self.coroutine.take() else { return };
        self.stop_timer();
        // SAFETY: a group lives as long as the main request, and takes itself
        // out of the thread when it is over.
        if let Some(group) = unsafe { self.group.get().as_ref() } {
            group.forget_thread();
        }
        self.wait.set(None);
        let vm = &self.ctx().vm;
        for co in self.chain.borrow_mut().drain(..) {
            vm.remove_waiting(co);
        }
        self.failures.borrow_mut().clear(vm);
        vm.remove_waiting(coroutine.state);
        vm.recycle(coroutine);
    }

    /// Runs the thread until it waits or ends.
    fn resume(&self, phase: Phase) -> Step {
        let ctx = self.ctx();
        loop {
            let co = self.innermost();
            let values = self.values.take();
            self.base.set(self.chain.borrow().len());
            ctx.vm.remove_waiting(co);
            let run = Run::of_thread(phase, ctx, self);
            self.running.set(true);
            // SAFETY: `co` is suspended or new, with its arguments on top.
            let status = run.enter(|| unsafe { ffi::lua_resume(co.as_ptr(), values) });
            self.running.set(false);
            if self.doomed.take() {
                return Step::Doomed;
            }

            if status == ffi::LUA_YIELD && self.yields_to_scheduler() {
                if ctx.exit.get().is_some() {
                    return Step::Exit;
                }
                self.chain.borrow().iter().for_each(|co| ctx.vm.add_waiting(*co));
                ctx.vm.add_waiting(self.state());
                return Step::Waiting;
            }

            if self.chain.borrow_mut().pop().is_some() {
                self.hand_over(co, status);
                continue;
            }

            match status {
                // The thread gave way; there is nobody else to run.
                ffi::LUA_YIELD => co.set_top(0),
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

impl Ctx {
    /// Runs a chunk in a new coroutine.
    pub(crate) fn start(&self, phase: Phase, chunk: &Chunk) -> Outcome {
        if !self.add_cleanup() {
            return Outcome::Exit(NGX_HTTP_INTERNAL_SERVER_ERROR as ngx_int_t);
        }
        let own_globals = match self.push_closure(chunk) {
            Ok(own) => own,
            Err(status) => return Outcome::Exit(status),
        };

        let main = self.vm.main();
        let coroutine = self.vm.coroutine();
        let co = coroutine.state;
        main.move_to(co, 1);
        self.entry.closure.set(co.address(-1));

        if own_globals {
            self.vm.push_sandbox(co);
            co.push_value(-1);
            co.replace(ffi::LUA_GLOBALSINDEX);
            co.set_globals_of(-2);
        }

        self.start_coroutine(phase, coroutine, 0)
    }

    /// Runs a coroutine that has a function and `args` arguments on its stack.
    pub(super) fn start_coroutine(
        &self,
        phase: Phase,
        coroutine: Coroutine,
        args: c_int,
    ) -> Outcome {
        self.entry.coroutine.set(Some(coroutine));
        self.entry.values.set(args);
        self.phase.set(Some(phase));
        self.exit.set(None);
        self.step(&self.entry)
    }

    /// Goes on after an event: with the threads that became ready, or, if it
    /// was a write event, with sending. `None` if the code still waits.
    pub(crate) fn event(&self) -> Option<Outcome> {
        if self.ready.is_empty() {
            match self.write_event() {
                Written::Ready => {}
                Written::Nothing => return None,
                Written::TimedOut => {
                    self.abort();
                    return Some(Outcome::Exit(NGX_HTTP_REQUEST_TIME_OUT as ngx_int_t));
                }
            }
        }

        let mut outcome = None;
        while let Some(thread) = self.ready.pop() {
            let step = self.step(thread);
            outcome = Some(step);
            if !matches!(step, Outcome::Waiting) {
                break;
            }
        }
        outcome
    }

    fn step(&self, thread: &Thread) -> Outcome {
        let phase = self.phase.get().expect("a thread runs in a phase");

        match thread.resume(phase) {
            Step::Waiting => {
                self.output.hand_on(self);
                Outcome::Waiting
            }
            Step::Finished => {
                self.abort();
                Outcome::Finished
            }
            Step::Doomed => {
                self.abort();
                Outcome::Exit(ERROR)
            }
            Step::Failed => {
                thread.log_error();
                self.abort();
                Outcome::Exit(if self.request.header_sent() {
                    ERROR
                } else {
                    NGX_HTTP_INTERNAL_SERVER_ERROR as ngx_int_t
                })
            }
            Step::Exit => {
                self.abort();
                match self.exit.take() {
                    Some(Exit::Asked(code)) => Outcome::Exit(self.exit_status(phase, code)),
                    Some(Exit::Refused(rc)) => Outcome::Exit(rc),
                    Some(Exit::Elsewhere(redirect)) => Outcome::Elsewhere(redirect),
                    None => Outcome::Exit(OK),
                }
            }
        }
    }

    /// What `ngx.exit(code)` means to nginx.
    fn exit_status(&self, phase: Phase, code: ngx_int_t) -> ngx_int_t {
        const SILENT: [ngx_int_t; 3] = [
            NGX_HTTP_CLOSE as ngx_int_t,
            NGX_HTTP_REQUEST_TIME_OUT as ngx_int_t,
            NGX_HTTP_CLIENT_CLOSED_REQUEST as ngx_int_t,
        ];
        let (ok, special) = (NGX_HTTP_OK as ngx_int_t, NGX_HTTP_SPECIAL_RESPONSE as ngx_int_t);

        if SILENT.contains(&code) || !self.has_client() {
            return code;
        }

        let r = self.request;
        if !r.header_sent() && r.status() == 0 && code >= ok {
            r.set_status(code as ngx_uint_t);
        }

        let ends_response = (code == OK && phase == Phase::Content)
            || (code >= ok
                && code < special
                && (code != NGX_HTTP_NO_CONTENT as ngx_int_t || r.header_sent()))
            || (code >= OK && self.output.is_buffering() && r.status() != 0);
        if ends_response {
            let rc = self.output.finish(self);
            return if rc > OK { ERROR } else { rc };
        }
        self.output.hand_on(self);
        code
    }
}

impl Thread {
    fn log_error(&self) {
        let ctx = self.ctx();
        let co = self.state();
        let kind = match co.status() {
            ffi::LUA_ERRRUN => "runtime error",
            ffi::LUA_ERRSYNTAX => "syntax error",
            ffi::LUA_ERRMEM => "memory allocation error",
            ffi::LUA_ERRERR => "error handler error",
            _ => "unknown error",
        };

        let mut text = format!("lua entry thread aborted: {kind}: ").into_bytes();
        text.extend_from_slice(co.bytes(-1).unwrap_or(b"unknown reason"));
        let mut chain = self.failures.borrow().behind(co);
        chain.push(co);
        traceback::coroutines(&mut text, chain.into_iter(), self.closure.get());
        ctx.request.log(NGX_LOG_ERR, text);
    }
}

/// Lets the phase that a thread of `ctx` belongs to go on. The request may be
/// gone when this returns.
pub(crate) fn dispatch(ctx: &Ctx) {
    let r = ctx.request;
    if !ctx.has_client() {
        if let Some(resume) = ctx.resume.get() {
            // SAFETY: the request is live.
            unsafe { resume(r.as_ptr()) };
        }
        return;
    }

    let connection = r.connection();
    // SAFETY: the request is live. Reading the body replaces the write event
    // handler, so it is put back. A subrequest may have run in between.
    unsafe {
        if let Some(resume) = ctx.resume.get() {
            (*r.as_ptr()).write_event_handler = Some(resume);
            r.name_in_log();
            resume(r.as_ptr());
        }
    }
    Request::run_posted(connection);
}

unsafe extern "C" fn timer_fired(event: *mut ngx_event_t) {
    crate::ngx::callback("timer", (), || {
        // SAFETY: the timer was armed with its thread, and is disarmed before
        // the thread ends.
        let thread = unsafe { &*(*event).data.cast::<Thread>() };
        match thread.wait.get() {
            Some(Wait::Sleep) => {
                thread.wake(0);
                dispatch(thread.ctx());
            }
            Some(Wait::RequestBody | Wait::Flush | Wait::Subrequests) | None => {}
        }
    });
}

/// A queue of threads, linked through the threads.
pub(crate) struct Ready {
    first: Cell<*const Thread>,
    last: Cell<*const Thread>,
}

impl Ready {
    pub(super) fn new() -> Self {
        Self { first: Cell::new(ptr::null()), last: Cell::new(ptr::null()) }
    }

    fn push(&self, thread: &Thread) {
        if thread.queued.replace(true) {
            return;
        }
        thread.next_ready.set(ptr::null());
        // SAFETY: queued threads live; they leave the queue before they end.
        match unsafe { self.last.get().as_ref() } {
            Some(last) => last.next_ready.set(thread),
            None => self.first.set(thread),
        }
        self.last.set(thread);
    }

    fn pop<'a>(&self) -> Option<&'a Thread> {
        // SAFETY: as above.
        let thread = unsafe { self.first.get().as_ref() }?;
        self.first.set(thread.next_ready.get());
        if self.first.get().is_null() {
            self.last.set(ptr::null());
        }
        thread.queued.set(false);
        Some(thread)
    }

    fn is_empty(&self) -> bool {
        self.first.get().is_null()
    }

    pub(super) fn clear(&self) {
        while self.pop().is_some() {}
    }
}
