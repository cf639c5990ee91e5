//! The queue of threads that can go on, linked through the threads.

use core::cell::Cell;
use core::ptr;

use super::Thread;

/// So many times may threads take turns, or one give way to nobody, before other
/// requests get theirs.
pub(super) const TURNS: usize = 1000;

pub(crate) struct Ready {
    first: Cell<*const Thread>,
    last: Cell<*const Thread>,
    /// The first one is to go on at once; it does not wait for its turn.
    urgent: Cell<bool>,
}

/// A thread's place in the queue.
pub(super) struct Link {
    previous: Cell<*const Thread>,
    pub(super) next: Cell<*const Thread>,
    queued: Cell<bool>,
}

impl Link {
    pub(super) fn new() -> Self {
        Self {
            previous: Cell::new(ptr::null()),
            next: Cell::new(ptr::null()),
            queued: Cell::new(false),
        }
    }
}

// SAFETY of all dereferences here: queued threads live; they leave the queue
// before they end.
impl Ready {
    pub(super) fn new() -> Self {
        Self {
            first: Cell::new(ptr::null()),
            last: Cell::new(ptr::null()),
            urgent: Cell::new(false),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.first.get().is_null()
    }

    pub(super) fn push(&self, thread: &Thread) {
        if thread.link.queued.replace(true) {
            return;
        }
        thread.link.previous.set(self.last.get());
        thread.link.next.set(ptr::null());
        // SAFETY: see above.
        match unsafe { self.last.replace(thread).as_ref() } {
            Some(last) => last.link.next.set(thread),
            None => self.first.set(thread),
        }
    }

    /// Puts the thread before all others: it goes on at once.
    pub(super) fn push_front(&self, thread: &Thread) {
        if thread.link.queued.replace(true) {
            return;
        }
        thread.link.previous.set(ptr::null());
        thread.link.next.set(self.first.get());
        // SAFETY: see above.
        match unsafe { self.first.replace(thread).as_ref() } {
            Some(first) => first.link.previous.set(thread),
            None => self.last.set(thread),
        }
        self.urgent.set(true);
    }

    /// The thread that is to go on at once, if there is one.
    pub(super) fn pop_urgent<'a>(&self) -> Option<&'a Thread> {
        if self.urgent.get() { self.pop() } else { None }
    }

    pub(super) fn pop<'a>(&self) -> Option<&'a Thread> {
        // SAFETY: see above.
        let thread = unsafe { self.first.get().as_ref() }?;
        self.remove(thread);
        Some(thread)
    }

    pub(super) fn remove(&self, thread: &Thread) {
        if !thread.link.queued.replace(false) {
            return;
        }
        let (previous, next) = (thread.link.previous.get(), thread.link.next.get());
        // SAFETY: see above.
        match unsafe { previous.as_ref() } {
            Some(previous) => previous.link.next.set(next),
            None => {
                self.first.set(next);
                self.urgent.set(false);
            }
        }
        // SAFETY: see above.
        match unsafe { next.as_ref() } {
            Some(next) => next.link.previous.set(previous),
            None => self.last.set(previous),
        }
    }

    pub(super) fn clear(&self) {
        while self.pop().is_some() {}
    }
}
