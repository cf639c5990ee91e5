# ngx.location.capture: request bodies and headers, and what a proxied server gets of them.

use Test::Nginx::Socket::Lua 'no_plan';

our $Upstream = q{
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1;
        location / {
            client_max_body_size 0;
            content_by_lua_block {
                ngx.req.read_body()
                local headers = ngx.req.get_headers()
                ngx.print(ngx.req.get_method(), " ", ngx.var.request_uri,
                    " length=", headers["content-length"], " te=", headers["transfer-encoding"],
                    " body=", ngx.req.get_body_data())
            }
        }
        location = /break { content_by_lua_block {
            ngx.header.content_length = 100
            ngx.print("partial")
            ngx.flush(true)
            ngx.exit(444)
        } }
    }
};

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: body: its length comes with it
--- http_config eval: $::Upstream
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.location.capture("/up/x", { method = ngx.HTTP_POST, body = "hello" }).body)
        }
    }
    location /up/ { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; }
--- request
GET /t
--- response_body
POST /x length=5 te=nil body=hello
--- no_error_log
[error]



=== TEST 2: body: with any method
--- http_config eval: $::Upstream
--- config
    location = /t {
        content_by_lua_block { ngx.say(ngx.location.capture("/up/x", { body = "hello" }).body) }
    }
    location /up/ { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; }
--- request
GET /t
--- response_body
GET /x length=5 te=nil body=hello
--- no_error_log
[error]



=== TEST 3: body: empty
--- http_config eval: $::Upstream
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.location.capture("/up/x", { method = ngx.HTTP_PUT, body = "" }).body)
        }
    }
    location /up/ { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; }
--- request
GET /t
--- response_body
PUT /x length=0 te=nil body=nil
--- no_error_log
[error]



=== TEST 4: body: a number
--- http_config eval: $::Upstream
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.location.capture("/up/x", { method = ngx.HTTP_POST, body = 12.5 }).body)
        }
    }
    location /up/ { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; }
--- request
GET /t
--- response_body
POST /x length=4 te=nil body=12.5
--- no_error_log
[error]



=== TEST 5: body: wrong values
--- config
    location = /t {
        content_by_lua_block {
            for _, body in ipairs { true, {}, print } do
                local ok, err = pcall(ngx.location.capture, "/sub", { body = body })
                ngx.say(err)
            end
        }
    }
--- request
GET /t
--- response_body
Bad http request body
Bad http request body
Bad http request body
--- no_error_log
[error]



=== TEST 6: body: any bytes
--- config
    location = /t {
        content_by_lua_block {
            local body = {}
            for i = 0, 255 do body[i + 1] = string.char(i) end
            body = table.concat(body)
            ngx.say(ngx.location.capture("/sub", { method = ngx.HTTP_POST, body = body }).body == body)
        }
    }
    location = /sub { content_by_lua_block { ngx.req.read_body() ngx.print(ngx.req.get_body_data()) } }
--- request
GET /t
--- response_body
true
--- no_error_log
[error]



=== TEST 7: body: ten megabytes
--- http_config eval: $::Upstream =~ s/client_max_body_size 0;/client_max_body_size 0; client_body_buffer_size 20m;/r
--- config
    location = /t {
        content_by_lua_block {
            local body = ("0123456789"):rep(1024 * 1024)
            local res = ngx.location.capture("/sub", { method = ngx.HTTP_POST, body = body })
            ngx.say(res.body)
            res = ngx.location.capture("/up/", { method = ngx.HTTP_POST, body = body })
            ngx.say(#res.body, " ", res.body:sub(-10))
        }
    }
    location = /sub {
        content_by_lua_block {
            ngx.req.read_body()
            local body = ngx.req.get_body_data()
            ngx.print(#body, " ", body == ("0123456789"):rep(1024 * 1024))
        }
    }
    location /up/ { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; }
--- request
GET /t
--- response_body
10485760 true
10485795 0123456789
--- no_error_log
[error]



=== TEST 8: body: in place of the parent's, which was read
--- http_config eval: $::Upstream
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.say(ngx.location.capture("/up/x", { method = ngx.HTTP_POST, body = "new" }).body)
        }
    }
    location /up/ { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; }
--- request
POST /t
parent
--- response_body
POST /x length=3 te=nil body=new
--- no_error_log
[error]



=== TEST 9: body: in place of the parent's, which was not read
--- http_config eval: $::Upstream
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.location.capture("/up/x", { method = ngx.HTTP_POST, body = "new" }).body)
        }
    }
    location /up/ { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; }
--- request
POST /t
parent
--- response_body
POST /x length=3 te=nil body=new
--- no_error_log
[error]



=== TEST 10: POST and PUT have the parent's body
--- http_config eval: $::Upstream
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.say(ngx.location.capture("/up/x", { method = ngx.HTTP_POST }).body)
        }
    }
    location /up/ { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; }
--- request
POST /t
parent
--- response_body
POST /x length=6 te=nil body=parent
--- no_error_log
[error]



=== TEST 11: PUT, too
--- http_config eval: $::Upstream
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.say(ngx.location.capture("/up/x", { method = ngx.HTTP_PUT }).body)
        }
    }
    location /up/ { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; }
--- request
POST /t
parent
--- response_body
PUT /x length=6 te=nil body=parent
--- no_error_log
[error]



=== TEST 12: other methods have no body, and no length
--- http_config eval: $::Upstream
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.say(ngx.location.capture("/up/x").body)
        }
    }
    location /up/ { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; }
--- request
POST /t
parent
--- response_body
GET /x length=nil te=nil body=nil
--- no_error_log
[error]



=== TEST 13: DELETE has none
--- http_config eval: $::Upstream
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.say(ngx.location.capture("/up/x", { method = ngx.HTTP_DELETE }).body)
        }
    }
    location /up/ { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; }
--- request
POST /t
parent
--- response_body
DELETE /x length=nil te=nil body=nil
--- no_error_log
[error]



=== TEST 14: always_forward_body: other methods have it, too
--- http_config eval: $::Upstream
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.say(ngx.location.capture("/up/x", { method = ngx.HTTP_DELETE, always_forward_body = true }).body)
        }
    }
    location /up/ { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; }
--- request
POST /t
parent
--- response_body
DELETE /x length=6 te=nil body=parent
--- no_error_log
[error]



=== TEST 15: always_forward_body: any true value
--- http_config eval: $::Upstream
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.say(ngx.location.capture("/up/x", { always_forward_body = "yes" }).body)
        }
    }
    location /up/ { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; }
--- request
POST /t
parent
--- response_body
GET /x length=6 te=nil body=parent
--- no_error_log
[error]



=== TEST 16: always_forward_body: false
--- http_config eval: $::Upstream
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.say(ngx.location.capture("/up/x", { always_forward_body = false }).body)
        }
    }
    location /up/ { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; }
--- request
POST /t
parent
--- response_body
GET /x length=nil te=nil body=nil
--- no_error_log
[error]



=== TEST 17: a parent's empty body stays one
--- http_config eval: $::Upstream
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.say(ngx.location.capture("/up/x", { method = ngx.HTTP_POST }).body)
        }
    }
    location /up/ { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; }
--- request
POST /t
--- response_body
POST /x length=0 te=nil body=nil
--- more_headers
Content-Length: 0
--- no_error_log
[error]



=== TEST 18: a parent without a body has none to share
--- http_config eval: $::Upstream
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.say(ngx.location.capture("/up/x", { method = ngx.HTTP_POST }).body)
        }
    }
    location /up/ { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; }
--- request
GET /t
--- response_body
POST /x length=nil te=nil body=nil
--- no_error_log
[error]



=== TEST 19: a body that was not read has no length: POST
--- http_config eval: $::Upstream
--- config
    location = /t {
        content_by_lua_block { ngx.say(ngx.location.capture("/up/x", { method = ngx.HTTP_POST }).body) }
    }
    location /up/ { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; }
--- request
POST /t
parent
--- response_body
POST /x length=nil te=nil body=nil
--- no_error_log
[error]
--- differs: the C module announces the body and does not send it



=== TEST 20: a body that was not read has no length: PUT
--- http_config eval: $::Upstream
--- config
    location = /t {
        content_by_lua_block { ngx.say(ngx.location.capture("/up/x", { method = ngx.HTTP_PUT }).body) }
    }
    location /up/ { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; }
--- request
POST /t
parent
--- response_body
PUT /x length=nil te=nil body=nil
--- no_error_log
[error]
--- differs: the C module announces the body and does not send it



=== TEST 21: a body that was not read has no length: always_forward_body
--- http_config eval: $::Upstream
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.location.capture("/up/x", { always_forward_body = true }).body)
        }
    }
    location /up/ { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; }
--- request
POST /t
parent
--- response_body
GET /x length=nil te=nil body=nil
--- no_error_log
[error]
--- differs: the C module announces the body and does not send it



=== TEST 22: a chunked body of the parent gets a length
--- http_config eval: $::Upstream
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.say(ngx.location.capture("/up/x", { method = ngx.HTTP_POST }).body)
        }
    }
    location /up/ { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; }
--- raw_request eval
"POST /t HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\npar\r\n3\r\nent\r\n0\r\n\r\n"
--- response_body
POST /x length=6 te=nil body=parent
--- no_error_log
[error]



=== TEST 23: a chunked body for a method without one
--- http_config eval: $::Upstream
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.say(ngx.location.capture("/up/x").body)
        }
    }
    location /up/ { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; }
--- raw_request eval
"POST /t HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\npar\r\n3\r\nent\r\n0\r\n\r\n"
--- response_body
GET /x length=nil te=nil body=nil
--- no_error_log
[error]



=== TEST 24: a chunked body that was not read
--- http_config eval: $::Upstream
--- config
    location = /t {
        content_by_lua_block { ngx.say(ngx.location.capture("/up/x", { method = ngx.HTTP_POST }).body) }
    }
    location /up/ { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; }
--- raw_request eval
"POST /t HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\npar\r\n3\r\nent\r\n0\r\n\r\n"
--- response_body
POST /x length=nil te=nil body=nil
--- no_error_log
[error]



=== TEST 25: a body in place of a chunked one
--- http_config eval: $::Upstream
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.location.capture("/up/x", { method = ngx.HTTP_POST, body = "new" }).body)
        }
    }
    location /up/ { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; }
--- raw_request eval
"POST /t HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\npar\r\n3\r\nent\r\n0\r\n\r\n"
--- response_body
POST /x length=3 te=nil body=new
--- no_error_log
[error]



=== TEST 26: proxy_http_version 1.1 and a chunked parent
--- http_config eval: $::Upstream
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.say(ngx.location.capture("/up/x", { method = ngx.HTTP_POST }).body)
        }
    }
    location /up/ { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; proxy_http_version 1.1; }
--- raw_request eval
"POST /t HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\npar\r\n3\r\nent\r\n0\r\n\r\n"
--- response_body
POST /x length=6 te=nil body=parent
--- no_error_log
[error]



=== TEST 27: the Content-Length of a subrequest is what its body has, whatever the parent's header says
--- http_config eval: $::Upstream
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.req.set_header("Content-Length", 3)
            ngx.say(ngx.location.capture("/up/x", { method = ngx.HTTP_POST }).body)
            ngx.req.set_header("Content-Length", 30)
            ngx.say(ngx.location.capture("/up/x", { method = ngx.HTTP_POST }).body)
            ngx.req.clear_header("Content-Length")
            ngx.say(ngx.location.capture("/up/x", { method = ngx.HTTP_POST }).body)
        }
    }
    location /up/ { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; }
--- request
POST /t
parent
--- response_body
POST /x length=6 te=nil body=parent
POST /x length=6 te=nil body=parent
POST /x length=6 te=nil body=parent
--- no_error_log
[error]
--- differs: the C module passes the parent's header on



=== TEST 28: a body in a file is shared
--- http_config eval: $::Upstream =~ s/client_max_body_size 0;/client_max_body_size 0; client_body_buffer_size 100k;/r
--- config
    location = /t {
        client_body_buffer_size 1k;
        content_by_lua_block {
            ngx.req.read_body()
            ngx.say(ngx.req.get_body_data())
            local body = ngx.location.capture("/up/x", { method = ngx.HTTP_POST }).body
            ngx.say(#body, " ", body:sub(1, 20), " ", body:sub(-5))
        }
    }
    location /up/ { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; }
--- request eval
"POST /t\n" . ("abcde" x 10000)
--- response_body
nil
50033 POST /x length=50000 abcde
--- no_error_log
[error]



=== TEST 29: a body in a file that nginx read for itself cannot be shared
--- http_config eval: $::Upstream
--- config
    location = /t {
        mirror /mirror;
        client_body_buffer_size 1k;
        content_by_lua_block {
            local ok, err = pcall(ngx.location.capture, "/up/x", { method = ngx.HTTP_POST })
            ngx.say(err)
            ngx.say(ngx.location.capture("/up/x").body)
        }
    }
    location /up/ { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; }
    location = /mirror { return 200; }
--- request eval
"POST /t\n" . ("abcde" x 10000)
--- response_body
failed to adjust the subrequest: -1
GET /x length=nil te=nil body=nil
--- error_log
the request body was not read by ngx_lua
--- no_error_log
[crit]



=== TEST 30: several subrequests share a body
--- http_config eval: $::Upstream
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            local post = { method = ngx.HTTP_POST }
            local a, b = ngx.location.capture_multi { { "/up/a", post }, { "/up/b", post } }
            ngx.say(a.body)
            ngx.say(b.body)
            ngx.say(ngx.req.get_body_data())
        }
    }
    location /up/ { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; }
--- request
POST /t
parent
--- response_body
POST /a length=6 te=nil body=parent
POST /b length=6 te=nil body=parent
parent
--- no_error_log
[error]



=== TEST 31: within Lua code: variables and headers agree with the body
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.say(ngx.location.capture("/sub").body)
            ngx.say(ngx.location.capture("/sub", { method = ngx.HTTP_POST }).body)
            ngx.say(ngx.location.capture("/sub", { method = ngx.HTTP_POST, body = "abc" }).body)
            ngx.say(ngx.location.capture("/sub", { method = ngx.HTTP_POST, body = "" }).body)
        }
    }
    location = /sub {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.print(ngx.req.get_method(), " length=", ngx.var.content_length, " ",
                ngx.var.http_content_length, " body=", ngx.req.get_body_data())
        }
    }
--- request
POST /t
parent
--- response_body
GET length=nil nil body=nil
POST length=6 6 body=parent
POST length=3 3 body=abc
POST length=0 0 body=nil
--- no_error_log
[error]



=== TEST 32: Transfer-Encoding of a chunked parent stays visible
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.say(ngx.location.capture("/sub", { method = ngx.HTTP_POST }).body)
        }
    }
    location = /sub {
        content_by_lua_block {
            ngx.print(ngx.var.http_transfer_encoding, " ", ngx.var.http_content_length, " ", ngx.req.get_body_data())
        }
    }
--- raw_request eval
"POST /t HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\npar\r\n3\r\nent\r\n0\r\n\r\n"
--- response_body
chunked 6 parent
--- no_error_log
[error]



=== TEST 33: a subrequest of a subrequest shares its body
--- http_config eval: $::Upstream
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.location.capture("/middle", { method = ngx.HTTP_POST, body = "middle" }).body)
        }
    }
    location /up/ { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; }
    location = /middle {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.print(ngx.location.capture("/up/x", { method = ngx.HTTP_POST }).body)
        }
    }
--- request
POST /t
parent body
--- response_body
POST /x length=6 te=nil body=middle
--- no_error_log
[error]



=== TEST 34: a subrequest has the headers of its parent
--- config
    location = /t {
        content_by_lua_block { ngx.say(ngx.location.capture("/sub").body) }
    }
    location = /sub {
        content_by_lua_block {
            local out = {}
            for name, value in pairs(ngx.req.get_headers()) do
                if type(value) == "table" then value = table.concat(value, "+") end
                table.insert(out, name .. "=" .. value)
            end
            table.sort(out)
            ngx.print(table.concat(out, " "))
        }
    }
--- request
GET /t
--- response_body
a=1+2 connection=close cookie=a=1+b=2 host=localhost if-none-match=x range=bytes=0-1 x-forwarded-for=1.1.1.1+2.2.2.2
--- more_headers
A: 1
A: 2
Cookie: a=1
Cookie: b=2
X-Forwarded-For: 1.1.1.1
X-Forwarded-For: 2.2.2.2
If-None-Match: x
Range: bytes=0-1
--- no_error_log
[error]



=== TEST 35: what nginx knows of the headers is right in a subrequest
--- http_config
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1;
        return 200 $http_x_known;
    }
--- config
    location = /t {
        content_by_lua_block { ngx.say(ngx.location.capture("/up/").body) }
    }
    location /up/ {
        proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/;
        proxy_set_header X-Known "$host $cookie_a $cookie_b $http_user_agent $proxy_add_x_forwarded_for";
    }
--- request
GET /t
--- response_body
localhost 1 2 test 1.1.1.1, 2.2.2.2, 127.0.0.1
--- more_headers
Cookie: a=1
Cookie: b=2
User-Agent: test
X-Forwarded-For: 1.1.1.1
X-Forwarded-For: 2.2.2.2
--- no_error_log
[error]



=== TEST 36: headers that a subrequest sets and clears are its own
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.location.capture("/change").body)
            ngx.say(ngx.location.capture("/sub").body)
            ngx.say(ngx.var.http_user_agent, " ", ngx.var.cookie_a, " ", ngx.var.http_new)
        }
    }
    location = /sub {
        content_by_lua_block {
            local out = {}
            for name, value in pairs(ngx.req.get_headers()) do
                if type(value) == "table" then value = table.concat(value, "+") end
                table.insert(out, name .. "=" .. value)
            end
            table.sort(out)
            ngx.print(table.concat(out, " "))
        }
    }
    location = /change {
        content_by_lua_block {
            ngx.req.set_header("New", 1)
            ngx.req.set_header("Cookie", "c=3")
            ngx.req.clear_header("A")
            ngx.req.clear_header("User-Agent")
            ngx.print(ngx.location.capture("/sub").body)
        }
    }
--- request
GET /t
--- response_body
connection=close cookie=c=3 host=localhost new=1
a=1 connection=close cookie=a=1 host=localhost user-agent=test
test 1 nil
--- more_headers
A: 1
Cookie: a=1
User-Agent: test
--- no_error_log
[error]



=== TEST 37: headers that the parent changed, its subrequests have
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.set_header("A", { "x", "y" })
            ngx.req.clear_header("B")
            ngx.req.set_header("Cookie", "c=3")
            ngx.say(ngx.location.capture("/sub").body)
        }
    }
    location = /sub {
        content_by_lua_block {
            local out = {}
            for name, value in pairs(ngx.req.get_headers()) do
                if type(value) == "table" then value = table.concat(value, "+") end
                table.insert(out, name .. "=" .. value)
            end
            table.sort(out)
            ngx.print(table.concat(out, " "))
        }
    }
--- request
GET /t
--- response_body
a=x+y connection=close cookie=c=3 host=localhost
--- more_headers
A: 1
B: 1
Cookie: a=1
--- no_error_log
[error]



=== TEST 38: a hundred headers
--- config
    location = /t {
        content_by_lua_block {
            local body = ngx.location.capture("/sub").body
            local n, sum = 0, 0
            for i in body:gmatch("n(%d+)=") do n, sum = n + 1, sum + i end
            ngx.say(n, " ", sum)
        }
    }
    location = /sub {
        content_by_lua_block {
            local out = {}
            for name, value in pairs(ngx.req.get_headers()) do
                if type(value) == "table" then value = table.concat(value, "+") end
                table.insert(out, name .. "=" .. value)
            end
            table.sort(out)
            ngx.print(table.concat(out, " "))
        }
    }
--- request
GET /t
--- response_body
90 4095
--- more_headers eval
CORE::join "", map { "N$_: $_\n" } 1 .. 90
--- no_error_log
[error]



=== TEST 39: hundreds of headers in large buffers
--- http_config
    large_client_header_buffers 8 16k;
--- config
    location = /t {
        content_by_lua_block { ngx.say(ngx.location.capture("/sub").body) }
    }
    location = /sub {
        content_by_lua_block {
            local headers = ngx.req.get_headers(0)
            local n = 0
            for name in pairs(headers) do if name:find("^n%d") then n = n + 1 end end
            ngx.print(n, " ", headers.n499)
        }
    }
--- request
GET /t
--- response_body
500 499
--- more_headers eval
CORE::join "", map { "N$_: $_\n" } 0 .. 499
--- no_error_log
[error]



=== TEST 40: pipelined: an unread body of the parent is not the next request
--- http_config eval: $::Upstream
--- config
    location = /t {
        content_by_lua_block {
            local res = ngx.location.capture("/up/sub", { method = ngx.HTTP_POST })
            ngx.say("[", res.body, "]")
        }
    }
    location = /get {
        content_by_lua_block { ngx.say("[", ngx.location.capture("/up/get").body, "]") }
    }
    location = /next { return 200 "next\n"; }
    location /up/ { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; }
--- raw_request eval
"POST /t HTTP/1.1\r\nHost: localhost\r\nContent-Length: 36\r\n\r\nGET /bad HTTP/1.1\r\nHost: localhost\r\n" .
"GET /next HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
--- http09
--- response_body_like eval
qr{\[POST /sub length=nil te=nil body=nil\].*HTTP/1.1 200 OK.*next\n$}s
--- no_error_log
[error]
[alert]
--- differs: the C module announces the body and does not send it



=== TEST 41: pipelined: the unread body of a parent whose subrequest is GET
--- http_config eval: $::Upstream
--- config
    location = /t {
        content_by_lua_block {
            local res = ngx.location.capture("/up/sub", { method = ngx.HTTP_POST })
            ngx.say("[", res.body, "]")
        }
    }
    location = /get {
        content_by_lua_block { ngx.say("[", ngx.location.capture("/up/get").body, "]") }
    }
    location = /next { return 200 "next\n"; }
    location /up/ { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; }
--- raw_request eval
"POST /get HTTP/1.1\r\nHost: localhost\r\nContent-Length: 36\r\n\r\nGET /bad HTTP/1.1\r\nHost: localhost\r\n" .
"GET /next HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
--- http09
--- response_body_like eval
qr{\[GET /get length=nil te=nil body=nil\].*HTTP/1.1 200 OK.*next\n$}s
--- no_error_log
[error]
[alert]



=== TEST 42: pipelined: an unread chunked body
--- http_config eval: $::Upstream
--- config
    location = /t {
        content_by_lua_block {
            local res = ngx.location.capture("/up/sub", { method = ngx.HTTP_POST })
            ngx.say("[", res.body, "]")
        }
    }
    location = /get {
        content_by_lua_block { ngx.say("[", ngx.location.capture("/up/get").body, "]") }
    }
    location = /next { return 200 "next\n"; }
    location /up/ { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; }
--- raw_request eval
"POST /t HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n24\r\nGET /bad HTTP/1.1\r\nHost: localhost\r\n\r\n0\r\n\r\n" .
"GET /next HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
--- http09
--- response_body_like eval
qr{\[POST /sub length=nil te=nil body=nil\].*HTTP/1.1 200 OK.*next\n$}s
--- no_error_log
[error]
[alert]



=== TEST 43: pipelined: a body that was read and shared
--- http_config eval: $::Upstream
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            local res = ngx.location.capture("/up/sub", { method = ngx.HTTP_POST })
            ngx.say("[", res.body, "]")
        }
    }
    location = /get {
        content_by_lua_block { ngx.say("[", ngx.location.capture("/up/get").body, "]") }
    }
    location = /next { return 200 "next\n"; }
    location /up/ { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; }
--- raw_request eval
"POST /t HTTP/1.1\r\nHost: localhost\r\nContent-Length: 6\r\n\r\nparent" .
"GET /next HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
--- http09
--- response_body_like eval
qr{\[POST /sub length=6 te=nil body=parent\].*HTTP/1.1 200 OK.*next\n$}s
--- no_error_log
[error]
[alert]



=== TEST 44: pipelined: a chunked body that was read and shared
--- http_config eval: $::Upstream
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            local res = ngx.location.capture("/up/sub", { method = ngx.HTTP_POST })
            ngx.say("[", res.body, "]")
        }
    }
    location = /get {
        content_by_lua_block { ngx.say("[", ngx.location.capture("/up/get").body, "]") }
    }
    location = /next { return 200 "next\n"; }
    location /up/ { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; }
--- raw_request eval
"POST /t HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nparent\r\n0\r\n\r\n" .
"GET /next HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
--- http09
--- response_body_like eval
qr{\[POST /sub length=6 te=nil body=parent\].*HTTP/1.1 200 OK.*next\n$}s
--- no_error_log
[error]
[alert]



=== TEST 45: pipelined: HEAD with a body, which was not read
--- http_config eval: $::Upstream
--- config
    location = /t {
        content_by_lua_block {
            local res = ngx.location.capture("/up/sub", { method = ngx.HTTP_POST })
            ngx.say("[", res.body, "]")
        }
    }
    location = /get {
        content_by_lua_block { ngx.say("[", ngx.location.capture("/up/get").body, "]") }
    }
    location = /next { return 200 "next\n"; }
    location /up/ { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; }
--- raw_request eval
"HEAD /get HTTP/1.1\r\nHost: localhost\r\nContent-Length: 36\r\n\r\nGET /bad HTTP/1.1\r\nHost: localhost\r\n" .
"GET /next HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
--- http09
--- response_body_like eval
qr{^HTTP/1.1 200 OK.*HTTP/1.1 200 OK.*next\n$}s
--- no_error_log
[error]
[alert]



=== TEST 46: a proxied server with connections that stay open gets whole requests only
--- http_config eval
$::Upstream . q{
    upstream up { server 127.0.0.1:$TEST_NGINX_RAND_PORT_1; keepalive 1; }
}
--- config
    location = /many {
        content_by_lua_block {
            local get, post = { always_forward_body = true }, { method = ngx.HTTP_POST }
            local unread = ngx.location.capture("/up/1", post).body
            ngx.req.read_body()
            ngx.say(unread)
            ngx.say(ngx.location.capture("/up/2", get).body)
            ngx.say(ngx.location.capture("/up/3", post).body)
            ngx.say(ngx.location.capture("/up/4", { method = ngx.HTTP_PUT, body = "" }).body)
            ngx.say(ngx.location.capture("/up/5", { body = "GET /bad HTTP/1.1" }).body)
            ngx.say(ngx.location.capture("/up/6").body)
        }
    }
    location /up/ {
        proxy_pass http://up/;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
    }
--- raw_request eval
"POST /many HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 6\r\n\r\nparent"
--- response_body_like eval
qr{POST /1 length=nil te=nil body=nil\nGET /2 length=6 te=nil body=parent\nPOST /3 length=6 te=nil body=parent\nPUT /4 length=0 te=nil body=nil\nGET /5 length=17 te=nil body=GET /bad HTTP/1.1\nGET /6 length=nil te=nil body=nil\n}
--- no_error_log
[error]
[alert]
--- differs: the C module announces the body and does not send it



=== TEST 47: the path of a subrequest is escaped on its way to a proxied server
--- http_config eval: $::Upstream
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.location.capture("/up/a b\r\nX: y").body)
            ngx.say(ngx.location.capture("/up/%0d%0aX:%20y?q").body)
        }
    }
    location /up/ { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; }
--- request
GET /t
--- response_body
GET /a%20b%0D%0AX:%20y length=nil te=nil body=nil
GET /%0D%0AX:%20y?q length=nil te=nil body=nil
--- no_error_log
[error]



=== TEST 48: line breaks in arguments do not become headers of a proxied request
--- http_config eval: $::Upstream
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.location.capture("/up/x?a=1\r\nX:y").body)
            ngx.say(ngx.location.capture("/up/x", { args = "a=1\r\nX:y" }).body)
        }
    }
    location /up/ { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; }
--- request
GET /t
--- response_body
GET /x?a=1%0D%0AX:y length=nil te=nil body=nil
GET /x?a=1%0D%0AX:y length=nil te=nil body=nil
--- no_error_log
[error]
--- differs: the C module sends them as they are



=== TEST 49: an upstream that breaks off: the reply is truncated
--- http_config eval: $::Upstream
--- config
    location = /t {
        content_by_lua_block {
            local res = ngx.location.capture("/up/break")
            ngx.say(res.status, " ", res.body, " ", res.truncated)
        }
    }
    location /up/ { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; }
--- request
GET /t
--- response_body
200 partial true
--- error_log
upstream prematurely closed connection
--- no_error_log
[alert]



=== TEST 50: an upstream that cannot be reached
--- config
    location = /t {
        content_by_lua_block {
            local res = ngx.location.capture("/down")
            ngx.say(res.status, " [", res.body, "] ", res.truncated)
        }
    }
    location = /down { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_2/; }
--- request
GET /t
--- response_body
502 [] true
--- error_log
Connection refused
--- no_error_log
[alert]



=== TEST 51: proxied replies: header, chunked body, large body
--- http_config
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1;
        location = /large {
            content_by_lua_block {
                ngx.header["X-Up"] = "yes"
                for i = 1, 100 do ngx.print(("x"):rep(10000)) end
            }
        }
    }
--- config
    location = /t {
        content_by_lua_block {
            local res = ngx.location.capture("/up/large")
            ngx.say(res.status, " ", #res.body, " ", res.header["X-Up"], " ", res.header["Content-Length"], " ", res.truncated)
        }
    }
    location /up/ { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; proxy_http_version 1.1; proxy_buffers 4 4k; }
--- request
GET /t
--- response_body
200 1000000 yes nil false
--- no_error_log
[error]



=== TEST 52: proxy_buffering off
--- http_config eval: $::Upstream
--- config
    location = /t {
        content_by_lua_block {
            local res = ngx.location.capture("/up/x")
            ngx.say(res.body, " ", res.truncated)
        }
    }
    location /up/ { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; proxy_buffering off; }
--- request
GET /t
--- response_body
GET /x length=nil te=nil body=nil false
--- no_error_log
[error]



=== TEST 53: proxy_intercept_errors: no page, but the status
--- http_config
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1;
        return 404 "theirs";
    }
--- config
    location = /t {
        content_by_lua_block {
            local res = ngx.location.capture("/up/x")
            ngx.say(res.status, " [", res.body, "] ", res.truncated)
        }
    }
    location /up/ { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; proxy_intercept_errors on; error_page 404 /page; }
    location = /page { return 200 page; }
--- request
GET /t
--- response_body
404 [] true
--- no_error_log
[error]



=== TEST 54: a subrequest that sets another body leaves its parent's alone
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.say(ngx.location.capture("/change", { method = ngx.HTTP_POST }).body)
            ngx.say(ngx.req.get_body_data(), " ", ngx.var.http_content_length)
        }
    }
    location = /change {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.req.set_body_data("changed")
            ngx.print(ngx.req.get_body_data(), " ", ngx.var.http_content_length)
        }
    }
--- request
POST /t
parent
--- response_body
changed 7
parent 6
--- no_error_log
[error]
--- differs: the C module changes the parent's body, too



=== TEST 55: a subrequest that sets another body leaves its parent's file alone
--- http_config eval: $::Upstream =~ s/client_max_body_size 0;/client_max_body_size 0; client_body_buffer_size 100k;/r
--- config
    location = /t {
        client_body_buffer_size 1k;
        content_by_lua_block {
            ngx.req.read_body()
            ngx.say(ngx.location.capture("/change", { method = ngx.HTTP_POST }).body)
            local file = assert(io.open(ngx.req.get_body_file()))
            ngx.say(#file:read("*a"))
            file:close()
            ngx.say(#ngx.location.capture("/up/x", { method = ngx.HTTP_POST }).body)
        }
    }
    location = /change {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.req.set_body_data("changed")
            ngx.print(ngx.req.get_body_data())
        }
    }
    location /up/ { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; }
--- request eval
"POST /t\n" . ("abcde" x 10000)
--- response_body
changed
50000
50033
--- no_error_log
[error]
--- differs: the C module deletes the parent's file
