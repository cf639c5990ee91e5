//! What one who waits is told.

use core::net::{IpAddr, Ipv4Addr};
use std::net::UdpSocket;

use nginx_lua_resolve::{Error, Outcome};

use super::{Done, choose};
use crate::ngx::{Address, event};

/// The address for one who waits.
pub(super) fn address(name: &[u8], outcome: &Outcome, done: Done) -> Result<Address, String> {
    let ip = outcome.result.as_deref().map_err(|error| *error);
    let ip = ip.and_then(|all| pick(all).ok_or(Error::NotFound));
    ip.map(|ip| done.with_port(ip)).map_err(|error| failed(name, error))
}

/// The message names the name as nginx's resolver does.
pub(super) fn failed(name: &[u8], error: Error) -> String {
    let name = name.strip_suffix(b".").unwrap_or(name).to_ascii_lowercase();
    format!("{} {error}", String::from_utf8_lossy(&name))
}

/// A random address. Nobody tries another one if it does not work, so they are
/// all of the family that is more likely to work: IPv4, unless this machine has
/// no way to such addresses.
pub(super) fn pick(all: &[IpAddr]) -> Option<IpAddr> {
    let (v4, v6): (Vec<IpAddr>, Vec<IpAddr>) = all.iter().partition(|ip| ip.is_ipv4());
    let family = match (v4.first(), v6.is_empty()) {
        (None, _) => v6,
        (Some(_), true) => v4,
        (Some(first), false) if has_route(*first) => v4,
        (Some(_), false) => v6,
    };
    choose(&family).copied()
}

/// Whether packets to an address have a way to go; none is sent.
fn has_route(ip: IpAddr) -> bool {
    const ANY_PORT: u16 = 9;
    ip.is_loopback()
        || UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))
            .and_then(|socket| socket.connect((ip, ANY_PORT)))
            .is_ok()
}

/// nginx's clock, in milliseconds.
pub(super) fn now() -> u64 {
    event::now() as u64
}
