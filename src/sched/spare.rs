//! Light threads that have ended, kept for the next ones of the worker: making
//! one costs more than starting it.

use core::ptr;
use core::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

use super::Thread;

/// A list, linked through the threads. Atomics are the safe way to have mutable
/// statics; a worker has one thread of its own.
struct Spare {
    first: AtomicPtr<Thread>,
    len: AtomicUsize,
}

static SPARE: Spare = Spare { first: AtomicPtr::new(ptr::null_mut()), len: AtomicUsize::new(0) };

const MOST: usize = 256;

/// A light thread without a coroutine.
pub(super) fn take() -> Box<Thread> {
    let first = SPARE.first.load(Ordering::Relaxed);
    if first.is_null() {
        return Box::new(Thread::new());
    }
    // SAFETY: `keep` made it of a box, and nobody else has it.
    let thread = unsafe { Box::from_raw(first) };
    SPARE.first.store(thread.link.next.get().cast_mut(), Ordering::Relaxed);
    SPARE.len.store(SPARE.len.load(Ordering::Relaxed) - 1, Ordering::Relaxed);
    thread
}

/// Takes back a light thread that has ended.
pub(super) fn keep(thread: Box<Thread>) {
    let len = SPARE.len.load(Ordering::Relaxed);
    if len == MOST {
        return;
    }
    thread.link.next.set(SPARE.first.load(Ordering::Relaxed));
    SPARE.first.store(Box::into_raw(thread), Ordering::Relaxed);
    SPARE.len.store(len + 1, Ordering::Relaxed);
}

/// At the end of the worker.
pub(crate) fn free() {
    while !SPARE.first.load(Ordering::Relaxed).is_null() {
        drop(take());
    }
}
