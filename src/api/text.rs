//! Values as text and as numbers.

use core::ffi::c_int;

use crate::lua::state::Type;
use crate::lua::{Raise, State};
use crate::sys::lua::{LUA_GLOBALSINDEX, LUA_OK, LUA_REGISTRYINDEX, lua_pcall};
use crate::sys::snprintf;

/// Lua's `tostring`, in the registry: a run's globals are its own.
const TOSTRING: &str = "nginx-lua tostring";

pub(super) fn open(l: State) {
    l.raw_get_field(LUA_GLOBALSINDEX, "tostring");
    l.raw_set_field(LUA_REGISTRYINDEX, TOSTRING);
}

/// Pushes `tostring(value)`.
pub(super) fn push_text(l: State, index: c_int) -> Result<(), Raise> {
    if matches!(l.type_of(index), Type::String | Type::Number) {
        l.push_value(index);
        return Ok(());
    }
    let index = if index < 0 { l.top() + index + 1 } else { index };
    l.raw_get_field(LUA_REGISTRYINDEX, TOSTRING);
    l.push_value(index);
    // SAFETY: function and argument are on the stack; errors are caught.
    match unsafe { lua_pcall(l.as_ptr(), 1, 1, 0) } {
        LUA_OK => Ok(()),
        _ => Err(Raise::Value),
    }
}

/// Gives a number as `%.14g` writes it, without making a Lua string.
pub(super) fn number<R>(value: f64, f: impl FnOnce(&[u8]) -> R) -> R {
    /// Below this, whole numbers have no exponent.
    const EXACT: f64 = 1e14;

    if value.fract() == 0.0 && value.abs() < EXACT {
        return f(itoa::Buffer::new().format(value as i64).as_bytes());
    }
    let mut text = [0u8; 32];
    // SAFETY: the buffer's size is given; the format takes one double.
    let len =
        unsafe { snprintf(text.as_mut_ptr().cast(), text.len() as _, c"%.14g".as_ptr(), value) };
    f(&text[..usize::try_from(len).unwrap_or(0).min(text.len() - 1)])
}

/// The argument must be a string or a number.
pub(super) fn check_text(l: State, index: c_int) -> Result<(), Raise> {
    match l.type_of(index) {
        Type::String | Type::Number => Ok(()),
        _ => Err(l.type_error(index, "string")),
    }
}

/// Lua's `tonumber`.
pub(super) fn to_number(l: State, index: c_int) -> Option<f64> {
    match l.type_of(index) {
        Type::Number => Some(l.number(index)),
        Type::String => l.is_number(index).then(|| l.number(index)),
        Type::Cdata => {
            push_number_of_cdata(l, index);
            let number = (l.type_of(-1) == Type::Number).then(|| l.number(-1));
            l.pop(1);
            number
        }
        _ => None,
    }
}

/// Pushes `tonumber(cdata)`, or something that is no number.
fn push_number_of_cdata(l: State, index: c_int) {
    l.raw_get_field(LUA_GLOBALSINDEX, "tonumber");
    l.push_value(index);
    // SAFETY: function and argument are on the stack; an error is a string.
    unsafe {
        if lua_pcall(l.as_ptr(), 1, 1, 0) != LUA_OK {
            l.push_nil();
            l.replace(-2);
        }
    }
}
