use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn name(text: &str) -> Name {
    Name::from_text(text.as_bytes()).expect("a name")
}

/// A response with the question for `x.example`, and records as given.
fn response(flags: u16, kind: Type, answers: &[Vec<u8>], authorities: &[Vec<u8>]) -> Vec<u8> {
    let mut message = Vec::new();
    push_query(&mut message, 7, &name("x.example"), kind, None);
    message[2..4].copy_from_slice(&(FLAG_RESPONSE | flags).to_be_bytes());
    message[6..8].copy_from_slice(&(answers.len() as u16).to_be_bytes());
    message[8..10].copy_from_slice(&(authorities.len() as u16).to_be_bytes());
    message.extend(answers.concat());
    message.extend(authorities.concat());
    message
}

fn record(owner: &[u8], kind: u16, ttl: u32, data: &[u8]) -> Vec<u8> {
    let mut record = owner.to_vec();
    record.extend(kind.to_be_bytes());
    record.extend(CLASS_IN.to_be_bytes());
    record.extend(ttl.to_be_bytes());
    record.extend((data.len() as u16).to_be_bytes());
    record.extend(data);
    record
}

/// A pointer to the name in the question.
const QNAME: &[u8] = b"\xc0\x0c";

fn read_a(message: &[u8]) -> Result<Answer, Rejected> {
    read(message, 7, &name("X.Example"), Type::A)
}

fn addresses(answer: &Answer) -> Vec<String> {
    answer.addresses.iter().map(IpAddr::to_string).collect()
}

#[test]
fn questions() {
    let mut out = Vec::new();
    push_query(&mut out, 0x1234, &name("A.b."), Type::Aaaa, Some(1232));
    assert_eq!(
        out,
        b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x01\x01a\x01b\x00\x00\x1c\x00\x01\
          \x00\x00\x29\x04\xd0\x00\x00\x00\x00\x00\x00"
    );
}

#[test]
fn addresses_of_both_families() {
    let records = [
        record(QNAME, 1, 60, &[10, 0, 0, 1]),
        record(b"\x01X\x07EXAMPLE\x00", 1, 30, &[10, 0, 0, 2]),
        record(b"\x01y\xc0\x0e", 1, 10, &[10, 0, 0, 3]),
    ];
    let answer = read_a(&response(0, Type::A, &records, &[])).expect("an answer");
    assert_eq!(addresses(&answer), ["10.0.0.1", "10.0.0.2"]);
    assert_eq!((answer.ttl, answer.error, answer.truncated), (Some(30), None, false));

    let records = [record(QNAME, 28, 60, &[0xfd; 16])];
    let message = response(0, Type::Aaaa, &records, &[]);
    let answer = read(&message, 7, &name("x.example"), Type::Aaaa).expect("an answer");
    assert_eq!(addresses(&answer), ["fdfd:fdfd:fdfd:fdfd:fdfd:fdfd:fdfd:fdfd"]);
}

#[test]
fn aliases() {
    // In any order, the second one compressed.
    let records = [
        record(b"\x01z\x00", 1, 60, &[10, 0, 0, 9]),
        record(b"\x01y\xc0\x0e", TYPE_CNAME, 20, b"\x01Z\x00"),
        record(QNAME, TYPE_CNAME, 40, b"\x01y\xc0\x0e"),
    ];
    let answer = read_a(&response(0, Type::A, &records, &[])).expect("an answer");
    assert_eq!(addresses(&answer), ["10.0.0.9"]);
    assert_eq!(answer.ttl, Some(20));

    // In a circle.
    let records =
        [record(QNAME, TYPE_CNAME, 40, QNAME), record(b"\x01z\x00", 1, 60, &[10, 0, 0, 9])];
    let answer = read_a(&response(0, Type::A, &records, &[])).expect("an answer");
    assert_eq!(addresses(&answer), [""; 0]);
}

#[test]
fn no_such_name() {
    let mut soa = b"\x00\x00".to_vec();
    soa.extend([1_u32, 2, 3, 4, 45].map(u32::to_be_bytes).concat());
    let soa = record(b"\x00", TYPE_SOA, 600, &soa);
    let answer = read_a(&response(3, Type::A, &[], &[soa])).expect("an answer");
    assert_eq!((answer.error, answer.ttl), (Some(Error::NotFound), Some(45)));

    // Without a word on how long that holds.
    let alias = record(QNAME, TYPE_CNAME, 40, b"\x01y\xc0\x0e");
    let answer = read_a(&response(0, Type::A, &[alias], &[])).expect("an answer");
    assert_eq!((answer.error, answer.ttl, answer.addresses.len()), (None, None, 0));
}

#[test]
fn codes() {
    for (code, error) in [
        (1, Error::Format),
        (2, Error::Server),
        (4, Error::Unimplemented),
        (5, Error::Refused),
        (9, Error::Other(9)),
    ] {
        let answer = read_a(&response(code, Type::A, &[], &[])).expect("an answer");
        assert_eq!(answer.error, Some(error));
    }
    // Some servers leave the question out.
    let header = b"\x00\x07\x80\x01\x00\x00\x00\x00\x00\x00\x00\x00";
    assert_eq!(read_a(header).expect("an answer").error, Some(Error::Format));
    let header = b"\x00\x07\x80\x03\x00\x00\x00\x00\x00\x00\x00\x00";
    assert_eq!(read_a(header), Err(Rejected::Foreign));
}

#[test]
fn truncated() {
    let records = [record(QNAME, 1, 60, &[10, 0, 0, 1])];
    let mut message = response(FLAG_TRUNCATED, Type::A, &records, &[]);
    assert!(read_a(&message).expect("an answer").truncated);
    message.pop();
    assert!(read_a(&message).expect("an answer").truncated);
}

#[test]
fn answers_to_others() {
    let records = [record(QNAME, 1, 60, &[10, 0, 0, 1])];
    let message = response(0, Type::A, &records, &[]);
    let foreign = Err(Rejected::Foreign);
    assert_eq!(read(&message, 8, &name("x.example"), Type::A), foreign);
    assert_eq!(read(&message, 7, &name("y.example"), Type::A), foreign);
    assert_eq!(read(&message, 7, &name("x.example"), Type::Aaaa), foreign);
    // A question, and nothing.
    let mut question = message.clone();
    question[2] = 0;
    assert_eq!(read_a(&question), foreign);
    assert_eq!(read_a(b""), foreign);
}

#[test]
fn nonsense() {
    let malformed = Err(Rejected::Malformed);
    let short = record(QNAME, 1, 60, &[10, 0, 0]);
    assert_eq!(read_a(&response(0, Type::A, &[short], &[])), malformed);
    let longer = record(QNAME, TYPE_CNAME, 60, b"\x01y\x00\x00");
    assert_eq!(read_a(&response(0, Type::A, &[longer], &[])), malformed);
    let circle = record(b"\xc0\x1b", 1, 60, &[10, 0, 0, 1]);
    assert_eq!(read_a(&response(0, Type::A, &[circle], &[])), malformed);

    let message = response(0, Type::A, &[record(QNAME, 1, 60, &[10, 0, 0, 1])], &[]);
    for len in 0..message.len() {
        assert!(read_a(&message[..len]).is_err(), "{len}");
    }
}

#[test]
fn times_with_the_highest_bit() {
    let records = [record(QNAME, 1, 1 << 31, &[10, 0, 0, 1])];
    assert_eq!(read_a(&response(0, Type::A, &records, &[])).expect("an answer").ttl, Some(0));
}

proptest! {
    #[test]
    fn anything_at_all(message in vec(any::<u8>(), 0..200)) {
        let _ = read_a(&message);
    }

    #[test]
    fn anything_behind_the_question(flags in 0_u16..0x400, records in vec(any::<u8>(), 0..100), count in 0_u16..9) {
        let mut message = response(flags, Type::A, &[], &[]);
        message[6..8].copy_from_slice(&count.to_be_bytes());
        message.extend(records);
        let _ = read_a(&message);
    }

    #[test]
    fn damaged_bytes(at in 0_usize..200, byte in any::<u8>()) {
        let records = [
            record(QNAME, TYPE_CNAME, 40, b"\x01y\xc0\x0e"),
            record(b"\x01y\xc0\x0e", TYPE_CNAME, 20, b"\x01Z\x00"),
            record(b"\x01z\x00", 1, 60, &[10, 0, 0, 9]),
        ];
        let mut message = response(0, Type::A, &records, &[]);
        let at = at % message.len();
        message[at] = byte;
        let _ = read_a(&message);
    }

    #[test]
    fn every_address_comes_out(list in vec(any::<[u8; 4]>(), 0..50), ttl in 0_u32..100) {
        let records: Vec<_> = list.iter().map(|data| record(QNAME, 1, ttl, data)).collect();
        let answer = read_a(&response(0, Type::A, &records, &[])).expect("an answer");
        let expected: Vec<IpAddr> = list.iter().map(|bytes| IpAddr::from(*bytes)).collect();
        prop_assert_eq!(answer.ttl, (!list.is_empty()).then_some(ttl));
        prop_assert_eq!(answer.addresses, expected);
    }
}
