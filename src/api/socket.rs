//! `ngx.socket`: the objects, which are tables.
//!
//! The first field of such a table is a userdata with the socket itself, once
//! there is one. Libraries know that layout: see [`Slot`].

mod data;
mod options;
mod request;
mod tcp;

use mlua::Lua;

use crate::lua::State;

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
    // SAFETY: leaves the stack as it was.
    unsafe { lua.exec_raw::<()>((), |l| tcp::open(State::from_ptr(l)))? }
    let ngx: mlua::Table = lua.globals().get("ngx")?;
    let socket: mlua::Table = ngx.get("socket")?;
    lua.load(include_str!("socket/socket.lua")).set_name("=[C]").call(socket)
}
