//! `ngx.print`, `ngx.say`, `ngx.flush`, `ngx.eof`, `ngx.send_headers`.

use core::ffi::c_int;

use super::call::{self, NO_REQUEST, NO_REQUEST_OBJECT, cannot_wait, park};
use super::function::Function;
use super::text;
use crate::conf::Phases;
use crate::lua::state::Type;
use crate::lua::{Raise, Return, State};
use crate::sched::output::Refusal;
use crate::sched::{Run, Wait};
use crate::sys::AGAIN;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("ngx.print", print),
    Function::new("ngx.say", say),
    Function::new("ngx.flush", flush),
    Function::new("ngx.eof", eof),
    Function::new("ngx.send_headers", send_headers),
];

/// Tables in tables that are printed; a table that contains itself ends here.
const DEEPEST: usize = 1000;

/// `ok, err = ngx.print(...)`
///
/// Writes strings, numbers, booleans, nil, `ngx.null` and arrays of these to
/// the response. Phases: output. Returns 1, or nil and
/// "seen eof", "header only" or "nginx output filter error". Raises
/// `bad argument` for other values.
fn print(l: State) -> Return {
    write(l, b"")
}

/// `ok, err = ngx.say(...)`: as `ngx.print`, and a newline.
fn say(l: State) -> Return {
    write(l, b"\n")
}

fn write(l: State, end: &[u8]) -> Return {
    let (_, ctx) = call::in_phases(l, Phases::OUTPUT, NO_REQUEST_OBJECT)?;
    if let Some(refusal) = ctx.output.refusal(ctx) {
        return answer(l, Err(refusal));
    }
    let args = l.top();

    let mut len = end.len();
    for i in 1..=args {
        check(l, i, i, 0)?;
        each(l, i, &mut |bytes| len += bytes.len());
    }

    let result = ctx.output.print(ctx, len, |sink| {
        for i in 1..=args {
            each(l, i, sink);
        }
        sink(end);
    });
    answer(l, result)
}

/// Refuses what cannot be printed. `index` is where the value stands, `arg`
/// the argument that it is or is part of.
fn check(l: State, index: c_int, arg: c_int, depth: usize) -> Result<(), Raise> {
    match l.type_of(index) {
        Type::String | Type::Number | Type::Boolean | Type::Nil => Ok(()),
        Type::LightUserdata if l.is_null(index) => Ok(()),
        Type::Table => check_table(l, index, arg, depth),
        _ if depth > 0 => {
            let message = format!("bad data type {} found", l.type_name(index));
            Err(l.argument_error(arg, message))
        }
        _ => {
            let message = format!(
                "string, number, boolean, nil, ngx.null, or array table expected, but got {}",
                l.type_name(index)
            );
            Err(l.argument_error(arg, message))
        }
    }
}

fn check_table(l: State, table: c_int, arg: c_int, depth: usize) -> Result<(), Raise> {
    if depth >= DEEPEST || !l.ensure(8) {
        return Err(l.argument_error(arg, "stack overflow: tables nested too deeply"));
    }

    l.push_nil();
    while l.next(table) {
        let key = l.number(-2);
        if l.type_of(-2) != Type::Number || key < 1.0 || key.fract() != 0.0 {
            return Err(l.argument_error(arg, "non-array table found"));
        }
        check(l, l.top(), arg, depth + 1)?;
        l.pop(1);
    }
    Ok(())
}

/// Gives the text of a value that `check` accepted, piece by piece.
fn each(l: State, index: c_int, sink: &mut dyn FnMut(&[u8])) {
    match l.type_of(index) {
        Type::String => sink(l.bytes(index).unwrap_or_default()),
        Type::Number => text::number(l.number(index), sink),
        Type::Boolean => sink(if l.boolean(index) { b"true" } else { b"false" }),
        Type::LightUserdata => sink(b"null"),
        Type::Table => {
            for i in 1..=length(l, index) {
                l.raw_get_index(index, i);
                each(l, l.top(), sink);
                l.pop(1);
            }
        }
        _ => sink(b"nil"),
    }
}

/// The largest index of an array, holes counted.
fn length(l: State, table: c_int) -> c_int {
    let mut largest = l.raw_len(table) as c_int;
    l.push_nil();
    while l.next(table) {
        l.pop(1);
        largest = largest.max(l.number(-1) as c_int);
    }
    largest
}

/// `ok, err = ngx.flush(wait?)`
///
/// Sends what was written; with `wait` it returns when the client's connection
/// has taken it. Phases: output. Returns 1, or nil and
/// "nothing to flush", "header only", "seen eof", "buffering" (HTTP/1.0),
/// "timeout", "nginx output filter error" or "connection broken".
fn flush(l: State) -> Return {
    let args = l.top();
    if args > 1 {
        return Err(l.error(format_args!("attempt to pass {args} arguments, but accepted 0 or 1")));
    }
    let (run, ctx) = call::in_phases(l, Phases::OUTPUT, NO_REQUEST_OBJECT)?;

    let mut wait = false;
    if args == 1 && ctx.request.is_main() {
        if l.type_of(1) != Type::Boolean {
            return Err(l.type_error(1, "boolean"));
        }
        wait = l.boolean(1);
    }

    if let Err(refusal) = ctx.output.can_flush(ctx, wait) {
        return answer(l, Err(refusal));
    }
    if wait && !run.can_wait(l) {
        return Err(cannot_wait(l));
    }
    let rc = match ctx.output.flush(ctx) {
        Ok(rc) => rc,
        Err(refusal) => return answer(l, Err(refusal)),
    };

    if wait && (rc == AGAIN || ctx.output_pending()) {
        let Some(thread) = run.thread() else {
            return answer(l, Ok(()));
        };
        if !ctx.await_write() {
            return failure(l, "connection broken");
        }
        thread.wait_for(Wait::Flush);
        return Ok(park(l));
    }
    answer(l, Ok(()))
}

/// `ok, err = ngx.eof()`
///
/// Ends the response; the code goes on. Phases: output.
/// Returns 1, or nil and "seen eof", "raw request socket acquired" or "nginx
/// output filter error".
fn eof(l: State) -> Return {
    if l.top() != 0 {
        return Err(l.error("no argument is expected"));
    }
    // Known before the phase is looked at: log_by_lua gets this answer too.
    if Run::current().and_then(Run::ctx).is_some_and(|ctx| ctx.output.seen_eof()) {
        return answer(l, Err(Refusal::SeenEof));
    }
    let (_, ctx) = call::in_phases(l, Phases::OUTPUT, NO_REQUEST_OBJECT)?;
    if ctx.output.is_raw() {
        return answer(l, Err(Refusal::RawSocket));
    }

    let rc = ctx.output.finish(ctx);
    let failed = rc == crate::sys::ERROR || rc >= 300;
    answer(l, if failed { Err(Refusal::Filter) } else { Ok(()) })
}

/// `ok, err = ngx.send_headers()`
///
/// Sends the response header if that has not happened. Phases: output. Returns 1,
/// or nil and "nginx output filter error".
fn send_headers(l: State) -> Return {
    let (_, ctx) = call::in_phases(l, Phases::OUTPUT, NO_REQUEST)?;
    answer(l, ctx.output.send_header(ctx))
}

fn answer(l: State, result: Result<(), Refusal>) -> Return {
    match result {
        Ok(()) => {
            l.push_number(1.0);
            Ok(1)
        }
        Err(refusal) => failure(l, refusal.text()),
    }
}

fn failure(l: State, reason: &str) -> Return {
    l.push_nil();
    l.push_bytes(reason);
    Ok(2)
}
