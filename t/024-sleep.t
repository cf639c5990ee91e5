# ngx.sleep: how long, where it may be called, and what it leaves behind.

use Test::Nginx::Socket::Lua 'no_plan';

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: sleep waits for the time given, in seconds
--- config
    location = /t {
        content_by_lua_block {
            ngx.update_time()
            local start = ngx.now()
            ngx.sleep(0.1)
            ngx.update_time()
            local slept = ngx.now() - start
            ngx.say(slept >= 0.095 and "long enough" or "too short: " .. slept)
        }
    }
--- request
GET /t
--- response_body
long enough
--- no_error_log
[error]



=== TEST 2: the cached time moves on
--- config
    location = /t {
        content_by_lua_block {
            local start = ngx.now()
            ngx.sleep(0.02)
            ngx.say(ngx.now() > start)
        }
    }
--- request
GET /t
--- response_body
true
--- no_error_log
[error]



=== TEST 3: sleep returns nothing
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(select("#", ngx.sleep(0.001)))
            ngx.say(select("#", ngx.sleep(0)))
        }
    }
--- request
GET /t
--- response_body
0
0
--- no_error_log
[error]



=== TEST 4: zero, less than a millisecond, and a numeric string
--- config
    location = /t {
        content_by_lua_block {
            ngx.sleep(0)
            ngx.sleep(0.0004)
            ngx.sleep(-0.0004)
            ngx.sleep("0.001")
            ngx.sleep("0")
            ngx.say("done")
        }
    }
--- request
GET /t
--- response_body
done
--- no_error_log
[error]



=== TEST 5: a negative time is refused, in milliseconds
--- config
    location = /t {
        content_by_lua_block {
            local function try(time)
                local ok, err = pcall(function () ngx.sleep(time) end)
                ngx.say((err:gsub("^content_by_lua%(nginx%.conf:%d+%):", "")))
            end
            try(-1)
            try(-0.001)
            try("-2")
        }
    }
--- request
GET /t
--- response_body
3: invalid sleep duration "-1000"
3: invalid sleep duration "-1"
3: invalid sleep duration "-2000"
--- no_error_log
[error]



=== TEST 6: what is no time is refused
--- config
    location = /t {
        content_by_lua_block {
            for _, time in ipairs { 0/0, -1/0, 1/0, 1e300 } do
                local ok, err = pcall(ngx.sleep, time)
                ngx.say(ok, " ", (tostring(err):match("^invalid sleep duration")))
            end
        }
    }
--- request
GET /t
--- response_body
false invalid sleep duration
false invalid sleep duration
false invalid sleep duration
false invalid sleep duration
--- no_error_log
[error]



=== TEST 7: sleep takes one number
--- config
    location = /t {
        content_by_lua_block {
            local function try(...)
                local args = { n = select("#", ...), ... }
                local ok, err = pcall(function () ngx.sleep(unpack(args, 1, args.n)) end)
                ngx.say((err:gsub("^content_by_lua%(nginx%.conf:%d+%):", "")))
            end
            try()
            try(1, 2)
            try(nil)
            try("soon")
            try({})
            try(true)
        }
    }
--- request
GET /t
--- response_body
4: attempt to pass 0 arguments, but accepted 1
4: attempt to pass 2 arguments, but accepted 1
4: bad argument #1 to 'sleep' (number expected, got nil)
4: bad argument #1 to 'sleep' (number expected, got string)
4: bad argument #1 to 'sleep' (number expected, got table)
4: bad argument #1 to 'sleep' (number expected, got boolean)
--- no_error_log
[error]



=== TEST 8: the phases that may wait
--- config
    location = /t {
        rewrite_by_lua_block {
            ngx.sleep(0.001)
            ngx.ctx.steps = "rewrite"
        }
        access_by_lua_block {
            ngx.sleep(0.001)
            ngx.ctx.steps = ngx.ctx.steps .. " access"
        }
        content_by_lua_block {
            ngx.sleep(0.001)
            ngx.say(ngx.ctx.steps, " content")
        }
    }
--- request
GET /t
--- response_body
rewrite access content
--- no_error_log
[error]



=== TEST 9: the phases that may not
--- http_config
    init_by_lua_block {
        function try_sleep()
            local ok, err = pcall(ngx.sleep, 0.001)
            ngx.log(ngx.WARN, "sleep: ", err)
        end
    }
    init_worker_by_lua_block {
        sleep_error = select(2, pcall(ngx.sleep, 0.001))
    }
--- config
    location = /t {
        set_by_lua_block $unused {
            try_sleep()
        }
        content_by_lua_block {
            ngx.say(sleep_error)
            ngx.eof()
        }
        header_filter_by_lua_block {
            try_sleep()
        }
        body_filter_by_lua_block {
            if ngx.arg[2] then
                try_sleep()
            end
        }
        log_by_lua_block {
            try_sleep()
        }
    }
--- request
GET /t
--- response_body
API disabled in the context of init_worker_by_lua*
--- grep_error_log eval
qr/sleep: .*?(?=, client| while)/
--- grep_error_log_out
sleep: API disabled in the context of set_by_lua*
sleep: API disabled in the context of header_filter_by_lua*
sleep: API disabled in the context of body_filter_by_lua*
sleep: API disabled in the context of log_by_lua*
--- no_error_log
[error]



=== TEST 10: init has no request to wait for
--- http_config
    init_by_lua_block {
        sleep_error = select(2, pcall(ngx.sleep, 0.001))
    }
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(sleep_error)
        }
    }
--- request
GET /t
--- response_body
no request found
--- no_error_log
[error]



=== TEST 11: arguments are looked at before the phase
--- config
    location = /t {
        set_by_lua_block $message {
            local ok, err = pcall(ngx.sleep)
            return err
        }
        content_by_lua_block {
            ngx.say(ngx.var.message)
        }
    }
--- request
GET /t
--- response_body
attempt to pass 0 arguments, but accepted 1
--- no_error_log
[error]



=== TEST 12: many sleeps
--- config
    location = /t {
        content_by_lua_block {
            for i = 1, 100 do
                ngx.sleep(i % 2 == 0 and 0 or 0.001)
            end
            ngx.say("done")
        }
    }
--- request
GET /t
--- response_body
done
--- no_error_log
[error]



=== TEST 13: sleep between pieces of output
--- config
    location = /t {
        content_by_lua_block {
            ngx.say("one")
            ngx.sleep(0.001)
            ngx.say("two")
            ngx.flush()
            ngx.sleep(0.001)
            ngx.say("three")
        }
    }
--- request
GET /t
--- response_body
one
two
three
--- no_error_log
[error]



=== TEST 14: locals, upvalues and varargs live through a sleep
--- config
    location = /t {
        content_by_lua_block {
            local upvalue = "upvalue"
            local function f(a, ...)
                local b = { "local" }
                ngx.sleep(0.001)
                upvalue = upvalue .. "!"
                return a, b[1], select("#", ...), (select(3, ...))
            end
            ngx.say({ f("argument", 1, nil, "third", nil) }, " ", upvalue)
        }
    }
--- request
GET /t
--- response_body
argumentlocal4third upvalue!
--- no_error_log
[error]



=== TEST 15: in pcall and xpcall
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(pcall(function (...)
                ngx.sleep(0.001)
                return "pcall", ...
            end, 1, 2))
            ngx.say(pcall(ngx.sleep, 0.001))
            ngx.say(xpcall(function ()
                ngx.sleep(0.001)
                return "xpcall"
            end, function (err) return "handled " .. err end))
            ngx.say(pcall(pcall, pcall, ngx.sleep, 0.001))
        }
    }
--- request
GET /t
--- response_body
truepcall12
true
truexpcall
truetruetrue
--- no_error_log
[error]



=== TEST 16: errors after a sleep are caught by pcall and xpcall
--- config
    location = /t {
        content_by_lua_block {
            local ok, err = pcall(function ()
                ngx.sleep(0.001)
                error({ code = 5 })
            end)
            ngx.say(ok, " ", err.code)
            ngx.say(xpcall(function ()
                ngx.sleep(0.001)
                error("boom", 0)
            end, function (err) return " handled " .. err end))
            ngx.sleep(0.001)
            ngx.say("goes on")
        }
    }
--- request
GET /t
--- response_body
false 5
false handled boom
goes on
--- no_error_log
[error]



=== TEST 17: an error after a sleep fails the request
--- config
    location = /rewrite {
        rewrite_by_lua_block {
            ngx.sleep(0.001)
            error("after the sleep")
        }
    }
    location = /access {
        access_by_lua_block {
            ngx.sleep(0.001)
            error("after the sleep")
        }
    }
    location = /content {
        content_by_lua_block {
            ngx.sleep(0.001)
            error("after the sleep")
        }
    }
--- request eval
["GET /rewrite", "GET /access", "GET /content"]
--- error_code eval
[500, 500, 500]
--- error_log eval
qr/lua entry thread aborted: runtime error: \w+_by_lua\(nginx\.conf:\d+\):3: after the sleep$/



=== TEST 18: in iterators of a for loop
--- config
    location = /t {
        content_by_lua_block {
            local function iterator(last, i)
                ngx.sleep(0.001)
                if i < last then
                    return i + 1
                end
            end
            for i in iterator, 3, 0 do
                ngx.say(i)
            end
        }
    }
--- request
GET /t
--- response_body
1
2
3
--- no_error_log
[error]



=== TEST 19: in metamethods
--- config
    location = /t {
        content_by_lua_block {
            local mt = {}
            local function slow(result)
                return function ()
                    ngx.sleep(0.001)
                    return result
                end
            end
            mt.__index = slow("index")
            mt.__newindex = function (t, k, v)
                ngx.sleep(0.001)
                rawset(t, k, v)
            end
            mt.__call = slow("call")
            mt.__eq = slow(true)
            mt.__lt = slow(true)
            mt.__le = slow(false)
            mt.__concat = slow("concat")
            mt.__add = slow("add")
            mt.__unm = slow("unm")
            mt.__tostring = slow("tostring")
            local t, u = setmetatable({}, mt), setmetatable({}, mt)
            t.set = "newindex"
            ngx.say(t.x, " ", t.set, " ", t(), " ", t == u, " ", t < u, " ", t <= u)
            ngx.say(t .. "", " ", t + 1, " ", -t, " ", tostring(t))
        }
    }
--- request
GET /t
--- response_body
index newindex call true true false
concat add unm tostring
--- no_error_log
[error]



=== TEST 20: in a function of loadstring, in a module's function, not in a module's chunk
--- http_config
    lua_package_path "$prefix/html/?.lua;;";
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(loadstring("ngx.sleep(0.001) return 'string'")())
            ngx.say(require("good").wait())
            ngx.say((select(2, pcall(require, "bad")):match("attempt to yield.*")))
            ngx.sleep(0.001)
            ngx.say("goes on")
            package.loaded.bad = nil
        }
    }
--- user_files
>>> good.lua
return { wait = function () ngx.sleep(0.001) return "module" end }
>>> bad.lua
ngx.sleep(0.001)
return {}
--- request
GET /t
--- response_body
string
module
attempt to yield across C-call boundary
goes on
--- no_error_log
[error]



=== TEST 21: a function called by a C function may not sleep
--- config
    location = /gsub {
        content_by_lua_block {
            string.gsub("x", "x", function () ngx.sleep(0.001) end)
        }
    }
    location = /sort {
        content_by_lua_block {
            table.sort({ 2, 1 }, function () ngx.sleep(0.001) end)
        }
    }
    location = /print {
        content_by_lua_block {
            print(setmetatable({}, { __tostring = function () ngx.sleep(0.001) end }))
        }
    }
--- request eval
["GET /gsub", "GET /sort", "GET /print"]
--- error_code eval
[500, 500, 500]
--- error_log eval
qr/lua entry thread aborted: runtime error: (?:.*: )?attempt to yield across C-call boundary$/



=== TEST 22: a sleep that was not possible leaves no timer behind
--- config
    location = /t {
        content_by_lua_block {
            ngx.update_time()
            local start = ngx.now()
            for _, time in ipairs { 0, 0.02, 0.04 } do
                local ok, err = pcall(string.gsub, "x", "x", function () ngx.sleep(time) end)
                ngx.say(ok, " ", (err:match("attempt to yield.*")))
            end
            ngx.sleep(0.1)
            ngx.update_time()
            local slept = ngx.now() - start
            ngx.say(slept >= 0.095 and "long enough" or "too short: " .. slept)
        }
    }
--- request
GET /t
--- response_body
false attempt to yield across C-call boundary
false attempt to yield across C-call boundary
false attempt to yield across C-call boundary
long enough
--- no_error_log
[error]



=== TEST 23: the same inside a coroutine
--- config
    location = /t {
        content_by_lua_block {
            local co = coroutine.create(function ()
                local ok, err = pcall(string.gsub, "x", "x", function () ngx.sleep(0.01) end)
                ngx.say(ok, " ", (err:match("attempt to yield.*")))
                ngx.sleep(0.03)
                return "after the sleep"
            end)
            ngx.say(select(2, coroutine.resume(co)))
        }
    }
--- request
GET /t
--- response_body
false attempt to yield across C-call boundary
after the sleep
--- no_error_log
[error]



=== TEST 24: a request may end before a sleep that was not possible would have
--- config
    location = /t {
        content_by_lua_block {
            pcall(string.gsub, "x", "x", function () ngx.sleep(0.05) end)
            ngx.say("done")
        }
    }
    location = /wait {
        content_by_lua_block {
            ngx.sleep(0.1)
            ngx.say("waited")
        }
    }
--- request eval
["GET /t", "GET /wait"]
--- response_body eval
["done\n", "waited\n"]
--- no_error_log
[error]



=== TEST 25: the handler of xpcall may not sleep
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(xpcall(error, function (err)
                ngx.sleep(0.01)
                return err
            end, "x"))
            ngx.sleep(0.02)
            ngx.say("goes on")
        }
    }
--- request
GET /t
--- response_body
falseerror in error handling
goes on
--- no_error_log
[error]



=== TEST 26: in a coroutine five deep
--- config
    location = /t {
        content_by_lua_block {
            local function nest(depth)
                if depth == 0 then
                    ngx.sleep(0.001)
                    return "bottom"
                end
                local co = coroutine.create(nest)
                local ok, result = coroutine.resume(co, depth - 1)
                return depth .. " " .. result
            end
            ngx.say(nest(5))
        }
    }
--- request
GET /t
--- response_body
5 4 3 2 1 bottom
--- no_error_log
[error]



=== TEST 27: the resumer does not see the sleep of a coroutine
--- config
    location = /t {
        content_by_lua_block {
            local co = coroutine.create(function (a)
                ngx.sleep(0.001)
                local b = coroutine.yield(a .. "1")
                ngx.sleep(0.001)
                local c = coroutine.yield(b .. "2")
                ngx.sleep(0.001)
                return c .. "3"
            end)
            for _, value in ipairs { "x", "y", "z", "again" } do
                ngx.say({ coroutine.resume(co, value) }, " ", coroutine.status(co))
            end
        }
    }
--- request
GET /t
--- response_body
truex1 suspended
truey2 suspended
truez3 dead
falsecannot resume dead coroutine dead
--- no_error_log
[error]



=== TEST 28: in coroutine.wrap, as an iterator
--- config
    location = /t {
        content_by_lua_block {
            local function words(text)
                return coroutine.wrap(function ()
                    for word in text:gmatch("%a+") do
                        ngx.sleep(0.001)
                        coroutine.yield(word, #word)
                    end
                end)
            end
            for word, length in words("the quick brown fox") do
                ngx.say(word, " ", length)
            end
        }
    }
--- request
GET /t
--- response_body
the 3
quick 5
brown 5
fox 3
--- no_error_log
[error]



=== TEST 29: resumer and coroutine sleep in turns
--- config
    location = /t {
        content_by_lua_block {
            local co = coroutine.wrap(function ()
                for i = 1, 3 do
                    ngx.sleep(0.001)
                    coroutine.yield(i)
                end
            end)
            local sum = 0
            for i = 1, 3 do
                sum = sum + co()
                ngx.sleep(0.001)
            end
            ngx.say(sum)
        }
    }
--- request
GET /t
--- response_body
6
--- no_error_log
[error]



=== TEST 30: an error after a sleep reaches the resumer
--- config
    location = /t {
        content_by_lua_block {
            local co = coroutine.create(function ()
                local inner = coroutine.create(function ()
                    ngx.sleep(0.001)
                    error("inner", 0)
                end)
                local ok, err = coroutine.resume(inner)
                ngx.say(ok, " ", err, " ", coroutine.status(inner))
                ngx.sleep(0.001)
                error({ "outer" })
            end)
            local ok, err = coroutine.resume(co)
            ngx.say(ok, " ", err, " ", coroutine.status(co))
        }
    }
--- request
GET /t
--- response_body
false inner dead
false outer dead
--- no_error_log
[error]



=== TEST 31: concurrent requests sleep at the same time
--- config
    location = /page.html {
        ssi on;
        root html;
        set $start $msec;
        log_by_lua_block {
            ngx.log(ngx.WARN, "together: ", ngx.now() - ngx.var.start < 0.6)
        }
    }
    location = /slow {
        default_type text/html;
        content_by_lua_block {
            ngx.sleep(0.15)
            ngx.print(ngx.var.arg_n)
        }
    }
--- user_files
>>> page.html
<!--# include virtual="/slow?n=1" --><!--# include virtual="/slow?n=2" -->
<!--# include virtual="/slow?n=3" --><!--# include virtual="/slow?n=4" -->
<!--# include virtual="/slow?n=5" --><!--# include virtual="/slow?n=6" -->
--- request
GET /page.html
--- response_body
12
34
56
--- error_log
together: true
--- no_error_log
[error]
