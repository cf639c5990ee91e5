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

=== TEST 1: encode_base64 writes whole groups of four digits
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.encode_base64(""), "|", ngx.encode_base64("a"), "|", ngx.encode_base64("ab"), "|", ngx.encode_base64("abc"), "|",
                    ngx.encode_base64("abcd"))
        }
    }
--- response_body
|YQ==|YWI=|YWJj|YWJjZA==



=== TEST 2: no_padding leaves the padding out
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.encode_base64("", true), "|", ngx.encode_base64("a", true), "|", ngx.encode_base64("ab", true), "|",
                    ngx.encode_base64("abc", true), "|", ngx.encode_base64("a", false), "|", ngx.encode_base64("a", nil))
        }
    }
--- response_body
|YQ|YWI|YWJj|YQ==|YQ==



=== TEST 3: no_padding has to be a boolean if it is true
--- config
    location = /t {
        content_by_lua_block {
            local try = require "try"
            for _, value in ipairs {1, "true", {}, print} do
                ngx.say(try(ngx.encode_base64, "a", value))
            end
        }
    }
--- response_body
error: bad no_padding: boolean expected, got number
error: bad no_padding: boolean expected, got string
error: bad no_padding: boolean expected, got table
error: bad no_padding: boolean expected, got function



=== TEST 4: all bytes
--- config
    location = /t {
        content_by_lua_block {
            local all = {}
            for byte = 0, 255 do all[byte + 1] = string.char(byte) end
            all = table.concat(all)
            local digits = ngx.encode_base64(all)
            ngx.say(digits)
            ngx.say(ngx.decode_base64(digits) == all, " ", ngx.decode_base64(ngx.encode_base64(all, true)) == all)
        }
    }
--- response_body
AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+P0BBQkNERUZHSElKS0xNTk9QUVJTVFVWV1hZWltcXV5fYGFiY2RlZmdoaWprbG1ub3BxcnN0dXZ3eHl6e3x9fn+AgYKDhIWGh4iJiouMjY6PkJGSk5SVlpeYmZqbnJ2en6ChoqOkpaanqKmqq6ytrq+wsbKztLW2t7i5uru8vb6/wMHCw8TFxsfIycrLzM3Oz9DR0tPU1dbX2Nna29zd3t/g4eLj5OXm5+jp6uvs7e7v8PHy8/T19vf4+fr7/P3+/w==
true true



=== TEST 5: encode_base64 makes a string of what is none; nil and false are empty
--- config
    location = /t {
        content_by_lua_block {
            local try = require "try"
            local object = setmetatable({}, {__tostring = function() return "an object" end})
            ngx.say(try(ngx.encode_base64, nil), try(ngx.encode_base64, false), try(ngx.encode_base64))
            ngx.say(try(ngx.encode_base64, true), try(ngx.encode_base64, 1.5), try(ngx.encode_base64, object), try(ngx.encode_base64, ngx.null))
        }
    }
--- response_body
""""""
"dHJ1ZQ==""MS41""YW4gb2JqZWN0""dXNlcmRhdGE6IE5VTEw="



=== TEST 6: decode_base64 decodes with padding, without it, and with too much
--- config
    location = /t {
        content_by_lua_block {
            for _, digits in ipairs {"YWJj", "YWI=", "YWI", "YWI==", "YQ==", "YQ=", "YQ", "YQ===="} do
                ngx.print(ngx.decode_base64(digits), " ")
            end
            ngx.say()
        }
    }
--- response_body
abc ab ab ab a a a a 



=== TEST 7: decode_base64 stops at the first padding
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.decode_base64("YWI=YWI="), " ", ngx.decode_base64("YWJj=!!!"), " [", ngx.decode_base64("="), "] [",
                    ngx.decode_base64("====YQ"), "]")
        }
    }
--- response_body
ab abc [] []



=== TEST 8: decode_base64 does not look at the bits that are left
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.decode_base64("YQ"), ngx.decode_base64("YR"), ngx.decode_base64("Yf=="), ngx.decode_base64("YWJ="), ngx.decode_base64("YWL"))
        }
    }
--- response_body
aaaabab



=== TEST 9: decode_base64 gives nil for what is malformed
--- config
    location = /t {
        content_by_lua_block {
            local try = require "try"
            for _, digits in ipairs {"Y", "YWJjZ", "Y=", "Y===", "YW Jj", "YWJj\n", "YWJj\r\n", " YWJj", "YWI-", "YWI_", "YWJj\0", "\0", "YWJj\255", "YWJj!"} do
                ngx.print(try(ngx.decode_base64, digits), " ")
            end
            ngx.say()
        }
    }
--- response_body
nil nil nil nil nil nil nil nil nil nil nil nil nil nil 



=== TEST 10: decode_base64 takes strings only
--- config
    location = /t {
        content_by_lua_block {
            local try = require "try"
            for _, value in ipairs {12, true, {}, ngx.null} do
                ngx.say(try(ngx.decode_base64, value))
            end
            ngx.say(try(ngx.decode_base64, nil))
            ngx.say(try(ngx.decode_base64))
        }
    }
--- response_body
error: string argument only
error: string argument only
error: string argument only
error: string argument only
error: string argument only
error: string argument only



=== TEST 11: errors name the caller's line
--- config
    location = /t {
        content_by_lua_block {
            local ok, err = pcall(function() local text = ngx.decode_base64(1) end)
            ngx.say(err)
            local ok, err = pcall(function() local text = ngx.encode_base64("a", 1) end)
            ngx.say(err)
        }
    }
--- response_body_like
^content_by_lua\(nginx\.conf:\d+\):2: string argument only
content_by_lua\(nginx\.conf:\d+\):4: bad no_padding: boolean expected, got number$



=== TEST 12: an empty string
--- config
    location = /t {
        content_by_lua_block {
            ngx.say("[", ngx.encode_base64(""), ngx.decode_base64(""), "]")
        }
    }
--- response_body
[]



=== TEST 13: around the size of a buffer
--- config
    location = /t {
        content_by_lua_block {
            for len = 3060, 3080 do
                local text = ("x"):rep(len - 1) .. "\0"
                for _, no_padding in ipairs {true, false} do
                    local digits = ngx.encode_base64(text, no_padding)
                    assert(#digits == (no_padding and math.ceil(len * 4 / 3) or math.ceil(len / 3) * 4))
                    assert(ngx.decode_base64(digits) == text)
                end
            end
            for len = 5455, 5470 do
                local text = ("YWJj"):rep(len)
                assert(ngx.decode_base64(text) == ("abc"):rep(len))
                assert(ngx.decode_base64(text .. "!") == nil)
            end
            ngx.say("ok")
        }
    }
--- response_body
ok



=== TEST 14: 10 MB
--- config
    location = /t {
        content_by_lua_block {
            local text = ("a b\0\255\1\2"):rep(1500000)
            local digits = ngx.encode_base64(text)
            ngx.say(#digits, " ", ngx.decode_base64(digits) == text, " ", ngx.decode_base64(digits .. "*"))
        }
    }
--- timeout: 10
--- response_body
14000000 true nil



=== TEST 15: in code that is compiled
--- config
    location = /t {
        content_by_lua_block {
            local n = 0
            for i = 1, 1000 do
                local digits = ngx.encode_base64("user" .. i)
                assert(ngx.decode_base64(digits) == "user" .. i)
                n = n + #digits + #ngx.encode_base64("user" .. i, true) + #(ngx.decode_base64("*" .. digits) or "")
            end
            ngx.say(n)
        }
    }
--- response_body
21398



=== TEST 16: decode_base64mime skips what is not in the alphabet
--- differs: the C module is too old to have this function
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.decode_base64mime("YW\r\nJj\r\nZGVm"), " ", ngx.decode_base64mime(" Y-W_J*j "), " ", ngx.decode_base64mime("YWJj\0ZGVm"))
        }
    }
--- response_body
abcdef abc abcdef



=== TEST 17: decode_base64mime decodes with padding and without, and stops at it
--- differs: the C module is too old to have this function
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.decode_base64mime("YWI="), " ", ngx.decode_base64mime("Y W I"), " ", ngx.decode_base64mime("YW\nI=YWI="),
                    " [", ngx.decode_base64mime(""), "] [", ngx.decode_base64mime("\n"), "] [", ngx.decode_base64mime("*=YQ"), "]")
        }
    }
--- response_body
ab ab ab [] [] []



=== TEST 18: decode_base64mime gives nil if one digit is left
--- differs: the C module is too old to have this function
--- config
    location = /t {
        content_by_lua_block {
            local try = require "try"
            ngx.say(try(ngx.decode_base64mime, "Y"), " ", try(ngx.decode_base64mime, "YWJj\nZ"), " ", try(ngx.decode_base64mime, "Y\n\n\n"))
        }
    }
--- response_body
nil nil nil



=== TEST 19: decode_base64mime takes strings only
--- differs: the C module is too old to have this function
--- config
    location = /t {
        content_by_lua_block {
            local try = require "try"
            ngx.say(try(ngx.decode_base64mime, 12))
            ngx.say(try(ngx.decode_base64mime))
        }
    }
--- response_body
error: string argument only
error: string argument only



=== TEST 20: decode_base64mime of 10 MB in lines
--- differs: the C module is too old to have this function
--- config
    location = /t {
        content_by_lua_block {
            local line = ngx.encode_base64(("a b\0\255\1"):rep(9)) .. "\r\n"
            local text = ngx.decode_base64mime(line:rep(140000))
            ngx.say(#line:rep(140000), " ", text == ("a b\0\255\1"):rep(9):rep(140000))
        }
    }
--- timeout: 10
--- response_body
10360000 true



=== TEST 21: ngx.base64: other digits for 62 and 63, and no padding
--- config
    location = /t {
        content_by_lua_block {
            local base64 = require "ngx.base64"
            ngx.say(base64.encode_base64url("\255\254\253\250"), " ", base64.encode_base64url("a"), " ", base64.encode_base64url("ab"), " ",
                    base64.encode_base64url("abc"), " [", base64.encode_base64url(""), "]")
            ngx.say(ngx.encode_base64("\255\254\253\250"))
        }
    }
--- response_body
__79-g YQ YWI YWJj []
//79+g==



=== TEST 22: ngx.base64: decoding with padding and without, to the first padding
--- config
    location = /t {
        content_by_lua_block {
            local base64 = require "ngx.base64"
            for _, digits in ipairs {"YWI", "YWI=", "YWI==", "YQ", "YQ===", "YWI=YWI=", "=", ""} do
                ngx.print(base64.decode_base64url(digits), "|")
            end
            ngx.say(base64.decode_base64url("__79-g") == "\255\254\253\250")
        }
    }
--- response_body
ab|ab|ab|a|a|ab|||true



=== TEST 23: ngx.base64: malformed input
--- config
    location = /t {
        content_by_lua_block {
            local try = require "try"
            local base64 = require "ngx.base64"
            for _, digits in ipairs {"Y", "YW+/", "YW/_", "YWJj ", "YWJj\n", "YWJj\0", "Y=="} do
                ngx.say(try(base64.decode_base64url, digits))
            end
        }
    }
--- response_body
nil "invalid input"
nil "invalid input"
nil "invalid input"
nil "invalid input"
nil "invalid input"
nil "invalid input"
nil "invalid input"



=== TEST 24: ngx.base64 takes strings only
--- config
    location = /t {
        content_by_lua_block {
            local try = require "try"
            local base64 = require "ngx.base64"
            for _, f in ipairs {base64.encode_base64url, base64.decode_base64url} do
                ngx.say(try(f, 12), " ", try(f, nil), " ", try(f), " ", try(f, {}), " ", try(f, true))
            end
        }
    }
--- response_body
nil "must provide a string" nil "must provide a string" nil "must provide a string" nil "must provide a string" nil "must provide a string"
nil "must provide a string" nil "must provide a string" nil "must provide a string" nil "must provide a string" nil "must provide a string"



=== TEST 25: ngx.base64: all bytes, and 10 MB
--- config
    location = /t {
        content_by_lua_block {
            local base64 = require "ngx.base64"
            local all = {}
            for byte = 0, 255 do all[byte + 1] = string.char(byte) end
            all = table.concat(all)
            ngx.say(base64.decode_base64url(base64.encode_base64url(all)) == all)
            local large = all:rep(40000)
            ngx.say(#base64.encode_base64url(large), " ", base64.decode_base64url(base64.encode_base64url(large)) == large)
        }
    }
--- timeout: 10
--- response_body
true
13653334 true



=== TEST 26: in all phases of a request
--- config
    location = /t {
        set_by_lua_block $set { return ngx.encode_base64("set") }
        rewrite_by_lua_block { ngx.ctx.rewrite = ngx.decode_base64("cmV3cml0ZQ") }
        access_by_lua_block { ngx.ctx.access = require "ngx.base64".encode_base64url("\255\255") }
        content_by_lua_block { ngx.say(ngx.var.set, " ", ngx.ctx.rewrite, " ", ngx.ctx.access) }
        header_filter_by_lua_block { ngx.header["X-Filter"] = ngx.encode_base64("filter") }
        body_filter_by_lua_block { ngx.arg[1] = ngx.decode_base64(ngx.encode_base64(ngx.arg[1])) }
        log_by_lua_block { ngx.log(ngx.WARN, "logged ", ngx.encode_base64("log")) }
    }
--- response_headers
X-Filter: ZmlsdGVy
--- error_log
logged bG9n
--- response_body
c2V0 rewrite __8



=== TEST 27: in init and in init_worker
--- http_config
    init_by_lua_block {
        package.loaded.found = {ngx.encode_base64("init"), require "ngx.base64".decode_base64url("YQ")}
    }
    init_worker_by_lua_block {
        local found = require "found"
        found[3] = ngx.decode_base64("d29ya2Vy")
    }
--- config
    location = /t {
        content_by_lua_block { ngx.say(table.concat(require "found", "|")) }
    }
--- response_body
aW5pdA==|a|worker
