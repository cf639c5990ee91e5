# ngx.location.capture, ngx.exec and ngx.redirect for HTTP/2 requests.

use Test::Nginx::Socket::Lua 'no_plan';

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: a subrequest
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.location.capture("/sub?a=1").body, " ", ngx.var.server_protocol)
        }
    }
    location = /sub { content_by_lua_block { ngx.print('sub ', ngx.var.args, ' ', ngx.is_subrequest) } }
--- request
GET /t
--- response_body
sub a=1 true HTTP/2.0
--- http2
--- no_error_log
[error]
--- differs: up to 0.10.27, the C module captures nothing for HTTP/2



=== TEST 2: several subrequests that wait
--- config
    location = /t {
        content_by_lua_block {
            local a, b = ngx.location.capture_multi { { "/sub?a" }, { "/sub?b" } }
            ngx.say(a.body, " ", b.body)
        }
    }
    location = /sub { content_by_lua_block { ngx.sleep(0.005) ngx.print(ngx.var.args) } }
--- request
GET /t
--- response_body
a b
--- http2
--- no_error_log
[error]
--- differs: up to 0.10.27, the C module captures nothing for HTTP/2



=== TEST 3: in rewrite, access and content
--- config
    location = /t {
        rewrite_by_lua_block { ngx.ctx.rewrite = ngx.location.capture("/sub?rewrite").body }
        access_by_lua_block { ngx.ctx.access = ngx.location.capture("/sub?access").body }
        content_by_lua_block {
            ngx.say(ngx.ctx.rewrite, " ", ngx.ctx.access, " ", ngx.location.capture("/sub?content").body)
        }
    }
    location = /sub { content_by_lua_block { ngx.sleep(0.001) ngx.print(ngx.var.args) } }
--- request
GET /t
--- response_body
rewrite access content
--- http2
--- no_error_log
[error]
--- differs: up to 0.10.27, the C module captures nothing for HTTP/2



=== TEST 4: headers and Host of the parent
--- config
    location = /t {
        content_by_lua_block {
            local body = ngx.location.capture("/sub").body
            ngx.say(body)
        }
    }
    location = /sub { content_by_lua_block { local h = ngx.req.get_headers() ngx.print(ngx.var.host, ' ', h.a, ' ', h.b) } }
--- request
GET /t
--- response_body
localhost 1 2
--- more_headers
A: 1
B: 2
--- http2
--- no_error_log
[error]
--- differs: up to 0.10.27, the C module captures nothing for HTTP/2



=== TEST 5: a proxied subrequest with the parent's body
--- http_config
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1;
        location / {
            content_by_lua_block {
                ngx.req.read_body()
                ngx.print(ngx.req.get_method(), " ", ngx.var.http_content_length, " ", ngx.req.get_body_data())
            }
        }
    }
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.say(ngx.location.capture("/up/", { method = ngx.HTTP_POST }).body)
            ngx.say(ngx.location.capture("/up/").body)
        }
    }
    location /up/ { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; }
--- request
POST /t
parent
--- response_body
POST 6 parent
GET nil nil
--- http2
--- no_error_log
[error]
--- differs: up to 0.10.27, the C module captures nothing for HTTP/2



=== TEST 6: a body that was not read is not announced
--- http_config
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1;
        location / {
            content_by_lua_block {
                ngx.req.read_body()
                ngx.print(ngx.req.get_method(), " ", ngx.var.http_content_length, " ", ngx.req.get_body_data())
            }
        }
    }
--- config
    location = /t {
        content_by_lua_block {
            local body = ngx.location.capture("/up/", { method = ngx.HTTP_POST }).body
            ngx.req.read_body()
            ngx.say(body, ", ", ngx.req.get_body_data())
        }
    }
    location /up/ { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; }
--- request
POST /t
parent
--- response_body
POST nil nil, parent
--- http2
--- no_error_log
[error]
--- differs: up to 0.10.27, the C module captures nothing for HTTP/2



=== TEST 7: a body of its own
--- http_config
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1;
        location / {
            content_by_lua_block {
                ngx.req.read_body()
                ngx.print(ngx.req.get_method(), " ", ngx.var.http_content_length, " ", ngx.req.get_body_data())
            }
        }
    }
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.location.capture("/up/", { method = ngx.HTTP_PUT, body = "own" }).body)
        }
    }
    location /up/ { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; }
--- request
GET /t
--- response_body
PUT 3 own
--- http2
--- no_error_log
[error]
--- differs: up to 0.10.27, the C module captures nothing for HTTP/2



=== TEST 8: a large reply
--- config
    location = /t {
        content_by_lua_block {
            local body = ngx.location.capture("/sub").body
            ngx.print(#body, " ")
            ngx.say(#ngx.location.capture("/sub").body)
        }
    }
    location = /sub { content_by_lua_block { ngx.print(('x'):rep(1000000)) } }
--- request
GET /t
--- response_body
1000000 1000000
--- http2
--- no_error_log
[error]
--- differs: up to 0.10.27, the C module captures nothing for HTTP/2



=== TEST 9: subrequests of subrequests
--- config
    location = /t {
        content_by_lua_block { ngx.say(ngx.location.capture("/a").body) }
    }
    location = /a { content_by_lua_block { ngx.sleep(0.001) ngx.print("a ", ngx.location.capture("/b").body) } }
    location = /b { content_by_lua_block { ngx.sleep(0.001) ngx.print("b") } }
--- request
GET /t
--- response_body
a b
--- http2
--- no_error_log
[error]
--- differs: up to 0.10.27, the C module captures nothing for HTTP/2



=== TEST 10: failing subrequests
--- config
    location = /t {
        content_by_lua_block {
            for _, status in ipairs { 204, 404, 500 } do
                local res = ngx.location.capture("/sub", { args = { status = status } })
                ngx.say(res.status, " [", res.body, "] ", res.truncated)
            end
        }
    }
    location = /sub { content_by_lua_block { ngx.exit(tonumber(ngx.var.arg_status)) } }
--- request
GET /t
--- response_body
204 [] true
404 [] true
500 [] true
--- http2
--- no_error_log
[error]
--- differs: up to 0.10.27, the C module captures nothing for HTTP/2



=== TEST 11: ngx.exec
--- config
    location = /t {
        content_by_lua_block { ngx.sleep(0.001) ngx.exec("/target", "a=1") }
    }
    location = /target { content_by_lua_block { ngx.say('target ', ngx.var.args) } }
--- request
GET /t
--- response_body
target a=1
--- http2
--- no_error_log
[error]



=== TEST 12: ngx.exec to a named location
--- config
    location = /t {
        content_by_lua_block { ngx.exec("@target") }
    }
    location @target { content_by_lua_block { ngx.say('target ', ngx.var.uri) } }
--- request
GET /t
--- response_body
target /t
--- http2
--- no_error_log
[error]



=== TEST 13: ngx.redirect
--- config
    location = /t {
        content_by_lua_block { ngx.redirect("/other", 301) }
    }
--- request
GET /t
--- error_code: 301
--- response_headers
Location: /other
--- ignore_response_body
--- http2
--- no_error_log
[error]
