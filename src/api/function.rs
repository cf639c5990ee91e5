//! How a function gets its place among the globals.

use crate::lua::{Return, State, function};
use crate::sys::lua::{LUA_GLOBALSINDEX, lua_CFunction};

/// A function that Lua code can call.
pub(super) struct Function {
    /// Where it stands, from the globals on, as `ngx.req.get_method`, or in its
    /// module.
    path: &'static str,
    call: lua_CFunction,
}

impl Function {
    /// A global function: one that the list of the API has.
    pub(super) const fn new<F>(path: &'static str, call: F) -> Self
    where
        F: Fn(State) -> Return + Copy,
    {
        assert!(nginx_lua_reference::has_function(path), "crates/reference does not list this");
        Self::native(path, call)
    }

    /// A function that a built-in module builds on.
    pub(super) const fn native<F>(name: &'static str, call: F) -> Self
    where
        F: Fn(State) -> Return + Copy,
    {
        Self { path: name, call: function(call) }
    }

    /// Puts the function in its place among the globals.
    pub(super) fn register(&self, l: State) {
        l.push_value(LUA_GLOBALSINDEX);
        self.register_in(l);
        l.pop(1);
    }

    /// Puts the function in its place, seen from the table on top of the stack;
    /// tables on the way are made.
    pub(super) fn register_in(&self, l: State) {
        let top = l.top();
        l.push_value(-1);

        let mut names = self.path.split('.').peekable();
        while let Some(name) = names.next() {
            if names.peek().is_none() {
                l.push_function(self.call, 0);
                l.raw_set_field(-2, name);
                break;
            }
            l.raw_get_field(-1, name);
            if l.is_none_or_nil(-1) {
                l.pop(1);
                l.new_table(0, 16);
                l.push_value(-1);
                l.raw_set_field(-3, name);
            }
        }
        l.set_top(top);
    }
}

/// Gives the table on top of the stack computed fields: `read` gets the table
/// and a key, `write` a value as well.
pub(super) fn computed(l: State, read: lua_CFunction, write: lua_CFunction) {
    l.new_table(0, 2);
    l.push_function(read, 0);
    l.raw_set_field(-2, "__index");
    l.push_function(write, 0);
    l.raw_set_field(-2, "__newindex");
    l.set_metatable(-2);
}

/// What makes the metatable of a table with a way for compiled code, see
/// `accessors.lua`.
pub(super) fn accessors(lua: &mlua::Lua) -> mlua::Result<mlua::Function> {
    lua.load(include_str!("accessors.lua")).set_name("=[C]").eval()
}
