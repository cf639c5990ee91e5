# Connection pools of TCP sockets.

use Test::Nginx::Socket::Lua 'no_plan';

our $HttpConfig = <<'_EOC_';
    init_by_lua_block {
        -- Values as one line: nil, "closed", "abc".
        function show(...)
            local values = { ... }
            for i = 1, select("#", ...) do
                local value = values[i]
                if type(value) == "string" then
                    values[i] = '"' .. value:gsub("\r", "\\r"):gsub("\n", "\\n") .. '"'
                elseif type(value) == "function" or type(value) == "table" then
                    values[i] = type(value)
                else
                    values[i] = tostring(value)
                end
            end
            return table.concat(values, ", ")
        end

        -- Says what a function returns, or its error without the position.
        function try(f, ...)
            local function report(ok, ...)
                if ok then
                    ngx.say(show(...))
                else
                    ngx.say("error: ", ((...):gsub("^[^ ]+:%d+: ", "")))
                end
            end
            report(pcall(f, ...))
        end

        -- A socket whose other end runs the code, in which say(text) sends text,
        -- pause(ms) waits and reset() resets the connection. The end of the code closes it.
        function peer(code, options)
            local sock = ngx.socket.tcp()
            assert(sock:connect("127.0.0.1", ngx.var.server_port, options))
            assert(sock:send("GET /peer?" .. ngx.escape_uri(code) .. "\r\n"))
            return sock
        end

        -- The name of a pool that nobody has used.
        local pools = 0
        function unused()
            pools = pools + 1
            return "pool " .. pools
        end

        -- A socket that is connected to this server; says how often its connection was reused.
        function connected(options)
            local sock = ngx.socket.tcp()
            local ok, err = sock:connect("127.0.0.1", ngx.var.server_port, options)
            ngx.say(ok and "reused " .. sock:getreusedtimes() or show(ok, err))
            return sock
        end

        -- What this server answers on a connection that stays.
        function get(sock, uri)
            sock:send("GET " .. uri .. " HTTP/1.1\r\nHost: localhost\r\n\r\n")
            local header = assert(sock:receiveuntil("\r\n\r\n")())
            return sock:receive(tonumber(header:match("Content%-Length: (%d+)")))
        end
    }
_EOC_

# HTTP/0.9: what the peer sends is the body and nothing else.
our $Preamble = <<'_EOC_';
    location = /hello { return 200 "hello"; }
    location = /hello-and-close { keepalive_timeout 20ms; return 200 "hello"; }

    location = /peer {
        lua_http10_buffering off;
        lua_check_client_abort on;
        reset_timedout_connection on;
        content_by_lua_block {
            function say(text) ngx.print(text) ngx.flush(true) end
            function pause(ms) ngx.sleep(ms / 1000) end
            function reset() ngx.exit(444) end
            assert(loadstring(ngx.unescape_uri(ngx.var.args)))()
        }
    }
_EOC_

config_preamble($Preamble);

add_block_preprocessor(sub {
    my $block = shift;
    $block->set_value(http_config => $::HttpConfig) unless defined $block->http_config;
    $block->set_value(request => "GET /t") unless defined $block->request
        || defined $block->raw_request || defined $block->pipelined_requests;
    $block->set_value(no_error_log => "[error]") unless defined $block->no_error_log
        || defined $block->error_log;
});

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: setkeepalive: 1, and the next connect takes the connection
--- config
    location = /t {
        content_by_lua_block {
            local pool = unused()
            local sock = connected({ pool = pool })
            ngx.say(show(get(sock, "/hello")))
            ngx.say(show(sock:setkeepalive()))
            sock = connected({ pool = pool })
            ngx.say(show(get(sock, "/hello")))
            ngx.say(show(sock:setkeepalive()))
            sock = connected({ pool = pool })
        }
    }
--- response_body
reused 0
"hello"
1
reused 1
"hello"
1
reused 2



=== TEST 2: it is the same connection
--- config
    location = /t {
        content_by_lua_block {
            local pool = unused()
            local sock = connected({ pool = pool })
            sock:send("GET /peer?say(ngx.var.remote_port)keepalive=true HTTP/1.1\r\nHost: localhost\r\n\r\n")
            sock:receiveuntil("\r\n\r\n")()
            local size = tonumber(sock:receive(), 16)
            local port = sock:receive(size)
            sock:receiveuntil("0\r\n\r\n")()
            ngx.say(show(sock:setkeepalive()))
            sock = connected({ pool = pool })
            sock:send("GET /peer?say(ngx.var.remote_port) HTTP/1.1\r\nHost: localhost\r\n\r\n")
            sock:receiveuntil("\r\n\r\n")()
            sock:receive()
            ngx.say(sock:receive(size) == port)
        }
    }
--- response_body
reused 0
1
reused 1
true



=== TEST 3: a connection that was closed is not reused
--- config
    location = /t {
        content_by_lua_block {
            local pool = unused()
            local sock = connected({ pool = pool })
            sock:close()
            sock = connected({ pool = pool })
        }
    }
--- response_body
reused 0
reused 0



=== TEST 4: the pool is host:port without a name
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.connect("127.0.0.1", ngx.var.server_port)
            ngx.say(sock[3] == "127.0.0.1:" .. ngx.var.server_port)
            ngx.say(show(sock:setkeepalive()))
            sock = ngx.socket.connect("127.0.0.1", ngx.var.server_port, { pool = "127.0.0.1:" .. ngx.var.server_port })
            ngx.say(sock:getreusedtimes() > 0)
            sock:close()
        }
    }
--- response_body
true
1
true



=== TEST 5: a number names the same pool as its text
--- config
    location = /t {
        content_by_lua_block {
            connected({ pool = 12345 }):setkeepalive()
            connected({ pool = "12345" }):close()
        }
    }
--- response_body
reused 0
reused 1



=== TEST 6: pools with other names have other connections
--- config
    location = /t {
        content_by_lua_block {
            local a, b = unused(), unused()
            connected({ pool = a }):setkeepalive()
            connected({ pool = b }):setkeepalive()
            connected({ pool = a })
            connected({ pool = b })
            connected({ pool = a })
        }
    }
--- response_body
reused 0
reused 0
reused 1
reused 1
reused 0



=== TEST 7: an empty name is a name
--- config
    location = /t {
        content_by_lua_block {
            connected({ pool = "" }):setkeepalive()
            local sock = connected({ pool = "" })
            sock:close()
        }
    }
--- response_body
reused 0
reused 1



=== TEST 8: the pool's name alone counts, not the address
--- config
    location = /t {
        content_by_lua_block {
            local pool = unused()
            connected({ pool = pool }):setkeepalive()
            local sock = ngx.socket.tcp()
            ngx.say(show(sock:connect("127.0.0.1", 1, { pool = pool })))
            ngx.say(show(get(sock, "/hello")))
        }
    }
--- response_body
reused 0
1
"hello"



=== TEST 9: getreusedtimes counts the reuses of the connection
--- config
    location = /t {
        content_by_lua_block {
            local pool = unused()
            for i = 1, 4 do
                connected({ pool = pool }):setkeepalive()
            end
        }
    }
--- response_body
reused 0
reused 1
reused 2
reused 3



=== TEST 10: the connection that was given back last is taken first
--- config
    location = /t {
        content_by_lua_block {
            local pool = unused()
            local a, b = connected({ pool = pool }), connected({ pool = pool })
            a:setoption("keepalive", true)
            a:setkeepalive()
            b:setkeepalive()
            ngx.say("keepalive ", connected({ pool = pool }):getoption("keepalive"))
            ngx.say("keepalive ", connected({ pool = pool }):getoption("keepalive"))
        }
    }
--- response_body
reused 0
reused 0
reused 1
keepalive 0
reused 1
keepalive 1



=== TEST 11: a full pool closes the connection that is in it for the longest
--- config
    location = /t {
        content_by_lua_block {
            local pool = unused()
            local socks = {}
            for i = 1, 3 do
                socks[i] = connected({ pool = pool, pool_size = 2 })
                socks[i]:setoption("sndbuf", 10000 * i)
            end
            for i = 1, 3 do
                ngx.say(show(socks[i]:setkeepalive()))
            end
            for i = 1, 2 do
                ngx.say(connected({ pool = pool }):getoption("sndbuf") / 2)
            end
            connected({ pool = pool })
        }
    }
--- response_body
reused 0
reused 0
reused 0
1
1
1
reused 1
30000
reused 1
20000
reused 0



=== TEST 12: setkeepalive's size counts when it creates the pool
--- config
    location = /t {
        content_by_lua_block {
            local pool = unused()
            local a, b = connected({ pool = pool }), connected({ pool = pool })
            ngx.say(show(a:setkeepalive(10000, 1)))
            ngx.say(show(b:setkeepalive(10000, 100)))
            connected({ pool = pool })
            connected({ pool = pool })
        }
    }
--- response_body
reused 0
reused 0
1
1
reused 1
reused 0



=== TEST 13: lua_socket_pool_size
--- config
    location = /t {
        lua_socket_pool_size 1;
        content_by_lua_block {
            local pool = unused()
            local a, b = connected({ pool = pool }), connected({ pool = pool })
            a:setkeepalive()
            b:setkeepalive()
            connected({ pool = pool })
            connected({ pool = pool })
        }
    }
--- response_body
reused 0
reused 0
reused 1
reused 0



=== TEST 14: setkeepalive: the number of arguments
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.connect("127.0.0.1", ngx.var.server_port)
            try(function() return sock:setkeepalive(1, 2, 3) end)
            ngx.say(show(sock:close()))
        }
    }
--- response_body
error: expecting 1 to 3 arguments (including the object), but got 4
1



=== TEST 15: setkeepalive: sizes that are none; the socket stays
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.connect("127.0.0.1", ngx.var.server_port, { pool = unused() })
            for _, size in ipairs { 0, -5, "0", 0.5 } do
                try(function() local x = sock:setkeepalive(1000, size) return x end)
            end
            try(function() local x = sock:setkeepalive(1000, "x") return x end)
            try(function() local x = sock:setkeepalive(1000, {}) return x end)
            ngx.say(show(get(sock, "/hello")))
        }
    }
--- response_body
error: bad argument #2 to 'setkeepalive' (bad "pool_size" option value: 0)
error: bad argument #2 to 'setkeepalive' (bad "pool_size" option value: -5)
error: bad argument #2 to 'setkeepalive' (bad "pool_size" option value: 0)
error: bad argument #2 to 'setkeepalive' (bad "pool_size" option value: 0)
error: bad argument #2 to 'setkeepalive' (number expected, got string)
error: bad argument #2 to 'setkeepalive' (number expected, got table)
"hello"



=== TEST 16: setkeepalive: a timeout that is no number
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.connect("127.0.0.1", ngx.var.server_port, { pool = unused() })
            try(function() local x = sock:setkeepalive("x") return x end)
            try(function() local x = sock:setkeepalive({}) return x end)
            ngx.say(show(sock:close()))
        }
    }
--- response_body
error: bad argument #1 to 'setkeepalive' (number expected, got string)
error: bad argument #1 to 'setkeepalive' (number expected, got table)
1
--- differs: the C module's socket is closed after the first error



=== TEST 17: setkeepalive: timeouts as text, with a fraction, nil
--- config
    location = /t {
        content_by_lua_block {
            for _, timeout in ipairs { "10000", 10000.5, 2^31 } do
                local pool = unused()
                local sock = ngx.socket.connect("127.0.0.1", ngx.var.server_port, { pool = pool })
                ngx.print(show(sock:setkeepalive(timeout)), " ")
                connected({ pool = pool })
            end
            local pool = unused()
            local sock = ngx.socket.connect("127.0.0.1", ngx.var.server_port, { pool = pool })
            ngx.print(show(sock:setkeepalive(nil, nil)), " ")
            connected({ pool = pool })
        }
    }
--- response_body
1 reused 1
1 reused 1
1 reused 1
1 reused 1



=== TEST 18: setkeepalive(20): the connection is closed after 20 ms
--- config
    location = /t {
        content_by_lua_block {
            local pool = unused()
            connected({ pool = pool }):setkeepalive(20)
            ngx.sleep(0.06)
            connected({ pool = pool })
        }
    }
--- response_body
reused 0
reused 0



=== TEST 19: setkeepalive(0): it is not closed
--- config
    location = /t {
        lua_socket_keepalive_timeout 10ms;
        content_by_lua_block {
            local pool = unused()
            connected({ pool = pool }):setkeepalive(0)
            ngx.sleep(0.05)
            connected({ pool = pool })
        }
    }
--- response_body
reused 0
reused 1



=== TEST 20: setkeepalive: a negative timeout is over at once
--- config
    location = /t {
        content_by_lua_block {
            local pool = unused()
            ngx.say(show(connected({ pool = pool }):setkeepalive(-5)))
            ngx.sleep(0.02)
            connected({ pool = pool })
        }
    }
--- response_body
reused 0
1
reused 0



=== TEST 21: lua_socket_keepalive_timeout
--- config
    location = /t {
        lua_socket_keepalive_timeout 20ms;
        content_by_lua_block {
            local pool = unused()
            connected({ pool = pool }):setkeepalive()
            ngx.sleep(0.06)
            connected({ pool = pool })
        }
    }
--- response_body
reused 0
reused 0



=== TEST 22: lua_socket_keepalive_timeout 0: no limit
--- config
    location = /t {
        lua_socket_keepalive_timeout 0;
        content_by_lua_block {
            local pool = unused()
            connected({ pool = pool }):setkeepalive()
            ngx.sleep(0.02)
            connected({ pool = pool })
        }
    }
--- response_body
reused 0
reused 1



=== TEST 23: the idle time begins anew each time
--- config
    location = /t {
        content_by_lua_block {
            local pool = unused()
            for i = 1, 4 do
                connected({ pool = pool }):setkeepalive(100)
                ngx.sleep(0.04)
            end
            connected({ pool = pool })
        }
    }
--- response_body
reused 0
reused 1
reused 2
reused 3
reused 4



=== TEST 24: a timeout of the pool is none of the connection when it is used again
--- config
    location = /t {
        content_by_lua_block {
            local pool = unused()
            connected({ pool = pool }):setkeepalive(30)
            local sock = connected({ pool = pool })
            ngx.sleep(0.06)
            ngx.say(show(get(sock, "/hello")))
        }
    }
--- response_body
reused 0
reused 1
"hello"



=== TEST 25: the peer closes a connection in the pool: it is not reused
--- config
    location = /t {
        content_by_lua_block {
            local pool = unused()
            local sock = connected({ pool = pool })
            get(sock, "/hello-and-close")
            ngx.say(show(sock:setkeepalive()))
            ngx.sleep(0.06)
            connected({ pool = pool })
        }
    }
--- response_body
reused 0
1
reused 0



=== TEST 26: the peer says something to a connection in the pool: it is not reused
--- config
    location = /t {
        content_by_lua_block {
            local pool = unused()
            local sock = peer("pause(20) say('x') package.loaded.done = true pause(1000)", { pool = pool })
            ngx.say(show(sock:setkeepalive()))
            repeat ngx.sleep(0.005) until package.loaded.done
            ngx.sleep(0.01)
            package.loaded.done = nil
            connected({ pool = pool })
        }
    }
--- response_body
1
reused 0



=== TEST 27: the peer resets a connection in the pool: it is not reused
--- config
    location = /t {
        content_by_lua_block {
            local pool = unused()
            local sock = peer("pause(20) package.loaded.done = true reset()", { pool = pool })
            ngx.say(show(sock:setkeepalive()))
            repeat ngx.sleep(0.005) until package.loaded.done
            ngx.sleep(0.01)
            package.loaded.done = nil
            connected({ pool = pool })
        }
    }
--- response_body
1
reused 0



=== TEST 28: setkeepalive with received data that was not read: the socket stays as it is
--- config
    location = /t {
        content_by_lua_block {
            local pool = unused()
            local sock = peer("say('hello') pause(1000)", { pool = pool })
            ngx.say(show(sock:receive(1)))
            ngx.say(show(sock:setkeepalive()))
            ngx.say(show(sock:receive(4)))
            ngx.say(show(sock:setkeepalive()))
            connected({ pool = pool })
        }
    }
--- response_body
"h"
nil, "unread data in buffer"
"ello"
1
reused 1



=== TEST 29: setkeepalive with data that arrived: the connection is closed
--- config
    location = /t {
        content_by_lua_block {
            local pool = unused()
            local sock = peer("say('hello') pause(1000)", { pool = pool })
            ngx.sleep(0.03)
            ngx.say(show(sock:setkeepalive()))
            ngx.say(show(sock:close()))
            connected({ pool = pool })
        }
    }
--- response_body
nil, "connection in dubious state"
nil, "closed"
reused 0



=== TEST 30: setkeepalive after the peer has closed
--- config
    location = /t {
        content_by_lua_block {
            local pool = unused()
            local sock = peer("", { pool = pool })
            ngx.sleep(0.03)
            ngx.say(show(sock:setkeepalive()))
            ngx.say(show(sock:close()))
        }
    }
--- response_body
nil, "closed"
1



=== TEST 31: setkeepalive after receive has seen the end
--- config
    location = /t {
        content_by_lua_block {
            local pool = unused()
            local sock = peer("say('x')", { pool = pool })
            ngx.say(show(sock:receive("*a")))
            ngx.say(show(sock:setkeepalive()))
            ngx.say(show(sock:close()))
        }
    }
--- response_body
"x"
nil, "closed"
1



=== TEST 32: setkeepalive after a read timeout works
--- config
    location = /t {
        content_by_lua_block {
            local pool = unused()
            local sock = peer("pause(1000)", { pool = pool })
            sock:settimeout(20)
            ngx.say(show(sock:receive()))
            ngx.say(show(sock:setkeepalive()))
            connected({ pool = pool }):close()
        }
    }
--- error_log
lua tcp socket read timed out
--- response_body
nil, "timeout", ""
1
reused 1



=== TEST 33: setkeepalive twice
--- config
    location = /t {
        content_by_lua_block {
            local sock = connected({ pool = unused() })
            ngx.say(show(sock:setkeepalive()))
            ngx.say(show(sock:setkeepalive()))
        }
    }
--- response_body
reused 0
1
nil, "closed"



=== TEST 34: the object connects again after setkeepalive
--- config
    location = /t {
        content_by_lua_block {
            local pool = unused()
            local sock = connected({ pool = pool })
            sock:setkeepalive()
            ngx.say(show(sock:connect("127.0.0.1", ngx.var.server_port, { pool = pool })))
            ngx.say(show(sock:getreusedtimes()))
            ngx.say(show(get(sock, "/hello")))
        }
    }
--- response_body
reused 0
1
1
"hello"



=== TEST 35: setkeepalive uses the name of the last connect
--- config
    location = /t {
        content_by_lua_block {
            local a, b = unused(), unused()
            local sock = connected({ pool = a })
            sock:connect("127.0.0.1", ngx.var.server_port, { pool = b })
            sock:setkeepalive()
            connected({ pool = a })
            connected({ pool = b })
        }
    }
--- response_body
reused 0
reused 0
reused 1



=== TEST 36: setkeepalive uses the name at index 3
--- config
    location = /t {
        content_by_lua_block {
            local a, b = unused(), unused()
            local sock = connected({ pool = a })
            sock[3] = b
            sock:setkeepalive()
            connected({ pool = a })
            connected({ pool = b })
        }
    }
--- response_body
reused 0
reused 0
reused 1



=== TEST 37: the timeouts of a socket are not those of the connection
--- config
    location = /t {
        lua_socket_read_timeout 30s;
        content_by_lua_block {
            local pool = unused()
            local sock = connected({ pool = pool })
            sock:settimeout(10)
            sock:setkeepalive()
            sock = connected({ pool = pool })
            sock:send("GET /peer?pause(60)say('late')\r\n")
            ngx.say(show(sock:receive("*a")))
        }
    }
--- response_body
reused 0
reused 1
"late"



=== TEST 38: a connection that was bound is not for others
--- config
    location = /t {
        content_by_lua_block {
            local pool = unused()
            local sock = ngx.socket.tcp()
            sock:bind("127.0.0.9")
            sock:connect("127.0.0.1", ngx.var.server_port, { pool = pool })
            sock:setkeepalive()
            connected({ pool = pool }):close()
        }
    }
--- response_body
reused 0
--- differs: the C module here does not look at local addresses



=== TEST 39: a connection that was bound is for those that bind the same address
--- config
    location = /t {
        content_by_lua_block {
            local pool = unused()
            local function bound(address)
                local sock = ngx.socket.tcp()
                sock:bind(address)
                sock:connect("127.0.0.1", ngx.var.server_port, { pool = pool })
                ngx.say("reused ", sock:getreusedtimes())
                return sock
            end
            bound("127.0.0.9"):setkeepalive()
            bound("127.0.0.9"):setkeepalive()
            bound("127.0.0.8")
        }
    }
--- response_body
reused 0
reused 1
reused 0
--- differs: the C module here does not look at local addresses



=== TEST 40: a pool outlives the request
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.connect("127.0.0.1", ngx.var.server_port)
            sock:send("GET /keep HTTP/1.0\r\n\r\n")
            sock:receive("*a")
            local kept = connected({ pool = package.loaded.pool })
            ngx.say(show(get(kept, "/hello")))
        }
    }
    location = /keep {
        content_by_lua_block {
            package.loaded.pool = unused()
            connected({ pool = package.loaded.pool }):setkeepalive()
        }
    }
--- response_body
reused 1
"hello"



=== TEST 41: timers and requests share pools
--- config
    location = /t {
        content_by_lua_block {
            local pool, port, done = unused(), ngx.var.server_port
            ngx.timer.at(0, function()
                local sock = ngx.socket.tcp()
                sock:connect("127.0.0.1", port, { pool = pool })
                done = show(sock:setkeepalive())
            end)
            repeat ngx.sleep(0.001) until done
            ngx.say(done)
            connected({ pool = pool })
        }
    }
--- response_body
1
reused 1



=== TEST 42: twenty connections in one pool
--- config
    location = /t {
        content_by_lua_block {
            local pool = unused()
            local socks = {}
            for i = 1, 20 do
                socks[i] = ngx.socket.connect("127.0.0.1", ngx.var.server_port, { pool = pool, pool_size = 100 })
            end
            for i = 1, 20 do socks[i]:setkeepalive() end
            local reused = 0
            for i = 1, 20 do
                socks[i] = ngx.socket.connect("127.0.0.1", ngx.var.server_port, { pool = pool })
                reused = reused + socks[i]:getreusedtimes()
            end
            ngx.say(reused)
            for i = 1, 20 do socks[i]:close() end
        }
    }
--- response_body
20



=== TEST 43: 900 requests on one connection
--- config
    location = /t {
        content_by_lua_block {
            local pool = unused()
            for i = 1, 900 do
                local sock = ngx.socket.connect("127.0.0.1", ngx.var.server_port, { pool = pool })
                assert(get(sock, "/hello") == "hello")
                assert(sock:setkeepalive(10000, 10))
            end
            connected({ pool = pool }):close()
        }
    }
--- response_body
reused 900
