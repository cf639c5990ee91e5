//! A proxy in front of a server, which passes on what comes in small pieces:
//! single bytes at first, larger ones as more is to come. What it receives it
//! takes in small pieces too, so that who sends much has to wait.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::thread;

/// So many bytes of what comes at a time go one by one.
const SINGLE: usize = 128;

/// For receiving.
static BUFFER: libc::c_int = 16384;

/// Serves for the rest of the run.
pub fn start(port: u16, target: u16) -> Result<(), String> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .map_err(|error| format!("cannot listen on port {port}: {error}"))?;
    // Connections have it from the listener, before they send a window.
    limit_buffer(&listener);
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, target)) else { continue };
            // A proxy that cannot go on closes, which the block notices.
            let _ = join(client, server);
        }
    });
    Ok(())
}

fn join(client: TcpStream, server: TcpStream) -> io::Result<()> {
    for (from, to) in [(&client, &server), (&server, &client)] {
        let (mut from, mut to) = (from.try_clone()?, to.try_clone()?);
        to.set_nodelay(true)?;
        thread::spawn(move || {
            let _ = pass(&mut from, &mut to);
            let _ = to.shutdown(Shutdown::Write);
        });
    }
    Ok(())
}

fn pass(from: &mut TcpStream, to: &mut TcpStream) -> io::Result<()> {
    let mut buffer = [0; 16384];
    // How much has come without a pause, as a full buffer shows.
    let mut run = 0;
    loop {
        let length = from.read(&mut buffer)?;
        if length == 0 {
            return Ok(());
        }
        let mut rest = &buffer[..length];
        while !rest.is_empty() {
            let piece = if run < SINGLE { 1 } else { run / 16 }.min(rest.len());
            to.write_all(&rest[..piece])?;
            thread::yield_now();
            run += piece;
            rest = &rest[piece..];
        }
        if length < buffer.len() {
            run = 0;
        }
    }
}

fn limit_buffer(listener: &TcpListener) {
    // SAFETY: the option takes this integer; the descriptor is open.
    unsafe {
        libc::setsockopt(
            listener.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_RCVBUF,
            (&raw const BUFFER).cast(),
            size_of_val(&BUFFER) as libc::socklen_t,
        );
    }
}
