//! DNS messages: questions for addresses, and what is answered.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::error::Error;
use crate::name::Name;

#[cfg(test)]
mod tests;

/// How many aliases are followed, as in nginx.
const MAX_ALIASES: usize = 50;

const CLASS_IN: u16 = 1;
const TYPE_CNAME: u16 = 5;
const TYPE_SOA: u16 = 6;
const TYPE_OPT: u16 = 41;

const FLAG_RESPONSE: u16 = 0x8000;
const FLAG_TRUNCATED: u16 = 0x0200;
const FLAG_RECURSION_DESIRED: u16 = 0x0100;
const MASK_OPCODE: u16 = 0x7800;
const MASK_CODE: u16 = 0x000f;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// IPv4 addresses.
    A = 1,
    /// IPv6 addresses.
    Aaaa = 28,
}

/// What a server says to a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// There is more than what fitted in: ask over TCP.
    pub truncated: bool,
    /// The response code, if it is one.
    pub error: Option<Error>,
    /// The addresses of the name or of what it is an alias for.
    pub addresses: Vec<IpAddr>,
    /// For how many seconds this holds, also that there is no address. Not
    /// known if the server does not tell.
    pub ttl: Option<u32>,
}

/// Why a message is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejected {
    /// It answers another question, or none: wait on.
    Foreign,
    /// It answers this question, and makes no sense.
    Malformed,
}

/// Appends a question. With `edns0`, answers over UDP may be that long.
pub fn push_query(out: &mut Vec<u8>, id: u16, name: &Name, kind: Type, edns0: Option<u16>) {
    let additional = u16::from(edns0.is_some());
    for field in [id, FLAG_RECURSION_DESIRED, 1, 0, 0, additional] {
        out.extend(field.to_be_bytes());
    }
    out.extend(name.wire());
    out.extend((kind as u16).to_be_bytes());
    out.extend(CLASS_IN.to_be_bytes());
    if let Some(size) = edns0 {
        out.push(0);
        out.extend(TYPE_OPT.to_be_bytes());
        out.extend(size.to_be_bytes());
        // No further code, version or flag, and no options.
        out.extend([0; 6]);
    }
}

/// Reads what answers the question.
pub fn read(message: &[u8], id: u16, name: &Name, kind: Type) -> Result<Answer, Rejected> {
    let mut reader = Reader { message, at: 0 };
    let header = reader.header().ok_or(Rejected::Foreign)?;
    let response = header.flags & FLAG_RESPONSE != 0 && header.flags & MASK_OPCODE == 0;
    if header.id != id || !response {
        return Err(Rejected::Foreign);
    }
    let error = match header.flags & MASK_CODE {
        0 => None,
        1 => Some(Error::Format),
        2 => Some(Error::Server),
        3 => Some(Error::NotFound),
        4 => Some(Error::Unimplemented),
        5 => Some(Error::Refused),
        code => Some(Error::Other(code as u8)),
    };
    let mut answer = Answer {
        truncated: header.flags & FLAG_TRUNCATED != 0,
        error,
        addresses: Vec::new(),
        ttl: None,
    };
    match header.questions {
        // A server that fails may repeat no question.
        0 if error.is_some_and(|error| error != Error::NotFound) => return Ok(answer),
        1 => {}
        _ => return Err(Rejected::Foreign),
    }
    if reader.question().ok_or(Rejected::Foreign)? != (name.clone(), kind as u16, CLASS_IN) {
        return Err(Rejected::Foreign);
    }
    // The records of a truncated message may be cut anywhere.
    if !answer.truncated && !matches!(error, None | Some(Error::NotFound)) {
        return Ok(answer);
    }
    match reader.records(&header, name, kind) {
        Some((addresses, ttl)) => {
            if error.is_none() {
                answer.addresses = addresses;
            }
            answer.ttl = ttl;
            Ok(answer)
        }
        None if answer.truncated => Ok(answer),
        None => Err(Rejected::Malformed),
    }
}

struct Header {
    id: u16,
    flags: u16,
    questions: u16,
    answers: u16,
    authorities: u16,
}

struct Record<'a> {
    owner: Name,
    kind: u16,
    class: u16,
    ttl: u32,
    data: &'a [u8],
    /// Where the data starts in the message.
    start: usize,
}

struct Reader<'a> {
    message: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn header(&mut self) -> Option<Header> {
        let header = Header {
            id: self.u16()?,
            flags: self.u16()?,
            questions: self.u16()?,
            answers: self.u16()?,
            authorities: self.u16()?,
        };
        self.u16()?;
        Some(header)
    }

    fn question(&mut self) -> Option<(Name, u16, u16)> {
        Some((self.name()?, self.u16()?, self.u16()?))
    }

    /// The addresses at the end of the aliases of a name, or none, and how long
    /// that holds.
    fn records(
        &mut self,
        header: &Header,
        name: &Name,
        kind: Type,
    ) -> Option<(Vec<IpAddr>, Option<u32>)> {
        let mut aliases = Vec::new();
        let mut found = Vec::new();
        for _ in 0..header.answers {
            let record = self.record()?;
            if record.class != CLASS_IN {
                continue;
            }
            if record.kind == TYPE_CNAME {
                let (target, end) = Name::read(self.message, record.start)?;
                if end != self.at {
                    return None;
                }
                aliases.push((record.owner, target, record.ttl));
            } else if record.kind == kind as u16 {
                found.push((record.owner, address(kind, record.data)?, record.ttl));
            }
        }

        let mut ttl = None;
        let mut current = name;
        for _ in 0..MAX_ALIASES {
            let Some((_, target, alias)) = aliases.iter().find(|(owner, ..)| owner == current)
            else {
                break;
            };
            shorten(&mut ttl, *alias);
            current = target;
        }
        let mut addresses = Vec::new();
        for (owner, address, record) in found {
            if owner == *current {
                shorten(&mut ttl, record);
                addresses.push(address);
            }
        }
        if addresses.is_empty() {
            // RFC 2308: that there is none holds as long as the zone says.
            match self.negative_ttl(header.authorities)? {
                Some(negative) => shorten(&mut ttl, negative),
                None => ttl = None,
            }
        }
        Some((addresses, ttl))
    }

    fn negative_ttl(&mut self, authorities: u16) -> Option<Option<u32>> {
        for _ in 0..authorities {
            let record = self.record()?;
            if record.class == CLASS_IN && record.kind == TYPE_SOA {
                let minimum = record.data.last_chunk().map(|bytes| u32::from_be_bytes(*bytes))?;
                return Some(Some(record.ttl.min(minimum)));
            }
        }
        Some(None)
    }

    fn record(&mut self) -> Option<Record<'a>> {
        let owner = self.name()?;
        let (kind, class) = (self.u16()?, self.u16()?);
        let ttl = u32::from(self.u16()?) << 16 | u32::from(self.u16()?);
        let len = usize::from(self.u16()?);
        let start = self.at;
        let data = self.message.get(start..start + len)?;
        self.at += len;
        // RFC 2181: one that would be negative is 0.
        let ttl = if ttl > i32::MAX as u32 { 0 } else { ttl };
        Some(Record { owner, kind, class, ttl, data, start })
    }

    fn name(&mut self) -> Option<Name> {
        let (name, end) = Name::read(self.message, self.at)?;
        self.at = end;
        Some(name)
    }

    fn u16(&mut self) -> Option<u16> {
        let bytes = self.message.get(self.at..self.at + 2)?;
        self.at += 2;
        Some(u16::from_be_bytes([bytes[0], bytes[1]]))
    }
}

fn shorten(ttl: &mut Option<u32>, other: u32) {
    *ttl = Some(ttl.map_or(other, |ttl| ttl.min(other)));
}

fn address(kind: Type, data: &[u8]) -> Option<IpAddr> {
    match kind {
        Type::A => <[u8; 4]>::try_from(data).ok().map(|bytes| Ipv4Addr::from(bytes).into()),
        Type::Aaaa => <[u8; 16]>::try_from(data).ok().map(|bytes| Ipv6Addr::from(bytes).into()),
    }
}
