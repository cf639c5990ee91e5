//! `ngx.redirect`.

use core::ptr;

use nginx_lua_text::uri::{display, first_unsafe_byte};

use super::call::{self, NO_REQUEST_OBJECT, cannot_wait, check_none_pending, leave};
use super::function::Function;
use super::text::check_text;
use crate::conf::Phases;
use crate::lua::{Return, State};
use crate::ngx::headers::{self, iter};
use crate::ngx::{NgxStr, Request};
use crate::sched::Exit;
use crate::sys::*;

pub(super) const FUNCTIONS: &[Function] = &[Function::new("ngx.redirect", redirect)];

/// `ngx.redirect(uri, status?)`
///
/// Sends the client elsewhere, with status 302 or 301, 303, 307, 308. The URI
/// is a path or a complete URL; it is sent as it is, and control bytes are
/// refused. Does not return. Raises an error when the response header was sent.
/// Phases: server_rewrite, rewrite, access, precontent, content.
fn redirect(l: State) -> Return {
    let n = l.top();
    if !(1..=2).contains(&n) {
        return Err(l.error("expecting one or two arguments"));
    }
    check_text(l, 1)?;
    let status = if n == 2 {
        if !l.is_number(2) {
            return Err(l.type_error(2, "number"));
        }
        l.number(2) as i64
    } else {
        i64::from(NGX_HTTP_MOVED_TEMPORARILY)
    };
    if !matches!(status, 301 | 302 | 303 | 307 | 308) {
        return Err(l.error(
            "only ngx.HTTP_MOVED_TEMPORARILY, ngx.HTTP_MOVED_PERMANENTLY, \
             ngx.HTTP_PERMANENT_REDIRECT, ngx.HTTP_SEE_OTHER, and ngx.HTTP_TEMPORARY_REDIRECT are \
             allowed",
        ));
    }

    let (run, ctx) = call::in_phases(l, Phases::OUTPUT, NO_REQUEST_OBJECT)?;
    check_none_pending(l, ctx)?;
    let r = ctx.request;
    if r.header_sent() {
        return Err(l.error("attempt to call ngx.redirect after sending out the headers"));
    }
    let uri = l.bytes(1).unwrap_or_default();
    if let Some(byte) = first_unsafe_byte(uri) {
        return Err(l.error(format_args!(
            "unsafe byte \"0x{byte:02x}\" in redirect uri \"{}\"",
            String::from_utf8_lossy(&display(uri))
        )));
    }
    if !run.can_wait(l) {
        return Err(cannot_wait(l));
    }

    set_location(r, uri).ok_or_else(|| l.error("no memory"))?;
    let status = status as ngx_int_t;
    r.set_status(status as ngx_uint_t);
    ctx.exit.set(Some(Exit::Asked(status)));
    Ok(leave(l))
}

/// Sets the header, which may be empty, in place of one that code has set.
fn set_location(r: Request, uri: &[u8]) -> Option<()> {
    // SAFETY: live request.
    unsafe {
        let out = &raw mut (*r.as_ptr()).headers_out;
        let list = &raw mut (*out).headers;
        for header in iter(list) {
            if (*header).key.bytes().eq_ignore_ascii_case(b"location") {
                (*header).hash = 0;
            }
        }
        let header = headers::push(list, r.pool(), b"Location", uri)?;
        // nginx would make an absolute URL of a path.
        let is_path = uri.starts_with(b"/");
        (*out).location = if is_path { ptr::null_mut() } else { header };
    }
    Some(())
}
