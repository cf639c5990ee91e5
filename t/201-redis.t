# Debian's lua-nginx-redis with a redis-server.

use Test::Nginx::Socket::Lua;

$ENV{TEST_NGINX_REDIS_PORT} && -e '/usr/share/lua/5.1/nginx/redis.lua'
    ? plan('no_plan') : plan(skip_all => 'no redis-server or no lua-nginx-redis');

# Keys begin with the number of their block: all blocks share the server.
our $HttpConfig = <<'_EOC_';
    init_by_lua_block {
        local redis = require "nginx.redis"

        function package.loaded.connect(options)
            local red = redis:new()
            red:set_timeout(2000)
            assert(red:connect("127.0.0.1", $TEST_NGINX_REDIS_PORT, options))
            return red
        end

        -- A reply as text.
        local function shown(reply)
            if type(reply) ~= "table" then
                return reply == ngx.null and "null" or tostring(reply)
            end
            local parts = {}
            for i, part in ipairs(reply) do
                parts[i] = shown(part)
            end
            return "{" .. table.concat(parts, ", ") .. "}"
        end

        function package.loaded.say(...)
            local replies, n = {...}, select("#", ...)
            while n > 1 and replies[n] == nil do
                n = n - 1  -- no error
            end
            for i = 1, n do
                replies[i] = shown(replies[i])
            end
            ngx.say(table.concat(replies, " "))
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

=== TEST 1: set, get and del
--- config
    location = /t {
        content_by_lua_block {
            local connect, say = require "connect", require "say"
            local red = connect()
            say(red:set("1:animal", "dog"))
            say(red:get("1:animal"))
            say(red:del("1:animal"))
            say(red:get("1:animal"))
            say(red:close())
        }
    }
--- response_body
OK
dog
1
null
1



=== TEST 2: values that are not strings are sent as text
--- config
    location = /t {
        content_by_lua_block {
            local connect, say = require "connect", require "say"
            local red = connect()
            red:set("2:a", 12.5)
            red:set("2:b", true)
            red:set("2:c", 0)
            say(red:mget("2:a", "2:b", "2:c"))
            say(red:incr("2:c"))
            say(red:incrby("2:c", 41))
        }
    }
--- response_body
{12.5, true, 0}
1
42



=== TEST 3: an empty value
--- config
    location = /t {
        content_by_lua_block {
            local connect, say = require "connect", require "say"
            local red = connect()
            red:set("3:a", "")
            say(#red:get("3:a"), red:strlen("3:a"), red:append("3:a", "x"), red:get("3:a"))
            red:del("3:a")
        }
    }
--- response_body
0 0 1 x



=== TEST 4: keys and values of all bytes
--- config
    location = /t {
        content_by_lua_block {
            local connect, say = require "connect", require "say"
            local bytes = {}
            for byte = 0, 255 do
                bytes[byte + 1] = string.char(byte)
            end
            local all = table.concat(bytes)
            local red = connect()
            say(red:set("4:" .. all, all .. "\r\n" .. all))
            say(red:get("4:" .. all) == all .. "\r\n" .. all)
            local keys = red:keys("4:*")
            say(#keys, keys[1] == "4:" .. all)
        }
    }
--- response_body
OK
true
1 true



=== TEST 5: a value of 5 MB
--- config
    location = /t {
        content_by_lua_block {
            local connect, say = require "connect", require "say"
            local value = ("0123456789abcdef"):rep(5 * 65536)
            local red = connect()
            say(red:set("5:big", value))
            say(red:strlen("5:big"))
            say(red:get("5:big") == value)
            say(red:getrange("5:big", 5242870, -1))
            say(red:del("5:big"))
        }
    }
--- response_body
OK
5242880
true
6789abcdef
1



=== TEST 6: lists, nested replies and empty ones
--- config
    location = /t {
        content_by_lua_block {
            local connect, say = require "connect", require "say"
            local red = connect()
            red:del("6:list")
            say(red:rpush("6:list", "a", "b", "c"))
            say(red:lrange("6:list", 0, -1))
            say(red:lpop("6:list"), red:lindex("6:list", 5))
            say(red:lrange("6:none", 0, -1))
            say(red:mget("6:none", "6:none"))
            say(red:eval("return {1, {2, {'three', {}}, false}, 'four'}", 0))
        }
    }
--- response_body
3
{a, b, c}
a null
{}
{null, null}
{1, {2, {three, {}}, null}, four}



=== TEST 7: hmset with a table and with arguments, and array_to_hash
--- config
    location = /t {
        content_by_lua_block {
            local connect, say = require "connect", require "say"
            local red = connect()
            red:del("7:a", "7:b")
            say(red:hmset("7:a", { dog = "bark", cat = "meow" }))
            say(red:hmset("7:b", "dog", "wuff", "cow", "moo"))
            say(red:hmget("7:a", "dog", "cat", "cow"))
            local sounds = red:array_to_hash(red:hgetall("7:b"))
            say(sounds.dog, sounds.cow, sounds.cat == nil)
        }
    }
--- response_body
OK
OK
{bark, meow, null}
wuff moo true



=== TEST 8: sorted sets
--- config
    location = /t {
        content_by_lua_block {
            local connect, say = require "connect", require "say"
            local red = connect()
            red:del("8:z")
            say(red:zadd("8:z", 3, "c", 1, "a", 2, "b"))
            say(red:zrange("8:z", 0, -1, "withscores"))
            say(red:zrangebyscore("8:z", 2, "+inf"))
            say(red:zrank("8:z", "c"), red:zincrby("8:z", 10, "a"))
        }
    }
--- response_body
3
{a, 1, b, 2, c, 3}
{b, c}
2 11



=== TEST 9: an error of the server is false and its text
--- config
    location = /t {
        content_by_lua_block {
            local connect, say = require "connect", require "say"
            local red = connect()
            red:set("9:text", "abc")
            say(red:incr("9:text"))
            say(red:lpush("9:text", "a"))
            say(red:no_such_command("a"))
            say(red:get("9:text"))
        }
    }
--- response_body
false ERR value is not an integer or out of range
false WRONGTYPE Operation against a key holding the wrong kind of value
false ERR unknown command 'no_such_command', with args beginning with: 'a' 
abc



=== TEST 10: a pipeline
--- config
    location = /t {
        content_by_lua_block {
            local connect, say = require "connect", require "say"
            local red = connect()
            red:init_pipeline()
            red:set("10:a", "one")
            red:set("10:b", "two")
            red:incr("10:a")
            red:get("10:b")
            red:get("10:none")
            red:mget("10:a", "10:b")
            local replies, err = red:commit_pipeline()
            for i, reply in ipairs(replies) do
                say(i, reply)
            end
            say(red:get("10:a"))
        }
    }
--- response_body
1 OK
2 OK
3 {false, ERR value is not an integer or out of range}
4 two
5 null
6 {one, two}
one



=== TEST 11: a pipeline of 5000 commands
--- config
    location = /t {
        content_by_lua_block {
            local connect, say = require "connect", require "say"
            local red = connect()
            red:del("11:n")
            red:init_pipeline(5000)
            for i = 1, 5000 do
                red:incr("11:n")
            end
            local replies = red:commit_pipeline()
            local sum = 0
            for i, reply in ipairs(replies) do
                sum = sum + reply
            end
            say(#replies, sum, replies[5000])
        }
    }
--- response_body
5000 12502500 5000



=== TEST 12: a pipeline with big values in both directions
--- config
    location = /t {
        content_by_lua_block {
            local connect, say = require "connect", require "say"
            local red = connect()
            red:init_pipeline()
            for i = 1, 8 do
                red:set("12:" .. i, tostring(i):rep(200000))
                red:get("12:" .. i)
            end
            local replies = red:commit_pipeline()
            for i = 1, 8 do
                local reply = replies[2 * i]
                ngx.say(reply == tostring(i):rep(200000))
                red:del("12:" .. i)
            end
        }
    }
--- response_body eval: "true\n" x 8



=== TEST 13: a pipeline that is cancelled, and none
--- config
    location = /t {
        content_by_lua_block {
            local connect, say = require "connect", require "say"
            local red = connect()
            red:set("13:a", "old")
            red:init_pipeline()
            red:set("13:a", "new")
            red:cancel_pipeline()
            say(red:get("13:a"))
            say(red:commit_pipeline())
            red:init_pipeline()
            say(#red:commit_pipeline())
            say(red:get("13:a"))
        }
    }
--- response_body
old
nil no pipeline
0
old



=== TEST 14: transactions
--- config
    location = /t {
        content_by_lua_block {
            local connect, say = require "connect", require "say"
            local red = connect()
            say(red:multi())
            say(red:set("14:a", "one"))
            say(red:get("14:a"))
            say(red:lpush("14:a", "x"))
            say(red:exec())

            red:multi()
            red:set("14:a", "two")
            say(red:discard())
            say(red:get("14:a"))
            say(red:exec())
        }
    }
--- response_body
OK
QUEUED
QUEUED
QUEUED
{OK, one, {false, WRONGTYPE Operation against a key holding the wrong kind of value}}
OK
one
false ERR EXEC without MULTI



=== TEST 15: a transaction that another connection spoils
--- config
    location = /t {
        content_by_lua_block {
            local connect, say = require "connect", require "say"
            local red, other = connect(), connect()
            red:set("15:a", 1)
            red:watch("15:a")
            other:incr("15:a")
            red:multi()
            red:set("15:a", 100)
            say(red:exec())
            say(red:get("15:a"))
        }
    }
--- response_body
null
2



=== TEST 16: scripts
--- config
    location = /t {
        content_by_lua_block {
            local connect, say = require "connect", require "say"
            local red = connect()
            say(red:eval("return {KEYS[1], ARGV[1], ARGV[2] + 1}", 1, "16:k", "v", 41))
            local sha = red:script("load", "return redis.call('set', KEYS[1], ARGV[1])")
            say(#sha, sha == red:script("load", "return redis.call('set', KEYS[1], ARGV[1])"))
            say(red:evalsha(sha, 1, "16:k", "by script"))
            say(red:get("16:k"))
            say(red:evalsha(("0"):rep(40), 0))
            local res, err = red:eval("return nonsense", 0)
            say(res, err:match("^%w+"))
        }
    }
--- response_body
{16:k, v, 42}
40 true
OK
by script
false NOSCRIPT No matching script. Please use EVAL.
false ERR



=== TEST 17: publish and subscribe, each in a light thread
--- config
    location = /t {
        content_by_lua_block {
            local connect, say = require "connect", require "say"
            local subscriber = connect()
            say(subscriber:subscribe("17:news"))

            local reader = ngx.thread.spawn(function()
                for i = 1, 3 do
                    say(subscriber:read_reply())
                end
                return "read"
            end)
            local writer = ngx.thread.spawn(function()
                local publisher = connect()
                for i = 1, 3 do
                    publisher:publish("17:news", "item " .. i)
                    ngx.sleep(0.001)
                end
                return "written"
            end)
            say(ngx.thread.wait(reader))
            say(ngx.thread.wait(writer))
            say(subscriber:unsubscribe("17:news"))
        }
    }
--- response_body
{subscribe, 17:news, 1}
{message, 17:news, item 1}
{message, 17:news, item 2}
{message, 17:news, item 3}
true read
true written
{unsubscribe, 17:news, 0}



=== TEST 18: subscribing to patterns
--- config
    location = /t {
        content_by_lua_block {
            local connect, say = require "connect", require "say"
            local subscriber, publisher = connect(), connect()
            say(subscriber:psubscribe("18:d*"))
            say(publisher:publish("18:dog", "bark"), publisher:publish("18:cat", "meow"))
            say(subscriber:read_reply())
            say(subscriber:punsubscribe("18:d*"))
            say(subscriber:get("18:none"))
        }
    }
--- response_body
{psubscribe, 18:d*, 1}
1 0
{pmessage, 18:d*, 18:dog, bark}
{punsubscribe, 18:d*, 0}
null



=== TEST 19: a subscriber goes on after a timeout
--- config
    lua_socket_log_errors off;

    location = /t {
        content_by_lua_block {
            local connect, say = require "connect", require "say"
            local subscriber, publisher = connect(), connect()
            subscriber:subscribe("19:news")
            subscriber:set_timeout(10)
            say(subscriber:read_reply())
            say(subscriber:read_reply())
            publisher:publish("19:news", "at last")
            subscriber:set_timeout(2000)
            say(subscriber:read_reply())
        }
    }
--- response_body
nil timeout
nil timeout
{message, 19:news, at last}



=== TEST 20: a subscribed connection does not go into the pool, an unsubscribed one does
--- config
    location = /t {
        content_by_lua_block {
            local connect, say = require "connect", require "say"
            local red = connect { pool = "20" }
            say(red:read_reply())
            red:subscribe("20:a", "20:b")
            say(red:read_reply())
            say(red:set_keepalive(1000, 1))
            say(red:unsubscribe("20:b"))
            say(red:set_keepalive(1000, 1))
            say(red:unsubscribe("20:a"))
            say(red:set_keepalive(1000, 1))
        }
    }
--- response_body
nil not subscribed
{subscribe, 20:b, 2}
nil subscribed state
{unsubscribe, 20:b, 1}
nil subscribed state
{unsubscribe, 20:a, 0}
1



=== TEST 21: one thread waits for messages, another subscribes on the same connection
--- config
    location = /t {
        content_by_lua_block {
            local connect, say = require "connect", require "say"
            local red, publisher = connect(), connect()
            red:subscribe("21:a")
            local reader = ngx.thread.spawn(function()
                for i = 1, 2 do
                    say(red:read_reply())
                end
            end)
            -- Its send works, its receive is one too many.
            say(red:subscribe("21:b"))
            publisher:publish("21:b", "hello")
            ngx.thread.wait(reader)
        }
    }
--- response_body
nil socket busy reading
{subscribe, 21:b, 2}
{message, 21:b, hello}



=== TEST 22: auth
--- config
    location = /t {
        content_by_lua_block {
            local connect, say = require "connect", require "say"
            local red = connect()
            local res, err = red:auth("a password")
            say(res, err:match("^ERR AUTH <password> called without any password"))
            say(red:auth("tester", "wrong"))
            say(red:acl("whoami"))
            say(red:auth("tester", "open-sesame"))
            say(red:acl("whoami"))
        }
    }
--- response_body
false ERR AUTH <password> called without any password
false WRONGPASS invalid username-password pair or user is disabled.
default
OK
tester



=== TEST 23: a unix socket, and its pool
--- config
    location = /t {
        content_by_lua_block {
            local say = require "say"
            local redis = require "nginx.redis"
            local ids = {}
            for i = 1, 2 do
                local red = redis:new()
                red:set_timeout(2000)
                say(red:connect("unix:$TEST_NGINX_REDIS_SOCKET", { pool = "23" .. ngx.var.connection }))
                say(red:get_reused_times())
                ids[i] = red:client("id")
                say(red:set_keepalive(10000, 10))
            end
            say(ids[1] == ids[2])
        }
    }
--- response_body
1
0
1
1
1
1
true



=== TEST 24: the next connection comes from the pool as it was left
--- config
    lua_socket_log_errors off;

    location = /t {
        content_by_lua_block {
            local connect, say = require "connect", require "say"
            local pool = "24" .. ngx.var.connection
            local red = connect { pool = pool }
            local id = red:client("id")
            red:select(3)
            red:set("24:a", "in 3")
            say(red:get_reused_times(), red:set_keepalive(10000, 5))
            say(red:get("24:a"))

            for i = 1, 3 do
                red = connect { pool = pool }
                say(red:get_reused_times(), red:client("id") == id, red:get("24:a"))
                red:set_keepalive()
            end

            red = connect { pool = pool .. "another" }
            say(red:get_reused_times(), red:client("id") == id, red:get("24:a"))
        }
    }
--- response_body
0 1
nil closed
1 true in 3
2 true in 3
3 true in 3
0 false null



=== TEST 25: the pool is for the next request too
--- config
    location = /t {
        content_by_lua_block {
            local a, b = ngx.location.capture("/one"), ngx.location.capture("/one")
            local reused, id = a.body:match("^(%d+) (%d+)")
            local reused_then, same_id = b.body:match("^(%d+) (%d+)")
            ngx.say(reused_then - reused, " ", id == same_id)
        }
    }
    location = /one {
        content_by_lua_block {
            local connect, say = require "connect", require "say"
            local red = connect { pool = "25" }
            say(red:get_reused_times(), red:client("id"))
            red:set_keepalive(10000, 5)
        }
    }
--- response_body
1 true



=== TEST 26: connections of an idle pool end in time
--- config
    location = /t {
        content_by_lua_block {
            local connect, say = require "connect", require "say"
            local pool = "26" .. ngx.var.connection
            local red = connect { pool = pool }
            local id = red:client("id")
            red:set_keepalive(20, 5)
            local other = connect()
            local pattern = "id=" .. id .. " "
            say(other:client("list", "id", id):find(pattern, 1, true))
            for i = 1, 100 do
                ngx.sleep(0.01)
                if not other:client("list", "id", id):find(pattern, 1, true) then
                    break
                end
            end
            say(other:client("list", "id", id):find(pattern, 1, true))
            say(connect({ pool = pool }):get_reused_times())
        }
    }
--- response_body_like
^1 \d+
nil
0$



=== TEST 27: a connection that the server has closed in the pool is not handed out
--- config
    location = /t {
        content_by_lua_block {
            local connect, say = require "connect", require "say"
            local pool = "27" .. ngx.var.connection
            local red, other = connect { pool = pool }, connect()
            local id = red:client("id")
            red:set_keepalive(10000, 5)
            say(other:client("kill", "id", id))
            ngx.sleep(0.02)
            red = connect { pool = pool }
            say(red:get_reused_times(), red:client("id") ~= id)
        }
    }
--- response_body
1
0 true



=== TEST 28: connections above pool_size wait in the backlog
--- config
    location = /t {
        content_by_lua_block {
            local connect, say = require "connect", require "say"
            local options = { pool = "28" .. ngx.var.connection, pool_size = 2, backlog = 10 }
            local ids, threads = {}, {}
            for i = 1, 6 do
                threads[i] = ngx.thread.spawn(function()
                    local red = connect(options)
                    ids[red:client("id")] = true
                    red:set("28:" .. i, i)
                    red:set_keepalive()
                    return i
                end)
            end
            local sum = 0
            for i = 1, 6 do
                local _, n = ngx.thread.wait(threads[i])
                sum = sum + n
            end
            local count = 0
            for id in pairs(ids) do
                count = count + 1
            end
            say(sum, count)
        }
    }
--- response_body
21 2



=== TEST 29: a backlog can be full, and waiting can take too long
--- config
    lua_socket_log_errors off;

    location = /t {
        content_by_lua_block {
            local connect, say = require "connect", require "say"
            local redis = require "nginx.redis"
            local options = { pool = "29" .. ngx.var.connection, pool_size = 1, backlog = 1 }
            local first = connect(options)
            local waiter = ngx.thread.spawn(function()
                local red = redis:new()
                red:set_timeout(30)
                say("second:", red:connect("127.0.0.1", $TEST_NGINX_REDIS_PORT, options))
            end)
            say("third:", redis:new():connect("127.0.0.1", $TEST_NGINX_REDIS_PORT, options))
            ngx.thread.wait(waiter)
            say(first:ping())
        }
    }
--- response_body
third: nil too many waiting connect operations
second: nil timeout
PONG



=== TEST 30: nobody listens
--- config
    location = /t {
        content_by_lua_block {
            local say = require "say"
            local red = require("nginx.redis"):new()
            red:set_timeout(2000)
            say(red:connect("127.0.0.1", $TEST_NGINX_RAND_PORT_1))
            say(red:get("30:a"))
            say(red:connect("unix:$TEST_NGINX_SERVER_ROOT/no.sock"))
            say(red:close())
            say(red:connect("127.0.0.1", $TEST_NGINX_REDIS_PORT))
            say(red:ping())
        }
    }
--- response_body
nil connection refused
nil closed
nil no such file or directory
nil closed
1
PONG
--- error_log
connect() failed (111: Connection refused)
connect() to unix:



=== TEST 31: a timeout closes the connection
--- config
    location = /t {
        content_by_lua_block {
            local connect, say = require "connect", require "say"
            local red = connect()
            red:set_timeout(20)
            say(red:blpop("31:none", 1))
            say(red:get("31:a"))
            say(red:set_keepalive())
            say(red:connect("127.0.0.1", $TEST_NGINX_REDIS_PORT))
            say(red:ping())
        }
    }
--- response_body
nil timeout
nil closed
nil closed
1
PONG
--- error_log
lua tcp socket read timed out



=== TEST 32: a blocking command that another thread satisfies
--- config
    location = /t {
        content_by_lua_block {
            local connect, say = require "connect", require "say"
            local waiting = ngx.thread.spawn(function()
                local red = connect()
                red:del("32:queue")
                ngx.ctx.ready = true
                say(red:blpop("32:queue", "32:other", 2))
            end)
            while not ngx.ctx.ready do
                ngx.sleep(0.001)
            end
            ngx.sleep(0.005)
            local red = connect()
            say("pushed", red:rpush("32:queue", "job") > 0)
            ngx.thread.wait(waiting)
        }
    }
--- response_body_like
^(?:pushed true\n\{32:queue, job\}|\{32:queue, job\}\npushed true)$



=== TEST 33: the server closes the connection while a reply is awaited
--- config
    lua_socket_log_errors off;

    location = /t {
        content_by_lua_block {
            local connect, say = require "connect", require "say"
            local red, other = connect(), connect()
            local id = red:client("id")
            local waiting = ngx.thread.spawn(function()
                say(red:blpop("33:none", 2))
                say(red:ping())
            end)
            other:client("kill", "id", id)
            ngx.thread.wait(waiting)
            say(other:ping())
        }
    }
--- response_body
nil closed
nil closed
PONG



=== TEST 34: the server dies in the middle of a reply
--- config
    lua_socket_log_errors off;

    location = /t {
        content_by_lua_block {
            local say = require "say"
            local red = require("nginx.redis"):new()
            red:set_timeout(2000)
            say(red:connect("127.0.0.1", $TEST_NGINX_RAND_PORT_1))
            say(red:get("34:a"))
            say(red:get("34:a"))
        }
    }
--- tcp_listen: $TEST_NGINX_RAND_PORT_1
--- tcp_query eval: "*2\r\n\$3\r\nget\r\n\$4\r\n34:a\r\n"
--- tcp_reply eval: "\$10\r\nabc"
--- response_body
1
nil closed
nil closed



=== TEST 35: a reply that is not redis's
--- config
    location = /t {
        content_by_lua_block {
            local say = require "say"
            local red = require("nginx.redis"):new()
            red:set_timeout(2000)
            red:connect("127.0.0.1", $TEST_NGINX_RAND_PORT_1)
            say(red:get("a"))
            say(red:read_reply())
        }
    }
--- tcp_listen: $TEST_NGINX_RAND_PORT_1
--- tcp_reply eval: "HTTP/1.1 400 Bad Request\r\n\r\n"
--- response_body
nil unknown prefix: "72"
nil not subscribed



=== TEST 36: redis with TLS
--- http_config eval
$::HttpConfig . 'lua_ssl_trusted_certificate $TEST_NGINX_REDIS_TLS_CERTIFICATE;'
--- config
    location = /t {
        content_by_lua_block {
            local say = require "say"
            local pool = "36" .. ngx.var.connection
            for i = 1, 2 do
                local red = require("nginx.redis"):new()
                red:set_timeout(2000)
                red:connect("127.0.0.1", $TEST_NGINX_REDIS_TLS_PORT, { pool = pool })
                if red:get_reused_times() == 0 then
                    say(red._sock:sslhandshake(false, "localhost", true))
                end
                say(red:set("36:a", ("x"):rep(100000)))
                say(#red:get("36:a"))
                say(red:set_keepalive(10000, 1))
            end
        }
    }
--- response_body
true
OK
100000
1
OK
100000
1



=== TEST 37: a connection with a reply not read is not for the pool
--- config
    location = /t {
        content_by_lua_block {
            local connect, say = require "connect", require "say"
            local red = connect()
            red._sock:send("PING\r\nPING\r\n")
            say(red._sock:receive())
            say(red:set_keepalive())

            red = connect()
            red._sock:send("PING\r\n")
            ngx.sleep(0.02)
            say(red:set_keepalive())
        }
    }
--- response_body
+PONG
nil unread data in buffer
nil connection in dubious state
--- skip_eval: 3: $ENV{TEST_NGINX_DRIBBLE}
--- no_error_log
[alert]



=== TEST 38: from a timer
--- config
    location = /t {
        content_by_lua_block {
            local connect, say = require "connect", require "say"
            local results = {}
            ngx.timer.at(0, function()
                local red = connect()
                red:set("38:a", "by timer")
                results[1] = red:get("38:a")
                results[2] = red:set_keepalive()
            end)
            for i = 1, 200 do
                if results[2] then
                    break
                end
                ngx.sleep(0.005)
            end
            say(results[1], results[2])
        }
    }
--- response_body
by timer 1



=== TEST 39: from rewrite and access code
--- config
    location = /t {
        rewrite_by_lua_block {
            local red = require("connect")()
            red:set("39:a", "rewritten")
            ngx.ctx.redis = red
        }
        access_by_lua_block {
            ngx.ctx.value = ngx.ctx.redis:get("39:a")
            ngx.ctx.redis:set_keepalive()
        }
        content_by_lua_block { ngx.say(ngx.ctx.value) }
    }
--- response_body
rewritten



=== TEST 40: not where code cannot wait
--- config
    location = /t {
        content_by_lua_block { ngx.say("x") }
        header_filter_by_lua_block {
            local ok, err = pcall(function() return require("nginx.redis"):new() end)
            ngx.header["X-Result"] = tostring(ok) .. " " .. tostring(err)
        }
    }
--- response_body
x
--- response_headers_like
X-Result: false .*API disabled in the context of header_filter_by_lua\*



=== TEST 41: a connection that a module keeps for itself works in no other request
--- config
    location = /t {
        content_by_lua_block {
            local a = ngx.location.capture("/make")
            local b = ngx.location.capture("/use")
            ngx.print(a.body, b.body)
        }
    }
    location = /make {
        content_by_lua_block {
            local red = require("connect")()
            package.loaded.kept = red
            ngx.say((red:ping()))
        }
    }
    location = /use {
        content_by_lua_block {
            local ok, err = pcall(function() return require("kept"):ping() end)
            ngx.say(ok, " ", (tostring(err):gsub("^.*:%d+: ", "")))
        }
    }
--- response_body
PONG
false bad request



=== TEST 42: methods without a socket
--- config
    location = /t {
        content_by_lua_block {
            local say = require "say"
            local redis = require "nginx.redis"
            local red = setmetatable({}, { __index = redis })
            say(red:connect("127.0.0.1", 1))
            say(red:get("a"))
            say(red:close())
            say(red:set_keepalive())
            say(pcall(red.set_timeout, red, 1))
        }
    }
--- response_body_like
^nil not initialized
nil not initialized
nil not initialized
nil not initialized
false .*not initialized$



=== TEST 43: many connections at the same time
--- config
    location = /t {
        content_by_lua_block {
            local connect, say = require "connect", require "say"
            local threads = {}
            for i = 1, 20 do
                threads[i] = ngx.thread.spawn(function()
                    local red = connect()
                    local sum = 0
                    for n = 1, 20 do
                        red:set("43:" .. i, n)
                        sum = sum + red:get("43:" .. i)
                    end
                    red:set_keepalive(1000, 30)
                    return sum
                end)
            end
            local total = 0
            for i = 1, 20 do
                local ok, sum = ngx.thread.wait(threads[i])
                total = total + sum
            end
            say(total)
        }
    }
--- response_body
4200



=== TEST 44: commands that are added in advance, and options that are arrays
--- config
    location = /t {
        content_by_lua_block {
            local connect, say = require "connect", require "say"
            local redis = require "nginx.redis"
            redis.add_commands("echo", "getset")
            local red = connect()
            say(rawget(redis, "echo") ~= nil, red:echo("hello"))
            red:del("44:a")
            say(red:getset("44:a", 1), red:getset("44:a", 2))
            say(red:sort("44:none", "limit", 0, 5, "get", "x"))
            say(red:set("44:a", "x", "ex", 100), red:ttl("44:a"))
        }
    }
--- response_body
true hello
null 1
{}
OK 100



=== TEST 45: a server that dribbles
--- config
    location = /t {
        content_by_lua_block {
            local say = require "say"
            local red = require("nginx.redis"):new()
            red:set_timeout(5000)
            say(red:connect("127.0.0.1", $TEST_NGINX_REDIS_DRIBBLE_PORT))
            local value = ("0123456789abcdef"):rep(4096)
            red:init_pipeline()
            for i = 1, 20 do
                red:set("45:" .. i, i)
            end
            red:set("45:big", value)
            for i = 1, 20 do
                red:get("45:" .. i)
            end
            red:get("45:big")
            red:get("45:none")
            red:lrange("45:none", 0, -1)
            local replies = red:commit_pipeline()
            say(table.concat(replies, " ", 1, 41))
            say(replies[42] == value, replies[43], replies[44])
        }
    }
--- response_body
1
OK OK OK OK OK OK OK OK OK OK OK OK OK OK OK OK OK OK OK OK OK 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20
true null {}
--- skip_eval: 3: !$ENV{TEST_NGINX_REDIS_DRIBBLE_PORT}



=== TEST 46: a server that dribbles TLS
--- http_config eval
$::HttpConfig . 'lua_ssl_trusted_certificate $TEST_NGINX_REDIS_TLS_CERTIFICATE;'
--- config
    location = /t {
        content_by_lua_block {
            local say = require "say"
            local red = require("nginx.redis"):new()
            red:set_timeout(5000)
            red:connect("127.0.0.1", $TEST_NGINX_REDIS_TLS_DRIBBLE_PORT)
            say(red._sock:sslhandshake(false, "localhost", true))
            local value = ("0123456789abcdef"):rep(4096)
            say(red:set("46:big", value))
            say(red:get("46:big") == value)
            say(red:mget("46:none", "46:none", "46:none"))
        }
    }
--- response_body
true
OK
true
{null, null, null}
--- skip_eval: 3: !$ENV{TEST_NGINX_REDIS_TLS_DRIBBLE_PORT}
