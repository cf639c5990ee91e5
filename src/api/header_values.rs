//! Names and values of headers that Lua code sets.

use core::ffi::c_int;

use nginx_lua_text::escape::{Set, escape};

use super::text::push_text;
use crate::lua::state::Type;
use crate::lua::{Raise, State};

/// Where the text of the value at `index` stands on the stack.
pub(super) fn key(l: State, index: c_int) -> Result<c_int, Raise> {
    if l.type_of(index) == Type::String {
        return Ok(index);
    }
    push_text(l, index)?;
    Ok(l.top())
}

/// Gives the values to set, with control bytes escaped: none for nil, an empty
/// string or an empty table.
pub(super) fn with_values<R>(
    l: State,
    index: c_int,
    f: impl FnOnce(&[&[u8]]) -> R,
) -> Result<R, Raise> {
    match l.type_of(index) {
        Type::Nil | Type::None => Ok(f(&[])),
        Type::Table => {
            let mut values = Vec::new();
            for i in 1..=l.raw_len(index) as c_int {
                l.raw_get_index(index, i);
                push_text(l, -1)?;
                let value = escape(l.bytes(-1).unwrap_or_default(), Set::HeaderValue);
                values.push(value.into_owned());
                l.pop(2);
            }
            let values: Vec<&[u8]> = values.iter().map(Vec::as_slice).collect();
            Ok(f(&values))
        }
        _ => {
            let text = key(l, index)?;
            let value = escape(l.bytes(text).unwrap_or_default(), Set::HeaderValue);
            Ok(if value.is_empty() { f(&[]) } else { f(&[&value]) })
        }
    }
}
