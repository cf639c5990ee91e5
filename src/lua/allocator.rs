//! Where a machine's memory comes from.
//!
//! LuaJIT has an allocator of its own, which is fast, and which memcheck cannot
//! see into. With `NGX_LUA_MALLOC` in the environment in which nginx starts,
//! machines use malloc, so that memcheck finds what they do wrong.

use core::ffi::c_void;
use core::ptr;
use std::sync::OnceLock;

use crate::sys::lua::{lua_State, lua_newstate, luaL_newstate};

/// nginx clears the environment of its workers, so the first look counts.
static USE_MALLOC: OnceLock<bool> = OnceLock::new();

/// Whether memcheck is to see what happens.
pub(crate) fn is_for_memcheck() -> bool {
    *USE_MALLOC.get_or_init(|| std::env::var_os("NGX_LUA_MALLOC").is_some())
}

/// A new state; null without memory.
pub(super) fn new_state() -> *mut lua_State {
    // SAFETY: the allocator keeps Lua's contract.
    unsafe {
        if is_for_memcheck() { lua_newstate(allocate, ptr::null_mut()) } else { luaL_newstate() }
    }
}

unsafe extern "C" {
    fn realloc(data: *mut c_void, size: usize) -> *mut c_void;
    fn free(data: *mut c_void);
}

unsafe extern "C" fn allocate(
    _: *mut c_void,
    data: *mut c_void,
    _old: usize,
    new: usize,
) -> *mut c_void {
    // SAFETY: Lua passes null or what it got from here.
    unsafe {
        if new == 0 {
            free(data);
            return ptr::null_mut();
        }
        realloc(data, new)
    }
}
