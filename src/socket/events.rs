//! What the events of a socket's connection are for.

use core::ffi::c_void;
use std::rc::Rc;

use super::connect::push_connected;
use super::stream::{Events, Stream};
use super::tcp::Tcp;
use super::waiting::Woken;

static EVENTS: Events = Events { readable, writable };

impl Tcp {
    pub(crate) fn new() -> Self {
        Self::with(&EVENTS)
    }

    /// The connection that is being made is there, or has failed.
    fn go_on_connecting(&self, stream: &Rc<Stream>) -> Option<Woken> {
        if let Err(failure) = self.can_connect(stream) {
            return self.connector.wake(|l| self.push_connect_failure(l, &failure));
        }
        #[cfg(ngx_feature = "ssl")]
        if self.shakes_hands() {
            return self.handshake_can_begin(stream);
        }
        self.connector.wake(push_connected)
    }
}

unsafe fn readable(socket: *const c_void, stream: &Rc<Stream>) -> Option<Woken> {
    // SAFETY: the user of the stream is the socket.
    let socket = unsafe { &*socket.cast::<Tcp>() };
    // The timer is that of the pool that it came from.
    if stream.take_timeout() {
        return None;
    }
    if socket.connector.is_some() {
        return socket.go_on_connecting(stream);
    }
    socket.can_read(stream)
}

unsafe fn writable(socket: *const c_void, stream: &Rc<Stream>) -> Option<Woken> {
    // SAFETY: as above.
    let socket = unsafe { &*socket.cast::<Tcp>() };
    if socket.connector.is_some() {
        return socket.go_on_connecting(stream);
    }
    socket.can_write(stream)
}
