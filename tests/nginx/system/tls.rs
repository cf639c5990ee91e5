//! TLS of sockets: what thousands of handshakes, sessions, certificates and kept
//! connections leave behind, and reloads while there are some.

use crate::system::Test;
use crate::system::memory::{LOCATIONS, Memory, WATCH, numbers};
use crate::system::site::{Client, Conf, Site, get, is_running, text};

pub const TESTS: &[Test] = &[
    Test { name: "TLS leaves nothing behind", conf, run: memory },
    Test { name: "TLS connections in pools and reloads", conf, run: reload },
];

fn conf() -> Conf {
    let certificates = concat!(env!("CARGO_MANIFEST_DIR"), "/t/cert");
    let place = |text: &str| text.replace("CERTIFICATES", certificates);
    let http = format!("lua_package_path '$prefix/?.lua;;';\n{WATCH}\n{}", place(HTTP));
    let server = format!("{LOCATIONS}\n{}", place(SERVER));
    Conf { connections: 1024, ..Conf::new(http, server) }
}

const HTTP: &str = "
    lua_ssl_trusted_certificate CERTIFICATES/ca.crt;
    lua_socket_log_errors off;
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1 ssl;
        ssl_protocols TLSv1.2;
        ssl_certificate CERTIFICATES/test.crt;
        ssl_certificate_key CERTIFICATES/test.key;
        ssl_client_certificate CERTIFICATES/ca.crt;
        ssl_verify_client optional;
        location / { return 200 hello; }
    }
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_2 ssl;
        ssl_protocols TLSv1.3;
        ssl_certificate CERTIFICATES/test.crt;
        ssl_certificate_key CERTIFICATES/test.key;
        location / { return 200 hello; }
    }
";

const SERVER: &str = r#"
    location ~ ^/use/(\w+)$ {
        content_by_lua_block {
            local tls = require("tls")("CERTIFICATES", $TEST_NGINX_RAND_PORT_1, $TEST_NGINX_RAND_PORT_2)
            ngx.print(tls[ngx.var[1]]())
        }
    }
"#;

const KINDS: &[&str] =
    &["full", "session", "tickets", "refused", "abandoned", "client", "other", "pooled"];
const WARM_UP: usize = 60;
const ROUNDS: usize = 100;

/// Each kind of use so many times. `tls.lua` has the kinds.
fn rounds(client: &Client, count: usize) -> Result<(), String> {
    let requests: Vec<_> = KINDS.iter().map(|kind| get(&format!("/use/{kind}"))).collect();
    for _ in 0..count {
        for (kind, answer) in KINDS.iter().zip(client.pipeline(&requests)?) {
            let body = text(&answer);
            if body != "done" {
                return Err(format!("{kind}: {body}"));
            }
        }
    }
    Ok(())
}

fn client(site: &Site) -> Result<Client, String> {
    site.write_file("tls.lua", include_str!("tls.lua"))?;
    Ok(site.client)
}

fn memory(site: &mut Site) -> Result<(), String> {
    let client = client(site)?;
    rounds(&client, WARM_UP)?;
    Memory::stays_flat(&client, || rounds(&client, ROUNDS))?;
    site.end(libc::SIGQUIT)
}

fn reload(site: &mut Site) -> Result<(), String> {
    let client = client(site)?;
    for _ in 0..5 {
        rounds(&client, 3)?;
        let worker = worker(&client)?;
        site.signal(libc::SIGHUP)?;
        client.until("the old worker ends", || Ok((!is_running(worker)).then_some(())))?;
    }
    rounds(&client, 3)?;
    site.end(libc::SIGQUIT)
}

fn worker(client: &Client) -> Result<i32, String> {
    let [pid, ..] = numbers::<3>(&client.get("/memory")?)?;
    i32::try_from(pid).map_err(|_| format!("{pid} is no process id"))
}
