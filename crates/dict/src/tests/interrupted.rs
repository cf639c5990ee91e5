//! Every operation, killed after each of its steps.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use super::*;
use crate::process::Process;

thread_local! {
    /// After how many steps the process "dies"; none if it does not.
    static LEFT: Cell<Option<u32>> = const { Cell::new(None) };
    static DEAD: Cell<bool> = const { Cell::new(false) };
}

/// What is thrown; nobody prints it.
struct Death;

/// Called between stores whose order counts.
pub(crate) fn step() {
    match LEFT.get() {
        Some(0) if !DEAD.replace(true) => resume_unwind(Box::new(Death)),
        Some(left) => LEFT.set(Some(left.saturating_sub(1))),
        None => {}
    }
}

/// The dead clean nothing up.
pub(crate) fn is_dead() -> bool {
    DEAD.get()
}

/// Runs `f` and kills it after so many steps; true if that was too late.
fn survives(steps: u32, f: impl FnOnce()) -> bool {
    LEFT.set(Some(steps));
    let done = catch_unwind(AssertUnwindSafe(f));
    LEFT.set(None);
    DEAD.set(false);
    match done {
        Ok(()) => true,
        Err(payload) if payload.is::<Death>() => false,
        Err(payload) => resume_unwind(payload),
    }
}

/// No system has a process of this number.
const NOBODY: Process = Process::from_bits(0x7fff_fff0);

fn put(dict: &Dict, key: &[u8], value: &[u8], ttl: u64) -> bool {
    let value = Some(Value::String(value));
    let store = Store { mode: Mode::Set, evict: true, value, ttl, flags: 3 };
    dict.store(key, &store, NOW).result.is_ok()
}

const NOW: u64 = 1_000_000;
const LATER: u64 = NOW + 1_000;

/// Values of all sizes, lists, some that expire; full but for a few pages.
fn filled() -> Owned {
    let owned = Owned::new(24);
    let dict = &owned.dict;
    for i in 0..60u8 {
        put(dict, &key(i % 40), &vec![i; usize::from(i) * 17], if i % 9 == 0 { 100 } else { 0 });
    }
    for i in 0..10u8 {
        let _ = dict.push(b"list", Value::String(&[i; 30]), End::Left, NOW);
    }
    put(dict, b"text", b"12345678", 0);
    dict.incr(b"number", 5.0, Some((0.0, 0)), NOW).result.expect("room for a number");
    owned
}

type Contents = Vec<(Vec<u8>, String)>;

fn contents(dict: &Dict) -> Contents {
    let keys = dict.keys(0, NOW);
    let mut contents: Contents = keys
        .iter()
        .map(|key| {
            let value = match dict.get_stale(key, NOW, |found| format!("{:?}", found.value)) {
                Ok(value) => value.expect("a key that is there"),
                Err(_) => format!("{} values", dict.list_len(key, NOW).expect("a list")),
            };
            (key.to_vec(), value)
        })
        .collect();
    contents.sort();
    contents
}

/// Kills the operation after each of its steps, and looks at what it leaves.
/// Only `keys` may be other than before; without any, all may be gone. With
/// `kept`, none may be.
fn interrupt(name: &str, keys: &[&[u8]], kept: bool, operation: impl Fn(&Dict)) {
    let mut steps = 0;
    loop {
        let owned = filled();
        let before = contents(&owned.dict);
        owned.dict.set_process(NOBODY);
        let done = survives(steps, || operation(&owned.dict));
        owned.dict.set_process(Process::current());
        owned.dict.check().unwrap_or_else(|error| panic!("{name}, {steps} steps: {error}"));

        let others = |contents: &Contents| -> Contents {
            contents.iter().filter(|(key, _)| !keys.contains(&key.as_slice())).cloned().collect()
        };
        let after = contents(&owned.dict);
        if keys.is_empty() {
            let changed = after
                .iter()
                .find(|(key, value)| before.iter().any(|(k, old)| k == key && old != value));
            assert_eq!(changed, None, "{name}, {steps} steps");
        } else {
            assert_eq!(others(&after), others(&before), "{name}, {steps} steps");
        }
        if kept {
            assert_eq!(after.len(), before.len(), "{name}, {steps} steps: a key is lost");
        }
        // It goes on working.
        assert!(put(&owned.dict, b"after", b"all", 0));
        owned.dict.check().expect("a good dictionary");
        if done {
            break;
        }
        // Long operations repeat themselves.
        steps += 1 + steps / 30;
    }
    assert!(steps > 0, "{name} took no step");
}

#[test]
fn whatever_is_killed_leaves_a_good_dictionary() {
    interrupt("overwrite", &[b"text"], true, |dict| {
        put(dict, b"text", b"87654321", 0);
    });
    interrupt("overwrite a long one", &[&key(39)], false, |dict| {
        put(dict, &key(39), &[b'y'; 39 * 17], 0);
    });
    interrupt("replace by something longer", &[b"text"], false, |dict| {
        put(dict, b"text", &[b'x'; 100], 0);
    });
    interrupt("insert", &[b"new"], false, |dict| {
        put(dict, b"new", b"value", 0);
    });
    interrupt("delete", &[b"text"], false, |dict| {
        let store = Store { mode: Mode::Set, evict: true, value: None, ttl: 0, flags: 0 };
        dict.store(b"text", &store, NOW).result.expect("success");
    });
    interrupt("incr", &[b"number"], true, |dict| {
        dict.incr(b"number", 1.0, None, NOW).result.expect("a number");
    });
    interrupt("start a number", &[b"other"], false, |dict| {
        dict.incr(b"other", 1.0, Some((1.0, 0)), NOW).result.expect("a number");
    });
    interrupt("get", &[b"text"], true, |dict| {
        dict.get(&key(1), NOW, |_| ()).expect("no list");
        dict.get(b"text", NOW, |_| ()).expect("no list");
    });
    interrupt("expire", &[b"text"], true, |dict| dict.expire(b"text", 5, NOW).expect("success"));
    interrupt("push", &[b"list"], true, |dict| {
        dict.push(b"list", Value::Number(1.0), End::Right, NOW).expect("room");
    });
    interrupt("push to a new list", &[b"new"], false, |dict| {
        dict.push(b"new", Value::Number(1.0), End::Right, NOW).expect("room");
    });
    interrupt("pop", &[b"list"], false, |dict| {
        dict.pop(b"list", End::Left, NOW, |_| ()).expect("a list");
    });
    interrupt("pop until nothing is left", &[b"list"], false, |dict| {
        while dict.pop(b"list", End::Right, NOW, |_| ()).expect("a list").is_some() {}
    });
    interrupt("replace a list", &[b"list"], false, |dict| {
        put(dict, b"list", b"value", 0);
    });
    interrupt("large value", &[], false, |dict| {
        put(dict, b"new", &[b'x'; 30_000], 0);
    });
    interrupt("evictions", &[], false, |dict| {
        for i in 0..20 {
            put(dict, &key(100 + i), &[b'x'; 3000], 0);
        }
    });
    interrupt("flush_all", &[], false, |dict| dict.flush_all(NOW));
    interrupt("flush_expired", &[], false, |dict| {
        assert!(dict.flush_expired(0, LATER) > 0);
    });
}
