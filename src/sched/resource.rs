//! What a request holds besides its coroutines, and what ends with it: sockets.
//!
//! Lua's collector owns such a thing and may take it before that, or keep it for
//! longer; so it is linked into its request's list, and leaves it in time.

use core::cell::Cell;
use core::ptr;

use super::Ctx;

/// The part of such a thing that is linked. It stays in place while it is.
pub(crate) struct Resource {
    kind: Kind,
    ctx: Cell<*const Ctx>,
    previous: Cell<*const Resource>,
    next: Cell<*const Resource>,
    /// Releases the thing; it is linked no longer.
    release: unsafe fn(*const Resource),
}

/// What a resource is the first field of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Tcp,
    Udp,
}

/// The list of a request.
pub(super) struct Resources(Cell<*const Resource>);

impl Resource {
    pub(crate) fn new(kind: Kind, release: unsafe fn(*const Resource)) -> Self {
        Self {
            kind,
            ctx: Cell::new(ptr::null()),
            previous: Cell::new(ptr::null()),
            next: Cell::new(ptr::null()),
            release,
        }
    }

    /// The request that holds it, until that ends.
    pub(crate) fn ctx(&self) -> Option<&Ctx> {
        // SAFETY: the request's end takes it out of the list.
        unsafe { self.ctx.get().as_ref() }
    }

    /// Leaves the list that it is in.
    pub(crate) fn leave(&self) {
        // SAFETY: as above; its neighbours are linked, so they are alive.
        unsafe {
            let Some(ctx) = self.ctx.replace(ptr::null()).as_ref() else { return };
            let (previous, next) = (self.previous.get(), self.next.get());
            match previous.as_ref() {
                Some(previous) => previous.next.set(next),
                None => ctx.resources.0.set(next),
            }
            if let Some(next) = next.as_ref() {
                next.previous.set(previous);
            }
        }
    }
}

impl Resources {
    pub(super) fn new() -> Self {
        Self(Cell::new(ptr::null()))
    }
}

impl Ctx {
    /// Has `resource` released when the request ends; false for lack of memory.
    ///
    /// # Safety
    /// It is in no list, and leaves this one before it goes.
    pub(crate) unsafe fn hold(&self, resource: &Resource) -> bool {
        if !self.add_cleanup() {
            return false;
        }
        let first = self.resources.0.replace(resource);
        resource.ctx.set(self);
        resource.previous.set(ptr::null());
        resource.next.set(first);
        // SAFETY: what is in the list is alive.
        if let Some(first) = unsafe { first.as_ref() } {
            first.previous.set(resource);
        }
        true
    }

    /// The one that the request holds since last, if it is of that kind.
    pub(crate) fn newest_resource(&self, kind: Kind) -> Option<&Resource> {
        // SAFETY: what is in the list is alive.
        let newest = unsafe { self.resources.0.get().as_ref() };
        newest.filter(|resource| resource.kind == kind)
    }

    pub(super) fn release_resources(&self) {
        // SAFETY: as above; who is released may take others out of the list.
        while let Some(resource) = unsafe { self.resources.0.get().as_ref() } {
            resource.leave();
            // SAFETY: it was linked until now.
            unsafe { (resource.release)(resource) }
        }
    }
}
