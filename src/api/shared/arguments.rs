//! What the methods are called with.

use core::ffi::c_int;
use core::slice;

use super::failed;
use crate::api::text::{push_text, to_number};
use crate::lua::state::Type;
use crate::lua::{Raise, State};
use crate::sys::lua as ffi;

pub(super) const NO_ZONE: &str = "bad \"zone\" argument";
pub(super) const LONGEST_KEY: usize = 65_535;

/// A key, or the results that say what is wrong with it.
pub(super) enum Key<'a> {
    Good(&'a [u8]),
    Bad(c_int),
}

/// The key at 2, which is made a string.
pub(super) fn key_or_reason<'a>(l: State) -> Result<Key<'a>, Raise> {
    match l.type_of(2) {
        Type::String | Type::Number => {}
        Type::None | Type::Nil => return Ok(Key::Bad(failed(l, "nil key"))),
        _ => {
            push_text(l, 2)?;
            l.replace(2);
        }
    }
    Ok(check_length(l))
}

/// The string at 2 as a key.
pub(super) fn check_length<'a>(l: State) -> Key<'a> {
    let mut len = 0;
    // SAFETY: the string stays at 2 while the function runs.
    let key: &[u8] = unsafe {
        let data = ffi::lua_tolstring(l.as_ptr(), 2, &raw mut len);
        if data.is_null() { &[] } else { slice::from_raw_parts(data.cast(), len) }
    };
    match key.len() {
        0 => Key::Bad(failed(l, "empty key")),
        1..=LONGEST_KEY => Key::Good(key),
        _ => Key::Bad(failed(l, "key too long")),
    }
}

/// Seconds as whole milliseconds; what is too large, or no number, is 0: never.
pub(super) fn milliseconds(seconds: f64) -> u64 {
    let milliseconds = seconds * 1000.0;
    if milliseconds < i64::MAX as f64 { milliseconds as u64 } else { 0 }
}

/// The argument `exptime`, in milliseconds.
pub(super) fn seconds_to_live(l: State, index: c_int) -> Result<u64, Raise> {
    if !l.boolean(index) {
        return Ok(0);
    }
    let Some(seconds) = number(l, index) else {
        let kind = l.type_name(index);
        return Err(l.error(format_args!("attempt to compare {kind} with number")));
    };
    if seconds < 0.0 {
        return Err(l.error("bad \"exptime\" argument"));
    }
    Ok(milliseconds(seconds))
}

/// The argument `flags`.
pub(super) fn user_flags(l: State, index: c_int) -> Result<i32, Raise> {
    let flags = match l.type_of(index) {
        Type::Nil => return Ok(0),
        Type::Boolean => return Ok(l.boolean(index).into()),
        _ => number(l, index),
    };
    let Some(flags) = flags else {
        let kind = l.type_name(index);
        return Err(l.error(format_args!(
            "bad argument #10 to 'ngx_lua_ffi_shdict_store' (cannot convert '{kind}' to 'int')"
        )));
    };
    Ok(integer(flags))
}

/// A whole number. What does not fit becomes the smallest one, as the processor
/// has it.
pub(super) fn integer(number: f64) -> i32 {
    let fits = (f64::from(i32::MIN)..f64::from(i32::MAX) + 1.0).contains(&number);
    if fits { number as i32 } else { i32::MIN }
}

/// A number, but not in a string.
fn number(l: State, index: c_int) -> Option<f64> {
    if l.type_of(index) == Type::String { None } else { to_number(l, index) }
}
