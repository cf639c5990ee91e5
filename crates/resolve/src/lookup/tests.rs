use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

const TWO: &str = "nameserver 10.0.0.1\nnameserver 10.0.0.2\n";

/// A lookup with ids 1, 2, 3 … and what it has asked.
struct Run {
    lookup: Lookup,
    ids: u16,
    now: u64,
}

impl Run {
    fn new(config: &str, name: &str, families: Families) -> Self {
        let config = Config::parse(config.as_bytes());
        Self { lookup: Lookup::new(&config, name.as_bytes(), families, 0), ids: 0, now: 0 }
    }

    fn poll(&mut self) -> Action {
        let ids = &mut self.ids;
        self.lookup.poll(self.now, &mut || {
            *ids += 1;
            *ids
        })
    }

    #[track_caller]
    fn sent(&mut self) -> Query {
        match self.poll() {
            Action::Send(query) => query,
            other => panic!("{other:?}"),
        }
    }

    #[track_caller]
    fn waits(&mut self) -> u64 {
        match self.poll() {
            Action::Wait(until) => until,
            other => panic!("{other:?}"),
        }
    }

    #[track_caller]
    fn done(&mut self) -> Outcome {
        match self.poll() {
            Action::Done(outcome) => outcome,
            other => panic!("{other:?}"),
        }
    }

    fn reply(&mut self, query: &Query, flags: u8, code: u8, address: Option<&[u8]>) -> bool {
        let message = reply(query, flags, code, address);
        self.lookup.receive(query.server, query.transport, &message)
    }
}

const TRUNCATED: u8 = 2;

/// The answer to a query, with an address that holds for 60 seconds.
fn reply(query: &Query, flags: u8, code: u8, address: Option<&[u8]>) -> Vec<u8> {
    let mut message = match query.transport {
        Transport::Udp => query.message.clone(),
        Transport::Tcp => frame(&query.message).expect("a whole message").0.to_vec(),
    };
    // Without the additional record.
    if message[11] == 1 {
        message[11] = 0;
        message.truncate(message.len() - 11);
    }
    message[2] = 0x81 | flags;
    message[3] = code;
    if let Some(address) = address {
        message[7] = 1;
        let kind = if address.len() == 4 { 1 } else { 28 };
        message.extend([0xc0, 12, 0, kind, 0, 1, 0, 0, 0, 60, 0, address.len() as u8]);
        message.extend(address);
    }
    message
}

fn server(n: u8) -> SocketAddr {
    SocketAddr::from(([10, 0, 0, n], 53))
}

fn failed(error: Error) -> Outcome {
    Outcome { result: Err(error), ttl: None }
}

fn found(addresses: &[IpAddr], ttl: Option<u32>) -> Outcome {
    Outcome { result: Ok(addresses.to_vec()), ttl }
}

#[test]
fn both_families_at_once() {
    let mut run = Run::new(TWO, "x", Families::Both);
    let (a, aaaa) = (run.sent(), run.sent());
    assert_eq!((a.server, a.transport), (server(1), Transport::Udp));
    assert_ne!(a.message, aaaa.message);
    assert_eq!(run.waits(), 5000);

    assert!(run.reply(&aaaa, 0, 0, Some(&[0xfd; 16])));
    // Twice does not matter.
    assert!(!run.reply(&aaaa, 0, 0, Some(&[0xfd; 16])));
    assert_eq!(run.waits(), 5000);
    assert!(run.reply(&a, 0, 0, Some(&[10, 9, 9, 9])));
    let addresses = [IpAddr::from([10, 9, 9, 9]), IpAddr::from([0xfd; 16])];
    assert_eq!(run.done(), found(&addresses, Some(60)));
    assert_eq!(run.done(), found(&addresses, Some(60)));
}

#[test]
fn one_family_is_enough_if_the_other_fails() {
    let mut run = Run::new(TWO, "x", Families::Both);
    let (a, aaaa) = (run.sent(), run.sent());
    run.reply(&a, 0, 0, Some(&[10, 9, 9, 9]));
    run.reply(&aaaa, 0, 2, None);
    assert_eq!(run.done(), found(&[IpAddr::from([10, 9, 9, 9])], None));
}

#[test]
fn servers_in_turn_until_none_is_left() {
    let mut run = Run::new(TWO, "x", Families::V4);
    for (n, begin) in [(1, 0), (2, 5000), (1, 10000), (2, 15000)] {
        run.now = begin;
        assert_eq!(run.sent().server, server(n));
        assert_eq!(run.waits(), begin + 5000);
        run.now = begin + 4999;
        assert_eq!(run.waits(), begin + 5000);
    }
    run.now = 20000;
    assert_eq!(run.done(), failed(Error::TimedOut));
}

#[test]
fn a_late_answer_counts() {
    let mut run = Run::new(TWO, "x", Families::V4);
    let first = run.sent();
    run.now = run.waits();
    let second = run.sent();
    // That the first one fails now says nothing about the second.
    assert!(run.reply(&first, 0, 2, None));
    run.waits();
    assert!(run.reply(&first, 0, 0, Some(&[10, 9, 9, 9])));
    assert_eq!(run.done(), found(&[IpAddr::from([10, 9, 9, 9])], Some(60)));
    assert_eq!(second.server, server(2));
}

#[test]
fn a_server_that_fails_is_left_at_once() {
    let mut run = Run::new(TWO, "x", Families::V4);
    for n in [1, 2, 1, 2] {
        let query = run.sent();
        assert_eq!(query.server, server(n));
        run.reply(&query, 0, 5, None);
    }
    assert_eq!(run.done(), failed(Error::Refused));

    let mut run = Run::new(TWO, "x", Families::V4);
    for _ in 0..4 {
        let query = run.sent();
        run.lookup.fail(query.server, query.transport);
    }
    assert_eq!(run.done(), failed(Error::TimedOut));
}

#[test]
fn domains_are_searched() {
    let mut run = Run::new("nameserver 10.0.0.1\nsearch a b\n", "x", Families::V4);
    let query = run.sent();
    assert_eq!(&query.message[12..17], b"\x01x\x01a\x00");
    run.reply(&query, 0, 3, None);
    let query = run.sent();
    assert_eq!(&query.message[12..17], b"\x01x\x01b\x00");
    // There is such a name, but it has no address.
    run.reply(&query, 0, 0, None);
    let query = run.sent();
    assert_eq!(&query.message[12..15], b"\x01x\x00");
    run.reply(&query, 0, 3, None);
    assert_eq!(run.done(), Outcome { result: Err(Error::NotFound), ttl: Some(0) });
}

#[test]
fn a_failure_outweighs_that_others_do_not_exist() {
    let mut run =
        Run::new("nameserver 10.0.0.1\nsearch a\noptions attempts:1\n", "x", Families::V4);
    let query = run.sent();
    run.reply(&query, 0, 2, None);
    let query = run.sent();
    run.reply(&query, 0, 3, None);
    assert_eq!(run.done(), failed(Error::Server));
}

#[test]
fn a_truncated_answer_is_asked_for_over_tcp() {
    let mut run = Run::new(TWO, "x", Families::V4);
    let udp = run.sent();
    assert!(run.reply(&udp, TRUNCATED, 0, Some(&[10, 9, 9, 9])));
    let tcp = run.sent();
    assert_eq!((tcp.server, tcp.transport), (server(1), Transport::Tcp));
    assert_eq!(frame(&tcp.message), Some((&udp.message[..], &b""[..])));
    // The datagram comes again.
    assert!(run.reply(&udp, TRUNCATED, 0, None));
    run.waits();
    assert!(run.reply(&tcp, 0, 0, Some(&[10, 9, 9, 8])));
    assert_eq!(run.done(), found(&[IpAddr::from([10, 9, 9, 8])], Some(60)));

    // And if that fails, the next server is asked.
    let mut run = Run::new(TWO, "x", Families::V4);
    let udp = run.sent();
    run.reply(&udp, TRUNCATED, 0, None);
    let tcp = run.sent();
    run.lookup.fail(tcp.server, Transport::Tcp);
    let next = run.sent();
    assert_eq!((next.server, next.transport), (server(2), Transport::Udp));
}

#[test]
fn a_server_without_the_extension() {
    let config = "nameserver 10.0.0.1\noptions edns0\n";
    let mut run = Run::new(config, "x", Families::Both);
    let queries = [run.sent(), run.sent()];
    assert!(queries.iter().all(|query| query.message[11] == 1));
    for query in &queries {
        assert!(run.reply(query, 0, 1, None));
    }
    let queries = [run.sent(), run.sent()];
    assert!(queries.iter().all(|query| query.message[11] == 0));
    run.reply(&queries[0], 0, 0, Some(&[10, 9, 9, 9]));
    run.reply(&queries[1], 0, 0, None);
    assert_eq!(run.done(), found(&[IpAddr::from([10, 9, 9, 9])], Some(60)));
}

#[test]
fn options() {
    let mut run =
        Run::new(&format!("{TWO}options use-vc no-aaaa timeout:1\n"), "x", Families::Both);
    assert_eq!(run.sent().transport, Transport::Tcp);
    assert_eq!(run.waits(), 1000);

    let config = Config::parse(format!("{TWO}options rotate\n").as_bytes());
    for (turn, n) in [(0, 1), (1, 2), (2, 1)] {
        let mut lookup = Lookup::new(&config, b"x", Families::V6, turn);
        let Action::Send(query) = lookup.poll(0, &mut || 1) else { panic!() };
        assert_eq!(query.server, server(n));
    }
}

#[test]
fn names_that_are_none() {
    assert_eq!(Run::new(TWO, "a..b", Families::V4).done(), failed(Error::NotFound));
    let config = Config { servers: Vec::new(), ..Config::default() };
    let mut lookup = Lookup::new(&config, b"x", Families::V4, 5);
    assert_eq!(lookup.poll(0, &mut || 1), Action::Done(failed(Error::TimedOut)));
}

#[test]
fn what_was_not_asked_for() {
    let mut run = Run::new(TWO, "x", Families::V4);
    let query = run.sent();
    let message = reply(&query, 0, 0, Some(&[6, 6, 6, 6]));
    assert!(!run.lookup.receive(server(9), Transport::Udp, &message));
    let mut other = message.clone();
    other[1] ^= 1;
    assert!(!run.lookup.receive(query.server, Transport::Udp, &other));
    run.waits();
}

#[test]
fn frames() {
    assert_eq!(frame(b""), None);
    assert_eq!(frame(b"\x00\x02a"), None);
    assert_eq!(frame(b"\x00\x02abc"), Some((&b"ab"[..], &b"c"[..])));
}

/// What the network may do after a query.
#[derive(Clone, Debug)]
enum Event {
    Reply { flags: u8, code: u8, address: bool },
    Garbage(Vec<u8>),
    Fail,
    Pass(u64),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => (select_flags(), 0_u8..7, any::<bool>())
            .prop_map(|(flags, code, address)| Event::Reply { flags, code, address }),
        1 => vec(any::<u8>(), 0..40).prop_map(Event::Garbage),
        1 => Just(Event::Fail),
        2 => (0_u64..6000).prop_map(Event::Pass),
    ]
}

fn select_flags() -> impl Strategy<Value = u8> {
    prop_oneof![3 => Just(0), 1 => Just(TRUNCATED)]
}

proptest! {
    /// Whatever happens, it ends: after so many questions, and in the time that
    /// the configuration allows.
    #[test]
    fn it_ends(
        events in vec(event(), 0..60),
        options in prop_oneof![Just(""), Just("options edns0\n"), Just("options use-vc\n")],
    ) {
        let config = format!("{TWO}search a b\n{options}");
        let mut run = Run::new(&config, "x", Families::Both);
        let mut events = events.into_iter();
        let mut last = None;
        let mut sent = 0;
        loop {
            match run.poll() {
                Action::Send(query) => {
                    sent += 1;
                    last = Some(query);
                }
                Action::Wait(until) => {
                    prop_assert!(until > run.now);
                    let query = last.clone().expect("it waits for an answer");
                    match events.next() {
                        Some(Event::Reply { flags, code, address }) => {
                            let kind = query.message[query.message.len() - 3];
                            let data: &[u8] = if kind == 28 { &[7; 16] } else { &[7; 4] };
                            run.reply(&query, flags, code, address.then_some(data));
                        }
                        Some(Event::Garbage(bytes)) => {
                            run.lookup.receive(query.server, query.transport, &bytes);
                        }
                        Some(Event::Fail) => run.lookup.fail(query.server, query.transport),
                        Some(Event::Pass(time)) => run.now += time,
                        None => run.now = until,
                    }
                }
                Action::Done(outcome) => {
                    prop_assert!(outcome.result.is_err() || outcome.result != Ok(vec![]));
                    break;
                }
            }
            // Three names, two servers twice, two families, each again over TCP
            // or without the extension.
            prop_assert!(sent <= 3 * 4 * 2 * 3, "{} questions", sent);
        }
    }
}
