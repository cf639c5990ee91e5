# A client that closes the connection while Lua code waits.

use Test::Nginx::Socket::Lua 'no_plan';

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: lua_check_client_abort off: the code runs to its end
--- config
    location = /t {
        content_by_lua_block {
            ngx.sleep(0.3)
            ngx.log(ngx.WARN, "after the sleep")
            ngx.say("too late")
        }
        log_by_lua_block {
            ngx.log(ngx.WARN, "status ", ngx.status)
        }
    }
--- request
GET /t
--- abort
--- timeout: 0.15
--- wait: 0.25
--- ignore_response
--- error_log
after the sleep
status 200 while logging request
--- no_error_log
[error]



=== TEST 2: lua_check_client_abort on: the code ends where it waits, and its timer is gone
--- config
    lua_check_client_abort on;
    location = /t {
        content_by_lua_block {
            ngx.sleep(2)
            ngx.log(ngx.ERR, "after the sleep")
        }
        log_by_lua_block {
            ngx.log(ngx.WARN, "status ", ngx.status)
        }
    }
--- request
GET /t
--- abort
--- timeout: 0.15
--- wait: 2
--- ignore_response
--- error_log eval
[qr/\[info\] .* client prematurely closed connection, client: 127\.0\.0\.1/,
 "status 499 while logging request"]
--- no_error_log
[error]



=== TEST 3: on, in the rewrite and in the access phase
--- config
    lua_check_client_abort on;
    location = /rewrite {
        rewrite_by_lua_block {
            ngx.sleep(2)
            ngx.log(ngx.ERR, "after the sleep")
        }
        content_by_lua_block {
            ngx.log(ngx.ERR, "content")
        }
    }
    location = /access {
        access_by_lua_block {
            ngx.sleep(2)
            ngx.log(ngx.ERR, "after the sleep")
        }
        content_by_lua_block {
            ngx.log(ngx.ERR, "content")
        }
    }
--- request eval
["GET /rewrite", "GET /access"]
--- abort
--- timeout: 0.15
--- ignore_response
--- error_log
client prematurely closed connection
--- no_error_log
[error]



=== TEST 4: off, in the rewrite and in the access phase: the next phases run
--- config
    location = /rewrite {
        rewrite_by_lua_block {
            ngx.sleep(0.3)
        }
        content_by_lua_block {
            ngx.log(ngx.WARN, "content")
        }
    }
    location = /access {
        access_by_lua_block {
            ngx.sleep(0.3)
        }
        content_by_lua_block {
            ngx.log(ngx.WARN, "content")
        }
    }
--- request eval
["GET /rewrite", "GET /access"]
--- abort
--- timeout: 0.15
--- wait: 0.25
--- ignore_response
--- error_log
content, client
--- no_error_log
[error]



=== TEST 5: on, in coroutines inside each other
--- config
    lua_check_client_abort on;
    location = /t {
        content_by_lua_block {
            local function nest(depth)
                if depth == 0 then
                    ngx.sleep(2)
                    return
                end
                coroutine.resume(coroutine.create(nest), depth - 1)
                ngx.log(ngx.ERR, "after the sleep")
            end
            nest(3)
        }
    }
--- request
GET /t
--- abort
--- timeout: 0.15
--- ignore_response
--- error_log
client prematurely closed connection
--- no_error_log
[error]
--- differs: in the C module the coroutines go on without their request



=== TEST 6: on, a pcall around the wait does not see it
--- config
    lua_check_client_abort on;
    location = /t {
        content_by_lua_block {
            local ok, err = pcall(ngx.sleep, 2)
            ngx.log(ngx.ERR, "after the sleep: ", ok, " ", err)
        }
    }
--- request
GET /t
--- abort
--- timeout: 0.15
--- ignore_response
--- error_log
client prematurely closed connection
--- no_error_log
[error]



=== TEST 7: on, many waits before the client closes
--- config
    lua_check_client_abort on;
    location = /t {
        content_by_lua_block {
            for i = 1, 2000 do
                ngx.sleep(0.001)
            end
            ngx.log(ngx.ERR, "after the sleeps")
        }
    }
--- request
GET /t
--- abort
--- timeout: 0.15
--- ignore_response
--- error_log
client prematurely closed connection
--- no_error_log
[error]



=== TEST 8: on, the client has its answer and closes, work after eof ends
--- config
    lua_check_client_abort on;
    location = /t {
        content_by_lua_block {
            ngx.say("answer")
            ngx.eof()
            ngx.sleep(2)
            ngx.log(ngx.ERR, "after the sleep")
        }
    }
--- request
GET /t
--- abort
--- timeout: 0.15
--- response_body
answer
--- error_log
client prematurely closed connection
--- no_error_log
[error]



=== TEST 9: off, the client has its answer and closes, work after eof goes on
--- config
    location = /t {
        content_by_lua_block {
            ngx.say("answer")
            ngx.eof()
            ngx.sleep(0.3)
            ngx.log(ngx.WARN, "after the sleep")
        }
    }
--- request
GET /t
--- abort
--- timeout: 0.15
--- wait: 0.25
--- response_body
answer
--- error_log
after the sleep
--- no_error_log
[error]



=== TEST 10: off, a client that only ends its own side gets the answer
--- config
    location = /t {
        content_by_lua_block {
            ngx.sleep(0.05)
            ngx.say("answer")
        }
    }
--- request
GET /t
--- shutdown: 1
--- response_body
answer
--- no_error_log
[error]



=== TEST 11: on, a client that stays gets its answer
--- config
    lua_check_client_abort on;
    location = /t {
        rewrite_by_lua_block {
            ngx.sleep(0.01)
        }
        access_by_lua_block {
            ngx.sleep(0.01)
        }
        content_by_lua_block {
            ngx.sleep(0.01)
            ngx.say(ngx.var.arg_n)
        }
    }
--- pipelined_requests eval
["GET /t?n=1", "GET /t?n=2", "GET /t?n=3"]
--- response_body eval
["1\n", "2\n", "3\n"]
--- no_error_log
[error]
client prematurely closed connection



=== TEST 12: on, with a request body that nobody reads
--- config
    lua_check_client_abort on;
    location = /t {
        content_by_lua_block {
            ngx.sleep(0.02)
            ngx.say(ngx.var.arg_n)
        }
    }
--- pipelined_requests eval
["POST /t?n=1\n" . ("x" x 2000), "GET /t?n=2"]
--- response_body eval
["1\n", "2\n"]
--- no_error_log
[error]
client prematurely closed connection



=== TEST 13: the next request is served as if nothing had been
--- config
    location = /t {
        lua_check_client_abort on;
        content_by_lua_block {
            ngx.ctx.mark = "of the first request"
            ngx.sleep(2)
        }
    }
    location = /next {
        content_by_lua_block {
            ngx.sleep(0.001)
            ngx.say("mark: ", ngx.ctx.mark)
        }
    }
--- request eval
["GET /t", "GET /next"]
--- abort
--- timeout: 0.15
--- error_code eval
["", 200]
--- response_body eval
["", "mark: nil\n"]
--- no_error_log
[error]



=== TEST 14: several clients that go away
--- config
    lua_check_client_abort on;
    location = /t {
        content_by_lua_block {
            ngx.sleep(2)
            ngx.log(ngx.ERR, "after the sleep")
        }
    }
--- request eval
["GET /t", "GET /t", "GET /t"]
--- abort
--- timeout: 0.15
--- ignore_response
--- error_log
client prematurely closed connection
--- no_error_log
[error]



=== TEST 15: output to a client that has gone is no error
--- config
    location = /t {
        content_by_lua_block {
            ngx.sleep(0.3)
            for i = 1, 4 do
                ngx.say("line ", i)
                ngx.flush(true)
                ngx.sleep(0.01)
            end
            ngx.log(ngx.WARN, "wrote it all")
        }
    }
--- request
GET /t
--- abort
--- timeout: 0.15
--- wait: 0.25
--- ignore_response
--- error_log
wrote it all
--- no_error_log
[error]



=== TEST 16: a client that goes away before its body is there: no code runs
--- config
    lua_need_request_body on;
    location = /t {
        rewrite_by_lua_block {
            ngx.log(ngx.ERR, "rewrite")
        }
        content_by_lua_block {
            ngx.log(ngx.ERR, "content")
        }
        log_by_lua_block {
            ngx.log(ngx.WARN, "status ", ngx.status)
        }
    }
--- raw_request eval
"POST /t HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nnot all of it"
--- abort
--- timeout: 0.15
--- ignore_response
--- error_log eval
["client prematurely closed connection", qr/status \d+ while logging request/]
--- no_error_log
[error]



=== TEST 17: a client that goes away while ngx.req.read_body waits
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.log(ngx.ERR, "after read_body")
        }
        log_by_lua_block {
            ngx.log(ngx.WARN, "status ", ngx.status)
        }
    }
--- raw_request eval
"POST /t HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nnot all of it"
--- abort
--- timeout: 0.15
--- ignore_response
--- error_log eval
["client prematurely closed connection", qr/status \d+ while logging request/]
--- no_error_log
[error]



=== TEST 18: in a subrequest that auth_request made
--- config
    lua_check_client_abort on;
    location = /t {
        auth_request /auth;
        content_by_lua_block {
            ngx.log(ngx.ERR, "content")
        }
    }
    location = /auth {
        content_by_lua_block {
            ngx.sleep(2)
            ngx.log(ngx.ERR, "after the sleep")
        }
    }
--- request
GET /t
--- abort
--- timeout: 0.15
--- ignore_response
--- error_log
client prematurely closed connection
--- no_error_log
[error]
