//! `lua_resolver`: who finds the addresses of names.

use core::ffi::{c_char, c_void};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::cf::{Conf, DUPLICATE, Outcome};
use super::setters::setter;
use crate::ngx::NgxStr;
use crate::sys::*;

/// Who finds the addresses of names.
#[derive(Debug)]
pub(crate) enum Resolver {
    /// nginx, with the servers of the directive `resolver`.
    Nginx,
    /// The module itself, where `resolver` names no servers.
    System(SystemFiles),
}

/// The files that the module reads.
#[derive(Debug)]
pub(crate) struct SystemFiles {
    pub hosts: PathBuf,
    pub conf: PathBuf,
    /// Where the servers listen, which `conf` cannot say.
    pub port: Option<u16>,
}

impl Default for Resolver {
    fn default() -> Self {
        Self::System(SystemFiles {
            hosts: Path::new("/etc/hosts").to_owned(),
            conf: Path::new("/etc/resolv.conf").to_owned(),
            port: None,
        })
    }
}

pub(super) unsafe extern "C" fn lua_resolver(
    cf: *mut ngx_conf_t,
    cmd: *mut ngx_command_t,
    _conf: *mut c_void,
) -> *mut c_char {
    setter(cf, cmd, |cf, _| {
        let main = cf.main_conf();
        if main.resolver.is_some() {
            return Err(DUPLICATE);
        }
        let (kind, parameters) = cf.args()[1..].split_first_mut().expect("nginx counts them");
        let mut resolver = match kind.bytes() {
            b"nginx" => Resolver::Nginx,
            b"system" => Resolver::default(),
            _ => return invalid(cf, kind),
        };
        for parameter in parameters {
            set(cf, &mut resolver, parameter)?;
        }
        main.resolver = Some(resolver);
        Ok(())
    })
}

fn set(cf: Conf, resolver: &mut Resolver, parameter: &ngx_str_t) -> Outcome {
    let Resolver::System(files) = resolver else {
        return invalid(cf, parameter);
    };
    let text = parameter.bytes();
    if let Some(path) = text.strip_prefix(b"hosts=") {
        files.hosts = full_path(cf, path);
    } else if let Some(path) = text.strip_prefix(b"conf=") {
        files.conf = full_path(cf, path);
    } else if let Some(port) = text.strip_prefix(b"port=") {
        let port = str::from_utf8(port).ok().and_then(|port| port.parse().ok());
        match port.filter(|port| *port > 0) {
            Some(port) => files.port = Some(port),
            None => return invalid(cf, parameter),
        }
    } else {
        return invalid(cf, parameter);
    }
    Ok(())
}

/// Relative paths start where nginx.conf is.
fn full_path(cf: Conf, path: &[u8]) -> PathBuf {
    // SAFETY: the cycle's prefix is set before its configuration is read.
    let prefix: &[u8] = unsafe { (*(*cf.as_ptr()).cycle).conf_prefix.bytes() };
    Path::new(OsStr::from_bytes(prefix)).join(OsStr::from_bytes(path))
}

fn invalid(cf: Conf, parameter: &ngx_str_t) -> Outcome {
    cf.refuse(&format!("invalid parameter \"{}\"", String::from_utf8_lossy(parameter.bytes())))
}
