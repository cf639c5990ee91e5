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
pub(super) fn addresses() -> [(&'static str, f64); 4] {
    [
        ("get", get as *const ()),
        ("store_string", store_string as *const ()),
        ("store_number", store_number as *const ()),
        ("incr", incr as *const ()),
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
unsafe extern "C" fn get(zone: i64, data: *const u8, len: usize, found: *mut Found) -> c_int {
    ngx::callback("ngx.shared", OTHER, || {
        // SAFETY: `shared.lua` passes a dictionary of its machine, a Lua string,
        // and room for the result.
        let (Some(dict), Some(key), found) = (unsafe { (dict(zone), key(data, len), &mut *found) })
        else {
            return OTHER;
        };
        let result = dict.get(key, zone::now(), |value| {
            found.flags = value.flags;
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
        });
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

/// Stores a string.
unsafe extern "C" fn store_string(
    zone: i64,
    mode: c_int,
    data: *const u8,
    len: usize,
    value: *const u8,
    value_len: usize,
    ttl: f64,
    flags: f64,
) -> c_int {
    ngx::callback("ngx.shared", OTHER, || {
        // SAFETY: as above; the value is a Lua string.
        unsafe {
            let value = Value::String(slice::from_raw_parts(value, value_len));
            store(dict(zone), mode, key(data, len), value, ttl, flags)
        }
    })
}

/// Stores a number.
unsafe extern "C" fn store_number(
    zone: i64,
    mode: c_int,
    data: *const u8,
    len: usize,
    value: f64,
    ttl: f64,
    flags: f64,
) -> c_int {
    ngx::callback("ngx.shared", OTHER, || {
        // SAFETY: as above.
        let (dict, key) = unsafe { (dict(zone), key(data, len)) };
        store(dict, mode, key, Value::Number(value), ttl, flags)
    })
}

#[inline]
fn store(
    dict: Option<&Dict>,
    mode: c_int,
    key: Option<&[u8]>,
    value: Value<'_>,
    ttl: f64,
    flags: f64,
) -> c_int {
    let (Some(dict), Some(key), Some((mode, evict))) =
        (dict, key, usize::try_from(mode).ok().and_then(|mode| MODES.get(mode)))
    else {
        return OTHER;
    };
    let store = Store {
        mode: *mode,
        evict: *evict,
        value: Some(value),
        ttl: milliseconds(ttl),
        flags: integer(flags),
    };
    let Stored { result, forcible } = dict.store(key, &store, zone::now());
    code(result.err()) + c_int::from(forcible)
}

/// Adds to a number. `start` is a number if there is a value to start with.
unsafe extern "C" fn incr(
    zone: i64,
    data: *const u8,
    len: usize,
    by: f64,
    has_start: bool,
    start: f64,
    found: *mut Found,
) -> c_int {
    ngx::callback("ngx.shared", OTHER, || {
        // SAFETY: as above.
        let (Some(dict), Some(key), found) = (unsafe { (dict(zone), key(data, len), &mut *found) })
        else {
            return OTHER;
        };
        let Stored { result, forcible } =
            dict.incr(key, by, has_start.then_some((start, 0)), zone::now());
        if let Ok(number) = result {
            found.number = number;
        }
        code(result.err()) + c_int::from(forcible)
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
