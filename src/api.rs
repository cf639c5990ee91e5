//! The functions that Lua code calls: the table `ngx` and what is beside it.
//! Where a description says "Phases: output", it means `Phases::OUTPUT`.

mod arg;
mod body;
mod call;
mod capture;
mod constants;
mod coroutine;
mod ctx;
mod encoding;
mod exec;
mod exit;
mod function;
mod globals;
mod hash;
mod header_values;
mod headers;
mod log;
mod ndk;
mod output;
mod preload;
mod query;
mod raw_header;
mod re;
mod redirect;
mod request;
mod request_headers;
mod resp;
mod response_headers;
mod resty_core;
mod semaphore;
mod shared;
mod sleep;
mod socket;
#[cfg(ngx_feature = "ssl")]
mod ssl;
mod table;
mod target;
mod text;
mod thread;
mod time;
mod timer;
mod uri;
mod var;
mod worker;

use mlua::Lua;

use crate::conf::MainConf;
use crate::lua::State;

/// Adds the API to a new machine.
pub(crate) fn open(lua: &Lua, l: State, conf: &MainConf) -> mlua::Result<()> {
    constants::open(l);
    text::open(l);
    for function in table::FUNCTIONS.iter().flat_map(|area| area.iter()) {
        function.register(l);
    }
    arg::open(l);
    capture::options::open(lua)?;
    ctx::open(l);
    request_headers::open(lua)?;
    response_headers::open(lua)?;
    resp::open(lua)?;
    var::open(lua)?;
    worker::open(l);
    encoding::open(lua)?;
    hash::open(lua)?;
    time::open(lua)?;
    re::open(lua, l, conf)?;
    coroutine::open(lua)?;
    ndk::open(l);
    shared::open(lua, conf)?;
    socket::open(lua)?;
    globals::open(lua, l)?;
    preload::open(lua)?;

    let ngx: mlua::Table = lua.globals().get("ngx")?;
    let loaded: mlua::Table = lua.globals().get::<mlua::Table>("package")?.get("loaded")?;
    loaded.set("ngx", ngx)?;
    loaded.set("ndk", lua.globals().get::<mlua::Table>("ndk")?)?;
    Ok(())
}
