use Test::Nginx::Socket::Lua 'no_plan';

add_block_preprocessor(sub {
    my ($block) = @_;
    $block->set_value("request", "GET /t") if !defined $block->request;
    $block->set_value("no_error_log", "[error]") if !defined $block->no_error_log;
});

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: ngx.time is a whole number of seconds
--- config
    location = /t {
        content_by_lua_block {
            local time = ngx.time()
            ngx.say(type(time), " ", time == math.floor(time), " ", math.abs(os.time() - time) <= 1)
        }
    }
--- response_body
number true true



=== TEST 2: ngx.now has milliseconds
--- config
    location = /t {
        content_by_lua_block {
            ngx.update_time()
            local now = ngx.now()
            ngx.say(type(now), " ", math.floor(now) == ngx.time())
            ngx.say(math.abs(now * 1000 - math.floor(now * 1000 + 0.5)) < 0.001)
            ngx.say(string.format("%.3f", now) == ngx.var.msec)
        }
    }
--- response_body
number true
true
true



=== TEST 3: the clock stands still in one run, whatever the run does
--- config
    location = /t {
        content_by_lua_block {
            local now = ngx.now()
            local start = os.clock()
            while os.clock() - start < 0.02 do end
            ngx.say(ngx.now() == now)
        }
    }
--- response_body
true



=== TEST 4: update_time sets the clock, and returns nothing
--- config
    location = /t {
        content_by_lua_block {
            local now = ngx.now()
            local start = os.clock()
            while os.clock() - start < 0.02 do end
            ngx.say(select("#", ngx.update_time()), " ", ngx.now() - now > 0.015)
        }
    }
--- response_body
0 true



=== TEST 5: the clock goes on while Lua waits
--- config
    location = /t {
        content_by_lua_block {
            local now = ngx.now()
            ngx.sleep(0.02)
            local passed = ngx.now() - now
            ngx.say(passed > 0.015, " ", passed < 2)
        }
    }
--- response_body
true true



=== TEST 6: the forms of the times as text
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.today(), " ", ngx.localtime(), " ", ngx.utctime())
        }
    }
--- response_body_like
^\d{4}-\d\d-\d\d \d{4}-\d\d-\d\d \d\d:\d\d:\d\d \d{4}-\d\d-\d\d \d\d:\d\d:\d\d$



=== TEST 7: all functions tell the same time
--- config
    location = /t {
        content_by_lua_block {
            local time = ngx.time()
            ngx.say(ngx.utctime() == os.date("!%Y-%m-%d %H:%M:%S", time))
            ngx.say(ngx.localtime() == os.date("%Y-%m-%d %H:%M:%S", time))
            ngx.say(ngx.today() == os.date("%Y-%m-%d", time))
        }
    }
--- response_body
true
true
true



=== TEST 8: in init and in init_worker
--- http_config
    init_by_lua_block {
        local function times()
            ngx.update_time()
            return ngx.time() == math.floor(ngx.now()) and ngx.utctime() == os.date("!%Y-%m-%d %H:%M:%S", ngx.time())
                   and ngx.localtime():sub(1, 10) == ngx.today() and math.abs(os.time() - ngx.time()) <= 1
        end
        package.loaded.results = {times(), times = times}
    }
    init_worker_by_lua_block {
        local results = require "results"
        results[2] = results.times()
    }
--- config
    location = /t {
        content_by_lua_block {
            local results = require "results"
            ngx.say(results[1], " ", results[2])
        }
    }
--- response_body
true true



=== TEST 9: in every phase of a request
--- config
    location = /t {
        set_by_lua_block $set { return ngx.time() }
        rewrite_by_lua_block { ngx.ctx.times = {ngx.time(), ngx.now(), ngx.today(), ngx.localtime(), ngx.utctime()} }
        access_by_lua_block { ngx.update_time() ngx.ctx.access = ngx.time() }
        content_by_lua_block {
            ngx.say(#ngx.ctx.times, " ", ngx.var.set <= tostring(ngx.time()), " ", ngx.ctx.access <= ngx.time())
        }
        header_filter_by_lua_block { ngx.header["X-Time"] = ngx.time() - ngx.ctx.times[1] < 2 }
        body_filter_by_lua_block { ngx.update_time() }
        log_by_lua_block { ngx.log(ngx.WARN, "logged: ", ngx.now() - ngx.ctx.times[2] < 2) }
    }
--- response_headers
X-Time: true
--- response_body
5 true true
--- error_log
logged: true



=== TEST 10: the Date header is of the clock that Lua sees
--- config
    location = /t {
        content_by_lua_block { ngx.say("ok") }
        header_filter_by_lua_block { ngx.header["X-Date"] = os.date("!%a, %d %b %Y %H:%M:%S GMT", ngx.time()) }
    }
--- raw_response_headers_like: Date: ([^\r]+)\r\n.*X-Date: \1\r\n
--- response_body
ok
