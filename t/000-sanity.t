# What the rest of the files builds on: every section and setting that the
# harness knows, on stock nginx where that is enough.

use Test::Nginx::Socket::Lua 'no_plan';

repeat_each(2);

$ENV{TEST_NGINX_HTML_DIR} ||= html_dir();

our $Hello = <<'_EOC_';
    location = /t {
        return 200 "hello\n";
    }
_EOC_

add_block_preprocessor(sub {
    my $block = shift;

    if (!defined $block->no_error_log && !defined $block->error_log) {
        $block->set_value("no_error_log", "[error]");
    }
});

run_tests();

__DATA__

=== TEST 1: stock nginx answers
--- config
    location = /t {
        return 200 "hello\n";
    }
--- request
GET /t
--- response_body
hello



=== TEST 2: the Lua module answers
--- config
    location = /t {
        content_by_lua_block {
            ngx.say("hello")
            ngx.log(ngx.WARN, "said it")
        }
    }
--- request
GET /t
--- response_body
hello
--- error_log
said it
--- no_error_log
[error]



=== TEST 3: status code, headers
--- config
    location = /t {
        add_header X-A "1";
        add_header X-A "2";
        return 301 /x;
    }
--- request
GET /t
--- error_code: 301
--- response_headers
X-A: 1, 2
x-a: 1, 2
Location: http://localhost:$ServerPort/x
! X-B
--- raw_response_headers_like: \r\nX-A: 1\r\nX-A: 2\r\n
--- raw_response_headers_unlike: X-B
--- response_body_like: Moved Permanently



=== TEST 4: patterns for status code, headers and body
--- config eval: $::Hello
--- request
GET /none
--- error_code_like: ^40[34]$
--- response_headers_like
Server: nginx.*
Content-Length: \d+
--- response_body_like: 404 Not Found
--- response_body_unlike: 403
--- error_log eval
qr/open\(\) ".*none" failed \(2: No such file/



=== TEST 5: expected body is a regex
--- config eval: $::Hello
--- request
GET /t
--- response_body eval
qr/\AHELLO$/mi



=== TEST 6: sections everywhere in the configuration
--- main_config
    env TEST_NGINX_X=1;
--- http_config
    map $uri $mapped { default "from http"; }
--- config
    location = /t {
        return 200 "$mapped, $server_name\n";
    }
--- post_main_config
    thread_pool unused threads=1;
--- server_name: example.com
--- request
GET /t
--- response_body
from http, example.com



=== TEST 7: request with body and headers
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.say(ngx.req.get_method(), " ", ngx.var.http_host, " ", ngx.var.http_x_foo)
            ngx.say(ngx.var.content_length, " ", ngx.req.get_body_data())
        }
    }
--- request
# one comment
POST /t
hello, world
--- more_headers
X-Foo: bar
Host: example.com
--- response_body
POST example.com bar
12 hello, world



=== TEST 8: HTTP/1.0, HEAD
--- config eval: $::Hello
--- request eval
["GET /t HTTP/1.0", "HEAD /t", "GET /t?a=b"]
--- error_code eval
[200, 200, 200]
--- response_headers eval
["Connection: close", "Content-Length: 6", "Content-Type: text/plain"]
--- response_body eval
["hello\n", "", "hello\n"]



=== TEST 9: a request in parts
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.say(ngx.req.get_body_data())
        }
    }
--- request eval
[["POST /t\nab", {value => "cd", delay_before => 0.02}, "ef"], "POST /t\nxyz"]
--- response_body eval
["abcdef\n", "xyz\n"]



=== TEST 10: headers for each request
--- config
    location = /t {
        return 200 "$http_x_foo\n";
    }
--- request eval
["GET /t", "GET /t"]
--- more_headers eval
["X-Foo: one", "X-Foo: two"]
--- response_body eval
["one\n", "two\n"]



=== TEST 11: raw request in parts
--- config eval: $::Hello
--- raw_request eval
["GET /t HT", "TP/1.1\r\nHost: a\r\nConn", "ection: close\r\n\r\n"]
--- raw_request_middle_delay: 0.01
--- response_body
hello



=== TEST 12: pipelined requests
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.say("body: ", ngx.req.get_body_data())
        }
    }
--- pipelined_requests eval
["POST /t\none", "GET /t", "POST /t\nthree"]
--- response_body eval
["body: one\n", "body: nil\n", "body: three\n"]



=== TEST 13: HTTP/0.9
--- config eval: $::Hello
--- raw_request eval
"GET /t\r\n"
--- http09
--- response_body
hello



=== TEST 14: no response at all
--- config
    location = /t {
        return 444;
    }
--- request
GET /t
--- error_code:
--- response_body:



=== TEST 15: the client goes away
--- config
    location = /t {
        content_by_lua_block {
            ngx.sleep(1)
            ngx.say("late")
        }
    }
--- request
GET /t
--- timeout: 50ms
--- abort
--- ignore_response
--- no_error_log
late



=== TEST 16: the client shuts its side down
--- config
    location = /t {
        content_by_lua_block {
            ngx.say("done")
        }
    }
--- request
GET /t
--- shutdown: 1
--- response_body
done



=== TEST 17: error log text and regexes
--- config
    location = /t {
        content_by_lua_block {
            ngx.log(ngx.ERR, "number: ", 42)
            ngx.say("ok")
        }
    }
--- request
GET /t
--- response_body
ok
--- error_log eval
["number: 42", qr/\[error\] .*? NUMBER: \d+/i]
--- no_error_log eval
["number: 43", qr/number: 42\d/]



=== TEST 18: piece of the error log, each repetition its own
--- config
    location = /t {
        content_by_lua_block {
            local count = (package.loaded.count or 0) + 1
            package.loaded.count = count
            print("count is ", count, "!")
            ngx.say("ok")
        }
    }
--- request
GET /t
--- response_body
ok
--- grep_error_log eval
qr/count is \d+/
--- grep_error_log_out eval
["count is 1\n", "count is 2\n"]



=== TEST 19: a severe message that the block names
--- config
    location = /t {
        content_by_lua_block {
            ngx.log(ngx.ALERT, "red")
            ngx.say("ok")
        }
    }
--- request
GET /t
--- response_body
ok
--- error_log
red



=== TEST 20: access log
--- config eval: $::Hello
--- request
GET /t?logged
--- response_body
hello
--- access_log eval
["GET /t?logged HTTP/1.1", qr/" 200 6 /]
--- no_access_log
POST



=== TEST 21: user files, as text
--- config
    location = /lua {
        content_by_lua_file html/d/a.lua;
    }
--- user_files
>>> d/a.lua
ngx.say("port: $TEST_NGINX_SERVER_PORT")
>>> b.txt 199801171935.33
Hello, world
--- request eval
["GET /lua", "GET /b.txt"]
--- response_body eval
["port: \$ServerPort\n", "Hello, world\n"]
--- response_headers eval
["", "Last-Modified: Sat, 17 Jan 1998 19:35:33 GMT"]



=== TEST 22: user files, as perl data
--- config
--- user_files eval
[["a.txt" => "one\n"], ["b.txt" => "x" x 10, "199801171935.33"]]
--- request eval
["GET /a.txt", "GET /b.txt"]
--- response_body eval
["one\n", "xxxxxxxxxx"]



=== TEST 23: variables
--- config
    location = /t {
        return 200 "$TEST_NGINX_SERVER_ROOT/html $TEST_NGINX_HTML_DIR\n";
    }
--- request
GET /t
--- response_body eval
my $root = Test::Nginx::Util::server_root();
"$root/html $Test::Nginx::Util::HtmlDir\n"



=== TEST 24: nginx must die
--- config
    no_such_directive on;
--- must_die: 1
--- error_log
unknown directive "no_such_directive"



=== TEST 25: perl code before the requests
--- config
--- init
open my $out, '>', Test::Nginx::Util::html_dir() . '/made.txt' or die $!;
print $out "made\n";
close $out;
--- request
GET /made.txt
--- response_body
made



=== TEST 26: waiting before the log is checked
--- config
    location = /t {
        content_by_lua_block {
            ngx.say("ok")
            ngx.eof()
            ngx.sleep(0.05)
            print("slept")
        }
    }
--- request
GET /t
--- response_body
ok
--- wait: 0.1
--- error_log
slept



=== TEST 27: log level of one block
--- config
    location = /t {
        content_by_lua_block {
            ngx.log(ngx.NOTICE, "too low")
            ngx.log(ngx.WARN, "high enough")
            ngx.say("ok")
        }
    }
--- log_level: warn
--- request
GET /t
--- response_body
ok
--- error_log
high enough
--- no_error_log
too low



=== TEST 28: body goes through filters
--- config eval: $::Hello
--- request eval
["GET /t", "GET /t"]
--- response_body_filters eval
[["uc"], [sub { length($_[0]) . " bytes" }]]
--- response_body eval
["HELLO\n", "6 bytes"]



=== TEST 29: filters of sections
--- config eval: $::Hello
--- request lines chomp array
GET /t
GET /t
--- response_body eval
["hello\n", "hello\n"]



=== TEST 30: TCP server
--- config
    location = /t {
        proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/x;
        proxy_set_header Host a;
    }
--- tcp_listen: $TEST_NGINX_RAND_PORT_1
--- tcp_query eval
"GET /x HTTP/1.0\r\nHost: a\r\nConnection: close\r\n\r\n"
--- tcp_query_len: 47
--- tcp_reply eval
sub {
    my ($uri) = shift =~ /^GET (\S+)/;
    return ["HTTP/1.0 200 OK\r\n\r\n", "uri: $uri\n"];
}
--- tcp_reply_delay: 10ms
--- request
GET /t
--- response_body
uri: /x



=== TEST 31: TCP server on a socket file
--- config
    location = /t {
        proxy_pass http://unix:$TEST_NGINX_HTML_DIR/mock.sock;
    }
--- tcp_listen: $TEST_NGINX_HTML_DIR/mock.sock
--- tcp_reply eval
"HTTP/1.0 200 OK\r\n\r\nfrom a file\n"
--- request
GET /t
--- response_body
from a file



=== TEST 32: UDP server
--- http_config
    log_format uri "uri: $uri";
--- config
    location = /t {
        access_log syslog:server=127.0.0.1:$TEST_NGINX_RAND_PORT_1 uri;
        return 200 "ok\n";
    }
--- udp_listen: $TEST_NGINX_RAND_PORT_1
--- udp_query eval
qr{uri: /t$}
--- udp_reply: not read
--- request
GET /t
--- response_body
ok



=== TEST 33: not for this nginx
--- config
--- request
GET /t
--- response_body
nothing is here
--- skip_nginx: 2: > 1.2.0



=== TEST 34: not if perl says so
--- config
--- request
GET /t
--- response_body
nothing is here
--- skip_eval: 2: $^O eq 'linux'



=== TEST 35: echo module, where there is one
--- config
    location = /t {
        echo hello;
    }
--- request
GET /t
--- response_body
hello
--- skip_eval: 3: !$ENV{TEST_NGINX_ECHO}



=== TEST 36: nothing of the response is checked
--- config
    location = /t {
        return 500;
    }
--- request
GET /t
--- ignore_response



=== TEST 37: shutdown messages
--- config eval: $::Hello
--- request
GET /t
--- response_body
hello
--- shutdown_error_log
exit
--- no_shutdown_error_log
[error]



=== TEST 38: HTTP/2
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.say(ngx.var.server_protocol, " ", ngx.var.http_x_foo, " ", ngx.req.get_body_data())
        }
    }
--- http2
--- request
POST /t
hello
--- more_headers
X-Foo: bar
--- response_body
HTTP/2.0 bar hello
--- no_error_log
[error]



=== TEST 39: HTTP/2, a body without Content-Length
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            local headers = ngx.req.get_headers()
            ngx.print(headers["Transfer-Encoding"], " ", headers["Content-Length"], " [", headers["X-Empty"], "] ",
                ngx.req.get_body_data())
        }
    }
--- http2
--- request
POST /t
hello
--- more_headers
Transfer-Encoding: chunked
X-Empty:
--- response_body
nil nil [] hello
--- no_error_log
[error]



=== TEST 40: HTTP/2, a body in parts
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.say(ngx.req.get_headers()["Content-Length"], " ", ngx.req.get_body_data())
        }
    }
--- http2
--- request eval
[["POST /t\nhel", "l", {value => "o", delay_before => 0.02}]]
--- response_body
5 hello
--- no_error_log
[error]



=== TEST 41: HTTP/2, HEAD
--- config
    location = /t {
        return 200 "hello";
    }
--- http2
--- request
HEAD /t
--- response_headers
Content-Length: 5
--- response_body
--- no_error_log
[error]



=== TEST 42: HTTP/2, a stream that the server resets
--- config
    location = /t {
        return 444;
    }
--- http2
--- request
GET /t
--- error_code:
--- ignore_response_body
--- no_error_log
[error]
