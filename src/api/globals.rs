//! The machine's own globals: a word when a request writes a new one, and
//! finalizers that cannot do harm.

use mlua::Lua;

use super::call;
use super::coroutine::native;
use super::text::push_text;
use crate::conf::Phase;
use crate::lua::{Return, State, function, traceback};
use crate::ngx::log;
use crate::sched::Run;
use crate::sys::lua::LUA_GLOBALSINDEX;
use crate::sys::{NGX_LOG_ERR, NGX_LOG_WARN};

pub(super) fn open(lua: &Lua, l: State) -> mlua::Result<()> {
    l.push_value(LUA_GLOBALSINDEX);
    l.new_table(0, 1);
    l.push_function(function(write), 0);
    l.raw_set_field(-2, "__newindex");
    l.set_metatable(-2);
    l.pop(1);

    lua.load(include_str!("globals.lua"))
        .set_name("=[C]")
        .call::<()>(native(lua, function(finalizer_failed))?)
}

/// Sets a new global. Requests that share globals get in each other's way, so
/// one that makes a new one gets a warning, once for each name.
fn write(l: State) -> Return {
    l.set_top(3);
    push_text(l, 2)?;
    let name = String::from_utf8_lossy(l.bytes(-1).unwrap_or_default()).into_owned();
    l.pop(1);
    l.raw_set(1);

    let Some(run) = Run::current() else {
        return Ok(0);
    };
    let serves = run.phase.has_request() || run.phase == Phase::Timer;
    if !serves || !log::enabled(run.log(), NGX_LOG_WARN) {
        return Ok(0);
    }

    let mut text = format!(
        "[lua] _G write guard:12: __newindex(): writing a global Lua variable ('{name}') which \
         may lead to race conditions between concurrent requests, so prefer the use of 'local' \
         variables"
    )
    .into_bytes();
    traceback::of_caller(&mut text, l, call::closure(run));
    log::write(run.log(), NGX_LOG_WARN, 0, &text);
    Ok(0)
}

/// Logs the error of a finalizer.
fn finalizer_failed(l: State) -> Return {
    let log = Run::current().map_or_else(log::cycle_log, Run::log);
    let mut text = b"lua: error in a finalizer (__gc): ".to_vec();
    text.extend_from_slice(l.bytes(1).unwrap_or(b"unknown reason"));
    log::write(log, NGX_LOG_ERR, 0, &text);
    Ok(0)
}
