//! `ngx.var`: nginx's variables.
//!
//! There are two ways. `var.lua` calls [`known`], [`named`] and [`assign`] as C
//! functions through LuaJIT's FFI, which costs next to nothing in compiled code;
//! they must not touch the Lua state. [`read`] and [`write`] are for what they
//! leave: captures and errors, and everything where LuaJIT compiles nothing.

use core::ffi::c_int;
use core::{ptr, slice};

use mlua::Lua;

use super::call::{self, NO_REQUEST};
use super::coroutine::native;
use super::function::accessors;
use super::text::push_text;
use crate::conf::Phase;
use crate::lua::state::Type;
use crate::lua::{Return, State, function};
use crate::ngx::variable::{self, Name, Refused, SHORT};
use crate::ngx::{self, NgxStr, Request, string};
use crate::sched::Run;
use crate::sys::*;

pub(super) fn open(lua: &Lua) -> mlua::Result<()> {
    // Addresses fit in a Lua number; not every one fits in a light userdata.
    let address = |function: *const ()| function as usize as f64;
    let metatable: mlua::Table = lua.load(include_str!("var.lua")).set_name("=[C]").call((
        accessors(lua)?,
        native(lua, function(read))?,
        native(lua, function(write))?,
        address(known as *const ()),
        address(named as *const ()),
        address(assign as *const ()),
    ))?;
    let var = lua.create_table()?;
    var.set_metatable(Some(metatable))?;
    lua.globals().get::<mlua::Table>("ngx")?.set("var", var)
}

/// `value = ngx.var.NAME`, `capture = ngx.var[n]`
///
/// nil if there is no such variable or it has no value. Phases: all that serve
/// a request.
fn read(l: State) -> Return {
    let (_, ctx) = call::with_request(l, NO_REQUEST)?;
    let r = ctx.request;

    match l.type_of(2) {
        Type::String => {
            let mut found = Found { value: ptr::null(), variable: 0.0 };
            match find(r, l.bytes(2).unwrap_or_default(), &mut found) {
                FAILED => return Err(l.error("no memory")),
                NONE => l.push_nil(),
                len => {
                    let value = ngx_str_t { len: len as usize, data: found.value.cast_mut() };
                    l.push_bytes(value.bytes());
                }
            }
        }
        Type::Number => push_capture(l, r, l.number(2) as i64),
        _ => return Err(l.error("bad variable name")),
    }
    Ok(1)
}

/// What a search tells beside the length of a value.
#[repr(C)]
struct Found {
    value: *const u8,
    /// The address of the variable if [`known`] may be asked for it by that: if
    /// the configuration defines it, under exactly this name.
    variable: f64,
}

/// In place of a length: the variable has no value.
const NONE: c_int = -1;
/// In place of a length: [`read`] shall say what is wrong.
const FAILED: c_int = -2;

/// Finds the value of a variable by its address.
unsafe extern "C" fn known(variable: i64, found: *mut Found) -> c_int {
    ngx::callback("ngx.var", FAILED, || {
        let Some(r) = request() else { return FAILED };
        let variable: *const ngx_http_variable_t = ptr::with_exposed_provenance(variable as usize);
        // SAFETY: the address is one that `named` gave, and is good as long as
        // the configuration, longer than the Lua machine that kept it.
        unsafe { evaluate(r, &*variable, &mut *found) }
    })
}

/// Finds the value of a variable by its name.
unsafe extern "C" fn named(name: *const u8, len: usize, found: *mut Found) -> c_int {
    ngx::callback("ngx.var", FAILED, || {
        let Some(r) = request() else { return FAILED };
        // SAFETY: `var.lua` passes a Lua string and room for the result.
        unsafe { find(r, slice::from_raw_parts(name, len), &mut *found) }
    })
}

/// In place of an error: the value is set.
const DONE: c_int = 0;

/// Sets a variable by its address.
unsafe extern "C" fn assign(variable: i64, value: *const u8, len: usize) -> c_int {
    ngx::callback("ngx.var", FAILED, || {
        let Some(r) = request() else { return FAILED };
        let variable: *const ngx_http_variable_t = ptr::with_exposed_provenance(variable as usize);
        // SAFETY: as for `known`; the value is a Lua string.
        unsafe {
            let Some(value) = string::in_pool(r.pool(), slice::from_raw_parts(value, len)) else {
                return FAILED;
            };
            variable::set(r, &*variable, Some(value)).map_or(FAILED, |()| DONE)
        }
    })
}

/// The request of the running code.
fn request() -> Option<Request> {
    let run = Run::current().filter(|run| run.phase != Phase::Init)?;
    run.ctx().map(|ctx| ctx.request)
}

fn find(r: Request, given: &[u8], found: &mut Found) -> c_int {
    found.variable = 0.0;
    let mut space = [0; SHORT];
    let Some(mut name) = Name::new(given, &mut space, r) else { return FAILED };

    if let Some(variable) = name.defined(r) {
        if variable.name.bytes() == given {
            found.variable = (&raw const *variable).expose_provenance() as f64;
        }
        return evaluate(r, variable, found);
    }
    // SAFETY: live request; the value stays in its pool.
    unsafe {
        let value = ngx_http_get_variable(r.as_ptr(), &raw mut name.text, name.hash);
        value.as_ref().map_or(NONE, |value| give(value, found))
    }
}

/// As `ngx_http_get_variable` does it once it has found the variable.
fn evaluate(r: Request, variable: &ngx_http_variable_t, found: &mut Found) -> c_int {
    // SAFETY: live request; the value stays in its pool.
    unsafe {
        if variable.flags & NGX_HTTP_VAR_INDEXED as ngx_uint_t != 0 {
            let value = ngx_http_get_flushed_variable(r.as_ptr(), variable.index);
            return value.as_ref().map_or(NONE, |value| give(value, found));
        }
        let mut value: ngx_http_variable_value_t = core::mem::zeroed();
        match variable.get_handler {
            Some(handler) if handler(r.as_ptr(), &raw mut value, variable.data) == OK => {
                give(&value, found)
            }
            _ => NONE,
        }
    }
}

fn give(value: &ngx_http_variable_value_t, found: &mut Found) -> c_int {
    if value.not_found() != 0 {
        return NONE;
    }
    found.value = value.data;
    value.len() as c_int
}

/// Pushes the n-th capture of the last regular expression that nginx matched.
fn push_capture(l: State, r: Request, n: i64) {
    // SAFETY: live request; nginx's captures are pairs of offsets into
    // captures_data, -1 for a group that did not match.
    unsafe {
        let raw = r.as_ptr();
        let Some(at) = usize::try_from(n).ok().filter(|n| *n > 0).and_then(|n| n.checked_mul(2))
        else {
            return l.push_nil();
        };
        if (*raw).captures.is_null() || (*raw).captures_data.is_null() || at >= (*raw).ncaptures {
            return l.push_nil();
        }
        let (from, to) = (*(*raw).captures.add(at), *(*raw).captures.add(at + 1));
        match (usize::try_from(from), usize::try_from(to)) {
            (Ok(from), Ok(to)) if from <= to => {
                let data = (*raw).captures_data.add(from);
                l.push_bytes(core::slice::from_raw_parts(data, to - from));
            }
            // A group that took no part.
            _ => l.push_bytes(b""),
        }
    }
}

/// `ngx.var.NAME = value`
///
/// Sets a variable that the configuration defines; nil makes it undefined.
/// Phases: all that serve a request. Gives `var.lua` what [`assign`] may know
/// the variable by.
fn write(l: State) -> Return {
    let (_, ctx) = call::with_request(l, NO_REQUEST)?;
    let r = ctx.request;
    if l.type_of(2) != Type::String {
        return Err(l.error("bad variable name"));
    }

    let value = match l.type_of(3) {
        Type::Nil | Type::None => None,
        _ => {
            push_text(l, 3)?;
            let text = string::in_pool(r.pool(), l.bytes(-1).unwrap_or_default());
            Some(text.ok_or_else(|| l.error("no memory"))?)
        }
    };
    let given = l.bytes(2).unwrap_or_default();
    let mut space = [0; SHORT];
    let name = Name::new(given, &mut space, r).ok_or_else(|| l.error("no memory"))?;
    let shown = || String::from_utf8_lossy(name.text.bytes());

    let Some(variable) = name.defined(r) else {
        let name = shown();
        return Err(l.error(format_args!(
            "variable \"{name}\" not found for writing; maybe it is a built-in variable that is \
             not changeable or you forgot to use \"set ${name} '';\" in the config file to define \
             it first"
        )));
    };
    match variable::set(r, variable, value) {
        Ok(()) if variable.name.bytes() == given => {
            l.push_number((&raw const *variable).expose_provenance() as f64);
            Ok(1)
        }
        Ok(()) => Ok(0),
        Err(Refused::NotChangeable) => {
            Err(l.error(format_args!("variable \"{}\" not changeable", shown())))
        }
        Err(Refused::NotAssignable) => {
            Err(l.error(format_args!("variable \"{}\" cannot be assigned a value", shown())))
        }
    }
}
