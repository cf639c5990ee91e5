//! `init_by_lua` and the creation of virtual machines.

use std::path::Path;
use std::rc::Rc;

use crate::api;
use crate::conf::chunk::{Source, os_str};
use crate::conf::{Chunk, MainConf, Phase};
use crate::lua::{Vm, code};
use crate::ngx::log;
use crate::sched::Run;
use crate::sys::*;

/// Creates the machine that the workers inherit and runs `init_by_lua` in it.
/// `nginx -t` stops before that.
pub(super) fn create_worker_vm(conf: &MainConf) -> ngx_int_t {
    // SAFETY: set once, from the command line.
    if unsafe { ngx_test_config != 0 || ngx_process == NGX_PROCESS_SIGNALLER as ngx_uint_t } {
        return OK;
    }

    match create_vm(conf) {
        Ok(vm) => {
            *conf.vm.borrow_mut() = Some(vm);
            OK
        }
        Err(message) => {
            log::cycle_error(NGX_LOG_ERR, message);
            ERROR
        }
    }
}

/// Creates a machine and runs `init_by_lua` in it.
pub(super) fn create_vm(conf: &MainConf) -> Result<Rc<Vm>, String> {
    let vm = Vm::new(&conf.options, |lua, l| api::open(lua, l, conf))
        .map_err(|error| error.to_string())?;

    if let Some(chunk) = &conf.init {
        run_outside(&vm, chunk, log::cycle_log(), conf.cycle).map_err(|message| {
            format!("{} error: {}", name(chunk), String::from_utf8_lossy(&message))
        })?;
    }
    Ok(vm)
}

/// Runs a chunk of the worker; the worker goes on whatever happens.
pub(super) fn run_and_report(vm: &Vm, chunk: &Chunk, log: *mut ngx_log_t, cycle: *mut ngx_cycle_t) {
    if let Err(message) = run_outside(vm, chunk, log, cycle) {
        let mut text = format!("{} error: ", name(chunk)).into_bytes();
        text.extend_from_slice(&message);
        log::write(log::cycle_log(), NGX_LOG_ERR, 0, &text);
    }
}

/// Runs a chunk that belongs to no request, with the machine's own globals.
fn run_outside(
    vm: &Vm,
    chunk: &Chunk,
    log: *mut ngx_log_t,
    cycle: *mut ngx_cycle_t,
) -> Result<(), Vec<u8>> {
    let source;
    let source = match &chunk.source {
        Source::Inline(code) => code,
        Source::File(path) => {
            let path: &Path = os_str(path.to_bytes()).as_ref();
            source = code::read_file(path).map_err(|error| error.to_string().into_bytes())?;
            &source
        }
        Source::Template(_) => unreachable!("{} takes no variables", name(chunk)),
    };

    code::compile(vm.main(), source, &chunk.chunkname)
        .map_err(|error| error.to_string().into_bytes())?;
    Run::without_request(chunk.phase, vm, log, cycle)
        .enter(|| vm.call(0, 0))
        .map_err(|message| message.unwrap_or_else(|| b"unknown error".to_vec()))
}

/// What the error log calls the directive.
fn name(chunk: &Chunk) -> &'static str {
    match (chunk.phase, chunk.is_file()) {
        (Phase::Init, false) => "init_by_lua",
        (Phase::Init, true) => "init_by_lua_file",
        (Phase::ExitWorker, false) => "exit_worker_by_lua",
        (Phase::ExitWorker, true) => "exit_worker_by_lua_file",
        (_, false) => "init_worker_by_lua",
        (_, true) => "init_worker_by_lua_file",
    }
}
