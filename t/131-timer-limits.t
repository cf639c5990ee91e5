# lua_max_pending_timers, lua_max_running_timers and the counts.

use Test::Nginx::Socket::Lua 'no_plan';

# Timers note what they see in the module "results"; the request waits for that.
add_block_preprocessor(sub {
    my ($block) = @_;
    $block->set_value("request", "GET /t") if !defined $block->request;
    $block->set_value("no_error_log", "[error]")
        if !defined $block->no_error_log && !defined $block->error_log;
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
        -- Waits until no more than n timers are left.
        function results.settle(n)
            for _ = 1, 1000 do
                if ngx.timer.pending_count() + ngx.timer.running_count() <= (n or 0) then
                    break
                end
                ngx.sleep(0.001)
            end
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

# What is repeated would still run in a second repetition.
repeat_each(1);
run_tests();

__DATA__

=== TEST 1: a thousand and twenty-four timers may be pending, if nothing else is said
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            for i = 1, 1024 do
                assert(ngx.timer.at(0.001, function() end))
            end
            ngx.say(ngx.timer.at(0.001, function() end))
            ngx.say(ngx.timer.pending_count())
        }
    }
--- response_body
niltoo many pending timers
1024
--- wait: 0.05



=== TEST 2: lua_max_pending_timers
--- http_config
    lua_max_pending_timers 2;
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            for i = 1, 4 do
                ngx.say(results.try(ngx.timer.at, 0.001, function() results.add(i) end))
            end
            ngx.say(results.wait(2))
            ngx.say(results.try(ngx.timer.at, 0, function() results.add(5) end))
            ngx.say(results.wait(1))
        }
    }
--- response_body
1
1
nil, too many pending timers
nil, too many pending timers
1
2
1
5



=== TEST 3: the limit counts timers with and without delay, and repeated ones
--- http_config
    lua_max_pending_timers 3;
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            ngx.say(results.try(ngx.timer.at, 0, function() end))
            ngx.say(results.try(ngx.timer.at, 60, function() end))
            ngx.say(results.try(ngx.timer.every, 60, function() end))
            ngx.say(results.try(ngx.timer.at, 0, function() end))
            ngx.say(results.try(ngx.timer.every, 60, function() end))
        }
    }
--- response_body eval
["1\n1\n1\nnil, too many pending timers\nnil, too many pending timers\n",
 "1\nnil, too many pending timers\nnil, too many pending timers\nnil, too many pending timers\nnil, too many pending timers\n"]
--- request eval
["GET /t", "GET /t"]



=== TEST 4: a timer that runs is not pending: it can create the next one
--- http_config
    lua_max_pending_timers 1;
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            local function run(_, n)
                results.add(n, ngx.timer.pending_count())
                if n < 3 then
                    results.add(results.try(ngx.timer.at, 0, run, n + 1))
                    results.add(results.try(ngx.timer.at, 0, run, n + 1))
                end
            end
            ngx.timer.at(0, run, 1)
            ngx.say(results.wait(7))
        }
    }
--- response_body
1 0
1
nil, too many pending timers
2 0
1
nil, too many pending timers
3 0



=== TEST 5: lua_max_pending_timers 0: none
--- http_config
    lua_max_pending_timers 0;
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            ngx.say(results.try(ngx.timer.at, 0, function() end))
            ngx.say(results.try(ngx.timer.every, 1, function() end))
            ngx.say(results.try(ngx.timer.at, 0, print))
        }
    }
--- response_body
nil, too many pending timers
nil, too many pending timers
raised: bad argument #2 to '?' (Lua function expected)



=== TEST 6: lua_max_running_timers: what comes later does not run
--- http_config
    lua_max_running_timers 2;
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            for i = 1, 4 do
                ngx.timer.at(0, function()
                    results.add(i)
                    ngx.sleep(0.005)
                    results.add("end", i)
                end)
            end
            ngx.say(results.wait(4))
            ngx.say(ngx.timer.pending_count(), " ", ngx.timer.running_count())
            ngx.timer.at(0, function() results.add("later") end)
            ngx.say(results.wait(1))
        }
    }
--- response_body
1
2
end 1
end 2
0 0
later
--- error_log eval
qr/\[alert\] \d+#\d+: lua failed to run timer with function defined at =content_by_lua\(nginx\.conf:\d+\):4: 2 lua_max_running_timers are not enough$/
--- grep_error_log chop
lua failed to run timer
--- grep_error_log_out
lua failed to run timer
lua failed to run timer



=== TEST 7: code that does not wait runs alone: a limit of 1 is enough
--- http_config
    lua_max_running_timers 1;
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            for i = 1, 20 do
                ngx.timer.at(0, function() results.add(i) end)
            end
            ngx.say((results.wait(20):gsub("\n", " ")))
        }
    }
--- response_body
1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20



=== TEST 8: 256 timers may run, if nothing else is said
--- http_config
    lua_max_pending_timers 2000;
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            local started, go = 0, false
            for i = 1, 260 do
                ngx.timer.at(0, function()
                    started = started + 1
                    while not go do
                        ngx.sleep(0.001)
                    end
                end)
            end
            results.settle(256)
            ngx.say(started, " ", ngx.timer.running_count())
            go = true
            results.settle()
            ngx.say(ngx.timer.running_count())
        }
    }
--- response_body
256 256
0
--- error_log
: 256 lua_max_running_timers are not enough
--- differs: the C module needs a connection for each, and there are 64



=== TEST 9: lua_max_running_timers 0: none runs
--- http_config
    lua_max_running_timers 0;
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            ngx.say(ngx.timer.at(0, function() results.add("ran") end))
            results.settle()
            ngx.say(#results, " ", ngx.timer.pending_count())
        }
    }
--- response_body
1
0 0
--- error_log
:3: 0 lua_max_running_timers are not enough



=== TEST 10: a timer that fails or exits leaves its place
--- http_config
    lua_max_running_timers 1;
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            ngx.timer.at(0, function() error("oops") end)
            ngx.timer.at(0, function() ngx.exit(500) end)
            ngx.timer.at(0, function() results.add("ran") end)
            ngx.say(results.wait(1))
        }
    }
--- response_body
ran
--- error_log
oops
--- no_error_log
[alert]



=== TEST 11: arguments of a timer that does not run are let go
--- http_config
    lua_max_running_timers 0;
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            local alive = setmetatable({}, {__mode = "k"})
            for i = 1, 5 do
                local arg = {}
                alive[arg] = true
                ngx.timer.at(0, function() end, arg)
            end
            results.settle()
            for i = 1, 5 do
                ngx.timer.at(0, function() end)
            end
            results.settle()
            collectgarbage()
            collectgarbage()
            ngx.say(next(alive))
        }
    }
--- response_body
nil
--- error_log
lua_max_running_timers are not enough



=== TEST 12: pending_count
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            ngx.say(ngx.timer.pending_count())
            for i = 1, 3 do
                ngx.timer.at(i / 200, function() results.add(ngx.timer.pending_count()) end)
                ngx.say(ngx.timer.pending_count())
            end
            ngx.say(results.wait(3))
        }
    }
--- response_body
0
1
2
3
2
1
0



=== TEST 13: running_count
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            ngx.say(ngx.timer.running_count())
            for i = 1, 3 do
                ngx.timer.at(0, function()
                    results.add("start", ngx.timer.running_count())
                    ngx.sleep(i / 200)
                    results.add("end", ngx.timer.running_count())
                end)
            end
            ngx.say(ngx.timer.running_count())
            ngx.say(results.wait(6))
            ngx.say(ngx.timer.running_count())
        }
    }
--- response_body
0
0
start 1
start 2
start 3
end 3
end 2
end 1
0



=== TEST 14: the counts take no arguments and give one number
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            ngx.say(select("#", ngx.timer.running_count(1, "x")), " ", type(ngx.timer.running_count()))
            ngx.say(select("#", ngx.timer.pending_count(nil)), " ", type(ngx.timer.pending_count()))
        }
    }
--- response_body
1 number
1 number



=== TEST 15: the counts are those of all requests of the worker
--- config
    location = /t {
        content_by_lua_block {
            local total = (package.loaded.total or 0) + 1
            package.loaded.total = total
            ngx.timer.at(0, function() ngx.sleep(60) end)
            ngx.timer.at(60, function() end)
            for _ = 1, 1000 do
                ngx.sleep(0.001)
                if ngx.timer.running_count() == total then
                    break
                end
            end
            ngx.say(ngx.timer.pending_count() == total)
        }
    }
--- request eval
["GET /t", "GET /t", "GET /t"]
--- response_body eval
["true\n", "true\n", "true\n"]



=== TEST 16: lua_max_pending_timers is for http only
--- config
    location = /t {
        lua_max_pending_timers 5;
        return 200;
    }
--- must_die
--- error_log
"lua_max_pending_timers" directive is not allowed here



=== TEST 17: lua_max_pending_timers twice
--- http_config
    lua_max_pending_timers 5;
    lua_max_pending_timers 6;
--- config
--- must_die
--- error_log
"lua_max_pending_timers" directive is duplicate



=== TEST 18: lua_max_pending_timers takes a number
--- http_config
    lua_max_pending_timers some;
--- config
--- must_die
--- error_log
invalid number



=== TEST 19: lua_max_pending_timers takes no number below 0
--- http_config
    lua_max_pending_timers -1;
--- config
--- must_die
--- error_log
invalid number



=== TEST 20: lua_max_running_timers is for http only
--- config
    location = /t {
        lua_max_running_timers 5;
        return 200;
    }
--- must_die
--- error_log
"lua_max_running_timers" directive is not allowed here



=== TEST 21: lua_max_running_timers twice
--- http_config
    lua_max_running_timers 5;
    lua_max_running_timers 6;
--- config
--- must_die
--- error_log
"lua_max_running_timers" directive is duplicate



=== TEST 22: lua_max_running_timers takes a number
--- http_config
    lua_max_running_timers some;
--- config
--- must_die
--- error_log
invalid number



=== TEST 23: lua_max_running_timers takes no number below 0
--- http_config
    lua_max_running_timers -1;
--- config
--- must_die
--- error_log
invalid number
