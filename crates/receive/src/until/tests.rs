use std::time::{Duration, Instant};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;

/// What a call answers.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Answer {
    Data(Vec<u8>),
    End,
    Partial(Vec<u8>),
}

/// A socket that has received `data` in pieces, with `read` bytes gone.
struct Socket<'a> {
    data: &'a [u8],
    read: usize,
    /// Where pieces end.
    ends: Vec<usize>,
}

impl Socket<'_> {
    /// Feeds what the call has not seen, piece by piece.
    fn call(&mut self, until: &mut Until, size: usize) -> Answer {
        let Start::From(seen) = until.start(self.read as u64, size) else {
            return Answer::End;
        };
        let mut at = self.read + seen;
        for end in self.ends.iter().copied().chain([self.data.len()]) {
            if end < at {
                continue;
            }
            if let Some(cut) = until.feed(&self.data[at..end]) {
                return Answer::Data(self.consume(cut));
            }
            at = end;
        }
        Answer::Partial(self.consume(until.partial()))
    }

    fn consume(&mut self, cut: Cut) -> Vec<u8> {
        assert!(!cut.returns);
        let result = self.data[self.read..self.read + cut.take].to_vec();
        self.read += cut.consumed();
        result
    }
}

/// The same, by definition instead of by search.
#[derive(Default)]
struct Model {
    ended: bool,
}

impl Model {
    fn call(&mut self, data: &[u8], pattern: &[u8], inclusive: bool, size: usize) -> Answer {
        if std::mem::take(&mut self.ended) {
            return Answer::End;
        }
        let mut before = 0;
        for seen in 0..=data.len() {
            let data = &data[..seen];
            if data.ends_with(pattern) {
                self.ended = size > 0;
                let len = if inclusive { seen } else { seen - pattern.len() };
                return Answer::Data(data[..len].to_vec());
            }
            // The longest end of the data that begins the pattern is pending.
            let pending = (0..pattern.len().min(seen + 1))
                .rev()
                .find(|len| data.ends_with(&pattern[..*len]))
                .expect("nothing always fits");
            // What was pending is settled before the byte that does not fit is
            // looked at.
            let mut settled = seen - pending;
            if settled == seen && settled > size {
                settled -= 1;
            }
            if size > 0 && settled >= size {
                return Answer::Data(data[..settled].to_vec());
            }
            before = pending;
        }
        Answer::Partial(data[..data.len() - before].to_vec())
    }
}

fn calls(
    data: &[u8],
    ends: &[usize],
    pattern: &[u8],
    inclusive: bool,
    sizes: &[usize],
) -> Vec<Answer> {
    let mut until = Until::new(pattern, inclusive).expect("a pattern");
    let mut socket = Socket { data, read: 0, ends: ends.to_vec() };
    sizes.iter().map(|size| socket.call(&mut until, *size)).collect()
}

fn data(text: &str) -> Answer {
    Answer::Data(text.as_bytes().to_vec())
}

fn partial(text: &str) -> Answer {
    Answer::Partial(text.as_bytes().to_vec())
}

#[test]
fn one_after_the_other() {
    assert_eq!(
        calls(b"hello--abcworld--abcz", &[], b"--abc", false, &[0, 0, 0, 0]),
        [data("hello"), data("world"), partial("z"), partial("")]
    );
    assert_eq!(
        calls(b"hello--abcworld--abcz", &[], b"--abc", true, &[0, 0, 0]),
        [data("hello--abc"), data("world--abc"), partial("z")]
    );
    assert!(Until::new(b"", false).is_none());
}

#[test]
fn patterns_that_overlap_themselves() {
    assert_eq!(calls(b"aaaaab.", &[], b"aaab", false, &[0]), [data("aa")]);
    assert_eq!(calls(b"ababababac.", &[], b"ababac", false, &[0]), [data("abab")]);
}

#[test]
fn sizes() {
    // As the C module answers: a result may be longer than its size.
    let text = b"hello--abx--abc--abcworld--abc--abc";
    assert_eq!(
        calls(text, &[], b"--abc", false, &[2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 0]),
        [
            data("he"),
            data("ll"),
            data("o--ab"),
            data("x"),
            Answer::End,
            data(""),
            Answer::End,
            data("wo"),
            data("rl"),
            data("d"),
            Answer::End,
            data(""),
            Answer::End,
        ]
    );
    assert_eq!(
        calls(text, &[], b"--abc", true, &[2, 2, 2, 2, 2, 2, 2]),
        [
            data("he"),
            data("ll"),
            data("o--ab"),
            data("x--abc"),
            Answer::End,
            data("--abc"),
            Answer::End
        ]
    );
}

#[test]
fn with_and_without_a_size() {
    let text = b"hello--abcworld--abcz--abc";
    assert_eq!(
        calls(text, &[], b"--abc", false, &[5, 0, 0]),
        [data("hello"), data(""), data("world")]
    );
    assert_eq!(
        calls(text, &[], b"--abc", false, &[5, 1, 0, 0]),
        [data("hello"), data(""), Answer::End, data("world")]
    );
}

#[test]
fn what_may_begin_the_pattern_stays() {
    let mut until = Until::new(b"--abc", false).expect("a pattern");
    let mut socket = Socket { data: b"hello--ab", read: 0, ends: vec![] };
    assert_eq!(socket.call(&mut until, 0), partial("hello"));
    assert_eq!((socket.read, until.pending()), (5, 4));

    // More has come.
    socket.data = b"hello--abc,x";
    assert_eq!(socket.call(&mut until, 0), data(""));
    assert_eq!(socket.read, 10);
}

#[test]
fn others_read_in_between() {
    let mut until = Until::new(b"--abc", false).expect("a pattern");
    let mut socket = Socket { data: b"hello--ab", read: 0, ends: vec![] };
    assert_eq!(socket.call(&mut until, 0), partial("hello"));

    // What was pending is gone, and so is the search.
    socket.data = b"hello--abc--abc";
    socket.read += 1;
    assert_eq!(socket.call(&mut until, 0), data("-abc"));
}

#[test]
fn a_call_that_was_given_up() {
    let mut until = Until::new(b"--abc", false).expect("a pattern");
    assert_eq!(until.start(0, 0), Start::From(0));
    assert_eq!(until.feed(b"hello--ab"), None);
    // It took nothing: all is there again for the next one.
    assert_eq!(until.start(0, 0), Start::From(0));
    assert_eq!(until.feed(b"hello--abc"), Some(Cut { take: 5, skip: 5, returns: false }));
}

/// 4 MB that always nearly match would take hours if they were searched again
/// for each piece, size or beginning.
#[test]
fn no_pattern_is_slow() {
    let begun = Instant::now();
    let text = vec![b'a'; 1 << 22];
    let mut pattern = vec![b'a'; 5000];
    for last in [b'a', b'b'] {
        *pattern.last_mut().expect("it is long") = last;
        let mut until = Until::new(&pattern, false).expect("a pattern");
        for (size, len) in [(0, 1), (0, 4096), (1, 4096), (7, 1), (4999, 1 << 16), (1 << 20, 100)] {
            let mut socket = Socket { data: &text, read: 0, ends: vec![] };
            let mut read_to = 0;
            while read_to < text.len() {
                if let Start::From(seen) = until.start(socket.read as u64, size) {
                    read_to = read_to.max(socket.read + seen);
                    let mut at = socket.read + seen;
                    while at < text.len() {
                        let end = text.len().min(at + len);
                        if let Some(cut) = until.feed(&text[at..end]) {
                            socket.read += cut.consumed();
                            break;
                        }
                        at = end;
                        read_to = at;
                    }
                }
            }
        }
    }
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
}

/// Texts of few letters that hold the pattern and beginnings of it.
fn pattern_and_text() -> impl Strategy<Value = (Vec<u8>, Vec<u8>)> {
    let pattern = prop_oneof![
        vec(select(b"ab".to_vec()), 1..8),
        vec(select(b"abc".to_vec()), 1..5),
        Just(b"ababac".to_vec()),
        Just(b"aaab".to_vec()),
    ];
    pattern.prop_flat_map(|pattern| {
        let len = pattern.len();
        let beginning = {
            let pattern = pattern.clone();
            (1..=len).prop_map(move |len| pattern[..len].to_vec())
        };
        let part = prop_oneof![vec(select(b"abc".to_vec()), 0..10), beginning];
        (Just(pattern), vec(part, 0..10).prop_map(|parts| parts.concat()))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn the_answers_of_the_model(
        (pattern, text) in pattern_and_text(),
        inclusive in any::<bool>(),
        sizes in vec(prop_oneof![Just(0), 1_usize..7, 7_usize..40], 1..30),
        mut ends in vec(0_usize..60, 0..10),
    ) {
        ends.retain(|end| *end <= text.len());
        ends.sort_unstable();

        let mut model = Model::default();
        let mut rest = &text[..];
        let expected: Vec<_> = sizes
            .iter()
            .map(|size| {
                let answer = model.call(rest, &pattern, inclusive, *size);
                match &answer {
                    Answer::Data(found) => {
                        rest = &rest[found.len()..];
                        let at_pattern = !inclusive && (*size == 0 || model.ended);
                        rest = &rest[if at_pattern { pattern.len() } else { 0 }..];
                    }
                    Answer::Partial(part) => rest = &rest[part.len()..],
                    Answer::End => {}
                }
                answer
            })
            .collect();

        prop_assert_eq!(&calls(&text, &[], &pattern, inclusive, &sizes), &expected);
        prop_assert_eq!(&calls(&text, &ends, &pattern, inclusive, &sizes), &expected);
        let all: Vec<_> = (0..text.len()).collect();
        prop_assert_eq!(&calls(&text, &all, &pattern, inclusive, &sizes), &expected);
    }
}
