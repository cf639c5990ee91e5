//! Tables of headers, as `get_headers` gives them.

use core::ffi::c_int;

use mlua::Lua;

use crate::lua::state::Type;
use crate::lua::{Raise, State};
use crate::sys::lua::lua_upvalueindex;

/// How many headers are listed unless the caller says otherwise.
pub(super) const DEFAULT_MAX: usize = 100;

/// The metatable of header tables: `headers.Content_Type` finds `content-type`.
pub(super) fn metatable(lua: &Lua) -> mlua::Result<mlua::Table> {
    lua.load(include_str!("headers.lua")).set_name("=[C]").eval()
}

/// The arguments `max` and `raw` at `first`; `None` stands for no limit.
pub(super) fn limits(l: State, first: c_int) -> Result<(Option<usize>, bool), Raise> {
    if l.top() < first {
        return Ok((Some(DEFAULT_MAX), false));
    }
    Ok((max(l, first)?, l.boolean(first + 1)))
}

/// A limit: nil and negative numbers mean 100, 0 means none.
pub(super) fn max(l: State, index: c_int) -> Result<Option<usize>, Raise> {
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

/// The results, for the table on top of the stack. The metatable is the calling
/// function's upvalue.
pub(super) fn finish(l: State, raw: bool, truncated: bool) -> c_int {
    if !raw {
        l.push_value(lua_upvalueindex(1));
        l.set_metatable(-2);
    }
    if truncated {
        l.push_bytes("truncated");
        return 2;
    }
    1
}

/// Fills a table of names and values, in which the value of a repeated name is
/// an array.
pub(super) struct Fields {
    table: c_int,
    /// The digests of the names that are in the table: without its digest, a
    /// name is new, and need not be looked up.
    seen: [u64; 4],
}

impl Fields {
    /// The table is on top of the stack.
    pub(super) fn new(l: State) -> Self {
        Self { table: l.top(), seen: [0; 4] }
    }

    /// Adds a field; `push` pushes its value.
    pub(super) fn add(&mut self, l: State, name: &[u8], push: impl FnOnce(State)) {
        let digest = digest(name);
        let (seen, bit) = (&mut self.seen[usize::from(digest >> 6)], 1 << (digest & 63));
        let is_new = *seen & bit == 0;
        *seen |= bit;

        l.push_bytes(name);
        push(l);
        if is_new {
            l.raw_set(self.table);
        } else {
            set_or_append(l, self.table);
        }
    }
}

/// A number that mostly is another one for another name.
fn digest(name: &[u8]) -> u8 {
    match name {
        [first, .., last] => {
            let middle = name[name.len() / 2];
            let text = u32::from_le_bytes([*first, middle, *last, name.len() as u8]);
            (text.wrapping_mul(0x9e37_79b1) >> 24) as u8
        }
        _ => 0,
    }
}

/// `t[key] = value` for the key and value on top of the stack; a key that is
/// there already becomes an array.
fn set_or_append(l: State, table: c_int) {
    let (key, value) = (l.top() - 1, l.top());

    l.push_value(key);
    l.raw_get(table);
    match l.type_of(-1) {
        Type::Nil => {
            l.pop(1);
            l.raw_set(table);
        }
        Type::Table => {
            l.push_value(value);
            l.raw_set_index(-2, l.raw_len(-2) as c_int + 1);
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
