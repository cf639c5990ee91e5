//! Names to addresses.
//!
//! nginx's own resolver does it where the directive `resolver` names servers.
//! Elsewhere it is done as on the rest of the system ([`system`]).

mod answer;
mod nginx;
mod running;
mod system;
mod wire;

use core::ffi::c_void;
use core::net::IpAddr;

use crate::conf::resolver::Resolver;
use crate::ngx::{Address, Request};
use system::System;

/// A name being looked up. Dropping it cancels: `done` is not called then.
pub(crate) struct Lookup(#[expect(dead_code, reason = "kept for its drop")] By);

/// Whose lookup it is.
enum By {
    Nginx(#[expect(dead_code, reason = "kept for its drop")] Box<nginx::Pending>),
    System(#[expect(dead_code, reason = "kept for its drop")] running::Waiting),
}

/// The address of a name, or the promise of one.
pub(crate) enum Answer {
    Known(Address),
    Pending(Lookup),
}

/// Who is told of the result, and how; the error is a message for Lua.
#[derive(Clone, Copy)]
struct Done {
    owner: *const c_void,
    call: unsafe fn(*const c_void, Result<Address, String>),
    port: u16,
}

/// Finds an address of `host`, which is no IP address: a random one of the
/// answer. `done` is called once, with `owner`, by the event loop, if the answer
/// is pending. Errors are messages for Lua.
///
/// # Safety
/// `done` may be called with `owner` until the lookup is dropped.
pub(crate) unsafe fn resolve(
    request: Request,
    host: &[u8],
    port: u16,
    owner: *const c_void,
    done: unsafe fn(*const c_void, Result<Address, String>),
) -> Result<Answer, String> {
    let done = Done { owner, call: done, port };
    if let Some(servers) = nginx::servers(request) {
        return nginx::resolve(request, servers, host, done);
    }
    match &request.main_conf().resolver {
        Some(Resolver::System(files)) => System::of_worker(files).resolve(host, done),
        _ => Err(format!("no resolver defined to resolve \"{}\"", String::from_utf8_lossy(host))),
    }
}

/// At the end of the worker.
pub(crate) fn end() {
    System::end();
}

impl Done {
    fn tell(self, result: Result<Address, String>) {
        // SAFETY: promised to `resolve`; who calls this has not been dropped.
        unsafe { (self.call)(self.owner, result) }
    }

    fn with_port(self, ip: IpAddr) -> Address {
        Address::ip(ip, self.port)
    }
}

/// A number that nobody can guess.
fn random() -> u16 {
    let mut bytes = [0; 2];
    // nginx's own numbers do for a system that has none.
    match getrandom::fill(&mut bytes) {
        Ok(()) => u16::from_ne_bytes(bytes),
        // SAFETY: it only changes its own state.
        Err(_) => unsafe { crate::sys::random() as u16 },
    }
}

/// One of several things, each as likely as the others.
fn choose<T>(all: &[T]) -> Option<&T> {
    match all {
        [] => None,
        [only] => Some(only),
        all => all.get(usize::from(random()) % all.len()),
    }
}
