//! Bytes that have arrived and have not been asked for.

use core::mem::MaybeUninit;

/// They lie in one piece, so that a result becomes a Lua string in one copy.
#[derive(Default)]
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    /// Where the unread ones begin.
    start: usize,
}

/// More room than this is given back when it is empty.
const KEPT: usize = 64 * 1024;

/// Not more room than this lies around for others to use.
const LENT: usize = 16 * 1024;

impl Buffer {
    pub(crate) fn unread(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.start == self.bytes.len()
    }

    pub(crate) fn consume(&mut self, n: usize) {
        self.start += n;
        if self.is_empty() {
            self.clear();
        }
    }

    fn clear(&mut self) {
        self.start = 0;
        self.bytes.clear();
        if self.bytes.capacity() > KEPT {
            self.bytes = Vec::new();
        }
    }

    /// Whether the next one to receive can use the memory of this empty one.
    pub(crate) fn is_worth_keeping(&self) -> bool {
        (1..=LENT).contains(&self.bytes.capacity())
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Room for at most `wanted` bytes behind those that are there.
    pub(crate) fn room(&mut self, wanted: usize) -> &mut [MaybeUninit<u8>] {
        if self.bytes.capacity() - self.bytes.len() < wanted {
            // Moving the unread bytes to the front is paid for by those read.
            if self.start > self.bytes.len() / 2 {
                self.bytes.drain(..self.start);
                self.start = 0;
            }
            self.bytes.reserve(wanted);
        }
        let spare = self.bytes.spare_capacity_mut();
        let len = spare.len().min(wanted);
        &mut spare[..len]
    }

    /// Adds the first `n` bytes of the room.
    ///
    /// # Safety
    /// They have been written.
    pub(crate) unsafe fn add(&mut self, n: usize) {
        // SAFETY: the caller's promise.
        unsafe { self.bytes.set_len(self.bytes.len() + n) }
    }
}
