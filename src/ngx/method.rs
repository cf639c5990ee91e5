//! HTTP methods by nginx's numbers.

use super::Request;
use crate::sys::*;

/// The name of a method that Lua code can ask for by its number.
pub(crate) fn name(number: u32) -> Option<&'static str> {
    Some(match number {
        NGX_HTTP_GET => "GET",
        NGX_HTTP_HEAD => "HEAD",
        NGX_HTTP_POST => "POST",
        NGX_HTTP_PUT => "PUT",
        NGX_HTTP_DELETE => "DELETE",
        NGX_HTTP_MKCOL => "MKCOL",
        NGX_HTTP_COPY => "COPY",
        NGX_HTTP_MOVE => "MOVE",
        NGX_HTTP_OPTIONS => "OPTIONS",
        NGX_HTTP_PROPFIND => "PROPFIND",
        NGX_HTTP_PROPPATCH => "PROPPATCH",
        NGX_HTTP_LOCK => "LOCK",
        NGX_HTTP_UNLOCK => "UNLOCK",
        NGX_HTTP_PATCH => "PATCH",
        NGX_HTTP_TRACE => "TRACE",
        _ => return None,
    })
}

impl Request {
    /// Changes the method.
    pub(crate) fn set_method(self, number: u32, name: &'static str) {
        // SAFETY: live request; nginx does not write to the name.
        unsafe {
            (*self.as_ptr()).method = number as ngx_uint_t;
            (*self.as_ptr()).method_name =
                ngx_str_t { len: name.len(), data: name.as_ptr().cast_mut() };
        }
    }
}
