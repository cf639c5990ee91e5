# ngx.print and ngx.say: what they take, what they send, what they answer.

use Test::Nginx::Socket::Lua 'no_plan';

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: say writes its arguments one after the other and a newline
--- config
    location = /t {
        content_by_lua_block {
            ngx.say("a string ", 42, " ", true, " ", false, " ", nil, " ", ngx.null)
        }
    }
--- request
GET /t
--- response_body
a string 42 true false nil null
--- no_error_log
[error]



=== TEST 2: print adds nothing to its arguments
--- config
    location = /t {
        content_by_lua_block {
            ngx.print("one", 2)
            ngx.print("three\n")
        }
    }
--- request
GET /t
--- response_body
one2three
--- no_error_log
[error]



=== TEST 3: numbers have at most 14 significant digits
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(0, " ", -0, " ", 7, " ", -3, " ", 3.0, " ", 2^31, " ", 123456789012345)
            ngx.say(0.1, " ", 1/3, " ", 1e14, " ", 1e15, " ", 2^53, " ", 1e100, " ", -2.5e-7)
            ngx.say(1/0, " ", -1/0)
        }
    }
--- request
GET /t
--- response_body
0 0 7 -3 3 2147483648 1.2345678901234e+14
0.1 0.33333333333333 1e+14 1e+15 9.007199254741e+15 1e+100 -2.5e-07
inf -inf
--- no_error_log
[error]



=== TEST 4: numbers in a table look like numbers outside it
--- config
    location = /t {
        content_by_lua_block {
            ngx.say { 1, " ", 1e15, " ", 2^53, " ", 0.1, " ", -0.5, " ", 1/0 }
        }
    }
--- request
GET /t
--- response_body
1 1e+15 9.007199254741e+15 0.1 -0.5 inf
--- no_error_log
[error]



=== TEST 5: a string is written as it is, with NUL and all other bytes
--- config
    location = /t {
        content_by_lua_block {
            for byte = 0, 255 do
                ngx.print(string.char(byte))
            end
        }
    }
--- request
GET /t
--- response_body eval
join "", map { chr } 0 .. 255
--- no_error_log
[error]



=== TEST 6: nested tables are flattened in index order
--- config
    location = /t {
        content_by_lua_block {
            ngx.say({ "a", { "b", { { "c" }, "d" } } }, "e", { {}, "f" }, {})
        }
    }
--- request
GET /t
--- response_body
abcdef
--- no_error_log
[error]



=== TEST 7: a table may hold what say takes
--- config
    location = /t {
        content_by_lua_block {
            ngx.say { "x", 1, true, false, ngx.null }
        }
    }
--- request
GET /t
--- response_body
x1truefalsenull
--- no_error_log
[error]



=== TEST 8: a hole in a table is nil
--- config
    location = /t {
        content_by_lua_block {
            ngx.say { "a", nil, "c" }
            ngx.say { [3] = "z" }
        }
    }
--- request
GET /t
--- response_body
anilc
nilnilz
--- no_error_log
[error]



=== TEST 9: metamethods of a table are not asked
--- config
    location = /t {
        content_by_lua_block {
            local mt = {
                __tostring = function () return "tostring" end,
                __index = function () return "index" end,
                __len = function () return 9 end,
                __concat = function () return "concat" end,
            }
            ngx.say(setmetatable({ "a", [3] = "c" }, mt))
        }
    }
--- request
GET /t
--- response_body
anilc
--- no_error_log
[error]



=== TEST 10: only keys from 1 up make an array
--- config
    location = /t {
        content_by_lua_block {
            local function try(t)
                local ok, err = pcall(function () ngx.print("x", t) end)
                ngx.say((err:gsub("^content_by_lua%(nginx%.conf:%d+%):", "")))
            end
            try { name = "value" }
            try { "a", name = "value" }
            try { ["1"] = "a" }
            try { [0] = "a" }
            try { [-1] = "a" }
            try { [1.5] = "a" }
            try { { "a", { k = "v" } } }
        }
    }
--- request
GET /t
--- response_body
3: bad argument #2 to 'print' (non-array table found)
3: bad argument #2 to 'print' (non-array table found)
3: bad argument #2 to 'print' (non-array table found)
3: bad argument #2 to 'print' (non-array table found)
3: bad argument #2 to 'print' (non-array table found)
3: bad argument #2 to 'print' (non-array table found)
3: bad argument #2 to 'print' (non-array table found)
--- no_error_log
[error]



=== TEST 11: an argument of any other type is refused
--- config
    location = /t {
        content_by_lua_block {
            local function try(...)
                local args = { n = select("#", ...), ... }
                local ok, err = pcall(function ()
                    ngx.say(unpack(args, 1, args.n))
                end)
                ngx.say((err:gsub("^content_by_lua%(nginx%.conf:%d+%):", "")))
            end
            try(print)
            try("a", function () end)
            try("a", "b", coroutine.create(function () end))
            try(require("ffi").new("int[1]"))
            try(1LL)
            try(newproxy())
        }
    }
--- request
GET /t
--- response_body
5: bad argument #1 to 'say' (string, number, boolean, nil, ngx.null, or array table expected, but got function)
5: bad argument #2 to 'say' (string, number, boolean, nil, ngx.null, or array table expected, but got function)
5: bad argument #3 to 'say' (string, number, boolean, nil, ngx.null, or array table expected, but got thread)
5: bad argument #1 to 'say' (string, number, boolean, nil, ngx.null, or array table expected, but got cdata)
5: bad argument #1 to 'say' (string, number, boolean, nil, ngx.null, or array table expected, but got cdata)
5: bad argument #1 to 'say' (string, number, boolean, nil, ngx.null, or array table expected, but got userdata)
--- no_error_log
[error]



=== TEST 12: a value of another type inside a table is refused
--- config
    location = /t {
        content_by_lua_block {
            local function try(value)
                local ok, err = pcall(function () ngx.say("a", { "b", { value } }) end)
                ngx.say((err:gsub("^content_by_lua%(nginx%.conf:%d+%):", "")))
            end
            try(print)
            try(coroutine.create(function () end))
            try(newproxy())
        }
    }
--- request
GET /t
--- response_body
3: bad argument #2 to 'say' (bad data type function found)
3: bad argument #2 to 'say' (bad data type thread found)
3: bad argument #2 to 'say' (bad data type userdata found)
--- no_error_log
[error]



=== TEST 13: nothing of a refused call is written
--- config
    location = /t {
        content_by_lua_block {
            local ok, err = pcall(ngx.say, "lost", print)
            ngx.say(err)
        }
    }
--- request
GET /t
--- response_body
bad argument #2 to '?' (string, number, boolean, nil, ngx.null, or array table expected, but got function)
--- no_error_log
[error]



=== TEST 14: a refused argument that nobody catches fails the request
--- config
    location = /t {
        content_by_lua_block {
            ngx.say("before", print)
        }
    }
--- request
GET /t
--- response_body_like: 500 Internal Server Error
--- error_code: 500
--- error_log eval
qr/lua entry thread aborted: runtime error: content_by_lua\(nginx\.conf:\d+\):2: bad argument #2 to 'say' \(string, number, boolean, nil, ngx\.null, or array table expected, but got function\)$/



=== TEST 15: a table that holds itself is an error, not the end of the worker
--- config
    location = /t {
        content_by_lua_block {
            local t = { "a" }
            t[2] = t
            local ok, err = pcall(ngx.say, t)
            ngx.say(ok, ": ", err)
        }
    }
--- request
GET /t
--- response_body_like: ^false: .*stack overflow
--- no_error_log
[error]



=== TEST 16: success is the number 1 and nothing else
--- config
    location = /t {
        content_by_lua_block {
            local function describe(...)
                return select("#", ...) .. " " .. type((...)) .. " " .. tostring((...)) .. "\n"
            end
            ngx.print(describe(ngx.print("")), describe(ngx.say("")), describe(ngx.print()))
        }
    }
--- request
GET /t
--- response_body eval
"\n" . "1 number 1\n" x 3
--- no_error_log
[error]



=== TEST 17: say without arguments writes a newline
--- config
    location = /t {
        content_by_lua_block {
            ngx.say()
        }
    }
--- request
GET /t
--- response_body eval
"\n"
--- no_error_log
[error]



=== TEST 18: an empty print sends the header
--- config
    location = /t {
        content_by_lua_block {
            ngx.log(ngx.WARN, "sent before: ", ngx.headers_sent)
            ngx.print("", {}, "")
            ngx.log(ngx.WARN, "sent after: ", ngx.headers_sent)
        }
    }
--- request
GET /t
--- response_body:
--- grep_error_log eval
qr/sent (before|after): \w+/
--- grep_error_log_out
sent before: false
sent after: true
--- no_error_log
[error]



=== TEST 19: the answer of a location that prints nothing is empty
--- config
    location = /t {
        content_by_lua_block {
            local quiet = true
        }
    }
--- request
GET /t
--- response_body:
--- response_headers
Content-Type: text/plain
! Content-Length
--- no_error_log
[error]



=== TEST 20: after eof, print and say answer "seen eof"
--- config
    location = /t {
        content_by_lua_block {
            ngx.say("the answer")
            ngx.eof()
            ngx.log(ngx.WARN, "print: ", table.concat({ tostring((ngx.print("x"))), select(2, ngx.print("x")) }, ", "))
            ngx.log(ngx.WARN, "say: ", table.concat({ tostring((ngx.say())), select(2, ngx.say()) }, ", "))
        }
    }
--- request
GET /t
--- response_body
the answer
--- grep_error_log eval
qr/(print|say): [^,]+, [\w ]+/
--- grep_error_log_out
print: nil, seen eof
say: nil, seen eof
--- no_error_log
[error]



=== TEST 21: after eof, arguments are not looked at
--- config
    location = /t {
        content_by_lua_block {
            ngx.eof()
            local ok, err = ngx.print(print)
            ngx.log(ngx.WARN, "print: ", ok, ", ", err)
        }
    }
--- request
GET /t
--- response_body:
--- error_log
print: nil, seen eof
--- no_error_log
[error]



=== TEST 22: for HEAD, the first call succeeds, later ones answer "header only"
--- config
    location = /t {
        content_by_lua_block {
            for i = 1, 3 do
                local ok, err = ngx.say("line ", i)
                ngx.log(ngx.WARN, "say: ", ok, " ", err)
            end
            ngx.log(ngx.WARN, "eof: ", select(2, ngx.eof()))
        }
    }
--- request
HEAD /t
--- response_body:
--- response_headers
Content-Type: text/plain
! Content-Length
--- grep_error_log eval
qr/(say|eof): .*?(?=, client)/
--- grep_error_log_out
say: 1 nil
say: nil header only
say: nil header only
eof: seen eof
--- no_error_log
[error]



=== TEST 23: a status without a body: 204
--- config
    location = /t {
        content_by_lua_block {
            ngx.status = 204
            ngx.log(ngx.WARN, "first: ", ngx.say("x"))
            ngx.log(ngx.WARN, "second: ", select(2, ngx.say("x")))
        }
    }
--- request
GET /t
--- error_code: 204
--- response_body:
--- grep_error_log eval
qr/(first|second): .*?(?=, client)/
--- grep_error_log_out
first: 1
second: header only
--- no_error_log
[error]



=== TEST 24: output of the rewrite phase is the answer: later phases do not run
--- config
    location = /t {
        rewrite_by_lua_block {
            ngx.say("rewrite")
        }
        access_by_lua_block {
            ngx.say("access")
        }
        content_by_lua_block {
            ngx.say("content")
        }
    }
--- request
GET /t
--- response_body
rewrite
--- no_error_log
[error]



=== TEST 25: output of the access phase is the answer: the content phase does not run
--- config
    location = /t {
        rewrite_by_lua_block {
            local quiet = true
        }
        access_by_lua_block {
            ngx.print("access")
        }
        content_by_lua_block {
            ngx.print("content")
        }
    }
--- request
GET /t
--- response_body: access
--- no_error_log
[error]



=== TEST 26: many small prints
--- config
    location = /t {
        content_by_lua_block {
            for i = 1, 5000 do
                ngx.print(i, ",")
            end
        }
    }
--- log_level: info
--- request
GET /t
--- response_body eval
join "", map { "$_," } 1 .. 5000
--- no_error_log
[error]



=== TEST 27: one large print
--- config
    location = /t {
        content_by_lua_block {
            ngx.print(string.rep("0123456789abcdef", 65536))
        }
    }
--- request
GET /t
--- response_body eval
"0123456789abcdef" x 65536
--- no_error_log
[error]



=== TEST 28: a table with many fragments
--- config
    location = /t {
        content_by_lua_block {
            local t = {}
            for i = 1, 20000 do
                t[i] = i % 2 == 0 and i or { "<", i, ">" }
            end
            ngx.print(t)
        }
    }
--- request
GET /t
--- response_body eval
join "", map { $_ % 2 ? "<$_>" : $_ } 1 .. 20000
--- no_error_log
[error]



=== TEST 29: many arguments
--- config
    location = /t {
        content_by_lua_block {
            local t = {}
            for i = 1, 250 do
                t[i] = i
            end
            ngx.print(unpack(t))
        }
    }
--- request
GET /t
--- response_body eval
join "", 1 .. 250
--- no_error_log
[error]



=== TEST 30: body_filter_by_lua sees each call as one chunk
--- config
    location = /t {
        content_by_lua_block {
            ngx.print("a", { "b", "c" }, 1)
            ngx.say("second")
            ngx.print("")
            ngx.print("last")
        }
        body_filter_by_lua_block {
            ngx.log(ngx.WARN, "chunk [", (ngx.arg[1]:gsub("\n", "\\n")), "] eof ", ngx.arg[2])
        }
    }
--- request
GET /t
--- response_body eval
"abc1second\nlast"
--- grep_error_log eval
qr/chunk \[.*?\] eof \w+/
--- grep_error_log_out
chunk [abc1] eof false
chunk [second\n] eof false
chunk [last] eof false
chunk [] eof true
--- no_error_log
[error]



=== TEST 31: body_filter_by_lua runs within print, before print returns
--- config
    location = /t {
        content_by_lua_block {
            ngx.log(ngx.WARN, "step: before")
            ngx.say("x")
            ngx.log(ngx.WARN, "step: after")
        }
        body_filter_by_lua_block {
            ngx.log(ngx.WARN, "step: filter")
        }
    }
--- request
GET /t
--- response_body
x
--- grep_error_log eval
qr/step: \w+/
--- grep_error_log_out
step: before
step: filter
step: after
step: filter
--- no_error_log
[error]



=== TEST 32: a failing body filter makes print answer "nginx output filter error"
--- config
    location = /t {
        content_by_lua_block {
            local ok, err = ngx.print("x")
            ngx.log(ngx.WARN, "print: ", ok, ", ", err)
        }
        body_filter_by_lua_block {
            error("no")
        }
    }
--- request
GET /t
--- ignore_response
--- error_log
failed to run body_filter_by_lua*: body_filter_by_lua
print: nil, nginx output filter error



=== TEST 33: a failing header filter makes print answer "nginx output filter error"
--- config
    location = /t {
        content_by_lua_block {
            local ok, err = ngx.print("x")
            ngx.log(ngx.WARN, "print: ", ok, ", ", err)
        }
        header_filter_by_lua_block {
            error("no")
        }
    }
--- request
GET /t
--- ignore_response
--- error_log
failed to run header_filter_by_lua*: header_filter_by_lua
print: nil, nginx output filter error



=== TEST 34: HTTP/1.1: a Content-Length set by Lua replaces chunking
--- config
    location = /t {
        content_by_lua_block {
            ngx.header["Content-Length"] = 6
            ngx.print("hel")
            ngx.say("lo")
        }
    }
--- request
GET /t
--- response_headers
Content-Length: 6
! Transfer-Encoding
--- response_body
hello
--- no_error_log
[error]



=== TEST 35: HTTP/1.1: one print is one chunk on the wire
--- config
    location = /t {
        content_by_lua_block {
            ngx.print("hello")
        }
    }
--- raw_request eval
"GET /t HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
--- http09
--- response_body_like eval
qr{\r\nTransfer-Encoding: chunked\r\n.*?\r\n\r\n5\r\nhello\r\n0\r\n\r\n\z}s
--- no_error_log
[error]



=== TEST 36: a status set before the first output is the one sent
--- config
    location = /t {
        content_by_lua_block {
            ngx.status = 402
            ngx.say("pay")
        }
    }
--- request
GET /t
--- error_code: 402
--- response_body
pay
--- no_error_log
[error]



=== TEST 37: default_type applies, with the charset
--- http_config
    charset utf-8;
--- config
    location = /t {
        default_type text/html;
        content_by_lua_block {
            ngx.say("x")
        }
    }
--- request
GET /t
--- response_headers
Content-Type: text/html; charset=utf-8
--- response_body
x
--- no_error_log
[error]



=== TEST 38: with lua_use_default_type off there is no Content-Type unless Lua sets it
--- config
    lua_use_default_type off;
    default_type text/html;
    location = /t {
        content_by_lua_block {
            ngx.header.content_type = ngx.var.arg_type
            ngx.say("x")
        }
    }
--- request eval
["GET /t", "GET /t?type=text/css"]
--- response_headers eval
["! Content-Type", "Content-Type: text/css"]
--- response_body eval
["x\n", "x\n"]
--- no_error_log
[error]



=== TEST 39: the body of a request that Lua did not read is thrown away before the next request
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.req.get_method(), " ", ngx.var.arg_n)
        }
    }
--- pipelined_requests eval
["POST /t?n=1\n" . ("GET /evil HTTP/1.1 " x 1000), "POST /t?n=2\nmore", "GET /t?n=3"]
--- response_body eval
["POST 1\n", "POST 2\n", "GET 3\n"]
--- no_error_log
[error]



=== TEST 40: a chunked body that Lua did not read is thrown away too
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.req.get_method(), " ", ngx.var.arg_n)
        }
    }
--- raw_request eval
"POST /t?n=1 HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nGET \r\n0\r\n\r\n"
. "GET /t?n=2 HTTP/1.0\r\n\r\n"
--- http09
--- response_body_like eval
qr{\AHTTP/1\.1 200 OK\r\n.*?\r\nPOST 1\n.*?\r\n0\r\n\r\nHTTP/1\.1 200 OK\r\n.*?\r\n\r\nGET 2\n\z}s
--- no_error_log
[error]



=== TEST 41: output in a nested function and in a coroutine belongs to the request
--- config
    location = /t {
        content_by_lua_block {
            local function deep(n)
                if n == 0 then
                    ngx.say("from the bottom")
                    return
                end
                deep(n - 1)
                return n
            end
            deep(50)
            coroutine.wrap(function () ngx.say("from a coroutine") end)()
            local ok = pcall(ngx.say, "from a pcall")
        }
    }
--- request
GET /t
--- response_body
from the bottom
from a coroutine
from a pcall
--- no_error_log
[error]
