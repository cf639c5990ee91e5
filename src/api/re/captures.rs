//! The table that a match is given as.

use core::ffi::c_int;

use super::pcre::{Match, Regex};
use crate::lua::State;
use crate::lua::state::Type;

/// Pushes a table with the groups of a match by number and by name, `false` for
/// those that took no part: the one at `reuse`, or a new one.
pub(super) fn push(l: State, regex: &Regex, found: &Match, subject: &[u8], reuse: Option<c_int>) {
    match reuse {
        Some(index) => l.push_value(index),
        // Without an array, index 0 would be in the hash part.
        None => l.new_table(regex.groups.max(1), regex.name_count),
    }
    let table = l.top();

    for number in 0..=regex.groups {
        push_group(l, found, subject, number);
        l.raw_set_index(table, number as c_int);
    }
    for (name, number) in regex.names() {
        l.push_bytes(name);
        if !regex.options.duplicate_names {
            l.raw_get_index(table, number as c_int);
            l.raw_set(table);
        } else if found.group(number, subject).is_some() {
            append(l, table, number as c_int);
        } else {
            l.pop(1);
        }
    }
}

fn push_group(l: State, found: &Match, subject: &[u8], number: usize) {
    match found.group(number, subject) {
        Some(text) => l.push_bytes(text),
        // `\K` can make a match end before it begins.
        None if number == 0 => l.push_bytes(b""),
        None => l.push_boolean(false),
    }
}

/// Appends the group to the array under the name that is on top of the stack;
/// pops the name.
fn append(l: State, table: c_int, number: c_int) {
    l.push_value(-1);
    l.raw_get(table);
    if l.type_of(-1) != Type::Table {
        l.pop(1);
        l.new_table(1, 0);
        l.push_value(-2);
        l.push_value(-2);
        l.raw_set(table);
    }
    l.raw_get_index(table, number);
    l.raw_set_index(-2, l.raw_len(-2) as c_int + 1);
    l.pop(2);
}
