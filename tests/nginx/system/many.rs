//! Thousands of requests leave nothing behind.

use crate::system::Test;
use crate::system::memory::{LOCATIONS, Memory, WATCH};
use crate::system::site::{Client, Conf, Site, get, get_and_close, text};

pub const TESTS: &[Test] = &[
    Test { name: "20,000 requests of all kinds", conf: mix, run: soak },
    Test { name: "300 machines of lua_code_cache off", conf: uncached, run: private_machines },
];

/// A request, and the status and the body of its answer.
struct Kind {
    request: String,
    answer: (&'static str, String),
}

impl Kind {
    fn ok(uri: &str, body: impl Into<String>) -> Kind {
        Kind { request: get(uri), answer: ("200", body.into()) }
    }
}

const MIX: &str = r#"
    location = /hello { content_by_lua_block { ngx.say("hello") } }
    location = /print {
        content_by_lua_block {
            for i = 1, 20 do
                ngx.print(i, " ", { "a", { "b", i } }, nil, true, "\n")
            end
        }
    }
    location = /large {
        content_by_lua_block {
            ngx.print(("x"):rep(5000))
            ngx.flush()
            ngx.print(("y"):rep(5000))
        }
    }
    location = /sleep {
        rewrite_by_lua_block { ngx.sleep(0) }
        access_by_lua_block { ngx.sleep(0) }
        content_by_lua_block {
            ngx.sleep(0)
            ngx.say("slept")
        }
    }
    location = /coroutines {
        content_by_lua_block {
            local watch = require "watch"
            local function nest(depth)
                local co = watch.object(coroutine.create(function (x)
                    ngx.sleep(0)
                    local y = coroutine.yield(x + 1)
                    return depth == 0 and y or nest(depth - 1)
                end))
                local _, more = coroutine.resume(co, depth)
                local _, result = coroutine.resume(co, more)
                return result
            end
            ngx.say(nest(3))
        }
    }
    location = /suspended {
        content_by_lua_block {
            -- Never resumed again.
            local co = require("watch").object(coroutine.create(function ()
                ngx.sleep(0)
                coroutine.yield()
            end))
            coroutine.resume(co)
            ngx.say(coroutine.status(co))
        }
    }
    location = /wrap {
        content_by_lua_block {
            local watch = require "watch"
            local function fail()
                watch.object(coroutine.running())
                ngx.sleep(0)
                error({ code = 7 })
            end
            local ok, err = pcall(coroutine.wrap(fail))
            local again, text = pcall(coroutine.wrap(function () coroutine.wrap(fail)() end))
            ngx.say(ok, " ", err.code, " ", again)
        }
    }
    location = /ctx {
        access_by_lua_block {
            ngx.ctx.table = require("watch").object({ ("x"):rep(2000) })
        }
        content_by_lua_block { ngx.exit(404) }
        error_page 404 = /redirected;
    }
    location = /redirected {
        content_by_lua_block {
            local empty = next(ngx.ctx) == nil
            ngx.ctx = require("watch").object({ empty = empty })
            ngx.say(ngx.ctx.empty)
        }
    }
    location = /headers {
        rewrite_by_lua_block {
            ngx.req.set_header("X-Test", { "a", "b" })
            ngx.req.set_header("Accept", "text/plain")
            ngx.req.clear_header("User-Agent")
            ngx.req.set_uri_args({ a = 1, b = { "x", "y" } })
        }
        content_by_lua_block {
            local headers = ngx.req.get_headers()
            ngx.header["X-Answer"] = headers["x-test"]
            ngx.header.set_cookie = { "a=1", "b=2" }
            ngx.header.content_type = "text/x-test"
            ngx.say(table.concat(headers["x-test"], ","), " ", ngx.req.get_uri_args().a)
        }
    }
    location = /exit {
        content_by_lua_block {
            local watch = require "watch"
            local function nest(depth)
                ngx.sleep(0)
                if depth == 0 then
                    ngx.say("bye")
                    ngx.exit(200)
                end
                local co = watch.object(coroutine.create(nest))
                coroutine.resume(co, depth - 1)
            end
            nest(4)
        }
    }
    location = /filter {
        set_by_lua_block $a { return ("a"):rep(10) }
        content_by_lua_block { ngx.print("one", " two ") ngx.flush(true) ngx.print(ngx.var.a) }
        header_filter_by_lua_block { ngx.header.content_length = nil }
        body_filter_by_lua_block {
            ngx.ctx.filtered = require("watch").object({})
            ngx.arg[1] = ngx.arg[1]:upper()
        }
        log_by_lua_block { ngx.ctx.logged = require("watch").object({}) }
    }
    location = /body {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.say(#ngx.req.get_body_data())
        }
    }
    location = /include {
        default_type text/html;
        alias html/ssi.html;
        ssi on;
    }

    location = /error {
        content_by_lua_block {
            local co = require("watch").object(coroutine.create(function ()
                ngx.sleep(0)
                error("on purpose")
            end))
            local _, err = coroutine.resume(co)
            error(err)
        }
    }
    location = /error-in-wrap {
        access_by_lua_block {
            coroutine.wrap(function ()
                require("watch").object(coroutine.running())
                ngx.sleep(0)
                local nothing = nil
                nothing.field = 1
            end)()
        }
    }
    location = /error-table {
        rewrite_by_lua_block { ngx.sleep(0) error({}) }
    }
    location = /drop {
        content_by_lua_block {
            ngx.ctx.table = require("watch").object({})
            ngx.sleep(0)
            ngx.exit(444)
        }
    }
    location = /error-in-set {
        set_by_lua_block $x { error("on purpose") }
        content_by_lua_block { ngx.say("not reached") }
    }
    location = /error-in-header-filter {
        content_by_lua_block { ngx.say("hello") }
        header_filter_by_lua_block { error("on purpose") }
    }
    location = /error-in-body-filter {
        content_by_lua_block { ngx.say("hello") ngx.sleep(0) }
        body_filter_by_lua_block { error("on purpose") }
    }
"#;

fn mix() -> Conf {
    Conf::new(WATCH, format!("{LOCATIONS}\nkeepalive_requests 1000000;\n{MIX}"))
}

/// After these the connection is open.
fn kinds() -> Vec<Kind> {
    let post = "POST /body HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n\r\n";
    let printed: String = (1..=20).map(|i| format!("{i} ab{i}niltrue\n")).collect();
    vec![
        Kind::ok("/hello", "hello\n"),
        Kind::ok("/print", printed),
        Kind::ok("/large", "x".repeat(5000) + &"y".repeat(5000)),
        Kind::ok("/sleep", "slept\n"),
        Kind::ok("/coroutines", "1\n"),
        Kind::ok("/suspended", "suspended\n"),
        Kind::ok("/wrap", "false 7 false\n"),
        Kind { request: get("/ctx"), answer: ("404", "true\n".into()) },
        Kind::ok("/headers", "a,b 1\n"),
        Kind::ok("/exit", "bye\n"),
        Kind::ok("/filter", "ONE TWO AAAAAAAAAA"),
        Kind::ok("/include", "before 1\n after"),
        Kind { request: post.to_owned() + &"x".repeat(5000), answer: ("200", "5000\n".into()) },
    ]
}

/// The status with which connections end; none if no complete answer comes.
const ENDINGS: &[(&str, Option<&str>)] = &[
    ("/error", Some("500")),
    ("/error-in-wrap", Some("500")),
    ("/error-table", Some("500")),
    ("/error-in-set", Some("500")),
    ("/drop", None),
    ("/error-in-header-filter", None),
    ("/error-in-body-filter", None),
];

fn soak(site: &mut Site) -> Result<(), String> {
    site.write_file("html/ssi.html", "before <!--# include virtual=\"/coroutines\" --> after")?;
    let kinds = kinds();
    // Two rounds of all kinds on one connection, then one that ends it.
    let per_connection = 2 * kinds.len() + 1;
    let connections = |requests: usize| requests / per_connection + 1;

    many(&site.client, &kinds, connections(5_000))?;
    let before = Memory::of_worker(&site.client)?;
    many(&site.client, &kinds, connections(15_000))?;
    let after = Memory::of_worker(&site.client)?;
    before.is_flat(&after)
}

fn many(client: &Client, kinds: &[Kind], connections: usize) -> Result<(), String> {
    for n in 0..connections {
        let (uri, status) = ENDINGS[n % ENDINGS.len()];
        keep_alive(client, kinds).map_err(|error| format!("connection {n}: {error}"))?;
        match status {
            Some(status) => {
                let got = client.status(uri)?;
                if got != status {
                    return Err(format!("GET {uri}: status {got:?}"));
                }
            }
            None => {
                if let Ok(answer) = client.hold(&get_and_close(uri))?.answer() {
                    return Err(format!("GET {uri} must not be answered, got {answer:?}"));
                }
            }
        }
    }
    Ok(())
}

fn keep_alive(client: &Client, kinds: &[Kind]) -> Result<(), String> {
    let all = || kinds.iter().chain(kinds);
    let requests: Vec<String> = all().map(|kind| kind.request.clone()).collect();
    let responses = client.pipeline(&requests)?;
    for (kind, response) in all().zip(&responses) {
        let got = (response.code.as_str(), text(response));
        let (status, body) = &kind.answer;
        if (*status, body) != (got.0, &got.1) {
            let line = kind.request.lines().next().unwrap_or_default();
            return Err(format!("{line}: expected {status} {body:?}, got {got:?}"));
        }
    }
    Ok(())
}

/// Sleeps and errors as well end with the machine that they happened on.
fn uncached() -> Conf {
    let server = r#"
        location / {
            lua_code_cache off;
            set_by_lua_block $x { return "x" }
            access_by_lua_block { ngx.sleep(0) }
            content_by_lua_block {
                local kind = ngx.var.arg_kind
                local co = coroutine.wrap(function ()
                    ngx.sleep(0)
                    if kind == "error" then
                        error("on purpose")
                    end
                    ngx.say(ngx.var.x)
                    ngx.exit(200)
                end)
                co()
            }
            log_by_lua_block { local x = { ngx.var.x } }
        }
        location = /ssi {
            lua_code_cache off;
            default_type text/html;
            alias html/ssi.html;
            ssi on;
        }
        location = /long {
            lua_code_cache off;
            lua_check_client_abort on;
            content_by_lua_block { ngx.say("here") ngx.flush(true) ngx.sleep(60) }
        }"#;
    Conf::new(WATCH, LOCATIONS.to_owned() + server)
}

fn private_machines(site: &mut Site) -> Result<(), String> {
    site.excused = &["lua_code_cache is off"];
    site.write_file("html/ssi.html", "<!--# include virtual=\"/?kind=include\" -->")?;
    let client = site.client;
    let machines = |count: usize| -> Result<(), String> {
        for n in 0..count {
            let (uri, expected) = match n % 4 {
                0 => ("/?kind=error", "500"),
                1 => ("/ssi", "200"),
                2 => ("/?kind=fine", "200"),
                _ => {
                    client.hold(&get("/long"))?.first_byte()?;
                    continue;
                }
            };
            let status = client.status(uri)?;
            if status != expected {
                return Err(format!("request {n}, {uri}: status {status:?}"));
            }
        }
        Ok(())
    };

    machines(100)?;
    let before = Memory::of_worker(&client)?;
    machines(200)?;
    let after = Memory::of_worker(&client)?;
    before.is_flat(&after)
}
