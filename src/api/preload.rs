//! Modules that `require` finds without a file.

use mlua::Lua;

const MODULES: &[(&str, &str)] = &[("resty.core", include_str!("resty_core.lua"))];

pub(super) fn open(lua: &Lua) -> mlua::Result<()> {
    let package: mlua::Table = lua.globals().get("package")?;
    let preload: mlua::Table = package.get("preload")?;
    for (name, source) in MODULES {
        let chunk = lua.load(*source).set_name(format!("={name}"));
        preload.set(*name, chunk.into_function()?)?;
    }
    Ok(())
}
