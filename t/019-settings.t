# What the flags of the module do: lua_need_request_body, lua_use_default_type,
# lua_http10_buffering, lua_check_client_abort,
# lua_transform_underscores_in_response_headers.

use Test::Nginx::Socket::Lua 'no_plan';

repeat_each(2);
no_root_location();
run_tests();

__DATA__

=== TEST 1: the request body is not read unless somebody asks
--- config
    location = /t {
        rewrite_by_lua_block { ngx.ctx.body = tostring(ngx.req.get_body_data()) }
        content_by_lua_block { ngx.say(ngx.ctx.body, " ", ngx.req.get_body_data(), " ", ngx.var.request_body) }
    }
--- request
POST /t
hello
--- response_body
nil nil nil



=== TEST 2: with lua_need_request_body the body is there before the first hook
--- config
    lua_need_request_body on;
    location = /rewrite {
        rewrite_by_lua_block { ngx.say("rewrite ", ngx.req.get_body_data()) }
    }
    location = /access {
        access_by_lua_block { ngx.say("access ", ngx.var.request_body) }
    }
    location = /content {
        content_by_lua_block { ngx.say("content ", ngx.req.get_body_data()) }
    }
--- request eval
[map { "POST /$_\nhello" } qw(rewrite access content)]
--- response_body eval
[map { "$_ hello\n" } qw(rewrite access content)]



=== TEST 3: lua_need_request_body waits for a body that comes late
--- config
    location = /t {
        lua_need_request_body on;
        access_by_lua_block { ngx.ctx.body = ngx.req.get_body_data() }
        content_by_lua_block { ngx.say(ngx.ctx.body, " ", ngx.req.get_body_data()) }
    }
--- request eval
[["POST /t\nhel", { value => "lo", delay_before => 0.05 }]]
--- response_body eval
["hello hello\n"]



=== TEST 4: lua_need_request_body with a chunked body
--- config
    location = /t {
        lua_need_request_body on;
        content_by_lua_block { ngx.say(ngx.req.get_body_data()) }
    }
--- more_headers
Transfer-Encoding: chunked
--- request eval
"POST /t
3\r
hel\r
2\r
lo\r
0\r
\r
"
--- response_body
hello



=== TEST 5: lua_need_request_body with a body too large for the buffer leaves a file
--- config
    location = /t {
        lua_need_request_body on;
        client_body_buffer_size 8;
        rewrite_by_lua_block {
            ngx.ctx.data = tostring(ngx.req.get_body_data())
            local file = io.open(ngx.var.request_body_file)
            ngx.ctx.file = file:read("*a")
            file:close()
        }
        content_by_lua_block { ngx.say(ngx.ctx.data, " ", #ngx.ctx.file) }
    }
--- request eval
"POST /t\n" . "x" x 5000
--- response_body
nil 5000



=== TEST 6: lua_need_request_body with a body that nginx refuses
--- config
    location = /t {
        lua_need_request_body on;
        client_max_body_size 4;
        rewrite_by_lua_block { ngx.log(ngx.ERR, "rewrite runs") }
        content_by_lua_block { ngx.log(ngx.ERR, "content runs") }
    }
--- request
POST /t
hello
--- error_code: 413
--- no_error_log
runs



=== TEST 7: lua_need_request_body without a body
--- config
    location = /t {
        lua_need_request_body on;
        content_by_lua_block { ngx.say(ngx.req.get_body_data()) }
    }
--- request eval
["GET /t", "POST /t"]
--- response_body eval
["nil\n", "nil\n"]



=== TEST 8: a location turns lua_need_request_body off again
--- http_config
    lua_need_request_body on;
--- config
    location = /t {
        lua_need_request_body off;
        content_by_lua_block { ngx.say(ngx.req.get_body_data()) }
    }
--- request
POST /t
hello
--- response_body
nil



=== TEST 9: default_type is the type of what Lua answers
--- config
    default_type text/special;
    location = /t {
        content_by_lua_block { ngx.say("hello") }
    }
    location = /t.html {
        types { text/html html; }
        content_by_lua_block { ngx.say("hello") }
    }
    location = /charset {
        charset utf-8;
        default_type text/plain;
        content_by_lua_block { ngx.say("hello") }
    }
--- request eval
["GET /t", "GET /t.html", "GET /charset"]
--- response_headers eval
["Content-Type: text/special", "Content-Type: text/html", "Content-Type: text/plain; charset=utf-8"]



=== TEST 10: without lua_use_default_type there is no type unless Lua sets one
--- config
    location = /none {
        lua_use_default_type off;
        content_by_lua_block { ngx.say("hello") }
    }
    location = /set {
        lua_use_default_type off;
        content_by_lua_block { ngx.header["Content-Type"] = "text/lua" ngx.say("hello") }
    }
--- request eval
["GET /none", "GET /set"]
--- response_headers eval
["! Content-Type", "Content-Type: text/lua"]



=== TEST 11: a type that Lua sets or removes stays so
--- config
    location = /set {
        content_by_lua_block { ngx.header["Content-Type"] = "text/lua" ngx.say("hello") }
    }
    location = /filter {
        header_filter_by_lua_block { ngx.header["Content-Type"] = nil }
        content_by_lua_block { ngx.say("hello") }
    }
--- request eval
["GET /set", "GET /filter"]
--- response_headers eval
["Content-Type: text/lua", "! Content-Type"]



=== TEST 12: a response to HTTP/1.0 is kept back to know its length
--- config
    location = /t {
        content_by_lua_block {
            ngx.print("one ")
            ngx.ctx.flush = select(2, ngx.flush(true))
            ngx.print("two ", ngx.ctx.flush, " ", ngx.headers_sent)
        }
    }
--- request
GET /t HTTP/1.0
--- response_headers
Content-Length: 23
--- response_body chomp
one two buffering false



=== TEST 13: without lua_http10_buffering a response to HTTP/1.0 is streamed
--- config
    lua_http10_buffering off;
    location = /t {
        content_by_lua_block {
            ngx.print("one ")
            ngx.print("two ", ngx.flush(true), " ", ngx.headers_sent)
        }
    }
--- request
GET /t HTTP/1.0
--- response_headers
! Content-Length
--- response_body chomp
one two 1 true



=== TEST 14: a Content-Length that Lua sets needs no buffering
--- config
    location = /t {
        content_by_lua_block {
            ngx.header["Content-Length"] = 9
            ngx.print("one ")
            ngx.print(ngx.headers_sent, "\n")
        }
    }
--- request
GET /t HTTP/1.0
--- response_headers
Content-Length: 9
--- response_body
one true



=== TEST 15: lua_http10_buffering does not matter to HTTP/1.1
--- config
    location = /t {
        content_by_lua_block {
            ngx.print("one ")
            ngx.print("two ", ngx.flush(true), " ", ngx.headers_sent)
        }
    }
--- request
GET /t
--- response_headers
Transfer-Encoding: chunked
! Content-Length
--- response_body chomp
one two 1 true



=== TEST 16: underscores in the names of response headers become dashes
--- config
    location = /t {
        content_by_lua_block {
            ngx.header.x_my_header = "value"
            ngx.header.content_type = "text/lua"
            ngx.say(ngx.header.x_my_header, " ", ngx.header["X-My-Header"], " ", ngx.header.content_type)
        }
    }
--- request
GET /t
--- response_headers
X-My-Header: value
! X_My_Header
Content-Type: text/lua
--- response_body
value value text/lua



=== TEST 17: with lua_transform_underscores_in_response_headers off they stay
--- config
    lua_transform_underscores_in_response_headers off;
    location = /t {
        content_by_lua_block {
            ngx.header.x_my_header = "value"
            ngx.header["Content-Type"] = "text/lua"
            ngx.say(ngx.header.x_my_header, " ", ngx.header["X-My-Header"])
        }
    }
--- request
GET /t
--- response_headers
x_my_header: value
! X-My-Header
Content-Type: text/lua
--- response_body
value nil



=== TEST 18: a client that goes away is not noticed while Lua waits
--- config
    location = /t {
        content_by_lua_block {
            ngx.sleep(0.1)
            ngx.log(ngx.WARN, "slept well")
        }
        log_by_lua_block { ngx.log(ngx.WARN, "logged with ", ngx.status) }
    }
--- request
GET /t
--- abort
--- timeout: 0.03
--- wait: 0.12
--- ignore_response
--- error_log
slept well
logged with 200



=== TEST 19: with lua_check_client_abort it ends the request
--- config
    location = /t {
        lua_check_client_abort on;
        content_by_lua_block {
            ngx.sleep(2)
            ngx.log(ngx.WARN, "slept well")
        }
        log_by_lua_block { ngx.log(ngx.WARN, "logged with ", ngx.status, " after ", ngx.var.request_time) }
    }
--- request
GET /t
--- abort
--- timeout: 0.03
--- ignore_response
--- error_log eval
qr/logged with 499 after [01]\./
--- no_error_log
slept well



=== TEST 20: lua_check_client_abort in rewrite and access
--- config
    lua_check_client_abort on;
    location = /rewrite {
        rewrite_by_lua_block { ngx.sleep(2) ngx.log(ngx.WARN, "slept well") }
        log_by_lua_block { ngx.log(ngx.WARN, "logged with ", ngx.status) }
    }
    location = /access {
        access_by_lua_block { ngx.sleep(2) ngx.log(ngx.WARN, "slept well") }
        log_by_lua_block { ngx.log(ngx.WARN, "logged with ", ngx.status) }
    }
--- request eval
["GET /rewrite", "GET /access"]
--- abort
--- timeout: 0.03
--- ignore_response
--- error_log
logged with 499
--- no_error_log
slept well



=== TEST 21: lua_check_client_abort with lua_need_request_body
--- config
    location = /t {
        lua_check_client_abort on;
        lua_need_request_body on;
        content_by_lua_block { ngx.sleep(2) ngx.log(ngx.WARN, "slept well") }
        log_by_lua_block { ngx.log(ngx.WARN, "logged with ", ngx.status) }
    }
--- request
POST /t
hello
--- abort
--- timeout: 0.03
--- ignore_response
--- error_log
logged with 499
--- no_error_log
slept well
