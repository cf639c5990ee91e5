//! A request that no client made, for functions of other modules that take one
//! and are called outside of requests.

use core::ptr::NonNull;

use super::{Pool, Request};
use crate::sys::*;

/// Memory of a request's pool at first.
const POOL_SIZE: usize = 4096;

/// Ends with its memory when it is dropped.
pub(crate) struct FakeRequest {
    pool: Pool,
    request: NonNull<ngx_http_request_t>,
}

impl FakeRequest {
    /// A request for the first server of the cycle. `None` if there is no
    /// server or no memory.
    ///
    /// # Safety
    /// Cycle and log are live, and longer than the request.
    pub(crate) unsafe fn new(cycle: *mut ngx_cycle_t, log: *mut ngx_log_t) -> Option<Self> {
        // SAFETY: the caller's promise; http {} was read, as Lua code runs.
        unsafe {
            let http: *mut ngx_http_conf_ctx_t =
                (*(*cycle).conf_ctx.add(ngx_http_module.index)).cast();
            let main: *mut ngx_http_core_main_conf_t =
                (*(*http).main_conf.add(ngx_http_core_module.ctx_index)).cast();
            let servers = (*main).servers.as_slice::<*mut ngx_http_core_srv_conf_t>();
            let conf = (**servers.first()?).ctx;

            let pool = NonNull::new(ngx_create_pool(POOL_SIZE, log))?;
            let pool = Pool::from_ptr(pool.as_ptr());
            let mut fake = Self { pool, request: NonNull::dangling() };
            let connection = pool.zeroed::<ngx_connection_t>()?.as_ptr();
            fake.request = pool.zeroed()?;
            let r = fake.request.as_ptr();

            (*connection).fd = -1;
            (*connection).pool = pool.as_ptr();
            (*connection).log = log;
            (*r).connection = connection;
            (*r).pool = pool.as_ptr();
            (*r).main = r;
            (*r).main_conf = (*conf).main_conf;
            (*r).srv_conf = (*conf).srv_conf;
            (*r).loc_conf = (*conf).loc_conf;

            let contexts = ngx_http_max_module * size_of::<usize>();
            (*r).ctx = ngx_pcalloc(pool.as_ptr(), contexts).cast();
            let variables = (*main).variables.nelts * size_of::<ngx_http_variable_value_t>();
            (*r).variables = ngx_pcalloc(pool.as_ptr(), variables).cast();
            let complete = !(*r).ctx.is_null() && !(*r).variables.is_null();
            complete.then_some(fake)
        }
    }

    pub(crate) fn request(&self) -> Request {
        // SAFETY: made in `new`; the caller does not keep it longer than us.
        unsafe { Request::from_ptr(self.request.as_ptr()) }
    }
}

impl Drop for FakeRequest {
    fn drop(&mut self) {
        // SAFETY: the pool is ours.
        unsafe { ngx_destroy_pool(self.pool.as_ptr()) }
    }
}
