use Test::Nginx::Socket::Lua 'no_plan';

our $HttpConfig = <<'_EOC_';
    init_by_lua_block {
        local function shown(value)
            if type(value) ~= "string" then
                return tostring(value)
            end
            return '"' .. value:gsub('[^ -~]', function(c) return string.format("\\x%02x", c:byte()) end) .. '"'
        end

        -- What a function gives, strings in quotes, or its error without the place.
        local function list(ok, ...)
            local values = {...}
            if not ok then
                return "error: " .. tostring(values[1]):gsub("^[^ ]-:%d+: ", "")
            end
            for i = 1, select("#", ...) do
                values[i] = shown(values[i])
            end
            return table.concat(values, " ")
        end

        package.loaded.try = function(f, ...)
            return (list(pcall(f, ...)))
        end
        package.loaded.hex = function(text)
            return (text:gsub(".", function(c) return string.format("%02x", c:byte()) end))
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

=== TEST 1: set and get
--- config
    location = /t {
        content_by_lua_block {
            for _, name in ipairs {"resty.lrucache", "resty.lrucache.pureffi"} do
                local lrucache = require(name)
                local cache = lrucache.new(10)
                ngx.say(select("#", cache:set("a", 1)), " ", cache:get("a"), " ", cache:get("b"))
                cache:set("a", "two")
                ngx.say((cache:get("a")))
            end
        }
    }
--- response_body
0 1 nil
two
0 1 nil
two



=== TEST 2: get gives the value, nil, and the flags
--- config
    location = /t {
        content_by_lua_block {
            for _, name in ipairs {"resty.lrucache", "resty.lrucache.pureffi"} do
                local lrucache = require(name)
                local cache = lrucache.new(10)
                cache:set("a", 1)
                cache:set("b", 2, nil, 5)
                ngx.say(tostring(cache:get("a")), " ", select(2, cache:get("a")), " ", select(3, cache:get("a")), " ", select(3, cache:get("b")))
                ngx.say(select("#", cache:get("zz")))
            end
        }
    }
--- response_body
1 nil 0 5
1
1 nil 0 5
1



=== TEST 3: a size of 1 at least
--- config
    location = /t {
        content_by_lua_block {
            for _, name in ipairs {"resty.lrucache", "resty.lrucache.pureffi"} do
                local lrucache = require(name)
                ngx.say(lrucache.new(0))
                ngx.say(lrucache.new(-1))
                ngx.say(lrucache.new(0.5))
                ngx.say(lrucache.new(1):capacity(), " ", (pcall(lrucache.new)), " ", (pcall(lrucache.new, "10")))
            end
        }
    }
--- response_body
nilsize too small
nilsize too small
nilsize too small
1 false false
nilsize too small
nilsize too small
nilsize too small
1 false false



=== TEST 4: what was not used for the longest time is dropped
--- config
    location = /t {
        content_by_lua_block {
            for _, name in ipairs {"resty.lrucache", "resty.lrucache.pureffi"} do
                local lrucache = require(name)
                local cache = lrucache.new(3)
                cache:set("a", 1)
                cache:set("b", 2)
                cache:set("c", 3)
                cache:get("a")
                cache:set("d", 4)
                for _, key in ipairs {"a", "b", "c", "d"} do
                    ngx.print((cache:get(key)), " ")
                end
                ngx.say(cache:count())
            end
        }
    }
--- response_body
1 nil 3 4 3
1 nil 3 4 3



=== TEST 5: setting a key again uses it
--- config
    location = /t {
        content_by_lua_block {
            for _, name in ipairs {"resty.lrucache", "resty.lrucache.pureffi"} do
                local lrucache = require(name)
                local cache = lrucache.new(2)
                cache:set("a", 1)
                cache:set("b", 2)
                cache:set("a", 3)
                cache:set("c", 4)
                ngx.say((cache:get("a")), " ", (cache:get("b")), " ", (cache:get("c")))
            end
        }
    }
--- response_body
3 nil 4
3 nil 4



=== TEST 6: a cache of one entry
--- config
    location = /t {
        content_by_lua_block {
            for _, name in ipairs {"resty.lrucache", "resty.lrucache.pureffi"} do
                local lrucache = require(name)
                local cache = lrucache.new(1)
                for i = 1, 3 do
                    cache:set(i, i * 10)
                    ngx.print((cache:get(i)), " ", (cache:get(i - 1)), " ", cache:count(), " ")
                end
                ngx.say(cache:delete(3), " ", cache:count(), " ", (cache:get(3)))
                cache:set("x", 1)
                ngx.say((cache:get("x")))
            end
        }
    }
--- response_body
10 nil 1 20 nil 1 30 nil 1 true 0 nil
1
10 nil 1 20 nil 1 30 nil 1 true 0 nil
1



=== TEST 7: an entry expires; its value is given as the second
--- config
    location = /t {
        content_by_lua_block {
            for _, name in ipairs {"resty.lrucache", "resty.lrucache.pureffi"} do
                local lrucache = require(name)
                local cache = lrucache.new(10)
                cache:set("a", 1, 0.01, 7)
                ngx.say(cache:get("a"))
                ngx.sleep(0.03)
                ngx.say(cache:get("a"))
                ngx.say(cache:count())
                cache:set("a", 2)
                ngx.say(cache:get("a"))
            end
        }
    }
--- response_body
1nil7
nil17
1
2nil0
1nil7
nil17
1
2nil0



=== TEST 8: a ttl of 0 lasts as long as the clock stands, a negative one has passed
--- config
    location = /t {
        content_by_lua_block {
            for _, name in ipairs {"resty.lrucache", "resty.lrucache.pureffi"} do
                local lrucache = require(name)
                local cache = lrucache.new(10)
                cache:set("a", 1, 0)
                cache:set("b", 2, -1)
                cache:set("c", 3, false)
                cache:set("d", 4, "5")
                for _, key in ipairs {"a", "b", "c", "d"} do
                    ngx.print(tostring((cache:get(key))), " ")
                end
                ngx.say((select(2, cache:get("b"))))
            end
        }
    }
--- response_body
1 nil 3 4 2
1 nil 3 4 2



=== TEST 9: a ttl that is no number is an error
--- config
    location = /t {
        content_by_lua_block {
            for _, name in ipairs {"resty.lrucache", "resty.lrucache.pureffi"} do
                local lrucache = require(name)
                local cache = lrucache.new(10)
                ngx.say((pcall(cache.set, cache, "a", 1, "x")), " ", (pcall(cache.set, cache, "a", 1, true)), " ", (pcall(cache.set, cache, "a", 1, {})))
                cache:set("a", 2)
                ngx.say((cache:get("a")), " ", cache:count())
            end
        }
    }
--- response_body
false false false
2 1
false false false
2 1



=== TEST 10: flags are 32 bits, from numbers that are not negative
--- config
    location = /t {
        content_by_lua_block {
            for _, name in ipairs {"resty.lrucache", "resty.lrucache.pureffi"} do
                local lrucache = require(name)
                local cache = lrucache.new(10)
                for _, flags in ipairs {0, 1, 5, 0xffffffff, 2^32, 2^32 + 5, 1.9, -1, "3", true} do
                    cache:set("a", 1, nil, flags)
                    ngx.print(select(3, cache:get("a")), " ")
                end
                ngx.say()
            end
        }
    }
--- response_body
0 1 5 4294967295 0 5 1 0 0 0 
0 1 5 4294967295 0 5 1 0 0 0 



=== TEST 11: any value, false included
--- config
    location = /t {
        content_by_lua_block {
            for _, name in ipairs {"resty.lrucache", "resty.lrucache.pureffi"} do
                local lrucache = require(name)
                local cache = lrucache.new(10)
                local tab, f = {}, function() end
                cache:set("table", tab)
                cache:set("function", f)
                cache:set("false", false)
                cache:set("null", ngx.null)
                ngx.say((cache:get("table")) == tab, " ", (cache:get("function")) == f, " ", (cache:get("false")), " ", (cache:get("null")) == ngx.null)
            end
        }
    }
--- response_body
true true false true
true true false true



=== TEST 12: a nil value takes a place and reads nil
--- config
    location = /t {
        content_by_lua_block {
            for _, name in ipairs {"resty.lrucache", "resty.lrucache.pureffi"} do
                local lrucache = require(name)
                local cache = lrucache.new(10)
                cache:set("a", 1)
                cache:set("a", nil)
                ngx.say((cache:get("a")), " ", cache:count(), " ", cache:get_keys()[1])
            end
        }
    }
--- response_body
nil 1 a
nil 1 a



=== TEST 13: lrucache tells keys of different types apart; pureffi makes strings of them
--- config
    location = /t {
        content_by_lua_block {
            local tab = {}
            for _, name in ipairs {"resty.lrucache", "resty.lrucache.pureffi"} do
                local cache = require(name).new(10)
                cache:set(1, "number")
                cache:set("1", "string")
                cache:set(true, "boolean")
                cache:set(tab, "table")
                ngx.say((cache:get(1)), " ", (cache:get("1")), " ", (cache:get(true)), " ", (cache:get("true")), " ", (cache:get(tab)), " ",
                        (cache:get({})), " ", cache:count())
            end
        }
    }
--- response_body
number string boolean nil table nil 4
string string boolean boolean table nil 3



=== TEST 14: nil and what is not a number are no keys of lrucache, and cost nothing
--- config
    location = /t {
        content_by_lua_block {
            local cache = require "resty.lrucache".new(2)
            local try = require "try"
            ngx.say(try(cache.set, cache, nil, 1))
            ngx.say(try(cache.set, cache, 0/0, 1))
            ngx.say(cache:count(), " ", cache:get(nil), " ", cache:get(0/0))
            for _ = 1, 10 do pcall(cache.set, cache, nil, 1) end
            cache:set("a", 1)
            cache:set("b", 2)
            ngx.say((cache:get("a")), " ", (cache:get("b")))
        }
    }
--- response_body
error: table index is nil
error: table index is NaN
0 nil nil
1 2



=== TEST 15: delete tells whether there was something
--- config
    location = /t {
        content_by_lua_block {
            for _, name in ipairs {"resty.lrucache", "resty.lrucache.pureffi"} do
                local lrucache = require(name)
                local cache = lrucache.new(10)
                cache:set("a", 1)
                ngx.say(cache:delete("a"), " ", cache:delete("a"), " ", cache:delete("b"), " ", cache:count(), " ", cache:get("a"))
            end
        }
    }
--- response_body
true false false 0 nil
true false false 0 nil



=== TEST 16: the place of a deleted entry is used again
--- config
    location = /t {
        content_by_lua_block {
            for _, name in ipairs {"resty.lrucache", "resty.lrucache.pureffi"} do
                local lrucache = require(name)
                local cache = lrucache.new(3)
                for i = 1, 3 do cache:set(i, i) end
                cache:delete(2)
                cache:set(4, 4)
                ngx.print(cache:count(), " ", table.concat(cache:get_keys(), " "), "|")
                cache:delete(1)
                cache:delete(4)
                cache:delete(3)
                ngx.print(cache:count(), " ", #cache:get_keys(), "|")
                for i = 5, 8 do cache:set(i, i) end
                ngx.say(cache:count(), " ", table.concat(cache:get_keys(), " "))
            end
        }
    }
--- response_body
3 4 3 1|0 0|3 8 7 6
3 4 3 1|0 0|3 8 7 6



=== TEST 17: count and capacity
--- config
    location = /t {
        content_by_lua_block {
            for _, name in ipairs {"resty.lrucache", "resty.lrucache.pureffi"} do
                local lrucache = require(name)
                local cache = lrucache.new(3)
                ngx.print(cache:count(), " ", cache:capacity(), " ")
                for i = 1, 5 do
                    cache:set(i, i)
                    ngx.print(cache:count(), " ")
                end
                ngx.say(cache:capacity())
            end
        }
    }
--- response_body
0 3 1 2 3 3 3 3
0 3 1 2 3 3 3 3



=== TEST 18: get_keys lists the keys, the one used last first
--- config
    location = /t {
        content_by_lua_block {
            for _, name in ipairs {"resty.lrucache", "resty.lrucache.pureffi"} do
                local lrucache = require(name)
                local cache = lrucache.new(5)
                for i = 1, 5 do cache:set("k" .. i, i) end
                cache:get("k2")
                ngx.say(table.concat(cache:get_keys(), " "), "|", table.concat(cache:get_keys(2), " "), "|", table.concat(cache:get_keys(0), " "), "|",
                        table.concat(cache:get_keys(100), " "))
                ngx.say(#lrucache.new(5):get_keys())
            end
        }
    }
--- response_body
k2 k5 k4 k3 k1|k2 k5|k2 k5 k4 k3 k1|k2 k5 k4 k3 k1
0
k2 k5 k4 k3 k1|k2 k5|k2 k5 k4 k3 k1|k2 k5 k4 k3 k1
0



=== TEST 19: get_keys fills a table that it is given, and ends it with nil
--- config
    location = /t {
        content_by_lua_block {
            for _, name in ipairs {"resty.lrucache", "resty.lrucache.pureffi"} do
                local lrucache = require(name)
                local cache = lrucache.new(5)
                for i = 1, 5 do cache:set("k" .. i, i) end
                local keys = {9, 9, 9, 9, 9, 9, 9}
                ngx.say(cache:get_keys(3, keys) == keys, " ", keys[1], " ", keys[2], " ", keys[3], " ", keys[4], " ", keys[5])
            end
        }
    }
--- response_body
true k5 k4 k3 nil 9
true k5 k4 k3 nil 9



=== TEST 20: flush_all empties the cache
--- config
    location = /t {
        content_by_lua_block {
            for _, name in ipairs {"resty.lrucache", "resty.lrucache.pureffi"} do
                local lrucache = require(name)
                local cache = lrucache.new(3)
                for i = 1, 5 do cache:set(i, i) end
                cache:flush_all()
                ngx.say(cache:count(), " ", cache:capacity(), " ", cache:get(5), " ", #cache:get_keys())
                cache:flush_all()
                for i = 6, 10 do cache:set(i, i) end
                ngx.say(cache:count(), " ", (cache:get(5)), " ", (cache:get(8)), " ", (cache:get(10)), " ", table.concat(cache:get_keys(), " "))
            end
        }
    }
--- response_body
0 3 nil 0
3 nil 8 10 10 8 9
0 3 nil 0
3 nil 8 10 10 8 9



=== TEST 21: caches do not know each other
--- config
    location = /t {
        content_by_lua_block {
            for _, name in ipairs {"resty.lrucache", "resty.lrucache.pureffi"} do
                local lrucache = require(name)
                local a, b = lrucache.new(2), lrucache.new(2)
                a:set("x", 1)
                b:set("x", 2)
                a:delete("x")
                ngx.say((a:get("x")), " ", (b:get("x")))
            end
        }
    }
--- response_body
nil 2
nil 2



=== TEST 22: as a model does it, over thousands of steps
--- config
    location = /t {
        content_by_lua_block {
            for _, name in ipairs {"resty.lrucache", "resty.lrucache.pureffi"} do
                local lrucache = require(name)
                math.randomseed(7)
                local SIZE = 8
                local cache, order, values = lrucache.new(SIZE), {}, {}
                local function forget(key)
                    for i, other in ipairs(order) do
                        if other == key then
                            table.remove(order, i)
                            return true
                        end
                    end
                    return false
                end
                for step = 1, 5000 do
                    local key, dice = "k" .. math.random(16), math.random(10)
                    if dice <= 5 then
                        if not forget(key) and #order == SIZE then
                            values[table.remove(order)] = nil
                        end
                        table.insert(order, 1, key)
                        values[key] = step
                        cache:set(key, step)
                    elseif dice <= 8 then
                        if forget(key) then
                            table.insert(order, 1, key)
                        end
                        assert(cache:get(key) == values[key], "get")
                    else
                        values[key] = nil
                        assert(cache:delete(key) == forget(key), "delete")
                    end
                    assert(cache:count() == #order, "count")
                    assert(table.concat(cache:get_keys(), " ") == table.concat(order, " "), "order")
                end
                ngx.say("ok")
            end
        }
    }
--- timeout: 10
--- response_body
ok
ok



=== TEST 23: 100,000 entries
--- config
    location = /t {
        content_by_lua_block {
            for _, name in ipairs {"resty.lrucache", "resty.lrucache.pureffi"} do
                local lrucache = require(name)
                local cache = lrucache.new(50000)
                for i = 1, 100000 do cache:set("key" .. i, i) end
                local n = 0
                for i = 1, 100000 do
                    if cache:get("key" .. i) then n = n + 1 end
                end
                ngx.say(n, " ", cache:count(), " ", cache:get("key50001") == 50001, " ", cache:get("key50000"))
            end
        }
    }
--- timeout: 10
--- response_body
50000 50000 true nil
50000 50000 true nil



=== TEST 24: a cache in a module is shared by all requests
--- http_config
    init_by_lua_block {
        package.loaded.cache = require "resty.lrucache".new(10)
        require "cache":set("start", "init")
    }
--- config
    location = /t {
        rewrite_by_lua_block { require "cache":set("rewrite", ngx.var.uri) }
        content_by_lua_block {
            local cache = require "cache"
            ngx.say((cache:get("start")), " ", (cache:get("rewrite")))
        }
        log_by_lua_block { require "cache":delete("rewrite") }
    }
--- response_body
init /t



=== TEST 25: pureffi takes a load factor
--- config
    location = /t {
        content_by_lua_block {
            local lrucache = require "resty.lrucache.pureffi"
            for _, factor in ipairs {0.01, 0.5, 1, 7} do
                local cache = lrucache.new(3, factor)
                for i = 1, 5 do cache:set(i, i) end
                ngx.print(cache:count(), (cache:get(5)), " ")
            end
            ngx.say()
        }
    }
--- response_body
35 35 35 35 



=== TEST 26: both say a version
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(type(require "resty.lrucache"._VERSION), " ", type(require "resty.lrucache.pureffi"._VERSION), " ",
                    require "resty.lrucache" ~= require "resty.lrucache.pureffi")
        }
    }
--- response_body
string string true
