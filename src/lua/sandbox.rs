//! The globals table of a run.
//!
//! Every run of a chunk has a table of its own as `_G`; what is not in it is
//! looked up in the machine's globals. A global that a request writes is
//! therefore seen by that run alone. Code that neither writes globals nor can
//! look at the table runs with the machine's: nobody can tell, and it is
//! cheaper.

use super::state::Ref;
use super::{State, Vm};
use crate::sys::lua::{LUA_GLOBALSINDEX, LUA_OK, lua_pcall};

/// Makes the metatable that all of a machine's sandboxes share.
pub(super) fn metatable(main: State) -> Ref {
    main.new_table(0, 1);
    main.push_value(LUA_GLOBALSINDEX);
    main.raw_set_field(-2, "__index");
    main.anchor()
}

/// Anchors the function that looks at bytecode; none without `jit.util`.
pub(super) fn inspector(lua: &mlua::Lua) -> Option<Ref> {
    let inspect: mlua::Function =
        lua.load(include_str!("sandbox.lua")).set_name("=[C]").eval().ok()?;
    let mut anchor = None;
    // SAFETY: the function is the one value on the stack, which anchor pops.
    unsafe {
        lua.exec_raw::<()>(inspect, |l| anchor = Some(State::from_ptr(l).anchor())).ok()?;
    }
    anchor
}

impl Vm {
    /// Pushes a new globals table on the coroutine `l`.
    pub(crate) fn push_sandbox(&self, l: State) {
        l.new_table(0, 1);
        l.push_bytes("_G");
        l.push_value(-2);
        l.raw_set(-3);
        self.push_globals_meta(l);
        l.set_metatable(-2);
    }

    /// Whether closures of the factory on top of the main state need globals of
    /// their own.
    pub(super) fn needs_own_globals(&self) -> bool {
        let l = self.main();
        let Some(inspector) = self.inspector else {
            return true;
        };

        l.push_ref(inspector);
        l.push_value(-2);
        // SAFETY: function and argument are on the stack; errors are caught.
        let status = unsafe { lua_pcall(l.as_ptr(), 1, 1, 0) };
        let needs = status != LUA_OK || l.boolean(-1);
        l.pop(1);
        needs
    }
}
