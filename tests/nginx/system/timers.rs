//! Timers: when a worker ends, when it has no connections left, and in great
//! number.

use std::time::{Duration, Instant};

use crate::system::Test;
use crate::system::memory::{LOCATIONS, Memory, WATCH, numbers};
use crate::system::site::{Client, Conf, Site, get, get_and_close, is_running, peak_memory};

pub const TESTS: &[Test] = &[
    Test { name: "timers run early at a graceful end", conf: waiting, run: graceful },
    Test { name: "timers run early at a reload", conf: waiting, run: reload },
    Test { name: "a fast end does not run timers", conf: waiting, run: fast },
    Test { name: "a process without master does not run timers", conf: single, run: fast },
    Test { name: "a reload waits for timers that run", conf: busy, run: reload_waits },
    Test { name: "worker_shutdown_timeout ends timers that run", conf: limited, run: limit },
    Test { name: "timers with all connections in use", conf: full, run: without_connections },
    Test { name: "ten timers a millisecond, and requests", conf: many, run: beside_requests },
    Test { name: "100,000 timers", conf: many, run: soak },
    Test { name: "timers of 300 machines of lua_code_cache off", conf: uncached, run: machines },
];

const PID: &str = "location = /pid { content_by_lua_block { ngx.print(ngx.worker.pid()) } }";

/// A hundred timers that wait for hours, and note when they run.
fn waiting() -> Conf {
    let http = r#"
        init_worker_by_lua_block {
            local n = 0
            for i = 1, 100 do
                local create = i % 2 == 0 and ngx.timer.at or ngx.timer.every
                assert(create(3600 + i, function(premature)
                    assert(premature and ngx.worker.exiting())
                    n = n + 1
                    if n == 100 then
                        print("all have run early")
                    end
                end))
            end
        }"#;
    Conf::new(http, PID)
}

fn single() -> Conf {
    Conf { master: false, ..waiting() }
}

/// For the end of a worker that has only timers to wait for.
const QUICK: Duration = Duration::from_millis(900);

fn graceful(site: &mut Site) -> Result<(), String> {
    site.client.get("/pid")?;
    let start = Instant::now();
    site.end(libc::SIGQUIT)?;
    let took = start.elapsed();
    site.await_log(&["all have run early"])?;
    if took > QUICK { Err(format!("the end took {took:?}")) } else { no_errors(site) }
}

fn reload(site: &mut Site) -> Result<(), String> {
    let old = worker(&site.client)?;
    let start = Instant::now();
    site.signal(libc::SIGHUP)?;
    await_end(site, old)?;
    let took = start.elapsed();
    site.await_log(&["all have run early", &format!(" {old}#")])?;
    if took > QUICK {
        return Err(format!("the old worker's end took {took:?}"));
    }
    // The new worker has timers of its own.
    site.end(libc::SIGQUIT)?;
    match site.log().matches("all have run early").count() {
        2 => no_errors(site),
        n => Err(format!("{n} workers have run their timers, not 2")),
    }
}

fn fast(site: &mut Site) -> Result<(), String> {
    site.client.get("/pid")?;
    site.end(libc::SIGTERM)?;
    if site.log().contains("all have run early") {
        return Err("timers have run".into());
    }
    no_errors(site)
}

/// Timers that run until the worker is told to end, and then some more.
fn busy() -> Conf {
    let http = r#"
        init_by_lua_block {
            local counts = { running = 0, ended = 0 }
            package.loaded.counts = counts
            function counts.run()
                counts.running = counts.running + 1
                while not ngx.worker.exiting() do
                    ngx.sleep(0.005)
                end
                for _ = 1, 20 do
                    ngx.sleep(0.005)
                end
                counts.ended = counts.ended + 1
                if counts.ended == 50 then
                    print("all have ended")
                end
            end
        }"#;
    let server = format!(
        r#"{PID}
        location = /create {{
            content_by_lua_block {{
                for _ = 1, 50 do
                    assert(ngx.timer.at(0, require("counts").run))
                end
            }}
        }}
        location = /running {{
            content_by_lua_block {{ ngx.print(require("counts").running) }}
        }}"#
    );
    Conf::new(http, server)
}

fn reload_waits(site: &mut Site) -> Result<(), String> {
    let old = worker(&site.client)?;
    site.client.get("/create")?;
    site.client
        .until("the timers run", || Ok((site.client.get("/running")? == "50").then_some(())))?;
    site.signal(libc::SIGHUP)?;
    await_end(site, old)?;
    site.await_log(&["all have ended", &format!(" {old}#")])?;
    if worker(&site.client)? == old {
        return Err("the old worker still answers".into());
    }
    no_errors(site)
}

fn limited() -> Conf {
    let http = "init_worker_by_lua_block {
            for _ = 1, 10 do
                ngx.timer.at(0, function()
                    ngx.sleep(3600)
                    print('not ended')
                end)
            end
        }";
    Conf { main: "worker_shutdown_timeout 100ms;".into(), ..Conf::new(http, PID) }
}

fn limit(site: &mut Site) -> Result<(), String> {
    site.client.get("/pid")?;
    site.end(libc::SIGQUIT)?;
    if site.log().contains("not ended") {
        return Err("a timer went on".into());
    }
    no_errors(site)
}

/// A worker with few connections, none of which has gone to timers yet.
fn full() -> Conf {
    let server = r#"
        location = /hold {
            content_by_lua_block {
                local first = not package.loaded.held
                package.loaded.held = true
                local go = ngx.config.prefix() .. "go"
                while not io.open(go) do
                    ngx.sleep(0.005)
                end
                if not first then
                    return ngx.sleep(0.3)
                end

                local ran = 0
                for i = 1, 50 do
                    assert(ngx.timer.at(i % 2 * 0.001, function()
                        ngx.sleep(0.001)
                        ran = ran + 1
                    end))
                end
                assert(ngx.timer.at(3600, function(premature)
                    print("early: ", premature)
                end))
                ngx.sleep(0.1)
                ngx.print(ran, " timers ran")
            }
        }"#;
    Conf { connections: 16, ..Conf::new("", server) }
}

fn without_connections(site: &mut Site) -> Result<(), String> {
    const NOT_ENOUGH: &str = "worker_connections are not enough";
    site.excused = &[NOT_ENOUGH];
    let first = site.client.hold(&get_and_close("/hold"))?;
    // nginx closes new connections to make room as long as it can.
    let mut others = Vec::new();
    site.client.until("all connections are in use", || {
        others.push(site.client.hold(&get("/hold")));
        let refused = |line: &str| line.contains("[alert]") && line.contains(NOT_ENOUGH);
        Ok(site.log().lines().any(refused).then_some(()))
    })?;
    site.write_file("go", "")?;

    let answer = first.answer()?;
    if answer != "50 timers ran" {
        return Err(format!("the request got {answer:?}"));
    }
    // The connections are in use, and there is a timer that waits.
    let start = Instant::now();
    site.end(libc::SIGQUIT)?;
    drop(others);
    site.await_log(&["early: true"])?;
    let took = start.elapsed();
    if took > 3 * QUICK { Err(format!("the end took {took:?}")) } else { no_errors(site) }
}

/// `/burst?ms=N` creates ten timers each millisecond, `/run?n=N` has N run.
fn many() -> Conf {
    let server = r#"
        location = /hello { content_by_lua_block { ngx.print("hello") } }
        location = /burst {
            content_by_lua_block {
                local watch = require "watch"
                watch.started, watch.ended, watch.refused = 0, 0, 0
                local left = tonumber(ngx.var.arg_ms)
                local function run(_, t)
                    ngx.sleep(0.001)
                    watch.ended = watch.ended + #t
                end
                local function burst()
                    for i = 1, 10 do
                        watch.started = watch.started + 1
                        assert(ngx.timer.at(i / 5000, run, watch.object({ i })))
                    end
                    left = left - 1
                    if left > 0 then
                        assert(ngx.timer.at(0.001, burst))
                    end
                end
                burst()
            }
        }
        location = /run {
            content_by_lua_block {
                local watch = require "watch"
                watch.started, watch.ended = 0, 0
                local wanted = tonumber(ngx.var.arg_n)
                local spread
                local function ended()
                    watch.ended = watch.ended + 1
                    if watch.ended % 50 == 0 and watch.ended < wanted then
                        assert(ngx.timer.at(0, spread))
                    end
                end
                local function run(_, t, text)
                    if #text % 7 == 0 then
                        watch.object(coroutine.create(function() end))
                        ngx.ctx.table = watch.object({})
                        ngx.sleep(0)
                    end
                    ended()
                    if #text == 50 then
                        ngx.exit(500)
                    end
                end
                function spread()
                    for i = 1, 50 do
                        watch.started = watch.started + 1
                        assert(ngx.timer.at(i % 3 / 1000, run, watch.object({}), ("x"):rep(i)))
                    end
                end
                spread()
            }
        }"#;
    let http = format!("{WATCH}lua_max_pending_timers 5000; lua_max_running_timers 5000;");
    Conf::new(http, format!("{server}{LOCATIONS}"))
}

/// Waits until all timers have ended; there are `count`.
fn all_ended(client: &Client, count: u64) -> Result<(), String> {
    let patient = Client { patience: 6 * client.patience, ..*client };
    patient.until("all timers have ended", || {
        let [started, ended] = numbers(&client.get("/counts")?)?;
        Ok((started == count && ended == count).then_some(()))
    })
}

fn beside_requests(site: &mut Site) -> Result<(), String> {
    let client = site.client;
    client.get("/burst?ms=300")?;
    all_ended(&client, 3000)?;
    let before = Memory::of_worker(&client)?;

    client.get("/burst?ms=2000")?;
    let mut slowest = Duration::ZERO;
    let mut answers = 0;
    loop {
        let start = Instant::now();
        let [started, ended] = numbers(&client.get("/counts")?)?;
        slowest = slowest.max(start.elapsed());
        answers += 1;
        if started == 20_000 && ended == started {
            break;
        }
        if answers > 1_000_000 {
            return Err(format!("{ended} of {started} timers have ended"));
        }
    }
    if slowest > Duration::from_secs(1) {
        return Err(format!("one of {answers} requests took {slowest:?}"));
    }
    before.is_flat(&Memory::of_worker(&client)?)?;
    no_errors(site)
}

fn soak(site: &mut Site) -> Result<(), String> {
    let client = site.client;
    client.get("/run?n=20000")?;
    all_ended(&client, 20_000)?;
    let before = Memory::of_worker(&client)?;
    client.get("/run?n=100000")?;
    all_ended(&client, 100_000)?;
    before.is_flat(&Memory::of_worker(&client)?)?;
    no_errors(site)
}

fn uncached() -> Conf {
    let http = "lua_code_cache off; lua_shared_dict ended 64k;";
    let server = format!(
        r#"{PID}
        location = /create {{
            content_by_lua_block {{
                local big = ("x"):rep(100000)
                for i = 1, 3 do
                    assert(ngx.timer.at(i / 1000, function()
                        ngx.sleep(0.001)
                        ngx.timer.at(0, function() ngx.shared.ended:incr("n", #big / #big, 0) end)
                    end))
                end
            }}
        }}
        location = /ended {{
            content_by_lua_block {{ ngx.print(ngx.shared.ended:get("n")) }}
        }}"#
    );
    Conf::new(http, server)
}

fn machines(site: &mut Site) -> Result<(), String> {
    /// Timers keep up to this many machines for a moment; the next ones get that
    /// memory, cut in other pieces.
    const SLACK: u64 = 4 << 20;

    site.excused = &["lua_code_cache is off"];
    let client = site.client;
    let pid = worker(&client)?;
    let create = |count: u64, total: u64| -> Result<u64, String> {
        for _ in 0..count {
            client.get("/create")?;
        }
        client.until("the timers have ended", || {
            Ok((client.get("/ended")? == total.to_string()).then_some(()))
        })?;
        peak_memory(pid)
    };
    let before = create(60, 180)?;
    let after = create(300, 1080)?;
    if after > before + SLACK {
        return Err(format!("memory grows: {before} bytes, then {after}"));
    }
    no_errors(site)
}

fn worker(client: &Client) -> Result<i32, String> {
    let pid = client.get("/pid")?;
    pid.parse().map_err(|_| format!("{pid:?} is no process id"))
}

fn await_end(site: &Site, worker: i32) -> Result<(), String> {
    site.client.until("the old worker ends", || Ok((!is_running(worker)).then_some(())))
}

fn no_errors(site: &Site) -> Result<(), String> {
    match site.log().lines().find(|line| line.contains(" [error] ")) {
        None => Ok(()),
        Some(line) => Err(format!("error in error.log: {line}")),
    }
}
