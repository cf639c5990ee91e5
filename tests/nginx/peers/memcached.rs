//! memcached, with values of up to 8 MB.

use std::process::Command;

use super::{Place, Recipe, Variable, command};

pub const MEMCACHED: Recipe = Recipe {
    name: "memcached",
    programs: &["memcached"],
    variables: &[
        ("TEST_NGINX_MEMCACHED_PORT", Variable::Port),
        ("TEST_NGINX_MEMCACHED_DRIBBLE_PORT", Variable::Dribble),
    ],
    command: memcached,
};

fn memcached(place: &Place) -> Result<Command, String> {
    let mut command = command("memcached")?;
    command
        .args(["-l", "127.0.0.1", "-U", "0", "-t", "1", "-m", "64", "-I", "8m"])
        .args(["-p", &place.port.to_string()]);
    // Who changes its user is no longer told of the end of the harness.
    // SAFETY: geteuid has no conditions.
    if unsafe { libc::geteuid() } == 0 {
        command.args(["-u", "root"]);
    }
    Ok(command)
}
