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

=== TEST 1: lpush and rpush add at the ends, lpop and rpop take from them
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            say(dogs.rpush, dogs, "list", "b")
            say(dogs.rpush, dogs, "list", "c")
            say(dogs.lpush, dogs, "list", "a")
            say(dogs.llen, dogs, "list")
            say(dogs.lpop, dogs, "list")
            say(dogs.rpop, dogs, "list")
            say(dogs.lpop, dogs, "list")
            say(dogs.lpop, dogs, "list")
        }
    }
--- response_body
1
2
3
3
"a"
"c"
"b"
nil



=== TEST 2: strings and numbers
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            for _, value in ipairs {"text", "", 5, -2.5, 1/0, "\0\255", "5"} do
                dogs:rpush("list", value)
            end
            for i = 1, 7 do
                say(dogs.lpop, dogs, "list")
            end
        }
    }
--- response_body
"text"
""
5
-2.5
inf
"\x00\xff"
"5"



=== TEST 3: values of other types are refused
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            for _, value in ipairs {true, false, {}, print, ngx.null, 5LL} do
                say(dogs.lpush, dogs, "list", value)
                say(dogs.rpush, dogs, "list", value)
            end
            say(dogs.lpush, dogs, "list", nil)
            say(dogs.llen, dogs, "list")
        }
    }
--- response_body
nil "bad value type"
nil "bad value type"
nil "bad value type"
nil "bad value type"
nil "bad value type"
nil "bad value type"
nil "bad value type"
nil "bad value type"
nil "bad value type"
nil "bad value type"
nil "bad value type"
nil "bad value type"
nil "bad value type"
0



=== TEST 4: a list that does not exist
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            say(dogs.lpop, dogs, "none")
            say(dogs.rpop, dogs, "none")
            say(dogs.llen, dogs, "none")
            ngx.say(select("#", dogs:lpop("none")), " ", select("#", dogs:llen("none")))
        }
    }
--- response_body
nil
nil
0
1 1



=== TEST 5: the last value takes the list with it
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            dogs:rpush("list", 1)
            dogs:rpop("list")
            say(dogs.get, dogs, "list")
            say(dogs.set, dogs, "list", "text")
            say(dogs.get, dogs, "list")
            ngx.say(#dogs:get_keys())
        }
    }
--- response_body
nil
true nil false
"text"
1



=== TEST 6: what is no list
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            dogs:set("key", "value")
            say(dogs.lpush, dogs, "key", 1)
            say(dogs.rpush, dogs, "key", 1)
            say(dogs.lpop, dogs, "key")
            say(dogs.rpop, dogs, "key")
            say(dogs.llen, dogs, "key")
            say(dogs.get, dogs, "key")
        }
    }
--- response_body
nil "value not a list"
nil "value not a list"
nil "value not a list"
nil "value not a list"
nil "value not a list"
"value"



=== TEST 7: a list is no value for get
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            dogs:rpush("list", 1)
            say(dogs.get, dogs, "list")
            say(dogs.get_stale, dogs, "list")
        }
    }
--- response_body
nil "value is a list"
nil "value is a list"



=== TEST 8: set, replace and delete replace and remove a list
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            dogs:rpush("list", 1)
            say(dogs.set, dogs, "list", "text")
            say(dogs.get, dogs, "list")
            dogs:rpush("other", 1)
            say(dogs.replace, dogs, "other", 5)
            say(dogs.get, dogs, "other")
            dogs:rpush("third", 1)
            say(dogs.delete, dogs, "third")
            say(dogs.llen, dogs, "third")
        }
    }
--- response_body
true nil false
"text"
true nil false
5
true nil false
0



=== TEST 9: add finds a list
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            dogs:rpush("list", 1)
            say(dogs.add, dogs, "list", "text")
            say(dogs.safe_add, dogs, "list", "text")
            say(dogs.llen, dogs, "list")
        }
    }
--- response_body
false "exists" false
false "exists" false
1



=== TEST 10: the number of arguments
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            say(dogs.lpush)
            say(dogs.lpush, dogs)
            say(dogs.lpush, dogs, "list")
            say(dogs.lpush, dogs, "list", 1, 2)
            say(dogs.rpush, dogs, "list", 1, nil)
            say(dogs.lpop)
            say(dogs.lpop, dogs)
            say(dogs.lpop, dogs, "list", 1)
            say(dogs.rpop, dogs)
            say(dogs.llen, dogs)
            say(dogs.llen, dogs, "list", nil)
        }
    }
--- response_body
error: expecting 3 arguments, but only seen 0
error: expecting 3 arguments, but only seen 1
error: expecting 3 arguments, but only seen 2
error: expecting 3 arguments, but only seen 4
error: expecting 3 arguments, but only seen 4
error: expecting 2 arguments, but only seen 0
error: expecting 2 arguments, but only seen 1
error: expecting 2 arguments, but only seen 3
error: expecting 2 arguments, but only seen 1
error: expecting 2 arguments, but only seen 1
error: expecting 2 arguments, but only seen 3



=== TEST 11: the number of arguments in a method call
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            say(function() dogs:lpush("list") end)
            say(function() dogs:lpop() end)
            say(function() dogs:llen() end)
        }
    }
--- response_body
error: expecting 3 arguments, but only seen 2
error: expecting 2 arguments, but only seen 1
error: expecting 2 arguments, but only seen 1



=== TEST 12: keys: numbers, but nothing else
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            say(dogs.lpush, dogs, 12, "a")
            say(dogs.rpush, dogs, 12, "b")
            say(dogs.lpop, dogs, "12")
            say(dogs.llen, dogs, 12)
            for _, key in ipairs {true, {}, print} do
                say(dogs.lpush, dogs, key, 1)
                say(dogs.lpop, dogs, key)
                say(dogs.llen, dogs, key)
            end
            say(function() dogs:rpush({}, 1) end)
            say(function() dogs:rpop({}) end)
        }
    }
--- response_body
1
2
"a"
1
error: bad argument #2 to '?' (string expected, got boolean)
error: bad argument #2 to '?' (string expected, got boolean)
error: bad argument #2 to '?' (string expected, got boolean)
error: bad argument #2 to '?' (string expected, got table)
error: bad argument #2 to '?' (string expected, got table)
error: bad argument #2 to '?' (string expected, got table)
error: bad argument #2 to '?' (string expected, got function)
error: bad argument #2 to '?' (string expected, got function)
error: bad argument #2 to '?' (string expected, got function)
error: bad argument #1 to 'rpush' (string expected, got table)
error: bad argument #1 to 'rpop' (string expected, got table)



=== TEST 13: ngx.null as a key
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            say(dogs.lpush, dogs, ngx.null, 1)
            say(function() dogs:lpush(ngx.null, 1) end)
        }
    }
--- response_body
error: bad argument #2 to '?' (string expected, got userdata)
error: bad argument #1 to 'lpush' (string expected, got userdata)



=== TEST 14: a list expires
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            dogs:rpush("list", 1)
            say(dogs.expire, dogs, "list", 0.005)
            say(dogs.llen, dogs, "list")
            ngx.sleep(0.02)
            say(dogs.llen, dogs, "list")
            say(dogs.lpop, dogs, "list")
            say(dogs.get, dogs, "list")
        }
    }
--- response_body
true
1
0
nil
nil



=== TEST 15: pushing to a list that has expired begins anew
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            dogs:rpush("list", 1)
            dogs:rpush("list", 2)
            dogs:set("old", 1)
            dogs:expire("list", 0.005)
            ngx.sleep(0.02)
            say(dogs.rpush, dogs, "list", 3)
            say(dogs.ttl, dogs, "list")
            say(dogs.lpop, dogs, "list")
            say(dogs.lpop, dogs, "list")
        }
    }
--- response_body
1
0
3
nil



=== TEST 16: pushing to a value that has expired makes a list of it
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            dogs:set("list", "text", 0.005)
            ngx.sleep(0.02)
            say(dogs.lpush, dogs, "list", 3)
            say(dogs.lpop, dogs, "list")
        }
    }
--- response_body
1
3



=== TEST 17: pushing keeps the expiry of a list
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            dogs:rpush("list", 1)
            dogs:expire("list", 50)
            dogs:rpush("list", 1)
            say(dogs.ttl, dogs, "list")
            dogs:lpop("list")
            say(dogs.ttl, dogs, "list")
        }
    }
--- response_body
50
50



=== TEST 18: a thousand values
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            for i = 1, 1000 do
                assert(dogs:rpush("list", i))
            end
            say(dogs.llen, dogs, "list")
            local sum = 0
            for i = 1, 500 do
                sum = sum + dogs:lpop("list") - dogs:rpop("list")
            end
            ngx.say(sum)
            say(dogs.llen, dogs, "list")
        }
    }
--- response_body
1000
-250000
0



=== TEST 19: a long value
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            local value = ("x"):rep(50000)
            say(dogs.rpush, dogs, "list", value)
            dogs:rpush("list", "short")
            ngx.say(dogs:lpop("list") == value, " ", dogs:lpop("list"))
        }
    }
--- response_body
1
true short



=== TEST 20: a list that is removed gives all its memory back
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            local before = dogs:free_space()
            for i = 1, 100 do
                dogs:rpush("list", ("x"):rep(i * 4))
            end
            ngx.say(dogs:free_space() < before)
            dogs:delete("list")
            ngx.say(dogs:free_space() == before)
        }
    }
--- response_body
true
true



=== TEST 21: a queue: in at one end, out at the other
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            local wrong = 0
            for i = 1, 2000 do
                dogs:lpush("queue", "job " .. i)
                if i > 10 and dogs:rpop("queue") ~= "job " .. (i - 10) then
                    wrong = wrong + 1
                end
            end
            ngx.say(wrong, " ", dogs:llen("queue"))
        }
    }
--- response_body
0 10



=== TEST 22: several lists beside each other
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            for i = 1, 300 do
                dogs:rpush("list " .. i % 3, i)
            end
            for i = 0, 2 do
                ngx.say(dogs:llen("list " .. i), " ", dogs:lpop("list " .. i), " ", dogs:rpop("list " .. i))
            end
        }
    }
--- response_body
100 3 300
100 1 298
100 2 299



=== TEST 23: no room for a value: nil; no room for a list: false; nothing is evicted
--- config
    location = /t {
        content_by_lua_block {
            local say, small = require "say", require "empty" "small"
            say(small.rpush, small, "list", ("x"):rep(5000))
            say(small.llen, small, "list")
            repeat
                local ok = small:safe_set("key " .. #small:get_keys(0), ("x"):rep(40))
            until not ok
            local before = #small:get_keys(0)
            say(small.rpush, small, "list", 1)
            ngx.say(#small:get_keys(0) == before)
            small:delete("key 0")
            say(small.rpush, small, "list", 1)
            say(small.llen, small, "list")
        }
    }
--- response_body
nil "no memory"
0
false "no memory"
true
nil "no memory"
0



=== TEST 24: a list of a full dictionary keeps what it has
--- config
    location = /t {
        content_by_lua_block {
            local say, small = require "say", require "empty" "small"
            local n = 0
            while small:rpush("list", ("x"):rep(30)) do
                n = n + 1
            end
            say(small.rpush, small, "list", ("x"):rep(30))
            say(small.llen, small, "list")
            say(small.lpop, small, "list")
            say(small.rpush, small, "list", "again")
        }
    }
--- response_body
nil "no memory"
63
"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
nil "no memory"



=== TEST 25: a list is evicted with all its values
--- config
    location = /t {
        content_by_lua_block {
            local say, small = require "say", require "empty" "small"
            for i = 1, 20 do
                small:rpush("list", i)
            end
            for i = 1, 60 do
                small:set("key " .. i, "value")
            end
            say(small.llen, small, "list")
            say(small.get, small, "key 60")
        }
    }
--- response_body
0
"value"



=== TEST 26: flush_all ends lists, too
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            dogs:rpush("list", 1)
            dogs:rpush("other", 1)
            dogs:flush_all()
            say(dogs.llen, dogs, "list")
            say(dogs.lpop, dogs, "other")
        }
    }
--- response_body
0
nil



=== TEST 27: get_keys names lists
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            dogs:rpush("list", 1)
            dogs:set("key", 1)
            dogs:rpush("list", 2)
            ngx.say(table.concat(dogs:get_keys(), " "))
        }
    }
--- response_body
key list
