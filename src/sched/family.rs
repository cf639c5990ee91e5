//! Light threads: how they start, whom they belong to, and what becomes of
//! their results.
//!
//! The coroutine that starts a light thread is its parent, and the only one that
//! can wait for it or kill it. A thread that has ended is a zombie until its
//! parent asks for the results or ends as well.

use core::cell::Cell;
use core::ptr;

use super::dispatch::dispatch;
use super::{Ctx, Keeper, Thread, Wait, spare};
use crate::conf::Phase;
use crate::lua::coroutine::Status;
use crate::lua::state::Ref;
use crate::lua::traceback::COROUTINES;
use crate::lua::{State, Vm};
use crate::sys::lua as ffi;

/// What a thread knows of its parent and its children.
pub(super) struct Kin {
    light: Cell<bool>,
    parent: Cell<Option<State>>,
    /// Keeps a parent that is a coroutine of Lua code.
    parent_anchor: Cell<Option<Ref>>,
    /// The thread in which the parent waits for this one.
    waiter: Cell<*const Thread>,
    /// How many children this thread waits for.
    awaited: Cell<usize>,
    /// How many of its children, those of its own coroutine, are zombies.
    zombies: Cell<usize>,
    /// It runs a child that it has just started.
    spawning: Cell<bool>,
    /// It has ended, and its results wait for the parent.
    zombie: Cell<bool>,
}

impl Default for Kin {
    fn default() -> Self {
        Self {
            light: Cell::new(false),
            parent: Cell::new(None),
            parent_anchor: Cell::new(None),
            waiter: Cell::new(ptr::null()),
            awaited: Cell::new(0),
            zombies: Cell::new(0),
            spawning: Cell::new(false),
            zombie: Cell::new(false),
        }
    }
}

impl Kin {
    pub(super) fn is_light(&self) -> bool {
        self.light.get()
    }

    pub(super) fn forget(&self, vm: &Vm) {
        if let Some(anchor) = self.parent_anchor.take() {
            vm.main().release(anchor);
        }
    }
}

/// What `ngx.thread.wait` and `ngx.thread.kill` find under a coroutine.
pub(crate) enum Child<'a> {
    Alive(&'a Thread),
    /// It has ended, and its results are on its stack.
    Zombie(&'a Thread),
    /// A light thread that was waited for or killed.
    Gone,
    /// A light thread whose parent is another coroutine, or a coroutine that another
    /// request has.
    OfAnother,
    /// A coroutine that is no light thread.
    NoThread,
}

/// How far the start of a light thread is.
pub(crate) enum Spawned {
    /// The new thread ran.
    Done,
    /// The caller has to yield one value, the new thread.
    Yield,
    /// There are too many arguments.
    Refused,
}

/// What happens when the client goes away.
#[derive(Clone, Copy)]
pub(crate) enum OnAbort {
    /// The code ends.
    Ends,
    /// This thread runs.
    Starts(*const Thread),
    /// It was started.
    Started,
}

impl Thread {
    pub(super) fn is_light(&self) -> bool {
        self.kin.is_light()
    }

    /// Starts a light thread for the function and its `args` arguments that are
    /// on top of `l`, which is the running coroutine of this thread. Leaves the
    /// coroutine in their place.
    ///
    /// The new thread runs at once, and this one waits for its turn, behind others
    /// that are ready. If there are none, it would be the next: then the new thread
    /// runs inside of it.
    pub(crate) fn spawn(&self, phase: Phase, l: State, args: i32) -> Spawned {
        let ctx = self.ctx();
        let Some(child) = self.add_child(l, args) else {
            return Spawned::Refused;
        };
        ctx.live.set(ctx.live.get() + 1);

        if ctx.ready.is_empty() && !ctx.nested.get() && self.coroutine_state() == Some(l) {
            self.kin.spawning.set(true);
            let next = ctx.run_nested(phase, child);
            self.kin.spawning.set(false);
            if !self.is_doomed() && ctx.exit.get().is_none() {
                let Some(next) = next else { return Spawned::Done };
                ctx.ready.push_front(self);
                ctx.ready.push_front(next);
                self.values.set(1);
            }
        } else {
            ctx.ready.push_front(child);
            ctx.ready.push(self);
            self.values.set(1);
        }
        self.wait_for(Wait::Turn);
        Spawned::Yield
    }

    /// Moves the function and its arguments, on top of `l`, to the coroutine of a
    /// new light thread, and leaves that there.
    fn add_child(&self, l: State, args: i32) -> Option<&Thread> {
        let ctx = self.ctx();
        let child = ctx.add_light_thread(l, args)?;
        child.kin.parent.set(Some(l));
        if self.coroutine_state() != Some(l) {
            l.push_thread();
            child.kin.parent_anchor.set(Some(l.anchor()));
            ctx.nested_parents.set(ctx.nested_parents.get() + 1);
        }
        Some(child)
    }

    /// Has the function on top of `l` run as a light thread when the client goes
    /// away. `None` if there is no memory.
    pub(crate) fn set_on_abort(&self, l: State) -> Option<()> {
        let thread = self.add_child(l, 0)?;
        self.ctx().on_abort.set(OnAbort::Starts(thread));
        Some(())
    }

    pub(crate) fn waits_for_subrequests(&self) -> bool {
        self.waits_for(Wait::Subrequests)
    }

    /// Lets other requests run before the thread goes on.
    pub(super) fn pause(&self) {
        self.wait_for(Wait::Turn);
        self.start_timer(0);
    }

    /// Ends the wait for a turn; what the thread is to be resumed with is there.
    pub(super) fn take_turn(&self) {
        self.stop_waiting();
        self.ctx().ready.push_front(self);
    }

    /// Notes that this thread waits for a child.
    pub(crate) fn await_child(&self, child: &Thread) {
        if child.kin.waiter.replace(self).is_null() {
            self.kin.awaited.set(self.kin.awaited.get() + 1);
        }
    }

    /// Has the thread wait for the children of [`Thread::await_child`].
    pub(crate) fn wait_for_children(&self) {
        // SAFETY: the wait ends before the thread does.
        unsafe {
            self.wait_for_keeper(
                Wait::Threads,
                Keeper {
                    owner: (&raw const *self).cast(),
                    undo: |thread| (*thread.cast::<Thread>()).forget_children(),
                    time_out: None,
                },
            );
        }
    }

    /// Waits for no child any more.
    pub(crate) fn forget_children(&self) {
        if self.kin.awaited.replace(0) == 0 {
            return;
        }
        self.ctx().each_light_thread(|child| {
            if ptr::eq(child.kin.waiter.get(), self) {
                child.kin.waiter.set(ptr::null());
            }
        });
    }

    /// Moves the results of an ended thread, after whether it was a success, to
    /// another coroutine; gives their number.
    pub(crate) fn move_results(&self, to: State) -> i32 {
        let co = self.state();
        let success = co.status() == ffi::LUA_OK;
        let n = match success {
            // Below is the mark.
            true if self.kin.zombie.get() => co.top() - 1,
            true => co.top(),
            false => 1,
        };
        if !to.ensure(n + 1) {
            to.push_boolean(false);
            to.push_bytes("too many results to wait for");
            return 2;
        }
        to.push_boolean(success);
        co.move_to(to, n);
        n + 1
    }
}

impl Ctx {
    fn add_light_thread(&self, l: State, args: i32) -> Option<&Thread> {
        let coroutine = self.vm.coroutine_beside(l);
        let co = coroutine.state;
        if !co.ensure(args + 1) {
            self.vm.retire(coroutine);
            return None;
        }
        l.insert(-2 - args);
        l.move_to(co, args + 1);

        let mut thread = spare::take(self);
        thread.kin = Kin { light: Cell::new(true), ..Kin::default() };
        thread.coroutine.set(Some(coroutine));
        thread.values.set(args);
        let place: *const Thread = &raw const *thread;
        self.threads.borrow_mut().insert(co, thread);
        // SAFETY: boxed threads stay in place until `remove_light_thread`.
        Some(unsafe { &*place })
    }

    /// Takes a light thread away that has ended, or is ended by this.
    pub(crate) fn remove_light_thread(&self, thread: &Thread) {
        let Some(co) = thread.coroutine_state() else { return };
        if thread.kin.zombie.replace(false) {
            if let Some(parent) = thread.kin.parent.get().and_then(|p| self.thread_of(p)) {
                parent.kin.zombies.set(parent.kin.zombies.get() - 1);
            }
        } else {
            self.live.set(self.live.get() - 1);
        }
        // SAFETY: a waiter forgets its children before it ends.
        if let Some(waiter) = unsafe { thread.kin.waiter.replace(ptr::null()).as_ref() } {
            waiter.kin.awaited.set(waiter.kin.awaited.get() - 1);
        }
        if thread.kin.parent_anchor.get().is_some() {
            self.nested_parents.set(self.nested_parents.get() - 1);
        }
        let zombies = thread.kin.zombies.get();
        thread.end();
        if let Some(thread) = self.threads.borrow_mut().remove(&co) {
            spare::keep(thread);
        }
        if zombies > 0 {
            self.remove_zombies_of(co);
        }
    }

    /// The thread whose own coroutine is `co`.
    fn thread_of(&self, co: State) -> Option<&Thread> {
        match self.entry.get() {
            Some(entry) if entry.coroutine_state() == Some(co) => Some(entry),
            _ => self.light_thread(co),
        }
    }

    fn light_thread(&self, co: State) -> Option<&Thread> {
        let threads = self.threads.borrow();
        let thread: *const Thread = &raw const **threads.get(&co)?;
        // SAFETY: boxed threads stay in place until `remove_light_thread`; what
        // callers keep, they keep while the thread is in the table.
        Some(unsafe { &*thread })
    }

    fn each_light_thread(&self, mut f: impl FnMut(&Thread)) {
        self.threads.borrow().values().for_each(|thread| f(thread));
    }

    /// Calls `f` with each thread that waits for `wait`.
    pub(super) fn each_waiting(&self, wait: Wait, f: impl Fn(&Thread)) {
        if self.waits.of(wait) == 0 {
            return;
        }
        if let Some(entry) = self.entry.get().filter(|entry| entry.waits_for(wait)) {
            f(entry);
        }
        self.each_light_thread(|thread| {
            if thread.waits_for(wait) {
                f(thread);
            }
        });
    }

    /// What `co` is to the coroutine `l`.
    pub(crate) fn child(&self, l: State, co: State) -> Child<'_> {
        if let Some(thread) = self.light_thread(co) {
            return if thread.kin.parent.get() != Some(l) {
                Child::OfAnother
            } else if thread.kin.zombie.get() {
                Child::Zombie(thread)
            } else {
                Child::Alive(thread)
            };
        }
        if self.vm.is_retired(co) {
            return Child::Gone;
        }
        let foreign = self.vm.is_scheduled(co) && self.thread_with(co).is_none();
        if foreign { Child::OfAnother } else { Child::NoThread }
    }

    /// Whether `co` is a thread's own, and starts another thread right now.
    pub(crate) fn spawns(&self, co: State) -> bool {
        self.nested.get() && self.thread_of(co).is_some_and(|thread| thread.kin.spawning.get())
    }

    /// The thread that `co` takes part in.
    fn thread_with(&self, co: State) -> Option<&Thread> {
        let has = |thread: &Thread| {
            thread.coroutine_state() == Some(co) || thread.chain.borrow().contains(&co)
        };
        if let Some(entry) = self.entry.get().filter(|entry| has(entry)) {
            return Some(entry);
        }
        let threads = self.threads.borrow();
        let own = threads.values().find(|thread| has(thread))?.coroutine_state()?;
        drop(threads);
        self.light_thread(own)
    }

    /// Does what is due when the thread of the chunk itself has ended.
    pub(super) fn entry_ended(&self, entry: &Thread) {
        let zombies = entry.kin.zombies.replace(0);
        let co = entry.state();
        entry.end();
        self.live.set(self.live.get() - 1);
        if zombies > 0 {
            self.remove_zombies_of(co);
        }
    }

    /// Appends the coroutines that a light thread descends from, its parent first,
    /// as far as they live.
    pub(super) fn push_ancestors(&self, thread: &Thread, chain: &mut Vec<State>) {
        let mut parent = thread.kin.parent.get();
        while let Some(co) = parent.filter(|_| chain.len() < COROUTINES) {
            let Some(thread) = self.thread_with(co) else { break };
            let mut inside = thread.chain.borrow().clone();
            inside.insert(0, thread.state());
            let depth = inside.iter().position(|other| *other == co).unwrap_or(0);
            chain.extend(inside[..=depth].iter().rev());
            parent = thread.kin.parent.get();
        }
    }

    /// Does what is due when a light thread has ended: wakes its parent, makes it
    /// a zombie or takes it away.
    pub(super) fn light_thread_ended(&self, thread: &Thread) {
        // SAFETY: a waiter forgets its children before it ends.
        if let Some(waiter) = unsafe { thread.kin.waiter.get().as_ref() } {
            let values = thread.move_results(waiter.innermost());
            self.remove_light_thread(thread);
            waiter.forget_children();
            waiter.stop_waiting();
            waiter.values.set(values);
            // It goes on before those that are ready already.
            self.ready.push_front(waiter);
            return;
        }

        let co = thread.state();
        match thread.kin.parent.get() {
            Some(parent) if self.is_alive(thread, parent) => {
                thread.kin.zombie.set(true);
                self.live.set(self.live.get() - 1);
                if let Some(coroutine) = thread.coroutine.get() {
                    self.vm.mark_zombie(coroutine);
                }
                if let Some(parent) = self.thread_of(parent) {
                    parent.kin.zombies.set(parent.kin.zombies.get() + 1);
                }
                // It is nobody's parent any more.
                if thread.kin.zombies.replace(0) > 0 {
                    self.remove_zombies_of(co);
                }
            }
            _ => self.remove_light_thread(thread),
        }
    }

    /// Whether the parent of `thread` can still ask for its results.
    fn is_alive(&self, thread: &Thread, parent: State) -> bool {
        match self.thread_of(parent) {
            Some(parent) => !parent.kin.zombie.get(),
            None => {
                thread.kin.parent_anchor.get().is_some()
                    && self.vm.status_of(parent) != Status::Dead
            }
        }
    }

    /// Takes away the zombies of a coroutine that has ended.
    pub(super) fn remove_zombies_of(&self, parent: State) {
        let zombies: Vec<State> = (self.threads.borrow().iter())
            .filter(|(_, t)| t.kin.zombie.get() && t.kin.parent.get() == Some(parent))
            .map(|(co, _)| *co)
            .collect();
        for co in zombies {
            if let Some(thread) = self.light_thread(co) {
                self.remove_light_thread(thread);
            }
        }
    }

    /// Notes that a coroutine of Lua code has ended: its zombies go.
    pub(crate) fn coroutine_ended(&self, co: State) {
        if self.nested_parents.get() > 0 {
            self.remove_zombies_of(co);
        }
    }

    /// Ends all light threads.
    pub(super) fn end_light_threads(&self) {
        self.on_abort.set(OnAbort::Ends);
        if self.threads.borrow().is_empty() {
            return;
        }
        let mut threads = self.threads.take();
        for thread in threads.values() {
            thread.end();
        }
        // One that runs, below us on the stack, ends when it is back.
        for (co, thread) in threads.drain() {
            if thread.is_running() {
                self.threads.borrow_mut().insert(co, thread);
            } else {
                spare::keep(thread);
            }
        }
    }

    pub(crate) fn has_on_abort(&self) -> bool {
        !matches!(self.on_abort.get(), OnAbort::Ends)
    }

    /// Does what the code wants when the client goes away; false if it is to end.
    pub(super) fn client_gone(&self) -> bool {
        match self.on_abort.get() {
            OnAbort::Ends => return false,
            OnAbort::Started => {}
            OnAbort::Starts(thread) => {
                self.on_abort.set(OnAbort::Started);
                self.live.set(self.live.get() + 1);
                // SAFETY: it lives until all the code ends, which forgets it.
                self.ready.push(unsafe { &*thread });
                dispatch(self);
            }
        }
        true
    }
}
