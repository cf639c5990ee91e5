# ngx.socket.udp: the object, its peer, arguments, phases.

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

=== TEST 1: a question and its answer
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.udp()
            try(sock.setpeername, sock, "127.0.0.1", $TEST_NGINX_RAND_PORT_1)
            try(sock.send, sock, "hello")
            try(sock.receive, sock)
            try(sock.close, sock)
        }
    }
--- udp_listen: $TEST_NGINX_RAND_PORT_1
--- udp_query: hello
--- udp_reply: who is there?
--- response_body
1
1
who is there?
1

=== TEST 2: the constructor takes nothing
--- config
    location = /t {
        content_by_lua_block {
            try(ngx.socket.udp, 1)
            try(ngx.socket.udp, nil)
            try(ngx.socket.udp, 1, 2)
        }
    }
--- response_body
error: expecting zero arguments, but got 1
error: expecting zero arguments, but got 1
error: expecting zero arguments, but got 2

=== TEST 3: all sockets share a metatable, which is its own __index
--- config
    location = /t {
        content_by_lua_block {
            local a, b = ngx.socket.udp(), ngx.socket.udp()
            local meta = getmetatable(a)
            ngx.say(type(a), " ", meta == getmetatable(b), " ", rawequal(meta.__index, meta))
            for _, name in ipairs { "close", "receive", "send", "setpeername", "settimeout" } do
                ngx.say(name, " ", type(meta[name]))
            end
        }
    }
--- response_body
table true true
close function
receive function
send function
setpeername function
settimeout function

=== TEST 4: libraries can add methods
--- config
    location = /t {
        content_by_lua_block {
            local meta = getmetatable(ngx.socket.udp())
            function meta:shout(text) return self:send(text:upper()) end
            local sock = ngx.socket.udp()
            sock:setpeername("127.0.0.1", $TEST_NGINX_RAND_PORT_1)
            ngx.say(sock:shout("hello"))
            ngx.say(sock:receive())
            meta.shout = nil
        }
    }
--- udp_listen: $TEST_NGINX_RAND_PORT_1
--- udp_query: HELLO
--- udp_reply: done
--- response_body
1
done

=== TEST 5: a new socket is empty; then the userdata is at 1, the timeout at 2
--- config
    location = /t {
        content_by_lua_block {
            local function fields(sock)
                local all = {}
                for key, value in pairs(sock) do
                    all[#all + 1] = key .. " " .. type(value)
                end
                table.sort(all)
                return table.concat(all, ", ")
            end
            local sock = ngx.socket.udp()
            ngx.say("new: ", fields(sock))
            sock:settimeout(123)
            ngx.say("timeout: ", fields(sock), ", ", sock[2])
            sock:setpeername("127.0.0.1", 53)
            ngx.say("peer: ", fields(sock))
            local userdata = sock[1]
            sock:close()
            sock:setpeername("127.0.0.1", 53)
            ngx.say("again: ", fields(sock), ", ", userdata == sock[1])
        }
    }
--- response_body
new: 
timeout: 2 number, 123
peer: 1 userdata, 2 number
again: 1 userdata, 2 number, true

=== TEST 6: setpeername counts its arguments
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.udp()
            try(sock.setpeername)
            try(sock.setpeername, sock)
            try(sock.setpeername, sock, "127.0.0.1", 53, 1)
        }
    }
--- response_body
error: ngx.socket.udp setpeername: expecting 2 or 3 arguments (including the object), but seen 0
error: ngx.socket.udp setpeername: expecting 2 or 3 arguments (including the object), but seen 1
error: ngx.socket.udp setpeername: expecting 2 or 3 arguments (including the object), but seen 4

=== TEST 7: types of setpeername's arguments
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.udp()
            try(function () sock:setpeername({}, 53) end)
            try(function () sock:setpeername(nil, 53) end)
            try(function () sock:setpeername("127.0.0.1", "x") end)
            try(function () sock:setpeername("127.0.0.1", nil) end)
            try(function () sock:setpeername("127.0.0.1", {}) end)
            try(sock.setpeername, "sock", "127.0.0.1", 53)
        }
    }
--- response_body
error: bad argument #1 to 'setpeername' (string expected, got table)
error: bad argument #1 to 'setpeername' (string expected, got nil)
error: bad argument #2 to 'setpeername' (number expected, got string)
error: bad argument #2 to 'setpeername' (number expected, got nil)
error: bad argument #2 to 'setpeername' (number expected, got table)
error: bad argument #1 to '?' (table expected, got string)

=== TEST 8: ports are numbers or numeric strings from 0 to 65535, cut to whole ones
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.udp()
            for _, port in ipairs { 0, 1, 65535, "53", 53.9, 65536, -1, 1e6 } do
                try(sock.setpeername, sock, "127.0.0.1", port)
            end
        }
    }
--- response_body
1
1
1
1
1
nil bad port number: 65536
nil bad port number: -1
nil bad port number: 1000000

=== TEST 9: a port that is refused leaves the socket as it was
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.udp()
            sock:setpeername("127.0.0.1", $TEST_NGINX_RAND_PORT_1)
            try(sock.setpeername, sock, "127.0.0.1", 70000)
            try(sock.send, sock, "x")
            try(sock.receive, sock)
        }
    }
--- udp_listen: $TEST_NGINX_RAND_PORT_1
--- udp_reply: still there
--- response_body
nil bad port number: 70000
1
still there

=== TEST 10: without a port, an IP address has port 0
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.udp()
            try(sock.setpeername, sock, "127.0.0.1")
        }
    }
--- response_body
1

=== TEST 11: a port in the host counts more than the argument
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.udp()
            try(sock.setpeername, sock, "127.0.0.1:$TEST_NGINX_RAND_PORT_1", 1)
            try(sock.send, sock, "x")
            try(sock.receive, sock)
        }
    }
--- udp_listen: $TEST_NGINX_RAND_PORT_1
--- udp_reply: yes
--- response_body
1
1
yes

=== TEST 12: hosts that cannot be read
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.udp()
            try(sock.setpeername, sock, "", 53)
            try(sock.setpeername, sock, "::1", 53)
            try(sock.setpeername, sock, "unix:")
            try(sock.setpeername, sock, "[::1", 53)
            try(sock.setpeername, sock, "127.0.0.1:x", 53)
            local ok, err = sock:setpeername("unix:/" .. ("x"):rep(120))
            ngx.say(ok, " ", err:match(": ([^:]+)$"))
        }
    }
--- response_body
nil failed to parse host name "": no host
nil failed to parse host name "::1": invalid port
nil failed to parse host name "unix:": no path in the unix domain socket
nil failed to parse host name "[::1": invalid host
nil failed to parse host name "127.0.0.1:x": invalid port
nil too long path in the unix domain socket

=== TEST 13: a host that cannot be read closes the socket
--- config
    location = /t {
        lua_socket_log_errors off;
        content_by_lua_block {
            local sock = ngx.socket.udp()
            sock:setpeername("127.0.0.1", 53)
            try(sock.setpeername, sock, "", 53)
            try(sock.send, sock, "x")
            try(sock.receive, sock)
            try(sock.close, sock)
        }
    }
--- response_body
nil failed to parse host name "": no host
nil closed
nil closed
nil closed

=== TEST 14: IPv6
--- skip_eval: 3: !-e '/proc/net/if_inet6'
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.udp()
            try(sock.setpeername, sock, "[::1]", 53)
        }
    }
--- response_body
1

=== TEST 15: a unix domain socket; the answer finds its way
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.udp()
            try(sock.setpeername, sock, "unix:$TEST_NGINX_HTML_DIR/udp.sock")
            try(sock.send, sock, "hello")
            try(sock.receive, sock)
        }
    }
--- udp_listen: $TEST_NGINX_HTML_DIR/udp.sock
--- udp_query: hello
--- udp_reply: from a path
--- response_body
1
1
from a path

=== TEST 16: the prefix unix: in capitals, and a port that does not count
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.udp()
            try(sock.setpeername, sock, "UNIX:$TEST_NGINX_HTML_DIR/udp.sock", 5)
            try(sock.send, sock, "hello")
            try(sock.receive, sock)
        }
    }
--- udp_listen: $TEST_NGINX_HTML_DIR/udp.sock
--- udp_reply: from a path
--- response_body
1
1
from a path

=== TEST 17: a path where nobody is
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.udp()
            try(sock.setpeername, sock, "unix:/nonexistent/udp.sock")
            try(sock.close, sock)
        }
    }
--- response_body
nil no such file or directory
nil closed
--- error_log eval
qr/connect\(\) .*failed \(2: No such file or directory\)/
--- differs: the C module keeps the socket, and hangs when it receives

=== TEST 18: a peer that could not be reached before can be set again
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.udp()
            sock:setpeername("unix:/nonexistent/udp.sock")
            try(sock.setpeername, sock, "127.0.0.1", $TEST_NGINX_RAND_PORT_1)
            try(sock.send, sock, "x")
            try(sock.receive, sock)
        }
    }
--- udp_listen: $TEST_NGINX_RAND_PORT_1
--- udp_reply: ok
--- response_body
1
1
ok
--- error_log eval
qr/connect\(\) .*failed \(2: No such file or directory\)/

=== TEST 19: another peer takes the place of the first; its socket is closed
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.udp()
            sock:setpeername("127.0.0.1", 1)
            sock:send("lost")
            try(sock.setpeername, sock, "127.0.0.1", $TEST_NGINX_RAND_PORT_1)
            try(sock.send, sock, "x")
            try(sock.receive, sock)
        }
    }
--- udp_listen: $TEST_NGINX_RAND_PORT_1
--- udp_query: x
--- udp_reply: the second
--- response_body
1
1
the second

=== TEST 20: a number as the host is its text
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.udp()
            local ok, err = sock:setpeername(127, 53)
            ngx.say(ok, " ", err:match("127"))
        }
    }
--- response_body
nil 127

=== TEST 21: the broadcast address is an address
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.udp()
            try(sock.setpeername, sock, "255.255.255.255", 53)
        }
    }
--- response_body
nil permission denied
--- error_log
Permission denied
--- differs: the C module takes it for a name

=== TEST 22: methods before a peer is set
--- config
    location = /t {
        lua_socket_log_errors off;
        content_by_lua_block {
            local sock = ngx.socket.udp()
            try(sock.send, sock, "x")
            try(sock.send, sock, print)
            try(sock.receive, sock)
            try(sock.receive, sock, {})
            try(sock.close, sock)
            try(sock.settimeout, sock, 100)
        }
    }
--- response_body
nil closed
nil closed
nil closed
nil closed
nil closed
nothing

=== TEST 23: methods count their arguments
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.udp()
            try(sock.send, sock)
            try(sock.send, sock, 1, 2)
            try(sock.receive)
            try(sock.receive, sock, 1, 2)
            try(sock.close)
            try(sock.close, sock, 1)
            try(sock.settimeout, sock)
            try(sock.settimeout, sock, 1, 2)
        }
    }
--- response_body
error: expecting 2 arguments (including the object), but got 1
error: expecting 2 arguments (including the object), but got 3
error: expecting 1 or 2 arguments (including the object), but got 0
error: expecting 1 or 2 arguments (including the object), but got 3
error: expecting 1 argument (including the object) but seen 0
error: expecting 1 argument (including the object) but seen 2
error: ngx.socket settimeout: expecting at least 2 arguments (including the object) but seen 1
error: ngx.socket settimeout: expecting at least 2 arguments (including the object) but seen 3

=== TEST 24: an object of another type is refused
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.udp()
            try(sock.send, nil, "x")
            try(sock.receive, "sock")
            try(sock.close, 1)
        }
    }
--- response_body
error: bad argument #1 to '?' (table expected, got nil)
error: bad argument #1 to '?' (table expected, got string)
error: bad argument #1 to '?' (table expected, got number)

=== TEST 25: settimeout too looks at its object
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.udp()
            try(sock.settimeout, 1, 100)
        }
    }
--- response_body
error: bad argument #1 to '?' (table expected, got number)
--- differs: the C module crashes

=== TEST 26: a table that is no socket is a closed one
--- config
    location = /t {
        lua_socket_log_errors off;
        content_by_lua_block {
            local sock = ngx.socket.udp()
            for _, object in ipairs { {}, { 1 }, { "x" }, { {} } } do
                try(sock.send, object, "x")
                try(sock.receive, object)
                try(sock.close, object)
            end
        }
    }
--- response_body eval
"nil closed\n" x 12

=== TEST 27: foreign userdata at 1 does not matter
--- config
    location = /t {
        lua_socket_log_errors off;
        content_by_lua_block {
            local sock = ngx.socket.udp()
            sock[1] = newproxy(true)
            try(sock.send, sock, "x")
            sock[1] = ngx.null
            try(sock.send, sock, "x")
            sock[1] = io.stdout
            try(sock.send, sock, "x")
            try(sock.setpeername, sock, "127.0.0.1", $TEST_NGINX_RAND_PORT_1)
            try(sock.send, sock, "x")
            try(sock.receive, sock)
        }
    }
--- udp_listen: $TEST_NGINX_RAND_PORT_1
--- udp_reply: mine
--- response_body
nil closed
nil closed
nil closed
1
1
mine
--- differs: the C module crashes

=== TEST 28: the phases in which there are sockets
--- http_config
    init_by_lua_block {
        init_error = select(2, pcall(ngx.socket.udp))
    }
    init_worker_by_lua_block {
        init_worker_error = select(2, pcall(ngx.socket.udp))
    }
--- config
    location = /t {
        set_by_lua_block $set { return select(2, pcall(ngx.socket.udp)) }
        rewrite_by_lua_block { ngx.ctx.rewrite = type(ngx.socket.udp()) }
        access_by_lua_block { ngx.ctx.access = type(ngx.socket.udp()) }
        content_by_lua_block {
            ngx.say("init: ", init_error)
            ngx.say("init_worker: ", init_worker_error)
            ngx.say("set: ", ngx.var.set)
            ngx.say("rewrite: ", ngx.ctx.rewrite)
            ngx.say("access: ", ngx.ctx.access)
            ngx.say("content: ", type(ngx.socket.udp()))
            local timer
            ngx.timer.at(0, function () timer = type(ngx.socket.udp()) end)
            while not timer do ngx.sleep(0.005) end
            ngx.say("timer: ", timer)
        }
        header_filter_by_lua_block {
            ngx.header["X-Header-Filter"] = select(2, pcall(ngx.socket.udp))
        }
        body_filter_by_lua_block {
            if ngx.arg[2] then
                ngx.arg[1] = "body_filter: " .. select(2, pcall(ngx.socket.udp)) .. "\n"
            end
        }
        log_by_lua_block {
            ngx.log(ngx.WARN, "log: ", select(2, pcall(ngx.socket.udp)))
        }
    }
--- response_headers
X-Header-Filter: API disabled in the context of header_filter_by_lua*
--- response_body
init: no request found
init_worker: API disabled in the context of init_worker_by_lua*
set: API disabled in the context of set_by_lua*
rewrite: table
access: table
content: table
timer: table
body_filter: API disabled in the context of body_filter_by_lua*
--- error_log
log: API disabled in the context of log_by_lua*

=== TEST 29: setpeername needs a phase that can wait; sending and closing do not
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.udp()
            sock:setpeername("127.0.0.1", $TEST_NGINX_RAND_PORT_1)
            ngx.ctx.sock = sock
            ngx.say("done")
            ngx.flush(true)
            ngx.say(sock:receive())
            ngx.say(sock:close())
        }
        header_filter_by_lua_block {
            local sock = ngx.ctx.sock
            ngx.log(ngx.WARN, "setpeername: ", select(2, pcall(sock.setpeername, sock, "127.0.0.1", 1)))
            ngx.log(ngx.WARN, "send: ", sock:send("from the filter"))
            ngx.log(ngx.WARN, "settimeout: ", sock:settimeout(1000))
        }
    }
--- udp_listen: $TEST_NGINX_RAND_PORT_1
--- udp_query: from the filter
--- udp_reply: heard
--- response_body
done
heard
1
--- error_log
setpeername: API disabled in the context of header_filter_by_lua*
send: 1

=== TEST 30: what is there can be received where code cannot wait; waiting is an error
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.udp()
            sock:setpeername("127.0.0.1", $TEST_NGINX_RAND_PORT_1)
            sock:send("x")
            ngx.sleep(0.15)
            ngx.ctx.sock = sock
            ngx.say("done")
            ngx.say(ngx.ctx.first)
            ngx.say(ngx.ctx.second)
            ngx.say(sock:close())
        }
        header_filter_by_lua_block {
            local sock = ngx.ctx.sock
            ngx.ctx.first = select(2, pcall(sock.receive, sock))
            ngx.ctx.second = select(2, pcall(sock.receive, sock))
        }
    }
--- udp_listen: $TEST_NGINX_RAND_PORT_1
--- udp_reply: early
--- response_body
done
early
attempt to yield across C-call boundary
1
--- differs: in the C module the socket stays busy for ever

=== TEST 31: bind
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.udp()
            try(sock.bind, sock)
            try(sock.bind, sock, "127.0.0.1", 1)
            try(sock.bind, sock, {})
            try(sock.bind, sock, "localhost")
            try(sock.bind, sock, "127.0.0.1:80")
            try(sock.bind, sock, "")
            try(sock.bind, sock, "127.0.0.1")
            try(sock.bind, sock, "::1")
        }
    }
--- response_body
error: expecting 2 arguments, but got 1
error: expecting 2 arguments, but got 3
error: bad argument #2 to '?' (string expected, got table)
nil bad address
nil bad address
nil bad address
true
true
--- differs: the C module has it since 0.10.27

=== TEST 32: the address of bind is where datagrams come from
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.udp()
            ngx.say(sock:bind("127.0.0.9"))
            ngx.say(sock:setpeername("127.0.0.1", $TEST_NGINX_RAND_PORT_1))
            ngx.say(sock:send("x"))
            ngx.say(sock:receive())
        }
    }
--- udp_listen: $TEST_NGINX_RAND_PORT_1
--- udp_reply: answered
--- response_body
true
1
1
answered
--- differs: the C module has it since 0.10.27

=== TEST 33: an address that is none of ours cannot be bound
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.udp()
            sock:bind("192.0.2.1")
            try(sock.setpeername, sock, "127.0.0.1", 53)
        }
    }
--- response_body
nil cannot assign requested address
--- error_log eval
qr/bind\(.*\) failed \(99: Cannot assign requested address\)/
--- differs: the C module has it since 0.10.27
