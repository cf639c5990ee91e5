//! Sockets that do not block: what stands behind `ngx.socket`.
//!
//! A [`Tcp`] belongs to the request that made it. The connection that it uses,
//! with the bytes that were received and not asked for yet, is a [`Stream`]: that
//! goes to a pool and comes back for another request.

mod buffer;
mod client;
mod connect;
mod failure;
pub(crate) mod pool;
mod receive;
pub(crate) mod resolver;
mod send;
pub(crate) mod stream;
mod tcp;
#[cfg(ngx_feature = "ssl")]
mod tls;
mod udp;

pub(crate) use client::Refused;
pub(crate) use connect::Target;
pub(crate) use receive::{Pattern, UntilCell};
pub(crate) use tcp::{Step, Tcp, Timeouts};
#[cfg(ngx_feature = "ssl")]
pub(crate) use tls::Tls;
pub(crate) use udp::{LONGEST_DATAGRAM, Udp};
