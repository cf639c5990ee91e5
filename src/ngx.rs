//! Thin handles over nginx's own things, with nginx's names.

pub(crate) mod address;
pub(crate) mod buf;
#[cfg(ngx_feature = "ssl")]
pub(crate) mod certificate;
pub(crate) mod connection;
mod datagram;
pub(crate) mod event;
pub(crate) mod fake_request;
pub(crate) mod headers;
pub(crate) mod http_conf;
pub(crate) mod log;
pub(crate) mod method;
mod multi;
pub(crate) mod pool;
mod raw_header;
pub(crate) mod request;
pub(crate) mod request_body;
pub(crate) mod request_headers;
pub(crate) mod response_headers;
#[cfg(ngx_feature = "ssl")]
pub(crate) mod ssl;
#[cfg(ngx_feature = "ssl")]
pub(crate) mod ssl_connection;
pub(crate) mod string;
pub(crate) mod subrequest;
pub(crate) mod variable;
pub(crate) mod zone;

pub(crate) use address::Address;
pub(crate) use http_conf::HttpConf;
pub(crate) use pool::Pool;
pub(crate) use request::Request;
pub(crate) use string::NgxStr;

use std::panic::{AssertUnwindSafe, catch_unwind};

/// nginx's cycle: the new one only once its configuration is in force.
pub(crate) fn current_cycle() -> *mut crate::sys::ngx_cycle_t {
    // SAFETY: nginx sets it before it loads modules.
    unsafe { crate::sys::ngx_cycle }
}

/// Runs the body of a callback from nginx. A panic must not cross into C: it
/// is logged, and nginx gets `failed`.
pub(crate) fn callback<R>(name: &str, failed: R, body: impl FnOnce() -> R) -> R {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|payload| {
        log::cycle_error(
            crate::sys::NGX_LOG_ALERT,
            format_args!(
                "internal error in ngx_http_lua_module, {name}: {}",
                crate::panic::text(&payload)
            ),
        );
        failed
    })
}
