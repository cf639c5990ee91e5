//! Reading the body, and looking at what was read.

use std::borrow::Cow;

use nginx_lua_text::args::Counting;

use super::integer;
use crate::api::call::{self, NO_REQUEST_OBJECT, REQUEST_OBJECT_NOT_FOUND, cannot_wait, park};
use crate::api::query;
use crate::conf::Phases;
use crate::lua::state::Type;
use crate::lua::{Return, State};
use crate::ngx::request_body::RequestBody;
use crate::sched::body::Reading;
use crate::sched::{Exit, Wait};

/// `ngx.req.read_body()`
///
/// Reads the request body into memory or a temporary file. Waits. Phases:
/// output. A body that nginx refuses ends the request.
pub(super) fn read_body(l: State) -> Return {
    let n = l.top();
    if n != 0 {
        return Err(l.error(format_args!("expecting 0 arguments but seen {n}")));
    }
    let (run, ctx) = call::in_phases(l, Phases::OUTPUT, REQUEST_OBJECT_NOT_FOUND)?;
    let Some(thread) = run.thread() else {
        return Err(l.error("no co ctx found"));
    };
    if !run.can_wait(l) && !ctx.body_is_at_hand() {
        return Err(cannot_wait(l));
    }

    match ctx.read_body() {
        Reading::Done => Ok(0),
        Reading::Waiting => {
            thread.wait_for(Wait::RequestBody);
            Ok(park(l))
        }
        Reading::Failed(status) => {
            ctx.exit.set(Some(Exit::Refused(status)));
            Ok(park(l))
        }
    }
}

/// `ngx.req.discard_body()`
///
/// Throws the request body away: what has come of it, and what is still to come.
/// Does not wait for it. Phases: all with a request. Raises `failed to discard
/// request body`.
pub(super) fn discard_body(l: State) -> Return {
    let n = l.top();
    if n != 0 {
        return Err(l.error(format_args!("expecting 0 arguments but seen {n}")));
    }
    let (_, ctx) = call::with_request(l, REQUEST_OBJECT_NOT_FOUND)?;
    match ctx.request.discard_body() {
        Ok(()) => Ok(0),
        Err(_) => Err(l.error("failed to discard request body")),
    }
}

/// `data = ngx.req.get_body_data(max_bytes?)`
///
/// The body that was read, or its first `max_bytes`; nil if it was not read, is
/// empty or is in a temporary file. Phases: all with a request.
pub(super) fn get_body_data(l: State) -> Return {
    let n = l.top();
    if n > 1 {
        return Err(l.error(format_args!("expecting 0 or 1 arguments but seen {n}")));
    }
    let (_, ctx) = call::with_request(l, REQUEST_OBJECT_NOT_FOUND)?;
    let max = match l.type_of(1) {
        Type::None | Type::Nil => usize::MAX,
        Type::Number if l.number(1) >= 0.0 => l.number(1) as usize,
        Type::Number => return Err(l.argument_error(1, "a number of bytes expected")),
        _ => return Err(l.type_error(1, "number")),
    };

    match ctx.request.body().filter(|body| !body.is_in_file()) {
        Some(body) => match &*joined(&body, max) {
            [] if body.parts().next().is_none() => l.push_nil(),
            data => l.push_bytes(data),
        },
        None => l.push_nil(),
    }
    Ok(1)
}

/// The body in memory, or its first `max` bytes.
fn joined(body: &RequestBody, max: usize) -> Cow<'_, [u8]> {
    let mut parts = body.parts();
    match (parts.next(), parts.next()) {
        (None, _) => Cow::Borrowed(&[]),
        (Some(only), None) => Cow::Borrowed(&only[..only.len().min(max)]),
        _ => {
            let total: usize = body.parts().map(<[u8]>::len).sum();
            let mut data = Vec::with_capacity(total.min(max));
            for part in body.parts() {
                data.extend_from_slice(&part[..part.len().min(max - data.len())]);
            }
            Cow::Owned(data)
        }
    }
}

/// `path = ngx.req.get_body_file()`
///
/// The path of the file that has the body, or nil if the body was not read or is
/// in memory. Phases: all with a request.
pub(super) fn get_body_file(l: State) -> Return {
    let n = l.top();
    if n != 0 {
        return Err(l.error(format_args!("expecting 0 arguments but seen {n}")));
    }
    let (_, ctx) = call::with_request(l, REQUEST_OBJECT_NOT_FOUND)?;
    match ctx.request.body().as_ref().and_then(RequestBody::file_name) {
        Some(name) => l.push_bytes(name),
        None => l.push_nil(),
    }
    Ok(1)
}

/// `args, err = ngx.req.get_post_args(max?)`
///
/// The arguments in a body that was read, as `ngx.req.get_uri_args` gives those
/// of the URI. At most `max` (100; 0 is no limit), else a second result
/// "truncated". nil and a message for a body in a file. Phases: all with a
/// request. Raises an error if the body was not read.
pub(super) fn get_post_args(l: State) -> Return {
    const DEFAULT_MAX: i64 = 100;

    let n = l.top();
    if n > 1 {
        return Err(l.error(format_args!("expecting 0 or 1 arguments but seen {n}")));
    }
    let max = if n == 0 { DEFAULT_MAX } else { integer(l, 1)? };
    let (_, ctx) = call::with_request(l, NO_REQUEST_OBJECT)?;
    if ctx.request.discards_body() {
        l.new_table(0, 0);
        return Ok(1);
    }
    let Some(body) = ctx.request.body() else {
        return Err(
            l.error("no request body found; maybe you should turn on lua_need_request_body?")
        );
    };
    if body.is_in_file() {
        l.push_nil();
        l.push_bytes("request body in temp file not supported");
        return Ok(2);
    }

    let text = joined(&body, usize::MAX);
    l.new_table(0, query::room(&text));
    Ok(query::fill(l, &text, usize::try_from(max).unwrap_or(0), Counting::Pieces))
}
