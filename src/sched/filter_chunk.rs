//! What `body_filter_by_lua` sees of the chain that nginx filters.

use core::cell::{Cell, RefCell};
use core::ptr;

use super::buffers::Buffers;
use crate::ngx::{Request, buf};
use crate::sys::*;

/// The chain as `ngx.arg` shows it: `[1]` the text, `[2]` whether it is the
/// last.
pub(crate) struct FilterChunk {
    input: *mut ngx_chain_t,
    /// Text that Lua put in place of the input's.
    replaced: RefCell<Option<Vec<u8>>>,
    last: Cell<bool>,
    flush: bool,
}

impl FilterChunk {
    /// # Safety
    /// The chain is live and unchanged while the chunk is used.
    pub(crate) unsafe fn new(input: *mut ngx_chain_t) -> Self {
        let mut flush = false;
        let mut last = false;
        // SAFETY: the caller's promise.
        unsafe {
            for buf in buf::bufs(input) {
                flush |= (*buf).flush() != 0;
                last |= (*buf).last_buf() != 0 || (*buf).last_in_chain() != 0;
            }
        }
        Self { input, replaced: RefCell::new(None), last: Cell::new(last), flush }
    }

    /// The text of all buffers up to the last one.
    pub(crate) fn with_text<R>(&self, f: impl FnOnce(&[u8]) -> R) -> R {
        if let Some(text) = self.replaced.borrow().as_deref() {
            return f(text);
        }

        // SAFETY: see `new`.
        unsafe {
            let mut bufs = buf::bufs(self.input).map(|buf| buf::bytes(buf));
            let first = bufs.find(|bytes| !bytes.is_empty()).unwrap_or_default();
            let mut rest = bufs.filter(|bytes| !bytes.is_empty()).peekable();
            if rest.peek().is_none() {
                return f(first);
            }
            let mut text = first.to_vec();
            rest.for_each(|bytes| text.extend_from_slice(bytes));
            f(&text)
        }
    }

    pub(crate) fn is_last(&self) -> bool {
        self.last.get()
    }

    pub(crate) fn set_last(&self, last: bool) {
        self.last.set(last);
    }

    pub(crate) fn set_text(&self, text: Vec<u8>) {
        *self.replaced.borrow_mut() = Some(text);
    }

    /// The chain to pass on: the input, or a link of ours with what Lua put in
    /// its place, the input then counting as consumed. Null when nothing is
    /// left to say.
    pub(crate) fn output(self, r: Request, buffers: &Buffers) -> Option<*mut ngx_chain_t> {
        let last = self.last.get();

        let Some(text) = self.replaced.into_inner() else {
            // SAFETY: see `new`.
            unsafe { mark_last(r, self.input, last) };
            return Some(self.input);
        };

        // SAFETY: see `new`; the new link is ours.
        unsafe {
            buf::consume(self.input);
            if text.is_empty() && !last && !self.flush {
                return Some(ptr::null_mut());
            }
            let link = if text.is_empty() {
                r.pool().marker_link()?
            } else {
                let link = buffers.link(r, text.len())?;
                let buf = (*link).buf;
                (*buf).last.copy_from_nonoverlapping(text.as_ptr(), text.len());
                (*buf).last = (*buf).last.add(text.len());
                link
            };
            (*(*link).buf).set_flush(u32::from(self.flush));
            mark_last(r, link, last);
            Some(link)
        }
    }
}

/// Makes the chain's end agree with what Lua said.
///
/// # Safety
/// The chain is live.
unsafe fn mark_last(r: Request, chain: *mut ngx_chain_t, last: bool) {
    // SAFETY: the caller's promise.
    unsafe {
        let mut end: *mut ngx_buf_t = ptr::null_mut();
        for buf in buf::bufs(chain) {
            let was_last = (*buf).last_buf() != 0 || (*buf).last_in_chain() != 0;
            if was_last && !last {
                (*buf).set_last_buf(0);
                (*buf).set_last_in_chain(0);
                if buf::bytes(buf).is_empty() && (*buf).in_file() == 0 && (*buf).flush() == 0 {
                    (*buf).set_sync(1);
                }
            }
            end = buf;
        }
        if last && !end.is_null() && (*end).last_buf() == 0 && (*end).last_in_chain() == 0 {
            if r.is_main() {
                (*end).set_last_buf(1);
            }
            (*end).set_last_in_chain(1);
            (*end).set_sync(0);
        }
    }
}
