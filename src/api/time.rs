//! nginx's clock. It is cached: it stands still while Lua code runs, but for
//! `ngx.update_time`.

use super::function::Function;
use crate::lua::{Return, State};
use crate::sys::*;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("ngx.time", time),
    Function::new("ngx.now", now),
    Function::new("ngx.update_time", update_time),
    Function::new("ngx.localtime", localtime),
    Function::new("ngx.utctime", utctime),
    Function::new("ngx.today", today),
];

/// `seconds = ngx.time()`, since the epoch.
fn time(l: State) -> Return {
    l.push_integer(ngx_time());
    Ok(1)
}

/// `seconds = ngx.now()`, since the epoch, with milliseconds as the fraction.
fn now(l: State) -> Return {
    let time = ngx_timeofday();
    l.push_number(time.sec as f64 + time.msec as f64 / 1000.0);
    Ok(1)
}

/// `ngx.update_time()`: reads the system's clock.
fn update_time(_: State) -> Return {
    // SAFETY: called in the event loop's thread.
    unsafe { ngx_time_update() };
    Ok(0)
}

/// `text = ngx.localtime()`: `yyyy-mm-dd hh:mm:ss`.
fn localtime(l: State) -> Return {
    let text = local();
    l.push_bytes(&text);
    Ok(1)
}

/// `text = ngx.today()`: `yyyy-mm-dd`, local.
fn today(l: State) -> Return {
    let text = local();
    l.push_bytes(&text[..text.len().min(10)]);
    Ok(1)
}

/// `text = ngx.utctime()`: `yyyy-mm-dd hh:mm:ss`.
fn utctime(l: State) -> Return {
    l.push_bytes(format_time(ngx_time()));
    Ok(1)
}

fn local() -> Vec<u8> {
    // SAFETY: the cached time is always set.
    let offset = unsafe { (*ngx_cached_time).gmtoff };
    format_time(ngx_time() + offset as time_t * 60)
}

fn format_time(seconds: time_t) -> Vec<u8> {
    // SAFETY: all-zero is a valid ngx_tm_t, which ngx_gmtime fills in.
    let tm = unsafe {
        let mut tm: ngx_tm_t = core::mem::zeroed();
        ngx_gmtime(seconds, &raw mut tm);
        tm
    };
    format!(
        "{:04}-{:02}-{:02} {:02}:{:02}:{:02}",
        tm.tm_year, tm.tm_mon, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec
    )
    .into_bytes()
}
