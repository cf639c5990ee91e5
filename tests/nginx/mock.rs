//! The servers of `--- tcp_listen` and `--- udp_listen`: each takes one query
//! and gives the answer that the block says.

mod socket;

use std::io::ErrorKind;
use std::net::Shutdown;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use socket::{Connection, Datagrams, Listener, POLL, Target};

use crate::block::Block;
use crate::conf::Expander;
use crate::perl::Perl;
use crate::report::{difference, quote, show};
use crate::value::Value;

/// A running mock server, until dropped.
pub struct Mock {
    thread: Option<JoinHandle<()>>,
    shared: Arc<Shared>,
    expected: Option<Value>,
    expected_length: Option<usize>,
    what: &'static str,
    _target: Target,
}

struct Shared {
    stop: AtomicBool,
    query: Mutex<Vec<u8>>,
    trouble: Mutex<Option<String>>,
}

/// What the server does, gathered from the sections.
struct Script {
    reply: Value,
    delay: Option<Duration>,
    query_length: Option<usize>,
    keep_open: bool,
    shutdown: Option<Shutdown>,
    shutdown_delay: Option<Duration>,
    perl: Arc<Mutex<Perl>>,
}

impl Mock {
    /// The servers that the block asks for.
    pub fn start_all(
        block: &Block,
        expander: &mut Expander,
        perl: &Arc<Mutex<Perl>>,
    ) -> Result<Vec<Mock>, String> {
        let mut mocks = Vec::new();
        if let Some(listen) = block.text("tcp_listen")? {
            let listen = expander.expand(listen)?;
            mocks.push(Mock::tcp(block, &listen, perl)?);
        }
        if let Some(listen) = block.text("udp_listen")? {
            let listen = expander.expand(listen)?;
            mocks.push(Mock::udp(block, &listen, perl)?);
        }
        Ok(mocks)
    }

    fn tcp(block: &Block, listen: &[u8], perl: &Arc<Mutex<Perl>>) -> Result<Mock, String> {
        let target = Target::take("tcp", listen);
        let listener = Listener::bind(&target.name)
            .map_err(|error| format!("--- tcp_listen: {}: {error}", target.name))?;
        let expected = block.value("tcp_query").cloned();
        let expected_length = match block.string("tcp_query_len")? {
            Some(text) => Some(
                text.parse()
                    .map_err(|_| "--- tcp_query_len is not a number".to_owned())?,
            ),
            None => None,
        };
        let expected_text = expected.as_ref().and_then(Value::as_text);
        let script = Script {
            reply: reply(block, "tcp_reply", block.has("tcp_shutdown"))?,
            delay: block.duration("tcp_reply_delay")?,
            query_length: expected_length.or(expected_text.map(<[u8]>::len)),
            keep_open: block.has("tcp_no_close"),
            shutdown: block
                .string("tcp_shutdown")?
                .map(|how| shutdown(&how))
                .transpose()?,
            shutdown_delay: block.duration("tcp_shutdown_delay")?,
            perl: Arc::clone(perl),
        };
        let shared = Arc::new(Shared::new());
        let thread = spawn(&shared, move |shared| serve_tcp(&listener, &script, shared));
        Ok(Mock {
            thread: Some(thread),
            shared,
            expected,
            expected_length,
            what: "tcp_query",
            _target: target,
        })
    }

    fn udp(block: &Block, listen: &[u8], perl: &Arc<Mutex<Perl>>) -> Result<Mock, String> {
        let target = Target::take("udp", listen);
        let socket = Datagrams::bind(&target.name)
            .map_err(|error| format!("--- udp_listen: {}: {error}", target.name))?;
        let script = Script {
            reply: reply(block, "udp_reply", false)?,
            delay: block.duration("udp_reply_delay")?,
            query_length: None,
            keep_open: false,
            shutdown: None,
            shutdown_delay: None,
            perl: Arc::clone(perl),
        };
        let shared = Arc::new(Shared::new());
        let thread = spawn(&shared, move |shared| serve_udp(&socket, &script, shared));
        Ok(Mock {
            thread: Some(thread),
            shared,
            expected: block.value("udp_query").cloned(),
            expected_length: None,
            what: "udp_query",
            _target: target,
        })
    }

    /// Stops the server; returns what was wrong with the query, which may
    /// still come for as long as `patience`.
    pub fn finish(mut self, perl: &Mutex<Perl>, patience: Duration) -> Result<Vec<String>, String> {
        let deadline = Instant::now() + patience;
        let mut problems = loop {
            let mut perl = perl.lock().expect("nobody panics with perl in hand");
            let problems = self.wrong_query(&mut perl)?;
            drop(perl);
            if problems.is_empty() || Instant::now() > deadline {
                break problems;
            }
            thread::sleep(POLL);
        };
        self.stop();
        problems.extend(
            self.shared
                .trouble
                .lock()
                .expect("the server does not panic")
                .take(),
        );
        Ok(problems)
    }

    fn wrong_query(&self, perl: &mut Perl) -> Result<Vec<String>, String> {
        let query = self
            .shared
            .query
            .lock()
            .expect("the server does not panic")
            .clone();
        let mut problems = Vec::new();
        problems.extend(match &self.expected {
            None => None,
            Some(Value::Text(text)) => {
                (*text != query).then(|| format!("--- {}\n{}", self.what, difference(text, &query)))
            }
            Some(Value::Regex(pattern)) => {
                let same = perl.is_match(pattern, &query)?;
                (!same).then(|| {
                    let (pattern, query) = (quote(pattern), show(&query));
                    format!("--- {}: {pattern} does not match\n{query}", self.what)
                })
            }
            Some(other) => return Err(format!("--- {} is {}", self.what, other.kind())),
        });
        if let Some(expected) = self.expected_length
            && expected != query.len()
        {
            problems.push(format!(
                "--- tcp_query_len: expected {expected} bytes, got {}",
                query.len()
            ));
        }
        Ok(problems)
    }

    fn stop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Mock {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Shared {
    fn new() -> Shared {
        Shared {
            stop: AtomicBool::new(false),
            query: Mutex::new(Vec::new()),
            trouble: Mutex::new(None),
        }
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn sleep(&self, duration: Duration) {
        let mut left = duration;
        while !left.is_zero() && !self.stopped() {
            let step = left.min(POLL);
            thread::sleep(step);
            left -= step;
        }
    }
}

fn spawn(
    shared: &Arc<Shared>,
    serve: impl FnOnce(&Shared) -> Result<(), String> + Send + 'static,
) -> JoinHandle<()> {
    let shared = Arc::clone(shared);
    thread::spawn(move || {
        if let Err(error) = serve(&shared) {
            *shared.trouble.lock().expect("nobody panics with this lock") = Some(error);
        }
    })
}

fn reply(block: &Block, section: &str, optional: bool) -> Result<Value, String> {
    match block.value(section) {
        Some(value) => Ok(value.clone()),
        None if optional => Ok(Value::Undef),
        None => Err(format!("no --- {section} for the server")),
    }
}

fn shutdown(how: &str) -> Result<Shutdown, String> {
    match how {
        "0" => Ok(Shutdown::Read),
        "" | "1" => Ok(Shutdown::Write),
        "2" => Ok(Shutdown::Both),
        _ => Err(format!("--- tcp_shutdown: {how} is not 0, 1 or 2")),
    }
}

fn serve_tcp(listener: &Listener, script: &Script, shared: &Shared) -> Result<(), String> {
    let Some(mut connection) = accept(listener, shared)? else {
        return Ok(());
    };
    if let Some(how) = script.shutdown {
        shared.sleep(script.shutdown_delay.unwrap_or_default());
        let _ = connection.shutdown(how);
    }
    if !matches!(script.shutdown, Some(Shutdown::Read | Shutdown::Both)) {
        read_query(&mut connection, script, shared)?;
    }
    shared.sleep(script.delay.unwrap_or_default());
    if !matches!(script.shutdown, Some(Shutdown::Write | Shutdown::Both)) {
        for part in script.answers(shared)? {
            // The client may have closed; what it makes of that is its test.
            if connection.write_all(&part).is_err() {
                break;
            }
        }
    }
    while script.keep_open && !shared.stopped() {
        thread::sleep(POLL);
    }
    Ok(())
}

fn accept(listener: &Listener, shared: &Shared) -> Result<Option<Connection>, String> {
    while !shared.stopped() {
        match listener.accept() {
            Ok(connection) => return Ok(Some(connection)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(POLL),
            Err(error) => return Err(format!("the TCP server cannot accept: {error}")),
        }
    }
    Ok(None)
}

fn read_query(connection: &mut Connection, script: &Script, shared: &Shared) -> Result<(), String> {
    let mut buffer = [0; 4096];
    while !shared.stopped() {
        match connection.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(length) => {
                let mut query = shared.query.lock().expect("nobody panics with this lock");
                query.extend(&buffer[..length]);
                if script
                    .query_length
                    .is_none_or(|wanted| query.len() >= wanted)
                {
                    return Ok(());
                }
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(error) => return Err(format!("the TCP server cannot receive: {error}")),
        }
    }
    Ok(())
}

fn serve_udp(socket: &Datagrams, script: &Script, shared: &Shared) -> Result<(), String> {
    let mut buffer = vec![0; 64 * 1024];
    while !shared.stopped() {
        match socket.receive(&mut buffer) {
            Ok((length, sender)) => {
                *shared.query.lock().expect("nobody panics with this lock") =
                    buffer[..length].to_vec();
                shared.sleep(script.delay.unwrap_or_default());
                for part in script.answers(shared)? {
                    socket
                        .send(&part, &sender)
                        .map_err(|error| format!("the UDP server cannot send: {error}"))?;
                }
                return Ok(());
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(error) => return Err(format!("the UDP server cannot receive: {error}")),
        }
    }
    Ok(())
}

impl Script {
    fn answers(&self, shared: &Shared) -> Result<Vec<Vec<u8>>, String> {
        let value = match &self.reply {
            Value::Code(code) => {
                let query = shared
                    .query
                    .lock()
                    .expect("nobody panics with this lock")
                    .clone();
                self.perl
                    .lock()
                    .expect("nobody panics with this lock")
                    .call(*code, &query)?
            }
            value => value.clone(),
        };
        match value {
            Value::Undef => Ok(Vec::new()),
            Value::Text(text) => Ok(vec![text]),
            Value::List(list) => list
                .iter()
                .map(|item| item.as_text().map(<[u8]>::to_vec))
                .collect::<Option<_>>()
                .ok_or_else(|| "a reply of the server has a part that is not text".into()),
            other => Err(format!("a reply of the server is {}", other.kind())),
        }
    }
}
