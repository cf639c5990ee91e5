# The real servers that the harness starts.

use Test::Nginx::Socket::Lua 'no_plan';

add_block_preprocessor(sub {
    my ($block) = @_;
    $block->set_value("request", "GET /t") if !defined $block->request;
    $block->set_value("no_error_log", "[error]")
        if !defined $block->error_log && !defined $block->no_error_log;
});

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: redis on its port
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            sock:settimeout(2000)
            ngx.say(sock:connect("127.0.0.1", $TEST_NGINX_REDIS_PORT))
            ngx.say(sock:send("PING\r\n"))
            ngx.say(sock:receive())
            ngx.say(sock:close())
        }
    }
--- response_body
1
6
+PONG
1
--- skip_eval: 3: !$ENV{TEST_NGINX_REDIS_PORT}



=== TEST 2: redis on its unix socket
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            sock:settimeout(2000)
            ngx.say(sock:connect("unix:$TEST_NGINX_REDIS_SOCKET"))
            sock:send("*2\r\n$4\r\nECHO\r\n$5\r\nhello\r\n")
            ngx.say(sock:receive(), " ", sock:receive())
        }
    }
--- response_body
1
$5 hello
--- skip_eval: 3: !$ENV{TEST_NGINX_REDIS_SOCKET}



=== TEST 3: redis with TLS
--- http_config
    lua_ssl_trusted_certificate $TEST_NGINX_REDIS_TLS_CERTIFICATE;
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            sock:settimeout(2000)
            ngx.say(sock:connect("127.0.0.1", $TEST_NGINX_REDIS_TLS_PORT))
            ngx.say(sock:sslhandshake(false, "localhost", true))
            sock:send("PING\r\n")
            ngx.say(sock:receive())
        }
    }
--- response_body
1
true
+PONG
--- skip_eval: 3: !$ENV{TEST_NGINX_REDIS_TLS_PORT}



=== TEST 4: memcached
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            sock:settimeout(2000)
            ngx.say(sock:connect("127.0.0.1", $TEST_NGINX_MEMCACHED_PORT))
            sock:send("version\r\n")
            ngx.say((sock:receive():gsub("%d+", "N")))
        }
    }
--- response_body
1
VERSION N.N.N
--- skip_eval: 3: !$ENV{TEST_NGINX_MEMCACHED_PORT}



=== TEST 5: a DNS server, by way of nginx's resolver
--- config
    resolver 127.0.0.1:$TEST_NGINX_DNS_PORT ipv6=off;

    location = /t {
        content_by_lua_block {
            for _, name in ipairs {"one.test", "chain.test", "nobody.test", "six.test"} do
                local sock = ngx.socket.tcp()
                sock:settimeout(2000)
                ngx.say(name, ": ", sock:connect(name, ngx.var.server_port))
                sock:close()
            end
        }
    }
--- response_body
one.test: 1
chain.test: 1
nobody.test: nilnobody.test could not be resolved (3: Host not found)
six.test: nilsix.test could not be resolved (3: Host not found)
--- no_error_log
[alert]
--- skip_eval: 3: !$ENV{TEST_NGINX_DNS_PORT}
