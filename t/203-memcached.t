# Debian's lua-nginx-memcached with a memcached.

use Test::Nginx::Socket::Lua;

$ENV{TEST_NGINX_MEMCACHED_PORT} && -e '/usr/share/lua/5.1/nginx/memcached.lua'
    ? plan('no_plan') : plan(skip_all => 'no memcached or no lua-nginx-memcached');

# Keys begin with the number of their block: all blocks share the server.
our $HttpConfig = <<'_EOC_';
    init_by_lua_block {
        local memcached = require "nginx.memcached"

        function package.loaded.connect(options, pool)
            local memc = memcached:new(options)
            memc:set_timeout(2000)
            assert(memc:connect("127.0.0.1", $TEST_NGINX_MEMCACHED_PORT, pool))
            return memc
        end

        -- Without the nils at the end.
        function package.loaded.say(...)
            local values, n = {...}, select("#", ...)
            while n > 1 and values[n] == nil do
                n = n - 1
            end
            for i = 1, n do
                values[i] = tostring(values[i])
            end
            ngx.say(table.concat(values, " "))
        end
    }
_EOC_

add_block_preprocessor(sub {
    my ($block) = @_;
    $block->set_value("http_config", $::HttpConfig) if !defined $block->http_config;
    $block->set_value("request", "GET /t") if !defined $block->request;
    $block->set_value("no_error_log", "[error]")
        if !defined $block->error_log && !defined $block->no_error_log;
});

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: set, get and delete
--- config
    location = /t {
        content_by_lua_block {
            local connect, say = require "connect", require "say"
            local memc = connect()
            say(memc:set("1:dog", 32))
            say(memc:get("1:dog"))
            say(memc:set("1:dog", "bark", 0, 56788))
            say(memc:get("1:dog"))
            say(memc:delete("1:dog"))
            say(memc:get("1:dog"))
            say(memc:delete("1:dog"))
            say(memc:close())
        }
    }
--- response_body
1
32 0
1
bark 56788
1
nil
nil NOT_FOUND
1



=== TEST 2: an empty value, and one with line ends
--- config
    location = /t {
        content_by_lua_block {
            local connect, say = require "connect", require "say"
            local memc = connect()
            memc:set("2:a", "")
            say("[" .. memc:get("2:a") .. "]")
            memc:set("2:a", "\r\nEND\r\nVALUE 2:a 0 5\r\n")
            say(memc:get("2:a") == "\r\nEND\r\nVALUE 2:a 0 5\r\n")
            say(memc:get("2:a") == "\r\nEND\r\nVALUE 2:a 0 5\r\n")
        }
    }
--- response_body
[]
true
true



=== TEST 3: add and replace
--- config
    location = /t {
        content_by_lua_block {
            local connect, say = require "connect", require "say"
            local memc = connect()
            memc:delete("3:a")
            say(memc:replace("3:a", "x"))
            say(memc:add("3:a", "one"))
            say(memc:add("3:a", "two"))
            say(memc:replace("3:a", "three"))
            say(memc:get("3:a"))
        }
    }
--- response_body
nil NOT_STORED
1
nil NOT_STORED
1
three 0



=== TEST 4: append and prepend
--- config
    location = /t {
        content_by_lua_block {
            local connect, say = require "connect", require "say"
            local memc = connect()
            memc:delete("4:a")
            say(memc:append("4:a", "x"))
            memc:set("4:a", "middle")
            say(memc:append("4:a", { " and", { " ", "end" } }))
            say(memc:prepend("4:a", "begin "))
            say(memc:get("4:a"))
        }
    }
--- response_body
nil NOT_STORED
1
1
begin middle and end 0



=== TEST 5: incr and decr
--- config
    location = /t {
        content_by_lua_block {
            local connect, say = require "connect", require "say"
            local memc = connect()
            memc:delete("5:n")
            say(memc:incr("5:n", 1))
            memc:set("5:n", 40)
            say(memc:incr("5:n", 2))
            say(memc:decr("5:n", 50))
            memc:set("5:n", "text")
            say(memc:incr("5:n", 1))
        }
    }
--- response_body
nil NOT_FOUND
42
0
nil CLIENT_ERROR cannot increment or decrement non-numeric value



=== TEST 6: gets and cas
--- config
    location = /t {
        content_by_lua_block {
            local connect, say = require "connect", require "say"
            local memc = connect()
            memc:set("6:a", "one", 0, 7)
            local value, flags, unique = memc:gets("6:a")
            say(value, flags, tonumber(unique) > 0)
            say(memc:cas("6:a", "two", unique, 0, 8))
            say(memc:cas("6:a", "three", unique, 0, 9))
            say(memc:get("6:a"))
            memc:delete("6:a")
            say(memc:cas("6:a", "four", unique))
            say(memc:gets("6:a"))
        }
    }
--- response_body
one 7 true
1
nil EXISTS
two 8
nil NOT_FOUND
nil



=== TEST 7: several keys at once
--- config
    location = /t {
        content_by_lua_block {
            local connect, say = require "connect", require "say"
            local memc = connect()
            memc:set("7:a", "A", 0, 1)
            memc:set("7:b c", "B")
            memc:delete("7:none")
            for _, method in ipairs { "get", "gets" } do
                local found = memc[method](memc, { "7:a", "7:none", "7:b c" })
                say(found["7:a"][1], found["7:a"][2], found["7:b c"][1], found["7:none"], #found["7:a"])
            end
            say(next(memc:get {}), next((memc:gets { "7:none" })))
        }
    }
--- response_body
A 1 B nil 2
A 1 B nil 3
nil



=== TEST 8: a value of 5 MB, and one that is too large
--- config
    location = /t {
        content_by_lua_block {
            local connect, say = require "connect", require "say"
            local memc = connect()
            local value = ("0123456789abcdef"):rep(5 * 65536)
            say(memc:set("8:big", value))
            local back, flags = memc:get("8:big")
            say(#back, back == value, flags)
            say(memc:gets({ "8:big" })["8:big"][1] == value)
            say(memc:delete("8:big"))
            say(memc:set("8:big", value .. value))
            say(memc:get("8:big"))
        }
    }
--- response_body
1
5242880 true 0
true
1
nil SERVER_ERROR object too large for cache
nil



=== TEST 9: binary keys and values
--- config
    location = /t {
        content_by_lua_block {
            local connect, say = require "connect", require "say"
            local memc = connect()
            local bytes = {}
            for byte = 0, 255 do
                bytes[byte + 1] = string.char(byte)
            end
            local all = table.concat(bytes)
            -- A key may have 250 bytes, escaped.
            for first = 1, 193, 64 do
                local key = "9:" .. all:sub(first, first + 63)
                say(memc:set(key, all), memc:get(key) == all, next(memc:get { key }) == key)
            end
            say(memc:set(("k"):rep(251), "x"))
        }
    }
--- response_body_like
^(?:1 true true
){4}nil CLIENT_ERROR .*$



=== TEST 10: other ways to write keys
--- config
    location = /t {
        content_by_lua_block {
            local connect, say = require "connect", require "say"
            local plain = function(key) return key end
            local memc = connect { key_transform = { plain, plain } }
            local escaping = connect()
            say(memc:set("10a%20b", "x"))
            say(escaping:get("10a b"))
            say(memc:get("10a b"))
            say(require("nginx.memcached"):new { key_transform = { plain } })
        }
    }
--- response_body
1
x 0
nil
nil expecting key_transform = { escape, unescape } table



=== TEST 11: a time to live, and touch
--- config
    location = /t {
        content_by_lua_block {
            local connect, say = require "connect", require "say"
            local memc = connect()
            say(memc:set("11:a", "x", -1))
            say(memc:get("11:a"))
            memc:set("11:a", "x", 100)
            say(memc:get("11:a"))
            say(memc:touch("11:a", -1))
            say(memc:get("11:a"))
            say(memc:touch("11:a", 10))
        }
    }
--- response_body
1
nil
x 0
1
nil
nil NOT_FOUND



=== TEST 12: version, stats, verbosity and quit
--- config
    lua_socket_log_errors off;

    location = /t {
        content_by_lua_block {
            local connect, say = require "connect", require "say"
            local memc = connect()
            say(memc:version():match("^%d+%.%d+"))
            local stats = memc:stats()
            say(#stats > 20, stats[1]:match("^STAT pid %d+$") == stats[1])
            say(#memc:stats("settings") > 20)
            say(memc:stats("a b c nonsense"))
            say(memc:verbosity(1))
            say(memc:quit())
            say(memc.sock:receive())
            say(memc:get("12:a"))
        }
    }
--- response_body_like
^1\.\d+
true true
true
.*
1
1
nil closed 
nil nil closed$



=== TEST 13: flush_all
--- config
    location = /t {
        content_by_lua_block {
            local connect, say = require "connect", require "say"
            local memc = require("nginx.memcached"):new()
            -- Not with the server that all use.
            memc:connect("127.0.0.1", $TEST_NGINX_RAND_PORT_1)
            say(memc:flush_all())
        }
    }
--- tcp_listen: $TEST_NGINX_RAND_PORT_1
--- tcp_query eval: "flush_all\r\n"
--- tcp_reply eval: "OK\r\n"
--- response_body
1



=== TEST 14: the connection is kept
--- config
    location = /t {
        content_by_lua_block {
            local connect, say = require "connect", require "say"
            local options = { pool = "14" .. ngx.var.connection }
            for i = 0, 3 do
                local memc = connect(nil, options)
                say(memc:get_reused_times(), memc:set("14:a", i), memc:get("14:a"))
                say(memc:set_keepalive(10000, 10))
            end
        }
    }
--- response_body
0 1 0 0
1
1 1 1 0
1
2 1 2 0
1
3 1 3 0
1



=== TEST 15: errors of the socket
--- config
    lua_socket_log_errors off;

    location = /t {
        content_by_lua_block {
            local connect, say = require "connect", require "say"
            local memc = require("nginx.memcached"):new()
            say(memc:connect("127.0.0.1", $TEST_NGINX_RAND_PORT_1))
            say(memc:set("15:a", 1))
            say(memc:get("15:a"))
            memc = connect()
            memc:close()
            say(memc:incr("15:a", 1))
            say(memc:gets { "15:a" })
            say(memc:set_keepalive())
            say(memc:get_reused_times())
            say(memc:close())
        }
    }
--- response_body
nil connection refused
nil closed
nil nil closed
nil closed
nil closed
nil closed
nil closed
nil closed



=== TEST 16: a server that says nothing, and one that stops in the middle of a value
--- config
    lua_socket_log_errors off;

    location = /t {
        content_by_lua_block {
            local say = require "say"
            local memc = require("nginx.memcached"):new()
            memc:set_timeout(20)
            memc:connect("127.0.0.1", $TEST_NGINX_RAND_PORT_1)
            say(memc:get("16:a"))
            say(memc:get("16:a"))
        }
    }
--- tcp_listen: $TEST_NGINX_RAND_PORT_1
--- tcp_reply eval: "VALUE 16:a 0 10\r\n0123"
--- tcp_no_close
--- response_body
nil nil timeout
nil nil closed



=== TEST 17: lines of an odd server
--- config
    location = /t {
        content_by_lua_block {
            local say = require "say"
            local memc = require("nginx.memcached"):new()
            memc:set_timeout(2000)
            memc:connect("127.0.0.1", $TEST_NGINX_RAND_PORT_1)
            say(memc:get("17:a"))
            say(memc:gets("17:a"))
            say(memc:set("17:a", 1))
        }
    }
--- tcp_listen: $TEST_NGINX_RAND_PORT_1
--- tcp_reply eval: "SERVER_ERROR out\r of memory\nERROR\r\n\r\n"
--- tcp_no_close
--- response_body
nil nil SERVER_ERROR out of memory
nil nil nil ERROR
nil 



=== TEST 18: many threads count together
--- config
    location = /t {
        content_by_lua_block {
            local connect, say = require "connect", require "say"
            connect():set("18:n", 0)
            local threads = {}
            for i = 1, 10 do
                threads[i] = ngx.thread.spawn(function()
                    local memc = connect(nil, { pool = "18", pool_size = 4, backlog = 10 })
                    for n = 1, 20 do
                        memc:incr("18:n", 1)
                    end
                    return memc:set_keepalive(1000)
                end)
            end
            for i = 1, 10 do
                assert(ngx.thread.wait(threads[i]))
            end
            say(connect():get("18:n"))
        }
    }
--- response_body
200 0



=== TEST 19: a server that dribbles
--- config
    location = /t {
        content_by_lua_block {
            local say = require "say"
            local memc = require("nginx.memcached"):new()
            memc:set_timeout(5000)
            memc:connect("127.0.0.1", $TEST_NGINX_MEMCACHED_DRIBBLE_PORT)
            local value = ("0123456789abcdef\r\nEND\r\n"):rep(3000)
            for i = 1, 10 do
                memc:set("19:" .. i, "value " .. i)
            end
            say(memc:set("19:big", value))
            say(memc:get("19:big") == value)
            local found = memc:gets { "19:1", "19:big", "19:10", "19:none" }
            say(found["19:1"][1], found["19:big"][1] == value, found["19:10"][1])
        }
    }
--- response_body
1
true
value 1 true value 10
--- skip_eval: 3: !$ENV{TEST_NGINX_MEMCACHED_DRIBBLE_PORT}
