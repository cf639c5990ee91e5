//! The course of a lookup: which name to ask whom for, and when to give up.
//!
//! The caller sends what [`Lookup::poll`] says, until it says to wait or is
//! done; then it polls again when something has arrived ([`Lookup::receive`],
//! [`Lookup::fail`]) or the time has come.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};

use crate::config::Config;
use crate::error::Error;
use crate::message::{Answer, Rejected, Type, push_query, read};
use crate::name::{Name, candidates};

#[cfg(test)]
mod tests;

/// The length of UDP answers that is asked for: what fits into a packet nearly
/// everywhere.
const EDNS0_SIZE: u16 = 1232;

/// Which addresses are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Families {
    /// IPv4 addresses.
    V4,
    /// IPv6 addresses.
    V6,
    /// Both, those of IPv4 first.
    Both,
}

/// How a question is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// As a datagram.
    Udp,
    /// Over a connection, each message with its length before it ([`frame`]).
    Tcp,
}

/// A question to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// To whom.
    pub server: SocketAddr,
    /// How.
    pub transport: Transport,
    /// What, with its length before it if it goes over TCP.
    pub message: Vec<u8>,
}

/// What the caller is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Send this, and poll again.
    Send(Query),
    /// Poll again at this time, or when something has arrived before.
    Wait(u64),
    /// It is over.
    Done(Outcome),
}

/// What came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// At least one address.
    pub result: Result<Vec<IpAddr>, Error>,
    /// For how many seconds that holds, if it may be kept at all.
    pub ttl: Option<u32>,
}

/// A lookup of one name. Times are milliseconds of any clock that does not go
/// back.
#[derive(Debug)]
pub struct Lookup {
    servers: Vec<SocketAddr>,
    timeout: u64,
    /// How many servers are asked for a name, one after the other.
    tries: usize,
    transport: Transport,
    edns0: bool,
    kinds: &'static [Type],

    /// The names that are not asked for yet.
    names: VecDeque<Name>,
    /// What is asked of the present server.
    questions: Vec<Question>,
    /// How many servers have been asked for the present name.
    tried: usize,
    deadline: u64,
    /// How a server failed that was asked for the present name.
    refusal: Option<Error>,

    /// How servers failed for names before.
    failure: Option<Error>,
    /// How long it holds that the names before do not exist.
    missing: Option<u32>,
    outcome: Option<Outcome>,
}

/// A question and what became of it.
#[derive(Debug)]
struct Question {
    name: Name,
    kind: Type,
    id: u16,
    transport: Transport,
    edns0: bool,
    state: State,
}

#[derive(Debug)]
enum State {
    Unsent,
    Sent,
    Answered(Answer),
    /// The present server does not answer it.
    Failed,
}

impl Lookup {
    /// Begins a lookup. `turn` counts them, for configurations in which the
    /// servers take turns.
    pub fn new(config: &Config, name: &[u8], families: Families, turn: usize) -> Self {
        let mut servers = config.servers.clone();
        if config.rotate && !servers.is_empty() {
            let len = servers.len();
            servers.rotate_left(turn % len);
        }
        let kinds: &[Type] = match families {
            Families::V4 => &[Type::A],
            Families::V6 => &[Type::Aaaa],
            Families::Both if config.no_aaaa => &[Type::A],
            Families::Both => &[Type::A, Type::Aaaa],
        };
        Self {
            tries: servers.len() * config.attempts.max(1),
            servers,
            timeout: config.timeout,
            transport: if config.use_vc { Transport::Tcp } else { Transport::Udp },
            edns0: config.edns0,
            kinds,
            names: candidates(config, name).into(),
            questions: Vec::new(),
            tried: 0,
            deadline: 0,
            refusal: None,
            failure: None,
            missing: None,
            outcome: None,
        }
    }

    /// What to do now. `random` makes the ids of questions, which nobody should
    /// be able to guess.
    pub fn poll(&mut self, now: u64, random: &mut dyn FnMut() -> u16) -> Action {
        loop {
            if let Some(outcome) = &self.outcome {
                return Action::Done(outcome.clone());
            }
            if self.questions.is_empty() {
                self.next_name(now, random);
            } else if let Some(query) = self.unsent() {
                return Action::Send(query);
            } else if !self.questions.iter().any(|question| matches!(question.state, State::Sent)) {
                self.conclude(now);
            } else if now >= self.deadline {
                self.give_up_waiting();
            } else {
                return Action::Wait(self.deadline);
            }
        }
    }

    /// A message has arrived, over TCP without its length. Returns whether it
    /// was expected; if it was, poll.
    pub fn receive(&mut self, from: SocketAddr, transport: Transport, message: &[u8]) -> bool {
        // A server that was given up may still answer.
        if !self.servers.iter().any(|server| same(*server, from)) {
            return false;
        }
        let present = self.server().is_some_and(|server| same(server, from));
        for question in &mut self.questions {
            if matches!(question.state, State::Answered(_)) {
                continue;
            }
            let answer = match read(message, question.id, &question.name, question.kind) {
                Err(Rejected::Foreign) => continue,
                Err(Rejected::Malformed) => Err(Error::Format),
                Ok(answer) => match answer.error {
                    None | Some(Error::NotFound) => Ok(answer),
                    Some(error) => Err(error),
                },
            };
            let current = present && question.transport == transport;
            match answer {
                Ok(answer) if answer.truncated && transport == Transport::Udp => {
                    if current {
                        question.transport = Transport::Tcp;
                        question.state = State::Unsent;
                    }
                }
                Ok(answer) => question.state = State::Answered(answer),
                // Another server is being asked by now.
                Err(_) if !current => {}
                // It may not know the extension.
                Err(Error::Format | Error::Unimplemented) if question.edns0 => {
                    question.edns0 = false;
                    question.state = State::Unsent;
                }
                Err(error) => {
                    self.refusal = Some(error);
                    question.state = State::Failed;
                }
            }
            return true;
        }
        false
    }

    /// Nothing can be sent to a server, or its connection has failed: it will
    /// not answer what is sent that way. Poll then.
    pub fn fail(&mut self, server: SocketAddr, transport: Transport) {
        if !self.server().is_some_and(|present| same(present, server)) {
            return;
        }
        for question in &mut self.questions {
            if question.transport == transport && !matches!(question.state, State::Answered(_)) {
                question.state = State::Failed;
            }
        }
    }

    /// The one that is being asked.
    fn server(&self) -> Option<SocketAddr> {
        self.servers.get(self.tried.checked_rem(self.servers.len())?).copied()
    }

    fn next_name(&mut self, now: u64, random: &mut dyn FnMut() -> u16) {
        let Some(name) = self.names.pop_front() else {
            let error = self.failure.unwrap_or(Error::NotFound);
            let ttl = if self.failure.is_none() { self.missing } else { None };
            self.outcome = Some(Outcome { result: Err(error), ttl });
            return;
        };
        if self.servers.is_empty() {
            self.outcome = Some(Outcome { result: Err(Error::TimedOut), ttl: None });
            return;
        }
        for kind in self.kinds {
            self.questions.push(Question {
                name: name.clone(),
                kind: *kind,
                id: random(),
                transport: self.transport,
                edns0: self.edns0,
                state: State::Unsent,
            });
        }
        self.tried = 0;
        self.refusal = None;
        self.deadline = now + self.timeout;
    }

    fn unsent(&mut self) -> Option<Query> {
        let server = self.server()?;
        let question =
            self.questions.iter_mut().find(|question| matches!(question.state, State::Unsent))?;
        question.state = State::Sent;
        let mut message = Vec::new();
        push_query(
            &mut message,
            question.id,
            &question.name,
            question.kind,
            question.edns0.then_some(EDNS0_SIZE),
        );
        if question.transport == Transport::Tcp {
            // A name has 255 bytes at most.
            let len = message.len() as u16;
            message.splice(0..0, len.to_be_bytes());
        }
        Some(Query { server, transport: question.transport, message })
    }

    fn give_up_waiting(&mut self) {
        for question in &mut self.questions {
            if matches!(question.state, State::Sent) {
                question.state = State::Failed;
            }
        }
    }

    /// All questions are answered, or will not be by this server.
    fn conclude(&mut self, now: u64) {
        let answers = || {
            self.questions.iter().filter_map(|question| match &question.state {
                State::Answered(answer) => Some(answer),
                _ => None,
            })
        };
        let addresses: Vec<IpAddr> =
            answers().flat_map(|answer| answer.addresses.iter().copied()).collect();
        // A name that does not exist has no other addresses either (RFC 8020).
        let complete = answers().count() == self.questions.len()
            || answers().any(|answer| answer.error.is_some());

        // Addresses of one family are better than none for want of the other.
        if !addresses.is_empty() {
            let with = answers().filter(|answer| !answer.addresses.is_empty());
            let ttl = with.filter_map(|answer| answer.ttl).min();
            let ttl = if complete { ttl } else { None };
            self.outcome = Some(Outcome { result: Ok(addresses), ttl });
        } else if complete {
            let ttl = answers().map(|answer| answer.ttl.unwrap_or(0)).min().unwrap_or(0);
            self.missing = Some(self.missing.map_or(ttl, |missing| missing.min(ttl)));
            self.questions.clear();
        } else {
            self.next_server(now);
        }
    }

    fn next_server(&mut self, now: u64) {
        self.tried += 1;
        if self.tried < self.tries {
            self.deadline = now + self.timeout;
            for question in &mut self.questions {
                if matches!(question.state, State::Failed) {
                    question.transport = self.transport;
                    question.state = State::Unsent;
                }
            }
        } else if let Some(refusal) = self.refusal {
            // Other names may be answered.
            self.failure = Some(refusal);
            self.questions.clear();
        } else {
            // Others would take as long.
            self.outcome = Some(Outcome { result: Err(Error::TimedOut), ttl: None });
        }
    }
}

/// Whether they are the same but for the scope of an IPv6 address, which the
/// system may have filled in.
fn same(one: SocketAddr, other: SocketAddr) -> bool {
    (one.ip(), one.port()) == (other.ip(), other.port())
}

/// The first message of what has arrived over TCP, once it is complete, and
/// what is behind it.
pub fn frame(stream: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, rest) = stream.split_first_chunk()?;
    rest.split_at_checked(u16::from_be_bytes(*len).into())
}
