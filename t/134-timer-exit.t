# Timers when the worker is told to end.

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

workers(1);
master_on();
run_tests();

__DATA__

=== TEST 1: a pending timer runs when the worker is told to end, and learns that it is early
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            ngx.timer.at(60, function(premature, ...)
                ngx.log(ngx.WARN, "ran ", premature, " ", ngx.worker.exiting(), " ", select("#", ...), " ", (...))
            end, "argument", nil)

            ngx.say("end")
        }
    }
--- response_body
end
--- shutdown_error_log eval
[
    qr/\[warn\] .*: ran true true 2 argument, context: ngx\.timer, client: /,
]



=== TEST 2: the next one comes first, and those with equal times in the order of their creation
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            for i, delay in ipairs{60, 50, 70, 60, 50} do
                ngx.timer.at(delay, function()
                    results.add(i)
                    if #results == 5 then
                        ngx.log(ngx.WARN, "order ", table.concat(results, " "))
                    end
                end)
            end
            ngx.say("end")
        }
    }
--- response_body
end
--- shutdown_error_log
order 2 5 1 4 3



=== TEST 3: ngx.timer.every: once more, and then no more
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            ngx.timer.every(60, function(premature, text)
                ngx.log(ngx.WARN, "every ", premature, " ", text, " ", ngx.timer.pending_count(), " ", ngx.timer.running_count())
            end, "argument")

            ngx.say("end")
        }
    }
--- response_body
end
--- shutdown_error_log eval
[
    qr/: every true argument 0 1, /,
]



=== TEST 4: while the worker ends, no timer with a delay can be created
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            ngx.timer.at(60, function()
                ngx.log(ngx.WARN, "at ", results.try(ngx.timer.at, 0.001, function() end))
                ngx.log(ngx.WARN, "negative ", results.try(ngx.timer.at, -1, function() end))
                ngx.log(ngx.WARN, "every ", results.try(ngx.timer.every, 0.001, function() end))
                ngx.log(ngx.WARN, "less than a millisecond ", results.try(ngx.timer.at, 0.0001, function() end))
                ngx.log(ngx.WARN, "arguments ", results.try(ngx.timer.at, 1))
            end)

            ngx.say("end")
        }
    }
--- response_body
end
--- shutdown_error_log eval
[
    qr/: at nil, process exiting, /,
    qr/: negative nil, process exiting, /,
    qr/: every nil, process exiting, /,
    qr/: less than a millisecond 1, /,
    qr/: arguments raised: expecting at least 2 arguments but got 1, /,
]



=== TEST 5: a timer without delay can be created then, and is not early
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            ngx.timer.at(60, function()
                ngx.timer.at(0, function(premature, n)
                    ngx.log(ngx.WARN, "first ", premature, " ", n)
                    ngx.timer.at(0, function(premature) ngx.log(ngx.WARN, "second ", premature) end)
                end, 1)
            end)

            ngx.say("end")
        }
    }
--- response_body
end
--- shutdown_error_log eval
[
    qr/: first false 1, /,
    qr/: second false, /,
]



=== TEST 6: the worker waits for code that was started early
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            ngx.timer.at(60, function()
                ngx.sleep(0.01)
                ngx.log(ngx.WARN, "slept ", ngx.worker.exiting())
                ngx.sleep(0)
                ngx.log(ngx.WARN, "gave way")
            end)

            ngx.say("end")
        }
    }
--- response_body
end
--- shutdown_error_log eval
[
    qr/: slept true, /,
    qr/: gave way, /,
]



=== TEST 7: the worker waits for timers that run
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            ngx.timer.at(0, function(premature)
                while not ngx.worker.exiting() do
                    ngx.sleep(0.002)
                end
                ngx.sleep(0.01)
                ngx.log(ngx.WARN, "finished ", premature)
            end)

            ngx.say("end")
        }
    }
--- response_body
end
--- shutdown_error_log eval
[
    qr/: finished false, /,
]



=== TEST 8: an error in one does not keep the others from running
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            ngx.timer.at(50, function() error("oops") end)
            ngx.timer.at(60, function() ngx.log(ngx.WARN, "next") end)

            ngx.say("end")
        }
    }
--- response_body
end
--- shutdown_error_log eval
[
    qr/lua entry thread aborted: runtime error: content_by_lua\(nginx\.conf:\d+\):3: oops/,
    qr/: next, /,
]



=== TEST 9: ngx.exit at the end
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            ngx.timer.at(50, function() ngx.exit(0) ngx.log(ngx.ERR, "not reached") end)
            ngx.timer.at(60, function() ngx.log(ngx.WARN, "next") end)

            ngx.say("end")
        }
    }
--- response_body
end
--- shutdown_error_log eval
[
    qr/: next, /,
]
--- no_shutdown_error_log
not reached



=== TEST 10: timers of init_worker
--- http_config
    init_worker_by_lua_block {
        ngx.timer.at(3600, function(premature) ngx.log(ngx.WARN, "premature ", premature) end)
    }
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            ngx.say("end")
        }
    }
--- response_body
end
--- shutdown_error_log eval
[
    qr/: premature true, context: ngx\.timer$/,
]



=== TEST 11: exit_worker_by_lua comes after them, and creates none
--- http_config
    exit_worker_by_lua_block {
        ngx.log(ngx.WARN, "after: ", package.loaded.ended)
        local ok, err = pcall(ngx.timer.at, 0, function() end)
        ngx.log(ngx.WARN, "at: ", ok, " ", err)
        ok, err = pcall(ngx.timer.every, 1, function() end)
        ngx.log(ngx.WARN, "every: ", ok, " ", err)
        ngx.log(ngx.WARN, "counts: ", ngx.timer.running_count(), " ", ngx.timer.pending_count())
    }
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            ngx.timer.at(60, function() package.loaded.ended = "ended" end)

            ngx.say("end")
        }
    }
--- response_body
end
--- shutdown_error_log eval
[
    qr/exit_worker_by_lua\(nginx\.conf:\d+\):2: after: ended$/,
    qr/: at: false .*API disabled in the context of exit_worker_by_lua\*$/,
    qr/: every: false .*API disabled in the context of exit_worker_by_lua\*$/,
    qr/: counts: 0 0$/,
]



=== TEST 12: the limit of running timers holds at the end too
--- http_config
    lua_max_running_timers 1;
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            for i = 1, 3 do
                ngx.timer.at(60, function()
                    ngx.sleep(0.001)
                    ngx.log(ngx.WARN, "ran ", i)
                end)
            end

            ngx.say("end")
        }
    }
--- response_body
end
--- shutdown_error_log eval
[
    qr/: ran 1, /,
    qr/\[alert\] .*:4: 1 lua_max_running_timers are not enough/,
]
--- no_shutdown_error_log
: ran 2



=== TEST 13: a thousand timers at the end
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            local ran = 0
            for i = 1, 1000 do
                ngx.timer.at(i, function()
                    ran = ran + 1
                    if ran == 1000 then
                        ngx.log(ngx.WARN, "all have run")
                    end
                end)
            end

            ngx.say("end")
        }
    }
--- response_body
end
--- shutdown_error_log eval
[
    qr/: all have run, /,
]



=== TEST 14: a timer without delay that creates the next one for ever does not keep the worker
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            local n = 0
            local function run(premature)
                n = n + 1
                if ngx.worker.exiting() then
                    ngx.log(ngx.WARN, "saw the end")
                elseif n < 300000 then
                    ngx.timer.at(0, run)
                end
            end
            ngx.timer.at(0, run)

            ngx.say("end")
        }
    }
--- response_body
end
--- shutdown_error_log eval
[
    qr/: saw the end, /,
]
--- differs: the C module runs nothing else meanwhile



=== TEST 15: timers of lua_code_cache off
--- http_config
    lua_code_cache off;
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            ngx.timer.at(60, function(premature)
                ngx.sleep(0.001)
                ngx.log(ngx.WARN, "own machine ", premature)
            end)

            ngx.say("end")
        }
    }
--- response_body
end
--- shutdown_error_log eval
[
    qr/: own machine true, /,
]
--- grep_error_log eval
qr/code_cache is off/
--- grep_error_log_out
code_cache is off
