//! Bytes from and to nginx's strings.

use core::slice;

use super::Pool;
use crate::sys::ngx_str_t;

/// What `ngx_str_t` can do here.
pub(crate) trait NgxStr {
    /// The bytes; the caller knows how long nginx keeps them.
    fn bytes<'a>(&self) -> &'a [u8];
}

impl NgxStr for ngx_str_t {
    fn bytes<'a>(&self) -> &'a [u8] {
        if self.len == 0 {
            &[]
        } else {
            // SAFETY: a string of nginx has `len` bytes at `data`.
            unsafe { slice::from_raw_parts(self.data, self.len) }
        }
    }
}

/// A string whose bytes live in the pool, followed by a NUL.
pub(crate) fn in_pool(pool: Pool, bytes: &[u8]) -> Option<ngx_str_t> {
    Some(ngx_str_t { len: bytes.len(), data: pool.bytes(bytes)?.as_ptr() })
}
