//! `init_worker_by_lua`: runs when a worker process starts.

use super::init::{name, run_outside};
use crate::conf::MainConf;
use crate::ngx::{self, log};
use crate::sys::*;

pub(crate) unsafe extern "C" fn init_process(cycle: *mut ngx_cycle_t) -> ngx_int_t {
    ngx::callback("init_worker_by_lua", OK, || {
        // SAFETY: nginx starts the process with its cycle; without http {}
        // there is no configuration.
        let conf = unsafe {
            let ctx = *(*cycle).conf_ctx.add(ngx_http_module.index);
            let ctx: *mut ngx_http_conf_ctx_t = ctx.cast();
            if ctx.is_null() {
                return OK;
            }
            let conf = *(*ctx).main_conf.add((*crate::module()).ctx_index);
            conf.cast::<MainConf>().as_ref()
        };
        let Some(conf) = conf else { return OK };

        // SAFETY: set when the process started.
        let process = unsafe { ngx_process };
        let serves =
            process == NGX_PROCESS_WORKER as ngx_uint_t || process == NGX_PROCESS_SINGLE as ngx_uint_t;
        if !serves {
            // A cache manager or loader runs no Lua code.
            *conf.vm.borrow_mut() = None;
            return OK;
        }

        if let (Some(vm), Some(chunk)) = (conf.vm(), &conf.init_worker)
            && let Err(message) = run_outside(&vm, chunk)
        {
            let mut text = format!("{} error: ", name(chunk)).into_bytes();
            text.extend_from_slice(&message);
            log::write(log::cycle_log(), NGX_LOG_ERR, 0, &text);
        }
        // The worker serves all the same.
        OK
    })
}
