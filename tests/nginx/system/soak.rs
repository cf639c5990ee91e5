//! The soak: all kinds of waits at full load, with a reload every 500 ms.
//! `make soak` runs it; it is no part of the other tests, as it takes minutes.

mod visit;

use std::collections::HashMap;
use std::fmt;
use std::fs;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::settings::Soak;
use crate::system::Test;
use crate::system::memory::numbers;
use crate::system::site::{Conf, Site, is_running};

use self::visit::{VISITS, Visit, Visitor, Went};

pub const TEST: Test = Test { name: "soak", conf, run: soak };

/// As many clients at the same time.
const CLIENTS: u64 = 40;
const WORKERS: usize = 2;

const RELOAD: Duration = Duration::from_millis(500);

/// No request takes longer, and no worker that was told to end lives longer.
const LONGEST: Duration = Duration::from_secs(25);

/// What memory may grow by from the second third of the time to the last: in the
/// master, where each reload could leave a machine of some hundred kilobytes; and
/// in workers that have served many thousands of requests since the last reload.
const MASTER_SLACK: u64 = 1 << 20;
const WORKER_SLACK: u64 = 4 << 20;

fn conf() -> Conf {
    Conf {
        workers: WORKERS,
        connections: 2048,
        log_level: "error",
        ..Conf::new(include_str!("soak/http.conf"), include_str!("soak/server.conf"))
    }
}

fn soak(site: &mut Site) -> Result<(), String> {
    site.write_file("html/ssi.html", SSI)?;
    let Soak { time, only } = site.settings().soak.clone().ok_or("no time is given")?;
    let with_reloads = time.mul_f64(0.8);
    println!(
        "{CLIENTS} clients, {WORKERS} workers: {with_reloads:?} with a reload every {RELOAD:?}, \
         then {:?} without",
        time - with_reloads
    );

    let tally = Tally::new(&only);
    let port = site.client.port;
    let watched = thread::scope(|scope| {
        for seed in 0..CLIENTS {
            let tally = &tally;
            scope.spawn(move || tally.visit_until_end(port, seed));
        }
        let watched = watch(site, &tally, with_reloads, time - with_reloads);
        tally.over.store(true, Ordering::Relaxed);
        watched
    });
    tally.print();
    watched?;
    tally.verdict()?;

    // What was begun and has not ended: one timer of ngx.timer.every in each
    // worker, and nothing else; no connection to Redis waits for what never comes.
    // A client's end is known a moment later.
    let client = site.client;
    client
        .until("all timers, requests and connections that were left end", || {
            let [timers, requests, every, ticks, sockets] = numbers(&client.get("/counts")?)?;
            let ended = timers == 0 && requests == 0 && every == WORKERS as u64 && sockets == 0;
            Ok((ended && ticks > 0).then_some(()))
        })
        .map_err(|error| format!("{error}; counted: {:?}", client.get("/counts")))?;
    no_errors(site)?;
    site.end(libc::SIGQUIT)
}

const SSI: &str = "before <!--# include virtual=\"/part?n=1\" -->, \
                   <!--# include virtual=\"/part?n=2\" --> after";

/// What the clients do, and what they have seen.
struct Tally {
    visits: Vec<&'static Visit>,
    over: AtomicBool,
    requests: AtomicU64,
    missed: AtomicU64,
    failures: AtomicU64,
    first_failures: Mutex<Vec<String>>,
}

impl Tally {
    fn new(only: &[String]) -> Tally {
        let chosen = |visit: &&Visit| only.is_empty() || only.iter().any(|uri| uri == visit.uri);
        Tally {
            visits: VISITS.iter().filter(chosen).collect(),
            over: AtomicBool::new(false),
            requests: AtomicU64::new(0),
            missed: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            first_failures: Mutex::default(),
        }
    }

    fn visit_until_end(&self, port: u16, seed: u64) {
        let mut visitor = Visitor::new(port, seed);
        while !self.over.load(Ordering::Relaxed) {
            let visit = self.visits[visitor.random(self.visits.len())];
            let began = Instant::now();
            let mut went = visitor.visit(visit);
            if matches!(went, Ok(Went::Missed)) {
                self.missed.fetch_add(1, Ordering::Relaxed);
                // On a new connection, this time.
                went = visitor.visit(visit);
            }
            self.requests.fetch_add(1, Ordering::Relaxed);
            match went {
                Err(error) => self.fail(error),
                Ok(_) if began.elapsed() > LONGEST => {
                    self.fail(format!("{}: took {:?}", visit.uri, began.elapsed()));
                }
                Ok(_) => {}
            }
        }
    }

    fn fail(&self, error: String) {
        self.failures.fetch_add(1, Ordering::Relaxed);
        let mut first = self.first_failures.lock().expect("nobody panics with the list in hand");
        if first.len() < 20 {
            println!("failed: {error}");
            first.push(error);
        }
    }

    fn print(&self) {
        let [requests, missed, failures] = [&self.requests, &self.missed, &self.failures]
            .map(|counter| counter.load(Ordering::Relaxed));
        println!(
            "{requests} requests of {} kinds, {missed} sent again as nginx closed the idle \
             connection, {failures} failed",
            self.visits.len()
        );
    }

    fn verdict(&self) -> Result<(), String> {
        match self.failures.load(Ordering::Relaxed) {
            0 => Ok(()),
            n => Err(format!("{n} requests failed")),
        }
    }
}

/// Reloads, and looks at the processes; then the same without reloads.
fn watch(
    site: &Site,
    tally: &Tally,
    with_reloads: Duration,
    without: Duration,
) -> Result<(), String> {
    let began = Instant::now();
    let mut processes = Processes { master: site.pid()?, workers: HashMap::new() };
    let mut master = Memory::new("the master", MASTER_SLACK);
    let mut fresh = Memory::new("new workers", MASTER_SLACK);
    let mut reloads = 0;
    while began.elapsed() < with_reloads {
        let new = processes.look()?;
        master.note(memory(processes.master));
        new.iter().for_each(|worker| fresh.note(memory(*worker)));
        if reloads % 60 == 0 {
            println!(
                "{:>4} s: {reloads} reloads, {} requests, {} workers, {master}, {fresh}",
                began.elapsed().as_secs(),
                tally.requests.load(Ordering::Relaxed),
                processes.workers.len()
            );
        }
        site.signal(libc::SIGHUP)?;
        reloads += 1;
        thread::sleep((RELOAD * reloads).saturating_sub(began.elapsed()));
    }
    println!("{reloads} reloads, {master}, {fresh}");

    site.client.until("the old workers end", || {
        processes.look()?;
        Ok((processes.workers.len() == WORKERS).then_some(()))
    })?;
    thread::sleep(RELOAD);
    let missed = tally.missed.load(Ordering::Relaxed);
    let began = Instant::now();
    let mut last = Memory::new("the last workers", WORKER_SLACK);
    while began.elapsed() < without {
        thread::sleep(RELOAD);
        processes.look()?;
        last.note(processes.workers.keys().map(|worker| memory(*worker)).sum());
    }
    println!("{last}");

    for memory in [master, fresh, last] {
        memory.is_flat()?;
    }
    match tally.missed.load(Ordering::Relaxed) - missed {
        0 => Ok(()),
        n => Err(format!("{n} connections were closed without a reload")),
    }
}

/// The master, and its workers with the time when each was seen first.
struct Processes {
    master: i32,
    workers: HashMap<i32, Instant>,
}

impl Processes {
    /// Sees which workers there are; gives the new ones.
    fn look(&mut self) -> Result<Vec<i32>, String> {
        let file = format!("/proc/{0}/task/{0}/children", self.master);
        let text = fs::read_to_string(&file).map_err(|error| format!("{file}: {error}"))?;
        let alive: Vec<i32> = text
            .split_whitespace()
            .filter_map(|pid| pid.parse().ok())
            .filter(|pid| is_running(*pid))
            .collect();
        self.workers.retain(|pid, _| alive.contains(pid));
        let new: Vec<i32> =
            alive.into_iter().filter(|pid| !self.workers.contains_key(pid)).collect();
        self.workers.extend(new.iter().map(|pid| (*pid, Instant::now())));

        // While there are reloads, all but the newest were told to end.
        let newest = self.workers.values().max().copied();
        let late = (self.workers.iter())
            .find(|(_, seen)| newest.is_some_and(|newest| newest - **seen > LONGEST));
        match late {
            None => Ok(new),
            Some((pid, _)) => Err(format!("worker {pid} does not end")),
        }
    }
}

/// The memory of a process that is its own; 0 if it is gone.
fn memory(pid: i32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let kilobytes = status
        .lines()
        .find_map(|line| line.strip_prefix("RssAnon:")?.trim().strip_suffix(" kB")?.parse().ok());
    kilobytes.map_or(0, |kilobytes: u64| kilobytes * 1024)
}

/// Memory over time.
struct Memory {
    what: &'static str,
    slack: u64,
    samples: Vec<u64>,
}

impl Memory {
    fn new(what: &'static str, slack: u64) -> Memory {
        Memory { what, slack, samples: Vec::new() }
    }

    fn note(&mut self, bytes: u64) {
        if bytes > 0 {
            self.samples.push(bytes);
        }
    }

    /// The largest of the second and of the last third.
    fn peaks(&self) -> (u64, u64) {
        let third = self.samples.len() / 3;
        let peak = |samples: &[u64]| samples.iter().max().copied().unwrap_or(0);
        (peak(&self.samples[third..2 * third]), peak(&self.samples[2 * third..]))
    }

    fn is_flat(&self) -> Result<(), String> {
        let (before, after) = self.peaks();
        if after <= before + self.slack {
            return Ok(());
        }
        Err(format!("memory of {} grows: {before} bytes, later {after}", self.what))
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let megabytes = |bytes: u64| bytes as f64 / (1 << 20) as f64;
        let (before, after) = self.peaks();
        let last = self.samples.last().copied().unwrap_or(0);
        write!(
            f,
            "{}: {:.1} MB (peaks {:.1}, {:.1})",
            self.what,
            megabytes(last),
            megabytes(before),
            megabytes(after)
        )
    }
}

/// What fails on purpose says so.
fn no_errors(site: &Site) -> Result<(), String> {
    let log = site.log();
    let mut errors =
        log.lines().filter(|line| line.contains(" [error] ") && !line.contains("on purpose"));
    match errors.next() {
        None => Ok(()),
        Some(line) => Err(format!("{} errors in error.log, first: {line}", 1 + errors.count())),
    }
}
