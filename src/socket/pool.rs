//! Connections kept for reuse: the pools of a machine.

use core::cell::RefCell;
use core::ffi::c_void;
use core::ptr;
use std::rc::Rc;

use nginx_lua_pool::{Connect, Kept, Lease, Limits, WaiterId};

use super::buffer::Buffer;
use super::seat::Seat;
use super::stream::{Events, Stream, User};
use super::waiting::Woken;
use crate::lua::Vm;
use crate::ngx::address::Address;
use crate::ngx::connection::Peer;
use crate::ngx::{event, log};
use crate::sys::*;

/// Who waits leaves before it goes.
type Books = nginx_lua_pool::Pools<Rc<Stream>, Waiter>;

#[derive(Default)]
pub(crate) struct Pools {
    books: RefCell<Books>,
    /// Empty ones whose memory is used again.
    buffers: RefCell<Vec<Buffer>>,
}

/// So many empty buffers are kept.
const BUFFERS: usize = 16;

/// Who waits for a connection, or for the place of one.
#[derive(Clone, Copy)]
pub(super) struct Waiter {
    pub owner: *const c_void,
    pub turn_came: unsafe fn(*const c_void, Given),
}

/// What a pool has for one who waits.
pub(super) enum Given {
    Stream(Rc<Stream>),
    Place(Seat),
}

/// What a connect found.
pub(super) enum Found {
    /// It is alive.
    Kept(Rc<Stream>),
    /// Nothing: a connection is to be made, which takes this place.
    Nothing(Option<Seat>),
    /// All are in use; the waiter is told when that has changed.
    Wait(WaiterId),
    TooMany,
}

impl Pools {
    pub(crate) fn of(vm: &Vm) -> &Self {
        vm.guest()
    }

    pub(super) fn connect(
        &self,
        key: &[u8],
        limits: Option<Limits>,
        local: Option<&Address>,
        waiter: Waiter,
    ) -> Found {
        loop {
            let suits = |stream: &Rc<Stream>| stream.local.as_ref() == local;
            let found = self.books.borrow_mut().connect(key, limits, suits, || waiter);
            match found {
                Connect::Reuse { connection: stream, lease } => {
                    stream.idle.set(None);
                    stream.seat.set(Some(self.seat(lease)));
                    stream.connection.set_idle(false);
                    if stream.connection.peek() == Peer::Quiet {
                        stream.reused.set(stream.reused.get() + 1);
                        self.lend_buffer(&stream);
                        return Found::Kept(stream);
                    }
                    // The peer has closed it, or said what nobody asked for.
                    drop(stream);
                }
                Connect::New { lease, evicted } => {
                    drop(evicted);
                    return Found::Nothing(lease.map(|lease| self.seat(lease)));
                }
                Connect::Wait(id) => return Found::Wait(id),
                Connect::TooMany => return Found::TooMany,
            }
        }
    }

    /// Takes a connection that nobody uses any more.
    pub(super) fn keep(&self, stream: Rc<Stream>, key: &[u8], size: usize, msec: ngx_msec_t) {
        let owner = ptr::from_ref(self).cast();
        stream.set_user(User { owner, events: &IDLE }, log::cycle_log());
        self.take_buffer(&stream);
        let lease = stream.seat.take().and_then(Seat::into_lease);
        let kept = self.books.borrow_mut().keep(key, lease, size, stream.clone());
        match kept {
            Kept::Idle { id, evicted } => {
                drop(evicted);
                stream.idle.set(Some(id));
                stream.start_idle_timer(msec);
            }
            Kept::Handed { waiter, connection: stream, lease } => {
                stream.seat.set(Some(self.seat(lease)));
                stream.reused.set(stream.reused.get() + 1);
                // SAFETY: who waits is alive.
                unsafe { (waiter.turn_came)(waiter.owner, Given::Stream(stream)) }
            }
            Kept::Refused(stream) => drop(stream),
        }
    }

    /// Takes the empty buffer of a connection that nobody uses.
    fn take_buffer(&self, stream: &Stream) {
        let buffer = stream.buffer.take();
        let mut buffers = self.buffers.borrow_mut();
        if buffer.is_worth_keeping() && buffers.len() < BUFFERS {
            buffers.push(buffer);
        }
    }

    /// Gives a connection memory to receive to, if there is some.
    pub(super) fn lend_buffer(&self, stream: &Stream) {
        if let Some(buffer) = self.buffers.borrow_mut().pop() {
            stream.buffer.replace(buffer);
        }
    }

    /// Gives back the place of a connection that is closed.
    fn leave(&self, lease: Lease) {
        let next = self.books.borrow_mut().close(lease);
        if let Some((waiter, lease)) = next {
            // SAFETY: who waits is alive.
            unsafe { (waiter.turn_came)(waiter.owner, Given::Place(self.seat(lease))) }
        }
    }

    fn seat(&self, lease: Lease) -> Seat {
        // SAFETY: pools outlive the sockets of their machine.
        unsafe { Seat::new(lease, ptr::from_ref(self).cast(), give_back) }
    }

    pub(super) fn cancel(&self, id: WaiterId) {
        self.books.borrow_mut().cancel(id);
    }

    /// Closes all connections that nobody uses.
    pub(crate) fn close_idle(&self) {
        let idle = self.books.borrow_mut().drain();
        drop(idle);
    }

    /// An event of a connection that nobody uses: something arrived that nobody
    /// asked for, the peer has closed, its time is over, or the worker ends.
    fn idle_event(&self, stream: &Stream) {
        let connection = stream.connection;
        let over = match stream.take_timeout() {
            true => stream.is_idle_for_long(),
            false => connection.is_to_close() || connection.peek() != Peer::Quiet,
        };
        if !over {
            connection.watch_reading();
            return;
        }
        let Some(id) = stream.idle.get() else { return };
        let stream = self.books.borrow_mut().remove(id);
        drop(stream);
    }
}

/// The events of connections that nobody uses.
static IDLE: Events = Events { readable: idle_readable, writable: idle_writable };

unsafe fn idle_readable(pools: *const c_void, stream: &Rc<Stream>) -> Option<Woken> {
    // SAFETY: pools outlive the connections in them.
    unsafe { (*pools.cast::<Pools>()).idle_event(stream) }
    None
}

unsafe fn idle_writable(_: *const c_void, _: &Rc<Stream>) -> Option<Woken> {
    None
}

unsafe fn give_back(pools: *const c_void, lease: Lease) {
    // SAFETY: the seat's promise.
    unsafe { (*pools.cast::<Pools>()).leave(lease) }
}

impl Stream {
    /// Has an idle connection closed after a while; 0 stands for never.
    ///
    /// The timer stays when the connection is used again, so that nginx need not
    /// sort it in anew for each use.
    fn start_idle_timer(&self, msec: ngx_msec_t) {
        self.idle_until.set(event::now().wrapping_add(msec));
        let event = self.connection.read_event();
        // SAFETY: the event of an open connection.
        unsafe {
            (*event).set_timedout(0);
            // It is no reason for a worker to go on.
            (*event).set_cancelable(1);
            if msec > 0 {
                ngx_add_timer(event, msec);
            } else if (*event).timer_set() != 0 {
                ngx_del_timer(event);
            }
        }
        self.connection.set_idle(true);
        self.connection.watch_reading();
    }

    /// Whether the time of an idle connection is over. If the timer was that of an
    /// earlier time, it is set again.
    fn is_idle_for_long(&self) -> bool {
        let missing = self.idle_until.get().wrapping_sub(event::now()) as isize;
        if missing > 0 {
            // SAFETY: the event of an open connection.
            unsafe { ngx_add_timer(self.connection.read_event(), missing as ngx_msec_t) }
        }
        missing <= 0
    }

    /// Whether the event is that of the timer.
    pub(super) fn take_timeout(&self) -> bool {
        let event = self.connection.read_event();
        // SAFETY: as above.
        unsafe {
            let timedout = (*event).timedout() != 0;
            (*event).set_timedout(0);
            timedout
        }
    }
}
