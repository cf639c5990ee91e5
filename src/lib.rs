//! Lua in nginx: a dynamic module that gives stock nginx the `*_by_lua`
//! directives and the `ngx.*` Lua API.
//!
//! The map of the house; each room uses only those below it:
//!
//! * `c_api`: what other nginx modules call
//! * `phase`: one file per nginx phase, and what is installed where
//! * `api`: the functions that Lua code calls, by area
//! * `socket`: names, and the sockets that Lua code uses
//! * `sched`: running code for a request: coroutines, waiting, output
//! * `conf`: directives and what they set
//! * `lua`: the virtual machine
//! * `ngx`: thin handles over nginx's things
//! * `sys`: raw bindings

mod api;
mod c_api;
mod conf;
mod lua;
mod ngx;
mod panic;
mod phase;
mod sched;
mod socket;
mod sys;

use sys::{NGX_HTTP_MODULE, ngx_module_t, ngx_uint_t};

/// The module, under the name that `load_module` looks for.
#[unsafe(no_mangle)]
#[allow(non_upper_case_globals, missing_docs)]
pub static mut ngx_http_lua_module: ngx_module_t = ngx_module_t {
    ctx: phase::MODULE_CONTEXT.as_ptr(),
    commands: conf::directives::COMMANDS.as_ptr(),
    type_: NGX_HTTP_MODULE as ngx_uint_t,
    init_process: Some(phase::init_worker::init_process),
    exit_process: Some(phase::exit_worker::exit_process),
    ..ngx_module_t::default()
};

/// The modules of this library, for `load_module`.
#[cfg(feature = "export-modules")]
#[unsafe(no_mangle)]
#[allow(non_upper_case_globals)]
pub static ngx_modules: sys::Exported<[*const ngx_module_t; 2]> =
    sys::Exported([&raw const ngx_http_lua_module, core::ptr::null()]);

/// Their names.
#[cfg(feature = "export-modules")]
#[unsafe(no_mangle)]
#[allow(non_upper_case_globals)]
pub static ngx_module_names: sys::Exported<[*const core::ffi::c_char; 2]> =
    sys::Exported([c"ngx_http_lua_module".as_ptr(), core::ptr::null()]);

/// Where our filters stand: what the copy filter calls comes after them.
#[cfg(feature = "export-modules")]
#[unsafe(no_mangle)]
#[allow(non_upper_case_globals)]
pub static ngx_module_order: sys::Exported<[*const core::ffi::c_char; 3]> = sys::Exported([
    c"ngx_http_lua_module".as_ptr(),
    c"ngx_http_copy_filter_module".as_ptr(),
    core::ptr::null(),
]);
