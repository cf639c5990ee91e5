# TLS: sessions that are taken up, and connections in pools.

use Test::Nginx::Socket::Lua 'no_plan';
use Cwd qw(abs_path);
use File::Basename qw(dirname);

$ENV{TEST_NGINX_HTML_DIR} ||= html_dir();
$ENV{TEST_NGINX_CERT_DIR} ||= dirname(abs_path(__FILE__)) . "/cert";

our $HttpConfig = <<'_EOC_';
    lua_ssl_trusted_certificate $TEST_NGINX_CERT_DIR/ca.crt;
    init_by_lua_block {
        ssl = require "ngx.ssl"

        function connect(name, options)
            local sock = ngx.socket.tcp()
            sock:settimeout(20000)
            assert(sock:connect("unix:$TEST_NGINX_HTML_DIR/" .. name .. ".sock", options))
            return sock
        end

        -- The body of an answer, after which the connection can be used again.
        function get(sock)
            assert(sock:send("GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
            local length
            repeat
                local line = assert(sock:receive())
                length = length or line:match("^Content%-Length: (%d+)")
            until line == ""
            return (assert(sock:receive(tonumber(length))))
        end

        function read(name)
            local file = assert(io.open("$TEST_NGINX_CERT_DIR/" .. name))
            local text = file:read("*a")
            file:close()
            return text
        end
    }
    server {
        listen unix:$TEST_NGINX_HTML_DIR/12.sock ssl;
        ssl_protocols TLSv1.2;
        ssl_certificate $TEST_NGINX_CERT_DIR/test.crt;
        ssl_certificate_key $TEST_NGINX_CERT_DIR/test.key;
        ssl_client_certificate $TEST_NGINX_CERT_DIR/ca.crt;
        ssl_verify_client optional;
        location / {
            return 200 "session $ssl_session_reused name [$ssl_server_name] client [$ssl_client_s_dn] request $connection_requests";
        }
    }
    server {
        listen unix:$TEST_NGINX_HTML_DIR/13.sock ssl;
        ssl_protocols TLSv1.3;
        ssl_certificate $TEST_NGINX_CERT_DIR/test.crt;
        ssl_certificate_key $TEST_NGINX_CERT_DIR/test.key;
        location / {
            return 200 "session $ssl_session_reused name [$ssl_server_name] request $connection_requests";
        }
    }
    server {
        listen unix:$TEST_NGINX_HTML_DIR/cache.sock ssl;
        ssl_protocols TLSv1.2;
        ssl_session_tickets off;
        ssl_session_cache shared:tls:100k;
        ssl_certificate $TEST_NGINX_CERT_DIR/test.crt;
        ssl_certificate_key $TEST_NGINX_CERT_DIR/test.key;
        location / {
            return 200 "session $ssl_session_reused";
        }
    }
    server {
        listen unix:$TEST_NGINX_HTML_DIR/none.sock ssl;
        ssl_protocols TLSv1.2;
        ssl_session_tickets off;
        ssl_session_cache off;
        ssl_certificate $TEST_NGINX_CERT_DIR/test.crt;
        ssl_certificate_key $TEST_NGINX_CERT_DIR/test.key;
        location / {
            return 200 "session $ssl_session_reused";
        }
    }
_EOC_

add_block_preprocessor(sub {
    my $block = shift;
    $block->set_value(http_config => $::HttpConfig) unless defined $block->http_config;
    $block->set_value(request => "GET /t") unless defined $block->request;
    $block->set_value(no_error_log => "[error]") unless defined $block->no_error_log
        || defined $block->error_log;
});

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: a session is taken up: tickets
--- config
    location /t {
        content_by_lua_block {
            local session
            for i = 1, 3 do
                local sock = connect("12")
                session = assert(sock:sslhandshake(session, "test.example", true))
                ngx.say(get(sock):match("^session %S+"))
                sock:close()
            end
        }
    }
--- response_body
session .
session r
session r



=== TEST 2: a session is taken up: session numbers
--- config
    location /t {
        content_by_lua_block {
            local session
            for i = 1, 3 do
                local sock = connect("cache")
                session = assert(sock:sslhandshake(session))
                ngx.say(get(sock))
                sock:close()
            end
        }
    }
--- response_body
session .
session r
session r



=== TEST 3: a server that knows no sessions
--- config
    location /t {
        content_by_lua_block {
            local session
            for i = 1, 2 do
                local sock = connect("none")
                session = assert(sock:sslhandshake(session))
                ngx.say(get(sock))
                sock:close()
            end
        }
    }
--- response_body
session .
session .



=== TEST 4: TLS 1.3: the session can be taken up once the server has sent something
--- config
    location /t {
        lua_ssl_protocols TLSv1.3;
        content_by_lua_block {
            local session
            for i = 1, 3 do
                local sock = connect("13")
                session = assert(sock:sslhandshake(session, "test.example", true))
                ngx.say(get(sock):match("^session %S+"))
                sock:close()
            end
        }
    }
--- response_body
session .
session r
session r
--- differs: there is nothing to take up in what the C module's sslhandshake returns



=== TEST 5: TLS 1.3: what getsslsession gives can be taken up
--- config
    location /t {
        lua_ssl_protocols TLSv1.3;
        content_by_lua_block {
            local session
            for i = 1, 3 do
                local sock = connect("13")
                assert(sock:sslhandshake(session))
                ngx.say(get(sock):match("^session %S+"))
                session = assert(sock:getsslsession())
                sock:close()
            end
        }
    }
--- response_body
session .
session r
session r
--- differs: the C module 0.10.23 does not have it



=== TEST 6: one session for many connections
--- config
    location /t {
        content_by_lua_block {
            local sock = connect("12")
            local session = sock:sslhandshake()
            sock:close()
            for i = 1, 3 do
                sock = connect("12")
                sock:sslhandshake(session)
                ngx.say(get(sock):match("^session %S+"))
                sock:close()
                collectgarbage()
            end
        }
    }
--- response_body
session r
session r
session r



=== TEST 7: a session lives longer than its request
--- config
    location /t {
        content_by_lua_block {
            local sock = connect("12")
            kept = package.loaded.kept_session
            package.loaded.kept_session = sock:sslhandshake(kept)
            ngx.say(get(sock):match("^session %S+"))
            sock:close()
        }
    }
--- pipelined_requests eval: ["GET /t", "GET /t"]
--- response_body eval
[qr/^session [.r]\n/, "session r\n"]
--- no_error_log
[error]



=== TEST 8: with false there is no session, and the next handshake is a full one
--- config
    location /t {
        content_by_lua_block {
            for i = 1, 2 do
                local sock = connect("12")
                local session = sock:sslhandshake(false)
                ngx.say(session, " ", get(sock):match("^session %S+"))
                sock:close()
            end
        }
    }
--- response_body
true session .
true session .



=== TEST 9: sessions are freed
--- config
    location /t {
        content_by_lua_block {
            local sock = connect("12")
            local session = sock:sslhandshake()
            for i = 1, 1000 do
                session = sock:sslhandshake()
            end
            session = nil
            collectgarbage()
            collectgarbage()
            ngx.say(get(sock):match("^session %S+"))
        }
    }
--- response_body
session .



=== TEST 10: a connection keeps its TLS in a pool
--- config
    location /t {
        content_by_lua_block {
            for i = 1, 3 do
                local sock = connect("12", { pool = ngx.worker.pid() .. ngx.now() })
                sock:close()
                sock = connect("12")
                local times = sock:getreusedtimes()
                if times == 0 then
                    assert(sock:sslhandshake(nil, "test.example", true))
                end
                ngx.say(times, " ", get(sock))
                assert(sock:setkeepalive(10000))
            end
            local sock = connect("12")
            sock:close()
        }
    }
--- response_body
0 session . name [test.example] client [] request 1
1 session . name [test.example] client [] request 2
2 session . name [test.example] client [] request 3



=== TEST 11: a handshake on such a connection is none
--- config
    location /t {
        content_by_lua_block {
            for i = 1, 3 do
                local sock = connect("12")
                local session = assert(sock:sslhandshake(nil, "test.example", true))
                ngx.say(type(session), " ", sock:getreusedtimes(), " ", get(sock))
                assert(sock:setkeepalive(10000))
            end
            connect("12"):close()
        }
    }
--- response_body
cdata 0 session . name [test.example] client [] request 1
cdata 1 session . name [test.example] client [] request 2
cdata 2 session . name [test.example] client [] request 3



=== TEST 12: TLS 1.3: the same
--- config
    location /t {
        lua_ssl_protocols TLSv1.3;
        content_by_lua_block {
            for i = 1, 3 do
                local sock = connect("13")
                assert(sock:sslhandshake(nil, "test.example", true))
                ngx.say(sock:getreusedtimes(), " ", get(sock))
                assert(sock:setkeepalive(10000))
            end
            connect("13"):close()
        }
    }
--- response_body
0 session . name [test.example] request 1
1 session . name [test.example] request 2
2 session . name [test.example] request 3



=== TEST 13: TLS 1.3: setkeepalive before the tickets were read
--- config
    location /t {
        lua_ssl_protocols TLSv1.3;
        content_by_lua_block {
            for i = 1, 2 do
                local sock = connect("13")
                assert(sock:sslhandshake(nil, "test.example", true))
                ngx.sleep(0.02)
                ngx.say(sock:getreusedtimes(), " ", sock:setkeepalive(10000))
                ngx.sleep(0.02)
            end
            local sock = connect("13")
            ngx.say(sock:getreusedtimes(), " ", get(sock))
            sock:close()
        }
    }
--- response_body
0 1
1 1
2 session . name [test.example] request 1
--- differs: the C module takes the tickets for data that nobody asked for



=== TEST 14: a connection from a pool for another name
--- config
    location /t {
        content_by_lua_block {
            for _, name in ipairs { "test.example", "a.wild.example", "a.wild.example", "test.example" } do
                local sock = connect("12")
                assert(sock:sslhandshake(nil, name, true))
                ngx.say(sock:getreusedtimes(), " ", get(sock))
                assert(sock:setkeepalive(10000))
            end
            connect("12"):close()
        }
    }
--- response_body
0 session . name [test.example] client [] request 1
0 session . name [a.wild.example] client [] request 1
1 session . name [a.wild.example] client [] request 2
0 session . name [test.example] client [] request 1
--- differs: the C module uses the connection for another name



=== TEST 15: names are the same without regard to case
--- config
    location /t {
        content_by_lua_block {
            for _, name in ipairs { "test.example", "TEST.example" } do
                local sock = connect("12")
                assert(sock:sslhandshake(nil, name, true))
                ngx.say(sock:getreusedtimes())
                assert(sock:setkeepalive(10000))
            end
            connect("12"):close()
        }
    }
--- response_body
0
1



=== TEST 16: a connection from a pool that was not verified
--- config
    location /t {
        content_by_lua_block {
            local sock = connect("12")
            assert(sock:sslhandshake(nil, "other.example", false))
            assert(sock:setkeepalive(10000))

            sock = connect("12")
            ngx.say(sock:getreusedtimes())
            ngx.say(sock:sslhandshake(false, "other.example", true))
            ngx.say(sock:send("x"))
        }
    }
--- response_body
1
nilcertificate host mismatch
nilclosed
--- error_log
lua ssl certificate does not match host "other.example"
--- differs: the C module takes it for verified



=== TEST 17: one whose certificate stands up to verification afterwards
--- config
    location /t {
        content_by_lua_block {
            local sock = connect("12")
            assert(sock:sslhandshake(nil, "test.example", false))
            assert(sock:setkeepalive(10000))

            sock = connect("12")
            ngx.say(sock:sslhandshake(false, "test.example", true))
            ngx.say(sock:getreusedtimes(), " ", get(sock))
            sock:close()
        }
    }
--- response_body
true
1 session . name [test.example] client [] request 1



=== TEST 18: a connection from a pool with another client certificate
--- config
    location /t {
        content_by_lua_block {
            local cert = ssl.parse_pem_cert(read("client.crt"))
            local key = ssl.parse_pem_priv_key(read("client.key"))
            for _, show in ipairs { false, true, true, false } do
                local sock = connect("12")
                if show then
                    sock:setclientcert(cert, key)
                end
                assert(sock:sslhandshake(nil, "test.example", true))
                ngx.say(sock:getreusedtimes(), " ", get(sock))
                assert(sock:setkeepalive(10000))
            end
            connect("12"):close()
        }
    }
--- response_body
0 session . name [test.example] client [] request 1
0 session . name [test.example] client [CN=Test Client] request 1
1 session . name [test.example] client [CN=Test Client] request 2
0 session . name [test.example] client [] request 1
--- differs: the C module uses the connection of another client



=== TEST 19: a connection from a pool that a location with other settings made
--- config
    location /t {
        content_by_lua_block {
            for _, uri in ipairs { "/one", "/two", "/two" } do
                ngx.say(ngx.location.capture(uri).body)
            end
            connect("12"):close()
        }
    }
    location /one {
        content_by_lua_block {
            local sock = connect("12")
            assert(sock:sslhandshake(nil, "test.example", true))
            ngx.print(sock:getreusedtimes(), " ", get(sock):match("request %d"))
            assert(sock:setkeepalive(10000))
        }
    }
    location /two {
        lua_ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256;
        content_by_lua_block {
            local sock = connect("12")
            assert(sock:sslhandshake(nil, "test.example", true))
            ngx.print(sock:getreusedtimes(), " ", get(sock):match("request %d"))
            assert(sock:setkeepalive(10000))
        }
    }
--- response_body
0 request 1
0 request 1
1 request 2
--- differs: the C module does not look at the settings



=== TEST 20: a connection from a pool without TLS can begin with it
--- config
    location /t {
        content_by_lua_block {
            local sock = connect("12")
            assert(sock:setkeepalive(10000))
            sock = connect("12")
            ngx.say(sock:getreusedtimes())
            ngx.say(sock:sslhandshake(false, "test.example", true))
            ngx.say(get(sock))
            sock:close()
        }
    }
--- response_body
1
true
session . name [test.example] client [] request 1



=== TEST 21: without a handshake, a connection from a pool is used as it is
--- config
    location /t {
        content_by_lua_block {
            local sock = connect("12")
            assert(sock:sslhandshake(nil, "test.example", true))
            assert(sock:setkeepalive(10000))
            sock = connect("12")
            ngx.say(get(sock))
            sock:close()
        }
    }
--- response_body
session . name [test.example] client [] request 1



=== TEST 22: unread data does not go to a pool
--- config
    location /t {
        content_by_lua_block {
            local sock = connect("12")
            sock:sslhandshake()
            sock:send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            sock:receive()
            ngx.say(sock:setkeepalive())
            ngx.say(type(sock:sslhandshake()))
            sock:close()
        }
    }
--- response_body
nilunread data in buffer
cdata



=== TEST 23: a server that has closed the connection in the pool
--- http_config eval
$::HttpConfig . <<'_EOC_'
    server {
        listen unix:$TEST_NGINX_HTML_DIR/short.sock ssl;
        keepalive_timeout 50ms;
        ssl_certificate $TEST_NGINX_CERT_DIR/test.crt;
        ssl_certificate_key $TEST_NGINX_CERT_DIR/test.key;
        location / {
            return 200 "ok";
        }
    }
_EOC_
--- config
    location /t {
        content_by_lua_block {
            for i = 1, 2 do
                local sock = connect("short")
                assert(sock:sslhandshake(nil, "test.example", true))
                ngx.say(sock:getreusedtimes(), " ", get(sock))
                assert(sock:setkeepalive(10000))
                ngx.sleep(0.15)
            end
        }
    }
--- response_body
0 ok
0 ok



=== TEST 24: the time of a connection in the pool is over
--- config
    location /t {
        content_by_lua_block {
            for i = 1, 2 do
                local sock = connect("12")
                assert(sock:sslhandshake(nil, "test.example", true))
                ngx.say(sock:getreusedtimes())
                assert(sock:setkeepalive(20))
                ngx.sleep(0.08)
            end
        }
    }
--- response_body
0
0



=== TEST 25: a full pool
--- config
    location /t {
        content_by_lua_block {
            local socks = {}
            for i = 1, 3 do
                socks[i] = connect("12", { pool = "small", pool_size = 1 })
                assert(socks[i]:sslhandshake(nil, i .. ".wild.example", true))
            end
            for i = 1, 3 do
                ngx.say(socks[i]:setkeepalive(10000))
            end
            local sock = connect("12", { pool = "small" })
            ngx.say(sock:getreusedtimes(), " ", get(sock))
            sock:close()
        }
    }
--- response_body
1
1
1
1 session . name [3.wild.example] client [] request 1
