//! A request.

use core::ptr::NonNull;

use super::{NgxStr, Pool, log};
use crate::sys::*;

/// A live request. A copy is only kept on the stack of the callback that
/// nginx called, or in something that the request's pool or cleanup list ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Request(NonNull<ngx_http_request_t>);

impl Request {
    /// # Safety
    /// `r` is live, see above.
    pub(crate) unsafe fn from_ptr(r: *mut ngx_http_request_t) -> Self {
        // SAFETY: nginx passes no null requests.
        Self(unsafe { NonNull::new_unchecked(r) })
    }

    pub(crate) const fn as_ptr(self) -> *mut ngx_http_request_t {
        self.0.as_ptr()
    }

    pub(crate) fn pool(self) -> Pool {
        // SAFETY: a live request has a pool; so for all fields below.
        unsafe { Pool::from_ptr((*self.as_ptr()).pool) }
    }

    pub(crate) fn connection(self) -> *mut ngx_connection_t {
        // SAFETY: live request.
        unsafe { (*self.as_ptr()).connection }
    }

    pub(crate) fn main(self) -> Request {
        // SAFETY: every request has a main one, perhaps itself.
        unsafe { Request::from_ptr((*self.as_ptr()).main) }
    }

    pub(crate) fn is_main(self) -> bool {
        self.main() == self
    }

    pub(crate) fn core_loc_conf(self) -> &'static ngx_http_core_loc_conf_t {
        // SAFETY: the configuration outlives its requests. 'static stands for
        // the cycle, which the request holds.
        unsafe { &*http_module_loc_conf(self.as_ptr(), &raw const ngx_http_core_module) }
    }

    pub(crate) fn core_main_conf(self) -> &'static ngx_http_core_main_conf_t {
        // SAFETY: as for core_loc_conf.
        unsafe { &*http_module_main_conf(self.as_ptr(), &raw const ngx_http_core_module) }
    }

    pub(crate) fn log(self, level: u32, message: impl AsRef<[u8]>) {
        log::write(self.log_ptr(), level, 0, message.as_ref());
    }

    pub(crate) fn log_ptr(self) -> *mut ngx_log_t {
        // SAFETY: live request.
        unsafe { (*self.connection()).log }
    }

    /// Whether debug lines about http are wanted.
    pub(crate) fn debug(self) -> bool {
        // SAFETY: live request.
        unsafe { (*self.log_ptr()).log_level & NGX_LOG_DEBUG_HTTP as ngx_uint_t != 0 }
    }

    pub(crate) fn log_debug(self, message: impl AsRef<[u8]>) {
        let message = message.as_ref();
        // SAFETY: "%*s" takes a length and a pointer.
        unsafe {
            ngx_log_error_core(
                NGX_LOG_DEBUG as ngx_uint_t,
                self.log_ptr(),
                0,
                c"%*s".as_ptr(),
                message.len(),
                message.as_ptr(),
            );
        }
    }

    /// Not for HTTP/0.9, nor if nginx has refused the request line.
    pub(crate) fn has_headers(self) -> bool {
        // SAFETY: live request.
        unsafe {
            let r = self.as_ptr();
            (*r).http_version >= NGX_HTTP_VERSION_10 as ngx_uint_t
                && !(*r).headers_in.headers.part.elts.is_null()
        }
    }

    pub(crate) fn header_sent(self) -> bool {
        // SAFETY: live request.
        unsafe { (*self.as_ptr()).header_sent() != 0 }
    }

    pub(crate) fn status(self) -> ngx_uint_t {
        // SAFETY: live request.
        unsafe { (*self.as_ptr()).headers_out.status }
    }

    pub(crate) fn set_status(self, status: ngx_uint_t) {
        // SAFETY: live request.
        unsafe { (*self.as_ptr()).headers_out.status = status }
    }

    /// The host of an HTTP/3 request, which nginx does not list among its headers.
    pub(crate) fn authority(&self) -> Option<&[u8]> {
        const HTTP_3: ngx_uint_t = 3000;
        // SAFETY: live request; the bounds are those of a text in its pool.
        unsafe {
            let r = self.as_ptr();
            if (*r).http_version != HTTP_3 || (*r).host_start.is_null() {
                return None;
            }
            let len = (*r).host_end.offset_from_unsigned((*r).host_start);
            Some(core::slice::from_raw_parts((*r).host_start, len))
        }
    }

    pub(crate) fn args(&self) -> &[u8] {
        // SAFETY: live request.
        unsafe { (*self.as_ptr()).args.bytes() }
    }

    /// Has log lines of the connection name this request, as nginx does for a
    /// request that it runs.
    pub(crate) fn name_in_log(self) {
        // SAFETY: live request; the data of its connection's log is a
        // ngx_http_log_ctx_t.
        unsafe {
            let log: *mut ngx_http_log_ctx_t = (*self.log_ptr()).data.cast();
            if let Some(log) = log.as_mut() {
                log.current_request = self.as_ptr();
            }
        }
    }

    /// Ends the request as nginx does for a handler that returned `rc`.
    pub(crate) fn finalize(self, rc: ngx_int_t) {
        // SAFETY: live request; the caller does not use it afterwards.
        unsafe { ngx_http_finalize_request(self.as_ptr(), rc) }
    }

    /// Lets nginx run what the last action made runnable.
    pub(crate) fn run_posted(connection: *mut ngx_connection_t) {
        // SAFETY: the connection outlives the event that we handle.
        unsafe { ngx_http_run_posted_requests(connection) }
    }
}
