//! Receiving.

use core::ffi::{c_int, c_void};
use std::rc::Rc;

use nginx_lua_receive::{Cut, Start, push_without_returns};

use super::failure::Failure;
use super::pattern::Pattern;
use super::stream::Stream;
use super::tcp::{Step, Tcp};
use super::waiting::Woken;
use crate::lua::State;
use crate::ngx::connection::Io;
use crate::sched::Thread;

impl Tcp {
    /// Receives what `pattern` asks for.
    pub(crate) fn receive(&self, l: State, mut pattern: Pattern) -> (Step, Pattern) {
        let Some(stream) = self.readable(&pattern) else {
            return (Step::Done(Failure::Closed.push(l)), pattern);
        };
        let mut from = 0;
        if let Pattern::Until(until, size) = &pattern {
            // SAFETY: see the variant.
            let mut until = unsafe { (**until).borrow_mut() };
            match until.start(self.position.get(), *size) {
                Start::End => {
                    (0..3).for_each(|_| l.push_nil());
                    return (Step::Done(3), pattern);
                }
                Start::From(seen) => from = seen,
            }
        }
        let cut = {
            let buffer = stream.buffer.borrow();
            let unread = buffer.unread();
            pattern.feed(&unread[from.min(unread.len())..])
        };
        let received = match cut {
            Some(cut) => Ok(Some(cut)),
            None => self.read(&stream, &mut pattern),
        };
        let step = match received {
            Ok(None) => Step::Wait,
            Ok(Some(cut)) => Step::Done(self.push_result(l, &stream, cut)),
            Err(failure) => Step::Done(self.push_partial(l, &stream, &mut pattern, &failure)),
        };
        (step, pattern)
    }

    /// The stream, if it can be read.
    fn readable(&self, pattern: &Pattern) -> Option<Rc<Stream>> {
        let stream = self.stream().filter(|_| !self.read_closed.get());
        // An iterator is called until it ends.
        if stream.is_none() && !matches!(pattern, Pattern::Until(..)) {
            self.log_closed("receive");
        }
        stream
    }

    /// Has `thread` wait until what `pattern` asks for is there.
    pub(crate) fn wait_to_receive(&self, thread: &Thread, pattern: Pattern) {
        self.pattern.replace(Some(pattern));
        self.wait(&self.reader, thread, reader_ended, reader_timed_out);
        thread.start_timer(self.read_timeout());
    }

    /// Receives until the pattern is satisfied or nothing more is there.
    fn read(&self, stream: &Stream, pattern: &mut Pattern) -> Result<Option<Cut>, Failure> {
        let size = self.conf().buffer_size;
        loop {
            let unread = stream.buffer.borrow().unread().len();
            match stream.fill(pattern.wanted(size, unread)) {
                Io::Bytes(_) => {
                    let buffer = stream.buffer.borrow();
                    if let Some(cut) = pattern.feed(&buffer.unread()[unread..]) {
                        return Ok(Some(cut));
                    }
                }
                Io::Again if stream.connection.watch_reading() => return Ok(None),
                Io::Again => return Err("failed to handle read event".into()),
                Io::Closed => return Err(stream.why_closed()),
                Io::Failed(_) if stream.is_body() => return Err(stream.why_closed()),
                Io::Failed(error) => return Err(Failure::System(error)),
            }
        }
    }

    /// The connection may have something for the reader.
    pub(super) fn can_read(&self, stream: &Stream) -> Option<Woken> {
        let Some(mut pattern) = self.pattern.take() else {
            stream.connection.watch_reading();
            return None;
        };
        let before = stream.buffer.borrow().unread().len();
        match self.read(stream, &mut pattern) {
            Ok(None) => {
                self.pattern.replace(Some(pattern));
                // The time is that without any data.
                if stream.buffer.borrow().unread().len() > before {
                    self.reader.set_timer(Some(self.read_timeout()));
                }
                None
            }
            Ok(Some(cut)) => self.reader.wake(|l| self.push_result(l, stream, cut)),
            Err(failure) => {
                self.reader.wake(|l| self.push_partial(l, stream, &mut pattern, &failure))
            }
        }
    }

    /// Pushes the result, which leaves the buffer.
    fn push_result(&self, l: State, stream: &Stream, cut: Cut) -> c_int {
        let mut buffer = stream.buffer.borrow_mut();
        let result = &buffer.unread()[..cut.take];
        if cut.returns {
            let mut clean = Vec::with_capacity(result.len());
            push_without_returns(result, &mut clean);
            l.push_bytes(clean);
        } else {
            l.push_bytes(result);
        }
        buffer.consume(cut.consumed());
        self.position.set(self.position.get() + cut.consumed() as u64);
        1
    }

    /// Pushes `nil, reason, partial`; what `*a` asks for is complete when the
    /// peer closes.
    fn push_partial(
        &self,
        l: State,
        stream: &Stream,
        pattern: &mut Pattern,
        failure: &Failure,
    ) -> c_int {
        let cut = pattern.partial();
        if matches!((&*pattern, failure), (Pattern::All(_), Failure::Closed)) {
            return self.push_result(l, stream, cut);
        }
        let results = failure.push(l) + self.push_result(l, stream, cut);
        match failure {
            Failure::Timeout => self.log_error("lua tcp socket read timed out"),
            _ => self.close_reading(),
        }
        results
    }
}

unsafe fn reader_ended(socket: *const c_void) {
    // SAFETY: the keeper's owner is the socket.
    let socket = unsafe { &*socket.cast::<Tcp>() };
    socket.abandon(&socket.reader);
}

unsafe fn reader_timed_out(socket: *const c_void) {
    // SAFETY: as above.
    let socket = unsafe { &*socket.cast::<Tcp>() };
    let (Some(stream), Some(mut pattern)) = (socket.stream(), socket.pattern.take()) else {
        return;
    };
    socket.reader.wake(|l| socket.push_partial(l, &stream, &mut pattern, &Failure::Timeout));
}
