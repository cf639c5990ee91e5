//! `ngx.worker`, `ngx.config`, `ngx.get_phase`.

use core::ffi::CStr;

use super::call::{self, NO_REQUEST};
use super::function::Function;
use crate::conf::Phase;
use crate::lua::{Raise, Return, State, function};
use crate::ngx::NgxStr;
use crate::sched::Run;
use crate::sys::lua::{LUA_GLOBALSINDEX, LUA_OK, lua_pcall, lua_upvalueindex};
use crate::sys::*;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("ngx.worker.exiting", exiting),
    Function::new("ngx.worker.pid", pid),
    Function::new("ngx.worker.id", id),
    Function::new("ngx.worker.count", count),
    Function::new("ngx.worker.pids", pids),
    Function::new("ngx.config.prefix", prefix),
    Function::new("ngx.config.nginx_configure", nginx_configure),
    Function::new("ngx.get_phase", get_phase),
    Function::new("ngx.get_raw_phase", get_raw_phase),
];

/// The version of the C module whose behaviour this is.
const LUA_MODULE_VERSION: i64 = 10_032;

/// Adds the constants of `ngx.config`.
pub(super) fn open(l: State) {
    l.raw_get_field(LUA_GLOBALSINDEX, "ngx");
    l.raw_get_field(-1, "config");

    l.push_bytes("http");
    l.raw_set_field(-2, "subsystem");
    l.push_boolean(cfg!(ngx_feature = "debug"));
    l.raw_set_field(-2, "debug");
    l.push_integer(i64::from(nginx_version));
    l.raw_set_field(-2, "nginx_version");
    l.push_integer(LUA_MODULE_VERSION);
    l.raw_set_field(-2, "ngx_lua_version");

    l.new_table(0, 2);
    l.push_bytes(env!("CARGO_PKG_NAME"));
    l.raw_set_field(-2, "name");
    l.push_bytes(env!("CARGO_PKG_VERSION"));
    l.raw_set_field(-2, "version");
    l.raw_set_field(-2, "lua_module");

    l.pop(2);

    l.raw_get_field(LUA_GLOBALSINDEX, "os");
    l.raw_get_field(-1, "getenv");
    l.push_function(function(getenv), 1);
    l.raw_set_field(-2, "getenv");
    l.pop(1);
}

/// `boolean = ngx.worker.exiting()`: the worker finishes its requests.
fn exiting(l: State) -> Return {
    // SAFETY: a number that signals set, read in the main thread.
    l.push_boolean(unsafe { ngx_exiting != 0 });
    Ok(1)
}

/// `pid = ngx.worker.pid()`
fn pid(l: State) -> Return {
    // SAFETY: set when the process started.
    l.push_integer(i64::from(unsafe { ngx_pid }));
    Ok(1)
}

/// `n = ngx.worker.id()`: from 0 on; nil in a process that is not a worker.
fn id(l: State) -> Return {
    // SAFETY: set when the process started.
    unsafe {
        if ngx_process == NGX_PROCESS_WORKER as ngx_uint_t
            || ngx_process == NGX_PROCESS_SINGLE as ngx_uint_t
        {
            l.push_integer(ngx_worker as i64);
        } else {
            l.push_nil();
        }
    }
    Ok(1)
}

/// `n = ngx.worker.count()`: `worker_processes`.
fn count(l: State) -> Return {
    // SAFETY: the core module's configuration is made before http {} is read.
    let count = unsafe {
        let cycle = Run::current().map_or(ngx_cycle, |run| run.cycle);
        core_conf(cycle).map_or(-1, |conf| (*conf).worker_processes as i64)
    };
    l.push_integer(count);
    Ok(1)
}

/// `pids = ngx.worker.pids()`: an array of the workers' process ids.
///
/// In init and init_worker, where not all of them exist: nil,
/// "API disabled in the current context".
fn pids(l: State) -> Return {
    if Run::current().is_none_or(|run| matches!(run.phase, Phase::Init | Phase::InitWorker)) {
        l.push_nil();
        l.push_bytes("API disabled in the current context");
        return Ok(2);
    }
    l.new_table(4, 0);
    let mut n = 0;
    // SAFETY: the table of processes, of which the first `ngx_last_process` are
    // used; a worker's own entry has no pid.
    unsafe {
        let processes = &raw const ngx_processes;
        for slot in 0..NGX_MAX_PROCESSES as usize {
            let pid = match (*processes)[slot].pid {
                0 | -1 if slot as ngx_int_t == ngx_process_slot => ngx_pid,
                0 => break,
                -1 => continue,
                pid => pid,
            };
            l.push_integer(i64::from(pid));
            n += 1;
            l.raw_set_index(-2, n);
        }
    }
    Ok(1)
}

/// # Safety
/// `cycle` is live.
unsafe fn core_conf(cycle: *mut ngx_cycle_t) -> Option<*mut ngx_core_conf_t> {
    // SAFETY: the caller's promise; the array has one slot per module.
    unsafe {
        if (*cycle).conf_ctx.is_null() {
            return None;
        }
        let conf: *mut ngx_core_conf_t = (*(*cycle).conf_ctx.add(ngx_core_module.index)).cast();
        (!conf.is_null()).then_some(conf)
    }
}

/// `value = os.getenv(name)`
///
/// nginx sets its environment up after the configuration was read; in
/// init_by_lua the `env` directives are asked.
fn getenv(l: State) -> Return {
    if let Some(run) = Run::current()
        && run.phase == Phase::Init
        && let Some(name) = l.bytes(1)
        // SAFETY: the cycle is being read.
        && let Some(conf) = unsafe { core_conf(run.cycle) }
    {
        // SAFETY: an array of names; a value stands behind its name and a "=".
        let value = unsafe {
            (*conf).env.as_slice::<ngx_str_t>().iter().find(|env| env.bytes() == name).and_then(
                |env| {
                    let rest = CStr::from_ptr(env.data.add(env.len).cast()).to_bytes();
                    rest.strip_prefix(b"=")
                },
            )
        };
        if let Some(value) = value {
            l.push_bytes(value);
            return Ok(1);
        }
    }

    l.set_top(1);
    l.push_value(lua_upvalueindex(1));
    l.insert(1);
    // SAFETY: function and argument are on the stack; errors are caught.
    match unsafe { lua_pcall(l.as_ptr(), 1, 1, 0) } {
        LUA_OK => Ok(1),
        _ => Err(Raise::Value),
    }
}

/// `path = ngx.config.prefix()`: of the server, with a slash at its end.
fn prefix(l: State) -> Return {
    // SAFETY: nginx sets the cycle before it loads modules.
    l.push_bytes(unsafe { (*ngx_cycle).prefix.bytes() });
    Ok(1)
}

/// `text = ngx.config.nginx_configure()`: what nginx was configured with.
fn nginx_configure(l: State) -> Return {
    l.push_bytes(NGX_CONFIGURE.to_bytes());
    Ok(1)
}

/// `name = ngx.get_phase()`
fn get_phase(l: State) -> Return {
    l.push_bytes(Run::current().map_or("init", |run| run.phase.name()));
    Ok(1)
}

/// `number = ngx.get_raw_phase()`: the phase as a bit, for libraries that know
/// them.
fn get_raw_phase(l: State) -> Return {
    let run = call::current(l, NO_REQUEST)?;
    l.push_integer(i64::from(run.phase as u32));
    Ok(1)
}
