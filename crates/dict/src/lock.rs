//! One writer at a time, and what a dead one leaves.

use core::hint::spin_loop;
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use core::sync::atomic::fence;
use core::time::Duration;
use std::thread::{sleep, yield_now};
use std::time::Instant;

use crate::Dict;
use crate::layout::{DYING, LOCK, LOG_LEN, SEQUENCE, TAINTED};
use crate::log;
use crate::process::Process;

/// How often a waiter looks before it lets others run.
const SPINS: u32 = 200;
/// How often it lets others run before it sleeps.
const YIELDS: u32 = 50;
const NAP: Duration = Duration::from_micros(200);
/// How long it waits before it asks whether the owner lives.
const PATIENCE: Duration = Duration::from_millis(10);

/// The right to change the dictionary. When it is dropped, uncommitted changes
/// are undone, so that a panic leaves nothing half done.
pub(crate) struct Guard<'a>(pub &'a Dict);

impl Dict {
    pub(crate) fn lock(&self) -> Guard<'_> {
        self.try_lock().unwrap_or_else(|| self.wait_for_lock())
    }

    /// The lock, if nobody has it.
    #[inline]
    pub(crate) fn try_lock(&self) -> Option<Guard<'_>> {
        let lock = self.memory.long(LOCK);
        lock.compare_exchange(0, self.process.get().bits(), Acquire, Relaxed)
            .is_ok()
            .then(|| Guard(self))
    }

    #[cold]
    fn wait_for_lock(&self) -> Guard<'_> {
        let lock = self.memory.long(LOCK);
        for spins in 0..SPINS + YIELDS {
            if lock.load(Relaxed) == 0
                && let Some(guard) = self.try_lock()
            {
                return guard;
            }
            if spins < SPINS { spin_loop() } else { yield_now() }
        }

        let mut owner = lock.load(Relaxed);
        let mut since = Instant::now();
        loop {
            if let Some(guard) = self.try_lock() {
                return guard;
            }
            let now = lock.load(Relaxed);
            if now != owner {
                (owner, since) = (now, Instant::now());
            } else if since.elapsed() >= PATIENCE {
                if owner != 0 && Process::from_bits(owner).is_dead() {
                    let mine = self.process.get().bits();
                    if lock.compare_exchange(owner, mine, Acquire, Relaxed).is_ok() {
                        let guard = Guard(self);
                        guard.recover();
                        return guard;
                    }
                }
                since = Instant::now();
            }
            sleep(NAP);
        }
    }
}

impl Guard<'_> {
    /// Makes readers wait, or try again: what follows is for their eyes.
    #[inline]
    pub(crate) fn begin(&self) {
        let sequence = self.0.memory.word(SEQUENCE);
        sequence.store(sequence.load(Relaxed) | 1, Relaxed);
        fence(Release);
    }

    /// The end of what [`Guard::begin`] began.
    #[inline]
    fn end(&self) {
        let sequence = self.0.memory.word(SEQUENCE);
        let value = sequence.load(Relaxed);
        if value & 1 == 1 {
            sequence.store(value.wrapping_add(1), Release);
        }
    }

    /// Brings the dictionary into order after its writer died.
    #[cold]
    fn recover(&self) {
        self.begin();
        log::undo(&self.0.memory);
        self.release_dying();
        // Nobody can tell how much of the value was written.
        if let Some(entry) = self.0.entry(self.0.memory.get(TAINTED)) {
            self.remove(entry);
        }
    }
}

impl Drop for Guard<'_> {
    #[inline]
    fn drop(&mut self) {
        #[cfg(test)]
        if crate::tests::interrupted::is_dead() {
            return;
        }
        let memory = &self.0.memory;
        if memory.get(LOG_LEN) | memory.get(DYING) | memory.get(TAINTED) != 0 {
            self.recover();
        }
        self.end();
        memory.long(LOCK).store(0, Release);
    }
}
