//! The filters that take the output of subrequests which Lua code waits for.
//! They stand behind those that run Lua code.

use core::ffi::c_void;
use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};

use crate::ngx::{self, Request};
use crate::sched::subrequest::Reply;
use crate::sys::*;

/// The filters after ours.
static NEXT_HEADER: AtomicPtr<c_void> = AtomicPtr::new(ptr::null_mut());
static NEXT_BODY: AtomicPtr<c_void> = AtomicPtr::new(ptr::null_mut());

type HeaderFilter = unsafe extern "C" fn(*mut ngx_http_request_t) -> ngx_int_t;
type BodyFilter = unsafe extern "C" fn(*mut ngx_http_request_t, *mut ngx_chain_t) -> ngx_int_t;

pub(super) fn install() {
    // SAFETY: filters are chained in one thread, before requests are served.
    unsafe {
        let header = ngx_http_top_header_filter;
        NEXT_HEADER.store(header.map_or(ptr::null_mut(), |f| f as *mut _), Ordering::Relaxed);
        ngx_http_top_header_filter = Some(filter_header);

        let body = ngx_http_top_body_filter;
        NEXT_BODY.store(body.map_or(ptr::null_mut(), |f| f as *mut _), Ordering::Relaxed);
        ngx_http_top_body_filter = Some(filter_body);
    }
}

unsafe extern "C" fn filter_header(r: *mut ngx_http_request_t) -> ngx_int_t {
    ngx::callback("capture filter", ERROR, || {
        // SAFETY: nginx filters the header of a live request.
        let request = unsafe { Request::from_ptr(r) };
        let Some(reply) = Reply::of(request) else {
            // SAFETY: `install` stored a filter; nginx's chain always ends in
            // one.
            return unsafe {
                let next: HeaderFilter = core::mem::transmute(NEXT_HEADER.load(Ordering::Relaxed));
                next(r)
            };
        };

        // What nginx's last filter does for requests that have a client.
        // SAFETY: live request.
        unsafe {
            (*r).set_header_sent(1);
            (*r).set_filter_need_in_memory(1);
            let status = (*r).headers_out.status as u32;
            if (*r).method & NGX_HTTP_HEAD as ngx_uint_t != 0
                || matches!(status, NGX_HTTP_NO_CONTENT | NGX_HTTP_NOT_MODIFIED)
            {
                (*r).set_header_only(1);
            } else {
                reply.expect((*r).headers_out.content_length_n);
            }
        }
        OK
    })
}

unsafe extern "C" fn filter_body(r: *mut ngx_http_request_t, chain: *mut ngx_chain_t) -> ngx_int_t {
    ngx::callback("capture filter", ERROR, || {
        // SAFETY: nginx filters the body of a live request.
        match Reply::of(unsafe { Request::from_ptr(r) }) {
            Some(reply) if reply.take(chain) => OK,
            Some(_) => ERROR,
            // SAFETY: as above.
            None => unsafe {
                let next: BodyFilter = core::mem::transmute(NEXT_BODY.load(Ordering::Relaxed));
                next(r, chain)
            },
        }
    })
}
