//! Ports for the servers of the blocks, all on 127.0.0.1.
//!
//! They come from below the range that the system takes ports of outgoing
//! connections from, in slots of which each run of the harness owns one, so
//! that two runs on one machine do not meet. The first port of a slot is the
//! lock: who listens on it owns the slot.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Mutex;

const FIRST: u16 = 12_000;
const SLOT: u16 = 200;
const SLOTS: u16 = 100;

pub struct Ports {
    _lock: TcpListener,
    base: u16,
    taken: Mutex<Taken>,
}

struct Taken {
    last: u16,
    kept: Vec<u16>,
}

impl Ports {
    pub fn new() -> Result<Ports, String> {
        (0..SLOTS)
            .map(|slot| FIRST + slot * SLOT)
            .find_map(|base| {
                let lock = TcpListener::bind((Ipv4Addr::LOCALHOST, base)).ok()?;
                Some(Ports {
                    _lock: lock,
                    base,
                    taken: Mutex::new(Taken { last: 0, kept: Vec::new() }),
                })
            })
            .ok_or_else(|| "all port ranges on 127.0.0.1 are in use".into())
    }

    /// A port that nobody listens on; each is handed out again only after all
    /// the others.
    pub fn take(&self) -> Result<u16, String> {
        self.find(&mut self.taken.lock().expect("no thread panics with this lock"))
    }

    /// A port that is never handed out again.
    pub fn keep(&self) -> Result<u16, String> {
        let mut taken = self.taken.lock().expect("no thread panics with this lock");
        let port = self.find(&mut taken)?;
        taken.kept.push(port);
        Ok(port)
    }

    fn find(&self, taken: &mut Taken) -> Result<u16, String> {
        for _ in 1..SLOT {
            taken.last = taken.last % (SLOT - 1) + 1;
            let port = self.base + taken.last;
            if taken.kept.contains(&port) {
                continue;
            }
            // Not by listening ourselves: a child that another thread has just
            // forked would go on listening for a moment.
            if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
                return Ok(port);
            }
        }
        Err(format!("no free port from {} to {}", self.base, self.base + SLOT))
    }
}
