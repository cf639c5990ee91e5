use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

type Books = Pools<u32, u32>;

fn limits(size: usize, backlog: usize) -> Option<Limits> {
    Some(Limits { size, backlog: Some(backlog) })
}

fn whichever(_: &u32) -> bool {
    true
}

/// The lease of a connect that must not reuse anything.
fn new(pools: &mut Books, limits: Option<Limits>) -> Option<Lease> {
    match pools.connect(b"k", limits, whichever, || 0) {
        Connect::New { lease, evicted: None } => lease,
        other => panic!("{other:?}"),
    }
}

fn waits(pools: &mut Books, waiter: u32) -> WaiterId {
    match pools.connect(b"k", None, whichever, || waiter) {
        Connect::Wait(id) => id,
        other => panic!("{other:?}"),
    }
}

fn idle(kept: Kept<u32, u32>) -> (IdleId, Option<u32>) {
    match kept {
        Kept::Idle { id, evicted } => (id, evicted),
        other => panic!("{other:?}"),
    }
}

fn reused(pools: &mut Books) -> (u32, Lease) {
    match pools.connect(b"k", None, whichever, || 0) {
        Connect::Reuse { connection, lease } => (connection, lease),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_most_recent_is_reused_and_the_least_recent_evicted() {
    let mut pools = Books::default();
    assert_eq!(idle(pools.keep(b"k", None, 2, 1)).1, None);
    assert_eq!(idle(pools.keep(b"k", None, 9, 2)).1, None);
    // The size is that of the first one.
    assert_eq!(idle(pools.keep(b"k", None, 9, 3)).1, Some(1));

    let (connection, lease) = reused(&mut pools);
    assert_eq!(connection, 3);
    assert_eq!(reused(&mut pools).0, 2);
    assert_eq!(idle(pools.keep(b"k", Some(lease), 9, 3)).1, None);
}

#[test]
fn a_connect_without_options_makes_no_pool() {
    let mut pools = Books::default();
    assert_eq!(new(&mut pools, None), None);
    assert!(pools.is_empty());

    let lease = new(&mut pools, limits(1, 0)).expect("a pool");
    assert_eq!(pools.len(), 1);
    assert_eq!(pools.close(lease), None);
    assert!(pools.is_empty());
}

#[test]
fn without_a_backlog_nobody_waits() {
    let mut pools = Books::default();
    let limits = Some(Limits { size: 1, backlog: None });
    let leases = [new(&mut pools, limits), new(&mut pools, limits), new(&mut pools, limits)];
    for (connection, lease) in (1..).zip(leases) {
        let (_, evicted) = idle(pools.keep(b"k", lease, 1, connection));
        assert_eq!(evicted, (connection > 1).then(|| connection - 1));
    }
}

#[test]
fn first_come_first_served() {
    let mut pools = Books::default();
    let lease = new(&mut pools, limits(1, 3));
    waits(&mut pools, 1);
    let second = waits(&mut pools, 2);
    waits(&mut pools, 3);
    assert!(matches!(pools.connect(b"k", None, whichever, || 4), Connect::TooMany));

    let Kept::Handed { waiter: 1, connection: 7, lease } = pools.keep(b"k", lease, 1, 7) else {
        panic!("the first waits");
    };
    assert_eq!(pools.cancel(second), Some(2));
    assert_eq!(pools.cancel(second), None);
    let (waiter, lease) = pools.close(lease).expect("the third waits");
    assert_eq!(waiter, 3);
    assert_eq!(pools.close(lease), None);
    assert!(pools.is_empty());
}

#[test]
fn what_does_not_suit_makes_room() {
    let mut pools = Books::default();
    let lease = new(&mut pools, limits(1, 0));
    assert_eq!(idle(pools.keep(b"k", lease, 1, 1)).1, None);

    let Connect::New { lease: Some(_), evicted: Some(1) } =
        pools.connect(b"k", None, |_| false, || 0)
    else {
        panic!("there is room");
    };
}

#[test]
fn ids_that_are_out_of_date() {
    let mut pools = Books::default();
    let (id, _) = idle(pools.keep(b"k", None, 1, 1));
    assert_eq!(pools.remove(id), Some(1));
    assert!(pools.is_empty());
    assert_eq!(pools.remove(id), None);

    // Another pool in the same place.
    let (other, _) = idle(pools.keep(b"other", None, 1, 2));
    assert_eq!(pools.remove(id), None);
    assert_eq!(pools.remove(other), Some(2));
}

#[test]
fn a_pool_of_nothing() {
    let mut pools = Books::default();
    assert!(matches!(pools.keep(b"k", None, 0, 1), Kept::Refused(1)));
    assert!(matches!(pools.connect(b"k", limits(0, 0), whichever, || 0), Connect::TooMany));
    assert!(pools.is_empty());
}

/// What may happen to a socket. The numbers choose one among those there are.
#[derive(Clone, Debug)]
enum Event {
    Connect { key: u8, limits: Option<Limits>, even: bool },
    Keep { which: usize, size: usize },
    Close(usize),
    Remove(usize),
    Cancel(usize),
    Drain,
}

fn event() -> impl Strategy<Value = Event> {
    let limits = (1_usize..4, proptest::option::of(0_usize..4))
        .prop_map(|(size, backlog)| Limits { size, backlog });
    prop_oneof![
        6 => (0_u8..2, proptest::option::of(limits), any::<bool>())
            .prop_map(|(key, limits, even)| Event::Connect { key, limits, even }),
        4 => (0_usize..20, 1_usize..4).prop_map(|(which, size)| Event::Keep { which, size }),
        2 => (0_usize..20).prop_map(Event::Close),
        1 => (0_usize..20).prop_map(Event::Remove),
        1 => (0_usize..20).prop_map(Event::Cancel),
        1 => Just(Event::Drain),
    ]
}

/// One pool as plain lists.
#[derive(Debug)]
struct Plain {
    limits: Limits,
    leased: usize,
    idle: Vec<(IdleId, u32)>,
    waiting: Vec<(WaiterId, u32)>,
}

impl Plain {
    fn new(limits: Limits) -> Self {
        Self { limits, leased: 0, idle: Vec::new(), waiting: Vec::new() }
    }

    fn total(&self) -> usize {
        self.leased + self.idle.len()
    }
}

#[derive(Default)]
struct Model {
    pools: HashMap<u8, Plain>,
    /// The connections in use.
    used: Vec<(u8, u32, Option<Lease>)>,
    last: u32,
}

impl Model {
    fn apply(&mut self, books: &mut Books, event: Event) {
        self.last += 1;
        let name = self.last;
        match event {
            Event::Connect { key, limits, even } => self.connect(books, key, limits, even, name),
            Event::Keep { which, size } if which < self.used.len() => {
                let (key, connection, lease) = self.used.swap_remove(which);
                self.keep(books, key, connection, lease, size);
            }
            Event::Close(which) if which < self.used.len() => {
                let (key, _, lease) = self.used.swap_remove(which);
                if let Some(lease) = lease {
                    self.close(books, key, lease, name);
                }
            }
            Event::Remove(which) => {
                let idle = self.pools.values_mut().flat_map(|pool| pool.idle.iter());
                if let Some((id, connection)) = idle.copied().nth(which) {
                    assert_eq!(books.remove(id), Some(connection));
                    assert_eq!(books.remove(id), None);
                    self.pools.values_mut().for_each(|pool| pool.idle.retain(|(i, _)| *i != id));
                }
            }
            Event::Cancel(which) => {
                let waiting = self.pools.values_mut().flat_map(|pool| pool.waiting.iter());
                if let Some((id, waiter)) = waiting.copied().nth(which) {
                    assert_eq!(books.cancel(id), Some(waiter));
                    assert_eq!(books.cancel(id), None);
                    let pools = self.pools.values_mut();
                    pools.for_each(|pool| pool.waiting.retain(|(i, _)| *i != id));
                }
            }
            Event::Drain => {
                let mut drained = books.drain();
                drained.sort_unstable();
                let pools = self.pools.values_mut();
                let mut all: Vec<_> = pools.flat_map(|pool| pool.idle.drain(..)).collect();
                all.sort_unstable_by_key(|(_, connection)| *connection);
                assert_eq!(drained, all.iter().map(|(_, c)| *c).collect::<Vec<_>>());
            }
            Event::Keep { .. } | Event::Close(_) => {}
        }
        self.pools.retain(|_, pool| pool.total() > 0 || !pool.waiting.is_empty());
        for pool in self.pools.values() {
            assert!(pool.idle.len() <= pool.limits.size);
            assert!(pool.idle.is_empty() || pool.waiting.is_empty());
        }
        assert_eq!(books.len(), self.pools.len());
    }

    fn connect(
        &mut self,
        books: &mut Books,
        key: u8,
        limits: Option<Limits>,
        even: bool,
        name: u32,
    ) {
        let suits = |connection: &u32| !even || connection.is_multiple_of(2);
        let answer = books.connect(&[key], limits, suits, || name);
        if let Some(limits) = limits {
            self.pools.entry(key).or_insert_with(|| Plain::new(limits));
        }
        let Some(pool) = self.pools.get_mut(&key) else {
            assert!(matches!(answer, Connect::New { lease: None, evicted: None }));
            return self.used.push((key, name, None));
        };
        let suiting = pool.idle.iter().rposition(|(_, connection)| suits(connection));
        let full = pool.limits.backlog.is_some() && pool.total() >= pool.limits.size;
        match answer {
            Connect::Reuse { connection, lease } => {
                let expected = pool.idle.remove(suiting.expect("one suits"));
                assert_eq!(connection, expected.1);
                pool.leased += 1;
                self.used.push((key, connection, Some(lease)));
            }
            Connect::New { lease, evicted } => {
                assert!(suiting.is_none() && lease.is_some());
                assert_eq!(evicted.is_some(), full);
                if full {
                    assert_eq!(evicted, Some(pool.idle.remove(0).1));
                }
                pool.leased += 1;
                self.used.push((key, name, lease));
            }
            Connect::Wait(id) => {
                assert!(full && suiting.is_none() && pool.idle.is_empty());
                assert!(Some(pool.waiting.len()) < pool.limits.backlog);
                pool.waiting.push((id, name));
            }
            Connect::TooMany => {
                assert!(full && suiting.is_none() && pool.idle.is_empty());
                assert_eq!(Some(pool.waiting.len()), pool.limits.backlog);
            }
        }
    }

    fn keep(
        &mut self,
        books: &mut Books,
        key: u8,
        connection: u32,
        lease: Option<Lease>,
        size: usize,
    ) {
        let pool =
            self.pools.entry(key).or_insert_with(|| Plain::new(Limits { size, backlog: None }));
        pool.leased -= usize::from(lease.is_some());
        match books.keep(&[key], lease, size, connection) {
            Kept::Handed { waiter, connection: handed, lease } => {
                assert_eq!((pool.waiting.remove(0).1, connection), (waiter, handed));
                pool.leased += 1;
                self.used.push((key, connection, Some(lease)));
            }
            Kept::Idle { id, evicted } => {
                let held =
                    if pool.limits.backlog.is_some() { pool.total() } else { pool.idle.len() };
                if held >= pool.limits.size && !pool.idle.is_empty() {
                    assert_eq!(evicted, Some(pool.idle.remove(0).1));
                } else {
                    assert_eq!(evicted, None);
                }
                pool.idle.push((id, connection));
            }
            Kept::Refused(_) => panic!("there is no pool of size 0"),
        }
    }

    fn close(&mut self, books: &mut Books, key: u8, lease: Lease, name: u32) {
        let pool = self.pools.get_mut(&key).expect("it is leased from");
        pool.leased -= 1;
        match books.close(lease) {
            Some((waiter, lease)) => {
                assert!(pool.total() < pool.limits.size);
                assert_eq!(pool.waiting.remove(0).1, waiter);
                pool.leased += 1;
                self.used.push((key, name, Some(lease)));
            }
            None => assert!(pool.waiting.is_empty() || pool.total() >= pool.limits.size),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn the_answers_of_the_model(events in vec(event(), 1..80)) {
        let mut books = Books::default();
        let mut model = Model::default();
        for event in events {
            model.apply(&mut books, event);
        }
        // Everything given back, nothing is left.
        while let Some((key, _, lease)) = model.used.pop() {
            if let Some(lease) = lease {
                model.close(&mut books, key, lease, 0);
            }
        }
        books.drain();
        prop_assert!(books.is_empty());
    }
}
