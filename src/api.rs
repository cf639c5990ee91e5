//! The functions that Lua code calls: the table `ngx` and what is beside it.

mod arg;
mod body;
mod call;
mod capture;
mod constants;
mod coroutine;
mod ctx;
mod exec;
mod exit;
mod function;
mod globals;
mod header_values;
mod headers;
mod log;
mod output;
mod preload;
mod redirect;
mod request_headers;
mod response_headers;
mod sleep;
mod table;
mod target;
mod text;
mod time;
mod uri;
mod var;
mod worker;

use mlua::Lua;

use crate::lua::State;

/// Adds the API to a new machine.
pub(crate) fn open(lua: &Lua, l: State) -> mlua::Result<()> {
    constants::open(l);
    text::open(l);
    for function in table::FUNCTIONS.iter().flat_map(|area| area.iter()) {
        function.register(l);
    }
    arg::open(l);
    capture::options::open(lua)?;
    ctx::open(l);
    request_headers::open(lua)?;
    response_headers::open(l);
    var::open(lua)?;
    worker::open(l);
    coroutine::open(lua)?;
    globals::open(lua, l)?;
    preload::open(lua)?;

    let ngx: mlua::Table = lua.globals().get("ngx")?;
    let loaded: mlua::Table = lua.globals().get::<mlua::Table>("package")?.get("loaded")?;
    loaded.set("ngx", ngx)?;
    Ok(())
}
