# Answers to HTTP/1.0 clients: collected to learn their length, or not.

use Test::Nginx::Socket::Lua 'no_plan';

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: the answer is collected and gets a Content-Length
--- config
    location = /t {
        content_by_lua_block {
            ngx.print("hello ")
            ngx.say("world")
        }
    }
--- request
GET /t HTTP/1.0
--- response_headers
Content-Length: 12
! Transfer-Encoding
--- response_body
hello world
--- no_error_log
[error]



=== TEST 2: collected output may be followed by header changes
--- config
    location = /t {
        content_by_lua_block {
            ngx.say("hello")
            ngx.log(ngx.WARN, "headers_sent: ", ngx.headers_sent)
            ngx.header["X-Late"] = "yes"
        }
    }
--- request
GET /t HTTP/1.0
--- response_headers
X-Late: yes
--- response_body
hello
--- error_log
headers_sent: false
--- no_error_log
[error]



=== TEST 3: the Content-Length lets the connection live on
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.var.arg_n)
        }
    }
--- raw_request eval
"GET /t?n=1 HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n"
. "GET /t?n=2 HTTP/1.0\r\nHost: localhost\r\n\r\n"
--- http09
--- response_body_like eval
qr{\AHTTP/1\.1 200 OK\r\n.*?\r\nConnection: keep-alive\r\n\r\n1\nHTTP/1\.1 200 OK\r\n.*?\r\nConnection: close\r\n\r\n2\n\z}s
--- no_error_log
[error]



=== TEST 4: with lua_http10_buffering off: output goes out at once
--- config
    lua_http10_buffering off;
    location = /t {
        content_by_lua_block {
            ngx.say("hello")
            ngx.log(ngx.WARN, "headers_sent: ", ngx.headers_sent)
        }
    }
--- request
GET /t HTTP/1.0
--- more_headers
Connection: keep-alive
--- response_headers
! Content-Length
Connection: close
--- response_body
hello
--- error_log
headers_sent: true
--- no_error_log
[error]



=== TEST 5: a Content-Length set by Lua ends the collecting
--- config
    location = /t {
        content_by_lua_block {
            ngx.header.content_length = 6
            ngx.say("hello")
            ngx.log(ngx.WARN, "headers_sent: ", ngx.headers_sent)
        }
    }
--- request
GET /t HTTP/1.0
--- response_headers
Content-Length: 6
--- response_body
hello
--- error_log
headers_sent: true
--- no_error_log
[error]



=== TEST 6: collected output that an error follows is thrown away
--- config
    location = /t {
        content_by_lua_block {
            ngx.say("hello")
            error("no")
        }
    }
--- request
GET /t HTTP/1.0
--- error_code: 500
--- response_body_unlike: hello
--- error_log
:3: no



=== TEST 7: flush of collected output is "buffering"
--- config
    location = /t {
        content_by_lua_block {
            local function flush(...)
                local ok, err = ngx.flush(...)
                ngx.say(tostring(ok), " ", tostring(err))
            end
            flush()
            flush(true)
            ngx.say(ngx.headers_sent)
        }
    }
--- request
GET /t HTTP/1.0
--- response_headers
Content-Length: 41
--- response_body
nil nothing to flush
nil buffering
false
--- no_error_log
[error]



=== TEST 8: flush with lua_http10_buffering off
--- config
    location = /t {
        lua_http10_buffering off;
        content_by_lua_block {
            ngx.say("x")
            local ok, err = ngx.flush(true)
            ngx.say(tostring(ok), " ", tostring(err))
        }
    }
--- request
GET /t HTTP/1.0
--- response_headers
! Content-Length
--- response_body
x
1 nil
--- no_error_log
[error]



=== TEST 9: eof sends what was collected
--- config
    location = /t {
        content_by_lua_block {
            ngx.say("hello")
            ngx.log(ngx.WARN, "before: ", ngx.headers_sent)
            ngx.eof()
            ngx.log(ngx.WARN, "after: ", ngx.headers_sent)
        }
    }
--- request
GET /t HTTP/1.0
--- response_headers
Content-Length: 6
--- response_body
hello
--- error_log
before: false
after: true
--- no_error_log
[error]



=== TEST 10: with lua_http10_buffering off: output that an error follows was sent
--- config
    lua_http10_buffering off;
    location = /t {
        content_by_lua_block {
            ngx.say("begin")
            ngx.flush(true)
            error("no")
        }
    }
--- request
GET /t HTTP/1.0
--- response_body
begin
--- error_log
lua entry thread aborted: runtime error: content_by_lua



=== TEST 11: output that was collected is sent, whatever the status
--- config
    location = /t {
        content_by_lua_block {
            ngx.say("said")
            ngx.exit(tonumber(ngx.var.arg_code))
        }
    }
--- request eval
["GET /t?code=0 HTTP/1.0", "GET /t?code=200 HTTP/1.0", "GET /t?code=403 HTTP/1.0"]
--- response_headers eval
["Content-Length: 5", "Content-Length: 5", "Content-Length: 5"]
--- response_body eval
["said\n", "said\n", "said\n"]
--- no_error_log
[error]



=== TEST 12: output that the rewrite phase collected is the answer
--- config
    location = /t {
        rewrite_by_lua_block {
            ngx.say("rewrite")
            ngx.exit(tonumber(ngx.var.arg_code))
        }
        content_by_lua_block {
            ngx.say("content")
        }
    }
--- request eval
["GET /t?code=0 HTTP/1.0", "GET /t?code=200 HTTP/1.0", "GET /t?code=500 HTTP/1.0"]
--- response_headers eval
["Content-Length: 8", "Content-Length: 8", "Content-Length: 8"]
--- response_body eval
["rewrite\n", "rewrite\n", "rewrite\n"]
--- no_error_log
[error]



=== TEST 13: exit without output
--- config
    location = /t {
        content_by_lua_block {
            ngx.exit(tonumber(ngx.var.arg_code))
        }
    }
--- request eval
["GET /t?code=200 HTTP/1.0", "GET /t?code=403 HTTP/1.0"]
--- error_code eval
[200, 403]
--- response_body_like eval
['\A\z', "403 Forbidden"]
--- no_error_log
[error]



=== TEST 14: output that the rewrite or access phase collected is the answer, as if it had been sent
--- config
    location = /rewrite {
        rewrite_by_lua_block {
            ngx.say("rewrite")
        }
        content_by_lua_block {
            ngx.say("content")
        }
    }
    location = /access {
        access_by_lua_block {
            ngx.say("access")
        }
        content_by_lua_block {
            ngx.say("content")
        }
    }
--- request eval
["GET /rewrite HTTP/1.0", "GET /access HTTP/1.0"]
--- response_headers eval
["Content-Length: 8", "Content-Length: 7"]
--- response_body eval
["rewrite\n", "access\n"]
--- no_error_log
[error]
--- differs: the C module of this version goes on with the content phase; later ones do not



=== TEST 15: a status set by Lua and the default type go with collected output
--- config
    location = /t {
        default_type text/html;
        content_by_lua_block {
            ngx.say("no such thing")
            ngx.status = 404
        }
    }
--- request
GET /t HTTP/1.0
--- error_code: 404
--- response_headers
Content-Type: text/html
Content-Length: 14
--- response_body
no such thing
--- no_error_log
[error]



=== TEST 16: body_filter_by_lua sees collected output in one piece, at the end
--- config
    location = /t {
        content_by_lua_block {
            ngx.print("one ")
            ngx.print("two ")
            ngx.log(ngx.WARN, "step: printed")
        }
        body_filter_by_lua_block {
            ngx.log(ngx.WARN, "step: [", ngx.arg[1], "] ", ngx.arg[2])
        }
    }
--- request
GET /t HTTP/1.0
--- response_body chop
one two 
--- grep_error_log eval
qr/step: .*?(?=, client| while)/
--- grep_error_log_out
step: printed
step: [one two ] false
step: [] true
--- no_error_log
[error]



=== TEST 17: a header filter that takes the Content-Length away
--- config
    location = /t {
        content_by_lua_block {
            ngx.print("one")
        }
        header_filter_by_lua_block {
            ngx.log(ngx.WARN, "length: ", ngx.header.content_length)
            ngx.header.content_length = nil
        }
        body_filter_by_lua_block {
            ngx.arg[1] = ngx.arg[1]:upper()
        }
    }
--- request
GET /t HTTP/1.0
--- response_headers
! Content-Length
--- response_body: ONE
--- error_log
length: 3
--- no_error_log
[error]



=== TEST 18: send_headers sends the header at once, without a length
--- config
    location = /t {
        content_by_lua_block {
            ngx.send_headers()
            ngx.log(ngx.WARN, "headers_sent: ", ngx.headers_sent)
            ngx.say("body")
        }
    }
--- request
GET /t HTTP/1.0
--- response_headers
! Content-Length
--- response_body
body
--- error_log
headers_sent: true
--- no_error_log
[error]



=== TEST 19: HEAD
--- config
    location = /t {
        content_by_lua_block {
            ngx.say("body")
            ngx.say("more")
        }
    }
--- request
HEAD /t HTTP/1.0
--- response_body:
--- response_headers
Content-Type: text/plain
--- no_error_log
[error]



=== TEST 20: no output, no length
--- config
    location = /t {
        content_by_lua_block {
            ngx.header["X-Empty"] = "yes"
        }
    }
--- request
GET /t HTTP/1.0
--- response_headers
X-Empty: yes
--- response_body:
--- no_error_log
[error]



=== TEST 21: a large answer is collected too
--- config
    location = /t {
        content_by_lua_block {
            for i = 1, 64 do
                ngx.print(string.rep("x", 16384))
            end
        }
    }
--- request
GET /t HTTP/1.0
--- response_headers
Content-Length: 1048576
--- response_body eval
"x" x 1048576
--- no_error_log
[error]
