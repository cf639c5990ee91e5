# Debian's lua-nginx-redis-connector with a redis-server.

use Test::Nginx::Socket::Lua;

$ENV{TEST_NGINX_REDIS_PORT} && -e '/usr/share/lua/5.1/nginx/redis/connector.lua'
    ? plan('no_plan') : plan(skip_all => 'no redis-server or no lua-nginx-redis-connector');

add_block_preprocessor(sub {
    my ($block) = @_;
    $block->set_value("request", "GET /t") if !defined $block->request;
    $block->set_value("no_error_log", "[error]")
        if !defined $block->error_log && !defined $block->no_error_log;
});

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: host and port, and keeping the connection
--- config
    location = /t {
        content_by_lua_block {
            local connector = require("nginx.redis.connector").new {
                host = "127.0.0.1",
                port = $TEST_NGINX_REDIS_PORT,
                connection_options = { pool = "c1" .. ngx.var.connection },
            }
            for i = 1, 2 do
                local red, err = connector:connect()
                ngx.say(err, " ", red:get_reused_times() > 0)
                ngx.say(red:set("c1", i), " ", red:get("c1"))
                ngx.say(connector:set_keepalive(red))
            end
        }
    }
--- response_body
nil false
OK 1
1
nil true
OK 2
1



=== TEST 2: a URL with a database
--- config
    location = /t {
        content_by_lua_block {
            local connector = require "nginx.redis.connector"
            local red = connector.new({ url = "redis://127.0.0.1:$TEST_NGINX_REDIS_PORT/5" }):connect()
            ngx.say(red:set("c2", "in 5"))
            red:select(0)
            ngx.say(red:get("c2") == ngx.null)
            ngx.say(red:close())

            red = connector.new():connect { url = "redis://127.0.0.1:$TEST_NGINX_REDIS_PORT/5" }
            ngx.say(red:get("c2"))
        }
    }
--- response_body
OK
true
1
in 5



=== TEST 3: a unix socket
--- config
    location = /t {
        content_by_lua_block {
            local connector = require "nginx.redis.connector"
            local red, err = connector.new():connect { path = "unix:$TEST_NGINX_REDIS_SOCKET", db = 2 }
            ngx.say(red:set("c3", "x"), " ", red:get("c3"), " ", err)
        }
    }
--- response_body
OK x nil



=== TEST 4: a password that the server does not want
--- config
    location = /t {
        content_by_lua_block {
            local connector = require "nginx.redis.connector"
            local red, err = connector.new():connect {
                url = "redis://secret@127.0.0.1:$TEST_NGINX_REDIS_PORT/0"
            }
            ngx.say(red, " ", err:sub(1, 30))
        }
    }
--- response_body
false ERR AUTH <password> called wit
--- error_log
ERR AUTH <password> called without any password



=== TEST 5: URLs and what they mean
--- config
    location = /t {
        content_by_lua_block {
            local parse = require("nginx.redis.connector").parse_dsn
            local function say(url)
                local params, err = parse { url = url }
                if not params then
                    return ngx.say(params, " ", err)
                end
                local words = {}
                for _, key in ipairs { "password", "host", "port", "master_name", "role", "db" } do
                    words[#words + 1] = params[key] and key .. "=" .. tostring(params[key]) or nil
                end
                ngx.say(table.concat(words, " "))
            end
            say("redis://127.0.0.1:6379/4")
            say("redis://pass:word@localhost:6380/")
            say("sentinel://mymaster:m/3")
            say("sentinel://secret@mymaster:s/0")
            say("http://127.0.0.1:6379/4")
            say("redis://127.0.0.1")
            ngx.say(select("#", parse {}))
        }
    }
--- response_body
host=127.0.0.1 port=6379 db=4
password=pass:word host=localhost port=6380 db=
master_name=mymaster role=master db=3
password=secret master_name=mymaster role=slave db=0
nil could not parse DSN: nil
nil could not parse DSN: nil
0



=== TEST 6: fields that do not exist
--- config
    location = /t {
        content_by_lua_block {
            local connector = require "nginx.redis.connector"
            local new, err = connector.new { hots = "127.0.0.1" }
            ngx.say(new, " ", err:match("field hots does not exist"))
            ngx.say((pcall(function() return connector.nonsense end)))
            ngx.say((pcall(connector.connect, connector.new(), { nonsense = 1 })))
        }
    }
--- response_body
nil field hots does not exist
false
false



=== TEST 7: a proxied connection has its commands disabled
--- config
    location = /t {
        content_by_lua_block {
            local connector = require("nginx.redis.connector").new {
                port = $TEST_NGINX_REDIS_PORT,
                connection_is_proxied = true,
                db = 7,
            }
            local red = connector:connect()
            ngx.say(red:multi())
            ngx.say(red:set("c7", 1), red:get("c7"))
            ngx.say(red:subscribe("a"))
            ngx.say(connector:set_keepalive(red))

            red = require("nginx.redis.connector").new({ port = $TEST_NGINX_REDIS_PORT }):connect()
            ngx.say(red:get("c7"))
        }
    }
--- response_body
nilCommand multi is disabled
OK1
nilCommand subscribe is disabled
1
1



=== TEST 8: commands that are disabled by name
--- config
    location = /t {
        content_by_lua_block {
            local connector = require("nginx.redis.connector").new {
                port = $TEST_NGINX_REDIS_PORT,
                disabled_commands = { "get", "discard" },
                connection_options = { pool = "c8" .. ngx.var.connection },
            }
            local red = connector:connect()
            ngx.say(red:set("c8", 1))
            ngx.say(red:get("c8"))
            ngx.say(red:multi())
            ngx.say(connector:set_keepalive(red))
        }
    }
--- response_body
OK
nilCommand get is disabled
OK
1



=== TEST 9: an open transaction is discarded before the connection is kept
--- config
    location = /t {
        content_by_lua_block {
            local connector = require("nginx.redis.connector").new {
                port = $TEST_NGINX_REDIS_PORT,
                connection_options = { pool = "c9" .. ngx.var.connection },
            }
            local red = connector:connect()
            red:multi()
            ngx.say(red:set("c9", 1))
            ngx.say(connector:set_keepalive(red))
            red = connector:connect()
            ngx.say(red:get_reused_times(), " ", red:set("c9", 2))
        }
    }
--- response_body
QUEUED
1
1 OK



=== TEST 10: the first host that answers
--- config
    lua_socket_log_errors off;

    location = /t {
        content_by_lua_block {
            local connector = require("nginx.redis.connector").new()
            local red, err, errors = connector:try_hosts {
                { host = "127.0.0.1", port = $TEST_NGINX_RAND_PORT_1 },
                { path = "unix:$TEST_NGINX_SERVER_ROOT/none.sock" },
                { host = "127.0.0.1", port = "$TEST_NGINX_REDIS_PORT", db = 1 },
                { host = "127.0.0.1", port = $TEST_NGINX_RAND_PORT_1 },
            }
            ngx.say(red:ping(), " ", err, " ", table.concat(errors, ", "))
        }
    }
--- response_body
PONG nil connection refused, no such file or directory
--- no_error_log
[error]
--- error_log
none.sock failed (2: No such file or directory)



=== TEST 11: no host answers
--- config
    lua_socket_log_errors off;

    location = /t {
        content_by_lua_block {
            local connector = require("nginx.redis.connector").new()
            local hosts = { { host = "127.0.0.1", port = $TEST_NGINX_RAND_PORT_1 } }
            local red, err, errors = connector:try_hosts(hosts)
            ngx.say(red, " ", err, " ", errors[1])
            red, err, errors = connector:connect { sentinels = hosts }
            ngx.say(red, " ", err, " ", errors[1])
            ngx.say(connector:connect { port = $TEST_NGINX_RAND_PORT_1 })
        }
    }
--- response_body
nil no hosts available connection refused
nil no hosts available connection refused
nilconnection refused



=== TEST 12: the master that a sentinel names
--- config
    location = /t {
        content_by_lua_block {
            local connector = require("nginx.redis.connector").new {
                url = "sentinel://mymaster:m/6",
                sentinels = { { host = "127.0.0.1", port = $TEST_NGINX_RAND_PORT_1 } },
            }
            -- The master, $TEST_NGINX_REDIS_PORT
            local red, err = connector:connect()
            ngx.say(red:set("c12", "x"), " ", err)
            red:select(0)
            ngx.say(red:get("c12") == ngx.null)
        }
    }
--- tcp_listen: $TEST_NGINX_RAND_PORT_1
--- tcp_query eval
"*3\r\n\$8\r\nsentinel\r\n\$23\r\nget-master-addr-by-name\r\n\$8\r\nmymaster\r\n"
--- tcp_reply eval
my $port = $ENV{TEST_NGINX_REDIS_PORT};
"*2\r\n\$9\r\n127.0.0.1\r\n\$" . length($port) . "\r\n$port\r\n"
--- tcp_no_close
--- response_body
OK nil
true



=== TEST 13: a slave that a sentinel names
--- config
    location = /t {
        content_by_lua_block {
            local connector = require("nginx.redis.connector").new {
                sentinels = { { host = "127.0.0.1", port = $TEST_NGINX_RAND_PORT_1 } },
                role = "slave",
            }
            -- The slave, $TEST_NGINX_REDIS_PORT
            local red, err = connector:connect()
            ngx.say(red:ping(), " ", err)
        }
    }
--- tcp_listen: $TEST_NGINX_RAND_PORT_1
--- tcp_query eval
"*3\r\n\$8\r\nsentinel\r\n\$6\r\nslaves\r\n\$8\r\nmymaster\r\n"
--- tcp_reply eval
my @slaves = (
    { ip => "127.0.0.2", port => 1, "master-link-status" => "err" },
    { ip => "127.0.0.1", port => $ENV{TEST_NGINX_REDIS_PORT}, "master-link-status" => "ok" },
);
my $reply = "*" . @slaves . "\r\n";
for my $slave (@slaves) {
    $reply .= "*" . 2 * keys(%$slave) . "\r\n";
    $reply .= join '', map { "\$" . length($_) . "\r\n$_\r\n" } %$slave;
}
$reply
--- tcp_no_close
--- response_body
PONG nil



=== TEST 14: a sentinel that knows no slaves
--- config
    location = /t {
        content_by_lua_block {
            local connector = require("nginx.redis.connector").new {
                sentinels = { { host = "127.0.0.1", port = $TEST_NGINX_RAND_PORT_1 } },
                role = "slave",
            }
            ngx.say(connector:connect())
        }
    }
--- tcp_listen: $TEST_NGINX_RAND_PORT_1
--- tcp_reply eval: "*0\r\n"
--- tcp_no_close
--- response_body
nilno slaves available



=== TEST 15: read_timeout does nothing, as the library passes a table instead
--- config
    lua_socket_read_timeout 20ms;
    lua_socket_log_errors off;

    location = /t {
        content_by_lua_block {
            local connector = require("nginx.redis.connector").new {
                port = $TEST_NGINX_REDIS_PORT,
                read_timeout = 10000,
            }
            ngx.say(connector:connect():blpop("c15:none", 5))
        }
    }
--- response_body
niltimeout
