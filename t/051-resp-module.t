# Module ngx.resp: add_header, set_status, bypass_if_checks.

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

=== TEST 1: the module is a table with a version
--- config
    location = /t {
        content_by_lua_block {
            local resp = require "ngx.resp"
            ngx.say(type(resp), " ", type(resp.version), " ", type(resp.add_header))
            ngx.say(require "ngx.resp" == resp, " ", resp == ngx.resp)
        }
    }
--- response_body
table string function
true false



=== TEST 2: add_header adds a header to those of its name
--- config
    location = /t {
        content_by_lua_block {
            local add = require "ngx.resp".add_header
            ngx.header["X-Foo"] = "1"
            add("X-Foo", "2")
            add("X-Foo", "3")
            ngx.say(require "show"(ngx.header["X-Foo"]))
        }
    }
--- raw_response_headers_like: X-Foo: 1\r\nX-Foo: 2\r\nX-Foo: 3\r\n
--- response_body
{"1" | "2" | "3"}



=== TEST 3: add_header adds a header for each value of an array
--- config
    location = /t {
        content_by_lua_block {
            local add = require "ngx.resp".add_header
            add("X-Foo", {"1", "2"})
            add("X-Foo", {"3"})
            ngx.say(require "show"(ngx.header["X-Foo"]))
        }
    }
--- raw_response_headers_like: X-Foo: 1\r\nX-Foo: 2\r\nX-Foo: 3\r\n
--- response_body
{"1" | "2" | "3"}



=== TEST 4: add_header turns underscores into dashes and keeps the spelling otherwise
--- config
    location = /t {
        content_by_lua_block {
            local add = require "ngx.resp".add_header
            add("x_Foo_bar", "1")
            add("X-FOO-BAR", "2")
            ngx.say(require "show"(ngx.header.x_foo_bar))
        }
    }
--- raw_response_headers_like: x-Foo-bar: 1\r\nX-FOO-BAR: 2\r\n
--- response_body
{"1" | "2"}



=== TEST 5: with lua_transform_underscores_in_response_headers off, names are different headers
--- config
    lua_transform_underscores_in_response_headers off;
    location = /t {
        content_by_lua_block {
            local add = require "ngx.resp".add_header
            add("X_Foo", "1")
            add("X-Foo", "2")
            ngx.say(ngx.header.X_Foo, " ", ngx.header["X-Foo"])
        }
    }
--- raw_response_headers_like: X_Foo: 1\r\nX-Foo: 2\r\n
--- response_body
1 2



=== TEST 6: add_header with other values than strings
--- config
    location = /t {
        content_by_lua_block {
            local add = require "ngx.resp".add_header
            for _, value in ipairs {1, 1.5, true, setmetatable({}, {__tostring = function() return "T" end})} do
                add("X-Foo", value)
            end
            add("X-Foo", ngx.null)
            add("X-Foo", {2, true})
            ngx.say(require "show"(ngx.header["X-Foo"]))
        }
    }
--- response_body
{"1" | "1.5" | "true" | "userdata: NULL" | "2" | "true"}



=== TEST 7: nil is refused
--- config
    location = /t {
        content_by_lua_block {
            local add = require "ngx.resp".add_header
            local try = require "try"
            local lines = {try(add, "X-Foo", nil), try(add, "X-Foo"), try(add)}
            ngx.say(table.concat(lines, "\n"))
            ngx.say(ngx.header["X-Foo"])
        }
    }
--- response_body
error: invalid header value
error: invalid header value
error: invalid header value
nil



=== TEST 8: the error is that of the caller's line
--- config
    location = /t {
        content_by_lua_block {
            local ok, err = pcall(function()
                require "ngx.resp".add_header("X-Foo", nil)
            end)
            ngx.say(err)
        }
    }
--- response_body_like
^content_by_lua\(nginx\.conf:\d+\):3: invalid header value$



=== TEST 9: an empty string or table adds nothing
--- config
    location = /t {
        content_by_lua_block {
            local add = require "ngx.resp".add_header
            add("X-Foo", "")
            add("X-Foo", {})
            add("X-Foo", {""})
            add("X-Foo", {a = 1})
            ngx.say(ngx.header["X-Foo"])
            add("X-Foo", "1")
        }
    }
--- response_headers
! X-Foo
--- response_body
nil
--- error_log
attempt to set ngx.header.HEADER after sending out response headers



=== TEST 10: headers that can be there only once are replaced
--- config
    location = /t {
        content_by_lua_block {
            local add = require "ngx.resp".add_header
            for _, name in ipairs {"Server", "Date", "ETag", "Location", "Refresh", "Expires", "Content-Type",
                                   "Content-Range", "Content-Encoding", "Accept-Ranges"} do
                add(name, "1")
                add(name, "2")
                add(name, {"3", "4"})
                ngx.header["X-" .. name] = require "show"(ngx.header[name])
            end
            ngx.header.content_encoding = nil
            ngx.header.date = nil
            ngx.header.location = nil
            ngx.say("ok")
        }
    }
--- response_headers
Server: 4
ETag: 4
Refresh: 4
Expires: 4
Content-Type: 4
Content-Range: 4
Accept-Ranges: 4
X-Server: "4"
X-Date: "4"
X-ETag: "4"
X-Location: "4"
X-Content-Type: "4"
X-Content-Encoding: "4"
--- response_body
ok



=== TEST 11: an empty string takes such a header away
--- config
    location = /t {
        content_by_lua_block {
            local add = require "ngx.resp".add_header
            add("Refresh", "5")
            add("ETag", "x")
            add("Refresh", "")
            add("ETag", {})
            ngx.say(ngx.header.refresh, " ", ngx.header.etag)
        }
    }
--- response_headers
! Refresh
ETag: x
--- response_body
nil x



=== TEST 12: Content-Length is replaced, and checked
--- config
    location = /t {
        content_by_lua_block {
            local add = require "ngx.resp".add_header
            add("Content-Length", 5)
            add("Content-Length", "3")
            ngx.ctx.err = require "try"(add, "Content-Length", "abc")
            ngx.print("ab\n")
        }
        log_by_lua_block { ngx.log(ngx.WARN, ngx.ctx.err) }
    }
--- response_headers
Content-Length: 3
--- response_body
ab
--- error_log
error: failed to set header



=== TEST 13: Last-Modified is replaced
--- config
    location = /t {
        content_by_lua_block {
            local add = require "ngx.resp".add_header
            add("Last-Modified", "Fri, 14 Jul 2017 02:40:00 GMT")
            add("Last-Modified", "Fri, 14 Jul 2017 02:40:01 GMT")
            ngx.say(ngx.header.last_modified)
        }
    }
--- response_headers
Last-Modified: Fri, 14 Jul 2017 02:40:01 GMT
--- response_body
Fri, 14 Jul 2017 02:40:01 GMT



=== TEST 14: Cache-Control, Link, Set-Cookie and Vary add up
--- config
    location = /t {
        content_by_lua_block {
            local add = require "ngx.resp".add_header
            for _, name in ipairs {"Cache-Control", "Link", "Set-Cookie", "Vary"} do
                ngx.header[name] = "1"
                add(name, "2")
                add(name, {"3", "4"})
                ngx.header["X-" .. name] = require "show"(ngx.header[name])
            end
            ngx.say("ok")
        }
    }
--- response_headers
Cache-Control: 1, 2, 3, 4
Link: 1, 2, 3, 4
Set-Cookie: 1, 2, 3, 4
Vary: 1, 2, 3, 4
X-Cache-Control: {"1" | "2" | "3" | "4"}
--- response_body
ok



=== TEST 15: WWW-Authenticate adds up
--- config
    location = /t {
        content_by_lua_block {
            local add = require "ngx.resp".add_header
            add("WWW-Authenticate", "Basic")
            add("WWW-Authenticate", "Digest")
            ngx.say(require "show"(ngx.header.www_authenticate))
        }
    }
--- response_headers
WWW-Authenticate: Basic, Digest
--- response_body
{"Basic" | "Digest"}
--- differs: before its version 0.10.31 the C module keeps the last one



=== TEST 16: expires replaces all Cache-Control headers that were added
--- config
    location = /t {
        expires 60s;
        content_by_lua_block {
            local add = require "ngx.resp".add_header
            add("Cache-Control", "no-store")
            add("Cache-Control", "private")
            ngx.say("ok")
        }
    }
--- response_headers
Cache-Control: max-age=60
--- response_body
ok



=== TEST 17: Cache-Control added to what a proxied server sent
--- config
    location = /t {
        proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/back;
        header_filter_by_lua_block {
            require "ngx.resp".add_header("Cache-Control", "private")
            require "ngx.resp".add_header("Link", "<b>")
        }
    }
    location = /back {
        add_header Cache-Control no-store;
        add_header Link <a>;
        return 200 "back\n";
    }
--- response_headers
Cache-Control: no-store, private
Link: <a>, <b>
--- response_body
back



=== TEST 18: assignment takes the place of all that was added
--- config
    location = /t {
        content_by_lua_block {
            local add = require "ngx.resp".add_header
            add("X-Foo", {"1", "2"})
            add("Cache-Control", {"1", "2"})
            ngx.header.x_foo = "3"
            ngx.header.cache_control = nil
            ngx.say("ok")
        }
    }
--- response_headers
X-Foo: 3
! Cache-Control
--- response_body
ok



=== TEST 19: control bytes in added values and names are escaped
--- config
    location = /t {
        content_by_lua_block {
            local add = require "ngx.resp".add_header
            add("X-Foo", "a\r\nX-Bar: b\0")
            add("X-Foo", {"c\n", "d\127\1"})
            add("X\r\nY: Z", "1")
            ngx.say("ok")
        }
    }
--- raw_response_headers_like: X-Foo: a%0D%0AX-Bar: b%00\r\nX-Foo: c%0A\r\nX-Foo: d%7F%01\r\nX%0D%0AY%3A%20Z: 1\r\n
--- response_body
ok



=== TEST 20: names that are no strings
--- config
    location = /t {
        content_by_lua_block {
            local add = require "ngx.resp".add_header
            add(5, "a")
            add(true, "b")
            add(nil, "c")
            ngx.say("ok")
        }
    }
--- response_headers
5: a
true: b
nil: c
--- response_body
ok



=== TEST 21: an error of __tostring is passed on
--- config
    location = /t {
        content_by_lua_block {
            local add = require "ngx.resp".add_header
            local bad = setmetatable({}, {__tostring = function() error("boom", 0) end})
            local try = require "try"
            ngx.say(try(add, "X-Foo", {bad}))
            ngx.say(try(add, bad, "1"))
        }
    }
--- response_headers
! X-Foo
--- response_body
error: boom
error: boom



=== TEST 22: after the header was sent, adding only logs
--- config
    location = /t {
        content_by_lua_block {
            ngx.say("sent")
            ngx.say(require "try"(require "ngx.resp".add_header, "X-Foo", "1"))
        }
    }
--- response_headers
! X-Foo
--- response_body
sent
nothing
--- error_log
attempt to set ngx.header.HEADER after sending out response headers



=== TEST 23: add_header in every phase before the header is sent
--- config
    location = /t {
        set_by_lua_block $a { require "ngx.resp".add_header("X-Foo", "set") }
        rewrite_by_lua_block { require "ngx.resp".add_header("X-Foo", "rewrite") }
        access_by_lua_block { require "ngx.resp".add_header("X-Foo", "access") }
        content_by_lua_block {
            require "ngx.resp".add_header("X-Foo", "content")
            ngx.say(require "show"(ngx.header["X-Foo"]))
        }
        header_filter_by_lua_block { require "ngx.resp".add_header("X-Foo", "header_filter") }
    }
--- response_headers
X-Foo: set, rewrite, access, content, header_filter
--- response_body
{"set" | "rewrite" | "access" | "content"}



=== TEST 24: add_header in body filter and log
--- config
    location = /t {
        content_by_lua_block { ngx.print("x") }
        body_filter_by_lua_block { require "ngx.resp".add_header("X-Foo", "1") }
        log_by_lua_block {
            require "ngx.resp".add_header("X-Foo", "1")
            ngx.log(ngx.WARN, "log: ", tostring(ngx.header["X-Foo"]))
        }
    }
--- response_headers
! X-Foo
--- response_body chop
x
--- error_log
log: nil
attempt to set ngx.header.HEADER after sending out response headers while logging request



=== TEST 25: the module loads in init and init_worker, its functions need a request
--- http_config
    init_by_lua_block {
        results = {}
        function try_all(phase)
            local ok, err = pcall(require "ngx.resp".add_header, "X-Foo", "1")
            results[#results + 1] = phase .. ": " .. err:gsub("^.-:%d+: ", "")
        end
        try_all("init")
    }
    init_worker_by_lua_block { try_all("init_worker") }
--- config
    location = /t {
        content_by_lua_block { ngx.say(table.concat(results, "\n")) }
    }
--- response_body
init: no request found
init_worker: API disabled in the current context



=== TEST 26: adding the same header often is not slow, and all are sent
--- config
    location = /t {
        content_by_lua_block {
            local add = require "ngx.resp".add_header
            for i = 1, 2000 do
                add("X-Foo", i)
            end
            local list = ngx.header["X-Foo"]
            ngx.say(#list, " ", list[1], " ", list[100])
        }
    }
--- raw_response_headers_like: X-Foo: 1\r\nX-Foo: 2\r\n(X-Foo: \d+\r\n)+X-Foo: 2000\r\n
--- response_body
100 1 100



=== TEST 27: resty.core.response has the function that both ways of setting are made of
--- config
    location = /t {
        content_by_lua_block {
            local set = require "resty.core.response".set_resp_header
            set(nil, "X-Foo", "1")
            set(nil, "X-Foo", "2", true)
            set({}, "X-Bar", {"a", "b"})
            set({}, "X-Bar", "c", false)
            local try = require "try"
            ngx.say(try(set, nil, "X-Foo", nil, true), ", ", require "show"(ngx.header["X-Foo"]))
            set(nil, "X-Foo", nil)
        }
    }
--- response_headers
X-Foo: 1, 2
X-Bar: c
--- response_body
error: invalid header value, {"1" | "2"}
--- error_log
attempt to set ngx.header.HEADER after sending out response headers



=== TEST 28: set_status sets the status and its words
--- config
    location = /t {
        content_by_lua_block {
            require "ngx.resp".set_status(299, "Quite Fine")
            ngx.say(ngx.status)
        }
    }
--- error_code: 299
--- raw_response_headers_like: ^HTTP/1\.1 299 Quite Fine\r\n
--- response_body
299
--- differs: the C module has it since its version 0.10.28



=== TEST 29: set_status with an empty reason, and in place of nginx's words
--- config
    location = /t {
        content_by_lua_block {
            require "ngx.resp".set_status(ngx.var.arg_status, ngx.var.arg_reason or "")
            ngx.say("ok")
        }
    }
--- request eval
["GET /t?status=200&reason=Fine", "GET /t?status=404"]
--- error_code eval
[200, 404]
--- raw_response_headers_like eval
[qr{^HTTP/1\.1 200 Fine\r\n}, qr{^HTTP/1\.1 404 \r\n}]
--- response_body eval
["ok\n", "ok\n"]
--- differs: the C module has it since its version 0.10.28



=== TEST 30: a status without words after one with words
--- config
    location = /t {
        content_by_lua_block {
            require "ngx.resp".set_status(404, "Gone Fishing")
            ngx.status = 503
            ngx.say(ngx.status)
        }
    }
--- error_code: 503
--- raw_response_headers_like: ^HTTP/1\.1 503 Service Temporarily Unavailable\r\n
--- response_body
503
--- differs: the C module has it since its version 0.10.28



=== TEST 31: control bytes in the words of a status are escaped
--- config
    location = /t {
        content_by_lua_block {
            require "ngx.resp".set_status(200, "OK\r\nX-Evil: 1\0")
            ngx.say("ok")
        }
    }
--- raw_response_headers_like: ^HTTP/1\.1 200 OK%0D%0AX-Evil: 1%00\r\n
--- response_headers
! X-Evil
--- response_body
ok
--- differs: the C module has it since its version 0.10.28



=== TEST 32: set_status: statuses and words that cannot be
--- config
    location = /t {
        content_by_lua_block {
            local set, try = require "ngx.resp".set_status, require "try"
            local lines = {try(set, 99, "x"), try(set, 1000, "x"), try(set, nil, "x"), try(set, "x", "y"),
                           try(set, 200), try(set, 200, 5), try(set, 200, {})}
            ngx.say(table.concat(lines, "\n"), "\n", ngx.status)
        }
    }
--- response_body
nothing
nothing
error: bad argument #2 to 'ngx_http_lua_ffi_set_resp_status' (cannot convert 'nil' to 'int')
error: bad argument #2 to 'ngx_http_lua_ffi_set_resp_status' (cannot convert 'nil' to 'int')
error: bad argument #2 to '?' (string expected, got nil)
error: bad argument #2 to '?' (string expected, got number)
error: bad argument #2 to '?' (string expected, got table)
0
--- error_log
invalid HTTP status code 99
invalid HTTP status code 1000
--- differs: the C module has it since its version 0.10.28



=== TEST 33: set_status after the header was sent
--- config
    location = /t {
        content_by_lua_block {
            ngx.say("sent")
            require "ngx.resp".set_status(404, "Late")
            ngx.say(ngx.status)
        }
    }
--- response_body
sent
200
--- error_log
attempt to set ngx.status after sending out response headers
--- differs: the C module has it since its version 0.10.28



=== TEST 34: set_status in the header filter, for a proxied response and a static file
--- config
    header_filter_by_lua_block { require "ngx.resp".set_status(ngx.status + 1, "Plus One") }
    location = /t { proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/back; }
    location = /back {
        header_filter_by_lua_block { return }
        return 201 "back\n";
    }
--- request eval
["GET /t", "GET /index.html"]
--- error_code eval
[202, 201]
--- raw_response_headers_like eval
[qr{^HTTP/1\.1 202 Plus One\r\n}, qr{^HTTP/1\.1 201 Plus One\r\n}]
--- ignore_response_body
--- differs: the C module has it since its version 0.10.28



=== TEST 35: bypass_if_checks: a response is whole although the client has it
--- config
    location = /t {
        content_by_lua_block {
            if ngx.var.arg_bypass then
                require "ngx.resp".bypass_if_checks()
            end
            ngx.header.etag = '"1"'
            ngx.header.last_modified = "Fri, 14 Jul 2017 02:40:00 GMT"
            ngx.say("ok")
        }
    }
--- request eval
["GET /t", "GET /t?bypass=1", "GET /t", "GET /t?bypass=1", "GET /t", "GET /t?bypass=1"]
--- more_headers eval
['If-None-Match: "1"', 'If-None-Match: "1"', 'If-Match: "2"', 'If-Match: "2"',
 "If-Modified-Since: Fri, 14 Jul 2017 02:40:00 GMT", "If-Modified-Since: Fri, 14 Jul 2017 02:40:00 GMT"]
--- error_code eval
[304, 200, 412, 200, 304, 200]
--- ignore_response_body
--- differs: the C module has it since its version 0.10.29



=== TEST 36: bypass_if_checks with a static file, called before content
--- config
    location = /a.txt {
        root html;
        access_by_lua_block { require "ngx.resp".bypass_if_checks() }
    }
--- user_files
>>> a.txt 201707140240.00
hello
--- request
GET /a.txt
--- more_headers
If-Modified-Since: Fri, 14 Jul 2017 02:40:00 GMT
--- response_body
hello
--- differs: the C module has it since its version 0.10.29



=== TEST 37: set_status over HTTP/2 sends the number alone
--- http2
--- config
    location = /t {
        content_by_lua_block {
            require "ngx.resp".set_status(299, "Fine\r\nX-Evil: 1")
            require "ngx.resp".add_header("X-Foo", {"1", "2"})
            ngx.say(ngx.status)
        }
    }
--- error_code: 299
--- response_headers
X-Foo: 1, 2
! X-Evil
--- response_body
299
--- differs: the C module has it since its version 0.10.28
