//! The connection of the client as a socket: `ngx.req.socket`.
//!
//! The connection is nginx's. Its events come through the handlers of the
//! request, and reach the socket that the context names.

use core::ffi::c_void;
use core::ptr;
use std::rc::Rc;

use super::client::Client;
use super::stream::Stream;
use super::tcp::Tcp;
use crate::ngx::connection::Connection;
use crate::ngx::{self, Request};
use crate::sched::{ClientSocket, Ctx};
use crate::sys::*;

/// Why there is no socket of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    Because(&'static str),
    /// It is an error to ask.
    Error(&'static str),
}

impl Ctx {
    /// Has `socket` stand for the body of the request, or, if it is `raw`, for
    /// the connection.
    ///
    /// # Safety
    /// The socket is new, and stays in its place until it is dropped.
    pub(crate) unsafe fn open_client_socket(&self, raw: bool, socket: &Tcp) -> Result<(), Refused> {
        let r = self.request;
        check(r, raw)?;
        let stream = if raw { self.take_connection()? } else { self.take_body()? };
        // SAFETY: the caller's promise.
        if !unsafe { socket.join(self) } {
            return Err(Refused::Because("no memory"));
        }
        socket.client.set(true);
        self.client_socket
            .set(Some(ClientSocket { owner: ptr::from_ref(socket).cast(), can_write }));
        // SAFETY: live request.
        unsafe { (*r.as_ptr()).read_event_handler = Some(read_event) };
        socket.set_stream(stream);
        Ok(())
    }

    fn take_body(&self) -> Result<Rc<Stream>, Refused> {
        let r = self.request;
        // SAFETY: live request.
        unsafe {
            let raw = r.as_ptr();
            if !(*raw).request_body.is_null() {
                return Err(Refused::Because("request body already exists"));
            }
            if (*raw).discard_body() != 0 {
                return Err(Refused::Because("request body discarded"));
            }
            let Ok(len @ 1..) = usize::try_from((*raw).headers_in.content_length_n) else {
                return Err(Refused::Because("no body"));
            };
            if !self.invite_body() {
                return Err(Refused::Because("test expect failed"));
            }
            let Some(body) = r.pool().zeroed::<ngx_http_request_body_t>() else {
                return Err(Refused::Because("no memory"));
            };
            (*body.as_ptr()).rest = len as off_t;
            (*raw).request_body = body.as_ptr();
            // Until all of it is read, no other request can follow.
            (*raw).set_reading_body(1);
            Ok(self.client_stream(Some(len)))
        }
    }

    fn take_connection(&self) -> Result<Rc<Stream>, Refused> {
        let r = self.request;
        if self.output.is_raw() {
            return Err(Refused::Because("duplicate call"));
        }
        // SAFETY: live request and connection.
        unsafe {
            let raw = r.as_ptr();
            if (*raw).request_body.is_null() {
                let Some(body) = r.pool().zeroed::<ngx_http_request_body_t>() else {
                    return Err(Refused::Because("no memory"));
                };
                (*raw).request_body = body.as_ptr();
            } else if (*(*raw).request_body).rest > 0 && self.client_socket.get().is_none() {
                return Err(Refused::Because("pending request body reading in some other thread"));
            }
            if self.output.is_buffering() {
                return Err(Refused::Because("http 1.0 buffering"));
            }
            // What was printed comes before what is written here.
            if r.header_sent() && self.output.flush(self).is_err() || self.output_pending() {
                return Err(Refused::Because("pending data to write"));
            }
            // nginx is to send no header of its own.
            (*raw).set_header_sent(1);
            (*raw).set_keepalive(0);
            (*raw).set_lingering_close(1);
            (*raw).set_reading_body(0);
        }
        self.output.set_raw();
        Ok(self.client_stream(None))
    }

    /// The connection with what has arrived together with the header. A socket
    /// that had it before leaves it.
    fn client_stream(&self, body: Option<usize>) -> Rc<Stream> {
        let r = self.request;
        // SAFETY: live request and connection.
        let connection = unsafe { Connection::from_ptr(r.connection()) };
        let client = Client::new(r, body);
        let stream = Stream::of_client(connection, client);
        if let Some(before) = self.client_socket.get() {
            // SAFETY: a socket that ends takes itself out of the context.
            let before = unsafe { &*before.owner.cast::<Tcp>() };
            if let Some(old) = before.take_stream() {
                stream.put_back(old.buffer.borrow().unread());
            }
        }
        // SAFETY: live request, whose header was read into the buffer.
        unsafe {
            let buffer = &mut *(*r.as_ptr()).header_in;
            let there = buffer.last.offset_from(buffer.pos) as usize;
            let len = there.min(body.unwrap_or(usize::MAX));
            stream.put_back(core::slice::from_raw_parts(buffer.pos, len));
            buffer.pos = buffer.pos.add(len);
            if let Some(client) = stream.client() {
                client.received(len);
            }
        }
        stream
    }

    /// Sends "100 Continue" to a client that waits for that.
    fn invite_body(&self) -> bool {
        let r = self.request;
        // SAFETY: live request and connection.
        unsafe {
            let raw = r.as_ptr();
            let Some(expect) = (*raw).headers_in.expect.as_ref() else { return true };
            if (*raw).expect_tested() != 0
                || (*raw).http_version < NGX_HTTP_VERSION_11 as ngx_uint_t
            {
                return true;
            }
            (*raw).set_expect_tested(1);
            if !expect.value.as_bytes().eq_ignore_ascii_case(b"100-continue") {
                return true;
            }
            const ANSWER: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";
            let connection = r.connection();
            let Some(send) = (*connection).send else { return false };
            send(connection, ANSWER.as_ptr().cast_mut(), ANSWER.len()) == ANSWER.len() as isize
        }
    }
}

impl Tcp {
    /// Whether it is the client's connection.
    pub(crate) fn is_client(&self) -> bool {
        self.client.get()
    }

    /// Whether it is the body of the request, which is only read.
    pub(crate) fn is_body(&self) -> bool {
        self.stream().is_some_and(|stream| stream.is_body())
    }
}

fn check(r: Request, raw: bool) -> Result<(), Refused> {
    if !r.is_main() {
        return Err(Refused::Error("attempt to read the request body in a subrequest"));
    }
    // SAFETY: live request.
    unsafe {
        match (*r.as_ptr()).http_version {
            2000 => return Err(Refused::Error("http v2 not supported yet")),
            3000 => return Err(Refused::Error("http v3 not supported yet")),
            _ => {}
        }
        if !raw && (*r.as_ptr()).headers_in.chunked() != 0 {
            return Err(Refused::Because("chunked request bodies not supported yet"));
        }
    }
    Ok(())
}

/// The client's connection can be read.
unsafe extern "C" fn read_event(r: *mut ngx_http_request_t) {
    ngx::callback("client socket", (), || {
        // SAFETY: nginx calls the read event handler of a live request.
        let request = unsafe { Request::from_ptr(r) };
        let Some(ctx) = Ctx::existing(request) else { return };
        let socket = ctx.client_socket.get();
        // SAFETY: a socket that ends takes itself out of the context.
        let socket = socket.map(|socket| unsafe { &*socket.owner.cast::<Tcp>() });
        let Some((socket, stream)) = socket.and_then(|s| Some((s, s.stream()?))) else {
            ctx.check_client();
            return;
        };
        if !socket.reader.is_some() && request.loc_conf().check_client_abort == 1 {
            ctx.check_client();
            return;
        }
        let woken = socket.can_read(&stream);
        drop(stream);
        if let Some(woken) = woken {
            woken.go_on();
        }
    });
}

/// The client's connection can be written to: whether a thread became ready.
unsafe fn can_write(socket: *const c_void) -> bool {
    // SAFETY: a socket that ends takes itself out of the context.
    let socket = unsafe { &*socket.cast::<Tcp>() };
    if !socket.writer.is_some() {
        return false;
    }
    let Some(stream) = socket.stream() else { return false };
    socket.can_write(&stream).is_some()
}
