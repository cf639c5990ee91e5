# sslhandshake: arguments, results, names, and using a connection with TLS.

use Test::Nginx::Socket::Lua 'no_plan';
use Cwd qw(abs_path);
use File::Basename qw(dirname);

$ENV{TEST_NGINX_HTML_DIR} ||= html_dir();
$ENV{TEST_NGINX_CERT_DIR} ||= dirname(abs_path(__FILE__)) . "/cert";

our $HttpConfig = <<'_EOC_';
    lua_ssl_trusted_certificate $TEST_NGINX_CERT_DIR/ca.crt;
    init_by_lua_block {
        -- Says what a function returns, or its error without the position.
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

        -- A socket that is connected to one of the servers below.
        function connect(name)
            local sock = ngx.socket.tcp()
            sock:settimeout(20000)
            assert(sock:connect("unix:$TEST_NGINX_HTML_DIR/" .. (name or "test") .. ".sock"))
            return sock
        end

        -- The body of the answer to a request.
        function get(sock, uri)
            assert(sock:send("GET " .. (uri or "/") .. " HTTP/1.0\r\n\r\n"))
            local answer = assert(sock:receive("*a"))
            sock:close()
            return (answer:match("\r\n\r\n(.*)"))
        end
    }
    server {
        listen unix:$TEST_NGINX_HTML_DIR/test.sock ssl;
        ssl_protocols TLSv1.2;
        ssl_certificate $TEST_NGINX_CERT_DIR/test.crt;
        ssl_certificate_key $TEST_NGINX_CERT_DIR/test.key;
        location / {
            return 200 "$ssl_protocol [$ssl_server_name]";
        }
    }
    server {
        listen unix:$TEST_NGINX_HTML_DIR/plain.sock;
        location / {
            return 200 "no TLS";
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

=== TEST 1: a session is the result
--- config
    location /t {
        content_by_lua_block {
            local sock = connect()
            local session, err = sock:sslhandshake()
            ngx.say(type(session), " ", err)
            ngx.say(get(sock))
        }
    }
--- response_body
cdata nil
TLSv1.2 []



=== TEST 2: with false instead of a session the result is true
--- config
    location /t {
        content_by_lua_block {
            local sock = connect()
            try(sock.sslhandshake, sock, false)
            ngx.say(get(sock))
        }
    }
--- response_body
true
TLSv1.2 []



=== TEST 3: what is no session and not false counts as none
--- config
    location /t {
        content_by_lua_block {
            for _, value in ipairs { true, 1, "x", {} } do
                try(connect().sslhandshake, connect(), value)
            end
        }
    }
--- response_body
cdata
cdata
cdata
cdata



=== TEST 4: the server name is sent
--- config
    location /t {
        content_by_lua_block {
            local sock = connect()
            try(sock.sslhandshake, sock, false, "test.example")
            ngx.say(get(sock))
            sock = connect()
            try(sock.sslhandshake, sock, false, "other.example")
            ngx.say(get(sock))
        }
    }
--- response_body
true
TLSv1.2 [test.example]
true
TLSv1.2 [other.example]



=== TEST 5: nil and false are no server name
--- config
    location /t {
        content_by_lua_block {
            local sock = connect()
            try(sock.sslhandshake, sock, false, false)
            ngx.say(get(sock))
        }
    }
--- response_body
true
TLSv1.2 []



=== TEST 6: a server name that cannot be sent
--- config
    location /t {
        content_by_lua_block {
            local sock = connect()
            try(sock.sslhandshake, sock, nil, "")
            sock = connect()
            try(sock.sslhandshake, sock, nil, ("x"):rep(256))
            sock = connect()
            try(sock.sslhandshake, sock, false, ("x"):rep(255))
        }
    }
--- response_body
nil SSL_set_tlsext_host_name failed
nil SSL_set_tlsext_host_name failed
true
--- differs: the C module leaves OpenSSL's error behind, which nginx then logs as [alert]



=== TEST 7: after a name that cannot be sent, another one may be tried
--- config
    location /t {
        content_by_lua_block {
            local sock = connect()
            try(sock.sslhandshake, sock, false, "")
            try(sock.sslhandshake, sock, false, "test.example")
            ngx.say(get(sock))
        }
    }
--- response_body
nil SSL_set_tlsext_host_name failed
true
TLSv1.2 [test.example]
--- differs: the C module leaves OpenSSL's error behind, which nginx then logs as [alert]



=== TEST 8: a server name has to be a string
--- config
    location /t {
        content_by_lua_block {
            for _, name in ipairs { 1, true, {} } do
                try(connect().sslhandshake, connect(), nil, name)
            end
        }
    }
--- response_body
error: bad argument #2 to 'sslhandshake' (string expected, got number)
error: bad argument #2 to 'sslhandshake' (string expected, got boolean)
error: bad argument #2 to 'sslhandshake' (string expected, got table)
--- differs: the C module shows LuaJIT's message about the conversion to a pointer



=== TEST 9: the number of arguments
--- config
    location /t {
        content_by_lua_block {
            local sock = connect()
            try(sock.sslhandshake)
            try(sock.sslhandshake, sock, nil, nil, nil, nil, nil)
            try(sock.sslhandshake, sock, nil, nil, nil, nil, nil, nil)
            try(sock.sslhandshake, sock, nil, nil, nil, nil)
        }
    }
--- response_body
error: ngx.socket sslhandshake: expecting 1 ~ 5 arguments (including the object), but seen 0
error: ngx.socket sslhandshake: expecting 1 ~ 5 arguments (including the object), but seen 6
error: ngx.socket sslhandshake: expecting 1 ~ 5 arguments (including the object), but seen 7
cdata



=== TEST 10: a socket that was never connected
--- config
    location /t {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            try(sock.sslhandshake, sock)
        }
    }
--- response_body
error: socket is never created nor connected



=== TEST 11: a socket whose connecting has failed
--- config
    location /t {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            try(sock.connect, sock, "unix:$TEST_NGINX_HTML_DIR/none.sock")
            try(sock.sslhandshake, sock)
        }
    }
--- response_body
nil no such file or directory
nil closed
--- error_log
connect() to unix:



=== TEST 12: a closed socket
--- config
    location /t {
        content_by_lua_block {
            local sock = connect()
            sock:close()
            try(sock.sslhandshake, sock)
        }
    }
--- response_body
nil closed



=== TEST 13: a socket that was given to a pool
--- config
    location /t {
        content_by_lua_block {
            local sock = connect()
            sock:sslhandshake()
            try(sock.setkeepalive, sock)
            try(sock.sslhandshake, sock)
        }
    }
--- response_body
1
nil closed



=== TEST 14: a second handshake gives the session again
--- config
    location /t {
        content_by_lua_block {
            local sock = connect()
            local session = sock:sslhandshake(nil, "test.example", true)
            try(sock.sslhandshake, sock)
            try(sock.sslhandshake, sock, false)
            try(sock.sslhandshake, sock, "x")
            ngx.say(sock:sslhandshake(session) == session)
            -- It was done before: the name is not looked at.
            try(sock.sslhandshake, sock, nil, "other.example", true)
            ngx.say(get(sock))
        }
    }
--- response_body
cdata
true
cdata
true
cdata
TLSv1.2 [test.example]



=== TEST 15: a server without TLS
--- config
    location /t {
        content_by_lua_block {
            local sock = connect("plain")
            try(sock.sslhandshake, sock)
            try(sock.send, sock, "x")
            try(sock.close, sock)
        }
    }
--- response_body
nil handshake failed
nil closed
nil closed
--- error_log
SSL_do_handshake() failed



=== TEST 16: after the handshake has failed, the socket can be connected again
--- config
    location /t {
        content_by_lua_block {
            local sock = connect("plain")
            try(sock.sslhandshake, sock)
            try(sock.connect, sock, "unix:$TEST_NGINX_HTML_DIR/test.sock")
            try(sock.sslhandshake, sock, false)
            ngx.say(get(sock))
        }
    }
--- response_body
nil handshake failed
1
true
TLSv1.2 []
--- error_log
SSL_do_handshake() failed



=== TEST 17: an OCSP response can be asked for
--- config
    location /t {
        content_by_lua_block {
            local sock = connect()
            try(sock.sslhandshake, sock, false, "test.example", true, true)
            ngx.say(get(sock))
        }
    }
--- response_body
true
TLSv1.2 [test.example]



=== TEST 18: many handshakes in one request, some at the same time
--- config
    location /t {
        content_by_lua_block {
            local threads = {}
            for i = 1, 20 do
                threads[i] = ngx.thread.spawn(function()
                    local sock = connect()
                    assert(sock:sslhandshake(nil, i .. ".wild.example", true))
                    return get(sock)
                end)
            end
            for i, thread in ipairs(threads) do
                local ok, body = ngx.thread.wait(thread)
                if body ~= "TLSv1.2 [" .. i .. ".wild.example]" then
                    ngx.say(i, ": ", body)
                end
            end
            ngx.say("done")
        }
    }
--- response_body
done



=== TEST 19: ngx.socket.connect and TLS
--- config
    location /t {
        content_by_lua_block {
            local sock = ngx.socket.connect("unix:$TEST_NGINX_HTML_DIR/test.sock")
            try(sock.sslhandshake, sock, nil, "test.example", true)
            ngx.say(get(sock))
        }
    }
--- response_body
cdata
TLSv1.2 [test.example]



=== TEST 20: in the phases that can wait
--- config
    location /t {
        rewrite_by_lua_block {
            local sock = connect()
            ngx.ctx.rewrite = type(sock:sslhandshake()) .. " " .. get(sock)
        }
        access_by_lua_block {
            local sock = connect()
            ngx.ctx.access = type(sock:sslhandshake()) .. " " .. get(sock)
        }
        content_by_lua_block {
            ngx.say(ngx.ctx.rewrite)
            ngx.say(ngx.ctx.access)
        }
    }
--- response_body
cdata TLSv1.2 []
cdata TLSv1.2 []



=== TEST 21: in a timer
--- config
    location /t {
        content_by_lua_block {
            local done = require("ngx.semaphore").new()
            local results
            assert(ngx.timer.at(0, function()
                local sock = connect()
                results = { type(sock:sslhandshake(nil, "test.example", true)), get(sock) }
                done:post()
            end))
            assert(done:wait(20))
            ngx.say(table.concat(results, " "))
        }
    }
--- response_body
cdata TLSv1.2 [test.example]



=== TEST 22: in coroutines
--- config
    location /t {
        content_by_lua_block {
            local co = coroutine.wrap(function()
                local inner = coroutine.wrap(function()
                    local sock = connect()
                    local session = sock:sslhandshake()
                    coroutine.yield(type(session))
                    return get(sock)
                end)
                coroutine.yield(inner())
                return inner()
            end)
            ngx.say(co())
            ngx.say(co())
        }
    }
--- response_body
cdata
TLSv1.2 []



=== TEST 23: where code cannot wait
--- config
    location /t {
        content_by_lua_block {
            local sock = connect()
            local ok, err = pcall(string.gsub, "x", "x", function() sock:sslhandshake() end)
            ngx.say(err)
        }
    }
--- response_body_like: attempt to yield across C-call boundary



=== TEST 24: what was received before TLS is not taken for what came with it
--- http_config eval
$::HttpConfig . <<'_EOC_'
    server {
        listen unix:$TEST_NGINX_HTML_DIR/starttls.sock;
        location / {
            content_by_lua_block {
                local server = assert(ngx.req.socket(true))
                server:send("220 ready\r\nOK injected\r\n")
                -- The rest is TLS: this passes it on.
                local inner = connect()
                local function pass(from, to)
                    while true do
                        local data = from:receiveany(65536)
                        if not data or not to:send(data) then
                            return
                        end
                    end
                end
                ngx.thread.spawn(pass, server, inner)
                pass(inner, server)
                ngx.exit(444)
            }
        }
    }
_EOC_
--- config
    location /t {
        content_by_lua_block {
            local sock = connect("starttls")
            sock:send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            ngx.say(sock:receive())
            ngx.sleep(0.01)
            ngx.say(sock:sslhandshake(false))
            sock:send("GET / HTTP/1.0\r\n\r\n")
            ngx.say(sock:receive())
            sock:close()
        }
    }
--- response_body
220 ready
true
HTTP/1.1 200 OK
--- differs: the C module hands out the line from before



=== TEST 25: methods that the object has for TLS
--- config
    location /t {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            ngx.say(type(sock.sslhandshake), " ", type(sock.setclientcert))
            ngx.say(debug.getregistry().__tcp_cosocket_mt.sslhandshake == sock.sslhandshake)
        }
    }
--- response_body
function function
true
