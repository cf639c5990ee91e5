# ngx.exec.

use Test::Nginx::Socket::Lua 'no_plan';

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: another location answers
--- config
    location = /t {
        content_by_lua_block { ngx.exec("/target") }
    }
    location = /target {
        content_by_lua_block {
            ngx.say("target ", ngx.var.uri, " ", ngx.var.args, " ", ngx.req.get_method(), " ", ngx.ctx.from)
        }
    }
--- request
GET /t
--- response_body
target /target nil GET nil
--- no_error_log
[error]



=== TEST 2: the client sees one answer, with the status and header of the target
--- config
    location = /t {
        content_by_lua_block { ngx.exec("/target") }
    }
    location = /target { content_by_lua_block { ngx.status = 201 ngx.header["X-Target"] = "yes" ngx.say("target") } }
--- request
GET /t
--- error_code: 201
--- response_body
target
--- response_headers
X-Target: yes
--- no_error_log
[error]



=== TEST 3: in server_rewrite
--- http_config
    server_rewrite_by_lua_block { if ngx.var.uri == '/t' then ngx.exec('/target') end }
--- config
    location = /target {
        content_by_lua_block {
            ngx.say("target ", ngx.var.uri, " ", ngx.var.args, " ", ngx.req.get_method(), " ", ngx.ctx.from)
        }
    }
    location = /t { return 500; }
--- request
GET /t
--- response_body
target /target nil GET nil
--- no_error_log
[error]



=== TEST 4: in rewrite
--- config
    location = /t {
        rewrite_by_lua_block { ngx.ctx.from = "main" ngx.exec("/target") }
    }
    location = /target {
        content_by_lua_block {
            ngx.say("target ", ngx.var.uri, " ", ngx.var.args, " ", ngx.req.get_method(), " ", ngx.ctx.from)
        }
    }
--- request
GET /t
--- response_body
target /target nil GET nil
--- no_error_log
[error]



=== TEST 5: in access
--- config
    location = /t {
        access_by_lua_block { ngx.ctx.from = "main" ngx.exec("/target") }
    }
    location = /target {
        content_by_lua_block {
            ngx.say("target ", ngx.var.uri, " ", ngx.var.args, " ", ngx.req.get_method(), " ", ngx.ctx.from)
        }
    }
--- request
GET /t
--- response_body
target /target nil GET nil
--- no_error_log
[error]



=== TEST 6: in precontent
--- config
    location = /t {
        precontent_by_lua_block { ngx.ctx.from = "main" ngx.exec("/target") }
    }
    location = /target {
        content_by_lua_block {
            ngx.say("target ", ngx.var.uri, " ", ngx.var.args, " ", ngx.req.get_method(), " ", ngx.ctx.from)
        }
    }
--- request
GET /t
--- response_body
target /target nil GET nil
--- no_error_log
[error]
--- differs: precontent_by_lua came later



=== TEST 7: in content
--- config
    location = /t {
        content_by_lua_block { ngx.ctx.from = "main" ngx.exec("/target") }
    }
    location = /target {
        content_by_lua_block {
            ngx.say("target ", ngx.var.uri, " ", ngx.var.args, " ", ngx.req.get_method(), " ", ngx.ctx.from)
        }
    }
--- request
GET /t
--- response_body
target /target nil GET nil
--- no_error_log
[error]



=== TEST 8: in rewrite, after a wait
--- config
    location = /t {
        rewrite_by_lua_block {
            ngx.sleep(0.001)
            ngx.exec("/target")
        }
    }
    location = /target {
        content_by_lua_block {
            ngx.say("target ", ngx.var.uri, " ", ngx.var.args, " ", ngx.req.get_method(), " ", ngx.ctx.from)
        }
    }
--- request
GET /t
--- response_body
target /target nil GET nil
--- no_error_log
[error]



=== TEST 9: in access, after a wait
--- config
    location = /t {
        access_by_lua_block {
            ngx.sleep(0.001)
            ngx.exec("/target")
        }
    }
    location = /target {
        content_by_lua_block {
            ngx.say("target ", ngx.var.uri, " ", ngx.var.args, " ", ngx.req.get_method(), " ", ngx.ctx.from)
        }
    }
--- request
GET /t
--- response_body
target /target nil GET nil
--- no_error_log
[error]



=== TEST 10: in content, after a wait
--- config
    location = /t {
        content_by_lua_block {
            ngx.sleep(0.001)
            ngx.exec("/target")
        }
    }
    location = /target {
        content_by_lua_block {
            ngx.say("target ", ngx.var.uri, " ", ngx.var.args, " ", ngx.req.get_method(), " ", ngx.ctx.from)
        }
    }
--- request
GET /t
--- response_body
target /target nil GET nil
--- no_error_log
[error]



=== TEST 11: it does not return, and pcall does not catch it
--- config
    location = /t {
        content_by_lua_block {
            pcall(function()
                pcall(ngx.exec, "/target")
                ngx.log(ngx.ERR, "came back")
            end)
            ngx.log(ngx.ERR, "came back")
        }
    }
    location = /target {
        content_by_lua_block {
            ngx.say("target ", ngx.var.uri, " ", ngx.var.args, " ", ngx.req.get_method(), " ", ngx.ctx.from)
        }
    }
--- request
GET /t
--- response_body
target /target nil GET nil
--- no_error_log
came back



=== TEST 12: within a coroutine
--- config
    location = /t {
        content_by_lua_block {
            local co = coroutine.create(function() ngx.exec("/target") end)
            coroutine.resume(co)
            ngx.log(ngx.ERR, "came back")
        }
    }
    location = /target {
        content_by_lua_block {
            ngx.say("target ", ngx.var.uri, " ", ngx.var.args, " ", ngx.req.get_method(), " ", ngx.ctx.from)
        }
    }
--- request
GET /t
--- response_body
target /target nil GET nil
--- no_error_log
came back



=== TEST 13: arguments: in the URI, a string, both
--- config
    location = /t {
        content_by_lua_block { ngx.exec("/target" .. (ngx.var.arg_uri or ""), ngx.var.arg_args) }
    }
    location = /target {
        content_by_lua_block {
            ngx.say("target ", ngx.var.uri, " ", ngx.var.args, " ", ngx.req.get_method(), " ", ngx.ctx.from)
        }
    }
--- request eval
["GET /t?uri=?a=1", "GET /t?args=b=2", "GET /t?uri=?a=1&args=b=2", "GET /t?uri=?"]
--- response_body eval
["target /target a=1 GET nil\n", "target /target b=2 GET nil\n", "target /target a=1&b=2 GET nil\n", "target /target  GET nil\n"]
--- no_error_log
[error]



=== TEST 14: arguments: a table
--- config
    location = /t {
        content_by_lua_block { ngx.exec("/target?a=1", { b = { "x y", true, false } }) }
    }
    location = /target {
        content_by_lua_block {
            ngx.say("target ", ngx.var.uri, " ", ngx.var.args, " ", ngx.req.get_method(), " ", ngx.ctx.from)
        }
    }
--- request
GET /t
--- response_body
target /target a=1&b=x%20y&b GET nil
--- no_error_log
[error]



=== TEST 15: arguments: a number
--- config
    location = /t {
        content_by_lua_block { ngx.exec("/target", 12.5) }
    }
    location = /target {
        content_by_lua_block {
            ngx.say("target ", ngx.var.uri, " ", ngx.var.args, " ", ngx.req.get_method(), " ", ngx.ctx.from)
        }
    }
--- request
GET /t
--- response_body
target /target 12.5 GET nil
--- no_error_log
[error]



=== TEST 16: arguments: nil, an empty string, an empty table
--- config
    location = /t {
        content_by_lua_block {
            local args = { none = nil, text = "", table = {} }
            ngx.exec("/target", args[ngx.var.arg_kind])
        }
    }
    location = /target {
        content_by_lua_block {
            ngx.say("target ", ngx.var.uri, " ", ngx.var.args, " ", ngx.req.get_method(), " ", ngx.ctx.from)
        }
    }
--- request eval
["GET /t?kind=none", "GET /t?kind=text", "GET /t?kind=table"]
--- response_body eval
[("target /target nil GET nil\n") x 3]
--- no_error_log
[error]



=== TEST 17: the old arguments are gone
--- config
    location = /t {
        content_by_lua_block { ngx.exec("/target") }
    }
    location = /target {
        content_by_lua_block {
            ngx.say("target ", ngx.var.uri, " ", ngx.var.args, " ", ngx.req.get_method(), " ", ngx.ctx.from)
        }
    }
--- request
GET /t?old=1
--- response_body
target /target nil GET nil
--- no_error_log
[error]



=== TEST 18: the path is decoded, arguments are not
--- config
    location = /t {
        content_by_lua_block { ngx.exec("/t%61rget?%61") }
    }
    location = /target {
        content_by_lua_block {
            ngx.say("target ", ngx.var.uri, " ", ngx.var.args, " ", ngx.req.get_method(), " ", ngx.ctx.from)
        }
    }
--- request
GET /t
--- response_body
target /target %61 GET nil
--- no_error_log
[error]



=== TEST 19: line breaks and NUL in arguments are escaped
--- config
    location = /t {
        content_by_lua_block { ngx.exec("/target?a\nb", "c\0d\r\ne") }
    }
    location = /target {
        content_by_lua_block {
            ngx.say("target ", ngx.var.uri, " ", ngx.var.args, " ", ngx.req.get_method(), " ", ngx.ctx.from)
        }
    }
--- request
GET /t
--- response_body
target /target a%0Ab&c%00d%0D%0Ae GET nil
--- no_error_log
[error]
--- differs: the C module would send them to a proxied server



=== TEST 20: wrong arguments
--- config
    location = /t {
        content_by_lua_block {
            local function try(...)
                local ok, err = pcall(ngx.exec, ...)
                ngx.say(err)
            end
            try()
            try("/target", "a", "b")
            try("")
            try(nil)
            try({})
            try(true)
            try("/target", true)
            try("/target", print)
            try("/target", { "x" })
            try("/target", { a = print })
            try("/../target")
            try("/a/../target")
            try("/target%00")
        }
    }
    location = /target {
        content_by_lua_block {
            ngx.say("target ", ngx.var.uri, " ", ngx.var.args, " ", ngx.req.get_method(), " ", ngx.ctx.from)
        }
    }
--- request
GET /t
--- response_body
expecting one or two arguments, but got 0
expecting one or two arguments, but got 3
The uri argument is empty
bad argument #1 to '?' (string expected, got nil)
bad argument #1 to '?' (string expected, got table)
bad argument #1 to '?' (string expected, got boolean)
bad argument #2 to '?' (string, number, or table expected, but got boolean)
bad argument #2 to '?' (string, number, or table expected, but got function)
attempt to use a non-string key in the "args" option table
attempt to use function as query arg value
unsafe uri
unsafe uri
unsafe uri
--- error_log
unsafe URI "/../target" was detected
unsafe URI "/a/../target" was detected
--- no_error_log
[crit]



=== TEST 21: a URI without a slash is not found
--- config
    location = /t {
        content_by_lua_block { ngx.exec("target") }
    }
    location = /target {
        content_by_lua_block {
            ngx.say("target ", ngx.var.uri, " ", ngx.var.args, " ", ngx.req.get_method(), " ", ngx.ctx.from)
        }
    }
--- request
GET /t
--- error_code: 404
--- response_body_like: 404 Not Found
--- no_error_log
[crit]



=== TEST 22: a location that does not exist
--- config
    location = /t {
        content_by_lua_block { ngx.exec("/none") }
    }
    location = /target {
        content_by_lua_block {
            ngx.say("target ", ngx.var.uri, " ", ngx.var.args, " ", ngx.req.get_method(), " ", ngx.ctx.from)
        }
    }
--- request
GET /t
--- error_code: 404
--- response_body_like: 404 Not Found
--- no_error_log
[crit]



=== TEST 23: internal locations are reached
--- config
    location = /t {
        content_by_lua_block { ngx.exec("/inside") }
    }
    location = /inside { internal; return 200 "inside\n"; }
--- request
GET /t
--- response_body
inside
--- no_error_log
[error]



=== TEST 24: a static file
--- config
    location = /t {
        content_by_lua_block { ngx.exec("/file.txt") }
    }
    location = /target {
        content_by_lua_block {
            ngx.say("target ", ngx.var.uri, " ", ngx.var.args, " ", ngx.req.get_method(), " ", ngx.ctx.from)
        }
    }
--- request
GET /t
--- response_body
in a file
--- user_files
>>> file.txt
in a file
--- no_error_log
[error]



=== TEST 25: a proxied location
--- http_config
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1;
        return 200 $request\n;
    }
--- config
    location = /t {
        content_by_lua_block { ngx.exec("/up/x", "a=1") }
    }
    location /up/ { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; }
--- request
GET /t
--- response_body
GET /x?a=1 HTTP/1.0
--- no_error_log
[error]



=== TEST 26: a named location: URI and arguments stay
--- config
    location = /t {
        content_by_lua_block { ngx.ctx.from = "main" ngx.exec("@named") }
    }
    location @named {
        content_by_lua_block {
            ngx.say("named ", ngx.var.uri, " ", ngx.var.args, " ", ngx.req.get_method(), " ", ngx.ctx.from)
        }
    }
--- request
GET /t?a=1
--- response_body
named /t a=1 GET nil
--- no_error_log
[error]



=== TEST 27: a named location ignores arguments, and says so
--- config
    location = /t {
        content_by_lua_block { ngx.exec("@named?x=1", "y=2") }
    }
    location @named {
        content_by_lua_block {
            ngx.say("named ", ngx.var.uri, " ", ngx.var.args, " ", ngx.req.get_method(), " ", ngx.ctx.from)
        }
    }
--- request
GET /t?a=1
--- response_body
named /t a=1 GET nil
--- error_log
query strings x=1&y=2 ignored when exec'ing named location @named
--- no_error_log
[error]



=== TEST 28: a named location in rewrite, after a wait
--- config
    location = /t {
        rewrite_by_lua_block {
            ngx.sleep(0.001)
            ngx.exec("@named")
        }
    }
    location @named {
        content_by_lua_block {
            ngx.say("named ", ngx.var.uri, " ", ngx.var.args, " ", ngx.req.get_method(), " ", ngx.ctx.from)
        }
    }
--- request
GET /t
--- response_body
named /t nil GET nil
--- no_error_log
[error]



=== TEST 29: a named location that does not exist
--- config
    location = /t {
        content_by_lua_block { ngx.exec("@none") }
    }
    location @named {
        content_by_lua_block {
            ngx.say("named ", ngx.var.uri, " ", ngx.var.args, " ", ngx.req.get_method(), " ", ngx.ctx.from)
        }
    }
--- request
GET /t
--- error_code: 500
--- response_body_like: 500 Internal Server Error
--- error_log
could not find named location "@none"
--- no_error_log
[crit]



=== TEST 30: after the header was sent
--- config
    location = /t {
        content_by_lua_block {
            ngx.say("sent")
            local ok, err = pcall(ngx.exec, "/target")
            ngx.say(err)
            ok, err = pcall(ngx.exec, "@named")
            ngx.say(err)
        }
    }
    location = /target {
        content_by_lua_block {
            ngx.say("target ", ngx.var.uri, " ", ngx.var.args, " ", ngx.req.get_method(), " ", ngx.ctx.from)
        }
    }
--- request
GET /t
--- response_body
sent
attempt to call ngx.exec after sending out response headers
attempt to call ngx.exec after sending out response headers
--- no_error_log
[error]



=== TEST 31: a loop of locations ends in 500
--- config
    location = /t {
        content_by_lua_block { ngx.exec("/t") }
    }
    location = /target {
        content_by_lua_block {
            ngx.say("target ", ngx.var.uri, " ", ngx.var.args, " ", ngx.req.get_method(), " ", ngx.ctx.from)
        }
    }
--- request
GET /t
--- error_code: 500
--- response_body_like: 500 Internal Server Error
--- error_log
rewrite or internal redirection cycle while internally redirecting to "/t"
--- no_error_log
[crit]



=== TEST 32: a loop of named locations
--- config
    location = /t {
        content_by_lua_block { ngx.exec("@loop") }
    }
    location @loop { content_by_lua_block { ngx.exec('@loop') } }
--- request
GET /t
--- error_code: 500
--- response_body_like: 500 Internal Server Error
--- error_log
rewrite or internal redirection cycle while redirect to named location "@loop"
--- no_error_log
[crit]



=== TEST 33: nine steps are fine
--- config
    location = /t {
        content_by_lua_block {
            local n = tonumber(ngx.var.arg_n or 0)
            if n < 9 then ngx.exec("/t", { n = n + 1 }) end
            ngx.say(n)
        }
    }
    location = /target {
        content_by_lua_block {
            ngx.say("target ", ngx.var.uri, " ", ngx.var.args, " ", ngx.req.get_method(), " ", ngx.ctx.from)
        }
    }
--- request
GET /t
--- response_body
9
--- no_error_log
[error]



=== TEST 34: ngx.ctx is lost, variables stay
--- config
    location = /t {
        set $name "";
        content_by_lua_block { ngx.ctx.from = "main" ngx.var.name = "kept" ngx.exec("/vars") }
    }
    location = /vars { content_by_lua_block { ngx.say(ngx.var.name, ' ', ngx.ctx.from) } }
--- request
GET /t
--- response_body
kept nil
--- no_error_log
[error]



=== TEST 35: headers that were set stay
--- config
    location = /t {
        content_by_lua_block { ngx.header["X-First"] = "yes" ngx.exec("/target") }
    }
    location = /target {
        content_by_lua_block {
            ngx.say("target ", ngx.var.uri, " ", ngx.var.args, " ", ngx.req.get_method(), " ", ngx.ctx.from)
        }
    }
--- request
GET /t
--- response_body
target /target nil GET nil
--- response_headers
X-First: yes
--- no_error_log
[error]



=== TEST 36: method and body stay
--- config
    location = /t {
        content_by_lua_block { ngx.req.read_body() ngx.exec("/body") }
    }
    location = /body { content_by_lua_block { ngx.req.read_body() ngx.say(ngx.req.get_method(), ' ', ngx.req.get_body_data()) } }
--- request
POST /t
body
--- response_body
POST body
--- no_error_log
[error]



=== TEST 37: a body that was not read can be read there
--- config
    location = /t {
        content_by_lua_block { ngx.exec("/body") }
    }
    location = /body { content_by_lua_block { ngx.req.read_body() ngx.say(ngx.req.get_method(), ' ', ngx.req.get_body_data()) } }
--- request
POST /t
body
--- response_body
POST body
--- no_error_log
[error]



=== TEST 38: the target's rewrite and access code runs
--- config
    location = /t {
        content_by_lua_block { ngx.exec("/phases") }
    }
    location = /phases {
        rewrite_by_lua_block { ngx.ctx.ran = "rewrite" }
        access_by_lua_block { ngx.ctx.ran = ngx.ctx.ran .. " access" }
        content_by_lua_block { ngx.say(ngx.ctx.ran) }
    }
--- request
GET /t
--- response_body
rewrite access
--- no_error_log
[error]



=== TEST 39: access rules of the target hold
--- config
    location = /t {
        content_by_lua_block { ngx.exec("/denied") }
    }
    location = /denied { deny all; content_by_lua_block { ngx.say('x') } }
--- request
GET /t
--- error_code: 403
--- response_body_like: 403 Forbidden
--- no_error_log
[crit]



=== TEST 40: the log code of the target runs, that of the first location does not
--- config
    location = /t {
        log_by_lua_block { ngx.log(ngx.WARN, "first logs") }
        content_by_lua_block { ngx.exec("/logged") }
    }
    location = /logged { content_by_lua_block { ngx.say('target') } log_by_lua_block { ngx.log(ngx.WARN, 'target logs') } }
--- request
GET /t
--- response_body
target
--- error_log
target logs
--- no_error_log
first logs



=== TEST 41: the target waits
--- config
    location = /t {
        content_by_lua_block { ngx.sleep(0.001) ngx.exec("/slow") }
    }
    location = /slow { content_by_lua_block { ngx.sleep(0.001) ngx.say('slow ', ngx.location.capture('/sub').body) } }
    location = /sub { return 200 sub; }
--- request
GET /t
--- response_body
slow sub
--- no_error_log
[error]



=== TEST 42: after subrequests
--- config
    location = /t {
        content_by_lua_block { ngx.location.capture("/sub") ngx.exec("/target") }
    }
    location = /target {
        content_by_lua_block {
            ngx.say("target ", ngx.var.uri, " ", ngx.var.args, " ", ngx.req.get_method(), " ", ngx.ctx.from)
        }
    }
    location = /sub { content_by_lua_block { ngx.sleep(0.001) } }
--- request
GET /t
--- response_body
target /target nil GET nil
--- no_error_log
[error]



=== TEST 43: keep-alive: several on one connection
--- config
    location = /t {
        content_by_lua_block { ngx.exec("/target", ngx.var.args) }
    }
    location = /target {
        content_by_lua_block {
            ngx.say("target ", ngx.var.uri, " ", ngx.var.args, " ", ngx.req.get_method(), " ", ngx.ctx.from)
        }
    }
--- pipelined_requests eval
["GET /t?1", "GET /t?2"]
--- response_body eval
["target /target 1 GET nil\n", "target /target 2 GET nil\n"]
--- no_error_log
[error]



=== TEST 44: HTTP/1.0: output that is held back stops it from nothing
--- config
    location = /t {
        content_by_lua_block { ngx.exec("/target") }
    }
    location = /target {
        content_by_lua_block {
            ngx.say("target ", ngx.var.uri, " ", ngx.var.args, " ", ngx.req.get_method(), " ", ngx.ctx.from)
        }
    }
--- request
GET /t HTTP/1.0
--- response_body
target /target nil GET nil
--- no_error_log
[error]



=== TEST 45: wrong phases
--- config
    location = /t {
        set_by_lua_block $x { local ok, err = pcall(ngx.exec, "/target") ngx.log(ngx.WARN, err) }
        header_filter_by_lua_block { local ok, err = pcall(ngx.exec, "/target") ngx.log(ngx.WARN, err) }
        body_filter_by_lua_block { local ok, err = pcall(ngx.exec, "/target") ngx.log(ngx.WARN, err) }
        log_by_lua_block { local ok, err = pcall(ngx.exec, "/target") ngx.log(ngx.WARN, err) }
        content_by_lua_block { ngx.say("x") }
    }
    location = /target {
        content_by_lua_block {
            ngx.say("target ", ngx.var.uri, " ", ngx.var.args, " ", ngx.req.get_method(), " ", ngx.ctx.from)
        }
    }
--- request
GET /t
--- response_body
x
--- error_log
API disabled in the context of set_by_lua*
API disabled in the context of header_filter_by_lua*
API disabled in the context of body_filter_by_lua*
API disabled in the context of log_by_lua*
--- no_error_log
[error]



=== TEST 46: without a request
--- http_config
    init_by_lua_block { started = select(2, pcall(ngx.exec, "/target")) }
--- config
    location = /t {
        content_by_lua_block { ngx.say(started) }
    }
    location = /target {
        content_by_lua_block {
            ngx.say("target ", ngx.var.uri, " ", ngx.var.args, " ", ngx.req.get_method(), " ", ngx.ctx.from)
        }
    }
--- request
GET /t
--- response_body
no request object found
--- no_error_log
[error]



=== TEST 47: the client goes away while the target waits
--- config
    location = /t {
        content_by_lua_block { ngx.exec("/slow") }
    }
    location = /slow { lua_check_client_abort on; content_by_lua_block { ngx.sleep(2) ngx.log(ngx.ERR, 'goes on') } }
--- request
GET /t
--- ignore_response
--- timeout: 0.05
--- abort
--- wait: 0.25
--- error_log
client prematurely closed connection
--- no_error_log
goes on
