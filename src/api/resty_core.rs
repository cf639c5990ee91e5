//! What the modules below `resty.core` need of us.

use core::ffi::c_void;
use core::ptr;

use super::function::Function;
use super::text::check_text;
use crate::conf::Phase;
use crate::lua::{Return, State};
use crate::ngx;
use crate::sched::{Run, Thread};

/// The functions of `resty.core.base`.
pub(super) const BASE: &[Function] = &[Function::native("request", request)];
/// The functions of `resty.core.utils`.
pub(super) const UTILS: &[Function] = &[Function::native("str_replace_char", str_replace_char)];

/// `address = request()`: that of [`current_request`], for the FFI.
fn request(l: State) -> Return {
    // Addresses fit in a Lua number.
    l.push_number(current_request as *const () as usize as f64);
    Ok(1)
}

/// nginx's request that code runs for; null if there is none.
extern "C" fn current_request() -> *mut c_void {
    ngx::callback("get_request", ptr::null_mut(), || {
        Run::current()
            .filter(|run| run.phase != Phase::Init)
            .and_then(|run| run.ctx().or_else(|| run.thread().map(Thread::ctx)))
            .map_or(ptr::null_mut(), |ctx| ctx.request.as_ptr().cast())
    })
}

/// `text = utils.str_replace_char(text, find, replace)`
///
/// If `find` occurs in the text, replaces all bytes that equal its first by the
/// first of `replace`. All phases.
fn str_replace_char(l: State) -> Return {
    for index in 1..=3 {
        check_text(l, index)?;
    }
    let text = l.bytes(1).unwrap_or_default();
    let find = l.bytes(2).unwrap_or_default();
    let Some(&from) = find.first() else {
        return Err(l.argument_error(2, "a character expected, got an empty string"));
    };
    if !text.windows(find.len()).any(|part| part == find) {
        l.push_value(1);
        return Ok(1);
    }
    let Some(&to) = l.bytes(3).unwrap_or_default().first() else {
        return Err(l.argument_error(3, "a character expected, got an empty string"));
    };
    let out: Vec<u8> = text.iter().map(|&byte| if byte == from { to } else { byte }).collect();
    l.push_bytes(out);
    Ok(1)
}
