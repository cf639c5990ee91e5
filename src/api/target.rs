//! URIs of this server that code sends a request to.

use nginx_lua_text::escape::{Set, escape};

use crate::ngx::{NgxStr, Request, string};
use crate::sys::*;

/// A path, decoded, and a query string.
pub(super) struct Target {
    pub uri: ngx_str_t,
    pub args: Option<ngx_str_t>,
}

pub(super) enum TargetError {
    /// The path leads upward, or has a NUL in it, or is empty.
    Unsafe,
    NoMemory,
}

impl Target {
    /// Splits `text` into path and query string, and adds `more` to the latter.
    /// Line breaks in the query string are escaped: a proxy would send them as
    /// they are. `flags` are those of nginx's own parser.
    pub(super) fn parse(
        r: Request,
        text: &[u8],
        more: Option<&[u8]>,
        mut flags: ngx_uint_t,
    ) -> Result<Self, TargetError> {
        let pool = r.pool();
        let mut uri = string::in_pool(pool, text).ok_or(TargetError::NoMemory)?;
        let mut own = ngx_str_t::empty();
        // SAFETY: live request; the text is in its pool.
        let status = unsafe {
            ngx_http_parse_unsafe_uri(r.as_ptr(), &raw mut uri, &raw mut own, &raw mut flags)
        };
        if status != OK {
            return Err(TargetError::Unsafe);
        }

        let more = more.unwrap_or_default();
        let has_control = |text: &[u8]| text.iter().any(u8::is_ascii_control);
        if more.is_empty() && !has_control(own.bytes()) {
            return Ok(Self { uri, args: (!own.data.is_null()).then_some(own) });
        }
        let joined;
        let args = if own.len == 0 {
            more
        } else if more.is_empty() {
            own.bytes()
        } else {
            joined = [own.bytes(), b"&", more].concat();
            &joined
        };
        let args = string::in_pool(pool, &escape(args, Set::HeaderValue));
        Ok(Self { uri, args: Some(args.ok_or(TargetError::NoMemory)?) })
    }
}
