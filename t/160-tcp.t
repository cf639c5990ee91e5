# ngx.socket.tcp, stream and connect: the object, its methods before a connection, phases.

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

=== TEST 1: tcp makes a table, empty, whose metatable holds the methods
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            ngx.say(type(sock), " ", next(sock))
            for _, name in ipairs { "connect", "send", "receive", "receiveany", "receiveuntil", "close",
                "settimeout", "settimeouts", "setoption", "getoption", "setkeepalive", "getreusedtimes",
                "sslhandshake", "setclientcert", "bind" } do
                ngx.print(type(sock[name]), " ")
            end
            ngx.say()
            ngx.say(getmetatable(sock) == getmetatable(ngx.socket.tcp()))
        }
    }
--- response_body
table nil
function function function function function function function function function function function function function function function 
true



=== TEST 2: stream is another name of tcp
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.socket.stream == ngx.socket.tcp)
        }
    }
--- response_body
true



=== TEST 3: tcp and stream take no arguments
--- config
    location = /t {
        content_by_lua_block {
            try(function() return ngx.socket.tcp(1) end)
            try(function() return ngx.socket.stream(nil) end)
        }
    }
--- response_body
error: expecting zero arguments, but got 1
error: expecting zero arguments, but got 1



=== TEST 4: a method of a socket that never connected: nil, closed
--- config
    location = /t {
        content_by_lua_block {
            for _, call in ipairs {
                function(sock) return sock:send("x") end,
                function(sock) return sock:receive() end,
                function(sock) return sock:receive(0) end,
                function(sock) return sock:receiveany(10) end,
                function(sock) return sock:receiveuntil("x")() end,
                function(sock) return sock:close() end,
                function(sock) return sock:setkeepalive() end,
                function(sock) return sock:getreusedtimes() end,
            } do
                try(call, ngx.socket.tcp())
            end
        }
    }
--- response_body
nil, "closed"
nil, "closed"
nil, "closed"
nil, "closed"
nil, "closed"
nil, "closed"
nil, "closed"
nil, "closed"
--- error_log
attempt to send data on a closed socket
attempt to receive data on a closed socket



=== TEST 5: what reads and writes on a socket that never connected logs it
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            sock:send("x")
            sock:receive()
            ngx.say("done")
        }
    }
--- error_log
attempt to send data on a closed socket: u:0000000000000000, c:0000000000000000, ft:0 eof:0
attempt to receive data on a closed socket: u:0000000000000000, c:0000000000000000, ft:0 eof:0
--- response_body
done



=== TEST 6: setoption, getoption and sslhandshake of a socket that never connected raise an error
--- config
    location = /t {
        content_by_lua_block {
            try(function() return ngx.socket.tcp():setoption("keepalive", true) end)
            try(function() return ngx.socket.tcp():getoption("keepalive") end)
            try(function() return ngx.socket.tcp():sslhandshake() end)
        }
    }
--- response_body
error: socket is never created nor connected
error: socket is never created nor connected
error: socket is never created nor connected



=== TEST 7: settings of a socket that never connected
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(select("#", ngx.socket.tcp():settimeout(1)))
            ngx.say(select("#", ngx.socket.tcp():settimeouts(1, 2, 3)))
            try(function() return ngx.socket.tcp():bind("127.0.0.1") end)
            try(function() return ngx.socket.tcp():setclientcert() end)
            try(function() return type(ngx.socket.tcp():receiveuntil("x")) end)
        }
    }
--- response_body
0
0
true
true
"function"



=== TEST 8: a method called without the object
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            for _, name in ipairs { "send", "receive", "receiveany", "receiveuntil", "close", "connect",
                "setkeepalive", "getreusedtimes", "settimeout", "settimeouts" } do
                ngx.print(name, ": ")
                try(function() return sock[name]() end)
            end
        }
    }
--- response_body
send: error: expecting 2 arguments (including the object), but got 0
receive: error: expecting 1 or 2 arguments (including the object), but got 0
receiveany: error: expecting 2 arguments (including the object), but got 0
receiveuntil: error: expecting 2 or 3 arguments (including the object), but got 0
close: error: expecting 1 argument (including the object) but seen 0
connect: error: ngx.socket connect: expecting 2, 3, or 4 arguments (including the object), but seen 0
setkeepalive: error: expecting 1 to 3 arguments (including the object), but got 0
getreusedtimes: error: expecting 1 argument (including the object), but got 0
settimeout: error: ngx.socket settimeout: expecting 2 arguments (including the object) but seen 0
settimeouts: error: ngx.socket settimeout: expecting 4 arguments (including the object) but seen 0



=== TEST 9: the object must be a table
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            try(sock.receive, "text")
            try(sock.close, 5)
            try(sock.send, nil, "x")
        }
    }
--- response_body
error: bad argument #1 to '?' (table expected, got string)
error: bad argument #1 to '?' (table expected, got number)
error: bad argument #1 to '?' (table expected, got nil)



=== TEST 10: any table can be a socket
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            local mine = {}
            try(sock.send, mine, "x")
            try(sock.receive, mine)
            try(sock.connect, mine, "127.0.0.1", ngx.var.server_port)
            try(sock.send, mine, "GET /peer?say('hi')\r\n")
            try(sock.receive, mine, "*a")
            try(sock.close, mine)
        }
    }
--- error_log
attempt to send data on a closed socket: u:0000000000000000
--- response_body
nil, "closed"
nil, "closed"
1
21
"hi"
1



=== TEST 11: what is at index 1 of a table that never connected does not matter
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            for _, value in ipairs { 5, "x", true, {}, function() end } do
                try(sock.receive, { value })
                try(sock.close, { value })
            end
        }
    }
--- error_log
attempt to receive data on a closed socket
--- response_body
nil, "closed"
nil, "closed"
nil, "closed"
nil, "closed"
nil, "closed"
nil, "closed"
nil, "closed"
nil, "closed"
nil, "closed"
nil, "closed"



=== TEST 12: a userdata that is no socket is not taken for one
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            try(sock.receive, { newproxy() })
            try(sock.send, { newproxy(true) }, "x")
            try(sock.close, { newproxy() })
        }
    }
--- response_body
nil, "closed"
nil, "closed"
nil, "closed"
--- error_log
attempt to receive data on a closed socket
--- differs: the C module reads memory that is not its own



=== TEST 13: the layout: context, connect timeout, pool, send timeout, read timeout
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            sock:settimeouts(1000, 2000, 3000)
            ngx.say(show(sock[1], sock[2], sock[3], sock[4], sock[5]))
            sock:connect("127.0.0.1", ngx.var.server_port, { pool = "mine" })
            ngx.say(type(sock[1]))
            ngx.say(show(sock[2], sock[3], sock[4], sock[5]))
        }
    }
--- response_body
nil, 1000, nil, 2000, 3000
userdata
1000, "mine", 2000, 3000



=== TEST 14: the layout after close
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("")
            ngx.say(type(sock[1]))
            sock:close()
            ngx.say(type(sock[1]))
        }
    }
--- response_body
userdata
userdata



=== TEST 15: index 3 is the pool of the last connect
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            sock:connect("127.0.0.1", ngx.var.server_port, { pool = 7 })
            ngx.say(show(sock[3]))
            sock:connect("127.0.0.1", ngx.var.server_port)
            ngx.say(show(sock[3]:gsub("%d+$", "PORT")))
            sock:setkeepalive()
            ngx.say(show((sock[3]:gsub("%d+$", "PORT"))))
        }
    }
--- response_body
"7"
"127.0.0.1:PORT", 1
"127.0.0.1:PORT"



=== TEST 16: ngx.socket.connect makes a socket and connects it
--- config
    location = /t {
        content_by_lua_block {
            local sock, err = ngx.socket.connect("127.0.0.1", ngx.var.server_port)
            ngx.say(type(sock), " ", err)
            sock:send("GET /peer?say('hi')\r\n")
            ngx.say(show(sock:receive("*a")))
            ngx.say(getmetatable(sock) == getmetatable(ngx.socket.tcp()))
        }
    }
--- response_body
table nil
"hi"
true



=== TEST 17: ngx.socket.connect: nil and the error of connect
--- config
    location = /t {
        content_by_lua_block {
            local sock, err = ngx.socket.connect("127.0.0.1", 1)
            ngx.say(show(sock, err))
            ngx.say(show(ngx.socket.connect("127.0.0.1")))
            ngx.say(show(ngx.socket.connect("127.0.0.1", -1)))
        }
    }
--- error_log
connect() failed (111: Connection refused)
--- response_body
nil, "connection refused"
nil, "missing the port number"
nil, "bad port number: -1"



=== TEST 18: ngx.socket.connect without arguments counts the object
--- config
    location = /t {
        content_by_lua_block {
            try(function() return ngx.socket.connect() end)
        }
    }
--- response_body
error: ngx.socket connect: expecting 2, 3, or 4 arguments (including the object), but seen 1



=== TEST 19: ngx.socket.connect takes the options of connect
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.connect("127.0.0.1", ngx.var.server_port, { pool = "a pool" })
            ngx.say(sock[3])
            local unix, err = ngx.socket.connect("unix:/nonexistent/socket", { pool = "another" })
            ngx.say(show(unix, err))
        }
    }
--- error_log
connect() to unix:/nonexistent/socket failed (2: No such file or directory)
--- no_error_log
[alert]
--- response_body
a pool
nil, "no such file or directory"



=== TEST 20: sockets can be made in rewrite, access, content and timers
--- config
    location = /t {
        rewrite_by_lua_block { ngx.ctx.made = type(ngx.socket.tcp()) }
        access_by_lua_block { ngx.ctx.made = ngx.ctx.made .. " " .. type(ngx.socket.tcp()) }
        content_by_lua_block {
            local made = ngx.ctx.made .. " " .. type(ngx.socket.tcp())
            local done
            ngx.timer.at(0, function() done = type(ngx.socket.tcp()) end)
            repeat ngx.sleep(0.001) until done
            ngx.say(made, " ", done)
        }
    }
--- response_body
table table table table



=== TEST 21: sockets cannot be made where the code may not wait
--- config
    location = /t {
        set_by_lua_block $set {
            return select(2, pcall(ngx.socket.tcp))
        }
        header_filter_by_lua_block {
            ngx.header["X-Header"] = select(2, pcall(ngx.socket.tcp))
        }
        body_filter_by_lua_block {
            ngx.log(ngx.WARN, "body: ", select(2, pcall(ngx.socket.tcp)))
        }
        log_by_lua_block {
            ngx.log(ngx.WARN, "log: ", select(2, pcall(ngx.socket.stream)))
        }
        content_by_lua_block { ngx.say("set: ", ngx.var.set) }
    }
--- response_headers
X-Header: API disabled in the context of header_filter_by_lua*
--- response_body
set: API disabled in the context of set_by_lua*
--- error_log
body: API disabled in the context of body_filter_by_lua*
log: API disabled in the context of log_by_lua*



=== TEST 22: sockets in init: no request
--- http_config
    init_by_lua_block {
        tcp_error = select(2, pcall(ngx.socket.tcp))
        connect_error = select(2, pcall(ngx.socket.connect, "127.0.0.1", 1))
    }
    init_worker_by_lua_block {
        worker_error = select(2, pcall(ngx.socket.tcp))
    }
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(tcp_error)
            ngx.say((connect_error:gsub("^%S+:%d+: ", "")))
            ngx.say(worker_error)
        }
    }
--- response_body
no request found
no request found
API disabled in the context of init_worker_by_lua*



=== TEST 23: a phase that may not wait: no connecting; receiving and sending while that works at once
--- config
    location = /t {
        content_by_lua_block {
            ngx.ctx.sock = ngx.socket.tcp()
            ngx.ctx.connected = peer("pause(1000)")
            ngx.say("ok")
        }
        header_filter_by_lua_block {
            for _, call in ipairs {
                function() return ngx.ctx.sock:connect("127.0.0.1", 1) end,
                function() return ngx.ctx.connected:send("x") end,
                function() return ngx.ctx.connected:receive(100) end,
            } do
                ngx.log(ngx.WARN, "result: ", show(pcall(call)))
            end
        }
    }
--- response_body
ok
--- error_log
result: false, "API disabled in the context of header_filter_by_lua*"
result: true, 1
result: false, "attempt to yield across C-call boundary"



=== TEST 24: a light thread's socket belongs to the request
--- config
    location = /t {
        content_by_lua_block {
            local sock
            ngx.thread.wait(ngx.thread.spawn(function() sock = peer("say('hi')") end))
            ngx.say(show(sock:receive("*a")))
        }
    }
--- response_body
"hi"



=== TEST 25: a socket in a coroutine
--- config
    location = /t {
        content_by_lua_block {
            local co = coroutine.create(function()
                local sock = peer("pause(10) say('hi')")
                coroutine.yield("yielded")
                return sock:receive("*a")
            end)
            ngx.say(show(coroutine.resume(co)))
            ngx.say(show(coroutine.resume(co)))
            ngx.say(coroutine.status(co))
        }
    }
--- response_body
true, "yielded"
true, "hi"
dead



=== TEST 26: a socket inside pcall and xpcall
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(show(pcall(function() return peer("pause(10) say('hi')"):receive(2) end)))
            ngx.say(show(xpcall(function() return peer("pause(10) say('hi')"):receive(2) end, debug.traceback)))
        }
    }
--- response_body
true, "hi"
true, "hi"



=== TEST 27: waiting across a C function is an error, and the socket stays usable
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("pause(20) say('hi')")
            local ok, err = pcall(string.gsub, "x", "x", function() return sock:receive(1) end)
            ngx.say(show(ok, err))
            ngx.say(show(sock:receive(2)))
        }
    }
--- response_body
false, "attempt to yield across C-call boundary"
"hi"
--- differs: the C module waits although it cannot, and its socket is busy from then on



=== TEST 28: a socket that is dropped is closed by the garbage collector
--- config
    location = /t {
        content_by_lua_block {
            for i = 1, 100 do
                assert(peer("pause(3000)"))
                if i % 5 == 0 then
                    collectgarbage()
                    collectgarbage()
                    ngx.sleep(0.005)
                end
            end
            ngx.say("ok")
        }
    }
--- response_body
ok



=== TEST 29: a socket lives as long as its iterator
--- config
    location = /t {
        content_by_lua_block {
            local iterator = peer("pause(20) say('one--two--')"):receiveuntil("--")
            collectgarbage()
            collectgarbage()
            ngx.say(show(iterator()))
            ngx.say(show(iterator()))
        }
    }
--- response_body
"one"
"two"



=== TEST 30: binary data both ways
--- config
    location = /echo {
        content_by_lua_block { ngx.req.read_body() ngx.print(ngx.req.get_body_data()) }
    }
    location = /t {
        content_by_lua_block {
            local all = {}
            for byte = 0, 255 do all[#all + 1] = string.char(byte) end
            all = table.concat(all)
            local sock = ngx.socket.tcp()
            sock:connect("127.0.0.1", ngx.var.server_port)
            sock:send("POST /echo HTTP/1.0\r\nContent-Length: 256\r\n\r\n" .. all)
            sock:receiveuntil("\r\n\r\n")()
            ngx.say(sock:receive(256) == all)
            ngx.say(show(sock:receive(1)))
        }
    }
--- response_body
true
nil, "closed", ""



=== TEST 31: a subrequest has sockets of its own
--- config
    location = /sub {
        content_by_lua_block { ngx.print(peer("say('from the subrequest')"):receive("*a")) }
    }
    location = /t {
        content_by_lua_block {
            local sock = peer("say('mine')")
            ngx.say(ngx.location.capture("/sub").body)
            ngx.say(show(sock:receive("*a")))
        }
    }
--- response_body
from the subrequest
"mine"



=== TEST 32: twenty sockets at once in light threads
--- config
    location = /t {
        content_by_lua_block {
            local threads = {}
            for i = 1, 20 do
                threads[i] = ngx.thread.spawn(function()
                    return peer("pause(5) say('" .. i .. "')"):receive("*a")
                end)
            end
            local sum = 0
            for i = 1, 20 do
                local _, got = ngx.thread.wait(threads[i])
                sum = sum + got
            end
            ngx.say(sum)
        }
    }
--- response_body
210
