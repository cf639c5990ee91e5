//! `ngx.req`: the URI and its arguments.

use nginx_lua_text::args::Counting;
use nginx_lua_text::escape::{Set, escape};
use nginx_lua_text::uri::{display, first_unsafe_byte};

use super::call::{self, NO_REQUEST, NO_REQUEST_OBJECT, check_none_pending, leave};
use super::function::Function;
use super::text::check_text;
use super::{headers, query};
use crate::conf::Phases;
use crate::lua::state::Type;
use crate::lua::{Raise, Return, State};
use crate::ngx::{Request, string};
use crate::sched::Exit;
use crate::sys::*;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("ngx.req.get_uri_args", get_uri_args),
    Function::new("ngx.req.set_uri_args", set_uri_args),
    Function::new("ngx.req.set_uri", set_uri),
];

/// `args, err = ngx.req.get_uri_args(max?, table?)`
///
/// A table of decoded name → value: a string, true for an argument without
/// `=`, an array for a repeated one. At most `max` (100; 0 is no limit), else a
/// second result "truncated". `table` is cleared and used again.
fn get_uri_args(l: State) -> Return {
    let max = headers::max(l, 1)?;
    let (_, ctx) = call::with_request(l, NO_REQUEST)?;

    let text = ctx.request.args();
    match l.type_of(2) {
        Type::Table => {
            l.push_value(2);
            clear(l);
        }
        Type::None | Type::Nil => l.new_table(0, query::room(text)),
        Type::Boolean if !l.boolean(2) => l.new_table(0, query::room(text)),
        _ => return Err(l.type_error(2, "table")),
    }

    Ok(query::fill(l, text, max.unwrap_or(0), Counting::Kept))
}

/// Removes all fields of the table on top of the stack.
fn clear(l: State) {
    l.push_nil();
    while l.next(-2) {
        l.pop(1);
        l.push_value(-1);
        l.push_nil();
        l.raw_set(-4);
    }
}

/// `ngx.req.set_uri_args(args)`
///
/// Sets the query string: a string or number as it is, control bytes and
/// blanks escaped, or a table that is encoded.
fn set_uri_args(l: State) -> Return {
    let n = l.top();
    if n != 1 {
        return Err(l.error(format_args!("expecting 1 argument but seen {n}")));
    }
    let (_, ctx) = call::with_request(l, NO_REQUEST_OBJECT)?;

    let args = match l.type_of(1) {
        Type::String | Type::Number => {
            escape(l.bytes(1).unwrap_or_default(), Set::SetUriArgs).into_owned()
        }
        Type::Table => query::encode(l, 1)?,
        _ => {
            let message = format!("string, number, or table expected, but got {}", l.type_name(1));
            return Err(l.argument_error(1, message));
        }
    };

    let r = ctx.request;
    let args = string::in_pool(r.pool(), &args).ok_or_else(|| l.error("no memory"))?;
    // SAFETY: live request; the text is in its pool.
    unsafe {
        (*r.as_ptr()).args = args;
        (*r.as_ptr()).set_valid_unparsed_uri(0);
    }
    Ok(0)
}

/// Phases after which nginx looks for the location.
const JUMP: Phases = Phases::SERVER_REWRITE.union(Phases::REWRITE);

/// `ngx.req.set_uri(uri, jump?, binary?)`
///
/// Sets the path, already decoded. With `jump`, only in server_rewrite_by_lua
/// and rewrite_by_lua, nginx looks for the location again and the call does not
/// return. Control bytes are refused unless `binary`.
fn set_uri(l: State) -> Return {
    let n = l.top();
    if !(1..=3).contains(&n) {
        return Err(l.error(format_args!("expecting 1, 2 or 3 arguments but seen {n}")));
    }
    let (run, ctx) = call::with_request(l, NO_REQUEST)?;
    check_text(l, 1)?;
    let uri = l.bytes(1).unwrap_or_default();
    if uri.is_empty() {
        return Err(l.error("attempt to use zero-length uri"));
    }

    let jump = n >= 2 && flag(l, 2)?;
    let binary = n >= 3 && flag(l, 3)?;
    if !binary && let Some(byte) = first_unsafe_byte(uri) {
        let shown = display(uri);
        return Err(l.error(format_args!(
            "unsafe byte \"0x{byte:02x}\" in uri \"{}\" (maybe you want to set the 'binary' \
             argument?)",
            String::from_utf8_lossy(&shown)
        )));
    }

    if jump {
        call::in_phases(l, JUMP, NO_REQUEST)?;
        check_none_pending(l, ctx)?;
        if !run.can_wait(l) {
            return Err(l.error("attempt to yield across C-call boundary"));
        }
    }

    let r = ctx.request;
    let uri = string::in_pool(r.pool(), uri).ok_or_else(|| l.error("no memory"))?;
    set_path(r, uri);

    if jump {
        // SAFETY: live request. nginx sees the mark after the phase.
        unsafe {
            (*r.as_ptr()).set_uri_changed(1);
        }
        ctx.table.forget(&ctx.vm);
        ctx.exit.set(Some(Exit::Asked(OK)));
        return Ok(leave(l));
    }
    // SAFETY: live request.
    unsafe {
        (*r.as_ptr()).set_uri_changed(0);
    }
    Ok(0)
}

/// A boolean argument.
fn flag(l: State, index: i32) -> Result<bool, Raise> {
    match l.type_of(index) {
        Type::Boolean => Ok(l.boolean(index)),
        _ => Err(l.type_error(index, "boolean")),
    }
}

fn set_path(r: Request, uri: ngx_str_t) {
    // SAFETY: live request; the text is in its pool.
    unsafe {
        let raw = r.as_ptr();
        (*raw).uri = uri;
        (*raw).exten = ngx_str_t::empty();
        (*raw).set_internal(1);
        (*raw).set_valid_unparsed_uri(0);
        ngx_http_set_exten(raw);
    }
}
