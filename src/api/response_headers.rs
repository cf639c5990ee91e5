//! `ngx.header`, `ngx.resp`: the response's headers and status line.
//!
//! Like `ngx.var`, `ngx.header` has two ways. `response_headers.lua` calls
//! [`learn`], [`assign`] and [`find`] as C functions through LuaJIT's FFI, which
//! costs next to nothing in compiled code; they must not touch the Lua state.
//! [`read`] and [`write`] are for what they leave: several values, errors, and
//! everything where LuaJIT compiles nothing.

use core::ffi::c_int;
use core::slice;
use std::borrow::Cow;

use mlua::Lua;
use nginx_lua_text::escape::{Set, escape, escaped_len};
use nginx_lua_text::header::dashes;

use super::call::{self, NO_REQUEST, NO_REQUEST_OBJECT};
use super::coroutine::native;
use super::function::Function;
use super::header_values::{key, with_values};
use super::headers::{self, DEFAULT_MAX, Fields};
use crate::conf::Phase;
use crate::lua::state::Type;
use crate::lua::{Raise, Return, State, function};
use crate::ngx::headers::SetError;
use crate::ngx::response_headers::{self, Kind, Name, Value};
use crate::ngx::{self, NgxStr, Request};
use crate::sched::{Ctx, Run};
use crate::sys::lua::lua_upvalueindex;
use crate::sys::*;

/// Values of one header that a read gives.
const MAX_VALUES: usize = 100;

/// The functions that the module `ngx.resp` is made of.
pub(super) const RESP: &[Function] = &[
    Function::native("add_header", add_header),
    Function::native("set_status", set_status),
    Function::native("bypass_if_checks", bypass_if_checks),
];

/// The function that the module `resty.core.response` is made of.
pub(super) const CORE: &[Function] = &[Function::native("set_resp_header", set_resp_header)];

pub(super) fn open(lua: &Lua) -> mlua::Result<()> {
    let ngx: mlua::Table = lua.globals().get("ngx")?;

    let header = lua.create_table()?;
    // Addresses fit in a Lua number; not every one fits in a light userdata.
    let address = |function: *const ()| function as usize as f64;
    let metatable: mlua::Table =
        lua.load(include_str!("response_headers.lua")).set_name("=[C]").call((
            native(lua, function(read))?,
            native(lua, function(write))?,
            address(learn as *const ()),
            address(find as *const ()),
            address(assign as *const ()),
            size_of::<Learned>(),
        ))?;
    header.set_metatable(Some(metatable))?;
    ngx.set("header", header)?;

    // SAFETY: the function takes the place of its upvalue, the one value there.
    let get_headers: mlua::Function = unsafe {
        lua.exec_raw(headers::metatable(lua)?, |l| {
            State::from_ptr(l).push_function(function(get_headers), 1);
        })?
    };
    let resp = lua.create_table()?;
    resp.set("get_headers", get_headers)?;
    ngx.set("resp", resp)
}

/// `value = ngx.header.NAME`: a string, an array of strings, or nil.
fn read(l: State) -> Return {
    let (_, ctx) = call::with_request(l, NO_REQUEST)?;
    if l.type_of(2) == Type::Nil {
        l.push_nil();
        return Ok(1);
    }
    let key = key(l, 2)?;
    let mut lowcase = vec![0; l.bytes(key).unwrap_or_default().len()];
    let base = l.top();
    let name = dashed(l.bytes(key).unwrap_or_default(), ctx.request);
    let name = Name::new(&name, &mut lowcase);
    response_headers::values(ctx.request, name, MAX_VALUES, |value| {
        if l.ensure(4) {
            l.push_bytes(value);
        }
    });
    let n = l.top() - base;
    if n <= 1 {
        if n == 0 {
            l.push_nil();
        }
        return Ok(1);
    }

    l.new_table(n as usize, 0);
    for i in 1..=n {
        l.push_value(base + i);
        l.raw_set_index(-2, i);
    }
    Ok(1)
}

/// `ngx.header.NAME = value`
///
/// The value is a string, or an array for several headers; nil removes. Control
/// bytes are percent-escaped. After the header was sent this only logs.
fn write(l: State) -> Return {
    l.set_top(3);
    store(l, 2, 3, response_headers::set)
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

type Store = fn(Request, Name, &[&[u8]]) -> Result<(), SetError>;

/// Sets or adds the header whose name and values are at these indexes.
fn store(l: State, key_at: c_int, value_at: c_int, store: Store) -> Return {
    let (_, ctx) = call::with_request(l, NO_REQUEST)?;
    let r = ctx.request;
    let key = key(l, key_at)?;

    if r.header_sent() {
        r.log(NGX_LOG_ERR, "attempt to set ngx.header.HEADER after sending out response headers");
        return Ok(0);
    }

    let name = dashed(l.bytes(key).unwrap_or_default(), r);
    let name = escape(&name, Set::HeaderName);
    let mut lowcase = vec![0; name.len()];
    let name = Name::new(&name, &mut lowcase);
    let result = with_values(l, value_at, |values| {
        note(ctx, name.kind);
        store(r, name, values)
    })?;
    match result {
        Ok(()) => Ok(0),
        Err(SetError::Invalid) => Err(l.error("failed to set header")),
        Err(SetError::NoMemory) => Err(l.error("no memory")),
    }
}

/// Notes that Lua has set a header.
fn note(ctx: &Ctx, kind: Kind) {
    ctx.output.headers_set.set(true);
    if kind == Kind::ContentType {
        ctx.output.content_type_set.set(true);
    }
}

/// The header's name: the key, with dashes for underscores.
fn dashed(key: &[u8], r: Request) -> Cow<'_, [u8]> {
    if r.loc_conf().transform_underscores == 1 { dashes(key) } else { Cow::Borrowed(key) }
}

/// A header's name as `response_headers.lua` keeps it: this, then the name and
/// the name in lower case.
#[repr(C)]
struct Learned {
    kind: Kind,
    hash: ngx_uint_t,
    len: usize,
    /// The key had underscores.
    transformed: bool,
}

impl Learned {
    /// # Safety
    /// `learned` is what [`learn`] wrote.
    unsafe fn name<'a>(learned: *const Self) -> Name<'a> {
        // SAFETY: the caller's promise.
        unsafe {
            let Learned { kind, hash, len, .. } = *learned;
            let text: *const u8 = learned.add(1).cast();
            Name {
                kind,
                hash,
                text: slice::from_raw_parts(text, len),
                lowcase: slice::from_raw_parts(text.add(len), len),
            }
        }
    }
}

/// All is well; there is a value.
const DONE: c_int = 0;
/// There is no such header.
const NONE: c_int = 1;
/// [`read`] or [`write`] shall see to it.
const OTHER: c_int = 2;

/// Writes what is to be kept of a key; [`OTHER`] for one that needs escaping.
unsafe extern "C" fn learn(key: *const u8, len: usize, learned: *mut Learned) -> c_int {
    ngx::callback("ngx.header", OTHER, || {
        // SAFETY: `response_headers.lua` passes a Lua string, and room for the
        // structure and twice the key.
        unsafe {
            let key = slice::from_raw_parts(key, len);
            if len == 0 || escaped_len(key, Set::HeaderName) != len {
                return OTHER;
            }
            let name = dashes(key);
            let transformed = matches!(name, Cow::Owned(_));
            let text: *mut u8 = learned.add(1).cast();
            text.copy_from_nonoverlapping(name.as_ptr(), len);
            let lowcase = text.add(len);
            lowcase.write_bytes(0, len);
            let Name { kind, hash, .. } = Name::new(&name, slice::from_raw_parts_mut(lowcase, len));
            learned.write(Learned { kind, hash, len, transformed });
        }
        DONE
    })
}

/// The value that [`find`] has found.
#[repr(C)]
struct Found {
    value: *const u8,
    len: usize,
}

/// Finds the value of a header that has one.
unsafe extern "C" fn find(learned: *const Learned, found: *mut Found) -> c_int {
    ngx::callback("ngx.header", OTHER, || {
        let Some(ctx) = context() else { return OTHER };
        // SAFETY: `response_headers.lua` passes what `learn` wrote, and room for
        // the result.
        unsafe {
            if (*learned).transformed && ctx.request.loc_conf().transform_underscores != 1 {
                return OTHER;
            }
            match response_headers::value(ctx.request, Learned::name(learned)) {
                Value::None => NONE,
                Value::One(value) => {
                    found.write(Found { value: value.as_ptr(), len: value.len() });
                    DONE
                }
                Value::Other => OTHER,
            }
        }
    })
}

/// Sets a header to one value that needs no escaping.
unsafe extern "C" fn assign(learned: *const Learned, value: *const u8, len: usize) -> c_int {
    ngx::callback("ngx.header", OTHER, || {
        let Some(ctx) = context() else { return OTHER };
        let r = ctx.request;
        // SAFETY: `response_headers.lua` passes what `learn` wrote, and a Lua
        // string.
        unsafe {
            let value = slice::from_raw_parts(value, len);
            if r.header_sent()
                || ((*learned).transformed && r.loc_conf().transform_underscores != 1)
                || escaped_len(value, Set::HeaderValue) != len
            {
                return OTHER;
            }
            let name = Learned::name(learned);
            note(ctx, name.kind);
            match response_headers::set(r, name, &[value]) {
                Ok(()) => DONE,
                Err(_) => OTHER,
            }
        }
    })
}

/// The context of the request that the running code serves.
fn context<'a>() -> Option<&'a Ctx> {
    Run::current().filter(|run| run.phase != Phase::Init)?.ctx()
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
    let r = request_with_headers(l)?;

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

fn request_with_headers(l: State) -> Result<Request, Raise> {
    let (_, ctx) = call::with_request(l, NO_REQUEST_OBJECT)?;
    Ok(ctx.request)
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
    let (_, ctx) = call::with_request(l, NO_REQUEST)?;
    if l.type_of(2) != Type::String {
        return Err(l.type_error(2, "string"));
    }
    let r = ctx.request;
    let Some(status) = super::ctx::status(l, 1, r)? else { return Ok(0) };

    let reason = escape(l.bytes(2).unwrap_or_default(), Set::HeaderValue);
    let line = [itoa::Buffer::new().format(status).as_bytes(), b" ", &reason].concat();
    let line = ngx::string::in_pool(r.pool(), &line).ok_or_else(|| l.error("no memory"))?;
    super::ctx::set_status_line(r, status, line);
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
