//! A lookup that runs, and those who wait for it.

use core::cell::{Cell, RefCell, UnsafeCell};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::rc::{Rc, Weak};

use nginx_lua_resolve::{Action, Lookup as Course, Outcome, Query, Transport};

use super::answer;
use super::wire::{Listener, Wire};
use super::{Done, random};
use crate::ngx;
use crate::ngx::event::Timer;
use crate::sys::ngx_event_t;

/// It goes on when nobody waits any more: the next one who asks will not have to
/// wait as long.
pub(super) struct Running {
    pub(super) name: Vec<u8>,
    course: RefCell<Course>,
    /// To the servers that were asked. Events refer to them.
    #[expect(clippy::vec_box, reason = "they stay in place")]
    wires: RefCell<Vec<Box<Wire>>>,
    timer: UnsafeCell<Timer>,
    waiters: RefCell<VecDeque<Waiter>>,
    numbers: Cell<u64>,
    this: Weak<Running>,
    /// Told of the outcome, before those who wait.
    finish: fn(&Rc<Running>, &Outcome),
}

struct Waiter {
    number: u64,
    done: Done,
}

/// The place of one who waits, until it is dropped.
pub(super) struct Waiting {
    running: Rc<Running>,
    number: u64,
}

impl Waiting {
    pub(super) fn new(running: Rc<Running>, done: Done) -> Self {
        let number = running.numbers.get();
        running.numbers.set(number + 1);
        running.waiters.borrow_mut().push_back(Waiter { number, done });
        running.mark_awaited();
        Self { running, number }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.running.waiters.borrow_mut().retain(|waiter| waiter.number != self.number);
        self.running.mark_awaited();
    }
}

impl Running {
    pub(super) fn new(
        name: Vec<u8>,
        course: Course,
        finish: fn(&Rc<Running>, &Outcome),
    ) -> Rc<Self> {
        Rc::new_cyclic(|this| Self {
            name,
            course: RefCell::new(course),
            wires: RefCell::default(),
            timer: UnsafeCell::new(Timer::new(timer_fired)),
            waiters: RefCell::default(),
            numbers: Cell::new(0),
            this: this.clone(),
            finish,
        })
    }

    /// Sends what is to be sent, until there is nothing to do but to wait, or an
    /// outcome.
    pub(super) fn advance(&self) -> Option<Outcome> {
        loop {
            let action = self.course.borrow_mut().poll(answer::now(), &mut random);
            match action {
                Action::Send(query) => {
                    if !self.send(&query) {
                        self.course.borrow_mut().fail(query.server, query.transport);
                    }
                }
                Action::Wait(until) => {
                    let msec = until.saturating_sub(answer::now()) as usize;
                    let data = (&raw const *self).cast_mut().cast();
                    // SAFETY: nothing else refers to the timer at the moment.
                    unsafe {
                        (*self.timer.get()).disarm();
                        (*self.timer.get()).arm(msec.max(1), data);
                    }
                    self.mark_awaited();
                    return None;
                }
                Action::Done(outcome) => return Some(outcome),
            }
        }
    }

    fn send(&self, query: &Query) -> bool {
        let mut wires = self.wires.borrow_mut();
        let existing = wires.iter().position(|wire| wire.leads_to(query.server, query.transport));
        let index = match existing {
            Some(index) => index,
            None => match Wire::open(self.this.clone(), query.server, query.transport) {
                Some(wire) => {
                    wires.push(wire);
                    wires.len() - 1
                }
                None => return false,
            },
        };
        let sent = wires[index].send(&query.message);
        if !sent {
            wires.swap_remove(index);
        }
        sent
    }

    /// A worker that is to end waits for lookups only if somebody else does.
    fn mark_awaited(&self) {
        let awaited = !self.waiters.borrow().is_empty();
        // SAFETY: nothing else refers to the timer at the moment.
        unsafe { (*self.timer.get()).set_cancelable(!awaited) }
    }
}

impl Listener for Running {
    fn receive(&self, server: SocketAddr, transport: Transport, message: &[u8]) {
        self.course.borrow_mut().receive(server, transport, message);
    }

    fn fail(&self, server: SocketAddr, transport: Transport) {
        self.course.borrow_mut().fail(server, transport);
        self.wires.borrow_mut().retain(|wire| !wire.leads_to(server, transport));
    }

    fn go_on(self: Rc<Self>) {
        let Some(outcome) = self.advance() else { return };
        // SAFETY: nothing else refers to the timer at the moment.
        unsafe { (*self.timer.get()).disarm() }
        self.wires.borrow_mut().clear();
        (self.finish)(&self, &outcome);
        loop {
            // What is called may drop others who wait.
            let waiter = self.waiters.borrow_mut().pop_front();
            let Some(waiter) = waiter else { return };
            waiter.done.tell(answer::address(&self.name, &outcome, waiter.done));
        }
    }
}

unsafe extern "C" fn timer_fired(event: *mut ngx_event_t) {
    ngx::callback("resolver's timer", (), || {
        // SAFETY: the timer was armed with the lookup that it is a part of.
        let running = unsafe { &*(*event).data.cast::<Running>() };
        if let Some(running) = running.this.upgrade() {
            running.go_on();
        }
    });
}
