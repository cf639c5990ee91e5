//! Subrequests whose responses Lua code waits for.
//!
//! A [`Group`] is what one call asks for. A thread waits for it; each of its
//! [`Reply`]s gathers the response of one subrequest, which the capture filters
//! bring. nginx says when a subrequest is over; after the last one, the thread
//! goes on. A subrequest can outlive the wait, when the thread is ended: its
//! response then goes nowhere.

use core::cell::{Cell, RefCell};
use core::ffi::c_void;
use core::ptr::{self, NonNull};

use super::{Ctx, Keeper, Thread, Wait};
use crate::ngx::{self, Request, buf, subrequest};
use crate::sys::*;

/// The subrequests of one call. It lives in the parent's pool.
pub(crate) struct Group {
    /// The thread that waits; null if none does.
    thread: Cell<*const Thread>,
    /// How many are not over.
    pending: Cell<usize>,
    replies: Vec<Reply>,
    /// Pushes the results for the thread; gives their number.
    push: fn(&Thread, &[Reply]) -> i32,
}

/// What a subrequest answers.
pub(crate) struct Reply {
    /// What nginx calls at the end.
    post: ngx_http_post_subrequest_t,
    group: *const Group,
    request: Cell<Option<Request>>,
    /// nginx has ended the subrequest.
    over: Cell<bool>,
    pub status: Cell<ngx_int_t>,
    pub body: RefCell<Vec<u8>>,
    /// The end of the body was seen.
    pub complete: Cell<bool>,
}

type Handler = unsafe extern "C" fn(*mut ngx_http_request_t, *mut c_void, ngx_int_t) -> ngx_int_t;

/// More than this is not set aside on the word of a Content-Length.
const LARGEST_RESERVE: usize = 1 << 20;

impl Group {
    /// Makes room for `count` replies.
    pub(crate) fn new<'a>(
        parent: Request,
        count: usize,
        push: fn(&Thread, &[Reply]) -> i32,
    ) -> Option<&'a Group> {
        let group: NonNull<Group> = parent.pool().own(|| Group {
            thread: Cell::new(ptr::null()),
            pending: Cell::new(0),
            replies: (0..count).map(|_| Reply::new()).collect(),
            push,
        })?;
        // SAFETY: just made; from here on only shared references are used. The
        // replies stay where they are.
        unsafe {
            for reply in &mut (*group.as_ptr()).replies {
                reply.group = group.as_ptr();
                reply.post.data = (&raw const *reply).cast_mut().cast();
            }
            Some(group.as_ref())
        }
    }

    /// Starts the next subrequest of the group.
    pub(crate) fn start(
        &self,
        parent: Request,
        uri: ngx_str_t,
        args: Option<ngx_str_t>,
    ) -> Option<Request> {
        let reply = self.replies.get(self.pending.get())?;
        let post = (&raw const reply.post).cast_mut();
        let sr = subrequest::create(parent, uri, args, post)?;
        reply.request.set(Some(sr));
        self.pending.set(self.pending.get() + 1);
        Some(sr)
    }

    /// Has the subrequests that were started do nothing: something went wrong
    /// with a later one.
    pub(crate) fn cancel(&self) {
        for sr in self.replies.iter().filter_map(Reply::request) {
            // SAFETY: a subrequest that nginx has not run yet.
            unsafe { (*sr.as_ptr()).write_event_handler = Some(finish_cancelled) };
        }
    }

    /// Notes that `thread` waits for the group.
    pub(crate) fn await_by(&self, thread: &Thread) {
        self.thread.set(thread);
        // SAFETY: a group lives as long as the main request.
        unsafe {
            thread.wait_for_keeper(
                Wait::Subrequests,
                Keeper {
                    owner: (&raw const *self).cast(),
                    undo: |group| (*group.cast::<Group>()).thread.set(ptr::null()),
                    time_out: None,
                },
            );
        }
    }

    fn one_is_over(&self) {
        self.pending.set(self.pending.get() - 1);
        if self.pending.get() > 0 {
            return;
        }
        // SAFETY: a thread that ends takes itself out of its group.
        let Some(thread) = (unsafe { self.thread.replace(ptr::null()).as_ref() }) else { return };
        let results = (self.push)(thread, &self.replies);
        thread.wake(results);

        let ctx = thread.ctx();
        // The subrequest is still being ended, below us on the stack.
        // SAFETY: live request; nginx runs it when that is done.
        unsafe {
            let parent = ctx.request.as_ptr();
            (*parent).write_event_handler = ctx.resume.get();
            if ngx_http_post_request(parent, ptr::null_mut()) != OK {
                ctx.request.log(NGX_LOG_ERR, "no memory to go on after a subrequest");
            }
        }
    }
}

impl Reply {
    fn new() -> Self {
        Self {
            post: ngx_http_post_subrequest_t {
                handler: Some(subrequest_over),
                data: ptr::null_mut(),
            },
            group: ptr::null(),
            request: Cell::new(None),
            over: Cell::new(false),
            status: Cell::new(0),
            body: RefCell::default(),
            complete: Cell::new(false),
        }
    }

    /// The reply that a request's output is for.
    pub(crate) fn of<'a>(r: Request) -> Option<&'a Reply> {
        // SAFETY: live request. Our handler comes with our data, in the pool of
        // the main request.
        unsafe {
            let post = (*r.as_ptr()).post_subrequest.as_ref()?;
            let ours = post
                .handler
                .is_some_and(|handler| ptr::fn_addr_eq(handler, subrequest_over as Handler));
            if ours { post.data.cast::<Reply>().as_ref() } else { None }
        }
    }

    /// The subrequest. It lives as long as the main request, and its response
    /// header with it.
    pub(crate) fn request(&self) -> Option<Request> {
        self.request.get()
    }

    /// Makes room for a body of an announced length.
    pub(crate) fn expect(&self, length: off_t) {
        if let Ok(length) = usize::try_from(length) {
            // What cannot be had now is asked for again when it is needed.
            let _ = self.body.borrow_mut().try_reserve_exact(length.min(LARGEST_RESERVE));
        }
    }

    /// Takes a part of the body; false if there is no memory.
    pub(crate) fn take(&self, chain: *mut ngx_chain_t) -> bool {
        let mut body = self.body.borrow_mut();
        // SAFETY: nginx filters this chain and wants it consumed.
        unsafe {
            for buf in buf::bufs(chain) {
                if !self.complete.get() {
                    let bytes = buf::bytes(buf);
                    if body.try_reserve(bytes.len()).is_err() {
                        return false;
                    }
                    body.extend_from_slice(bytes);
                    if (*buf).last_buf() != 0 || (*buf).last_in_chain() != 0 {
                        self.complete.set(true);
                    }
                }
            }
            buf::consume(chain);
        }
        true
    }

    fn over(&self, r: Request, rc: ngx_int_t) -> ngx_int_t {
        // SAFETY: live request.
        let buffered = unsafe { (*r.as_ptr()).buffered() != 0 };
        if buffered && (rc == OK || rc == AGAIN) {
            // nginx still reads the file that is the response.
            return rc;
        }
        if self.over.replace(true) || closes(rc) {
            return rc;
        }

        self.status.set(match (r.status() as ngx_int_t, rc) {
            (0, OK) => NGX_HTTP_OK as ngx_int_t,
            (0, ERROR) => NGX_HTTP_INTERNAL_SERVER_ERROR as ngx_int_t,
            (0, rc) if rc >= NGX_HTTP_CONTINUE as ngx_int_t => rc,
            (status, _) => status,
        });
        if rc != OK {
            answer_without_page(r, rc);
        }
        subrequest::detach(r);
        // SAFETY: the group lives as long as the reply, which is part of it.
        unsafe { (*self.group).one_is_over() };
        OK
    }
}

/// Statuses that end the connection, and with it the main request.
fn closes(rc: ngx_int_t) -> bool {
    const CLOSING: [u32; 3] =
        [NGX_HTTP_CLOSE, NGX_HTTP_REQUEST_TIME_OUT, NGX_HTTP_CLIENT_CLOSED_REQUEST];
    u32::try_from(rc).is_ok_and(|rc| CLOSING.contains(&rc))
}

/// Whether nginx would answer the status with a page of its own.
fn is_error_page(rc: ngx_int_t) -> bool {
    u32::try_from(rc).is_ok_and(|rc| {
        rc >= NGX_HTTP_SPECIAL_RESPONSE || rc == NGX_HTTP_CREATED || rc == NGX_HTTP_NO_CONTENT
    })
}

/// Has the filters see the header of a response that gets no page of nginx's,
/// and what code printed before it failed.
fn answer_without_page(r: Request, rc: ngx_int_t) {
    // SAFETY: live request.
    unsafe {
        if is_error_page(rc) {
            (*r.as_ptr()).err_status = rc as ngx_uint_t;
        }
    }
    if r.status() == 0 {
        match rc {
            ERROR => r.set_status(NGX_HTTP_INTERNAL_SERVER_ERROR as ngx_uint_t),
            rc if is_error_page(rc) => r.set_status(rc as ngx_uint_t),
            _ => {}
        }
    }
    if let Some(ctx) = Ctx::of(r) {
        // A filter that refuses the header says so in the log.
        let _ = ctx.output.send_header(ctx);
        ctx.output.hand_on(ctx);
    }
}

unsafe extern "C" fn subrequest_over(
    r: *mut ngx_http_request_t,
    data: *mut c_void,
    rc: ngx_int_t,
) -> ngx_int_t {
    ngx::callback("subrequest", ERROR, || {
        // SAFETY: nginx ends a live request, with the data that it was given.
        unsafe { (*data.cast::<Reply>()).over(Request::from_ptr(r), rc) }
    })
}

unsafe extern "C" fn finish_cancelled(r: *mut ngx_http_request_t) {
    ngx::callback("subrequest", (), || {
        // SAFETY: nginx runs a live request.
        unsafe { Request::from_ptr(r) }.finalize(OK);
    });
}
