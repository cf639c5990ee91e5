//! What other nginx modules call: `ngx_http_lua_api.h`.

use core::ffi::c_int;
use core::{ptr, slice};

use nginx_lua_dict::Value;

use crate::conf::MainConf;
use crate::conf::cf::Conf;
use crate::conf::shared::{self, Zone};
use crate::ngx::{self, zone};
use crate::sys::*;

/// `ngx_http_lua_value_t`
#[repr(C)]
pub struct LuaValue {
    /// The number of the type in Lua's C interface.
    kind: u8,
    value: Payload,
}

#[repr(C)]
union Payload {
    boolean: c_int,
    number: f64,
    string: ngx_str_t,
}

const NIL: u8 = 0;
const BOOLEAN: u8 = 1;
const NUMBER: u8 = 3;
const STRING: u8 = 4;

/// Declares a zone as `ngx_shared_memory_add` does. `init_by_lua` waits for it.
/// The owner sets `init` and `data` of the result, and gets that passed to
/// `init`.
///
/// # Safety
/// Called while `http {}` is read, with what nginx passed to the caller.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ngx_http_lua_shared_memory_add(
    cf: *mut ngx_conf_t,
    name: *mut ngx_str_t,
    size: usize,
    tag: *mut core::ffi::c_void,
) -> *mut ngx_shm_zone_t {
    ngx::callback("ngx_http_lua_shared_memory_add", ptr::null_mut(), || {
        // SAFETY: the caller's promise. The view is the first field.
        unsafe { shared::add(Conf::from_ptr(cf), name, size, tag) }
            .map_or(ptr::null_mut(), |zone| zone.as_ptr().cast())
    })
}

/// Finds a zone that was declared with `lua_shared_dict` or the function above;
/// null if there is none.
///
/// # Safety
/// `name` has `len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ngx_http_lua_find_zone(
    name: *const u_char,
    len: usize,
) -> *mut ngx_shm_zone_t {
    ngx::callback("ngx_http_lua_find_zone", ptr::null_mut(), || {
        // SAFETY: the cycle is live; the caller's promise.
        let (conf, name) =
            unsafe { (MainConf::of_cycle(ngx_cycle), slice::from_raw_parts(name, len)) };
        conf.and_then(|conf| conf.zone(name)).map_or(ptr::null_mut(), |zone| zone.as_ptr().cast())
    })
}

/// Gets a value of a dictionary that [`ngx_http_lua_find_zone`] gave. A string is
/// copied to where `value->value.s` says that there is room, as far as it fits;
/// its length is then that of the copy. `NGX_DECLINED` if there is no such key,
/// or if it has expired; `NGX_ERROR` for a list, or without room for a string.
///
/// # Safety
/// `zone` is such a dictionary, `key` has `len` bytes, `value` is valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ngx_http_lua_shared_dict_get(
    zone: *mut ngx_shm_zone_t,
    key: *const u_char,
    len: usize,
    value: *mut LuaValue,
) -> ngx_int_t {
    ngx::callback("ngx_http_lua_shared_dict_get", ERROR, || {
        // SAFETY: the caller's promise; the zone is the first field.
        let (dict, key) = unsafe {
            let Some(zone) = zone.cast::<Zone>().as_ref() else { return ERROR };
            (zone.dict(), slice::from_raw_parts(key, len))
        };
        let Some(dict) = dict else { return ERROR };
        // SAFETY: `value` is valid; a string has the room that it says.
        match dict.get(key, zone::now(), |found| unsafe { give(found.value, &mut *value) }) {
            Ok(Some(true)) => OK,
            Ok(Some(false)) | Err(_) => ERROR,
            Ok(None) => {
                // SAFETY: as above.
                unsafe { (*value).kind = NIL };
                DECLINED
            }
        }
    })
}

/// # Safety
/// The payload is a string's, with room at `data` for `len` bytes, or null.
unsafe fn give(value: Value<'_>, to: &mut LuaValue) -> bool {
    match value {
        Value::Boolean(boolean) => {
            to.kind = BOOLEAN;
            to.value.boolean = boolean.into();
        }
        Value::Number(number) => {
            to.kind = NUMBER;
            to.value.number = number;
        }
        Value::String(bytes) => {
            // SAFETY: the caller's promise.
            unsafe {
                let room = to.value.string;
                if room.data.is_null() || room.len == 0 {
                    return false;
                }
                let len = bytes.len().min(room.len);
                room.data.copy_from_nonoverlapping(bytes.as_ptr(), len);
                to.value.string.len = len;
            }
            to.kind = STRING;
        }
    }
    true
}
