//! `ngx.socket`: the objects, which are tables.
//!
//! The first field of such a table is a userdata with the socket itself, once
//! there is one. Libraries know that layout: see [`Slot`].

mod data;
mod options;
mod request;
mod tcp;
#[cfg(ngx_feature = "ssl")]
mod tls;
mod udp;

use core::ffi::c_int;

use mlua::Lua;

use crate::lua::State;
use crate::sys::lua::lua_CFunction;

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
    unsafe {
        lua.exec_raw::<()>((), |l| {
            let l = State::from_ptr(l);
            opened = tcp::open(l);
            udp::open(l);
        })?;
    }
    opened.map_err(mlua::Error::RuntimeError)?;
    let ngx: mlua::Table = lua.globals().get("ngx")?;
    let socket: mlua::Table = ngx.get("socket")?;
    lua.load(include_str!("socket/socket.lua")).set_name("=[C]").call(socket)
}

/// A table of methods that is its own `__index`. They have the metatable of the
/// userdata as their upvalue.
fn push_metatable(l: State, userdata: c_int, methods: &[&[(&str, lua_CFunction)]]) {
    l.new_table(0, 20);
    for (name, call) in methods.iter().copied().flatten() {
        l.push_value(userdata);
        l.push_function(*call, 1);
        l.raw_set_field(-2, name);
    }
    l.push_value(-1);
    l.raw_set_field(-2, "__index");
}
