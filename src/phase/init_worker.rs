//! `init_worker_by_lua`: runs when a worker process starts.

use core::ptr;

use super::init;
use crate::conf::MainConf;
use crate::ngx::{self, log};
use crate::sys::*;

pub(crate) unsafe extern "C" fn init_process(cycle: *mut ngx_cycle_t) -> ngx_int_t {
    ngx::callback("init_worker_by_lua", OK, || {
        // SAFETY: nginx starts the process with its cycle.
        let Some(conf) = (unsafe { MainConf::of_cycle(cycle) }) else { return OK };

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

/// A log whose lines say where they come from, and have a connection number as
/// those of requests have.
fn worker_log() -> ngx_log_t {
    // SAFETY: the cycle's log is live.
    let mut log = log::numbered(unsafe { &*log::cycle_log() });
    log.handler = Some(append_context);
    log.data = ptr::null_mut();
    log
}

unsafe extern "C" fn append_context(
    _log: *mut ngx_log_t,
    buf: *mut u_char,
    len: usize,
) -> *mut u_char {
    // SAFETY: nginx gives the room that is left in the line.
    unsafe { log::append(buf, len, &[b", context: init_worker_by_lua*"]) }
}
