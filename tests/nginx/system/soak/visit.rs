//! A client of the soak: what it asks for, and what must come.

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::thread;
use std::time::Duration;

/// One kind of request.
pub struct Visit {
    pub uri: &'static str,
    pub manner: Manner,
}

/// How the client behaves.
#[derive(Clone, Copy)]
pub enum Manner {
    /// It wants this status and body.
    Asks(u16, &'static str),
    /// It takes its time with the body of the request, and wants this.
    SendsSlowly(&'static str),
    /// It takes its time with an answer that is so long.
    ReadsSlowly(usize),
    /// It closes the connection when it has seen the beginning of the answer, or
    /// does not even wait for that.
    Leaves,
    /// It closes the connection with half of the body sent.
    LeavesWithBody,
}

use Manner::{Asks, Leaves, LeavesWithBody, ReadsSlowly, SendsSlowly};

pub const VISITS: &[Visit] = &[
    Visit { uri: "/sleep", manner: Asks(200, "slept\n") },
    Visit { uri: "/turns", manner: Asks(200, "slept\n") },
    Visit { uri: "/capture", manner: Asks(200, "part 1, part 2, nested part 0, 500\n") },
    Visit { uri: "/proxy", manner: Asks(200, "part 3") },
    Visit { uri: "/include", manner: Asks(200, "before part 1, part 2 after") },
    Visit { uri: "/auth", manner: Asks(200, "allowed\n") },
    Visit { uri: "/body", manner: SendsSlowly("4000\n") },
    Visit { uri: "/body-in-threads", manner: SendsSlowly("slept 4000\n") },
    Visit { uri: "/flush", manner: ReadsSlowly(32 * 32768) },
    Visit { uri: "/flush-in-threads", manner: ReadsSlowly(32 * 32768) },
    Visit { uri: "/chain", manner: Asks(200, "7\n") },
    Visit { uri: "/threads", manner: Asks(200, "quick 1 nil true medium\n") },
    Visit { uri: "/many-threads", manner: Asks(200, "27\n") },
    Visit { uri: "/outlive", manner: Asks(200, "entry\nthread\ngrandchild\n") },
    Visit { uri: "/kill", manner: Asks(200, "killed 6\n") },
    Visit { uri: "/exit", manner: Asks(200, "bye\n") },
    Visit { uri: "/exit-in-thread", manner: Asks(200, "let in\n") },
    Visit { uri: "/exec", manner: Asks(200, "part 0") },
    Visit { uri: "/redirect", manner: Asks(302, "") },
    Visit { uri: "/jump", manner: Asks(200, "slept\n") },
    Visit { uri: "/error", manner: Asks(500, "") },
    Visit { uri: "/error-in-thread", manner: Asks(200, "false on purpose\n") },
    Visit { uri: "/gate", manner: Asks(200, "passed\n") },
    Visit { uri: "/semaphore", manner: Asks(200, "timeout 3 0\n") },
    Visit { uri: "/timer", manner: Asks(200, "6\n") },
    Visit { uri: "/timers", manner: Asks(200, "started\n") },
    Visit { uri: "/dict", manner: Asks(200, "stored\n") },
    Visit { uri: "/redis", manner: Asks(200, "OK\n") },
    Visit { uri: "/messages", manner: Asks(200, "sum 15\n") },
    Visit { uri: "/memcached", manner: Asks(200, "stored\n") },
    Visit { uri: "/websocket", manner: Asks(200, "echoed\n") },
    Visit { uri: "/names", manner: Asks(200, "3 127.0.0.1\n") },
    Visit { uri: "/leave/threads", manner: Leaves },
    Visit { uri: "/leave/capture", manner: Leaves },
    Visit { uri: "/leave/handler", manner: Leaves },
    Visit { uri: "/leave/output", manner: Leaves },
    Visit { uri: "/leave/unnoticed", manner: Leaves },
    Visit { uri: "/leave/body", manner: LeavesWithBody },
];

/// Longer than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A pause in which the server has nothing to do but wait.
const PAUSE: Duration = Duration::from_millis(3);

/// How a visit went.
pub enum Went {
    Well,
    /// nginx closed a connection that was idle, and the request was on its way.
    /// It must be sent again, as HTTP says (RFC 9112, 9.3.1).
    Missed,
}

pub struct Visitor {
    port: u16,
    connection: Option<BufReader<TcpStream>>,
    random: u64,
}

impl Visitor {
    pub fn new(port: u16, seed: u64) -> Visitor {
        Visitor { port, connection: None, random: seed * 2 + 1 }
    }

    /// A number below `n`, from a xorshift generator.
    pub fn random(&mut self, n: usize) -> usize {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random % n as u64) as usize
    }

    /// Sends one request, on a new connection or on the one that the request
    /// before has left open.
    pub fn visit(&mut self, visit: &Visit) -> Result<Went, String> {
        if matches!(visit.manner, Leaves | LeavesWithBody) || self.random(4) == 0 {
            self.connection = None;
        }
        let reused = self.connection.is_some();
        let failed = |error: io::Error| format!("{}: {error}", visit.uri);
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => connect(self.port).map_err(failed)?,
        };

        let begun = self.send(&mut connection, visit).and_then(|()| match visit.manner {
            Leaves | LeavesWithBody => Ok(false),
            _ => connection.fill_buf().map(|bytes| bytes.is_empty()),
        });
        match (begun, visit.manner) {
            (Ok(_), Leaves) => {
                if self.random(4) > 0 {
                    connection.read_exact(&mut [0]).map_err(failed)?;
                }
                return Ok(Went::Well);
            }
            (Ok(_), LeavesWithBody) => return Ok(Went::Well),
            (Ok(false), _) => {}
            (Ok(true), _) if reused => return Ok(Went::Missed),
            (Ok(true), _) => return Err(format!("{}: no answer", visit.uri)),
            (Err(error), _) if reused && is_closed(&error) => return Ok(Went::Missed),
            (Err(error), _) => return Err(failed(error)),
        }

        let answer = Answer::read(&mut connection, visit.manner).map_err(failed)?;
        answer.is_as_expected(visit)?;
        if answer.stays_open {
            self.connection = Some(connection);
        }
        Ok(Went::Well)
    }

    fn send(&self, connection: &mut BufReader<TcpStream>, visit: &Visit) -> io::Result<()> {
        let stream = connection.get_mut();
        let uri = visit.uri;
        match visit.manner {
            SendsSlowly(_) | LeavesWithBody => {
                let half = "x".repeat(2000);
                let head = format!("POST {uri} HTTP/1.1\r\nHost: soak\r\nContent-Length: 4000\r\n");
                stream.write_all(format!("{head}\r\n{half}").as_bytes())?;
                thread::sleep(PAUSE);
                match visit.manner {
                    LeavesWithBody => Ok(()),
                    _ => stream.write_all(half.as_bytes()),
                }
            }
            _ => stream.write_all(format!("GET {uri} HTTP/1.1\r\nHost: soak\r\n\r\n").as_bytes()),
        }
    }
}

fn connect(port: u16) -> io::Result<BufReader<TcpStream>> {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(BufReader::new(stream))
}

fn is_closed(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe)
}

struct Answer {
    status: u16,
    body: Vec<u8>,
    stays_open: bool,
}

impl Answer {
    fn read(from: &mut impl BufRead, manner: Manner) -> io::Result<Answer> {
        let status_line = line(from)?;
        let status = status_line.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.ok_or_else(|| invalid(&status_line))?;
        let mut length = None;
        let mut stays_open = true;
        loop {
            let header = line(from)?.to_ascii_lowercase();
            match header.split_once(": ") {
                None if header.is_empty() => break,
                None => return Err(invalid(&header)),
                Some(("content-length", value)) => length = value.parse().ok(),
                Some(("connection", "close")) => stays_open = false,
                Some(_) => {}
            }
        }
        if matches!(manner, ReadsSlowly(_)) {
            thread::sleep(PAUSE);
        }

        let mut body = Vec::new();
        if let Some(length) = length {
            take(from, length, &mut body)?;
            return Ok(Answer { status, body, stays_open });
        }
        loop {
            let size = line(from)?;
            let size = u64::from_str_radix(&size, 16).map_err(|_| invalid(&size))?;
            take(from, size, &mut body)?;
            line(from)?;
            if size == 0 {
                return Ok(Answer { status, body, stays_open });
            }
        }
    }

    fn is_as_expected(&self, visit: &Visit) -> Result<(), String> {
        let good = match visit.manner {
            // nginx's own pages are nginx's matter.
            Asks(status, _) if status >= 300 => self.status == status,
            Asks(status, body) => self.status == status && self.body == body.as_bytes(),
            SendsSlowly(body) => self.status == 200 && self.body == body.as_bytes(),
            ReadsSlowly(length) => self.status == 200 && self.body.len() == length,
            Leaves | LeavesWithBody => true,
        };
        if good {
            return Ok(());
        }
        let body = String::from_utf8_lossy(&self.body);
        Err(format!(
            "{}: status {}, {} bytes: {body:.200}",
            visit.uri,
            self.status,
            self.body.len()
        ))
    }
}

fn line(from: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    from.read_line(&mut line)?;
    match line.strip_suffix("\r\n") {
        Some(line) => Ok(line.to_owned()),
        None if line.is_empty() => Err(ErrorKind::UnexpectedEof.into()),
        None => Err(invalid(&line)),
    }
}

fn take(from: &mut impl BufRead, length: u64, body: &mut Vec<u8>) -> io::Result<()> {
    let taken = from.take(length).read_to_end(body)? as u64;
    if taken == length { Ok(()) } else { Err(ErrorKind::UnexpectedEof.into()) }
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, format!("unexpected in an answer: {what:?}"))
}
