//! The measurements, each for all seats, in turns.

use std::fs;
use std::path::PathBuf;
use std::sync::Mutex;
use std::thread;

use crate::Result;
use crate::peer::{Peer, Running};
use crate::server::{Server, Setup};
use crate::settings::{SEATS, Seat, Settings};
use crate::stats::Samples;
use crate::workload::Workload;

/// A request takes far less time natively than under callgrind, and more
/// requests average out what the machine does meanwhile.
const CPU_FACTOR: u64 = 20;

/// With one connection the worker would go to sleep after each request; what
/// that costs is the kernel's matter, and varies much.
const CPU_CONNECTIONS: usize = 8;

/// What a worker is configured for.
const CONNECTIONS: usize = 64;

/// One figure per seat.
pub type PerSeat = [Samples; SEATS];

/// All measurements of one workload.
pub struct Bench<'a> {
    settings: &'a Settings,
    workload: &'a Workload,
    /// What the Lua code talks to, the same for both modules.
    peer: Option<Running>,
}

impl<'a> Bench<'a> {
    /// Starts the workload's peer, if it has one.
    pub fn new(settings: &'a Settings, workload: &'a Workload) -> Result<Self> {
        let start =
            |peer: Peer| peer.start(&settings.nginx, &directory(settings, workload, "peer")?);
        Ok(Bench { settings, workload, peer: workload.peer.map(start).transpose()? })
    }

    /// Checks that all seats answer alike, or there is nothing to compare.
    pub fn check_answers(&self) -> Result<()> {
        let mut expected = None;
        for seat in &self.settings.seats {
            let run = Run { bench: self, seat, number: 0 };
            let answer = run.attempt(|| {
                let server = run.start("answer", false)?;
                let answer = server.client(self.workload, 1)?.fetch()?;
                server.stop()?;
                Ok(answer)
            })?;
            let expected = expected.get_or_insert_with(|| answer.clone());
            if answer != *expected {
                return Err(format!(
                    "{} does not answer as nginx alone does\n\n{answer}\n\nbut\n\n{expected}\n",
                    seat.name
                ));
            }
        }
        Ok(())
    }

    /// Instructions per request. Other processes do not change them, so that all
    /// cores can count at the same time.
    pub fn instructions(&self) -> Result<PerSeat> {
        let jobs = Mutex::new(turns(self.settings).into_iter());
        let counts = Mutex::new(vec![Vec::new(); SEATS]);
        let work = || -> Result<()> {
            loop {
                let Some((number, seat)) = jobs.lock().expect("no thread panics").next() else {
                    return Ok(());
                };
                let run = Run { bench: self, seat: &self.settings.seats[seat], number };
                let count = run.attempt(|| run.instructions())?;
                counts.lock().expect("no thread panics")[seat].push(count);
            }
        };
        let cores = thread::available_parallelism().map_or(1, |cores| cores.get());
        thread::scope(|scope| {
            let threads: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
            threads.into_iter().try_for_each(|thread| thread.join().expect("no thread panics"))
        })?;
        Ok(samples(counts.into_inner().expect("no thread panics")))
    }

    /// CPU time of the worker per request, in microseconds.
    pub fn cpu_time(&self) -> Result<PerSeat> {
        let mut times = vec![Vec::new(); SEATS];
        for (number, seat) in turns(self.settings) {
            let run = Run { bench: self, seat: &self.settings.seats[seat], number };
            times[seat].push(run.attempt(|| run.cpu_time())?);
        }
        Ok(samples(times))
    }
}

/// One run of one seat. Each has an nginx of its own, because what LuaJIT
/// compiles, and how, is settled in the first requests of a process.
struct Run<'a> {
    bench: &'a Bench<'a>,
    seat: &'a Seat,
    number: usize,
}

impl Run<'_> {
    fn instructions(&self) -> Result<f64> {
        let requests = self.bench.workload.requests;
        let mut server = self.start("callgrind", true)?;
        let mut client = server.client(self.bench.workload, 1)?;
        client.repeat(requests)?;
        server.instructions()?;
        client.repeat(requests)?;
        let instructions = server.instructions()?;
        server.stop()?;
        Ok(instructions as f64 / requests as f64)
    }

    fn cpu_time(&self) -> Result<f64> {
        let requests = self.bench.workload.requests * CPU_FACTOR;
        let server = self.start("cpu", false)?;
        let mut client = server.client(self.bench.workload, CPU_CONNECTIONS)?;
        client.repeat(self.bench.workload.requests)?;
        let before = server.cpu_time()?;
        client.repeat(requests)?;
        let time = server.cpu_time()? - before;
        server.stop()?;
        Ok(time.as_secs_f64() * 1e6 / requests as f64)
    }

    fn start(&self, purpose: &str, callgrind: bool) -> Result<Server> {
        let name = format!("{}-{purpose}-{}", self.seat.name.replace(' ', "-"), self.number + 1);
        Server::start(&Setup {
            nginx: &self.bench.settings.nginx,
            modules: &self.seat.modules,
            location: &self.location(),
            dir: directory(self.bench.settings, self.bench.workload, &name)?,
            connections: CONNECTIONS,
            callgrind,
        })
    }

    fn location(&self) -> String {
        let workload = self.bench.workload;
        if self.seat.modules.is_empty() {
            return workload.plain.to_owned();
        }
        let port = self.bench.peer.as_ref().map_or(String::new(), |peer| peer.port.to_string());
        workload.lua.replace("PEER_PORT", &port)
    }

    fn attempt<T>(&self, measurement: impl FnOnce() -> Result<T>) -> Result<T> {
        measurement().map_err(|message| format!("{}: {message}", self.seat.name))
    }
}

/// A directory of the workload, which is not there yet.
fn directory(settings: &Settings, workload: &Workload, name: &str) -> Result<PathBuf> {
    let dir = settings.dir.join(workload.name.replace(' ', "-")).join(name);
    if dir.exists() {
        fs::remove_dir_all(&dir).map_err(|e| format!("{}: {e}", dir.display()))?;
    }
    Ok(dir)
}

/// All runs of all seats, interleaved, each time in another order.
fn turns(settings: &Settings) -> Vec<(usize, usize)> {
    (0..settings.runs)
        .flat_map(|run| (0..SEATS).map(move |place| (run, (run + place) % SEATS)))
        .collect()
}

fn samples(values: Vec<Vec<f64>>) -> PerSeat {
    let mut values = values.into_iter();
    std::array::from_fn(|_| Samples::new(values.next().expect("one list per seat")))
}
