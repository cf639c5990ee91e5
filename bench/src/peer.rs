//! What the Lua code of some workloads talks to: real servers on 127.0.0.1, in
//! processes of their own, and two small ones in this program. Their work is not
//! counted.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::Result;
use crate::process::{free_port, is_root, kill};

/// A kind of peer.
#[derive(Clone, Copy)]
pub enum Peer {
    /// An nginx that answers each request with a line.
    Http,
    /// The same with TLS 1.2 and a cache of sessions.
    Https,
    /// A redis-server with the key `greeting`.
    Redis,
    /// A memcached with the key `greeting`.
    Memcached,
    /// Answers each line with 64 KB, which end with `--the end--` and a newline.
    Bulk,
    /// Sends each datagram back.
    Udp,
}

/// A peer that runs; dropping it ends it, unless it is a thread of ours, which
/// ends with the program.
pub struct Running {
    /// Where it listens, on 127.0.0.1.
    pub port: u16,
    _process: Option<Process>,
}

struct Process(Child);

/// What [`Peer::Bulk`] answers with.
pub const BULK: usize = 64 * 1024;

const START: Duration = Duration::from_secs(10);

impl Peer {
    /// Starts it with its files in `dir`.
    pub fn start(self, program: &Path, dir: &Path) -> Result<Running> {
        let failed = |e| format!("a peer could not be started: {e}");
        let thread = |port| Running { port, _process: None };
        fs::create_dir_all(dir).map_err(failed)?;
        match self {
            Peer::Http => process(|port| nginx(program, dir, &format!("{port};"))),
            Peer::Https => {
                certificate(dir)?;
                process(|port| nginx(program, dir, &format!("{port} ssl;\n{TLS}")))
            }
            Peer::Redis => {
                let redis = process(|port| Ok(redis(dir, port)))?;
                ask(redis.port, "SET greeting \"hello world\"\r\n", "+OK\r\n")?;
                Ok(redis)
            }
            Peer::Memcached => {
                let memcached = process(|port| Ok(memcached(port)))?;
                ask(memcached.port, "set greeting 0 0 11\r\nhello world\r\n", "STORED\r\n")?;
                Ok(memcached)
            }
            Peer::Bulk => bulk().map(thread).map_err(failed),
            Peer::Udp => udp_echo().map(thread).map_err(failed),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        kill(self.0.id() as i32, libc::SIGTERM);
        let _ = self.0.wait();
    }
}

/// Starts a server on a free port and waits until it accepts connections.
fn process(command: impl FnOnce(u16) -> Result<Command>) -> Result<Running> {
    let port = free_port()?;
    let mut command = command(port)?;
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let name = command.get_program().to_owned();
    let child = command.spawn().map_err(|e| format!("{} did not start: {e}", name.display()))?;
    let mut process = Process(child);
    let deadline = Instant::now() + START;
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        if Instant::now() > deadline || matches!(process.0.try_wait(), Ok(Some(_))) {
            return Err(format!("{} does not listen", name.display()));
        }
        thread::sleep(Duration::from_millis(5));
    }
    Ok(Running { port, _process: Some(process) })
}

const TLS: &str = "
        ssl_certificate certificate.pem;
        ssl_certificate_key key.pem;
        ssl_protocols TLSv1.2;
        ssl_session_cache shared:sessions:1m;
";

fn nginx(program: &Path, dir: &Path, listen: &str) -> Result<Command> {
    let user = if is_root() { "user root;" } else { "" };
    let configuration = format!(
        "\
daemon off;
master_process off;
pid nginx.pid;
error_log error.log;
{user}

events {{
}}

http {{
    access_log off;
    default_type text/plain;
    keepalive_requests 1000000000;
    keepalive_timeout 1h;

    client_body_temp_path temp;
    proxy_temp_path temp;
    fastcgi_temp_path temp;
    uwsgi_temp_path temp;
    scgi_temp_path temp;

    server {{
        listen 127.0.0.1:{listen}
        return 200 \"hello from afar\\n\";
    }}
}}
"
    );
    let file = dir.join("nginx.conf");
    fs::write(&file, configuration).map_err(|e| format!("{}: {e}", file.display()))?;
    let mut command = Command::new(program);
    command.arg("-p").arg(dir).args(["-c", "nginx.conf", "-e", "error.log"]);
    Ok(command)
}

fn certificate(dir: &Path) -> Result<()> {
    let made = Command::new("openssl")
        .args(["req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=localhost"])
        .args(["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"])
        .args(["-keyout", "key.pem", "-out", "certificate.pem"])
        .current_dir(dir)
        .output()
        .map_err(|e| format!("openssl did not start: {e}"))?;
    if !made.status.success() {
        let words = String::from_utf8_lossy(&made.stderr);
        return Err(format!("openssl makes no certificate: {words}"));
    }
    Ok(())
}

fn redis(dir: &Path, port: u16) -> Command {
    let mut command = Command::new("redis-server");
    command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--daemonize", "no"]);
    command.args(["--save", "", "--appendonly", "no", "--logfile", ""]);
    command.arg("--dir").arg(dir);
    command
}

fn memcached(port: u16) -> Command {
    let mut command = Command::new("memcached");
    command.args(["-l", "127.0.0.1", "-p", &port.to_string(), "-U", "0", "-t", "1", "-m", "16"]);
    if is_root() {
        command.args(["-u", "root"]);
    }
    command
}

/// Sends `request` and expects `reply`.
fn ask(port: u16, request: &str, reply: &str) -> Result<()> {
    let exchange = || {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_read_timeout(Some(START))?;
        stream.write_all(request.as_bytes())?;
        let mut answer = String::new();
        BufReader::new(stream).read_line(&mut answer)?;
        Ok(answer)
    };
    match exchange().map_err(|e: std::io::Error| format!("port {port}: {e}"))? {
        answer if answer == reply => Ok(()),
        answer => Err(format!("port {port} answers {request:?} with {answer:?}")),
    }
}

fn bulk() -> std::io::Result<u16> {
    const END: &[u8] = b"\r\n--the end--\n";
    let mut answer =
        b"A line of sixty-six characters, again and again; it has two more:\r\n".repeat(1024);
    answer.truncate(BULK - END.len());
    answer.extend_from_slice(END);

    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = listener.local_addr()?.port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answer = answer.clone();
            thread::spawn(move || {
                let mut lines = BufReader::new(&stream).lines();
                while let Some(Ok(_)) = lines.next() {
                    if (&stream).write_all(&answer).is_err() {
                        return;
                    }
                }
            });
        }
    });
    Ok(port)
}

fn udp_echo() -> std::io::Result<u16> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = socket.local_addr()?.port();
    thread::spawn(move || {
        let mut datagram = [0; 65536];
        while let Ok((len, sender)) = socket.recv_from(&mut datagram) {
            // Who has gone needs no answer.
            let _ = socket.send_to(&datagram[..len], sender);
        }
    });
    Ok(port)
}
