# ngx.thread.spawn: what starts, with what, and who is the parent.

use Test::Nginx::Socket::Lua 'no_plan';

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: the function runs at once, until it waits
--- config
    location = /t {
        content_by_lua_block {
            ngx.say("before")
            ngx.thread.spawn(function ()
                ngx.say("in the thread")
                ngx.sleep(0.001)
                ngx.say("after the sleep")
            end)
            ngx.say("after spawn")
        }
    }
--- request
GET /t
--- response_body
before
in the thread
after spawn
after the sleep
--- no_error_log
[error]



=== TEST 2: spawn returns the thread, a coroutine, and nothing else
--- config
    location = /t {
        content_by_lua_block {
            local inside
            local function pack(...)
                return select("#", ...), ...
            end
            local n, thread = pack(ngx.thread.spawn(function ()
                inside = coroutine.running()
            end))
            ngx.say(n, " ", type(thread), " ", thread == inside)
        }
    }
--- request
GET /t
--- response_body
1 thread true
--- no_error_log
[error]



=== TEST 3: arguments reach the function, nil and trailing nil included
--- config
    location = /t {
        content_by_lua_block {
            ngx.thread.spawn(function (...)
                ngx.print(select("#", ...))
                for i = 1, select("#", ...) do
                    ngx.print(" ", (select(i, ...)))
                end
                ngx.say()
            end, 1, nil, "x", false, nil, nil)
        }
    }
--- request
GET /t
--- response_body
6 1 nil x false nil nil
--- no_error_log
[error]



=== TEST 4: arguments are there after a wait
--- config
    location = /t {
        content_by_lua_block {
            local thread = ngx.thread.spawn(function (a, ...)
                ngx.sleep(0.001)
                return a, select("#", ...), ...
            end, "a", "b", nil)
            ngx.say({ select(2, ngx.thread.wait(thread)) })
        }
    }
--- request
GET /t
--- response_body
a2b
--- no_error_log
[error]



=== TEST 5: without arguments the function gets none
--- config
    location = /t {
        content_by_lua_block {
            ngx.thread.spawn(function (...)
                ngx.say(select("#", ...))
            end)
        }
    }
--- request
GET /t
--- response_body
0
--- no_error_log
[error]



=== TEST 6: thousands of arguments and results
--- config
    location = /t {
        content_by_lua_block {
            local list = {}
            for i = 1, 7000 do
                list[i] = i
            end
            local thread = ngx.thread.spawn(function (...) return ... end, unpack(list))
            local function check(ok, ...)
                ngx.say(ok, " ", select("#", ...), " ", (select(7000, ...)))
            end
            check(ngx.thread.wait(thread))
        }
    }
--- request
GET /t
--- response_body
true 7000 7000
--- no_error_log
[error]



=== TEST 7: tables and functions are passed as they are, not copied
--- config
    location = /t {
        content_by_lua_block {
            local object, f = {}, function () end
            local same
            ngx.thread.spawn(function (a, b)
                same = a == object and b == f
            end, object, f)
            ngx.say(same)
        }
    }
--- request
GET /t
--- response_body
true
--- no_error_log
[error]



=== TEST 8: the function shares its upvalues with its maker
--- config
    location = /t {
        content_by_lua_block {
            local count = 0
            local function add()
                count = count + 1
                ngx.sleep(0.001)
                count = count + 10
            end
            local a, b = ngx.thread.spawn(add), ngx.thread.spawn(add)
            ngx.say(count)
            ngx.thread.wait(a)
            ngx.thread.wait(b)
            ngx.say(count)
        }
    }
--- request
GET /t
--- response_body
2
22
--- no_error_log
[error]



=== TEST 9: anything but a Lua function is refused
--- config
    location = /t {
        content_by_lua_block {
            local callable = setmetatable({}, { __call = function () end })
            local values = { "text", 1, true, {}, callable, print, ngx.say, coroutine.create(function () end) }
            for i = 1, #values do
                local ok, err = pcall(function ()
                    ngx.thread.spawn(values[i])
                end)
                ngx.say(ok, " ", (err:gsub("^.-:%d+: ", "")))
            end
        }
    }
--- request
GET /t
--- response_body
false bad argument #1 to 'spawn' (Lua function expected)
false bad argument #1 to 'spawn' (Lua function expected)
false bad argument #1 to 'spawn' (Lua function expected)
false bad argument #1 to 'spawn' (Lua function expected)
false bad argument #1 to 'spawn' (Lua function expected)
false bad argument #1 to 'spawn' (Lua function expected)
false bad argument #1 to 'spawn' (Lua function expected)
false bad argument #1 to 'spawn' (Lua function expected)
--- no_error_log
[error]



=== TEST 10: no argument, and nil, are refused in the same way
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(pcall(ngx.thread.spawn))
            ngx.say(pcall(ngx.thread.spawn, nil))
            ngx.say(pcall(ngx.thread.spawn, nil, function () end))
        }
    }
--- request
GET /t
--- response_body
falsebad argument #1 to '?' (Lua function expected)
falsebad argument #1 to '?' (Lua function expected)
falsebad argument #1 to '?' (Lua function expected)
--- no_error_log
[error]



=== TEST 11: an uncaught refusal says where
--- config
    location = /t {
        content_by_lua_block {
            ngx.thread.spawn("text")
        }
    }
--- request
GET /t
--- error_code: 500
--- error_log eval
qr/lua entry thread aborted: runtime error: content_by_lua\(nginx\.conf:\d+\):2: bad argument #1 to 'spawn' \(Lua function expected\)$/



=== TEST 12: ngx.ctx is that of the request
--- config
    location = /t {
        content_by_lua_block {
            ngx.ctx.word = "entry"
            ngx.thread.spawn(function ()
                ngx.say(ngx.ctx.word)
                ngx.ctx.word = "thread"
            end)
            ngx.say(ngx.ctx.word)
        }
    }
--- request
GET /t
--- response_body
entry
thread
--- no_error_log
[error]



=== TEST 13: status and headers are those of the request
--- config
    location = /t {
        content_by_lua_block {
            ngx.thread.spawn(function ()
                ngx.status = 404
                ngx.header["X-Thread"] = "yes"
                ngx.say("from the thread")
            end)
            ngx.say(ngx.status)
        }
    }
--- request
GET /t
--- response_body
from the thread
404
--- error_code: 404
--- response_headers
X-Thread: yes
--- no_error_log
[error]



=== TEST 14: variables, arguments and the phase are those of the request
--- config
    location = /t {
        set $word "";
        content_by_lua_block {
            ngx.thread.spawn(function ()
                ngx.var.word = ngx.var.arg_n
                ngx.say(ngx.var.uri, " ", ngx.req.get_uri_args().n, " ", ngx.get_phase())
            end)
            ngx.say(ngx.var.word)
        }
    }
--- request
GET /t?n=5
--- response_body
/t 5 content
5
--- no_error_log
[error]



=== TEST 15: a global variable that a thread sets is seen by the entry
--- config
    location = /t {
        content_by_lua_block {
            ngx.thread.spawn(function ()
                from_thread = "global"
                local co = coroutine.wrap(function () from_coroutine = "too" end)
                co()
            end)
            ngx.say(from_thread, " ", from_coroutine, " ", _G.from_thread)
        }
    }
--- request
GET /t
--- response_body
global too global
--- no_error_log
[error]



=== TEST 16: the globals of a request with threads are not those of the next
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(left_over)
            ngx.thread.wait(ngx.thread.spawn(function ()
                ngx.sleep(0.001)
                left_over = "left over"
            end))
            ngx.say(left_over)
        }
    }
--- request eval
["GET /t", "GET /t"]
--- response_body eval
["nil\nleft over\n", "nil\nleft over\n"]
--- no_error_log
[error]
--- differs: the C module shares its globals between requests



=== TEST 17: output of threads comes in the order in which they print
--- config
    location = /t {
        content_by_lua_block {
            local function say_twice(name)
                ngx.say(name, " 1")
                ngx.sleep(0.001)
                ngx.say(name, " 2")
            end
            ngx.thread.spawn(say_twice, "a")
            ngx.thread.spawn(say_twice, "b")
            ngx.say("entry")
        }
    }
--- request
GET /t
--- response_body
a 1
b 1
entry
a 2
b 2
--- no_error_log
[error]



=== TEST 18: under pcall
--- config
    location = /t {
        content_by_lua_block {
            local ok, thread = pcall(ngx.thread.spawn, function () ngx.sleep(0.001) return "value" end)
            ngx.say(ok, " ", coroutine.status(thread))
            ngx.say(select(2, ngx.thread.wait(thread)))
        }
    }
--- request
GET /t
--- response_body
true running
value
--- no_error_log
[error]



=== TEST 19: an error of the function is not an error of spawn
--- config
    location = /t {
        content_by_lua_block {
            local ok, thread = pcall(ngx.thread.spawn, function () error("inside", 0) end)
            ngx.say(ok, " ", type(thread))
        }
    }
--- request
GET /t
--- response_body
true thread
--- error_log
lua user thread aborted: runtime error: inside



=== TEST 20: in a metamethod and in an iterator
--- config
    location = /t {
        content_by_lua_block {
            local numbers = setmetatable({}, { __index = function (_, key)
                local thread = ngx.thread.spawn(function ()
                    ngx.sleep(0.001)
                    return 2 * key
                end)
                return select(2, ngx.thread.wait(thread))
            end })
            ngx.say(numbers[21])
            local function next_number(_, n)
                local _, value = ngx.thread.wait(ngx.thread.spawn(function () return n < 3 and n + 1 or nil end))
                return value
            end
            for n in next_number, nil, 0 do
                ngx.say(n)
            end
        }
    }
--- request
GET /t
--- response_body
42
1
2
3
--- no_error_log
[error]



=== TEST 21: in a function that C code calls it starts all or nothing, and later threads work
--- config
    location = /t {
        content_by_lua_block {
            local started = 0
            local ok, err = pcall(string.gsub, "x", "x", function ()
                ngx.thread.spawn(function () started = started + 1 end)
            end)
            if ok then
                ngx.say(started == 1)
            else
                ngx.say(started == 0 and err:find("attempt to yield across C-call boundary", 1, true) ~= nil)
            end
            ngx.say(ngx.thread.wait(ngx.thread.spawn(function () ngx.sleep(0.001) return "later" end)))
        }
    }
--- request
GET /t
--- response_body
true
truelater
--- no_error_log
[error]
--- differs: in the C module the next thread has the wrong parent



=== TEST 22: in a coroutine, in a function that C code calls
--- config
    location = /t {
        content_by_lua_block {
            local co = coroutine.create(function ()
                return (pcall(string.gsub, "x", "x", function ()
                    ngx.thread.spawn(function () end)
                end))
            end)
            ngx.say(coroutine.resume(co))
            ngx.say(coroutine.status(co))
        }
    }
--- request
GET /t
--- response_body_like: \Atrue(?:true|false)\ndead\n\z
--- no_error_log
[error]
--- differs: the worker of the C module dies



=== TEST 23: a thread may spawn threads
--- config
    location = /t {
        content_by_lua_block {
            local function tree(depth)
                ngx.print(depth)
                if depth > 0 then
                    ngx.thread.wait(ngx.thread.spawn(tree, depth - 1))
                    ngx.thread.wait(ngx.thread.spawn(tree, depth - 1))
                end
            end
            tree(3)
            ngx.say()
        }
    }
--- request
GET /t
--- response_body
321001002100100
--- no_error_log
[error]



=== TEST 24: the parent is the coroutine that called spawn, a light thread too
--- config
    location = /t {
        content_by_lua_block {
            local grandchild
            local child = ngx.thread.spawn(function ()
                grandchild = ngx.thread.spawn(function () ngx.sleep(0.001) return "grandchild" end)
                ngx.say(select(2, ngx.thread.wait(grandchild)))
            end)
            coroutine.yield()
            ngx.say(pcall(ngx.thread.wait, grandchild))
        }
    }
--- request
GET /t
--- response_body
falseonly the parent coroutine can wait on the thread
grandchild
--- no_error_log
[error]



=== TEST 25: a coroutine of Lua code may be the parent
--- config
    location = /t {
        content_by_lua_block {
            local co = coroutine.create(function ()
                local thread = ngx.thread.spawn(function () ngx.sleep(0.001) return "value" end)
                coroutine.yield(thread)
                return select(2, ngx.thread.wait(thread))
            end)
            local _, thread = coroutine.resume(co)
            ngx.say(pcall(ngx.thread.wait, thread))
            ngx.say(ngx.thread.kill(thread))
            ngx.say(coroutine.resume(co))
        }
    }
--- request
GET /t
--- response_body
falseonly the parent coroutine can wait on the thread
nilkiller not parent
truevalue
--- no_error_log
[error]



=== TEST 26: a coroutine that has ended leaves its thread running
--- config
    location = /t {
        content_by_lua_block {
            local thread
            coroutine.wrap(function ()
                thread = ngx.thread.spawn(function ()
                    ngx.sleep(0.001)
                    ngx.say("thread ends")
                end)
            end)()
            ngx.say(coroutine.status(thread))
            ngx.say(pcall(ngx.thread.wait, thread))
            ngx.sleep(0.005)
            ngx.say(coroutine.status(thread))
        }
    }
--- request
GET /t
--- response_body
running
falseonly the parent coroutine can wait on the thread
thread ends
dead
--- no_error_log
[error]



=== TEST 27: so does one that has failed
--- config
    location = /t {
        content_by_lua_block {
            local thread
            local ok = coroutine.resume(coroutine.create(function ()
                thread = ngx.thread.spawn(function ()
                    ngx.sleep(0.001)
                    ngx.say("thread ends")
                end)
                error("coroutine fails")
            end))
            ngx.say(ok, " ", coroutine.status(thread))
        }
    }
--- request
GET /t
--- response_body
false running
thread ends
--- no_error_log
[error]



=== TEST 28: a coroutine with a thread may go on in another thread, and is still the parent
--- config
    location = /t {
        content_by_lua_block {
            local co
            ngx.thread.spawn(function ()
                co = coroutine.create(function ()
                    local thread = ngx.thread.spawn(function () ngx.sleep(0.001) return "value" end)
                    coroutine.yield()
                    return select(2, ngx.thread.wait(thread))
                end)
                coroutine.resume(co)
            end)
            coroutine.yield()
            ngx.say(coroutine.status(co))
            ngx.say(coroutine.resume(co))
        }
    }
--- request
GET /t
--- response_body
suspended
truevalue
--- no_error_log
[error]



=== TEST 29: a thread that fails leaves its own threads running
--- config
    location = /t {
        content_by_lua_block {
            ngx.thread.spawn(function ()
                ngx.thread.spawn(function ()
                    ngx.sleep(0.001)
                    ngx.say("grandchild ends")
                end)
                error("child fails")
            end)
        }
    }
--- request
GET /t
--- response_body
grandchild ends
--- error_log
lua user thread aborted: runtime error: content_by_lua



=== TEST 30: the request ends when the entry and all threads have ended
--- config
    location = /t {
        content_by_lua_block {
            ngx.thread.spawn(function ()
                ngx.thread.spawn(function ()
                    ngx.thread.spawn(function ()
                        ngx.sleep(0.003)
                        ngx.say("third")
                    end)
                    ngx.sleep(0.002)
                    ngx.say("second")
                end)
                ngx.sleep(0.001)
                ngx.say("first")
            end)
            ngx.say("entry")
        }
    }
--- request
GET /t
--- response_body
entry
first
second
third
--- no_error_log
[error]



=== TEST 31: the length of an HTTP/1.0 response counts what late threads print
--- config
    location = /t {
        content_by_lua_block {
            ngx.say("entry")
            ngx.thread.spawn(function ()
                ngx.sleep(0.001)
                ngx.say("thread")
            end)
        }
    }
--- request
GET /t HTTP/1.0
--- response_headers
Content-Length: 13
--- response_body
entry
thread
--- no_error_log
[error]



=== TEST 32: a thread calls functions of modules, and require
--- http_config
    lua_package_path "$prefix/html/?.lua;;";
--- config
    location = /t {
        content_by_lua_block {
            local thread = ngx.thread.spawn(function ()
                return require("late").answer()
            end)
            ngx.say(select(2, ngx.thread.wait(thread)))
        }
    }
--- user_files
>>> late.lua
return { answer = function () ngx.sleep(0.001) return 42 end }
--- request
GET /t
--- response_body
42
--- no_error_log
[error]



=== TEST 33: a function of a module may spawn
--- http_config
    lua_package_path "$prefix/html/?.lua;;";
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(require("both").run(
                function () ngx.sleep(0.002) return "a" end,
                function () ngx.sleep(0.001) return "b" end))
        }
    }
--- user_files
>>> both.lua
local spawn, wait = ngx.thread.spawn, ngx.thread.wait
return { run = function (f, g)
    local a, b = spawn(f), spawn(g)
    return { select(2, wait(a)), " ", select(2, wait(b)) }
end }
--- request
GET /t
--- response_body
a b
--- no_error_log
[error]



=== TEST 34: functions taken in init work in requests
--- http_config
    init_by_lua_block {
        local spawn, wait, kill = ngx.thread.spawn, ngx.thread.wait, ngx.thread.kill
        package.loaded.threads = function ()
            local a, b = spawn(function () return "a" end), spawn(function () ngx.sleep(9) end)
            return select(2, wait(a)), kill(b)
        end
    }
--- config
    location = /t {
        content_by_lua_block {
            ngx.say({ require("threads")() })
        }
    }
--- request
GET /t
--- response_body
a1
--- no_error_log
[error]



=== TEST 35: a file as the code
--- config
    location = /t {
        content_by_lua_file html/code.lua;
    }
--- user_files
>>> code.lua
local thread = ngx.thread.spawn(function () ngx.sleep(0.001) return "from a file" end)
ngx.say(select(2, ngx.thread.wait(thread)))
--- request
GET /t
--- response_body
from a file
--- no_error_log
[error]



=== TEST 36: five subrequests at a time, each in a thread
--- config
    location = /t {
        content_by_lua_block {
            local threads = {}
            for i = 1, 5 do
                threads[i] = ngx.thread.spawn(function ()
                    return ngx.location.capture("/sub?n=" .. i).body
                end)
            end
            for i = 1, 5 do
                ngx.print(select(2, ngx.thread.wait(threads[i])))
            end
        }
    }
    location = /sub {
        content_by_lua_block {
            ngx.sleep(0.001)
            ngx.say(ngx.var.arg_n)
        }
    }
--- request
GET /t
--- response_body
1
2
3
4
5
--- no_error_log
[error]



=== TEST 37: threads of subrequests and of their parent do not mix
--- config
    location = /t {
        content_by_lua_block {
            ngx.thread.spawn(function ()
                ngx.sleep(0.001)
                ngx.ctx.word = "parent"
            end)
            local body = ngx.location.capture("/sub").body
            ngx.say(ngx.ctx.word, " ", body)
        }
    }
    location = /sub {
        content_by_lua_block {
            ngx.thread.spawn(function ()
                ngx.sleep(0.005)
                ngx.print("sub ", ngx.ctx.word)
            end)
        }
    }
--- request
GET /t
--- response_body
parent sub nil
--- no_error_log
[error]



=== TEST 38: a thousand threads at a time
--- config
    location = /t {
        content_by_lua_block {
            local n, threads = 0, {}
            for i = 1, 1000 do
                threads[i] = ngx.thread.spawn(function ()
                    coroutine.yield()
                    ngx.sleep(0.001)
                    n = n + i
                end)
            end
            for i = 1, 1000 do
                ngx.thread.wait(threads[i])
            end
            ngx.say(n)
        }
    }
--- request
GET /t
--- response_body
500500
--- no_error_log
[error]



=== TEST 39: a thousand threads that nobody waits for
--- config
    location = /t {
        content_by_lua_block {
            for i = 1, 1000 do
                ngx.thread.spawn(function ()
                    ngx.sleep(0.001)
                    ngx.ctx.n = (ngx.ctx.n or 0) + 1
                    if ngx.ctx.n == 1000 then
                        ngx.say("the last one")
                    end
                end)
            end
        }
    }
--- request
GET /t
--- response_body
the last one
--- no_error_log
[error]



=== TEST 40: threads that spawn threads, a hundred deep
--- config
    location = /t {
        content_by_lua_block {
            local function nest(depth)
                if depth == 0 then
                    ngx.sleep(0.001)
                    return 0
                end
                local _, below = ngx.thread.wait(ngx.thread.spawn(nest, depth - 1))
                return below + 1
            end
            ngx.say(nest(100))
        }
    }
--- request
GET /t
--- response_body
100
--- no_error_log
[error]



=== TEST 41: spawns ten thousand deep, each in the one before, end in the answer or in an error
--- config
    location = /t {
        content_by_lua_block {
            local deepest = 0
            local function nest(depth)
                deepest = depth
                if depth < 10000 then
                    ngx.thread.spawn(nest, depth + 1)
                end
            end
            pcall(nest, 1)
            coroutine.yield()
            ngx.say(deepest >= 1000)
        }
    }
--- request
GET /t
--- response_body
true
--- log_level: info
--- no_error_log
[alert]



=== TEST 42: ten thousand threads waited for one after another leave nothing
--- config
    location = /t {
        content_by_lua_block {
            collectgarbage()
            local before = collectgarbage("count")
            for i = 1, 10000 do
                ngx.thread.wait(ngx.thread.spawn(function () coroutine.yield() end))
            end
            collectgarbage()
            ngx.say(collectgarbage("count") - before < 200 and "flat" or "grows")
        }
    }
--- request
GET /t
--- response_body
flat
--- no_error_log
[error]



=== TEST 43: threads that were waited for or killed are collected
--- config
    location = /t {
        content_by_lua_block {
            local seen = setmetatable({}, { __mode = "k" })
            local function left()
                collectgarbage()
                collectgarbage()
                local n = 0
                for _ in pairs(seen) do
                    n = n + 1
                end
                return n
            end
            local function spawn(f)
                local thread = ngx.thread.spawn(f)
                seen[thread] = true
                return thread
            end
            ngx.thread.wait(spawn(function () ngx.sleep(0.001) end))
            ngx.thread.wait(spawn(function () end))
            ngx.thread.kill(spawn(function () ngx.sleep(1) end))
            ngx.thread.kill(spawn(function () end))
            ngx.say(left())
        }
    }
--- request
GET /t
--- response_body
0
--- no_error_log
[error]



=== TEST 44: a thread that nobody holds is not collected while it waits
--- config
    location = /t {
        content_by_lua_block {
            local seen = setmetatable({}, { __mode = "k" })
            seen[ngx.thread.spawn(function ()
                collectgarbage()
                ngx.sleep(0.001)
                collectgarbage()
                coroutine.yield()
                collectgarbage()
                ngx.say("alive")
            end)] = true
            collectgarbage()
            collectgarbage()
            ngx.say(next(seen) ~= nil)
        }
    }
--- request
GET /t
--- response_body
true
alive
--- no_error_log
[error]



=== TEST 45: nothing keeps the thread's objects when the request has ended
--- http_config
    lua_package_path "$prefix/html/?.lua;;";
--- config
    location = /t {
        content_by_lua_block {
            local seen = require "seen"
            local object = {}
            seen[object] = true
            ngx.thread.spawn(function ()
                ngx.sleep(0.001)
                return object
            end)
            ngx.thread.spawn(function () return object end)
            ngx.thread.spawn(function ()
                ngx.sleep(0.001)
                error(object)
            end)
        }
    }
    location = /count {
        content_by_lua_block {
            collectgarbage()
            collectgarbage()
            ngx.say(next(require "seen") == nil and "nothing" or "something")
        }
    }
--- user_files
>>> seen.lua
return setmetatable({}, { __mode = "k" })
--- request eval
["GET /t", "GET /count"]
--- response_body eval
["", "nothing\n"]
--- no_error_log
[alert]
