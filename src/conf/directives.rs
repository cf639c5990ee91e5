//! All directives, in one table: names, contexts, arguments, what they set.
//! nginx's command array is made from it.

use core::ffi::{CStr, c_char};
use core::mem::offset_of;

use super::kind::{Form, Kind};
#[cfg(ngx_feature = "ssl")]
use super::ssl;
use super::{LocConf, MainConf, Phase, resolver, setters, shared, socket};
use crate::sys::*;

pub(crate) struct Directive {
    name: &'static CStr,
    contexts: u32,
    pub kind: Kind,
}

const M: u32 = NGX_HTTP_MAIN_CONF;
const S: u32 = NGX_HTTP_SRV_CONF;
const L: u32 = NGX_HTTP_LOC_CONF;
const LIF: u32 = NGX_HTTP_LIF_CONF;
const SIF: u32 = NGX_HTTP_SIF_CONF;
const U: u32 = NGX_HTTP_UPS_CONF;
const MSL: u32 = M | S | L;
const MSLIF: u32 = MSL | LIF;

const fn code(name: &'static CStr, contexts: u32, phase: Phase, form: Form) -> Directive {
    Directive { name, contexts, kind: Kind::Code(phase, form) }
}

const fn flag(name: &'static CStr, contexts: u32, offset: usize) -> Directive {
    Directive { name, contexts, kind: Kind::Flag(offset) }
}

const fn number(name: &'static CStr, contexts: u32, offset: usize) -> Directive {
    Directive { name, contexts, kind: Kind::Number(offset) }
}

const fn msec(name: &'static CStr, contexts: u32, offset: usize) -> Directive {
    Directive { name, contexts, kind: Kind::Msec(offset) }
}

/// What sockets do for TLS: a kind, and the field of the settings that it is about.
#[cfg(ngx_feature = "ssl")]
macro_rules! tls {
    ($name:literal, $kind:ident($field:ident $(, $more:expr)?)) => {
        Directive {
            name: $name,
            contexts: MSL,
            kind: Kind::$kind(
                offset_of!(LocConf, ssl) + offset_of!(ssl::Settings, $field) $(, $more)?
            ),
        }
    };
}

#[cfg(not(ngx_feature = "ssl"))]
macro_rules! tls {
    ($name:literal, $($kind:tt)*) => {
        unavailable($name, MSL)
    };
}

const fn unavailable(name: &'static CStr, contexts: u32) -> Directive {
    Directive { name, contexts, kind: Kind::Unavailable }
}

use Form::{Block, File, Inline};

pub(crate) static DIRECTIVES: [Directive; 90] = [
    code(c"init_by_lua", M, Phase::Init, Inline),
    code(c"init_by_lua_block", M, Phase::Init, Block),
    code(c"init_by_lua_file", M, Phase::Init, File),
    code(c"init_worker_by_lua", M, Phase::InitWorker, Inline),
    code(c"init_worker_by_lua_block", M, Phase::InitWorker, Block),
    code(c"init_worker_by_lua_file", M, Phase::InitWorker, File),
    code(c"exit_worker_by_lua_block", M, Phase::ExitWorker, Block),
    code(c"exit_worker_by_lua_file", M, Phase::ExitWorker, File),
    code(c"set_by_lua", S | SIF | L | LIF, Phase::Set, Inline),
    code(c"set_by_lua_block", S | SIF | L | LIF, Phase::Set, Block),
    code(c"set_by_lua_file", S | SIF | L | LIF, Phase::Set, File),
    code(c"server_rewrite_by_lua_block", M | S, Phase::ServerRewrite, Block),
    code(c"server_rewrite_by_lua_file", M | S, Phase::ServerRewrite, File),
    code(c"rewrite_by_lua", MSLIF, Phase::Rewrite, Inline),
    code(c"rewrite_by_lua_block", MSLIF, Phase::Rewrite, Block),
    code(c"rewrite_by_lua_file", MSLIF, Phase::Rewrite, File),
    code(c"access_by_lua", MSLIF, Phase::Access, Inline),
    code(c"access_by_lua_block", MSLIF, Phase::Access, Block),
    code(c"access_by_lua_file", MSLIF, Phase::Access, File),
    code(c"precontent_by_lua_block", MSLIF, Phase::Precontent, Block),
    code(c"precontent_by_lua_file", MSLIF, Phase::Precontent, File),
    code(c"content_by_lua", L | LIF, Phase::Content, Inline),
    code(c"content_by_lua_block", L | LIF, Phase::Content, Block),
    code(c"content_by_lua_file", L | LIF, Phase::Content, File),
    code(c"header_filter_by_lua", MSLIF, Phase::HeaderFilter, Inline),
    code(c"header_filter_by_lua_block", MSLIF, Phase::HeaderFilter, Block),
    code(c"header_filter_by_lua_file", MSLIF, Phase::HeaderFilter, File),
    code(c"body_filter_by_lua", MSLIF, Phase::BodyFilter, Inline),
    code(c"body_filter_by_lua_block", MSLIF, Phase::BodyFilter, Block),
    code(c"body_filter_by_lua_file", MSLIF, Phase::BodyFilter, File),
    code(c"log_by_lua", MSLIF, Phase::Log, Inline),
    code(c"log_by_lua_block", MSLIF, Phase::Log, Block),
    code(c"log_by_lua_file", MSLIF, Phase::Log, File),
    flag(c"rewrite_by_lua_no_postpone", M, offset_of!(MainConf, rewrite.no_postpone)),
    flag(c"access_by_lua_no_postpone", M, offset_of!(MainConf, access.no_postpone)),
    flag(c"precontent_by_lua_no_postpone", M, offset_of!(MainConf, precontent.no_postpone)),
    flag(c"lua_sandbox", MSLIF, offset_of!(LocConf, sandbox)),
    flag(c"lua_need_request_body", MSLIF, offset_of!(LocConf, need_request_body)),
    flag(
        c"lua_transform_underscores_in_response_headers",
        MSLIF,
        offset_of!(LocConf, transform_underscores),
    ),
    flag(c"lua_http10_buffering", MSLIF, offset_of!(LocConf, http10_buffering)),
    flag(c"lua_check_client_abort", MSLIF, offset_of!(LocConf, check_client_abort)),
    flag(c"lua_use_default_type", MSLIF, offset_of!(LocConf, use_default_type)),
    Directive { name: c"lua_code_cache", contexts: MSLIF, kind: Kind::CodeCache },
    number(c"lua_thread_cache_max_entries", M, offset_of!(MainConf, thread_cache)),
    number(c"lua_regex_cache_max_entries", M, offset_of!(MainConf, regex_cache)),
    number(c"lua_regex_match_limit", M, offset_of!(MainConf, regex_match_limit)),
    number(c"lua_max_running_timers", M, offset_of!(MainConf, max_running_timers)),
    number(c"lua_max_pending_timers", M, offset_of!(MainConf, max_pending_timers)),
    Directive { name: c"lua_shared_dict", contexts: M, kind: Kind::SharedDict },
    Directive { name: c"lua_resolver", contexts: M, kind: Kind::Resolver },
    Directive { name: c"lua_package_path", contexts: M, kind: Kind::PackagePath },
    Directive { name: c"lua_package_cpath", contexts: M, kind: Kind::PackageCpath },
    Directive { name: c"lua_load_resty_core", contexts: M, kind: Kind::LoadRestyCore },
    unavailable(c"balancer_by_lua_block", U),
    unavailable(c"balancer_by_lua_file", U),
    unavailable(c"balancer_keepalive", U),
    unavailable(c"ssl_client_hello_by_lua_block", M | S),
    unavailable(c"ssl_client_hello_by_lua_file", M | S),
    unavailable(c"ssl_certificate_by_lua_block", M | S),
    unavailable(c"ssl_certificate_by_lua_file", M | S),
    unavailable(c"ssl_session_fetch_by_lua_block", M),
    unavailable(c"ssl_session_fetch_by_lua_file", M),
    unavailable(c"ssl_session_store_by_lua_block", M),
    unavailable(c"ssl_session_store_by_lua_file", M),
    unavailable(c"proxy_ssl_certificate_by_lua_block", L | LIF),
    unavailable(c"proxy_ssl_certificate_by_lua_file", L | LIF),
    unavailable(c"proxy_ssl_verify_by_lua_block", L | LIF),
    unavailable(c"proxy_ssl_verify_by_lua_file", L | LIF),
    unavailable(c"lua_upstream_skip_openssl_default_verify", L | LIF),
    unavailable(c"lua_capture_error_log", M),
    unavailable(c"lua_sa_restart", M),
    flag(c"lua_socket_log_errors", MSLIF, offset_of!(LocConf, socket.log_errors)),
    msec(c"lua_socket_connect_timeout", MSLIF, offset_of!(LocConf, socket.connect_timeout)),
    msec(c"lua_socket_send_timeout", MSLIF, offset_of!(LocConf, socket.send_timeout)),
    msec(c"lua_socket_read_timeout", MSLIF, offset_of!(LocConf, socket.read_timeout)),
    msec(c"lua_socket_keepalive_timeout", MSLIF, offset_of!(LocConf, socket.keepalive_timeout)),
    Directive { name: c"lua_socket_send_lowat", contexts: MSLIF, kind: Kind::SendLowat },
    Directive {
        name: c"lua_socket_buffer_size",
        contexts: MSLIF,
        kind: Kind::Size(offset_of!(LocConf, socket.buffer_size)),
    },
    number(c"lua_socket_pool_size", MSLIF, offset_of!(LocConf, socket.pool_size)),
    unavailable(c"lua_malloc_trim", M),
    unavailable(c"lua_worker_thread_vm_pool_size", M),
    tls!(c"lua_ssl_protocols", Bits(protocols, &ssl::PROTOCOLS)),
    tls!(c"lua_ssl_ciphers", Text(ciphers)),
    tls!(c"lua_ssl_verify_depth", Number(verify_depth)),
    tls!(c"lua_ssl_trusted_certificate", Text(trusted_certificate)),
    tls!(c"lua_ssl_crl", Text(crl)),
    tls!(c"lua_ssl_certificate", Texts(certificates)),
    tls!(c"lua_ssl_certificate_key", Texts(certificate_keys)),
    tls!(c"lua_ssl_key_log", Text(key_log)),
    tls!(c"lua_ssl_conf_command", Pairs(conf_commands)),
];

impl Directive {
    const fn command(&'static self) -> ngx_command_t {
        ngx_command_t {
            name: ngx_str_t {
                len: self.name.count_bytes(),
                data: self.name.as_ptr().cast::<u_char>().cast_mut(),
            },
            type_: (self.contexts | self.arguments()) as ngx_uint_t,
            set: Some(self.setter()),
            conf: self.level(),
            offset: match self.kind {
                Kind::Flag(offset)
                | Kind::Number(offset)
                | Kind::Msec(offset)
                | Kind::Size(offset)
                | Kind::Bits(offset, _)
                | Kind::Text(offset)
                | Kind::Texts(offset)
                | Kind::Pairs(offset) => offset,
                _ => 0,
            },
            post: match self.kind {
                // nginx's own setters take it for something of theirs.
                Kind::Flag(_)
                | Kind::Number(_)
                | Kind::Msec(_)
                | Kind::Size(_)
                | Kind::Text(_)
                | Kind::Texts(_)
                | Kind::Pairs(_) => core::ptr::null_mut(),
                Kind::Bits(_, bits) => bits.0.as_ptr().cast_mut().cast(),
                _ => (&raw const self.kind).cast_mut().cast(),
            },
        }
    }

    const fn arguments(&self) -> u32 {
        match self.kind {
            Kind::Code(Phase::Set, Form::Block) => NGX_CONF_BLOCK | NGX_CONF_TAKE1,
            Kind::Code(Phase::Set, _) => NGX_CONF_2MORE,
            Kind::Code(_, Form::Block) => NGX_CONF_BLOCK | NGX_CONF_NOARGS,
            Kind::Code(..)
            | Kind::Number(_)
            | Kind::Msec(_)
            | Kind::Size(_)
            | Kind::SendLowat
            | Kind::Text(_)
            | Kind::Texts(_)
            | Kind::PackagePath
            | Kind::PackageCpath => NGX_CONF_TAKE1,
            Kind::Pairs(_) | Kind::SharedDict => NGX_CONF_TAKE2,
            Kind::Bits(..) => NGX_CONF_1MORE,
            Kind::Resolver => NGX_CONF_TAKE1234,
            Kind::Flag(_) | Kind::CodeCache | Kind::LoadRestyCore => NGX_CONF_FLAG,
            Kind::Unavailable if self.is_block() => NGX_CONF_BLOCK | NGX_CONF_ANY,
            Kind::Unavailable => NGX_CONF_ANY,
        }
    }

    const fn is_block(&self) -> bool {
        let name = self.name.to_bytes();
        name.len() > 6 && matches!(name.split_at(name.len() - 6).1, b"_block")
    }

    const fn setter(&self) -> Setter {
        match self.kind {
            Kind::Code(Phase::Set, _) => setters::set_by_lua,
            Kind::Code(..) => setters::code,
            Kind::Flag(_) => ngx_conf_set_flag_slot,
            Kind::CodeCache => setters::code_cache,
            Kind::Number(_) => ngx_conf_set_num_slot,
            Kind::Msec(_) => ngx_conf_set_msec_slot,
            Kind::Size(_) => ngx_conf_set_size_slot,
            Kind::SendLowat => socket::send_lowat,
            Kind::Bits(..) => ngx_conf_set_bitmask_slot,
            Kind::Text(_) => ngx_conf_set_str_slot,
            Kind::Texts(_) => ngx_conf_set_str_array_slot,
            Kind::Pairs(_) => ngx_conf_set_keyval_slot,
            Kind::SharedDict => shared::shared_dict,
            Kind::Resolver => resolver::lua_resolver,
            Kind::PackagePath | Kind::PackageCpath => setters::package_path,
            Kind::LoadRestyCore => setters::load_resty_core,
            Kind::Unavailable => setters::unavailable,
        }
    }

    /// Which configuration the setter gets.
    const fn level(&self) -> usize {
        if self.contexts == M { NGX_HTTP_MAIN_CONF_OFFSET } else { NGX_HTTP_LOC_CONF_OFFSET }
    }
}

type Setter = unsafe extern "C" fn(
    *mut ngx_conf_t,
    *mut ngx_command_t,
    *mut core::ffi::c_void,
) -> *mut c_char;

/// The array that nginx reads.
#[repr(transparent)]
pub(crate) struct Commands([ngx_command_t; DIRECTIVES.len() + 1]);

// SAFETY: nginx only reads the array, and reads configuration in one thread.
unsafe impl Sync for Commands {}

pub(crate) static COMMANDS: Commands = {
    let mut commands = [const { ngx_command_t::empty() }; DIRECTIVES.len() + 1];
    let mut i = 0;
    while i < DIRECTIVES.len() {
        commands[i] = DIRECTIVES[i].command();
        i += 1;
    }
    Commands(commands)
};

impl Commands {
    pub(crate) const fn as_ptr(&'static self) -> *mut ngx_command_t {
        self.0.as_ptr().cast_mut()
    }
}
