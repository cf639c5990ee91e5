//! The `lua_ssl_*` directives: what cosockets do for TLS.

use core::cell::OnceCell;
use core::ffi::CStr;
use std::rc::Rc;

use super::cf::Conf;
use crate::ngx::NgxStr;
use crate::ngx::log;
use crate::ngx::ssl::{self, KeyLog, Logged, Store};
use crate::sys::*;

/// What a level of the configuration says; nginx's setters fill it in.
#[derive(Clone)]
pub(crate) struct Settings {
    pub protocols: ngx_uint_t,
    pub ciphers: ngx_str_t,
    pub verify_depth: ngx_int_t,
    pub trusted_certificate: ngx_str_t,
    pub crl: ngx_str_t,
    pub certificates: *mut ngx_array_t,
    pub certificate_keys: *mut ngx_array_t,
    pub key_log: ngx_str_t,
    pub conf_commands: *mut ngx_array_t,
    /// What was made of them, shared with the levels that say nothing.
    context: OnceCell<Rc<Context>>,
}

/// The settings for the connections of some locations.
pub(crate) struct Context {
    ssl: OnceCell<Option<ssl::Context>>,
    /// It has certificates or revocation lists of its own to verify with.
    pub has_store: bool,
}

/// The names of protocols, for nginx's setter.
pub(super) static PROTOCOLS: Exported<[ngx_conf_bitmask_t; 7]> = Exported([
    protocol(c"SSLv2", NGX_SSL_SSLv2),
    protocol(c"SSLv3", NGX_SSL_SSLv3),
    protocol(c"TLSv1", NGX_SSL_TLSv1),
    protocol(c"TLSv1.1", NGX_SSL_TLSv1_1),
    protocol(c"TLSv1.2", NGX_SSL_TLSv1_2),
    protocol(c"TLSv1.3", NGX_SSL_TLSv1_3),
    ngx_conf_bitmask_t { name: ngx_str_t { len: 0, data: core::ptr::null_mut() }, mask: 0 },
]);

const fn protocol(name: &'static CStr, mask: u32) -> ngx_conf_bitmask_t {
    ngx_conf_bitmask_t { name: text(name), mask: mask as ngx_uint_t }
}

/// nginx and OpenSSL rely on the NUL after it.
const fn text(text: &'static CStr) -> ngx_str_t {
    ngx_str_t { len: text.count_bytes(), data: text.as_ptr().cast::<u_char>().cast_mut() }
}

const DEFAULT_PROTOCOLS: u32 = NGX_SSL_TLSv1 | NGX_SSL_TLSv1_1 | NGX_SSL_TLSv1_2 | NGX_SSL_TLSv1_3;
const DEFAULT_CIPHERS: ngx_str_t = text(c"DEFAULT");
const DEFAULT_DEPTH: ngx_int_t = 1;

const UNSET: ngx_int_t = NGX_CONF_UNSET as ngx_int_t;
const UNSET_ARRAY: *mut ngx_array_t = core::ptr::without_provenance_mut(usize::MAX);
const UNSET_TEXT: ngx_str_t = ngx_str_t { len: 0, data: core::ptr::null_mut() };

impl Settings {
    pub(super) fn new() -> Self {
        Self {
            protocols: 0,
            ciphers: UNSET_TEXT,
            verify_depth: UNSET,
            trusted_certificate: UNSET_TEXT,
            crl: UNSET_TEXT,
            certificates: UNSET_ARRAY,
            certificate_keys: UNSET_ARRAY,
            key_log: UNSET_TEXT,
            conf_commands: UNSET_ARRAY,
            context: OnceCell::new(),
        }
    }

    /// Takes over what stands at the level around it, and makes what connections
    /// need: errors are those of the configuration.
    pub(super) fn merge(&mut self, cf: Conf, outer: &Settings) -> Result<(), Logged> {
        let says_something = self.says_something();
        self.inherit(outer);
        if says_something {
            return self.make(cf).map(|context| self.context = OnceCell::from(Rc::new(context)));
        }
        if outer.context.get().is_none() {
            // `http {}` itself is never merged with anything.
            let mut complete = outer.clone();
            complete.inherit(&Settings::new());
            let context = complete.make(cf)?;
            let _ = outer.context.set(Rc::new(context));
        }
        self.context.clone_from(&outer.context);
        Ok(())
    }

    /// For connections of locations with this configuration.
    pub(crate) fn context(&self) -> Option<&Rc<Context>> {
        self.context.get()
    }

    fn says_something(&self) -> bool {
        self.protocols != 0
            || [self.ciphers, self.trusted_certificate, self.crl, self.key_log]
                .iter()
                .any(|text| !text.data.is_null())
            || self.verify_depth != UNSET
            || [self.certificates, self.certificate_keys, self.conf_commands]
                .iter()
                .any(|array| *array != UNSET_ARRAY)
    }

    /// Fills in what is not set.
    fn inherit(&mut self, outer: &Settings) {
        if self.protocols == 0 {
            self.protocols = outer.protocols;
        }
        if self.protocols == 0 {
            self.protocols = DEFAULT_PROTOCOLS as ngx_uint_t;
        }
        merge_text(&mut self.ciphers, outer.ciphers, DEFAULT_CIPHERS);
        merge_text(&mut self.trusted_certificate, outer.trusted_certificate, text(c""));
        merge_text(&mut self.crl, outer.crl, text(c""));
        merge_text(&mut self.key_log, outer.key_log, text(c""));
        if self.verify_depth == UNSET {
            self.verify_depth = outer.verify_depth;
        }
        if self.verify_depth == UNSET {
            self.verify_depth = DEFAULT_DEPTH;
        }
        // A key belongs to the certificate at the same place.
        if self.certificates == UNSET_ARRAY {
            self.certificates = outer.certificates;
        }
        if self.certificate_keys == UNSET_ARRAY {
            self.certificate_keys = outer.certificate_keys;
        }
        if self.conf_commands == UNSET_ARRAY {
            self.conf_commands = outer.conf_commands;
        }
    }

    fn is_default(&self) -> bool {
        let mut default = Self::new();
        default.inherit(&Self::new());
        self.protocols == default.protocols
            && self.ciphers.bytes() == default.ciphers.bytes()
            && self.verify_depth == default.verify_depth
            && [self.trusted_certificate, self.crl, self.key_log].iter().all(|text| text.len == 0)
            && [self.certificates, self.certificate_keys, self.conf_commands]
                .iter()
                .all(|array| *array == UNSET_ARRAY)
    }

    /// The context; with the defaults, which cannot be wrong, it is made when the
    /// first connection needs it.
    fn make(&self, cf: Conf) -> Result<Context, Logged> {
        let has_store =
            self.trusted_certificate.len > 0 || self.crl.len > 0 || self.commands_set_store();
        let context = Context { ssl: OnceCell::new(), has_store };
        if !self.is_default() {
            let _ = context.ssl.set(Some(self.build(cf)?));
        }
        Ok(context)
    }

    fn build(&self, cf: Conf) -> Result<ssl::Context, Logged> {
        self.check_keys(cf)?;
        let key_log = match self.key_log.len {
            0 => None,
            _ => Some(KeyLog::open(cf.as_ptr(), self.key_log).ok_or(Logged)?),
        };
        // SAFETY: nginx's state while it reads the configuration.
        let log = unsafe { (*cf.as_ptr()).log };
        let mut context = match ssl::Context::new(self.protocols, key_log, log) {
            Ok(context) => context?,
            Err(reason) => {
                cf.log(NGX_LOG_EMERG, &format!("lua_ssl_* directives cannot be used: {reason}"));
                return Err(Logged);
            }
        };
        let cf = cf.as_ptr();
        context.set_ciphers(cf, self.ciphers)?;
        context.set_verify_depth(self.verify_depth as i32);
        if self.trusted_certificate.len > 0 {
            context.trust(cf, self.trusted_certificate, self.verify_depth)?;
        }
        if self.crl.len > 0 {
            context.set_crl(cf, self.crl)?;
        }
        // SAFETY: nginx's setters have filled in the arrays.
        unsafe {
            if self.certificates != UNSET_ARRAY {
                context.set_certificates(cf, self.certificates, self.certificate_keys)?;
            }
            if self.conf_commands != UNSET_ARRAY {
                context.run_commands(cf, self.conf_commands)?;
            }
        }
        Ok(context)
    }

    /// Whether there are commands such as `VerifyCAFile`.
    fn commands_set_store(&self) -> bool {
        if self.conf_commands == UNSET_ARRAY {
            return false;
        }
        // SAFETY: as in `build`.
        let commands = unsafe { (*self.conf_commands).as_slice::<ngx_keyval_t>() };
        commands.iter().any(|command| {
            let name = command.key.bytes().to_ascii_lowercase();
            name.starts_with(b"verifyca") || name.starts_with(b"-verifyca")
        })
    }

    /// Each certificate needs a key.
    fn check_keys(&self, cf: Conf) -> Result<(), Logged> {
        if self.certificates == UNSET_ARRAY {
            return Ok(());
        }
        // SAFETY: as in `build`.
        let (certificates, keys) = unsafe {
            let keys = match self.certificate_keys {
                UNSET_ARRAY => 0,
                keys => (*keys).nelts,
            };
            ((*self.certificates).as_slice::<ngx_str_t>(), keys)
        };
        match certificates.get(keys..).and_then(<[_]>::last) {
            None => Ok(()),
            Some(certificate) => {
                let name = String::from_utf8_lossy(certificate.bytes());
                // SAFETY: as in `build`.
                let log = unsafe { (*cf.as_ptr()).log };
                log::write(
                    log,
                    NGX_LOG_EMERG,
                    0,
                    format!("no \"lua_ssl_certificate_key\" is defined for certificate \"{name}\"")
                        .as_bytes(),
                );
                Err(Logged)
            }
        }
    }
}

impl Context {
    /// nginx's context; none if there is no TLS, which the log tells.
    pub(crate) fn ssl(&self) -> Option<&ssl::Context> {
        self.ssl
            .get_or_init(|| {
                let context =
                    ssl::Context::new(DEFAULT_PROTOCOLS as ngx_uint_t, None, log::cycle_log());
                match context {
                    Ok(Ok(mut context)) => {
                        context.set_verify_depth(DEFAULT_DEPTH as i32);
                        Some(context)
                    }
                    Ok(Err(Logged)) => None,
                    Err(reason) => {
                        log::cycle_error(NGX_LOG_ERR, reason);
                        None
                    }
                }
            })
            .as_ref()
    }
}

/// The certificates that the system trusts, read when they are first needed.
#[derive(Default)]
pub(crate) struct SystemStore(OnceCell<Result<(Store, String), String>>);

impl SystemStore {
    /// The certificates, and the file that has them; the error tells why there are
    /// none.
    pub(crate) fn get(&self) -> Result<(&Store, &str), &str> {
        let loaded = self.0.get_or_init(|| {
            let loaded = Store::of_system();
            if let Ok((_, file)) = &loaded {
                log::cycle_error(
                    NGX_LOG_INFO,
                    format_args!("lua ssl certificates are verified with those in \"{file}\""),
                );
            }
            loaded
        });
        loaded.as_ref().map(|(store, file)| (store, file.as_str())).map_err(String::as_str)
    }
}

fn merge_text(own: &mut ngx_str_t, outer: ngx_str_t, fallback: ngx_str_t) {
    if own.data.is_null() {
        *own = outer;
    }
    if own.data.is_null() {
        *own = fallback;
    }
}
