# Coroutines and light threads together: statuses, who may resume what, errors, collection.

use Test::Nginx::Socket::Lua 'no_plan';

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: a light thread that waits for an event is running
--- config
    location = /t {
        content_by_lua_block {
            local function show(what, thread)
                ngx.say(what, ": ", coroutine.status(thread))
            end
            show("sleep", ngx.thread.spawn(function () ngx.sleep(0.001) end))
            show("capture", ngx.thread.spawn(function () ngx.location.capture("/sub") end))
            show("yield", ngx.thread.spawn(function () coroutine.yield() end))
            show("read body", ngx.thread.spawn(function () ngx.req.read_body() end))
        }
    }
    location = /sub {
        content_by_lua_block { ngx.sleep(0.001) }
    }
--- raw_request eval
["POST /t HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 2\r\n\r\na", "b"]
--- raw_request_middle_delay: 0.03
--- response_body
sleep: running
capture: running
yield: running
read body: running
--- no_error_log
[error]



=== TEST 2: a light thread that waits for another is running
--- config
    location = /t {
        content_by_lua_block {
            local inner, outer
            ngx.thread.spawn(function ()
                outer = coroutine.running()
                inner = ngx.thread.spawn(function () ngx.sleep(0.001) end)
                ngx.thread.wait(inner)
            end)
            coroutine.yield()
            ngx.say(coroutine.status(outer), " ", coroutine.status(inner))
        }
    }
--- request
GET /t
--- response_body
running running
--- no_error_log
[error]



=== TEST 3: a light thread in itself is running
--- config
    location = /t {
        content_by_lua_block {
            ngx.thread.spawn(function ()
                ngx.say(coroutine.status(coroutine.running()))
            end)
        }
    }
--- request
GET /t
--- response_body
running
--- no_error_log
[error]



=== TEST 4: a light thread is never suspended, it cannot be resumed
--- config
    location = /t {
        content_by_lua_block {
            local a = ngx.thread.spawn(function () ngx.sleep(0.001) end)
            local b = ngx.thread.spawn(function () coroutine.yield() end)
            for _, thread in ipairs { a, b } do
                ngx.say(coroutine.resume(thread, "value"))
            end
            ngx.say(ngx.thread.wait(a))
        }
    }
--- request
GET /t
--- response_body
falsecannot resume running coroutine
falsecannot resume running coroutine
true
--- no_error_log
[error]



=== TEST 5: zombie: ended and not waited for
--- config
    location = /t {
        content_by_lua_block {
            local a = ngx.thread.spawn(function () return "value" end)
            local b = ngx.thread.spawn(function () ngx.sleep(0.001) end)
            local c = ngx.thread.spawn(function () error("no luck", 0) end)
            ngx.sleep(0.005)
            for _, thread in ipairs { a, b, c } do
                ngx.say(coroutine.status(thread))
                ngx.say(coroutine.resume(thread))
            end
        }
    }
--- request
GET /t
--- response_body
zombie
falsecannot resume zombie coroutine
zombie
falsecannot resume zombie coroutine
zombie
falsecannot resume zombie coroutine
--- error_log
no luck



=== TEST 6: a zombie is one for all
--- config
    location = /t {
        content_by_lua_block {
            local zombie = ngx.thread.spawn(function () end)
            ngx.thread.spawn(function ()
                ngx.say(coroutine.status(zombie))
                ngx.say(coroutine.resume(zombie))
                coroutine.wrap(function () ngx.say(coroutine.status(zombie)) end)()
            end)
        }
    }
--- request
GET /t
--- response_body
zombie
falsecannot resume zombie coroutine
zombie
--- no_error_log
[error]



=== TEST 7: dead: waited for or killed
--- config
    location = /t {
        content_by_lua_block {
            local a = ngx.thread.spawn(function () end)
            ngx.thread.wait(a)
            local b = ngx.thread.spawn(function () ngx.sleep(1) end)
            ngx.thread.kill(b)
            local c = ngx.thread.spawn(function () end)
            ngx.thread.kill(c)
            for _, thread in ipairs { a, b, c } do
                ngx.say(coroutine.status(thread))
                ngx.say(coroutine.resume(thread))
            end
        }
    }
--- request
GET /t
--- response_body
dead
falsecannot resume dead coroutine
dead
falsecannot resume dead coroutine
dead
falsecannot resume dead coroutine
--- no_error_log
[error]



=== TEST 8: dead: ended when the parent had ended before
--- config
    location = /t {
        content_by_lua_block {
            local thread
            ngx.thread.spawn(function ()
                thread = ngx.thread.spawn(function () ngx.sleep(0.001) end)
            end)
            coroutine.yield()
            ngx.say(coroutine.status(thread))
            ngx.sleep(0.005)
            ngx.say(coroutine.status(thread))
        }
    }
--- request
GET /t
--- response_body
running
dead
--- no_error_log
[error]



=== TEST 9: a zombie is dead when its parent ends
--- config
    location = /t {
        content_by_lua_block {
            local zombie
            local parent = coroutine.create(function ()
                zombie = ngx.thread.spawn(function () end)
                ngx.say(coroutine.status(zombie))
                coroutine.yield()
            end)
            coroutine.resume(parent)
            ngx.say(coroutine.status(zombie))
            coroutine.resume(parent)
            ngx.say(coroutine.status(zombie))
        }
    }
--- request
GET /t
--- response_body
zombie
zombie
dead
--- no_error_log
[error]



=== TEST 10: or fails
--- config
    location = /t {
        content_by_lua_block {
            local zombie
            coroutine.resume(coroutine.create(function ()
                zombie = ngx.thread.spawn(function () end)
                error("no luck")
            end))
            ngx.say(coroutine.status(zombie))
        }
    }
--- request
GET /t
--- response_body
dead
--- timeout: 0.5
--- no_error_log
[error]
--- differs: in the C module the request hangs



=== TEST 11: a thread is normal while it resumes a coroutine, seen from there and from elsewhere
--- config
    location = /t {
        content_by_lua_block {
            local thread, co
            local entry = coroutine.running()
            ngx.thread.spawn(function ()
                thread = coroutine.running()
                co = coroutine.create(function ()
                    ngx.say("inside: ", coroutine.status(thread), " ", coroutine.status(co), " ", coroutine.status(entry))
                    ngx.sleep(0.001)
                end)
                coroutine.resume(co)
            end)
            ngx.say("entry: ", coroutine.status(thread), " ", coroutine.status(co))
            ngx.thread.spawn(function ()
                ngx.say("sibling: ", coroutine.status(thread), " ", coroutine.status(co), " ", coroutine.status(entry))
            end)
        }
    }
--- request
GET /t
--- response_body
inside: normal running running
entry: normal running
sibling: normal running running
--- no_error_log
[error]



=== TEST 12: so is the entry
--- config
    location = /t {
        content_by_lua_block {
            local entry = coroutine.running()
            local co = coroutine.create(function ()
                ngx.sleep(0.005)
            end)
            ngx.thread.spawn(function ()
                ngx.sleep(0.001)
                ngx.say(coroutine.status(entry), " ", coroutine.status(co))
                ngx.say(coroutine.resume(entry))
                ngx.say(coroutine.resume(co))
            end)
            coroutine.resume(co)
            ngx.say(coroutine.status(entry), " ", coroutine.status(co))
        }
    }
--- request
GET /t
--- response_body
normal running
falsecannot resume normal coroutine
falsecannot resume running coroutine
running dead
--- no_error_log
[error]



=== TEST 13: of coroutines inside each other only the innermost is running
--- config
    location = /t {
        content_by_lua_block {
            local cos = {}
            local function nest(depth)
                cos[depth] = coroutine.running()
                if depth < 4 then
                    coroutine.wrap(nest)(depth + 1)
                else
                    ngx.sleep(0.005)
                end
            end
            local thread = ngx.thread.spawn(nest, 1)
            for i = 1, 4 do
                ngx.say(coroutine.status(cos[i]), " ", (select(2, coroutine.resume(cos[i]))))
            end
            ngx.thread.wait(thread)
            for i = 1, 4 do
                ngx.say(coroutine.status(cos[i]))
            end
        }
    }
--- request
GET /t
--- response_body
normal cannot resume normal coroutine
normal cannot resume normal coroutine
normal cannot resume normal coroutine
running cannot resume running coroutine
dead
dead
dead
dead
--- no_error_log
[error]



=== TEST 14: a coroutine that spawned and waits for its turn is running
--- config
    location = /t {
        content_by_lua_block {
            local entry = coroutine.running()
            local co
            co = coroutine.create(function ()
                ngx.thread.spawn(function ()
                    ngx.say(coroutine.status(co), " ", coroutine.status(entry))
                    ngx.say(coroutine.resume(co))
                end)
                ngx.say(coroutine.status(co), " ", coroutine.status(entry))
            end)
            coroutine.resume(co)
        }
    }
--- request
GET /t
--- response_body
running normal
falsecannot resume running coroutine
running normal
--- no_error_log
[error]



=== TEST 15: the entry is running while it sleeps, captures, waits or is in the queue
--- config
    location = /t {
        content_by_lua_block {
            local entry = coroutine.running()
            local function look()
                ngx.say(coroutine.status(entry))
                ngx.say(coroutine.resume(entry))
            end
            ngx.thread.spawn(look)
            ngx.thread.spawn(function () ngx.sleep(0.001) look() end)
            ngx.sleep(0.005)
            ngx.thread.spawn(function () ngx.sleep(0.001) look() end)
            ngx.location.capture("/sub")
            ngx.thread.wait(ngx.thread.spawn(function () ngx.sleep(0.001) look() end))
        }
    }
    location = /sub {
        content_by_lua_block { ngx.sleep(0.005) }
    }
--- request
GET /t
--- response_body
running
falsecannot resume running coroutine
running
falsecannot resume running coroutine
running
falsecannot resume running coroutine
running
falsecannot resume running coroutine
--- no_error_log
[error]



=== TEST 16: the entry is dead when it has ended and threads go on
--- config
    location = /t {
        content_by_lua_block {
            local entry = coroutine.running()
            ngx.thread.spawn(function ()
                ngx.sleep(0.001)
                ngx.say(coroutine.status(entry))
            end)
        }
    }
--- request
GET /t
--- response_body
dead
--- no_error_log
[error]



=== TEST 17: a suspended coroutine can be resumed by whichever thread
--- config
    location = /t {
        content_by_lua_block {
            local co = coroutine.create(function (...)
                local got = (...)
                while true do
                    ngx.sleep(0.001)
                    got = coroutine.yield("answer to " .. got)
                end
            end)
            ngx.say(coroutine.resume(co, "entry"))
            ngx.thread.wait(ngx.thread.spawn(function ()
                ngx.say(coroutine.resume(co, "thread"))
            end))
            ngx.say(coroutine.status(co))
            ngx.say(coroutine.resume(co, "entry again"))
        }
    }
--- request
GET /t
--- response_body
trueanswer to entry
trueanswer to thread
suspended
trueanswer to entry again
--- no_error_log
[error]



=== TEST 18: while one thread has it, the others cannot
--- config
    location = /t {
        content_by_lua_block {
            local co = coroutine.create(function ()
                ngx.sleep(0.002)
                return "value"
            end)
            local thread = ngx.thread.spawn(function () return coroutine.resume(co) end)
            ngx.say(coroutine.status(co))
            ngx.say(coroutine.resume(co))
            ngx.say(ngx.thread.wait(thread))
            ngx.say(coroutine.resume(co))
        }
    }
--- request
GET /t
--- response_body
running
falsecannot resume running coroutine
truetruevalue
falsecannot resume dead coroutine
--- no_error_log
[error]



=== TEST 19: the same for a function of wrap
--- config
    location = /t {
        content_by_lua_block {
            local f = coroutine.wrap(function () ngx.sleep(0.002) return "value" end)
            local thread = ngx.thread.spawn(function () return f() end)
            ngx.say(f())
            ngx.say(ngx.thread.wait(thread))
            ngx.say(f())
        }
    }
--- request
GET /t
--- response_body
falsecannot resume running coroutine
truevalue
falsecannot resume dead coroutine
--- no_error_log
[error]



=== TEST 20: a generator that two threads draw from
--- config
    location = /t {
        content_by_lua_block {
            local next_number = coroutine.wrap(function ()
                for i = 1, 6 do
                    coroutine.yield(i)
                end
            end)
            local function draw(name)
                for i = 1, 3 do
                    ngx.print(name, next_number(), " ")
                    coroutine.yield()
                end
            end
            local a = ngx.thread.spawn(draw, "a")
            local b = ngx.thread.spawn(draw, "b")
            ngx.thread.wait(a)
            ngx.thread.wait(b)
            ngx.say("end")
        }
    }
--- request
GET /t
--- response_body
a1 b2 a3 b4 a5 b6 end
--- no_error_log
[error]



=== TEST 21: a coroutine that a thread made outlives it
--- config
    location = /t {
        content_by_lua_block {
            local co
            ngx.thread.wait(ngx.thread.spawn(function ()
                co = coroutine.create(function ()
                    coroutine.yield("first")
                    ngx.sleep(0.001)
                    return "second"
                end)
                ngx.say(coroutine.resume(co))
            end))
            ngx.say(coroutine.resume(co))
        }
    }
--- request
GET /t
--- response_body
truefirst
truesecond
--- no_error_log
[error]



=== TEST 22: running is the coroutine that runs, in threads too
--- config
    location = /t {
        content_by_lua_block {
            local entry, thread, co = coroutine.running()
            ngx.thread.spawn(function ()
                thread = coroutine.running()
                co = coroutine.create(function () return coroutine.running() == co end)
                ngx.say(thread ~= entry, " ", (select(2, coroutine.resume(co))), " ", coroutine.running() == thread)
                ngx.sleep(0.001)
                ngx.say(coroutine.running() == thread)
            end)
            ngx.say(coroutine.running() == entry)
        }
    }
--- request
GET /t
--- response_body
true true true
true
true
--- no_error_log
[error]



=== TEST 23: values go through resume and yield, with waits on both sides
--- config
    location = /t {
        content_by_lua_block {
            local co = coroutine.create(function (...)
                local n = select("#", ...)
                while n > 0 do
                    ngx.sleep(0.001)
                    n = select("#", coroutine.yield(n, nil, "x", nil))
                end
                return nil, n, nil
            end)
            local function show(...)
                ngx.say(select("#", ...), " ", (...), " ", (select(2, ...)), " ", (select(3, ...)))
            end
            local thread = ngx.thread.spawn(function ()
                show(coroutine.resume(co, 1, nil))
                show(coroutine.resume(co, nil, nil, nil))
                show(coroutine.resume(co))
            end)
        }
    }
--- request
GET /t
--- response_body
5 true 2 nil
5 true 3 nil
4 true nil 0
--- no_error_log
[error]



=== TEST 24: waits and yields twenty coroutines deep in each of twenty threads
--- config
    location = /t {
        content_by_lua_block {
            local function nest(depth)
                if depth == 0 then
                    for i = 1, 3 do
                        ngx.sleep(0.001)
                        coroutine.yield(i)
                    end
                    return "end"
                end
                local co = coroutine.create(nest)
                local ok, value
                repeat
                    ok, value = coroutine.resume(co, depth - 1)
                    if value ~= "end" and depth > 1 then
                        coroutine.yield(value)
                    end
                until value == "end"
                return value
            end
            local threads = {}
            for i = 1, 20 do
                threads[i] = ngx.thread.spawn(nest, 20)
            end
            local n = 0
            for i = 1, 20 do
                local ok, value = ngx.thread.wait(threads[i])
                n = n + (value == "end" and 1 or 0)
            end
            ngx.say(n)
        }
    }
--- request
GET /t
--- response_body
20
--- no_error_log
[error]



=== TEST 25: resume gives the error of any type, after a wait too
--- config
    location = /t {
        content_by_lua_block {
            local object = setmetatable({}, { __tostring = function () return "an object" end })
            local values = { object, true, print, "text" }
            for i = 1, #values do
                local ok, err = coroutine.resume(coroutine.create(function ()
                    ngx.sleep(0.001)
                    error(values[i], 0)
                end))
                ngx.say(ok, " ", err == values[i])
            end
            local function count(...)
                ngx.say(select("#", ...), " ", ...)
            end
            count(coroutine.resume(coroutine.create(function () ngx.sleep(0.001) error() end)))
        }
    }
--- request
GET /t
--- response_body
false true
false true
false true
false true
2 falsenil
--- no_error_log
[error]



=== TEST 26: an error in a coroutine of a thread is the thread's only if it is raised again
--- config
    location = /t {
        content_by_lua_block {
            local thread = ngx.thread.spawn(function ()
                local ok, err = coroutine.resume(coroutine.create(function ()
                    ngx.sleep(0.001)
                    error("inner", 0)
                end))
                ngx.say(ok, " ", err)
                error("outer", 0)
            end)
            ngx.say(ngx.thread.wait(thread))
        }
    }
--- request
GET /t
--- response_body
false inner
falseouter
--- error_log
lua user thread aborted: runtime error: outer
--- no_error_log
runtime error: inner



=== TEST 27: an error in a wrapped coroutine of a thread ends the thread, not the request
--- config
    location = /t {
        content_by_lua_block {
            local thread = ngx.thread.spawn(function ()
                coroutine.wrap(function ()
                    ngx.sleep(0.001)
                    error("inside", 0)
                end)()
                ngx.say("not reached")
            end)
            ngx.say((ngx.thread.wait(thread)))
            ngx.say("goes on")
        }
    }
--- request
GET /t
--- response_body
false
goes on
--- error_log
lua user thread aborted: runtime error: inside



=== TEST 28: an error in a wrapped coroutine of a thread can be caught there
--- config
    location = /t {
        content_by_lua_block {
            local thread = ngx.thread.spawn(function ()
                return pcall(coroutine.wrap(function ()
                    ngx.sleep(0.001)
                    error("inside", 0)
                end))
            end)
            ngx.say(ngx.thread.wait(thread))
        }
    }
--- request
GET /t
--- response_body
truefalseinside
--- no_error_log
[error]
--- differs: the C module ends the thread, pcall or not



=== TEST 29: the log names the coroutines from the failed one up to the entry
--- config
    location = /t {
        content_by_lua_block {
            local thread = ngx.thread.spawn(function ()
                local co = coroutine.create(function ()
                    local inner = ngx.thread.spawn(function ()
                        ngx.sleep(0.001)
                        error("no luck")
                    end)
                    ngx.thread.wait(inner)
                end)
                coroutine.resume(co)
            end)
            ngx.thread.wait(thread)
        }
    }
--- request
GET /t
--- grep_error_log eval
qr/lua user thread aborted: runtime error: .*|coroutine \d:|in (?:function '\w+'|function <|main chunk)/
--- grep_error_log_out eval
qr/\Alua user thread aborted: runtime error: content_by_lua\(nginx\.conf:\d+\):6: no luck
coroutine 0:
in function 'error'
in function <
coroutine 1:
in function 'wait'
in function <
coroutine 2:
in function 'resume'
in function <
coroutine 3:
in function 'wait'
in main chunk
\z/



=== TEST 30: an error while the parent has not come back from spawn
--- config
    location = /t {
        content_by_lua_block {
            ngx.thread.spawn(function ()
                error("no luck")
            end)
        }
    }
--- request
GET /t
--- grep_error_log eval
qr/lua user thread aborted: runtime error: .*|coroutine \d:|in (?:function '\w+'|function <|main chunk)/
--- grep_error_log_out eval
qr/\Alua user thread aborted: runtime error: content_by_lua\(nginx\.conf:\d+\):3: no luck
coroutine 0:
in function 'error'
in function <
coroutine 1:
in function 'spawn'
in main chunk
\z/



=== TEST 31: an error of an orphan names no other coroutine
--- config
    location = /t {
        content_by_lua_block {
            ngx.thread.spawn(function ()
                ngx.thread.spawn(function ()
                    ngx.sleep(0.001)
                    error("no luck")
                end)
            end)
        }
    }
--- request
GET /t
--- grep_error_log eval
qr/lua user thread aborted: runtime error: .*|coroutine \d:|in (?:function '\w+'|function <|main chunk)/
--- grep_error_log_out eval
qr/\Alua user thread aborted: runtime error: content_by_lua\(nginx\.conf:\d+\):5: no luck
coroutine 0:
in function 'error'
in function <
\z/



=== TEST 32: a wrapped coroutine's error names it first, then the thread
--- config
    location = /t {
        content_by_lua_block {
            ngx.thread.spawn(function ()
                coroutine.wrap(function ()
                    error("no luck")
                end)()
                return 1
            end)
        }
    }
--- request
GET /t
--- grep_error_log eval
qr/lua user thread aborted: runtime error: .*|coroutine \d:|in function '(?:error|spawn)'|in main chunk/
--- grep_error_log_out eval
qr/\Alua user thread aborted: runtime error: content_by_lua\(nginx\.conf:\d+\):4: no luck
coroutine 0:
in function 'error'
coroutine 1:
coroutine 2:
in function 'spawn'
in main chunk
\z/



=== TEST 33: at most five coroutines are named
--- config
    location = /t {
        content_by_lua_block {
            local function nest(depth)
                if depth == 0 then
                    error("no luck")
                end
                ngx.thread.wait(ngx.thread.spawn(nest, depth - 1))
            end
            nest(8)
        }
    }
--- request
GET /t
--- grep_error_log eval
qr/coroutine \d:/
--- grep_error_log_out
coroutine 0:
coroutine 1:
coroutine 2:
coroutine 3:
coroutine 4:



=== TEST 34: an error value that is no text is an unknown reason
--- config
    location = /t {
        content_by_lua_block {
            ngx.thread.spawn(function () error({}) end)
            ngx.thread.spawn(function () error(true) end)
            ngx.thread.spawn(function () error() end)
            ngx.say("goes on")
        }
    }
--- request
GET /t
--- response_body
goes on
--- grep_error_log eval
qr/lua user thread aborted: runtime error: [\w ]+/
--- grep_error_log_out
lua user thread aborted: runtime error: unknown reason
lua user thread aborted: runtime error: unknown reason
lua user thread aborted: runtime error: unknown reason



=== TEST 35: a traceback inside a thread begins with the thread
--- config
    location = /t {
        content_by_lua_block {
            local thread = ngx.thread.spawn(function ()
                local text = debug.traceback("here")
                return text
            end)
            ngx.say((select(2, ngx.thread.wait(thread)):gsub("content_by_lua%(nginx%.conf:%d+%)", "content")))
        }
    }
--- request
GET /t
--- response_body
here
stack traceback:
	content:3: in function <content:2>
--- no_error_log
[error]



=== TEST 36: a traceback of another thread
--- config
    location = /t {
        content_by_lua_block {
            local function sleeper()
                ngx.sleep(0.001)
            end
            local thread = ngx.thread.spawn(sleeper)
            ngx.say((debug.traceback(thread):gsub("content_by_lua%(nginx%.conf:%d+%)", "content")))
        }
    }
--- request
GET /t
--- response_body
stack traceback:
	[C]: in function 'sleep'
	content:3: in function <content:2>
--- no_error_log
[error]



=== TEST 37: create, wrap, resume, yield and status are refused in set and log, running is not
--- http_config
    init_by_lua_block {
        local co = coroutine.create(function () end)
        local args = { resume = co, status = co }
        function try_all()
            local result = {}
            for _, name in ipairs { "create", "wrap", "resume", "yield", "status", "running" } do
                local _, value = pcall(coroutine[name], args[name] or function () end)
                table.insert(result, tostring(value))
            end
            return table.concat(result, "; ")
        end
    }
--- config
    location = /t {
        set_by_lua_block $from_set { return try_all() }
        content_by_lua_block { ngx.say((ngx.var.from_set:gsub("; ", "\n"))) }
        log_by_lua_block { ngx.log(ngx.WARN, try_all()) }
    }
--- request
GET /t
--- response_body
API disabled in the context of set_by_lua*
API disabled in the context of set_by_lua*
API disabled in the context of set_by_lua*
API disabled in the context of set_by_lua*
API disabled in the context of set_by_lua*
nil
--- error_log
API disabled in the context of log_by_lua*; API disabled in the context of log_by_lua*; API disabled in the context of log_by_lua*; API disabled in the context of log_by_lua*; API disabled in the context of log_by_lua*; nil



=== TEST 38: the argument is looked at before the phase
--- config
    location = /t {
        set_by_lua_block $from_set {
            return tostring(select(2, pcall(coroutine.resume, 1))) .. "; "
                .. tostring(select(2, pcall(coroutine.status, 1))) .. "; "
                .. tostring(select(2, pcall(coroutine.create, 1))) .. "; "
                .. tostring(select(2, pcall(coroutine.wrap, 1)))
        }
        content_by_lua_block {
            ngx.say((ngx.var.from_set:gsub("; ", "\n")))
        }
    }
--- request
GET /t
--- response_body
bad argument #1 to '?' (coroutine expected)
bad argument #1 to '?' (coroutine expected)
bad argument #1 to '?' (Lua function expected)
bad argument #1 to '?' (Lua function expected)
--- no_error_log
[error]



=== TEST 39: the library is a module, too
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(require "coroutine" == coroutine)
        }
    }
--- request
GET /t
--- response_body
true
--- no_error_log
[error]



=== TEST 40: dead coroutines are collected, in threads too
--- config
    location = /t {
        content_by_lua_block {
            local seen = setmetatable({}, { __mode = "k" })
            local threads = {}
            for i = 1, 20 do
                threads[i] = ngx.thread.spawn(function ()
                    for j = 1, 20 do
                        local co = coroutine.create(function ()
                            if j % 2 == 0 then
                                ngx.sleep(0.001)
                            end
                            if j % 3 == 0 then
                                error("no luck")
                            end
                        end)
                        seen[co] = true
                        coroutine.resume(co)
                    end
                end)
            end
            for i = 1, 20 do
                ngx.thread.wait(threads[i])
            end
            threads = nil
            collectgarbage()
            collectgarbage()
            ngx.say(next(seen) == nil and "collected" or "kept")
        }
    }
--- request
GET /t
--- response_body
collected
--- no_error_log
[error]



=== TEST 41: suspended coroutines that nobody holds are collected
--- config
    location = /t {
        content_by_lua_block {
            local seen = setmetatable({}, { __mode = "k" })
            ngx.thread.wait(ngx.thread.spawn(function ()
                for i = 1, 100 do
                    local co = coroutine.create(function ()
                        ngx.sleep(0)
                        coroutine.yield()
                    end)
                    seen[co] = true
                    coroutine.resume(co)
                end
            end))
            collectgarbage()
            collectgarbage()
            ngx.say(next(seen) == nil and "collected" or "kept")
        }
    }
--- request
GET /t
--- response_body
collected
--- no_error_log
[error]



=== TEST 42: values that went through threads and coroutines are collected
--- config
    location = /t {
        content_by_lua_block {
            local seen = setmetatable({}, { __mode = "k" })
            local function object()
                local new = {}
                seen[new] = true
                return new
            end
            do
                local thread = ngx.thread.spawn(function (a)
                    ngx.sleep(0.001)
                    return coroutine.wrap(function (b) return b, object() end)(a)
                end, object())
                ngx.thread.wait(thread)
                thread = ngx.thread.spawn(function () error(object()) end)
                ngx.thread.wait(thread)
                thread = ngx.thread.spawn(function (a) ngx.sleep(1) end, object())
                ngx.thread.kill(thread)
            end
            collectgarbage()
            collectgarbage()
            ngx.say(next(seen) == nil and "collected" or "kept")
        }
    }
--- request
GET /t
--- response_body
collected
--- error_log
unknown reason



=== TEST 43: five thousand coroutines in a thread, one after another
--- config
    location = /t {
        content_by_lua_block {
            local thread = ngx.thread.spawn(function ()
                local n = 0
                for i = 1, 5000 do
                    n = n + coroutine.wrap(function () coroutine.yield(1) end)()
                end
                return n
            end)
            ngx.say(ngx.thread.wait(thread))
        }
    }
--- request
GET /t
--- response_body
true5000
--- no_error_log
[error]



=== TEST 44: coroutines that resume each other across three threads in a ring
--- config
    location = /t {
        content_by_lua_block {
            local rings = {}
            local function ring(i)
                return coroutine.create(function ()
                    while true do
                        ngx.print(i, " ")
                        ngx.sleep(0.001)
                        coroutine.yield()
                    end
                end)
            end
            for i = 1, 3 do
                rings[i] = ring(i)
            end
            local threads = {}
            for i = 1, 3 do
                threads[i] = ngx.thread.spawn(function ()
                    for step = 0, 2 do
                        coroutine.resume(rings[(i + step - 1) % 3 + 1])
                        ngx.sleep(0.004)
                    end
                end)
            end
            for i = 1, 3 do
                ngx.thread.wait(threads[i])
            end
            ngx.say("end")
        }
    }
--- request
GET /t
--- response_body
1 2 3 2 3 1 3 1 2 end
--- no_error_log
[error]
