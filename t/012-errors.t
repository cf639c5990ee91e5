# Syntax and run-time errors: what the log says, to the letter, and what the
# client gets.

use Test::Nginx::Socket::Lua 'no_plan';

repeat_each(2);
no_root_location();

# The frames of a traceback and what introduces them.
our $Traceback = qr/^(?:stack traceback:|coroutine \d+:|\t.+?)(?= while logging request|, client: |$)/;

run_tests();

__DATA__

=== TEST 1: a syntax error shows at the request
--- config
    location = /t {
        content_by_lua_block {
            ngx.say("hello")
            local x = = 1
        }
    }
--- request
GET /t
--- error_code: 500
--- error_log eval
qr/\[error\] .*\*\d+ failed to load inlined Lua code: content_by_lua\(nginx\.conf:\d+\):3: unexpected symbol near '=', client: /



=== TEST 2: a syntax error in any hook that a request runs
--- config
    location = /rewrite { rewrite_by_lua 'rewrite x'; return 204; }
    location = /access { access_by_lua 'access x'; }
    location = /set { set_by_lua $x 'set x'; return 204; }
    location = /log { log_by_lua 'log x'; return 204; }
--- request eval
["GET /set", "GET /access", "GET /log"]
--- error_code eval
[500, 500, 204]
--- error_log eval
qr/failed to load inlined Lua code: (set|access|log)_by_lua\(nginx\.conf:\d+\):1: '=' expected near 'x'(?: while logging request)?, client: /



=== TEST 3: an unfinished statement is reported at the end of the code
--- config
    location = /t {
        rewrite_by_lua_block {
            if true then
        }
    }
--- request
GET /t
--- error_code: 500
--- error_log eval
qr/failed to load inlined Lua code: rewrite_by_lua\(nginx\.conf:\d+\):3: 'end' expected \(to close 'if' at line 2\) near '<eof>'/



=== TEST 4: a syntax error in a filter aborts the response
--- config
    location = /t {
        header_filter_by_lua_block { header x }
        return 200 "body\n";
    }
--- request
GET /t
--- ignore_response
--- error_log eval
qr/failed to load inlined Lua code: header_filter_by_lua\(nginx\.conf:\d+\):1: '=' expected near 'x'/



=== TEST 5: a syntax error in a file
--- config
    location = /t {
        access_by_lua_file html/t.lua;
    }
--- user_files
>>> t.lua
local t = {
    1, 2 3
}
--- request
GET /t
--- error_code: 500
--- error_log eval
qr{failed to load external Lua file "/\S+/html/t\.lua": \S+/html/t\.lua:2: '\}' expected \(to close '\{' at line 1\) near '3', client: }



=== TEST 6: a syntax error in init stops nginx
--- http_config
    init_by_lua_block {
        local
    }
--- config
--- must_die
--- error_log eval
qr/\[error\] .*init_by_lua error: init_by_lua\(nginx\.conf:\d+\):3: '<name>' expected near '<eof>'/



=== TEST 7: a run-time error in init stops nginx
--- http_config
    init_by_lua_block {
        local function fail() error("boom") end
        fail()
    }
--- config
--- must_die
--- error_log eval
[
    qr/\[error\] .*init_by_lua error: init_by_lua\(nginx\.conf:\d+\):2: boom$/,
    qr/^stack traceback:$/,
    qr/^\t\[C\]: in function 'error'$/,
    qr/^\tinit_by_lua\(nginx\.conf:\d+\):2: in function 'fail'$/,
    qr/^\tinit_by_lua\(nginx\.conf:\d+\):3: in main chunk$/,
]



=== TEST 8: an error in init that is no string
--- http_config
    init_by_lua_block { error({ code = 1 }) }
--- config
--- must_die
--- error_log
init_by_lua error: unknown error



=== TEST 9: an error in init_worker is logged, and the worker works
--- http_config
    init_worker_by_lua_block {
        error("boom")
    }
--- config
    location = /t {
        content_by_lua_block { ngx.say("works") }
    }
--- request
GET /t
--- response_body
works
--- grep_error_log eval
qr/init_worker_by_lua error: init_worker_by_lua\(nginx\.conf:\d+\):2: boom$/
--- grep_error_log_out eval
[qr/boom/, ""]



=== TEST 10: a syntax error in init_worker_by_lua_file is logged, and the worker works
--- http_config
    init_worker_by_lua_file html/worker.lua;
--- config
    location = /t {
        content_by_lua_block { ngx.say("works") }
    }
--- user_files
>>> worker.lua
boom
--- request
GET /t
--- response_body
works
--- grep_error_log eval
qr{init_worker_by_lua_file error: \S+/html/worker\.lua:2: '=' expected near '<eof>'$}
--- grep_error_log_out eval
[qr/expected/, ""]



=== TEST 11: error values of every type
--- config
    location /t {
        content_by_lua_block {
            local values = {
                string = "a string", number = 4.25, table = {},
                boolean = false, userdata = newproxy(true), null = ngx.null,
                ["function"] = print, thread = coroutine.create(function() end),
                named = setmetatable({}, { __tostring = function() return "named" end }),
            }
            error(values[ngx.var.arg_type], 0)
        }
    }
--- request eval
[map { "GET /t?type=$_" } qw(string number nil table boolean userdata null function thread named)]
--- error_code eval
[(500) x 10]
--- grep_error_log eval
qr/lua entry thread aborted: .*/
--- grep_error_log_out eval
my $unknown = "lua entry thread aborted: runtime error: unknown reason\n";
qr/\A(?:lua entry thread aborted: runtime error: (?:a string|4.25)\n|$unknown)\z/



=== TEST 12: the traceback of an error that Lua code raises
--- config
    include x.conf;
--- user_files
>>> ../conf/x.conf
location = /t {
    content_by_lua_block {
        local function inner()
            error("boom")
        end
        local module = {}
        function module.run()
            inner()
            return true
        end
        function module:method()
            self.run()
            return true
        end
        module:method()
    }
}
--- request
GET /t
--- error_code: 500
--- error_log
lua entry thread aborted: runtime error: content_by_lua(x.conf:2):3: boom
--- grep_error_log eval: $::Traceback
--- grep_error_log_out eval
<<'_EOC_'
stack traceback:
coroutine 0:
	[C]: in function 'error'
	content_by_lua(x.conf:2):3: in function 'inner'
	content_by_lua(x.conf:2):7: in function 'run'
	content_by_lua(x.conf:2):11: in function 'method'
	content_by_lua(x.conf:2):14: in main chunk
_EOC_



=== TEST 13: the traceback of an error that the VM raises has no line in its first frame
--- config
    include x.conf;
--- user_files
>>> ../conf/x.conf
location = /t {
    rewrite_by_lua_block {
        local function add(a)
            return 1 + a
        end
        local sum = add(nil)
    }
}
--- request
GET /t
--- error_code: 500
--- error_log
lua entry thread aborted: runtime error: rewrite_by_lua(x.conf:2):3: attempt to perform arithmetic on local 'a' (a nil value)
--- grep_error_log eval: $::Traceback
--- grep_error_log_out eval
<<'_EOC_'
stack traceback:
coroutine 0:
	rewrite_by_lua(x.conf:2): in function 'add'
	rewrite_by_lua(x.conf:2):5: in main chunk
_EOC_



=== TEST 14: the traceback of an error that a C function raises
--- config
    include x.conf;
--- user_files
>>> ../conf/x.conf
location = /t {
    access_by_lua_block {
        local s = string.rep()
    }
}
--- request
GET /t
--- error_code: 500
--- error_log
runtime error: access_by_lua(x.conf:2):2: bad argument #1 to 'rep' (string expected, got no value)
--- grep_error_log eval: $::Traceback
--- grep_error_log_out eval
<<'_EOC_'
stack traceback:
coroutine 0:
	[C]: in function 'rep'
	access_by_lua(x.conf:2):2: in main chunk
_EOC_



=== TEST 15: an anonymous function in the traceback
--- config
    include x.conf;
--- user_files
>>> ../conf/x.conf
location = /t {
    content_by_lua_block {
        local t = {
            function() error("boom") end
        }
        for _, f in ipairs(t) do
            f = f() or f
        end
        (function()
            t[1]()
        end)()
    }
}
--- request
GET /t
--- error_code: 500
--- grep_error_log eval: $::Traceback
--- grep_error_log_out eval
<<'_EOC_'
stack traceback:
coroutine 0:
	[C]: in function 'error'
	content_by_lua(x.conf:2):3: in function 'f'
	content_by_lua(x.conf:2):6: in main chunk
_EOC_



=== TEST 16: tail calls leave no frame
--- config
    include x.conf;
--- user_files
>>> ../conf/x.conf
location = /t {
    content_by_lua_block {
        local function fail() error("boom") end
        local function tail() return fail() end
        tail()
    }
}
--- request
GET /t
--- error_code: 500
--- grep_error_log eval: $::Traceback
--- grep_error_log_out eval
<<'_EOC_'
stack traceback:
coroutine 0:
	[C]: in function 'error'
	content_by_lua(x.conf:2):2: in function 'tail'
	content_by_lua(x.conf:2):4: in main chunk
_EOC_



=== TEST 17: a traceback has 22 frames at most
--- config
    include x.conf;
--- user_files
>>> ../conf/x.conf
location /t {
    content_by_lua_block {
        local function down(n)
            if n == 0 then error("boom") end
            down(n - 1)
            return n
        end
        down(tonumber(ngx.var.arg_n))
    }
}
--- request eval
["GET /t?n=19", "GET /t?n=20"]
--- error_code eval
[500, 500]
--- grep_error_log eval: $::Traceback
--- grep_error_log_out eval
my $frame = qr/\tcontent_by_lua\(x\.conf:2\):4: in function 'down'\n/;
qr/\Astack traceback:\ncoroutine 0:
\t\[C\]: in function 'error'
\tcontent_by_lua\(x\.conf:2\):3: in function 'down'
(?:$frame{19}\tcontent_by_lua\(x\.conf:2\):7: in main chunk
|$frame{20}\t\.\.\.
)\z/



=== TEST 18: coroutines that wrap each other are listed innermost first
--- config
    include x.conf;
--- user_files
>>> ../conf/x.conf
location = /t {
    content_by_lua_block {
        local function fail() error("boom") end
        local inner = coroutine.wrap(function() fail() end)
        local outer = coroutine.wrap(function()
            inner()
        end)
        outer()
    }
}
--- request
GET /t
--- error_code: 500
--- error_log
runtime error: content_by_lua(x.conf:2):2: boom
--- grep_error_log eval: $::Traceback
--- grep_error_log_out eval
<<'_EOC_'
stack traceback:
coroutine 0:
	[C]: in function 'error'
	content_by_lua(x.conf:2):2: in function 'fail'
	content_by_lua(x.conf:2):3: in function <content_by_lua(x.conf:2):3>
coroutine 1:
	[C]: in function 'inner'
	content_by_lua(x.conf:2):5: in function <content_by_lua(x.conf:2):4>
coroutine 2:
	[C]: in function 'outer'
	content_by_lua(x.conf:2):7: in main chunk
_EOC_



=== TEST 19: five coroutines are listed at most
--- config
    include x.conf;
--- user_files
>>> ../conf/x.conf
location = /t {
    content_by_lua_block {
        local f = function() error("boom") end
        for i = 1, 6 do
            local inner = f
            f = coroutine.wrap(function() inner() end)
        end
        f()
    }
}
--- request
GET /t
--- error_code: 500
--- grep_error_log eval
qr/^coroutine \d:|in main chunk/
--- grep_error_log_out
coroutine 0:
coroutine 1:
coroutine 2:
coroutine 3:
coroutine 4:



=== TEST 20: an error raised again keeps its message
--- config
    location = /t {
        content_by_lua_block {
            local co = coroutine.create(function() error("first", 0) end)
            local ok, err = coroutine.resume(co)
            error(err .. " again", 0)
        }
    }
--- request
GET /t
--- error_code: 500
--- error_log
lua entry thread aborted: runtime error: first again



=== TEST 21: a message of several lines is logged whole
--- config
    location = /t {
        content_by_lua_block { error("one\ntwo", 0) }
    }
--- request
GET /t
--- error_code: 500
--- error_log eval
[qr/lua entry thread aborted: runtime error: one$/, qr/^two$/]



=== TEST 22: an error in set_by_lua fails the request
--- config
    include x.conf;
--- user_files
>>> ../conf/x.conf
location = /t {
    set_by_lua_block $x {
        local function fail() error("boom") end
        fail()
    }
    return 200 "$x\n";
}
--- request
GET /t
--- error_code: 500
--- error_log
failed to run set_by_lua*: set_by_lua(x.conf:2):2: boom
--- grep_error_log eval: $::Traceback
--- grep_error_log_out eval
<<'_EOC_'
stack traceback:
	[C]: in function 'error'
	set_by_lua(x.conf:2):2: in function 'fail'
	set_by_lua(x.conf:2):3: in main chunk
_EOC_



=== TEST 23: an error in rewrite_by_lua fails the request, later phases do not run
--- config
    location = /t {
        rewrite_by_lua_block { error("boom") }
        access_by_lua_block { ngx.log(ngx.WARN, "access runs") }
        content_by_lua_block { ngx.log(ngx.WARN, "content runs") }
        log_by_lua_block { ngx.log(ngx.WARN, "logged with ", ngx.status) }
    }
--- request
GET /t
--- error_code: 500
--- error_log eval
[qr/runtime error: rewrite_by_lua\(nginx\.conf:\d+\):1: boom/, "logged with 500"]
--- no_error_log
access runs
content runs



=== TEST 24: an error in access_by_lua denies
--- config
    location = /t {
        access_by_lua_block { error("boom") }
        content_by_lua_block { ngx.log(ngx.WARN, "content runs") }
    }
--- request
GET /t
--- error_code: 500
--- error_log eval
qr/runtime error: access_by_lua\(nginx\.conf:\d+\):1: boom/
--- no_error_log
content runs



=== TEST 25: an error in content_by_lua before any output gives the 500 page
--- config
    error_page 500 /error;
    location = /t {
        content_by_lua_block {
            ngx.header["X-Lost"] = "yes"
            error("boom")
        }
    }
    location = /error {
        internal;
        return 200 "sorry\n";
    }
--- request
GET /t
--- error_code: 500
--- response_body
sorry
--- error_log eval
qr/runtime error: content_by_lua\(nginx\.conf:\d+\):3: boom/



=== TEST 26: an error after output was flushed cuts the response
--- config
    lua_http10_buffering off;
    location = /t {
        content_by_lua_block {
            ngx.say("sent")
            ngx.flush(true)
            error("too late")
        }
    }
--- request
GET /t HTTP/1.0
--- response_body
sent
--- error_log
too late



=== TEST 27: a chunked response that is cut has no last chunk
--- config
    location = /t {
        content_by_lua_block {
            ngx.say("sent")
            ngx.flush(true)
            error("too late")
        }
    }
--- raw_request eval
"GET /t HTTP/1.1\r\nHost: localhost\r\n\r\n"
--- http09
--- response_body_like: \r\n\r\n5\r\nsent\n\r\n\z
--- error_log
too late



=== TEST 28: an error in header_filter_by_lua closes the connection
--- config
    include x.conf;
--- user_files
>>> ../conf/x.conf
location = /t {
    header_filter_by_lua_block {
        local value = ngx.ctx.missing.field
    }
    return 200 "body\n";
}
--- request
GET /t
--- ignore_response
--- error_log
failed to run header_filter_by_lua*: header_filter_by_lua(x.conf:2):2: attempt to index field 'missing' (a nil value)
--- grep_error_log eval: $::Traceback
--- grep_error_log_out eval
<<'_EOC_'
stack traceback:
	header_filter_by_lua(x.conf:2):2: in main chunk
_EOC_



=== TEST 29: an error in body_filter_by_lua closes the connection
--- config
    include x.conf;
--- user_files
>>> ../conf/x.conf
location = /t {
    body_filter_by_lua_block { error("boom") }
    return 200 "body\n";
}
--- request
GET /t
--- ignore_response
--- error_log
failed to run body_filter_by_lua*: body_filter_by_lua(x.conf:2):1: boom
--- grep_error_log eval: $::Traceback
--- grep_error_log_out eval
<<'_EOC_'
stack traceback:
	[C]: in function 'error'
	body_filter_by_lua(x.conf:2):1: in main chunk
_EOC_



=== TEST 30: an error in log_by_lua is only logged
--- config
    include x.conf;
--- user_files
>>> ../conf/x.conf
location = /t {
    log_by_lua_block { error("boom") }
    return 200 "body\n";
}
--- request
GET /t
--- response_body
body
--- error_log eval
qr/\[error\] .*failed to run log_by_lua\*: log_by_lua\(x\.conf:2\):1: boom$/
--- grep_error_log eval: $::Traceback
--- grep_error_log_out eval
<<'_EOC_'
stack traceback:
	[C]: in function 'error'
	log_by_lua(x.conf:2):1: in main chunk
_EOC_



=== TEST 31: an error that is no string has no traceback outside coroutines
--- config
    location = /set { set_by_lua_block $x { error({}) } return 200 "$x"; }
    location = /log { log_by_lua_block { error() } return 204; }
--- request eval
["GET /set", "GET /log"]
--- error_code eval
[500, 204]
--- error_log eval
qr/failed to run (?:set|log)_by_lua\*: unknown reason(?: while logging request)?, client: /
--- no_error_log
stack traceback



=== TEST 32: endless recursion is an error
--- http_config
    # What recycling does to such coroutines is for the next test.
    lua_thread_cache_max_entries 0;
--- config
    location = /t {
        content_by_lua_block {
            local function down(n)
                return 1 + down(n + 1)
            end
            down(1)
        }
    }
--- request
GET /t
--- error_code: 500
--- error_log eval
qr/lua entry thread aborted: runtime error: content_by_lua\(nginx\.conf:\d+\):3: stack overflow$/



=== TEST 33: a worker survives endless recursion, again and again
--- config
    location = /add {
        content_by_lua_block {
            local function down(n) return 1 + down(n) end
            down(1)
        }
    }
    location = /call {
        content_by_lua_block {
            local function down(n) down(n) return 1 end
            down(1)
        }
    }
    location = /pcall {
        content_by_lua_block {
            local function down(n) return 1 + down(n) end
            ngx.say((select(2, pcall(down, 1))):match("stack overflow"))
        }
    }
    location = /filter {
        header_filter_by_lua_block {
            local function down(n) return 1 + down(n) end
            ngx.header["X-Error"] = (select(2, pcall(down, 1))):match("stack overflow")
        }
        return 200 "filtered\n";
    }
--- request eval
["GET /add", "GET /call", "GET /pcall", "GET /call", "GET /add", "GET /pcall", "GET /filter"]
--- error_code eval
[500, 500, 200, 500, 500, 200, 200]
--- response_body_like eval
["500", "500", "stack overflow", "500", "500", "stack overflow", "filtered"]
--- differs: the C module uses a coroutine again after its stack overflowed, and its worker dies of signal 11



=== TEST 34: code that fails does not stay failed
--- config
    location = /t {
        content_by_lua_block {
            if ngx.var.arg_fail then
                error("boom")
            end
            ngx.say("fine")
        }
    }
--- request eval
["GET /t?fail=1", "GET /t", "GET /t?fail=1", "GET /t"]
--- error_code eval
[500, 200, 500, 200]
--- response_body_like eval
["500", "fine", "500", "fine"]



=== TEST 35: pcall and xpcall see errors as Lua does
--- config
    location = /t {
        content_by_lua_block {
            local t = {}
            ngx.say(select(2, pcall(error, t)) == t)
            ngx.say(select(2, pcall(error)))
            ngx.say(select(2, pcall(error, ngx.null)) == ngx.null)
            ngx.say(select(2, pcall(ngx.say, print)))
            ngx.say(select(2, xpcall(function() error("x", 0) end, function(e) return "<" .. e .. ">" end)))
            ngx.say(xpcall(function() error() end, function() error("in handler") end))
        }
    }
--- request
GET /t
--- response_body
true
nil
true
bad argument #1 to '?' (string, number, boolean, nil, ngx.null, or array table expected, but got function)
<x>
falseerror in error handling



=== TEST 36: an unknown ngx field is nil
--- config
    location = /t {
        content_by_lua_block {
            ngx.log(ngx.WARN, "it is ", ngx.no_such_field)
            ngx.no_such_field()
        }
    }
--- request
GET /t
--- error_code: 500
--- error_log
it is nil
attempt to call field 'no_such_field' (a nil value)



=== TEST 37: the chunk name of quoted code has the line where the directive ends
--- config
    include x.conf;
--- user_files
>>> ../conf/x.conf
location = /t {
    access_by_lua "

        error('boom')
    "
    ;
}
--- request
GET /t
--- error_code: 500
--- error_log
runtime error: access_by_lua(x.conf:6):3: boom



=== TEST 38: the chunk name of a block has the line where the block begins
--- config
    include x.conf;
--- user_files
>>> ../conf/x.conf
location = /t {
    content_by_lua_block
    {

        error("boom")
    }
}
--- request
GET /t
--- error_code: 500
--- error_log
runtime error: content_by_lua(x.conf:3):3: boom



=== TEST 39: files named nginx.conf go by that name, wherever they are
--- config
    include sites/nginx.conf;
--- user_files
>>> ../conf/sites/nginx.conf
location = /t {
    content_by_lua_block { error("boom") }
}
--- request
GET /t
--- error_code: 500
--- error_log
runtime error: content_by_lua(nginx.conf:2):1: boom



=== TEST 40: the name of an included file is relative to the configuration
--- config
    include sites/t.conf;
--- user_files
>>> ../conf/sites/t.conf
location = /t {
    content_by_lua_block { error("boom") }
}
--- request
GET /t
--- error_code: 500
--- error_log
runtime error: content_by_lua(sites/t.conf:2):1: boom



=== TEST 41: the name of a file elsewhere is its full path
--- config
    include ../html/t.conf;
--- user_files
>>> t.conf
location = /t {
    content_by_lua_block { error("boom") }
}
--- request
GET /t
--- error_code: 500
--- error_log eval
qr{runtime error: content_by_lua\(\S*/?\.\./html/t\.conf:2\):1: boom}



=== TEST 42: a long file name keeps its end
--- config
    include sites/a/rather/long/path/to/a/configuration/file/example.conf;
--- user_files
>>> ../conf/sites/a/rather/long/path/to/a/configuration/file/example.conf
location = /t {
    content_by_lua_block { error("boom") }
}
--- request
GET /t
--- error_code: 500
--- error_log eval
qr{runtime error: content_by_lua\(\.\.\.h/to/a/configuration/file/example\.conf:2\):1: boom}



=== TEST 43: the longer the directive, the shorter what is left of the file name
--- config
    include x12345678901234567890123456789012345678901234567890.conf;
--- user_files
>>> ../conf/x12345678901234567890123456789012345678901234567890.conf
location = /t {
    header_filter_by_lua_block { ngx.header["X-Name"] = debug.getinfo(1, "S").short_src }
    content_by_lua_block { ngx.say(debug.getinfo(1, "S").short_src) }
}
--- request
GET /t
--- response_headers
X-Name: header_filter_by_lua(...456789012345678901234567890.conf:2)
--- response_body
content_by_lua(...890123456789012345678901234567890.conf:3)
