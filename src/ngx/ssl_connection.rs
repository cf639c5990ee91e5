//! The TLS of a connection.

use core::ffi::{CStr, c_int, c_void};
use core::ptr::NonNull;

use crate::sys::openssl::{OpenSsl, openssl};
use crate::sys::*;

/// The TLS of a connection that has it; good as long as the connection has it.
#[derive(Clone, Copy)]
pub(crate) struct SslConnection {
    pub(super) library: &'static OpenSsl,
    pub(super) connection: NonNull<ngx_connection_t>,
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
    pub(super) fn state(self) -> *mut ngx_ssl_connection_t {
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
