//! Variables that the configuration defines.

use super::Request;
use crate::sys::*;

/// A variable that can be given a value.
#[derive(Clone, Copy)]
pub(crate) struct Variable(&'static ngx_http_variable_t);

/// Why a variable cannot be given a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotAssignable {
    NotChangeable,
    /// There is no such variable, or it is computed.
    NotDefined,
}

impl Variable {
    /// Finds a variable by its name, whatever the case.
    pub(crate) fn assignable(r: Request, name: &[u8]) -> Result<Self, NotAssignable> {
        let mut name = name.to_ascii_lowercase();
        let table = &raw const r.core_main_conf().variables_hash;
        // SAFETY: nginx's hash holds ngx_http_variable_t, which live as long as
        // the configuration.
        let variable = unsafe {
            let hash = ngx_hash_key(name.as_mut_ptr(), name.len());
            ngx_hash_find(table.cast_mut(), hash, name.as_mut_ptr(), name.len())
                .cast::<ngx_http_variable_t>()
                .as_ref()
        };
        let variable = variable.ok_or(NotAssignable::NotDefined)?;
        let has = |flag: u32| variable.flags & flag as ngx_uint_t != 0;
        if !has(NGX_HTTP_VAR_CHANGEABLE) {
            return Err(NotAssignable::NotChangeable);
        }
        if variable.set_handler.is_none() && !has(NGX_HTTP_VAR_INDEXED) {
            return Err(NotAssignable::NotDefined);
        }
        Ok(Self(variable))
    }

    /// Assigns a value, which is in the request's pool.
    pub(crate) fn assign(self, r: Request, text: ngx_str_t) {
        // SAFETY: live request; `assignable` has seen that there is a way.
        unsafe {
            let mut value: ngx_http_variable_value_t = core::mem::zeroed();
            value.set_valid(1);
            value.set_len(text.len as u32);
            value.data = text.data;
            match self.0.set_handler {
                Some(set) => set(r.as_ptr(), &raw mut value, self.0.data),
                None => *(*r.as_ptr()).variables.add(self.0.index) = value,
            }
        }
    }
}
