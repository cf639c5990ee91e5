//! Fields of `ngx` that are computed: `ngx.ctx`, `ngx.status`,
//! `ngx.headers_sent`, `ngx.is_subrequest`.

use super::call::{self, NO_REQUEST};
use super::function::computed;
use crate::lua::state::Type;
use crate::lua::{Return, State, function};
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

    if r.header_sent() {
        r.log(NGX_LOG_ERR, "attempt to set ngx.status after sending out response headers");
        return Ok(0);
    }
    if !l.is_number(3) {
        return Err(l.error("bad argument #2 to 'ngx_set_status' (cannot convert 'nil' to 'int')"));
    }
    let status = l.number(3) as i64;
    if !(100..=999).contains(&status) {
        r.log(NGX_LOG_ERR, format!("invalid HTTP status code {status}"));
        return Ok(0);
    }

    // SAFETY: live request.
    unsafe {
        let raw = r.as_ptr();
        (*raw).headers_out.status = status as ngx_uint_t;
        (*raw).err_status = 0;
        (*raw).headers_out.status_line = match status {
            // nginx has no line of its own for this one.
            101 => {
                let line: &'static [u8] = b"101 Switching Protocols";
                ngx_str_t { len: line.len(), data: line.as_ptr().cast_mut() }
            }
            _ => ngx_str_t::empty(),
        };
    }
    Ok(0)
}
