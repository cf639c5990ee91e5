//! The scheduler of a request: which thread runs, and what that means to nginx.

use core::ffi::c_int;

use super::exit::{Exit, Redirect};
use super::ready::TURNS;
use super::thread::Step;
use super::writer::Written;
use super::{Ctx, Thread, Wait};
use crate::conf::{Chunk, Phase};
use crate::lua::coroutine::Coroutine;
use crate::lua::traceback;
use crate::sys::lua as ffi;
use crate::sys::*;

/// How a stretch of Lua code ended, seen by the phase.
#[derive(Clone, Copy)]
pub(crate) enum Outcome {
    /// Some thread waits for an event.
    Waiting,
    Finished,
    /// `ngx.exit` or an error: what to give to nginx.
    Exit(ngx_int_t),
    /// `ngx.exec`.
    Elsewhere(Redirect),
}

/// So many may threads take inside of the one that started the first of them.
const NESTED_TURNS: usize = 100;

impl Ctx {
    /// Runs a chunk in a new coroutine.
    pub(crate) fn start(&self, phase: Phase, chunk: &Chunk) -> Outcome {
        if !self.add_cleanup() {
            return Outcome::Exit(NGX_HTTP_INTERNAL_SERVER_ERROR as ngx_int_t);
        }
        let own_globals = match self.push_closure(chunk) {
            Ok(own) => own,
            Err(status) => return Outcome::Exit(status),
        };

        let main = self.vm.main();
        let coroutine = self.vm.coroutine();
        let co = coroutine.state;
        main.move_to(co, 1);
        self.closure.set(co.address(-1));

        if own_globals {
            self.vm.push_sandbox(co);
            co.push_value(-1);
            co.replace(ffi::LUA_GLOBALSINDEX);
            co.set_globals_of(-2);
        }

        self.start_coroutine(phase, coroutine, 0)
    }

    /// Runs a coroutine that has a function and `args` arguments on its stack.
    pub(super) fn start_coroutine(
        &self,
        phase: Phase,
        coroutine: Coroutine,
        args: c_int,
    ) -> Outcome {
        let entry = self.entry();
        entry.coroutine.set(Some(coroutine));
        entry.values.set(args);
        self.phase.set(Some(phase));
        self.exit.set(None);
        self.live.set(1);
        self.step(phase, entry).unwrap_or_else(|| self.run_ready())
    }

    /// Goes on after an event: with the threads that became ready, or, if it
    /// was a write event, with sending. `None` if the code still waits.
    pub(crate) fn event(&self) -> Option<Outcome> {
        let might_be_write_event = self.ready.is_empty() || self.waits.of(Wait::Turn) > 0;
        if might_be_write_event
            && let Some(socket) = self.client_socket.get()
            // SAFETY: a socket that ends takes itself out of the context.
            && unsafe { (socket.can_write)(socket.owner) }
        {
            return Some(self.run_ready());
        }
        if might_be_write_event && self.has_client() {
            match self.write_event() {
                Written::TimedOut => {
                    self.abort();
                    return Some(Outcome::Exit(NGX_HTTP_REQUEST_TIME_OUT as ngx_int_t));
                }
                Written::Ready | Written::Nothing => {}
            }
        }
        if self.ready.is_empty() {
            return None;
        }
        Some(self.run_ready())
    }

    fn run_ready(&self) -> Outcome {
        let phase = self.phase.get().expect("a thread runs in a phase");

        for _ in 0..TURNS {
            let Some(thread) = self.ready.pop() else {
                self.output.hand_on(self);
                return Outcome::Waiting;
            };
            if let Some(outcome) = self.step(phase, thread) {
                return outcome;
            }
        }

        if let Some(thread) = self.ready.pop() {
            // Threads that only hand each other the turn must not keep the
            // worker to themselves.
            thread.pause();
        }
        self.output.hand_on(self);
        Outcome::Waiting
    }

    /// Runs a thread. `None` if the code goes on.
    fn step(&self, phase: Phase, thread: &Thread) -> Option<Outcome> {
        match thread.resume(phase) {
            Step::Waiting => return None,
            Step::Yielded if self.ready.is_empty() => {
                thread.pause();
                return None;
            }
            Step::Yielded => {
                self.ready.push(thread);
                return None;
            }
            Step::Doomed => {
                self.end_threads();
                return Some(Outcome::Exit(ERROR));
            }
            Step::Exit => {
                self.abort();
                return Some(match self.exit.take() {
                    Some(Exit::Asked(code)) => Outcome::Exit(self.exit_status(phase, code)),
                    Some(Exit::Refused(rc)) => Outcome::Exit(rc),
                    Some(Exit::Elsewhere(redirect)) => Outcome::Elsewhere(redirect),
                    None => Outcome::Exit(OK),
                });
            }
            Step::Failed if !thread.is_light() => {
                self.log_error(thread, "entry");
                self.abort();
                return Some(Outcome::Exit(if self.request.header_sent() {
                    ERROR
                } else {
                    NGX_HTTP_INTERNAL_SERVER_ERROR as ngx_int_t
                }));
            }
            Step::Failed => self.light_thread_failed(thread),
            Step::Finished if thread.is_light() => self.light_thread_ended(thread),
            Step::Finished => self.entry_ended(thread),
        }

        if self.live.get() > 0 {
            return None;
        }
        self.abort();
        Some(Outcome::Finished)
    }

    /// What `ngx.exit(code)` means to nginx.
    fn exit_status(&self, phase: Phase, code: ngx_int_t) -> ngx_int_t {
        const SILENT: [ngx_int_t; 3] = [
            NGX_HTTP_CLOSE as ngx_int_t,
            NGX_HTTP_REQUEST_TIME_OUT as ngx_int_t,
            NGX_HTTP_CLIENT_CLOSED_REQUEST as ngx_int_t,
        ];
        let (ok, special) = (NGX_HTTP_OK as ngx_int_t, NGX_HTTP_SPECIAL_RESPONSE as ngx_int_t);

        if SILENT.contains(&code) || !self.has_client() {
            return code;
        }

        let r = self.request;
        if !r.header_sent() && r.status() == 0 && code >= ok {
            r.set_status(code as ngx_uint_t);
        }

        let ends_response = (code == OK && phase == Phase::Content)
            || (code >= ok
                && code < special
                && (code != NGX_HTTP_NO_CONTENT as ngx_int_t || r.header_sent()))
            || (code >= OK && self.output.is_buffering() && r.status() != 0);
        if ends_response {
            let rc = self.output.finish(self);
            return if rc > OK { ERROR } else { rc };
        }
        self.output.hand_on(self);
        code
    }

    fn light_thread_failed(&self, thread: &Thread) {
        self.log_error(thread, "user");
        self.light_thread_ended(thread);
    }

    /// Runs a light thread inside of the thread that starts it, and then those that
    /// go on before that one. Gives the next of these when there are too many.
    pub(super) fn run_nested<'a>(&self, phase: Phase, thread: &'a Thread) -> Option<&'a Thread> {
        let mut next = Some(thread);
        self.nested.set(true);
        for _ in 0..NESTED_TURNS {
            let Some(thread) = next else { break };
            match thread.resume(phase) {
                // The thread around it ends then, and does what is due.
                Step::Doomed | Step::Exit => {
                    next = None;
                    break;
                }
                Step::Waiting => {}
                Step::Yielded => self.ready.push(thread),
                Step::Failed => self.light_thread_failed(thread),
                Step::Finished => self.light_thread_ended(thread),
            }
            next = self.ready.pop_urgent();
        }
        self.nested.set(false);
        next
    }

    fn log_error(&self, thread: &Thread, what: &str) {
        let co = thread.state();
        let kind = match co.status() {
            ffi::LUA_ERRRUN => "runtime error",
            ffi::LUA_ERRSYNTAX => "syntax error",
            ffi::LUA_ERRMEM => "memory allocation error",
            ffi::LUA_ERRERR => "error handler error",
            _ => "unknown error",
        };

        let mut text = format!("lua {what} thread aborted: {kind}: ").into_bytes();
        text.extend_from_slice(co.bytes(-1).unwrap_or(b"unknown reason"));
        let mut chain = thread.failures.borrow().behind(co);
        chain.push(co);
        self.push_ancestors(thread, &mut chain);
        traceback::coroutines(&mut text, chain.into_iter(), self.closure.get());
        self.request.log(NGX_LOG_ERR, text);
    }
}
