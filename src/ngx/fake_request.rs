//! A request that no client made, for code and for functions of other modules
//! that take one outside of requests.

use core::mem::ManuallyDrop;
use core::ptr::{self, NonNull};

use super::http_conf::HttpConf;
use super::{Pool, Request};
use crate::sys::*;

/// Memory of a request's pool at first.
const POOL_SIZE: usize = 4096;

/// What a request refers to.
#[repr(C)]
struct Parts {
    request: ngx_http_request_t,
    connection: ngx_connection_t,
    read: ngx_event_t,
    write: ngx_event_t,
    log: ngx_log_t,
}

/// Ends with its memory when it is dropped. Its connection is none of the
/// cycle's, so that there is always one.
pub(crate) struct FakeRequest {
    /// Has all that belongs to the request.
    memory: Memory,
    parts: NonNull<Parts>,
}

/// The memory of a request that has ended, for the next one.
pub(crate) struct Memory(Pool);

impl FakeRequest {
    /// A request with a log of its own. `None` if there is no memory.
    ///
    /// # Safety
    /// The configuration, and what `log` refers to, live longer.
    pub(crate) unsafe fn new(
        conf: HttpConf,
        log: ngx_log_t,
        memory: Option<Memory>,
    ) -> Option<Self> {
        // SAFETY: the caller's promise. All fields may be zero.
        unsafe {
            let memory = memory.or_else(Memory::new)?;
            let pool = memory.0;
            let fake = Self { memory, parts: pool.zeroed::<Parts>()? };
            let parts = fake.parts.as_ptr();
            let (r, connection) = (&raw mut (*parts).request, &raw mut (*parts).connection);

            (*parts).log = log;
            let log = &raw mut (*parts).log;
            (*pool.as_ptr()).log = log;

            for event in [&raw mut (*parts).read, &raw mut (*parts).write] {
                (*event).data = connection.cast();
                (*event).log = log;
                (*event).index = NGX_INVALID_INDEX as ngx_uint_t;
            }
            (*connection).data = r.cast();
            (*connection).read = &raw mut (*parts).read;
            (*connection).write = &raw mut (*parts).write;
            (*connection).fd = -1;
            (*connection).pool = pool.as_ptr();
            (*connection).log = log;
            (*connection).number = (*log).connection;
            (*connection).set_error(1);

            (*r).signature = NGX_HTTP_MODULE;
            (*r).connection = connection;
            (*r).pool = pool.as_ptr();
            (*r).main = r;
            (*r).set_count(1);
            (*r).main_conf = conf.main;
            (*r).srv_conf = conf.server;
            (*r).loc_conf = conf.location;

            let contexts = ngx_http_max_module * size_of::<usize>();
            (*r).ctx = ngx_pcalloc(pool.as_ptr(), contexts).cast();
            let variables = conf.variables() * size_of::<ngx_http_variable_value_t>();
            (*r).variables = ngx_pcalloc(pool.as_ptr(), variables).cast();
            let complete = !(*r).ctx.is_null() && !(*r).variables.is_null();
            complete.then_some(fake)
        }
    }

    /// Ends the request and gives its memory back, unless it has become large.
    pub(crate) fn end(self) -> Option<Memory> {
        let pool = self.memory.0.as_ptr();
        // SAFETY: the pool is live; the next block would be its second.
        if unsafe { !(*pool).d.next.is_null() } {
            return None;
        }
        let fake = ManuallyDrop::new(self);
        fake.clean_up();
        // SAFETY: the pool is ours, and only the result owns it from here on. These
        // are nginx's steps when it destroys a pool, but that the memory stays.
        unsafe {
            let mut cleanup = (*pool).cleanup;
            while let Some(handler) = cleanup.as_ref() {
                if let Some(call) = handler.handler {
                    call(handler.data);
                }
                cleanup = handler.next;
            }
            (*pool).cleanup = ptr::null_mut();
            ngx_reset_pool(pool);
            Some(ptr::read(&raw const fake.memory))
        }
    }

    /// What hangs on a request ends before its memory, as with those that nginx
    /// frees.
    fn clean_up(&self) {
        // SAFETY: the request is live; each handler is called once.
        unsafe {
            // The request's own log is a part of that memory.
            (*self.memory.0.as_ptr()).log = super::log::cycle_log();
            let r = self.request().as_ptr();
            while let Some(cleanup) = (*r).cleanup.as_ref() {
                (*r).cleanup = cleanup.next;
                if let Some(handler) = cleanup.handler {
                    handler(cleanup.data);
                }
            }
        }
    }

    pub(crate) fn request(&self) -> Request {
        // SAFETY: made in `new`; the caller does not keep it longer than us.
        unsafe { Request::from_ptr(&raw mut (*self.parts.as_ptr()).request) }
    }
}

impl Drop for FakeRequest {
    fn drop(&mut self) {
        self.clean_up();
    }
}

impl Memory {
    fn new() -> Option<Self> {
        // SAFETY: the log is the cycle's.
        unsafe {
            let pool = NonNull::new(ngx_create_pool(POOL_SIZE, super::log::cycle_log()))?;
            Some(Self(Pool::from_ptr(pool.as_ptr())))
        }
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        // SAFETY: the pool is ours.
        unsafe { ngx_destroy_pool(self.0.as_ptr()) }
    }
}
