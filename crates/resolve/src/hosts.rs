//! The hosts file.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::config::address;

/// The names of a hosts file.
#[derive(Clone, Debug, Default)]
pub struct Hosts {
    /// By name in lower case.
    names: HashMap<Box<[u8]>, Vec<IpAddr>>,
}

/// What `localhost` is in the absence of a line for it.
const LOOPBACK: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];

impl Hosts {
    /// Reads the text of a hosts file: an address and its names on each line, a
    /// comment behind `#`. Lines that are not understood do not count.
    pub fn parse(text: &[u8]) -> Self {
        let mut names: HashMap<Box<[u8]>, Vec<IpAddr>> = HashMap::new();
        for line in text.split(|c| *c == b'\n') {
            let line = line.split(|c| *c == b'#').next().unwrap_or_default();
            let mut words = line
                .split(|c| c.is_ascii_whitespace() || *c == b'\0')
                .filter(|word| !word.is_empty());
            let Some(socket) = words.next().and_then(|word| address(word, &|_| None)) else {
                continue;
            };
            for name in words {
                let addresses = names.entry(key(name).into()).or_default();
                if !addresses.contains(&socket.ip()) {
                    addresses.push(socket.ip());
                }
            }
        }
        Self { names }
    }

    /// The addresses of a name, in the order of the file. `localhost` and the
    /// names under it always have some (RFC 6761).
    pub fn lookup(&self, name: &[u8]) -> &[IpAddr] {
        let name = key(name);
        match self.names.get(&name[..]) {
            Some(addresses) => addresses,
            None if name == b"localhost" || name.ends_with(b".localhost") => &LOOPBACK,
            None => &[],
        }
    }
}

fn key(name: &[u8]) -> Vec<u8> {
    name.strip_suffix(b".").unwrap_or(name).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(hosts: &Hosts, name: &str) -> Vec<String> {
        hosts.lookup(name.as_bytes()).iter().map(IpAddr::to_string).collect()
    }

    #[test]
    fn names_and_aliases() {
        let hosts = Hosts::parse(
            b"# a comment\n127.0.0.1\tlocalhost\r\n\n::1 localhost ip6-localhost\n  10.0.0.7  Db db.example #x\n10.0.0.8 web#y\n10.0.0.7 db",
        );
        assert_eq!(found(&hosts, "localhost"), ["127.0.0.1", "::1"]);
        assert_eq!(found(&hosts, "IP6-localhost"), ["::1"]);
        assert_eq!(found(&hosts, "dB"), ["10.0.0.7"]);
        assert_eq!(found(&hosts, "db.example."), ["10.0.0.7"]);
        assert_eq!(found(&hosts, "web"), ["10.0.0.8"]);
        assert_eq!(found(&hosts, "x"), [""; 0]);
        assert_eq!(found(&hosts, "#x"), [""; 0]);
    }

    #[test]
    fn lines_that_are_not_understood() {
        let hosts = Hosts::parse(b"10.0.0.256 a\nfoo b\n10.0.0.1\nfe80::1%eth0 c\n\xff\xfe d\n");
        for name in ["a", "b", "d", ""] {
            assert_eq!(found(&hosts, name), [""; 0]);
        }
        assert_eq!(found(&hosts, "c"), ["fe80::1"]);
    }

    #[test]
    fn localhost_needs_no_file() {
        let hosts = Hosts::default();
        assert_eq!(found(&hosts, "localhost"), ["127.0.0.1", "::1"]);
        assert_eq!(found(&hosts, "a.localhost."), ["127.0.0.1", "::1"]);
        assert_eq!(found(&hosts, "notlocalhost"), [""; 0]);
    }
}
