# ngx.log and print: levels, arguments, the place in the code, each phase.

use Test::Nginx::Socket::Lua 'no_plan';

repeat_each(1);
run_tests();

__DATA__

=== TEST 1: the level constants
--- config
    location = /t {
        content_by_lua_block {
            for _, name in ipairs {
                "STDERR", "EMERG", "ALERT", "CRIT", "ERR", "WARN", "NOTICE", "INFO", "DEBUG"
            } do
                ngx.print(" ", name, "=", ngx[name])
            end
        }
    }
--- request
GET /t
--- response_body chomp
 STDERR=0 EMERG=1 ALERT=2 CRIT=3 ERR=4 WARN=5 NOTICE=6 INFO=7 DEBUG=8
--- no_error_log
[error]



=== TEST 2: each level has nginx's name in the log; debug lines have no suffix
--- config
    location = /t {
        content_by_lua_block {
            for level = 0, 8 do
                ngx.log(level, "at level ", level)
            end
        }
    }
--- request
GET /t
--- response_body:
--- grep_error_log eval
qr/\[\w*\] .* at level \d/
--- grep_error_log_out eval
qr/\A\[\] .*? at level 0
\[emerg\] .*? at level 1
\[alert\] .*? at level 2
\[crit\] .*? at level 3
\[error\] .*? at level 4
\[warn\] .*? at level 5
\[notice\] .*? at level 6
\[info\] .*? at level 7
\[debug\] .*? at level 8
\z/
--- error_log
at level 1
at level 2
at level 3
--- no_error_log eval
qr/at level 8, client/



=== TEST 3: print is a notice
--- config
    location = /t {
        content_by_lua_block {
            print("one ", 2)
        }
    }
--- request
GET /t
--- response_body:
--- error_log eval
qr/\[notice\] \d+#\d+: \*1 \[lua\] content_by_lua\(nginx\.conf:\d+\):2: one 2, client: 127\.0\.0\.1, server: localhost, request: "GET \/t HTTP\/1\.1", host: "localhost"$/
--- no_error_log
[error]



=== TEST 4: arguments are written one after the other, as print writes them
--- config
    location = /t {
        content_by_lua_block {
            ngx.log(ngx.WARN, "[", "s", 1, 1.5, 2^53, 1e15, true, false, nil, ngx.null, nil, "]")
        }
    }
--- request
GET /t
--- response_body:
--- error_log
[s11.59.007199254741e+151e+15truefalsenilnullnil]
--- no_error_log
[error]



=== TEST 5: trailing nils are written
--- config
    location = /t {
        content_by_lua_block {
            ngx.log(ngx.WARN, "a", nil, nil)
            print(nil)
        }
    }
--- request
GET /t
--- response_body:
--- grep_error_log eval
qr/:\d: \K.*?(?=, client)/
--- grep_error_log_out
anilnil
nil
--- no_error_log
[error]



=== TEST 6: a table is written by its __tostring
--- config
    location = /t {
        content_by_lua_block {
            local object = setmetatable({}, { __tostring = function () return "an object" end })
            ngx.log(ngx.WARN, "<", object, ">")
            print(object)
        }
    }
--- request
GET /t
--- response_body:
--- grep_error_log eval
qr/:\d: \K.*?(?=, client)/
--- grep_error_log_out
<an object>
an object
--- no_error_log
[error]



=== TEST 7: a __tostring that answers no string
--- config
    location = /t {
        content_by_lua_block {
            for _, value in ipairs { 12, {}, true } do
                local object = setmetatable({}, { __tostring = function () return value end })
                ngx.log(ngx.WARN, "<", object, ">")
            end
        }
    }
--- request
GET /t
--- response_body:
--- grep_error_log eval
qr/<.*?>/
--- grep_error_log_out
<12>
<>
<>
--- no_error_log
[error]



=== TEST 8: an error in __tostring is an error of the call
--- config
    location = /t {
        content_by_lua_block {
            local object = setmetatable({}, { __tostring = function () error("inner", 0) end })
            ngx.say(pcall(ngx.log, ngx.WARN, object))
            ngx.say(pcall(print, object))
        }
    }
--- request
GET /t
--- response_body
falseinner
falseinner
--- no_error_log
[error]



=== TEST 9: a table without __tostring is refused
--- config
    location = /t {
        content_by_lua_block {
            local function try(f)
                local ok, err = pcall(f)
                ngx.say((err:gsub("^content_by_lua%(nginx%.conf:%d+%):", "")))
            end
            try(function () ngx.log(ngx.WARN, {}) end)
            try(function () ngx.log(ngx.WARN, "a", "b", setmetatable({}, {})) end)
            try(function () print("a", { "b" }) end)
        }
    }
--- request
GET /t
--- response_body
6: bad argument #1 to 'log' (expected table to have __tostring metamethod)
7: bad argument #3 to 'log' (expected table to have __tostring metamethod)
8: bad argument #2 to 'print' (expected table to have __tostring metamethod)
--- no_error_log
[error]



=== TEST 10: other types are refused
--- config
    location = /t {
        content_by_lua_block {
            for _, value in ipairs {
                print, coroutine.running(), newproxy(), 1LL
            } do
                local ok, err = pcall(function () ngx.log(ngx.WARN, "a", value) end)
                ngx.say((err:gsub("^content_by_lua%(nginx%.conf:%d+%):", "")))
            end
            ngx.say(select(2, pcall(print, print)))
        }
    }
--- request
GET /t
--- response_body
5: bad argument #2 to 'log' (string, number, boolean, or nil expected, got function)
5: bad argument #2 to 'log' (string, number, boolean, or nil expected, got thread)
5: bad argument #2 to 'log' (string, number, boolean, or nil expected, got userdata)
5: bad argument #2 to 'log' (string, number, boolean, or nil expected, got cdata)
bad argument #1 to '?' (string, number, boolean, or nil expected, got function)
--- no_error_log
[error]



=== TEST 11: a level that does not exist is refused
--- config
    location = /t {
        content_by_lua_block {
            local function try(...)
                local args = { n = select("#", ...), ... }
                local ok, err = pcall(function () ngx.log(unpack(args, 1, args.n)) end)
                ngx.say((err:gsub("^content_by_lua%(nginx%.conf:%d+%):", "")))
            end
            try(-1, "x")
            try(9, "x")
            try("high", "x")
            try(nil, "x")
            try({}, "x")
            try()
        }
    }
--- request
GET /t
--- response_body
4: bad argument #1 to 'log' (bad log level: -1)
4: bad argument #1 to 'log' (bad log level: 9)
4: bad argument #1 to 'log' (number expected, got string)
4: bad argument #1 to 'log' (number expected, got nil)
4: bad argument #1 to 'log' (number expected, got table)
4: bad argument #1 to 'log' (number expected, got no value)
--- no_error_log
[error]



=== TEST 12: a level may be a numeric string
--- config
    location = /t {
        content_by_lua_block {
            ngx.log("5", "a warning")
        }
    }
--- request
GET /t
--- response_body:
--- error_log eval
qr/\[warn\] .*?:2: a warning, client/
--- no_error_log
[error]



=== TEST 13: a message may be empty or missing
--- config
    location = /t {
        content_by_lua_block {
            ngx.log(ngx.WARN)
            ngx.log(ngx.WARN, "")
            print()
        }
    }
--- request
GET /t
--- response_body:
--- grep_error_log eval
qr/\[lua\] content_by_lua\(nginx\.conf:\d+\)\K:\d: , client/
--- grep_error_log_out
:2: , client
:3: , client
:4: , client
--- no_error_log
[error]



=== TEST 14: log and print return nothing
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(select("#", ngx.log(ngx.WARN, "x")), " ", select("#", print("x")),
                    " ", select("#", ngx.log(ngx.DEBUG, "x")))
        }
    }
--- request
GET /t
--- response_body
0 0 0
--- no_error_log
[error]



=== TEST 15: a level above that of error_log writes nothing and does not look at the arguments
--- config
    location = /t {
        content_by_lua_block {
            ngx.log(ngx.WARN, "this is written")
            ngx.log(ngx.NOTICE, "this is not")
            print("nor is this")
            ngx.say(pcall(ngx.log, ngx.INFO, {}, print))
            ngx.say(pcall(print, {}))
            ngx.say(pcall(ngx.log, ngx.WARN, {}))
        }
    }
--- log_level: warn
--- request
GET /t
--- response_body
true
true
falsebad argument #1 to '?' (expected table to have __tostring metamethod)
--- error_log
this is written
--- no_error_log
this is not
nor is this
[error]



=== TEST 16: the level and the file are those of the location's error_log
--- config
    error_log logs/error.log warn;
    location = /t {
        error_log logs/t.log error;
        content_by_lua_block {
            ngx.log(ngx.WARN, "below the level of /t")
            ngx.log(ngx.ERR, "in the log of /t")
        }
    }
    location = /log {
        content_by_lua_block {
            local log = io.open(ngx.config.prefix() .. "logs/t.log"):read("*a")
            ngx.say(log:find("below the level of /t", 1, true) and "below" or "not below")
            ngx.say(log:find("in the log of /t", 1, true) and "error" or "no error")
        }
    }
--- request eval
["GET /t", "GET /log"]
--- response_body eval
["", "not below\nerror\n"]
--- no_error_log
[error]
below the level of /t
in the log of /t



=== TEST 17: the caller is named by its function
--- config
    location = /t {
        content_by_lua_block {
            local function a_local() print("in a local function") end
            function a_global() print("in a global function") end
            local t = {}
            function t.a_field() print("in a field") end
            function t:a_method() print("in a method") end
            local t2 = setmetatable({}, { __index = function () print("in a metamethod") end })
            local function up() a_local() end
            a_local()
            a_global()
            t.a_field()
            t:a_method()
            for _ in function () print("in an iterator") end do end
            local x = t2.x
            up()
        }
    }
--- request
GET /t
--- response_body:
--- grep_error_log eval
qr/:\d+: \K.*?in an? .*?(?=, client)/
--- grep_error_log_out
a_local(): in a local function
a_global(): in a global function
a_field(): in a field
a_method(): in a method
(for generator)(): in an iterator
__index(): in a metamethod
a_local(): in a local function
--- no_error_log
[error]



=== TEST 18: a caller without a name has none in the log
--- config
    location = /t {
        content_by_lua_block {
            local function f() print("in a function") end
            ;(function () print("in an unnamed function") end)()
            pcall(f)
            coroutine.wrap(f)()
            string.gsub("x", "x", function () print("in a gsub callback") end)
            print("in the main chunk")
        }
    }
--- request
GET /t
--- response_body:
--- grep_error_log eval
qr/:\d: .*?in .*?(?=, client)/
--- grep_error_log_out
:3: in an unnamed function
:2: in a function
:2: in a function
:6: in a gsub callback
:7: in the main chunk
--- no_error_log
[error]



=== TEST 19: a tail call is named by what called its function
--- config
    location = /t {
        content_by_lua_block {
            local function f()
                return print("in a tail call")
            end
            f()
        }
    }
--- request
GET /t
--- response_body:
--- error_log eval
qr/content_by_lua\(nginx\.conf:\d+\):5: in a tail call, client/
--- no_error_log
[error]



=== TEST 20: called by pcall itself, there is no Lua caller to name
--- config
    location = /t {
        content_by_lua_block {
            pcall(ngx.log, ngx.WARN, "from C")
        }
    }
--- request
GET /t
--- response_body:
--- error_log
[lua] [C]:-1: from C, client
--- no_error_log
[error]



=== TEST 21: the source is named by what follows its last slash
--- http_config
    lua_package_path "$prefix/html/?.lua;;";
--- config
    location = /t {
        content_by_lua_block {
            require("lib.mod").f()
            loadstring("\nprint('in a string')", "=/srv/a/b.lua")()
            loadstring("print('in a nameless string')")()
        }
    }
    location = /file {
        content_by_lua_file html/lib/file.lua;
    }
--- user_files
>>> lib/mod.lua
return { f = function ()
    print("in a module")
end }
>>> lib/file.lua
#!/usr/bin/env lua
print("in a file")
ngx.print("x")
--- request eval
["GET /t", "GET /file"]
--- response_body eval
["", "x"]
--- grep_error_log eval
qr/\[lua\] \K.*?in a [a-z ]+(?=, client)/
--- grep_error_log_out eval
qr/\A(?:mod\.lua:2: f\(\): in a module
b\.lua:2: in a string
\[string "print\('in a nameless string'\)"\]:1: in a nameless string
|file\.lua:2: in a file
)\z/
--- no_error_log
[error]



=== TEST 22: a line is cut at 2048 bytes
--- config
    location = /t {
        content_by_lua_block {
            ngx.log(ngx.WARN, "<", string.rep("x", 3000), ">")
            ngx.log(ngx.WARN, "the next line is whole")
        }
    }
--- request
GET /t
--- response_body:
--- error_log eval
[qr/^(?=.{2047}$)\d.* \[warn\] .* \[lua\] content_by_lua\(nginx\.conf:\d+\):2: <x+$/, qr/the next line is whole, client: 127/]
--- no_error_log
[error]



=== TEST 23: a message goes to the log as it is, bytes and newlines
--- config
    location = /t {
        content_by_lua_block {
            ngx.log(ngx.WARN, "first line\nsecond\tline\r, NUL \0, \200 end")
        }
    }
--- request
GET /t
--- response_body:
--- error_log eval
["first line\n", "second\tline\r, NUL \0, \310 end, client: 127.0.0.1"]
--- no_error_log
[error]



=== TEST 24: the request phases
--- config
    location = /t {
        set_by_lua_block $unused {
            print("in set")
        }
        rewrite_by_lua_block {
            print("in rewrite")
        }
        access_by_lua_block {
            print("in access")
        }
        content_by_lua_block {
            print("in content")
            ngx.print("x")
        }
        header_filter_by_lua_block {
            print("in header_filter")
        }
        body_filter_by_lua_block {
            if not ngx.arg[2] then
                print("in body_filter")
            end
        }
        log_by_lua_block {
            print("in log")
        }
    }
--- request
GET /t
--- response_body: x
--- grep_error_log eval
qr/\[lua\] \w+\(nginx\.conf:\K\d+\)?:\d: in .*?, client: 127\.0\.0\.1, server: localhost, request: "GET \/t HTTP\/1\.1", host: "localhost"$/
--- grep_error_log_out eval
qr{\A\d+\):2: in set, client.*
\d+\):2: in rewrite, client.*
\d+\):2: in access, client.*
\d+\):2: in content, client.*
\d+\):2: in header_filter, client.*
\d+\):3: in body_filter, client.*
\d+\):2: in log while logging request, client.*
\z}
--- no_error_log
[error]



=== TEST 25: a subrequest is named in the line
--- config
    location = /t {
        auth_request /auth;
        content_by_lua_block {
            ngx.log(ngx.WARN, "in the main request")
        }
    }
    location = /auth {
        internal;
        content_by_lua_block {
            ngx.log(ngx.WARN, "in the subrequest")
        }
    }
--- request
GET /t
--- response_body:
--- error_log
in the subrequest, client: 127.0.0.1, server: localhost, request: "GET /t HTTP/1.1", subrequest: "/auth", host: "localhost"
in the main request, client: 127.0.0.1, server: localhost, request: "GET /t HTTP/1.1", host: "localhost"
--- no_error_log
[error]



=== TEST 26: init: no connection number and no suffix
--- http_config
    init_by_lua_block {
        local function setup()
            print("a notice")
        end
        setup()
        ngx.log(ngx.WARN, "a warning")
        init_error = select(2, pcall(ngx.log, ngx.ERR, print))
    }
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(init_error)
        }
    }
--- request
GET /t
--- response_body
bad argument #1 to '?' (string, number, boolean, or nil expected, got function)
--- error_log eval
[qr/\[notice\] \d+#\d+: \[lua\] init_by_lua\(nginx\.conf:\d+\):3: setup\(\): a notice$/,
 qr/\[warn\] \d+#\d+: \[lua\] init_by_lua\(nginx\.conf:\d+\):6: a warning$/]
--- no_error_log
[error]



=== TEST 27: init_worker: its own suffix
--- http_config
    init_worker_by_lua_block {
        print("starting ", ngx.worker.id())
    }
--- config
    location = /t {
        return 200;
    }
--- request
GET /t
--- response_body:
--- error_log eval
qr/\[notice\] \d+#\d+: \*\d+ \[lua\] init_worker_by_lua\(nginx\.conf:\d+\):2: starting 0, context: init_worker_by_lua\*$/
--- no_error_log
[error]



=== TEST 28: print of init_worker respects the level of error_log
--- http_config
    init_worker_by_lua_block {
        print("not written")
        ngx.log(ngx.WARN, "written")
    }
--- config
    location = /t {
        return 200;
    }
--- log_level: warn
--- request
GET /t
--- response_body:
--- error_log
written, context
--- no_error_log
not written
[error]



=== TEST 29: lines keep their order
--- config
    location = /t {
        content_by_lua_block {
            for i = 1, 200 do
                ngx.log(ngx.WARN, "line ", i)
            end
        }
    }
--- request
GET /t
--- response_body:
--- grep_error_log eval
qr/line \d+(?=, client)/
--- grep_error_log_out eval
join "", map { "line $_\n" } 1 .. 200
--- no_error_log
[error]
