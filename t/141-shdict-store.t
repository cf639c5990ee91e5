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

=== TEST 1: set gives true, nil and whether others were evicted
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            say(dogs.set, dogs, "key", 1)
            ngx.say(select("#", dogs:set("key", 1)))
        }
    }
--- response_body
true nil false
3



=== TEST 2: safe_set, too
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            say(dogs.safe_set, dogs, "key", 1)
            say(dogs.safe_set, dogs, "key", 2)
            say(dogs.get, dogs, "key")
        }
    }
--- response_body
true nil false
true nil false
2



=== TEST 3: add stores only what is not there
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            say(dogs.add, dogs, "key", 1)
            say(dogs.add, dogs, "key", 2)
            say(dogs.get, dogs, "key")
            say(dogs.add, dogs, "key", "2", 5, 5)
            say(dogs.get, dogs, "key")
        }
    }
--- response_body
true nil false
false "exists" false
1
false "exists" false
1



=== TEST 4: safe_add, too
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            say(dogs.safe_add, dogs, "key", 1)
            say(dogs.safe_add, dogs, "key", 2)
            say(dogs.get, dogs, "key")
        }
    }
--- response_body
true nil false
false "exists" false
1



=== TEST 5: replace stores only what is there
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            say(dogs.replace, dogs, "key", 1)
            say(dogs.get, dogs, "key")
            dogs:set("key", 1)
            say(dogs.replace, dogs, "key", "longer than before")
            say(dogs.get, dogs, "key")
        }
    }
--- response_body
false "not found" false
nil
true nil false
"longer than before"



=== TEST 6: nil cannot be added, nor replace something
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            say(dogs.add, dogs, "key", nil)
            say(dogs.safe_add, dogs, "key")
            say(dogs.replace, dogs, "key", nil)
            dogs:set("key", 1)
            say(dogs.add, dogs, "key", nil)
            say(dogs.replace, dogs, "key")
            say(dogs.get, dogs, "key")
        }
    }
--- response_body
false "attempt to add or replace nil values" false
false "attempt to add or replace nil values" false
false "attempt to add or replace nil values" false
false "attempt to add or replace nil values" false
false "attempt to add or replace nil values" false
1



=== TEST 7: values that change type and length
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            for _, value in ipairs {"12345678", 5, true, "x", "", 7, "a longer value than any before", false, 8} do
                dogs:set("key", value)
                say(dogs.get, dogs, "key")
            end
        }
    }
--- response_body
"12345678"
5
true
"x"
""
7
"a longer value than any before"
false
8



=== TEST 8: exptime: an entry expires
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            dogs:set("key", "value", 0.03)
            say(dogs.get, dogs, "key")
            ngx.sleep(0.04)
            say(dogs.get, dogs, "key")
        }
    }
--- response_body
"value"
nil



=== TEST 9: exptime: of milliseconds
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            dogs:set("short", 1, 0.001)
            dogs:set("long", 1, 1000)
            ngx.sleep(0.005)
            say(dogs.get, dogs, "short")
            say(dogs.get, dogs, "long")
        }
    }
--- response_body
nil
1



=== TEST 10: exptime: less than a millisecond is for ever
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            say(dogs.set, dogs, "key", 1, 0.0009)
            say(dogs.ttl, dogs, "key")
            say(dogs.set, dogs, "key", 1, 0)
            say(dogs.ttl, dogs, "key")
        }
    }
--- response_body
true nil false
0
true nil false
0



=== TEST 11: exptime: part of a millisecond is cut off
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            dogs:set("key", 1, 10.0019)
            say(dogs.ttl, dogs, "key")
            dogs:set("key", 1, 1.5)
            say(dogs.ttl, dogs, "key")
        }
    }
--- response_body
10.001
1.5



=== TEST 12: exptime: negative
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            for _, method in ipairs {"set", "safe_set", "add", "safe_add", "replace"} do
                say(dogs[method], dogs, "key", 1, -1)
                say(dogs[method], dogs, nil, 1, -0.0001)
            end
            say(dogs.set, dogs, "key", 1, -1/0)
        }
    }
--- response_body
error: bad "exptime" argument
error: bad "exptime" argument
error: bad "exptime" argument
error: bad "exptime" argument
error: bad "exptime" argument
error: bad "exptime" argument
error: bad "exptime" argument
error: bad "exptime" argument
error: bad "exptime" argument
error: bad "exptime" argument
error: bad "exptime" argument



=== TEST 13: exptime: wrong types
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            for _, exptime in ipairs {"1", "x", {}, true} do
                say(dogs.set, dogs, "key", 1, exptime)
                say(dogs.add, dogs, nil, 1, exptime)
            end
            say(dogs.set, dogs, "key", 1, false)
            say(dogs.set, dogs, "key", 1, nil)
        }
    }
--- response_body
error: attempt to compare string with number
error: attempt to compare string with number
error: attempt to compare string with number
error: attempt to compare string with number
error: attempt to compare table with number
error: attempt to compare table with number
error: attempt to compare boolean with number
error: attempt to compare boolean with number
true nil false
true nil false



=== TEST 14: exptime: too large, and no number
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            for _, exptime in ipairs {1/0, 1e20, 0/0, 3LL} do
                say(dogs.set, dogs, "key", 1, exptime)
                say(dogs.ttl, dogs, "key")
            end
        }
    }
--- response_body
true nil false
0
true nil false
0
true nil false
0
true nil false
3



=== TEST 15: a new value has a new expiry
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            dogs:set("key", 1, 10)
            dogs:set("key", 2)
            say(dogs.ttl, dogs, "key")
            dogs:set("key", 3, 20)
            say(dogs.ttl, dogs, "key")
            dogs:replace("key", "longer", 30)
            say(dogs.ttl, dogs, "key")
        }
    }
--- response_body
0
20
30



=== TEST 16: what has expired is not there for add, replace and incr
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            dogs:set("a", 1, 0.001)
            dogs:set("b", 1, 0.001)
            dogs:set("c", 1, 0.001)
            ngx.sleep(0.01)
            say(dogs.replace, dogs, "b", 2)
            say(dogs.incr, dogs, "c", 1)
            say(dogs.add, dogs, "a", "new")
            say(dogs.get, dogs, "a")
        }
    }
--- response_body
false "not found" false
nil "not found"
true nil false
"new"



=== TEST 17: get_stale finds what has expired
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            dogs:set("key", "value", 0.001, 5)
            ngx.sleep(0.01)
            say(dogs.get_stale, dogs, "key")
            say(dogs.get_stale, dogs, "key")
            say(dogs.get, dogs, "key")
        }
    }
--- response_body
"value" 5 true
"value" 5 true
nil



=== TEST 18: get drops what has expired and is oldest, get_stale does not
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            dogs:set("key", "value", 0.001)
            ngx.sleep(0.01)
            say(dogs.get_stale, dogs, "key")
            say(dogs.get, dogs, "other")
            say(dogs.get_stale, dogs, "key")
        }
    }
--- response_body
"value" nil true
nil
nil



=== TEST 19: ttl
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            dogs:set("key", 1, 7)
            say(dogs.ttl, dogs, "key")
            dogs:set("key", 1)
            say(dogs.ttl, dogs, "key")
            say(dogs.ttl, dogs, "none")
            dogs:rpush("list", 1)
            say(dogs.ttl, dogs, "list")
        }
    }
--- response_body
7
0
nil "not found"
0



=== TEST 20: ttl: negative when it has expired
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            dogs:set("first", 1)
            dogs:set("key", 1, 0.001)
            dogs:get("first")
            dogs:set("last", 1)
            dogs:expire("key", 0.001)
            ngx.sleep(0.01)
            local ttl = dogs:ttl("key")
            ngx.say(ttl < 0, " ", ttl > -0.2)
        }
    }
--- response_body
true true



=== TEST 21: expire
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            dogs:set("key", 1)
            say(dogs.expire, dogs, "key", 5)
            say(dogs.ttl, dogs, "key")
            say(dogs.expire, dogs, "key", 0)
            say(dogs.ttl, dogs, "key")
            say(dogs.expire, dogs, "none", 1)
        }
    }
--- response_body
true
5
true
0
nil "not found"



=== TEST 22: expire: the entry is gone after that time
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            dogs:set("key", 1)
            dogs:expire("key", 0.005)
            say(dogs.get, dogs, "key")
            ngx.sleep(0.02)
            say(dogs.get, dogs, "key")
        }
    }
--- response_body
1
nil



=== TEST 23: expire: revives what has expired and is still there
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            dogs:set("key", "value", 0.001, 3)
            ngx.sleep(0.01)
            say(dogs.expire, dogs, "key", 10)
            say(dogs.get, dogs, "key")
        }
    }
--- response_body
true
"value" 3



=== TEST 24: expire: negative is for ever
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            dogs:set("key", 1, 5)
            say(dogs.expire, dogs, "key", -1)
            say(dogs.ttl, dogs, "key")
        }
    }
--- response_body
true
0



=== TEST 25: expire: wrong types
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            dogs:set("key", 1)
            for _, exptime in ipairs {"x", {}, true, false} do
                say(dogs.expire, dogs, "key", exptime)
            end
            say(dogs.expire, dogs, "key")
            say(dogs.expire, dogs, nil)
            say(dogs.expire, dogs, "key", "5")
            say(dogs.ttl, dogs, "key")
        }
    }
--- response_body
error: attempt to perform arithmetic on local 'exptime' (a string value)
error: attempt to perform arithmetic on local 'exptime' (a table value)
error: attempt to perform arithmetic on local 'exptime' (a boolean value)
error: bad "exptime" argument
error: bad "exptime" argument
error: bad "exptime" argument
true
5



=== TEST 26: expire: too large, and no number
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            dogs:set("key", 1)
            for _, exptime in ipairs {1/0, 0/0, 1e20, 2LL} do
                say(dogs.expire, dogs, "key", exptime)
                say(dogs.ttl, dogs, "key")
            end
        }
    }
--- response_body
true
0
true
0
true
0
true
2



=== TEST 27: expire and ttl keep value and flags
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            dogs:set("key", "value", 0, 9)
            dogs:expire("key", 100)
            dogs:ttl("key")
            say(dogs.get, dogs, "key")
        }
    }
--- response_body
"value" 9



=== TEST 28: incr
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            dogs:set("key", 5)
            say(dogs.incr, dogs, "key", 1)
            say(dogs.incr, dogs, "key", 0.5)
            say(dogs.incr, dogs, "key", -10)
            say(dogs.get, dogs, "key")
        }
    }
--- response_body
6
6.5
-3.5
-3.5



=== TEST 29: incr: gives one value without init, three with it
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            dogs:set("key", 5)
            ngx.say(select("#", dogs:incr("key", 1)))
            ngx.say(select("#", dogs:incr("key", 1, 0)))
            ngx.say(select("#", dogs:incr("none", 1)))
        }
    }
--- response_body
1
3
2



=== TEST 30: incr: a missing key
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            say(dogs.incr, dogs, "key", 1)
            say(dogs.incr, dogs, "key", 1, nil)
            say(dogs.incr, dogs, "key", 1, false)
            say(dogs.get, dogs, "key")
        }
    }
--- response_body
nil "not found"
nil "not found"
nil "not found"
nil



=== TEST 31: incr: a missing key with init
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            say(dogs.incr, dogs, "key", 1, 10)
            say(dogs.incr, dogs, "key", 1, 10)
            say(dogs.get, dogs, "key")
            say(dogs.ttl, dogs, "key")
        }
    }
--- response_body
11 nil false
12 nil false
12
0



=== TEST 32: incr: init_ttl
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            say(dogs.incr, dogs, "key", 1, 0, 5)
            say(dogs.ttl, dogs, "key")
            say(dogs.incr, dogs, "key", 1, 0, 500)
            say(dogs.ttl, dogs, "key")
        }
    }
--- response_body
1 nil false
5
2 nil false
5



=== TEST 33: incr: init_ttl ends the number
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            dogs:incr("key", 5, 0, 0.005)
            ngx.sleep(0.02)
            say(dogs.get, dogs, "key")
            say(dogs.incr, dogs, "key", 5, 100, 0.5)
            say(dogs.get, dogs, "key")
        }
    }
--- response_body
nil
105 nil false
105



=== TEST 34: incr: init_ttl of 0, of less than a millisecond
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            dogs:incr("a", 1, 0, 0)
            dogs:incr("b", 1, 0, 0.0001)
            say(dogs.ttl, dogs, "a")
            say(dogs.ttl, dogs, "b")
        }
    }
--- response_body
0
0



=== TEST 35: incr: wrong init_ttl
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            for _, ttl in ipairs {"x", {}, true, false, print, -1, -0.001} do
                say(dogs.incr, dogs, "key", 1, 0, ttl)
            end
            say(dogs.incr, dogs, "key", 1, nil, 5)
            say(dogs.incr, dogs, "key", 1, false, 5)
            say(dogs.get, dogs, "key")
        }
    }
--- response_body
error: bad init_ttl arg: number expected, got string
error: bad init_ttl arg: number expected, got table
error: bad init_ttl arg: number expected, got boolean
error: bad init_ttl arg: number expected, got boolean
error: bad init_ttl arg: number expected, got function
error: bad "init_ttl" argument
error: bad "init_ttl" argument
error: must provide "init" when providing "init_ttl"
error: must provide "init" when providing "init_ttl"
nil



=== TEST 36: incr: wrong init
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            for _, init in ipairs {"x", {}, true, print} do
                say(dogs.incr, dogs, "key", 1, init)
            end
            say(dogs.get, dogs, "key")
        }
    }
--- response_body
error: bad init arg: number expected, got string
error: bad init arg: number expected, got table
error: bad init arg: number expected, got boolean
error: bad init arg: number expected, got function
nil



=== TEST 37: incr: numbers in strings and 64-bit integers
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            say(dogs.incr, dogs, "key", "2", "3", "4")
            say(dogs.ttl, dogs, "key")
            say(dogs.incr, dogs, "key", "0x10")
            say(dogs.incr, dogs, "key", 3LL, 5LL)
            say(dogs.incr, dogs, "other", 1, 5LL, 7LL)
            say(dogs.ttl, dogs, "other")
        }
    }
--- response_body
5 nil false
4
21
24 nil false
6 nil false
7



=== TEST 38: incr: a wrong number to add
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            dogs:set("key", 1)
            for _, by in ipairs {"x", {}, true, false, print} do
                say(dogs.incr, dogs, "key", by)
            end
            say(dogs.incr, dogs, "key")
            say(dogs.get, dogs, "key")
        }
    }
--- response_body
error: cannot convert 'nil' to 'double'
error: cannot convert 'nil' to 'double'
error: cannot convert 'nil' to 'double'
error: cannot convert 'nil' to 'double'
error: cannot convert 'nil' to 'double'
error: cannot convert 'nil' to 'double'
1



=== TEST 39: incr: what is no number
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            dogs:set("key", "text")
            say(dogs.incr, dogs, "key", 1)
            dogs:set("key", "12345678")
            say(dogs.incr, dogs, "key", 1, 0)
            dogs:set("key", "5")
            say(dogs.incr, dogs, "key", 1)
            dogs:set("key", true)
            say(dogs.incr, dogs, "key", 1)
            dogs:rpush("list", 1)
            say(dogs.incr, dogs, "list", 1, 0)
        }
    }
--- response_body
nil "not a number"
nil "not a number"
nil "not a number"
nil "not a number"
nil "not a number"



=== TEST 40: incr: keeps flags and expiry
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            dogs:set("key", 1, 100, 42)
            say(dogs.incr, dogs, "key", 1)
            say(dogs.get, dogs, "key")
            say(dogs.ttl, dogs, "key")
        }
    }
--- response_body
2
2 42
100



=== TEST 41: incr: what starts anew has no flags
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            dogs:set("key", 1, 0.001, 42)
            ngx.sleep(0.01)
            say(dogs.incr, dogs, "key", 1, 5)
            say(dogs.get, dogs, "key")
            dogs:set("key", "some text", 0.001, 42)
            ngx.sleep(0.01)
            say(dogs.incr, dogs, "key", 1, 5)
            say(dogs.get, dogs, "key")
        }
    }
--- response_body
6 nil false
6
6 nil false
6



=== TEST 42: incr: large, small, infinite
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            dogs:set("key", 2^53)
            say(dogs.incr, dogs, "key", 1)
            dogs:set("key", 0.1)
            ngx.say(dogs:incr("key", 0.2) == 0.1 + 0.2)
            say(dogs.incr, dogs, "key", 1/0)
            ngx.say(tostring(dogs:incr("key", -1/0)):gsub("-", ""))
        }
    }
--- response_body
9.007199254741e+15
true
inf
nan0



=== TEST 43: a key that is deleted within incr, set and add starts anew
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            dogs:incr("key", 1, 0)
            dogs:delete("key")
            say(dogs.incr, dogs, "key", 1)
            say(dogs.add, dogs, "key", 7)
            say(dogs.incr, dogs, "key", 1)
        }
    }
--- response_body
nil "not found"
true nil false
8
