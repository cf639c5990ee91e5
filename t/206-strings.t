# Debian's lua-nginx-string: it calls nginx's functions and libcrypto's by FFI.

use Test::Nginx::Socket::Lua;

-e '/usr/share/lua/5.1/nginx/string.lua'
    ? plan('no_plan') : plan(skip_all => 'no lua-nginx-string');

add_block_preprocessor(sub {
    my ($block) = @_;
    $block->set_value("request", "GET /t") if !defined $block->request;
    $block->set_value("no_error_log", "[error]")
        if !defined $block->error_log && !defined $block->no_error_log;
});

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: to_hex and atoi
--- config
    location = /t {
        content_by_lua_block {
            local str = require "nginx.string"
            ngx.say(str.to_hex("\0\1az\254\255"), " [", str.to_hex(""), "]")
            ngx.say(#str.to_hex(("x"):rep(1000000)))
            ngx.say(str.atoi("42"), " ", str.atoi("007"), " ", str.atoi("x"), " ", str.atoi(""))
        }
    }
--- response_body
0001617afeff []
2000000
42 7 -1 -1



=== TEST 2: digests, in parts and after a reset
--- config
    location = /t {
        content_by_lua_block {
            local to_hex = require("nginx.string").to_hex
            for _, name in ipairs { "md5", "sha1", "sha224", "sha256", "sha384", "sha512" } do
                local digest = require("nginx." .. name):new()
                digest:update("hel")
                digest:update("")
                digest:update("lo")
                local whole = to_hex(digest:final())
                digest:reset()
                digest:update("hello")
                ngx.say(name, " ", whole:sub(1, 16), " ", #whole, " ", to_hex(digest:final()) == whole)
            end
        }
    }
--- response_body
md5 5d41402abc4b2a76 32 true
sha1 aaf4c61ddcc5e8a2 40 true
sha224 ea09ae9cc6768c50 56 true
sha256 2cf24dba5fb0a30e 64 true
sha384 59e1748777448c69 96 true
sha512 9b71d224bd62f378 128 true



=== TEST 3: the digests are those of ngx.*
--- config
    location = /t {
        content_by_lua_block {
            local to_hex = require("nginx.string").to_hex
            for length = 0, 200, 7 do
                local text = ("0123456789"):rep(20):sub(1, length)
                local md5, sha1 = require("nginx.md5"):new(), require("nginx.sha1"):new()
                md5:update(text)
                sha1:update(text)
                assert(to_hex(md5:final()) == ngx.md5(text))
                assert(sha1:final() == ngx.sha1_bin(text))
            end
            ngx.say("same")
        }
    }
--- response_body
same



=== TEST 4: AES with a password
--- config
    location = /t {
        content_by_lua_block {
            local aes = require "nginx.aes"
            local to_hex = require("nginx.string").to_hex
            local default = aes:new("secret")
            ngx.say(to_hex(default:encrypt("hello")))
            ngx.say(default:decrypt(default:encrypt("hello")))
            local strong = aes:new("secret", "saltsalt", aes.cipher(256, "cbc"), aes.hash.sha512, 5)
            ngx.say(to_hex(strong:encrypt("hello")))
            ngx.say(strong:decrypt(strong:encrypt("hello")))
            ngx.say(strong:decrypt(default:encrypt("hello")))
            ngx.say(aes:new("secret", "short"))
        }
    }
--- response_body
7b47a4dbb11e2cddb2f3740c9e3a552b
hello
eaf127de6e1a7b266fada35921abc185
hello
nil
nilsalt must be 8 characters or nil



=== TEST 5: AES with a key and an initialization vector
--- config
    location = /t {
        content_by_lua_block {
            local aes = require "nginx.aes"
            local to_hex = require("nginx.string").to_hex
            local key, iv = ("k"):rep(16), ("i"):rep(16)
            local cipher = aes:new(key, nil, aes.cipher(128, "cbc"), { iv = iv })
            local text = ("a long text, "):rep(1000)
            ngx.say(#cipher:encrypt(text), " ", cipher:decrypt(cipher:encrypt(text)) == text)
            ngx.say(aes:new("short", nil, aes.cipher(256), { iv = iv }))
            ngx.say(aes:new(key, nil, aes.cipher(128), { iv = "short" }))
            local by_hash = aes:new("password", nil, aes.cipher(128), { iv = iv, method = ngx.md5_bin })
            ngx.say(by_hash:decrypt(by_hash:encrypt("x")))
        }
    }
--- response_body
13008 true
nilbad key length
nilbad iv
x



=== TEST 6: random bytes
--- config
    location = /t {
        content_by_lua_block {
            local random = require "nginx.random"
            ngx.say(#random.bytes(16), " ", #random.bytes(16, true), " ", #random.bytes(100000, true))
            ngx.say(random.bytes(16, true) ~= random.bytes(16, true))
        }
    }
--- response_body
16 16 100000
true



=== TEST 7: while the configuration is read, and in filters
--- http_config
    init_by_lua_block {
        local md5 = require("nginx.md5"):new()
        md5:update("hello")
        at_init = require("nginx.string").to_hex(md5:final())
    }
--- config
    location = /t {
        content_by_lua_block { ngx.say(at_init) }
        body_filter_by_lua_block {
            ngx.arg[1] = require("nginx.string").to_hex(ngx.arg[1])
        }
    }
--- response_body eval
unpack("H*", "5d41402abc4b2a76b9719d911017c592\n")
--- no_error_log
[error]
