//! What nginx calls when it meets one of our directives.

use core::ffi::{c_char, c_void};
use std::ffi::CString;

use super::cf::{Conf, DUPLICATE, NO_MEMORY, Outcome, Refused, complex_value};
use super::chunk::{self, Chunk, Source, file_chunkname};
use super::kind::{Form, Kind};
use super::{LocConf, Phase, Phases, block, check, set_by_lua};
use crate::ngx::{self, NgxStr};
use crate::sys::*;

/// Runs a setter and translates its outcome.
pub(super) fn setter(
    cf: *mut ngx_conf_t,
    cmd: *mut ngx_command_t,
    body: impl FnOnce(Conf, Kind) -> Outcome,
) -> *mut c_char {
    ngx::callback("configuration", NGX_CONF_ERROR, || {
        // SAFETY: nginx passes the command whose `post` is our Kind.
        let (cf, kind) = unsafe { (Conf::from_ptr(cf), *(*cmd).post.cast::<Kind>()) };
        match body(cf, kind) {
            Ok(()) => NGX_CONF_OK,
            Err(Refused::Reported) => NGX_CONF_ERROR,
            Err(Refused::Reason(reason)) => reason.as_ptr().cast_mut(),
        }
    })
}

/// A `*_by_lua` directive other than `set_by_lua`.
pub(super) unsafe extern "C" fn code(
    cf: *mut ngx_conf_t,
    cmd: *mut ngx_command_t,
    conf: *mut c_void,
) -> *mut c_char {
    setter(cf, cmd, |cf, kind| {
        let Kind::Code(phase, form) = kind else { unreachable!("the table says code") };

        if let Some(code) = cf.main_conf().outside(phase) {
            if code.is_some() {
                return Err(DUPLICATE);
            }
            let chunk = read_chunk(cf, phase, form, 1)?;
            if let Some(code) = cf.main_conf().outside(phase) {
                *code = Some(chunk);
            }
            return Ok(());
        }

        // SAFETY: the command's level says location configuration.
        let location = unsafe { &mut *conf.cast::<LocConf>() };
        if location.hook(phase).is_some() {
            return Err(DUPLICATE);
        }
        location.set_hook(phase, read_chunk(cf, phase, form, 1)?);
        cf.main_conf().used |= Phases::from_bits_truncate(phase as u32);
        if phase == Phase::Content {
            set_content_handler(cf);
        }
        Ok(())
    })
}

pub(super) unsafe extern "C" fn set_by_lua(
    cf: *mut ngx_conf_t,
    cmd: *mut ngx_command_t,
    _conf: *mut c_void,
) -> *mut c_char {
    setter(cf, cmd, |cf, kind| {
        let Kind::Code(phase, form) = kind else { unreachable!("the table says code") };
        let chunk = read_chunk(cf, phase, form, 2)?;
        cf.main_conf().used |= Phases::SET;
        set_by_lua::add(cf, chunk)
    })
}

pub(super) unsafe extern "C" fn code_cache(
    cf: *mut ngx_conf_t,
    cmd: *mut ngx_command_t,
    conf: *mut c_void,
) -> *mut c_char {
    setter(cf, cmd, |cf, _| {
        // SAFETY: the command's level says location configuration.
        let location = unsafe { &mut *conf.cast::<LocConf>() };
        let value = cf.args()[1].bytes();
        let on = if value.eq_ignore_ascii_case(b"on") {
            true
        } else if value.eq_ignore_ascii_case(b"off") {
            false
        } else {
            return cf.refuse(&format!(
                "invalid value \"{}\" in \"lua_code_cache\" directive, \
                 it must be \"on\" or \"off\"",
                String::from_utf8_lossy(value)
            ));
        };

        if location.code_cache != super::UNSET {
            return Err(DUPLICATE);
        }
        location.code_cache = ngx_flag_t::from(on);
        if !on {
            cf.log(NGX_LOG_ALERT, "lua_code_cache is off; this will hurt performance");
        }
        Ok(())
    })
}

pub(super) unsafe extern "C" fn package_path(
    cf: *mut ngx_conf_t,
    cmd: *mut ngx_command_t,
    _conf: *mut c_void,
) -> *mut c_char {
    setter(cf, cmd, |cf, kind| {
        let options = &mut cf.main_conf().options;
        // SAFETY: the cycle's prefix is set before its configuration is read.
        options.prefix = unsafe { (*(*cf.as_ptr()).cycle).prefix.bytes().to_vec() };
        let slot = match kind {
            Kind::PackagePath => &mut options.package_path,
            _ => &mut options.package_cpath,
        };
        if slot.is_some() {
            return Err(DUPLICATE);
        }
        *slot = Some(cf.args()[1].bytes().to_vec());
        Ok(())
    })
}

pub(super) unsafe extern "C" fn load_resty_core(
    cf: *mut ngx_conf_t,
    cmd: *mut ngx_command_t,
    _conf: *mut c_void,
) -> *mut c_char {
    setter(cf, cmd, |cf, _| {
        cf.log(
            NGX_LOG_WARN,
            "lua_load_resty_core is deprecated (the lua-resty-core library is required since \
             ngx_lua v0.10.16)",
        );
        Ok(())
    })
}

pub(super) unsafe extern "C" fn unavailable(
    cf: *mut ngx_conf_t,
    cmd: *mut ngx_command_t,
    _conf: *mut c_void,
) -> *mut c_char {
    setter(cf, cmd, |cf, _| {
        cf.refuse(&format!(
            "the \"{}\" directive is not available in ngx_http_lua_module {}",
            String::from_utf8_lossy(cf.args()[0].bytes()),
            env!("CARGO_PKG_VERSION")
        ))
    })
}

/// Makes a chunk of the directive being read; its code is the word at `index`
/// or the block that follows.
fn read_chunk(cf: Conf, phase: Phase, form: Form, index: usize) -> Result<Chunk, Refused> {
    // A block begins here; a string ends here.
    let line = cf.line();

    let chunk = match form {
        Form::Inline => inline(cf, phase, cf.args()[index].bytes().to_vec(), line)?,
        Form::Block => {
            let code = match block::read(cf) {
                Ok(code) => code,
                Err(error) => {
                    cf.log(NGX_LOG_EMERG, &error.to_string());
                    return Err(Refused::Reported);
                }
            };
            inline(cf, phase, code, line)?
        }
        Form::File => file(cf, phase, index)?,
    };

    let first_line = match form {
        Form::Inline => line - chunk_newlines(&chunk),
        _ => line,
    };
    let main = cf.main_conf();
    if main.checker.is_none() {
        main.checker = check::Checker::new();
    }
    match &main.checker {
        None => Err(NO_MEMORY),
        Some(checker) if check::chunk(cf, checker, &chunk, first_line) => Ok(chunk),
        Some(_) => Err(Refused::Reported),
    }
}

fn chunk_newlines(chunk: &Chunk) -> usize {
    match &chunk.source {
        Source::Inline(code) => code.iter().filter(|c| **c == b'\n').count(),
        _ => 0,
    }
}

fn inline(cf: Conf, phase: Phase, code: Vec<u8>, line: usize) -> Result<Chunk, Refused> {
    require_code(cf, phase, &code)?;

    // SAFETY: the cycle and the file's name outlive the directive.
    let (conf_file, conf_prefix) =
        unsafe { ((*cf.file()).file.name.bytes(), (*(*cf.as_ptr()).cycle).conf_prefix.bytes()) };
    let name = nginx_lua_text::chunkname::inline(phase.tag(), conf_file, conf_prefix, line);
    let key = chunk::inline_key(phase.tag(), &code);

    Ok(Chunk {
        phase,
        chunkname: CString::new(name).map_err(|_| NO_MEMORY)?,
        slot: cf.main_conf().slot(&key),
        key,
        source: Source::Inline(code),
    })
}

fn file(cf: Conf, phase: Phase, index: usize) -> Result<Chunk, Refused> {
    let mut value = cf.args()[index];
    require_code(cf, phase, value.bytes())?;

    let key = chunk::file_key(value.bytes());
    if phase.has_request() && value.bytes().contains(&b'$') {
        let value = complex_value(cf, &mut value)?;
        return Ok(Chunk {
            phase,
            source: Source::Template(value),
            chunkname: CString::default(),
            key: Vec::new(),
            slot: 0,
        });
    }

    // SAFETY: both strings live in the cycle's pool.
    let status = unsafe {
        let cycle = (*cf.as_ptr()).cycle;
        ngx_get_full_name((*cf.as_ptr()).pool, &raw mut (*cycle).prefix, &raw mut value)
    };
    if status != OK {
        return Err(NO_MEMORY);
    }

    let path =
        CString::new(value.bytes()).map_err(|_| Refused::Reason(c"has a NUL in its path"))?;
    Ok(Chunk {
        phase,
        chunkname: file_chunkname(value.bytes()),
        slot: cf.main_conf().slot(&key),
        key,
        source: Source::File(path),
    })
}

fn require_code(cf: Conf, phase: Phase, code: &[u8]) -> Outcome {
    if code.is_empty() && !matches!(phase, Phase::InitWorker | Phase::Set) {
        cf.log(NGX_LOG_ERR, "invalid location config: no runnable Lua code");
        return Err(Refused::Reported);
    }
    Ok(())
}

fn set_content_handler(cf: Conf) {
    // SAFETY: in a location, the core module has location configuration.
    unsafe {
        let ctx: *mut ngx_http_conf_ctx_t = (*cf.as_ptr()).ctx.cast();
        let core: *mut ngx_http_core_loc_conf_t =
            (*(*ctx).loc_conf.add(ngx_http_core_module.ctx_index)).cast();
        (*core).handler = cf.main_conf().handlers.content;
    }
}
