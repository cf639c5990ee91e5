//! `ngx.shared`: dictionaries that all workers share.
//!
//! A dictionary is a table with a userdata at 1, which leads to the zone; its
//! methods are found through the metatable that all dictionaries share.

mod arguments;
mod fast;
mod lists;
mod scans;

use core::ffi::c_int;
use core::ptr;

use mlua::Lua;
use nginx_lua_dict::{Dict, Found, Mode, Store, Stored, Value};

use self::arguments::{Key, NO_ZONE, key_or_reason, milliseconds, seconds_to_live, user_flags};
use super::function::Function;
use super::text::to_number;
use crate::conf::MainConf;
use crate::conf::shared::Zone;
use crate::lua::state::Type;
use crate::lua::{Raise, Return, State};
use crate::ngx::zone;
use crate::sys::lua as ffi;

const METHODS: &[Function] = &[
    Function::native("get", get),
    Function::native("get_stale", get_stale),
    Function::native("set", |l| store(l, Mode::Set, true)),
    Function::native("safe_set", |l| store(l, Mode::Set, false)),
    Function::native("add", |l| store(l, Mode::Add, true)),
    Function::native("safe_add", |l| store(l, Mode::Add, false)),
    Function::native("replace", |l| store(l, Mode::Replace, true)),
    Function::native("delete", delete),
    Function::native("incr", incr),
    Function::native("lpush", lists::lpush),
    Function::native("rpush", lists::rpush),
    Function::native("lpop", lists::lpop),
    Function::native("rpop", lists::rpop),
    Function::native("llen", lists::llen),
    Function::native("ttl", ttl),
    Function::native("expire", expire),
    Function::native("flush_all", flush_all),
    Function::native("flush_expired", scans::flush_expired),
    Function::native("get_keys", scans::get_keys),
    Function::native("capacity", capacity),
    Function::native("free_space", free_space),
];

/// What is in a dictionary's userdata.
#[repr(C)]
struct Handle {
    /// The address of [`MARK`], which tells such userdata from others.
    mark: *const u8,
    zone: *const Zone,
}

static MARK: u8 = 0;

pub(super) fn open(lua: &Lua, conf: &MainConf) -> mlua::Result<()> {
    let zones = lua.create_table()?;
    // SAFETY: pushes one value.
    let methods: mlua::Table = unsafe {
        lua.exec_raw((), |l| {
            let l = State::from_ptr(l);
            l.new_table(0, METHODS.len() + 1);
            for method in METHODS {
                method.register_in(l);
            }
            l.push_value(-1);
            l.raw_set_field(-2, "__index");
        })?
    };
    // SAFETY: takes the arguments, and pushes one value.
    let shared: mlua::Table = unsafe {
        lua.exec_raw((&methods, &zones), |l| {
            let l = State::from_ptr(l);
            l.new_table(0, conf.zones.len());
            for zone in conf.dictionaries() {
                l.new_table(1, 0);
                let handle = ffi::lua_newuserdata(l.as_ptr(), size_of::<Handle>());
                let mark = &raw const MARK;
                handle.cast::<Handle>().write(Handle { mark, zone: ptr::from_ref(zone) });
                l.raw_set_index(-2, 1);
                l.push_value(1);
                l.set_metatable(-2);
                // Where the FFI's functions find it.
                l.push_value(-1);
                l.push_number(fast::address(zone));
                l.raw_set(2);
                l.raw_set_field(-2, zone.name());
            }
            l.replace(1);
            l.set_top(1);
        })?
    };
    let native = lua.create_table()?;
    for (name, address) in fast::addresses() {
        native.set(name, address)?;
    }
    let source = include_str!("shared/shared.lua");
    lua.load(source).set_name("=[C]").call::<()>((methods, zones, native))?;
    lua.globals().get::<mlua::Table>("ngx")?.set("shared", shared)
}

/// The zone of the dictionary at 1.
fn zone<'a>(l: State) -> Option<&'a Zone> {
    if l.type_of(1) != Type::Table {
        return None;
    }
    l.raw_get_index(1, 1);
    // SAFETY: a full userdata of this size with this mark is one of ours, which
    // live as long as the machine; the zone lives as long as the configuration,
    // longer than the machine.
    let zone = unsafe {
        let handle = ffi::lua_touserdata(l.as_ptr(), -1).cast::<Handle>();
        let ours = !handle.is_null()
            && l.raw_len(-1) == size_of::<Handle>()
            && ptr::eq((*handle).mark, &raw const MARK);
        ours.then(|| &*(*handle).zone)
    };
    l.pop(1);
    zone
}

/// The dictionary at 1.
fn dict<'a>(l: State) -> Result<&'a Dict, Raise> {
    zone(l).and_then(Zone::dict).ok_or_else(|| l.error(NO_ZONE))
}

/// `value, flags? = dict:get(key)`
///
/// The flags are there if they are not 0. nil if there is no such key or it has
/// expired; nil and `value is a list`, `nil key`, `empty key` or `key too long`.
/// All phases.
fn get(l: State) -> Return {
    let dict = dict(l)?;
    let key = match key_or_reason(l)? {
        Key::Good(key) => key,
        Key::Bad(results) => return Ok(results),
    };
    let push = |found: Found<'_>| {
        push_value(l, found.value);
        if found.flags == 0 {
            return 1;
        }
        l.push_integer(found.flags.into());
        2
    };
    match dict.get(key, zone::now(), push) {
        Ok(Some(results)) => Ok(results),
        Ok(None) => {
            l.push_nil();
            Ok(1)
        }
        Err(error) => Ok(failed(l, error.text())),
    }
}

/// `value, flags, stale = dict:get_stale(key)`
///
/// As `get`, and finds what has expired and is still there: `stale` is then
/// true. The flags are nil if they are 0. All phases.
fn get_stale(l: State) -> Return {
    let dict = dict(l)?;
    let key = match key_or_reason(l)? {
        Key::Good(key) => key,
        Key::Bad(results) => return Ok(results),
    };
    let push = |found: Found<'_>| {
        push_value(l, found.value);
        match found.flags {
            0 => l.push_nil(),
            flags => l.push_integer(flags.into()),
        }
        l.push_boolean(found.stale);
    };
    match dict.get_stale(key, zone::now(), push) {
        Ok(Some(())) => Ok(3),
        Ok(None) => {
            l.push_nil();
            Ok(1)
        }
        Err(error) => Ok(failed(l, error.text())),
    }
}

/// `ok, err, forcible = dict:set(key, value, exptime = 0, flags = 0)`; also
/// `safe_set`, `add`, `safe_add`, `replace`
///
/// `exptime` is in seconds, 0 for never. `forcible` says that other entries were
/// evicted before their time. `safe_…` evicts nothing. Errors: `no memory`,
/// `exists` (add), `not found` (replace), `bad value type` and those of keys;
/// raises `bad "exptime" argument`. All phases.
fn store(l: State, mode: Mode, evict: bool) -> Return {
    l.set_top(5);
    let dict = dict(l)?;
    let ttl = seconds_to_live(l, 4)?;
    let key = match key_or_reason(l)? {
        Key::Good(key) => key,
        Key::Bad(results) => return Ok(results),
    };
    let value = match l.type_of(3) {
        Type::String => Some(Value::String(l.bytes(3).unwrap_or_default())),
        Type::Number => Some(Value::Number(l.number(3))),
        Type::Boolean => Some(Value::Boolean(l.boolean(3))),
        Type::Nil => None,
        _ => return Ok(failed(l, "bad value type")),
    };
    let flags = user_flags(l, 5)?;
    if value.is_none() && mode != Mode::Set {
        return Ok(stored(l, Err(nginx_lua_dict::Error::Nil), false));
    }
    let Stored { result, forcible } =
        dict.store(key, &Store { mode, evict, value, ttl, flags }, zone::now());
    Ok(stored(l, result, forcible))
}

/// `ok, err, forcible = dict:delete(key)`
///
/// True even if there is no such key. All phases.
fn delete(l: State) -> Return {
    l.set_top(2);
    store(l, Mode::Set, true)
}

fn stored(l: State, result: Result<(), nginx_lua_dict::Error>, forcible: bool) -> c_int {
    l.push_boolean(result.is_ok());
    match result {
        Ok(()) => l.push_nil(),
        Err(error) => l.push_bytes(error.text()),
    }
    l.push_boolean(forcible);
    3
}

/// `value, err, forcible = dict:incr(key, by, init?, init_ttl = 0)`
///
/// Adds to a number. With `init`, a missing key starts at that, and expires
/// after `init_ttl` seconds, 0 for never; without it there is one result.
/// Errors: `not found`, `not a number`, `no memory` and those of keys; raises
/// errors for arguments that are no numbers. All phases.
fn incr(l: State) -> Return {
    l.set_top(5);
    let dict = dict(l)?;
    let key = match key_or_reason(l)? {
        Key::Good(key) => key,
        Key::Bad(results) => return Ok(results),
    };
    let by = to_number(l, 3).ok_or_else(|| l.error("cannot convert 'nil' to 'double'"))?;

    let number = |index, name: &str| {
        to_number(l, index).ok_or_else(|| {
            let kind = l.type_name(index);
            l.error(format_args!("bad {name} arg: number expected, got {kind}"))
        })
    };
    // Anything that is true has to be a number.
    let start = match l.boolean(4) {
        true => Some(number(4, "init")?),
        false => None,
    };
    let mut ttl = 0;
    if l.type_of(5) != Type::Nil {
        let seconds = number(5, "init_ttl")?;
        if seconds < 0.0 {
            return Err(l.error("bad \"init_ttl\" argument"));
        }
        if start.is_none() {
            return Err(l.error("must provide \"init\" when providing \"init_ttl\""));
        }
        ttl = milliseconds(seconds);
    }

    let done = dict.incr(key, by, start.map(|start| (start, ttl)), zone::now());
    match done.result {
        Ok(number) => l.push_number(number),
        Err(error) => return Ok(failed(l, error.text())),
    }
    if start.is_none() {
        return Ok(1);
    }
    l.push_nil();
    l.push_boolean(done.forcible);
    Ok(3)
}

/// `seconds, err = dict:ttl(key)`
///
/// How long a key still lives, 0 if for ever; negative for one that has expired
/// and is still there. Errors: `not found` and those of keys. All phases.
fn ttl(l: State) -> Return {
    let dict = dict(l)?;
    let key = match key_or_reason(l)? {
        Key::Good(key) => key,
        Key::Bad(results) => return Ok(results),
    };
    match dict.ttl(key, zone::now()) {
        Ok(ms) => {
            l.push_number(ms as f64 / 1000.0);
            Ok(1)
        }
        Err(error) => Ok(failed(l, error.text())),
    }
}

/// `ok, err = dict:expire(key, exptime)`
///
/// Makes a key expire in so many seconds, 0 for never; one that has expired and
/// is still there lives again. Errors: `not found` and those of keys; raises
/// `bad "exptime" argument`. All phases.
fn expire(l: State) -> Return {
    l.set_top(3);
    let dict = dict(l)?;
    if !l.boolean(3) {
        return Err(l.error("bad \"exptime\" argument"));
    }
    let key = match key_or_reason(l)? {
        Key::Good(key) => key,
        Key::Bad(results) => return Ok(results),
    };
    let seconds = to_number(l, 3).ok_or_else(|| {
        let kind = l.type_name(3);
        l.error(format_args!("attempt to perform arithmetic on local 'exptime' (a {kind} value)"))
    })?;
    match dict.expire(key, milliseconds(seconds), zone::now()) {
        Ok(()) => {
            l.push_boolean(true);
            Ok(1)
        }
        Err(error) => Ok(failed(l, error.text())),
    }
}

/// `dict:flush_all()`
///
/// Makes all keys expire. All phases.
fn flush_all(l: State) -> Return {
    dict(l)?.flush_all(zone::now());
    Ok(0)
}

/// `bytes = dict:capacity()`
///
/// The size that the configuration gives. All phases.
fn capacity(l: State) -> Return {
    let zone = zone(l).ok_or_else(|| l.error(NO_ZONE))?;
    l.push_number(zone.view.shm.size as f64);
    Ok(1)
}

/// `bytes = dict:free_space()`
///
/// The memory pages of which nothing is used; there may be room in others. All
/// phases.
fn free_space(l: State) -> Return {
    l.push_number(dict(l)?.free_space() as f64);
    Ok(1)
}

fn push_value(l: State, value: Value<'_>) {
    match value {
        Value::Boolean(boolean) => l.push_boolean(boolean),
        Value::Number(number) => l.push_number(number),
        Value::String(bytes) => l.push_bytes(bytes),
    }
}

/// `nil, reason`
fn failed(l: State, reason: &str) -> c_int {
    l.push_nil();
    l.push_bytes(reason);
    2
}
