# ngx.thread.kill: what it ends, and whom it refuses.

use Test::Nginx::Socket::Lua 'no_plan';

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: a sleeping thread ends where it sleeps
--- config
    location = /t {
        content_by_lua_block {
            local thread = ngx.thread.spawn(function ()
                ngx.sleep(0.001)
                ngx.say("not reached")
            end)
            ngx.say(ngx.thread.kill(thread))
            ngx.sleep(0.005)
            ngx.say("done")
        }
    }
--- request
GET /t
--- response_body
1
done
--- no_error_log
[error]



=== TEST 2: kill returns one value, or two
--- config
    location = /t {
        content_by_lua_block {
            local function count(...)
                return select("#", ...)
            end
            local thread = ngx.thread.spawn(function () ngx.sleep(1) end)
            ngx.say(count(ngx.thread.kill(thread)), count(ngx.thread.kill(thread)))
        }
    }
--- request
GET /t
--- response_body
12
--- no_error_log
[error]



=== TEST 3: a killed thread is dead
--- config
    location = /t {
        content_by_lua_block {
            local thread = ngx.thread.spawn(function () ngx.sleep(1) end)
            ngx.thread.kill(thread)
            ngx.say(coroutine.status(thread))
            ngx.say(coroutine.resume(thread))
        }
    }
--- request
GET /t
--- response_body
dead
falsecannot resume dead coroutine
--- no_error_log
[error]



=== TEST 4: it cannot be killed again, nor waited for
--- config
    location = /t {
        content_by_lua_block {
            local thread = ngx.thread.spawn(function () ngx.sleep(1) end)
            ngx.say(ngx.thread.kill(thread))
            ngx.say(ngx.thread.kill(thread))
            ngx.say(ngx.thread.wait(thread))
        }
    }
--- request
GET /t
--- response_body
1
nilalready waited or killed
nilalready waited or killed
--- no_error_log
[error]



=== TEST 5: a thread that has ended: already terminated, then dead
--- config
    location = /t {
        content_by_lua_block {
            local thread = ngx.thread.spawn(function () return "value" end)
            ngx.say(coroutine.status(thread))
            ngx.say(ngx.thread.kill(thread))
            ngx.say(coroutine.status(thread))
            ngx.say(ngx.thread.kill(thread))
            ngx.say(ngx.thread.wait(thread))
        }
    }
--- request
GET /t
--- response_body
zombie
nilalready terminated
dead
nilalready waited or killed
nilalready waited or killed
--- no_error_log
[error]



=== TEST 6: whoever asks about a dead thread
--- config
    location = /t {
        content_by_lua_block {
            local dead = ngx.thread.spawn(function () end)
            ngx.thread.wait(dead)
            ngx.thread.spawn(function ()
                ngx.say(ngx.thread.kill(dead))
            end)
        }
    }
--- request
GET /t
--- response_body
nilalready waited or killed
--- no_error_log
[error]
--- differs: the C module remembers whose child it was



=== TEST 7: already terminated, too, for a thread that failed
--- config
    location = /t {
        content_by_lua_block {
            local thread = ngx.thread.spawn(function () error("no luck", 0) end)
            ngx.say(ngx.thread.kill(thread))
            ngx.say(ngx.thread.kill(thread))
        }
    }
--- request
GET /t
--- response_body
nilalready terminated
nilalready waited or killed
--- error_log
lua user thread aborted: runtime error: no luck



=== TEST 8: a thread that was waited for
--- config
    location = /t {
        content_by_lua_block {
            local thread = ngx.thread.spawn(function () ngx.sleep(0.001) end)
            ngx.thread.wait(thread)
            ngx.say(ngx.thread.kill(thread))
        }
    }
--- request
GET /t
--- response_body
nilalready waited or killed
--- no_error_log
[error]



=== TEST 9: something else than a coroutine
--- config
    location = /t {
        content_by_lua_block {
            local values = { "text", 1, true, {}, function () end, print }
            for i = 1, #values do
                local ok, err = pcall(function ()
                    ngx.thread.kill(values[i])
                end)
                ngx.say(ok, " ", (err:gsub("^.-:%d+: ", "")))
            end
            ngx.say(pcall(ngx.thread.kill))
            ngx.say(pcall(ngx.thread.kill, nil))
        }
    }
--- request
GET /t
--- response_body
false bad argument #1 to 'kill' (lua thread expected)
false bad argument #1 to 'kill' (lua thread expected)
false bad argument #1 to 'kill' (lua thread expected)
false bad argument #1 to 'kill' (lua thread expected)
false bad argument #1 to 'kill' (lua thread expected)
false bad argument #1 to 'kill' (lua thread expected)
falsebad argument #1 to '?' (lua thread expected)
falsebad argument #1 to '?' (lua thread expected)
--- no_error_log
[error]



=== TEST 10: further arguments do not matter
--- config
    location = /t {
        content_by_lua_block {
            local thread = ngx.thread.spawn(function () ngx.sleep(1) end)
            ngx.say(ngx.thread.kill(thread, 1, nil, {}))
        }
    }
--- request
GET /t
--- response_body
1
--- no_error_log
[error]



=== TEST 11: a coroutine of Lua code is no light thread
--- config
    location = /t {
        content_by_lua_block {
            local fresh = coroutine.create(function () end)
            local suspended = coroutine.create(function () coroutine.yield() end)
            coroutine.resume(suspended)
            local dead = coroutine.create(function () end)
            coroutine.resume(dead)
            ngx.say(ngx.thread.kill(fresh))
            ngx.say(ngx.thread.kill(suspended))
            ngx.say(ngx.thread.kill(dead))
            ngx.say(coroutine.resume(suspended))
        }
    }
--- request
GET /t
--- response_body
nilnot user thread
nilnot user thread
nilnot user thread
true
--- no_error_log
[error]



=== TEST 12: neither is the entry
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.thread.kill(coroutine.running()))
            local entry = coroutine.running()
            ngx.thread.spawn(function ()
                ngx.say(ngx.thread.kill(entry))
            end)
            ngx.say("goes on")
        }
    }
--- request
GET /t
--- response_body
nilnot user thread
nilnot user thread
goes on
--- no_error_log
[error]



=== TEST 13: nor a coroutine that runs
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(coroutine.resume(coroutine.create(function ()
                return ngx.thread.kill(coroutine.running())
            end)))
        }
    }
--- request
GET /t
--- response_body
truenilnot user thread
--- no_error_log
[error]



=== TEST 14: only the parent may: not a sibling, not the thread itself
--- config
    location = /t {
        content_by_lua_block {
            local a = ngx.thread.spawn(function () ngx.sleep(0.001) ngx.say("a goes on") end)
            ngx.thread.spawn(function ()
                ngx.say(ngx.thread.kill(a))
                ngx.say(ngx.thread.kill(coroutine.running()))
            end)
        }
    }
--- request
GET /t
--- response_body
nilkiller not parent
nilkiller not parent
a goes on
--- no_error_log
[error]



=== TEST 15: not the grandparent, not a child
--- config
    location = /t {
        content_by_lua_block {
            local grandchild
            local child = ngx.thread.spawn(function ()
                local me = coroutine.running()
                grandchild = ngx.thread.spawn(function ()
                    ngx.say(ngx.thread.kill(me))
                    ngx.sleep(0.001)
                end)
                ngx.sleep(0.001)
            end)
            coroutine.yield()
            ngx.say(ngx.thread.kill(grandchild))
        }
    }
--- request
GET /t
--- response_body
nilkiller not parent
nilkiller not parent
--- no_error_log
[error]



=== TEST 16: not another coroutine of the parent
--- config
    location = /t {
        content_by_lua_block {
            local thread = ngx.thread.spawn(function () ngx.sleep(0.001) return "value" end)
            ngx.say(coroutine.resume(coroutine.create(function ()
                return ngx.thread.kill(thread)
            end)))
            ngx.say(ngx.thread.wait(thread))
        }
    }
--- request
GET /t
--- response_body
truenilkiller not parent
truevalue
--- no_error_log
[error]



=== TEST 17: that is asked before whether the thread has ended
--- config
    location = /t {
        content_by_lua_block {
            local zombie = ngx.thread.spawn(function () return "value" end)
            ngx.thread.spawn(function ()
                ngx.say(ngx.thread.kill(zombie))
            end)
            ngx.say(ngx.thread.wait(zombie))
        }
    }
--- request
GET /t
--- response_body
nilkiller not parent
truevalue
--- no_error_log
[error]



=== TEST 18: a coroutine kills the thread that it spawned
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(coroutine.resume(coroutine.create(function ()
                local thread = ngx.thread.spawn(function () ngx.sleep(1) end)
                return ngx.thread.kill(thread), coroutine.status(thread)
            end)))
        }
    }
--- request
GET /t
--- response_body
true1dead
--- no_error_log
[error]



=== TEST 19: a thread kills its own child
--- config
    location = /t {
        content_by_lua_block {
            ngx.thread.wait(ngx.thread.spawn(function ()
                local child = ngx.thread.spawn(function () ngx.sleep(1) end)
                ngx.say(ngx.thread.kill(child), " ", coroutine.status(child))
            end))
        }
    }
--- request
GET /t
--- response_body
1 dead
--- no_error_log
[error]



=== TEST 20: a thread that gave way does not get its turn
--- config
    location = /t {
        content_by_lua_block {
            local a = ngx.thread.spawn(function () coroutine.yield() ngx.say("not reached") end)
            local b = ngx.thread.spawn(function () coroutine.yield() ngx.say("b") end)
            coroutine.yield()
            local c = ngx.thread.spawn(function () coroutine.yield() ngx.say("not reached") end)
            ngx.say(ngx.thread.kill(c))
            coroutine.yield()
            ngx.say("done")
        }
    }
--- request
GET /t
--- response_body
not reached
b
1
done
--- no_error_log
[error]



=== TEST 21: the others keep their order
--- config
    location = /t {
        content_by_lua_block {
            local function say_later(name)
                return ngx.thread.spawn(function ()
                    coroutine.yield()
                    coroutine.yield()
                    ngx.print(name, ".")
                end)
            end
            local a, b, c, d = say_later("a"), say_later("b"), say_later("c"), say_later("d")
            ngx.thread.kill(c)
            coroutine.yield()
            coroutine.yield()
            coroutine.yield()
            ngx.say("done")
        }
    }
--- request
GET /t
--- response_body
a.b.d.done
--- no_error_log
[error]



=== TEST 22: the first and the last in the queue
--- config
    location = /t {
        content_by_lua_block {
            local function say_later(name)
                return ngx.thread.spawn(function ()
                    for i = 1, 5 do
                        coroutine.yield()
                    end
                    ngx.print(name, ".")
                end)
            end
            local list = {}
            for i = 1, 4 do
                list[i] = say_later(i)
            end
            ngx.thread.kill(list[1])
            ngx.thread.kill(list[4])
            local last = say_later(5)
            for i = 1, 7 do
                coroutine.yield()
            end
            ngx.say("done")
        }
    }
--- request
GET /t
--- response_body
2.3.5.done
--- no_error_log
[error]



=== TEST 23: a thread that is behind a child that it has spawned
--- config
    location = /t {
        content_by_lua_block {
            local thread = ngx.thread.spawn(function ()
                ngx.thread.spawn(function ()
                    ngx.say("child")
                    ngx.sleep(0.001)
                    ngx.say("child ends")
                end)
                ngx.say("not reached")
            end)
            ngx.say(ngx.thread.kill(thread), " ", coroutine.status(thread))
            ngx.sleep(0.005)
            ngx.say("done")
        }
    }
--- request
GET /t
--- response_body
child
1 dead
child ends
done
--- no_error_log
[error]



=== TEST 24: one whose child has ended
--- config
    location = /t {
        content_by_lua_block {
            local child
            local thread = ngx.thread.spawn(function ()
                child = ngx.thread.spawn(function () return "value" end)
                ngx.sleep(1)
            end)
            coroutine.yield()
            ngx.say(coroutine.status(child))
            ngx.say(ngx.thread.kill(thread))
            ngx.say(coroutine.status(child))
        }
    }
--- request
GET /t
--- response_body
zombie
1
dead
--- timeout: 0.5
--- no_error_log
[error]
--- differs: in the C module the request hangs



=== TEST 25: a thread that waits for its own: they live on
--- config
    location = /t {
        content_by_lua_block {
            local child
            local thread = ngx.thread.spawn(function ()
                child = ngx.thread.spawn(function ()
                    ngx.sleep(0.002)
                    ngx.say("child ends")
                    return "value"
                end)
                ngx.thread.wait(child)
                ngx.say("not reached")
            end)
            coroutine.yield()
            ngx.say(ngx.thread.kill(thread))
            ngx.say(coroutine.status(thread), " ", coroutine.status(child))
            ngx.say(select(2, pcall(ngx.thread.wait, child)))
            ngx.sleep(0.01)
            ngx.say(coroutine.status(child))
        }
    }
--- request
GET /t
--- response_body
1
dead running
only the parent coroutine can wait on the thread
child ends
dead
--- no_error_log
[error]



=== TEST 26: a thread whose coroutine sleeps: the coroutine ends with it
--- config
    location = /t {
        content_by_lua_block {
            local co
            local thread = ngx.thread.spawn(function ()
                co = coroutine.create(function ()
                    ngx.sleep(0.001)
                    ngx.say("not reached")
                end)
                coroutine.resume(co)
                ngx.say("not reached")
            end)
            ngx.say(ngx.thread.kill(thread))
            ngx.say(coroutine.status(thread))
            ngx.sleep(0.005)
            ngx.say("done")
        }
    }
--- request
GET /t
--- response_body
1
dead
done
--- no_error_log
[error]
--- differs: in the C module both go on



=== TEST 27: three coroutines deep
--- config
    location = /t {
        content_by_lua_block {
            local function nest(depth)
                if depth > 0 then
                    coroutine.wrap(nest)(depth - 1)
                else
                    ngx.sleep(0.001)
                end
                ngx.say("not reached")
            end
            ngx.say(ngx.thread.kill(ngx.thread.spawn(nest, 3)))
            ngx.sleep(0.005)
            ngx.say("done")
        }
    }
--- request
GET /t
--- response_body
1
done
--- no_error_log
[error]
--- differs: in the C module they go on



=== TEST 28: a coroutine that the killed thread has left suspended can be resumed by others
--- config
    location = /t {
        content_by_lua_block {
            local co = coroutine.create(function ()
                coroutine.yield("first")
                ngx.sleep(0.001)
                return "second"
            end)
            local thread = ngx.thread.spawn(function ()
                ngx.say(coroutine.resume(co))
                ngx.sleep(1)
            end)
            ngx.thread.kill(thread)
            ngx.say(coroutine.status(co))
            ngx.say(coroutine.resume(co))
            ngx.say(coroutine.status(co))
        }
    }
--- request
GET /t
--- response_body
truefirst
suspended
truesecond
dead
--- no_error_log
[error]



=== TEST 29: a thread that waits for a subrequest is refused, and goes on
--- config
    location = /t {
        content_by_lua_block {
            local thread = ngx.thread.spawn(function ()
                return ngx.location.capture("/sub").body
            end)
            ngx.say(ngx.thread.kill(thread))
            ngx.say(coroutine.status(thread))
            ngx.say(ngx.thread.wait(thread))
        }
    }
    location = /sub {
        content_by_lua_block {
            ngx.sleep(0.002)
            ngx.print("sub")
        }
    }
--- request
GET /t
--- response_body
nilpending subrequests
running
truesub
--- no_error_log
[error]



=== TEST 30: after the subrequest it can be killed
--- config
    location = /t {
        content_by_lua_block {
            local thread = ngx.thread.spawn(function ()
                ngx.say(ngx.location.capture("/sub").body)
                ngx.sleep(1)
            end)
            ngx.say(ngx.thread.kill(thread))
            ngx.sleep(0.02)
            ngx.say(ngx.thread.kill(thread))
        }
    }
    location = /sub {
        content_by_lua_block {
            ngx.sleep(0.001)
            ngx.print("sub")
        }
    }
--- request
GET /t
--- response_body
nilpending subrequests
sub
1
--- no_error_log
[error]



=== TEST 31: with several subrequests
--- config
    location = /t {
        content_by_lua_block {
            local thread = ngx.thread.spawn(function ()
                local a, b = ngx.location.capture_multi { { "/sub?n=0.001" }, { "/sub?n=0.01" } }
                ngx.say(a.status, " ", b.status)
            end)
            ngx.say(ngx.thread.kill(thread))
            ngx.sleep(0.005)
            ngx.say(ngx.thread.kill(thread))
        }
    }
    location = /sub {
        content_by_lua_block { ngx.sleep(tonumber(ngx.var.arg_n)) }
    }
--- request
GET /t
--- response_body
nilpending subrequests
nilpending subrequests
200 200
--- no_error_log
[error]



=== TEST 32: when a coroutine of it waits for the subrequest, too
--- config
    location = /t {
        content_by_lua_block {
            local thread = ngx.thread.spawn(function ()
                return coroutine.wrap(function ()
                    return ngx.location.capture("/sub").body
                end)()
            end)
            ngx.say(ngx.thread.kill(thread))
            ngx.say(ngx.thread.wait(thread))
        }
    }
    location = /sub {
        content_by_lua_block {
            ngx.sleep(0.002)
            ngx.print("sub")
        }
    }
--- request
GET /t
--- response_body
nilpending subrequests
truesub
--- no_error_log
[error]
--- differs: the C module forgets the thread in the middle of its subrequest



=== TEST 33: a thread next to one with a subrequest can be killed
--- config
    location = /t {
        content_by_lua_block {
            local capture = ngx.thread.spawn(function ()
                return ngx.location.capture("/sub").body
            end)
            local sleep = ngx.thread.spawn(function () ngx.sleep(1) end)
            ngx.say(ngx.thread.kill(sleep))
            ngx.say(ngx.thread.wait(capture))
        }
    }
    location = /sub {
        content_by_lua_block {
            ngx.sleep(0.002)
            ngx.print("sub")
        }
    }
--- request
GET /t
--- response_body
1
truesub
--- no_error_log
[error]



=== TEST 34: a thread that reads the body: another can read it then
--- config
    location = /t {
        content_by_lua_block {
            local thread = ngx.thread.spawn(function ()
                ngx.req.read_body()
                ngx.say("not reached")
            end)
            ngx.say(ngx.thread.kill(thread))
            ngx.sleep(0.06)
            ngx.req.read_body()
            ngx.say(ngx.req.get_body_data())
        }
    }
--- raw_request eval
["POST /t HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 6\r\n\r\nabc", "def"]
--- raw_request_middle_delay: 0.03
--- response_body
1
abcdef
--- no_error_log
[error]



=== TEST 35: a thread that reads the body: the request ends without it
--- config
    location = /t {
        lingering_timeout 10ms;
        content_by_lua_block {
            local thread = ngx.thread.spawn(function ()
                ngx.req.read_body()
                ngx.say("not reached")
            end)
            ngx.say(ngx.thread.kill(thread))
        }
    }
--- raw_request eval
"POST /t HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 6\r\n\r\nabc"
--- response_body
1
--- no_error_log
[error]



=== TEST 36: a thread that waits for the client to take its output
--- config
    location = /t {
        content_by_lua_block {
            local thread = ngx.thread.spawn(function ()
                for i = 1, 3 do
                    ngx.print(("x"):rep(1000000))
                    ngx.flush(true)
                end
            end)
            local status = coroutine.status(thread)
            local killed, err = ngx.thread.kill(thread)
            ngx.print(" ", status == "running" and killed == 1 and "killed"
                           or status == "zombie" and err == "already terminated" and "ended")
        }
    }
--- request
GET /t
--- response_body_like: \Ax+ (?:killed|ended)\z
--- no_error_log
[error]



=== TEST 37: killing all that is left ends the request
--- config
    location = /t {
        content_by_lua_block {
            local a = ngx.thread.spawn(function () ngx.sleep(5) end)
            local b = ngx.thread.spawn(function () coroutine.yield() ngx.sleep(5) end)
            ngx.say(ngx.thread.kill(a), ngx.thread.kill(b))
        }
    }
--- request
GET /t
--- response_body
11
--- no_error_log
[error]



=== TEST 38: a thread may kill its child after the entry has ended
--- config
    location = /t {
        content_by_lua_block {
            ngx.thread.spawn(function ()
                local child = ngx.thread.spawn(function () ngx.sleep(5) end)
                ngx.sleep(0.001)
                ngx.say(ngx.thread.kill(child))
            end)
            ngx.say("entry ends")
        }
    }
--- request
GET /t
--- response_body
entry ends
1
--- no_error_log
[error]



=== TEST 39: a loser of a race is killed
--- config
    location = /t {
        content_by_lua_block {
            local function after(seconds, value)
                return ngx.thread.spawn(function ()
                    ngx.sleep(seconds)
                    return value
                end)
            end
            local slow, fast = after(5, "slow"), after(0.001, "fast")
            ngx.say(ngx.thread.wait(slow, fast))
            ngx.say(ngx.thread.kill(slow))
            ngx.say(coroutine.status(slow), " ", coroutine.status(fast))
        }
    }
--- request
GET /t
--- response_body
truefast
1
dead dead
--- no_error_log
[error]



=== TEST 40: killing the loser ends what is left of the wait
--- config
    location = /t {
        content_by_lua_block {
            local slow = ngx.thread.spawn(function () ngx.sleep(0.003) return "slow" end)
            local fast = ngx.thread.spawn(function () ngx.sleep(0.001) return "fast" end)
            ngx.thread.wait(slow, fast)
            ngx.thread.kill(slow)
            ngx.say(select("#", ngx.sleep(0.01)))
        }
    }
--- request
GET /t
--- response_body
0
--- no_error_log
[error]



=== TEST 41: in a function that C code calls
--- config
    location = /t {
        content_by_lua_block {
            local thread = ngx.thread.spawn(function () ngx.sleep(5) end)
            string.gsub("x", "x", function ()
                ngx.say(ngx.thread.kill(thread))
            end)
            ngx.say(coroutine.status(thread))
        }
    }
--- request
GET /t
--- response_body
1
dead
--- no_error_log
[error]



=== TEST 42: a pcall in the thread does not see its end
--- config
    location = /t {
        content_by_lua_block {
            local thread = ngx.thread.spawn(function ()
                local ok, err = pcall(ngx.sleep, 0.001)
                ngx.say("not reached: ", ok, " ", err)
            end)
            ngx.thread.kill(thread)
            ngx.sleep(0.005)
            ngx.say("done")
        }
    }
--- request
GET /t
--- response_body
done
--- no_error_log
[error]



=== TEST 43: a killed thread has no timer left: nginx ends at once
--- config
    location = /t {
        content_by_lua_block {
            for i = 1, 100 do
                ngx.thread.kill(ngx.thread.spawn(function () ngx.sleep(30) end))
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



=== TEST 44: ten thousand spawned and killed leave nothing
--- config
    location = /t {
        content_by_lua_block {
            collectgarbage()
            local before = collectgarbage("count")
            for i = 1, 10000 do
                ngx.thread.kill(ngx.thread.spawn(function () ngx.sleep(30) end))
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
