//! `ngx.timer`: code that runs later, on its own.

use super::call;
use super::function::Function;
use crate::conf::{Phase, Phases};
use crate::lua::state::Type;
use crate::lua::{Raise, Return, State};
use crate::sched::Run;
use crate::sched::timer::{Refused, Timers};

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("ngx.timer.at", at),
    Function::new("ngx.timer.every", every),
    Function::new("ngx.timer.running_count", running_count),
    Function::new("ngx.timer.pending_count", pending_count),
];

const PHASES: Phases = Phases::REQUEST.union(Phases::TIMER).union(Phases::INIT_WORKER);

/// `ok, err = ngx.timer.at(delay, callback, ...)`
///
/// Has `callback(premature, ...)` called after `delay` seconds, to the
/// millisecond; as soon as possible with 0 or less. `premature` is true if the
/// worker ends before the time has come. 1, or nil and "process exiting" or "too
/// many pending timers". Raises errors for a callback that is no Lua function
/// and a delay that is no number. Phases: all but init and exit_worker.
fn at(l: State) -> Return {
    create(l, false)
}

/// `ok, err = ngx.timer.every(delay, callback, ...)`
///
/// As `ngx.timer.at`, but again and again until the worker ends: each run is
/// `delay` seconds after the start of the one before. Raises "delay cannot be
/// zero". Phases: as `ngx.timer.at`.
fn every(l: State) -> Return {
    create(l, true)
}

fn create(l: State, repeat: bool) -> Return {
    let args = l.top();
    if args < 2 {
        return Err(l.error(format_args!("expecting at least 2 arguments but got {args}")));
    }
    if !l.is_number(1) {
        return Err(l.type_error(1, "number"));
    }
    // What does not fit becomes the nearest number that does.
    let delay = (l.number(1) * 1000.0) as i64;
    if repeat && delay == 0 {
        return Err(l.error("delay cannot be zero"));
    }
    if l.type_of(2) != Type::Function || l.is_c_function(2) {
        return Err(l.argument_error(2, "Lua function expected"));
    }
    let run = current(l)?;
    if !run.phase.is_in(PHASES) {
        return Err(call::wrong_phase(l, run.phase));
    }

    match Timers::of_worker().create(run, l, delay, repeat) {
        Ok(()) => {
            l.push_integer(1);
            Ok(1)
        }
        Err(Refused::NoMemory) => Err(l.error(Refused::NoMemory)),
        Err(refused) => {
            l.push_nil();
            l.push_bytes(refused.to_string());
            Ok(2)
        }
    }
}

/// `n = ngx.timer.running_count()`
///
/// How many timers of this worker run or wait in their code. Phases: all but
/// init.
fn running_count(l: State) -> Return {
    current(l)?;
    l.push_integer(Timers::of_worker().running() as i64);
    Ok(1)
}

/// `n = ngx.timer.pending_count()`
///
/// How many timers of this worker have not started yet. Phases: all but init.
fn pending_count(l: State) -> Return {
    current(l)?;
    l.push_integer(Timers::of_worker().pending() as i64);
    Ok(1)
}

fn current<'a>(l: State) -> Result<&'a Run, Raise> {
    Run::current().filter(|run| run.phase != Phase::Init).ok_or_else(|| l.error("no request"))
}
