# ngx.exit: every kind of code in every phase that may call it.

use Test::Nginx::Socket::Lua 'no_plan';

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: core constants
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.OK, " ", ngx.ERROR, " ", ngx.AGAIN, " ", ngx.DONE, " ", ngx.DECLINED)
            ngx.say(type(ngx.null), " ", tostring(ngx.null), " ", ngx.null)
        }
    }
--- request
GET /t
--- response_body
0 -1 -2 -4 -5
userdata userdata: NULL null
--- no_error_log
[error]



=== TEST 2: status constants
--- config
    location = /t {
        content_by_lua_block {
            local names = {}
            for name, value in pairs(ngx) do
                if name:find("^HTTP_") and type(value) == "number" and not ngx.config.methods[name] then
                    table.insert(names, string.format("%d %s\n", value, name:sub(6)))
                end
            end
            table.sort(names)
            ngx.print(names)
        }
    }
--- http_config
    init_by_lua_block {
        ngx.config.methods = {}
        for _, name in ipairs {
            "GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS", "MKCOL", "COPY", "MOVE",
            "PROPFIND", "PROPPATCH", "LOCK", "UNLOCK", "PATCH", "TRACE"
        } do
            ngx.config.methods["HTTP_" .. name] = true
        end
    }
--- request
GET /t
--- response_body
100 CONTINUE
101 SWITCHING_PROTOCOLS
200 OK
201 CREATED
202 ACCEPTED
204 NO_CONTENT
206 PARTIAL_CONTENT
300 SPECIAL_RESPONSE
301 MOVED_PERMANENTLY
302 MOVED_TEMPORARILY
303 SEE_OTHER
304 NOT_MODIFIED
307 TEMPORARY_REDIRECT
308 PERMANENT_REDIRECT
400 BAD_REQUEST
401 UNAUTHORIZED
402 PAYMENT_REQUIRED
403 FORBIDDEN
404 NOT_FOUND
405 NOT_ALLOWED
406 NOT_ACCEPTABLE
408 REQUEST_TIMEOUT
409 CONFLICT
410 GONE
426 UPGRADE_REQUIRED
429 TOO_MANY_REQUESTS
444 CLOSE
451 ILLEGAL
500 INTERNAL_SERVER_ERROR
501 METHOD_NOT_IMPLEMENTED
501 NOT_IMPLEMENTED
502 BAD_GATEWAY
503 SERVICE_UNAVAILABLE
504 GATEWAY_TIMEOUT
505 VERSION_NOT_SUPPORTED
507 INSUFFICIENT_STORAGE
--- no_error_log
[error]



=== TEST 3: content: a code from 200 to 299 is the status of an empty answer
--- config
    location = /t {
        content_by_lua_block {
            ngx.exit(tonumber(ngx.var.arg_code))
        }
    }
--- request eval
["GET /t?code=200", "GET /t?code=201", "GET /t?code=206", "GET /t?code=299"]
--- error_code eval
[200, 201, 206, 299]
--- response_body eval
["", "", "", ""]
--- response_headers eval
["Content-Type: text/plain", "Content-Type: text/plain", "Content-Type: text/plain", "Content-Type: text/plain"]
--- no_error_log
[error]



=== TEST 4: content: ngx.OK ends the answer as falling off the end does
--- config
    location = /t {
        content_by_lua_block {
            if ngx.var.arg_say then
                ngx.say("said")
            end
            ngx.exit(ngx.OK)
            ngx.say("never said")
        }
    }
--- request eval
["GET /t?say=1", "GET /t"]
--- response_body eval
["said\n", ""]
--- no_error_log
[error]



=== TEST 5: content: a code from 300 up is answered with nginx's page
--- config
    location = /t {
        content_by_lua_block {
            ngx.exit(tonumber(ngx.var.arg_code))
        }
    }
--- request eval
["GET /t?code=301", "GET /t?code=403", "GET /t?code=404", "GET /t?code=500", "GET /t?code=503"]
--- error_code eval
[301, 403, 404, 500, 503]
--- response_headers eval
["Content-Type: text/html", "Content-Type: text/html", "Content-Type: text/html", "Content-Type: text/html", "Content-Type: text/html"]
--- response_body_like eval
["301 Moved Permanently", "403 Forbidden", "404 Not Found", "500 Internal Server Error", "503 Service Temporarily Unavailable"]
--- no_error_log
[error]



=== TEST 6: content: 204 and 304 have no body, whatever the code
--- config
    location = /t {
        content_by_lua_block {
            ngx.exit(tonumber(ngx.var.arg_code))
        }
    }
--- request eval
["GET /t?code=204", "GET /t?code=304"]
--- error_code eval
[204, 304]
--- response_body eval
["", ""]
--- no_error_log
[error]



=== TEST 7: content: a code that nginx does not know has an empty answer
--- config
    location = /t {
        content_by_lua_block {
            ngx.exit(600)
        }
    }
--- request
GET /t
--- error_code: 600
--- response_headers
Content-Length: 0
--- response_body:
--- no_error_log
[error]



=== TEST 8: content: ngx.ERROR, 408, 444 and 499 close the connection without an answer
--- config
    location = /t {
        content_by_lua_block {
            ngx.exit(tonumber(ngx.var.arg_code))
        }
        log_by_lua_block {
            ngx.log(ngx.WARN, "exit ", ngx.var.arg_code, " status ", ngx.status)
        }
    }
    location = /proxy {
        proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/t;
    }
--- request eval
["GET /proxy?code=-1", "GET /proxy?code=408", "GET /proxy?code=444", "GET /proxy?code=499"]
--- error_code eval
[502, 502, 502, 502]
--- error_log eval
["upstream prematurely closed connection while reading response header from upstream",
 qr/exit (-1 status 0|(\d+) status \2) while/]



=== TEST 9: content: nothing after the call runs
--- config
    location = /t {
        content_by_lua_block {
            ngx.say("before")
            local function exit()
                ngx.exit(200)
                ngx.log(ngx.ERR, "after exit, in the function")
            end
            exit()
            ngx.log(ngx.ERR, "after exit, in the chunk")
        }
    }
--- request
GET /t
--- response_body
before
--- no_error_log
[error]



=== TEST 10: rewrite: ngx.OK goes on with the next phase
--- config
    location = /t {
        rewrite_by_lua_block {
            ngx.exit(ngx.OK)
            ngx.log(ngx.ERR, "not reached")
        }
        access_by_lua_block {
            ngx.header["X-Access"] = "reached"
        }
        content_by_lua_block {
            ngx.say("content")
        }
    }
--- request
GET /t
--- response_headers
X-Access: reached
--- response_body
content
--- no_error_log
[error]



=== TEST 11: rewrite: any status ends the request
--- config
    location = /t {
        rewrite_by_lua_block {
            ngx.exit(tonumber(ngx.var.arg_code))
        }
        access_by_lua_block {
            ngx.log(ngx.ERR, "access")
        }
        content_by_lua_block {
            ngx.say("content")
        }
    }
--- request eval
["GET /t?code=200", "GET /t?code=204", "GET /t?code=301", "GET /t?code=403", "GET /t?code=404", "GET /t?code=500", "GET /t?code=503"]
--- error_code eval
[200, 204, 301, 403, 404, 500, 503]
--- response_body_like eval
['\A\z', '\A\z', "301 Moved Permanently", "403 Forbidden", "404 Not Found", "500 Internal Server Error", "503 Service Temporarily Unavailable"]
--- no_error_log
[error]



=== TEST 12: rewrite: ngx.ERROR, 444 and 499 close the connection without an answer
--- config
    location = /t {
        rewrite_by_lua_block {
            ngx.exit(tonumber(ngx.var.arg_code))
        }
        content_by_lua_block {
            ngx.say("content")
        }
        log_by_lua_block {
            ngx.log(ngx.WARN, "exit ", ngx.var.arg_code, " status ", ngx.status)
        }
    }
    location = /proxy {
        proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/t;
    }
--- request eval
["GET /proxy?code=-1", "GET /proxy?code=444", "GET /proxy?code=499"]
--- error_code eval
[502, 502, 502]
--- error_log eval
["upstream prematurely closed connection while reading response header from upstream",
 qr/exit (-1 status 0|(\d+) status \2) while/]



=== TEST 13: access: ngx.OK grants access, any status ends the request
--- config
    location = /t {
        access_by_lua_block {
            ngx.exit(tonumber(ngx.var.arg_code))
            ngx.log(ngx.ERR, "not reached")
        }
        content_by_lua_block {
            ngx.say("content")
        }
    }
--- request eval
["GET /t?code=0", "GET /t?code=200", "GET /t?code=204", "GET /t?code=301", "GET /t?code=403", "GET /t?code=404", "GET /t?code=503"]
--- error_code eval
[200, 200, 204, 301, 403, 404, 503]
--- response_body_like eval
['\Acontent\n\z', '\A\z', '\A\z', "301 Moved Permanently", "403 Forbidden", "404 Not Found", "503 Service Temporarily Unavailable"]
--- no_error_log eval
["not reached", qr/\[error\](?!.*access forbidden by rule)/]



=== TEST 14: access: 444 closes the connection without an answer
--- config
    location = /t {
        access_by_lua_block {
            ngx.exit(ngx.HTTP_CLOSE)
        }
        content_by_lua_block {
            ngx.say("content")
        }
    }
    location = /proxy {
        proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/t;
    }
--- request
GET /proxy
--- error_code: 502
--- error_log
upstream prematurely closed connection while reading response header from upstream



=== TEST 15: an own page: set the status, write, end with 200
--- config
    location = /content {
        content_by_lua_block {
            ngx.status = 403
            ngx.say("not for you")
            ngx.exit(200)
        }
    }
    location = /rewrite {
        rewrite_by_lua_block {
            ngx.status = 403
            ngx.say("not for you")
            ngx.exit(200)
        }
        content_by_lua_block {
            ngx.say("content")
        }
    }
    location = /access {
        access_by_lua_block {
            ngx.status = 403
            ngx.say("not for you")
            ngx.exit(ngx.OK)
        }
        content_by_lua_block {
            ngx.say("content")
        }
    }
--- request eval
["GET /content", "GET /rewrite", "GET /access"]
--- error_code eval
[403, 403, 403]
--- response_body eval
["not for you\n", "not for you\n", "not for you\n"]
--- no_error_log
[error]



=== TEST 16: a status set before stays for a code below 300, not for others
--- config
    location = /content {
        content_by_lua_block {
            ngx.status = 402
            ngx.exit(tonumber(ngx.var.arg_code))
        }
    }
    location = /rewrite {
        rewrite_by_lua_block {
            ngx.status = 402
            ngx.exit(tonumber(ngx.var.arg_code))
        }
        content_by_lua_block {
            ngx.say("content sees ", ngx.status)
        }
    }
--- request eval
["GET /content?code=200", "GET /content?code=0", "GET /content?code=503", "GET /rewrite?code=200", "GET /rewrite?code=0", "GET /rewrite?code=503"]
--- error_code eval
[402, 402, 503, 402, 402, 503]
--- response_body_like eval
['\A\z', '\A\z', "503 Service", '\A\z', '\Acontent sees 402\n\z', "503 Service"]
--- no_error_log
[error]



=== TEST 17: headers set before go with nginx's page, but not the Content-Type
--- config
    location = /t {
        content_by_lua_block {
            ngx.header["X-Reason"] = "closed"
            ngx.header.content_type = "text/css"
            ngx.exit(403)
        }
    }
--- request
GET /t
--- error_code: 403
--- response_headers
X-Reason: closed
Content-Type: text/html
--- response_body_like: 403 Forbidden
--- no_error_log
[error]



=== TEST 18: a redirect: Location and 301
--- config
    location = /t {
        content_by_lua_block {
            ngx.header.location = "http://example.com/there"
            ngx.exit(301)
        }
    }
--- request
GET /t
--- error_code: 301
--- response_headers
Location: http://example.com/there
--- response_body_like: 301 Moved Permanently
--- no_error_log
[error]



=== TEST 19: a status from 300 up after the header was sent is an error line
--- config
    location = /t {
        content_by_lua_block {
            ngx.say("said")
            ngx.exit(tonumber(ngx.var.arg_code))
            ngx.say("not reached")
        }
    }
--- request eval
["GET /t?code=301", "GET /t?code=404", "GET /t?code=500"]
--- response_body eval
["said\n", "said\n", "said\n"]
--- error_log eval
qr/attempt to set status (301|404|500) via ngx\.exit after sending out the response status 200, client/



=== TEST 20: the status that was sent, or one below 300, is no error after the header was sent
--- config
    location = /t {
        content_by_lua_block {
            ngx.status = 403
            ngx.say("said")
            ngx.exit(tonumber(ngx.var.arg_code))
        }
    }
--- request eval
["GET /t?code=403", "GET /t?code=200", "GET /t?code=0"]
--- error_code eval
[403, 403, 403]
--- response_body eval
["said\n", "said\n", "said\n"]
--- no_error_log
[error]



=== TEST 21: 204 after the header was sent ends the answer as other codes below 300 do
--- config
    location = /t {
        content_by_lua_block {
            ngx.say("said")
            ngx.exit(204)
        }
    }
--- request
GET /t
--- response_body
said
--- no_error_log
[error]
--- differs: the C module never ends the answer: it loses what was written, and a keep-alive client waits



=== TEST 22: ngx.ERROR, 408, 444 and 499 after the header was sent cut the answer off
--- config
    location = /t {
        content_by_lua_block {
            ngx.header.content_length = 100
            ngx.say("said")
            ngx.flush(true)
            ngx.exit(tonumber(ngx.var.arg_code))
        }
    }
--- request eval
["GET /t?code=-1", "GET /t?code=408", "GET /t?code=444", "GET /t?code=499"]
--- response_body eval
["said\n", "said\n", "said\n", "said\n"]
--- no_error_log
[error]



=== TEST 23: after eof, exit ends the code and changes nothing
--- config
    location = /t {
        content_by_lua_block {
            ngx.say("said")
            ngx.eof()
            ngx.exit(200)
            ngx.log(ngx.ERR, "not reached")
        }
    }
--- request
GET /t
--- response_body
said
--- no_error_log
[error]



=== TEST 24: after output of the access phase
--- config
    location = /t {
        access_by_lua_block {
            ngx.say("access")
            ngx.exit(500)
        }
        content_by_lua_block {
            ngx.say("content")
        }
    }
--- request
GET /t
--- response_body
access
--- error_log
attempt to set status 500 via ngx.exit after sending out the response status 200



=== TEST 25: HEAD
--- config
    location = /t {
        content_by_lua_block {
            ngx.exit(403)
        }
    }
--- request
HEAD /t
--- error_code: 403
--- response_body:
--- no_error_log
[error]
