//! A connection, as nginx's event loop has it.

use core::ffi::{CStr, c_int, c_void};
use core::mem::{self, MaybeUninit};
use core::ptr::{self, NonNull};

use super::address::Address;
use crate::sys::*;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Connection(pub(super) NonNull<ngx_connection_t>);

/// What reading or writing without waiting came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Io {
    /// So many bytes, at least one.
    Bytes(usize),
    /// An event tells when to try again.
    Again,
    /// The peer has closed.
    Closed,
    /// nginx has logged it.
    Failed(ngx_err_t),
}

/// How a connect began.
pub(crate) enum Connecting {
    Done(Connection),
    /// An event tells when the connection can be written to.
    Begun(Connection),
}

/// What has arrived on a connection that nobody reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    Quiet,
    /// Data.
    Spoke,
    /// The end of the data, or a failure.
    Gone,
}

type Handler = unsafe extern "C" fn(*mut ngx_event_t);

impl Connection {
    /// # Safety
    /// The connection is open as long as the handle is used.
    pub(crate) unsafe fn from_ptr(connection: *mut ngx_connection_t) -> Self {
        // SAFETY: nginx passes no null connections.
        Self(unsafe { NonNull::new_unchecked(connection) })
    }

    /// Begins to connect a stream socket. What fails is logged.
    pub(crate) fn connect(
        address: &Address,
        local: Option<&Address>,
        log: *mut ngx_log_t,
    ) -> Result<Connecting, ngx_err_t> {
        let text = address.text();
        let bound_text = local.map(Address::text).unwrap_or_default();
        let mut name = ngx_str_t { len: text.len(), data: text.as_ptr().cast_mut() };
        // SAFETY: all fields may be zero; nginx does not change the addresses.
        unsafe {
            let mut peer: ngx_peer_connection_t = mem::zeroed();
            let mut bound: ngx_addr_t = mem::zeroed();
            peer.get = Some(ngx_event_get_peer);
            peer.sockaddr = address.as_ptr().cast_mut();
            peer.socklen = address.len();
            peer.name = &raw mut name;
            peer.type_ = __socket_type_SOCK_STREAM as c_int;
            peer.log = log;
            peer.set_log_error(ngx_connection_log_error_e_NGX_ERROR_ERR);
            if let Some(local) = local {
                bound.sockaddr = local.as_ptr().cast_mut();
                bound.socklen = local.len();
                bound.name.len = bound_text.len();
                bound.name.data = bound_text.as_ptr().cast_mut();
                peer.local = &raw mut bound;
            }
            let rc = ngx_event_connect_peer(&raw mut peer);
            // A failing connect() leaves its number; what follows it may not fail.
            let error = errno();
            let connection = NonNull::new(peer.connection).map(Self);
            match (rc, connection) {
                (OK, Some(connection)) => Ok(Connecting::Done(connection)),
                (AGAIN, Some(connection)) => Ok(Connecting::Begun(connection)),
                (_, connection) => {
                    if let Some(connection) = connection {
                        connection.close();
                    }
                    Err(error)
                }
            }
        }
    }

    /// What the attempt to connect came to.
    pub(crate) fn connected(self) -> Result<(), ngx_err_t> {
        let mut error: c_int = 0;
        if self.option(SOL_SOCKET as c_int, SO_ERROR as c_int, &mut error).is_err() {
            error = errno();
        }
        if error == 0 { Ok(()) } else { Err(error) }
    }

    /// Logs what has failed, as important as nginx finds the error.
    pub(crate) fn log_error(self, error: ngx_err_t, what: &CStr) {
        // SAFETY: the text is a C string, which is only read.
        unsafe { ngx_connection_error(self.as_ptr(), error, what.as_ptr().cast_mut()) };
    }

    pub(crate) const fn as_ptr(self) -> *mut ngx_connection_t {
        self.0.as_ptr()
    }

    pub(crate) fn read_event(self) -> *mut ngx_event_t {
        // SAFETY: every connection has two events.
        unsafe { (*self.as_ptr()).read }
    }

    pub(crate) fn write_event(self) -> *mut ngx_event_t {
        // SAFETY: as above.
        unsafe { (*self.as_ptr()).write }
    }

    pub(crate) fn fd(self) -> ngx_socket_t {
        // SAFETY: open connection.
        unsafe { (*self.as_ptr()).fd }
    }

    pub(crate) fn set_handlers(self, read: Handler, write: Handler, data: *mut c_void) {
        // SAFETY: open connection.
        unsafe {
            (*self.as_ptr()).data = data;
            (*self.read_event()).handler = Some(read);
            (*self.write_event()).handler = Some(write);
        }
    }

    pub(crate) fn set_log(self, log: *mut ngx_log_t) {
        // SAFETY: open connection; TLS has a copy of the pointer only here.
        unsafe {
            (*self.as_ptr()).log = log;
            (*self.read_event()).log = log;
            (*self.write_event()).log = log;
            if let Some(pool) = (*self.as_ptr()).pool.as_mut() {
                pool.log = log;
            }
        }
    }

    /// Receives into `room`, which is not empty.
    pub(crate) fn receive(self, room: &mut [MaybeUninit<u8>]) -> Io {
        // SAFETY: open connection; nginx writes no more than there is room for.
        let n = unsafe {
            match (*self.as_ptr()).recv {
                Some(recv) => recv(self.as_ptr(), room.as_mut_ptr().cast(), room.len()),
                None => return Io::Failed(0),
            }
        };
        match n {
            0 => Io::Closed,
            AGAIN => Io::Again,
            n => usize::try_from(n).map_or_else(|_| Io::Failed(errno()), Io::Bytes),
        }
    }

    /// Sends the beginning of `bytes`, which are not empty but in a datagram.
    pub(crate) fn send(self, bytes: &[u8]) -> Io {
        // SAFETY: open connection; nginx only reads the bytes.
        let n = unsafe {
            match (*self.as_ptr()).send {
                Some(send) => send(self.as_ptr(), bytes.as_ptr().cast_mut(), bytes.len()),
                None => return Io::Failed(0),
            }
        };
        match n {
            0 | AGAIN => Io::Again,
            n => usize::try_from(n).map_or_else(|_| Io::Failed(errno()), Io::Bytes),
        }
    }

    /// Has the event loop tell when there is more to read; false if that fails.
    pub(crate) fn watch_reading(self) -> bool {
        // SAFETY: the event of an open connection.
        unsafe { ngx_handle_read_event(self.read_event(), 0) == OK }
    }

    /// Has the event loop tell when more can be written; false if that fails.
    pub(crate) fn watch_writing(self) -> bool {
        // SAFETY: the event of an open connection.
        unsafe { ngx_handle_write_event(self.write_event(), 0) == OK }
    }

    /// Whether data or an end has arrived, as far as the event loop knows.
    pub(crate) fn is_readable(self) -> bool {
        // SAFETY: as above.
        unsafe { (*self.read_event()).ready() != 0 }
    }

    /// Whether the events know of an error or an end.
    pub(crate) fn is_broken(self) -> bool {
        // SAFETY: as above.
        unsafe {
            let (read, write) = (&*self.read_event(), &*self.write_event());
            read.eof() != 0 || read.error() != 0 || write.error() != 0
        }
    }

    /// Asks the kernel what has arrived. What TLS has received is lost.
    pub(crate) fn peek(self) -> Peer {
        if self.is_tls() {
            // What has arrived may be for TLS itself, as tickets are.
            return match self.receive(&mut [MaybeUninit::uninit()]) {
                Io::Again => Peer::Quiet,
                Io::Bytes(_) => Peer::Spoke,
                Io::Closed | Io::Failed(_) => Peer::Gone,
            };
        }
        let mut byte = 0u8;
        // SAFETY: there is room for one byte.
        match unsafe { recv(self.fd(), (&raw mut byte).cast(), 1, MSG_PEEK as c_int) } {
            1 => Peer::Spoke,
            -1 if errno() == NGX_EAGAIN as ngx_err_t => {
                // SAFETY: open connection.
                unsafe { (*self.read_event()).set_ready(0) };
                Peer::Quiet
            }
            _ => Peer::Gone,
        }
    }

    /// `TCP_NODELAY`; false if that fails, which is logged.
    pub(crate) fn set_nodelay(self) -> bool {
        // SAFETY: open connection.
        unsafe {
            let unset = (*self.as_ptr()).tcp_nodelay()
                == ngx_connection_tcp_nodelay_e_NGX_TCP_NODELAY_UNSET;
            !unset || ngx_tcp_nodelay(self.as_ptr()) == OK
        }
    }

    /// Has nginx leave the connection alone when it ends those that keep a worker
    /// from shutting down in time.
    pub(crate) fn outlive_shutdown_timeout(self) {
        // SAFETY: the events of an open connection.
        unsafe {
            (*self.read_event()).set_resolver(1);
            (*self.write_event()).set_resolver(1);
        }
    }

    /// Lets a worker that shuts down close the connection by its read event.
    pub(crate) fn set_idle(self, idle: bool) {
        // SAFETY: open connection.
        unsafe { (*self.as_ptr()).set_idle(u32::from(idle)) }
    }

    /// The worker shuts down and closes idle connections.
    pub(crate) fn is_to_close(self) -> bool {
        // SAFETY: open connection.
        unsafe { (*self.as_ptr()).close() != 0 }
    }

    /// Whether TLS is spoken on the connection.
    pub(crate) fn is_tls(self) -> bool {
        // SAFETY: open connection.
        unsafe { !(*self.as_ptr()).ssl.is_null() }
    }

    /// `getsockopt()` of a number.
    pub(crate) fn option(
        self,
        level: c_int,
        name: c_int,
        value: &mut c_int,
    ) -> Result<(), ngx_err_t> {
        let mut len = size_of::<c_int>() as socklen_t;
        // SAFETY: there is room for a number.
        let rc = unsafe {
            getsockopt(self.fd(), level, name, ptr::from_mut(value).cast(), &raw mut len)
        };
        if rc == 0 { Ok(()) } else { Err(errno()) }
    }

    /// `setsockopt()` of a number.
    pub(crate) fn set_option(
        self,
        level: c_int,
        name: c_int,
        value: c_int,
    ) -> Result<(), ngx_err_t> {
        let len = size_of::<c_int>() as socklen_t;
        // SAFETY: the value is a number.
        let rc = unsafe { setsockopt(self.fd(), level, name, (&raw const value).cast(), len) };
        if rc == 0 { Ok(()) } else { Err(errno()) }
    }

    /// What could not be sent lies elsewhere when it is tried again.
    pub(crate) fn expect_moved_data(self) {
        #[cfg(ngx_feature = "ssl")]
        if let Some(tls) = self.tls() {
            tls.accept_moved_data();
        }
    }

    /// Closes a connection that was made by [`Connection::connect`].
    pub(crate) fn close(self) {
        #[cfg(ngx_feature = "ssl")]
        if let Some(tls) = self.tls() {
            tls.shut_down();
        }
        let connection = self.as_ptr();
        // SAFETY: the connection is ours; the handle is not used any more.
        unsafe {
            let pool = (*connection).pool;
            ngx_close_connection(connection);
            if !pool.is_null() {
                ngx_destroy_pool(pool);
            }
        }
    }
}

/// The error of the last system call.
pub(crate) fn errno() -> ngx_err_t {
    std::io::Error::last_os_error().raw_os_error().unwrap_or(0)
}

/// What the system says about an error, in small letters.
pub(crate) fn error_text(error: ngx_err_t) -> Vec<u8> {
    let mut text = [0u8; NGX_MAX_ERROR_STR as usize];
    // SAFETY: nginx writes no more than there is room for, and returns the end.
    let len = unsafe {
        let end = ngx_strerror(error, text.as_mut_ptr(), text.len());
        end.offset_from(text.as_ptr()) as usize
    };
    text[..len].to_ascii_lowercase()
}
