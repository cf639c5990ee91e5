//! Modules that `require` finds without a file. They take no part in the
//! machine before they are asked for.

use mlua::Lua;

use super::function::Function;
#[cfg(ngx_feature = "ssl")]
use super::ssl;
use super::{ctx, encoding, re, request_headers, resp, resty_core, semaphore, time};
use crate::lua::{Raise, Return, State, code, function};
use crate::sys::lua as ffi;

/// A built-in module.
pub(super) struct Module {
    pub name: &'static str,
    /// The functions of ours that its code builds on.
    pub functions: &'static [Function],
    /// Its code: gets the name and a table of those functions, returns the
    /// module.
    pub source: &'static str,
}

const MODULES: &[Module] = &[
    Module {
        name: "ngx.base64",
        functions: encoding::BASE64,
        source: include_str!("modules/base64.lua"),
    },
    Module { name: "ngx.re", functions: re::FUNCTIONS, source: re::SOURCE },
    Module {
        name: "ngx.req",
        functions: request_headers::OF_MODULES,
        source: include_str!("modules/req.lua"),
    },
    Module { name: "ngx.resp", functions: resp::MODULE, source: include_str!("modules/resp.lua") },
    Module {
        name: "ngx.semaphore",
        functions: semaphore::FUNCTIONS,
        source: include_str!("modules/semaphore.lua"),
    },
    #[cfg(ngx_feature = "ssl")]
    Module { name: "ngx.ssl", functions: ssl::FUNCTIONS, source: include_str!("modules/ssl.lua") },
    Module { name: "resty.core", functions: &[], source: include_str!("resty_core/core.lua") },
    Module {
        name: "resty.core.base",
        functions: resty_core::BASE,
        source: include_str!("resty_core/base.lua"),
    },
    Module { name: "resty.core.base64", functions: &[], source: VERSION },
    Module { name: "resty.core.coroutine", functions: &[], source: VERSION },
    Module {
        name: "resty.core.ctx",
        functions: ctx::CORE,
        source: include_str!("resty_core/ctx.lua"),
    },
    Module { name: "resty.core.exit", functions: &[], source: VERSION },
    Module { name: "resty.core.hash", functions: &[], source: VERSION },
    Module { name: "resty.core.misc", functions: &[], source: include_str!("resty_core/misc.lua") },
    Module { name: "resty.core.ndk", functions: &[], source: VERSION },
    Module { name: "resty.core.param", functions: &[], source: VERSION },
    Module { name: "resty.core.phase", functions: &[], source: VERSION },
    Module { name: "resty.core.regex", functions: re::CORE_FUNCTIONS, source: re::CORE_SOURCE },
    Module {
        name: "resty.core.request",
        functions: request_headers::OF_MODULES,
        source: include_str!("resty_core/request.lua"),
    },
    Module {
        name: "resty.core.response",
        functions: resp::CORE,
        source: include_str!("resty_core/response.lua"),
    },
    Module {
        name: "resty.core.time",
        functions: time::MONOTONIC,
        source: include_str!("resty_core/time.lua"),
    },
    Module { name: "resty.core.shdict", functions: &[], source: VERSION },
    Module { name: "resty.core.socket", functions: &[], source: VERSION },
    Module { name: "resty.core.uri", functions: &[], source: VERSION },
    Module {
        name: "resty.core.utils",
        functions: resty_core::UTILS,
        source: include_str!("resty_core/utils.lua"),
    },
    Module { name: "resty.core.var", functions: &[], source: VERSION },
    Module { name: "resty.core.worker", functions: &[], source: OLD_VERSION },
    Module { name: "resty.lrucache", functions: &[], source: LRUCACHE },
    Module { name: "resty.lrucache.pureffi", functions: &[], source: LRUCACHE },
    Module { name: "tablepool", functions: &[], source: include_str!("modules/tablepool.lua") },
];

/// For parts of `resty.core` whose functions are fields of `ngx`.
const VERSION: &str = include_str!("resty_core/version.lua");
const OLD_VERSION: &str = include_str!("resty_core/version_of_old.lua");
const LRUCACHE: &str = include_str!("modules/lrucache.lua");

pub(super) fn open(lua: &Lua) -> mlua::Result<()> {
    let package: mlua::Table = lua.globals().get("package")?;
    let preload: mlua::Table = package.get("preload")?;
    for (i, module) in MODULES.iter().enumerate() {
        // SAFETY: pushes one value.
        let loader: mlua::Function = unsafe {
            lua.exec_raw((), |l| {
                let l = State::from_ptr(l);
                l.push_integer(i as i64);
                l.push_function(function(load), 1);
            })?
        };
        preload.set(module.name, loader)?;
    }
    Ok(())
}

/// Loads the module whose number is the upvalue.
fn load(l: State) -> Return {
    let module = &MODULES[l.number(ffi::lua_upvalueindex(1)) as usize];

    if let Err(error) = code::compile(l, module.source.as_bytes(), c"=[C]") {
        return Err(l.error(format_args!("{}: {error}", module.name)));
    }
    l.push_bytes(module.name);
    l.new_table(0, module.functions.len());
    for function in module.functions {
        function.register_in(l);
    }

    // SAFETY: the function and its arguments are on the stack.
    match unsafe { ffi::lua_pcall(l.as_ptr(), 2, 1, 0) } {
        ffi::LUA_OK => Ok(1),
        _ => Err(Raise::Value),
    }
}
