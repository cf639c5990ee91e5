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

=== TEST 1: set_method changes what get_method and $request_method say
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.set_method(ngx.HTTP_POST)
            ngx.say(ngx.req.get_method(), " ", ngx.var.request_method)
        }
    }
--- response_body
POST POST



=== TEST 2: set_method returns nothing
--- config
    location = /t {
        content_by_lua_block { ngx.say(select("#", ngx.req.set_method(ngx.HTTP_PUT))) }
    }
--- response_body
0



=== TEST 3: all methods that have a constant
--- config
    location = /t {
        content_by_lua_block {
            for _, name in ipairs { "GET", "POST", "PUT", "DELETE", "MKCOL", "COPY", "MOVE", "OPTIONS",
                "PROPFIND", "PROPPATCH", "LOCK", "UNLOCK", "PATCH", "TRACE", "HEAD" } do
                ngx.req.set_method(ngx["HTTP_" .. name])
                if ngx.req.get_method() ~= name or ngx.var.request_method ~= name then
                    ngx.log(ngx.ERR, "not ", name)
                end
            end
            ngx.req.set_method(ngx.HTTP_GET)
            ngx.say("ok")
        }
    }
--- response_body
ok



=== TEST 4: set_method wants a number
--- http_config eval: $::Try
--- config
    location = /t {
        content_by_lua_block {
            local try, set = require "try", ngx.req.set_method
            ngx.say(try(set))
            ngx.say(try(set, nil))
            ngx.say(try(set, "GET"))
            ngx.say(try(set, "2"))
            ngx.say(try(set, true))
            ngx.say(try(set, {}))
        }
    }
--- response_body
error: bad method number
error: bad method number
error: bad method number
error: bad method number
error: bad method number
error: bad method number



=== TEST 5: numbers that are no method
--- http_config eval: $::Try
--- config
    location = /t {
        content_by_lua_block {
            local try, set = require "try", ngx.req.set_method
            for _, number in ipairs { 0, 1, 3, -2, 65536, 1e9 } do
                ngx.say(try(set, number))
            end
            ngx.say(ngx.req.get_method())
        }
    }
--- response_body
error: unsupported HTTP method: 0
error: unsupported HTTP method: 1
error: unsupported HTTP method: 3
error: unsupported HTTP method: -2
error: unsupported HTTP method: 65536
error: unsupported HTTP method: 1000000000
GET



=== TEST 6: a fraction of a number is cut off
--- http_config eval: $::Try
--- config
    location = /t {
        content_by_lua_block {
            local try = require "try"
            ngx.say(try(ngx.req.set_method, 8.9), " ", ngx.req.get_method())
            ngx.say(try(ngx.req.set_method, 3.5))
        }
    }
--- response_body
nil POST
error: unsupported HTTP method: 3.5



=== TEST 7: errors of set_method tell the place of the call
--- config
    location = /t {
        content_by_lua_block {
            local function code()
                ngx.req.set_method("GET")
            end
            local _, err = pcall(code)
            ngx.say(err)
        }
    }
--- response_body_like
^content_by_lua\(nginx\.conf:\d+\):3: bad method number$



=== TEST 8: a proxied server gets the method that was set
--- config
    location = /t {
        rewrite_by_lua_block { ngx.req.set_method(ngx.HTTP_PUT) }
        proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/up;
    }
    location = /up {
        content_by_lua_block { ngx.say(ngx.req.raw_header():match("^[^\r\n]*")) }
    }
--- response_body
PUT /up HTTP/1.0



=== TEST 9: nginx's own handlers go by the method that was set
--- config
    location = /t {
        access_by_lua_block { ngx.req.set_method(ngx.HTTP_GET) }
        root html;
        try_files /index.html =404;
    }
--- request
POST /t
--- response_body_like chomp
It works!



=== TEST 10: limit_except sees the method of the client, before the access phase
--- config
    location = /t {
        limit_except GET { deny all; }
        access_by_lua_block { ngx.req.set_method(ngx.HTTP_GET) }
        content_by_lua_block { ngx.say(ngx.req.get_method()) }
    }
--- request
POST /t
--- error_code: 403
--- error_log
access forbidden by rule



=== TEST 11: set_method in every phase of a request
--- config
    location = /t {
        set_by_lua_block $set {
            ngx.req.set_method(ngx.HTTP_POST)
            return ngx.req.get_method()
        }
        rewrite_by_lua_block {
            ngx.req.set_method(ngx.HTTP_PUT)
            ngx.ctx.methods = { ngx.var.set, ngx.req.get_method() }
        }
        access_by_lua_block {
            ngx.req.set_method(ngx.HTTP_DELETE)
            table.insert(ngx.ctx.methods, ngx.req.get_method())
        }
        content_by_lua_block {
            ngx.req.set_method(ngx.HTTP_PATCH)
            table.insert(ngx.ctx.methods, ngx.req.get_method())
            ngx.print("body")
        }
        header_filter_by_lua_block {
            ngx.req.set_method(ngx.HTTP_OPTIONS)
            table.insert(ngx.ctx.methods, ngx.req.get_method())
        }
        body_filter_by_lua_block {
            ngx.req.set_method(ngx.HTTP_COPY)
            ngx.arg[1] = table.concat(ngx.ctx.methods, " ") .. " " .. ngx.req.get_method()
            ngx.arg[2] = true
        }
        log_by_lua_block {
            ngx.req.set_method(ngx.HTTP_MOVE)
            ngx.log(ngx.WARN, "log: ", ngx.req.get_method())
        }
    }
--- response_body chop
POST PUT DELETE PATCH OPTIONS COPY
--- error_log
log: MOVE



=== TEST 12: http_version
--- config
    location = /t {
        content_by_lua_block { ngx.say(type(ngx.req.http_version()), " ", ngx.req.http_version()) }
    }
--- request eval
["GET /t", "GET /t HTTP/1.0", "GET /t HTTP/1.1"]
--- response_body eval
["number 1.1\n", "number 1\n", "number 1.1\n"]



=== TEST 13: http_version of HTTP/0.9
--- config
    location = /t {
        content_by_lua_block { ngx.say(ngx.req.http_version()) }
    }
--- raw_request eval
"GET /t\r\n"
--- http09
--- response_body
0.9



=== TEST 14: http_version of a version that is none is nil
--- config
    location = /t {
        content_by_lua_block { ngx.say(ngx.req.http_version()) }
    }
--- request
GET /t HTTP/1.2
--- response_body
nil



=== TEST 15: http_version of HTTP/2
--- config
    location = /t {
        content_by_lua_block { ngx.say(ngx.req.http_version()) }
    }
--- http2
--- request
GET /t
--- response_body
2



=== TEST 16: start_time is when the request began, with milliseconds
--- config
    location = /t {
        content_by_lua_block {
            local start = ngx.req.start_time()
            ngx.sleep(0.02)
            local now = ngx.now()
            ngx.say(type(start), " ", start <= now - 0.015, " ", start > now - 10)
            ngx.say(ngx.req.start_time() == start)
            ngx.say(math.abs(start * 1000 - math.floor(start * 1000 + 0.5)) < 0.01)
        }
    }
--- response_body
number true true
true
true



=== TEST 17: start_time goes with $request_time
--- config
    location = /t {
        content_by_lua_block {
            ngx.sleep(0.02)
            local taken = ngx.now() - ngx.req.start_time()
            ngx.say(math.abs(taken - tonumber(ngx.var.request_time)) < 0.0015)
        }
    }
--- response_body
true



=== TEST 18: start_time takes no notice of arguments
--- config
    location = /t {
        content_by_lua_block { ngx.say(ngx.req.start_time(1, {}) == ngx.req.start_time()) }
    }
--- response_body
true



=== TEST 19: is_internal: not for the client's request
--- config
    location = /t {
        content_by_lua_block { ngx.say(ngx.req.is_internal(), " ", ngx.req.is_internal(1)) }
    }
--- response_body
false false



=== TEST 20: is_internal: after nginx's rewrite, a jump, set_uri, an error page
--- config
    location = /rewrite { rewrite ^ /t last; }
    location = /jump { rewrite_by_lua_block { ngx.req.set_uri("/t", true) } }
    location = /set_uri {
        content_by_lua_block {
            ngx.req.set_uri("/x")
            ngx.say(ngx.req.is_internal())
        }
    }
    location = /error {
        error_page 404 =200 /t;
        return 404;
    }
    location = /index/ { index t; root html; try_files /t /t; }
    location = /t {
        content_by_lua_block { ngx.say(ngx.req.is_internal()) }
    }
--- request eval
["GET /rewrite", "GET /jump", "GET /set_uri", "GET /error", "GET /index/", "GET /t"]
--- response_body eval
["true\n", "true\n", "true\n", "true\n", "true\n", "false\n"]



=== TEST 21: is_internal in a subrequest
--- config
    location = /auth {
        internal;
        content_by_lua_block {
            ngx.log(ngx.WARN, "auth: ", ngx.req.is_internal())
            ngx.exit(200)
        }
    }
    location = /t {
        auth_request /auth;
        content_by_lua_block { ngx.say(ngx.req.is_internal()) }
    }
--- response_body
false
--- error_log
auth: true



=== TEST 22: in every phase of a request
--- config
    location = /t {
        set_by_lua_block $set {
            return ngx.req.http_version() .. tostring(ngx.req.is_internal()) .. type(ngx.req.start_time())
        }
        content_by_lua_block { ngx.print("body") }
        header_filter_by_lua_block {
            ngx.header.x_header = ngx.req.http_version() .. tostring(ngx.req.is_internal())
                .. type(ngx.req.start_time())
        }
        body_filter_by_lua_block {
            ngx.arg[1] = ngx.var.set .. " " .. ngx.req.http_version() .. tostring(ngx.req.is_internal())
                .. type(ngx.req.start_time())
            ngx.arg[2] = true
        }
        log_by_lua_block {
            ngx.log(ngx.WARN, "log: ", ngx.req.http_version(), ngx.req.is_internal(),
                type(ngx.req.start_time()))
        }
    }
--- response_headers
X-Header: 1.1falsenumber
--- response_body chop
1.1falsenumber 1.1falsenumber
--- error_log
log: 1.1falsenumber



=== TEST 23: without a request: not in init
--- http_config
    init_by_lua_block {
        local results = {}
        for _, name in ipairs { "set_method", "http_version", "start_time", "is_internal", "raw_header" } do
            local ok, err = pcall(ngx.req[name], 2)
            results[#results + 1] = name .. ": " .. tostring(ok) .. " " .. err:gsub("^.*: ", "")
        end
        package.loaded.results = results
    }
--- config
    location = /t {
        content_by_lua_block { ngx.say(table.concat(require "results", "\n")) }
    }
--- response_body
set_method: false no request found
http_version: false no request object found
start_time: false no request found
is_internal: false no request found
raw_header: false no request object found



=== TEST 24: without a client's request: in init_worker start_time is 0
--- http_config
    init_worker_by_lua_block {
        local results = {}
        for _, name in ipairs { "set_method", "http_version", "start_time", "is_internal", "raw_header" } do
            local ok, result = pcall(ngx.req[name], 2)
            results[#results + 1] = name .. ": " .. tostring(ok) .. " " .. tostring(result):gsub("^.*: ", "")
        end
        results[#results + 1] = select(2, pcall(ngx.req.set_method, "GET"))
        package.loaded.results = results
    }
--- config
    location = /t {
        content_by_lua_block { ngx.say(table.concat(require "results", "\n")) }
    }
--- response_body
set_method: false API disabled in the current context
http_version: false API disabled in the current context
start_time: true 0
is_internal: false API disabled in the current context
raw_header: false API disabled in the current context
bad method number



=== TEST 25: a method that was set stays after a jump, and an error page is a GET
--- config
    location = /t {
        rewrite_by_lua_block {
            ngx.req.set_method(ngx.HTTP_DELETE)
            ngx.req.set_uri("/there", true)
        }
    }
    location = /there {
        error_page 410 =200 /page;
        content_by_lua_block {
            ngx.log(ngx.WARN, "there: ", ngx.req.get_method())
            ngx.exit(410)
        }
    }
    location = /page {
        content_by_lua_block { ngx.say(ngx.req.get_method()) }
    }
--- response_body
GET
--- error_log
there: DELETE



=== TEST 26: get_method and set_method of an unknown method
--- config
    location = /t {
        content_by_lua_block {
            local before = ngx.req.get_method()
            ngx.req.set_method(ngx.HTTP_GET)
            ngx.say(before, " ", ngx.req.get_method())
        }
    }
--- request
FETCH /t
--- response_body
FETCH GET



=== TEST 27: a client that asks for headers gets no more, whatever the method is then
--- http_config
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1;
        location / {
            content_by_lua_block { ngx.say("hello, ", ngx.req.get_method()) }
        }
    }
--- config
    rewrite_by_lua_block { ngx.req.set_method(ngx.HTTP_GET) }
    location = /lua {
        content_by_lua_block { ngx.say("hello") }
    }
    location = /file {
        root html;
        try_files /index.html =404;
    }
    location = /proxy {
        proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1;
    }
    location = /error {
        return 404;
    }
--- request eval
["HEAD /lua", "HEAD /file", "HEAD /proxy", "HEAD /error", "GET /lua"]
--- error_code eval
[200, 200, 200, 404, 200]
--- response_body eval
["", "", "", "", "hello\n"]
--- differs: the C module sends a body, which the client takes for the next response



=== TEST 28: a method that is set back to HEAD
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.set_method(ngx.HTTP_GET)
            ngx.req.set_method(ngx.HTTP_HEAD)
            ngx.say("hello")
        }
    }
--- request
HEAD /t
--- response_body
