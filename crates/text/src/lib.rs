//! Text rules: escaping, arguments, header names, chunk names, templates.
//!
//! Everything works on bytes, since neither nginx nor Lua promises UTF-8, and
//! borrows the input where nothing has to be changed.

#![forbid(unsafe_code)]

pub mod args;
pub mod chunkname;
pub mod escape;
pub mod header;
pub mod path;
pub mod template;
pub mod unescape;
pub mod uri;
