//! A thin handle on a `lua_State`.
//!
//! The methods are safe to call because a [`State`] is only made from a pointer
//! that Lua handed out and is only kept while the virtual machine lives. What
//! they leave to the caller is the stack discipline of the Lua manual: 20 free
//! slots in every function that Lua calls, [`State::ensure`] for more.
//!
//! None of them raises a Lua error but for lack of memory, and none runs
//! metamethods: see [`guard`](super::guard) for why that matters.

use core::ffi::{c_char, c_int, c_void};
use core::{ptr, slice};

use crate::sys::lua as ffi;

/// The type of a Lua value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    None,
    Nil,
    Boolean,
    LightUserdata,
    Number,
    String,
    Table,
    Function,
    Userdata,
    Thread,
    Cdata,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub(crate) struct State(*mut ffi::lua_State);

/// A value anchored in the registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ref(c_int);

impl State {
    /// # Safety
    /// `l` is a coroutine of a live virtual machine.
    pub(crate) const unsafe fn from_ptr(l: *mut ffi::lua_State) -> Self {
        Self(l)
    }

    pub(crate) const fn as_ptr(self) -> *mut ffi::lua_State {
        self.0
    }

    pub(crate) fn top(self) -> c_int {
        // SAFETY: see the module's notes; the same holds for all blocks below.
        unsafe { ffi::lua_gettop(self.0) }
    }

    pub(crate) fn set_top(self, index: c_int) {
        // SAFETY: module notes.
        unsafe { ffi::lua_settop(self.0, index) }
    }

    pub(crate) fn pop(self, n: c_int) {
        self.set_top(-n - 1);
    }

    /// Makes room for `n` more values; false when the stack is at its limit.
    pub(crate) fn ensure(self, n: c_int) -> bool {
        // SAFETY: module notes.
        unsafe { ffi::lua_checkstack(self.0, n) != 0 }
    }

    pub(crate) fn type_of(self, index: c_int) -> Type {
        // SAFETY: module notes.
        match unsafe { ffi::lua_type(self.0, index) } {
            ffi::LUA_TNIL => Type::Nil,
            ffi::LUA_TBOOLEAN => Type::Boolean,
            ffi::LUA_TLIGHTUSERDATA => Type::LightUserdata,
            ffi::LUA_TNUMBER => Type::Number,
            ffi::LUA_TSTRING => Type::String,
            ffi::LUA_TTABLE => Type::Table,
            ffi::LUA_TFUNCTION => Type::Function,
            ffi::LUA_TUSERDATA => Type::Userdata,
            ffi::LUA_TTHREAD => Type::Thread,
            ffi::LUA_TNONE => Type::None,
            _ => Type::Cdata,
        }
    }

    /// The name that Lua's own messages use for the value's type.
    pub(crate) fn type_name(self, index: c_int) -> &'static str {
        match self.type_of(index) {
            Type::None => "no value",
            Type::Nil => "nil",
            Type::Boolean => "boolean",
            Type::LightUserdata | Type::Userdata => "userdata",
            Type::Number => "number",
            Type::String => "string",
            Type::Table => "table",
            Type::Function => "function",
            Type::Thread => "thread",
            Type::Cdata => "cdata",
        }
    }

    pub(crate) fn is_none_or_nil(self, index: c_int) -> bool {
        matches!(self.type_of(index), Type::None | Type::Nil)
    }

    /// `ngx.null`: the light userdata NULL.
    pub(crate) fn is_null(self, index: c_int) -> bool {
        self.type_of(index) == Type::LightUserdata
            // SAFETY: module notes.
            && unsafe { ffi::lua_touserdata(self.0, index).is_null() }
    }

    pub(crate) fn boolean(self, index: c_int) -> bool {
        // SAFETY: module notes.
        unsafe { ffi::lua_toboolean(self.0, index) != 0 }
    }

    /// The number at `index`, converted from a string if need be; 0 for others.
    pub(crate) fn number(self, index: c_int) -> f64 {
        // SAFETY: module notes.
        unsafe { ffi::lua_tonumber(self.0, index) }
    }

    /// Whether the value is a number or a string that reads as one.
    pub(crate) fn is_number(self, index: c_int) -> bool {
        // SAFETY: module notes.
        unsafe { mlua::ffi::lua_isnumber(self.0, index) != 0 }
    }

    /// The bytes of the string at `index`, or of the number there, which
    /// becomes a string in place. They live as long as the value stays on the
    /// stack.
    pub(crate) fn bytes(&self, index: c_int) -> Option<&[u8]> {
        let mut len = 0;
        // SAFETY: module notes; a Lua string is `len` bytes at a fixed address.
        unsafe {
            let data = ffi::lua_tolstring(self.0, index, &raw mut len);
            (!data.is_null()).then(|| slice::from_raw_parts(data.cast(), len))
        }
    }

    /// Address of a table, function, thread or userdata, for identity.
    pub(crate) fn address(self, index: c_int) -> *const c_void {
        // SAFETY: module notes.
        unsafe { ffi::lua_topointer(self.0, index) }
    }

    pub(crate) fn thread(self, index: c_int) -> Option<State> {
        // SAFETY: module notes.
        let co = unsafe { ffi::lua_tothread(self.0, index) };
        (!co.is_null()).then_some(State(co))
    }

    pub(crate) fn is_c_function(self, index: c_int) -> bool {
        // SAFETY: module notes.
        unsafe { ffi::lua_iscfunction(self.0, index) != 0 }
    }

    /// Length of a table's array part (without `__len`).
    pub(crate) fn raw_len(self, index: c_int) -> usize {
        // SAFETY: module notes.
        unsafe { ffi::lua_objlen(self.0, index) }
    }

    pub(crate) fn raw_equal(self, a: c_int, b: c_int) -> bool {
        // SAFETY: module notes.
        unsafe { ffi::lua_rawequal(self.0, a, b) != 0 }
    }

    pub(crate) fn push_nil(self) {
        // SAFETY: module notes.
        unsafe { ffi::lua_pushnil(self.0) }
    }

    pub(crate) fn push_null(self) {
        // SAFETY: module notes. The NULL pointer is the one light userdata that
        // every address space can represent.
        unsafe { ffi::lua_pushlightuserdata(self.0, ptr::null_mut()) }
    }

    pub(crate) fn push_boolean(self, value: bool) {
        // SAFETY: module notes.
        unsafe { ffi::lua_pushboolean(self.0, c_int::from(value)) }
    }

    pub(crate) fn push_number(self, value: f64) {
        // SAFETY: module notes.
        unsafe { ffi::lua_pushnumber(self.0, value) }
    }

    pub(crate) fn push_integer(self, value: i64) {
        self.push_number(value as f64);
    }

    pub(crate) fn push_bytes(self, value: impl AsRef<[u8]>) {
        let value = value.as_ref();
        // SAFETY: module notes; Lua copies the bytes.
        unsafe { ffi::lua_pushlstring(self.0, value.as_ptr().cast::<c_char>(), value.len()) }
    }

    /// Pushes a copy of the value at `index`.
    pub(crate) fn push_value(self, index: c_int) {
        // SAFETY: module notes.
        unsafe { ffi::lua_pushvalue(self.0, index) }
    }

    /// Pushes a C function whose `n` topmost values become its upvalues.
    pub(crate) fn push_function(self, function: ffi::lua_CFunction, upvalues: c_int) {
        // SAFETY: module notes.
        unsafe { ffi::lua_pushcclosure(self.0, function, upvalues) }
    }

    pub(crate) fn new_table(self, array: usize, hash: usize) {
        // SAFETY: module notes. The sizes are hints; cap them to what fits.
        unsafe {
            ffi::lua_createtable(self.0, array.min(1 << 20) as c_int, hash.min(1 << 20) as c_int);
        }
    }

    pub(crate) fn insert(self, index: c_int) {
        // SAFETY: module notes.
        unsafe { ffi::lua_insert(self.0, index) }
    }

    pub(crate) fn remove(self, index: c_int) {
        // SAFETY: module notes.
        unsafe { ffi::lua_remove(self.0, index) }
    }

    pub(crate) fn replace(self, index: c_int) {
        // SAFETY: module notes.
        unsafe { ffi::lua_replace(self.0, index) }
    }

    /// `t[k]` with the key on top of the stack, which the value replaces.
    pub(crate) fn raw_get(self, table: c_int) {
        // SAFETY: module notes.
        unsafe { ffi::lua_rawget(self.0, table) }
    }

    /// Pushes `t[i]`.
    pub(crate) fn raw_get_index(self, table: c_int, index: c_int) {
        // SAFETY: module notes.
        unsafe { ffi::lua_rawgeti(self.0, table, index) }
    }

    /// Pushes `t[name]`.
    pub(crate) fn raw_get_field(self, table: c_int, name: impl AsRef<[u8]>) {
        let table = self.absolute(table);
        self.push_bytes(name);
        self.raw_get(table);
    }

    /// `t[k] = v` with key and value on top of the stack; pops both.
    pub(crate) fn raw_set(self, table: c_int) {
        // SAFETY: module notes.
        unsafe { ffi::lua_rawset(self.0, table) }
    }

    /// `t[i] = v`; pops the value.
    pub(crate) fn raw_set_index(self, table: c_int, index: c_int) {
        // SAFETY: module notes.
        unsafe { ffi::lua_rawseti(self.0, table, index) }
    }

    /// `t[name] = v`; pops the value.
    pub(crate) fn raw_set_field(self, table: c_int, name: impl AsRef<[u8]>) {
        let table = self.absolute(table);
        self.push_bytes(name);
        self.insert(-2);
        self.raw_set(table);
    }

    /// Steps a traversal: pops a key, pushes the next key and value.
    pub(crate) fn next(self, table: c_int) -> bool {
        // SAFETY: module notes; an error would need a key that is not in the
        // table, and keys come from the previous step.
        unsafe { ffi::lua_next(self.0, table) != 0 }
    }

    /// Gives the value at `index` the metatable on top of the stack; pops it.
    pub(crate) fn set_metatable(self, index: c_int) {
        // SAFETY: module notes.
        unsafe {
            ffi::lua_setmetatable(self.0, index);
        }
    }

    /// Pushes the metatable of the value at `index`, if it has one.
    pub(crate) fn push_metatable(self, index: c_int) -> bool {
        // SAFETY: module notes.
        unsafe { ffi::lua_getmetatable(self.0, index) != 0 }
    }

    /// Gives the function at `index` the globals table on top of the stack;
    /// pops it.
    pub(crate) fn set_globals_of(self, index: c_int) {
        // SAFETY: module notes.
        unsafe {
            ffi::lua_setfenv(self.0, index);
        }
    }

    /// Moves the `n` topmost values to another coroutine of the same machine.
    pub(crate) fn move_to(self, to: State, n: c_int) {
        if self != to {
            // SAFETY: module notes.
            unsafe { ffi::lua_xmove(self.0, to.0, n) }
        }
    }

    /// Pushes the coroutine itself.
    pub(crate) fn push_thread(self) {
        // SAFETY: module notes.
        unsafe {
            ffi::lua_pushthread(self.0);
        }
    }

    /// Anchors the value on top of the stack in the registry; pops it.
    pub(crate) fn anchor(self) -> Ref {
        // SAFETY: module notes.
        Ref(unsafe { ffi::luaL_ref(self.0, ffi::LUA_REGISTRYINDEX) })
    }

    pub(crate) fn push_ref(self, reference: Ref) {
        self.raw_get_index(ffi::LUA_REGISTRYINDEX, reference.0);
    }

    pub(crate) fn release(self, reference: Ref) {
        // SAFETY: module notes.
        unsafe { ffi::luaL_unref(self.0, ffi::LUA_REGISTRYINDEX, reference.0) }
    }

    pub(crate) fn can_yield(self) -> bool {
        // SAFETY: module notes.
        unsafe { ffi::lua_isyieldable(self.0) != 0 }
    }

    /// `LUA_OK`, `LUA_YIELD` or the error that ended the coroutine.
    pub(crate) fn status(self) -> c_int {
        // SAFETY: module notes.
        unsafe { ffi::lua_status(self.0) }
    }

    /// Whether a function runs in the coroutine.
    pub(crate) fn has_frames(self) -> bool {
        let mut frame = core::mem::MaybeUninit::<ffi::lua_Debug>::zeroed();
        // SAFETY: lua_getstack only looks whether there is such a frame.
        unsafe { ffi::lua_getstack(self.0, 0, frame.as_mut_ptr()) != 0 }
    }

    /// Where the function at `index` is defined: `source:line`.
    pub(crate) fn definition(self, index: c_int) -> String {
        let mut function = core::mem::MaybeUninit::<ffi::lua_Debug>::zeroed();
        self.push_value(index);
        // SAFETY: lua_getinfo takes the function from the stack; the source's name
        // lives as long as that.
        unsafe {
            ffi::lua_getinfo(self.0, c">S".as_ptr(), function.as_mut_ptr());
            let function = function.assume_init();
            let source = core::ffi::CStr::from_ptr(function.source).to_string_lossy();
            format!("{source}:{}", function.linedefined)
        }
    }

    fn absolute(self, index: c_int) -> c_int {
        if index > 0 || index <= ffi::LUA_REGISTRYINDEX { index } else { self.top() + index + 1 }
    }
}
