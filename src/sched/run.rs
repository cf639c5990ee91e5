//! What Lua code runs for, right now.
//!
//! Runs nest: code that prints runs the filters, and these run code of their
//! own. So the current run is kept on the C stack, and a pointer to the
//! innermost one is saved and restored around each.

use core::cell::Cell;
use core::ffi::c_void;
use core::ptr;
use core::sync::atomic::Ordering;

use super::ctx::Table;
use super::filter_chunk::FilterChunk;
use super::worker::WORKER;
use super::{Ctx, Thread};
use crate::conf::{Chunk, Phase};
use crate::lua::{State, Vm};
use crate::sys::{NGX_LOG_ERR, ngx_cycle, ngx_cycle_t, ngx_int_t, ngx_log_t};

/// One stretch of Lua code, from its start or a resumption to its end or the
/// next wait.
pub(crate) struct Run {
    pub phase: Phase,
    vm: *const Vm,
    /// Where `ngx.log` writes.
    log: *mut ngx_log_t,
    /// The cycle whose configuration holds: not nginx's current one while a new
    /// configuration is read.
    pub cycle: *mut ngx_cycle_t,
    /// `ngx.ctx` of a run without a request.
    own_table: Table,
    /// Null where no client made a request.
    ctx: *const Ctx,
    /// The thread being resumed; null where the code may not wait.
    thread: *const Thread,
    /// The coroutines that resumed each other within this run.
    active: Cell<*const Active>,
    /// What `ngx.exit` was given where it only notes the status.
    pub exit: Cell<Option<ngx_int_t>>,
    /// What `ngx.arg` stands for.
    pub arg: Option<Arg>,
}

/// `ngx.arg`: the arguments of `set_by_lua`, or the chunk that
/// `body_filter_by_lua` looks at. The phase keeps them longer than the run.
#[derive(Clone, Copy)]
pub(crate) enum Arg {
    Set(*const [Vec<u8>]),
    Chunk(*const FilterChunk),
}

impl Drop for Run {
    fn drop(&mut self) {
        self.own_table.forget(self.vm());
    }
}

/// A coroutine that another one resumed and that has not come back.
pub(crate) struct Active {
    pub resumer: State,
    depth: usize,
    outer: *const Active,
}

impl Run {
    /// A run outside any request.
    pub(crate) fn without_request(
        phase: Phase,
        vm: &Vm,
        log: *mut ngx_log_t,
        cycle: *mut ngx_cycle_t,
    ) -> Self {
        let mut run = Self::new(phase, vm, log, ptr::null(), ptr::null());
        run.cycle = cycle;
        run
    }

    /// A run on the main state, which may not wait.
    pub(crate) fn on_main(phase: Phase, ctx: &Ctx) -> Self {
        Self::new(phase, &ctx.vm, ctx.request.log_ptr(), ctx, ptr::null())
    }

    /// A run of a thread.
    pub(crate) fn of_thread(phase: Phase, ctx: &Ctx, thread: &Thread) -> Self {
        let served: *const Ctx = if ctx.has_client() { ctx } else { ptr::null() };
        Self::new(phase, &ctx.vm, ctx.request.log_ptr(), served, thread)
    }

    fn new(
        phase: Phase,
        vm: &Vm,
        log: *mut ngx_log_t,
        ctx: *const Ctx,
        thread: *const Thread,
    ) -> Self {
        Self {
            phase,
            vm,
            log,
            // SAFETY: nginx sets it before it loads modules.
            cycle: unsafe { ngx_cycle },
            own_table: Table::default(),
            ctx,
            thread,
            active: Cell::new(ptr::null()),
            exit: Cell::new(None),
            arg: None,
        }
    }

    /// Makes this the current run while `body` runs.
    pub(crate) fn enter<R>(&self, body: impl FnOnce() -> R) -> R {
        struct Restore(*mut c_void);
        impl Drop for Restore {
            fn drop(&mut self) {
                WORKER.run.store(self.0, Ordering::Relaxed);
            }
        }

        // Not a swap: nothing else runs in between, and that would lock the bus.
        let _restore = Restore(WORKER.run.load(Ordering::Relaxed));
        WORKER.run.store((&raw const *self).cast_mut().cast(), Ordering::Relaxed);
        body()
    }

    /// Runs a chunk on the main state, with
    /// the arguments of `set_by_lua` as its own; leaves `results` values. An error is logged.
    pub(crate) fn chunk(&self, ctx: &Ctx, chunk: &Chunk, results: i32) -> Result<(), ()> {
        let l = ctx.vm.main();
        let own_globals = ctx.push_closure(chunk).map_err(drop)?;
        if own_globals {
            ctx.vm.push_sandbox(l);
            l.set_globals_of(-2);
        }
        let args = match self.arg {
            // SAFETY: see `Arg`.
            Some(Arg::Set(args)) => unsafe { &*args },
            _ => &[],
        };
        // The function is there; the error handler comes.
        if !l.ensure(args.len() as i32 + 2) {
            l.pop(1);
            ctx.request.log(NGX_LOG_ERR, "too many arguments for set_by_lua");
            return Err(());
        }
        for arg in args {
            l.push_bytes(arg);
        }

        self.enter(|| ctx.vm.call(args.len() as i32, results)).map_err(|message| {
            let mut text = format!("failed to run {}*: ", self.phase.tag()).into_bytes();
            text.extend_from_slice(message.as_deref().unwrap_or(b"unknown reason"));
            ctx.request.log(NGX_LOG_ERR, text);
        })
    }

    /// The current run. The reference is good until the function that Lua
    /// called returns.
    pub(crate) fn current<'a>() -> Option<&'a Run> {
        let run = WORKER.run.load(Ordering::Relaxed).cast::<Run>();
        // SAFETY: `enter` keeps the pointer valid as long as Lua code runs, and
        // only functions called by that code ask for it.
        unsafe { run.as_ref() }
    }

    pub(crate) fn vm(&self) -> &Vm {
        // SAFETY: the machine outlives what runs on it.
        unsafe { &*self.vm }
    }

    /// `ngx.ctx`
    pub(crate) fn table(&self) -> &Table {
        let ctx = self.ctx().or_else(|| self.thread().map(Thread::ctx));
        ctx.map_or(&self.own_table, |ctx| &ctx.table)
    }

    /// The context of the client's request.
    pub(crate) fn ctx(&self) -> Option<&Ctx> {
        // SAFETY: the request's pool outlives a run for it.
        unsafe { self.ctx.as_ref() }
    }

    pub(crate) fn log(&self) -> *mut ngx_log_t {
        self.log
    }

    pub(crate) fn thread(&self) -> Option<&Thread> {
        // SAFETY: a thread outlives its run.
        unsafe { self.thread.as_ref() }
    }

    /// Whether code in `l` can wait: a C function between it and the
    /// scheduler, such as `table.sort`, makes that impossible.
    pub(crate) fn can_wait(&self, l: State) -> bool {
        l.can_yield() && self.active().all(|active| active.resumer.can_yield())
    }

    /// The coroutines resumed within this run, the innermost first.
    pub(crate) fn active(&self) -> impl Iterator<Item = &Active> {
        // SAFETY: the nodes are on the stack of `resume` calls that are below
        // us and have not returned.
        core::iter::successors(unsafe { self.active.get().as_ref() }, |active| unsafe {
            active.outer.as_ref()
        })
    }

    /// How many coroutines have resumed each other within this run.
    pub(crate) fn depth(&self) -> usize {
        self.active().next().map_or(0, |active| active.depth)
    }

    /// Notes that `resumer` resumes another coroutine while `body` runs.
    pub(crate) fn nest<R>(&self, resumer: State, body: impl FnOnce() -> R) -> R {
        let outer = self.active.get();
        let active = Active { resumer, depth: self.depth() + 1, outer };
        self.active.set(&raw const active);
        // What `body` runs is protected: it returns, whatever happens in Lua.
        let result = body();
        self.active.set(outer);
        result
    }
}
