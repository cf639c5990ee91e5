//! The tables that sockets are, and the sockets in them.

use core::ffi::c_int;

use crate::api::call::{self, NO_REQUEST, yield_marked};
use crate::lua::coroutine::Mark;
use crate::lua::state::Type;
use crate::lua::{Raise, Return, State};
use crate::sched::{Ctx, Run};
use crate::socket::Tcp;
use crate::sys::lua::{self as ffi, lua_CFunction, lua_upvalueindex};

/// The array fields of the table that is a TCP socket.
#[derive(Clone, Copy)]
pub(super) enum Slot {
    Context = 1,
    ConnectTimeout = 2,
    Key = 3,
    SendTimeout = 4,
    ReadTimeout = 5,
    Bind = 8,
}

/// A table of methods that is its own `__index`. They have the metatable of the
/// userdata as their upvalue.
pub(super) fn push_metatable(l: State, userdata: c_int, methods: &[&[(&str, lua_CFunction)]]) {
    l.new_table(0, 20);
    for (name, call) in methods.iter().copied().flatten() {
        l.push_value(userdata);
        l.push_function(*call, 1);
        l.raw_set_field(-2, name);
    }
    l.push_value(-1);
    l.raw_set_field(-2, "__index");
}

/// The first argument must be a table.
pub(super) fn check_object(l: State) -> Result<(), Raise> {
    match l.type_of(1) {
        Type::Table => Ok(()),
        _ => Err(l.type_error(1, "table")),
    }
}

/// The socket of the object, once it was connected for the first time.
pub(super) fn socket<'a>(l: State) -> Result<Option<&'a Tcp>, Raise> {
    l.raw_get_index(1, Slot::Context as c_int);
    let ours = l.push_metatable(-1) && l.raw_equal(-1, lua_upvalueindex(1));
    if !ours {
        l.set_top(l.top() - 1);
        return Ok(None);
    }
    // SAFETY: a userdata with our metatable holds a socket. It stays while the
    // object, an argument or upvalue of the running function, has it.
    let socket = unsafe { ffi::lua_touserdata(l.as_ptr(), -2).cast::<Tcp>().as_ref() };
    l.pop(2);
    Ok(socket)
}

/// A new socket for the object.
pub(super) fn create<'a>(l: State) -> &'a Tcp {
    // SAFETY: the memory is that of the userdata, which keeps it in place; its
    // metatable makes the collector drop the value.
    let socket = unsafe {
        let place: *mut Tcp = ffi::lua_newuserdata(l.as_ptr(), size_of::<Tcp>()).cast();
        place.write(Tcp::new());
        &*place
    };
    l.push_value(lua_upvalueindex(1));
    l.set_metatable(-2);
    l.raw_set_index(1, Slot::Context as c_int);
    socket
}

/// The socket of the object for the running code, if it can be used at all.
pub(super) fn usable<'a>(l: State) -> Result<Option<(&'a Run, &'a Tcp)>, Raise> {
    if let Some(found) = newest(l) {
        return Ok(Some(found));
    }
    let Some(socket) = socket(l)? else { return Ok(None) };
    let Some(owner) = socket.ctx() else { return Ok(None) };
    let (run, ctx) = current(l)?;
    check_owner(l, owner, ctx)?;
    Ok(Some((run, socket)))
}

/// The same if it is the one that the request has since last, as it mostly is:
/// where that lies nothing else can lie, and no metatable need tell what it is.
fn newest<'a>(l: State) -> Option<(&'a Run, &'a Tcp)> {
    let run = Run::current()?;
    let socket = Tcp::newest(served(run)?)?;
    l.raw_get_index(1, Slot::Context as c_int);
    // SAFETY: only the address is looked at.
    let place = unsafe { ffi::lua_touserdata(l.as_ptr(), -1) };
    l.pop(1);
    core::ptr::eq(socket, place.cast()).then_some((run, socket))
}

pub(super) fn check_owner(l: State, owner: &Ctx, ctx: &Ctx) -> Result<(), Raise> {
    if owner.request == ctx.request { Ok(()) } else { Err(l.error("bad request")) }
}

/// The running code, and its request or that of its timer.
pub(super) fn current<'a>(l: State) -> Result<(&'a Run, &'a Ctx), Raise> {
    let run = call::current(l, NO_REQUEST)?;
    served(run).map(|ctx| (run, ctx)).ok_or_else(|| l.error("no request found"))
}

fn served(run: &Run) -> Option<&Ctx> {
    run.ctx().or_else(|| run.thread().map(|thread| thread.ctx()))
}

pub(super) fn log_closed(l: State, attempt: &str) {
    let Ok((_, ctx)) = current(l) else { return };
    Tcp::log_never_connected(ctx, attempt);
}

/// Gives control to the scheduler, with what has to stay on the stack: the
/// userdata of the socket and the topmost value.
pub(super) fn wait(l: State) -> c_int {
    l.raw_get_index(1, Slot::Context as c_int);
    yield_marked(l, Mark::Waits, 2)
}

/// `nil, reason`
pub(super) fn failed(l: State, reason: impl AsRef<[u8]>) -> c_int {
    l.push_nil();
    l.push_bytes(reason);
    2
}

/// The collector takes a socket.
pub(super) fn collected(l: State) -> Return {
    // SAFETY: only our userdata have this metatable, which Lua code cannot get
    // at.
    unsafe { ffi::lua_touserdata(l.as_ptr(), 1).cast::<Tcp>().drop_in_place() }
    Ok(0)
}
