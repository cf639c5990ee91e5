//! Names that a server answers badly, late, or not at all: what Lua code gets,
//! how often is asked, and what is left behind.

mod server;

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use crate::system::Test;
use crate::system::site::{Conf, Site, get_and_close};

use server::Server;

pub const TESTS: &[Test] = &[
    Test { name: "names that a server answers badly", conf: resolve, run: bad_answers },
    Test { name: "names are kept as long as they hold", conf: resolve, run: kept },
    Test { name: "one question for all who want to know a name", conf: resolve, run: joined },
    Test { name: "a name whose answer comes late", conf: resolve, run: late },
    Test { name: "a server that is silent is left for another", conf: resolve, run: silent },
    Test { name: "lookups leave no sockets behind", conf: resolve, run: no_sockets },
    Test { name: "a graceful end waits for a name", conf: resolve, run: waits_at_end },
    Test { name: "a graceful end does not wait for a name nobody wants", conf: resolve, run: ends },
    Test { name: "a fast end while names are looked up", conf: resolve, run: fast },
    Test { name: "a reload while names are looked up", conf: resolve, run: reload },
];

/// `/?NAME` says which address a name has, or why it has none.
fn resolve() -> Conf {
    let http = "lua_resolver system hosts=../hosts conf=../resolv.conf \
                port=$TEST_NGINX_RAND_PORT_1;\n\
                server {\n\
                    listen 127.0.0.1:$TEST_NGINX_RAND_PORT_2;\n\
                    listen 127.0.0.2:$TEST_NGINX_RAND_PORT_2;\n\
                    location / { return 200 $server_addr; }\n\
                }";
    let server = r#"
        location = /port { return 200 $TEST_NGINX_RAND_PORT_1; }
        location = /pid { content_by_lua_block { ngx.print(ngx.worker.pid()) } }
        location = / {
            content_by_lua_block {
                local sock = ngx.socket.tcp()
                local ok, err = sock:connect(ngx.var.args, $TEST_NGINX_RAND_PORT_2)
                if not ok then
                    return ngx.print((err:gsub("^.* could not be resolved ", "")))
                end
                sock:send("GET / HTTP/1.0\r\n\r\n")
                ngx.print(sock:receive("*a"):match("\r\n\r\n(.*)"))
            }
        }
        location = /kill {
            content_by_lua_block {
                local sock = ngx.socket.udp()
                local thread = ngx.thread.spawn(function ()
                    return sock:setpeername(ngx.var.args, 53)
                end)
                ngx.thread.kill(thread)
                ngx.print("killed")
            }
        }"#;
    Conf::new(http, server)
}

/// A server for the site, and the files that name it.
fn server(site: &Site, options: &str) -> Result<Server, String> {
    let port = site.client.get("/port")?;
    let port = port.parse().map_err(|_| format!("{port:?} is no port"))?;
    site.write_file("hosts", "")?;
    site.write_file("resolv.conf", &format!("nameserver 127.0.0.1\noptions {options}\n"))?;
    Server::start(port)
}

fn expect(site: &Site, name: &str, expected: &str) -> Result<(), String> {
    let answer = site.client.get(&format!("/?{name}"))?;
    if answer == expected { Ok(()) } else { Err(format!("{name}: {answer:?}, not {expected:?}")) }
}

fn bad_answers(site: &mut Site) -> Result<(), String> {
    let _server = server(site, "timeout:1 attempts:1")?;
    for (name, expected) in [
        ("good.test", "127.0.0.1"),
        // Answers to other questions come first.
        ("wrong-id.test", "127.0.0.1"),
        ("wrong-name.test", "127.0.0.1"),
        ("wrong-type.test", "127.0.0.1"),
        ("question.test", "127.0.0.1"),
        ("stranger.test", "127.0.0.1"),
        ("noise.test", "127.0.0.1"),
        // Over TCP, a byte at a time.
        ("truncated.test", "127.0.0.1"),
        ("truncated-closed.test", "(110: Operation timed out)"),
        ("chain.test", "127.0.0.1"),
        ("circle.test", "(3: Host not found)"),
        ("empty.test", "(3: Host not found)"),
        ("elsewhere.test", "(3: Host not found)"),
        ("missing.test", "(3: Host not found)"),
        ("format.test", "(1: Format error)"),
        ("failure.test", "(2: Server failure)"),
        ("unimplemented.test", "(4: Unimplemented)"),
        ("refused.test", "(5: Operation refused)"),
        ("code-9.test", "(9: Unknown error)"),
        ("cut.test", "(1: Format error)"),
        ("pointers.test", "(1: Format error)"),
        // Only one of two questions is answered.
        ("half.test", "127.0.0.1"),
    ] {
        expect(site, name, expected)?;
    }
    Ok(())
}

fn kept(site: &mut Site) -> Result<(), String> {
    let server = server(site, "timeout:1 attempts:1")?;
    let expected = [
        // Its records hold for a minute; those of the others for no time at all.
        ("good.test", "127.0.0.1", 1),
        ("brief.test", "127.0.0.1", 3),
        // That it does not exist holds for a minute.
        ("missing.test", "(3: Host not found)", 1),
        ("empty.test", "(3: Host not found)", 3),
        ("failure.test", "(2: Server failure)", 3),
    ];
    for (name, answer, times) in expected {
        for _ in 0..3 {
            expect(site, name, answer)?;
        }
        // For both kinds of addresses.
        let asked = server.asked(name);
        if asked != 2 * times {
            return Err(format!("{name} was asked for {asked} times, not {}", 2 * times));
        }
    }
    Ok(())
}

fn joined(site: &mut Site) -> Result<(), String> {
    let server = server(site, "timeout:5")?;
    let requests: Result<Vec<_>, _> =
        (0..50).map(|_| site.client.hold(&get_and_close("/?slow-200.test"))).collect();
    for request in requests? {
        let answer = request.answer()?;
        if answer != "127.0.0.1" {
            return Err(format!("slow-200.test: {answer:?}"));
        }
    }
    match server.asked("slow-200.test") {
        2 => Ok(()),
        asked => Err(format!("50 requests asked {asked} questions")),
    }
}

/// The first question is answered after the second was sent.
fn late(site: &mut Site) -> Result<(), String> {
    let server = server(site, "timeout:1 attempts:2")?;
    expect(site, "slow-1300.test", "127.0.0.1")?;
    match server.asked("slow-1300.test") {
        4 => Ok(()),
        asked => Err(format!("there were {asked} questions, not 4")),
    }
}

fn silent(site: &mut Site) -> Result<(), String> {
    let server = server(site, "")?;
    // Who listens at the other address says nothing.
    let other = server.also_at([127, 0, 0, 2])?;
    site.write_file(
        "resolv.conf",
        "nameserver 127.0.0.2\nnameserver 127.0.0.1\noptions timeout:1 attempts:1\n",
    )?;
    let start = Instant::now();
    expect(site, "good.test", "127.0.0.1")?;
    expect(site, "silent.test", "(110: Operation timed out)")?;
    let took = start.elapsed();
    drop(other);
    if (Duration::from_millis(2900)..Duration::from_millis(4500)).contains(&took) {
        Ok(())
    } else {
        Err(format!("it took {took:?}, not three seconds"))
    }
}

fn no_sockets(site: &mut Site) -> Result<(), String> {
    let _server = server(site, "timeout:1 attempts:1")?;
    let pid = site.client.get("/pid")?;
    let open = || -> Result<usize, String> {
        let path = format!("/proc/{pid}/fd");
        Ok(fs::read_dir(&path).map_err(|error| format!("cannot read {path}: {error}"))?.count())
    };
    expect(site, "good.test", "127.0.0.1")?;
    let before = open()?;
    for i in 0..200 {
        expect(site, &format!("{i}.brief.test"), "127.0.0.1")?;
        expect(site, &format!("{i}.truncated.test"), "127.0.0.1")?;
        expect(site, &format!("{i}.refused.test"), "(5: Operation refused)")?;
        let answer = site.client.get(&format!("/kill?{i}.silent.test"))?;
        if answer != "killed" {
            return Err(format!("/kill: {answer:?}"));
        }
    }
    // What nobody waits for is over after a second.
    site.client.until("the sockets are closed", || Ok((open()? <= before).then_some(())))
}

fn waits_at_end(site: &mut Site) -> Result<(), String> {
    let _server = server(site, "timeout:5")?;
    let request = site.client.hold(&get_and_close("/?slow-400.test"))?;
    thread::sleep(Duration::from_millis(100));
    site.end(libc::SIGQUIT)?;
    match request.answer()?.as_str() {
        "127.0.0.1" => Ok(()),
        // nginx no longer listens when the address is known.
        "connection refused" => Ok(()),
        answer => Err(format!("slow-400.test: {answer:?}")),
    }
}

fn ends(site: &mut Site) -> Result<(), String> {
    let _server = server(site, "timeout:30")?;
    site.client.get("/kill?silent.test")?;
    site.end(libc::SIGQUIT)
}

fn fast(site: &mut Site) -> Result<(), String> {
    let _server = server(site, "timeout:30")?;
    let requests: Result<Vec<_>, _> =
        (0..20).map(|i| site.client.hold(&get_and_close(&format!("/?{i}.silent.test")))).collect();
    let _requests = requests?;
    thread::sleep(Duration::from_millis(100));
    site.end(libc::SIGTERM)
}

fn reload(site: &mut Site) -> Result<(), String> {
    let _server = server(site, "timeout:5")?;
    for _ in 0..5 {
        let before = site.client.get("/pid")?;
        let request = site.client.hold(&get_and_close("/?slow-200.test"))?;
        thread::sleep(Duration::from_millis(50));
        site.signal(libc::SIGHUP)?;
        let answer = request.answer()?;
        if answer != "127.0.0.1" {
            return Err(format!("slow-200.test: {answer:?}"));
        }
        site.client.until("there is a new worker", || {
            Ok((site.client.get("/pid")? != before).then_some(()))
        })?;
    }
    Ok(())
}
