//! `ngx.socket`: the objects, which are tables.
//!
//! The first field of such a table is a userdata with the socket itself, once
//! there is one. Libraries know that layout: see [`Slot`].

mod data;
mod options;
mod tcp;
#[cfg(ngx_feature = "ssl")]
mod tls;

use core::ffi::c_int;

use mlua::Lua;

use crate::lua::State;
use crate::sys::lua as ffi;

/// The array fields of the table that is a TCP socket.
#[derive(Clone, Copy)]
enum Slot {
    Context = 1,
    ConnectTimeout = 2,
    Key = 3,
    SendTimeout = 4,
    ReadTimeout = 5,
    Bind = 8,
}

pub(super) fn open(lua: &Lua) -> mlua::Result<()> {
    let mut opened = Ok(());
    // SAFETY: leaves the stack as it was.
    unsafe { lua.exec_raw::<()>((), |l| opened = tcp::open(State::from_ptr(l)))? }
    opened.map_err(mlua::Error::RuntimeError)?;
    let ngx: mlua::Table = lua.globals().get("ngx")?;
    let socket: mlua::Table = ngx.get("socket")?;
    lua.load(include_str!("socket/socket.lua")).set_name("=[C]").call(socket)
}

/// A table of functions, each with the `upvalues` topmost values, which are
/// popped.
fn push_functions(l: State, functions: &[(&str, ffi::lua_CFunction)], upvalues: c_int) {
    let first = l.top() - upvalues + 1;
    l.new_table(0, functions.len() + 1);
    for (name, call) in functions {
        for i in 0..upvalues {
            l.push_value(first + i);
        }
        l.push_function(*call, upvalues);
        l.raw_set_field(-2, name);
    }
    for _ in 0..upvalues {
        l.remove(first);
    }
}
