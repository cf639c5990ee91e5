use Test::Nginx::Socket::Lua 'no_plan';

add_block_preprocessor(sub {
    my ($block) = @_;
    $block->set_value("request", "GET /t")
        if !defined $block->request && !defined $block->raw_request;
    $block->set_value("no_error_log", "[error]")
        if !defined $block->error_log && !defined $block->no_error_log;
});

# require "try": what a function answers, or its error without the place.
our $Try = <<'_EOC_';
    init_by_lua_block {
        package.loaded.try = function(f, ...)
            local ok, result = pcall(f, ...)
            return ok and result or "error: " .. result:gsub("^.-:%d+: ", "")
        end
    }
_EOC_

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: names are lower-cased, values stay as they are
--- config
    location = /t {
        content_by_lua_block {
            for name, value in pairs(ngx.req.get_headers()) do
                if name:find("^x%-") then
                    ngx.say(name, ": ", value)
                end
            end
        }
    }
--- more_headers
X-Mixed-CASE: Some Value
--- response_body
x-mixed-case: Some Value



=== TEST 2: a lookup finds a name in any case, and with underscores for dashes
--- config
    location = /t {
        content_by_lua_block {
            local h = ngx.req.get_headers()
            ngx.say(h["x-foo-bar"], " ", h["X-Foo-Bar"], " ", h["X-FOO-BAR"])
            ngx.say(h.x_foo_bar, " ", h.X_Foo_Bar)
            ngx.say(h["x-foo_bar"])
            ngx.say(h["xfoobar"])
        }
    }
--- more_headers
X-Foo-Bar: 1
--- response_body
1 1 1
1 1
1
nil



=== TEST 3: only the lower-case names are stored
--- config
    location = /t {
        content_by_lua_block {
            local h = ngx.req.get_headers()
            ngx.say(rawget(h, "x-foo"), " ", rawget(h, "X-Foo"), " ", rawget(h, "x_foo"))
            ngx.say(type(getmetatable(h).__index))
        }
    }
--- more_headers
X-Foo: 1
--- response_body
1 nil nil
function



=== TEST 4: a name stored with an underscore is found by exactly that name
--- config
    underscores_in_headers on;

    location = /t {
        content_by_lua_block {
            local h = ngx.req.get_headers()
            ngx.say(h.x_foo, " ", h["x-foo"], " ", h.X_FOO)
        }
    }
--- more_headers
X-Foo: dash
X_Foo: underscore
--- response_body
underscore dash dash



=== TEST 5: a header that nginx ignores as invalid is not seen
--- config
    location = /t {
        content_by_lua_block {
            local h = ngx.req.get_headers()
            ngx.say(h.x_foo, " ", h["x_foo"])
        }
    }
--- more_headers
X_Foo: underscore
--- error_log
client sent invalid header line: "X_Foo: underscore" while reading client request headers
--- response_body
nil nil



=== TEST 6: a repeated header is an array in the order of arrival
--- config
    location = /t {
        content_by_lua_block {
            local h = ngx.req.get_headers()
            ngx.say(type(h.x_a), " ", table.concat(h.x_a, ", "))
            ngx.say(type(h.x_b), " ", h.x_b)
        }
    }
--- more_headers
X-A: 1
X-B: b
x-a: 2
X-a: 3
--- response_body
table 1, 2, 3
string b



=== TEST 7: raw headers keep their names and have no metatable
--- config
    location = /t {
        content_by_lua_block {
            local h = ngx.req.get_headers(nil, true)
            ngx.say(h["X-Foo"], " ", h["x-foo"], " ", h.X_Foo)
            ngx.say(getmetatable(h))
        }
    }
--- more_headers
X-Foo: 1
--- response_body
1 nil nil
nil



=== TEST 8: raw headers that differ in case only are not gathered
--- config
    location = /t {
        content_by_lua_block {
            local h = ngx.req.get_headers(0, true)
            ngx.say(h["X-A"], " ", h["x-a"], " ", table.concat(h["X-B"], ","))
        }
    }
--- more_headers
X-A: 1
x-a: 2
X-B: 3
X-B: 4
--- response_body
1 2 3,4



=== TEST 9: all headers of a request, nothing else
--- config
    location = /t {
        content_by_lua_block {
            local names = {}
            for name, value in pairs(ngx.req.get_headers(0, true)) do
                names[#names + 1] = name .. ": " .. value
            end
            table.sort(names)
            ngx.say(table.concat(names, "\n"))
        }
    }
--- raw_request eval
"GET /t HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\nUser-Agent: test/1\r\nAccept: */*\r\n\r\n"
--- response_body
Accept: */*
Connection: close
Host: example.org
User-Agent: test/1



=== TEST 10: an empty value is an empty string
--- config
    location = /t {
        content_by_lua_block {
            local h = ngx.req.get_headers()
            ngx.say("[", h.x_empty, "] [", table.concat(h.x_mixed, "|"), "]")
        }
    }
--- raw_request eval
"GET /t HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Empty:\r\nX-Mixed: \r\nX-Mixed: 1\r\n\r\n"
--- response_body
[] [|1]



=== TEST 11: white space around a value goes, colons and bytes above 127 stay
--- config
    location = /t {
        content_by_lua_block {
            local h = ngx.req.get_headers()
            ngx.say("[", h.x_space, "] [", h.x_colon, "] [", h.x_bytes, "]")
        }
    }
--- raw_request eval
"GET /t HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Space:   a  b   \r\nX-Colon:a:b: c\r\nX-Bytes: \xe4\xff\r\n\r\n"
--- response_body eval
"[a  b] [a:b: c] [\xe4\xff]\n"



=== TEST 12: a limit counts header lines from the first on, and says "truncated"
--- config
    location = /t {
        content_by_lua_block {
            local h, err = ngx.req.get_headers(3)
            ngx.say(h.host, " ", h.x_a, " ", h.connection, " ", h.x_b, " ", err)
        }
    }
--- raw_request eval
"GET /t HTTP/1.1\r\nHost: h\r\nX-A: a\r\nConnection: close\r\nX-B: b\r\n\r\n"
--- response_body
h a close nil truncated



=== TEST 13: a repeated header counts once for each line
--- config
    location = /t {
        content_by_lua_block {
            local h, err = ngx.req.get_headers(3)
            ngx.say(h.host, " ", table.concat(h.x_a, ","), " ", h.connection, " ", err)
        }
    }
--- raw_request eval
"GET /t HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nX-A: 2\r\nX-A: 3\r\nConnection: close\r\n\r\n"
--- response_body
h 1,2 nil truncated



=== TEST 14: as many headers as the limit are not truncated
--- config
    location = /t {
        content_by_lua_block {
            local h, err = ngx.req.get_headers(2)
            ngx.say(h.host, " ", h.connection, " ", err)
        }
    }
--- raw_request eval
"GET /t HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
--- response_body
h close nil



=== TEST 15: the limit is 100 unless told, 0 is none, below 0 is 100
--- config
    location = /t {
        content_by_lua_block {
            for _, max in ipairs {100, -1, -1000, 0, 120, 150} do
                local h, err = ngx.req.get_headers(max)
                local count = 0
                for _ in pairs(h) do count = count + 1 end
                ngx.say(max, ": ", count, " ", err)
            end
            local h, err = ngx.req.get_headers()
            ngx.say("none: ", h["x-98"], " ", h["x-99"], " ", err)
            h, err = ngx.req.get_headers(nil)
            ngx.say("nil: ", h["x-98"], " ", h["x-99"], " ", err)
        }
    }
--- more_headers eval
join "", map { "X-$_: $_\n" } 1 .. 120
--- response_body
100: 100 truncated
-1: 100 truncated
-1000: 100 truncated
0: 122 nil
120: 120 truncated
150: 122 nil
none: 98 nil truncated
nil: 98 nil truncated



=== TEST 16: a raw table is limited too
--- config
    location = /t {
        content_by_lua_block {
            local h, err = ngx.req.get_headers(1, true)
            ngx.say(h.Host, " ", h.Connection, " ", err)
        }
    }
--- raw_request eval
"GET /t HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
--- response_body
h nil truncated



=== TEST 17: a limit that is not a number is an error
--- http_config eval: $::Try
--- config
    location = /t {
        content_by_lua_block {
            local try = require "try"
            ngx.say(try(ngx.req.get_headers, "2"))
            ngx.say(try(ngx.req.get_headers, {}))
        }
    }
--- response_body_like
^error: bad argument #2 to '\S+' \(cannot convert 'string' to 'int'\)
error: bad argument #2 to '\S+' \(cannot convert 'table' to 'int'\)$



=== TEST 18: false for a limit is the default limit
--- config
    location = /t {
        content_by_lua_block {
            local h, err = ngx.req.get_headers(false)
            ngx.say(h.host, " ", err)
        }
    }
--- response_body
localhost nil



=== TEST 19: a fraction of a limit is cut off
--- config
    location = /t {
        content_by_lua_block {
            local h, err = ngx.req.get_headers(1.9)
            ngx.say(h.host, " ", h.connection, " ", err)
        }
    }
--- raw_request eval
"GET /t HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
--- response_body
h nil truncated



=== TEST 20: every call makes a new table; writing to it does not change the request
--- config
    location = /t {
        content_by_lua_block {
            local h = ngx.req.get_headers()
            h["x-foo"] = "changed"
            h["x-new"] = "new"
            local again = ngx.req.get_headers()
            ngx.say(h ~= again, " ", again.x_foo, " ", again.x_new, " ", ngx.var.http_x_foo)
        }
    }
--- more_headers
X-Foo: 1
--- response_body
true 1 nil 1



=== TEST 21: in every phase of a request
--- config
    location = /t {
        set_by_lua_block $set { return ngx.req.get_headers().x_foo }
        rewrite_by_lua_block { ngx.ctx.rewrite = ngx.req.get_headers().x_foo }
        access_by_lua_block { ngx.ctx.access = ngx.req.get_headers().x_foo }
        content_by_lua_block {
            ngx.say(ngx.var.set, " ", ngx.ctx.rewrite, " ", ngx.ctx.access, " ",
                    ngx.req.get_headers().x_foo)
        }
        header_filter_by_lua_block {
            ngx.header["X-Header-Filter"] = ngx.req.get_headers().x_foo
        }
        body_filter_by_lua_block {
            if ngx.arg[1] ~= "" then
                ngx.arg[1] = ngx.req.get_headers().x_foo .. " " .. ngx.arg[1]
            end
        }
        log_by_lua_block { ngx.log(ngx.WARN, "log: ", ngx.req.get_headers().x_foo) }
    }
--- more_headers
X-Foo: 1
--- response_headers
X-Header-Filter: 1
--- response_body
1 1 1 1 1
--- error_log
log: 1



=== TEST 22: after an internal redirect the headers are still there
--- config
    location = /t {
        error_page 418 = /teapot;
        return 418;
    }
    location = /teapot {
        content_by_lua_block { ngx.say(ngx.req.get_headers().x_foo) }
    }
--- more_headers
X-Foo: 1
--- response_body
1



=== TEST 23: HTTP/1.0 without a Host header
--- config
    location = /t {
        content_by_lua_block {
            local h, err = ngx.req.get_headers()
            ngx.say(next(h), " ", err)
        }
    }
--- raw_request eval
"GET /t HTTP/1.0\r\n\r\n"
--- response_body
nil nil



=== TEST 24: HTTP/0.9 has no headers
--- config
    location = /t {
        content_by_lua_block { ngx.print(next(ngx.req.get_headers()), " ", ngx.req.get_method()) }
    }
--- raw_request eval
"GET /t\r\n"
--- http09
--- response_body chop
nil GET



=== TEST 25: Host as the client wrote it
--- config
    location = /t {
        content_by_lua_block { ngx.say(ngx.req.get_headers().host, " ", ngx.var.host) }
    }
--- more_headers
Host: EXAMPLE.org:8080
--- response_body
EXAMPLE.org:8080 example.org



=== TEST 26: several Cookie lines stay several
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(table.concat(ngx.req.get_headers().cookie, " | "))
        }
    }
--- more_headers
Cookie: a=1; b=2
Cookie: c=3
--- response_body
a=1; b=2 | c=3



=== TEST 27: without a request: not in init, not in init_worker
--- http_config
    init_by_lua_block {
        local results = {}
        package.loaded.results = results
        local function try(name)
            local ok, err = pcall(ngx.req[name])
            results[#results + 1] = name .. ": " .. tostring(ok) .. " " .. err:gsub("^.-:%d+: ", "")
        end
        results.try = try
        try("get_headers")
        try("get_method")
    }
    init_worker_by_lua_block {
        local results = require "results"
        results.try("get_headers")
        results.try("get_method")
    }
--- config
    location = /t {
        content_by_lua_block { ngx.say(table.concat(require "results", "\n")) }
    }
--- response_body
get_headers: false no request found
get_method: false no request found
get_headers: false API disabled in the current context
get_method: false API disabled in the current context



=== TEST 28: get_method names the methods that nginx knows
--- config
    location = /t {
        content_by_lua_block { ngx.say(ngx.req.get_method()) }
    }
--- request eval
[map { "$_ /t" } qw(GET POST PUT DELETE MKCOL COPY MOVE OPTIONS PROPFIND PROPPATCH LOCK UNLOCK PATCH)]
--- response_body eval
[map { "$_\n" } qw(GET POST PUT DELETE MKCOL COPY MOVE OPTIONS PROPFIND PROPPATCH LOCK UNLOCK PATCH)]



=== TEST 29: get_method names a method that nginx does not know
--- config
    location = /t {
        content_by_lua_block { ngx.say(ngx.req.get_method()) }
    }
--- request eval
["FOO /t", "M-SEARCH /t", "GETS /t", "VERYLONGMETHODNAMETHATNOBODYKNOWS /t"]
--- response_body eval
["FOO\n", "M-SEARCH\n", "GETS\n", "VERYLONGMETHODNAMETHATNOBODYKNOWS\n"]



=== TEST 30: get_method of a HEAD request
--- config
    location = /t {
        content_by_lua_block {
            ngx.header["X-Method"] = ngx.req.get_method()
            ngx.say("no body")
        }
    }
--- request
HEAD /t
--- response_headers
X-Method: HEAD
--- response_body



=== TEST 31: an error page that is an internal redirect is a GET
--- config
    location = /t {
        set_by_lua_block $before { return ngx.req.get_method() }
        error_page 418 = /teapot;
        return 418;
    }
    location = /teapot {
        content_by_lua_block { ngx.say(ngx.var.before, " ", ngx.req.get_method()) }
    }
--- request
POST /t
body
--- response_body
POST GET



=== TEST 32: get_method in every phase of a request
--- config
    location = /t {
        set_by_lua_block $set { return ngx.req.get_method() }
        rewrite_by_lua_block { ngx.ctx.rewrite = ngx.req.get_method() }
        access_by_lua_block { ngx.ctx.access = ngx.req.get_method() }
        content_by_lua_block {
            ngx.say(ngx.var.set, " ", ngx.ctx.rewrite, " ", ngx.ctx.access, " ", ngx.req.get_method())
        }
        header_filter_by_lua_block { ngx.header["X-Header-Filter"] = ngx.req.get_method() }
        body_filter_by_lua_block {
            if ngx.arg[2] then ngx.arg[1] = ngx.arg[1] .. ngx.req.get_method() .. "\n" end
        }
        log_by_lua_block { ngx.log(ngx.WARN, "log: ", ngx.req.get_method()) }
    }
--- request
DELETE /t
--- response_headers
X-Header-Filter: DELETE
--- response_body
DELETE DELETE DELETE DELETE
DELETE
--- error_log
log: DELETE



=== TEST 33: code may ask for any number of names
--- config
    location = /t {
        content_by_lua_block {
            local h, found = ngx.req.get_headers(), 0
            for i = 1, 2500 do
                local name = "X_" .. i
                if h[name] then
                    found = found + 1
                end
            end
            ngx.say(found, " ", h.X_Foo, " ", h["X-FOO"], " ", h.X_7)
        }
    }
--- request
GET /t
--- more_headers
X-Foo: foo
X-7: seven
X-2400: last
--- response_body
2 foo foo seven
