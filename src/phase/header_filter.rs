//! `header_filter_by_lua`: sees and changes the response header.

use core::sync::atomic::{AtomicPtr, Ordering};

use crate::conf::Phase;
use crate::ngx::{self, Request};
use crate::sched::{Ctx, Run};
use crate::sys::*;

/// The filter after ours.
static NEXT: AtomicPtr<core::ffi::c_void> = AtomicPtr::new(core::ptr::null_mut());

type Filter = unsafe extern "C" fn(*mut ngx_http_request_t) -> ngx_int_t;

pub(super) fn install() {
    // SAFETY: filters are chained in one thread, before requests are served.
    unsafe {
        let top = ngx_http_top_header_filter;
        NEXT.store(top.map_or(core::ptr::null_mut(), |f| f as *mut _), Ordering::Relaxed);
        ngx_http_top_header_filter = Some(filter);
    }
}

fn next(r: Request) -> ngx_int_t {
    // SAFETY: `install` stored a filter; nginx's chain always ends in one.
    unsafe {
        let next: Filter = core::mem::transmute(NEXT.load(Ordering::Relaxed));
        next(r.as_ptr())
    }
}

unsafe extern "C" fn filter(r: *mut ngx_http_request_t) -> ngx_int_t {
    ngx::callback("header_filter_by_lua", ERROR, || {
        // SAFETY: nginx filters the header of a live request.
        let r = unsafe { Request::from_ptr(r) };
        let conf = r.loc_conf();

        if conf.hook(Phase::BodyFilter).is_some() {
            // SAFETY: live request. The body filter's code wants text.
            unsafe { (*r.as_ptr()).set_filter_need_in_memory(1) };
        }

        let Some(chunk) = conf.hook(Phase::HeaderFilter) else {
            return next(r);
        };
        let Some(ctx) = Ctx::of(r) else { return ERROR };

        let run = Run::on_main(Phase::HeaderFilter, ctx);
        if run.chunk(ctx, chunk, 0).is_err() {
            return ERROR;
        }

        match run.exit.get() {
            None => next(r),
            Some(ERROR) => ERROR,
            Some(status) if ctx.filter.exit.replace(status) == status => next(r),
            Some(status) => {
                // SAFETY: live request; nginx answers with a page of its own.
                unsafe {
                    ngx_http_filter_finalize_request(
                        r.as_ptr(),
                        crate::sys::module().cast_mut(),
                        status,
                    )
                }
            }
        }
    })
}
