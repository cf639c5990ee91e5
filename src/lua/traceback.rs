//! Stack traces as the C module writes them.

use core::ffi::{CStr, c_void};
use core::mem::MaybeUninit;
use core::ops::Range;

use super::{Return, State};
use crate::sys::lua as ffi;

/// Frames shown of one coroutine.
const FRAMES: i32 = 22;
/// Frames shown from either end of a main state that has more than both and
/// one.
const ENDS: i32 = 10;
/// Coroutines shown of one chain.
pub(crate) const COROUTINES: usize = 5;

/// Appends the traces of a chain of coroutines, the innermost first. `closure`
/// is the chunk's function, which is called what it is to its author: the main
/// chunk.
pub(crate) fn coroutines(
    out: &mut Vec<u8>,
    chain: impl Iterator<Item = State>,
    closure: *const c_void,
) {
    out.extend_from_slice(b"\nstack traceback:");
    for (n, co) in chain.take(COROUTINES).enumerate() {
        out.extend_from_slice(format!("\ncoroutine {n}:").as_bytes());
        frames(out, co, 0..FRAMES, closure);
        if Frame::at(co, FRAMES).is_some() {
            out.extend_from_slice(b"\n\t...");
        }
    }
}

/// Appends the trace of what called the running C function. Without a thread's
/// `closure`, the outermost function is the main chunk.
pub(crate) fn of_caller(out: &mut Vec<u8>, l: State, closure: *const c_void) {
    let closure = if closure.is_null() { outermost(l).0 } else { closure };
    out.extend_from_slice(b"\nstack traceback:");
    frames(out, l, 1..FRAMES + 1, closure);
}

/// The message handler of protected calls on the main state: appends the trace
/// to a message; other error values stay as they are.
pub(super) fn handler(l: State) -> Return {
    if l.top() == 0 || l.bytes(1).is_none() {
        return Ok(i32::from(l.top() > 0));
    }

    let mut text = l.bytes(1).unwrap_or_default().to_vec();
    text.extend_from_slice(b"\nstack traceback:");
    let (closure, levels) = outermost(l);
    if levels <= 2 * ENDS + 1 {
        frames(&mut text, l, 1..levels + 1, closure);
    } else {
        frames(&mut text, l, 1..ENDS + 1, closure);
        text.extend_from_slice(b"\n\t...");
        frames(&mut text, l, levels + 1 - ENDS..levels + 1, closure);
    }
    l.push_bytes(text);
    Ok(1)
}

/// The function that the protected call started, and the number of frames.
fn outermost(l: State) -> (*const c_void, i32) {
    let mut closure = core::ptr::null();
    let mut level = 1;
    while let Some(mut frame) = Frame::at(l, level) {
        closure = frame.function(l);
        level += 1;
    }
    (closure, level - 1)
}

/// Appends the frames of `levels`; those that are not there are left out.
fn frames(out: &mut Vec<u8>, l: State, levels: Range<i32>, closure: *const c_void) {
    for level in levels {
        let Some(mut frame) = Frame::at(l, level) else {
            break;
        };
        frame.describe(l, out, closure);
    }
}

struct Frame(ffi::lua_Debug);

impl Frame {
    fn at(l: State, level: i32) -> Option<Self> {
        let mut frame = MaybeUninit::<ffi::lua_Debug>::zeroed();
        // SAFETY: lua_getstack fills in the frame that lua_getinfo reads; an
        // all-zero lua_Debug is valid.
        unsafe {
            (ffi::lua_getstack(l.as_ptr(), level, frame.as_mut_ptr()) == 1)
                .then(|| Self(frame.assume_init()))
        }
    }

    fn function(&mut self, l: State) -> *const c_void {
        // SAFETY: the frame came from lua_getstack; "f" pushes the function.
        unsafe {
            ffi::lua_getinfo(l.as_ptr(), c"f".as_ptr(), &raw mut self.0);
        }
        let function = l.address(-1);
        l.pop(1);
        function
    }

    fn describe(&mut self, l: State, out: &mut Vec<u8>, closure: *const c_void) {
        let is_main = self.function(l) == closure;

        // SAFETY: the frame came from lua_getstack; the strings that
        // lua_getinfo points to live as long as the function on the stack.
        let (source, name, what) = unsafe {
            ffi::lua_getinfo(l.as_ptr(), c"Snl".as_ptr(), &raw mut self.0);
            (
                CStr::from_ptr(self.0.short_src.as_ptr()).to_bytes(),
                (*self.0.namewhat != 0).then(|| CStr::from_ptr(self.0.name).to_bytes()),
                *self.0.what as u8,
            )
        };

        out.extend_from_slice(b"\n\t");
        out.extend_from_slice(source);
        out.push(b':');
        if self.0.currentline > 0 {
            out.extend_from_slice(format!("{}:", self.0.currentline).as_bytes());
        }

        if let Some(name) = name {
            out.extend_from_slice(b" in function '");
            out.extend_from_slice(name);
            out.push(b'\'');
        } else if is_main || what == b'm' {
            out.extend_from_slice(b" in main chunk");
        } else if what == b'C' {
            out.extend_from_slice(b" ?");
        } else {
            out.extend_from_slice(b" in function <");
            out.extend_from_slice(source);
            out.extend_from_slice(format!(":{}>", self.0.linedefined).as_bytes());
        }
    }
}
