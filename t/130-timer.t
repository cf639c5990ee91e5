# ngx.timer.at: when and how the callback runs, arguments, errors, log lines.

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

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: the callback gets whether it runs before its time, and the arguments
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            ngx.timer.at(0.001, function(...)
                results.add(select("#", ...), ...)
            end, "a", 2, true)
            ngx.say(results.wait(1))
        }
    }
--- response_body
4 false a 2 true



=== TEST 2: the result is 1, and nothing else
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            ngx.say(select("#", ngx.timer.at(0, function() results.add("ran") end)), " ",
                    ngx.timer.at(0, function() results.add("ran") end))
            ngx.say(results.wait(2))
        }
    }
--- response_body
1 1
ran
ran



=== TEST 3: without arguments
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            ngx.timer.at(0, function(...) results.add(select("#", ...), ...) end)
            ngx.say(results.wait(1))
        }
    }
--- response_body
1 false



=== TEST 4: nil among the arguments and at their end
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            ngx.timer.at(0, function(...) results.add(select("#", ...), ...) end, nil, 1, nil, nil)
            ngx.say(results.wait(1))
        }
    }
--- response_body
5 false nil 1 nil nil



=== TEST 5: thousands of arguments
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            local args = {}
            for i = 1, 5000 do
                args[i] = i
            end
            ngx.timer.at(0, function(premature, ...)
                results.add(select("#", ...), (select(5000, ...)))
            end, unpack(args))
            ngx.say(results.wait(1))
        }
    }
--- response_body
5000 5000



=== TEST 6: values are passed as they are
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            local t, f, co = {}, function() end, coroutine.create(function() end)
            ngx.timer.at(0, function(_, t1, f1, co1, bytes, null)
                results.add(t1 == t, f1 == f, co1 == co, bytes == "\0\255\r\n", null == ngx.null)
            end, t, f, co, "\0\255\r\n", ngx.null)
            ngx.say(results.wait(1))
        }
    }
--- response_body
true true true true true



=== TEST 7: ten megabytes
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            local text = ("0123456789"):rep(1024 * 1024)
            ngx.timer.at(0, function(_, given) results.add(#given, given == text) end, text)
            ngx.say(results.wait(1))
        }
    }
--- response_body
10485760 true



=== TEST 8: what the callback refers to stays, whatever the garbage collector does
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            do
                local upvalue = {"upvalue"}
                ngx.timer.at(0.005, function(_, arg)
                    results.add(upvalue[1], arg[1])
                end, {"argument"})
            end
            collectgarbage()
            collectgarbage()
            ngx.say(results.wait(1))
        }
    }
--- response_body
upvalue argument



=== TEST 9: a timer keeps nothing alive after it has run
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            local alive = setmetatable({}, {__mode = "k"})
            for i = 1, 10 do
                local arg = {}
                alive[arg] = true
                ngx.timer.at(0, function(_, given) results.add(type(given)) end, arg)
            end
            results.wait(10)
            -- The next uses take the place of the last one's memory.
            for i = 1, 10 do
                ngx.timer.at(0, function() results.add("x") end)
            end
            results.wait(10)
            collectgarbage()
            collectgarbage()
            ngx.say(next(alive))
        }
    }
--- response_body
nil



=== TEST 10: not before its time
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            ngx.update_time()
            local start = ngx.now()
            ngx.timer.at(0.05, function()
                ngx.update_time()
                local waited = ngx.now() - start
                results.add(waited >= 0.045 and "late enough" or waited)
            end)
            ngx.say(results.wait(1))
        }
    }
--- response_body
late enough



=== TEST 11: the shortest delay comes first
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            for _, delay in ipairs{0.6, 0.2, 0.4, 0} do
                ngx.timer.at(delay, function() results.add(delay) end)
            end
            ngx.say(results.wait(4))
        }
    }
--- response_body
0
0.2
0.4
0.6



=== TEST 12: timers with equal delays run in the order of their creation
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            for _, delay in ipairs{0, 0.2} do
                for i = 1, 4 do
                    ngx.timer.at(delay, function() results.add(delay, i) end)
                end
            end
            ngx.say(results.wait(8))
        }
    }
--- response_body
0 1
0 2
0 3
0 4
0.2 1
0.2 2
0.2 3
0.2 4



=== TEST 13: a delay of 0 does not interrupt the code that creates the timer
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            ngx.timer.at(0, function() results.add("timer") end)
            results.add("code")
            ngx.say(results.wait(2))
        }
    }
--- response_body
code
timer



=== TEST 14: numbers as strings; less than a millisecond is 0; less than 0 is at once
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            for _, delay in ipairs{"0.001", "0", 0.0004, -0.0004, -1, -1e6} do
                ngx.say(ngx.timer.at(delay, function() results.add("ran") end))
            end
            ngx.say(results.wait(6))
        }
    }
--- response_body
1
1
1
1
1
1
ran
ran
ran
ran
ran
ran



=== TEST 15: a delay of years or for ever
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            for _, delay in ipairs{86400 * 50, 4294967.296, 1e12, 1e300, math.huge} do
                ngx.say(ngx.timer.at(delay, function() results.add(delay) end))
            end
            ngx.sleep(0.01)
            ngx.say(#results)
        }
    }
--- response_body
1
1
1
1
1
0
--- differs: the C module runs at once what is more than nginx's clock can count



=== TEST 16: too few arguments
--- config
    location = /t {
        content_by_lua_block {
            local try = require("results").try
            ngx.say(try(ngx.timer.at))
            ngx.say(try(ngx.timer.at, 0))
            ngx.say(try(ngx.timer.at, "x"))
            ngx.say(try(ngx.timer.every))
            ngx.say(try(ngx.timer.every, 0))
        }
    }
--- response_body
raised: expecting at least 2 arguments but got 0
raised: expecting at least 2 arguments but got 1
raised: expecting at least 2 arguments but got 1
raised: expecting at least 2 arguments but got 0
raised: expecting at least 2 arguments but got 1



=== TEST 17: a delay that is no number
--- config
    location = /t {
        content_by_lua_block {
            local try = require("results").try
            local function f() end
            for _, delay in ipairs{"x", "", true, {}, f, ngx.null} do
                ngx.say((try(ngx.timer.at, delay, f)))
            end
            ngx.say(try(ngx.timer.at, nil, f))
            ngx.say(try(ngx.timer.every, nil, f))
        }
    }
--- response_body
raised: bad argument #1 to '?' (number expected, got string)
raised: bad argument #1 to '?' (number expected, got string)
raised: bad argument #1 to '?' (number expected, got boolean)
raised: bad argument #1 to '?' (number expected, got table)
raised: bad argument #1 to '?' (number expected, got function)
raised: bad argument #1 to '?' (number expected, got userdata)
raised: bad argument #1 to '?' (number expected, got nil)
raised: bad argument #1 to '?' (number expected, got nil)



=== TEST 18: a callback that is no Lua function
--- config
    location = /t {
        content_by_lua_block {
            local try = require("results").try
            local callable = setmetatable({}, {__call = function() end})
            local co = coroutine.create(function() end)
            for _, callback in ipairs{print, pcall, "f", 1, true, {}, callable, co} do
                ngx.say((try(ngx.timer.at, 0, callback)))
            end
            ngx.say(try(ngx.timer.at, 0, nil))
            ngx.say(try(ngx.timer.every, 1, nil))
        }
    }
--- response_body eval
"raised: bad argument #2 to '?' (Lua function expected)\n" x 10



=== TEST 19: errors name the function and the place of the call
--- config
    location = /t {
        content_by_lua_block {
            local function at(...) local ok = ngx.timer.at(...) end
            local function every(...) local ok = ngx.timer.every(...) end
            for _, call in ipairs{at, every} do
                for _, args in ipairs{{}, {"x", print}, {1, print}} do
                    local _, message = pcall(call, unpack(args))
                    ngx.say((message:gsub("^content_by_lua%(nginx%.conf:%d+%)", "chunk")))
                end
            end
        }
    }
--- response_body
chunk:2: expecting at least 2 arguments but got 0
chunk:2: bad argument #1 to 'at' (number expected, got string)
chunk:2: bad argument #2 to 'at' (Lua function expected)
chunk:3: expecting at least 2 arguments but got 0
chunk:3: bad argument #1 to 'every' (number expected, got string)
chunk:3: bad argument #2 to 'every' (Lua function expected)



=== TEST 20: a refused timer leaves none behind
--- config
    location = /t {
        content_by_lua_block {
            pcall(ngx.timer.at, 0, print)
            pcall(ngx.timer.at, "x", function() end)
            pcall(ngx.timer.every, 0, function() end)
            ngx.say(ngx.timer.pending_count())
        }
    }
--- response_body
0



=== TEST 21: the request may be over when the timer runs
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            if ngx.var.arg_create then
                ngx.timer.at(0.01, function() ngx.sleep(0.005) results.add("ran") end)
                return ngx.say("created")
            end
            ngx.say(results.wait(1))
        }
    }
--- request eval
["GET /t?create=1", "GET /t"]
--- response_body eval
["created\n", "ran\n"]



=== TEST 22: timers that create timers
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            local function run(premature, n)
                results.add(n, ngx.timer.running_count(), ngx.timer.pending_count())
                if n < 4 then
                    ngx.timer.at(n % 2 == 0 and 0 or 0.001, run, n + 1)
                end
            end
            ngx.timer.at(0, run, 1)
            ngx.say(results.wait(4))
        }
    }
--- response_body
1 1 0
2 1 0
3 1 0
4 1 0



=== TEST 23: a timer that creates itself for ever does not hold up others
--- config
    location = /t {
        content_by_lua_block {
            local n = 0
            local stop = false
            local function run()
                n = n + 1
                if not stop and n < 20000 then
                    ngx.timer.at(0, run)
                end
            end
            ngx.timer.at(0, run)
            for _ = 1, 1000 do
                ngx.sleep(0.001)
                if n > 10 then
                    break
                end
            end
            stop = true
            ngx.say(n > 10 and n < 20000)
        }
    }
--- response_body
true
--- differs: the C module runs nothing else meanwhile



=== TEST 24: code in a timer can wait
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            ngx.timer.at(0, function()
                results.add("before")
                ngx.sleep(0.002)
                results.add("between")
                ngx.sleep(0)
                results.add("after")
            end)
            ngx.say(results.wait(3))
        }
    }
--- response_body
before
between
after



=== TEST 25: timers wait side by side
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            for i = 1, 3 do
                ngx.timer.at(0, function()
                    results.add("start", i)
                    ngx.sleep(0.01 * (4 - i))
                    results.add("end", i)
                end)
            end
            ngx.say(results.wait(6))
        }
    }
--- response_body
start 1
start 2
start 3
end 3
end 2
end 1



=== TEST 26: coroutines in a timer, which wait
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            ngx.timer.at(0, function()
                local co = coroutine.create(function(a)
                    ngx.sleep(0.001)
                    local b = coroutine.yield(a + 1)
                    ngx.sleep(0)
                    return b + 1
                end)
                results.add(coroutine.resume(co, 1))
                results.add(coroutine.resume(co, 5))
                results.add(coroutine.status(co))
                local next_one = coroutine.wrap(function()
                    for i = 1, 2 do
                        ngx.sleep(0.001)
                        coroutine.yield(i)
                    end
                end)
                results.add(next_one(), next_one())
                results.add(coroutine.status(coroutine.running()))
            end)
            ngx.say(results.wait(5))
        }
    }
--- response_body
true 2
true 6
dead
1 2
running



=== TEST 27: a timer has no coroutine of another, and gives way with coroutine.yield
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            local own = coroutine.running()
            ngx.timer.at(0, function()
                results.add(coroutine.running() ~= own)
                results.add(select("#", coroutine.yield(1, 2)))
                results.add("end")
            end)
            ngx.say(results.wait(3))
        }
    }
--- response_body
true
0
end



=== TEST 28: results of the callback are ignored
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            ngx.timer.at(0, function() results.add("ran") return nil, "error", 500 end)
            ngx.say(results.wait(1))
        }
    }
--- response_body
ran



=== TEST 29: an error is logged with where it was, and is nobody else's
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            local function inner() error("oops") end
            ngx.timer.at(0, function() inner() end)
            ngx.timer.at(0, function() results.add("next") end)
            ngx.say(results.wait(1))
            ngx.say(ngx.timer.running_count())
        }
    }
--- response_body
next
0
--- error_log eval
[
    qr/\[error\] .* lua entry thread aborted: runtime error: content_by_lua\(nginx\.conf:\d+\):3: oops$/,
    qr/^stack traceback:$/,
    qr/^coroutine 0:$/,
    qr/^\tcontent_by_lua\(nginx\.conf:\d+\):3: in function 'inner'$/,
    qr/^\tcontent_by_lua\(nginx\.conf:\d+\):4: in function <content_by_lua\(nginx\.conf:\d+\):4>, context: ngx\.timer, client: /,
]



=== TEST 30: an error after a wait
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            ngx.timer.at(0, function()
                ngx.sleep(0.001)
                results.add("waited")
                local nothing
                nothing()
            end)
            ngx.say(results.wait(1))
        }
    }
--- response_body
waited
--- error_log
lua entry thread aborted: runtime error: content_by_lua(nginx.conf
:7: attempt to call local 'nothing' (a nil value)



=== TEST 31: an error that is no text
--- config
    location = /t {
        content_by_lua_block {
            ngx.timer.at(0, function() error({}) end)
            ngx.sleep(0.001)
            ngx.say("end")
        }
    }
--- response_body
end
--- error_log
lua entry thread aborted: runtime error: unknown reason



=== TEST 32: a stack overflow
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            ngx.timer.at(0, function()
                local function deeper() return 1 + deeper() end
                deeper()
            end)
            ngx.timer.at(0.001, function() results.add("next") end)
            ngx.say(results.wait(1))
        }
    }
--- response_body
next
--- error_log
lua entry thread aborted: runtime error: content_by_lua(nginx.conf
: stack overflow



=== TEST 33: an error in a coroutine of a timer is its resumer's
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            ngx.timer.at(0, function()
                local co = coroutine.create(function() ngx.sleep(0) error("oops", 0) end)
                results.add(coroutine.resume(co))
            end)
            ngx.say(results.wait(1))
        }
    }
--- response_body
false oops



=== TEST 34: log lines of a timer name the client and the address of the server
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            ngx.timer.at(0, function()
                ngx.log(ngx.WARN, "from a timer")
                ngx.timer.at(0, function()
                    ngx.log(ngx.WARN, "from its timer")
                    results.add("end")
                end)
            end)
            ngx.say(results.wait(1))
        }
    }
--- response_body
end
--- error_log eval
[
    qr/\[warn\] .*: \*\d+ \[lua\] content_by_lua\(nginx\.conf:\d+\):4: from a timer, context: ngx\.timer, client: 127\.0\.0\.1, server: (127\.0\.0\.1|0\.0\.0\.0):\d+$/,
    qr/\[warn\] .*: \*\d+ \[lua\] content_by_lua\(nginx\.conf:\d+\):6: from its timer, context: ngx\.timer, client: 127\.0\.0\.1, server: (127\.0\.0\.1|0\.0\.0\.0):\d+$/,
]



=== TEST 35: each timer has a connection number of its own
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            for i = 1, 2 do
                ngx.timer.at(0, function()
                    ngx.log(ngx.WARN, "timer ", i)
                    results.add(i)
                end)
            end
            results.wait(2)
            local log = io.open(ngx.config.prefix() .. "logs/error.log"):read("*a")
            local seen, n = {}, 0
            for number in log:gmatch("%*(%d+) %[lua%][^\n]-: timer %d") do
                n = n + (seen[number] and 0 or 1)
                seen[number] = true
            end
            ngx.say(n >= 2 and n % 2 == 0)
        }
    }
--- response_body
true
--- error_log
: timer 1, context: ngx.timer
: timer 2, context: ngx.timer



=== TEST 36: the location's error_log is the timer's
--- config
    location = /t {
        error_log logs/own.log warn;
        content_by_lua_block {
            local results = require "results"
            ngx.timer.at(0, function()
                ngx.log(ngx.WARN, "into the location's log")
                ngx.log(ngx.NOTICE, "into no log")
                results.add("end")
            end)
            results.wait(1)
            local text = io.open(ngx.config.prefix() .. "logs/own.log"):read("*a")
            ngx.say(text:find("into the location's log, context: ngx.timer", 1, true) ~= nil)
            ngx.say(text:find("into no log", 1, true))
        }
    }
--- response_body
true
nil
--- no_error_log
into the location's log



=== TEST 37: a finished timer closes nothing of the request's
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            ngx.print("a")
            ngx.flush(true)
            ngx.timer.at(0, function() results.add("b") end)
            ngx.print(results.wait(1))
            ngx.flush(true)
            ngx.timer.at(0, function() error("oops") end)
            ngx.sleep(0.002)
            ngx.say("c")
        }
    }
--- response_body
abc
--- error_log
lua entry thread aborted: runtime error



=== TEST 38: ngx.exit ends the code of a timer, whatever the status
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            for _, status in ipairs{ngx.OK, ngx.ERROR, ngx.DECLINED, 1, 200, 204, 302, 404, 408, 444, 499, 500, 600} do
                ngx.timer.at(0, function()
                    results.add(status)
                    ngx.exit(status)
                    results.add("after it")
                end)
            end
            ngx.say((results.wait(13):gsub("\n", " ")))
            ngx.say(ngx.timer.running_count())
        }
    }
--- response_body
0 -1 -5 1 200 204 302 404 408 444 499 500 600
0



=== TEST 39: neither pcall nor a coroutine stops ngx.exit, nor does it matter whether code has waited
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            ngx.timer.at(0, function()
                results.add(1)
                pcall(ngx.exit, 200)
                results.add("after pcall")
            end)
            ngx.timer.at(0, function()
                results.add(2)
                coroutine.resume(coroutine.create(function() ngx.sleep(0) ngx.exit(0) end))
                results.add("after the coroutine")
            end)
            ngx.timer.at(0, function()
                ngx.sleep(0.001)
                results.add(3)
                ngx.exit(500)
                results.add("after a wait")
            end)
            ngx.say(results.wait(3))
            results.settle()
            ngx.say(#results, " ", ngx.timer.running_count())
        }
    }
--- response_body
1
2
3
0 0



=== TEST 40: arguments that ngx.exit refuses in a timer as well
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            ngx.timer.at(0, function()
                results.add(results.try(ngx.exit, ngx.AGAIN))
                results.add(results.try(ngx.exit, ngx.DONE))
                results.add((results.try(ngx.exit, "200"):gsub("^.*%(", "(")))
            end)
            ngx.say(results.wait(3))
        }
    }
--- response_body
raised: bad argument to 'ngx.exit': does not accept NGX_AGAIN or NGX_DONE
raised: bad argument to 'ngx.exit': does not accept NGX_AGAIN or NGX_DONE
(cannot convert 'string' to 'int')



=== TEST 41: what cannot wait in a timer says so, and leaves nothing behind
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            ngx.timer.at(0, function()
                local ok, err = pcall(string.gsub, "x", "x", function() ngx.sleep(0.001) end)
                results.add(ok, err)
                ngx.sleep(0.003)
                results.add("end")
            end)
            ngx.say(results.wait(2))
        }
    }
--- response_body
false attempt to yield across C-call boundary
end



=== TEST 42: a hundred timers at a time
--- config
    location = /t {
        content_by_lua_block {
            local sum, ended = 0, 0
            for i = 1, 100 do
                ngx.timer.at(0, function(_, n)
                    ngx.sleep(0.1 + n % 3 / 1000)
                    sum = sum + n
                    ended = ended + 1
                end, i)
            end
            for _ = 1, 5000 do
                if ended == 100 then
                    break
                end
                ngx.sleep(0.001)
            end
            ngx.say(sum, " ", ngx.timer.running_count(), " ", ngx.timer.pending_count())
        }
    }
--- response_body
5050 0 0
--- differs: the C module needs a connection for each, and there are 64



=== TEST 43: a thousand timers, one after the other
--- config
    location = /t {
        content_by_lua_block {
            local n = 0
            local function run(_, left)
                n = n + 1
                if left > 1 then
                    ngx.timer.at(0, run, left - 1)
                end
            end
            ngx.timer.at(0, run, 1000)
            for _ = 1, 1000 do
                if n == 1000 then
                    break
                end
                ngx.sleep(0.001)
            end
            ngx.say(n)
        }
    }
--- response_body
1000



=== TEST 44: a timer that is created in a coroutine
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            coroutine.wrap(function()
                local inner = "seen"
                ngx.timer.at(0, function(_, arg) results.add(inner, arg) end, "passed")
            end)()
            ngx.say(results.wait(1))
        }
    }
--- response_body
seen passed



=== TEST 45: code that a timer compiles
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            ngx.timer.at(0, function()
                results.add(loadstring("return 1 + 1")())
                results.add(loadstring("return type(ngx.timer.at)")())
                results.add((select(2, loadstring("return +"))))
            end)
            ngx.say(results.wait(3))
        }
    }
--- response_body
2
function
[string "return +"]:1: unexpected symbol near '+'



=== TEST 46: the same function in two timers
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            local function run(_, name)
                local mine = name
                ngx.sleep(0.001)
                results.add(name, mine)
            end
            ngx.timer.at(0, run, "first")
            ngx.timer.at(0, run, "second")
            ngx.say(results.wait(2))
        }
    }
--- response_body
first first
second second
