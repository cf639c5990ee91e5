//! TLS on a TCP socket: the handshake, as the client.
//!
//! While it goes on, the socket is as busy as one that connects, and nginx's code
//! has the connection's events. When it is over they come back to the stream, whose
//! bytes nginx encrypts and decrypts from then on.

use core::cell::{Cell, RefCell};
use core::ffi::{c_int, c_void};
use std::ffi::CString;
use std::rc::Rc;

use super::agreement::{Agreement, Handshake, Trust};
use super::failure::Failure;
use super::stream::{self, Stream};
use super::tcp::{Step, Tcp};
use super::waiting::Woken;
use crate::conf::ssl::Context;
use crate::lua::State;
use crate::ngx;
use crate::ngx::certificate::Certificates;
use crate::ngx::ssl::{Session, Store};
use crate::ngx::ssl_connection::{Progress, SslConnection};
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

impl Tcp {
    /// Agrees on TLS. Pushes true, and whether that was done before.
    ///
    /// A connection from a pool may have TLS that was agreed on for another name,
    /// with another certificate or without verification. Then another connection is
    /// made.
    pub(crate) fn handshake(&self, l: State, ctx: &Ctx, tls: &Tls<'_>) -> Step {
        let closed = self.read_closed.get() || self.write_closed.get();
        let Some(mut stream) = self.stream().filter(|_| !closed) else {
            return Step::Done(Failure::Closed.push(l));
        };
        if stream.client().is_some() {
            return Step::Done(Failure::from("not supported for downstream sockets").push(l));
        }
        let mut connected = true;
        if let Some(established) = stream.connection.tls() {
            if suits(ctx, &stream, established, tls) {
                return Step::Done(push_established(l, true));
            }
            match self.connect_again(ctx, stream) {
                Ok((again, at_once)) => (stream, connected) = (again, at_once),
                Err(failure) => return Step::Done(self.push_connect_failure(l, &failure)),
            }
        }
        if let Err(failure) = self.begin(ctx, &stream, tls) {
            return Step::Done(match connected {
                true => failure.push(l),
                false => self.push_connect_failure(l, &failure),
            });
        }
        if !connected {
            return Step::Wait;
        }
        match advance(&stream) {
            Progress::Pending => Step::Wait,
            progress => Step::Done(self.push_handshake(l, &stream, progress)),
        }
    }

    /// Has `thread` wait until the handshake that has begun is over.
    pub(crate) fn wait_for_handshake(&self, thread: &Thread) {
        self.wait(&self.connector, thread, handshake_ended, handshake_timed_out);
        thread.start_timer(self.connect_timeout());
    }

    /// Ends a handshake that has begun, and the connection.
    pub(crate) fn cancel_handshake(&self) {
        self.cancel_connect();
    }

    /// Prepares the connection.
    fn begin(&self, ctx: &Ctx, stream: &Stream, tls: &Tls<'_>) -> Result<(), Failure> {
        let connection = settings(ctx)
            .and_then(Context::ssl)
            .and_then(|context| stream.connection.start_tls(context))
            .ok_or("failed to create ssl connection")?;
        let trust = trust(ctx, tls);
        prepare(ctx, connection, tls, &trust).inspect_err(|_| connection.abandon())?;
        // What came before TLS is not protected: it must not pass for what comes after.
        self.discard(stream);
        self.handshake.replace(Some(Handshake {
            verify: tls.verify,
            server_name: tls.server_name.map(<[u8]>::to_vec),
            trust,
        }));
        Ok(())
    }

    /// Forgets what was received and not asked for.
    fn discard(&self, stream: &Stream) {
        let mut buffer = stream.buffer.borrow_mut();
        let unread = buffer.unread().len();
        buffer.consume(unread);
        self.position.set(self.position.get() + unread as u64);
    }

    /// The connection for a handshake is there.
    pub(super) fn handshake_can_begin(&self, stream: &Rc<Stream>) -> Option<Woken> {
        match advance(stream) {
            Progress::Pending => None,
            progress => self.connector.wake(|l| self.push_handshake(l, stream, progress)),
        }
    }

    /// The handshake is over. Pushes true and false, or nil and the reason.
    fn push_handshake(&self, l: State, stream: &Rc<Stream>, progress: Progress) -> c_int {
        let established = stream.connection.tls().filter(|_| progress == Progress::Done);
        let failure = match (self.handshake.take(), established) {
            (Some(handshake), Some(connection)) => {
                stream.take_events();
                match self.verify(&handshake, connection) {
                    Ok(()) => {
                        stream.agreement.replace(Some(Agreement {
                            trust: handshake.trust,
                            suits: Cell::new(true),
                            first_session: RefCell::default(),
                        }));
                        return push_established(l, false);
                    }
                    Err(failure) => failure,
                }
            }
            _ => "handshake failed".into(),
        };
        drop(self.take_stream());
        failure.push(l)
    }

    fn verify(&self, handshake: &Handshake, connection: SslConnection) -> Result<(), Failure> {
        if !handshake.verify {
            return Ok(());
        }
        if let Err((number, text)) = connection.verified() {
            let trust = match &handshake.trust {
                Trust::System(Ok(file)) => format!(", trusting \"{file}\""),
                Trust::System(Err(reason)) => format!(", trusting none: {reason}"),
                _ => String::new(),
            };
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

    /// The session, for a later connection. With TLS 1.3 there may be nothing in it
    /// until the server has sent more; then it is as good as what the server sends.
    pub(crate) fn session(&self) -> Option<Session> {
        let tls = self.tls()?;
        let session = tls.session()?;
        if let Some(stream) = self.stream()
            && let Some(agreement) = &*stream.agreement.borrow()
            && !session.is_resumable()
        {
            agreement.first_session.replace(Some(session.clone()));
            tls.watch_sessions(session_came);
        }
        Some(session)
    }

    /// The TLS of the connection; none before it is agreed on.
    pub(crate) fn tls(&self) -> Option<SslConnection> {
        self.connection()?.tls().filter(|tls| tls.is_established())
    }
}

/// Whose certificates a handshake trusts.
fn trust(ctx: &Ctx, tls: &Tls<'_>) -> Trust {
    let configured = settings(ctx).is_some_and(|settings| settings.has_store);
    match tls.store {
        Some(store) => Trust::Given(store.clone()),
        None if tls.verify && !configured => {
            let system = ctx.request.main_conf().system_store.get();
            Trust::System(system.map(|(_, file)| file))
        }
        None => Trust::Configured,
    }
}

fn settings(ctx: &Ctx) -> Option<&'static Context> {
    ctx.request.loc_conf().ssl.context().map(|context| &**context)
}

/// Goes through the handshake as far as that is possible.
fn advance(stream: &Stream) -> Progress {
    match stream.connection.tls() {
        Some(tls) => tls.handshake(handshake_over),
        None => Progress::Failed,
    }
}

/// Whether the TLS of a connection is what would be agreed on now.
fn suits(ctx: &Ctx, stream: &Stream, established: SslConnection, tls: &Tls<'_>) -> bool {
    let agreement = stream.agreement.borrow();
    let Some(agreement) = &*agreement else { return false };
    if agreement.suits.get() {
        return true;
    }
    let same_name = match (established.server_name(), tls.server_name) {
        (Some(name), Some(wanted)) => name.eq_ignore_ascii_case(wanted),
        (name, wanted) => name.is_none() && wanted.is_none(),
    };
    let same_settings = settings(ctx)
        .and_then(Context::ssl)
        .is_some_and(|context| context.as_ptr() == established.context());
    let verified = || {
        agreement.trust == trust(ctx, tls)
            && established.verified().is_ok()
            && tls.server_name.is_none_or(|name| established.is_for_host(name))
    };
    let suits = same_name
        && same_settings
        && established.shows(tls.certificates)
        && (!tls.verify || verified());
    agreement.suits.set(suits);
    suits
}

/// Tells OpenSSL what the handshake is about.
fn prepare(
    ctx: &Ctx,
    connection: SslConnection,
    tls: &Tls<'_>,
    trust: &Trust,
) -> Result<(), &'static str> {
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

    let store = match trust {
        Trust::Given(store) => Some(store),
        Trust::System(Ok(_)) => ctx.request.main_conf().system_store.get().ok().map(|s| s.0),
        _ => None,
    };
    match store {
        Some(store) if !connection.set_store(store) => Err("SSL_set1_verify_cert_store() failed"),
        _ => Ok(()),
    }
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
        let established = stream.connection.tls().is_some_and(SslConnection::is_established);
        let progress = if established { Progress::Done } else { Progress::Failed };
        let woken = stream.user().and_then(|user| {
            // SAFETY: only sockets of this kind have handshakes; a user leaves in time.
            let socket = unsafe { &*user.owner.cast::<Tcp>() };
            socket.connector.wake(|l| socket.push_handshake(l, &stream, progress))
        });
        // Lua code may close the connection, or drop the socket.
        drop(stream);
        if let Some(woken) = woken {
            woken.go_on();
        }
    });
}

/// nginx calls it when the server has sent a session.
unsafe extern "C" fn session_came(connection: *mut ngx_connection_t) {
    ngx::callback("TLS session", (), || {
        // SAFETY: as above.
        let stream = unsafe { stream::of_connection(connection) };
        if let Some(agreement) = &*stream.agreement.borrow()
            && let Some(first) = &*agreement.first_session.borrow()
            && let Some(session) = stream.connection.tls().and_then(SslConnection::sent_session)
        {
            first.set_successor(session);
        }
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
