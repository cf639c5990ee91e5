//! How nginx ends while code waits.

use crate::system::Test;
use crate::system::site::{Client, Conf, Held, Site, get};

pub const TESTS: &[Test] = &[
    Test { name: "a graceful end waits for code that sleeps", conf: until_exit, run: graceful },
    Test { name: "a graceful end waits for code that gives way", conf: busy, run: graceful },
    Test { name: "worker_shutdown_timeout ends code that sleeps", conf: limited, run: limit },
    Test { name: "a fast end does not wait", conf: forever, run: fast },
    Test { name: "a fast end after a graceful one", conf: forever, run: graceful_then_fast },
    Test { name: "a process without master ends at once", conf: single, run: fast },
];

/// Sleeps in all phases that can, until the worker is told to end.
pub fn sleepers(generation: &str, sleep: &str) -> Conf {
    let http = format!(
        r#"
        init_by_lua_block {{
            local waiting = {{ n = 0 }}
            package.loaded.waiting = waiting
            function waiting.wait()
                waiting.n = waiting.n + 1
                {sleep}
                waiting.n = waiting.n - 1
                return "{generation}"
            end
        }}"#
    );
    let server = format!(
        r#"
        location = /waiting {{
            content_by_lua_block {{ ngx.print(require("waiting").n) }}
        }}
        location = /generation {{ content_by_lua_block {{ ngx.print("{generation}") }} }}
        location = /pid {{ content_by_lua_block {{ ngx.print(ngx.worker.pid()) }} }}
        location = /rewrite {{
            rewrite_by_lua_block {{ ngx.ctx.answer = require("waiting").wait() }}
            content_by_lua_block {{ ngx.print(ngx.ctx.answer) }}
        }}
        location = /access {{
            access_by_lua_block {{ ngx.ctx.answer = require("waiting").wait() }}
            content_by_lua_block {{ ngx.print("not filtered") }}
            body_filter_by_lua_block {{
                ngx.arg[1] = ngx.ctx.answer
                ngx.arg[2] = true
            }}
            header_filter_by_lua_block {{ ngx.header.content_length = nil }}
        }}
        location = /content {{
            content_by_lua_block {{
                ngx.print("{generation}")
                ngx.flush(true)
                local answer = coroutine.wrap(require("waiting").wait)()
                ngx.print(answer == "{generation}" and "" or answer)
            }}
        }}"#
    );
    Conf::new(http, server)
}

pub const UNTIL_EXIT: &str =
    "while not ngx.worker.exiting() do ngx.sleep(0.01) end ngx.sleep(0.05)";

fn until_exit() -> Conf {
    sleepers("first", UNTIL_EXIT)
}

/// `ngx.sleep(0)` needs no timer, but nginx ends when it has no timers left.
fn busy() -> Conf {
    let sleep = "while not ngx.worker.exiting() do ngx.sleep(0) end \
                 for _ = 1, 100 do ngx.sleep(0) end";
    sleepers("first", sleep)
}

fn limited() -> Conf {
    Conf { main: "worker_shutdown_timeout 100ms;".into(), ..forever() }
}

fn forever() -> Conf {
    sleepers("first", "ngx.sleep(60)")
}

fn single() -> Conf {
    Conf { master: false, ..forever() }
}

/// Starts requests and waits until their code sleeps.
pub fn hold_sleepers(client: &Client, count: usize) -> Result<Vec<Held>, String> {
    let held = ["/rewrite", "/access", "/content"]
        .iter()
        .cycle()
        .take(count)
        .map(|uri| client.hold(&get(uri)))
        .collect::<Result<_, String>>()?;
    client.until("all requests sleep", || {
        Ok((client.get("/waiting")? == count.to_string()).then_some(()))
    })?;
    Ok(held)
}

fn graceful(site: &mut Site) -> Result<(), String> {
    let held = hold_sleepers(&site.client, 50)?;
    site.end(libc::SIGQUIT)?;
    for held in held {
        let answer = held.answer()?;
        if answer != "first" {
            return Err(format!("a request that slept got {answer:?}"));
        }
    }
    Ok(())
}

fn limit(site: &mut Site) -> Result<(), String> {
    let held = hold_sleepers(&site.client, 50)?;
    site.end(libc::SIGQUIT)?;
    drop(held);
    Ok(())
}

fn fast(site: &mut Site) -> Result<(), String> {
    let held = hold_sleepers(&site.client, 50)?;
    // The master kills workers that take more than a second; that is an alert.
    site.end(libc::SIGTERM)?;
    drop(held);
    Ok(())
}

fn graceful_then_fast(site: &mut Site) -> Result<(), String> {
    let held = hold_sleepers(&site.client, 50)?;
    site.signal(libc::SIGQUIT)?;
    site.await_log(&["gracefully shutting down"])?;
    // Versions of nginx before 1.23 call connections that are open then a leak.
    site.excused = &["open socket #", "aborting"];
    site.end(libc::SIGTERM)?;
    drop(held);
    Ok(())
}
