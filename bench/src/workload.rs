//! What is measured: one location each, once with Lua and once without.

mod sockets;

use crate::peer::Peer;
pub use sockets::SOCKETS;

/// One row of the table.
pub struct Workload {
    /// What the table and `BENCH=` call it.
    pub name: &'static str,
    /// The figure to reach: instructions of ours to those of the C module.
    pub target: f64,
    /// Warm-up requests, and as many measured ones, under callgrind.
    pub requests: u64,
    /// The URI requested.
    pub uri: &'static str,
    /// Header lines of the request beside Host.
    pub headers: &'static [&'static str],
    /// Whom the Lua code talks to.
    pub peer: Option<Peer>,
    /// Inside of `server`: answered by Lua. `PEER_PORT` stands for the peer's port.
    pub lua: &'static str,
    /// Inside of `server`: the same answer by nginx alone, in the same way as
    /// far as it can be, so that the difference is what the module costs.
    pub plain: &'static str,
}

macro_rules! ten_times {
    ($text:expr) => {
        concat!($text, $text, $text, $text, $text, $text, $text, $text, $text, $text)
    };
}

macro_rules! ten_args {
    ($name:literal) => {
        concat!(
            "&",
            $name,
            "0=value0&",
            $name,
            "1=value1&",
            $name,
            "2=value2&",
            $name,
            "3=value3&",
            $name,
            "4=value4&",
            $name,
            "5=value5&",
            $name,
            "6=value6&",
            $name,
            "7=value7&",
            $name,
            "8=value8&",
            $name,
            "9=value9"
        )
    };
}

/// All workloads, in the order of the table.
pub fn all() -> impl Iterator<Item = &'static Workload> {
    WORKLOADS.iter().chain(SOCKETS)
}

const WORKLOADS: &[Workload] = &[
    Workload {
        name: "hello",
        target: 0.90,
        requests: 3000,
        uri: "/",
        headers: &[],
        peer: None,
        lua: r#"
            location / {
                content_by_lua_block { ngx.say("hello world") }
            }"#,
        plain: r#"
            location / {
                return 200 "hello world\n";
            }"#,
    },
    Workload {
        name: "access",
        target: 0.60,
        requests: 3000,
        uri: "/?user=alice&page=2",
        headers: &["Authorization: Bearer 4f2a", "Accept-Language: en", "User-Agent: bench/1.0"],
        peer: None,
        lua: r#"
            location / {
                access_by_lua_block {
                    local headers = ngx.req.get_headers()
                    local args = ngx.req.get_uri_args()
                    if headers["Authorization"] ~= "Bearer 4f2a"
                        or headers["Accept-Language"] ~= "en"
                        or headers["User-Agent"] ~= "bench/1.0"
                        or ngx.var.remote_addr ~= "127.0.0.1"
                        or ngx.var.request_method ~= "GET"
                        or ngx.var.uri ~= "/"
                        or args.user ~= "alice"
                        or args.page ~= "2"
                    then
                        return ngx.exit(403)
                    end
                }
                empty_gif;
            }"#,
        plain: r#"
            location / {
                empty_gif;
            }"#,
    },
    Workload {
        name: "rewrite",
        target: 1.0,
        requests: 3000,
        uri: "/",
        headers: &[],
        peer: None,
        lua: r#"
            location / {
                rewrite_by_lua_block { ngx.req.set_uri("/target", true) }
            }
            location /target {
                empty_gif;
            }"#,
        plain: r#"
            location / {
                empty_gif;
            }"#,
    },
    Workload {
        name: "header filter",
        target: 1.0,
        requests: 3000,
        uri: "/",
        headers: &[],
        peer: None,
        lua: r#"
            location / {
                header_filter_by_lua_block {
                    ngx.header["X-One"] = "one"
                    ngx.header["X-Two"] = "two"
                    ngx.header["X-Three"] = "three"
                }
                empty_gif;
            }"#,
        plain: r#"
            location / {
                add_header X-One one;
                add_header X-Two two;
                add_header X-Three three;
                empty_gif;
            }"#,
    },
    // The file keeps its length, so that no header has to change.
    Workload {
        name: "body filter",
        target: 1.0,
        requests: 2000,
        uri: "/16k.txt",
        headers: &[],
        peer: None,
        lua: r#"
            location / {
                root original;
                body_filter_by_lua_block {
                    local chunk, eof = ngx.arg[1], ngx.arg[2]
                    if eof then
                        ngx.arg[1] = chunk:sub(1, -5) .. "END\n"
                    end
                }
            }"#,
        plain: r#"
            location / {
                root filtered;
            }"#,
    },
    Workload {
        name: "100 prints",
        target: 0.25,
        requests: 400,
        uri: "/",
        headers: &[],
        peer: None,
        lua: r#"
            location / {
                content_by_lua_block {
                    for _ = 1, 100 do
                        ngx.print("0123456789")
                    end
                }
            }"#,
        plain: concat!(
            r#"location / { return 200 ""#,
            ten_times!(ten_times!("0123456789")),
            r#""; }"#,
        ),
    },
    // Lists and objects of one key, because the order of more is undefined.
    Workload {
        name: "json",
        target: 1.0,
        requests: 3000,
        uri: "/",
        headers: &[],
        peer: None,
        lua: r#"
            location / {
                content_by_lua_block {
                    local cjson = require "cjson"
                    local order = cjson.decode('{"items":[{"id":1},{"id":22},{"id":333}]}')
                    local ids = {}
                    for i, item in ipairs(order.items) do
                        ids[i] = item.id
                    end
                    ngx.say(cjson.encode({order = {"alice", true, 12.5, {ids = ids}}}))
                }
            }"#,
        plain: r#"
            location / {
                return 200 '{"order":["alice",true,12.5,{"ids":[1,22,333]}]}\n';
            }"#,
    },
    Workload {
        name: "all phases",
        target: 0.75,
        requests: 2000,
        uri: "/",
        headers: &[],
        peer: None,
        lua: r#"
            location / {
                set_by_lua_block $greeting { return "hello" }
                rewrite_by_lua_block { ngx.ctx.count = 1 }
                access_by_lua_block { ngx.ctx.count = ngx.ctx.count + 1 }
                content_by_lua_block { ngx.say(ngx.var.greeting) }
                header_filter_by_lua_block { ngx.header["X-Count"] = ngx.ctx.count }
                body_filter_by_lua_block { ngx.ctx.eof = ngx.arg[2] }
                log_by_lua_block { ngx.ctx.logged = ngx.status }
            }"#,
        plain: r#"
            location / {
                set $greeting hello;
                add_header X-Count 2;
                return 200 "$greeting\n";
            }"#,
    },
    Workload {
        name: "sleep 0",
        target: 1.0,
        requests: 3000,
        uri: "/",
        headers: &[],
        peer: None,
        lua: r#"
            location / {
                content_by_lua_block {
                    ngx.sleep(0)
                    ngx.say("hello world")
                }
            }"#,
        plain: r#"
            location / {
                return 200 "hello world\n";
            }"#,
    },
    Workload {
        name: "timer",
        target: 0.8,
        requests: 3000,
        uri: "/",
        headers: &[],
        peer: None,
        lua: r#"
            location / {
                content_by_lua_block {
                    ngx.timer.at(0, function(premature, text) return text end, "hello")
                    ngx.say("hello world")
                }
            }"#,
        plain: r#"
            location / {
                return 200 "hello world\n";
            }"#,
    },
    Workload {
        name: "10 switches",
        target: 1.0,
        requests: 2000,
        uri: "/",
        headers: &[],
        peer: None,
        lua: r#"
            location / {
                content_by_lua_block {
                    local co = coroutine.create(function()
                        for i = 1, 9 do
                            coroutine.yield(i)
                        end
                        return 10
                    end)
                    local sum = 0
                    for _ = 1, 10 do
                        local _, i = coroutine.resume(co)
                        sum = sum + i
                    end
                    ngx.say(sum)
                }
            }"#,
        plain: r#"
            location / {
                return 200 "55\n";
            }"#,
    },
    Workload {
        name: "regex",
        target: 0.80,
        requests: 3000,
        uri: "/users/alice/orders/4711?from=2026-11-20",
        headers: &[],
        peer: None,
        lua: r#"
            location / {
                content_by_lua_block {
                    local m = ngx.re.match(ngx.var.uri,
                        [[^/users/(\w+)/orders/(\d+)$]], "jo")
                    local text = ngx.re.gsub("order of user for user", "u(se)r", "$1-" .. m[1], "jo")
                    ngx.say(m[2], ": ", text)
                }
            }"#,
        plain: r#"
            location / {
                return 200 "4711: order of se-alice for se-alice\n";
            }"#,
    },
    Workload {
        name: "encode",
        target: 0.80,
        requests: 3000,
        uri: "/",
        headers: &[],
        peer: None,
        lua: r#"
            location / {
                content_by_lua_block {
                    local digest = ngx.md5("alice:4f2a")
                    local digits = ngx.encode_base64("alice:secret")
                    local query = ngx.escape_uri("café & more")
                    local expires = ngx.http_time(1290079655)
                    ngx.say(digest, " ", digits, " ", query, " ", expires)
                }
            }"#,
        plain: r#"
            location / {
                return 200 "cee0d6f278f3126e0f14dda4999d36ee YWxpY2U6c2VjcmV0 caf%C3%A9%20%26%20more Thu, 18 Nov 2010 11:27:35 GMT\n";
            }"#,
    },
    Workload {
        name: "20 headers",
        target: 0.80,
        requests: 1000,
        uri: "/",
        headers: &[],
        peer: None,
        lua: r#"
            location / {
                content_by_lua_block {
                    local header = ngx.header
                    header.content_type = "text/plain"
                    header["Cache-Control"] = "no-store"
                    header["Set-Cookie"] = "a=1; path=/"
                    header.ETag = '"1"'
                    header["X-One"] = "one"
                    header["X-Two"] = "two"
                    header["X-Three"] = "three"
                    header["X-Four"] = "four"
                    header["X-Five"] = "five"
                    header["X-Six"] = "six"
                    header["X-Seven"] = "seven"
                    header["X-Eight"] = "eight"
                    header["X-Nine"] = "nine"
                    header["X-Ten"] = "ten"
                    header["X-Eleven"] = "eleven"
                    header["X-Twelve"] = "twelve"
                    header["X-Thirteen"] = "thirteen"
                    header["X-Fourteen"] = "fourteen"
                    header["X-Fifteen"] = "fifteen"
                    header["X-Sixteen"] = "sixteen"
                    ngx.say(#header.content_type + #header["Cache-Control"]
                        + #header["Set-Cookie"] + #header.ETag
                        + #header["X-One"]
                        + #header["X-Two"]
                        + #header["X-Three"]
                        + #header["X-Four"]
                        + #header["X-Five"]
                        + #header["X-Six"]
                        + #header["X-Seven"]
                        + #header["X-Eight"]
                        + #header["X-Nine"]
                        + #header["X-Ten"]
                        + #header["X-Eleven"]
                        + #header["X-Twelve"]
                        + #header["X-Thirteen"]
                        + #header["X-Fourteen"]
                        + #header["X-Fifteen"]
                        + #header["X-Sixteen"])
                }
            }"#,
        plain: r#"
            location / {
                default_type text/plain;
                add_header Cache-Control no-store;
                add_header Set-Cookie "a=1; path=/";
                add_header ETag '"1"';
                add_header X-One one;
                add_header X-Two two;
                add_header X-Three three;
                add_header X-Four four;
                add_header X-Five five;
                add_header X-Six six;
                add_header X-Seven seven;
                add_header X-Eight eight;
                add_header X-Nine nine;
                add_header X-Ten ten;
                add_header X-Eleven eleven;
                add_header X-Twelve twelve;
                add_header X-Thirteen thirteen;
                add_header X-Fourteen fourteen;
                add_header X-Fifteen fifteen;
                add_header X-Sixteen sixteen;
                return 200 "113\n";
            }"#,
    },
    Workload {
        name: "10 vars",
        target: 0.80,
        requests: 2000,
        uri: "/",
        headers: &[],
        peer: None,
        lua: r#"
            set $value "";
            location / {
                content_by_lua_block {
                    local var = ngx.var
                    local sum = 0
                    for i = 1, 10 do
                        var.value = "value " .. i
                        sum = sum + #var.value
                    end
                    ngx.say(sum)
                }
            }"#,
        plain: r#"
            location / {
                return 200 "71\n";
            }"#,
    },
    Workload {
        name: "8 KB body",
        target: 0.80,
        requests: 2000,
        uri: "/",
        headers: &["Content-Length: 8192"],
        peer: None,
        lua: r#"
            location / {
                content_by_lua_block {
                    ngx.req.read_body()
                    ngx.say(#ngx.req.get_body_data())
                }
            }"#,
        plain: r#"
            location / {
                return 200 "8192\n";
            }"#,
    },
    // The order of the arguments is not defined, their length is.
    Workload {
        name: "50 args",
        target: 0.80,
        requests: 1000,
        uri: concat!(
            "/?name=Ada+Lovelace&mail=ada%40example.com&tag=a&tag=b&empty=&flag&q=fish+%26+chips",
            ten_args!("a"),
            ten_args!("b"),
            ten_args!("c"),
            ten_args!("d"),
            "&x1=1&x2=2&x3=3",
        ),
        headers: &[],
        peer: None,
        lua: r#"
            location / {
                content_by_lua_block {
                    local args = ngx.req.get_uri_args()
                    ngx.req.set_uri_args(args)
                    ngx.say(#ngx.var.args)
                }
            }"#,
        plain: r#"
            location / {
                return 200 "502\n";
            }"#,
    },
    Workload {
        name: "capture",
        target: 0.8,
        requests: 2000,
        uri: "/",
        headers: &["User-Agent: bench", "Accept: */*", "Cookie: id=1"],
        peer: None,
        lua: r#"
            location / {
                content_by_lua_block {
                    local res = ngx.location.capture("/sub")
                    ngx.print(res.body)
                }
            }
            location = /sub {
                return 200 "hello world\n";
            }"#,
        plain: r#"
            location / {
                return 200 "hello world\n";
            }"#,
    },
    Workload {
        name: "3 threads",
        target: 0.80,
        requests: 2000,
        uri: "/",
        headers: &[],
        peer: None,
        lua: r#"
            location / {
                content_by_lua_block {
                    local function double(n)
                        return 2 * n
                    end
                    local spawn, wait = ngx.thread.spawn, ngx.thread.wait
                    local one, two, three = spawn(double, 1), spawn(double, 2), spawn(double, 3)
                    local _, a = wait(one)
                    local _, b = wait(two)
                    local _, c = wait(three)
                    ngx.say(a + b + c)
                }
            }"#,
        plain: r#"
            location / {
                return 200 "12\n";
            }"#,
    },
    Workload {
        name: "threads wait",
        target: 0.80,
        requests: 2000,
        uri: "/",
        headers: &[],
        peer: None,
        lua: r#"
            location / {
                content_by_lua_block {
                    local function double(n)
                        ngx.sleep(0)
                        return 2 * n
                    end
                    local spawn = ngx.thread.spawn
                    local threads = { spawn(double, 1), spawn(double, 2), spawn(double, 3) }
                    local sum = 0
                    for _, thread in ipairs(threads) do
                        local _, n = ngx.thread.wait(thread)
                        sum = sum + n
                    end
                    ngx.say(sum)
                }
            }"#,
        plain: r#"
            location / {
                return 200 "12\n";
            }"#,
    },
    Workload {
        name: "shdict",
        target: 0.80,
        requests: 3000,
        uri: "/",
        headers: &[],
        peer: None,
        lua: r#"
            location / {
                content_by_lua_block {
                    local dogs = ngx.shared.dogs
                    dogs:incr("visits", 1, 0)
                    dogs:set("last", "127.0.0.1", 60)
                    ngx.say(dogs:get("last"))
                }
            }"#,
        plain: r#"
            location / {
                return 200 "127.0.0.1\n";
            }"#,
    },
    Workload {
        name: "semaphore ping-pong",
        target: 0.80,
        requests: 1000,
        uri: "/",
        headers: &[],
        peer: None,
        lua: r#"
            location / {
                content_by_lua_block {
                    local semaphore = require "ngx.semaphore"
                    local ping, pong = semaphore.new(), semaphore.new()
                    local thread = ngx.thread.spawn(function()
                        for _ = 1, 20 do
                            ping:wait(1)
                            pong:post()
                        end
                    end)
                    for _ = 1, 20 do
                        ping:post()
                        pong:wait(1)
                    end
                    ngx.thread.wait(thread)
                    ngx.say(ping:count() + pong:count())
                }
            }"#,
        plain: r#"
            location / {
                return 200 "0\n";
            }"#,
    },
    Workload {
        name: "semaphore free",
        target: 0.80,
        requests: 2000,
        uri: "/",
        headers: &[],
        peer: None,
        lua: r#"
            location / {
                content_by_lua_block {
                    local door = package.loaded.door
                    if not door then
                        door = require("ngx.semaphore").new(5)
                        package.loaded.door = door
                    end
                    for _ = 1, 5 do
                        door:wait(1)
                        door:post()
                    end
                    ngx.say(door:count())
                }
            }"#,
        plain: r#"
            location / {
                return 200 "5\n";
            }"#,
    },
];
