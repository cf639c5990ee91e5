//! `ngx.socket.udp`.
//!
//! The object is a table, see [`Slot`]; the socket itself is in a userdata.

use core::ffi::c_int;
use core::net::IpAddr;
use core::ptr;

use super::data;
use super::object::{check_object, check_owner, current, failed, push_metatable};
use crate::api::call::{self, NO_REQUEST, REQUEST_OBJECT_NOT_FOUND, cannot_wait, yield_marked};
use crate::api::text::check_text;
use crate::conf::Phases;
use crate::lua::coroutine::Mark;
use crate::lua::{Raise, Return, State, function};
use crate::ngx::Address;
use crate::ngx::address::{Host, parse_host};
use crate::sched::Ctx;
use crate::socket::{LONGEST_DATAGRAM, Step, Udp};
use crate::sys::lua::{self as ffi, lua_CFunction, lua_upvalueindex};
use crate::sys::{NGX_LOG_ERR, ngx_msec_t};

/// Each has the metatable of the userdata as its upvalue.
const METHODS: &[(&str, lua_CFunction)] = &[
    ("bind", function(bind)),
    ("close", function(close)),
    ("receive", function(receive)),
    ("send", function(send)),
    ("setpeername", function(setpeername)),
    ("settimeout", function(settimeout)),
];

/// The array fields of the object.
#[derive(Clone, Copy)]
enum Slot {
    Socket = 1,
    Timeout = 2,
    /// The local address as it was written.
    Local = 3,
}

/// Adds the constructor to the table `ngx.socket`.
pub(super) fn open(l: State) {
    l.new_table(0, 1);
    l.push_function(function(collected), 0);
    l.raw_set_field(-2, "__gc");
    push_metatable(l, l.top(), &[METHODS]);

    l.raw_get_field(ffi::LUA_GLOBALSINDEX, "ngx");
    l.raw_get_field(-1, "socket");
    l.push_value(-3);
    l.push_function(function(udp), 1);
    l.raw_set_field(-2, "udp");
    l.pop(4);
}

/// `socket, err = ngx.socket.udp()`
///
/// A socket for datagrams, without a peer. Phases: those that can wait.
fn udp(l: State) -> Return {
    let args = l.top();
    if args != 0 {
        return Err(l.error(format_args!("expecting zero arguments, but got {args}")));
    }
    call::run_in(l, Phases::YIELD, NO_REQUEST)?;
    l.new_table(3, 0);
    l.push_value(lua_upvalueindex(1));
    l.set_metatable(-2);
    Ok(1)
}

/// `ok, err = socket:bind(address)`
///
/// The local IP address for the next `setpeername`. `true`, or `nil` and
/// `bad address`.
fn bind(l: State) -> Return {
    let args = l.top();
    if args != 2 {
        return Err(l.error(format_args!("expecting 2 arguments, but got {args}")));
    }
    call::run_in(l, Phases::YIELD, NO_REQUEST)?;
    check_object(l)?;
    check_text(l, 2)?;
    if l.bytes(2).and_then(ip).is_none() {
        return Ok(failed(l, "bad address"));
    }
    l.raw_set_index(1, Slot::Local as c_int);
    l.push_boolean(true);
    Ok(1)
}

/// `ok, err = socket:setpeername(host, port)`, `socket:setpeername("unix:/path")`
///
/// Says to whom datagrams go, and from whom they are taken. 1, or `nil` and why
/// not. Waits if the host is a name. Phases: those that can wait.
fn setpeername(l: State) -> Return {
    let args = l.top();
    if args != 2 && args != 3 {
        return Err(l.error(format_args!(
            "ngx.socket.udp setpeername: expecting 2 or 3 arguments (including the object), but \
             seen {args}"
        )));
    }
    let run = call::run_in(l, Phases::YIELD, NO_REQUEST)?;
    let Some(thread) = run.thread() else {
        return Err(l.error("no ctx found"));
    };
    let ctx = thread.ctx();
    check_object(l)?;
    check_text(l, 2)?;
    let port = match args {
        3 if !l.is_number(3) => return Err(l.type_error(3, "number")),
        3 => l.number(3) as i64,
        _ => 0,
    };
    let Ok(port) = u16::try_from(port) else {
        return Ok(failed(l, format!("bad port number: {port}")));
    };
    let udp = match socket(l) {
        Some(udp) => udp,
        None => create(l),
    };
    if let Some(owner) = udp.ctx() {
        check_owner(l, owner, ctx)?;
    }
    if udp.is_busy() {
        return Ok(failed(l, "socket busy"));
    }
    udp.close();
    // SAFETY: the socket is in a userdata, whose finalizer drops it.
    if !unsafe { udp.join(ctx) } {
        return Ok(failed(l, "no memory"));
    }
    l.raw_get_index(1, Slot::Timeout as c_int);
    udp.set_read_timeout(timeout(l.number(-1), ctx));
    l.raw_get_index(1, Slot::Local as c_int);
    let local = l.bytes(-1).and_then(ip).map(|ip| Address::ip(ip, 0));
    l.pop(2);

    let host = l.bytes(2).unwrap_or_default();
    let (name, port) = match parse_host(ctx.request.pool(), host, port) {
        Ok(Host::Address(address)) => return Ok(udp.connect(l, &address, local.as_ref())),
        Ok(Host::Name { host, port }) => (host, port),
        Err(reason) => {
            let host = String::from_utf8_lossy(host);
            return Ok(failed(l, format!("failed to parse host name \"{host}\": {reason}")));
        }
    };
    let thread = Some(thread).filter(|_| run.can_wait(l));
    match udp.connect_by_name(l, thread, &name, port, local) {
        Step::Done(results) => Ok(results),
        Step::Wait if thread.is_none() => Err(cannot_wait(l)),
        Step::Wait => Ok(wait(l)),
    }
}

/// `ok, err = socket:send(data)`
///
/// Sends a datagram: a string, a number, a boolean, nil, or an array of strings,
/// numbers and such arrays. 1, or `nil` and why not. Never waits.
fn send(l: State) -> Return {
    let args = l.top();
    if args != 2 {
        return Err(
            l.error(format_args!("expecting 2 arguments (including the object), but got {args}"))
        );
    }
    call::current(l, REQUEST_OBJECT_NOT_FOUND)?;
    let Some(udp) = usable(l, Some("send"))? else {
        return Ok(failed(l, "closed"));
    };
    if udp.is_busy() {
        return Ok(failed(l, "socket busy"));
    }
    let data = data::bytes(&l, 2)?;
    Ok(udp.send(l, &data))
}

/// `data, err = socket:receive(size?)`
///
/// Waits for a datagram, and gives its first `size` bytes: 65536 if nothing is
/// said, and at most.
fn receive(l: State) -> Return {
    let args = l.top();
    if args != 1 && args != 2 {
        return Err(l.error(format_args!(
            "expecting 1 or 2 arguments (including the object), but got {args}"
        )));
    }
    let run = call::current(l, NO_REQUEST)?;
    l.set_top(2);
    let Some(udp) = usable(l, Some("receive"))? else {
        return Ok(failed(l, "closed"));
    };
    if udp.is_busy() {
        return Ok(failed(l, "socket busy"));
    }
    let size = if l.is_none_or_nil(2) {
        LONGEST_DATAGRAM
    } else if l.is_number(2) {
        // A negative size is a huge one.
        usize::try_from(l.number(2) as i64).unwrap_or(LONGEST_DATAGRAM).min(LONGEST_DATAGRAM)
    } else {
        return Err(l.type_error(2, "number"));
    };
    let thread = run.thread().filter(|_| run.can_wait(l));
    match udp.receive(l, thread, size) {
        Step::Done(results) => Ok(results),
        Step::Wait if thread.is_none() => Err(cannot_wait(l)),
        Step::Wait => Ok(wait(l)),
    }
}

/// `ok, err = socket:close()`
///
/// 1, or `nil` and `closed` or `socket busy`.
fn close(l: State) -> Return {
    let args = l.top();
    if args != 1 {
        return Err(
            l.error(format_args!("expecting 1 argument (including the object) but seen {args}"))
        );
    }
    let Some(udp) = usable(l, None)? else {
        return Ok(failed(l, "closed"));
    };
    if udp.is_busy() {
        return Ok(failed(l, "socket busy"));
    }
    udp.close();
    l.push_number(1.0);
    Ok(1)
}

/// `socket:settimeout(msec)`
///
/// How long `receive` waits. What is no positive number stands for
/// `lua_socket_read_timeout`.
fn settimeout(l: State) -> Return {
    let args = l.top();
    if args != 2 {
        return Err(l.error(format_args!(
            "ngx.socket settimeout: expecting at least 2 arguments (including the object) but \
             seen {args}"
        )));
    }
    check_object(l)?;
    let msec = l.number(2);
    if let Some((udp, ctx)) = socket(l).and_then(|udp| Some((udp, udp.ctx()?))) {
        udp.set_read_timeout(timeout(msec, ctx));
    }
    l.push_number(msec);
    l.raw_set_index(1, Slot::Timeout as c_int);
    Ok(0)
}

fn timeout(msec: f64, ctx: &Ctx) -> ngx_msec_t {
    /// What nginx's event loop can wait.
    const LONGEST: f64 = i32::MAX as f64;

    if msec >= 1.0 {
        msec.min(LONGEST) as ngx_msec_t
    } else {
        ctx.request.loc_conf().socket.read_timeout
    }
}

fn ip(text: &[u8]) -> Option<IpAddr> {
    str::from_utf8(text).ok()?.parse().ok()
}

/// The socket of the object, once it was given a peer for the first time.
fn socket<'a>(l: State) -> Option<&'a Udp> {
    let top = l.top();
    l.raw_get_index(1, Slot::Socket as c_int);
    let ours = l.push_metatable(-1) && l.raw_equal(-1, lua_upvalueindex(1));
    // SAFETY: a userdata with our metatable holds a socket. It stays while the
    // object, an argument of the running function, has it.
    let udp = unsafe { ffi::lua_touserdata(l.as_ptr(), top + 1).cast::<Udp>().as_ref() };
    l.set_top(top);
    udp.filter(|_| ours)
}

/// A new socket for the object.
fn create<'a>(l: State) -> &'a Udp {
    // SAFETY: the memory is that of the userdata, which keeps it in place; its
    // metatable makes the collector drop the value.
    let udp = unsafe {
        let place: *mut Udp = ffi::lua_newuserdata(l.as_ptr(), size_of::<Udp>()).cast();
        place.write(Udp::new());
        &*place
    };
    l.push_value(lua_upvalueindex(1));
    l.set_metatable(-2);
    l.raw_set_index(1, Slot::Socket as c_int);
    udp
}

/// Gives control to the scheduler; the userdata of the socket stays on the stack.
fn wait(l: State) -> c_int {
    l.raw_get_index(1, Slot::Socket as c_int);
    yield_marked(l, Mark::Waits, 1)
}

/// The socket of the object, if it is open; that it is not is logged when
/// somebody wants to `attempt` something.
fn usable<'a>(l: State, attempt: Option<&str>) -> Result<Option<&'a Udp>, Raise> {
    check_object(l)?;
    let (_, ctx) = current(l)?;
    let udp = socket(l);
    if let Some(udp) = udp
        && let Some(owner) = udp.ctx()
        && udp.is_open()
    {
        check_owner(l, owner, ctx)?;
        return Ok(Some(udp));
    }
    if let Some(attempt) = attempt
        && ctx.request.loc_conf().socket.log_errors == 1
    {
        let address = udp.map_or(0, |udp| ptr::from_ref(udp).addr());
        let message =
            format!("attempt to {attempt} data on a closed socket: u:{address:016X}, c:{:016X}", 0);
        ctx.request.log(NGX_LOG_ERR, message);
    }
    Ok(None)
}

/// The collector takes a socket.
fn collected(l: State) -> Return {
    // SAFETY: only our userdata have this metatable.
    unsafe { ffi::lua_touserdata(l.as_ptr(), 1).cast::<Udp>().drop_in_place() }
    Ok(0)
}
