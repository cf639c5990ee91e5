//! `ngx.var`: nginx's variables.

use super::call::{self, NO_REQUEST};
use super::text::push_text;
use crate::lua::state::Type;
use crate::lua::{Raise, Return, State, function};
use crate::ngx::{Request, string};
use crate::sys::lua::LUA_GLOBALSINDEX;
use crate::sys::*;

pub(super) fn open(l: State) {
    l.raw_get_field(LUA_GLOBALSINDEX, "ngx");
    l.new_table(0, 0);
    l.new_table(0, 2);
    l.push_function(function(read), 0);
    l.raw_set_field(-2, "__index");
    l.push_function(function(write), 0);
    l.raw_set_field(-2, "__newindex");
    l.set_metatable(-2);
    l.raw_set_field(-2, "var");
    l.pop(1);
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
            let mut space = [0; SHORT];
            let name = Name::new(l.bytes(2).unwrap_or_default(), &mut space, r)
                .ok_or_else(|| l.error("no memory"))?;
            push_variable(l, r, name);
        }
        Type::Number => push_capture(l, r, l.number(2) as i64),
        _ => return Err(l.error("bad variable name")),
    }
    Ok(1)
}

/// Names up to this length need no memory of the request's.
const SHORT: usize = 64;

/// A variable's name in lower case, and its hash.
struct Name {
    text: ngx_str_t,
    hash: ngx_uint_t,
}

impl Name {
    /// nginx looks at the name only while it finds the variable.
    fn new(name: &[u8], space: &mut [u8; SHORT], r: Request) -> Option<Self> {
        let data = match space.get_mut(..name.len()) {
            Some(space) => space.as_mut_ptr(),
            None => r.pool().bytes(name)?.as_ptr(),
        };
        // SAFETY: there is room for the name.
        let hash = unsafe { ngx_hash_strlow(data, name.as_ptr().cast_mut(), name.len()) };
        let text = ngx_str_t { len: name.len(), data };
        Some(Self { text, hash })
    }
}

fn push_variable(l: State, r: Request, mut name: Name) {
    // SAFETY: live request; the value stays in its pool.
    unsafe {
        let value = ngx_http_get_variable(r.as_ptr(), &raw mut name.text, name.hash);
        if value.is_null() || (*value).not_found() != 0 {
            l.push_nil();
        } else {
            l.push_bytes((*value).as_bytes());
        }
    }
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
    let mut space = [0; SHORT];
    let name = Name::new(l.bytes(2).unwrap_or_default(), &mut space, r)
        .ok_or_else(|| l.error("no memory"))?;
    set(l, r, &name, value)?;
    Ok(0)
}

fn set(l: State, r: Request, name: &Name, value: Option<ngx_str_t>) -> Result<(), Raise> {
    let shown = || String::from_utf8_lossy(crate::ngx::NgxStr::bytes(&name.text));

    // SAFETY: live request; nginx's hash holds ngx_http_variable_t.
    unsafe {
        let hash = &raw const r.core_main_conf().variables_hash;
        let v: *mut ngx_http_variable_t =
            ngx_hash_find(hash.cast_mut(), name.hash, name.text.data, name.text.len).cast();
        let Some(v) = v.as_ref() else {
            let name = shown();
            return Err(l.error(format_args!(
                "variable \"{name}\" not found for writing; maybe it is a built-in variable that \
                 is not changeable or you forgot to use \"set ${name} '';\" in the config file \
                 to define it first"
            )));
        };

        if v.flags & NGX_HTTP_VAR_CHANGEABLE as ngx_uint_t == 0 {
            return Err(l.error(format_args!("variable \"{}\" not changeable", shown())));
        }

        let mut variable: ngx_http_variable_value_t = core::mem::zeroed();
        match value {
            Some(value) => {
                variable.set_valid(1);
                variable.set_len(value.len as u32);
                variable.data = value.data;
            }
            None => variable.set_not_found(1),
        }

        if let Some(set_handler) = v.set_handler {
            set_handler(r.as_ptr(), &raw mut variable, v.data);
        } else if v.flags & NGX_HTTP_VAR_INDEXED as ngx_uint_t != 0 {
            *(*r.as_ptr()).variables.add(v.index) = variable;
        } else {
            return Err(
                l.error(format_args!("variable \"{}\" cannot be assigned a value", shown()))
            );
        }
    }
    Ok(())
}
