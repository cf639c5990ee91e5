//! `ngx.worker`, `ngx.config`, `ngx.get_phase`.

use super::table::Function;
use crate::lua::{Return, State};
use crate::ngx::NgxStr;
use crate::sched::Run;
use crate::sys::lua::LUA_GLOBALSINDEX;
use crate::sys::*;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("ngx.worker.exiting", exiting),
    Function::new("ngx.worker.pid", pid),
    Function::new("ngx.worker.id", id),
    Function::new("ngx.worker.count", count),
    Function::new("ngx.config.prefix", prefix),
    Function::new("ngx.config.nginx_configure", nginx_configure),
    Function::new("ngx.get_phase", get_phase),
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
    // SAFETY: the core module always has configuration, once it was read: not
    // yet in init_by_lua when nginx starts.
    unsafe {
        if (*ngx_cycle).conf_ctx.is_null() {
            l.push_integer(-1);
            return Ok(1);
        }
        let conf: *mut ngx_core_conf_t = (*(*ngx_cycle).conf_ctx.add(ngx_core_module.index)).cast();
        l.push_integer((*conf).worker_processes as i64);
    }
    Ok(1)
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
