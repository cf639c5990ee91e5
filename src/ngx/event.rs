//! One-shot timers, and events that are posted.

use core::ffi::c_void;
use core::mem;

use crate::sys::{
    NGX_TIMER_LAZY_DELAY, ngx_add_timer, ngx_current_msec, ngx_cycle, ngx_del_timer,
    ngx_delete_posted_event, ngx_event_t, ngx_msec_t, ngx_post_event, ngx_posted_events,
    ngx_posted_next_events, ngx_queue_insert_after,
};

/// A timer that is part of the thing it wakes. It must stay in place while it
/// is armed.
pub(crate) struct Timer(ngx_event_t);

/// Far more than a round of the event loop takes.
const GUARD_MSEC: usize = 1000;

/// How much too early [`Timer::arm_by`] lets a timer fire: nginx's own measure.
const EARLIEST_MSEC: ngx_msec_t = NGX_TIMER_LAZY_DELAY as ngx_msec_t;

/// nginx's clock, in milliseconds, for timers.
pub(crate) fn now() -> ngx_msec_t {
    // SAFETY: nginx changes it only between events.
    unsafe { ngx_current_msec }
}

impl Timer {
    pub(crate) fn new(handler: unsafe extern "C" fn(*mut ngx_event_t)) -> Self {
        // SAFETY: all fields of an event may be zero.
        let mut event: ngx_event_t = unsafe { mem::zeroed() };
        event.handler = Some(handler);
        Self(event)
    }

    /// Fires after `msec`, or, with 0, in the next round of the event loop.
    pub(crate) fn arm(&mut self, msec: usize, data: *mut c_void) {
        let event = &raw mut self.0;
        // SAFETY: the event stays in place until it fired or was disarmed, by
        // the contract of the type.
        unsafe {
            (*event).data = data;
            (*event).log = (*ngx_cycle).log;
            if msec == 0 {
                ngx_post_event(event, &raw mut ngx_posted_next_events);
                // A worker that shuts down waits for timers, not for this.
                ngx_add_timer(event, GUARD_MSEC);
            } else {
                ngx_add_timer(event, msec);
            }
        }
    }

    /// Fires after `msec`, or somewhat earlier, if it is armed for that already:
    /// the one that it wakes has to look at the clock. Who waits again and again,
    /// with a time that is never over, then has nginx sort nothing.
    pub(crate) fn arm_by(&mut self, msec: usize, data: *mut c_void) {
        let event = &raw mut self.0;
        // SAFETY: the event is alive.
        let early = unsafe {
            let armed = (*event).timer_set() != 0 && (*event).posted() == 0 && msec > 0;
            armed.then(|| now().wrapping_add(msec).wrapping_sub((*event).timer.key))
        };
        if early.is_none_or(|early| early > EARLIEST_MSEC) {
            self.disarm();
            self.arm(msec, data);
        }
    }

    /// Whether a worker may end without waiting for this timer.
    pub(crate) fn set_cancelable(&mut self, cancelable: bool) {
        self.0.set_cancelable(u32::from(cancelable));
    }

    pub(crate) fn disarm(&mut self) {
        let event = &raw mut self.0;
        // SAFETY: the flags tell where the event is linked.
        unsafe {
            if (*event).timer_set() != 0 {
                ngx_del_timer(event);
            }
            if (*event).posted() != 0 {
                ngx_delete_posted_event(event);
            }
        }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.disarm();
    }
}

/// An event that the event loop handles when what it is at is over. It must stay
/// in place while it is posted.
pub(crate) struct Posted(ngx_event_t);

/// When a posted event is handled.
#[derive(Clone, Copy)]
pub(crate) enum Place {
    /// Before the others that are posted.
    First,
    /// After them.
    Last,
    /// When the worker has looked for new events of the kernel.
    NextRound,
}

impl Posted {
    pub(crate) fn new(handler: unsafe extern "C" fn(*mut ngx_event_t)) -> Self {
        // SAFETY: all fields of an event may be zero.
        let mut event: ngx_event_t = unsafe { mem::zeroed() };
        event.handler = Some(handler);
        Self(event)
    }

    /// Does nothing if the event is posted already.
    pub(crate) fn post(&mut self, place: Place, data: *mut c_void) {
        let event = &raw mut self.0;
        // SAFETY: the event stays in place until it was handled or cancelled, by
        // the contract of the type.
        unsafe {
            (*event).data = data;
            (*event).log = (*ngx_cycle).log;
            match place {
                Place::Last => ngx_post_event(event, &raw mut ngx_posted_events),
                Place::NextRound => ngx_post_event(event, &raw mut ngx_posted_next_events),
                Place::First if (*event).posted() != 0 => {}
                Place::First => {
                    (*event).set_posted(1);
                    ngx_queue_insert_after(&raw mut ngx_posted_events, &raw mut (*event).queue);
                }
            }
        }
    }

    pub(crate) fn cancel(&mut self) {
        let event = &raw mut self.0;
        // SAFETY: the flag tells that the event is linked.
        unsafe {
            if (*event).posted() != 0 {
                ngx_delete_posted_event(event);
            }
        }
    }
}
