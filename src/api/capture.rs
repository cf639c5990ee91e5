//! `ngx.location`: subrequests.

pub(super) mod options;
mod reply;

use core::ffi::c_int;

use super::call::{self, NO_REQUEST_OBJECT, cannot_wait, park};
use super::function::Function;
use super::target::{Target, TargetError};
use crate::conf::Phases;
use crate::lua::state::Type;
use crate::lua::{Raise, Return, State};
use crate::ngx::method::Method;
use crate::ngx::subrequest::{self, BodyError};
use crate::ngx::{NgxStr, Request, variable};
use crate::sched::Ctx;
use crate::sched::subrequest::Group;
use crate::sys::*;
use options::Options;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("ngx.location.capture", capture),
    Function::new("ngx.location.capture_multi", capture_multi),
];

/// `reply = ngx.location.capture(uri, options?)`
///
/// Has nginx answer a subrequest and waits for the response, a table of
/// `status`, `header`, `body` and `truncated`. The URI is one of this server;
/// it may have arguments. Options: `method`, `body`, `args`, `headers`, `vars`,
/// `copy_all_vars`, `share_all_vars`, `ctx`, `always_forward_body`. Raises an
/// error for wrong arguments, for an unsafe URI and beyond 50 levels.
/// Phases: rewrite, access, content.
fn capture(l: State) -> Return {
    if !(1..=2).contains(&l.top()) {
        return Err(l.error("expecting one or two arguments"));
    }
    l.set_top(2);
    let entry = Entry { uri: 1, options: 2 };
    start_all(l, 1, |l, start| {
        if l.type_of(1) == Type::Nil && l.type_of(2) == Type::Nil {
            return Err(wrong_entry(l, 0));
        }
        start(0, &entry)
    })
}

/// `reply, … = ngx.location.capture_multi({{uri, options?}, …})`
///
/// Has nginx answer several subrequests at the same time, waits for all, and
/// returns their responses in order. Phases: rewrite, access, content.
fn capture_multi(l: State) -> Return {
    let n = l.top();
    if n != 1 {
        return Err(l.error(format_args!("only one argument is expected, but got {n}")));
    }
    if l.type_of(1) != Type::Table {
        return Err(l.type_error(1, "table"));
    }
    let count = l.raw_len(1);
    if count == 0 {
        return Err(l.error("at least one subrequest should be specified"));
    }

    start_all(l, count, |l, start| {
        for i in 0..count {
            let base = l.top();
            l.raw_get_index(1, i as c_int + 1);
            if l.type_of(-1) != Type::Table {
                let kind = l.type_name(-1);
                return Err(
                    l.error(format_args!("the query argument {i} is not a table, but a {kind}"))
                );
            }
            let length = l.raw_len(-1);
            if !(1..=2).contains(&length) {
                return Err(wrong_entry(l, i));
            }
            l.raw_get_index(base + 1, 1);
            l.raw_get_index(base + 1, 2);
            start(i, &Entry { uri: base + 2, options: base + 3 })?;
            l.set_top(base);
        }
        Ok(())
    })
}

fn wrong_entry(l: State, number: usize) -> Raise {
    l.error(format_args!("query argument {number} expecting one or two arguments"))
}

/// Where the arguments for a subrequest stand on the stack; the options are a
/// table or nil.
struct Entry {
    uri: c_int,
    options: c_int,
}

/// Starts `count` subrequests, with `each` calling what starts one, and has the
/// thread wait for them.
fn start_all(
    l: State,
    count: usize,
    each: impl FnOnce(State, &dyn Fn(usize, &Entry) -> Result<(), Raise>) -> Result<(), Raise>,
) -> Return {
    let (run, ctx) = call::in_phases(l, Phases::CAPTURE, NO_REQUEST_OBJECT)?;
    let Some(thread) = run.thread() else {
        return Err(l.error("no co ctx found"));
    };
    if !run.can_wait(l) {
        return Err(cannot_wait(l));
    }
    // The results, and what making them takes.
    if !l.ensure(c_int::try_from(count).unwrap_or(c_int::MAX).saturating_add(16)) {
        return Err(l.error("stack overflow (too many subrequests)"));
    }
    let group =
        Group::new(ctx.request, count, reply::push_all).ok_or_else(|| l.error("no memory"))?;

    each(l, &|number, entry| start(l, ctx, group, number, entry))
        .inspect_err(|_| group.cancel())?;
    group.await_by(thread);
    Ok(park(l))
}

fn start(l: State, ctx: &Ctx, group: &Group, number: usize, entry: &Entry) -> Result<(), Raise> {
    if !matches!(l.type_of(entry.uri), Type::String | Type::Number) {
        let message = format!("string expected, got {}", l.type_name(entry.uri));
        return Err(l.argument_error(3, message));
    }
    let options = match l.type_of(entry.options) {
        Type::Nil => Options::default(),
        Type::Table => Options::read(l, entry.options)?,
        _ => {
            let kind = l.type_name(entry.options);
            return Err(l.error(format_args!(
                "expecting table as the 2nd argument for subrequest {number}, but got {kind}"
            )));
        }
    };

    let r = ctx.request;
    let text = l.bytes(entry.uri).unwrap_or_default();
    let target =
        Target::parse(r, text, options.args.as_deref(), 0).map_err(|error| match error {
            TargetError::Unsafe => l.error(format_args!(
                "unsafe uri in argument #1: {}",
                String::from_utf8_lossy(text.split(|byte| *byte == 0).next().unwrap_or_default())
            )),
            TargetError::NoMemory => l.error("no memory"),
        })?;
    let method = method(l, r, options.method)?;
    let variables = options.variables(l, r)?;

    // SAFETY: live request.
    if unsafe { (*r.as_ptr()).subrequests() == 0 } {
        let mut text = b"lua subrequests cycle while processing \"".to_vec();
        text.extend_from_slice(target.uri.bytes());
        text.push(b'"');
        r.log(NGX_LOG_ERR, text);
        return Err(l.error("failed to issue subrequest: -1"));
    }
    let sr = group
        .start(r, target.uri, target.args)
        .ok_or_else(|| l.error("failed to issue subrequest: -1"))?;

    if !subrequest::set_variables(r, sr, options.scope) {
        return Err(l.error("no memory"));
    }
    for (variable, value) in variables {
        // `variables` has seen that they can be set.
        let _ = variable::set(sr, variable, Some(value));
    }
    if let Some(method) = method {
        sr.set_method(method);
    }
    let body = options.request_body(l, entry.options, r)?;
    subrequest::set_body_and_headers(r, sr, body).map_err(|error| {
        if error == BodyError::InPassingFile {
            r.log(NGX_LOG_ERR, "the request body was not read by ngx_lua");
        }
        l.error("failed to adjust the subrequest: -1")
    })?;
    options.set_headers(l, entry.options, sr)?;
    options.set_ctx(l, entry.options, sr)
}

fn method(l: State, r: Request, number: Option<f64>) -> Result<Option<Method>, Raise> {
    let Some(number) = number else { return Ok(None) };
    if let Some(method) = Method::from_number(number) {
        return Ok(Some(method));
    }
    r.log(NGX_LOG_ERR, format!("unsupported HTTP method: {}", number as i64));
    Err(l.error("failed to adjust the subrequest: -1"))
}
