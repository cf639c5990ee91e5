//! The sockets of the mock servers: TCP, UDP, and their likes with a path.

use std::collections::HashSet;
use std::fs;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::unix::net::{SocketAddr as UnixAddr, UnixDatagram, UnixListener, UnixStream};
use std::sync::{Condvar, Mutex};
use std::thread;
use std::time::Duration;

/// How long a read waits, so that a server sees that it is to stop.
pub const POLL: Duration = Duration::from_millis(5);

/// A port number or the path of a socket. Blocks that name the same one take
/// turns.
pub struct Target {
    pub name: String,
    key: String,
}

static TARGETS: Mutex<Option<HashSet<String>>> = Mutex::new(None);
static TARGET_FREED: Condvar = Condvar::new();

impl Target {
    pub fn take(protocol: &str, listen: &[u8]) -> Target {
        let name = String::from_utf8_lossy(listen).trim().to_owned();
        let key = format!("{protocol} {name}");
        let targets = TARGETS.lock().expect("nobody panics with this lock");
        let in_use = |targets: &mut Option<HashSet<String>>| {
            targets.as_ref().is_some_and(|set| set.contains(&key))
        };
        let mut targets = TARGET_FREED
            .wait_while(targets, in_use)
            .expect("nobody panics with this lock");
        targets.get_or_insert_default().insert(key.clone());
        Target { name, key }
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        if self.name.ends_with(".sock") {
            let _ = fs::remove_file(&self.name);
        }
        let mut targets = TARGETS.lock().expect("nobody panics with this lock");
        if let Some(set) = targets.as_mut() {
            set.remove(&self.key);
        }
        TARGET_FREED.notify_all();
    }
}

/// Tries again while the port is in use. The server of the repetition before is
/// gone, but a child that another thread has just forked has copies of its
/// sockets until its exec.
fn while_in_use<Socket>(bind: impl Fn() -> io::Result<Socket>) -> io::Result<Socket> {
    for _ in 0..400 {
        match bind() {
            Err(error) if error.kind() == ErrorKind::AddrInUse => thread::sleep(POLL),
            result => return result,
        }
    }
    bind()
}

fn port(name: &str) -> io::Result<u16> {
    name.parse().map_err(|_| {
        io::Error::new(
            ErrorKind::InvalidInput,
            "neither a port nor a path that ends in .sock",
        )
    })
}

pub enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl Listener {
    pub fn bind(name: &str) -> io::Result<Listener> {
        if name.ends_with(".sock") {
            let _ = fs::remove_file(name);
            let listener = UnixListener::bind(name)?;
            listener.set_nonblocking(true)?;
            return Ok(Listener::Unix(listener));
        }
        let port = port(name)?;
        let listener = while_in_use(|| TcpListener::bind((Ipv4Addr::LOCALHOST, port)))?;
        listener.set_nonblocking(true)?;
        Ok(Listener::Tcp(listener))
    }

    pub fn accept(&self) -> io::Result<Connection> {
        match self {
            Listener::Tcp(listener) => {
                let (stream, _) = listener.accept()?;
                stream.set_nonblocking(false)?;
                stream.set_read_timeout(Some(POLL))?;
                Ok(Connection::Tcp(stream))
            }
            Listener::Unix(listener) => {
                let (stream, _) = listener.accept()?;
                stream.set_nonblocking(false)?;
                stream.set_read_timeout(Some(POLL))?;
                Ok(Connection::Unix(stream))
            }
        }
    }
}

pub enum Connection {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Connection {
    pub fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Connection::Tcp(stream) => stream.read(buffer),
            Connection::Unix(stream) => stream.read(buffer),
        }
    }

    pub fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Connection::Tcp(stream) => stream.write_all(bytes),
            Connection::Unix(stream) => stream.write_all(bytes),
        }
    }

    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        match self {
            Connection::Tcp(stream) => stream.shutdown(how),
            Connection::Unix(stream) => stream.shutdown(how),
        }
    }
}

pub enum Datagrams {
    Udp(UdpSocket),
    Unix(UnixDatagram),
}

pub enum Sender {
    Udp(SocketAddr),
    Unix(UnixAddr),
}

impl Datagrams {
    pub fn bind(name: &str) -> io::Result<Datagrams> {
        if name.ends_with(".sock") {
            let _ = fs::remove_file(name);
            let socket = UnixDatagram::bind(name)?;
            socket.set_read_timeout(Some(POLL))?;
            return Ok(Datagrams::Unix(socket));
        }
        let port = port(name)?;
        let socket = while_in_use(|| UdpSocket::bind((Ipv4Addr::LOCALHOST, port)))?;
        socket.set_read_timeout(Some(POLL))?;
        Ok(Datagrams::Udp(socket))
    }

    pub fn receive(&self, buffer: &mut [u8]) -> io::Result<(usize, Sender)> {
        match self {
            Datagrams::Udp(socket) => socket
                .recv_from(buffer)
                .map(|(length, from)| (length, Sender::Udp(from))),
            Datagrams::Unix(socket) => socket
                .recv_from(buffer)
                .map(|(length, from)| (length, Sender::Unix(from))),
        }
    }

    pub fn send(&self, bytes: &[u8], to: &Sender) -> io::Result<()> {
        match (self, to) {
            (Datagrams::Udp(socket), Sender::Udp(to)) => socket.send_to(bytes, to).map(drop),
            (Datagrams::Unix(socket), Sender::Unix(to)) => socket.send_to_addr(bytes, to).map(drop),
            _ => unreachable!("a sender is of its socket's kind"),
        }
    }
}
