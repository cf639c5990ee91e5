use Test::Nginx::Socket::Lua 'no_plan';

add_block_preprocessor(sub {
    my ($block) = @_;
    $block->set_value("request", "GET /t")
        if !defined $block->request && !defined $block->raw_request;
    $block->set_value("no_error_log", "[error]")
        if !defined $block->error_log && !defined $block->no_error_log;
});

our $HttpConfig = <<'_EOC_';
    init_by_lua_block {
        -- How a variable reads, or the error without the place.
        package.loaded.read = function(name)
            local ok, value = pcall(function() return ngx.var[name] end)
            if not ok then
                return "error: " .. value:gsub("^.-:%d+: ", "")
            end
            return type(value) == "string" and '"' .. value .. '"' or tostring(value)
        end

        -- Sets a variable; answers how it reads then, or the error.
        package.loaded.write = function(name, value)
            local ok, err = pcall(function() ngx.var[name] = value end)
            if not ok then
                return "error: " .. err:gsub("^.-:%d+: ", "")
            end
            return require "read" (name)
        end
    }
_EOC_

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: nginx's own variables read as strings
--- config
    location = /t {
        content_by_lua_block {
            for _, name in ipairs {"uri", "request_method", "remote_addr", "server_protocol", "args",
                                   "is_args", "scheme", "content_length", "request_length"} do
                ngx.say(name, ": ", type(ngx.var[name]), " ", ngx.var[name])
            end
        }
    }
--- request
GET /t?a=1
--- response_body_like
^uri: string /t
request_method: string GET
remote_addr: string 127\.0\.0\.1
server_protocol: string HTTP/1\.1
args: string a=1
is_args: string \?
scheme: string http
content_length: nil nil
request_length: string \d+$



=== TEST 2: variables that set has defined
--- config
    location = /t {
        set $foo "bar";
        set $copy "$foo, $foo";
        set $empty "";
        content_by_lua_block { ngx.say(ngx.var.foo, " [", ngx.var.copy, "] [", ngx.var.empty, "]") }
    }
--- response_body
bar [bar, bar] []



=== TEST 3: a variable that does not exist is nil
--- http_config eval: $::HttpConfig
--- config
    location = /t {
        content_by_lua_block {
            local read = require "read"
            ngx.say(read("no_such_variable"), " ", read(""), " ", read("a b"), " ", read("uri\0"), " ",
                    read(("x"):rep(10000)))
        }
    }
--- response_body
nil nil nil nil nil



=== TEST 4: names are looked up in lower case
--- config
    location = /t {
        set $MixedCase "set";
        content_by_lua_block {
            ngx.say(ngx.var.URI, " ", ngx.var.Uri, " ", ngx.var.mixedcase, " ", ngx.var.MIXEDCASE)
            ngx.var.MIXEDcase = "changed"
            ngx.say(ngx.var.MixedCase)
        }
    }
--- response_body
/t /t set set
changed



=== TEST 5: a variable whose set did not run is empty, and nginx warns
--- http_config eval: $::HttpConfig
--- config
    location = /t {
        content_by_lua_block { ngx.say(require "read" ("foo")) }
    }
    location = /other {
        set $foo "bar";
    }
--- response_body
""
--- error_log
using uninitialized "foo" variable
--- no_error_log
[error]



=== TEST 6: prefix variables
--- http_config eval: $::HttpConfig
--- config
    location = /t {
        content_by_lua_block {
            local read = require "read"
            ngx.header["X-Sent"] = "sent"
            ngx.say(read("arg_a"), " ", read("arg_b"), " ", read("arg_c"), " ", read("arg_"))
            ngx.say(read("http_x_foo"), " ", read("http_x_bar"))
            ngx.say(read("cookie_one"), " ", read("cookie_two"))
            ngx.say(read("sent_http_x_sent"), " ", read("sent_http_x_other"))
        }
    }
--- request
GET /t?a=1&b=
--- more_headers
X-Foo: foo
Cookie: one=1
--- response_body
"1" "" nil nil
"foo" nil
"1" nil
"sent" nil



=== TEST 7: arguments in variables are not decoded, names in any case
--- config
    location = /t {
        content_by_lua_block { ngx.say(ngx.var.arg_a, " ", ngx.var.arg_B, " ", ngx.var.ARG_a) }
    }
--- request
GET /t?A=%41+&b=2
--- response_body
%41+ 2 %41+



=== TEST 8: captures of a regex location
--- http_config eval: $::HttpConfig
--- config
    location ~ ^/(\w+)/(\d+)?(x)?$ {
        content_by_lua_block {
            local read = require "read"
            ngx.say(read(1), " ", read(2), " ", read(3), " ", read(4))
        }
    }
--- request eval
["GET /foo/12", "GET /foo/x"]
--- response_body eval
[qq["foo" "12" nil nil\n], qq["foo" "" "x" nil\n]]



=== TEST 9: captures that do not exist; a string of digits is a name, not a number
--- http_config eval: $::HttpConfig
--- config
    location ~ ^/(t) {
        content_by_lua_block {
            local read = require "read"
            ngx.say(read(1), " ", read(0), " ", read(-1), " ", read(1000000), " ", read("1"))
        }
    }
--- response_body
"t" nil nil nil nil



=== TEST 10: without a regex there are no captures
--- http_config eval: $::HttpConfig
--- config
    location = /t {
        content_by_lua_block {
            local read = require "read"
            ngx.say(read(1), " ", read(2))
        }
    }
--- response_body
nil nil



=== TEST 11: captures of the last regex that matched: rewrite, if
--- config
    location ~ ^/(\w+)$ {
        rewrite ^/(.)(.) /$2$1 break;
        content_by_lua_block { ngx.say(ngx.var[1], " ", ngx.var[2], " ", ngx.var.uri) }
    }
    location ~ ^/if/(\w+)$ {
        if ($args ~ "b=(\d+)") {
            set $b $1;
        }
        content_by_lua_block { ngx.say(ngx.var[1], " ", ngx.var.b) }
    }
--- request eval
["GET /ab", "GET /if/word?b=5"]
--- response_body eval
["a b /ba\n", "5 5\n"]



=== TEST 12: named captures are variables
--- config
    location ~ ^/(?<first>\w+)/(?<second>\w*)$ {
        content_by_lua_block {
            ngx.say(ngx.var.first, " [", ngx.var.second, "] ", ngx.var[1])
            ngx.var.first = "changed"
            ngx.say(ngx.var.first, " ", ngx.var[1])
        }
    }
--- request
GET /foo/
--- response_body
foo [] foo
changed foo



=== TEST 13: captures in every phase of a request
--- config
    location ~ ^/(\w+)$ {
        set_by_lua_block $set { return ngx.var[1] }
        rewrite_by_lua_block { ngx.ctx.rewrite = ngx.var[1] }
        access_by_lua_block { ngx.ctx.access = ngx.var[1] }
        content_by_lua_block { ngx.say(ngx.var.set, " ", ngx.ctx.rewrite, " ", ngx.ctx.access, " ", ngx.var[1]) }
        header_filter_by_lua_block { ngx.header["X-Header-Filter"] = ngx.var[1] }
        body_filter_by_lua_block { ngx.arg[1] = ngx.arg[1]:gsub("t", ngx.var[1] .. "!") }
        log_by_lua_block { ngx.log(ngx.WARN, "log: ", ngx.var[1]) }
    }
--- response_headers
X-Header-Filter: t
--- response_body
t! t! t! t!
--- error_log
log: t



=== TEST 14: names that are neither strings nor numbers
--- http_config eval: $::HttpConfig
--- config
    location = /t {
        content_by_lua_block {
            local read, write = require "read", require "write"
            for _, name in ipairs {true, {}, print, ngx.null} do
                ngx.say(read(name), ", ", write(name, "x"))
            end
            ngx.say(read(nil))
            ngx.say(write(1, "x"))
        }
    }
--- response_body
error: bad variable name, error: bad variable name
error: bad variable name, error: bad variable name
error: bad variable name, error: bad variable name
error: bad variable name, error: bad variable name
error: bad variable name
error: bad variable name



=== TEST 15: a variable that set has defined can be written
--- http_config eval: $::HttpConfig
--- config
    location = /t {
        set $foo "";
        content_by_lua_block {
            local write = require "write"
            ngx.say(write("foo", "bar"))
            ngx.say(write("foo", ""))
            ngx.say(write("foo", 32), " ", write("foo", -0.5), " ", write("foo", 1e100))
            ngx.say(write("foo", true), " ", write("foo", false), " ", write("foo", ngx.null))
            ngx.say((write("foo", {}):gsub("0x%x+", "address")))
        }
    }
--- response_body
"bar"
""
"32" "-0.5" "1e+100"
"true" "false" "userdata: NULL"
"table: address"



=== TEST 16: nil takes a variable away until it is written again
--- http_config eval: $::HttpConfig
--- config
    location = /t {
        set $foo "bar";
        content_by_lua_block {
            local write = require "write"
            ngx.say(write("foo", nil), " ", write("foo", "again"))
        }
    }
--- response_body
nil "again"



=== TEST 17: any bytes can be in a value
--- config
    location = /t {
        set $foo "";
        content_by_lua_block {
            local value = "\0\r\n\127\255" .. ("x"):rep(100000)
            ngx.var.foo = value
            ngx.say(ngx.var.foo == value)
        }
    }
--- response_body
true



=== TEST 18: what is written is what nginx's directives see
--- config
    location = /t {
        set $foo "before";
        set $port "";
        rewrite_by_lua_block {
            ngx.var.foo = "after"
            ngx.var.port = $TEST_NGINX_SERVER_PORT
        }
        proxy_pass http://127.0.0.1:$port/up;
        proxy_set_header X-Foo $foo;
        add_header X-Foo $foo;
    }
    location = /up {
        content_by_lua_block { ngx.say("up: ", ngx.var.http_x_foo) }
    }
--- response_headers
X-Foo: after
--- response_body
up: after



=== TEST 19: what is written in one phase reads in the later ones
--- config
    location = /t {
        set $foo "0";
        set_by_lua_block $set { ngx.var.foo = ngx.var.foo .. " set" return "" }
        rewrite_by_lua_block { ngx.var.foo = ngx.var.foo .. " rewrite" }
        access_by_lua_block { ngx.var.foo = ngx.var.foo .. " access" }
        content_by_lua_block { ngx.var.foo = ngx.var.foo .. " content" ngx.say(ngx.var.foo) }
        header_filter_by_lua_block {
            ngx.var.foo = ngx.var.foo .. " header_filter"
            ngx.header["X-Header-Filter"] = ngx.var.foo
        }
        body_filter_by_lua_block {
            if ngx.arg[2] then
                ngx.var.foo = ngx.var.foo .. " body_filter"
            end
        }
        log_by_lua_block {
            ngx.var.foo = ngx.var.foo .. " log"
            ngx.log(ngx.WARN, "seen: ", ngx.var.foo)
        }
    }
--- response_headers
X-Header-Filter: 0 set rewrite access content header_filter
--- response_body
0 set rewrite access content
--- error_log
seen: 0 set rewrite access content header_filter body_filter log



=== TEST 20: what is written stays at an internal redirect
--- config
    location = /t {
        set $foo "";
        rewrite_by_lua_block {
            ngx.var.foo = "from /t"
            ngx.req.set_uri("/other", true)
        }
    }
    location = /other {
        content_by_lua_block { ngx.say(ngx.var.foo) }
    }
--- response_body
from /t



=== TEST 21: requests do not share variables
--- config
    location = /t {
        set $foo "fresh";
        content_by_lua_block {
            ngx.say(ngx.var.foo)
            ngx.var.foo = "used"
        }
    }
--- request eval
["GET /t", "GET /t"]
--- response_body eval
["fresh\n", "fresh\n"]



=== TEST 22: args can be written
--- http_config eval: $::HttpConfig
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(require "write" ("args", "b=2&c"))
            ngx.say(ngx.var.arg_b, " ", ngx.var.arg_a, " ", ngx.req.get_uri_args().b, " ", ngx.var.query_string)
        }
    }
--- request
GET /t?a=1
--- response_body
"b=2&c"
2 nil 2 b=2&c



=== TEST 23: limit_rate can be written
--- http_config eval: $::HttpConfig
--- config
    location = /t {
        content_by_lua_block {
            local write = require "write"
            ngx.say(write("limit_rate", 100000), " ", write("limit_rate", "1k"), " ", write("limit_rate", 0))
        }
    }
--- response_body
"100000" "1024" "0"



=== TEST 24: variables that cannot be changed
--- http_config eval: $::HttpConfig
--- config
    location = /t {
        content_by_lua_block {
            local write = require "write"
            for _, name in ipairs {"uri", "host", "status", "request_uri", "remote_addr", "request_method",
                                   "query_string", "is_args"} do
                ngx.say(write(name, "x"))
            end
            ngx.say(ngx.var.uri)
        }
    }
--- response_body
error: variable "uri" not changeable
error: variable "host" not changeable
error: variable "status" not changeable
error: variable "request_uri" not changeable
error: variable "remote_addr" not changeable
error: variable "request_method" not changeable
error: variable "query_string" not changeable
error: variable "is_args" not changeable
/t



=== TEST 25: the result of a map can be read, not written
--- http_config eval
$::HttpConfig . <<'_EOC_';
    map $arg_a $mapped {
        default other;
        1       one;
        none    "";
    }
_EOC_
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(require "read" ("mapped"))
            ngx.say(require "write" ("mapped", "x"))
        }
    }
--- request eval
["GET /t?a=1", "GET /t", "GET /t?a=none"]
--- response_body eval
[
    qq["one"\nerror: variable "mapped" cannot be assigned a value\n],
    qq["other"\nerror: variable "mapped" cannot be assigned a value\n],
    qq[""\nerror: variable "mapped" cannot be assigned a value\n],
]



=== TEST 26: a map sees what Lua has written before it is first read
--- http_config
    map $foo $mapped {
        default other;
        lua     "from lua";
    }
--- config
    location = /t {
        set $foo "";
        content_by_lua_block {
            ngx.var.foo = "lua"
            ngx.say(ngx.var.mapped)
        }
    }
--- response_body
from lua



=== TEST 27: a variable that is not defined cannot be written
--- http_config eval: $::HttpConfig
--- config
    location = /t {
        content_by_lua_block {
            local write = require "write"
            for _, name in ipairs {"undefined", "arg_a", "http_x_foo", "cookie_c", "1"} do
                ngx.say(write(name, "x"))
            end
        }
    }
--- request
GET /t?a=1
--- response_body
error: variable "undefined" not found for writing; maybe it is a built-in variable that is not changeable or you forgot to use "set $undefined '';" in the config file to define it first
error: variable "arg_a" not found for writing; maybe it is a built-in variable that is not changeable or you forgot to use "set $arg_a '';" in the config file to define it first
error: variable "http_x_foo" not found for writing; maybe it is a built-in variable that is not changeable or you forgot to use "set $http_x_foo '';" in the config file to define it first
error: variable "cookie_c" not found for writing; maybe it is a built-in variable that is not changeable or you forgot to use "set $cookie_c '';" in the config file to define it first
error: variable "1" not found for writing; maybe it is a built-in variable that is not changeable or you forgot to use "set $1 '';" in the config file to define it first



=== TEST 28: what cannot be written cannot be taken away either
--- http_config eval: $::HttpConfig
--- config
    location = /t {
        content_by_lua_block {
            local write = require "write"
            ngx.say(write("uri", nil))
            ngx.say((write("undefined", nil):match("^[^;]+")))
        }
    }
--- response_body
error: variable "uri" not changeable
error: variable "undefined" not found for writing



=== TEST 29: args set to nil
--- http_config eval: $::HttpConfig
--- config
    location = /t {
        content_by_lua_block { ngx.say(require "write" ("args", nil), " [", ngx.var.is_args, "]") }
    }
--- request
GET /t?a=1
--- response_body
nil []



=== TEST 30: upstream variables in the header filter and in log
--- config
    location = /t {
        proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/up;
        header_filter_by_lua_block {
            ngx.header["Seen"] = ngx.var.upstream_status .. " " .. ngx.var.upstream_http_x_up .. " "
                                 .. tostring(ngx.var.upstream_http_x_none)
        }
        log_by_lua_block {
            ngx.log(ngx.WARN, "upstream: ", ngx.var.upstream_addr, " status: ", ngx.var.status)
        }
    }
    location = /up {
        content_by_lua_block {
            ngx.status = 201
            ngx.header["X-Up"] = "up"
            ngx.say("up")
        }
    }
--- error_code: 201
--- response_headers
Seen: 201 up nil
--- response_body
up
--- error_log eval
qr/upstream: 127\.0\.0\.1:\d+ status: 201/



=== TEST 31: a binary variable
--- config
    location = /t {
        content_by_lua_block { ngx.say(ngx.var.binary_remote_addr == "\127\0\0\1") }
    }
--- response_body
true



=== TEST 32: pairs finds no variables
--- config
    location = /t {
        set $foo "bar";
        content_by_lua_block { ngx.say(type(ngx.var), " ", next(ngx.var)) }
    }
--- response_body
table nil



=== TEST 33: without a request: not in init, not in init_worker
--- http_config
    init_by_lua_block {
        local results = {}
        package.loaded.results = results
        function results.try(phase)
            local ok, err = pcall(function() return ngx.var.uri end)
            results[#results + 1] = phase .. " read: " .. tostring(ok) .. " " .. err:gsub("^.-:%d+: ", "")
            ok, err = pcall(function() ngx.var.foo = 1 end)
            results[#results + 1] = phase .. " write: " .. tostring(ok) .. " " .. err:gsub("^.-:%d+: ", "")
            ok, err = pcall(function() return ngx.var[1] end)
            results[#results + 1] = phase .. " capture: " .. tostring(ok) .. " " .. err:gsub("^.-:%d+: ", "")
        end
        results.try("init")
    }
    init_worker_by_lua_block { require "results".try("init_worker") }
--- config
    location = /t {
        set $foo "";
        content_by_lua_block { ngx.say(table.concat(require "results", "\n")) }
    }
--- response_body
init read: false no request found
init write: false no request found
init capture: false no request found
init_worker read: false API disabled in the current context
init_worker write: false API disabled in the current context
init_worker capture: false API disabled in the current context



=== TEST 34: a variable of set_by_lua, written later
--- config
    location = /t {
        set_by_lua_block $foo { return "set" }
        rewrite_by_lua_block { ngx.var.foo = ngx.var.foo .. " rewrite" }
        content_by_lua_block { ngx.say(ngx.var.foo) }
    }
--- response_body
set rewrite



=== TEST 35: many reads see each new value
--- config
    location = /t {
        set $foo "";
        content_by_lua_block {
            local wrong = 0
            for i = 1, 500 do
                ngx.var.foo = i
                local arg, missing = ngx.var.arg_a, ngx.var.nonesuch
                if ngx.var.foo ~= tostring(i) or ngx.var.FOO ~= tostring(i) or arg ~= "1" or missing then
                    wrong = wrong + 1
                end
            end
            ngx.say(wrong, " wrong")
        }
    }
--- request
GET /t?a=1
--- response_body
0 wrong



=== TEST 36: reads where LuaJIT's compiler is off
--- http_config
    init_by_lua_block { jit.off() }
--- config
    location ~ ^/(t)$ {
        set $foo "";
        content_by_lua_block {
            for _ = 1, 2 do
                ngx.say(ngx.var.request_method, " ", ngx.var.ARG_a, " ", ngx.var.foo, "|",
                    ngx.var.nonesuch, " ", ngx.var[1])
            end
        }
    }
--- request
GET /t?a=1
--- response_body
GET 1 |nil t
GET 1 |nil t



=== TEST 37: the error of a read names the line, also in code that LuaJIT has compiled
--- config
    location = /t {
        content_by_lua_block {
            local function read(name)
                return ngx.var[name]
            end
            for _ = 1, 300 do
                read("uri")
            end
            ngx.say(select(2, pcall(read, true)))
        }
    }
--- response_body_like chop
^content_by_lua\(nginx\.conf:\d+\):3: bad variable name$
