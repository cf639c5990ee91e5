//! The TLS of a connection.

use core::ffi::{CStr, c_int, c_long, c_void};
use core::mem::ManuallyDrop;
use core::ops::Deref;
use core::ptr::{self, NonNull};

use super::certificate::Certificates;
use super::connection::Connection;
use super::ssl::{Context, Session, Store};
use crate::sys::openssl::{OpenSsl, openssl};
use crate::sys::*;

/// The TLS of a connection that has it; good as long as the connection has it.
#[derive(Clone, Copy)]
pub(crate) struct SslConnection {
    library: &'static OpenSsl,
    connection: NonNull<ngx_connection_t>,
}

/// How far a handshake came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    Done,
    /// nginx goes on with it, and calls the handler when it is over.
    Pending,
    /// nginx has logged it.
    Failed,
}

/// Memory of a connection's pool at first.
const POOL_SIZE: usize = 512;

impl Connection {
    /// Makes it one with TLS, for a handshake as the client; none if that fails,
    /// which is logged.
    pub(crate) fn start_tls(self, context: &Context) -> Option<SslConnection> {
        let connection = self.as_ptr();
        // SAFETY: an open connection of ours; its pool ends with it.
        unsafe {
            if (*connection).pool.is_null() {
                (*connection).pool = ngx_create_pool(POOL_SIZE, (*connection).log);
            }
            if (*connection).pool.is_null() || !context.create(connection) {
                return None;
            }
            SslConnection::of(connection)
        }
    }

    /// The TLS of the connection, if it has that.
    pub(crate) fn tls(self) -> Option<SslConnection> {
        // SAFETY: open connection.
        unsafe { SslConnection::of(self.as_ptr()) }
    }
}

impl SslConnection {
    /// # Safety
    /// The connection is live.
    pub(crate) unsafe fn of(connection: *mut ngx_connection_t) -> Option<Self> {
        let connection = NonNull::new(connection)?;
        // SAFETY: the caller's promise.
        if unsafe { (*connection.as_ptr()).ssl.is_null() } {
            return None;
        }
        // A connection has no TLS without the functions.
        Some(Self { library: openssl().ok()?, connection })
    }

    /// What nginx has beside OpenSSL's object.
    fn state(self) -> *mut ngx_ssl_connection_t {
        // SAFETY: the connection is live and has TLS.
        unsafe { (*self.connection.as_ptr()).ssl }
    }

    /// nginx's connection.
    pub(crate) fn connection(self) -> *mut ngx_connection_t {
        self.connection.as_ptr()
    }

    /// OpenSSL's object.
    pub(crate) fn as_ptr(self) -> *mut SSL {
        // SAFETY: as above; so for all below.
        unsafe { (*self.state()).connection }
    }

    /// OpenSSL's object for the settings.
    pub(crate) fn context(self) -> *mut SSL_CTX {
        // SAFETY: live.
        unsafe { self.library.SSL_get_SSL_CTX(self.as_ptr()) }
    }

    /// Offers to take up an earlier session.
    pub(crate) fn set_session(self, session: Option<&Session>) -> bool {
        let session = session.map_or(ptr::null_mut(), Session::newest);
        // SAFETY: live, both; OpenSSL keeps a reference of its own.
        self.succeeded(unsafe { self.library.SSL_set_session(self.as_ptr(), session) } == 1)
    }

    /// Tells the server which name is meant.
    pub(crate) fn set_server_name(self, name: &CStr) -> bool {
        let kind = TLSEXT_NAMETYPE_host_name.into();
        self.control(SSL_CTRL_SET_TLSEXT_HOSTNAME, kind, name.as_ptr().cast_mut().cast())
    }

    /// Asks the server for what OCSP says of its certificate.
    pub(crate) fn request_status(self) -> bool {
        let kind = TLSEXT_STATUSTYPE_ocsp.into();
        self.control(SSL_CTRL_SET_TLSEXT_STATUS_REQ_TYPE, kind, ptr::null_mut())
    }

    /// Verifies with the certificates of this store instead of the context's.
    pub(crate) fn set_store(self, store: &Store) -> bool {
        self.control(SSL_CTRL_SET_VERIFY_CERT_STORE, 1, store.as_ptr().cast())
    }

    /// Has the client show a certificate; the error is that of `sslhandshake`.
    pub(crate) fn set_certificates(self, chain: &Certificates) -> Result<(), &'static str> {
        let mut chain = chain.iter();
        let Some(leaf) = chain.next() else { return Err("invalid client certificate chain") };
        // SAFETY: live, both; OpenSSL keeps references of its own.
        let used = unsafe { self.library.SSL_use_certificate(self.as_ptr(), leaf.as_ptr()) } == 1;
        if !self.succeeded(used) {
            return Err("ssl set client certificate failed");
        }
        for certificate in chain {
            if !self.control(SSL_CTRL_CHAIN_CERT, 1, certificate.as_ptr().cast()) {
                return Err("ssl set client intermediate certificate failed");
            }
        }
        Ok(())
    }

    /// The key for that certificate.
    ///
    /// # Safety
    /// At the address is a private key of OpenSSL's.
    pub(crate) unsafe fn set_private_key(self, key: *mut c_void) -> bool {
        // SAFETY: live, and the caller's promise.
        self.succeeded(unsafe { self.library.SSL_use_PrivateKey(self.as_ptr(), key.cast()) } == 1)
    }

    /// Whether the client shows this certificate, or none.
    pub(crate) fn shows(self, chain: Option<&Certificates>) -> bool {
        // SAFETY: live.
        let shown = NonNull::new(unsafe { self.library.SSL_get_certificate(self.as_ptr()) });
        match (shown, chain.and_then(|chain| chain.iter().next())) {
            (None, None) => true,
            // SAFETY: live.
            (Some(a), Some(b)) => unsafe { self.library.X509_cmp(a.as_ptr(), b.as_ptr()) == 0 },
            _ => false,
        }
    }

    /// Begins the handshake, or goes on with it. `handler` is called when it is over,
    /// if it is pending now; until then nginx handles the connection's events.
    pub(crate) fn handshake(
        self,
        handler: unsafe extern "C" fn(*mut ngx_connection_t),
    ) -> Progress {
        // SAFETY: live.
        unsafe {
            let read = (*self.connection()).read;
            if (*read).timer_set() != 0 {
                // It would look like the end of the handshake.
                ngx_del_timer(read);
            }
            (*self.state()).handler = Some(handler);
            match self.library.ngx_ssl_handshake(self.connection()) {
                OK => Progress::Done,
                AGAIN => Progress::Pending,
                _ => Progress::Failed,
            }
        }
    }

    /// Whether the handshake has succeeded.
    pub(crate) fn is_established(self) -> bool {
        // SAFETY: live.
        unsafe { (*self.state()).handshaked() != 0 }
    }

    /// What the verification of the peer's certificate came to: `X509_V_OK`, or the
    /// number of an error and its text.
    pub(crate) fn verified(self) -> Result<(), (c_long, String)> {
        // SAFETY: live; the texts are static.
        unsafe {
            let result = self.library.SSL_get_verify_result(self.as_ptr());
            if result == c_long::from(X509_V_OK) {
                return Ok(());
            }
            let text = self.library.X509_verify_cert_error_string(result);
            Err((result, CStr::from_ptr(text).to_string_lossy().into_owned()))
        }
    }

    /// Whether the peer's certificate is for this name.
    pub(crate) fn is_for_host(self, name: &[u8]) -> bool {
        let mut name = ngx_str_t { len: name.len(), data: name.as_ptr().cast_mut() };
        // SAFETY: live; nginx only reads the name.
        self.succeeded(unsafe {
            self.library.ngx_ssl_check_host(self.connection(), &raw mut name) == OK
        })
    }

    /// The session, for a later connection.
    pub(crate) fn session(self) -> Option<Session> {
        // SAFETY: live; the reference is ours.
        unsafe { Session::from_raw(self.library.SSL_get1_session(self.as_ptr()).cast()) }
    }

    /// Has `handler` called when the server sends a session, for
    /// [`sent_session`](Self::sent_session).
    pub(crate) fn watch_sessions(self, handler: unsafe extern "C" fn(*mut ngx_connection_t)) {
        // SAFETY: live.
        unsafe { (*self.state()).save_session = Some(handler) }
    }

    /// The session that the server has sent, while the handler runs.
    pub(crate) fn sent_session(self) -> Option<Session> {
        // SAFETY: live; nginx keeps a reference of its own.
        let session = unsafe { Session::from_raw((*self.state()).session.cast()) };
        session.map(|session| ManuallyDrop::new(session).deref().clone())
    }

    /// Lets what is sent lie elsewhere when sending is tried again.
    pub(super) fn accept_moved_data(self) {
        let mode = SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER.into();
        // SAFETY: live; the result is the new mode.
        unsafe {
            self.library.SSL_ctrl(self.as_ptr(), SSL_CTRL_MODE as c_int, mode, ptr::null_mut())
        };
    }

    /// Ends TLS before it has begun.
    pub(crate) fn abandon(self) {
        // SAFETY: live; nobody has its parts.
        unsafe {
            self.library.SSL_free(self.as_ptr());
            (*self.connection()).ssl = ptr::null_mut();
        }
    }

    /// Ends TLS; nothing is waited for.
    pub(super) fn shut_down(self) {
        let connection = self.connection();
        // SAFETY: live.
        unsafe {
            (*self.state()).set_no_wait_shutdown(1);
            self.library.ngx_ssl_shutdown(connection);
            if !(*connection).ssl.is_null() {
                // There is no room for the alert: without it, it cannot fail.
                (*connection).set_error(1);
                self.library.ngx_ssl_shutdown(connection);
            }
        }
    }

    fn control(self, command: u32, number: c_long, pointer: *mut c_void) -> bool {
        // SAFETY: live; OpenSSL copies what is there, or keeps a reference of its own.
        let result =
            unsafe { self.library.SSL_ctrl(self.as_ptr(), command as c_int, number, pointer) };
        self.succeeded(result == 1)
    }

    /// Removes what went wrong from OpenSSL's list, where nginx would find it.
    fn succeeded(self, succeeded: bool) -> bool {
        if !succeeded {
            // SAFETY: no arguments.
            unsafe { self.library.ERR_clear_error() }
        }
        succeeded
    }

    /// The version as a number: 0x0303 is TLS 1.2.
    pub(crate) fn version(self) -> c_int {
        // SAFETY: live.
        unsafe { self.library.SSL_version(self.as_ptr()) }
    }

    /// The name that the client asked for.
    pub(crate) fn server_name(self) -> Option<Vec<u8>> {
        // SAFETY: live; the name is copied before anything can change it.
        unsafe {
            let kind = TLSEXT_NAMETYPE_host_name as c_int;
            let name = self.library.SSL_get_servername(self.as_ptr(), kind);
            (!name.is_null()).then(|| CStr::from_ptr(name).to_bytes().to_vec())
        }
    }

    /// The number that the client, or the server, has chosen at random.
    pub(crate) fn random(self, of_client: bool) -> Vec<u8> {
        let get = match of_client {
            true => self.library.SSL_get_client_random,
            false => self.library.SSL_get_server_random,
        };
        // SAFETY: live; without room, the result is how much is needed.
        unsafe { filled(|out, len| get(self.as_ptr(), out, len)) }
    }

    /// The secret that a session is about; none without a session.
    pub(crate) fn master_key(self) -> Option<Vec<u8>> {
        // SAFETY: live; as above.
        unsafe {
            let session = self.library.SSL_get_session(self.as_ptr());
            let get = self.library.SSL_SESSION_get_master_key;
            (!session.is_null()).then(|| filled(|out, len| get(session, out, len)))
        }
    }

    /// Secret bytes that both sides can make, for other protocols (RFC 5705);
    /// `early` ones are known before the handshake is over.
    pub(crate) fn keying_material(
        self,
        out: &mut [u8],
        label: &[u8],
        context: Option<&[u8]>,
        early: bool,
    ) -> Result<(), &'static str> {
        let (room, len) = (out.as_mut_ptr(), out.len());
        let bytes = context.unwrap_or_default();
        // SAFETY: live; the slices live longer than the call.
        let done = unsafe {
            let (ssl, library) = (self.as_ptr(), self.library);
            let (name, context_bytes) = (label.as_ptr().cast(), bytes.as_ptr());
            if early {
                library.SSL_export_keying_material_early(
                    ssl,
                    room,
                    len,
                    name,
                    label.len(),
                    context_bytes,
                    bytes.len(),
                )
            } else {
                let with = c_int::from(context.is_some());
                library.SSL_export_keying_material(
                    ssl,
                    room,
                    len,
                    name,
                    label.len(),
                    context_bytes,
                    bytes.len(),
                    with,
                )
            }
        };
        if done == 1 {
            return Ok(());
        }
        // SAFETY: no arguments.
        unsafe { self.library.ERR_clear_error() };
        Err(match early {
            true => "SSL_export_keying_material_early() failed",
            false => "SSL_export_keying_material() failed",
        })
    }
}

/// Whether a connection has taken up an earlier session.
///
/// # Safety
/// At the address is a live connection of OpenSSL's.
pub(crate) unsafe fn is_session_reused(ssl: *mut c_void) -> Option<bool> {
    // SAFETY: the caller's promise.
    Some(unsafe { openssl().ok()?.SSL_session_reused(ssl.cast()) } == 1)
}

/// Asks how much room is needed, and fills it.
///
/// # Safety
/// `get` writes up to `len` bytes, and gives the length if it gets no room.
unsafe fn filled(get: impl Fn(*mut u8, usize) -> usize) -> Vec<u8> {
    let mut bytes = vec![0; get(core::ptr::null_mut(), 0)];
    let len = get(bytes.as_mut_ptr(), bytes.len());
    bytes.truncate(len);
    bytes
}
