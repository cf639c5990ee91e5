//! The other end of sockets: a server that does what its client tells it, and
//! misbehaves on purpose.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Each connection begins with a line of commands, with `;` between them:
///
/// | | |
/// |---|---|
/// | `say TEXT` | sends the text; `\r`, `\n` and `\s` (a blank) in it are escapes |
/// | `drip TEXT` | the same, one byte at a time |
/// | `big N` | sends so many bytes |
/// | `wait MS` | does nothing for a while |
/// | `sip N` | reads so many bytes, one at a time, and sends them back |
/// | `count` | reads until the client shuts down, and sends how many bytes that were |
/// | `echo` | sends back what comes |
/// | `hold` | waits until the client closes |
/// | `stall` | the same, and reads nothing |
/// | `shut` | sends nothing any more |
/// | `reset` | resets the connection |
///
/// Then it closes.
pub struct Peer {
    pub port: u16,
    stopped: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// A thousand connections at a time have a thread each.
const STACK: usize = 128 * 1024;

impl Peer {
    pub fn start() -> Result<Peer, String> {
        let failed = |error| format!("cannot start the peer: {error}");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(failed)?;
        let port = listener.local_addr().map_err(failed)?.port();
        let stopped = Arc::new(AtomicBool::new(false));
        let thread = {
            let stopped = Arc::clone(&stopped);
            thread::spawn(move || {
                for stream in listener.incoming() {
                    if stopped.load(Ordering::Relaxed) {
                        break;
                    }
                    if let Ok(stream) = stream {
                        // What fails is for the socket under test to report.
                        let serve = move || drop(serve(stream));
                        let _ = thread::Builder::new().stack_size(STACK).spawn(serve);
                    }
                }
            })
        };
        Ok(Peer { port, stopped, thread: Some(thread) })
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A port where nobody accepts and the backlog is full: a connect to it hears
/// nothing.
pub struct Deaf {
    pub port: u16,
    _listener: TcpListener,
    _clients: Vec<TcpStream>,
}

impl Deaf {
    pub fn start() -> Result<Deaf, String> {
        let failed = |error| format!("cannot fill a backlog: {error}");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(failed)?;
        // SAFETY: the descriptor is a listening socket.
        unsafe { libc::listen(listener.as_raw_fd(), 0) };
        let address: SocketAddr = listener.local_addr().map_err(failed)?;
        let patience = Duration::from_millis(50);
        // One more than the backlog has room for is not answered.
        let clients =
            (0..3).map_while(|_| TcpStream::connect_timeout(&address, patience).ok()).collect();
        Ok(Deaf { port: address.port(), _listener: listener, _clients: clients })
    }
}

fn serve(stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut input = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    input.read_line(&mut line)?;
    for command in line.trim_end().split(';') {
        let (name, argument) = command.split_once(' ').unwrap_or((command, ""));
        match name {
            "say" => (&stream).write_all(&unescape(argument))?,
            "drip" => {
                for byte in unescape(argument) {
                    (&stream).write_all(&[byte])?;
                    // Without a pause the kernel makes one segment of them.
                    thread::sleep(Duration::from_micros(300));
                }
            }
            "big" => send(&stream, number(argument))?,
            "wait" => thread::sleep(Duration::from_millis(number(argument) as u64)),
            "sip" => {
                let mut byte = [0];
                for _ in 0..number(argument) {
                    input.read_exact(&mut byte)?;
                    (&stream).write_all(&byte)?;
                }
            }
            "count" => {
                let total = io::copy(&mut input, &mut io::sink())?;
                (&stream).write_all(total.to_string().as_bytes())?;
            }
            "echo" => drop(io::copy(&mut input, &mut &stream)?),
            "hold" => drop(io::copy(&mut input, &mut io::sink())?),
            "stall" => stall(&stream),
            "shut" => stream.shutdown(Shutdown::Write)?,
            "reset" => return reset(&stream),
            "" => {}
            other => eprintln!("the peer does not know {other:?}"),
        }
    }
    Ok(())
}

fn number(text: &str) -> usize {
    text.parse().unwrap_or(0)
}

fn unescape(text: &str) -> Vec<u8> {
    text.replace("\\r", "\r").replace("\\n", "\n").replace("\\s", " ").into_bytes()
}

fn send(mut stream: &TcpStream, total: usize) -> io::Result<()> {
    let piece = [b'x'; 64 * 1024];
    let mut left = total;
    while left > 0 {
        let n = left.min(piece.len());
        stream.write_all(&piece[..n])?;
        left -= n;
    }
    Ok(())
}

/// Returns when the client has closed.
fn stall(stream: &TcpStream) {
    let mut poll = libc::pollfd { fd: stream.as_raw_fd(), events: libc::POLLRDHUP, revents: 0 };
    // SAFETY: one structure, as the count says.
    unsafe { libc::poll(&raw mut poll, 1, -1) };
}

/// Closing does the rest.
fn reset(stream: &TcpStream) -> io::Result<()> {
    let linger = libc::linger { l_onoff: 1, l_linger: 0 };
    // SAFETY: the option takes this structure; the descriptor is open.
    let rc = unsafe {
        libc::setsockopt(
            stream.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_LINGER,
            (&raw const linger).cast(),
            size_of_val(&linger) as libc::socklen_t,
        )
    };
    if rc == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
