//! Rust values that Lua's garbage collector owns.

use core::ffi::{c_int, c_void};
use core::mem::align_of;

use crate::lua::state::{Ref, Type};
use crate::lua::{Return, State, function};
use crate::sys::lua as ffi;

/// A kind of userdata that holds a `T`, which is dropped when the userdata is
/// collected, or earlier.
pub(super) struct Owned<T> {
    metatable: Ref,
    /// Its address, by which such userdata are told from others.
    address: *const c_void,
    kind: core::marker::PhantomData<T>,
}

impl<T> Owned<T> {
    pub(super) fn new(l: State) -> Self {
        l.new_table(0, 2);
        l.push_function(function(collect::<T>), 0);
        l.raw_set_field(-2, "__gc");
        // The finalizer must not get into the hands of Lua code.
        l.push_boolean(false);
        l.raw_set_field(-2, "__metatable");
        let address = l.address(-1);
        Self { metatable: l.anchor(), address, kind: core::marker::PhantomData }
    }

    /// Pushes a userdata with the value.
    pub(super) fn push(&self, l: State, value: T) {
        const { assert!(align_of::<T>() <= align_of::<f64>()) };
        // SAFETY: the new userdata has room for the value, and gets it before it
        // can be collected.
        unsafe {
            let place = ffi::lua_newuserdata(l.as_ptr(), size_of::<Option<T>>());
            place.cast::<Option<T>>().write(Some(value));
        }
        l.push_ref(self.metatable);
        l.set_metatable(-2);
    }

    /// The same, and the userdata keeps the value at `companion` alive.
    pub(super) fn push_with(&self, l: State, value: T, companion: c_int) {
        self.push(l, value);
        l.new_table(1, 0);
        l.push_value(companion);
        l.raw_set_index(-2, 1);
        l.set_globals_of(-2);
    }

    /// The value of the userdata at `index`; `None` if it is something else or
    /// its value was dropped. The userdata stays on the stack while it is used.
    pub(super) fn get<'a>(&self, l: State, index: c_int) -> Option<&'a mut Option<T>> {
        if l.type_of(index) != Type::Userdata || !l.push_metatable(index) {
            return None;
        }
        let same = l.address(-1) == self.address;
        l.pop(1);
        // SAFETY: only `push` gives userdata this metatable.
        same.then(|| unsafe { value(l, index) })
    }
}

/// Pushes what the userdata at `index` keeps alive, see [`Owned::push_with`].
pub(super) fn push_companion(l: State, index: c_int) {
    // SAFETY: a userdata has an environment table.
    unsafe { ffi::lua_getfenv(l.as_ptr(), index) }
    l.raw_get_index(-1, 1);
    l.remove(-2);
}

/// # Safety
/// The userdata at `index` was made by [`Owned::push`] for the same type, and
/// no other reference to its value is alive.
pub(super) unsafe fn value<'a, T>(l: State, index: c_int) -> &'a mut Option<T> {
    // SAFETY: the caller's promise.
    unsafe { &mut *ffi::lua_touserdata(l.as_ptr(), index).cast::<Option<T>>() }
}

/// The finalizer.
fn collect<T>(l: State) -> Return {
    // SAFETY: Lua calls it with such a userdata, which nothing uses any more.
    unsafe { value::<T>(l, 1) }.take();
    Ok(0)
}
