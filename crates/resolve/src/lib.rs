//! Names to addresses, as the system's resolver finds them: the hosts file,
//! resolv.conf, DNS messages, and the course of a lookup.
//!
//! There are no files, sockets and clocks in here. The caller reads the files,
//! sends what a [`Lookup`] asks it to send, and tells it the time:
//!
//! ```
//! use nginx_lua_resolve::{Action, Config, Families, Hosts, Lookup};
//!
//! let hosts = Hosts::parse(b"127.0.0.1 localhost\n10.0.0.7 db db.example # main\n");
//! assert_eq!(hosts.lookup(b"DB"), ["10.0.0.7".parse::<std::net::IpAddr>().unwrap()]);
//!
//! let config = Config::parse(b"nameserver 10.0.0.53\nsearch example\n");
//! let mut lookup = Lookup::new(&config, b"web", Families::Both, 0);
//! // Asks for web.example first.
//! let Action::Send(query) = lookup.poll(0, &mut || 4711) else { unreachable!() };
//! assert_eq!(query.server, "10.0.0.53:53".parse().unwrap());
//! assert_eq!(&query.message[12..25], b"\x03web\x07example\0");
//! ```
//!
//! The DNS messages are read by a reader of our own, since all that is wanted
//! of them are addresses, and it has to stand anything that a network delivers.

#![forbid(unsafe_code)]

mod cache;
mod config;
mod error;
mod hosts;
mod lookup;
mod message;
mod name;

pub use cache::Cache;
pub use config::Config;
pub use error::Error;
pub use hosts::Hosts;
pub use lookup::{Action, Families, Lookup, Outcome, Query, Transport, frame};
pub use message::{Answer, Rejected, Type, push_query, read};
pub use name::{Name, candidates};
