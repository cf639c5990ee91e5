//! The request's header in the buffers in which nginx received it.

use super::{NgxStr, Request};
use crate::sys::*;

impl Request {
    /// The request line, without its end. nginx makes one for HTTP/2 and 3.
    pub(crate) fn line(&self) -> &[u8] {
        // SAFETY: live request.
        unsafe { (*self.as_ptr()).request_line.bytes() }
    }

    /// The buffers of the header, from the request line on. Empty if the request
    /// did not come as text.
    pub(crate) fn header_buffers(&self) -> Vec<&[u8]> {
        // SAFETY: live request of HTTP/1, whose buffers live as long. Those that
        // are in use are listed from the newest one on; before them comes the
        // connection's own, unless an earlier request has left it.
        unsafe {
            let r = self.main().as_ptr();
            if !(*r).stream.is_null() || (*r).http_connection.is_null() {
                return Vec::new();
            }
            let mut buffers: Vec<*mut ngx_buf_t> =
                super::buf::bufs((*(*r).http_connection).busy).collect();
            buffers.extend((*(*r).connection).buffer.as_mut().map(|buf| &raw mut *buf));
            buffers.reverse();

            let start = (*r).request_line.data;
            let holds = |buf: &*mut ngx_buf_t| (**buf).start <= start && start < (**buf).last;
            let first = match buffers.iter().position(holds) {
                Some(first) if !(*r).request_line.bytes().is_empty() => first,
                _ => return Vec::new(),
            };
            buffers[first..]
                .iter()
                .enumerate()
                .map(|(i, &buf)| {
                    let from = if i == 0 { start } else { (*buf).start };
                    core::slice::from_raw_parts(from, (*buf).last.offset_from_unsigned(from))
                })
                .collect()
        }
    }
}
