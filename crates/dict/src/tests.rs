//! The dictionary against a simple model.

pub(crate) mod interrupted;

use std::alloc::{Layout as Allocation, alloc_zeroed, dealloc};

use proptest::prelude::*;

use super::*;

const RESERVED: usize = 33;

/// A dictionary in memory of its own.
struct Owned {
    dict: Dict,
    base: NonNull<u8>,
    allocation: Allocation,
}

impl Owned {
    fn new(pages: usize) -> Self {
        // Room for the head and the tables, too.
        let len = pages * (4096 + 24) + layout::HEAD;
        let allocation = Allocation::from_size_align(len + 4096, 4096).expect("a size");
        // SAFETY: the size is not 0.
        let base = NonNull::new(unsafe { alloc_zeroed(allocation) }).expect("memory");
        // SAFETY: freed when this value is dropped.
        let dict = unsafe { Dict::create(base, len + 4096, RESERVED, 1) }.expect("room");
        Self { dict, base, allocation }
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        // SAFETY: allocated like that; the dictionary is not used any more.
        unsafe { dealloc(self.base.as_ptr(), self.allocation) }
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Kept {
    Plain(OwnedValue),
    List(Vec<OwnedValue>),
}

#[derive(Clone, Debug, PartialEq)]
enum OwnedValue {
    Boolean(bool),
    Number(f64),
    String(Vec<u8>),
}

impl OwnedValue {
    fn of(value: Value<'_>) -> Self {
        match value {
            Value::Boolean(b) => Self::Boolean(b),
            Value::Number(n) => Self::Number(n),
            Value::String(s) => Self::String(s.to_vec()),
        }
    }

    fn as_value(&self) -> Value<'_> {
        match self {
            Self::Boolean(b) => Value::Boolean(*b),
            Self::Number(n) => Value::Number(*n),
            Self::String(s) => Value::String(s),
        }
    }
}

#[derive(Clone, Debug)]
struct Item {
    key: Vec<u8>,
    value: Kept,
    flags: i32,
    expires: u64,
}

/// Entries from the most to the least recently used one.
#[derive(Default)]
struct Model {
    items: Vec<Item>,
}

impl Model {
    fn position(&self, key: &[u8]) -> Option<usize> {
        self.items.iter().position(|item| item.key == key)
    }

    fn live(&self, key: &[u8], now: u64) -> Option<usize> {
        self.position(key).filter(|i| !self.items[*i].is_expired(now))
    }

    fn reclaim(&mut self, now: u64) {
        for _ in 0..2 {
            if self.items.last().is_some_and(|item| item.is_expired(now)) {
                self.items.pop();
            }
        }
    }

    fn touch(&mut self, i: usize) {
        let item = self.items.remove(i);
        self.items.insert(0, item);
    }

    fn put(&mut self, item: Item) {
        self.items.retain(|other| other.key != item.key);
        self.items.insert(0, item);
    }
}

impl Item {
    fn is_expired(&self, now: u64) -> bool {
        self.expires != 0 && self.expires <= now
    }
}

#[derive(Clone, Debug)]
enum Op {
    Get(u8),
    GetStale(u8),
    Store(u8, Mode, bool, Option<OwnedValue>, u64, i32),
    Incr(u8, i32, Option<(i32, u64)>),
    Expire(u8, u64),
    Ttl(u8),
    Push(u8, OwnedValue, bool),
    Pop(u8, bool),
    Len(u8),
    Keys(usize),
    FlushExpired(usize),
    FlushAll,
    Wait(u64),
}

fn value(longest: usize) -> impl Strategy<Value = OwnedValue> {
    prop_oneof![
        any::<bool>().prop_map(OwnedValue::Boolean),
        any::<i32>().prop_map(|n| OwnedValue::Number(n.into())),
        prop::collection::vec(any::<u8>(), 0..40).prop_map(OwnedValue::String),
        (0..longest, any::<u8>()).prop_map(|(n, byte)| OwnedValue::String(vec![byte; n])),
    ]
}

fn item(longest: usize) -> impl Strategy<Value = OwnedValue> {
    value(longest).prop_filter("lists have no booleans", |v| !matches!(v, OwnedValue::Boolean(_)))
}

fn ttl() -> impl Strategy<Value = u64> {
    prop_oneof![Just(0), 1..60u64]
}

fn op(longest: usize) -> impl Strategy<Value = Op> {
    let key = 0..40u8;
    let mode = prop_oneof![Just(Mode::Set), Just(Mode::Set), Just(Mode::Add), Just(Mode::Replace)];
    let store = (
        key.clone(),
        mode,
        prop::bool::weighted(0.8),
        prop::option::weighted(0.85, value(longest)),
        ttl(),
        any::<i32>(),
    );
    prop_oneof![
        4 => key.clone().prop_map(Op::Get),
        1 => key.clone().prop_map(Op::GetStale),
        8 => store.prop_map(|(k, m, e, v, t, f)| Op::Store(k, m, e, v, t, f)),
        3 => (key.clone(), any::<i32>(), prop::option::of((any::<i32>(), ttl())))
            .prop_map(|(k, by, init)| Op::Incr(k, by, init)),
        1 => (key.clone(), ttl()).prop_map(|(k, t)| Op::Expire(k, t)),
        1 => key.clone().prop_map(Op::Ttl),
        4 => (key.clone(), item(longest), any::<bool>()).prop_map(|(k, v, l)| Op::Push(k, v, l)),
        2 => (key.clone(), any::<bool>()).prop_map(|(k, l)| Op::Pop(k, l)),
        1 => key.prop_map(Op::Len),
        1 => (0..10usize).prop_map(Op::Keys),
        1 => (0..4usize).prop_map(Op::FlushExpired),
        1 => prop::bool::weighted(0.2).prop_map(|all| if all { Op::FlushAll } else { Op::Wait(1) }),
        2 => (0..30u64).prop_map(Op::Wait),
    ]
}

fn key(k: u8) -> Vec<u8> {
    // Lengths of all sorts.
    let mut key = format!("key {k}").into_bytes();
    key.resize(key.len() + usize::from(k) * 3, b'.');
    key
}

fn end(left: bool) -> End {
    if left { End::Left } else { End::Right }
}

/// Does the same to both; where the dictionary had to evict entries, the model
/// follows, and `full` says so.
#[allow(clippy::too_many_lines)]
fn step(dict: &Dict, model: &mut Model, op: &Op, now: &mut u64, roomy: bool) {
    let follow = |model: &mut Model, forcible: bool| {
        assert!(!(forcible && roomy), "there is room");
        let left = dict.memory.get(layout::ENTRIES) as usize;
        while forcible && model.items.len() > left {
            model.items.pop();
        }
    };
    let at = *now;
    match op {
        Op::Wait(ms) => *now += ms,
        Op::Get(k) => {
            model.reclaim(at);
            let key = key(*k);
            let got = dict.get(&key, at, |f| (OwnedValue::of(f.value), f.flags));
            match model.live(&key, at) {
                None => assert_eq!(got, Ok(None)),
                Some(i) => {
                    let item = model.items[i].clone();
                    model.touch(i);
                    match item.value {
                        Kept::List(_) => assert_eq!(got, Err(Error::IsAList)),
                        Kept::Plain(value) => assert_eq!(got, Ok(Some((value, item.flags)))),
                    }
                }
            }
        }
        Op::GetStale(k) => {
            let key = key(*k);
            let got = dict.get_stale(&key, at, |f| (OwnedValue::of(f.value), f.stale));
            match model.position(&key) {
                None => assert_eq!(got, Ok(None)),
                Some(i) => {
                    let item = model.items[i].clone();
                    let stale = item.is_expired(at);
                    if !stale {
                        model.touch(i);
                    }
                    match item.value {
                        Kept::List(_) => assert_eq!(got, Err(Error::IsAList)),
                        Kept::Plain(value) => assert_eq!(got, Ok(Some((value, stale)))),
                    }
                }
            }
        }
        Op::Store(k, mode, evict, value, ttl, flags) => {
            model.reclaim(at);
            let key = key(*k);
            let store = Store {
                mode: *mode,
                evict: *evict,
                value: value.as_ref().map(OwnedValue::as_value),
                ttl: *ttl,
                flags: *flags,
            };
            let stored = dict.store(&key, &store, at);
            let live = model.live(&key, at);
            if let (Mode::Add, Some(i)) = (mode, live) {
                model.touch(i);
                return assert_eq!(stored.result, Err(Error::Exists));
            }
            if *mode == Mode::Replace && live.is_none() {
                return assert_eq!(stored.result, Err(Error::NotFound));
            }
            let Some(value) = value else {
                model.items.retain(|item| item.key != key);
                return assert_eq!(stored.result, Ok(()));
            };
            let expires = if *ttl == 0 { 0 } else { at + ttl };
            let value = Kept::Plain(value.clone());
            model.put(Item { key: key.clone(), value, flags: *flags, expires });
            match stored.result {
                Ok(()) => follow(model, stored.forcible),
                Err(error) => {
                    assert_eq!(error, Error::NoMemory);
                    assert!(!roomy);
                    model.items.remove(0);
                    follow(model, stored.forcible);
                }
            }
        }
        Op::Incr(k, by, init) => {
            model.reclaim(at);
            let key = key(*k);
            let by = f64::from(*by);
            let done = dict.incr(&key, by, init.map(|(n, ttl)| (n.into(), ttl)), at);
            if let Some(i) = model.live(&key, at) {
                model.touch(i);
                let Kept::Plain(OwnedValue::Number(n)) = &mut model.items[0].value else {
                    return assert_eq!(done.result, Err(Error::NotANumber));
                };
                *n += by;
                return assert_eq!(done.result, Ok(*n));
            }
            let Some((init, ttl)) = init else {
                return assert_eq!(done.result, Err(Error::NotFound));
            };
            let number = f64::from(*init) + by;
            let expires = if *ttl == 0 { 0 } else { at + ttl };
            let value = Kept::Plain(OwnedValue::Number(number));
            model.put(Item { key, value, flags: 0, expires });
            match done.result {
                Ok(n) => assert_eq!(n, number),
                Err(error) => {
                    assert_eq!(error, Error::NoMemory);
                    model.items.remove(0);
                }
            }
            follow(model, done.forcible);
        }
        Op::Expire(k, ttl) => {
            let key = key(*k);
            let done = dict.expire(&key, *ttl, at);
            match model.position(&key) {
                None => assert_eq!(done, Err(Error::NotFound)),
                Some(i) => {
                    assert_eq!(done, Ok(()));
                    model.items[i].expires = if *ttl == 0 { 0 } else { at + ttl };
                }
            }
        }
        Op::Ttl(k) => {
            let key = key(*k);
            let ttl = dict.ttl(&key, at);
            match model.position(&key).map(|i| model.items[i].expires) {
                None => assert_eq!(ttl, Err(Error::NotFound)),
                Some(0) => assert_eq!(ttl, Ok(0)),
                Some(expires) => assert_eq!(ttl, Ok(expires as i64 - at as i64)),
            }
        }
        Op::Push(k, value, left) => {
            model.reclaim(at);
            let key = key(*k);
            let pushed = dict.push(&key, value.as_value(), end(*left), at);
            let fresh = match model.live(&key, at) {
                Some(i) => {
                    model.touch(i);
                    let Kept::List(list) = &mut model.items[0].value else {
                        return assert_eq!(pushed, Err(Error::NotAList));
                    };
                    if pushed.is_ok() {
                        let to = if *left { 0 } else { list.len() };
                        list.insert(to, value.clone());
                        assert_eq!(pushed, Ok(list.len()));
                    }
                    false
                }
                None => {
                    let value = Kept::List(vec![value.clone()]);
                    model.put(Item { key, value, flags: 0, expires: 0 });
                    true
                }
            };
            match pushed {
                Ok(len) => assert!(!fresh || len == 1),
                Err(error) => {
                    assert!(matches!(error, Error::NoMemory | Error::ListFull));
                    assert!(!roomy);
                    if fresh {
                        model.items.remove(0);
                    }
                }
            }
        }
        Op::Pop(k, left) => {
            model.reclaim(at);
            let key = key(*k);
            let popped = dict.pop(&key, end(*left), at, OwnedValue::of);
            let Some(i) = model.live(&key, at) else {
                return assert_eq!(popped, Ok(None));
            };
            model.touch(i);
            let Kept::List(list) = &mut model.items[0].value else {
                return assert_eq!(popped, Err(Error::NotAList));
            };
            let expected = list.remove(if *left { 0 } else { list.len() - 1 });
            let empty = list.is_empty();
            assert_eq!(popped, Ok(Some(expected)));
            if empty {
                model.items.remove(0);
            }
        }
        Op::Len(k) => {
            model.reclaim(at);
            let key = key(*k);
            let len = dict.list_len(&key, at);
            let Some(i) = model.live(&key, at) else {
                return assert_eq!(len, Ok(0));
            };
            model.touch(i);
            let Kept::List(list) = &model.items[0].value else {
                return assert_eq!(len, Err(Error::NotAList));
            };
            assert_eq!(len, Ok(list.len()));
        }
        Op::Keys(max) => {
            let keys = dict.keys(*max, at);
            let live = model.items.iter().rev().filter(|item| !item.is_expired(at));
            let wanted = if *max == 0 { usize::MAX } else { *max };
            let expected: Vec<_> = live.map(|item| item.key.as_slice()).take(wanted).collect();
            assert_eq!(keys.iter().collect::<Vec<_>>(), expected);
        }
        Op::FlushExpired(max) => {
            let freed = dict.flush_expired(*max, at);
            let mut expected = 0;
            for i in (0..model.items.len()).rev() {
                if model.items[i].is_expired(at) && (*max == 0 || expected < *max) {
                    model.items.remove(i);
                    expected += 1;
                }
            }
            assert_eq!(freed, expected);
        }
        Op::FlushAll => {
            dict.flush_all(at);
            for item in &mut model.items {
                item.expires = 1;
            }
            model.items.pop();
            model.reclaim(at);
        }
    }
}

fn run(pages: usize, ops: &[Op], roomy: bool) {
    let owned = Owned::new(pages);
    let dict = &owned.dict;
    let (mut model, mut now) = (Model::default(), 1_000_000);
    for op in ops {
        step(dict, &mut model, op, &mut now, roomy);
        dict.check().unwrap_or_else(|error| panic!("{error} after {op:?}"));
        step(dict, &mut model, &Op::Keys(0), &mut now, roomy);
    }
    while dict.evict_one(now) {
        dict.check().expect("a good dictionary");
    }
    let empty = Owned::new(pages).dict.free_space();
    assert_eq!(dict.free_space(), empty, "everything was freed");
}

impl Dict {
    fn evict_one(&self, now: u64) -> bool {
        let guard = self.lock();
        guard.begin();
        guard.evict(now)
    }
}

const CASES: u32 = if cfg!(miri) { 3 } else { 200 };

proptest! {
    #![proptest_config(ProptestConfig {
        cases: CASES,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn does_what_the_model_does(ops in prop::collection::vec(op(6000), 1..100)) {
        run(200, &ops, true);
    }

    #[test]
    fn evicts_the_least_recently_used(ops in prop::collection::vec(op(3000), 1..150)) {
        run(12, &ops, false);
    }
}

#[test]
fn a_change_is_undone_wherever_it_was_interrupted() {
    let owned = Owned::new(20);
    let dict = &owned.dict;
    for i in 0..40u8 {
        let value = vec![i; usize::from(i) * 20];
        let store = Store {
            mode: Mode::Set,
            evict: true,
            value: Some(Value::String(&value)),
            ttl: 0,
            flags: 0,
        };
        dict.store(&key(i), &store, 1);
    }
    let before: Vec<_> = dict.keys(0, 1).iter().map(<[u8]>::to_vec).collect();
    for i in 0..40u8 {
        let hash = dict.hash(&key(i));
        let guard = dict.lock();
        guard.begin();
        let Some(entry) = guard.find(hash, &key(i)) else { continue };
        dict.take_out(entry);
        guard.leave_order(entry);
        dict.free(entry.block);
        let _more = (dict.alloc(100), dict.alloc(5000));
        // As if the process died here.
        drop(guard);
        dict.check().expect("a good dictionary");
    }
    let after: Vec<_> = dict.keys(0, 1).iter().map(<[u8]>::to_vec).collect();
    assert_eq!(before, after);
}

#[test]
fn a_panic_under_the_lock_leaves_a_good_dictionary() {
    let owned = Owned::new(20);
    let dict = &owned.dict;
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _guard = dict.lock();
        dict.alloc(100);
        panic!("on purpose");
    }));
    assert!(caught.is_err());
    dict.check().expect("a good dictionary");
}

#[test]
fn memory_that_is_too_small_is_refused() {
    let mut memory = vec![0u64; 1000];
    let base = NonNull::new(memory.as_mut_ptr().cast()).expect("memory");
    // SAFETY: the memory outlives the dictionary, if there is one.
    let result = unsafe { Dict::create(base, memory.len() * 8, RESERVED, 0) };
    assert!(result.is_err());
}

#[test]
fn other_memory_is_no_dictionary() {
    let mut memory = vec![0u64; 10_000];
    let base = NonNull::new(memory.as_mut_ptr().cast()).expect("memory");
    // SAFETY: the memory outlives the dictionary, if there is one.
    let result = unsafe { Dict::open(base, memory.len() * 8) };
    assert!(result.is_err());
}

#[test]
fn long_walks_give_all_keys_in_order() {
    let owned = Owned::new(400);
    let dict = &owned.dict;
    let mut expected = Vec::new();
    for i in 0..3000u32 {
        let stored = dict.incr(&i.to_be_bytes(), 1.0, Some((0.0, 0)), 1);
        assert_eq!(stored, Stored { result: Ok(1.0), forcible: false });
        expected.push(i.to_be_bytes().to_vec());
    }
    let keys = dict.keys(0, 1);
    assert_eq!(keys.iter().map(<[u8]>::to_vec).collect::<Vec<_>>(), expected);
    dict.flush_all(5);
    assert_eq!(dict.keys(0, 5).len(), 0);
    assert_eq!(dict.flush_expired(1000, 5), 1000);
    assert_eq!(dict.flush_expired(0, 5), 3000 - 1000 - 3);
    dict.check().expect("a good dictionary");
}
