//! Tables of headers, as `get_headers` gives them.

use crate::lua::state::Type;
use crate::lua::{Raise, Return, State, function};
use crate::sys::lua::LUA_REGISTRYINDEX;

/// The metatable of header tables, in the registry.
const METATABLE: &str = "nginx-lua headers";

/// How many headers are listed unless the caller says otherwise.
const DEFAULT_MAX: usize = 100;

pub(super) fn open(l: State) {
    l.new_table(0, 1);
    l.push_function(function(index), 0);
    l.raw_set_field(-2, "__index");
    l.raw_set_field(LUA_REGISTRYINDEX, METATABLE);
}

/// `headers.Content_Type` finds `content-type`.
fn index(l: State) -> Return {
    if !matches!(l.type_of(2), Type::String | Type::Number) {
        return Ok(0);
    }
    const SHORT: usize = 64;
    let key = l.bytes(2).unwrap_or_default();
    let (mut short, mut long) = ([0; SHORT], Vec::new());
    let name = match short.get_mut(..key.len()) {
        Some(short) => short,
        None => {
            long.resize(key.len(), 0);
            &mut long[..]
        }
    };
    for (to, from) in name.iter_mut().zip(key) {
        *to = if *from == b'_' { b'-' } else { from.to_ascii_lowercase() };
    }
    if name == key {
        return Ok(0);
    }
    l.push_bytes(name);
    l.raw_get(1);
    Ok(1)
}

/// The arguments `max` and `raw` at `first`; `None` stands for no limit.
pub(super) fn limits(l: State, first: i32) -> Result<(Option<usize>, bool), Raise> {
    Ok((max(l, first)?, l.boolean(first + 1)))
}

/// A limit: nil and negative numbers mean 100, 0 means none.
pub(super) fn max(l: State, index: i32) -> Result<Option<usize>, Raise> {
    match l.type_of(index) {
        Type::None | Type::Nil => Ok(Some(DEFAULT_MAX)),
        Type::Boolean if !l.boolean(index) => Ok(Some(DEFAULT_MAX)),
        Type::Number => match l.number(index) as i64 {
            0 => Ok(None),
            n => Ok(Some(usize::try_from(n).unwrap_or(DEFAULT_MAX))),
        },
        _ => {
            let kind = l.type_name(index);
            Err(l.error(format_args!(
                "bad argument #2 to 'ngx_max' (cannot convert '{kind}' to 'int')"
            )))
        }
    }
}

/// Gives the table on top of the stack the metatable of header tables.
pub(super) fn set_metatable(l: State) {
    l.raw_get_field(LUA_REGISTRYINDEX, METATABLE);
    l.set_metatable(-2);
}

/// `t[key] = value` for the key and value on top of the stack and the table
/// below them; a key that is there already becomes an array.
pub(super) fn add(l: State) {
    let (table, key, value) = (l.top() - 2, l.top() - 1, l.top());

    l.push_value(key);
    l.raw_get(table);
    match l.type_of(-1) {
        Type::Nil => {
            l.pop(1);
            l.raw_set(table);
        }
        Type::Table => {
            l.push_value(value);
            l.raw_set_index(-2, l.raw_len(-2) as i32 + 1);
            l.pop(3);
        }
        _ => {
            l.new_table(4, 0);
            l.insert(-2);
            l.raw_set_index(-2, 1);
            l.push_value(value);
            l.raw_set_index(-2, 2);
            l.push_value(key);
            l.insert(-2);
            l.raw_set(table);
            l.pop(2);
        }
    }
}
