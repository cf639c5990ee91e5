//! Connecting: from a pool, perhaps after waiting for a place in it; else the
//! name is looked up, and a connection is made.

use core::ffi::{c_int, c_void};
use core::ptr;
#[cfg(ngx_feature = "ssl")]
use std::borrow::Cow;
#[cfg(ngx_feature = "ssl")]
use std::rc::Rc;

use super::attempt::{Attempt, Stage, Target};
use super::failure::Failure;
use super::pool::{Found, Given, Pools, Waiter};
use super::resolver::{Answer, resolve};
use super::seat::Seat;
use super::stream::Stream;
use super::tcp::{Step, Tcp};
use super::waiting::Woken;
use crate::lua::State;
use crate::ngx;
use crate::ngx::address::{Address, Host, parse_host};
use crate::ngx::connection::{Connecting, Connection};
use crate::sched::{Ctx, Thread};
use crate::sys::*;

/// How far a connect came.
enum Progress {
    Connected,
    Waiting,
}

impl Tcp {
    /// Connects. What it was connected to before is closed.
    pub(crate) fn connect(&self, l: State, ctx: &Ctx, key: &[u8], target: Target<'_>) -> Step {
        self.close();
        let pools = Pools::of(&ctx.vm);
        let waiter = Waiter { owner: ptr::from_ref(self).cast(), turn_came };
        let found = pools.connect(key, target.limits, target.local.as_ref(), waiter);
        let progress = match found {
            Found::Kept(stream) => {
                self.set_stream(stream);
                Ok(Progress::Connected)
            }
            Found::Nothing(seat) => self.establish(ctx, target, seat),
            Found::Wait(id) => {
                self.put_off(ctx, &target, None, Stage::Queued(id));
                Ok(Progress::Waiting)
            }
            Found::TooMany => Err("too many waiting connect operations".into()),
        };
        match progress {
            Ok(Progress::Connected) => Step::Done(push_connected(l)),
            Ok(Progress::Waiting) => Step::Wait,
            Err(failure) => Step::Done(self.push_connect_failure(l, &failure)),
        }
    }

    /// Has `thread` wait until the connect that has begun is over.
    pub(crate) fn wait_to_connect(&self, thread: &Thread) {
        self.wait(&self.connector, thread, connector_ended, connector_timed_out);
        self.time_connect();
    }

    /// Forgets a connect that has begun.
    pub(crate) fn cancel_connect(&self) {
        drop(self.attempt.take());
        #[cfg(ngx_feature = "ssl")]
        drop(self.handshake.take());
        drop(self.take_stream());
    }

    /// Makes a connection, which takes the place in the pool.
    fn establish(
        &self,
        ctx: &Ctx,
        target: Target<'_>,
        seat: Option<Seat>,
    ) -> Result<Progress, Failure> {
        let host = parse_host(ctx.request.pool(), &target.host, target.port.unwrap_or(0));
        let host = host.map_err(|reason| {
            about_host("failed to parse host name", &target.host, Some(&reason))
        })?;
        match host {
            Host::Address(address) => self.connect_to(ctx, &address, target, seat),
            Host::Name { host, port } => self.look_up(ctx, &host, port, target, seat),
        }
    }

    fn look_up(
        &self,
        ctx: &Ctx,
        host: &[u8],
        port: u16,
        target: Target<'_>,
        seat: Option<Seat>,
    ) -> Result<Progress, Failure> {
        let owner = ptr::from_ref(self).cast();
        // SAFETY: the lookup ends with the attempt, which the socket ends before
        // it goes.
        let answer = unsafe { resolve(ctx.request, host, port, owner, resolved)? };
        match answer {
            Answer::Known(address) => self.connect_to(ctx, &address, target, seat),
            Answer::Pending(lookup) => {
                self.put_off(ctx, &target, seat, Stage::LookingUp(lookup));
                Ok(Progress::Waiting)
            }
        }
    }

    /// The name was looked up.
    fn name_came(&self, result: Result<Address, String>) -> Option<Woken> {
        let attempt = self.attempt.take()?;
        let ctx = self.ctx()?;
        let progress = result.map_err(Failure::from).and_then(|address| {
            self.connect_to(ctx, &address, attempt.target.clone(), attempt.seat.take())
        });
        self.progress(progress)
    }

    /// Lets the thread that waits know how far the connect is.
    fn progress(&self, progress: Result<Progress, Failure>) -> Option<Woken> {
        match progress {
            Ok(Progress::Connected) => self.connector.wake(push_connected),
            Ok(Progress::Waiting) => {
                self.time_connect();
                None
            }
            Err(failure) => self.connector.wake(|l| self.push_connect_failure(l, &failure)),
        }
    }

    /// Limits the time of what the connect waits for. Resolvers have limits of
    /// their own.
    fn time_connect(&self) {
        let attempt = self.attempt.borrow();
        let looks_up =
            attempt.as_ref().is_some_and(|a| matches!(*a.stage.borrow(), Stage::LookingUp(_)));
        self.connector.set_timer((!looks_up).then(|| self.connect_timeout()));
    }

    fn connect_to(
        &self,
        ctx: &Ctx,
        address: &Address,
        target: Target<'_>,
        seat: Option<Seat>,
    ) -> Result<Progress, Failure> {
        let log = ctx.request.log_ptr();
        let connecting = Connection::connect(address, target.local.as_ref(), log);
        let (connection, progress) = match connecting.map_err(Failure::System)? {
            Connecting::Done(connection) => (connection, Progress::Connected),
            Connecting::Begun(connection) => (connection, Progress::Waiting),
        };
        let stream = Stream::new(connection, *address, target.local);
        stream.seat.set(seat);
        self.set_stream(stream);
        if matches!(progress, Progress::Waiting) {
            self.put_off(ctx, &target, None, Stage::Connecting);
        }
        Ok(progress)
    }

    /// Replaces a connection by a new one to the same peer. Says whether it is there
    /// already.
    #[cfg(ngx_feature = "ssl")]
    pub(super) fn connect_again(
        &self,
        ctx: &Ctx,
        stream: Rc<Stream>,
    ) -> Result<(Rc<Stream>, bool), Failure> {
        let address = stream.peer.ok_or(Failure::Closed)?;
        let seat = stream.seat.take();
        let host = Cow::Owned(address.text());
        let target = Target { host, port: None, local: stream.local, limits: None };
        drop(self.take_stream());
        drop(stream);
        let progress = self.connect_to(ctx, &address, target, seat)?;
        let stream = self.stream().ok_or(Failure::Closed)?;
        Ok((stream, matches!(progress, Progress::Connected)))
    }

    /// The connection that is being made is there, or has failed.
    pub(super) fn can_connect(&self, stream: &Stream) -> Result<(), Failure> {
        stream.connection.connected().map_err(|error| {
            if self.logs_errors() {
                stream.connection.log_error(error, c"connect() failed");
            }
            Failure::System(error)
        })?;
        drop(self.attempt.take());
        Ok(())
    }

    pub(super) fn push_connect_failure(&self, l: State, failure: &Failure) -> c_int {
        self.cancel_connect();
        failure.push(l)
    }

    /// The pool gives what the connect waits for; it goes on in an event.
    fn turn_came(&self, given: Given) {
        if let Some(attempt) = &*self.attempt.borrow() {
            attempt.give(given, ptr::from_ref(self).cast());
        }
    }

    /// Has a connect wait that has come to `stage`.
    fn put_off(&self, ctx: &Ctx, target: &Target<'_>, seat: Option<Seat>, stage: Stage) {
        let pools = Pools::of(&ctx.vm);
        self.attempt.replace(Some(Attempt::new(target, pools, seat, stage, turn_event)));
    }

    /// The connect goes on with what the pool has given.
    fn take_turn(&self) -> Option<Woken> {
        let attempt = self.attempt.take()?;
        let ctx = self.ctx()?;
        let progress = match attempt.stage.replace(Stage::Connecting) {
            Stage::Given(Given::Stream(stream)) => {
                self.set_stream(stream);
                Ok(Progress::Connected)
            }
            Stage::Given(Given::Place(seat)) => {
                self.establish(ctx, attempt.target.clone(), Some(seat))
            }
            Stage::Queued(_) | Stage::LookingUp(_) | Stage::Connecting => return None,
        };
        self.progress(progress)
    }

    /// The connect has waited long enough.
    fn connect_timed_out(&self) {
        let message = self.attempt.borrow().as_ref().map(|attempt| {
            let what = match *attempt.stage.borrow() {
                Stage::Connecting => "connect timed out, when connecting to",
                _ => "queued connect timed out, when trying to connect to",
            };
            let Target { host, port, .. } = &attempt.target;
            let mut message = format!("lua tcp socket {what} ").into_bytes();
            message.extend_from_slice(host);
            message.extend_from_slice(format!(":{}", port.unwrap_or(0)).as_bytes());
            message
        });
        if let Some(message) = message {
            self.log_error(message);
        }
        self.connector.wake(|l| self.push_connect_failure(l, &Failure::Timeout));
    }
}

/// `WHAT "HOST"`, with a reason.
fn about_host(what: &str, host: &[u8], reason: Option<&str>) -> Failure {
    let host = String::from_utf8_lossy(host);
    match reason {
        Some(reason) => format!("{what} \"{host}\": {reason}").into(),
        None => format!("{what} \"{host}\"").into(),
    }
}

pub(super) fn push_connected(l: State) -> c_int {
    l.push_integer(1);
    1
}

unsafe fn resolved(socket: *const c_void, result: Result<Address, String>) {
    // SAFETY: the owner of the lookup is the socket.
    let woken = unsafe { (*socket.cast::<Tcp>()).name_came(result) };
    if let Some(woken) = woken {
        woken.go_on();
    }
}

unsafe fn turn_came(socket: *const c_void, given: Given) {
    // SAFETY: the owner of the waiter is the socket.
    unsafe { (*socket.cast::<Tcp>()).turn_came(given) }
}

unsafe extern "C" fn turn_event(event: *mut ngx_event_t) {
    ngx::callback("socket turn", (), || {
        // SAFETY: the event was posted with its socket.
        let socket = unsafe { &*(*event).data.cast::<Tcp>() };
        let woken = socket.take_turn();
        if let Some(woken) = woken {
            woken.go_on();
        }
    });
}

unsafe fn connector_ended(socket: *const c_void) {
    // SAFETY: the keeper's owner is the socket.
    let socket = unsafe { &*socket.cast::<Tcp>() };
    socket.abandon(&socket.connector);
}

unsafe fn connector_timed_out(socket: *const c_void) {
    // SAFETY: as above.
    unsafe { (*socket.cast::<Tcp>()).connect_timed_out() }
}
