//! Text rules: escaping, arguments, Base64, dates, header names, chunk names,
//! templates.
//!
//! Everything works on bytes, since neither nginx nor Lua promises UTF-8, and
//! borrows the input where nothing has to be changed.

#![forbid(unsafe_code)]

pub mod args;
pub mod base64;
pub mod chunkname;
pub mod date;
pub mod escape;
pub mod header;
pub mod path;
pub mod raw_header;
pub mod sql;
pub mod template;
pub mod unescape;
pub mod uri;
