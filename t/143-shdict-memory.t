use Test::Nginx::Socket::Lua 'no_plan';

our $HttpConfig = <<'_EOC_';
    lua_shared_dict dogs 100k;
    lua_shared_dict cats 1m;
    lua_shared_dict small 12k;
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

        -- say(f, ...) calls f and prints that.
        package.loaded.say = function(f, ...)
            ngx.say((list(pcall(f, ...))))
        end

        -- A dictionary without entries.
        package.loaded.empty = function(name)
            local dict = ngx.shared[name]
            dict:flush_all()
            dict:flush_expired()
            return dict
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

=== TEST 1: capacity is the size that the configuration gives
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            say(dogs.capacity, dogs)
            say(ngx.shared.small.capacity, ngx.shared.small)
        }
    }
--- response_body
102400
12288



=== TEST 2: free_space counts whole pages
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            say(dogs.free_space, dogs)
            dogs:set("key", ("x"):rep(100))
            say(dogs.free_space, dogs)
            dogs:set("key 2", ("x"):rep(100))
            say(dogs.free_space, dogs)
            dogs:set("key 3", ("x"):rep(10000))
            say(dogs.free_space, dogs)
            dogs:delete("key 3")
            dogs:delete("key")
            dogs:delete("key 2")
            say(dogs.free_space, dogs)
        }
    }
--- response_body
90112
86016
86016
73728
90112



=== TEST 3: a dictionary of 12 KB holds 31 small entries
--- config
    location = /t {
        content_by_lua_block {
            local say, small = require "say", require "empty" "small"
            local n = 0
            while small:safe_set("key" .. n, "value") do
                n = n + 1
            end
            ngx.say(n, " ", #small:get_keys(0), " ", small:free_space())
        }
    }
--- response_body
31 31 0



=== TEST 4: as many entries as the C module holds
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            for _, len in ipairs {1, 59, 60, 187, 188, 440, 500, 950, 1000, 1970, 2000, 4000, 5000, 9000} do
                require "empty" "dogs"
                local n = 0
                while dogs:safe_set(string.format("%05d", n), ("x"):rep(len)) do
                    n = n + 1
                end
                ngx.say(len, " ", n, " ", dogs:free_space())
            end
        }
    }
--- response_body
1 735 0
59 352 0
60 352 0
187 176 0
188 176 0
440 88 0
500 88 0
950 88 0
1000 44 0
1970 44 0
2000 22 0
4000 22 0
5000 11 0
9000 7 4096



=== TEST 5: the same evictions as in the C module, whatever is done
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            math.randomseed(42)
            local lines = {}
            for i = 1, 6000 do
                local key, what = "key" .. math.random(1, 400), math.random(100)
                if what < 50 then
                    lines[#lines + 1] = tostring(select(3, dogs:set(key, ("z"):rep(math.random(0, 300) * (math.random(20) == 1 and 20 or 1)))))
                elseif what < 60 then
                    dogs:get(key)
                elseif what < 65 then
                    dogs:incr(key, 1, 0)
                elseif what < 70 then
                    dogs:delete(key)
                elseif what < 80 then
                    lines[#lines + 1] = tostring(dogs:rpush("list" .. math.random(5), ("v"):rep(math.random(0, 100))))
                elseif what < 85 then
                    lines[#lines + 1] = tostring(dogs:lpop("list" .. math.random(5)))
                elseif what < 90 then
                    dogs:safe_set(key, ("s"):rep(math.random(0, 3000)))
                else
                    dogs:add(key, true)
                end
                if i % 500 == 0 then
                    lines[#lines + 1] = dogs:free_space() .. " " .. table.concat(dogs:get_keys(0), " ")
                end
            end
            ngx.say(#dogs:get_keys(0), " ", ngx.md5(table.concat(lines, "\n")))
        }
    }
--- response_body
138 7c5310eaf6a009cb32b90415d5bdd820



=== TEST 6: the least recently used entry goes first
--- config
    location = /t {
        content_by_lua_block {
            local say, small = require "say", require "empty" "small"
            for i = 1, 31 do
                small:set("key" .. i, "value")
            end
            say(small.set, small, "new", "value")
            say(small.get, small, "key1")
            say(small.get, small, "key2")
        }
    }
--- response_body
true nil true
nil
"value"



=== TEST 7: get makes an entry recently used
--- config
    location = /t {
        content_by_lua_block {
            local say, small = require "say", require "empty" "small"
            for i = 1, 31 do
                small:set("key" .. i, "value")
            end
            small:get("key1")
            small:set("new", "value")
            say(small.get, small, "key1")
            say(small.get, small, "key2")
        }
    }
--- response_body
"value"
nil



=== TEST 8: get_stale and incr and set make an entry recently used, ttl and expire do not
--- config
    location = /t {
        content_by_lua_block {
            local say, small = require "say", require "empty" "small"
            for i = 1, 31 do
                small:set("key" .. i, i)
            end
            small:get_stale("key1")
            small:incr("key2", 1)
            small:set("key3", 3)
            small:ttl("key4")
            small:expire("key5", 100)
            small:add("key6", 1)
            ngx.say(table.concat(small:get_keys(4), " "))
            ngx.say(table.concat(small:get_keys(0), " "):sub(-24))
        }
    }
--- response_body
key4 key5 key7 key8
ey31 key1 key2 key3 key6



=== TEST 9: what fails makes an entry recently used as well
--- config
    location = /t {
        content_by_lua_block {
            local say, small = require "say", require "empty" "small"
            for i = 1, 5 do
                small:set("key" .. i, "text")
            end
            small:incr("key1", 1)
            small:lpush("key2", 1)
            small:llen("key3")
            small:add("key4", 1)
            ngx.say(table.concat(small:get_keys(), " "))
        }
    }
--- response_body
key5 key1 key2 key3 key4



=== TEST 10: add and incr evict as set does, and say so
--- config
    location = /t {
        content_by_lua_block {
            local say, small = require "say", require "empty" "small"
            for i = 1, 31 do
                small:set("key" .. i, "value")
            end
            say(small.add, small, "new 1", "value")
            say(small.incr, small, "new 2", 1, 0)
            say(small.safe_set, small, "new 3", "value")
            say(small.safe_add, small, "new 4", "value")
            ngx.say(table.concat(small:get_keys(2), " "))
        }
    }
--- response_body
true nil true
1 nil true
false "no memory" false
false "no memory" false
key3 key4



=== TEST 11: an entry that replaces one of the same length needs no room
--- config
    location = /t {
        content_by_lua_block {
            local say, small = require "say", require "empty" "small"
            for i = 1, 31 do
                small:set("key" .. i, "value")
            end
            say(small.set, small, "key5", "other")
            say(small.replace, small, "key6", "third")
            say(small.safe_set, small, "key7", "again")
            ngx.say(#small:get_keys(0))
        }
    }
--- response_body
true nil false
true nil false
true nil false
31



=== TEST 12: replacing by something longer that does not fit loses the old value
--- config
    location = /t {
        content_by_lua_block {
            local say, small = require "say", require "empty" "small"
            for i = 1, 31 do
                small:set("key" .. i, "value")
            end
            say(small.safe_set, small, "key5", ("x"):rep(100))
            say(small.get, small, "key5")
            ngx.say(#small:get_keys(0))
        }
    }
--- response_body
false "no memory" false
nil
30



=== TEST 13: what is larger than the dictionary evicts up to 30 entries and fails
--- config
    location = /t {
        content_by_lua_block {
            local say, small = require "say", require "empty" "small"
            for i = 1, 31 do
                small:set("key" .. i, "value")
            end
            say(small.set, small, "large", ("x"):rep(20000))
            ngx.say(table.concat(small:get_keys(0), " "))
            say(small.set, small, "large", ("x"):rep(20000))
            say(small.set, small, "large", ("x"):rep(20000))
            say(small.safe_set, small, "large", ("x"):rep(20000))
            say(small.add, small, "large", ("x"):rep(20000))
            say(small.incr, small, ("k"):rep(20000), 1, 0)
        }
    }
--- response_body
false "no memory" true
key31
false "no memory" true
false "no memory" false
false "no memory" false
false "no memory" false
nil "no memory"



=== TEST 14: replacing an entry by what is too large
--- config
    location = /t {
        content_by_lua_block {
            local say, small = require "say", require "empty" "small"
            small:set("key", "value")
            say(small.replace, small, "key", ("x"):rep(20000))
            say(small.get, small, "key")
        }
    }
--- response_body
false "no memory" false
nil



=== TEST 15: an entry that has expired is dropped without being forcible
--- config
    location = /t {
        content_by_lua_block {
            local say, small = require "say", require "empty" "small"
            for i = 1, 31 do
                small:set("key" .. i, "value", 0.001)
            end
            ngx.sleep(0.01)
            for i = 1, 5 do
                say(small.set, small, "new" .. i, "value")
            end
            ngx.say(#small:get_keys(0))
        }
    }
--- response_body
true nil false
true nil false
true nil false
true nil false
true nil false
5



=== TEST 16: each write drops up to two expired entries from the old end
--- config
    location = /t {
        content_by_lua_block {
            local say, small = require "say", require "empty" "small"
            for i = 1, 10 do
                small:set("key" .. i, "value", 0.001)
            end
            ngx.sleep(0.01)
            small:set("new", "value")
            ngx.say(small:flush_expired())
            ngx.say(#small:get_keys(0))
        }
    }
--- response_body
8
1



=== TEST 17: get drops up to two, get_stale, ttl and expire none
--- config
    location = /t {
        content_by_lua_block {
            local say, small = require "say", require "empty" "small"
            for i = 1, 10 do
                small:set("key" .. i, "value", 0.001)
            end
            ngx.sleep(0.01)
            small:get("none")
            small:get_stale("none")
            small:ttl("none")
            small:expire("none", 1)
            ngx.say(small:flush_expired())
        }
    }
--- response_body
8



=== TEST 18: what lives longer and is older keeps others from being dropped
--- config
    location = /t {
        content_by_lua_block {
            local say, small = require "say", require "empty" "small"
            small:set("old", "value")
            for i = 1, 5 do
                small:set("key" .. i, "value", 0.001)
            end
            ngx.sleep(0.01)
            small:set("new", "value")
            ngx.say(small:flush_expired())
        }
    }
--- response_body
5



=== TEST 19: flush_all ends everything, and gives nothing
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            for i = 1, 10 do
                dogs:set("key" .. i, i)
            end
            ngx.say(select("#", dogs:flush_all()))
            say(dogs.get, dogs, "key5")
            ngx.say(#dogs:get_keys(0))
        }
    }
--- response_body
0
nil
0



=== TEST 20: flush_all leaves entries for get_stale, ttl and expire
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            for i = 1, 10 do
                dogs:set("key" .. i, i, 0, i)
            end
            dogs:flush_all()
            say(dogs.get_stale, dogs, "key9")
            ngx.say(dogs:ttl("key9") < 0)
            say(dogs.expire, dogs, "key9", 5)
            say(dogs.get, dogs, "key9")
            say(dogs.get, dogs, "key8")
        }
    }
--- response_body
9 9 true
true
true
9 9
nil



=== TEST 21: flush_all frees three entries at once
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            for i = 1, 10 do
                dogs:set("key" .. i, i)
            end
            dogs:flush_all()
            ngx.say(dogs:flush_expired())
        }
    }
--- response_body
7



=== TEST 22: after flush_all, keys can be set again
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            dogs:set("a", 1)
            dogs:set("b", 2)
            dogs:flush_all()
            dogs:set("a", 3)
            say(dogs.add, dogs, "b", 4)
            say(dogs.get, dogs, "a")
            say(dogs.get, dogs, "b")
            dogs:flush_all()
            say(dogs.incr, dogs, "a", 1)
            say(dogs.incr, dogs, "a", 1, 0)
            say(dogs.get, dogs, "a")
        }
    }
--- response_body
true nil false
3
4
nil "not found"
1 nil false
1



=== TEST 23: flush_all of an empty dictionary
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            dogs:flush_all()
            dogs:flush_all()
            ngx.say(dogs:flush_expired(), " ", #dogs:get_keys())
        }
    }
--- response_body
0 0



=== TEST 24: flush_expired frees what has expired and says how many
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            for i = 1, 10 do
                dogs:set("key" .. i, i, i % 2 == 0 and 0.001 or 0)
            end
            ngx.sleep(0.01)
            say(dogs.flush_expired, dogs)
            say(dogs.flush_expired, dogs)
            ngx.say(table.concat(dogs:get_keys(), " "))
        }
    }
--- response_body
5
0
key1 key3 key5 key7 key9



=== TEST 25: flush_expired up to a number
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            for i = 1, 10 do
                dogs:set("key" .. i, i, 0.001)
            end
            ngx.sleep(0.01)
            say(dogs.flush_expired, dogs, 3)
            say(dogs.flush_expired, dogs, 1)
            say(dogs.flush_expired, dogs, 100)
            say(dogs.flush_expired, dogs, 0)
        }
    }
--- response_body
3
1
6
0



=== TEST 26: flush_expired begins with the oldest
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            for i = 1, 4 do
                dogs:set("key" .. i, i, 0.001)
            end
            ngx.sleep(0.01)
            dogs:flush_expired(2)
            say(dogs.get_stale, dogs, "key2")
            say(dogs.get_stale, dogs, "key3")
        }
    }
--- response_body
nil
3 nil true



=== TEST 27: flush_expired: odd numbers
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            for i = 1, 20 do
                dogs:set("key" .. i, i, 0.001)
            end
            ngx.sleep(0.01)
            say(dogs.flush_expired, dogs, "2")
            say(dogs.flush_expired, dogs, 1.9)
            say(dogs.flush_expired, dogs, -5)
        }
    }
--- response_body
2
1
17



=== TEST 28: flush_expired: wrong arguments
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            say(dogs.flush_expired)
            say(dogs.flush_expired, dogs, 1, 2)
            say(dogs.flush_expired, dogs, nil)
            say(dogs.flush_expired, dogs, "x")
            say(dogs.flush_expired, dogs, {})
            say(function() dogs:flush_expired("x") end)
            say(function() dogs:flush_expired(1, 2) end)
        }
    }
--- response_body
error: expecting 1 or 2 argument(s), but saw 0
error: expecting 1 or 2 argument(s), but saw 3
error: bad argument #2 to '?' (number expected, got nil)
error: bad argument #2 to '?' (number expected, got string)
error: bad argument #2 to '?' (number expected, got table)
error: bad argument #1 to 'flush_expired' (number expected, got string)
error: expecting 1 or 2 argument(s), but saw 3



=== TEST 29: get_keys gives the keys, least recently used first
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            for i = 1, 5 do
                dogs:set("key" .. i, i)
            end
            dogs:get("key2")
            ngx.say(table.concat(dogs:get_keys(), " "))
            ngx.say(table.concat(dogs:get_keys(2), " "))
            ngx.say(table.concat(dogs:get_keys(0), " "))
            ngx.say(#dogs:get_keys(100))
        }
    }
--- response_body
key1 key3 key4 key5 key2
key1 key3
key1 key3 key4 key5 key2
5



=== TEST 30: get_keys gives 1,024 keys without a number, all with 0
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            local cats = require "empty" "cats"
            for i = 1, 1100 do
                cats:set("k" .. i, 1)
            end
            ngx.say(#cats:get_keys(), " ", #cats:get_keys(0), " ", #cats:get_keys(1099))
        }
    }
--- response_body
1024 1100 1099



=== TEST 31: get_keys leaves out what has expired
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            for i = 1, 6 do
                dogs:set("key" .. i, i, i % 2 == 0 and 0.001 or 0)
            end
            ngx.sleep(0.01)
            ngx.say(table.concat(dogs:get_keys(), " "))
            ngx.say(table.concat(dogs:get_keys(2), " "))
        }
    }
--- response_body
key1 key3 key5
key1 key3



=== TEST 32: get_keys: odd numbers
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            for i = 1, 5 do
                dogs:set("key" .. i, i)
            end
            for _, max in ipairs {"2", 1.9, -1, 0.5, 1e10, 0/0} do
                ngx.say(#dogs:get_keys(max))
            end
        }
    }
--- response_body
2
1
5
5
5
5



=== TEST 33: get_keys: wrong arguments
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            say(dogs.get_keys)
            say(dogs.get_keys, dogs, 1, 2)
            say(dogs.get_keys, dogs, nil)
            say(dogs.get_keys, dogs, "x")
            say(dogs.get_keys, dogs, {})
            say(dogs.get_keys, dogs, true)
            say(function() dogs:get_keys("x") end)
        }
    }
--- response_body
error: expecting 1 or 2 argument(s), but saw 0
error: expecting 1 or 2 argument(s), but saw 3
error: bad argument #2 to '?' (number expected, got nil)
error: bad argument #2 to '?' (number expected, got string)
error: bad argument #2 to '?' (number expected, got table)
error: bad argument #2 to '?' (number expected, got boolean)
error: bad argument #1 to 'get_keys' (number expected, got string)



=== TEST 34: get_keys of an empty dictionary
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            ngx.say(type(dogs:get_keys()), " ", #dogs:get_keys(0))
        }
    }
--- response_body
table 0



=== TEST 35: get_keys of keys of all bytes
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            dogs:set("a\0b", 1)
            dogs:set("\255", 1)
            dogs:set("a b", 1)
            for _, key in ipairs(dogs:get_keys()) do
                say(tostring, key)
            end
        }
    }
--- response_body
"a\x00b"
"\xff"
"a b"



=== TEST 36: a dictionary that was full and emptied has all its pages again
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            local before = dogs:free_space()
            for i = 1, 3000 do
                dogs:set("key " .. i, ("x"):rep(i % 3000))
            end
            require "empty" "dogs"
            ngx.say(dogs:free_space() == before)
        }
    }
--- response_body
true
