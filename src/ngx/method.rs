//! HTTP methods by nginx's numbers.

use super::Request;
use crate::sys::*;

/// A method that Lua code can ask for by its number.
#[derive(Clone, Copy)]
pub(crate) struct Method {
    number: u32,
    /// With a blank behind it: nginx has the names in request lines.
    name: &'static str,
}

const METHODS: [Method; 15] = [
    Method { number: NGX_HTTP_GET, name: "GET " },
    Method { number: NGX_HTTP_HEAD, name: "HEAD " },
    Method { number: NGX_HTTP_POST, name: "POST " },
    Method { number: NGX_HTTP_PUT, name: "PUT " },
    Method { number: NGX_HTTP_DELETE, name: "DELETE " },
    Method { number: NGX_HTTP_MKCOL, name: "MKCOL " },
    Method { number: NGX_HTTP_COPY, name: "COPY " },
    Method { number: NGX_HTTP_MOVE, name: "MOVE " },
    Method { number: NGX_HTTP_OPTIONS, name: "OPTIONS " },
    Method { number: NGX_HTTP_PROPFIND, name: "PROPFIND " },
    Method { number: NGX_HTTP_PROPPATCH, name: "PROPPATCH " },
    Method { number: NGX_HTTP_LOCK, name: "LOCK " },
    Method { number: NGX_HTTP_UNLOCK, name: "UNLOCK " },
    Method { number: NGX_HTTP_PATCH, name: "PATCH " },
    Method { number: NGX_HTTP_TRACE, name: "TRACE " },
];

impl Method {
    /// A fraction does not count.
    pub(crate) fn from_number(number: f64) -> Option<Self> {
        METHODS.into_iter().find(|method| f64::from(method.number) == number.trunc())
    }
}

impl Request {
    /// Changes the method. A client that asks for headers still gets no more.
    pub(crate) fn set_method(self, method: Method) {
        let Method { number, name } = method;
        // SAFETY: live request; nginx does not write to the name.
        unsafe {
            if self.is_main() && self.line().starts_with(b"HEAD ") {
                (*self.as_ptr()).set_header_only(1);
            }
            (*self.as_ptr()).method = number as ngx_uint_t;
            (*self.as_ptr()).method_name =
                ngx_str_t { len: name.len() - 1, data: name.as_ptr().cast_mut() };
        }
    }
}
