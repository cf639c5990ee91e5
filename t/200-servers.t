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



=== TEST 6: Debian's libraries load, and take nothing else from the disk
--- http_config
    init_by_lua_block {
        local from_disk, search = {}, package.loaders[2]
        package.loaders[2] = function(name)
            local loader = search(name)
            if type(loader) == "function" then
                from_disk[#from_disk + 1] = name
            end
            return loader
        end
        for _, name in ipairs {
            "redis", "redis.connector", "memcached", "websocket.client", "websocket.server",
            "dns.resolver", "string", "aes", "random", "cookie", "kafka.producer",
        } do
            require("nginx." .. name)
        end
        package.loaders[2] = search
        table.sort(from_disk)
        package.loaded.from_disk = from_disk
    }
--- config
    location = /t {
        content_by_lua_block { ngx.say(table.concat(require("from_disk"), "\n")) }
    }
--- response_body
nginx.aes
nginx.cookie
nginx.dns.resolver
nginx.kafka.broker
nginx.kafka.client
nginx.kafka.errors
nginx.kafka.producer
nginx.kafka.request
nginx.kafka.response
nginx.kafka.ringbuffer
nginx.kafka.sendbuffer
nginx.memcached
nginx.random
nginx.redis
nginx.redis.connector
nginx.redis.sentinel
nginx.string
nginx.websocket.client
nginx.websocket.protocol
nginx.websocket.server
--- skip_eval: 3: grep { !-e "/usr/share/lua/5.1/nginx/$_" } qw(redis/connector.lua memcached.lua websocket/server.lua dns/resolver.lua string.lua cookie.lua kafka/producer.lua)
