//! Query strings, from tables and to tables.

use core::ffi::c_int;

use nginx_lua_text::args::{Args, Counting, Value, pieces, push_pair};

use super::headers::{DEFAULT_MAX, Fields};
use crate::lua::state::Type;
use crate::lua::{Raise, State};

/// How many fields a table for the arguments in `text` should have room for.
pub(super) fn room(text: &[u8]) -> usize {
    pieces(text).min(DEFAULT_MAX)
}

/// Fills the table on top of the stack with decoded arguments: a string, true
/// for one without `=`, an array for a repeated one. At most `max` of them, 0
/// for any number, else a second result "truncated". Gives the number of results.
pub(super) fn fill(l: State, text: &[u8], max: usize, counting: Counting) -> c_int {
    let mut args = Args::new(text, max, counting);
    let mut fields = Fields::new(l);
    for (name, value) in args.by_ref() {
        fields.add(l, &name, |l| match value {
            Value::Flag => l.push_boolean(true),
            Value::Text(text) => l.push_bytes(text),
        });
    }
    if args.truncated() {
        l.push_bytes("truncated");
        return 2;
    }
    1
}

/// The table at `index` as a query string.
pub(super) fn encode(l: State, index: i32) -> Result<Vec<u8>, Raise> {
    let mut out = Vec::with_capacity(256);
    l.push_nil();
    while l.next(index) {
        if l.type_of(-2) != Type::String {
            return Err(l.error("attempt to use a non-string key in the \"args\" option table"));
        }
        match l.type_of(-1) {
            Type::Table => {
                let values = l.top();
                l.push_nil();
                while l.next(values) {
                    encode_arg(l, values - 1, l.type_of(-1), &mut out)?;
                    l.pop(1);
                }
            }
            kind => encode_arg(l, -2, kind, &mut out)?,
        }
        l.pop(1);
    }
    Ok(out)
}

/// Appends one argument; its value, of type `kind`, is on top of the stack.
fn encode_arg(l: State, name: i32, kind: Type, out: &mut Vec<u8>) -> Result<(), Raise> {
    let name = l.bytes(name).unwrap_or_default();
    match kind {
        // Converting a number in place is fine: the value is a copy.
        Type::String | Type::Number => push_pair(out, name, Some(l.bytes(-1).unwrap_or_default())),
        Type::Boolean if l.boolean(-1) => push_pair(out, name, None),
        Type::Boolean => {}
        _ => {
            let message = format!("attempt to use {} as query arg value", l.type_name(-1));
            return Err(l.error(message));
        }
    }
    Ok(())
}
