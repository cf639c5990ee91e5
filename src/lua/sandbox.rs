//! The globals table of a run.
//!
//! Every run of a chunk has a table of its own as `_G`; what is not in it is
//! looked up in the machine's globals. A global that a request writes is
//! therefore seen by that run alone.

use super::state::Ref;
use super::{State, Vm};
use crate::sys::lua::LUA_GLOBALSINDEX;

/// Makes the metatable that all of a machine's sandboxes share.
pub(super) fn metatable(main: State) -> Ref {
    main.new_table(0, 1);
    main.push_value(LUA_GLOBALSINDEX);
    main.raw_set_field(-2, "__index");
    main.anchor()
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
}
