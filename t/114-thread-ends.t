# ngx.exit, ngx.exec, ngx.redirect and errors in one thread while the others wait.

use Test::Nginx::Socket::Lua 'no_plan';

# waits.KIND() waits in that way for longer than a test lasts.
our $HttpConfig = <<'_EOC_';
    init_by_lua_block {
        waits = {}

        function waits.sleep()
            ngx.sleep(5)
        end

        function waits.turn()
            while true do
                ngx.sleep(0.005)
                coroutine.yield()
            end
        end

        function waits.thread()
            ngx.thread.wait(ngx.thread.spawn(waits.sleep))
        end

        function waits.threads()
            local list = {}
            for i = 1, 10 do
                list[i] = ngx.thread.spawn(waits.sleep)
            end
            ngx.thread.wait(unpack(list))
        end

        function waits.coroutine()
            coroutine.resume(coroutine.create(waits.sleep))
        end

        function waits.coroutines(depth)
            depth = depth or 5
            if depth == 0 then
                ngx.sleep(5)
            end
            coroutine.wrap(waits.coroutines)(depth - 1)
        end

        function waits.mixed()
            ngx.thread.spawn(function ()
                coroutine.wrap(waits.thread)()
            end)
            waits.coroutines()
        end

        -- A thread that waits; its code must not go on.
        function start(kind)
            return ngx.thread.spawn(function ()
                pcall(waits[kind])
                ngx.log(ngx.ERR, "the thread goes on: ", kind)
            end)
        end

        -- Waits here.
        function stay(kind)
            pcall(waits[kind])
            ngx.log(ngx.ERR, "the code goes on: ", kind)
        end
    }
_EOC_

our @Kinds = qw(sleep turn thread threads);
# In the C module, coroutines that wait go on when their request has ended.
push @Kinds, qw(coroutine coroutines mixed) if !$ENV{TEST_NGINX_ORACLE};

sub requests {
    [map { "GET /t?wait=$_" } @Kinds]
}

sub each_kind {
    my $value = shift;
    [map { $value } @Kinds]
}

add_block_preprocessor(sub {
    my $block = shift;
    $block->set_value(http_config => $HttpConfig);
});

repeat_each(1);
run_tests();

__DATA__

=== TEST 1: exit(200) in the entry
--- config
    location = /t {
        content_by_lua_block {
            start(ngx.var.arg_wait)
            ngx.say("output")
            ngx.exit(200)
        }
    }
--- request eval
::requests()
--- response_body eval
::each_kind("output\n")
--- no_error_log
[error]



=== TEST 2: exit(200) in the entry, later
--- config
    location = /t {
        content_by_lua_block {
            start(ngx.var.arg_wait)
            ngx.sleep(0.01)
            ngx.say("output")
            ngx.exit(200)
        }
    }
--- request eval
::requests()
--- response_body eval
::each_kind("output\n")
--- no_error_log
[error]



=== TEST 3: exit(200) in a thread, the entry waits
--- config
    location = /t {
        content_by_lua_block {
            ngx.thread.spawn(function ()
                ngx.sleep(0.01)
                ngx.say("output")
                ngx.exit(200)
            end)
            stay(ngx.var.arg_wait)
        }
    }
--- request eval
::requests()
--- response_body eval
::each_kind("output\n")
--- no_error_log
[error]



=== TEST 4: exit(200) in a thread, others wait, the entry has ended
--- config
    location = /t {
        content_by_lua_block {
            start(ngx.var.arg_wait)
            ngx.thread.spawn(function ()
                ngx.sleep(0.01)
                ngx.say("output")
                ngx.exit(200)
            end)
        }
    }
--- request eval
::requests()
--- response_body eval
::each_kind("output\n")
--- no_error_log
[error]



=== TEST 5: exit(200) in a thread at once
--- config
    location = /t {
        content_by_lua_block {
            start(ngx.var.arg_wait)
            ngx.thread.spawn(function ()
                ngx.say("output")
                ngx.exit(200)
            end)
            ngx.log(ngx.ERR, "the entry goes on")
        }
    }
--- request eval
::requests()
--- response_body eval
::each_kind("output\n")
--- no_error_log
[error]



=== TEST 6: exit(403) in a thread, nothing was sent
--- config
    location = /t {
        content_by_lua_block {
            start(ngx.var.arg_wait)
            ngx.thread.spawn(function ()
                ngx.sleep(0.01)
                ngx.exit(403)
            end)
            stay(ngx.var.arg_wait)
        }
    }
--- request eval
::requests()
--- error_code eval
::each_kind(403)
--- response_body_like eval
::each_kind("403 Forbidden")
--- no_error_log
[error]



=== TEST 7: exit(403) in a thread, the header was sent
--- config
    location = /t {
        content_by_lua_block {
            start(ngx.var.arg_wait)
            ngx.say("output")
            ngx.thread.spawn(function ()
                ngx.sleep(0.01)
                ngx.exit(403)
            end)
        }
    }
--- request eval
::requests()
--- response_body eval
::each_kind("output\n")
--- error_log
attempt to set status 403 via ngx.exit after sending out the response status 200
--- no_error_log
goes on



=== TEST 8: exit(0) in a thread ends the response
--- config
    location = /t {
        content_by_lua_block {
            start(ngx.var.arg_wait)
            ngx.thread.spawn(function ()
                ngx.sleep(0.01)
                ngx.say("output")
                ngx.exit(0)
            end)
            stay(ngx.var.arg_wait)
        }
    }
--- request eval
::requests()
--- response_body eval
::each_kind("output\n")
--- no_error_log
[error]



=== TEST 9: exit(444) in a thread closes the connection
--- config
    location = /t {
        content_by_lua_block {
            start(ngx.var.arg_wait)
            ngx.thread.spawn(function ()
                ngx.sleep(0.01)
                ngx.exit(444)
            end)
            stay(ngx.var.arg_wait)
        }
    }
--- request eval
::requests()
--- error_code eval
::each_kind("")
--- no_error_log
[error]



=== TEST 10: exit(ngx.ERROR) in a thread closes the connection
--- config
    location = /t {
        content_by_lua_block {
            start(ngx.var.arg_wait)
            ngx.thread.spawn(function ()
                ngx.sleep(0.01)
                ngx.exit(ngx.ERROR)
            end)
            stay(ngx.var.arg_wait)
        }
    }
--- request eval
::requests()
--- error_code eval
::each_kind("")
--- no_error_log
[error]



=== TEST 11: exit in a coroutine of a thread
--- config
    location = /t {
        content_by_lua_block {
            start(ngx.var.arg_wait)
            ngx.thread.spawn(function ()
                coroutine.wrap(function ()
                    ngx.sleep(0.01)
                    pcall(ngx.exit, 403)
                end)()
                ngx.log(ngx.ERR, "the code goes on")
            end)
            stay(ngx.var.arg_wait)
        }
    }
--- request eval
::requests()
--- error_code eval
::each_kind(403)
--- response_body_like eval
::each_kind("403 Forbidden")
--- no_error_log
[error]



=== TEST 12: exec in a thread
--- config
    location = /t {
        content_by_lua_block {
            start(ngx.var.arg_wait)
            ngx.thread.spawn(function ()
                ngx.sleep(0.01)
                ngx.exec("/other", "n=5")
            end)
            stay(ngx.var.arg_wait)
        }
    }
    location = /other {
        content_by_lua_block {
            ngx.thread.wait(ngx.thread.spawn(function () ngx.sleep(0.01) end))
            ngx.say("other ", ngx.var.arg_n)
        }
    }
--- request eval
::requests()
--- response_body eval
::each_kind("other 5\n")
--- no_error_log
[error]



=== TEST 13: exec of a named location in a thread
--- config
    location = /t {
        content_by_lua_block {
            start(ngx.var.arg_wait)
            ngx.thread.spawn(function ()
                ngx.exec("@named")
            end)
            stay(ngx.var.arg_wait)
        }
    }
    location @named {
        content_by_lua_block {
            ngx.sleep(0.01)
            ngx.say("named")
        }
    }
--- request eval
::requests()
--- response_body eval
::each_kind("named\n")
--- no_error_log
[error]



=== TEST 14: redirect in a thread
--- config
    location = /t {
        content_by_lua_block {
            start(ngx.var.arg_wait)
            ngx.thread.spawn(function ()
                ngx.sleep(0.01)
                ngx.redirect("/other")
            end)
            stay(ngx.var.arg_wait)
        }
    }
--- request eval
::requests()
--- error_code eval
::each_kind(302)
--- response_headers eval
::each_kind("Location: /other")
--- response_body_like eval
::each_kind("302 Found")
--- no_error_log
[error]



=== TEST 15: a jump to another URI in a thread of the rewrite phase
--- config
    location = /t {
        rewrite_by_lua_block {
            start(ngx.var.arg_wait)
            ngx.thread.spawn(function ()
                ngx.sleep(0.01)
                ngx.req.set_uri("/other", true)
            end)
            stay(ngx.var.arg_wait)
        }
        content_by_lua_block { ngx.log(ngx.ERR, "content goes on") }
    }
    location = /other {
        content_by_lua_block { ngx.say("other") }
    }
--- request eval
::requests()
--- response_body eval
::each_kind("other\n")
--- no_error_log
[error]



=== TEST 16: an error of the entry, nothing was sent
--- config
    location = /t {
        content_by_lua_block {
            start(ngx.var.arg_wait)
            ngx.sleep(0.01)
            error("no luck")
        }
    }
--- request eval
::requests()
--- error_code eval
::each_kind(500)
--- response_body_like eval
::each_kind("500 Internal Server Error")
--- error_log
lua entry thread aborted: runtime error: content_by_lua
--- no_error_log
goes on



=== TEST 17: an error of the entry, the header was sent
--- config
    location = /t {
        content_by_lua_block {
            start(ngx.var.arg_wait)
            ngx.say("output")
            ngx.flush(true)
            error("no luck")
        }
    }
--- request eval
::requests()
--- ignore_response
--- error_log
lua entry thread aborted: runtime error: content_by_lua
--- no_error_log
goes on



=== TEST 18: an error of a thread ends only itself
--- config
    location = /t {
        content_by_lua_block {
            start(ngx.var.arg_wait)
            ngx.thread.spawn(function ()
                ngx.sleep(0.005)
                error("no luck")
            end)
            ngx.thread.spawn(function ()
                ngx.sleep(0.02)
                ngx.say("after the error")
                ngx.exit(200)
            end)
            stay(ngx.var.arg_wait)
        }
    }
--- request eval
::requests()
--- response_body eval
::each_kind("after the error\n")
--- error_log
lua user thread aborted: runtime error: content_by_lua
--- no_error_log
goes on



=== TEST 19: killing the waiting thread ends its wait
--- config
    location = /t {
        content_by_lua_block {
            local thread = start(ngx.var.arg_wait)
            ngx.sleep(0.01)
            ngx.say(ngx.thread.kill(thread))
            ngx.sleep(0.01)
            ngx.exit(200)
        }
    }
--- request eval
::requests()
--- response_body eval
::each_kind("1\n")
--- no_error_log
[error]



=== TEST 20: a coroutine that waits ends with the request
--- config
    location = /t {
        content_by_lua_block {
            ngx.thread.spawn(function ()
                coroutine.wrap(function ()
                    ngx.sleep(0.01)
                    ngx.log(ngx.ERR, "the coroutine goes on")
                end)()
            end)
            ngx.say("output")
            ngx.exit(200)
        }
    }
--- request eval
["GET /t", "GET /t"]
--- response_body eval
["output\n", "output\n"]
--- wait: 0.05
--- no_error_log
[error]
--- differs: in the C module it goes on without its request



=== TEST 21: the client goes away
--- config
    location = /t {
        lua_check_client_abort on;
        content_by_lua_block {
            for _, kind in ipairs { "sleep", "turn", "thread", "threads" } do
                start(kind)
            end
            stay("thread")
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
goes on



=== TEST 22: with a subrequest pending, exit, exec and redirect are refused in all threads
--- config
    location = /t {
        content_by_lua_block {
            ngx.thread.spawn(function ()
                ngx.sleep(0.001)
                ngx.say(pcall(ngx.exit, 403))
                ngx.say(pcall(ngx.exit, 200))
                ngx.say(pcall(ngx.exit, 0))
                ngx.say(pcall(ngx.exec, "/sub"))
                ngx.say(pcall(ngx.redirect, "/sub"))
            end)
            ngx.say(ngx.location.capture("/sub").body)
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
falseattempt to abort with pending subrequests
falseattempt to abort with pending subrequests
falseattempt to abort with pending subrequests
falseattempt to abort with pending subrequests
falseattempt to abort with pending subrequests
sub
--- no_error_log
[error]



=== TEST 23: the same for a jump in the rewrite phase
--- config
    location = /t {
        rewrite_by_lua_block {
            local thread = ngx.thread.spawn(function ()
                ngx.sleep(0.02)
                ngx.req.set_uri("/other", true)
            end)
            ngx.thread.spawn(function ()
                ngx.sleep(0.001)
                ngx.ctx.err = select(2, pcall(ngx.req.set_uri, "/other", true))
            end)
            ngx.location.capture("/sub")
            ngx.req.set_header("X-Error", ngx.ctx.err)
        }
        content_by_lua_block { ngx.log(ngx.ERR, "content goes on") }
    }
    location = /sub {
        content_by_lua_block { ngx.sleep(0.01) }
    }
    location = /other {
        content_by_lua_block { ngx.say(ngx.var.http_x_error) }
    }
--- request
GET /t
--- response_body
attempt to abort with pending subrequests
--- no_error_log
[error]



=== TEST 24: when the subrequest is done, they work
--- config
    location = /t {
        content_by_lua_block {
            start("sleep")
            ngx.thread.spawn(function ()
                ngx.print(ngx.location.capture("/sub").body)
                ngx.exit(200)
            end)
            stay("sleep")
        }
    }
    location = /sub {
        content_by_lua_block {
            ngx.sleep(0.005)
            ngx.say("sub")
        }
    }
--- request
GET /t
--- response_body
sub
--- no_error_log
[error]



=== TEST 25: with a subrequest pending, exit(-1), 444, 408 and 499 close the connection
--- config
    location = /t {
        content_by_lua_block {
            ngx.thread.spawn(function ()
                ngx.sleep(0.001)
                ngx.exit(tonumber(ngx.var.arg_code))
            end)
            ngx.location.capture("/sub")
            ngx.log(ngx.ERR, "the code goes on")
        }
    }
    location = /sub {
        content_by_lua_block { ngx.sleep(0.02) }
    }
--- request eval
[map { "GET /t?code=$_" } -1, 444, 408, 499]
--- error_code eval
["", "", "", ""]
--- no_error_log
[error]



=== TEST 26: with subrequests pending in several threads
--- config
    location = /t {
        content_by_lua_block {
            for i = 1, 3 do
                ngx.thread.spawn(function ()
                    ngx.location.capture("/sub")
                    ngx.log(ngx.ERR, "the thread goes on")
                end)
            end
            ngx.sleep(0.005)
            ngx.exit(444)
        }
    }
    location = /sub {
        content_by_lua_block { ngx.sleep(0.02) }
    }
--- request
GET /t
--- error_code:
--- no_error_log
[error]



=== TEST 27: an error of the entry with a subrequest pending ends the request
--- config
    location = /t {
        content_by_lua_block {
            ngx.thread.spawn(function ()
                ngx.location.capture("/sub")
                ngx.log(ngx.ERR, "the thread goes on")
            end)
            error("no luck")
        }
    }
    location = /sub {
        content_by_lua_block { ngx.sleep(0.02) }
    }
--- request
GET /t
--- ignore_response
--- error_log
lua entry thread aborted: runtime error: content_by_lua
--- no_error_log
goes on



=== TEST 28: the end of the entry does not end a thread's subrequest
--- config
    location = /t {
        content_by_lua_block {
            ngx.thread.spawn(function ()
                ngx.print(ngx.location.capture("/sub").body)
            end)
            ngx.say("entry")
        }
    }
    location = /sub {
        content_by_lua_block {
            ngx.sleep(0.005)
            ngx.say("sub")
        }
    }
--- request
GET /t
--- response_body
entry
sub
--- no_error_log
[error]



=== TEST 29: exit while a thread reads the body
--- config
    location = /t {
        lingering_timeout 10ms;
        content_by_lua_block {
            ngx.thread.spawn(function ()
                ngx.req.read_body()
                ngx.log(ngx.ERR, "the thread goes on")
            end)
            ngx.sleep(0.01)
            ngx.say("output")
            ngx.exit(200)
        }
    }
--- raw_request eval
"POST /t HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 6\r\n\r\nabc"
--- response_body
output
--- no_error_log
[error]



=== TEST 30: exit(403) in a thread while the entry reads the body
--- config
    location = /t {
        lingering_timeout 10ms;
        content_by_lua_block {
            ngx.thread.spawn(function ()
                ngx.sleep(0.01)
                ngx.exit(403)
            end)
            ngx.req.read_body()
            ngx.log(ngx.ERR, "the code goes on")
        }
    }
--- raw_request eval
"POST /t HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 6\r\n\r\nabc"
--- error_code: 403
--- response_body_like: 403 Forbidden
--- no_error_log
[error]



=== TEST 31: exec while a thread reads the body
--- config
    location = /t {
        lingering_timeout 10ms;
        content_by_lua_block {
            ngx.thread.spawn(function ()
                ngx.req.read_body()
                ngx.log(ngx.ERR, "the thread goes on")
            end)
            ngx.sleep(0.01)
            ngx.exec("/other")
        }
    }
    location = /other {
        lingering_timeout 10ms;
        content_by_lua_block { ngx.say("other") }
    }
--- raw_request eval
"POST /t HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 6\r\n\r\nabc"
--- response_body
other
--- no_error_log
[error]



=== TEST 32: an error of the entry while a thread reads the body
--- config
    location = /t {
        lingering_timeout 10ms;
        content_by_lua_block {
            ngx.thread.spawn(function ()
                ngx.req.read_body()
                ngx.log(ngx.ERR, "the thread goes on")
            end)
            ngx.sleep(0.01)
            error("no luck")
        }
    }
--- raw_request eval
"POST /t HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 6\r\n\r\nabc"
--- error_code: 500
--- response_body_like: 500 Internal Server Error
--- error_log
no luck
--- no_error_log
goes on



=== TEST 33: the body is read by one thread while the others work
--- config
    location = /t {
        content_by_lua_block {
            local reader = ngx.thread.spawn(function ()
                ngx.req.read_body()
                return ngx.req.get_body_data()
            end)
            local n = 0
            local worker = ngx.thread.spawn(function ()
                while true do
                    ngx.sleep(0.002)
                    n = n + 1
                end
            end)
            ngx.say(ngx.thread.wait(reader))
            ngx.thread.kill(worker)
            ngx.say(n > 2)
        }
    }
--- raw_request eval
["POST /t HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 6\r\n\r\nabc", "def"]
--- raw_request_middle_delay: 0.1
--- response_body
trueabcdef
true
--- no_error_log
[error]



=== TEST 34: two threads read the body at the same time
--- config
    location = /t {
        content_by_lua_block {
            local function read()
                local ok, err = pcall(ngx.req.read_body)
                return ok and ngx.req.get_body_data() or err
            end
            local a, b = ngx.thread.spawn(read), ngx.thread.spawn(read)
            local _, from_a = ngx.thread.wait(a)
            local _, from_b = ngx.thread.wait(b)
            ngx.say(from_a == "abcdef" or from_b == "abcdef")
            ngx.say(ngx.req.get_body_data())
        }
    }
--- raw_request eval
["POST /t HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 6\r\n\r\nabc", "def"]
--- raw_request_middle_delay: 0.05
--- response_body
true
abcdef
--- no_error_log
[error]
--- differs: the worker of the C module dies



=== TEST 35: exit(200) while a thread waits for the client to take output
--- config
    location = /t {
        limit_rate 100k;
        content_by_lua_block {
            ngx.thread.spawn(function ()
                ngx.print(("x"):rep(110000))
                ngx.flush(true)
                ngx.log(ngx.ERR, "the thread goes on")
            end)
            ngx.exit(200)
        }
    }
--- request
GET /t
--- response_body eval
"x" x 110000
--- no_error_log
[error]
--- differs: in the C module the last bytes are never sent



=== TEST 36: exit(444) while a thread waits for the client to take output
--- config
    location = /t {
        limit_rate 100k;
        content_by_lua_block {
            ngx.thread.spawn(function ()
                ngx.print(("x"):rep(200000))
                ngx.flush(true)
                ngx.log(ngx.ERR, "the thread goes on")
            end)
            ngx.sleep(0.01)
            ngx.exit(444)
        }
    }
--- request
GET /t
--- ignore_response
--- no_error_log
[error]



=== TEST 37: an error of the entry while a thread waits for the client to take output
--- config
    location = /t {
        limit_rate 100k;
        content_by_lua_block {
            ngx.thread.spawn(function ()
                ngx.print(("x"):rep(200000))
                ngx.flush(true)
                ngx.log(ngx.ERR, "the thread goes on")
            end)
            ngx.sleep(0.01)
            error("no luck")
        }
    }
--- request
GET /t
--- ignore_response
--- error_log
no luck
--- no_error_log
goes on



=== TEST 38: several threads wait for the client to take output
--- config
    location = /t {
        limit_rate 100k;
        default_type text/plain;
        content_by_lua_block {
            local threads = {}
            for i = 1, 3 do
                threads[i] = ngx.thread.spawn(function ()
                    ngx.print(("x"):rep(37000))
                    return ngx.flush(true)
                end)
            end
            for i = 1, 3 do
                local ok, flushed = ngx.thread.wait(threads[i])
                if not ok or flushed ~= 1 then
                    ngx.log(ngx.ERR, i, ": ", ok, " ", flushed)
                end
            end
            ngx.say(" all flushed")
        }
    }
--- request
GET /t
--- response_body_like: \Ax+ all flushed\n\z
--- no_error_log
[error]
--- differs: the C module sends garbled chunks



=== TEST 39: a thread flushes while another sleeps, reads and captures
--- config
    location = /t {
        limit_rate 100k;
        content_by_lua_block {
            local flush = ngx.thread.spawn(function ()
                ngx.print(("x"):rep(110000))
                return ngx.flush(true)
            end)
            local capture = ngx.thread.spawn(function ()
                ngx.sleep(0.001)
                return ngx.location.capture("/sub").body
            end)
            local _, body = ngx.thread.wait(capture)
            local _, flushed = ngx.thread.wait(flush)
            ngx.say(" ", body, " ", flushed)
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
--- response_body_like: \Ax+ sub 1\n\z
--- no_error_log
[error]



=== TEST 40: ngx.eof in a thread: the others go on without output
--- config
    location = /t {
        content_by_lua_block {
            ngx.thread.spawn(function ()
                ngx.say("output")
                ngx.eof()
            end)
            local ok, err = ngx.say("lost")
            ngx.log(ngx.WARN, "entry: ", ok, " ", err)
            ngx.thread.spawn(function ()
                ngx.sleep(0.005)
                ngx.log(ngx.WARN, "the other one ends")
            end)
        }
    }
--- request
GET /t
--- response_body
output
--- error_log
entry: nil seen eof
the other one ends



=== TEST 41: a header filter that refuses the header, reached from a thread
--- config
    location = /t {
        content_by_lua_block {
            local _, ok, err = ngx.thread.wait(ngx.thread.spawn(function ()
                return ngx.say("output")
            end))
            ngx.log(ngx.WARN, "say: ", ok, " ", err)
        }
        header_filter_by_lua_block {
            if ngx.status == 200 then
                return ngx.exit(502)
            end
        }
    }
--- request
GET /t
--- error_code: 502
--- response_body_like: 502 Bad Gateway
--- error_log
say: nil nginx output filter error



=== TEST 42: nothing runs after the end: exit in the middle of many
--- config
    location = /t {
        content_by_lua_block {
            for i = 1, 100 do
                ngx.thread.spawn(function ()
                    coroutine.yield()
                    if i == 50 then
                        ngx.exit(200)
                    end
                    ngx.print(i <= 50 and "." or "x")
                    ngx.sleep(0.001)
                    ngx.print("x")
                end)
            end
            stay("sleep")
        }
    }
--- request
GET /t
--- response_body eval
"." x 49
--- no_error_log
[error]



=== TEST 43: a thread that ends the request is not logged as failed
--- config
    location = /t {
        content_by_lua_block {
            local thread = ngx.thread.spawn(function ()
                ngx.sleep(0.001)
                ngx.exit(200)
            end)
            ngx.thread.wait(thread)
            ngx.log(ngx.ERR, "the code goes on")
        }
        log_by_lua_block { ngx.log(ngx.WARN, "status ", ngx.status) }
    }
--- request
GET /t
--- error_log
status 200 while logging request
--- no_error_log
[error]
aborted
