use Test::Nginx::Socket::Lua 'no_plan';

env_to_nginx('TEST_NGINX_PASSED=from the environment');
$ENV{TEST_NGINX_HTML_DIR} ||= html_dir();

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

=== TEST 1: table.new and table.clear
--- config
    location = /t {
        content_by_lua_block {
            local new, clear = require "table.new", require "table.clear"
            local tab = new(10, 10)
            tab[1], tab.a = 1, 2
            ngx.print(#tab, " ", tab.a, " ")
            clear(tab)
            ngx.say(next(tab), " ", #tab)
        }
    }
--- response_body
1 2 nil 0



=== TEST 2: table.clone copies the first level
--- config
    location = /t {
        content_by_lua_block {
            local clone = require "table.clone"
            local inner = {}
            local tab = {1, 2, a = inner}
            local copy = clone(tab)
            copy[1] = "changed"
            ngx.say(copy ~= tab, " ", tab[1], " ", copy[2], " ", copy.a == inner)
        }
    }
--- response_body
true 1 2 true



=== TEST 3: table.isempty, table.isarray, table.nkeys
--- config
    location = /t {
        content_by_lua_block {
            local isempty, isarray, nkeys = require "table.isempty", require "table.isarray", require "table.nkeys"
            ngx.say(isempty({}), " ", isempty({1}), " ", isempty({a = 1}))
            ngx.say(isarray({}), " ", isarray({1, 2}), " ", isarray({a = 1}))
            ngx.say(nkeys({}), " ", nkeys({1, 2}), " ", nkeys({1, a = 1, b = 2}))
        }
    }
--- response_body
true false false
true true false
0 2 3



=== TEST 4: thread.exdata is there, and string.buffer
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(type(require "thread.exdata"))
            local buffer = require "string.buffer"
            ngx.say(tostring(buffer.new():put("a", 1, "b")), " ", buffer.decode(buffer.encode({a = {true}})).a[1])
        }
    }
--- response_body
function
a1b true



=== TEST 5: the standard libraries are loaded, and require gives them
--- config
    location = /t {
        content_by_lua_block {
            for _, name in ipairs {"string", "table", "math", "io", "os", "coroutine", "debug", "package", "bit", "jit", "ffi", "ngx"} do
                local module = require(name)
                ngx.print(type(module), (_G[name] == nil or _G[name] == module) and " " or "! ")
            end
            ngx.say(require "ngx" == ngx)
        }
    }
--- response_body
table table table table table table table table table table table table true



=== TEST 6: require of a module that is loaded gives the same value
--- config
    location = /t {
        content_by_lua_block {
            package.loaded.answer = {42}
            package.loaded.text, package.loaded.yes, package.loaded.call = "text", true, print
            ngx.say(require("answer")[1], " ", require "answer" == package.loaded.answer, " ", require "text", " ", require "yes", " ", require "call" == print)
        }
    }
--- response_body
42 true text true true



=== TEST 7: require gets its loader the name
--- http_config
    init_by_lua_block {
        package.preload["my.module"] = function(...) package.loaded.args = {...} return {name = (...)} end
    }
--- config
    location = /t {
        content_by_lua_block { ngx.say(require "my.module".name, " ", require "args"[1], " ", require "my.module" == require "my.module") }
    }
--- response_body
my.module my.module true



=== TEST 8: require of a module that requires itself
--- config
    location = /t {
        content_by_lua_block {
            package.preload.loop = function() return require "loop" end
            local ok, err = pcall(require, "loop")
            ngx.say(ok, " ", (err:gsub("^.-: ", "")))
            package.loaded.loop, package.preload.loop = nil, nil
        }
    }
--- response_body
false loop or previous error loading module 'loop'



=== TEST 9: the built-in resty.lrucache comes before a file of that name
--- differs: the C module needs its own file at the start
--- http_config
    lua_package_path "$TEST_NGINX_HTML_DIR/?.lua;;";
--- config
    location = /t {
        content_by_lua_block { ngx.say(require "resty.lrucache".new(1):capacity()) }
    }
--- user_files
>>> resty/lrucache.lua
return {file = true}
--- response_body
1



=== TEST 10: the built-in resty.core.base comes before a file of that name
--- differs: the C module needs its own file at the start
--- http_config
    lua_package_path "$TEST_NGINX_HTML_DIR/?.lua;;";
--- config
    location = /t {
        content_by_lua_block { ngx.say(require "resty.core.base".FFI_OK + 1) }
    }
--- user_files
>>> resty/core/base.lua
return {file = true}
--- response_body
1



=== TEST 11: the built-in ngx.base64 comes before a file of that name
--- differs: the C module's comes from a file, which this one hides
--- http_config
    lua_package_path "$TEST_NGINX_HTML_DIR/?.lua;;";
--- config
    location = /t {
        content_by_lua_block { ngx.say(#require "ngx.base64".encode_base64url("a") - 1) }
    }
--- user_files
>>> ngx/base64.lua
return {file = true}
--- response_body
1



=== TEST 12: the built-in tablepool comes before a file of that name
--- differs: the C module's comes from a file, which this one hides
--- http_config
    lua_package_path "$TEST_NGINX_HTML_DIR/?.lua;;";
--- config
    location = /t {
        content_by_lua_block { ngx.say(type(require "tablepool".fetch) == "function" and 1) }
    }
--- user_files
>>> tablepool.lua
return {file = true}
--- response_body
1



=== TEST 13: package.preload can be changed to have the file
--- http_config
    lua_package_path "$TEST_NGINX_HTML_DIR/?.lua;;";
    init_by_lua_block { package.preload.tablepool = nil }
--- config
    location = /t {
        content_by_lua_block { ngx.say(require "tablepool".file) }
    }
--- user_files
>>> tablepool.lua
return {file = true}
--- response_body
true



=== TEST 14: tablepool makes tables, and gives released ones again
--- differs: Debian has no tablepool
--- config
    location = /t {
        content_by_lua_block {
            local tablepool = require "tablepool"
            local tab = tablepool.fetch("tag", 4, 4)
            tab[1], tab.a = 1, 2
            tablepool.release("tag", tab)
            local again = tablepool.fetch("tag", 4, 4)
            ngx.say(type(tab), " ", again == tab, " ", next(again), " ", tablepool.fetch("tag", 0, 0) == tab)
        }
    }
--- response_body
table true nil false



=== TEST 15: the pools of tablepool do not know each other
--- differs: Debian has no tablepool
--- config
    location = /t {
        content_by_lua_block {
            local tablepool = require "tablepool"
            local tab = tablepool.fetch("a", 0, 1)
            tablepool.release("a", tab)
            ngx.say(tablepool.fetch("b", 0, 1) == tab, " ", tablepool.fetch("a", 0, 1) == tab)
        }
    }
--- response_body
false true



=== TEST 16: tablepool.release leaves the table as it is if it is asked to
--- differs: Debian has no tablepool
--- config
    location = /t {
        content_by_lua_block {
            local tablepool = require "tablepool"
            local tab = tablepool.fetch("kept", 0, 1)
            tab.a = 1
            tablepool.release("kept", tab, true)
            ngx.print(tab.a, " ", tablepool.fetch("kept", 0, 1).a, " ")
            setmetatable(tab, {__index = function() return "meta" end})
            tablepool.release("kept", tab)
            local again = tablepool.fetch("kept", 0, 1)
            ngx.say(again == tab, " ", again.a)
        }
    }
--- response_body
1 1 true nil



=== TEST 17: tablepool keeps 200 tables under a tag
--- differs: Debian has no tablepool
--- config
    location = /t {
        content_by_lua_block {
            local tablepool = require "tablepool"
            local tabs, known = {}, {}
            for i = 1, 300 do
                tabs[i] = {}
                known[tabs[i]] = true
            end
            for i = 1, 300 do tablepool.release("many", tabs[i]) end
            local n = 0
            for i = 1, 300 do
                if known[tablepool.fetch("many", 0, 0)] then n = n + 1 end
            end
            ngx.say(n)
        }
    }
--- response_body
200



=== TEST 18: tablepool.release wants a table
--- differs: Debian has no tablepool
--- config
    location = /t {
        content_by_lua_block {
            local try, tablepool = require "try", require "tablepool"
            ngx.say(try(tablepool.release, "tag", nil))
            ngx.say(try(tablepool.release, "tag"))
        }
    }
--- response_body
error: object empty
error: object empty



=== TEST 19: os.getenv in init_by_lua sees the variables that env declares
--- main_config
    env "TEST_NGINX_SET=in nginx.conf";
    env TEST_NGINX_EMPTY=;
    env TEST_NGINX_NONE;
--- http_config
    init_by_lua_block {
        package.loaded.found = {}
        for i, name in ipairs {"SET", "EMPTY", "NONE", "PASSED", "SE"} do
            require "found"[i] = tostring(os.getenv("TEST_NGINX_" .. name))
        end
    }
--- config
    location = /t {
        content_by_lua_block { ngx.say(table.concat(require "found", "|")) }
    }
--- response_body
in nginx.conf||nil|from the environment|nil



=== TEST 20: os.getenv sees them in init_worker and in requests
--- main_config
    env TEST_NGINX_SET=value;
--- http_config
    init_worker_by_lua_block { package.loaded.found = os.getenv("TEST_NGINX_SET") }
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(require "found", " ", os.getenv("TEST_NGINX_SET"), " ", os.getenv("TEST_NGINX_PASSED"), " ", os.getenv("TEST_NGINX_NONE"))
        }
    }
--- response_body
value value from the environment nil



=== TEST 21: os.getenv without a name is an error in init_by_lua
--- differs: the C module crashes here
--- http_config
    init_by_lua_block {
        package.loaded.found = {pcall(os.getenv)}
        package.loaded.nothing = {pcall(os.getenv, nil)}
    }
--- config
    location = /t {
        content_by_lua_block { ngx.say(require "found"[1], " ", require "nothing"[1], " ", require "found"[2]) }
    }
--- response_body
false false bad argument #1 to '?' (string expected, got nil)



=== TEST 22: functions kept in init_by_lua work in requests
--- http_config
    init_by_lua_block {
        package.loaded.kept = {md5 = ngx.md5, now = ngx.now, escape = ngx.escape_uri, getenv = os.getenv, encode = ngx.encode_base64}
    }
--- config
    location = /t {
        content_by_lua_block {
            local kept = require "kept"
            ngx.say(kept.md5("a"), " ", kept.now() == ngx.now(), " ", kept.escape(" "), " ", kept.getenv("NO_SUCH_VARIABLE"), " ", kept.encode("a"))
        }
    }
--- response_body
0cc175b9c0f1b6a831c399e269772661 true %20 nil YQ==



=== TEST 23: with lua_code_cache off
--- http_config
    lua_code_cache off;
--- config
    location = /t {
        content_by_lua_block {
            require "resty.core"
            local cache = require "resty.lrucache".new(2)
            cache:set("a", ngx.md5("a"))
            ngx.say((cache:get("a")), " ", ngx.escape_uri(" "), " ", ngx.encode_base64("a"), " ", ngx.http_time(0))
        }
    }
--- grep_error_log eval
qr/\[alert\] .*lua_code_cache is off; this will hurt performance in \S+nginx\.conf:\d+$/
--- grep_error_log_out eval
qr/\A(?:\[alert\].*\n)?\z/
--- response_body
0cc175b9c0f1b6a831c399e269772661 %20 YQ== Thu, 01 Jan 1970 00:00:00 GMT
