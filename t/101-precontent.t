# precontent_by_lua: the last word before the content handler. The C module of
# version 0.10.23 does not have it.

use Test::Nginx::Socket::Lua 'no_plan';

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: runs after access_by_lua and before the content
--- differs: 0.10.23 does not have the directive
--- config
    location = /t {
        content_by_lua_block { ngx.say(table.concat(ngx.ctx.seen, " ")) }
        precontent_by_lua_block { table.insert(ngx.ctx.seen, ngx.get_phase()) }
        access_by_lua_block { table.insert(ngx.ctx.seen, ngx.get_phase()) }
        rewrite_by_lua_block { ngx.ctx.seen = { ngx.get_phase() } }
    }
--- request
GET /t
--- response_body
rewrite access precontent



=== TEST 2: prepares what proxy_pass sends
--- differs: 0.10.23 does not have the directive
--- config
    location = /t {
        set $to "";
        precontent_by_lua_block {
            ngx.var.to = "/upstream"
            ngx.req.set_header("X-From", "precontent")
        }
        proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT$to;
    }
    location = /upstream {
        content_by_lua_block { ngx.say(ngx.var.uri, " ", ngx.var.http_x_from) }
    }
--- request
GET /t
--- response_body
/upstream precontent



=== TEST 3: try_files comes before it
--- differs: 0.10.23 does not have the directive
--- config
    location = /t {
        try_files /missing /found.txt =404;
        precontent_by_lua_block { ngx.header["X-Uri"] = ngx.var.uri }
    }
--- user_files
>>> found.txt
found
--- request
GET /t
--- response_headers
X-Uri: /found.txt
--- response_body
found



=== TEST 4: does not run when try_files answers
--- differs: 0.10.23 does not have the directive
--- config
    location = /t {
        try_files /missing =404;
        precontent_by_lua_block { ngx.log(ngx.ERR, "ran") }
    }
--- request
GET /t
--- error_code: 404
--- no_error_log
[error]



=== TEST 5: with precontent_by_lua_no_postpone it comes before try_files
--- differs: 0.10.23 does not have the directive
--- http_config
    precontent_by_lua_no_postpone on;
--- config
    location = /t {
        try_files /missing /found.txt =404;
        precontent_by_lua_block { ngx.header["X-Uri"] = ngx.var.uri }
    }
--- user_files
>>> found.txt
found
--- request
GET /t
--- response_headers
X-Uri: /t
--- response_body
found



=== TEST 6: does not run when access is denied
--- differs: 0.10.23 does not have the directive
--- config
    location = /t {
        deny all;
        precontent_by_lua_block { ngx.log(ngx.ERR, "ran") }
        content_by_lua_block { ngx.say("content") }
    }
--- request
GET /t
--- error_code: 403
--- no_error_log
ran



=== TEST 7: ngx.exit(ngx.OK) and ngx.exit(ngx.DECLINED) go on to the content
--- differs: 0.10.23 does not have the directive
--- config
    location = /t {
        precontent_by_lua_block {
            ngx.exit(tonumber(ngx.var.arg_code))
            ngx.log(ngx.ERR, "went on")
        }
        content_by_lua_block { ngx.say("content") }
    }
--- request eval
["GET /t?code=0", "GET /t?code=-5"]
--- response_body eval
["content\n", "content\n"]
--- no_error_log
[error]



=== TEST 8: ngx.exit with a status ends the request
--- differs: 0.10.23 does not have the directive
--- config
    location = /t {
        precontent_by_lua_block { ngx.exit(tonumber(ngx.var.arg_code)) }
        content_by_lua_block { ngx.log(ngx.ERR, "ran") }
    }
--- request eval
["GET /t?code=403", "GET /t?code=503", "GET /t?code=204"]
--- error_code eval
[403, 503, 204]
--- no_error_log
[error]



=== TEST 9: output is the response, the content handler does not run
--- differs: 0.10.23 does not have the directive
--- config
    location = /t {
        precontent_by_lua_block { ngx.say("from precontent") }
        content_by_lua_block { ngx.log(ngx.ERR, "ran") }
    }
--- request
GET /t
--- response_body
from precontent
--- no_error_log
[error]



=== TEST 10: output of an HTTP/1.0 request ends it, too
--- differs: 0.10.23 does not have the directive
--- config
    location = /t {
        precontent_by_lua_block { ngx.say("from precontent") }
        content_by_lua_block { ngx.log(ngx.ERR, "ran") }
    }
--- request
GET /t HTTP/1.0
--- response_headers
Content-Length: 16
--- response_body
from precontent
--- no_error_log
[error]



=== TEST 11: an error is 500
--- differs: 0.10.23 does not have the directive
--- config
    location = /t {
        precontent_by_lua_block { error("no way") }
        content_by_lua_block { ngx.say("content") }
    }
--- request
GET /t
--- error_code: 500
--- error_log eval
qr/lua entry thread aborted: runtime error: precontent_by_lua\(nginx\.conf:\d+\):1: no way/



=== TEST 12: may wait, and the content follows
--- differs: 0.10.23 does not have the directive
--- config
    location = /t {
        precontent_by_lua_block {
            ngx.sleep(0.01)
            ngx.ctx.slept = true
        }
        content_by_lua_block { ngx.say(ngx.ctx.slept) }
    }
--- request
GET /t
--- response_body
true



=== TEST 13: after it has waited, what comes after it in the phase still runs
--- differs: 0.10.23 does not have the directive
--- http_config
    precontent_by_lua_no_postpone on;
--- config
    location = /t {
        try_files /missing /found.txt =404;
        precontent_by_lua_block { ngx.sleep(0.01) }
    }
--- user_files
>>> found.txt
found
--- request
GET /t
--- response_body
found



=== TEST 14: may read the request body; proxy_pass sends it
--- differs: 0.10.23 does not have the directive
--- config
    location = /t {
        precontent_by_lua_block {
            ngx.req.read_body()
            ngx.req.set_header("X-Length", #ngx.req.get_body_data())
        }
        proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/upstream;
    }
    location = /upstream {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.say(ngx.var.http_x_length, " ", ngx.req.get_body_data())
        }
    }
--- request
POST /t
hello
--- response_body
5 hello



=== TEST 15: lua_need_request_body
--- differs: 0.10.23 does not have the directive
--- config
    location = /t {
        lua_need_request_body on;
        precontent_by_lua_block { ngx.ctx.body = ngx.req.get_body_data() }
        content_by_lua_block { ngx.say(ngx.ctx.body) }
    }
--- request
POST /t
hello
--- response_body
hello



=== TEST 16: ngx.req.set_uri changes the URI in place, a jump is refused
--- differs: 0.10.23 does not have the directive
--- config
    location = /t {
        precontent_by_lua_block {
            ngx.req.set_uri("/other")
            ngx.ctx.ok, ngx.ctx.err = pcall(ngx.req.set_uri, "/other", true)
        }
        content_by_lua_block { ngx.say(ngx.var.uri, " ", ngx.ctx.ok, " ", ngx.ctx.err) }
    }
--- request
GET /t
--- response_body
/other false API disabled in the context of precontent_by_lua*



=== TEST 17: inherited from server and http, replaced by that of the location
--- differs: 0.10.23 does not have the directive
--- http_config
    precontent_by_lua_block { ngx.ctx.from = "http" }
--- config
    location = /http {
        content_by_lua_block { ngx.say(ngx.ctx.from) }
    }
    location = /own {
        precontent_by_lua_block { ngx.ctx.from = "location" }
        content_by_lua_block { ngx.say(ngx.ctx.from) }
    }
--- request eval
["GET /http", "GET /own"]
--- response_body eval
["http\n", "location\n"]



=== TEST 18: in an if of a location
--- differs: 0.10.23 does not have the directive
--- config
    location = /t {
        if ($arg_x) {
            precontent_by_lua_block { ngx.ctx.x = "in if" }
        }
        content_by_lua_block { ngx.say(ngx.ctx.x) }
    }
--- request eval
["GET /t?x=1", "GET /t"]
--- response_body eval
["in if\n", "nil\n"]



=== TEST 19: code from a file with variables in its name
--- differs: 0.10.23 does not have the directive
--- config
    location ~ ^/t/(\w+)$ {
        precontent_by_lua_file html/$1.lua;
        content_by_lua_block { ngx.say(ngx.ctx.seen) }
    }
--- user_files
>>> one.lua
ngx.ctx.seen = "one"
>>> two.lua
ngx.ctx.seen = "two"
--- request eval
["GET /t/one", "GET /t/two"]
--- response_body eval
["one\n", "two\n"]



=== TEST 20: a missing file is 404
--- differs: 0.10.23 does not have the directive
--- config
    location = /t {
        precontent_by_lua_file html/none.lua;
        content_by_lua_block { ngx.say("content") }
    }
--- request
GET /t
--- error_code: 404
--- error_log eval
qr/failed to load external Lua file ".*none\.lua": cannot open/



=== TEST 21: may stand only once in a location
--- differs: 0.10.23 does not have the directive
--- config
    location = /t {
        precontent_by_lua_block { ngx.ctx.a = 1 }
        precontent_by_lua_block { ngx.ctx.a = 2 }
    }
--- must_die
--- error_log
is duplicate



=== TEST 22: what it prints while it waits comes at once
--- differs: 0.10.23 does not have the directive
--- config
    location = /t {
        precontent_by_lua_block {
            ngx.say("first")
            ngx.flush(true)
            ngx.sleep(0.01)
            ngx.say("second")
        }
    }
--- request
GET /t
--- response_body
first
second



=== TEST 23: the client goes away while it waits
--- differs: 0.10.23 does not have the directive
--- config
    location = /t {
        lua_check_client_abort on;
        precontent_by_lua_block {
            ngx.sleep(0.7)
            ngx.log(ngx.ERR, "went on")
        }
        return 200;
    }
    location = /u {
        lua_check_client_abort on;
        precontent_by_lua_block {
            ngx.sleep(0.7)
            ngx.log(ngx.ERR, "went on")
        }
        content_by_lua_block { ngx.say("content") }
    }
--- request
GET /u
--- timeout: 0.3
--- abort
--- ignore_response
--- wait: 0.5
--- error_log
client prematurely closed connection
--- no_error_log
[error]



=== TEST 24: it runs in a location that answers with a static file
--- differs: 0.10.23 does not have the directive
--- config
    location = /file.txt {
        precontent_by_lua_block { ngx.header["X-Seen"] = "yes" }
    }
--- user_files
>>> file.txt
text
--- request
GET /file.txt
--- response_headers
X-Seen: yes
--- response_body
text



=== TEST 25: return of the rewrite module comes before it
--- differs: 0.10.23 does not have the directive
--- config
    location = /t {
        precontent_by_lua_block { ngx.log(ngx.ERR, "ran") }
        return 200 "returned";
    }
--- request
GET /t
--- response_body chomp
returned
--- no_error_log
[error]
