//! Writing to nginx's logs.

use core::fmt::Display;
use core::sync::atomic::{AtomicU64, Ordering};

use crate::sys::{
    ngx_connection_counter, ngx_cycle, ngx_err_t, ngx_log_error_core, ngx_log_t, ngx_uint_t, u_char,
};

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

/// A copy of `log` with the number of a new connection, which nginx takes from
/// a counter that its processes share.
pub(crate) fn numbered(log: &ngx_log_t) -> ngx_log_t {
    // SAFETY: nginx sets the counter up before it starts processes.
    let counter = unsafe { AtomicU64::from_ptr(ngx_connection_counter.cast()) };
    let mut log = *log;
    log.connection = counter.fetch_add(1, Ordering::Relaxed) + 1;
    log
}

/// Appends to a line as far as there is room, for a log's handler; gives the
/// line's new end.
///
/// # Safety
/// At `line` is room for `room` bytes.
pub(crate) unsafe fn append(line: *mut u_char, room: usize, parts: &[&[u8]]) -> *mut u_char {
    let mut len = 0;
    for part in parts {
        let n = part.len().min(room - len);
        // SAFETY: the caller's promise; `len + n` is not more than `room`.
        unsafe { line.add(len).copy_from_nonoverlapping(part.as_ptr(), n) };
        len += n;
    }
    // SAFETY: as above.
    unsafe { line.add(len) }
}

pub(crate) fn cycle_log() -> *mut ngx_log_t {
    // SAFETY: nginx sets ngx_cycle before it loads modules.
    unsafe { (*ngx_cycle).log }
}
