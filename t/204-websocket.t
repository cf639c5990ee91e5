# Debian's lua-nginx-websocket: its client talks to its server, in one nginx.

use Test::Nginx::Socket::Lua;
use Cwd qw(abs_path);
use File::Basename qw(dirname);

-e '/usr/share/lua/5.1/nginx/websocket/server.lua'
    ? plan('no_plan') : plan(skip_all => 'no lua-nginx-websocket');

$ENV{TEST_NGINX_CERT_DIR} ||= dirname(abs_path(__FILE__)) . "/cert";

our $HttpConfig = <<'_EOC_';
    init_by_lua_block {
        local client = require "nginx.websocket.client"
        local server = require "nginx.websocket.server"

        function package.loaded.connect(path, options, connect_options)
            local ws = client:new(options or { timeout = 2000 })
            local url = "ws://127.0.0.1:$TEST_NGINX_SERVER_PORT" .. path
            local ok, err = ws:connect(url, connect_options)
            if not ok then
                error(err)
            end
            return ws
        end

        function package.loaded.accept(options)
            return assert(server:new(options or { timeout = 2000 }))
        end

        -- Sends back what comes, until the client closes.
        function package.loaded.echo(options)
            local ws = package.loaded.accept(options)
            while true do
                local data, kind, err = ws:recv_frame()
                if kind == "text" then
                    ws:send_text(data)
                elseif kind == "binary" then
                    ws:send_binary(data)
                elseif kind == "ping" then
                    ws:send_pong(data)
                elseif kind == "close" then
                    return ws:send_close(err or 1000, data)
                elseif not data then
                    return err
                end
            end
        end

        function package.loaded.say(...)
            local values, n = {...}, select("#", ...)
            while n > 1 and values[n] == nil do
                n = n - 1
            end
            for i = 1, n do
                values[i] = tostring(values[i])
            end
            ngx.say(table.concat(values, " "))
        end
    }
_EOC_

our $Echo = <<'_EOC_';
    location = /echo {
        content_by_lua_block { require("echo")() }
    }
_EOC_

add_block_preprocessor(sub {
    my ($block) = @_;
    $block->set_value("http_config", $::HttpConfig) if !defined $block->http_config;
    $block->set_value("config", $::Echo . $block->config) if $block->config =~ m{"/echo"};
    $block->set_value("request", "GET /t") if !defined $block->request;
    $block->set_value("no_error_log", "[error]")
        if !defined $block->error_log && !defined $block->no_error_log;
});

# A worker ends its kept connections, which lead to itself, before it ends.
master_on();
repeat_each(2);
run_tests();

__DATA__

=== TEST 1: text
--- config
    location = /t {
        content_by_lua_block {
            local ws, say = require("connect")("/echo"), require "say"
            say(ws:send_text("hello, wörld"))
            say(ws:recv_frame())
            ws:send_text("")
            local data, kind = ws:recv_frame()
            say(#data, kind)
            say(ws:close())
        }
    }
--- response_body
19
hello, wörld text
0 text
1



=== TEST 2: binary data
--- config
    location = /t {
        content_by_lua_block {
            local ws, say = require("connect")("/echo"), require "say"
            local bytes = {}
            for byte = 0, 255 do
                bytes[byte + 1] = string.char(byte)
            end
            local all = table.concat(bytes)
            ws:send_binary(all)
            local data, kind = ws:recv_frame()
            say(data == all, kind)
        }
    }
--- response_body
true binary



=== TEST 3: every way to write the length
--- config
    location = /t {
        content_by_lua_block {
            local ws, say = require("connect")("/echo"), require "say"
            for _, length in ipairs { 1, 125, 126, 127, 4096, 65534, 65535 } do
                local text = ("x"):rep(length - 1) .. "."
                local sent = ws:send_text(text)
                say(length, sent - length, ws:recv_frame() == text)
            end
            say(ws:send_text(("x"):rep(65536)))
        }
    }
--- response_body
1 6 true
125 6 true
126 8 true
127 8 true
4096 8 true
65534 8 true
65535 8 true
nil payload too big



=== TEST 4: 4 MB
--- config
    location = /big {
        content_by_lua_block { require("echo") { timeout = 5000, max_payload_len = 4194304 } }
    }
    location = /t {
        content_by_lua_block {
            local options = { timeout = 5000, max_payload_len = 4194304 }
            local ws, say = require("connect")("/big", options), require "say"
            local text = ("0123456789abcdef"):rep(262144)
            say(ws:send_binary(text) - #text)
            say(ws:recv_frame() == text)
            say(ws:send_binary(text .. "x"))
        }
    }
--- response_body
14
true
nil payload too big



=== TEST 5: ping and pong
--- config
    location = /server {
        content_by_lua_block {
            local ws = require("accept")()
            ws:send_ping("from server")
            local data, kind = ws:recv_frame()
            ws:send_text(kind .. " " .. data)
            data, kind = ws:recv_frame()
            ws:send_text(kind .. " " .. data)
            ws:send_pong("unasked")
        }
    }
    location = /t {
        content_by_lua_block {
            local ws, say = require("connect")("/server"), require "say"
            local data, kind = ws:recv_frame()
            say(data, kind)
            ws:send_pong(data .. ", back")
            say(ws:recv_frame())
            ws:send_ping("from client")
            say(ws:recv_frame())
            say(ws:recv_frame())
        }
    }
--- response_body
from server ping
pong from server, back text
ping from client text
unasked pong



=== TEST 6: the client closes, with a code and a reason
--- config
    location = /t {
        content_by_lua_block {
            local ws, say = require("connect")("/echo"), require "say"
            say(ws:send_close(1001, "going away"))
            say(ws:recv_frame())
            say(ws:send_text("more"))
            say(ws:close())
        }
    }
--- response_body
18
going away close 1001
nil already closed
1



=== TEST 7: the server closes
--- config
    location = /coded {
        content_by_lua_block { require("accept")():send_close(4000, "bye") }
    }
    location = /plain {
        content_by_lua_block { require("accept")():send_close() }
    }
    location = /gone {
        content_by_lua_block { require("accept")() }
    }
    location = /t {
        content_by_lua_block {
            local connect, say = require "connect", require "say"
            for _, path in ipairs { "/coded", "/plain", "/gone" } do
                local ws = connect(path)
                say(ws:recv_frame())
                say(ws:recv_frame())
                say(ws:recv_frame())
            end
        }
    }
--- response_body
bye close 4000
nil nil failed to receive the first 2 bytes: closed
nil nil fatal error already happened
 close
nil nil failed to receive the first 2 bytes: closed
nil nil fatal error already happened
nil nil failed to receive the first 2 bytes: closed
nil nil fatal error already happened
nil nil fatal error already happened
--- no_error_log
[alert]



=== TEST 8: a message in fragments
--- config
    location = /join {
        content_by_lua_block {
            local ws = require("accept")()
            local parts = {}
            while true do
                local data, kind, err = ws:recv_frame()
                parts[#parts + 1] = kind .. ":" .. data
                if err ~= "again" then
                    break
                end
            end
            ws:send_frame(false, 0x1, table.concat(parts, ","))
            ws:send_frame(true, 0x0, "!")
        }
    }
    location = /t {
        content_by_lua_block {
            local ws, say = require("connect")("/join"), require "say"
            ws:send_frame(false, 0x1, "he")
            ws:send_frame(false, 0x0, "ll")
            ws:send_frame(true, 0x0, "o")
            say(ws:recv_frame())
            say(ws:recv_frame())
        }
    }
--- response_body
text:he,continuation:ll,continuation:o text again
! continuation



=== TEST 9: a server wants masked frames; a client takes both
--- config
    location = /server {
        content_by_lua_block {
            local ws = require("accept") { send_masked = true }
            ws:send_text("masked")
            local data, kind, err = ws:recv_frame()
            package.loaded.result = err
        }
    }
    location = /t {
        content_by_lua_block {
            local ws, say = require("connect")("/server", { send_unmasked = true }), require "say"
            say(ws:recv_frame())
            ws:send_text("plain")
            say(ws:recv_frame())
            say(package.loaded.result)
        }
    }
--- response_body
masked text
nil nil failed to receive the first 2 bytes: closed
frame unmasked



=== TEST 10: frames that a server refuses
--- config
    location = /server {
        content_by_lua_block {
            local ws = require("accept") { timeout = 2000, max_payload_len = 10 }
            local data, kind, err = ws:recv_frame()
            package.loaded.result = tostring(data) .. " " .. tostring(err)
        }
    }
    location = /t {
        content_by_lua_block {
            local connect, say = require "connect", require "say"
            for _, bytes in ipairs {
                "\129\5hello",                -- no mask
                "\193\128\0\0\0\0",           -- RSV1
                "\131\128\0\0\0\0",           -- opcode 3
                "\139\128\0\0\0\0",           -- opcode 11
                "\137\254\0\126\0\0\0\0",     -- a ping with 126 bytes
                "\9\128\0\0\0\0",             -- a ping that goes on
                "\129\139\0\0\0\0hello world", -- 11 bytes
                "\129\255\1\0\0\0\0\0\0\0\0\0\0\0", -- 2^56 bytes
                "\136\129\0\0\0\0x",          -- close with half a code
                "\129\133\0\0\0\0hel",        -- an end in mid-frame
                "\129",
            } do
                package.loaded.result = nil
                local ws = connect("/server")
                ws.sock:send(bytes)
                ws.sock:close()
                for i = 1, 400 do
                    if package.loaded.result then
                        break
                    end
                    ngx.sleep(0.002)
                end
                say(package.loaded.result)
            end
        }
    }
--- response_body
nil frame unmasked
nil bad RSV1, RSV2, or RSV3 bits
nil reserved non-control frames
nil reserved control frames
nil too long payload for control frame
nil fragmented control frame
nil exceeding max payload len
nil payload len too large
nil close frame with a body must carry a 2-byte status code
nil failed to read masking-len and payload: closed
nil failed to receive the first 2 bytes: closed
--- no_error_log
[alert]



=== TEST 11: both go on after a timeout
--- config
    lua_socket_log_errors off;

    location = /server {
        content_by_lua_block {
            local ws = require("accept") { timeout = 10 }
            local data, kind, err = ws:recv_frame()
            local again = select(3, ws:recv_frame())
            ws:set_timeout(2000)
            ws:send_ping(err .. " / " .. again)
            ws:send_text((ws:recv_frame()))
        }
    }
    location = /t {
        content_by_lua_block {
            local ws, say = require("connect")("/server"), require "say"
            ws:set_timeout(1)
            say(ws:recv_frame())
            ws:set_timeout(2000)
            say(ws:recv_frame())
            ws:send_text("still here")
            say(ws:recv_frame())
        }
    }
--- response_body
nil nil failed to receive the first 2 bytes: timeout
failed to receive the first 2 bytes: timeout / failed to receive the first 2 bytes: timeout ping
still here text



=== TEST 12: what a client says in the handshake
--- config
    location = /server {
        content_by_lua_block {
            local headers = ngx.req.get_headers()
            require("accept")():send_text(table.concat({
                headers["sec-websocket-protocol"], headers.origin, headers["x-custom"],
                headers.host, #headers["sec-websocket-key"], ngx.var.args,
            }, " "))
        }
    }
    location = /t {
        content_by_lua_block {
            local ws, say = require("connect")("/server?a=1", nil, {
                protocols = { "json", "xml" },
                origin = "http://example.com",
                headers = { "X-Custom: blah" },
            }), require "say"
            say((ws:recv_frame():gsub(":%d+", ":PORT")))
        }
    }
--- response_body
json,xml http://example.com blah 127.0.0.1:PORT 24 a=1



=== TEST 13: what a server says in the handshake
--- config
    location = /t {
        default_type text/plain;
        content_by_lua_block {
            local ws = require("accept")()
            ws.sock:send("raw\n")
        }
    }
--- raw_request eval
join "\r\n", "GET /t HTTP/1.1", "Host: localhost", "Upgrade: websocket",
    "Connection: keep-alive, Upgrade", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version: 13", "Sec-WebSocket-Protocol: chat", "", ""
--- http09
--- response_body_like
^HTTP/1\.1 101 Switching Protocols\r
Server: nginx/[^\r]+\r
Date: [^\r]+\r
Connection: upgrade\r
Sec-WebSocket-Protocol: chat\r
Upgrade: websocket\r
Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r
\r
raw$



=== TEST 14: requests that do not ask for a WebSocket
--- config
    location = /t {
        content_by_lua_block {
            local ws, err = require("nginx.websocket.server"):new()
            ngx.say(ws, " ", err)
        }
    }
--- request eval
["GET /t", "GET /t", "GET /t", "GET /t", "GET /t HTTP/1.0"]
--- more_headers eval
["", "Upgrade: h2c", "Upgrade: WebSocket",
 "Upgrade: websocket\nX: 1\nSec-WebSocket-Key: a", "Upgrade: websocket"]
--- response_body eval
["nil bad \"upgrade\" request header: nil\n", "nil bad \"upgrade\" request header: h2c\n",
 "nil bad \"connection\" request header\n", "nil bad \"connection\" request header\n",
 "nil bad http version\n"]



=== TEST 15: not with HTTP/2
--- http2
--- config
    location = /t {
        content_by_lua_block {
            local ws, err = require("nginx.websocket.server"):new()
            ngx.say(ws, " ", err)
        }
    }
--- response_body
nil bad http version



=== TEST 16: not after the response header
--- config
    location = /t {
        content_by_lua_block {
            ngx.say("header")
            ngx.flush(true)
            local ws, err = require("nginx.websocket.server"):new()
            ngx.say(ws, " ", err)
        }
    }
--- response_body
header
nil response header already sent



=== TEST 17: URLs, and servers that are not there
--- config
    lua_socket_log_errors off;

    location = /t {
        content_by_lua_block {
            local say = require "say"
            local ws = require("nginx.websocket.client"):new { timeout = 2000 }
            say(ws:connect("http://127.0.0.1/"))
            say(ws:connect("ws://127.0.0.1:$TEST_NGINX_RAND_PORT_1/"))
            say(ws:recv_frame())
            say(ws:recv_frame())
            say(ws:close())
            say(ws:connect("ws://127.0.0.1:1/", { headers = "X: 1" }))
        }
    }
--- response_body
nil bad websocket uri
nil failed to connect: connection refused
nil nil failed to receive the first 2 bytes: closed
nil nil fatal error already happened
nil fatal error already happened
nil custom headers must be a table



=== TEST 18: servers that say no
--- config
    location = /t {
        content_by_lua_block {
            local say = require "say"
            local ws = require("nginx.websocket.client"):new { timeout = 2000 }
            say((select(2, ws:connect("ws://127.0.0.1:$TEST_NGINX_RAND_PORT_1/")):gsub("\r?\n.*", "")))
        }
    }
--- tcp_listen: $TEST_NGINX_RAND_PORT_1
--- tcp_reply eval: "SSH-2.0-OpenSSH_9.2\r\n\r\n"
--- response_body
bad HTTP response status line: SSH-2.0-OpenSSH_9.2



=== TEST 19: a server that closes in the handshake
--- config
    location = /t {
        content_by_lua_block {
            local say = require "say"
            local ws = require("nginx.websocket.client"):new { timeout = 2000 }
            say(ws:connect("ws://127.0.0.1:$TEST_NGINX_RAND_PORT_1/"))
        }
    }
--- tcp_listen: $TEST_NGINX_RAND_PORT_1
--- tcp_reply eval: "HTTP/1.1 101 Switching Protocols\r\n"
--- response_body
nil failed to receive response header: closed



=== TEST 20: a connection that was kept needs no second handshake
--- config
    location = /t {
        content_by_lua_block {
            local connect, say = require "connect", require "say"
            local options = { pool = "20" .. ngx.var.connection }
            for i = 1, 3 do
                local ws = connect("/echo", nil, options)
                ws:send_text("message " .. i)
                local data = ws:recv_frame()
                say(data, ws.sock:getreusedtimes())
                say(ws:set_keepalive(10000, 1))
            end
        }
    }
--- response_body
message 1 0
1
message 2 1
1
message 3 2
1



=== TEST 21: a client that goes without a word
--- config
    location = /server {
        content_by_lua_block {
            local ws = require("accept")()
            ws:send_text("hello")
            local data, kind, err = ws:recv_frame()
            package.loaded.result = err
            local _, again = ws:send_text("anybody there?")
            package.loaded.result = err .. "; " .. again
        }
    }
    location = /t {
        content_by_lua_block {
            local ws, say = require("connect")("/server"), require "say"
            say(ws:recv_frame())
            ws.sock:close()
            for i = 1, 400 do
                if (package.loaded.result or ""):find(";") then
                    break
                end
                ngx.sleep(0.002)
            end
            say(package.loaded.result)
            package.loaded.result = nil
        }
    }
--- response_body
hello text
failed to receive the first 2 bytes: closed; fatal error already happened
--- no_error_log
[alert]



=== TEST 22: a server that sends and receives at the same time
--- config
    location = /server {
        content_by_lua_block {
            local ws = require("accept")()
            local writer = ngx.thread.spawn(function()
                for i = 1, 5 do
                    ws:send_text("tick " .. i)
                    ngx.sleep(0.002)
                end
            end)
            local sum = 0
            while true do
                local data, kind = ws:recv_frame()
                if kind ~= "text" then
                    break
                end
                sum = sum + data
            end
            ngx.thread.wait(writer)
            ws:send_text("sum " .. sum)
        }
    }
    location = /t {
        content_by_lua_block {
            local ws, say = require("connect")("/server"), require "say"
            local reader = ngx.thread.spawn(function()
                local data
                repeat
                    data = ws:recv_frame()
                    say(data)
                until data:find("sum")
            end)
            for i = 1, 100 do
                ws:send_text(i)
                if i % 20 == 0 then
                    ngx.sleep(0.001)
                end
            end
            ws:send_ping()
            ngx.thread.wait(reader)
        }
    }
--- response_body
tick 1
tick 2
tick 3
tick 4
tick 5
sum 5050



=== TEST 23: a frame that comes together with the handshake
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            sock:settimeout(2000)
            sock:connect("127.0.0.1", $TEST_NGINX_SERVER_PORT)
            sock:send("GET /echo HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                      .. "Sec-WebSocket-Key: abc\r\nSec-WebSocket-Version: 13\r\n\r\n"
                      .. "\129\133\0\0\0\0early" .. "\129\133\0\0\0\0birds")
            ngx.say(sock:receive())
            sock:receiveuntil("\r\n\r\n")()
            ngx.say(sock:receive(14):gsub("[^%w]", "?"))
        }
    }
    # "/echo"
--- response_body
HTTP/1.1 101 Switching Protocols
??early??birds4



=== TEST 24: eight clients talk to each other
--- config
    location = /room {
        content_by_lua_block {
            local semaphore = require "ngx.semaphore"
            local room = package.loaded.room or {}
            package.loaded.room = room
            local ws = require("accept")()
            local me = { queue = {}, news = semaphore.new() }
            room[me] = true

            local writer = ngx.thread.spawn(function()
                while me.news:wait(2) do
                    ws:send_text(table.remove(me.queue, 1))
                end
            end)
            while true do
                local data, kind = ws:recv_frame()
                if kind ~= "text" then
                    break
                end
                for other in pairs(room) do
                    table.insert(other.queue, data)
                    other.news:post()
                end
            end
            room[me] = nil
            ngx.thread.kill(writer)
            ws:send_close(1000)
        }
    }
    location = /t {
        content_by_lua_block {
            local connect, say = require "connect", require "say"
            local clients, threads = {}, {}
            for i = 1, 8 do
                clients[i] = connect("/room")
                -- It is in the room when it hears itself.
                clients[i]:send_text("in")
                clients[i]:recv_frame()
            end
            for i = 1, 8 do
                threads[i] = ngx.thread.spawn(function()
                    local ws, heard = clients[i], 0
                    ws:send_text(i)
                    while heard < 36 do
                        heard = heard + (tonumber((ws:recv_frame())) or 0)
                    end
                    ws:close()
                    return heard
                end)
            end
            for i = 1, 8 do
                local _, heard = ngx.thread.wait(threads[i])
                ngx.print(heard, " ")
            end
            ngx.say()
        }
    }
--- response_body eval
"36 36 36 36 36 36 36 36 \n"



=== TEST 25: the client's Lua code ends, the server notices
--- config
    location = /client {
        content_by_lua_block {
            local ws = require("connect")("/server")
            ws:send_text("hello")
            ngx.say((ws:recv_frame()))
        }
    }
    location = /server {
        content_by_lua_block {
            local ws = require("accept")()
            ws:send_text((ws:recv_frame()))
            local data, kind, err = ws:recv_frame()
            package.loaded.result = err
        }
    }
    location = /t {
        content_by_lua_block {
            ngx.print(ngx.location.capture("/client").body)
            -- The socket is closed when the main request ends.
            local sock = ngx.socket.tcp()
            sock:connect("127.0.0.1", $TEST_NGINX_SERVER_PORT)
            sock:send("GET /client HTTP/1.0\r\n\r\n")
            sock:receive("*a")
            for i = 1, 400 do
                if package.loaded.result then
                    break
                end
                ngx.sleep(0.002)
            end
            ngx.say(package.loaded.result)
            package.loaded.result = nil
        }
    }
--- response_body
hello
failed to receive the first 2 bytes: closed
--- no_error_log
[alert]



=== TEST 26: TLS
--- http_config eval
$::HttpConfig . '
    lua_ssl_trusted_certificate $TEST_NGINX_CERT_DIR/ca.crt;
    resolver 127.0.0.1:$TEST_NGINX_DNS_PORT ipv6=off;

    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1 ssl;
        ssl_certificate $TEST_NGINX_CERT_DIR/test.crt;
        ssl_certificate_key $TEST_NGINX_CERT_DIR/test.key;

        location = /echo {
            content_by_lua_block { require("echo") { max_payload_len = 1000000, timeout = 2000 } }
        }
    }
'
--- config
    location = /t {
        content_by_lua_block {
            local say = require "say"
            local ws = require("nginx.websocket.client"):new { timeout = 2000, max_payload_len = 1000000 }
            local url = "wss://test.example:$TEST_NGINX_RAND_PORT_1/echo"
            say(ws:connect(url, { ssl_verify = true }))
            ws:send_text("hello")
            say(ws:recv_frame())
            local data = ("0123456789"):rep(100000)
            ws:send_binary(data)
            say(ws:recv_frame() == data)
            ws:send_close(1000, "bye")
            say(ws:recv_frame())
            say(ws:close())
        }
    }
--- response_body
1
hello text
true
bye close 1000
1
--- skip_eval: 3: !$ENV{TEST_NGINX_DNS_PORT}



=== TEST 27: TLS with a certificate that is not trusted
--- http_config eval
$::HttpConfig . '
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1 ssl;
        ssl_certificate $TEST_NGINX_CERT_DIR/selfsigned.crt;
        ssl_certificate_key $TEST_NGINX_CERT_DIR/selfsigned.key;

        location = /echo {
            content_by_lua_block { require("echo")() }
        }
    }
'
--- config
    lua_socket_log_errors off;
    location = /t {
        content_by_lua_block {
            local say = require "say"
            local url = "wss://127.0.0.1:$TEST_NGINX_RAND_PORT_1/echo"
            local client = require "nginx.websocket.client"
            say(client:new({ timeout = 2000 }):connect(url, { ssl_verify = true }))
            local ws = client:new { timeout = 2000 }
            say(ws:connect(url))
            ws:send_text("not checked")
            say(ws:recv_frame())
            ws:close()
        }
    }
--- response_body
nil ssl handshake failed: 18: self-signed certificate
1
not checked text
--- no_error_log
[alert]
