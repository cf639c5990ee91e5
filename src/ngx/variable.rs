//! nginx's variables.

use super::Request;
use crate::sys::*;

/// Names up to this length need no memory of the request's.
pub(crate) const SHORT: usize = 64;

/// A variable's name in lower case, and its hash.
pub(crate) struct Name {
    pub text: ngx_str_t,
    pub hash: ngx_uint_t,
}

impl Name {
    /// nginx looks at the name only while it finds the variable.
    pub(crate) fn new(name: &[u8], space: &mut [u8; SHORT], r: Request) -> Option<Self> {
        let data = match space.get_mut(..name.len()) {
            Some(space) => space.as_mut_ptr(),
            None => r.pool().bytes(name)?.as_ptr(),
        };
        // SAFETY: there is room for the name.
        let hash = unsafe { ngx_hash_strlow(data, name.as_ptr().cast_mut(), name.len()) };
        let text = ngx_str_t { len: name.len(), data };
        Some(Self { text, hash })
    }

    /// The variable that the configuration defines under the name.
    pub(crate) fn defined(&self, r: Request) -> Option<&'static ngx_http_variable_t> {
        let hash = &raw const r.core_main_conf().variables_hash;
        // SAFETY: nginx's hash holds ngx_http_variable_t, which live as long as
        // the configuration.
        unsafe {
            ngx_hash_find(hash.cast_mut(), self.hash, self.text.data, self.text.len)
                .cast::<ngx_http_variable_t>()
                .as_ref()
        }
    }
}

/// Why a variable cannot be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// nginx itself defines it, or another module, once and for all.
    NotChangeable,
    /// It is computed.
    NotAssignable,
}

/// Whether a variable can be set.
pub(crate) fn check(variable: &ngx_http_variable_t) -> Result<(), Refused> {
    let has = |flag: u32| variable.flags & flag as ngx_uint_t != 0;
    if !has(NGX_HTTP_VAR_CHANGEABLE) {
        return Err(Refused::NotChangeable);
    }
    if variable.set_handler.is_none() && !has(NGX_HTTP_VAR_INDEXED) {
        return Err(Refused::NotAssignable);
    }
    Ok(())
}

/// Gives a variable a value, which is in the request's pool, or none.
pub(crate) fn set(
    r: Request,
    variable: &ngx_http_variable_t,
    value: Option<ngx_str_t>,
) -> Result<(), Refused> {
    check(variable)?;
    let mut new = value.map_or_else(not_found, self::value);
    // SAFETY: live request; without a handler the variable has an index.
    unsafe {
        match variable.set_handler {
            Some(set_handler) => set_handler(r.as_ptr(), &raw mut new, variable.data),
            None => *(*r.as_ptr()).variables.add(variable.index) = new,
        }
    }
    Ok(())
}

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
