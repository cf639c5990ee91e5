//! `ngx.exec`.

use super::call::{self, NO_REQUEST_OBJECT, cannot_wait, check_none_pending, leave};
use super::function::Function;
use super::query;
use super::target::{Target, TargetError};
use super::text::check_text;
use crate::conf::Phases;
use crate::lua::state::Type;
use crate::lua::{Return, State};
use crate::ngx::NgxStr;
use crate::sched::{Elsewhere, Exit, Redirect};
use crate::sys::*;

pub(super) const FUNCTIONS: &[Function] = &[Function::new("ngx.exec", exec)];

/// `ngx.exec(uri, args?)`
///
/// Lets another location answer the request: the one that a path of this server
/// leads to, or one by its name, `@name`. `args` is a query string or a table.
/// Does not return; `ngx.ctx` is lost. Raises an error for an unsafe URI, or
/// when the response header was sent. Phases: server_rewrite, rewrite, access,
/// precontent, content.
fn exec(l: State) -> Return {
    let n = l.top();
    if !(1..=2).contains(&n) {
        return Err(l.error(format_args!("expecting one or two arguments, but got {n}")));
    }
    call::current(l, NO_REQUEST_OBJECT)?;
    check_text(l, 1)?;
    if l.bytes(1).unwrap_or_default().is_empty() {
        return Err(l.error("The uri argument is empty"));
    }
    let (run, ctx) = call::in_phases(l, Phases::OUTPUT, NO_REQUEST_OBJECT)?;
    let args = match l.type_of(2) {
        Type::None | Type::Nil => None,
        Type::String | Type::Number => Some(l.bytes(2).unwrap_or_default().to_vec()),
        Type::Table => Some(query::encode(l, 2)?),
        _ => {
            let message = format!("string, number, or table expected, but got {}", l.type_name(2));
            return Err(l.argument_error(2, message));
        }
    };

    let r = ctx.request;
    let uri = l.bytes(1).unwrap_or_default();
    let target = Target::parse(r, uri, args.as_deref(), NGX_HTTP_LOG_UNSAFE as ngx_uint_t)
        .map_err(|error| match error {
            TargetError::Unsafe => l.error("unsafe uri"),
            TargetError::NoMemory => l.error("no memory"),
        })?;
    check_none_pending(l, ctx)?;
    if r.header_sent() {
        return Err(l.error("attempt to call ngx.exec after sending out response headers"));
    }
    if !run.can_wait(l) {
        return Err(cannot_wait(l));
    }

    let elsewhere = if uri.starts_with(b"@") {
        if let Some(args) = target.args.filter(|args| args.len > 0) {
            let mut text = b"query strings ".to_vec();
            text.extend_from_slice(args.bytes());
            text.extend_from_slice(b" ignored when exec'ing named location ");
            text.extend_from_slice(target.uri.bytes());
            r.log(NGX_LOG_WARN, text);
        }
        Elsewhere::Named(target.uri)
    } else {
        Elsewhere::Internal(target.uri, target.args)
    };
    let redirect = Redirect::new(r, elsewhere).ok_or_else(|| l.error("no memory"))?;
    ctx.exit.set(Some(Exit::Elsewhere(redirect)));
    Ok(leave(l))
}
