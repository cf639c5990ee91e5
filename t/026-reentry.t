# Phases that wait are entered again: what runs before, after and how often.

use Test::Nginx::Socket::Lua 'no_plan';

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: each hook runs once, however often it waits
--- config
    location = /t {
        set $steps "";
        rewrite_by_lua_block {
            ngx.var.steps = ngx.var.steps .. "r"
            for i = 1, 3 do
                ngx.sleep(0.001)
            end
            ngx.var.steps = ngx.var.steps .. "R"
        }
        access_by_lua_block {
            ngx.var.steps = ngx.var.steps .. "a"
            for i = 1, 3 do
                ngx.sleep(0)
            end
            ngx.var.steps = ngx.var.steps .. "A"
        }
        content_by_lua_block {
            ngx.sleep(0.001)
            ngx.say(ngx.var.steps)
        }
    }
--- request
GET /t
--- response_body
rRaA
--- no_error_log
[error]



=== TEST 2: ngx.ctx is one table from rewrite to log
--- config
    location = /t {
        rewrite_by_lua_block {
            ngx.ctx.list = { "rewrite" }
            ngx.sleep(0.001)
            table.insert(ngx.ctx.list, "slept")
        }
        access_by_lua_block {
            ngx.sleep(0.001)
            table.insert(ngx.ctx.list, "access")
        }
        content_by_lua_block {
            local list = ngx.ctx.list
            ngx.sleep(0.001)
            table.insert(list, "content")
            ngx.print("x")
        }
        header_filter_by_lua_block {
            table.insert(ngx.ctx.list, "header_filter")
        }
        body_filter_by_lua_block {
            if ngx.arg[2] then
                table.insert(ngx.ctx.list, "body_filter")
            end
        }
        log_by_lua_block {
            print(table.concat(ngx.ctx.list, " "), ".")
        }
    }
--- request
GET /t
--- response_body: x
--- error_log
rewrite slept access content header_filter body_filter.
--- no_error_log
[error]



=== TEST 3: stock directives of the rewrite module run once, before
--- config
    location = /t {
        set $before "$msec";
        if ($arg_n = "1") {
            set $one "one";
        }
        rewrite_by_lua_block {
            local before = ngx.var.before
            ngx.sleep(0.02)
            ngx.say(ngx.var.one, " ", ngx.var.before == before)
        }
    }
--- request
GET /t?n=1
--- response_body
one true
--- no_error_log
[error]



=== TEST 4: after a wait in rewrite, a static file is served
--- config
    location = /file.txt {
        root html;
        rewrite_by_lua_block {
            ngx.sleep(0.001)
            ngx.header["X-Rewrite"] = "slept"
        }
    }
--- user_files
>>> file.txt
from a file
--- request
GET /file.txt
--- response_headers
X-Rewrite: slept
Content-Length: 12
--- response_body
from a file
--- no_error_log
[error]



=== TEST 5: after a wait in access, a request with its body is proxied
--- config
    location = /t {
        access_by_lua_block {
            ngx.req.read_body()
            ngx.sleep(0.001)
            ngx.req.set_header("X-Checked", "yes")
        }
        proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/backend;
    }
    location = /backend {
        content_by_lua_block {
            ngx.sleep(0.001)
            ngx.req.read_body()
            ngx.say(ngx.req.get_headers()["X-Checked"], " ", ngx.req.get_body_data())
        }
    }
--- request
POST /t
a body
--- response_body
yes a body
--- no_error_log
[error]



=== TEST 6: lua_need_request_body and a body that comes in two parts
--- config
    lua_need_request_body on;
    location = /t {
        rewrite_by_lua_block {
            ngx.sleep(0.001)
            ngx.ctx.first = ngx.req.get_body_data()
        }
        content_by_lua_block {
            ngx.sleep(0.001)
            ngx.say(ngx.ctx.first, " ", ngx.req.get_body_data())
        }
    }
--- request eval
[["POST /t\nfirst,", { value => "second", delay_before => 0.03 }]]
--- response_body
first,second first,second
--- no_error_log
[error]



=== TEST 7: ngx.req.read_body waits for a body that comes in two parts
--- config
    location = /t {
        content_by_lua_block {
            local co = coroutine.wrap(function ()
                ngx.req.read_body()
                return ngx.req.get_body_data()
            end)
            ngx.say(co())
            ngx.sleep(0.001)
            ngx.say("goes on")
        }
    }
--- request eval
[["POST /t\nfirst,", { value => "second", delay_before => 0.03 }]]
--- response_body
first,second
goes on
--- no_error_log
[error]



=== TEST 8: output after a wait in rewrite ends the request there
--- config
    location = /t {
        rewrite_by_lua_block {
            ngx.sleep(0.001)
            ngx.say("rewrite")
            ngx.sleep(0.001)
            ngx.say("still rewrite")
        }
        content_by_lua_block {
            ngx.say("content")
        }
    }
--- request
GET /t
--- response_body
rewrite
still rewrite
--- no_error_log
[error]



=== TEST 9: an error in access after waits in rewrite
--- config
    location = /t {
        rewrite_by_lua_block {
            ngx.sleep(0.001)
        }
        access_by_lua_block {
            ngx.sleep(0.001)
            error("refused")
        }
        content_by_lua_block {
            ngx.say("content")
        }
    }
--- request
GET /t
--- error_code: 500
--- response_body_like: 500 Internal Server Error
--- error_log eval
qr/lua entry thread aborted: runtime error: access_by_lua\(nginx\.conf:\d+\):3: refused$/



=== TEST 10: with no_postpone, waiting hooks run before the stock ones
--- http_config
    rewrite_by_lua_no_postpone on;
    access_by_lua_no_postpone on;
--- config
    location = /t {
        set $word "set by the rewrite module";
        rewrite_by_lua_block {
            ngx.sleep(0.001)
            ngx.ctx.word = ngx.var.word
        }
        deny all;
        access_by_lua_block {
            ngx.sleep(0.001)
            ngx.log(ngx.WARN, "access runs, word was [", ngx.ctx.word, "], is [", ngx.var.word, "]")
        }
        content_by_lua_block {
            ngx.say("content")
        }
    }
--- request
GET /t
--- error_code: 403
--- response_body_like: 403 Forbidden
--- error_log
access runs, word was [], is [set by the rewrite module]
access forbidden by rule



=== TEST 11: satisfy any: access granted after a wait
--- config
    location = /t {
        satisfy any;
        deny all;
        access_by_lua_block {
            ngx.sleep(0.001)
            if ngx.var.arg_key ~= "secret" then
                ngx.exit(403)
            end
        }
        content_by_lua_block {
            ngx.say("content")
        }
    }
--- request eval
["GET /t?key=secret", "GET /t?key=wrong"]
--- error_code eval
[200, 403]
--- response_body_like eval
['\Acontent\n\z', "403 Forbidden"]



=== TEST 12: set_uri with a jump after a wait: the new location waits too, with a new ngx.ctx
--- config
    location = /t {
        rewrite_by_lua_block {
            ngx.sleep(0.001)
            ngx.ctx.from = "rewrite of /t"
            ngx.req.set_uri("/target", true)
            ngx.log(ngx.ERR, "not reached")
        }
        content_by_lua_block {
            ngx.log(ngx.ERR, "not reached")
        }
    }
    location = /target {
        rewrite_by_lua_block {
            ngx.sleep(0.001)
            ngx.ctx.at = "rewrite of /target"
        }
        content_by_lua_block {
            ngx.sleep(0.001)
            ngx.say(ngx.ctx.from, ", ", ngx.ctx.at)
        }
    }
--- request
GET /t
--- response_body
nil, rewrite of /target
--- no_error_log
[error]



=== TEST 13: an index file: the hooks run in both locations
--- config
    location /dir/ {
        root html;
        index start.html;
        rewrite_by_lua_block {
            ngx.sleep(0.001)
            ngx.log(ngx.WARN, "rewrite of ", ngx.var.uri)
        }
        access_by_lua_block {
            ngx.sleep(0.001)
            ngx.log(ngx.WARN, "access to ", ngx.var.uri)
        }
    }
--- user_files
>>> dir/start.html
start
--- request
GET /dir/
--- response_body
start
--- grep_error_log eval
qr/(?:rewrite of|access to) [^,]+/
--- grep_error_log_out
rewrite of /dir/
access to /dir/
rewrite of /dir/start.html
access to /dir/start.html
--- no_error_log
[error]



=== TEST 14: error_page: the page waits too, with a new ngx.ctx
--- config
    error_page 404 /missing;
    location = /t {
        rewrite_by_lua_block {
            ngx.sleep(0.001)
            ngx.ctx.seen = "yes"
        }
        content_by_lua_block {
            ngx.sleep(0.001)
            ngx.exit(404)
        }
    }
    location = /missing {
        internal;
        rewrite_by_lua_block {
            ngx.sleep(0.001)
            ngx.ctx.page = "page"
        }
        access_by_lua_block {
            ngx.sleep(0.001)
        }
        content_by_lua_block {
            ngx.sleep(0.001)
            ngx.say(ngx.status, " ", ngx.ctx.seen, " ", ngx.ctx.page)
        }
    }
--- request
GET /t
--- error_code: 404
--- response_body
404 nil page
--- no_error_log
[error]



=== TEST 15: error_page for an error after a wait, in a named location
--- config
    location = /t {
        error_page 500 = @rescue;
        rewrite_by_lua_block {
            ngx.sleep(0.001)
        }
        content_by_lua_block {
            ngx.sleep(0.001)
            error("broken")
        }
    }
    location @rescue {
        rewrite_by_lua_block {
            ngx.sleep(0.001)
        }
        content_by_lua_block {
            ngx.sleep(0.001)
            ngx.say("rescued")
        }
    }
--- request
GET /t
--- response_body
rescued
--- error_log
broken



=== TEST 16: error_page from access, the page is proxied to code that waits
--- config
    location = /t {
        error_page 403 = /page;
        access_by_lua_block {
            ngx.sleep(0.001)
            ngx.exit(403)
        }
    }
    location = /page {
        internal;
        proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/backend;
    }
    location = /backend {
        content_by_lua_block {
            ngx.sleep(0.001)
            ngx.status = 202
            ngx.say("page")
        }
    }
--- request
GET /t
--- error_code: 202
--- response_body
page
--- no_error_log
[error]



=== TEST 17: auth_request: the subrequest waits in rewrite and content
--- config
    location = /t {
        rewrite_by_lua_block {
            ngx.sleep(0.001)
            ngx.ctx.main = "main"
        }
        auth_request /auth;
        auth_request_set $user $sent_http_x_user;
        access_by_lua_block {
            ngx.sleep(0.001)
            ngx.ctx.user = ngx.var.user
        }
        content_by_lua_block {
            ngx.sleep(0.001)
            ngx.say(ngx.ctx.main, " ", ngx.ctx.user)
        }
    }
    location = /auth {
        internal;
        rewrite_by_lua_block {
            ngx.sleep(0.001)
            ngx.ctx.name = "alice"
        }
        content_by_lua_block {
            ngx.sleep(0.001)
            ngx.header["X-User"] = tostring(ngx.ctx.main) .. "/" .. ngx.ctx.name
        }
    }
--- request
GET /t
--- response_body
main nil/alice
--- no_error_log
[error]



=== TEST 18: auth_request: the subrequest refuses after a wait
--- config
    location = /t {
        auth_request /auth;
        content_by_lua_block {
            ngx.say("content")
        }
    }
    location = /auth {
        internal;
        rewrite_by_lua_block {
            ngx.sleep(0.001)
            ngx.exit(403)
        }
        content_by_lua_block {
            ngx.log(ngx.ERR, "not reached")
        }
    }
--- request
GET /t
--- error_code: 403
--- response_body_like: 403 Forbidden
--- no_error_log
[error]



=== TEST 19: SSI: parts that wait in rewrite keep their order
--- config
    location = /page.html {
        ssi on;
        root html;
    }
    location = /part {
        default_type text/html;
        rewrite_by_lua_block {
            ngx.sleep(tonumber(ngx.var.arg_time))
            ngx.ctx.name = ngx.var.arg_name
        }
        content_by_lua_block {
            ngx.sleep(0.001)
            ngx.print("[", ngx.ctx.name, "]")
        }
    }
--- user_files
>>> page.html
<!--# include virtual="/part?name=slow&time=0.05" -->,
<!--# include virtual="/part?name=quick&time=0.001" -->,
<!--# include virtual="/part?name=none&time=0" -->.
--- request
GET /page.html
--- response_body
[slow],
[quick],
[none].
--- no_error_log
[error]
--- differs: the C module writes the parts in the order in which they end



=== TEST 20: SSI: commands in the output of Lua code
--- config
    location = /t {
        ssi on;
        default_type text/html;
        content_by_lua_block {
            ngx.say('a<!--# include virtual="/static" -->b<!--# include virtual="/lua" -->c')
            ngx.say("d")
        }
    }
    location = /static {
        return 200 "[static]";
    }
    location = /lua {
        default_type text/html;
        content_by_lua_block {
            ngx.print("[lua]")
        }
    }
--- request
GET /t
--- response_body
a[static]b[lua]c
d
--- no_error_log
[error]
--- differs: the C module writes the parts in another order



=== TEST 21: SSI: commands in the output of Lua code, with waits on both sides
--- config
    location = /t {
        ssi on;
        default_type text/html;
        content_by_lua_block {
            ngx.say('a<!--# include virtual="/part?time=0.02" -->b')
            ngx.sleep(tonumber(ngx.var.arg_time))
            ngx.say("c")
        }
    }
    location = /part {
        default_type text/html;
        content_by_lua_block {
            ngx.print("[")
            ngx.sleep(tonumber(ngx.var.arg_time))
            ngx.print("]")
        }
    }
--- request eval
["GET /t?time=0", "GET /t?time=0.04"]
--- response_body eval
["a[]b\nc\n", "a[]b\nc\n"]
--- timeout: 0.5
--- no_error_log
[error]
--- differs: the C module loses what the parts write after a wait



=== TEST 22: mirror: the copy goes on waiting after the answer
--- config
    location = /t {
        mirror /copy;
        content_by_lua_block {
            ngx.log(ngx.WARN, "step: answer")
            ngx.say("answer")
        }
    }
    location = /copy {
        internal;
        content_by_lua_block {
            ngx.log(ngx.WARN, "step: copy begins")
            ngx.sleep(0.05)
            ngx.log(ngx.WARN, "step: copy ends")
        }
    }
--- request
GET /t
--- response_body
answer
--- grep_error_log eval
qr/step: [a-z ]+(?=, client)/
--- grep_error_log_out
step: answer
step: copy begins
step: copy ends
--- no_error_log
[error]



=== TEST 23: pipelined requests that wait are answered in order, each with its own context
--- config
    location = /t {
        rewrite_by_lua_block {
            ngx.ctx.seen = (ngx.ctx.seen or 0) + 1
            ngx.sleep(tonumber(ngx.var.arg_time))
        }
        content_by_lua_block {
            ngx.sleep(tonumber(ngx.var.arg_time))
            ngx.say(ngx.var.arg_time, " ", ngx.ctx.seen)
        }
    }
--- pipelined_requests eval
["GET /t?time=0.03", "GET /t?time=0.001", "GET /t?time=0"]
--- response_body eval
["0.03 1\n", "0.001 1\n", "0 1\n"]
--- no_error_log
[error]



=== TEST 24: a request that waits does not hold up others
--- config
    location = /t {
        ssi on;
        root html;
        try_files /page.html =404;
        default_type text/html;
    }
    location = /part {
        default_type text/html;
        content_by_lua_block {
            local shared = package.loaded.shared or { order = {} }
            package.loaded.shared = shared
            ngx.sleep(tonumber(ngx.var.arg_time))
            table.insert(shared.order, ngx.var.arg_time)
        }
    }
    location = /order {
        content_by_lua_block {
            ngx.say(table.concat(package.loaded.shared.order, " "))
            package.loaded.shared = nil
        }
    }
--- user_files
>>> page.html
<!--# include virtual="/part?time=0.09" --><!--# include virtual="/part?time=0.03" --><!--# include virtual="/part?time=0.06" -->
--- request eval
["GET /t", "GET /order"]
--- response_body eval
["\n", "0.03 0.06 0.09\n"]
--- no_error_log
[error]



=== TEST 25: HTTP/1.0: output before and after waits is collected
--- config
    location = /t {
        access_by_lua_block {
            ngx.sleep(0.001)
        }
        content_by_lua_block {
            ngx.say("before")
            ngx.sleep(0.001)
            ngx.say("after")
        }
    }
--- request
GET /t HTTP/1.0
--- response_headers
Content-Length: 13
--- response_body
before
after
--- no_error_log
[error]



=== TEST 26: HTTP/2
--- config
    location = /t {
        rewrite_by_lua_block {
            ngx.sleep(0.001)
        }
        content_by_lua_block {
            ngx.say("before")
            ngx.flush(true)
            ngx.sleep(0.001)
            ngx.say("after")
        }
    }
--- http2
--- request
GET /t
--- response_body
before
after
--- no_error_log
[error]



=== TEST 27: a connection that is kept serves requests that wait and requests that do not
--- config
    location = /wait {
        content_by_lua_block {
            ngx.sleep(0.005)
            ngx.exit(tonumber(ngx.var.arg_code))
        }
    }
    location = /t {
        content_by_lua_block {
            ngx.say("at once")
        }
    }
--- pipelined_requests eval
["GET /wait?code=200", "GET /t", "GET /wait?code=404", "GET /t", "GET /wait?code=0"]
--- error_code eval
[200, 200, 404, 200, 200]
--- response_body_like eval
['\A\z', "at once", "404 Not Found", "at once", '\A\z']
--- no_error_log
[error]
