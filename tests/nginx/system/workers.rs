//! Worker processes: each has a machine of its own, a copy of the one that
//! init_by_lua has prepared.

use std::collections::BTreeMap;

use crate::system::Test;
use crate::system::memory::numbers;
use crate::system::site::{Client, Conf, Site, is_running, signal_process};

pub const TESTS: &[Test] = &[
    Test { name: "two workers, two machines", conf, run: two_workers },
    Test { name: "a worker that was killed is replaced", conf, run: killed_worker },
];

fn conf() -> Conf {
    // The system spreads connections evenly over sockets of their own.
    let http = r#"
        init_by_lua_block {
            local runs = (INIT_RUNS or 0) + 1
            INIT_RUNS = runs
            package.loaded.state = { init = ngx.worker.pid(), runs = runs, count = 0 }
        }
        init_worker_by_lua_block {
            local state = require "state"
            state.worker = ngx.worker.pid()
            state.id = ngx.worker.id()
        }
        server {
            listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1 reuseport;
            location = /state {
                content_by_lua_block {
                    local state = require "state"
                    state.count = state.count + 1
                    assert(state.worker == ngx.worker.pid() and state.id == ngx.worker.id())
                    ngx.print(ngx.worker.id(), " ", ngx.worker.pid(), " ", ngx.worker.count(), " ",
                              state.count, " ", state.init, " ", state.runs)
                }
            }
            location = /wait {
                lua_check_client_abort on;
                content_by_lua_block { ngx.print("here") ngx.flush(true) ngx.sleep(60) }
            }
        }"#;
    let server = "location = /port { return 200 $TEST_NGINX_RAND_PORT_1; }";
    Conf { workers: 2, ..Conf::new(http, server) }
}

/// What one request saw.
struct Seen {
    pid: i32,
    count: u64,
}

/// Sends `requests`; what each worker's last one saw, by the worker's id.
fn ask(site: &Site, spread: &Client, requests: usize) -> Result<BTreeMap<u64, Seen>, String> {
    let master = site.pid()?;
    let mut workers = BTreeMap::new();
    for _ in 0..requests {
        let answer = spread.get("/state")?;
        let [id, pid, workers_configured, count, init, runs] = numbers(&answer)?;
        if workers_configured != 2 || i32::try_from(init) != Ok(master) || runs != 1 {
            return Err(format!("master {master}, but a worker says {answer:?}"));
        }
        let pid = i32::try_from(pid).map_err(|_| format!("{pid} is no process id"))?;
        workers.insert(id, Seen { pid, count });
    }
    Ok(workers)
}

/// A client of the port that both workers listen on.
fn spread(site: &Site) -> Result<Client, String> {
    let port = site.client.get("/port")?;
    let port = port.parse().map_err(|_| format!("{port:?} is no port"))?;
    Ok(Client { port, ..site.client })
}

fn two_workers(site: &mut Site) -> Result<(), String> {
    let spread = spread(site)?;
    let workers = ask(site, &spread, 100)?;
    let ids: Vec<u64> = workers.keys().copied().collect();
    if ids != [0, 1] || workers[&0].pid == workers[&1].pid {
        return Err(format!("the workers that answered: {ids:?}"));
    }
    // Had they one machine, the larger count would be 100.
    let counts = (workers[&0].count, workers[&1].count);
    if counts.0 + counts.1 == 100 { Ok(()) } else { Err(format!("requests counted: {counts:?}")) }
}

fn killed_worker(site: &mut Site) -> Result<(), String> {
    site.excused = &["exited on signal 9"];
    let spread = spread(site)?;
    let before = ask(site, &spread, 50)?;
    let victim = before.get(&0).ok_or("worker 0 does not answer")?.pid;
    let _waiting = (0..20)
        .map(|_| spread.hold("GET /wait HTTP/1.1\r\nHost: localhost\r\n\r\n"))
        .collect::<Result<Vec<_>, _>>()?;
    signal_process(victim, libc::SIGKILL);
    site.client.until("the worker dies", || Ok((!is_running(victim)).then_some(())))?;
    site.await_log(&["exited on signal 9"])?;

    let replaced = site.client.until("another worker 0 answers", || {
        Ok(ask(site, &spread, 20)?.remove(&0).filter(|seen| seen.pid != victim))
    })?;
    if replaced.count <= 20 { Ok(()) } else { Err(format!("{} requests", replaced.count)) }
}
