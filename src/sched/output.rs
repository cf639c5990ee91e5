//! The response that Lua code writes.
//!
//! What is printed is gathered in a few buffers and handed to nginx's filters
//! when nginx would send it anyway (`postpone_output`), when the code waits or
//! ends, and on `ngx.flush`. Where `body_filter_by_lua` looks at the chunks,
//! each print is handed on by itself.

use core::cell::Cell;
use core::ptr;

use super::Ctx;
use super::buffers::Buffers;
use crate::conf::Phase;
use crate::ngx::Request;
use crate::sys::*;

/// Size of the first buffer of a response, and the most that one grows to.
const FIRST_BUFFER: usize = 256;
const LARGEST_BUFFER: usize = 4096;

pub(crate) struct Output {
    /// Lua said that the response is complete.
    eof: Cell<bool>,
    /// HTTP/1.0: everything is kept to compute Content-Length.
    buffering: Cell<bool>,
    /// Lua set some header: Content-Length and Accept-Ranges stay.
    pub headers_set: Cell<bool>,
    /// Lua set Content-Type.
    pub content_type_set: Cell<bool>,
    /// Something was printed.
    has_body: Cell<bool>,
    /// nginx's filters refused what they got.
    failed: Cell<bool>,
    /// Lua code writes to the connection itself.
    raw: Cell<bool>,
    gathered: Gathered,
    buffers: Buffers,
}

/// Buffers that nginx's filters have not seen.
struct Gathered {
    first: Cell<*mut ngx_chain_t>,
    last: Cell<*mut ngx_chain_t>,
    len: Cell<usize>,
}

/// Why output was refused; the words are what Lua code gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    SeenEof,
    HeaderOnly,
    Filter,
    NothingToFlush,
    Buffering,
    NoMemory,
    RawSocket,
}

impl Refusal {
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::SeenEof => "seen eof",
            Self::HeaderOnly => "header only",
            Self::Filter => "nginx output filter error",
            Self::NothingToFlush => "nothing to flush",
            Self::Buffering => "buffering",
            Self::NoMemory => "no memory",
            Self::RawSocket => "raw request socket acquired",
        }
    }
}

impl Output {
    pub(super) fn new() -> Self {
        Self {
            eof: Cell::new(false),
            buffering: Cell::new(false),
            headers_set: Cell::new(false),
            content_type_set: Cell::new(false),
            has_body: Cell::new(false),
            failed: Cell::new(false),
            raw: Cell::new(false),
            gathered: Gathered {
                first: Cell::new(ptr::null_mut()),
                last: Cell::new(ptr::null_mut()),
                len: Cell::new(0),
            },
            buffers: Buffers::new(),
        }
    }

    pub(crate) fn is_buffering(&self) -> bool {
        self.buffering.get()
    }

    pub(crate) fn seen_eof(&self) -> bool {
        self.eof.get()
    }

    pub(crate) fn is_raw(&self) -> bool {
        self.raw.get()
    }

    /// From now on, nothing is printed.
    pub(crate) fn set_raw(&self) {
        self.raw.set(true);
    }

    /// Why nothing more can be printed.
    pub(crate) fn refusal(&self, ctx: &Ctx) -> Option<Refusal> {
        if self.raw.get() {
            return Some(Refusal::RawSocket);
        }
        if self.eof.get() {
            let header_only = header_only(ctx.request);
            return Some(if header_only { Refusal::HeaderOnly } else { Refusal::SeenEof });
        }
        self.failed.get().then_some(Refusal::Filter)
    }

    /// Adds `len` bytes to the response, which `fill` writes.
    pub(crate) fn print(
        &self,
        ctx: &Ctx,
        len: usize,
        fill: impl FnOnce(&mut dyn FnMut(&[u8])),
    ) -> Result<(), Refusal> {
        let r = ctx.request;
        self.prepare(r);
        self.send_header(ctx)?;
        if header_only(r) {
            self.eof.set(true);
            return Ok(());
        }
        if len == 0 {
            return Ok(());
        }

        self.has_body.set(true);
        self.gather(r, len, fill)?;
        if self.buffering.get() {
            return Ok(());
        }
        let wanted = r.core_loc_conf().postpone_output;
        if self.gathered.len.get() >= wanted || r.loc_conf().hook(Phase::BodyFilter).is_some() {
            self.hand_on(ctx);
        }
        if self.failed.get() { Err(Refusal::Filter) } else { Ok(()) }
    }

    /// Sends the response header if that has not happened.
    pub(crate) fn send_header(&self, ctx: &Ctx) -> Result<(), Refusal> {
        let r = ctx.request;
        if r.header_sent() {
            return Ok(());
        }

        self.note_head(r);
        if r.status() == 0 {
            r.set_status(NGX_HTTP_OK as ngx_uint_t);
        }
        if !self.content_type_set.get() && !default_type(r) {
            return Err(Refusal::Filter);
        }
        if !self.headers_set.get() {
            clear_content_length(r);
            clear_accept_ranges(r);
        }
        if self.buffering.get() && !header_only(r) {
            return Ok(());
        }

        // SAFETY: live request.
        let rc = unsafe { ngx_http_send_header(r.as_ptr()) };
        if rc == ERROR || rc > OK {
            self.failed.set(true);
            return Err(Refusal::Filter);
        }
        Ok(())
    }

    /// Ends the response; gives what nginx's filters said.
    pub(crate) fn finish(&self, ctx: &Ctx) -> ngx_int_t {
        let r = ctx.request;
        if self.eof.get() {
            // The answer to HEAD ended with the first print.
            return if header_only(r) && !discard_body(r) { ERROR } else { OK };
        }
        if self.failed.get() {
            return ERROR;
        }
        if self.raw.get() {
            self.eof.set(true);
            return OK;
        }

        self.prepare(r);
        self.eof.set(true);

        if self.buffering.get() {
            self.buffering.set(false);
            if !r.header_sent() {
                // SAFETY: live request.
                unsafe {
                    (*r.as_ptr()).headers_out.content_length_n = self.gathered.len.get() as off_t;
                }
                self.headers_set.set(true);
            }
        }
        if self.send_header(ctx).is_err() {
            return ERROR;
        }
        if !discard_body(r) {
            return ERROR;
        }
        if header_only(r) {
            return OK;
        }
        self.send_last(ctx)
    }

    /// Hands on what is gathered, the last of it marked as the last.
    fn send_last(&self, ctx: &Ctx) -> ngx_int_t {
        let r = ctx.request;
        // SAFETY: live request.
        let post_action = unsafe { (*r.as_ptr()).post_action() != 0 };
        if self.gathered.first.get().is_null()
            || post_action
            || r.loc_conf().hook(Phase::BodyFilter).is_some()
        {
            self.hand_on(ctx);
            // SAFETY: live request.
            return unsafe { ngx_http_send_special(r.as_ptr(), NGX_HTTP_LAST as ngx_uint_t) };
        }

        // SAFETY: the last gathered link is ours. The flags are those that
        // nginx's own handlers set.
        unsafe {
            let buf = (*self.gathered.last.get()).buf;
            (*buf).set_last_buf(u32::from(r.is_main()));
            (*buf).set_last_in_chain(1);
        }
        self.hand_on(ctx)
    }

    /// Whether there is anything that a flush could push out.
    pub(crate) fn can_flush(&self, ctx: &Ctx, wait: bool) -> Result<(), Refusal> {
        let r = ctx.request;
        if self.raw.get() {
            return Err(Refusal::RawSocket);
        }
        if header_only(r) && r.header_sent() {
            return Err(Refusal::HeaderOnly);
        }
        if self.eof.get() {
            return Err(Refusal::SeenEof);
        }
        if self.buffering.get() {
            return Err(Refusal::Buffering);
        }
        if !r.header_sent() || !(wait || self.has_body.get()) {
            return Err(Refusal::NothingToFlush);
        }
        Ok(())
    }

    /// Sends all output as soon as the connection takes it.
    pub(crate) fn flush(&self, ctx: &Ctx) -> Result<ngx_int_t, Refusal> {
        let r = ctx.request;
        self.hand_on(ctx);
        if self.failed.get() {
            return Err(Refusal::Filter);
        }

        let link = r.pool().marker_link().ok_or(Refusal::NoMemory)?;
        // SAFETY: the link is ours.
        unsafe { (*(*link).buf).set_flush(1) };
        let rc = self.filter(r, link);
        if rc == ERROR || rc > OK { Err(Refusal::Filter) } else { Ok(rc) }
    }

    /// Gives nginx's filters what is gathered.
    pub(crate) fn hand_on(&self, ctx: &Ctx) -> ngx_int_t {
        let chain = self.gathered.first.get();
        if chain.is_null() || self.buffering.get() {
            return OK;
        }
        self.gathered.first.set(ptr::null_mut());
        self.gathered.last.set(ptr::null_mut());
        self.gathered.len.set(0);
        self.filter(ctx.request, chain)
    }

    fn filter(&self, r: Request, chain: *mut ngx_chain_t) -> ngx_int_t {
        // SAFETY: live request; the chain is ours.
        let rc = unsafe { ngx_http_output_filter(r.as_ptr(), chain) };
        if rc != ERROR {
            self.buffers.sent(r, chain);
        }
        if rc == ERROR || rc > OK {
            self.failed.set(true);
        }
        rc
    }

    /// Appends `len` bytes to what is gathered.
    fn gather(
        &self,
        r: Request,
        len: usize,
        fill: impl FnOnce(&mut dyn FnMut(&[u8])),
    ) -> Result<(), Refusal> {
        let mut last = self.gathered.last.get();
        if last.is_null() || room(last) < len {
            let grown = self.gathered.len.get().clamp(FIRST_BUFFER, LARGEST_BUFFER);
            let link = self.buffers.link(r, len.max(grown)).ok_or(Refusal::NoMemory)?;
            if last.is_null() {
                self.gathered.first.set(link);
            } else {
                // SAFETY: the link is ours.
                unsafe { (*last).next = link };
            }
            self.gathered.last.set(link);
            last = link;
        }

        // SAFETY: the buffer has room for `len` bytes; `fill` writes no more
        // than it said, which is checked.
        unsafe {
            let buf = (*last).buf;
            fill(&mut |bytes| {
                let n = bytes.len().min(room(last));
                (*buf).last.copy_from_nonoverlapping(bytes.as_ptr(), n);
                (*buf).last = (*buf).last.add(n);
            });
        }
        self.gathered.len.set(self.gathered.len.get() + len);
        Ok(())
    }

    /// Settles, before the first output, whether it is kept back.
    fn prepare(&self, r: Request) {
        if r.header_sent() {
            return;
        }
        self.note_head(r);
        // SAFETY: live request.
        unsafe {
            let raw = r.as_ptr();
            if !self.buffering.get()
                && (*raw).http_version < NGX_HTTP_VERSION_11 as ngx_uint_t
                && (*raw).headers_out.content_length_n < 0
                && r.loc_conf().http10_buffering == 1
            {
                self.buffering.set(true);
            }
        }
    }

    /// The answer to HEAD is a header only.
    fn note_head(&self, r: Request) {
        // SAFETY: live request.
        unsafe {
            let raw = r.as_ptr();
            if (*raw).method & NGX_HTTP_HEAD as ngx_uint_t != 0 && (*raw).header_only() == 0 {
                (*raw).set_header_only(1);
            }
        }
    }
}

fn room(link: *mut ngx_chain_t) -> usize {
    // SAFETY: links of ours have a buffer.
    unsafe {
        let buf = (*link).buf;
        (*buf).end.offset_from((*buf).last) as usize
    }
}

fn header_only(r: Request) -> bool {
    // SAFETY: live request.
    unsafe { (*r.as_ptr()).header_only() != 0 }
}

/// Sets the Content-Type that `default_type` or the file extension says.
fn default_type(r: Request) -> bool {
    if r.loc_conf().use_default_type != 1 || r.status() == NGX_HTTP_NOT_MODIFIED as ngx_uint_t {
        return true;
    }
    // SAFETY: live request.
    unsafe {
        (*r.as_ptr()).headers_out.content_type.len != 0
            || ngx_http_set_content_type(r.as_ptr()) == OK
    }
}

pub(crate) fn clear_content_length(r: Request) {
    // SAFETY: live request.
    unsafe {
        let out = &raw mut (*r.as_ptr()).headers_out;
        (*out).content_length_n = -1;
        if let Some(header) = (*out).content_length.as_mut() {
            header.hash = 0;
            (*out).content_length = ptr::null_mut();
        }
    }
}

pub(crate) fn clear_accept_ranges(r: Request) {
    // SAFETY: live request.
    unsafe {
        (*r.as_ptr()).set_allow_ranges(0);
        let out = &raw mut (*r.as_ptr()).headers_out;
        if let Some(header) = (*out).accept_ranges.as_mut() {
            header.hash = 0;
            (*out).accept_ranges = ptr::null_mut();
        }
    }
}

/// What the client sent as a body and nobody read must not be taken for the
/// next request.
fn discard_body(r: Request) -> bool {
    // SAFETY: live request. nginx does nothing for subrequests.
    unsafe { ngx_http_discard_request_body(r.as_ptr()) == OK }
}
