//! Loading code and keeping it.
//!
//! A chunk is wrapped in a function and what is kept is the *closure factory*:
//! calling it gives a new closure, so that every run has its own upvalues and
//! its own globals table. Code that needs no globals table of its own has no
//! state either, so one closure serves all its runs, and that is what is kept.
//! The factories stand under their keys in a table in the registry. Where the
//! configuration knows the key, it gave it a number, the slot, which finds the
//! function without a look into the table.

use core::ffi::CStr;
use std::io;
use std::path::{Path, PathBuf};

use super::{State, Vm, bytecode};
use crate::sys::lua as ffi;

/// What is kept for a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    /// A factory: each run gets a closure, and globals, of its own.
    Factory,
    /// The one closure that all runs share.
    Closure,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadError {
    #[error("cannot open {}: {}", path.display(), strerror(source))]
    Open { path: PathBuf, source: io::Error },
    #[error("cannot read {}: {}", path.display(), strerror(source))]
    Read { path: PathBuf, source: io::Error },
    /// The message of Lua's compiler.
    #[error("{}", String::from_utf8_lossy(.0))]
    Code(Vec<u8>),
}

impl Vm {
    /// Pushes what is kept at `slot` on the main state, if there is something.
    pub(crate) fn push_slot(&self, slot: u32) -> Option<Kept> {
        let (kept, function) = (*self.kept.borrow().get(slot as usize)?)?;
        self.main().push_ref(function);
        Some(kept)
    }

    /// Pushes the factory under `key` on the main state, if there is one.
    pub(crate) fn push_key(&self, key: &[u8]) -> Option<Kept> {
        let l = self.main();
        self.push_code();
        l.raw_get_field(-1, key);
        l.remove(-2);
        if l.is_none_or_nil(-1) {
            l.pop(1);
            return None;
        }
        Some(Kept::Factory)
    }

    /// Compiles `source`, keeps the factory under its key, and under its slot
    /// what runs need; leaves that on the main state.
    pub(crate) fn load(
        &self,
        key: &[u8],
        slot: Option<u32>,
        source: &[u8],
        chunkname: &CStr,
    ) -> Result<Kept, LoadError> {
        let l = self.main();
        make_factory(self, source, chunkname)?;

        self.push_code();
        l.push_value(-2);
        l.raw_set_field(-2, key);
        l.pop(1);

        let mut kept = Kept::Factory;
        if let Some(slot) = slot {
            if !self.needs_own_globals() && self.call_factory().is_ok() {
                kept = Kept::Closure;
            }
            l.push_value(-1);
            let mut known = self.kept.borrow_mut();
            if known.len() <= slot as usize {
                known.resize(slot as usize + 1, None);
            }
            known[slot as usize] = Some((kept, l.anchor()));
        }
        Ok(kept)
    }

    /// Replaces the factory on top of the main state by a closure of it. On
    /// error, the error's value is there.
    pub(crate) fn call_factory(&self) -> Result<(), ()> {
        // SAFETY: the factory makes a closure and does nothing else.
        match unsafe { ffi::lua_pcall(self.main().as_ptr(), 0, 1, 0) } {
            ffi::LUA_OK => Ok(()),
            _ => Err(()),
        }
    }
}

/// Reads a file of Lua source or bytecode.
pub(crate) fn read_file(path: &Path) -> Result<Vec<u8>, LoadError> {
    use std::io::Read;

    let mut file = std::fs::File::open(path)
        .map_err(|source| LoadError::Open { path: path.to_owned(), source })?;
    let mut source = Vec::new();
    file.read_to_end(&mut source)
        .map_err(|source| LoadError::Read { path: path.to_owned(), source })?;

    // As Lua does it: a first line that starts with # is for the shell.
    if source.first() == Some(&b'#') {
        let line = source.iter().position(|c| *c == b'\n').unwrap_or(source.len());
        source.drain(..line);
    }
    Ok(source)
}

/// Compiles `source` and leaves its function on the stack of `l`.
pub(crate) fn compile(l: State, source: &[u8], chunkname: &CStr) -> Result<(), LoadError> {
    // SAFETY: luaL_loadbuffer catches errors; the buffer outlives the call.
    let status = unsafe {
        ffi::luaL_loadbuffer(l.as_ptr(), source.as_ptr().cast(), source.len(), chunkname.as_ptr())
    };
    if status == ffi::LUA_OK {
        return Ok(());
    }

    let message = match status {
        ffi::LUA_ERRMEM => b"memory allocation error".to_vec(),
        _ => l.bytes(-1).unwrap_or(b"unknown error").to_vec(),
    };
    l.pop(1);
    Err(LoadError::Code(message))
}

/// Leaves a closure factory on the main state.
fn make_factory(vm: &Vm, source: &[u8], chunkname: &CStr) -> Result<(), LoadError> {
    let l = vm.main();

    // Alone first: a mistake is then reported as the author wrote it, and code
    // cannot close the function that it will stand in.
    compile(l, source, chunkname)?;
    l.pop(1);

    if bytecode::is_bytecode(source) {
        let factory = bytecode::factory(vm.lua(), source)
            .ok_or_else(|| LoadError::Code(b"malformed bytecode".to_vec()))?;
        return compile(l, &factory, chunkname);
    }

    // Lua skips a byte order mark only where the text begins.
    let source = source.strip_prefix(b"\xef\xbb\xbf").unwrap_or(source);

    // LuaJIT never makes machine code of a function with variable arguments, so
    // only code that uses `...` is one.
    compile(l, &wrapped("return function() ", source), chunkname)
        .or_else(|_| compile(l, &wrapped("return function(...) ", source), chunkname))
}

/// The code as a function, which begins on the same line so that line numbers
/// stay.
fn wrapped(head: &str, source: &[u8]) -> Vec<u8> {
    [head.as_bytes(), source, b"\nend"].concat()
}

/// The system's words for an error, without Rust's "(os error N)".
fn strerror(error: &io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(end) => text[..end].to_string(),
        None => text,
    }
}
