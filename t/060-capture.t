# ngx.location.capture and capture_multi: replies, arguments, phases.

use Test::Nginx::Socket::Lua 'no_plan';

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: a reply is a table of status, body, header and truncated
--- config
    location = /t {
        content_by_lua_block {
            local res = ngx.location.capture("/sub")
            ngx.say(res.status, " ", res.body, " ", res.truncated, " ", type(res.header))
            local names = {}
            for name in pairs(res) do table.insert(names, name) end
            table.sort(names)
            ngx.say(table.concat(names, " "))
            ngx.say(getmetatable(res), " ", getmetatable(res.header))
        }
    }
    location = /sub { return 200 "hello"; }
--- request
GET /t
--- response_body
200 hello false table
body header status truncated
nil nil
--- no_error_log
[error]



=== TEST 2: Lua code answers a subrequest
--- config
    location = /t {
        content_by_lua_block {
            local res = ngx.location.capture("/sub?a=1")
            ngx.print(res.body)
        }
    }
    location = /sub {
        content_by_lua_block {
            ngx.say(ngx.var.uri, " ", ngx.var.args, " ", ngx.req.get_method(), " ", ngx.is_subrequest)
        }
    }
--- request
GET /t
--- response_body
/sub a=1 GET true
--- no_error_log
[error]



=== TEST 3: the client sees nothing of a subrequest's response
--- config
    location = /t {
        content_by_lua_block {
            ngx.header["X-Main"] = "yes"
            ngx.location.capture("/sub")
            ngx.say("main")
        }
    }
    location = /sub {
        content_by_lua_block {
            ngx.status = 404
            ngx.header["X-Sub"] = "yes"
            ngx.say("sub")
        }
    }
--- request
GET /t
--- response_body
main
--- response_headers
X-Main: yes
! X-Sub
--- no_error_log
[error]



=== TEST 4: header names keep their case, repeated ones are arrays
--- config
    location = /t {
        content_by_lua_block {
            local header = ngx.location.capture("/sub").header
            ngx.say(header["X-One"], " ", header["x-one"], " ", header["x-Two"])
            ngx.say(table.concat(header["Set-Cookie"], " "))
        }
    }
    location = /sub {
        content_by_lua_block {
            ngx.header["X-One"] = 1
            ngx.header["x-Two"] = "2"
            ngx.header["Set-Cookie"] = { "a=1", "b=2", "c=3" }
            ngx.print("x")
        }
    }
--- request
GET /t
--- response_body
1 nil 2
a=1 b=2 c=3
--- no_error_log
[error]



=== TEST 5: Content-Type and Content-Length of nginx's own are in the header table, the length as a number
--- config
    location = /t {
        content_by_lua_block {
            local header = ngx.location.capture("/sub").header
            ngx.say(header["Content-Type"], " ", header["Content-Length"], " ", type(header["Content-Length"]))
        }
    }
    location = /sub { default_type text/x-sub; return 200 "hello"; }
--- request
GET /t
--- response_body
text/x-sub 5 number
--- no_error_log
[error]



=== TEST 6: a Content-Length that Lua code set is a string, under the name it was set by
--- config
    location = /t {
        content_by_lua_block {
            local header = ngx.location.capture("/sub").header
            ngx.say(header["Content-Length"], " ", type(header["content-length"]))
        }
    }
    location = /sub {
        content_by_lua_block {
            ngx.header.content_length = 3
            ngx.print("abc")
        }
    }
--- request
GET /t
--- response_body
nil string
--- no_error_log
[error]



=== TEST 7: a Content-Type that Lua code set comes with its parameters
--- config
    location = /t {
        content_by_lua_block { ngx.say(ngx.location.capture("/sub").header["Content-Type"]) }
    }
    location = /sub {
        content_by_lua_block {
            ngx.header.content_type = "text/html; charset=x"
            ngx.print(1)
        }
    }
--- request
GET /t
--- response_body
text/html; charset=x
--- no_error_log
[error]



=== TEST 8: a file's Last-Modified, ETag and Content-Length
--- config
    location = /t {
        content_by_lua_block {
            local res = ngx.location.capture("/file.txt")
            ngx.print(res.body)
            ngx.say(res.header["Last-Modified"], " ", res.header["ETag"], " ", res.header["Content-Length"])
        }
    }
--- request
GET /t
--- response_body
in a file
Tue, 01 Feb 2022 00:00:00 GMT "61f87800-a" 10
--- user_files
>>> file.txt 202202010000
in a file
--- no_error_log
[error]



=== TEST 9: the Location of a redirect
--- config
    location = /t {
        content_by_lua_block {
            local res = ngx.location.capture("/sub")
            ngx.say(res.status, " ", res.header.Location, " [", res.body, "] ", res.truncated)
        }
    }
    location = /sub { return 302 /other; }
--- request
GET /t
--- response_body
302 /other [] true
--- no_error_log
[error]



=== TEST 10: headers that nginx adds after Lua's filters are not in the table
--- config
    location = /t {
        content_by_lua_block {
            local res = ngx.location.capture("/sub")
            ngx.say(res.header["X-Added"], " ", res.header["X-Lua"])
        }
    }
    location = /sub {
        add_header X-Added yes;
        header_filter_by_lua_block { ngx.header["X-Lua"] = "yes" }
        return 200 "x";
    }
--- request
GET /t
--- response_body
nil yes
--- no_error_log
[error]



=== TEST 11: Lua's filters run for subrequests, before the body is taken
--- config
    location = /t {
        content_by_lua_block {
            local res = ngx.location.capture("/sub")
            ngx.say(res.body, " ", res.header["X-Filter"], " ", res.truncated)
        }
    }
    location = /sub {
        header_filter_by_lua_block { ngx.header["X-Filter"] = tostring(ngx.is_subrequest) }
        body_filter_by_lua_block { ngx.arg[1] = ngx.arg[1]:upper() }
        return 200 "hello";
    }
--- request
GET /t
--- response_body
HELLO true false
--- no_error_log
[error]



=== TEST 12: an empty body is an empty string
--- config
    location = /t {
        content_by_lua_block {
            local res = ngx.location.capture("/sub")
            ngx.say(res.status, " [", res.body, "] ", res.truncated)
        }
    }
    location = /sub { content_by_lua_block { } }
--- request
GET /t
--- response_body
200 [] false
--- no_error_log
[error]



=== TEST 13: a body may have any bytes
--- config
    location = /t {
        content_by_lua_block {
            local body = ngx.location.capture("/sub").body
            local all = true
            for i = 0, 255 do all = all and body:byte(i + 1) == i end
            ngx.say(#body, " ", all)
        }
    }
    location = /sub {
        content_by_lua_block {
            for i = 0, 255 do ngx.print(string.char(i)) end
        }
    }
--- request
GET /t
--- response_body
256 true
--- no_error_log
[error]



=== TEST 14: a body of ten megabytes, printed in parts
--- config
    location = /t {
        content_by_lua_block {
            local body = ngx.location.capture("/sub").body
            ngx.say(#body, " ", body:sub(1, 3), " ", body:sub(-3), " ", body == ("abc" .. ("x"):rep(1018) .. "xyz"):rep(10240))
        }
    }
    location = /sub {
        content_by_lua_block {
            local part = "abc" .. ("x"):rep(1018) .. "xyz"
            for i = 1, 10240 do ngx.print(part) end
        }
    }
--- request
GET /t
--- response_body
10485760 abc xyz true
--- no_error_log
[error]



=== TEST 15: a body of ten megabytes from a file
--- config
    location = /t {
        content_by_lua_block {
            local body = ngx.location.capture("/big.txt").body
            ngx.say(#body, " ", body:sub(1, 3), " ", body:sub(-3), " ", select(2, body:gsub("x", "")))
        }
    }
--- request
GET /t
--- response_body
10485760 abc xyz 10434560
--- user_files eval
[["big.txt" => CORE::join("", ("abc" . ("x" x 1018) . "xyz") x 10240)]]
--- no_error_log
[error]



=== TEST 16: a file that is sent in parts as it is read
--- config
    location = /t {
        content_by_lua_block {
            local res = ngx.location.capture("/file.txt")
            ngx.say(#res.body, " ", res.truncated)
        }
    }
    location = /file.txt { sendfile off; output_buffers 1 4k; }
--- request
GET /t
--- response_body
200000 false
--- user_files eval
[["file.txt" => "0123456789" x 20000]]
--- no_error_log
[error]



=== TEST 17: a location with sendfile is read, too
--- config
    location = /t {
        content_by_lua_block {
            local res = ngx.location.capture("/file.txt")
            ngx.say(#res.body, " ", res.body:sub(1, 10), " ", res.truncated)
        }
    }
    location = /file.txt { sendfile on; }
--- request
GET /t
--- response_body
200000 0123456789 false
--- user_files eval
[["file.txt" => "0123456789" x 20000]]
--- no_error_log
[error]



=== TEST 18: a file read by threads of a pool, or at once
--- config
    location = /t {
        content_by_lua_block {
            local res = ngx.location.capture("/file.txt")
            ngx.say(#res.body, " ", res.body:sub(-10), " ", res.truncated)
        }
    }
    location = /file.txt { aio threads; sendfile off; }
--- request
GET /t
--- response_body
200000 0123456789 false
--- user_files eval
[["file.txt" => "0123456789" x 20000]]
--- skip_eval: 3: system("${\(defined $ENV{TEST_NGINX_BINARY} ? $ENV{TEST_NGINX_BINARY} : 'nginx')} -V 2>&1 | grep -q -- --with-threads") != 0
--- no_error_log
[error]
--- differs: the C module takes the body as over before it is read



=== TEST 19: the path is decoded, the arguments are not
--- config
    location = /t {
        content_by_lua_block { ngx.print(ngx.location.capture("/s%75b%20x?a=%41+b").body) }
    }
    location /sub { content_by_lua_block { ngx.say(ngx.var.uri, " ", ngx.var.args) } }
--- request
GET /t
--- response_body
/sub x a=%41+b
--- no_error_log
[error]



=== TEST 20: no arguments and empty arguments
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.location.capture("/sub").body, " ", ngx.location.capture("/sub?").body)
        }
    }
    location = /sub { content_by_lua_block { ngx.print("[", ngx.var.args, "]") } }
--- request
GET /t
--- response_body
[nil] []
--- no_error_log
[error]



=== TEST 21: a fragment is part of the path
--- config
    location = /t {
        content_by_lua_block { ngx.print(ngx.location.capture("/sub#x").body) }
    }
    location /sub { content_by_lua_block { ngx.say(ngx.var.uri) } }
--- request
GET /t
--- response_body
/sub#x
--- no_error_log
[error]



=== TEST 22: a named location cannot be captured
--- config
    location = /t {
        content_by_lua_block {
            local res = ngx.location.capture("@named")
            ngx.say(res.status, " ", res.truncated)
        }
    }
    location @named { return 200 "x"; }
--- request
GET /t
--- response_body
404 true
--- no_error_log
[crit]



=== TEST 23: a URI without a slash is not found
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.location.capture("sub").status, " ", ngx.location.capture(12).status)
        }
    }
    location = /sub { return 200 "x"; }
--- request
GET /t
--- response_body
404 404
--- no_error_log
[crit]



=== TEST 24: internal locations can be captured
--- config
    location = /t {
        content_by_lua_block { ngx.say(ngx.location.capture("/sub").body) }
    }
    location = /sub { internal; return 200 "inside"; }
--- request
GET /t
--- response_body
inside
--- no_error_log
[error]



=== TEST 25: unsafe URIs are refused
--- config
    location = /t {
        content_by_lua_block {
            for _, uri in ipairs { "", "/../sub", "/a/../sub", "/sub\0", "/sub%00", "/a/%2e%2e/sub" } do
                local ok, err = pcall(ngx.location.capture, uri)
                ngx.say(ok and "captured" or err)
            end
        }
    }
--- request
GET /t
--- response_body
unsafe uri in argument #1: 
unsafe uri in argument #1: /../sub
unsafe uri in argument #1: /a/../sub
unsafe uri in argument #1: /sub
unsafe uri in argument #1: /sub%00
unsafe uri in argument #1: /a/%2e%2e/sub
--- no_error_log
[error]



=== TEST 26: wrong arguments of capture
--- config
    location = /t {
        content_by_lua_block {
            local function try(...)
                local ok, err = pcall(ngx.location.capture, ...)
                ngx.say(err)
            end
            try()
            try(nil)
            try("/sub", {}, 3)
            try({})
            try(true)
            try(nil, {})
            try("/sub", 1)
            try("/sub", "x")
        }
    }
--- request
GET /t
--- response_body
expecting one or two arguments
query argument 0 expecting one or two arguments
expecting one or two arguments
bad argument #3 to '?' (string expected, got table)
bad argument #3 to '?' (string expected, got boolean)
bad argument #3 to '?' (string expected, got nil)
expecting table as the 2nd argument for subrequest 0, but got number
expecting table as the 2nd argument for subrequest 0, but got string
--- no_error_log
[error]



=== TEST 27: nil for the options is no options
--- config
    location = /t {
        content_by_lua_block { ngx.say(ngx.location.capture("/sub", nil).body) }
    }
    location = /sub { return 200 "sub"; }
--- request
GET /t
--- response_body
sub
--- no_error_log
[error]



=== TEST 28: errors name the function and have a position
--- config
    location = /t {
        content_by_lua_block {
            local ok, err = pcall(function() ngx.location.capture({}) end)
            ngx.say(err:match("content_by_lua.*"))
            ok, err = pcall(function() ngx.location.capture("") end)
            ngx.say(err:match("content_by_lua.*"))
        }
    }
--- request
GET /t
--- response_body_like eval
qr/^content_by_lua\(nginx\.conf:\d+\):2: bad argument #3 to 'capture' \(string expected, got table\)
content_by_lua\(nginx\.conf:\d+\):4: unsafe uri in argument #1: $/
--- no_error_log
[error]



=== TEST 29: capture_multi gives a reply for each entry, in order
--- config
    location = /t {
        content_by_lua_block {
            local a, b, c = ngx.location.capture_multi {
                { "/slow", { args = "n=1" } },
                { "/sub" },
                { "/none" },
            }
            ngx.say(a.status, " ", a.body, " ", b.status, " ", b.body, " ", c.status, " ", c.truncated)
        }
    }
    location = /slow {
        content_by_lua_block {
            ngx.sleep(0.01)
            ngx.print("slow ", ngx.var.arg_n)
        }
    }
    location = /sub { content_by_lua_block { ngx.status = 201; ngx.print("sub") } }
--- request
GET /t
--- response_body
200 slow 1 201 sub 404 true
--- no_error_log
[crit]



=== TEST 30: subrequests of capture_multi run at the same time
--- config
    location = /t {
        content_by_lua_block {
            local option = { ctx = { started = 0 } }
            local requests = {}
            for i = 1, 4 do requests[i] = { "/slow", option } end
            for _, res in ipairs { ngx.location.capture_multi(requests) } do ngx.print(res.body, " ") end
            ngx.say("done")
        }
    }
    location = /slow {
        content_by_lua_block {
            ngx.ctx.started = ngx.ctx.started + 1
            ngx.sleep(0.01)
            ngx.print(ngx.ctx.started)
        }
    }
--- request
GET /t
--- response_body
4 4 4 4 done
--- no_error_log
[error]



=== TEST 31: a hundred subrequests in one call
--- config
    location = /t {
        content_by_lua_block {
            local requests = {}
            for i = 1, 100 do requests[i] = { "/sub?" .. i } end
            local replies = { ngx.location.capture_multi(requests) }
            local good = 0
            for i, reply in ipairs(replies) do
                if reply.body == tostring(i) then good = good + 1 end
            end
            ngx.say(#replies, " ", good)
        }
    }
    location = /sub { content_by_lua_block { ngx.sleep(0.001) ngx.print(ngx.var.args) } }
--- request
GET /t
--- response_body
100 100
--- no_error_log
[error]



=== TEST 32: wrong arguments of capture_multi
--- config
    location = /t {
        content_by_lua_block {
            local function try(...)
                local ok, err = pcall(ngx.location.capture_multi, ...)
                ngx.say(err)
            end
            try()
            try({}, {})
            try({})
            try(1)
            try({ a = { "/sub" } })
            try({ 1 })
            try({ "/sub" })
            try({ {} })
            try({ { "/sub", {}, 3 } })
            try({ { true } })
            try({ { "/sub", 1 } })
        }
    }
--- request
GET /t
--- response_body
only one argument is expected, but got 0
only one argument is expected, but got 2
at least one subrequest should be specified
bad argument #1 to '?' (table expected, got number)
at least one subrequest should be specified
the query argument 0 is not a table, but a number
the query argument 0 is not a table, but a string
query argument 0 expecting one or two arguments
query argument 0 expecting one or two arguments
bad argument #3 to '?' (string expected, got boolean)
expecting table as the 2nd argument for subrequest 0, but got number
--- no_error_log
[error]



=== TEST 33: a wrong entry behind right ones: nothing is started
--- config
    location = /t {
        content_by_lua_block {
            local ok, err = pcall(ngx.location.capture_multi, { { "/sub" }, { "/sub", 5 } })
            ngx.say(err)
            ok, err = pcall(ngx.location.capture_multi, { { "/sub" }, "x" })
            ngx.say(err)
            ngx.say(ngx.location.capture("/sub").body)
        }
    }
    location = /sub {
        content_by_lua_block {
            ngx.log(ngx.WARN, "sub runs")
            ngx.print("sub")
        }
    }
--- request
GET /t
--- response_body
expecting table as the 2nd argument for subrequest 1, but got number
the query argument 1 is not a table, but a string
sub
--- grep_error_log chop
sub runs
--- grep_error_log_out eval
["sub runs\n", "sub runs\n"]
--- no_error_log
[error]
--- differs: the C module starts the first ones, and the connection hangs



=== TEST 34: rewrite, access and content can wait for subrequests, in one request
--- config
    location = /t {
        rewrite_by_lua_block { ngx.ctx.rewrite = ngx.location.capture("/sub?rewrite").body }
        access_by_lua_block { ngx.ctx.access = ngx.location.capture("/sub?access").body }
        content_by_lua_block {
            ngx.say(ngx.ctx.rewrite, " ", ngx.ctx.access, " ", ngx.location.capture("/sub?content").body)
        }
    }
    location = /sub { content_by_lua_block { ngx.sleep(0.001) ngx.print(ngx.var.args) } }
--- request
GET /t
--- response_body
rewrite access content
--- no_error_log
[error]



=== TEST 35: access refuses by what a subrequest says
--- config
    location = /t {
        access_by_lua_block {
            local res = ngx.location.capture("/check", { args = { user = ngx.var.arg_user } })
            if res.status ~= 200 then ngx.exit(res.status) end
        }
        content_by_lua_block { ngx.say("granted to ", ngx.var.arg_user) }
    }
    location = /check {
        content_by_lua_block { ngx.exit(ngx.var.arg_user == "me" and 200 or 403) }
    }
--- request eval
["GET /t?user=me", "GET /t?user=you"]
--- error_code eval
[200, 403]
--- response_body_like eval
["^granted to me\$", "403 Forbidden"]
--- no_error_log
[error]



=== TEST 36: rewrite answers with what a subrequest says
--- config
    location = /t {
        rewrite_by_lua_block { ngx.say("from ", ngx.location.capture("/sub").body) }
    }
    location = /sub { return 200 "sub"; }
--- request
GET /t
--- response_body
from sub
--- no_error_log
[error]



=== TEST 37: the phases where capture is an error
--- config
    location = /t {
        header_filter_by_lua_block {
            local ok, err = pcall(ngx.location.capture, "/sub")
            ngx.log(ngx.WARN, err)
            ok, err = pcall(ngx.location.capture_multi, { { "/sub" } })
            ngx.log(ngx.WARN, err)
        }
        body_filter_by_lua_block {
            local ok, err = pcall(ngx.location.capture, "/sub")
            ngx.log(ngx.WARN, err)
        }
        log_by_lua_block {
            local ok, err = pcall(ngx.location.capture, "/sub")
            ngx.log(ngx.WARN, err)
        }
        set_by_lua_block $x {
            local ok, err = pcall(ngx.location.capture, "/sub")
            ngx.log(ngx.WARN, err)
        }
        content_by_lua_block { ngx.say("content") }
    }
--- request
GET /t
--- response_body
content
--- error_log
API disabled in the context of set_by_lua*
API disabled in the context of header_filter_by_lua*
API disabled in the context of body_filter_by_lua*
API disabled in the context of log_by_lua*
--- no_error_log
[error]



=== TEST 38: capture does not exist for server_rewrite
--- config
    location = /t {
        content_by_lua_block { ngx.say(ngx.ctx.err) }
    }
--- request
GET /t
--- response_body
API disabled in the context of server_rewrite_by_lua*
--- http_config
    server_rewrite_by_lua_block {
        local ok, err = pcall(ngx.location.capture, "/sub")
        ngx.ctx.err = err
    }
--- no_error_log
[error]



=== TEST 39: capture does not exist for precontent
--- config
    location = /t {
        precontent_by_lua_block {
            local ok, err = pcall(ngx.location.capture, "/sub")
            ngx.ctx.err = err
        }
        content_by_lua_block { ngx.say(ngx.ctx.err) }
    }
--- request
GET /t
--- response_body
API disabled in the context of precontent_by_lua*
--- no_error_log
[error]
--- differs: precontent_by_lua came later



=== TEST 40: without a request
--- http_config
    init_by_lua_block { started = select(2, pcall(ngx.location.capture, "/sub")) }
    init_worker_by_lua_block { worker = select(2, pcall(ngx.location.capture, "/sub")) }
--- config
    location = /t {
        content_by_lua_block { ngx.say(started, "; ", worker) }
    }
--- request
GET /t
--- response_body
no request object found; API disabled in the context of init_worker_by_lua*
--- no_error_log
[error]



=== TEST 41: arguments are counted before the phase is looked at
--- config
    location = /t {
        header_filter_by_lua_block {
            local errors = {}
            for _, call in ipairs {
                function() ngx.location.capture() end,
                function() ngx.location.capture_multi({}) end,
                function() ngx.location.capture_multi({ {} }) end,
            } do
                local ok, err = pcall(call)
                table.insert(errors, (err:gsub("^.-:%d+: ", "")))
            end
            ngx.header["X-Errors"] = table.concat(errors, "; ")
        }
        content_by_lua_block { ngx.say("x") }
    }
--- request
GET /t
--- response_body
x
--- response_headers
X-Errors: expecting one or two arguments; at least one subrequest should be specified; API disabled in the context of header_filter_by_lua*
--- no_error_log
[error]



=== TEST 42: capture cannot wait inside of string.gsub or table.sort
--- config
    location = /t {
        content_by_lua_block {
            local ok, err = pcall(string.gsub, "x", "x", function() return ngx.location.capture("/sub").body end)
            ngx.say(err)
            ok, err = pcall(table.sort, { 1, 2 }, function() return ngx.location.capture("/sub").status end)
            ngx.say(err)
        }
    }
    location = /sub { return 200 "x"; }
--- request
GET /t
--- response_body
attempt to yield across C-call boundary
attempt to yield across C-call boundary
--- no_error_log
[error]
--- differs: the subrequest of the C module wakes code that has long gone on



=== TEST 43: access code of a subrequest does not run, rewrite code does
--- config
    location = /t {
        content_by_lua_block { ngx.say(ngx.location.capture("/sub").body) }
    }
    location = /sub {
        rewrite_by_lua_block { ngx.ctx.ran = "rewrite" }
        access_by_lua_block { ngx.ctx.ran = ngx.ctx.ran .. " access" }
        content_by_lua_block { ngx.print(ngx.ctx.ran) }
    }
--- request
GET /t
--- response_body
rewrite
--- no_error_log
[error]



=== TEST 44: deny does not hold for subrequests
--- config
    location = /t {
        content_by_lua_block { ngx.say(ngx.location.capture("/sub").body) }
    }
    location = /sub { deny all; content_by_lua_block { ngx.print('sub') } }
--- request
GET /t
--- response_body
sub
--- no_error_log
[error]



=== TEST 45: log code runs for a subrequest if log_subrequest is on
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.location.capture("/sub").body, ngx.location.capture("/quiet").body)
        }
    }
    location = /sub {
        log_subrequest on;
        content_by_lua_block { ngx.print("x") }
        log_by_lua_block { ngx.log(ngx.WARN, "logged ", ngx.var.uri, " ", ngx.is_subrequest) }
    }
    location = /quiet {
        content_by_lua_block { ngx.print("y") }
        log_by_lua_block { ngx.log(ngx.WARN, "logged ", ngx.var.uri) }
    }
--- request
GET /t
--- response_body
xy
--- error_log
logged /sub true
--- no_error_log
logged /quiet



=== TEST 46: log lines of a subrequest name it, those of the main request do not
--- config
    location = /t {
        content_by_lua_block {
            ngx.location.capture("/sub?a=1")
            ngx.log(ngx.WARN, "after")
            ngx.say("done")
        }
    }
    location = /sub {
        content_by_lua_block {
            ngx.log(ngx.WARN, "within")
            ngx.sleep(0.001)
            ngx.log(ngx.WARN, "later")
        }
    }
--- request
GET /t
--- response_body
done
--- error_log eval
[
    qr{within, .* subrequest: "/sub", host: "localhost"},
    qr{later, .* subrequest: "/sub", host: "localhost"},
    qr{after, .* request: "GET /t HTTP/1.1", host: "localhost"},
]
--- no_error_log
[error]



=== TEST 47: ngx.is_subrequest
--- config
    location = /t {
        content_by_lua_block { ngx.say(ngx.is_subrequest, " ", ngx.location.capture("/sub").body) }
    }
    location = /sub { content_by_lua_block { ngx.print(ngx.is_subrequest) } }
--- request
GET /t
--- response_body
false true
--- no_error_log
[error]



=== TEST 48: ngx.is_subrequest in every phase of a request
--- config
    location = /t {
        rewrite_by_lua_block { ngx.ctx.rewrite = ngx.is_subrequest }
        access_by_lua_block { ngx.ctx.access = ngx.is_subrequest }
        header_filter_by_lua_block { ngx.header["X-Header"] = tostring(ngx.is_subrequest) }
        log_by_lua_block { ngx.log(ngx.WARN, "log: ", ngx.is_subrequest) }
        content_by_lua_block { ngx.say(ngx.ctx.rewrite, " ", ngx.ctx.access, " ", ngx.is_subrequest) }
    }
--- request
GET /t
--- response_body
false false false
--- response_headers
X-Header: false
--- error_log
log: false
--- no_error_log
[error]



=== TEST 49: ngx.is_subrequest without a request
--- http_config
    init_by_lua_block { started = select(2, pcall(function() return ngx.is_subrequest end)) }
--- config
    location = /t {
        content_by_lua_block { ngx.say(started) }
    }
--- request
GET /t
--- response_body_like: no request found$
--- no_error_log
[error]



=== TEST 50: a HEAD request for the main request: subrequests are GET
--- config
    location = /t {
        content_by_lua_block { ngx.header["X-Sub"] = ngx.location.capture("/sub").body }
    }
    location = /sub { content_by_lua_block { ngx.print(ngx.req.get_method()) } }
--- request
HEAD /t
--- response_headers
X-Sub: GET
--- no_error_log
[error]



=== TEST 51: HTTP/1.0: the main response is collected, a subrequest's has a length
--- config
    location = /t {
        content_by_lua_block {
            local res = ngx.location.capture("/sub")
            ngx.say(res.body, " ", res.header["Content-Length"])
        }
    }
    location = /sub { content_by_lua_block { ngx.print('s') ngx.print('ub') } }
--- request
GET /t HTTP/1.0
--- response_body
sub 3
--- response_headers
Content-Length: 6
--- no_error_log
[error]



=== TEST 52: what is printed before and after waits is in order
--- config
    location = /t {
        content_by_lua_block {
            ngx.say("one")
            ngx.say(ngx.location.capture("/sub").body)
            ngx.flush(true)
            ngx.say(ngx.location.capture("/sub").body)
            ngx.say("two")
        }
    }
    location = /sub { content_by_lua_block { ngx.sleep(0.001) ngx.print('sub') } }
--- request
GET /t
--- response_body
one
sub
sub
two
--- no_error_log
[error]



=== TEST 53: after the response is over, subrequests still run
--- config
    location = /t {
        content_by_lua_block {
            ngx.say("answer")
            ngx.eof()
            ngx.log(ngx.WARN, "captured ", ngx.location.capture("/sub").body)
        }
    }
    location = /sub { content_by_lua_block { ngx.sleep(0.001) ngx.print('sub') } }
--- request
GET /t
--- response_body
answer
--- error_log
captured sub
--- no_error_log
[error]



=== TEST 54: a subrequest that ends its response and works on
--- config
    location = /t {
        content_by_lua_block {
            local res = ngx.location.capture("/sub")
            ngx.say(res.body, " ", res.truncated)
        }
    }
    location = /sub {
        content_by_lua_block {
            ngx.print("answer")
            ngx.eof()
            ngx.sleep(0.001)
            ngx.log(ngx.WARN, "worked on")
        }
    }
--- request
GET /t
--- response_body
answer false
--- error_log
worked on
--- no_error_log
[error]



=== TEST 55: try_files, rewrite and internal redirects within a subrequest
--- config
    location = /t {
        content_by_lua_block {
            for _, uri in ipairs { "/try", "/rewrite", "/exec", "/set_uri" } do
                ngx.print(ngx.location.capture(uri).body)
            end
        }
    }
    location = /try { try_files /none /target; }
    location = /rewrite { rewrite ^ /target last; }
    location = /exec { content_by_lua_block { ngx.exec("/target") } }
    location = /set_uri { rewrite_by_lua_block { ngx.req.set_uri("/target", true) } }
    location = /target { content_by_lua_block { ngx.say(ngx.var.uri) } }
--- request
GET /t
--- response_body
/target
/target
/target
/target
--- no_error_log
[error]



=== TEST 56: lua_need_request_body holds for subrequests
--- config
    location = /t {
        lua_need_request_body on;
        content_by_lua_block { ngx.say(ngx.location.capture("/sub", { method = ngx.HTTP_POST }).body) }
    }
    location = /sub {
        lua_need_request_body on;
        content_by_lua_block { ngx.print(ngx.req.get_body_data()) }
    }
--- request
POST /t
body
--- response_body
body
--- no_error_log
[error]



=== TEST 57: conditional and range headers of the client do not shorten a subrequest's body
--- config
    location = /t {
        content_by_lua_block {
            local res = ngx.location.capture("/file.txt")
            ngx.say(res.status, " ", res.body)
        }
    }
--- request
GET /t
--- user_files
>>> file.txt
0123456789
--- more_headers
Range: bytes=0-1
If-Modified-Since: Tue, 01 Feb 2033 00:00:00 GMT
--- response_body_like: ^200 0123456789
--- no_error_log
[error]



=== TEST 58: gzip does not compress what is captured
--- config
    location = /t {
        content_by_lua_block { ngx.say(ngx.location.capture("/sub").body:sub(1, 5)) }
    }
    location = /sub { gzip on; gzip_min_length 1; content_by_lua_block { ngx.print(('a'):rep(1000)) } }
--- request
GET /t
--- response_body
aaaaa
--- more_headers
Accept-Encoding: gzip
--- no_error_log
[error]



=== TEST 59: a subrequest's own status is not that of the main request
--- config
    location = /t {
        content_by_lua_block {
            local res = ngx.location.capture("/sub")
            ngx.say(res.status, " ", ngx.status)
        }
    }
    location = /sub { return 503 "down"; }
--- request
GET /t
--- response_body
503 0
--- no_error_log
[error]



=== TEST 60: sending back what a subrequest answered
--- config
    location = /t {
        content_by_lua_block {
            local res = ngx.location.capture("/sub")
            ngx.status = res.status
            for name, value in pairs(res.header) do ngx.header[name] = value end
            ngx.print(res.body)
        }
    }
    location = /sub {
        content_by_lua_block {
            ngx.status = 201
            ngx.header["X-Sub"] = { "1", "2" }
            ngx.say("created")
        }
    }
--- request
GET /t
--- error_code: 201
--- response_body
created
--- response_headers
X-Sub: 1, 2
--- no_error_log
[error]
