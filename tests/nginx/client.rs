//! The HTTP client: sends the bytes it is given, collects what comes back.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use crate::request::Packet;

pub struct Exchange {
    /// Everything the server sent until it closed the connection.
    pub received: Vec<u8>,
    /// Nothing moved for as long as the timeout; we closed the connection.
    pub timed_out: bool,
}

/// What was last seen to move, and whether the writer is in a pause on purpose.
struct Progress {
    last: Instant,
    pausing: bool,
}

/// Sends `packets` to 127.0.0.1:`port` and reads until the server closes.
/// `timeout` is the longest silence accepted; with `abort`, it counts from when
/// the server has read the request, so that what the client does when it is over
/// does not depend on how busy the machine is.
pub fn exchange(
    port: u16,
    packets: &[Packet],
    timeout: Duration,
    shutdown: Option<Shutdown>,
    abort: bool,
) -> Result<Exchange, String> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let stream = TcpStream::connect_timeout(&address, timeout)
        .map_err(|error| format!("cannot connect to {address}: {error}"))?;
    stream
        .set_nodelay(true)
        .and_then(|()| stream.set_write_timeout(Some(timeout)))
        .map_err(|error| format!("cannot prepare the connection to {address}: {error}"))?;

    let progress = Mutex::new(Progress { last: Instant::now(), pausing: false });
    thread::scope(|scope| {
        scope.spawn(|| send(&stream, packets, shutdown, abort, &progress));
        let result = receive(&stream, timeout, &progress);
        // Wakes the writer if the server does not read.
        let _ = stream.shutdown(Shutdown::Both);
        result
    })
}

fn send(
    mut stream: &TcpStream,
    packets: &[Packet],
    shutdown: Option<Shutdown>,
    abort: bool,
    progress: &Mutex<Progress>,
) {
    let note = |pausing| {
        let mut progress = progress.lock().expect("no thread panics with this lock");
        *progress = Progress { last: Instant::now(), pausing };
    };
    for packet in packets {
        if let Some(delay) = packet.delay {
            note(true);
            thread::sleep(delay);
            note(false);
        }
        // The server may answer and close before it has read everything; what
        // it answered is what counts.
        if stream.write_all(&packet.bytes).is_err() {
            return;
        }
        note(false);
    }
    if abort {
        note(true);
        await_reader(stream, packets.iter().map(|packet| packet.bytes.len()).sum());
        note(false);
    }
    if let Some(how) = shutdown {
        let _ = stream.shutdown(how);
    }
}

/// Waits until the server has begun to read the `sent` bytes. It may mean not to,
/// so this does not last for ever.
fn await_reader(stream: &TcpStream, sent: usize) {
    const LONGEST: Duration = Duration::from_secs(2);
    const POLL: Duration = Duration::from_millis(2);

    let (Ok(ours), Ok(theirs)) = (stream.local_addr(), stream.peer_addr()) else { return };
    let start = Instant::now();
    while unread(theirs.port(), ours.port()).is_some_and(|bytes| bytes >= sent)
        && start.elapsed() < LONGEST
    {
        thread::sleep(POLL);
    }
}

/// How many bytes wait at the server's end of a connection on 127.0.0.1. Linux
/// tells.
fn unread(server: u16, client: u16) -> Option<usize> {
    let table = fs::read_to_string("/proc/net/tcp").unwrap_or_default();
    let ends = [format!("0100007F:{server:04X}"), format!("0100007F:{client:04X}")];
    table.lines().find_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [_, local, remote, _, queues, ..] = fields[..] else { return None };
        let (_, received) = queues.split_once(':')?;
        if [local, remote] == ends { usize::from_str_radix(received, 16).ok() } else { None }
    })
}

fn receive(
    mut stream: &TcpStream,
    timeout: Duration,
    progress: &Mutex<Progress>,
) -> Result<Exchange, String> {
    let mut received = Vec::new();
    let mut buffer = [0; 16 * 1024];
    loop {
        let silence = {
            let progress = progress.lock().expect("no thread panics with this lock");
            if progress.pausing { Duration::ZERO } else { progress.last.elapsed() }
        };
        let Some(patience) = timeout.checked_sub(silence).filter(|rest| !rest.is_zero()) else {
            return Ok(Exchange { received, timed_out: true });
        };
        stream
            .set_read_timeout(Some(patience.max(Duration::from_millis(1))))
            .map_err(|error| format!("cannot set the read timeout: {error}"))?;

        match stream.read(&mut buffer) {
            Ok(0) => {
                return Ok(Exchange { received, timed_out: false });
            }
            Ok(length) => {
                received.extend(&buffer[..length]);
                progress.lock().expect("no thread panics with this lock").last = Instant::now();
            }
            Err(error) => match error.kind() {
                ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted => {}
                // A reset ends the response like a close does.
                _ => {
                    return Ok(Exchange { received, timed_out: false });
                }
            },
        }
    }
}
