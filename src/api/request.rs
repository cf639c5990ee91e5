//! `ngx.req`: the request line, and what kind of request it is.

use super::call::{self, NO_REQUEST, NO_REQUEST_OBJECT};
use super::function::Function;
use super::text;
use crate::lua::state::Type;
use crate::lua::{Return, State};
use crate::ngx::NgxStr;
use crate::ngx::method::Method;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("ngx.req.get_method", get_method),
    Function::new("ngx.req.set_method", set_method),
    Function::new("ngx.req.http_version", http_version),
    Function::new("ngx.req.start_time", start_time),
    Function::new("ngx.req.is_internal", is_internal),
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
    let Some(method) = Method::from_number(number) else {
        let number = text::number(number, |text| String::from_utf8_lossy(text).into_owned());
        return Err(l.error(format_args!("unsupported HTTP method: {number}")));
    };
    ctx.request.set_method(method);
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
