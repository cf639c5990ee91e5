# ngx.req.socket(): the body of the request as a stream.

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
    }
_EOC_

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

=== TEST 1: the body of the request, in pieces
--- config
    location = /t {
        content_by_lua_block {
            local sock, err = ngx.req.socket()
            ngx.say(type(sock), " ", err)
            ngx.say(show(sock:receive(2)))
            ngx.say(show(sock:receive()))
            ngx.say(show(sock:receiveuntil("--")()))
            ngx.say(show(sock:receiveany(2)))
            ngx.say(show(sock:receive("*a")))
        }
    }
--- request eval
"POST /t\nab line\r\nuntil--any and the rest"
--- response_body
table nil
"ab"
" line"
"until"
"an"
"y and the rest"



=== TEST 2: what the object can do
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.req.socket()
            for _, name in ipairs { "receive", "receiveany", "receiveuntil", "settimeout", "settimeouts" } do
                ngx.print(type(sock[name]), " ")
            end
            ngx.say()
            for _, name in ipairs { "send", "close", "connect", "setkeepalive", "getreusedtimes", "bind", "sslhandshake" } do
                ngx.print(type(sock[name]), " ")
            end
            ngx.say()
            sock:receive("*a")
        }
    }
--- request
POST /t
body
--- response_body
function function function function function 
nil nil nil nil nil nil nil 



=== TEST 3: the arguments of ngx.req.socket
--- config
    location = /t {
        content_by_lua_block {
            try(function() return ngx.req.socket(false, 1) end)
            try(function() return (ngx.req.socket(false)) end)
        }
    }
--- request
POST /t
body
--- response_body_like
^error: expecting (zero arguments|0 or 1 argument), but got 2
table$



=== TEST 4: the end of the body: closed
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.req.socket()
            ngx.say(show(sock:receive(4)))
            ngx.say(show(sock:receive(1)))
            ngx.say(show(sock:receive(1)))
            ngx.say(show(sock:receive("*a")))
        }
    }
--- request
POST /t
body
--- response_body
"body"
nil, "closed", ""
nil, "closed"
nil, "closed"
--- error_log
attempt to receive data on a closed socket



=== TEST 5: more than the body: closed with what there was
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.req.socket()
            ngx.say(show(sock:receive(100)))
            ngx.say(show(sock:receive(1)))
        }
    }
--- request
POST /t
body
--- response_body
nil, "closed", "body"
nil, "closed"
--- error_log
attempt to receive data on a closed socket



=== TEST 6: "*a" again: an empty string
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.req.socket()
            ngx.say(show(sock:receive("*a")))
            ngx.say(show(sock:receive("*a")))
            ngx.say(show(sock:receive()))
        }
    }
--- request
POST /t
body
--- response_body
"body"
""
nil, "closed", ""



=== TEST 7: lines of the body, the last without an end
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.req.socket()
            for i = 1, 4 do ngx.say(show(sock:receive())) end
        }
    }
--- request eval
"POST /t\none\r\ntwo\nthree"
--- response_body
"one"
"two"
nil, "closed", "three"
nil, "closed"
--- error_log
attempt to receive data on a closed socket



=== TEST 8: parts up to a pattern
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.req.socket()
            local iterator = sock:receiveuntil("--", { inclusive = true })
            for i = 1, 3 do ngx.say(show(iterator())) end
        }
    }
--- request eval
"POST /t\none--two--three"
--- response_body
"one--"
"two--"
nil, "closed", "three"



=== TEST 9: a body that comes later, in parts
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.req.socket()
            ngx.say(show(sock:receive(8)))
            ngx.say(show(sock:receive("*a")))
        }
    }
--- raw_request eval
["POST /t HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 13\r\n\r\n", "one ", "two ", "three"]
--- raw_request_middle_delay: 0.03
--- response_body
"one two "
"three"



=== TEST 10: a body of 4 MB
--- config
    location = /t {
        client_max_body_size 8m;
        content_by_lua_block {
            local sock = ngx.req.socket()
            local parts = {}
            while true do
                local data, err = sock:receive(65536)
                if not data then
                    break
                end
                parts[#parts + 1] = data
            end
            local body = table.concat(parts)
            ngx.say(#body, " ", body == ("0123456789abcdef"):rep(2^18))
        }
    }
--- request eval
"POST /t\n" . ("0123456789abcdef" x 2**18)
--- response_body
4194304 true



=== TEST 11: timeout, and on
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.req.socket()
            sock:settimeout(50)
            ngx.say(show(sock:receive(4)))
            sock:settimeout(2000)
            ngx.say(show(sock:receive(2)))
        }
    }
--- raw_request eval
["POST /t HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbo", "dy"]
--- raw_request_middle_delay: 0.15
--- response_body
nil, "timeout", "bo"
"dy"
--- error_log
lua tcp socket read timed out



=== TEST 12: lua_socket_read_timeout
--- config
    location = /t {
        lua_socket_read_timeout 50ms;
        content_by_lua_block {
            local sock = ngx.req.socket()
            ngx.say(show(sock:receive(4)))
        }
    }
--- raw_request eval
["POST /t HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbo"]
--- response_body
nil, "timeout", "bo"
--- error_log
lua tcp socket read timed out



=== TEST 13: settimeout: what is refused
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.req.socket()
            try(sock.settimeout, sock, -1)
            try(sock.settimeouts, sock, 1, 2)
            sock:receive("*a")
        }
    }
--- request
POST /t
body
--- response_body
error: bad timeout value
error: ngx.socket settimeout: expecting 4 arguments (including the object) but seen 3



=== TEST 14: arguments of the methods are checked as for TCP sockets
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.req.socket()
            try(function() local x = sock:receive("*x") return x end)
            try(function() local x = sock:receive("x") return x end)
            try(function() local x = sock:receiveany(0) return x end)
            try(function() return sock:receive(1, 2) end)
            ngx.say(show(sock:receiveuntil("")))
            sock:receive("*a")
        }
    }
--- request
POST /t
body
--- response_body
error: bad argument #1 to 'receive' (bad pattern argument)
error: bad argument #1 to 'receive' (bad pattern argument: x)
error: bad argument #1 to 'receiveany' (bad max argument)
error: expecting 1 or 2 arguments (including the object), but got 3
nil, "pattern is empty"



=== TEST 15: no body
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(show(ngx.req.socket()))
        }
    }
--- request
GET /t
--- response_body
nil, "no body"



=== TEST 16: an empty body is none
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(show(ngx.req.socket()))
        }
    }
--- raw_request eval
"POST /t HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
--- response_body
nil, "no body"



=== TEST 17: a chunked body
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(show(ngx.req.socket()))
        }
    }
--- raw_request eval
"POST /t HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"
--- response_body
nil, "chunked request bodies not supported yet"



=== TEST 18: after read_body
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.say(show(ngx.req.socket()))
        }
    }
--- request
POST /t
body
--- response_body
nil, "request body already exists"



=== TEST 19: after discard_body
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.discard_body()
            ngx.say(show(ngx.req.socket()))
        }
    }
--- request
POST /t
body
--- response_body_like: ^nil, "(no body|request body discarded|request body already exists)"$



=== TEST 20: a second ngx.req.socket
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.req.socket()
            ngx.say(show(ngx.req.socket()))
            ngx.say(show(sock:receive("*a")))
        }
    }
--- request
POST /t
body
--- response_body
nil, "request body already exists"
"body"



=== TEST 21: while another thread reads the body
--- config
    location = /t {
        content_by_lua_block {
            local reader = ngx.thread.spawn(function() ngx.req.read_body() end)
            ngx.say(show(ngx.req.socket()))
            ngx.thread.wait(reader)
            ngx.say(ngx.req.get_body_data())
        }
    }
--- raw_request eval
["POST /t HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbo", "dy"]
--- raw_request_middle_delay: 0.05
--- response_body
nil, "request body already exists"
body



=== TEST 22: read_body after the socket has read everything: there is no body
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.req.socket()
            ngx.say(show(sock:receive("*a")))
            ngx.req.read_body()
            ngx.say(show(ngx.req.get_body_data()))
        }
    }
--- request
POST /t
body
--- response_body
"body"
nil



=== TEST 23: in a subrequest
--- config
    location = /t {
        content_by_lua_block {
            ngx.print(ngx.location.capture("/sub", { method = ngx.HTTP_POST, body = "x" }).body)
        }
    }
    location = /sub {
        content_by_lua_block {
            try(ngx.req.socket)
            try(ngx.req.socket, true)
        }
    }
--- request
GET /t
--- response_body
error: attempt to read the request body in a subrequest
error: attempt to read the request body in a subrequest



=== TEST 24: HTTP/2
--- http2
--- config
    location = /t {
        content_by_lua_block {
            try(ngx.req.socket)
            try(ngx.req.socket, true)
            ngx.req.read_body()
        }
    }
--- request
POST /t
body
--- response_body
error: http v2 not supported yet
error: http v2 not supported yet



=== TEST 25: HTTP/1.0
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.req.socket()
            ngx.say(show(sock:receive("*a")))
        }
    }
--- raw_request eval
"POST /t HTTP/1.0\r\nContent-Length: 4\r\n\r\nbody"
--- response_body
"body"



=== TEST 26: Expect: 100-continue is answered
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.req.socket()
            ngx.say(show(sock:receive("*a")))
        }
    }
--- raw_request eval
["POST /t HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n", "body"]
--- raw_request_middle_delay: 0.05
--- http09
--- response_body_like eval
qr{\AHTTP/1\.1 100 Continue\r\n\r\nHTTP/1\.1 200 OK\r\n.*"body"\n}s



=== TEST 27: Expect: 100-continue is answered by ngx.req.socket, before anything is received
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.req.socket()
            ngx.sleep(0.03)
            ngx.say("no reading")
            sock:receive("*a")
        }
    }
--- raw_request eval
["POST /t HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n", "body"]
--- raw_request_middle_delay: 0.05
--- http09
--- response_body_like eval
qr{\AHTTP/1\.1 100 Continue\r\n\r\nHTTP/1\.1 200 OK\r\n.*no reading\n}s



=== TEST 28: the next request on the connection, after a body that was read
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.req.socket()
            ngx.say(ngx.var.request_method, " ", show(sock and sock:receive("*a")))
        }
    }
--- raw_request eval
"POST /t HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nbody"
. "POST /t HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nother"
. "GET /t HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
--- http09
--- response_body_like eval
qr{\AHTTP/1\.1 200 .*POST "body"\n.*HTTP/1\.1 200 .*POST "other"\n.*HTTP/1\.1 200 .*GET nil\n}s



=== TEST 29: the next request, which arrived with the body, is not part of it
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.req.socket()
            if sock then
                ngx.say("POST ", show(sock:receive(1000)))
            else
                ngx.say("GET")
            end
        }
    }
--- raw_request eval
["POST /t HTTP/1.1\r\nHost: localhost\r\nContent-Length: 6\r\n\r\nbo",
"dy--GET /t HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"]
--- raw_request_middle_delay: 0.03
--- http09
--- response_body_like eval
qr{\AHTTP/1\.1 200 .*POST nil, "closed", "body--"\n.*HTTP/1\.1 200 .*GET\n}s



=== TEST 30: what is not read of a body is not taken for the next request
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.req.socket()
            ngx.say("first ", show(sock:receive(2)))
        }
    }
    location = /evil {
        content_by_lua_block { ngx.log(ngx.ERR, "smuggled") }
    }
--- raw_request eval
["POST /t HTTP/1.1\r\nHost: localhost\r\nContent-Length: 45\r\n\r\nab",
"GET /evil HTTP/1.1\r\nHost: localhost\r\n\r\n    "]
--- raw_request_middle_delay: 0.05
--- http09
--- timeout: 1
--- shutdown: 1
--- response_body_like eval
qr{\AHTTP/1\.1 200 .*first "ab"\n(?!.*HTTP/1)}s
--- differs: the C module takes the rest for a request



=== TEST 31: a body of which nothing is read is not taken for the next request
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.req.socket()
            ngx.say("first")
        }
    }
    location = /evil {
        content_by_lua_block { ngx.log(ngx.ERR, "smuggled") }
    }
--- raw_request eval
["POST /t HTTP/1.1\r\nHost: localhost\r\nContent-Length: 43\r\n\r\n",
"GET /evil HTTP/1.1\r\nHost: localhost\r\n\r\n    "]
--- raw_request_middle_delay: 0.05
--- http09
--- timeout: 1
--- shutdown: 1
--- response_body_like eval
qr{\AHTTP/1\.1 200 .*first\n(?!.*HTTP/1)}s
--- differs: the C module takes the rest for a request



=== TEST 32: the client shuts down in the middle of the body: client aborted
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.req.socket()
            ngx.say(show(sock:receive(10)))
            ngx.say(show(sock:receive(10)))
        }
    }
--- raw_request eval
"POST /t HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 10\r\n\r\nbody"
--- shutdown: 1
--- response_body
nil, "client aborted", "body"
nil, "closed"
--- error_log
attempt to receive data on a closed socket



=== TEST 33: client aborted: a line
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.req.socket()
            ngx.say(show(sock:receive()))
        }
    }
--- raw_request eval
"POST /t HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 10\r\n\r\nbody"
--- shutdown: 1
--- response_body
nil, "client aborted", "body"



=== TEST 34: client aborted: up to a pattern
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.req.socket()
            ngx.say(show(sock:receiveuntil("zz")()))
        }
    }
--- raw_request eval
"POST /t HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 10\r\n\r\nbody"
--- shutdown: 1
--- response_body
nil, "client aborted", "body"



=== TEST 35: client aborted: any data
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.req.socket()
            ngx.say(show(sock:receiveany(10)))
            ngx.say(show(sock:receiveany(10)))
        }
    }
--- raw_request eval
"POST /t HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 10\r\n\r\nbody"
--- shutdown: 1
--- response_body
"body"
nil, "client aborted", ""



=== TEST 36: "*a" and a client that aborts
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.req.socket()
            ngx.say(show(sock:receive("*a")))
            ngx.say(show(sock:receive("*a")))
        }
    }
--- raw_request eval
"POST /t HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 10\r\n\r\nbody"
--- shutdown: 1
--- response_body
nil, "client aborted", "body"
nil, "closed"
--- error_log
attempt to receive data on a closed socket



=== TEST 37: a second reader: socket busy reading
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.req.socket()
            local reader = ngx.thread.spawn(function() return sock:receive(4) end)
            ngx.say(show(sock:receive(1)))
            ngx.say(show(sock:receiveany(1)))
            ngx.say(show(ngx.thread.wait(reader)))
        }
    }
--- raw_request eval
["POST /t HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbo", "dy"]
--- raw_request_middle_delay: 0.05
--- response_body
nil, "socket busy reading"
nil, "socket busy reading"
true, "body"



=== TEST 38: killing the reader closes the socket, not the connection
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.req.socket()
            local reader = ngx.thread.spawn(function() return sock:receive(4) end)
            ngx.say(show(ngx.thread.kill(reader)))
            ngx.say(show(sock:receive(1)))
        }
    }
--- raw_request eval
["POST /t HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbo", "dy"]
--- raw_request_middle_delay: 0.05
--- response_body
1
nil, "closed"
--- error_log
attempt to receive data on a closed socket



=== TEST 39: ngx.exit in a sibling while a thread receives
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.req.socket()
            ngx.thread.spawn(function() sock:receive(4) ngx.say("not reached") end)
            ngx.sleep(0.01)
            ngx.say("exit")
            ngx.exit(200)
        }
    }
--- raw_request eval
["POST /t HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbo"]
--- response_body
exit



=== TEST 40: a socket made in access is read in content
--- config
    location = /t {
        access_by_lua_block {
            ngx.ctx.sock = ngx.req.socket()
            ngx.ctx.first = ngx.ctx.sock:receive(2)
        }
        content_by_lua_block {
            ngx.say(show(ngx.ctx.first))
            ngx.say(show(ngx.req.socket()))
            ngx.say(show(ngx.ctx.sock:receive("*a")))
        }
    }
--- request
POST /t
body
--- response_body
"bo"
nil, "request body already exists"
"dy"



=== TEST 41: a timer cannot use it
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.req.socket()
            local result
            ngx.timer.at(0, function()
                result = show(pcall(sock.receive, sock, 1)) .. " " .. show(pcall(ngx.req.socket))
            end)
            repeat ngx.sleep(0.001) until result
            ngx.say(result)
            ngx.say(show(sock:receive("*a")))
        }
    }
--- request
POST /t
body
--- response_body
false, "bad request" false, "API disabled in the context of ngx.timer"
"body"



=== TEST 42: phases
--- config
    location = /t {
        set_by_lua_block $set { return select(2, pcall(ngx.req.socket)) }
        rewrite_by_lua_block { ngx.ctx.rewrite = show(ngx.req.socket()) }
        content_by_lua_block { ngx.say(ngx.var.set) ngx.say(ngx.ctx.rewrite) }
        header_filter_by_lua_block { ngx.header["X-Header"] = select(2, pcall(ngx.req.socket)) }
        log_by_lua_block { ngx.log(ngx.WARN, select(2, pcall(ngx.req.socket))) }
    }
--- request
GET /t
--- response_headers
X-Header: API disabled in the context of header_filter_by_lua*
--- response_body
API disabled in the context of set_by_lua*
nil, "no body"
--- error_log
API disabled in the context of log_by_lua*



=== TEST 43: methods of TCP sockets, called with it
--- config
    location = /t {
        content_by_lua_block {
            local tcp = getmetatable(ngx.socket.tcp()).__index
            local sock = ngx.req.socket()
            try(function() return tcp.send(sock, "x") end)
            try(function() return tcp.connect(sock, "127.0.0.1", 1) end)
            try(function() return tcp.close(sock) end)
            sock:receive("*a")
        }
    }
--- request
POST /t
body
--- response_body
error: attempt to write to request sockets
error: attempt to re-connect a request socket
nil, "attempt to close a request socket"



=== TEST 44: setkeepalive of TCP sockets, called with it
--- config
    location = /t {
        content_by_lua_block {
            local tcp = getmetatable(ngx.socket.tcp()).__index
            local sock = ngx.req.socket()
            sock[3] = "a pool"
            try(function() return tcp.setkeepalive(sock) end)
            ngx.say(show(sock:receive("*a")))
        }
    }
--- request
POST /t
body
--- response_body
nil, "key not found"
"body"
--- differs: the C module puts the client's connection into a pool, and crashes



=== TEST 45: an upload goes on to another server as it comes
--- http_config eval: $::HttpConfig
--- config
    location = /t {
        content_by_lua_block {
            local body = ngx.req.socket()
            local sock = ngx.socket.connect("127.0.0.1", ngx.var.server_port)
            sock:send("POST /store HTTP/1.0\r\nContent-Length: " .. ngx.var.http_content_length .. "\r\n\r\n")
            while true do
                local data, err = body:receiveany(4096)
                if not data then break end
                sock:send(data)
            end
            sock:receiveuntil("\r\n\r\n")()
            ngx.say(sock:receive("*a"))
        }
    }
    location = /store {
        client_body_buffer_size 1m;
        content_by_lua_block { ngx.req.read_body() ngx.print(ngx.md5(ngx.req.get_body_data())) }
    }
--- request eval
"POST /t\n" . ("0123456789abcdef" x 10000)
--- response_body
df820b653fae09e1dc88f0c45678f019
