# Connection pools with a limit, and the queue before them.

use Test::Nginx::Socket::Lua 'no_plan';

# A port whose backlog is full: who connects gets no answer.
use Socket qw(:DEFAULT SOCK_NONBLOCK);
our @waiting;
socket(our $full, PF_INET, SOCK_STREAM, 0) or die "socket: $!";
bind($full, pack_sockaddr_in(0, INADDR_LOOPBACK)) or die "bind: $!";
listen($full, 0) or die "listen: $!";
$ENV{TEST_NGINX_FULL_PORT} = (unpack_sockaddr_in(getsockname($full)))[0];
for (1 .. 3) {
    socket(my $client, PF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0) or die "socket: $!";
    connect($client, getsockname($full));
    push @waiting, $client;
}

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

=== TEST 1: backlog: connects beyond pool_size wait, first come, first served; what is too much fails at once
--- config
    location = /t {
        content_by_lua_block {
            local options = { pool = unused(), pool_size = 1, backlog = 2 }
            local first = connected(options)
            local threads = {}
            for i = 1, 4 do
                threads[i] = ngx.thread.spawn(function()
                    local sock = ngx.socket.tcp()
                    local ok, err = sock:connect("127.0.0.1", ngx.var.server_port, options)
                    ngx.say(i, ": ", ok and "reused " .. sock:getreusedtimes() or err)
                    if ok then
                        sock:setkeepalive()
                    end
                end)
            end
            ngx.say("give back")
            first:setkeepalive()
            for i = 1, 4 do ngx.thread.wait(threads[i]) end
        }
    }
--- response_body
reused 0
3: too many waiting connect operations
4: too many waiting connect operations
give back
1: reused 1
2: reused 2



=== TEST 2: backlog: close makes room for a new connection
--- config
    location = /t {
        content_by_lua_block {
            local options = { pool = unused(), pool_size = 1, backlog = 1 }
            local first = connected(options)
            local waiter = ngx.thread.spawn(function() return connected(options) end)
            ngx.say("close")
            first:close()
            ngx.thread.wait(waiter)
        }
    }
--- response_body
reused 0
close
reused 0



=== TEST 3: backlog: who gives back goes on before those who waited
--- config
    location = /t {
        content_by_lua_block {
            local options = { pool = unused(), pool_size = 1, backlog = 1 }
            local first = connected(options)
            local waiter = ngx.thread.spawn(function() return connected(options) end)
            first:setkeepalive()
            ngx.say("given back")
            ngx.thread.wait(waiter)
        }
    }
--- response_body
reused 0
given back
reused 1



=== TEST 4: backlog: timeout in the queue
--- config
    location = /t {
        content_by_lua_block {
            local options = { pool = unused(), pool_size = 1, backlog = 1 }
            local first = connected(options)
            local sock = ngx.socket.tcp()
            sock:settimeout(30)
            ngx.say(show(sock:connect("127.0.0.1", ngx.var.server_port, options)))
            ngx.say(show(sock:send("x")))
            ngx.say(show(sock:close()))
            first:close()
            ngx.say(show(sock:connect("127.0.0.1", ngx.var.server_port, options)))
        }
    }
--- error_log
lua tcp socket queued connect timed out, when trying to connect to 127.0.0.1:
attempt to send data on a closed socket
--- response_body
reused 0
nil, "timeout"
nil, "closed"
nil, "closed"
1



=== TEST 5: backlog: a place in the queue is free again after the timeout
--- config
    location = /t {
        content_by_lua_block {
            local options = { pool = unused(), pool_size = 1, backlog = 1 }
            local first = connected(options)
            local sock = ngx.socket.tcp()
            sock:settimeout(20)
            ngx.say(show(sock:connect("127.0.0.1", ngx.var.server_port, options)))
            ngx.say(show(sock:connect("127.0.0.1", ngx.var.server_port, options)))
        }
    }
--- error_log
lua tcp socket queued connect timed out
--- response_body
reused 0
nil, "timeout"
nil, "timeout"



=== TEST 6: backlog: lua_socket_log_errors off
--- config
    location = /t {
        lua_socket_log_errors off;
        content_by_lua_block {
            local options = { pool = unused(), pool_size = 1, backlog = 1 }
            local first = connected(options)
            local sock = ngx.socket.tcp()
            sock:settimeout(20)
            ngx.say(show(sock:connect("127.0.0.1", ngx.var.server_port, options)))
        }
    }
--- response_body
reused 0
nil, "timeout"



=== TEST 7: backlog 0: nobody waits
--- config
    location = /t {
        content_by_lua_block {
            local options = { pool = unused(), pool_size = 1, backlog = 0 }
            local first = connected(options)
            connected(options)
            first:close()
            connected(options)
        }
    }
--- response_body
reused 0
nil, "too many waiting connect operations"
reused 0



=== TEST 8: backlog without pool_size: lua_socket_pool_size connections
--- config
    location = /t {
        lua_socket_pool_size 2;
        content_by_lua_block {
            local options = { pool = unused(), backlog = 0 }
            local a = connected(options)
            local b = connected(options)
            connected(options)
        }
    }
--- response_body
reused 0
reused 0
nil, "too many waiting connect operations"



=== TEST 9: pool_size without backlog does not limit connections
--- config
    location = /t {
        content_by_lua_block {
            local options = { pool = unused(), pool_size = 1 }
            local socks = {}
            for i = 1, 3 do socks[i] = connected(options) end
        }
    }
--- response_body
reused 0
reused 0
reused 0



=== TEST 10: a connect without backlog has the limits of the pool
--- config
    location = /t {
        content_by_lua_block {
            local pool = unused()
            local first = connected({ pool = pool, pool_size = 1, backlog = 0 })
            local second = connected({ pool = pool })
        }
    }
--- response_body
reused 0
nil, "too many waiting connect operations"



=== TEST 11: the limits are those of the first connect of the pool
--- config
    location = /t {
        content_by_lua_block {
            local pool = unused()
            local first = connected({ pool = pool, pool_size = 1, backlog = 0 })
            local second = connected({ pool = pool, pool_size = 5, backlog = 5 })
        }
    }
--- response_body
reused 0
nil, "too many waiting connect operations"



=== TEST 12: connections that lie in the pool are taken before anybody waits
--- config
    location = /t {
        content_by_lua_block {
            local options = { pool = unused(), pool_size = 2, backlog = 1 }
            local a, b = connected(options), connected(options)
            a:setkeepalive()
            b:setkeepalive()
            a, b = connected(options), connected(options)
        }
    }
--- response_body
reused 0
reused 0
reused 1
reused 1



=== TEST 13: a connection in the pool counts; when it is closed by its timeout there is room
--- config
    location = /t {
        content_by_lua_block {
            local options = { pool = unused(), pool_size = 1, backlog = 1 }
            connected(options):setkeepalive(20)
            ngx.sleep(0.05)
            local sock = connected(options)
        }
    }
--- response_body
reused 0
reused 0



=== TEST 14: a waiting connect that fails gives its turn to the next
--- config
    location = /t {
        content_by_lua_block {
            local options = { pool = unused(), pool_size = 1, backlog = 2 }
            local first = connected(options)
            local refused = ngx.thread.spawn(function()
                ngx.say(show(ngx.socket.tcp():connect("127.0.0.1", 1, options)))
            end)
            local next_one = ngx.thread.spawn(function() return connected(options) end)
            first:close()
            ngx.thread.wait(refused)
            ngx.thread.wait(next_one)
        }
    }
--- error_log
connect() failed (111: Connection refused)
--- response_body
reused 0
nil, "connection refused"
reused 0



=== TEST 15: a failed connect does not use up a place
--- config
    location = /t {
        content_by_lua_block {
            local options = { pool = unused(), pool_size = 1, backlog = 0 }
            ngx.say(show(ngx.socket.tcp():connect("127.0.0.1", 1, options)))
            ngx.say(show(ngx.socket.tcp():connect("unix:/nonexistent/socket", options)))
            ngx.say(show(ngx.socket.tcp():connect("a b:x", 80, options)))
            local sock = connected(options)
        }
    }
--- error_log
connect() failed (111: Connection refused)
connect() to unix:/nonexistent/socket failed
--- response_body
nil, "connection refused"
nil, "no such file or directory"
nil, "failed to parse host name "a b:x": invalid port"
reused 0



=== TEST 16: a connect that times out does not use up a place
--- config
    location = /t {
        content_by_lua_block {
            local options = { pool = unused(), pool_size = 1, backlog = 0 }
            local sock = ngx.socket.tcp()
            sock:settimeout(30)
            ngx.say(show(sock:connect("127.0.0.1", $TEST_NGINX_FULL_PORT, options)))
            local sock = connected(options)
        }
    }
--- error_log
lua tcp socket connect timed out
--- response_body
nil, "timeout"
reused 0



=== TEST 17: setkeepalive with data that arrived makes room for a new connection
--- config
    location = /t {
        content_by_lua_block {
            local options = { pool = unused(), pool_size = 1, backlog = 1 }
            local first = peer("say('hello') pause(1000)", options)
            local waiter = ngx.thread.spawn(function() return connected(options) end)
            ngx.sleep(0.03)
            ngx.say(show(first:setkeepalive()))
            ngx.thread.wait(waiter)
        }
    }
--- response_body
nil, "connection in dubious state"
reused 0



=== TEST 18: the end of a request gives its places to others
--- config
    location = /hold {
        content_by_lua_block {
            package.loaded.options = { pool = unused(), pool_size = 1, backlog = 1 }
            local sock = connected(package.loaded.options)
            ngx.sleep(0.05)
        }
    }
    location = /t {
        content_by_lua_block {
            local http = ngx.socket.connect("127.0.0.1", ngx.var.server_port)
            http:send("GET /hold HTTP/1.0\r\n\r\n")
            ngx.sleep(0.02)
            local sock = connected(package.loaded.options)
        }
    }
--- response_body
reused 0



=== TEST 19: a killed thread leaves the queue, also after its turn has come
--- config
    location = /t {
        content_by_lua_block {
            local options = { pool = unused(), pool_size = 1, backlog = 1 }
            local first = connected(options)
            local killed = ngx.thread.spawn(function() connected(options) ngx.say("not reached") end)
            ngx.say(show(ngx.thread.kill(killed)))
            local waiter = ngx.thread.spawn(function() return connected(options) end)
            first:setkeepalive()
            ngx.thread.wait(waiter)

            options = { pool = unused(), pool_size = 1, backlog = 2 }
            first = connected(options)
            local sock = ngx.socket.tcp()
            killed = ngx.thread.spawn(function()
                sock:connect("127.0.0.1", ngx.var.server_port, options)
                ngx.say("not reached")
            end)
            waiter = ngx.thread.spawn(function() connected(options):close() end)
            first:setkeepalive()
            ngx.say(show(ngx.thread.kill(killed)))
            ngx.thread.wait(waiter)
            ngx.say(show(sock:connect("127.0.0.1", ngx.var.server_port, options)))
        }
    }
--- response_body
reused 0
1
reused 1
reused 0
1
reused 0
1
--- differs: the C module crashes



=== TEST 20: while a thread waits in the queue: socket busy connecting
--- config
    location = /t {
        content_by_lua_block {
            local options = { pool = unused(), pool_size = 1, backlog = 2 }
            local first = connected(options)
            local sock = ngx.socket.tcp()
            local waiter = ngx.thread.spawn(function()
                ngx.say(show(sock:connect("127.0.0.1", ngx.var.server_port, options)))
            end)
            ngx.say(show(sock:send("x")))
            ngx.say(show(sock:receive()))
            ngx.say(show(sock:connect("127.0.0.1", ngx.var.server_port)))
            ngx.say(show(sock:close()))
            first:close()
            ngx.thread.wait(waiter)
        }
    }
--- response_body
reused 0
nil, "socket busy connecting"
nil, "socket busy connecting"
nil, "socket busy connecting"
nil, "socket busy connecting"
1
--- differs: in the C module a queued socket can be used by others



=== TEST 21: ngx.exit while a thread waits in the queue
--- config
    location = /t {
        content_by_lua_block {
            local options = { pool = unused(), pool_size = 1, backlog = 1 }
            local first = connected(options)
            ngx.thread.spawn(function() connected(options) ngx.say("not reached") end)
            ngx.say("exit")
            ngx.exit(200)
        }
    }
--- response_body
reused 0
exit



=== TEST 22: a connection goes through many hands
--- config
    location = /t {
        content_by_lua_block {
            local options = { pool = unused(), pool_size = 2, backlog = 100 }
            local threads, calls = {}, 0
            for i = 1, 20 do
                threads[i] = ngx.thread.spawn(function()
                    for round = 1, 5 do
                        local sock = ngx.socket.tcp()
                        assert(sock:connect("127.0.0.1", ngx.var.server_port, options))
                        assert(get(sock, "/hello") == "hello")
                        calls = calls + 1
                        assert(sock:setkeepalive())
                    end
                end)
            end
            for i = 1, 20 do assert(ngx.thread.wait(threads[i])) end
            ngx.say(calls)
        }
    }
--- response_body
100



=== TEST 23: no limit is lost when connections are closed and kept in turn
--- config
    location = /t {
        content_by_lua_block {
            local options = { pool = unused(), pool_size = 2, backlog = 100 }
            local threads, open, most = {}, 0, 0
            for i = 1, 10 do
                threads[i] = ngx.thread.spawn(function()
                    for round = 1, 6 do
                        local sock = ngx.socket.tcp()
                        assert(sock:connect("127.0.0.1", ngx.var.server_port, options))
                        open = open + 1
                        most = math.max(most, open)
                        get(sock, "/hello")
                        open = open - 1
                        if (i + round) % 3 == 0 then sock:close() else sock:setkeepalive() end
                    end
                end)
            end
            for i = 1, 10 do assert(ngx.thread.wait(threads[i])) end
            ngx.say(most, " ", open)
            local a, b = ngx.socket.tcp(), ngx.socket.tcp()
            ngx.say(show(a:connect("127.0.0.1", ngx.var.server_port, options)))
            ngx.say(show(b:connect("127.0.0.1", ngx.var.server_port, options)))
        }
    }
--- response_body
2 0
1
1
--- differs: the C module has more connections than pool_size after some were closed
