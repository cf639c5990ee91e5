//! Timers: code that runs later, on its own.
//!
//! A timer that waits for its time is an event of nginx and a coroutine that has
//! the function and its arguments on the stack already. When the time has come,
//! the coroutine runs as the entry thread of a fake request, which ends with it.
//!
//! A worker that is told to end runs all that wait at once. nginx does not tell
//! modules about that, but it closes the connections that are idle: so there is
//! one of ours among them, the watcher.

use core::cell::{Cell, UnsafeCell};
use core::ffi::{c_int, c_void};
use core::ptr::{self, NonNull};
use core::sync::atomic::Ordering;
use std::cell::RefCell;
use std::rc::Rc;

use super::worker::WORKER;
use super::{Ctx, Outcome, Run};
use crate::conf::Phase;
use crate::lua::coroutine::Coroutine;
use crate::lua::{State, Vm};
use crate::ngx::event::Timer as Event;
use crate::ngx::fake_request::{FakeRequest, Memory};
use crate::ngx::{self, HttpConf, NgxStr, Request, log};
use crate::sys::lua as ffi;
use crate::sys::*;

/// nginx's event loop has an int for the milliseconds to wait. Longer waits are
/// cut in parts.
const LONGEST: i64 = 1 << 30;
/// The longest part while there is no watcher. How long the worker may take to
/// notice that it shall end.
const UNWATCHED: i64 = 500;

/// The timers of the worker.
pub(crate) struct Timers {
    pending: RefCell<Vec<Rc<Pending>>>,
    running: RefCell<Vec<FakeRequest>>,
    /// How many have been created.
    created: Cell<u64>,
    /// The memory of a timer's request that has ended.
    spare: Cell<Option<Memory>>,
    watcher: Cell<*mut ngx_connection_t>,
}

/// A timer whose time has not come.
struct Pending {
    event: UnsafeCell<Event>,
    /// Its place among those that are pending.
    index: Cell<usize>,
    /// Comes before those that have the same time and a higher number.
    number: Cell<u64>,
    /// The time, by nginx's clock.
    due: Cell<i64>,
    /// The milliseconds between runs.
    every: Option<i64>,
    /// On its stack: the function, whether it runs before its time, arguments.
    coroutine: Cell<Option<Coroutine>>,
    origin: Origin,
}

/// A timer whose code runs or waits: the data of its request's log.
struct Running {
    /// Its place among those that run.
    index: Cell<usize>,
    peer: Option<Rc<Peer>>,
}

/// What a timer takes over from the code that creates it.
#[derive(Clone)]
struct Origin {
    conf: HttpConf,
    peer: Option<Rc<Peer>>,
    vm: Rc<Vm>,
}

/// Whose request created a timer, for log lines.
struct Peer {
    client: Vec<u8>,
    /// The address that nginx listens to.
    server: &'static [u8],
}

/// Why there is no timer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    #[error("process exiting")]
    Exiting,
    #[error("too many pending timers")]
    TooMany,
    #[error("no memory")]
    NoMemory,
}

impl Timers {
    pub(crate) fn of_worker() -> &'static Self {
        let timers = &WORKER.timers;
        let mut existing = timers.load(Ordering::Relaxed).cast::<Self>();
        if existing.is_null() {
            existing = Box::into_raw(Box::new(Self {
                pending: RefCell::default(),
                running: RefCell::default(),
                created: Cell::new(0),
                spare: Cell::new(None),
                watcher: Cell::new(ptr::null_mut()),
            }));
            timers.store(existing.cast(), Ordering::Relaxed);
        }
        // SAFETY: it stays as long as the worker; there is one thread.
        unsafe { &*existing }
    }

    /// How many wait for their time.
    pub(crate) fn pending(&self) -> usize {
        self.pending.borrow().len()
    }

    /// How many have started and have not ended.
    pub(crate) fn running(&self) -> usize {
        self.running.borrow().len()
    }

    /// Creates a timer for the function that is the second value of `l`, with the
    /// values above it as arguments; takes them.
    pub(crate) fn create(
        &self,
        run: &Run,
        l: State,
        delay: i64,
        repeat: bool,
    ) -> Result<(), Refused> {
        if delay != 0 && exiting() {
            return Err(Refused::Exiting);
        }
        let origin = Origin::of(run).ok_or(Refused::NoMemory)?;
        if self.pending() as ngx_int_t >= origin.conf.main_conf().max_pending_timers {
            return Err(Refused::TooMany);
        }
        l.push_boolean(false);
        l.insert(3);
        // Code that the function compiles has the globals that we have here.
        l.push_value(ffi::LUA_GLOBALSINDEX);
        l.insert(2);
        let coroutine = prepare(&origin.vm, l, l.top() - 1).ok_or(Refused::NoMemory)?;

        self.watch();
        let mut all = self.pending.borrow_mut();
        let pending = Rc::new(Pending {
            event: UnsafeCell::new(Event::new(fired)),
            index: Cell::new(all.len()),
            number: Cell::new(0),
            due: Cell::new(0),
            every: repeat.then_some(delay),
            coroutine: Cell::new(Some(coroutine)),
            origin,
        });
        self.schedule(&pending, delay);
        all.push(pending);
        Ok(())
    }

    /// Sets the time.
    fn schedule(&self, pending: &Pending, delay: i64) {
        let number = self.created.get();
        self.created.set(number + 1);
        pending.number.set(number);
        pending.due.set(now().saturating_add(delay.max(0)));
        self.arm(pending);
    }

    fn arm(&self, pending: &Pending) {
        let longest = if self.watcher.get().is_null() { UNWATCHED } else { LONGEST };
        let wait = (pending.due.get() - now()).clamp(0, longest);
        let data = (&raw const *pending).cast_mut().cast::<c_void>();
        // SAFETY: nothing else holds a reference to the event.
        let event = unsafe { &mut *pending.event.get() };
        event.disarm();
        event.arm(wait as usize, data);
    }

    /// A timer's event has come.
    fn fire(&self, pending: &Rc<Pending>) {
        if pending.due.get() <= now() {
            self.start(pending, false);
        } else if exiting() {
            self.hurry();
        } else {
            // That was a part of its wait.
            self.watch();
            self.arm(pending);
        }
    }

    /// Runs all that are pending before their time, the next one first.
    fn hurry(&self) {
        let mut all = self.pending.borrow().clone();
        all.sort_by_key(|pending| (pending.due.get(), pending.number.get()));
        for pending in &all {
            self.start(pending, true);
        }
    }

    fn start(&self, pending: &Rc<Pending>, premature: bool) {
        let Some(coroutine) = pending.coroutine.take() else { return };
        let origin = &pending.origin;
        let co = coroutine.state;
        match pending.every {
            Some(delay) if !exiting() => match copy(&origin.vm, co) {
                Some(next) => {
                    pending.coroutine.set(Some(next));
                    self.schedule(pending, delay);
                }
                None => {
                    self.forget(pending);
                    let message = format!("failed to create the next timer of delay {delay} ms");
                    log::cycle_error(NGX_LOG_ALERT, message);
                }
            },
            _ => self.forget(pending),
        }

        if premature {
            co.push_boolean(true);
            co.replace(2);
        }
        if let Err((coroutine, reason)) = self.run(origin, coroutine) {
            let place = coroutine.state.definition(1);
            log::cycle_error(
                NGX_LOG_ALERT,
                format_args!("lua failed to run timer with function defined at {place}: {reason}"),
            );
            origin.vm.recycle(coroutine);
        }
    }

    /// Takes a timer from those that are pending.
    fn forget(&self, pending: &Pending) {
        let mut all = self.pending.borrow_mut();
        let index = pending.index.get();
        all.swap_remove(index);
        if let Some(moved) = all.get(index) {
            moved.index.set(index);
        }
    }

    /// Runs a prepared coroutine; gives it back with the reason if that cannot be.
    fn run(&self, origin: &Origin, coroutine: Coroutine) -> Result<(), (Coroutine, String)> {
        let limit = origin.conf.main_conf().max_running_timers;
        if self.running() as ngx_int_t >= limit {
            return Err((coroutine, format!("{limit} lua_max_running_timers are not enough")));
        }
        // SAFETY: the configuration is the worker's, as are the logs.
        let fake = unsafe { FakeRequest::new(origin.conf, origin.log(), self.spare.take()) };
        let Some(fake) = fake else {
            return Err((coroutine, "could not create fake request".into()));
        };
        let request = fake.request();
        let running = Running { index: Cell::new(self.running()), peer: origin.peer.clone() };
        // It comes first, so that it ends last: what ends may still log.
        let Some(running) = request.pool().own(|| running) else {
            return Err((coroutine, "could not create ctx".into()));
        };
        // SAFETY: the log is the request's own.
        unsafe { (*request.log_ptr()).data = running.as_ptr().cast() };
        let Some(ctx) = Ctx::of_fake(request, origin.vm.clone()) else {
            return Err((coroutine, "could not create ctx".into()));
        };
        ctx.resume.set(Some(resumed));
        self.running.borrow_mut().push(fake);

        let args = coroutine.state.top() - 1;
        if !matches!(ctx.start_coroutine(Phase::Timer, coroutine, args), Outcome::Waiting) {
            self.finish(request);
        }
        Ok(())
    }

    /// Ends a timer that runs, with its request.
    fn finish(&self, request: Request) {
        let index = Running::of(request).index.get();
        let ended = {
            let mut all = self.running.borrow_mut();
            let ended = all.swap_remove(index);
            if let Some(moved) = all.get(index) {
                Running::of(moved.request()).index.set(index);
            }
            ended
        };
        self.spare.set(ended.end());
    }

    /// Ends all timers that run.
    fn abort(&self) {
        loop {
            let last = self.running.borrow().last().map(FakeRequest::request);
            let Some(request) = last else { return };
            self.finish(request);
        }
    }

    /// Sees to it that we learn of the worker's end. If all connections are in
    /// use, it is tried again later.
    fn watch(&self) {
        if !self.watcher.get().is_null() || exiting() {
            return;
        }
        // SAFETY: the worker's cycle is live. A connection that is taken is ours.
        unsafe {
            if (*ngx_cycle).free_connection_n == 0 {
                return;
            }
            let connection = ngx_get_connection(0, log::cycle_log());
            if connection.is_null() {
                return;
            }
            (*connection).fd = NO_FILE;
            (*connection).set_idle(1);
            (*(*connection).read).handler = Some(closed);
            (*(*connection).read).log = log::cycle_log();
            self.watcher.set(connection);
        }
    }

    /// Ends all timers with the worker.
    pub(crate) fn end() {
        if WORKER.timers.load(Ordering::Relaxed).is_null() {
            return;
        }
        let timers = Self::of_worker();
        drop(timers.pending.take());
        timers.abort();
        timers.spare.set(None);
        let watcher = timers.watcher.replace(ptr::null_mut());
        if !watcher.is_null() {
            // SAFETY: the connection is ours. The number was that of a file when it
            // was taken; with none, the connection counts as closed.
            unsafe {
                (*watcher).fd = 0;
                ngx_free_connection(watcher);
                (*watcher).fd = -1;
            }
        }
        WORKER.timers.store(ptr::null_mut(), Ordering::Relaxed);
        // SAFETY: `of_worker` made it of a box; nothing runs any more that could
        // have asked for it.
        drop(unsafe { Box::from_raw(ptr::from_ref(timers).cast_mut()) });
    }
}

/// The watcher's descriptor: no file, but in nginx's eyes no closed connection
/// either.
const NO_FILE: ngx_socket_t = -2;

impl Drop for Pending {
    fn drop(&mut self) {
        if let Some(coroutine) = self.coroutine.take() {
            self.origin.vm.recycle(coroutine);
        }
    }
}

/// A coroutine with the `n` topmost values of `l`, of which the first becomes
/// its globals.
fn prepare(vm: &Vm, l: State, n: c_int) -> Option<Coroutine> {
    let coroutine = vm.coroutine();
    let co = coroutine.state;
    // One more for `copy`.
    if !co.ensure(n + 1) {
        vm.recycle(coroutine);
        return None;
    }
    l.move_to(co, n);
    co.push_value(1);
    co.replace(ffi::LUA_GLOBALSINDEX);
    co.remove(1);
    Some(coroutine)
}

/// A coroutine with what is on the stack of `co`.
fn copy(vm: &Vm, co: State) -> Option<Coroutine> {
    let n = co.top();
    if !co.ensure(n + 1) {
        return None;
    }
    co.push_value(ffi::LUA_GLOBALSINDEX);
    for index in 1..=n {
        co.push_value(index);
    }
    let copy = prepare(vm, co, n + 1);
    co.set_top(n);
    copy
}

impl Running {
    fn of<'a>(request: Request) -> &'a Self {
        // SAFETY: `Timers::run` has set it, for each timer's request.
        unsafe { &*(*request.log_ptr()).data.cast() }
    }
}

impl Origin {
    fn of(run: &Run) -> Option<Self> {
        if let Some(ctx) = run.ctx() {
            return Some(Self {
                conf: HttpConf::of_request(ctx.request),
                peer: Some(Rc::new(Peer::of(ctx.request))),
                vm: ctx.vm.clone(),
            });
        }
        if run.phase == Phase::Timer
            && let Some(thread) = run.thread()
        {
            let ctx = thread.ctx();
            return Some(Self {
                conf: HttpConf::of_request(ctx.request),
                peer: Running::of(ctx.request).peer.clone(),
                vm: ctx.vm.clone(),
            });
        }
        // SAFETY: the cycle whose code runs is live.
        let http = unsafe { HttpConf::of_cycle(run.cycle) }?;
        let conf = http.main_conf();
        Some(Self { conf: conf.http.unwrap_or(http), peer: None, vm: conf.vm()? })
    }

    /// A log whose lines say that they are a timer's.
    fn log(&self) -> ngx_log_t {
        let log = self.conf.error_log().map_or_else(log::cycle_log, NonNull::as_ptr);
        // SAFETY: the logs are the cycle's.
        let mut log = log::numbered(unsafe { &*log });
        log.handler = Some(append_context);
        log.data = ptr::null_mut();
        log.action = ptr::null_mut();
        log
    }
}

impl Peer {
    fn of(request: Request) -> Self {
        let connection = request.connection();
        // SAFETY: live connection; if it was accepted, the listening one lives as
        // long as the cycle.
        unsafe {
            let server = (*connection).listening.as_ref();
            Self {
                client: (*connection).addr_text.bytes().to_vec(),
                server: server.map_or(&[][..], |server| server.addr_text.bytes()),
            }
        }
    }
}

unsafe extern "C" fn append_context(
    log: *mut ngx_log_t,
    line: *mut u_char,
    room: usize,
) -> *mut u_char {
    const CONTEXT: &[u8] = b", context: ngx.timer";
    // SAFETY: nginx passes the log, whose data `run` has set, and the room that
    // is left in the line.
    unsafe {
        let running = (*log).data.cast::<Running>().as_ref();
        match running.and_then(|running| running.peer.as_ref()) {
            None => log::append(line, room, &[CONTEXT]),
            Some(peer) => {
                let parts = [CONTEXT, b", client: ", &peer.client, b", server: ", peer.server];
                log::append(line, room, &parts)
            }
        }
    }
}

unsafe extern "C" fn fired(event: *mut ngx_event_t) {
    ngx::callback("timer", (), || {
        let timers = Timers::of_worker();
        // SAFETY: the event was armed with its timer, and is disarmed before that
        // ends.
        let index = unsafe { (*(*event).data.cast::<Pending>()).index.get() };
        let pending = timers.pending.borrow()[index].clone();
        timers.fire(&pending);
    });
}

/// Goes on after an event that a timer's code has waited for.
unsafe extern "C" fn resumed(r: *mut ngx_http_request_t) {
    // SAFETY: called for the request of a timer that runs.
    let request = unsafe { Request::from_ptr(r) };
    let Some(ctx) = Ctx::existing(request) else { return };
    match ctx.event() {
        None | Some(Outcome::Waiting) => {}
        Some(_) => Timers::of_worker().finish(request),
    }
}

/// nginx closes the watcher, because the worker ends, or because it has taken too
/// long for that.
unsafe extern "C" fn closed(event: *mut ngx_event_t) {
    ngx::callback("timers at exit", (), || {
        let timers = Timers::of_worker();
        // SAFETY: the event is the watcher's.
        let too_late = unsafe {
            let connection: *mut ngx_connection_t = (*event).data.cast();
            (*connection).error() != 0
        };
        if too_late {
            timers.abort();
        }
        timers.hurry();
    });
}

fn exiting() -> bool {
    // SAFETY: a number, read in the main thread.
    unsafe { ngx_exiting != 0 }
}

/// nginx's clock, in milliseconds. It stands still while code runs.
fn now() -> i64 {
    // SAFETY: as above.
    unsafe { ngx_current_msec as i64 }
}
