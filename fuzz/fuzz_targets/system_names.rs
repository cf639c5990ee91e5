//! Any text is read as a hosts file and as a resolv.conf, and the limits hold.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nginx_lua_resolve::{Config, Hosts, candidates};

fuzz_target!(|input: (&[u8], &[u8])| {
    let (text, name) = input;

    let _ = Hosts::parse(text).lookup(name);

    let config = Config::parse(text);
    assert!((1..=3).contains(&config.servers.len()));
    assert!((1..=5).contains(&config.attempts));
    assert!((1000..=30000).contains(&config.timeout));

    let names = candidates(&config, name);
    assert!(names.len() <= config.search.len() + 1);
    assert!(names.iter().all(|name| name.wire().len() <= 255));
});
