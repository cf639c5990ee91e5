//! A TCP or unix domain socket of a request.
//!
//! Three operations can wait, each for one thread: connecting, reading and
//! writing. Reading and writing do not get in each other's way, so that two
//! threads can use one socket. Each operation is a function that goes as far as
//! it can without waiting; it is called by Lua code and then by the events, until
//! it ends.

use core::cell::{Cell, RefCell};
use core::ffi::{c_int, c_void};
use core::ptr;
use std::rc::Rc;

#[cfg(ngx_feature = "ssl")]
use super::agreement::Handshake;
use super::attempt::Attempt;
use super::failure::Failure;
use super::pattern::Pattern;
use super::pool::Pools;
use super::stream::{Events, Stream, User};
use super::waiting::Waiting;
use crate::conf::SocketConf;
use crate::ngx::connection::{Connection, Peer};
use crate::ngx::log;
use crate::sched::{Ctx, Keeper, Kind, Resource, Thread, Wait};
use crate::sys::*;

/// How far an operation came.
pub(crate) enum Step {
    /// So many results are on the stack.
    Done(c_int),
    /// An event has to come first.
    Wait,
}

/// In milliseconds; 0 stands for the configured time.
#[derive(Clone, Copy, Default)]
pub(crate) struct Timeouts {
    pub connect: ngx_msec_t,
    pub send: ngx_msec_t,
    pub read: ngx_msec_t,
}

/// It lies in a userdata, so it stays where it is.
#[repr(C)]
pub(crate) struct Tcp {
    /// Its place in the list of the request.
    resource: Resource,
    /// What the events of its connection are for.
    events: &'static Events,
    stream: RefCell<Option<Rc<Stream>>>,
    pub(super) connector: Waiting,
    pub(super) reader: Waiting,
    pub(super) writer: Waiting,
    /// The peer's end was reported, or reading has failed.
    pub(super) read_closed: Cell<bool>,
    /// Sending has failed.
    pub(super) write_closed: Cell<bool>,
    pub timeouts: Cell<Timeouts>,
    /// It stands for the client's connection.
    pub(super) client: Cell<bool>,
    /// A connect that waits for its turn or for a name.
    pub(super) attempt: RefCell<Option<Box<Attempt>>>,
    /// A TLS handshake that goes on.
    #[cfg(ngx_feature = "ssl")]
    pub(super) handshake: RefCell<Option<Handshake>>,
    /// What the reader waits for.
    pub(super) pattern: RefCell<Option<Pattern>>,
    /// What the writer has not sent yet, from `sent` on.
    pub(super) unsent: RefCell<Vec<u8>>,
    pub(super) sent: Cell<usize>,
    /// How many bytes were consumed on all its connections.
    pub(super) position: Cell<u64>,
}

impl Tcp {
    pub(super) fn with(events: &'static Events) -> Self {
        Self {
            resource: Resource::new(Kind::Tcp, released),
            events,
            stream: RefCell::default(),
            connector: Waiting::none(),
            reader: Waiting::none(),
            writer: Waiting::none(),
            read_closed: Cell::new(false),
            write_closed: Cell::new(false),
            timeouts: Cell::default(),
            client: Cell::new(false),
            attempt: RefCell::default(),
            #[cfg(ngx_feature = "ssl")]
            handshake: RefCell::default(),
            pattern: RefCell::default(),
            unsent: RefCell::default(),
            sent: Cell::new(0),
            position: Cell::new(0),
        }
    }

    /// The request that it belongs to, until that ends.
    pub(crate) fn ctx(&self) -> Option<&Ctx> {
        self.resource.ctx()
    }

    /// The socket that belongs to a request since last.
    pub(crate) fn newest(ctx: &Ctx) -> Option<&Self> {
        let resource: *const Resource = ctx.newest_resource(Kind::Tcp)?;
        // SAFETY: a resource of this kind is the first field of a socket.
        unsafe { resource.cast::<Self>().as_ref() }
    }

    /// Has the socket belong to a request; false for lack of memory.
    ///
    /// # Safety
    /// The socket belongs to none, and stays where it is until it is dropped.
    pub(crate) unsafe fn join(&self, ctx: &Ctx) -> bool {
        // SAFETY: `drop` leaves the list.
        unsafe { ctx.hold(&self.resource) }
    }

    pub(super) fn conf(&self) -> &'static SocketConf {
        let ctx = self.ctx().expect("a socket that is used belongs to a request");
        &ctx.request.loc_conf().socket
    }

    pub(super) fn connect_timeout(&self) -> ngx_msec_t {
        or(self.timeouts.get().connect, self.conf().connect_timeout)
    }

    pub(super) fn send_timeout(&self) -> ngx_msec_t {
        or(self.timeouts.get().send, self.conf().send_timeout)
    }

    pub(super) fn read_timeout(&self) -> ngx_msec_t {
        or(self.timeouts.get().read, self.conf().read_timeout)
    }

    pub(super) fn stream(&self) -> Option<Rc<Stream>> {
        self.stream.borrow().clone()
    }

    /// The connection, unless it is closed on both sides.
    pub(crate) fn connection(&self) -> Option<Connection> {
        let closed = self.read_closed.get() && self.write_closed.get();
        let connecting = self.connector.is_some() && !self.shakes_hands();
        self.stream().filter(|_| !closed && !connecting).map(|s| s.connection)
    }

    /// Whether a connection is there, and TLS is being agreed on.
    #[cfg(ngx_feature = "ssl")]
    pub(super) fn shakes_hands(&self) -> bool {
        self.handshake.borrow().is_some()
    }

    #[cfg(not(ngx_feature = "ssl"))]
    pub(super) fn shakes_hands(&self) -> bool {
        false
    }

    pub(super) fn set_stream(&self, stream: Rc<Stream>) {
        let log = self.ctx().map_or_else(log::cycle_log, |ctx| ctx.request.log_ptr());
        stream.set_user(User { owner: ptr::from_ref(self).cast(), events: self.events }, log);
        self.read_closed.set(false);
        self.write_closed.set(false);
        self.stream.replace(Some(stream));
    }

    pub(super) fn take_stream(&self) -> Option<Rc<Stream>> {
        let stream = self.stream.take()?;
        stream.leave_user();
        let unread = stream.buffer.borrow().unread().len();
        self.position.set(self.position.get() + unread as u64);
        Some(stream)
    }

    /// Has `thread` wait for an operation of this socket. `undo` and `time_out`
    /// get the socket.
    pub(super) fn wait(
        &self,
        operation: &Waiting,
        thread: &Thread,
        undo: unsafe fn(*const c_void),
        time_out: unsafe fn(*const c_void),
    ) {
        operation.set(thread);
        let owner = ptr::from_ref(self).cast();
        let keeper = Keeper { owner, undo, time_out: Some(time_out) };
        // SAFETY: the socket is on the thread's stack until the wait is over.
        unsafe { thread.wait_for_keeper(Wait::Socket, keeper) }
    }

    /// Why the socket cannot be used now, if another thread uses it.
    pub(crate) fn busy(&self, reading: bool, writing: bool) -> Option<&'static str> {
        if self.connector.is_some() {
            Some("socket busy connecting")
        } else if reading && self.reader.is_some() {
            Some("socket busy reading")
        } else if writing && self.writer.is_some() {
            Some("socket busy writing")
        } else {
            None
        }
    }

    pub(super) fn log_error(&self, message: impl AsRef<[u8]>) {
        if self.logs_errors()
            && let Some(ctx) = self.ctx()
        {
            ctx.request.log(NGX_LOG_ERR, message);
        }
    }

    /// `lua_socket_log_errors`.
    pub(super) fn logs_errors(&self) -> bool {
        self.ctx().is_some_and(|ctx| ctx.request.loc_conf().socket.log_errors == 1)
    }

    /// Logs that a socket is used that has no connection, and never had one or
    /// outlived its request.
    pub(crate) fn log_never_connected(ctx: &Ctx, attempt: &str) {
        if ctx.request.loc_conf().socket.log_errors == 1 {
            let none = 0;
            ctx.request.log(
                NGX_LOG_ERR,
                format!(
                    "attempt to {attempt} data on a closed socket: u:{none:016X}, c:{none:016X}, \
                     ft:0 eof:0"
                ),
            );
        }
    }

    /// Logs that a closed socket is used.
    pub(crate) fn log_closed(&self, attempt: &str) {
        let connection = self.stream().map_or(ptr::null_mut(), |s| s.connection.as_ptr());
        // SAFETY: an open connection.
        let eof = !connection.is_null() && unsafe { (*(*connection).read).eof() != 0 };
        self.log_error(format!(
            "attempt to {attempt} data on a closed socket: u:{:016X}, c:{:016X}, ft:0 eof:{}",
            ptr::from_ref(self).addr(),
            connection.addr(),
            u8::from(eof),
        ));
    }

    /// How often the connection came from a pool.
    pub(crate) fn reused(&self) -> Option<u32> {
        self.connection()?;
        self.stream().map(|stream| stream.reused.get())
    }

    /// Closes the connection; false if there is none.
    pub(crate) fn close(&self) -> bool {
        let open = self.connection().is_some();
        drop(self.take_stream());
        open
    }

    /// Reading is over; with writing over as well, the connection closes.
    pub(super) fn close_reading(&self) {
        self.read_closed.set(true);
        self.close_if_over();
    }

    pub(super) fn close_writing(&self) {
        self.write_closed.set(true);
        self.close_if_over();
    }

    fn close_if_over(&self) {
        if self.read_closed.get() && self.write_closed.get() {
            drop(self.take_stream());
        }
    }

    /// Gives the connection to a pool.
    pub(crate) fn keep(
        &self,
        key: &[u8],
        size: usize,
        msec: ngx_msec_t,
    ) -> Result<(), &'static str> {
        let stream = match self.stream() {
            Some(stream) if !self.read_closed.get() && !self.write_closed.get() => stream,
            _ => return Err("closed"),
        };
        if stream.client().is_some() {
            return Err("key not found");
        }
        if !stream.buffer.borrow().is_empty() {
            return Err("unread data in buffer");
        }
        let connection = stream.connection;
        if connection.is_broken() {
            return Err("closed");
        }
        if !connection.watch_reading() {
            return Err("failed to handle read event");
        }
        if connection.is_readable() {
            match connection.peek() {
                Peer::Quiet => {}
                Peer::Gone => return Err("closed"),
                Peer::Spoke => {
                    drop(self.take_stream());
                    return Err("connection in dubious state");
                }
            }
        }
        // SAFETY: numbers, read in the main thread.
        if unsafe { ngx_terminate != 0 || ngx_exiting != 0 } {
            drop(self.take_stream());
            return Ok(());
        }
        let (Some(ctx), Some(stream)) = (self.ctx(), self.take_stream()) else {
            return Err("closed");
        };
        Pools::of(&ctx.vm).keep(stream, key, size, msec);
        Ok(())
    }

    /// The request does not name it any more.
    fn leave_client(&self) {
        let Some(ctx) = self.ctx() else { return };
        let owner = ptr::from_ref(self).cast::<c_void>();
        if ctx.client_socket.get().is_some_and(|socket| socket.owner == owner) {
            ctx.client_socket.set(None);
        }
    }

    /// A thread that waits for `operation` ends, and what it waits for with it, in
    /// which state nobody knows. Other threads that wait learn that the socket is
    /// closed.
    pub(super) fn abandon(&self, operation: &Waiting) {
        operation.take();
        for other in [&self.connector, &self.reader, &self.writer] {
            if let Some(thread) = other.take() {
                let results = Failure::Closed.push(thread.innermost());
                thread.wake(results);
            }
        }
        self.end();
    }

    /// Closes the connection. No thread waits.
    fn end(&self) {
        drop(self.attempt.take());
        #[cfg(ngx_feature = "ssl")]
        drop(self.handshake.take());
        self.pattern.take();
        self.unsent.take();
        drop(self.take_stream());
    }
}

fn or(own: ngx_msec_t, configured: ngx_msec_t) -> ngx_msec_t {
    if own > 0 { own } else { configured }
}

impl Drop for Tcp {
    fn drop(&mut self) {
        self.leave_client();
        self.resource.leave();
        self.end();
    }
}

/// The request has ended, and its threads before it.
unsafe fn released(resource: *const Resource) {
    // SAFETY: the resource is the first field.
    unsafe { (*resource.cast::<Tcp>()).end() }
}
