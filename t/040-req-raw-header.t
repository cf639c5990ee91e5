use Test::Nginx::Socket::Lua 'no_plan';

add_block_preprocessor(sub {
    my ($block) = @_;
    $block->set_value("request", "GET /t")
        if !defined $block->request && !defined $block->raw_request
            && !defined $block->pipelined_requests;
    $block->set_value("no_error_log", "[error]")
        if !defined $block->error_log && !defined $block->no_error_log;
});


# What came, with the ends of lines made visible.
our $Show = <<'_EOC_';
    init_by_lua_block {
        package.loaded.show = function(no_request_line)
            local text = ngx.req.raw_header(no_request_line)
            ngx.print((text:gsub("\r", "<CR>"):gsub("\n", "<LF>\n"):gsub("%z", "<NUL>")))
        end
    }
_EOC_

our $Config = <<'_EOC_';
    location = /t {
        content_by_lua_block { require "show" () }
    }
_EOC_

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: the request line, the headers, and the empty line after them
--- http_config eval: $::Show
--- config eval: $::Config
--- raw_request eval
"GET /t?a=b HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Foo: bar\r\n\r\n"
--- response_body
GET /t?a=b HTTP/1.1<CR><LF>
Host: localhost<CR><LF>
Connection: close<CR><LF>
X-Foo: bar<CR><LF>
<CR><LF>



=== TEST 2: without the request line
--- http_config eval: $::Show
--- config
    location = /t {
        content_by_lua_block {
            require "show" (true)
            ngx.say(ngx.req.raw_header(1) == ngx.req.raw_header(true), " ",
                ngx.req.raw_header(false) == ngx.req.raw_header(), " ",
                ngx.req.raw_header(nil) == ngx.req.raw_header())
        }
    }
--- raw_request eval
"GET /t HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
--- response_body
Host: localhost<CR><LF>
Connection: close<CR><LF>
<CR><LF>
true true true



=== TEST 3: names and white space are as the client sent them
--- http_config eval: $::Show
--- config eval: $::Config
--- raw_request eval
"GET /t  HTTP/1.1\r\nHOST:localhost\r\nconnection:  close\r\nx-FOO:   a  b \r\nX-Empty:\r\nX-Blank:   \r\nX-Colon: a:b: c\r\nX-Tab: a\tb\r\n\r\n"
--- response_body
GET /t  HTTP/1.1<CR><LF>
HOST:localhost<CR><LF>
connection:  close<CR><LF>
x-FOO:   a  b <CR><LF>
X-Empty:<CR><LF>
X-Blank:   <CR><LF>
X-Colon: a:b: c<CR><LF>
X-Tab: a	b<CR><LF>
<CR><LF>
--- differs: the C module turns blanks at the end of a value into an empty line



=== TEST 4: lines that end with a line feed only
--- http_config eval: $::Show
--- config eval: $::Config
--- raw_request eval
"GET /t HTTP/1.1\nHost: localhost\nConnection: close\nX-Empty:\nX-Foo: bar\n\n"
--- response_body
GET /t HTTP/1.1<LF>
Host: localhost<LF>
Connection: close<LF>
X-Empty:<LF>
X-Foo: bar<LF>
<LF>



=== TEST 5: several blanks at the end of a value
--- http_config eval: $::Show
--- config eval: $::Config
--- raw_request eval
"GET /t HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-A: a \r\nX-B: b   \r\n\r\n"
--- response_body
GET /t HTTP/1.1<CR><LF>
Host: localhost<CR><LF>
Connection: close<CR><LF>
X-A: a <CR><LF>
X-B: b   <CR><LF>
<CR><LF>
--- differs: the C module turns blanks at the end of a value into an empty line



=== TEST 6: headers that nginx leaves out as invalid are there
--- http_config eval: $::Show
--- config eval: $::Config
--- raw_request eval
"GET /t HTTP/1.1\r\nHost: localhost\r\nX_Under: a\r\nConnection: close\r\nX.Dot: b: c\r\n\r\n"
--- response_body
GET /t HTTP/1.1<CR><LF>
Host: localhost<CR><LF>
X_Under: a<CR><LF>
Connection: close<CR><LF>
X.Dot: b: c<CR><LF>
<CR><LF>



=== TEST 7: repeated headers, bytes above 127
--- http_config eval: $::Show
--- config eval: $::Config
--- raw_request eval
"GET /t?\xc3\xa9 HTTP/1.1\r\nHost: localhost\r\nX-A: \xe9\r\nX-A: 2\r\nx-a: \xff\xfe\r\nConnection: close\r\n\r\n"
--- response_body eval
"GET /t?\xc3\xa9 HTTP/1.1<CR><LF>
Host: localhost<CR><LF>
X-A: \xe9<CR><LF>
X-A: 2<CR><LF>
x-a: \xff\xfe<CR><LF>
Connection: close<CR><LF>
<CR><LF>
"



=== TEST 8: changes that Lua makes are not seen
--- http_config eval: $::Show
--- config
    location = /t {
        content_by_lua_block {
            local before = ngx.req.raw_header()
            ngx.req.set_header("X-Foo", "changed")
            ngx.req.set_header("X-New", "new")
            ngx.req.clear_header("Connection")
            ngx.req.set_header("Host", "other")
            ngx.req.set_method(ngx.HTTP_PUT)
            ngx.req.set_uri("/other")
            ngx.req.set_uri_args("x=y")
            ngx.say(ngx.req.raw_header() == before)
            require "show" ()
        }
    }
--- raw_request eval
"GET /t HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Foo: bar\r\n\r\n"
--- response_body
true
GET /t HTTP/1.1<CR><LF>
Host: localhost<CR><LF>
Connection: close<CR><LF>
X-Foo: bar<CR><LF>
<CR><LF>



=== TEST 9: headers larger than client_header_buffer_size are in several buffers
--- http_config
    client_header_buffer_size 128;
    large_client_header_buffers 8 512;
--- config
    location = /t {
        content_by_lua_block {
            local text = ngx.req.raw_header()
            local expected = "GET /t HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            for i = 1, 20 do
                expected = expected .. "X-" .. i .. ": " .. ("v"):rep(20 * (i % 5)) .. "\r\n"
            end
            ngx.say(#text, " ", text == expected .. "\r\n")
        }
    }
--- raw_request eval
"GET /t HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    . (join "", map { "X-$_: " . ("v" x (20 * ($_ % 5))) . "\r\n" } 1 .. 20) . "\r\n"
--- response_body
1006 true



=== TEST 10: several buffers, and the header comes in pieces
--- http_config
    connection_pool_size 256;
    client_header_buffer_size 64;
    large_client_header_buffers 4 256;
--- config
    location = /t {
        content_by_lua_block {
            local text = ngx.req.raw_header()
            ngx.say(text == "GET /t HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-A: "
                .. ("a"):rep(100) .. "\r\nX-B: " .. ("b"):rep(100) .. "\r\nX-C: " .. ("c"):rep(100) .. "\r\n\r\n")
        }
    }
--- raw_request eval
[
    "GET /t HT",
    {value => "TP/1.1\r\nHost: localhost\r\nConnection: close\r", delay_before => 0.01},
    {value => "\nX-A: " . ("a" x 100) . "\r\nX-", delay_before => 0.01},
    {value => "B: " . ("b" x 100) . "\r", delay_before => 0.01},
    {value => "\nX-C: " . ("c" x 100) . "\r\n\r", delay_before => 0.01},
    {value => "\n", delay_before => 0.01},
]
--- response_body
true



=== TEST 11: a long request line
--- http_config
    client_header_buffer_size 128;
    large_client_header_buffers 4 4k;
--- config
    location = /t {
        content_by_lua_block {
            local text = ngx.req.raw_header()
            ngx.say(#text, " ", text == "GET /t?" .. ("x"):rep(3000)
                .. " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Foo: bar\r\n\r\n")
        }
    }
--- raw_request eval
"GET /t?" . ("x" x 3000) . " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Foo: bar\r\n\r\n"
--- response_body
3068 true



=== TEST 12: a body does not belong to the header
--- config
    location = /t {
        content_by_lua_block {
            local before = ngx.req.raw_header()
            ngx.req.read_body()
            ngx.say(before == ngx.req.raw_header(), " ", ngx.req.get_body_data())
            ngx.print(before)
        }
    }
--- raw_request eval
"POST /t HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 9\r\n\r\nA: b\r\n\r\nc"
--- response_body eval
"true A: b\r\n\r\nc
POST /t HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 9\r\n\r\n"



=== TEST 13: a body larger than the header's buffer
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.print(ngx.req.raw_header())
        }
    }
--- raw_request eval
"POST /t HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 20000\r\n\r\n" . ("x\r\ny" x 5000)
--- response_body eval
"POST /t HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 20000\r\n\r\n"



=== TEST 14: each of several requests that come together has its own header
--- config
    location = /t {
        content_by_lua_block { ngx.print(ngx.req.raw_header()) }
    }
--- pipelined_requests eval
["GET /t?1", "POST /t?2\nhello", "GET /t?3"]
--- more_headers eval
["X-A: 1", "X-B: 2", "X-C: 3"]
--- response_body eval
[
"GET /t?1 HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive\r\nX-A: 1\r\n\r\n",
"POST /t?2 HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive\r\nX-B: 2\r\nContent-Length: 5\r\n\r\n",
"GET /t?3 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-C: 3\r\n\r\n",
]



=== TEST 15: several requests that come together, in large buffers
--- http_config
    connection_pool_size 256;
    client_header_buffer_size 64;
    large_client_header_buffers 4 256;
--- config
    location = /t {
        content_by_lua_block { ngx.print(ngx.req.raw_header(true)) }
    }
--- pipelined_requests eval
["GET /t?1", "GET /t?2", "GET /t?3", "GET /t?4"]
--- more_headers eval
["X-A: " . ("1" x 150), "X-A: " . ("2" x 100), "X-A: " . ("3" x 180), "X-A: 4"]
--- response_body eval
[
"Host: localhost\r\nConnection: keep-alive\r\nX-A: " . ("1" x 150) . "\r\n\r\n",
"Host: localhost\r\nConnection: keep-alive\r\nX-A: " . ("2" x 100) . "\r\n\r\n",
"Host: localhost\r\nConnection: keep-alive\r\nX-A: " . ("3" x 180) . "\r\n\r\n",
"Host: localhost\r\nConnection: close\r\nX-A: 4\r\n\r\n",
]



=== TEST 16: HTTP/1.0 without any header
--- http_config eval: $::Show
--- config eval: $::Config
--- raw_request eval
"GET /t HTTP/1.0\r\n\r\n"
--- response_body
GET /t HTTP/1.0<CR><LF>
<CR><LF>



=== TEST 17: HTTP/0.9 has a request line only
--- config
    location = /t {
        content_by_lua_block {
            local ok, text = pcall(ngx.req.raw_header)
            ngx.print(ok, " [", text:gsub("\r\n", "<CRLF>"), "]")
        }
    }
--- raw_request eval
"GET /t\r\n"
--- http09
--- response_body chop
true [GET /t<CRLF>]
--- differs: the C module gives a line feed in place of the CR



=== TEST 18: empty lines before the request line do not belong to it
--- config
    location = /t {
        content_by_lua_block { ngx.print(ngx.req.raw_header()) }
    }
--- raw_request eval
"\r\n\r\nGET /t HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
--- response_body eval
"GET /t HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"



=== TEST 19: after a jump, an internal redirect and an error page it is the client's
--- config
    location = /jump { rewrite_by_lua_block { ngx.req.set_uri("/t", true) } }
    location = /rewrite { rewrite ^ /t last; }
    location = /error {
        error_page 404 =200 /t;
        return 404;
    }
    location = /t {
        content_by_lua_block { ngx.say(ngx.req.raw_header():match("^[^\r]*")) }
    }
--- request eval
["GET /jump?x", "GET /rewrite?x", "POST /error?x"]
--- response_body eval
["GET /jump?x HTTP/1.1\n", "GET /rewrite?x HTTP/1.1\n", "POST /error?x HTTP/1.1\n"]



=== TEST 20: in a subrequest it is that of the main request
--- config
    location = /auth {
        internal;
        content_by_lua_block {
            ngx.log(ngx.WARN, "auth: ", ngx.req.raw_header():match("^[^\r]*"))
            ngx.exit(200)
        }
    }
    location = /t {
        auth_request /auth;
        content_by_lua_block { ngx.say("ok") }
    }
--- request
GET /t?x
--- response_body
ok
--- error_log
auth: GET /t?x HTTP/1.1



=== TEST 21: in every phase of a request
--- config
    location = /t {
        set_by_lua_block $set { return #ngx.req.raw_header() }
        rewrite_by_lua_block { ngx.ctx.rewrite = #ngx.req.raw_header() }
        access_by_lua_block { ngx.ctx.access = #ngx.req.raw_header() }
        content_by_lua_block { ngx.print("body") }
        header_filter_by_lua_block { ngx.header.x_header = #ngx.req.raw_header() }
        body_filter_by_lua_block {
            ngx.arg[1] = table.concat({ ngx.var.set, ngx.ctx.rewrite, ngx.ctx.access, #ngx.req.raw_header() }, " ")
            ngx.arg[2] = true
        }
        log_by_lua_block { ngx.log(ngx.WARN, "log: ", #ngx.req.raw_header()) }
    }
--- response_headers
X-Header: 55
--- response_body chop
55 55 55 55
--- error_log
log: 55



=== TEST 22: after a proxied server has answered
--- config
    location = /t {
        proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/up;
        header_filter_by_lua_block { ngx.header.x_length = #ngx.req.raw_header() }
        log_by_lua_block { ngx.log(ngx.WARN, "log: ", (ngx.req.raw_header():gsub("\r\n", "|"))) }
    }
    location = /up {
        content_by_lua_block { ngx.say("up") }
    }
--- response_headers
X-Length: 55
--- response_body
up
--- error_log
log: GET /t HTTP/1.1|Host: localhost|Connection: close||



=== TEST 23: of a request that nginx refuses, what nginx could read
--- config
    error_page 400 /bad;

    location = /bad {
        content_by_lua_block {
            local ok, text = pcall(ngx.req.raw_header)
            ngx.say(ok, " ", text and text:match("^[^\r]*"))
        }
    }
--- raw_request eval
"GET /t HTTP/1.1\r\nHost: localhost\r\nHost: other\r\nConnection: close\r\n\r\n"
--- error_code: 400
--- response_body
true GET /t HTTP/1.1



=== TEST 24: over HTTP/2 it is made of what nginx parsed
--- config
    location = /t {
        content_by_lua_block { ngx.print(ngx.req.raw_header()) }
    }
--- http2
--- request
GET /t?a=b
--- more_headers
X-Foo: bar
X-Bar: b c
--- response_body_like eval
qr{\AGET /t\?a=b HTTP/2\.0\r\nhost: localhost\r\nx-foo: bar\r\nx-bar: b c\r\n\r\n\z}i
--- differs: over HTTP/2 the C module raises an error



=== TEST 25: over HTTP/2, without the request line
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.print(ngx.req.raw_header(true))
        }
    }
--- http2
--- request
POST /t
hello
--- response_body_like eval
qr{\Ahost: localhost\r\ncontent-length: 5\r\n\r\n\z}i
--- differs: over HTTP/2 the C module raises an error



=== TEST 26: a header of 64 KB
--- http_config
    large_client_header_buffers 4 128k;
--- config
    location = /t {
        content_by_lua_block {
            local text = ngx.req.raw_header()
            ngx.say(#text, " ", (text:find("X-Long: " .. ("x"):rep(65536) .. "\r\nX-Last", 1, true)))
        }
    }
--- raw_request eval
"GET /t HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Long: " . ("x" x 65536) . "\r\nX-Last: 1\r\n\r\n"
--- response_body
65612 54
