//! The methods of TCP sockets that are about TLS. Their Lua half, `tls.lua`, looks
//! at the arguments and makes objects of addresses.

use core::ffi::{c_int, c_void};
use core::mem::ManuallyDrop;

use super::object::{check_object, current, failed, push_metatable, socket, usable, wait};
use crate::api::call::cannot_wait;
use crate::lua::{Raise, Return, State, code, function};
use crate::ngx;
use crate::ngx::certificate::Certificates;
use crate::ngx::ssl::{Session, Store};
use crate::socket::{Step, Tcp, Tls};
use crate::sys::lua::{self as ffi, lua_CFunction};

/// Each has the metatable of the userdata as its upvalue.
const NATIVES: &[(&str, lua_CFunction)] = &[
    ("free_session", function(free_session_address)),
    ("handshake", function(handshake)),
    ("may_set_trust", function(may_set_trust)),
    ("session", function(session)),
    ("ssl_context", function(ssl_context)),
    ("ssl_pointer", function(ssl_pointer)),
];

const SOURCE: &str = include_str!("tls.lua");

/// Adds the methods to the table on top of the stack, with the metatable of the
/// userdata below it.
pub(super) fn open(l: State) -> Result<(), String> {
    let metatable = l.top();
    code::compile(l, SOURCE.as_bytes(), c"=[C]").map_err(|error| error.to_string())?;
    l.push_value(metatable);
    push_metatable(l, metatable - 1, &[NATIVES]);
    // SAFETY: the function and its arguments are on the stack.
    match unsafe { ffi::lua_pcall(l.as_ptr(), 2, 0, 0) } {
        ffi::LUA_OK => Ok(()),
        _ => Err(String::from_utf8_lossy(l.bytes(-1).unwrap_or_default()).into_owned()),
    }
}

/// The address of the function that frees a session.
fn free_session_address(l: State) -> Return {
    unsafe extern "C" fn free(session: *mut c_void) {
        ngx::callback("TLS session", (), || {
            // SAFETY: the garbage collector frees each reference once.
            drop(unsafe { Session::from_raw(session) });
        });
    }
    push_address(l, free as *const c_void)
}

/// `ok, before = handshake(sock, session, server_name, verify, status, cert, key, store)`
///
/// Objects are given as addresses. Returns true, and whether TLS was there before,
/// or nil and an error.
fn handshake(l: State) -> Return {
    check_object(l)?;
    let Some(socket) = socket(l)? else { return Ok(failed(l, "closed")) };
    let Some(owner) = socket.ctx() else { return Ok(failed(l, "closed")) };
    let (run, ctx) = current(l)?;
    if owner.request != ctx.request {
        return Ok(failed(l, "bad request"));
    }
    if let Some(busy) = socket.busy(true, true) {
        return Ok(failed(l, busy));
    }

    // SAFETY: the Lua half got them from the one who calls, who is to give what its
    // documentation says; its arguments keep them alive.
    let (session, certificates, store) = unsafe {
        (
            borrowed(Session::from_raw(address(l, 2))),
            borrowed(Certificates::from_raw(address(l, 6))),
            borrowed(Store::from_raw(address(l, 8))),
        )
    };
    let tls = Tls {
        session: session.as_deref(),
        server_name: l.bytes(3),
        verify: l.boolean(4),
        status: l.boolean(5),
        certificates: certificates.as_deref(),
        key: address(l, 7),
        store: store.as_deref(),
    };
    match socket.handshake(l, ctx, &tls) {
        Step::Done(results) => Ok(results),
        Step::Wait => {
            let Some(thread) = run.thread().filter(|_| run.can_wait(l)) else {
                socket.cancel_handshake();
                return Err(cannot_wait(l));
            };
            socket.wait_for_handshake(thread);
            Ok(wait(l))
        }
    }
}

/// `address, err = session(sock, resumable)`
///
/// A new reference to the session; with `resumable` only to one that can be taken
/// up.
fn session(l: State) -> Return {
    let Some(socket) = open_socket(l)? else { return Ok(failed(l, "closed")) };
    let Some(session) = socket.session() else {
        return Ok(failed(l, "no session"));
    };
    if l.boolean(2) && !session.is_resumable() {
        return Ok(failed(l, "not resumable"));
    }
    push_address(l, session.into_raw())
}

/// `address, err = ssl_pointer(sock)`
fn ssl_pointer(l: State) -> Return {
    let Some(socket) = open_socket(l)? else { return Ok(failed(l, "closed")) };
    match socket.tls() {
        Some(tls) => push_address(l, tls.as_ptr().cast()),
        None => Ok(failed(l, "no ssl connection")),
    }
}

/// `address, err = ssl_context(sock)`
fn ssl_context(l: State) -> Return {
    let Some(socket) = open_socket(l)? else { return Ok(failed(l, "closed")) };
    let Some(tls) = socket.tls() else { return Ok(failed(l, "no ssl connection")) };
    let context = tls.context();
    if context.is_null() {
        return Ok(failed(l, "no ssl context"));
    }
    push_address(l, context.cast())
}

/// `ok, err = may_set_trust(sock)`
///
/// Whether it is not too late to say which certificates are trusted.
fn may_set_trust(l: State) -> Return {
    check_object(l)?;
    if let Some(socket) = socket(l)? {
        let Some(owner) = socket.ctx() else { return Ok(failed(l, "closed")) };
        if owner.request != current(l)?.1.request {
            return Ok(failed(l, "bad request"));
        }
        if socket.tls().is_some() {
            return Ok(failed(
                l,
                "ssl handshake already done; trusted store cannot be changed on an established \
                 TLS connection",
            ));
        }
        if socket.connection().is_none() {
            return Ok(failed(l, "closed"));
        }
    }
    l.push_boolean(true);
    Ok(1)
}

/// The socket, if it has a connection.
fn open_socket<'a>(l: State) -> Result<Option<&'a Tcp>, Raise> {
    check_object(l)?;
    let usable = usable(l)?;
    Ok(usable.map(|(_, socket)| socket).filter(|socket| socket.connection().is_some()))
}

/// The address at `index`; null for nil.
fn address(l: State, index: c_int) -> *mut c_void {
    l.number(index) as usize as *mut c_void
}

/// What somebody else frees.
fn borrowed<T>(object: Option<T>) -> Option<ManuallyDrop<T>> {
    object.map(ManuallyDrop::new)
}

fn push_address(l: State, address: *const c_void) -> Return {
    // Addresses fit in a Lua number.
    l.push_number(address as usize as f64);
    Ok(1)
}
