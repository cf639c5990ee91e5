//! `ngx.req.socket`: the connection of the client.

use super::object::{create, failed};
use crate::api::call::{self, NO_REQUEST};
use crate::conf::Phases;
use crate::lua::{Return, State};
use crate::socket::Refused;
use crate::sys::lua::lua_upvalueindex;

/// `sock, err = ngx.req.socket(raw?)`
///
/// A socket to read the request body with, or, if `raw` is true, one that is the
/// connection of the client. Phases: output. Returns nil and an error if there is
/// no body, it was read, or the connection is in use.
pub(super) fn socket(l: State) -> Return {
    let args = l.top();
    if args > 1 {
        return Err(l.error(format_args!("expecting 0 or 1 argument, but got {args}")));
    }
    let (_, ctx) = call::in_phases(l, Phases::OUTPUT, NO_REQUEST)?;
    let raw = l.boolean(1);
    l.set_top(0);
    l.new_table(5, 0);
    l.push_value(lua_upvalueindex(if raw { 3 } else { 2 }));
    l.set_metatable(-2);
    // The object is where methods have it.
    let socket = create(l);
    // SAFETY: the socket is in a userdata, whose finalizer drops it.
    match unsafe { ctx.open_client_socket(raw, socket) } {
        Ok(()) => Ok(1),
        Err(Refused::Because(reason)) => Ok(failed(l, reason)),
        Err(Refused::Error(message)) => Err(l.error(message)),
    }
}
