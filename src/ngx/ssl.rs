//! TLS: OpenSSL's objects, and nginx's code around them.

use core::ffi::{CStr, c_char, c_int, c_void};
use core::ptr::{self, NonNull};

use super::NgxStr;
use crate::sys::openssl::{OpenSsl, openssl};
use crate::sys::*;

/// Settings for connections: OpenSSL's `SSL_CTX`, and what nginx has beside it.
pub(crate) struct Context {
    library: &'static OpenSsl,
    /// OpenSSL's object points to it.
    ssl: Box<ngx_ssl_t>,
}

/// Something went wrong, and a line in the log tells what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Logged;

impl Context {
    /// A context for these protocols (`NGX_SSL_TLSv1_2` …) that logs to `log`.
    /// The outer error is that this nginx has no TLS.
    pub(crate) fn new(
        protocols: ngx_uint_t,
        key_log: Option<KeyLog>,
        log: *mut ngx_log_t,
    ) -> Result<Result<Self, Logged>, &'static str> {
        let library = openssl()?;
        // SAFETY: all fields may be zero.
        let mut ssl: Box<ngx_ssl_t> = Box::new(unsafe { core::mem::zeroed() });
        ssl.log = log;
        let key_log_file = key_log.map_or(ptr::null_mut(), |file| file.0.as_ptr());
        // SAFETY: the box keeps its address; nginx only keeps the pointer to the file
        // for us.
        let status =
            unsafe { library.ngx_ssl_create(&raw mut *ssl, protocols, key_log_file.cast()) };
        let context = Self { library, ssl };
        if status != OK {
            return Ok(Err(Logged));
        }
        if key_log.is_some() {
            // SAFETY: the context is live.
            unsafe { library.SSL_CTX_set_keylog_callback(context.ssl.ctx, Some(log_key)) };
        }
        Ok(Ok(context))
    }

    pub(crate) fn set_ciphers(
        &mut self,
        cf: *mut ngx_conf_t,
        mut ciphers: ngx_str_t,
    ) -> Result<(), Logged> {
        let (ssl, ciphers) = (&raw mut *self.ssl, &raw mut ciphers);
        // SAFETY: as in `trust`.
        logged(unsafe { self.library.ngx_ssl_ciphers(cf, ssl, ciphers, 0) })
    }

    /// How many intermediate certificates there may be between that of the peer and
    /// the trusted one.
    pub(crate) fn set_verify_depth(&mut self, depth: c_int) {
        // SAFETY: the context is live.
        unsafe { self.library.SSL_CTX_set_verify_depth(self.ssl.ctx, depth) }
    }

    /// Trusts the certificates in a file.
    pub(crate) fn trust(
        &mut self,
        cf: *mut ngx_conf_t,
        mut file: ngx_str_t,
        depth: ngx_int_t,
    ) -> Result<(), Logged> {
        let (ssl, file) = (&raw mut *self.ssl, &raw mut file);
        // SAFETY: nginx makes the file's name absolute in its copy of it, and reads
        // the file; the configuration is being read.
        logged(unsafe { self.library.ngx_ssl_trusted_certificate(cf, ssl, file, depth) })
    }

    /// Has certificates looked up in the revocation lists in a file.
    pub(crate) fn set_crl(
        &mut self,
        cf: *mut ngx_conf_t,
        mut file: ngx_str_t,
    ) -> Result<(), Logged> {
        let (ssl, file) = (&raw mut *self.ssl, &raw mut file);
        // SAFETY: as in `trust`.
        logged(unsafe { self.library.ngx_ssl_crl(cf, ssl, file) })
    }

    /// Loads certificates and their keys, as many of them.
    ///
    /// # Safety
    /// The arrays have `ngx_str_t`.
    pub(crate) unsafe fn set_certificates(
        &mut self,
        cf: *mut ngx_conf_t,
        certificates: *mut ngx_array_t,
        keys: *mut ngx_array_t,
    ) -> Result<(), Logged> {
        let ssl = &raw mut *self.ssl;
        // SAFETY: as in `trust`, and the caller's promise; no passwords.
        logged(unsafe {
            self.library.ngx_ssl_certificates(cf, ssl, certificates, keys, ptr::null_mut())
        })
    }

    /// Runs OpenSSL's configuration commands.
    ///
    /// # Safety
    /// The array has `ngx_keyval_t`.
    pub(crate) unsafe fn run_commands(
        &mut self,
        cf: *mut ngx_conf_t,
        commands: *mut ngx_array_t,
    ) -> Result<(), Logged> {
        let ssl = &raw mut *self.ssl;
        // SAFETY: as in `trust`, and the caller's promise.
        logged(unsafe { self.library.ngx_ssl_conf_commands(cf, ssl, commands) })
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: connections have their own references to OpenSSL's object.
        unsafe { self.library.ngx_ssl_cleanup_ctx((&raw mut *self.ssl).cast()) }
    }
}

fn logged(status: ngx_int_t) -> Result<(), Logged> {
    if status == OK { Ok(()) } else { Err(Logged) }
}

/// A file that nginx opens with the new configuration, for the secrets of
/// connections.
#[derive(Clone, Copy)]
pub(crate) struct KeyLog(NonNull<ngx_open_file_t>);

impl KeyLog {
    /// Opens a file, relative to the server's prefix.
    pub(crate) fn open(cf: *mut ngx_conf_t, mut name: ngx_str_t) -> Option<Self> {
        // SAFETY: the configuration is being read.
        NonNull::new(unsafe { ngx_conf_open_file((*cf).cycle, &raw mut name) }).map(Self)
    }
}

/// Writes a line of the secrets of a connection.
unsafe extern "C" fn log_key(ssl: *const SSL, line: *const c_char) {
    super::callback("TLS key log", (), || {
        // SAFETY: OpenSSL passes a live connection and a line; its context was made
        // in `Context::new`, and nginx's file lives as long as the configuration.
        unsafe {
            let Ok(library) = openssl() else { return };
            let index = symbol(c"ngx_ssl_server_conf_index").cast::<c_int>();
            let ctx = library.SSL_get_SSL_CTX(ssl);
            let file: *mut ngx_open_file_t = match index.is_null() {
                true => return,
                false => library.SSL_CTX_get_ex_data(ctx, *index).cast(),
            };
            if !file.is_null() {
                let mut line = CStr::from_ptr(line).to_bytes().to_vec();
                line.push(b'\n');
                let written = write((*file).fd, line.as_ptr().cast(), line.len());
                if written != line.len() as isize {
                    let name = String::from_utf8_lossy((*file).name.bytes());
                    super::log::cycle_error(
                        NGX_LOG_ALERT,
                        format_args!("cannot write TLS secrets to \"{name}\""),
                    );
                }
            }
        }
    });
}

unsafe extern "C" {
    fn write(fd: c_int, data: *const c_void, len: usize) -> isize;
}
