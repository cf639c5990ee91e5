//! What looks at all entries.

use super::arguments::NO_ZONE;
use super::dict;
use crate::lua::state::Type;
use crate::lua::{Raise, Return, State};
use crate::ngx::zone;

/// How many keys `get_keys` gives without being asked for a number.
const KEYS: usize = 1024;

/// `count = dict:flush_expired(max = 0)`
///
/// Frees up to `max` expired entries, 0 for all. All phases.
pub(super) fn flush_expired(l: State) -> Return {
    check_arguments(l)?;
    let dict = dict(l)?;
    let max = max(l, 0)?;
    l.push_number(dict.flush_expired(max, zone::now()) as f64);
    Ok(1)
}

/// `keys = dict:get_keys(max = 1024)`
///
/// Up to `max` keys that have not expired, 0 for all, from the least recently
/// used one on. Others can use the dictionary in between: what they add or
/// remove may be among the keys or not. All phases.
pub(super) fn get_keys(l: State) -> Return {
    check_arguments(l)?;
    let dict = dict(l)?;
    let max = max(l, KEYS)?;
    let keys = dict.keys(max, zone::now());
    l.new_table(keys.len(), 0);
    for (i, key) in keys.iter().enumerate() {
        l.push_bytes(key);
        l.raw_set_index(-2, i as i32 + 1);
    }
    Ok(1)
}

fn check_arguments(l: State) -> Result<(), Raise> {
    let n = l.top();
    if !(1..=2).contains(&n) {
        return Err(l.error(format_args!("expecting 1 or 2 argument(s), but saw {n}")));
    }
    match l.type_of(1) {
        Type::Table if super::zone(l).is_none() => Err(l.error(NO_ZONE)),
        Type::Table => Ok(()),
        _ => Err(l.type_error(1, "table")),
    }
}

/// The number at 2; what is not positive stands for all.
fn max(l: State, default: usize) -> Result<usize, Raise> {
    match l.type_of(2) {
        Type::None => Ok(default),
        Type::Number | Type::String if l.is_number(2) => {
            let max = l.number(2);
            Ok(if max < f64::from(i32::MAX) { max as usize } else { 0 })
        }
        _ => Err(l.type_error(2, "number")),
    }
}
