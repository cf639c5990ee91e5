# ngx.redirect.

use Test::Nginx::Socket::Lua 'no_plan';

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: 302 and a Location
--- config
    location = /t {
        content_by_lua_block { ngx.redirect("/other") }
    }
--- request
GET /t
--- error_code: 302
--- response_headers
Location: /other
Content-Type: text/html
--- response_body_like: 302 Found
--- no_error_log
[error]



=== TEST 2: status 301
--- config
    location = /t {
        content_by_lua_block { ngx.redirect("/other", 301) }
    }
--- request
GET /t
--- error_code: 301
--- response_headers
Location: /other
--- response_body_like: 301 Moved Permanently
--- no_error_log
[error]



=== TEST 3: status 302
--- config
    location = /t {
        content_by_lua_block { ngx.redirect("/other", 302) }
    }
--- request
GET /t
--- error_code: 302
--- response_headers
Location: /other
--- response_body_like: 302 Found
--- no_error_log
[error]



=== TEST 4: status 303
--- config
    location = /t {
        content_by_lua_block { ngx.redirect("/other", 303) }
    }
--- request
GET /t
--- error_code: 303
--- response_headers
Location: /other
--- response_body_like: 303 See Other
--- no_error_log
[error]



=== TEST 5: status 307
--- config
    location = /t {
        content_by_lua_block { ngx.redirect("/other", 307) }
    }
--- request
GET /t
--- error_code: 307
--- response_headers
Location: /other
--- response_body_like: 307 Temporary Redirect
--- no_error_log
[error]



=== TEST 6: status 308
--- config
    location = /t {
        content_by_lua_block { ngx.redirect("/other", 308) }
    }
--- request
GET /t
--- error_code: 308
--- response_headers
Location: /other
--- response_body_like: 308 Permanent Redirect
--- no_error_log
[error]



=== TEST 7: status as a string or with a fraction
--- config
    location = /t {
        content_by_lua_block { ngx.redirect("/other", ngx.var.arg_s and "301" or 303.9) }
    }
--- request eval
["GET /t?s=1", "GET /t"]
--- error_code eval
[301, 303]
--- ignore_response_body
--- no_error_log
[error]



=== TEST 8: other statuses are refused
--- config
    location = /t {
        content_by_lua_block {
            for _, status in ipairs { 200, 300, 304, 305, 306, 309, 404, 0, -301 } do
                local ok, err = pcall(ngx.redirect, "/other", status)
                ngx.say(ok, " ", err)
            end
        }
    }
--- request
GET /t
--- response_body
false only ngx.HTTP_MOVED_TEMPORARILY, ngx.HTTP_MOVED_PERMANENTLY, ngx.HTTP_PERMANENT_REDIRECT, ngx.HTTP_SEE_OTHER, and ngx.HTTP_TEMPORARY_REDIRECT are allowed
false only ngx.HTTP_MOVED_TEMPORARILY, ngx.HTTP_MOVED_PERMANENTLY, ngx.HTTP_PERMANENT_REDIRECT, ngx.HTTP_SEE_OTHER, and ngx.HTTP_TEMPORARY_REDIRECT are allowed
false only ngx.HTTP_MOVED_TEMPORARILY, ngx.HTTP_MOVED_PERMANENTLY, ngx.HTTP_PERMANENT_REDIRECT, ngx.HTTP_SEE_OTHER, and ngx.HTTP_TEMPORARY_REDIRECT are allowed
false only ngx.HTTP_MOVED_TEMPORARILY, ngx.HTTP_MOVED_PERMANENTLY, ngx.HTTP_PERMANENT_REDIRECT, ngx.HTTP_SEE_OTHER, and ngx.HTTP_TEMPORARY_REDIRECT are allowed
false only ngx.HTTP_MOVED_TEMPORARILY, ngx.HTTP_MOVED_PERMANENTLY, ngx.HTTP_PERMANENT_REDIRECT, ngx.HTTP_SEE_OTHER, and ngx.HTTP_TEMPORARY_REDIRECT are allowed
false only ngx.HTTP_MOVED_TEMPORARILY, ngx.HTTP_MOVED_PERMANENTLY, ngx.HTTP_PERMANENT_REDIRECT, ngx.HTTP_SEE_OTHER, and ngx.HTTP_TEMPORARY_REDIRECT are allowed
false only ngx.HTTP_MOVED_TEMPORARILY, ngx.HTTP_MOVED_PERMANENTLY, ngx.HTTP_PERMANENT_REDIRECT, ngx.HTTP_SEE_OTHER, and ngx.HTTP_TEMPORARY_REDIRECT are allowed
false only ngx.HTTP_MOVED_TEMPORARILY, ngx.HTTP_MOVED_PERMANENTLY, ngx.HTTP_PERMANENT_REDIRECT, ngx.HTTP_SEE_OTHER, and ngx.HTTP_TEMPORARY_REDIRECT are allowed
false only ngx.HTTP_MOVED_TEMPORARILY, ngx.HTTP_MOVED_PERMANENTLY, ngx.HTTP_PERMANENT_REDIRECT, ngx.HTTP_SEE_OTHER, and ngx.HTTP_TEMPORARY_REDIRECT are allowed
--- no_error_log
[error]



=== TEST 9: wrong arguments
--- config
    location = /t {
        content_by_lua_block {
            local function try(...)
                local ok, err = pcall(ngx.redirect, ...)
                ngx.say(err)
            end
            try()
            try("/other", 301, 1)
            try(nil)
            try({})
            try(true)
            try("/other", nil)
            try("/other", true)
            try("/other", "x")
        }
    }
--- request
GET /t
--- response_body
expecting one or two arguments
expecting one or two arguments
bad argument #1 to '?' (string expected, got nil)
bad argument #1 to '?' (string expected, got table)
bad argument #1 to '?' (string expected, got boolean)
bad argument #2 to '?' (number expected, got nil)
bad argument #2 to '?' (number expected, got boolean)
bad argument #2 to '?' (number expected, got string)
--- no_error_log
[error]



=== TEST 10: control bytes are refused
--- config
    location = /t {
        content_by_lua_block {
            local errors = {}
            for _, uri in ipairs { "/a\r\nX: y", "/\n", "/a\0b", "/\127", "\1", "/\200\"\\\n" } do
                local ok, err = pcall(ngx.redirect, uri)
                table.insert(errors, err)
            end
            ngx.say(table.concat(errors, "\n"))
        }
    }
--- request
GET /t
--- response_body
unsafe byte "0x0d" in redirect uri "/a\x0D\x0AX: y"
unsafe byte "0x0a" in redirect uri "/\x0A"
unsafe byte "0x00" in redirect uri "/a\x00b"
unsafe byte "0x7f" in redirect uri "/\x7F"
unsafe byte "0x01" in redirect uri "\x01"
unsafe byte "0x0a" in redirect uri "/\xC8\x22\x5C\x0A"
--- no_error_log
[error]



=== TEST 11: a long URI with a line break at its end
--- config
    location = /t {
        content_by_lua_block {
            local ok, err = pcall(ngx.redirect, "/" .. ("x"):rep(300) .. "\n")
            ngx.say(#err, " ", err:sub(1, 40), " ", err:sub(-6))
        }
    }
--- request
GET /t
--- response_body_like: ^\d+ unsafe byte "0x0a" in redirect uri "/xx
--- no_error_log
[error]



=== TEST 12: what is let through as it is
--- config
    location = /t {
        content_by_lua_block {
            ngx.redirect(ngx.var.arg_n == "1" and "a b" or ngx.var.arg_n == "2" and "/\t\200\"\\" or "?x=%zz#y")
        }
    }
--- request eval
["GET /t?n=1", "GET /t?n=2", "GET /t"]
--- error_code eval
[302, 302, 302]
--- ignore_response_body
--- raw_response_headers_like eval
[qr{/a b\r\n|: a b\r\n}, qr{: /\t\xc8"\\\r\n}, qr{\?x=%zz#y\r\n}]
--- no_error_log
[error]



=== TEST 13: a complete URL
--- config
    location = /t {
        content_by_lua_block { ngx.redirect("https://example.com/x?y=z", 301) }
    }
--- request
GET /t
--- error_code: 301
--- response_headers
Location: https://example.com/x?y=z
--- ignore_response_body
--- no_error_log
[error]



=== TEST 14: a path stays a path
--- config
    location = /t {
        absolute_redirect on;
        server_name_in_redirect on;
        content_by_lua_block { ngx.redirect("/other") }
    }
--- request
GET /t
--- error_code: 302
--- response_headers
Location: /other
--- ignore_response_body
--- no_error_log
[error]



=== TEST 15: a number is a URI
--- config
    location = /t {
        content_by_lua_block { ngx.redirect(12) }
    }
--- request
GET /t
--- error_code: 302
--- raw_response_headers_like: Location: \S*12\r\n
--- ignore_response_body
--- no_error_log
[error]



=== TEST 16: an empty URI
--- config
    location = /t {
        content_by_lua_block { ngx.redirect("") }
    }
--- request
GET /t
--- error_code: 302
--- raw_response_headers_like: Location: \S*\r\n
--- ignore_response_body
--- no_error_log
[error]



=== TEST 17: it does not return, and pcall does not catch it
--- config
    location = /t {
        content_by_lua_block {
            pcall(ngx.redirect, "/other")
            ngx.log(ngx.ERR, "came back")
        }
    }
--- request
GET /t
--- error_code: 302
--- ignore_response_body
--- no_error_log
came back



=== TEST 18: within a coroutine
--- config
    location = /t {
        content_by_lua_block {
            coroutine.wrap(function() ngx.redirect("/other") end)()
            ngx.log(ngx.ERR, "came back")
        }
    }
--- request
GET /t
--- error_code: 302
--- ignore_response_body
--- no_error_log
came back



=== TEST 19: after a wait
--- config
    location = /t {
        content_by_lua_block {
            ngx.sleep(0.001)
            ngx.redirect("/other", 307)
        }
    }
--- request
GET /t
--- error_code: 307
--- response_headers
Location: /other
--- ignore_response_body
--- no_error_log
[error]



=== TEST 20: in rewrite
--- config
    location = /t {
        rewrite_by_lua_block { ngx.redirect("/other") }
    }
--- request
GET /t
--- error_code: 302
--- response_headers
Location: /other
--- ignore_response_body
--- no_error_log
[error]



=== TEST 21: in access
--- config
    location = /t {
        access_by_lua_block { ngx.redirect("/other") }
    }
--- request
GET /t
--- error_code: 302
--- response_headers
Location: /other
--- ignore_response_body
--- no_error_log
[error]



=== TEST 22: in precontent
--- config
    location = /t {
        precontent_by_lua_block { ngx.redirect("/other") }
    }
--- request
GET /t
--- error_code: 302
--- response_headers
Location: /other
--- ignore_response_body
--- no_error_log
[error]
--- differs: precontent_by_lua came later



=== TEST 23: in server_rewrite
--- http_config
    server_rewrite_by_lua_block { ngx.redirect('/other') }
--- config
    location = /t {
        content_by_lua_block { ngx.say("x") }
    }
--- request
GET /t
--- error_code: 302
--- response_headers
Location: /other
--- ignore_response_body
--- no_error_log
[error]



=== TEST 24: after the header was sent
--- config
    location = /t {
        content_by_lua_block {
            ngx.say("sent")
            local ok, err = pcall(ngx.redirect, "/other")
            ngx.say(err)
        }
    }
--- request
GET /t
--- response_body
sent
attempt to call ngx.redirect after sending out the headers
--- no_error_log
[error]



=== TEST 25: the order of checks
--- config
    location = /t {
        content_by_lua_block {
            ngx.say("sent")
            local function try(...)
                local ok, err = pcall(ngx.redirect, ...)
                ngx.say(err)
            end
            try("/a\n", 304)
            try("/a\n")
        }
    }
--- request
GET /t
--- response_body
sent
only ngx.HTTP_MOVED_TEMPORARILY, ngx.HTTP_MOVED_PERMANENTLY, ngx.HTTP_PERMANENT_REDIRECT, ngx.HTTP_SEE_OTHER, and ngx.HTTP_TEMPORARY_REDIRECT are allowed
attempt to call ngx.redirect after sending out the headers
--- no_error_log
[error]



=== TEST 26: a status that was set before does not count
--- config
    location = /t {
        content_by_lua_block {
            ngx.status = 500
            ngx.redirect("/other")
        }
    }
--- request
GET /t
--- error_code: 302
--- ignore_response_body
--- no_error_log
[error]



=== TEST 27: a Location that was set before is replaced
--- config
    location = /t {
        content_by_lua_block {
            ngx.header.Location = "/first"
            ngx.redirect("/other")
        }
    }
--- request
GET /t
--- error_code: 302
--- response_headers
Location: /other
--- ignore_response_body
--- no_error_log
[error]
--- differs: the C module sends both



=== TEST 28: other headers stay
--- config
    location = /t {
        content_by_lua_block {
            ngx.header["Set-Cookie"] = "a=b"
            ngx.redirect("/other")
        }
    }
--- request
GET /t
--- error_code: 302
--- response_headers
Set-Cookie: a=b
Location: /other
--- ignore_response_body
--- no_error_log
[error]



=== TEST 29: header filter code sees status and Location
--- config
    location = /t {
        header_filter_by_lua_block { ngx.header["X-Seen"] = ngx.status .. " " .. ngx.header.Location }
        content_by_lua_block { ngx.redirect("/other", 301) }
    }
--- request
GET /t
--- error_code: 301
--- response_headers
X-Seen: 301 /other
--- ignore_response_body
--- no_error_log
[error]



=== TEST 30: error_page can take a redirect
--- config
    location = /t {
        error_page 302 =200 /page;
        content_by_lua_block { ngx.redirect("/other") }
    }
    location = /page { content_by_lua_block { ngx.say("page") } }
--- request
GET /t
--- response_body
page
--- no_error_log
[error]



=== TEST 31: HEAD
--- config
    location = /t {
        content_by_lua_block { ngx.redirect("/other") }
    }
--- request
HEAD /t
--- error_code: 302
--- response_headers
Location: /other
--- no_error_log
[error]



=== TEST 32: HTTP/1.0
--- config
    location = /t {
        content_by_lua_block { ngx.redirect("/other") }
    }
--- request
GET /t HTTP/1.0
--- error_code: 302
--- response_headers
Location: /other
--- ignore_response_body
--- no_error_log
[error]



=== TEST 33: an unread body of the request is not the next request
--- config
    location = /t { content_by_lua_block { ngx.redirect("/other") } }
    location = /next { return 200 "next\n"; }
--- raw_request eval
"POST /t HTTP/1.1\r\nHost: localhost\r\nContent-Length: 36\r\n\r\nGET /bad HTTP/1.1\r\nHost: localhost\r\n" .
"GET /next HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
--- http09
--- response_body_like eval
qr{\AHTTP/1.1 302 .*HTTP/1.1 200 OK.*next\n\z}s
--- no_error_log
[error]



=== TEST 34: wrong phases
--- config
    location = /t {
        set_by_lua_block $x { local ok, err = pcall(ngx.redirect, "/other") ngx.log(ngx.WARN, err) }
        header_filter_by_lua_block { local ok, err = pcall(ngx.redirect, "/other") ngx.log(ngx.WARN, err) }
        body_filter_by_lua_block { local ok, err = pcall(ngx.redirect, "/other") ngx.log(ngx.WARN, err) }
        log_by_lua_block { local ok, err = pcall(ngx.redirect, "/other") ngx.log(ngx.WARN, err) }
        content_by_lua_block { ngx.say("x") }
    }
--- request
GET /t
--- response_body
x
--- error_log
API disabled in the context of set_by_lua*
API disabled in the context of header_filter_by_lua*
API disabled in the context of body_filter_by_lua*
API disabled in the context of log_by_lua*
--- no_error_log
[error]



=== TEST 35: without a request
--- http_config
    init_by_lua_block {
        started = select(2, pcall(ngx.redirect, "/other"))
        wrong = select(2, pcall(ngx.redirect))
    }
--- config
    location = /t {
        content_by_lua_block { ngx.say(started, "; ", wrong) }
    }
--- request
GET /t
--- response_body
no request object found; expecting one or two arguments
--- no_error_log
[error]
