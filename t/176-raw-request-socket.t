# ngx.req.socket(true): the client's connection.

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

=== TEST 1: a raw socket reads and writes the connection
--- config
    location = /t {
        content_by_lua_block {
            local sock, err = ngx.req.socket(true)
            local line = sock:receive()
            ngx.log(ngx.WARN, "sent: ", show(sock:send("<" .. line .. ">\n")))
            sock:send({ "a", 1, { "b" } })
            sock:send(true)
            sock:send("")
        }
    }
--- raw_request eval
"GET /t HTTP/1.1\r\nHost: localhost\r\n\r\nhello\r\n"
--- http09
--- response_body chomp
<hello>
a1btrue
--- error_log
sent: 8



=== TEST 2: nginx adds nothing, and closes the connection
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.req.socket(true)
            sock:send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
        }
    }
--- raw_request eval
"GET /t HTTP/1.1\r\nHost: localhost\r\n\r\nGET /t HTTP/1.1\r\nHost: localhost\r\n\r\n"
--- response_body chomp
hi



=== TEST 3: a raw socket that is not used: an empty answer
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.req.socket(true)
        }
    }
--- raw_request eval
"GET /t HTTP/1.1\r\nHost: localhost\r\n\r\n"
--- http09
--- response_body:



=== TEST 4: what the object can do
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.req.socket(true)
            local names = {}
            for _, name in ipairs { "receive", "receiveany", "receiveuntil", "send", "settimeout", "settimeouts" } do
                names[#names + 1] = type(sock[name])
            end
            for _, name in ipairs { "close", "connect", "setkeepalive", "getreusedtimes", "bind", "sslhandshake" } do
                names[#names + 1] = type(sock[name])
            end
            sock:send(table.concat(names, " "))
        }
    }
--- raw_request eval
"GET /t HTTP/1.1\r\nHost: localhost\r\n\r\n"
--- http09
--- response_body chomp
function function function function function function nil nil nil nil nil nil



=== TEST 5: any true value means raw
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.req.socket(1)
            sock:send("raw")
        }
    }
--- raw_request eval
"GET /t HTTP/1.1\r\nHost: localhost\r\n\r\n"
--- http09
--- response_body chomp
raw



=== TEST 6: output functions: raw request socket acquired
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.req.socket(true)
            local answers = {
                show(ngx.print("x")), show(ngx.say("x")), show(ngx.flush()), show(ngx.flush(true)), show(ngx.eof()),
                show(ngx.send_headers()), show(ngx.headers_sent),
            }
            sock:send(table.concat(answers, "\n"))
        }
    }
--- raw_request eval
"GET /t HTTP/1.1\r\nHost: localhost\r\n\r\n"
--- http09
--- response_body chomp
nil, "raw request socket acquired"
nil, "raw request socket acquired"
nil, "raw request socket acquired"
nil, "raw request socket acquired"
nil, "raw request socket acquired"
1
true



=== TEST 7: ngx.req.socket again
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.req.socket(true)
            sock:send({ show(ngx.req.socket(true)), "\n", show(ngx.req.socket()) })
        }
    }
--- raw_request eval
"GET /t HTTP/1.1\r\nHost: localhost\r\n\r\n"
--- http09
--- response_body chomp
nil, "duplicate call"
nil, "request body already exists"



=== TEST 8: redirect and exec: too late
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.req.socket(true)
            sock:send(select(2, pcall(ngx.redirect, "/x")) .. "\n")
            sock:send(select(2, pcall(ngx.exec, "/x")))
        }
    }
--- raw_request eval
"GET /t HTTP/1.1\r\nHost: localhost\r\n\r\n"
--- http09
--- response_body chomp
attempt to call ngx.redirect after sending out the headers
attempt to call ngx.exec after sending out response headers



=== TEST 9: subrequests still work
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.req.socket(true)
            sock:send(ngx.location.capture("/sub").body)
        }
    }
    location = /sub { content_by_lua_block { ngx.print("from a subrequest") } }
--- raw_request eval
"GET /t HTTP/1.1\r\nHost: localhost\r\n\r\n"
--- http09
--- response_body chomp
from a subrequest



=== TEST 10: the body and all that follows can be read
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.req.socket(true)
            sock:send(show(sock:receive(4)) .. "\n")
            sock:send(show(sock:receive()) .. "\n")
            sock:send(show(sock:receive(3)))
        }
    }
--- raw_request eval
["POST /t HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nbodyGET /next HTTP/1.1\r\n", "end"]
--- raw_request_middle_delay: 0.03
--- http09
--- response_body chomp
"body"
"GET /next HTTP/1.1"
"end"



=== TEST 11: a chunked body as it is on the wire
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.req.socket(true)
            for i = 1, 4 do sock:send(show(sock:receive()) .. "\n") end
        }
    }
--- raw_request eval
"POST /t HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"
--- http09
--- response_body
"1"
"a"
"0"
""



=== TEST 12: Expect: 100-continue is left to the code
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.req.socket(true)
            sock:send(ngx.var.http_expect)
        }
    }
--- raw_request eval
"POST /t HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n"
--- http09
--- response_body chomp
100-continue



=== TEST 13: after the header was sent
--- config
    location = /t {
        content_by_lua_block {
            ngx.header.content_length = 5
            ngx.send_headers()
            ngx.flush(true)
            local sock = ngx.req.socket(true)
            sock:send("hello")
        }
    }
--- raw_request eval
"GET /t HTTP/1.1\r\nHost: localhost\r\n\r\n"
--- response_body chomp
hello



=== TEST 14: after some of the body was sent
--- config
    location = /t {
        content_by_lua_block {
            ngx.header.content_length = 11
            ngx.print("hello ")
            ngx.flush(true)
            local sock = ngx.req.socket(true)
            sock:send("world")
        }
    }
--- raw_request eval
"GET /t HTTP/1.1\r\nHost: localhost\r\n\r\n"
--- response_body chomp
hello world



=== TEST 15: output that waits to be sent: pending data to write
--- config
    location = /t {
        limit_rate 4m;
        content_by_lua_block {
            ngx.header.content_length = 4500002
            ngx.print(("x"):rep(4500000))
            local ok, err = ngx.req.socket(true)
            ngx.log(ngx.WARN, "result: ", show(ok, err))
            ngx.print("yz")
        }
    }
--- request
GET /t
--- response_body_like: ^x+yz$
--- error_log
result: nil, "pending data to write"



=== TEST 16: printed output is not lost
--- config
    location = /t {
        content_by_lua_block {
            ngx.header.content_length = 11
            ngx.print("printed ")
            local sock, err = ngx.req.socket(true)
            sock:send("raw")
        }
    }
--- request
GET /t
--- response_body chomp
printed raw
--- differs: the C module loses what was printed, header included



=== TEST 17: HTTP/1.0
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.req.socket(true)
            sock:send("raw")
        }
    }
--- raw_request eval
"GET /t HTTP/1.0\r\nHost: localhost\r\n\r\n"
--- http09
--- response_body chomp
raw



=== TEST 18: HTTP/1.0 with output that is collected: http 1.0 buffering
--- config
    location = /t {
        content_by_lua_block {
            ngx.say("hello")
            ngx.say(show(ngx.req.socket(true)))
        }
    }
--- request
GET /t HTTP/1.0
--- response_body
hello
nil, "http 1.0 buffering"



=== TEST 19: after read_body
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            local sock = ngx.req.socket(true)
            sock:send(ngx.req.get_body_data() .. " " .. show(sock:receive(4)))
        }
    }
--- raw_request eval
"POST /t HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nbodymore"
--- http09
--- response_body chomp
body "more"



=== TEST 20: after a body socket
--- config
    location = /t {
        content_by_lua_block {
            local body = ngx.req.socket()
            local first = body:receive(2)
            local sock = ngx.req.socket(true)
            sock:send(first .. " " .. show(sock:receive(2)))
        }
    }
--- raw_request eval
["POST /t HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nbo", "dy"]
--- raw_request_middle_delay: 0.05
--- http09
--- response_body chomp
bo "dy"
--- differs: the C module takes the other socket for a thread that reads the body



=== TEST 21: after a body socket: what that had received and not given is not lost
--- config
    location = /t {
        content_by_lua_block {
            local body = ngx.req.socket()
            local first = body:receive(2)
            local sock = ngx.req.socket(true)
            sock:settimeout(1000)
            sock:send(first .. " " .. show(sock:receive(4)))
        }
    }
--- raw_request eval
["POST /t HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nbody", "more"]
--- raw_request_middle_delay: 0.05
--- http09
--- response_body chomp
bo "dymo"
--- differs: the C module loses it



=== TEST 22: while another thread reads the body
--- config
    location = /t {
        content_by_lua_block {
            local reader = ngx.thread.spawn(function() ngx.req.read_body() end)
            ngx.say(show(ngx.req.socket(true)))
            ngx.thread.wait(reader)
        }
    }
--- raw_request eval
["POST /t HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbo", "dy"]
--- raw_request_middle_delay: 0.05
--- response_body
nil, "pending request body reading in some other thread"



=== TEST 23: ngx.exit ends it; nginx sends no page
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.req.socket(true)
            sock:send("raw")
            ngx.exit(500)
        }
    }
--- raw_request eval
"GET /t HTTP/1.1\r\nHost: localhost\r\n\r\n"
--- http09
--- response_body chomp
raw
--- error_log
attempt to set status 500 via ngx.exit after sending out the response status



=== TEST 24: an error ends it; nginx sends no page
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.req.socket(true)
            sock:send("raw")
            error("on purpose")
        }
    }
--- raw_request eval
"GET /t HTTP/1.1\r\nHost: localhost\r\n\r\n"
--- http09
--- response_body chomp
raw
--- error_log
on purpose



=== TEST 25: in access: content does not run
--- config
    location = /t {
        access_by_lua_block { ngx.req.socket(true):send("raw from access") }
        content_by_lua_block { ngx.log(ngx.ERR, "content runs") }
    }
--- raw_request eval
"GET /t HTTP/1.1\r\nHost: localhost\r\n\r\n"
--- http09
--- response_body chomp
raw from access



=== TEST 26: a lines protocol
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.req.socket(true)
            while true do
                local line, err, partial = sock:receive()
                if not line then
                    sock:send(show(err, partial) .. "\n")
                    break
                end
                sock:send("<" .. line .. ">\n")
            end
        }
    }
--- raw_request eval
["GET /t HTTP/1.1\r\nHost: localhost\r\n\r\n", "one\n", "two\nth", "ree\n"]
--- raw_request_middle_delay: 0.02
--- shutdown: 1
--- http09
--- response_body
<one>
<two>
<three>
"closed", ""



=== TEST 27: the client shuts down: closed; sending goes on
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.req.socket(true)
            local result = show(sock:receive(10))
            sock:send(result .. " " .. show(sock:receive(10)))
        }
    }
--- raw_request eval
"GET /t HTTP/1.1\r\nHost: localhost\r\n\r\nabc"
--- shutdown: 1
--- http09
--- response_body chomp
nil, "closed", "abc" nil, "closed"
--- error_log
attempt to receive data on a closed socket



=== TEST 28: the client shuts down, with lua_check_client_abort: client aborted
--- config
    location = /t {
        lua_check_client_abort on;
        content_by_lua_block {
            local sock = ngx.req.socket(true)
            ngx.log(ngx.WARN, "result: ", show(sock:receive(10)))
        }
    }
--- raw_request eval
["GET /t HTTP/1.1\r\nHost: localhost\r\n\r\n", "abc"]
--- raw_request_middle_delay: 0.03
--- shutdown: 1
--- http09
--- ignore_response
--- wait: 0.1
--- error_log
result: nil, "client aborted", "abc"



=== TEST 29: "*a" until the client shuts down
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.req.socket(true)
            sock:send(show(sock:receive("*a")))
        }
    }
--- raw_request eval
["GET /t HTTP/1.1\r\nHost: localhost\r\n\r\nabc", "def"]
--- raw_request_middle_delay: 0.03
--- shutdown: 1
--- http09
--- response_body chomp
"abcdef"



=== TEST 30: timeouts
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.req.socket(true)
            sock:settimeout(30)
            sock:send(show(sock:receive(4)) .. "\n")
            sock:settimeouts(1, 1, 2000)
            sock:send(show(sock:receive(2)))
        }
    }
--- raw_request eval
["GET /t HTTP/1.1\r\nHost: localhost\r\n\r\nab", "cd"]
--- raw_request_middle_delay: 0.12
--- http09
--- response_body chomp
nil, "timeout", "ab"
"cd"
--- error_log
lua tcp socket read timed out



=== TEST 31: full duplex by two threads
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.req.socket(true)
            local reader = ngx.thread.spawn(function()
                local line = sock:receive()
                sock:send("read " .. line .. "\n")
            end)
            sock:send("one\n")
            sock:send("two\n" .. show(sock:receive()) .. "\n")
            ngx.thread.wait(reader)
            sock:send("end")
        }
    }
--- raw_request eval
["GET /t HTTP/1.1\r\nHost: localhost\r\n\r\n", "hello\n"]
--- raw_request_middle_delay: 0.08
--- http09
--- response_body chomp
one
two
nil, "socket busy reading"
read hello
end



=== TEST 32: killing the reader closes the connection
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.req.socket(true)
            sock:send("raw")
            local reader = ngx.thread.spawn(function() sock:receive() end)
            ngx.thread.kill(reader)
            ngx.log(ngx.WARN, "result: ", show(sock:receive()), "; ", show(sock:send("x")))
        }
    }
--- raw_request eval
"GET /t HTTP/1.1\r\nHost: localhost\r\n\r\n"
--- http09
--- response_body chomp
raw
--- error_log
result: nil, "closed"; nil, "closed"



=== TEST 33: ngx.exit in a sibling
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.req.socket(true)
            ngx.thread.spawn(function() sock:receive() sock:send("not reached") end)
            sock:send("raw")
            ngx.sleep(0.01)
            ngx.exit(200)
        }
    }
--- raw_request eval
"GET /t HTTP/1.1\r\nHost: localhost\r\n\r\n"
--- http09
--- response_body chomp
raw



=== TEST 34: the upgrade of a connection
--- config
    location = /t {
        content_by_lua_block {
            ngx.status = 101
            ngx.header.upgrade = "chat"
            ngx.header.connection = "Upgrade"
            ngx.send_headers()
            ngx.flush(true)
            local sock = ngx.req.socket(true)
            sock:send("welcome\n")
            sock:send("you said " .. sock:receive())
        }
    }
--- raw_request eval
["GET /t HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n", "hi\n"]
--- raw_request_middle_delay: 0.03
--- http09
--- response_body_like eval
qr{\AHTTP/1\.1 101 Switching Protocols\r\n(?=.*upgrade: chat\r\n).*\r\n\r\nwelcome\nyou said hi\z}s



=== TEST 35: 4 MB in both directions
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.req.socket(true)
            local data = sock:receive(4194304)
            sock:send(data)
        }
    }
--- raw_request eval
"GET /t HTTP/1.1\r\nHost: localhost\r\n\r\n" . ("0123456789abcdef" x 2**18)
--- http09
--- response_body eval
"0123456789abcdef" x 2**18



=== TEST 36: arguments of send
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.req.socket(true)
            for _, data in ipairs { print, { true }, { a = 1 } } do
                local ok, err = pcall(function() local x = sock:send(data) return x end)
                sock:send(err:gsub("^%S+:%d+: ", "") .. "\n")
            end
            local ok, err = pcall(function() return sock:send() end)
            sock:send((err:gsub("^%S+:%d+: ", "")))
        }
    }
--- raw_request eval
"GET /t HTTP/1.1\r\nHost: localhost\r\n\r\n"
--- http09
--- response_body chomp
bad argument #1 to 'send' (string, number, boolean, nil, or array table expected, got function)
bad argument #1 to 'send' (bad data type boolean found)
bad argument #1 to 'send' (non-array table found)
expecting 2 arguments (including the object), but got 1



=== TEST 37: methods of TCP sockets, called with it
--- config
    location = /t {
        content_by_lua_block {
            local tcp = getmetatable(ngx.socket.tcp()).__index
            local sock = ngx.req.socket(true)
            sock:send(show(tcp.close(sock)) .. "\n")
            sock:send(show(tcp.getreusedtimes(sock)) .. "\n")
            sock:send(show(pcall(tcp.connect, sock, "127.0.0.1", 1)) .. "\n")
            sock:send("end")
        }
    }
--- raw_request eval
"GET /t HTTP/1.1\r\nHost: localhost\r\n\r\n"
--- http09
--- response_body chomp
nil, "attempt to close a request socket"
0
false, "attempt to re-connect a request socket"
end



=== TEST 38: a tunnel: what the client says goes to a server, and back
--- config
    location = /t {
        content_by_lua_block {
            local client = ngx.req.socket(true)
            local server = ngx.socket.connect("127.0.0.1", ngx.var.server_port)
            local up = ngx.thread.spawn(function()
                while true do
                    local data = client:receiveany(1024)
                    if not data then return end
                    server:send(data)
                end
            end)
            local down = ngx.thread.spawn(function()
                while true do
                    local data = server:receiveany(1024)
                    if not data then return end
                    client:send(data)
                end
            end)
            ngx.thread.wait(down)
            ngx.exit(200)
        }
    }
    location = /inner { return 200 "through the tunnel"; }
--- raw_request eval
["GET /t HTTP/1.1\r\nHost: localhost\r\n\r\n", "GET /inner HTTP/1.0\r\n", "Host: localhost\r\n\r\n"]
--- raw_request_middle_delay: 0.02
--- response_body chomp
through the tunnel
