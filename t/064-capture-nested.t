# ngx.location.capture: subrequests of subrequests, many of them, coroutines, other kinds of subrequests.

use Test::Nginx::Socket::Lua 'no_plan';

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: a subrequest captures, too
--- config
    location = /t {
        content_by_lua_block { ngx.say(ngx.location.capture("/a").body) }
    }
    location = /a { content_by_lua_block { ngx.print("a(", ngx.location.capture("/b").body, ")") } }
    location = /b { content_by_lua_block { ngx.print("b(", ngx.location.capture("/c").body, ")") } }
    location = /c { content_by_lua_block { ngx.sleep(0.001) ngx.print("c") } }
--- request
GET /t
--- response_body
a(b(c))
--- no_error_log
[error]



=== TEST 2: both levels capture several
--- config
    location = /t {
        content_by_lua_block {
            local a, b = ngx.location.capture_multi { { "/list?n=1" }, { "/list?n=2" } }
            ngx.say(a.body, " ", b.body)
        }
    }
    location = /list {
        content_by_lua_block {
            local requests = {}
            for i = 1, 3 do requests[i] = { "/item", { args = { n = ngx.var.arg_n .. "." .. i } } } end
            local bodies = {}
            for i, res in ipairs { ngx.location.capture_multi(requests) } do bodies[i] = res.body end
            ngx.print("[", table.concat(bodies, " "), "]")
        }
    }
    location = /item { content_by_lua_block { ngx.sleep(0.001) ngx.print(ngx.var.arg_n) } }
--- request
GET /t
--- response_body
[1.1 1.2 1.3] [2.1 2.2 2.3]
--- no_error_log
[error]



=== TEST 3: fifty levels are the limit
--- config
    location = /t {
        content_by_lua_block { ngx.say(ngx.location.capture("/deep?n=1").body) }
    }
    location = /deep {
        content_by_lua_block {
            local n = tonumber(ngx.var.arg_n)
            local ok, res = pcall(ngx.location.capture, "/deep?n=" .. n + 1)
            ngx.print(ok and res.body or n .. ": " .. res)
        }
    }
--- request
GET /t
--- response_body
51: failed to issue subrequest: -1
--- error_log
lua subrequests cycle while processing "/deep"
--- no_error_log
[crit]



=== TEST 4: a location that captures itself without end
--- config
    location = /t {
        content_by_lua_block { ngx.say(ngx.location.capture("/self").status) }
    }
    location = /self { content_by_lua_block { ngx.print(ngx.location.capture('/self').status) } }
--- request
GET /t
--- response_body
200
--- error_log
lua subrequests cycle while processing "/self"
failed to issue subrequest: -1
--- no_error_log
[crit]



=== TEST 5: a thousand subrequests one after the other
--- config
    location = /t {
        content_by_lua_block {
            local good = 0
            for i = 1, 1000 do
                if ngx.location.capture("/sub?" .. i).body == tostring(i) then good = good + 1 end
            end
            ngx.say(good)
        }
    }
    location = /sub { content_by_lua_block { ngx.print(ngx.var.args) } }
--- request
GET /t
--- response_body
1000
--- log_level: warn
--- no_error_log
[error]



=== TEST 6: a thousand at once
--- config
    location = /t {
        content_by_lua_block {
            local requests = {}
            for i = 1, 1000 do requests[i] = { "/sub?" .. i } end
            local replies = { ngx.location.capture_multi(requests) }
            local good = 0
            for i, res in ipairs(replies) do if res.body == tostring(i) then good = good + 1 end end
            ngx.say(#replies, " ", good)
        }
    }
    location = /sub { content_by_lua_block { ngx.print(ngx.var.args) } }
--- request
GET /t
--- response_body
1000 1000
--- log_level: warn
--- no_error_log
[error]



=== TEST 7: more replies than a call can return
--- config
    location = /t {
        content_by_lua_block {
            local requests = {}
            for i = 1, 10000 do requests[i] = { "/sub" } end
            local ok, err = pcall(ngx.location.capture_multi, requests)
            ngx.say(ok, " ", err)
            ngx.say(ngx.location.capture("/sub").body)
        }
    }
    location = /sub { return 200 "sub"; }
--- request
GET /t
--- response_body
false stack overflow (too many subrequests)
sub
--- log_level: warn
--- no_error_log
[error]
--- differs: the C module runs them and gives nothing back



=== TEST 8: replies in any order of completion
--- config
    location = /t {
        content_by_lua_block {
            local replies = { ngx.location.capture_multi { { "/sub?3" }, { "/sub?1" }, { "/sub?2" } } }
            for _, res in ipairs(replies) do ngx.print(res.body, " ") end
            ngx.say("done")
        }
    }
    location = /sub {
        content_by_lua_block {
            ngx.sleep(ngx.var.args / 100)
            ngx.print(ngx.var.args)
        }
    }
--- request
GET /t
--- response_body
3 1 2 done
--- no_error_log
[error]



=== TEST 9: within a coroutine, at any depth
--- config
    location = /t {
        content_by_lua_block {
            local function deep(n)
                if n == 0 then return ngx.location.capture("/sub").body end
                local co = coroutine.create(deep)
                local ok, body = coroutine.resume(co, n - 1)
                return body
            end
            ngx.say(deep(5))
        }
    }
    location = /sub { content_by_lua_block { ngx.sleep(0.001) ngx.print("sub") } }
--- request
GET /t
--- response_body
sub
--- no_error_log
[error]



=== TEST 10: within coroutine.wrap and pcall
--- config
    location = /t {
        content_by_lua_block {
            local next_body = coroutine.wrap(function()
                for i = 1, 3 do
                    local ok, res = pcall(ngx.location.capture, "/sub?" .. i)
                    coroutine.yield(res.body)
                end
            end)
            ngx.say(next_body(), next_body(), next_body())
        }
    }
    location = /sub { content_by_lua_block { ngx.print(ngx.var.args) } }
--- request
GET /t
--- response_body
123
--- no_error_log
[error]



=== TEST 11: a coroutine that captures is suspended like any other
--- config
    location = /t {
        content_by_lua_block {
            local co
            co = coroutine.create(function()
                local body = ngx.location.capture("/sub").body
                coroutine.yield(body)
                return "end"
            end)
            ngx.say(select(2, coroutine.resume(co)), " ", coroutine.status(co), " ", select(2, coroutine.resume(co)), " ", coroutine.status(co))
        }
    }
    location = /sub { content_by_lua_block { ngx.sleep(0.001) ngx.print("sub") } }
--- request
GET /t
--- response_body
sub suspended end dead
--- no_error_log
[error]



=== TEST 12: an error after a capture in a coroutine can be caught
--- config
    location = /t {
        content_by_lua_block {
            local co = coroutine.create(function()
                ngx.location.capture("/sub")
                error("oops")
            end)
            local ok, err = coroutine.resume(co)
            ngx.say(ok, " ", err:match("oops"))
        }
    }
    location = /sub { return 200 "sub"; }
--- request
GET /t
--- response_body
false oops
--- no_error_log
[error]



=== TEST 13: sleep, body reading and subrequests, one after the other
--- config
    location = /t {
        content_by_lua_block {
            ngx.sleep(0.001)
            ngx.req.read_body()
            local a = ngx.location.capture("/sub").body
            ngx.sleep(0.001)
            local b = ngx.location.capture("/sub").body
            ngx.say(a, " ", b, " ", ngx.req.get_body_data())
        }
    }
    location = /sub { content_by_lua_block { ngx.sleep(0.001) ngx.print("sub") } }
--- request
POST /t
body
--- response_body
sub sub body
--- no_error_log
[error]



=== TEST 14: subrequests in filters' requests: a main request with both filters
--- config
    location = /t {
        header_filter_by_lua_block { ngx.header.content_length = nil }
        body_filter_by_lua_block { if ngx.arg[1] ~= '' then ngx.arg[1] = 'MAIN ' .. ngx.arg[1]:upper() end }
        content_by_lua_block { ngx.say(ngx.location.capture("/sub").body) }
    }
    location = /sub { content_by_lua_block { ngx.print("sub") } }
--- request
GET /t
--- response_body
MAIN SUB
--- no_error_log
[error]



=== TEST 15: a page that includes a location that captures
--- config
    location = /t { ssi on; ssi_types *; return 200 'begin <!--# include virtual="/part" --> end\n'; }
    location = /part { content_by_lua_block { ngx.print("[", ngx.location.capture("/sub").body, "]") } }
    location = /sub { content_by_lua_block { ngx.sleep(0.001) ngx.print("sub") } }
--- request
GET /t
--- response_body
begin [sub] end
--- no_error_log
[error]



=== TEST 16: several includes that capture keep their order
--- config
    location = /t { ssi on; ssi_types *; return 200 '<!--# include virtual="/part?a1" --> <!--# include virtual="/part?b2" --> <!--# include virtual="/part?c3" --> end\n'; }
    location = /part { content_by_lua_block { ngx.print(ngx.location.capture("/sub", { args = ngx.var.args }).body) } }
    location = /sub { content_by_lua_block { if ngx.var.args == "a1" then ngx.sleep(0.01) end ngx.print(ngx.var.args) } }
--- request
GET /t
--- response_body
a1 b2 c3 end
--- no_error_log
[error]
--- differs: the C module hangs



=== TEST 17: add_after_body: nginx's own subrequest after captures
--- config
    location = /t {
        add_after_body /added;
        addition_types *;
        content_by_lua_block { ngx.say(ngx.location.capture("/sub").body) }
    }
    location = /sub { return 200 "sub"; }
    location = /added { return 200 "added\n"; }
--- request
GET /t
--- response_body
sub
added
--- no_error_log
[error]



=== TEST 18: auth_request asks a location that captures
--- config
    location = /t {
        auth_request /auth;
        content_by_lua_block { ngx.say("granted") }
    }
    location = /auth { content_by_lua_block { ngx.exit(ngx.location.capture("/sub").status) } }
    location = /sub { content_by_lua_block { ngx.sleep(0.001) ngx.print("x") } }
--- request
GET /t
--- response_body
granted
--- no_error_log
[error]



=== TEST 19: auth_request is refused by what is captured
--- config
    location = /t {
        auth_request /auth;
        content_by_lua_block { ngx.say("granted") }
    }
    location = /auth { content_by_lua_block { ngx.exit(ngx.location.capture("/sub").status) } }
    location = /sub { return 403; }
--- request
GET /t
--- error_code: 403
--- response_body_like: 403 Forbidden
--- no_error_log
[error]



=== TEST 20: mirror: the copy captures, too
--- config
    location = /t {
        mirror /mirror;
        content_by_lua_block { ngx.say(ngx.location.capture("/sub").body) }
    }
    location = /mirror { content_by_lua_block { ngx.log(ngx.WARN, "mirrored ", ngx.location.capture("/sub").body) } }
    location = /sub { content_by_lua_block { ngx.sleep(0.001) ngx.print("sub") } }
--- request
GET /t
--- response_body
sub
--- error_log
mirrored sub
--- no_error_log
[error]



=== TEST 21: error_page: the page captures
--- config
    location = /t {
        error_page 404 /page;
        content_by_lua_block { ngx.exit(404) }
    }
    location = /page { content_by_lua_block { ngx.say("page ", ngx.location.capture("/sub").body) } }
    location = /sub { content_by_lua_block { ngx.sleep(0.001) ngx.print("sub") } }
--- request
GET /t
--- error_code: 404
--- response_body
page sub
--- no_error_log
[error]



=== TEST 22: post_action captures
--- config
    location = /t {
        post_action /after;
        content_by_lua_block { ngx.say("main") }
    }
    location = /after { content_by_lua_block { ngx.log(ngx.WARN, "after: ", ngx.location.capture("/sub").body) } }
    location = /sub { return 200 "sub"; }
--- request
GET /t
--- response_body
main
--- error_log
after: sub
--- no_error_log
[error]



=== TEST 23: proxy_cache answers subrequests, and stale while one of them updates
--- http_config
    proxy_cache_path cache keys_zone=zone:100k;
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1;
        location / { content_by_lua_block { counter = (counter or 0) + 1 ngx.print(ngx.now(), " ", math.random()) } }
    }
--- config
    location = /t {
        content_by_lua_block {
            local first = ngx.location.capture("/up").body
            local again = ngx.location.capture("/up").body
            ngx.say(first == again, " ", ngx.location.capture("/up").header["X-Cache"])
        }
    }
    location = /up {
        proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1;
        proxy_cache zone;
        proxy_cache_valid 1m;
        proxy_cache_key $uri$server_port$pid;
    }
--- request
GET /t
--- response_body
true nil
--- no_error_log
[error]



=== TEST 24: keep-alive: requests with subrequests on one connection
--- config
    location = /t {
        content_by_lua_block { ngx.say(ngx.location.capture("/sub", { args = ngx.var.args }).body) }
    }
    location = /sub { content_by_lua_block { ngx.sleep(0.001) ngx.print("sub ", ngx.var.args) } }
--- pipelined_requests eval
["GET /t?1", "GET /t?2", "GET /t?3"]
--- response_body eval
["sub 1\n", "sub 2\n", "sub 3\n"]
--- no_error_log
[error]



=== TEST 25: limit_rate of the client does not hold up subrequests
--- config
    location = /t {
        content_by_lua_block {
            local start = ngx.now()
            local res = ngx.location.capture("/sub")
            ngx.update_time()
            ngx.say(#res.body, " ", ngx.now() - start < 10)
        }
    }
    location = /sub { limit_rate 1k; content_by_lua_block { ngx.print(("x"):rep(100000)) } }
--- request
GET /t
--- response_body
100000 true
--- no_error_log
[error]



=== TEST 26: the default type, charset and status line of the main request are its own
--- config
    location = /t {
        default_type text/x-main;
        content_by_lua_block {
            local res = ngx.location.capture("/sub")
            ngx.say(res.header["Content-Type"])
        }
    }
    location = /sub { default_type text/x-sub; content_by_lua_block { ngx.status = 201; ngx.print("x") } }
--- request
GET /t
--- response_body
text/x-sub
--- response_headers
Content-Type: text/x-main
--- no_error_log
[error]



=== TEST 27: a sandboxed global of a subrequest is its own
--- config
    location = /t {
        content_by_lua_block {
            name = "main"
            ngx.say(ngx.location.capture("/sub").body, " ", name)
        }
    }
    location = /sub { content_by_lua_block { ngx.print(tostring(name)) name = 'sub' } }
--- request
GET /t
--- response_body
nil main
--- no_error_log
[alert]
--- differs: globals are shared in the C module



=== TEST 28: lua_code_cache off: a subrequest has the machine of its main request
--- http_config
    lua_code_cache off;
--- config
    location = /t {
        content_by_lua_block {
            require("string").counter = 41
            ngx.say(ngx.location.capture("/sub").body)
        }
    }
    location = /sub { content_by_lua_block { ngx.print(require('string').counter + 1) } }
--- request
GET /t
--- response_body
42
--- grep_error_log eval
qr/lua_code_cache is off/
--- grep_error_log_out eval
qr/\A(?:lua_code_cache is off\n)?\z/
--- no_error_log
[error]



=== TEST 29: lua_code_cache off: subrequests end with their machine
--- http_config
    lua_code_cache off;
--- config
    location = /t {
        content_by_lua_block {
            for i = 1, 20 do
                local a, b = ngx.location.capture_multi { { "/sub" }, { "/sub" } }
                ngx.print(a.body, b.body)
            end
            ngx.say()
        }
    }
    location = /sub { content_by_lua_block { ngx.sleep(0.001) ngx.print('x') } }
--- request
GET /t
--- response_body
xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
--- grep_error_log eval
qr/lua_code_cache is off/
--- grep_error_log_out eval
qr/\A(?:lua_code_cache is off\n)?\z/
--- no_error_log
[error]
