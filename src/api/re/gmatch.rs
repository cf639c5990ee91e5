//! `ngx.re.gmatch`

use core::ffi::c_int;
use std::rc::Rc;

use super::walk::Walk;
use super::{Compiled, Regexes, SUBJECT, captures, not_matched, owned, to_text};
use crate::lua::state::Type;
use crate::lua::{Return, State};

/// How far an iterator is.
pub(super) struct Iteration {
    compiled: Rc<Compiled>,
    walk: Walk,
}

/// `iterator, err = ngx.re.gmatch(subject, regex, options?)`
///
/// Returns an object that gives the captures of the next match each time it is
/// called, then nil. nil and a message if the regex is wrong. Phases: all.
pub(super) fn gmatch(l: State) -> Return {
    const OPTIONS: c_int = 3;

    l.set_top(OPTIONS);
    let regexes = Regexes::of(l)?;
    to_text(l, SUBJECT)?;
    let compiled = match regexes.search(l, OPTIONS) {
        Ok(compiled) => compiled,
        Err(refused) => return refused.results(l, 1),
    };

    l.new_table(2, 0);
    let checks_utf = compiled.regex.checks_utf;
    let iteration = Iteration { compiled, walk: Walk::new(0) };
    if checks_utf {
        regexes.kinds.iterator.push_with(l, iteration, SUBJECT);
    } else {
        regexes.kinds.iterator.push(l, iteration);
        l.push_value(SUBJECT);
        l.raw_set_index(-3, 2);
    }
    l.raw_set_index(-2, 1);
    l.push_ref(regexes.kinds.iterator_metatable);
    l.set_metatable(-2);
    Ok(1)
}

/// `captures, err = iterator()`
pub(super) fn next(l: State) -> Return {
    l.set_top(1);
    if l.type_of(1) != Type::Table {
        return Err(l.type_error(1, "iterator"));
    }
    l.raw_get_index(1, 1);
    let regexes = Regexes::of(l)?;
    let Some(place) = regexes.kinds.iterator.get(l, 2) else {
        return Err(l.type_error(1, "iterator"));
    };
    // It is away while it is used: a finalizer may call it too.
    let Some(mut iteration) = place.take() else {
        l.push_nil();
        return Ok(1);
    };

    // What was seen to be UTF-8 is where code cannot put something else.
    if iteration.compiled.regex.checks_utf {
        owned::push_companion(l, 2);
    } else {
        l.raw_get_index(1, 2);
    }
    let subject = l.bytes(3).unwrap_or_default();
    let Iteration { compiled, walk } = &mut iteration;
    match walk.find(&regexes.matcher, &compiled.regex, subject) {
        Ok(Some(found)) => {
            captures::push(l, &compiled.regex, &found, subject, None);
            drop(found);
            // SAFETY: what is at index 2 was looked at above.
            unsafe { *owned::value(l, 2) = Some(iteration) };
            Ok(1)
        }
        Ok(None) => {
            l.push_nil();
            Ok(1)
        }
        Err(error) => Ok(not_matched(l, error, 1)),
    }
}
