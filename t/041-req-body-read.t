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

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: discard_body returns nothing, and there is no body then
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(select("#", ngx.req.discard_body()))
            ngx.say(ngx.req.get_body_data(), " ", ngx.req.get_body_file())
        }
    }
--- request
POST /t
hello
--- response_body
0
nil nil



=== TEST 2: reading after a discard gives nothing
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.discard_body()
            ngx.req.read_body()
            ngx.say(ngx.req.get_body_data())
        }
    }
--- request
POST /t
hello
--- response_body
nil



=== TEST 3: discarding what was read changes nothing
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.req.discard_body()
            ngx.say(ngx.req.get_body_data())
        }
    }
--- request
POST /t
hello
--- response_body
hello



=== TEST 4: discarding nothing, and twice
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.discard_body()
            ngx.req.discard_body()
            ngx.say("ok")
        }
    }
--- request eval
["GET /t", "POST /t\nhello"]
--- response_body eval
["ok\n", "ok\n"]



=== TEST 5: a body that is still to come is thrown away while code goes on
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.discard_body()
            ngx.say("first")
            ngx.flush(true)
            ngx.sleep(0.05)
            ngx.say("second")
        }
    }
--- raw_request eval
[
    "POST /t HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 10\r\n\r\nhel",
    {value => "lo", delay_before => 0.02},
    {value => "world", delay_before => 0.02},
]
--- response_body
first
second



=== TEST 6: while a body is being thrown away, nothing can take its place
--- http_config eval: $::Try
--- config
    lingering_timeout 20ms;

    location = /t {
        content_by_lua_block {
            local try = require "try"
            ngx.req.discard_body()
            ngx.say("set_body_data: ", try(ngx.req.set_body_data, "x"))
            ngx.say("set_body_file: ", try(ngx.req.set_body_file, "x"))
            ngx.say("init_body: ", try(ngx.req.init_body))
            ngx.say("append_body: ", try(ngx.req.append_body, "x"))
            ngx.say("finish_body: ", try(ngx.req.finish_body))
            ngx.say("get_post_args: ", next(ngx.req.get_post_args()))
            ngx.say("get_body_data: ", ngx.req.get_body_data())
            ngx.say("get_body_file: ", ngx.req.get_body_file())
        }
    }
--- raw_request eval
"POST /t HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 3\r\n\r\na"
--- response_body
set_body_data: error: request body already discarded asynchronously
set_body_file: error: request body already discarded asynchronously
init_body: error: request body already discarded asynchronously
append_body: error: request_body not initialized
finish_body: error: request_body not initialized
get_post_args: nil
get_body_data: nil
get_body_file: nil



=== TEST 7: once a body has been thrown away, it is as if it was not read
--- http_config eval: $::Try
--- config
    location = /t {
        content_by_lua_block {
            local try = require "try"
            ngx.req.discard_body()
            ngx.say("set_body_data: ", try(ngx.req.set_body_data, "x"))
            ngx.say("set_body_file: ", try(ngx.req.set_body_file, "x"))
            ngx.say("init_body: ", try(ngx.req.init_body))
            ngx.say("append_body: ", try(ngx.req.append_body, "x"))
            ngx.say("finish_body: ", try(ngx.req.finish_body))
            ngx.say("get_post_args: ", try(ngx.req.get_post_args))
        }
    }
--- request
POST /t
a=1
--- response_body
set_body_data: error: request body not read yet
set_body_file: error: request body not read yet
init_body: error: request body not read yet
append_body: error: request_body not initialized
finish_body: error: request_body not initialized
get_post_args: error: no request body found; maybe you should turn on lua_need_request_body?



=== TEST 8: chunked bodies can be thrown away, also in parts
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.discard_body()
            ngx.req.read_body()
            ngx.say(ngx.req.get_body_data())
        }
    }
--- raw_request eval
[
    "POST /t HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
    {value => "lo\r\n0\r", delay_before => 0.02},
    {value => "\n\r\n", delay_before => 0.02},
]
--- response_body
nil



=== TEST 9: a chunked body that is broken cannot be thrown away
--- http_config eval: $::Try
--- config
    location = /t {
        content_by_lua_block { ngx.say(require "try" (ngx.req.discard_body)) }
    }
--- raw_request eval
"POST /t HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\nhello\r\n0\r\n\r\n"
--- response_body
error: failed to discard request body
--- error_log
client sent invalid chunked body



=== TEST 10: the next request on the connection begins after what was thrown away
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.discard_body()
            ngx.say(ngx.var.arg_n)
        }
    }
--- pipelined_requests eval
["POST /t?n=1\nGET /t?n=bad HTTP/1.1", "POST /t?n=2\n" . ("x" x 20000), "GET /t?n=3"]
--- response_body eval
["1\n", "2\n", "3\n"]



=== TEST 11: discard_body in every phase of a request
--- config
    location = /t {
        set_by_lua_block $set { ngx.req.discard_body() }
        header_filter_by_lua_block { ngx.req.discard_body() }
        body_filter_by_lua_block { ngx.req.discard_body() }
        log_by_lua_block { ngx.req.discard_body() }
        content_by_lua_block { ngx.say("ok") }
    }
--- request
POST /t
hello
--- response_body
ok



=== TEST 12: get_body_file is nil for a body in memory, without a body, unread
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.req.get_body_file())
            ngx.req.read_body()
            ngx.say(ngx.req.get_body_file())
        }
    }
--- request eval
["GET /t", "POST /t\nhello"]
--- response_body eval
["nil\nnil\n", "nil\nnil\n"]



=== TEST 13: a body that is too large for memory is in a file
--- config
    client_body_buffer_size 1k;

    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            local file = assert(io.open(ngx.req.get_body_file()))
            local text = file:read("*a")
            ngx.say(#text, " ", text == ("0123456789"):rep(500), " ", ngx.req.get_body_data())
        }
    }
--- request eval
"POST /t\n" . "0123456789" x 500
--- response_body
5000 true nil



=== TEST 14: the file is that of $request_body_file, and has a clean end
--- config
    client_body_in_file_only clean;

    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            package.loaded.path = ngx.req.get_body_file()
            ngx.say(ngx.req.get_body_file() == ngx.var.request_body_file)
        }
    }
    location = /after {
        content_by_lua_block { ngx.say(io.open(require "path")) }
    }
--- request eval
["POST /t\nhello", "GET /after"]
--- response_body_like eval
['^true$', '^nil.*No such file or directory']



=== TEST 15: the file of a body that read_body has read goes with the request
--- config
    client_body_buffer_size 10;

    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            package.loaded.path = ngx.req.get_body_file()
            ngx.say(type(package.loaded.path))
        }
    }
    location = /after {
        content_by_lua_block { ngx.say(io.open(require "path")) }
    }
--- request eval
["POST /t\n" . ("x" x 5000), "GET /after"]
--- response_body_like eval
['^string$', '^nil.*No such file or directory']



=== TEST 16: get_body_file and discard_body take no arguments
--- http_config eval: $::Try
--- config
    location = /t {
        content_by_lua_block {
            local try = require "try"
            ngx.say(try(ngx.req.get_body_file, 1))
            ngx.say(try(ngx.req.get_body_file, nil, nil))
            ngx.say(try(ngx.req.discard_body, 1))
            ngx.say(try(ngx.req.discard_body, nil))
        }
    }
--- response_body
error: expecting 0 arguments but seen 1
error: expecting 0 arguments but seen 2
error: expecting 0 arguments but seen 1
error: expecting 0 arguments but seen 1



=== TEST 17: get_body_file in every phase of a request
--- config
    client_body_in_file_only clean;

    location = /t {
        rewrite_by_lua_block {
            ngx.req.read_body()
            ngx.ctx.path = ngx.req.get_body_file()
        }
        access_by_lua_block { assert(ngx.req.get_body_file() == ngx.ctx.path) }
        content_by_lua_block {
            assert(ngx.req.get_body_file() == ngx.ctx.path)
            ngx.print("body")
        }
        header_filter_by_lua_block { assert(ngx.req.get_body_file() == ngx.ctx.path) }
        body_filter_by_lua_block { ngx.arg[1] = tostring(ngx.req.get_body_file() == ngx.ctx.path) ngx.arg[2] = true }
        log_by_lua_block { assert(ngx.req.get_body_file() == ngx.ctx.path) }
    }
--- request
POST /t
hello
--- response_body chop
true



=== TEST 18: get_post_args: names and values
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            local args, err = ngx.req.get_post_args()
            ngx.say(args.a, " ", args.b, " ", args.c, " [", args.d, "] ", args["e f"], " ", err)
        }
    }
--- request
POST /t?a=uri
a=1&b=x+y%21&c&d=&e+f=%00g
--- response_body eval
"1 x y! true [] \0g nil\n"



=== TEST 19: get_post_args: repeated names, dropped names, percent signs without a code
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            local args = ngx.req.get_post_args()
            local values = {}
            for i, value in ipairs(args.a) do
                values[i] = tostring(value)
            end
            ngx.say(table.concat(values, ","))
            local n = 0
            for name in pairs(args) do
                n = n + 1
            end
            ngx.say(n, " ", args.b, " ", args.c)
        }
    }
--- request
POST /t
a=1&=x&a&&a=&b=%&c=%zz%4&a=2
--- response_body
1,true,,2
3 % %zz%4



=== TEST 20: get_post_args does not look at Content-Type
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.say(ngx.req.get_post_args().a)
        }
    }
--- request
POST /t
a=1
--- more_headers
Content-Type: application/json
--- response_body
1



=== TEST 21: get_post_args of an empty body, and of none
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            local args, err = ngx.req.get_post_args()
            ngx.say(type(args), " ", next(args), " ", err)
        }
    }
--- request eval
["GET /t", "POST /t", "POST /t\n"]
--- response_body eval
["table nil nil\n", "table nil nil\n", "table nil nil\n"]



=== TEST 22: get_post_args of a body that was not read
--- http_config eval: $::Try
--- config
    location = /t {
        content_by_lua_block { ngx.say(require "try" (ngx.req.get_post_args)) }
    }
--- request eval
["GET /t", "POST /t\na=1"]
--- response_body eval
["error: no request body found; maybe you should turn on lua_need_request_body?\n",
 "error: no request body found; maybe you should turn on lua_need_request_body?\n"]



=== TEST 23: lua_need_request_body reads for get_post_args
--- config
    lua_need_request_body on;

    location = /t {
        rewrite_by_lua_block { ngx.ctx.a = ngx.req.get_post_args().a }
        content_by_lua_block { ngx.say(ngx.ctx.a, ngx.req.get_post_args().b) }
    }
--- request
POST /t
a=1&b=2
--- response_body
12



=== TEST 24: get_post_args of a body in a file
--- config
    client_body_in_file_only clean;

    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.say(ngx.req.get_post_args())
        }
    }
--- request
POST /t
a=1
--- response_body
nilrequest body in temp file not supported



=== TEST 25: get_post_args: the limit counts every piece between two &
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            for _, max in ipairs { 1, 2, 3, 4, 5, 6, 0, -1, 2.9, "2" } do
                local args, err = ngx.req.get_post_args(max)
                ngx.say(max, ": ", args.a, " ", args.b, " ", err)
            end
        }
    }
--- request
POST /t
=1&&a=1&=2&b=2
--- response_body
1: nil nil truncated
2: nil nil truncated
3: 1 nil truncated
4: 1 nil truncated
5: 1 2 nil
6: 1 2 nil
0: 1 2 nil
-1: 1 2 nil
2.9: nil nil truncated
2: nil nil truncated



=== TEST 26: get_post_args: the limit is 100 unless told
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            local function count(...)
                local args, err = ngx.req.get_post_args(...)
                local n = 0
                for _ in pairs(args) do
                    n = n + 1
                end
                ngx.say(n, " ", err)
            end
            count()
            count(0)
            count(101)
            count(150)
        }
    }
--- request eval
"POST /t\n" . join "&", map { "a$_=$_" } 1 .. 150
--- response_body
100 truncated
150 nil
101 truncated
150 nil



=== TEST 27: get_post_args wants a number, or nothing
--- http_config eval: $::Try
--- config
    location = /t {
        content_by_lua_block {
            local try, get = require "try", ngx.req.get_post_args
            ngx.say(try(function() return get("x") end))
            ngx.say(try(function() return get({}) end))
            ngx.say(try(function() return get(nil) end))
            ngx.say(try(get, 1, 2))
        }
    }
--- response_body_like chomp
\Aerror: bad argument #1 to '\S+' \(number expected, got string\)
error: bad argument #1 to '\S+' \(number expected, got table\)
error: bad argument #1 to '\S+' \(number expected, got nil\)
error: expecting 0 or 1 arguments but seen 2
\z



=== TEST 28: get_post_args of a body that came in chunks
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            local args = ngx.req.get_post_args()
            ngx.say(args.name, " ", args.other)
        }
    }
--- raw_request eval
"POST /t HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nnam\r\n8\r\ne=v%61lu\r\n9\r\ne&other=x\r\n0\r\n\r\n"
--- response_body
value x



=== TEST 29: get_post_args in every phase of a request
--- config
    location = /t {
        rewrite_by_lua_block {
            ngx.req.read_body()
            ngx.ctx.seen = ngx.req.get_post_args().a
        }
        access_by_lua_block { ngx.ctx.seen = ngx.ctx.seen .. ngx.req.get_post_args().a }
        content_by_lua_block {
            ngx.ctx.seen = ngx.ctx.seen .. ngx.req.get_post_args().a
            ngx.print("body")
        }
        header_filter_by_lua_block { ngx.ctx.seen = ngx.ctx.seen .. ngx.req.get_post_args().a }
        body_filter_by_lua_block {
            ngx.arg[1] = ngx.ctx.seen .. ngx.req.get_post_args().a
            ngx.arg[2] = true
        }
        log_by_lua_block { ngx.log(ngx.WARN, "log: ", ngx.req.get_post_args().a) }
    }
--- request
POST /t
a=1
--- response_body chop
11111
--- error_log
log: 1



=== TEST 30: without a request: not in init, not in init_worker
--- http_config
    init_by_lua_block {
        local results = {}
        function collect(where)
            for _, name in ipairs { "discard_body", "get_body_file", "get_post_args" } do
                local ok, err = pcall(ngx.req[name])
                results[#results + 1] = name .. ": " .. tostring(ok) .. " " .. err:gsub("^.*: ", "")
            end
        end
        collect()
        package.loaded.results = results
    }
    init_worker_by_lua_block { collect() }
--- config
    location = /t {
        content_by_lua_block { ngx.say(table.concat(require "results", "\n")) }
    }
--- response_body
discard_body: false request object not found
get_body_file: false request object not found
get_post_args: false no request object found
discard_body: false API disabled in the current context
get_body_file: false API disabled in the current context
get_post_args: false API disabled in the current context



=== TEST 31: a subrequest sees the body that the main request has read
--- config
    location = /copy {
        internal;
        content_by_lua_block {
            ngx.log(ngx.WARN, "copy: ", ngx.req.get_post_args().a, " ", ngx.req.get_body_data())
        }
    }
    location = /t {
        mirror /copy;
        content_by_lua_block { ngx.say("ok") }
    }
--- request
POST /t
a=1
--- response_body
ok
--- error_log
copy: 1 a=1



=== TEST 32: a body of 10 MB in memory and in a file
--- config
    location = /memory {
        client_body_buffer_size 10m;
        content_by_lua_block {
            ngx.req.read_body()
            local body = ngx.req.get_body_data()
            ngx.say(#body, " ", body:sub(1, 3), body:sub(-3), " ", ngx.req.get_body_file())
        }
    }
    location = /file {
        client_body_buffer_size 16k;
        content_by_lua_block {
            ngx.req.read_body()
            local file = assert(io.open(ngx.req.get_body_file()))
            ngx.say(file:seek("end"), " ", ngx.req.get_body_data())
        }
    }
--- request eval
my $body = "abc" . ("x" x (10 * 1024 * 1024 - 6)) . "xyz";
["POST /memory\n$body", "POST /file\n$body"]
--- response_body eval
["10485760 abcxyz nil\n", "10485760 nil\n"]



=== TEST 33: a body that is longer than the buffer of a preread one is in one piece
--- config
    client_body_buffer_size 64k;

    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            local body = ngx.req.get_body_data()
            ngx.say(#body, " ", body == ("0123456789"):rep(4000), " ", #ngx.var.request_body)
        }
    }
--- raw_request eval
[
    "POST /t HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 40000\r\n\r\n" . ("0123456789" x 20),
    map { {value => "0123456789" x 398, delay_before => 0.002} } 1 .. 10
]
--- response_body
40000 true 40000
