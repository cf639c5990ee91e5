//! Data gives the same results in one piece and byte by byte, and none of it is
//! lost or comes twice.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nginx_lua_receive::{Cut, Exact, Line, Scan, Start, Until};

fn feed(scan: &mut impl Scan, data: &[u8], len: usize) -> Option<Cut> {
    scan.feed(b"").or_else(|| data.chunks(len).find_map(|piece| scan.feed(piece)))
}

/// Where results end, how long they are, and what is used up.
fn until(
    pattern: &[u8],
    inclusive: bool,
    sizes: &[u8],
    data: &[u8],
    len: usize,
) -> Vec<Option<Cut>> {
    let mut until = Until::new(pattern, inclusive).unwrap();
    let mut position = 0;
    let mut cuts = Vec::new();
    for size in sizes {
        let Start::From(seen) = until.start(position as u64, usize::from(*size)) else {
            cuts.push(None);
            continue;
        };
        let found = feed(&mut until, &data[position + seen..], len);
        let cut = found.unwrap_or_else(|| until.partial());
        if found.is_none() {
            assert_eq!(position + cut.take + until.pending(), data.len());
        } else if cut.skip > 0 {
            assert_eq!(data[position + cut.take..][..cut.skip], *pattern);
        }
        position += cut.consumed();
        cuts.push(Some(cut));
    }
    cuts
}

fuzz_target!(|input: (&[u8], bool, u8, &[u8], &[u8])| {
    let (pattern, inclusive, size, sizes, data) = input;
    let whole = data.len().max(1);

    if !pattern.is_empty() {
        assert_eq!(
            until(pattern, inclusive, sizes, data, whole),
            until(pattern, inclusive, sizes, data, 1)
        );
    }

    let (mut line, mut bytewise) = (Line::default(), Line::default());
    assert_eq!(feed(&mut line, data, whole), feed(&mut bytewise, data, 1));
    assert_eq!(line.partial().take, bytewise.partial().take);

    let size = usize::from(size);
    let found = feed(&mut Exact::new(size), data, 3);
    assert_eq!(found.map(|cut| cut.consumed()), (data.len() >= size).then_some(size));
});
