//! `sock:connect`.

use core::ffi::c_int;

use nginx_lua_pool::Limits;

use super::object::{Slot, check_object, check_owner, create, current, failed, socket, wait};
use super::{options, timeouts};
use crate::api::call::{self, NO_REQUEST, cannot_wait};
use crate::api::text::check_text;
use crate::conf::Phases;
use crate::lua::state::Type;
use crate::lua::{Raise, Return, State};
use crate::sched::Ctx;
use crate::socket::{Step, Target};

/// `ok, err = sock:connect(host, port, options?)`, `sock:connect("unix:/path", options?)`
///
/// Connects, or takes a connection from a pool. The options are `pool`, the name
/// of the pool instead of `host:port`, and `pool_size` and `backlog`. Returns 1, or
/// nil and an error.
pub(super) fn connect(l: State) -> Return {
    let args = l.top();
    if !(2..=4).contains(&args) {
        return Err(l.error(format_args!(
            "ngx.socket connect: expecting 2, 3, or 4 arguments (including the object), but \
             seen {args}"
        )));
    }
    call::run_in(l, Phases::YIELD, NO_REQUEST)?;
    check_object(l)?;
    check_text(l, 2)?;
    let options = Options::read(l, if l.type_of(3) == Type::Table { 3 } else { 4 })?;
    let (run, ctx) = current(l)?;

    // A number becomes a string in its place, so that the key can have it.
    let host = l.bytes(2).unwrap_or_default();
    let unix = host.len() >= 5 && host[..5].eq_ignore_ascii_case(b"unix:");
    let port = match port(l, unix) {
        Ok(port) => port,
        Err(message) => return Ok(failed(l, message)),
    };

    let socket = match socket(l)? {
        Some(socket) => socket,
        None => create(l),
    };
    if socket.is_client() {
        return Err(l.error("attempt to re-connect a request socket"));
    }
    if let Some(owner) = socket.ctx() {
        check_owner(l, owner, ctx)?;
        if let Some(busy) = socket.busy(true, true) {
            return Ok(failed(l, busy));
        }
    // SAFETY: the socket is in a userdata, whose finalizer drops it.
    } else if !unsafe { socket.join(ctx) } {
        return Ok(failed(l, "no memory"));
    }
    socket.timeouts.set(timeouts::timeouts(l));

    push_key(l, options.pool, host, port);
    l.push_value(-1);
    l.raw_set_index(1, Slot::Key as c_int);
    let limits = options.limits(ctx);
    let local = options::bound(l);
    let key = l.bytes(-1).unwrap_or_default();
    let target = Target { host: host.into(), port, local, limits };
    match socket.connect(l, ctx, key, target) {
        Step::Done(results) => Ok(results),
        Step::Wait => {
            let Some(thread) = run.thread().filter(|_| run.can_wait(l)) else {
                socket.cancel_connect();
                return Err(cannot_wait(l));
            };
            socket.wait_to_connect(thread);
            Ok(wait(l))
        }
    }
}

/// What `connect` may be given besides the address.
struct Options {
    /// Where the name of the pool stands on the stack.
    pool: Option<c_int>,
    pool_size: Option<usize>,
    backlog: Option<usize>,
}

impl Options {
    /// Reads the table at `arg`; what is no table is ignored.
    fn read(l: State, arg: c_int) -> Result<Self, Raise> {
        let mut options = Self { pool: None, pool_size: None, backlog: None };
        if l.type_of(arg) != Type::Table {
            return Ok(options);
        }
        options::field(l, arg, c"pool_size")?;
        if l.is_number(-1) {
            let size = l.number(-1) as i64;
            if size <= 0 {
                let message = format!("bad \"pool_size\" option value: {size}");
                return Err(l.argument_error(arg, message));
            }
            options.pool_size = Some(size as usize);
        } else if !l.is_none_or_nil(-1) {
            let message = format!("bad \"pool_size\" option type: {}", l.type_name(-1));
            return Err(l.argument_error(arg, message));
        }
        l.pop(1);

        options::field(l, arg, c"backlog")?;
        if l.is_number(-1) {
            let backlog = l.number(-1) as i64;
            if backlog < 0 {
                let message = format!("bad \"backlog\" option value: {backlog}");
                return Err(l.argument_error(arg, message));
            }
            options.backlog = Some(backlog as usize);
        }
        l.pop(1);

        options::field(l, arg, c"pool")?;
        match l.type_of(-1) {
            Type::String | Type::Number => options.pool = Some(l.top()),
            Type::Nil => l.pop(1),
            _ => {
                let message = format!("bad \"pool\" option type: {}", l.type_name(-1));
                return Err(l.argument_error(arg, message));
            }
        }
        Ok(options)
    }

    fn limits(&self, ctx: &Ctx) -> Option<Limits> {
        if self.pool_size.is_none() && self.backlog.is_none() {
            return None;
        }
        Some(Limits {
            size: self.pool_size.unwrap_or_else(|| pool_size(ctx)),
            backlog: self.backlog,
        })
    }
}

/// `lua_socket_pool_size`
pub(super) fn pool_size(ctx: &Ctx) -> usize {
    usize::try_from(ctx.request.loc_conf().socket.pool_size).unwrap_or(0)
}

/// The port: none with a path.
fn port(l: State, unix: bool) -> Result<Option<u16>, String> {
    if unix {
        return Ok(None);
    }
    if !l.is_number(3) {
        return Err("missing the port number".to_owned());
    }
    let port = l.number(3) as i64;
    u16::try_from(port).map(Some).map_err(|_| format!("bad port number: {port}"))
}

/// Pushes the key of the pool: its name, or where the connection goes to.
fn push_key(l: State, pool: Option<c_int>, host: &[u8], port: Option<u16>) {
    let Some(port) = port.filter(|_| pool.is_none()) else {
        let name = pool.unwrap_or(2);
        // A number becomes a string.
        let _ = l.bytes(name);
        l.push_value(name);
        return;
    };
    let mut text = itoa::Buffer::new();
    let port = text.format(port).as_bytes();
    let mut short = [0; 64];
    let len = host.len() + 1 + port.len();
    if len > short.len() {
        l.push_bytes([host, b":", port].concat());
        return;
    }
    short[..host.len()].copy_from_slice(host);
    short[host.len()] = b':';
    short[host.len() + 1..len].copy_from_slice(port);
    l.push_bytes(&short[..len]);
}
