//! Constants of the table `ngx`.

use crate::lua::State;
use crate::sys::lua::LUA_GLOBALSINDEX;
use crate::sys::*;

const CONSTANTS: &[(&str, i64)] = &[
    ("OK", NGX_OK as i64),
    ("ERROR", NGX_ERROR as i64),
    ("AGAIN", NGX_AGAIN as i64),
    ("DONE", NGX_DONE as i64),
    ("DECLINED", NGX_DECLINED as i64),
    ("STDERR", NGX_LOG_STDERR as i64),
    ("EMERG", NGX_LOG_EMERG as i64),
    ("ALERT", NGX_LOG_ALERT as i64),
    ("CRIT", NGX_LOG_CRIT as i64),
    ("ERR", NGX_LOG_ERR as i64),
    ("WARN", NGX_LOG_WARN as i64),
    ("NOTICE", NGX_LOG_NOTICE as i64),
    ("INFO", NGX_LOG_INFO as i64),
    ("DEBUG", NGX_LOG_DEBUG as i64),
    ("HTTP_GET", NGX_HTTP_GET as i64),
    ("HTTP_HEAD", NGX_HTTP_HEAD as i64),
    ("HTTP_POST", NGX_HTTP_POST as i64),
    ("HTTP_PUT", NGX_HTTP_PUT as i64),
    ("HTTP_DELETE", NGX_HTTP_DELETE as i64),
    ("HTTP_MKCOL", NGX_HTTP_MKCOL as i64),
    ("HTTP_COPY", NGX_HTTP_COPY as i64),
    ("HTTP_MOVE", NGX_HTTP_MOVE as i64),
    ("HTTP_OPTIONS", NGX_HTTP_OPTIONS as i64),
    ("HTTP_PROPFIND", NGX_HTTP_PROPFIND as i64),
    ("HTTP_PROPPATCH", NGX_HTTP_PROPPATCH as i64),
    ("HTTP_LOCK", NGX_HTTP_LOCK as i64),
    ("HTTP_UNLOCK", NGX_HTTP_UNLOCK as i64),
    ("HTTP_PATCH", NGX_HTTP_PATCH as i64),
    ("HTTP_TRACE", NGX_HTTP_TRACE as i64),
    ("HTTP_CONTINUE", 100),
    ("HTTP_SWITCHING_PROTOCOLS", 101),
    ("HTTP_OK", 200),
    ("HTTP_CREATED", 201),
    ("HTTP_ACCEPTED", 202),
    ("HTTP_NO_CONTENT", 204),
    ("HTTP_PARTIAL_CONTENT", 206),
    ("HTTP_SPECIAL_RESPONSE", 300),
    ("HTTP_MOVED_PERMANENTLY", 301),
    ("HTTP_MOVED_TEMPORARILY", 302),
    ("HTTP_SEE_OTHER", 303),
    ("HTTP_NOT_MODIFIED", 304),
    ("HTTP_TEMPORARY_REDIRECT", 307),
    ("HTTP_PERMANENT_REDIRECT", 308),
    ("HTTP_BAD_REQUEST", 400),
    ("HTTP_UNAUTHORIZED", 401),
    ("HTTP_PAYMENT_REQUIRED", 402),
    ("HTTP_FORBIDDEN", 403),
    ("HTTP_NOT_FOUND", 404),
    ("HTTP_NOT_ALLOWED", 405),
    ("HTTP_NOT_ACCEPTABLE", 406),
    ("HTTP_REQUEST_TIMEOUT", 408),
    ("HTTP_CONFLICT", 409),
    ("HTTP_GONE", 410),
    ("HTTP_UPGRADE_REQUIRED", 426),
    ("HTTP_TOO_MANY_REQUESTS", 429),
    ("HTTP_CLOSE", 444),
    ("HTTP_ILLEGAL", 451),
    ("HTTP_INTERNAL_SERVER_ERROR", 500),
    ("HTTP_NOT_IMPLEMENTED", 501),
    ("HTTP_METHOD_NOT_IMPLEMENTED", 501),
    ("HTTP_BAD_GATEWAY", 502),
    ("HTTP_SERVICE_UNAVAILABLE", 503),
    ("HTTP_GATEWAY_TIMEOUT", 504),
    ("HTTP_VERSION_NOT_SUPPORTED", 505),
    ("HTTP_INSUFFICIENT_STORAGE", 507),
];

/// Makes the global table `ngx`, with the constants in it.
pub(super) fn open(l: State) {
    l.new_table(0, 128);
    for (name, value) in CONSTANTS {
        l.push_integer(*value);
        l.raw_set_field(-2, name);
    }
    l.push_null();
    l.raw_set_field(-2, "null");
    l.raw_set_field(LUA_GLOBALSINDEX, "ngx");
}
