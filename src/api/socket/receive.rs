//! The methods that receive.

use nginx_lua_receive::{All, Any, Exact, Line, Until};

use super::object::{check_object, failed, log_closed, usable, wait};
use super::options;
use crate::api::call::cannot_wait;
use crate::api::text::check_text;
use crate::lua::state::Type;
use crate::lua::{Raise, Return, State, function};
use crate::sched::Run;
use crate::socket::{Pattern, Step, Tcp, UntilCell};
use crate::sys::lua::{self as ffi, lua_upvalueindex};

/// `data, err, partial = sock:receive(pattern?)`
///
/// Receives a line (`"*l"`, and without a pattern) without its end, or all until
/// the peer closes (`"*a"`), or a number of bytes. Returns nil, an error, and what
/// was received until then.
pub(super) fn receive(l: State) -> Return {
    let args = l.top();
    if args != 1 && args != 2 {
        return Err(l.error(format_args!(
            "expecting 1 or 2 arguments (including the object), but got {args}"
        )));
    }
    check_object(l)?;
    let usable = usable(l)?;
    let pattern = if args == 1 { Pattern::Line(Line::default()) } else { pattern(l)? };
    receive_pattern(l, usable, pattern)
}

fn pattern(l: State) -> Result<Pattern, Raise> {
    if l.is_number(2) {
        let size = l.number(2);
        if size.is_nan() || size < 0.0 {
            return Err(l.argument_error(2, "bad pattern argument"));
        }
        return Ok(Pattern::Exact(Exact::new(size as usize)));
    }
    if l.type_of(2) != Type::String {
        return Err(l.argument_error(2, "bad pattern argument"));
    }
    match l.bytes(2).unwrap_or_default() {
        b"*l" => Ok(Pattern::Line(Line::default())),
        b"*a" => Ok(Pattern::All(All::default())),
        [b'*', _] => Err(l.argument_error(2, "bad pattern argument")),
        other => {
            let message = format!("bad pattern argument: {}", String::from_utf8_lossy(other));
            Err(l.argument_error(2, message))
        }
    }
}

/// `data, err, partial = sock:receiveany(max)`
///
/// Receives what is there, at most `max` bytes, or waits until there is something.
pub(super) fn receiveany(l: State) -> Return {
    let args = l.top();
    if args != 2 {
        return Err(
            l.error(format_args!("expecting 2 arguments (including the object), but got {args}"))
        );
    }
    check_object(l)?;
    let max = if l.is_number(2) { l.number(2) } else { 0.0 };
    if max.is_nan() || max < 1.0 {
        return Err(l.argument_error(2, "bad max argument"));
    }
    let usable = usable(l)?;
    receive_pattern(l, usable, Pattern::Any(Any::new(max as usize)))
}

/// `iterator, err = sock:receiveuntil(pattern, options?)`
///
/// A function that receives up to the pattern; with a size, up to that many bytes
/// at a time, and then nil, nil, nil. With the option `inclusive`, the pattern is
/// a part of the result.
pub(super) fn receiveuntil(l: State) -> Return {
    let args = l.top();
    if args != 2 && args != 3 {
        return Err(l.error(format_args!(
            "expecting 2 or 3 arguments (including the object), but got {args}"
        )));
    }
    let mut inclusive = false;
    if args == 3 {
        if l.type_of(3) != Type::Table {
            return Err(l.type_error(3, "table"));
        }
        options::field(l, 3, c"inclusive")?;
        match l.type_of(-1) {
            Type::Nil => {}
            Type::Boolean => inclusive = l.boolean(-1),
            _ => {
                let name = l.type_name(-1);
                return Err(l.error(format_args!("bad \"inclusive\" option value type: {name}")));
            }
        }
    }
    check_object(l)?;
    check_text(l, 2)?;
    let Some(until) = Until::new(l.bytes(2).unwrap_or_default(), inclusive) else {
        return Ok(failed(l, "pattern is empty"));
    };

    // The iterator's upvalues: what the methods have, the object, the pattern.
    l.push_value(lua_upvalueindex(1));
    l.push_value(1);
    let owns_memory = until.owns_memory();
    // SAFETY: the memory is that of the userdata, which keeps it in place; its
    // metatable makes the collector drop the value, if it must be dropped.
    unsafe {
        const { assert!(align_of::<UntilCell>() <= align_of::<u64>(), "LuaJIT gives no more") };
        let place: *mut UntilCell = ffi::lua_newuserdata(l.as_ptr(), size_of::<UntilCell>()).cast();
        place.write(UntilCell::new(until));
    }
    if owns_memory {
        l.new_table(0, 1);
        l.push_function(function(until_collected), 0);
        l.raw_set_field(-2, "__gc");
        l.set_metatable(-2);
    }
    l.push_function(function(next_part), 3);
    Ok(1)
}

/// The iterator: `data, err, partial = iterator(size?)`
fn next_part(l: State) -> Return {
    let args = l.top();
    if args > 1 {
        return Err(l.error(format_args!("expecting 0 or 1 arguments, but seen {args}")));
    }
    if args == 1 && !l.is_number(1) {
        return Err(l.type_error(1, "number"));
    }
    let size = l.number(1).max(0.0) as usize;
    l.set_top(0);
    l.push_value(lua_upvalueindex(2));
    let usable = usable(l)?;
    // SAFETY: the third upvalue is the userdata that `receiveuntil` has made.
    let until = unsafe { ffi::lua_touserdata(l.as_ptr(), lua_upvalueindex(3)) };
    // The code that waits may drop the iterator.
    l.push_value(lua_upvalueindex(3));
    receive_pattern(l, usable, Pattern::Until(until.cast(), size))
}

/// Receives. The topmost value is kept while it waits.
fn receive_pattern(l: State, usable: Option<(&Run, &Tcp)>, pattern: Pattern) -> Return {
    let Some((run, socket)) = usable else {
        if !matches!(pattern, Pattern::Until(..)) {
            log_closed(l, "receive");
        }
        return Ok(failed(l, "closed"));
    };
    if let Some(busy) = socket.busy(true, false) {
        return Ok(failed(l, busy));
    }
    match socket.receive(l, pattern) {
        (Step::Done(results), _) => Ok(results),
        (Step::Wait, pattern) => {
            let Some(thread) = run.thread().filter(|_| run.can_wait(l)) else {
                return Err(cannot_wait(l));
            };
            socket.wait_to_receive(thread, pattern);
            Ok(wait(l))
        }
    }
}

/// The collector takes an iterator's pattern.
fn until_collected(l: State) -> Return {
    // SAFETY: as above.
    unsafe { ffi::lua_touserdata(l.as_ptr(), 1).cast::<UntilCell>().drop_in_place() }
    Ok(0)
}
