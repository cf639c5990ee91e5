# ngx.header: nginx's own headers, compiled code, limits.

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

=== TEST 1: compiled code sets and reads what interpreted code does
--- config
    location = /t {
        content_by_lua_block {
            local header, seen = ngx.header, {}
            for i = 1, 300 do
                header["X-Foo"] = "value " .. i
                header.x_bar = i
                seen[header["X-Foo"] .. " " .. header.X_Bar] = true
            end
            local n = 0
            for _ in pairs(seen) do n = n + 1 end
            ngx.say(n, " ", header["x-foo"], " ", header["X-BAR"])
        }
    }
--- raw_response_headers_like: X-Foo: value 300\r\nx-bar: 300\r\n
--- response_body
300 value 300 300



=== TEST 2: compiled code removes and reads missing headers
--- config
    location = /t {
        content_by_lua_block {
            local header, nils = ngx.header, 0
            for i = 1, 300 do
                header["X-Foo"] = "1"
                header["X-Foo"] = nil
                if header["X-Foo"] == nil and header["X-Missing"] == nil then nils = nils + 1 end
            end
            ngx.say(nils)
        }
    }
--- response_headers
! X-Foo
--- response_body
300



=== TEST 3: compiled code with values of several types
--- config
    location = /t {
        content_by_lua_block {
            local header, values = ngx.header, {"s", 1.5, true, {"a", "b"}, {}, ""}
            local lines = {}
            for i = 1, 600 do
                header["X-Foo"] = values[i % #values + 1]
                lines[i % #values + 1] = require "show"(header["X-Foo"])
            end
            ngx.say(table.concat(lines, "\n"))
        }
    }
--- response_body
"s"
"1.5"
"true"
{"a" | "b"}
nil
nil



=== TEST 4: compiled code escapes control bytes
--- config
    location = /t {
        content_by_lua_block {
            local header = ngx.header
            for i = 1, 300 do
                header["X-Foo"] = i % 2 == 0 and "a\r\nX-Bar: b" or "c"
            end
            ngx.say(header["X-Foo"])
        }
    }
--- response_headers
X-Foo: a%0D%0AX-Bar: b
! X-Bar
--- response_body
a%0D%0AX-Bar: b



=== TEST 5: an error in compiled code names the line
--- config
    location = /t {
        content_by_lua_block {
            local header = ngx.header
            local function set(value)
                header["Content-Length"] = value
            end
            for i = 1, 300 do
                set(i)
            end
            local ok, err = pcall(set, "abc")
            header.content_length = nil
            ngx.say(ok, " ", err)
        }
    }
--- response_body_like
^false content_by_lua\(nginx\.conf:\d+\):4: failed to set header$



=== TEST 6: the same code in locations with and without the conversion of underscores
--- http_config
    init_by_lua_block {
        function set()
            for _ = 1, 100 do
                ngx.header.X_Foo = "1"
                ngx.header["Y-Foo"] = "2"
            end
            ngx.say(ngx.header.X_Foo, " ", ngx.header["X-Foo"], " ", ngx.header.Y_Foo)
        end
    }
--- config
    location = /on { content_by_lua_block { set() } }
    location = /off {
        lua_transform_underscores_in_response_headers off;
        content_by_lua_block { set() }
    }
--- request eval
["GET /on", "GET /off", "GET /on", "GET /off"]
--- response_body eval
["1 1 2\n", "1 nil nil\n", "1 1 2\n", "1 nil nil\n"]
--- raw_response_headers_like eval
[qr/X-Foo: 1\r\n/, qr/X_Foo: 1\r\n/, qr/X-Foo: 1\r\n/, qr/X_Foo: 1\r\n/]



=== TEST 7: code that runs after the header was sent logs each time
--- config
    location = /t {
        content_by_lua_block {
            local header = ngx.header
            for i = 1, 100 do
                if i == 99 then
                    ngx.print("sent\n")
                end
                header["X-Foo"] = i
            end
            ngx.say(header["X-Foo"])
        }
    }
--- response_headers
X-Foo: 98
--- response_body
sent
98
--- grep_error_log eval
qr/attempt to set ngx\.header\.HEADER/
--- grep_error_log_out
attempt to set ngx.header.HEADER
attempt to set ngx.header.HEADER
--- no_error_log
[alert]



=== TEST 8: where the compiler is off all works as well
--- http_config
    init_by_lua_block { jit.off() }
--- config
    location = /t {
        content_by_lua_block {
            local header = ngx.header
            header["X-Foo"], header.x_bar, header.content_type = "1", {"a", "b"}, "text/x"
            ngx.say(header["X-Foo"], #header["X-Bar"], header.content_type, header.missing)
        }
    }
--- response_headers
X-Foo: 1
X-Bar: a, b
Content-Type: text/x
--- response_body
12text/xnil



=== TEST 9: made-up names without end
--- config
    location = /t {
        content_by_lua_block {
            local header = ngx.header
            for i = 1, 5000 do
                header["X-" .. i] = "a"
                header["X-" .. i] = nil
                if header["Y-" .. i] ~= nil then
                    return ngx.exit(500)
                end
            end
            header["X-1"] = "first"
            ngx.say(header["X-1"], " ", header["X-2"])
        }
    }
--- response_headers
X-1: first
! X-2
--- response_body
first nil



=== TEST 10: 10,000 headers are set, read and listed
--- config
    location = /t {
        content_by_lua_block {
            for i = 1, 10000 do
                ngx.header["X-" .. i] = i
            end
            local n = 0
            for name, value in pairs((ngx.resp.get_headers(0))) do
                if name == "x-" .. value then n = n + 1 end
            end
            local last = ngx.header["X-10000"]
            for i = 2, 10000 do
                ngx.header["X-" .. i] = nil
            end
            ngx.say(n, " ", last, " ", ngx.header["X-1"], " ", ngx.header["X-2"])
        }
    }
--- timeout: 20
--- response_headers
X-1: 1
! X-2
! X-10000
--- response_body
10000 10000 1 nil



=== TEST 11: names up to a kilobyte
--- config
    location = /t {
        content_by_lua_block {
            local result = {}
            for i, length in ipairs {1, 199, 200, 201, 1000} do
                local name = ("n"):rep(length)
                ngx.header[name] = length
                result[i] = ngx.header[name:upper()]
            end
            ngx.say(table.concat(result, " "))
        }
    }
--- response_body
1 199 200 201 1000



=== TEST 12: a value of 64 KB
--- config
    location = /t {
        content_by_lua_block {
            ngx.header["X-Long"] = ("x"):rep(65536)
            ngx.say(#ngx.header["X-Long"])
        }
    }
--- raw_response_headers_like: X-Long: x{32000}x{32000}x{1536}\r\n
--- response_body
65536



=== TEST 13: a value of 64 KB control bytes is three times as long
--- config
    location = /t {
        content_by_lua_block {
            ngx.header["X-Long"] = ("\n"):rep(65536)
            ngx.say(#ngx.header["X-Long"])
        }
    }
--- raw_response_headers_like: X-Long: (?:%0A){32000}(?:%0A){32000}(?:%0A){1536}\r\n
--- response_body
196608



=== TEST 14: the spelling of a header that is replaced stays as it was
--- config
    location = /t {
        content_by_lua_block {
            ngx.header["X-FOO"] = "1"
            ngx.header["x-foo"] = "2"
            ngx.say("ok")
        }
    }
--- raw_response_headers_like: X-FOO: 2\r\n
--- response_body
ok



=== TEST 15: a header of nginx's own that is replaced is spelled as Lua does
--- config
    location = /index.html {
        header_filter_by_lua_block {
            ngx.header.etag = '"lua"'
            ngx.header["last-modified"] = "Fri, 14 Jul 2017 02:40:00 GMT"
        }
    }
--- request
GET /index.html
--- raw_response_headers_like: etag: "lua"\r\n
--- ignore_response_body



=== TEST 16: Date, Server and Content-Encoding are set before and read in the header filter
--- config
    location = /t {
        content_by_lua_block {
            ngx.header.date = "today"
            ngx.header.server = "lua"
            ngx.say("ok")
        }
        header_filter_by_lua_block {
            ngx.header["X-Seen"] = ngx.header.date .. " " .. ngx.header.server
        }
    }
--- response_headers
Date: today
Server: lua
X-Seen: today lua
--- response_body
ok



=== TEST 17: nginx's own Server and Date do not read, before and after
--- config
    location = /t {
        content_by_lua_block { ngx.say(ngx.header.server, " ", ngx.header.date, " ", ngx.header.connection) }
        log_by_lua_block { ngx.log(ngx.WARN, "log: ", tostring(ngx.header.server), " ", tostring(ngx.header.date)) }
    }
--- response_headers_like
Server: nginx.*
Date: .* GMT
--- response_body
nil nil nil
--- error_log
log: nil nil



=== TEST 18: Expires and Refresh
--- config
    location = /t {
        content_by_lua_block {
            ngx.header.expires = "Thu, 01 Jan 1970 00:00:01 GMT"
            ngx.header.refresh = "5; url=/next"
            ngx.say(ngx.header["Expires"], " ", ngx.header["Refresh"])
        }
    }
--- response_headers
Expires: Thu, 01 Jan 1970 00:00:01 GMT
Refresh: 5; url=/next
--- response_body
Thu, 01 Jan 1970 00:00:01 GMT 5; url=/next



=== TEST 19: Content-Range and Accept-Ranges of a ranged answer made by Lua
--- config
    location = /t {
        content_by_lua_block {
            ngx.status = 206
            ngx.header.content_range = "bytes 0-1/10"
            ngx.header.accept_ranges = "bytes"
            ngx.header.content_length = 2
            ngx.print("ab")
        }
    }
--- error_code: 206
--- response_headers
Content-Range: bytes 0-1/10
Accept-Ranges: bytes
Content-Length: 2
--- response_body chop
ab



=== TEST 20: Accept-Ranges taken away from a static file: ranges work all the same
--- config
    location = /index.html {
        header_filter_by_lua_block { ngx.header.accept_ranges = nil }
    }
--- request
GET /index.html
--- more_headers
Range: bytes=0-1
--- error_code: 206
--- response_headers
! Accept-Ranges
Content-Range: bytes 0-1/72
--- ignore_response_body



=== TEST 21: Content-Type: the charset is added after the header filter, unless there is one
--- config
    charset utf-8;
    charset_types text/plain application/json;
    location = /t {
        content_by_lua_block {
            ngx.header.content_type = ngx.var.arg_type
            ngx.say(ngx.header["Content-Type"])
        }
        header_filter_by_lua_block { ngx.header["X-Seen"] = ngx.header.content_type }
        log_by_lua_block { ngx.log(ngx.WARN, "log: ", ngx.header.content_type) }
    }
--- request eval
["GET /t?type=text/plain", "GET /t?type=application/json", "GET /t?type=image/png", "GET /t?type=text/plain;charset=x"]
--- response_headers eval
["Content-Type: text/plain; charset=utf-8\nX-Seen: text/plain",
 "Content-Type: application/json; charset=utf-8",
 "Content-Type: image/png\nX-Seen: image/png",
 "Content-Type: text/plain;charset=x\nX-Seen: text/plain;charset=x"]
--- ignore_response_body



=== TEST 22: Content-Type in another case takes the charset too
--- config
    charset utf-8;
    location = /t {
        content_by_lua_block {
            ngx.header.content_type = "Text/HTML"
            ngx.say("ok")
        }
    }
--- response_headers
Content-Type: Text/HTML; charset=utf-8
--- response_body
ok



=== TEST 23: Content-Type of an empty string, of numbers and of a table
--- config
    location = /t {
        default_type text/plain;
        content_by_lua_block {
            local lines = {}
            for i, value in ipairs {"", 5, true, {"a/b", "c/d"}, {}} do
                ngx.header.content_type = value
                lines[i] = require "show"(ngx.header.content_type)
            end
            ngx.say(table.concat(lines, "\n"))
        }
    }
--- response_headers
! Content-Type
--- response_body
nil
"5"
"true"
"c/d"
nil



=== TEST 24: Content-Type set in the header filter of a file changes what gzip does
--- config
    gzip on;
    gzip_min_length 1;
    gzip_types application/x-zip-me;
    location = /index.html {
        header_filter_by_lua_block { ngx.header.content_type = "application/x-zip-me; v=1" }
    }
--- request
GET /index.html
--- more_headers
Accept-Encoding: gzip
--- response_headers
Content-Encoding: gzip
Content-Type: application/x-zip-me; v=1
--- ignore_response_body



=== TEST 25: Content-Length of 0, with leading zeros, the largest
--- config
    location = /t {
        content_by_lua_block {
            local lines = {}
            for i, value in ipairs {0, "007", "9223372036854775807"} do
                ngx.header.content_length = value
                lines[i] = ngx.header.content_length
            end
            ngx.header.content_length = nil
            ngx.say(table.concat(lines, " "))
        }
    }
--- response_body
0 007 9223372036854775807



=== TEST 26: Content-Length: what is no length is an error, in an array too
--- config
    location = /t {
        content_by_lua_block {
            local function set(value) ngx.header.content_length = value end
            local lines = {}
            for i, value in ipairs {-1, 5.5, "abc", "5 ", " 5", "+5", "0x5", "9223372036854775808", true,
                                    {"a", "5"}, {"5", "a"}, ngx.null} do
                lines[i] = require "try"(set, value)
            end
            ngx.header.content_length = nil
            ngx.say(table.concat(lines, "\n"))
        }
    }
--- response_body
error: failed to set header
error: failed to set header
error: failed to set header
error: failed to set header
error: failed to set header
error: failed to set header
error: failed to set header
error: failed to set header
error: failed to set header
error: failed to set header
error: failed to set header
error: failed to set header



=== TEST 27: a Content-Length that was refused leaves the old one
--- config
    location = /t {
        content_by_lua_block {
            ngx.header.content_length = 2
            pcall(function() ngx.header.content_length = "abc" end)
            ngx.say(ngx.header.content_length)
        }
    }
--- response_headers
Content-Length: 2
--- response_body
2



=== TEST 28: Content-Length of a static file, taken away in the header filter
--- config
    location = /index.html {
        header_filter_by_lua_block {
            ngx.header["X-Was"] = ngx.header.content_length
            ngx.header.content_length = nil
        }
    }
--- request
GET /index.html
--- response_headers
X-Was: 72
! Content-Length
Transfer-Encoding: chunked
--- ignore_response_body



=== TEST 29: Last-Modified reads in nginx's form, whatever form it was set in
--- config
    location = /t {
        content_by_lua_block {
            local lines = {}
            for i, value in ipairs {"Fri, 14 Jul 2017 02:40:00 GMT", "Friday, 14-Jul-17 02:40:00 GMT",
                                    "Fri Jul 14 02:40:00 2017", "nonsense", "", 5} do
                ngx.header.last_modified = value
                lines[i] = require "show"(ngx.header["Last-Modified"])
            end
            ngx.header.last_modified = nil
            ngx.say(table.concat(lines, "\n"))
        }
    }
--- response_headers
! Last-Modified
--- response_body
"Fri, 14 Jul 2017 02:40:00 GMT"
"Fri, 14 Jul 2017 02:40:00 GMT"
"Fri, 14 Jul 2017 02:40:00 GMT"
nil
nil
nil



=== TEST 30: Location: a path is sent as it is, and reads in every phase
--- config
    location = /t {
        content_by_lua_block {
            ngx.status = 302
            ngx.header.location = "/next?a=b"
            ngx.ctx.seen = ngx.header.location
            ngx.say(ngx.header["Location"])
        }
        log_by_lua_block { ngx.log(ngx.WARN, "log: ", ngx.ctx.seen, " ", ngx.header.location) }
    }
--- error_code: 302
--- response_headers
Location: /next?a=b
--- response_body
/next?a=b
--- error_log
log: /next?a=b /next?a=b



=== TEST 31: Location: first a URL, then a path, then none
--- config
    location = /t {
        content_by_lua_block {
            local lines = {}
            for i, value in ipairs {"http://a/b", "/c", "d", ""} do
                ngx.header.location = value
                lines[i] = require "show"(ngx.header.location)
            end
            ngx.say(table.concat(lines, "\n"))
        }
    }
--- response_headers
! Location
--- response_body
"http://a/b"
"/c"
"d"
nil



=== TEST 32: the Location of nginx's own redirect, seen and changed
--- config
    location = /t {
        return 302 /next;
        header_filter_by_lua_block {
            ngx.header["X-Was"] = ngx.header.location
            ngx.header.location = "/other"
        }
    }
--- error_code: 302
--- response_headers
X-Was: /next
Location: /other
--- ignore_response_body



=== TEST 33: Cache-Control of several directives, as one value and as several
--- config
    location = /t {
        content_by_lua_block {
            ngx.header.cache_control = "no-store, private"
            local one = ngx.header.cache_control
            ngx.header.cache_control = {"no-store", "private"}
            local two = ngx.header["Cache-Control"]
            ngx.header["Cache-control"] = {"public", "max-age=5", "immutable"}
            ngx.say(require "show"(one), "\n", require "show"(two), "\n", require "show"(ngx.header.cache_control))
        }
    }
--- raw_response_headers_like: cache-control: public\r\ncache-control: max-age=5\r\nCache-control: immutable\r\n
--- response_body
"no-store, private"
{"no-store" | "private"}
{"public" | "max-age=5" | "immutable"}



=== TEST 34: Link and Cache-Control are read by nginx's variables
--- config
    location = /t {
        content_by_lua_block {
            ngx.header.link = {"<a>", "<b>"}
            ngx.header.cache_control = {"x", "y"}
            ngx.header.etag = "z"
            ngx.say("ok")
        }
        log_by_lua_block {
            ngx.log(ngx.WARN, "log: ", ngx.var.sent_http_link, "; ", ngx.var.sent_http_cache_control, "; ",
                    ngx.var.sent_http_etag)
        }
    }
--- response_body
ok
--- error_log
log: <a>, <b>; x, y; z



=== TEST 35: headers of nginx's own, set in other spellings
--- config
    location = /t {
        content_by_lua_block {
            ngx.header.CONTENT_TYPE = "a/b"
            ngx.header["cOnTeNt-LeNgTh"] = 3
            ngx.header["SERVER"] = "s"
            ngx.header.eTaG = "e"
            ngx.print("ok\n")
        }
    }
--- response_headers
Content-Type: a/b
Content-Length: 3
Server: s
ETag: e
--- response_body
ok



=== TEST 36: in an error page the headers of before and of the page
--- config
    location = /t {
        error_page 404 /page;
        content_by_lua_block {
            ngx.header["X-Before"] = "1"
            ngx.header.content_type = "a/b"
            ngx.exit(404)
        }
    }
    location = /page {
        internal;
        content_by_lua_block {
            ngx.header["X-Page"] = tostring(ngx.header["X-Before"])
            ngx.say("page")
        }
    }
--- error_code: 404
--- response_headers
X-Before: 1
X-Page: 1
--- response_body
page



=== TEST 37: header tables of two requests on one connection do not mix
--- config
    location = /t {
        content_by_lua_block {
            local before = tostring(ngx.header["X-Args"]) .. " " .. tostring(ngx.header["X-Other"])
            ngx.header["X-Args"] = ngx.var.args
            if not ngx.var.args then
                ngx.header["X-Other"] = "1"
            end
            ngx.say(before, " ", ngx.header["X-Args"])
        }
    }
--- pipelined_requests eval
["GET /t?a", "GET /t", "GET /t?b"]
--- response_body eval
["nil nil a\n", "nil nil nil\n", "nil nil b\n"]



=== TEST 38: ngx.header cannot be replaced for others by a request
--- config
    location = /t {
        content_by_lua_block {
            local header = ngx.header
            rawset(header, "X-Raw", "1")
            ngx.say(rawget(header, "X-Raw"))
            rawset(header, "X-Raw", nil)
            ngx.say(type(getmetatable(header)), " ", next(header))
        }
    }
--- response_headers
! X-Raw
--- response_body
1
table nil



=== TEST 39: headers of a proxied response that can be there only once are replaced
--- config
    location = /t {
        proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/back;
        header_filter_by_lua_block {
            ngx.header.expires = "never"
            ngx.header.refresh = "1"
            require "ngx.resp".add_header("ETag", "lua")
        }
    }
    location = /back {
        add_header Expires soon;
        add_header Refresh 9;
        add_header ETag back;
        return 200 "back\n";
    }
--- response_headers
Expires: never
Refresh: 1
ETag: lua
--- response_body
back



=== TEST 40: the last spelling of such a header is sent
--- config
    location = /t {
        content_by_lua_block {
            ngx.header.Refresh = "1"
            ngx.header.refresh = "2"
            ngx.header.Location = "http://a/"
            ngx.header.LOCATION = "http://b/"
            ngx.say("ok")
        }
    }
--- raw_response_headers_like: refresh: 2\r\nLOCATION: http://b/\r\n
--- response_body
ok



=== TEST 41: over HTTP/2
--- http2
--- config
    location = /t {
        content_by_lua_block {
            ngx.header["X-Foo"] = {"a", "b\r\nX-Evil: 1"}
            ngx.header.content_type = "text/x"
            ngx.header["Cache-Control"] = {"no-store", "private"}
            ngx.status = 201
            ngx.say(require "show"(ngx.header["X-Foo"]), " ", ngx.status)
        }
        log_by_lua_block { ngx.log(ngx.WARN, "log: ", require "show"(ngx.resp.get_headers()["x-foo"])) }
    }
--- error_code: 201
--- response_headers
X-Foo: a, b%0D%0AX-Evil: 1
Content-Type: text/x
Cache-Control: no-store, private
! X-Evil
--- response_body
{"a" | "b%0D%0AX-Evil: 1"} 201
--- error_log
log: {"a" | "b%0D%0AX-Evil: 1"}
