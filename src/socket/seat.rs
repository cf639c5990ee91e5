//! Places in pools.

use core::ffi::c_void;

use nginx_lua_pool::Lease;

/// A place in a pool, given back when it is dropped.
pub(super) struct Seat {
    lease: Option<Lease>,
    pools: *const c_void,
    give_back: unsafe fn(*const c_void, Lease),
}

impl Seat {
    /// # Safety
    /// `give_back` may be called with `pools` as long as there is the seat.
    pub(super) unsafe fn new(
        lease: Lease,
        pools: *const c_void,
        give_back: unsafe fn(*const c_void, Lease),
    ) -> Self {
        Self { lease: Some(lease), pools, give_back }
    }

    /// The lease, which somebody else gives back.
    pub(super) fn into_lease(mut self) -> Option<Lease> {
        self.lease.take()
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if let Some(lease) = self.lease.take() {
            // SAFETY: promised to `new`.
            unsafe { (self.give_back)(self.pools, lease) }
        }
    }
}
