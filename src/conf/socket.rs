//! The settings of sockets: `lua_socket_*`.

use core::ffi::{c_char, c_void};

use super::cf::{DUPLICATE, Outcome};
use super::setters::setter;
use super::{LocConf, UNSET, merge};
use crate::sys::*;

/// Times are in milliseconds.
#[derive(Clone)]
pub(crate) struct SocketConf {
    pub connect_timeout: ngx_msec_t,
    pub send_timeout: ngx_msec_t,
    pub read_timeout: ngx_msec_t,
    pub keepalive_timeout: ngx_msec_t,
    pub buffer_size: usize,
    pub pool_size: ngx_int_t,
    pub log_errors: ngx_flag_t,
    /// It has no effect on Linux.
    pub send_lowat: usize,
}

const UNSET_MSEC: ngx_msec_t = ngx_msec_t::MAX;
const UNSET_SIZE: usize = usize::MAX;
const MINUTE: ngx_msec_t = 60_000;
const POOL_SIZE: ngx_int_t = 30;

impl SocketConf {
    pub(super) fn new() -> Self {
        Self {
            connect_timeout: UNSET_MSEC,
            send_timeout: UNSET_MSEC,
            read_timeout: UNSET_MSEC,
            keepalive_timeout: UNSET_MSEC,
            buffer_size: UNSET_SIZE,
            pool_size: UNSET,
            log_errors: UNSET,
            send_lowat: UNSET_SIZE,
        }
    }

    pub(super) fn merge(&mut self, outer: &Self) {
        inherit(&mut self.connect_timeout, outer.connect_timeout, UNSET_MSEC, MINUTE);
        inherit(&mut self.send_timeout, outer.send_timeout, UNSET_MSEC, MINUTE);
        inherit(&mut self.read_timeout, outer.read_timeout, UNSET_MSEC, MINUTE);
        inherit(&mut self.keepalive_timeout, outer.keepalive_timeout, UNSET_MSEC, MINUTE);
        // SAFETY: nginx knows the size before it reads its configuration.
        inherit(&mut self.buffer_size, outer.buffer_size, UNSET_SIZE, unsafe { ngx_pagesize });
        inherit(&mut self.pool_size, outer.pool_size, UNSET, POOL_SIZE);
        inherit(&mut self.send_lowat, outer.send_lowat, UNSET_SIZE, 0);
        merge(&mut self.log_errors, outer.log_errors, true);
    }
}

fn inherit<T: Copy + PartialEq>(own: &mut T, outer: T, unset: T, fallback: T) {
    if *own == unset {
        *own = if outer == unset { fallback } else { outer };
    }
}

/// `lua_socket_send_lowat`: a size, with a word that it has no effect.
pub(super) unsafe extern "C" fn send_lowat(
    cf: *mut ngx_conf_t,
    cmd: *mut ngx_command_t,
    conf: *mut c_void,
) -> *mut c_char {
    setter(cf, cmd, |cf, _| -> Outcome {
        // SAFETY: the command's level says location configuration.
        let location = unsafe { &mut *conf.cast::<LocConf>() };
        if location.socket.send_lowat != UNSET_SIZE {
            return Err(DUPLICATE);
        }
        let mut value = cf.args()[1];
        // SAFETY: the text is that of the directive.
        let size = unsafe { ngx_parse_size(&raw mut value) };
        let Ok(size) = usize::try_from(size) else {
            return cf.refuse("invalid value");
        };
        location.socket.send_lowat = size;
        if size > 0 {
            cf.log(NGX_LOG_WARN, "\"lua_send_lowat\" is not supported, ignored");
        }
        Ok(())
    })
}
