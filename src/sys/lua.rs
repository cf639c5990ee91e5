//! LuaJIT's C interface: what mlua's `ffi` has, under the C names, and what it
//! lacks.

pub(crate) use mlua::ffi::{
    LUA_ERRERR, LUA_ERRMEM, LUA_ERRRUN, LUA_ERRSYNTAX, LUA_GLOBALSINDEX, LUA_OK, LUA_REGISTRYINDEX,
    LUA_TBOOLEAN, LUA_TFUNCTION, LUA_TLIGHTUSERDATA, LUA_TNIL, LUA_TNONE, LUA_TNUMBER, LUA_TSTRING,
    LUA_TTABLE, LUA_TTHREAD, LUA_TUSERDATA, LUA_YIELD, lua_CFunction, lua_Debug, lua_State,
    lua_checkstack, lua_close, lua_createtable, lua_error, lua_getfenv, lua_getinfo,
    lua_getmetatable, lua_getstack, lua_gettop, lua_insert, lua_newstate, lua_next, lua_objlen,
    lua_pcall, lua_pushboolean, lua_pushcclosure, lua_pushlightuserdata,
    lua_pushlstring_ as lua_pushlstring, lua_pushnil, lua_pushnumber, lua_pushvalue, lua_rawequal,
    lua_rawget_ as lua_rawget, lua_rawgeti_ as lua_rawgeti, lua_rawset,
    lua_rawseti_ as lua_rawseti, lua_remove, lua_replace, lua_resume_ as lua_resume, lua_setfenv,
    lua_setmetatable, lua_settop, lua_status, lua_toboolean, lua_tolstring, lua_tonumber,
    lua_topointer, lua_tothread, lua_touserdata, lua_type, lua_upvalueindex, lua_xmove, lua_yield,
    luaL_argerror, luaL_loadbuffer, luaL_newstate, luaL_openlibs, luaL_ref, luaL_unref, luaL_where,
};
pub(crate) use mlua::ffi::{lua_iscfunction, lua_newthread, lua_newuserdata, lua_pushthread};

use core::ffi::{c_int, c_void};

unsafe extern "C-unwind" {
    /// LuaJIT 2.1: whether a yield in this coroutine would succeed.
    pub(crate) fn lua_isyieldable(l: *mut lua_State) -> c_int;
}

/// `lua_resetthread()` of OpenResty's LuaJIT branch.
pub(crate) type ResetThread = unsafe extern "C-unwind" fn(*mut lua_State, *mut lua_State);

/// Looks up an extension that only some LuaJIT builds have.
pub(crate) fn reset_thread() -> Option<ResetThread> {
    let symbol = super::symbol(c"lua_resetthread");
    // SAFETY: the symbol, where it exists, has had this signature since it was
    // introduced.
    (!symbol.is_null()).then(|| unsafe { core::mem::transmute::<*mut c_void, ResetThread>(symbol) })
}
