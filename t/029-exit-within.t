# ngx.exit deep in the code, with error_page, in filters and in subrequests.

use Test::Nginx::Socket::Lua 'no_plan';

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: pcall does not catch it
--- config
    location = /t {
        content_by_lua_block {
            pcall(pcall, function () ngx.exit(403) end)
            ngx.log(ngx.ERR, "not reached")
        }
    }
--- request
GET /t
--- error_code: 403
--- response_body_like: 403 Forbidden
--- no_error_log
[error]



=== TEST 2: xpcall does not catch it, its handler does not run
--- config
    location = /t {
        content_by_lua_block {
            xpcall(function () ngx.exit(403) end, function (err)
                ngx.log(ngx.ERR, "handler: ", err)
            end)
            ngx.log(ngx.ERR, "not reached")
        }
    }
--- request
GET /t
--- error_code: 403
--- response_body_like: 403 Forbidden
--- no_error_log
[error]



=== TEST 3: in a coroutine it ends the request, not just the coroutine
--- config
    location = /create {
        content_by_lua_block {
            local co = coroutine.create(function ()
                local inner = coroutine.create(function () ngx.exit(403) end)
                coroutine.resume(inner)
                ngx.log(ngx.ERR, "not reached")
            end)
            coroutine.resume(co)
            ngx.log(ngx.ERR, "not reached")
        }
    }
    location = /wrap {
        content_by_lua_block {
            for _ in coroutine.wrap(function () ngx.exit(403) end) do end
            ngx.log(ngx.ERR, "not reached")
        }
    }
--- request eval
["GET /create", "GET /wrap"]
--- error_code eval
[403, 403]
--- response_body_like eval
["403 Forbidden", "403 Forbidden"]
--- no_error_log
[error]



=== TEST 4: in a metamethod and in an iterator
--- config
    location = /index {
        content_by_lua_block {
            local t = setmetatable({}, { __index = function () ngx.exit(403) end })
            local x = t.x
            ngx.log(ngx.ERR, "not reached")
        }
    }
    location = /iterator {
        content_by_lua_block {
            for _ in function () ngx.exit(403) end do end
            ngx.log(ngx.ERR, "not reached")
        }
    }
--- request eval
["GET /index", "GET /iterator"]
--- error_code eval
[403, 403]
--- response_body_like eval
["403 Forbidden", "403 Forbidden"]
--- no_error_log
[error]



=== TEST 5: in a function called by a C function it is an error
--- config
    location = /gsub {
        content_by_lua_block {
            string.gsub("x", "x", function () ngx.exit(403) end)
        }
    }
    location = /sort {
        content_by_lua_block {
            table.sort({ 2, 1 }, function () ngx.exit(403) end)
        }
    }
    location = /require {
        content_by_lua_block {
            package.loaded.leaving = nil
            package.preload.leaving = function () ngx.exit(403) end
            require("leaving")
        }
    }
    location = /tostring {
        content_by_lua_block {
            print(setmetatable({}, { __tostring = function () ngx.exit(403) end }))
        }
    }
--- request eval
["GET /gsub", "GET /sort", "GET /require", "GET /tostring"]
--- error_code eval
[500, 500, 500, 500]
--- error_log eval
qr/lua entry thread aborted: runtime error: content_by_lua\(nginx\.conf:\d+\):\d: attempt to yield across C-call boundary$/



=== TEST 6: an error of that kind that is caught leaves no trace
--- config
    location = /t {
        content_by_lua_block {
            local ok, err = pcall(string.gsub, "x", "x", function () ngx.exit(403) end)
            ngx.say(ok, " ", (err:gsub("^content_by_lua%(nginx%.conf:%d+%):", "")))
            ngx.sleep(0.001)
            ngx.say("goes on")
        }
    }
--- request
GET /t
--- response_body
false 2: attempt to yield across C-call boundary
goes on
--- no_error_log
[error]
--- differs: the C module remembers the exit and ends the request at the next wait



=== TEST 7: after a sleep
--- config
    location = /t {
        rewrite_by_lua_block {
            coroutine.wrap(function ()
                ngx.sleep(0.001)
                ngx.exit(503)
            end)()
        }
        content_by_lua_block {
            ngx.say("content")
        }
    }
--- request
GET /t
--- error_code: 503
--- response_body_like: 503 Service Temporarily Unavailable
--- no_error_log
[error]



=== TEST 8: error_page applies
--- config
    error_page 403 /forbidden;
    location = /forbidden {
        internal;
        content_by_lua_block {
            ngx.say("forbidden, says ", ngx.var.request_uri, " with ", ngx.status)
        }
    }
    location = /rewrite {
        rewrite_by_lua_block {
            ngx.exit(403)
        }
    }
    location = /access {
        access_by_lua_block {
            ngx.exit(403)
        }
    }
    location = /content {
        content_by_lua_block {
            ngx.exit(403)
        }
    }
--- request eval
["GET /rewrite", "GET /access", "GET /content"]
--- error_code eval
[403, 403, 403]
--- response_body eval
["forbidden, says /rewrite with 403\n", "forbidden, says /access with 403\n", "forbidden, says /content with 403\n"]
--- no_error_log
[error]



=== TEST 9: error_page to a named location whose code exits too
--- config
    location = /t {
        error_page 404 = @fallback;
        content_by_lua_block {
            ngx.exit(404)
        }
    }
    location @fallback {
        access_by_lua_block {
            ngx.exit(ngx.OK)
        }
        content_by_lua_block {
            ngx.status = 202
            ngx.say("fallback")
            ngx.exit(ngx.OK)
        }
    }
--- request
GET /t
--- error_code: 202
--- response_body
fallback
--- no_error_log
[error]



=== TEST 10: header_filter: the answer becomes nginx's page
--- config
    location = /static {
        return 200 "static";
        header_filter_by_lua_block {
            ngx.exit(403)
        }
    }
    location = /lua {
        content_by_lua_block {
            ngx.say("said")
        }
        header_filter_by_lua_block {
            ngx.exit(403)
        }
    }
--- request eval
["GET /static", "GET /lua"]
--- error_code eval
[403, 403]
--- response_headers eval
["Content-Type: text/html", "Content-Type: text/html"]
--- response_body_like eval
['\A<html>.*403 Forbidden.*</html>\s*\z', '\A<html>.*403 Forbidden.*</html>\s*\z']
--- no_error_log
[error]



=== TEST 11: header_filter: exit returns, the code goes on
--- config
    location = /t {
        return 200 "static";
        header_filter_by_lua_block {
            if not ngx.ctx.seen then
                ngx.log(ngx.WARN, "exit returned ", select("#", ngx.exit(403)), " values")
            end
            ngx.ctx.seen = true
        }
    }
--- request
GET /t
--- error_code: 403
--- error_log eval
qr/exit returned \d values/
--- no_error_log
[error]



=== TEST 12: header_filter: ngx.OK changes nothing
--- config
    location = /t {
        return 200 "static";
        header_filter_by_lua_block {
            ngx.exit(ngx.OK)
        }
    }
--- request
GET /t
--- response_headers
Content-Length: 6
--- response_body: static
--- no_error_log
[error]



=== TEST 13: header_filter: ngx.ERROR closes the connection without an answer
--- config
    location = /t {
        return 200 "static";
        header_filter_by_lua_block {
            ngx.exit(ngx.ERROR)
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



=== TEST 14: header_filter: error_page applies
--- config
    location = /t {
        error_page 404 /missing;
        return 200 "static";
        header_filter_by_lua_block {
            ngx.exit(404)
        }
    }
    location = /missing {
        internal;
        content_by_lua_block {
            ngx.say("not here")
        }
    }
--- request
GET /t
--- error_code: 404
--- response_body
not here
--- no_error_log
[error]



=== TEST 15: header_filter: error_page while Lua code is writing
--- config
    location = /t {
        error_page 404 /missing;
        content_by_lua_block {
            ngx.say("said")
        }
        header_filter_by_lua_block {
            ngx.exit(404)
        }
    }
    location = /missing {
        internal;
        content_by_lua_block {
            ngx.say("not here")
        }
    }
--- request
GET /t
--- error_code: 404
--- response_body
not here
--- no_error_log
[error]
--- differs: the worker of the C module dies



=== TEST 16: a subrequest's exit is the answer to auth_request
--- config
    location = /t {
        auth_request /auth;
        content_by_lua_block {
            ngx.say("granted")
        }
    }
    location = /auth {
        internal;
        content_by_lua_block {
            ngx.exit(tonumber(ngx.var.request_uri:match("=(%d+)")))
        }
    }
--- request eval
["GET /t?code=200", "GET /t?code=204", "GET /t?code=0", "GET /t?code=401", "GET /t?code=403"]
--- error_code eval
[200, 200, 200, 401, 403]
--- response_body_like eval
["granted", "granted", "granted", "401 Authorization Required", "403 Forbidden"]
--- no_error_log
[error]



=== TEST 17: the body of a refused request is thrown away before the next request
--- config
    location = /t {
        access_by_lua_block {
            ngx.exit(403)
        }
    }
--- pipelined_requests eval
["POST /t\nGET /evil HTTP/1.1", "GET /t"]
--- error_code eval
[403, 403]
--- response_body_like eval
["403 Forbidden", "403 Forbidden"]
--- no_error_log
[error]



=== TEST 18: the code must be a number
--- config
    location = /t {
        content_by_lua_block {
            for _, value in ipairs { "403", "forbidden", {}, print } do
                local ok, err = pcall(function () ngx.exit(value) end)
                ngx.say((err:match("%([^()]*%)$")))
            end
            ngx.say((select(2, pcall(function () ngx.exit() end)):match("%([^()]*%)$")))
        }
    }
--- request
GET /t
--- response_body
(cannot convert 'string' to 'int')
(cannot convert 'string' to 'int')
(cannot convert 'table' to 'int')
(cannot convert 'function' to 'int')
(cannot convert 'nil' to 'int')
--- no_error_log
[error]



=== TEST 19: a fraction is cut off
--- config
    location = /t {
        content_by_lua_block {
            ngx.exit(403.9)
        }
    }
--- request
GET /t
--- error_code: 403
--- response_body_like: 403 Forbidden
--- no_error_log
[error]



=== TEST 20: ngx.AGAIN and ngx.DONE are refused
--- config
    location = /t {
        content_by_lua_block {
            for _, code in ipairs { ngx.AGAIN, ngx.DONE } do
                local ok, err = pcall(function () ngx.exit(code) end)
                ngx.say((err:gsub("^content_by_lua%(nginx%.conf:%d+%):", "")))
            end
        }
    }
--- request
GET /t
--- response_body
3: bad argument to 'ngx.exit': does not accept NGX_AGAIN or NGX_DONE
3: bad argument to 'ngx.exit': does not accept NGX_AGAIN or NGX_DONE
--- no_error_log
[error]



=== TEST 21: set, body_filter, log and init_worker may not call it
--- http_config
    init_by_lua_block {
        function try_exit()
            local ok, err = pcall(ngx.exit, 403)
            ngx.log(ngx.WARN, "exit: ", err)
        end
    }
    init_worker_by_lua_block {
        exit_error = select(2, pcall(ngx.exit, 403))
    }
--- config
    location = /t {
        set_by_lua_block $unused {
            try_exit()
        }
        content_by_lua_block {
            ngx.say(exit_error)
            ngx.eof()
        }
        body_filter_by_lua_block {
            try_exit()
        }
        log_by_lua_block {
            try_exit()
        }
    }
--- request
GET /t
--- response_body
API disabled in the context of init_worker_by_lua*
--- grep_error_log eval
qr/exit: .*?(?=, client| while)/
--- grep_error_log_out
exit: API disabled in the context of set_by_lua*
exit: API disabled in the context of body_filter_by_lua*
exit: API disabled in the context of body_filter_by_lua*
exit: API disabled in the context of log_by_lua*
--- no_error_log
[error]



=== TEST 22: init has no request to end
--- http_config
    init_by_lua_block {
        exit_error = select(2, pcall(ngx.exit, 403))
    }
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(exit_error)
        }
    }
--- request
GET /t
--- response_body_like: no request found$
--- no_error_log
[error]
