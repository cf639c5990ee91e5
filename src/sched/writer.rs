//! Write events while Lua code waits.

use super::{Ctx, Wait};
use crate::sys::*;

/// What a phase shall do after a write event.
pub(crate) enum Written {
    /// Nothing: the code still waits.
    Nothing,
    /// A thread that waited for its output became ready.
    Ready,
    /// The client takes too long.
    TimedOut,
}

impl Ctx {
    /// Sends on what nginx holds back for this request.
    pub(crate) fn write_event(&self) -> Written {
        let r = self.request;
        let connection = r.connection();
        // SAFETY: live request and connection.
        unsafe {
            let event = (*connection).write;

            if (*event).timedout() != 0 {
                if (*event).delayed() == 0 {
                    r.log(NGX_LOG_INFO, "client timed out");
                    (*connection).set_timedout(1);
                    return self.flushed(Err("timeout")).unwrap_or(Written::TimedOut);
                }
                (*event).set_timedout(0);
                (*event).set_delayed(0);
            }

            if (*event).delayed() != 0 {
                return self.arm(event).unwrap_or(Written::Nothing);
            }

            let pending = (*connection).buffered() != 0 || (*r.as_ptr()).buffered() != 0;
            if pending && ngx_http_output_filter(r.as_ptr(), core::ptr::null_mut()) == ERROR {
                return self.flushed(Err("nginx output filter error")).unwrap_or(Written::Nothing);
            }

            if (*connection).buffered() != 0 {
                return self.arm(event).unwrap_or(Written::Nothing);
            }
            // With limit_rate the timer ends a pause, and is needed for that.
            if (*event).timer_set() != 0 && (*event).delayed() == 0 {
                ngx_del_timer(event);
            }
        }
        self.flushed(Ok(())).unwrap_or(Written::Nothing)
    }

    /// Whether output waits for the client.
    pub(crate) fn output_pending(&self) -> bool {
        // SAFETY: live request and connection.
        unsafe {
            let connection = self.request.connection();
            (*connection).buffered() != 0 || (*(*connection).write).delayed() != 0
        }
    }

    /// Asks for the next write event; `send_timeout` bounds the wait.
    pub(crate) fn await_write(&self) -> bool {
        // SAFETY: live request and connection.
        unsafe { self.arm((*self.request.connection()).write).is_none() }
    }

    /// # Safety
    /// `event` is the write event of the request's connection.
    unsafe fn arm(&self, event: *mut ngx_event_t) -> Option<Written> {
        let conf = self.request.core_loc_conf();
        // SAFETY: the caller's promise.
        unsafe {
            if (*event).delayed() == 0 {
                ngx_add_timer(event, conf.send_timeout);
            }
            if ngx_handle_write_event(event, conf.send_lowat) != OK {
                return Some(self.flushed(Err("connection broken")).unwrap_or(Written::TimedOut));
            }
        }
        None
    }

    /// Tells the threads that wait for their output how it went.
    fn flushed(&self, result: Result<(), &str>) -> Option<Written> {
        if self.waits.of(Wait::Flush) == 0 {
            return None;
        }
        self.each_waiting(Wait::Flush, |thread| {
            let co = thread.innermost();
            match result {
                Ok(()) => {
                    co.push_number(1.0);
                    thread.wake(1);
                }
                Err(reason) => {
                    co.push_nil();
                    co.push_bytes(reason);
                    thread.wake(2);
                }
            }
        });
        Some(Written::Ready)
    }
}
