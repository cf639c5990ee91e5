//! The length is foretold, and decoding undoes escaping.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nginx_lua_text::escape::{Set, escape, escape_into, escape_to, escaped_len};
use nginx_lua_text::unescape::{Plus, decode, decode_to};
use nginx_lua_text::uri;

const SETS: [Set; 10] = [
    Set::Uri,
    Set::Args,
    Set::Component,
    Set::Html,
    Set::Refresh,
    Set::Memcached,
    Set::MailAuth,
    Set::HeaderName,
    Set::HeaderValue,
    Set::SetUriArgs,
];

fuzz_target!(|input: &[u8]| {
    for set in SETS {
        let escaped = escape(input, set);
        assert_eq!(escaped.len(), escaped_len(input, set));
        assert!(escaped.iter().all(|&byte| byte == b'%' || !set.contains(byte)));

        let mut out = Vec::new();
        escape_into(input, set, &mut out);
        assert_eq!(out, *escaped);
        out.fill(0);
        assert_eq!(escape_to(input, set, &mut out), out.len());
        assert_eq!(out, *escaped);

        if set.contains(b'%') {
            assert_eq!(*decode(&escaped, Plus::Keep), *input);
        }
    }

    for plus in [Plus::Space, Plus::Keep] {
        let mut out = vec![0; input.len()];
        let len = decode_to(input, plus, &mut out);
        assert_eq!(out[..len], *decode(input, plus));
    }
    assert_eq!(uri::first_unsafe_byte(&uri::display(input)), None);
    assert_eq!(uri::first_unsafe_byte(&escape(input, Set::HeaderValue)), None);
});
