//! The undo log: what changed words held before.
//!
//! A change of several words is either complete or undone: the old value of
//! each word is noted before it is overwritten. A process may be killed at any
//! point; whoever takes over the lock restores the words. The order of stores
//! is that of the program, as seen from a process that comes after the death of
//! this one; only the compiler has to be kept from changing it.

use core::sync::atomic::{Ordering::Relaxed, compiler_fence};

use crate::layout::{LOG, LOG_CAPACITY, LOG_LEN};
use crate::memory::Memory;

/// Keeps stores before this from being done after it.
pub(crate) fn order() {
    compiler_fence(core::sync::atomic::Ordering::SeqCst);
    #[cfg(test)]
    crate::tests::interrupted::step();
}

/// Sets words, given by their offsets, so that [`undo`] restores them.
#[inline]
pub(crate) fn set<const N: usize>(memory: &Memory, words: [(usize, u32); N]) {
    let len = memory.get(LOG_LEN) as usize;
    assert!(len + N <= LOG_CAPACITY, "the undo log is full");
    for (i, (at, _)) in words.into_iter().enumerate() {
        let record = u64::from((at / 4) as u32) << 32 | u64::from(memory.get(at));
        memory.long(LOG + (len + i) * 8).store(record, Relaxed);
    }
    order();
    memory.word(LOG_LEN).store((len + N) as u32, Relaxed);
    order();
    for (at, value) in words {
        memory.word(at).store(value, Relaxed);
        #[cfg(test)]
        order();
    }
}

/// Makes the changes since the last commit final.
#[inline]
pub(crate) fn commit(memory: &Memory) {
    order();
    memory.word(LOG_LEN).store(0, Relaxed);
    order();
}

/// Takes back the changes since the last commit. May itself be interrupted and
/// begun anew.
pub(crate) fn undo(memory: &Memory) {
    let mut len = (memory.get(LOG_LEN) as usize).min(LOG_CAPACITY);
    while len > 0 {
        len -= 1;
        let record = memory.long(LOG + len * 8).load(Relaxed);
        memory.word((record >> 32) as usize * 4).store(record as u32, Relaxed);
        order();
        memory.word(LOG_LEN).store(len as u32, Relaxed);
        order();
    }
}
