# Timeouts of TCP sockets, lua_socket_log_errors.

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

=== TEST 1: settimeout and settimeouts return nothing
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            ngx.say(select("#", sock:settimeout(100)), " ", select("#", sock:settimeouts(1, 2, 3)))
        }
    }
--- response_body
0 0



=== TEST 2: settimeout: the number of arguments
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            try(function() return sock:settimeout() end)
            try(function() return sock:settimeout(1, 2) end)
            try(function() return sock:settimeouts(1, 2) end)
            try(function() return sock:settimeouts(1, 2, 3, 4) end)
        }
    }
--- response_body
error: ngx.socket settimeout: expecting 2 arguments (including the object) but seen 1
error: ngx.socket settimeout: expecting 2 arguments (including the object) but seen 3
error: ngx.socket settimeout: expecting 4 arguments (including the object) but seen 3
error: ngx.socket settimeout: expecting 4 arguments (including the object) but seen 5



=== TEST 3: settimeout: bad values
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            for _, timeout in ipairs { -1, "-5", 2^31, 1e15, 0/0, -math.huge, math.huge } do
                try(sock.settimeout, sock, timeout)
            end
        }
    }
--- response_body
error: bad timeout value
error: bad timeout value
error: bad timeout value
error: bad timeout value
error: bad timeout value
error: bad timeout value
error: bad timeout value



=== TEST 4: settimeouts: bad values
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            try(sock.settimeouts, sock, -1, 1, 1)
            try(sock.settimeouts, sock, 1, -1, 1)
            try(sock.settimeouts, sock, 1, 1, 2^31)
        }
    }
--- response_body
error: bad timeout value
error: bad timeout value
error: bad timeout value



=== TEST 5: settimeout: values that pass
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            for _, timeout in ipairs { 0, 1, 0.5, 2^31 - 1, "5", "x", "", true, {} } do
                ngx.print(show(pcall(sock.settimeout, sock, timeout)), " ")
            end
            ngx.say(show(pcall(sock.settimeout, sock, nil)))
        }
    }
--- response_body
true true true true true true true true true true



=== TEST 6: settimeout(0) takes the directive's value again
--- config
    location = /t {
        lua_socket_read_timeout 50ms;
        content_by_lua_block {
            local sock = peer("pause(1000)")
            sock:settimeout(30000)
            sock:settimeout(0)
            ngx.say(show(sock:receive()))
        }
    }
--- error_log
lua tcp socket read timed out
--- response_body
nil, "timeout", ""



=== TEST 7: settimeout(nil), or no number: the directive's value again
--- config
    location = /t {
        lua_socket_read_timeout 50ms;
        content_by_lua_block {
            local sock = peer("pause(1000)")
            sock:settimeout(30000)
            sock:settimeout(nil)
            ngx.say(show(sock:receive()))
            sock:settimeout(30000)
            sock:settimeout("x")
            ngx.say(show(sock:receive()))
        }
    }
--- error_log
lua tcp socket read timed out
--- response_body
nil, "timeout", ""
nil, "timeout", ""



=== TEST 8: settimeout(0.5) is settimeout(0)
--- config
    location = /t {
        lua_socket_read_timeout 50ms;
        content_by_lua_block {
            local sock = peer("pause(1000)")
            sock:settimeout(30000)
            sock:settimeout(0.5)
            ngx.say(show(sock:receive()))
        }
    }
--- error_log
lua tcp socket read timed out
--- response_body
nil, "timeout", ""



=== TEST 9: settimeout takes a numeric string
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("pause(1000)")
            sock:settimeout("50")
            ngx.say(show(sock:receive()))
        }
    }
--- error_log
lua tcp socket read timed out
--- response_body
nil, "timeout", ""



=== TEST 10: settimeouts(nil, nil, nil): the directives' values
--- config
    location = /t {
        lua_socket_read_timeout 50ms;
        lua_socket_send_timeout 50ms;
        content_by_lua_block {
            local sock = peer("pause(1000)")
            sock:settimeout(30000)
            sock:settimeouts(nil, nil, nil)
            ngx.say(show(sock:receive()))
            ngx.say(show(sock:send(("x"):rep(3e7))))
        }
    }
--- error_log
lua tcp socket read timed out
lua tcp socket write timed out
--- response_body
nil, "timeout", ""
nil, "timeout"



=== TEST 11: settimeout counts for the next call, also after a timeout
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("pause(100) say('x') pause(1000)")
            sock:settimeout(30)
            ngx.say(show(sock:receive(1)))
            sock:settimeout(2000)
            ngx.say(show(sock:receive(1)))
        }
    }
--- error_log
lua tcp socket read timed out
--- response_body
nil, "timeout", ""
"x"



=== TEST 12: settimeout while another thread waits does not touch its wait
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("pause(1000)")
            sock:settimeout(50)
            local thread = ngx.thread.spawn(function() return sock:receive() end)
            sock:settimeout(30000)
            ngx.say(show(ngx.thread.wait(thread)))
        }
    }
--- error_log
lua tcp socket read timed out
--- response_body
true, nil, "timeout", ""



=== TEST 13: a wait that ended in time leaves no timer behind
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("pause(10) say('a') pause(150) say('b')")
            sock:settimeout(100)
            ngx.say(show(sock:receive(1)))
            sock:settimeout(3000)
            ngx.say(show(sock:receive(1)))
        }
    }
--- response_body
"a"
"b"



=== TEST 14: a read times out in time, and others run meanwhile
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("pause(2000)")
            local ticks = 0
            local thread = ngx.thread.spawn(function()
                while true do ngx.sleep(0.001) ticks = ticks + 1 end
            end)
            ngx.update_time()
            local start = ngx.now()
            sock:settimeout(60)
            sock:receive()
            ngx.update_time()
            local elapsed = ngx.now() - start
            ngx.thread.kill(thread)
            ngx.say(elapsed >= 0.055 and elapsed < 1, " ", ticks > 3)
        }
    }
--- error_log
lua tcp socket read timed out
--- response_body
true true



=== TEST 15: lua_socket_log_errors off: nothing about timeouts, refusals and closed sockets
--- config
    location = /t {
        lua_socket_log_errors off;
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            ngx.say(show(sock:receive()))
            ngx.say(show(sock:send("x")))
            ngx.say(show(sock:connect("127.0.0.1", 1)))
            ngx.say(show(sock:connect("unix:/nonexistent/socket")))
            sock = peer("pause(1000)")
            sock:settimeout(20)
            ngx.say(show(sock:receive()))
            ngx.say(show(sock:send(("x"):rep(3e7))))
            sock = peer("pause(20) reset()")
            ngx.say(show(sock:receive()))
            ngx.say(show(sock:send("x")))
            sock:close()
        }
    }
--- error_log
connect() to unix:/nonexistent/socket failed
recv() failed (104: Connection reset by peer)
send() failed (32: Broken pipe)
--- no_error_log
timed out
closed socket
Connection refused
--- response_body
nil, "closed"
nil, "closed"
nil, "connection refused"
nil, "no such file or directory"
nil, "timeout", ""
nil, "timeout"
nil, "connection reset by peer", ""
nil, "broken pipe"



=== TEST 16: log lines have the request's suffix
--- config
    location = /t {
        content_by_lua_block {
            ngx.socket.tcp():send("x")
            ngx.say("done")
        }
    }
--- error_log eval
[qr/\[error\] .* attempt to send data on a closed socket: u:0000000000000000, c:0000000000000000, ft:0 eof:0,.* client: 127\.0\.0\.1, server: localhost, request: "GET \/t HTTP\/1\.1", host: "localhost/]
--- response_body
done
