use Test::Nginx::Socket::Lua 'no_plan';

our $HttpConfig = <<'_EOC_';
    init_by_lua_block {
        local function shown(value)
            if type(value) ~= "string" then
                return tostring(value)
            end
            return '"' .. value:gsub('[^ -~]', function(c) return string.format("\\x%02x", c:byte()) end) .. '"'
        end

        -- What a function gives, strings in quotes, or its error without the place.
        local function list(ok, ...)
            local values = {...}
            if not ok then
                return "error: " .. tostring(values[1]):gsub("^[^ ]-:%d+: ", "")
            end
            for i = 1, select("#", ...) do
                values[i] = shown(values[i])
            end
            return table.concat(values, " ")
        end

        package.loaded.try = function(f, ...)
            return (list(pcall(f, ...)))
        end
        package.loaded.hex = function(text)
            return (text:gsub(".", function(c) return string.format("%02x", c:byte()) end))
        end
    }
_EOC_

add_block_preprocessor(sub {
    my ($block) = @_;
    $block->set_value("http_config", $::HttpConfig) if !defined $block->http_config;
    $block->set_value("request", "GET /t") if !defined $block->request;
    $block->set_value("no_error_log", "[error]")
        if !defined $block->error_log && !defined $block->no_error_log;
});

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: a part of a query string: all but letters, digits and a few marks is escaped
--- config
    location = /t {
        content_by_lua_block {
            local kept = "abcXYZ019-_.~!'()*"
            ngx.say(ngx.escape_uri(kept) == kept)
            ngx.say(ngx.escape_uri(' "#$%&+,/:;<=>?@[\\]^`{|}'))
        }
    }
--- response_body
true
%20%22%23%24%25%26%2B%2C%2F%3A%3B%3C%3D%3E%3F%40%5B%5C%5D%5E%60%7B%7C%7D



=== TEST 2: hexadecimal digits are in upper case
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.escape_uri("\171\205\239\250"))
        }
    }
--- response_body
%AB%CD%EF%FA



=== TEST 3: control bytes, NUL and bytes above 126 are escaped
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.escape_uri("\0\1\t\n\r\31\127\128\255"))
        }
    }
--- response_body
%00%01%09%0A%0D%1F%7F%80%FF



=== TEST 4: type 0: a path
--- config
    location = /t {
        content_by_lua_block {
            local text = "\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ \1\127\233"
            ngx.say(ngx.escape_uri(text, 0))
        }
    }
--- response_body
"%23$%25&'()*+,-./:;<=>%3F@[\]^_`{|}~%20%01%7F%E9



=== TEST 5: type 1: a query string
--- config
    location = /t {
        content_by_lua_block {
            local text = "\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ \1\127\233"
            ngx.say(ngx.escape_uri(text, 1))
        }
    }
--- response_body
"%23$%25&'()*%2B,-./:;<=>%3F@[\]^_`{|}~%20%01%7F%E9



=== TEST 6: type 2: a part of either
--- config
    location = /t {
        content_by_lua_block {
            local text = "\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ \1\127\233"
            ngx.say(ngx.escape_uri(text, 2))
        }
    }
--- response_body
%22%23%24%25%26'()*%2B%2C-.%2F%3A%3B%3C%3D%3E%3F%40%5B%5C%5D%5E_%60%7B%7C%7D~%20%01%7F%E9



=== TEST 7: type 3: a link in a page
--- config
    location = /t {
        content_by_lua_block {
            local text = "\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ \1\127\233"
            ngx.say(ngx.escape_uri(text, 3))
        }
    }
--- response_body
%22%23$%25&%27()*+,-./:;<=>?@[\]^_`{|}~%20%01%7F%E9



=== TEST 8: type 4: the Refresh header
--- config
    location = /t {
        content_by_lua_block {
            local text = "\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ \1\127\233"
            ngx.say(ngx.escape_uri(text, 4))
        }
    }
--- response_body
%22#$%&%27()*+,-./:;<=>?@[\]^_`{|}~%20%01%7F%E9



=== TEST 9: types 5 and 6, a memcached key and a mail login: control bytes, the space and the percent sign
--- config
    location = /t {
        content_by_lua_block {
            local text = "\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ \0\1"
            ngx.say(ngx.escape_uri(text, 5))
            ngx.say(ngx.escape_uri(text, 6))
            ngx.say(require "hex" (ngx.escape_uri("\127\128\255", 5)), " ", require "hex" (ngx.escape_uri("\127\128\255", 6)))
        }
    }
--- response_body
"#$%25&'()*+,-./:;<=>?@[\]^_`{|}~%20%00%01
"#$%25&'()*+,-./:;<=>?@[\]^_`{|}~%20%00%01
7f80ff 7f80ff



=== TEST 10: the type is 2 if it is missing or nil
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.escape_uri("a/b"), " ", ngx.escape_uri("a/b", nil), " ", ngx.escape_uri("a/b", 2))
        }
    }
--- response_body
a%2Fb a%2Fb a%2Fb



=== TEST 11: the fraction of a type does not count
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.escape_uri("a+b/", 0.9), " ", ngx.escape_uri("a+b/", 1.5))
        }
    }
--- response_body
a+b/ a%2Bb/



=== TEST 12: a type that is no number is refused
--- config
    location = /t {
        content_by_lua_block {
            local try = require "try"
            for _, kind in ipairs {"2", true, false, {}} do
                ngx.say(try(ngx.escape_uri, "a", kind))
            end
        }
    }
--- response_body
error: "type" is not a number
error: "type" is not a number
error: "type" is not a number
error: "type" is not a number



=== TEST 13: a type that does not exist is refused
--- config
    location = /t {
        content_by_lua_block {
            local try = require "try"
            ngx.say(try(ngx.escape_uri, "a", -1))
            ngx.say(try(ngx.escape_uri, "a", 7))
            ngx.say(try(ngx.escape_uri, "a", 6.5))
            ngx.say(try(ngx.escape_uri, "a", 1e300))
        }
    }
--- response_body
error: "type" -1 out of range
error: "type" 7 out of range
error: "type" 6.5 out of range
error: "type" 1e+300 out of range



=== TEST 14: such an error names the line that called the function that called
--- config
    location = /t {
        content_by_lua_block {
            local function escape()
                local text = ngx.escape_uri("a", "x")
            end
            local ok, err = pcall(function() escape() end)
            ngx.say(err)
        }
    }
--- response_body_like
^content_by_lua\(nginx\.conf:\d+\):5: "type" is not a number$



=== TEST 15: a type that is not even a number among numbers is refused
--- differs: the C module crashes here
--- config
    location = /t {
        content_by_lua_block {
            ngx.say((require "try" (ngx.escape_uri, "a b", 0/0):gsub("%-nan", "nan")))
        }
    }
--- response_body
error: "type" nan out of range



=== TEST 16: what is no string is made one; nil and false are empty
--- config
    location = /t {
        content_by_lua_block {
            local try = require "try"
            local object = setmetatable({}, {__tostring = function() return "an object" end})
            ngx.say(try(ngx.escape_uri, nil), try(ngx.escape_uri, false), try(ngx.escape_uri))
            ngx.say(try(ngx.escape_uri, true), try(ngx.escape_uri, 1.5), try(ngx.escape_uri, -1e20))
            ngx.say(try(ngx.escape_uri, object), try(ngx.escape_uri, ngx.null))
            ngx.say(try(ngx.unescape_uri, nil), try(ngx.unescape_uri, false), try(ngx.unescape_uri))
            ngx.say(try(ngx.unescape_uri, true), try(ngx.unescape_uri, 1.5), try(ngx.unescape_uri, object))
        }
    }
--- response_body
""""""
"true""1.5""-1e%2B20"
"an%20object""userdata%3A%20NULL"
""""""
"true""1.5""an object"



=== TEST 17: an error of tostring is passed on
--- config
    location = /t {
        content_by_lua_block {
            local object = setmetatable({}, {__tostring = function() error("no text", 0) end})
            ngx.say(require "try" (ngx.escape_uri, object))
            ngx.say(require "try" (ngx.unescape_uri, object))
        }
    }
--- response_body
error: no text
error: no text



=== TEST 18: more arguments do not matter
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.escape_uri("a b", 2, "x", {}), " ", ngx.unescape_uri("a%20b", 2, {}))
        }
    }
--- response_body
a%20b a b



=== TEST 19: unescape_uri decodes percent codes in either case, and plus signs
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.unescape_uri("%41%62+c%2B%2b%e4%E4") == "Ab c++\228\228")
        }
    }
--- response_body
true



=== TEST 20: unescape_uri keeps percent signs that begin no code
--- config
    location = /t {
        content_by_lua_block {
            for _, text in ipairs {"%", "%4", "%%", "%zz", "%4z", "%z4", "100%", "a%+b", "%u0041", "%4%41", "%%41", "%%%41", "%-1", "% 41", "%4+"} do
                ngx.print("[", ngx.unescape_uri(text), "] ")
            end
            ngx.say()
        }
    }
--- response_body
[%] [%4] [%%] [%zz] [%4z] [%z4] [100%] [a% b] [%u0041] [%4A] [%A] [%%A] [%-1] [% 41] [%4 ] 



=== TEST 21: unescape_uri keeps all other bytes, a question mark included
--- config
    location = /t {
        content_by_lua_block {
            local all = {}
            for byte = 0, 255 do
                local c = string.char(byte)
                if c ~= "%" and c ~= "+" then all[#all + 1] = c end
            end
            all = table.concat(all)
            ngx.say(ngx.unescape_uri(all) == all, " ", ngx.unescape_uri("a?b+c&d%3f"))
        }
    }
--- response_body
true a?b c&d?



=== TEST 22: unescape_uri gives back what escape_uri got
--- config
    location = /t {
        content_by_lua_block {
            local all = {}
            for byte = 0, 255 do all[byte + 1] = string.char(byte) end
            all = table.concat(all)
            ngx.say(ngx.unescape_uri(ngx.escape_uri(all)) == all, " ", ngx.unescape_uri(ngx.escape_uri(all, 1)) == all)
            ngx.say(#ngx.escape_uri(all))
        }
    }
--- response_body
true true
626



=== TEST 23: empty strings and single bytes
--- config
    location = /t {
        content_by_lua_block {
            ngx.say("[", ngx.escape_uri(""), ngx.unescape_uri(""), "]", ngx.escape_uri("a"), ngx.escape_uri(" "), ngx.unescape_uri("a"),
                    ngx.unescape_uri("%"), ngx.unescape_uri("+"))
            for kind = 0, 6 do ngx.print("[", ngx.escape_uri("", kind), "]") end
            ngx.say()
        }
    }
--- response_body
[]a%20a% 
[][][][][][][]



=== TEST 24: around the size of a buffer
--- config
    location = /t {
        content_by_lua_block {
            for len = 1360, 1370 do
                local text = (" "):rep(len)
                assert(ngx.escape_uri(text) == ("%20"):rep(len))
                assert(ngx.unescape_uri(("%20"):rep(len)) == text)
            end
            for len = 4090, 4100 do
                local plain, mixed = ("a"):rep(len), ("a"):rep(len - 1) .. "\0"
                assert(ngx.escape_uri(plain) == plain)
                assert(ngx.escape_uri(mixed) == ("a"):rep(len - 1) .. "%00")
                assert(ngx.unescape_uri(plain) == plain)
                assert(ngx.unescape_uri(mixed) == mixed)
                assert(ngx.unescape_uri(ngx.escape_uri(mixed)) == mixed)
            end
            ngx.say("ok")
        }
    }
--- response_body
ok



=== TEST 25: 10 MB
--- config
    location = /t {
        content_by_lua_block {
            local text = ("a b\0\255%41+"):rep(1024 * 1024)
            local escaped = ngx.escape_uri(text)
            ngx.say(#escaped, " ", ngx.unescape_uri(escaped) == text, " ", #ngx.unescape_uri(text))
            ngx.say(#ngx.escape_uri(("a"):rep(10 * 1024 * 1024)))
        }
    }
--- timeout: 10
--- response_body
19922944 true 7340032
10485760



=== TEST 26: in code that is compiled
--- config
    location = /t {
        content_by_lua_block {
            local n = 0
            for i = 1, 1000 do
                local text = "a b/" .. i
                n = n + #ngx.escape_uri(text) + #ngx.escape_uri(text, 0) + #ngx.unescape_uri("%20" .. text)
            end
            ngx.say(n)
        }
    }
--- response_body
27679



=== TEST 27: with the compiler off
--- config
    location = /t {
        content_by_lua_block {
            jit.off()
            jit.flush()
            for i = 1, 100 do
                assert(ngx.escape_uri("a b" .. i) == "a%20b" .. i)
                assert(ngx.unescape_uri("a%20b" .. i) == "a b" .. i)
            end
            jit.on()
            ngx.say("ok")
        }
    }
--- response_body
ok



=== TEST 28: quote_sql_str puts single quotes around
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.quote_sql_str("hello"), " ", ngx.quote_sql_str(""), " ", ngx.quote_sql_str("a b; -- "))
        }
    }
--- response_body
'hello' '' 'a b; -- '



=== TEST 29: quote_sql_str escapes quotes, backslashes and some control bytes
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.quote_sql_str("\0\8\9\10\13\26\\'\""))
        }
    }
--- response_body
'\0\b\t\n\r\Z\\\'\"'



=== TEST 30: quote_sql_str keeps all other bytes
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(require "hex" (ngx.quote_sql_str("\1\7\11\12\27\31\127\128\255%_`")))
        }
    }
--- response_body
2701070b0c1b1f7f80ff255f6027



=== TEST 31: quote_sql_str takes numbers
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.quote_sql_str(1), " ", ngx.quote_sql_str(-1.5), " ", ngx.quote_sql_str(1e100))
        }
    }
--- response_body
'1' '-1.5' '1e+100'



=== TEST 32: quote_sql_str refuses other types and another number of arguments
--- config
    location = /t {
        content_by_lua_block {
            local try = require "try"
            for _, value in ipairs {true, {}, print, ngx.null} do
                ngx.say(try(ngx.quote_sql_str, value))
            end
            ngx.say(try(ngx.quote_sql_str, nil))
            ngx.say(try(ngx.quote_sql_str))
            ngx.say(try(ngx.quote_sql_str, "a", "b"))
        }
    }
--- response_body
error: bad argument #1 to '?' (string expected, got boolean)
error: bad argument #1 to '?' (string expected, got table)
error: bad argument #1 to '?' (string expected, got function)
error: bad argument #1 to '?' (string expected, got userdata)
error: bad argument #1 to '?' (string expected, got nil)
error: expecting one argument
error: expecting one argument



=== TEST 33: quote_sql_str names itself in its errors
--- config
    location = /t {
        content_by_lua_block {
            local ok, err = pcall(function() local text = ngx.quote_sql_str({}) end)
            ngx.say((err:gsub("^.-:%d+: ", "")))
        }
    }
--- response_body
bad argument #1 to 'quote_sql_str' (string expected, got table)



=== TEST 34: quote_sql_str of 10 MB
--- config
    location = /t {
        content_by_lua_block {
            local quoted = ngx.quote_sql_str(("ab'\0x"):rep(2 * 1024 * 1024))
            ngx.say(#quoted, " ", quoted:sub(1, 9), " ", quoted:sub(-3) == "0x'")
        }
    }
--- timeout: 10
--- response_body
14680066 'ab\'\0xa true



=== TEST 35: in all phases of a request
--- config
    location = /t {
        set_by_lua_block $set { return ngx.escape_uri("a b") }
        rewrite_by_lua_block { ngx.ctx.rewrite = ngx.unescape_uri("a%20b") }
        access_by_lua_block { ngx.ctx.access = ngx.quote_sql_str("x") }
        content_by_lua_block { ngx.say(ngx.var.set, " ", ngx.ctx.rewrite, " ", ngx.ctx.access) }
        header_filter_by_lua_block { ngx.header["X-Filter"] = ngx.escape_uri("&", 2) }
        body_filter_by_lua_block { ngx.arg[1] = ngx.unescape_uri(ngx.escape_uri(ngx.arg[1])) }
        log_by_lua_block { ngx.log(ngx.WARN, "logged ", ngx.escape_uri("a/b"), ngx.quote_sql_str("y")) }
    }
--- response_headers
X-Filter: %26
--- error_log
logged a%2Fb'y'
--- response_body
a%20b a b 'x'



=== TEST 36: in init and in init_worker
--- http_config
    init_by_lua_block {
        package.loaded.found = {ngx.escape_uri("a b"), ngx.unescape_uri("%41"), ngx.quote_sql_str("'")}
    }
    init_worker_by_lua_block {
        local found = require "found"
        found[4], found[5], found[6] = ngx.escape_uri("a b", 0), ngx.unescape_uri("+"), ngx.quote_sql_str(1)
    }
--- config
    location = /t {
        content_by_lua_block { ngx.say(table.concat(require "found", "|")) }
    }
--- response_body
a%20b|A|'\''|a%20b| |'1'
