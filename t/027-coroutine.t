# The coroutine library in a request. Sleeping coroutines are in 024-sleep.t.

use Test::Nginx::Socket::Lua 'no_plan';

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: arguments and results go through resume and yield
--- config
    location = /t {
        content_by_lua_block {
            local function list(...)
                local t = { n = select("#", ...), ... }
                for i = 1, t.n do
                    t[i] = tostring(t[i])
                end
                return table.concat(t, ",", 1, t.n)
            end
            local co = coroutine.create(function (...)
                ngx.say("started with ", list(...))
                ngx.say("yield gave ", list(coroutine.yield(1, nil, 3)))
                ngx.say("yield gave ", list(coroutine.yield()))
                return "a", nil, "c", nil
            end)
            ngx.say("resume gave ", list(coroutine.resume(co, "x", nil, "z", nil)))
            ngx.say("resume gave ", list(coroutine.resume(co, nil, "y")))
            ngx.say("resume gave ", list(coroutine.resume(co)))
        }
    }
--- request
GET /t
--- response_body
started with x,nil,z,nil
resume gave true,1,nil,3
yield gave nil,y
resume gave true
yield gave 
resume gave true,a,nil,c,nil
--- no_error_log
[error]



=== TEST 2: many values
--- config
    location = /t {
        content_by_lua_block {
            local values = {}
            for i = 1, 200 do
                values[i] = i
            end
            local co = coroutine.wrap(function (...)
                while true do
                    coroutine.yield(select("#", ...), ...)
                end
            end)
            ngx.say(select("#", co(unpack(values))), " ", (co()))
        }
    }
--- request
GET /t
--- response_body
201 200
--- no_error_log
[error]



=== TEST 3: status is suspended, running, normal or dead
--- config
    location = /t {
        content_by_lua_block {
            local entry = coroutine.running()
            local outer
            outer = coroutine.create(function ()
                ngx.say("outer in itself: ", coroutine.status(outer))
                local inner = coroutine.create(function ()
                    ngx.say("outer in inner: ", coroutine.status(outer))
                    ngx.say("entry in inner: ", coroutine.status(entry))
                end)
                coroutine.resume(inner)
                coroutine.yield()
            end)
            ngx.say("entry in itself: ", coroutine.status(entry))
            ngx.say("outer when new: ", coroutine.status(outer))
            coroutine.resume(outer)
            ngx.say("outer after yield: ", coroutine.status(outer))
            coroutine.resume(outer)
            ngx.say("outer after its end: ", coroutine.status(outer))
        }
    }
--- request
GET /t
--- response_body
entry in itself: running
outer when new: suspended
outer in itself: running
outer in inner: normal
entry in inner: normal
outer after yield: suspended
outer after its end: dead
--- no_error_log
[error]



=== TEST 4: running is the coroutine that runs
--- config
    location = /t {
        content_by_lua_block {
            local entry = coroutine.running()
            ngx.say(type(entry), " ", select("#", coroutine.running()))
            local co
            co = coroutine.create(function ()
                return coroutine.running() == co, coroutine.running() == entry
            end)
            ngx.say(coroutine.resume(co))
        }
    }
--- request
GET /t
--- response_body
thread 1
truetruefalse
--- no_error_log
[error]



=== TEST 5: only a suspended coroutine can be resumed
--- config
    location = /t {
        content_by_lua_block {
            local entry = coroutine.running()
            local function try(co)
                ngx.say({ coroutine.resume(co) })
            end
            try(entry)
            local outer
            outer = coroutine.create(function ()
                try(outer)
                coroutine.wrap(function ()
                    try(outer)
                    try(entry)
                end)()
            end)
            coroutine.resume(outer)
            try(outer)
        }
    }
--- request
GET /t
--- response_body
falsecannot resume running coroutine
falsecannot resume running coroutine
falsecannot resume normal coroutine
falsecannot resume normal coroutine
falsecannot resume dead coroutine
--- no_error_log
[error]



=== TEST 6: create and wrap take a Lua function, resume and status a coroutine
--- config
    location = /t {
        content_by_lua_block {
            local function try(name, ...)
                local args = { ... }
                local ok, err = pcall(function ()
                    coroutine[name](unpack(args))
                end)
                ngx.say(name, ": ", (err:match("%([^()]*%)$")))
            end
            for _, name in ipairs { "create", "wrap", "resume", "status" } do
                try(name)
                try(name, {})
                try(name, print)
                try(name, "f")
            end
        }
    }
--- request
GET /t
--- response_body
create: (Lua function expected)
create: (Lua function expected)
create: (Lua function expected)
create: (Lua function expected)
wrap: (Lua function expected)
wrap: (Lua function expected)
wrap: (Lua function expected)
wrap: (Lua function expected)
resume: (coroutine expected)
resume: (coroutine expected)
resume: (coroutine expected)
resume: (coroutine expected)
status: (coroutine expected)
status: (coroutine expected)
status: (coroutine expected)
status: (coroutine expected)
--- no_error_log
[error]



=== TEST 7: an error value of any type reaches the resumer, and the coroutine is dead
--- config
    location = /t {
        content_by_lua_block {
            local object = {}
            local cases = { "text", 42, true, object }
            cases[6] = print
            for i = 1, 6 do
                local co = coroutine.create(function () error(cases[i], 0) end)
                local ok, err = coroutine.resume(co)
                ngx.say(ok, " ", err == cases[i], " ", coroutine.status(co))
            end
        }
    }
--- request
GET /t
--- response_body
false true dead
false true dead
false true dead
false true dead
false true dead
false true dead
--- no_error_log
[error]



=== TEST 8: a runtime error in a coroutine says where
--- config
    location = /t {
        content_by_lua_block {
            local co = coroutine.create(function ()
                local t
                return t.x
            end)
            local ok, err = coroutine.resume(co)
            ngx.say(ok, (err:gsub("^content_by_lua%(nginx%.conf:%d+%)", "")))
        }
    }
--- request
GET /t
--- response_body
false:4: attempt to index local 't' (a nil value)
--- no_error_log
[error]



=== TEST 9: a stack overflow in a coroutine is an error like others
--- config
    location = /t {
        content_by_lua_block {
            local function deep()
                return 1 + deep()
            end
            local ok, err = coroutine.resume(coroutine.create(deep))
            ngx.say(ok, " ", (err:match("stack overflow")))
        }
    }
--- request
GET /t
--- response_body
false stack overflow
--- no_error_log
[error]



=== TEST 10: wrap gives values without the leading true
--- config
    location = /t {
        content_by_lua_block {
            local next_pair = coroutine.wrap(function (a, b)
                while true do
                    a, b = coroutine.yield(b, a)
                end
            end)
            ngx.say({ next_pair(1, 2) }, " ", { next_pair("x", "y") })
        }
    }
--- request
GET /t
--- response_body
21 yx
--- no_error_log
[error]



=== TEST 11: an error in a wrapped coroutine fails the request
--- config
    location = /t {
        content_by_lua_block {
            coroutine.wrap(function ()
                error("inside")
            end)()
            ngx.say("not reached")
        }
    }
--- request
GET /t
--- error_code: 500
--- error_log eval
qr/lua entry thread aborted: runtime error: content_by_lua\(nginx\.conf:\d+\):3: inside$/



=== TEST 12: an error in a wrapped coroutine is an error of its call
--- config
    location = /t {
        content_by_lua_block {
            local ok, err = pcall(coroutine.wrap(function () error("inside") end))
            ngx.say(ok, " ", (err:match("inside$")))
            local object = {}
            local ok, err = pcall(coroutine.wrap(function () error(object) end))
            ngx.say(ok, " ", err == object)
            local co = coroutine.create(function ()
                coroutine.wrap(function () error("deeper", 0) end)()
            end)
            local ok, err = coroutine.resume(co)
            ngx.say(ok, " ", (err:match("deeper$")), " ", coroutine.status(co))
        }
    }
--- request
GET /t
--- response_body
false inside
false true
false deeper dead
--- no_error_log
[error]
--- differs: the C module ends the request, pcall or not



=== TEST 13: an error in a wrapped coroutine after a sleep is an error of its call
--- config
    location = /t {
        content_by_lua_block {
            local ok, err = pcall(coroutine.wrap(function ()
                ngx.sleep(0.001)
                error("inside", 0)
            end))
            ngx.say(ok, " ", (err:match("inside$")))
            ngx.sleep(0.001)
            ngx.say("goes on")
        }
    }
--- request
GET /t
--- response_body
false inside
goes on
--- no_error_log
[error]
--- differs: the C module ends the request, pcall or not



=== TEST 14: calling a wrapped coroutine that has ended
--- config
    location = /t {
        content_by_lua_block {
            local f = coroutine.wrap(function () return "value" end)
            ngx.say(f())
            ngx.say(f())
        }
    }
--- request
GET /t
--- response_body
value
falsecannot resume dead coroutine
--- no_error_log
[error]



=== TEST 15: a yield of the entry thread comes back with nothing
--- config
    location = /t {
        rewrite_by_lua_block {
            ngx.ctx.rewrite = select("#", coroutine.yield())
        }
        access_by_lua_block {
            ngx.ctx.access = select("#", coroutine.yield("x"))
        }
        content_by_lua_block {
            ngx.say(ngx.ctx.rewrite, " ", ngx.ctx.access, " ", select("#", coroutine.yield(1, 2, 3)))
            ngx.say(pcall(coroutine.yield))
            for i = 1, 100 do
                coroutine.yield(i)
            end
            ngx.say("done")
        }
    }
--- request
GET /t
--- response_body
0 0 0
true
done
--- no_error_log
[error]



=== TEST 16: yield through pcall, a metamethod and an iterator
--- config
    location = /t {
        content_by_lua_block {
            local co = coroutine.wrap(function ()
                pcall(coroutine.yield, "in pcall")
                local t = setmetatable({}, { __index = function (_, key)
                    return coroutine.yield("in __index " .. key)
                end })
                ngx.say("index gave ", t.x)
                for value in coroutine.yield, "in a for loop" do
                    ngx.say("loop got ", value)
                    break
                end
                local ok, err = pcall(function ()
                    coroutine.yield("before an error")
                    error("caught", 0)
                end)
                return err
            end)
            for i = 1, 5 do
                ngx.say((co(i)))
            end
        }
    }
--- request
GET /t
--- response_body
in pcall
in __index x
index gave 3
in a for loop
loop got 4
before an error
caught
--- no_error_log
[error]



=== TEST 17: yield in a function called by a C function is an error
--- config
    location = /t {
        content_by_lua_block {
            string.gsub("x", "x", function () coroutine.yield() end)
        }
    }
--- request
GET /t
--- error_code: 500
--- error_log eval
qr/lua entry thread aborted: runtime error: (?:.*: )?attempt to yield across C-call boundary$/



=== TEST 18: such a yield in a coroutine can be caught there
--- config
    location = /t {
        content_by_lua_block {
            local co = coroutine.create(function ()
                local ok, err = pcall(string.gsub, "x", "x", function () coroutine.yield("lost") end)
                ngx.say(ok, " ", (err:match("attempt to yield.*")))
                coroutine.yield("kept")
            end)
            ngx.say({ coroutine.resume(co) }, " ", coroutine.status(co))
        }
    }
--- request
GET /t
--- response_body
false attempt to yield across C-call boundary
truekept suspended
--- no_error_log
[error]



=== TEST 19: a function called by a C function may resume a coroutine
--- config
    location = /t {
        content_by_lua_block {
            local number = coroutine.wrap(function ()
                for i = 1, 3 do
                    coroutine.yield(i)
                end
            end)
            ngx.say((string.gsub("abc", ".", function () return number() end)))
        }
    }
--- request
GET /t
--- response_body
123
--- no_error_log
[error]
--- differs: the C module resumes by a yield, which is not possible there



=== TEST 20: a coroutine resumed by such a function may not sleep
--- config
    location = /t {
        content_by_lua_block {
            local co = coroutine.create(function () ngx.sleep(0.01) end)
            local ok, err = pcall(string.gsub, "x", "x", function ()
                assert(coroutine.resume(co))
            end)
            ngx.say(ok, " ", (err:match("attempt to yield.*")))
            ngx.sleep(0.02)
            ngx.say("goes on")
        }
    }
--- request
GET /t
--- response_body
false attempt to yield across C-call boundary
goes on
--- no_error_log
[error]



=== TEST 21: a pipeline of producer, filter and consumer
--- config
    location = /t {
        content_by_lua_block {
            local function produce()
                return coroutine.create(function ()
                    for _, line in ipairs { "one", "two", "three" } do
                        coroutine.yield(line)
                    end
                end)
            end
            local function number(source)
                return coroutine.create(function ()
                    local n = 0
                    while true do
                        local _, line = coroutine.resume(source)
                        if not line then
                            return nil
                        end
                        n = n + 1
                        coroutine.yield(n .. ": " .. line)
                    end
                end)
            end
            local source = number(number(produce()))
            while true do
                local _, line = coroutine.resume(source)
                if not line then
                    break
                end
                ngx.say(line)
            end
        }
    }
--- request
GET /t
--- response_body
1: 1: one
2: 2: two
3: 3: three
--- no_error_log
[error]



=== TEST 22: a recursive generator
--- config
    location = /t {
        content_by_lua_block {
            local function walk(tree)
                if type(tree) ~= "table" then
                    coroutine.yield(tree)
                    return
                end
                for _, branch in ipairs(tree) do
                    for leaf in coroutine.wrap(function () walk(branch) end) do
                        coroutine.yield(leaf)
                    end
                end
            end
            for leaf in coroutine.wrap(function () walk { 1, { 2, { 3, { 4 } }, 5 }, 6 } end) do
                ngx.print(leaf, " ")
            end
        }
    }
--- request
GET /t
--- response_body chop
1 2 3 4 5 6 
--- no_error_log
[error]



=== TEST 23: a thousand coroutines at a time
--- config
    location = /t {
        content_by_lua_block {
            local list = {}
            for i = 1, 1000 do
                list[i] = coroutine.wrap(function ()
                    coroutine.yield(i)
                    return 2 * i
                end)
            end
            local sum = 0
            for round = 1, 2 do
                for i = 1, 1000 do
                    sum = sum + list[i]()
                end
            end
            ngx.say(sum)
        }
    }
--- request
GET /t
--- response_body
1501500
--- no_error_log
[error]



=== TEST 24: coroutines that nobody holds are collected
--- config
    location = /t {
        content_by_lua_block {
            collectgarbage()
            local before = collectgarbage("count")
            for i = 1, 5000 do
                local co = coroutine.create(function () coroutine.yield() end)
                coroutine.resume(co)
            end
            collectgarbage()
            collectgarbage()
            ngx.say(collectgarbage("count") - before < 500 and "collected" or "kept")
        }
    }
--- request
GET /t
--- response_body
collected
--- no_error_log
[error]



=== TEST 25: a coroutine that nobody else holds is not collected while it runs
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(coroutine.resume(coroutine.create(function ()
                collectgarbage()
                collectgarbage()
                return coroutine.resume(coroutine.create(function ()
                    collectgarbage()
                    ngx.sleep(0.001)
                    collectgarbage()
                    coroutine.yield("alive")
                end))
            end)))
        }
    }
--- request
GET /t
--- response_body
truetruealive
--- no_error_log
[error]
--- differs: the C module collects it, and its worker dies



=== TEST 26: a hundred coroutines inside each other
--- config
    location = /t {
        content_by_lua_block {
            local function nest(depth)
                if depth == 0 then
                    ngx.sleep(0.001)
                    return 0
                end
                return 1 + coroutine.wrap(nest)(depth - 1)
            end
            ngx.say(nest(100))
        }
    }
--- request
GET /t
--- response_body
100
--- no_error_log
[error]



=== TEST 27: too many coroutines inside each other are an error, not the end of the worker
--- config
    location = /t {
        content_by_lua_block {
            local function nest(depth)
                if depth > 0 then
                    return 1 + coroutine.wrap(nest)(depth - 1)
                end
                return 0
            end
            ngx.say(nest(10000))
        }
    }
    location = /alive {
        content_by_lua_block {
            ngx.say(coroutine.wrap(function () return "alive" end)())
        }
    }
--- log_level: info
--- request eval
["GET /t", "GET /alive"]
--- error_code eval
[500, 200]
--- response_body_like eval
["500 Internal Server Error", '\Aalive\n\z']
--- grep_error_log eval
qr/lua entry thread aborted: runtime error: .*overflow/
--- grep_error_log_out eval
qr/\A(?:.*overflow\n)?\z/
--- differs: only memory limits the C module



=== TEST 28: a coroutine made in the rewrite phase goes on in the content phase
--- config
    location = /t {
        rewrite_by_lua_block {
            ngx.ctx.co = coroutine.create(function ()
                coroutine.yield("first")
                ngx.sleep(0.001)
                return "second"
            end)
            ngx.ctx.first = select(2, coroutine.resume(ngx.ctx.co))
        }
        content_by_lua_block {
            ngx.say(ngx.ctx.first, " ", coroutine.status(ngx.ctx.co))
            ngx.say(coroutine.resume(ngx.ctx.co))
            ngx.say(coroutine.status(ngx.ctx.co))
        }
    }
--- request
GET /t
--- response_body
first suspended
truesecond
dead
--- no_error_log
[error]



=== TEST 29: a coroutine may serve several requests
--- http_config
    lua_package_path "$prefix/html/?.lua;;";
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.var.arg_n, " ", require("serial").next(ngx.var.arg_n))
        }
    }
--- user_files
>>> serial.lua
return { next = coroutine.wrap(function (who)
    while true do
        ngx.sleep(0.001)
        who = coroutine.yield(who .. ngx.var.arg_n)
    end
end) }
--- request eval
["GET /t?n=a", "GET /t?n=b", "GET /t?n=c"]
--- response_body eval
["a aa\n", "b bb\n", "c cc\n"]
--- no_error_log
[error]
--- differs: in the C module a coroutine belongs to its first request



=== TEST 30: init: coroutines work, without waiting
--- http_config
    init_by_lua_block {
        local co = coroutine.create(function (a)
            local b = coroutine.yield(a + 1)
            return 2 * b
        end)
        local _, first = coroutine.resume(co, 1)
        local _, second = coroutine.resume(co, 21)
        local ok, err = pcall(coroutine.wrap(function () error("inside", 0) end))
        from_init = { first, " ", second, " ", coroutine.status(co), " ",
                      tostring(coroutine.running()), " ", err }
    }
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(from_init)
        }
    }
--- request
GET /t
--- response_body
2 42 dead nil inside
--- no_error_log
[error]



=== TEST 31: header and body filters: coroutines work, without waiting
--- config
    location = /t {
        content_by_lua_block {
            ngx.print("a,b,c")
        }
        header_filter_by_lua_block {
            local co = coroutine.wrap(function () coroutine.yield("from a coroutine") end)
            ngx.header["X-Filter"] = co()
            local ok, err = pcall(coroutine.wrap(function () error("caught", 0) end))
            ngx.header["X-Error"] = err
            ngx.header["X-Yield"] = select(2, pcall(coroutine.yield))
            ngx.header["X-Running"] = tostring(coroutine.running())
        }
        body_filter_by_lua_block {
            local chunk, parts = ngx.arg[1], {}
            for part in coroutine.wrap(function ()
                for letter in chunk:gmatch("%a") do
                    coroutine.yield(letter)
                end
            end) do
                table.insert(parts, part)
            end
            ngx.arg[1] = table.concat(parts, "-")
        }
    }
--- request
GET /t
--- response_headers
X-Filter: from a coroutine
X-Error: caught
X-Yield: attempt to yield across C-call boundary
X-Running: nil
--- response_body: a-b-c
--- no_error_log
[error]



=== TEST 32: set, log and init_worker: create, wrap and yield are refused
--- http_config
    init_by_lua_block {
        function try_coroutines()
            local result = {}
            for _, name in ipairs { "create", "wrap", "yield", "running" } do
                table.insert(result, name .. ": " .. tostring(select(2, pcall(coroutine[name], function () end))))
            end
            return table.concat(result, "; ")
        end
    }
    init_worker_by_lua_block {
        from_init_worker = try_coroutines()
    }
--- config
    location = /t {
        set_by_lua_block $from_set {
            return try_coroutines()
        }
        content_by_lua_block {
            ngx.say(from_init_worker)
            ngx.say(ngx.var.from_set)
        }
        log_by_lua_block {
            ngx.log(ngx.WARN, try_coroutines())
        }
    }
--- request
GET /t
--- response_body
create: API disabled in the context of init_worker_by_lua*; wrap: API disabled in the context of init_worker_by_lua*; yield: API disabled in the context of init_worker_by_lua*; running: nil
create: API disabled in the context of set_by_lua*; wrap: API disabled in the context of set_by_lua*; yield: API disabled in the context of set_by_lua*; running: nil
--- error_log
create: API disabled in the context of log_by_lua*; wrap: API disabled in the context of log_by_lua*; yield: API disabled in the context of log_by_lua*; running: nil
--- no_error_log
[error]



=== TEST 33: functions of the library taken in init work in requests
--- http_config
    init_by_lua_block {
        local create, resume, yield, wrap, running =
            coroutine.create, coroutine.resume, coroutine.yield, coroutine.wrap, coroutine.running
        function use_them()
            local co = create(function () ngx.sleep(0.001) yield(type(running())) end)
            local ok, value = resume(co)
            return value, wrap(function () ngx.sleep(0.001) return "wrap" end)()
        end
    }
--- config
    location = /t {
        content_by_lua_block {
            ngx.say({ use_them() })
        }
    }
--- request
GET /t
--- response_body
threadwrap
--- no_error_log
[error]



=== TEST 34: a coroutine has the globals and the context of its request
--- config
    location = /t {
        content_by_lua_block {
            ngx.ctx.word = "context"
            coroutine.wrap(function ()
                set_in_coroutine = "global"
                ngx.say(ngx.ctx.word, " ", ngx.var.arg_n, " ", ngx.get_phase())
            end)()
            ngx.say(set_in_coroutine)
        }
    }
--- request
GET /t?n=5
--- response_body
context 5 content
global
--- no_error_log
[error]
