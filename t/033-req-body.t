use Test::Nginx::Socket::Lua 'no_plan';

add_block_preprocessor(sub {
    my ($block) = @_;
    $block->set_value("request", "GET /t")
        if !defined $block->request && !defined $block->raw_request
            && !defined $block->pipelined_requests;
    $block->set_value("no_error_log", "[error]")
        if !defined $block->error_log && !defined $block->no_error_log;
});

# require "try": what a function answers, or its error without the place.
our $Try = <<'_EOC_';
    init_by_lua_block {
        package.loaded.try = function(f, ...)
            local ok, result = pcall(f, ...)
            if ok then
                return tostring(result)
            end
            return "error: " .. result:gsub("^.-:%d+: ", "")
        end
    }
_EOC_

our $Echo = <<'_EOC_';
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.say("[", ngx.req.get_body_data(), "]")
        }
    }
_EOC_

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: read_body, then get_body_data
--- config eval: $::Echo
--- request
POST /t
hello, world
--- response_body
[hello, world]



=== TEST 2: any bytes can be in a body
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            local data = ngx.req.get_body_data()
            ngx.say(#data, " ", data == "\0\1\r\n\r\n\128\255\0")
        }
    }
--- raw_request eval
"POST /t HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 9\r\n\r\n\0\1\r\n\r\n\x80\xff\0"
--- response_body
9 true



=== TEST 3: read_body returns nothing
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(select("#", ngx.req.read_body()))
            ngx.say(select("#", ngx.req.get_body_data()))
        }
    }
--- request
POST /t
hello
--- response_body
0
1



=== TEST 4: a body that was not read is nil
--- config
    location = /t {
        content_by_lua_block { ngx.say(ngx.req.get_body_data()) }
    }
--- request
POST /t
hello
--- response_body
nil



=== TEST 5: no body and an empty body are nil
--- config eval: $::Echo
--- more_headers eval
["", "Content-Length: 0", ""]
--- request eval
["GET /t", "POST /t", "POST /t"]
--- response_body eval
["[nil]\n", "[nil]\n", "[nil]\n"]



=== TEST 6: a GET and a DELETE with a body
--- config eval: $::Echo
--- request eval
["GET /t\nhello", "DELETE /t\nbye"]
--- response_body eval
["[hello]\n", "[bye]\n"]



=== TEST 7: reading twice gives the same body
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            local first = ngx.req.get_body_data()
            ngx.req.read_body()
            ngx.say(first, " ", ngx.req.get_body_data())
        }
    }
--- request
POST /t
hello
--- response_body
hello hello



=== TEST 8: read in the rewrite phase, there for all later ones
--- config
    location = /t {
        rewrite_by_lua_block {
            ngx.req.read_body()
            ngx.ctx.rewrite = ngx.req.get_body_data()
        }
        access_by_lua_block { ngx.ctx.access = ngx.req.get_body_data() }
        content_by_lua_block {
            ngx.say(ngx.ctx.rewrite, " ", ngx.ctx.access, " ", ngx.req.get_body_data())
        }
        header_filter_by_lua_block { ngx.header["X-Header-Filter"] = ngx.req.get_body_data() }
        body_filter_by_lua_block {
            if ngx.arg[2] then
                ngx.arg[1] = ngx.arg[1] .. ngx.req.get_body_data() .. "\n"
            end
        }
        log_by_lua_block { ngx.log(ngx.WARN, "log: ", ngx.req.get_body_data()) }
    }
--- request
POST /t
hello
--- response_headers
X-Header-Filter: hello
--- response_body
hello hello hello
hello
--- error_log
log: hello



=== TEST 9: read in the access phase, sent on by proxy_pass
--- config
    location = /t {
        access_by_lua_block {
            ngx.req.read_body()
            if ngx.req.get_body_data() ~= "hello" then
                ngx.exit(403)
            end
        }
        proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/up;
    }
    location = /up {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.say(ngx.req.get_method(), " ", ngx.req.get_body_data())
        }
    }
--- request
POST /t
hello
--- response_body
POST hello



=== TEST 10: a body that comes in parts is waited for
--- config eval: $::Echo
--- raw_request eval
[
    "POST /t HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 12\r\n\r\n",
    {value => "hel", delay_before => 0.02},
    {value => "lo, wo", delay_before => 0.02},
    {value => "rld", delay_before => 0.02},
]
--- response_body
[hello, world]



=== TEST 11: the beginning of a body comes with the headers
--- config eval: $::Echo
--- raw_request eval
[
    "POST /t HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 12\r\n\r\nhel",
    {value => "lo, world", delay_before => 0.02},
]
--- response_body
[hello, world]



=== TEST 12: waiting in rewrite and access
--- config
    location = /rewrite {
        rewrite_by_lua_block {
            ngx.req.read_body()
            ngx.say("rewrite: ", ngx.req.get_body_data())
        }
    }
    location = /access {
        access_by_lua_block {
            ngx.req.read_body()
            ngx.say("access: ", ngx.req.get_body_data())
        }
    }
--- request eval
[
    ["POST /rewrite\nhel", {value => "lo", delay_before => 0.02}],
    ["POST /access\nhel", {value => "lo", delay_before => 0.02}],
]
--- response_body eval
["rewrite: hello\n", "access: hello\n"]



=== TEST 13: waiting in a pcall, in a function, in a coroutine
--- config
    location = /t {
        content_by_lua_block {
            local co = coroutine.wrap(function()
                local ok, err = pcall(function()
                    ngx.req.read_body()
                    return 1
                end)
                coroutine.yield(ok)
                return "end"
            end)
            local ok = co()
            ngx.say(ok, " ", ngx.req.get_body_data(), " ", co())
        }
    }
--- raw_request eval
[
    "POST /t HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 5\r\n\r\n",
    {value => "hello", delay_before => 0.02},
]
--- response_body
true hello end



=== TEST 14: a body that fits client_body_buffer_size is in memory
--- config
    client_body_buffer_size 1k;

    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            local data = ngx.req.get_body_data()
            ngx.say(data and #data, " ", data == ("x"):rep(1024))
        }
    }
--- request eval
"POST /t\n" . "x" x 1024
--- response_body
1024 true



=== TEST 15: a larger body is in a file, for get_body_data nil
--- config
    client_body_buffer_size 1k;

    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.say(ngx.req.get_body_data())
        }
    }
--- request eval
"POST /t\n" . "x" x 5000
--- error_log
a client request body is buffered to a temporary file
--- response_body
nil



=== TEST 16: a body in a file goes to a proxied server all the same
--- config
    client_body_buffer_size 1k;

    location = /t {
        rewrite_by_lua_block { ngx.req.read_body() }
        proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/up;
    }
    location = /up {
        client_body_buffer_size 100k;
        content_by_lua_block {
            ngx.req.read_body()
            ngx.say(#ngx.req.get_body_data())
        }
    }
--- request eval
"POST /t\n" . "x" x 50000
--- error_log
a client request body is buffered to a temporary file
--- response_body
50000



=== TEST 17: client_body_in_file_only keeps nothing in memory
--- config
    location = /t {
        client_body_in_file_only clean;
        content_by_lua_block {
            ngx.req.read_body()
            ngx.say(ngx.req.get_body_data())
        }
    }
--- request
POST /t
hello
--- response_body
nil



=== TEST 18: a body of many packets is one string
--- config
    client_body_buffer_size 64k;

    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            local data = ngx.req.get_body_data()
            ngx.say(#data, " ", data == ("0123456789"):rep(5000))
        }
    }
--- raw_request eval
[
    "POST /t HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 50000\r\n\r\n",
    map { {value => "0123456789" x 500, delay_before => 0.002} } 1 .. 10
]
--- response_body
50000 true



=== TEST 19: a chunked body
--- config eval: $::Echo
--- raw_request eval
"POST /t HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
. "5\r\nhello\r\n1;extension=1\r\n,\r\n006\r\n world\r\n0\r\n\r\n"
--- response_body
[hello, world]



=== TEST 20: a chunked body in parts that do not end where chunks do
--- config eval: $::Echo
--- raw_request eval
[
    "POST /t HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe",
    {value => "llo\r", delay_before => 0.02},
    {value => "\n7\r\n, world\r\n", delay_before => 0.02},
    {value => "0\r\n\r\n", delay_before => 0.02},
]
--- response_body
[hello, world]



=== TEST 21: an empty chunked body is nil
--- config eval: $::Echo
--- raw_request eval
"POST /t HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
--- response_body
[nil]



=== TEST 22: a chunked body that does not fit is in a file
--- config
    client_body_buffer_size 1k;

    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.say(ngx.req.get_body_data())
        }
    }
--- raw_request eval
"POST /t HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
. "1388\r\n" . "x" x 5000 . "\r\n0\r\n\r\n"
--- error_log
a client request body is buffered to a temporary file
--- response_body
nil



=== TEST 23: a chunked body that is broken ends the request with 400
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.log(ngx.WARN, "not reached")
        }
    }
--- raw_request eval
"POST /t HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
. "5\r\nhello\r\nnot a length\r\n"
--- error_code: 400
--- response_body_like: 400 Bad Request
--- error_log
client sent invalid chunked body
--- no_error_log
not reached



=== TEST 24: a chunked body larger than client_max_body_size ends the request with 413
--- config
    location = /t {
        client_max_body_size 10;
        content_by_lua_block {
            ngx.req.read_body()
            ngx.log(ngx.WARN, "not reached")
        }
    }
--- raw_request eval
"POST /t HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
. "f\r\nhello and so on\r\n0\r\n\r\n"
--- error_code: 413
--- response_body_like: 413 Request Entity Too Large
--- error_log
client intended to send too large chunked body
--- no_error_log
not reached



=== TEST 25: 413 while Lua waits, and its error page
--- config
    error_page 413 = /too-large;

    location = /t {
        client_max_body_size 10;
        access_by_lua_block {
            local ok = pcall(ngx.req.read_body)
            ngx.log(ngx.WARN, "not reached")
        }
        content_by_lua_block { ngx.log(ngx.WARN, "not reached") }
    }
    location = /too-large {
        content_by_lua_block { ngx.say("too large") }
    }
--- raw_request eval
[
    "POST /t HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    {value => "a\r\n and so on\r\n0\r\n\r\n", delay_before => 0.02},
]
--- response_body
too large
--- error_log
client intended to send too large chunked body
--- no_error_log
not reached



=== TEST 26: a Content-Length larger than client_max_body_size does not come to Lua
--- config
    location = /t {
        client_max_body_size 10;
        rewrite_by_lua_block { ngx.log(ngx.WARN, "not reached") }
    }
--- request
POST /t
hello and so on
--- error_code: 413
--- error_log
client intended to send too large body: 15 bytes
--- no_error_log
not reached



=== TEST 27: client_body_timeout ends the request with 408, unsent
--- config
    location = /t {
        client_body_timeout 100ms;
        content_by_lua_block {
            ngx.req.read_body()
            ngx.log(ngx.WARN, "not reached")
        }
        log_by_lua_block { ngx.log(ngx.WARN, "status: ", ngx.status) }
    }
--- raw_request eval
"POST /t HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhel"
--- error_code:
--- error_log
status: 408
--- no_error_log
not reached



=== TEST 28: a client that leaves in the middle of its body
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.log(ngx.WARN, "not reached")
        }
        log_by_lua_block { ngx.log(ngx.WARN, "status: ", ngx.status) }
    }
--- raw_request eval
"POST /t HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhel"
--- shutdown: 1
--- ignore_response
--- error_log
client prematurely closed connection
status: 400
--- no_error_log
not reached



=== TEST 29: a client that waits for 100 Continue gets it at the time of read_body
--- config eval: $::Echo
--- raw_request eval
[
    "POST /t HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n",
    {value => "hello", delay_before => 0.05},
]
--- error_code: 100
--- response_body_like: ^HTTP/1\.1 200 OK\r\n.*\[hello\]



=== TEST 30: no 100 Continue when Lua has cleared Expect
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.clear_header("Expect")
            ngx.req.read_body()
            ngx.say(ngx.req.get_body_data())
        }
    }
--- more_headers
Expect: 100-continue
--- request
POST /t
hello
--- response_body
hello



=== TEST 31: lua_need_request_body reads the body before content_by_lua
--- config
    location = /t {
        lua_need_request_body on;
        content_by_lua_block { ngx.say(ngx.req.get_body_data()) }
    }
--- request eval
["POST /t\nhello", "GET /t"]
--- response_body eval
["hello\n", "nil\n"]



=== TEST 32: lua_need_request_body for rewrite and access, inherited from the server
--- config
    lua_need_request_body on;

    location = /rewrite {
        rewrite_by_lua_block { ngx.say("rewrite: ", ngx.req.get_body_data()) }
    }
    location = /access {
        access_by_lua_block { ngx.say("access: ", ngx.req.get_body_data()) }
    }
    location = /off {
        lua_need_request_body off;
        content_by_lua_block { ngx.say("off: ", ngx.req.get_body_data()) }
    }
--- request eval
[
    ["POST /rewrite\nhel", {value => "lo", delay_before => 0.02}],
    ["POST /access\nhel", {value => "lo", delay_before => 0.02}],
    "POST /off\nhello",
]
--- response_body eval
["rewrite: hello\n", "access: hello\n", "off: nil\n"]



=== TEST 33: lua_need_request_body and a body that is too large
--- config
    location = /t {
        lua_need_request_body on;
        client_max_body_size 10;
        content_by_lua_block { ngx.log(ngx.WARN, "not reached") }
    }
--- raw_request eval
"POST /t HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
. "f\r\nhello and so on\r\n0\r\n\r\n"
--- error_code: 413
--- error_log
client intended to send too large chunked body
--- no_error_log
not reached



=== TEST 34: the next request on the connection begins after the body
--- config eval: $::Echo
--- pipelined_requests eval
["POST /t\nfirst", "POST /t\nsecond", "GET /t"]
--- response_body eval
["[first]\n", "[second]\n", "[nil]\n"]



=== TEST 35: the next request begins after a body that nobody has read
--- config
    location = /t {
        content_by_lua_block { ngx.say(ngx.req.get_uri_args().n) }
    }
--- pipelined_requests eval
["POST /t?n=1\nfirst", "POST /t?n=2\nsecond", "GET /t?n=3"]
--- response_body eval
["1\n", "2\n", "3\n"]



=== TEST 36: the next request after a chunked body
--- config eval: $::Echo
--- more_headers eval
["Transfer-Encoding: chunked", ""]
--- pipelined_requests eval
["POST /t\n5\r\nhello\r\n0\r\n\r\n", "GET /t"]
--- response_body eval
["[hello]\n", "[nil]\n"]



=== TEST 37: after an internal redirect the body is still there
--- config
    location = /t {
        error_page 404 =200 /teapot;
        access_by_lua_block {
            ngx.req.read_body()
            ngx.exit(404)
        }
    }
    location = /teapot {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.say(ngx.req.get_body_data())
        }
    }
--- request
POST /t
hello
--- response_body
hello



=== TEST 38: a body read before a jump
--- config
    location = /t {
        rewrite_by_lua_block {
            ngx.req.read_body()
            ngx.req.set_uri("/other", true)
        }
    }
    location = /other {
        content_by_lua_block { ngx.say(ngx.req.get_body_data()) }
    }
--- raw_request eval
[
    "POST /t HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhel",
    {value => "lo", delay_before => 0.02},
]
--- response_body
hello



=== TEST 39: $request_body is the body that was read
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.say(ngx.var.request_body, " ", ngx.var.content_length)
        }
    }
--- request
POST /t
hello
--- response_body
hello 5



=== TEST 40: HTTP/1.0 with a body
--- config eval: $::Echo
--- raw_request eval
"POST /t HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello"
--- response_body
[hello]



=== TEST 41: read_body takes no arguments
--- http_config eval: $::Try
--- config
    location = /t {
        content_by_lua_block {
            local try = require "try"
            ngx.say(try(ngx.req.read_body, nil))
            ngx.say(try(ngx.req.read_body, 1, 2))
        }
    }
--- response_body
error: expecting 0 arguments but seen 1
error: expecting 0 arguments but seen 2



=== TEST 42: get_body_data takes at most one argument
--- http_config eval: $::Try
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(require "try" (ngx.req.get_body_data, 1, 2))
        }
    }
--- differs: 0.10.23 has no argument for get_body_data
--- response_body
error: expecting 0 or 1 arguments but seen 2



=== TEST 43: get_body_data with a limit
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.say(ngx.req.get_body_data(3))
            ngx.say(ngx.req.get_body_data(5))
            ngx.say(ngx.req.get_body_data(100))
            ngx.say(ngx.req.get_body_data())
        }
    }
--- differs: 0.10.23 has no argument for get_body_data
--- request
POST /t
hello
--- response_body
hel
hello
hello
hello



=== TEST 44: read_body is for the phases that can wait
--- http_config eval: $::Try
--- config
    location = /t {
        set_by_lua_block $set { return require "try" (ngx.req.read_body) }
        content_by_lua_block { ngx.say(ngx.var.set) }
        header_filter_by_lua_block {
            ngx.header["X-Header-Filter"] = require "try" (ngx.req.read_body)
        }
        body_filter_by_lua_block { ngx.ctx.body_filter = require "try" (ngx.req.read_body) }
        log_by_lua_block { ngx.log(ngx.WARN, ngx.ctx.body_filter, "; ", require "try" (ngx.req.read_body)) }
    }
--- request
POST /t
hello
--- response_headers
X-Header-Filter: error: API disabled in the context of header_filter_by_lua*
--- response_body
error: API disabled in the context of set_by_lua*
--- error_log
error: API disabled in the context of body_filter_by_lua*; error: API disabled in the context of log_by_lua*



=== TEST 45: without a request: not in init, not in init_worker
--- http_config
    init_by_lua_block {
        local results = {}
        package.loaded.results = results
        function results.try(name)
            local ok, err = pcall(ngx.req[name])
            results[#results + 1] = name .. ": " .. tostring(ok) .. " " .. err:gsub("^.-:%d+: ", "")
        end
        results.try("read_body")
        results.try("get_body_data")
    }
    init_worker_by_lua_block {
        local results = require "results"
        results.try("read_body")
        results.try("get_body_data")
    }
--- config
    location = /t {
        content_by_lua_block { ngx.say(table.concat(require "results", "\n")) }
    }
--- response_body
read_body: false request object not found
get_body_data: false request object not found
read_body: false API disabled in the context of init_worker_by_lua*
get_body_data: false API disabled in the current context



=== TEST 46: a wait for the body that cannot yield fails, and the request goes on
--- config
    location = /t {
        content_by_lua_block {
            local ok, err = pcall(string.gsub, "a", "a", function() ngx.req.read_body() end)
            ngx.say(ok, " ", err)
        }
    }
--- raw_request eval
[
    "POST /t HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 5\r\n\r\n",
    {value => "hello", delay_before => 0.05},
]
--- response_body
false attempt to yield across C-call boundary



=== TEST 47: a body that is there already needs no wait
--- config
    location = /t {
        content_by_lua_block {
            local result = string.gsub("a", "a", function()
                ngx.req.read_body()
                return ngx.req.get_body_data()
            end)
            ngx.say(result)
        }
    }
--- request
POST /t
hello
--- response_body
hello



=== TEST 48: 413 at once has the same error page
--- config
    error_page 413 = /too-large;

    location = /t {
        client_max_body_size 10;
        access_by_lua_block {
            ngx.req.read_body()
            ngx.log(ngx.WARN, "not reached")
        }
        content_by_lua_block { ngx.log(ngx.WARN, "not reached") }
    }
    location = /too-large {
        content_by_lua_block { ngx.say("too large") }
    }
--- raw_request eval
"POST /t HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\na\r\n and so on\r\n0\r\n\r\n"
--- response_body
too large
--- error_log
client intended to send too large chunked body
--- no_error_log
not reached
--- differs: the C module says 413 if the body is there at once, and 200 if it comes later
