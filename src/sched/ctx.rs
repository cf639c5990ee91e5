//! What the module knows of a request.

use core::cell::{Cell, OnceCell, RefCell};
use core::ffi::c_void;
use core::ptr;
use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::rc::Rc;

use super::buffers::Buffers;
use super::exit::Exit;
use super::family::{Kin, OnAbort};
use super::output::Output;
use super::ready::Ready;
use super::resource::Resources;
use super::spare;
use super::thread::{Thread, Wait};
use crate::conf::Phase;
use crate::lua::state::Ref;
use crate::lua::vm::AddressHasher;
use crate::lua::{State, Vm};
use crate::ngx::{self, Request};
use crate::sys::*;

/// The module's context of a request. It lives in the request's pool and ends
/// with it, later than the request's Lua code.
pub(crate) struct Ctx {
    pub request: Request,
    pub vm: Rc<Vm>,
    /// The phase whose code waits or runs in threads.
    pub phase: Cell<Option<Phase>>,
    /// The thread that runs the chunk itself, from the first chunk on.
    pub(super) entry: OnceCell<Box<Thread>>,
    /// The function of the chunk, for stack traces.
    pub(super) closure: Cell<*const c_void>,
    /// The light threads, by their coroutines; boxed, as they must stay where
    /// they are.
    pub(super) threads: RefCell<HashMap<State, Box<Thread>, BuildHasherDefault<AddressHasher>>>,
    /// How many threads have not ended.
    pub(super) live: Cell<usize>,
    /// A thread runs a light thread that it has just started.
    pub(super) nested: Cell<bool>,
    /// How many light threads were started by coroutines of Lua code.
    pub(super) nested_parents: Cell<usize>,
    /// What happens when the client goes away.
    pub(super) on_abort: Cell<OnAbort>,
    /// What lets the phase go on: the phase engine, or the content handler.
    pub resume: Cell<ngx_http_event_handler_pt>,
    /// Threads that can go on.
    pub ready: Ready,
    /// What ends the phase's code.
    pub exit: Cell<Option<Exit>>,
    pub output: Output,
    /// What `body_filter_by_lua` has passed on.
    pub filter: Filter,
    /// How far `lua_need_request_body` is.
    pub body: Cell<Body>,
    /// `ngx.ctx`
    pub table: Table,
    /// What the threads wait for.
    pub(super) waits: Waits,
    /// The socket that stands for the client's connection.
    pub client_socket: Cell<Option<ClientSocket>>,
    /// What is released when the request ends.
    pub(super) resources: Resources,
    /// The request's cleanup list has our handler.
    cleanup_added: Cell<bool>,
    /// The request is a [`FakeRequest`](crate::ngx::fake_request::FakeRequest).
    fake: bool,
}

/// A socket that stands for the client's connection, as far as events concern it.
#[derive(Clone, Copy)]
pub(crate) struct ClientSocket {
    pub owner: *const c_void,
    /// The connection can be written to: whether that made a thread ready.
    pub can_write: unsafe fn(*const c_void) -> bool,
}

/// The state of a response body that Lua code filters.
pub(crate) struct Filter {
    /// The last chunk went by; what comes after it is dropped.
    pub seen_last: Cell<bool>,
    /// Input that waits until the client has taken earlier output.
    pub waiting: Cell<*mut ngx_chain_t>,
    pub buffers: Buffers,
    /// The status that code in the header filter asked for; the page that
    /// nginx makes of it is filtered as well.
    pub exit: Cell<ngx_int_t>,
}

impl Filter {
    fn new() -> Self {
        Self {
            seen_last: Cell::new(false),
            waiting: Cell::new(ptr::null_mut()),
            buffers: Buffers::new(),
            exit: Cell::new(OK),
        }
    }
}

/// States of the request body that `lua_need_request_body` wants.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Body {
    Unread,
    Reading,
    Read,
}

impl Ctx {
    /// The context of a request, made on first use. `None` when there is no
    /// memory or no machine.
    pub(crate) fn of<'a>(request: Request) -> Option<&'a Ctx> {
        match Self::existing(request) {
            Some(ctx) => Some(ctx),
            None => Self::create(request, machine(request)?, false),
        }
    }

    /// The context of a request that no client made.
    pub(super) fn of_fake<'a>(request: Request, vm: Rc<Vm>) -> Option<&'a Ctx> {
        Self::create(request, vm, true)
    }

    pub(crate) fn existing<'a>(request: Request) -> Option<&'a Ctx> {
        // SAFETY: the slot holds what `create` stored, or null.
        unsafe { http_module_ctx(request.as_ptr(), crate::sys::module()).cast::<Ctx>().as_ref() }
    }

    fn create<'a>(request: Request, vm: Rc<Vm>, fake: bool) -> Option<&'a Ctx> {
        let ctx = request.pool().own(|| Ctx {
            request,
            vm,
            phase: Cell::new(None),
            entry: OnceCell::new(),
            closure: Cell::new(ptr::null()),
            threads: RefCell::default(),
            live: Cell::new(0),
            nested: Cell::new(false),
            nested_parents: Cell::new(0),
            on_abort: Cell::new(OnAbort::Ends),
            resume: Cell::new(None),
            ready: Ready::new(),
            exit: Cell::new(None),
            output: Output::new(),
            filter: Filter::new(),
            body: Cell::new(Body::Unread),
            table: Table::default(),
            waits: Waits::default(),
            client_socket: Cell::new(None),
            resources: Resources::new(),
            cleanup_added: Cell::new(false),
            fake,
        })?;

        // SAFETY: the context was just made and stays where it is; from here
        // on it is only used through shared references.
        unsafe {
            let back = ctx.as_ptr();
            set_http_module_ctx(request.as_ptr(), back.cast(), crate::sys::module());
            Some(&*back)
        }
    }

    /// Whether a client made the request.
    pub(crate) fn has_client(&self) -> bool {
        !self.fake
    }

    /// Has [`Ctx::abort`] called when the request ends.
    pub(super) fn add_cleanup(&self) -> bool {
        if self.cleanup_added.get() {
            return true;
        }
        // SAFETY: the request is live; the context outlives its cleanup list.
        unsafe {
            let cleanup = ngx_http_cleanup_add(self.request.as_ptr(), 0);
            if cleanup.is_null() {
                return false;
            }
            (*cleanup).handler = Some(request_cleanup);
            (*cleanup).data = (&raw const *self).cast_mut().cast();
        }
        self.cleanup_added.set(true);
        true
    }

    /// Whether code waits for subrequests, so that the request must not be
    /// answered or go elsewhere.
    pub(crate) fn has_pending_subrequests(&self) -> bool {
        self.waits.of(Wait::Subrequests) > 0
    }

    /// Ends all Lua code of the request: no wait and no coroutine is left.
    pub(crate) fn abort(&self) {
        if self.phase.get().is_some() {
            self.end_threads();
        }
    }

    /// The same, even if that was tried while a thread ran.
    pub(super) fn end_threads(&self) {
        self.ready.clear();
        if let Some(entry) = self.entry.get() {
            entry.end();
        }
        self.end_light_threads();
        self.phase.set(None);
    }

    /// The thread for a chunk.
    pub(super) fn entry(&self) -> &Thread {
        self.entry.get_or_init(|| {
            let mut thread = spare::take(self);
            thread.kin = Kin::default();
            thread
        })
    }

    /// The function of the chunk that runs.
    pub(crate) fn closure(&self) -> *const c_void {
        self.closure.get()
    }
}

/// How many threads wait for each kind of thing.
#[derive(Default)]
pub(super) struct Waits([Cell<u32>; Wait::KINDS]);

impl Waits {
    pub(super) fn of(&self, wait: Wait) -> u32 {
        self.0[wait as usize].get()
    }

    pub(super) fn add(&self, wait: Wait) {
        self.0[wait as usize].set(self.of(wait) + 1);
    }

    pub(super) fn remove(&self, wait: Wait) {
        self.0[wait as usize].set(self.of(wait) - 1);
    }
}

/// The table `ngx.ctx`, made on first use. Its owner drops it with
/// [`Table::forget`].
#[derive(Default)]
pub(crate) struct Table(Cell<Option<Ref>>);

impl Table {
    pub(crate) fn push(&self, l: State) {
        match self.0.get() {
            Some(table) => l.push_ref(table),
            None => {
                l.new_table(0, 4);
                l.push_value(-1);
                self.0.set(Some(l.anchor()));
            }
        }
    }

    pub(crate) fn is_made(&self) -> bool {
        self.0.get().is_some()
    }

    /// Takes the table on top of the stack; pops it.
    pub(crate) fn set(&self, l: State) {
        if let Some(old) = self.0.replace(Some(l.anchor())) {
            l.release(old);
        }
    }

    pub(crate) fn forget(&self, vm: &Vm) {
        if let Some(table) = self.0.take() {
            vm.main().release(table);
        }
    }
}

impl Drop for Ctx {
    fn drop(&mut self) {
        self.abort();
        self.release_resources();
        if let Some(entry) = self.entry.take() {
            spare::keep(entry);
        }
        self.table.forget(&self.vm);
    }
}

unsafe extern "C" fn request_cleanup(data: *mut c_void) {
    ngx::callback("request cleanup", (), || {
        // SAFETY: `add_cleanup` stored the context.
        let ctx = unsafe { &*data.cast::<Ctx>() };
        ctx.cleanup_added.set(false);
        ctx.abort();
        ctx.client_socket.set(None);
        ctx.release_resources();
    });
}

/// The machine for a request: the worker's, or with `lua_code_cache off` one
/// that the request and its subrequests share.
fn machine(request: Request) -> Option<Rc<Vm>> {
    let conf = request.main_conf();
    if request.loc_conf().code_cache == 1 {
        return conf.vm();
    }

    let main = request.main();
    if main != request
        && let Some(ctx) = Ctx::of(main)
    {
        return Some(ctx.vm.clone());
    }

    match (conf.handlers.create_vm)(conf) {
        Ok(vm) => Some(vm),
        Err(message) => {
            request.log(NGX_LOG_ERR, message);
            None
        }
    }
}
