//! `exit_worker_by_lua`: runs when a worker process ends.

use super::init;
use crate::conf::MainConf;
use crate::ngx::{self, log};
use crate::sched::spare;
use crate::sched::timer::Timers;
use crate::socket::pool::Pools;
use crate::socket::resolver;
use crate::sys::*;

pub(crate) unsafe extern "C" fn exit_process(cycle: *mut ngx_cycle_t) {
    ngx::callback("exit_worker_by_lua", (), || {
        // SAFETY: nginx ends the process with its cycle.
        let Some(conf) = (unsafe { MainConf::of_cycle(cycle) }) else { return };
        if let (Some(vm), Some(chunk)) = (conf.vm(), &conf.exit_worker) {
            init::run_and_report(&vm, chunk, log::cycle_log(), cycle);
        }
        Timers::end();
        if let Some(vm) = conf.vm() {
            Pools::of(&vm).close_idle();
        }
        resolver::end();
        spare::free();
    });
}
