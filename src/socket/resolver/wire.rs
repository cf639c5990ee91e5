//! The socket to a server of names.

use core::cell::{OnceCell, RefCell, UnsafeCell};
use core::ffi::{CStr, c_void};
use std::io;
use std::net::SocketAddr;
use std::rc::Weak;

use nginx_lua_resolve::{Transport, frame};

use super::running::Running;
use crate::ngx::peer::{Kind, Peer};
use crate::ngx::{self, Address, log};
use crate::sys::*;

/// Longer datagrams are not asked for.
const DATAGRAM: usize = 4096;

/// A socket of one lookup. It is not used for others, so that nobody can guess
/// its port. It stays in place: its events refer to it.
pub(super) struct Wire {
    /// Set once it is open. It ends before the log that it writes to.
    peer: OnceCell<Peer>,
    log: UnsafeCell<ngx_log_t>,
    running: Weak<Running>,
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
        running: Weak<Running>,
        server: SocketAddr,
        transport: Transport,
    ) -> Option<Box<Self>> {
        let wire = Box::new(Self {
            peer: OnceCell::new(),
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
        let kind = match transport {
            Transport::Udp => Kind::Datagrams,
            Transport::Tcp => Kind::Stream,
        };
        // SAFETY: the log and the wire, which is its data and the connection's,
        // stay in place and end later than the connection.
        let peer = unsafe {
            (*log).handler = Some(append_context);
            (*log).data = data.cast_mut();
            (*log).action = c"resolving".as_ptr().cast_mut();
            Peer::connect(kind, &Address::from(server), None, log, data, readable, writable)
        };
        let peer = peer.ok()?;
        peer.outlive_shutdown_timeout();
        wire.peer.get_or_init(|| peer);
        Some(wire)
    }

    pub(super) fn leads_to(&self, server: SocketAddr, transport: Transport) -> bool {
        self.server == server && self.transport == transport
    }

    /// Sends a question, or keeps it until it can be sent. False if that fails.
    pub(super) fn send(&self, message: &[u8]) -> bool {
        match self.transport {
            // A datagram that the system does not take now is a lost one.
            Transport::Udp => self.peer().send(message).is_ok_or_blocked(),
            Transport::Tcp => {
                self.unsent.borrow_mut().extend_from_slice(message);
                self.flush()
            }
        }
    }

    fn flush(&self) -> bool {
        let mut unsent = self.unsent.borrow_mut();
        while !unsent.is_empty() {
            match self.peer().send(&unsent) {
                Ok(n) => drop(unsent.drain(..n)),
                Err(error) => return error.kind() == io::ErrorKind::WouldBlock,
            }
        }
        true
    }

    /// Takes what has come. False if nothing more will.
    fn read(&self, running: &Running) -> bool {
        let mut room = [0; DATAGRAM];
        loop {
            let n = match self.peer().receive(&mut room) {
                Ok(n) => n,
                Err(error) => return error.kind() == io::ErrorKind::WouldBlock,
            };
            if self.transport == Transport::Udp {
                running.receive(self.server, self.transport, &room[..n]);
                continue;
            }
            if n == 0 {
                return false;
            }
            let mut received = self.received.borrow_mut();
            received.extend_from_slice(&room[..n]);
            let mut rest = &received[..];
            while let Some((message, behind)) = frame(rest) {
                running.receive(self.server, self.transport, message);
                rest = behind;
            }
            let used = received.len() - rest.len();
            received.drain(..used);
        }
    }

    fn peer(&self) -> &Peer {
        self.peer.get().expect("nobody has a wire that is not open")
    }

    /// Runs what an event is for, and then the lookup; the wire may be gone
    /// afterwards.
    fn handle(&self, work: impl FnOnce(&Self, &Running) -> bool) {
        let Some(running) = self.running.upgrade() else { return };
        if !(work(self, &running) && self.peer().rearm()) {
            running.fail(self.server, self.transport);
        }
        running.go_on();
    }
}

/// Whether an error is none.
trait Sent {
    fn is_ok_or_blocked(&self) -> bool;
}

impl Sent for io::Result<usize> {
    fn is_ok_or_blocked(&self) -> bool {
        self.as_ref().err().is_none_or(|error| error.kind() == io::ErrorKind::WouldBlock)
    }
}

unsafe extern "C" fn readable(event: *mut ngx_event_t) {
    handle(event, Wire::read);
}

unsafe extern "C" fn writable(event: *mut ngx_event_t) {
    handle(event, |wire, _| wire.flush());
}

fn handle(event: *mut ngx_event_t, work: impl FnOnce(&Wire, &Running) -> bool) {
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
