use Test::Nginx::Socket::Lua 'no_plan';

add_block_preprocessor(sub {
    my ($block) = @_;
    $block->set_value("request", "GET /t")
        if !defined $block->request && !defined $block->raw_request
            && !defined $block->pipelined_requests;
    $block->set_value("no_error_log", "[error]")
        if !defined $block->error_log && !defined $block->no_error_log;
});

our $HttpConfig = <<'_EOC_';
    init_by_lua_block {
        -- How a value reads: type and content; arrays with all their elements.
        local function show(value)
            if type(value) == "table" then
                return "{" .. table.concat(value, " | ") .. "}"
            end
            return type(value) == "string" and '"' .. value .. '"' or tostring(value)
        end
        package.loaded.show = show

        -- Sets a header to one value after the other; answers in lines how it
        -- reads each time, or the error without the place.
        package.loaded.set = function(name, ...)
            local lines, values = {}, {...}
            for i = 1, select("#", ...) do
                local ok, err = pcall(function() ngx.header[name] = values[i] end)
                lines[i] = ok and show(ngx.header[name]) or "error: " .. err:gsub("^.-:%d+: ", "")
            end
            return table.concat(lines, "\n")
        end
    }
_EOC_

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: a header is sent with the name as it was written
--- config
    location = /t {
        content_by_lua_block {
            ngx.header["x-fOO"] = "a b"
            ngx.header["X-Bar"] = "c"
            ngx.say("ok")
        }
    }
--- raw_response_headers_like: x-fOO: a b\r\nX-Bar: c\r\n
--- response_body
ok



=== TEST 2: underscores in a name become dashes
--- config
    location = /t {
        content_by_lua_block {
            ngx.header.X_Foo_Bar = "1"
            ngx.header["x_baz"] = "2"
            ngx.say("ok")
        }
    }
--- raw_response_headers_like: X-Foo-Bar: 1\r\nx-baz: 2\r\n
--- response_body
ok



=== TEST 3: lua_transform_underscores_in_response_headers off keeps underscores
--- config
    location = /t {
        lua_transform_underscores_in_response_headers off;
        content_by_lua_block {
            ngx.header.X_Foo = "1"
            ngx.say(ngx.header.X_Foo, " ", ngx.header.x_foo, " ", ngx.header["X-Foo"])
        }
    }
--- raw_response_headers_like: X_Foo: 1\r\n
--- response_body
1 1 nil



=== TEST 4: without the conversion, content_type is not Content-Type
--- config
    location = /t {
        lua_transform_underscores_in_response_headers off;
        content_by_lua_block {
            ngx.header.content_type = "text/x"
            ngx.say("ok")
        }
    }
--- raw_response_headers_like: Content-Type: text/plain\r\n.*content_type: text/x\r\n
--- response_body
ok



=== TEST 5: a header reads in any case, with dashes or underscores
--- config
    location = /t {
        content_by_lua_block {
            ngx.header["X-Foo-Bar"] = "1"
            ngx.say(ngx.header["X-Foo-Bar"], " ", ngx.header["x-foo-bar"], " ",
                    ngx.header.X_FOO_BAR, " ", ngx.header.x_foo_bar)
            ngx.say(ngx.header["X-Foo"], " ", ngx.header["X-Foo-Bar-Baz"], " ", ngx.header[""])
        }
    }
--- response_body
1 1 1 1
nil nil nil



=== TEST 6: numbers, booleans and other values are turned into strings
--- http_config eval: $::HttpConfig
--- config
    location = /t {
        content_by_lua_block {
            local seen = require "set" ("X-Foo", 32, -0.5, 1e100, true, false, ngx.null, function() end)
            ngx.say((seen:gsub("function: [^\"]+", "function")))
        }
    }
--- response_body
"32"
"-0.5"
"1e+100"
"true"
"false"
"userdata: NULL"
"function"



=== TEST 7: names that are no strings
--- config
    location = /t {
        content_by_lua_block {
            ngx.header[1] = "one"
            ngx.header[true] = "yes"
            ngx.say(ngx.header[1], " ", ngx.header["1"], " ", ngx.header[true], " ", ngx.header[nil])
        }
    }
--- response_headers
1: one
true: yes
--- response_body
one one yes nil



=== TEST 8: an array is several header lines, and reads as an array
--- http_config eval: $::HttpConfig
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(require "set" ("X-Foo", {"a", 2, true}))
        }
    }
--- raw_response_headers_like: X-Foo: a\r\nX-Foo: 2\r\nX-Foo: true\r\n
--- response_body
{a | 2 | true}



=== TEST 9: an array of one element reads as a string
--- http_config eval: $::HttpConfig
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(require "set" ("X-Foo", {"a"}))
        }
    }
--- response_headers
X-Foo: a
--- response_body
"a"



=== TEST 10: nil, an empty string and a table without array part remove a header
--- http_config eval: $::HttpConfig
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(require "set" ("X-Foo", {"a", "b"}, nil, "c", "", "d", {}, "e", {key = "value"}))
        }
    }
--- response_headers
! X-Foo
--- response_body
{a | b}
nil
"c"
nil
"d"
nil
"e"
nil



=== TEST 11: removing what is not there
--- config
    location = /t {
        content_by_lua_block {
            for _, name in ipairs {"X-Foo", "Server", "Location", "Cache-Control", "Content-Length"} do
                ngx.header[name] = nil
                ngx.header[name] = {}
            end
            ngx.say("ok")
        }
    }
--- response_headers
! X-Foo
! Location
! Cache-Control
! Content-Length
--- response_body
ok



=== TEST 12: a new value replaces all lines of that name, whatever their case
--- config
    location = /t {
        content_by_lua_block {
            ngx.header["X-Foo"] = {"a", "b", "c"}
            ngx.header["X-Foo-Bar"] = "kept"
            ngx.header["x-foo"] = "d"
            ngx.header["X-Fo"] = "kept"
            ngx.header["x-FOO"] = {"e", "f"}
            ngx.say("ok")
        }
    }
--- response_headers
X-Foo: e, f
X-Foo-Bar: kept
X-Fo: kept
--- response_body
ok



=== TEST 13: of more than 100 values 100 are read, and all are sent
--- config
    location = /t {
        content_by_lua_block {
            local values = {}
            for i = 1, 120 do values[i] = i end
            ngx.header["X-Foo"] = values
            local read = ngx.header["X-Foo"]
            ngx.say(#read, " ", read[1], " ", read[100])
        }
    }
--- raw_response_headers_like: X-Foo: 120\r\n
--- response_body
100 1 100



=== TEST 14: pairs finds nothing
--- config
    location = /t {
        content_by_lua_block {
            ngx.header["X-Foo"] = "a"
            ngx.say(next(ngx.header), " ", type(ngx.header))
        }
    }
--- response_body
nil table



=== TEST 15: Content-Type takes the place of default_type
--- config
    location = /t {
        content_by_lua_block {
            ngx.header.content_type = "text/x"
            ngx.say(ngx.header["Content-Type"])
        }
    }
--- response_headers
Content-Type: text/x
--- response_body
text/x



=== TEST 16: without one, default_type is sent, but does not read before
--- config
    location = /t {
        default_type text/y;
        content_by_lua_block {
            local before = ngx.header.content_type
            ngx.say(before)
            ngx.say(ngx.header.content_type)
        }
    }
--- response_headers
Content-Type: text/y
--- response_body
nil
text/y



=== TEST 17: lua_use_default_type off sends no Content-Type unless Lua sets one
--- config
    lua_use_default_type off;

    location = /unset {
        content_by_lua_block { ngx.say("unset") }
    }
    location = /set {
        content_by_lua_block {
            ngx.header.content_type = "text/x"
            ngx.say("set")
        }
    }
--- request eval
["GET /unset", "GET /set"]
--- response_headers eval
["! Content-Type", "Content-Type: text/x"]
--- response_body eval
["unset\n", "set\n"]



=== TEST 18: charset is added to a Content-Type that has none
--- config
    charset utf-8;

    location = /without {
        content_by_lua_block {
            ngx.header.content_type = "text/html"
            ngx.say(ngx.header.content_type)
        }
    }
    location = /with {
        content_by_lua_block {
            ngx.header.content_type = "text/html; charset=koi8-r"
            ngx.say(ngx.header.content_type)
        }
    }
    location = /default {
        content_by_lua_block { ngx.say("default") }
    }
--- request eval
["GET /without", "GET /with", "GET /default"]
--- response_headers eval
[
    "Content-Type: text/html; charset=utf-8",
    "Content-Type: text/html; charset=koi8-r",
    "Content-Type: text/plain; charset=utf-8",
]
--- response_body eval
["text/html\n", "text/html; charset=koi8-r\n", "default\n"]



=== TEST 19: Content-Type is matched with gzip_types without its parameters
--- config
    location = /t {
        gzip on;
        gzip_min_length 1;
        gzip_types text/x;
        content_by_lua_block {
            ngx.header.content_type = "text/x; param=1"
            ngx.print(("text "):rep(100))
        }
    }
--- more_headers
Accept-Encoding: gzip
--- response_headers
Content-Type: text/x; param=1
Content-Encoding: gzip



=== TEST 20: of an array for Content-Type the last counts
--- config
    location = /t {
        content_by_lua_block {
            ngx.header.content_type = {"text/x", "text/y"}
            ngx.say(ngx.header.content_type)
        }
    }
--- response_headers
Content-Type: text/y
--- response_body
text/y



=== TEST 21: a Content-Type set to nil leaves the response without one
--- config
    location = /t {
        content_by_lua_block {
            ngx.header.content_type = "text/x"
            ngx.header.content_type = nil
            ngx.say(ngx.header.content_type)
        }
    }
--- response_headers
! Content-Type
--- response_body
nil



=== TEST 22: Content-Length
--- config
    location = /t {
        content_by_lua_block {
            ngx.header.content_length = 6
            ngx.say(type(ngx.header["Content-Length"]) .. "")
            ngx.say("more than that is not our business")
        }
    }
--- request
HEAD /t
--- response_headers
Content-Length: 6
! Transfer-Encoding
--- response_body



=== TEST 23: Content-Length reads as a string, nil takes it away
--- http_config eval: $::HttpConfig
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(require "set" ("Content-Length", 5, "7", nil))
        }
    }
--- response_headers
! Content-Length
Transfer-Encoding: chunked
--- response_body
"5"
"7"
nil



=== TEST 24: a Content-Length that is no length is refused
--- http_config eval: $::HttpConfig
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(require "set" ("Content-Length", "abc", -1, 5.5, "99999999999999999999"))
        }
    }
--- response_headers
! Content-Length
--- response_body
error: failed to set header
error: failed to set header
error: failed to set header
error: failed to set header



=== TEST 25: a response with Content-Length keeps the connection, without chunks
--- config
    location = /t {
        content_by_lua_block {
            ngx.header.content_length = 6
            ngx.say("hello")
        }
    }
--- pipelined_requests eval
["GET /t", "GET /t"]
--- response_headers eval
["Content-Length: 6\n! Transfer-Encoding", "Content-Length: 6\nConnection: close"]
--- response_body eval
["hello\n", "hello\n"]



=== TEST 26: Last-Modified makes a response conditional
--- config
    location = /t {
        content_by_lua_block {
            ngx.header.last_modified = "Sat, 17 Jan 1998 19:35:33 GMT"
            ngx.say(ngx.header["Last-Modified"])
        }
    }
--- request eval
["GET /t", "GET /t", "GET /t"]
--- more_headers eval
[
    "",
    "If-Modified-Since: Sat, 17 Jan 1998 19:35:33 GMT",
    "If-Modified-Since: Sat, 17 Jan 1998 19:35:32 GMT",
]
--- error_code eval
[200, 304, 200]
--- response_headers eval
[("Last-Modified: Sat, 17 Jan 1998 19:35:33 GMT") x 3]
--- response_body eval
["Sat, 17 Jan 1998 19:35:33 GMT\n", "", "Sat, 17 Jan 1998 19:35:33 GMT\n"]



=== TEST 27: a Last-Modified that is no date is sent as it is
--- config
    location = /t {
        content_by_lua_block {
            ngx.header.last_modified = "long ago"
            ngx.say("ok")
        }
    }
--- more_headers
If-Modified-Since: long ago
--- response_headers
Last-Modified: long ago
--- response_body
ok



=== TEST 28: Last-Modified in an old form of dates is sent as it is, and reads in the usual form
--- config
    location = /t {
        content_by_lua_block {
            ngx.header.last_modified = "Saturday, 17-Jan-98 19:35:33 GMT"
            ngx.say(ngx.header.last_modified)
        }
    }
--- response_headers
Last-Modified: Saturday, 17-Jan-98 19:35:33 GMT
--- response_body
Sat, 17 Jan 1998 19:35:33 GMT



=== TEST 29: ETag makes a response conditional
--- config
    location = /t {
        content_by_lua_block {
            ngx.header.etag = '"a"'
            ngx.say(ngx.header.ETag)
        }
    }
--- request eval
["GET /t", "GET /t"]
--- more_headers eval
["If-None-Match: \"a\"", "If-None-Match: \"b\""]
--- error_code eval
[304, 200]
--- response_headers eval
["ETag: \"a\"", "ETag: \"a\""]
--- response_body eval
["", "\"a\"\n"]



=== TEST 30: an unmet If-Match is 412
--- config
    location = /t {
        content_by_lua_block {
            ngx.header.etag = '"a"'
            ngx.say("ok")
        }
    }
--- request eval
["GET /t", "GET /t"]
--- more_headers eval
["If-Match: \"a\"", "If-Match: \"b\""]
--- error_code eval
[200, 412]



=== TEST 31: E-Tag is a second spelling of ETag
--- config
    location = /t {
        content_by_lua_block {
            ngx.header["E-Tag"] = '"a"'
            ngx.say(ngx.header["E-Tag"], " ", ngx.header.ETag)
        }
    }
--- response_headers
E-Tag: "a"
! ETag
--- response_body
"a" nil



=== TEST 32: of ETag and E-Tag the last that was set is there
--- config
    location = /old {
        content_by_lua_block {
            ngx.header["E-Tag"] = '"e-tag"'
            ngx.header.ETag = '"etag"'
            ngx.say(ngx.header.etag, " ", ngx.header["E-Tag"])
        }
    }
    location = /new {
        content_by_lua_block {
            ngx.header.ETag = '"etag"'
            ngx.header["E-Tag"] = '"e-tag"'
            ngx.say(ngx.header.etag, " ", ngx.header["E-Tag"])
        }
    }
--- request eval
["GET /old", "GET /new"]
--- response_headers eval
[qq[ETag: "etag"\n! E-Tag], qq[E-Tag: "e-tag"\n! ETag]]
--- response_body eval
[qq["etag" nil\n], qq[nil "e-tag"\n]]



=== TEST 33: Server replaces nginx's own; set to nil there is none
--- http_config eval: $::HttpConfig
--- config
    location = /set {
        content_by_lua_block { ngx.say(require "set" ("Server", "me")) }
    }
    location = /never {
        content_by_lua_block { ngx.say(require "set" ("Server", nil)) }
    }
    location = /taken {
        content_by_lua_block { ngx.say(require "set" ("Server", "me", nil)) }
    }
--- request eval
["GET /set", "GET /never", "GET /taken"]
--- response_headers eval
["Server: me", "! Server", "! Server"]
--- response_body eval
["\"me\"\n", "nil\n", "\"me\"\nnil\n"]



=== TEST 34: Date replaces nginx's own; set to nil there is none
--- http_config eval: $::HttpConfig
--- config
    location = /set {
        content_by_lua_block { ngx.say(require "set" ("Date", "Sat, 17 Jan 1998 19:35:33 GMT")) }
    }
    location = /never {
        content_by_lua_block { ngx.say(require "set" ("Date", nil)) }
    }
--- request eval
["GET /set", "GET /never"]
--- response_headers eval
["Date: Sat, 17 Jan 1998 19:35:33 GMT", "! Date"]
--- response_body eval
["\"Sat, 17 Jan 1998 19:35:33 GMT\"\n", "nil\n"]



=== TEST 35: headers that can be there only once
--- http_config eval: $::HttpConfig
--- config
    location = /t {
        content_by_lua_block {
            local set = require "set"
            local seen = {}
            for _, name in ipairs {"Server", "Date", "Content-Encoding", "Refresh", "Content-Range",
                                   "Accept-Ranges", "Expires", "ETag", "Location"} do
                seen[#seen + 1] = name .. ": " .. set(name, {"first", "last"})
            end
            ngx.say(table.concat(seen, "\n"))
        }
    }
--- response_headers
Server: last
Date: last
Content-Encoding: last
Refresh: last
Content-Range: last
Accept-Ranges: last
Expires: last
ETag: last
Location: last
--- response_body
Server: "last"
Date: "last"
Content-Encoding: "last"
Refresh: "last"
Content-Range: "last"
Accept-Ranges: "last"
Expires: "last"
ETag: "last"
Location: "last"



=== TEST 36: Cache-Control and Link can be there several times
--- http_config eval: $::HttpConfig
--- config
    location = /t {
        content_by_lua_block {
            local set = require "set"
            ngx.say(set("Cache-Control", {"private", "no-store"}, "public", {"max-age=1", "no-cache"}), "\n",
                    set("link", {"</a>", "</b>"}, "</c>"))
        }
    }
--- response_headers
Cache-Control: max-age=1, no-cache
Link: </c>
--- response_body
{private | no-store}
"public"
{max-age=1 | no-cache}
{</a> | </b>}
"</c>"



=== TEST 37: WWW-Authenticate can be there several times
--- http_config eval: $::HttpConfig
--- config
    location = /t {
        content_by_lua_block {
            ngx.status = 401
            ngx.say(require "set" ("WWW-Authenticate", {"Basic", "Digest"}))
        }
    }
--- differs: 0.10.23 takes the last one only
--- error_code: 401
--- response_headers
WWW-Authenticate: Basic, Digest
--- response_body
{Basic | Digest}



=== TEST 38: Cache-Control can be taken away
--- http_config eval: $::HttpConfig
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(require "set" ("Cache-Control", {"private", "no-store"}, nil))
        }
    }
--- response_headers
! Cache-Control
--- response_body
{private | no-store}
nil



=== TEST 39: the directive expires has the last word on Cache-Control and Expires
--- config
    location = /t {
        expires epoch;
        content_by_lua_block {
            ngx.header.cache_control = {"public", "max-age=5"}
            ngx.header.expires = "never"
            ngx.say("ok")
        }
    }
--- response_headers
Cache-Control: no-cache
Expires: Thu, 01 Jan 1970 00:00:01 GMT



=== TEST 40: Location is sent as it was written
--- http_config eval: $::HttpConfig
--- config
    location /t {
        content_by_lua_block {
            ngx.status = 302
            ngx.say(require "set" ("Location", ngx.var.args))
        }
    }
--- request eval
["GET /t?/path?a=1", "GET /t?http://example.org/a", "GET /t?relative", "GET /t?//example.org/"]
--- error_code eval
[302, 302, 302, 302]
--- response_headers eval
["Location: /path?a=1", "Location: http://example.org/a", "Location: relative", "Location: //example.org/"]
--- response_body eval
["\"/path?a=1\"\n", "\"http://example.org/a\"\n", "\"relative\"\n", "\"//example.org/\"\n"]



=== TEST 41: Set-Cookie several times, one more added to what is there
--- http_config eval: $::HttpConfig
--- config
    location = /t {
        content_by_lua_block {
            ngx.header.set_cookie = {"a=1; Path=/", "b=2"}
            local cookies = ngx.header["Set-Cookie"]
            cookies[#cookies + 1] = "c=3"
            ngx.say(require "set" ("Set-Cookie", cookies))
        }
    }
--- response_headers
Set-Cookie: a=1; Path=/, b=2, c=3
--- response_body
{a=1; Path=/ | b=2 | c=3}



=== TEST 42: control bytes in a value are percent-escaped, a tab is not
--- http_config eval: $::HttpConfig
--- config
    location = /t {
        content_by_lua_block {
            local set = require "set"
            ngx.say(set("X-Foo", "a\r\nX-Bar: b"), "\n",
                    set("X-Nul", "\0\1\8\9\31 \127\128\255"), "\n",
                    set("X-Array", {"a\nb", "c\rd"}), "\n",
                    set("Location", "/a\r\nX-Bar: b"), "\n",
                    set("Content-Type", "text/x\r\nX-Bar: b"), "\n",
                    set("ETag", '"a\nb"'), "\n",
                    set("Cache-Control", {"a\nb", "c"}), "\n",
                    set("Server", "a\rb"), "\n",
                    ngx.header["X-Bar"])
        }
    }
--- response_headers eval
"X-Foo: a%0D%0AX-Bar: b
X-Nul: %00%01%08\t%1F %7F\x80\xff
X-Array: a%0Ab, c%0Dd
Location: /a%0D%0AX-Bar: b
Content-Type: text/x%0D%0AX-Bar: b
ETag: \"a%0Ab\"
Cache-Control: a%0Ab, c
Server: a%0Db
! X-Bar
"
--- response_body eval
qq["a%0D%0AX-Bar: b"
"%00%01%08\t%1F %7F\x80\xff"
{a%0Ab | c%0Dd}
"/a%0D%0AX-Bar: b"
"text/x%0D%0AX-Bar: b"
""a%0Ab""
{a%0Ab | c}
"a%0Db"
nil
]



=== TEST 43: bytes that a name cannot have are percent-escaped
--- config
    location = /t {
        content_by_lua_block {
            for _, name in ipairs {"X-A\r\nX-B", "X C", "X:D", "X\0E", 'X"(),/;<=>?@[\\]{}F',
                                   "X\127\128\255G", "X!#$%&'*+.^`|~9"} do
                ngx.header[name] = "1"
            end
            ngx.say("ok")
        }
    }
--- raw_response_headers_like eval
quotemeta "X-A%0D%0AX-B: 1\r
X%20C: 1\r
X%3AD: 1\r
X%00E: 1\r
X%22%28%29%2C%2F%3B%3C%3D%3E%3F%40%5B%5C%5D%7B%7DF: 1\r
X%7F%80%FFG: 1\r
X!#\$%&'*+.^`|~9: 1\r
"
--- response_body
ok



=== TEST 44: after the header was sent, setting logs an error and does nothing
--- config
    location = /t {
        content_by_lua_block {
            ngx.header["X-Foo"] = "before"
            ngx.say("sent")
            ngx.header["X-Foo"] = "after"
            ngx.header.x_foo = nil
            ngx.say(ngx.header["X-Foo"])
        }
    }
--- response_headers
X-Foo: before
--- response_body
sent
before
--- grep_error_log eval
qr/\[error\] .*? attempt to set ngx\.header\.\S+ after sending out response headers/
--- grep_error_log_out eval
qr/^(?:\[error\] .*? attempt to set ngx\.header\.HEADER after sending out response headers\n){2}\z/
--- no_error_log
[alert]



=== TEST 45: the line for a late header says where
--- config
    location = /t {
        content_by_lua_block {
            ngx.print("sent")
            ngx.header["X-Foo"] = "after"
        }
    }
--- error_log eval
qr/\[error\] \d+#\d+: \*\d+ attempt to set ngx\.header\.HEADER after sending out response headers, client: 127\.0\.0\.1, server: localhost, request: "GET \/t HTTP\/1\.1", host: "localhost"/
--- response_body chop
sent



=== TEST 46: headers set in the phases before content, and in the header filter
--- config
    location = /t {
        set_by_lua_block $set { ngx.header["X-Set"] = "set" return "" }
        rewrite_by_lua_block { ngx.header["X-Rewrite"] = "rewrite" }
        access_by_lua_block { ngx.header["X-Access"] = "access" }
        content_by_lua_block {
            ngx.say(ngx.header["X-Set"], " ", ngx.header["X-Rewrite"], " ", ngx.header["X-Access"], " ",
                    ngx.header["X-Header-Filter"])
            ngx.say(ngx.header["X-Header-Filter"])
        }
        header_filter_by_lua_block { ngx.header["X-Header-Filter"] = "header_filter" }
    }
--- response_headers
X-Set: set
X-Rewrite: rewrite
X-Access: access
X-Header-Filter: header_filter
--- response_body
set rewrite access nil
header_filter



=== TEST 47: in body filter and log headers can be read, not set
--- config
    location = /t {
        content_by_lua_block { ngx.say("ok") }
        header_filter_by_lua_block { ngx.header["X-Foo"] = "1" }
        body_filter_by_lua_block {
            ngx.ctx.seen = ngx.header["X-Foo"]
            ngx.header["X-Foo"] = "2"
        }
        log_by_lua_block {
            ngx.header["X-Foo"] = "3"
            ngx.log(ngx.WARN, "seen: ", ngx.ctx.seen, " ", ngx.header["X-Foo"])
        }
    }
--- response_headers
X-Foo: 1
--- response_body
ok
--- error_log
seen: 1 1
attempt to set ngx.header.HEADER after sending out response headers while logging request



=== TEST 48: without a request: not in init, not in init_worker
--- http_config
    init_by_lua_block {
        local results = {}
        package.loaded.results = results
        function results.try(phase)
            local ok, err = pcall(function() return ngx.header["X-Foo"] end)
            results[#results + 1] = phase .. " read: " .. tostring(ok) .. " " .. err:gsub("^.-:%d+: ", "")
            ok, err = pcall(function() ngx.header["X-Foo"] = 1 end)
            results[#results + 1] = phase .. " write: " .. tostring(ok) .. " " .. err:gsub("^.-:%d+: ", "")
        end
        results.try("init")
    }
    init_worker_by_lua_block { require "results".try("init_worker") }
--- config
    location = /t {
        content_by_lua_block { ngx.say(table.concat(require "results", "\n")) }
    }
--- response_body
init read: false no request found
init write: false no request found
init_worker read: false API disabled in the current context
init_worker write: false API disabled in the current context



=== TEST 49: the headers of a static file read in the header filter
--- http_config eval: $::HttpConfig
--- config
    types { text/x-special x; }

    location = /a.x {
        root html;
        header_filter_by_lua_block {
            local show = require "show"
            for _, name in ipairs {"Content-Type", "Content-Length", "Last-Modified", "ETag", "Accept-Ranges"} do
                ngx.header["X-" .. name] = show(ngx.header[name])
            end
        }
    }
--- user_files
>>> a.x 199801171935.33
text
--- request
GET /a.x
--- response_headers
X-Content-Type: "text/x-special"
X-Content-Length: "5"
X-Last-Modified: "Sat, 17 Jan 1998 19:35:33 GMT"
X-ETag: ""34c10805-5""
Accept-Ranges: bytes
X-Accept-Ranges: nil
--- response_body
text



=== TEST 50: the headers of a static file changed in the header filter
--- config
    location = /a.txt {
        root html;
        header_filter_by_lua_block {
            ngx.header.content_type = "text/x"
            ngx.header.last_modified = nil
            ngx.header.etag = nil
            ngx.header.content_length = nil
            ngx.header.accept_ranges = nil
        }
    }
--- user_files
>>> a.txt
text
--- request
GET /a.txt
--- response_headers
Content-Type: text/x
Transfer-Encoding: chunked
! Last-Modified
! ETag
! Content-Length
! Accept-Ranges
--- response_body
text



=== TEST 51: a not modified static file reaches the header filter as 304
--- config
    location = /a.txt {
        root html;
        header_filter_by_lua_block {
            ngx.header["X-Seen"] = ngx.status .. " " .. tostring(ngx.header.content_length)
        }
    }
--- user_files
>>> a.txt 199801171935.33
text
--- more_headers
If-Modified-Since: Sat, 17 Jan 1998 19:35:33 GMT
--- request
GET /a.txt
--- error_code: 304
--- response_headers
X-Seen: 304 nil



=== TEST 52: the headers of a proxied server read and change in the header filter
--- http_config eval: $::HttpConfig
--- config
    location = /t {
        proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/up;
        header_filter_by_lua_block {
            local show = require "show"
            ngx.header["Seen"] = show(ngx.header["X-One"]) .. " " .. show(ngx.header["X-Two"])
                                 .. " " .. show(ngx.header.set_cookie) .. " " .. show(ngx.header.content_type)
                                 .. " " .. show(ngx.header.content_length)
            ngx.header["X-One"] = "changed"
            ngx.header["X-Two"] = nil
            ngx.header.content_type = "text/y"
        }
    }
    location = /up {
        content_by_lua_block {
            ngx.header["X-One"] = "1"
            ngx.header["X-Two"] = {"a", "b"}
            ngx.header.set_cookie = {"c=1", "d=2"}
            ngx.header.content_type = "text/x"
            ngx.header.content_length = 3
            ngx.say("up")
        }
    }
--- response_headers
Seen: "1" {a | b} {c=1 | d=2} "text/x" "3"
X-One: changed
! X-Two
Set-Cookie: c=1, d=2
Content-Type: text/y
Content-Length: 3
--- response_body
up



=== TEST 53: Last-Modified and ETag of a proxied server
--- http_config eval: $::HttpConfig
--- config
    location = /t {
        proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/a.txt;
        header_filter_by_lua_block {
            ngx.header["Seen"] = require "show" (ngx.header.last_modified)
            ngx.header.etag = '"mine"'
        }
    }
--- user_files
>>> a.txt 199801171935.33
text
--- response_headers
Seen: "Sat, 17 Jan 1998 19:35:33 GMT"
Last-Modified: Sat, 17 Jan 1998 19:35:33 GMT
ETag: "mine"
--- response_body
text



=== TEST 54: add_header adds to what Lua has set, unseen by Lua
--- config
    location = /t {
        add_header X-Foo nginx;
        content_by_lua_block {
            ngx.header["X-Foo"] = "lua"
            ngx.say("ok")
        }
        header_filter_by_lua_block { ngx.header["Seen"] = ngx.header["X-Foo"] }
    }
--- response_headers
X-Foo: lua, nginx
Seen: lua



=== TEST 55: gzip takes Content-Length away and weakens ETag
--- config
    location = /t {
        gzip on;
        gzip_min_length 1;
        gzip_types text/plain;
        content_by_lua_block {
            ngx.header.content_length = 500
            ngx.header.etag = '"a"'
            ngx.print(("text "):rep(100))
        }
    }
--- more_headers
Accept-Encoding: gzip
--- response_headers
Content-Encoding: gzip
ETag: W/"a"
! Content-Length



=== TEST 56: gzip leaves a response alone that Lua says is encoded already
--- config
    location = /t {
        gzip on;
        gzip_min_length 1;
        gzip_types text/plain;
        content_by_lua_block {
            ngx.header.content_encoding = "x-mine"
            ngx.say("text")
        }
    }
--- more_headers
Accept-Encoding: gzip
--- response_headers
Content-Encoding: x-mine
--- response_body
text



=== TEST 57: a Range has no effect on what Lua prints
--- config
    location = /t {
        content_by_lua_block {
            ngx.header.content_length = 5
            ngx.say("text")
        }
    }
--- more_headers
Range: bytes=1-2
--- response_headers
! Content-Range
--- response_body
text



=== TEST 58: headers stay when Lua ends the request with an error page
--- config
    location = /t {
        access_by_lua_block {
            ngx.header["X-Foo"] = "1"
            ngx.header.www_authenticate = 'Basic realm="r"'
            ngx.header.content_type = "text/x"
            ngx.header.content_length = 5
            ngx.exit(401)
        }
    }
--- error_code: 401
--- response_headers_like
X-Foo: 1
WWW-Authenticate: Basic realm="r"
Content-Type: text/html
Content-Length: \d\d\d
--- response_body_like: 401 Authorization Required



=== TEST 59: headers stay at an internal redirect
--- config
    location = /t {
        error_page 404 =200 /teapot;
        access_by_lua_block {
            ngx.header["X-Foo"] = "1"
            ngx.exit(404)
        }
    }
    location = /teapot {
        content_by_lua_block { ngx.say(ngx.header["X-Foo"]) }
    }
--- response_headers
X-Foo: 1
--- response_body
1



=== TEST 60: a header set in access stays with a static file
--- config
    location = /a.txt {
        access_by_lua_block {
            ngx.header["X-Foo"] = "1"
            ngx.header.content_type = "text/x"
        }
        root html;
    }
--- user_files
>>> a.txt
text
--- request
GET /a.txt
--- response_headers
X-Foo: 1
Content-Type: text/x
Content-Length: 5
--- response_body
text



=== TEST 61: long names and values
--- config
    location = /t {
        content_by_lua_block {
            local name, value = "X-" .. ("n"):rep(1000), ("v"):rep(20000)
            ngx.header[name] = value
            ngx.say(ngx.header[name] == value)
        }
    }
--- raw_response_headers_like eval
"X-" . "n" x 1000 . ": " . "v" x 20000 . "\r\n"
--- response_body
true



=== TEST 62: Connection set by Lua comes besides nginx's own
--- config
    location = /t {
        content_by_lua_block {
            ngx.header.connection = "x-mine"
            ngx.say(ngx.header.connection)
        }
    }
--- raw_response_headers_like: Connection: close\r\n.*connection: x-mine\r\n
--- response_body
x-mine



=== TEST 63: Vary of Lua and of gzip
--- config
    location = /t {
        gzip on;
        gzip_vary on;
        gzip_min_length 1;
        gzip_types text/plain;
        content_by_lua_block {
            ngx.header.vary = "X-Foo"
            ngx.say("text")
        }
    }
--- response_headers
Vary: Accept-Encoding, X-Foo
--- response_body
text



=== TEST 64: empty values in an array are left out
--- config
    location = /t {
        content_by_lua_block {
            ngx.header["Set-Cookie"] = { "", "a=1", "", "b=2", "" }
            ngx.header["X-None"] = { "", "" }
            ngx.header["Expires"] = { "never", "" }
            ngx.say(table.concat(ngx.header.set_cookie, " "), " ", ngx.header.x_none, " ", ngx.header.expires)
        }
    }
--- response_body
a=1 b=2 nil nil
--- raw_response_headers_like: Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n
--- raw_response_headers_unlike: (?:Set-Cookie|Expires): \r\n
