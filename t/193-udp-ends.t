# ngx.socket.udp: closing, several threads, other requests, timers, the end.

use Test::Nginx::Socket::Lua 'no_plan';

our $HttpConfig = <<'_EOC_';
    init_by_lua_block {
        local function show(ok, ...)
            if not ok then
                return ngx.say("error: ", (tostring(...):gsub("^[^ ]+:%d+: ", "")))
            end
            local values = { ... }
            for i = 1, select("#", ...) do
                values[i] = tostring(values[i])
            end
            ngx.say(#values == 0 and "nothing" or table.concat(values, " "))
        end

        -- Says what a function returns, or its error without the position.
        function try(f, ...)
            return show(pcall(f, ...))
        end

        -- A socket to the server of the block.
        function socket()
            local sock = ngx.socket.udp()
            assert(sock:setpeername("127.0.0.1", $TEST_NGINX_RAND_PORT_1))
            return sock
        end

        -- The names of the operations, and how to do each.
        OPERATIONS = {
            { "send", function (sock) return sock:send("x") end },
            { "receive", function (sock) return sock:receive() end },
            { "setpeername", function (sock) return sock:setpeername("127.0.0.1", 9) end },
            { "close", function (sock) return sock:close() end },
        }

        -- Does all that can be done with a socket, one after the other.
        function try_all(sock)
            for _, operation in ipairs(OPERATIONS) do
                ngx.print(operation[1], ": ")
                try(operation[2], sock)
            end
        end

        -- Sends data to it and says what comes back.
        function ask(data)
            local sock = socket()
            ngx.say(sock:send(data))
            ngx.say(sock:receive())
        end
    }
_EOC_

$ENV{TEST_NGINX_HTML_DIR} ||= html_dir();

add_block_preprocessor(sub {
    my $block = shift;
    $block->set_value(http_config => $::HttpConfig) unless defined $block->http_config;
    $block->set_value(request => "GET /t") unless defined $block->request;
    if (!defined $block->error_log && !defined $block->no_error_log) {
        $block->set_value(no_error_log => "[error]");
    }
});

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: closed once, and again
--- config
    location = /t {
        lua_socket_log_errors off;
        content_by_lua_block {
            local sock = socket()
            try(sock.close, sock)
            try(sock.close, sock)
        }
    }
--- response_body
1
nil closed

=== TEST 2: a closed socket
--- config
    location = /t {
        lua_socket_log_errors off;
        content_by_lua_block {
            local sock = socket()
            sock:close()
            try_all(sock)
        }
    }
--- response_body
send: nil closed
receive: nil closed
setpeername: 1
close: 1

=== TEST 3: a closed socket can have a peer again
--- config
    location = /t {
        lua_socket_log_errors off;
        content_by_lua_block {
            local sock = socket()
            sock:close()
            try(sock.setpeername, sock, "127.0.0.1", $TEST_NGINX_RAND_PORT_1)
            try(sock.send, sock, "x")
            try(sock.receive, sock)
        }
    }
--- response_body
1
1
hello
--- udp_listen: $TEST_NGINX_RAND_PORT_1
--- udp_reply: hello

=== TEST 4: what came before closing is lost
--- config
    location = /t {
        lua_socket_log_errors off;
        content_by_lua_block {
            local sock = socket()
            sock:send("x")
            ngx.sleep(0.03)
            sock:close()
            sock:setpeername("127.0.0.1", $TEST_NGINX_RAND_PORT_1)
            sock:settimeout(20)
            try(sock.receive, sock)
        }
    }
--- response_body
nil timeout
--- udp_listen: $TEST_NGINX_RAND_PORT_1
--- udp_reply: hello

=== TEST 5: the timeout stays
--- config
    location = /t {
        lua_socket_log_errors off;
        content_by_lua_block {
            local sock = socket()
            sock:settimeout(10)
            sock:close()
            sock:setpeername("127.0.0.1", 9)
            try(sock.receive, sock)
        }
    }
--- response_body
nil timeout

=== TEST 6: one thread receives: all else is busy
--- config
    location = /t {
        lua_socket_log_errors off;
        content_by_lua_block {
            local sock = socket()
            sock:settimeout(50)
            local thread = ngx.thread.spawn(function () return sock:receive() end)
            try_all(sock)
            try(ngx.thread.wait, thread)
            try(sock.close, sock)
        }
    }
--- response_body
send: nil socket busy
receive: nil socket busy
setpeername: nil socket busy
close: nil socket busy
true nil timeout
1

=== TEST 7: settimeout while a thread receives counts from the next time on
--- config
    location = /t {
        lua_socket_log_errors off;
        content_by_lua_block {
            local sock = socket()
            sock:settimeout(60)
            local thread = ngx.thread.spawn(function ()
                ngx.update_time()
                local start = ngx.now()
                sock:receive()
                ngx.update_time()
                return ngx.now() - start > 0.05
            end)
            sock:settimeout(1)
            try(ngx.thread.wait, thread)
            try(sock.receive, sock)
        }
    }
--- response_body
true true
nil timeout

=== TEST 8: two threads, two sockets
--- config
    location = /t {
        lua_socket_log_errors off;
        content_by_lua_block {
            local function ask(port)
                local sock = ngx.socket.udp()
                sock:setpeername("127.0.0.1", port)
                sock:settimeout(50)
                sock:send("x")
                return (sock:receive())
            end
            local one = ngx.thread.spawn(ask, $TEST_NGINX_RAND_PORT_1)
            local two = ngx.thread.spawn(ask, $TEST_NGINX_RAND_PORT_2)
            try(ngx.thread.wait, one)
            try(ngx.thread.wait, two)
        }
    }
--- response_body
true hello
true nil
--- udp_listen: $TEST_NGINX_RAND_PORT_1
--- udp_reply: hello
--- error_log
recv() failed (111: Connection refused)

=== TEST 9: threads that take turns with one socket
--- config
    location = /t {
        lua_socket_log_errors off;
        content_by_lua_block {
            local sock = socket()
            sock:send("x")
            local function take() return (sock:receive()) end
            for i = 1, 4 do
                local ok, data = ngx.thread.wait(ngx.thread.spawn(take))
                ngx.print(data, " ")
            end
        }
    }
--- response_body eval: "1 2 3 4 "
--- udp_listen: $TEST_NGINX_RAND_PORT_1
--- udp_reply eval: [1 .. 4]

=== TEST 10: a sibling sends nothing meanwhile, but other sockets do
--- config
    location = /t {
        lua_socket_log_errors off;
        content_by_lua_block {
            local sock, other = socket(), socket()
            sock:settimeout(50)
            local thread = ngx.thread.spawn(function () return sock:receive() end)
            try(sock.send, sock, "x")
            try(other.send, other, "x")
            try(other.receive, other)
            try(ngx.thread.wait, thread)
        }
    }
--- response_body
nil socket busy
1
hello
true nil timeout
--- udp_listen: $TEST_NGINX_RAND_PORT_1
--- udp_reply: hello

=== TEST 11: a thread that receives is killed: the socket is closed
--- config
    location = /t {
        lua_socket_log_errors off;
        content_by_lua_block {
            local sock = socket()
            local thread = ngx.thread.spawn(function () return sock:receive() end)
            try(ngx.thread.kill, thread)
            try_all(sock)
        }
    }
--- response_body
1
send: nil closed
receive: nil closed
setpeername: 1
close: 1

=== TEST 12: and works again with a peer
--- config
    location = /t {
        lua_socket_log_errors off;
        content_by_lua_block {
            local sock = socket()
            ngx.thread.kill(ngx.thread.spawn(function () return sock:receive() end))
            sock:setpeername("127.0.0.1", $TEST_NGINX_RAND_PORT_1)
            try(sock.send, sock, "x")
            try(sock.receive, sock)
        }
    }
--- response_body
1
hello
--- udp_listen: $TEST_NGINX_RAND_PORT_1
--- udp_reply: hello

=== TEST 13: a killed thread whose answer has come
--- config
    location = /t {
        lua_socket_log_errors off;
        content_by_lua_block {
            local sock = socket()
            local thread = ngx.thread.spawn(function () return sock:receive() end)
            sock:send("x")
            local deadline = ngx.now() + 0.2
            repeat ngx.update_time() until ngx.now() > deadline
            try(ngx.thread.kill, thread)
            ngx.sleep(0.01)
            try(sock.receive, sock)
        }
    }
--- response_body
1
nil closed
--- udp_listen: $TEST_NGINX_RAND_PORT_1
--- udp_reply_delay: 100ms
--- udp_reply: hello

=== TEST 14: a sibling exits while a thread receives
--- config
    location = /t {
        lua_socket_log_errors off;
        content_by_lua_block {
            local sock = socket()
            ngx.thread.spawn(function () return sock:receive() end)
            ngx.say("bye")
            ngx.exit(200)
        }
    }
--- response_body
bye

=== TEST 15: the chunk ends while a thread receives: it waits for it
--- config
    location = /t {
        lua_socket_log_errors off;
        content_by_lua_block {
            local sock = socket()
            ngx.thread.spawn(function ()
                sock:send("x")
                ngx.say(sock:receive())
            end)
            ngx.say("end")
        }
    }
--- response_body
end
hello
--- udp_listen: $TEST_NGINX_RAND_PORT_1
--- udp_reply_delay: 30ms
--- udp_reply: hello

=== TEST 16: an error while a thread receives
--- config
    location = /t {
        lua_socket_log_errors off;
        content_by_lua_block {
            local sock = socket()
            ngx.thread.spawn(function () return sock:receive() end)
            error("oops")
        }
    }
--- error_code: 500
--- error_log
oops

=== TEST 17: a socket of the request that has ended is closed
--- config
    location = /make {
        content_by_lua_block {
            package.loaded.sock = socket()
            ngx.print("made")
        }
    }
    location = /t {
        lua_socket_log_errors off;
        content_by_lua_block { try_all(package.loaded.sock) }
    }
--- response_body eval
["made", "send: nil closed\nreceive: nil closed\nsetpeername: 1\nclose: 1\n"]
--- request eval
["GET /make", "GET /t"]

=== TEST 18: it can be used by the next one
--- config
    location = /make {
        content_by_lua_block {
            package.loaded.sock = socket()
            ngx.print("made")
        }
    }
    location = /t {
        content_by_lua_block {
            local sock = package.loaded.sock
            try(sock.setpeername, sock, "127.0.0.1", $TEST_NGINX_RAND_PORT_1)
            try(sock.send, sock, "x")
            try(sock.receive, sock)
        }
    }
--- response_body eval
["made", "1\n1\nhello\n"]
--- request eval
["GET /make", "GET /t"]
--- udp_listen: $TEST_NGINX_RAND_PORT_1
--- udp_reply: hello

=== TEST 19: a socket of another request
--- config
    location = /t {
        content_by_lua_block {
            package.loaded.sock = socket()
            ngx.print(ngx.location.capture("/other").body)
        }
    }
    location = /other {
        content_by_lua_block {
            local sock = package.loaded.sock
            try_all(sock)
            ngx.print("settimeout: ")
            try(sock.settimeout, sock, 100)
        }
    }
--- response_body
send: error: bad request
receive: error: bad request
setpeername: error: bad request
close: error: bad request
settimeout: nothing

=== TEST 20: counting arguments comes before asking whose socket it is
--- config
    location = /t {
        content_by_lua_block {
            package.loaded.sock = socket()
            ngx.print(ngx.location.capture("/other").body)
        }
    }
    location = /other {
        content_by_lua_block {
            local sock = package.loaded.sock
            try(sock.send, sock)
            try(sock.receive, sock, 1, 2)
            try(sock.close, sock, 1)
        }
    }
--- response_body
error: expecting 2 arguments (including the object), but got 1
error: expecting 1 or 2 arguments (including the object), but got 3
error: expecting 1 argument (including the object) but seen 2

=== TEST 21: a request's socket in a timer, while the request is there
--- config
    location = /t {
        lua_socket_log_errors off;
        content_by_lua_block {
            local sock = socket()
            local results = {}
            ngx.timer.at(0, function ()
                for i, operation in ipairs(OPERATIONS) do
                    results[i] = select(2, pcall(operation[2], sock))
                end
            end)
            while #results < 4 do ngx.sleep(0.005) end
            ngx.say(table.concat(results, ", "))
            try(sock.close, sock)
        }
    }
--- response_body
bad request, bad request, bad request, bad request
1

=== TEST 22: a request's socket in a timer, after the request
--- config
    location = /make {
        lua_socket_log_errors off;
        content_by_lua_block {
            local sock = socket()
            ngx.timer.at(0.02, function ()
                local results = {}
                for i, operation in ipairs(OPERATIONS) do
                    local ok, err = operation[2](sock)
                    results[i] = tostring(ok) .. (err and " " .. err or "")
                end
                package.loaded.results = table.concat(results, ", ")
            end)
            ngx.print("made")
        }
    }
    location = /t {
        content_by_lua_block {
            while not package.loaded.results do ngx.sleep(0.005) end
            ngx.print(package.loaded.results)
            package.loaded.results = nil
        }
    }
--- response_body eval
["made", "nil closed, nil closed, 1, 1"]
--- request eval
["GET /make", "GET /t"]
--- differs: the C module still refuses it to others

=== TEST 23: a timer's socket after the timer
--- config
    location = /t {
        lua_socket_log_errors off;
        content_by_lua_block {
            local sock
            ngx.timer.at(0, function () sock = socket() end)
            while not sock do ngx.sleep(0.005) end
            try_all(sock)
        }
    }
--- response_body
send: nil closed
receive: nil closed
setpeername: 1
close: 1
--- differs: the C module still refuses it to others

=== TEST 24: a timer's socket in a request, while the timer runs
--- config
    location = /t {
        lua_socket_log_errors off;
        content_by_lua_block {
            local sock
            ngx.timer.at(0, function ()
                sock = socket()
                ngx.sleep(0.15)
            end)
            while not sock do ngx.sleep(0.005) end
            try_all(sock)
        }
    }
--- response_body
send: error: bad request
receive: error: bad request
setpeername: error: bad request
close: error: bad request

=== TEST 25: a subrequest's socket in its parent: subrequests end with the request
--- config
    location = /t {
        lua_socket_log_errors off;
        content_by_lua_block {
            ngx.location.capture("/sub")
            try_all(package.loaded.sock)
        }
    }
    location = /sub {
        content_by_lua_block { package.loaded.sock = socket() }
    }
--- response_body
send: error: bad request
receive: error: bad request
setpeername: error: bad request
close: error: bad request

=== TEST 26: from one phase to the next
--- config
    location = /t {
        rewrite_by_lua_block {
            ngx.ctx.sock = socket()
            ngx.ctx.sock:send("x")
        }
        access_by_lua_block { ngx.ctx.data = ngx.ctx.sock:receive() }
        content_by_lua_block { ngx.say(ngx.ctx.data) }
    }
--- response_body
hello
--- udp_listen: $TEST_NGINX_RAND_PORT_1
--- udp_reply_delay: 20ms
--- udp_reply: hello

=== TEST 27: in the log phase, all sockets are closed
--- config
    location = /t {
        content_by_lua_block {
            ngx.ctx.sock = socket()
            ngx.say("done")
        }
        log_by_lua_block {
            local sock = ngx.ctx.sock
            ngx.log(ngx.WARN, "send: ", select(2, sock:send("x")))
            ngx.log(ngx.WARN, "receive: ", select(2, sock:receive()))
            ngx.log(ngx.WARN, "close: ", select(2, sock:close()))
        }
    }
--- response_body
done
--- error_log
send: closed
receive: closed
close: closed

=== TEST 28: the collector takes sockets that nobody has
--- config
    location = /t {
        lua_socket_log_errors off;
        content_by_lua_block {
            local sock = socket()
            local weak = setmetatable({ sock[1] }, { __mode = "v" })
            sock = nil
            collectgarbage()
            collectgarbage()
            ngx.say(weak[1])
        }
    }
--- response_body
nil

=== TEST 29: the collector leaves a socket that is waited for
--- config
    location = /t {
        lua_socket_log_errors off;
        content_by_lua_block {
            local thread = ngx.thread.spawn(function ()
                local sock = socket()
                sock:send("x")
                return sock:receive()
            end)
            for _ = 1, 3 do
                collectgarbage()
                ngx.sleep(0.005)
            end
            try(ngx.thread.wait, thread)
        }
    }
--- response_body
true hello
--- udp_listen: $TEST_NGINX_RAND_PORT_1
--- udp_reply_delay: 50ms
--- udp_reply: hello
--- differs: the C module collects it, and the thread hangs

=== TEST 30: even if its object forgets it
--- config
    location = /t {
        lua_socket_log_errors off;
        content_by_lua_block {
            local sock = socket()
            local thread = ngx.thread.spawn(function ()
                sock:send("x")
                return sock:receive()
            end)
            sock[1] = nil
            for _ = 1, 3 do
                collectgarbage()
                ngx.sleep(0.005)
            end
            try(ngx.thread.wait, thread)
            try(sock.close, sock)
        }
    }
--- response_body
true hello
nil closed
--- udp_listen: $TEST_NGINX_RAND_PORT_1
--- udp_reply_delay: 50ms
--- udp_reply: hello
--- differs: the C module collects it, and the thread hangs

=== TEST 31: a thousand sockets that are not closed
--- config
    location = /t {
        lua_socket_log_errors off;
        content_by_lua_block {
            for _ = 1, 1000 do
                local sock = socket()
                sock:send("x")
                if _ % 20 == 0 then collectgarbage() end
            end
            ngx.say("done")
        }
    }
--- response_body
done

=== TEST 32: all connections of the worker are in use
--- config
    location = /t {
        lua_socket_log_errors off;
        content_by_lua_block {
            local all, err = {}
            for i = 1, 100 do
                local sock, ok = ngx.socket.udp()
                ok, err = sock:setpeername("127.0.0.1", 9)
                if not ok then break end
                all[i] = sock
            end
            ngx.say(#all > 20, " ", type(err))
            all[1]:close()
            ngx.say(ngx.socket.udp():setpeername("127.0.0.1", 9))
        }
    }
--- response_body
true string
1
--- error_log
64 worker_connections are not enough

=== TEST 33: the client goes away while a thread receives
--- config
    location = /t {
        lua_check_client_abort on;
        content_by_lua_block {
            local sock = socket()
            sock:receive()
        }
    }
--- abort
--- timeout: 50ms
--- wait: 0.1
--- ignore_response
--- error_log
client prematurely closed connection

=== TEST 34: on_abort closes a socket
--- config
    location = /t {
        lua_check_client_abort on;
        content_by_lua_block {
            local sock = socket()
            ngx.on_abort(function ()
                ngx.log(ngx.WARN, "close: ", select(2, sock:close()))
                ngx.exit(499)
            end)
            sock:receive()
        }
    }
--- abort
--- timeout: 50ms
--- wait: 0.1
--- ignore_response
--- error_log
close: socket busy
