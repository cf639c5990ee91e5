//! `ngx.sleep`.

use super::call::{self, NO_REQUEST, cannot_wait, park};
use super::function::Function;
use crate::conf::Phases;
use crate::lua::{Return, State};
use crate::sched::Wait;

pub(super) const FUNCTIONS: &[Function] = &[Function::new("ngx.sleep", sleep)];

/// `ngx.sleep(seconds)`
///
/// Waits without blocking the worker; to the millisecond. 0 lets other
/// requests run. Phases: output, timer.
fn sleep(l: State) -> Return {
    let args = l.top();
    if args != 1 {
        return Err(l.error(format_args!("attempt to pass {args} arguments, but accepted 1")));
    }
    let run = call::run_in(l, Phases::YIELD, NO_REQUEST)?;
    if !l.is_number(1) {
        return Err(l.type_error(1, "number"));
    }
    let msec = match l.number(1) * 1000.0 {
        msec if msec.abs() < i64::MAX as f64 => msec as i64,
        _ => i64::MIN,
    };
    if msec < 0 {
        return Err(l.error(format_args!("invalid sleep duration \"{msec}\"")));
    }
    let Some(thread) = run.thread() else {
        return Err(l.error("no co ctx found"));
    };
    if !run.can_wait(l) {
        return Err(cannot_wait(l));
    }

    thread.start_timer(msec as usize);
    thread.wait_for(Wait::Sleep);
    Ok(park(l))
}
