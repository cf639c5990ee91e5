//! TCP sockets: every operation that waits, ended in every way; peers that
//! misbehave; much data and many connections. Nothing is left behind.
//!
//! `sockets/sockets.lua` has the operations and the ends, `sockets/peer.rs` the
//! other end of the connections.

mod peer;

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use peer::{Deaf, Peer};

use crate::system::Test;
use crate::system::memory::{LOCATIONS, Memory, WATCH, numbers};
use crate::system::site::{Client, Conf, Held, Site, get, get_and_close, is_running, peak_memory};

pub const TESTS: &[Test] = &[
    Test { name: "operations of sockets end in each way", conf, run: matrix },
    Test { name: "operations of sockets of timers end in each way", conf, run: timers },
    Test { name: "operations of sockets end with the client", conf, run: clients },
    Test { name: "sockets that are closed, pooled, or somebody else's", conf, run: states },
    Test { name: "sockets end before the worker after a reload", conf, run: reload },
    Test { name: "sockets end before a worker that quits", conf, run: quit },
    Test { name: "sockets do not keep a worker that is to end at once", conf, run: terminate },
    Test { name: "pooled connections do not keep a worker", conf, run: pooled },
    Test { name: "data that comes and goes byte by byte", conf, run: dribble },
    Test { name: "100 MB through sockets in flat memory", conf, run: big },
    Test { name: "the time to receive grows with the length", conf, run: linear },
    Test { name: "10,000 connections through pools", conf, run: pools },
];

fn conf() -> Conf {
    let http = format!(
        "lua_package_path '$prefix/?.lua;;';\n{WATCH}\n\
         lua_max_running_timers 1000; lua_socket_log_errors off;"
    );
    let server = format!("{LOCATIONS}\n{}", include_str!("sockets/server.conf"));
    Conf { connections: 4096, ..Conf::new(http, server) }
}

/// The servers that the code under test talks to.
struct Peers {
    _peer: Peer,
    _deaf: Deaf,
}

fn start(site: &Site) -> Result<Peers, String> {
    let (peer, deaf) = (Peer::start()?, Deaf::start()?);
    let ports = format!("return {{ port = {}, deaf = {} }}", peer.port, deaf.port);
    site.write_file("peer.lua", &ports)?;
    site.write_file("sockets.lua", include_str!("sockets/sockets.lua"))?;
    Ok(Peers { _peer: peer, _deaf: deaf })
}

const READERS: &[&str] = &["line", "size", "all", "any", "until", "piece"];
const OPERATIONS: &[&str] =
    &["line", "size", "all", "any", "until", "piece", "send", "connect", "queue", "handshake"];
const ENDS: &[&str] = &[
    "timeout",
    "close",
    "reset",
    "part",
    "partclose",
    "partreset",
    "kill",
    "late",
    "exit",
    "error",
    "busy",
    "foreign",
];

const WARM_UP: usize = 5;
const ROUNDS: usize = 20;

/// What a socket does that somebody else's thread uses.
const FOREIGN: &str = "error bad request";

const CLOSED: &str = "nil \"closed\"";

/// What comes of an operation that ends so; `None` if there is no such
/// combination.
fn expected(operation: &str, end: &str) -> Option<String> {
    let reads = READERS.contains(&operation);
    let text = |text: &str| Some(text.to_owned());
    match (end, operation) {
        ("timeout" | "error", _) if reads => text("nil \"timeout\" \"\""),
        ("timeout" | "error", _) => text("nil \"timeout\""),
        ("close", "all") => text("\"\""),
        ("close" | "reset", "handshake") => text("nil \"handshake failed\""),
        ("close", _) if reads => text("nil \"closed\" \"\""),
        ("reset", _) if reads => text("nil \"connection reset by peer\" \"\""),
        ("close" | "reset", "send") => text("nil \"connection reset by peer\""),
        ("part" | "partclose" | "partreset", "any") => text("\"ab-\""),
        ("part" | "partreset", "size" | "line" | "all" | "until" | "piece") => {
            let partial = match operation {
                // What may begin the pattern is held back.
                "until" | "piece" => "ab",
                _ => "ab-",
            };
            let reason = if end == "part" { "timeout" } else { "connection reset by peer" };
            Some(format!("nil \"{reason}\" \"{partial}\""))
        }
        ("partclose", "all") => text("\"ab-\""),
        ("partclose", "size" | "line") => text("nil \"closed\" \"ab-\""),
        ("partclose", "until" | "piece") => text("nil \"closed\" \"ab\""),
        ("kill", _) => text("nil \"closed\", nil \"closed\", nil \"closed\", again"),
        ("late", _) => text("no crash"),
        ("exit", _) => text("exit"),
        ("busy", _) => {
            let busy = match operation {
                "send" => "writing",
                "connect" | "queue" | "handshake" => "connecting",
                _ => "reading",
            };
            Some(format!("nil \"socket busy {busy}\", nil \"socket busy {busy}\""))
        }
        ("foreign", "connect" | "queue") => Some(foreign(false)),
        ("foreign", _) => Some(foreign(true)),
        _ => None,
    }
}

/// The results of all methods for another request.
fn foreign(is_connected: bool) -> String {
    let [option, times, set] = match is_connected {
        true => ["0 nil", "0 nil", "true nil"],
        false => [CLOSED; 3],
    };
    methods([FOREIGN, option, times, FOREIGN, FOREIGN, FOREIGN, FOREIGN, set, FOREIGN])
}

fn methods(results: [&str; 9]) -> String {
    let names = [
        "close",
        "getoption",
        "getreusedtimes",
        "receive",
        "receiveany",
        "send",
        "setkeepalive",
        "setoption",
        "connect",
    ];
    let lines: Vec<_> = names.iter().zip(results).map(|(name, r)| format!("{name} {r}")).collect();
    lines.join("\n")
}

fn cells() -> Vec<(String, String)> {
    let mut cells = Vec::new();
    for operation in OPERATIONS {
        for end in ENDS {
            if let Some(expected) = expected(operation, end) {
                cells.push((format!("{operation}/{end}"), expected));
            }
        }
    }
    cells
}

fn matrix(site: &mut Site) -> Result<(), String> {
    let _peers = start(site)?;
    let cells = cells();
    let client = site.client;
    let rounds = |count: usize| (0..count).try_for_each(|_| round(&client, &cells));
    rounds(WARM_UP)?;
    leaves_nothing(&client, || rounds(ROUNDS))?;
    site.end(libc::SIGQUIT)
}

/// All cells at the same time.
fn round(client: &Client, cells: &[(String, String)]) -> Result<(), String> {
    let requests =
        cells.iter().map(|(cell, _)| client.hold(&get_and_close(&format!("/cell/{cell}"))));
    let requests: Vec<Held> = requests.collect::<Result<_, _>>()?;
    let mut problems = Vec::new();
    for ((cell, expected), request) in cells.iter().zip(requests) {
        match request.answer() {
            Ok(got) if got == *expected => {}
            Ok(got) => problems.push(format!("{cell}: expected {expected:?}, got {got:?}")),
            Err(error) => problems.push(format!("{cell}: {error}")),
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n* ")) }
}

/// Flat memory, and no more open descriptors than before.
fn leaves_nothing(client: &Client, more: impl FnMut() -> Result<(), String>) -> Result<(), String> {
    let worker = worker(client)?;
    let before = descriptors(worker)?;
    Memory::stays_flat(client, more)?;
    no_more_descriptors(client, worker, before)
}

fn no_more_descriptors(client: &Client, worker: i32, before: usize) -> Result<(), String> {
    client
        .until("all descriptors are closed", || Ok((descriptors(worker)? <= before).then_some(())))
        .map_err(|error| format!("{error}: {before} before, {:?} now", descriptors(worker)))
}

fn descriptors(pid: i32) -> Result<usize, String> {
    let path = format!("/proc/{pid}/fd");
    let entries = fs::read_dir(&path).map_err(|error| format!("cannot read {path}: {error}"))?;
    Ok(entries.count())
}

fn worker(client: &Client) -> Result<i32, String> {
    let [pid, ..]: [u64; 3] = numbers(&client.get("/memory")?)?;
    i32::try_from(pid).map_err(|_| format!("{pid} is no process id"))
}

fn timers(site: &mut Site) -> Result<(), String> {
    let _peers = start(site)?;
    let client = site.client;
    let mut expected: Vec<_> = cells()
        .into_iter()
        .filter(|(cell, _)| !["exit", "foreign"].iter().any(|end| cell.ends_with(end)))
        .collect();
    expected.sort();
    let requests: Vec<_> =
        expected.iter().map(|(cell, _)| get(&format!("/timer/{cell}"))).collect();
    let before = descriptors(worker(&client)?)?;
    client.pipeline(&requests)?;
    let results = client.until("all timers end", || {
        let results = client.get("/results")?;
        Ok((results.lines().count() == expected.len()).then_some(results))
    })?;
    let mut results: Vec<_> = results.lines().map(str::to_owned).collect();
    results.sort();
    let expected: Vec<_> = expected
        .iter()
        .map(|(cell, result)| format!("{}: {result}", cell.replace('/', " ")))
        .collect();
    let mut sorted = expected.clone();
    sorted.sort();
    let wrong: Vec<_> = results.iter().zip(&sorted).filter(|(got, wanted)| got != wanted).collect();
    if !wrong.is_empty() {
        return Err(format!("got, and expected: {wrong:?}"));
    }
    no_more_descriptors(&client, worker(&client)?, before)?;
    site.end(libc::SIGQUIT)
}

/// How many operations have started, and how many of their requests have ended.
fn counts(client: &Client) -> Result<[u64; 2], String> {
    numbers(&client.get("/counts")?)
}

/// Requests that wait for so long in each operation, several times.
fn hold(client: &Client, ms: u32, times: usize) -> Result<Vec<Held>, String> {
    let [before, _] = counts(client)?;
    let requests = OPERATIONS.iter().cycle().take(times * OPERATIONS.len());
    let held = requests
        .map(|operation| client.hold(&get_and_close(&format!("/hold/{operation}/{ms}"))))
        .collect::<Result<Vec<_>, _>>()?;
    await_start(client, before + held.len() as u64)?;
    Ok(held)
}

fn hold_in_timers(client: &Client, ms: u32) -> Result<(), String> {
    let [before, _] = counts(client)?;
    let requests: Vec<_> = OPERATIONS
        .iter()
        .map(|operation| get(&format!("/hold-in-timer/{operation}/{ms}")))
        .collect();
    client.pipeline(&requests)?;
    await_start(client, before + requests.len() as u64)
}

fn await_start(client: &Client, count: u64) -> Result<(), String> {
    client.until("all operations wait", || Ok((counts(client)?[0] == count).then_some(())))
}

fn expect_timeouts(held: Vec<Held>) -> Result<(), String> {
    for (operation, request) in OPERATIONS.iter().cycle().zip(held) {
        let expected = expected(operation, "timeout").unwrap_or_default();
        let got = request.answer()?;
        if got != expected {
            return Err(format!("{operation}: expected {expected:?}, got {got:?}"));
        }
    }
    Ok(())
}

/// Clients that close and clients that reset.
fn clients(site: &mut Site) -> Result<(), String> {
    let _peers = start(site)?;
    let client = site.client;
    let rounds = |count: usize| {
        (0..count).try_for_each(|round| {
            for request in hold(&client, 60_000, 2)? {
                if round % 2 == 0 { drop(request) } else { request.reset() }
            }
            client.until("all requests end", || {
                let [started, ended] = counts(&client)?;
                Ok((started == ended).then_some(()))
            })
        })
    };
    rounds(WARM_UP)?;
    leaves_nothing(&client, || rounds(ROUNDS))?;
    site.end(libc::SIGQUIT)
}

/// Every method of sockets that cannot be used; then they connect again.
fn states(site: &mut Site) -> Result<(), String> {
    let _peers = start(site)?;
    let mut closed = [CLOSED; 9];
    closed[8] = "1 nil";
    let closed = methods(closed);
    site.client.get("/state/leave")?;
    for (state, expected) in [
        ("closed", &closed),
        ("kept", &closed),
        ("killed", &closed),
        ("left", &closed),
        ("timer", &foreign(true)),
    ] {
        let got = site.client.get(&format!("/state/{state}"))?;
        if got != *expected {
            return Err(format!("{state}: expected {expected:?}, got {got:?}"));
        }
    }
    site.end(libc::SIGQUIT)
}

fn reload(site: &mut Site) -> Result<(), String> {
    let _peers = start(site)?;
    for _ in 0..3 {
        let worker = worker(&site.client)?;
        hold_in_timers(&site.client, 300)?;
        let held = hold(&site.client, 300, 3)?;
        site.signal(libc::SIGHUP)?;
        expect_timeouts(held)?;
        site.client.until("the old worker ends", || Ok((!is_running(worker)).then_some(())))?;
    }
    site.end(libc::SIGQUIT)
}

fn quit(site: &mut Site) -> Result<(), String> {
    let _peers = start(site)?;
    hold_in_timers(&site.client, 300)?;
    let held = hold(&site.client, 300, 3)?;
    thread::scope(|scope| {
        let answers = scope.spawn(|| expect_timeouts(held));
        let ended = site.end(libc::SIGQUIT);
        answers.join().map_err(|_| "the client panicked")?.and(ended)
    })
}

fn terminate(site: &mut Site) -> Result<(), String> {
    let _peers = start(site)?;
    hold_in_timers(&site.client, 60_000)?;
    let held = hold(&site.client, 60_000, 3)?;
    let ended = end_soon(site, libc::SIGTERM);
    drop(held);
    ended
}

/// Connections that lie in pools for long.
fn pooled(site: &mut Site) -> Result<(), String> {
    let _peers = start(site)?;
    for signal in [libc::SIGHUP, libc::SIGQUIT] {
        let worker = worker(&site.client)?;
        site.client.get("/run/crowd")?;
        if signal == libc::SIGQUIT {
            return end_soon(site, signal);
        }
        site.signal(signal)?;
        site.client.until("the old worker ends", || Ok((!is_running(worker)).then_some(())))?;
    }
    Ok(())
}

fn end_soon(site: &mut Site, signal: i32) -> Result<(), String> {
    let began = Instant::now();
    site.end(signal)?;
    // After a second, the master would kill the worker.
    match began.elapsed() {
        time if time < Duration::from_secs(1) => Ok(()),
        time => Err(format!("nginx took {time:?} to end")),
    }
}

fn dribble(site: &mut Site) -> Result<(), String> {
    let _peers = start(site)?;
    let whole = site.client.get("/receive/say")?;
    for uri in ["/receive/drip", "/small/say", "/small/drip"] {
        let got = site.client.get(uri)?;
        let differs = whole.lines().zip(got.lines()).find(|(whole, got)| whole != got);
        if let Some((whole, got)) = differs {
            return Err(format!("{uri}: {got:?}, not {whole:?}"));
        }
    }
    let got = site.client.get("/run/send_slowly")?;
    if got == "true true" { Ok(()) } else { Err(format!("sending: {got}")) }
}

const MB: u64 = 1 << 20;

fn big(site: &mut Site) -> Result<(), String> {
    let _peers = start(site)?;
    let worker = worker(&site.client)?;
    let run = |function: &str, bytes: u64| {
        let got = site.client.get(&format!("/run/{function}?bytes={bytes}&piece=65536"))?;
        if got == bytes.to_string() { Ok(()) } else { Err(format!("{function}: {got} bytes")) }
    };
    for function in ["receive_big", "receive_any_big", "echo_big"] {
        run(function, 4 * MB)?;
        let before = peak_memory(worker)?;
        run(function, 100 * MB)?;
        let grown = peak_memory(worker)? - before;
        // Strings of Lua wait for the collector.
        if grown > 16 * MB {
            return Err(format!("{function}: {grown} bytes more for 100 MB"));
        }
    }
    Ok(())
}

fn linear(site: &mut Site) -> Result<(), String> {
    let _peers = start(site)?;
    for way in 1..=4 {
        let time = |bytes: u64| -> Result<f64, String> {
            let mut best = f64::MAX;
            for _ in 0..3 {
                let ms = site.client.get(&format!("/run/receive_once?bytes={bytes}&way={way}"))?;
                best = best.min(ms.parse::<f64>().map_err(|_| format!("{ms:?} is no time"))?);
            }
            Ok(best)
        };
        // Were it quadratic, it would be 100 times as much.
        let (short, long) = (time(4 * MB)?, time(40 * MB)?);
        if long > 40.0 * short.max(5.0) {
            return Err(format!("way {way}: 4 MB take {short} ms, 40 MB take {long} ms"));
        }
    }
    Ok(())
}

fn pools(site: &mut Site) -> Result<(), String> {
    let _peers = start(site)?;
    let client = site.client;
    let got = client.get("/run/pools")?;
    if got != "10000" {
        return Err(format!("pools: {got}"));
    }
    let got = client.get("/run/crowd")?;
    if got != "9000" {
        return Err(format!("{got} connections used again, not 9000"));
    }
    let worker = worker(&client)?;
    let before = descriptors(worker)?;
    client.get("/run/crowd")?;
    client.get("/run/pools")?;
    no_more_descriptors(&client, worker, before)?;
    site.end(libc::SIGQUIT)
}
