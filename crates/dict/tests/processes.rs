//! Processes that share a dictionary: they hammer it, and some of them are
//! killed while they do.

use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::{Duration, Instant};

use nginx_lua_dict::{Dict, End, Mode, Process, Store, Value};

const RESERVED: usize = 33;
const NOW: u64 = 1_000_000;
/// How many processes are killed, each at another point.
const KILLS: u32 = 2_000;
const WORKERS: u32 = 4;

fn main() {
    for (name, test) in [
        ("processes see what others write", see_others as fn()),
        ("no increment is lost", count_together),
        ("readers never see half a value", read_whole_values),
        ("a long walk lets others in and misses nothing", walk_among_others),
        ("killed processes leave a good dictionary", survive_kills),
    ] {
        let start = Instant::now();
        test();
        println!("test {name} ... ok ({:.1} s)", start.elapsed().as_secs_f64());
    }
}

/// Memory that forked processes share.
fn shared(len: usize) -> NonNull<u8> {
    // SAFETY: a fresh mapping, kept until the process ends.
    let memory = unsafe {
        libc::mmap(
            std::ptr::null_mut(),
            len,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_SHARED | libc::MAP_ANONYMOUS,
            -1,
            0,
        )
    };
    assert_ne!(memory, libc::MAP_FAILED);
    NonNull::new(memory.cast()).expect("a mapping")
}

fn dictionary(len: usize) -> Dict {
    // SAFETY: the mapping is the dictionary's alone.
    unsafe { Dict::create(shared(len), len, RESERVED, 7) }.expect("room for a dictionary")
}

fn flag() -> &'static AtomicU32 {
    // SAFETY: fresh, zeroed, aligned memory that is never unmapped.
    unsafe { shared(4096).cast().as_ref() }
}

/// Starts a process. It exits with 1 if `body` panics.
fn start(dict: &Dict, body: impl FnOnce()) -> libc::pid_t {
    // SAFETY: this program has one thread.
    match unsafe { libc::fork() } {
        0 => {
            dict.set_process(Process::current());
            let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(body));
            // SAFETY: ends the process without the parent's cleanup.
            unsafe { libc::_exit(i32::from(done.is_err())) }
        }
        pid => {
            assert!(pid > 0, "fork");
            pid
        }
    }
}

/// The process's status.
fn wait(pid: libc::pid_t) -> i32 {
    let mut status = 0;
    // SAFETY: waits for a child.
    assert_eq!(unsafe { libc::waitpid(pid, &raw mut status, 0) }, pid);
    status
}

fn all_succeed(pids: Vec<libc::pid_t>) {
    for pid in pids {
        assert_eq!(wait(pid), 0, "process {pid} failed");
    }
}

fn set(dict: &Dict, key: &[u8], value: Value<'_>) -> bool {
    let store = Store { mode: Mode::Set, evict: true, value: Some(value), ttl: 0, flags: 0 };
    dict.store(key, &store, NOW).result.is_ok()
}

/// A sequence of numbers that looks random.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % below
    }
}

fn see_others() {
    let dict = dictionary(100_000);
    all_succeed(vec![start(&dict, || assert!(set(&dict, b"dog", Value::String(b"bark"))))]);
    let found = dict.get(b"dog", NOW, |found| found.value == Value::String(b"bark"));
    assert_eq!(found, Ok(Some(true)));
}

fn count_together() {
    const EACH: u32 = 50_000;

    let dict = dictionary(100_000);
    let body = || {
        for _ in 0..EACH {
            dict.incr(b"n", 1.0, Some((0.0, 0)), NOW).result.expect("a number");
        }
    };
    all_succeed((0..WORKERS).map(|_| start(&dict, body)).collect());
    let total = dict.get(b"n", NOW, |found| format!("{:?}", found.value)).expect("no list");
    assert_eq!(total, Some(format!("{:?}", Value::Number(f64::from(EACH * WORKERS)))));
    dict.check().expect("a good dictionary");
}

/// A value that shows if it is put together of two.
fn striped(n: u64) -> Vec<u8> {
    vec![(n % 251) as u8; 40 + n as usize % 3000]
}

fn assert_striped(value: Value<'_>) {
    if let Value::String(bytes) = value {
        let first = bytes.first().copied().expect("values are not empty");
        assert!(bytes.iter().all(|byte| *byte == first), "a torn value");
    }
}

fn read_whole_values() {
    const ROUNDS: u32 = 60_000;

    let dict = dictionary(200_000);
    let writer = |seed| {
        let dict = &dict;
        move || {
            let mut numbers = Numbers(seed);
            for _ in 0..ROUNDS {
                let n = numbers.next(1000);
                set(dict, &[n as u8 % 16], Value::String(&striped(n)));
            }
        }
    };
    let reader = |seed| {
        let dict = &dict;
        move || {
            let mut numbers = Numbers(seed);
            for _ in 0..ROUNDS * 4 {
                let key = [numbers.next(16) as u8];
                dict.get(&key, NOW, |found| assert_striped(found.value)).expect("no list");
            }
        }
    };
    all_succeed(vec![
        start(&dict, writer(1)),
        start(&dict, writer(2)),
        start(&dict, reader(3)),
        start(&dict, reader(4)),
    ]);
    dict.check().expect("a good dictionary");
}

fn walk_among_others() {
    const KEYS: u32 = 20_000;
    /// How many walks must have let others in. On a busy machine the other
    /// process does not run during each.
    const WANTED: u32 = 10;
    const LONGEST: Duration = Duration::from_secs(60);

    let dict = dictionary(16 << 20);
    for i in 0..KEYS {
        assert!(set(&dict, &i.to_be_bytes(), Value::Boolean(true)));
    }
    let (stop, used) = (flag(), flag());
    let user = start(&dict, || {
        let mut numbers = Numbers(5);
        while stop.load(SeqCst) == 0 {
            used.fetch_add(1, SeqCst);
            let key = (numbers.next(KEYS.into()) as u32).to_be_bytes();
            if numbers.next(10) == 0 {
                set(&dict, &key, Value::String(&striped(numbers.next(100))));
            } else {
                dict.get(&key, NOW, |_| ()).expect("no list");
            }
        }
    });
    let (mut interrupted, mut walks, began) = (0, 0, Instant::now());
    while interrupted < WANTED && began.elapsed() < LONGEST {
        walks += 1;
        let before = used.load(SeqCst);
        let keys = dict.keys(0, NOW);
        // It may well have to wait for a part of the walk, but not for all of it.
        interrupted += u32::from(used.load(SeqCst) > before + 2);
        let mut keys: Vec<_> = keys.iter().collect();
        keys.sort_unstable();
        let expected: Vec<_> = (0..KEYS).map(u32::to_be_bytes).collect();
        assert!(keys.iter().eq(expected.iter()), "{} keys of {KEYS}", keys.len());
    }
    stop.store(1, SeqCst);
    all_succeed(vec![user]);
    assert_eq!(interrupted, WANTED, "walks of {walks} that let others in");
    dict.check().expect("a good dictionary");
}

/// Does all sorts of things without an end.
fn churn(dict: &Dict, seed: u64) {
    let mut numbers = Numbers(seed * 2 + 1);
    loop {
        let n = numbers.next(1_000_000);
        let key = striped(n % 200);
        let key = &key[..key.len().min(20 + n as usize % 200)];
        let value = striped(n / 7);
        let store = Store {
            mode: [Mode::Set, Mode::Add, Mode::Replace][n as usize % 3],
            evict: !n.is_multiple_of(5),
            value: (!n.is_multiple_of(11)).then_some(Value::String(&value)),
            ttl: n % 4,
            flags: 1,
        };
        let now = NOW + n % 3;
        // What comes of it does not matter here.
        let _ = match numbers.next(16) {
            0..6 => dict.store(key, &store, now).result.is_ok(),
            6 | 7 => dict.incr(b"number", 1.0, Some((0.0, 0)), now).result.is_ok(),
            8 | 9 => dict.push(b"list", Value::String(&value[..40]), End::Left, now).is_ok(),
            10 => dict.pop(b"list", End::Right, now, assert_striped).is_ok(),
            11 => dict.push(key, Value::Number(1.0), End::Right, now).is_ok(),
            12 => dict.expire(key, n % 3, now).is_ok(),
            13 => dict.keys(0, now).is_empty(),
            14 if n.is_multiple_of(50) => dict.flush_expired(0, now + 2) > 0,
            15 if n.is_multiple_of(300) => {
                dict.flush_all(now);
                true
            }
            _ => dict.get(key, now, |found| assert_striped(found.value)).is_ok(),
        };
    }
}

fn survive_kills() {
    let dict = dictionary(150_000);
    let mut numbers = Numbers(99);
    let mut longest = Duration::ZERO;
    let mut taken_over = 0;
    // One that lives, so that the killed ones have company.
    let companion = start(&dict, || churn(&dict, 1));
    for kill in 0..KILLS {
        let victim = start(&dict, || churn(&dict, u64::from(kill) + 2));
        let delay = Duration::from_micros(200 + numbers.next(1500));
        std::thread::sleep(delay);
        // SAFETY: a child that has not been waited for.
        assert_eq!(unsafe { libc::kill(victim, libc::SIGKILL) }, 0);
        if kill % 2 == 0 {
            wait(victim);
        }

        let held = dict.is_locked_by(victim.cast_unsigned());
        taken_over += u32::from(held);
        let start = Instant::now();
        dict.check().unwrap_or_else(|error| panic!("after kill {kill}: {error}"));
        longest = longest.max(start.elapsed());
        if kill % 2 != 0 {
            wait(victim);
        }
    }
    // SAFETY: as above.
    unsafe { libc::kill(companion, libc::SIGKILL) };
    wait(companion);
    dict.check().expect("a good dictionary");
    assert!(longest < Duration::from_secs(1), "others waited {longest:?}");
    println!("  {taken_over} of {KILLS} held the lock; others waited {longest:?} at most");
    assert!(taken_over > KILLS / 50, "hardly any process was killed where it matters");
}
