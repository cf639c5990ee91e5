//! The methods of TCP and unix domain sockets.

use core::ffi::c_int;

use nginx_lua_pool::Limits;
use nginx_lua_receive::{All, Any, Exact, Line, Until};

use super::{Slot, data, options, push_metatable, request};
use crate::api::call::{self, NO_REQUEST, cannot_wait, yield_marked};
use crate::api::text::{check_text, to_number};
use crate::conf::Phases;
use crate::lua::coroutine::Mark;
use crate::lua::state::Type;
use crate::lua::{Raise, Return, State, function};
use crate::sched::{Ctx, Run};
use crate::socket::{Pattern, Step, Target, Tcp, Timeouts, UntilCell};
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

/// `ok, err = sock:connect(host, port, options?)`, `sock:connect("unix:/path", options?)`
///
/// Connects, or takes a connection from a pool. The options are `pool`, the name
/// of the pool instead of `host:port`, and `pool_size` and `backlog`. Returns 1, or
/// nil and an error.
fn connect(l: State) -> Return {
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
    socket.timeouts.set(timeouts(l));

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
fn pool_size(ctx: &Ctx) -> usize {
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

/// `data, err, partial = sock:receive(pattern?)`
///
/// Receives a line (`"*l"`, and without a pattern) without its end, or all until
/// the peer closes (`"*a"`), or a number of bytes. Returns nil, an error, and what
/// was received until then.
fn receive(l: State) -> Return {
    let args = l.top();
    if args != 1 && args != 2 {
        return Err(l.error(format_args!(
            "expecting 1 or 2 arguments (including the object), but got {args}"
        )));
    }
    check_object(l)?;
    let usable = usable(l)?;
    let pattern = if args == 1 { Pattern::Line(Line::default()) } else { pattern(l)? };
    receive_pattern(l, usable, pattern)
}

fn pattern(l: State) -> Result<Pattern, Raise> {
    if l.is_number(2) {
        let size = l.number(2);
        if !(size >= 0.0) {
            return Err(l.argument_error(2, "bad pattern argument"));
        }
        return Ok(Pattern::Exact(Exact::new(size as usize)));
    }
    if l.type_of(2) != Type::String {
        return Err(l.argument_error(2, "bad pattern argument"));
    }
    match l.bytes(2).unwrap_or_default() {
        b"*l" => Ok(Pattern::Line(Line::default())),
        b"*a" => Ok(Pattern::All(All::default())),
        [b'*', _] => Err(l.argument_error(2, "bad pattern argument")),
        other => {
            let message = format!("bad pattern argument: {}", String::from_utf8_lossy(other));
            Err(l.argument_error(2, message))
        }
    }
}

/// `data, err, partial = sock:receiveany(max)`
///
/// Receives what is there, at most `max` bytes, or waits until there is something.
fn receiveany(l: State) -> Return {
    let args = l.top();
    if args != 2 {
        return Err(
            l.error(format_args!("expecting 2 arguments (including the object), but got {args}"))
        );
    }
    check_object(l)?;
    let max = if l.is_number(2) { l.number(2) } else { 0.0 };
    if !(max >= 1.0) {
        return Err(l.argument_error(2, "bad max argument"));
    }
    let usable = usable(l)?;
    receive_pattern(l, usable, Pattern::Any(Any::new(max as usize)))
}

/// `iterator, err = sock:receiveuntil(pattern, options?)`
///
/// A function that receives up to the pattern; with a size, up to that many bytes
/// at a time, and then nil, nil, nil. With the option `inclusive`, the pattern is
/// a part of the result.
fn receiveuntil(l: State) -> Return {
    let args = l.top();
    if args != 2 && args != 3 {
        return Err(l.error(format_args!(
            "expecting 2 or 3 arguments (including the object), but got {args}"
        )));
    }
    let mut inclusive = false;
    if args == 3 {
        if l.type_of(3) != Type::Table {
            return Err(l.type_error(3, "table"));
        }
        options::field(l, 3, c"inclusive")?;
        match l.type_of(-1) {
            Type::Nil => {}
            Type::Boolean => inclusive = l.boolean(-1),
            _ => {
                let name = l.type_name(-1);
                return Err(l.error(format_args!("bad \"inclusive\" option value type: {name}")));
            }
        }
    }
    check_object(l)?;
    check_text(l, 2)?;
    let Some(until) = Until::new(l.bytes(2).unwrap_or_default(), inclusive) else {
        return Ok(failed(l, "pattern is empty"));
    };

    // The iterator's upvalues: what the methods have, the object, the pattern.
    l.push_value(lua_upvalueindex(1));
    l.push_value(1);
    let owns_memory = until.owns_memory();
    // SAFETY: the memory is that of the userdata, which keeps it in place; its
    // metatable makes the collector drop the value, if it must be dropped.
    unsafe {
        const { assert!(align_of::<UntilCell>() <= align_of::<u64>(), "LuaJIT gives no more") };
        let place: *mut UntilCell = ffi::lua_newuserdata(l.as_ptr(), size_of::<UntilCell>()).cast();
        place.write(UntilCell::new(Box::new(until)));
    }
    if owns_memory {
        l.new_table(0, 1);
        l.push_function(function(until_collected), 0);
        l.raw_set_field(-2, "__gc");
        l.set_metatable(-2);
    }
    l.push_function(function(next_part), 3);
    Ok(1)
}

/// The iterator: `data, err, partial = iterator(size?)`
fn next_part(l: State) -> Return {
    let args = l.top();
    if args > 1 {
        return Err(l.error(format_args!("expecting 0 or 1 arguments, but seen {args}")));
    }
    if args == 1 && !l.is_number(1) {
        return Err(l.type_error(1, "number"));
    }
    let size = l.number(1).max(0.0) as usize;
    l.set_top(0);
    l.push_value(lua_upvalueindex(2));
    let usable = usable(l)?;
    // SAFETY: the third upvalue is the userdata that `receiveuntil` has made.
    let until = unsafe { ffi::lua_touserdata(l.as_ptr(), lua_upvalueindex(3)) };
    // The code that waits may drop the iterator.
    l.push_value(lua_upvalueindex(3));
    receive_pattern(l, usable, Pattern::Until(until.cast(), size))
}

/// Receives. The topmost value is kept while it waits.
fn receive_pattern(l: State, usable: Option<(&Run, &Tcp)>, pattern: Pattern) -> Return {
    let Some((run, socket)) = usable else {
        if !matches!(pattern, Pattern::Until(..)) {
            log_closed(l, "receive");
        }
        return Ok(failed(l, "closed"));
    };
    if let Some(busy) = socket.busy(true, false) {
        return Ok(failed(l, busy));
    }
    match socket.receive(l, pattern) {
        (Step::Done(results), _) => Ok(results),
        (Step::Wait, pattern) => {
            let Some(thread) = run.thread().filter(|_| run.can_wait(l)) else {
                return Err(cannot_wait(l));
            };
            socket.wait_to_receive(thread, pattern);
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

/// `sock:settimeout(ms)`
///
/// The time that each of connecting, sending and receiving may take; 0 stands
/// for what the directives say.
fn settimeout(l: State) -> Return {
    check_timeouts(l, 2)?;
    let msec = timeout(l, 2)?;
    set_timeouts(l, Timeouts { connect: msec, send: msec, read: msec })
}

/// `sock:settimeouts(connect, send, read)`
fn settimeouts(l: State) -> Return {
    check_timeouts(l, 4)?;
    let timeouts = Timeouts { connect: timeout(l, 2)?, send: timeout(l, 3)?, read: timeout(l, 4)? };
    set_timeouts(l, timeouts)
}

fn check_timeouts(l: State, expected: c_int) -> Result<(), Raise> {
    let args = l.top();
    if args != expected {
        return Err(l.error(format_args!(
            "ngx.socket settimeout: expecting {expected} arguments (including the object) but \
             seen {args}"
        )));
    }
    check_object(l)
}

fn timeout(l: State, index: c_int) -> Result<ngx_msec_t, Raise> {
    let msec = to_number(l, index).unwrap_or(0.0);
    if !(0.0..=f64::from(i32::MAX)).contains(&msec) {
        return Err(l.error("bad timeout value"));
    }
    Ok(msec as ngx_msec_t)
}

fn set_timeouts(l: State, timeouts: Timeouts) -> Return {
    let slots = [
        (Slot::ConnectTimeout, timeouts.connect),
        (Slot::SendTimeout, timeouts.send),
        (Slot::ReadTimeout, timeouts.read),
    ];
    for (slot, msec) in slots {
        l.push_integer(msec as i64);
        l.raw_set_index(1, slot as c_int);
    }
    if let Some(socket) = socket(l)? {
        socket.timeouts.set(timeouts);
    }
    Ok(0)
}

/// The times that the table has.
fn timeouts(l: State) -> Timeouts {
    let time = |slot: Slot| {
        l.raw_get_index(1, slot as c_int);
        l.number(-1).max(0.0) as ngx_msec_t
    };
    let timeouts = Timeouts {
        connect: time(Slot::ConnectTimeout),
        send: time(Slot::SendTimeout),
        read: time(Slot::ReadTimeout),
    };
    l.pop(3);
    timeouts
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

/// The first argument must be a table.
pub(super) fn check_object(l: State) -> Result<(), Raise> {
    match l.type_of(1) {
        Type::Table => Ok(()),
        _ => Err(l.type_error(1, "table")),
    }
}

/// The socket of the object, once it was connected for the first time.
pub(super) fn socket<'a>(l: State) -> Result<Option<&'a Tcp>, Raise> {
    l.raw_get_index(1, Slot::Context as c_int);
    let ours = l.push_metatable(-1) && l.raw_equal(-1, lua_upvalueindex(1));
    if !ours {
        l.set_top(l.top() - 1);
        return Ok(None);
    }
    // SAFETY: a userdata with our metatable holds a socket. It stays while the
    // object, an argument or upvalue of the running function, has it.
    let socket = unsafe { ffi::lua_touserdata(l.as_ptr(), -2).cast::<Tcp>().as_ref() };
    l.pop(2);
    Ok(socket)
}

/// A new socket for the object.
pub(super) fn create<'a>(l: State) -> &'a Tcp {
    // SAFETY: the memory is that of the userdata, which keeps it in place; its
    // metatable makes the collector drop the value.
    let socket = unsafe {
        let place: *mut Tcp = ffi::lua_newuserdata(l.as_ptr(), size_of::<Tcp>()).cast();
        place.write(Tcp::new());
        &*place
    };
    l.push_value(lua_upvalueindex(1));
    l.set_metatable(-2);
    l.raw_set_index(1, Slot::Context as c_int);
    socket
}

/// The socket of the object for the running code, if it can be used at all.
pub(super) fn usable<'a>(l: State) -> Result<Option<(&'a Run, &'a Tcp)>, Raise> {
    if let Some(found) = newest(l) {
        return Ok(Some(found));
    }
    let Some(socket) = socket(l)? else { return Ok(None) };
    let Some(owner) = socket.ctx() else { return Ok(None) };
    let (run, ctx) = current(l)?;
    check_owner(l, owner, ctx)?;
    Ok(Some((run, socket)))
}

/// The same if it is the one that the request has since last, as it mostly is:
/// where that lies nothing else can lie, and no metatable need tell what it is.
fn newest<'a>(l: State) -> Option<(&'a Run, &'a Tcp)> {
    let run = Run::current()?;
    let socket = Tcp::newest(served(run)?)?;
    l.raw_get_index(1, Slot::Context as c_int);
    // SAFETY: only the address is looked at.
    let place = unsafe { ffi::lua_touserdata(l.as_ptr(), -1) };
    l.pop(1);
    core::ptr::eq(socket, place.cast()).then_some((run, socket))
}

pub(super) fn check_owner(l: State, owner: &Ctx, ctx: &Ctx) -> Result<(), Raise> {
    if owner.request == ctx.request { Ok(()) } else { Err(l.error("bad request")) }
}

/// The running code, and its request or that of its timer.
pub(super) fn current<'a>(l: State) -> Result<(&'a Run, &'a Ctx), Raise> {
    let run = call::current(l, NO_REQUEST)?;
    served(run).map(|ctx| (run, ctx)).ok_or_else(|| l.error("no request found"))
}

fn served(run: &Run) -> Option<&Ctx> {
    run.ctx().or_else(|| run.thread().map(|thread| thread.ctx()))
}

fn log_closed(l: State, attempt: &str) {
    let Ok((_, ctx)) = current(l) else { return };
    Tcp::log_never_connected(ctx, attempt);
}

/// Gives control to the scheduler, with what has to stay on the stack: the
/// userdata of the socket and the topmost value.
pub(super) fn wait(l: State) -> c_int {
    l.raw_get_index(1, Slot::Context as c_int);
    yield_marked(l, Mark::Waits, 2)
}

/// `nil, reason`
pub(super) fn failed(l: State, reason: impl AsRef<[u8]>) -> c_int {
    l.push_nil();
    l.push_bytes(reason);
    2
}

/// The collector takes a socket.
fn collected(l: State) -> Return {
    // SAFETY: only our userdata have this metatable, which Lua code cannot get
    // at.
    unsafe { ffi::lua_touserdata(l.as_ptr(), 1).cast::<Tcp>().drop_in_place() }
    Ok(0)
}

/// The collector takes an iterator's pattern.
fn until_collected(l: State) -> Return {
    // SAFETY: as above.
    unsafe { ffi::lua_touserdata(l.as_ptr(), 1).cast::<UntilCell>().drop_in_place() }
    Ok(0)
}
