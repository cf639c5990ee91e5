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

=== TEST 1: a new header is seen by get_headers and by nginx's variables
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.set_header("X-Foo", "bar")
            ngx.say(ngx.req.get_headers().x_foo, " ", ngx.var.http_x_foo)
        }
    }
--- response_body
bar bar



=== TEST 2: set_header and clear_header return nothing
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(select("#", ngx.req.set_header("X-Foo", "bar")))
            ngx.say(select("#", ngx.req.clear_header("X-Foo")))
        }
    }
--- response_body
0
0



=== TEST 3: all headers of that name are replaced, whatever their case
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.set_header("x-FOO", "new")
            local h = ngx.req.get_headers()
            ngx.say(h.x_foo, " ", h.x_bar)
        }
    }
--- more_headers
X-Foo: 1
X-Bar: 2
X-foo: 3
--- response_body
new 2



=== TEST 4: numbers and other values are turned into strings
--- config
    location = /t {
        content_by_lua_block {
            for _, value in ipairs {32, -1.5, 1e15, 0.1, true, false} do
                ngx.req.set_header("X-Foo", value)
                ngx.say(ngx.var.http_x_foo)
            end
            ngx.req.set_header("X-Foo", print)
            ngx.say((ngx.var.http_x_foo:gsub("0x%x+", "0x…")))
            ngx.req.set_header("X-Foo", ngx.null)
            ngx.say(ngx.var.http_x_foo)
        }
    }
--- response_body_like
^32
-1\.5
1e\+15
0\.1
true
false
function: \S+.*
userdata: NULL$



=== TEST 5: an array is several headers in order
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.set_header("X-Foo", {"a", 2, true})
            local foo = ngx.req.get_headers().x_foo
            ngx.say(#foo, ": ", table.concat(foo, ", "))
        }
    }
--- more_headers
X-Foo: before
--- response_body
3: a, 2, true



=== TEST 6: an array ends at its first hole
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.set_header("X-Foo", {"a"})
            ngx.say(ngx.req.get_headers().x_foo)
            ngx.req.set_header("X-Foo", {[1] = "b", [3] = "not an element", key = "neither"})
            ngx.say(ngx.req.get_headers().x_foo)
        }
    }
--- response_body
a
b



=== TEST 7: nil, an empty string, an empty table and a table without array part remove
--- config
    location = /t {
        content_by_lua_block {
            local function values(value)
                ngx.req.set_header("X-Foo", "set")
                ngx.req.set_header("X-Foo", value)
                ngx.say(ngx.req.get_headers().x_foo, " ", ngx.var.http_x_foo)
            end
            values(nil)
            values("")
            values({})
            values({key = "value"})
        }
    }
--- response_body
nil nil
nil nil
nil nil
nil nil



=== TEST 8: without a value it removes
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.set_header("X-Foo")
            ngx.say(ngx.req.get_headers().x_foo)
        }
    }
--- more_headers
X-Foo: 1
--- response_body
nil



=== TEST 9: a name that is nil is an error, any other is turned into a string
--- http_config eval: $::Try
--- config
    location = /t {
        content_by_lua_block {
            local try = require "try"
            ngx.say(try(ngx.req.set_header, nil, "value"))
            ngx.say(try(ngx.req.set_header))
            ngx.req.set_header(1.5, "number")
            ngx.req.set_header(true, "boolean")
            local h = ngx.req.get_headers()
            ngx.say(h["1.5"], " ", h["true"])
            ngx.req.clear_header(1.5)
            ngx.say(ngx.req.get_headers()["1.5"])
        }
    }
--- response_body
error: bad 'name' argument: string expected, got nil
error: bad 'name' argument: string expected, got nil
number boolean
nil



=== TEST 10: clear_header removes all headers of that name and no others
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.clear_header("x-foo")
            ngx.req.clear_header("X-None")
            local h = ngx.req.get_headers()
            ngx.say(h.x_foo, " ", h.x_foo_bar, " ", h.x_fo, " ", ngx.var.http_x_foo)
        }
    }
--- more_headers
X-Foo: 1
X-Foo-Bar: 2
X-FOO: 3
X-Fo: 4
--- response_body
nil 2 4 nil



=== TEST 11: many headers set, every second one cleared, more set
--- config
    location = /t {
        content_by_lua_block {
            for i = 1, 60 do ngx.req.set_header("X-" .. i, i) end
            for i = 1, 60, 2 do ngx.req.clear_header("X-" .. i) end
            for i = 61, 80 do ngx.req.set_header("X-" .. i, i) end
            for i = 2, 60, 4 do ngx.req.set_header("X-" .. i, "again") end

            local h = ngx.req.get_headers(0)
            local kept = {}
            for i = 1, 80 do kept[#kept + 1] = h["x-" .. i] end
            ngx.say(table.concat(kept, " "))
            ngx.say(h.host, " ", h.connection)
        }
    }
--- response_body
again 4 again 8 again 12 again 16 again 20 again 24 again 28 again 32 again 36 again 40 again 44 again 48 again 52 again 56 again 60 61 62 63 64 65 66 67 68 69 70 71 72 73 74 75 76 77 78 79 80
localhost close



=== TEST 12: Host changes $host and $http_host, for $host in lower case and without port
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.set_header("Host", "WWW.Example.ORG:8080")
            ngx.say(ngx.var.host, " ", ngx.var.http_host, " ", ngx.req.get_headers().host)
        }
    }
--- response_body
www.example.org WWW.Example.ORG:8080 WWW.Example.ORG:8080



=== TEST 13: Host changes $host after it was read
--- config
    location = /t {
        set $before $host;
        content_by_lua_block {
            ngx.print(ngx.var.before, " ", ngx.var.host, " ")
            ngx.req.set_header("Host", "Example.org")
            ngx.say(ngx.var.host)
        }
    }
--- response_body
localhost localhost example.org



=== TEST 14: a Host that nginx would not accept is refused
--- http_config eval: $::Try
--- config
    location = /t {
        content_by_lua_block {
            local try = require "try"
            ngx.say(try(ngx.req.set_header, "Host", "a..b"))
            ngx.say(try(ngx.req.set_header, "Host", "a/b"))
            ngx.say(ngx.var.host)
        }
    }
--- response_body
error: failed to set header
error: failed to set header
localhost



=== TEST 15: without a Host, $host is the server name
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.clear_header("Host")
            ngx.say(ngx.var.http_host, " ", ngx.req.get_headers().host, " ", ngx.var.host)
        }
    }
--- more_headers
Host: example.org
--- response_body
nil nil localhost



=== TEST 16: of an array for a header that can be there only once the last counts
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.set_header("Host", {"one", "two"})
            ngx.say(ngx.req.get_headers().host, " ", ngx.var.host)
            ngx.req.set_header("User-Agent", {"one", "two"})
            ngx.say(ngx.req.get_headers().user_agent, " ", ngx.var.http_user_agent)
        }
    }
--- response_body
two two
two two



=== TEST 17: headers of the client that nginx does not read can be there several times
--- config
    location = /t {
        content_by_lua_block {
            for _, name in ipairs {"Accept", "Accept-Language", "TE", "Forwarded", "X-Foo"} do
                ngx.req.set_header(name, {"a", "b"})
                ngx.say(name, ": ", table.concat(ngx.req.get_headers()[name], " | "))
            end
        }
    }
--- response_body
Accept: a | b
Accept-Language: a | b
TE: a | b
Forwarded: a | b
X-Foo: a | b



=== TEST 18: Host is what nginx's own redirects lead to
--- config
    location = /dir {
        access_by_lua_block { ngx.req.set_header("Host", "Other.example") }
        root html;
    }
--- user_files
>>> dir/index.html
never sent
--- request
GET /dir
--- error_code: 301
--- response_headers_like
Location: http://other\.example:\d+/dir/



=== TEST 19: Content-Length changes $content_length
--- config
    location = /set {
        content_by_lua_block {
            ngx.req.set_header("Content-Length", 5)
            local seen = {ngx.var.content_length, ngx.var.http_content_length,
                          ngx.req.get_headers().content_length}
            -- Or nginx would wait for five bytes.
            ngx.req.clear_header("Content-Length")
            ngx.say(table.concat(seen, " "))
        }
    }
    location = /cleared {
        content_by_lua_block {
            ngx.req.clear_header("Content-Length")
            ngx.say(ngx.var.content_length, " ", ngx.var.http_content_length, " ",
                    ngx.req.get_headers().content_length)
        }
    }
--- request eval
["GET /set", "POST /cleared\nbody"]
--- response_body eval
["5 5 5\n", "nil nil nil\n"]



=== TEST 20: a Content-Length that is no length is refused
--- http_config eval: $::Try
--- config
    location = /t {
        content_by_lua_block {
            local try = require "try"
            for _, value in ipairs {"abc", "-1", "5.5", "5 ", "12345678901234567890123"} do
                ngx.say(try(ngx.req.set_header, "Content-Length", value))
            end
        }
    }
--- response_body
error: failed to set header
error: failed to set header
error: failed to set header
error: failed to set header
error: failed to set header



=== TEST 21: Content-Type changes $content_type
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.set_header("Content-Type", "text/x")
            ngx.print(ngx.var.content_type, " ")
            ngx.req.clear_header("content-type")
            ngx.say(ngx.var.content_type)
        }
    }
--- more_headers
Content-Type: text/plain
--- response_body
text/x nil



=== TEST 22: Cookie changes the cookie variables
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.set_header("Cookie", "a=1; b=2")
            ngx.say(ngx.var.cookie_a, " ", ngx.var.cookie_b, " ", ngx.var.cookie_c, " ", ngx.var.http_cookie)
            ngx.req.clear_header("Cookie")
            ngx.say(ngx.var.cookie_a, " ", ngx.var.http_cookie)
        }
    }
--- more_headers
Cookie: c=3
Cookie: d=4
--- response_body
1 2 nil a=1; b=2
nil nil



=== TEST 23: an array of cookies
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.set_header("Cookie", {"a=1", "b=2"})
            ngx.say(ngx.var.cookie_a, " ", ngx.var.cookie_b, " ", ngx.var.http_cookie)
            ngx.say(table.concat(ngx.req.get_headers().cookie, " | "))
        }
    }
--- response_body
1 2 a=1; b=2
a=1 | b=2



=== TEST 24: X-Forwarded-For changes $proxy_add_x_forwarded_for
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.set_header("X-Forwarded-For", {"10.0.0.1", "10.0.0.2"})
            ngx.say(ngx.var.http_x_forwarded_for)
        }
        add_header X-Seen $proxy_add_x_forwarded_for;
    }
    location = /cleared {
        content_by_lua_block {
            ngx.req.clear_header("X-Forwarded-For")
            ngx.say(ngx.var.http_x_forwarded_for)
        }
        add_header X-Seen $proxy_add_x_forwarded_for;
    }
--- more_headers
X-Forwarded-For: 10.0.0.9
--- request eval
["GET /t", "GET /cleared"]
--- response_headers eval
["X-Seen: 10.0.0.1, 10.0.0.2, 127.0.0.1", "X-Seen: 127.0.0.1"]
--- response_body eval
["10.0.0.1, 10.0.0.2\n", "nil\n"]



=== TEST 25: If-Modified-Since makes a static file not modified
--- config
    location = /a.txt {
        access_by_lua_block {
            ngx.req.set_header("If-Modified-Since", ngx.req.get_uri_args().since)
        }
        root html;
    }
--- user_files
>>> a.txt 199801171935.33
text
--- request eval
["GET /a.txt?since=Sat,+17+Jan+1998+19:35:33%20GMT", "GET /a.txt?since=never"]
--- error_code eval
[304, 200]



=== TEST 26: a cleared If-Modified-Since gives the whole static file
--- config
    location = /a.txt {
        access_by_lua_block { ngx.req.clear_header("If-Modified-Since") }
        root html;
    }
--- user_files
>>> a.txt 199801171935.33
text
--- request
GET /a.txt
--- more_headers
If-Modified-Since: Sat, 17 Jan 1998 19:35:33 GMT
--- response_body
text



=== TEST 27: preconditions can be set: If-None-Match, If-Match, If-Unmodified-Since
--- config
    location = /a.txt {
        access_by_lua_block {
            local args = ngx.req.get_uri_args()
            ngx.req.set_header(args.name, args.value)
        }
        root html;
    }
--- user_files
>>> a.txt 199801171935.33
text
--- request eval
[
    "GET /a.txt?name=If-None-Match&value=*",
    "GET /a.txt?name=If-None-Match&value=\"x\"",
    "GET /a.txt?name=If-Match&value=\"x\"",
    "GET /a.txt?name=If-Match&value=*",
    "GET /a.txt?name=If-Unmodified-Since&value=Sat,+17+Jan+1998+19:35:32+GMT",
    "GET /a.txt?name=If-Unmodified-Since&value=Sat,+17+Jan+1998+19:35:33+GMT",
]
--- error_code eval
[304, 200, 412, 200, 412, 200]



=== TEST 28: Range makes the response a part
--- config
    location = /a.txt {
        access_by_lua_block { ngx.req.set_header("Range", "bytes=1-2") }
        root html;
    }
--- user_files
>>> a.txt
text
--- request
GET /a.txt
--- error_code: 206
--- response_headers
Content-Range: bytes 1-2/5
--- response_body chop
ex



=== TEST 29: If-Range decides on a Range, and a cleared Range gives all
--- config
    location = /if-range {
        access_by_lua_block { ngx.req.set_header("If-Range", "\"other\"") }
        alias html/a.txt;
    }
    location = /cleared {
        access_by_lua_block { ngx.req.clear_header("Range") }
        alias html/a.txt;
    }
    location = /unchanged {
        alias html/a.txt;
    }
--- user_files
>>> a.txt
text
--- more_headers
Range: bytes=1-2
--- request eval
["GET /if-range", "GET /cleared", "GET /unchanged"]
--- error_code eval
[200, 200, 206]



=== TEST 30: Accept-Encoding decides on gzip
--- config
    gzip on;
    gzip_min_length 1;
    gzip_types text/plain;

    location = /set {
        access_by_lua_block { ngx.req.set_header("Accept-Encoding", "gzip") }
        alias html/a.txt;
    }
    location = /unchanged {
        alias html/a.txt;
    }
--- user_files
>>> a.txt
text text text text
--- request eval
["GET /set", "GET /unchanged"]
--- response_headers eval
["Content-Encoding: gzip", "! Content-Encoding"]



=== TEST 31: a cleared Accept-Encoding means no gzip
--- config
    location = /a.txt {
        gzip on;
        gzip_min_length 1;
        access_by_lua_block { ngx.req.clear_header("Accept-Encoding") }
        root html;
    }
--- user_files
>>> a.txt
text text text text
--- more_headers
Accept-Encoding: gzip
--- request
GET /a.txt
--- response_headers
! Content-Encoding
--- response_body
text text text text



=== TEST 32: a Via header keeps gzip off like one of the client
--- config
    location = /a.txt {
        gzip on;
        gzip_min_length 1;
        access_by_lua_block { ngx.req.set_header("Via", "1.1 proxy") }
        root html;
    }
--- user_files
>>> a.txt
text text text text
--- more_headers
Accept-Encoding: gzip
--- request
GET /a.txt
--- response_headers
! Content-Encoding
--- response_body
text text text text



=== TEST 33: User-Agent is looked at for old browsers
--- config
    location = /t {
        access_by_lua_block {
            ngx.req.set_header("User-Agent", "Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.0)")
        }
        root html;
    }
    location = /other {
        access_by_lua_block { ngx.req.set_header("User-Agent", "new") }
        root html;
    }
--- more_headers
User-Agent: Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 6.0)
--- request eval
["GET /t", "GET /other"]
--- error_code eval
[404, 404]
--- response_body_like eval
["disable MSIE", "^(?!.*MSIE)"]
--- error_log
No such file or directory



=== TEST 34: User-Agent is looked at for browsers that keepalive is disabled for
--- config
    keepalive_disable safari;

    location = /t {
        rewrite_by_lua_block {
            ngx.req.set_header("User-Agent", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_5) Safari/525")
            ngx.req.set_uri("/next", true)
        }
    }
    location = /next {
        content_by_lua_block { ngx.say("next") }
    }
--- raw_request eval
"GET /t HTTP/1.1\r\nHost: a\r\n\r\n"
--- response_headers
Connection: close
--- response_body
next



=== TEST 35: Authorization is what auth_basic looks at
--- config
    location = /t {
        rewrite_by_lua_block {
            ngx.req.set_header("Authorization", "Basic dXNlcjpwYXNz")
        }
        auth_basic "realm";
        auth_basic_user_file ../html/passwords;
        content_by_lua_block { ngx.say(ngx.var.remote_user) }
    }
--- user_files
>>> passwords
user:{PLAIN}pass
--- response_body
user



=== TEST 36: a cleared Authorization is none
--- config
    location = /t {
        rewrite_by_lua_block { ngx.req.clear_header("Authorization") }
        auth_basic "realm";
        auth_basic_user_file ../html/passwords;
        content_by_lua_block { ngx.say("not reached") }
    }
--- user_files
>>> passwords
user:{PLAIN}pass
--- more_headers
Authorization: Basic dXNlcjpwYXNz
--- error_code: 401



=== TEST 37: Referer is what valid_referers looks at
--- config
    location = /t {
        valid_referers example.org;
        content_by_lua_block {
            ngx.req.set_header("Referer", "http://example.org/")
            ngx.say("[", ngx.var.invalid_referer, "] ", ngx.var.http_referer)
        }
    }
--- more_headers
Referer: http://other.example/
--- response_body
[] http://example.org/



=== TEST 38: underscores in names are kept
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.set_header("x_foo", "bar")
            local h = ngx.req.get_headers(0, true)
            ngx.say(h["x_foo"], " ", h["x-foo"], " ", ngx.var.http_x_foo)
        }
    }
--- response_body
bar nil bar



=== TEST 39: control bytes in a value are percent-escaped, a tab is not
--- config
    location = /t {
        content_by_lua_block {
            for _, value in ipairs {"a\r\nX-Bar: b", "\0", "\1\8\9\31 \127\128\255", "%0d ä"} do
                ngx.req.set_header("X-Foo", value)
                local h = ngx.req.get_headers()
                ngx.say(h.x_foo, " ", h.x_bar)
            end
        }
    }
--- response_body eval
"a%0D%0AX-Bar: b nil
%00 nil
%01%08\t%1F %7F\x80\xff nil
%0d \xc3\xa4 nil
"



=== TEST 40: control bytes are escaped in the elements of an array too
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.set_header("X-Foo", {"a\nb", "c\r"})
            ngx.say(table.concat(ngx.req.get_headers().x_foo, " "))
        }
    }
--- response_body
a%0Ab c%0D



=== TEST 41: bytes that a name cannot have are percent-escaped
--- config
    location = /t {
        content_by_lua_block {
            local names = {"X-A\r\nX-B", "X C", "X:D", "X\0E", 'X"(),/;<=>?@[\\]{}F', "X\127\128\255G",
                           "X!#$%&'*+.^_`|~9"}
            for _, name in ipairs(names) do
                ngx.req.set_header(name, "1")
            end
            local lines = {}
            for name in pairs(ngx.req.get_headers(0, true)) do
                if name:find("^X") then lines[#lines + 1] = name end
            end
            table.sort(lines)
            ngx.say(table.concat(lines, "\n"))
        }
    }
--- response_body
X!#$%&'*+.^_`|~9
X%00E
X%20C
X%22%28%29%2C%2F%3B%3C%3D%3E%3F%40%5B%5C%5D%7B%7DF
X%3AD
X%7F%80%FFG
X-A%0D%0AX-B



=== TEST 42: what is set goes to a proxied server, what is cleared does not
--- config
    ignore_invalid_headers off;

    location = /upstream {
        content_by_lua_block {
            local lines = {}
            for name, value in pairs(ngx.req.get_headers(0, true)) do
                if name:find("^X") then
                    value = type(value) == "table" and table.concat(value, " | ") or value
                    lines[#lines + 1] = name .. ": " .. value
                end
            end
            table.sort(lines)
            ngx.say(table.concat(lines, "\n"))
        }
    }
    location = /t {
        access_by_lua_block {
            ngx.req.set_header("X-New", "new")
            ngx.req.set_header("X-Replaced", {"one", "two"})
            ngx.req.set_header("X-Header", "a\r\nX-Injected: b")
            ngx.req.set_header("X-Name: x\r\nX-Injected", "c")
            ngx.req.clear_header("X-Gone")
        }
        proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/upstream;
    }
--- more_headers
X-Kept: kept
X-Replaced: old
X-Gone: gone
X-Replaced: older
--- response_body
X-Header: a%0D%0AX-Injected: b
X-Kept: kept
X-Name%3A%20x%0D%0AX-Injected: c
X-New: new
X-Replaced: one | two



=== TEST 43: set in the rewrite phase, seen in all later ones
--- config
    location = /t {
        set_by_lua_block $set { ngx.req.set_header("X-Set", "set") return "" }
        rewrite_by_lua_block { ngx.req.set_header("X-Rewrite", "rewrite") }
        access_by_lua_block { ngx.req.set_header("X-Access", "access") }
        content_by_lua_block {
            local h = ngx.req.get_headers()
            ngx.say(h.x_set, " ", h.x_rewrite, " ", h.x_access)
        }
        header_filter_by_lua_block { ngx.req.set_header("X-Header-Filter", "header_filter") }
        body_filter_by_lua_block { ngx.req.set_header("X-Body-Filter", "body_filter") }
        log_by_lua_block {
            ngx.req.clear_header("X-Set")
            ngx.log(ngx.WARN, "log: ", ngx.var.http_x_header_filter, " ", ngx.var.http_x_body_filter,
                    " ", ngx.var.http_x_set)
        }
    }
--- response_body
set rewrite access
--- error_log
log: header_filter body_filter nil



=== TEST 44: without a request: not in init, not in init_worker
--- http_config
    init_by_lua_block {
        local results = {}
        package.loaded.results = results
        function results.try(name)
            local ok, err = pcall(ngx.req[name], "X-Foo", "bar")
            results[#results + 1] = name .. ": " .. tostring(ok) .. " " .. err:gsub("^.-:%d+: ", "")
        end
        results.try("set_header")
        results.try("clear_header")
    }
    init_worker_by_lua_block {
        local results = require "results"
        results.try("set_header")
        results.try("clear_header")
    }
--- config
    location = /t {
        content_by_lua_block { ngx.say(table.concat(require "results", "\n")) }
    }
--- response_body
set_header: false no request found
clear_header: false no request found
set_header: false API disabled in the current context
clear_header: false API disabled in the current context



=== TEST 45: HTTP/0.9 has no headers to set
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.set_header("X-Foo", "bar")
            ngx.print(ngx.req.get_headers().x_foo)
        }
    }
--- raw_request eval
"GET /t\r\n"
--- http09
--- response_body chop
nil



=== TEST 46: a request whose first line nginx could not read has no headers to set
--- config
    error_page 400 /bad;

    location = /bad {
        content_by_lua_block {
            ngx.req.set_header("X-Foo", "bar")
            ngx.req.clear_header("X-Foo")
            ngx.say(next(ngx.req.get_headers()))
        }
    }
--- raw_request eval
"not a request line\r\n\r\n"
--- error_code: 400
--- response_body
nil



=== TEST 47: a long value and a long name
--- config
    location = /t {
        content_by_lua_block {
            local name, value = "X-" .. ("n"):rep(3000), ("v"):rep(100000)
            ngx.req.set_header(name, value)
            ngx.say(ngx.req.get_headers(0, true)[name] == value)
        }
    }
--- response_body
true



=== TEST 48: Connection changes $http_connection
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.set_header("Connection", "Upgrade")
            ngx.req.set_header("Upgrade", "websocket")
            ngx.say(ngx.var.http_connection, " ", ngx.var.http_upgrade)
            ngx.req.clear_header("Connection")
            ngx.req.clear_header("Upgrade")
            ngx.say(ngx.var.http_connection, " ", ngx.var.http_upgrade)
        }
    }
--- more_headers
Connection: close
--- response_body
Upgrade websocket
nil nil
