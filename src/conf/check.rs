//! Syntax checks while the configuration is read.
//!
//! A mistake in Lua code must not wait for the first request: `nginx -t` fails
//! on it and names the line of the configuration file. When nginx really
//! starts, the line is a warning and only the requests that reach the code
//! fail, as users of the C module are used to.

use std::ffi::CStr;
use std::path::Path;

use super::Phase;
use super::cf::Conf;
use super::chunk::{Chunk, Source};
use crate::lua::State;
use crate::lua::code::{self, LoadError};
use crate::sys::lua as ffi;
use crate::sys::{NGX_LOG_EMERG, NGX_LOG_WARN, ngx_test_config};

/// A machine that compiles and never runs anything.
pub(crate) struct Checker(State);

impl Checker {
    pub(crate) fn new() -> Option<Self> {
        // SAFETY: luaL_newstate has no preconditions, luaL_openlibs gets what it
        // made. Code with constants as 5ULL needs the FFI; without the libraries
        // LuaJIT crashes when such a machine is closed.
        unsafe {
            let l = ffi::luaL_newstate();
            if l.is_null() {
                return None;
            }
            ffi::luaL_openlibs(l);
            Some(Self(State::from_ptr(l)))
        }
    }

    fn compile(&self, source: &[u8], chunkname: &CStr) -> Result<(), LoadError> {
        let result = code::compile(self.0, source, chunkname);
        self.0.set_top(0);
        result
    }
}

impl Drop for Checker {
    fn drop(&mut self) {
        // SAFETY: the state is ours alone.
        unsafe { ffi::lua_close(self.0.as_ptr()) }
    }
}

/// Checks a chunk that a directive starting in `line` gave. False when the
/// configuration must be refused.
pub(crate) fn chunk(cf: Conf, checker: &Checker, chunk: &Chunk, line: usize) -> bool {
    match &chunk.source {
        Source::Inline(code) => match checker.compile(code, &chunk.chunkname) {
            Ok(()) => true,
            Err(error) => report(cf, chunk.phase, &error.to_string(), Some(line)),
        },

        Source::File(path) => {
            let path = Path::new(super::chunk::os_str(path.to_bytes()));
            match code::read_file(path).and_then(|code| checker.compile(&code, &chunk.chunkname)) {
                Ok(()) => true,
                Err(error @ LoadError::Code(_)) => report(
                    cf,
                    chunk.phase,
                    &format!("failed to load external Lua file \"{}\": {error}", path.display()),
                    None,
                ),
                // The file may be put there later.
                Err(error) => {
                    if testing() {
                        cf.log(NGX_LOG_WARN, &error.to_string());
                    }
                    true
                }
            }
        }

        Source::Template(_) => true,
    }
}

/// Reports a syntax error at the line of the configuration where it is, if the
/// message tells. True when nginx goes on all the same.
fn report(cf: Conf, phase: Phase, message: &str, first_line: Option<usize>) -> bool {
    let line = first_line.zip(chunk_line(message)).map(|(first, n)| first + n - 1);
    let (level, hint) = match phase {
        _ if testing() => (NGX_LOG_EMERG, ""),
        // What follows from it comes at once.
        _ if !phase.has_request() => (NGX_LOG_WARN, ""),
        _ => (NGX_LOG_WARN, " (requests that reach this code will fail)"),
    };
    cf.log_at(level, line, &format!("{message}{hint}"));
    !testing()
}

/// The line in `name(nginx.conf:10):3: what is wrong`.
fn chunk_line(message: &str) -> Option<usize> {
    let (_, rest) = message.split_once("):")?;
    rest.split(':').next()?.parse().ok()
}

fn testing() -> bool {
    // SAFETY: set once from the command line.
    unsafe { ngx_test_config != 0 }
}
