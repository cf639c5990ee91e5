use Test::Nginx::Socket::Lua 'no_plan';

repeat_each(2);
no_root_location();
run_tests();

__DATA__

=== TEST 1: the end is set at the chunk with "hello", the rest is dropped
--- config
    location = /t {
        echo "hello world";
        echo "hiya globe";

        body_filter_by_lua '
            if ngx.arg[1]:find("hello") then
                ngx.arg[2] = true
                return
            end
            ngx.arg[1] = nil
        ';
    }
--- request
GET /t
--- response_body
hello world
--- no_error_log
[error]
--- skip_eval: 3: !$ENV{TEST_NGINX_ECHO}



=== TEST 2: what comes before the chunk with "hello" is dropped
--- config
    location = /t {
        echo "hiya globe";
        echo "hello world";

        body_filter_by_lua '
            if ngx.arg[1]:find("hello") then
                ngx.arg[2] = true
                return
            end
            ngx.arg[1] = nil
        ';
    }
--- request
GET /t
--- response_body
hello world
--- no_error_log
[error]
--- skip_eval: 3: !$ENV{TEST_NGINX_ECHO}



=== TEST 3: output of Lua after the end that the filter set is dropped
--- config
    location = /t {
        content_by_lua_block {
            ngx.say("hello world")
            ngx.flush()
            ngx.say("hiya globe")
        }
        body_filter_by_lua_block {
            if ngx.arg[1]:find("hello") then
                ngx.arg[2] = true
                return
            end
            ngx.arg[1] = nil
        }
    }
--- request
GET /t
--- response_body
hello world
--- no_error_log
[error]
--- differs: in the C module the output after the end fails with "API disabled in the context of body_filter_by_lua*"



=== TEST 4: each run gets a chunk and whether it is the last one
--- config
    location = /lua {
        content_by_lua_block {
            ngx.print("one")
            ngx.flush()
            ngx.print("two")
        }
        body_filter_by_lua_block { ngx.log(ngx.WARN, "<", ngx.arg[1], "> ", ngx.arg[2]) }
    }
    location = /return {
        body_filter_by_lua_block { ngx.log(ngx.WARN, "<", ngx.arg[1], "> ", ngx.arg[2]) }
        return 200 "text";
    }
    location = /file {
        root html;
        body_filter_by_lua_block { ngx.log(ngx.WARN, "<", ngx.arg[1], "> ", ngx.arg[2]) }
    }
--- user_files eval
[["file", "content"]]
--- request eval
["GET /lua", "GET /return", "GET /file"]
--- response_body eval
["onetwo", "text", "content"]
--- grep_error_log eval
qr/<\w*> (?:true|false)/
--- grep_error_log_out eval
qr/\A(?:<one> false\n<> false\n<two> false\n<> true\n|<text> true\n|<content> true\n)\z/



=== TEST 5: each ngx.print is a chunk
--- config
    location = /t {
        content_by_lua_block {
            ngx.print("one")
            ngx.print("two", 2)
            ngx.print({ "three", { 3 } })
        }
        body_filter_by_lua_block { ngx.arg[1] = "<" .. ngx.arg[1] .. ">" }
    }
--- request
GET /t
--- response_body chomp
<one><two2><three3><>



=== TEST 6: the chunk may become text, a number or an array of them
--- config
    location /t {
        body_filter_by_lua_block {
            local values = {
                string = "a string\n",
                number = 12.5,
                table = { "a", 1, { "b", { 2, 1.5 } }, {}, "\n" },
                long = ("x"):rep(20000),
                empty_table = {},
            }
            ngx.arg[1] = values[ngx.var.arg_type]
        }
        header_filter_by_lua_block { ngx.header["Content-Length"] = nil }
        return 200 "original";
    }
--- request eval
[map { "GET /t?type=$_" } qw(string number table long empty_table)]
--- response_body eval
["a string\n", "12.5", "a1b21.5\n", "x" x 20000, ""]
--- no_error_log
[error]



=== TEST 7: nil and the empty string drop the chunk
--- config
    location /t {
        header_filter_by_lua_block { ngx.header["Content-Length"] = nil }
        body_filter_by_lua_block {
            if ngx.var.arg_type == "nil" then
                ngx.arg[1] = nil
            else
                ngx.arg[1] = ""
            end
        }
        return 200 "original";
    }
--- request eval
["GET /t?type=nil", "GET /t?type=string"]
--- response_headers eval
[("Transfer-Encoding: chunked") x 2]
--- response_body eval
["", ""]



=== TEST 8: a chunk that was written reads as written
--- config
    location = /t {
        header_filter_by_lua_block { ngx.header["Content-Length"] = nil }
        body_filter_by_lua_block {
            local seen = {}
            ngx.arg[1] = "new"
            seen[1] = ngx.arg[1]
            ngx.arg[1] = { "a", 1 }
            seen[2] = ngx.arg[1]
            ngx.arg[1] = nil
            seen[3] = tostring(ngx.arg[1])
            ngx.arg[1] = table.concat(seen, "|")
        }
        return 200 "original";
    }
--- request
GET /t
--- response_body chomp
new|a1|



=== TEST 9: the last flag that was written reads as written, the chunk stays
--- config
    location = /t {
        content_by_lua_block { ngx.print("one") ngx.flush() ngx.print("two") }
        body_filter_by_lua_block {
            local before = tostring(ngx.arg[2])
            ngx.arg[2] = true
            ngx.arg[1] = ngx.arg[1] .. " " .. before .. " " .. tostring(ngx.arg[2])
        }
    }
--- request
GET /t
--- response_body chomp
one false true



=== TEST 10: any value but nil and false means the last chunk
--- config
    location = /t {
        content_by_lua_block { ngx.print("one") ngx.flush() ngx.print("two") ngx.flush() ngx.print("three") }
        body_filter_by_lua_block {
            if ngx.arg[1] == "one" then
                ngx.arg[2] = nil
            elseif ngx.arg[1] == "two" then
                ngx.arg[2] = 0
            end
        }
    }
--- request
GET /t
--- response_body chomp
onetwo



=== TEST 11: other indexes read nil
--- config
    location = /t {
        header_filter_by_lua_block { ngx.header["Content-Length"] = nil }
        body_filter_by_lua_block {
            local a = ngx.arg
            ngx.arg[1] = tostring(a[0]) .. tostring(a[3]) .. tostring(a[-1]) .. tostring(a.x)
        }
        return 200 "original";
    }
--- request
GET /t
--- response_body chomp
nilnilnilnil



=== TEST 12: chunks that are no data are refused
--- config
    location = /t {
        content_by_lua_block {
            local function try(value)
                ngx.ctx.value = value
                ngx.print("x\n")
                ngx.flush()
            end
            try(true)
            try(print)
            try({ "a", true })
            try({ "a", nil, "c" })
            try({ key = "value" })
            try({ "a", { x = 1 } })
            try(ngx.null)
        }
        body_filter_by_lua_block {
            if ngx.arg[1] ~= "" then
                local ok, err = pcall(function() ngx.arg[1] = ngx.ctx.value end)
                ngx.arg[1] = err:gsub("^.*:%d+: ", "") .. "\n"
            end
        }
    }
--- request
GET /t
--- response_body
bad chunk data type: boolean
bad chunk data type: function
bad argument #3 to '__newindex' (bad data type boolean found)
bad argument #3 to '__newindex' (bad data type nil found)
bad argument #3 to '__newindex' (non-array table found)
bad argument #3 to '__newindex' (non-array table found)
bad chunk data type: userdata



=== TEST 13: indexes that are no chunk and no flag cannot be written
--- config
    location = /t {
        header_filter_by_lua_block { ngx.header["Content-Length"] = nil }
        body_filter_by_lua_block {
            local results = {}
            for i, key in ipairs { 0, 3, "key", true } do
                results[i] = select(2, pcall(function() ngx.arg[key] = "x" end)):gsub("^.*:%d+: ", "")
            end
            ngx.arg[1] = table.concat(results, "\n") .. "\n"
        }
        return 200 "original";
    }
--- request
GET /t
--- response_body
bad index: 0
bad index: 3
bad argument #2 to '__newindex' (number expected, got string)
bad argument #2 to '__newindex' (number expected, got boolean)



=== TEST 14: a bad chunk that is not caught aborts the response
--- config
    location = /t {
        body_filter_by_lua_block { ngx.arg[1] = true }
        return 200 "original";
    }
--- request
GET /t
--- ignore_response
--- error_log eval
qr/failed to run body_filter_by_lua\*: body_filter_by_lua\(nginx\.conf:\d+\):1: bad chunk data type: boolean/



=== TEST 15: the filter does not run after the last chunk
--- config
    location = /t {
        content_by_lua_block {
            for i = 1, 5 do
                ngx.print("chunk ", i, "\n")
                ngx.flush()
            end
        }
        body_filter_by_lua_block {
            ngx.ctx.runs = (ngx.ctx.runs or 0) + 1
            if ngx.arg[1] == "chunk 2\n" then
                ngx.arg[2] = true
            end
        }
        log_by_lua_block { ngx.log(ngx.WARN, "runs: ", ngx.ctx.runs) }
    }
--- request
GET /t
--- response_body
chunk 1
chunk 2
--- error_log
runs: 3



=== TEST 16: the whole body may be kept back and sent at the end
--- config
    location = /t {
        content_by_lua_block {
            for i = 1, 4 do
                ngx.print(i)
                ngx.flush()
            end
        }
        body_filter_by_lua_block {
            ngx.ctx.body = (ngx.ctx.body or "") .. ngx.arg[1]
            ngx.arg[1] = ngx.arg[2] and ngx.ctx.body:reverse() .. "\n" or nil
        }
    }
--- request
GET /t
--- response_body
4321



=== TEST 17: a body that grows needs another Content-Length, or none
--- config
    location = /chunked {
        header_filter_by_lua_block { ngx.header["Content-Length"] = nil }
        body_filter_by_lua_block { ngx.arg[1] = ngx.arg[1] .. " and more\n" }
        return 200 "original";
    }
    location = /length {
        header_filter_by_lua_block { ngx.header["Content-Length"] = 18 }
        body_filter_by_lua_block { ngx.arg[1] = ngx.arg[1] .. " and more\n" }
        return 200 "original";
    }
--- request eval
["GET /chunked", "GET /length"]
--- response_headers eval
["Transfer-Encoding: chunked\n! Content-Length", "Content-Length: 18\n! Transfer-Encoding"]
--- response_body eval
[("original and more\n") x 2]



=== TEST 18: HTTP/1.0 without Content-Length ends with the connection
--- config
    location = /t {
        header_filter_by_lua_block { ngx.header["Content-Length"] = nil }
        body_filter_by_lua_block { ngx.arg[1] = ngx.arg[1] .. " and more\n" }
        return 200 "original";
    }
--- request
GET /t HTTP/1.0
--- response_headers
! Content-Length
! Transfer-Encoding
Connection: close
--- response_body
original and more



=== TEST 19: a file is read into memory for the filter
--- config
    sendfile on;
    location = /large.txt {
        root html;
        body_filter_by_lua_block {
            ngx.ctx.bytes = (ngx.ctx.bytes or 0) + #ngx.arg[1]
            ngx.arg[1] = ngx.arg[1]:upper()
        }
        log_by_lua_block { ngx.log(ngx.WARN, "bytes: ", ngx.ctx.bytes) }
    }
--- user_files eval
[["large.txt", "abcdefg\n" x 25000]]
--- request
GET /large.txt
--- response_headers
Content-Length: 200000
--- response_body eval
"ABCDEFG\n" x 25000
--- error_log
bytes: 200000



=== TEST 20: a proxied response, buffered or not
--- config
    location /t {
        rewrite ^/t(.*) $1 break;
        proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT;
        header_filter_by_lua_block { ngx.header["Content-Length"] = nil }
        body_filter_by_lua_block {
            ngx.arg[1] = ngx.arg[1]:gsub("%d", "")
            if ngx.arg[2] then
                ngx.arg[1] = ngx.arg[1] .. "\n"
            end
        }
    }
    location /t/unbuffered {
        rewrite ^/t/unbuffered(.*) $1 break;
        proxy_buffering off;
        proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT;
        header_filter_by_lua_block { ngx.header["Content-Length"] = nil }
        body_filter_by_lua_block {
            ngx.arg[1] = ngx.arg[1]:gsub("%d", "")
            if ngx.arg[2] then
                ngx.arg[1] = ngx.arg[1] .. "\n"
            end
        }
    }
    location = /chunks {
        content_by_lua_block {
            for i = 1, 9 do
                ngx.print("a", i)
                ngx.flush(true)
            end
        }
    }
    location = /file {
        root html;
    }
--- user_files eval
[["file", "b1" x 20000]]
--- request eval
[map { ("GET /t$_/chunks", "GET /t$_/file") } "", "/unbuffered"]
--- response_body eval
[("aaaaaaaaa\n", "b" x 20000 . "\n") x 2]



=== TEST 21: the filter does not run for HEAD, 204 and 304
--- config
    body_filter_by_lua_block { ngx.log(ngx.ERR, "body filter runs") }
    location = /text { return 200 "text\n"; }
    location = /lua { content_by_lua_block { ngx.say("text") } }
    location = /204 { return 204; }
    location = /304 { return 304; }
--- request eval
["HEAD /text", "HEAD /lua", "GET /204", "GET /304"]
--- error_code eval
[200, 200, 204, 304]
--- response_body eval
["", "", "", ""]
--- no_error_log
body filter runs



=== TEST 22: a response with an empty body has one empty last chunk
--- config
    location = /t {
        content_by_lua_block { ngx.header["X-Empty"] = "yes" }
        body_filter_by_lua_block { ngx.log(ngx.WARN, "<", ngx.arg[1], "> ", ngx.arg[2]) }
    }
--- request
GET /t
--- response_body eval
""
--- grep_error_log eval
qr/<.*> \w+/
--- grep_error_log_out
<> true



=== TEST 23: returning ngx.ERROR or a special status aborts the response
--- config
    location /t {
        body_filter_by_lua_block { return tonumber(ngx.var.arg_code) }
        return 200 "original";
    }
--- request eval
["GET /t?code=-1", "GET /t?code=500", "GET /t?code=300"]
--- error_code eval
["", "", ""]
--- response_body eval
["", "", ""]
--- no_error_log
[error]



=== TEST 24: other return values are ignored
--- config
    location /t {
        body_filter_by_lua_block {
            local values = { "text", 0, 200, 299, -2, {}, true, "-" }
            return values[tonumber(ngx.var.arg_i)]
        }
        return 200 "original";
    }
--- request eval
[map { "GET /t?i=$_" } 1 .. 9]
--- response_body eval
[("original") x 9]
--- no_error_log
[error]



=== TEST 25: the output of a subrequest goes through the filter of its own location
--- config
    location = /t {
        ssi on;
        ssi_types text/plain;
        body_filter_by_lua_block { ngx.arg[1] = ngx.arg[1]:gsub("main", "MAIN") }
        return 200 '(main <!--# include virtual="/sub" --> main)\n';
    }
    location = /sub {
        body_filter_by_lua_block {
            ngx.arg[1] = ngx.arg[1]:gsub("o", "0") .. " last: " .. tostring(ngx.arg[2])
        }
        return 200 "hello";
    }
--- request
GET /t
--- response_body
(MAIN hell0 last: true MAIN)



=== TEST 26: the last chunk of a subrequest
--- config
    location = /t {
        ssi on;
        ssi_types text/plain;
        return 200 '(main <!--# include virtual="/sub" --> main)\n';
    }
    location = /sub {
        content_by_lua_block { ngx.print("one") ngx.flush() ngx.print("two") }
        body_filter_by_lua_block {
            if ngx.arg[1] == "one" then
                ngx.arg[2] = true
                ngx.arg[1] = ngx.arg[1]:upper()
            end
        }
    }
--- request
GET /t
--- response_body
(main ONE main)
--- no_error_log
[error]
--- differs: in the C module the output after the end fails with "API disabled in the context of body_filter_by_lua*"



=== TEST 27: bytes of any kind pass
--- config
    location = /t {
        content_by_lua_block { ngx.print("a\0b\255\r\n") }
        body_filter_by_lua_block {
            ngx.arg[1] = ngx.arg[1]:gsub("%z", "\0\0")
        }
    }
--- request
GET /t
--- response_body eval
"a\0\0b\xff\r\n"



=== TEST 28: many chunks to a client that reads slowly
--- config
    location = /t {
        limit_rate 600k;
        content_by_lua_block {
            for i = 1, 70 do
                ngx.print(("x"):rep(9999), "\n")
            end
        }
        body_filter_by_lua_block { ngx.arg[1] = ngx.arg[1]:gsub("x", "y") }
    }
--- request
GET /t
--- response_body eval
my $line = "y" x 9999 . "\n";
$line x 70



=== TEST 29: a body of 4 MB in one chunk
--- config
    location = /t {
        content_by_lua_block { ngx.print(("0123456789abcde\n"):rep(2^18)) }
        body_filter_by_lua_block { ngx.arg[1] = ngx.arg[1]:upper() }
    }
--- request
GET /t
--- response_body eval
"0123456789ABCDE\n" x 2**18



=== TEST 30: output, exit and waiting are refused
--- config
    location = /t {
        header_filter_by_lua_block { ngx.header["Content-Length"] = nil }
        body_filter_by_lua_block {
            local results = {}
            local function try(f, ...)
                results[#results + 1] = select(2, pcall(f, ...))
            end
            try(ngx.say, "x")
            try(ngx.flush)
            try(ngx.eof)
            try(ngx.exit, 403)
            try(ngx.sleep, 0)
            try(ngx.req.read_body)
            ngx.arg[1] = table.concat(results, "\n") .. "\n"
        }
        return 200 "original";
    }
--- request
GET /t
--- response_body eval
"API disabled in the context of body_filter_by_lua*\n" x 6



=== TEST 31: Lua's own coroutines work
--- config
    location = /t {
        header_filter_by_lua_block { ngx.header["Content-Length"] = nil }
        body_filter_by_lua_block {
            local list = {}
            for word in coroutine.wrap(function()
                for word in ("one two three"):gmatch("%w+") do
                    coroutine.yield(word)
                end
            end) do
                table.insert(list, 1, word)
            end
            ngx.arg[1] = table.concat(list, " ") .. "\n"
        }
        return 200 "original";
    }
--- request
GET /t
--- response_body
three two one



=== TEST 32: the filter itself cannot yield
--- config
    location = /t {
        body_filter_by_lua_block { coroutine.yield() }
        return 200 "original";
    }
--- request
GET /t
--- ignore_response
--- error_log eval
qr/failed to run body_filter_by_lua\*: body_filter_by_lua\(nginx\.conf:\d+\):1: attempt to yield across C-call boundary/



=== TEST 33: ngx.arg belongs to set and body filter
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(select(2, pcall(function() return ngx.arg[1] end)))
            ngx.say(select(2, pcall(function() ngx.arg[1] = "x" end)))
        }
    }
--- request
GET /t
--- response_body_like
API disabled in the current context
.*API disabled in the context of content_by_lua\*



=== TEST 34: request and response may be asked
--- config
    location /t {
        header_filter_by_lua_block { ngx.header["Content-Length"] = nil }
        body_filter_by_lua_block {
            if ngx.arg[2] then
                ngx.arg[1] = table.concat({ ngx.get_phase(), ngx.var.uri, ngx.status,
                    ngx.header["Content-Type"], tostring(ngx.headers_sent),
                    ngx.req.get_uri_args().x }, " ") .. "\n"
            end
        }
        return 202 "original";
    }
--- request
GET /t?x=1
--- error_code: 202
--- response_body
body_filter /t 202 text/plain true 1
