# receive and receiveany of TCP sockets.

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

=== TEST 1: receive: a line, without its end
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("say('one\\ntwo\\r\\n\\n\\r\\nthree')")
            for i = 1, 6 do
                ngx.say(show(sock:receive()))
            end
        }
    }
--- response_body
"one"
"two"
""
""
nil, "closed", "three"
nil, "closed"
--- error_log
attempt to receive data on a closed socket



=== TEST 2: receive("*l") is receive()
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("say('one\\ntwo\\r\\nthree')")
            ngx.say(show(sock:receive("*l")))
            ngx.say(show(sock:receive("*l")))
            ngx.say(show(sock:receive("*l")))
        }
    }
--- response_body
"one"
"two"
nil, "closed", "three"



=== TEST 3: receive: every CR of a line is dropped
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("say('a\\rb\\r\\r\\n\\rc\\n\\r\\r\\n')")
            ngx.say(show(sock:receive()))
            ngx.say(show(sock:receive()))
            ngx.say(show(sock:receive()))
        }
    }
--- response_body
"ab"
"c"
""



=== TEST 4: receive: a line with NUL bytes
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("say('a\\0b\\n')")
            ngx.say(#sock:receive())
        }
    }
--- response_body
3



=== TEST 5: receive: a line that comes in parts
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("say('o') pause(5) say('ne\\r') pause(5) say('\\nt') pause(5) say('wo\\n')")
            ngx.say(show(sock:receive()))
            ngx.say(show(sock:receive()))
        }
    }
--- response_body
"one"
"two"



=== TEST 6: receive: a number of bytes
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("say('hello\\r\\nworld')")
            ngx.say(show(sock:receive(2)))
            ngx.say(show(sock:receive(4)))
            ngx.say(show(sock:receive(6)))
        }
    }
--- response_body
"he"
"llo\r"
"\nworld"



=== TEST 7: receive: the number may be a text, and have a fraction
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("say('hello, world, this is text')")
            ngx.say(show(sock:receive("2")))
            ngx.say(show(sock:receive("0x3")))
            ngx.say(show(sock:receive(" 4 ")))
            ngx.say(show(sock:receive(2.9)))
            ngx.say(show(sock:receive("1e0")))
        }
    }
--- response_body
"he"
"llo"
", wo"
"rl"
"d"



=== TEST 8: receive(0): an empty string at once
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("pause(1000)")
            ngx.say(show(sock:receive(0)))
            ngx.say(show(sock:receive("0")))
        }
    }
--- response_body
""
""



=== TEST 9: receive(0) does not notice that the peer has closed
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("")
            ngx.sleep(0.02)
            ngx.say(show(sock:receive(0)))
            ngx.say(show(sock:receive(1)))
        }
    }
--- response_body
""
nil, "closed", ""



=== TEST 10: receive: bytes that come in parts
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("say('ab') pause(5) say('cd') pause(5) say('ef')")
            ngx.say(show(sock:receive(5)))
            ngx.say(show(sock:receive(1)))
        }
    }
--- response_body
"abcde"
"f"



=== TEST 11: receive("*a"): all until the peer closes
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("say('one\\n') pause(5) say('two') pause(5) say('\\r\\n')")
            ngx.say(show(sock:receive("*a")))
        }
    }
--- response_body
"one\ntwo\r\n"



=== TEST 12: receive("*a"): nothing
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(show(peer(""):receive("*a")))
        }
    }
--- response_body
""



=== TEST 13: receive after "*a": an empty string for "*a", closed for others
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("say('all')")
            ngx.say(show(sock:receive("*a")))
            ngx.say(show(sock:receive("*a")))
            ngx.say(show(sock:receive("*a")))
            ngx.say(show(sock:receive(1)))
            ngx.say(show(sock:receive(1)))
            ngx.say(show(sock:receive("*a")))
        }
    }
--- error_log
attempt to receive data on a closed socket
--- response_body
"all"
""
""
nil, "closed", ""
nil, "closed"
nil, "closed"



=== TEST 14: receive after "*a": each other way to receive
--- config
    location = /t {
        content_by_lua_block {
            for _, call in ipairs {
                function(sock) return sock:receive() end,
                function(sock) return sock:receiveany(5) end,
                function(sock) return sock:receiveuntil("x")() end,
                function(sock) return sock:receiveuntil("x")(2) end,
                function(sock) return sock:receive(0) end,
            } do
                local sock = peer("say('all')")
                sock:receive("*a")
                ngx.say(show(call(sock)))
                ngx.say(show(call(sock)))
            end
        }
    }
--- response_body
nil, "closed", ""
nil, "closed"
nil, "closed", ""
nil, "closed"
nil, "closed", ""
nil, "closed"
nil, "closed", ""
nil, "closed"
""
""
--- error_log
attempt to receive data on a closed socket



=== TEST 15: receive: what is left before "*a"
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("say('line\\nab') pause(5) say('cdef')")
            ngx.say(show(sock:receive()))
            ngx.say(show(sock:receive(1)))
            ngx.say(show(sock:receive("*a")))
        }
    }
--- response_body
"line"
"a"
"bcdef"



=== TEST 16: receive: the peer closes before the end of a line
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("say('abc')")
            ngx.say(show(sock:receive()))
            ngx.say(show(sock:receive()))
            ngx.say(show(sock:receive()))
        }
    }
--- error_log
attempt to receive data on a closed socket
--- response_body
nil, "closed", "abc"
nil, "closed"
nil, "closed"



=== TEST 17: receive: the peer closes before the number is there
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("say('abc')")
            ngx.say(show(sock:receive(5)))
            ngx.say(show(sock:receive(1)))
        }
    }
--- error_log
attempt to receive data on a closed socket
--- response_body
nil, "closed", "abc"
nil, "closed"



=== TEST 18: receive: the peer closes and nothing came
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("")
            ngx.say(show(sock:receive()))
            ngx.say(show(sock:receive()))
        }
    }
--- error_log
attempt to receive data on a closed socket
--- response_body
nil, "closed", ""
nil, "closed"



=== TEST 19: receive: a part of a line does not have the CRs either
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("say('a\\rb\\r')")
            ngx.say(show(sock:receive()))
        }
    }
--- response_body
nil, "closed", "ab"



=== TEST 20: receive: the peer closes; sending still works
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("say('abc')")
            ngx.say(show(sock:receive("*a")))
            ngx.say(show(sock:send("x")))
            ngx.say(show(sock:close()))
        }
    }
--- response_body
"abc"
1
1



=== TEST 21: receive: timeout with what has come
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("say('abc') pause(1000)")
            sock:settimeout(50)
            ngx.say(show(sock:receive()))
            ngx.say(show(sock:receive()))
        }
    }
--- error_log
lua tcp socket read timed out
--- response_body
nil, "timeout", "abc"
nil, "timeout", ""



=== TEST 22: receive: a timeout is not fatal
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("say('abc') pause(100) say('def\\n')")
            sock:settimeout(50)
            ngx.say(show(sock:receive(5)))
            sock:settimeout(2000)
            ngx.say(show(sock:receive()))
            ngx.say(show(sock:send("x")))
        }
    }
--- error_log
lua tcp socket read timed out
--- response_body
nil, "timeout", "abc"
"def"
1



=== TEST 23: receive: timeouts of each kind
--- config
    location = /t {
        content_by_lua_block {
            for _, call in ipairs {
                function(sock) return sock:receive() end,
                function(sock) return sock:receive(5) end,
                function(sock) return sock:receive("*a") end,
                function(sock) return sock:receiveuntil("zz")() end,
                function(sock) return sock:receiveuntil("zz")(5) end,
            } do
                local sock = peer("say('ab') pause(1000)")
                sock:settimeout(30)
                ngx.say(show(call(sock)))
            end
        }
    }
--- error_log
lua tcp socket read timed out
--- response_body
nil, "timeout", "ab"
nil, "timeout", "ab"
nil, "timeout", "ab"
nil, "timeout", "ab"
nil, "timeout", "ab"



=== TEST 24: receiveany: a timeout gives no data, since all data was given
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("say('abc') pause(1000)")
            sock:settimeout(50)
            ngx.say(show(sock:receiveany(10)))
            ngx.say(show(sock:receiveany(10)))
        }
    }
--- error_log
lua tcp socket read timed out
--- response_body
"abc"
nil, "timeout", ""



=== TEST 25: receive: the peer resets
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("say('abc') pause(30) reset()")
            ngx.say(show(sock:receive()))
            ngx.say(show(sock:receive()))
        }
    }
--- error_log
recv() failed (104: Connection reset by peer)
attempt to receive data on a closed socket
--- response_body
nil, "connection reset by peer", "abc"
nil, "closed"



=== TEST 26: receive: resets in each way to receive
--- config
    location = /t {
        content_by_lua_block {
            for _, call in ipairs {
                function(sock) return sock:receive() end,
                function(sock) return sock:receive(5) end,
                function(sock) return sock:receive("*a") end,
                function(sock) return sock:receiveany(5) end,
                function(sock) return sock:receiveuntil("zz")() end,
                function(sock) return sock:receiveuntil("zz")(5) end,
            } do
                local sock = peer("say('ab') pause(20) reset()")
                ngx.say(show(call(sock)))
                ngx.say(show(call(sock)))
            end
        }
    }
--- error_log
recv() failed (104: Connection reset by peer)
--- response_body
nil, "connection reset by peer", "ab"
nil, "closed"
nil, "connection reset by peer", "ab"
nil, "closed"
nil, "connection reset by peer", "ab"
nil, "closed"
"ab"
nil, "connection reset by peer", ""
nil, "connection reset by peer", "ab"
nil, "closed"
nil, "connection reset by peer", "ab"
nil, "closed"



=== TEST 27: after a reset the socket cannot send
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("pause(20) reset()")
            ngx.say(show(sock:receive()))
            ngx.say(show(sock:send("x")))
            ngx.say(show(sock:send("x")))
            ngx.say(show(sock:close()))
        }
    }
--- error_log
recv() failed (104: Connection reset by peer)
send() failed (32: Broken pipe)
attempt to send data on a closed socket
--- response_body
nil, "connection reset by peer", ""
nil, "broken pipe"
nil, "closed"
nil, "closed"



=== TEST 28: receive: patterns that are none
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("pause(100)")
            for _, pattern in ipairs { "", "l", "*", "*ll", "*x", "*L", "*all", "a*", "1x", "*l\0" } do
                ngx.print(pattern:gsub("%z", "\\0"), ": ")
                try(function() local x = sock:receive(pattern) return x end)
            end
        }
    }
--- response_body
: error: bad argument #1 to 'receive' (bad pattern argument: )
l: error: bad argument #1 to 'receive' (bad pattern argument: l)
*: error: bad argument #1 to 'receive' (bad pattern argument: *)
*ll: error: bad argument #1 to 'receive' (bad pattern argument: *ll)
*x: error: bad argument #1 to 'receive' (bad pattern argument)
*L: error: bad argument #1 to 'receive' (bad pattern argument)
*all: error: bad argument #1 to 'receive' (bad pattern argument: *all)
a*: error: bad argument #1 to 'receive' (bad pattern argument: a*)
1x: error: bad argument #1 to 'receive' (bad pattern argument: 1x)
*l\0: error: bad argument #1 to 'receive' (bad pattern argument: *l)



=== TEST 29: receive: numbers that are none
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("pause(100)")
            for _, size in ipairs { -1, -0.9, 0/0, "-1", true, false, {}, print } do
                try(function() local x = sock:receive(size) return x end)
            end
            try(function() local x = sock:receive(nil) return x end)
        }
    }
--- response_body_like eval
qr/^(error: bad argument #1 to 'receive' \(bad (pattern|number) argument(: -1)?\)\n|"".*\n|error: bad argument #1 to 'receive' \(bad .*\n){9}$/



=== TEST 30: receive: the number of arguments
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("pause(100)")
            try(function() return sock:receive(1, 2) end)
            try(function() return sock:receiveany() end)
            try(function() return sock:receiveany(1, 2) end)
        }
    }
--- response_body
error: expecting 1 or 2 arguments (including the object), but got 3
error: expecting 2 arguments (including the object), but got 1
error: expecting 2 arguments (including the object), but got 3



=== TEST 31: receiveany: what is there, up to the maximum
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("say('abcdef') pause(30) say('gh')")
            ngx.say(show(sock:receiveany(4)))
            ngx.say(show(sock:receiveany(100)))
            ngx.say(show(sock:receiveany(100)))
            ngx.say(show(sock:receiveany(100)))
            ngx.say(show(sock:receiveany(100)))
        }
    }
--- error_log
attempt to receive data on a closed socket
--- response_body
"abcd"
"ef"
"gh"
nil, "closed", ""
nil, "closed"



=== TEST 32: receiveany: what is left of another receive
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("say('line\\nrest')")
            ngx.say(show(sock:receive()))
            ngx.say(show(sock:receiveany(100)))
            ngx.say(show(sock:receiveany(100)))
        }
    }
--- response_body
"line"
"rest"
nil, "closed", ""



=== TEST 33: receiveany: the maximum may be a text
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("say('abcdef')")
            ngx.say(show(sock:receiveany("2")))
            ngx.say(show(sock:receiveany(1.9)))
            ngx.say(show(sock:receiveany("0x2")))
        }
    }
--- response_body
"ab"
"c"
"de"



=== TEST 34: receiveany: maxima that are none
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("pause(100)")
            for _, max in ipairs { 0, -1, 0.5, "x", "", "*a", true, {} } do
                try(function() local x = sock:receiveany(max) return x end)
            end
            try(function() local x = sock:receiveany(nil) return x end)
        }
    }
--- response_body
error: bad argument #1 to 'receiveany' (bad max argument)
error: bad argument #1 to 'receiveany' (bad max argument)
error: bad argument #1 to 'receiveany' (bad max argument)
error: bad argument #1 to 'receiveany' (bad max argument)
error: bad argument #1 to 'receiveany' (bad max argument)
error: bad argument #1 to 'receiveany' (bad max argument)
error: bad argument #1 to 'receiveany' (bad max argument)
error: bad argument #1 to 'receiveany' (bad max argument)
error: bad argument #1 to 'receiveany' (bad max argument)



=== TEST 35: receiveany gives no more than a buffer
--- config
    location = /t {
        lua_socket_buffer_size 1k;
        content_by_lua_block {
            local sock = peer("say(('x'):rep(5000)) pause(100)")
            ngx.sleep(0.02)
            ngx.say(#sock:receiveany(10000))
            ngx.say(#sock:receiveany(100))
        }
    }
--- response_body
1024
100



=== TEST 36: lua_socket_buffer_size 1: every way to receive
--- config
    location = /t {
        lua_socket_buffer_size 1;
        content_by_lua_block {
            local sock = peer("say('one--two\\r\\nthree--rest')")
            ngx.say(show(sock:receiveuntil("--")()))
            ngx.say(show(sock:receive()))
            ngx.say(show(sock:receive(3)))
            ngx.say(show(sock:receiveany(10)))
            ngx.say(show(sock:receiveuntil("--", { inclusive = true })(10)))
            ngx.say(show(sock:receive("*a")))
        }
    }
--- response_body
"one"
"two"
"thr"
"e"
"e--"
"rest"



=== TEST 37: receive more than a buffer holds
--- config
    location = /t {
        lua_socket_buffer_size 1k;
        content_by_lua_block {
            local sock = peer("for i = 1, 1000 do say(('%09d,'):format(i)) end say('line\\nrest')")
            local got = sock:receive(10000)
            ngx.say(#got, " ", got:sub(1, 10), " ", got:sub(-10))
            ngx.say(show(sock:receive()))
            ngx.say(show(sock:receive("*a")))
        }
    }
--- response_body
10000 000000001, 000001000,
"line"
"rest"



=== TEST 38: a line longer than a buffer
--- config
    location = /t {
        lua_socket_buffer_size 1k;
        content_by_lua_block {
            local sock = peer("say(('x'):rep(100000)) say('\\r\\n') say('next\\n')")
            local line = sock:receive()
            ngx.say(#line)
            ngx.say(show(sock:receive()))
        }
    }
--- response_body
100000
"next"



=== TEST 39: receive 8 MB in each way
--- config
    location = /t {
        content_by_lua_block {
            local calls = {
                function(sock) return sock:receive("*a") end,
                function(sock) return sock:receive(8388608) end,
                function(sock) return sock:receive() end,
                function(sock) return sock:receiveuntil("--end")() end,
            }
            for _, call in ipairs(calls) do
                local sock = peer("say(('0123456789abcdef'):rep(524288)) say('\\n') say('--end')")
                local got = call(sock)
                ngx.say(#got, " ", ngx.md5(got:sub(1, 8388608)))
                sock:close()
            end
        }
    }
--- response_body
8388614 ce06e59c3306aa4fb71f6af4b70f73d7
8388608 ce06e59c3306aa4fb71f6af4b70f73d7
8388608 ce06e59c3306aa4fb71f6af4b70f73d7
8388609 ce06e59c3306aa4fb71f6af4b70f73d7



=== TEST 40: receive in small pieces from large data
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("say(('0123456789'):rep(10000))")
            local parts = {}
            for i = 1, 1000 do parts[i] = sock:receive(100) end
            local got = table.concat(parts)
            ngx.say(#got, " ", got == ("0123456789"):rep(10000))
            ngx.say(show(sock:receive(1)))
        }
    }
--- response_body
100000 true
nil, "closed", ""



=== TEST 41: ways to receive can be mixed
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("say('a line\\nfive!until--') pause(5) say('more until==any') pause(20) say('the rest\\n')")
            ngx.say(show(sock:receive()))
            ngx.say(show(sock:receive(5)))
            ngx.say(show(sock:receiveuntil("--")()))
            ngx.say(show(sock:receiveuntil("==")(5)))
            local iterator = sock:receiveuntil("==")
            ngx.say(show(iterator()))
            ngx.say(show(sock:receiveany(100)))
            ngx.say(show(sock:receive("*a")))
        }
    }
--- response_body
"a line"
"five!"
"until"
"more "
"until"
"any"
"the rest\n"



=== TEST 42: receive: 10,000 lines
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("local t = {} for i = 1, 10000 do t[i] = i .. '\\r\\n' end say(table.concat(t))")
            local sum = 0
            for i = 1, 10000 do
                sum = sum + sock:receive()
            end
            ngx.say(sum)
            ngx.say(show(sock:receive()))
        }
    }
--- response_body
50005000
nil, "closed", ""



=== TEST 43: a huge number of bytes takes no memory before they come
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("say('abc')")
            ngx.say(show(sock:receive(2^40)))
        }
    }
--- response_body
nil, "closed", "abc"



=== TEST 44: receive after close
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("say('abc') pause(100)")
            ngx.say(show(sock:receive(1)))
            sock:close()
            ngx.say(show(sock:receive(1)))
            ngx.say(show(sock:receive(0)))
            ngx.say(show(sock:receive("*a")))
            ngx.say(show(sock:receiveany(1)))
            ngx.say(show(sock:receiveuntil("x")()))
        }
    }
--- error_log
attempt to receive data on a closed socket
--- response_body
"a"
nil, "closed"
nil, "closed"
nil, "closed"
nil, "closed"
nil, "closed"



=== TEST 45: lua_socket_read_timeout
--- config
    location = /t {
        lua_socket_read_timeout 50ms;
        content_by_lua_block {
            ngx.say(show(peer("pause(1000)"):receive()))
        }
    }
--- error_log
lua tcp socket read timed out
--- response_body
nil, "timeout", ""



=== TEST 46: settimeouts: receive takes the third
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("pause(1000)")
            sock:settimeouts(30000, 30000, 50)
            ngx.say(show(sock:receive()))
        }
    }
--- error_log
lua tcp socket read timed out
--- response_body
nil, "timeout", ""



=== TEST 47: the timeout is for each wait for data, not for a whole receive
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("for i = 1, 6 do say('x') pause(50) end")
            sock:settimeout(200)
            ngx.say(show(sock:receive(6)))
        }
    }
--- response_body
"xxxxxx"
