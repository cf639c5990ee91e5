# ngx.semaphore: waiting, the order of waking, across threads and requests.

use Test::Nginx::Socket::Lua 'no_plan';

our $HttpConfig = <<'_EOC_';
    init_by_lua_block {
        semaphore = require "ngx.semaphore"
        shared = semaphore.new()

        -- Says what a function returns, or its error without the position.
        function try(f, ...)
            local results = { pcall(f, ...) }
            local n = 1
            for i, value in pairs(results) do
                n = math.max(n, i)
            end
            if not results[1] then
                return ngx.say("error: ", (results[2]:gsub("^[^ ]+:%d+: ", "")))
            end
            for i = 1, n do
                results[i] = tostring(results[i])
            end
            ngx.say(table.concat(results, " ", 2, n))
        end
    }
_EOC_

add_block_preprocessor(sub {
    my $block = shift;
    $block->set_value(http_config => $::HttpConfig) unless defined $block->http_config;
    $block->set_value(request => "GET /t") unless defined $block->request
        || defined $block->raw_request || defined $block->pipelined_requests;
    $block->set_value(no_error_log => "[error]") unless defined $block->no_error_log
        || defined $block->error_log;
});

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: a thread that waits gets what another posts
--- config
    location = /t {
        content_by_lua_block {
            local sem = semaphore.new()
            local thread = ngx.thread.spawn(function ()
                ngx.say("waits")
                return select("#", "x", sem:wait(9)) - 1, sem:wait(0)
            end)
            ngx.say("posts ", sem:count())
            sem:post()
            ngx.say("goes on ", sem:count())
            ngx.say(ngx.thread.wait(thread))
            ngx.say(sem:count())
        }
    }
--- response_body
waits
posts -1
goes on 0
true2niltimeout
0



=== TEST 2: a wait that got a resource returns true and nil
--- config
    location = /t {
        content_by_lua_block {
            local sem = semaphore.new()
            ngx.thread.spawn(function () ngx.sleep(0.001) sem:post() end)
            local function results(...) ngx.say(select("#", ...), " ", tostring((...)), " ", tostring(select(2, ...))) end
            results(sem:wait(9))
        }
    }
--- response_body
2 true nil



=== TEST 3: a wait that timed out returns false and timeout
--- config
    location = /t {
        content_by_lua_block {
            local sem = semaphore.new()
            local function results(...) ngx.say(select("#", ...), " ", tostring((...)), " ", select(2, ...)) end
            ngx.update_time()
            local start = ngx.now()
            results(sem:wait(0.05))
            ngx.update_time()
            local waited = ngx.now() - start
            ngx.say(waited >= 0.045 and waited < 1, " ", sem:count())
        }
    }
--- response_body
2 false timeout
true 0



=== TEST 4: the smallest time to wait is a millisecond
--- config
    location = /t {
        content_by_lua_block {
            local sem = semaphore.new()
            ngx.say(tostring(sem:wait(0.00099)), " ", sem:wait(0.001), " ", select(2, sem:wait(0.0019)))
        }
    }
--- response_body
nil false timeout



=== TEST 5: a time beyond what an integer of milliseconds holds
--- config
    location = /t {
        content_by_lua_block {
            for _, time in ipairs { 2^31 / 1000, 2^32 / 1000, 1e300, 1/0 } do
                local sem = semaphore.new()
                ngx.thread.spawn(function () ngx.sleep(0.01) sem:post() end)
                ngx.say(sem:wait(time))
            end
        }
    }
--- response_body
truenil
truenil
truenil
truenil
--- differs: the C module then does not wait



=== TEST 6: threads get resources in the order in which they began to wait
--- config
    location = /t {
        content_by_lua_block {
            local sem = semaphore.new()
            for i = 1, 5 do
                ngx.thread.spawn(function () sem:wait(9) ngx.print(" ", i) end)
            end
            for _ = 1, 5 do
                sem:post()
            end
            ngx.print("posted")
        }
    }
--- response_body chomp
posted 1 2 3 4 5



=== TEST 7: a post of some resources wakes as many threads
--- config
    location = /t {
        content_by_lua_block {
            local sem = semaphore.new()
            for i = 1, 4 do
                ngx.thread.spawn(function () ngx.say(i, " ", sem:wait(9)) end)
            end
            sem:post(2)
            ngx.sleep(0.02)
            ngx.say("count ", sem:count())
            sem:post(9)
            ngx.sleep(0.02)
            ngx.say("count ", sem:count())
        }
    }
--- response_body
1 truenil
2 truenil
count -2
3 truenil
4 truenil
count 7



=== TEST 8: while others wait, a resource is not for who comes
--- config
    location = /t {
        content_by_lua_block {
            local sem = semaphore.new()
            ngx.thread.spawn(function () ngx.say("first ", sem:wait(9)) end)
            sem:post(2)
            ngx.say(sem:count(), " ", tostring(sem:wait(0)), " ", sem:count())
            ngx.say("second ", sem:wait(9))
        }
    }
--- response_body
1 nil 1
first truenil
second truenil



=== TEST 9: count goes down by one for each thread that waits
--- config
    location = /t {
        content_by_lua_block {
            local sem = semaphore.new(1)
            for i = 1, 4 do
                ngx.thread.spawn(function () sem:wait(0.03) ngx.print(sem:count(), " ") end)
            end
            ngx.print("[", sem:count(), "] ")
            ngx.sleep(0.06)
            ngx.print("[", sem:count(), "]")
        }
    }
--- response_body chomp
0 [-3] -2 -1 0 [0]



=== TEST 10: who posts goes on before those who are woken
--- config
    location = /t {
        content_by_lua_block {
            local sem = semaphore.new()
            local thread = ngx.thread.spawn(function ()
                for i = 1, 3 do
                    sem:wait(9)
                    ngx.say("woken ", i)
                end
            end)
            for i = 1, 3 do
                ngx.say("posting ", i)
                sem:post()
                ngx.say("posted ", i)
            end
            ngx.thread.wait(thread)
        }
    }
--- response_body
posting 1
posted 1
posting 2
posted 2
posting 3
posted 3
woken 1
woken 2
woken 3



=== TEST 11: threads that are ready run before those who are woken
--- config
    location = /t {
        content_by_lua_block {
            local sem = semaphore.new()
            ngx.thread.spawn(function () sem:wait(9) ngx.say("woken") end)
            sem:post()
            ngx.thread.spawn(function () ngx.say("spawned") end)
            coroutine.yield()
            ngx.say("gave way")
        }
    }
--- response_body
spawned
gave way
woken



=== TEST 12: threads of two semaphores wake in the order of the posts, each semaphore's at once
--- config
    location = /t {
        content_by_lua_block {
            local a, b = semaphore.new(), semaphore.new()
            for i = 1, 2 do
                ngx.thread.spawn(function () a:wait(9) ngx.print(" a", i) end)
                ngx.thread.spawn(function () b:wait(9) ngx.print(" b", i) end)
            end
            ngx.print("woken:")
            b:post()
            a:post(2)
            b:post()
        }
    }
--- response_body chomp
woken: b1 b2 a1 a2



=== TEST 13: a woken thread that posts for others
--- config
    location = /t {
        content_by_lua_block {
            local sems = {}
            for i = 1, 5 do
                sems[i] = semaphore.new()
                ngx.thread.spawn(function ()
                    sems[i]:wait(9)
                    ngx.print(" ", i)
                    if sems[i + 1] then
                        sems[i + 1]:post()
                    end
                end)
            end
            ngx.print("woken:")
            sems[1]:post()
        }
    }
--- response_body chomp
woken: 1 2 3 4 5



=== TEST 14: a woken thread that posts to its own semaphore
--- config
    location = /t {
        content_by_lua_block {
            local sem = semaphore.new()
            local woken = 0
            for i = 1, 300 do
                ngx.thread.spawn(function ()
                    sem:wait(9)
                    woken = woken + (woken == i - 1 and 1 or -1000)
                    sem:post()
                end)
            end
            sem:post()
            while sem:count() < 0 do
                ngx.sleep(0.005)
            end
            ngx.say(woken, " ", sem:count())
        }
    }
--- response_body
300 1



=== TEST 15: a woken thread that waits again is the last
--- config
    location = /t {
        content_by_lua_block {
            local sem = semaphore.new()
            for i = 1, 3 do
                ngx.thread.spawn(function ()
                    for n = 1, 2 do
                        sem:wait(9)
                        ngx.print(" ", i, ".", n)
                    end
                end)
            end
            ngx.print("woken:")
            sem:post(6)
        }
    }
--- response_body chomp
woken: 1.1 2.1 3.1 1.2 2.2 3.2



=== TEST 16: two threads that post for each other
--- config
    location = /t {
        content_by_lua_block {
            local ping, pong = semaphore.new(), semaphore.new()
            local n = 0
            local thread = ngx.thread.spawn(function ()
                for i = 1, 500 do
                    ping:wait(9)
                    n = n + 1
                    pong:post()
                end
            end)
            for i = 1, 500 do
                ping:post()
                if not pong:wait(9) or n ~= i then
                    return ngx.say("lost at ", i, ", ", n)
                end
            end
            ngx.say(n, " ", ping:count(), " ", pong:count())
        }
    }
--- response_body
500 0 0



=== TEST 17: two threads that post for each other for ever let others work
--- config
    location = /t {
        content_by_lua_block {
            local ping, pong = semaphore.new(), semaphore.new()
            local over = false
            local function play(mine, theirs)
                while not over do
                    mine:wait(9)
                    theirs:post()
                end
            end
            ngx.thread.spawn(play, ping, pong)
            ngx.thread.spawn(play, pong, ping)
            ping:post()
            ngx.sleep(0.02)
            over = true
            ngx.say("rested")
        }
    }
--- timeout: 1
--- response_body
rested
--- differs: the C module's worker does nothing else any more



=== TEST 18: thousands of threads
--- config
    location = /t {
        content_by_lua_block {
            local sem = semaphore.new()
            local order = {}
            for i = 1, 5000 do
                ngx.thread.spawn(function ()
                    local ok = sem:wait(9)
                    order[#order + 1] = ok and i
                end)
            end
            ngx.say(sem:count())
            sem:post(5000)
            while #order < 5000 do
                ngx.sleep(0.01)
            end
            for i = 1, 5000 do
                if order[i] ~= i then
                    return ngx.say("out of order at ", i)
                end
            end
            ngx.say("in order ", sem:count())
        }
    }
--- timeout: 10
--- response_body
-5000
in order 0



=== TEST 19: a lock: one thread at a time
--- config
    location = /t {
        content_by_lua_block {
            local lock = semaphore.new(1)
            local inside, most, done = 0, 0, 0
            local threads = {}
            for i = 1, 10 do
                threads[i] = ngx.thread.spawn(function ()
                    if not lock:wait(9) then return end
                    inside = inside + 1
                    most = math.max(most, inside)
                    ngx.sleep(0.001)
                    inside, done = inside - 1, done + 1
                    lock:post()
                end)
            end
            for i = 1, 10 do
                ngx.thread.wait(threads[i])
            end
            ngx.say(most, " ", done, " ", lock:count())
        }
    }
--- response_body
1 10 1



=== TEST 20: threads whose time is over leave the queue, the others stay in order
--- config
    location = /t {
        content_by_lua_block {
            local sem = semaphore.new()
            for i, time in ipairs { 0.01, 1, 0.02, 1, 0.015 } do
                ngx.thread.spawn(function ()
                    local ok, err = sem:wait(time)
                    ngx.print(i, ok and " woken, " or " too late, ")
                end)
            end
            ngx.sleep(0.05)
            ngx.print(sem:count(), ", ")
            sem:post(3)
            ngx.sleep(0.01)
            ngx.print(sem:count())
        }
    }
--- response_body chomp
1 too late, 5 too late, 3 too late, -2, 2 woken, 4 woken, 1



=== TEST 21: a resource that comes too late stays
--- config
    location = /t {
        content_by_lua_block {
            local sem = semaphore.new()
            ngx.say(sem:wait(0.005))
            sem:post()
            ngx.say(sem:count(), " ", sem:wait(0.005), " ", sem:count())
        }
    }
--- response_body
falsetimeout
1 true 0



=== TEST 22: no timer is left when a wait ends early
--- config
    location = /t {
        content_by_lua_block {
            local sem = semaphore.new()
            ngx.thread.spawn(function () sem:post() end)
            for _ = 1, 20 do
                ngx.thread.spawn(function () sem:post() end)
                sem:wait(0.02)
            end
            ngx.sleep(0.04)
            ngx.say(sem:wait(0.01), " ", sem:wait(0.01))
        }
    }
--- response_body
true falsetimeout



=== TEST 23: one request posts, another waits
--- config
    location = /wait {
        content_by_lua_block { ngx.print("waited ", shared:wait(9)) }
    }
    location = /post {
        content_by_lua_block { ngx.print("posted ", shared:post(), " ", shared:count()) }
    }
    location = /t {
        content_by_lua_block {
            local a, b = ngx.location.capture_multi { { "/wait" }, { "/post" } }
            ngx.say(a.body, ", ", b.body, " ", shared:count())
        }
    }
--- response_body
waited truenil, posted true 0 0



=== TEST 24: requests get resources in the order in which they began to wait
--- config
    location = /wait {
        content_by_lua_block {
            shared:wait(9)
            local turn = (ngx.shared_turn or 0) + 1
            ngx.shared_turn = turn
            ngx.print(turn)
        }
    }
    location = /post {
        content_by_lua_block {
            ngx.shared_turn = 0
            shared:post(3)
        }
    }
    location = /t {
        content_by_lua_block {
            local a, b, c = ngx.location.capture_multi { { "/wait" }, { "/wait" }, { "/wait" }, { "/post" } }
            ngx.say(a.body, b.body, c.body, " ", shared:count())
        }
    }
--- response_body
123 0



=== TEST 25: a semaphore between requests in the rewrite and content phases
--- config
    location = /rewrite {
        rewrite_by_lua_block { ngx.ctx.got = shared:wait(9) }
        content_by_lua_block { ngx.print("rewrite ", ngx.ctx.got) }
    }
    location = /content {
        content_by_lua_block { ngx.print("content ", (shared:wait(9))) }
    }
    location = /post {
        rewrite_by_lua_block { shared:post() }
        content_by_lua_block { shared:post() }
    }
    location = /t {
        content_by_lua_block {
            local a, b = ngx.location.capture_multi { { "/rewrite" }, { "/content" }, { "/post" } }
            ngx.say(a.body, ", ", b.body)
        }
    }
--- response_body
rewrite true, content true



=== TEST 26: a semaphore in the access phase
--- config
    location = /post {
        content_by_lua_block { shared:post() }
    }
    location = /t {
        access_by_lua_block {
            local thread = ngx.thread.spawn(function () ngx.ctx.got = shared:wait(9) end)
            ngx.location.capture("/post")
            ngx.thread.wait(thread)
        }
        content_by_lua_block { ngx.say(ngx.ctx.got) }
    }
--- response_body
true



=== TEST 27: log_by_lua of one request wakes another
--- config
    location = /wait {
        content_by_lua_block { ngx.say("waited ", shared:wait(9)) }
    }
    location = /post {
        content_by_lua_block { ngx.say("x") }
        log_by_lua_block { shared:post() }
    }
--- raw_request eval
"GET /post HTTP/1.1\r\nHost: localhost\r\n\r\nGET /wait HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
--- ignore_response
--- no_error_log
[error]
--- wait: 0.1



=== TEST 28: filters post
--- config
    location = /t {
        content_by_lua_block {
            ngx.ctx.sem = semaphore.new()
            local thread = ngx.thread.spawn(function ()
                return ngx.ctx.sem:wait(9), ngx.ctx.sem:wait(9)
            end)
            ngx.say("x")
            ngx.flush(true)
            ngx.say(ngx.thread.wait(thread))
        }
        header_filter_by_lua_block { ngx.ctx.sem:post() }
        body_filter_by_lua_block {
            if ngx.arg[1] == "x\n" then
                ngx.ctx.sem:post()
            end
        }
    }
--- response_body
x
truetruetrue



=== TEST 29: a wait inside coroutines, five deep
--- config
    location = /t {
        content_by_lua_block {
            local sem = semaphore.new()
            local function deep(n)
                if n == 0 then
                    local ok, err = sem:wait(9)
                    coroutine.yield("yielded " .. tostring(ok) .. tostring(err))
                    return "returned " .. tostring(select(2, sem:wait(0.002)))
                end
                local co = coroutine.create(deep)
                local _, value = coroutine.resume(co, n - 1)
                coroutine.yield(value)
                return select(2, coroutine.resume(co))
            end
            ngx.thread.spawn(function () ngx.sleep(0.002) sem:post() end)
            local co = coroutine.create(deep)
            ngx.say(select(2, coroutine.resume(co, 4)))
            ngx.say(coroutine.status(co))
            ngx.say(select(2, coroutine.resume(co)))
            ngx.say(coroutine.status(co))
        }
    }
--- response_body
yielded truenil
suspended
returned timeout
dead



=== TEST 30: coroutines of several threads wait for one semaphore
--- config
    location = /t {
        content_by_lua_block {
            local sem = semaphore.new()
            for i = 1, 3 do
                ngx.thread.spawn(function ()
                    local f = coroutine.wrap(function ()
                        sem:wait(9)
                        coroutine.yield(i)
                        sem:wait(9)
                        return -i
                    end)
                    ngx.print(" ", f())
                    ngx.print(" ", f())
                end)
            end
            ngx.print("woken:")
            sem:post(6)
        }
    }
--- response_body chomp
woken: 1 2 3 -1 -2 -3



=== TEST 31: a C function between: no wait begins, and nothing is left behind
--- config
    location = /t {
        content_by_lua_block {
            local sem = semaphore.new()
            try(string.gsub, "x", "x", function () sem:wait(0.01) end)
            try(table.sort, { 1, 2, 3 }, function () sem:wait(0.01) end)
            ngx.say(sem:count())
            ngx.sleep(0.02)
            sem:post()
            ngx.say(sem:count(), " ", sem:wait(0.001))
        }
    }
--- response_body
error: attempt to yield across C-call boundary
error: attempt to yield across C-call boundary
0
1 true
--- differs: the C module has begun to wait then, and the thread stays in the queue



=== TEST 32: inside of a C function a resource that is there can be had
--- config
    location = /t {
        content_by_lua_block {
            local sem = semaphore.new(1)
            ngx.say((("x"):gsub("x", function () return tostring(sem:wait(9)) end)))
            ngx.say((("x"):gsub("x", function () return tostring(select(2, sem:wait(0))) end)))
        }
    }
--- response_body
true
timeout



=== TEST 33: wait in pcall, and as an iterator
--- config
    location = /t {
        content_by_lua_block {
            local sem = semaphore.new()
            ngx.thread.spawn(function ()
                for _ = 1, 3 do
                    ngx.sleep(0.001)
                    sem:post()
                end
            end)
            ngx.say(pcall(sem.wait, sem, 9))
            local n = 0
            for ok in function () return sem:wait(0.4) or nil end do
                n = n + 1
            end
            ngx.say(n)
        }
    }
--- response_body
truetruenil
2



=== TEST 34: a semaphore that only the waiting code knows
--- config
    location = /t {
        content_by_lua_block {
            local thread = ngx.thread.spawn(function () return semaphore.new():wait(0.02) end)
            for _ = 1, 3 do
                collectgarbage()
            end
            ngx.say(ngx.thread.wait(thread))
        }
    }
--- response_body
truefalsetimeout



=== TEST 35: a weak table finds the semaphore that code waits for
--- config
    location = /t {
        content_by_lua_block {
            local weak = setmetatable({}, { __mode = "v" })
            local thread = ngx.thread.spawn(function ()
                weak[1] = semaphore.new()
                return weak[1]:wait(9)
            end)
            collectgarbage()
            collectgarbage()
            weak[1]:post()
            ngx.say(ngx.thread.wait(thread))
        }
    }
--- response_body
truetruenil



=== TEST 36: what a semaphore consists of is taken away while code waits
--- config
    location = /t {
        content_by_lua_block {
            local sem = semaphore.new()
            local thread = ngx.thread.spawn(function () return sem:wait(0.02) end)
            sem.sem = nil
            collectgarbage()
            collectgarbage()
            try(sem.post, sem)
            ngx.say(ngx.thread.wait(thread))
        }
    }
--- response_body
error: not a semaphore instance
truefalsetimeout



=== TEST 37: the last user drops a semaphore in the moment in which it is woken
--- config
    location = /t {
        content_by_lua_block {
            for i = 1, 50 do
                local sem = semaphore.new()
                local thread = ngx.thread.spawn(function ()
                    local ok = sem:wait(9)
                    sem:post(2)
                    sem = nil
                    collectgarbage()
                    collectgarbage()
                    return ok
                end)
                sem:post(3)
                local _, ok = ngx.thread.wait(thread)
                if not ok then
                    return ngx.say("lost")
                end
            end
            ngx.say("done")
        }
    }
--- response_body
done



=== TEST 38: wait after output and with flush
--- config
    location = /t {
        content_by_lua_block {
            local sem = semaphore.new()
            ngx.thread.spawn(function ()
                ngx.sleep(0.005)
                sem:post()
            end)
            ngx.say("before")
            sem:wait(9)
            ngx.flush(true)
            ngx.say("after")
        }
    }
--- response_body
before
after



=== TEST 39: a thread that waits for a semaphore and one that sleeps
--- config
    location = /t {
        content_by_lua_block {
            local sem = semaphore.new()
            local a = ngx.thread.spawn(function () return "semaphore", sem:wait(9) end)
            local b = ngx.thread.spawn(function () ngx.sleep(0.01) return "sleep" end)
            ngx.say(ngx.thread.wait(a, b))
            sem:post()
            ngx.say(ngx.thread.wait(a))
        }
    }
--- response_body
truesleep
truesemaphoretruenil



=== TEST 40: while a thread waits, its status is running
--- config
    location = /t {
        content_by_lua_block {
            local sem = semaphore.new()
            local thread = ngx.thread.spawn(function () sem:wait(9) end)
            ngx.say(coroutine.status(thread), " ", coroutine.resume(thread))
            sem:post()
            ngx.say(coroutine.status(thread))
            ngx.sleep(0.005)
            ngx.say(coroutine.status(thread))
        }
    }
--- response_body
running falsecannot resume running coroutine
running
zombie



=== TEST 41: a wait between subrequests of the same code
--- config
    location = /sub {
        content_by_lua_block { shared:post() ngx.print("sub") }
    }
    location = /t {
        content_by_lua_block {
            local thread = ngx.thread.spawn(function ()
                shared:wait(9)
                return ngx.location.capture("/sub").body, shared:wait(9)
            end)
            ngx.print(ngx.location.capture("/sub").body, " ")
            ngx.say(ngx.thread.wait(thread))
        }
    }
--- response_body
sub truesubtrue



=== TEST 42: wait in server_rewrite and precontent
--- config
    server_rewrite_by_lua_block {
        local sem = semaphore.new()
        ngx.thread.spawn(function () sem:post() end)
        ngx.ctx.server_rewrite = sem:wait(9)
    }
    location = /t {
        precontent_by_lua_block {
            local sem = semaphore.new()
            ngx.thread.spawn(function () ngx.sleep(0.001) sem:post() end)
            ngx.ctx.precontent = sem:wait(9)
        }
        content_by_lua_block { ngx.say(ngx.ctx.server_rewrite, " ", ngx.ctx.precontent) }
    }
--- response_body
true true
--- differs: the C module 0.10.23 does not know these phases



=== TEST 43: with lua_code_cache off
--- http_config
    lua_code_cache off;
--- config
    location = /t {
        content_by_lua_block {
            local sem = require("ngx.semaphore").new()
            ngx.thread.spawn(function () ngx.sleep(0.002) sem:post(2) end)
            ngx.say(sem:wait(9), " ", sem:wait(9))
            ngx.say(sem:wait(0.005))
        }
    }
--- response_body
true true
falsetimeout
--- grep_error_log eval: qr/lua_code_cache is off/
--- grep_error_log_out eval: ["lua_code_cache is off\n", ""]



=== TEST 44: without the compiler
--- config
    location = /t {
        content_by_lua_block {
            jit.off()
            local sem = semaphore.new()
            for i = 1, 3 do
                ngx.thread.spawn(function () ngx.say(i, " ", sem:wait(0.02)) end)
            end
            sem:post(2)
            ngx.sleep(0.04)
            ngx.say(sem:count())
            jit.on()
        }
    }
--- response_body
1 truenil
2 truenil
3 falsetimeout
0



=== TEST 45: a wait lasts as long as it says, whatever the one before it waited for
--- config
    location = /t {
        content_by_lua_block {
            local sem = semaphore.new()
            local function lasts(first, then_wait)
                ngx.thread.spawn(function () ngx.sleep(0.002) sem:post() end)
                sem:wait(first)
                ngx.update_time()
                local start = ngx.now()
                then_wait()
                ngx.update_time()
                return ngx.now() - start
            end
            ngx.say(lasts(0.3, function () sem:wait(0.4) end) >= 0.39)
            ngx.say(lasts(0.3, function () ngx.sleep(0.4) end) >= 0.39)
            ngx.say(lasts(9, function () sem:wait(0.01) end) < 5)
            ngx.say(lasts(9, function () ngx.sleep(0) end) < 5)
        }
    }
--- response_body
true
true
true
true
