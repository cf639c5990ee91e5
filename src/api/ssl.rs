//! The module `ngx.ssl`: certificates and keys, and what is known of the TLS of the
//! client's connection. Its Lua half, `modules/ssl.lua`, makes objects of addresses.

use core::ffi::{c_int, c_void};
use core::slice;

use super::call::{self, NO_REQUEST};
use super::function::Function;
use crate::lua::state::Type;
use crate::lua::{Raise, Return, State};
use crate::ngx::certificate::{Certificates, PrivateKey};
use crate::ngx::ssl_connection::{self, SslConnection};
use crate::ngx::{self, Request};
use crate::sys::*;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::native("free_certificates", free_certificates_address),
    Function::native("free_key", free_key_address),
    Function::native("parse_pem_cert", parse_pem_cert),
    Function::native("parse_der_cert", parse_der_cert),
    Function::native("parse_pem_priv_key", parse_pem_priv_key),
    Function::native("parse_der_priv_key", parse_der_priv_key),
    Function::native("cert_pem_to_der", cert_pem_to_der),
    Function::native("priv_key_pem_to_der", priv_key_pem_to_der),
    Function::native("get_tls1_version", get_tls1_version),
    Function::native("server_name", server_name),
    Function::native("server_port", server_port),
    Function::native("raw_server_addr", raw_server_addr),
    Function::native("raw_client_addr", raw_client_addr),
    Function::native("get_client_random", get_client_random),
    Function::native("get_server_random", get_server_random),
    Function::native("get_session_master_key", get_session_master_key),
    Function::native("export_keying_material", export_keying_material),
    Function::native("export_keying_material_early", export_keying_material_early),
    Function::native("request_ssl", request_ssl),
    Function::native("upstream_ssl", upstream_ssl),
    Function::native("ssl_session_reused", ssl_session_reused),
];

/// The address of the function that frees what `parse_pem_cert` gives.
fn free_certificates_address(l: State) -> Return {
    unsafe extern "C" fn free(stack: *mut c_void) {
        ngx::callback("certificate", (), || {
            // SAFETY: the garbage collector frees each address once.
            drop(unsafe { Certificates::from_raw(stack) });
        });
    }
    push_address(l, free as *const c_void)
}

/// The same for `parse_pem_priv_key`.
fn free_key_address(l: State) -> Return {
    unsafe extern "C" fn free(key: *mut c_void) {
        ngx::callback("private key", (), || {
            // SAFETY: as above.
            drop(unsafe { PrivateKey::from_raw(key) });
        });
    }
    push_address(l, free as *const c_void)
}

/// `cert, err = ssl.parse_pem_cert(pem)`
///
/// A certificate and the intermediate ones behind it. Phases: all.
fn parse_pem_cert(l: State) -> Return {
    let pem = text(l, 1, "pem")?;
    push_object(l, Certificates::from_pem(pem).map(Certificates::into_raw))
}

/// `cert, err = ssl.parse_der_cert(der)`
///
/// The same of the other encoding. Phases: all.
fn parse_der_cert(l: State) -> Return {
    let der = text(l, 1, "der")?;
    push_object(l, Certificates::from_der(der).map(Certificates::into_raw))
}

/// `key, err = ssl.parse_pem_priv_key(pem)`
///
/// A private key that is not encrypted. Phases: all.
fn parse_pem_priv_key(l: State) -> Return {
    let pem = text(l, 1, "pem")?;
    push_object(l, PrivateKey::from_pem(pem, None).map(PrivateKey::into_raw))
}

/// `key, err = ssl.parse_der_priv_key(der)`
///
/// The same of the other encoding. Phases: all.
fn parse_der_priv_key(l: State) -> Return {
    let der = text(l, 1, "der")?;
    push_object(l, PrivateKey::from_der(der).map(PrivateKey::into_raw))
}

/// `der, err = ssl.cert_pem_to_der(pem)`
///
/// The certificate and those behind it. Phases: all.
fn cert_pem_to_der(l: State) -> Return {
    let pem = text(l, 1, "pem")?;
    push_text(l, Certificates::from_pem(pem).and_then(|chain| chain.to_der()))
}

/// `der, err = ssl.priv_key_pem_to_der(pem, passphrase?)`
///
/// Phases: all.
fn priv_key_pem_to_der(l: State) -> Return {
    let pem = text(l, 1, "pem")?;
    let passphrase = match l.type_of(2) {
        Type::None | Type::Nil => None,
        Type::String => l.bytes(2),
        _ => return Err(l.type_error(2, "string")),
    };
    push_text(l, PrivateKey::from_pem(pem, passphrase).and_then(|key| key.to_der()))
}

/// `version, err = ssl.get_tls1_version()`
///
/// A number, 0x0303 for TLS 1.2; see the constants. Phases: of this and the
/// functions below all that serve a client, or run for its handshake; elsewhere
/// the error is "bad request".
fn get_tls1_version(l: State) -> Return {
    match client(l)? {
        Ok(ssl) => l.push_integer(ssl.version().into()),
        Err(reason) => return Ok(failed(l, reason)),
    }
    Ok(1)
}

/// `name, err = ssl.server_name()`
///
/// What the client asked for; nil if it did not.
fn server_name(l: State) -> Return {
    match client(l)?.map(SslConnection::server_name) {
        Ok(Some(name)) => l.push_bytes(name),
        Ok(None) => l.push_nil(),
        Err(reason) => return Ok(failed(l, reason)),
    }
    Ok(1)
}

/// `port, err = ssl.server_port()`
fn server_port(l: State) -> Return {
    let (sockaddr, _) = match local_address(l)? {
        Ok(address) => address,
        Err(reason) => return Ok(failed(l, reason)),
    };
    // SAFETY: an address of a live connection.
    unsafe {
        if u32::from((*sockaddr).sa_family) == AF_UNIX {
            return Ok(failed(l, "unix domain has no port"));
        }
        l.push_integer(ngx_inet_get_port(sockaddr).into());
    }
    Ok(1)
}

/// `bytes, kind, err = ssl.raw_server_addr()`
///
/// The bytes of an IP address and "inet" or "inet6", or a path and "unix".
fn raw_server_addr(l: State) -> Return {
    let address = local_address(l)?;
    push_address_bytes(l, address)
}

/// `bytes, kind, err = ssl.raw_client_addr()`
fn raw_client_addr(l: State) -> Return {
    let address = client(l)?.map(|ssl| {
        // SAFETY: a connection with TLS is live, and has its peer's address.
        unsafe { ((*ssl.connection()).sockaddr, (*ssl.connection()).socklen) }
    });
    push_address_bytes(l, address)
}

/// `bytes, err = ssl.get_client_random(outlen = 32)`
///
/// With 0 as `outlen`, how long the number is.
fn get_client_random(l: State) -> Return {
    let bytes = client(l)?.map(|ssl| ssl.random(true));
    push_secret(l, bytes, 32)
}

/// `bytes, err = ssl.get_server_random(outlen = 32)`
fn get_server_random(l: State) -> Return {
    let bytes = client(l)?.map(|ssl| ssl.random(false));
    push_secret(l, bytes, 32)
}

/// `bytes, err = ssl.get_session_master_key(outlen = 48)`
fn get_session_master_key(l: State) -> Return {
    let key = client(l)?.and_then(|ssl| ssl.master_key().ok_or("SSL_get_session() failed"));
    push_secret(l, key, 48)
}

/// `bytes, err = ssl.export_keying_material(len, label, context?)`
fn export_keying_material(l: State) -> Return {
    keying_material(l, false)
}

/// `bytes, err = ssl.export_keying_material_early(len, label, context)`
fn export_keying_material_early(l: State) -> Return {
    keying_material(l, true)
}

/// `address, err = request_ssl()`
fn request_ssl(l: State) -> Return {
    match client(l)? {
        Ok(ssl) => push_address(l, ssl.as_ptr().cast()),
        Err(reason) => Ok(failed(l, reason)),
    }
}

/// `address, err = upstream_ssl()`
fn upstream_ssl(l: State) -> Return {
    let Some(request) = request(l)? else { return Ok(failed(l, "bad request")) };
    // SAFETY: a live request; its upstream and that one's connection are live.
    let ssl = unsafe {
        let upstream = (*request.as_ptr()).upstream;
        if upstream.is_null() {
            return Ok(failed(l, "bad upstream"));
        }
        let connection = (*upstream).peer.connection;
        if connection.is_null() {
            return Ok(failed(l, "bad peer connection"));
        }
        SslConnection::of(connection)
    };
    match ssl {
        Some(ssl) => push_address(l, ssl.as_ptr().cast()),
        None => Ok(failed(l, "not ssl connection")),
    }
}

/// `reused = ssl_session_reused(address)`
fn ssl_session_reused(l: State) -> Return {
    let ssl = l.number(1) as usize as *mut c_void;
    // SAFETY: the module says that this has to be what `request_ssl` gave.
    match unsafe { ssl_connection::is_session_reused(ssl) } {
        Some(reused) => l.push_boolean(reused),
        None => return Ok(failed(l, "bad ssl")),
    }
    Ok(1)
}

/// The TLS of the client's connection.
fn client(l: State) -> Result<Result<SslConnection, &'static str>, Raise> {
    let Some(request) = request(l)? else { return Ok(Err("bad request")) };
    // SAFETY: a live request has a live connection.
    Ok(unsafe { SslConnection::of(request.connection()) }.ok_or("bad request"))
}

/// The request, unless there is one only for form's sake.
fn request(l: State) -> Result<Option<Request>, Raise> {
    let run = call::current(l, NO_REQUEST)?;
    Ok(run.ctx().map(|ctx| ctx.request))
}

/// Where the client has connected to.
fn local_address(l: State) -> Result<Result<(*mut sockaddr, socklen_t), &'static str>, Raise> {
    let ssl = match client(l)? {
        Ok(ssl) => ssl,
        Err(reason) => return Ok(Err(reason)),
    };
    // SAFETY: the connection is live; nginx asks the kernel if need be.
    unsafe {
        let connection = ssl.connection();
        if ngx_connection_local_sockaddr(connection, core::ptr::null_mut(), 0) != OK {
            return Ok(Err("bad request"));
        }
        Ok(Ok(((*connection).local_sockaddr, (*connection).local_socklen)))
    }
}

fn push_address_bytes(
    l: State,
    address: Result<(*mut sockaddr, socklen_t), &'static str>,
) -> Return {
    let (sockaddr, len) = match address {
        Ok(address) => address,
        Err(reason) => {
            l.push_nil();
            return Ok(1 + failed(l, reason));
        }
    };
    // SAFETY: the address of a live connection is as long as its family says.
    unsafe {
        match u32::from((*sockaddr).sa_family) {
            AF_INET => {
                let address = &raw const (*sockaddr.cast::<sockaddr_in>()).sin_addr;
                l.push_bytes(slice::from_raw_parts(address.cast::<u8>(), 4));
                l.push_bytes("inet");
            }
            AF_INET6 => {
                let address = &raw const (*sockaddr.cast::<sockaddr_in6>()).sin6_addr;
                l.push_bytes(slice::from_raw_parts(address.cast::<u8>(), 16));
                l.push_bytes("inet6");
            }
            AF_UNIX => {
                let path = &raw const (*sockaddr.cast::<sockaddr_un>()).sun_path;
                let room = (len as usize).saturating_sub(path.byte_offset_from(sockaddr) as usize);
                let path = slice::from_raw_parts(path.cast::<u8>(), room);
                l.push_bytes(path.split(|c| *c == 0).next().unwrap_or_default());
                l.push_bytes("unix");
            }
            family => {
                l.push_nil();
                return Ok(1 + failed(l, format!("unknown address type: {family}")));
            }
        }
    }
    Ok(2)
}

/// As much of the bytes as the argument asks for, or how many there are.
fn push_secret(l: State, bytes: Result<Vec<u8>, &str>, default: usize) -> Return {
    let wanted = match l.type_of(1) {
        Type::None | Type::Nil => default,
        _ if l.is_number(1) => l.number(1) as usize,
        _ => return Err(l.type_error(1, "number")),
    };
    match bytes {
        Ok(bytes) if wanted == 0 => l.push_integer(bytes.len() as i64),
        Ok(bytes) => l.push_bytes(&bytes[..wanted.min(bytes.len())]),
        Err(reason) => return Ok(failed(l, reason)),
    }
    Ok(1)
}

fn keying_material(l: State, early: bool) -> Return {
    /// What an export may ask for at most: a hash function's output times 255.
    const LONGEST: f64 = 65535.0;

    if !l.is_number(1) || !(0.0..=LONGEST).contains(&l.number(1)) {
        return Err(l.argument_error(1, "bad length"));
    }
    if l.type_of(2) != Type::String {
        return Err(l.type_error(2, "string"));
    }
    let context = match l.type_of(3) {
        Type::None | Type::Nil => None,
        Type::String => l.bytes(3),
        _ => return Err(l.type_error(3, "string")),
    };
    let mut out = vec![0; l.number(1) as usize];
    let label = l.bytes(2).unwrap_or_default();
    let done = client(l)?
        .map_err(|_| "bad ssl connection")
        .and_then(|ssl| ssl.keying_material(&mut out, label, context, early));
    push_text(l, done.map(|()| out))
}

/// A string argument; others have no length, which is what the C module finds.
fn text<'a>(l: State, index: c_int, name: &str) -> Result<&'a [u8], Raise> {
    if l.type_of(index) != Type::String {
        let found = match l.type_of(index) {
            Type::None => "nil",
            _ => l.type_name(index),
        };
        return Err(
            l.error(format_args!("attempt to get length of local '{name}' (a {found} value)"))
        );
    }
    let bytes = l.bytes(index).unwrap_or_default();
    // SAFETY: an argument stays on the stack as long as the function runs.
    Ok(unsafe { slice::from_raw_parts(bytes.as_ptr(), bytes.len()) })
}

fn push_object(l: State, object: Result<*mut c_void, &str>) -> Return {
    match object {
        Ok(address) => push_address(l, address),
        Err(reason) => Ok(failed(l, reason)),
    }
}

fn push_text(l: State, text: Result<Vec<u8>, &str>) -> Return {
    match text {
        Ok(text) => l.push_bytes(text),
        Err(reason) => return Ok(failed(l, reason)),
    }
    Ok(1)
}

fn push_address(l: State, address: *const c_void) -> Return {
    // Addresses fit in a Lua number.
    l.push_number(address as usize as f64);
    Ok(1)
}

/// `nil, reason`
fn failed(l: State, reason: impl AsRef<[u8]>) -> c_int {
    l.push_nil();
    l.push_bytes(reason);
    2
}
