//! `ngx.req`: the request body.

use super::call::{self, REQUEST_OBJECT_NOT_FOUND, cannot_wait, park};
use super::function::Function;
use crate::conf::Phases;
use crate::lua::state::Type;
use crate::lua::{Return, State};
use crate::ngx::buf;
use crate::sched::body::Reading;
use crate::sched::{Exit, Wait};

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("ngx.req.read_body", read_body),
    Function::new("ngx.req.get_body_data", get_body_data),
];

/// `ngx.req.read_body()`
///
/// Reads the request body into memory or a temporary file. Waits. Phases:
/// rewrite, access, content. A body that nginx refuses ends the request.
fn read_body(l: State) -> Return {
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

/// `data = ngx.req.get_body_data(max_bytes?)`
///
/// The body that was read, or its first `max_bytes`; nil if it was not read, is
/// empty or is in a temporary file.
fn get_body_data(l: State) -> Return {
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

    // SAFETY: live request; its body does not change meanwhile.
    unsafe {
        let body = (*ctx.request.as_ptr()).request_body;
        if body.is_null() || !(*body).temp_file.is_null() || (*body).bufs.is_null() {
            l.push_nil();
            return Ok(1);
        }

        let mut bufs = buf::bufs((*body).bufs).map(|buf| buf::bytes(buf)).filter(|b| !b.is_empty());
        match (bufs.next(), bufs.next()) {
            (None, _) => l.push_nil(),
            (Some(only), None) => l.push_bytes(&only[..only.len().min(max)]),
            (Some(first), Some(second)) => {
                let mut data = [first, second].concat();
                for bytes in bufs {
                    if data.len() >= max {
                        break;
                    }
                    data.extend_from_slice(bytes);
                }
                data.truncate(max);
                l.push_bytes(data);
            }
        }
    }
    Ok(1)
}
