# ngx.semaphore: new, post, count, and wait where it does not wait.

use Test::Nginx::Socket::Lua 'no_plan';

our $HttpConfig = <<'_EOC_';
    init_by_lua_block {
        semaphore = require "ngx.semaphore"
        shared = semaphore.new()

        -- Says what a function returns, or its error without the position.
        function try(f, ...)
            local results = { pcall(f, ...) }
            local n = 1
            for i, value in pairs(results) do
                n = math.max(n, i)
            end
            if not results[1] then
                return ngx.say("error: ", (results[2]:gsub("^[^ ]+:%d+: ", "")))
            end
            for i = 1, n do
                results[i] = tostring(results[i])
            end
            ngx.say(table.concat(results, " ", 2, n))
        end
    }
_EOC_

add_block_preprocessor(sub {
    my $block = shift;
    $block->set_value(http_config => $::HttpConfig) unless defined $block->http_config;
    $block->set_value(request => "GET /t") unless defined $block->request
        || defined $block->raw_request || defined $block->pipelined_requests;
    $block->set_value(no_error_log => "[error]") unless defined $block->no_error_log
        || defined $block->error_log;
});

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: a new semaphore has no resources, or as many as it is given
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(semaphore.new():count())
            ngx.say(semaphore.new(nil):count())
            ngx.say(semaphore.new(3):count())
        }
    }
--- response_body
0
0
3



=== TEST 2: the number of resources: strings are read, fractions cut off, all else is 0
--- config
    location = /t {
        content_by_lua_block {
            for _, n in ipairs { "3", " 0x10 ", 2.7, 0.9, 5LL, "x", "", true, {}, print } do
                ngx.print(semaphore.new(n):count(), " ")
            end
            ngx.say(semaphore.new(false):count())
        }
    }
--- response_body
3 16 2 0 5 0 0 0 0 0 0



=== TEST 3: a negative number of resources is refused
--- config
    location = /t {
        content_by_lua_block {
            for _, n in ipairs { -1, -0.5, "-3", -5LL, -1/0 } do
                try(semaphore.new, n)
            end
        }
    }
--- response_body
error: no negative number
error: no negative number
error: no negative number
error: no negative number
error: no negative number



=== TEST 4: more resources than an integer holds are as many as it holds
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(semaphore.new(2^31 - 1):count())
            for _, n in ipairs { 2^31, 2^32 + 5, 2^53, 1e300, 1/0 } do
                ngx.say(semaphore.new(n):count())
            end
        }
    }
--- response_body
2147483647
2147483647
2147483647
2147483647
2147483647
2147483647
--- differs: the C module then has a negative number of resources



=== TEST 5: the module has four functions and a version
--- config
    location = /t {
        content_by_lua_block {
            local names = {}
            for name, value in pairs(semaphore) do
                names[#names + 1] = name .. " " .. type(value)
            end
            table.sort(names)
            ngx.say(table.concat(names, ", "))
            ngx.say(semaphore.version == require("resty.core.base").version)
        }
    }
--- response_body
count function, new function, post function, version string, wait function
true



=== TEST 6: a semaphore is a table, and the module has its methods
--- config
    location = /t {
        content_by_lua_block {
            local sem = semaphore.new(1)
            ngx.say(type(sem), " ", type(sem.sem), " ", sem.post == semaphore.post, " ", sem.version == semaphore.version)
            sem.name = "mine"
            ngx.say(sem.name, " ", sem:count(), " ", semaphore.count(sem))
        }
    }
--- response_body
table cdata true true
mine 1 1



=== TEST 7: an object that inherits from a semaphore is one
--- config
    location = /t {
        content_by_lua_block {
            local sem = semaphore.new(1)
            local heir = setmetatable({}, { __index = sem })
            heir:post()
            ngx.say(sem:count(), " ", heir:count(), " ", heir:wait(0), " ", sem:count())
        }
    }
--- response_body
2 2 true 1



=== TEST 8: semaphores know nothing of each other
--- config
    location = /t {
        content_by_lua_block {
            local a, b = semaphore.new(1), semaphore.new(5)
            a:post(2)
            b:wait(0)
            ngx.say(a:count(), " ", b:count())
        }
    }
--- response_body
3 4



=== TEST 9: post adds one resource, or as many as it is told, and returns true
--- config
    location = /t {
        content_by_lua_block {
            local sem = semaphore.new()
            ngx.say(sem:post(), " ", sem:count())
            ngx.say(sem:post(5), " ", sem:count())
            ngx.say(select("#", sem:post(nil)), " ", sem:count())
        }
    }
--- response_body
true 1
true 6
1 7



=== TEST 10: the number posted: strings are read, fractions cut off, all else is 1
--- config
    location = /t {
        content_by_lua_block {
            for _, n in ipairs { "3", " 0x10 ", 2.7, 5LL, "x", "", true, {}, print } do
                local sem = semaphore.new()
                sem:post(n)
                ngx.print(sem:count(), " ")
            end
            local sem = semaphore.new()
            sem:post(false)
            ngx.say(sem:count())
        }
    }
--- response_body
3 16 2 5 1 1 1 1 1 1



=== TEST 11: less than one resource cannot be posted
--- config
    location = /t {
        content_by_lua_block {
            local sem = semaphore.new()
            for _, n in ipairs { 0, 0.99, -1, "0", -2LL, -1/0 } do
                try(sem.post, sem, n)
            end
            ngx.say(sem:count())
        }
    }
--- response_body
error: positive number required
error: positive number required
error: positive number required
error: positive number required
error: positive number required
error: positive number required
0



=== TEST 12: what is posted beyond the largest integer is lost
--- config
    location = /t {
        content_by_lua_block {
            local sem = semaphore.new(2^31 - 2)
            sem:post()
            ngx.say(sem:count())
            sem:post(7)
            ngx.say(sem:count())
            sem = semaphore.new(1)
            sem:post(1e300)
            ngx.say(sem:count(), " ", sem:wait(0), " ", sem:count())
        }
    }
--- response_body
2147483647
2147483647
2147483647 true 2147483646
--- differs: in the C module the number of resources becomes negative



=== TEST 13: a post of what is no number at all, not even in arithmetic
--- config
    location = /t {
        content_by_lua_block {
            local sem = semaphore.new()
            try(sem.post, sem, 0/0)
            ngx.say(sem:count())
        }
    }
--- response_body
error: positive number required
0
--- differs: the C module makes the number of resources negative



=== TEST 14: count takes no heed of arguments
--- config
    location = /t {
        content_by_lua_block {
            local sem = semaphore.new(2)
            ngx.say(sem:count("x", {}), " ", select("#", sem:count()))
        }
    }
--- response_body
2 1



=== TEST 15: methods of something that is no semaphore
--- config
    location = /t {
        content_by_lua_block {
            for _, name in ipairs { "post", "wait", "count" } do
                for _, object in ipairs { 1, "sem", {}, true, { sem = 1 }, { sem = {} }, semaphore, print } do
                    local ok, err = pcall(semaphore[name], object, 1)
                    if ok or err ~= "not a semaphore instance" then
                        ngx.say(name, " ", tostring(object), " ", err)
                    end
                end
                try(semaphore[name])
                try(semaphore[name], { sem = newproxy() })
            end
        }
    }
--- response_body
error: not a semaphore instance
error: not a semaphore instance
error: not a semaphore instance
error: not a semaphore instance
error: not a semaphore instance
error: not a semaphore instance



=== TEST 16: a foreign cdata is refused
--- config
    location = /t {
        content_by_lua_block {
            local ffi = require "ffi"
            for _, name in ipairs { "post", "wait" } do
                for _, type in ipairs { "int[4]", "struct { int x; }", "int64_t" } do
                    local ok, err = pcall(semaphore[name], { sem = ffi.new(type) }, 1)
                    ngx.say(ok, " ", err:match "cannot convert")
                end
            end
        }
    }
--- response_body
false cannot convert
false cannot convert
false cannot convert
false cannot convert
false cannot convert
false cannot convert



=== TEST 17: errors have the caller's position
--- config
    location = /t {
        content_by_lua_block {
            local sem = semaphore.new()
            local function position(f)
                local ok, err = pcall(f)
                ngx.say((err:gsub("^content_by_lua%(nginx%.conf:%d+%):", "")))
            end

            position(function() local sem = semaphore.new(-1) end)
            position(function() local ok = sem:post(0) end)
            position(function() local ok = sem:wait(-1) end)
            position(function() local ok = semaphore.post({}) end)
            position(function() local ok = semaphore.wait({}) end)
            position(function() local ok = semaphore.count({}) end)
        }
    }
--- response_body
8: no negative number
9: positive number required
10: no negative number
11: not a semaphore instance
12: not a semaphore instance
13: not a semaphore instance



=== TEST 18: wait takes a resource that is there
--- config
    location = /t {
        content_by_lua_block {
            local sem = semaphore.new(2)
            ngx.say(sem:wait(1), " ", sem:count())
            ngx.say(sem:wait(0), " ", sem:count())
            ngx.say(select("#", semaphore.new(1):wait(1)))
        }
    }
--- response_body
true 1
true 0
1



=== TEST 19: wait without a resource and without time
--- config
    location = /t {
        content_by_lua_block {
            local sem = semaphore.new()
            try(sem.wait, sem, 0)
            try(sem.wait, sem, "0")
            try(sem.wait, sem, -0)
            try(sem.wait, sem, 0.0009)
            try(sem.wait, sem, 0LL)
            ngx.say(select("#", sem:wait(0)), " ", sem:count())
        }
    }
--- response_body
nil timeout
nil timeout
nil timeout
nil timeout
nil timeout
2 0



=== TEST 20: the time of wait can be a string or an integer of the FFI
--- config
    location = /t {
        content_by_lua_block {
            local sem = semaphore.new(3)
            try(sem.wait, sem, "1.5")
            try(sem.wait, sem, " 0x1 ")
            try(sem.wait, sem, 1LL)
            try(sem.wait, sem, "0.002")
        }
    }
--- response_body
true
true
true
false timeout



=== TEST 21: wait needs a number, even if it would not wait
--- config
    location = /t {
        content_by_lua_block {
            local sem = semaphore.new(9)
            try(sem.wait, sem)
            for _, time in ipairs { "x", "", {}, true, print } do
                try(sem.wait, sem, time)
            end
            ngx.say(sem:count())
        }
    }
--- response_body
error: attempt to perform arithmetic on a nil value
error: attempt to perform arithmetic on a nil value
error: attempt to perform arithmetic on a nil value
error: attempt to perform arithmetic on a nil value
error: attempt to perform arithmetic on a nil value
error: attempt to perform arithmetic on a nil value
9



=== TEST 22: a negative time is refused, even if wait would not wait
--- config
    location = /t {
        content_by_lua_block {
            local sem = semaphore.new(9)
            for _, time in ipairs { -1, -0.0001, "-1", -1/0, -3LL } do
                try(sem.wait, sem, time)
            end
            ngx.say(sem:count())
        }
    }
--- response_body
error: no negative number
error: no negative number
error: no negative number
error: no negative number
error: no negative number
9



=== TEST 23: new, post and count work in all phases of a request
--- config
    location = /t {
        set_by_lua_block $count {
            ngx.ctx.sem = semaphore.new()
            ngx.ctx.sem:post()
            return ngx.ctx.sem:count()
        }
        rewrite_by_lua_block { ngx.ctx.sem:post() ngx.ctx.rewrite = semaphore.new(2):count() }
        access_by_lua_block { ngx.ctx.sem:post() ngx.ctx.access = semaphore.new(3):count() }
        content_by_lua_block {
            ngx.ctx.sem:post()
            ngx.say(ngx.var.count, ngx.ctx.rewrite, ngx.ctx.access, " ", ngx.ctx.sem:count())
        }
        header_filter_by_lua_block {
            ngx.ctx.sem:post()
            ngx.header.count = semaphore.new(4):count()
        }
        body_filter_by_lua_block {
            if not ngx.arg[2] then
                ngx.ctx.sem:post()
                ngx.arg[1] = ngx.arg[1]:sub(1, -2) .. semaphore.new(5):count() .. "\n"
            end
        }
        log_by_lua_block {
            ngx.ctx.sem:post()
            ngx.log(ngx.WARN, "count ", ngx.ctx.sem:count(), semaphore.new(6):count())
        }
    }
--- response_headers
count: 4
--- response_body
123 45
--- error_log
count 76



=== TEST 24: new, post and count in init, init_worker and exit_worker; wait is refused there
--- http_config
    init_by_lua_block {
        local semaphore = require "ngx.semaphore"
        local sem = semaphore.new(1)
        sem:post(2)
        package.loaded.early = sem
        early_count = sem:count()
        early_error = select(2, pcall(sem.wait, sem, 1)):match "%a[%a ]+$"
        early_order = select(2, pcall(sem.wait, sem)):match "%a[%a ]+$"
    }
    init_worker_by_lua_block {
        local sem = require "early"
        sem:post()
        ngx.log(ngx.WARN, early_count, ", ", early_error, ", ", early_order)
        ngx.log(ngx.WARN, sem:count(), " ", tostring(sem:wait(1)), " ", select(2, sem:wait(1)))
        ngx.log(ngx.WARN, sem:count(), " ", tostring(sem:wait(0)), " ", select(2, sem:wait(0)))
        ngx.log(ngx.WARN, select(2, pcall(sem.wait, sem, -1)))
        ngx.log(ngx.WARN, require("ngx.semaphore").new(8):count())
    }
    exit_worker_by_lua_block {
        local sem = require "early"
        sem:post()
        ngx.log(ngx.WARN, "exit: ", sem:count(), " ", tostring(sem:wait(1)), " ", select(2, sem:wait(1)))
    }
--- config
    location = /t {
        content_by_lua_block { ngx.say(require("early"):count()) }
    }
--- response_body
4
--- grep_error_log eval: qr/(?<=:\d: ).*?(?=, context: init_worker)/
--- grep_error_log_out eval
["3, no request found, no request found
4 nil API disabled in the context of init_worker_by_lua*
4 nil API disabled in the context of init_worker_by_lua*
no negative number
8
", ""]
--- shutdown_error_log
exit: 5 nil API disabled in the context of exit_worker_by_lua*



=== TEST 25: wait is refused where code cannot wait, and takes nothing
--- config
    location = /t {
        set_by_lua_block $err {
            local sem = semaphore.new(1)
            local ok, err = sem:wait(1)
            return tostring(ok) .. " " .. err .. " " .. sem:count()
        }
        content_by_lua_block { ngx.say(ngx.var.err) }
        header_filter_by_lua_block {
            local ok, err = semaphore.new(1):wait(1)
            ngx.header.err = tostring(ok) .. " " .. err
        }
        body_filter_by_lua_block {
            if not ngx.arg[2] then
                local ok, err = semaphore.new():wait(0)
                ngx.arg[1] = ngx.arg[1] .. tostring(ok) .. " " .. err .. "\n"
            end
        }
        log_by_lua_block {
            local ok, err = semaphore.new(1):wait(1)
            ngx.log(ngx.WARN, tostring(ok), " ", err)
        }
    }
--- response_headers
err: nil API disabled in the context of header_filter_by_lua*
--- response_body
nil API disabled in the context of set_by_lua* 1
nil API disabled in the context of body_filter_by_lua*
--- error_log
nil API disabled in the context of log_by_lua*



=== TEST 26: in such a phase the arguments are looked at first
--- config
    location = /t {
        content_by_lua_block { ngx.say("ok") }
        log_by_lua_block {
            local sem = semaphore.new(1)
            for _, args in ipairs { { {}, 1 }, { sem, "x" }, { sem, -1 }, { sem, 1 } } do
                local ok, err = pcall(semaphore.wait, args[1], args[2])
                ngx.log(ngx.WARN, ok and "returned" or err:match "%a[%a ]+$")
            end
        }
    }
--- response_body
ok
--- grep_error_log eval: qr/(?<=:5: )[\w ]+?(?= while)/
--- grep_error_log_out eval
["not a semaphore instance
attempt to perform arithmetic on a nil value
no negative number
returned
", "not a semaphore instance
attempt to perform arithmetic on a nil value
no negative number
returned
"]



=== TEST 27: what is posted in init is there for each worker
--- http_config
    init_by_lua_block {
        package.loaded.early = require("ngx.semaphore").new()
        require("early"):post(3)
    }
--- config
    location = /t {
        content_by_lua_block {
            local early = require "early"
            ngx.say(early:count(), " ", early:wait(1), " ", early:count())
            early:post()
        }
    }
--- response_body
3 true 2



=== TEST 28: with lua_code_cache off, each request has semaphores of its own
--- http_config
    lua_code_cache off;
--- config
    location = /t {
        content_by_lua_block {
            local semaphore = require "ngx.semaphore"
            local sem = package.loaded.sem or semaphore.new()
            package.loaded.sem = sem
            sem:post()
            ngx.say(sem:count(), " ", sem:wait(0), " ", select(2, sem:wait(0.001)))
            sem:post()
        }
    }
--- response_body
1 true timeout
--- grep_error_log eval: qr/lua_code_cache is off/
--- grep_error_log_out eval: ["lua_code_cache is off\n", ""]



=== TEST 29: many semaphores, made and forgotten
--- config
    location = /t {
        content_by_lua_block {
            for i = 1, 20000 do
                local sem = semaphore.new(i % 7)
                if not sem:wait(0) and i % 7 > 0 then
                    return ngx.say("no resource at ", i)
                end
                sem:post(2)
            end
            collectgarbage()
            collectgarbage()
            ngx.say("done")
        }
    }
--- response_body
done



=== TEST 30: a hot loop of wait and post
--- config
    location = /t {
        content_by_lua_block {
            local sem = semaphore.new(1)
            local n = 0
            for i = 1, 10000 do
                n = n + (sem:wait(0) and 1 or 0)
                if sem:wait(0) then n = -1e9 end
                sem:post()
            end
            ngx.say(n, " ", sem:count())
        }
    }
--- response_body
10000 1



=== TEST 31: without the compiler
--- config
    location = /t {
        content_by_lua_block {
            jit.off()
            local sem = semaphore.new(1)
            ngx.say(sem:wait(0), " ", sem:post(2), " ", sem:count())
            ngx.say(sem:wait(1), " ", sem:wait(1), " ", tostring(sem:wait(0)), " ", sem:wait(0.001))
            jit.on()
        }
    }
--- response_body
true true 2
true true nil falsetimeout
