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

=== TEST 1: md5 in hexadecimal digits, in lower case
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.md5("hello"))
            ngx.say(ngx.md5(""))
        }
    }
--- response_body
5d41402abc4b2a76b9719d911017c592
d41d8cd98f00b204e9800998ecf8427e



=== TEST 2: md5_bin in 16 bytes
--- config
    location = /t {
        content_by_lua_block {
            local hex = require "hex"
            ngx.say(#ngx.md5_bin("hello"), " ", hex(ngx.md5_bin("hello")) == ngx.md5("hello"), " ", hex(ngx.md5_bin("")) == ngx.md5(""))
        }
    }
--- response_body
16 true true



=== TEST 3: sha1_bin in 20 bytes
--- config
    location = /t {
        content_by_lua_block {
            local hex = require "hex"
            ngx.say(#ngx.sha1_bin("hello"), " ", hex(ngx.sha1_bin("hello")))
            ngx.say(hex(ngx.sha1_bin("")))
        }
    }
--- response_body
20 aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d
da39a3ee5e6b4b0d3255bfef95601890afd80709



=== TEST 4: crc32_short and crc32_long are numbers from 0 to 2^32 - 1, and the same
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.crc32_short("hello"), " ", ngx.crc32_long("hello"), " ", type(ngx.crc32_short("hello")))
            ngx.say(ngx.crc32_short(""), " ", ngx.crc32_long(""))
            ngx.say(ngx.crc32_short("a"), " ", ngx.crc32_long("a"))
        }
    }
--- response_body
907060870 907060870 number
0 0
3904355907 3904355907



=== TEST 5: binary data, NUL included
--- config
    location = /t {
        content_by_lua_block {
            local hex = require "hex"
            local text = "\0\1\2\0\255\254\r\n"
            ngx.say(ngx.md5(text))
            ngx.say(hex(ngx.sha1_bin(text)))
            ngx.say(ngx.crc32_short(text), " ", ngx.crc32_long(text))
            ngx.say(ngx.md5("\0") ~= ngx.md5(""), " ", ngx.crc32_short("a\0") ~= ngx.crc32_short("a"))
        }
    }
--- response_body
2d494cf1285015a2d5b76047d5469d8f
5f77592b692b3140a2cca0587ebf8171355c910a
3132734126 3132734126
true true



=== TEST 6: lengths around those of blocks
--- config
    location = /t {
        content_by_lua_block {
            local sum = {}
            for len = 0, 200 do
                local text = ("x"):rep(len)
                sum[#sum + 1] = ngx.md5(text) .. ngx.md5_bin(text) .. ngx.sha1_bin(text) .. ngx.crc32_short(text) .. ngx.crc32_long(text)
            end
            ngx.say(ngx.md5(table.concat(sum)))
        }
    }
--- response_body
33478ad9727cae8a416bc14b63e44836



=== TEST 7: 10 MB
--- config
    location = /t {
        content_by_lua_block {
            local text = ("a b\0\255\1\2\3"):rep(1310720)
            ngx.say(#text, " ", ngx.md5(text))
            ngx.say(require "hex" (ngx.sha1_bin(text)))
            ngx.say(ngx.crc32_long(text), " ", ngx.crc32_short(text))
        }
    }
--- timeout: 10
--- response_body
10485760 abc08a6f95a47416ce806f4f9b2f9fce
2b454bab28592b6344fc58d0c561235cd5a07f8d
268741720 268741720



=== TEST 8: what is no string is made one; nil and false are empty
--- config
    location = /t {
        content_by_lua_block {
            local object = setmetatable({}, {__tostring = function() return "an object" end})
            for _, f in ipairs {ngx.md5, ngx.md5_bin, ngx.sha1_bin, ngx.crc32_short, ngx.crc32_long} do
                ngx.print(f(nil) == f(""), " ", f(false) == f(""), " ", f() == f(""), " ", f(true) == f("true"), " ", f(12) == f("12"), " ",
                          f(-1.5) == f("-1.5"), " ", f(object) == f("an object"), " ", f(ngx.null) == f("userdata: NULL"), "\n")
            end
        }
    }
--- response_body
true true true true true true true true
true true true true true true true true
true true true true true true true true
true true true true true true true true
true true true true true true true true



=== TEST 9: an error of tostring is passed on
--- config
    location = /t {
        content_by_lua_block {
            local try = require "try"
            local object = setmetatable({}, {__tostring = function() error("no text", 0) end})
            for _, f in ipairs {ngx.md5, ngx.md5_bin, ngx.sha1_bin, ngx.crc32_short, ngx.crc32_long} do
                ngx.say(try(f, object))
            end
        }
    }
--- response_body
error: no text
error: no text
error: no text
error: no text
error: no text



=== TEST 10: more arguments do not matter
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.md5("a", "b") == ngx.md5("a"), " ", ngx.sha1_bin("a", {}) == ngx.sha1_bin("a"), " ", ngx.crc32_short("a", 1) == ngx.crc32_short("a"))
        }
    }
--- response_body
true true true



=== TEST 11: they can be kept in local variables and called by pcall
--- config
    location = /t {
        content_by_lua_block {
            local md5, crc = ngx.md5, ngx.crc32_long
            ngx.say(md5("a"), " ", crc("a"), " ", select(2, pcall(md5, "a")))
        }
    }
--- response_body
0cc175b9c0f1b6a831c399e269772661 3904355907 0cc175b9c0f1b6a831c399e269772661



=== TEST 12: hmac_sha1 of a key and a text, in 20 bytes
--- config
    location = /t {
        content_by_lua_block {
            local hex = require "hex"
            ngx.say(#ngx.hmac_sha1("key", "text"), " ", hex(ngx.hmac_sha1("key", "text")))
            ngx.say(hex(ngx.hmac_sha1("", "")))
            ngx.say(hex(ngx.hmac_sha1("\0key\255", "\0\1text\0")))
        }
    }
--- response_body
20 369e2959eb49450338b212748f77d8ded74847bb
fbdb1d1b18aa6c08324b7d64b71fb76370690e1d
b6093bcf844a14d66ed5f0798a7463fa1ef6ac40



=== TEST 13: keys around the length of a block, and longer ones
--- config
    location = /t {
        content_by_lua_block {
            local sum = {}
            for len = 0, 200, 7 do
                sum[#sum + 1] = ngx.hmac_sha1(("k"):rep(len), ("t"):rep(len))
            end
            ngx.say(ngx.md5(table.concat(sum)))
            ngx.say(require "hex" (ngx.hmac_sha1(("k"):rep(1000000), ("t"):rep(10 * 1024 * 1024))))
        }
    }
--- timeout: 10
--- response_body
487b37f0ca2a3882eb9c93dba9d28ccf
dfdc8488f841a474b06052c7807b616b7081ac19



=== TEST 14: hmac_sha1 takes strings and numbers
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.hmac_sha1(1, 2.5) == ngx.hmac_sha1("1", "2.5"))
        }
    }
--- response_body
true



=== TEST 15: hmac_sha1 refuses other types
--- config
    location = /t {
        content_by_lua_block {
            local try = require "try"
            for _, value in ipairs {true, {}, ngx.null} do
                ngx.say(try(ngx.hmac_sha1, value, "text"))
                ngx.say(try(ngx.hmac_sha1, "key", value))
            end
            ngx.say(try(ngx.hmac_sha1, nil, "text"))
            ngx.say(try(ngx.hmac_sha1, "key", nil))
        }
    }
--- response_body
error: bad argument #1 to '?' (string expected, got boolean)
error: bad argument #2 to '?' (string expected, got boolean)
error: bad argument #1 to '?' (string expected, got table)
error: bad argument #2 to '?' (string expected, got table)
error: bad argument #1 to '?' (string expected, got userdata)
error: bad argument #2 to '?' (string expected, got userdata)
error: bad argument #1 to '?' (string expected, got nil)
error: bad argument #2 to '?' (string expected, got nil)



=== TEST 16: hmac_sha1 takes two arguments
--- config
    location = /t {
        content_by_lua_block {
            local try = require "try"
            ngx.say(try(ngx.hmac_sha1))
            ngx.say(try(ngx.hmac_sha1, "key"))
            ngx.say(try(ngx.hmac_sha1, "key", "text", nil))
        }
    }
--- response_body
error: expecting 2 arguments, but got 0
error: expecting 2 arguments, but got 1
error: expecting 2 arguments, but got 3



=== TEST 17: in code that is compiled
--- config
    location = /t {
        content_by_lua_block {
            local sum = ""
            for i = 1, 1000 do
                sum = ngx.md5(sum .. i .. ngx.crc32_short(sum) .. ngx.crc32_long(i)) .. ngx.md5_bin(i) .. ngx.sha1_bin(i)
            end
            ngx.say(ngx.md5(sum))
        }
    }
--- response_body
403c596a5222446cd7974b4ccec82110



=== TEST 18: with the compiler off
--- config
    location = /t {
        content_by_lua_block {
            jit.off()
            jit.flush()
            for i = 1, 100 do
                assert(ngx.md5(i) == require "hex" (ngx.md5_bin(tostring(i))))
                assert(#ngx.sha1_bin(i) == 20 and ngx.crc32_short(i) == ngx.crc32_long(i))
            end
            jit.on()
            ngx.say("ok")
        }
    }
--- response_body
ok



=== TEST 19: two coroutines do not get in each other's way
--- config
    location = /t {
        content_by_lua_block {
            local function digests(from)
                local all = {}
                for i = from, from + 50 do
                    all[#all + 1] = ngx.md5(i) .. ngx.escape_uri("a b" .. i)
                    coroutine.yield()
                end
                return table.concat(all)
            end
            local results = {}
            local a, b = coroutine.create(digests), coroutine.create(digests)
            for _ = 1, 52 do
                results[1] = select(2, coroutine.resume(a, 1))
                results[2] = select(2, coroutine.resume(b, 1000))
            end
            local co = coroutine.wrap(digests)
            local alone
            for _ = 1, 52 do alone = co(1) end
            ngx.say(results[1] == alone, " ", results[2] ~= alone)
        }
    }
--- response_body
true true



=== TEST 20: in all phases of a request
--- config
    location = /t {
        set_by_lua_block $set { return ngx.md5("set") }
        rewrite_by_lua_block { ngx.ctx.rewrite = ngx.crc32_short("rewrite") }
        access_by_lua_block { ngx.ctx.access = #ngx.sha1_bin("access") }
        content_by_lua_block { ngx.say(ngx.var.set, " ", ngx.ctx.rewrite, " ", ngx.ctx.access) }
        header_filter_by_lua_block { ngx.header["X-Filter"] = ngx.md5("filter") }
        body_filter_by_lua_block { ngx.ctx.body = #ngx.md5_bin(ngx.arg[1]) }
        log_by_lua_block { ngx.log(ngx.WARN, "logged ", ngx.crc32_long("log"), " ", #ngx.hmac_sha1("a", "b")) }
    }
--- response_headers
X-Filter: b2c97ae425dd751b0e48a3acae79cf4a
--- error_log
logged 2403297477 20
--- response_body
cdaeeeba9b4a4c5ebf042c0215a7bb0e 99290583 20



=== TEST 21: in init and in init_worker
--- http_config
    init_by_lua_block {
        package.loaded.found = {ngx.md5("init"), ngx.crc32_long("init")}
    }
    init_worker_by_lua_block {
        local found = require "found"
        found[3], found[4] = #ngx.sha1_bin("worker"), #ngx.hmac_sha1("a", "b")
    }
--- config
    location = /t {
        content_by_lua_block { ngx.say(table.concat(require "found", "|")) }
    }
--- response_body
e37f0136aa3ffaf149b351f6a4c948e9|3329549428|20|20
