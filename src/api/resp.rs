//! `ngx.resp`: all headers in a table, and the module of that name.

use mlua::Lua;
use nginx_lua_text::escape::{Set, escape};

use super::call::{self, NO_REQUEST, NO_REQUEST_OBJECT};
use super::ctx;
use super::function::Function;
use super::headers::{self, DEFAULT_MAX, Fields};
use super::response_headers::store;
use crate::lua::state::Type;
use crate::lua::{Return, State, function};
use crate::ngx::response_headers;
use crate::ngx::{NgxStr, Request, string};
use crate::sys::*;

/// The functions that the module `ngx.resp` is made of.
pub(super) const MODULE: &[Function] = &[
    Function::native("add_header", add_header),
    Function::native("set_status", set_status),
    Function::native("bypass_if_checks", bypass_if_checks),
];

/// The function that the module `resty.core.response` is made of.
pub(super) const CORE: &[Function] = &[Function::native("set_resp_header", set_resp_header)];

/// Adds `ngx.resp.get_headers`, which keeps the metatable of its tables.
pub(super) fn open(lua: &Lua) -> mlua::Result<()> {
    // SAFETY: the function takes the place of its upvalue, the one value there.
    let get_headers: mlua::Function = unsafe {
        lua.exec_raw(headers::metatable(lua)?, |l| {
            State::from_ptr(l).push_function(function(get_headers), 1);
        })?
    };
    let resp = lua.create_table()?;
    resp.set("get_headers", get_headers)?;
    lua.globals().get::<mlua::Table>("ngx")?.set("resp", resp)
}

/// `headers, err = ngx.resp.get_headers(max?, raw?)`
///
/// A table of name → value, or array of values, with what nginx itself will
/// send: `content-type`, `content-length`, `connection`, `transfer-encoding`.
/// Names are in lower case unless `raw`. Of more than `max` headers (100; 0 is
/// no limit) some are missing, and the second result is "truncated". Phases: all
/// that serve a request.
fn get_headers(l: State) -> Return {
    let max = match l.type_of(1) {
        Type::None | Type::Nil => DEFAULT_MAX as i64,
        _ if l.is_number(1) => l.number(1) as i64,
        _ => return Err(l.type_error(1, "number")),
    };
    let raw = l.boolean(2);
    let (_, ctx) = call::with_request(l, NO_REQUEST_OBJECT)?;
    let r = ctx.request;

    let headers = response_headers::listed(r);
    let count = headers.clone().count();
    l.new_table(0, count + 4);
    let mut fields = Fields::new(l);
    let implied = add_implied(l, r, &mut fields);

    let mut room = usize::MAX;
    let mut truncated = false;
    if let Ok(max @ 1..) = usize::try_from(max) {
        // One of those that are set is there in any case.
        room = max.saturating_sub(implied).max(1);
        truncated = count + implied > max;
    }
    let mut lowcase = Vec::new();
    for header in headers.take(room) {
        let mut name = header.key.bytes();
        if !raw {
            lowcase.clear();
            lowcase.extend(name.iter().map(u8::to_ascii_lowercase));
            name = &lowcase;
        }
        fields.add(l, name, |l| l.push_bytes(header.value.bytes()));
    }

    Ok(headers::finish(l, raw, truncated))
}

/// Adds the headers that nginx makes of the request's state; tells how many.
fn add_implied(l: State, r: Request, fields: &mut Fields) -> usize {
    let mut count = 1;
    response_headers::content_type(r, |kind| {
        fields.add(l, b"content-type", |l| l.push_bytes(kind));
        count += 1;
    });
    if let Some(length) = response_headers::implied_content_length(r) {
        fields.add(l, b"content-length", |l| {
            l.push_bytes(itoa::Buffer::new().format(length));
        });
        count += 1;
    }
    // SAFETY: live request.
    let (status, keepalive, chunked) = unsafe {
        let raw = r.as_ptr();
        (r.status() as u32, (*raw).keepalive() != 0, (*raw).chunked() != 0)
    };
    let connection = match status {
        NGX_HTTP_SWITCHING_PROTOCOLS => "upgrade",
        _ if keepalive => "keep-alive",
        _ => "close",
    };
    fields.add(l, b"connection", |l| l.push_bytes(connection));
    if chunked {
        fields.add(l, b"transfer-encoding", |l| l.push_bytes("chunked"));
        count += 1;
    }
    count
}

/// `resp.set_status(status, reason)`, of the module `ngx.resp`
///
/// As `ngx.status = status`, with the words of the status line; control bytes
/// in them are percent-escaped. Phases: all that serve a request.
fn set_status(l: State) -> Return {
    l.set_top(2);
    let (_, served) = call::with_request(l, NO_REQUEST)?;
    if l.type_of(2) != Type::String {
        return Err(l.type_error(2, "string"));
    }
    let r = served.request;
    let Some(status) = ctx::status(l, 1, r)? else { return Ok(0) };

    let reason = escape(l.bytes(2).unwrap_or_default(), Set::HeaderValue);
    let line = [itoa::Buffer::new().format(status).as_bytes(), b" ", &reason].concat();
    let line = string::in_pool(r.pool(), &line).ok_or_else(|| l.error("no memory"))?;
    ctx::set_status_line(r, status, line);
    Ok(0)
}

/// `resp.bypass_if_checks()`, of the module `ngx.resp`
///
/// nginx does not look at the request's `If-Modified-Since`, `If-None-Match` and
/// the like for this response. Phases: all that serve a request.
fn bypass_if_checks(l: State) -> Return {
    let (_, ctx) = call::with_request(l, NO_REQUEST)?;
    // SAFETY: live request.
    unsafe { (*ctx.request.as_ptr()).set_disable_not_modified(1) };
    Ok(0)
}

/// `resp.add_header(name, value)`, of the module `ngx.resp`
///
/// Adds a header, or one for each value of an array, to those of that name; of
/// headers that can be there only once, the value is replaced. Phases: all that
/// serve a request. Raises `invalid header value` for nil, and as `ngx.header`.
fn add_header(l: State) -> Return {
    l.set_top(2);
    call::current(l, NO_REQUEST)?;
    match l.type_of(2) {
        Type::Nil => return Err(l.error("invalid header value")),
        Type::Table if l.raw_len(2) == 0 => return Ok(0),
        _ => {}
    }
    store(l, 1, 2, response_headers::add)
}

/// `response.set_resp_header(_, name, value, keep)`, of `resty.core.response`:
/// what `ngx.header` and `add_header` do, for libraries that call it.
fn set_resp_header(l: State) -> Return {
    l.set_top(4);
    if !l.boolean(4) {
        return store(l, 2, 3, response_headers::set);
    }
    l.remove(1);
    add_header(l)
}
