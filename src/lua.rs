//! The Lua virtual machine: states, code, coroutines, errors.

pub(crate) mod allocator;
mod bytecode;
pub(crate) mod code;
pub(crate) mod coroutine;
pub(crate) mod guard;
pub(crate) mod sandbox;
pub(crate) mod state;
pub(crate) mod traceback;
pub(crate) mod vm;

pub(crate) use guard::{Raise, Return, function};
pub(crate) use state::State;
pub(crate) use vm::Vm;
