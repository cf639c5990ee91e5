//! Sockets for Lua code: names, connections, datagrams.

pub(crate) mod resolver;
