//! Code that waits for semaphores: what it leaves behind, and how nginx reloads
//! and ends meanwhile.

use crate::system::Test;
use crate::system::memory::{LOCATIONS, Memory, WATCH};
use crate::system::shutdown::{hold_sleepers, sleepers};
use crate::system::site::{Conf, Site};

pub const TESTS: &[Test] = &[
    Test { name: "memory after 100,000 waits for semaphores", conf: rounds, run: flat },
    Test { name: "a graceful end waits for semaphores", conf: until_exit, run: graceful },
    Test { name: "a fast end does not wait for semaphores", conf: forever, run: fast },
    Test { name: "a reload waits for semaphores", conf: until_exit, run: reload },
    Test { name: "timers wake each other when the worker ends", conf: timers, run: woken_at_end },
];

/// Each request ends 1,000 waits, in all the ways there are.
fn rounds() -> Conf {
    let server = r#"
        location = /rounds {
            content_by_lua_block {
                local watch, semaphore = require "watch", require "ngx.semaphore"
                for _ = 1, 100 do
                    local ping, pong = watch.object(semaphore.new()), watch.object(semaphore.new())
                    local threads = {}
                    for i = 1, 4 do
                        threads[i] = ngx.thread.spawn(function ()
                            watch.object(coroutine.running())
                            ping:wait(1)
                            pong:post()
                            ping:wait(0.001 * i)
                        end)
                    end
                    ping:post(3)
                    for _ = 1, 3 do
                        pong:wait(1)
                    end
                    ngx.thread.kill(threads[4])
                    if ngx.var.arg_leave then
                        ngx.thread.spawn(function () ping:wait(60) end)
                    end
                end
                ngx.print("done")
                ngx.exit(200)
            }
        }"#;
    Conf::new(WATCH, format!("{server}{LOCATIONS}"))
}

fn flat(site: &mut Site) -> Result<(), String> {
    let requests = |n: usize| {
        for i in 0..n {
            let uri = if i % 2 == 0 { "/rounds" } else { "/rounds?leave=1" };
            let answer = site.client.get(uri)?;
            if answer != "done" {
                return Err(format!("GET {uri}: {answer:?}"));
            }
        }
        Ok(())
    };
    requests(30)?;
    let before = Memory::of_worker(&site.client)?;
    requests(100)?;
    let after = Memory::of_worker(&site.client)?;
    before.is_flat(&after)
}

fn waiters(generation: &str, wait: &str) -> Conf {
    let mut conf = sleepers(generation, wait);
    conf.http.push_str(
        "init_worker_by_lua_block { package.loaded.door = require('ngx.semaphore').new() }",
    );
    conf
}

const UNTIL_EXIT: &str = "local door = require 'door' \
    while not ngx.worker.exiting() do door:wait(0.01) end \
    door:wait(0.05)";

fn until_exit() -> Conf {
    waiters("first", UNTIL_EXIT)
}

fn forever() -> Conf {
    waiters("first", "require('door'):wait(60)")
}

fn graceful(site: &mut Site) -> Result<(), String> {
    let held = hold_sleepers(&site.client, 50)?;
    site.end(libc::SIGQUIT)?;
    for held in held {
        expect("a request that waited", &held.answer()?, "first")?;
    }
    Ok(())
}

fn fast(site: &mut Site) -> Result<(), String> {
    let held = hold_sleepers(&site.client, 50)?;
    // The master kills workers that take more than a second; that is an alert.
    site.end(libc::SIGTERM)?;
    drop(held);
    Ok(())
}

fn reload(site: &mut Site) -> Result<(), String> {
    let held = hold_sleepers(&site.client, 50)?;
    site.configure(&waiters("second", UNTIL_EXIT))?;
    site.signal(libc::SIGHUP)?;
    for held in held {
        expect("a request that waited", &held.answer()?, "first")?;
    }
    site.client.until("the new worker answers", || {
        Ok((site.client.get("/generation")? == "second").then_some(()))
    })
}

fn timers() -> Conf {
    let http = r#"
        init_worker_by_lua_block {
            local sem = require("ngx.semaphore").new()
            ngx.timer.at(0, function ()
                ngx.log(ngx.WARN, "waited ", tostring(sem:wait(60)), ", exiting ", ngx.worker.exiting())
            end)
            ngx.timer.at(0, function ()
                local ok, err = require("ngx.semaphore").new():wait(0.2)
                ngx.log(ngx.WARN, "waited until ", err)
            end)
            ngx.timer.at(60, function (premature)
                ngx.log(ngx.WARN, "premature ", premature)
                sem:post()
            end)
        }"#;
    Conf::new(http, "location = / { content_by_lua_block { ngx.print('ok') } }")
}

fn woken_at_end(site: &mut Site) -> Result<(), String> {
    expect("a request", &site.client.get("/")?, "ok")?;
    site.end(libc::SIGQUIT)?;
    let log = site.log();
    for line in ["premature true", "waited true, exiting true", "waited until timeout"] {
        if !log.contains(line) {
            return Err(format!("error.log lacks {line:?}"));
        }
    }
    Ok(())
}

fn expect(what: &str, got: &str, expected: &str) -> Result<(), String> {
    if got == expected { Ok(()) } else { Err(format!("{what} got {got:?}, not {expected:?}")) }
}
