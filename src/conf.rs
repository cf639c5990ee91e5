//! The configuration: directives, what they set, how levels merge.

mod block;
pub(crate) mod cf;
mod check;
pub(crate) mod chunk;
pub(crate) mod directives;
mod kind;
pub(crate) mod phase;
pub(crate) mod resolver;
pub(crate) mod set_by_lua;
mod setters;
pub(crate) mod shared;
mod socket;
#[cfg(ngx_feature = "ssl")]
pub(crate) mod ssl;

use cf::Conf;
pub(crate) use chunk::Chunk;
pub(crate) use phase::{Phase, Phases};
pub(crate) use socket::SocketConf;

use core::ptr::NonNull;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use resolver::Resolver;

use crate::lua::Vm;
use crate::lua::vm::Options;
use crate::ngx::{HttpConf, Request};
use crate::sys::{
    NGX_CONF_UNSET, http_module_loc_conf, http_module_main_conf, ngx_cycle_t, ngx_flag_t,
    ngx_http_handler_pt, ngx_http_script_code_pt, ngx_int_t,
};

const UNSET: ngx_flag_t = NGX_CONF_UNSET as ngx_flag_t;

/// Entry points that the configuration installs; they live above it.
pub(crate) struct Handlers {
    pub content: ngx_http_handler_pt,
    pub set: ngx_http_script_code_pt,
    /// Creates a machine and runs `init_by_lua` in it; the error is for the log.
    pub create_vm: fn(&MainConf) -> Result<Rc<Vm>, String>,
    /// Creates the machine that the workers inherit.
    pub init: fn(&MainConf) -> ngx_int_t,
}

/// What stands once in `http {}`. It belongs to the cycle's pool.
pub(crate) struct MainConf {
    pub handlers: Handlers,
    pub cycle: *mut ngx_cycle_t,
    pub options: Options,
    pub thread_cache: ngx_int_t,
    /// The configuration gives a number for that, other than 0.
    pub asks_for_thread_cache: bool,
    pub rewrite: Place,
    pub access: Place,
    pub precontent: Place,
    pub regex_cache: ngx_int_t,
    pub regex_match_limit: ngx_int_t,
    pub max_running_timers: ngx_int_t,
    pub max_pending_timers: ngx_int_t,
    /// `lua_resolver`; always set once the configuration was read.
    pub resolver: Option<Resolver>,
    pub init: Option<Chunk>,
    pub init_worker: Option<Chunk>,
    pub exit_worker: Option<Chunk>,
    /// What timers of `init_worker_by_lua` run with; set if there is such code.
    pub http: Option<HttpConf>,
    /// Phases that some location has code for.
    pub used: Phases,
    /// What `lua_shared_dict` and other modules have declared. The cycle's pool
    /// owns them.
    pub zones: Vec<NonNull<shared::Zone>>,
    /// How many of them nginx has set up.
    pub zones_ready: Cell<usize>,
    /// Code key → slot in the machine's code table.
    slots: HashMap<Vec<u8>, u32>,
    /// The machine that checks syntax while the configuration is read.
    pub checker: Option<check::Checker>,
    #[cfg(ngx_feature = "ssl")]
    pub system_store: ssl::SystemStore,
    /// The worker's machine; none while nginx only tests the configuration.
    pub vm: RefCell<Option<Rc<Vm>>>,
}

/// Where a phase handler stands among those of other modules.
pub(crate) struct Place {
    /// `*_by_lua_no_postpone`: it stays where it was registered.
    pub no_postpone: ngx_flag_t,
    /// It stands where it shall; before that, the first request moves it to the
    /// end of the phase.
    pub settled: Cell<bool>,
}

impl Place {
    const fn new() -> Self {
        Self { no_postpone: UNSET, settled: Cell::new(false) }
    }

    fn finish(&mut self) {
        default(&mut self.no_postpone, false);
        self.settled.set(self.no_postpone == 1);
    }
}

impl MainConf {
    pub(crate) fn new(handlers: Handlers, cycle: *mut ngx_cycle_t) -> Self {
        Self {
            handlers,
            cycle,
            options: Options::default(),
            thread_cache: NGX_CONF_UNSET as ngx_int_t,
            asks_for_thread_cache: false,
            rewrite: Place::new(),
            access: Place::new(),
            precontent: Place::new(),
            regex_cache: NGX_CONF_UNSET as ngx_int_t,
            regex_match_limit: NGX_CONF_UNSET as ngx_int_t,
            max_running_timers: NGX_CONF_UNSET as ngx_int_t,
            max_pending_timers: NGX_CONF_UNSET as ngx_int_t,
            resolver: None,
            init: None,
            init_worker: None,
            exit_worker: None,
            http: None,
            used: Phases::empty(),
            zones: Vec::new(),
            zones_ready: Cell::new(0),
            slots: HashMap::new(),
            checker: None,
            #[cfg(ngx_feature = "ssl")]
            system_store: ssl::SystemStore::default(),
            vm: RefCell::new(None),
        }
    }

    /// The module's configuration in `cycle`; none without `http {}`.
    ///
    /// # Safety
    /// The cycle is live.
    pub(crate) unsafe fn of_cycle<'a>(cycle: *mut ngx_cycle_t) -> Option<&'a Self> {
        // SAFETY: the caller's promise.
        Some(unsafe { HttpConf::of_cycle(cycle) }?.main_conf())
    }

    /// Fills in the defaults once `http {}` was read.
    pub(crate) fn finish(&mut self) {
        const RUNNING_TIMERS: ngx_int_t = 256;
        const PENDING_TIMERS: ngx_int_t = 1024;
        const THREAD_CACHE: ngx_int_t = 1024;
        const REGEX_CACHE: ngx_int_t = 1024;

        for place in [&mut self.rewrite, &mut self.access, &mut self.precontent] {
            place.finish();
        }
        self.asks_for_thread_cache = self.thread_cache > 0;
        default_number(&mut self.thread_cache, THREAD_CACHE);
        default_number(&mut self.regex_cache, REGEX_CACHE);
        default_number(&mut self.regex_match_limit, 0);
        default_number(&mut self.max_running_timers, RUNNING_TIMERS);
        default_number(&mut self.max_pending_timers, PENDING_TIMERS);
        self.resolver.get_or_insert_default();
        self.options.thread_cache = usize::try_from(self.thread_cache).unwrap_or(0);
        self.checker = None;
    }

    /// The slot of a code key; chunks with equal keys share one.
    pub(crate) fn slot(&mut self, key: &[u8]) -> u32 {
        let next = self.slots.len() as u32 + 1;
        *self.slots.entry(key.to_vec()).or_insert(next)
    }

    /// The code of a phase that belongs to no request.
    fn outside(&mut self, phase: Phase) -> Option<&mut Option<Chunk>> {
        match phase {
            Phase::Init => Some(&mut self.init),
            Phase::InitWorker => Some(&mut self.init_worker),
            Phase::ExitWorker => Some(&mut self.exit_worker),
            _ => None,
        }
    }

    pub(crate) fn vm(&self) -> Option<Rc<Vm>> {
        self.vm.borrow().clone()
    }
}

/// How many hooks a location can have, see [`hook_index`].
const LOCATION_HOOKS: usize = 8;

/// What every location, server and `http {}` itself has.
#[derive(Clone)]
pub(crate) struct LocConf {
    hooks: [Option<Rc<Chunk>>; LOCATION_HOOKS],
    pub code_cache: ngx_flag_t,
    pub sandbox: ngx_flag_t,
    pub need_request_body: ngx_flag_t,
    pub transform_underscores: ngx_flag_t,
    pub http10_buffering: ngx_flag_t,
    pub check_client_abort: ngx_flag_t,
    pub use_default_type: ngx_flag_t,
    pub socket: SocketConf,
    #[cfg(ngx_feature = "ssl")]
    pub ssl: ssl::Settings,
}

impl LocConf {
    pub(crate) fn new() -> Self {
        Self {
            hooks: [const { None }; LOCATION_HOOKS],
            code_cache: UNSET,
            sandbox: UNSET,
            need_request_body: UNSET,
            transform_underscores: UNSET,
            http10_buffering: UNSET,
            check_client_abort: UNSET,
            use_default_type: UNSET,
            socket: SocketConf::new(),
            #[cfg(ngx_feature = "ssl")]
            ssl: ssl::Settings::new(),
        }
    }

    /// Takes over what the level around it says; false if there is a mistake,
    /// which is in the log.
    pub(crate) fn merge(&mut self, cf: Conf, outer: &LocConf) -> bool {
        for (own, outer) in self.hooks.iter_mut().zip(&outer.hooks) {
            if own.is_none() {
                own.clone_from(outer);
            }
        }
        merge(&mut self.code_cache, outer.code_cache, true);
        merge(&mut self.sandbox, outer.sandbox, true);
        merge(&mut self.need_request_body, outer.need_request_body, false);
        merge(&mut self.transform_underscores, outer.transform_underscores, true);
        merge(&mut self.http10_buffering, outer.http10_buffering, true);
        merge(&mut self.check_client_abort, outer.check_client_abort, false);
        merge(&mut self.use_default_type, outer.use_default_type, true);
        self.socket.merge(&outer.socket);
        self.merge_ssl(cf, outer)
    }

    #[cfg(ngx_feature = "ssl")]
    fn merge_ssl(&mut self, cf: Conf, outer: &LocConf) -> bool {
        self.ssl.merge(cf, &outer.ssl).is_ok()
    }

    #[cfg(not(ngx_feature = "ssl"))]
    fn merge_ssl(&mut self, _cf: Conf, _outer: &LocConf) -> bool {
        true
    }

    pub(crate) fn hook(&self, phase: Phase) -> Option<&Rc<Chunk>> {
        self.hooks[hook_index(phase)?].as_ref()
    }

    /// Sets the code for a phase that locations have.
    pub(crate) fn set_hook(&mut self, phase: Phase, chunk: Chunk) {
        if let Some(index) = hook_index(phase) {
            self.hooks[index] = Some(Rc::new(chunk));
        }
    }
}

const fn hook_index(phase: Phase) -> Option<usize> {
    Some(match phase {
        Phase::Rewrite => 0,
        Phase::Access => 1,
        Phase::Content => 2,
        Phase::HeaderFilter => 3,
        Phase::BodyFilter => 4,
        Phase::Log => 5,
        Phase::ServerRewrite => 6,
        Phase::Precontent => 7,
        _ => return None,
    })
}

fn merge(own: &mut ngx_flag_t, outer: ngx_flag_t, fallback: bool) {
    if *own == UNSET {
        *own = outer;
    }
    default(own, fallback);
}

fn default(flag: &mut ngx_flag_t, value: bool) {
    if *flag == UNSET {
        *flag = ngx_flag_t::from(value);
    }
}

fn default_number(number: &mut ngx_int_t, value: ngx_int_t) {
    if *number == NGX_CONF_UNSET as ngx_int_t {
        *number = value;
    }
}

impl HttpConf {
    pub(crate) fn main_conf(self) -> &'static MainConf {
        // SAFETY: the configuration has a slot for each module, and 'static
        // stands for the cycle.
        unsafe { &*(*self.main.add((*crate::sys::module()).ctx_index)).cast() }
    }
}

impl Request {
    pub(crate) fn loc_conf(self) -> &'static LocConf {
        // SAFETY: the configuration outlives its requests. 'static stands for
        // the cycle, which the request holds.
        unsafe { &*http_module_loc_conf(self.as_ptr(), crate::sys::module()) }
    }

    pub(crate) fn main_conf(self) -> &'static MainConf {
        // SAFETY: as for loc_conf.
        unsafe { &*http_module_main_conf(self.as_ptr(), crate::sys::module()) }
    }
}
