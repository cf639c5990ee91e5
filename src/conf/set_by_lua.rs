//! `set_by_lua`: an instruction of the rewrite module.
//!
//! The rewrite module runs a list of instructions in the order of the
//! configuration. Ours computes the value and leaves it on the script engine's
//! stack; nginx's own instruction then assigns it to the variable.

use super::Chunk;
use super::cf::{Conf, NO_MEMORY, Outcome, Refused, complex_value};
use crate::ngx::NgxStr;
use crate::sys::*;

/// The instruction as it stands in the code array.
#[repr(C)]
pub(crate) struct SetCode {
    pub code: ngx_http_script_code_pt,
    /// Owned by the cycle's pool.
    pub set: *const Set,
}

pub(crate) struct Set {
    pub chunk: Chunk,
    pub args: Vec<ngx_http_complex_value_t>,
}

/// Adds the instructions of `set_by_lua $variable code [args]`.
pub(super) fn add(cf: Conf, chunk: Chunk) -> Outcome {
    let words = cf.args();
    let name = words[1].bytes();
    if name.len() < 2 || name[0] != b'$' {
        cf.log(
            NGX_LOG_EMERG,
            &format!("invalid variable name \"{}\"", String::from_utf8_lossy(name)),
        );
        return Err(Refused::Reported);
    }

    let mut variable = words[1];
    // SAFETY: the name has at least two bytes.
    unsafe { variable.data = variable.data.add(1) };
    variable.len -= 1;

    let args = words.get_mut(3..).unwrap_or_default();
    let args = args.iter_mut().map(|arg| complex_value(cf, arg)).collect::<Result<_, _>>()?;
    let set = cf.pool().own(|| Set { chunk, args }).ok_or(NO_MEMORY)?;

    // SAFETY: nginx's interface for variables and rewrite codes, used as the
    // rewrite module itself does; every returned pointer is checked.
    unsafe {
        let v = ngx_http_add_variable(
            cf.as_ptr(),
            &raw mut variable,
            (NGX_HTTP_VAR_CHANGEABLE | NGX_HTTP_VAR_WEAK) as ngx_uint_t,
        );
        if v.is_null() {
            return Err(Refused::Reported);
        }
        let index = ngx_http_get_variable_index(cf.as_ptr(), &raw mut variable);
        if index == ERROR {
            return Err(Refused::Reported);
        }
        if (*v).get_handler.is_none() {
            (*v).get_handler = Some(uninitialized);
            (*v).data = index as usize;
        }

        let code: *mut SetCode = push_code(cf)?;
        code.write(SetCode { code: cf.main_conf().handlers.set, set: set.as_ptr() });

        if (*v).set_handler.is_some() {
            let code: *mut ngx_http_script_var_handler_code_t = push_code(cf)?;
            (*code).code = Some(ngx_http_script_var_set_handler_code);
            (*code).handler = (*v).set_handler;
            (*code).data = (*v).data;
        } else {
            let code: *mut ngx_http_script_var_code_t = push_code(cf)?;
            (*code).code = Some(ngx_http_script_set_var_code);
            (*code).index = index as usize;
        }
    }
    Ok(())
}

/// Room for an instruction in the rewrite module's code array.
///
/// # Safety
/// Called while a directive with rewrite configuration is handled.
unsafe fn push_code<T>(cf: Conf) -> Result<*mut T, Refused> {
    // SAFETY: the rewrite module is part of every nginx with http and PCRE or
    // without; its configuration starts with the code array.
    let code = unsafe {
        let ctx: *mut ngx_http_conf_ctx_t = (*cf.as_ptr()).ctx.cast();
        let rewrite: *mut ngx_http_rewrite_loc_conf_t =
            (*(*ctx).loc_conf.add(ngx_http_rewrite_module.ctx_index)).cast();
        ngx_http_script_start_code(cf.pool().as_ptr(), &raw mut (*rewrite).codes, size_of::<T>())
    };
    if code.is_null() { Err(NO_MEMORY) } else { Ok(code.cast()) }
}

/// A variable that was never set reads as empty.
unsafe extern "C" fn uninitialized(
    r: *mut ngx_http_request_t,
    v: *mut ngx_http_variable_value_t,
    data: usize,
) -> ngx_int_t {
    // SAFETY: nginx passes a live request and a value to fill in; the index is
    // one that nginx gave out.
    unsafe {
        let core: *mut ngx_http_core_main_conf_t =
            http_module_main_conf(r, &raw const ngx_http_core_module);
        let variables = (*core).variables.as_slice::<ngx_http_variable_t>();
        let name = variables.get(data).map_or(&[] as &[u8], |v| v.name.bytes());
        crate::ngx::log::write(
            (*(*r).connection).log,
            NGX_LOG_WARN,
            0,
            format!("using uninitialized \"{}\" variable", String::from_utf8_lossy(name))
                .as_bytes(),
        );
        *v = ngx_http_variable_null_value;
    }
    OK
}
