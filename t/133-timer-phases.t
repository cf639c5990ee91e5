# Timers of each phase, and what code in a timer may do.

use Test::Nginx::Socket::Lua 'no_plan';

# Timers note what they see in the module "results"; the request waits for that.
add_block_preprocessor(sub {
    my ($block) = @_;
    $block->set_value("request", "GET /t") if !defined $block->request;
    $block->set_value("no_error_log", "[error]")
        if !defined $block->no_error_log && !defined $block->error_log;
    return if ($block->http_config || "") =~ /init_by_lua_block/;
    $block->set_value("http_config", ($block->http_config || "") . <<'_EOC_');
    init_by_lua_block {
        local results = {}
        package.loaded.results = results
        function results.add(...)
            local line = {...}
            for i = 1, select("#", ...) do
                line[i] = tostring(line[i])
            end
            results[#results + 1] = table.concat(line, " ")
        end
        -- Gives the lines and forgets them, once there are n.
        function results.wait(n)
            for _ = 1, 1000 do
                if #results >= n then
                    break
                end
                ngx.sleep(0.001)
            end
            local text = table.concat(results, "\n")
            for i = #results, 1, -1 do
                results[i] = nil
            end
            return text
        end
        -- Notes in a timer who has created it.
        function results.later(name)
            assert(ngx.timer.at(0, function(premature)
                results.add(name .. ":", ngx.get_phase())
            end))
        end
        function results.try(f, ...)
            local ok, result, err = pcall(f, ...)
            if not ok then
                return "raised: " .. tostring(result)
            end
            return tostring(result) .. (err and ", " .. tostring(err) or "")
        end
    }
_EOC_
});

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: timers of every phase of a request
--- config
    location = /t {
        set_by_lua_block $unused { package.loaded.results.later("set") return "" }
        rewrite_by_lua_block { package.loaded.results.later("rewrite") }
        access_by_lua_block { package.loaded.results.later("access") }
        content_by_lua_block { package.loaded.results.later("content") ngx.say("created") }
        header_filter_by_lua_block { package.loaded.results.later("header_filter") }
        body_filter_by_lua_block {
            if ngx.arg[2] then
                package.loaded.results.later("body_filter")
            end
        }
        log_by_lua_block { package.loaded.results.later("log") }
    }
    location = /results {
        content_by_lua_block { ngx.say(require("results").wait(7)) }
    }
--- request eval
["GET /t", "GET /results"]
--- response_body eval
["created\n", "set: timer\nrewrite: timer\naccess: timer\ncontent: timer\nheader_filter: timer\nbody_filter: timer\nlog: timer\n"]



=== TEST 2: timers of server_rewrite_by_lua
--- config
    server_rewrite_by_lua_block {
        if ngx.var.uri == "/t" then
            package.loaded.results.later("server_rewrite")
        end
    }
    location = /t {
        content_by_lua_block { ngx.say(require("results").wait(1)) }
    }
--- response_body
server_rewrite: timer



=== TEST 3: timers of precontent_by_lua
--- config
    location = /t {
        precontent_by_lua_block { package.loaded.results.later("precontent") }
        content_by_lua_block { ngx.say(require("results").wait(1)) }
    }
--- response_body
precontent: timer
--- differs: the C module of Debian has no precontent_by_lua



=== TEST 4: in init there are no timers and no counts
--- http_config
    init_by_lua_block {
        local function try(f, ...)
            local ok, message = pcall(f, ...)
            return tostring(ok) .. " " .. message
        end
        package.loaded.seen = {
            try(ngx.timer.at, 0, function() end),
            try(ngx.timer.every, 1, function() end),
            try(ngx.timer.running_count),
            try(ngx.timer.pending_count),
            -- Arguments are looked at first.
            try(ngx.timer.at, 0),
            try(ngx.timer.every, 0, print),
        }
    }
--- config
    location = /t {
        content_by_lua_block { ngx.say(table.concat(require "seen", "\n")) }
    }
--- response_body
false no request
false no request
false no request
false no request
false expecting at least 2 arguments but got 1
false delay cannot be zero



=== TEST 5: timers of init_worker; their log lines know no client
--- http_config
    init_worker_by_lua_block {
        local results = require "results"
        results.started = {ngx.timer.pending_count(), ngx.timer.running_count()}
        ngx.timer.at(0, function(premature, text)
            ngx.log(ngx.WARN, "first")
            results.kept = premature and "early" or text .. " " .. ngx.get_phase()
            ngx.sleep(0.001)
            ngx.timer.at(0, function()
                ngx.log(ngx.WARN, "second")
                results.done = true
            end)
        end, "argument")
        results.created = ngx.timer.pending_count()
    }
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            while not results.done do
                ngx.sleep(0.001)
            end
            ngx.say(results.kept, " ", results.started[1], results.started[2], results.created)
        }
    }
--- response_body
argument timer 001



=== TEST 6: the log context of timers of init_worker
--- http_config
    init_worker_by_lua_block {
        ngx.timer.at(0.02, function() ngx.log(ngx.WARN, "from init_worker") end)
    }
--- config
    location = /t {
        content_by_lua_block {
            ngx.sleep(0.03)
            local log = io.open(ngx.config.prefix() .. "logs/error.log"):read("*a")
            ngx.say(log:match("init_worker_by_lua%(nginx.conf:%d+%)(:[^\n]*)\n"))
        }
    }
--- response_body
:2: from init_worker, context: ngx.timer



=== TEST 7: what only makes sense in a request that is answered
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            ngx.timer.at(0, function()
                for _, f in ipairs{ngx.print, ngx.say, ngx.flush, ngx.eof, ngx.send_headers, ngx.req.read_body} do
                    results.add(results.try(f))
                end
                results.add(results.try(ngx.exec, "/x"))
                results.add(results.try(ngx.redirect, "/x"))
                results.add(results.try(ngx.location.capture, "/x"))
                results.add(results.try(ngx.location.capture_multi, {{"/x"}}))
            end)
            ngx.say(results.wait(10))
        }
    }
--- response_body eval
"raised: API disabled in the context of ngx.timer\n" x 10



=== TEST 8: what is about the client's request
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            ngx.timer.at(0, function()
                local req = ngx.req
                for _, f in ipairs{req.get_headers, req.get_method, req.get_uri_args, req.get_body_data, req.http_version,
                                   req.raw_header, req.get_post_args, req.is_internal, ngx.resp.get_headers} do
                    results.add((results.try(f):gsub("^(raised: ).-:%d+: ", "%1")))
                end
                results.add(results.try(req.set_header, "a", "b"))
                results.add(results.try(req.set_uri, "/x"))
                results.add(results.try(req.set_body_data, "x"))
            end)
            ngx.say(results.wait(12))
        }
    }
--- response_body eval
"raised: API disabled in the current context\n" x 12



=== TEST 9: fields that are about the client's request
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            ngx.timer.at(0, function()
                local uses = {
                    function() return ngx.var.uri end,
                    function() ngx.var.foo = 1 end,
                    function() return ngx.header.a end,
                    function() ngx.header.a = 1 end,
                    function() return ngx.status end,
                    function() ngx.status = 200 end,
                    function() return ngx.headers_sent end,
                    function() return ngx.is_subrequest end,
                    function() return ngx.arg[1] end,
                }
                for _, use in ipairs(uses) do
                    results.add((results.try(use):gsub("^(raised: ).-:%d+: ", "%1")))
                end
            end)
            ngx.say(results.wait(9))
        }
    }
--- response_body eval
"raised: API disabled in the current context\n" x 9



=== TEST 10: phase, start time, ids
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            ngx.timer.at(0, function()
                results.add(ngx.get_phase())
                results.add(ngx.req.start_time())
                results.add(ngx.worker.pid() == tonumber(ngx.worker.pid()), ngx.worker.exiting())
                results.add(ngx.config.subsystem)
            end)
            ngx.say(results.wait(4))
        }
    }
--- response_body
timer
0
true false
http



=== TEST 11: the raw phase
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            ngx.timer.at(0, function() 
                results.add(ngx.get_raw_phase(require("resty.core.base").get_request()))
             end)
            ngx.say(results.wait(1))
        }
    }
--- response_body
128



=== TEST 12: what works everywhere
--- http_config
    lua_shared_dict dogs 64k;
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            ngx.timer.at(0, function()
                results.add(ngx.md5("x"), ngx.escape_uri("a b"), ngx.encode_base64("x"))
                results.add(ngx.re.match("hello", "h(.)l", "jo")[1], (ngx.re.gsub("aa", "a", "b")))
                results.add(ngx.now() > 0, ngx.time() > 0, #ngx.http_time(0))
                ngx.shared.dogs:set("name", "Rex")
                results.add(ngx.shared.dogs:get("name"))
                results.add(ngx.encode_args({a = 1}), ngx.decode_args("b=2").b)
            end)
            ngx.say(results.wait(5))
        }
    }
--- response_body
9dd4e461268c8034f5c8564e155c67a6 a%20b eA==
e bb
true true 29
Rex
a=1 2



=== TEST 13: ngx.ctx is the timer's own, also after a wait
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            ngx.ctx.name = "request"
            for i = 1, 2 do
                ngx.timer.at(0, function()
                    local before = ngx.ctx.name
                    ngx.ctx.name = "timer " .. i
                    ngx.sleep(0.001)
                    results.add(before, ngx.ctx.name)
                    ngx.timer.at(0, function() results.add("nested", ngx.ctx.name) end)
                end)
            end
            ngx.say(results.wait(4))
            ngx.say(ngx.ctx.name)
        }
    }
--- response_body
nil timer 1
nil timer 2
nested nil
nested nil
request



=== TEST 14: ngx.ctx can be replaced by a table
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            ngx.timer.at(0, function()
                ngx.ctx = {name = "new"}
                ngx.sleep(0)
                results.add(ngx.ctx.name)
                results.add((results.try(function() ngx.ctx = 1 end):gsub("raised: .-:%d+: ", "")))
            end)
            ngx.say(results.wait(2))
        }
    }
--- response_body
new
ctx should be a table while getting a number



=== TEST 15: a timer may be created in a subrequest, and outlives it
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            ngx.print(ngx.location.capture("/sub").body)
            ngx.say(results.wait(1))
        }
    }
    location = /sub {
        content_by_lua_block {
            local uri = ngx.var.uri
            ngx.timer.at(0.002, function() package.loaded.results.add("of", uri) end)
            ngx.say("created")
        }
    }
--- response_body
created
of /sub



=== TEST 16: a timer of a request that is closed without an answer
--- config
    location = /close {
        content_by_lua_block {
            ngx.timer.at(0.001, function() package.loaded.results.add("ran") end)
            ngx.exit(444)
        }
    }
    location = /t {
        content_by_lua_block { ngx.say(require("results").wait(1)) }
    }
--- request eval
["GET /close", "GET /t"]
--- error_code eval
["", 200]
--- response_body eval
["", "ran\n"]



=== TEST 17: a timer of a request that fails
--- config
    location = /fail {
        content_by_lua_block {
            ngx.timer.at(0.001, function() package.loaded.results.add("ran") end)
            error("oops")
        }
    }
    location = /t {
        content_by_lua_block { ngx.say(require("results").wait(1)) ngx.log(ngx.ERR, "oops, for the check") }
    }
--- request eval
["GET /fail", "GET /t"]
--- error_code eval
[500, 200]
--- response_body_like eval
["500 Internal Server Error", "^ran\n"]
--- error_log
oops



=== TEST 18: a module that is loaded in a timer
--- http_config
    lua_package_path "$prefix/html/?.lua;;";
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            package.loaded.mine = nil
            ngx.timer.at(0, function() results.add(require("mine").phase) end)
            ngx.say(results.wait(1))
            ngx.say(require("mine").phase)
        }
    }
--- user_files
>>> mine.lua
return {phase = ngx.get_phase()}
--- response_body
timer
timer



=== TEST 19: lua_code_cache off: the timers of a request keep its machine
--- http_config
    lua_code_cache off;
    lua_shared_dict seen 64k;
    lua_package_path "$prefix/html/?.lua;;";
--- config
    location = /create {
        content_by_lua_block {
            local mine = require "mine"
            mine.n = 10
            ngx.timer.at(0.002, function()
                local mine = require "mine"
                mine.n = mine.n + 1
                ngx.sleep(0.001)
                ngx.timer.at(0, function()
                    collectgarbage()
                    ngx.shared.seen:rpush("lines", require("mine").n + 1)
                end)
            end)
            ngx.say(mine.n)
        }
    }
    location = /t {
        content_by_lua_block {
            for _ = 1, 500 do
                if ngx.shared.seen:llen("lines") > 0 then
                    break
                end
                ngx.sleep(0.001)
            end
            ngx.say(ngx.shared.seen:lpop("lines"), " ", require("mine").n)
        }
    }
--- user_files
>>> mine.lua
return {n = 0}
--- request eval
["GET /create", "GET /t"]
--- response_body eval
["10\n", "12 0\n"]
--- grep_error_log eval
qr/lua_code_cache is off/
--- grep_error_log_out eval
[qr/\A(?:lua_code_cache is off\n)?\z/, ""]



=== TEST 20: a global that a timer writes is its request's, unseen by others
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            counter = 1
            ngx.timer.at(0, function()
                results.add(counter, rawget(_G, "counter"), getfenv(0) == _G)
                counter = counter + 1
                loadstring("compiled = counter")()
                results.add(compiled)
            end)
            ngx.print(results.wait(2), " ", counter, " ")
        }
    }
    location = /other {
        content_by_lua_block { ngx.say(counter, " ", compiled) }
    }
--- request eval
["GET /t", "GET /other"]
--- response_body eval
["1 1 true\n2 2 ", "nil nil\n"]
--- differs: in the C module all requests share their globals



=== TEST 21: a new global in a timer, where requests share them
--- http_config
    lua_sandbox off;
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            ngx.timer.at(0, function()
                new_in_timer = 1
                results.add("end")
            end)
            ngx.say(results.wait(1))
        }
    }
--- response_body
end
--- grep_error_log eval
qr/writing a global Lua variable \('new_in_timer'\)/
--- grep_error_log_out eval
["writing a global Lua variable ('new_in_timer')\n", ""]
--- differs: the C module has no lua_sandbox



=== TEST 22: ndk.set_var in a timer
--- config
    location = /t {
        set_md5 $unused "x";
        content_by_lua_block {
            local results = require "results"
            ngx.timer.at(0, function()
                results.add(ndk.set_var.set_escape_uri("a b"), ndk.set_var.set_md5("x"))
                results.add(ndk.set_var.set_encode_base32("abc"))
            end)
            ngx.say(results.wait(2))
        }
    }
--- skip_eval: 3: !$ENV{TEST_NGINX_SET_MISC}
--- response_body
a%20b 9dd4e461268c8034f5c8564e155c67a6
c5h66===



=== TEST 23: ndk.set_var in a timer of init_worker
--- http_config
    init_worker_by_lua_block {
        local results = require "results"
        ngx.timer.at(0, function() results.encoded = ndk.set_var.set_encode_base32("abc") end)
    }
--- config
    location = /t {
        set_md5 $unused "x";
        content_by_lua_block {
            local results = require "results"
            ngx.sleep(0.001)
            ngx.say(results.encoded)
        }
    }
--- skip_eval: 3: !$ENV{TEST_NGINX_SET_MISC}
--- response_body
c5h66===
