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

=== TEST 1: ngx.ctx is one table for all phases of a request
--- config
    location = /t {
        set_by_lua_block $set { ngx.ctx.n = 1 return "" }
        rewrite_by_lua_block { ngx.ctx.n = ngx.ctx.n * 2 }
        access_by_lua_block { ngx.ctx.n = ngx.ctx.n * 3 }
        content_by_lua_block {
            ngx.ctx.n = ngx.ctx.n * 5
            ngx.say(ngx.ctx.n)
        }
        header_filter_by_lua_block {
            ngx.ctx.n = ngx.ctx.n * 7
            ngx.header["X-N"] = ngx.ctx.n
        }
        body_filter_by_lua_block {
            if ngx.arg[2] then ngx.ctx.n = ngx.ctx.n * 11 end
        }
        log_by_lua_block { ngx.log(ngx.WARN, "n: ", ngx.ctx.n) }
    }
--- response_headers
X-N: 210
--- response_body
30
--- error_log
n: 2310



=== TEST 2: it is an ordinary table, the same at every use
--- config
    location = /t {
        content_by_lua_block {
            local ctx = ngx.ctx
            ngx.say(type(ctx), " ", next(ctx), " ", getmetatable(ctx), " ", ctx == ngx.ctx)
            ctx[1], ctx.f, ctx[ctx] = "one", print, true
            ngx.say(ngx.ctx[1], " ", ngx.ctx.f == print, " ", ngx.ctx[ngx.ctx])
        }
    }
--- response_body
table nil nil true
one true true



=== TEST 3: every request has its own, on the same connection too
--- config
    location = /t {
        rewrite_by_lua_block { ngx.ctx.args = (ngx.ctx.args or "") .. ngx.var.args }
        content_by_lua_block { ngx.say(ngx.ctx.args) }
    }
--- pipelined_requests eval
["GET /t?a", "GET /t?b", "GET /t?c"]
--- response_body eval
["a\n", "b\n", "c\n"]



=== TEST 4: assignment replaces the table
--- config
    location = /t {
        rewrite_by_lua_block {
            ngx.ctx.old = 1
            local mine = {new = 2}
            ngx.ctx = mine
            mine.later = 3
        }
        content_by_lua_block { ngx.say(ngx.ctx.old, " ", ngx.ctx.new, " ", ngx.ctx.later) }
    }
--- response_body
nil 2 3



=== TEST 5: a table that is assigned before the first use
--- config
    location = /t {
        rewrite_by_lua_block { ngx.ctx = {a = 1} }
        content_by_lua_block { ngx.say(ngx.ctx.a) }
    }
--- response_body
1



=== TEST 6: only a table can be assigned
--- http_config eval: $::Try
--- config
    location = /t {
        content_by_lua_block {
            local try = require "try"
            ngx.ctx.kept = "kept"
            ngx.say(try(function() ngx.ctx = "string" end))
            ngx.say(try(function() ngx.ctx = 1 end))
            ngx.say(try(function() ngx.ctx = nil end))
            ngx.say(try(function() ngx.ctx = false end))
            ngx.say(try(function() ngx.ctx = ngx.null end))
            ngx.say(ngx.ctx.kept)
        }
    }
--- response_body
error: ctx should be a table while getting a string
error: ctx should be a table while getting a number
error: ctx should be a table while getting a nil
error: ctx should be a table while getting a boolean
error: ctx should be a table while getting a userdata
kept



=== TEST 7: an internal redirect begins with a new one
--- config
    location = /t {
        error_page 404 =200 /other;
        access_by_lua_block {
            ngx.ctx.foo = "lost"
            ngx.exit(404)
        }
    }
    location = /other {
        content_by_lua_block { ngx.say(ngx.ctx.foo) }
    }
--- response_body
nil



=== TEST 8: a jump by set_uri begins with a new one
--- config
    location = /t {
        rewrite_by_lua_block {
            ngx.ctx.foo = "lost"
            ngx.req.set_uri("/other", true)
        }
    }
    location = /other {
        content_by_lua_block { ngx.say(ngx.ctx.foo) }
    }
--- response_body
nil



=== TEST 9: nginx's own rewrite keeps it
--- config
    location = /t {
        set_by_lua_block $set { ngx.ctx.foo = "kept" return "" }
        rewrite ^ /other last;
    }
    location = /other {
        content_by_lua_block { ngx.say(ngx.ctx.foo) }
    }
--- response_body
kept



=== TEST 10: a subrequest has its own
--- config
    location = /main.txt {
        ssi on;
        ssi_types text/plain;
        access_by_lua_block { ngx.ctx.foo = "main" }
        root html;
        log_by_lua_block { ngx.log(ngx.WARN, "log: ", ngx.ctx.foo) }
    }
    location = /sub {
        content_by_lua_block {
            ngx.print(ngx.ctx.foo)
            ngx.ctx.foo = "sub"
        }
    }
--- user_files
>>> main.txt
sub: <!--# include virtual="/sub" -->
--- request
GET /main.txt
--- response_body
sub: nil
--- error_log
log: main



=== TEST 11: first used in the header filter, for a response without Lua
--- config
    location = /t {
        return 200 "ok\n";
        header_filter_by_lua_block { ngx.ctx.seen = "header_filter" }
        log_by_lua_block { ngx.log(ngx.WARN, "seen: ", ngx.ctx.seen) }
    }
--- response_body
ok
--- error_log
seen: header_filter



=== TEST 12: not in init; in init_worker it is nobody else's
--- http_config
    init_by_lua_block {
        local results = {}
        package.loaded.results = results
        local ok, err = pcall(function() return ngx.ctx end)
        results[1] = tostring(ok) .. " " .. err:gsub("^.-:%d+: ", "")
        ok, err = pcall(function() ngx.ctx = {} end)
        results[2] = tostring(ok) .. " " .. err:gsub("^.-:%d+: ", "")
    }
    init_worker_by_lua_block {
        ngx.ctx.foo = "init_worker"
        ngx.ctx = {foo = ngx.ctx.foo .. "!"}
        require "results"[3] = ngx.ctx.foo
    }
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(table.concat(require "results", "\n"))
            ngx.say(ngx.ctx.foo)
        }
    }
--- response_body
false no request found
false no request found
init_worker!
nil



=== TEST 13: ngx.status is 0 until something sets it, or output begins
--- config
    location = /t {
        content_by_lua_block {
            local before = ngx.status
            ngx.print("")
            ngx.say(before, " ", ngx.status, " ", type(ngx.status))
        }
    }
--- response_body
0 200 number



=== TEST 14: ngx.status is the response's status
--- config
    location = /t {
        content_by_lua_block {
            ngx.status = 201
            ngx.say(ngx.status)
        }
    }
--- error_code: 201
--- raw_response_headers_like: ^HTTP/1\.1 201 Created\r\n
--- response_body
201



=== TEST 15: a status that nginx has no words for
--- config
    location = /t {
        content_by_lua_block {
            ngx.status = 299
            ngx.say(ngx.status)
        }
    }
--- error_code: 299
--- raw_response_headers_like: ^HTTP/1\.1 299 ?\r\n
--- response_body
299



=== TEST 16: strings of digits are numbers, fractions are cut off
--- config
    location = /t {
        content_by_lua_block {
            ngx.status = 202.9
            local first = ngx.status
            ngx.status = "203"
            ngx.say(first, " ", ngx.status, " ", type(ngx.status))
        }
    }
--- error_code: 203
--- response_body
202 203 number



=== TEST 17: what is no number is an error
--- http_config eval: $::Try
--- config
    location = /t {
        content_by_lua_block {
            local try = require "try"
            local results = {
                try(function() ngx.status = "ok" end),
                try(function() ngx.status = nil end),
                try(function() ngx.status = {} end),
            }
            ngx.say(table.concat(results, "\n"))
        }
    }
--- response_body_like
^error: bad argument #2 to '\S+' \(cannot convert 'nil' to 'int'\)
error: bad argument #2 to '\S+' \(cannot convert 'nil' to 'int'\)
error: bad argument #2 to '\S+' \(cannot convert 'nil' to 'int'\)$



=== TEST 18: a status outside 100..999 is logged and not taken
--- config
    location = /t {
        content_by_lua_block {
            ngx.status = 201
            ngx.status = 99
            ngx.status = 1000
            ngx.status = 0
            ngx.status = -1
            ngx.say(ngx.status)
        }
    }
--- differs: 0.10.23 takes any number
--- error_code: 201
--- response_body
201
--- grep_error_log eval
qr/\[error\].*? invalid HTTP status code -?\d+/
--- grep_error_log_out eval
qr/^\S+ \S+ \S+ invalid HTTP status code 99
\S+ \S+ \S+ invalid HTTP status code 1000
\S+ \S+ \S+ invalid HTTP status code 0
\S+ \S+ \S+ invalid HTTP status code -1$/
--- no_error_log
[alert]



=== TEST 19: after the header was sent, setting the status logs an error and does nothing
--- config
    location = /t {
        content_by_lua_block {
            ngx.say("sent")
            ngx.status = 404
            ngx.say(ngx.status)
        }
    }
--- response_body
sent
200
--- error_log eval
qr/\[error\] .*? attempt to set ngx\.status after sending out response headers/



=== TEST 20: 101 has its status line
--- config
    location = /t {
        content_by_lua_block {
            ngx.status = 101
            ngx.header.upgrade = "mine"
            ngx.send_headers()
        }
    }
--- error_code: 101
--- raw_response_headers_like: ^HTTP/1\.1 101 Switching Protocols\r\n.*upgrade: mine\r\n



=== TEST 21: a status without body
--- config
    location = /t {
        content_by_lua_block {
            ngx.status = 204
            ngx.say("not sent")
        }
    }
--- error_code: 204
--- response_headers
! Content-Type
--- response_body



=== TEST 22: a 304 that Lua answers gets no default type
--- config
    location = /t {
        content_by_lua_block {
            ngx.status = 304
            ngx.say("not sent")
        }
    }
--- error_code: 304
--- response_headers
! Content-Type
--- response_body



=== TEST 23: the status of HTTP/0.9 is 9 until output begins
--- config
    location = /t {
        content_by_lua_block {
            local before = ngx.status
            ngx.print("sent ")
            ngx.print(before, " ", ngx.status)
        }
    }
--- raw_request eval
"GET /t\r\n"
--- http09
--- response_body chop
sent 9 200



=== TEST 24: set before content, seen by all later phases
--- config
    location = /t {
        rewrite_by_lua_block { ngx.status = 202 }
        content_by_lua_block { ngx.say(ngx.status) }
        header_filter_by_lua_block { ngx.header["X-Status"] = ngx.status }
        body_filter_by_lua_block { ngx.ctx.status = ngx.status }
        log_by_lua_block { ngx.log(ngx.WARN, "status: ", ngx.ctx.status, " ", ngx.status, " ", ngx.var.status) }
    }
--- error_code: 202
--- response_headers
X-Status: 202
--- response_body
202
--- error_log
status: 202 202 202



=== TEST 25: changed in the header filter, of a proxied response too
--- config
    location = /t {
        proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/up;
        header_filter_by_lua_block {
            ngx.header["X-Was"] = ngx.status
            ngx.status = 404
        }
    }
    location = /up {
        return 203 "up\n";
    }
--- error_code: 404
--- raw_response_headers_like: ^HTTP/1\.1 404 Not Found\r\n
--- response_headers
X-Was: 203
--- response_body
up



=== TEST 26: the status of an error that nginx answers
--- config
    location = /t {
        return 403;
        header_filter_by_lua_block { ngx.header["X-Status"] = ngx.status }
        log_by_lua_block { ngx.log(ngx.WARN, "status: ", ngx.status) }
    }
--- error_code: 403
--- response_headers
X-Status: 403
--- error_log
status: 403



=== TEST 27: in an error page the status is the error's, and writing it replaces that
--- config
    error_page 404 /read;
    error_page 403 /write;

    location = /not-found { return 404; }
    location = /forbidden { return 403; }
    location = /read {
        content_by_lua_block { ngx.say(ngx.status) }
    }
    location = /write {
        content_by_lua_block {
            ngx.status = 202
            ngx.say(ngx.status)
        }
    }
--- request eval
["GET /not-found", "GET /forbidden"]
--- error_code eval
[404, 202]
--- response_body eval
["404\n", "202\n"]



=== TEST 28: a static file has the status of the static module
--- config
    location = /a.txt {
        rewrite_by_lua_block { ngx.status = 404 }
        root html;
    }
--- user_files
>>> a.txt
text
--- request
GET /a.txt
--- response_body
text



=== TEST 29: ngx.headers_sent tells if the header went out
--- config
    location = /t {
        rewrite_by_lua_block { ngx.ctx.rewrite = ngx.headers_sent }
        content_by_lua_block {
            local before = ngx.headers_sent
            ngx.send_headers()
            ngx.say(ngx.ctx.rewrite, " ", before, " ", ngx.headers_sent)
        }
        header_filter_by_lua_block { ngx.header["X-Sent"] = ngx.headers_sent }
        body_filter_by_lua_block { ngx.ctx.body_filter = ngx.headers_sent }
        log_by_lua_block { ngx.log(ngx.WARN, "sent: ", ngx.ctx.body_filter, " ", ngx.headers_sent) }
    }
--- response_headers
X-Sent: false
--- response_body
false false true
--- error_log
sent: true true



=== TEST 30: output sends the header, an empty one too
--- config
    location = /t {
        content_by_lua_block {
            ngx.print("")
            ngx.say(ngx.headers_sent)
        }
    }
--- response_body
true



=== TEST 31: HTTP/1.0 holds the header back with the output
--- config
    location = /t {
        content_by_lua_block {
            ngx.say("one")
            ngx.say(ngx.headers_sent)
            ngx.header["X-Late"] = "1"
        }
    }
--- raw_request eval
"GET /t HTTP/1.0\r\n\r\n"
--- response_headers
X-Late: 1
Content-Length: 10
--- response_body
one
false



=== TEST 32: status and headers_sent need a request
--- http_config
    init_by_lua_block {
        local results = {}
        package.loaded.results = results
        local function try(what, f)
            local ok, err = pcall(f)
            results[#results + 1] = what .. ": " .. tostring(ok) .. " " .. err:gsub("^.-:%d+: ", "")
        end
        function results.all()
            try("status", function() return ngx.status end)
            try("set status", function() ngx.status = 200 end)
            try("headers_sent", function() return ngx.headers_sent end)
        end
        results.all()
    }
    init_worker_by_lua_block { require "results".all() }
--- config
    location = /t {
        content_by_lua_block { ngx.say(table.concat(require "results", "\n")) }
    }
--- response_body
status: false no request found
set status: false no request found
headers_sent: false no request found
status: false API disabled in the current context
set status: false API disabled in the current context
headers_sent: false API disabled in the current context



=== TEST 33: ngx.get_phase names every phase
--- http_config
    init_by_lua_block { package.loaded.phases = {ngx.get_phase()} }
    init_worker_by_lua_block { table.insert(require "phases", ngx.get_phase()) }
--- config
    location = /t {
        set_by_lua_block $set { return ngx.get_phase() }
        rewrite_by_lua_block { ngx.ctx.phases = ngx.var.set .. " " .. ngx.get_phase() }
        access_by_lua_block { ngx.ctx.phases = ngx.ctx.phases .. " " .. ngx.get_phase() }
        content_by_lua_block {
            ngx.say(table.concat(require "phases", " "))
            ngx.say(ngx.ctx.phases, " ", ngx.get_phase())
        }
        header_filter_by_lua_block { ngx.header["X-Phase"] = ngx.get_phase() }
        body_filter_by_lua_block { ngx.ctx.body_filter = ngx.get_phase() }
        log_by_lua_block { ngx.log(ngx.WARN, "phases: ", ngx.ctx.body_filter, " ", ngx.get_phase()) }
    }
--- response_headers
X-Phase: header_filter
--- response_body
init init_worker
set rewrite access content
--- error_log
phases: body_filter log



=== TEST 34: the filters that output runs do not change the phase for what follows
--- config
    location = /t {
        access_by_lua_block {
            ngx.say("access")
            ngx.say(ngx.get_phase())
            ngx.exit(200)
        }
        header_filter_by_lua_block { ngx.ctx.phase = ngx.get_phase() }
        body_filter_by_lua_block { ngx.ctx.phase = ngx.get_phase() }
    }
--- response_body
access
access



=== TEST 35: ngx.config tells about this nginx
--- config
    location = /t {
        content_by_lua_block {
            local config = ngx.config
            local major, minor, patch = ngx.var.nginx_version:match("^(%d+)%.(%d+)%.(%d+)")
            ngx.say(config.subsystem, " ", type(config.debug))
            ngx.say(config.nginx_version == major * 1000000 + minor * 1000 + patch)
            ngx.say(type(config.nginx_configure()))
            ngx.say(config.debug == (config.nginx_configure():find("--with-debug", 1, true) ~= nil))
        }
    }
--- response_body
http boolean
true
string
true



=== TEST 36: ngx.config.prefix is the server root with a slash
--- config
    location = /t {
        content_by_lua_block {
            local prefix = ngx.config.prefix()
            ngx.say(prefix:sub(-1), " ", io.open(prefix .. "html/a.txt"):read("*l"))
        }
    }
--- user_files
>>> a.txt
found
--- response_body
/ found



=== TEST 37: ngx.config.ngx_lua_version
--- config
    location = /t {
        content_by_lua_block { ngx.say(ngx.config.ngx_lua_version) }
    }
--- differs: 0.10.23 says 10023
--- response_body
10032



=== TEST 38: ngx.config in init
--- http_config
    init_by_lua_block {
        local config = ngx.config
        package.loaded.seen = {
            config.subsystem, config.nginx_version, config.prefix(), config.nginx_configure(),
        }
    }
--- config
    location = /t {
        content_by_lua_block {
            local seen, config = require "seen", ngx.config
            ngx.say(seen[1] == config.subsystem, " ", seen[2] == config.nginx_version, " ",
                    seen[3] == config.prefix(), " ", seen[4] == config.nginx_configure())
        }
    }
--- response_body
true true true true



=== TEST 39: ngx.worker of a single process
--- http_config
    init_by_lua_block {
        package.loaded.seen = {ngx.worker.pid(), ngx.worker.id(), ngx.worker.count(), ngx.worker.exiting()}
    }
--- config
    location = /t {
        content_by_lua_block {
            local worker, seen = ngx.worker, require "seen"
            ngx.say(worker.pid() == tonumber(ngx.var.pid), " ", worker.id(), " ", worker.count(), " ",
                    worker.exiting())
            ngx.say(seen[1] == worker.pid(), " ", seen[2], " ", seen[3], " ", seen[4])
        }
    }
--- response_body
true 0 1 false
true 0 1 false



=== TEST 40: core constants
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.OK, " ", ngx.ERROR, " ", ngx.AGAIN, " ", ngx.DONE, " ", ngx.DECLINED)
        }
    }
--- response_body
0 -1 -2 -4 -5



=== TEST 41: constants for the levels of the error log
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.STDERR, ngx.EMERG, ngx.ALERT, ngx.CRIT, ngx.ERR, ngx.WARN, ngx.NOTICE, ngx.INFO, ngx.DEBUG)
        }
    }
--- response_body
012345678



=== TEST 42: constants for HTTP methods
--- config
    location = /t {
        content_by_lua_block {
            for _, name in ipairs {"GET", "HEAD", "POST", "PUT", "DELETE", "MKCOL", "COPY", "MOVE", "OPTIONS",
                                   "PROPFIND", "PROPPATCH", "LOCK", "UNLOCK", "PATCH", "TRACE"} do
                ngx.say(name, " ", ngx["HTTP_" .. name])
            end
        }
    }
--- response_body
GET 2
HEAD 4
POST 8
PUT 16
DELETE 32
MKCOL 64
COPY 128
MOVE 256
OPTIONS 512
PROPFIND 1024
PROPPATCH 2048
LOCK 4096
UNLOCK 8192
PATCH 16384
TRACE 32768



=== TEST 43: constants for HTTP status codes
--- config
    location = /t {
        content_by_lua_block {
            local names = {}
            for name, value in pairs(ngx) do
                if type(name) == "string" and type(value) == "number"
                   and name:find("^HTTP_") and value >= 100 and value < 600
                   and not ({COPY = 1, MOVE = 1, OPTIONS = 1})[name:sub(6)]
                then
                    names[#names + 1] = value .. " " .. name:sub(6)
                end
            end
            table.sort(names)
            ngx.say(table.concat(names, "\n"))
        }
    }
--- response_body
100 CONTINUE
101 SWITCHING_PROTOCOLS
200 OK
201 CREATED
202 ACCEPTED
204 NO_CONTENT
206 PARTIAL_CONTENT
300 SPECIAL_RESPONSE
301 MOVED_PERMANENTLY
302 MOVED_TEMPORARILY
303 SEE_OTHER
304 NOT_MODIFIED
307 TEMPORARY_REDIRECT
308 PERMANENT_REDIRECT
400 BAD_REQUEST
401 UNAUTHORIZED
402 PAYMENT_REQUIRED
403 FORBIDDEN
404 NOT_FOUND
405 NOT_ALLOWED
406 NOT_ACCEPTABLE
408 REQUEST_TIMEOUT
409 CONFLICT
410 GONE
426 UPGRADE_REQUIRED
429 TOO_MANY_REQUESTS
444 CLOSE
451 ILLEGAL
500 INTERNAL_SERVER_ERROR
501 METHOD_NOT_IMPLEMENTED
501 NOT_IMPLEMENTED
502 BAD_GATEWAY
503 SERVICE_UNAVAILABLE
504 GATEWAY_TIMEOUT
505 VERSION_NOT_SUPPORTED
507 INSUFFICIENT_STORAGE



=== TEST 44: ngx.null
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(type(ngx.null), " ", tostring(ngx.null), " ", ngx.null == ngx.null, " ", ngx.null == nil, " ",
                    ngx.null and "true" or "false")
        }
    }
--- response_body
userdata userdata: NULL true false true



=== TEST 45: an unknown field of ngx is nil
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.no_such_field, " ", ngx[1], " ", ngx.config.no_such_field, " ", ngx.req.no_such_field,
                    " ", ngx.worker.no_such_field)
        }
    }
--- response_body
nil nil nil nil nil



=== TEST 46: calling an unknown field fails the request, not the worker
--- config
    location = /t {
        content_by_lua_block {
            ngx.no_such_function()
        }
    }
--- request eval
["GET /t", "GET /t"]
--- error_code eval
[500, 500]
--- error_log
attempt to call field 'no_such_function' (a nil value)



=== TEST 47: require "ngx" is ngx
--- config
    location = /t {
        content_by_lua_block { ngx.say(require "ngx" == ngx, " ", package.loaded.ngx == ngx) }
    }
--- response_body
true true
