//! `sock:settimeout` and `sock:settimeouts`.

use core::ffi::c_int;

use super::object::{Slot, check_object, socket};
use crate::api::text::to_number;
use crate::lua::{Raise, Return, State};
use crate::socket::Timeouts;
use crate::sys::ngx_msec_t;

/// `sock:settimeout(ms)`
///
/// The time that each of connecting, sending and receiving may take; 0 stands
/// for what the directives say.
pub(super) fn settimeout(l: State) -> Return {
    check_timeouts(l, 2)?;
    let msec = timeout(l, 2)?;
    set_timeouts(l, Timeouts { connect: msec, send: msec, read: msec })
}

/// `sock:settimeouts(connect, send, read)`
pub(super) fn settimeouts(l: State) -> Return {
    check_timeouts(l, 4)?;
    let timeouts = Timeouts { connect: timeout(l, 2)?, send: timeout(l, 3)?, read: timeout(l, 4)? };
    set_timeouts(l, timeouts)
}

fn check_timeouts(l: State, expected: c_int) -> Result<(), Raise> {
    let args = l.top();
    if args != expected {
        return Err(l.error(format_args!(
            "ngx.socket settimeout: expecting {expected} arguments (including the object) but \
             seen {args}"
        )));
    }
    check_object(l)
}

fn timeout(l: State, index: c_int) -> Result<ngx_msec_t, Raise> {
    let msec = to_number(l, index).unwrap_or(0.0);
    if !(0.0..=f64::from(i32::MAX)).contains(&msec) {
        return Err(l.error("bad timeout value"));
    }
    Ok(msec as ngx_msec_t)
}

fn set_timeouts(l: State, timeouts: Timeouts) -> Return {
    let slots = [
        (Slot::ConnectTimeout, timeouts.connect),
        (Slot::SendTimeout, timeouts.send),
        (Slot::ReadTimeout, timeouts.read),
    ];
    for (slot, msec) in slots {
        l.push_integer(msec as i64);
        l.raw_set_index(1, slot as c_int);
    }
    if let Some(socket) = socket(l)? {
        socket.timeouts.set(timeouts);
    }
    Ok(0)
}

/// The times that the table has.
pub(super) fn timeouts(l: State) -> Timeouts {
    let time = |slot: Slot| {
        l.raw_get_index(1, slot as c_int);
        l.number(-1).max(0.0) as ngx_msec_t
    };
    let timeouts = Timeouts {
        connect: time(Slot::ConnectTimeout),
        send: time(Slot::SendTimeout),
        read: time(Slot::ReadTimeout),
    };
    l.pop(3);
    timeouts
}
