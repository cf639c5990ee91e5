# ngx.thread.wait: for whom, what it gives, what it refuses.

use Test::Nginx::Socket::Lua 'no_plan';

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: the results of a thread that ends later, behind true
--- config
    location = /t {
        content_by_lua_block {
            local thread = ngx.thread.spawn(function ()
                ngx.sleep(0.001)
                return "a", nil, { "b" }, nil
            end)
            local function show(...)
                local ok, a, b, c, d = ...
                ngx.say(select("#", ...), " ", ok, " ", a, " ", b, " ", c[1], " ", d)
            end
            show(ngx.thread.wait(thread))
        }
    }
--- request
GET /t
--- response_body
5 true a nil b nil
--- no_error_log
[error]



=== TEST 2: the results of a thread that has ended
--- config
    location = /t {
        content_by_lua_block {
            local thread = ngx.thread.spawn(function () return "a", nil, "c", nil end)
            ngx.say(coroutine.status(thread))
            local function show(...)
                ngx.say(select("#", ...), " ", (select(4, ...)))
            end
            show(ngx.thread.wait(thread))
        }
    }
--- request
GET /t
--- response_body
zombie
5 c
--- no_error_log
[error]



=== TEST 3: a thread without results gives true alone
--- config
    location = /t {
        content_by_lua_block {
            local function count(...)
                ngx.say(select("#", ...), " ", ...)
            end
            count(ngx.thread.wait(ngx.thread.spawn(function () end)))
            count(ngx.thread.wait(ngx.thread.spawn(function () ngx.sleep(0.001) end)))
        }
    }
--- request
GET /t
--- response_body
1 true
1 true
--- no_error_log
[error]



=== TEST 4: coroutines among the results
--- config
    location = /t {
        content_by_lua_block {
            local entry = coroutine.running()
            local thread = ngx.thread.spawn(function ()
                ngx.sleep(0.001)
                return coroutine.running(), entry
            end)
            local _, a, b = ngx.thread.wait(thread)
            ngx.say(a == thread, " ", b == entry)
        }
    }
--- request
GET /t
--- response_body
true true
--- no_error_log
[error]



=== TEST 5: an error that is not a text: false and the value itself
--- config
    location = /t {
        content_by_lua_block {
            local object = {}
            local values = { object, true, print }
            for i = 1, #values do
                for _, seconds in ipairs { 0, 0.001 } do
                    local ok, err = ngx.thread.wait(ngx.thread.spawn(function ()
                        if seconds > 0 then
                            ngx.sleep(seconds)
                        end
                        error(values[i], 0)
                    end))
                    ngx.say(ok, " ", err == values[i] or tostring(err))
                end
            end
        }
    }
--- request
GET /t
--- response_body
false true
false true
false true
false true
false true
false true
--- error_log
lua user thread aborted: runtime error: unknown reason



=== TEST 6: a number as the error is logged, and reaches the waiter as a number or its text
--- config
    location = /t {
        content_by_lua_block {
            for _, seconds in ipairs { 0, 0.001 } do
                local ok, err = ngx.thread.wait(ngx.thread.spawn(function ()
                    if seconds > 0 then
                        ngx.sleep(seconds)
                    end
                    error(4.5, 0)
                end))
                ngx.say(ok, " ", tostring(err))
            end
        }
    }
--- request
GET /t
--- response_body
false 4.5
false 4.5
--- error_log
lua user thread aborted: runtime error: 4.5



=== TEST 7: error(nil): false and nil
--- config
    location = /t {
        content_by_lua_block {
            local function count(...)
                ngx.say(select("#", ...), " ", ...)
            end
            count(ngx.thread.wait(ngx.thread.spawn(function () error() end)))
            count(ngx.thread.wait(ngx.thread.spawn(function () ngx.sleep(0.001) error(nil) end)))
        }
    }
--- request
GET /t
--- response_body
2 falsenil
2 falsenil
--- error_log
lua user thread aborted: runtime error: unknown reason



=== TEST 8: a text without position: false and the text
--- config
    location = /t {
        content_by_lua_block {
            local ok, err = ngx.thread.wait(ngx.thread.spawn(function ()
                ngx.sleep(0.001)
                error("no luck", 0)
            end))
            ngx.say(ok, " ", err)
        }
    }
--- request
GET /t
--- response_body
false no luck
--- error_log
lua user thread aborted: runtime error: no luck



=== TEST 9: error(text): false and the text with its position, nothing else
--- config
    location = /t {
        content_by_lua_block {
            local function show(...)
                ngx.say(select("#", ...), " ", (...), " ", (select(2, ...):gsub("^content_by_lua%(nginx%.conf:%d+%)", "content")))
            end
            show(ngx.thread.wait(ngx.thread.spawn(function () error("at once") end)))
            show(ngx.thread.wait(ngx.thread.spawn(function () ngx.sleep(0.001) error("later") end)))
        }
    }
--- request
GET /t
--- response_body
2 false content:5: at once
2 false content:6: later
--- error_log eval
[qr/lua user thread aborted: runtime error: content_by_lua\(nginx\.conf:\d+\):5: at once$/,
 qr/lua user thread aborted: runtime error: content_by_lua\(nginx\.conf:\d+\):6: later$/]
--- differs: the C module gives what lies on the thread's stack before the error



=== TEST 10: a runtime error: false and the error, no locals of the function
--- config
    location = /t {
        content_by_lua_block {
            local function show(...)
                ngx.say(select("#", ...), " ", (...), " ", (select(2, ...):match("attempt.*")))
            end
            show(ngx.thread.wait(ngx.thread.spawn(function (a, b)
                local secret = "secret"
                local missing
                return missing.x, secret
            end, 1, 2)))
            show(ngx.thread.wait(ngx.thread.spawn(function (a)
                local secret = "secret"
                ngx.sleep(0.001)
                return a.x.y, secret
            end, {})))
        }
    }
--- request
GET /t
--- response_body
2 false attempt to index local 'missing' (a nil value)
2 false attempt to index field 'x' (a nil value)
--- error_log
lua user thread aborted: runtime error: content_by_lua
--- differs: the C module gives all locals of the function, uninitialised memory too



=== TEST 11: an error of a function of the API
--- config
    location = /t {
        content_by_lua_block {
            local function show(ok, ...)
                ngx.say(ok, " ", select("#", ...), " ", (select(-1, ...):match("invalid.*")))
            end
            show(ngx.thread.wait(ngx.thread.spawn(function () ngx.sleep(-1) end)))
        }
    }
--- request
GET /t
--- response_body
false 1 invalid sleep duration "-1000"
--- error_log
lua user thread aborted: runtime error: content_by_lua
--- differs: the C module gives the arguments of the function too



=== TEST 12: the last value of a failed thread is its error
--- config
    location = /t {
        content_by_lua_block {
            local function last(...)
                return (select(-1, ...))
            end
            local err = last(ngx.thread.wait(ngx.thread.spawn(function () error("at once") end)))
            ngx.say((err:gsub("^content_by_lua%(nginx%.conf:%d+%)", "content")))
            err = last(ngx.thread.wait(ngx.thread.spawn(function () local t; return t.x end)))
            ngx.say((err:gsub("^content_by_lua%(nginx%.conf:%d+%)", "content")))
        }
    }
--- request
GET /t
--- response_body
content:5: at once
content:7: attempt to index local 't' (a nil value)
--- error_log
lua user thread aborted: runtime error



=== TEST 13: a stack overflow in a thread is its error
--- config
    location = /t {
        content_by_lua_block {
            local function deep()
                return 1 + deep()
            end
            local ok, err = ngx.thread.wait(ngx.thread.spawn(deep))
            ngx.say(ok, " ", (err:match("stack overflow")))
            ngx.say(ngx.thread.wait(ngx.thread.spawn(function () return "goes on" end)))
        }
    }
--- request
GET /t
--- response_body
false stack overflow
truegoes on
--- error_log
lua user thread aborted: runtime error: content_by_lua
--- differs: the C module gives nil



=== TEST 14: an error in a wrapped coroutine of the thread is the thread's
--- config
    location = /t {
        content_by_lua_block {
            local ok, err = ngx.thread.wait(ngx.thread.spawn(function ()
                coroutine.wrap(function ()
                    ngx.sleep(0.001)
                    error("inside", 0)
                end)()
            end))
            ngx.say(ok, " ", err)
        }
    }
--- request
GET /t
--- response_body
false inside
--- error_log
lua user thread aborted: runtime error: inside
--- differs: the C module gives false alone



=== TEST 15: a failed thread after a caught error: pcall in the thread
--- config
    location = /t {
        content_by_lua_block {
            local thread = ngx.thread.spawn(function ()
                local ok, err = pcall(function ()
                    ngx.sleep(0.001)
                    error({ code = 7 })
                end)
                return ok, err.code
            end)
            ngx.say({ ngx.thread.wait(thread) })
        }
    }
--- request
GET /t
--- response_body
truefalse7
--- no_error_log
[error]



=== TEST 16: of several, the first that ends
--- config
    location = /t {
        content_by_lua_block {
            local function after(seconds, value)
                return ngx.thread.spawn(function ()
                    ngx.sleep(seconds)
                    return value
                end)
            end
            local a, b, c = after(0.1, "a"), after(0.001, "b"), after(0.1, "c")
            ngx.say(ngx.thread.wait(a, b, c))
            ngx.say(coroutine.status(a), " ", coroutine.status(b), " ", coroutine.status(c))
            ngx.exit(200)
        }
    }
--- request
GET /t
--- response_body
trueb
running dead running
--- no_error_log
[error]



=== TEST 17: of several that have ended, the first argument
--- config
    location = /t {
        content_by_lua_block {
            local a = ngx.thread.spawn(function () return "a" end)
            local b = ngx.thread.spawn(function () return "b" end)
            local c = ngx.thread.spawn(function () ngx.sleep(0.001) return "c" end)
            ngx.say(ngx.thread.wait(c, b, a))
            ngx.say(ngx.thread.wait(c, b, a))
            ngx.say(ngx.thread.wait(b, a, c))
        }
    }
--- request
GET /t
--- response_body
trueb
truea
truec
--- no_error_log
[error]



=== TEST 18: the first that ends may have failed
--- config
    location = /t {
        content_by_lua_block {
            local a = ngx.thread.spawn(function () ngx.sleep(0.001) error("no luck", 0) end)
            local b = ngx.thread.spawn(function () ngx.sleep(0.003) return "b" end)
            ngx.say(ngx.thread.wait(a, b))
            ngx.say(ngx.thread.wait(b))
        }
    }
--- request
GET /t
--- response_body
falseno luck
trueb
--- error_log
lua user thread aborted: runtime error: no luck



=== TEST 19: one after another, in any order
--- config
    location = /t {
        content_by_lua_block {
            local function after(seconds, value)
                return ngx.thread.spawn(function ()
                    ngx.sleep(seconds)
                    return value
                end)
            end
            local a, b = after(0.001, "a"), after(0.003, "b")
            ngx.say(ngx.thread.wait(b))
            ngx.say(ngx.thread.wait(a))
        }
    }
--- request
GET /t
--- response_body
trueb
truea
--- no_error_log
[error]



=== TEST 20: the ones that did not end first can be waited for while they run
--- config
    location = /t {
        content_by_lua_block {
            local function after(seconds, value)
                return ngx.thread.spawn(function ()
                    ngx.sleep(seconds)
                    return value
                end)
            end
            local a, b = after(0.02, "a"), after(0.001, "b")
            ngx.say(ngx.thread.wait(a, b))
            ngx.say(ngx.thread.wait(a))
        }
    }
--- request
GET /t
--- response_body
trueb
truea
--- no_error_log
[error]



=== TEST 21: and when they have ended meanwhile
--- config
    location = /t {
        content_by_lua_block {
            local function after(seconds, value)
                return ngx.thread.spawn(function ()
                    ngx.sleep(seconds)
                    return value
                end)
            end
            local a, b = after(0.003, "a"), after(0.001, "b")
            ngx.say(ngx.thread.wait(a, b))
            ngx.sleep(0.01)
            ngx.say(coroutine.status(a))
            ngx.say(ngx.thread.wait(a))
        }
    }
--- request
GET /t
--- response_body
trueb
zombie
truea
--- no_error_log
[error]
--- differs: in the C module its result is lost



=== TEST 22: their end does not disturb the next sleep
--- config
    location = /t {
        content_by_lua_block {
            local a = ngx.thread.spawn(function () ngx.sleep(0.003) return "a" end)
            local b = ngx.thread.spawn(function () ngx.sleep(0.001) return "b" end)
            ngx.say(ngx.thread.wait(a, b))
            ngx.update_time()
            local begin = ngx.now()
            ngx.say(select("#", ngx.sleep(0.05)))
            ngx.update_time()
            ngx.say(ngx.now() - begin > 0.04)
        }
    }
--- request
GET /t
--- response_body
trueb
0
true
--- no_error_log
[error]
--- differs: in the C module the sleep ends early, with results



=== TEST 23: nor the next wait for an other
--- config
    location = /t {
        content_by_lua_block {
            local function after(seconds, value)
                return ngx.thread.spawn(function ()
                    ngx.sleep(seconds)
                    return value
                end)
            end
            local a, b, c = after(0.003, "a"), after(0.001, "b"), after(0.02, "c")
            ngx.say(ngx.thread.wait(a, b))
            ngx.say(ngx.thread.wait(c))
            ngx.say(ngx.thread.wait(a))
        }
    }
--- request
GET /t
--- response_body
trueb
truec
truea
--- no_error_log
[error]
--- differs: the C module gives the result of another thread



=== TEST 24: nor a subrequest
--- config
    location = /t {
        content_by_lua_block {
            local a = ngx.thread.spawn(function () ngx.sleep(0.003) return "a" end)
            local b = ngx.thread.spawn(function () ngx.sleep(0.001) return "b" end)
            ngx.say(ngx.thread.wait(a, b))
            ngx.say(ngx.location.capture("/sub").body)
            ngx.say(ngx.thread.wait(a))
        }
    }
    location = /sub {
        content_by_lua_block {
            ngx.sleep(0.02)
            ngx.print("sub")
        }
    }
--- request
GET /t
--- response_body
trueb
sub
truea
--- no_error_log
[error]
--- differs: in the C module the capture ends early, and the request fails



=== TEST 25: nor reading the body
--- config
    location = /t {
        content_by_lua_block {
            local a = ngx.thread.spawn(function () ngx.sleep(0.02) return "a" end)
            local b = ngx.thread.spawn(function () ngx.sleep(0.001) return "b" end)
            ngx.say(ngx.thread.wait(a, b))
            ngx.req.read_body()
            ngx.say(ngx.req.get_body_data())
            ngx.say(ngx.thread.wait(a))
        }
    }
--- raw_request eval
["POST /t HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 6\r\n\r\nabc", "def"]
--- raw_request_middle_delay: 0.1
--- response_body
trueb
abcdef
truea
--- no_error_log
[error]
--- differs: in the C module reading ends early



=== TEST 26: a group waited for until all have ended, the dead first
--- config
    location = /t {
        content_by_lua_block {
            local function after(seconds, value)
                return ngx.thread.spawn(function ()
                    ngx.sleep(seconds)
                    return value
                end)
            end
            local a, b = after(0.01, "a"), after(0.001, "b")
            ngx.say(ngx.thread.wait(b, a))
            ngx.say(ngx.thread.wait(b, a))
            ngx.say(ngx.thread.wait(b, a))
        }
    }
--- request
GET /t
--- response_body
trueb
truea
nilalready waited or killed
--- no_error_log
[error]



=== TEST 27: a thread that ends only once: already waited or killed
--- config
    location = /t {
        content_by_lua_block {
            local a = ngx.thread.spawn(function () ngx.sleep(0.001) end)
            local b = ngx.thread.spawn(function () end)
            local c = ngx.thread.spawn(function () error("no luck", 0) end)
            for _, thread in ipairs { a, b, c } do
                ngx.thread.wait(thread)
                ngx.say(ngx.thread.wait(thread))
            end
        }
    }
--- request
GET /t
--- response_body
nilalready waited or killed
nilalready waited or killed
nilalready waited or killed
--- error_log
no luck



=== TEST 28: dead ones before a live one are passed over
--- config
    location = /t {
        content_by_lua_block {
            local dead = ngx.thread.spawn(function () end)
            ngx.thread.wait(dead)
            local killed = ngx.thread.spawn(function () ngx.sleep(1) end)
            ngx.thread.kill(killed)
            local live = ngx.thread.spawn(function () ngx.sleep(0.001) return "live" end)
            ngx.say(ngx.thread.wait(dead, killed, live))
        }
    }
--- request
GET /t
--- response_body
truelive
--- no_error_log
[error]



=== TEST 29: a dead one as the last argument: no waiting for the others
--- config
    location = /t {
        content_by_lua_block {
            local dead = ngx.thread.spawn(function () end)
            ngx.thread.wait(dead)
            local live = ngx.thread.spawn(function () ngx.sleep(0.001) return "live" end)
            ngx.say(ngx.thread.wait(live, dead))
            ngx.say(coroutine.status(live))
            ngx.say(ngx.thread.wait(live))
        }
    }
--- request
GET /t
--- response_body
nilalready waited or killed
running
truelive
--- no_error_log
[error]



=== TEST 30: the same thread twice
--- config
    location = /t {
        content_by_lua_block {
            local thread = ngx.thread.spawn(function () ngx.sleep(0.001) return "value" end)
            ngx.say(ngx.thread.wait(thread, thread))
            ngx.say(ngx.thread.wait(thread, thread))
        }
    }
--- request
GET /t
--- response_body
truevalue
nilalready waited or killed
--- no_error_log
[error]



=== TEST 31: without arguments
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(pcall(ngx.thread.wait))
        }
    }
--- request
GET /t
--- response_body
falseat least one coroutine should be specified
--- no_error_log
[error]



=== TEST 32: something else than a coroutine
--- config
    location = /t {
        content_by_lua_block {
            local function try(...)
                local args, n = { ... }, select("#", ...)
                local ok, err = pcall(function ()
                    ngx.thread.wait(unpack(args, 1, n))
                end)
                ngx.say(ok, " ", (err:gsub("^.-:%d+: ", "")))
            end
            local live = ngx.thread.spawn(function () ngx.sleep(0.001) end)
            try("text")
            try(nil)
            try(1)
            try({})
            try(function () end)
            try(live, true)
            ngx.say(coroutine.status(live))
        }
    }
--- request
GET /t
--- response_body
false bad argument #1 to 'wait' (lua thread expected)
false bad argument #1 to 'wait' (lua thread expected)
false bad argument #1 to 'wait' (lua thread expected)
false bad argument #1 to 'wait' (lua thread expected)
false bad argument #1 to 'wait' (lua thread expected)
false bad argument #2 to 'wait' (lua thread expected)
running
--- no_error_log
[error]



=== TEST 33: a coroutine that is no light thread
--- config
    location = /t {
        content_by_lua_block {
            local fresh = coroutine.create(function () end)
            local suspended = coroutine.create(function () coroutine.yield() end)
            coroutine.resume(suspended)
            local dead = coroutine.create(function () end)
            coroutine.resume(dead)
            local live = ngx.thread.spawn(function () ngx.sleep(0.001) end)
            for _, co in ipairs { fresh, suspended, dead, coroutine.running() } do
                ngx.say(select(2, pcall(ngx.thread.wait, co)))
                ngx.say(select(2, pcall(ngx.thread.wait, live, co)))
            end
            ngx.say(coroutine.status(live))
        }
    }
--- request
GET /t
--- response_body
attempt to wait on a coroutine that is not a user thread
attempt to wait on a coroutine that is not a user thread
attempt to wait on a coroutine that is not a user thread
attempt to wait on a coroutine that is not a user thread
attempt to wait on a coroutine that is not a user thread
attempt to wait on a coroutine that is not a user thread
attempt to wait on a coroutine that is not a user thread
attempt to wait on a coroutine that is not a user thread
running
--- no_error_log
[error]



=== TEST 34: arguments are looked at in order: a zombie gives its result before a bad one is seen
--- config
    location = /t {
        content_by_lua_block {
            local zombie = ngx.thread.spawn(function () return "first" end)
            ngx.say(pcall(ngx.thread.wait, zombie, coroutine.create(function () end)))
            zombie = ngx.thread.spawn(function () return "second" end)
            ngx.say(pcall(ngx.thread.wait, zombie, "text"))
        }
    }
--- request
GET /t
--- response_body
truetruefirst
truetruesecond
--- no_error_log
[error]



=== TEST 35: a refused wait leaves no trace: the thread can be waited for
--- config
    location = /t {
        content_by_lua_block {
            local live = ngx.thread.spawn(function () ngx.sleep(0.002) return "value" end)
            pcall(ngx.thread.wait, live, coroutine.running())
            pcall(ngx.thread.wait, live, 1)
            ngx.sleep(0.01)
            ngx.say(coroutine.status(live))
            ngx.say(ngx.thread.wait(live))
        }
    }
--- request
GET /t
--- response_body
zombie
truevalue
--- no_error_log
[error]
--- differs: in the C module the refused wait counts, and the result is lost



=== TEST 36: only the parent may wait: not a sibling, not itself, not the grandparent
--- config
    location = /t {
        content_by_lua_block {
            local grandchild
            local child = ngx.thread.spawn(function ()
                grandchild = ngx.thread.spawn(function () ngx.sleep(0.01) end)
                ngx.sleep(0.005)
            end)
            coroutine.yield()
            ngx.say(select(2, pcall(ngx.thread.wait, grandchild)))
            ngx.thread.spawn(function ()
                ngx.say(select(2, pcall(ngx.thread.wait, child)))
                ngx.say(select(2, pcall(ngx.thread.wait, coroutine.running())))
            end)
        }
    }
--- request
GET /t
--- response_body
only the parent coroutine can wait on the thread
only the parent coroutine can wait on the thread
only the parent coroutine can wait on the thread
--- no_error_log
[error]



=== TEST 37: nor another coroutine of the parent
--- config
    location = /t {
        content_by_lua_block {
            local thread = ngx.thread.spawn(function () ngx.sleep(0.001) return "value" end)
            ngx.say(coroutine.resume(coroutine.create(function ()
                return ngx.thread.wait(thread)
            end)))
            ngx.say(ngx.thread.wait(thread))
        }
    }
--- request
GET /t
--- response_body
falseonly the parent coroutine can wait on the thread
truevalue
--- no_error_log
[error]



=== TEST 38: that is asked before whether the thread has ended
--- config
    location = /t {
        content_by_lua_block {
            local zombie = ngx.thread.spawn(function () end)
            ngx.thread.spawn(function ()
                ngx.say(select(2, pcall(ngx.thread.wait, zombie)))
                local own = ngx.thread.spawn(function () ngx.sleep(0.001) return "own" end)
                ngx.say(select(2, pcall(ngx.thread.wait, own, zombie)))
                ngx.say(coroutine.status(own))
            end)
            ngx.sleep(0.005)
        }
    }
--- request
GET /t
--- response_body
only the parent coroutine can wait on the thread
only the parent coroutine can wait on the thread
running
--- no_error_log
[error]



=== TEST 39: nobody can wait for an orphan
--- config
    location = /t {
        content_by_lua_block {
            local orphan
            ngx.thread.wait(ngx.thread.spawn(function ()
                orphan = ngx.thread.spawn(function () ngx.sleep(0.002) end)
            end))
            ngx.say(coroutine.status(orphan), " ", (select(2, pcall(ngx.thread.wait, orphan))))
        }
    }
--- request
GET /t
--- response_body
running only the parent coroutine can wait on the thread
--- no_error_log
[error]



=== TEST 40: a dead thread is nobody's child
--- config
    location = /t {
        content_by_lua_block {
            local orphan
            local waited = ngx.thread.spawn(function () end)
            ngx.thread.wait(waited)
            ngx.thread.wait(ngx.thread.spawn(function ()
                orphan = ngx.thread.spawn(function () ngx.sleep(0.001) end)
                ngx.say({ pcall(ngx.thread.wait, waited) == true, " ", select(2, ngx.thread.wait(waited)) })
            end))
            ngx.sleep(0.005)
            ngx.say(coroutine.status(orphan))
            ngx.say(ngx.thread.wait(orphan))
        }
    }
--- request
GET /t
--- response_body
true already waited or killed
dead
nilalready waited or killed
--- no_error_log
[error]
--- differs: the C module remembers whose child it was, and raises an error



=== TEST 41: a coroutine waits inside other coroutines
--- config
    location = /t {
        content_by_lua_block {
            local function nest(depth)
                if depth > 0 then
                    return coroutine.wrap(nest)(depth - 1)
                end
                local thread = ngx.thread.spawn(function () ngx.sleep(0.001) return "value" end)
                return select(2, ngx.thread.wait(thread))
            end
            ngx.say(nest(10))
        }
    }
--- request
GET /t
--- response_body
value
--- no_error_log
[error]



=== TEST 42: inside pcall and in a metamethod
--- config
    location = /t {
        content_by_lua_block {
            local thread = ngx.thread.spawn(function () ngx.sleep(0.001) return "a" end)
            ngx.say(pcall(ngx.thread.wait, thread))
            local object = setmetatable({}, { __index = function (_, key)
                return select(2, ngx.thread.wait(ngx.thread.spawn(function ()
                    ngx.sleep(0.001)
                    return key
                end)))
            end })
            ngx.say(object.b)
        }
    }
--- request
GET /t
--- response_body
truetruea
b
--- no_error_log
[error]



=== TEST 43: in a function that C code calls: an error, and the thread is as it was
--- config
    location = /t {
        content_by_lua_block {
            local thread = ngx.thread.spawn(function () ngx.sleep(0.001) return "value" end)
            local ok, err = pcall(table.sort, { 1, 2 }, function () ngx.thread.wait(thread) end)
            ngx.say(ok, " ", (err:match("attempt.*")))
            ngx.say(coroutine.status(thread))
            ngx.say(ngx.thread.wait(thread))
        }
    }
--- request
GET /t
--- response_body
false attempt to yield across C-call boundary
running
truevalue
--- no_error_log
[error]



=== TEST 44: after such an error the end of the thread disturbs nothing
--- config
    location = /t {
        content_by_lua_block {
            local thread = ngx.thread.spawn(function () ngx.sleep(0.002) return "value" end)
            pcall(table.sort, { 1, 2 }, function () ngx.thread.wait(thread) end)
            ngx.say(select("#", ngx.sleep(0.01)))
            ngx.say(ngx.thread.wait(thread))
        }
    }
--- request
GET /t
--- response_body
0
truevalue
--- no_error_log
[error]
--- differs: in the C module the sleep ends early and the result is lost



=== TEST 45: there, too, a thread that has ended gives its result
--- config
    location = /t {
        content_by_lua_block {
            local thread = ngx.thread.spawn(function () return "value" end)
            ngx.say((string.gsub("x", "x", function ()
                return select(2, ngx.thread.wait(thread))
            end)))
        }
    }
--- request
GET /t
--- response_body
value
--- no_error_log
[error]



=== TEST 46: the entry's end does not end the waiting of a thread
--- config
    location = /t {
        content_by_lua_block {
            local done
            ngx.thread.spawn(function ()
                local thread = ngx.thread.spawn(function () ngx.sleep(0.002) return "value" end)
                ngx.say(ngx.thread.wait(thread))
            end)
            ngx.say("entry ends")
        }
    }
--- request
GET /t
--- response_body
entry ends
truevalue
--- no_error_log
[error]



=== TEST 47: many threads in one wait
--- config
    location = /t {
        content_by_lua_block {
            local threads = {}
            for i = 1, 200 do
                threads[i] = ngx.thread.spawn(function ()
                    ngx.sleep(i == 150 and 0.001 or 0.02)
                    return i
                end)
            end
            ngx.say(ngx.thread.wait(unpack(threads)))
            ngx.exit(200)
        }
    }
--- request
GET /t
--- response_body
true150
--- no_error_log
[error]



=== TEST 48: a hundred rounds of waiting for the first of two
--- config
    location = /t {
        content_by_lua_block {
            for i = 1, 100 do
                local a = ngx.thread.spawn(function () ngx.sleep(0.001) return "a" end)
                local b = ngx.thread.spawn(function () coroutine.yield() return "b" end)
                local _, value = ngx.thread.wait(a, b)
                if value ~= "b" then
                    ngx.say("round ", i, ": ", value)
                end
                ngx.thread.kill(a)
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



=== TEST 49: a thread of another request
--- http_config
    lua_package_path "$prefix/html/?.lua;;";
--- config
    location = /t {
        content_by_lua_block {
            local kept = require "kept"
            kept.thread = ngx.thread.spawn(function () ngx.sleep(0.003) return "value" end)
            ngx.print(ngx.location.capture("/sub").body)
            ngx.say(ngx.thread.wait(kept.thread))
        }
    }
    location = /sub {
        content_by_lua_block {
            local thread = require("kept").thread
            ngx.say(coroutine.status(thread))
            ngx.say({ coroutine.resume(thread) })
            ngx.say(select(2, pcall(ngx.thread.wait, thread)))
            ngx.say(select(2, ngx.thread.kill(thread)))
        }
    }
--- user_files
>>> kept.lua
return {}
--- request
GET /t
--- response_body
running
falsecannot resume running coroutine
only the parent coroutine can wait on the thread
killer not parent
truevalue
--- no_error_log
[error]



=== TEST 50: a thread of a request that has ended
--- http_config
    lua_package_path "$prefix/html/?.lua;;";
--- config
    location = /t {
        content_by_lua_block {
            local kept = require "kept"
            kept.thread = ngx.thread.spawn(function () ngx.sleep(0.001) return "value" end)
            kept.entry = coroutine.running()
        }
    }
    location = /later {
        content_by_lua_block {
            local kept = require "kept"
            for _, name in ipairs { "thread", "entry" } do
                local co = kept[name]
                pcall(coroutine.status, co)
                pcall(coroutine.resume, co)
                local ok, err = pcall(ngx.thread.wait, co)
                ngx.say(ok and err)
                ok, err = pcall(ngx.thread.kill, co)
                ngx.say(ok and err)
            end
        }
    }
--- user_files
>>> kept.lua
return {}
--- request eval
["GET /t", "GET /later"]
--- response_body_like eval
['\A\z', '\A(?:(?:nil|false)\n){4}\z']
--- skip_eval: 3: $ENV{TEST_NGINX_ORACLE} && "the C module reads memory of the ended request"
--- no_error_log
[error]



=== TEST 51: a thread that ends in the same moment as another event of its parent
--- config
    location = /t {
        content_by_lua_block {
            local thread = ngx.thread.spawn(function () ngx.sleep(0.005) return "value" end)
            ngx.sleep(0.005)
            ngx.say(ngx.thread.wait(thread))
        }
    }
--- request
GET /t
--- response_body
truevalue
--- no_error_log
[error]
