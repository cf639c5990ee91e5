//! The configuration that a request is served with.

use core::ffi::c_void;
use core::ptr::NonNull;

use super::Request;
use crate::sys::*;

/// The arrays with each http module's configuration. They belong to a cycle.
#[derive(Clone, Copy)]
pub(crate) struct HttpConf {
    pub main: *mut *mut c_void,
    pub server: *mut *mut c_void,
    pub location: *mut *mut c_void,
}

impl HttpConf {
    pub(crate) fn of_request(request: Request) -> Self {
        // SAFETY: live request.
        unsafe {
            let r = request.as_ptr();
            Self { main: (*r).main_conf, server: (*r).srv_conf, location: (*r).loc_conf }
        }
    }

    /// What `http {}` itself says. Settings that it does not have are unset
    /// here: only servers get the defaults. `None` without `http {}`.
    ///
    /// # Safety
    /// The cycle is live.
    pub(crate) unsafe fn of_cycle(cycle: *mut ngx_cycle_t) -> Option<Self> {
        // SAFETY: a cycle has a place for each core module's configuration.
        unsafe {
            let ctx = *(*cycle).conf_ctx.add(ngx_http_module.index);
            Some(Self::of_ctx(ctx.cast::<ngx_http_conf_ctx_t>().as_ref()?))
        }
    }

    fn of_ctx(ctx: &ngx_http_conf_ctx_t) -> Self {
        Self { main: ctx.main_conf, server: ctx.srv_conf, location: ctx.loc_conf }
    }

    /// For code outside of servers: of `modules`, what a location without any
    /// directive would have if it stood in `http {}`; of all others, what the
    /// first server has. `None` for lack of memory, or if a module refuses,
    /// which it then has logged.
    ///
    /// # Safety
    /// `http {}` was just read, and `cf` is the state of that. The modules have
    /// location configuration.
    pub(crate) unsafe fn of_http(
        cf: *mut ngx_conf_t,
        modules: &[*const ngx_module_t],
    ) -> Option<Self> {
        // SAFETY: the caller's promise. nginx calls the same functions in the
        // same way for each location.
        unsafe {
            let http = Self::of_ctx((*cf).ctx.cast::<ngx_http_conf_ctx_t>().as_ref()?);
            let base = http.first_server().unwrap_or(http);
            let size = ngx_http_max_module * size_of::<usize>();
            let location = NonNull::new(ngx_palloc((*cf).pool, size).cast::<*mut c_void>())?;
            let location = location.as_ptr();
            location.copy_from_nonoverlapping(base.location, ngx_http_max_module);
            for module in modules {
                let index = (**module).ctx_index;
                let functions = (**module).ctx.cast::<ngx_http_module_t>();
                let conf = NonNull::new((*functions).create_loc_conf?(cf))?.as_ptr();
                let outer = *http.location.add(index);
                if (*functions).merge_loc_conf?(cf, outer, conf) != NGX_CONF_OK {
                    return None;
                }
                *location.add(index) = conf;
            }
            Some(Self { location, ..base })
        }
    }

    /// The log that `error_log` asks for.
    pub(crate) fn error_log(self) -> Option<NonNull<ngx_log_t>> {
        // SAFETY: the arrays have a slot for each http module; the cycle lives.
        let core: *mut ngx_http_core_loc_conf_t =
            unsafe { (*self.location.add(ngx_http_core_module.ctx_index)).cast() };
        // SAFETY: as above.
        NonNull::new(unsafe { (*core).error_log })
    }

    /// What stands in the first `server {}`, if there is one.
    pub(crate) fn first_server(self) -> Option<Self> {
        // SAFETY: the array has pointers to the servers' configuration.
        unsafe {
            let servers = self.core().servers.as_slice::<*mut ngx_http_core_srv_conf_t>();
            Some(Self::of_ctx(&*(**servers.first()?).ctx))
        }
    }

    /// How many variables are numbered.
    pub(super) fn variables(self) -> usize {
        self.core().variables.nelts
    }

    fn core(&self) -> &ngx_http_core_main_conf_t {
        // SAFETY: as for `error_log`.
        unsafe { &*(*self.main.add(ngx_http_core_module.ctx_index)).cast() }
    }
}
