# ngx.get_phase, ngx.worker, ngx.config, constants: the rest of the environment.

use Test::Nginx::Socket::Lua 'no_plan';

add_block_preprocessor(sub {
    my ($block) = @_;
    $block->set_value("request", "GET /t")
        if !defined $block->request && !defined $block->raw_request
            && !defined $block->pipelined_requests;
    $block->set_value("no_error_log", "[error]")
        if !defined $block->error_log && !defined $block->no_error_log;
    $block->set_value("http_config", $::HttpConfig)
        if !defined $block->http_config;
});

our $HttpConfig = <<'_EOC_';
    init_by_lua_block {
        -- A value in one line: strings quoted, arrays and tables with sorted keys.
        local function show(value)
            if type(value) == "string" then
                return '"' .. value .. '"'
            elseif type(value) ~= "table" then
                return tostring(value)
            end
            local parts = {}
            for i, element in ipairs(value) do
                parts[i] = show(element)
            end
            if #parts > 0 then
                return "{" .. table.concat(parts, " | ") .. "}"
            end
            for key, element in pairs(value) do
                parts[#parts + 1] = key .. "=" .. show(element)
            end
            table.sort(parts)
            return "{" .. table.concat(parts, " ") .. "}"
        end
        package.loaded.show = show

        -- What a call returns, or its error without the place.
        package.loaded.try = function(f, ...)
            local results = {pcall(f, ...)}
            if not results[1] then
                return "error: " .. tostring(results[2]):gsub("^.-:%d+: ", "")
            end
            local parts = {}
            for i = 2, table.maxn(results) do
                parts[i - 1] = show(results[i])
            end
            return #parts > 0 and table.concat(parts, ", ") or "nothing"
        end
    }
_EOC_

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: get_phase and get_raw_phase in every phase of a request
--- config
    location = /t {
        set_by_lua_block $a { return note() }
        rewrite_by_lua_block { note() }
        access_by_lua_block { note() }
        content_by_lua_block { note() ngx.print("x") }
        header_filter_by_lua_block { note() }
        body_filter_by_lua_block { if ngx.arg[2] then note() end }
        log_by_lua_block { note() ngx.log(ngx.WARN, table.concat(ngx.ctx.phases, " ")) }
    }
--- http_config
    init_by_lua_block {
        local get_request = require "resty.core.base".get_request
        function note()
            local phases = ngx.ctx.phases or {}
            ngx.ctx.phases = phases
            phases[#phases + 1] = ngx.get_phase() .. "=" .. ngx.get_raw_phase(get_request())
        end
    }
--- response_body chop
x
--- error_log
set=1 rewrite=2 access=4 content=8 header_filter=32 body_filter=64 log=16



=== TEST 2: get_raw_phase in init_worker; in init there is no request
--- http_config
    init_by_lua_block {
        local ok, err = pcall(function() local p = ngx.get_raw_phase() return p end)
        results = {ngx.get_phase(), tostring(ok), (err:gsub("^.-:%d+: ", ""))}
    }
    init_worker_by_lua_block {
        results[4] = ngx.get_phase()
        results[5] = ngx.get_raw_phase()
    }
--- config
    location = /t {
        content_by_lua_block { ngx.say(table.concat(results, " "), " ", ngx.get_raw_phase()) }
    }
--- response_body
init false no request found init_worker 256 8
--- differs: the C module crashes when get_raw_phase gets no request



=== TEST 3: get_phase in coroutines and in functions of modules
--- http_config
    init_by_lua_block {
        package.loaded.module = {phase = ngx.get_phase, ask = function() return ngx.get_phase() end}
    }
--- config
    location = /t {
        access_by_lua_block {
            local module = require "module"
            ngx.ctx.access = module.phase() .. coroutine.wrap(module.ask)()
        }
        content_by_lua_block { ngx.say(ngx.ctx.access, " ", require "module".ask()) }
    }
--- response_body
accessaccess content



=== TEST 4: get_phase takes no notice of arguments
--- config
    location = /t {
        content_by_lua_block { ngx.say(ngx.get_phase(1, {}), " ", select("#", ngx.get_phase())) }
    }
--- response_body
content 1



=== TEST 5: the processes that ngx.worker tells about
--- config
    location = /t {
        content_by_lua_block {
            local pids = ngx.worker.pids()
            ngx.say(type(pids), " ", #pids, " ", pids[1] == ngx.worker.pid(), " ", ngx.worker.count(), " ",
                    ngx.worker.id(), " ", ngx.worker.exiting())
        }
    }
--- response_body
table 1 true 1 0 false



=== TEST 6: pids in init and init_worker
--- http_config
    init_by_lua_block { local pids, err = ngx.worker.pids() results = {tostring(pids) .. " " .. err} }
    init_worker_by_lua_block { local pids, err = ngx.worker.pids() results[2] = tostring(pids) .. " " .. err }
--- config
    location = /t {
        content_by_lua_block { ngx.say(table.concat(results, "\n")) }
    }
--- response_body
nil API disabled in the current context
nil API disabled in the current context



=== TEST 7: pids in every phase of a request
--- config
    location = /t {
        set_by_lua_block $a { return #ngx.worker.pids() }
        access_by_lua_block { ngx.ctx.access = #ngx.worker.pids() }
        content_by_lua_block { ngx.say(ngx.var.a, ngx.ctx.access, #ngx.worker.pids()) }
        log_by_lua_block { ngx.log(ngx.WARN, "log: ", #ngx.worker.pids()) }
    }
--- response_body
111
--- error_log
log: 1



=== TEST 8: types of ngx.worker and ngx.config
--- config
    location = /t {
        content_by_lua_block {
            for _, name in ipairs {"exiting", "pid", "count", "id", "pids"} do
                ngx.print(type(ngx.worker[name]), " ", type(ngx.worker[name]()), "; ")
            end
            ngx.say()
            for _, name in ipairs {"subsystem", "debug", "prefix", "nginx_version", "ngx_lua_version",
                                   "nginx_configure"} do
                ngx.print(type(ngx.config[name]), "; ")
            end
            ngx.say()
        }
    }
--- response_body
function boolean; function number; function number; function number; function table; 
string; boolean; function; number; number; function; 



=== TEST 9: ngx.config.nginx_configure and prefix are strings that do not change
--- config
    location = /t {
        content_by_lua_block {
            local configure, prefix = ngx.config.nginx_configure(), ngx.config.prefix()
            ngx.say(type(configure), " ", configure == ngx.config.nginx_configure(), " ",
                    configure:find("--with-", 1, true) ~= nil, " ", prefix == ngx.config.prefix(), " ",
                    prefix:sub(-1), " ", prefix:sub(1, 1))
        }
    }
--- response_body
string true true true / /



=== TEST 10: the version numbers of nginx agree
--- config
    location = /t {
        content_by_lua_block {
            local major, minor, patch = ngx.var.nginx_version:match("^(%d+)%.(%d+)%.(%d+)")
            ngx.say(ngx.config.nginx_version == major * 1000000 + minor * 1000 + patch)
        }
    }
--- response_body
true



=== TEST 11: constants can be compared with what functions give and take
--- config
    location = /t {
        content_by_lua_block {
            ngx.status = ngx.HTTP_CREATED
            local statuses, n = {}, 0
            for name, value in pairs(ngx) do
                if type(name) == "string" and name:find("^HTTP_") and type(value) == "number" then
                    n = n + 1
                    assert(value == math.floor(value) and value > 0, name)
                end
            end
            ngx.say(ngx.status == ngx.HTTP_CREATED, " ", n, " ", ngx.ERROR, " ", ngx.AGAIN, " ", ngx.DONE, " ",
                    ngx.DECLINED, " ", ngx.OK)
        }
    }
--- error_code: 201
--- response_body
true 51 -1 -2 -4 -5 0



=== TEST 12: ngx.null
--- config
    location = /t {
        content_by_lua_block {
            local ffi = require "ffi"
            ngx.say(type(ngx.null), " ", tostring(ngx.null), " ", ngx.null == ngx.null, " ", ngx.null == nil, " ",
                    ngx.null == false, " ", ngx.null and "true", " ", ngx.null == ffi.new("void *"), " ", ngx.null)
        }
    }
--- response_body
userdata userdata: NULL true false false true false null



=== TEST 13: os.getenv in init, and later
--- main_config
    env NGINX_LUA_GIVEN=given;
    env NGINX_LUA_EMPTY=;
    env NGINX_LUA_NONE;
--- http_config
    init_by_lua_block {
        results = {tostring(os.getenv("NGINX_LUA_GIVEN")), "[" .. tostring(os.getenv("NGINX_LUA_EMPTY")) .. "]",
                   tostring(os.getenv("NGINX_LUA_NONE")), tostring(os.getenv("NGINX_LUA_OTHER"))}
    }
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(table.concat(results, " "))
            ngx.say(os.getenv("NGINX_LUA_GIVEN"), " [", os.getenv("NGINX_LUA_EMPTY"), "] ",
                    os.getenv("NGINX_LUA_NONE"), " ", os.getenv("NGINX_LUA_OTHER"))
        }
    }
--- response_body
given [] nil nil
given [] nil nil
