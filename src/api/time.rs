//! nginx's clock, and dates as text. The clock is cached: it stands still while
//! Lua code runs, but for `ngx.update_time`.
//!
//! `time.lua` calls the C functions through LuaJIT's FFI: they are compiled
//! together with the code around them.

use core::slice;

use mlua::Lua;
use nginx_lua_text::date::{COOKIE_DATE, cookie_date, http_date, timestamp};

use super::function::Function;
use crate::lua::{Return, State};
use crate::ngx;
use crate::sys::*;

/// The functions of the module `resty.core.time`.
pub(super) const MONOTONIC: &[Function] = &[
    Function::native("monotonic_msec", monotonic_msec),
    Function::native("monotonic_time", monotonic_time),
];

/// The size of `time.lua`'s buffer: no text is longer.
const ROOM: usize = COOKIE_DATE;

pub(super) fn open(lua: &Lua) -> mlua::Result<()> {
    let native = lua.create_table()?;
    for (name, address) in [
        ("now", now as *const ()),
        ("time", time as *const ()),
        ("update_time", update_time as *const ()),
        ("utctime", utctime as *const ()),
        ("localtime", localtime as *const ()),
        ("http_time", http_time as *const ()),
        ("cookie_time", cookie_time as *const ()),
        ("parse_http_time", parse_http_time as *const ()),
    ] {
        // Addresses fit in a Lua number.
        native.set(name, address as usize as f64)?;
    }
    native.set("room", ROOM)?;
    lua.load(include_str!("time.lua")).set_name("=[C]").call(native)
}

/// Seconds since the epoch, with milliseconds as the fraction.
extern "C" fn now() -> f64 {
    let time = ngx_timeofday();
    time.sec as f64 + time.msec as f64 / 1000.0
}

/// Seconds since the epoch.
extern "C" fn time() -> f64 {
    ngx_time() as f64
}

/// Reads the system's clock.
extern "C" fn update_time() {
    // SAFETY: called in the event loop's thread.
    unsafe { ngx_time_update() }
}

/// `yyyy-mm-dd hh:mm:ss`, UTC.
unsafe extern "C" fn utctime(out: *mut u8) -> u32 {
    // SAFETY: `time.lua` passes its buffer.
    unsafe { write(out, |out| copy(out, &timestamp(ngx_time()))) }
}

/// `yyyy-mm-dd hh:mm:ss`, in the server's time zone.
unsafe extern "C" fn localtime(out: *mut u8) -> u32 {
    // SAFETY: as above; the cached time is always set.
    unsafe {
        let offset = (*ngx_cached_time).gmtoff as time_t * 60;
        write(out, |out| copy(out, &timestamp(ngx_time() + offset)))
    }
}

unsafe extern "C" fn http_time(seconds: f64, out: *mut u8) -> u32 {
    // SAFETY: as above.
    unsafe { write(out, |out| copy(out, &http_date(seconds as i64))) }
}

unsafe extern "C" fn cookie_time(seconds: f64, out: *mut u8) -> u32 {
    // SAFETY: as above.
    unsafe {
        write(out, |out| {
            let (text, len) = cookie_date(seconds as i64);
            copy(out, &text[..len])
        })
    }
}

/// Seconds since the epoch, -1 if the text is no date.
unsafe extern "C" fn parse_http_time(text: *const u8, len: usize) -> f64 {
    // SAFETY: `time.lua` passes a Lua string, which nginx only reads.
    unsafe { ngx_parse_http_time(text.cast_mut(), len) as f64 }
}

/// Has a text written to `out`; gives its length.
///
/// # Safety
/// `out` has room for a date.
unsafe fn write(out: *mut u8, text: impl FnOnce(&mut [u8]) -> u32) -> u32 {
    // SAFETY: the caller's promise.
    ngx::callback("a date", 0, || text(unsafe { slice::from_raw_parts_mut(out, ROOM) }))
}

fn copy(out: &mut [u8], text: &[u8]) -> u32 {
    out[..text.len()].copy_from_slice(text);
    text.len() as u32
}

/// `milliseconds = monotonic_msec()`: a clock that no one sets, cached as well.
fn monotonic_msec(l: State) -> Return {
    // SAFETY: a number, read in the main thread.
    l.push_number(unsafe { ngx_current_msec } as f64);
    Ok(1)
}

/// `seconds = monotonic_time()`: the same in seconds.
fn monotonic_time(l: State) -> Return {
    // SAFETY: as above.
    l.push_number(unsafe { ngx_current_msec } as f64 / 1000.0);
    Ok(1)
}
