# ngx.flush, ngx.eof, ngx.send_headers, ngx.headers_sent.

use Test::Nginx::Socket::Lua 'no_plan';

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: flush answers 1 when there is something to flush
--- config
    location = /t {
        content_by_lua_block {
            local function flush(...)
                local ok, err = ngx.flush(...)
                ngx.say(tostring(ok), " ", tostring(err))
            end
            ngx.say("x")
            flush()
            flush(false)
            flush(true)
        }
    }
--- request
GET /t
--- response_body
x
1 nil
1 nil
1 nil
--- no_error_log
[error]



=== TEST 2: flush before the header is "nothing to flush" and sends nothing
--- config
    location = /t {
        content_by_lua_block {
            local results = {}
            for _, args in ipairs { {}, { false }, { true } } do
                local ok, err = ngx.flush(unpack(args))
                table.insert(results, tostring(ok) .. " " .. err .. "\n")
            end
            ngx.say(ngx.headers_sent)
            ngx.print(results)
        }
    }
--- request
GET /t
--- response_body
false
nil nothing to flush
nil nothing to flush
nil nothing to flush
--- no_error_log
[error]



=== TEST 3: flush after the header alone
--- config
    location = /t {
        content_by_lua_block {
            ngx.send_headers()
            local results = {}
            for _, args in ipairs { {}, { false }, { true } } do
                local ok, err = ngx.flush(unpack(args))
                table.insert(results, tostring(ok) .. " " .. tostring(err) .. "\n")
            end
            ngx.print(results)
        }
    }
--- request
GET /t
--- response_body
nil nothing to flush
nil nothing to flush
1 nil
--- no_error_log
[error]



=== TEST 4: flush after eof is "seen eof"
--- config
    location = /t {
        content_by_lua_block {
            ngx.say("x")
            ngx.eof()
            local ok, err = ngx.flush(true)
            ngx.log(ngx.WARN, "flush: ", ok, " ", err)
        }
    }
--- request
GET /t
--- response_body
x
--- error_log
flush: nil seen eof
--- no_error_log
[error]



=== TEST 5: flush for HEAD is "header only"
--- config
    location = /t {
        content_by_lua_block {
            ngx.say("x")
            local ok, err = ngx.flush(true)
            ngx.log(ngx.WARN, "flush: ", ok, " ", err)
        }
    }
--- request
HEAD /t
--- response_body:
--- error_log
flush: nil header only
--- no_error_log
[error]



=== TEST 6: flush takes one boolean or nothing
--- config
    location = /t {
        content_by_lua_block {
            local function try(...)
                local args = { n = select("#", ...), ... }
                local ok, err = pcall(function ()
                    ngx.flush(unpack(args, 1, args.n))
                end)
                ngx.say((tostring(err):gsub("^content_by_lua%(nginx%.conf:%d+%):", "")))
            end
            try(nil)
            try("true")
            try(1)
            try {}
            try(true, true)
            try(true, nil, false)
        }
    }
--- request
GET /t
--- response_body
5: bad argument #1 to 'flush' (boolean expected, got nil)
5: bad argument #1 to 'flush' (boolean expected, got string)
5: bad argument #1 to 'flush' (boolean expected, got number)
5: bad argument #1 to 'flush' (boolean expected, got table)
5: attempt to pass 2 arguments, but accepted 0 or 1
5: attempt to pass 3 arguments, but accepted 0 or 1
--- no_error_log
[error]



=== TEST 7: flush(true) has written everything when it returns
--- config
    postpone_output 10000;
    location = /t {
        content_by_lua_block {
            ngx.say("x")
            ngx.log(ngx.WARN, "before: ", ngx.var.bytes_sent == "0")
            ngx.flush(true)
            ngx.log(ngx.WARN, "after: ", tonumber(ngx.var.bytes_sent) > 0)
        }
    }
--- request
GET /t
--- response_body
x
--- error_log
before: true
after: true
--- no_error_log
[error]



=== TEST 8: flush() writes what the client takes at once
--- config
    postpone_output 10000;
    location = /t {
        content_by_lua_block {
            ngx.say("x")
            ngx.flush()
            ngx.log(ngx.WARN, "after: ", tonumber(ngx.var.bytes_sent) > 0)
        }
    }
--- request
GET /t
--- response_body
x
--- error_log
after: true
--- no_error_log
[error]



=== TEST 9: flush(true) waits for limit_rate, flush(false) does not
--- config
    location = /t {
        limit_rate 100k;
        content_by_lua_block {
            ngx.update_time()
            local start = ngx.now()
            ngx.print(string.rep("x", 20 * 1024))
            ngx.flush(ngx.var.arg_wait == "1")
            ngx.update_time()
            ngx.log(ngx.WARN, "waited: ", ngx.now() - start > 0.15)
        }
    }
--- request eval
["GET /t?wait=0", "GET /t?wait=1"]
--- response_body eval
["x" x 20480, "x" x 20480]
--- grep_error_log eval
qr/waited: \w+/
--- grep_error_log_out eval
qr/waited: (false|true)/
--- no_error_log
[error]



=== TEST 10: flush(true) of more than the socket takes
--- config
    location = /t {
        content_by_lua_block {
            local chunk = string.rep("0123456789abcdef", 4096)
            for i = 1, 64 do
                ngx.print(chunk)
                local ok, err = ngx.flush(true)
                if not ok then
                    ngx.log(ngx.ERR, "flush: ", err)
                end
            end
            ngx.log(ngx.WARN, "all written: ", tonumber(ngx.var.bytes_sent) > 64 * #chunk)
        }
    }
--- request
GET /t
--- response_body eval
"0123456789abcdef" x (64 * 4096)
--- error_log
all written: true
--- no_error_log
[error]



=== TEST 11: flush(true) in a user coroutine
--- config
    location = /t {
        content_by_lua_block {
            local co = coroutine.create(function ()
                for i = 1, 3 do
                    ngx.say("chunk ", i)
                    ngx.flush(true)
                    coroutine.yield(i)
                end
            end)
            while coroutine.status(co) ~= "dead" do
                local ok, n = coroutine.resume(co)
                ngx.say("resumed: ", ok, " ", tostring(n))
            end
        }
    }
--- request
GET /t
--- response_body
chunk 1
resumed: true 1
chunk 2
resumed: true 2
chunk 3
resumed: true 3
resumed: true nil
--- no_error_log
[error]



=== TEST 12: flush in the rewrite and access phases
--- config
    location = /rewrite {
        rewrite_by_lua_block {
            ngx.say("rewrite")
            local ok, err = ngx.flush(true)
            ngx.say(tostring(ok), " ", tostring(err))
        }
        content_by_lua_block {
            ngx.say("content")
        }
    }
    location = /access {
        access_by_lua_block {
            ngx.say("access")
            local ok, err = ngx.flush(true)
            ngx.say(tostring(ok), " ", tostring(err))
        }
        content_by_lua_block {
            ngx.say("content")
        }
    }
--- request eval
["GET /rewrite", "GET /access"]
--- response_body eval
["rewrite\n1 nil\n", "access\n1 nil\n"]
--- no_error_log
[error]



=== TEST 13: eof ends the answer, the code goes on
--- config
    location = /t {
        content_by_lua_block {
            ngx.say("the answer")
            local ok, err = ngx.eof()
            ngx.log(ngx.WARN, "eof: ", ok, " ", err, ", all written: ", tonumber(ngx.var.bytes_sent) > 0)
            ngx.sleep(0.05)
            ngx.log(ngx.WARN, "work is done")
        }
    }
--- request
GET /t
--- response_body
the answer
--- grep_error_log eval
qr/eof: .*?(?=, client)|work is done/
--- grep_error_log_out
eof: 1 nil, all written: true
work is done
--- no_error_log
[error]



=== TEST 14: the client has its answer while work after eof goes on
--- http_config
    lua_package_path "$prefix/html/?.lua;;";
--- config
    location = /work {
        content_by_lua_block {
            ngx.say("answer of /work")
            ngx.eof()
            ngx.sleep(0.15)
            require("shared").done = true
        }
    }
    location = /ask {
        content_by_lua_block {
            ngx.say(require("shared").done and "done" or "at work")
            require("shared").done = nil
        }
    }
    location = /wait {
        content_by_lua_block {
            ngx.sleep(0.3)
            ngx.say("waited")
        }
    }
    location = /proxy {
        proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/work;
    }
--- user_files
>>> shared.lua
return {}
--- request eval
["GET /proxy", "GET /ask", "GET /wait", "GET /ask"]
--- response_body eval
["answer of /work\n", "at work\n", "waited\n", "done\n"]
--- no_error_log
[error]



=== TEST 15: an error after eof does not change the answer
--- config
    location = /t {
        content_by_lua_block {
            ngx.say("the answer")
            ngx.eof()
            error("too late")
        }
    }
--- request
GET /t
--- response_body
the answer
--- error_log
too late



=== TEST 16: eof without output is an empty answer
--- config
    location = /t {
        content_by_lua_block {
            ngx.eof()
            ngx.log(ngx.WARN, "headers_sent: ", ngx.headers_sent)
        }
    }
--- request
GET /t
--- response_headers
Content-Type: text/plain
--- response_body:
--- error_log
headers_sent: true
--- no_error_log
[error]



=== TEST 17: a second eof is "seen eof"
--- config
    location = /t {
        content_by_lua_block {
            ngx.eof()
            local ok, err = ngx.eof()
            ngx.log(ngx.WARN, "eof: ", ok, " ", err)
        }
    }
--- request
GET /t
--- response_body:
--- error_log
eof: nil seen eof
--- no_error_log
[error]



=== TEST 18: eof takes no argument
--- config
    location = /t {
        content_by_lua_block {
            local ok, err = pcall(function () ngx.eof(nil) end)
            ngx.say((err:gsub("^content_by_lua%(nginx%.conf:%d+%):", "")))
        }
    }
--- request
GET /t
--- response_body
2: no argument is expected
--- no_error_log
[error]



=== TEST 19: eof in the rewrite phase: later phases do not run
--- config
    location = /t {
        rewrite_by_lua_block {
            ngx.say("rewrite")
            ngx.eof()
        }
        content_by_lua_block {
            ngx.log(ngx.ERR, "content")
        }
    }
--- request
GET /t
--- response_body
rewrite
--- no_error_log
[error]



=== TEST 20: body_filter_by_lua sees eof at once
--- config
    location = /t {
        content_by_lua_block {
            ngx.print("x")
            ngx.eof()
            ngx.log(ngx.WARN, "step: after eof")
        }
        body_filter_by_lua_block {
            ngx.log(ngx.WARN, "step: [", ngx.arg[1], "] ", ngx.arg[2])
        }
    }
--- request
GET /t
--- response_body: x
--- grep_error_log eval
qr/step: .*?(?=, client| while)/
--- grep_error_log_out
step: [x] false
step: [] true
step: after eof
--- no_error_log
[error]



=== TEST 21: send_headers sends the header, once
--- config
    location = /t {
        content_by_lua_block {
            ngx.header["X-Count"] = 1
            local before = ngx.headers_sent
            local first, err1 = ngx.send_headers()
            local second, err2 = ngx.send_headers()
            ngx.say(before, " ", ngx.headers_sent)
            ngx.say(first, " ", err1, " ", second, " ", err2)
        }
    }
--- request
GET /t
--- response_headers
X-Count: 1
--- response_body
false true
1 nil 1 nil
--- no_error_log
[error]



=== TEST 22: send_headers alone is an empty answer
--- config
    location = /t {
        content_by_lua_block {
            ngx.status = 404
            ngx.header["X-Why"] = "nobody home"
            ngx.send_headers()
        }
    }
--- request
GET /t
--- error_code: 404
--- response_headers
X-Why: nobody home
--- response_body:
--- no_error_log
[error]



=== TEST 23: send_headers ignores its arguments
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.send_headers(1, {}, print))
        }
    }
--- request
GET /t
--- response_body
1
--- no_error_log
[error]



=== TEST 24: send_headers in the rewrite phase ends the request there
--- config
    location = /t {
        rewrite_by_lua_block {
            ngx.send_headers()
        }
        content_by_lua_block {
            ngx.say("content")
        }
    }
--- request
GET /t
--- response_body:
--- no_error_log
[error]



=== TEST 25: send_headers with a header filter that fails
--- config
    location = /t {
        content_by_lua_block {
            local ok, err = ngx.send_headers()
            ngx.log(ngx.WARN, "send_headers: ", ok, " ", err)
        }
        header_filter_by_lua_block {
            error("no")
        }
    }
--- request
GET /t
--- ignore_response
--- error_log
send_headers: nil nginx output filter error



=== TEST 26: a header set after the header was sent is an error line and no error
--- config
    location = /t {
        content_by_lua_block {
            ngx.header["X-First"] = "1"
            ngx.send_headers()
            ngx.header["X-First"] = "2"
            ngx.header["X-Second"] = "2"
            ngx.say("still here, X-First is ", ngx.header["X-First"])
        }
    }
--- request
GET /t
--- response_headers
X-First: 1
! X-Second
--- response_body
still here, X-First is 1
--- grep_error_log eval
qr/\[error\].*?\*\d+ \K.*?(?=, client)/
--- grep_error_log_out
attempt to set ngx.header.HEADER after sending out response headers
attempt to set ngx.header.HEADER after sending out response headers



=== TEST 27: a status set after the header was sent is an error line and no error
--- config
    location = /t {
        content_by_lua_block {
            ngx.status = 201
            ngx.send_headers()
            ngx.status = 404
            ngx.say("the status is ", ngx.status)
        }
    }
--- request
GET /t
--- error_code: 201
--- response_body
the status is 201
--- grep_error_log eval
qr/\[error\].*?\*\d+ \K.*?(?=, client)/
--- grep_error_log_out
attempt to set ngx.status after sending out response headers



=== TEST 28: headers_sent in each phase
--- config
    location = /t {
        set_by_lua_block $unused {
            ngx.log(ngx.WARN, "set: ", ngx.headers_sent)
        }
        rewrite_by_lua_block {
            ngx.log(ngx.WARN, "rewrite: ", ngx.headers_sent)
        }
        access_by_lua_block {
            ngx.log(ngx.WARN, "access: ", ngx.headers_sent)
        }
        content_by_lua_block {
            ngx.log(ngx.WARN, "content: ", ngx.headers_sent)
            ngx.print("x")
            ngx.log(ngx.WARN, "content: ", ngx.headers_sent)
        }
        header_filter_by_lua_block {
            ngx.log(ngx.WARN, "header_filter: ", ngx.headers_sent)
        }
        body_filter_by_lua_block {
            if not ngx.arg[2] then
                ngx.log(ngx.WARN, "body_filter: ", ngx.headers_sent)
            end
        }
        log_by_lua_block {
            ngx.log(ngx.WARN, "log: ", ngx.headers_sent)
        }
    }
--- request
GET /t
--- response_body: x
--- grep_error_log eval
qr/\w+: (?:true|false)/
--- grep_error_log_out
set: false
rewrite: false
access: false
content: false
header_filter: false
body_filter: true
content: true
log: true
--- no_error_log
[error]



=== TEST 29: headers_sent is false in the log phase when nothing was sent
--- config
    location = /t {
        return 444;
        log_by_lua_block {
            ngx.log(ngx.WARN, "sent: ", ngx.headers_sent)
        }
    }
--- request
GET /t
--- ignore_response
--- error_log
sent: false
--- no_error_log
[error]



=== TEST 30: headers_sent without a request
--- http_config
    init_by_lua_block {
        local ok, err = pcall(function () return ngx.headers_sent end)
        init_error = err
    }
    init_worker_by_lua_block {
        local ok, err = pcall(function () return ngx.headers_sent end)
        ngx.log(ngx.WARN, "init: ", (init_error:gsub("^.-:%d+: ", "")))
        ngx.log(ngx.WARN, "init_worker: ", (err:gsub("^.-:%d+: ", "")))
    }
--- config
    location = /t {
        return 200 "ok\n";
    }
--- request
GET /t
--- response_body
ok
--- grep_error_log eval
qr/init(_worker)?: [\w ]+(?=, context)/
--- grep_error_log_out eval
["init: no request found\ninit_worker: API disabled in the current context\n", ""]
--- no_error_log
[error]



=== TEST 31: output functions are refused in init_worker
--- http_config
    init_worker_by_lua_block {
        for _, name in ipairs { "print", "say", "flush", "eof", "send_headers" } do
            local ok, err = pcall(function () ngx[name]() end)
            ngx.log(ngx.WARN, name, ": ", (tostring(err):gsub("^.-%(nginx%.conf:%d+%):%d+: ", "")))
        end
    }
--- config
    location = /t {
        return 200 "ok\n";
    }
--- request
GET /t
--- response_body
ok
--- grep_error_log eval
qr/(?:print|say|flush|eof|send_headers): .*?(?=, context)/
--- grep_error_log_out eval
[join("", map { "$_: API disabled in the context of init_worker_by_lua*\n" } qw(print say flush eof send_headers)), ""]
--- no_error_log
[error]



=== TEST 32: output functions are refused in set, filter and log; eof answers first when it was seen
--- http_config
    init_by_lua_block {
        function try_output()
            for _, name in ipairs { "print", "say", "flush", "eof", "send_headers" } do
                local ok, result, err = pcall(function () return ngx[name]() end)
                result = tostring(result):gsub("^.-%(nginx%.conf:%d+%):%d+: ", "")
                ngx.log(ngx.WARN, name, ": ", result, err and " " .. err or "")
            end
        end
    }
--- config
    location = /t {
        set_by_lua_block $unused {
            try_output()
        }
        header_filter_by_lua_block {
            try_output()
        }
        body_filter_by_lua_block {
            try_output()
        }
        log_by_lua_block {
            try_output()
        }
        content_by_lua_block {
            ngx.print()
        }
    }
--- request
GET /t
--- response_body:
--- grep_error_log eval
qr/(?:print|say|flush|eof|send_headers): .*?(?=, client| while)/
--- grep_error_log_out
print: API disabled in the context of set_by_lua*
say: API disabled in the context of set_by_lua*
flush: API disabled in the context of set_by_lua*
eof: API disabled in the context of set_by_lua*
send_headers: API disabled in the context of set_by_lua*
print: API disabled in the context of header_filter_by_lua*
say: API disabled in the context of header_filter_by_lua*
flush: API disabled in the context of header_filter_by_lua*
eof: API disabled in the context of header_filter_by_lua*
send_headers: API disabled in the context of header_filter_by_lua*
print: API disabled in the context of body_filter_by_lua*
say: API disabled in the context of body_filter_by_lua*
flush: API disabled in the context of body_filter_by_lua*
eof: nil seen eof
send_headers: API disabled in the context of body_filter_by_lua*
print: API disabled in the context of log_by_lua*
say: API disabled in the context of log_by_lua*
flush: API disabled in the context of log_by_lua*
eof: nil seen eof
send_headers: API disabled in the context of log_by_lua*



=== TEST 33: output functions in init have no request
--- http_config
    init_by_lua_block {
        results = {}
        for _, name in ipairs { "print", "say", "eof", "send_headers" } do
            local ok, err = pcall(ngx[name])
            table.insert(results, name .. ": " .. err .. "\n")
        end
    }
--- config
    location = /t {
        content_by_lua_block {
            ngx.print(results)
        }
    }
--- request
GET /t
--- response_body
print: no request object found
say: no request object found
eof: no request object found
send_headers: no request found
--- no_error_log
[error]



=== TEST 34: flush in init has no request
--- http_config
    init_by_lua_block {
        flush_error = select(2, pcall(ngx.flush))
    }
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(flush_error)
        }
    }
--- request
GET /t
--- response_body_like: no request
--- no_error_log
[error]
--- differs: the C module uses the request that is not there, and dies
