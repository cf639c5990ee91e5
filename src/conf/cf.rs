//! nginx's state while it reads the configuration, and the ways to refuse a
//! directive.

use super::MainConf;
use crate::ngx::Pool;
use crate::sys::*;

/// nginx's view of the configuration while it is read.
#[derive(Clone, Copy)]
pub(crate) struct Conf(*mut ngx_conf_t);

impl Conf {
    /// # Safety
    /// `cf` is what nginx passed to the running callback.
    pub(crate) unsafe fn from_ptr(cf: *mut ngx_conf_t) -> Self {
        Self(cf)
    }

    pub(crate) fn as_ptr(self) -> *mut ngx_conf_t {
        self.0
    }

    pub(crate) fn pool(self) -> Pool {
        // SAFETY: the cycle's pool outlives its configuration.
        unsafe { Pool::from_ptr((*self.0).pool) }
    }

    pub(crate) fn file(self) -> *mut ngx_conf_file_t {
        // SAFETY: set while a directive is handled.
        unsafe { (*self.0).conf_file }
    }

    /// The words of the directive, its name first.
    pub(super) fn args(self) -> &'static mut [ngx_str_t] {
        // SAFETY: nginx's parser fills in the array; the strings live in the
        // cycle's pool.
        unsafe { (*(*self.0).args).as_slice_mut::<ngx_str_t>() }
    }

    pub(crate) fn main_conf(self) -> &'static mut MainConf {
        // SAFETY: inside http {} the context has the arrays; configuration is
        // read by one thread, and no other reference is alive in a setter.
        unsafe {
            let ctx: *mut ngx_http_conf_ctx_t = (*self.0).ctx.cast();
            let conf = *(*ctx).main_conf.add((*crate::sys::module()).ctx_index);
            &mut *conf.cast::<MainConf>()
        }
    }

    pub(super) fn line(self) -> usize {
        // SAFETY: as for `file`.
        unsafe { (*self.file()).line }
    }

    /// Writes a line that ends with the file and the line being read.
    pub(crate) fn log(self, level: u32, message: &str) {
        // SAFETY: "%*s" takes a length and a pointer.
        unsafe {
            ngx_conf_log_error(
                level as ngx_uint_t,
                self.0,
                0,
                c"%*s".as_ptr(),
                message.len(),
                message.as_ptr(),
            );
        }
    }

    /// The same for another line of the file.
    pub(super) fn log_at(self, level: u32, line: Option<usize>, message: &str) {
        let current = self.line();
        // SAFETY: as for `file`.
        unsafe {
            (*self.file()).line = line.unwrap_or(current);
            self.log(level, message);
            (*self.file()).line = current;
        }
    }

    pub(super) fn refuse(self, message: &str) -> Outcome {
        self.log(NGX_LOG_EMERG, message);
        Err(Refused::Reported)
    }
}

/// Why a directive is refused.
pub(super) enum Refused {
    /// A line was written.
    Reported,
    /// nginx makes a line of it: `"directive" <reason>`.
    Reason(&'static core::ffi::CStr),
}

pub(super) type Outcome = Result<(), Refused>;

pub(super) const DUPLICATE: Refused = Refused::Reason(c"is duplicate");
pub(super) const NO_MEMORY: Refused = Refused::Reason(c"cannot be stored: no memory");

/// Compiles a value with variables.
pub(super) fn complex_value(
    cf: Conf,
    value: &mut ngx_str_t,
) -> Result<ngx_http_complex_value_t, Refused> {
    // SAFETY: all-zero is the initial state of both; the value is parsed into
    // the pool and the structure is copied out.
    unsafe {
        let mut compiled: ngx_http_complex_value_t = core::mem::zeroed();
        let mut ccv: ngx_http_compile_complex_value_t = core::mem::zeroed();
        ccv.cf = cf.as_ptr();
        ccv.value = value;
        ccv.complex_value = &raw mut compiled;
        if ngx_http_compile_complex_value(&raw mut ccv) != OK {
            return Err(Refused::Reported);
        }
        Ok(compiled)
    }
}
