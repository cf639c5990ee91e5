//! resolv.conf.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::str;

const PORT: u16 = 53;

/// What glibc allows at most.
const MAX_SERVERS: usize = 3;
const MAX_NDOTS: usize = 15;
const MAX_TIMEOUT: u64 = 30;
const MAX_ATTEMPTS: usize = 5;

/// How names are asked for, where, and how often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Whom to ask: three at most, as in glibc; the local host if none is named.
    pub servers: Vec<SocketAddr>,
    /// The domains in which a name is tried.
    pub search: Vec<Vec<u8>>,
    /// A name with so many dots is tried as it is first.
    pub ndots: usize,
    /// How long to wait for an answer, in milliseconds.
    pub timeout: u64,
    /// How often each server is asked.
    pub attempts: usize,
    /// Begin with another server each time.
    pub rotate: bool,
    /// Ask for longer answers than 512 bytes.
    pub edns0: bool,
    /// Ask over TCP.
    pub use_vc: bool,
    /// Ask for IPv4 addresses only.
    pub no_aaaa: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            servers: vec![SocketAddr::new(Ipv4Addr::LOCALHOST.into(), PORT)],
            search: Vec::new(),
            ndots: 1,
            timeout: 5000,
            attempts: 2,
            rotate: false,
            edns0: false,
            use_vc: false,
            no_aaaa: false,
        }
    }
}

impl Config {
    /// Reads the text of a resolv.conf. What is not understood does not count.
    /// The domain of the host's own name, which glibc searches if the file
    /// names none, is not known here.
    pub fn parse(text: &[u8]) -> Self {
        Self::parse_with(text, &|_| None)
    }

    /// The same, where `interface` knows the number of a network interface, for
    /// servers like `fe80::1%eth0`.
    pub fn parse_with(text: &[u8], interface: &dyn Fn(&str) -> Option<u32>) -> Self {
        let mut config = Self::default();
        let mut servers = Vec::new();
        for line in text.split(|c| *c == b'\n') {
            // A keyword that does not begin the line is none for glibc, nor is
            // one behind a comment character.
            if line.first().is_none_or(|c| c.is_ascii_whitespace()) {
                continue;
            }
            let mut words = line
                .split(|c| c.is_ascii_whitespace() || *c == b'\0')
                .filter(|word| !word.is_empty());
            match words.next() {
                Some(b"nameserver") => {
                    servers.extend(words.next().and_then(|word| address(word, interface)));
                }
                // The last of these lines counts.
                Some(b"domain") => config.search = words.take(1).map(domain).collect(),
                Some(b"search") => config.search = words.map(domain).collect(),
                Some(b"options") => words.for_each(|word| config.option(word)),
                _ => {}
            }
        }
        servers.truncate(MAX_SERVERS);
        if !servers.is_empty() {
            config.servers = servers;
        }
        config
    }

    fn option(&mut self, word: &[u8]) {
        let (name, value) = match word.iter().position(|c| *c == b':') {
            Some(at) => (&word[..at], number(&word[at + 1..])),
            None => (word, None),
        };
        match (name, value) {
            (b"ndots", Some(n)) => self.ndots = n.min(MAX_NDOTS),
            (b"timeout", Some(n)) => self.timeout = (n as u64).clamp(1, MAX_TIMEOUT) * 1000,
            (b"attempts", Some(n)) => self.attempts = n.clamp(1, MAX_ATTEMPTS),
            (b"rotate", None) => self.rotate = true,
            (b"edns0", None) => self.edns0 = true,
            (b"use-vc", None) => self.use_vc = true,
            (b"no-aaaa", None) => self.no_aaaa = true,
            _ => {}
        }
    }
}

fn domain(word: &[u8]) -> Vec<u8> {
    word.strip_suffix(b".").unwrap_or(word).to_ascii_lowercase()
}

/// Digits up to anything else.
fn number(text: &[u8]) -> Option<usize> {
    let len = text.iter().take_while(|c| c.is_ascii_digit()).count();
    let digits = str::from_utf8(&text[..len]).ok().filter(|digits| !digits.is_empty())?;
    Some(digits.parse().unwrap_or(usize::MAX))
}

/// An address of a system file. What stands behind an IPv6 address is the number
/// or the name of an interface; one that is not known is left out.
pub(crate) fn address(word: &[u8], interface: &dyn Fn(&str) -> Option<u32>) -> Option<SocketAddr> {
    let text = str::from_utf8(word).ok()?;
    let (text, scope) = text.split_once('%').unwrap_or((text, ""));
    match text.parse() {
        Ok(IpAddr::V6(v6)) => {
            let scope = scope.parse().ok().or_else(|| interface(scope)).unwrap_or(0);
            Some(scoped(v6, scope))
        }
        Ok(v4) if scope.is_empty() => Some(SocketAddr::new(v4, PORT)),
        _ => None,
    }
}

fn scoped(address: Ipv6Addr, scope: u32) -> SocketAddr {
    SocketAddrV6::new(address, PORT, 0, scope).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_file() {
        let config = Config::parse(
            b"# made by hand\nnameserver 10.0.0.1\nnameserver\tfd00::1 \nsearch A.example b.example.\noptions ndots:5 timeout:2 attempts:3 rotate edns0 single-request\n",
        );
        assert_eq!(
            config,
            Config {
                servers: vec![
                    "10.0.0.1:53".parse().expect("address"),
                    "[fd00::1]:53".parse().expect("address")
                ],
                search: vec![b"a.example".to_vec(), b"b.example".to_vec()],
                ndots: 5,
                timeout: 2000,
                attempts: 3,
                rotate: true,
                edns0: true,
                use_vc: false,
                no_aaaa: false,
            }
        );
    }

    #[test]
    fn an_empty_file() {
        assert_eq!(Config::parse(b""), Config::default());
        assert_eq!(
            Config::parse(b" nameserver 10.0.0.1\n;nameserver 10.0.0.1\nnameserver x\nnameserver"),
            Config::default()
        );
    }

    #[test]
    fn the_last_list_of_domains_counts() {
        assert_eq!(Config::parse(b"search a b\ndomain c d\n").search, [b"c"]);
        assert_eq!(Config::parse(b"domain c\nsearch a b\n").search, [b"a", b"b"]);
        // The root, and none at all.
        assert_eq!(Config::parse(b"search .\n").search, [b""]);
        assert_eq!(Config::parse(b"search a\nsearch\n").search, [b""; 0]);
    }

    #[test]
    fn limits() {
        let config = Config::parse(
            b"nameserver 1.1.1.1\nnameserver 1.1.1.2\nnameserver 1.1.1.3\nnameserver 1.1.1.4\noptions ndots:99 timeout:0 attempts:99999999999999999999999\noptions timeout:x use-vc no-aaaa\n",
        );
        assert_eq!(config.servers.len(), 3);
        assert_eq!((config.ndots, config.timeout, config.attempts), (15, 1000, 5));
        assert!(config.use_vc && config.no_aaaa);
    }

    #[test]
    fn scopes() {
        let servers = |text: &[u8]| Config::parse(text).servers[0];
        assert_eq!(servers(b"nameserver fe80::1%3"), scoped("fe80::1".parse().expect("v6"), 3));
        assert_eq!(servers(b"nameserver fe80::1%eth0"), scoped("fe80::1".parse().expect("v6"), 0));
        assert_eq!(servers(b"nameserver 10.0.0.1%eth0"), Config::default().servers[0]);

        let interface = |name: &str| (name == "eth0").then_some(7);
        let config = Config::parse_with(b"nameserver fe80::1%eth0\nnameserver fe80::2", &interface);
        let v6 = |text: &str| text.parse().expect("v6");
        assert_eq!(config.servers, [scoped(v6("fe80::1"), 7), scoped(v6("fe80::2"), 0)]);
    }
}
