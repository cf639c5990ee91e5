# Debian's lua-nginx-cookie.

use Test::Nginx::Socket::Lua;

-e '/usr/share/lua/5.1/nginx/cookie.lua'
    ? plan('no_plan') : plan(skip_all => 'no lua-nginx-cookie');

add_block_preprocessor(sub {
    my ($block) = @_;
    $block->set_value("request", "GET /t") if !defined $block->request;
    $block->set_value("no_error_log", "[error]")
        if !defined $block->error_log && !defined $block->no_error_log;
});

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: cookies of the request
--- config
    location = /t {
        content_by_lua_block {
            local cookie = require("nginx.cookie"):new()
            ngx.say(cookie:get("SID"), " ", cookie:get("lang"), " ", cookie:get("none"))
            local names = {}
            for name, value in pairs(cookie:get_all()) do
                names[#names + 1] = name .. "=" .. value
            end
            table.sort(names)
            ngx.say(table.concat(names, ", "))
        }
    }
--- more_headers
Cookie: SID=31d4d96e407aad42; lang=en-US; empty=; eq=a=b
--- response_body
31d4d96e407aad42 en-US nil
SID=31d4d96e407aad42, empty=, eq=a=b, lang=en-US



=== TEST 2: several Cookie headers
--- config
    location = /t {
        content_by_lua_block {
            local cookie = require("nginx.cookie"):new()
            ngx.say(cookie:get("a"), " ", cookie:get("b"), " ", cookie:get("c"))
        }
    }
--- more_headers
Cookie: a=1; b=2
Cookie: c=3
--- response_body
1 2 3



=== TEST 3: none
--- config
    location = /t {
        content_by_lua_block {
            local cookie = require("nginx.cookie"):new()
            ngx.say(cookie:get("a"))
            ngx.say(cookie:get_all())
        }
    }
--- response_body
nilno cookie found in the current request
nilno cookie found in the current request



=== TEST 4: setting a cookie with all its attributes
--- config
    location = /t {
        content_by_lua_block {
            local cookie = require("nginx.cookie"):new()
            ngx.say(cookie:set {
                key = "Name", value = "Bob", path = "/", domain = "example.com",
                secure = true, httponly = true, expires = "Wed, 09 Jun 2021 10:18:14 GMT",
                max_age = 50, extension = "a4334aebaec",
            })
        }
    }
--- response_headers
Set-Cookie: Name=Bob; Expires=Wed, 09 Jun 2021 10:18:14 GMT; Max-Age=50; Domain=example.com; Path=/; Secure; HttpOnly; a4334aebaec
--- response_body
true



=== TEST 5: setting several, and one twice
--- config
    location = /t {
        add_header X-After $sent_http_set_cookie;
        content_by_lua_block {
            local cookie = require("nginx.cookie"):new()
            cookie:set { key = "a", value = "1" }
            cookie:set { key = "a", value = "1" }
            cookie:set { key = "b", value = "2", ["max-age"] = 3 }
            cookie:set { key = "c", value = "3", path = "/x" }
            cookie:set { key = "b", value = "2", max_age = 3 }
            ngx.say(#ngx.header.set_cookie)
        }
    }
--- raw_response_headers_like
Set-Cookie: a=1\r
Set-Cookie: b=2; Max-Age=3\r
Set-Cookie: c=3; Path=/x\r
--- response_body
3



=== TEST 6: an incomplete one
--- config
    location = /t {
        content_by_lua_block {
            local cookie = require("nginx.cookie"):new()
            ngx.say(cookie:set { key = "a" })
            ngx.say(cookie:set { value = "a" })
        }
    }
--- response_body
nilmissing cookie field "key" or "value"
nilmissing cookie field "key" or "value"



=== TEST 7: a login that an access check sees again
--- config
    location = /login {
        content_by_lua_block {
            local key = ngx.hmac_sha1("secret", "bob")
            require("nginx.cookie"):new():set {
                key = "user", value = "bob:" .. ngx.encode_base64(key), httponly = true,
            }
            ngx.say(ngx.header["Set-Cookie"])
        }
    }
    location = /t {
        access_by_lua_block {
            local text = require("nginx.cookie"):new():get("user") or ""
            local name, key = text:match("^(%w+):(.*)$")
            if not name or ngx.encode_base64(ngx.hmac_sha1("secret", name)) ~= key then
                return ngx.exit(403)
            end
            ngx.ctx.name = name
        }
        content_by_lua_block { ngx.say("hello, ", ngx.ctx.name) }
    }
--- request eval
["GET /login", "GET /t", "GET /t"]
--- more_headers eval
["", "Cookie: user=bob:AAAA", "Cookie: user=bob:3NJEvtj53//6gG1MlSPXRNI23xM="]
--- error_code eval
[200, 403, 200]
--- response_body_like eval
["^user=bob:3NJEvtj53//6gG1MlSPXRNI23xM=; HttpOnly\$", "403 Forbidden", "^hello, bob\$"]
