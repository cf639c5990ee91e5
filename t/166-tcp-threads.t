# TCP sockets and light threads: two of them at one socket, kill, exit.

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
    }
_EOC_

# HTTP/0.9: what the peer sends is the body and nothing else.
our $Preamble = <<'_EOC_';
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

=== TEST 1: one thread reads while another writes
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("pause(20) say('hello')")
            local reader = ngx.thread.spawn(function() return sock:receive(5) end)
            ngx.say(show(sock:send("x")))
            ngx.say(show(ngx.thread.wait(reader)))
        }
    }
--- response_body
1
true, "hello"



=== TEST 2: a second reader: socket busy reading
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("pause(30) say('hello')")
            local reader = ngx.thread.spawn(function() return sock:receive(5) end)
            local iterator = sock:receiveuntil("x")
            ngx.say(show(sock:receive()))
            ngx.say(show(sock:receive(0)))
            ngx.say(show(sock:receive("*a")))
            ngx.say(show(sock:receiveany(1)))
            ngx.say(show(iterator()))
            ngx.say(show(iterator(1)))
            ngx.say(show(ngx.thread.wait(reader)))
        }
    }
--- response_body
nil, "socket busy reading"
nil, "socket busy reading"
nil, "socket busy reading"
nil, "socket busy reading"
nil, "socket busy reading"
nil, "socket busy reading"
true, "hello"



=== TEST 3: while a thread reads: no close, no setkeepalive, no connect
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("pause(30) say('hello')")
            local reader = ngx.thread.spawn(function() return sock:receive(5) end)
            ngx.say(show(sock:close()))
            ngx.say(show(sock:setkeepalive()))
            ngx.say(show(sock:connect("127.0.0.1", ngx.var.server_port)))
            ngx.say(show(ngx.thread.wait(reader)))
        }
    }
--- response_body
nil, "socket busy reading"
nil, "socket busy reading"
nil, "socket busy reading"
true, "hello"



=== TEST 4: while a thread reads: what works
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("pause(30) say('hello')")
            local reader = ngx.thread.spawn(function() return sock:receive(5) end)
            ngx.say(show(sock:getreusedtimes()))
            ngx.say(show(sock:getoption("keepalive")))
            ngx.say(show(sock:setoption("keepalive", true)))
            ngx.say(show(sock:settimeout(1000)))
            ngx.say(show(sock:receiveuntil("x")))
            ngx.say(show(ngx.thread.wait(reader)))
        }
    }
--- response_body
0
0
true

function
true, "hello"



=== TEST 5: a second writer: socket busy writing
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("pause(2000)")
            local writer = ngx.thread.spawn(function() return sock:send(("x"):rep(3e7)) end)
            ngx.say(show(sock:send("x")))
            ngx.say(show(sock:send("")))
            ngx.say(show(sock:close()))
            ngx.say(show(sock:setkeepalive()))
            ngx.say(show(sock:connect("127.0.0.1", ngx.var.server_port)))
            ngx.thread.kill(writer)
        }
    }
--- response_body
nil, "socket busy writing"
nil, "socket busy writing"
nil, "socket busy writing"
nil, "socket busy writing"
nil, "socket busy writing"



=== TEST 6: while a thread writes, another can read
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("say('hello') pause(2000)")
            local writer = ngx.thread.spawn(function() return sock:send(("x"):rep(3e7)) end)
            ngx.say(show(sock:receive(5)))
            ngx.thread.kill(writer)
        }
    }
--- response_body
"hello"



=== TEST 7: while a thread connects: socket busy connecting
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            local connecter = ngx.thread.spawn(function() return sock:connect("127.0.0.1", $TEST_NGINX_FULL_PORT) end)
            ngx.say(coroutine.status(connecter))
            ngx.say(show(sock:connect("127.0.0.1", ngx.var.server_port)))
            ngx.say(show(sock:send("x")))
            ngx.say(show(sock:receive()))
            ngx.say(show(sock:receiveany(1)))
            ngx.say(show(sock:receiveuntil("x")()))
            ngx.say(show(sock:setkeepalive()))
            ngx.say(show(sock:close()))
            ngx.thread.kill(connecter)
        }
    }
--- response_body
running
nil, "socket busy connecting"
nil, "socket busy connecting"
nil, "socket busy connecting"
nil, "socket busy connecting"
nil, "socket busy connecting"
nil, "socket busy connecting"
nil, "socket busy connecting"



=== TEST 8: a socket is free again when the wait is over
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("pause(10) say('one') pause(10) say('two')")
            local reader = ngx.thread.spawn(function() return sock:receive(3) end)
            ngx.say(show(sock:receive(3)))
            ngx.thread.wait(reader)
            ngx.say(show(sock:receive(3)))
        }
    }
--- response_body
nil, "socket busy reading"
"two"



=== TEST 9: a socket is free again after a timeout
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("pause(100) say('late')")
            sock:settimeout(20)
            local reader = ngx.thread.spawn(function() return sock:receive(3) end)
            ngx.say(show(ngx.thread.wait(reader)))
            sock:settimeout(2000)
            ngx.say(show(sock:receive("*a")))
        }
    }
--- error_log
lua tcp socket read timed out
--- response_body
true, nil, "timeout", ""
"late"



=== TEST 10: killing a thread that reads closes the socket
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("say('ab') pause(2000)")
            local reader = ngx.thread.spawn(function() return sock:receive(5) end)
            ngx.sleep(0.01)
            ngx.say(show(ngx.thread.kill(reader)))
            ngx.say(show(sock:receive()))
            ngx.say(show(sock:send("x")))
            ngx.say(show(sock:setkeepalive()))
            ngx.say(show(sock:close()))
        }
    }
--- error_log
attempt to receive data on a closed socket
attempt to send data on a closed socket
--- response_body
1
nil, "closed"
nil, "closed"
nil, "closed"
nil, "closed"



=== TEST 11: killing a thread that reads up to a pattern closes the socket
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("say('ab-') pause(2000)")
            local iterator = sock:receiveuntil("--")
            local reader = ngx.thread.spawn(function() return iterator() end)
            ngx.sleep(0.01)
            ngx.say(show(ngx.thread.kill(reader)))
            ngx.say(show(iterator()))
            ngx.say(show(sock:close()))
        }
    }
--- response_body
1
nil, "closed"
nil, "closed"



=== TEST 12: killing a thread that writes closes the socket
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("say('ab') pause(2000)")
            local writer = ngx.thread.spawn(function() return sock:send(("x"):rep(3e7)) end)
            ngx.say(show(ngx.thread.kill(writer)))
            ngx.say(show(sock:send("x")))
            ngx.say(show(sock:receive()))
            ngx.say(show(sock:close()))
        }
    }
--- error_log
attempt to receive data on a closed socket
attempt to send data on a closed socket
--- response_body
1
nil, "closed"
nil, "closed"
nil, "closed"



=== TEST 13: killing a thread that connects; the socket can connect again
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            local connecter = ngx.thread.spawn(function() return sock:connect("127.0.0.1", $TEST_NGINX_FULL_PORT) end)
            ngx.say(show(ngx.thread.kill(connecter)))
            ngx.say(show(sock:send("x")))
            ngx.say(show(sock:connect("127.0.0.1", ngx.var.server_port)))
            sock:send("GET /peer?say('hi')\r\n")
            ngx.say(show(sock:receive("*a")))
        }
    }
--- response_body
1
nil, "closed"
1
"hi"
--- error_log
attempt to send data on a closed socket
--- differs: the C module's socket is busy connecting for ever



=== TEST 14: the socket connects again after the reader was killed
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("pause(2000)")
            local reader = ngx.thread.spawn(function() return sock:receive(5) end)
            ngx.thread.kill(reader)
            ngx.say(show(sock:connect("127.0.0.1", ngx.var.server_port)))
            sock:send("GET /peer?say('hi')\r\n")
            ngx.say(show(sock:receive("*a")))
        }
    }
--- response_body
1
"hi"
--- differs: the C module's socket is busy reading for ever



=== TEST 15: a thread that reads ends on its own although its creator has killed another
--- config
    location = /t {
        content_by_lua_block {
            local sock, other = peer("pause(30) say('hello')"), peer("pause(2000)")
            local reader = ngx.thread.spawn(function() return sock:receive("*a") end)
            local victim = ngx.thread.spawn(function() return other:receive("*a") end)
            ngx.thread.kill(victim)
            ngx.say(show(ngx.thread.wait(reader)))
        }
    }
--- response_body
true, "hello"



=== TEST 16: ngx.exit in a sibling ends the threads that wait for sockets
--- config
    location = /t {
        content_by_lua_block {
            local a, b = peer("pause(3000)"), peer("pause(3000)")
            ngx.thread.spawn(function() a:receive() ngx.say("not reached") end)
            ngx.thread.spawn(function() b:send(("x"):rep(3e7)) ngx.say("not reached") end)
            ngx.thread.spawn(function()
                ngx.socket.tcp():connect("127.0.0.1", $TEST_NGINX_FULL_PORT)
                ngx.say("not reached")
            end)
            ngx.sleep(0.01)
            ngx.say("exit")
            ngx.exit(200)
        }
    }
--- response_body
exit



=== TEST 17: an error in a sibling does not end the threads that wait for sockets
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("pause(30) say('hello')")
            local reader = ngx.thread.spawn(function() ngx.say(show(sock:receive("*a"))) end)
            ngx.thread.spawn(function() error("on purpose") end)
        }
    }
--- error_log
on purpose
--- response_body
"hello"



=== TEST 18: the request waits for a light thread's socket
--- config
    location = /t {
        content_by_lua_block {
            ngx.thread.spawn(function() ngx.say(show(peer("pause(30) say('hello')"):receive("*a"))) end)
            ngx.say("the end of the main code")
        }
    }
--- response_body
the end of the main code
"hello"



=== TEST 19: ngx.thread.wait for the first of several sockets
--- config
    location = /t {
        content_by_lua_block {
            local threads = {}
            for i, ms in ipairs { 2000, 10, 2000 } do
                local sock = peer("pause(" .. ms .. ") say('socket " .. i .. "')")
                threads[i] = ngx.thread.spawn(function() return sock:receive("*a") end)
            end
            ngx.say(show(ngx.thread.wait(unpack(threads))))
            ngx.exit(200)
        }
    }
--- response_body
true, "socket 2"



=== TEST 20: ten threads use ten sockets in turn
--- config
    location = /t {
        content_by_lua_block {
            local sum = 0
            local threads = {}
            for i = 1, 10 do
                threads[i] = ngx.thread.spawn(function()
                    local sock = peer("for i = 1, 20 do say(i .. '\\n') pause(1) end")
                    while true do
                        local line = sock:receive()
                        if not line then return end
                        sum = sum + line
                    end
                end)
            end
            for i = 1, 10 do ngx.thread.wait(threads[i]) end
            ngx.say(sum)
        }
    }
--- response_body
2100



=== TEST 21: a full duplex echo of 4 MB by two threads
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            sock:connect("127.0.0.1", ngx.var.server_port)
            local data = ("0123456789abcdef"):rep(2^18)
            local reader = ngx.thread.spawn(function()
                sock:receiveuntil("\r\n\r\n")()
                return ngx.md5(sock:receive(#data))
            end)
            sock:send("POST /back HTTP/1.0\r\nContent-Length: " .. #data .. "\r\n\r\n")
            for at = 1, #data, 2^16 do
                assert(sock:send(data:sub(at, at + 2^16 - 1)))
            end
            local ok, sum = ngx.thread.wait(reader)
            ngx.say(ok, " ", sum == ngx.md5(data))
        }
    }
    location = /back {
        client_max_body_size 8m;
        client_body_buffer_size 8m;
        content_by_lua_block { ngx.req.read_body() ngx.print(ngx.req.get_body_data()) }
    }
--- response_body
true true



=== TEST 22: a thread waits for a semaphore that a reader of a socket posts
--- config
    location = /t {
        content_by_lua_block {
            local semaphore = require("ngx.semaphore").new()
            local sock = peer("pause(20) say('x')")
            ngx.thread.spawn(function() sock:receive(1) semaphore:post() end)
            ngx.say(show(semaphore:wait(2)))
        }
    }
--- response_body
true, nil
