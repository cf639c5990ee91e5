//! TCP and unix domain sockets: the objects, and the methods that do not wait for
//! the peer.

use core::ffi::c_int;

use super::connect::{connect, pool_size};
use super::object::{
    Slot, check_object, collected, failed, log_closed, push_metatable, socket, usable, wait,
};
use super::receive::{receive, receiveany, receiveuntil};
use super::timeouts::{settimeout, settimeouts};
use super::{data, options, request};
use crate::api::call::{self, NO_REQUEST, cannot_wait};
use crate::api::text::check_text;
use crate::conf::Phases;
use crate::lua::state::Type;
use crate::lua::{Raise, Return, State, function};
use crate::socket::{Step, Tcp};
use crate::sys::lua::{self as ffi, lua_CFunction, lua_upvalueindex};
use crate::sys::ngx_msec_t;

/// Each has the metatable of the userdata as its upvalue.
const METHODS: &[(&str, lua_CFunction)] = &[
    ("bind", function(bind)),
    ("close", function(close)),
    ("connect", function(connect)),
    ("getfd", function(options::getfd)),
    ("getoption", function(options::getoption)),
    ("getreusedtimes", function(getreusedtimes)),
    ("receive", function(receive)),
    ("receiveany", function(receiveany)),
    ("receiveuntil", function(receiveuntil)),
    ("send", function(send)),
    ("setkeepalive", function(setkeepalive)),
    ("setoption", function(options::setoption)),
    ("settimeout", function(settimeout)),
    ("settimeouts", function(settimeouts)),
];

/// The metatable of TCP sockets, in the registry: libraries add methods to it.
const METATABLE: &str = "__tcp_cosocket_mt";

/// The methods of the request's body.
const OF_BODY: &[(&str, lua_CFunction)] = &[
    ("getfd", function(options::getfd)),
    ("getoption", function(options::getoption)),
    ("receive", function(receive)),
    ("receiveany", function(receiveany)),
    ("receiveuntil", function(receiveuntil)),
    ("setoption", function(options::setoption)),
    ("settimeout", function(settimeout)),
    ("settimeouts", function(settimeouts)),
];

/// Those that the client's connection has besides.
const OF_CLIENT: &[(&str, lua_CFunction)] = &[("send", function(send))];

/// Adds the constructors to the table `ngx`.
pub(super) fn open(l: State) -> Result<(), String> {
    let bottom = l.top();
    l.new_table(0, 1);
    l.push_function(function(collected), 0);
    l.raw_set_field(-2, "__gc");
    let userdata = l.top();

    push_metatable(l, userdata, &[METHODS]);
    l.push_value(-1);
    l.raw_set_field(ffi::LUA_REGISTRYINDEX, METATABLE);
    #[cfg(ngx_feature = "ssl")]
    super::tls::open(l)?;

    l.raw_get_field(ffi::LUA_GLOBALSINDEX, "ngx");
    let (metatable, ngx) = (l.top() - 1, l.top());

    l.new_table(0, 4);
    l.push_value(metatable);
    l.push_function(function(tcp), 1);
    l.push_value(-1);
    l.raw_set_field(-3, "tcp");
    l.raw_set_field(-2, "stream");
    l.raw_set_field(ngx, "socket");

    l.raw_get_field(ngx, "req");
    l.push_value(userdata);
    push_metatable(l, userdata, &[OF_BODY]);
    push_metatable(l, userdata, &[OF_BODY, OF_CLIENT]);
    l.push_function(function(request::socket), 3);
    l.raw_set_field(-2, "socket");
    l.set_top(bottom);
    Ok(())
}

/// `sock = ngx.socket.tcp()`
///
/// A new socket. Phases: those that can wait. Raises "no request found" in
/// `init_by_lua`, and where sockets do not work.
fn tcp(l: State) -> Return {
    let args = l.top();
    if args > 0 {
        return Err(l.error(format_args!("expecting zero arguments, but got {args}")));
    }
    call::run_in(l, Phases::YIELD, NO_REQUEST)?;
    l.new_table(5, 0);
    l.push_value(lua_upvalueindex(1));
    l.set_metatable(-2);
    Ok(1)
}

/// `bytes, err = sock:send(data)`
///
/// Sends a string, a number, or an array of these and of such arrays. Returns how
/// many bytes that were, or nil and an error; after that, nothing can be sent.
fn send(l: State) -> Return {
    let args = l.top();
    if args != 2 {
        return Err(
            l.error(format_args!("expecting 2 arguments (including the object), but got {args}"))
        );
    }
    check_object(l)?;
    let Some((run, socket)) = usable(l)? else {
        log_closed(l, "send");
        return Ok(failed(l, "closed"));
    };
    let bytes = data::bytes(&l, 2)?;
    if let Some(busy) = socket.busy(false, true) {
        return Ok(failed(l, busy));
    }
    if socket.is_body() {
        return Err(l.error("attempt to write to request sockets"));
    }
    let mut rest = 0;
    match socket.send(l, &bytes, &mut rest) {
        Step::Done(results) => Ok(results),
        Step::Wait => {
            let Some(thread) = run.thread().filter(|_| run.can_wait(l)) else {
                drop(bytes);
                return Err(cannot_wait(l));
            };
            socket.wait_to_send(thread, bytes.into_owned(), rest);
            Ok(wait(l))
        }
    }
}

/// `ok, err = sock:close()`
fn close(l: State) -> Return {
    let args = l.top();
    if args != 1 {
        return Err(
            l.error(format_args!("expecting 1 argument (including the object) but seen {args}"))
        );
    }
    check_object(l)?;
    let Some((_, socket)) = usable(l)? else { return Ok(failed(l, "closed")) };
    if let Some(busy) = socket.busy(true, true) {
        return Ok(failed(l, busy));
    }
    if socket.is_client() {
        return Ok(failed(l, "attempt to close a request socket"));
    }
    if !socket.close() {
        return Ok(failed(l, "closed"));
    }
    l.push_integer(1);
    Ok(1)
}

/// `ok, err = sock:setkeepalive(timeout_ms?, size?)`
///
/// Gives the connection to a pool, where it stays for the time, 0 being for ever;
/// `lua_socket_keepalive_timeout` and `lua_socket_pool_size` are the defaults. A
/// full pool closes the connection that was not used for longest.
fn setkeepalive(l: State) -> Return {
    let args = l.top();
    if !(1..=3).contains(&args) {
        return Err(l.error(format_args!(
            "expecting 1 to 3 arguments (including the object), but got {args}"
        )));
    }
    check_object(l)?;
    let Some((_, socket)) = usable(l)? else { return Ok(failed(l, "closed")) };
    if let Some(busy) = socket.busy(true, true) {
        return Ok(failed(l, busy));
    }
    let Some(ctx) = socket.ctx() else { return Ok(failed(l, "closed")) };
    let conf = &ctx.request.loc_conf().socket;
    let msec = match optional_number(l, 2)? {
        Some(msec) => msec as i64 as ngx_msec_t,
        None => conf.keepalive_timeout,
    };
    let size = match optional_number(l, 3)? {
        Some(size) if size < 1.0 => {
            let message = format!("bad \"pool_size\" option value: {}", size as i64);
            return Err(l.argument_error(3, message));
        }
        Some(size) => size as usize,
        None => pool_size(ctx),
    };
    l.raw_get_index(1, Slot::Key as c_int);
    let Some(key) = l.bytes(-1) else { return Ok(failed(l, "key not found")) };
    match socket.keep(key, size, msec) {
        Ok(()) => {
            l.push_integer(1);
            Ok(1)
        }
        Err(reason) => Ok(failed(l, reason)),
    }
}

/// The number at `index`; none for nil.
fn optional_number(l: State, index: c_int) -> Result<Option<f64>, Raise> {
    match l.type_of(index) {
        Type::None | Type::Nil => Ok(None),
        Type::Number => Ok(Some(l.number(index))),
        Type::String if l.is_number(index) => Ok(Some(l.number(index))),
        _ => Err(l.type_error(index, "number")),
    }
}

/// `count, err = sock:getreusedtimes()`
///
/// How often the connection came from a pool.
fn getreusedtimes(l: State) -> Return {
    let args = l.top();
    if args != 1 {
        return Err(
            l.error(format_args!("expecting 1 argument (including the object), but got {args}"))
        );
    }
    check_object(l)?;
    match socket(l)?.and_then(Tcp::reused) {
        Some(times) => {
            l.push_integer(times.into());
            Ok(1)
        }
        None => Ok(failed(l, "closed")),
    }
}

/// `ok, err = sock:bind(address)`
///
/// The local address of the next connection. Returns true, or nil and "bad
/// address".
fn bind(l: State) -> Return {
    let args = l.top();
    if args != 2 && args != 3 {
        return Err(l.error(format_args!("expecting 2 or 3 arguments, but got {args}")));
    }
    call::run_in(l, Phases::YIELD, NO_REQUEST)?;
    check_object(l)?;
    check_text(l, 2)?;
    options::bind(l)
}
