//! `body_filter_by_lua`: sees and changes the response body.

use core::ffi::c_void;
use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};

use crate::conf::{Chunk, Phase};
use crate::ngx::{self, Request, buf};
use crate::sched::filter_chunk::FilterChunk;
use crate::sched::run::Arg;
use crate::sched::{Ctx, Run};
use crate::sys::*;

/// The filter after ours.
static NEXT: AtomicPtr<c_void> = AtomicPtr::new(ptr::null_mut());

type Filter = unsafe extern "C" fn(*mut ngx_http_request_t, *mut ngx_chain_t) -> ngx_int_t;

pub(super) fn install() {
    // SAFETY: filters are chained in one thread, before requests are served.
    unsafe {
        let top = ngx_http_top_body_filter;
        NEXT.store(top.map_or(ptr::null_mut(), |f| f as *mut c_void), Ordering::Relaxed);
        ngx_http_top_body_filter = Some(filter);
    }
}

fn next(r: Request, chain: *mut ngx_chain_t) -> ngx_int_t {
    // SAFETY: `install` stored a filter; nginx's chain always ends in one.
    unsafe {
        let next: Filter = core::mem::transmute(NEXT.load(Ordering::Relaxed));
        next(r.as_ptr(), chain)
    }
}

unsafe extern "C" fn filter(r: *mut ngx_http_request_t, chain: *mut ngx_chain_t) -> ngx_int_t {
    ngx::callback("body_filter_by_lua", ERROR, || {
        // SAFETY: nginx filters the body of a live request.
        let r = unsafe { Request::from_ptr(r) };
        let Some(chunk) = r.loc_conf().hook(Phase::BodyFilter) else {
            return next(r, chain);
        };
        let Some(ctx) = Ctx::of(r) else { return ERROR };
        // An empty chain asks the filters to go on with what they have.
        if chain.is_null() && ctx.filter.waiting.get().is_null() {
            return next(r, chain);
        }

        if ctx.filter.seen_last.get() {
            // SAFETY: the chain is nginx's, for us to consume.
            unsafe { buf::consume(chain) };
            return next(r, ptr::null_mut());
        }

        match take_input(ctx, chain) {
            Ok(input) => {
                let rc = run(ctx, chunk, input.chain);
                input.release(r);
                rc
            }
            Err(rc) => rc,
        }
    })
}

/// What the code shall see. While the client has not taken earlier output, the
/// chain is kept: nginx would call again and again with more, and all of it
/// would be in memory.
fn take_input(ctx: &Ctx, chain: *mut ngx_chain_t) -> Result<Input, ngx_int_t> {
    let r = ctx.request;
    let filter = &ctx.filter;

    if filter.buffers.busy() && blocked(r) {
        if next(r, ptr::null_mut()) == ERROR {
            return Err(ERROR);
        }
        filter.buffers.sent(r, ptr::null_mut());
    }
    let wait = filter.buffers.busy() && blocked(r);
    if !wait && filter.waiting.get().is_null() {
        return Ok(Input { chain, copied: false });
    }

    let mut waiting = filter.waiting.get();
    // SAFETY: live request; the links are copied, the buffers shared.
    if unsafe { ngx_chain_add_copy(r.pool().as_ptr(), &raw mut waiting, chain) } != OK {
        return Err(ERROR);
    }
    filter.waiting.set(waiting);
    if wait {
        return Err(AGAIN);
    }
    Ok(Input { chain: filter.waiting.replace(ptr::null_mut()), copied: true })
}

/// A chain to filter, with links of nginx's or of ours.
struct Input {
    chain: *mut ngx_chain_t,
    copied: bool,
}

impl Input {
    /// Gives our links back; the filters below have copied what they keep.
    fn release(self, r: Request) {
        let mut link = self.chain;
        while self.copied && !link.is_null() {
            // SAFETY: links that ngx_chain_add_copy made, in the request's pool.
            unsafe {
                let next = (*link).next;
                let pool = r.pool().as_ptr();
                (*link).next = (*pool).chain;
                (*pool).chain = link;
                link = next;
            }
        }
    }
}

/// Whether the client's connection takes no more at the moment.
fn blocked(r: Request) -> bool {
    // SAFETY: live connection.
    unsafe {
        (*r.connection()).buffered() & (NGX_HTTP_LOWLEVEL_BUFFERED | NGX_LOWLEVEL_BUFFERED) != 0
    }
}

fn run(ctx: &Ctx, chunk: &Chunk, input: *mut ngx_chain_t) -> ngx_int_t {
    let r = ctx.request;
    // SAFETY: the chain stays as it is while Lua looks at it.
    let seen = unsafe { FilterChunk::new(input) };
    let mut run = Run::on_main(Phase::BodyFilter, ctx);
    run.arg = Some(Arg::Chunk(&raw const seen));
    if run.chunk(ctx, chunk, 1).is_err() {
        return ERROR;
    }

    let l = ctx.vm.main();
    let status = l.number(-1) as ngx_int_t;
    l.pop(1);
    if status == ERROR || status >= NGX_HTTP_SPECIAL_RESPONSE as ngx_int_t {
        return ERROR;
    }

    ctx.filter.seen_last.set(seen.is_last());
    let Some(output) = seen.output(r, &ctx.filter.buffers) else {
        return ERROR;
    };
    if output == input {
        return next(r, input);
    }
    let rc = next(r, output);
    if rc != ERROR {
        ctx.filter.buffers.sent(r, output);
    }
    rc
}
