# send of TCP sockets.

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

        -- A socket whose other end sends back as many bytes as it says here, when it has them.
        function echo(length)
            local sock = ngx.socket.tcp()
            assert(sock:connect("127.0.0.1", ngx.var.server_port))
            assert(sock:send("POST /echo HTTP/1.0\r\nContent-Length: " .. length .. "\r\n\r\n"))
            return sock
        end

        function answer(sock)
            assert(sock:receiveuntil("\r\n\r\n")())
            return sock:receive("*a")
        end
    }
_EOC_

# HTTP/0.9: what the peer sends is the body and nothing else.
our $Preamble = <<'_EOC_';
    location = /echo {
        client_body_buffer_size 16m;
        client_max_body_size 16m;
        content_by_lua_block { ngx.req.read_body() ngx.print(ngx.req.get_body_data()) }
    }

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

=== TEST 1: send returns the number of bytes
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("pause(100)")
            ngx.say(show(sock:send("hello")))
            ngx.say(show(sock:send("a\0b\r\n")))
            ngx.say(show(sock:send("")))
        }
    }
--- response_body
5
5
0



=== TEST 2: send: numbers, booleans and nil are sent as text
--- config
    location = /t {
        content_by_lua_block {
            local sock = echo(27)
            ngx.say(show(sock:send(12)), " ", show(sock:send(1.5)), " ", show(sock:send(-0.25)), " ", show(sock:send(1e20)))
            ngx.say(show(sock:send(true)), " ", show(sock:send(false)), " ", show(sock:send(nil)))
            ngx.say(show(answer(sock)))
        }
    }
--- response_body
2 3 5 5
4 5 3
"121.5-0.251e+20truefalsenil"



=== TEST 3: send: numbers have the digits of the C module
--- config
    location = /t {
        content_by_lua_block {
            local sock = echo(58)
            sock:send(2^31) sock:send(" ") sock:send(2^53) sock:send(" ") sock:send(0.1) sock:send(" ")
            sock:send({ 1e15, " ", 1/3, " ", -0 })
            ngx.say(show(answer(sock)))
        }
    }
--- response_body
"2147483648 9.007199254741e+15 0.1 1e+15 0.33333333333333 0"



=== TEST 4: send: tables are flattened
--- config
    location = /t {
        content_by_lua_block {
            local sock = echo(7)
            ngx.say(show(sock:send({ "a", 1, { "b", { 2.5, {}, { "c" } } }, "" })))
            ngx.say(show(answer(sock)))
        }
    }
--- response_body
7
"a1b2.5c"



=== TEST 5: send: an empty table is nothing
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(show(peer("pause(10)"):send({})))
            ngx.say(show(peer("pause(10)"):send({ {}, { "" } })))
        }
    }
--- response_body
0
0



=== TEST 6: send: a table of 10,000 parts
--- config
    location = /t {
        content_by_lua_block {
            local parts = {}
            for i = 1, 10000 do parts[i] = i % 10 end
            local sock = echo(10000)
            ngx.say(show(sock:send(parts)))
            local got = answer(sock)
            ngx.say(#got, " ", got:sub(1, 12), " ", ngx.md5(got) == ngx.md5(table.concat(parts)))
        }
    }
--- response_body
10000
10000 123456789012 true



=== TEST 7: send: what cannot be sent
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("pause(100)")
            try(function() local x = sock:send(print) return x end)
            try(function() local x = sock:send(coroutine.create(function() end)) return x end)
            try(function() local x = sock:send(ngx.null) return x end)
        }
    }
--- response_body
error: bad argument #1 to 'send' (string, number, boolean, nil, or array table expected, got function)
error: bad argument #1 to 'send' (string, number, boolean, nil, or array table expected, got thread)
error: bad argument #1 to 'send' (string, number, boolean, nil, or array table expected, got userdata)



=== TEST 8: send: what cannot be in a table
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("pause(100)")
            for _, data in ipairs { { true }, { print }, { { "a", { false } } }, { "a", ngx.null } } do
                try(function() local x = sock:send(data) return x end)
            end
        }
    }
--- response_body
error: bad argument #1 to 'send' (bad data type boolean found)
error: bad argument #1 to 'send' (bad data type function found)
error: bad argument #1 to 'send' (bad data type boolean found)
error: bad argument #1 to 'send' (bad data type userdata found)



=== TEST 9: send: tables with holes and other keys
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("pause(100)")
            for _, data in ipairs { { a = 1 }, { "x", a = 1 }, { 1, nil, 3 }, { [3] = "x" }, { [0] = "x" }, { [1.5] = 1, "x" }, { [-1] = "x" } } do
                try(function() local x = sock:send(data) return x end)
            end
        }
    }
--- response_body
error: bad argument #1 to 'send' (non-array table found)
error: bad argument #1 to 'send' (non-array table found)
error: bad argument #1 to 'send' (bad data type nil found)
error: bad argument #1 to 'send' (bad data type nil found)
error: bad argument #1 to 'send' (non-array table found)
error: bad argument #1 to 'send' (non-array table found)
error: bad argument #1 to 'send' (non-array table found)



=== TEST 10: send: nothing of bad data is sent
--- config
    location = /t {
        content_by_lua_block {
            local sock = echo(1)
            pcall(sock.send, sock, { "a", "b", true })
            sock:send("c")
            ngx.say(show(answer(sock)))
        }
    }
--- response_body
"c"



=== TEST 11: send: the number of arguments
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("pause(100)")
            try(function() return sock:send() end)
            try(function() return sock:send("a", "b") end)
        }
    }
--- response_body
error: expecting 2 arguments (including the object), but got 1
error: expecting 2 arguments (including the object), but got 3



=== TEST 12: send: a closed socket is noticed before data of a wrong type
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            try(sock.send, sock, print)
            try(sock.send, sock, { true })
            try(sock.send, sock, "a", "b")
        }
    }
--- error_log
attempt to send data on a closed socket
--- response_body
nil, "closed"
nil, "closed"
error: expecting 2 arguments (including the object), but got 3



=== TEST 13: send many times
--- config
    location = /t {
        content_by_lua_block {
            local sock = echo(3893)
            for i = 1, 1000 do
                assert(sock:send(i .. ",") == #tostring(i) + 1)
            end
            local got = answer(sock)
            ngx.say(#got, " ", got:sub(-9))
        }
    }
--- response_body
3893 999,1000,



=== TEST 14: send 8 MB
--- config
    location = /t {
        content_by_lua_block {
            local data = ("0123456789abcdef"):rep(2^19)
            local sock = echo(#data)
            ngx.say(show(sock:send(data)))
            local got = answer(sock)
            ngx.say(#got, " ", ngx.md5(got) == ngx.md5(data))
        }
    }
--- response_body
8388608
8388608 true



=== TEST 15: send waits until the peer reads
--- config
    location = /slow {
        client_max_body_size 16m;
        client_body_buffer_size 16m;
        content_by_lua_block {
            ngx.sleep(0.1)
            ngx.req.read_body()
            ngx.print(#ngx.req.get_body_data())
        }
    }
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            sock:connect("127.0.0.1", ngx.var.server_port)
            sock:send("POST /slow HTTP/1.0\r\nContent-Length: 8000000\r\n\r\n")
            local woken = false
            local thread = ngx.thread.spawn(function() ngx.sleep(0.01) woken = true end)
            ngx.say(show(sock:send(("x"):rep(8000000))))
            ngx.say("others ran meanwhile: ", woken)
            sock:receiveuntil("\r\n\r\n")()
            ngx.say(sock:receive("*a"))
        }
    }
--- response_body
8000000
others ran meanwhile: true
8000000



=== TEST 16: send: timeout
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("pause(2000)")
            sock:settimeout(50)
            ngx.say(show(sock:send(("x"):rep(3e7))))
        }
    }
--- error_log
lua tcp socket write timed out
--- response_body
nil, "timeout"



=== TEST 17: send: after a timeout the socket cannot send any more, but receive
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("pause(150) say('hello') pause(1000)")
            sock:settimeout(50)
            ngx.say(show(sock:send(("x"):rep(3e7))))
            sock:settimeout(2000)
            ngx.say(show(sock:send("x")))
            ngx.say(show(sock:send("")))
            ngx.say(show(sock:receive(5)))
            ngx.say(show(sock:setkeepalive()))
            ngx.say(show(sock:close()))
        }
    }
--- error_log
lua tcp socket write timed out
attempt to send data on a closed socket
--- response_body
nil, "timeout"
nil, "closed"
nil, "closed"
"hello"
nil, "closed"
1



=== TEST 18: settimeouts: send takes the second
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("pause(2000)")
            sock:settimeouts(30000, 50, 30000)
            ngx.say(show(sock:send(("x"):rep(3e7))))
        }
    }
--- error_log
lua tcp socket write timed out
--- response_body
nil, "timeout"



=== TEST 19: lua_socket_send_timeout
--- config
    location = /t {
        lua_socket_send_timeout 50ms;
        content_by_lua_block {
            ngx.say(show(peer("pause(2000)"):send(("x"):rep(3e7))))
        }
    }
--- error_log
lua tcp socket write timed out
--- response_body
nil, "timeout"



=== TEST 20: send: the peer resets
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("reset()")
            ngx.sleep(0.05)
            local ok, err = sock:send("x")
            ngx.say(show(ok, err))
            ngx.say(show(sock:send("x")))
        }
    }
--- response_body
nil, "connection reset by peer"
nil, "closed"
--- error_log
attempt to send data on a closed socket



=== TEST 21: send: the peer closes
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("")
            ngx.sleep(0.02)
            ngx.say(show(sock:send("x")))
            ngx.sleep(0.02)
            ngx.say(show(sock:send("x")))
            ngx.say(show(sock:send("x")))
            ngx.say(show(sock:receive()))
        }
    }
--- error_log
send() failed (32: Broken pipe)
attempt to send data on a closed socket
--- response_body
1
nil, "broken pipe"
nil, "closed"
nil, "closed", ""



=== TEST 22: send: the peer resets while send waits
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("pause(50) reset()")
            local ok, err = sock:send(("x"):rep(3e7))
            ngx.say(ok, " ", err == "connection reset by peer" or err == "broken pipe")
            ngx.say(show(sock:send("x")))
        }
    }
--- error_log eval
[qr/send\(\) failed \((104: Connection reset by peer|32: Broken pipe)\)/, "attempt to send data on a closed socket"]
--- response_body
nil true
nil, "closed"



=== TEST 23: send after close
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("pause(100)")
            sock:close()
            ngx.say(show(sock:send("x")))
            ngx.say(show(sock:send("")))
            ngx.say(show(sock:send({})))
        }
    }
--- error_log
attempt to send data on a closed socket
--- response_body
nil, "closed"
nil, "closed"
nil, "closed"



=== TEST 24: send: data may be changed and collected meanwhile
--- config
    location = /t {
        content_by_lua_block {
            local data = {}
            for i = 1, 100 do data[i] = ("x"):rep(10000) .. i end
            local sock = echo(#table.concat(data))
            local sum = ngx.md5(table.concat(data))
            local thread = ngx.thread.spawn(function() return sock:send(data) end)
            for i = 1, 100 do data[i] = "changed" end
            data = nil
            collectgarbage()
            ngx.thread.wait(thread)
            ngx.say(ngx.md5(answer(sock)) == sum)
        }
    }
--- response_body
true



=== TEST 25: send: tcp_nodelay is set as the location says
--- config
    location = /t {
        content_by_lua_block { ngx.print(show(peer("pause(10)"):getoption("tcp-nodelay")), " ") ngx.print(ngx.location.capture("/off").body) }
    }
    location = /off {
        tcp_nodelay off;
        content_by_lua_block { ngx.say(show(peer("pause(10)"):getoption("tcp-nodelay"))) }
    }
--- response_body
1 0
