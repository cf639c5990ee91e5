# ngx.location.capture: subrequests that fail, end in other ways than by output, or end the main request.

use Test::Nginx::Socket::Lua 'no_plan';

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: return with a status and a text
--- config
    location = /t {
        content_by_lua_block {
            local res = ngx.location.capture("/sub")
            ngx.say(res.status, " [", res.body, "] ", res.truncated)
        }
    }
    location = /sub { return 404 "nope"; }
--- request
GET /t
--- response_body
404 [nope] false
--- no_error_log
[error]



=== TEST 2: return 204
--- config
    location = /t {
        content_by_lua_block {
            local res = ngx.location.capture("/sub")
            ngx.say(res.status, " [", res.body, "] ", res.truncated)
        }
    }
    location = /sub { return 204; }
--- request
GET /t
--- response_body
204 [] true
--- no_error_log
[error]



=== TEST 3: return 304
--- config
    location = /t {
        content_by_lua_block {
            local res = ngx.location.capture("/sub")
            ngx.say(res.status, " [", res.body, "] ", res.truncated)
        }
    }
    location = /sub { return 304; }
--- request
GET /t
--- response_body
304 [] true
--- no_error_log
[error]



=== TEST 4: return with a status alone
--- config
    location = /t {
        content_by_lua_block {
            local res = ngx.location.capture("/sub")
            ngx.say(res.status, " [", res.body, "] ", res.truncated)
        }
    }
    location = /sub { return 503; }
--- request
GET /t
--- response_body
503 [] true
--- no_error_log
[error]



=== TEST 5: a static file that is missing
--- config
    location = /t {
        content_by_lua_block {
            local res = ngx.location.capture("/sub")
            ngx.say(res.status, " [", res.body, "] ", res.truncated)
        }
    }
--- request
GET /t
--- response_body
404 [] true
--- no_error_log
[crit]



=== TEST 6: error_page of the subrequest's location does not count
--- config
    location = /t {
        content_by_lua_block {
            local res = ngx.location.capture("/sub")
            ngx.say(res.status, " [", res.body, "] ", res.truncated)
        }
    }
    location = /sub { error_page 404 = /page; return 404; }
    location = /page { return 200 page; }
--- request
GET /t
--- response_body
404 [] true
--- no_error_log
[error]



=== TEST 7: ngx.exit with every kind of status
--- config
    location = /t {
        content_by_lua_block {
            for _, status in ipairs { 0, 200, 201, 202, 204, 301, 304, 400, 403, 404, 500, 503, 600, -1 } do
                local res = ngx.location.capture("/sub", { args = { status = status } })
                ngx.say(status, ": ", res.status, " [", res.body, "] ", res.truncated)
            end
        }
    }
    location = /sub { content_by_lua_block { ngx.exit(tonumber(ngx.var.arg_status)) } }
--- request
GET /t
--- response_body
0: 200 [] false
200: 200 [] false
201: 201 [] false
202: 202 [] false
204: 204 [] true
301: 301 [] true
304: 304 [] true
400: 400 [] true
403: 403 [] true
404: 404 [] true
500: 500 [] true
503: 503 [] true
600: 600 [] true
-1: 500 [] true
--- no_error_log
[error]



=== TEST 8: ngx.exit after output
--- config
    location = /t {
        content_by_lua_block {
            for _, status in ipairs { 0, 200, 404, 500 } do
                local res = ngx.location.capture("/sub", { args = { status = status } })
                ngx.say(status, ": ", res.status, " [", res.body, "] ", res.truncated)
            end
        }
    }
    location = /sub { content_by_lua_block { ngx.print('x') ngx.exit(tonumber(ngx.var.arg_status)) } }
--- request
GET /t
--- response_body
0: 200 [x] false
200: 200 [x] false
404: 200 [x] false
500: 200 [x] false
--- no_error_log
[crit]



=== TEST 9: ngx.exit in rewrite
--- config
    location = /t {
        content_by_lua_block {
            for _, status in ipairs { 0, 200, 403, 503 } do
                local res = ngx.location.capture("/sub", { args = { status = status } })
                ngx.say(status, ": ", res.status, " [", res.body, "] ", res.truncated)
            end
        }
    }
    location = /sub {
        rewrite_by_lua_block { ngx.exit(tonumber(ngx.var.arg_status)) }
        content_by_lua_block { ngx.print("content") }
    }
--- request
GET /t
--- response_body
0: 200 [content] false
200: 200 [] false
403: 403 [] true
503: 503 [] true
--- no_error_log
[error]



=== TEST 10: a status of its own with a body
--- config
    location = /t {
        content_by_lua_block {
            local res = ngx.location.capture("/sub")
            ngx.say(res.status, " [", res.body, "] ", res.truncated)
        }
    }
    location = /sub { content_by_lua_block { ngx.status = 418 ngx.print('teapot') ngx.exit(ngx.OK) } }
--- request
GET /t
--- response_body
418 [teapot] false
--- no_error_log
[error]



=== TEST 11: an error in Lua code
--- config
    location = /t {
        content_by_lua_block {
            local res = ngx.location.capture("/sub")
            ngx.say(res.status, " [", res.body, "] ", res.truncated)
        }
    }
    location = /sub { content_by_lua_block { error('oops') } }
--- request
GET /t
--- response_body
500 [] true
--- error_log
oops
--- no_error_log
[crit]



=== TEST 12: an error in Lua code after output
--- config
    location = /t {
        content_by_lua_block {
            local res = ngx.location.capture("/sub")
            ngx.say(res.status, " [", res.body, "] ", res.truncated)
        }
    }
    location = /sub { content_by_lua_block { ngx.print('begin') error('oops') } }
--- request
GET /t
--- response_body
200 [begin] true
--- error_log
oops
--- no_error_log
[crit]



=== TEST 13: an error in Lua code after a flush
--- config
    location = /t {
        content_by_lua_block {
            local res = ngx.location.capture("/sub")
            ngx.say(res.status, " [", res.body, "] ", res.truncated)
        }
    }
    location = /sub { content_by_lua_block { ngx.print('begin') ngx.flush(true) ngx.sleep(0.001) error('oops') } }
--- request
GET /t
--- response_body
200 [begin] true
--- error_log
oops
--- no_error_log
[crit]



=== TEST 14: a Lua file that is missing
--- config
    location = /t {
        content_by_lua_block {
            local res = ngx.location.capture("/sub")
            ngx.say(res.status, " [", res.body, "] ", res.truncated)
        }
    }
    location = /sub { content_by_lua_file html/none.lua; }
--- request
GET /t
--- response_body
404 [] true
--- error_log
none.lua
--- no_error_log
[crit]



=== TEST 15: ngx.redirect in a subrequest
--- config
    location = /t {
        content_by_lua_block {
            local res = ngx.location.capture("/sub")
            ngx.say(res.status, " [", res.body, "] ", res.truncated)
        }
    }
    location = /sub { content_by_lua_block { ngx.redirect('/other') } }
--- request
GET /t
--- response_body
302 [] true
--- no_error_log
[error]



=== TEST 16: ngx.exec in a subrequest
--- config
    location = /t {
        content_by_lua_block {
            local res = ngx.location.capture("/sub")
            ngx.say(res.status, " [", res.body, "] ", res.truncated)
        }
    }
    location = /sub { content_by_lua_block { ngx.exec('/other?a=1') } }
    location = /other { content_by_lua_block { ngx.print("other ", ngx.var.args) } }
--- request
GET /t
--- response_body
200 [other a=1] false
--- no_error_log
[error]



=== TEST 17: ngx.exec to a named location
--- config
    location = /t {
        content_by_lua_block {
            local res = ngx.location.capture("/sub")
            ngx.say(res.status, " [", res.body, "] ", res.truncated)
        }
    }
    location = /sub { content_by_lua_block { ngx.exec('@other') } }
    location @other { content_by_lua_block { ngx.print("other ", ngx.var.uri) } }
--- request
GET /t
--- response_body
200 [other /sub] false
--- no_error_log
[error]



=== TEST 18: ngx.exec to a named location that does not exist
--- config
    location = /t {
        content_by_lua_block {
            local res = ngx.location.capture("/sub")
            ngx.say(res.status, " [", res.body, "] ", res.truncated)
        }
    }
    location = /sub { content_by_lua_block { ngx.exec('@none') } }
--- request
GET /t
--- response_body
500 [] true
--- error_log
could not find named location "@none"
--- no_error_log
[crit]



=== TEST 19: a redirection cycle
--- config
    location = /t {
        content_by_lua_block {
            local res = ngx.location.capture("/sub")
            ngx.say(res.status, " [", res.body, "] ", res.truncated)
        }
    }
    location = /sub { rewrite_by_lua_block { ngx.exec('/sub') } }
--- request
GET /t
--- response_body
500 [] true
--- error_log
rewrite or internal redirection cycle
--- no_error_log
[crit]



=== TEST 20: ngx.req.set_uri in a cycle
--- config
    location = /t {
        content_by_lua_block {
            local res = ngx.location.capture("/sub")
            ngx.say(res.status, " [", res.body, "] ", res.truncated)
        }
    }
    location = /sub { rewrite_by_lua_block { ngx.req.set_uri('/sub', true) } }
--- request
GET /t
--- response_body
500 [] true
--- error_log
rewrite or internal redirection cycle
--- no_error_log
[crit]



=== TEST 21: header filter code sees error statuses
--- config
    location = /t {
        content_by_lua_block {
            local res = ngx.location.capture("/sub")
            ngx.say(res.status, " [", res.body, "] ", res.truncated)
        }
    }
    location = /sub {
        header_filter_by_lua_block { ngx.log(ngx.WARN, "status in filter: ", ngx.status) }
        content_by_lua_block { ngx.exit(403) }
    }
--- request
GET /t
--- response_body
403 [] true
--- error_log
status in filter: 403
--- no_error_log
[error]



=== TEST 22: headers of a failed subrequest
--- config
    location = /t {
        content_by_lua_block {
            local res = ngx.location.capture("/sub")
            ngx.say(res.status, " ", res.header["X-Content"], " ", res.header["X-Filter"])
        }
    }
    location = /sub {
        header_filter_by_lua_block { ngx.header["X-Filter"] = "yes" }
        content_by_lua_block {
            ngx.header["X-Content"] = "yes"
            ngx.exit(403)
        }
    }
--- request
GET /t
--- response_body
403 yes yes
--- no_error_log
[error]
--- differs: in the C module a header of the code hides those of the filter



=== TEST 23: an error in header filter code
--- config
    location = /t {
        content_by_lua_block {
            local res = ngx.location.capture("/sub")
            ngx.say(res.status, " [", res.body, "] ", res.truncated)
        }
    }
    location = /sub { header_filter_by_lua_block { error("oops") } content_by_lua_block { ngx.print("x") } }
--- request
GET /t
--- response_body
200 [] true
--- error_log
oops
--- no_error_log
[crit]
--- differs: the C module says that the body is complete



=== TEST 24: ngx.exit(ngx.ERROR) in header filter code
--- config
    location = /t {
        content_by_lua_block {
            local res = ngx.location.capture("/sub")
            ngx.say(res.status, " [", res.body, "] ", res.truncated)
        }
    }
    location = /sub { header_filter_by_lua_block { ngx.exit(ngx.ERROR) } content_by_lua_block { ngx.print("x") } }
--- request
GET /t
--- response_body
200 [] true
--- no_error_log
[error]
--- differs: the C module says that the body is complete



=== TEST 25: ngx.exit(500) in header filter code
--- config
    location = /t {
        content_by_lua_block {
            local res = ngx.location.capture("/sub")
            ngx.say(res.status, " ", res.body:match("<h1>(.-)</h1>"), " ", res.header["Content-Type"])
        }
    }
    location = /sub { header_filter_by_lua_block { ngx.exit(500) } content_by_lua_block { ngx.print("x") } }
--- request
GET /t
--- response_body
500 500 Internal Server Error text/html
--- no_error_log
[error]
--- differs: the C module drops the client's connection



=== TEST 26: an error in body filter code ends the main request, as nginx has it
--- config
    location = /t {
        content_by_lua_block {
            local res = ngx.location.capture("/sub")
            ngx.say(res.status, " [", res.body, "] ", res.truncated)
        }
    }
    location = /sub { body_filter_by_lua_block { error("oops") } content_by_lua_block { ngx.print("x") } }
--- request
GET /t
--- error_code:
--- error_log
oops
--- no_error_log
[crit]



=== TEST 27: body filter code that ends the body early
--- config
    location = /t {
        content_by_lua_block {
            local res = ngx.location.capture("/sub")
            ngx.say(res.status, " [", res.body, "] ", res.truncated)
        }
    }
    location = /sub { body_filter_by_lua_block { ngx.arg[1] = "cut"; ngx.arg[2] = true } content_by_lua_block { ngx.print("x") ngx.flush(true) ngx.print("y") } }
--- request
GET /t
--- response_body
200 [cut] false
--- no_error_log
[error]
--- differs: the C module takes what follows for the filter's code



=== TEST 28: ngx.exit(444) in a subrequest ends the main request
--- config
    location = /t {
        content_by_lua_block {
            ngx.location.capture("/sub")
            ngx.sleep(0.01)
            ngx.log(ngx.ERR, "main goes on")
        }
    }
    location = /sub { content_by_lua_block { ngx.exit(444) } }
--- request
GET /t
--- error_code:
--- no_error_log
main goes on



=== TEST 29: ngx.exit(499) in a subrequest ends the main request
--- config
    location = /t {
        content_by_lua_block {
            ngx.location.capture("/sub")
            ngx.sleep(0.01)
            ngx.log(ngx.ERR, "main goes on")
        }
    }
    location = /sub { content_by_lua_block { ngx.exit(499) } }
--- request
GET /t
--- error_code:
--- no_error_log
main goes on



=== TEST 30: ngx.exit(408) in a subrequest ends the main request
--- config
    location = /t {
        content_by_lua_block {
            ngx.location.capture("/sub")
            ngx.sleep(0.01)
            ngx.log(ngx.ERR, "main goes on")
        }
    }
    location = /sub { content_by_lua_block { ngx.exit(408) } }
--- request
GET /t
--- error_code:
--- no_error_log
main goes on



=== TEST 31: return 444 in a subrequest ends the main request
--- config
    location = /t {
        content_by_lua_block {
            ngx.location.capture("/sub")
            ngx.sleep(0.01)
            ngx.log(ngx.ERR, "main goes on")
        }
    }
    location = /sub { return 444; }
--- request
GET /t
--- error_code:
--- no_error_log
main goes on



=== TEST 32: 444 in one of several ends all
--- config
    location = /t {
        content_by_lua_block {
            ngx.location.capture_multi { { "/slow" }, { "/sub" }, { "/slow" } }
            ngx.log(ngx.ERR, "main goes on")
        }
    }
    location = /sub { content_by_lua_block { ngx.sleep(0.01) ngx.exit(444) } }
    location = /slow { content_by_lua_block { ngx.sleep(0.1) ngx.log(ngx.ERR, 'slow goes on') } }
--- request
GET /t
--- error_code:
--- wait: 0.15
--- no_error_log
goes on



=== TEST 33: 444 in a subrequest of a subrequest
--- config
    location = /t {
        content_by_lua_block {
            ngx.location.capture("/middle")
            ngx.log(ngx.ERR, "main goes on")
        }
    }
    location = /sub { content_by_lua_block { ngx.sleep(0.001) ngx.exit(444) } }
    location = /middle { content_by_lua_block { ngx.location.capture('/sub') ngx.sleep(0.01) ngx.log(ngx.ERR, 'middle goes on') } }
--- request
GET /t
--- error_code:
--- wait: 0.05
--- no_error_log
goes on



=== TEST 34: one of several fails: the others are not disturbed
--- config
    location = /t {
        content_by_lua_block {
            local a, b, c = ngx.location.capture_multi { { "/slow" }, { "/sub" }, { "/slow" } }
            ngx.say(a.body, " ", b.status, " ", c.body)
        }
    }
    location = /sub { content_by_lua_block { error('oops') } }
    location = /slow { content_by_lua_block { ngx.sleep(0.01) ngx.print('slow') } }
--- request
GET /t
--- response_body
slow 500 slow
--- error_log
oops
--- no_error_log
[crit]



=== TEST 35: an error in the main request after a failed subrequest
--- config
    location = /t {
        content_by_lua_block {
            local res = ngx.location.capture("/sub")
            error("main: " .. res.status)
        }
    }
    location = /sub { content_by_lua_block { ngx.exit(503) } }
--- request
GET /t
--- error_code: 500
--- response_body_like: 500 Internal Server Error
--- error_log
main: 503
--- no_error_log
[crit]



=== TEST 36: ngx.exit with the status of a subrequest
--- config
    location = /t {
        content_by_lua_block { ngx.exit(ngx.location.capture("/sub").status) }
    }
    location = /sub { content_by_lua_block { ngx.exit(403) } }
--- request
GET /t
--- error_code: 403
--- response_body_like: 403 Forbidden
--- no_error_log
[error]



=== TEST 37: error_page works for the main request
--- config
    location = /t {
        error_page 403 /page;
        content_by_lua_block { ngx.exit(ngx.location.capture("/sub").status) }
    }
    location = /sub { content_by_lua_block { ngx.exit(403) } }
    location = /page { content_by_lua_block { ngx.say("page") } }
--- request
GET /t
--- error_code: 403
--- response_body
page
--- no_error_log
[error]



=== TEST 38: limit_except and deny refuse in rewrite and content only
--- config
    location = /t {
        content_by_lua_block {
            local res = ngx.location.capture("/sub")
            ngx.say(res.status, " [", res.body, "] ", res.truncated)
        }
    }
    location = /sub { satisfy all; deny all; return 200 "x"; }
--- request
GET /t
--- response_body
200 [x] false
--- no_error_log
[error]



=== TEST 39: a subrequest that has nothing to say
--- config
    location = /t {
        content_by_lua_block {
            local res = ngx.location.capture("/sub")
            ngx.say(res.status, " [", res.body, "] ", res.truncated)
        }
    }
    location = /sub { content_by_lua_block { ngx.status = 204 ngx.exit(204) } }
--- request
GET /t
--- response_body
204 [] true
--- no_error_log
[error]



=== TEST 40: a body without end: the handler closes
--- config
    location = /t {
        content_by_lua_block {
            local res = ngx.location.capture("/sub")
            ngx.say(res.status, " [", res.body, "] ", res.truncated)
        }
    }
    location = /sub { content_by_lua_block { ngx.header.content_length = 10 ngx.print('abc') } }
--- request
GET /t
--- response_body
200 [abc] false
--- no_error_log
[error]



=== TEST 41: the client goes away while subrequests wait: all of them end
--- config
    location = /t {
        lua_check_client_abort on;
        content_by_lua_block {
            ngx.location.capture_multi { { "/slow" }, { "/slow" } }
            ngx.log(ngx.ERR, "main goes on")
        }
    }
    location = /slow {
        content_by_lua_block {
            ngx.sleep(2)
            ngx.log(ngx.ERR, "slow goes on")
        }
    }
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



=== TEST 42: the client goes away while a proxy waits: with lua_check_client_abort, all ends
--- http_config
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1;
        lua_check_client_abort on;
        location / {
            content_by_lua_block {
                ngx.sleep(2)
                ngx.log(ngx.ERR, "upstream goes on")
            }
        }
    }
--- config
    location = /t {
        lua_check_client_abort on;
        content_by_lua_block {
            ngx.location.capture("/up")
            ngx.log(ngx.ERR, "main goes on")
        }
    }
    location = /up { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1; }
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



=== TEST 43: the client goes away while a proxy waits two levels down
--- http_config
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1;
        location / { content_by_lua_block { ngx.sleep(2) } }
    }
--- config
    location = /t {
        lua_check_client_abort on;
        content_by_lua_block {
            ngx.location.capture("/middle")
            ngx.log(ngx.ERR, "main goes on")
        }
    }
    location = /middle { content_by_lua_block { ngx.location.capture('/up') ngx.log(ngx.ERR, 'middle goes on') } }
    location = /up { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1; }
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



=== TEST 44: without lua_check_client_abort, a proxied subrequest and the code end their work
--- http_config
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1;
        location / { content_by_lua_block { ngx.sleep(0.1) } }
    }
--- config
    location = /t {
        content_by_lua_block {
            ngx.location.capture("/up")
            ngx.log(ngx.WARN, "main goes on")
        }
    }
    location = /up { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1; }
--- request
GET /t
--- ignore_response
--- timeout: 0.03
--- abort
--- wait: 0.2
--- error_log
main goes on
--- no_error_log
[alert]



=== TEST 45: without lua_check_client_abort, sleeping subrequests end their work
--- config
    location = /t {
        content_by_lua_block {
            ngx.location.capture("/slow")
            ngx.log(ngx.WARN, "main goes on")
        }
    }
    location = /slow { content_by_lua_block { ngx.sleep(0.1) } }
--- request
GET /t
--- ignore_response
--- timeout: 0.03
--- abort
--- wait: 0.2
--- error_log
main goes on
--- no_error_log
[alert]
