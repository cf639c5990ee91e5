//! TLS: OpenSSL's objects, and nginx's code around them.

use core::ffi::{CStr, c_char, c_int, c_long, c_void};
use core::ptr::{self, NonNull};
use std::ffi::CString;
use std::path::Path;
use std::sync::OnceLock;

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
        let mut context = Self { library, ssl };
        if status != OK {
            return Ok(Err(Logged));
        }
        // SAFETY: the context is live; the function does not look at the first argument.
        let cached = unsafe {
            library.ngx_ssl_client_session_cache(ptr::null_mut(), &raw mut *context.ssl, 1)
        };
        if cached != OK {
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

    /// OpenSSL's context.
    pub(crate) fn as_ptr(&self) -> *mut SSL_CTX {
        self.ssl.ctx
    }

    /// Has a connection begin with TLS; false if that fails, which is logged.
    ///
    /// # Safety
    /// The connection is open and has a pool.
    pub(super) unsafe fn create(&self, connection: *mut ngx_connection_t) -> bool {
        let ssl = (&raw const *self.ssl).cast_mut();
        // SAFETY: the caller's promise; nginx only reads the context.
        unsafe {
            let flags = (NGX_SSL_BUFFER | NGX_SSL_CLIENT) as ngx_uint_t;
            self.library.ngx_ssl_create_connection(ssl, connection, flags) == OK
        }
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: connections have their own references to OpenSSL's object.
        unsafe { self.library.ngx_ssl_cleanup_ctx((&raw mut *self.ssl).cast()) }
    }
}

/// What two sides have agreed on, to be taken up by another connection.
pub(crate) struct Session {
    library: &'static OpenSsl,
    session: NonNull<SSL_SESSION>,
}

impl Session {
    /// # Safety
    /// The pointer is null or a reference to a session, which this takes over.
    pub(crate) unsafe fn from_raw(session: *mut c_void) -> Option<Self> {
        Some(Self { library: openssl().ok()?, session: NonNull::new(session.cast())? })
    }

    pub(crate) fn into_raw(self) -> *mut c_void {
        let session = self.session.as_ptr();
        core::mem::forget(self);
        session.cast()
    }

    pub(super) fn as_ptr(&self) -> *mut SSL_SESSION {
        self.session.as_ptr()
    }

    /// Remembers the session that the server has sent for a connection whose handshake
    /// ended with this one.
    pub(crate) fn set_successor(&self, session: Session) {
        let Some(index) = successor_index(self.library) else { return };
        // SAFETY: live; what is there, only `set_successor` puts there.
        unsafe {
            let earlier = self.library.SSL_SESSION_get_ex_data(self.as_ptr(), index);
            drop(Session::from_raw(earlier));
            let set = self.library.SSL_SESSION_set_ex_data;
            let session = session.into_raw();
            if set(self.as_ptr(), index, session) != 1 {
                drop(Session::from_raw(session));
                set(self.as_ptr(), index, ptr::null_mut());
            }
        }
    }

    /// The session to take up: this one, or its successor if there is nothing in this
    /// one.
    pub(super) fn newest(&self) -> *mut SSL_SESSION {
        if self.is_resumable() {
            return self.as_ptr();
        }
        let successor = successor_index(self.library).map(|index| {
            // SAFETY: as above; this session keeps it.
            unsafe { self.library.SSL_SESSION_get_ex_data(self.as_ptr(), index) }
        });
        match successor {
            Some(session) if !session.is_null() => session.cast(),
            _ => self.as_ptr(),
        }
    }

    /// Whether there is anything in it to take up; with TLS 1.3 the server sends that
    /// after the handshake.
    pub(crate) fn is_resumable(&self) -> bool {
        // SAFETY: live.
        unsafe { self.library.SSL_SESSION_is_resumable(self.session.as_ptr()) == 1 }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // SAFETY: the reference is ours.
        unsafe { self.library.SSL_SESSION_free(self.session.as_ptr()) }
    }
}

impl Clone for Session {
    fn clone(&self) -> Self {
        // SAFETY: live; it cannot fail.
        unsafe { self.library.SSL_SESSION_up_ref(self.session.as_ptr()) };
        Self { library: self.library, session: self.session }
    }
}

/// Where a session of OpenSSL's has its successor.
fn successor_index(library: &OpenSsl) -> Option<c_int> {
    static INDEX: OnceLock<c_int> = OnceLock::new();

    unsafe extern "C" fn free(
        _session: *mut c_void,
        successor: *mut c_void,
        _data: *mut CRYPTO_EX_DATA,
        _index: c_int,
        _number: c_long,
        _pointer: *mut c_void,
    ) {
        // SAFETY: the session that is freed had the reference.
        super::callback("TLS session", (), || drop(unsafe { Session::from_raw(successor) }));
    }

    unsafe extern "C" fn dup(
        _to: *mut CRYPTO_EX_DATA,
        _from: *const CRYPTO_EX_DATA,
        successor: *mut *mut c_void,
        _index: c_int,
        _number: c_long,
        _pointer: *mut c_void,
    ) -> c_int {
        // SAFETY: OpenSSL passes the place of what the copy gets.
        unsafe { *successor = ptr::null_mut() };
        1
    }

    let index = *INDEX.get_or_init(|| {
        let class = CRYPTO_EX_INDEX_SSL_SESSION as c_int;
        // SAFETY: the functions are those that OpenSSL expects. OpenSSL 1.1.1 says of
        // `dup` that the place is a `void *`, and calls it in the same way.
        unsafe {
            let dup = core::mem::transmute::<*const (), CRYPTO_EX_dup>(dup as *const ());
            library.CRYPTO_get_ex_new_index(class, 0, ptr::null_mut(), None, dup, Some(free))
        }
    });
    (index >= 0).then_some(index)
}

/// Certificates to trust.
pub(crate) struct Store {
    library: &'static OpenSsl,
    store: NonNull<X509_STORE>,
}

/// Where systems have the certificates that they trust, if OpenSSL does not know.
const BUNDLES: &[&CStr] = &[
    c"/etc/ssl/certs/ca-certificates.crt",
    c"/etc/pki/tls/certs/ca-bundle.crt",
    c"/etc/ssl/ca-bundle.pem",
    c"/etc/ssl/cert.pem",
];

impl Store {
    /// The certificates that the system trusts, and the file that has them: that of
    /// the environment or of OpenSSL's build, else the first of those that systems
    /// are known to have.
    pub(crate) fn of_system() -> Result<(Self, String), String> {
        let library = openssl()?;
        // SAFETY: both are static texts.
        let (variable, default) = unsafe {
            (
                CStr::from_ptr(library.X509_get_default_cert_file_env()),
                CStr::from_ptr(library.X509_get_default_cert_file()),
            )
        };
        let named = variable.to_str().ok().and_then(std::env::var_os);
        let named = named.and_then(|name| CString::new(name.into_encoded_bytes()).ok());
        let file = match &named {
            Some(name) => name,
            None => [default]
                .iter()
                .chain(BUNDLES)
                .copied()
                .find(|file| file.to_str().is_ok_and(|file| Path::new(file).exists()))
                .ok_or("the system has no file with certificates to trust")?,
        };

        // SAFETY: no arguments.
        let store = NonNull::new(unsafe { library.X509_STORE_new() }).ok_or("no memory")?;
        let store = Self { library, store };
        // SAFETY: live; the name is a C string.
        let loaded = unsafe {
            library.X509_STORE_load_locations(store.as_ptr(), file.as_ptr(), ptr::null())
        };
        let file = file.to_string_lossy().into_owned();
        if loaded != 1 {
            // SAFETY: no arguments.
            unsafe { library.ERR_clear_error() };
            return Err(format!("the certificates in \"{file}\" cannot be read"));
        }
        Ok((store, file))
    }

    /// # Safety
    /// The pointer is null or a reference to a store, which this takes over.
    pub(crate) unsafe fn from_raw(store: *mut c_void) -> Option<Self> {
        Some(Self { library: openssl().ok()?, store: NonNull::new(store.cast())? })
    }

    pub(super) fn as_ptr(&self) -> *mut X509_STORE {
        self.store.as_ptr()
    }
}

impl Clone for Store {
    fn clone(&self) -> Self {
        // SAFETY: live; it cannot fail.
        unsafe { self.library.X509_STORE_up_ref(self.store.as_ptr()) };
        Self { library: self.library, store: self.store }
    }
}

impl PartialEq for Store {
    fn eq(&self, other: &Self) -> bool {
        self.store == other.store
    }
}

impl Eq for Store {}

impl Drop for Store {
    fn drop(&mut self) {
        // SAFETY: the reference is ours.
        unsafe { self.library.X509_STORE_free(self.store.as_ptr()) }
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
