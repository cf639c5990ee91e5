//! `ngx.req`: the request line, and what kind of request it is.

use super::call::{self, NO_REQUEST, NO_REQUEST_OBJECT};
use super::function::Function;
use super::text;
use crate::lua::state::Type;
use crate::lua::{Return, State};
use crate::ngx::NgxStr;
use crate::sys::*;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("ngx.req.get_method", get_method),
    Function::new("ngx.req.set_method", set_method),
    Function::new("ngx.req.http_version", http_version),
    Function::new("ngx.req.start_time", start_time),
    Function::new("ngx.req.is_internal", is_internal),
];

/// The methods that `set_method` takes. nginx has the text of the name in the
/// request line, with what follows it.
const METHODS: [(u32, &str); 15] = [
    (NGX_HTTP_GET, "GET "),
    (NGX_HTTP_HEAD, "HEAD "),
    (NGX_HTTP_POST, "POST "),
    (NGX_HTTP_PUT, "PUT "),
    (NGX_HTTP_DELETE, "DELETE "),
    (NGX_HTTP_MKCOL, "MKCOL "),
    (NGX_HTTP_COPY, "COPY "),
    (NGX_HTTP_MOVE, "MOVE "),
    (NGX_HTTP_OPTIONS, "OPTIONS "),
    (NGX_HTTP_PROPFIND, "PROPFIND "),
    (NGX_HTTP_PROPPATCH, "PROPPATCH "),
    (NGX_HTTP_LOCK, "LOCK "),
    (NGX_HTTP_UNLOCK, "UNLOCK "),
    (NGX_HTTP_PATCH, "PATCH "),
    (NGX_HTTP_TRACE, "TRACE "),
];

/// `name = ngx.req.get_method()`
///
/// The method's name, as the client wrote it. Phases: all with a request.
fn get_method(l: State) -> Return {
    let (_, ctx) = call::with_request(l, NO_REQUEST)?;
    // SAFETY: live request.
    l.push_bytes(unsafe { (*ctx.request.as_ptr()).method_name.bytes() });
    Ok(1)
}

/// `ngx.req.set_method(method)`
///
/// Changes the method to one of the constants `ngx.HTTP_GET` and so on. Phases:
/// all with a request. Raises `bad method number` for what is no number, and
/// `unsupported HTTP method: N`.
fn set_method(l: State) -> Return {
    call::current(l, NO_REQUEST)?;
    if l.type_of(1) != Type::Number {
        return Err(l.error("bad method number"));
    }
    let (_, ctx) = call::with_request(l, NO_REQUEST)?;

    let number = l.number(1);
    let Some((method, name)) =
        METHODS.iter().find(|(method, _)| f64::from(*method) == number.trunc())
    else {
        let number = text::number(number, |text| String::from_utf8_lossy(text).into_owned());
        return Err(l.error(format_args!("unsupported HTTP method: {number}")));
    };
    // SAFETY: live request; the name is static, and nginx does not write to it.
    unsafe {
        let r = ctx.request.as_ptr();
        (*r).method = *method as ngx_uint_t;
        (*r).method_name = ngx_str_t { len: name.len() - 1, data: name.as_ptr().cast_mut() };
    }
    Ok(0)
}

/// `version = ngx.req.http_version()`
///
/// 0.9, 1, 1.1, 2 or 3, as a number; nil for any other. Phases: all with a
/// request.
fn http_version(l: State) -> Return {
    let (_, ctx) = call::with_request(l, NO_REQUEST_OBJECT)?;
    // SAFETY: live request.
    match unsafe { (*ctx.request.as_ptr()).http_version } {
        9 => l.push_number(0.9),
        1000 => l.push_number(1.0),
        1001 => l.push_number(1.1),
        2000 => l.push_number(2.0),
        3000 => l.push_number(3.0),
        _ => l.push_nil(),
    }
    Ok(1)
}

/// `seconds = ngx.req.start_time()`
///
/// When the request began, in seconds since the epoch, with milliseconds. Phases:
/// all; 0 where there is no client's request, as in init_worker.
fn start_time(l: State) -> Return {
    let start = match call::current(l, NO_REQUEST)?.ctx() {
        // SAFETY: live request.
        Some(ctx) => unsafe {
            let r = ctx.request.as_ptr();
            (*r).start_sec as f64 + (*r).start_msec as f64 / 1000.0
        },
        None => 0.0,
    };
    l.push_number(start);
    Ok(1)
}

/// `internal = ngx.req.is_internal()`
///
/// Whether the request was redirected within nginx, or is a subrequest. Phases:
/// all with a request.
fn is_internal(l: State) -> Return {
    let (_, ctx) = call::with_request(l, NO_REQUEST)?;
    // SAFETY: live request.
    l.push_boolean(unsafe { (*ctx.request.as_ptr()).internal() != 0 });
    Ok(1)
}
