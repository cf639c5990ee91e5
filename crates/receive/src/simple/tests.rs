use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;

/// The result and how much is used up, or nothing and the partial result.
fn run(mut scan: impl Scan, pieces: &[&[u8]]) -> (Option<usize>, Vec<u8>) {
    let data = pieces.concat();
    // As a socket does: what is there first, before anything is read.
    let mut found = scan.feed(b"");
    for piece in pieces {
        if found.is_none() {
            found = scan.feed(piece);
        }
    }
    let cut = found.unwrap_or_else(|| scan.partial());
    let mut out = Vec::new();
    if cut.returns {
        push_without_returns(&data[..cut.take], &mut out);
    } else {
        out.extend_from_slice(&data[..cut.take]);
    }
    if found.is_none() {
        assert_eq!(cut.consumed(), data.len());
    }
    (found.map(|cut| cut.consumed()), out)
}

#[test]
fn so_many_bytes() {
    assert_eq!(run(Exact::new(0), &[]), (Some(0), b"".to_vec()));
    assert_eq!(run(Exact::new(3), &[b"ab", b"cd"]), (Some(3), b"abc".to_vec()));
    assert_eq!(run(Exact::new(5), &[b"ab", b"cd"]), (None, b"abcd".to_vec()));

    let mut exact = Exact::new(1 << 20);
    assert_eq!(exact.feed(&[0; 48]), None);
    assert_eq!(exact.missing(), (1 << 20) - 48);
}

#[test]
fn lines() {
    assert_eq!(run(Line::default(), &[b"abc\r\nd"]), (Some(5), b"abc".to_vec()));
    assert_eq!(run(Line::default(), &[b"\n"]), (Some(1), b"".to_vec()));
    assert_eq!(run(Line::default(), &[b"a\rb\r\n\r"]), (Some(5), b"ab".to_vec()));
    assert_eq!(run(Line::default(), &[b"\r\rx\r"]), (None, b"x".to_vec()));
    assert_eq!(run(Line::default(), &[b"a\r", b"", b"\r", b"\n"]), (Some(4), b"a".to_vec()));
}

#[test]
fn a_usual_line_needs_no_copy() {
    assert_eq!(Line::default().feed(b"abc\r\r\n"), Some(Cut { take: 3, skip: 3, returns: false }));
    assert_eq!(Line::default().feed(b"\rabc\r\n"), Some(Cut { take: 4, skip: 2, returns: true }));
}

#[test]
fn all_of_it() {
    assert_eq!(run(All::default(), &[b"a\r", b"\nb"]), (None, b"a\r\nb".to_vec()));
    assert_eq!(run(All::default(), &[]), (None, b"".to_vec()));
}

#[test]
fn whatever_is_there() {
    assert_eq!(run(Any::new(5), &[b"", b"abc", b"d"]), (Some(3), b"abc".to_vec()));
    assert_eq!(run(Any::new(2), &[b"abc"]), (Some(2), b"ab".to_vec()));
    assert_eq!(run(Any::new(2), &[]), (None, b"".to_vec()));
}

proptest! {
    #[test]
    fn a_line_is_the_same_however_it_is_cut(
        pieces in vec(vec(select(b"\r\n\rab".to_vec()), 0..6), 0..8)
    ) {
        let data = pieces.concat();
        let newline = data.iter().position(|c| *c == b'\n');
        let line: Vec<u8> =
            data[..newline.unwrap_or(data.len())].iter().copied().filter(|c| *c != b'\r').collect();

        let whole = run(Line::default(), &[&data]);
        prop_assert_eq!(&whole, &(newline.map(|at| at + 1), line));

        let pieces: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
        prop_assert_eq!(&run(Line::default(), &pieces), &whole);
        let bytes: Vec<&[u8]> = data.chunks(1).collect();
        prop_assert_eq!(&run(Line::default(), &bytes), &whole);
    }

    #[test]
    fn exactly_is_exact(size in 0_usize..20, pieces in vec(vec(any::<u8>(), 0..6), 0..8)) {
        let data = pieces.concat();
        let pieces: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
        let expected = match data.get(..size) {
            Some(enough) => (Some(size), enough.to_vec()),
            None => (None, data.clone()),
        };
        prop_assert_eq!(run(Exact::new(size), &pieces), expected);
    }
}
