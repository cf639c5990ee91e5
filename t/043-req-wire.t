use Test::Nginx::Socket::Lua 'no_plan';

add_block_preprocessor(sub {
    my ($block) = @_;
    $block->set_value("request", "GET /t")
        if !defined $block->request && !defined $block->raw_request
            && !defined $block->pipelined_requests;
    $block->set_value("no_error_log", "[error]")
        if !defined $block->error_log && !defined $block->no_error_log;
});


# A server that says what it receives: the header, with control bytes made
# visible, and the body.
our $Up = <<'_EOC_';
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1;
        ignore_invalid_headers off;
        location / {
            content_by_lua_block {
                ngx.req.read_body()
                for line in ngx.req.raw_header():gmatch("(.-)\r\n") do
                    if not line:find("^Host:") and not line:find("^Connection:") and line ~= "" then
                        ngx.say((line:gsub("%c", function(c) return "<" .. c:byte() .. ">" end)))
                    end
                end
                ngx.say("[", ngx.req.get_body_data(), "]")
            }
        }
    }
_EOC_

# Lua code that runs before the request goes there.
sub rewrite {
    my ($code, $more) = @_;
    $more //= "";
    return <<"_EOC_";
    location /t {
        rewrite_by_lua_block { $code }
        $more
        proxy_pass http://127.0.0.1:\$TEST_NGINX_RAND_PORT_1;
    }
_EOC_
}

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: a header's value brings no line with it
--- http_config eval: $::Up
--- config eval: ::rewrite('ngx.req.set_header("X-A", "b\r\nX-Evil: 1\r\n\r\nGET /evil HTTP/1.0\r\n\r\n")')
--- response_body
GET /t HTTP/1.0
X-A: b%0D%0AX-Evil: 1%0D%0A%0D%0AGET /evil HTTP/1.0%0D%0A%0D%0A
[nil]



=== TEST 2: a header's value has no NUL
--- http_config eval: $::Up
--- config eval: ::rewrite('ngx.req.set_header("X-A", "b\0c\127\1\31d\te")')
--- response_body
GET /t HTTP/1.0
X-A: b%00c%7F%01%1Fd<9>e
[nil]



=== TEST 3: nor have the values of an array
--- http_config eval: $::Up
--- config eval: ::rewrite('ngx.req.set_header("X-A", { "b\r\nc", "d\0", "e" })')
--- response_body
GET /t HTTP/1.0
X-A: b%0D%0Ac
X-A: d%00
X-A: e
[nil]



=== TEST 4: a header's name brings no line with it, and no colon
--- http_config eval: $::Up
--- config eval: ::rewrite('ngx.req.set_header("X-A: b\r\nX-Evil", "c") ngx.req.set_header("X\0Y", "d") ngx.req.set_header("a b", "e")')
--- response_body
GET /t HTTP/1.0
X-A%3A%20b%0D%0AX-Evil: c
X%00Y: d
a%20b: e
[nil]



=== TEST 5: a header's name without any byte
--- http_config eval: $::Up
--- config eval: ::rewrite('ngx.req.set_header("X-A", "b") pcall(ngx.req.set_header, "", "c")')
--- ignore_response
--- no_error_log
[alert]



=== TEST 6: add_header: neither name nor value
--- http_config eval: $::Up
--- config eval: ::rewrite('local add = require "ngx.req".add_header add("X-A", "b\r\nX-Evil: 1") add("X-A", { "c\0", "d\n" }) add("X-B: 1\r\nX-C", "e")')
--- response_body
GET /t HTTP/1.0
X-A: b%0D%0AX-Evil: 1
X-A: c%00
X-A: d%0A
X-B%3A%201%0D%0AX-C: e
[nil]



=== TEST 7: the headers that nginx knows: Host, Cookie, User-Agent, Referer
--- http_config eval: $::Up
--- config eval
::rewrite('ngx.req.set_header("Cookie", "a=1\r\nX-Evil: 1") ngx.req.set_header("User-Agent", "b\nX-Evil: 1") ngx.req.set_header("Referer", "c\0") ngx.req.set_header("X-Forwarded-For", { "d\r", "e" })')
--- response_body
GET /t HTTP/1.0
Cookie: a=1%0D%0AX-Evil: 1
User-Agent: b%0AX-Evil: 1
Referer: c%00
X-Forwarded-For: d%0D
X-Forwarded-For: e
[nil]



=== TEST 8: Host with a line break
--- config
    location /t {
        content_by_lua_block {
            pcall(ngx.req.set_header, "Host", "a\r\nX-Evil: 1")
            ngx.say(ngx.var.http_host, " ", ngx.var.host)
        }
    }
--- response_body
a%0D%0AX-Evil: 1 a%0d%0ax-evil



=== TEST 9: Content-Length and Transfer-Encoding with a line break
--- http_config eval: $::Up
--- config
    location /t {
        rewrite_by_lua_block {
            local ok, err = pcall(ngx.req.set_header, "Content-Length", "5\r\nX-Evil: 1")
            ngx.log(ngx.WARN, ok, " ", err)
            ngx.req.set_header("Transfer-Encoding", "chunked\r\nX-Evil: 1")
        }
        proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1;
    }
--- response_body
GET /t HTTP/1.0
[nil]
--- error_log
failed to set header



=== TEST 10: Content-Length in other spellings than digits
--- config
    location /t {
        content_by_lua_block {
            for _, value in ipairs { "", " 5", "5 ", "+5", "-5", "0x5", "5,5", "5.0", "1e3", "9223372036854775808", "a" } do
                local ok = pcall(ngx.req.set_header, "Content-Length", value)
                ngx.say("'", value, "' ", ok, " ", ngx.req.get_headers().content_length)
            end
        }
    }
--- response_body
'' true nil
' 5' false nil
'5 ' false nil
'+5' false nil
'-5' false nil
'0x5' false nil
'5,5' false nil
'5.0' false nil
'1e3' false nil
'9223372036854775808' false nil
'a' false nil



=== TEST 11: a query string with line breaks and blanks
--- http_config eval: $::Up
--- config eval: ::rewrite('ngx.req.set_uri_args("a=b c\r\nX-Evil: 1\0&d=\127")')
--- response_body
GET /t?a=b%20c%0D%0AX-Evil:%201%00&d=%7F HTTP/1.0
[nil]



=== TEST 12: a table of arguments with line breaks
--- http_config eval: $::Up
--- config eval: ::rewrite('ngx.req.set_uri_args { ["a b\r\n"] = "c\r\nX-Evil: 1\0 HTTP/1.1" }')
--- response_body
GET /t?a%20b%0D%0A=c%0D%0AX-Evil%3A%201%00%20HTTP%2F1.1 HTTP/1.0
[nil]



=== TEST 13: arguments in arrays, and names alone
--- http_config eval: $::Up
--- config eval: ::rewrite('ngx.req.set_uri_args { ["a\n"] = { "b\r", true, "c\0" } }')
--- response_body
GET /t?a%0A=b%0D&a%0A&a%0A=c%00 HTTP/1.0
[nil]



=== TEST 14: a URI with line breaks is refused
--- http_config eval: $::Up
--- config eval: ::rewrite('for _, c in ipairs { "\r", "\n", "\0", "\127", "\31" } do assert(not pcall(ngx.req.set_uri, "/t" .. c .. "x")) end')
--- response_body
GET /t HTTP/1.0
[nil]



=== TEST 15: a binary URI is escaped on the wire
--- http_config eval: $::Up
--- config eval: ::rewrite('ngx.req.set_uri("/t x\r\nX-Evil: 1\127?y#z%41", false, true)')
--- response_body
GET /t%20x%0D%0AX-Evil:%201%7F%3Fy%23z%2541 HTTP/1.0
[nil]



=== TEST 16: a binary URI that is jumped to
--- http_config eval: $::Up
--- config eval
::rewrite('if ngx.var.uri == "/t" then ngx.req.set_uri("/t/\r\nX-Evil: 1", true, true) end')
--- response_body
GET /t/%0D%0AX-Evil:%201 HTTP/1.0
[nil]



=== TEST 17: decoded arguments that are set again
--- http_config eval: $::Up
--- config eval: ::rewrite('ngx.req.set_uri_args(ngx.req.get_uri_args())')
--- request
GET /t?a=%0D%0AX-Evil:%201
--- response_body
GET /t?a=%0D%0AX-Evil%3A%201 HTTP/1.0
[nil]



=== TEST 18: a method is one of nginx's, never text
--- http_config eval: $::Up
--- config eval: ::rewrite('pcall(ngx.req.set_method, "GET / HTTP/1.1\r\nX-Evil: 1") ngx.req.set_method(ngx.HTTP_DELETE)')
--- response_body
DELETE /t HTTP/1.0
[nil]



=== TEST 19: a body is behind its length, whatever is in it
--- http_config eval: $::Up
--- config eval
::rewrite('ngx.req.read_body() ngx.req.set_body_data("\r\n\r\nGET /evil HTTP/1.1\r\n\r\n")', 'proxy_http_version 1.1;')
--- response_body eval
"GET /t HTTP/1.1\nContent-Length: 26\n[\r\n\r\nGET /evil HTTP/1.1\r\n\r\n]\n"



=== TEST 20: a body that took the place of a chunked one is not chunked as well
--- http_config eval: $::Up
--- config eval: ::rewrite('ngx.req.read_body() ngx.req.set_body_data("0\r\n\r\n")', 'proxy_http_version 1.1;')
--- raw_request eval
"POST /t HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
--- response_body eval
"POST /t HTTP/1.1\nContent-Length: 5\n[0\r\n\r\n]\n"



=== TEST 21: a Content-Length that Lua sets behind a body's back is not sent
--- http_config eval: $::Up
--- config eval: ::rewrite('ngx.req.read_body() ngx.req.set_body_data("hello") ngx.req.set_header("X-Length", ngx.req.get_headers().content_length)')
--- request
POST /t
hello, world
--- response_body
POST /t HTTP/1.0
Content-Length: 5
X-Length: 5
[hello]



=== TEST 22: requests after one whose body Lua has replaced
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.req.set_body_data(("x"):rep(tonumber(ngx.var.arg_n)))
            ngx.say(ngx.var.arg_n, " ", #(ngx.req.get_body_data() or ""))
        }
    }
--- pipelined_requests eval
["POST /t?n=3\nhello", "POST /t?n=20000\nhello", "POST /t?n=0\nGET /t?n=bad HTTP/1.1", "GET /t?n=1", "GET /t?n=2"]
--- response_body eval
["3 3\n", "20000 20000\n", "0 0\n", "1 1\n", "2 2\n"]



=== TEST 23: requests after one that has built its body
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.req.init_body(4)
            ngx.req.append_body("hello, world")
            ngx.req.finish_body()
            ngx.say(ngx.var.arg_n)
        }
    }
--- pipelined_requests eval
["POST /t?n=1\nhello", "GET /t?n=2", "POST /t?n=3\n" . ("x" x 5000), "GET /t?n=4"]
--- response_body eval
["1\n", "2\n", "3\n", "4\n"]



=== TEST 24: requests after one with a body from a file
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.req.set_body_file(ngx.config.prefix() .. "html/index.html")
            ngx.say(ngx.var.arg_n)
        }
    }
--- pipelined_requests eval
["POST /t?n=1\nhello", "GET /t?n=2", "POST /t?n=3\nhello"]
--- response_body eval
["1\n", "2\n", "3\n"]



=== TEST 25: a cleared Content-Length does not make a request of the body
--- config
    location = /t {
        content_by_lua_block {
            ngx.log(ngx.WARN, "n=", ngx.var.arg_n)
            ngx.req.clear_header("Content-Length")
            ngx.say(ngx.var.arg_n)
        }
    }
--- raw_request eval
"POST /t?n=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 34\r\n\r\nGET /t?n=2 HTTP/1.1\r\nHost: evil\r\n\r\n"
--- response_headers
Connection: close
--- response_body
1
--- error_log
n=1
--- no_error_log
n=2
--- differs: in the C module the body is taken for the next request



=== TEST 26: a smaller Content-Length does not make a request of the body's end
--- config
    location = /t {
        content_by_lua_block {
            ngx.log(ngx.WARN, "n=", ngx.var.arg_n)
            ngx.req.set_header("Content-Length", 3)
            ngx.req.read_body()
            ngx.say(ngx.req.get_body_data())
        }
    }
--- raw_request eval
"POST /t?n=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 37\r\n\r\nabcGET /t?n=2 HTTP/1.1\r\nHost: evil\r\n\r\n"
--- response_headers
Connection: close
--- response_body
abc
--- error_log
n=1
--- no_error_log
n=2
--- differs: in the C module the body's end is taken for the next request



=== TEST 27: a larger Content-Length does not make a body of the next request
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.set_header("Content-Length", 20)
            ngx.req.read_body()
            ngx.say(ngx.var.arg_n, " ", ngx.req.get_body_data(), " ", ngx.req.get_headers().content_length)
        }
    }
--- pipelined_requests eval
["GET /t?n=1", "POST /t?n=2\nhello", "GET /t?n=3"]
--- response_body eval
["1 nil 20\n", "2 hello 20\n", "3 nil 20\n"]
--- differs: in the C module the next request becomes the body



=== TEST 28: a Content-Length that Lua sets once the body is read is for those that come after
--- http_config eval: $::Up
--- config eval: ::rewrite('ngx.req.read_body() ngx.req.set_header("X-Length", ngx.var.content_length)')
--- request
POST /t
hello
--- response_body
POST /t HTTP/1.0
Content-Length: 5
X-Length: 5
[hello]



=== TEST 29: the length of a body that is being thrown away is not Lua's to change
--- config
    location = /t {
        content_by_lua_block {
            if ngx.var.arg_n == "1" then
                ngx.req.discard_body()
                ngx.req.clear_header("Content-Length")
                ngx.req.set_header("Content-Length", 2)
            end
            ngx.log(ngx.WARN, "n=", ngx.var.arg_n)
            ngx.say(ngx.var.arg_n)
        }
    }
--- raw_request eval
[
    "POST /t?n=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 37\r\n\r\nab",
    {value => "GET /t?n=2 HTTP/1.1\r\nHost: evil\r\n\r\n", delay_before => 0.03},
    {value => "GET /t?n=3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", delay_before => 0.03},
]
--- ignore_response
--- no_error_log
n=2
--- error_log
n=3
--- differs: in the C module the body's end is taken for the next request



=== TEST 30: Transfer-Encoding and Connection cannot be changed under a body that is to be read
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.clear_header("Transfer-Encoding")
            ngx.req.set_header("Content-Length", "3")
            ngx.req.read_body()
            ngx.say(ngx.var.arg_n, " ", ngx.req.get_body_data())
        }
    }
--- raw_request eval
"POST /t?n=1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n3\r\nabc\r\n0\r\n\r\n"
--- response_body
1 helloabc



=== TEST 31: a Content-Length that Lua adds to a GET does not come to a proxied server without a body
--- http_config eval: $::Up
--- config eval: ::rewrite('ngx.req.set_header("Content-Length", 5)')
--- response_body
GET /t HTTP/1.0
[nil]
--- differs: the C module waits for a body that does not come



=== TEST 32: the length of a body that has been thrown away
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.discard_body()
            ngx.req.clear_header("Content-Length")
            ngx.say(ngx.var.arg_n)
        }
    }
--- pipelined_requests eval
["POST /t?n=1\nhello", "GET /t?n=2", "POST /t?n=3\nhello"]
--- response_body eval
["1\n", "2\n", "3\n"]



=== TEST 33: the length of a body that is not there
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.clear_header("Content-Length")
            ngx.req.read_body()
            ngx.say(ngx.var.arg_n, " ", ngx.req.get_body_data())
        }
    }
--- pipelined_requests eval
["GET /t?n=1", "POST /t?n=2", "GET /t?n=3"]
--- response_body eval
["1 nil\n", "2 nil\n", "3 nil\n"]
