# Whose a TCP socket is, and how it ends.

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

=== TEST 1: close: 1, then closed
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("pause(2000)")
            ngx.say(show(sock:close()))
            ngx.say(show(sock:close()))
        }
    }
--- response_body
1
nil, "closed"



=== TEST 2: close: the number of arguments
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("pause(10)")
            try(function() return sock:close(1) end)
            try(function() return sock:getreusedtimes(1) end)
            try(function() return sock:close(nil, nil) end)
        }
    }
--- response_body
error: expecting 1 argument (including the object) but seen 2
error: expecting 1 argument (including the object), but got 2
error: expecting 1 argument (including the object) but seen 3



=== TEST 3: after close: every method
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("say('x') pause(2000)")
            sock:close()
            for _, call in ipairs {
                function() return sock:send("x") end,
                function() return sock:receive() end,
                function() return sock:receiveany(1) end,
                function() return sock:receiveuntil("x")() end,
                function() return sock:setkeepalive() end,
                function() return sock:getreusedtimes() end,
                function() return sock:getoption("keepalive") end,
                function() return sock:setoption("keepalive", true) end,
                function() return sock:close() end,
                function() return sock:connect("127.0.0.1", ngx.var.server_port) end,
            } do
                try(call)
            end
        }
    }
--- error_log
attempt to send data on a closed socket
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
1



=== TEST 4: after setkeepalive: every method
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.connect("127.0.0.1", ngx.var.server_port)
            sock:setkeepalive()
            for _, call in ipairs {
                function() return sock:send("x") end,
                function() return sock:receive() end,
                function() return sock:receiveany(1) end,
                function() return sock:receiveuntil("x")() end,
                function() return sock:setkeepalive() end,
                function() return sock:getreusedtimes() end,
                function() return sock:getoption("keepalive") end,
                function() return sock:setoption("keepalive", true) end,
                function() return sock:close() end,
                function() return sock:connect("127.0.0.1", ngx.var.server_port) end,
            } do
                try(call)
            end
        }
    }
--- error_log
attempt to send data on a closed socket
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
1



=== TEST 5: after close: the peer learns of it
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("package.loaded.gone = nil ngx.on_abort(function() package.loaded.gone = true ngx.exit(499) end) pause(2000)")
            ngx.sleep(0.02)
            sock:close()
            for i = 1, 200 do
                if package.loaded.gone then break end
                ngx.sleep(0.005)
            end
            ngx.say(package.loaded.gone)
        }
    }
--- response_body
true



=== TEST 6: the end of the request closes its sockets
--- config
    location = /open {
        content_by_lua_block {
            peer("package.loaded.gone = nil ngx.on_abort(function() package.loaded.gone = true ngx.exit(499) end) pause(2000)")
            ngx.sleep(0.02)
            ngx.say("the request ends")
        }
    }
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.connect("127.0.0.1", ngx.var.server_port)
            sock:send("GET /open HTTP/1.0\r\n\r\n")
            sock:receive("*a")
            for i = 1, 200 do
                if package.loaded.gone then break end
                ngx.sleep(0.005)
            end
            ngx.say(package.loaded.gone)
        }
    }
--- response_body
true



=== TEST 7: a client that goes away closes the sockets of its request
--- config
    location = /open {
        lua_check_client_abort on;
        content_by_lua_block {
            local sock = peer("package.loaded.gone = nil ngx.on_abort(function() package.loaded.gone = true ngx.exit(499) end) pause(3000)")
            sock:receive()
        }
    }
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.connect("127.0.0.1", ngx.var.server_port)
            sock:send("GET /open HTTP/1.0\r\n\r\n")
            ngx.sleep(0.03)
            sock:close()
            for i = 1, 200 do
                if package.loaded.gone then break end
                ngx.sleep(0.005)
            end
            ngx.say(package.loaded.gone)
        }
    }
--- response_body
true



=== TEST 8: another request cannot use a socket: bad request
--- config
    location = /t {
        content_by_lua_block {
            package.loaded.sock = peer("pause(2000)")
            package.loaded.iterator = package.loaded.sock:receiveuntil("x")
            ngx.print(ngx.location.capture("/other").body)
            ngx.say("mine: ", show(package.loaded.sock:send("x")))
        }
    }
    location = /other {
        content_by_lua_block {
            local sock = package.loaded.sock
            for _, call in ipairs {
                function() return sock:send("x") end,
                function() return sock:receive() end,
                function() return sock:receiveany(1) end,
                function() return package.loaded.iterator() end,
                function() return sock:setkeepalive() end,
                function() return sock:close() end,
                function() return sock:connect("127.0.0.1", ngx.var.server_port) end,
            } do
                try(call)
            end
        }
    }
--- response_body
error: bad request
error: bad request
error: bad request
error: bad request
error: bad request
error: bad request
error: bad request
mine: 1



=== TEST 9: another request may ask and set
--- config
    location = /t {
        content_by_lua_block {
            package.loaded.sock = peer("pause(2000)")
            ngx.print(ngx.location.capture("/other").body)
        }
    }
    location = /other {
        content_by_lua_block {
            local sock = package.loaded.sock
            for _, call in ipairs {
                function() return sock:getreusedtimes() end,
                function() return sock:getoption("keepalive") end,
                function() return sock:setoption("keepalive", true) end,
                function() return sock:receiveuntil("x") end,
                function() return sock:bind("127.0.0.1") end,
                function() return select("#", sock:settimeout(100)) end,
            } do
                try(call)
            end
        }
    }
--- response_body
0
0
true
function
true
0



=== TEST 10: the number of arguments comes before the request
--- config
    location = /t {
        content_by_lua_block {
            package.loaded.sock = peer("pause(2000)")
            ngx.print(ngx.location.capture("/other").body)
        }
    }
    location = /other {
        content_by_lua_block {
            local sock = package.loaded.sock
            try(function() return sock:send() end)
            try(function() return sock:receive(1, 2) end)
            try(function() return sock:close(1) end)
            try(function() return sock:connect() end)
        }
    }
--- response_body
error: expecting 2 arguments (including the object), but got 1
error: expecting 1 or 2 arguments (including the object), but got 3
error: expecting 1 argument (including the object) but seen 2
error: ngx.socket connect: expecting 2, 3, or 4 arguments (including the object), but seen 1



=== TEST 11: a timer cannot use a socket of the request that made it
--- config
    location = /t {
        content_by_lua_block {
            local done
            local sock = peer("pause(2000)")
            ngx.timer.at(0, function()
                done = show(pcall(sock.send, sock, "x")):gsub("\"[^ ]+:%d+: ", "\"")
            end)
            repeat ngx.sleep(0.001) until done
            ngx.say(done)
            ngx.say(show(sock:send("x")))
        }
    }
--- response_body
false, "bad request"
1



=== TEST 12: a socket after the end of its request: closed
--- config
    location = /make {
        content_by_lua_block {
            package.loaded.sock = peer("pause(2000)")
            package.loaded.iterator = package.loaded.sock:receiveuntil("x")
            ngx.say("made")
        }
    }
    location = /t {
        content_by_lua_block {
            local http = ngx.socket.connect("127.0.0.1", ngx.var.server_port)
            http:send("GET /make HTTP/1.0\r\n\r\n")
            http:receive("*a")
            local sock = package.loaded.sock
            for _, call in ipairs {
                function() return sock:send("x") end,
                function() return sock:receive() end,
                function() return sock:receiveany(1) end,
                function() return package.loaded.iterator() end,
                function() return sock:setkeepalive() end,
                function() return sock:getreusedtimes() end,
                function() return sock:getoption("keepalive") end,
                function() return sock:close() end,
            } do
                try(call)
            end
        }
    }
--- error_log
attempt to send data on a closed socket
--- response_body
nil, "closed"
nil, "closed"
nil, "closed"
nil, "closed"
nil, "closed"
nil, "closed"
nil, "closed"
nil, "closed"



=== TEST 13: a socket after the end of its request connects anew
--- config
    location = /make {
        content_by_lua_block {
            package.loaded.sock = peer("pause(2000)")
            package.loaded.iterator = package.loaded.sock:receiveuntil("--")
            ngx.say("made")
        }
    }
    location = /t {
        content_by_lua_block {
            local http = ngx.socket.connect("127.0.0.1", ngx.var.server_port)
            http:send("GET /make HTTP/1.0\r\n\r\n")
            http:receive("*a")
            local sock = package.loaded.sock
            ngx.say(show(sock:connect("127.0.0.1", ngx.var.server_port)))
            sock:send("GET /peer?say('one--two')\r\n")
            ngx.say(show(package.loaded.iterator()))
            ngx.say(show(sock:receive("*a")))
        }
    }
--- response_body
1
"one"
"two"
--- differs: the C module compares with the address of a request that is gone



=== TEST 14: a timer makes its own sockets
--- config
    location = /t {
        content_by_lua_block {
            local port, result = ngx.var.server_port
            ngx.timer.at(0, function()
                local sock = ngx.socket.tcp()
                local ok = sock:connect("127.0.0.1", port)
                sock:send("GET /peer?pause(5)say('for+the+timer')\r\n")
                result = show(ok, sock:receive("*a"))
            end)
            repeat ngx.sleep(0.001) until result
            ngx.say(result)
        }
    }
--- response_body
1, "for the timer"



=== TEST 15: a timer's sockets are closed at its end
--- config
    location = /t {
        content_by_lua_block {
            local port, sock = ngx.var.server_port
            ngx.timer.at(0, function()
                local mine = ngx.socket.tcp()
                mine:connect("127.0.0.1", port)
                sock = mine
            end)
            repeat ngx.sleep(0.001) until sock
            ngx.sleep(0.005)
            ngx.say(show(sock:close()))
            ngx.say(show(sock:send("x")))
        }
    }
--- error_log
attempt to send data on a closed socket
--- response_body
nil, "closed"
nil, "closed"



=== TEST 16: a socket made in access is used in content, and closed with the request
--- config
    location = /t {
        access_by_lua_block { ngx.ctx.sock = peer("say('first') pause(30) say('second')") ngx.ctx.first = ngx.ctx.sock:receive(5) }
        content_by_lua_block {
            ngx.say(show(ngx.ctx.first))
            ngx.say(show(ngx.ctx.sock:receive(6)))
        }
    }
--- response_body
"first"
"second"



=== TEST 17: ngx.exec: the request keeps its sockets
--- config
    location = /t {
        content_by_lua_block {
            package.loaded.sock = peer("pause(2000)")
            ngx.exec("/other")
        }
    }
    location = /other {
        content_by_lua_block {
            ngx.say(show(package.loaded.sock:send("x")))
        }
    }
--- response_body
1



=== TEST 18: an error that nobody catches closes the sockets
--- config
    location = /make {
        content_by_lua_block {
            package.loaded.sock = peer("pause(2000)")
            error("on purpose")
        }
    }
    location = /t {
        content_by_lua_block {
            local http = ngx.socket.connect("127.0.0.1", ngx.var.server_port)
            http:send("GET /make HTTP/1.0\r\n\r\n")
            http:receive("*a")
            ngx.say(show(package.loaded.sock:close()))
        }
    }
--- error_log
on purpose
--- response_body
nil, "closed"



=== TEST 19: ngx.exit closes the sockets
--- config
    location = /make {
        content_by_lua_block {
            package.loaded.sock = peer("pause(2000)")
            ngx.exit(204)
        }
    }
    location = /t {
        content_by_lua_block {
            local http = ngx.socket.connect("127.0.0.1", ngx.var.server_port)
            http:send("GET /make HTTP/1.0\r\n\r\n")
            http:receive("*a")
            ngx.say(show(package.loaded.sock:close()))
        }
    }
--- response_body
nil, "closed"
