//! A connection with what was received on it.

use core::cell::{Cell, RefCell};
use core::ffi::c_void;
use std::rc::Rc;

use nginx_lua_pool::IdleId;

#[cfg(ngx_feature = "ssl")]
use super::agreement::Agreement;
use super::buffer::Buffer;
use super::client::Client;
use super::failure::Failure;
use super::seat::Seat;
use super::waiting::Woken;
use crate::ngx;
use crate::ngx::address::Address;
use crate::ngx::connection::{Connection, Io};
use crate::sys::*;

/// The connection's events refer to it.
pub(crate) struct Stream {
    pub connection: Connection,
    /// Who is told of its events.
    user: Cell<Option<User>>,
    pub(super) buffer: RefCell<Buffer>,
    /// How often it came from a pool.
    pub(super) reused: Cell<u32>,
    /// The place in a pool that it takes while it is used.
    pub(super) seat: Cell<Option<Seat>>,
    /// When it has been idle for long enough.
    pub(super) idle_until: Cell<ngx_msec_t>,
    /// Its name in the pool while it is not used.
    pub(super) idle: Cell<Option<IdleId>>,
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

/// Who uses a stream; it leaves the stream before it goes.
#[derive(Clone, Copy)]
pub(super) struct User {
    pub owner: *const c_void,
    pub events: &'static Events,
}

/// What the events of a stream are for. They get the user's `owner`.
pub(crate) struct Events {
    pub(super) readable: Event,
    pub(super) writable: Event,
}

type Event = unsafe fn(*const c_void, &Rc<Stream>) -> Option<Woken>;

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
            user: Cell::new(None),
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

    pub(super) fn user(&self) -> Option<User> {
        self.user.get()
    }

    pub(super) fn set_user(&self, user: User, log: *mut ngx_log_t) {
        self.user.set(Some(user));
        if self.client.is_none() {
            self.connection.set_log(log);
        }
        #[cfg(ngx_feature = "ssl")]
        if let Some(agreement) = &*self.agreement.borrow() {
            agreement.forget_user();
        }
    }

    pub(super) fn leave_user(&self) {
        self.user.set(None);
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
    // SAFETY: set as the handler of streams only.
    unsafe { handle(event, |events| events.readable) }
}

unsafe extern "C" fn write_event(event: *mut ngx_event_t) {
    // SAFETY: as above.
    unsafe { handle(event, |events| events.writable) }
}

/// # Safety
/// The event is that of a stream's connection.
unsafe fn handle(event: *mut ngx_event_t, choose: impl FnOnce(&Events) -> Event) {
    ngx::callback("socket event", (), || {
        // SAFETY: the caller's promise.
        let stream = unsafe { of_event(event) };
        let Some(user) = stream.user() else { return };
        // SAFETY: the user has not left.
        let woken = unsafe { choose(user.events)(user.owner, &stream) };
        // Lua code may close the connection, or drop the socket.
        drop(stream);
        if let Some(woken) = woken {
            woken.go_on();
        }
    });
}
