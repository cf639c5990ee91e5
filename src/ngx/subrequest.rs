//! Subrequests: making one, and what it has from its parent.

use core::cell::Cell;
use core::mem::offset_of;
use core::ptr;

use super::headers::{self, iter, len};
use super::{NgxStr, Request, buf};
use crate::sys::*;

type In = ngx_http_headers_in_t;

/// Makes a subrequest. nginx runs it when the current event has been handled,
/// and calls `done` at its end.
pub(crate) fn create(
    parent: Request,
    mut uri: ngx_str_t,
    args: Option<ngx_str_t>,
    done: *mut ngx_http_post_subrequest_t,
) -> Option<Request> {
    let mut args = args;
    let args = args.as_mut().map_or(ptr::null_mut(), |args| &raw mut *args);
    let mut sr: *mut ngx_http_request_t = ptr::null_mut();
    // SAFETY: live request; nginx copies both strings.
    unsafe {
        let flags = NGX_HTTP_SUBREQUEST_BACKGROUND as ngx_uint_t;
        let made =
            ngx_http_subrequest(parent.as_ptr(), &raw mut uri, args, &raw mut sr, done, flags);
        if made != OK {
            return None;
        }
        // The flag keeps nginx from giving the subrequest a place in the
        // parent's output. It must not stay: caches treat such requests as
        // their own updates.
        (*sr).set_background(0);
        (*sr).set_discard_body(0);
        Some(Request::from_ptr(sr))
    }
}

/// Has nginx forget a subrequest that is over, without waiting for its turn in
/// the parent's output. To be called by its handler for the end.
pub(crate) fn detach(sr: Request) {
    // SAFETY: live request.
    unsafe {
        (*sr.as_ptr()).set_background(1);
        (*sr.as_ptr()).set_buffered(0);
        (*sr.as_ptr()).write_event_handler = Some(ngx_http_request_empty_handler);

        // nginx bounds the reading of a file by the client's send_timeout.
        let connection = sr.connection();
        let event = (*connection).write;
        if (*event).timer_set() != 0 && (*event).delayed() == 0 && (*connection).buffered() == 0 {
            ngx_del_timer(event);
        }
    }
}

/// A place for variables: what a subrequest sees of its parent's.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Variables {
    Own,
    Copied,
    Shared,
}

/// Gives a subrequest its variables; false if there is no memory.
pub(crate) fn set_variables(parent: Request, sr: Request, variables: Variables) -> bool {
    if variables == Variables::Shared {
        return true;
    }
    let count = sr.core_main_conf().variables.nelts;
    let size = count * size_of::<ngx_http_variable_value_t>();
    // SAFETY: live requests; every request has one value for each variable.
    unsafe {
        let values = if variables == Variables::Copied {
            let values: *mut ngx_http_variable_value_t =
                ngx_palloc(sr.pool().as_ptr(), size).cast();
            if !values.is_null() {
                ptr::copy_nonoverlapping((*parent.as_ptr()).variables, values, count);
            }
            values
        } else {
            ngx_pcalloc(sr.pool().as_ptr(), size).cast()
        };
        (*sr.as_ptr()).variables = values;
        !values.is_null()
    }
}

/// The request body of a subrequest.
#[derive(Clone, Copy)]
pub(crate) enum Body {
    None,
    /// The parent's, if it was read.
    Parent,
    Text(ngx_str_t),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyError {
    /// The parent's body is in a file that need not last.
    InPassingFile,
    NoMemory,
}

/// Gives a subrequest its body and its parent's headers. A Content-Length is
/// never anything but the length of that body: whatever the subrequest is
/// passed to would wait for the rest, or take it for another request.
pub(crate) fn set_body_and_headers(
    parent: Request,
    sr: Request,
    body: Body,
) -> Result<(), BodyError> {
    let length = match body {
        Body::None => {
            // SAFETY: live request.
            unsafe { (*sr.as_ptr()).request_body = ptr::null_mut() };
            None
        }
        Body::Parent => share_body(parent, sr)?,
        Body::Text(text) => {
            set_text(sr, text).ok_or(BodyError::NoMemory)?;
            Some(text.len)
        }
    };
    copy_headers(parent, sr).ok_or(BodyError::NoMemory)?;
    set_length(sr, length).ok_or(BodyError::NoMemory)
}

/// Gives a subrequest its parent's body; gives the length, if the parent has one.
fn share_body(parent: Request, sr: Request) -> Result<Option<usize>, BodyError> {
    // SAFETY: live requests.
    unsafe {
        let declared = (*parent.as_ptr()).headers_in.content_length_n;
        let body = (*parent.as_ptr()).request_body;
        if body.is_null() || (*parent.main().as_ptr()).reading_body() != 0 {
            (*sr.as_ptr()).request_body = ptr::null_mut();
            return Ok((declared == 0).then_some(0));
        }
        if !(*body).temp_file.is_null()
            && ((*parent.as_ptr()).request_body_in_persistent_file() == 0
                || (*parent.as_ptr()).request_body_in_clean_file() == 0)
        {
            return Err(BodyError::InPassingFile);
        }
        // Code in the subrequest may put another body in place.
        let copy = sr.pool().alloc().ok_or(BodyError::NoMemory)?.as_ptr();
        ptr::copy_nonoverlapping(body, copy, 1);
        (*sr.as_ptr()).request_body = copy;
        let length = buf::bufs((*body).bufs).map(|buf| buf::size(buf)).sum();
        Ok((length > 0 || declared >= 0).then_some(length))
    }
}

fn set_text(sr: Request, text: ngx_str_t) -> Option<()> {
    let pool = sr.pool();
    let body = pool.zeroed::<ngx_http_request_body_t>()?.as_ptr();
    if text.len > 0 {
        let link = pool.marker_link()?;
        // SAFETY: the link is fresh; the text is in the pool.
        unsafe {
            let buf = (*link).buf;
            (*buf).set_temporary(1);
            (*buf).set_last_buf(1);
            (*buf).start = text.data;
            (*buf).pos = text.data;
            (*buf).last = text.data.add(text.len);
            (*buf).end = (*buf).last;
            (*body).buf = buf;
            (*body).bufs = link;
        }
    }
    // SAFETY: live request.
    unsafe { (*sr.as_ptr()).request_body = body };
    Some(())
}

/// Makes the headers agree with the length of the body.
fn set_length(sr: Request, length: Option<usize>) -> Option<()> {
    // SAFETY: live request; its list of headers is its own and has no
    // Content-Length.
    unsafe {
        let headers_in = &raw mut (*sr.as_ptr()).headers_in;
        (*headers_in).set_chunked(0);
        (*headers_in).content_length = ptr::null_mut();
        (*headers_in).content_length_n = -1;
        if let Some(length) = length {
            let mut text = itoa::Buffer::new();
            (*headers_in).content_length_n = length as off_t;
            (*headers_in).content_length = headers::push(
                &raw mut (*headers_in).headers,
                sr.pool(),
                b"Content-Length",
                text.format(length).as_bytes(),
            )?;
        }
    }
    Some(())
}

/// Gives a subrequest a list of headers of its own, with all of its parent's
/// but Content-Length: code in the subrequest may change it.
fn copy_headers(parent: Request, sr: Request) -> Option<()> {
    // SAFETY: live requests. nginx has copied the structure with its pointers,
    // all of which are to the parent's list.
    unsafe {
        let source = &raw mut (*parent.as_ptr()).headers_in.headers;
        let headers_in = &raw mut (*sr.as_ptr()).headers_in;
        let list = &raw mut (*headers_in).headers;
        let size = size_of::<ngx_table_elt_t>();
        let room = len(source) + 1;

        let mut moved = Moved {
            source,
            to: ngx_palloc(sr.pool().as_ptr(), room * size).cast(),
            dropped: Vec::new(),
            last: Cell::new((&raw const (*source).part, 0)),
        };
        if moved.to.is_null() {
            return None;
        }
        let mut count = 0;
        for (i, header) in iter(source).enumerate() {
            if (*header).key.bytes().eq_ignore_ascii_case(b"content-length") {
                moved.dropped.push(i);
            } else {
                ptr::copy_nonoverlapping(header, moved.to.add(count), 1);
                count += 1;
            }
        }

        (*list).part =
            ngx_list_part_t { elts: moved.to.cast(), nelts: count, next: ptr::null_mut() };
        (*list).last = &raw mut (*list).part;
        (*list).size = size;
        (*list).nalloc = room;
        (*list).pool = sr.pool().as_ptr();

        moved.relink(headers_in, count)
    }
}

/// Where the headers of a list went.
struct Moved {
    source: *mut ngx_list_t,
    to: *mut ngx_table_elt_t,
    /// Positions in the source that have no copy.
    dropped: Vec<usize>,
    /// The part where the last header was found, and its first position: the
    /// next one is mostly near.
    last: Cell<(*const ngx_list_part_t, usize)>,
}

impl Moved {
    /// The copy of a header; null if there is none.
    unsafe fn copy_of(&self, header: *mut ngx_table_elt_t) -> *mut ngx_table_elt_t {
        // SAFETY: the source is live.
        let position = unsafe {
            self.position(header, self.last.get())
                .or_else(|| self.position(header, (&raw const (*self.source).part, 0)))
        };
        match position {
            Some(i) if !self.dropped.contains(&i) => {
                let before = self.dropped.iter().filter(|dropped| **dropped < i).count();
                // SAFETY: there is a copy of all but what was dropped.
                unsafe { self.to.add(i - before) }
            }
            _ => ptr::null_mut(),
        }
    }

    /// The position of a header in the source, from a part and its first
    /// position on.
    unsafe fn position(
        &self,
        header: *mut ngx_table_elt_t,
        (mut part, mut first): (*const ngx_list_part_t, usize),
    ) -> Option<usize> {
        // SAFETY: the parts of a live list.
        unsafe {
            while !part.is_null() {
                let elts: *mut ngx_table_elt_t = (*part).elts.cast();
                if header >= elts && header < elts.add((*part).nelts) {
                    self.last.set((part, first));
                    return Some(first + header.offset_from(elts) as usize);
                }
                first += (*part).nelts;
                part = (*part).next;
            }
        }
        None
    }

    /// Has the pointers to headers point to the copies.
    #[cfg(nginx_1_23_0)]
    unsafe fn relink(&self, headers_in: *mut In, count: usize) -> Option<()> {
        // SAFETY: between these offsets are pointers to headers only.
        unsafe {
            self.relink_slots(headers_in, offset_of!(In, host), offset_of!(In, user));
            for i in 0..count {
                let next = &raw mut (*self.to.add(i)).next;
                if !(*next).is_null() {
                    *next = self.copy_of(*next);
                }
            }
        }
        Some(())
    }

    #[cfg(not(nginx_1_23_0))]
    unsafe fn relink(&self, headers_in: *mut In, _: usize) -> Option<()> {
        let array = offset_of!(In, x_forwarded_for);
        // SAFETY: between these offsets are pointers to headers only.
        unsafe {
            self.relink_slots(headers_in, offset_of!(In, host), array);
            let behind = array + size_of::<ngx_array_t>();
            self.relink_slots(headers_in, behind, offset_of!(In, user));
            self.relink_array(&raw mut (*headers_in).x_forwarded_for)?;
            self.relink_array(&raw mut (*headers_in).cookies)
        }
    }

    unsafe fn relink_slots(&self, headers_in: *mut In, from: usize, to: usize) {
        for offset in (from..to).step_by(size_of::<*mut ngx_table_elt_t>()) {
            // SAFETY: the caller gives offsets of pointers.
            unsafe {
                let slot: *mut *mut ngx_table_elt_t = headers_in.byte_add(offset).cast();
                if !(*slot).is_null() {
                    *slot = self.copy_of(*slot);
                }
            }
        }
    }

    #[cfg(not(nginx_1_23_0))]
    unsafe fn relink_array(&self, array: *mut ngx_array_t) -> Option<()> {
        // SAFETY: an array of pointers to headers, or one that was never used.
        unsafe {
            let count = (*array).nelts;
            if (*array).elts.is_null() {
                return Some(());
            }
            let pool = (*self.source).pool;
            let room = count.max(1);
            let size = size_of::<*mut ngx_table_elt_t>();
            let elts: *mut *mut ngx_table_elt_t = ngx_palloc(pool, room * size).cast();
            if elts.is_null() {
                return None;
            }
            let old: *mut *mut ngx_table_elt_t = (*array).elts.cast();
            for i in 0..count {
                elts.add(i).write(self.copy_of(*old.add(i)));
            }
            *array = ngx_array_t { elts: elts.cast(), nelts: count, size, nalloc: room, pool };
        }
        Some(())
    }
}
