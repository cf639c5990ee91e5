//! Reloads: the old configuration finishes what it has begun, the new one
//! serves, and neither is left in memory.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::system::Test;
use crate::system::shutdown::{UNTIL_EXIT, hold_sleepers, sleepers};
use crate::system::site::{Client, Conf, Site, is_running, peak_memory};

pub const TESTS: &[Test] = &[
    Test { name: "a reload waits for code that sleeps", conf: first, run: sleeping },
    Test { name: "20 reloads with traffic", conf: generation_1, run: many },
    Test { name: "a reload with an error in init_by_lua", conf: first, run: init_error },
    Test { name: "a reload with a syntax error", conf: first, run: syntax_error },
];

fn first() -> Conf {
    sleepers("first", UNTIL_EXIT)
}

fn second() -> Conf {
    sleepers("second", UNTIL_EXIT)
}

fn sleeping(site: &mut Site) -> Result<(), String> {
    let old = worker(&site.client)?;
    let held = hold_sleepers(&site.client, 50)?;
    site.configure(&second())?;
    site.signal(libc::SIGHUP)?;

    for held in held {
        expect("a request that slept", &held.answer()?, "first")?;
    }
    await_end(site, old)?;
    for _ in 0..20 {
        expect("a new request", &site.client.get("/generation")?, "second")?;
    }
    no_errors(site)
}

const RELOADS: usize = 20;
const WARM_UP: usize = 5;

/// Slack for the master. malloc's heap settles within the first reloads, and
/// after that changes by some pages from one to the next; a machine that stays
/// costs half of this each time.
const MASTER_SLACK: u64 = 1 << 20;

fn generation(n: usize) -> Conf {
    let http = format!(
        r#"
        init_by_lua_block {{
            local big = {{}}
            for i = 1, 5000 do
                big[i] = "generation {n}, " .. i
            end
            package.loaded.generation = {{ number = {n}, big = big, init = ngx.worker.pid() }}
        }}
        init_worker_by_lua_block {{
            local generation = require "generation"
            generation.worker = ngx.worker.pid()
        }}"#
    );
    let server = r#"
        location = /pid { content_by_lua_block { ngx.print(ngx.worker.pid()) } }
        location = /generation {
            access_by_lua_block { ngx.sleep(0.001) }
            content_by_lua_block {
                local generation = require "generation"
                assert(generation.worker == ngx.worker.pid())
                assert(generation.init ~= ngx.worker.pid())
                assert(generation.big[5000] == "generation " .. generation.number .. ", 5000")
                ngx.print(generation.number)
            }
        }"#;
    Conf::new(http, server)
}

fn generation_1() -> Conf {
    generation(1)
}

fn many(site: &mut Site) -> Result<(), String> {
    let ended = AtomicBool::new(false);
    let client = site.client;
    thread::scope(|scope| {
        let traffic: Vec<_> = (0..2).map(|_| scope.spawn(|| traffic(&client, &ended))).collect();
        let reloaded = reloads(site);
        ended.store(true, Ordering::Relaxed);
        for thread in traffic {
            thread.join().map_err(|_| "the traffic thread panicked")??;
        }
        reloaded
    })?;
    no_errors(site)
}

fn reloads(site: &Site) -> Result<(), String> {
    let mut warm = 0;
    for n in 2..=RELOADS + 1 {
        let old = worker(&site.client)?;
        site.configure(&generation(n))?;
        site.signal(libc::SIGHUP)?;
        await_end(site, old)?;
        expect("the new worker", &site.client.get("/generation")?, &n.to_string())?;
        if n == WARM_UP + 1 {
            warm = peak_memory(site.pid()?)?;
        }
    }
    master_is_flat(site, warm)
}

fn master_is_flat(site: &Site, warm: u64) -> Result<(), String> {
    let after = peak_memory(site.pid()?)?;
    if after <= warm + MASTER_SLACK {
        return Ok(());
    }
    Err(format!("the master grows: {warm} bytes after {WARM_UP} reloads, {after} after {RELOADS}"))
}

/// Every request has an answer, of whatever generation.
fn traffic(client: &Client, ended: &AtomicBool) -> Result<(), String> {
    let mut seen = 1;
    while !ended.load(Ordering::Relaxed) {
        let answer = client.get("/generation")?;
        let number: usize = answer.parse().map_err(|_| format!("no generation: {answer:?}"))?;
        // Old and new worker take connections side by side for a moment.
        if number + 1 < seen || number > RELOADS + 1 {
            return Err(format!("generation {number} answers after {seen}"));
        }
        seen = seen.max(number);
    }
    Ok(())
}

fn init_error(site: &mut Site) -> Result<(), String> {
    let worker_before = worker(&site.client)?;
    let mut bad = second();
    bad.http = "init_by_lua_block {\n local nothing = nil\n nothing()\n}".into();
    site.configure(&bad)?;
    let message = "init_by_lua error: init_by_lua(nginx.conf";
    let mut warm = 0;
    for n in 1..=RELOADS {
        site.signal(libc::SIGHUP)?;
        site.client.until("the error is logged", || {
            Ok((site.log().matches(message).count() == n).then_some(()))
        })?;
        if n == WARM_UP {
            warm = peak_memory(site.pid()?)?;
        }
    }
    master_is_flat(site, warm)?;
    site.await_log(&["[error]", message, "attempt to call local 'nothing'"])?;

    expect("a request", &site.client.get("/generation")?, "first")?;
    if worker(&site.client)? != worker_before {
        return Err("another worker has started".into());
    }

    site.configure(&second())?;
    site.signal(libc::SIGHUP)?;
    await_end(site, worker_before)?;
    expect("a new request", &site.client.get("/generation")?, "second")
}

fn syntax_error(site: &mut Site) -> Result<(), String> {
    let mut bad = second();
    bad.server.push_str("\nlocation = /bad {\n content_by_lua_block {\n  ngx.say(\n }\n}\n");
    site.configure(&bad)?;

    let conf = fs::read_to_string(site.conf_path())
        .map_err(|error| format!("cannot read nginx.conf: {error}"))?;
    let line = conf.lines().position(|line| line.trim() == "ngx.say(").ok_or("no bad line")? + 1;
    let (code, output) = site.test_configuration()?;
    // Lua sees the mistake at the brace after the open parenthesis.
    let place = |line| format!("in {}:{line}", site.conf_path());
    let named = output.contains("[emerg]")
        && (output.contains(&place(line)) || output.contains(&place(line + 1)));
    if code != Some(1) || !named {
        return Err(format!("nginx -t ends with {code:?} and says:\n{output}"));
    }

    let old = worker(&site.client)?;
    site.signal(libc::SIGHUP)?;
    await_end(site, old)?;
    site.await_log(&["[warn]", "content_by_lua(nginx.conf", "will fail"])?;
    let status = site.client.status("/bad")?;
    if status != "500" {
        return Err(format!("GET /bad: status {status:?}"));
    }
    site.await_log(&["[error]", "failed to load inlined Lua code: content_by_lua(nginx.conf"])?;
    expect("another location", &site.client.get("/generation")?, "second")
}

/// Until the old worker has seen the signal, both take connections.
fn await_end(site: &Site, worker: i32) -> Result<(), String> {
    site.client.until("the old worker ends", || Ok((!is_running(worker)).then_some(())))
}

fn worker(client: &Client) -> Result<i32, String> {
    let pid = client.get("/pid")?;
    pid.parse().map_err(|_| format!("{pid:?} is no process id"))
}

fn expect(what: &str, got: &str, expected: &str) -> Result<(), String> {
    if got == expected { Ok(()) } else { Err(format!("{what} got {got:?}, not {expected:?}")) }
}

fn no_errors(site: &Site) -> Result<(), String> {
    match site.log().lines().find(|line| line.contains(" [error] ")) {
        None => Ok(()),
        Some(line) => Err(format!("error in error.log: {line}")),
    }
}
