//! `ngx.req`: headers of the request.

use core::ffi::c_int;

use mlua::Lua;
use nginx_lua_text::escape::{Set, escape};

use super::call::{self, NO_REQUEST};
use super::function::Function;
use super::header_values::{key, with_values};
use super::headers::{self, Fields};
use crate::lua::state::Type;
use crate::lua::{Raise, Return, State, function};
use crate::ngx::headers::SetError;
use crate::ngx::headers::{iter, len};
use crate::ngx::request_headers;
use crate::ngx::{NgxStr, Request};

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("ngx.req.set_header", set_header),
    Function::new("ngx.req.clear_header", clear_header),
];

/// Those of the modules `ngx.req` and `resty.core.request`.
pub(super) const OF_MODULES: &[Function] = &[
    Function::native("add_header", add_header),
    Function::native("set_req_header", set_req_header),
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
        let authority = ctx.request.authority();
        if let Some(authority) = authority {
            fields.add(l, b"host", |l| l.push_bytes(authority));
        }
        for header in iter(list).take(max) {
            if authority.is_some() && (*header).key.bytes().eq_ignore_ascii_case(b"host") {
                continue;
            }
            let name = match (*header).lowcase_key {
                lowcase if raw || lowcase.is_null() => (*header).key.bytes(),
                lowcase => core::slice::from_raw_parts(lowcase, (*header).key.len),
            };
            fields.add(l, name, |l| l.push_bytes((*header).value.bytes()));
        }
        count > max
    };

    Ok(headers::finish(l, raw, truncated))
}

/// `ngx.req.set_header(name, value)`
///
/// Replaces a header of the request. The value is a string, a number or an
/// array; nil removes the header. Control bytes are percent-escaped.
fn set_header(l: State) -> Return {
    set(l)
}

/// `ngx.req.clear_header(name)`: removes all headers of that name.
fn clear_header(l: State) -> Return {
    if l.is_none_or_nil(1) {
        return Ok(0);
    }
    l.set_top(1);
    set(l)
}

/// `add_header(name, value)` of the module `ngx.req`
///
/// Adds headers and leaves those that are there, except a header that can be
/// there only once, which it replaces. The value is as for `set_header`, but must
/// be one.
fn add_header(l: State) -> Return {
    l.set_top(2);
    let (r, name) = target(l)?;
    match l.type_of(2) {
        Type::Nil => {
            return Err(l.error("bad 'value' argument: string or table expected, got nil"));
        }
        Type::Table if l.raw_len(2) == 0 => {
            return Err(l.error("bad 'value' argument: non-empty table expected"));
        }
        _ => {}
    }
    change(l, r, name, |r, name, values| match values {
        // The empty string, which is a value here.
        [] => request_headers::add(r, name, &[b""]),
        _ => request_headers::add(r, name, values),
    })
}

/// `set_req_header(name, value, override)` of the module `resty.core.request`:
/// `set_header` or, if `override` is false, `add_header`.
fn set_req_header(l: State) -> Return {
    if l.boolean(3) { set(l) } else { add_header(l) }
}

fn set(l: State) -> Return {
    l.set_top(2);
    let (r, name) = target(l)?;
    change(l, r, name, request_headers::set)
}

/// The request, and where on the stack the header's name is.
fn target(l: State) -> Result<(Request, c_int), Raise> {
    let (_, ctx) = call::with_request(l, NO_REQUEST)?;
    if l.type_of(1) == Type::Nil {
        return Err(l.error("bad 'name' argument: string expected, got nil"));
    }
    Ok((ctx.request, key(l, 1)?))
}

/// What is done with a header's name and its new values.
type Change = fn(Request, &[u8], &[&[u8]]) -> Result<(), SetError>;

fn change(l: State, r: Request, name: c_int, change: Change) -> Return {
    if !r.has_headers() {
        return Ok(0);
    }
    let name = escape(l.bytes(name).unwrap_or_default(), Set::HeaderName);
    match with_values(l, 2, |values| change(r, &name, values))? {
        Ok(()) => Ok(0),
        Err(SetError::Invalid) => Err(l.error("failed to set header")),
        Err(SetError::NoMemory) => Err(l.error("no memory")),
    }
}
