//! Sockets that we connect: to servers, or for datagrams to one address.

use core::ffi::{c_int, c_void};
use core::mem;
use core::ptr::{self, NonNull};
use std::io;

use super::Address;
use crate::sys::*;

/// A connection of nginx's with a socket of ours. It is closed when it is
/// dropped.
pub(crate) struct Peer(NonNull<ngx_connection_t>);

/// What is sent over it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Stream,
    Datagrams,
}

/// Where a connection's events go, with the connection as the event's `data`.
pub(crate) type Handler = unsafe extern "C" fn(*mut ngx_event_t);

impl Peer {
    /// Starts to connect; a stream is connected when it can be written to. nginx
    /// logs why that fails, and the error is the system's, if it was the system
    /// that refused. The connection is given `data`.
    ///
    /// # Safety
    /// `log` and `data` live as long as the connection.
    pub(crate) unsafe fn connect(
        kind: Kind,
        address: &Address,
        local: Option<&Address>,
        log: *mut ngx_log_t,
        data: *const c_void,
        read: Handler,
        write: Handler,
    ) -> io::Result<Self> {
        let mut text = address.text();
        let mut name = ngx_str_t { len: text.len(), data: text.as_mut_ptr() };
        let mut local_text = local.map(Address::text).unwrap_or_default();
        let mut local = local.map(|address| ngx_addr_t {
            sockaddr: address.as_ptr().cast_mut(),
            socklen: address.len(),
            name: ngx_str_t { len: local_text.len(), data: local_text.as_mut_ptr() },
        });
        // SAFETY: all fields may be zero. nginx does not change the addresses, and
        // forgets them when it returns. The connection that it makes is ours.
        unsafe {
            let mut peer: ngx_peer_connection_t = mem::zeroed();
            peer.sockaddr = address.as_ptr().cast_mut();
            peer.socklen = address.len();
            peer.name = &raw mut name;
            peer.get = Some(ngx_event_get_peer);
            peer.type_ = match kind {
                Kind::Stream => __socket_type_SOCK_STREAM as c_int,
                Kind::Datagrams => __socket_type_SOCK_DGRAM as c_int,
            };
            peer.local = local.as_mut().map_or(ptr::null_mut(), |local| &raw mut *local);
            peer.log = log;
            peer.set_log_error(ngx_connection_log_error_e_NGX_ERROR_ERR);
            let status = ngx_event_connect_peer(&raw mut peer);
            if status != OK && status != AGAIN {
                return Err(io::Error::last_os_error());
            }
            let connection = peer.connection;
            (*connection).data = data.cast_mut();
            (*(*connection).read).handler = Some(read);
            (*(*connection).write).handler = Some(write);
            Ok(Self(NonNull::new_unchecked(connection)))
        }
    }

    pub(crate) fn as_ptr(&self) -> *mut ngx_connection_t {
        self.0.as_ptr()
    }

    /// Has the events of this connection pass when nginx ends all others because
    /// a worker takes too long to shut down.
    pub(crate) fn outlive_shutdown_timeout(&self) {
        // SAFETY: the connection is open.
        unsafe {
            (*(*self.as_ptr()).read).set_resolver(1);
            (*(*self.as_ptr()).write).set_resolver(1);
        }
    }

    /// Sends what the system takes; the kind of error says if it takes nothing
    /// now.
    pub(crate) fn send(&self, data: &[u8]) -> io::Result<usize> {
        let connection = self.as_ptr();
        // SAFETY: the connection is open, and has the functions of its kind, which
        // do not change the data.
        let n = unsafe {
            (*connection).send.map(|send| send(connection, data.as_ptr().cast_mut(), data.len()))
        };
        outcome(n)
    }

    /// Receives what is there, or one datagram.
    pub(crate) fn receive(&self, room: &mut [u8]) -> io::Result<usize> {
        let connection = self.as_ptr();
        // SAFETY: the connection is open, and has the functions of its kind.
        let n = unsafe {
            (*connection).recv.map(|recv| recv(connection, room.as_mut_ptr(), room.len()))
        };
        outcome(n)
    }

    /// Asks for the events that are still wanted, where events come as long as
    /// they hold. Returns whether that works.
    pub(crate) fn rearm(&self) -> bool {
        // SAFETY: the connection is open.
        unsafe {
            ngx_handle_read_event((*self.as_ptr()).read, 0) == OK
                && ngx_handle_write_event((*self.as_ptr()).write, 0) == OK
        }
    }
}

/// What nginx's functions for transfers return, in Rust's words.
fn outcome(n: Option<isize>) -> io::Result<usize> {
    match n {
        Some(n) if n == AGAIN => Err(io::ErrorKind::WouldBlock.into()),
        Some(n) => usize::try_from(n).map_err(|_| io::Error::last_os_error()),
        None => Err(io::ErrorKind::Unsupported.into()),
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // SAFETY: the connection is ours and open. nginx forgets its events.
        unsafe { ngx_close_connection(self.as_ptr()) }
    }
}
