use Test::Nginx::Socket::Lua 'no_plan';

add_block_preprocessor(sub {
    my ($block) = @_;
    $block->set_value("http_config", "    lua_shared_dict dogs 100k;\n")
        if !defined $block->http_config;
    $block->set_value("request", "GET /t") if !defined $block->request && !defined $block->must_die;
    $block->set_value("no_error_log", "[error]")
        if !defined $block->error_log && !defined $block->no_error_log;
});

check_accum_error_log();
repeat_each(2);
run_tests();

__DATA__

=== TEST 1: an empty name
--- http_config
    lua_shared_dict "" 100k;
--- config
--- must_die
--- error_log
invalid lua shared dict name ""



=== TEST 2: a size that is too small
--- http_config
    lua_shared_dict dogs 8191;
--- config
--- must_die
--- error_log
invalid lua shared dict size "8191"



=== TEST 3: a size that is none
--- http_config
    lua_shared_dict dogs many;
--- config
--- must_die
--- error_log
invalid lua shared dict size "many"



=== TEST 4: a negative size
--- http_config
    lua_shared_dict dogs -100k;
--- config
--- must_die
--- error_log
invalid lua shared dict size "-100k"



=== TEST 5: a size in gigabytes is none
--- http_config
    lua_shared_dict dogs 1g;
--- config
--- must_die
--- error_log
invalid lua shared dict size "1g"



=== TEST 6: 8 KB have no room for anything
--- http_config
    lua_shared_dict dogs 8k;
--- config
--- must_die
--- error_log
[crit]
ngx_slab_alloc() failed: no memory



=== TEST 7: the same name twice
--- http_config
    lua_shared_dict dogs 100k;
    lua_shared_dict dogs 100k;
--- config
--- must_die
--- error_log
lua_shared_dict "dogs" is already defined as "dogs"



=== TEST 8: the same name twice, of different sizes
--- http_config
    lua_shared_dict dogs 100k;
    lua_shared_dict dogs 200k;
--- config
--- must_die
--- error_log
the size 204800 of shared memory zone "dogs" conflicts with already declared size 102400



=== TEST 9: a name that another module uses
--- http_config
    limit_req_zone $remote_addr zone=dogs:100k rate=1r/s;
    lua_shared_dict dogs 100k;
--- config
--- must_die
--- error_log
the shared memory zone "dogs" is already declared for a different use



=== TEST 10: the wrong number of arguments
--- http_config
    lua_shared_dict dogs;
--- config
--- must_die
--- error_log
invalid number of arguments in "lua_shared_dict" directive



=== TEST 11: not in a server
--- config
    lua_shared_dict dogs 100k;
--- must_die
--- error_log
"lua_shared_dict" directive is not allowed here



=== TEST 12: after the code that uses it
--- http_config
    init_by_lua_block {
        ngx.shared.dogs:set("key", "from init")
    }
    lua_shared_dict dogs 100k;
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.shared.dogs:get("key"))
        }
    }
--- response_body
from init



=== TEST 13: without a dictionary, ngx.shared is an empty table
--- http_config
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(type(ngx.shared), " ", next(ngx.shared), " ", ngx.shared.dogs)
        }
    }
--- response_body
table nil nil



=== TEST 14: a name with any characters
--- http_config
    lua_shared_dict "dogs and-cats.1" 100k;
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.shared["dogs and-cats.1"]:set("key", 1))
        }
    }
--- response_body
truenilfalse



=== TEST 15: init_by_lua can use all dictionaries, whatever the order
--- http_config
    lua_shared_dict dogs 100k;
    init_by_lua_block {
        ngx.shared.dogs:rpush("names", "Rex")
        ngx.shared.cats:add("Tom", 5, 0, 3)
        ngx.shared.cats:incr("Tom", 1)
    }
    lua_shared_dict cats 100k;
    limit_req_zone $remote_addr zone=last:100k rate=1r/s;
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.shared.dogs:llen("names"), " ", ngx.shared.cats:get("Tom"))
        }
    }
--- response_body
1 63



=== TEST 16: a failing init_by_lua keeps nginx from starting, with dictionaries too
--- http_config
    lua_shared_dict dogs 100k;
    init_by_lua_block {
        ngx.shared.dogs:set("key", 1, -1)
    }
--- config
--- must_die
--- error_log
init_by_lua error: init_by_lua
bad "exptime" argument



=== TEST 17: what init_by_lua logs is in the log of the configuration
--- http_config
    lua_shared_dict dogs 100k;
    init_by_lua_block {
        ngx.log(ngx.WARN, "dogs: ", ngx.shared.dogs:capacity())
    }
--- config
    location = /t { return 204; }
--- error_code: 204
--- error_log
dogs: 102400



=== TEST 18: in init_worker_by_lua
--- http_config
    lua_shared_dict dogs 100k;
    init_worker_by_lua_block {
        ngx.shared.dogs:incr("workers", 1, 0)
    }
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.shared.dogs:get("workers"))
        }
    }
--- response_body
1



=== TEST 19: in every phase of a request
--- config
    set_by_lua_block $set { return ngx.shared.dogs:incr("set", 1, 0) }
    location = /t {
        rewrite_by_lua_block { ngx.shared.dogs:incr("rewrite", 1, 0) }
        access_by_lua_block { ngx.shared.dogs:incr("access", 1, 0) }
        content_by_lua_block {
            local dogs = ngx.shared.dogs
            ngx.say(ngx.var.set == tostring(dogs:get("set")), " ", dogs:get("rewrite") == dogs:get("access"))
        }
        header_filter_by_lua_block { ngx.shared.dogs:incr("header", 1, 0) }
        body_filter_by_lua_block {
            local dogs = ngx.shared.dogs
            if ngx.arg[2] then
                ngx.arg[1] = "headers as answers: " .. tostring(dogs:get("header") == dogs:get("access")) .. "\n"
            end
        }
        log_by_lua_block {
            local dogs = ngx.shared.dogs
            dogs:set("last", ngx.var.uri, 5, 1)
            ngx.log(ngx.WARN, "the last one: ", dogs:get("last"))
        }
    }
--- response_body
true true
headers as answers: true
--- error_log
the last one: /t1
--- no_error_log
[error]



=== TEST 20: in server_rewrite_by_lua and precontent_by_lua
--- config
    server_rewrite_by_lua_block { ngx.shared.dogs:set("server_rewrite", 1) }
    location = /t {
        precontent_by_lua_block { ngx.shared.dogs:set("precontent", 2) }
        content_by_lua_block {
            local dogs = ngx.shared.dogs
            ngx.say(dogs:get("server_rewrite"), dogs:get("precontent"))
        }
    }
--- response_body
12
--- differs: the C module has no such directives



=== TEST 21: with lua_code_cache off
--- config
    lua_code_cache off;
    location = /t {
        content_by_lua_block {
            local dogs = ngx.shared.dogs
            dogs:incr("n", 1, 0)
            package.loaded.count = (package.loaded.count or 0) + 1
            ngx.say(dogs:get("n") > 0, " ", package.loaded.count)
        }
    }
--- response_body
true 1
--- error_log
lua_code_cache is off



=== TEST 22: with lua_code_cache off, values stay from one request to the next
--- config
    location = /t {
        lua_code_cache off;
        content_by_lua_block {
            local dogs = ngx.shared.dogs
            local n = dogs:incr("n", 1, 0)
            ngx.say(n > 1 or dogs:set("seen", true))
        }
    }
    location = /seen {
        content_by_lua_block { ngx.say(ngx.shared.dogs:get("seen")) }
    }
--- request eval
["GET /t", "GET /seen"]
--- response_body eval
[qr/^true/, "true\n"]
--- error_log
lua_code_cache is off



=== TEST 23: subrequests share the dictionary
--- config
    location = /t {
        content_by_lua_block {
            ngx.shared.dogs:set("n", 1)
            ngx.location.capture("/sub")
            ngx.say(ngx.shared.dogs:get("n"))
        }
    }
    location = /sub {
        content_by_lua_block { ngx.say(ngx.shared.dogs:incr("n", 10)) }
    }
--- response_body
11



=== TEST 24: values stay while the code sleeps
--- config
    location = /t {
        content_by_lua_block {
            local dogs = ngx.shared.dogs
            dogs:set("key", ("x"):rep(10000))
            local value = dogs:get("key")
            ngx.sleep(0.002)
            dogs:set("key", "other")
            ngx.say(#value, " ", value:sub(1, 3), " ", dogs:get("key"))
        }
    }
--- response_body
10000 xxx other



=== TEST 25: resty.core.shdict
--- config
    location = /t {
        content_by_lua_block {
            require "resty.core"
            local shdict = require "resty.core.shdict"
            ngx.say(type(shdict.version))
            local dogs = ngx.shared.dogs
            dogs:set("key", 1)
            ngx.say(dogs:get("key"))
        }
    }
--- response_body
string
1



=== TEST 26: the C function that finds zones
--- config
    location = /t {
        content_by_lua_block {
            local ffi = require "ffi"
            pcall(ffi.cdef, "void *ngx_http_lua_find_zone(const char *name, size_t len);")
            local find = ffi.C.ngx_http_lua_find_zone
            ngx.say(find("dogs", 4) ~= nil, " ", find("dogs", 4) == find("dogs", 4))
        }
    }
--- response_body
true true



=== TEST 27: the C function finds nothing under other names
--- http_config
    lua_shared_dict dogs 100k;
    limit_req_zone $remote_addr zone=cats:100k rate=1r/s;
--- config
    location = /t {
        content_by_lua_block {
            local ffi = require "ffi"
            pcall(ffi.cdef, "void *ngx_http_lua_find_zone(const char *name, size_t len);")
            local find = ffi.C.ngx_http_lua_find_zone
            ngx.say(find("dog", 3) == nil, " ", find("dogs2", 5) == nil, " ", find("cats", 4) == nil)
        }
    }
--- response_body
true true true
--- differs: the C module takes the zone of another module for one of its own



=== TEST 28: the C function that gets values
--- config
    location = /t {
        content_by_lua_block {
            local ffi = require "ffi"
            pcall(ffi.cdef, [[
                typedef struct {
                    uint8_t type;
                    union { int b; double n; struct { size_t len; char *data; } s; } value;
                } test_lua_value_t;
                void *ngx_http_lua_find_zone(const char *name, size_t len);
                intptr_t ngx_http_lua_shared_dict_get(void *zone, const char *key, size_t len, test_lua_value_t *value);
            ]])
            local zone = ffi.C.ngx_http_lua_find_zone("dogs", 4)
            local value = ffi.new "test_lua_value_t"
            local room = ffi.new("char[?]", 10)
            local function get(key, size)
                value.value.s.data, value.value.s.len = room, size or 10
                return tonumber(ffi.C.ngx_http_lua_shared_dict_get(zone, key, #key, value))
            end

            local dogs = ngx.shared.dogs
            dogs:set("string", "bark")
            ngx.say(get("string"), " ", value.type, " ", ffi.string(value.value.s.data, value.value.s.len))
            dogs:set("number", 2.5)
            ngx.say(get("number"), " ", value.type, " ", value.value.n)
            dogs:set("boolean", true)
            ngx.say(get("boolean"), " ", value.type, " ", value.value.b)
            ngx.say(get("none"))
            ngx.say(get("string", 2), " ", ffi.string(value.value.s.data, value.value.s.len))
            dogs:delete("list")
            dogs:rpush("list", 1)
            ngx.say(get("list") ~= 0)
        }
    }
--- response_body
0 4 bark
0 3 2.5
0 1 1
-5
0 ba
true
--- no_error_log
[alert]



=== TEST 29: a dictionary of 100 MB
--- http_config
    lua_shared_dict dogs 100m;
--- config
    location = /t {
        content_by_lua_block {
            local dogs = ngx.shared.dogs
            dogs:flush_all()
            dogs:flush_expired()
            local value = ("x"):rep(10000000)
            ngx.say(dogs:set("key", value))
            ngx.say(dogs:get("key") == value)
            ngx.say(dogs:capacity())
        }
    }
--- response_body
truenilfalse
true
104857600



=== TEST 30: a hundred dictionaries
--- http_config eval
join "", map { "lua_shared_dict dict$_ 12k;\n" } 1 .. 100
--- config
    location = /t {
        content_by_lua_block {
            local n = 0
            for name, dict in pairs(ngx.shared) do
                dict:set("name", name)
                n = n + 1
            end
            ngx.say(n, " ", ngx.shared.dict77:get("name"))
        }
    }
--- response_body
100 dict77



=== TEST 31: 64-bit integers in code do not harm the check of the configuration
--- config
    location = /t {
        content_by_lua_block {
            local numbers = { 1LL, 5ULL, {} }
            ngx.say(tostring(numbers[2]), " ", type(print))
        }
    }
--- response_body
5ULL function
