use Test::Nginx::Socket::Lua 'no_plan';

add_block_preprocessor(sub {
    my ($block) = @_;
    $block->set_value("request", "GET /t")
        if !defined $block->request && !defined $block->raw_request
            && !defined $block->pipelined_requests;
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

add_block_preprocessor(sub {
    my ($block) = @_;
    $block->set_value("http2", "") if !defined $block->http2;
});

our $Echo = <<'_EOC_';
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.print(ngx.req.get_headers()["Content-Length"], " [", ngx.req.get_body_data(), "]")
        }
    }
_EOC_

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: a body with its length
--- config eval: $::Echo
--- request
POST /t
hello
--- response_body chop
5 [hello]



=== TEST 2: a body without Content-Length
--- config eval: $::Echo
--- request eval
"POST /t\nhello"
--- more_headers
Transfer-Encoding: chunked
--- response_body chop
nil [hello]



=== TEST 3: no body, and an empty one without a length
--- config eval: $::Echo
--- request eval
["GET /t", "POST /t", "POST /t\n"]
--- more_headers eval
["", "Content-Length: 0", "Transfer-Encoding: chunked"]
--- response_body eval
["nil [nil]", "0 [nil]", "nil [nil]"]



=== TEST 4: a body that comes in parts is waited for
--- config eval: $::Echo
--- request eval
[["POST /t\nhel", {value => "lo, ", delay_before => 0.03}, {value => "world", delay_before => 0.03}]]
--- response_body chop
12 [hello, world]



=== TEST 5: a body in parts, without Content-Length
--- config eval: $::Echo
--- request eval
[["POST /t\nhel", {value => "lo, ", delay_before => 0.03}, {value => "world", delay_before => 0.03}]]
--- more_headers
Transfer-Encoding: chunked
--- response_body chop
nil [hello, world]



=== TEST 6: waiting in rewrite and access
--- config
    location = /rewrite {
        rewrite_by_lua_block {
            ngx.req.read_body()
            ngx.say("rewrite: ", ngx.req.get_body_data())
        }
    }
    location = /access {
        access_by_lua_block {
            ngx.req.read_body()
            ngx.say("access: ", ngx.req.get_body_data())
        }
    }
--- request eval
[
    ["POST /rewrite\nhel", {value => "lo", delay_before => 0.03}],
    ["POST /access\nhel", {value => "lo", delay_before => 0.03}],
]
--- more_headers
Transfer-Encoding: chunked
--- response_body eval
["rewrite: hello\n", "access: hello\n"]



=== TEST 7: lua_need_request_body, with and without a length
--- config
    lua_need_request_body on;

    location = /t {
        rewrite_by_lua_block { ngx.ctx.body = ngx.req.get_body_data() }
        content_by_lua_block { ngx.say(ngx.ctx.body, " ", ngx.req.get_body_data()) }
    }
--- request eval
["POST /t\nhello", "POST /t\nhello"]
--- more_headers eval
["", "Transfer-Encoding: chunked"]
--- response_body eval
["hello hello\n", "hello hello\n"]



=== TEST 8: a large body is in a file
--- config
    client_body_buffer_size 1k;

    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            local file = assert(io.open(ngx.req.get_body_file()))
            ngx.say(file:seek("end"), " ", ngx.req.get_body_data())
        }
    }
--- request eval
["POST /t\n" . ("x" x 100000), "POST /t\n" . ("x" x 100000)]
--- more_headers eval
["", "Transfer-Encoding: chunked"]
--- response_body eval
["100000 nil\n", "100000 nil\n"]



=== TEST 9: a body of 10 MB without a length, in memory
--- config
    client_body_buffer_size 10m;

    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            local body = ngx.req.get_body_data()
            ngx.say(#body, " ", body == ("0123456789"):rep(1024 * 1024))
        }
    }
--- request eval
"POST /t\n" . ("0123456789" x (1024 * 1024))
--- more_headers
Transfer-Encoding: chunked
--- response_body
10485760 true
--- timeout: 10



=== TEST 10: a body without a length that is larger than client_max_body_size
--- config
    location = /t {
        client_max_body_size 10;
        content_by_lua_block {
            ngx.req.read_body()
            ngx.log(ngx.WARN, "not reached")
        }
    }
--- request eval
"POST /t\n" . ("x" x 1000)
--- more_headers
Transfer-Encoding: chunked
--- error_code: 413
--- ignore_response_body
--- error_log
client intended to send too large chunked body
--- no_error_log
not reached



=== TEST 11: get_post_args
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            local args = ngx.req.get_post_args()
            ngx.say(args.a, " ", args.b)
        }
    }
--- request eval
["POST /t\na=1&b=%2B", "POST /t\na=1&b=%2B"]
--- more_headers eval
["", "Transfer-Encoding: chunked"]
--- response_body eval
["1 +\n", "1 +\n"]



=== TEST 12: another body goes to a proxied server with its length
--- http_config
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1;
        location / {
            content_by_lua_block {
                ngx.req.read_body()
                local headers = ngx.req.get_headers()
                ngx.say(headers["Content-Length"], " ", headers["Transfer-Encoding"], " ", ngx.req.get_body_data())
            }
        }
    }
--- config
    location = /t {
        rewrite_by_lua_block {
            ngx.req.read_body()
            ngx.req.set_body_data(ngx.req.get_body_data():upper() .. "!")
        }
        proxy_http_version 1.1;
        proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1;
    }
--- request eval
["POST /t\nhello", "POST /t\nhello"]
--- more_headers eval
["", "Transfer-Encoding: chunked"]
--- response_body eval
["6 nil HELLO!\n", "6 nil HELLO!\n"]



=== TEST 13: a body that is built
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.req.init_body(4)
            ngx.req.append_body("abc")
            ngx.req.append_body("defghi")
            ngx.req.finish_body()
            local file = assert(io.open(ngx.req.get_body_file()))
            ngx.say(file:read("*a"), " ", ngx.req.get_headers()["Content-Length"])
        }
    }
--- request
POST /t
hello
--- more_headers
Transfer-Encoding: chunked
--- response_body
abcdefghi 9



=== TEST 14: a body that is thrown away
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.discard_body()
            ngx.req.read_body()
            ngx.say(ngx.req.get_body_data())
        }
    }
--- request
GET /t
--- response_body
nil



=== TEST 15: headers have names in lower case, raw ones too
--- config
    location = /t {
        content_by_lua_block {
            local headers = ngx.req.get_headers()
            local raw = ngx.req.get_headers(0, true)
            ngx.say(headers["X-Foo"], " ", headers.x_foo, " ", raw["x-foo"], " ", raw["X-Foo"])
            ngx.say(headers.host, " ", ngx.var.host, " ", ngx.var.http_host)
        }
    }
--- request
GET /t
--- more_headers
X-Foo: bar
--- response_body
bar bar bar nil
localhost localhost localhost



=== TEST 16: headers can be set, added and cleared
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.set_header("X-Foo", { "a", "b" })
            require "ngx.req".add_header("X-Foo", "c")
            ngx.req.set_header("Cookie", { "a=1", "b=2" })
            ngx.req.clear_header("X-Bar")
            ngx.req.set_header("Host", "Other")
            local headers = ngx.req.get_headers()
            ngx.say(table.concat(headers.x_foo, " "), " ", headers.x_bar, " ", headers.host, " ", ngx.var.host)
            ngx.say(ngx.var.cookie_a, ngx.var.cookie_b)
        }
    }
--- request
GET /t
--- more_headers
X-Foo: x
X-Bar: y
--- response_body
a b c nil Other other
12



=== TEST 17: cookies that come in several fields are one header
--- config
    location = /t {
        content_by_lua_block {
            local cookie = ngx.req.get_headers().cookie
            ngx.say(type(cookie) == "table" and table.concat(cookie, " + ") or cookie)
            ngx.say(ngx.var.cookie_a, ngx.var.cookie_b)
        }
    }
--- request
GET /t
--- more_headers
Cookie: a=1
Cookie: b=2
--- response_body
a=1; b=2
12



=== TEST 18: method, URI and arguments
--- config
    location /t {
        content_by_lua_block {
            ngx.say(ngx.req.get_method(), " ", ngx.var.uri, " ", ngx.req.get_uri_args().a)
            ngx.req.set_method(ngx.HTTP_PUT)
            ngx.req.set_uri("/other")
            ngx.req.set_uri_args("b=2")
            ngx.say(ngx.req.get_method(), " ", ngx.var.uri, " ", ngx.var.args)
        }
    }
--- request
DELETE /t/x%20y?a=%21
--- response_body
DELETE /t/x y !
PUT /other b=2



=== TEST 19: get_body_data and get_body_file before the body is read
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.req.get_body_data(), " ", ngx.req.get_body_file())
            ngx.req.read_body()
        }
    }
--- request
POST /t
hello
--- response_body
nil nil



=== TEST 20: a body without a length in a place that cannot wait
--- config
    location = /t {
        content_by_lua_block {
            local ok, err = pcall(string.gsub, "a", "a", function() ngx.req.read_body() end)
            ngx.req.read_body()
            ngx.say(ok, " ", err, " ", ngx.req.get_body_data())
        }
    }
--- request eval
[["POST /t\nhel", {value => "lo", delay_before => 0.03}]]
--- more_headers
Transfer-Encoding: chunked
--- response_body
false attempt to yield across C-call boundary hello
--- differs: the C module does not answer such a request
