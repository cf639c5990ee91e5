//! Reading a `*_by_lua_block { ... }` from nginx's configuration parser.

use core::fmt;

use nginx_lua_lexer::{BlockLexer, Progress, Unfinished};

use super::cf::Conf;
use crate::sys::{self, ngx_buf_t, ngx_conf_file_t};

#[derive(Debug)]
pub(crate) enum BlockError {
    Unfinished(Unfinished),
    Read,
}

impl fmt::Display for BlockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unfinished(what) => what.fmt(f),
            Self::Read => f.write_str("cannot read the configuration file"),
        }
    }
}

/// Reads up to the closing brace. The parser stands behind the opening one.
pub(crate) fn read(cf: Conf) -> Result<Vec<u8>, BlockError> {
    let file = cf.file();
    // SAFETY: nginx's parser has a file and a buffer while it calls a directive.
    let first_line = unsafe { (*file).line };
    let mut lexer = BlockLexer::new(first_line);
    let mut code = Vec::new();

    loop {
        // SAFETY: as above; pos..last is what nginx has read and not parsed.
        let (buf, input) = unsafe {
            let buf: *mut ngx_buf_t = (*file).buffer;
            let len = (*buf).last.offset_from((*buf).pos) as usize;
            (buf, core::slice::from_raw_parts((*buf).pos, len))
        };

        match lexer.feed(input) {
            Progress::End(n) => {
                code.extend_from_slice(&input[..n - 1]);
                // SAFETY: n is within the input.
                unsafe {
                    (*buf).pos = (*buf).pos.add(n);
                    (*file).line = lexer.line();
                }
                return Ok(code);
            }
            Progress::More => code.extend_from_slice(input),
        }

        // SAFETY: the buffer is used up.
        match unsafe { refill(file) } {
            Ok(true) => {}
            Ok(false) => return Err(BlockError::Unfinished(lexer.finish())),
            Err(()) => return Err(BlockError::Read),
        }
    }
}

/// Reads on in the file, as `ngx_conf_read_token` does, and copies what was
/// read for `nginx -T`. Returns false at the end of the file.
///
/// # Safety
/// The buffer's content is no longer needed.
unsafe fn refill(file: *mut ngx_conf_file_t) -> Result<bool, ()> {
    // SAFETY: the parser's file and buffer; the size never exceeds the buffer.
    unsafe {
        let buf = (*file).buffer;
        let left = (*file).file.info.st_size - (*file).file.offset;
        let size = (*buf).end.offset_from((*buf).start).min(left as isize);
        if size <= 0 {
            return Ok(false);
        }

        let offset = (*file).file.offset;
        let n = sys::ngx_read_file(&raw mut (*file).file, (*buf).start, size as usize, offset);
        if n != size {
            return Err(());
        }

        (*buf).pos = (*buf).start;
        (*buf).last = (*buf).start.offset(n);

        let dump = (*file).dump;
        if !dump.is_null() {
            (*dump).last.copy_from_nonoverlapping((*buf).start, n as usize);
            (*dump).last = (*dump).last.offset(n);
        }
    }
    Ok(true)
}
