//! What `send` sends.

use core::ffi::c_int;
use std::borrow::Cow;

use crate::api::text;
use crate::lua::state::Type;
use crate::lua::{Raise, State};

/// Tables in tables that are sent; a table that contains itself ends here.
const DEEPEST: usize = 1000;

/// The bytes that an argument stands for. A string lives as long as it stays on
/// the stack.
pub(super) fn bytes(l: &State, arg: c_int) -> Result<Cow<'_, [u8]>, Raise> {
    match l.type_of(arg) {
        Type::String => Ok(Cow::Borrowed(l.bytes(arg).unwrap_or_default())),
        Type::Number => Ok(Cow::Owned(text::number(l.number(arg), <[u8]>::to_vec))),
        Type::Boolean if l.boolean(arg) => Ok(Cow::Borrowed(b"true")),
        Type::Boolean => Ok(Cow::Borrowed(b"false")),
        Type::Nil => Ok(Cow::Borrowed(b"nil")),
        Type::Table => {
            let mut all = Vec::with_capacity(256);
            append(*l, arg, arg, &mut all, 0)?;
            Ok(Cow::Owned(all))
        }
        _ => {
            let message = format!(
                "string, number, boolean, nil, or array table expected, got {}",
                l.type_name(arg)
            );
            Err(l.argument_error(arg, message))
        }
    }
}

/// Appends the pieces of a table to `all`.
fn append(
    l: State,
    table: c_int,
    arg: c_int,
    all: &mut Vec<u8>,
    depth: usize,
) -> Result<(), Raise> {
    if depth >= DEEPEST || !l.ensure(8) {
        return Err(l.argument_error(arg, "stack overflow: tables nested too deeply"));
    }
    for i in 1..=len(l, table, arg)? {
        l.raw_get_index(table, i);
        match l.type_of(-1) {
            Type::String => all.extend_from_slice(l.bytes(-1).unwrap_or_default()),
            Type::Number => text::number(l.number(-1), |piece| all.extend_from_slice(piece)),
            Type::Table => append(l, l.top(), arg, all, depth + 1)?,
            _ => {
                let message = format!("bad data type {} found", l.type_name(-1));
                return Err(l.argument_error(arg, message));
            }
        }
        l.pop(1);
    }
    Ok(())
}

/// The largest index of an array, holes counted.
fn len(l: State, table: c_int, arg: c_int) -> Result<c_int, Raise> {
    let mut largest = l.raw_len(table) as c_int;
    // Behind the last one of an array without holes comes nothing.
    match largest {
        0 => l.push_nil(),
        _ => l.push_integer(largest.into()),
    }
    if !l.next(table) {
        return Ok(largest);
    }
    l.pop(2);

    l.push_nil();
    while l.next(table) {
        let key = l.number(-2);
        if l.type_of(-2) != Type::Number || key < 1.0 || key.fract() != 0.0 {
            return Err(l.argument_error(arg, "non-array table found"));
        }
        largest = largest.max(key as c_int);
        l.pop(1);
    }
    Ok(largest)
}
