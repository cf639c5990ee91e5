# Light threads in each phase, and threads that outlive the entry there.

use Test::Nginx::Socket::Lua 'no_plan';


repeat_each(2);
run_tests();

__DATA__

=== TEST 1: content: the response ends with the last thread
--- config
    location = /t {
        content_by_lua_block {
            ngx.thread.spawn(function ()
                ngx.sleep(0.002)
                ngx.say("thread")
            end)
            ngx.say("entry")
        }
    }
--- request
GET /t
--- response_body
entry
thread
--- no_error_log
[error]



=== TEST 2: content: a response without a body
--- config
    location = /t {
        content_by_lua_block {
            ngx.thread.spawn(function () ngx.sleep(0.002) end)
        }
        log_by_lua_block { ngx.log(ngx.WARN, "status ", ngx.status) }
    }
--- request
GET /t
--- response_body
--- error_log
status 200 while logging request



=== TEST 3: rewrite: the next phase comes after the last thread
--- config
    location = /t {
        rewrite_by_lua_block {
            ngx.ctx.list = { ngx.get_phase() }
            ngx.thread.spawn(function ()
                ngx.sleep(0.002)
                table.insert(ngx.ctx.list, "thread in " .. ngx.get_phase())
            end)
            table.insert(ngx.ctx.list, "entry")
        }
        content_by_lua_block { ngx.say(table.concat(ngx.ctx.list, ", ")) }
    }
--- request
GET /t
--- response_body
rewrite, entry, thread in rewrite
--- no_error_log
[error]



=== TEST 4: access: the next phase comes after the last thread
--- config
    location = /t {
        access_by_lua_block {
            ngx.ctx.list = { ngx.get_phase() }
            ngx.thread.spawn(function ()
                ngx.sleep(0.002)
                table.insert(ngx.ctx.list, "thread in " .. ngx.get_phase())
            end)
            table.insert(ngx.ctx.list, "entry")
        }
        content_by_lua_block { ngx.say(table.concat(ngx.ctx.list, ", ")) }
    }
--- request
GET /t
--- response_body
access, entry, thread in access
--- no_error_log
[error]



=== TEST 5: server_rewrite: the next phase comes after the last thread
--- config
    server_rewrite_by_lua_block {
        ngx.ctx.list = { ngx.get_phase() }
        ngx.thread.spawn(function ()
            ngx.sleep(0.002)
            table.insert(ngx.ctx.list, "thread in " .. ngx.get_phase())
        end)
        table.insert(ngx.ctx.list, "entry")
    }
    location = /t {
        content_by_lua_block { ngx.say(table.concat(ngx.ctx.list, ", ")) }
    }
--- request
GET /t
--- response_body
server_rewrite, entry, thread in server_rewrite
--- no_error_log
[error]



=== TEST 6: precontent: the next phase comes after the last thread
--- config
    location = /t {
        precontent_by_lua_block {
            ngx.ctx.list = { ngx.get_phase() }
            ngx.thread.spawn(function ()
                ngx.sleep(0.002)
                table.insert(ngx.ctx.list, "thread in " .. ngx.get_phase())
            end)
            table.insert(ngx.ctx.list, "entry")
        }
        content_by_lua_block { ngx.say(table.concat(ngx.ctx.list, ", ")) }
    }
--- request
GET /t
--- response_body
precontent, entry, thread in precontent
--- no_error_log
[error]
--- differs: the C module of Debian has no precontent_by_lua



=== TEST 7: all phases one after another, each with threads of its own
--- config
    location = /t {
        rewrite_by_lua_block {
            ngx.ctx.n = 0
            for i = 1, 3 do
                ngx.thread.spawn(function () ngx.sleep(0.001) ngx.ctx.n = ngx.ctx.n + 1 end)
            end
        }
        access_by_lua_block {
            for i = 1, 3 do
                ngx.thread.spawn(function () ngx.sleep(0.001) ngx.ctx.n = ngx.ctx.n + 10 end)
            end
        }
        content_by_lua_block {
            local list = {}
            for i = 1, 3 do
                list[i] = ngx.thread.spawn(function () ngx.sleep(0.001) ngx.ctx.n = ngx.ctx.n + 100 end)
            end
            for i = 1, 3 do
                ngx.thread.wait(list[i])
            end
            ngx.say(ngx.ctx.n)
        }
    }
--- request
GET /t
--- response_body
333
--- no_error_log
[error]



=== TEST 8: rewrite and access: a thread of one phase is gone in the next
--- config
    location = /t {
        rewrite_by_lua_block {
            ngx.ctx.zombie = ngx.thread.spawn(function () return "value" end)
            ngx.ctx.ended = ngx.thread.spawn(function () ngx.sleep(0.001) end)
        }
        content_by_lua_block {
            ngx.say(coroutine.status(ngx.ctx.zombie))
            ngx.say(coroutine.status(ngx.ctx.ended))
            ngx.say((coroutine.resume(ngx.ctx.ended)))
        }
    }
--- request
GET /t
--- response_body
dead
dead
false
--- no_error_log
[error]



=== TEST 9: rewrite: exit(0) in a thread ends the phase, and its other threads
--- config
    location = /t {
        rewrite_by_lua_block {
            ngx.thread.spawn(function ()
                ngx.sleep(0.03)
                ngx.log(ngx.ERR, "the thread goes on")
            end)
            ngx.thread.spawn(function ()
                ngx.sleep(0.001)
                ngx.exit(0)
            end)
            ngx.sleep(0.03)
            ngx.log(ngx.ERR, "the entry goes on")
        }
        content_by_lua_block {
            ngx.sleep(0.04)
            ngx.say("content")
        }
    }
--- request
GET /t
--- response_body
content
--- no_error_log
[error]



=== TEST 10: access: exit(0) in a thread ends the phase, and its other threads
--- config
    location = /t {
        access_by_lua_block {
            ngx.thread.spawn(function ()
                ngx.sleep(0.03)
                ngx.log(ngx.ERR, "the thread goes on")
            end)
            ngx.thread.spawn(function ()
                ngx.sleep(0.001)
                ngx.exit(0)
            end)
        }
        content_by_lua_block {
            ngx.sleep(0.04)
            ngx.say("content")
        }
    }
--- request
GET /t
--- response_body
content
--- no_error_log
[error]



=== TEST 11: rewrite and access: exit(403) in a thread that outlives the entry
--- config
    location = /rewrite {
        rewrite_by_lua_block {
            ngx.thread.spawn(function ()
                ngx.sleep(0.002)
                ngx.exit(403)
            end)
        }
        content_by_lua_block { ngx.log(ngx.ERR, "content") }
    }
    location = /access {
        access_by_lua_block {
            ngx.thread.spawn(function ()
                ngx.sleep(0.002)
                ngx.exit(403)
            end)
        }
        content_by_lua_block { ngx.log(ngx.ERR, "content") }
    }
--- request eval
["GET /rewrite", "GET /access"]
--- error_code eval
[403, 403]
--- response_body_like eval
["403 Forbidden", "403 Forbidden"]
--- no_error_log
[error]



=== TEST 12: access, satisfy any: a thread of the allowed phase may refuse
--- config
    location = /t {
        satisfy any;
        deny all;
        access_by_lua_block {
            ngx.thread.spawn(function ()
                ngx.sleep(0.002)
                if ngx.var.arg_ok ~= "1" then
                    ngx.exit(403)
                end
            end)
        }
        content_by_lua_block { ngx.say("allowed") }
    }
--- request eval
["GET /t?ok=1", "GET /t?ok=0"]
--- error_code eval
[200, 403]
--- response_body_like eval
['\Aallowed\n\z', "403 Forbidden"]
--- no_error_log
[alert]



=== TEST 13: rewrite: an error in a thread that outlives the entry does not end the request
--- config
    location = /t {
        rewrite_by_lua_block {
            ngx.thread.spawn(function ()
                ngx.sleep(0.002)
                error("no luck")
            end)
        }
        content_by_lua_block { ngx.say("content") }
    }
--- request
GET /t
--- response_body
content
--- error_log
lua user thread aborted: runtime error: rewrite_by_lua



=== TEST 14: rewrite: an error of the entry ends its threads
--- config
    location = /t {
        rewrite_by_lua_block {
            ngx.thread.spawn(function ()
                ngx.sleep(0.01)
                ngx.log(ngx.ERR, "the thread goes on")
            end)
            error("no luck")
        }
        content_by_lua_block { ngx.log(ngx.ERR, "the request goes on") }
    }
--- request
GET /t
--- error_code: 500
--- response_body_like: 500 Internal Server Error
--- wait: 0.03
--- error_log
lua entry thread aborted: runtime error: rewrite_by_lua
--- no_error_log
goes on



=== TEST 15: rewrite and access: output of a late thread is the response
--- config
    location = /rewrite {
        rewrite_by_lua_block {
            ngx.thread.spawn(function ()
                ngx.sleep(0.002)
                ngx.say("from a thread")
            end)
        }
        content_by_lua_block { ngx.log(ngx.ERR, "content") }
    }
    location = /access {
        access_by_lua_block {
            ngx.thread.spawn(function ()
                ngx.sleep(0.002)
                ngx.say("from a thread")
            end)
        }
        content_by_lua_block { ngx.log(ngx.ERR, "content") }
    }
--- request eval
["GET /rewrite", "GET /access"]
--- response_body eval
["from a thread\n", "from a thread\n"]
--- no_error_log
[error]



=== TEST 16: rewrite: a jump to another location waits for nothing
--- config
    location = /t {
        rewrite_by_lua_block {
            ngx.thread.spawn(function ()
                ngx.sleep(0.03)
                ngx.log(ngx.ERR, "the thread goes on")
            end)
            ngx.req.set_uri("/other", true)
        }
    }
    location = /other {
        rewrite_by_lua_block {
            ngx.thread.spawn(function ()
                ngx.sleep(0.04)
                ngx.ctx.word = "other"
            end)
        }
        content_by_lua_block { ngx.say(ngx.ctx.word) }
    }
--- request
GET /t
--- response_body
other
--- no_error_log
[error]



=== TEST 17: rewrite: set_uri without a jump in a late thread
--- config
    location = /t {
        rewrite_by_lua_block {
            ngx.thread.spawn(function ()
                ngx.sleep(0.002)
                ngx.req.set_uri("/changed")
            end)
        }
        content_by_lua_block { ngx.say(ngx.var.uri) }
    }
--- request
GET /t
--- response_body
/changed
--- no_error_log
[error]



=== TEST 18: rewrite: a late thread chooses the upstream
--- config
    location = /t {
        set $port "";
        rewrite_by_lua_block {
            ngx.thread.spawn(function ()
                ngx.sleep(0.002)
                ngx.var.port = ngx.var.server_port
            end)
        }
        proxy_pass http://127.0.0.1:$port/upstream;
    }
    location = /upstream { return 200 "upstream"; }
--- request
GET /t
--- response_body: upstream
--- no_error_log
[error]



=== TEST 19: rewrite and access: a subrequest in a thread
--- config
    location = /t {
        rewrite_by_lua_block {
            ngx.thread.spawn(function ()
                ngx.ctx.rewrite = ngx.location.capture("/sub?rewrite").body
            end)
        }
        access_by_lua_block {
            ngx.thread.spawn(function ()
                ngx.ctx.access = ngx.location.capture("/sub?access").body
            end)
        }
        content_by_lua_block { ngx.say(ngx.ctx.rewrite, " ", ngx.ctx.access) }
    }
    location = /sub {
        content_by_lua_block {
            ngx.sleep(0.002)
            ngx.print(ngx.var.args)
        }
    }
--- request
GET /t
--- response_body
rewrite access
--- no_error_log
[error]



=== TEST 20: access: two subrequests at a time, the first answer counts
--- config
    location = /t {
        access_by_lua_block {
            local function ask(name, seconds)
                return ngx.thread.spawn(function ()
                    return name, ngx.location.capture("/check", { args = { seconds = seconds } }).status
                end)
            end
            local slow, fast = ask("slow", 0.02), ask("fast", 0.001)
            local ok, name, status = ngx.thread.wait(slow, fast)
            ngx.ctx.answer = name .. " " .. status
        }
        content_by_lua_block { ngx.say(ngx.ctx.answer) }
    }
    location = /check {
        content_by_lua_block {
            ngx.sleep(tonumber(ngx.var.arg_seconds))
            ngx.exit(201)
        }
    }
--- request
GET /t
--- response_body
fast 201
--- no_error_log
[error]



=== TEST 21: rewrite: reading the body in a thread
--- config
    location = /t {
        rewrite_by_lua_block {
            ngx.thread.spawn(function ()
                ngx.req.read_body()
                ngx.ctx.body = ngx.req.get_body_data()
            end)
        }
        content_by_lua_block { ngx.say(ngx.ctx.body) }
    }
--- raw_request eval
["POST /t HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 6\r\n\r\nabc", "def"]
--- raw_request_middle_delay: 0.03
--- response_body
abcdef
--- no_error_log
[error]



=== TEST 22: access: reading the body in a thread
--- config
    location = /t {
        access_by_lua_block {
            ngx.thread.spawn(function ()
                ngx.req.read_body()
                ngx.ctx.body = ngx.req.get_body_data()
            end)
        }
        content_by_lua_block { ngx.say(ngx.ctx.body) }
    }
--- raw_request eval
["POST /t HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 6\r\n\r\nabc", "def"]
--- raw_request_middle_delay: 0.03
--- response_body
abcdef
--- no_error_log
[error]



=== TEST 23: threads in a subrequest outlive its entry
--- config
    location = /t {
        content_by_lua_block {
            ngx.print(ngx.location.capture("/sub").body)
        }
    }
    location = /sub {
        rewrite_by_lua_block {
            ngx.thread.spawn(function ()
                ngx.sleep(0.002)
                ngx.ctx.word = "rewrite"
            end)
        }
        content_by_lua_block {
            ngx.thread.spawn(function ()
                ngx.sleep(0.002)
                ngx.say("thread after ", ngx.ctx.word)
            end)
            ngx.say("entry")
        }
    }
--- request
GET /t
--- response_body
entry
thread after rewrite
--- no_error_log
[error]



=== TEST 24: threads in the location of an internal redirect
--- config
    location = /t {
        content_by_lua_block {
            ngx.thread.wait(ngx.thread.spawn(function () ngx.sleep(0.001) end))
            ngx.exec("/other")
        }
    }
    location = /other {
        access_by_lua_block {
            ngx.thread.spawn(function ()
                ngx.sleep(0.002)
                ngx.ctx.word = "late"
            end)
        }
        content_by_lua_block { ngx.say(ngx.ctx.word) }
    }
--- request
GET /t
--- response_body
late
--- no_error_log
[error]



=== TEST 25: an error page with threads
--- config
    location = /t {
        error_page 403 /denied;
        access_by_lua_block {
            ngx.thread.spawn(function ()
                ngx.sleep(0.001)
                ngx.exit(403)
            end)
        }
        content_by_lua_block { ngx.log(ngx.ERR, "content") }
    }
    location = /denied {
        content_by_lua_block {
            ngx.thread.spawn(function ()
                ngx.sleep(0.001)
                ngx.say("denied")
            end)
        }
    }
--- request
GET /t
--- error_code: 403
--- response_body
denied
--- no_error_log
[error]



=== TEST 26: filters that a thread's output reaches run as for the entry's
--- config
    location = /t {
        content_by_lua_block {
            ngx.thread.wait(ngx.thread.spawn(function ()
                ngx.sleep(0.001)
                ngx.print("from a thread")
            end))
        }
        header_filter_by_lua_block {
            ngx.header["X-Running"] = tostring(coroutine.running())
            ngx.header["X-Sleep"] = tostring(select(2, pcall(ngx.sleep, 0)))
            ngx.header["X-Phase"] = ngx.get_phase()
        }
        body_filter_by_lua_block {
            ngx.arg[1] = coroutine.wrap(function (chunk) return chunk:upper() end)(ngx.arg[1])
        }
    }
--- request
GET /t
--- response_headers
X-Running: nil
X-Sleep: API disabled in the context of header_filter_by_lua*
X-Phase: header_filter
--- response_body: FROM A THREAD
--- no_error_log
[error]



=== TEST 27: wrong phase, spawn: the argument is looked at first
--- http_config
    init_by_lua_block {
        function try(...)
            local result = {}
            for i = 1, select("#", ...) do
                table.insert(result, (select(2, pcall(ngx.thread.spawn, (select(i, ...))))))
            end
            return table.concat(result, "; ")
        end
        local err = try(1, function () end)
        function from_init() return err end
    }
    init_worker_by_lua_block {
        local err = try(1, function () end)
        function from_init_worker() return err end
    }
--- config
    location = /t {
        set_by_lua_block $from_set { return try(1, function () end) }
        content_by_lua_block {
            ngx.say(from_init())
            ngx.say(from_init_worker())
            ngx.say(ngx.var.from_set)
        }
        header_filter_by_lua_block { ngx.header["X-Spawn"] = try(1, function () end) }
        body_filter_by_lua_block { ngx.ctx.from_body_filter = try(1, function () end) }
        log_by_lua_block {
            ngx.log(ngx.WARN, ngx.ctx.from_body_filter)
            ngx.log(ngx.WARN, try(1, function () end))
        }
    }
--- request
GET /t
--- response_headers
X-Spawn: bad argument #1 to '?' (Lua function expected); API disabled in the context of header_filter_by_lua*
--- response_body
no request found; no request found
bad argument #1 to '?' (Lua function expected); API disabled in the context of init_worker_by_lua*
bad argument #1 to '?' (Lua function expected); API disabled in the context of set_by_lua*
--- error_log
bad argument #1 to '?' (Lua function expected); API disabled in the context of body_filter_by_lua*
bad argument #1 to '?' (Lua function expected); API disabled in the context of log_by_lua*



=== TEST 28: wrong phase, wait and kill: the phase is looked at first
--- http_config
    init_by_lua_block {
        function try()
            local result = {}
            for _, name in ipairs { "wait", "kill" } do
                table.insert(result, (select(2, pcall(ngx.thread[name]))))
            end
            return table.concat(result, "; ")
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
X-Err: API disabled in the context of header_filter_by_lua*; API disabled in the context of header_filter_by_lua*
--- response_body
no request found; no request found
API disabled in the context of init_worker_by_lua*; API disabled in the context of init_worker_by_lua*
API disabled in the context of set_by_lua*; API disabled in the context of set_by_lua*
--- error_log
API disabled in the context of body_filter_by_lua*; API disabled in the context of body_filter_by_lua*
API disabled in the context of log_by_lua*; API disabled in the context of log_by_lua*



=== TEST 29: timer: threads, and the timer ends with the last
--- config
    location = /t {
        content_by_lua_block {
            ngx.timer.at(0, function ()
                local thread = ngx.thread.spawn(function (word)
                    ngx.sleep(0.001)
                    return word
                end, "waited for")
                ngx.log(ngx.WARN, select(2, ngx.thread.wait(thread)))
                ngx.thread.spawn(function ()
                    ngx.sleep(0.002)
                    ngx.log(ngx.WARN, "outlives")
                    error("no luck")
                end)
            end)
            ngx.sleep(0.02)
            ngx.say("done")
        }
    }
--- request
GET /t
--- response_body
done
--- error_log eval
[qr/waited for, context: ngx\.timer/, qr/outlives, context: ngx\.timer/,
 "lua user thread aborted: runtime error: content_by_lua"]



=== TEST 30: timer: exit in a thread ends all of them
--- config
    location = /t {
        content_by_lua_block {
            ngx.timer.at(0, function ()
                ngx.thread.spawn(function ()
                    ngx.sleep(0.01)
                    ngx.log(ngx.ERR, "the thread goes on")
                end)
                ngx.thread.spawn(function ()
                    ngx.sleep(0.001)
                    ngx.exit(0)
                end)
                ngx.sleep(0.01)
                ngx.log(ngx.ERR, "the entry goes on")
            end)
            ngx.sleep(0.03)
            ngx.say("done")
        }
    }
--- request
GET /t
--- response_body
done
--- no_error_log
[error]



=== TEST 31: timer: kill, statuses and order are as in requests
--- config
    location = /t {
        content_by_lua_block {
            local words = {}
            ngx.timer.at(0, function ()
                local function word(...)
                    for _, each in ipairs { ... } do
                        table.insert(words, each)
                        coroutine.yield()
                    end
                end
                local a = ngx.thread.spawn(word, "a1", "a2", "a3")
                local b = ngx.thread.spawn(word, "b1", "b2", "b3", "b4")
                local c = ngx.thread.spawn(function () ngx.sleep(5) end)
                ngx.thread.wait(a)
                table.insert(words, "m")
                ngx.thread.wait(b)
                table.insert(words, coroutine.status(c))
                table.insert(words, ngx.thread.kill(c))
                table.insert(words, coroutine.status(c))
            end)
            ngx.sleep(0.02)
            ngx.say(table.concat(words, " "))
        }
    }
--- request
GET /t
--- response_body
a1 b1 a2 b2 a3 b3 m b4 running 1 dead
--- no_error_log
[error]



=== TEST 32: threads with lua_code_cache off
--- config
    lua_code_cache off;
    location = /t {
        content_by_lua_block {
            local thread = ngx.thread.spawn(function ()
                ngx.sleep(0.001)
                return "value"
            end)
            ngx.say(ngx.thread.wait(thread))
            ngx.thread.spawn(function ()
                ngx.sleep(0.002)
                ngx.say("late")
            end)
        }
    }
--- request
GET /t
--- response_body
truevalue
late
--- grep_error_log eval
qr/\[(?:error|crit|alert)\] .*/
--- grep_error_log_out eval
qr/\A(?:\[alert\] .*lua_code_cache is off.*\n)?\z/



=== TEST 33: threads of an HTTP/1.0 request in the access phase
--- config
    location = /t {
        access_by_lua_block {
            ngx.thread.spawn(function ()
                ngx.sleep(0.001)
                ngx.header["X-Thread"] = "late"
            end)
        }
        content_by_lua_block { ngx.say("content") }
    }
--- request
GET /t HTTP/1.0
--- response_headers
X-Thread: late
Content-Length: 8
--- response_body
content
--- no_error_log
[error]



=== TEST 34: pipelined requests, each with threads
--- config
    location = /t {
        rewrite_by_lua_block {
            ngx.thread.spawn(function () ngx.sleep(0.001) ngx.ctx.n = ngx.var.arg_n end)
        }
        content_by_lua_block {
            ngx.thread.spawn(function () ngx.sleep(0.001) ngx.say(ngx.ctx.n) end)
        }
    }
--- pipelined_requests eval
["GET /t?n=1", "GET /t?n=2", "GET /t?n=3"]
--- response_body eval
["1\n", "2\n", "3\n"]
--- no_error_log
[error]
