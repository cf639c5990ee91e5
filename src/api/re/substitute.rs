//! `ngx.re.sub` and `ngx.re.gsub`

use core::ffi::c_int;
use std::rc::Rc;

use super::walk::Walk;
use super::{Compiled, Regexes, SUBJECT, captures, not_matched, owned, to_text};
use crate::lua::{Raise, Return, State};

/// `result, count, err = ngx.re.sub(subject, regex, replace, options?)`
///
/// Replaces the first match by the template, or by what the function returns
/// when it is given the captures. Returns the text and 1, or the subject and 0;
/// nil, nil and a message for an error. Phases: all.
pub(super) fn sub(l: State) -> Return {
    by_template(l, false)
}

/// `result, count, err = ngx.re.gsub(subject, regex, replace, options?)`
///
/// As `sub`, for all matches.
pub(super) fn gsub(l: State) -> Return {
    by_template(l, true)
}

/// The buffer is kept for the next call up to this size.
const KEPT: usize = 64 * 1024;

fn by_template(l: State, all: bool) -> Return {
    const REPLACE: c_int = 3;
    const OPTIONS: c_int = 4;

    l.set_top(OPTIONS);
    let regexes = Regexes::of(l)?;
    to_text(l, SUBJECT)?;
    to_text(l, REPLACE)?;
    let compiled = match regexes.replacement(l, OPTIONS, Some(REPLACE)) {
        Ok(compiled) => compiled,
        Err(refused) => return refused.results(l, 2),
    };
    let Compiled { regex, template: Some(template) } = &*compiled else {
        unreachable!("it was compiled with a template");
    };
    let subject = l.bytes(SUBJECT).unwrap_or_default();

    let mut out = regexes.buffer.take();
    let (mut walk, mut copied, mut count) = (Walk::new(0), 0, 0);
    let outcome = loop {
        match walk.find(&regexes.matcher, regex, subject) {
            Ok(Some(found)) => {
                let (from, to) = found.offsets(0);
                out.extend_from_slice(subject.get(copied..from).unwrap_or_default());
                template
                    .append_to(&mut out, |group| found.group(group, subject).unwrap_or_default());
                copied = to;
                count += 1;
            }
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        }
        if !all {
            break Ok(());
        }
    };

    let results = match outcome {
        Err(error) => not_matched(l, error, 2),
        Ok(()) if count == 0 => {
            l.push_value(SUBJECT);
            l.push_integer(0);
            2
        }
        Ok(()) => {
            out.extend_from_slice(subject.get(copied..).unwrap_or_default());
            l.push_bytes(&out);
            l.push_integer(count);
            2
        }
    };
    if out.capacity() <= KEPT {
        out.clear();
        regexes.buffer.set(out);
    }
    Ok(results)
}

/// A replacement by a function, which `re.lua` calls in between.
pub(super) struct Substitution {
    compiled: Rc<Compiled>,
    walk: Walk,
    all: bool,
    out: Vec<u8>,
    /// How much of the subject is in `out`.
    copied: usize,
    count: i64,
    /// The match that waits for its replacement.
    pending: Option<(usize, usize)>,
    error: Option<c_int>,
}

/// `substitution, text = begin(subject, regex, options, all)`, or nil and a
/// message
///
/// `text` is the subject as a string, which the functions below want.
pub(super) fn begin(l: State) -> Return {
    const OPTIONS: c_int = 3;
    const ALL: c_int = 4;

    l.set_top(ALL);
    let regexes = Regexes::of(l)?;
    to_text(l, SUBJECT)?;
    let compiled = match regexes.replacement(l, OPTIONS, None) {
        Ok(compiled) => compiled,
        Err(refused) => return refused.results(l, 1),
    };
    let substitution = Substitution {
        compiled,
        walk: Walk::new(0),
        all: l.boolean(ALL),
        out: Vec::new(),
        copied: 0,
        count: 0,
        pending: None,
        error: None,
    };
    regexes.kinds.substitution.push(l, substitution);
    l.push_value(SUBJECT);
    Ok(2)
}

/// Where `step` and `finish` have the subject.
const TEXT: c_int = 2;

/// `captures = step(substitution, text, replacement)`: takes the replacement of
/// the last match and gives the captures of the next.
pub(super) fn step(l: State) -> Return {
    const REPLACEMENT: c_int = 3;

    let given = l.top() >= REPLACEMENT;
    if given {
        l.set_top(REPLACEMENT);
        to_text(l, REPLACEMENT)?;
    }
    let regexes = Regexes::of(l)?;
    let mut substitution = take(l)?;
    let subject = l.bytes(TEXT).unwrap_or_default();

    if let Some((from, to)) = substitution.pending.take() {
        if !given {
            return Err(l.error("bad argument #1 to 'tostring' (value expected)"));
        }
        let out = &mut substitution.out;
        out.extend_from_slice(subject.get(substitution.copied..from).unwrap_or_default());
        out.extend_from_slice(l.bytes(REPLACEMENT).unwrap_or_default());
        substitution.copied = to;
    }

    let mut captures = false;
    if substitution.all || substitution.count == 0 {
        let Substitution { compiled, walk, .. } = &mut substitution;
        match walk.find(&regexes.matcher, &compiled.regex, subject) {
            Ok(Some(found)) => {
                captures::push(l, &compiled.regex, &found, subject, None);
                captures = true;
                substitution.pending = Some(found.offsets(0));
                substitution.count += 1;
            }
            Ok(None) => {}
            Err(error) => substitution.error = Some(error),
        }
    }
    if !captures {
        l.push_nil();
    }
    // SAFETY: as for `take`.
    unsafe { *owned::value(l, 1) = Some(substitution) };
    Ok(1)
}

/// `result, count, err = finish(substitution, text)`
pub(super) fn finish(l: State) -> Return {
    let mut substitution = take(l)?;
    let subject = l.bytes(TEXT).unwrap_or_default();

    if let Some(error) = substitution.error {
        return Ok(not_matched(l, error, 2));
    }
    if substitution.count == 0 {
        l.push_value(TEXT);
    } else {
        let rest = subject.get(substitution.copied..).unwrap_or_default();
        substitution.out.extend_from_slice(rest);
        l.push_bytes(&substitution.out);
    }
    l.push_integer(substitution.count);
    Ok(2)
}

/// Takes the substitution out of its userdata.
fn take(l: State) -> Result<Substitution, Raise> {
    // SAFETY: `re.lua` alone has such userdata, and passes nothing else.
    let place = unsafe { owned::value::<Substitution>(l, 1) };
    place.take().ok_or_else(|| l.error("the replacement has ended"))
}
