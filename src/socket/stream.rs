//! A connection with what was received on it.

use core::cell::{Cell, RefCell};
use core::ptr;
use std::rc::Rc;

use nginx_lua_pool::IdleId;

use super::buffer::Buffer;
use super::client::Client;
use super::failure::Failure;
use super::pool::{Pools, Seat};
use super::tcp::Tcp;
#[cfg(ngx_feature = "ssl")]
use super::tls::Agreement;
use crate::ngx::address::Address;
use crate::ngx::connection::{Connection, Io};
use crate::ngx::{self, log};

use crate::sched::dispatch::dispatch;
use crate::sys::*;

/// The connection's events refer to it.
pub(crate) struct Stream {
    pub connection: Connection,
    /// Who uses it; null while it lies in a pool.
    pub(super) socket: Cell<*const Tcp>,
    pub(super) buffer: RefCell<Buffer>,
    /// How often it came from a pool.
    pub(super) reused: Cell<u32>,
    /// The place in a pool that it takes while it is used.
    pub(super) seat: Cell<Option<Seat>>,
    /// When it has been idle for long enough.
    pub(super) idle_until: Cell<ngx_msec_t>,
    /// Where it lies when it is not used.
    pub(super) idle: Cell<Option<(*const Pools, IdleId)>>,
    /// Whom it was connected to; none for the client's connection.
    #[cfg_attr(not(ngx_feature = "ssl"), expect(dead_code))]
    pub(super) peer: Option<Address>,
    /// The local address that it was bound to.
    pub(super) local: Option<Address>,
    #[cfg(ngx_feature = "ssl")]
    pub(super) agreement: RefCell<Option<Agreement>>,
    /// The connection is the client's, and not ours to close.
    client: Option<Client>,
}

/// As much is read at once if more than what fits in the configured buffer is
/// waited for.
const LARGE: usize = 256 * 1024;

impl Stream {
    pub(super) fn new(connection: Connection, peer: Address, local: Option<Address>) -> Rc<Self> {
        let stream = Self::with(connection, Some(peer), local, None);
        stream.take_events();
        stream
    }

    pub(super) fn of_client(connection: Connection, client: Client) -> Rc<Self> {
        Self::with(connection, None, None, Some(client))
    }

    fn with(
        connection: Connection,
        peer: Option<Address>,
        local: Option<Address>,
        client: Option<Client>,
    ) -> Rc<Self> {
        Rc::new(Self {
            connection,
            socket: Cell::new(ptr::null()),
            buffer: RefCell::default(),
            reused: Cell::new(0),
            seat: Cell::new(None),
            idle_until: Cell::new(0),
            idle: Cell::new(None),
            peer,
            local,
            #[cfg(ngx_feature = "ssl")]
            agreement: RefCell::default(),
            client,
        })
    }

    pub(super) fn client(&self) -> Option<&Client> {
        self.client.as_ref()
    }

    /// It is the body of the request.
    pub(super) fn is_body(&self) -> bool {
        self.client.as_ref().is_some_and(Client::is_body)
    }

    /// Adds bytes that were received before.
    pub(super) fn put_back(&self, bytes: &[u8]) {
        self.buffer.borrow_mut().push(bytes);
    }

    /// Why nothing more is received after the peer has closed.
    pub(super) fn why_closed(&self) -> Failure {
        self.client.as_ref().map_or(Failure::Closed, Client::why_closed)
    }

    /// Has the events of the connection come here.
    pub(super) fn take_events(self: &Rc<Self>) {
        let data = Rc::as_ptr(self).cast_mut().cast();
        self.connection.set_handlers(read_event, write_event, data);
    }

    /// Receives some more, about `wanted` bytes; the number of those that came.
    pub(super) fn fill(&self, wanted: usize) -> Io {
        let limit = self.client.as_ref().map_or(usize::MAX, Client::limit);
        if limit == 0 {
            return Io::Closed;
        }
        // SAFETY: the events of an open connection.
        unsafe {
            let read = self.connection.read_event();
            if (*read).active() != 0 && (*read).ready() == 0 && (*read).eof() == 0 {
                return Io::Again;
            }
        }
        let mut buffer = self.buffer.borrow_mut();
        let io = self.connection.receive(buffer.room(wanted.clamp(1, LARGE.min(limit))));
        if let Io::Bytes(n) = io {
            // SAFETY: nginx has written them.
            unsafe { buffer.add(n) }
            if let Some(client) = &self.client {
                client.received(n);
            }
        }
        io
    }

    /// The socket that uses it.
    pub(super) fn user(&self) -> Option<&Tcp> {
        // SAFETY: a socket that goes leaves its stream.
        unsafe { self.socket.get().as_ref() }
    }

    pub(super) fn set_user(&self, socket: *const Tcp, log: *mut ngx_log_t) {
        self.socket.set(socket);
        if self.client.is_none() {
            self.connection.set_log(log);
        }
        #[cfg(ngx_feature = "ssl")]
        if let Some(agreement) = &*self.agreement.borrow() {
            agreement.forget_user();
        }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        if self.client.is_none() {
            self.connection.close();
        }
    }
}

/// The stream of an event.
///
/// # Safety
/// The event is that of a stream's connection.
unsafe fn of_event(event: *mut ngx_event_t) -> Rc<Stream> {
    // SAFETY: the data of the event is its connection.
    unsafe { of_connection((*event).data.cast()) }
}

/// The stream of a connection.
///
/// # Safety
/// The connection is that of a stream.
pub(super) unsafe fn of_connection(connection: *mut ngx_connection_t) -> Rc<Stream> {
    // SAFETY: the data of the connection is the stream, which closes the connection
    // before it goes.
    unsafe {
        let stream: *const Stream = (*connection).data.cast();
        Rc::increment_strong_count(stream);
        Rc::from_raw(stream)
    }
}

unsafe extern "C" fn read_event(event: *mut ngx_event_t) {
    ngx::callback("socket read event", (), || {
        // SAFETY: set as the handler of streams only.
        let stream = unsafe { of_event(event) };
        let woken = match stream.user() {
            Some(socket) => socket.can_read(&stream),
            None => {
                Pools::idle_event(&stream);
                None
            }
        };
        // Lua code may close the connection, or drop the socket.
        drop(stream);
        woken.into_iter().for_each(dispatch);
    });
}

unsafe extern "C" fn write_event(event: *mut ngx_event_t) {
    ngx::callback("socket write event", (), || {
        // SAFETY: as above.
        let stream = unsafe { of_event(event) };
        let woken = stream.user().and_then(|socket| socket.can_write(&stream));
        drop(stream);
        woken.into_iter().for_each(dispatch);
    });
}

/// The log of connections that no request uses.
pub(super) fn idle_log() -> *mut ngx_log_t {
    log::cycle_log()
}
