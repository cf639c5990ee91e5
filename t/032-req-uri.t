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
        -- What a function answers, or its error without the place.
        package.loaded.try = function(f, ...)
            local ok, result = pcall(f, ...)
            if ok then
                return tostring(result)
            end
            return "error: " .. result:gsub("^.-:%d+: ", "")
        end

        -- A table of arguments as text: {a="1", b={true, ""}}
        local function show(value)
            if type(value) ~= "table" then
                return type(value) == "string" and '"' .. value .. '"' or tostring(value)
            end
            local parts, keys = {}, {}
            for _, element in ipairs(value) do
                parts[#parts + 1] = show(element)
            end
            for key in pairs(value) do
                keys[#keys + 1] = type(key) == "string" and key or nil
            end
            table.sort(keys)
            for _, key in ipairs(keys) do
                parts[#parts + 1] = key .. "=" .. show(value[key])
            end
            return "{" .. table.concat(parts, ", ") .. "}"
        end
        package.loaded.show = show
    }
_EOC_

our $ShowArgs = <<'_EOC_';
    location = /t {
        content_by_lua_block { ngx.say(require "show" (ngx.req.get_uri_args())) }
    }
_EOC_

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: names and values of the arguments
--- http_config eval: $::HttpConfig
--- config eval: $::ShowArgs
--- request
GET /t?a=1&b=two&C=3
--- response_body
{C="3", a="1", b="two"}



=== TEST 2: without a value it is true, with an empty one an empty string
--- http_config eval: $::HttpConfig
--- config eval: $::ShowArgs
--- request
GET /t?a&b=&c
--- response_body
{a=true, b="", c=true}



=== TEST 3: repeated names are an array in order
--- http_config eval: $::HttpConfig
--- config eval: $::ShowArgs
--- request
GET /t?a=1&b=x&a&a=&a=4
--- response_body
{a={"1", true, "", "4"}, b="x"}



=== TEST 4: names that differ in case are different
--- http_config eval: $::HttpConfig
--- config eval: $::ShowArgs
--- request
GET /t?a=1&A=2
--- response_body
{A="2", a="1"}



=== TEST 5: arguments without a name are dropped
--- http_config eval: $::HttpConfig
--- config eval: $::ShowArgs
--- request
GET /t?=1&&a=2&=&&
--- response_body
{a="2"}



=== TEST 6: plus signs and percent codes are decoded in names and values
--- http_config eval: $::HttpConfig
--- config eval: $::ShowArgs
--- request
GET /t?a+b=c+d&%61%2b=%3D%26%2B&e%20=%e4%F6
--- response_body eval
qq[{a b="c d", a+="=&+", e ="\xe4\xf6"}\n]



=== TEST 7: percent signs without a code stay
--- http_config eval: $::HttpConfig
--- config eval: $::ShowArgs
--- request
GET /t?a=%&b=%4&c=%zz&d=%%41&e=100%
--- response_body
{a="%", b="%4", c="%zz", d="%A", e="100%"}



=== TEST 8: only the first equals sign separates, semicolons do not
--- http_config eval: $::HttpConfig
--- config eval: $::ShowArgs
--- request
GET /t?a=b=c&d==&e=1;f=2
--- response_body
{a="b=c", d="=", e="1;f=2"}



=== TEST 9: encoded separators are part of a name or value
--- http_config eval: $::HttpConfig
--- config eval: $::ShowArgs
--- request
GET /t?a%26b=1&c%3Dd
--- response_body
{a&b="1", c=d=true}



=== TEST 10: a NUL byte is a byte like others
--- config
    location = /t {
        content_by_lua_block {
            local args = ngx.req.get_uri_args()
            ngx.say(#args["a\0b"], " ", args["a\0b"] == "\0\1")
        }
    }
--- request
GET /t?a%00b=%00%01
--- response_body
2 true



=== TEST 11: no arguments, an empty table
--- http_config eval: $::HttpConfig
--- config eval: $::ShowArgs
--- request eval
["GET /t", "GET /t?", "GET /t?&&"]
--- response_body eval
["{}\n", "{}\n", "{}\n"]



=== TEST 12: a fragment is no argument
--- http_config eval: $::HttpConfig
--- config eval: $::ShowArgs
--- request
GET /t?a=1#b=2
--- response_body
{a="1"}



=== TEST 13: the limit keeps the first arguments and says "truncated"
--- http_config eval: $::HttpConfig
--- config
    location = /t {
        content_by_lua_block {
            local show = require "show"
            for _, max in ipairs {1, 2, 3, 4, 0} do
                local args, err = ngx.req.get_uri_args(max)
                ngx.say(max, ": ", show(args), " ", err)
            end
        }
    }
--- request
GET /t?a=1&b=2&a=3
--- response_body
1: {a="1"} truncated
2: {a="1", b="2"} truncated
3: {a={"1", "3"}, b="2"} nil
4: {a={"1", "3"}, b="2"} nil
0: {a={"1", "3"}, b="2"} nil



=== TEST 14: arguments without a name count for "truncated", but take no room
--- http_config eval: $::HttpConfig
--- config
    location = /t {
        content_by_lua_block {
            local show = require "show"
            for _, max in ipairs {1, 2, 4, 5} do
                local args, err = ngx.req.get_uri_args(max)
                ngx.say(max, ": ", show(args), " ", err)
            end
        }
    }
--- request
GET /t?=1&&=2&a=1&b=2
--- response_body
1: {a="1"} truncated
2: {a="1", b="2"} truncated
4: {a="1", b="2"} truncated
5: {a="1", b="2"} nil



=== TEST 15: the limit is 100 unless told, 0 is none, below 0 is 100
--- config
    location = /t {
        content_by_lua_block {
            for _, max in ipairs {100, -1, -7, 0, 109, 110} do
                local args, err = ngx.req.get_uri_args(max)
                local count = 0
                for _ in pairs(args) do count = count + 1 end
                ngx.say(max, ": ", count, " ", err)
            end
            local args, err = ngx.req.get_uri_args()
            ngx.say("none: ", args.a100, " ", args.a101, " ", err)
            args, err = ngx.req.get_uri_args(nil)
            ngx.say("nil: ", args.a100, " ", args.a101, " ", err)
        }
    }
--- request eval
"GET /t?" . join "&", map { "a$_=$_" } 1 .. 110
--- response_body
100: 100 truncated
-1: 100 truncated
-7: 100 truncated
0: 110 nil
109: 109 truncated
110: 110 nil
none: 100 nil truncated
nil: 100 nil truncated



=== TEST 16: a limit that is not a number is an error
--- http_config eval: $::HttpConfig
--- config
    location = /t {
        content_by_lua_block {
            local try = require "try"
            ngx.say(try(ngx.req.get_uri_args, "2"))
            ngx.say(try(ngx.req.get_uri_args, {}))
        }
    }
--- response_body_like
^error: bad argument #2 to '\S+' \(cannot convert 'string' to 'int'\)
error: bad argument #2 to '\S+' \(cannot convert 'table' to 'int'\)$



=== TEST 17: false for a limit and for a table is as if they were not there
--- http_config eval: $::HttpConfig
--- config
    location = /t {
        content_by_lua_block {
            local args, err = ngx.req.get_uri_args(false, false)
            ngx.say(require "show" (args), " ", err)
        }
    }
--- request
GET /t?a=1
--- response_body
{a="1"} nil



=== TEST 18: a given table is emptied, filled and returned
--- http_config eval: $::HttpConfig
--- config
    location = /t {
        content_by_lua_block {
            local show = require "show"
            local tab = {"one", old = "value"}
            local args, err = ngx.req.get_uri_args(1, tab)
            ngx.say(args == tab, " ", show(tab), " ", err)
            ngx.req.set_uri_args("")
            args, err = ngx.req.get_uri_args(nil, tab)
            ngx.say(args == tab, " ", show(tab), " ", err)
        }
    }
--- request
GET /t?a=1&b=2
--- response_body
true {a="1"} truncated
true {} nil



=== TEST 19: long arguments
--- config
    large_client_header_buffers 4 32k;

    location = /t {
        content_by_lua_block {
            local args = ngx.req.get_uri_args()
            local name, value = ("n"):rep(5000), ("v "):rep(5000)
            ngx.say(args[name] == value, " ", args.last)
        }
    }
--- request eval
"GET /t?" . "n" x 5000 . "=" . "v+" x 5000 . "&last=1"
--- response_body
true 1



=== TEST 20: every call decodes anew
--- http_config eval: $::HttpConfig
--- config
    location = /t {
        content_by_lua_block {
            local show = require "show"
            local args = ngx.req.get_uri_args()
            args.a = "changed"
            ngx.say(show(ngx.req.get_uri_args()), " ", ngx.var.args)
        }
    }
--- request
GET /t?a=%31
--- response_body
{a="1"} a=%31



=== TEST 21: arguments of an absolute request URI
--- http_config eval: $::HttpConfig
--- config eval: $::ShowArgs
--- raw_request eval
"GET http://example.org/t?a=1 HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n"
--- response_body
{a="1"}



=== TEST 22: arguments that nginx's own directives have set
--- http_config eval: $::HttpConfig
--- config
    location = /t {
        rewrite ^ /next?b=2;
    }
    location = /next {
        set $args "$args&c=3";
        content_by_lua_block { ngx.say(require "show" (ngx.req.get_uri_args())) }
    }
--- request
GET /t?a=1
--- response_body
{a="1", b="2", c="3"}



=== TEST 23: get_uri_args in every phase of a request
--- config
    location = /t {
        set_by_lua_block $set { return ngx.req.get_uri_args().a }
        rewrite_by_lua_block { ngx.ctx.rewrite = ngx.req.get_uri_args().a }
        access_by_lua_block { ngx.ctx.access = ngx.req.get_uri_args().a }
        content_by_lua_block {
            ngx.say(ngx.var.set, " ", ngx.ctx.rewrite, " ", ngx.ctx.access, " ",
                    ngx.req.get_uri_args().a)
        }
        header_filter_by_lua_block { ngx.header["X-Header-Filter"] = ngx.req.get_uri_args().a }
        body_filter_by_lua_block {
            if ngx.arg[2] then
                ngx.arg[1] = ngx.arg[1] .. ngx.req.get_uri_args().a .. "\n"
            end
        }
        log_by_lua_block { ngx.log(ngx.WARN, "log: ", ngx.req.get_uri_args().a) }
    }
--- request
GET /t?a=1
--- response_headers
X-Header-Filter: 1
--- response_body
1 1 1 1
1
--- error_log
log: 1



=== TEST 24: set_uri_args with a string changes the query string and its variables
--- http_config eval: $::HttpConfig
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.set_uri_args("c=3&d")
            ngx.say(require "show" (ngx.req.get_uri_args()))
            ngx.say(ngx.var.args, " ", ngx.var.query_string, " ", ngx.var.is_args)
            ngx.say(ngx.var.arg_c, " ", ngx.var.arg_a, " ", ngx.var.uri, " ", ngx.var.request_uri)
        }
    }
--- request
GET /t?a=1
--- response_body
{c="3", d=true}
c=3&d c=3&d ?
3 nil /t /t?a=1



=== TEST 25: set_uri_args with an empty string or table leaves no arguments
--- http_config eval: $::HttpConfig
--- config
    location = /t {
        content_by_lua_block {
            for _, args in ipairs {"", {}} do
                ngx.req.set_uri_args("a=1")
                ngx.req.set_uri_args(args)
                ngx.say(require "show" (ngx.req.get_uri_args()),
                        " [", ngx.var.args, "] [", ngx.var.is_args, "]")
            end
        }
    }
--- response_body
{} [] []
{} [] []



=== TEST 26: control bytes and blanks in a string are escaped, nothing else is
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.set_uri_args("a=\0\1\r\n b\31\127\128\255?#%\"<>{}|&c=ä")
            ngx.say(ngx.var.args)
        }
    }
--- response_body eval
qq[a=%00%01%0D%0A%20b%1F%7F\x80\xff?#%"<>{}|&c=\xc3\xa4\n]



=== TEST 27: set_uri_args with a number
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.set_uri_args(32)
            ngx.print(ngx.var.args, " ")
            ngx.req.set_uri_args(-1.5)
            ngx.say(ngx.var.args)
        }
    }
--- response_body
32 -1.5



=== TEST 28: set_uri_args with a table encodes names and values
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.set_uri_args {["a b"] = "c&d=+%/ä\n"}
            ngx.say(ngx.var.args)
        }
    }
--- response_body
a%20b=c%26d%3D%2B%25%2F%C3%A4%0A



=== TEST 29: numbers, booleans and arrays in a table
--- config
    location = /t {
        content_by_lua_block {
            for _, value in ipairs {3.5, true, "", {1, "b", true, false, ""}, {}, false} do
                ngx.req.set_uri_args {a = value}
                ngx.say("[", ngx.var.args, "]")
            end
        }
    }
--- response_body
[a=3.5]
[a]
[a=]
[a=1&a=b&a&a=]
[]
[]



=== TEST 30: all values of an inner table count, whatever their keys
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.set_uri_args {a = {"b", nil, "d"}}
            ngx.print(ngx.var.args, " ")
            ngx.req.set_uri_args {a = {key = "value"}}
            ngx.say(ngx.var.args)
        }
    }
--- response_body
a=b&a=d a=value



=== TEST 31: several names in a table
--- http_config eval: $::HttpConfig
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.set_uri_args {a = 1, b = {"x", "y"}, c = true, d = false, e = "ö"}
            ngx.say(require "show" (ngx.req.get_uri_args()))
        }
    }
--- response_body
{a="1", b={"x", "y"}, c=true, e="ö"}



=== TEST 32: what set_uri_args refuses
--- http_config eval: $::HttpConfig
--- config
    location = /t {
        content_by_lua_block {
            local try = require "try"
            local set = ngx.req.set_uri_args
            ngx.say(try(set, nil))
            ngx.say(try(set, true))
            ngx.say(try(set, print))
            ngx.say(try(set, ngx.null))
            ngx.say(try(set))
            ngx.say(try(set, "a", "b"))
            ngx.say(try(set, {[1] = "a"}))
            ngx.say(try(set, {a = print}))
            ngx.say(try(set, {a = {{}}}))
            ngx.say(ngx.var.args)
        }
    }
--- request
GET /t?kept
--- response_body
error: bad argument #1 to '?' (string, number, or table expected, but got nil)
error: bad argument #1 to '?' (string, number, or table expected, but got boolean)
error: bad argument #1 to '?' (string, number, or table expected, but got function)
error: bad argument #1 to '?' (string, number, or table expected, but got userdata)
error: expecting 1 argument but seen 0
error: expecting 1 argument but seen 2
error: attempt to use a non-string key in the "args" option table
error: attempt to use function as query arg value
error: attempt to use table as query arg value
kept



=== TEST 33: set_uri_args names its function in an error
--- config
    location = /t {
        content_by_lua_block {
            local _, err = pcall(function() ngx.req.set_uri_args(false) end)
            ngx.say((err:gsub("^.-:%d+: ", "")))
        }
    }
--- response_body
bad argument #1 to 'set_uri_args' (string, number, or table expected, but got boolean)



=== TEST 34: changed arguments go to a proxied server
--- config
    location = /t {
        access_by_lua_block { ngx.req.set_uri_args {["a b"] = "\n"} }
        proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT;
        proxy_set_header X-Proxied 1;
        if ($http_x_proxied) {
            return 200 "$request_uri\n";
        }
    }
--- request
GET /t?x=1
--- response_body
/t?a%20b=%0A



=== TEST 35: set_uri_args in the phases around content
--- config
    location = /t {
        set_by_lua_block $set { ngx.req.set_uri_args("set") return ngx.var.args }
        rewrite_by_lua_block { ngx.ctx.seen = ngx.var.args ngx.req.set_uri_args("rewrite") }
        access_by_lua_block {
            ngx.ctx.seen = ngx.ctx.seen .. " " .. ngx.var.args
            ngx.req.set_uri_args("access")
        }
        content_by_lua_block { ngx.say(ngx.ctx.seen, " ", ngx.var.args) }
        header_filter_by_lua_block { ngx.req.set_uri_args("header_filter") }
        body_filter_by_lua_block {
            ngx.ctx.body_filter = ngx.ctx.body_filter or ngx.var.args
            ngx.req.set_uri_args("body_filter")
        }
        log_by_lua_block { ngx.log(ngx.WARN, ngx.ctx.body_filter, " ", ngx.var.args) }
    }
--- response_body
set rewrite access
--- error_log
header_filter body_filter



=== TEST 36: set_uri without a jump changes the URI, not the location
--- config
    location = /t {
        rewrite_by_lua_block { ngx.req.set_uri("/other") }
        content_by_lua_block {
            ngx.say(ngx.var.uri, " ", ngx.var.document_uri, " ", ngx.var.request_uri)
            ngx.say(ngx.var.args, " ", ngx.req.get_uri_args().a)
        }
    }
    location = /other {
        return 200 "the other location";
    }
--- request
GET /t?a=1
--- response_body
/other /other /t?a=1
a=1 1



=== TEST 37: another URI is another static file, of another type
--- config
    types { text/html html; text/x-special x; }

    location /dir/ {
        rewrite_by_lua_block { ngx.req.set_uri("/dir/b.x") }
        root html;
    }
--- user_files
>>> dir/a.html
a
>>> dir/b.x
b
--- request
GET /dir/a.html
--- response_headers
Content-Type: text/x-special
--- response_body
b



=== TEST 38: set_uri with a jump looks for the location again and does not return
--- config
    location = /t {
        rewrite_by_lua_block {
            ngx.req.set_uri("/other", true)
            ngx.log(ngx.ERR, "not reached")
        }
        content_by_lua_block { ngx.say("not reached") }
    }
    location = /other {
        content_by_lua_block { ngx.say("other: ", ngx.var.uri, ngx.var.is_args, ngx.var.args) }
    }
--- request
GET /t?a=1
--- response_body
other: /other?a=1



=== TEST 39: a jump leads to regex locations and internal ones
--- config
    location /t {
        rewrite_by_lua_block { ngx.req.set_uri(ngx.var.arg_to, true) }
    }
    location ~ ^/re/(\w+)$ {
        content_by_lua_block { ngx.say("regex: ", ngx.var[1]) }
    }
    location = /internal {
        internal;
        content_by_lua_block { ngx.say("internal") }
    }
--- request eval
["GET /t?to=/re/word", "GET /t?to=/internal"]
--- response_body eval
["regex: word\n", "internal\n"]



=== TEST 40: a jump cannot be caught
--- config
    location = /t {
        rewrite_by_lua_block {
            local ok, err = pcall(ngx.req.set_uri, "/other", true)
            ngx.log(ngx.ERR, "not reached: ", err)
        }
    }
    location = /other {
        content_by_lua_block { ngx.say("other") }
    }
--- response_body
other



=== TEST 41: a jump out of a nested function call
--- config
    location = /t {
        rewrite_by_lua_block {
            local function jump(depth)
                if depth == 0 then
                    ngx.req.set_uri("/other", true)
                end
                jump(depth - 1)
                ngx.log(ngx.ERR, "not reached")
            end
            jump(20)
        }
    }
    location = /other {
        content_by_lua_block { ngx.say("other") }
    }
--- response_body
other



=== TEST 42: a jump in a coroutine of the user's ends the run too
--- config
    location = /t {
        rewrite_by_lua_block {
            local co = coroutine.create(function() ngx.req.set_uri("/other", true) end)
            coroutine.resume(co)
            ngx.log(ngx.ERR, "not reached: ", coroutine.status(co))
        }
    }
    location = /other {
        content_by_lua_block { ngx.say("other") }
    }
--- response_body
other



=== TEST 43: a jump is for the rewrite phase only
--- http_config eval: $::HttpConfig
--- config
    location = /t {
        set_by_lua_block $set { return require "try" (ngx.req.set_uri, "/u", true) }
        access_by_lua_block { ngx.ctx.access = require "try" (ngx.req.set_uri, "/u", true) }
        content_by_lua_block {
            ngx.say(ngx.var.set)
            ngx.say(ngx.ctx.access)
            ngx.say(require "try" (ngx.req.set_uri, "/u", true))
            ngx.say(ngx.var.uri)
        }
        header_filter_by_lua_block {
            ngx.header["X-Header-Filter"] = require "try" (ngx.req.set_uri, "/u", true)
        }
        body_filter_by_lua_block { ngx.ctx.body_filter = require "try" (ngx.req.set_uri, "/u", true) }
        log_by_lua_block {
            ngx.log(ngx.WARN, ngx.ctx.body_filter, "; ", require "try" (ngx.req.set_uri, "/u", true))
        }
    }
--- response_headers
X-Header-Filter: error: API disabled in the context of header_filter_by_lua*
--- response_body
error: API disabled in the context of set_by_lua*
error: API disabled in the context of access_by_lua*
error: API disabled in the context of content_by_lua*
/t
--- error_log
error: API disabled in the context of body_filter_by_lua*; error: API disabled in the context of log_by_lua*



=== TEST 44: set_uri without a jump works in every phase
--- config
    location = /t {
        set_by_lua_block $set { ngx.req.set_uri("/set") return ngx.var.uri }
        rewrite_by_lua_block { ngx.ctx.seen = ngx.var.uri ngx.req.set_uri("/rewrite") }
        access_by_lua_block { ngx.ctx.seen = ngx.ctx.seen .. ngx.var.uri ngx.req.set_uri("/access", false) }
        content_by_lua_block { ngx.say(ngx.ctx.seen, ngx.var.uri) ngx.req.set_uri("/content") }
        header_filter_by_lua_block { ngx.req.set_uri("/header_filter") }
        log_by_lua_block {
            ngx.log(ngx.WARN, "before: ", ngx.var.uri)
            ngx.req.set_uri("/log")
            ngx.log(ngx.WARN, "after: ", ngx.var.uri)
        }
    }
--- response_body
/set/rewrite/access
--- error_log
before: /content
after: /log



=== TEST 45: ten jumps are allowed, the eleventh is a cycle
--- config
    location ~ ^/(\d+)$ {
        rewrite_by_lua_block {
            local left = tonumber(ngx.var[1])
            if left > 0 then
                ngx.req.set_uri("/" .. left - 1, true)
            end
        }
        content_by_lua_block { ngx.say("arrived") }
    }
--- request eval
["GET /10", "GET /11"]
--- error_code eval
[200, 500]
--- response_body_like eval
["^arrived\$", "500 Internal Server Error"]
--- grep_error_log eval
qr/rewrite or internal redirection cycle while processing "[^"]+"/
--- grep_error_log_out eval
qr/^(?:rewrite or internal redirection cycle while processing "\/0"\n)?\z/
--- no_error_log
[alert]



=== TEST 46: a URI of no length is refused
--- http_config eval: $::HttpConfig
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(require "try" (ngx.req.set_uri, ""))
            ngx.say(ngx.var.uri)
        }
    }
--- response_body
error: attempt to use zero-length uri
/t



=== TEST 47: arguments that set_uri refuses
--- http_config eval: $::HttpConfig
--- config
    location = /t {
        rewrite_by_lua_block {
            local try = require "try"
            local set = ngx.req.set_uri
            local results = {
                try(set), try(set, "/a", false, false, false), try(set, nil), try(set, {}),
                try(set, "/a", nil), try(set, "/a", 1), try(set, "/a", false, nil),
                try(set, "/a", false, "true"),
            }
            ngx.say(table.concat(results, "\n"))
            ngx.say(ngx.var.uri)
        }
    }
--- response_body
error: expecting 1, 2 or 3 arguments but seen 0
error: expecting 1, 2 or 3 arguments but seen 4
error: bad argument #1 to '?' (string expected, got nil)
error: bad argument #1 to '?' (string expected, got table)
error: bad argument #2 to '?' (boolean expected, got nil)
error: bad argument #2 to '?' (boolean expected, got number)
error: bad argument #3 to '?' (boolean expected, got nil)
error: bad argument #3 to '?' (boolean expected, got string)
/t



=== TEST 48: control bytes are refused unless the URI is said to be binary
--- http_config eval: $::HttpConfig
--- config
    location = /t {
        content_by_lua_block {
            local try = require "try"
            for _, uri in ipairs {"/a\0b", "/\r\n/ä", "/a\127", "/\31 \\\""} do
                ngx.say(try(ngx.req.set_uri, uri))
                ngx.say(try(ngx.req.set_uri, uri, false, false))
            end
            ngx.say(ngx.var.uri)
        }
    }
--- response_body
error: unsafe byte "0x00" in uri "/a\x00b" (maybe you want to set the 'binary' argument?)
error: unsafe byte "0x00" in uri "/a\x00b" (maybe you want to set the 'binary' argument?)
error: unsafe byte "0x0d" in uri "/\x0D\x0A/\xC3\xA4" (maybe you want to set the 'binary' argument?)
error: unsafe byte "0x0d" in uri "/\x0D\x0A/\xC3\xA4" (maybe you want to set the 'binary' argument?)
error: unsafe byte "0x7f" in uri "/a\x7F" (maybe you want to set the 'binary' argument?)
error: unsafe byte "0x7f" in uri "/a\x7F" (maybe you want to set the 'binary' argument?)
error: unsafe byte "0x1f" in uri "/\x1F \x5C\x22" (maybe you want to set the 'binary' argument?)
error: unsafe byte "0x1f" in uri "/\x1F \x5C\x22" (maybe you want to set the 'binary' argument?)
/t



=== TEST 49: a binary URI may have any byte
--- config
    location = /t {
        content_by_lua_block {
            local uri = "/\0\r\n\127\255"
            ngx.req.set_uri(uri, false, true)
            ngx.say(ngx.var.uri == uri)
        }
    }
--- response_body
true



=== TEST 50: bytes above 127, blanks, percent and plus signs are part of the path
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.set_uri("/ä b%20+?c#d\255")
            ngx.say(ngx.var.uri, " ", ngx.var.args)
        }
    }
--- response_body eval
"/\xc3\xa4 b%20+?c#d\xff nil\n"



=== TEST 51: a changed URI is escaped on its way to a proxied server
--- config
    location = /t {
        rewrite_by_lua_block { ngx.req.set_uri("/up/a b%?c#\rä", false, true) }
        proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT;
    }
    location /up/ {
        content_by_lua_block { ngx.say(ngx.var.request_uri) }
    }
--- request
GET /t?x=1
--- response_body
/up/a%20b%25%3Fc%23%0D%C3%A4?x=1



=== TEST 52: both changed in the rewrite phase, then a jump
--- config
    location = /t {
        rewrite_by_lua_block {
            ngx.req.set_uri_args {b = 2}
            ngx.req.set_uri("/other", true)
        }
    }
    location = /other {
        proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/up;
    }
    location = /up {
        content_by_lua_block { ngx.say(ngx.var.request_uri) }
    }
--- request
GET /t?a=1
--- response_body
/up?b=2



=== TEST 53: a relative URI
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.set_uri("relative")
            ngx.print(ngx.var.uri, " ")
            ngx.req.set_uri(12)
            ngx.say(ngx.var.uri)
        }
    }
--- response_body
relative 12



=== TEST 54: a jump in a location that nginx's rewrite has led to
--- config
    location = /t {
        rewrite ^ /second last;
    }
    location = /second {
        rewrite_by_lua_block { ngx.req.set_uri("/third", true) }
    }
    location = /third {
        rewrite ^ /fourth break;
        content_by_lua_block { ngx.say(ngx.var.uri) }
    }
--- response_body
/fourth



=== TEST 55: without a request: not in init, not in init_worker
--- http_config
    init_by_lua_block {
        local results = {}
        package.loaded.results = results
        function results.try(name, arg)
            local ok, err = pcall(ngx.req[name], arg)
            results[#results + 1] = name .. ": " .. tostring(ok) .. " " .. err:gsub("^.-:%d+: ", "")
        end
        results.try("get_uri_args")
        results.try("set_uri_args", "a=1")
        results.try("set_uri", "/u")
    }
    init_worker_by_lua_block {
        local results = require "results"
        results.try("get_uri_args")
        results.try("set_uri_args", "a=1")
        results.try("set_uri", "/u")
    }
--- config
    location = /t {
        content_by_lua_block { ngx.say(table.concat(require "results", "\n")) }
    }
--- response_body
get_uri_args: false no request found
set_uri_args: false no request object found
set_uri: false no request found
get_uri_args: false API disabled in the current context
set_uri_args: false API disabled in the current context
set_uri: false API disabled in the current context



=== TEST 56: $request_uri and the request line stay as the client sent them
--- config
    location = /t {
        access_by_lua_block {
            ngx.req.set_uri("/other")
            ngx.req.set_uri_args("x")
        }
        content_by_lua_block { ngx.say(ngx.var.request_uri, " ", ngx.var.request) }
    }
--- request
GET /t?a=%41
--- response_body
/t?a=%41 GET /t?a=%41 HTTP/1.1
