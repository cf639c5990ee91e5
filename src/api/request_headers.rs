//! `ngx.req`: method and headers of the request.

use mlua::Lua;
use nginx_lua_text::escape::{Set, escape};

use super::call::{self, NO_REQUEST};
use super::function::Function;
use super::header_values::{key, with_values};
use super::headers::{self, Fields};
use crate::lua::state::Type;
use crate::lua::{Return, State, function};
use crate::ngx::NgxStr;
use crate::ngx::headers::SetError;
use crate::ngx::headers::{iter, len};
use crate::ngx::request_headers;
use crate::sys::lua::lua_upvalueindex;
use crate::sys::*;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("ngx.req.get_method", get_method),
    Function::new("ngx.req.set_header", set_header),
    Function::new("ngx.req.clear_header", clear_header),
];

/// Adds `ngx.req.get_headers`, which keeps the metatable of its tables.
pub(super) fn open(lua: &Lua) -> mlua::Result<()> {
    // SAFETY: the function takes the place of its upvalue, the one value there.
    let get_headers: mlua::Function = unsafe {
        lua.exec_raw(headers::metatable(lua)?, |l| {
            State::from_ptr(l).push_function(function(get_headers), 1);
        })?
    };
    let ngx: mlua::Table = lua.globals().get("ngx")?;
    ngx.get::<mlua::Table>("req")?.set("get_headers", get_headers)
}

/// `name = ngx.req.get_method()`
fn get_method(l: State) -> Return {
    let (_, ctx) = call::with_request(l, NO_REQUEST)?;
    // SAFETY: live request.
    l.push_bytes(unsafe { (*ctx.request.as_ptr()).method_name.bytes() });
    Ok(1)
}

/// `headers, err = ngx.req.get_headers(max?, raw?)`
///
/// A table of name → value, or array of values. Names are in lower case unless
/// `raw`. At most `max` header lines (100; 0 is no limit), else a second result
/// "truncated".
fn get_headers(l: State) -> Return {
    let (max, raw) = headers::limits(l, 1)?;
    let (_, ctx) = call::with_request(l, NO_REQUEST)?;
    let max = max.unwrap_or(usize::MAX);
    // SAFETY: live request.
    let list = unsafe { &raw mut (*ctx.request.as_ptr()).headers_in.headers };

    // SAFETY: the headers do not change meanwhile; a name in lower case is as
    // long as the name.
    let truncated = unsafe {
        let count = len(list);
        l.new_table(0, count.min(max));
        let mut fields = Fields::new(l);
        for header in iter(list).take(max) {
            let name = match (*header).lowcase_key {
                lowcase if raw || lowcase.is_null() => (*header).key.bytes(),
                lowcase => core::slice::from_raw_parts(lowcase, (*header).key.len),
            };
            fields.add(l, name, |l| l.push_bytes((*header).value.bytes()));
        }
        count > max
    };

    if !raw {
        l.push_value(lua_upvalueindex(1));
        l.set_metatable(-2);
    }
    if truncated {
        l.push_bytes("truncated");
        return Ok(2);
    }
    Ok(1)
}

/// `ngx.req.set_header(name, value)`
///
/// Replaces a header of the request. The value is a string, a number or an
/// array; nil removes the header. Control bytes are percent-escaped.
fn set_header(l: State) -> Return {
    set(l, 2)
}

/// `ngx.req.clear_header(name)`: removes all headers of that name.
fn clear_header(l: State) -> Return {
    if l.is_none_or_nil(1) {
        return Ok(0);
    }
    l.set_top(1);
    l.push_nil();
    set(l, 2)
}

fn set(l: State, value: i32) -> Return {
    l.set_top(2);
    let (_, ctx) = call::with_request(l, NO_REQUEST)?;
    let r = ctx.request;

    if l.type_of(1) == Type::Nil {
        return Err(l.error("bad 'name' argument: string expected, got nil"));
    }
    let key = key(l, 1)?;
    let name = escape(l.bytes(key).unwrap_or_default(), Set::HeaderName);

    // HTTP/0.9, or a request line that nginx refused.
    // SAFETY: live request.
    let has_headers = unsafe {
        let r = r.as_ptr();
        (*r).http_version >= NGX_HTTP_VERSION_10 as ngx_uint_t
            && !(*r).headers_in.headers.part.elts.is_null()
    };
    if !has_headers {
        return Ok(0);
    }
    match with_values(l, value, |values| request_headers::set(r, &name, values))? {
        Ok(()) => Ok(0),
        Err(SetError::Invalid) => Err(l.error("failed to set header")),
        Err(SetError::NoMemory) => Err(l.error("no memory")),
    }
}
