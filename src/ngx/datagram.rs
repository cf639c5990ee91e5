//! Connections for datagrams to and from one address.

use core::ffi::c_int;
use core::mem::MaybeUninit;
use core::ptr::NonNull;
use core::slice;

use super::address::Address;
use super::connection::{Connection, Io, errno};
use super::log;
use crate::sys::*;

impl Connection {
    /// Makes a socket for datagrams to and from one address. What fails is
    /// logged.
    ///
    /// nginx's own function would have the event loop tell that something can be
    /// sent, which is always so, and wake a worker that waits for an answer.
    pub(crate) fn connect_datagrams(
        address: &Address,
        local: Option<&Address>,
        log: *mut ngx_log_t,
    ) -> Result<Self, ngx_err_t> {
        let kind = __socket_type_SOCK_DGRAM | __socket_type_SOCK_NONBLOCK;
        // SAFETY: plain numbers.
        let fd = unsafe { socket(address.family() as c_int, kind as c_int, 0) };
        if fd == -1 {
            let error = errno();
            log::write(log, NGX_LOG_ALERT, error, b"socket() failed");
            return Err(error);
        }
        // SAFETY: the socket was just made; nginx has set its functions before it
        // starts. Its function that sends on streams does not expect an empty
        // datagram.
        let connection = unsafe {
            let Some(connection) = NonNull::new(ngx_get_connection(fd, log)) else {
                close(fd);
                return Err(0);
            };
            let raw = connection.as_ptr();
            (*raw).type_ = __socket_type_SOCK_DGRAM as c_int;
            (*raw).recv = ngx_io.udp_recv;
            (*raw).send = ngx_io.udp_send;
            (*(*raw).read).log = log;
            (*(*raw).write).log = log;
            Self(connection)
        };
        let made = connection.bind_and_connect(address, local, log);
        if made.is_err() {
            connection.close();
        }
        made.map(|()| connection)
    }

    fn bind_and_connect(
        self,
        address: &Address,
        local: Option<&Address>,
        log: *mut ngx_log_t,
    ) -> Result<(), ngx_err_t> {
        // SAFETY: open socket; the kernel only reads the addresses.
        unsafe {
            if let Some(local) = local
                && bind(self.fd(), argument(local), local.len()) == -1
            {
                let error = errno();
                let text = [b"bind(", &*local.text(), b") failed"].concat();
                log::write(log, NGX_LOG_CRIT, error, &text);
                return Err(error);
            }
            if connect(self.fd(), argument(address), address.len()) == -1 {
                let error = errno();
                let text = [b"connect() to ", &*address.text(), b" failed"].concat();
                log::write(log, NGX_LOG_CRIT, error, &text);
                return Err(error);
            }
        }
        if self.watch_reading() { Ok(()) } else { Err(0) }
    }

    /// Receives the beginning of a datagram, which may be empty; `None` if there is
    /// none yet.
    pub(crate) fn receive_datagram(
        self,
        room: &mut [MaybeUninit<u8>],
    ) -> Result<Option<&[u8]>, ngx_err_t> {
        let len = match self.receive(room) {
            Io::Bytes(n) => n,
            Io::Closed => 0,
            Io::Again => return Ok(None),
            Io::Failed(error) => return Err(error),
        };
        // SAFETY: so many bytes were received.
        Ok(Some(unsafe { slice::from_raw_parts(room.as_ptr().cast(), len) }))
    }

    /// Sends a datagram, which may be empty.
    pub(crate) fn send_datagram(self, datagram: &[u8]) -> Result<(), ngx_err_t> {
        match self.send(datagram) {
            Io::Again if datagram.is_empty() => Ok(()),
            Io::Bytes(_) => Ok(()),
            Io::Again => Err(NGX_EAGAIN as ngx_err_t),
            Io::Closed => Err(0),
            Io::Failed(error) => Err(error),
        }
    }
}

fn argument(address: &Address) -> __CONST_SOCKADDR_ARG {
    __CONST_SOCKADDR_ARG { __sockaddr__: address.as_ptr() }
}
