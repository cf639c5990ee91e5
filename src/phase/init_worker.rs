//! `init_worker_by_lua`: runs when a worker process starts.

use core::ptr;
use core::sync::atomic::{AtomicU64, Ordering};

use super::init;
use crate::conf::MainConf;
use crate::ngx::{self, log};
use crate::sys::*;

pub(crate) unsafe extern "C" fn init_process(cycle: *mut ngx_cycle_t) -> ngx_int_t {
    ngx::callback("init_worker_by_lua", OK, || {
        // SAFETY: nginx starts the process with its cycle.
        let Some(conf) = (unsafe { main_conf(cycle) }) else { return OK };

        // SAFETY: set when the process started.
        let process = unsafe { ngx_process };
        let serves = process == NGX_PROCESS_WORKER as ngx_uint_t
            || process == NGX_PROCESS_SINGLE as ngx_uint_t;
        if !serves {
            // A cache manager or loader runs no Lua code.
            *conf.vm.borrow_mut() = None;
            return OK;
        }

        let (Some(vm), Some(chunk)) = (conf.vm(), &conf.init_worker) else {
            return OK;
        };
        let mut log = worker_log();
        init::run_and_report(&vm, chunk, &raw mut log, cycle);
        OK
    })
}

/// The module's configuration in `cycle`; none without `http {}`.
///
/// # Safety
/// The cycle is live.
pub(crate) unsafe fn main_conf<'a>(cycle: *mut ngx_cycle_t) -> Option<&'a MainConf> {
    // SAFETY: a cycle has a place for each core module's configuration.
    unsafe {
        let ctx = *(*cycle).conf_ctx.add(ngx_http_module.index);
        let ctx = ctx.cast::<ngx_http_conf_ctx_t>().as_ref()?;
        let conf = *ctx.main_conf.add((*crate::sys::module()).ctx_index);
        conf.cast::<MainConf>().as_ref()
    }
}

/// A log whose lines say where they come from, and have a connection number as
/// those of requests have.
fn worker_log() -> ngx_log_t {
    // SAFETY: the cycle's log is copied; nginx shares the counter of
    // connections between its processes.
    unsafe {
        let mut log = *log::cycle_log();
        let counter = AtomicU64::from_ptr(ngx_connection_counter.cast());
        log.connection = counter.fetch_add(1, Ordering::Relaxed) + 1;
        log.handler = Some(append_context);
        log.data = ptr::null_mut();
        log
    }
}

unsafe extern "C" fn append_context(
    _log: *mut ngx_log_t,
    buf: *mut u_char,
    len: usize,
) -> *mut u_char {
    const CONTEXT: &[u8] = b", context: init_worker_by_lua*";
    let n = CONTEXT.len().min(len);
    // SAFETY: nginx gives the room that is left in the line.
    unsafe {
        buf.copy_from_nonoverlapping(CONTEXT.as_ptr(), n);
        buf.add(n)
    }
}
