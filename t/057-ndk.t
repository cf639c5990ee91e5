# ndk.set_var: directives of other modules as functions. The module set-misc is
# loaded where a line begins with one of its directives.

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

=== TEST 1: a directive as a function
--- config
    location = /t {
        set_escape_uri $escaped "a b";
        content_by_lua_block {
            ngx.say(ngx.var.escaped, " ", ndk.set_var.set_escape_uri("c d/é"))
            ngx.say(ndk.set_var.set_unescape_uri("c%20d+e"))
        }
    }
--- skip_eval: 3: !$ENV{TEST_NGINX_SET_MISC}
--- response_body
a%20b c%20d%2F%C3%A9
c d e



=== TEST 2: encodings and digests
--- config
    location = /t {
        set_md5 $unused "x";
        content_by_lua_block {
            local set = ndk.set_var
            ngx.say(set.set_md5("abc"))
            ngx.say(set.set_sha1("abc"))
            ngx.say(set.set_encode_base64("abc"), " ", set.set_decode_base64("YWJj"))
            ngx.say(set.set_encode_hex("abc"), " ", set.set_decode_hex("616263"))
            ngx.say(set.set_encode_base32("abc"), " ", set.set_decode_base32("c5h66==="))
            ngx.say(set.set_quote_sql_str("it's"), " ", set.set_quote_json_str("a\"b"))
        }
    }
--- skip_eval: 3: !$ENV{TEST_NGINX_SET_MISC}
--- response_body
900150983cd24fb0d6963f7d28e17f72
a9993e364706816aba3e25717850c26c9cd0d89d
YWJj abc
616263 abc
c5h66=== abc
'it\'s' "a\"b"



=== TEST 3: the function can be kept
--- config
    location = /t {
        set_md5 $unused "x";
        content_by_lua_block {
            local md5 = ndk.set_var.set_md5
            local digest
            for _ = 1, 200 do digest = md5("abc") end
            ngx.say(type(md5), " ", digest)
        }
    }
--- skip_eval: 3: !$ENV{TEST_NGINX_SET_MISC}
--- response_body
function 900150983cd24fb0d6963f7d28e17f72



=== TEST 4: arguments that are no strings
--- config
    location = /t {
        set_md5 $unused "x";
        content_by_lua_block {
            local quote = ndk.set_var.set_quote_json_str
            local T = setmetatable({}, {__tostring = function() return "T" end})
            ngx.say(quote(1.5), quote(true), quote(T), quote(nil), quote(), quote("a", "b"))
            local bad = setmetatable({}, {__tostring = function() error("boom", 0) end})
            ngx.say(require "try"(quote, bad))
        }
    }
--- skip_eval: 3: !$ENV{TEST_NGINX_SET_MISC}
--- response_body
"1.5""true""T""nil""nil""a"
error: boom



=== TEST 5: empty, binary and long arguments
--- config
    location = /t {
        set_md5 $unused "x";
        content_by_lua_block {
            local set = ndk.set_var
            local long = ("x"):rep(1048576)
            ngx.say("[", set.set_escape_uri(""), "] ", set.set_encode_hex("\0\255\r\n"))
            ngx.say(#set.set_encode_hex(long), " ", set.set_decode_hex(set.set_encode_hex(long)) == long)
        }
    }
--- skip_eval: 3: !$ENV{TEST_NGINX_SET_MISC}
--- response_body
[] 00ff0d0a
2097152 true



=== TEST 6: the argument is not changed, not even by a function that works in place
--- config
    location = /t {
        set_md5 $unused "x";
        content_by_lua_block {
            local argument = "a%20b"
            for _ = 1, 3 do ndk.set_var.set_unescape_uri(argument) end
            ngx.say(argument, " ", #argument)
        }
    }
--- skip_eval: 3: !$ENV{TEST_NGINX_SET_MISC}
--- response_body
a%20b 5



=== TEST 7: a directive that fails
--- config
    location = /t {
        set_md5 $unused "x";
        content_by_lua_block {
            local ok, err = pcall(function()
                return (ndk.set_var.set_decode_hex("no hex"))
            end)
            ngx.say(ok, " ", err)
        }
    }
--- skip_eval: 3: !$ENV{TEST_NGINX_SET_MISC}
--- response_body_like
^false content_by_lua\(nginx\.conf:\d+\):3: calling directive set_decode_hex failed with code -1$
--- error_log
set_decode_hex: invalid value



=== TEST 8: directives that take other numbers of arguments, or that are not of this kind
--- config
    location = /t {
        set_md5 $unused "x";
        content_by_lua_block {
            for _, name in ipairs {"set_hmac_sha1", "set_random", "set_if_empty", "set", "return", "nope", ""} do
                ngx.say(require "try"(function() return ndk.set_var[name] end))
            end
        }
    }
--- skip_eval: 3: !$ENV{TEST_NGINX_SET_MISC}
--- response_body
error: ndk.set_var: directive "set_hmac_sha1" not found or does not use ndk_set_var_value
error: ndk.set_var: directive "set_random" not found or does not use ndk_set_var_value
error: ndk.set_var: directive "set_if_empty" not found or does not use ndk_set_var_value
error: ndk.set_var: directive "set" not found or does not use ndk_set_var_value
error: ndk.set_var: directive "return" not found or does not use ndk_set_var_value
error: ndk.set_var: directive "nope" not found or does not use ndk_set_var_value
error: ndk.set_var: directive "" not found or does not use ndk_set_var_value



=== TEST 9: without such a module no directive is found
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(require "try"(function() return ndk.set_var["set_" .. "md5"] end))
            ngx.say(require "try"(function() return ndk.set_var[5] end))
            local ok, err = pcall(function() return (ndk.set_var.nope("x")) end)
            ngx.say(err)
        }
    }
--- response_body_like
^error: ndk\.set_var: directive "set_md5" not found or does not use ndk_set_var_value
error: ndk\.set_var: directive "5" not found or does not use ndk_set_var_value
content_by_lua\(nginx\.conf:\d+\):4: ndk\.set_var: directive "nope" not found or does not use ndk_set_var_value$



=== TEST 10: nothing can be assigned
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(require "try"(function() ndk.set_var.set_md5 = print end))
            ngx.say(require "try"(function() ndk.set_var.x = 1 end))
            ngx.say(next(ndk.set_var))
        }
    }
--- response_body
error: not allowed
error: not allowed
nil



=== TEST 11: ndk is a global, and a module
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(type(ndk), " ", require "ndk" == ndk, " ", package.loaded.ndk == ndk, " ", type(ndk.set_var))
        }
    }
--- response_body
table true true table



=== TEST 12: in every phase of a request
--- config
    location = /t {
        set_md5 $unused "x";
        set_by_lua_block $a { return ndk.set_var.set_escape_uri("s t") }
        rewrite_by_lua_block { ngx.ctx.rewrite = ndk.set_var.set_escape_uri("r w") }
        access_by_lua_block { ngx.ctx.access = ndk.set_var.set_escape_uri("a c") }
        content_by_lua_block { ngx.print(ngx.var.a, ngx.ctx.rewrite, ngx.ctx.access) }
        header_filter_by_lua_block { ngx.header["X-Foo"] = ndk.set_var.set_escape_uri("h f") }
        body_filter_by_lua_block { if ngx.arg[2] then ngx.arg[1] = ndk.set_var.set_escape_uri("b f") end }
        log_by_lua_block { ngx.log(ngx.WARN, "log: ", ndk.set_var.set_escape_uri("l g")) }
    }
--- skip_eval: 3: !$ENV{TEST_NGINX_SET_MISC}
--- response_headers
X-Foo: h%20f
--- response_body chop
s%20tr%20wa%20cb%20f
--- error_log
log: l%20g



=== TEST 13: in init a function is found and cannot be called; in init_worker it works
--- http_config
    init_by_lua_block {
        results = {}
        function try(phase)
            local found, set = pcall(function() return ndk.set_var.set_encode_base32 end)
            local ok, result = pcall(set, "x")
            results[#results + 1] = phase .. ": " .. type(set) .. " " .. tostring(result):gsub("^.-:%d+: ", "")
        end
        try("init")
    }
    init_worker_by_lua_block { try("init_worker") }
--- config
    location = /t {
        set_md5 $unused "x";
        content_by_lua_block { ngx.say(table.concat(results, "\n")) }
    }
--- skip_eval: 3: !$ENV{TEST_NGINX_SET_MISC}
--- response_body
init: function no request found
init_worker: function f0======



=== TEST 14: the module resty.core.ndk
--- config
    location = /t {
        content_by_lua_block {
            local set_var = ndk.set_var
            local module = require "resty.core.ndk"
            ngx.say(type(module.version), " ", ndk.set_var == set_var)
        }
    }
--- response_body
string true
