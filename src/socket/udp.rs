//! A UDP or unix domain datagram socket of a request.
//!
//! One thread at a time can wait for it: for the address of a name, or for a
//! datagram.

use core::cell::{Cell, RefCell};
use core::ffi::{c_int, c_void};
use core::mem::MaybeUninit;
use core::ptr;

use super::failure::Failure;
use super::resolver::{self, Answer, Lookup};
use super::tcp::Step;
use crate::lua::State;
use crate::ngx::connection::Connection;
use crate::ngx::{self, Address};
use crate::sched::dispatch::dispatch;
use crate::sched::{Ctx, Keeper, Kind, Resource, Thread, Wait};
use crate::sys::*;

/// The longest datagram that is received.
pub(crate) const LONGEST_DATAGRAM: usize = 65536;

/// It lies in a userdata, so it stays where it is.
#[repr(C)]
pub(crate) struct Udp {
    /// Its place in the list of the request.
    resource: Resource,
    connection: Cell<Option<Connection>>,
    /// The thread that waits, if one does.
    waiting: Cell<*const Thread>,
    wanted: RefCell<Wanted>,
    /// In milliseconds.
    read_timeout: Cell<ngx_msec_t>,
}

/// What the thread waits for.
enum Wanted {
    Nothing,
    /// An address to connect to, from the local one.
    Name(#[expect(dead_code, reason = "kept for its drop")] Lookup, Option<Address>),
    /// A datagram, of which not more than this is taken.
    Datagram(usize),
}

impl Udp {
    pub(crate) fn new() -> Self {
        Self {
            resource: Resource::new(Kind::Udp, released),
            connection: Cell::new(None),
            waiting: Cell::new(ptr::null()),
            wanted: RefCell::new(Wanted::Nothing),
            read_timeout: Cell::new(0),
        }
    }

    /// The request that it belongs to, until that ends.
    pub(crate) fn ctx(&self) -> Option<&Ctx> {
        self.resource.ctx()
    }

    /// Has the socket belong to a request; false for lack of memory.
    ///
    /// # Safety
    /// The socket stays where it is until it is dropped.
    pub(crate) unsafe fn join(&self, ctx: &Ctx) -> bool {
        // SAFETY: the caller's promise; `drop` leaves the list.
        self.ctx().is_some() || unsafe { ctx.hold(&self.resource) }
    }

    pub(crate) fn set_read_timeout(&self, msec: ngx_msec_t) {
        self.read_timeout.set(msec);
    }

    pub(crate) fn is_open(&self) -> bool {
        self.connection.get().is_some()
    }

    pub(crate) fn is_busy(&self) -> bool {
        !self.waiting.get().is_null()
    }

    pub(crate) fn close(&self) {
        if let Some(connection) = self.connection.take() {
            connection.close();
        }
    }

    /// Connects to an address: nothing is sent for that.
    pub(crate) fn connect(&self, l: State, address: &Address, local: Option<&Address>) -> c_int {
        let Some(ctx) = self.ctx() else { return Failure::Closed.push(l) };
        self.close();
        // Linux gives it an abstract name, so that answers have a place to go.
        let unnamed = Address::unnamed_unix();
        let local = match address.family() == AF_UNIX {
            true if cfg!(target_os = "linux") => Some(&unnamed),
            true => None,
            false => local,
        };
        let log = ctx.request.log_ptr();
        match Connection::connect_datagrams(address, local, log) {
            Ok(connection) => {
                let data = ptr::from_ref(self).cast_mut().cast();
                connection.set_handlers(readable, writable, data);
                self.connection.set(Some(connection));
                l.push_number(1.0);
                1
            }
            Err(error) => Failure::System(error).push(l),
        }
    }

    /// Connects to a host that is only known by name. Without a thread, there is
    /// nobody who could wait.
    pub(crate) fn connect_by_name(
        &self,
        l: State,
        thread: Option<&Thread>,
        host: &[u8],
        port: u16,
        local: Option<Address>,
    ) -> Step {
        let Some(ctx) = self.ctx() else { return Step::Done(Failure::Closed.push(l)) };
        let owner = ptr::from_ref(self).cast();
        // SAFETY: the lookup is dropped with the socket, if not before.
        match unsafe { resolver::resolve(ctx.request, host, port, owner, resolved) } {
            Ok(Answer::Known(address)) => Step::Done(self.connect(l, &address, local.as_ref())),
            Ok(Answer::Pending(lookup)) => {
                if let Some(thread) = thread {
                    *self.wanted.borrow_mut() = Wanted::Name(lookup, local);
                    self.wait(thread, None);
                }
                Step::Wait
            }
            Err(message) => Step::Done(Failure::from(message).push(l)),
        }
    }

    pub(crate) fn send(&self, l: State, data: &[u8]) -> c_int {
        let Some(connection) = self.connection.get() else { return Failure::Closed.push(l) };
        match connection.send_datagram(data) {
            Ok(()) => {
                l.push_number(1.0);
                1
            }
            Err(error) => Failure::System(error).push(l),
        }
    }

    /// Takes a datagram, or waits for one, if there is a thread.
    pub(crate) fn receive(&self, l: State, thread: Option<&Thread>, most: usize) -> Step {
        if let Some(results) = self.receive_now(l, most) {
            return Step::Done(results);
        }
        if let Some(thread) = thread {
            *self.wanted.borrow_mut() = Wanted::Datagram(most);
            self.wait(thread, Some(self.read_timeout.get()));
        }
        Step::Wait
    }

    fn receive_now(&self, l: State, most: usize) -> Option<c_int> {
        let Some(connection) = self.connection.get() else {
            return Some(Failure::Closed.push(l));
        };
        let mut room = [const { MaybeUninit::uninit() }; LONGEST_DATAGRAM];
        match connection.receive_datagram(&mut room[..most]) {
            Ok(Some(datagram)) => {
                l.push_bytes(datagram);
                Some(1)
            }
            Ok(None) if connection.watch_reading() => None,
            Ok(None) => Some(Failure::from("failed to handle read event").push(l)),
            Err(error) => Some(Failure::System(error).push(l)),
        }
    }

    fn wait(&self, thread: &Thread, msec: Option<ngx_msec_t>) {
        self.waiting.set(thread);
        if let Some(msec) = msec {
            thread.start_timer(msec);
        }
        let owner = ptr::from_ref(self).cast();
        let keeper = Keeper { owner, undo: abandon, time_out: msec.map(|_| time_out as _) };
        // SAFETY: the socket is on the thread's stack until the wait is over.
        unsafe { thread.wait_for_keeper(Wait::Socket, keeper) }
    }

    /// The wait is over: who waited, and for what.
    fn stop_waiting(&self) -> Option<(&Thread, Wanted)> {
        let wanted = self.wanted.replace(Wanted::Nothing);
        // SAFETY: a thread that ends is forgotten.
        unsafe { self.waiting.replace(ptr::null()).as_ref() }.map(|thread| (thread, wanted))
    }

    /// Something may have arrived.
    fn readable(&self) {
        let Wanted::Datagram(most) = *self.wanted.borrow() else {
            // Nobody wants it now; it must not come again and again.
            if let Some(connection) = self.connection.get() {
                connection.watch_reading();
            }
            return;
        };
        // SAFETY: as for `stop_waiting`.
        let Some(thread) = (unsafe { self.waiting.get().as_ref() }) else { return };
        let Some(results) = self.receive_now(thread.innermost(), most) else { return };
        self.stop_waiting();
        thread.wake(results);
        dispatch(thread.ctx());
    }

    /// The thread that waits ends, and the socket with what it did.
    fn abandon(&self) {
        self.stop_waiting();
        self.close();
    }

    fn time_out(&self) {
        self.log_error("lua udp socket read timed out");
        if let Some((thread, _)) = self.stop_waiting() {
            thread.wake(Failure::Timeout.push(thread.innermost()));
        }
    }

    fn log_error(&self, message: impl AsRef<[u8]>) {
        if let Some(ctx) = self.ctx()
            && ctx.request.loc_conf().socket.log_errors == 1
        {
            ctx.request.log(NGX_LOG_ERR, message);
        }
    }
}

impl Drop for Udp {
    fn drop(&mut self) {
        self.resource.leave();
        self.close();
    }
}

/// The address of a name is known, or will not be.
unsafe fn resolved(udp: *const c_void, result: Result<Address, String>) {
    // SAFETY: promised to `resolve`.
    let udp = unsafe { &*udp.cast::<Udp>() };
    let Some((thread, Wanted::Name(_, local))) = udp.stop_waiting() else { return };
    let l = thread.innermost();
    let results = match result {
        Ok(address) => udp.connect(l, &address, local.as_ref()),
        Err(message) => Failure::from(message).push(l),
    };
    thread.wake(results);
    dispatch(thread.ctx());
}

unsafe fn abandon(udp: *const c_void) {
    // SAFETY: promised to `wait_for_keeper`.
    unsafe { (*udp.cast::<Udp>()).abandon() }
}

unsafe fn time_out(udp: *const c_void) {
    // SAFETY: as above.
    unsafe { (*udp.cast::<Udp>()).time_out() }
}

/// The request has ended, and its threads before it.
unsafe fn released(resource: *const Resource) {
    // SAFETY: the resource is the first field.
    unsafe { (*resource.cast::<Udp>()).close() }
}

unsafe extern "C" fn readable(event: *mut ngx_event_t) {
    ngx::callback("udp socket", (), || {
        // SAFETY: the event's connection is a socket's, which closes it when it
        // goes.
        unsafe { (*(*(*event).data.cast::<ngx_connection_t>()).data.cast::<Udp>()).readable() }
    });
}

/// A datagram can always be sent, or will be lost.
unsafe extern "C" fn writable(_: *mut ngx_event_t) {}
