//! What a template says is what comes out: its length, and no panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nginx_lua_text::template::Template;

fuzz_target!(|source: &[u8]| {
    let Ok(template) = Template::parse(source) else {
        return;
    };

    let (mut empty, mut single) = (Vec::new(), Vec::new());
    template.append_to(&mut empty, |_| b"");
    template.append_to(&mut single, |_| b"x");

    // A variable takes two bytes at least, an escaped dollar two.
    let dollars = source.iter().filter(|c| **c == b'$').count();
    assert!(single.len() - empty.len() <= dollars);
    assert!(single.len() <= source.len());
    if dollars == 0 {
        assert_eq!(empty, source);
    }
});
