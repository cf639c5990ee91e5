//! Light threads: many of them, for long, and with clients and workers that go
//! away meanwhile.

use std::fs;

use crate::system::Test;
use crate::system::memory::{LOCATIONS, Memory, WATCH, numbers};
use crate::system::shutdown::{UNTIL_EXIT, hold_sleepers, sleepers};
use crate::system::site::{Client, Conf, Held, Site, get};

pub const TESTS: &[Test] = &[
    Test { name: "100,000 light threads, one after another", conf: rounds, run: many_rounds },
    Test { name: "10,000 light threads of 100 requests", conf: crowd, run: crowded },
    Test { name: "light threads give way to other requests", conf: spinning, run: others_served },
    Test { name: "a reload waits for light threads", conf: until_exit, run: reload },
    Test { name: "a graceful end waits for light threads", conf: until_exit, run: graceful },
    Test { name: "a fast end does not wait for light threads", conf: forever, run: fast },
    Test { name: "clients abort while light threads wait", conf: waits, run: abort },
    Test { name: "light threads see clients abort", conf: callbacks, run: abort },
];

/// Threads that end in all the ways there are.
fn rounds() -> Conf {
    let server = r#"
        location = /rounds {
            content_by_lua_block {
                local watch = require "watch"
                local spawn, wait, kill = ngx.thread.spawn, ngx.thread.wait, ngx.thread.kill
                local kinds = {
                    function () assert(wait(spawn(function (...) return ... end, 1, nil, {}))) end,
                    function () assert(wait(spawn(function () coroutine.yield() end))) end,
                    function () assert(wait(spawn(function () ngx.sleep(0) end))) end,
                    function () assert(kill(spawn(function () ngx.sleep(60) end))) end,
                    function () assert(not kill(spawn(function () end))) end,
                    function ()
                        assert(wait(spawn(function ()
                            coroutine.wrap(function () wait(spawn(function () end)) end)()
                        end)))
                    end,
                    function ()
                        local slow = spawn(function () ngx.sleep(60) end)
                        assert(wait(slow, spawn(function () coroutine.yield() end)))
                        kill(slow)
                    end,
                }
                for i = 1, 1000 do
                    kinds[i % #kinds + 1]()
                    if i % 100 == 0 then
                        assert(not wait(spawn(function () error(watch.object({})) end)))
                        watch.object(spawn(function () end))
                    end
                end
                ngx.print("done")
            }
        }"#;
    Conf::new(WATCH, format!("{LOCATIONS}{server}"))
}

fn many_rounds(site: &mut Site) -> Result<(), String> {
    let rounds = |requests: usize| -> Result<(), String> {
        (0..requests).try_for_each(|_| expect(&site.client.get("/rounds")?, "done"))
    };
    rounds(20)?;
    Memory::stays_flat(&site.client, || rounds(100))?;
    site.end(libc::SIGQUIT)
}

/// Each request has a hundred threads that sleep, take turns and wait for others.
fn crowd() -> Conf {
    let server = r#"
        location = /crowd {
            content_by_lua_block {
                local watch = require "watch"
                local threads, sum = {}, 0
                for i = 1, 100 do
                    threads[i] = ngx.thread.spawn(function ()
                        coroutine.yield()
                        ngx.sleep(i / 1000)
                        if i % 10 == 0 then
                            ngx.thread.wait(ngx.thread.spawn(function () ngx.sleep(0.01) end))
                        end
                        coroutine.yield()
                        return i
                    end)
                end
                watch.object(threads[50])
                for i = 1, 100 do
                    local ok, n = ngx.thread.wait(threads[i])
                    sum = sum + n
                end
                ngx.print(sum)
            }
        }"#;
    Conf::new(WATCH, format!("{LOCATIONS}{server}"))
}

fn crowded(site: &mut Site) -> Result<(), String> {
    let crowd = || -> Result<(), String> {
        let request = "GET /crowd HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        let held: Vec<Held> =
            (0..100).map(|_| site.client.hold(request)).collect::<Result<_, String>>()?;
        held.into_iter().try_for_each(|held| expect(&held.answer()?, "5050"))
    };
    // What a worker needs for so many at a time, it keeps.
    let four = || (0..4).try_for_each(|_| crowd());
    four()?;
    Memory::stays_flat(&site.client, four)
}

/// Threads that hand each other the turn until another request stops them.
fn spinning() -> Conf {
    let server = r#"
        location = /spin {
            content_by_lua_block {
                local watch = require "watch"
                watch.started = watch.started + 1
                for i = 1, tonumber(ngx.var.arg_n) do
                    ngx.thread.spawn(function ()
                        while not watch.stop do
                            coroutine.yield()
                        end
                    end)
                end
            }
        }
        location = /stop {
            content_by_lua_block {
                ngx.thread.wait(ngx.thread.spawn(function () ngx.sleep(0.01) end))
                require("watch").stop = true
            }
        }"#;
    Conf::new(WATCH, format!("{LOCATIONS}{server}"))
}

fn others_served(site: &mut Site) -> Result<(), String> {
    let held: Vec<Held> = [1, 2, 50]
        .iter()
        .map(|n| {
            site.client.hold(&format!(
                "GET /spin?n={n} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
            ))
        })
        .collect::<Result<_, String>>()?;
    site.client.until("all requests spin", || {
        Ok((numbers::<2>(&site.client.get("/counts")?)?[0] == 3).then_some(()))
    })?;
    site.client.get("/stop")?;
    held.into_iter().try_for_each(|held| expect(&held.answer()?, ""))
}

/// Waits in a thread, in each way, as `sleep` says.
fn in_threads(sleep: &str) -> Conf {
    sleepers(
        "first",
        &format!(
            r#"
            local function sleep() {sleep} end
            local spawn, wait = ngx.thread.spawn, ngx.thread.wait
            local outer = spawn(function ()
                wait(spawn(sleep))
                coroutine.wrap(function () wait(spawn(sleep)) end)()
            end)
            local turns = spawn(function ()
                while coroutine.status(outer) ~= "zombie" do
                    ngx.sleep(0.001)
                    coroutine.yield()
                end
            end)
            spawn(function () coroutine.wrap(sleep)() end)
            wait(turns)
            wait(outer)"#
        ),
    )
}

fn until_exit() -> Conf {
    in_threads(UNTIL_EXIT)
}

fn forever() -> Conf {
    in_threads("ngx.sleep(60)")
}

fn reload(site: &mut Site) -> Result<(), String> {
    let held = hold_sleepers(&site.client, 30)?;
    site.configure(&sleepers("second", UNTIL_EXIT))?;
    site.signal(libc::SIGHUP)?;
    held.into_iter().try_for_each(|held| expect(&held.answer()?, "first"))?;
    expect(&site.client.get("/generation")?, "second")
}

fn graceful(site: &mut Site) -> Result<(), String> {
    let held = hold_sleepers(&site.client, 30)?;
    site.end(libc::SIGQUIT)?;
    held.into_iter().try_for_each(|held| expect(&held.answer()?, "first"))
}

fn fast(site: &mut Site) -> Result<(), String> {
    let held = hold_sleepers(&site.client, 30)?;
    site.end(libc::SIGTERM)?;
    drop(held);
    Ok(())
}

/// Every kind of wait, in a thread. `on_abort` runs first.
fn abandoned(on_abort: &str) -> Conf {
    let kinds = [
        ("sleep", "ngx.sleep(60)"),
        ("turn", "while true do ngx.sleep(0.001) coroutine.yield() end"),
        ("thread", "ngx.thread.wait(ngx.thread.spawn(function () ngx.sleep(60) end))"),
        ("coroutine", "coroutine.wrap(function () ngx.sleep(60) end)()"),
        ("capture", "ngx.location.capture('/slow')"),
        ("semaphore", "require('ngx.semaphore').new():wait(60)"),
        ("flush", "ngx.print(('x'):rep(300000)) ngx.flush(true) ngx.sleep(60)"),
        ("body", "ngx.req.read_body()"),
    ];
    let mut locations = String::from(
        r#"
        lua_check_client_abort on;
        log_by_lua_block {
            local watch = require "watch"
            watch.ended = watch.ended + 1
        }
        location = /slow {
            content_by_lua_block { ngx.sleep(60) }
            log_by_lua_block { return }
        }"#,
    );
    for (name, wait) in kinds {
        locations += &format!(
            r#"
            location = /{name} {{
                limit_rate 100k;
                content_by_lua_block {{
                    local watch = require "watch"
                    ngx.ctx.big = watch.object({{ ("x"):rep(1000) }})
                    {on_abort}
                    local thread = ngx.thread.spawn(function ()
                        watch.object(coroutine.running())
                        {wait}
                    end)
                    ngx.thread.spawn(function () ngx.sleep(60) end)
                    ngx.thread.spawn(function () return ngx.ctx.big end)
                    watch.started = watch.started + 1
                    ngx.thread.wait(thread)
                    ngx.log(ngx.ALERT, "the code goes on")
                }}
            }}"#
        );
    }
    Conf::new(WATCH, format!("{LOCATIONS}{locations}"))
}

fn waits() -> Conf {
    abandoned("")
}

fn callbacks() -> Conf {
    abandoned("ngx.on_abort(function () watch.object(coroutine.running()) ngx.exit(499) end)")
}

/// `/body` has half of its body.
fn abandoned_requests() -> Vec<String> {
    let mut requests: Vec<String> =
        ["/sleep", "/turn", "/thread", "/coroutine", "/capture", "/semaphore", "/flush"]
            .map(get)
            .into();
    requests.push("POST /body HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nhalf".into());
    requests
}

fn abort(site: &mut Site) -> Result<(), String> {
    let requests = abandoned_requests();
    let rounds = |n: usize| (0..n).try_for_each(|_| abandon(&site.client, &requests, 80));
    rounds(6)?;
    let worker = worker(&site.client)?;
    let open = descriptors(worker)?;
    Memory::stays_flat(&site.client, || rounds(10))?;
    let now = descriptors(worker)?;
    if now > open {
        return Err(format!("the worker had {open} open descriptors, now {now}"));
    }
    // The worker stays as long as there is a timer of a request.
    site.end(libc::SIGQUIT)
}

/// Starts `size` requests and leaves them.
fn abandon(client: &Client, requests: &[String], size: usize) -> Result<(), String> {
    let counts = || numbers::<2>(&client.get("/counts")?);
    let [started, ended] = counts()?;
    let held: Vec<Held> = (0..size)
        .map(|n| client.hold(&requests[n % requests.len()]))
        .collect::<Result<_, String>>()?;
    client.until("code runs for all requests", || {
        Ok((counts()?[0] == started + size as u64).then_some(()))
    })?;
    for (n, held) in held.into_iter().enumerate() {
        if n % 2 == 0 {
            held.reset();
        }
    }
    client.until("all requests end", || Ok((counts()?[1] == ended + size as u64).then_some(())))
}

fn worker(client: &Client) -> Result<i32, String> {
    let [pid, _, _] = numbers(&client.get("/memory")?)?;
    i32::try_from(pid).map_err(|_| format!("{pid} is no process id"))
}

fn descriptors(pid: i32) -> Result<usize, String> {
    let path = format!("/proc/{pid}/fd");
    let list = fs::read_dir(&path).map_err(|error| format!("cannot read {path}: {error}"))?;
    Ok(list.count())
}

fn expect(answer: &str, expected: &str) -> Result<(), String> {
    if answer == expected { Ok(()) } else { Err(format!("{answer:?}, not {expected:?}")) }
}
