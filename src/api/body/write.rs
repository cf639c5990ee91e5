//! Putting another body in place of the one that was read.

use std::ffi::OsStr;
use std::fs::{self, OpenOptions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;

use super::integer;
use crate::api::call::{self, NO_REQUEST, REQUEST_OBJECT_NOT_FOUND};
use crate::api::text::check_text;
use crate::lua::state::Type;
use crate::lua::{Raise, Return, State};
use crate::ngx::request_body::RequestBody;
use crate::ngx::{Request, string};
use crate::sys::off_t;

const LENGTH_NOT_SET: &str = "failed to reset the Content-Length input header";
const NOT_BEGUN: &str = "request_body not initialized";
const NOT_WRITTEN: &str = "fail to write file";

/// `ngx.req.set_body_data(data)`
///
/// Puts a string or number in place of the body. Phases: all with a request. The
/// body must have been read.
pub(super) fn set_body_data(l: State) -> Return {
    let n = l.top();
    if n != 1 {
        return Err(l.error(format_args!("expecting 1 arguments but seen {n}")));
    }
    check_text(l, 1)?;
    let (_, ctx) = call::with_request(l, REQUEST_OBJECT_NOT_FOUND)?;
    let body = read(l, ctx.request)?;
    body.set_data(l.bytes(1).unwrap_or_default()).map_err(|_| l.error(LENGTH_NOT_SET))?;
    Ok(0)
}

/// `ngx.req.set_body_file(path, auto_clean?)`
///
/// Puts the content of a file in place of the body. With `auto_clean` the file
/// goes when the request ends. Phases: all with a request. The body must have been
/// read. Raises `stat() "path" failed` and `open() "path" failed`.
pub(super) fn set_body_file(l: State) -> Return {
    let n = l.top();
    if !(1..=2).contains(&n) {
        return Err(l.error(format_args!("expecting 1 or 2 arguments but seen {n}")));
    }
    check_text(l, 1)?;
    let (_, ctx) = call::with_request(l, NO_REQUEST)?;
    let body = read(l, ctx.request)?;
    let delete = match l.type_of(2) {
        Type::None => false,
        Type::Boolean => l.boolean(2),
        _ => return Err(l.type_error(2, "boolean")),
    };

    let path = l.bytes(1).unwrap_or_default();
    let failed = |call: &str| {
        let path = String::from_utf8_lossy(path);
        l.error(format_args!("{call}() \"{path}\" failed"))
    };
    let os_path = OsStr::from_bytes(path);
    fs::metadata(os_path).map_err(|_| failed("stat"))?;
    // Not to wait for the other end of a pipe.
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(O_NONBLOCK)
        .open(os_path)
        .map_err(|_| failed("open"))?;
    let metadata = file.metadata().map_err(|_| failed("stat"))?;
    if metadata.is_dir() {
        return Err(failed("open"));
    }

    let name = string::in_pool(ctx.request.pool(), path).ok_or_else(|| l.error("no memory"))?;
    body.set_file(name, file, metadata.len() as off_t, delete)
        .map_err(|_| l.error(LENGTH_NOT_SET))?;
    Ok(0)
}

/// As Linux and FreeBSD have it on the processors that LuaJIT knows.
const O_NONBLOCK: i32 = if cfg!(target_os = "linux") { 0o4000 } else { 4 };

/// `ngx.req.init_body(size?)`
///
/// Begins a new body, with a buffer of `size` bytes, or of what
/// `client_body_buffer_size` says. What does not fit goes to a temporary file.
/// Phases: all with a request. The body must have been read. Raises `bad size
/// argument: N`.
pub(super) fn init_body(l: State) -> Return {
    let n = l.top();
    if n > 1 {
        return Err(l.error(format_args!("expecting 0 or 1 argument but seen {n}")));
    }
    let (_, ctx) = call::with_request(l, NO_REQUEST)?;
    let body = read(l, ctx.request)?;
    let size = if n == 1 {
        let size = integer(l, 1)?;
        let bad = |_| l.error(format_args!("bad size argument: {size}"));
        usize::try_from(size).map_err(bad)?
    } else {
        ctx.request.core_loc_conf().client_body_buffer_size
    };
    body.begin(size).map_err(|_| l.error("no memory"))?;
    Ok(0)
}

/// `ngx.req.append_body(data)`
///
/// Adds a string or number to a body that `init_body` has begun. Phases: all with
/// a request.
pub(super) fn append_body(l: State) -> Return {
    let n = l.top();
    if n != 1 {
        return Err(l.error(format_args!("expecting 1 arguments but seen {n}")));
    }
    check_text(l, 1)?;
    let body = begun(l)?;
    body.append(l.bytes(1).unwrap_or_default()).map_err(|_| l.error(NOT_WRITTEN))?;
    Ok(0)
}

/// `ngx.req.finish_body()`
///
/// Makes what was appended the body. Phases: all with a request.
pub(super) fn finish_body(l: State) -> Return {
    let n = l.top();
    if n != 0 {
        return Err(l.error(format_args!("expecting 0 argument but seen {n}")));
    }
    begun(l)?.finish().map_err(|_| l.error(NOT_WRITTEN))?;
    Ok(0)
}

/// The body, which must have been read.
fn read(l: State, r: Request) -> Result<RequestBody, Raise> {
    if r.discards_body() {
        return Err(l.error("request body already discarded asynchronously"));
    }
    if r.body().is_none() {
        return Err(l.error("request body not read yet"));
    }
    r.own_body().ok_or_else(|| l.error("no memory"))
}

/// The body that `init_body` has begun.
fn begun(l: State) -> Result<RequestBody, Raise> {
    let (_, ctx) = call::with_request(l, NO_REQUEST)?;
    let body = ctx.request.body().filter(RequestBody::is_begun);
    body.ok_or_else(|| l.error(NOT_BEGUN))
}
