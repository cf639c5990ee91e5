//! A chunk name ends as it must and fits in Lua's messages.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nginx_lua_text::chunkname::inline;
use nginx_lua_text::path::package_path;

fuzz_target!(|input: (&str, &[u8], &[u8], usize)| {
    let (tag, file, prefix, line) = input;

    let name = inline(tag, file, prefix, line);
    assert!(name.starts_with(format!("={tag}(").as_bytes()));
    assert!(name.ends_with(format!(":{line})").as_bytes()));
    if tag.len() <= 30 {
        assert!(name.len() <= 60);
    }

    package_path(file, prefix, tag.as_bytes());
});
