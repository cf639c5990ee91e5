//! Where a handler stands in its phase.

use core::ptr;

use crate::conf::Place;
use crate::conf::cf::Conf;
use crate::ngx::Request;
use crate::sys::*;

pub(super) type Handler = unsafe extern "C" fn(*mut ngx_http_request_t) -> ngx_int_t;

/// Registers a phase handler.
pub(super) fn add(cf: Conf, phase: ngx_http_phases, handler: Handler) -> bool {
    push(cf, phase, handler).is_some()
}

/// Registers the log handler where it runs before all others: nginx runs the
/// log phase's handlers from the first on, so that access_log would come first.
pub(super) fn add_first_to_log(cf: Conf, handler: Handler) -> bool {
    let Some(handlers) = push(cf, ngx_http_phases_NGX_HTTP_LOG_PHASE, handler) else {
        return false;
    };
    // SAFETY: the array holds at least the handler just pushed.
    unsafe {
        (*handlers).as_slice_mut::<ngx_http_handler_pt>().rotate_right(1);
    }
    true
}

fn push(cf: Conf, phase: ngx_http_phases, handler: Handler) -> Option<*mut ngx_array_t> {
    // SAFETY: the core module has main configuration while http {} is read.
    unsafe {
        let ctx: *mut ngx_http_conf_ctx_t = (*cf.as_ptr()).ctx.cast();
        let core: *mut ngx_http_core_main_conf_t =
            (*(*ctx).main_conf.add(ngx_http_core_module.ctx_index)).cast();
        let handlers = &raw mut (*core).phases[phase as usize].handlers;
        let place: *mut ngx_http_handler_pt = ngx_array_push(handlers).cast();
        if place.is_null() {
            return None;
        }
        *place = Some(handler);
        Some(handlers)
    }
}

/// Puts the running handler where its directive `*_by_lua_no_postpone` wants
/// it, once. True if that moved it: its turn comes again.
pub(super) fn postpone(r: Request, place: &Place) -> bool {
    !place.settled.replace(true) && move_to_end(r)
}

/// Moves the running handler to the end of its phase, behind what other
/// modules registered. True if it moved: the phase then goes on with the
/// handler that took its place.
fn move_to_end(r: Request) -> bool {
    // SAFETY: the phase engine is an array that ends with an empty entry; the
    // running handler is one of it, and `next` is where the next phase begins.
    unsafe {
        let engine = r.core_main_conf().phase_engine.handlers;
        let current = (*r.as_ptr()).phase_handler as usize;
        let this = *engine.add(current);
        let mut last = this.next - 1;

        // The access phase ends with an entry of nginx's own, without a handler.
        if (*engine.add(last)).handler.is_none() {
            last -= 1;
        }
        if last <= current {
            return false;
        }

        ptr::copy(engine.add(current + 1), engine.add(current), last - current);
        *engine.add(last) = this;
        (*r.as_ptr()).phase_handler -= 1;
        true
    }
}
