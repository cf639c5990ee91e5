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
        -- A table of arguments as text: {a="1", b={true, ""}}
        local function show(value)
            if type(value) ~= "table" then
                return shown(value)
            end
            local parts, keys = {}, {}
            for _, element in ipairs(value) do
                parts[#parts + 1] = show(element)
            end
            for key in pairs(value) do
                keys[#keys + 1] = type(key) == "string" and key or nil
            end
            table.sort(keys)
            for _, key in ipairs(keys) do
                parts[#parts + 1] = key .. "=" .. show(value[key])
            end
            return "{" .. table.concat(parts, ", ") .. "}"
        end
        package.loaded.show = show

        -- The pairs of a query string in alphabetical order.
        package.loaded.sorted = function(query)
            local pairs = {}
            for pair in (query .. "&"):gmatch("(.-)&") do
                pairs[#pairs + 1] = pair
            end
            table.sort(pairs)
            return table.concat(pairs, "&")
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

=== TEST 1: encode_args writes names and values
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.encode_args({a = "1"}), "|", ngx.encode_args({name = "value"}))
            ngx.say(require "sorted" (ngx.encode_args({a = 1, b = 2, c = 3})))
        }
    }
--- response_body
a=1|name=value
a=1&b=2&c=3



=== TEST 2: an empty table is an empty string
--- config
    location = /t {
        content_by_lua_block {
            ngx.say("[", ngx.encode_args({}), "]")
        }
    }
--- response_body
[]



=== TEST 3: names and values are escaped
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.encode_args({["a b&=\0\255/"] = "x y&=+%?#\r\n"}))
        }
    }
--- response_body
a%20b%26%3D%00%FF%2F=x%20y%26%3D%2B%25%3F%23%0D%0A



=== TEST 4: true gives the name alone, false nothing, an empty string an empty value
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.encode_args({a = true}), "|", ngx.encode_args({a = false}), "|", ngx.encode_args({a = ""}))
            ngx.say(require "sorted" (ngx.encode_args({a = true, b = "", d = 1})))
        }
    }
--- response_body
a||a=
a&b=&d=1



=== TEST 5: numbers as Lua writes them
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.encode_args({a = 1.5}), " ", ngx.encode_args({a = -7}), " ", ngx.encode_args({a = 1e100}), " ", ngx.encode_args({a = 2^53}))
        }
    }
--- response_body
a=1.5 a=-7 a=1e%2B100 a=9.007199254741e%2B15



=== TEST 6: an array gives its name several times
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.encode_args({a = {1, "x y", true, "", false, 2}}))
            ngx.say("[", ngx.encode_args({a = {}}), "]", ngx.encode_args({a = {false, "b"}}))
        }
    }
--- response_body
a=1&a=x%20y&a&a=&a=2
[]a=b



=== TEST 7: names have to be strings
--- config
    location = /t {
        content_by_lua_block {
            local try = require "try"
            for _, args in ipairs {{"a"}, {[1.5] = "a"}, {[true] = "a"}, {[{}] = "a"}} do
                ngx.say(try(ngx.encode_args, args))
            end
        }
    }
--- response_body
error: attempt to use a non-string key in the "args" option table
error: attempt to use a non-string key in the "args" option table
error: attempt to use a non-string key in the "args" option table
error: attempt to use a non-string key in the "args" option table



=== TEST 8: values of other types are refused
--- config
    location = /t {
        content_by_lua_block {
            local try = require "try"
            for _, value in ipairs {print, ngx.null, coroutine.create(function() end), {{}}, {print}, {"a", {"b"}}} do
                ngx.say(try(ngx.encode_args, {a = value}))
            end
        }
    }
--- response_body
error: attempt to use function as query arg value
error: attempt to use userdata as query arg value
error: attempt to use thread as query arg value
error: attempt to use table as query arg value
error: attempt to use function as query arg value
error: attempt to use table as query arg value



=== TEST 9: encode_args takes one argument, a table
--- config
    location = /t {
        content_by_lua_block {
            local try = require "try"
            for _, value in ipairs {"a=1", 12, true, print} do
                ngx.say(try(ngx.encode_args, value))
            end
            ngx.say(try(ngx.encode_args, nil))
            ngx.say(try(ngx.encode_args))
            ngx.say(try(ngx.encode_args, {}, {}))
            local ok, err = pcall(function() local query = ngx.encode_args("a") end)
            ngx.say((err:gsub("^.-:%d+: ", "")))
        }
    }
--- response_body
error: bad argument #1 to '?' (table expected, got string)
error: bad argument #1 to '?' (table expected, got number)
error: bad argument #1 to '?' (table expected, got boolean)
error: bad argument #1 to '?' (table expected, got function)
error: bad argument #1 to '?' (table expected, got nil)
error: expecting 1 argument but seen 0
error: expecting 1 argument but seen 2
bad argument #1 to 'encode_args' (table expected, got string)



=== TEST 10: metatables do not matter
--- config
    location = /t {
        content_by_lua_block {
            local args = setmetatable({a = 1}, {__index = {b = 2}, __pairs = function() error("asked") end, __tostring = function() return "x" end})
            ngx.say(ngx.encode_args(args))
        }
    }
--- response_body
a=1



=== TEST 11: 10,000 arguments to encode
--- config
    location = /t {
        content_by_lua_block {
            local args, expected = {}, {}
            for i = 1, 10000 do
                args["name " .. i] = "value " .. i
            end
            local query = ngx.encode_args(args)
            local n = select(2, query:gsub("&", "&")) + 1
            ngx.say(n, " ", #query, " ", query:find("name%20777=value%20777", 1, true) ~= nil)
            local values = {}
            for i = 1, 10000 do values[i] = i end
            ngx.say(#ngx.encode_args({a = values}))
        }
    }
--- response_body
10000 247787 true
68893



=== TEST 12: 10 MB to encode
--- config
    location = /t {
        content_by_lua_block {
            local query = ngx.encode_args({a = ("x "):rep(5 * 1024 * 1024)})
            ngx.say(#query, " ", query:sub(1, 10))
        }
    }
--- timeout: 10
--- response_body
20971522 a=x%20x%20



=== TEST 13: decode_args reads names and values
--- config
    location = /t {
        content_by_lua_block {
            local show = require "show"
            ngx.say(show((ngx.decode_args("a=1&b=two&C=3"))))
            ngx.say(show((ngx.decode_args("a&b=&c"))))
            ngx.say(show((ngx.decode_args(""))))
        }
    }
--- response_body
{C="3", a="1", b="two"}
{a=true, b="", c=true}
{}



=== TEST 14: repeated names are an array in order
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(require "show" ((ngx.decode_args("a=1&b=x&a&a=&a=4"))))
        }
    }
--- response_body
{a={"1", true, "", "4"}, b="x"}



=== TEST 15: arguments without a name are dropped
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(require "show" ((ngx.decode_args("=1&&a=2&=&&"))))
        }
    }
--- response_body
{a="2"}



=== TEST 16: percent codes and plus signs are decoded, malformed ones kept
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(require "show" ((ngx.decode_args("a+b=c+d&%61%2b=%3D%26%2B&e%20=%e4%00&f=%zz%4&%=%25"))))
        }
    }
--- response_body
{%="%", a b="c d", a+="=&+", e ="\xe4\x00", f="%zz%4"}



=== TEST 17: a semicolon or a question mark separates nothing; the first equals sign does
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(require "show" ((ngx.decode_args("a=1;b=2&c?d=e=f==&?x=1"))))
        }
    }
--- response_body
{?x="1", a="1;b=2", c?d="e=f=="}



=== TEST 18: 100 arguments are read if nothing is said
--- config
    location = /t {
        content_by_lua_block {
            local query = {}
            for i = 1, 100 do query[i] = "a" .. i .. "=" .. i end
            local args, err = ngx.decode_args(table.concat(query, "&"))
            ngx.say(args.a100, " ", err)
            query[101] = "a101=101"
            args, err = ngx.decode_args(table.concat(query, "&"))
            ngx.say(args.a100, " ", args.a101, " ", err)
        }
    }
--- response_body
100 nil
100 nil truncated



=== TEST 19: the second argument is the largest number to read
--- config
    location = /t {
        content_by_lua_block {
            local show = require "show"
            local function decode(...)
                local args, err = ngx.decode_args(...)
                ngx.say(show(args), " ", err)
            end
            decode("a&b&c", 2)
            decode("a&b&c", 3)
            decode("a&b&c", 4)
            decode("a&b&c", 1.9)
            decode("a&b&c", "2")
        }
    }
--- response_body
{a=true, b=true} truncated
{a=true, b=true, c=true} nil
{a=true, b=true, c=true} nil
{a=true} truncated
{a=true, b=true} truncated



=== TEST 20: 0 and negative numbers mean no limit
--- config
    location = /t {
        content_by_lua_block {
            local query = ("a&"):rep(150) .. "a"
            for _, max in ipairs {0, -1, -100} do
                local args, err = ngx.decode_args(query, max)
                ngx.say(#args.a, " ", err)
            end
        }
    }
--- response_body
151 nil
151 nil
151 nil



=== TEST 21: what is dropped counts as well
--- config
    location = /t {
        content_by_lua_block {
            local show = require "show"
            local args, err = ngx.decode_args("&&a&b", 2)
            ngx.say(show(args), " ", err)
            args, err = ngx.decode_args("&=1&a&b", 3)
            ngx.say(show(args), " ", err)
        }
    }
--- response_body
{} truncated
{a=true} truncated



=== TEST 22: decode_args takes a string or a number
--- config
    location = /t {
        content_by_lua_block {
            local try, show = require "try", require "show"
            ngx.say(show((ngx.decode_args(12))))
            for _, value in ipairs {true, {}, ngx.null} do
                ngx.say(try(ngx.decode_args, value))
            end
            ngx.say(try(ngx.decode_args, nil))
        }
    }
--- response_body
{12=true}
error: bad argument #1 to '?' (string expected, got boolean)
error: bad argument #1 to '?' (string expected, got table)
error: bad argument #1 to '?' (string expected, got userdata)
error: bad argument #1 to '?' (string expected, got nil)



=== TEST 23: the limit has to be a number, and not nil
--- config
    location = /t {
        content_by_lua_block {
            local try = require "try"
            for _, value in ipairs {"x", true, {}, false} do
                ngx.say(try(ngx.decode_args, "a", value))
            end
            ngx.say(try(ngx.decode_args, "a", nil))
        }
    }
--- response_body
error: bad argument #2 to '?' (number expected, got string)
error: bad argument #2 to '?' (number expected, got boolean)
error: bad argument #2 to '?' (number expected, got table)
error: bad argument #2 to '?' (number expected, got boolean)
error: bad argument #2 to '?' (number expected, got nil)



=== TEST 24: decode_args takes one or two arguments
--- config
    location = /t {
        content_by_lua_block {
            local try = require "try"
            ngx.say(try(ngx.decode_args))
            ngx.say(try(ngx.decode_args, "a", 1, 2))
        }
    }
--- response_body
error: expecting 1 or 2 arguments but seen 0
error: expecting 1 or 2 arguments but seen 3



=== TEST 25: the table is an ordinary one
--- config
    location = /t {
        content_by_lua_block {
            local args = ngx.decode_args("a=1")
            args.b = "2"
            ngx.say(getmetatable(args), " ", args.A, " ", require "show" (args))
        }
    }
--- response_body
nil nil {a="1", b="2"}



=== TEST 26: 10,000 arguments to decode
--- config
    location = /t {
        content_by_lua_block {
            local query = {}
            for i = 1, 10000 do query[i] = "name%20" .. i .. "=value+" .. i end
            local args, err = ngx.decode_args(table.concat(query, "&"), 0)
            local n = 0
            for name, value in pairs(args) do
                n = n + 1
                assert(name:gsub("name", "value") == value)
            end
            ngx.say(n, " ", args["name 10000"], " ", err)
            args, err = ngx.decode_args(("a=1&"):rep(10000), 0)
            ngx.say(#args.a, " ", err)
            args, err = ngx.decode_args(("a=1&"):rep(10000), 9999)
            ngx.say(#args.a, " ", err)
        }
    }
--- response_body
10000 value 10000 nil
10000 nil
9999 truncated



=== TEST 27: 10 MB to decode
--- config
    location = /t {
        content_by_lua_block {
            local args = ngx.decode_args("a=" .. ("x%20"):rep(5 * 1024 * 1024 / 2) .. "&b")
            ngx.say(#args.a, " ", args.b, " ", args.a:sub(-4), "|")
        }
    }
--- timeout: 10
--- response_body
5242880 true x x |



=== TEST 28: decoding what was encoded
--- config
    location = /t {
        content_by_lua_block {
            local show = require "show"
            local all = {}
            for byte = 0, 255 do all[byte + 1] = string.char(byte) end
            all = table.concat(all)
            local args = {[all] = all, empty = "", flag = true, list = {"1", true, "", "a&b=c"}, ["="] = "&"}
            local decoded, err = ngx.decode_args(ngx.encode_args(args))
            ngx.say(show(decoded) == show(args), " ", err)
        }
    }
--- response_body
true nil



=== TEST 29: in all phases of a request
--- config
    location = /t {
        set_by_lua_block $set { return ngx.encode_args({a = "set"}) }
        rewrite_by_lua_block { ngx.ctx.rewrite = ngx.decode_args("a=rewrite").a }
        access_by_lua_block { ngx.ctx.access = ngx.encode_args({a = "x y"}) }
        content_by_lua_block { ngx.say(ngx.var.set, " ", ngx.ctx.rewrite, " ", ngx.ctx.access) }
        header_filter_by_lua_block { ngx.header["X-Filter"] = ngx.encode_args({a = "filter"}) }
        body_filter_by_lua_block { ngx.ctx.body = ngx.decode_args(ngx.arg[1]) }
        log_by_lua_block { ngx.log(ngx.WARN, "logged ", ngx.encode_args({a = "log"})) }
    }
--- response_headers
X-Filter: a=filter
--- error_log
logged a=log
--- response_body
a=set rewrite a=x%20y



=== TEST 30: in init and in init_worker
--- http_config
    init_by_lua_block {
        package.loaded.found = {ngx.encode_args({a = 1}), ngx.decode_args("a=init").a}
    }
    init_worker_by_lua_block {
        local found = require "found"
        found[3], found[4] = ngx.encode_args({a = 2}), ngx.decode_args("a=worker").a
    }
--- config
    location = /t {
        content_by_lua_block { ngx.say(table.concat(require "found", "|")) }
    }
--- response_body
a=1|init|a=2|worker
