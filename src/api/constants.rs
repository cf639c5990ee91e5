//! Constants of the table `ngx`.

use nginx_lua_reference::CONSTANTS;

use crate::lua::State;
use crate::sys::lua::LUA_GLOBALSINDEX;
use crate::sys::{NGX_HTTP_GET, NGX_HTTP_TRACE, NGX_LOG_DEBUG};

// The numbers of the interface are those of nginx.
const _: () = assert!(NGX_HTTP_GET == 2 && NGX_HTTP_TRACE == 0x8000 && NGX_LOG_DEBUG == 8);

/// Makes the global table `ngx`, with the constants in it.
pub(super) fn open(l: State) {
    l.new_table(0, 128);
    for (name, value) in CONSTANTS {
        l.push_integer(*value);
        l.raw_set_field(-2, name);
    }
    l.push_null();
    l.raw_set_field(-2, "null");
    l.raw_set_field(LUA_GLOBALSINDEX, "ngx");
}
