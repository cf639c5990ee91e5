# server_rewrite_by_lua: before the location is known.

use Test::Nginx::Socket::Lua 'no_plan';

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: runs before the location is looked for, in the server's configuration
--- config
    set $which server;
    server_rewrite_by_lua_block { ngx.ctx.seen = ngx.get_phase() .. " " .. ngx.var.uri }
    location = /t {
        set $which location;
        content_by_lua_block { ngx.say(ngx.ctx.seen, " ", ngx.var.which) }
    }
--- request
GET /t
--- response_body
server_rewrite /t location



=== TEST 2: comes before the set, if and return of the server
--- config
    server_rewrite_by_lua_block { ngx.log(ngx.WARN, "a=", tostring(ngx.var.a)) }
    set $a 1;
    return 403;
--- request
GET /t
--- error_code: 403
--- error_log
a=, client



=== TEST 3: set of the server overwrites what it wrote
--- config
    server_rewrite_by_lua_block { ngx.var.a = "lua" }
    set $a server;
    location = /t {
        content_by_lua_block { ngx.say(ngx.var.a) }
    }
--- request
GET /t
--- response_body
server



=== TEST 4: runs for requests that no location of its own is for
--- config
    server_rewrite_by_lua_block { ngx.header["X-Seen"] = "yes" }
--- request
GET /missing
--- error_code: 404
--- response_headers
X-Seen: yes
--- error_log
open()



=== TEST 5: a server without one has that of http
--- http_config
    server_rewrite_by_lua_block { ngx.ctx.from = "http" }
--- config
    location = /t {
        content_by_lua_block { ngx.say(ngx.ctx.from) }
    }
--- request
GET /t
--- response_body
http



=== TEST 6: that of the server replaces that of http
--- http_config
    server_rewrite_by_lua_block { ngx.ctx.http = true }
--- config
    server_rewrite_by_lua_block { ngx.ctx.server = true }
    location = /t {
        content_by_lua_block { ngx.say(ngx.ctx.http, " ", ngx.ctx.server) }
    }
--- request
GET /t
--- response_body
nil true



=== TEST 7: each server has its own
--- http_config
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1;
        server_rewrite_by_lua_block { ngx.header["X-Server"] = "second" }
        location / {
            content_by_lua_block { ngx.print(ngx.header["X-Server"]) }
        }
    }
--- config
    server_rewrite_by_lua_block { ngx.header["X-Server"] = "first" }
    location = /t {
        proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1;
        proxy_hide_header X-Server;
    }
--- request
GET /t
--- response_headers
X-Server: first
--- response_body chomp
second



=== TEST 8: code from a file
--- config
    server_rewrite_by_lua_file html/sr.lua;
    location = /t {
        content_by_lua_block { ngx.say(ngx.ctx.seen) }
    }
--- user_files
>>> sr.lua
ngx.ctx.seen = "from a file"
--- request
GET /t
--- response_body
from a file



=== TEST 9: a file name with variables; a missing one is 404
--- config
    server_rewrite_by_lua_file html/$arg_file.lua;
    location = /t {
        content_by_lua_block { ngx.say("content") }
    }
--- request
GET /t?file=none
--- error_code: 404
--- error_log eval
qr/failed to load external Lua file ".*none\.lua": cannot open/



=== TEST 10: ngx.req.set_uri chooses the location, without a jump too
--- config
    server_rewrite_by_lua_block {
        if ngx.var.uri == "/t" then
            ngx.req.set_uri("/found")
            ngx.ctx.after = "went on"
        end
    }
    location = /t {
        content_by_lua_block { ngx.say("not this") }
    }
    location = /found {
        content_by_lua_block { ngx.say(ngx.var.uri, " ", ngx.ctx.after) }
    }
--- request
GET /t
--- response_body
/found went on



=== TEST 11: ngx.req.set_uri with a jump ends the code
--- config
    server_rewrite_by_lua_block {
        if ngx.var.uri == "/t" then
            ngx.req.set_uri("/found", true)
            ngx.log(ngx.ERR, "went on")
        end
    }
    location = /t {
        content_by_lua_block { ngx.say("not this") }
    }
    location = /found {
        content_by_lua_block { ngx.say(ngx.var.uri, " ", ngx.var.request_uri) }
    }
--- request
GET /t
--- response_body
/found /t
--- no_error_log
[error]



=== TEST 12: ngx.exit(ngx.OK) and ngx.DECLINED go on
--- config
    server_rewrite_by_lua_block {
        ngx.exit(tonumber(ngx.var.arg_code))
        ngx.log(ngx.ERR, "went on")
    }
    location = /t {
        content_by_lua_block { ngx.say("content") }
    }
--- request eval
["GET /t?code=0", "GET /t?code=-5"]
--- response_body eval
["content\n", "content\n"]
--- no_error_log
[error]



=== TEST 13: ngx.exit with a status ends the request
--- config
    server_rewrite_by_lua_block { ngx.exit(tonumber(ngx.var.arg_code)) }
    location = /t {
        content_by_lua_block { ngx.say("content") }
    }
--- request eval
["GET /t?code=403", "GET /t?code=503", "GET /t?code=204"]
--- error_code eval
[403, 503, 204]
--- response_body_unlike eval
["content", "content", "content"]



=== TEST 14: ngx.exit with a status uses the error_page of the server
--- config
    error_page 403 /denied;
    server_rewrite_by_lua_block {
        if ngx.var.uri == "/t" then
            ngx.exit(403)
        end
    }
    location = /denied {
        content_by_lua_block { ngx.say("denied, sorry") }
    }
--- request
GET /t
--- error_code: 403
--- response_body
denied, sorry



=== TEST 15: output is the response, no later phase runs
--- config
    server_rewrite_by_lua_block { ngx.say("from server_rewrite") }
    location = /t {
        access_by_lua_block { ngx.log(ngx.ERR, "access") }
        content_by_lua_block { ngx.log(ngx.ERR, "content") }
    }
--- request
GET /t
--- response_body
from server_rewrite
--- no_error_log
[error]



=== TEST 16: output and ngx.exit(200)
--- config
    server_rewrite_by_lua_block {
        ngx.status = 201
        ngx.print("made")
        ngx.exit(200)
    }
--- request
GET /t
--- error_code: 201
--- response_body chomp
made



=== TEST 17: an error is 500
--- config
    server_rewrite_by_lua_block {
        local t
        error("no way")
    }
    location = /t {
        content_by_lua_block { ngx.say("content") }
    }
--- request
GET /t
--- error_code: 500
--- response_body_unlike: content
--- error_log eval
qr/lua entry thread aborted: runtime error: server_rewrite_by_lua\(nginx\.conf:\d+\):3: no way/



=== TEST 18: may wait
--- config
    server_rewrite_by_lua_block {
        ngx.sleep(0.01)
        ngx.ctx.slept = true
    }
    location = /t {
        content_by_lua_block { ngx.say(ngx.ctx.slept) }
    }
--- request
GET /t
--- response_body
true



=== TEST 19: may read the request body
--- config
    server_rewrite_by_lua_block {
        ngx.req.read_body()
        ngx.ctx.body = ngx.req.get_body_data()
    }
    location = /t {
        content_by_lua_block { ngx.say(ngx.ctx.body) }
    }
--- request
POST /t
hello body
--- response_body
hello body



=== TEST 20: lua_need_request_body reads the body before
--- config
    lua_need_request_body on;
    server_rewrite_by_lua_block { ngx.ctx.body = ngx.req.get_body_data() }
    location = /t {
        content_by_lua_block { ngx.say(ngx.ctx.body) }
    }
--- request eval
["POST /t\nhello", ["POST /t\nhel", {value => "lo", delay_before => 0.05}]]
--- response_body eval
["hello\n", "hello\n"]



=== TEST 21: coroutines work in it
--- config
    server_rewrite_by_lua_block {
        local co = coroutine.wrap(function(n)
            for i = n, n + 2 do
                ngx.sleep(0.001)
                coroutine.yield(i)
            end
        end)
        ngx.ctx.sum = co(1) + co() + co()
    }
    location = /t {
        content_by_lua_block { ngx.say(ngx.ctx.sum) }
    }
--- request
GET /t
--- response_body
6



=== TEST 22: runs again when error_page redirects
--- config
    server_rewrite_by_lua_block { ngx.log(ngx.WARN, "server_rewrite for ", ngx.var.uri) }
    location = /t {
        error_page 404 /page;
        return 404;
    }
    location = /page {
        return 200 "page";
    }
--- request
GET /t
--- error_code: 404
--- grep_error_log eval
qr/server_rewrite for \S+/
--- grep_error_log_out
server_rewrite for /t,
server_rewrite for /page,



=== TEST 23: does not run again for a named location
--- config
    server_rewrite_by_lua_block { ngx.log(ngx.WARN, "server_rewrite for ", ngx.var.uri) }
    location = /t {
        error_page 404 @named;
        return 404;
    }
    location @named {
        return 200 "named";
    }
--- request
GET /t
--- error_code: 404
--- grep_error_log eval
qr/server_rewrite for \S+/
--- grep_error_log_out
server_rewrite for /t,



=== TEST 24: the request's arguments and headers can be changed
--- config
    server_rewrite_by_lua_block {
        ngx.req.set_uri_args({ a = 1 })
        ngx.req.set_header("X-Id", "7")
    }
    location = /t {
        content_by_lua_block { ngx.say(ngx.var.args, " ", ngx.var.http_x_id) }
    }
--- request
GET /t?b=2
--- response_body
a=1 7



=== TEST 25: chosen by Host: a virtual server has its own
--- http_config
    server {
        listen 127.0.0.1:$TEST_NGINX_SERVER_PORT;
        server_name other;
        server_rewrite_by_lua_block { ngx.say("other server") ngx.exit(200) }
    }
--- config
    server_rewrite_by_lua_block { ngx.say("first server") ngx.exit(200) }
--- more_headers
Host: other
--- request
GET /t
--- response_body
other server



=== TEST 26: may stand only once in a server
--- config
    server_rewrite_by_lua_block { ngx.ctx.a = 1 }
    server_rewrite_by_lua_block { ngx.ctx.a = 2 }
--- must_die
--- error_log
is duplicate



=== TEST 27: may not stand in a location
--- config
    location = /t {
        server_rewrite_by_lua_block { ngx.ctx.a = 1 }
    }
--- must_die
--- error_log
"server_rewrite_by_lua_block" directive is not allowed here



=== TEST 28: a syntax error is 500 when a request comes
--- config
    server_rewrite_by_lua_block { ngx.ctx.a = }
    location = /t {
        return 200;
    }
--- request
GET /t
--- error_code: 500
--- error_log
failed to load inlined Lua code: server_rewrite_by_lua(nginx.conf:



=== TEST 29: lua_code_cache off
--- differs: the C module gives the location another VM, and loses ngx.ctx
--- config
    lua_code_cache off;
    server_rewrite_by_lua_block { ngx.ctx.a = (ngx.ctx.a or 0) + 1 }
    location = /t {
        content_by_lua_block { ngx.say(ngx.ctx.a) }
    }
--- request
GET /t
--- response_body
1
--- grep_error_log eval
qr/lua_code_cache is off/
--- grep_error_log_out eval
qr/\A(?:.*\n)?\z/



=== TEST 30: the debug log tells the code key
--- config
    server_rewrite_by_lua_block { ngx.ctx.a = 1 }
    location = /t {
        return 200;
    }
--- request
GET /t
--- error_log eval
qr/code cache .* \(key='server_rewrite_by_lua_nhli_[0-9a-f]+'/



=== TEST 31: the client goes away while it waits
--- config
    lua_check_client_abort on;
    server_rewrite_by_lua_block {
        ngx.sleep(0.7)
        ngx.log(ngx.ERR, "went on")
    }
    location = /t {
        return 200;
    }
--- request
GET /t
--- timeout: 0.3
--- abort
--- ignore_response
--- wait: 0.5
--- error_log
client prematurely closed connection
--- no_error_log
[error]
