//! nginx's resolver.

use core::cell::{Cell, RefCell};
use core::ffi::CStr;
use core::mem;
use core::ptr::{self, NonNull};

use super::{Answer, By, Done, Lookup, choose};
use crate::ngx::{self, Address, NgxStr, Request};
use crate::sys::*;

/// A lookup that nginx does. It stays in place, since nginx knows it.
pub(super) struct Pending {
    /// Null once nginx is done with it.
    ctx: Cell<*mut ngx_resolver_ctx_t>,
    /// nginx's structure points to it.
    host: Vec<u8>,
    done: Done,
    /// What nginx says before [`resolve`] returns.
    early: RefCell<Option<Result<Address, String>>>,
    starting: Cell<bool>,
}

/// The resolver of the request's location, if it has servers to ask.
pub(super) fn servers(request: Request) -> Option<NonNull<ngx_resolver_t>> {
    let resolver = NonNull::new(request.core_loc_conf().resolver)?;
    // SAFETY: it is the configuration's.
    (unsafe { resolver.as_ref() }.connections.nelts > 0).then_some(resolver)
}

pub(super) fn resolve(
    request: Request,
    resolver: NonNull<ngx_resolver_t>,
    host: &[u8],
    done: Done,
) -> Result<Answer, String> {
    let pending = Box::new(Pending {
        ctx: Cell::new(ptr::null_mut()),
        host: host.to_vec(),
        done,
        early: RefCell::new(None),
        starting: Cell::new(true),
    });
    // SAFETY: all fields may be zero; the resolver is the configuration's. nginx
    // calls the handler until it is told that we are done, and frees the
    // structure itself if it refuses.
    unsafe {
        let mut wanted: ngx_resolver_ctx_t = mem::zeroed();
        wanted.name = pending.name();
        let ctx = ngx_resolve_start(resolver.as_ptr(), &raw mut wanted);
        if ctx.is_null() || ctx.addr() == usize::MAX || ctx == &raw mut wanted {
            return Err("failed to start the resolver".into());
        }
        (*ctx).name = pending.name();
        (*ctx).handler = Some(resolved);
        (*ctx).data = (&raw const *pending).cast_mut().cast();
        (*ctx).timeout = request.core_loc_conf().resolver_timeout;
        pending.ctx.set(ctx);
        if ngx_resolve_name(ctx) != OK {
            pending.ctx.set(ptr::null_mut());
            return Err(format!("{} could not be resolved", shown(host)));
        }
    }
    pending.starting.set(false);
    match pending.early.take() {
        Some(result) => result.map(Answer::Known),
        None => Ok(Answer::Pending(Lookup(By::Nginx(pending)))),
    }
}

impl Pending {
    fn name(&self) -> ngx_str_t {
        ngx_str_t { len: self.host.len(), data: self.host.as_ptr().cast_mut() }
    }

    /// What nginx has found.
    ///
    /// # Safety
    /// nginx has just said that it is done with `ctx`.
    unsafe fn result(&self, ctx: *const ngx_resolver_ctx_t) -> Result<Address, String> {
        // SAFETY: the caller's promise: there are `naddrs` addresses, or an error,
        // whose text is static.
        unsafe {
            let state = (*ctx).state;
            let name = shown((*ctx).name.bytes());
            if state != OK {
                let reason = CStr::from_ptr(ngx_resolver_strerror(state)).to_string_lossy();
                return Err(format!("{name} could not be resolved ({state}: {reason})"));
            }
            let all = match NonNull::new((*ctx).addrs) {
                Some(all) => core::slice::from_raw_parts(all.as_ptr(), (*ctx).naddrs),
                None => &[],
            };
            choose(all)
                .map(|found| {
                    Address::from_raw(found.sockaddr, found.socklen).with_port(self.done.port)
                })
                .ok_or_else(|| format!("{name} could not be resolved"))
        }
    }

    fn release(&self) {
        let ctx = self.ctx.replace(ptr::null_mut());
        if !ctx.is_null() {
            // SAFETY: nginx has made it, and is told once.
            unsafe { ngx_resolve_name_done(ctx) }
        }
    }
}

/// A name in messages.
fn shown(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.release();
    }
}

unsafe extern "C" fn resolved(ctx: *mut ngx_resolver_ctx_t) {
    ngx::callback("resolver", (), || {
        // SAFETY: `resolve` has set it, and nginx is told when it goes.
        let pending = unsafe { &*(*ctx).data.cast::<Pending>() };
        // SAFETY: nginx says so by this call.
        let result = unsafe { pending.result(ctx) };
        pending.release();
        if pending.starting.get() {
            *pending.early.borrow_mut() = Some(result);
        } else {
            pending.done.tell(result);
        }
    });
}
