//! The socket to a server of names.

use core::cell::{Cell, RefCell, UnsafeCell};
use core::ffi::{CStr, c_void};
use core::mem::MaybeUninit;
use core::slice;
use std::net::SocketAddr;
use std::rc::{Rc, Weak};

use nginx_lua_resolve::{Transport, frame};

use crate::ngx::connection::{Connecting, Connection, Io};
use crate::ngx::{self, Address, log};
use crate::sys::*;

/// Longer datagrams are not asked for.
const ROOM: usize = 4096;

/// The lookup that a wire belongs to.
pub(super) trait Listener {
    /// A message has come.
    fn receive(&self, server: SocketAddr, transport: Transport, message: &[u8]);

    /// A wire has failed, and ends.
    fn fail(&self, server: SocketAddr, transport: Transport);

    /// After an event.
    fn go_on(self: Rc<Self>);
}

/// A socket of one lookup. It is not used for others, so that nobody can guess
/// its port. It stays in place: its events refer to it.
pub(super) struct Wire {
    /// Set once it is open.
    connection: Cell<Option<Connection>>,
    log: UnsafeCell<ngx_log_t>,
    running: Weak<dyn Listener>,
    server: SocketAddr,
    transport: Transport,
    /// What a connection does not take yet.
    unsent: RefCell<Vec<u8>>,
    /// The beginning of a message from a connection.
    received: RefCell<Vec<u8>>,
}

impl Wire {
    /// `None` if nothing can be sent to that server; why is logged.
    pub(super) fn open(
        running: Weak<dyn Listener>,
        server: SocketAddr,
        transport: Transport,
    ) -> Option<Box<Self>> {
        let wire = Box::new(Self {
            connection: Cell::new(None),
            // SAFETY: the cycle's log is live.
            log: UnsafeCell::new(log::numbered(unsafe { &*log::cycle_log() })),
            running,
            server,
            transport,
            unsent: RefCell::default(),
            received: RefCell::default(),
        });
        let data: *const c_void = (&raw const *wire).cast();
        let log = wire.log.get();
        // SAFETY: the log is ours. It and the wire, its data and the connection's,
        // stay in place until the connection is closed.
        unsafe {
            (*log).handler = Some(append_context);
            (*log).data = data.cast_mut();
            (*log).action = c"resolving".as_ptr().cast_mut();
        }
        let address = Address::from(server);
        let connection = match transport {
            Transport::Udp => Connection::connect_datagrams(&address, None, log),
            Transport::Tcp => Connection::connect(&address, None, log)
                .map(|(Connecting::Done(connection) | Connecting::Begun(connection))| connection),
        };
        let connection = connection.ok()?;
        connection.set_handlers(readable, writable, data.cast_mut());
        connection.outlive_shutdown_timeout();
        wire.connection.set(Some(connection));
        Some(wire)
    }

    pub(super) fn leads_to(&self, server: SocketAddr, transport: Transport) -> bool {
        self.server == server && self.transport == transport
    }

    /// Sends a question, or keeps it until it can be sent. False if that fails.
    pub(super) fn send(&self, message: &[u8]) -> bool {
        match self.transport {
            Transport::Udp => match self.connection().send_datagram(message) {
                Ok(()) => true,
                // It counts as lost on the way.
                Err(error) => error == NGX_EAGAIN as ngx_err_t,
            },
            Transport::Tcp => {
                self.unsent.borrow_mut().extend_from_slice(message);
                self.flush()
            }
        }
    }

    fn flush(&self) -> bool {
        let mut unsent = self.unsent.borrow_mut();
        while !unsent.is_empty() {
            match self.connection().send(&unsent) {
                Io::Bytes(n) => drop(unsent.drain(..n)),
                Io::Again => return true,
                Io::Closed | Io::Failed(_) => return false,
            }
        }
        true
    }

    /// Takes what has come. False if nothing more will.
    fn read(&self, running: &dyn Listener) -> bool {
        match self.transport {
            Transport::Udp => self.read_datagrams(running),
            Transport::Tcp => self.read_stream(running),
        }
    }

    fn read_datagrams(&self, running: &dyn Listener) -> bool {
        let mut room = [const { MaybeUninit::uninit() }; ROOM];
        loop {
            match self.connection().receive_datagram(&mut room) {
                Ok(Some(message)) => running.receive(self.server, self.transport, message),
                Ok(None) => return true,
                Err(_) => return false,
            }
        }
    }

    fn read_stream(&self, running: &dyn Listener) -> bool {
        let mut room = [const { MaybeUninit::<u8>::uninit() }; ROOM];
        let mut received = self.received.borrow_mut();
        loop {
            match self.connection().receive(&mut room) {
                // SAFETY: so many bytes were received.
                Io::Bytes(n) => received
                    .extend_from_slice(unsafe { slice::from_raw_parts(room.as_ptr().cast(), n) }),
                Io::Again => return true,
                Io::Closed | Io::Failed(_) => return false,
            }
            let mut rest = &received[..];
            while let Some((message, behind)) = frame(rest) {
                running.receive(self.server, self.transport, message);
                rest = behind;
            }
            let used = received.len() - rest.len();
            received.drain(..used);
        }
    }

    fn connection(&self) -> Connection {
        self.connection.get().expect("nobody has a wire that is not open")
    }

    /// Has the events come that are still wanted.
    fn watch(&self) -> bool {
        self.connection().watch_reading() && self.connection().watch_writing()
    }

    /// Runs what an event is for, and then the lookup; the wire may be gone
    /// afterwards.
    fn handle(&self, work: impl FnOnce(&Self, &dyn Listener) -> bool) {
        let Some(running) = self.running.upgrade() else { return };
        if !(work(self, &*running) && self.watch()) {
            running.fail(self.server, self.transport);
        }
        running.go_on();
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            connection.close();
        }
    }
}

unsafe extern "C" fn readable(event: *mut ngx_event_t) {
    handle(event, Wire::read);
}

unsafe extern "C" fn writable(event: *mut ngx_event_t) {
    handle(event, |wire, _| wire.flush());
}

fn handle(event: *mut ngx_event_t, work: impl FnOnce(&Wire, &dyn Listener) -> bool) {
    ngx::callback("resolver", (), || {
        // SAFETY: the event's connection is a wire's, which closes it when it goes.
        let wire = unsafe { &*(*(*event).data.cast::<ngx_connection_t>()).data.cast::<Wire>() };
        wire.handle(work);
    });
}

/// Ends log lines as those of nginx's resolver end.
unsafe extern "C" fn append_context(
    log: *mut ngx_log_t,
    line: *mut u_char,
    room: usize,
) -> *mut u_char {
    // SAFETY: nginx passes the log, whose data is the wire, and the room that is
    // left in the line.
    unsafe {
        let server = (*(*log).data.cast::<Wire>()).server.to_string();
        let action = (*log).action;
        let action = if action.is_null() { c"" } else { CStr::from_ptr(action) };
        let space: &[u8] = if action.is_empty() { b"" } else { b" while " };
        log::append(line, room, &[space, action.to_bytes(), b", resolver: ", server.as_bytes()])
    }
}
