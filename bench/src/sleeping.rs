//! Requests that wait, all at the same time in one worker: what one of them
//! takes of memory while it does, and of the processor until it is answered.

use std::fs;
use std::path::PathBuf;

use crate::Result;
use crate::client::Client;
use crate::measure::PerSeat;
use crate::server::{Server, Setup};
use crate::settings::{SEATS, SLEEPING, Seat, Settings};
use crate::stats::Samples;

/// How many requests sleep at the same time.
pub const REQUESTS: usize = 10_000;

/// Requests before that, so that what comes with the first ones is there.
const WARM_UP: usize = 100;

/// So many sleep already when the memory of the others is measured: the first take
/// what earlier requests have left in malloc's heap.
const FIRST: usize = REQUESTS / 5;

/// Long enough for all requests to arrive before the first sleep ends; under
/// callgrind, where nobody looks at the memory, that does not matter.
const SECONDS: usize = 3;

/// nginx closes idle connections when fewer than a sixteenth are free.
const CONNECTIONS: usize = REQUESTS + REQUESTS / 8;

/// What was measured.
pub struct Figures {
    /// Bytes that the worker has more for each request that sleeps.
    pub memory: PerSeat,
    /// Instructions per request, from its arrival to its answer.
    pub instructions: PerSeat,
    /// CPU time per request, in microseconds.
    pub cpu: PerSeat,
}

/// Measures all seats, in turns.
pub fn measure(settings: &Settings) -> Result<Figures> {
    raise_file_limit()?;
    let mut figures = [const { [const { Vec::new() }; SEATS] }; 3];
    for run in 0..settings.runs {
        for place in 0..SEATS {
            let number = (run + place) % SEATS;
            let seat = &settings.seats[number];
            let (memory, cpu) = round(settings, seat, run)?;
            let instructions = count_instructions(settings, seat, run)?;
            for (figures, figure) in figures.iter_mut().zip([memory, instructions, cpu]) {
                figures[number].push(figure);
            }
        }
    }
    let [memory, instructions, cpu] = figures.map(|figures| figures.map(Samples::new));
    Ok(Figures { memory, instructions, cpu })
}

/// Memory and CPU time.
fn round(settings: &Settings, seat: &Seat, run: usize) -> Result<(f64, f64)> {
    let server = start(settings, seat, run, "native")?;
    let mut client = connect(&server)?;

    let cpu_before = server.cpu_time()?;
    client.send_on(0..FIRST)?;
    // At rest, as long as all sleep.
    server.cpu_time()?;
    let memory_before = server.memory()?;
    client.send_on(FIRST..REQUESTS)?;
    server.cpu_time()?;
    let memory = server.memory()? - memory_before;
    if client.is_answered() {
        return Err(format!("{REQUESTS} requests do not arrive within {SECONDS} seconds"));
    }
    client.receive_all()?;
    let cpu = server.cpu_time()? - cpu_before;

    drop(client);
    server.stop()?;
    let memory = memory as f64 / (REQUESTS - FIRST) as f64;
    Ok((memory, cpu.as_secs_f64() * 1e6 / REQUESTS as f64))
}

fn count_instructions(settings: &Settings, seat: &Seat, run: usize) -> Result<f64> {
    let mut server = start(settings, seat, run, "callgrind")?;
    let mut client = connect(&server)?;
    server.instructions()?;
    client.send_on(0..REQUESTS)?;
    client.receive_all()?;
    let instructions = server.instructions()?;
    drop(client);
    server.stop()?;
    Ok(instructions as f64 / REQUESTS as f64)
}

/// Opens all connections; the worker has served some requests then.
fn connect(server: &Server) -> Result<Client> {
    let mut first = server.connect(WARM_UP, "/")?;
    first.send_on(0..WARM_UP)?;
    let client = server.connect(REQUESTS, "/")?;
    first.receive_all()?;
    Ok(client)
}

fn start(settings: &Settings, seat: &Seat, run: usize, purpose: &str) -> Result<Server> {
    Server::start(&Setup {
        nginx: &settings.nginx,
        modules: &seat.modules,
        location: &location(seat),
        dir: directory(settings, seat, run, purpose)?,
        connections: CONNECTIONS,
        callgrind: purpose == "callgrind",
    })
}

/// nginx alone can delay an answer as well, if it is that a password is missing.
fn location(seat: &Seat) -> String {
    if seat.modules.is_empty() {
        format!(
            r#"
            location / {{
                auth_basic bench;
                auth_basic_user_file nobody;
                auth_delay {SECONDS}s;
                error_page 401 =200 /slept;
            }}
            location = /slept {{
                return 200 "slept\n";
            }}"#
        )
    } else {
        format!(
            r#"
            location / {{
                content_by_lua_block {{
                    ngx.sleep({SECONDS})
                    ngx.say("slept")
                }}
            }}"#
        )
    }
}

fn directory(settings: &Settings, seat: &Seat, run: usize, purpose: &str) -> Result<PathBuf> {
    let name = format!("{}-{purpose}-{}", seat.name.replace(' ', "-"), run + 1);
    let dir = settings.dir.join(SLEEPING).join(name);
    if dir.exists() {
        fs::remove_dir_all(&dir).map_err(|e| format!("{}: {e}", dir.display()))?;
    }
    Ok(dir)
}

/// Lets this program, and each nginx that it starts, have all the connections.
fn raise_file_limit() -> Result<()> {
    let needed = CONNECTIONS as libc::rlim_t;
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the structure outlives the calls.
    unsafe {
        libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit);
        if limit.rlim_cur < needed {
            limit.rlim_cur = needed;
            limit.rlim_max = limit.rlim_max.max(needed);
            if libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) != 0 {
                return Err(format!("{needed} open files are needed; raise the limit: ulimit -n"));
            }
        }
    }
    Ok(())
}
