//! Decoding keeps to its room, and undoes encoding; what is valid without
//! skipping is so with it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nginx_lua_text::base64::{Form, decode, decode_mime, decoded_length, encode, encoded_length};

fuzz_target!(|input: &[u8]| {
    for form in [Form::Padded, Form::Unpadded, Form::Url] {
        let len = encoded_length(input.len(), form).unwrap();
        let mut digits = vec![0; len];
        assert_eq!(encode(input, form, &mut digits), len);

        let mut text = vec![0; decoded_length(len)];
        let len = decode(&digits, form, &mut text).unwrap();
        assert_eq!(text[..len], *input);
    }

    let mut strict = vec![0; decoded_length(input.len())];
    let mut mime = strict.clone();
    let _ = decode(input, Form::Url, &mut strict);
    let skipped = decode_mime(input, &mut mime);
    if let Ok(len) = decode(input, Form::Padded, &mut strict) {
        assert_eq!(skipped, Ok(len));
        assert_eq!(mime[..len], strict[..len]);
    }
});
