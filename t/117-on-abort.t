# ngx.on_abort and lua_check_client_abort, with each kind of wait pending.

use Test::Nginx::Socket::Lua 'no_plan';


repeat_each(2);
run_tests();

__DATA__

=== TEST 1: off: nil and a reason, whatever the argument
--- config
    location = /t {
        content_by_lua_block {
            ngx.say({ tostring(ngx.on_abort(function () end)), " ", select(2, ngx.on_abort(function () end)) })
            ngx.say(ngx.on_abort(1))
            ngx.say(ngx.on_abort(nil))
            ngx.say(pcall(ngx.on_abort))
        }
    }
--- request
GET /t
--- response_body
nil lua_check_client_abort is off
nillua_check_client_abort is off
nillua_check_client_abort is off
truenillua_check_client_abort is off
--- no_error_log
[error]



=== TEST 2: on: 1, and the second call is refused
--- config
    lua_check_client_abort on;
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.on_abort(function () end))
            ngx.say(ngx.on_abort(function () end))
        }
    }
--- request
GET /t
--- response_body
1
nilduplicate call
--- no_error_log
[error]



=== TEST 3: on: only a Lua function is taken
--- config
    lua_check_client_abort on;
    location = /t {
        content_by_lua_block {
            local values = { "text", 1, {}, print, coroutine.create(function () end) }
            for i = 1, #values do
                local ok, err = pcall(function () ngx.on_abort(values[i]) end)
                ngx.say(ok, " ", (err:gsub("^.-:%d+: ", "")))
            end
            ngx.say(pcall(ngx.on_abort))
            ngx.say(pcall(ngx.on_abort, nil))
            ngx.say(ngx.on_abort(function () end))
        }
    }
--- request
GET /t
--- response_body
false bad argument #1 to 'on_abort' (Lua function expected)
false bad argument #1 to 'on_abort' (Lua function expected)
false bad argument #1 to 'on_abort' (Lua function expected)
false bad argument #1 to 'on_abort' (Lua function expected)
false bad argument #1 to 'on_abort' (Lua function expected)
falsebad argument #1 to '?' (Lua function expected)
falsebad argument #1 to '?' (Lua function expected)
1
--- no_error_log
[error]



=== TEST 4: a duplicate call is seen before a bad argument
--- config
    lua_check_client_abort on;
    location = /t {
        content_by_lua_block {
            ngx.on_abort(function () end)
            ngx.say(ngx.on_abort(1))
            ngx.say(pcall(ngx.on_abort))
        }
    }
--- request
GET /t
--- response_body
nilduplicate call
truenilduplicate call
--- no_error_log
[error]



=== TEST 5: each phase has one of its own
--- config
    lua_check_client_abort on;
    location = /t {
        rewrite_by_lua_block { ngx.ctx.list = { ngx.on_abort(function () end) } }
        access_by_lua_block { table.insert(ngx.ctx.list, ngx.on_abort(function () end)) }
        content_by_lua_block {
            table.insert(ngx.ctx.list, ngx.on_abort(function () end))
            ngx.say(ngx.ctx.list)
        }
    }
--- request
GET /t
--- response_body
111
--- no_error_log
[error]



=== TEST 6: one of the rewrite phase does not run when the client goes away in the content phase
--- config
    lua_check_client_abort on;
    location = /t {
        rewrite_by_lua_block {
            ngx.on_abort(function () ngx.log(ngx.ERR, "the callback runs") end)
        }
        content_by_lua_block {
            ngx.sleep(5)
            ngx.log(ngx.ERR, "the code goes on")
        }
        log_by_lua_block { ngx.log(ngx.WARN, "status ", ngx.status) }
    }
--- request
GET /t
--- abort
--- timeout: 0.1
--- ignore_response
--- error_log
status 499 while logging request
--- no_error_log
[error]



=== TEST 7: wrong phases, on
--- http_config
    lua_check_client_abort on;
    init_by_lua_block {
        function try()
            return tostring(select(2, pcall(ngx.on_abort, function () end)))
        end
        local err = try()
        function from_init() return err end
    }
    init_worker_by_lua_block {
        local err = try()
        function from_init_worker() return err end
    }
--- config
    location = /t {
        set_by_lua_block $from_set { return try() }
        content_by_lua_block {
            ngx.say(from_init())
            ngx.say(from_init_worker())
            ngx.say(ngx.var.from_set)
        }
        header_filter_by_lua_block { ngx.header["X-Err"] = try() }
        body_filter_by_lua_block { ngx.ctx.from_body_filter = try() }
        log_by_lua_block {
            ngx.log(ngx.WARN, ngx.ctx.from_body_filter)
            ngx.log(ngx.WARN, try())
        }
    }
--- request
GET /t
--- response_headers
X-Err: API disabled in the context of header_filter_by_lua*
--- response_body
no request found
API disabled in the context of init_worker_by_lua*
API disabled in the context of set_by_lua*
--- error_log
API disabled in the context of body_filter_by_lua*
API disabled in the context of log_by_lua*
--- no_error_log
[error]



=== TEST 8: wrong phases, off: the directive is looked at first
--- config
    location = /t {
        set_by_lua_block $from_set { return (select(3, pcall(ngx.on_abort, 1))) }
        content_by_lua_block { ngx.say(ngx.var.from_set) }
        header_filter_by_lua_block { ngx.header["X-Err"] = select(3, pcall(ngx.on_abort, 1)) }
        log_by_lua_block { ngx.log(ngx.WARN, (select(3, pcall(ngx.on_abort, 1)))) }
    }
--- request
GET /t
--- response_headers
X-Err: lua_check_client_abort is off
--- response_body
lua_check_client_abort is off
--- error_log
lua_check_client_abort is off while logging request
--- no_error_log
[error]



=== TEST 9: the callback runs when the client goes away, and the code goes on
--- config
    lua_check_client_abort on;
    location = /t {
        content_by_lua_block {
            local gone
            ngx.on_abort(function ()
                ngx.log(ngx.WARN, "the callback runs")
                gone = true
            end)
            while not gone do
                ngx.sleep(0.01)
            end
            ngx.log(ngx.WARN, "the code goes on")
            ngx.say("too late")
        }
        log_by_lua_block { ngx.log(ngx.WARN, "status ", ngx.status) }
    }
--- request
GET /t
--- abort
--- timeout: 0.1
--- wait: 0.2
--- ignore_response
--- error_log
client prematurely closed connection
the callback runs
the code goes on
status 200 while logging request
--- no_error_log
[error]



=== TEST 10: the callback is a light thread with the request's context
--- config
    lua_check_client_abort on;
    location = /t {
        content_by_lua_block {
            ngx.ctx.word = "context"
            ngx.on_abort(function ()
                ngx.log(ngx.WARN, coroutine.status(coroutine.running()), " ", ngx.ctx.word, " ",
                        ngx.get_phase(), " ", ngx.var.arg_n)
                ngx.exit(499)
            end)
            ngx.sleep(5)
            ngx.log(ngx.ERR, "the code goes on")
        }
    }
--- request
GET /t?n=5
--- abort
--- timeout: 0.1
--- ignore_response
--- error_log
running context content 5
--- no_error_log
[error]



=== TEST 11: it gets no arguments
--- config
    lua_check_client_abort on;
    location = /t {
        content_by_lua_block {
            ngx.on_abort(function (...)
                ngx.log(ngx.WARN, "arguments: ", select("#", ...))
                ngx.exit(499)
            end, 1, 2)
            ngx.sleep(5)
        }
    }
--- request
GET /t
--- abort
--- timeout: 0.1
--- ignore_response
--- error_log
arguments: 0
--- no_error_log
[error]



=== TEST 12: exit(499) in the callback ends the request with that status
--- config
    lua_check_client_abort on;
    location = /t {
        content_by_lua_block {
            ngx.on_abort(function () ngx.exit(499) end)
            ngx.sleep(5)
            ngx.log(ngx.ERR, "the code goes on")
        }
        log_by_lua_block { ngx.log(ngx.WARN, "status ", ngx.status) }
    }
--- request
GET /t
--- abort
--- timeout: 0.1
--- ignore_response
--- access_log eval
qr/"GET \/t HTTP\/1\.1" 499 0/
--- error_log
status 499 while logging request
--- no_error_log
[error]



=== TEST 13: exit(444) in the callback
--- config
    lua_check_client_abort on;
    location = /t {
        content_by_lua_block {
            ngx.on_abort(function () ngx.exit(444) end)
            ngx.sleep(5)
            ngx.log(ngx.ERR, "the code goes on")
        }
        log_by_lua_block { ngx.log(ngx.WARN, "status ", ngx.status) }
    }
--- request
GET /t
--- abort
--- timeout: 0.1
--- ignore_response
--- error_log
status 444 while logging request
--- no_error_log
[error]



=== TEST 14: exit(500) in the callback
--- config
    lua_check_client_abort on;
    location = /t {
        content_by_lua_block {
            ngx.on_abort(function () ngx.exit(500) end)
            ngx.sleep(5)
            ngx.log(ngx.ERR, "the code goes on")
        }
        log_by_lua_block { ngx.log(ngx.WARN, "status ", ngx.status) }
    }
--- request
GET /t
--- abort
--- timeout: 0.1
--- ignore_response
--- error_log
status 500 while logging request
--- no_error_log
[error]



=== TEST 15: exit(0) in the callback
--- config
    lua_check_client_abort on;
    location = /t {
        content_by_lua_block {
            ngx.on_abort(function () ngx.exit(0) end)
            ngx.sleep(5)
            ngx.log(ngx.ERR, "the code goes on")
        }
        log_by_lua_block { ngx.log(ngx.WARN, "status ", ngx.status) }
    }
--- request
GET /t
--- abort
--- timeout: 0.1
--- ignore_response
--- error_log
status 200 while logging request
--- no_error_log
[error]



=== TEST 16: an error in the callback ends only the callback
--- config
    lua_check_client_abort on;
    location = /t {
        content_by_lua_block {
            local gone
            ngx.on_abort(function ()
                gone = true
                error("no luck")
            end)
            while not gone do
                ngx.sleep(0.01)
            end
            ngx.log(ngx.WARN, "the code goes on")
        }
        log_by_lua_block { ngx.log(ngx.WARN, "status ", ngx.status) }
    }
--- request
GET /t
--- abort
--- timeout: 0.1
--- wait: 0.2
--- ignore_response
--- error_log
lua user thread aborted: runtime error: content_by_lua
the code goes on
status 200 while logging request



=== TEST 17: the callback may wait
--- config
    lua_check_client_abort on;
    location = /t {
        content_by_lua_block {
            ngx.on_abort(function ()
                ngx.sleep(0.01)
                local thread = ngx.thread.spawn(function () ngx.sleep(0.01) return "thread of the callback" end)
                ngx.log(ngx.WARN, select(2, ngx.thread.wait(thread)))
                ngx.exit(499)
            end)
            ngx.sleep(5)
            ngx.log(ngx.ERR, "the code goes on")
        }
        log_by_lua_block { ngx.log(ngx.WARN, "status ", ngx.status) }
    }
--- request
GET /t
--- abort
--- timeout: 0.1
--- wait: 0.05
--- ignore_response
--- error_log
thread of the callback
status 499 while logging request
--- no_error_log
[error]



=== TEST 18: the callback may outlive the code
--- config
    lua_check_client_abort on;
    location = /t {
        content_by_lua_block {
            local gone
            ngx.on_abort(function ()
                gone = true
                ngx.sleep(0.05)
                ngx.log(ngx.WARN, "the callback ends")
            end)
            while not gone do
                ngx.sleep(0.01)
            end
            ngx.log(ngx.WARN, "the code ends")
        }
        log_by_lua_block { ngx.log(ngx.WARN, "status ", ngx.status) }
    }
--- request
GET /t
--- abort
--- timeout: 0.1
--- wait: 0.15
--- ignore_response
--- grep_error_log eval
qr/the \w+ ends|status \d+/
--- grep_error_log_out
the code ends
the callback ends
status 200



=== TEST 19: it runs once
--- config
    lua_check_client_abort on;
    location = /t {
        content_by_lua_block {
            local gone
            ngx.on_abort(function ()
                ngx.log(ngx.WARN, "the callback runs")
                gone = true
            end)
            while not gone do
                ngx.sleep(0.01)
            end
            for i = 1, 10 do
                ngx.sleep(0.005)
                ngx.say(i)
                ngx.flush()
            end
        }
    }
--- request
GET /t
--- abort
--- timeout: 0.1
--- wait: 0.2
--- ignore_response
--- grep_error_log eval
qr/the callback runs/
--- grep_error_log_out
the callback runs



=== TEST 20: it cannot wait for the threads of the code, nor kill them
--- config
    lua_check_client_abort on;
    location = /t {
        content_by_lua_block {
            local entry = coroutine.running()
            local thread = ngx.thread.spawn(function () ngx.sleep(5) end)
            ngx.on_abort(function ()
                ngx.log(ngx.WARN, coroutine.status(entry), " ", coroutine.status(thread))
                ngx.log(ngx.WARN, select(2, pcall(ngx.thread.wait, thread)))
                ngx.log(ngx.WARN, select(2, ngx.thread.kill(thread)))
                ngx.log(ngx.WARN, select(2, ngx.thread.kill(entry)))
                ngx.exit(499)
            end)
            ngx.thread.wait(thread)
        }
    }
--- request
GET /t
--- abort
--- timeout: 0.1
--- ignore_response
--- error_log
running running
only the parent coroutine can wait on the thread
killer not parent
not user thread
--- no_error_log
[error]



=== TEST 21: it may set a flag that ends a loop
--- config
    lua_check_client_abort on;
    location = /t {
        content_by_lua_block {
            local gone = false
            ngx.on_abort(function () gone = true end)
            local n = 0
            while not gone and n < 1000 do
                ngx.sleep(0.005)
                n = n + 1
            end
            ngx.log(ngx.WARN, "gone: ", gone, ", in time: ", n < 200)
        }
    }
--- request
GET /t
--- abort
--- timeout: 0.1
--- wait: 0.1
--- ignore_response
--- error_log
gone: true, in time: true
--- no_error_log
[error]



=== TEST 22: called in a thread or a coroutine it counts for the request
--- config
    lua_check_client_abort on;
    location = /thread {
        content_by_lua_block {
            ngx.thread.spawn(function ()
                ngx.log(ngx.WARN, "set: ", ngx.on_abort(function ()
                    ngx.log(ngx.WARN, "the callback runs")
                    ngx.exit(499)
                end))
            end)
            ngx.sleep(5)
            ngx.log(ngx.ERR, "the code goes on")
        }
    }
    location = /coroutine {
        content_by_lua_block {
            coroutine.wrap(function ()
                ngx.log(ngx.WARN, "set: ", ngx.on_abort(function ()
                    ngx.log(ngx.WARN, "the callback runs")
                    ngx.exit(499)
                end))
            end)()
            ngx.sleep(5)
            ngx.log(ngx.ERR, "the code goes on")
        }
    }
--- request eval
["GET /thread", "GET /coroutine"]
--- abort
--- timeout: 0.1
--- ignore_response
--- error_log
set: 1
the callback runs
--- no_error_log
[error]



=== TEST 23: without an abort the callback does not run, and holds nothing up
--- config
    lua_check_client_abort on;
    location = /t {
        content_by_lua_block {
            ngx.on_abort(function () ngx.log(ngx.ERR, "the callback runs") end)
            ngx.sleep(0.005)
            ngx.say("done")
        }
    }
--- request eval
["GET /t", "GET /t"]
--- response_body eval
["done\n", "done\n"]
--- no_error_log
[error]



=== TEST 24: nor when the code fails or exits
--- config
    lua_check_client_abort on;
    location = /fail {
        content_by_lua_block {
            ngx.on_abort(function () ngx.log(ngx.ERR, "the callback runs") end)
            error("no luck")
        }
    }
    location = /exit {
        content_by_lua_block {
            ngx.on_abort(function () ngx.log(ngx.ERR, "the callback runs") end)
            ngx.sleep(0.001)
            ngx.exit(403)
        }
    }
    location = /exec {
        content_by_lua_block {
            ngx.on_abort(function () ngx.log(ngx.ERR, "the callback runs") end)
            ngx.exec("/other")
        }
    }
    location = /other {
        content_by_lua_block {
            ngx.sleep(0.005)
            ngx.say(ngx.on_abort(function () end))
        }
    }
--- request eval
["GET /fail", "GET /exit", "GET /exec"]
--- error_code eval
[500, 403, 200]
--- response_body_like eval
["500 Internal", "403 Forbidden", '\A1\n\z']
--- no_error_log
the callback runs



=== TEST 25: pipelined requests each have their own
--- config
    lua_check_client_abort on;
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.on_abort(function () ngx.log(ngx.ERR, "the callback runs") end))
            ngx.sleep(0.005)
        }
    }
--- pipelined_requests eval
["GET /t", "GET /t", "GET /t"]
--- response_body eval
["1\n", "1\n", "1\n"]
--- no_error_log
[error]



=== TEST 26: in the access phase
--- config
    lua_check_client_abort on;
    location = /t {
        access_by_lua_block {
            ngx.on_abort(function ()
                ngx.log(ngx.WARN, "the callback runs in ", ngx.get_phase())
                ngx.exit(499)
            end)
            ngx.sleep(5)
            ngx.log(ngx.ERR, "the code goes on")
        }
        content_by_lua_block { ngx.log(ngx.ERR, "content") }
        log_by_lua_block { ngx.log(ngx.WARN, "status ", ngx.status) }
    }
--- request
GET /t
--- abort
--- timeout: 0.1
--- ignore_response
--- error_log
the callback runs in access
status 499 while logging request
--- no_error_log
[error]



=== TEST 27: in the rewrite phase, and the next phases run if it does not exit
--- config
    lua_check_client_abort on;
    location = /t {
        rewrite_by_lua_block {
            local gone
            ngx.on_abort(function ()
                ngx.log(ngx.WARN, "the callback runs in ", ngx.get_phase())
                gone = true
            end)
            while not gone do
                ngx.sleep(0.01)
            end
            ngx.log(ngx.WARN, "rewrite goes on")
        }
        content_by_lua_block { ngx.log(ngx.WARN, "content") }
    }
--- request
GET /t
--- abort
--- timeout: 0.1
--- wait: 0.15
--- ignore_response
--- error_log
the callback runs in rewrite
rewrite goes on
content, client
--- no_error_log
[error]



=== TEST 28: with a thread and the entry waiting for it
--- config
    lua_check_client_abort on;
    location = /t {
        content_by_lua_block {
            ngx.on_abort(function () ngx.exit(499) end)
            ngx.thread.wait(ngx.thread.spawn(function ()
                ngx.sleep(5)
                ngx.log(ngx.ERR, "the thread goes on")
            end))
            ngx.log(ngx.ERR, "the code goes on")
        }
        log_by_lua_block { ngx.log(ngx.WARN, "status ", ngx.status) }
    }
--- request
GET /t
--- abort
--- timeout: 0.1
--- ignore_response
--- error_log
status 499 while logging request
--- no_error_log
[error]



=== TEST 29: with threads that outlive the entry
--- config
    lua_check_client_abort on;
    location = /t {
        content_by_lua_block {
            ngx.on_abort(function () ngx.log(ngx.WARN, "the callback runs") ngx.exit(499) end)
            ngx.thread.spawn(function ()
                ngx.sleep(5)
                ngx.log(ngx.ERR, "the thread goes on")
            end)
        }
        log_by_lua_block { ngx.log(ngx.WARN, "status ", ngx.status) }
    }
--- request
GET /t
--- abort
--- timeout: 0.1
--- ignore_response
--- error_log
the callback runs
status 499 while logging request
--- no_error_log
[error]



=== TEST 30: with a subrequest: exit(403) is refused, exit(499) ends all
--- config
    lua_check_client_abort on;
    location = /t {
        content_by_lua_block {
            ngx.on_abort(function ()
                ngx.log(ngx.WARN, select(2, pcall(ngx.exit, 403)))
                ngx.exit(499)
            end)
            ngx.location.capture("/sub")
            ngx.log(ngx.ERR, "the code goes on")
        }
        log_by_lua_block { ngx.log(ngx.WARN, "status ", ngx.status) }
    }
    location = /sub {
        content_by_lua_block { ngx.sleep(5) }
    }
--- request
GET /t
--- abort
--- timeout: 0.1
--- ignore_response
--- error_log
attempt to abort with pending subrequests
status 499 while logging request
--- no_error_log
[error]



=== TEST 31: with a coroutine that sleeps
--- config
    lua_check_client_abort on;
    location = /t {
        content_by_lua_block {
            local gone
            ngx.on_abort(function ()
                ngx.log(ngx.WARN, "the callback runs")
                gone = true
                ngx.exit(499)
            end)
            coroutine.wrap(function ()
                while not gone do
                    ngx.sleep(0.01)
                end
                ngx.log(ngx.ERR, "the coroutine goes on")
            end)()
        }
        log_by_lua_block { ngx.log(ngx.WARN, "status ", ngx.status) }
    }
--- request
GET /t
--- abort
--- timeout: 0.1
--- wait: 0.05
--- ignore_response
--- error_log
the callback runs
status 499 while logging request
--- no_error_log
[error]
--- differs: in the C module the coroutine goes on without its request



=== TEST 32: no callback, threads of all kinds: 499, and nothing goes on
--- config
    lua_check_client_abort on;
    location = /t {
        content_by_lua_block {
            local function wait_for_thread()
                ngx.thread.wait(ngx.thread.spawn(function () ngx.sleep(5) end))
            end
            ngx.thread.spawn(function () ngx.sleep(5) ngx.log(ngx.ERR, "goes on") end)
            ngx.thread.spawn(function () wait_for_thread() ngx.log(ngx.ERR, "goes on") end)
            ngx.thread.spawn(function () ngx.thread.spawn(wait_for_thread) end)
        }
        log_by_lua_block { ngx.log(ngx.WARN, "status ", ngx.status) }
    }
--- request
GET /t
--- abort
--- timeout: 0.1
--- ignore_response
--- error_log
client prematurely closed connection
status 499 while logging request
--- no_error_log
[error]



=== TEST 33: no callback, a subrequest: 499
--- config
    lua_check_client_abort on;
    location = /t {
        content_by_lua_block {
            ngx.thread.spawn(function () ngx.location.capture("/sub") ngx.log(ngx.ERR, "goes on") end)
            ngx.location.capture("/sub")
            ngx.log(ngx.ERR, "goes on")
        }
        log_by_lua_block { ngx.log(ngx.WARN, "status ", ngx.status) }
    }
    location = /sub {
        content_by_lua_block { ngx.sleep(5) }
    }
--- request
GET /t
--- abort
--- timeout: 0.1
--- wait: 0.2
--- ignore_response
--- error_log
status 499 while logging request
--- no_error_log
[error]



=== TEST 34: while the body is read the request ends, the callback does not run
--- config
    lua_check_client_abort on;
    location = /t {
        content_by_lua_block {
            ngx.on_abort(function () ngx.log(ngx.ERR, "the callback runs") end)
            ngx.req.read_body()
            ngx.log(ngx.ERR, "the code goes on")
        }
        log_by_lua_block { ngx.log(ngx.WARN, "status ", ngx.status) }
    }
--- raw_request eval
"POST /t HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 6\r\n\r\nabc"
--- abort
--- timeout: 0.1
--- ignore_response
--- error_log
client prematurely closed connection
status 400 while logging request
--- no_error_log
[error]



=== TEST 35: while a thread reads the body
--- config
    lua_check_client_abort on;
    location = /t {
        content_by_lua_block {
            ngx.thread.spawn(function ()
                ngx.req.read_body()
                ngx.log(ngx.ERR, "the thread goes on")
            end)
            ngx.sleep(5)
            ngx.log(ngx.ERR, "the code goes on")
        }
        log_by_lua_block { ngx.log(ngx.WARN, "status ", ngx.status) }
    }
--- raw_request eval
"POST /t HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 6\r\n\r\nabc"
--- abort
--- timeout: 0.1
--- wait: 0.15
--- ignore_response
--- error_log
client prematurely closed connection
status 400 while logging request
--- no_error_log
[error]



=== TEST 36: after the body was read the client is watched again
--- config
    lua_check_client_abort on;
    location = /t {
        content_by_lua_block {
            ngx.on_abort(function () ngx.log(ngx.WARN, "the callback runs") ngx.exit(499) end)
            ngx.req.read_body()
            ngx.sleep(5)
            ngx.log(ngx.ERR, "the code goes on")
        }
    }
--- request
POST /t
abc
--- abort
--- timeout: 0.1
--- ignore_response
--- error_log
the callback runs
--- no_error_log
[error]



=== TEST 37: while output waits for the client
--- config
    lua_check_client_abort on;
    location = /t {
        limit_rate 10k;
        content_by_lua_block {
            ngx.on_abort(function () ngx.log(ngx.WARN, "the callback runs") ngx.exit(499) end)
            ngx.print(("x"):rep(100000))
            ngx.flush(true)
            ngx.log(ngx.ERR, "the code goes on")
        }
    }
--- request
GET /t
--- abort
--- timeout: 0.1
--- wait: 0.05
--- ignore_response
--- error_log
the callback runs
--- no_error_log
[error]



=== TEST 38: after ngx.eof the callback runs for a client that closes
--- config
    lua_check_client_abort on;
    location = /t {
        content_by_lua_block {
            ngx.on_abort(function () ngx.log(ngx.WARN, "the callback runs") ngx.exit(499) end)
            ngx.say("answer")
            ngx.eof()
            ngx.sleep(5)
            ngx.log(ngx.ERR, "the code goes on")
        }
    }
--- request
GET /t
--- abort
--- timeout: 0.5
--- response_body
answer
--- error_log
the callback runs
--- no_error_log
[error]



=== TEST 39: in a subrequest the callback does not run, the main request's does
--- config
    lua_check_client_abort on;
    location = /t {
        content_by_lua_block {
            ngx.on_abort(function () ngx.log(ngx.WARN, "the main one runs") ngx.exit(499) end)
            ngx.location.capture("/sub")
            ngx.log(ngx.ERR, "the code goes on")
        }
    }
    location = /sub {
        content_by_lua_block {
            ngx.on_abort(function () ngx.log(ngx.ERR, "the one of the subrequest runs") end)
            ngx.sleep(5)
        }
    }
--- request
GET /t
--- abort
--- timeout: 0.1
--- wait: 0.15
--- ignore_response
--- error_log
the main one runs
--- no_error_log
[error]



=== TEST 40: many clients that go away, each with its callback
--- config
    lua_check_client_abort on;
    location = /t {
        content_by_lua_block {
            ngx.on_abort(function ()
                ngx.log(ngx.WARN, "callback ", ngx.var.arg_n)
                ngx.exit(499)
            end)
            ngx.thread.spawn(function () ngx.sleep(5) end)
            ngx.sleep(5)
        }
    }
--- request eval
[map { "GET /t?n=$_" } 1 .. 3]
--- abort
--- timeout: 0.05
--- ignore_response
--- error_log eval
qr/callback \d/
--- no_error_log
[error]



=== TEST 41: the callback's objects go with the request
--- http_config
    lua_package_path "$prefix/html/?.lua;;";
--- config
    lua_check_client_abort on;
    location = /t {
        content_by_lua_block {
            local object = {}
            require("seen")[object] = true
            ngx.on_abort(function () return object end)
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
[error]
