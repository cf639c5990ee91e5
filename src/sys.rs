//! Raw bindings: nginx's C interface, those of LuaJIT and PCRE2, and the few nginx
//! macros that bindgen cannot translate, under their nginx names.

pub(crate) mod lua;
#[cfg(ngx_feature = "ssl")]
pub(crate) mod openssl;
pub(crate) mod pcre2;

pub(crate) use generated::*;
pub(crate) use nginx_sys::*;

use core::ffi::{CStr, c_char, c_uint, c_void};
use core::ptr;
use std::ffi::CString;

#[allow(non_camel_case_types, non_upper_case_globals, missing_docs, dead_code)]
mod generated {
    use nginx_sys::*;
    include!(concat!(env!("OUT_DIR"), "/bindings.rs"));
}

pub(crate) const NGX_CONF_OK: *mut c_char = ptr::null_mut();
pub(crate) const NGX_CONF_ERROR: *mut c_char = ptr::without_provenance_mut(usize::MAX);

pub(crate) const OK: ngx_int_t = NGX_OK as ngx_int_t;
pub(crate) const ERROR: ngx_int_t = NGX_ERROR as ngx_int_t;
pub(crate) const AGAIN: ngx_int_t = NGX_AGAIN as ngx_int_t;
pub(crate) const DONE: ngx_int_t = NGX_DONE as ngx_int_t;
pub(crate) const DECLINED: ngx_int_t = NGX_DECLINED as ngx_int_t;

/// A static that C code reads and nginx writes while it loads modules.
#[derive(Debug)]
#[repr(transparent)]
pub struct Exported<T>(pub(crate) T);

// SAFETY: nginx loads modules and reads configuration in one thread.
unsafe impl<T> Sync for Exported<T> {}

/// The address of a symbol of the program or of a library that it has loaded;
/// null if there is none.
pub(crate) fn symbol(name: &CStr) -> *mut c_void {
    unsafe extern "C" {
        fn dlsym(handle: *mut c_void, symbol: *const c_char) -> *mut c_void;
    }
    // SAFETY: a null handle is RTLD_DEFAULT on Linux and BSD.
    unsafe { dlsym(ptr::null_mut(), name.as_ptr()) }
}

/// `if_nametoindex()`; `None` if there is no such network interface.
pub(crate) fn interface_number(name: &str) -> Option<u32> {
    unsafe extern "C" {
        fn if_nametoindex(name: *const c_char) -> c_uint;
    }
    let name = CString::new(name).ok()?;
    // SAFETY: the name is a C string.
    let number = unsafe { if_nametoindex(name.as_ptr()) };
    (number > 0).then_some(number)
}

/// `ngx_http_get_module_ctx()`
///
/// # Safety
/// `r` is a live request and `module` an http module of this nginx.
pub(crate) unsafe fn http_module_ctx(
    r: *mut ngx_http_request_t,
    module: *const ngx_module_t,
) -> *mut c_void {
    // SAFETY: nginx sizes the array for every http module before it creates requests.
    unsafe { *(*r).ctx.add((*module).ctx_index) }
}

/// `ngx_http_set_ctx()`
///
/// # Safety
/// As [`http_module_ctx`].
pub(crate) unsafe fn set_http_module_ctx(
    r: *mut ngx_http_request_t,
    ctx: *mut c_void,
    module: *const ngx_module_t,
) {
    // SAFETY: as above.
    unsafe { *(*r).ctx.add((*module).ctx_index) = ctx }
}

/// `ngx_http_get_module_loc_conf()` of a request.
///
/// # Safety
/// `r` is a live request and `module` has location configuration of type `T`.
pub(crate) unsafe fn http_module_loc_conf<T>(
    r: *mut ngx_http_request_t,
    module: *const ngx_module_t,
) -> *mut T {
    // SAFETY: the array has one slot per http module.
    unsafe { (*(*r).loc_conf.add((*module).ctx_index)).cast() }
}

/// `ngx_http_get_module_main_conf()` of a request.
///
/// # Safety
/// As [`http_module_loc_conf`], for main configuration.
pub(crate) unsafe fn http_module_main_conf<T>(
    r: *mut ngx_http_request_t,
    module: *const ngx_module_t,
) -> *mut T {
    // SAFETY: the array has one slot per http module.
    unsafe { (*(*r).main_conf.add((*module).ctx_index)).cast() }
}

/// Our own module, for nginx's accessors. It is defined at the top of the house.
pub(crate) fn module() -> *const ngx_module_t {
    unsafe extern "C" {
        #[allow(clashing_extern_declarations)]
        static mut ngx_http_lua_module: ngx_module_t;
    }
    &raw const ngx_http_lua_module
}
