//! `ngx.log` and `print`.

use core::ffi::{CStr, c_int};
use core::mem::MaybeUninit;

use super::function::Function;
use crate::lua::state::Type;
use crate::lua::{Raise, Return, State};
use crate::ngx::log;
use crate::sched::Run;
use crate::sys::lua as ffi;
use crate::sys::*;

pub(super) const FUNCTIONS: &[Function] =
    &[Function::new("ngx.log", ngx_log), Function::new("print", print)];

/// `ngx.log(level, ...)`
///
/// Writes a line to the error log; the arguments are joined. Strings, numbers,
/// booleans, nil, `ngx.null` and tables with `__tostring`. All phases.
fn ngx_log(l: State) -> Return {
    let level = l.number(1) as i64;
    if !l.is_number(1) {
        return Err(l.type_error(1, "number"));
    }
    if !(i64::from(NGX_LOG_STDERR)..=i64::from(NGX_LOG_DEBUG)).contains(&level) {
        return Err(l.argument_error(1, format_args!("bad log level: {level}")));
    }
    l.remove(1);
    write(l, level as u32)
}

/// `print(...)`: as `ngx.log(ngx.NOTICE, ...)`.
fn print(l: State) -> Return {
    write(l, NGX_LOG_NOTICE)
}

fn write(l: State, level: u32) -> Return {
    let log = Run::current().map_or_else(log::cycle_log, Run::log);
    if !log::enabled(log, level) {
        return Ok(0);
    }

    let mut line = b"[lua] ".to_vec();
    push_caller(l, &mut line);
    for i in 1..=l.top() {
        push_argument(l, i, &mut line)?;
    }
    log::write(log, level, 0, &line);
    Ok(0)
}

/// Appends `file:line: function(): ` of the caller.
fn push_caller(l: State, line: &mut Vec<u8>) {
    let mut frame = MaybeUninit::<ffi::lua_Debug>::zeroed();
    // SAFETY: lua_getstack fills in the frame that lua_getinfo completes; an
    // all-zero lua_Debug is valid, and its strings live as long as the frame.
    unsafe {
        let has_caller = ffi::lua_getstack(l.as_ptr(), 1, frame.as_mut_ptr()) == 1;
        let mut frame = frame.assume_init();
        if !has_caller {
            return;
        }
        ffi::lua_getinfo(l.as_ptr(), c"nSl".as_ptr(), &raw mut frame);

        let source = CStr::from_ptr(frame.short_src.as_ptr()).to_bytes();
        let name = source.rsplit(|c| *c == b'/').next().unwrap_or(source);
        line.extend_from_slice(name);
        line.extend_from_slice(format!(":{}: ", frame.currentline).as_bytes());

        if source != b"[C]" && !frame.name.is_null() && *frame.name != 0 {
            line.extend_from_slice(CStr::from_ptr(frame.name).to_bytes());
            line.extend_from_slice(b"(): ");
        }
    }
}

fn push_argument(l: State, index: c_int, line: &mut Vec<u8>) -> Result<(), Raise> {
    match l.type_of(index) {
        Type::Nil => line.extend_from_slice(b"nil"),
        Type::Boolean => line.extend_from_slice(if l.boolean(index) { b"true" } else { b"false" }),
        Type::String | Type::Number => line.extend_from_slice(l.bytes(index).unwrap_or_default()),
        Type::LightUserdata if l.is_null(index) => line.extend_from_slice(b"null"),
        Type::Table => push_table(l, index, line)?,
        _ => {
            let message =
                format!("string, number, boolean, or nil expected, got {}", l.type_name(index));
            return Err(l.argument_error(index, message));
        }
    }
    Ok(())
}

/// Appends what the table's `__tostring` says.
fn push_table(l: State, index: c_int, line: &mut Vec<u8>) -> Result<(), Raise> {
    if !l.push_metatable(index) {
        return Err(l.argument_error(index, "expected table to have __tostring metamethod"));
    }
    l.raw_get_field(-1, "__tostring");
    if l.is_none_or_nil(-1) {
        return Err(l.argument_error(index, "expected table to have __tostring metamethod"));
    }
    l.push_value(index);
    // SAFETY: the function and its argument are on the stack; errors are caught.
    if unsafe { ffi::lua_pcall(l.as_ptr(), 1, 1, 0) } != ffi::LUA_OK {
        return Err(Raise::Value);
    }
    line.extend_from_slice(l.bytes(-1).unwrap_or_default());
    l.pop(2);
    Ok(())
}
