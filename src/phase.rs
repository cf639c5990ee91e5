//! The phases: where Lua code hooks into nginx.

pub(crate) mod access;
pub(crate) mod body_filter;
mod capture;
pub(crate) mod content;
pub(crate) mod exit_worker;
mod handler;
pub(crate) mod header_filter;
pub(crate) mod init;
pub(crate) mod init_worker;
pub(crate) mod log;
pub(crate) mod place;
pub(crate) mod precontent;
pub(crate) mod rewrite;
pub(crate) mod server_rewrite;
pub(crate) mod set;

use core::ffi::{c_char, c_void};
use core::ptr;

use crate::conf::cf::Conf;
use crate::conf::{Handlers, LocConf, MainConf, Phases};
use crate::ngx::{self, HttpConf};
use crate::sys::*;

/// nginx's view of the module as an http module.
pub(crate) static MODULE_CONTEXT: Exported<ngx_http_module_t> = Exported(ngx_http_module_t {
    preconfiguration: None,
    postconfiguration: Some(postconfiguration),
    create_main_conf: Some(create_main_conf),
    init_main_conf: Some(init_main_conf),
    create_srv_conf: None,
    merge_srv_conf: None,
    create_loc_conf: Some(create_loc_conf),
    merge_loc_conf: Some(merge_loc_conf),
});

impl Exported<ngx_http_module_t> {
    pub(crate) const fn as_ptr(&'static self) -> *mut c_void {
        (&raw const self.0).cast_mut().cast()
    }
}

unsafe extern "C" fn create_main_conf(cf: *mut ngx_conf_t) -> *mut c_void {
    ngx::callback("configuration", ptr::null_mut(), || {
        // SAFETY: nginx passes its configuration state.
        let cf = unsafe { Conf::from_ptr(cf) };
        let handlers = Handlers {
            content: Some(content::handler),
            set: Some(set::run_code),
            create_vm: init::create_vm,
            init: init::create_worker_vm,
        };
        // SAFETY: nginx reads the configuration for a cycle.
        let conf = MainConf::new(handlers, unsafe { (*cf.as_ptr()).cycle });
        cf.pool().own(|| conf).map_or(ptr::null_mut(), |conf| conf.as_ptr().cast())
    })
}

unsafe extern "C" fn init_main_conf(_cf: *mut ngx_conf_t, conf: *mut c_void) -> *mut c_char {
    ngx::callback("configuration", NGX_CONF_ERROR, || {
        // SAFETY: what create_main_conf returned.
        unsafe { (*conf.cast::<MainConf>()).finish() };
        NGX_CONF_OK
    })
}

unsafe extern "C" fn create_loc_conf(cf: *mut ngx_conf_t) -> *mut c_void {
    ngx::callback("configuration", ptr::null_mut(), || {
        // SAFETY: nginx passes its configuration state.
        let cf = unsafe { Conf::from_ptr(cf) };
        cf.pool().own(LocConf::new).map_or(ptr::null_mut(), |conf| conf.as_ptr().cast())
    })
}

unsafe extern "C" fn merge_loc_conf(
    cf: *mut ngx_conf_t,
    outer: *mut c_void,
    conf: *mut c_void,
) -> *mut c_char {
    ngx::callback("configuration", NGX_CONF_ERROR, || {
        // SAFETY: what create_loc_conf returned, twice, and nginx's configuration
        // state.
        let (cf, conf, outer) = unsafe {
            (Conf::from_ptr(cf), &mut *conf.cast::<LocConf>(), &*outer.cast::<LocConf>())
        };
        if !conf.merge(cf, outer) {
            return NGX_CONF_ERROR;
        }
        content::inherit(cf, conf);
        NGX_CONF_OK
    })
}

/// Installs handlers and filters and creates the worker's machine, once all of
/// `http {}` was read.
unsafe extern "C" fn postconfiguration(cf: *mut ngx_conf_t) -> ngx_int_t {
    ngx::callback("configuration", ERROR, || {
        // SAFETY: nginx passes its configuration state.
        let cf = unsafe { Conf::from_ptr(cf) };
        let conf = cf.main_conf();
        let used = conf.used;

        let handlers: [(Phases, ngx_http_phases, place::Handler); 4] = [
            (
                Phases::SERVER_REWRITE,
                ngx_http_phases_NGX_HTTP_SERVER_REWRITE_PHASE,
                server_rewrite::handler,
            ),
            (Phases::REWRITE, ngx_http_phases_NGX_HTTP_REWRITE_PHASE, rewrite::handler),
            (Phases::ACCESS, ngx_http_phases_NGX_HTTP_ACCESS_PHASE, access::handler),
            (Phases::PRECONTENT, ngx_http_phases_NGX_HTTP_PRECONTENT_PHASE, precontent::handler),
        ];
        let installed = handlers
            .into_iter()
            .all(|(phase, place, handler)| !used.contains(phase) || place::add(cf, place, handler))
            && (!used.contains(Phases::LOG) || place::add_first_to_log(cf, log::handler));
        if !installed {
            return ERROR;
        }

        if conf.asks_for_thread_cache && crate::lua::coroutine::cannot_be_reused() {
            cf.log(
                NGX_LOG_EMERG,
                "lua_thread_cache_max_entries has no effect when LuaJIT has no support for the \
                 lua_resetthread API (you forgot to use OpenResty's LuaJIT?)",
            );
            return ERROR;
        }

        // The filter that is installed last runs first.
        if used.intersects(Phases::CAPTURE) {
            capture::install();
        }
        // Code that filters the body needs the header filter to say so.
        if used.intersects(Phases::HEADER_FILTER | Phases::BODY_FILTER) {
            header_filter::install();
        }
        if used.contains(Phases::BODY_FILTER) {
            body_filter::install();
        }

        if conf.init_worker.is_some() {
            // SAFETY: http {} was read; both modules have location configuration.
            let http = unsafe {
                let modules = [&raw const ngx_http_core_module, crate::sys::module()];
                HttpConf::of_http(cf.as_ptr(), &modules)
            };
            let Some(http) = http else { return ERROR };
            conf.http = Some(http);
        }

        // Where there are zones, `ngx.shared` can be used from the beginning.
        if conf.zones.is_empty() { init::create_worker_vm(conf) } else { OK }
    })
}
