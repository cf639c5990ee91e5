//! Sockets that do not block: what stands behind `ngx.socket`.
//!
//! A [`Tcp`] belongs to the request that made it. The connection that it uses,
//! with the bytes that were received and not asked for yet, is a [`Stream`]: that
//! goes to a pool and comes back for another request.

#[cfg(ngx_feature = "ssl")]
mod agreement;
mod attempt;
mod buffer;
mod client;
mod connect;
mod events;
mod failure;
mod pattern;
pub(crate) mod pool;
mod receive;
mod request;
pub(crate) mod resolver;
mod seat;
mod send;
pub(crate) mod stream;
mod tcp;
#[cfg(ngx_feature = "ssl")]
mod tls;
mod udp;
mod waiting;

pub(crate) use attempt::Target;
pub(crate) use pattern::{Pattern, UntilCell};
pub(crate) use request::Refused;
pub(crate) use tcp::{Step, Tcp, Timeouts};
#[cfg(ngx_feature = "ssl")]
pub(crate) use tls::Tls;
pub(crate) use udp::{LONGEST_DATAGRAM, Udp};
