# ngx.socket.udp: send and receive.

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

=== TEST 1: a number
--- config
    location = /t {
        content_by_lua_block { ask(12.5) }
    }
--- udp_listen: $TEST_NGINX_RAND_PORT_1
--- udp_query: 12.5
--- udp_reply: ok
--- response_body
1
ok

=== TEST 2: a large number, as tostring() writes it
--- config
    location = /t {
        content_by_lua_block { ask(2^53) }
    }
--- udp_listen: $TEST_NGINX_RAND_PORT_1
--- udp_query: 9.007199254741e+15
--- udp_reply: ok
--- response_body
1
ok

=== TEST 3: a boolean
--- config
    location = /t {
        content_by_lua_block { ask(false) }
    }
--- udp_listen: $TEST_NGINX_RAND_PORT_1
--- udp_query: false
--- udp_reply: ok
--- response_body
1
ok

=== TEST 4: nil
--- config
    location = /t {
        content_by_lua_block { ask(nil) }
    }
--- udp_listen: $TEST_NGINX_RAND_PORT_1
--- udp_query: nil
--- udp_reply: ok
--- response_body
1
ok

=== TEST 5: an array in arrays
--- config
    location = /t {
        content_by_lua_block { ask { "a", 1, 2.5, { "b", { "c", {} } }, "d" } }
    }
--- udp_listen: $TEST_NGINX_RAND_PORT_1
--- udp_query: a12.5bcd
--- udp_reply: ok
--- response_body
1
ok

=== TEST 6: binary data, both ways
--- config
    location = /t {
        content_by_lua_block {
            local sock = socket()
            sock:send("\0\r\n\255\0")
            local data = sock:receive()
            ngx.say(#data, " ", data == "\255\0\n")
        }
    }
--- udp_listen: $TEST_NGINX_RAND_PORT_1
--- udp_query eval: "\0\r\n\377\0"
--- udp_reply eval: "\377\0\n"
--- response_body
3 true

=== TEST 7: an empty datagram is sent
--- config
    location = /t {
        content_by_lua_block { ask("") }
    }
--- udp_listen: $TEST_NGINX_RAND_PORT_1
--- udp_query eval: ""
--- udp_reply: got nothing
--- response_body
1
got nothing
--- differs: in the C module an alert is logged

=== TEST 8: an empty table is an empty datagram
--- config
    location = /t {
        content_by_lua_block { ask { {}, "" } }
    }
--- udp_listen: $TEST_NGINX_RAND_PORT_1
--- udp_reply: got nothing
--- response_body
1
got nothing
--- differs: in the C module an alert is logged

=== TEST 9: an empty datagram is received
--- config
    location = /t {
        content_by_lua_block {
            local sock = socket()
            sock:send("x")
            local data, err = sock:receive()
            ngx.say(type(data), " ", #data, " ", err)
            ngx.say(sock:receive())
        }
    }
--- udp_listen: $TEST_NGINX_RAND_PORT_1
--- udp_reply eval: ["", "second"]
--- response_body
string 0 nil
second

=== TEST 10: values that cannot be sent
--- config
    location = /t {
        content_by_lua_block {
            local sock = socket()
            try(function () sock:send(print) end)
            try(function () sock:send(ngx.null) end)
            try(function () sock:send(coroutine.create(function () end)) end)
            try(function () sock:send({ "a", print }) end)
            try(function () sock:send({ "a", true }) end)
            try(function () sock:send({ "a", ngx.null }) end)
            try(function () sock:send({ 1, nil, 3 }) end)
            try(function () sock:send({ a = 1 }) end)
            try(function () sock:send({ [0] = 1 }) end)
            try(function () sock:send({ [1.5] = 1 }) end)
            try(function () sock:send({ "a", { b = 1 } }) end)
            try(sock.send, sock, print)
        }
    }
--- response_body
error: bad argument #1 to 'send' (string, number, boolean, nil, or array table expected, got function)
error: bad argument #1 to 'send' (string, number, boolean, nil, or array table expected, got userdata)
error: bad argument #1 to 'send' (string, number, boolean, nil, or array table expected, got thread)
error: bad argument #1 to 'send' (bad data type function found)
error: bad argument #1 to 'send' (bad data type boolean found)
error: bad argument #1 to 'send' (bad data type userdata found)
error: bad argument #1 to 'send' (bad data type nil found)
error: bad argument #1 to 'send' (non-array table found)
error: bad argument #1 to 'send' (non-array table found)
error: bad argument #1 to 'send' (non-array table found)
error: bad argument #1 to 'send' (non-array table found)
error: bad argument #2 to '?' (string, number, boolean, nil, or array table expected, got function)

=== TEST 11: a table that contains itself
--- config
    location = /t {
        content_by_lua_block {
            local loop = {}
            loop[1] = loop
            local ok, err = pcall(socket().send, socket(), loop)
            ngx.say(ok, " ", (tostring(err):match("stack overflow")))
        }
    }
--- response_body
false stack overflow

=== TEST 12: the largest datagram
--- config
    location = /t {
        content_by_lua_block {
            local sock = socket()
            ngx.say(sock:send(("x"):rep(65507)))
            ngx.say(#sock:receive())
        }
    }
--- udp_listen: $TEST_NGINX_RAND_PORT_1
--- udp_reply eval: "y" x 65507
--- response_body
1
65507

=== TEST 13: a datagram that is too large
--- config
    location = /t {
        content_by_lua_block {
            local sock = socket()
            ngx.say(sock:send(("x"):rep(65508)))
            ngx.say(sock:send("x"))
            ngx.say(sock:receive())
        }
    }
--- udp_listen: $TEST_NGINX_RAND_PORT_1
--- udp_query: x
--- udp_reply: usable
--- response_body
nilmessage too long
1
usable
--- error_log eval
qr/send(to)?\(\) failed \(90: Message too long\)/

=== TEST 14: receive takes so many bytes; the rest of the datagram is lost
--- config
    location = /t {
        content_by_lua_block {
            local sock = socket()
            sock:send("x")
            ngx.say(sock:receive(3))
            ngx.say(sock:receive())
        }
    }
--- udp_listen: $TEST_NGINX_RAND_PORT_1
--- udp_reply eval: ["abcdef", "second"]
--- response_body
abc
second

=== TEST 15: a size of 0 takes a datagram as well
--- config
    location = /t {
        content_by_lua_block {
            local sock = socket()
            sock:send("x")
            ngx.say("<", sock:receive(0), ">")
            ngx.say(sock:receive())
        }
    }
--- udp_listen: $TEST_NGINX_RAND_PORT_1
--- udp_reply eval: ["abcdef", "second"]
--- response_body
<>
second

=== TEST 16: sizes: text, a fraction, nil, negative, huge
--- config
    location = /t {
        content_by_lua_block {
            local sock = socket()
            sock:send("x")
            for _, size in ipairs { "2", 2.9, -1, 1e10 } do
                ngx.say(sock:receive(size))
            end
            ngx.say(sock:receive(nil))
        }
    }
--- udp_listen: $TEST_NGINX_RAND_PORT_1
--- udp_reply eval: [("abcdef") x 5]
--- response_body
ab
ab
abcdef
abcdef
abcdef

=== TEST 17: what is no size
--- config
    location = /t {
        content_by_lua_block {
            local sock = socket()
            try(function () sock:receive("x") end)
            try(function () sock:receive({}) end)
            try(function () sock:receive(true) end)
        }
    }
--- response_body
error: bad argument #1 to 'receive' (number expected, got string)
error: bad argument #1 to 'receive' (number expected, got table)
error: bad argument #1 to 'receive' (number expected, got boolean)

=== TEST 18: datagrams come one by one, in their order
--- config
    location = /t {
        content_by_lua_block {
            local sock = socket()
            sock:send("x")
            for _ = 1, 20 do
                ngx.print(sock:receive(), " ")
            end
        }
    }
--- udp_listen: $TEST_NGINX_RAND_PORT_1
--- udp_reply eval: [1 .. 20]
--- response_body eval: join "", map "$_ ", 1 .. 20

=== TEST 19: datagrams that came while nobody received
--- config
    location = /t {
        content_by_lua_block {
            local sock = socket()
            sock:send("x")
            ngx.sleep(0.05)
            ngx.say(sock:receive())
            ngx.sleep(0.01)
            ngx.say(sock:receive())
        }
    }
--- udp_listen: $TEST_NGINX_RAND_PORT_1
--- udp_reply eval: ["one", "two"]
--- response_body
one
two

=== TEST 20: receive waits
--- config
    location = /t {
        content_by_lua_block {
            local sock = socket()
            sock:send("x")
            ngx.say(sock:receive())
        }
    }
--- udp_listen: $TEST_NGINX_RAND_PORT_1
--- udp_reply_delay: 100ms
--- udp_reply: late
--- response_body
late

=== TEST 21: a timeout, after which the socket works
--- config
    location = /t {
        content_by_lua_block {
            local sock = socket()
            sock:send("x")
            sock:settimeout(20)
            ngx.say(sock:receive())
            sock:settimeout(2000)
            ngx.say(sock:receive())
        }
    }
--- udp_listen: $TEST_NGINX_RAND_PORT_1
--- udp_reply_delay: 200ms
--- udp_reply: late
--- response_body
niltimeout
late
--- error_log
lua udp socket read timed out

=== TEST 22: lua_socket_read_timeout, and settimeout that goes before it
--- config
    location = /t {
        lua_socket_read_timeout 30ms;
        content_by_lua_block {
            local function wait(timeout)
                local sock = socket()
                sock:settimeout(timeout)
                ngx.update_time()
                local start = ngx.now()
                local _, err = sock:receive()
                ngx.update_time()
                ngx.say(err, " ", ngx.now() - start < 0.15)
            end
            for _, timeout in ipairs { 0, -1, "x", 0.5, 200, "200" } do
                wait(timeout)
            end
            wait(nil)
        }
    }
--- response_body
timeout true
timeout true
timeout true
timeout true
timeout false
timeout false
timeout true
--- error_log
lua udp socket read timed out

=== TEST 23: settimeout before setpeername
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.udp()
            ngx.say(select("#", sock:settimeout(20)))
            sock:setpeername("127.0.0.1", 9)
            ngx.say(sock:receive())
        }
    }
--- response_body
0
niltimeout
--- error_log
lua udp socket read timed out

=== TEST 24: lua_socket_log_errors off
--- config
    location = /t {
        lua_socket_log_errors off;
        content_by_lua_block {
            local sock = socket()
            sock:settimeout(10)
            ngx.say(sock:receive())
            sock:close()
            ngx.say(sock:send("x"))
            ngx.say(sock:receive())
        }
    }
--- response_body
niltimeout
nilclosed
nilclosed
--- no_error_log
[error]

=== TEST 25: log lines about closed sockets
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.udp()
            sock:send("x")
            sock:receive()
            sock = socket()
            sock:close()
            sock:send("x")
            sock:receive()
        }
    }
--- grep_error_log eval
qr/attempt to \w+ data on a closed socket: u:(0+|[0-9A-F]{16}), c:0{16}, client/
--- grep_error_log_out eval
qr/^attempt to send data on a closed socket: u:0{16}, c:0{16}, client
attempt to receive data on a closed socket: u:0{16}, c:0{16}, client
attempt to send data on a closed socket: u:[0-9A-F]*[1-9A-F][0-9A-F]*, c:0{16}, client
attempt to receive data on a closed socket: u:[0-9A-F]*[1-9A-F][0-9A-F]*, c:0{16}, client
$/
--- error_log
closed socket

=== TEST 26: nobody listens
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.udp()
            sock:setpeername("127.0.0.1", $TEST_NGINX_RAND_PORT_2)
            sock:settimeout(100)
            ngx.say(sock:send("x"))
            ngx.say(sock:receive())
            ngx.say(sock:receive())
        }
    }
--- response_body
1
nilconnection refused
niltimeout
--- error_log
recv() failed (111: Connection refused)
lua udp socket read timed out

=== TEST 27: that nobody listens can be the next send's result
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.udp()
            sock:setpeername("127.0.0.1", $TEST_NGINX_RAND_PORT_2)
            ngx.say(sock:send("x"))
            ngx.sleep(0.01)
            ngx.say(sock:send("x"))
            ngx.say(sock:close())
        }
    }
--- response_body
1
nilconnection refused
1
--- error_log eval
qr/send(to)?\(\) failed \(111: Connection refused\)/

=== TEST 28: datagrams from others are not received
--- config
    location = /t {
        content_by_lua_block {
            local sock, other = socket(), ngx.socket.udp()
            other:setpeername("127.0.0.1", $TEST_NGINX_RAND_PORT_1)
            other:settimeout(20)
            sock:send("x")
            ngx.say(other:receive())
            ngx.say(sock:receive())
        }
    }
--- udp_listen: $TEST_NGINX_RAND_PORT_1
--- udp_reply: for the first
--- response_body
niltimeout
for the first
--- error_log
lua udp socket read timed out

=== TEST 29: in coroutines
--- config
    location = /t {
        content_by_lua_block {
            local sock = socket()
            local outer = coroutine.wrap(function ()
                local inner = coroutine.create(function ()
                    sock:send("x")
                    return sock:receive()
                end)
                local ok, data = coroutine.resume(inner)
                return data .. ", " .. coroutine.status(inner)
            end)
            ngx.say(outer())
        }
    }
--- udp_listen: $TEST_NGINX_RAND_PORT_1
--- udp_reply_delay: 20ms
--- udp_reply: deep down
--- response_body
deep down, dead

=== TEST 30: where code cannot wait, and then where it can
--- config
    location = /t {
        content_by_lua_block {
            local sock = socket()
            sock:send("x")
            try(string.gsub, "x", "x", function () return sock:receive() end)
            ngx.say(sock:receive())
        }
    }
--- udp_listen: $TEST_NGINX_RAND_PORT_1
--- udp_reply_delay: 150ms
--- udp_reply: later
--- response_body
error: attempt to yield across C-call boundary
later
--- differs: in the C module the socket stays busy

=== TEST 31: in access
--- config
    location = /t {
        access_by_lua_block {
            local sock = socket()
            sock:send("x")
            ngx.say(sock:receive())
        }
    }
--- udp_listen: $TEST_NGINX_RAND_PORT_1
--- udp_reply_delay: 20ms
--- udp_reply: hello
--- response_body
hello

=== TEST 32: in rewrite
--- config
    location = /t {
        rewrite_by_lua_block {
            local sock = socket()
            sock:send("x")
            ngx.say(sock:receive())
            ngx.exit(200)
        }
    }
--- udp_listen: $TEST_NGINX_RAND_PORT_1
--- udp_reply_delay: 20ms
--- udp_reply: hello
--- response_body
hello

=== TEST 33: in a timer
--- config
    location = /t {
        content_by_lua_block {
            local answer
            ngx.timer.at(0, function ()
                local sock = socket()
                sock:send("x")
                answer = sock:receive()
            end)
            while not answer do ngx.sleep(0.005) end
            ngx.say(answer)
        }
    }
--- udp_listen: $TEST_NGINX_RAND_PORT_1
--- udp_reply_delay: 20ms
--- udp_reply: hello
--- response_body
hello

=== TEST 34: in a subrequest
--- config
    location = /t {
        content_by_lua_block { ngx.print(ngx.location.capture("/sub").body) }
    }
    location = /sub {
        content_by_lua_block { ask("x") }
    }
--- udp_listen: $TEST_NGINX_RAND_PORT_1
--- udp_reply_delay: 20ms
--- udp_reply: hello
--- response_body
1
hello

=== TEST 35: from an init_worker_by_lua timer
--- http_config eval
$::HttpConfig . q{
    init_worker_by_lua_block {
        ngx.timer.at(0, function ()
            local sock = socket()
            sock:settimeout(10)
            answer = select(2, sock:receive())
        end)
    }
}
--- config
    location = /t {
        content_by_lua_block {
            while not answer do ngx.sleep(0.01) end
            ngx.say(answer)
        }
    }
--- response_body
timeout
--- no_error_log
[alert]
