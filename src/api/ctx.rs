//! Fields of `ngx` that are computed: `ngx.ctx`, `ngx.status`,
//! `ngx.headers_sent`, `ngx.is_subrequest`.

use core::ffi::c_int;

use super::call::{self, NO_REQUEST};
use super::function::{Function, computed};
use crate::lua::state::Type;
use crate::lua::{Raise, Return, State, function};
use crate::ngx::Request;
use crate::sys::lua::LUA_GLOBALSINDEX;
use crate::sys::*;

pub(super) fn open(l: State) {
    l.raw_get_field(LUA_GLOBALSINDEX, "ngx");
    computed(l, function(read), function(write));
    l.pop(1);
}

fn read(l: State) -> Return {
    if l.type_of(2) != Type::String {
        return Ok(0);
    }
    match l.bytes(2).unwrap_or_default() {
        b"ctx" => call::current(l, NO_REQUEST)?.table().push(l),
        b"status" => {
            let (_, ctx) = call::with_request(l, NO_REQUEST)?;
            // SAFETY: live request.
            let status = unsafe {
                let r = ctx.request.as_ptr();
                if (*r).err_status != 0 {
                    (*r).err_status
                } else if (*r).headers_out.status != 0 {
                    (*r).headers_out.status
                } else if (*r).http_version == NGX_HTTP_VERSION_9 as ngx_uint_t {
                    9
                } else {
                    0
                }
            };
            l.push_integer(status as i64);
        }
        b"headers_sent" => {
            let (_, ctx) = call::with_request(l, NO_REQUEST)?;
            l.push_boolean(ctx.request.header_sent());
        }
        b"is_subrequest" => {
            let (_, ctx) = call::with_request(l, NO_REQUEST)?;
            l.push_boolean(!ctx.request.is_main());
        }
        _ => return Ok(0),
    }
    Ok(1)
}

fn write(l: State) -> Return {
    match (l.type_of(2), l.bytes(2).unwrap_or_default()) {
        (Type::String, b"ctx") => {
            if l.type_of(3) != Type::Table {
                let message = format!("ctx should be a table while getting a {}", l.type_name(3));
                return Err(l.error(message));
            }
            let run = call::current(l, NO_REQUEST)?;
            l.set_top(3);
            run.table().set(l);
        }
        (Type::String, b"status") => {
            set_status(l)?;
        }
        _ => {
            l.set_top(3);
            l.raw_set(1);
        }
    }
    Ok(0)
}

fn set_status(l: State) -> Return {
    let (_, ctx) = call::with_request(l, NO_REQUEST)?;
    let r = ctx.request;
    let Some(status) = status(l, 3, r)? else { return Ok(0) };

    let line = match status {
        // nginx has no line of its own for this one.
        101 => {
            let line: &'static [u8] = b"101 Switching Protocols";
            ngx_str_t { len: line.len(), data: line.as_ptr().cast_mut() }
        }
        _ => ngx_str_t::empty(),
    };
    set_status_line(r, status, line);
    Ok(0)
}

/// The status at `index`; `None`, and a line in the log, if it cannot be set.
pub(super) fn status(l: State, index: c_int, r: Request) -> Result<Option<ngx_uint_t>, Raise> {
    if r.header_sent() {
        r.log(NGX_LOG_ERR, "attempt to set ngx.status after sending out response headers");
        return Ok(None);
    }
    if !l.is_number(index) {
        return Err(l.error(
            "bad argument #2 to 'ngx_http_lua_ffi_set_resp_status' (cannot convert 'nil' to 'int')",
        ));
    }
    let status = l.number(index) as i64;
    if !(100..=999).contains(&status) {
        r.log(NGX_LOG_ERR, format!("invalid HTTP status code {status}"));
        return Ok(None);
    }
    Ok(Some(status as ngx_uint_t))
}

/// Sets the status; with an empty line, nginx finds the words.
pub(super) fn set_status_line(r: Request, status: ngx_uint_t, line: ngx_str_t) {
    // SAFETY: live request.
    unsafe {
        let raw = r.as_ptr();
        (*raw).headers_out.status = status;
        (*raw).err_status = 0;
        (*raw).headers_out.status_line = line;
    }
}

/// The function that the module `resty.core.ctx` is made of.
pub(super) const CORE: &[Function] = &[Function::native("get_ctx_table", get_ctx_table)];

/// `table = ctx.get_ctx_table(table?)`, of `resty.core.ctx`: what `ngx.ctx` is;
/// if that was not used yet, it becomes the given table.
fn get_ctx_table(l: State) -> Return {
    l.set_top(1);
    let run = call::current(l, NO_REQUEST)?;
    if l.type_of(1) == Type::Table && !run.table().is_made() {
        l.push_value(1);
        run.table().set(l);
        return Ok(1);
    }
    run.table().push(l);
    Ok(1)
}
