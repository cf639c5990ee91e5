# Where each hook stands among nginx's own handlers, and what its end means.

use Test::Nginx::Socket::Lua 'no_plan';

repeat_each(2);
no_root_location();
run_tests();

__DATA__

=== TEST 1: rewrite_by_lua runs after set and if, wherever it is written
--- config
    location = /t {
        rewrite_by_lua_block { ngx.ctx.seen = ngx.var.a .. ngx.var.b }
        set $a 1;
        set $b 0;
        if ($a = 1) {
            set $b 2;
        }
        content_by_lua_block { ngx.say(ngx.ctx.seen) }
    }
--- request
GET /t
--- response_body
12



=== TEST 2: what rewrite_by_lua sets is too late for if
--- config
    location = /t {
        set $a old;
        rewrite_by_lua_block { ngx.var.a = "new" }
        if ($a = new) {
            return 403;
        }
        content_by_lua_block { ngx.say(ngx.var.a) }
    }
--- request
GET /t
--- response_body
new



=== TEST 3: rewrite_by_lua sees the URI that rewrite ... break made
--- config
    location /t {
        rewrite_by_lua_block { ngx.ctx.seen = ngx.var.uri .. "?" .. ngx.var.args }
        rewrite ^/t/(.*)$ /u/$1?x=1 break;
        content_by_lua_block { ngx.say(ngx.ctx.seen) }
    }
--- request
GET /t/file
--- response_body
/u/file?x=1



=== TEST 4: after rewrite ... last only the hook of the new location runs
--- config
    location = /old {
        rewrite ^ /new last;
        rewrite_by_lua_block { ngx.log(ngx.ERR, "old location") }
    }
    location = /new {
        rewrite_by_lua_block { ngx.ctx.seen = "new location" }
        content_by_lua_block { ngx.say(ngx.ctx.seen, " ", ngx.var.uri) }
    }
--- request
GET /old
--- response_body
new location /new
--- no_error_log
old location



=== TEST 5: an inherited rewrite_by_lua runs once when rewrite ... last changes the location
--- config
    rewrite_by_lua_block { ngx.ctx.runs = (ngx.ctx.runs or 0) + 1 }
    location = /old {
        rewrite ^ /new last;
    }
    location = /new {
        content_by_lua_block { ngx.say(ngx.ctx.runs) }
    }
--- request
GET /old
--- response_body
1



=== TEST 6: a rewrite of the server is done before rewrite_by_lua
--- config
    rewrite ^/old$ /new;
    location = /new {
        rewrite_by_lua_block { ngx.ctx.seen = ngx.var.uri }
        content_by_lua_block { ngx.say(ngx.ctx.seen) }
    }
--- request
GET /old
--- response_body
/new



=== TEST 7: return prevents rewrite_by_lua and access_by_lua; filters and log run
--- config
    location = /t {
        rewrite_by_lua_block { ngx.log(ngx.WARN, "rewrite runs") }
        access_by_lua_block { ngx.log(ngx.WARN, "access runs") }
        header_filter_by_lua_block { ngx.header["X-Filter"] = "runs" }
        log_by_lua_block { ngx.log(ngx.WARN, "log runs") }
        return 200 "done\n";
    }
--- request
GET /t
--- response_headers
X-Filter: runs
--- response_body
done
--- error_log
log runs
--- no_error_log
rewrite runs
access runs



=== TEST 8: break does not prevent rewrite_by_lua
--- config
    location = /t {
        set $a 1;
        break;
        set $a 2;
        rewrite_by_lua_block { ngx.ctx.seen = "a is " .. ngx.var.a }
        content_by_lua_block { ngx.say(ngx.ctx.seen) }
    }
--- request
GET /t
--- response_body
a is 1



=== TEST 9: with rewrite_by_lua_no_postpone, rewrite_by_lua runs first
--- http_config
    rewrite_by_lua_no_postpone on;
--- config
    location = /t {
        set $a stock;
        rewrite_by_lua_block { ngx.ctx.seen = ngx.var.a ngx.var.a = "lua" }
        content_by_lua_block { ngx.say("<", ngx.ctx.seen, "> <", ngx.var.a, ">") }
    }
--- request
GET /t
--- response_body
<> <stock>



=== TEST 10: rewrite_by_lua runs again after an internal redirect
--- config
    root html;
    index index.txt;
    rewrite_by_lua_block { ngx.log(ngx.WARN, "rewriting ", ngx.var.uri) }
    location / {
    }
--- user_files
>>> index.txt
the index
--- request
GET /
--- response_body
the index
--- grep_error_log eval
qr/rewriting [^ ,]+/
--- grep_error_log_out
rewriting /
rewriting /index.txt



=== TEST 11: what the chunks return is ignored
--- config
    location = /t {
        rewrite_by_lua_block { return 403 }
        access_by_lua_block { return ngx.ERROR }
        header_filter_by_lua_block { return 404 }
        log_by_lua_block { return ngx.ERROR }
        content_by_lua_block { ngx.say("fine") return 500 }
    }
--- request
GET /t
--- response_body
fine
--- no_error_log
[error]



=== TEST 12: ngx.exit(ngx.OK) ends one phase only
--- config
    location = /t {
        rewrite_by_lua_block {
            ngx.ctx.seen = "rewrite"
            ngx.exit(ngx.OK)
            ngx.ctx.seen = "not ended"
        }
        access_by_lua_block {
            ngx.ctx.seen = ngx.ctx.seen .. " access"
            ngx.exit(ngx.OK)
            ngx.ctx.seen = "not ended"
        }
        content_by_lua_block {
            ngx.say(ngx.ctx.seen, " content")
            ngx.exit(ngx.OK)
            ngx.say("not ended")
        }
    }
--- request
GET /t
--- response_body
rewrite access content



=== TEST 13: ngx.exit(ngx.DECLINED) in rewrite and access goes on, too
--- config
    location = /t {
        rewrite_by_lua_block { ngx.exit(ngx.DECLINED) }
        access_by_lua_block { ngx.exit(ngx.DECLINED) }
        content_by_lua_block { ngx.say("content") }
    }
--- request
GET /t
--- response_body
content



=== TEST 14: ngx.exit with a status ends the request, in each phase
--- config
    location /rewrite {
        rewrite_by_lua_block { ngx.exit(tonumber(ngx.var.arg_status)) }
        content_by_lua_block { ngx.log(ngx.ERR, "content runs") }
    }
    location /access {
        access_by_lua_block { ngx.exit(tonumber(ngx.var.arg_status)) }
        content_by_lua_block { ngx.log(ngx.ERR, "content runs") }
    }
    location /content {
        content_by_lua_block {
            ngx.exit(tonumber(ngx.var.arg_status))
            ngx.log(ngx.ERR, "content runs on")
        }
    }
--- request eval
[map { my $phase = $_; map { "GET /$phase?status=$_" } 200, 204, 302, 403, 500 }
    qw(rewrite access content)]
--- error_code eval
[(200, 204, 302, 403, 500) x 3]
--- no_error_log
content runs



=== TEST 15: ngx.exit with a status goes through error_page
--- config
    error_page 403 = /denied;
    location = /t {
        access_by_lua_block { ngx.exit(ngx.HTTP_FORBIDDEN) }
    }
    location = /denied {
        return 200 "not for you\n";
    }
--- request
GET /t
--- response_body
not for you



=== TEST 16: ngx.exit(ngx.ERROR) and ngx.exit(444) close the connection
--- config
    location = /rewrite { rewrite_by_lua_block { ngx.exit(ngx.ERROR) } }
    location = /access { access_by_lua_block { ngx.exit(ngx.ERROR) } }
    location = /content { content_by_lua_block { ngx.exit(ngx.ERROR) } }
    location = /444 { rewrite_by_lua_block { ngx.exit(444) } }
--- request eval
["GET /rewrite", "GET /access", "GET /content", "GET /444"]
--- error_code eval
["", "", "", ""]
--- response_body eval
["", "", "", ""]



=== TEST 17: pcall does not catch ngx.exit
--- config
    location = /t {
        access_by_lua_block {
            pcall(function() pcall(ngx.exit, 403) end)
            ngx.log(ngx.ERR, "caught")
        }
    }
--- request
GET /t
--- error_code: 403
--- no_error_log
[error]



=== TEST 18: output of rewrite_by_lua or access_by_lua is the response, no later phase runs
--- config
    location = /rewrite {
        rewrite_by_lua_block { ngx.say("from rewrite") }
        access_by_lua_block { ngx.say("from access") }
    }
    location = /access {
        access_by_lua_block { ngx.say("from access") }
        content_by_lua_block { ngx.say("from content") }
    }
--- request eval
["GET /rewrite", "GET /access"]
--- response_body eval
["from rewrite\n", "from access\n"]



=== TEST 19: content_by_lua without output is an empty 200
--- config
    location = /t {
        content_by_lua_block { local x = 1 }
    }
--- request
GET /t
--- response_body eval
""



=== TEST 20: deny comes before access_by_lua
--- config
    location = /t {
        access_by_lua_block { ngx.log(ngx.WARN, "access runs") }
        deny all;
    }
--- request
GET /t
--- error_code: 403
--- no_error_log
access runs



=== TEST 21: access_by_lua comes after allow, and has its own say
--- config
    location = /t {
        access_by_lua_block { ngx.exit(ngx.var.arg_status and 410 or ngx.OK) }
        content_by_lua_block { ngx.say("content") }
        allow all;
    }
--- request eval
["GET /t", "GET /t?status=1"]
--- error_code eval
[200, 410]
--- response_body_like eval
["^content\n", "410 Gone"]



=== TEST 22: auth_basic comes before access_by_lua
--- config
    location = /t {
        access_by_lua_block { ngx.ctx.user = ngx.var.remote_user }
        content_by_lua_block { ngx.say("hello ", ngx.ctx.user) }
        auth_basic "realm";
        auth_basic_user_file ../html/users;
    }
--- user_files
>>> users
joe:{PLAIN}secret
--- request eval
["GET /t", "GET /t"]
--- more_headers eval
["", "Authorization: Basic am9lOnNlY3JldA=="]
--- error_code eval
[401, 200]
--- response_body_like eval
["401 Authorization Required", "^hello joe\n"]



=== TEST 23: satisfy all: every handler has to grant access
--- config
    location /t {
        satisfy all;
        set $allowed 1;
        auth_basic "realm";
        auth_basic_user_file ../html/users;
        access_by_lua_block {
            if ngx.var.arg_lua == "no" then
                ngx.exit(ngx.HTTP_FORBIDDEN)
            end
        }
        content_by_lua_block { ngx.say("content") }
    }
--- user_files
>>> users
joe:{PLAIN}secret
--- request eval
["GET /t", "GET /t?lua=no", "GET /t", "GET /t?lua=no"]
--- more_headers eval
["", "", ("Authorization: Basic am9lOnNlY3JldA==") x 2]
--- error_code eval
[401, 401, 200, 403]



=== TEST 24: satisfy any: access_by_lua grants what others denied
--- config
    location = /t {
        satisfy any;
        deny all;
        auth_basic "realm";
        auth_basic_user_file ../html/users;
        access_by_lua_block { ngx.ctx.granted = true }
        content_by_lua_block { ngx.say("granted by Lua: ", ngx.ctx.granted) }
    }
--- user_files
>>> users
joe:{PLAIN}secret
--- request
GET /t
--- response_body
granted by Lua: true



=== TEST 25: satisfy any: ngx.exit(ngx.OK) grants access
--- config
    location = /t {
        satisfy any;
        deny all;
        access_by_lua_block { ngx.exit(ngx.OK) }
        content_by_lua_block { ngx.say("content") }
    }
--- request
GET /t
--- response_body
content



=== TEST 26: satisfy any: once access is granted, access_by_lua does not run
--- config
    location = /t {
        satisfy any;
        allow all;
        access_by_lua_block { ngx.exit(410) }
        content_by_lua_block { ngx.say("content") }
    }
--- request
GET /t
--- response_body
content



=== TEST 27: satisfy any: 401 and 403 of access_by_lua deny if nobody else grants
--- config
    location /t {
        satisfy any;
        deny all;
        access_by_lua_block { ngx.exit(tonumber(ngx.var.arg_status)) }
    }
--- request eval
["GET /t?status=403", "GET /t?status=401"]
--- error_code eval
[403, 401]



=== TEST 28: satisfy any: other statuses of access_by_lua end the request
--- config
    location /t {
        satisfy any;
        auth_basic "realm";
        auth_basic_user_file ../html/users;
        access_by_lua_block { ngx.exit(tonumber(ngx.var.arg_status)) }
    }
--- user_files
>>> users
joe:{PLAIN}secret
--- request eval
["GET /t?status=302", "GET /t?status=503"]
--- error_code eval
[302, 503]



=== TEST 29: satisfy any: an error in access_by_lua grants nothing
--- config
    location = /t {
        satisfy any;
        deny all;
        access_by_lua_block { error("boom") }
        content_by_lua_block { ngx.say("content") }
    }
--- request
GET /t
--- error_code: 500
--- error_log
boom



=== TEST 30: with access_by_lua_no_postpone, access_by_lua runs before deny
--- http_config
    access_by_lua_no_postpone on;
--- config
    location = /t {
        deny all;
        access_by_lua_block { ngx.exit(410) }
    }
--- request
GET /t
--- error_code: 410



=== TEST 31: with access_by_lua_no_postpone, deny still denies what Lua grants
--- http_config
    access_by_lua_no_postpone on;
--- config
    location = /t {
        deny all;
        access_by_lua_block { ngx.log(ngx.WARN, "access runs") }
        content_by_lua_block { ngx.say("content") }
    }
--- request
GET /t
--- error_code: 403
--- error_log
access runs



=== TEST 32: subrequests run every hook but access and log
--- config
    location = /t {
        ssi on;
        ssi_types text/plain;
        return 200 '<!--# include virtual="/sub" -->\n';
    }
    location = /sub {
        rewrite_by_lua_block { ngx.ctx.seen = "rewrite" }
        access_by_lua_block { ngx.ctx.seen = ngx.ctx.seen .. " access" }
        content_by_lua_block { ngx.print(ngx.ctx.seen, " content") }
        header_filter_by_lua_block { ngx.ctx.seen = "header" }
        body_filter_by_lua_block {
            if ngx.arg[1] ~= "" then
                ngx.arg[1] = ngx.arg[1] .. " " .. ngx.ctx.seen .. " body"
            end
        }
        log_by_lua_block { ngx.log(ngx.WARN, "log runs for ", ngx.var.uri) }
    }
--- request
GET /t
--- response_body
rewrite content header body
--- no_error_log
[error]
log runs



=== TEST 33: log_subrequest lets log_by_lua run for subrequests
--- config
    log_subrequest on;
    location = /t {
        ssi on;
        ssi_types text/plain;
        return 200 '<!--# include virtual="/sub" -->\n';
    }
    location = /sub {
        content_by_lua_block { ngx.print("sub") }
        log_by_lua_block { ngx.log(ngx.WARN, "log runs for ", ngx.var.uri) }
    }
--- request
GET /t
--- response_body
sub
--- error_log
log runs for /sub



=== TEST 34: mirrored requests run their location's hooks
--- config
    location = /t {
        mirror /mirrored;
        content_by_lua_block { ngx.say("main") }
    }
    location = /mirrored {
        rewrite_by_lua_block { ngx.log(ngx.WARN, "mirror rewrite") }
        access_by_lua_block { ngx.log(ngx.WARN, "mirror access") }
        content_by_lua_block { ngx.log(ngx.WARN, "mirror content") }
    }
--- request
GET /t
--- response_body
main
--- grep_error_log eval
qr/mirror (?:rewrite|access|content)/
--- grep_error_log_out
mirror rewrite
mirror content



=== TEST 35: of two content handlers the last one wins
--- config
    location = /a {
        proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/back;
        content_by_lua_block { ngx.say("lua") }
    }
    location = /b {
        content_by_lua_block { ngx.say("lua") }
        proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/back;
    }
    location = /back {
        return 200 "proxied\n";
    }
--- request eval
["GET /a", "GET /b"]
--- response_body eval
["lua\n", "proxied\n"]



=== TEST 36: rewrite and access hooks prepare what proxy_pass sends
--- config
    location /t {
        set $backend "";
        rewrite_by_lua_block { ngx.req.set_header("X-Rewrite", "yes") }
        access_by_lua_block { ngx.var.backend = "127.0.0.1:" .. ngx.var.server_port }
        proxy_pass http://$backend/back?from=$uri;
    }
    location = /back {
        return 200 "$arg_from $http_x_rewrite\n";
    }
--- request
GET /t
--- response_body
/t yes



=== TEST 37: an error_page redirect runs the phases of its location, with the status kept
--- config
    location = /t {
        rewrite_by_lua_block { ngx.ctx.from = "t" }
        access_by_lua_block { ngx.exit(503) }
        error_page 503 /error;
    }
    location = /error {
        rewrite_by_lua_block { ngx.ctx.rewrite = "rewrite" }
        access_by_lua_block { ngx.ctx.access = "access" }
        content_by_lua_block {
            ngx.say(ngx.status, " ", ngx.ctx.from, " ", ngx.ctx.rewrite, " ", ngx.ctx.access)
        }
    }
--- request
GET /t
--- error_code: 503
--- response_body
503 nil rewrite access



=== TEST 38: log_by_lua runs for requests that nginx refuses
--- config
    log_by_lua_block { ngx.log(ngx.WARN, "logged ", ngx.status, " ", ngx.var.request_method) }
    location = /denied {
        deny all;
    }
    location = /large {
        client_max_body_size 1;
        content_by_lua_block { ngx.req.read_body() }
    }
    location = /internal {
        internal;
    }
--- request eval
["GET /denied", "POST /large\nlarge", "GET /internal", "GET /missing"]
--- error_code eval
[403, 413, 404, 404]
--- error_log eval
qr/logged (?:403 GET|413 POST|404 GET) while logging request, client: /



=== TEST 39: filters and log run for a malformed request with the hooks of the server
--- config
    header_filter_by_lua_block { ngx.header["X-Status"] = ngx.status }
    log_by_lua_block { ngx.log(ngx.WARN, "logged ", ngx.status) }
--- raw_request eval
"GET / HTTP/1.1\r\n\r\n"
--- error_code: 400
--- response_headers
X-Status: 400
--- error_log
logged 400



=== TEST 40: log_by_lua runs before the access log is written
--- http_config
    log_format lua "logged: $x";
--- config
    access_log logs/access.log lua;
    location = /t {
        set $x "";
        log_by_lua_block { ngx.var.x = "by Lua, status " .. ngx.status }
        return 204;
    }
--- request
GET /t
--- error_code: 204
--- access_log
logged: by Lua, status 204



=== TEST 41: header_filter_by_lua does not see what add_header and expires add
--- config
    location = /t {
        add_header X-Stock yes;
        expires 1h;
        header_filter_by_lua_block {
            ngx.header["X-Seen"] = tostring(ngx.header["X-Stock"])
                .. " " .. tostring(ngx.header["Cache-Control"])
        }
        return 200 "body\n";
    }
--- request
GET /t
--- response_headers
X-Stock: yes
Cache-Control: max-age=3600
X-Seen: nil nil



=== TEST 42: add_header and header_filter_by_lua may set the same header
--- config
    location = /t {
        add_header X-Who nginx;
        header_filter_by_lua_block { ngx.header["X-Who"] = "Lua" }
        return 200 "body\n";
    }
--- request
GET /t
--- raw_response_headers_like: X-Who: Lua\r\nX-Who: nginx\r\n



=== TEST 43: If-Modified-Since is answered before header_filter_by_lua
--- config
    location = /t.txt {
        root html;
        header_filter_by_lua_block {
            ngx.header["X-Status"] = ngx.status
        }
        body_filter_by_lua_block { ngx.log(ngx.ERR, "body filter runs") }
    }
--- user_files
>>> t.txt 202001011200.00
content
--- request
GET /t.txt
--- more_headers
If-Modified-Since: Wed, 01 Jan 2020 12:00:00 GMT
--- error_code: 304
--- response_headers
X-Status: 304
--- no_error_log
[error]



=== TEST 44: a range is cut out after header_filter_by_lua and before body_filter_by_lua
--- config
    location = /t.txt {
        root html;
        header_filter_by_lua_block { ngx.header["X-Status"] = ngx.status }
        body_filter_by_lua_block { ngx.arg[1] = ngx.arg[1]:upper() }
    }
--- user_files
>>> t.txt
abcdefgh
--- request
GET /t.txt
--- more_headers
Range: bytes=2-4
--- error_code: 206
--- response_headers
X-Status: 200
Content-Range: bytes 2-4/9
--- response_body chomp
CDE



=== TEST 45: body_filter_by_lua sees the body before gzip compresses it
--- config
    location = /t {
        gzip on;
        gzip_min_length 1;
        gzip_types text/plain;
        header_filter_by_lua_block { ngx.header["X-Coding"] = tostring(ngx.header["Content-Encoding"]) }
        body_filter_by_lua_block {
            ngx.log(ngx.WARN, "chunk: ", ngx.arg[1]:gsub("\n", "|"))
        }
        return 200 "plain text\n";
    }
--- request
GET /t
--- more_headers
Accept-Encoding: gzip
--- response_headers
Content-Encoding: gzip
X-Coding: nil
--- response_body_like: ^\x1f\x8b
--- error_log
chunk: plain text|



=== TEST 46: body_filter_by_lua comes before SSI
--- config
    location = /t {
        ssi on;
        ssi_types text/plain;
        set $x seen;
        body_filter_by_lua_block { ngx.arg[1] = ngx.arg[1]:gsub("CMD", '<!--# echo var="x" -->') }
        return 200 "x is CMD\n";
    }
--- request
GET /t
--- response_body
x is seen



=== TEST 47: filters run for a proxied response, and for one of nginx's error pages
--- config
    location = /proxied {
        proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/back;
        header_filter_by_lua_block { ngx.header["X-Seen"] = ngx.header["X-Back"] }
        body_filter_by_lua_block { ngx.arg[1] = ngx.arg[1]:upper() }
    }
    location = /back {
        add_header X-Back yes;
        return 200 "proxied\n";
    }
    location = /error {
        header_filter_by_lua_block { ngx.header["X-Seen"] = "error" }
        body_filter_by_lua_block { ngx.arg[1] = ngx.arg[1]:upper() }
        return 404;
    }
--- request eval
["GET /proxied", "GET /error"]
--- error_code eval
[200, 404]
--- response_headers eval
["X-Seen: yes", "X-Seen: error"]
--- response_body_like eval
["^PROXIED\n\$", "<H1>404 NOT FOUND</H1>"]



=== TEST 48: the hooks of a location run in this order, whatever order they are written in
--- config
    location = /t {
        log_by_lua_block { ngx.log(ngx.WARN, "phase log") }
        body_filter_by_lua_block { ngx.log(ngx.WARN, "phase body_filter") }
        header_filter_by_lua_block { ngx.log(ngx.WARN, "phase header_filter") }
        content_by_lua_block { ngx.log(ngx.WARN, "phase content") ngx.say("x") }
        access_by_lua_block { ngx.log(ngx.WARN, "phase access") }
        rewrite_by_lua_block { ngx.log(ngx.WARN, "phase rewrite") }
        set_by_lua_block $x { ngx.log(ngx.WARN, "phase set") }
    }
--- request
GET /t
--- grep_error_log eval
qr/phase \w+/
--- grep_error_log_out
phase set
phase rewrite
phase access
phase content
phase header_filter
phase body_filter
phase body_filter
phase log



=== TEST 49: ngx.req.set_uri with jump looks the location up again
--- config
    location = /old {
        rewrite_by_lua_block {
            ngx.req.set_uri("/new", true)
            ngx.log(ngx.ERR, "not reached")
        }
        content_by_lua_block { ngx.say("old content") }
    }
    location = /new {
        rewrite_by_lua_block { ngx.ctx.rewrite = "new rewrite" }
        content_by_lua_block { ngx.say(ngx.ctx.rewrite) }
    }
--- request
GET /old
--- response_body
new rewrite
--- no_error_log
[error]



=== TEST 50: rewriting in circles is stopped by nginx
--- config
    location = /t {
        rewrite_by_lua_block { ngx.req.set_uri("/t", true) }
    }
--- request
GET /t
--- error_code: 500
--- error_log
rewrite or internal redirection cycle while processing "/t"



=== TEST 51: try_files comes between access_by_lua and content_by_lua
--- config
    root html;
    location /t {
        access_by_lua_block { ngx.ctx.seen = ngx.var.uri }
        try_files /missing /found @lua;
        content_by_lua_block { ngx.say(ngx.ctx.seen, " ", ngx.var.uri) }
    }
--- user_files
>>> found
file
--- request
GET /t
--- response_body
/t /found
