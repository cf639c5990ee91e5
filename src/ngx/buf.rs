//! Buffers and chains.

use core::slice;

use super::Pool;
use crate::sys::*;

/// Iterates over the buffers of a chain.
pub(crate) struct Bufs(*mut ngx_chain_t);

/// # Safety
/// The chain stays as it is while the iterator is used.
pub(crate) unsafe fn bufs(chain: *mut ngx_chain_t) -> Bufs {
    Bufs(chain)
}

impl Iterator for Bufs {
    type Item = *mut ngx_buf_t;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_null() {
            return None;
        }
        // SAFETY: a link of the chain; every link has a buffer.
        unsafe {
            let buf = (*self.0).buf;
            self.0 = (*self.0).next;
            Some(buf)
        }
    }
}

/// The bytes of a buffer in memory; empty for a file or a marker.
///
/// # Safety
/// The buffer is not changed while the bytes are used.
pub(crate) unsafe fn bytes<'a>(buf: *mut ngx_buf_t) -> &'a [u8] {
    // SAFETY: pos..last is the data of a buffer in memory.
    unsafe {
        let in_memory = (*buf).temporary() != 0 || (*buf).memory() != 0 || (*buf).mmap() != 0;
        if !in_memory || (*buf).pos.is_null() {
            return &[];
        }
        let len = (*buf).last.offset_from((*buf).pos);
        slice::from_raw_parts((*buf).pos, usize::try_from(len).unwrap_or(0))
    }
}

/// How much a buffer holds, in memory or in a file.
///
/// # Safety
/// The buffer is live.
pub(crate) unsafe fn size(buf: *mut ngx_buf_t) -> usize {
    // SAFETY: as `ngx_buf_size`, which is a macro.
    unsafe {
        let in_memory = (*buf).temporary() != 0 || (*buf).memory() != 0 || (*buf).mmap() != 0;
        let size = if in_memory {
            (*buf).last.offset_from((*buf).pos) as off_t
        } else {
            (*buf).file_last - (*buf).file_pos
        };
        usize::try_from(size).unwrap_or(0)
    }
}

/// Marks everything in the chain as consumed.
///
/// # Safety
/// The chain is live.
pub(crate) unsafe fn consume(chain: *mut ngx_chain_t) {
    // SAFETY: the caller's promise.
    unsafe {
        for buf in bufs(chain) {
            (*buf).pos = (*buf).last;
            (*buf).file_pos = (*buf).file_last;
        }
    }
}

impl Pool {
    /// A link with a temporary buffer of `size` bytes.
    pub(crate) fn temp_link(self, size: usize) -> Option<*mut ngx_chain_t> {
        // SAFETY: the pool is live.
        unsafe {
            let link = ngx_alloc_chain_link(self.as_ptr());
            if link.is_null() {
                return None;
            }
            (*link).buf = ngx_create_temp_buf(self.as_ptr(), size);
            (*link).next = core::ptr::null_mut();
            (!(*link).buf.is_null()).then_some(link)
        }
    }

    /// A link with a buffer that holds nothing but flags.
    pub(crate) fn marker_link(self) -> Option<*mut ngx_chain_t> {
        self.link(self.zeroed::<ngx_buf_t>()?.as_ptr())
    }

    /// A link with a buffer that is there already.
    pub(crate) fn link(self, buf: *mut ngx_buf_t) -> Option<*mut ngx_chain_t> {
        // SAFETY: the pool is live.
        unsafe {
            let link = ngx_alloc_chain_link(self.as_ptr());
            if link.is_null() {
                return None;
            }
            (*link).buf = buf;
            (*link).next = core::ptr::null_mut();
            Some(link)
        }
    }
}
