//! Output buffers that are used again once the client has taken them.

use core::cell::Cell;
use core::ptr;

use crate::ngx::Request;
use crate::sys::*;

pub(crate) struct Buffers {
    free: Cell<*mut ngx_chain_t>,
    busy: Cell<*mut ngx_chain_t>,
}

/// Tells nginx which buffers are ours.
fn tag() -> ngx_buf_tag_t {
    crate::sys::module().cast_mut().cast()
}

impl Buffers {
    pub(super) fn new() -> Self {
        Self { free: Cell::new(ptr::null_mut()), busy: Cell::new(ptr::null_mut()) }
    }

    /// Whether nginx still holds data of ours.
    pub(crate) fn busy(&self) -> bool {
        !self.busy.get().is_null()
    }

    /// A link with an empty buffer of at least `size` bytes.
    pub(crate) fn link(&self, r: Request, size: usize) -> Option<*mut ngx_chain_t> {
        if let Some(link) = self.take_free(size) {
            return Some(link);
        }
        // Sizes come in steps, so that a response without end uses again what
        // it has instead of more and more memory.
        let link = r.pool().temp_link(size.next_power_of_two())?;
        // SAFETY: the link is fresh.
        unsafe { (*(*link).buf).tag = tag() };
        Some(link)
    }

    /// Takes the first free link whose buffer is large enough.
    fn take_free(&self, size: usize) -> Option<*mut ngx_chain_t> {
        let mut previous: *mut ngx_chain_t = ptr::null_mut();
        let mut link = self.free.get();
        // SAFETY: free links are ours; nginx has reset their pos and last.
        unsafe {
            while !link.is_null() && capacity(link) < size {
                previous = link;
                link = (*link).next;
            }
            if link.is_null() {
                return None;
            }
            match previous.as_mut() {
                Some(previous) => previous.next = (*link).next,
                None => self.free.set((*link).next),
            }
            (*link).next = ptr::null_mut();
            let buf = (*link).buf;
            (*buf).set_flush(0);
            (*buf).set_sync(0);
            (*buf).set_last_buf(0);
            (*buf).set_last_in_chain(0);
        }
        Some(link)
    }

    /// Takes note that nginx got `chain`, and takes back what it is done with.
    pub(crate) fn sent(&self, r: Request, chain: *mut ngx_chain_t) {
        let (mut free, mut busy, mut out) = (self.free.get(), self.busy.get(), chain);
        // SAFETY: live request; the chains are lists of links.
        unsafe {
            ngx_chain_update_chains(
                r.pool().as_ptr(),
                &raw mut free,
                &raw mut busy,
                &raw mut out,
                tag(),
            );
        }
        self.free.set(free);
        self.busy.set(busy);
    }
}

fn capacity(link: *mut ngx_chain_t) -> usize {
    // SAFETY: links of ours have a buffer.
    unsafe {
        let buf = (*link).buf;
        (*buf).end.offset_from((*buf).start) as usize
    }
}
