//! However the input is split, the lexer finds the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nginx_lua_lexer::{BlockLexer, Progress};

fuzz_target!(|input: (u8, &[u8])| {
    let (size, text) = input;

    let mut whole = BlockLexer::new(1);
    let expected = whole.feed(text);

    let mut pieces = BlockLexer::new(1);
    let mut consumed = 0;
    let mut found = Progress::More;
    for piece in text.chunks(usize::from(size).max(1)) {
        match pieces.feed(piece) {
            Progress::More => consumed += piece.len(),
            Progress::End(n) => {
                found = Progress::End(consumed + n);
                break;
            }
        }
    }

    assert_eq!(found, expected);
    assert_eq!(pieces.line(), whole.line());
    match found {
        Progress::End(n) => assert_eq!(text[n - 1], b'}'),
        Progress::More => {
            let unfinished = whole.finish();
            assert_eq!(pieces.finish(), unfinished);
            assert!(!unfinished.to_string().is_empty());
        }
    }
});
