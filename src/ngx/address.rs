//! Socket addresses.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use core::{mem, slice};

use super::Pool;
use crate::sys::*;

/// An address to connect to, or to bind.
#[derive(Clone, Copy)]
pub(crate) struct Address {
    sockaddr: ngx_sockaddr_t,
    len: socklen_t,
}

/// What a host stands for.
pub(crate) enum Host {
    /// An IP address or the path of a unix domain socket.
    Address(Address),
    /// A name, and the port that was found with it or the default one.
    Name { host: Vec<u8>, port: u16 },
}

impl PartialEq for Address {
    fn eq(&self, other: &Self) -> bool {
        self.bytes() == other.bytes()
    }
}

impl Address {
    pub(crate) fn v4(ip: Ipv4Addr, port: u16) -> Self {
        let mut address = Self::zeroed(size_of::<sockaddr_in>());
        // The fields are in network order.
        address.sockaddr.sockaddr_in = sockaddr_in {
            sin_family: AF_INET as sa_family_t,
            sin_port: port.to_be(),
            sin_addr: in_addr { s_addr: u32::from(ip).to_be() },
            sin_zero: [0; 8],
        };
        address
    }

    pub(crate) fn v6(ip: Ipv6Addr, port: u16) -> Self {
        let mut address = Self::zeroed(size_of::<sockaddr_in6>());
        // SAFETY: an address of zeros is valid, and bytes may be copied into it.
        unsafe {
            let mut sin6: sockaddr_in6 = mem::zeroed();
            sin6.sin6_family = AF_INET6 as sa_family_t;
            sin6.sin6_port = port.to_be();
            let octets = ip.octets();
            (&raw mut sin6.sin6_addr).cast::<u8>().copy_from_nonoverlapping(octets.as_ptr(), 16);
            address.sockaddr.sockaddr_in6 = sin6;
        }
        address
    }

    pub(crate) fn ip(ip: IpAddr, port: u16) -> Self {
        SocketAddr::new(ip, port).into()
    }

    /// Of a unix domain socket that the system is to find a name for.
    pub(crate) fn unnamed_unix() -> Self {
        let mut address = Self::zeroed(size_of::<sa_family_t>());
        address.sockaddr.sockaddr.sa_family = AF_UNIX as sa_family_t;
        address
    }

    /// The same host's address with another port.
    pub(crate) fn with_port(mut self, port: u16) -> Self {
        // SAFETY: nginx looks at the family first.
        unsafe { ngx_inet_set_port((&raw mut self.sockaddr).cast(), port) }
        self
    }

    /// Copies an address of nginx's.
    ///
    /// # Safety
    /// At `sockaddr` is an address of `len` bytes.
    pub(crate) unsafe fn from_raw(sockaddr: *const sockaddr, len: socklen_t) -> Self {
        let len = (len as usize).min(size_of::<ngx_sockaddr_t>());
        let mut address = Self::zeroed(len);
        // SAFETY: the caller's promise; `len` fits.
        unsafe {
            (&raw mut address.sockaddr)
                .cast::<u8>()
                .copy_from_nonoverlapping(sockaddr.cast::<u8>(), len);
        }
        address
    }

    fn zeroed(len: usize) -> Self {
        // SAFETY: plain numbers may be zero.
        Self { sockaddr: unsafe { mem::zeroed() }, len: len as socklen_t }
    }

    fn bytes(&self) -> &[u8] {
        // SAFETY: so many bytes are set.
        unsafe { slice::from_raw_parts((&raw const self.sockaddr).cast(), self.len as usize) }
    }

    pub(crate) fn as_ptr(&self) -> *const sockaddr {
        (&raw const self.sockaddr).cast()
    }

    pub(crate) fn len(&self) -> socklen_t {
        self.len
    }

    /// `AF_INET`, `AF_INET6` or `AF_UNIX`
    pub(crate) fn family(&self) -> u32 {
        // SAFETY: every kind of address begins with its family.
        u32::from(unsafe { self.sockaddr.sockaddr.sa_family })
    }

    /// As nginx writes it: `127.0.0.1:80`, `[::1]:80`, `unix:/path`.
    pub(crate) fn text(&self) -> Vec<u8> {
        let mut text = [0; NGX_SOCKADDR_STRLEN as usize];
        // SAFETY: there is room for every address.
        let len = unsafe {
            let sockaddr = self.as_ptr().cast_mut();
            ngx_sock_ntop(sockaddr, self.len, text.as_mut_ptr(), text.len(), 1)
        };
        text[..len].to_vec()
    }
}

impl From<SocketAddr> for Address {
    fn from(socket: SocketAddr) -> Self {
        match socket {
            SocketAddr::V4(v4) => Self::v4(*v4.ip(), v4.port()),
            SocketAddr::V6(v6) => {
                let mut address = Self::v6(*v6.ip(), v6.port());
                address.sockaddr.sockaddr_in6.sin6_scope_id = v6.scope_id();
                address
            }
        }
    }
}

/// `sizeof("unix:") - 1 + 108`: nginx's `NGX_UNIX_ADDRSTRLEN`, the longest text.
const NGX_SOCKADDR_STRLEN: u32 = 5 + 108;

/// Reads a host or `unix:` path; the error is nginx's.
pub(crate) fn parse_host(pool: Pool, host: &[u8], port: u16) -> Result<Host, String> {
    let ip = str::from_utf8(host).ok().and_then(|host| host.parse::<Ipv4Addr>().ok());
    if let Some(ip) = ip {
        return Ok(Host::Address(Address::v4(ip, port)));
    }

    // SAFETY: all fields may be zero; the pool is live; nginx does not change the
    // text that it reads; on success there is an address, or the name of a host.
    unsafe {
        let mut url: ngx_url_t = mem::zeroed();
        url.url = ngx_str_t { len: host.len(), data: host.as_ptr().cast_mut() };
        url.default_port = port;
        url.set_no_resolve(1);
        if ngx_parse_url(pool.as_ptr(), &raw mut url) != OK {
            let reason = match url.err.is_null() {
                true => "no memory".to_owned(),
                false => core::ffi::CStr::from_ptr(url.err).to_string_lossy().into_owned(),
            };
            return Err(reason);
        }
        if url.naddrs > 0 {
            let first = &*url.addrs;
            return Ok(Host::Address(Address::from_raw(first.sockaddr, first.socklen)));
        }
        Ok(Host::Name {
            host: core::slice::from_raw_parts(url.host.data, url.host.len).to_vec(),
            port: url.port,
        })
    }
}
