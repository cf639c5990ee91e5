//! `ngx.arg`: the arguments of `set_by_lua`, the chunk of
//! `body_filter_by_lua`.

use core::ffi::c_int;

use super::call::{self, NO_REQUEST};
use super::function::computed;
use crate::conf::Phases;
use crate::lua::state::Type;
use crate::lua::{Raise, Return, State, function};
use crate::sched::filter_chunk::FilterChunk;
use crate::sched::run::Arg;
use crate::sys::lua::LUA_GLOBALSINDEX;

/// Tables in tables that a chunk is made of.
const DEEPEST: usize = 100;

pub(super) fn open(l: State) {
    l.raw_get_field(LUA_GLOBALSINDEX, "ngx");
    l.new_table(0, 0);
    computed(l, function(read), function(write));
    l.raw_set_field(-2, "arg");
    l.pop(1);
}

/// `value = ngx.arg[index]`
fn read(l: State) -> Return {
    let (run, _) = call::with_request(l, NO_REQUEST)?;
    // 0 for what is no number.
    let index = l.number(2) as i64;

    match run.arg {
        Some(Arg::Set(args)) => {
            // SAFETY: see `Arg`.
            let args = unsafe { &*args };
            let arg = usize::try_from(index - 1).ok().and_then(|i| args.get(i));
            match arg {
                Some(arg) if !arg.is_empty() => l.push_bytes(arg),
                _ => l.push_nil(),
            }
        }
        Some(Arg::Chunk(chunk)) => {
            // SAFETY: see `Arg`.
            let chunk = unsafe { &*chunk };
            match index {
                1 => chunk.with_text(|text| l.push_bytes(text)),
                2 => l.push_boolean(chunk.is_last()),
                _ => l.push_nil(),
            }
        }
        None => return Err(l.error("API disabled in the current context")),
    }
    Ok(1)
}

/// `ngx.arg[1] = data`, `ngx.arg[2] = eof`
fn write(l: State) -> Return {
    let (run, _) = call::in_phases(l, Phases::BODY_FILTER, NO_REQUEST)?;
    let Some(Arg::Chunk(chunk)) = run.arg else {
        return Err(call::wrong_phase(l, run.phase));
    };
    // SAFETY: see `Arg`.
    let chunk = unsafe { &*chunk };
    if !l.is_number(2) {
        return Err(l.type_error(2, "number"));
    }

    match l.number(2) as i64 {
        1 => write_text(l, chunk)?,
        2 => chunk.set_last(l.boolean(3)),
        index => return Err(l.error(format_args!("bad index: {index}"))),
    }
    Ok(0)
}

fn write_text(l: State, chunk: &FilterChunk) -> Result<(), Raise> {
    let mut text = Vec::new();
    match l.type_of(3) {
        Type::Nil | Type::None => {}
        Type::String | Type::Number => text.extend_from_slice(l.bytes(3).unwrap_or_default()),
        Type::Table => collect(l, 3, 0, &mut text)?,
        _ => {
            let message = format!("bad chunk data type: {}", l.type_name(3));
            return Err(l.error(message));
        }
    }
    chunk.set_text(text);
    Ok(())
}

/// Joins the strings and numbers of an array, nested ones included.
fn collect(l: State, table: c_int, depth: usize, text: &mut Vec<u8>) -> Result<(), Raise> {
    if depth >= DEEPEST || !l.ensure(8) {
        return Err(l.argument_error(3, "tables nested too deeply"));
    }

    let mut largest = 0;
    l.push_nil();
    while l.next(table) {
        l.pop(1);
        let key = l.number(-1);
        if l.type_of(-1) != Type::Number || key < 1.0 || key.fract() != 0.0 {
            return Err(l.argument_error(3, "non-array table found"));
        }
        largest = largest.max(key as c_int);
    }

    for i in 1..=largest {
        l.raw_get_index(table, i);
        match l.type_of(-1) {
            Type::String | Type::Number => text.extend_from_slice(l.bytes(-1).unwrap_or_default()),
            Type::Table => collect(l, l.top(), depth + 1, text)?,
            _ => {
                let message = format!("bad data type {} found", l.type_name(-1));
                return Err(l.argument_error(3, message));
            }
        }
        l.pop(1);
    }
    Ok(())
}
