# ngx.resp.get_headers: all headers of the response in a table.

use Test::Nginx::Socket::Lua 'no_plan';

add_block_preprocessor(sub {
    my ($block) = @_;
    $block->set_value("request", "GET /t")
        if !defined $block->request && !defined $block->raw_request
            && !defined $block->pipelined_requests;
    $block->set_value("no_error_log", "[error]")
        if !defined $block->error_log && !defined $block->no_error_log;
    $block->set_value("http_config", $::HttpConfig)
        if !defined $block->http_config;
});

our $HttpConfig = <<'_EOC_';
    init_by_lua_block {
        -- A value in one line: strings quoted, arrays and tables with sorted keys.
        local function show(value)
            if type(value) == "string" then
                return '"' .. value .. '"'
            elseif type(value) ~= "table" then
                return tostring(value)
            end
            local parts = {}
            for i, element in ipairs(value) do
                parts[i] = show(element)
            end
            if #parts > 0 then
                return "{" .. table.concat(parts, " | ") .. "}"
            end
            for key, element in pairs(value) do
                parts[#parts + 1] = key .. "=" .. show(element)
            end
            table.sort(parts)
            return "{" .. table.concat(parts, " ") .. "}"
        end
        package.loaded.show = show

        -- What a call returns, or its error without the place.
        package.loaded.try = function(f, ...)
            local results = {pcall(f, ...)}
            if not results[1] then
                return "error: " .. tostring(results[2]):gsub("^.-:%d+: ", "")
            end
            local parts = {}
            for i = 2, table.maxn(results) do
                parts[i - 1] = show(results[i])
            end
            return #parts > 0 and table.concat(parts, ", ") or "nothing"
        end
    }
_EOC_

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: before anything is set there is only the connection
--- config
    location = /t {
        content_by_lua_block { ngx.say(require "show"(ngx.resp.get_headers())) }
    }
--- response_body
{connection="close"}



=== TEST 2: names are in lower case, values are strings
--- config
    location = /t {
        content_by_lua_block {
            ngx.header["X-Foo"] = "a"
            ngx.header.X_Number = 5
            ngx.header["x-bool"] = true
            ngx.say(require "show"(ngx.resp.get_headers()))
        }
    }
--- response_body
{connection="close" x-bool="true" x-foo="a" x-number="5"}



=== TEST 3: several headers of one name are an array, in their order
--- config
    location = /t {
        content_by_lua_block {
            ngx.header["Set-Cookie"] = {"a=1", "b=2", "c=3"}
            ngx.header["X-One"] = {"1"}
            local headers = ngx.resp.get_headers()
            ngx.say(require "show"(headers["set-cookie"]))
            ngx.say(require "show"(headers["x-one"]))
        }
    }
--- response_body
{"a=1" | "b=2" | "c=3"}
"1"



=== TEST 4: the table finds names in any case, with underscores for dashes
--- config
    location = /t {
        content_by_lua_block {
            ngx.header["X-Foo-Bar"] = "a"
            local headers = ngx.resp.get_headers()
            ngx.say(headers["X-Foo-Bar"], headers["x-foo-bar"], headers["X-FOO-BAR"],
                    headers.x_foo_bar, headers.X_Foo_Bar, " ", headers.foo)
        }
    }
--- response_body
aaaaa nil



=== TEST 5: with raw, names are as they were written and nothing else is found
--- config
    location = /t {
        content_by_lua_block {
            ngx.header["X-Foo"] = "a"
            local headers = ngx.resp.get_headers(0, true)
            ngx.say(headers["X-Foo"], " ", headers["x-foo"], " ", headers.X_Foo)
            ngx.say(require "show"(headers), " ", tostring(getmetatable(headers)))
        }
    }
--- response_body
a nil nil
{X-Foo="a" connection="close"} nil



=== TEST 6: with raw, names in different spelling are different keys
--- config
    location = /t {
        content_by_lua_block {
            local add = require "ngx.resp".add_header
            add("X-Foo", "1")
            add("x-foo", "2")
            ngx.say(require "show"(ngx.resp.get_headers(0, true)), "\n",
                    require "show"(ngx.resp.get_headers(0, false)))
        }
    }
--- response_body
{X-Foo="1" connection="close" x-foo="2"}
{connection="close" x-foo={"1" | "2"}}



=== TEST 7: any value but nil and false is raw
--- config
    location = /t {
        content_by_lua_block {
            ngx.header["X-Foo"] = "a"
            for _, raw in ipairs {1, "x", {}} do
                ngx.say(ngx.resp.get_headers(0, raw)["x-foo"])
            end
            ngx.say(ngx.resp.get_headers(0, false)["x-foo"], ngx.resp.get_headers(0, nil)["x-foo"])
        }
    }
--- response_body
nil
nil
nil
aa



=== TEST 8: the table is the caller's own, made anew each time
--- config
    location = /t {
        content_by_lua_block {
            ngx.header["X-Foo"] = "a"
            local headers = ngx.resp.get_headers()
            headers["x-foo"], headers["x-bar"] = "changed", "new"
            ngx.say(headers["X-Foo"], " ", headers.X_Bar)
            ngx.say(ngx.resp.get_headers()["x-foo"], " ", ngx.header["X-Foo"], " ", ngx.header["X-Bar"])
        }
    }
--- response_headers
X-Foo: a
! X-Bar
--- response_body
changed new
a a nil



=== TEST 9: a removed header is not listed
--- config
    location = /t {
        content_by_lua_block {
            ngx.header["X-Foo"] = "a"
            ngx.header["X-Bar"] = "b"
            ngx.header.ETag = '"1"'
            ngx.header["X-Foo"] = nil
            ngx.header.etag = nil
            ngx.say(require "show"(ngx.resp.get_headers()))
        }
    }
--- response_body
{connection="close" x-bar="b"}



=== TEST 10: Content-Type is listed once it is set, with its charset
--- config
    charset utf-8;
    location = /t {
        content_by_lua_block {
            ngx.header.content_type = "text/html"
            ngx.say(ngx.resp.get_headers()["content-type"])
            ngx.say(ngx.resp.get_headers().content_type)
            ngx.say(ngx.resp.get_headers(0, true)["content-type"])
        }
    }
--- response_body
text/html
text/html; charset=utf-8
text/html; charset=utf-8



=== TEST 11: default_type is listed once the header is sent
--- config
    location = /t {
        default_type text/plain;
        content_by_lua_block {
            local before = ngx.resp.get_headers()["content-type"]
            ngx.send_headers()
            ngx.say(before, " ", ngx.resp.get_headers()["content-type"])
        }
    }
--- response_body
nil text/plain



=== TEST 12: Content-Length that Lua has set
--- config
    location = /t {
        content_by_lua_block {
            ngx.header.content_length = 41
            ngx.say(require "show"(ngx.resp.get_headers()))
        }
    }
--- response_body
{connection="close" content-length="41"}
--- response_headers
Content-Length: 41



=== TEST 13: Transfer-Encoding is listed once the header is sent
--- config
    location = /t {
        content_by_lua_block {
            ngx.header.content_type = "a/b"
            local before = require "show"(ngx.resp.get_headers())
            ngx.send_headers()
            ngx.say(before)
            ngx.say(require "show"(ngx.resp.get_headers()))
        }
    }
--- response_body
{connection="close" content-type="a/b"}
{connection="close" content-type="a/b" transfer-encoding="chunked"}



=== TEST 14: connection is keep-alive, close or upgrade
--- config
    location = /t {
        content_by_lua_block {
            ngx.status = tonumber(ngx.var.arg_status)
            ngx.header["X-Connection"] = ngx.resp.get_headers().connection
            ngx.header.content_length = 0
            ngx.send_headers()
        }
    }
    location = /keep {
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/t?status=200;
    }
--- request eval
["GET /t?status=200", "GET /t?status=101", "GET /keep"]
--- error_code eval
[200, 101, 200]
--- response_headers eval
["X-Connection: close", "X-Connection: upgrade", "X-Connection: keep-alive"]
--- ignore_response_body



=== TEST 15: a Connection header of Lua's own stands beside nginx's
--- config
    location = /t {
        content_by_lua_block {
            ngx.header["Connection"] = "X-Foo"
            ngx.say(require "show"(ngx.resp.get_headers()), "\n",
                    require "show"(ngx.resp.get_headers(0, true)))
        }
    }
--- response_body
{connection={"close" | "X-Foo"}}
{Connection="X-Foo" connection="close"}



=== TEST 16: at most 100 headers, unless a limit says otherwise
--- config
    location = /t {
        content_by_lua_block {
            for i = 1, 120 do
                ngx.header["X-" .. i] = i
            end
            local function count(...)
                local headers, err = ngx.resp.get_headers(...)
                local n = 0
                for _ in pairs(headers) do n = n + 1 end
                return n .. " " .. tostring(err)
            end
            local lines = {count(), count(nil), count(0), count(-1), count(50), count(120), count(121),
                           count(1000), count("60"), count(60.9)}
            ngx.say(table.concat(lines, "\n"))
        }
    }
--- response_body
100 truncated
100 truncated
121 nil
121 nil
50 truncated
120 truncated
121 nil
121 nil
60 truncated
60 truncated



=== TEST 17: what nginx adds counts, and one header of the list is always there
--- config
    location = /t {
        content_by_lua_block {
            ngx.header.content_type = "a/b"
            ngx.header["X-A"] = "1"
            ngx.header["X-B"] = "2"
            local lines = {}
            for max = 1, 5 do
                lines[max] = require "try"(ngx.resp.get_headers, max)
            end
            ngx.say(table.concat(lines, "\n"))
        }
    }
--- response_body
{connection="close" content-type="a/b" x-a="1"}, "truncated"
{connection="close" content-type="a/b" x-a="1"}, "truncated"
{connection="close" content-type="a/b" x-a="1"}, "truncated"
{connection="close" content-type="a/b" x-a="1" x-b="2"}
{connection="close" content-type="a/b" x-a="1" x-b="2"}



=== TEST 18: removed headers do not count
--- config
    location = /t {
        content_by_lua_block {
            for i = 1, 20 do
                ngx.header["X-" .. i] = i
            end
            for i = 1, 18 do
                ngx.header["X-" .. i] = nil
            end
            ngx.say(require "try"(ngx.resp.get_headers, 3))
        }
    }
--- response_body
{connection="close" x-19="19" x-20="20"}
--- differs: the C module counts removed headers, and says truncated when all are there



=== TEST 19: a limit that is no number
--- config
    location = /t {
        content_by_lua_block {
            for _, max in ipairs {"x", {}, true} do
                local ok, err = pcall(function() local h = ngx.resp.get_headers(max) return h end)
                ngx.say(ok, " ", (err:gsub("^.-:%d+: ", "")))
            end
            local ok, err = pcall(function() local h = ngx.resp.get_headers(false) return h end)
            ngx.say(ok, " ", (err:gsub("^.-:%d+: ", "")))
        }
    }
--- response_body
false bad argument #1 to 'get_headers' (number expected, got string)
false bad argument #1 to 'get_headers' (number expected, got table)
false bad argument #1 to 'get_headers' (number expected, got boolean)
false bad argument #1 to 'get_headers' (number expected, got boolean)



=== TEST 20: a static file: in the header filter, after it, and in log
--- config
    location = /a.txt {
        root html;
        header_filter_by_lua_block { ngx.log(ngx.WARN, "filter: ", require "show"(ngx.resp.get_headers())) }
        body_filter_by_lua_block { ngx.ctx.seen = require "show"(ngx.resp.get_headers()) }
        log_by_lua_block {
            ngx.log(ngx.WARN, "body: ", ngx.ctx.seen)
            ngx.log(ngx.WARN, "log: ", require "show"(ngx.resp.get_headers()))
        }
    }
--- user_files
>>> a.txt 201707140240.00
hello
--- request
GET /a.txt
--- response_body
hello
--- error_log
filter: {connection="close" content-length="6" content-type="text/plain" etag=""59682f00-6""}
body: {accept-ranges="bytes" connection="close" content-length="6" content-type="text/plain" etag=""59682f00-6""}
log: {accept-ranges="bytes" connection="close" content-length="6" content-type="text/plain" etag=""59682f00-6""}



=== TEST 21: Last-Modified is listed when Lua has set it
--- config
    location = /t {
        content_by_lua_block {
            ngx.header.last_modified = "Fri, 14 Jul 2017 02:40:00 GMT"
            ngx.say(ngx.resp.get_headers().last_modified)
        }
    }
--- response_body
Fri, 14 Jul 2017 02:40:00 GMT



=== TEST 22: the headers of a proxied response
--- config
    location = /t {
        proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/back;
        header_filter_by_lua_block { ngx.log(ngx.WARN, "got: ", require "show"(ngx.resp.get_headers())) }
    }
    location = /back {
        add_header X-Back 1;
        add_header X-Back 2;
        add_header Cache-Control no-store;
        return 200 "back\n";
    }
--- response_body
back
--- error_log
got: {cache-control="no-store" connection="close" content-length="5" content-type="text/plain" x-back={"1" | "2"}}



=== TEST 23: add_header comes after the header filter and shows in log
--- config
    location = /t {
        add_header X-Added 1;
        content_by_lua_block { ngx.say("ok") }
        header_filter_by_lua_block { ngx.log(ngx.WARN, "filter: ", tostring(ngx.resp.get_headers()["x-added"])) }
        log_by_lua_block { ngx.log(ngx.WARN, "log: ", tostring(ngx.resp.get_headers()["x-added"])) }
    }
--- response_body
ok
--- error_log
filter: nil
log: 1



=== TEST 24: works in all phases of a request
--- config
    location = /t {
        set_by_lua_block $a { ngx.header["X-A"] = "set" return require "show"(ngx.resp.get_headers()) }
        rewrite_by_lua_block { ngx.ctx.rewrite = ngx.resp.get_headers()["x-a"] }
        access_by_lua_block { ngx.ctx.access = ngx.resp.get_headers()["x-a"] }
        content_by_lua_block { ngx.say(ngx.var.a, " ", ngx.ctx.rewrite, " ", ngx.ctx.access) }
    }
--- response_body
{connection="close" x-a="set"} set set



=== TEST 25: needs a request
--- http_config
    init_by_lua_block {
        results = {}
        local function try(phase)
            local ok, err = pcall(function() local h = ngx.resp.get_headers() return h end)
            results[#results + 1] = phase .. ": " .. err:gsub("^.-:%d+: ", "")
        end
        try("init")
        package.loaded.try = try
    }
    init_worker_by_lua_block { require "try"("init_worker") }
--- config
    location = /t {
        content_by_lua_block { ngx.say(table.concat(results, "\n")) }
    }
--- response_body
init: no request object found
init_worker: API disabled in the current context



=== TEST 26: values of any bytes and 64 KB come back whole
--- config
    location = /t {
        content_by_lua_block {
            local long = ("x"):rep(65536)
            ngx.header["X-Long"] = long
            ngx.header["X-Bytes"] = "\t\128\255 end"
            local headers = ngx.resp.get_headers()
            local result = tostring(headers.x_long == long) .. " " .. tostring(headers.x_bytes == "\t\128\255 end")
            ngx.header["X-Long"] = nil
            ngx.say(result)
        }
    }
--- response_body
true true



=== TEST 27: a header whose name was escaped is listed under the escaped name
--- config
    location = /t {
        content_by_lua_block {
            ngx.header["X A"] = "1"
            ngx.say(require "show"(ngx.resp.get_headers()), "\n",
                    require "show"(ngx.resp.get_headers(0, true)))
        }
    }
--- response_body
{connection="close" x%20a="1"}
{X%20A="1" connection="close"}



=== TEST 28: get_headers does not send the header
--- config
    location = /t {
        content_by_lua_block {
            ngx.resp.get_headers()
            ngx.header["X-Late"] = "1"
            ngx.say(ngx.headers_sent)
        }
    }
--- response_headers
X-Late: 1
--- response_body
false



=== TEST 29: names that a table of headers cannot have
--- config
    location = /t {
        content_by_lua_block {
            ngx.header["5"] = "five"
            local headers = ngx.resp.get_headers()
            ngx.say(headers["5"], " ", headers[5], " ", headers.missing, " ", headers[""])
        }
    }
--- response_body
five five nil nil
