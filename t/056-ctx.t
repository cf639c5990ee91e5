# ngx.ctx: what keeps it, what loses it, and ways round.

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

=== TEST 1: values of every type
--- config
    location = /t {
        rewrite_by_lua_block {
            local ctx = ngx.ctx
            ctx.s, ctx.n, ctx.b, ctx.t, ctx.f = "s", 1.5, false, {1}, function() return "called" end
            ctx[1], ctx[true], ctx.null, ctx.co = "one", "yes", ngx.null, coroutine.create(function() return "co" end)
            ctx[ctx.t] = "table key"
        }
        content_by_lua_block {
            local ctx = ngx.ctx
            ngx.say(ctx.s, " ", ctx.n, " ", ctx.b, " ", ctx.t[1], " ", ctx.f(), " ", ctx[1], " ", ctx[true], " ",
                    ctx.null, " ", select(2, coroutine.resume(ctx.co)), " ", ctx[ctx.t], " ", ctx.missing)
        }
    }
--- response_body
s 1.5 false 1 called one yes null co table key nil



=== TEST 2: a local of the table stays good after ngx.ctx was replaced, but is another
--- config
    location = /t {
        content_by_lua_block {
            local old = ngx.ctx
            old.a = 1
            ngx.ctx = {b = 2}
            ngx.say(old.a, " ", ngx.ctx.a, " ", ngx.ctx.b, " ", old == ngx.ctx)
        }
    }
--- response_body
1 nil 2 false



=== TEST 3: replaced in one phase, seen in the next
--- config
    location = /t {
        rewrite_by_lua_block { ngx.ctx.old = 1 }
        access_by_lua_block { ngx.ctx = {new = 2} }
        content_by_lua_block { ngx.say(ngx.ctx.old, " ", ngx.ctx.new) ngx.ctx = {last = 3} }
        log_by_lua_block { ngx.log(ngx.WARN, "log: ", tostring(ngx.ctx.new), " ", ngx.ctx.last) }
    }
--- response_body
nil 2
--- error_log
log: nil 3



=== TEST 4: a table with a metatable
--- config
    location = /t {
        content_by_lua_block {
            ngx.ctx = setmetatable({}, {__index = function(_, key) return "default " .. tostring(key) end})
            ngx.ctx.a = "set"
            ngx.say(ngx.ctx.a, ", ", ngx.ctx.b)
        }
    }
--- response_body
set, default b



=== TEST 5: what cannot take the table's place
--- config
    location = /t {
        content_by_lua_block {
            ngx.ctx.kept = "kept"
            local lines = {}
            for i, value in ipairs {"s", 5, true, print, ngx.null, coroutine.create(function() end)} do
                lines[i] = require "try"(function() ngx.ctx = value end)
            end
            lines[#lines + 1] = require "try"(function() ngx.ctx = nil end)
            ngx.say(table.concat(lines, "\n"), "\n", ngx.ctx.kept)
        }
    }
--- response_body
error: ctx should be a table while getting a string
error: ctx should be a table while getting a number
error: ctx should be a table while getting a boolean
error: ctx should be a table while getting a function
error: ctx should be a table while getting a userdata
error: ctx should be a table while getting a thread
error: ctx should be a table while getting a nil
kept



=== TEST 6: in coroutines it is the request's
--- config
    location = /t {
        content_by_lua_block {
            ngx.ctx.n = 0
            local function count() ngx.ctx.n = ngx.ctx.n + 1 end
            count()
            coroutine.wrap(count)()
            local co = coroutine.create(function() count() coroutine.wrap(count)() end)
            coroutine.resume(co)
            ngx.say(ngx.ctx.n)
        }
    }
--- response_body
4



=== TEST 7: requests that run at the same time do not mix
--- config
    location = /t {
        content_by_lua_block {
            ngx.ctx.who = ngx.var.arg_who
            ngx.sleep(0.01)
            ngx.say(ngx.ctx.who, " ", ngx.ctx == ngx.ctx)
        }
    }
    location = /both {
        proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/t?who=inner;
        access_by_lua_block { ngx.ctx.who = "outer" }
        log_by_lua_block { ngx.log(ngx.WARN, "log: ", ngx.ctx.who) }
    }
--- request
GET /both
--- response_body
inner true
--- error_log
log: outer



=== TEST 8: error_page begins with a new one
--- config
    location = /t {
        access_by_lua_block { ngx.ctx.a = 1 ngx.exit(503) }
        error_page 503 /page;
    }
    location = /page {
        internal;
        content_by_lua_block { ngx.say(ngx.ctx.a) ngx.ctx.b = 2 }
        log_by_lua_block { ngx.log(ngx.WARN, "log: ", tostring(ngx.ctx.a), " ", ngx.ctx.b) }
    }
--- error_code: 503
--- response_body
nil
--- error_log
log: nil 2



=== TEST 9: a named location of error_page begins with a new one
--- config
    location = /t {
        access_by_lua_block { ngx.ctx.a = 1 ngx.exit(503) }
        error_page 503 @page;
    }
    location @page {
        content_by_lua_block { ngx.say(ngx.ctx.a) }
    }
--- error_code: 503
--- response_body
nil



=== TEST 10: index and try_files begin with a new one
--- config
    location = /try {
        access_by_lua_block { ngx.ctx.a = 1 }
        try_files /missing /next;
    }
    location /dir/ {
        access_by_lua_block { ngx.ctx.a = (ngx.ctx.a or 0) + 1 }
        header_filter_by_lua_block { ngx.header["X-A"] = ngx.ctx.a }
        index index.html;
    }
    location = /next { content_by_lua_block { ngx.say(ngx.ctx.a) } }
--- user_files
>>> dir/index.html
index
--- request eval
["GET /try", "GET /dir/"]
--- response_headers eval
["! X-A", "X-A: 1"]
--- response_body eval
["nil\n", "index\n"]



=== TEST 11: try_files that finds a file keeps it
--- config
    location = /t {
        access_by_lua_block { ngx.ctx.a = 1 }
        root html;
        try_files /index.html =404;
        header_filter_by_lua_block { ngx.header["X-A"] = ngx.ctx.a }
    }
--- response_headers
X-A: 1
--- ignore_response_body



=== TEST 12: a value carried over an internal redirect in a variable
--- config
    location = /t {
        set $user "";
        access_by_lua_block { ngx.var.user = "alice" ngx.exit(503) }
        error_page 503 =200 /page;
    }
    location = /page {
        internal;
        content_by_lua_block { ngx.say(ngx.var.user, " ", ngx.ctx.user) }
    }
--- response_body
alice nil



=== TEST 13: the whole table carried over, by a number in a variable
--- http_config
    init_by_lua_block {
        kept, last = {}, 0
        function keep()
            last = last + 1
            kept[last] = ngx.ctx
            ngx.var.kept = last
        end
        function take()
            local number = tonumber(ngx.var.kept)
            if number then
                ngx.ctx, kept[number] = kept[number], nil
                ngx.var.kept = ""
            end
        end
    }
--- config
    location = /t {
        set $kept "";
        access_by_lua_block {
            ngx.ctx.list = {1, 2, 3}
            keep()
            ngx.exit(503)
        }
        error_page 503 =200 /page;
    }
    location = /page {
        internal;
        rewrite_by_lua_block { take() }
        content_by_lua_block { ngx.say(table.concat(ngx.ctx.list, " "), " ", next(kept)) }
        log_by_lua_block { ngx.log(ngx.WARN, "log: ", #ngx.ctx.list) }
    }
--- response_body
1 2 3 nil
--- error_log
log: 3



=== TEST 14: set, body filter and log use the same one
--- config
    location = /t {
        set_by_lua_block $a { ngx.ctx.path = "set" return "" }
        return 200 "ok\n";
        header_filter_by_lua_block { ngx.ctx.path = ngx.ctx.path .. " header" }
        body_filter_by_lua_block { if ngx.arg[2] then ngx.ctx.path = ngx.ctx.path .. " body" end }
        log_by_lua_block { ngx.log(ngx.WARN, "log: ", ngx.ctx.path) }
    }
--- response_body
ok
--- error_log
log: set header body



=== TEST 15: a request without any use in other phases has an empty one in log
--- config
    location = /t {
        return 200 "ok\n";
        log_by_lua_block { ngx.log(ngx.WARN, "log: ", tostring(next(ngx.ctx))) }
    }
--- response_body
ok
--- error_log
log: nil



=== TEST 16: the subrequest of auth_request has one of its own, of main and sub
--- config
    location = /t {
        access_by_lua_block { ngx.ctx.a = "main" }
        auth_request /auth;
        content_by_lua_block { ngx.say(ngx.ctx.a, " ", ngx.ctx.b) }
    }
    location = /auth {
        internal;
        content_by_lua_block { ngx.ctx.b = "sub " .. tostring(ngx.ctx.a) ngx.log(ngx.WARN, ngx.ctx.b) }
    }
--- response_body
main nil
--- error_log
sub nil



=== TEST 17: tables of ended requests are collected
--- http_config
    init_by_lua_block {
        tables = setmetatable({}, {__mode = "k"})
    }
--- config
    location = /t {
        content_by_lua_block {
            if ngx.var.arg_count then
                collectgarbage() collectgarbage()
                local n = 0
                for _ in pairs(tables) do n = n + 1 end
                return ngx.say(n)
            end
            local replaced = ngx.ctx
            tables[replaced] = true
            ngx.ctx = {}
            tables[ngx.ctx] = true
            ngx.say("ok")
        }
    }
--- request eval
["GET /t", "GET /t", "GET /t", "GET /t?count=1"]
--- response_body eval
["ok\n", "ok\n", "ok\n", "0\n"]



=== TEST 18: get_ctx_table of resty.core.ctx
--- config
    location = /t {
        content_by_lua_block {
            local get = require "resty.core.ctx".get_ctx_table
            local mine = {a = 1}
            ngx.say(get(mine) == mine, " ", ngx.ctx == mine, " ", get() == mine, " ", get({}) == mine)
            ngx.ctx = {}
            ngx.say(get() == ngx.ctx, " ", get(mine) == mine)
        }
    }
--- response_body
true true true true
true false



=== TEST 19: get_ctx_table makes the table that ngx.ctx is
--- config
    location = /t {
        content_by_lua_block {
            local ctx = require "resty.core.ctx".get_ctx_table()
            ctx.a = 1
            ngx.say(ngx.ctx.a)
        }
        log_by_lua_block { ngx.log(ngx.WARN, "log: ", require "resty.core.ctx".get_ctx_table().a) }
    }
--- response_body
1
--- error_log
log: 1



=== TEST 20: in init there is none; in init_worker it can be replaced
--- http_config
    init_by_lua_block {
        results = {}
        function try(name, f, ...)
            local ok, result = pcall(f, ...)
            results[#results + 1] = name .. ": " .. tostring(ok) .. " " .. tostring(result):gsub("^.-:%d+: ", "")
        end
        function get() return ngx.ctx.a end
        function set(value) ngx.ctx = value end
        try("init get", get)
        try("init set", set, {})
        try("init set", set, "s")
        try("init core", require "resty.core.ctx".get_ctx_table)
    }
    init_worker_by_lua_block {
        try("worker get", get)
        try("worker set", set, {a = 1})
        try("worker get", get)
        try("worker core", function() return require "resty.core.ctx".get_ctx_table().a end)
    }
--- config
    location = /t {
        content_by_lua_block { ngx.say(table.concat(results, "\n"), "\n", ngx.ctx.a) }
    }
--- response_body
init get: false no request found
init set: false no request found
init set: false ctx should be a table while getting a string
init core: false no request found
worker get: true nil
worker set: true nil
worker get: true 1
worker core: true 1
nil



=== TEST 21: pairs and # on the table
--- config
    location = /t {
        content_by_lua_block {
            for i = 1, 10 do ngx.ctx[i] = i * i end
            local sum = 0
            for _, value in ipairs(ngx.ctx) do sum = sum + value end
            local n = 0
            for _ in pairs(ngx.ctx) do n = n + 1 end
            ngx.say(#ngx.ctx, " ", sum, " ", n)
        }
    }
--- response_body
10 385 10



=== TEST 22: a big table through the phases
--- config
    location = /t {
        rewrite_by_lua_block { for i = 1, 100000 do ngx.ctx[i] = i end }
        content_by_lua_block { ngx.say(#ngx.ctx) }
        log_by_lua_block { ngx.log(ngx.WARN, "log: ", #ngx.ctx) }
    }
--- response_body
100000
--- error_log
log: 100000
