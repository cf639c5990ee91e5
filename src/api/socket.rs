//! `ngx.socket`: the objects, which are tables.
//!
//! The first field of such a table is a userdata with the socket itself, once
//! there is one. Libraries know that layout: see [`object::Slot`].

mod connect;
mod data;
mod object;
mod options;
mod receive;
mod request;
mod tcp;
mod timeouts;
#[cfg(ngx_feature = "ssl")]
mod tls;
mod udp;

use mlua::Lua;

use crate::lua::State;

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
