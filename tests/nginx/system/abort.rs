//! Clients that go away while code waits leave nothing behind.

use crate::system::Test;
use crate::system::memory::{LOCATIONS, Memory, WATCH, numbers};
use crate::system::site::{Client, Conf, Held, Site, get};

const SIGCONT: i32 = 18;
const SIGSTOP: i32 = 19;

pub const TESTS: &[Test] = &[
    Test { name: "clients abort while code sleeps", conf: noticed, run: abort_sleep },
    Test { name: "a client aborts before nginx reads its request", conf: alone, run: abort_unread },
    Test { name: "clients abort and the sleep ends later", conf: unnoticed, run: abort_unnoticed },
    Test { name: "clients abort while the body is read", conf: bodies, run: abort_body },
    Test { name: "clients stall while the body is read", conf: bodies, run: stall_body },
    Test { name: "clients abort while output waits", conf: outputs, run: abort_output },
];

/// Each sleeps for `$seconds`, somewhere.
const SLEEPERS: &str = r#"
    log_by_lua_block {
        local watch = require "watch"
        watch.ended = watch.ended + 1
    }
    location = /rewrite {
        rewrite_by_lua_block { require("watch").sleep(tonumber(ngx.var.seconds)) }
        content_by_lua_block { ngx.say("done") }
    }
    location = /access {
        access_by_lua_block {
            ngx.ctx.big = require("watch").object({ ("x"):rep(1000) })
            require("watch").sleep(tonumber(ngx.var.seconds))
        }
        content_by_lua_block { ngx.say("done") }
    }
    location = /content {
        content_by_lua_block {
            ngx.say("first")
            ngx.flush(true)
            require("watch").sleep(tonumber(ngx.var.seconds))
            ngx.say("second")
        }
    }
    location = /nested {
        content_by_lua_block {
            local watch = require "watch"
            local function nest(depth)
                local co = watch.object(coroutine.create(function ()
                    if depth == 0 then
                        watch.sleep(tonumber(ngx.var.seconds))
                    else
                        nest(depth - 1)
                    end
                end))
                assert(pcall(coroutine.resume, co))
            end
            nest(5)
            ngx.say("done")
        }
    }
    location = /auth {
        auth_request /nested;
        content_by_lua_block { ngx.say("done") }
    }
    location = /mirror {
        mirror /not-counted;
        content_by_lua_block { require("watch").sleep(tonumber(ngx.var.seconds)) }
    }
    location = /not-counted {
        internal;
        content_by_lua_block { ngx.sleep(tonumber(ngx.var.seconds)) }
    }
    location = /ssi {
        default_type text/html;
        alias html/ssi.html;
        ssi on;
    }
"#;

fn sleepers(settings: &str) -> Conf {
    Conf::new(WATCH, format!("{settings}\n{LOCATIONS}\n{SLEEPERS}"))
}

/// Nobody waits for these sleeps to end.
fn noticed() -> Conf {
    sleepers("set $seconds 60; lua_check_client_abort on;")
}

fn unnoticed() -> Conf {
    sleepers("set $seconds 0.1; lua_check_client_abort off;")
}

fn sleeper_requests(site: &Site) -> Result<Vec<String>, String> {
    site.write_file("html/ssi.html", "before <!--# include virtual=\"/nested\" --> after")?;
    // In the latter three, the code sleeps in a subrequest.
    Ok(["/rewrite", "/access", "/content", "/nested", "/ssi", "/auth", "/mirror"].map(get).into())
}

fn abort_sleep(site: &mut Site) -> Result<(), String> {
    let requests = sleeper_requests(site)?;
    stays_flat(site, &requests, 100, Leave::Abort)
}

/// One process, which can be stopped.
fn alone() -> Conf {
    let mut conf = sleepers("set $seconds 60; lua_check_client_abort on;");
    conf.master = false;
    conf
}

/// Request and end come in one event.
fn abort_unread(site: &mut Site) -> Result<(), String> {
    site.signal(SIGSTOP)?;
    let held = site.client.hold(&get("/content"));
    drop(held?);
    site.signal(SIGCONT)?;
    site.await_log(&["client prematurely closed connection", "/content"])
}

fn abort_unnoticed(site: &mut Site) -> Result<(), String> {
    let requests = sleeper_requests(site)?;
    stays_flat(site, &requests, 100, Leave::Abort)
}

/// The code that counts the request runs before the one that wants the body.
fn bodies() -> Conf {
    let count = r#"set_by_lua_block $ignored {
        local watch = require "watch"
        watch.started = watch.started + 1
        return ""
    }"#;
    let locations = format!(
        r#"
        client_body_timeout 100ms;
        log_by_lua_block {{
            local watch = require "watch"
            watch.ended = watch.ended + 1
        }}
        location = /needed {{
            {count}
            lua_need_request_body on;
            rewrite_by_lua_block {{ ngx.ctx.big = require("watch").object({{}}) }}
            content_by_lua_block {{ ngx.say("done") }}
        }}
        location = /access {{
            {count}
            access_by_lua_block {{
                ngx.ctx.big = require("watch").object({{}})
                ngx.req.read_body()
            }}
            content_by_lua_block {{ ngx.say("done") }}
        }}
        location = /nested {{
            {count}
            content_by_lua_block {{
                local read = coroutine.wrap(function ()
                    require("watch").object(coroutine.running())
                    ngx.req.read_body()
                end)
                pcall(read)
                ngx.say("done")
            }}
        }}"#
    );
    Conf::new(WATCH, LOCATIONS.to_owned() + &locations)
}

/// Half a body, of known and of unknown length.
fn body_requests() -> Vec<String> {
    let part = "x".repeat(2000);
    ["/needed", "/access", "/nested"]
        .iter()
        .flat_map(|uri| {
            let head = format!("POST {uri} HTTP/1.1\r\nHost: localhost\r\n");
            [
                format!("{head}Content-Length: 50000\r\n\r\n{part}"),
                format!("{head}Transfer-Encoding: chunked\r\n\r\nfa0\r\n{part}"),
            ]
        })
        .collect()
}

fn abort_body(site: &mut Site) -> Result<(), String> {
    stays_flat(site, &body_requests(), 100, Leave::Abort)
}

fn stall_body(site: &mut Site) -> Result<(), String> {
    stays_flat(site, &body_requests(), 100, Leave::Stall)
}

/// More than the system's socket buffers hold, a piece at a time.
fn outputs() -> Conf {
    let code = r#"
        content_by_lua_block {
            local watch = require "watch"
            watch.started = watch.started + 1
            ngx.ctx.big = watch.object({})
            local piece = ("x"):rep(256 * 1024)
            for _ = 1, 400 do
                ngx.print(piece)
                local ok, err = ngx.flush(true)
                if not ok then
                    return
                end
            end
        }"#;
    let locations = format!(
        r#"
        log_by_lua_block {{
            local watch = require "watch"
            watch.ended = watch.ended + 1
        }}
        location = /noticed {{ lua_check_client_abort on; {code} }}
        location = /unnoticed {{ {code} }}"#
    );
    Conf::new(WATCH, LOCATIONS.to_owned() + &locations)
}

fn abort_output(site: &mut Site) -> Result<(), String> {
    stays_flat(site, &["/noticed", "/unnoticed"].map(get), 6, Leave::Abort)
}

/// What the clients do when the code has begun.
#[derive(Clone, Copy)]
enum Leave {
    /// One closes the connection, the next resets it.
    Abort,
    /// They wait until nginx has enough.
    Stall,
}

const WARM_UP: usize = 3;
const ROUNDS: usize = 10;

/// Sends `size` requests of all kinds at a time, again and again.
fn stays_flat(
    site: &mut Site,
    requests: &[String],
    size: usize,
    leave: Leave,
) -> Result<(), String> {
    let rounds =
        |rounds: usize| (0..rounds).try_for_each(|_| batch(&site.client, requests, size, leave));
    rounds(WARM_UP)?;
    let before = Memory::of_worker(&site.client)?;
    rounds(ROUNDS)?;
    let after = Memory::of_worker(&site.client)?;
    before.is_flat(&after)?;

    // The worker stays as long as there is a timer of a request.
    site.end(libc::SIGQUIT)
}

fn batch(client: &Client, requests: &[String], size: usize, leave: Leave) -> Result<(), String> {
    let counts = || numbers::<2>(&client.get("/counts")?);
    let [started, ended] = counts()?;
    let size_to_count = size as u64;

    let held: Vec<Held> = (0..size)
        .map(|n| client.hold(&requests[n % requests.len()]))
        .collect::<Result<_, String>>()?;
    client.until("code runs for all requests", || {
        Ok((counts()?[0] == started + size_to_count).then_some(()))
    })?;

    let stalling: Vec<Held> = match leave {
        Leave::Stall => held,
        Leave::Abort => {
            for (n, held) in held.into_iter().enumerate() {
                if n % 2 == 0 {
                    held.reset();
                }
            }
            Vec::new()
        }
    };
    client
        .until("all requests end", || Ok((counts()?[1] == ended + size_to_count).then_some(())))?;
    drop(stalling);
    Ok(())
}
