//! Every kind of wait, ended in every way: by its result, by the client, by
//! another light thread, by a reload and by the worker's end.
//!
//! `waits.lua` has the waits and the ends. A cell of the matrix is a request; all
//! of them are under way at the same time, on one worker, again and again.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use crate::report::show;
use crate::response::Response;
use crate::system::Test;
use crate::system::memory::{LOCATIONS, Memory, WATCH, numbers};
use crate::system::site::{Client, Conf, Site, get, is_running, text};

pub const TESTS: &[Test] = &[
    Test { name: "waits end in each way", conf, run: matrix },
    Test { name: "waits of timers end in each way", conf, run: timers },
    Test { name: "waits end with the client", conf, run: clients },
    Test { name: "waits end before the worker after a reload", conf, run: reload },
    Test { name: "waits end before a worker that quits", conf, run: quit },
    Test { name: "waits do not keep a worker that is to end at once", conf, run: terminate },
];

fn conf() -> Conf {
    let http = format!(
        "lua_package_path '$prefix/?.lua;;';\n{WATCH}\n\
         lua_max_running_timers 1000;\nclient_body_buffer_size 16k;"
    );
    Conf::new(http, format!("{LOCATIONS}\n{}", include_str!("waits/server.conf")))
}

/// The kinds of waits, and what each gives when it ends by itself.
const KINDS: &[(&str, &str)] = &[
    ("sleep", "slept"),
    ("turns", "turned"),
    ("body", "4000"),
    ("capture", "sub"),
    ("multi", "subsub"),
    ("thread", "slept"),
    ("semaphore", "true0"),
    ("timeout", "timeout"),
    ("datagram", "timeout"),
    ("flush", "1"),
];

/// Where it waits: in the function itself, or coroutines deep.
const DEPTHS: &[&str] = &["plain", "nested"];

/// Which thread waits; the other one ends the wait.
const PLACES: &[&str] = &["entry", "thread"];

const ENDS: &[&str] = &["result", "exit", "exec", "redirect", "error", "kill"];

/// Length of what `flush` waits for.
const PIECE: usize = 384 * 1024;

struct Cell {
    request: Request,
    expected: Expected,
}

struct Expected {
    status: &'static str,
    body: String,
}

/// A request in two parts, for those whose body is waited for.
struct Request {
    uri: String,
    first: String,
    rest: String,
}

impl Request {
    fn new(kind: &str, uri: String) -> Request {
        let headers = "HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n";
        let half = "x".repeat(2000);
        match kind {
            "body" => Request {
                first: format!("POST {uri} {headers}Content-Length: 4000\r\n\r\n{half}"),
                rest: half,
                uri,
            },
            _ => Request { first: format!("GET {uri} {headers}\r\n"), rest: String::new(), uri },
        }
    }

    fn send(&self, client: &Client) -> Result<TcpStream, String> {
        let failed = |error| format!("{}: {error}", self.uri);
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, client.port)).map_err(failed)?;
        stream.set_read_timeout(Some(client.patience)).map_err(failed)?;
        stream.write_all(self.first.as_bytes()).map_err(failed)?;
        Ok(stream)
    }

    fn complete(&self, stream: &mut TcpStream) -> Result<(), String> {
        stream.write_all(self.rest.as_bytes()).map_err(|error| format!("{}: {error}", self.uri))
    }

    fn answer(&self, stream: &mut TcpStream) -> Result<Response, String> {
        let mut received = Vec::new();
        stream
            .read_to_end(&mut received)
            .map_err(|error| format!("{}: {error}; got:\n{}", self.uri, show(&received)))?;
        Response::parse(&received, false).map_err(|error| format!("{}: {error}", self.uri))
    }
}

fn cells() -> Vec<Cell> {
    let mut cells = Vec::new();
    for (kind, result) in KINDS {
        for depth in DEPTHS {
            for place in PLACES {
                for end in ENDS {
                    if let Some(expected) = expected(kind, result, place, end) {
                        let uri = format!("/cell/{kind}/{depth}/{place}/{end}");
                        cells.push(Cell { request: Request::new(kind, uri), expected });
                    }
                }
            }
        }
    }
    cells
}

/// What comes of a wait that gives `result` if it is left alone; `None` if there
/// is no such combination.
fn expected(kind: &str, result: &str, place: &str, end: &str) -> Option<Expected> {
    let content = |body: String| Some(Expected { status: "200", body });
    let is_capture = matches!(kind, "capture" | "multi");
    // What flush sends cannot be taken back: no other answer follows.
    if kind == "flush" {
        return if end == "result" { content("x".repeat(PIECE)) } else { None };
    }
    match (end, place) {
        ("kill", "entry") => None,
        ("kill", _) if is_capture => content(format!("content {result} timeout\n")),
        ("kill", _) => content("content killed timeout\n".into()),
        // An error ends the thread that it happens in. While subrequests run,
        // exit and its like are errors.
        ("result", _) | ("error", "entry") => content(format!("content {result} timeout\n")),
        ("exit" | "exec" | "redirect", "entry") if is_capture => {
            content(format!("content {result} timeout\n"))
        }
        ("error", _) => content("after ended timeout\n".into()),
        ("exit" | "exec" | "redirect", _) if is_capture => content("after ended timeout\n".into()),
        ("exit", _) => content("content ended timeout\n".into()),
        ("exec", _) => content("elsewhere ended timeout\n".into()),
        _ => Some(Expected { status: "302", body: String::new() }),
    }
}

const WARM_UP: usize = 5;
const ROUNDS: usize = 25;

/// A client that output has to wait for.
fn client(site: &Site) -> Result<Client, String> {
    site.write_file("waits.lua", include_str!("waits/waits.lua"))?;
    let port = site.client.get("/port")?;
    let port = port.parse().map_err(|_| format!("{port:?} is no port"))?;
    Ok(Client { port, ..site.client })
}

fn matrix(site: &mut Site) -> Result<(), String> {
    let client = client(site)?;
    let cells = cells();
    let rounds = |count: usize| (0..count).try_for_each(|_| round(&client, &cells));
    rounds(WARM_UP)?;
    Memory::stays_flat(&client, || rounds(ROUNDS))?;
    site.end(libc::SIGQUIT)
}

/// All cells at the same time.
fn round(client: &Client, cells: &[Cell]) -> Result<(), String> {
    let before = acted(client)?;
    let mut streams =
        cells.iter().map(|cell| cell.request.send(client)).collect::<Result<Vec<_>, _>>()?;
    client.until("the waits end that something ends", || {
        Ok((acted(client)? == before + cells.len() as u64).then_some(()))
    })?;
    for (cell, stream) in cells.iter().zip(&mut streams) {
        cell.request.complete(stream)?;
    }
    for (cell, stream) in cells.iter().zip(&mut streams) {
        let response = cell.request.answer(stream)?;
        let got = (response.code.as_str(), text(&response));
        let Expected { status, body } = &cell.expected;
        if got.0 != *status || (*status != "302" && got.1 != *body) {
            let end = |text: &str| text[text.len().saturating_sub(200)..].to_owned();
            return Err(format!(
                "{}: expected {status} {:?}, got {} {:?}",
                cell.request.uri,
                end(body),
                got.0,
                end(&got.1)
            ));
        }
    }
    Ok(())
}

/// What needs no client.
fn timer_kinds() -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    KINDS.iter().filter(|(kind, _)| !matches!(*kind, "body" | "capture" | "multi" | "flush"))
}

fn timers(site: &mut Site) -> Result<(), String> {
    let client = client(site)?;
    let mut requests = Vec::new();
    let mut expected = Vec::new();
    for (kind, result) in timer_kinds() {
        for depth in DEPTHS {
            for (place, end, result) in [
                ("entry", "result", *result),
                ("entry", "exit", "ended"),
                ("entry", "error", result),
                ("thread", "result", result),
                ("thread", "exit", "ended"),
                ("thread", "error", "ended"),
                ("thread", "kill", "killed"),
            ] {
                requests.push(get(&format!("/timer/{kind}/{depth}/{place}/{end}")));
                expected.push(format!("{kind} {depth} {place} {end} {result}"));
            }
        }
    }
    expected.sort();

    let rounds = |count: usize| {
        (0..count).try_for_each(|_| {
            client.pipeline(&requests)?;
            let results = client.until("all timers end", || {
                Ok(Some(client.get("/results")?).filter(|results| !results.is_empty()))
            })?;
            let mut results: Vec<&str> = results.lines().collect();
            results.sort();
            if results == expected {
                return Ok(());
            }
            Err(format!("expected {expected:?}, got {results:?}"))
        })
    };
    rounds(WARM_UP)?;
    Memory::stays_flat(&client, || rounds(ROUNDS))?;
    site.end(libc::SIGQUIT)
}

fn acted(client: &Client) -> Result<u64, String> {
    let [acted] = numbers(&client.get("/acted")?)?;
    Ok(acted)
}

/// Requests of all kinds that wait for so long, each with its answer.
fn holders(prefix: &str, seconds: &str) -> Vec<(Request, String)> {
    let mut holders = Vec::new();
    for (kind, result) in KINDS {
        for depth in DEPTHS {
            for place in PLACES {
                let uri = format!("{prefix}/{kind}/{depth}/{place}/{seconds}");
                let piece = if *kind == "flush" { PIECE } else { 0 };
                let answer = "x".repeat(piece) + result + "\n";
                holders.push((Request::new(kind, uri), answer));
            }
        }
    }
    holders
}

/// Sends the requests so many times, and waits until their code does.
fn hold(
    client: &Client,
    holders: &[(Request, String)],
    times: usize,
) -> Result<Vec<TcpStream>, String> {
    let [before, _] = counts(client)?;
    let streams = (holders.iter().cycle().take(times * holders.len()))
        .map(|(request, _)| request.send(client))
        .collect::<Result<Vec<_>, _>>()?;
    client.until("all requests wait", || {
        Ok((counts(client)?[0] == before + streams.len() as u64).then_some(()))
    })?;
    Ok(streams)
}

/// Starts timers that wait.
fn hold_in_timers(client: &Client, seconds: &str) -> Result<(), String> {
    let mut requests = Vec::new();
    for (kind, _) in timer_kinds() {
        for depth in DEPTHS {
            for place in PLACES {
                requests.push(get(&format!("/hold-in-timer/{kind}/{depth}/{place}/{seconds}")));
            }
        }
    }
    let [before, _] = counts(client)?;
    client.pipeline(&requests)?;
    client.until("all timers wait", || {
        Ok((counts(client)?[0] == before + requests.len() as u64).then_some(()))
    })
}

/// How many requests of `holders` have started, and ended.
fn counts(client: &Client) -> Result<[u64; 2], String> {
    numbers(&client.get("/counts")?)
}

fn expect_answers(holders: &[(Request, String)], streams: Vec<TcpStream>) -> Result<(), String> {
    for ((request, answer), mut stream) in holders.iter().cycle().zip(streams) {
        request.complete(&mut stream)?;
        let response = request.answer(&mut stream)?;
        if response.code != "200" || text(&response) != *answer {
            return Err(format!("{}: {} {:?}", request.uri, response.code, text(&response)));
        }
    }
    Ok(())
}

/// Where the client is watched, the waits would last; elsewhere they end later by
/// themselves.
fn clients(site: &mut Site) -> Result<(), String> {
    let client = client(site)?;
    let noticed = holders("/noticed", "60");
    let unnoticed = holders("/hold", "0.1");
    let rounds = |count: usize| {
        (0..count).try_for_each(|_| {
            for holders in [&noticed, &unnoticed] {
                drop(hold(&client, holders, 3)?);
                client.until("all requests end", || {
                    let [started, ended] = counts(&client)?;
                    Ok((started == ended).then_some(()))
                })?;
            }
            Ok::<(), String>(())
        })
    };
    rounds(WARM_UP)?;
    Memory::stays_flat(&client, || rounds(ROUNDS))?;
    site.end(libc::SIGQUIT)
}

fn reload(site: &mut Site) -> Result<(), String> {
    let client = client(site)?;
    let holders = holders("/hold", "0.3");
    for _ in 0..3 {
        let worker = worker(site)?;
        let streams = hold(&client, &holders, 3)?;
        site.signal(libc::SIGHUP)?;
        expect_answers(&holders, streams)?;
        site.client.until("the old worker ends", || Ok((!is_running(worker)).then_some(())))?;
    }
    site.end(libc::SIGQUIT)
}

fn worker(site: &Site) -> Result<i32, String> {
    let memory = site.client.get("/memory")?;
    let pid = memory.split(' ').next().and_then(|pid| pid.parse().ok());
    pid.ok_or_else(|| format!("no process id in {memory:?}"))
}

fn quit(site: &mut Site) -> Result<(), String> {
    let client = client(site)?;
    let holders = holders("/hold", "0.3");
    hold_in_timers(&client, "0.3")?;
    let streams = hold(&client, &holders, 5)?;
    thread::scope(|scope| {
        let answers = scope.spawn(|| expect_answers(&holders, streams));
        let ended = site.end(libc::SIGQUIT);
        answers.join().map_err(|_| "the client panicked")?.and(ended)
    })
}

fn terminate(site: &mut Site) -> Result<(), String> {
    let client = client(site)?;
    hold_in_timers(&client, "60")?;
    let streams = hold(&client, &holders("/hold", "60"), 5)?;
    let began = Instant::now();
    site.end(libc::SIGTERM)?;
    drop(streams);
    // After a second, the master would kill the worker.
    match began.elapsed() {
        time if time < Duration::from_secs(1) => Ok(()),
        time => Err(format!("nginx took {time:?} to end")),
    }
}
