# ngx.status in every phase, and the status line.

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

=== TEST 1: the status line of statuses that nginx knows and does not know
--- config
    location = /t {
        content_by_lua_block {
            ngx.status = ngx.var.arg_status
            ngx.say(ngx.status)
        }
    }
--- request eval
[map { "GET /t?status=$_" } (100, 200, 201, 226, 302, 418, 451, 500, 599, 700, 999)]
--- error_code eval
[100, 200, 201, 226, 302, 418, 451, 500, 599, 700, 999]
--- raw_response_headers_like eval
[qr/ 100 \r\n/, qr/ 200 OK\r\n/, qr/ 201 Created\r\n/, qr/ 226 \r\n/, qr/ 302 Moved Temporarily\r\n/, qr/ 418 \r\n/, qr/ 451 \r\n/,
 qr/ 500 Internal Server Error\r\n/, qr/ 599 \r\n/, qr/ 700 \r\n/, qr/ 999 \r\n/]
--- ignore_response_body



=== TEST 2: in every phase of a request
--- config
    location = /t {
        set_by_lua_block $a { local s = ngx.status ngx.status = 201 return s }
        rewrite_by_lua_block { ngx.ctx.rewrite = ngx.status ngx.status = 202 }
        access_by_lua_block { ngx.ctx.access = ngx.status ngx.status = 203 }
        content_by_lua_block {
            local content = ngx.status
            ngx.status = 404
            ngx.say(ngx.var.a, " ", ngx.ctx.rewrite, " ", ngx.ctx.access, " ", content)
        }
        header_filter_by_lua_block { ngx.ctx.header_filter = ngx.status ngx.status = 405 }
        body_filter_by_lua_block { ngx.ctx.body_filter = ngx.status }
        log_by_lua_block { ngx.log(ngx.WARN, "log: ", ngx.ctx.header_filter, " ", ngx.ctx.body_filter, " ", ngx.status) }
    }
--- error_code: 405
--- response_body
0 201 202 203
--- error_log
log: 404 405 405



=== TEST 3: body filter and log cannot change it
--- config
    location = /t {
        content_by_lua_block { ngx.print("x") }
        body_filter_by_lua_block { ngx.status = 404 }
        log_by_lua_block { ngx.status = 500 ngx.log(ngx.WARN, "log: ", ngx.status) }
    }
--- response_body chop
x
--- error_log
attempt to set ngx.status after sending out response headers
log: 200



=== TEST 4: numbers in strings, hexadecimal ones, fractions
--- config
    location = /t {
        content_by_lua_block {
            local lines = {}
            for i, value in ipairs {"201", "0xCC", 203.9, "204.5", 2.05e2, " 206 "} do
                ngx.status = value
                lines[i] = ngx.status
            end
            ngx.status = 200
            ngx.say(table.concat(lines, " "))
        }
    }
--- response_body
201 204 203 204 205 206



=== TEST 5: what is no number is an error and changes nothing
--- config
    location = /t {
        content_by_lua_block {
            ngx.status = 201
            local lines = {}
            for i, value in ipairs {"", "abc", "20x", true, {}, print, ngx.null} do
                lines[i] = require "try"(function() ngx.status = value end)
            end
            lines[#lines + 1] = require "try"(function() ngx.status = nil end)
            ngx.say(table.concat(lines, "\n"), "\n", ngx.status)
        }
    }
--- error_code: 201
--- response_body
error: bad argument #2 to 'ngx_http_lua_ffi_set_resp_status' (cannot convert 'nil' to 'int')
error: bad argument #2 to 'ngx_http_lua_ffi_set_resp_status' (cannot convert 'nil' to 'int')
error: bad argument #2 to 'ngx_http_lua_ffi_set_resp_status' (cannot convert 'nil' to 'int')
error: bad argument #2 to 'ngx_http_lua_ffi_set_resp_status' (cannot convert 'nil' to 'int')
error: bad argument #2 to 'ngx_http_lua_ffi_set_resp_status' (cannot convert 'nil' to 'int')
error: bad argument #2 to 'ngx_http_lua_ffi_set_resp_status' (cannot convert 'nil' to 'int')
error: bad argument #2 to 'ngx_http_lua_ffi_set_resp_status' (cannot convert 'nil' to 'int')
error: bad argument #2 to 'ngx_http_lua_ffi_set_resp_status' (cannot convert 'nil' to 'int')
201



=== TEST 6: statuses that are none
--- config
    location = /t {
        content_by_lua_block {
            ngx.status = 201
            for _, value in ipairs {0, 1, 99, 1000, -200, 65736, 4294967496} do
                ngx.status = value
            end
            ngx.status = 0/0
            ngx.status = 1/0
            ngx.say(ngx.status)
        }
    }
--- error_code: 201
--- response_body
201
--- grep_error_log eval
qr/invalid HTTP status code -?\d+/
--- grep_error_log_out
invalid HTTP status code 0
invalid HTTP status code 1
invalid HTTP status code 99
invalid HTTP status code 1000
invalid HTTP status code -200
invalid HTTP status code 65736
invalid HTTP status code 4294967496
invalid HTTP status code 0
invalid HTTP status code 9223372036854775807
--- no_error_log
[alert]
--- differs: the C module checks the range since its version 0.10.28



=== TEST 7: a status without a body has none
--- config
    location = /t {
        content_by_lua_block {
            ngx.status = ngx.var.arg_status
            ngx.send_headers()
        }
    }
--- request eval
["GET /t?status=204", "GET /t?status=304"]
--- error_code eval
[204, 304]
--- response_headers eval
["! Content-Length\n! Transfer-Encoding", "! Content-Length\n! Transfer-Encoding"]
--- response_body eval
["", ""]



=== TEST 8: in an error page the status reads as the error's
--- config
    location = /t {
        content_by_lua_block { ngx.exit(503) }
        error_page 503 /page;
    }
    location = /page {
        internal;
        content_by_lua_block { ngx.say(ngx.status) }
    }
--- error_code: 503
--- response_body
503



=== TEST 9: an error page with another status of its own
--- config
    location = /t { return 503; error_page 503 =200 /page; }
    location = /u { return 404; error_page 404 = /page; }
    location = /page {
        internal;
        content_by_lua_block { ngx.say(ngx.status) }
    }
--- request eval
["GET /t", "GET /u"]
--- error_code eval
[200, 200]
--- response_body eval
["200\n", "0\n"]



=== TEST 10: in an error page, setting the status replaces the error's
--- config
    location = /t { return 503; error_page 503 /page; }
    location = /page {
        internal;
        content_by_lua_block {
            local before = ngx.status
            ngx.status = 410
            ngx.say(before, " ", ngx.status)
        }
        log_by_lua_block { ngx.log(ngx.WARN, "log: ", ngx.status, " ", ngx.var.status) }
    }
--- error_code: 410
--- response_body
503 410
--- error_log
log: 410 410



=== TEST 11: the status of responses that nginx makes, seen in log
--- config
    location = /gone { return 410; log_by_lua_block { ngx.log(ngx.WARN, "log: ", ngx.status) } }
    location = /missing { log_by_lua_block { ngx.log(ngx.WARN, "log: ", ngx.status) } root html; }
    location = /index.html { log_by_lua_block { ngx.log(ngx.WARN, "log: ", ngx.status) } root html; }
--- request eval
["GET /gone", "GET /index.html"]
--- error_code eval
[410, 200]
--- ignore_response_body
--- error_log eval
[qr/log: (410|200)/]



=== TEST 12: a proxied status, changed in the header filter
--- config
    location = /t {
        proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/back;
        header_filter_by_lua_block {
            ngx.header["X-Was"] = ngx.status
            ngx.status = 203
        }
        log_by_lua_block { ngx.log(ngx.WARN, "log: ", ngx.status, " ", ngx.var.upstream_status) }
    }
    location = /back { return 418 "tea\n"; }
--- error_code: 203
--- response_headers
X-Was: 418
--- response_body
tea
--- error_log
log: 203 418



=== TEST 13: the words of a proxied status line go when the status changes
--- config
    location = /t {
        proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/back;
        header_filter_by_lua_block { if ngx.var.arg_status then ngx.status = ngx.var.arg_status end }
    }
    location = /back { return 599 "x"; }
--- request eval
["GET /t", "GET /t?status=404"]
--- error_code eval
[599, 404]
--- raw_response_headers_like eval
[qr{^HTTP/1\.1 599\s*\r\n}, qr{^HTTP/1\.1 404 Not Found\r\n}]
--- ignore_response_body



=== TEST 14: 101 has its words, and nothing that a response with a body has
--- config
    location = /t {
        content_by_lua_block {
            ngx.status = 101
            ngx.header.upgrade = "echo"
            ngx.say("raw")
        }
    }
--- error_code: 101
--- raw_response_headers_like: ^HTTP/1\.1 101 Switching Protocols\r\n
--- response_headers
Connection: upgrade
Upgrade: echo
! Transfer-Encoding
! Content-Length
--- ignore_response_body



=== TEST 15: 101, then another status
--- config
    location = /t {
        content_by_lua_block {
            ngx.status = 101
            ngx.status = 202
            ngx.say(ngx.status)
        }
    }
--- error_code: 202
--- raw_response_headers_like: ^HTTP/1\.1 202 Accepted\r\n
--- response_body
202



=== TEST 16: HTTP/0.9 sends no status, and reads 9 until one is set
--- config
    location = /t {
        content_by_lua_block {
            local before = ngx.status
            ngx.status = 404
            ngx.say(before, " ", ngx.status)
        }
    }
--- raw_request eval
"GET /t\r\n"
--- http09
--- response_body
9 404



=== TEST 17: ngx.status and $status
--- config
    location = /t {
        content_by_lua_block {
            local before = ngx.var.status
            ngx.status = 404
            local set = ngx.var.status
            ngx.say(before, " ", set)
        }
        log_by_lua_block { ngx.log(ngx.WARN, "log: ", ngx.var.status) }
    }
--- error_code: 404
--- response_body
000 404
--- error_log
log: 404



=== TEST 18: the line of a late status says where
--- config
    location = /t {
        content_by_lua_block {
            ngx.say("sent")
            ngx.status = 404
        }
    }
--- response_body
sent
--- error_log eval
qr/\[error\] \d+#\d+: \*\d+ attempt to set ngx\.status after sending out response headers, client: 127\.0\.0\.1/



=== TEST 19: HEAD and the status
--- config
    location = /t {
        content_by_lua_block {
            ngx.status = 404
            ngx.header["X-Foo"] = "1"
            ngx.say("body")
        }
    }
--- request
HEAD /t
--- error_code: 404
--- response_headers
X-Foo: 1
--- response_body
--- no_error_log
[error]
