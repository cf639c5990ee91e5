//! TLS on a TCP socket: the handshake, as the client.
//!
//! While it goes on, the socket is as busy as one that connects, and nginx's code
//! has the connection's events. When it is over they come back to the stream, whose
//! bytes nginx encrypts and decrypts from then on.

use core::ffi::{c_int, c_void};
use std::ffi::CString;
use std::rc::Rc;

use super::failure::Failure;
use super::stream::{self, Stream};
use super::tcp::{Step, Tcp};
use crate::lua::State;
use crate::ngx;
use crate::ngx::certificate::Certificates;
use crate::ngx::ssl::{Session, Store};
use crate::ngx::ssl_connection::{self, SslConnection};
use crate::sched::dispatch::dispatch;
use crate::sched::{Ctx, Thread};
use crate::sys::*;

/// What a handshake is to agree on.
pub(crate) struct Tls<'a> {
    /// An earlier session to take up.
    pub session: Option<&'a Session>,
    /// For the server, and for the verification of its certificate.
    pub server_name: Option<&'a [u8]>,
    pub verify: bool,
    /// Ask the server for an OCSP response.
    pub status: bool,
    /// The certificate to show, and its key: a private key of OpenSSL's.
    pub certificates: Option<&'a Certificates>,
    pub key: *mut c_void,
    /// The certificates to trust, instead of those of the configuration.
    pub store: Option<&'a Store>,
}

/// A handshake that goes on.
pub(super) struct Handshake {
    /// The certificate has to be verified, for this name.
    verify: bool,
    server_name: Option<Vec<u8>>,
    /// What the log says of the certificates that are trusted, if the configuration
    /// does not.
    trust: Option<String>,
}

impl Tcp {
    /// Agrees on TLS. Pushes true, and whether that was done before.
    pub(crate) fn handshake(&self, l: State, ctx: &Ctx, tls: &Tls<'_>) -> Step {
        let closed = self.read_closed.get() || self.write_closed.get();
        let Some(stream) = self.stream().filter(|_| !closed) else {
            return Step::Done(Failure::Closed.push(l));
        };
        if stream.connection.is_tls() {
            return Step::Done(push_established(l, true));
        }
        let begun = self.begin(ctx, &stream, tls);
        let (connection, handshake) = match begun {
            Ok(begun) => begun,
            Err(failure) => return Step::Done(failure.push(l)),
        };
        // What came before TLS is not protected: it must not pass for what comes after.
        self.discard(&stream);

        match connection.handshake(handshake_over) {
            ssl_connection::Handshake::Done => {
                Step::Done(self.push_handshake(l, &stream, &handshake, connection))
            }
            ssl_connection::Handshake::Failed => Step::Done(self.push_no_handshake(l)),
            ssl_connection::Handshake::Pending => {
                self.handshake.replace(Some(handshake));
                Step::Wait
            }
        }
    }

    /// Has `thread` wait until the handshake that has begun is over.
    pub(crate) fn wait_for_handshake(&self, thread: &Thread) {
        self.wait(&self.connector, thread, handshake_ended, handshake_timed_out);
        thread.start_timer(self.connect_timeout());
    }

    /// Ends a handshake that has begun, and the connection.
    pub(crate) fn cancel_handshake(&self) {
        drop(self.handshake.take());
        drop(self.take_stream());
    }

    /// Prepares the connection.
    fn begin(
        &self,
        ctx: &Ctx,
        stream: &Stream,
        tls: &Tls<'_>,
    ) -> Result<(SslConnection, Handshake), Failure> {
        let settings = ctx.request.loc_conf().ssl.context();
        let connection = settings
            .and_then(|settings| settings.ssl())
            .and_then(|context| stream.connection.start_tls(context))
            .ok_or("failed to create ssl connection")?;
        let has_store = settings.is_some_and(|settings| settings.has_store);
        prepare(ctx, connection, tls, has_store)
            .map(|handshake| (connection, handshake))
            .inspect_err(|_| connection.abandon())
            .map_err(Failure::from)
    }

    /// Forgets what was received and not asked for.
    fn discard(&self, stream: &Stream) {
        let mut buffer = stream.buffer.borrow_mut();
        let unread = buffer.unread().len();
        buffer.consume(unread);
        self.position.set(self.position.get() + unread as u64);
    }

    /// nginx's part is over. Pushes true and false, or nil and the reason.
    fn push_handshake(
        &self,
        l: State,
        stream: &Rc<Stream>,
        handshake: &Handshake,
        connection: SslConnection,
    ) -> c_int {
        stream.take_events();
        match self.verify(handshake, connection) {
            Ok(()) => push_established(l, false),
            Err(failure) => {
                drop(self.take_stream());
                failure.push(l)
            }
        }
    }

    fn push_no_handshake(&self, l: State) -> c_int {
        self.cancel_handshake();
        Failure::from("handshake failed").push(l)
    }

    fn verify(&self, handshake: &Handshake, connection: SslConnection) -> Result<(), Failure> {
        if !handshake.verify {
            return Ok(());
        }
        if let Err((number, text)) = connection.verified() {
            let trust = handshake.trust.as_deref().unwrap_or_default();
            self.log_error(format!("lua ssl certificate verify error: ({number}: {text}){trust}"));
            return Err(format!("{number}: {text}").into());
        }
        if let Some(name) = &handshake.server_name
            && !connection.is_for_host(name)
        {
            let mut message = b"lua ssl certificate does not match host \"".to_vec();
            message.extend_from_slice(name);
            message.push(b'"');
            self.log_error(message);
            return Err("certificate host mismatch".into());
        }
        Ok(())
    }

    /// The handshake that the thread waits for is over, or has failed.
    fn handshake_came<'a>(&self, stream: &Rc<Stream>) -> Option<&'a Ctx> {
        let handshake = self.handshake.take()?;
        let established = stream.connection.tls().filter(|tls| tls.is_established());
        self.connector.wake(|l| match established {
            Some(connection) => self.push_handshake(l, stream, &handshake, connection),
            None => self.push_no_handshake(l),
        })
    }

    /// The TLS of the connection; none before it is agreed on.
    pub(crate) fn tls(&self) -> Option<SslConnection> {
        self.connection()?.tls().filter(|tls| tls.is_established())
    }
}

/// Tells OpenSSL what the handshake is about.
fn prepare(
    ctx: &Ctx,
    connection: SslConnection,
    tls: &Tls<'_>,
    has_store: bool,
) -> Result<Handshake, &'static str> {
    if let Some(certificates) = tls.certificates {
        connection.set_certificates(certificates)?;
        // SAFETY: the key is one.
        if !unsafe { connection.set_private_key(tls.key) } {
            return Err("ssl set client private key failed");
        }
    }
    if let Some(session) = tls.session {
        if !connection.set_session(Some(session)) {
            return Err("ssl set session failed");
        }
        // A session that was not verified gets no second look: a new one does.
        if tls.verify && connection.verified().is_err() {
            connection.set_session(None);
        }
    }
    if let Some(name) = tls.server_name {
        let name = name.split(|c| *c == 0).next().unwrap_or_default();
        let name = CString::new(name).map_err(|_| "SSL_set_tlsext_host_name failed")?;
        if !connection.set_server_name(&name) {
            return Err("SSL_set_tlsext_host_name failed");
        }
    }
    if tls.status && !connection.request_status() {
        return Err("no OCSP support");
    }

    let mut trust = None;
    if let Some(store) = tls.store {
        if !connection.set_store(store) {
            return Err("SSL_set1_verify_cert_store() failed");
        }
    } else if tls.verify && !has_store {
        match ctx.request.main_conf().system_store.get() {
            Ok((store, _)) if !connection.set_store(store) => {
                return Err("SSL_set1_verify_cert_store() failed");
            }
            Ok((_, file)) => trust = Some(format!(", trusting \"{file}\"")),
            Err(reason) => trust = Some(format!(", trusting none: {reason}")),
        }
    }

    Ok(Handshake { verify: tls.verify, server_name: tls.server_name.map(<[u8]>::to_vec), trust })
}

fn push_established(l: State, before: bool) -> c_int {
    l.push_boolean(true);
    l.push_boolean(before);
    2
}

/// nginx calls it when a handshake that had to wait is over.
unsafe extern "C" fn handshake_over(connection: *mut ngx_connection_t) {
    ngx::callback("TLS handshake", (), || {
        // SAFETY: set for the connections of streams only.
        let stream = unsafe { stream::of_connection(connection) };
        let woken = stream.user().and_then(|socket| socket.handshake_came(&stream));
        // Lua code may close the connection, or drop the socket.
        drop(stream);
        woken.into_iter().for_each(dispatch);
    });
}

unsafe fn handshake_ended(socket: *const c_void) {
    // SAFETY: the keeper's owner is the socket.
    let socket = unsafe { &*socket.cast::<Tcp>() };
    socket.abandon(&socket.connector);
}

unsafe fn handshake_timed_out(socket: *const c_void) {
    // SAFETY: as above.
    let socket = unsafe { &*socket.cast::<Tcp>() };
    socket.connector.wake(|l| {
        socket.cancel_handshake();
        Failure::Timeout.push(l)
    });
}
