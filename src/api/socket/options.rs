//! `getoption`, `setoption` and `bind`, and option tables.

use core::ffi::{CStr, c_int};
use core::net::IpAddr;

use super::object::{Slot, failed, socket};
use crate::lua::state::Type;
use crate::lua::{Raise, Return, State};
use crate::ngx::address::Address;
use crate::ngx::connection::{Connection, error_text};
use crate::sys::lua as ffi;
use crate::sys::*;

/// An option of the connection.
struct Opt {
    name: &'static str,
    level: u32,
    number: u32,
    /// It is on or off.
    flag: bool,
}

const OPTIONS: &[Opt] = &[
    Opt { name: "keepalive", level: SOL_SOCKET, number: SO_KEEPALIVE, flag: true },
    Opt { name: "reuseaddr", level: SOL_SOCKET, number: SO_REUSEADDR, flag: true },
    Opt { name: "tcp-nodelay", level: IPPROTO_TCP, number: TCP_NODELAY, flag: true },
    Opt { name: "sndbuf", level: SOL_SOCKET, number: SO_SNDBUF, flag: false },
    Opt { name: "rcvbuf", level: SOL_SOCKET, number: SO_RCVBUF, flag: false },
    Opt { name: "keepintvl", level: IPPROTO_TCP, number: TCP_KEEPINTVL, flag: false },
    Opt { name: "keepcnt", level: IPPROTO_TCP, number: TCP_KEEPCNT, flag: false },
];

/// `value, err = sock:getoption(name)`
///
/// The options are keepalive, reuseaddr, tcp-nodelay, sndbuf, rcvbuf (bytes),
/// keepintvl (seconds) and keepcnt.
pub(super) fn getoption(l: State) -> Return {
    never_connected(l)?;
    let option = match option(l) {
        Ok(option) => option,
        Err(message) => return Ok(failed(l, message)),
    };
    let Some(connection) = connection(l)? else { return Ok(failed(l, "closed")) };
    let mut value = 0;
    match connection.option(option.level as c_int, option.number as c_int, &mut value) {
        Ok(()) => {
            l.push_integer(value.into());
            Ok(1)
        }
        Err(error) => Ok(failed(l, error_text(error))),
    }
}

/// `ok, err = sock:setoption(name, value)`
///
/// See `getoption`. Returns true, or nil and an error.
pub(super) fn setoption(l: State) -> Return {
    never_connected(l)?;
    if l.is_none_or_nil(2) {
        return Ok(failed(l, "missing the \"option\" argument"));
    }
    if l.is_none_or_nil(3) {
        return Ok(failed(l, "missing the \"value\" argument"));
    }
    let option = match option(l) {
        Ok(option) => option,
        Err(message) => return Ok(failed(l, message)),
    };
    let value = match l.type_of(3) {
        Type::Boolean => c_int::from(l.boolean(3)),
        Type::Number => l.number(3) as c_int,
        _ => {
            let kind = l.type_name(3);
            return Err(l.error(format_args!(
                "bad argument #3 to 'ngx_http_lua_ffi_socket_tcp_setoption' \
                 (cannot convert '{kind}' to 'int')"
            )));
        }
    };
    let value = if option.flag { c_int::from(value != 0) } else { value };
    let Some(connection) = connection(l)? else { return Ok(failed(l, "closed")) };
    match connection.set_option(option.level as c_int, option.number as c_int, value) {
        Ok(()) => {
            l.push_boolean(true);
            Ok(1)
        }
        Err(error) => Ok(failed(l, error_text(error))),
    }
}

/// `number, err = sock:getfd()`
///
/// The number of the file descriptor.
pub(super) fn getfd(l: State) -> Return {
    if l.top() == 0 {
        return Err(l.error("ngx.socket getfd: expecting the cosocket object, but seen none"));
    }
    let socket = if l.type_of(1) == Type::Table { socket(l)? } else { None };
    let Some(connection) = socket.and_then(|socket| socket.connection()) else {
        return Ok(failed(l, "closed"));
    };
    l.push_integer(connection.fd().into());
    Ok(1)
}

fn never_connected(l: State) -> Result<(), Raise> {
    if l.type_of(1) != Type::Table || socket(l)?.is_none() {
        return Err(l.error("socket is never created nor connected"));
    }
    Ok(())
}

fn connection(l: State) -> Result<Option<Connection>, Raise> {
    Ok(socket(l)?.and_then(|socket| socket.connection()))
}

/// The option that the second argument names.
fn option(l: State) -> Result<&'static Opt, String> {
    if l.is_none_or_nil(2) {
        return Err("missing the \"option\" argument".to_owned());
    }
    let name = match l.type_of(2) {
        Type::String | Type::Number => l.bytes(2).unwrap_or_default(),
        Type::Boolean if l.boolean(2) => b"true",
        Type::Boolean => b"false",
        _ => l.type_name(2).as_bytes(),
    };
    OPTIONS
        .iter()
        .find(|option| option.name.as_bytes() == name)
        .ok_or_else(|| format!("unsupported option {}", String::from_utf8_lossy(name)))
}

/// `sock:bind(address, port?)`: notes the address in the object.
pub(super) fn bind(l: State) -> Return {
    let port = match l.type_of(3) {
        Type::None => 0,
        Type::Number => match l.number(3) {
            port if (0.0..=f64::from(u16::MAX)).contains(&port) => port as u16,
            port => return Ok(failed(l, format!("bad port number: {port}"))),
        },
        _ => {
            let message = format!("expecting port to be anumber but got type: {}", l.type_name(3));
            return Ok(failed(l, message));
        }
    };
    let ip = l.bytes(2).and_then(|text| str::from_utf8(text).ok()).and_then(|t| t.parse().ok());
    let Some(ip) = ip else { return Ok(failed(l, "bad address")) };
    l.push_bytes(match ip {
        IpAddr::V4(ip) => format!("{ip}:{port}"),
        IpAddr::V6(ip) => format!("[{ip}]:{port}"),
    });
    l.raw_set_index(1, Slot::Bind as c_int);
    l.push_boolean(true);
    Ok(1)
}

/// The address that `bind` has noted.
pub(super) fn bound(l: State) -> Option<Address> {
    l.raw_get_index(1, Slot::Bind as c_int);
    let address = match l.type_of(-1) {
        Type::String => l.bytes(-1).and_then(|text| str::from_utf8(text).ok()?.parse().ok()),
        _ => None,
    };
    l.pop(1);
    Some(match address? {
        core::net::SocketAddr::V4(v4) => Address::v4(*v4.ip(), v4.port()),
        core::net::SocketAddr::V6(v6) => Address::v6(*v6.ip(), v6.port()),
    })
}

/// Pushes a field of an option table; a metatable may have it.
pub(super) fn field(l: State, table: c_int, name: &CStr) -> Result<(), Raise> {
    l.raw_get_field(table, name.to_bytes());
    if l.type_of(-1) != Type::Nil || !l.push_metatable(table) {
        return Ok(());
    }
    l.pop(2);
    l.push_function(index, 0);
    l.push_value(table);
    l.push_bytes(name.to_bytes());
    // SAFETY: function and arguments are on the stack; errors are caught.
    match unsafe { ffi::lua_pcall(l.as_ptr(), 2, 1, 0) } {
        ffi::LUA_OK => Ok(()),
        _ => Err(Raise::Value),
    }
}

/// `table[key]`, with metamethods: for `lua_pcall`.
unsafe extern "C-unwind" fn index(l: *mut ffi::lua_State) -> c_int {
    // SAFETY: two arguments; nothing here needs to be dropped if it raises.
    unsafe { mlua::ffi::lua_gettable(l, 1) };
    1
}
