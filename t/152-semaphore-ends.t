# ngx.semaphore: the ends of a wait other than a resource.

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

=== TEST 1: a thread that is killed leaves the queue
--- config
    location = /t {
        content_by_lua_block {
            local sem = semaphore.new()
            local threads = {}
            for i = 1, 3 do
                threads[i] = ngx.thread.spawn(function () ngx.say(i, " ", sem:wait(1)) end)
            end
            ngx.say(ngx.thread.kill(threads[2]), " ", sem:count())
            ngx.say(ngx.thread.kill(threads[1]), " ", sem:count())
            sem:post(2)
            ngx.sleep(0.005)
            ngx.say(sem:count())
        }
    }
--- response_body
1 -2
1 -1
3 truenil
1



=== TEST 2: the last of the queue is killed
--- config
    location = /t {
        content_by_lua_block {
            local sem = semaphore.new()
            local a = ngx.thread.spawn(function () ngx.say("a ", sem:wait(1)) end)
            local b = ngx.thread.spawn(function () ngx.say("b ", sem:wait(1)) end)
            ngx.thread.kill(b)
            local c = ngx.thread.spawn(function () ngx.say("c ", sem:wait(1)) end)
            sem:post(2)
            ngx.thread.wait(c)
            ngx.say(sem:count())
        }
    }
--- response_body
a truenil
c truenil
0



=== TEST 3: a thread that is killed after the post does not swallow the resource
--- config
    location = /t {
        content_by_lua_block {
            local sem = semaphore.new()
            local a = ngx.thread.spawn(function () ngx.say("a ", sem:wait(1)) end)
            local b = ngx.thread.spawn(function () ngx.say("b ", sem:wait(1)) end)
            sem:post()
            ngx.say(ngx.thread.kill(a), " ", sem:count())
            ngx.thread.wait(b)
            ngx.say(sem:count())
        }
    }
--- response_body
1 0
b truenil
0



=== TEST 4: all that wait are killed after the post: the resource is still there
--- config
    location = /t {
        content_by_lua_block {
            local sem = semaphore.new()
            local a = ngx.thread.spawn(function () ngx.say("a ", sem:wait(1)) end)
            sem:post()
            ngx.thread.kill(a)
            ngx.say(sem:count())
            ngx.sleep(0.005)
            ngx.say(sem:count(), " ", sem:wait(0))
        }
    }
--- response_body
1
1 true



=== TEST 5: a woken thread kills the next one
--- config
    location = /t {
        content_by_lua_block {
            local sem = semaphore.new()
            local threads = {}
            local function first() sem:wait(1) ngx.say("first") end
            threads[1] = ngx.thread.spawn(first)
            for i = 2, 3 do
                threads[i] = ngx.thread.spawn(function () sem:wait(1) ngx.say(i) end)
            end
            sem:post(2)
            ngx.thread.wait(threads[1])
            ngx.say(ngx.thread.kill(threads[2]) and "killed")
            ngx.thread.wait(threads[3])
            ngx.say(sem:count())
        }
    }
--- response_body
first
killed
3
0



=== TEST 6: a thread in whose coroutine a wait is going on is killed
--- config
    location = /t {
        content_by_lua_block {
            local sem = semaphore.new()
            local thread = ngx.thread.spawn(function ()
                coroutine.wrap(function ()
                    coroutine.wrap(function () sem:wait(1) end)()
                end)()
            end)
            ngx.say(sem:count(), " ", ngx.thread.kill(thread), " ", sem:count())
            sem:post()
            ngx.sleep(0.005)
            ngx.say(sem:count())
        }
    }
--- response_body
-1 1 0
1
--- differs: the C module leaves the coroutine in the queue, where it takes the resource



=== TEST 7: a killed thread's timer does not fire
--- config
    location = /t {
        content_by_lua_block {
            local sem = semaphore.new()
            for _ = 1, 10 do
                local thread = ngx.thread.spawn(function () sem:wait(0.005) ngx.say("woken") end)
                ngx.thread.kill(thread)
            end
            ngx.sleep(0.02)
            ngx.say(sem:count())
        }
    }
--- response_body
0



=== TEST 8: an error in a sibling leaves the wait alone
--- config
    location = /t {
        content_by_lua_block {
            local sem = semaphore.new()
            local thread = ngx.thread.spawn(function () return sem:wait(1) end)
            ngx.thread.spawn(function () ngx.sleep(0.001) sem:post() error("oops") end)
            ngx.say(ngx.thread.wait(thread))
        }
    }
--- response_body
truetruenil
--- error_log
lua user thread aborted: runtime error: content_by_lua(nginx.conf



=== TEST 9: an error in the entry thread ends the waits of its siblings
--- config
    location = /fail {
        content_by_lua_block {
            for i = 1, 3 do
                ngx.thread.spawn(function () shared:wait(1) ngx.log(ngx.ALERT, "woken") end)
            end
            error("oops")
        }
    }
    location = /t {
        content_by_lua_block {
            local res = ngx.location.capture("/fail")
            ngx.say(res.status, " ", shared:count())
            shared:post()
            ngx.sleep(0.005)
            ngx.say(shared:count(), " ", shared:wait(0))
        }
    }
--- response_body
500 0
1 true
--- error_log
lua entry thread aborted: runtime error: content_by_lua(nginx.conf



=== TEST 10: ngx.exit in a sibling ends the waits
--- config
    location = /leave {
        content_by_lua_block {
            ngx.thread.spawn(function () shared:wait(1) ngx.log(ngx.ERR, "woken") end)
            ngx.thread.spawn(function () ngx.sleep(0.002) ngx.exit(201) end)
            shared:wait(1)
            ngx.log(ngx.ERR, "woken")
        }
    }
    location = /t {
        content_by_lua_block {
            local res = ngx.location.capture("/leave")
            ngx.say(res.status, " ", shared:count())
            shared:post(2)
            ngx.sleep(0.005)
            ngx.say(shared:count(), " ", shared:wait(0), " ", shared:wait(0))
        }
    }
--- response_body
201 0
2 true true



=== TEST 11: ngx.exit after the post: the resource stays
--- config
    location = /leave {
        content_by_lua_block {
            ngx.thread.spawn(function () shared:wait(1) ngx.log(ngx.ERR, "woken") end)
            shared:post()
            ngx.exit(201)
        }
    }
    location = /t {
        content_by_lua_block {
            local res = ngx.location.capture("/leave")
            ngx.say(res.status, " ", shared:count(), " ", shared:wait(0))
        }
    }
--- response_body
201 1 true



=== TEST 12: ngx.exit after the post: the resource goes to another request
--- config
    location = /leave {
        content_by_lua_block {
            ngx.thread.spawn(function () shared:wait(1) ngx.log(ngx.ERR, "woken") end)
            ngx.sleep(0.01)
            shared:post()
            ngx.exit(201)
        }
    }
    location = /wait {
        content_by_lua_block {
            ngx.sleep(0.003)
            ngx.print(shared:wait(1))
        }
    }
    location = /t {
        content_by_lua_block {
            local a, b = ngx.location.capture_multi { { "/leave" }, { "/wait" } }
            ngx.say(a.status, " ", b.body, " ", shared:count())
        }
    }
--- response_body
201 truenil 0



=== TEST 13: ngx.exec and ngx.redirect in a sibling end the waits
--- config
    location = /exec {
        content_by_lua_block {
            ngx.thread.spawn(function () shared:wait(1) ngx.log(ngx.ERR, "woken") end)
            ngx.exec("/there")
        }
    }
    location = /redirect {
        content_by_lua_block {
            ngx.thread.spawn(function () shared:wait(1) ngx.log(ngx.ERR, "woken") end)
            ngx.redirect("/there")
        }
    }
    location = /there {
        content_by_lua_block { ngx.say("there ", shared:count(), " ", shared:wait(0.001)) }
    }
    location = /t {
        content_by_lua_block {
            ngx.print(ngx.location.capture("/exec").body)
            local res = ngx.location.capture("/redirect")
            ngx.say(res.status, " ", shared:count())
            shared:post()
            ngx.sleep(0.003)
            ngx.say(shared:wait(0))
        }
    }
--- response_body
there 0 falsetimeout
302 0
true



=== TEST 14: the client goes away while code waits, lua_check_client_abort on
--- config
    location = /t {
        lua_check_client_abort on;
        content_by_lua_block {
            shared:wait(1)
            ngx.log(ngx.ERR, "woken")
        }
        log_by_lua_block { ngx.log(ngx.WARN, "status ", ngx.status, ", count ", shared:count()) }
    }
--- abort
--- timeout: 0.1
--- wait: 0.15
--- ignore_response
--- error_log
status 499, count 0
--- no_error_log
[error]



=== TEST 15: the same with lua_check_client_abort off: the code waits on
--- config
    location = /t {
        content_by_lua_block {
            local ok, err = shared:wait(0.25)
            ngx.log(ngx.WARN, tostring(ok), " ", err, ", count ", shared:count())
        }
    }
--- abort
--- timeout: 0.1
--- wait: 0.25
--- ignore_response
--- error_log
false timeout, count 0
--- no_error_log
[error]



=== TEST 16: the client goes away, and on_abort posts what the code waits for
--- config
    location = /t {
        lua_check_client_abort on;
        content_by_lua_block {
            local sem = semaphore.new()
            ngx.on_abort(function () ngx.log(ngx.WARN, "gone") sem:post() end)
            ngx.log(ngx.WARN, "waited ", sem:wait(1))
        }
    }
--- abort
--- timeout: 0.1
--- wait: 0.15
--- ignore_response
--- error_log
gone
waited truenil
--- no_error_log
[error]



=== TEST 17: a light thread waits on when the entry thread has ended
--- config
    location = /t {
        content_by_lua_block {
            local sem = semaphore.new()
            ngx.thread.spawn(function () ngx.say("waited ", sem:wait(1)) end)
            ngx.thread.spawn(function () ngx.sleep(0.005) sem:post() end)
            ngx.say("end")
        }
    }
--- response_body
end
waited truenil



=== TEST 18: the request ends when the last wait has timed out
--- config
    location = /t {
        content_by_lua_block {
            local sem = semaphore.new()
            for i = 1, 3 do
                ngx.thread.spawn(function () ngx.say(i, " ", sem:wait(i / 200)) end)
            end
        }
    }
--- response_body
1 falsetimeout
2 falsetimeout
3 falsetimeout



=== TEST 19: a coroutine that was left behind in a wait goes on when its thread does
--- config
    location = /t {
        content_by_lua_block {
            local sem = semaphore.new()
            local log = {}
            local thread = ngx.thread.spawn(function ()
                local co = coroutine.create(function () log[#log + 1] = tostring((sem:wait(0.01))) end)
                coroutine.resume(co)
                log[#log + 1] = coroutine.status(co)
            end)
            collectgarbage()
            ngx.thread.wait(thread)
            ngx.say(table.concat(log, " "))
        }
    }
--- response_body
false dead



=== TEST 20: a timer waits, a request posts
--- config
    location = /t {
        content_by_lua_block {
            local sem, done = semaphore.new(), semaphore.new()
            local result
            ngx.timer.at(0, function ()
                result = { sem:wait(1) }
                done:post()
            end)
            while sem:count() == 0 do
                ngx.sleep(0.001)
            end
            ngx.say(sem:count())
            sem:post()
            ngx.say(done:wait(1))
            ngx.say(result[1], " ", result[2])
        }
    }
--- response_body
-1
truenil
true nil



=== TEST 21: a request waits, a timer posts
--- config
    location = /t {
        content_by_lua_block {
            local sem = semaphore.new()
            ngx.timer.at(0.005, function () sem:post() end)
            ngx.say(sem:wait(1))
        }
    }
--- response_body
truenil



=== TEST 22: a wait in a timer times out
--- config
    location = /t {
        content_by_lua_block {
            local done = semaphore.new()
            local result
            ngx.timer.at(0, function ()
                local sem = semaphore.new()
                result = tostring(sem:wait(0)) .. " " .. tostring(sem:wait(0.002)) .. " " .. select(2, sem:wait(0.002))
                done:post()
            end)
            done:wait(1)
            ngx.say(result)
        }
    }
--- response_body
nil false timeout



=== TEST 23: a timer that waits outlives the request that made it
--- config
    location = /make {
        content_by_lua_block {
            ngx.timer.at(0, function ()
                local ok = shared:wait(1)
                package.loaded.outcome = ok
            end)
        }
    }
    location = /t {
        content_by_lua_block {
            package.loaded.outcome = nil
            ngx.location.capture("/make")
            while shared:count() == 0 do
                ngx.sleep(0.001)
            end
            ngx.say(shared:count())
            shared:post()
            while package.loaded.outcome == nil do
                ngx.sleep(0.001)
            end
            ngx.say(package.loaded.outcome, " ", shared:count())
        }
    }
--- response_body
-1
true 0



=== TEST 24: light threads in a timer
--- config
    location = /t {
        content_by_lua_block {
            local done = semaphore.new()
            local order = {}
            ngx.timer.at(0, function ()
                local sem = semaphore.new()
                for i = 1, 3 do
                    ngx.thread.spawn(function ()
                        sem:wait(1)
                        order[#order + 1] = i
                        done:post()
                    end)
                end
                sem:post(3)
            end)
            for _ = 1, 3 do
                done:wait(1)
            end
            ngx.say(table.concat(order, " "))
        }
    }
--- response_body
1 2 3



=== TEST 25: an error in a timer ends the waits of its threads
--- config
    location = /t {
        content_by_lua_block {
            local sem = semaphore.new()
            local ran
            ngx.timer.at(0, function ()
                ngx.thread.spawn(function () sem:wait(1) ngx.log(ngx.ALERT, "woken") end)
                ran = true
                error("oops")
            end)
            while not ran do
                ngx.sleep(0.001)
            end
            ngx.say(sem:count())
            sem:post()
            ngx.sleep(0.005)
            ngx.say(sem:wait(0))
        }
    }
--- response_body
0
true
--- error_log
lua entry thread aborted: runtime error: content_by_lua(nginx.conf



=== TEST 26: a post is taken back neither by an error nor by the end of the request
--- config
    location = /post {
        content_by_lua_block {
            shared:post()
            error("oops")
        }
    }
    location = /t {
        content_by_lua_block {
            ngx.location.capture("/post")
            ngx.say(shared:count(), " ", shared:wait(0))
        }
    }
--- response_body
1 true
--- error_log
oops



=== TEST 27: one of two requests in a pipeline waits, the other follows
--- config
    location = /wait {
        content_by_lua_block {
            local sem = semaphore.new()
            ngx.thread.spawn(function () ngx.sleep(0.005) sem:post() end)
            ngx.say("waited ", sem:wait(1))
        }
    }
    location = /next {
        content_by_lua_block { ngx.say("next") }
    }
--- pipelined_requests eval
["GET /wait", "GET /next"]
--- response_body eval
["waited truenil\n", "next\n"]



=== TEST 28: HTTP/1.0 and a HEAD request
--- config
    location = /t {
        content_by_lua_block {
            local sem = semaphore.new()
            ngx.thread.spawn(function () ngx.sleep(0.002) sem:post() end)
            ngx.header.waited = tostring(sem:wait(1))
            ngx.say("body")
        }
    }
--- request eval
["GET /t HTTP/1.0", "HEAD /t"]
--- response_headers eval
["waited: true", "waited: true"]
--- response_body eval
["body\n", ""]



=== TEST 29: semaphores in a table of waiters, as libraries use them
--- config
    location = /t {
        content_by_lua_block {
            -- One loads, the others wait for the result.
            local loading, loads = {}, 0
            local function load(key)
                local sem = loading[key]
                if sem then
                    local ok, err = sem:wait(1)
                    sem:post()
                    return ok and "cached " .. key
                end
                sem = semaphore.new()
                loading[key] = sem
                loads = loads + 1
                ngx.sleep(0.005)
                sem:post()
                return "loaded " .. key
            end
            local threads = {}
            for i = 1, 4 do
                threads[i] = ngx.thread.spawn(load, i % 2)
            end
            for i = 1, 4 do
                ngx.say(select(2, ngx.thread.wait(threads[i])))
            end
            ngx.say(loads)
        }
    }
--- response_body
loaded 1
loaded 0
cached 1
cached 0
2



=== TEST 30: a queue: one thread takes jobs, others bring them
--- config
    location = /t {
        content_by_lua_block {
            local jobs, ready = {}, semaphore.new()
            local worker = ngx.thread.spawn(function ()
                local done = {}
                while ready:wait(1) do
                    local job = table.remove(jobs, 1)
                    if not job then
                        return table.concat(done, " ")
                    end
                    done[#done + 1] = job
                end
            end)
            for i = 1, 3 do
                jobs[#jobs + 1] = "job" .. i
                ready:post()
                ngx.sleep(0.001)
            end
            ready:post()
            ngx.say(select(2, ngx.thread.wait(worker)))
        }
    }
--- response_body
job1 job2 job3



=== TEST 31: a kill and a post and a kill, many times
--- config
    location = /t {
        content_by_lua_block {
            local sem = semaphore.new()
            local got = 0
            for i = 1, 200 do
                local a = ngx.thread.spawn(function () sem:wait(1) got = got + 1 end)
                local b = ngx.thread.spawn(function () sem:wait(1) got = got + 1 end)
                sem:post()
                ngx.thread.kill(i % 2 == 0 and a or b)
                local thread = i % 2 == 0 and b or a
                ngx.thread.wait(thread)
            end
            ngx.say(got, " ", sem:count())
        }
    }
--- response_body
200 0



=== TEST 32: no resource is lost, in whatever moment a thread is killed
--- config
    location = /t {
        content_by_lua_block {
            local sem, over = semaphore.new(), false
            ngx.thread.spawn(function ()
                while not over do
                    coroutine.yield()
                end
            end)
            local posted, taken = 0, 0
            for i = 1, 3000 do
                for _ = 1, i % 3 do
                    coroutine.yield()
                end
                local thread = ngx.thread.spawn(function ()
                    sem:wait(1)
                    taken = taken + 1
                end)
                sem:post()
                posted = posted + 1
                coroutine.yield()
                ngx.thread.kill(thread)
                if sem:count() ~= posted - taken then
                    over = true
                    return ngx.say("lost at ", i, ": ", posted, " ", taken, " ", sem:count())
                end
                if sem:wait(0) then
                    taken = taken + 1
                end
            end
            over = true
            ngx.say(posted - taken, " ", sem:count())
        }
    }
--- response_body
0 0
