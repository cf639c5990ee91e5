//! Dictionaries and processes: reloads keep them, workers share them, and a
//! worker that is killed while it writes leaves them in order.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::system::Test;
use crate::system::site::{Client, Conf, Site, is_running, signal_process};

pub const TESTS: &[Test] = &[
    Test { name: "a reload keeps dictionaries of the same size", conf: first, run: reload },
    Test { name: "reloads lose no increment", conf: counting, run: reloads_with_traffic },
    Test { name: "a failed reload leaves dictionaries alone", conf: first, run: failed_reload },
    Test { name: "workers see what others write", conf: two_workers, run: workers_share },
    Test {
        name: "killed workers leave dictionaries in order",
        conf: churning,
        run: killed_workers,
    },
];

const SERVER: &str = r#"
    location = /pid { content_by_lua_block { ngx.print(ngx.worker.pid()) } }
    location = /get {
        content_by_lua_block {
            local dict = ngx.shared[ngx.var.arg_dict]
            ngx.print(dict and tostring(dict:get("key")) or "no dictionary")
        }
    }
    location = /set {
        content_by_lua_block {
            for _, dict in pairs(ngx.shared) do
                dict:set("key", ngx.var.arg_value)
            end
        }
    }"#;

fn with(dictionaries: &str) -> Conf {
    Conf::new(dictionaries, SERVER)
}

fn first() -> Conf {
    with("lua_shared_dict dogs 100k; lua_shared_dict cats 100k; lua_shared_dict cows 100k;")
}

fn key(client: &Client, dict: &str) -> Result<String, String> {
    client.get(&format!("/get?dict={dict}"))
}

fn expect(what: &str, got: &str, expected: &str) -> Result<(), String> {
    if got == expected { Ok(()) } else { Err(format!("{what}: {got:?}, not {expected:?}")) }
}

/// Reloads, and waits for the old worker's end.
fn reconfigure(site: &Site, conf: &Conf) -> Result<(), String> {
    let old: i32 = site.client.get("/pid")?.parse().map_err(|_| "no process id")?;
    site.configure(conf)?;
    site.signal(libc::SIGHUP)?;
    site.client.until("the old worker ends", || Ok((!is_running(old)).then_some(())))
}

fn reload(site: &mut Site) -> Result<(), String> {
    site.client.get("/set?value=old")?;
    reconfigure(site, &with("lua_shared_dict cats 200k; lua_shared_dict dogs 100k;"))?;
    expect("the same size", &key(&site.client, "dogs")?, "old")?;
    expect("another size", &key(&site.client, "cats")?, "nil")?;
    expect("not declared", &key(&site.client, "cows")?, "no dictionary")?;

    site.client.get("/set?value=new")?;
    reconfigure(site, &first())?;
    expect("the same size again", &key(&site.client, "dogs")?, "new")?;
    expect("the size of before", &key(&site.client, "cats")?, "nil")?;
    expect("declared again", &key(&site.client, "cows")?, "nil")
}

fn failed_reload(site: &mut Site) -> Result<(), String> {
    site.client.get("/set?value=old")?;
    let mut conf = first();
    conf.http += "init_by_lua_block { ngx.shared.dogs:incr('inits', 1, 0) error('on purpose') }";
    site.configure(&conf)?;
    site.signal(libc::SIGHUP)?;
    site.await_log(&["on purpose"])?;
    expect("after a failed reload", &key(&site.client, "dogs")?, "old")?;
    site.client.get("/set?value=new")?;
    reconfigure(site, &first())?;
    expect("after a good one", &key(&site.client, "dogs")?, "new")
}

fn counting() -> Conf {
    let server = r#"
        location = /pid { content_by_lua_block { ngx.print(ngx.worker.pid()) } }
        location = /count {
            content_by_lua_block { ngx.print(ngx.shared.dogs:incr("count", 1, 0)) }
        }
        location = /total { content_by_lua_block { ngx.print(ngx.shared.dogs:get("count")) } }"#;
    Conf { workers: 2, ..Conf::new("lua_shared_dict dogs 100k;", server) }
}

fn reloads_with_traffic(site: &mut Site) -> Result<(), String> {
    let ended = AtomicBool::new(false);
    let client = site.client;
    let counted = thread::scope(|scope| {
        let traffic: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let mut counted = 0u64;
                    while !ended.load(Ordering::Relaxed) {
                        client.get("/count")?;
                        counted += 1;
                    }
                    Ok::<_, String>(counted)
                })
            })
            .collect();
        let reloaded = (0..10).try_for_each(|_| reconfigure(site, &counting()));
        ended.store(true, Ordering::Relaxed);
        let mut counted = 0;
        for thread in traffic {
            counted += thread.join().map_err(|_| "the traffic thread panicked")??;
        }
        reloaded.map(|()| counted)
    })?;
    expect("all increments", &site.client.get("/total")?, &counted.to_string())
}

/// A port on which the system spreads connections evenly, over two workers.
fn spread_over_two(http: &str, locations: &str) -> Conf {
    let http = format!(
        "{http}
        server {{
            listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1 reuseport;
            {locations}
        }}"
    );
    let server = "location = /port { return 200 $TEST_NGINX_RAND_PORT_1; }";
    Conf { workers: 2, ..Conf::new(http, server) }
}

fn spread(site: &Site) -> Result<Client, String> {
    let port = site.client.get("/port")?;
    let port = port.parse().map_err(|_| format!("{port:?} is no port"))?;
    Ok(Client { port, ..site.client })
}

fn two_workers() -> Conf {
    spread_over_two(
        "lua_shared_dict dogs 100k;",
        r#"location = / {
            content_by_lua_block {
                local dogs, me = ngx.shared.dogs, "worker " .. ngx.worker.id()
                dogs:incr("all", 1, 0)
                dogs:incr(me, 1, 0)
                dogs:lpush("list", me)
                ngx.print(dogs:get("all"), " ", (dogs:get("worker 0") or 0), " ",
                          (dogs:get("worker 1") or 0), " ", dogs:llen("list"))
            }
        }"#,
    )
}

fn workers_share(site: &mut Site) -> Result<(), String> {
    let client = spread(site)?;
    let mut answer = String::new();
    for _ in 0..100 {
        answer = client.get("/")?;
    }
    let numbers: Vec<u64> = answer.split(' ').filter_map(|n| n.parse().ok()).collect();
    match numbers[..] {
        [100, first, second, 100] if first > 0 && second > 0 && first + second == 100 => Ok(()),
        _ => Err(format!("after 100 requests: {answer:?}")),
    }
}

fn churning() -> Conf {
    spread_over_two(
        "lua_shared_dict dogs 200k;",
        r#"location = /pid { content_by_lua_block { ngx.print(ngx.worker.pid()) } }
        # Writes without an end: the worker does nothing else any more.
        location = /churn {
            content_by_lua_block {
                local dogs = ngx.shared.dogs
                ngx.print(ngx.worker.pid())
                ngx.flush(true)
                local i = 0
                while true do
                    i = i + 1
                    local n = math.random(1, 300)
                    dogs:set("key " .. n, string.char(n % 256):rep(n * 7 % 2000))
                    dogs:rpush("list", i)
                    if i % 2 == 0 then
                        dogs:lpop("list")
                    end
                    if i % 50 == 0 then
                        dogs:delete("list")
                    end
                end
            }
        }
        location = /check {
            content_by_lua_block {
                local dogs = ngx.shared.dogs
                local keys = dogs:get_keys(0)
                for _, key in ipairs(keys) do
                    local value = dogs:get(key)
                    if type(value) == "string" then
                        assert(value == value:sub(1, 1):rep(#value), "a torn value")
                    end
                end
                assert(dogs:set("check", ngx.now()) and dogs:get("check") == ngx.now())
                ngx.print(#keys > 0 and "good" or "empty")
            }
        }"#,
    )
}

const KILLS: usize = 20;
/// How long the others may wait.
const PATIENCE: Duration = Duration::from_secs(1);

fn killed_workers(site: &mut Site) -> Result<(), String> {
    site.excused = &["exited on signal 9"];
    let client = spread(site)?;
    for kill in 0..KILLS {
        let mut held = client.hold("GET /churn HTTP/1.1\r\nHost: localhost\r\n\r\n")?;
        held.first_byte()?;
        // The other worker answers; its number says who churns.
        let mut survivor = None;
        for _ in 0..200 {
            if let Ok(pid) = (Client { patience: Duration::from_millis(150), ..client }).get("/pid")
            {
                survivor = Some(pid);
                break;
            }
        }
        let survivor: i32 =
            survivor.and_then(|pid| pid.parse().ok()).ok_or("nobody answers any more")?;
        let victim = workers(site)?
            .into_iter()
            .find(|pid| *pid != survivor)
            .ok_or("there is only one worker")?;
        thread::sleep(Duration::from_micros(137 * kill as u64));
        signal_process(victim, libc::SIGKILL);

        // Connections that the dead worker had may fail; others must not wait.
        let start = Instant::now();
        loop {
            match (Client { patience: PATIENCE, ..client }).get("/check") {
                // The first one may have died before it wrote anything.
                Ok(answer) if answer == "good" || kill == 0 => break,
                Ok(answer) => return Err(format!("after kill {kill}: {answer:?}")),
                Err(_) if start.elapsed() < PATIENCE => {}
                Err(error) => return Err(format!("after kill {kill}: {error}")),
            }
        }
        site.client.until("another worker starts", || {
            Ok((workers(site)?.iter().filter(|pid| **pid != victim).count() == 2).then_some(()))
        })?;
    }
    Ok(())
}

/// The worker processes that are alive.
fn workers(site: &Site) -> Result<Vec<i32>, String> {
    let master = site.pid()?;
    let file = format!("/proc/{master}/task/{master}/children");
    let text = std::fs::read_to_string(&file).map_err(|e| format!("{file}: {e}"))?;
    Ok(text
        .split_whitespace()
        .filter_map(|pid| pid.parse().ok())
        .filter(|p| is_running(*p))
        .collect())
}
