//! `ngx.header`: the response's headers.

use std::borrow::Cow;

use nginx_lua_text::escape::{Set, escape};
use nginx_lua_text::header::dashes;

use super::call::{self, NO_REQUEST};
use super::function::computed;
use super::header_values::{key, with_values};
use crate::lua::state::Type;
use crate::lua::{Return, State, function};
use crate::ngx::Request;
use crate::ngx::headers::SetError;
use crate::ngx::response_headers;
use crate::sys::NGX_LOG_ERR;
use crate::sys::lua::LUA_GLOBALSINDEX;

/// Values of one header that a read gives.
const MAX_VALUES: usize = 100;

pub(super) fn open(l: State) {
    l.raw_get_field(LUA_GLOBALSINDEX, "ngx");
    l.new_table(0, 0);
    computed(l, function(read), function(write));
    l.raw_set_field(-2, "header");
    l.pop(1);
}

/// `value = ngx.header.NAME`: a string, an array of strings, or nil.
fn read(l: State) -> Return {
    let (_, ctx) = call::with_request(l, NO_REQUEST)?;
    if l.type_of(2) == Type::Nil {
        l.push_nil();
        return Ok(1);
    }
    let key = key(l, 2)?;
    let name = dashed(l.bytes(key).unwrap_or_default(), ctx.request);

    let base = l.top();
    response_headers::get(ctx.request, &name, MAX_VALUES, |value| {
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
    let (_, ctx) = call::with_request(l, NO_REQUEST)?;
    let r = ctx.request;

    if r.header_sent() {
        r.log(NGX_LOG_ERR, "attempt to set ngx.header.HEADER after sending out response headers");
        return Ok(0);
    }

    let key = key(l, 2)?;
    let name = dashed(l.bytes(key).unwrap_or_default(), r);
    let name = escape(&name, Set::HeaderName);
    ctx.output.headers_set.set(true);

    let result = with_values(l, 3, |values| {
        if name.eq_ignore_ascii_case(b"content-type") {
            ctx.output.content_type_set.set(true);
        }
        response_headers::set(r, &name, values)
    })?;
    match result {
        Ok(()) => Ok(0),
        Err(SetError::Invalid) => Err(l.error("failed to set header")),
        Err(SetError::NoMemory) => Err(l.error("no memory")),
    }
}

/// The header's name: the key, with dashes for underscores.
fn dashed(key: &[u8], r: Request) -> Cow<'_, [u8]> {
    if r.loc_conf().transform_underscores == 1 { dashes(key) } else { Cow::Borrowed(key) }
}
