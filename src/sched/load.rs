//! From a directive's code to a closure that can run.

use std::io;
use std::path::Path;

use super::Ctx;
use crate::conf::Chunk;
use crate::conf::chunk::{self, Source, file_chunkname, os_str};
use crate::lua::code::{self, Kept, LoadError};
use crate::ngx::{NgxStr, Request};
use crate::sys::*;

impl Ctx {
    /// Pushes a closure of the chunk on the main state and tells whether it gets
    /// globals of its own; on failure, what nginx shall answer.
    pub(crate) fn push_closure(&self, chunk: &Chunk) -> Result<bool, ngx_int_t> {
        if self.push_kept(chunk)? == Kept::Closure {
            return Ok(false);
        }
        if self.vm.call_factory().is_ok() {
            return Ok(self.request.loc_conf().sandbox == 1);
        }

        let l = self.vm.main();
        let mut text = b"lua: failed to run factory at key \"".to_vec();
        text.extend_from_slice(&chunk.key);
        text.extend_from_slice(b"\": ");
        text.extend_from_slice(l.bytes(-1).unwrap_or(b"unknown reason"));
        l.pop(1);
        self.request.log(NGX_LOG_ERR, text);
        Err(NGX_HTTP_INTERNAL_SERVER_ERROR as ngx_int_t)
    }

    fn push_kept(&self, chunk: &Chunk) -> Result<Kept, ngx_int_t> {
        match &chunk.source {
            Source::Template(path) => self.push_file_by_name(path),
            _ if self.request.debug() => self.push_fixed_verbosely(chunk),
            _ => match self.vm.push_slot(chunk.slot) {
                Some(kept) => Ok(kept),
                None => self.load_fixed(chunk),
            },
        }
    }

    /// Pushes what is kept of a chunk whose key the configuration knows, with
    /// the lines that a debug log has of it.
    fn push_fixed_verbosely(&self, chunk: &Chunk) -> Result<Kept, ngx_int_t> {
        let r = self.request;
        let key = String::from_utf8_lossy(&chunk.key);
        let found = self.vm.push_slot(chunk.slot);
        let number = if found.is_some() { i64::from(chunk.slot) } else { -1 };

        r.log_debug(format!("code cache lookup (key='{key}', ref={number})"));
        if let Some(kept) = found {
            r.log_debug(format!("code cache hit (key='{key}', ref={number})"));
            return Ok(kept);
        }
        r.log_debug(format!("code cache miss (key='{key}', ref={number})"));
        let kept = self.load_fixed(chunk)?;
        r.log_debug(format!("code cache setting ref (key='{key}', ref={})", chunk.slot));
        Ok(kept)
    }

    fn load_fixed(&self, chunk: &Chunk) -> Result<Kept, ngx_int_t> {
        let slot = Some(chunk.slot);
        match &chunk.source {
            Source::Inline(code) => self
                .vm
                .load(&chunk.key, slot, code, &chunk.chunkname)
                .map_err(|error| failed(self.request, None, &error)),
            Source::File(path) => {
                let path = os_str(path.to_bytes()).as_ref();
                code::read_file(path)
                    .and_then(|code| self.vm.load(&chunk.key, slot, &code, &chunk.chunkname))
                    .map_err(|error| failed(self.request, Some(path), &error))
            }
            Source::Template(_) => unreachable!("a path with variables has no slot"),
        }
    }

    fn push_file_by_name(&self, path: &ngx_http_complex_value_t) -> Result<Kept, ngx_int_t> {
        const FAILED: ngx_int_t = NGX_HTTP_INTERNAL_SERVER_ERROR as ngx_int_t;

        let r = self.request;
        let mut value = ngx_str_t::empty();
        // SAFETY: the request is live; nginx does not change the complex value.
        let status = unsafe {
            let status =
                ngx_http_complex_value(r.as_ptr(), (&raw const *path).cast_mut(), &raw mut value);
            if status == OK {
                let prefix = &raw mut (*ngx_cycle).prefix;
                ngx_get_full_name(r.pool().as_ptr(), prefix, &raw mut value)
            } else {
                status
            }
        };
        if status != OK {
            return Err(FAILED);
        }

        let name = value.bytes();
        let key = chunk::file_key(name);
        if let Some(kept) = self.vm.push_key(&key) {
            return Ok(kept);
        }
        let path = os_str(name).as_ref();
        code::read_file(path)
            .and_then(|code| self.vm.load(&key, None, &code, &file_chunkname(name)))
            .map_err(|error| failed(r, Some(path), &error))
    }
}

/// Logs why code cannot be loaded and chooses the answer.
fn failed(r: Request, file: Option<&Path>, error: &LoadError) -> ngx_int_t {
    let what = match file {
        None => "failed to load inlined Lua code: ".to_string(),
        Some(path) => format!("failed to load external Lua file \"{}\": ", path.display()),
    };
    let mut text = what.into_bytes();
    match error {
        LoadError::Code(message) => text.extend_from_slice(message),
        _ => text.extend_from_slice(error.to_string().as_bytes()),
    }
    r.log(NGX_LOG_ERR, text);

    let status = match error {
        LoadError::Open { source, .. } if source.kind() == io::ErrorKind::NotFound => {
            NGX_HTTP_NOT_FOUND
        }
        LoadError::Open { .. } | LoadError::Read { .. } => NGX_HTTP_SERVICE_UNAVAILABLE,
        LoadError::Code(_) => NGX_HTTP_INTERNAL_SERVER_ERROR,
    };
    status as ngx_int_t
}
