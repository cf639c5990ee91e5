//! The body of a request: what nginx has read, or what is put in its place.
//!
//! Buffers and files of an earlier body are given back at once where nobody can
//! use them any more, and otherwise at the end of the request.

use core::ptr;
use std::fs::File;
use std::os::fd::IntoRawFd;

use super::headers::SetError;
use super::{NgxStr, Request, buf, request_headers};
use crate::sys::*;

/// The body of a request that has been read, or has been found not to be there.
#[derive(Clone, Copy)]
pub(crate) struct RequestBody {
    r: Request,
    raw: *mut ngx_http_request_body_t,
}

/// No memory, or the temporary file cannot be written, which nginx logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Failed;

impl From<SetError> for Failed {
    fn from(_: SetError) -> Self {
        Failed
    }
}

impl Request {
    /// `None` until it is read.
    pub(crate) fn body(self) -> Option<RequestBody> {
        // SAFETY: live request.
        let raw = unsafe { (*self.as_ptr()).request_body };
        (!raw.is_null()).then_some(RequestBody { r: self, raw })
    }

    /// The body, to be changed. A subrequest of nginx begins with its parent's,
    /// which must not change with it.
    pub(crate) fn own_body(self) -> Option<RequestBody> {
        let body = self.body()?;
        // SAFETY: live request and parent; all zero is how nginx begins.
        unsafe {
            let r = self.as_ptr();
            match (*r).parent.as_ref() {
                Some(parent) if parent.request_body == body.raw => {}
                _ => return Some(body),
            }
            let own = self.pool().zeroed::<ngx_http_request_body_t>()?.as_ptr();
            (*own).bufs = (*body.raw).bufs;
            (*own).temp_file = (*body.raw).temp_file;
            (*r).request_body = own;
        }
        self.body()
    }

    /// Whether nginx still throws away what arrives of the body.
    pub(crate) fn discards_body(self) -> bool {
        // SAFETY: live request.
        unsafe { (*self.as_ptr()).discard_body() != 0 }
    }

    pub(crate) fn discard_body(self) -> Result<(), Failed> {
        // SAFETY: live request.
        match unsafe { ngx_http_discard_request_body(self.as_ptr()) } {
            rc if rc == ERROR || rc >= NGX_HTTP_SPECIAL_RESPONSE as ngx_int_t => Err(Failed),
            _ => Ok(()),
        }
    }
}

impl RequestBody {
    /// The parts of the body that are in memory, none of them empty.
    pub(crate) fn parts(&self) -> impl Iterator<Item = &[u8]> {
        // SAFETY: the body does not change as long as the reference is used.
        unsafe { buf::bufs((*self.raw).bufs).map(|buf| buf::bytes(buf)) }
            .filter(|part| !part.is_empty())
    }

    pub(crate) fn is_in_file(&self) -> bool {
        // SAFETY: the body of a live request; so in all that follows.
        unsafe { !(*self.raw).temp_file.is_null() }
    }

    /// The path of the file that has the body.
    pub(crate) fn file_name(&self) -> Option<&[u8]> {
        // SAFETY: see `is_in_file`.
        unsafe { (*self.raw).temp_file.as_ref().map(|file| file.file.name.bytes()) }
    }

    /// Puts `data` in place of the body.
    pub(crate) fn set_data(&self, data: &[u8]) -> Result<(), Failed> {
        let link = match data {
            [] => ptr::null_mut(),
            _ => {
                let link = self.r.pool().temp_link(data.len()).ok_or(Failed)?;
                // SAFETY: a new buffer, in which the data fits.
                unsafe {
                    let buf = (*link).buf;
                    (*buf).tag = tag();
                    (*buf).last.copy_from_nonoverlapping(data.as_ptr(), data.len());
                    (*buf).last = (*buf).last.add(data.len());
                }
                link
            }
        };
        self.clear();
        // SAFETY: see `is_in_file`.
        unsafe { (*self.raw).bufs = link };
        self.set_length(data.len() as off_t)
    }

    /// Puts a file in place of the body, which ends with the request if `delete`.
    /// `name` is the file's path, followed by a NUL.
    pub(crate) fn set_file(
        &self,
        name: ngx_str_t,
        file: File,
        length: off_t,
        delete: bool,
    ) -> Result<(), Failed> {
        let pool = self.r.pool();
        // SAFETY: the pool is live and closes the file at its end.
        unsafe {
            let cleanup = ngx_pool_cleanup_add(pool.as_ptr(), size_of::<ngx_pool_cleanup_file_t>());
            if cleanup.is_null() {
                return Err(Failed);
            }
            let temp_file = pool.zeroed::<ngx_temp_file_t>().ok_or(Failed)?.as_ptr();
            let link = pool.marker_link().ok_or(Failed)?;
            let log = (*self.r.connection()).log;

            (*temp_file).file.fd = file.into_raw_fd();
            (*temp_file).file.name = name;
            (*temp_file).file.log = log;

            let closing: *mut ngx_pool_cleanup_file_t = (*cleanup).data.cast();
            (*closing).fd = (*temp_file).file.fd;
            (*closing).name = name.data;
            (*closing).log = log;
            (*cleanup).handler =
                Some(if delete { ngx_pool_delete_file } else { ngx_pool_cleanup_file });

            let buf = (*link).buf;
            (*buf).file = &raw mut (*temp_file).file;
            (*buf).file_last = length;
            (*buf).set_in_file(1);

            self.clear();
            if length > 0 {
                (*self.raw).bufs = link;
            }
            (*self.raw).temp_file = temp_file;
        }
        self.set_length(length)
    }

    /// Begins a new body, with a buffer of `size` bytes; what does not fit goes
    /// to a temporary file.
    pub(crate) fn begin(&self, size: usize) -> Result<(), Failed> {
        // A buffer of no size has no memory of its own.
        let link = self.r.pool().temp_link(size.max(1)).ok_or(Failed)?;
        self.clear();
        // SAFETY: a new buffer. It becomes part of the body when it has something:
        // nginx does not send empty ones.
        unsafe {
            let buf = (*link).buf;
            (*buf).tag = tag();
            (*buf).end = (*buf).start.add(size);
            (*self.raw).buf = buf;
            let r = self.r.as_ptr();
            (*r).set_request_body_in_clean_file(1);
            (*r).headers_in.content_length_n = 0;
        }
        Ok(())
    }

    /// Whether [`begin`](Self::begin) made this body.
    pub(crate) fn is_begun(&self) -> bool {
        // SAFETY: see `is_in_file`.
        unsafe { (*self.raw).buf.as_ref().is_some_and(|buf| buf.tag == tag()) }
    }

    /// Adds to a body that was begun.
    pub(crate) fn append(&self, data: &[u8]) -> Result<(), Failed> {
        // SAFETY: `begin` made the buffer; no more is copied than fits.
        unsafe {
            let buf = (*self.raw).buf;
            let size = (*buf).end.offset_from_unsigned((*buf).start);
            let mut rest = data;
            while !rest.is_empty() {
                if (*buf).last == (*buf).end {
                    self.flush()?;
                    // What would only pass through the buffer.
                    let most = rest.len() - 1;
                    let direct = most.checked_rem(size).map_or(rest.len(), |kept| most - kept);
                    if direct > 0 {
                        self.write(&rest[..direct])?;
                        rest = &rest[direct..];
                        continue;
                    }
                }
                let room = (*buf).end.offset_from_unsigned((*buf).last);
                let part = &rest[..room.min(rest.len())];
                (*buf).last.copy_from_nonoverlapping(part.as_ptr(), part.len());
                (*buf).last = (*buf).last.add(part.len());
                rest = &rest[part.len()..];
            }
            (*self.r.as_ptr()).headers_in.content_length_n += data.len() as off_t;

            if (*self.raw).bufs.is_null() && (*buf).last != (*buf).start {
                (*self.raw).bufs = self.r.pool().link(buf).ok_or(Failed)?;
            }
        }
        Ok(())
    }

    /// Makes what was begun the body. More can be appended, if it is finished
    /// again.
    pub(crate) fn finish(&self) -> Result<(), Failed> {
        // SAFETY: `begin` made the buffer.
        let length = unsafe {
            if let Some(temp_file) = (*self.raw).temp_file.as_mut() {
                self.flush()?;
                let link = self.r.pool().marker_link().ok_or(Failed)?;
                let buf = (*link).buf;
                (*buf).file = &raw mut temp_file.file;
                (*buf).file_last = temp_file.offset;
                (*buf).set_in_file(1);
                (*self.raw).bufs = link;
            }
            (*self.r.as_ptr()).headers_in.content_length_n
        };
        self.set_length(length)
    }

    /// Writes the buffer to the temporary file.
    unsafe fn flush(&self) -> Result<(), Failed> {
        // SAFETY: the caller's promise: `begin` made the buffer.
        unsafe {
            let buf = (*self.raw).buf;
            let data = buf::bytes(buf);
            if !data.is_empty() {
                self.write(data)?;
            }
            (*buf).last = (*buf).start;
            (*buf).pos = (*buf).start;
        }
        Ok(())
    }

    /// Writes to the temporary file, which is made if it is not there.
    fn write(&self, data: &[u8]) -> Result<(), Failed> {
        // SAFETY: live request; the buffer and its link end with this function,
        // and nginx only reads them.
        unsafe {
            if (*self.raw).temp_file.is_null() {
                (*self.raw).temp_file = self.temp_file().ok_or(Failed)?;
            }
            let temp_file = (*self.raw).temp_file;
            let mut buf = ngx_buf_t { pos: data.as_ptr().cast_mut(), ..core::mem::zeroed() };
            buf.start = buf.pos;
            buf.last = buf.pos.add(data.len());
            buf.end = buf.last;
            buf.set_memory(1);
            let mut link = ngx_chain_t { buf: &raw mut buf, next: ptr::null_mut() };

            let n = ngx_write_chain_to_temp_file(temp_file, &raw mut link);
            if n == ERROR {
                return Err(Failed);
            }
            (*temp_file).offset += n as off_t;
        }
        Ok(())
    }

    /// A temporary file for the body, as nginx itself makes it.
    fn temp_file(&self) -> Option<*mut ngx_temp_file_t> {
        let file = self.r.pool().zeroed::<ngx_temp_file_t>()?.as_ptr();
        // SAFETY: live request; the file's description was just made.
        unsafe {
            let r = self.r.as_ptr();
            (*file).file.fd = NGX_INVALID_FILE;
            (*file).file.log = (*self.r.connection()).log;
            (*file).path = self.r.core_loc_conf().client_body_temp_path;
            (*file).pool = (*r).pool;
            (*file).warn =
                c"a client request body is buffered to a temporary file".as_ptr().cast_mut();
            (*file).set_log_level((*r).request_body_file_log_level());
            (*file).set_persistent((*r).request_body_in_persistent_file());
            (*file).set_clean((*r).request_body_in_clean_file());
            if (*r).request_body_file_group_access() != 0 {
                (*file).access = 0o660;
            }
        }
        Some(file)
    }

    /// Leaves no body.
    fn clear(&self) {
        // SAFETY: see `is_in_file`.
        unsafe {
            let (bufs, temp_file) = ((*self.raw).bufs, (*self.raw).temp_file);
            let begun = self.is_begun().then_some((*self.raw).buf);
            (*self.raw).bufs = ptr::null_mut();
            (*self.raw).buf = ptr::null_mut();
            (*self.raw).temp_file = ptr::null_mut();

            request_headers::forget_variable(self.r, c"request_body");
            request_headers::forget_variable(self.r, c"request_body_file");
            if self.is_in_use() {
                return;
            }
            for buf in buf::bufs(bufs).chain(begun) {
                if (*buf).tag == tag() {
                    // Memory of ours, which only a large piece gives back.
                    ngx_pfree((*self.r.as_ptr()).pool, (*buf).start.cast());
                }
            }
            if let Some(temp_file) = temp_file.as_ref() {
                close(self.r, temp_file.file.fd);
            }
        }
    }

    /// Whether an upstream or a subrequest may be sending the body.
    fn is_in_use(&self) -> bool {
        // SAFETY: live request.
        unsafe {
            let r = self.r.as_ptr();
            !self.r.is_main() || !(*r).upstream.is_null() || (*r).count() != 1
        }
    }

    fn set_length(&self, length: off_t) -> Result<(), Failed> {
        // SAFETY: live request.
        unsafe { (*self.r.as_ptr()).headers_in.content_length_n = length };
        if !self.r.has_headers() {
            return Ok(());
        }
        let mut text = itoa::Buffer::new();
        request_headers::set(self.r, b"Content-Length", &[text.format(length).as_bytes()])?;
        Ok(())
    }
}

/// What buffers of ours are marked with.
fn tag() -> ngx_buf_tag_t {
    module().cast_mut().cast()
}

/// Closes a file now that the pool would close at its end.
///
/// # Safety
/// Nobody uses the file.
unsafe fn close(r: Request, fd: ngx_fd_t) {
    // SAFETY: the pool's list of cleanups; a handler of files has a file's data.
    unsafe {
        let mut next = (*r.pool().as_ptr()).cleanup;
        while let Some(cleanup) = next.as_mut() {
            let is_file = [ngx_pool_cleanup_file as ngx_pool_cleanup_pt_fn, ngx_pool_delete_file]
                .into_iter()
                .any(|handler| cleanup.handler.is_some_and(|h| core::ptr::fn_addr_eq(h, handler)));
            if is_file && (*cleanup.data.cast::<ngx_pool_cleanup_file_t>()).fd == fd {
                if let Some(handler) = cleanup.handler.take() {
                    handler(cleanup.data);
                }
                return;
            }
            next = cleanup.next;
        }
    }
}

#[allow(non_camel_case_types)]
type ngx_pool_cleanup_pt_fn = unsafe extern "C" fn(*mut core::ffi::c_void);
