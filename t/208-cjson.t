# Debian's lua-cjson, a library in C, and lua-resty-lrucache.

use Test::Nginx::Socket::Lua;

-e '/usr/share/lua/5.1/cjson/util.lua'
    ? plan('no_plan') : plan(skip_all => 'no lua-cjson');

add_block_preprocessor(sub {
    my ($block) = @_;
    $block->set_value("request", "GET /t") if !defined $block->request;
    $block->set_value("no_error_log", "[error]")
        if !defined $block->error_log && !defined $block->no_error_log;
});

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: encode and decode
--- config
    location = /t {
        content_by_lua_block {
            local cjson = require "cjson"
            ngx.say(cjson.encode { 1, "two", true, { a = "b" }, 1.5 })
            local value = cjson.decode '{"list": [1, 2, [3]], "text": "\\u00e4\\n", "no": false}'
            ngx.say(value.list[3][1], " ", value.text, value.no)
        }
    }
--- response_body
[1,"two",true,{"a":"b"},1.5]
3 ä
false



=== TEST 2: null is ngx.null
--- config
    location = /t {
        content_by_lua_block {
            local cjson = require "cjson"
            ngx.say(cjson.null == ngx.null, " ", cjson.decode("[null]")[1] == ngx.null)
            ngx.say(cjson.encode { ngx.null, cjson.null })
        }
    }
--- response_body
true true
[null,null]



=== TEST 3: errors, with and without exceptions
--- config
    location = /t {
        content_by_lua_block {
            local cjson, safe = require "cjson", require "cjson.safe"
            local ok, err = pcall(cjson.decode, "[1, 2")
            ngx.say(ok, " ", err)
            ngx.say(safe.decode "{nonsense}")
            ngx.say(safe.encode { f = function() end })
            ngx.say(pcall(cjson.encode, { [1] = 1, [1000] = 2 }))
        }
    }
--- response_body
false Expected comma or array end but found T_END at character 6
nilExpected object key string but found invalid token at character 2
nilCannot serialise function: type not supported
falseCannot serialise table: excessively sparse array



=== TEST 4: a large document, in parts of the request body and the response
--- config
    location = /t {
        client_max_body_size 8m;
        client_body_buffer_size 8m;
        content_by_lua_block {
            local cjson = require "cjson"
            ngx.req.read_body()
            local list = cjson.decode(ngx.req.get_body_data())
            local sum = 0
            for _, item in ipairs(list) do
                sum = sum + item.id
            end
            ngx.say(#list, " ", sum, " ", #cjson.encode(list) > 1000000)
        }
    }
--- request eval
"POST /t\n[" . join(",", map { "{\"id\":$_,\"name\":\"" . "n" x 20 . "\"}" } 1 .. 30000) . "]"
--- response_body
30000 450015000 true



=== TEST 5: two instances with options of their own
--- config
    location = /t {
        content_by_lua_block {
            local a, b = require("cjson").new(), require("cjson").new()
            a.encode_sparse_array(true, 2, 3)
            a.encode_number_precision(3)
            ngx.say(a.encode { 3.14159265 }, " ", b.encode { 3.14159265 })
            ngx.say(a.encode { [1000] = 1 })
            ngx.say((pcall(b.encode, { [1000] = 1 })))
        }
    }
--- response_body
[3.14] [3.14159265]
{"1e+03":1}
false



=== TEST 6: answers of redis's kind, kept in a cache
--- http_config
    init_by_lua_block {
        local cache = require("resty.lrucache").new(100)
        function package.loaded.user(name)
            local user = cache:get(name)
            if user then
                return user, "hit"
            end
            user = require("cjson").decode('{"name": "' .. name .. '"}')
            cache:set(name, user, 60)
            return user, "miss"
        end
    }
--- config
    location = /t {
        content_by_lua_block {
            local name = "u" .. ngx.var.connection
            for i = 1, 3 do
                local user, how = require("user")(name)
                ngx.say(user.name == name, " ", how)
            end
        }
    }
--- response_body
true miss
true hit
true hit



=== TEST 7: while the configuration is read
--- http_config
    init_by_lua_block {
        local cjson = require "cjson"
        settings = cjson.decode('{"limit": 3, "nothing": null}')
    }
    init_worker_by_lua_block { settings.encoded = require("cjson").encode(settings) }
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(settings.limit, " ", settings.nothing == ngx.null, " ", settings.encoded:sub(1, 1))
        }
    }
--- response_body
3 true {
