//! `ngx.header`: the response's headers.
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

use super::call::{self, NO_REQUEST};
use super::coroutine::native;
use super::function::accessors;
use super::header_values::{key, with_values};
use crate::conf::Phase;
use crate::lua::state::Type;
use crate::lua::{Return, State, function};
use crate::ngx::headers::SetError;
use crate::ngx::response_headers::{self, Kind, Name, Value};
use crate::ngx::{self, Request};
use crate::sched::{Ctx, Run};
use crate::sys::*;

/// Values of one header that a read gives.
const MAX_VALUES: usize = 100;

pub(super) fn open(lua: &Lua) -> mlua::Result<()> {
    let ngx: mlua::Table = lua.globals().get("ngx")?;

    let header = lua.create_table()?;
    // Addresses fit in a Lua number; not every one fits in a light userdata.
    let address = |function: *const ()| function as usize as f64;
    let metatable: mlua::Table =
        lua.load(include_str!("response_headers.lua")).set_name("=[C]").call((
            accessors(lua)?,
            native(lua, function(read))?,
            native(lua, function(write))?,
            address(learn as *const ()),
            address(find as *const ()),
            address(assign as *const ()),
            size_of::<Learned>(),
        ))?;
    header.set_metatable(Some(metatable))?;
    ngx.set("header", header)
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

pub(super) type Store = fn(Request, Name, &[&[u8]]) -> Result<(), SetError>;

/// Sets or adds the header whose name and values are at these indexes.
pub(super) fn store(l: State, key_at: c_int, value_at: c_int, store: Store) -> Return {
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
