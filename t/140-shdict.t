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

=== TEST 1: set and get
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            say(dogs.set, dogs, "Tom", "a cat")
            say(dogs.get, dogs, "Tom")
        }
    }
--- response_body
true nil false
"a cat"



=== TEST 2: a key that does not exist gives nil alone
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            say(dogs.get, dogs, "Tom")
            ngx.say(select("#", dogs:get("Tom")))
        }
    }
--- response_body
nil
1



=== TEST 3: values of all types
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            for _, value in ipairs {"text", "", 3, -0.5, 1e300, 0, true, false} do
                dogs:set("key", value)
                local got = dogs:get("key")
                ngx.say(type(got), " ", tostring(got), " ", got == value)
            end
        }
    }
--- response_body
string text true
string  true
number 3 true
number -0.5 true
number 1e+300 true
number 0 true
boolean true true
boolean false true



=== TEST 4: numbers that are not finite
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            for _, value in ipairs {1/0, -1/0} do
                dogs:set("key", value)
                ngx.say(dogs:get("key") == value)
            end
            dogs:set("key", 0/0)
            local nan = dogs:get("key")
            ngx.say(nan ~= nan)
        }
    }
--- response_body
true
true
true



=== TEST 5: a number stays a number, a string a string
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            dogs:set("a", 12)
            dogs:set("b", "12")
            say(dogs.get, dogs, "a")
            say(dogs.get, dogs, "b")
        }
    }
--- response_body
12
"12"



=== TEST 6: strings of all bytes
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            local all = {}
            for i = 0, 255 do
                all[#all + 1] = string.char(i)
            end
            all = table.concat(all)
            dogs:set(all, all)
            ngx.say(dogs:get(all) == all, " ", #dogs:get_keys()[1])
        }
    }
--- response_body
true 256



=== TEST 7: keys with NUL, of equal beginning, of any length
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            dogs:set("a", 1)
            dogs:set("a\0", 2)
            dogs:set("a\0b", 3)
            dogs:set("", 4)
            for i = 1, 9 do
                dogs:set(("k"):rep(i), i)
            end
            say(dogs.get, dogs, "a")
            say(dogs.get, dogs, "a\0")
            say(dogs.get, dogs, "a\0b")
            for i = 1, 10 do
                ngx.print(tostring(dogs:get(("k"):rep(i))), " ")
            end
            ngx.say()
        }
    }
--- response_body
1
2
3
1 2 3 4 5 6 7 8 9 nil 



=== TEST 8: values of all lengths
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            local wrong = 0
            for i = 0, 5000, 7 do
                local value = ("x"):rep(i - 1) .. (i > 0 and "y" or "")
                assert(dogs:set("key", value))
                if dogs:get("key") ~= value then
                    wrong = wrong + 1
                end
            end
            ngx.say(wrong)
        }
    }
--- response_body
0



=== TEST 9: a value of 80,000 bytes
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            local value = ("0123456789"):rep(8000)
            say(dogs.set, dogs, "key", value)
            ngx.say(dogs:get("key") == value, " ", (dogs:get_stale("key")) == value)
        }
    }
--- response_body
true nil false
true true



=== TEST 10: a value of 80,000 bytes, then a short one
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            dogs:set("long", ("x"):rep(80000))
            dogs:set("short", "s")
            for i = 1, 3 do
                ngx.say(#dogs:get("long"), " ", dogs:get("short"))
            end
        }
    }
--- response_body
80000 s
80000 s
80000 s



=== TEST 11: values that are not kept: nil, booleans and strings and numbers only
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            for _, value in ipairs {{}, print, ngx.null, 5LL} do
                say(dogs.set, dogs, "key", value)
                say(dogs.add, dogs, "key", value)
            end
            say(dogs.get, dogs, "key")
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
nil



=== TEST 12: a value of a wrong type leaves the old one
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            dogs:set("key", "old")
            say(dogs.set, dogs, "key", {})
            say(dogs.replace, dogs, "key", {})
            say(dogs.get, dogs, "key")
        }
    }
--- response_body
nil "bad value type"
nil "bad value type"
"old"



=== TEST 13: nil as a value deletes
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            dogs:set("key", 1)
            say(dogs.set, dogs, "key", nil)
            say(dogs.get, dogs, "key")
            say(dogs.set, dogs, "key")
            say(dogs.safe_set, dogs, "key")
        }
    }
--- response_body
true nil false
nil
true nil false
true nil false



=== TEST 14: delete
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            dogs:set("key", 1)
            say(dogs.delete, dogs, "key")
            say(dogs.get, dogs, "key")
            say(dogs.delete, dogs, "key")
            say(dogs.delete, dogs, "key", "more", "arguments")
        }
    }
--- response_body
true nil false
nil
true nil false
true nil false



=== TEST 15: user flags
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            dogs:set("key", "value", 0, 5)
            say(dogs.get, dogs, "key")
            dogs:set("key", "value", 0, -5)
            say(dogs.get, dogs, "key")
            dogs:set("key", 3, 0, 7)
            say(dogs.get, dogs, "key")
            dogs:set("key", false, 0, 7)
            say(dogs.get, dogs, "key")
        }
    }
--- response_body
"value" 5
"value" -5
3 7
false 7



=== TEST 16: flags of 0 are not given
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            dogs:set("key", "value", 0, 0)
            ngx.say(select("#", dogs:get("key")))
            dogs:set("key", "value")
            ngx.say(select("#", dogs:get("key")))
            dogs:set("key", "value", 0, nil)
            ngx.say(select("#", dogs:get("key")))
        }
    }
--- response_body
1
1
1



=== TEST 17: a new value has new flags
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            dogs:set("key", "one", 0, 5)
            dogs:set("key", "two", 0)
            say(dogs.get, dogs, "key")
            dogs:replace("key", "six", 0, 6)
            say(dogs.get, dogs, "key")
        }
    }
--- response_body
"two"
"six" 6



=== TEST 18: flags are made integers; what does not fit is the smallest one
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            for _, flags in ipairs {1.9, -1.9, 2147483647, 2147483648, -2147483648, -2147483649, 2^40, 0/0, 1/0, true, 9LL} do
                dogs:set("key", 1, 0, flags)
                say(dogs.get, dogs, "key")
            end
            dogs:set("key", 1, 0, false)
            say(dogs.get, dogs, "key")
        }
    }
--- response_body
1 1
1 -1
1 2147483647
1 -2147483648
1 -2147483648
1 -2147483648
1 -2147483648
1 -2147483648
1 -2147483648
1 1
1 9
1



=== TEST 19: flags of a wrong type
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            for _, flags in ipairs {"5", "x", {}, print} do
                say(dogs.set, dogs, "key", 1, 0, flags)
            end
            say(dogs.get, dogs, "key")
        }
    }
--- response_body
error: bad argument #10 to 'ngx_lua_ffi_shdict_store' (cannot convert 'string' to 'int')
error: bad argument #10 to 'ngx_lua_ffi_shdict_store' (cannot convert 'string' to 'int')
error: bad argument #10 to 'ngx_lua_ffi_shdict_store' (cannot convert 'table' to 'int')
error: bad argument #10 to 'ngx_lua_ffi_shdict_store' (cannot convert 'function' to 'int')
nil



=== TEST 20: keys that are no strings become strings
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            dogs:set(1, "one")
            dogs:set(1.5, "one and a half")
            dogs:set(true, "true")
            say(dogs.get, dogs, "1")
            say(dogs.get, dogs, 1.5)
            say(dogs.get, dogs, "true")
            local key = setmetatable({}, {__tostring = function() return "named" end})
            dogs:set(key, "by tostring")
            say(dogs.get, dogs, "named")
            say(dogs.get, dogs, key)
            say(dogs.get, dogs, 1e15)
        }
    }
--- response_body
"one"
"one and a half"
"true"
"by tostring"
"by tostring"
nil



=== TEST 21: an error in __tostring of a key
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            local key = setmetatable({}, {__tostring = function() error("no name", 0) end})
            for _, method in ipairs {"get", "get_stale", "set", "add", "delete", "incr", "ttl"} do
                say(dogs[method], dogs, key, 1)
            end
        }
    }
--- response_body
error: no name
error: no name
error: no name
error: no name
error: no name
error: no name
error: no name



=== TEST 22: nil as a key
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            for _, method in ipairs {"get", "get_stale", "set", "safe_set", "add", "safe_add", "replace", "delete", "ttl"} do
                say(dogs[method], dogs)
            end
            say(dogs.incr, dogs, nil, 1)
            say(dogs.expire, dogs, nil, 1)
            say(dogs.lpush, dogs, nil, 1)
            say(dogs.lpop, dogs, nil)
            say(dogs.llen, dogs, nil)
        }
    }
--- response_body
nil "nil key"
nil "nil key"
nil "nil key"
nil "nil key"
nil "nil key"
nil "nil key"
nil "nil key"
nil "nil key"
nil "nil key"
nil "nil key"
nil "nil key"
nil "nil key"
nil "nil key"
nil "nil key"



=== TEST 23: an empty key
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            for _, method in ipairs {"get", "get_stale", "set", "safe_set", "add", "safe_add", "replace", "delete", "ttl"} do
                say(dogs[method], dogs, "")
            end
            say(dogs.incr, dogs, "", 1)
            say(dogs.expire, dogs, "", 1)
            say(dogs.rpush, dogs, "", 1)
            say(dogs.rpop, dogs, "")
            say(dogs.llen, dogs, "")
        }
    }
--- response_body
nil "empty key"
nil "empty key"
nil "empty key"
nil "empty key"
nil "empty key"
nil "empty key"
nil "empty key"
nil "empty key"
nil "empty key"
nil "empty key"
nil "empty key"
nil "empty key"
nil "empty key"
nil "empty key"



=== TEST 24: a key of more than 65,535 bytes
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            local key = ("k"):rep(65536)
            for _, method in ipairs {"get", "get_stale", "set", "safe_set", "add", "safe_add", "replace", "delete", "ttl"} do
                say(dogs[method], dogs, key)
            end
            say(dogs.incr, dogs, key, 1)
            say(dogs.expire, dogs, key, 1)
            say(dogs.lpush, dogs, key, 1)
            say(dogs.lpop, dogs, key)
            say(dogs.llen, dogs, key)
        }
    }
--- response_body
nil "key too long"
nil "key too long"
nil "key too long"
nil "key too long"
nil "key too long"
nil "key too long"
nil "key too long"
nil "key too long"
nil "key too long"
nil "key too long"
nil "key too long"
nil "key too long"
nil "key too long"
nil "key too long"



=== TEST 25: a key of 65,535 bytes
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            local key = ("k"):rep(65535)
            say(dogs.set, dogs, key, "value")
            say(dogs.get, dogs, key)
            say(dogs.get, dogs, key:sub(1, -2))
            say(dogs.incr, dogs, key, 1)
            ngx.say(#dogs:get_keys()[1])
            say(dogs.delete, dogs, key)
            say(dogs.rpush, dogs, key, "v")
            say(dogs.rpop, dogs, key)
        }
    }
--- response_body
true nil false
"value"
nil
nil "not a number"
65535
true nil false
1
"v"



=== TEST 26: the methods are functions of the object, too
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            say(dogs.set, dogs, "key", "value")
            local get = ngx.shared.small.get
            say(get, dogs, "key")
            say(ngx.shared.dogs.get, dogs, "key")
        }
    }
--- response_body
true nil false
"value"
"value"



=== TEST 27: a wrong object
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            for _, object in ipairs {"text", 5, true, {}, {1}, {"zone"}, {ngx.null}, {{}}} do
                say(dogs.get, object, "key")
            end
            say(dogs.get)
            say(dogs.get, nil, "key")
        }
    }
--- response_body
error: bad "zone" argument
error: bad "zone" argument
error: bad "zone" argument
error: bad "zone" argument
error: bad "zone" argument
error: bad "zone" argument
error: bad "zone" argument
error: bad "zone" argument
error: bad "zone" argument
error: bad "zone" argument



=== TEST 28: a wrong object for each method
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            for _, method in ipairs {"get", "get_stale", "set", "safe_set", "add", "safe_add", "replace", "delete", "incr", "ttl",
                                     "expire", "flush_all", "capacity", "free_space"} do
                say(dogs[method])
                say(dogs[method], "key", 1)
                say(dogs[method], {}, "key", 1)
            end
        }
    }
--- response_body
error: bad "zone" argument
error: bad "zone" argument
error: bad "zone" argument
error: bad "zone" argument
error: bad "zone" argument
error: bad "zone" argument
error: bad "zone" argument
error: bad "zone" argument
error: bad "zone" argument
error: bad "zone" argument
error: bad "zone" argument
error: bad "zone" argument
error: bad "zone" argument
error: bad "zone" argument
error: bad "zone" argument
error: bad "zone" argument
error: bad "zone" argument
error: bad "zone" argument
error: bad "zone" argument
error: bad "zone" argument
error: bad "zone" argument
error: bad "zone" argument
error: bad "zone" argument
error: bad "zone" argument
error: bad "zone" argument
error: bad "zone" argument
error: bad "zone" argument
error: bad "zone" argument
error: bad "zone" argument
error: bad "zone" argument
error: bad "zone" argument
error: bad "zone" argument
error: bad "zone" argument
error: bad "zone" argument
error: bad "zone" argument
error: bad "zone" argument
error: bad "zone" argument
error: bad "zone" argument
error: bad "zone" argument
error: bad "zone" argument
error: bad "zone" argument
error: bad "zone" argument



=== TEST 29: a wrong object for the methods that count their arguments
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            say(dogs.lpush, "x", "key", 1)
            say(dogs.rpush, {}, "key", 1)
            say(dogs.lpop, nil, "key")
            say(dogs.rpop, {1}, "key")
            say(dogs.llen, {{}}, "key")
            say(dogs.get_keys, "x")
            say(dogs.flush_expired, 5)
        }
    }
--- response_body
error: bad "zone" argument
error: bad "zone" argument
error: bad "zone" argument
error: bad "zone" argument
error: bad "zone" argument
error: bad argument #1 to '?' (table expected, got string)
error: bad argument #1 to '?' (table expected, got number)



=== TEST 30: a userdata of something else
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            say(dogs.get, {io.stdout}, "key")
            say(dogs.lpush, {io.stdout}, "key", 1)
            say(dogs.get_keys, {io.stdout})
            say(dogs.get, {newproxy()}, "key")
        }
    }
--- response_body
error: bad "zone" argument
error: bad "zone" argument
error: bad "zone" argument
error: bad "zone" argument
--- differs: the C module takes any userdata for a zone and crashes



=== TEST 31: a copy of the object works as well
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            local copy = setmetatable({dogs[1]}, getmetatable(dogs))
            copy:set("key", "value")
            say(dogs.get, dogs, "key")
            say(dogs.get, {dogs[1]}, "key")
            say(copy.incr, copy, "n", 1, 0)
            say(copy.set, copy, "key", "v", 0, 4)
            say(copy.get, copy, "key")
        }
    }
--- response_body
"value"
"value"
1 nil false
true nil false
"v" 4



=== TEST 32: the object is a table with a userdata, all have one metatable, which is its own __index
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            local small = ngx.shared.small
            ngx.say(type(dogs), " ", type(dogs[1]), " ", #dogs)
            local meta = getmetatable(dogs)
            ngx.say(meta == getmetatable(small), " ", meta.__index == meta, " ", dogs.get == small.get, " ", rawget(dogs, "get"))
        }
    }
--- response_body
table userdata 1
true true true nil



=== TEST 33: all methods
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            local names = {}
            for name, value in pairs(getmetatable(dogs)) do
                names[#names + 1] = name .. ":" .. type(value)
            end
            table.sort(names)
            ngx.say(table.concat(names, "\n"))
        }
    }
--- response_body
__index:table
add:function
capacity:function
delete:function
expire:function
flush_all:function
flush_expired:function
free_space:function
get:function
get_keys:function
get_stale:function
incr:function
llen:function
lpop:function
lpush:function
replace:function
rpop:function
rpush:function
safe_add:function
safe_set:function
set:function
ttl:function



=== TEST 34: a method can be replaced for all dictionaries
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            local meta = getmetatable(dogs)
            local get = meta.get
            meta.get = function(dict, key)
                return "my " .. tostring(get(dict, key))
            end
            dogs:set("key", "value")
            say(dogs.get, dogs, "key")
            say(ngx.shared.small.get, ngx.shared.small, "none")
            meta.get = get
            say(dogs.get, dogs, "key")
        }
    }
--- response_body
"my value"
"my nil"
"value"



=== TEST 35: ngx.shared has the dictionaries and nothing else
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            local names = {}
            for name in pairs(ngx.shared) do
                names[#names + 1] = name
            end
            table.sort(names)
            ngx.say(table.concat(names, " "))
            say(function() return ngx.shared.cows, ngx.shared["dogs"] == dogs, getmetatable(ngx.shared) end)
        }
    }
--- response_body
cats dogs small
nil true nil



=== TEST 36: dictionaries do not share keys
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            local small = require "empty" "small"
            dogs:set("key", 1)
            small:set("key", 2)
            ngx.say(dogs:get("key"), " ", small:get("key"))
            dogs:delete("key")
            ngx.say(dogs:get("key"), " ", small:get("key"))
        }
    }
--- response_body
1 2
nil 2



=== TEST 37: get_stale gives three values
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            dogs:set("key", "value", 0, 5)
            say(dogs.get_stale, dogs, "key")
            dogs:set("key", "value")
            say(dogs.get_stale, dogs, "key")
            dogs:set("key", false)
            say(dogs.get_stale, dogs, "key")
            dogs:set("key", 2.5)
            say(dogs.get_stale, dogs, "key")
            ngx.say(select("#", dogs:get_stale("none")))
        }
    }
--- response_body
"value" 5 false
"value" nil false
false nil false
2.5 nil false
1



=== TEST 38: many keys
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            for i = 1, 500 do
                dogs:set("key " .. i, i)
            end
            local sum = 0
            for i = 1, 500 do
                sum = sum + dogs:get("key " .. i)
            end
            ngx.say(sum)
            for i = 1, 500, 2 do
                dogs:delete("key " .. i)
            end
            local left, sum = #dogs:get_keys(0), 0
            for i = 1, 500 do
                sum = sum + (dogs:get("key " .. i) or 0)
            end
            ngx.say(left, " ", sum)
        }
    }
--- response_body
125250
250 62750



=== TEST 39: compiled code gives the same as interpreted code
--- config
    location = /t {
        content_by_lua_block {
            local say, dogs = require "say", require "empty" "dogs"
            local function use(i)
                dogs:set("string", "value " .. i, 60, i % 3)
                dogs:set("number", i)
                dogs:set("boolean", i % 2 == 0)
                local string, flags = dogs:get("string")
                return table.concat({string, tostring(flags), dogs:get("number"), tostring(dogs:get("boolean")),
                                     dogs:incr("n", 1, 0), tostring(dogs:get("none")), tostring(dogs:add("string", 1))}, " ")
            end
            jit.off(use)
            local before = use(999)
            jit.on(use)
            local last
            dogs:delete("n")
            for i = 1, 300 do
                last = use(i)
            end
            ngx.say(before)
            ngx.say(last)
        }
    }
--- response_body
value 999 nil 999 false 1 nil false
value 300 nil 300 true 300 nil false
