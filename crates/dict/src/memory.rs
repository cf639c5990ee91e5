//! The memory that processes share, and how it is read and written.
//!
//! Every access is atomic: readers that hold no lock may meet a writer. What
//! they then see may be torn or belong to something else; they find out, and
//! throw it away, see [`read`](crate::read).

use core::ptr::NonNull;
use core::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering::Relaxed};

/// A buffer of more words is not kept for values of fewer.
const LARGE: usize = 64 * 1024 / 8;

/// So many bytes are copied in one go.
const LONG: usize = 256;

/// A piece of memory, addressed by offsets from its start.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory {
    base: NonNull<u8>,
    len: usize,
}

impl Memory {
    /// # Safety
    /// The `len` bytes at `base` stay valid as long as the value is used, and
    /// are only accessed through such values. `base` is a multiple of 8.
    pub(crate) unsafe fn new(base: NonNull<u8>, len: usize) -> Self {
        assert!(base.addr().get().is_multiple_of(8));
        Self { base, len }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The address, for what must be aligned.
    pub(crate) fn address(&self) -> usize {
        self.base.addr().get()
    }

    /// A word at an offset that the layout gives: in the head, in a table, in a
    /// page, or in the first bytes of a block whose number it has checked.
    #[inline]
    pub(crate) fn word(&self, at: usize) -> &AtomicU32 {
        debug_assert!(at.is_multiple_of(4) && at < self.len && self.len - at >= 4);
        // SAFETY: such an offset is in bounds and aligned; only accessed
        // atomically.
        unsafe { self.base.byte_add(at).cast::<AtomicU32>().as_ref() }
    }

    /// The same for two words.
    #[inline]
    pub(crate) fn long(&self, at: usize) -> &AtomicU64 {
        debug_assert!(at.is_multiple_of(8) && at < self.len && self.len - at >= 8);
        // SAFETY: as above.
        unsafe { self.base.byte_add(at).cast::<AtomicU64>().as_ref() }
    }

    fn byte(&self, at: usize) -> &AtomicU8 {
        debug_assert!(at < self.len);
        // SAFETY: as above.
        unsafe { self.base.byte_add(at).cast::<AtomicU8>().as_ref() }
    }

    #[inline]
    pub(crate) fn get(&self, at: usize) -> u32 {
        self.word(at).load(Relaxed)
    }

    /// Whether the bytes from `at`, a multiple of 4, equal `bytes`.
    #[inline]
    pub(crate) fn equals(&self, at: usize, bytes: &[u8]) -> bool {
        assert!(at <= self.len && bytes.len() <= self.len - at);
        let mut at = at;
        let (words, rest) = bytes.as_chunks::<4>();
        for word in words {
            if self.get(at) != u32::from_ne_bytes(*word) {
                return false;
            }
            at += 4;
        }
        rest.iter().enumerate().all(|(i, byte)| self.byte(at + i).load(Relaxed) == *byte)
    }

    /// Copies `len` bytes from `at` out; `out` keeps the memory for the next
    /// time.
    pub(crate) fn read<'a>(&self, at: usize, len: usize, out: &'a mut Vec<u64>) -> &'a [u8] {
        let lead = at % 8;
        let words = (lead + len).div_ceil(8);
        if out.capacity() > LARGE && words <= LARGE {
            *out = Vec::new();
        }
        out.clear();
        out.reserve(words);
        let first = at - lead;
        // The last word may reach beyond the end: blocks end at multiples of 8.
        assert!(first <= self.len && words * 8 <= self.len - first);
        if len < LONG {
            out.extend((0..words).map(|i| {
                // SAFETY: in bounds, as just checked; aligned, since the base is.
                let word =
                    unsafe { self.base.byte_add(first + i * 8).cast::<AtomicU64>().as_ref() };
                word.load(Relaxed)
            }));
        } else {
            // SAFETY: in bounds, as just checked, and there is room for it. C's
            // memcpy may meet a writer; what it has copied then is thrown away.
            unsafe {
                let from = self.base.byte_add(first).as_ptr();
                libc::memcpy(out.as_mut_ptr().cast(), from.cast(), words * 8);
                out.set_len(words);
            }
        }
        // SAFETY: any bytes are good bytes, and there are that many.
        unsafe { core::slice::from_raw_parts(out.as_ptr().cast::<u8>().add(lead), len) }
    }

    /// Copies a few bytes out.
    pub(crate) fn read_into(&self, at: usize, out: &mut [u8]) {
        assert!(at <= self.len && out.len() <= self.len - at);
        for (i, byte) in out.iter_mut().enumerate() {
            *byte = self.byte(at + i).load(Relaxed);
        }
    }

    /// Copies bytes in.
    pub(crate) fn write(&self, at: usize, bytes: &[u8]) {
        assert!(at <= self.len && bytes.len() <= self.len - at);
        if bytes.len() >= LONG {
            // SAFETY: in bounds, as just checked. A reader that meets C's memcpy
            // throws away what it has read.
            unsafe {
                let to = self.base.byte_add(at).as_ptr().cast();
                libc::memcpy(to, bytes.as_ptr().cast(), bytes.len());
            }
            return;
        }
        let lead = ((8 - at % 8) % 8).min(bytes.len());
        let (head, rest) = bytes.split_at(lead);
        let (words, tail) = rest.as_chunks::<8>();
        let mut to = at;
        for byte in head {
            self.byte(to).store(*byte, Relaxed);
            to += 1;
        }
        for word in words {
            self.long(to).store(u64::from_ne_bytes(*word), Relaxed);
            to += 8;
        }
        for byte in tail {
            self.byte(to).store(*byte, Relaxed);
            to += 1;
        }
    }
}
