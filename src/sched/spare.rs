//! Threads that have ended, kept for the next ones of the worker: making
//! one costs more than starting it. They are linked through their place in the
//! queue of the ready ones.

use core::sync::atomic::Ordering;

use super::worker::WORKER;
use super::{Ctx, Thread};

const MOST: usize = 256;

/// A thread of `ctx` without a coroutine. Its kin may be that of the one that it was
/// before.
pub(super) fn take(ctx: &Ctx) -> Box<Thread> {
    let thread = pop().unwrap_or_else(|| Box::new(Thread::new()));
    thread.set_ctx(ctx);
    thread
}

fn pop() -> Option<Box<Thread>> {
    let first = WORKER.spare.load(Ordering::Relaxed).cast::<Thread>();
    if first.is_null() {
        return None;
    }
    // SAFETY: `keep` made it of a box, and nobody else has it.
    let thread = unsafe { Box::from_raw(first) };
    WORKER.spare.store(thread.link.next.get().cast_mut().cast(), Ordering::Relaxed);
    WORKER.spare_len.store(WORKER.spare_len.load(Ordering::Relaxed) - 1, Ordering::Relaxed);
    Some(thread)
}

/// Takes back a thread that has ended.
pub(super) fn keep(thread: Box<Thread>) {
    let len = WORKER.spare_len.load(Ordering::Relaxed);
    if len == MOST {
        return;
    }
    thread.link.next.set(WORKER.spare.load(Ordering::Relaxed).cast());
    WORKER.spare.store(Box::into_raw(thread).cast(), Ordering::Relaxed);
    WORKER.spare_len.store(len + 1, Ordering::Relaxed);
}

/// At the end of the worker.
pub(crate) fn free() {
    while pop().is_some() {}
}
