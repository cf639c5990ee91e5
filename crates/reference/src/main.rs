//! Prints `docs/api/table.md`.

fn main() {
    print!("{}", nginx_lua_reference::table());
}
