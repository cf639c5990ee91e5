//! Writing to nginx's logs.

use core::fmt::Display;

use crate::sys::{ngx_cycle, ngx_err_t, ngx_log_error_core, ngx_log_t, ngx_uint_t};

/// Whether a line of `level` would be written to `log`.
pub(crate) fn enabled(log: *mut ngx_log_t, level: u32) -> bool {
    // SAFETY: logs live as long as the connection or cycle that lent them.
    unsafe { (*log).log_level >= level as ngx_uint_t }
}

/// Writes a line of bytes.
pub(crate) fn write(log: *mut ngx_log_t, level: u32, err: ngx_err_t, text: &[u8]) {
    if enabled(log, level) {
        // SAFETY: "%*s" takes a length and a pointer, and `text` has both.
        unsafe {
            ngx_log_error_core(
                level as ngx_uint_t,
                log,
                err,
                c"%*s".as_ptr(),
                text.len(),
                text.as_ptr(),
            );
        }
    }
}

/// Writes a line to the cycle's log.
pub(crate) fn cycle_error(level: u32, message: impl Display) {
    write(cycle_log(), level, 0, message.to_string().as_bytes());
}

pub(crate) fn cycle_log() -> *mut ngx_log_t {
    // SAFETY: nginx sets ngx_cycle before it loads modules.
    unsafe { (*ngx_cycle).log }
}
