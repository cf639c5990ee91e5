//! A piece of Lua code in the configuration.

use std::ffi::{CString, OsStr};
use std::fmt::Write;
use std::os::unix::ffi::OsStrExt;

use sha1::{Digest, Sha1};

use super::Phase;
use crate::sys::ngx_http_complex_value_t;

/// The code of one directive.
pub(crate) struct Chunk {
    pub phase: Phase,
    pub source: Source,
    pub chunkname: CString,
    pub key: Vec<u8>,
    pub slot: u32,
}

pub(crate) enum Source {
    Inline(Vec<u8>),
    File(CString),
    /// A path with variables.
    Template(ngx_http_complex_value_t),
}

impl Chunk {
    pub(crate) fn is_file(&self) -> bool {
        !matches!(self.source, Source::Inline(_))
    }
}

/// The key of inline code: equal code of one kind of directive is loaded once.
pub(crate) fn inline_key(tag: &str, code: &[u8]) -> Vec<u8> {
    key(&format!("{tag}_nhli_"), code)
}

/// The key of a file, whatever runs it.
pub(crate) fn file_key(path: &[u8]) -> Vec<u8> {
    key("nhlf_", path)
}

fn key(prefix: &str, text: &[u8]) -> Vec<u8> {
    let mut key = String::from(prefix);
    for byte in Sha1::digest(text) {
        // Writing to a String cannot fail.
        let _ = write!(key, "{byte:02x}");
    }
    key.into_bytes()
}

/// Code from a file is called by its path.
pub(crate) fn file_chunkname(path: &[u8]) -> CString {
    let name: Vec<u8> = b"@".iter().chain(path).copied().take_while(|c| *c != 0).collect();
    // The NULs were left out.
    CString::new(name).unwrap_or_default()
}

/// A path as the file system takes it.
pub(crate) fn os_str(bytes: &[u8]) -> &OsStr {
    OsStr::from_bytes(bytes)
}
