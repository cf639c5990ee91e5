# ngx.location.capture: its options.

use Test::Nginx::Socket::Lua 'no_plan';

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: method: every constant
--- config
    location = /t {
        content_by_lua_block {
            for _, name in ipairs {
                "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "MKCOL", "COPY", "MOVE",
                "PROPFIND", "PROPPATCH", "LOCK", "UNLOCK", "PATCH", "TRACE"
            } do
                local res = ngx.location.capture("/sub", { method = ngx["HTTP_" .. name] })
                if res.header["X-Method"] ~= name then ngx.say(name, " became ", res.header["X-Method"]) end
            end
            ngx.say("done")
        }
    }
    location = /sub {
        content_by_lua_block {
            ngx.header["X-Method"] = ngx.req.get_method()
            ngx.print("x")
        }
    }
--- request
GET /t
--- response_body
done
--- no_error_log
[error]



=== TEST 2: method: a number with a fraction is cut
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.location.capture("/sub", { method = ngx.HTTP_PUT + 0.9 }).body)
        }
    }
    location = /sub { content_by_lua_block { ngx.print(ngx.req.get_method()) } }
--- request
GET /t
--- response_body
PUT
--- no_error_log
[error]



=== TEST 3: method: not a number
--- config
    location = /t {
        content_by_lua_block {
            for _, method in ipairs { "GET", "8", true, {} } do
                local ok, err = pcall(ngx.location.capture, "/sub", { method = method })
                ngx.say(err)
            end
        }
    }
--- request
GET /t
--- response_body
Bad http request method
Bad http request method
Bad http request method
Bad http request method
--- no_error_log
[error]



=== TEST 4: method: a number that is no method
--- config
    location = /t {
        content_by_lua_block {
            for _, method in ipairs { 3, 0, 65536 } do
                local ok, err = pcall(ngx.location.capture, "/sub", { method = method })
                ngx.say(err)
            end
        }
    }
    location = /sub { content_by_lua_block { ngx.print(ngx.var.args) } }
--- request
GET /t
--- response_body
failed to adjust the subrequest: -1
failed to adjust the subrequest: -1
failed to adjust the subrequest: -1
--- error_log
unsupported HTTP method: 3
unsupported HTTP method: 0
unsupported HTTP method: 65536
--- no_error_log
[crit]



=== TEST 5: method: HEAD gives a header and no body
--- config
    location = /t {
        content_by_lua_block {
            local res = ngx.location.capture("/file.txt", { method = ngx.HTTP_HEAD })
            ngx.say(res.status, " [", res.body, "] ", res.header["Content-Length"], " ", res.truncated)
            res = ngx.location.capture("/sub", { method = ngx.HTTP_HEAD })
            ngx.say(res.status, " [", res.body, "] ", res.header["X-Sub"], " ", res.truncated)
        }
    }
    location = /sub {
        content_by_lua_block {
            ngx.header["X-Sub"] = "yes"
            ngx.print("body")
        }
    }
--- request
GET /t
--- response_body
200 [] 10 true
200 [] yes true
--- user_files
>>> file.txt
123456789
--- no_error_log
[error]



=== TEST 6: method: POST to a static file is not allowed
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.location.capture("/file.txt", { method = ngx.HTTP_POST }).status)
        }
    }
--- request
GET /t
--- response_body
405
--- user_files
>>> file.txt
x
--- no_error_log
[error]



=== TEST 7: args: a string, a number, a table
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.location.capture("/sub", { args = "a=1&b" }).body)
            ngx.say(ngx.location.capture("/sub", { args = 3.5 }).body)
            ngx.say(ngx.location.capture("/sub", { args = { a = "x y&=%" } }).body)
        }
    }
    location = /sub { content_by_lua_block { ngx.print(ngx.var.args) } }
--- request
GET /t
--- response_body
a=1&b
3.5
a=x%20y%26%3D%25
--- no_error_log
[error]



=== TEST 8: args: arrays, true and false in a table
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.location.capture("/sub", { args = { a = { 1, "2" } } }).body)
            ngx.say(ngx.location.capture("/sub", { args = { a = true, b = false } }).body)
            ngx.say(ngx.location.capture("/sub", { args = { a = { true, false, "x" } } }).body)
        }
    }
    location = /sub { content_by_lua_block { ngx.print(ngx.var.args) } }
--- request
GET /t
--- response_body
a=1&a=2
a
a&a=x
--- no_error_log
[error]



=== TEST 9: args: they follow those in the URI
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.location.capture("/sub?a=1", { args = "b=2" }).body)
            ngx.say(ngx.location.capture("/sub?a=1", { args = { b = 2 } }).body)
            ngx.say(ngx.location.capture("/sub?a=1", { args = "" }).body)
            ngx.say(ngx.location.capture("/sub?a=1", { args = {} }).body)
            ngx.say(ngx.location.capture("/sub?", { args = "b" }).body)
        }
    }
    location = /sub { content_by_lua_block { ngx.print(ngx.var.args) } }
--- request
GET /t
--- response_body
a=1&b=2
a=1&b=2
a=1
a=1
b
--- no_error_log
[error]



=== TEST 10: args: wrong values
--- config
    location = /t {
        content_by_lua_block {
            for _, args in ipairs { true, print } do
                local ok, err = pcall(ngx.location.capture, "/sub", { args = args })
                ngx.say(err)
            end
            local ok, err = pcall(ngx.location.capture, "/sub", { args = false })
            ngx.say(err)
            ok, err = pcall(ngx.location.capture, "/sub", { args = { "x" } })
            ngx.say(err)
            ok, err = pcall(ngx.location.capture, "/sub", { args = { a = print } })
            ngx.say(err)
        }
    }
--- request
GET /t
--- response_body
Bad args option value
Bad args option value
Bad args option value
attempt to use a non-string key in the "args" option table
attempt to use function as query arg value
--- no_error_log
[error]



=== TEST 11: args: a thousand of them
--- config
    location = /t {
        content_by_lua_block {
            local args = {}
            for i = 1, 1000 do args["key" .. i] = i end
            local sum, n = 0, 0
            for value in ngx.location.capture("/sub", { args = args }).body:gmatch("key%d+=(%d+)") do
                sum, n = sum + value, n + 1
            end
            ngx.say(n, " ", sum)
        }
    }
    location = /sub { content_by_lua_block { ngx.print(ngx.var.args) } }
--- request
GET /t
--- response_body
1000 500500
--- no_error_log
[error]



=== TEST 12: args: line breaks and NUL are escaped, they would reach a proxied server
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.location.capture("/sub", { args = "a=1\r\nX: y\0z" }).body)
            ngx.say(ngx.location.capture("/sub?a=1\r\nX:y", { args = "b=\t\127" }).body)
        }
    }
    location = /sub { content_by_lua_block { ngx.print(ngx.var.args) } }
--- request
GET /t
--- response_body
a=1%0D%0AX: y%00z
a=1%0D%0AX:y&b=	%7F
--- no_error_log
[error]
--- differs: the C module passes them on



=== TEST 13: vars: set before the subrequest runs, and lost with it
--- config
    location = /t {
        set $name main;
        set $number main;
        content_by_lua_block {
            local res = ngx.location.capture("/sub", { vars = { name = "Lua", number = 3 } })
            ngx.say(res.body, " ", ngx.var.name, " ", ngx.var.number)
        }
    }
    location = /sub { content_by_lua_block { ngx.print(ngx.var.name, ' ', ngx.var.number) } }
--- request
GET /t
--- response_body
Lua 3 main main
--- no_error_log
[error]



=== TEST 14: vars: `set` in the subrequest's location comes later
--- config
    location = /t {
        content_by_lua_block { ngx.say(ngx.location.capture("/sub", { vars = { name = "Lua" } }).body) }
    }
    location = /sub { set $name config; content_by_lua_block { ngx.print(ngx.var.name) } }
--- request
GET /t
--- response_body
config
--- no_error_log
[error]



=== TEST 15: vars: names in any case, values with any bytes
--- config
    location = /t {
        set $name '';
        content_by_lua_block {
            local res = ngx.location.capture("/sub", { vars = { NAME = "a\0b\r\n" } })
            ngx.say(#res.body, " ", res.body == "a\0b\r\n")
        }
    }
    location = /sub { content_by_lua_block { ngx.print(ngx.var.name) } }
--- request
GET /t
--- response_body
5 true
--- no_error_log
[error]



=== TEST 16: vars: nginx's own with a setter
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.location.capture("/sub", { vars = { args = "a=1", limit_rate = "1000" } }).body)
        }
    }
    location = /sub { content_by_lua_block { ngx.print(ngx.var.args, ' ', ngx.var.limit_rate) } }
--- request
GET /t
--- response_body
a=1 1000
--- no_error_log
[error]



=== TEST 17: vars: wrong values
--- config
    location = /t {
        content_by_lua_block {
            local function try(vars)
                local ok, err = pcall(ngx.location.capture, "/sub", { vars = vars })
                ngx.say(err)
            end
            try(1)
            try(false)
            try({ "x" })
            try({ name = true })
            try({ name = {} })
        }
    }
--- request
GET /t
--- response_body
Bad vars option value
Bad vars option value
attempt to use a non-string key in the "vars" option table
attempt to use bad variable value type boolean
attempt to use bad variable value type table
--- no_error_log
[error]



=== TEST 18: vars: variables that cannot be set
--- config
    location = /t {
        content_by_lua_block {
            for _, name in ipairs { "uri", "request_method", "host", "nosuch", "arg_x", "http_x" } do
                local ok, err = pcall(ngx.location.capture, "/sub", { vars = { [name] = "x" } })
                ngx.say(err)
            end
        }
    }
    location = /sub { content_by_lua_block { ngx.print(ngx.var.args) } }
--- request
GET /t
--- response_body
failed to adjust the subrequest: 500
failed to adjust the subrequest: 500
failed to adjust the subrequest: 500
failed to adjust the subrequest: -1
failed to adjust the subrequest: -1
failed to adjust the subrequest: -1
--- error_log
variable "uri" not changeable
variable "request_method" not changeable
variable "host" not changeable
variable "nosuch" cannot be assigned a value (maybe you forgot to define it first?)
variable "arg_x" cannot be assigned a value (maybe you forgot to define it first?)
--- no_error_log
[crit]



=== TEST 19: variables of a subrequest are its own
--- config
    location = /t {
        set $name main;
        content_by_lua_block {
            ngx.say(ngx.location.capture("/sub").body, " ", ngx.var.name)
            ngx.say(ngx.location.capture("/sub").body, " ", ngx.var.name)
        }
    }
    location = /sub { content_by_lua_block { ngx.print('[', ngx.var.name, ']'); ngx.var.name = 'sub' } }
--- request
GET /t
--- response_body
[] main
[] main
--- no_error_log
[error]



=== TEST 20: copy_all_vars: the subrequest sees the variables, and changes its own
--- config
    location = /t {
        set $name main;
        content_by_lua_block {
            ngx.say(ngx.location.capture("/sub", { copy_all_vars = true }).body, " ", ngx.var.name)
        }
    }
    location = /sub { content_by_lua_block { ngx.print('[', ngx.var.name, ']'); ngx.var.name = 'sub' } }
--- request
GET /t
--- response_body
[main] main
--- no_error_log
[error]



=== TEST 21: share_all_vars: the subrequest changes the variables of its parent
--- config
    location = /t {
        set $name main;
        content_by_lua_block {
            ngx.say(ngx.location.capture("/sub", { share_all_vars = true }).body, " ", ngx.var.name)
        }
    }
    location = /sub { content_by_lua_block { ngx.print('[', ngx.var.name, ']'); ngx.var.name = 'sub' } }
--- request
GET /t
--- response_body
[main] sub
--- no_error_log
[error]



=== TEST 22: share_all_vars counts before copy_all_vars
--- config
    location = /t {
        set $name main;
        content_by_lua_block {
            ngx.say(ngx.location.capture("/sub", { share_all_vars = true, copy_all_vars = true }).body, " ", ngx.var.name)
            ngx.var.name = "main"
            ngx.say(ngx.location.capture("/sub", { share_all_vars = false, copy_all_vars = true }).body, " ", ngx.var.name)
            ngx.say(ngx.location.capture("/sub", { share_all_vars = false, copy_all_vars = false }).body, " ", ngx.var.name)
        }
    }
    location = /sub { content_by_lua_block { ngx.print('[', ngx.var.name, ']'); ngx.var.name = 'sub' } }
--- request
GET /t
--- response_body
[main] sub
[main] main
[] main
--- no_error_log
[error]



=== TEST 23: vars together with copied and shared variables
--- config
    location = /t {
        set $name main;
        content_by_lua_block {
            ngx.say(ngx.location.capture("/sub", { copy_all_vars = true, vars = { name = "new" } }).body, " ", ngx.var.name)
            ngx.say(ngx.location.capture("/other", { share_all_vars = true, vars = { name = "new" } }).body, " ", ngx.var.name)
        }
    }
    location = /sub { content_by_lua_block { ngx.print('[', ngx.var.name, ']'); ngx.var.name = 'sub' } }
    location = /other { content_by_lua_block { ngx.print('[', ngx.var.name, ']') } }
--- request
GET /t
--- response_body
[new] main
[new] new
--- no_error_log
[error]



=== TEST 24: copy_all_vars and share_all_vars must be booleans
--- config
    location = /t {
        content_by_lua_block {
            for _, name in ipairs { "copy_all_vars", "share_all_vars" } do
                for _, value in ipairs { 1, "x", {} } do
                    local ok, err = pcall(ngx.location.capture, "/sub", { [name] = value })
                    ngx.say(err)
                end
            end
        }
    }
--- request
GET /t
--- response_body
Bad copy_all_vars option value
Bad copy_all_vars option value
Bad copy_all_vars option value
Bad share_all_vars option value
Bad share_all_vars option value
Bad share_all_vars option value
--- no_error_log
[error]



=== TEST 25: copied variables of capture_multi are apart from each other
--- config
    location = /t {
        set $name main;
        content_by_lua_block {
            local a, b = ngx.location.capture_multi {
                { "/sub", { copy_all_vars = true, vars = { name = "a" } } },
                { "/sub", { copy_all_vars = true } },
            }
            ngx.say(a.body, " ", b.body, " ", ngx.var.name)
        }
    }
    location = /sub { content_by_lua_block { ngx.print('[', ngx.var.name, ']'); ngx.var.name = 'sub' } }
--- request
GET /t
--- response_body
[a] [main] main
--- no_error_log
[error]



=== TEST 26: ngx.ctx of a subrequest is its own
--- config
    location = /t {
        content_by_lua_block {
            ngx.ctx.from = "main"
            ngx.say(ngx.location.capture("/sub").body, " ", ngx.ctx.sub)
        }
    }
    location = /sub {
        content_by_lua_block {
            ngx.print("[", ngx.ctx.from, "]")
            ngx.ctx.sub = "was here"
        }
    }
--- request
GET /t
--- response_body
[nil] nil
--- no_error_log
[error]



=== TEST 27: ctx: a table to be the subrequest's ngx.ctx
--- config
    location = /t {
        content_by_lua_block {
            local ctx = { from = "main" }
            ngx.say(ngx.location.capture("/sub", { ctx = ctx }).body, " ", ctx.sub, " ", ngx.ctx.sub)
        }
    }
    location = /sub {
        content_by_lua_block {
            ngx.print("[", ngx.ctx.from, "]")
            ngx.ctx.sub = "was here"
        }
    }
--- request
GET /t
--- response_body
[main] was here nil
--- no_error_log
[error]



=== TEST 28: ctx: the parent's ngx.ctx, shared by two subrequests
--- config
    location = /t {
        content_by_lua_block {
            ngx.ctx.from = "main"
            local a, b = ngx.location.capture_multi {
                { "/sub", { ctx = ngx.ctx } },
                { "/sub", { ctx = ngx.ctx } },
            }
            ngx.say(a.body, " ", b.body, " ", ngx.ctx.sub)
        }
    }
    location = /sub {
        content_by_lua_block {
            ngx.print("[", ngx.ctx.from, "]")
            ngx.ctx.sub = "was here"
        }
    }
--- request
GET /t
--- response_body
[main] [main] was here
--- no_error_log
[error]



=== TEST 29: ctx: it is there in every phase of the subrequest
--- config
    location = /t {
        content_by_lua_block {
            local ctx = {}
            ngx.location.capture("/sub", { ctx = ctx })
            ngx.say(table.concat(ctx, " "))
        }
    }
    location = /sub {
        rewrite_by_lua_block { table.insert(ngx.ctx, "rewrite") }
        content_by_lua_block { table.insert(ngx.ctx, "content") ngx.print("x") ngx.eof() }
        header_filter_by_lua_block { table.insert(ngx.ctx, "header") }
        body_filter_by_lua_block { if ngx.arg[1] ~= "" then table.insert(ngx.ctx, "body") end }
    }
--- request
GET /t
--- response_body
rewrite content header body
--- no_error_log
[error]



=== TEST 30: ctx: lost when the subrequest goes to another location
--- config
    location = /t {
        content_by_lua_block {
            local ctx = { from = "main" }
            ngx.say(ngx.location.capture("/exec", { ctx = ctx }).body, " ", ctx.sub)
        }
    }
    location = /sub {
        content_by_lua_block {
            ngx.print("[", ngx.ctx.from, "]")
            ngx.ctx.sub = "was here"
        }
    }
    location = /exec { content_by_lua_block { ngx.exec("/sub") } }
--- request
GET /t
--- response_body
[nil] nil
--- no_error_log
[error]



=== TEST 31: ctx: not a table
--- config
    location = /t {
        content_by_lua_block {
            for _, ctx in ipairs { 1, "x", true } do
                local ok, err = pcall(ngx.location.capture, "/sub", { ctx = ctx })
                ngx.say(err)
            end
        }
    }
--- request
GET /t
--- response_body
Bad ctx option value type number, expected a Lua table
Bad ctx option value type string, expected a Lua table
Bad ctx option value type boolean, expected a Lua table
--- no_error_log
[error]



=== TEST 32: headers: in place of those of the parent
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.location.capture("/sub", {
                headers = { ["X-A"] = "new", ["x-new"] = 1, ["X-Many"] = { "a", "b" } },
            }).body)
        }
    }
    location = /sub {
        content_by_lua_block {
            local headers = ngx.req.get_headers()
            local names = {}
            for name, value in pairs(headers) do
                if type(value) == "table" then value = table.concat(value, "+") end
                table.insert(names, name .. "=" .. value)
            end
            table.sort(names)
            ngx.print(table.concat(names, " "))
        }
    }
--- request
GET /t
--- response_body
connection=close host=localhost x-a=new x-b=b x-many=a+b x-new=1
--- more_headers
X-A: a
X-A: aa
X-B: b
--- no_error_log
[error]
--- differs: the option came after 0.10.23



=== TEST 33: headers: empty values and tables remove
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.location.capture("/sub", { headers = { ["X-A"] = "", ["X-B"] = {} } }).body)
        }
    }
    location = /sub {
        content_by_lua_block {
            local headers = ngx.req.get_headers()
            local names = {}
            for name, value in pairs(headers) do
                if type(value) == "table" then value = table.concat(value, "+") end
                table.insert(names, name .. "=" .. value)
            end
            table.sort(names)
            ngx.print(table.concat(names, " "))
        }
    }
--- request
GET /t
--- response_body
connection=close host=localhost
--- more_headers
X-A: a
X-B: b
--- no_error_log
[error]
--- differs: the option came after 0.10.23



=== TEST 34: headers: the parent keeps its own
--- config
    location = /t {
        content_by_lua_block {
            ngx.location.capture("/sub", { headers = { ["X-A"] = "new", ["User-Agent"] = "Lua", Cookie = "c=d" } })
            ngx.say(ngx.req.get_headers()["x-a"], " ", ngx.var.http_user_agent, " ", ngx.var.cookie_c)
        }
    }
    location = /sub {
        content_by_lua_block {
            local headers = ngx.req.get_headers()
            local names = {}
            for name, value in pairs(headers) do
                if type(value) == "table" then value = table.concat(value, "+") end
                table.insert(names, name .. "=" .. value)
            end
            table.sort(names)
            ngx.print(table.concat(names, " "))
        }
    }
--- request
GET /t
--- response_body
a test nil
--- more_headers
X-A: a
User-Agent: test
--- no_error_log
[error]



=== TEST 35: headers: nginx's own slots follow
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.location.capture("/sub", {
                headers = { Host = "Other.Example:80", ["User-Agent"] = "Lua", Cookie = "c=d", Authorization = "Basic bWU6cHc=" },
            }).body)
        }
    }
    location = /sub {
        content_by_lua_block {
            ngx.print(ngx.var.host, " ", ngx.var.http_user_agent, " ", ngx.var.cookie_c, " ", ngx.var.remote_user)
        }
    }
--- request
GET /t
--- response_body
other.example Lua d me
--- no_error_log
[error]
--- differs: the option came after 0.10.23



=== TEST 36: headers: control bytes in names and values are escaped
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.location.capture("/sub", { headers = { ["X-A\r\nX-B"] = "1\r\nX-C: 2\0" } }).body)
        }
    }
    location = /sub {
        content_by_lua_block {
            local headers = ngx.req.get_headers()
            local names = {}
            for name, value in pairs(headers) do
                if type(value) == "table" then value = table.concat(value, "+") end
                table.insert(names, name .. "=" .. value)
            end
            table.sort(names)
            ngx.print(table.concat(names, " "))
        }
    }
--- request
GET /t
--- response_body
connection=close host=localhost x-a%0d%0ax-b=1%0D%0AX-C: 2%00
--- no_error_log
[error]
--- differs: the option came after 0.10.23



=== TEST 37: headers: a Content-Length is left to the body
--- config
    location = /t {
        content_by_lua_block {
            local res = ngx.location.capture("/sub", {
                method = ngx.HTTP_POST,
                body = "abc",
                headers = { ["Content-Length"] = "100", ["content-length"] = {} },
            })
            ngx.say(res.body)
        }
    }
    location = /sub {
        content_by_lua_block {
            local headers = ngx.req.get_headers()
            local names = {}
            for name, value in pairs(headers) do
                if type(value) == "table" then value = table.concat(value, "+") end
                table.insert(names, name .. "=" .. value)
            end
            table.sort(names)
            ngx.print(table.concat(names, " "))
        }
    }
--- request
GET /t
--- response_body
connection=close content-length=3 host=localhost
--- no_error_log
[error]



=== TEST 38: headers: a Host that nginx refuses, and not a table
--- config
    location = /t {
        content_by_lua_block {
            local ok, err = pcall(ngx.location.capture, "/sub", { headers = { Host = "a/b" } })
            ngx.say(err)
            ok, err = pcall(ngx.location.capture, "/sub", { headers = "x" })
            ngx.say(err)
            ngx.say(ngx.location.capture("/quiet").body)
        }
    }
    location = /sub { content_by_lua_block { ngx.log(ngx.WARN, 'sub runs') } }
    location = /quiet { return 200 'still works'; }
--- request
GET /t
--- response_body
failed to set header
Bad headers option value
still works
--- no_error_log
[error]
sub runs
--- differs: the option came after 0.10.23



=== TEST 39: unknown options are ignored
--- config
    location = /t {
        content_by_lua_block { ngx.say(ngx.location.capture("/sub", { nosuch = 1, [1] = 2 }).body) }
    }
    location = /sub { return 200 "sub"; }
--- request
GET /t
--- response_body
sub
--- no_error_log
[error]



=== TEST 40: the order in which options are checked
--- config
    location = /t {
        content_by_lua_block {
            local wrong = {
                { "args", true }, { "vars", 1 }, { "share_all_vars", 1 }, { "copy_all_vars", 1 },
                { "method", "x" }, { "ctx", 1 }, { "body", true },
            }
            for i = 1, #wrong do
                local options = {}
                for j = i, #wrong do options[wrong[j][1]] = wrong[j][2] end
                local ok, err = pcall(ngx.location.capture, "", options)
                ngx.say(err)
            end
        }
    }
--- request
GET /t
--- response_body
Bad args option value
Bad vars option value
Bad share_all_vars option value
Bad copy_all_vars option value
Bad http request method
Bad ctx option value type number, expected a Lua table
Bad http request body
--- no_error_log
[error]



=== TEST 41: options are read once: one table for many subrequests
--- config
    location = /t {
        set $name '';
        content_by_lua_block {
            local options = { args = { n = 1 }, method = ngx.HTTP_POST, body = "x", vars = { name = "v" } }
            for i = 1, 3 do
                options.args.n = i
                ngx.say(ngx.location.capture("/sub", options).body)
            end
        }
    }
    location = /sub {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.print(ngx.var.args, " ", ngx.req.get_method(), " ", ngx.var.name, " ", ngx.req.get_body_data())
        }
    }
--- request
GET /t
--- response_body
n=1 POST v x
n=2 POST v x
n=3 POST v x
--- no_error_log
[error]



=== TEST 42: options may come from a metatable
--- config
    location = /t {
        content_by_lua_block {
            local defaults = { method = ngx.HTTP_POST, args = { a = 1 }, body = "default", ctx = { from = "default" } }
            local options = setmetatable({ body = "own" }, { __index = defaults })
            ngx.say(ngx.location.capture("/sub", options).body)
            options = setmetatable({}, { __index = function(t, name) error("asked for " .. name) end })
            local ok, err = pcall(ngx.location.capture, "/sub", options)
            ngx.say(err:match("asked for .*"))
        }
    }
    location = /sub {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.print(ngx.req.get_method(), " ", ngx.var.args, " ", ngx.req.get_body_data(), " ", ngx.ctx.from)
        }
    }
--- request
GET /t
--- response_body
POST a=1 own default
asked for args
--- no_error_log
[error]



=== TEST 43: headers: values whose text is made by code that changes the table
--- config
    location = /t {
        content_by_lua_block {
            local headers = {}
            for i = 1, 50 do
                headers["H" .. i] = setmetatable({}, { __tostring = function() return "x" end })
            end
            headers.Loop = { setmetatable({}, { __tostring = function()
                for i = 1, 50 do headers["H" .. i] = nil end
                for i = 1, 500 do headers["New" .. i] = "y" end
                return "done"
            end }) }
            ngx.say(ngx.location.capture("/sub", { headers = headers }).body)
        }
    }
    location = /sub { content_by_lua_block { ngx.print(ngx.var.http_loop) } }
--- request
GET /t
--- response_body
done
--- no_error_log
[error]
--- differs: the option came after 0.10.23



=== TEST 44: options that change while they are read
--- config
    location = /t {
        content_by_lua_block {
            local function options(name, first, later)
                local asked = 0
                return setmetatable({}, { __index = function(_, key)
                    if key ~= name then return nil end
                    asked = asked + 1
                    if asked == 1 then return first end
                    return later
                end })
            end
            for _, case in ipairs { { "headers", {}, 1 }, { "ctx", {}, "x" }, { "body", "x", nil } } do
                local ok, res = pcall(ngx.location.capture, "/sub", options(case[1], case[2], case[3]))
                ngx.say(ok and res.body or res)
            end
        }
    }
    location = /sub { return 200 "sub"; }
--- request
GET /t
--- response_body
Bad headers option value
Bad ctx option value
sub
--- no_error_log
[error]
--- differs: the C module reads each option once
