//! The most used methods once more, as C functions for LuaJIT's FFI: compiled
//! code calls them without leaving it. They must not touch the Lua state. What
//! is out of the ordinary they leave to the others.

use core::ffi::c_int;
use core::{ptr, slice};

use nginx_lua_dict::{Dict, Error, Mode, Store, Stored, Value};

use super::arguments::{LONGEST_KEY, integer, milliseconds};
use crate::conf::shared::Zone;
use crate::ngx::{self, zone};

/// What a call gives back beside its code.
#[repr(C)]
pub(super) struct Found {
    data: *const u8,
    len: usize,
    number: f64,
    flags: c_int,
    stale: bool,
}

/// Leave it to the other function.
const OTHER: c_int = -1;

/// What [`get`] found.
const NIL: c_int = 0;
const STRING: c_int = 1;
const NUMBER: c_int = 2;
const FALSE: c_int = 3;
const TRUE: c_int = 4;

/// How a value was stored; one more if others were evicted for it.
const DONE: c_int = 0;
const NO_MEMORY: c_int = 2;
const EXISTS: c_int = 4;
const NOT_FOUND: c_int = 6;
const NOT_A_NUMBER: c_int = 8;

/// The functions by name, as addresses, which fit in a Lua number.
pub(super) fn addresses() -> [(&'static str, f64); 5] {
    [
        ("get", get as *const ()),
        ("store", store as *const ()),
        ("incr", incr as *const ()),
        ("ttl", ttl as *const ()),
        ("expire", expire as *const ()),
    ]
    .map(|(name, function)| (name, function as usize as f64))
}

/// The address that `shared.lua` knows a dictionary by.
pub(super) fn address(zone: &Zone) -> f64 {
    ptr::from_ref(zone).expose_provenance() as f64
}

/// # Safety
/// `zone` is such an address, and its configuration is alive.
unsafe fn dict<'a>(zone: i64) -> Option<&'a Dict> {
    // SAFETY: the caller's promise.
    unsafe { ptr::with_exposed_provenance::<Zone>(zone as usize).as_ref() }.and_then(Zone::dict)
}

/// # Safety
/// `key` has `len` bytes.
unsafe fn key<'a>(key: *const u8, len: usize) -> Option<&'a [u8]> {
    // SAFETY: the caller's promise.
    (1..=LONGEST_KEY).contains(&len).then(|| unsafe { slice::from_raw_parts(key, len) })
}

/// Finds a value. A string stays where it is until the next call.
unsafe extern "C" fn get(
    zone: i64,
    data: *const u8,
    len: usize,
    stale: bool,
    found: *mut Found,
) -> c_int {
    ngx::callback("ngx.shared", OTHER, || {
        // SAFETY: `shared.lua` passes a dictionary of its machine, a Lua string,
        // and room for the result.
        let (Some(dict), Some(key), found) = (unsafe { (dict(zone), key(data, len), &mut *found) })
        else {
            return OTHER;
        };
        let give = |value: nginx_lua_dict::Found<'_>| {
            found.flags = value.flags;
            found.stale = value.stale;
            match value.value {
                Value::String(bytes) => {
                    (found.data, found.len) = (bytes.as_ptr(), bytes.len());
                    STRING
                }
                Value::Number(number) => {
                    found.number = number;
                    NUMBER
                }
                Value::Boolean(false) => FALSE,
                Value::Boolean(true) => TRUE,
            }
        };
        let result = match stale {
            false => dict.get(key, zone::now(), give),
            true => dict.get_stale(key, zone::now(), give),
        };
        match result {
            Ok(kind) => kind.unwrap_or(NIL),
            Err(_) => OTHER,
        }
    })
}

/// The numbers that `shared.lua` has for what to do.
const MODES: [(Mode, bool); 5] = [
    (Mode::Set, true),
    (Mode::Set, false),
    (Mode::Add, true),
    (Mode::Add, false),
    (Mode::Replace, true),
];

/// Stores a value: a string, or what `kind` says of `number`.
unsafe extern "C" fn store(
    zone: i64,
    mode: c_int,
    data: *const u8,
    len: usize,
    kind: c_int,
    value: *const u8,
    value_len: usize,
    number: f64,
    ttl: f64,
    flags: f64,
) -> c_int {
    ngx::callback("ngx.shared", OTHER, || {
        // SAFETY: as above.
        let (Some(dict), Some(key)) = (unsafe { (dict(zone), key(data, len)) }) else {
            return OTHER;
        };
        let value = match kind {
            NIL => None,
            // SAFETY: the value is a Lua string.
            STRING => Some(Value::String(unsafe { slice::from_raw_parts(value, value_len) })),
            NUMBER => Some(Value::Number(number)),
            _ => Some(Value::Boolean(kind == TRUE)),
        };
        let Some((mode, evict)) = usize::try_from(mode).ok().and_then(|mode| MODES.get(mode))
        else {
            return OTHER;
        };
        let (mode, evict, ttl, flags) = (*mode, *evict, milliseconds(ttl), integer(flags));
        let Stored { result, forcible } =
            dict.store(key, &Store { mode, evict, value, ttl, flags }, zone::now());
        code(result.err()) + c_int::from(forcible)
    })
}

/// Adds to a number. `start` is a number if there is a value to start with.
unsafe extern "C" fn incr(
    zone: i64,
    data: *const u8,
    len: usize,
    by: f64,
    has_start: bool,
    start: f64,
    ttl: f64,
    found: *mut Found,
) -> c_int {
    ngx::callback("ngx.shared", OTHER, || {
        // SAFETY: as above.
        let (Some(dict), Some(key), found) = (unsafe { (dict(zone), key(data, len), &mut *found) })
        else {
            return OTHER;
        };
        let Stored { result, forcible } =
            dict.incr(key, by, has_start.then_some((start, milliseconds(ttl))), zone::now());
        if let Ok(number) = result {
            found.number = number;
        }
        code(result.err()) + c_int::from(forcible)
    })
}

/// What [`ttl`] gives for a key that is not there.
const NO_KEY: f64 = f64::INFINITY;

/// The seconds that a key still lives; NaN to leave it to the other function.
unsafe extern "C" fn ttl(zone: i64, data: *const u8, len: usize) -> f64 {
    ngx::callback("ngx.shared", f64::NAN, || {
        // SAFETY: as above.
        match unsafe { (dict(zone), key(data, len)) } {
            (Some(dict), Some(key)) => {
                dict.ttl(key, zone::now()).map_or(NO_KEY, |ms| ms as f64 / 1000.0)
            }
            _ => f64::NAN,
        }
    })
}

/// Sets when a key expires.
unsafe extern "C" fn expire(zone: i64, data: *const u8, len: usize, seconds: f64) -> c_int {
    ngx::callback("ngx.shared", OTHER, || {
        // SAFETY: as above.
        match unsafe { (dict(zone), key(data, len)) } {
            (Some(dict), Some(key)) => {
                code(dict.expire(key, milliseconds(seconds), zone::now()).err())
            }
            _ => OTHER,
        }
    })
}

fn code(error: Option<Error>) -> c_int {
    match error {
        None => DONE,
        Some(Error::Exists) => EXISTS,
        Some(Error::NotFound) => NOT_FOUND,
        Some(Error::NotANumber) => NOT_A_NUMBER,
        Some(_) => NO_MEMORY,
    }
}
