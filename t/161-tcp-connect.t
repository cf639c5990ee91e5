# connect and bind of TCP sockets.

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

=== TEST 1: connect: 1, and again on the same object
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            ngx.say(show(sock:connect("127.0.0.1", ngx.var.server_port)))
            ngx.say(show(sock:close()))
            ngx.say(show(sock:connect("127.0.0.1", ngx.var.server_port)))
            ngx.say(show(sock:getreusedtimes()))
        }
    }
--- response_body
1
1
1
0



=== TEST 2: connect on a connected socket closes the old connection
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("say('old') pause(1000)")
            ngx.say(show(sock:receive(1)))
            ngx.say(show(sock:connect("127.0.0.1", ngx.var.server_port)))
            sock:send("GET /peer?say('new')\r\n")
            ngx.say(show(sock:receive("*a")))
        }
    }
--- response_body
"o"
1
"new"



=== TEST 3: a connect that fails closes the old connection
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("say('old') pause(1000)")
            ngx.say(show(sock:receive(1)))
            ngx.say(show(sock:connect("127.0.0.1", 1)))
            ngx.say(show(sock:receive(1)))
        }
    }
--- response_body
"o"
nil, "connection refused"
nil, "closed"
--- error_log
connect() failed (111: Connection refused)
attempt to receive data on a closed socket



=== TEST 4: a connect that is refused for its arguments leaves the old connection
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("say('old')")
            ngx.say(show(sock:connect("127.0.0.1")))
            ngx.say(show(sock:connect("127.0.0.1", 70000)))
            try(sock.connect, sock, "127.0.0.1", 1, { pool_size = 0 })
            ngx.say(show(sock:receive(3)))
        }
    }
--- response_body
nil, "missing the port number"
nil, "bad port number: 70000"
error: bad argument #4 to '?' (bad "pool_size" option value: 0)
"old"



=== TEST 5: the number of arguments of connect
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            try(function() return sock:connect() end)
            try(function() return sock:connect("127.0.0.1", 1, {}, 1) end)
        }
    }
--- response_body
error: ngx.socket connect: expecting 2, 3, or 4 arguments (including the object), but seen 1
error: ngx.socket connect: expecting 2, 3, or 4 arguments (including the object), but seen 5



=== TEST 6: the port is a number or a numeric string, without its fraction
--- config
    location = /t {
        content_by_lua_block {
            local port = ngx.var.server_port
            for _, value in ipairs { tonumber(port), port, port + 0.7, port .. " ", (" 0x%x"):format(port) } do
                try(ngx.socket.connect, "127.0.0.1", value)
            end
        }
    }
--- response_body
table
table
table
table
table



=== TEST 7: no port: missing the port number
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            try(function() return sock:connect("127.0.0.1") end)
            try(function() return sock:connect("127.0.0.1", nil) end)
            try(function() return sock:connect("127.0.0.1", "abc") end)
            try(function() return sock:connect("127.0.0.1", "") end)
            try(function() return sock:connect("127.0.0.1", {}) end)
            try(function() return sock:connect("127.0.0.1", true) end)
        }
    }
--- response_body
nil, "missing the port number"
nil, "missing the port number"
nil, "missing the port number"
nil, "missing the port number"
nil, "missing the port number"
nil, "missing the port number"



=== TEST 8: a port out of range
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            for _, port in ipairs { -1, 65536, "-5", "65536", 2^31 - 1 } do
                try(sock.connect, sock, "127.0.0.1", port)
            end
        }
    }
--- response_body
nil, "bad port number: -1"
nil, "bad port number: 65536"
nil, "bad port number: -5"
nil, "bad port number: 65536"
nil, "bad port number: 2147483647"



=== TEST 9: port 0 is tried
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(show(ngx.socket.tcp():connect("127.0.0.1", 0)))
        }
    }
--- response_body
nil, "connection refused"
--- error_log
connect() failed (111: Connection refused)



=== TEST 10: the host must be a string
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            for _, host in ipairs { {}, true, print } do
                try(function()
                    local _, err = pcall(sock.connect, sock, host, 1)
                    return (err:gsub("^.-%(", "("))
                end)
            end
            local ok, err = pcall(sock.connect, sock, nil, 1)
            ngx.say(ok, " ", (err:gsub("^.-%(", "(")))
        }
    }
--- response_body
"(string expected, got table)"
"(string expected, got boolean)"
"(string expected, got function)"
false (string expected, got nil)



=== TEST 11: arguments are counted without the object in a method call
--- config
    location = /t {
        content_by_lua_block {
            try(function() local x = ngx.socket.tcp():connect({}, 1) return x end)
            try(function() local x = ngx.socket.tcp():connect("127.0.0.1", 1, { pool = true }) return x end)
        }
    }
--- response_body
error: bad argument #1 to 'connect' (string expected, got table)
error: bad argument #3 to 'connect' (bad "pool" option type: boolean)



=== TEST 12: hosts that cannot be parsed
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            for _, host in ipairs { "", "::1", "[::1", "127.0.0.1/x", "a:", ":80", "unix:" } do
                try(sock.connect, sock, host, 1)
            end
        }
    }
--- response_body
nil, "failed to parse host name "": no host"
nil, "failed to parse host name "::1": invalid port"
nil, "failed to parse host name "[::1": invalid host"
nil, "failed to parse host name "127.0.0.1/x": invalid host"
nil, "failed to parse host name "a:": invalid port"
nil, "failed to parse host name ":80": no host"
nil, "failed to parse host name "unix:": no path in the unix domain socket"



=== TEST 13: a port in the host's name comes before the port
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            ngx.say(show(sock:connect("127.0.0.1:" .. ngx.var.server_port, 1)))
            ngx.say(show(sock:connect("127.0.0.1:1", ngx.var.server_port)))
        }
    }
--- response_body
1
nil, "connection refused"
--- error_log
connect() failed (111: Connection refused)



=== TEST 14: nobody listens
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(show(ngx.socket.tcp():connect("127.0.0.1", 1)))
        }
    }
--- error_log
connect() failed (111: Connection refused)
--- response_body
nil, "connection refused"



=== TEST 15: an IPv6 address stands in brackets
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(show(ngx.socket.tcp():connect("[::1]", 1)))
        }
    }
--- response_body_like: ^nil, "(connection refused|cannot assign requested address|address family not supported by protocol)"$
--- error_log eval: qr/connect\(\)|socket\(\)/



=== TEST 16: a unix socket
--- http_config eval
$::HttpConfig . q{
    server {
        listen unix:$TEST_NGINX_SERVER_ROOT/peer.sock;
        location / { return 200 "from the unix socket"; }
    }
}
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            ngx.say(show(sock:connect("unix:$TEST_NGINX_SERVER_ROOT/peer.sock")))
            sock:send("GET /\r\n")
            ngx.say(show(sock:receive("*a")))
        }
    }
--- response_body
1
"from the unix socket"



=== TEST 17: a unix socket: the port does not matter, the name of its pool is its path
--- http_config eval
$::HttpConfig . q{
    server {
        listen unix:$TEST_NGINX_SERVER_ROOT/peer.sock;
        location / { return 200 "from the unix socket"; }
    }
}
--- config
    location = /t {
        content_by_lua_block {
            local path = "unix:$TEST_NGINX_SERVER_ROOT/peer.sock"
            local sock = ngx.socket.tcp()
            ngx.say(show(sock:connect(path, 80)))
            ngx.say(show((sock[3]:gsub("/.*/", "/"))))
            ngx.say(show(sock:setkeepalive()))
            ngx.say(show(sock:connect(path)))
            ngx.say(show(sock:getreusedtimes()))
            ngx.say(show(sock:connect(path, { pool = "mine" })))
            ngx.say(sock[3])
            ngx.say(show(sock:connect(path, "x", { pool = "yours" })))
            ngx.say(sock[3])
        }
    }
--- response_body
1
"unix:/peer.sock"
1
1
1
1
mine
1
yours
--- differs: in the C module, a port that does not matter is part of the pool's name



=== TEST 18: a unix socket that does not exist
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(show(ngx.socket.tcp():connect("unix:/nonexistent/socket")))
            ngx.say(show(ngx.socket.tcp():connect("unix:/nonexistent/socket", 80)))
        }
    }
--- error_log
connect() to unix:/nonexistent/socket failed (2: No such file or directory)
--- response_body
nil, "no such file or directory"
nil, "no such file or directory"



=== TEST 19: a unix path that is too long
--- config
    location = /t {
        content_by_lua_block {
            local ok, err = ngx.socket.tcp():connect("unix:/" .. ("a"):rep(200))
            ngx.say(ok, " ", (err:gsub("a+\"", "aaa\"")))
        }
    }
--- response_body
nil failed to parse host name "unix:/aaa": too long path in the unix domain socket



=== TEST 20: the options of connect must be a table, else they do not matter
--- config
    location = /t {
        content_by_lua_block {
            local port = ngx.var.server_port
            for _, options in ipairs { 5, "x", true } do
                ngx.say(show(ngx.socket.tcp():connect("127.0.0.1", port, options)))
            end
            ngx.say(show(ngx.socket.tcp():connect("127.0.0.1", port, nil)))
            ngx.say(show(ngx.socket.tcp():connect("127.0.0.1", port, {})))
            ngx.say(show(ngx.socket.tcp():connect("127.0.0.1", port, { other = true })))
        }
    }
--- response_body
1
1
1
1
1
1



=== TEST 21: option pool: a string or a number
--- config
    location = /t {
        content_by_lua_block {
            local port = ngx.var.server_port
            for _, pool in ipairs { "x", "", 5, 1.5 } do
                local sock = ngx.socket.tcp()
                try(sock.connect, sock, "127.0.0.1", port, { pool = pool })
                ngx.say(show(sock[3]))
            end
            for _, pool in ipairs { true, {}, print } do
                local sock = ngx.socket.tcp()
                try(sock.connect, sock, "127.0.0.1", port, { pool = pool })
            end
        }
    }
--- response_body
1
"x"
1
""
1
"5"
1
"1.5"
error: bad argument #4 to '?' (bad "pool" option type: boolean)
error: bad argument #4 to '?' (bad "pool" option type: table)
error: bad argument #4 to '?' (bad "pool" option type: function)



=== TEST 22: option pool_size: a positive number
--- config
    location = /t {
        content_by_lua_block {
            local port = ngx.var.server_port
            for _, size in ipairs { 1, "5", 1.5, 0, -1, 0.5, "0", "x", true, {} } do
                local sock = ngx.socket.tcp()
                ngx.print(tostring(size):sub(1, 5), ": ")
                try(sock.connect, sock, "127.0.0.1", port, { pool = tostring(size), pool_size = size })
            end
        }
    }
--- response_body
1: 1
5: 1
1.5: 1
0: error: bad argument #4 to '?' (bad "pool_size" option value: 0)
-1: error: bad argument #4 to '?' (bad "pool_size" option value: -1)
0.5: error: bad argument #4 to '?' (bad "pool_size" option value: 0)
0: error: bad argument #4 to '?' (bad "pool_size" option value: 0)
x: error: bad argument #4 to '?' (bad "pool_size" option type: string)
true: error: bad argument #4 to '?' (bad "pool_size" option type: boolean)
table: error: bad argument #4 to '?' (bad "pool_size" option type: table)



=== TEST 23: option backlog: not negative; what is no number does not matter
--- config
    location = /t {
        content_by_lua_block {
            local port = ngx.var.server_port
            for _, backlog in ipairs { 0, 1, "3", 1.5, -1, "-2", -0.5, "x", true, {} } do
                local sock = ngx.socket.tcp()
                ngx.print(tostring(backlog):sub(1, 5), ": ")
                try(sock.connect, sock, "127.0.0.1", port, { pool = tostring(backlog), backlog = backlog })
            end
        }
    }
--- response_body
0: 1
1: 1
3: 1
1.5: 1
-1: error: bad argument #4 to '?' (bad "backlog" option value: -1)
-2: error: bad argument #4 to '?' (bad "backlog" option value: -2)
-0.5: 1
x: 1
true: 1
table: 1



=== TEST 24: options may come from a metatable
--- config
    location = /t {
        content_by_lua_block {
            local options = setmetatable({}, { __index = { pool = "inherited" } })
            local sock = ngx.socket.connect("127.0.0.1", ngx.var.server_port, options)
            ngx.say(sock[3])
        }
    }
--- response_body
inherited



=== TEST 25: bad options of a unix socket without a port are argument 2
--- config
    location = /t {
        content_by_lua_block {
            try(function() local x = ngx.socket.tcp():connect("unix:/x", { pool = true }) return x end)
            try(function() local x = ngx.socket.tcp():connect("unix:/x", { pool_size = 0 }) return x end)
        }
    }
--- response_body
error: bad argument #2 to 'connect' (bad "pool" option type: boolean)
error: bad argument #2 to 'connect' (bad "pool_size" option value: 0)



=== TEST 26: connect timeout
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            sock:settimeout(50)
            ngx.say(show(sock:connect("127.0.0.1", $TEST_NGINX_FULL_PORT)))
            ngx.say(show(sock:send("x")))
            ngx.say(show(sock:connect("127.0.0.1", ngx.var.server_port)))
        }
    }
--- error_log eval
["lua tcp socket connect timed out, when connecting to 127.0.0.1:$ENV{TEST_NGINX_FULL_PORT}", "attempt to send data on a closed socket"]
--- response_body
nil, "timeout"
nil, "closed"
1



=== TEST 27: settimeouts: connect takes the first
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            sock:settimeouts(50, 30000, 30000)
            ngx.say(show(sock:connect("127.0.0.1", $TEST_NGINX_FULL_PORT)))
        }
    }
--- error_log
lua tcp socket connect timed out, when connecting to 127.0.0.1:
--- response_body
nil, "timeout"



=== TEST 28: lua_socket_connect_timeout
--- config
    location = /t {
        lua_socket_connect_timeout 50ms;
        content_by_lua_block {
            ngx.say(show(ngx.socket.tcp():connect("127.0.0.1", $TEST_NGINX_FULL_PORT)))
        }
    }
--- error_log
lua tcp socket connect timed out, when connecting to 127.0.0.1:
--- response_body
nil, "timeout"



=== TEST 29: settimeout comes before lua_socket_connect_timeout
--- config
    location = /t {
        lua_socket_connect_timeout 30s;
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            sock:settimeout(50)
            ngx.say(show(sock:connect("127.0.0.1", $TEST_NGINX_FULL_PORT)))
        }
    }
--- error_log
lua tcp socket connect timed out, when connecting to 127.0.0.1:
--- response_body
nil, "timeout"



=== TEST 30: a timeout that is written into the table
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            sock[2] = 50
            ngx.say(show(sock:connect("127.0.0.1", $TEST_NGINX_FULL_PORT)))
        }
    }
--- error_log
lua tcp socket connect timed out, when connecting to 127.0.0.1:
--- response_body
nil, "timeout"



=== TEST 31: bind: true, and the peer sees the address
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            ngx.say(show(sock:bind("127.0.0.5")))
            ngx.say(show(sock:connect("127.0.0.1", ngx.var.server_port)))
            sock:send("GET /peer?say(ngx.var.remote_addr)\r\n")
            ngx.say(show(sock:receive("*a")))
        }
    }
--- response_body
true
1
"127.0.0.5"



=== TEST 32: bind: what is no address
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            for _, address in ipairs { "x", "", 5, "127.0.0.1:80", "unix:/x", "localhost", "127.0.0.300", "127.0.0" } do
                ngx.print(address, ": ")
                try(sock.bind, sock, address)
            end
        }
    }
--- response_body
x: nil, "bad address"
: nil, "bad address"
5: nil, "bad address"
127.0.0.1:80: nil, "bad address"
unix:/x: nil, "bad address"
localhost: nil, "bad address"
127.0.0.300: nil, "bad address"
127.0.0: nil, "bad address"



=== TEST 33: bind: the address must be a string
--- config
    location = /t {
        content_by_lua_block {
            try(function() local x = ngx.socket.tcp():bind({}) return x end)
            try(function() local x = ngx.socket.tcp():bind(nil) return x end)
        }
    }
--- response_body
error: bad argument #1 to 'bind' (string expected, got table)
error: bad argument #1 to 'bind' (string expected, got nil)



=== TEST 34: bind: without an address
--- config
    location = /t {
        content_by_lua_block {
            try(function() return ngx.socket.tcp():bind() end)
        }
    }
--- response_body_like: ^error: expecting 2( or 3)? arguments, but got 1$



=== TEST 35: bind: an address of another host
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            ngx.say(show(sock:bind("192.0.2.1")))
            ngx.say(show(sock:connect("127.0.0.1", ngx.var.server_port)))
            ngx.say(show(sock:send("x")))
            ngx.say(show(sock:bind("127.0.0.1")))
            ngx.say(show(sock:connect("127.0.0.1", ngx.var.server_port)))
        }
    }
--- error_log eval
qr/bind\(192\.0\.2\.1(:0)?\) failed \(99: Cannot assign requested address\)/
--- response_body
true
nil, "cannot assign requested address"
nil, "closed"
true
1



=== TEST 36: bind does nothing to a connection that exists
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("say(ngx.var.remote_addr)")
            ngx.say(show(sock:bind("127.0.0.7")))
            ngx.say(show(sock:receive("*a")))
        }
    }
--- response_body
true
"127.0.0.1"



=== TEST 37: bind with a port
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            ngx.say(show(sock:bind("127.0.0.5", 0)))
            ngx.say(show(sock:connect("127.0.0.1", ngx.var.server_port)))
            sock:send("GET /peer?say(ngx.var.remote_addr)\r\n")
            ngx.say(show(sock:receive("*a")))
            ngx.say(show(sock:bind("127.0.0.5", $TEST_NGINX_RAND_PORT_1)))
            ngx.say(show(sock:connect("127.0.0.1", ngx.var.server_port)))
            sock:send("GET /peer?say(ngx.var.remote_port)\r\n")
            ngx.say(sock:receive("*a") == "$TEST_NGINX_RAND_PORT_1")
        }
    }
--- response_body
true
1
"127.0.0.5"
true
1
true
--- differs: newer than the C module here, which takes no port



=== TEST 38: bind: bad ports
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            for _, port in ipairs { -1, 65536, "x", {} } do
                try(sock.bind, sock, "127.0.0.1", port)
            end
            try(sock.bind, sock, "127.0.0.1", 1, 1)
        }
    }
--- response_body
nil, "bad port number: -1"
nil, "bad port number: 65536"
nil, "expecting port to be anumber but got type: string"
nil, "expecting port to be anumber but got type: table"
error: expecting 2 or 3 arguments, but got 4
--- differs: newer than the C module here, which takes no port



=== TEST 39: bind: an IPv6 address
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(show(ngx.socket.tcp():bind("::1")))
        }
    }
--- response_body
true
