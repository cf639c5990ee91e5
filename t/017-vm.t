# The Lua VM: modules, globals, the code cache.

use Test::Nginx::Socket::Lua 'no_plan';

no_root_location();

# The C module knows no other mode than what ours calls "lua_sandbox off".
our $SandboxOff = $ENV{TEST_NGINX_ORACLE} ? '' : 'lua_sandbox off;';

our $Module = <<'_EOC_';
>>> counter.lua
local count = 0
return {
    step = function()
        count = count + 1
        return count
    end,
}
_EOC_

run_tests();

__DATA__

=== TEST 1: $prefix and ${prefix} in lua_package_path are the server's prefix
--- http_config
    lua_package_path "$prefix/html/one/?.lua;${prefix}html/two/?.lua;;";
--- config
    location = /t {
        content_by_lua_block { ngx.say(require "a", require "b.c") }
    }
--- user_files
>>> one/a.lua
return "one"
>>> two/b/c.lua
return "two"
--- request
GET /t
--- response_body
onetwo



=== TEST 2: two semicolons in lua_package_path stand for the default
--- http_config
    init_by_lua_block { path = package.path }
    lua_package_path "/first/?.lua;;/last/?.lua";
    lua_package_cpath "/first/?.so;;";
--- config
    location = /t {
        content_by_lua_block {
            local middle = package.path:match("^/first/%?%.lua;(.+);/last/%?%.lua$")
            ngx.say(middle:find("./?.lua", 1, true) and "default is there")
            ngx.say(package.cpath:match("^/first/%?%.so;(.+)$"):find("./?.so", 1, true) and "default is there")
            ngx.say(path == package.path)
        }
    }
--- request
GET /t
--- response_body
default is there
default is there
true



=== TEST 3: without two semicolons the default is gone
--- http_config
    lua_package_path "/only/?.lua";
    lua_package_cpath "/only/?.so";
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(package.path)
            ngx.say(package.cpath)
            ngx.say((select(2, pcall(require, "no.such"))))
        }
    }
--- request
GET /t
--- response_body_like
/only/\?\.lua
/only/\?\.so
module 'no\.such' not found:
	no field package\.preload\['no\.such'\]
	no file '/only/no/such\.lua'
	no file '/only/no/such\.so'
	no file '/only/no\.so'$
--- differs: the C module needs lua-resty-core in the default path



=== TEST 4: lua_package_path given twice
--- http_config
    lua_package_path "/one/?.lua;;";
    lua_package_path "/two/?.lua;;";
--- config
--- must_die
--- error_log
"lua_package_path" directive is duplicate in



=== TEST 5: a module of Lua's C API
--- config
    location = /t {
        content_by_lua_block {
            local found, cjson = pcall(require, "cjson")
            ngx.say(not found and "none here" or cjson.encode({ 1, { a = cjson.null } }))
        }
    }
--- request
GET /t
--- response_body_like: ^(?:none here|\[1,\{"a":null\}\])$



=== TEST 6: ngx is a global and a loaded module
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(package.loaded.ngx == ngx, require "ngx" == ngx, _G.ngx == ngx)
        }
    }
--- request
GET /t
--- response_body
truetruetrue



=== TEST 7: Lua's libraries and LuaJIT's are there
--- config
    location = /t {
        content_by_lua_block {
            local missing = {}
            for _, name in ipairs { "string.format", "table.concat", "math.floor", "io.open", "os.time",
                    "debug.traceback", "package.path", "coroutine.wrap", "jit.version", "bit.band",
                    "pcall", "setfenv", "loadstring", "newproxy", "collectgarbage", "module" } do
                local value = _G
                for part in name:gmatch("%w+") do
                    value = value and value[part]
                end
                missing[#missing + 1] = value == nil and name or nil
            end
            ngx.say("missing: ", table.concat(missing, " "))
            ngx.say(require("ffi").new("int[3]", 7)[2], " ", #require("table.new")(4, 0))
        }
    }
--- request
GET /t
--- response_body
missing: 
7 0



=== TEST 8: resty.core is there
--- config
    location = /t {
        content_by_lua_block { ngx.say(type(require "resty.core")) }
    }
--- request
GET /t
--- response_body
table



=== TEST 9: the environment that nginx hands on
--- main_config
    env LUA_TEST_VARIABLE=value;
--- http_config
    init_by_lua_block { package.loaded.seen = os.getenv("LUA_TEST_VARIABLE") }
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(require "seen", " ", os.getenv("LUA_TEST_VARIABLE"), " ", os.getenv("LUA_TEST_NONE"))
        }
    }
--- request
GET /t
--- response_body
value value nil



=== TEST 10: a module keeps its state between requests and locations
--- http_config
    lua_package_path "$prefix/html/?.lua;;";
--- config
    location = /a {
        content_by_lua_block { ngx.say("a ", require("counter").step()) }
    }
    location = /b {
        set_by_lua_block $n { return require("counter").step() }
        return 200 "b $n\n";
    }
--- user_files eval: $::Module
--- request eval
["GET /a", "GET /b", "GET /a"]
--- response_body eval
["a 1\n", "b 2\n", "a 3\n"]



=== TEST 11: what init_by_lua loads and sets is there in every phase
--- http_config
    lua_package_path "$prefix/html/?.lua;;";
    init_by_lua_block {
        counter = require "counter"
        counter.step()
        start = "start"
    }
    init_worker_by_lua_block { assert(start == "start") counter.step() }
--- config
    location = /t {
        set_by_lua_block $set { return start .. counter.step() }
        rewrite_by_lua_block { ngx.ctx.seen = { ngx.var.set, start .. counter.step() } }
        access_by_lua_block { table.insert(ngx.ctx.seen, start .. counter.step()) }
        content_by_lua_block {
            ngx.say(table.concat(ngx.ctx.seen, " "), " ", start, counter.step())
        }
        header_filter_by_lua_block { ngx.header["X-Seen"] = start .. counter.step() }
        body_filter_by_lua_block {
            if ngx.arg[2] then
                ngx.arg[1] = start .. counter.step() .. "\n"
            end
        }
        log_by_lua_block { ngx.log(ngx.WARN, start, counter.step(), " in log") }
    }
--- user_files eval: $::Module
--- request
GET /t
--- response_headers
X-Seen: start7
--- response_body
start3 start4 start5 start6
start8
--- error_log
start9 in log



=== TEST 12: init_by_lua runs once
--- http_config
    init_by_lua_block { print("init runs") }
--- config
    location = /t {
        content_by_lua_block { ngx.say("hello") }
    }
--- request eval
["GET /t", "GET /t"]
--- response_body eval
["hello\n", "hello\n"]
--- grep_error_log eval
qr/init runs/
--- grep_error_log_out eval
qr/\A(?:init runs\n)?\z/
--- no_error_log
[warn]



=== TEST 13: globals that init_worker_by_lua sets are there
--- http_config
    init_worker_by_lua_block { worker = "worker" }
--- config
    location = /t {
        content_by_lua_block { ngx.say(worker) }
    }
--- request
GET /t
--- response_body
worker
--- no_error_log
[warn]



=== TEST 14: package.preload and package.loaded filled in init_by_lua
--- http_config
    init_by_lua_block {
        package.preload["my.mod"] = function(name) return { name = name } end
        package.loaded["my.other"] = "other"
    }
--- config
    location = /t {
        content_by_lua_block { ngx.say(require("my.mod").name, " ", require "my.other") }
    }
--- request
GET /t
--- response_body
my.mod other



=== TEST 15: a module with a syntax error
--- http_config
    lua_package_path "$prefix/html/?.lua;;";
--- config
    location = /t {
        content_by_lua_block { local bad = require "bad" }
    }
--- user_files
>>> bad.lua
local x =
--- request
GET /t
--- error_code: 500
--- error_log eval
[
    qr{lua entry thread aborted: runtime error: error loading module 'bad' from file '\S+/html/bad\.lua':},
    qr{\S+/html/bad\.lua:2: unexpected symbol near '<eof>'},
]



=== TEST 16: a module that failed to load is not tried again
--- http_config
    lua_package_path "$prefix/html/?.lua;;";
--- config
    location = /t {
        content_by_lua_block { ngx.say(select(2, pcall(require, "moody"))) }
    }
--- user_files
>>> moody.lua
if ngx.var.arg_fail then
    error("not now", 0)
end
return "good"
--- request eval
["GET /t?fail=1", "GET /t", "GET /t?fail=1"]
--- response_body_like eval
["^not now\n", "loop or previous error loading module 'moody'\n", "loop or previous error loading module 'moody'\n"]



=== TEST 17: a global that a request sets is not seen by the next one
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(seen)
            seen = "seen"
            ngx.say(seen)
        }
    }
--- request eval
["GET /t", "GET /t"]
--- response_body eval
[("nil\nseen\n") x 2]
--- no_error_log
[warn]
--- differs: in the C module all requests share their globals



=== TEST 18: a global that one phase sets is not seen by the next one
--- config
    location = /t {
        rewrite_by_lua_block { seen = "rewrite" }
        set_by_lua_block $x { seen = "set" return 1 }
        access_by_lua_block { ngx.ctx.seen = tostring(seen) }
        content_by_lua_block { ngx.say(ngx.ctx.seen, " ", seen) }
    }
--- request
GET /t
--- response_body
nil nil
--- differs: in the C module all requests share their globals



=== TEST 19: replacing a stock global is the matter of one run only
--- config
    location = /break {
        content_by_lua_block {
            tostring, pairs, ngx = 1, print, { say = ngx.say }
            ngx.say(tostring, " ", pairs == print, " ", ngx.var)
        }
    }
    location = /use {
        content_by_lua_block { ngx.say(tostring(1), " ", pairs == print, " ", ngx.var.uri) }
    }
--- request eval
["GET /break", "GET /use"]
--- response_body eval
["1 true nil\n", "1 false /use\n"]
--- differs: in the C module all requests share their globals



=== TEST 20: _G is the table of globals
--- config
    location = /t {
        content_by_lua_block {
            one = 1
            _G.two = 2
            ngx.say(_G.one, two, " ", rawget(_G, "one"), rawget(_G, "two"), " ", _G._G == _G)
            ngx.say(getfenv() == _G, getfenv(0) == _G, getfenv(function() end) == _G)
            one = nil
            ngx.say(_G.one, rawget(_G, "one"))
        }
    }
--- request
GET /t
--- response_body
12 12 true
truetruetrue
nilnil



=== TEST 21: in a run, the globals are a table of its own that shows those of the VM
--- config
    location = /t {
        content_by_lua_block {
            local own = {}
            for name in pairs(_G) do
                own[#own + 1] = name
            end
            ngx.say(table.concat(own, " "))
            ngx.say(rawget(_G, "print"), " ", print ~= nil)
        }
    }
--- request
GET /t
--- response_body
_G
nil true
--- differs: in the C module all requests share their globals



=== TEST 22: code that is loaded in a run has the globals of the run
--- config
    location = /t {
        content_by_lua_block {
            one = "one"
            ngx.say(loadstring("two = one .. 2 return two")(), " ", two)
            dofile(ngx.config.prefix() .. "html/file.lua")
            ngx.say(three)
            ngx.say(load(function() end)(), coroutine.wrap(function() four = one return one end)(), four)
        }
    }
--- user_files
>>> file.lua
three = one .. 3
--- request
GET /t
--- response_body
one2 one2
one3
niloneone



=== TEST 23: setfenv gives a function other globals, for this run only
--- config
    location = /t {
        content_by_lua_block {
            local say = ngx.say
            local function f() return x end
            setfenv(f, { x = "other" })
            say(f(), " ", x)
            setfenv(1, { x = "mine" })
            say(x, " ", print)
        }
    }
--- request eval
["GET /t", "GET /t"]
--- response_body eval
[("other nil\nmine nil\n") x 2]
--- differs: in the C module setfenv(1) lasts for the next runs, too



=== TEST 24: setfenv(0) is the matter of one request only
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(getfenv(0).marked)
            setfenv(0, { marked = "marked" })
            ngx.say(getfenv(0).marked, " ", loadstring("return marked")())
        }
    }
--- request eval
["GET /t", "GET /t", "GET /t"]
--- response_body eval
[("nil\nmarked marked\n") x 3]



=== TEST 25: functions of a module have the globals of the VM
--- http_config
    lua_package_path "$prefix/html/?.lua;;";
--- config
    location = /t {
        content_by_lua_block {
            local mod = require "mod"
            ngx.say(mod.read("from_request"), " ", mod.read("from_module"))
            from_request = "request"
            mod.write()
            ngx.say(mod.read("from_request"), " ", mod.read("from_module"), " ", from_module)
        }
    }
--- user_files
>>> mod.lua
return {
    read = function(name) return _G[name] end,
    write = function() from_module = "module" end,
}
--- request eval
["GET /t", "GET /t"]
--- response_body eval
["nil nil\nnil module module\n", "nil module\nnil module module\n"]
--- differs: in the C module all requests share their globals



=== TEST 26: a module made by module() is a global that every request sees
--- http_config
    lua_package_path "$prefix/html/?.lua;;";
--- config
    location = /t {
        content_by_lua_block {
            require "old"
            ngx.say(old.hello(), " ", package.loaded.old == old)
        }
    }
--- user_files
>>> old.lua
module("old", package.seeall)
function hello()
    return "hello from " .. _NAME .. " " .. type(ngx.say)
end
--- request eval
["GET /t", "GET /t"]
--- response_body eval
[("hello from old function true\n") x 2]



=== TEST 27: tables of the VM are shared all the same
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.mine, " ", string.mine, " ", _G.string.mine, " ", package.loaded.mine)
            ngx.mine, string.mine, package.loaded.mine = 1, 2, 3
        }
    }
--- request eval
["GET /t", "GET /t"]
--- response_body eval
["nil nil nil nil\n", "1 2 2 3\n"]



=== TEST 28: with lua_sandbox off the requests share their globals, and are warned
--- http_config eval: $::SandboxOff
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(seen)
            seen = "seen"
        }
    }
--- request eval
["GET /t", "GET /t"]
--- response_body eval
["nil\n", "seen\n"]
--- grep_error_log eval
qr/\[warn\] .*?\*\d+ \[lua\] _G write guard:12: __newindex\(\): .*|^\t.*(?=, client: )/
--- grep_error_log_out eval
qr/\A(?:\[warn\] [^*]+\*\d+ \[lua\] _G write guard:12: __newindex\(\): writing a global Lua variable \('seen'\) which may lead to race conditions between concurrent requests, so prefer the use of 'local' variables
\tcontent_by_lua\(nginx\.conf:\d+\):3: in main chunk\n)?\z/
--- no_error_log
[error]



=== TEST 29: with lua_sandbox off there is no warning for what init_by_lua declared
--- http_config eval
$::SandboxOff . <<'_EOC_';

    init_by_lua_block { count = 0 }
    init_worker_by_lua_block { worker = 0 }
_EOC_
--- config
    location = /t {
        content_by_lua_block {
            count, worker = count + 1, worker + 1
            ngx.say(count, " ", worker)
        }
    }
--- request eval
["GET /t", "GET /t"]
--- response_body eval
["1 1\n", "2 2\n"]
--- no_error_log
[warn]



=== TEST 30: with lua_sandbox off the warning comes once for a name, and in each phase
--- http_config eval: $::SandboxOff
--- config
    location = /t {
        set_by_lua_block $x { a = 1 return a }
        rewrite_by_lua_block { b = a }
        access_by_lua_block { c = b }
        content_by_lua_block { d = c a, b, c = nil ngx.say(d) }
        header_filter_by_lua_block { e = d }
        body_filter_by_lua_block { f = e }
        log_by_lua_block { g = f d, e, f, g = nil }
    }
--- request eval
["GET /t", "GET /t"]
--- response_body eval
["1\n", "1\n"]
--- grep_error_log eval
qr/writing a global Lua variable \('\w'\)/
--- grep_error_log_out eval
join "", map { "writing a global Lua variable ('$_')\n" } "a" .. "g"



=== TEST 31: with lua_sandbox off _G is the VM's
--- http_config eval
$::SandboxOff . <<'_EOC_';

    init_by_lua_block { package.loaded.globals = _G }
_EOC_
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(require "globals" == _G, getfenv(0) == _G, getfenv() == _G, rawget(_G, "print") == print)
        }
    }
--- request
GET /t
--- response_body
truetruetruetrue



=== TEST 32: with the code cache off each request has a VM of its own
--- http_config
    lua_package_path "$prefix/html/?.lua;;";
--- config
    lua_code_cache off;
    location = /t {
        rewrite_by_lua_block { require("counter").step() }
        content_by_lua_block { ngx.say(require("counter").step()) }
    }
--- user_files eval: $::Module
--- request eval
["GET /t", "GET /t"]
--- response_body eval
["2\n", "2\n"]
--- grep_error_log eval
qr/\[alert\] .*lua_code_cache is off; this will hurt performance in \S+nginx\.conf:\d+$/
--- grep_error_log_out eval
qr/\A(?:\[alert\].*\n)?\z/



=== TEST 33: with the code cache off files and modules are read again
--- http_config
    lua_package_path "$prefix/html/?.lua;;";
--- config
    lua_code_cache off;
    location = /t {
        content_by_lua_file html/content.lua;
        log_by_lua_block {
            for _, name in ipairs { "content", "mod" } do
                local path = ngx.config.prefix() .. "html/" .. name .. ".lua"
                local file = io.open(path)
                local text = file:read("*a")
                file:close()
                file = io.open(path, "w")
                file:write((text:gsub("%d", function(n) return n + 1 end)))
                file:close()
            end
        }
    }
--- user_files
>>> content.lua
ngx.say("content 1, module ", require "mod")
>>> mod.lua
return 5
--- request eval
["GET /t", "GET /t", "GET /t"]
--- response_body eval
["content 1, module 5\n", "content 2, module 6\n", "content 3, module 7\n"]
--- grep_error_log eval
qr/lua_code_cache is off/
--- grep_error_log_out eval
qr/\A(?:lua_code_cache is off\n)?\z/



=== TEST 34: with the code cache on files and modules are read once
--- http_config
    lua_package_path "$prefix/html/?.lua;;";
--- config
    location = /t {
        content_by_lua_file html/content.lua;
        log_by_lua_block {
            for _, name in ipairs { "content", "mod" } do
                local file = io.open(ngx.config.prefix() .. "html/" .. name .. ".lua", "w")
                file:write("return 'changed'")
                file:close()
            end
        }
    }
--- user_files
>>> content.lua
ngx.say("content, module ", require "mod")
>>> mod.lua
return 5
--- request eval
["GET /t", "GET /t"]
--- response_body eval
[("content, module 5\n") x 2]



=== TEST 35: with the code cache off init_by_lua runs for each request
--- http_config
    init_by_lua_block { start = "from init" print("init runs") }
--- config
    lua_code_cache off;
    location = /t {
        content_by_lua_block { ngx.say(start) start = "changed" }
    }
--- request eval
["GET /t", "GET /t"]
--- response_body eval
[("from init\n") x 2]
--- grep_error_log eval
qr/lua_code_cache is off|init runs/
--- grep_error_log_out eval
qr/\A(?:lua_code_cache is off\ninit runs\n)?init runs\n\z/



=== TEST 36: with the code cache off a subrequest shares the VM of its main request
--- http_config
    lua_package_path "$prefix/html/?.lua;;";
--- config
    lua_code_cache off;
    location = /t {
        ssi on;
        ssi_types text/plain;
        rewrite_by_lua_block { require("counter").step() }
        content_by_lua_block { ngx.say('<!--# include virtual="/sub" -->') }
    }
    location = /sub {
        content_by_lua_block { ngx.print(require("counter").step()) }
    }
--- user_files eval: $::Module
--- request
GET /t
--- response_body
2
--- differs: the C module makes a VM for each subrequest of SSI
--- error_log
lua_code_cache is off



=== TEST 37: the code cache may be off in one location
--- http_config
    lua_package_path "$prefix/html/?.lua;;";
--- config
    location = /off {
        lua_code_cache off;
        content_by_lua_block { ngx.say(require("counter").step()) }
    }
    location = /on {
        content_by_lua_block { ngx.say(require("counter").step()) }
    }
--- user_files eval: $::Module
--- request eval
["GET /on", "GET /off", "GET /on", "GET /off"]
--- response_body eval
["1\n", "1\n", "2\n", "1\n"]
--- grep_error_log eval
qr/lua_code_cache is off/
--- grep_error_log_out eval
qr/\A(?:lua_code_cache is off\n)?\z/



=== TEST 38: with the code cache off an error is the request's own
--- config
    lua_code_cache off;
    location = /t {
        content_by_lua_block {
            if ngx.var.arg_fail then
                error("boom")
            end
            ngx.say("fine")
        }
    }
--- request eval
["GET /t?fail=1", "GET /t"]
--- error_code eval
[500, 200]
--- grep_error_log eval
qr/lua_code_cache is off|boom/
--- grep_error_log_out eval
qr/\A(?:lua_code_cache is off\nboom\n)?\z/



=== TEST 39: equal code of one directive is one chunk, named after the first that ran
--- config
    include x.conf;
--- user_files
>>> ../conf/x.conf
location = /a { content_by_lua_block { ngx.say(debug.getinfo(1, "S").short_src) } }
location = /b { content_by_lua_block { ngx.say(debug.getinfo(1, "S").short_src) } }
location = /c { access_by_lua_block { ngx.say(debug.getinfo(1, "S").short_src) } }
location = /d { content_by_lua ' ngx.say(debug.getinfo(1, "S").short_src) '; }
--- request eval
["GET /b", "GET /a", "GET /c", "GET /d"]
--- response_body eval
["content_by_lua(x.conf:2)\n", "content_by_lua(x.conf:2)\n", "access_by_lua(x.conf:3)\n",
 "content_by_lua(x.conf:2)\n"]



=== TEST 40: locals are fresh in each run
--- config
    location = /t {
        content_by_lua_block {
            local list = {}
            local function add() list[#list + 1] = "x" return #list end
            add()
            ngx.say(add())
        }
    }
--- request eval
["GET /t", "GET /t"]
--- response_body eval
["2\n", "2\n"]



=== TEST 41: code may end with a comment
--- config
    location = /t {
        rewrite_by_lua 'ngx.ctx.rewrite = "rewrite" -- comment';
        content_by_lua_block { ngx.say(ngx.ctx.rewrite) --[[ comment ]]}
    }
--- request
GET /t
--- response_body
rewrite



=== TEST 42: code may return the results of a call
--- config
    location = /t {
        rewrite_by_lua_block { do return ngx.exit(ngx.OK) end ngx.say("not reached") }
        content_by_lua_block { return ngx.say("returned") }
    }
--- request
GET /t
--- response_body
returned



=== TEST 43: code is a function of its own
--- config
    location = /t {
        content_by_lua_block { end do ngx.say("escaped") }
    }
--- request
GET /t
--- error_code: 500
--- error_log eval
qr/failed to load inlined Lua code: content_by_lua\(nginx\.conf:\d+\):1: '<eof>' expected near 'end'/



=== TEST 44: outside set_by_lua code gets no arguments
--- config
    location = /t {
        content_by_lua_block { ngx.say(select("#", ...)) }
    }
--- request
GET /t
--- response_body
0



=== TEST 45: recycled coroutines are as good as new
--- http_config
    lua_thread_cache_max_entries 1;
--- config
    location = /t {
        rewrite_by_lua_block {
            local deep = coroutine.wrap(function() coroutine.yield() end)
            deep()
            ngx.ctx.rewrite = coroutine.running()
        }
        access_by_lua_block {
            if ngx.var.arg_fail then
                local function down(n) if n == 0 then error("boom") end down(n - 1) return 1 end
                down(100)
            end
            ngx.sleep(0.001)
        }
        content_by_lua_block {
            local co = coroutine.running()
            ngx.say(type(co), " ", coroutine.status(co), " ", co == ngx.ctx.rewrite and "same" or "other")
        }
    }
--- request eval
["GET /t", "GET /t?fail=1", "GET /t"]
--- error_code eval
[200, 500, 200]
--- response_body_like eval
["^thread running (?:same|other)\n", "500", "^thread running (?:same|other)\n"]



=== TEST 46: coroutines need not be recycled
--- http_config
    lua_thread_cache_max_entries 0;
--- config
    location = /t {
        access_by_lua_block { ngx.sleep(0.001) }
        content_by_lua_block { ngx.say("fine") }
    }
--- request eval
["GET /t", "GET /t"]
--- response_body eval
["fine\n", "fine\n"]



=== TEST 47: lua_thread_cache_max_entries takes a number
--- http_config
    lua_thread_cache_max_entries many;
--- config
--- must_die
--- error_log
invalid number in



=== TEST 48: lua_load_resty_core has no effect but a warning
--- http_config
    lua_load_resty_core off;
--- config
    location = /t {
        content_by_lua_block { ngx.say(type(require "resty.core")) }
    }
--- request
GET /t
--- response_body
table
--- error_log eval
qr/\[warn\] .*lua_load_resty_core is deprecated \(the lua-resty-core library is required since ngx_lua v0\.10\.16\) in \S+nginx\.conf:\d+$/



=== TEST 49: lua_capture_error_log is refused as long as errors are not captured
--- http_config
    lua_capture_error_log 100k;
--- config
--- must_die
--- error_log eval
qr/\[emerg\] .*the "lua_capture_error_log" directive is not available.* in \S+nginx\.conf:\d+$/
--- differs: the C module knows it



=== TEST 50: settings of what is not available are refused
--- config
--- http_config
    lua_sa_restart on;
--- must_die
--- error_log
the "lua_sa_restart" directive is not available
--- differs: the C module has it



=== TEST 51: a block of a hook that is not available is refused, its contents are not nginx's
--- http_config
    upstream u {
        server 127.0.0.1:1;
        balancer_by_lua_block { local t = { "}" } }
    }
--- config
--- must_die
--- error_log
the "balancer_by_lua_block" directive is not available
--- differs: the C module has balancers
