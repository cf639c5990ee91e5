//! Lists in dictionaries.

use nginx_lua_dict::{End, Error, Value};

use super::arguments::{Key, check_length};
use super::{dict, failed, push_value};
use crate::lua::state::Type;
use crate::lua::{Raise, Return, State};
use crate::ngx::zone;

/// `length, err = dict:lpush(key, value)`
///
/// Adds a value at the beginning of a list, which is made if there is none.
/// Errors: `value not a list`, `no memory` (nothing is evicted for it), `bad
/// value type` and those of keys. All phases.
pub(super) fn lpush(l: State) -> Return {
    push(l, End::Left)
}

/// `length, err = dict:rpush(key, value)`
///
/// The same at the end. All phases.
pub(super) fn rpush(l: State) -> Return {
    push(l, End::Right)
}

fn push(l: State, end: End) -> Return {
    expect_arguments(l, 3)?;
    let dict = dict(l)?;
    let key = match list_key(l)? {
        Key::Good(key) => key,
        Key::Bad(results) => return Ok(results),
    };
    let value = match l.type_of(3) {
        Type::String => Value::String(l.bytes(3).unwrap_or_default()),
        Type::Number => Value::Number(l.number(3)),
        _ => return Ok(failed(l, "bad value type")),
    };
    match dict.push(key, value, end, zone::now()) {
        Ok(len) => {
            l.push_number(len as f64);
            Ok(1)
        }
        // Not even an empty list has room.
        Err(Error::NoMemory) => {
            l.push_boolean(false);
            l.push_bytes(Error::NoMemory.text());
            Ok(2)
        }
        Err(error) => Ok(failed(l, error.text())),
    }
}

/// `value, err = dict:lpop(key)`
///
/// Takes the first value of a list; the list goes with its last one. nil if
/// there is none. Errors: `value not a list` and those of keys. All phases.
pub(super) fn lpop(l: State) -> Return {
    pop(l, End::Left)
}

/// `value, err = dict:rpop(key)`
///
/// The same at the end. All phases.
pub(super) fn rpop(l: State) -> Return {
    pop(l, End::Right)
}

fn pop(l: State, end: End) -> Return {
    expect_arguments(l, 2)?;
    let dict = dict(l)?;
    let key = match list_key(l)? {
        Key::Good(key) => key,
        Key::Bad(results) => return Ok(results),
    };
    match dict.pop(key, end, zone::now(), |value| push_value(l, value)) {
        Ok(Some(())) => {}
        Ok(None) => l.push_nil(),
        Err(error) => return Ok(failed(l, error.text())),
    }
    Ok(1)
}

/// `length, err = dict:llen(key)`
///
/// 0 if there is no such key. Errors: `value not a list` and those of keys. All
/// phases.
pub(super) fn llen(l: State) -> Return {
    expect_arguments(l, 2)?;
    let dict = dict(l)?;
    let key = match list_key(l)? {
        Key::Good(key) => key,
        Key::Bad(results) => return Ok(results),
    };
    match dict.list_len(key, zone::now()) {
        Ok(len) => {
            l.push_number(len as f64);
            Ok(1)
        }
        Err(error) => Ok(failed(l, error.text())),
    }
}

fn expect_arguments(l: State, expected: i32) -> Result<(), Raise> {
    let n = l.top();
    if n == expected {
        return Ok(());
    }
    Err(l.error(format_args!("expecting {expected} arguments, but only seen {n}")))
}

/// The key at 2: here only strings and numbers will do.
fn list_key<'a>(l: State) -> Result<Key<'a>, Raise> {
    match l.type_of(2) {
        Type::String | Type::Number => Ok(check_length(l)),
        Type::Nil => Ok(Key::Bad(failed(l, "nil key"))),
        _ => Err(l.type_error(2, "string")),
    }
}
