# In which order light threads run.
#
# words("a1", "y", "a2", "s") prints words; y yields and s sleeps for a moment.

use Test::Nginx::Socket::Lua 'no_plan';

our $HttpConfig = <<'_EOC_';
    init_by_lua_block {
        spawn, wait, yield = ngx.thread.spawn, ngx.thread.wait, coroutine.yield

        function words(...)
            for _, word in ipairs { ... } do
                if word == "y" then
                    coroutine.yield()
                elseif word == "s" then
                    ngx.sleep(0.002)
                else
                    ngx.print(word, word == "end" and "\n" or " ")
                end
            end
        end
    }
_EOC_

add_block_preprocessor(sub {
    my $block = shift;
    $block->set_value(http_config => $HttpConfig);
});

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: a new thread runs before its parent goes on
--- config
    location = /t {
        content_by_lua_block {
            spawn(words, "a1", "a2")
            words("m1", "m2", "end")
        }
    }
--- request
GET /t
--- response_body
a1 a2 m1 m2 end
--- no_error_log
[error]



=== TEST 2: each new one
--- config
    location = /t {
        content_by_lua_block {
            spawn(words, "a")
            spawn(words, "b")
            spawn(words, "c")
            words("end")
        }
    }
--- request
GET /t
--- response_body
a b c end
--- no_error_log
[error]



=== TEST 3: the parent goes on when the new thread waits
--- config
    location = /t {
        content_by_lua_block {
            spawn(words, "a1", "s", "a2", "end")
            words("m1")
        }
    }
--- request
GET /t
--- response_body
a1 m1 a2 end
--- no_error_log
[error]



=== TEST 4: the parent goes on when the new thread gives way
--- config
    location = /t {
        content_by_lua_block {
            spawn(words, "a1", "y", "a2")
            words("m1", "y", "end")
        }
    }
--- request
GET /t
--- response_body
a1 m1 a2 end
--- no_error_log
[error]



=== TEST 5: the parent goes on when the new thread fails
--- config
    location = /t {
        content_by_lua_block {
            spawn(function ()
                words("a1")
                error("no luck")
            end)
            words("end")
        }
    }
--- request
GET /t
--- response_body
a1 end
--- error_log
no luck



=== TEST 6: a yield with nobody else: it goes on
--- config
    location = /t {
        content_by_lua_block {
            words("m1", "y", "m2", "y", "end")
        }
    }
--- request
GET /t
--- response_body
m1 m2 end
--- no_error_log
[error]



=== TEST 7: a thread that is alone goes on after a yield
--- config
    location = /t {
        content_by_lua_block {
            spawn(words, "a1", "y", "a2", "y", "a3", "end")
            words("m")
        }
    }
--- request
GET /t
--- response_body
a1 m a2 a3 end
--- no_error_log
[error]



=== TEST 8: a yield gives nothing
--- config
    location = /t {
        content_by_lua_block {
            spawn(function ()
                words("a" .. select("#", coroutine.yield(1, 2)))
            end)
            words("m" .. select("#", coroutine.yield("x")), "y", "end")
        }
    }
--- request
GET /t
--- response_body
a0 m0 end
--- no_error_log
[error]



=== TEST 9: two threads take turns
--- config
    location = /t {
        content_by_lua_block {
            spawn(words, "a1", "y", "a2", "y", "a3")
            spawn(words, "b1", "y", "b2", "y", "b3")
            words("m1", "y", "m2", "y", "m3", "y", "end")
        }
    }
--- request
GET /t
--- response_body
a1 b1 a2 m1 b2 a3 m2 b3 m3 end
--- no_error_log
[error]



=== TEST 10: spawn puts the parent at the end of the queue
--- config
    location = /t {
        content_by_lua_block {
            spawn(words, "a1", "y", "a2", "y", "a3")
            words("m1")
            spawn(words, "b1", "y", "b2")
            words("m2", "y", "m3", "end")
        }
    }
--- request
GET /t
--- response_body
a1 m1 b1 a2 m2 b2 a3 m3 end
--- no_error_log
[error]



=== TEST 11: a thread that spawns lets the queue run first
--- config
    location = /t {
        content_by_lua_block {
            spawn(function ()
                words("a1")
                spawn(words, "b1", "s", "b2", "end")
                words("a2", "y", "a3")
            end)
            words("m1", "y", "m2")
        }
    }
--- request
GET /t
--- response_body
a1 b1 m1 a2 m2 a3 b2 end
--- no_error_log
[error]



=== TEST 12: three levels
--- config
    location = /t {
        content_by_lua_block {
            spawn(function ()
                words("a1")
                spawn(function ()
                    words("b1")
                    spawn(words, "c1", "y", "c2")
                    words("b2", "y", "b3")
                end)
                words("a2", "y", "a3")
            end)
            words("m1", "y", "m2", "y", "m3", "y", "end")
        }
    }
--- request
GET /t
--- response_body
a1 b1 c1 m1 a2 b2 c2 m2 a3 b3 m3 end
--- no_error_log
[error]



=== TEST 13: a parent that waits goes on at once when its child ends, before the queue
--- config
    location = /t {
        content_by_lua_block {
            local a = spawn(words, "a1", "y", "a2", "y", "a3")
            local b = spawn(words, "b1", "y", "b2", "y", "b3", "y", "b4")
            words("w")
            wait(a)
            words("m")
            wait(b)
            words("end")
        }
    }
--- request
GET /t
--- response_body
a1 b1 a2 w b2 a3 m b3 b4 end
--- no_error_log
[error]



=== TEST 14: a parent that is a thread, too
--- config
    location = /t {
        content_by_lua_block {
            spawn(function ()
                local a = spawn(words, "a1", "y", "a2", "y", "a3")
                words("w")
                wait(a)
                words("p")
            end)
            words("m1", "y", "m2", "y", "m3", "y", "m4", "end")
        }
    }
--- request
GET /t
--- response_body
a1 m1 w a2 m2 a3 p m3 m4 end
--- no_error_log
[error]



=== TEST 15: when its child fails, too
--- config
    location = /t {
        content_by_lua_block {
            local a = spawn(function ()
                words("a1", "y", "a2", "y")
                error("no luck")
            end)
            spawn(words, "b1", "y", "b2", "y", "b3", "y", "b4", "end")
            wait(a)
            words("m")
        }
    }
--- request
GET /t
--- response_body
a1 b1 a2 b2 m b3 b4 end
--- error_log
no luck



=== TEST 16: waiting for a thread that has ended gives no turn to others
--- config
    location = /t {
        content_by_lua_block {
            local a = spawn(words, "a1")
            spawn(words, "b1", "y", "b2")
            wait(a)
            words("m", "y", "end")
        }
    }
--- request
GET /t
--- response_body
a1 b1 m b2 end
--- no_error_log
[error]



=== TEST 17: killing gives no turn to others
--- config
    location = /t {
        content_by_lua_block {
            spawn(words, "b1", "y", "b2")
            local a = spawn(words, "a1", "s", "not reached")
            words("m1")
            ngx.thread.kill(a)
            words("m2", "y", "end")
        }
    }
--- request
GET /t
--- response_body
b1 a1 b2 m1 m2 end
--- no_error_log
[error]



=== TEST 18: resume and yield of coroutines give no turn to others
--- config
    location = /t {
        content_by_lua_block {
            local function with_coroutine(name)
                local co = coroutine.create(words)
                coroutine.resume(co, name .. "1", "y", name .. "2")
                words(name .. "r")
                coroutine.resume(co)
            end
            spawn(with_coroutine, "a")
            words("m")
            spawn(with_coroutine, "b")
            words("end")
        }
    }
--- request
GET /t
--- response_body
a1 ar a2 m b1 br b2 end
--- no_error_log
[error]



=== TEST 19: a yield in a coroutine goes to its resumer, one of the thread to the queue
--- config
    location = /t {
        content_by_lua_block {
            spawn(function ()
                local co = coroutine.wrap(words)
                co("c1", "y", "c2")
                words("a1")
                co()
                words("a2", "y", "a3")
            end)
            words("m1", "y", "m2", "end")
        }
    }
--- request
GET /t
--- response_body
c1 a1 c2 a2 m1 a3 m2 end
--- no_error_log
[error]



=== TEST 20: a coroutine that spawns: it goes on itself when it is its turn
--- config
    location = /t {
        content_by_lua_block {
            local co = coroutine.create(function ()
                spawn(words, "t1", "y", "t2")
                words("c1")
                coroutine.yield()
                words("c2")
            end)
            words("m1")
            coroutine.resume(co)
            words("m2")
            coroutine.resume(co)
            words("m3", "y", "end")
        }
    }
--- request
GET /t
--- response_body
m1 t1 c1 m2 c2 m3 t2 end
--- no_error_log
[error]



=== TEST 21: a coroutine of a thread that spawns lets the queue run
--- config
    location = /t {
        content_by_lua_block {
            spawn(function ()
                coroutine.wrap(function ()
                    spawn(words, "t1", "y", "t2")
                    words("c1")
                end)()
                words("a1", "y", "a2")
            end)
            words("m1", "y", "m2", "y", "end")
        }
    }
--- request
GET /t
--- response_body
t1 m1 c1 a1 t2 m2 a2 end
--- no_error_log
[error]



=== TEST 22: a coroutine that waits for its thread
--- config
    location = /t {
        content_by_lua_block {
            local co = coroutine.wrap(function ()
                local t = spawn(words, "t1", "y", "t2")
                words("c1")
                wait(t)
                words("c2")
            end)
            spawn(words, "a1", "y", "a2", "y", "a3")
            co()
            words("m1", "y", "end")
        }
    }
--- request
GET /t
--- response_body
a1 t1 a2 c1 t2 c2 m1 a3 end
--- no_error_log
[error]



=== TEST 23: sleepers of the same time wake up in order, each with what follows from it
--- config
    location = /t {
        content_by_lua_block {
            for _, name in ipairs { "a", "b", "c" } do
                spawn(words, name .. "1", "s", name .. "2", "y", name .. "3")
            end
            words("m", "s", "s", "s", "end")
        }
    }
--- request
GET /t
--- response_body
a1 b1 c1 m a2 a3 b2 b3 c2 c3 end
--- no_error_log
[error]



=== TEST 24: a thread that wakes up and spawns
--- config
    location = /t {
        content_by_lua_block {
            spawn(function ()
                words("a1", "s", "a2")
                spawn(words, "b1", "y", "b2")
                words("a3", "y", "a4")
            end)
            words("m", "s", "s", "s", "end")
        }
    }
--- request
GET /t
--- response_body
a1 m a2 b1 a3 b2 a4 end
--- no_error_log
[error]



=== TEST 25: sleep(0) lets others take turns
--- config
    location = /t {
        content_by_lua_block {
            local function turns(name)
                for i = 1, 3 do
                    words(name .. i)
                    ngx.sleep(0)
                end
            end
            local a = spawn(turns, "a")
            local b = spawn(turns, "b")
            wait(a)
            wait(b)
            words("end")
        }
    }
--- request
GET /t
--- response_body
a1 b1 a2 b2 a3 b3 end
--- no_error_log
[error]



=== TEST 26: an earlier timer comes first, whoever was spawned first
--- config
    location = /t {
        content_by_lua_block {
            for i = 3, 1, -1 do
                spawn(function ()
                    ngx.sleep(i * 0.005)
                    words("t" .. i)
                end)
            end
            ngx.sleep(0.04)
            words("end")
        }
    }
--- request
GET /t
--- response_body
t1 t2 t3 end
--- no_error_log
[error]



=== TEST 27: a thread spawned after a yield
--- config
    location = /t {
        content_by_lua_block {
            spawn(words, "x1", "y", "x2")
            yield()
            spawn(words, "y1", "y", "y2")
            words("m1", "y", "end")
        }
    }
--- request
GET /t
--- response_body
x1 x2 y1 m1 y2 end
--- no_error_log
[error]



=== TEST 28: a killed thread leaves the queue as it was
--- config
    location = /t {
        content_by_lua_block {
            local function later(name)
                return spawn(words, name .. "1", "y", "y", "y", name .. "2")
            end
            later("a")
            local b = later("b")
            later("c")
            ngx.thread.kill(b)
            words("m", "y", "y", "y", "end")
        }
    }
--- request
GET /t
--- response_body
a1 b1 c1 m a2 c2 end
--- no_error_log
[error]



=== TEST 29: ended threads leave it as it was
--- config
    location = /t {
        content_by_lua_block {
            for i = 1, 3 do
                spawn(words, "a" .. i)
                spawn(words, "b" .. i, "y", "c" .. i)
            end
            words("m", "y", "y", "end")
        }
    }
--- request
GET /t
--- response_body
a1 b1 a2 c1 b2 a3 c2 b3 m c3 end
--- no_error_log
[error]



=== TEST 30: the entry's end does not change the order
--- config
    location = /t {
        content_by_lua_block {
            spawn(words, "a1", "y", "a2", "y", "a3", "s", "end")
            spawn(words, "b1", "y", "b2", "y", "b3")
            words("m")
        }
    }
--- request
GET /t
--- response_body
a1 b1 a2 m b2 a3 b3 end
--- no_error_log
[error]



=== TEST 31: the order is the same in the rewrite phase
--- config
    location = /t {
        rewrite_by_lua_block {
            local a = spawn(words, "a1", "y", "a2", "y", "a3")
            local b = spawn(words, "b1", "y", "b2", "y", "b3", "y", "b4")
            words("w")
            wait(a)
            words("m")
            wait(b)
            words("end")
        }
    }
--- request
GET /t
--- response_body
a1 b1 a2 w b2 a3 m b3 b4 end
--- no_error_log
[error]



=== TEST 32: a thousand in a queue
--- config
    location = /t {
        content_by_lua_block {
            local n = {}
            for i = 1, 1000 do
                spawn(function ()
                    coroutine.yield()
                    n[#n + 1] = i
                end)
            end
            while #n < 1000 do
                coroutine.yield()
            end
            for i = 1, 1000 do
                if n[i] ~= i then
                    ngx.say(i, ": ", n[i])
                end
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



=== TEST 33: two threads that yield to each other for ever, and a third that waits
--- config
    location = /t {
        content_by_lua_block {
            local stop
            local function spin()
                while not stop do
                    coroutine.yield()
                end
            end
            spawn(spin)
            spawn(spin)
            spawn(function ()
                ngx.sleep(0.01)
                stop = true
                ngx.say("stopped")
            end)
        }
    }
--- request
GET /t
--- response_body
stopped
--- timeout: 0.5
--- no_error_log
[error]
--- differs: in the C module no event is seen then



=== TEST 34: one that yields for ever does not keep its own sleep from ending
--- config
    location = /t {
        content_by_lua_block {
            local co = spawn(function ()
                while true do
                    coroutine.yield()
                end
            end)
            ngx.sleep(0.01)
            ngx.say(ngx.thread.kill(co))
        }
    }
--- request
GET /t
--- response_body
1
--- timeout: 0.5
--- no_error_log
[error]
--- differs: in the C module no event is seen then



=== TEST 35: nor other requests from being served
--- config
    location = /t {
        content_by_lua_block {
            local threads = {}
            for i = 1, 2 do
                threads[i] = spawn(function ()
                    while not package.loaded.stop do
                        coroutine.yield()
                    end
                end)
            end
            wait(threads[1])
            wait(threads[2])
            package.loaded.stop = nil
            ngx.say("stopped by the other")
        }
    }
    location = /with {
        proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/t;
        mirror /stop;
        mirror_request_body off;
    }
    location = /stop {
        proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/do-stop;
    }
    location = /do-stop {
        content_by_lua_block {
            ngx.sleep(0.02)
            package.loaded.stop = true
        }
    }
--- request
GET /with
--- response_body
stopped by the other
--- timeout: 0.5
--- no_error_log
[error]
--- differs: in the C module the worker serves nobody else
