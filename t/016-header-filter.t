use Test::Nginx::Socket::Lua 'no_plan';

repeat_each(2);
no_root_location();
run_tests();

__DATA__

=== TEST 1: the filter sees status and headers that the content handler made
--- config
    location = /t {
        content_by_lua_block {
            ngx.status = 202
            ngx.header["X-One"] = "1"
            ngx.header["Content-Type"] = "text/x"
            ngx.header["Content-Length"] = 5
            ngx.say("body")
        }
        header_filter_by_lua_block {
            local h = ngx.header
            h["X-Seen"] = table.concat({ ngx.status, h["X-One"], h["Content-Type"],
                h["Content-Length"], tostring(h["X-None"]) }, " ")
        }
    }
--- request
GET /t
--- error_code: 202
--- response_headers
X-Seen: 202 1 text/x 5 nil
--- response_body
body



=== TEST 2: headers are set, replaced, repeated and removed
--- config
    location = /t {
        content_by_lua_block {
            ngx.header["X-Old"] = "old"
            ngx.header["X-Change"] = "old"
            ngx.say("body")
        }
        header_filter_by_lua_block {
            ngx.header["X-Old"] = nil
            ngx.header["X-Change"] = "new"
            ngx.header["X-List"] = { "a", "b" }
            ngx.header["Content-Type"] = "text/html"
        }
    }
--- request
GET /t
--- response_headers
! X-Old
X-Change: new
Content-Type: text/html
--- raw_response_headers_like: X-List: a\r\nX-List: b\r\n



=== TEST 3: the status may be changed
--- config
    location /t {
        header_filter_by_lua_block { ngx.status = tonumber(ngx.var.arg_status) }
        return 200 "body\n";
    }
--- request eval
["GET /t?status=201", "GET /t?status=404", "GET /t?status=299"]
--- error_code eval
[201, 404, 299]
--- raw_response_headers_like eval
['^HTTP/1\.1 201 Created\r\n', '^HTTP/1\.1 404 Not Found\r\n', '^HTTP/1\.1 299 ?\r\n']
--- response_body eval
[("body\n") x 3]



=== TEST 4: headers of a static file
--- config
    location = /t.txt {
        root html;
        header_filter_by_lua_block {
            ngx.header["X-Seen"] = ngx.header["Last-Modified"] .. ", " .. ngx.header["Content-Length"]
            ngx.header["ETag"] = nil
            ngx.header["Last-Modified"] = "Thu, 01 Jan 1970 00:00:01 GMT"
        }
    }
--- user_files
>>> t.txt 202001011200.00
content
--- request
GET /t.txt
--- response_headers
X-Seen: Wed, 01 Jan 2020 12:00:00 GMT, 8
! ETag
Last-Modified: Thu, 01 Jan 1970 00:00:01 GMT
--- response_body
content



=== TEST 5: headers of a proxied response
--- config
    location = /t {
        proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/back;
        header_filter_by_lua_block {
            local cookies = ngx.header["Set-Cookie"]
            ngx.header["X-Cookies"] = #cookies .. " " .. cookies[2]
            ngx.header["Set-Cookie"] = cookies[1]
            ngx.header["X-Powered-By"] = nil
        }
    }
    location = /back {
        add_header Set-Cookie a=1;
        add_header Set-Cookie b=2;
        add_header X-Powered-By secret;
        return 200 "body\n";
    }
--- request
GET /t
--- response_headers
X-Cookies: 2 b=2
Set-Cookie: a=1
! X-Powered-By
--- response_body
body



=== TEST 6: the target of a redirect
--- config
    location = /t {
        return 302 http://example.com/a;
        header_filter_by_lua_block {
            ngx.header["Location"] = ngx.header["Location"] .. "?from=lua"
        }
    }
--- request
GET /t
--- error_code: 302
--- response_headers
Location: http://example.com/a?from=lua



=== TEST 7: the filter runs for HEAD, 204 and 304
--- config
    header_filter_by_lua_block { ngx.header["X-Filter"] = "runs" }
    location = /200 { return 200 "text\n"; }
    location = /204 { return 204; }
    location = /304 { return 304; }
--- request eval
["HEAD /200", "GET /204", "GET /304"]
--- error_code eval
[200, 204, 304]
--- response_headers eval
[("X-Filter: runs") x 3]



=== TEST 8: the filter runs once for a response, however often output is made
--- config
    location = /t {
        content_by_lua_block {
            ngx.send_headers()
            ngx.say("one")
            ngx.flush()
            ngx.say("two")
        }
        header_filter_by_lua_block {
            ngx.ctx.runs = (ngx.ctx.runs or 0) + 1
            ngx.header["X-Runs"] = ngx.ctx.runs
        }
    }
--- request
GET /t
--- response_headers
X-Runs: 1
--- response_body
one
two



=== TEST 9: the filter runs for the response that error_page chose, not for the one it replaced
--- config
    header_filter_by_lua_block { ngx.log(ngx.WARN, "filter for ", ngx.var.uri, " ", ngx.status) }
    error_page 403 /error;
    location = /t {
        deny all;
    }
    location = /error {
        return 200 "sorry\n";
    }
--- request
GET /t
--- error_code: 403
--- response_body
sorry
--- grep_error_log eval
qr/filter for \S+ \d+/
--- grep_error_log_out
filter for /error 403



=== TEST 10: the header is not sent yet
--- config
    location = /t {
        content_by_lua_block {
            ngx.say("before: ", ngx.ctx.before, ", in the filter: ", ngx.ctx.sent)
            ngx.say("after: ", ngx.headers_sent)
        }
        rewrite_by_lua_block { ngx.ctx.before = ngx.headers_sent }
        header_filter_by_lua_block { ngx.header["X-Sent"] = tostring(ngx.headers_sent) }
    }
--- request
GET /t
--- response_headers
X-Sent: false
--- response_body
before: false, in the filter: nil
after: true



=== TEST 11: ngx.ctx connects the phases
--- config
    location = /t {
        access_by_lua_block { ngx.ctx.list = { "access" } }
        header_filter_by_lua_block { table.insert(ngx.ctx.list, "header") }
        body_filter_by_lua_block {
            if ngx.arg[2] then
                ngx.arg[1] = table.concat(ngx.ctx.list, " ") .. "\n"
            end
        }
        content_by_lua_block { table.insert(ngx.ctx.list, "content") ngx.say("body") }
    }
--- request
GET /t
--- response_body
body
access content header



=== TEST 12: nginx variables may be read and set
--- config
    location = /t {
        set $x "";
        header_filter_by_lua_block {
            ngx.var.x = ngx.var.uri .. " " .. ngx.var.status .. " " .. ngx.var.sent_http_content_type
        }
        add_header X-Seen $x;
        return 200 "body\n";
    }
--- request
GET /t
--- response_headers
X-Seen: /t 200 text/plain



=== TEST 13: ngx.exit with a status replaces the response
--- config
    location = /t {
        header_filter_by_lua_block { return ngx.exit(503) }
        return 200 "body\n";
    }
--- request
GET /t
--- error_code: 503
--- response_body_like: 503 Service Temporarily Unavailable



=== TEST 14: ngx.exit records the status and goes on
--- config
    location = /t {
        header_filter_by_lua_block {
            ngx.exit(403)
            ngx.log(ngx.WARN, "after exit")
        }
        return 200 "body\n";
    }
--- request
GET /t
--- error_code: 403
--- error_log
after exit



=== TEST 15: ngx.exit(ngx.ERROR) closes the connection
--- config
    location = /t {
        header_filter_by_lua_block { return ngx.exit(ngx.ERROR) }
        return 200 "body\n";
    }
--- request
GET /t
--- error_code:
--- response_body eval
""
--- no_error_log
[error]



=== TEST 16: ngx.exit(ngx.OK) leaves the response alone, ngx.exit(200) empties it
--- config
    location /t {
        header_filter_by_lua_block { ngx.exit(tonumber(ngx.var.arg_code)) }
        return 201 "body\n";
    }
--- request eval
["GET /t?code=0", "GET /t?code=200"]
--- error_code eval
[201, 200]
--- response_body eval
["body\n", ""]



=== TEST 17: the filter runs for the page that its ngx.exit made, where the same exit does nothing
--- config
    location = /t {
        header_filter_by_lua_block {
            ngx.ctx.runs = (ngx.ctx.runs or 0) + 1
            ngx.header["X-Runs"] = ngx.ctx.runs
            ngx.exit(404)
        }
        return 200 "body\n";
    }
--- request
GET /t
--- error_code: 404
--- response_headers
X-Runs: 2



=== TEST 18: ngx.exit in the filter of content made by Lua
--- config
    location = /t {
        content_by_lua_block {
            ngx.say("first")
            ngx.log(ngx.ERR, "content goes on")
        }
        header_filter_by_lua_block { return ngx.exit(410) }
    }
--- request
GET /t
--- error_code: 410
--- response_body_like: 410 Gone



=== TEST 19: output and waiting are refused
--- config
    location = /t {
        header_filter_by_lua_block {
            local function try(name, f, ...)
                ngx.header["X-" .. name] = select(2, pcall(f, ...))
            end
            try("say", ngx.say, "x")
            try("flush", ngx.flush)
            try("eof", ngx.eof)
            try("send-headers", ngx.send_headers)
            try("sleep", ngx.sleep, 0)
            try("read-body", ngx.req.read_body)
        }
        return 200 "body\n";
    }
--- request
GET /t
--- response_headers
X-say: API disabled in the context of header_filter_by_lua*
X-flush: API disabled in the context of header_filter_by_lua*
X-eof: API disabled in the context of header_filter_by_lua*
X-send-headers: API disabled in the context of header_filter_by_lua*
X-sleep: API disabled in the context of header_filter_by_lua*
X-read-body: API disabled in the context of header_filter_by_lua*
--- response_body
body



=== TEST 20: Lua's own coroutines work
--- config
    location = /t {
        header_filter_by_lua_block {
            local co = coroutine.create(function(a) return coroutine.yield(a + 1) * 2 end)
            local _, first = coroutine.resume(co, 1)
            local _, second = coroutine.resume(co, 10)
            ngx.header["X-Co"] = first .. " " .. second .. " " .. coroutine.status(co)
        }
        return 200 "body\n";
    }
--- request
GET /t
--- response_headers
X-Co: 2 20 dead



=== TEST 21: a filter of a subrequest does not touch the header of the main request
--- config
    location = /t {
        ssi on;
        ssi_types text/plain;
        header_filter_by_lua_block { ngx.header["X-Main"] = "main" }
        return 200 '<!--# include virtual="/sub" -->\n';
    }
    location = /sub {
        header_filter_by_lua_block {
            ngx.header["X-Sub"] = "sub"
            ngx.status = 404
            ngx.log(ngx.WARN, "header of ", ngx.var.uri)
        }
        return 200 "sub";
    }
--- request
GET /t
--- response_headers
X-Main: main
! X-Sub
--- response_body
sub
--- error_log
header of /sub



=== TEST 22: many headers
--- config
    location = /t {
        header_filter_by_lua_block {
            for i = 1, 200 do
                ngx.header["X-Many-" .. i] = i
            end
        }
        return 200 "body\n";
    }
--- request
GET /t
--- response_headers
X-Many-1: 1
X-Many-100: 100
X-Many-200: 200
--- response_body
body



=== TEST 23: with HTTP/0.9 both filters run, though no header is sent
--- config
    location = /t {
        header_filter_by_lua_block { ngx.ctx.seen = "header filter" }
        body_filter_by_lua_block { ngx.arg[1] = ngx.arg[1] .. " " .. ngx.ctx.seen .. "\n" }
        return 200 "body";
    }
--- raw_request eval
"GET /t\r\n"
--- http09
--- response_body
body header filter



=== TEST 24: the length of a file that the body filter will change is taken away in time
--- config
    location = /t.txt {
        root html;
        header_filter_by_lua_block {
            ngx.header["Content-Length"] = nil
            ngx.header["Accept-Ranges"] = nil
        }
        body_filter_by_lua_block {
            if ngx.arg[2] then
                ngx.arg[1] = ngx.arg[1] .. "appended\n"
            end
        }
    }
--- user_files
>>> t.txt
content
--- request
GET /t.txt
--- response_headers
! Content-Length
! Accept-Ranges
Transfer-Encoding: chunked
--- response_body
content
appended
