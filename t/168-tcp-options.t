# setoption, getoption and other settings of TCP sockets.

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

=== TEST 1: getoption: each option
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.connect("127.0.0.1", ngx.var.server_port)
            ngx.say(show(sock:getoption("keepalive")))
            ngx.say(show(sock:getoption("reuseaddr")))
            ngx.say(show(sock:getoption("tcp-nodelay")))
            ngx.say(type(sock:getoption("sndbuf")), " ", type(sock:getoption("rcvbuf")))
        }
    }
--- response_body
0
0
0
number number



=== TEST 2: setoption: each option
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.connect("127.0.0.1", ngx.var.server_port)
            for _, option in ipairs { "keepalive", "reuseaddr", "tcp-nodelay" } do
                ngx.say(option, ": ", show(sock:setoption(option, true)), " ", show(sock:getoption(option)))
                ngx.say(option, ": ", show(sock:setoption(option, false)), " ", show(sock:getoption(option)))
            end
        }
    }
--- response_body
keepalive: true 1
keepalive: true 0
reuseaddr: true 1
reuseaddr: true 0
tcp-nodelay: true 1
tcp-nodelay: true 0



=== TEST 3: setoption: sizes of the system's buffers
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.connect("127.0.0.1", ngx.var.server_port)
            ngx.say(show(sock:setoption("sndbuf", 10000)), " ", show(sock:getoption("sndbuf")))
            ngx.say(show(sock:setoption("rcvbuf", 12000)), " ", show(sock:getoption("rcvbuf")))
        }
    }
--- response_body
true 20000
true 24000



=== TEST 4: setoption: numbers for booleans, fractions cut off
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.connect("127.0.0.1", ngx.var.server_port)
            for _, value in ipairs { 1, 0, 2, 1.5 } do
                ngx.print(show(sock:setoption("keepalive", value)), " ", show(sock:getoption("keepalive")), "; ")
            end
            ngx.say(show(sock:setoption("sndbuf", 10000.9)), " ", show(sock:getoption("sndbuf")))
        }
    }
--- response_body
true 1; true 0; true 1; true 1; true 20000



=== TEST 5: setoption: values of other types
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.connect("127.0.0.1", ngx.var.server_port)
            for _, value in ipairs { "1", "x", {} } do
                local ok, err = pcall(sock.setoption, sock, "keepalive", value)
                ngx.say(ok, " ", (err:gsub("^.*%(", "(")))
            end
        }
    }
--- response_body
false (cannot convert 'string' to 'int')
false (cannot convert 'string' to 'int')
false (cannot convert 'table' to 'int')



=== TEST 6: keepintvl and keepcnt
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.connect("127.0.0.1", ngx.var.server_port)
            for _, option in ipairs { "keepintvl", "keepcnt" } do
                ngx.say(show(sock:setoption(option, 7)), " ", show(sock:getoption(option)))
            end
        }
    }
--- response_body
true 7
true 7
--- differs: newer than the C module here



=== TEST 7: options that do not exist
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.connect("127.0.0.1", ngx.var.server_port)
            for _, option in ipairs { "foo", "", 5, true, "KEEPALIVE" } do
                ngx.say(show(sock:getoption(option)))
                ngx.say(show(sock:setoption(option, 1)))
            end
        }
    }
--- response_body
nil, "unsupported option foo"
nil, "unsupported option foo"
nil, "unsupported option "
nil, "unsupported option "
nil, "unsupported option 5"
nil, "unsupported option 5"
nil, "unsupported option true"
nil, "unsupported option true"
nil, "unsupported option KEEPALIVE"
nil, "unsupported option KEEPALIVE"



=== TEST 8: the arguments must be there
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.connect("127.0.0.1", ngx.var.server_port)
            ngx.say(show(sock:getoption()))
            ngx.say(show(sock:setoption()))
            ngx.say(show(sock:setoption("keepalive")))
            ngx.say(show(sock:setoption("foo")))
            ngx.say(show(sock:setoption(nil, 1)))
        }
    }
--- response_body
nil, "missing the "option" argument"
nil, "missing the "option" argument"
nil, "missing the "value" argument"
nil, "missing the "value" argument"
nil, "missing the "option" argument"



=== TEST 9: a closed socket; an option that does not exist is noticed first
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.connect("127.0.0.1", ngx.var.server_port)
            sock:close()
            ngx.say(show(sock:getoption("keepalive")))
            ngx.say(show(sock:setoption("keepalive", true)))
            ngx.say(show(sock:getoption("foo")))
        }
    }
--- response_body
nil, "closed"
nil, "closed"
nil, "unsupported option foo"



=== TEST 10: a socket that never connected: an error, whatever the arguments
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            try(sock.getoption, sock)
            try(sock.setoption, sock)
            try(sock.getoption, sock, "foo")
        }
    }
--- response_body
error: socket is never created nor connected
error: socket is never created nor connected
error: socket is never created nor connected



=== TEST 11: options work on unix sockets as far as they make sense
--- http_config eval
$::HttpConfig . q{
    server {
        listen unix:$TEST_NGINX_SERVER_ROOT/peer.sock;
        location / { return 200 "x"; }
    }
}
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            sock:connect("unix:$TEST_NGINX_SERVER_ROOT/peer.sock")
            ngx.say(show(sock:setoption("keepalive", true)), " ", show(sock:getoption("keepalive")))
            ngx.say(show(sock:setoption("sndbuf", 10000)), " ", show(sock:getoption("sndbuf")))
        }
    }
--- response_body
true 1
true 20000



=== TEST 12: options stay with a pooled connection
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.connect("127.0.0.1", ngx.var.server_port)
            sock:setoption("keepalive", true)
            sock:setkeepalive()
            sock:connect("127.0.0.1", ngx.var.server_port)
            ngx.say(show(sock:getreusedtimes()), " ", show(sock:getoption("keepalive")))
            sock:close()
        }
    }
--- response_body
1 1



=== TEST 13: getfd: the descriptor
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.connect("127.0.0.1", ngx.var.server_port)
            ngx.say(type(sock:getfd()), " ", sock:getfd() > 2)
            sock:close()
            ngx.say(show(sock:getfd()))
        }
    }
--- response_body
number true
nil, "closed"
--- differs: newer than the C module here
