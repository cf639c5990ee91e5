//! Sending.

use core::ffi::{c_int, c_void};

use super::failure::Failure;
use super::stream::Stream;
use super::tcp::{Step, Tcp};
use super::waiting::Woken;
use crate::lua::State;
use crate::ngx::connection::Io;
use crate::sched::Thread;

impl Tcp {
    /// Sends `bytes`. With [`Step::Wait`], `rest` of them is left.
    pub(crate) fn send(&self, l: State, bytes: &[u8], rest: &mut usize) -> Step {
        let stream = self.stream().filter(|_| !self.write_closed.get());
        let Some(stream) = stream else {
            self.log_closed("send");
            return Step::Done(Failure::Closed.push(l));
        };
        let nodelay = self.ctx().is_some_and(|ctx| ctx.request.core_loc_conf().tcp_nodelay == 1);
        if nodelay && !stream.connection.set_nodelay() {
            let failure = Failure::from("setsocketopt tcp_nodelay failed");
            return Step::Done(failure.push(l));
        }

        let mut sent = 0;
        match Self::write(&stream, bytes, &mut sent) {
            Ok(true) => Step::Done(push_count(l, bytes.len())),
            Ok(false) => {
                *rest = bytes.len() - sent;
                Step::Wait
            }
            Err(failure) => Step::Done(self.push_send_failure(l, &failure)),
        }
    }

    /// Has `thread` wait until the `rest` of `bytes` is sent.
    pub(crate) fn wait_to_send(&self, thread: &Thread, bytes: Vec<u8>, rest: usize) {
        if let Some(stream) = self.stream() {
            stream.connection.expect_moved_data();
        }
        self.sent.set(bytes.len() - rest);
        self.unsent.replace(bytes);
        self.wait(&self.writer, thread, writer_ended, writer_timed_out);
        thread.start_timer(self.send_timeout());
    }

    /// Sends until all is sent, or nothing more can be; then it is false.
    fn write(stream: &Stream, bytes: &[u8], sent: &mut usize) -> Result<bool, Failure> {
        while *sent < bytes.len() {
            match stream.connection.send(&bytes[*sent..]) {
                Io::Bytes(n) => *sent += n,
                Io::Again if stream.connection.watch_writing() => return Ok(false),
                Io::Again => return Err("failed to handle write event".into()),
                Io::Closed => return Err(Failure::Closed),
                Io::Failed(error) => return Err(Failure::System(error)),
            }
        }
        Ok(true)
    }

    /// The connection may have room for what the writer has left.
    pub(super) fn can_write(&self, stream: &Stream) -> Option<Woken> {
        if !self.writer.is_some() {
            stream.connection.watch_writing();
            return None;
        }
        let before = self.sent.get();
        let mut sent = before;
        let written = Self::write(stream, &self.unsent.borrow(), &mut sent);
        self.sent.set(sent);
        match written {
            Ok(false) => {
                if sent > before {
                    self.writer.set_timer(Some(self.send_timeout()));
                }
                None
            }
            Ok(true) => {
                let bytes = self.unsent.take();
                self.writer.wake(|l| push_count(l, bytes.len()))
            }
            Err(failure) => self.writer.wake(|l| self.push_send_failure(l, &failure)),
        }
    }

    /// Pushes `nil, reason`. How much has arrived, nobody knows.
    fn push_send_failure(&self, l: State, failure: &Failure) -> c_int {
        self.unsent.take();
        if *failure == Failure::Timeout {
            self.log_error("lua tcp socket write timed out");
        }
        let results = failure.push(l);
        self.close_writing();
        results
    }
}

fn push_count(l: State, n: usize) -> c_int {
    l.push_integer(n as i64);
    1
}

unsafe fn writer_ended(socket: *const c_void) {
    // SAFETY: the keeper's owner is the socket.
    let socket = unsafe { &*socket.cast::<Tcp>() };
    socket.abandon(&socket.writer);
}

unsafe fn writer_timed_out(socket: *const c_void) {
    // SAFETY: as above.
    let socket = unsafe { &*socket.cast::<Tcp>() };
    socket.writer.wake(|l| socket.push_send_failure(l, &Failure::Timeout));
}
