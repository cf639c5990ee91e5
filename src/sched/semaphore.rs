//! Semaphores: threads wait for resources, whoever posts some wakes them.
//!
//! The queue of those that wait is linked through the threads. What is posted
//! is handed out by an event: the poster goes on first, and code of another
//! request never runs below it. The event wakes one thread and is posted again,
//! before all others, if there is more to hand out: once a thread runs, the
//! semaphore may be gone.

use core::cell::{Cell, UnsafeCell};
use core::ffi::c_void;
use core::ptr;

use super::dispatch::dispatch;
use super::{Keeper, Thread, Wait};
use crate::ngx::event::{Place, Posted};
use crate::ngx::{self, log};
use crate::sys::{NGX_LOG_ERR, ngx_event_t};

/// After so many threads a semaphore lets the next round of the event loop come:
/// two threads that post for each other could keep the worker busy for ever.
const AT_ONCE: u32 = 100;

/// It stays where it is: waiters and the event loop point to it. The first two
/// fields are read by Lua code.
#[repr(C)]
pub(crate) struct Semaphore {
    resources: Cell<i32>,
    waiters: Cell<i32>,
    first: Cell<*const Waiter>,
    last: Cell<*const Waiter>,
    event: UnsafeCell<Posted>,
    /// Threads woken since the last pause.
    woken: Cell<u32>,
}

/// The place of a thread in the queue.
pub(crate) struct Waiter {
    /// What the thread waits for, or has just been given; its coroutine keeps
    /// the semaphore alive.
    semaphore: Cell<*const Semaphore>,
    thread: Cell<*const Thread>,
    previous: Cell<*const Waiter>,
    next: Cell<*const Waiter>,
}

impl Semaphore {
    pub(crate) fn new(resources: i32) -> Self {
        Self {
            resources: Cell::new(resources),
            waiters: Cell::new(0),
            first: Cell::new(ptr::null()),
            last: Cell::new(ptr::null()),
            event: UnsafeCell::new(Posted::new(hand_out)),
            woken: Cell::new(0),
        }
    }

    pub(crate) fn post(&self, resources: i32) {
        self.resources.set(self.resources.get().saturating_add(resources));
        if !self.first.get().is_null() {
            self.schedule(Place::Last);
        }
    }

    /// Takes a resource, unless there is none or others wait for it.
    pub(crate) fn take(&self) -> bool {
        let free = self.first.get().is_null() && self.resources.get() > 0;
        if free {
            self.resources.set(self.resources.get() - 1);
        }
        free
    }

    /// Has the running thread wait until it gets a resource or `msec` have
    /// passed; the caller then yields and leaves the semaphore on the stack.
    pub(crate) fn wait(&self, thread: &Thread, msec: usize) {
        let waiter = &thread.waiter;
        waiter.thread.set(thread);
        self.append(waiter);
        // A finalizer may have posted since the caller found no resource.
        if self.resources.get() > 0 {
            self.schedule(Place::Last);
        }
        thread.start_timer(msec);
        // SAFETY: the waiter is a part of the thread.
        unsafe {
            thread.wait_for_keeper(
                Wait::Semaphore,
                Keeper {
                    owner: (&raw const *waiter).cast(),
                    undo: leave,
                    time_out: Some(time_out),
                },
            );
        }
    }

    /// Gives the first thread a resource, and has the event loop come back for
    /// the next one.
    fn hand_out(&self) {
        if self.resources.get() <= 0 {
            return;
        }
        let Some(waiter) = self.front() else { return };
        self.remove(waiter);
        self.resources.set(self.resources.get() - 1);
        self.woken.set(self.woken.get() + 1);
        if self.resources.get() > 0 && !self.first.get().is_null() {
            self.schedule(Place::First);
        }

        let thread = waiter.thread();
        let l = thread.innermost();
        l.push_boolean(true);
        l.push_nil();
        thread.wake(2);
        // SAFETY: the waiter is a part of the thread.
        unsafe { thread.unless_resumed((&raw const *waiter).cast(), give_back) }
        dispatch(thread.ctx());
    }

    fn schedule(&self, place: Place) {
        let place = if self.woken.get() < AT_ONCE {
            place
        } else {
            self.woken.set(0);
            Place::NextRound
        };
        let data = (&raw const *self).cast_mut().cast();
        // SAFETY: nothing else refers to the event at the moment.
        unsafe { (*self.event.get()).post(place, data) }
    }

    fn front(&self) -> Option<&Waiter> {
        // SAFETY: a thread takes itself out of the queue before it ends.
        unsafe { self.first.get().as_ref() }
    }

    fn append(&self, waiter: &Waiter) {
        waiter.semaphore.set(self);
        waiter.previous.set(self.last.get());
        waiter.next.set(ptr::null());
        // SAFETY: as above.
        match unsafe { self.last.get().as_ref() } {
            Some(last) => last.next.set(waiter),
            None => self.first.set(waiter),
        }
        self.last.set(waiter);
        self.waiters.set(self.waiters.get() + 1);
    }

    fn remove(&self, waiter: &Waiter) {
        let (previous, next) = (waiter.previous.get(), waiter.next.get());
        // SAFETY: as above.
        unsafe {
            match previous.as_ref() {
                Some(previous) => previous.next.set(next),
                None => self.first.set(next),
            }
            match next.as_ref() {
                Some(next) => next.previous.set(previous),
                None => self.last.set(previous),
            }
        }
        self.waiters.set(self.waiters.get() - 1);
    }
}

impl Drop for Semaphore {
    fn drop(&mut self) {
        self.event.get_mut().cancel();
        if self.front().is_none() {
            return;
        }
        log::cycle_error(
            NGX_LOG_ERR,
            format_args!(
                "in lua semaphore gc wait queue is not empty while the semaphore {self:p} is \
                 being destroyed"
            ),
        );
        while let Some(waiter) = self.front() {
            waiter.semaphore.set(ptr::null());
            self.remove(waiter);
        }
    }
}

impl Waiter {
    pub(super) fn new() -> Self {
        Self {
            semaphore: Cell::new(ptr::null()),
            thread: Cell::new(ptr::null()),
            previous: Cell::new(ptr::null()),
            next: Cell::new(ptr::null()),
        }
    }

    fn thread(&self) -> &Thread {
        // SAFETY: set when the thread, which this is a part of, began to wait.
        unsafe { &*self.thread.get() }
    }

    fn semaphore(&self) -> Option<&Semaphore> {
        // SAFETY: the coroutine that waits has the semaphore on its stack, until
        // it runs again; a semaphore that is closed before it goes says so.
        unsafe { self.semaphore.get().as_ref() }
    }

    /// Its time is over.
    fn time_out(&self) {
        if let Some(semaphore) = self.semaphore() {
            semaphore.remove(self);
        }
        let thread = self.thread();
        let l = thread.innermost();
        l.push_boolean(false);
        l.push_bytes("timeout");
        thread.wake(2);
    }
}

/// The thread ends while it waits.
///
/// # Safety
/// `waiter` is the [`Waiter`] of a thread.
unsafe fn leave(waiter: *const c_void) {
    // SAFETY: the caller's promise.
    let waiter = unsafe { &*waiter.cast::<Waiter>() };
    if let Some(semaphore) = waiter.semaphore() {
        semaphore.remove(waiter);
    }
}

/// The thread has waited long enough.
///
/// # Safety
/// As [`leave`].
unsafe fn time_out(waiter: *const c_void) {
    // SAFETY: the caller's promise.
    unsafe { (*waiter.cast::<Waiter>()).time_out() }
}

/// The thread ends before it could use what it was given.
///
/// # Safety
/// As [`leave`].
unsafe fn give_back(waiter: *const c_void) {
    // SAFETY: the caller's promise.
    let waiter = unsafe { &*waiter.cast::<Waiter>() };
    if let Some(semaphore) = waiter.semaphore() {
        semaphore.post(1);
    }
}

unsafe extern "C" fn hand_out(event: *mut ngx_event_t) {
    ngx::callback("semaphore", (), || {
        // SAFETY: the event was posted with its semaphore, and is taken back
        // before that goes.
        unsafe { (*(*event).data.cast::<Semaphore>()).hand_out() }
    });
}
