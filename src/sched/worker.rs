//! State of the worker that no request and no machine owns.

use core::ffi::c_void;
use core::ptr;
use core::sync::atomic::{AtomicPtr, AtomicUsize};

/// Each pointer belongs to one file, which knows what it points to. Atomics are
/// the safe way to have a mutable static; a worker has one thread, and relaxed
/// accesses cost nothing.
pub(crate) struct Worker {
    /// The innermost [`Run`](super::Run).
    pub run: AtomicPtr<c_void>,
    /// The [`Timers`](super::timer::Timers), once they are needed.
    pub timers: AtomicPtr<c_void>,
    /// The first of the [`spare`](super::spare) threads.
    pub spare: AtomicPtr<c_void>,
    pub spare_len: AtomicUsize,
    /// The [`System`](crate::socket::resolver) resolver, once it is needed.
    pub resolver: AtomicPtr<c_void>,
}

pub(crate) static WORKER: Worker = Worker {
    run: AtomicPtr::new(ptr::null_mut()),
    timers: AtomicPtr::new(ptr::null_mut()),
    spare: AtomicPtr::new(ptr::null_mut()),
    spare_len: AtomicUsize::new(0),
    resolver: AtomicPtr::new(ptr::null_mut()),
};
