//! Limits hold, and what is encoded again is decoded to the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nginx_lua_text::args::{Args, Counting, Value, push_pair};

fuzz_target!(|input: (u8, &[u8])| {
    let (max, query) = input;
    let max = usize::from(max);

    let all: Vec<_> = Args::new(query, 0, Counting::Kept).collect();

    let mut kept = Args::new(query, max, Counting::Kept);
    let expected = if max == 0 {
        all.len()
    } else {
        all.len().min(max)
    };
    assert_eq!(kept.by_ref().collect::<Vec<_>>(), all[..expected]);

    let mut pieces = Args::new(query, max, Counting::Pieces);
    let counted: Vec<_> = pieces.by_ref().collect();
    assert_eq!(counted, all[..counted.len()]);
    assert_eq!(pieces.truncated(), kept.truncated());
    if !kept.truncated() {
        assert_eq!(counted, all);
    }

    let mut encoded = Vec::new();
    for (name, value) in &all {
        let value = match value {
            Value::Flag => None,
            Value::Text(text) => Some(&**text),
        };
        push_pair(&mut encoded, name, value);
    }
    assert_eq!(
        Args::new(&encoded, 0, Counting::Kept).collect::<Vec<_>>(),
        all
    );
});
