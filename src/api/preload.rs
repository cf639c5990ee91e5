//! Modules that `require` finds without a file. They take no part in the
//! machine before they are asked for.

use mlua::Lua;

use super::function::Function;
use super::re;
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
    Module { name: "resty.core", functions: &[], source: include_str!("resty_core.lua") },
    Module { name: "ngx.re", functions: re::FUNCTIONS, source: re::SOURCE },
    Module { name: "resty.core.regex", functions: re::CORE_FUNCTIONS, source: re::CORE_SOURCE },
];

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
