//! A server of names that misbehaves as the name says which it is asked for:
//! what stands before the last dot, and behind the one before that.

use std::collections::HashMap;
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

const POLL: Duration = Duration::from_millis(20);
const A: u16 = 1;
const CNAME: u16 = 5;
const SOA: u16 = 6;
const MINUTE: u32 = 60;

/// Runs until it is dropped.
pub struct Server {
    port: u16,
    stop: Arc<AtomicBool>,
    asked: Arc<Mutex<HashMap<String, usize>>>,
    threads: Vec<JoinHandle<()>>,
}

/// What is asked.
#[derive(Clone)]
struct Question {
    id: u16,
    /// As it came, with its type and class.
    bytes: Vec<u8>,
    name: String,
    kind: u16,
}

impl Server {
    pub fn start(port: u16) -> Result<Server, String> {
        let failed = |error| format!("cannot serve names at port {port}: {error}");
        let datagrams = UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).map_err(failed)?;
        datagrams.set_read_timeout(Some(POLL)).map_err(failed)?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;

        let stop = Arc::new(AtomicBool::new(false));
        let asked = Arc::default();
        let threads = vec![
            thread::spawn({
                let (stop, asked) = (Arc::clone(&stop), Arc::clone(&asked));
                move || serve_datagrams(&datagrams, &stop, &asked)
            }),
            thread::spawn({
                let stop = Arc::clone(&stop);
                move || serve_connections(&listener, &stop)
            }),
        ];
        Ok(Server { port, stop, asked, threads })
    }

    /// How many questions there were about a name, of both types.
    pub fn asked(&self, name: &str) -> usize {
        *self.asked.lock().expect("no thread panics with this lock").get(name).unwrap_or(&0)
    }

    /// A socket at the same port of another address, which nobody reads.
    pub fn also_at(&self, address: [u8; 4]) -> Result<UdpSocket, String> {
        UdpSocket::bind((Ipv4Addr::from(address), self.port))
            .map_err(|error| format!("cannot bind a silent socket: {error}"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

fn serve_datagrams(socket: &UdpSocket, stop: &AtomicBool, asked: &Mutex<HashMap<String, usize>>) {
    let mut buffer = [0; 4096];
    while !stop.load(Ordering::Relaxed) {
        let Ok((len, client)) = socket.recv_from(&mut buffer) else { continue };
        let Some(question) = Question::parse(&buffer[..len]) else { continue };
        let mut asked = asked.lock().expect("no thread panics with this lock");
        *asked.entry(question.name.clone()).or_default() += 1;
        drop(asked);
        answer_datagram(socket, client, &question);
    }
}

fn answer_datagram(socket: &UdpSocket, client: SocketAddr, question: &Question) {
    let send = |message: Vec<u8>| {
        // The client may have gone.
        let _ = socket.send_to(&message, client);
    };
    let good = question.good();
    match question.behaviour() {
        "silent" => {}
        "wrong-id" => {
            let other = Question { id: !question.id, ..question.clone() };
            send(other.address([127, 0, 0, 9], MINUTE));
            send(good);
        }
        "wrong-name" => {
            send(Question::new(question.id, "other.test", question.kind).good());
            send(good);
        }
        "wrong-type" => {
            send(Question::new(question.id, &question.name, 16).good());
            send(good);
        }
        // The question itself comes back.
        "question" => {
            send(question.message(0x0100, 0, 0, &[]));
            send(good);
        }
        "stranger" => {
            if let Ok(stranger) = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)) {
                let _ = stranger.send_to(&question.address([127, 0, 0, 9], MINUTE), client);
            }
            send(good);
        }
        "noise" => {
            for len in [0, 1, 11, 12, 13, 500, 4000] {
                send((0..len).map(|i| (i * 7 + len) as u8).collect());
            }
            send(good);
        }
        "truncated" | "truncated-closed" => send(question.message(0x8380, 0, 0, &[])),
        "format" => send(question.message(0x8181, 0, 0, &[])),
        "failure" => send(question.message(0x8182, 0, 0, &[])),
        "unimplemented" => send(question.message(0x8184, 0, 0, &[])),
        "refused" => send(question.message(0x8185, 0, 0, &[])),
        "code-9" => send(question.message(0x8189, 0, 0, &[])),
        "missing" => {
            let mut soa = b"\0\0".to_vec();
            soa.extend([0; 16]);
            soa.extend(MINUTE.to_be_bytes());
            send(question.message(0x8183, 0, 1, &record(&wire("test"), SOA, MINUTE, &soa)));
        }
        "empty" => send(question.message(0x8180, 0, 0, &[])),
        "elsewhere" => {
            let record = record(&wire("other.test"), A, MINUTE, &[127, 0, 0, 9]);
            send(question.message(0x8180, 1, 0, &record));
        }
        "chain" => {
            let mut records = Vec::new();
            let mut name = question.name.clone();
            for i in 0..10 {
                let next = format!("{i}.chain.test");
                records.extend(record(&wire(&name), CNAME, MINUTE, &wire(&next)));
                name = next;
            }
            let addresses = u16::from(question.kind == A);
            if addresses == 1 {
                records.extend(record(&wire(&name), A, MINUTE, &[127, 0, 0, 1]));
            }
            send(question.message(0x8180, 10 + addresses, 0, &records));
        }
        "circle" => {
            let there = record(&wire(&question.name), CNAME, MINUTE, &wire("x.test"));
            let back = record(&wire("x.test"), CNAME, MINUTE, &wire(&question.name));
            send(question.message(0x8180, 2, 0, &[there, back].concat()));
        }
        "cut" => {
            let mut message = question.address([127, 0, 0, 9], MINUTE);
            message.truncate(message.len() - 2);
            send(message);
        }
        // The owner's name points to itself.
        "pointers" => {
            let here = (12 + question.bytes.len()) as u16 | 0xc000;
            send(question.message(
                0x8180,
                1,
                0,
                &record(&here.to_be_bytes(), A, 0, &[127, 0, 0, 9]),
            ));
        }
        "half" if question.kind != A => {}
        behaviour => {
            if let Some(msec) = behaviour.strip_prefix("slow-").and_then(|n| n.parse().ok()) {
                let Ok(socket) = socket.try_clone() else { return };
                thread::spawn(move || {
                    thread::sleep(Duration::from_millis(msec));
                    let _ = socket.send_to(&good, client);
                });
                return;
            }
            send(good);
        }
    }
}

fn serve_connections(listener: &TcpListener, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        match listener.accept() {
            Ok((connection, _)) => {
                thread::spawn(move || serve_connection(connection));
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(POLL),
            Err(_) => return,
        }
    }
}

/// Answers each question, a byte at a time.
fn serve_connection(mut connection: TcpStream) {
    let _ = connection.set_nonblocking(false);
    let _ = connection.set_nodelay(true);
    loop {
        let mut len = [0; 2];
        if connection.read_exact(&mut len).is_err() {
            return;
        }
        let mut message = vec![0; u16::from_be_bytes(len).into()];
        if connection.read_exact(&mut message).is_err() {
            return;
        }
        let Some(question) = Question::parse(&message) else { return };
        let good = question.good();
        if question.behaviour() == "truncated-closed" {
            let _ = connection.write_all(&[0, 200, 1, 2, 3]);
            return;
        }
        let len = (good.len() as u16).to_be_bytes();
        for byte in len.iter().chain(&good) {
            if connection.write_all(&[*byte]).is_err() {
                return;
            }
        }
    }
}

impl Question {
    fn new(id: u16, name: &str, kind: u16) -> Question {
        let mut bytes = wire(name);
        bytes.extend(kind.to_be_bytes());
        bytes.extend(1u16.to_be_bytes());
        Question { id, bytes, name: name.into(), kind }
    }

    fn parse(message: &[u8]) -> Option<Question> {
        let id = u16::from_be_bytes(*message.first_chunk()?);
        let mut labels = Vec::new();
        let mut rest = message.get(12..)?;
        loop {
            let (len, tail) = rest.split_first()?;
            if *len == 0 {
                let kind = u16::from_be_bytes(*tail.first_chunk()?);
                return Some(Question::new(id, &labels.join("."), kind));
            }
            let (label, tail) = tail.split_at_checked((*len).into())?;
            labels.push(String::from_utf8_lossy(label).into_owned());
            rest = tail;
        }
    }

    fn behaviour(&self) -> &str {
        self.name.rsplit('.').nth(1).unwrap_or_default()
    }

    /// The right answer: an IPv4 address, and no other.
    fn good(&self) -> Vec<u8> {
        let ttl = if self.behaviour() == "brief" { 0 } else { MINUTE };
        self.address([127, 0, 0, 1], ttl)
    }

    fn address(&self, address: [u8; 4], ttl: u32) -> Vec<u8> {
        if self.kind != A {
            // Without the time for which there is none, nobody may keep that.
            let mut soa = b"\0\0".to_vec();
            soa.extend([0; 16]);
            soa.extend(ttl.to_be_bytes());
            return self.message(0x8180, 0, 1, &record(&wire("test"), SOA, ttl, &soa));
        }
        self.message(0x8180, 1, 0, &record(b"\xc0\x0c", A, ttl, &address))
    }

    fn message(&self, flags: u16, answers: u16, authorities: u16, records: &[u8]) -> Vec<u8> {
        let mut message = Vec::new();
        for field in [self.id, flags, 1, answers, authorities, 0] {
            message.extend(field.to_be_bytes());
        }
        message.extend(&self.bytes);
        message.extend(records);
        message
    }
}

fn record(owner: &[u8], kind: u16, ttl: u32, data: &[u8]) -> Vec<u8> {
    let mut record = owner.to_vec();
    record.extend(kind.to_be_bytes());
    record.extend(1u16.to_be_bytes());
    record.extend(ttl.to_be_bytes());
    record.extend((data.len() as u16).to_be_bytes());
    record.extend(data);
    record
}

fn wire(name: &str) -> Vec<u8> {
    let mut wire = Vec::new();
    for label in name.split('.') {
        wire.push(label.len() as u8);
        wire.extend(label.as_bytes());
    }
    wire.push(0);
    wire
}
