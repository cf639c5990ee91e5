# ngx.var: writing, compiled code, variables of other directives.

use Test::Nginx::Socket::Lua 'no_plan';

add_block_preprocessor(sub {
    my ($block) = @_;
    $block->set_value("request", "GET /t")
        if !defined $block->request && !defined $block->raw_request
            && !defined $block->pipelined_requests;
    $block->set_value("no_error_log", "[error]")
        if !defined $block->error_log && !defined $block->no_error_log;
    $block->set_value("http_config", $::HttpConfig)
        if !defined $block->http_config;
});

our $HttpConfig = <<'_EOC_';
    init_by_lua_block {
        -- A value in one line: strings quoted, arrays and tables with sorted keys.
        local function show(value)
            if type(value) == "string" then
                return '"' .. value .. '"'
            elseif type(value) ~= "table" then
                return tostring(value)
            end
            local parts = {}
            for i, element in ipairs(value) do
                parts[i] = show(element)
            end
            if #parts > 0 then
                return "{" .. table.concat(parts, " | ") .. "}"
            end
            for key, element in pairs(value) do
                parts[#parts + 1] = key .. "=" .. show(element)
            end
            table.sort(parts)
            return "{" .. table.concat(parts, " ") .. "}"
        end
        package.loaded.show = show

        -- What a call returns, or its error without the place.
        package.loaded.try = function(f, ...)
            local results = {pcall(f, ...)}
            if not results[1] then
                return "error: " .. tostring(results[2]):gsub("^.-:%d+: ", "")
            end
            local parts = {}
            for i = 2, table.maxn(results) do
                parts[i - 1] = show(results[i])
            end
            return #parts > 0 and table.concat(parts, ", ") or "nothing"
        end
    }
_EOC_

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: compiled code writes and reads
--- config
    set $value "";
    location = /t {
        content_by_lua_block {
            local var, sum = ngx.var, 0
            for i = 1, 300 do
                var.value = "v" .. i
                var.VALUE = var.value .. "x"
                sum = sum + #var.value
            end
            ngx.say(sum, " ", var.value)
        }
    }
--- response_body
1392 v300x



=== TEST 2: compiled code writes numbers, booleans, nil and others
--- config
    set $value "";
    location = /t {
        content_by_lua_block {
            local T = setmetatable({}, {__tostring = function() return "T" end})
            local var, values, lines = ngx.var, {1, 2.5, true, T, "", "s"}, {}
            for i = 1, 700 do
                local n = i % 7 + 1
                var.value = values[n]
                lines[n] = require "show"(var.value)
            end
            ngx.say(table.concat(lines, " "))
        }
    }
--- response_body
"1" "2.5" "true" "T" "" "s" nil



=== TEST 3: compiled code in one request after the other
--- config
    set $value "start";
    location = /t {
        content_by_lua_block {
            local before
            for i = 1, 200 do
                before = before or ngx.var.value
                ngx.var.value = ngx.var.arg_v .. i
            end
            ngx.say(before, " ", ngx.var.value)
        }
    }
--- request eval
["GET /t?v=a", "GET /t?v=b", "GET /t?v=c"]
--- response_body eval
["start a200\n", "start b200\n", "start c200\n"]



=== TEST 4: compiled code that cannot write raises in its line
--- config
    location = /t {
        content_by_lua_block {
            local function set(name, value)
                ngx.var[name] = value
            end
            local errors = {}
            for i = 1, 200 do
                local ok, err = pcall(set, i % 2 == 0 and "uri" or "nope", "x")
                errors[i % 2] = err
            end
            ngx.say(errors[0])
            ngx.say(errors[1])
        }
    }
--- response_body_like
^content_by_lua\(nginx\.conf:\d+\):3: variable "uri" not changeable
content_by_lua\(nginx\.conf:\d+\):3: variable "nope" not found for writing; maybe it is a built-in variable that is not changeable or you forgot to use "set \$nope '';" in the config file to define it first$



=== TEST 5: limit_rate, in compiled code too, takes sizes and nothing else
--- config
    location = /t {
        content_by_lua_block {
            local lines = {}
            for i, value in ipairs {"100k", "5m", 0, 4096, "x", ""} do
                for _ = 1, i < 5 and 100 or 1 do ngx.var.limit_rate = value end
                lines[i] = ngx.var.limit_rate
            end
            ngx.var.limit_rate = 0
            ngx.say(table.concat(lines, " "))
        }
    }
--- response_body
102400 5242880 0 4096 4096 4096
--- grep_error_log eval
qr/invalid \$limit_rate "\w*"/
--- grep_error_log_out
invalid $limit_rate "x"
invalid $limit_rate ""
--- no_error_log
[alert]



=== TEST 6: args written are what the request functions and $arg_ see
--- config
    location = /t {
        content_by_lua_block {
            ngx.var.args = "a=1&b=2"
            ngx.say(ngx.var.arg_a, " ", ngx.req.get_uri_args().b, " ", ngx.var.is_args, " ", ngx.var.query_string)
            for _ = 1, 200 do ngx.var.args = "c=3" end
            ngx.say(ngx.var.arg_a, " ", ngx.var.arg_c, " ", ngx.var.args)
            ngx.var.args = ""
            ngx.say("[", ngx.var.args, "] [", ngx.var.is_args, "]")
        }
    }
--- request
GET /t?x=y
--- response_body
1 2 ? a=1&b=2
nil 3 c=3
[] []



=== TEST 7: a written variable is what directives and later phases use
--- config
    set $target "";
    set $limit "";
    location = /t {
        rewrite_by_lua_block {
            ngx.var.target = "back"
            ngx.var.limit = "1"
        }
        proxy_set_header X-Limit $limit;
        proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/$target;
    }
    location = /back { content_by_lua_block { ngx.say("limit ", ngx.var.http_x_limit) } }
--- response_body
limit 1



=== TEST 8: variables of map are computed anew when their source was written
--- http_config
    map $source $mapped {
        default  none;
        a        A;
        ~^b(.*)  $1;
    }
    map $source $volatile_one {
        volatile;
        default none;
        a       A;
        b       B;
    }
--- config
    set $source "a";
    location = /t {
        content_by_lua_block {
            local lines = {ngx.var.mapped .. ngx.var.volatile_one}
            ngx.var.source = "b"
            lines[2] = ngx.var.mapped .. ngx.var.volatile_one
            ngx.say(table.concat(lines, " "))
        }
    }
--- response_body
AA B



=== TEST 9: variables of geo and split_clients read and cannot be written
--- http_config
    geo $net {
        default      far;
        127.0.0.0/8  near;
    }
    split_clients "x" $half { * all; }
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.var.net, " ", ngx.var.half)
            for _, name in ipairs {"net", "half"} do
                local ok, err = pcall(function() ngx.var[name] = "x" end)
                ngx.say(ok, " ", (err:gsub("^.-:%d+: ", "")))
            end
        }
    }
--- response_body
near all
false variable "net" cannot be assigned a value
false variable "half" cannot be assigned a value



=== TEST 10: a variable of set inside if that did not apply
--- config
    location = /t {
        set $always "a";
        if ($arg_x) { set $sometimes "s"; }
        content_by_lua_block {
            ngx.say(require "show"(ngx.var.always), " ", require "show"(ngx.var.sometimes))
            ngx.var.sometimes = "lua"
            ngx.say(ngx.var.sometimes)
        }
    }
--- response_body
"a" ""
lua
--- no_error_log
[error]



=== TEST 11: captures of the location are not lost by a write
--- config
    set $value "";
    location ~ ^/t/(\w+)/(?<name>\w+)$ {
        content_by_lua_block {
            ngx.var.value = ngx.var[1] .. ngx.var[2]
            ngx.say(ngx.var[1], " ", ngx.var[2], " ", ngx.var.name, " ", ngx.var.value)
            ngx.var.name = "written"
            ngx.say(ngx.var.name, " ", ngx.var[2])
        }
    }
--- request
GET /t/a/b
--- response_body
a b b ab
written b



=== TEST 12: numbers as keys
--- config
    location ~ ^/t(x)(y)?(z)$ {
        content_by_lua_block {
            local lines = {}
            for i, key in ipairs {0, 1, 2, 3, 4, -1, 1.9, 1e9, 2^53} do
                lines[i] = require "show"(ngx.var[key])
            end
            lines[#lines + 1] = require "show"(ngx.var["1"])
            ngx.say(table.concat(lines, " "))
        }
    }
--- request
GET /txz
--- response_body
nil "x" "" "z" nil nil "x" nil nil nil



=== TEST 13: keys that name no variable: read, written
--- config
    location = /t {
        content_by_lua_block {
            local try = require "try"
            for _, key in ipairs {true, {}, print} do
                ngx.say(try(function() return ngx.var[key] end), ", ", try(function() ngx.var[key] = "x" end))
            end
            ngx.say(try(function() return ngx.var[nil] end), ", ", try(function() ngx.var[nil] = "x" end))
            ngx.say(try(function() ngx.var[1] = "x" end), ", ", require "show"(ngx.var[""]))
        }
    }
--- response_body
error: bad variable name, error: bad variable name
error: bad variable name, error: bad variable name
error: bad variable name, error: bad variable name
error: bad variable name, error: bad variable name
error: bad variable name, nil



=== TEST 14: an error of __tostring is passed on, and nothing is written
--- config
    set $value "old";
    location = /t {
        content_by_lua_block {
            local bad = setmetatable({}, {__tostring = function() error("boom", 0) end})
            ngx.say(require "try"(function() ngx.var.value = bad end), " ", ngx.var.value)
        }
    }
--- response_body
error: boom old



=== TEST 15: names in any case, read and written
--- config
    set $Some_Value "a";
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.var.some_value, ngx.var.SOME_VALUE, ngx.var.Some_Value)
            for _ = 1, 100 do ngx.var.SoMe_VaLuE = "b" end
            ngx.say(ngx.var.some_value, ngx.var.SOME_VALUE)
        }
    }
--- response_body
aaa
bb



=== TEST 16: values of any bytes and of a megabyte
--- config
    set $value "";
    location = /t {
        content_by_lua_block {
            local all = {}
            for i = 0, 255 do all[i + 1] = string.char(i) end
            all = table.concat(all)
            ngx.var.value = all
            local same = ngx.var.value == all
            local long = ("0123456789abcdef"):rep(65536)
            ngx.var.value = long
            ngx.say(same, " ", #ngx.var.value, " ", ngx.var.value == long)
        }
    }
--- response_body
true 1048576 true



=== TEST 17: 200 variables
--- config eval
join("", map { "    set \$v$_ \"\";\n" } 1 .. 200) . <<'_EOC_'
    location = /t {
        content_by_lua_block {
            for i = 1, 200 do ngx.var["v" .. i] = i end
            local sum = 0
            for i = 1, 200 do sum = sum + ngx.var["v" .. i] end
            ngx.say(sum)
        }
    }
_EOC_
--- http_config eval
$::HttpConfig . "variables_hash_max_size 2048;"
--- response_body
20100



=== TEST 18: names up to 10 KB that no variable has
--- config
    location = /t {
        content_by_lua_block {
            local lines = {}
            for i, length in ipairs {63, 64, 65, 4096, 10000} do
                local name = ("n"):rep(length)
                local ok, err = pcall(function() ngx.var[name] = "x" end)
                lines[i] = tostring(ngx.var[name]) .. tostring(ok) .. tostring(err:find(name, 1, true) ~= nil)
            end
            ngx.say(table.concat(lines, " "))
        }
    }
--- response_body_like
^nilfalsetrue nilfalsetrue nilfalsetrue nilfalse(?:true|false) nilfalse(?:true|false)$



=== TEST 19: prefix variables cannot be written
--- config
    location = /t {
        content_by_lua_block {
            for _, name in ipairs {"arg_a", "http_host", "http_x_foo", "cookie_a", "sent_http_x_foo",
                                   "upstream_http_x", "sent_trailer_x"} do
                local ok, err = pcall(function() ngx.var[name] = "x" end)
                ngx.say(name, " ", ok, " ", err:match("(variable.- for) writing") or err:match("variable.*"))
            end
        }
    }
--- response_body
arg_a false variable "arg_a" not found for
http_host false variable "http_host" not changeable
http_x_foo false variable "http_x_foo" not found for
cookie_a false variable "cookie_a" not found for
sent_http_x_foo false variable "sent_http_x_foo" not found for
upstream_http_x false variable "upstream_http_x" not found for
sent_trailer_x false variable "sent_trailer_x" not found for



=== TEST 20: prefix variables read in each phase
--- config
    location = /t {
        set_by_lua_block $a { return ngx.var.arg_x .. ngx.var.http_x_foo }
        access_by_lua_block { ngx.ctx.access = ngx.var.cookie_c }
        content_by_lua_block {
            ngx.header["X-Bar"] = "bar"
            ngx.say(ngx.var.a, " ", ngx.ctx.access, " ", ngx.var.sent_http_x_bar)
        }
        log_by_lua_block { ngx.log(ngx.WARN, "log: ", ngx.var.sent_http_x_bar, ngx.var.arg_x) }
    }
--- request
GET /t?x=1
--- more_headers
X-Foo: foo
Cookie: b=2; c=3
--- response_body
1foo 3 bar
--- error_log
log: bar1



=== TEST 21: a prefix variable that directives use, read and refused
--- config
    location = /t {
        set $copy $arg_x;
        content_by_lua_block {
            for _ = 1, 100 do assert(ngx.var.arg_x == "1") end
            ngx.say(ngx.var.copy, " ", require "try"(function() ngx.var.arg_x = "2" end))
        }
    }
--- request
GET /t?x=1
--- response_body_like
^1 error: variable "arg_x" not (?:changeable|found for writing; .*)$



=== TEST 22: writes in each phase
--- config
    set $value "";
    location = /t {
        set_by_lua_block $b { ngx.var.value = ngx.var.value .. "s" return "" }
        rewrite_by_lua_block { ngx.var.value = ngx.var.value .. "r" }
        access_by_lua_block { ngx.var.value = ngx.var.value .. "a" }
        content_by_lua_block {
            ngx.var.value = ngx.var.value .. "c"
            ngx.say(ngx.var.value)
        }
        header_filter_by_lua_block { ngx.var.value = ngx.var.value .. "h" }
        body_filter_by_lua_block { if ngx.arg[2] then ngx.var.value = ngx.var.value .. "b" end }
        log_by_lua_block {
            ngx.var.value = ngx.var.value .. "l"
            ngx.log(ngx.WARN, "log: ", ngx.var.value)
        }
    }
--- response_body
srac
--- error_log
log: srachbl



=== TEST 23: what log writes shows in the access log
--- http_config
    log_format values "value=$value";
--- config
    set $value "old";
    location = /t {
        access_log logs/access.log values;
        content_by_lua_block { ngx.say("ok") }
        log_by_lua_block { ngx.var.value = "new" }
    }
--- response_body
ok
--- access_log
value=new



=== TEST 24: nil and then reading, in compiled code
--- config
    set $value "";
    location = /t {
        content_by_lua_block {
            local count = 0
            for i = 1, 300 do
                ngx.var.value = i % 2 == 0 and "x" or nil
                if ngx.var.value == nil then count = count + 1 end
            end
            ngx.say(count)
        }
    }
--- response_body
150



=== TEST 25: rawset hides a variable until it is taken away
--- config
    location = /t {
        content_by_lua_block {
            rawset(ngx.var, "uri", "hidden")
            local hidden = ngx.var.uri
            rawset(ngx.var, "uri", nil)
            ngx.say(hidden, " ", ngx.var.uri)
        }
    }
--- response_body
hidden /t



=== TEST 26: the modules resty.core.var and resty.core.response change nothing
--- config
    set $value "";
    location = /t {
        content_by_lua_block {
            local var, header = ngx.var, ngx.header
            local modules = {require "resty.core.var", require "resty.core.response", require "resty.core.ctx"}
            ngx.say(ngx.var == var, " ", ngx.header == header)
            for i, module in ipairs(modules) do
                ngx.say(type(module), " ", type(module.version or module._VERSION))
            end
            var.value = "x"
            ngx.say(var.value)
        }
    }
--- response_body
true true
table string
table string
table string
x



=== TEST 27: a subrequest writes its own variables
--- config
    set $value "main";
    location = /t {
        content_by_lua_block { ngx.say(ngx.var.value) }
        auth_request /auth;
    }
    location = /auth {
        internal;
        rewrite_by_lua_block { ngx.var.value = "sub" }
        return 200;
    }
--- response_body
main
