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



=== TEST 11: http_time writes a date for a header
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.http_time(1290079655))
            ngx.say(ngx.http_time(0))
            ngx.say(ngx.http_time(951782400), " ", ngx.http_time(4107542399))
        }
    }
--- response_body
Thu, 18 Nov 2010 11:27:35 GMT
Thu, 01 Jan 1970 00:00:00 GMT
Tue, 29 Feb 2000 00:00:00 GMT Sun, 28 Feb 2100 23:59:59 GMT



=== TEST 12: cookie_time writes years with two digits until 2037, then with four
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.cookie_time(1290079655))
            ngx.say(ngx.cookie_time(951868800))
            ngx.say(ngx.cookie_time(2145916799))
            ngx.say(ngx.cookie_time(2145916800))
        }
    }
--- response_body
Thu, 18-Nov-10 11:27:35 GMT
Wed, 01-Mar-00 00:00:00 GMT
Thu, 31-Dec-37 23:59:59 GMT
Fri, 01-Jan-2038 00:00:00 GMT



=== TEST 13: time begins with 1970 and ends with the year 9999
--- config
    location = /t {
        content_by_lua_block {
            for _, seconds in ipairs {-1, -1e12, 253402300799, 253402300800, 1e15} do
                ngx.say(ngx.http_time(seconds), " ", ngx.cookie_time(seconds))
            end
        }
    }
--- response_body
Thu, 01 Jan 1970 00:00:00 GMT Thu, 01-Jan-70 00:00:00 GMT
Thu, 01 Jan 1970 00:00:00 GMT Thu, 01-Jan-70 00:00:00 GMT
Fri, 31 Dec 9999 23:59:59 GMT Fri, 31-Dec-9999 23:59:59 GMT
Fri, 31 Dec 9999 23:59:59 GMT Fri, 31-Dec-9999 23:59:59 GMT
Fri, 31 Dec 9999 23:59:59 GMT Fri, 31-Dec-9999 23:59:59 GMT



=== TEST 14: fractions are cut off
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.http_time(1.999), " ", ngx.cookie_time(59.9), " ", ngx.http_time(-0.5))
        }
    }
--- response_body
Thu, 01 Jan 1970 00:00:01 GMT Thu, 01-Jan-70 00:00:59 GMT Thu, 01 Jan 1970 00:00:00 GMT



=== TEST 15: what is not a number at all is the beginning of time
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.http_time(0/0), " ", ngx.http_time(-1/0), " ", ngx.cookie_time(0/0))
        }
    }
--- response_body
Thu, 01 Jan 1970 00:00:00 GMT Thu, 01 Jan 1970 00:00:00 GMT Thu, 01-Jan-70 00:00:00 GMT



=== TEST 16: more seconds than an integer holds are the end of time
--- differs: the C module answers 1970
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.http_time(1/0), " ", ngx.http_time(1e300), " ", ngx.cookie_time(1/0))
        }
    }
--- response_body
Fri, 31 Dec 9999 23:59:59 GMT Fri, 31 Dec 9999 23:59:59 GMT Fri, 31-Dec-9999 23:59:59 GMT



=== TEST 17: http_time and cookie_time take numbers only
--- config
    location = /t {
        content_by_lua_block {
            for _, value in ipairs {"0", "x", true, {}, ngx.null} do
                local _, err = pcall(ngx.http_time, value)
                ngx.print(err, "|")
                _, err = pcall(ngx.cookie_time, value)
                ngx.say(err)
            end
            ngx.say(select(2, pcall(ngx.http_time)), "|", select(2, pcall(ngx.cookie_time, nil)))
        }
    }
--- response_body
number argument only|number argument only
number argument only|number argument only
number argument only|number argument only
number argument only|number argument only
number argument only|number argument only
number argument only|number argument only



=== TEST 18: errors name the caller's line
--- config
    location = /t {
        content_by_lua_block {
            local _, err = pcall(function() local text = ngx.http_time("x") end)
            ngx.say(err)
            _, err = pcall(function() local text = ngx.cookie_time("x") end)
            ngx.say(err)
            _, err = pcall(function() local seconds = ngx.parse_http_time(1) end)
            ngx.say(err)
        }
    }
--- response_body_like
^content_by_lua\(nginx\.conf:\d+\):2: number argument only
content_by_lua\(nginx\.conf:\d+\):4: number argument only
content_by_lua\(nginx\.conf:\d+\):6: string argument only$



=== TEST 19: days and hours as os.date writes them
--- config
    location = /t {
        content_by_lua_block {
            for seconds = 0, 4e9, 86413777 do
                assert(ngx.http_time(seconds) == os.date("!%a, %d %b %Y %H:%M:%S GMT", seconds))
                assert(ngx.parse_http_time(ngx.http_time(seconds)) == seconds)
            end
            ngx.say("ok")
        }
    }
--- response_body
ok



=== TEST 20: parse_http_time reads the three forms of HTTP
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.parse_http_time("Thu, 18 Nov 2010 11:27:35 GMT"), " ", ngx.parse_http_time("Thursday, 18-Nov-10 11:27:35 GMT"), " ",
                    ngx.parse_http_time("Thu Nov 18 11:27:35 2010"), " ", ngx.parse_http_time("Thu, 18-Nov-10 11:27:35 GMT"))
            ngx.say(ngx.parse_http_time("Thu, 01 Jan 1970 00:00:00 GMT"), " ", ngx.parse_http_time("Thu, 18 Nov 1969 11:27:35 GMT"))
        }
    }
--- response_body
1290079655 1290079655 1290079655 1290079655
0 -3760345



=== TEST 21: parse_http_time gives nil for what is no date
--- config
    location = /t {
        content_by_lua_block {
            for _, text in ipairs {"", "x", "18 Nov 2010 11:27:35 GMT", "Thu, 31 Feb 2010 00:00:00 GMT", "Thu, 18 Nov 2010 24:00:00 GMT",
                                   "Thu, 18 Nov 2010", "Thu, 18-Nov-2010 11:27:35 GMT", " Thu, 18 Nov 2010 11:27:35 GMT", ("x"):rep(100000),
                                   "\0\0\0\0,", "Thu, \0", ("Thu, 18 Nov 2010 11:27:35 GMT"):reverse()} do
                ngx.print(ngx.parse_http_time(text), " ")
            end
            ngx.say()
        }
    }
--- response_body
nil nil nil nil nil nil nil nil nil nil nil nil 



=== TEST 22: parse_http_time takes strings only
--- config
    location = /t {
        content_by_lua_block {
            for _, value in ipairs {12, true, {}, ngx.null} do
                ngx.print(select(2, pcall(ngx.parse_http_time, value)), "|")
            end
            ngx.say(select(2, pcall(ngx.parse_http_time)))
        }
    }
--- response_body
string argument only|string argument only|string argument only|string argument only|string argument only



=== TEST 23: in code that is compiled
--- config
    location = /t {
        content_by_lua_block {
            local n = 0
            for i = 1, 2000 do
                local text = ngx.http_time(i * 100000)
                n = n + ngx.parse_http_time(text) + #ngx.cookie_time(i) + (ngx.now() > 1e9 and 1 or 0) + (ngx.time() > 1e9 and 1 or 0)
            end
            ngx.say(n, " ", #ngx.utctime() + #ngx.localtime() + #ngx.today())
        }
    }
--- response_body
200100058000 48



=== TEST 24: with the compiler off
--- config
    location = /t {
        content_by_lua_block {
            jit.off()
            jit.flush()
            for i = 1, 100 do
                assert(ngx.parse_http_time(ngx.http_time(i)) == i)
                assert(ngx.now() >= ngx.time())
            end
            jit.on()
            ngx.say("ok")
        }
    }
--- response_body
ok



=== TEST 25: resty.core.time has a clock that no one sets
--- config
    location = /t {
        content_by_lua_block {
            local clock = require "resty.core.time"
            local msec, time = clock.monotonic_msec(), clock.monotonic_time()
            ngx.say(type(msec), " ", msec == math.floor(msec), " ", msec > 0, " ", time == msec / 1000)
        }
    }
--- response_body
number true true true



=== TEST 26: the monotonic clock goes on while Lua waits, and on update_time
--- config
    location = /t {
        content_by_lua_block {
            local clock = require "resty.core.time"
            local begin = clock.monotonic_msec()
            local start = os.clock()
            while os.clock() - start < 0.02 do end
            ngx.print(clock.monotonic_msec() == begin, " ")
            ngx.update_time()
            local passed = clock.monotonic_msec() - begin
            ngx.print(passed >= 15 and passed < 2000, " ")
            begin = clock.monotonic_time()
            ngx.sleep(0.02)
            passed = clock.monotonic_time() - begin
            ngx.say(passed >= 0.015 and passed < 2)
        }
    }
--- response_body
true true true



=== TEST 27: the functions for dates in init and in every phase of a request
--- http_config
    init_by_lua_block {
        package.loaded.found = {ngx.http_time(0), require "resty.core.time".monotonic_time() > 0}
    }
    init_worker_by_lua_block {
        require "found"[3] = ngx.parse_http_time("Thu, 18 Nov 2010 11:27:35 GMT")
    }
--- config
    location = /t {
        set_by_lua_block $set { return ngx.http_time(1) }
        rewrite_by_lua_block { ngx.ctx.rewrite = ngx.parse_http_time("Thu, 18 Nov 2010 11:27:35 GMT") }
        access_by_lua_block { ngx.ctx.access = ngx.cookie_time(2) }
        content_by_lua_block {
            local found = require "found"
            ngx.say(found[1], "|", found[2], "|", found[3])
            ngx.say(ngx.var.set, "|", ngx.ctx.rewrite, "|", ngx.ctx.access)
        }
        header_filter_by_lua_block { ngx.header.Expires = ngx.http_time(3) }
        body_filter_by_lua_block { ngx.ctx.body = ngx.http_time(4) }
        log_by_lua_block { ngx.log(ngx.WARN, "logged ", ngx.ctx.body, ngx.cookie_time(5)) }
    }
--- response_headers
Expires: Thu, 01 Jan 1970 00:00:03 GMT
--- error_log
logged Thu, 01 Jan 1970 00:00:04 GMTThu, 01-Jan-70 00:00:05 GMT
--- response_body
Thu, 01 Jan 1970 00:00:00 GMT|true|1290079655
Thu, 01 Jan 1970 00:00:01 GMT|1290079655|Thu, 01-Jan-70 00:00:02 GMT
