# sslhandshake: peers that misbehave, and everything that can end it.

use Test::Nginx::Socket::Lua 'no_plan';
use Cwd qw(abs_path);
use File::Basename qw(dirname);

$ENV{TEST_NGINX_HTML_DIR} ||= html_dir();
$ENV{TEST_NGINX_CERT_DIR} ||= dirname(abs_path(__FILE__)) . "/cert";

our $HttpConfig = <<'_EOC_';
    lua_ssl_trusted_certificate $TEST_NGINX_CERT_DIR/ca.crt;
    init_by_lua_block {
        function try(f, ...)
            local results = { pcall(f, ...) }
            local n = 1
            for i in pairs(results) do
                n = math.max(n, i)
            end
            if not results[1] then
                return ngx.say("error: ", (results[2]:gsub("^[^ ]+:%d+: ", "")))
            end
            for i = 1, n do
                local value = results[i]
                results[i] = type(value) == "cdata" and "cdata" or tostring(value)
            end
            ngx.say(table.concat(results, " ", 2, n))
        end

        function connect(name, msec)
            local sock = ngx.socket.tcp()
            sock:settimeout(msec or 20000)
            assert(sock:connect("unix:$TEST_NGINX_HTML_DIR/" .. name .. ".sock"))
            return sock
        end

        -- A connection to a server that behaves in some way from now on.
        function odd(how, msec)
            local sock = connect("odd", msec)
            assert(sock:send("GET /" .. how .. " HTTP/1.1\r\nHost: x\r\n\r\n"))
            return sock
        end

        function get(sock)
            assert(sock:send("GET / HTTP/1.0\r\n\r\n"))
            local answer = assert(sock:receive("*a"))
            sock:close()
            return (answer:match("\r\n\r\n(.*)"))
        end

        -- Passes data on, in pieces that `cut` makes.
        function pass(from, to, cut)
            while true do
                local data = from:receiveany(65536)
                if not data then
                    if to.close then
                        to:close()
                    end
                    return
                end
                for piece in cut(data) do
                    if not to:send(piece) then
                        return
                    end
                end
            end
        end

        function proxy(cut)
            local client, server = ngx.req.socket(true), connect("test")
            ngx.thread.spawn(pass, client, server, cut)
            pass(server, client, cut)
            ngx.exit(444)
        end
    }
    server {
        listen unix:$TEST_NGINX_HTML_DIR/test.sock ssl;
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_certificate $TEST_NGINX_CERT_DIR/test.crt;
        ssl_certificate_key $TEST_NGINX_CERT_DIR/test.key;
        location / {
            return 200 "hello";
        }
    }
    server {
        listen unix:$TEST_NGINX_HTML_DIR/odd.sock;
        lingering_close off;
        lua_socket_log_errors off;
        location /silent {
            content_by_lua_block {
                local sock = ngx.req.socket(true)
                while sock:receiveany(1000) do end
            }
        }
        location /close {
            content_by_lua_block {
                local sock = ngx.req.socket(true)
                sock:receiveany(65536)
            }
        }
        location /unread {
            content_by_lua_block {
                ngx.req.socket(true)
                ngx.sleep(0.03)
            }
        }
        location /garbage {
            content_by_lua_block {
                local sock = ngx.req.socket(true)
                sock:receiveany(65536)
                sock:send(("garbage "):rep(100))
                ngx.sleep(0.05)
            }
        }
        location /half {
            content_by_lua_block {
                local client, server = ngx.req.socket(true), connect("test")
                server:send(client:receiveany(65536))
                client:send(server:receiveany(65536):sub(1, 300))
                ngx.sleep(0.02)
            }
        }
        location /dribble {
            content_by_lua_block {
                proxy(function(data) return data:gmatch(".") end)
            }
        }
        location /slow {
            content_by_lua_block {
                proxy(function(data)
                    ngx.sleep(0.04)
                    return next, { [data] = true }
                end)
            }
        }
    }
_EOC_

add_block_preprocessor(sub {
    my $block = shift;
    $block->set_value(http_config => $::HttpConfig) unless defined $block->http_config;
    $block->set_value(request => "GET /t") unless defined $block->request
        || defined $block->pipelined_requests;
    $block->set_value(no_error_log => "[error]") unless defined $block->no_error_log
        || defined $block->error_log;
});

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: a server that says nothing
--- config
    location /t {
        content_by_lua_block {
            local sock = odd("silent", 50)
            try(sock.sslhandshake, sock, nil, "test.example", true)
            try(sock.send, sock, "x")
            try(sock.sslhandshake, sock)
            try(sock.close, sock)
        }
    }
--- response_body
nil timeout
nil closed
nil closed
nil closed
--- error_log
attempt to send data on a closed socket



=== TEST 2: the time for connecting is what counts
--- config
    location /t {
        content_by_lua_block {
            local sock = odd("silent")
            sock:settimeouts(30, 20000, 20000)
            local start = ngx.now()
            try(sock.sslhandshake, sock)
            ngx.update_time()
            ngx.say(ngx.now() - start < 1)
        }
    }
--- response_body
nil timeout
true



=== TEST 3: lua_socket_connect_timeout
--- config
    location /t {
        lua_socket_connect_timeout 30ms;
        content_by_lua_block {
            local sock = odd("silent", 0)
            try(sock.sslhandshake, sock)
        }
    }
--- response_body
nil timeout



=== TEST 4: a server that closes
--- config
    location /t {
        content_by_lua_block {
            local sock = odd("close")
            try(sock.sslhandshake, sock)
            try(sock.receive, sock)
            try(sock.close, sock)
        }
    }
--- response_body
nil handshake failed
nil closed
nil closed
--- error_log
peer closed connection in SSL handshake



=== TEST 5: a server that closes without having read anything
--- config
    location /t {
        content_by_lua_block {
            local sock = odd("unread")
            try(sock.sslhandshake, sock)
            try(sock.close, sock)
        }
    }
--- response_body
nil handshake failed
nil closed
--- error_log
peer closed connection in SSL handshake



=== TEST 6: a server that speaks something else
--- config
    location /t {
        content_by_lua_block {
            local sock = odd("garbage")
            try(sock.sslhandshake, sock)
            try(sock.close, sock)
        }
    }
--- response_body
nil handshake failed
nil closed
--- error_log
SSL_do_handshake() failed



=== TEST 7: a server that closes half way
--- config
    location /t {
        content_by_lua_block {
            local sock = odd("half")
            try(sock.sslhandshake, sock)
            try(sock.close, sock)
        }
    }
--- response_body
nil handshake failed
nil closed
--- error_log
peer closed connection in SSL handshake



=== TEST 8: a byte at a time
--- config
    location /t {
        content_by_lua_block {
            local sock = odd("dribble")
            try(sock.sslhandshake, sock, nil, "test.example", true)
            ngx.say(get(sock))
        }
    }
--- response_body
cdata
hello



=== TEST 9: a byte at a time, with TLS 1.3
--- config
    location /t {
        lua_ssl_protocols TLSv1.3;
        content_by_lua_block {
            local sock = odd("dribble")
            try(sock.sslhandshake, sock, nil, "test.example", true)
            ngx.say(get(sock))
        }
    }
--- response_body
cdata
hello



=== TEST 10: other operations during the handshake
--- config
    location /t {
        content_by_lua_block {
            local sock = odd("slow")
            local thread = ngx.thread.spawn(sock.sslhandshake, sock, nil, "test.example", true)
            try(sock.sslhandshake, sock)
            try(sock.send, sock, "x")
            try(sock.receive, sock)
            try(sock.receiveany, sock, 1)
            try(sock:receiveuntil("x"))
            try(sock.close, sock)
            try(sock.setkeepalive, sock)
            try(sock.connect, sock, "unix:$TEST_NGINX_HTML_DIR/test.sock")
            try(sock.getreusedtimes, sock)
            try(sock.getoption, sock, "keepalive")
            try(sock.setoption, sock, "keepalive", true)
            try(ngx.thread.wait, thread)
            ngx.say(get(sock))
        }
    }
--- response_body
nil socket busy connecting
nil socket busy connecting
nil socket busy connecting
nil socket busy connecting
nil socket busy connecting
nil socket busy connecting
nil socket busy connecting
nil socket busy connecting
0
0
true
true cdata
hello



=== TEST 11: a handshake while another thread reads
--- config
    location /t {
        content_by_lua_block {
            local sock = odd("silent", 100)
            local thread = ngx.thread.spawn(function() return sock:receive() end)
            try(sock.sslhandshake, sock)
            try(ngx.thread.wait, thread)
        }
    }
--- response_body
nil socket busy reading
true nil timeout 
--- error_log
lua tcp socket read timed out



=== TEST 12: the thread is killed
--- config
    location /t {
        content_by_lua_block {
            local sock = odd("slow")
            local thread = ngx.thread.spawn(sock.sslhandshake, sock)
            try(ngx.thread.kill, thread)
            try(sock.sslhandshake, sock)
            try(sock.close, sock)
            ngx.sleep(0.1)
        }
    }
--- response_body
1
nil closed
nil closed



=== TEST 13: a sibling exits
--- config
    location /t {
        content_by_lua_block {
            local sock = odd("slow")
            ngx.say("before")
            ngx.thread.spawn(function()
                sock:sslhandshake()
                ngx.say("not reached")
            end)
            ngx.exit(200)
        }
    }
--- response_body
before



=== TEST 14: a sibling fails
--- config
    location /t {
        content_by_lua_block {
            local sock = odd("slow")
            ngx.thread.spawn(function()
                sock:sslhandshake()
                ngx.say("not reached")
            end)
            error("this")
        }
    }
--- error_code: 500
--- response_body_like: 500 Internal Server Error
--- error_log
lua entry thread aborted: runtime error: content_by_lua(nginx.conf:



=== TEST 15: the request goes elsewhere
--- config
    location /t {
        content_by_lua_block {
            local sock = odd("slow")
            ngx.thread.spawn(sock.sslhandshake, sock)
            ngx.exec("/elsewhere")
        }
    }
    location /elsewhere {
        return 200 "elsewhere";
    }
--- response_body: elsewhere



=== TEST 16: the client goes away
--- config
    location /t {
        lua_check_client_abort on;
        content_by_lua_block {
            local sock = odd("silent", 1500)
            ngx.on_abort(function()
                ngx.log(ngx.NOTICE, "the client has gone")
                ngx.exit(499)
            end)
            sock:sslhandshake()
            ngx.log(ngx.ERR, "not reached")
        }
    }
--- timeout: 0.1
--- abort
--- ignore_response
--- wait: 0.1
--- error_log
the client has gone
--- no_error_log
not reached



=== TEST 17: a coroutine that nobody resumes any more
--- config
    location /t {
        content_by_lua_block {
            local sock = connect("test")
            local session = sock:sslhandshake(nil, "test.example")
            sock = nil
            collectgarbage()
            collectgarbage()
            ngx.say(type(session))
        }
    }
--- response_body
cdata



=== TEST 18: a socket of another request
--- config
    location /t {
        content_by_lua_block {
            local sock = connect("test")
            package.loaded.foreign_socket = sock
            local ok = ngx.location.capture("/other")
            ngx.print(ok.body)
            try(sock.sslhandshake, sock, nil, "test.example", true)
        }
    }
    location /other {
        content_by_lua_block {
            local sock = package.loaded.foreign_socket
            try(sock.sslhandshake, sock)
        }
    }
--- response_body
nil bad request
cdata



=== TEST 19: a socket of a request that has ended
--- config
    location /t {
        content_by_lua_block {
            local sock = package.loaded.left_socket
            if not sock then
                sock = connect("test")
                package.loaded.left_socket = sock
                return ngx.say("left")
            end
            package.loaded.left_socket = nil
            try(sock.sslhandshake, sock)
            try(sock.connect, sock, "unix:$TEST_NGINX_HTML_DIR/test.sock")
            try(sock.sslhandshake, sock, nil, "test.example", true)
            ngx.say(get(sock))
        }
    }
--- pipelined_requests eval: ["GET /t", "GET /t"]
--- response_body eval
["left\n", "nil closed\n1\ncdata\nhello\n"]



=== TEST 20: a socket with TLS that the request leaves open
--- config
    location /t {
        content_by_lua_block {
            for i = 1, 10 do
                local sock = connect("test")
                assert(sock:sslhandshake(nil, "test.example", true))
                sock:send("GET / HTTP/1.1\r\n")
            end
            ngx.say("done")
        }
    }
--- response_body
done



=== TEST 21: a timer that ends during a handshake of its thread
--- config
    location /t {
        content_by_lua_block {
            local done = require("ngx.semaphore").new()
            ngx.timer.at(0, function()
                local sock = odd("slow")
                local thread = ngx.thread.spawn(sock.sslhandshake, sock)
                ngx.thread.kill(thread)
                done:post()
            end)
            ngx.say((done:wait(20)))
        }
    }
--- response_body
true



=== TEST 22: threads wait for the first of two handshakes
--- config
    location /t {
        content_by_lua_block {
            local slow, fast = odd("silent"), connect("test")
            local first = ngx.thread.spawn(function()
                slow:sslhandshake()
                return "slow"
            end)
            local second = ngx.thread.spawn(function()
                fast:sslhandshake()
                return "fast"
            end)
            ngx.say(ngx.thread.wait(first, second))
            ngx.thread.kill(first)
            ngx.say(get(fast))
        }
    }
--- response_body
truefast
hello



=== TEST 23: one after the other fails, and then one succeeds
--- config
    location /t {
        lua_socket_log_errors off;
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            sock:settimeout(100)
            for i = 1, 3 do
                for _, how in ipairs { "close", "garbage", "silent" } do
                    sock:connect("unix:$TEST_NGINX_HTML_DIR/odd.sock")
                    sock:send("GET /" .. how .. " HTTP/1.1\r\nHost: x\r\n\r\n")
                    sock:sslhandshake()
                end
                sock:connect("unix:$TEST_NGINX_HTML_DIR/test.sock")
                ngx.say(sock:sslhandshake(false, "test.example", true), " ", get(sock))
            end
        }
    }
--- response_body
true hello
true hello
true hello
--- no_error_log
[alert]



=== TEST 24: a full duplex connection
--- config
    location /t {
        content_by_lua_block {
            local sock = connect("test")
            sock:sslhandshake(nil, "test.example", true)
            local reader = ngx.thread.spawn(function()
                local line = sock:receive()
                return line
            end)
            ngx.sleep(0.01)
            try(sock.receive, sock)
            try(sock.sslhandshake, sock)
            try(sock.send, sock, "GET / HTTP/1.0\r\n\r\n")
            try(ngx.thread.wait, reader)
        }
    }
--- response_body
nil socket busy reading
nil socket busy reading
18
true HTTP/1.1 200 OK



=== TEST 25: after the thread was killed, the socket can be used again
--- config
    location /t {
        content_by_lua_block {
            local sock = odd("slow")
            ngx.thread.kill(ngx.thread.spawn(sock.sslhandshake, sock))
            try(sock.connect, sock, "unix:$TEST_NGINX_HTML_DIR/test.sock")
            try(sock.sslhandshake, sock, nil, "test.example", true)
            ngx.say(get(sock))
        }
    }
--- response_body
1
cdata
hello
--- differs: the C module's socket cannot send any more
