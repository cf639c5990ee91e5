//! Nothing but NULs is changed, and without any the text is a part of the buffer.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nginx_lua_text::raw_header::restore;

fuzz_target!(|buffers: Vec<&[u8]>| {
    let mut header = Vec::new();
    restore(buffers.iter().copied(), &mut header);
    assert!(header.len() <= buffers.iter().map(|buffer| buffer.len()).sum());

    if let [buffer] = buffers[..] {
        for (restored, byte) in header.iter().zip(buffer) {
            assert!(restored == byte || *byte == 0);
        }
    }
});
