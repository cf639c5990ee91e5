//! Where an error came from that passed through `coroutine.wrap`.
//!
//! Each wrapped coroutine that the error ended is noted, so that the trace of
//! the thread can show them all, the innermost first.

use crate::lua::state::Ref;
use crate::lua::traceback::COROUTINES;
use crate::lua::{State, Vm};

#[derive(Default)]
pub(super) struct Failures {
    /// Ended coroutines, each resumed by the next.
    ended: Vec<(State, Ref)>,
    /// Who resumed the last one.
    resumer: Option<State>,
    /// The error's value.
    value: Option<Ref>,
}

impl Failures {
    /// Notes that the coroutine that is the first argument of the function
    /// running in `l` was ended by the value that is the second.
    pub(super) fn note(&mut self, vm: &Vm, l: State) {
        let Some(co) = l.thread(1) else { return };
        if self.resumer != Some(co) {
            self.clear(vm);
            l.push_value(2);
            self.value = Some(l.anchor());
        }
        if self.ended.len() < COROUTINES {
            l.push_value(1);
            self.ended.push((co, l.anchor()));
        }
        self.resumer = Some(l);
    }

    /// The coroutines ended by the error that is on top of the stack of `co`,
    /// which it ended too.
    pub(super) fn behind(&self, co: State) -> Vec<State> {
        let Some(value) = self.value else {
            return Vec::new();
        };
        co.push_ref(value);
        let same = co.raw_equal(-1, -2);
        co.pop(1);
        if same && self.resumer == Some(co) {
            self.ended.iter().map(|(co, _)| *co).collect()
        } else {
            Vec::new()
        }
    }

    pub(super) fn clear(&mut self, vm: &Vm) {
        for (_, anchor) in self.ended.drain(..) {
            vm.main().release(anchor);
        }
        if let Some(value) = self.value.take() {
            vm.main().release(value);
        }
        self.resumer = None;
    }
}
