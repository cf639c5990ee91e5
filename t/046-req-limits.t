use Test::Nginx::Socket::Lua 'no_plan';

add_block_preprocessor(sub {
    my ($block) = @_;
    $block->set_value("request", "GET /t")
        if !defined $block->request && !defined $block->raw_request
            && !defined $block->pipelined_requests;
    $block->set_value("no_error_log", "[error]")
        if !defined $block->error_log && !defined $block->no_error_log;
});


repeat_each(2);
run_tests();

__DATA__

=== TEST 1: 900 headers of the client: nginx refuses more than 1000
--- http_config
    client_header_buffer_size 512k;
    large_client_header_buffers 8 512k;
--- config
    location = /t {
        content_by_lua_block {
            local function count(...)
                local headers, err = ngx.req.get_headers(...)
                local n = 0
                for _ in pairs(headers) do
                    n = n + 1
                end
                ngx.say(n, " ", err)
                return headers
            end
            count()
            count(0)
            count(901)
            count(902)
            local headers = count(0, true)
            ngx.say(headers["X-1"], " ", headers["X-900"], " ", ngx.var.http_x_900)
        }
    }
--- raw_request eval
"GET /t HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" . (join "", map { "X-$_: $_\r\n" } 1 .. 900) . "\r\n"
--- response_body
100 truncated
902 nil
901 truncated
902 nil
902 nil
1 900 900



=== TEST 2: 10,000 headers set, read and cleared
--- config
    location = /t {
        content_by_lua_block {
            for i = 1, 10000 do
                ngx.req.set_header("X-" .. i, i)
            end
            local headers, err = ngx.req.get_headers(0)
            ngx.say(headers["x-1"], " ", headers["x-10000"], " ", err)
            for i = 1, 10000, 100 do
                ngx.req.clear_header("X-" .. i)
            end
            headers = ngx.req.get_headers(0)
            ngx.say(headers["x-1"], " ", headers["x-2"], " ", headers["x-9901"], " ", headers["x-10000"], " ", headers.host)
        }
    }
--- response_body
1 10000 nil
nil 2 nil 10000 localhost
--- timeout: 20



=== TEST 3: a header with 10,000 values
--- config
    location = /t {
        content_by_lua_block {
            local values = {}
            for i = 1, 10000 do
                values[i] = "v" .. i
            end
            ngx.req.set_header("X-Foo", values)
            values = ngx.req.get_headers(0)["x-foo"]
            ngx.say(#values, " ", values[1], " ", values[10000])
            ngx.req.set_header("X-Foo", "one")
            ngx.say(ngx.req.get_headers().x_foo)
        }
    }
--- response_body
10000 v1 v10000
one



=== TEST 4: a header of 64 KB comes, is set, and goes to a proxied server
--- http_config
    large_client_header_buffers 4 128k;
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1;
        location / {
            content_by_lua_block {
                local headers = ngx.req.get_headers()
                ngx.say(#headers.x_long, " ", #headers.x_other, " ", headers.x_other:sub(-3))
            }
        }
    }
--- config
    location = /t {
        rewrite_by_lua_block {
            ngx.req.set_header("X-Other", ngx.req.get_headers().x_long:sub(1, -4) .. "abc")
        }
        proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1;
    }
--- raw_request eval
"GET /t HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Long: " . ("x" x 65536) . "\r\n\r\n"
--- response_body
65536 65536 abc



=== TEST 5: a name of 64 KB
--- config
    location = /t {
        content_by_lua_block {
            local name = ("n"):rep(65536)
            ngx.req.set_header(name, "value")
            ngx.say(ngx.req.get_headers()[name])
            ngx.req.clear_header(name:upper())
            ngx.say(ngx.req.get_headers()[name])
        }
    }
--- response_body
value
nil



=== TEST 6: 10,000 arguments of the URI
--- http_config
    large_client_header_buffers 4 256k;
--- config
    location = /t {
        content_by_lua_block {
            local function count(...)
                local args, err = ngx.req.get_uri_args(...)
                local n = 0
                for _ in pairs(args) do
                    n = n + 1
                end
                ngx.say(n, " ", err)
                return args
            end
            count()
            count(0)
            count(9999)
            local args = count(10000)
            ngx.say(args.a1, " ", args.a10000)
        }
    }
--- raw_request eval
"GET /t?" . (join "&", map { "a$_=$_" } 1 .. 10000) . " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
--- response_body
100 truncated
10000 nil
9999 truncated
10000 nil
1 10000



=== TEST 7: 10,000 arguments set as a table and read again
--- config
    location = /t {
        content_by_lua_block {
            local args = {}
            for i = 1, 10000 do
                args["a" .. i] = "v " .. i
            end
            ngx.req.set_uri_args(args)
            args = ngx.req.get_uri_args(0)
            local n = 0
            for name, value in pairs(args) do
                if value == "v " .. name:sub(2) then
                    n = n + 1
                end
            end
            ngx.say(n)
        }
    }
--- response_body
10000



=== TEST 8: one argument 10,000 times
--- config
    location = /t {
        content_by_lua_block {
            local values = {}
            for i = 1, 10000 do
                values[i] = i
            end
            ngx.req.set_uri_args { a = values }
            values = ngx.req.get_uri_args(0).a
            ngx.say(#values, " ", values[1], " ", values[10000])
        }
    }
--- response_body
10000 1 10000



=== TEST 9: 10,000 arguments in a body
--- config
    location = /t {
        client_body_buffer_size 256k;
        content_by_lua_block {
            ngx.req.read_body()
            local function count(...)
                local args, err = ngx.req.get_post_args(...)
                local n = 0
                for _ in pairs(args) do
                    n = n + 1
                end
                ngx.say(n, " ", err)
                return args
            end
            count()
            count(9999)
            local args = count(0)
            ngx.say(args.a1, " ", args.a10000)
        }
    }
--- request eval
"POST /t\n" . join "&", map { "a$_=%3$_" } 1 .. 10000
--- response_body_like
^100 truncated
9999 truncated
10000 nil
1 10000$



=== TEST 10: percent codes of all kinds, in arguments and bodies alike
--- config
    location = /t {
        content_by_lua_block {
            local text = "a=%&b=%%&c=%4&d=%4g&e=%g4&f=%41%&g=%2525&h=%00%ff&%69=i&j=%u0041&k=+%2b+"
            ngx.req.set_uri_args(text)
            ngx.req.read_body()
            ngx.req.set_body_data(text)
            for _, args in ipairs { ngx.req.get_uri_args(), ngx.req.get_post_args() } do
                for _, name in ipairs { "a", "b", "c", "d", "e", "f", "g", "i", "j", "k" } do
                    ngx.print(name, "=", args[name], " ")
                end
                ngx.say(args.h == "\0\255")
            end
        }
    }
--- response_body
a=% b=%% c=%4 d=%4g e=%g4 f=A% g=%25 i=i j=%u0041 k= +  true
a=% b=%% c=%4 d=%4g e=%g4 f=A% g=%25 i=i j=%u0041 k= +  true



=== TEST 11: an argument of 1 MB
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.set_uri_args { a = ("x y"):rep(350000) }
            ngx.say(#ngx.var.args, " ", #ngx.req.get_uri_args().a)
            ngx.req.set_uri_args("a=" .. ("z"):rep(1000000))
            ngx.say(#ngx.var.args, " ", #ngx.req.get_uri_args().a)
        }
    }
--- response_body
1750002 1050000
1000002 1000000



=== TEST 12: a URI of 1 MB
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.set_uri("/" .. ("x"):rep(1000000))
            ngx.say(#ngx.var.uri)
        }
    }
--- response_body
1000001



=== TEST 13: 10 MB of body set twenty times in one request take no memory twice
--- config
    location = /t {
        content_by_lua_block {
            local function resident()
                local file = assert(io.open("/proc/self/statm"))
                local pages = file:read("*a"):match("^%d+ (%d+)")
                file:close()
                return pages * 4096
            end
            ngx.req.read_body()
            local data = ("x"):rep(10 * 1024 * 1024)
            ngx.req.set_body_data(data)
            local before = resident()
            for _ = 1, 20 do
                ngx.req.set_body_data(data)
            end
            ngx.say(resident() - before < 30 * 1024 * 1024)
        }
    }
--- request
POST /t
hello
--- response_body
true



=== TEST 14: memory does not grow with the requests of a connection
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.req.set_body_data(("x"):rep(2 * 1024 * 1024))
            ngx.req.init_body(1024 * 1024)
            ngx.req.append_body(("y"):rep(1024 * 1024))
            ngx.req.finish_body()
            collectgarbage()
            local file = assert(io.open("/proc/self/statm"))
            local pages = tonumber(file:read("*a"):match("^%d+ (%d+)"))
            file:close()
            local first = package.loaded.first or pages
            package.loaded.first = first
            -- 48 MB, of more than 90 that the requests take together.
            ngx.say(pages - first < 12288)
        }
    }
--- pipelined_requests eval
[map { "POST /t\nhello" } 1 .. 30]
--- response_body eval
[map { "true\n" } 1 .. 30]



=== TEST 15: a body of 10 MB is read, changed and sent on
--- http_config
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1;
        client_max_body_size 20m;
        client_body_buffer_size 20m;
        location / {
            content_by_lua_block {
                ngx.req.read_body()
                local body = ngx.req.get_body_data()
                ngx.say(#body, " ", body:sub(1, 5), " ", body:sub(-5))
            }
        }
    }
--- config
    location = /t {
        client_body_buffer_size 16m;
        rewrite_by_lua_block {
            ngx.req.read_body()
            ngx.req.set_body_data(ngx.req.get_body_data() .. "12345")
        }
        proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1;
    }
--- request eval
"POST /t\nabcde" . ("x" x (10 * 1024 * 1024))
--- response_body
10485770 abcde 12345



=== TEST 16: a chunked body of 10 MB in tiny chunks
--- config
    location = /t {
        client_body_buffer_size 16m;
        content_by_lua_block {
            ngx.req.read_body()
            ngx.say(#ngx.req.get_body_data())
        }
    }
--- raw_request eval
"POST /t HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    . ("10\r\n0123456789abcdef\r\n" x 65536) . "0\r\n\r\n"
--- response_body
1048576
--- timeout: 10



=== TEST 17: bytes of all kinds in a header, as they came
--- config
    location = /t {
        content_by_lua_block {
            local value = ngx.req.get_headers().x_bytes
            ngx.print(#value)
            for i = 1, #value do
                ngx.print(" ", value:byte(i))
            end
        }
    }
--- raw_request eval
"GET /t HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Bytes: a\t\x01\x7f\x80\xffb\r\n\r\n"
--- response_body chop
7 97 9 1 127 128 255 98
