//! A connect that waits.

use core::cell::{Cell, RefCell, UnsafeCell};
use core::ffi::c_void;
use std::borrow::Cow;

use nginx_lua_pool::{Limits, WaiterId};

use super::pool::{Given, Pools};
use super::resolver::Lookup;
use super::seat::Seat;
use crate::ngx::address::Address;
use crate::ngx::event::{Place, Posted};
use crate::sys::ngx_event_t;

/// Where to connect to.
#[derive(Clone)]
pub(crate) struct Target<'a> {
    /// A host name, an IP address, or a path as `unix:/path`.
    pub host: Cow<'a, [u8]>,
    /// None for a path.
    pub port: Option<u16>,
    /// The local address to bind.
    pub local: Option<Address>,
    pub limits: Option<Limits>,
}

/// A connect that waits.
pub(super) struct Attempt {
    pub(super) target: Target<'static>,
    pools: *const Pools,
    /// The place in the pool that the connection will take.
    pub(super) seat: Cell<Option<Seat>>,
    pub(super) stage: RefCell<Stage>,
    /// Posted when the pool has given something: who gives it goes on first.
    turn: UnsafeCell<Posted>,
}

pub(super) enum Stage {
    /// All connections of the pool are in use.
    Queued(WaiterId),
    Given(Given),
    LookingUp(#[expect(dead_code, reason = "dropping it ends it")] Lookup),
    Connecting,
}

impl Attempt {
    pub(super) fn new(
        target: &Target<'_>,
        pools: &Pools,
        seat: Option<Seat>,
        stage: Stage,
        turn: unsafe extern "C" fn(*mut ngx_event_t),
    ) -> Box<Self> {
        Box::new(Self {
            target: Target { host: Cow::Owned(target.host.to_vec()), ..*target },
            pools,
            seat: Cell::new(seat),
            stage: RefCell::new(stage),
            turn: UnsafeCell::new(Posted::new(turn)),
        })
    }

    /// The pool gives what is waited for: the event comes, with the socket that
    /// has this attempt.
    pub(super) fn give(&self, given: Given, socket: *const c_void) {
        self.stage.replace(Stage::Given(given));
        // SAFETY: nothing else refers to the event, which ends with the attempt;
        // the socket ends that before it goes.
        unsafe { (*self.turn.get()).post(Place::Last, socket.cast_mut()) }
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        self.turn.get_mut().cancel();
        if let Stage::Queued(id) = *self.stage.get_mut() {
            // SAFETY: pools outlive the sockets of their machine.
            unsafe { (*self.pools).cancel(id) }
        }
    }
}
