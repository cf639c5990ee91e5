//! `ngx.req.raw_header`

use nginx_lua_text::raw_header::{request_line, restore};

use super::call::{self, NO_REQUEST_OBJECT};
use super::function::Function;
use crate::lua::{Return, State};
use crate::ngx::headers::iter;
use crate::ngx::{NgxStr, Request};

pub(super) const FUNCTIONS: &[Function] = &[Function::new("ngx.req.raw_header", raw_header)];

/// `text = ngx.req.raw_header(no_request_line?)`
///
/// The header of the main request as it came, with the empty line at its end.
/// HTTP/2 and 3 have no such text: it is made of what nginx parsed. Phases: all
/// with a request.
fn raw_header(l: State) -> Return {
    let (_, ctx) = call::with_request(l, NO_REQUEST_OBJECT)?;
    let r = ctx.request.main();

    let mut header = Vec::new();
    match r.header_buffers() {
        buffers if buffers.is_empty() => rebuild(r, &mut header),
        buffers => restore(buffers, &mut header),
    }

    let skipped = match request_line(&header) {
        Some(line) if l.boolean(1) => line.len(),
        _ => 0,
    };
    l.push_bytes(&header[skipped..]);
    Ok(1)
}

fn rebuild(r: Request, out: &mut Vec<u8>) {
    // nginx refused the request before it had a line of it.
    if r.line().is_empty() {
        return;
    }
    out.extend_from_slice(r.line());
    out.extend_from_slice(b"\r\n");
    let mut header = |name: &[u8], value: &[u8]| {
        out.extend_from_slice(name);
        out.extend_from_slice(b": ");
        out.extend_from_slice(value);
        out.extend_from_slice(b"\r\n");
    };
    if let Some(authority) = r.authority() {
        header(b"host", authority);
    }
    // Where nginx lists the host differs between its versions.
    for hosts in [true, false] {
        // SAFETY: live request; its headers do not change meanwhile.
        unsafe {
            for h in iter(&raw mut (*r.as_ptr()).headers_in.headers) {
                let name = (*h).key.bytes();
                if name.eq_ignore_ascii_case(b"host") == hosts {
                    header(name, (*h).value.bytes());
                }
            }
        }
    }
    out.extend_from_slice(b"\r\n");
}
