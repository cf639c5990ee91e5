//! Workloads that talk to a peer through cosockets.

use super::Workload;
use crate::peer::Peer;

pub const SOCKETS: &[Workload] = &[
    Workload {
        name: "http get",
        target: 0.90,
        requests: 1000,
        uri: "/",
        headers: &[],
        peer: Some(Peer::Http),
        lua: r#"
            location / {
                content_by_lua_block {
                    local sock = ngx.socket.tcp()
                    sock:settimeouts(5000, 5000, 5000)
                    assert(sock:connect("127.0.0.1", PEER_PORT))
                    assert(sock:send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"))
                    local head = assert(sock:receiveuntil("\r\n\r\n"))()
                    local _, last = head:find("Content-Length: ", 1, true)
                    local length = tonumber(head:sub(last + 1, head:find("\r", last, true) - 1))
                    local body = sock:receive(length)
                    assert(sock:setkeepalive(60000, 16))
                    ngx.print(body)
                }
            }"#,
        plain: r#"
            location / {
                return 200 "hello from afar\n";
            }"#,
    },
    Workload {
        name: "redis get",
        target: 0.90,
        requests: 1000,
        uri: "/",
        headers: &[],
        peer: Some(Peer::Redis),
        lua: r#"
            location / {
                content_by_lua_block {
                    local redis = require("nginx.redis"):new()
                    redis:set_timeout(5000)
                    assert(redis:connect("127.0.0.1", PEER_PORT))
                    ngx.say(redis:get("greeting"))
                    assert(redis:set_keepalive(60000, 16))
                }
            }"#,
        plain: r#"
            location / {
                return 200 "hello world\n";
            }"#,
    },
    Workload {
        name: "redis pipeline",
        target: 0.90,
        requests: 300,
        uri: "/",
        headers: &[],
        peer: Some(Peer::Redis),
        lua: r#"
            location / {
                content_by_lua_block {
                    local redis = require("nginx.redis"):new()
                    redis:set_timeout(5000)
                    assert(redis:connect("127.0.0.1", PEER_PORT))
                    redis:init_pipeline(50)
                    for _ = 1, 50 do
                        redis:get("greeting")
                    end
                    local replies = assert(redis:commit_pipeline())
                    assert(redis:set_keepalive(60000, 16))
                    ngx.say(#replies, " ", replies[50])
                }
            }"#,
        plain: r#"
            location / {
                return 200 "50 hello world\n";
            }"#,
    },
    Workload {
        name: "memcached get",
        target: 0.90,
        requests: 1000,
        uri: "/",
        headers: &[],
        peer: Some(Peer::Memcached),
        lua: r#"
            location / {
                content_by_lua_block {
                    local memcached = require("nginx.memcached"):new()
                    memcached:set_timeout(5000)
                    assert(memcached:connect("127.0.0.1", PEER_PORT))
                    local value, flags = memcached:get("greeting")
                    assert(memcached:set_keepalive(60000, 16))
                    ngx.say(value, " ", flags)
                }
            }"#,
        plain: r#"
            location / {
                return 200 "hello world 0\n";
            }"#,
    },
    Workload {
        name: "receive 64 KB",
        target: 0.90,
        requests: 500,
        uri: "/",
        headers: &[],
        peer: Some(Peer::Bulk),
        lua: r#"
            location / {
                content_by_lua_block {
                    local sock = ngx.socket.tcp()
                    assert(sock:connect("127.0.0.1", PEER_PORT))
                    assert(sock:send("more\n"))
                    local data = assert(sock:receive(65536))
                    assert(sock:setkeepalive(60000, 16))
                    ngx.say(#data)
                }
            }"#,
        plain: r#"
            location / {
                return 200 "65536\n";
            }"#,
    },
    Workload {
        name: "until 64 KB",
        target: 0.90,
        requests: 300,
        uri: "/",
        headers: &[],
        peer: Some(Peer::Bulk),
        lua: r#"
            location / {
                content_by_lua_block {
                    local sock = ngx.socket.tcp()
                    assert(sock:connect("127.0.0.1", PEER_PORT))
                    assert(sock:send("more\n"))
                    local data = assert(sock:receiveuntil("\r\n--the end--\n"))()
                    assert(sock:setkeepalive(60000, 16))
                    ngx.say(#data)
                }
            }"#,
        plain: r#"
            location / {
                return 200 "65522\n";
            }"#,
    },
    Workload {
        name: "tls get",
        target: 0.90,
        requests: 200,
        uri: "/",
        headers: &[],
        peer: Some(Peer::Https),
        lua: r#"
            location / {
                lua_ssl_protocols TLSv1.2;
                content_by_lua_block {
                    local sock = ngx.socket.tcp()
                    assert(sock:connect("127.0.0.1", PEER_PORT))
                    local session = assert(sock:sslhandshake(package.loaded.session))
                    package.loaded.session = package.loaded.session or session
                    assert(sock:send("GET / HTTP/1.0\r\n\r\n"))
                    local response = assert(sock:receive("*a"))
                    sock:close()
                    ngx.print(response:match("\r\n\r\n(.*)"))
                }
            }"#,
        plain: r#"
            location / {
                return 200 "hello from afar\n";
            }"#,
    },
    Workload {
        name: "udp echo",
        target: 0.90,
        requests: 1000,
        uri: "/",
        headers: &[],
        peer: Some(Peer::Udp),
        lua: r#"
            location / {
                content_by_lua_block {
                    local sock = ngx.socket.udp()
                    sock:settimeout(5000)
                    assert(sock:setpeername("127.0.0.1", PEER_PORT))
                    assert(sock:send("hello world\n"))
                    ngx.print(sock:receive())
                    sock:close()
                }
            }"#,
        plain: r#"
            location / {
                return 200 "hello world\n";
            }"#,
    },
];
