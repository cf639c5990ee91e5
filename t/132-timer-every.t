# ngx.timer.every.

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

# What is repeated would still run in a second repetition.
repeat_each(1);
run_tests();

__DATA__

=== TEST 1: the callback runs again and again, with the same arguments
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            local t = {}
            ngx.say(ngx.timer.every(0.002, function(premature, ...)
                results.add(premature, select("#", ...), (...) == t, select(2, ...))
            end, t, nil, "x", nil))
            ngx.say(results.wait(3):match("^.-\n.-\n[^\n]*"))
        }
    }
--- response_body
1
false 4 true nil x nil
false 4 true nil x nil
false 4 true nil x nil



=== TEST 2: a delay of 0, or of less than a millisecond
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            local try = results.try
            for _, delay in ipairs{0, "0", 0.0004, -0.0004, 0 / 1} do
                ngx.say(try(ngx.timer.every, delay, function() end))
            end
            -- This is looked at first.
            ngx.say(try(ngx.timer.every, 0, print))
            ngx.say(ngx.timer.pending_count())
        }
    }
--- response_body
raised: delay cannot be zero
raised: delay cannot be zero
raised: delay cannot be zero
raised: delay cannot be zero
raised: delay cannot be zero
raised: delay cannot be zero
0



=== TEST 3: the error names the place of the call
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            local function every() local ok = ngx.timer.every(0, function() end) end
            local _, message = pcall(every)
            ngx.say((message:gsub("^content_by_lua%(nginx%.conf:%d+%)", "chunk")))
        }
    }
--- response_body
chunk:3: delay cannot be zero



=== TEST 4: a delay below 0 means that it runs whenever it can, and others do too
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            local n = 0
            ngx.timer.every(-1, function() n = n + 1 end)
            for _ = 1, 1000 do
                ngx.sleep(0.001)
                if n > 5 then
                    break
                end
            end
            ngx.say(n > 5)
        }
    }
--- response_body
true
--- differs: the C module runs nothing else any more



=== TEST 5: a run begins a delay after the one before has begun
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            ngx.update_time()
            local start = ngx.now()
            ngx.timer.every(0.02, function()
                ngx.update_time()
                local n = #results + 1
                results.add(ngx.now() - start >= n * 0.02 - 0.005 and "in time" or "too early")
            end)
            ngx.say(results.wait(3))
        }
    }
--- response_body
in time
in time
in time



=== TEST 6: runs that take longer than the delay run side by side
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            local most = 0
            ngx.timer.every(0.002, function()
                most = math.max(most, ngx.timer.running_count())
                while most < 3 do
                    ngx.sleep(0.001)
                end
                results.add("end")
            end)
            results.wait(3)
            ngx.say(most)
        }
    }
--- response_body
3



=== TEST 7: while a run is on, the next one is pending
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            ngx.timer.every(0.005, function()
                results.add(ngx.timer.pending_count(), ngx.timer.running_count())
            end)
            ngx.say(ngx.timer.pending_count())
            ngx.say(results.wait(2):match("^[^\n]*\n[^\n]*"))
        }
    }
--- response_body
1
1 1
1 1



=== TEST 8: an error ends one run, not the repetition
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            local n = 0
            ngx.timer.every(0.002, function()
                n = n + 1
                results.add(n)
                if n < 3 then
                    error("oops " .. n)
                end
            end)
            ngx.say(results.wait(3):match("^1\n2\n3"))
        }
    }
--- response_body
1
2
3
--- error_log
oops 1
oops 2



=== TEST 9: ngx.exit ends one run, not the repetition
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            local n = 0
            ngx.timer.every(0.002, function()
                n = n + 1
                results.add(n)
                ngx.exit(ngx.ERROR)
            end)
            ngx.say(results.wait(3):match("^1\n2\n3"))
        }
    }
--- response_body
1
2
3



=== TEST 10: each run has a coroutine, locals and ngx.ctx of its own
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            local last
            ngx.timer.every(0.002, function()
                local co = coroutine.running()
                ngx.ctx.n = (ngx.ctx.n or 0) + 1
                results.add(ngx.ctx.n, co ~= last)
                last = co
                ngx.sleep(0.005)
            end)
            ngx.say(results.wait(3):match("^.-\n.-\n[^\n]*"))
        }
    }
--- response_body
1 true
1 true
1 true



=== TEST 11: what a run does to its arguments the next one sees only in tables
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            ngx.timer.every(0.002, function(_, number, t)
                number = number + 1
                t.n = t.n + 1
                results.add(number, t.n)
            end, 1, {n = 1})
            ngx.say(results.wait(3):match("^.-\n.-\n[^\n]*"))
        }
    }
--- response_body
2 2
2 3
2 4



=== TEST 12: several at a time, each in its own rhythm
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            local counts = {a = 0, b = 0}
            for name, delay in pairs{a = 0.002, b = 0.02} do
                ngx.timer.every(delay, function(_, given)
                    counts[given] = counts[given] + 1
                end, name)
            end
            for _ = 1, 500 do
                if counts.b >= 2 then
                    break
                end
                ngx.sleep(0.002)
            end
            ngx.say(counts.a > counts.b, " ", ngx.timer.pending_count() >= 2)
        }
    }
--- response_body
true true



=== TEST 13: from init_worker, with its log context
--- http_config
    init_worker_by_lua_block {
        local results = require "results"
        local ok, err = ngx.timer.every(0.001, function(premature, text)
            if #results < 3 then
                ngx.log(ngx.WARN, "run ", #results)
                results.add(premature, text)
            end
        end, "from init_worker")
        results.add(ok, err)
    }
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            ngx.say(results.wait(3))
        }
    }
--- request
GET /t
--- response_body_like
^(1 nil
)?false from init_worker
false from init_worker
--- error_log eval
qr/run 1, context: ngx\.timer$/
--- no_error_log
[error]



=== TEST 14: from a timer
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            ngx.timer.at(0, function()
                ngx.timer.every(0.001, function() results.add("again") end)
            end)
            ngx.say(results.wait(2):match("^again\nagain"))
        }
    }
--- response_body
again
again



=== TEST 15: a run that the limit prevents does not end the repetition
--- http_config
    lua_max_running_timers 1;
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            local n = 0
            ngx.timer.every(0.004, function()
                n = n + 1
                results.add(n)
                if n == 1 then
                    ngx.sleep(0.015)
                end
            end)
            ngx.say(results.wait(2):match("^1\n2"))
        }
    }
--- response_body
1
2
--- error_log eval
qr/\[alert\] .* lua failed to run timer with function defined at =content_by_lua\(nginx\.conf:\d+\):4: 1 lua_max_running_timers are not enough/



=== TEST 16: it takes one of the pending ones, all the time
--- http_config
    lua_max_pending_timers 1;
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            ngx.timer.every(0.002, function()
                results.add(results.try(ngx.timer.at, 0, function() end))
            end)
            ngx.say(results.wait(2):match("^[^\n]*\n[^\n]*"))
            ngx.say(results.try(ngx.timer.at, 0, function() end))
        }
    }
--- response_body
nil, too many pending timers
nil, too many pending timers
nil, too many pending timers



=== TEST 17: garbage collections between the runs
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            ngx.timer.every(0.002, function(_, t)
                collectgarbage()
                results.add(t.text, #t.long)
            end, {text = "kept", long = ("x"):rep(10000)})
            collectgarbage()
            ngx.say(results.wait(3):match("^.-\n.-\n[^\n]*"))
        }
    }
--- response_body
kept 10000
kept 10000
kept 10000



=== TEST 18: the request ends, the repetition does not
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            if ngx.var.arg_create then
                ngx.timer.every(0.002, function() results.add("ran") end)
                return ngx.say("created")
            end
            results.wait(1)
            ngx.say(results.wait(2):match("ran\nran"))
        }
    }
--- request eval
["GET /t?create=1", "GET /t"]
--- response_body eval
["created\n", "ran\nran\n"]
