//! Values of nginx's variables.

use crate::sys::*;

/// The value that the bytes are.
pub(crate) fn value(bytes: ngx_str_t) -> ngx_http_variable_value_t {
    // SAFETY: a plain structure, for which zero means unset.
    let mut value: ngx_http_variable_value_t = unsafe { core::mem::zeroed() };
    if cfg!(target_endian = "little") {
        // bindgen's set_len() goes bit by bit. The length has the first 28 bits,
        // `valid` the next.
        let bits = bytes.len as u32 & ((1 << 28) - 1) | 1 << 28;
        value._bitfield_1 = __BindgenBitfieldUnit::new(bits.to_le_bytes());
    } else {
        value.set_len(bytes.len as u32);
        value.set_valid(1);
    }
    value.data = bytes.data;
    value
}

/// The value of a variable that has none.
pub(crate) fn not_found() -> ngx_http_variable_value_t {
    // SAFETY: as above.
    let mut value: ngx_http_variable_value_t = unsafe { core::mem::zeroed() };
    value.set_not_found(1);
    value
}
