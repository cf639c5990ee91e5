# Bytes that would end a header line, in every way to set one.

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

=== TEST 1: each control byte in a value, alone and among others
--- config
    location = /t {
        content_by_lua_block {
            local wrong = {}
            for byte = 0, 255 do
                local char = string.char(byte)
                ngx.header["X-Foo"] = "a" .. char .. "b"
                local expected = char
                if (byte < 32 and byte ~= 9) or byte == 127 then
                    expected = ("%%%02X"):format(byte)
                end
                if ngx.header["X-Foo"] ~= "a" .. expected .. "b" then
                    wrong[#wrong + 1] = byte
                end
            end
            ngx.say("wrong: ", #wrong)
        }
    }
--- response_body
wrong: 0



=== TEST 2: each byte in a name
--- config
    location = /t {
        content_by_lua_block {
            local escaped = {}
            for byte = 1, 255 do
                local before = ngx.resp.get_headers(0, true)
                ngx.header["X" .. string.char(byte) .. "Y"] = "1"
                for name in pairs((ngx.resp.get_headers(0, true))) do
                    if not before[name] and name:find("%", 1, true) and byte ~= 37 then
                        escaped[#escaped + 1] = byte > 32 and byte < 127 and string.char(byte) or byte
                    end
                end
                ngx.header["X" .. string.char(byte) .. "Y"] = nil
            end
            ngx.say(#escaped)
            ngx.say(table.concat(escaped, " ", 33, 49))
        }
    }
--- response_body
178
" ( ) , / : ; < = > ? @ [ \ ] { }



=== TEST 3: nginx's own headers with CR, LF and NUL
--- config
    location = /t {
        content_by_lua_block {
            for _, name in ipairs {"Server", "Date", "ETag", "E-Tag", "Location", "Refresh", "Expires",
                                   "Content-Range", "Accept-Ranges", "Cache-Control", "Link",
                                   "WWW-Authenticate", "Set-Cookie", "Content-Type", "X-Accel-Redirect"} do
                ngx.header[name] = "a\r\nX-Evil: b\0c"
            end
            ngx.header.content_encoding = "\n"
            ngx.print("ok\n")
        }
    }
--- response_headers
! X-Evil
Server: a%0D%0AX-Evil: b%00c
Date: a%0D%0AX-Evil: b%00c
E-Tag: a%0D%0AX-Evil: b%00c
Location: a%0D%0AX-Evil: b%00c
Refresh: a%0D%0AX-Evil: b%00c
Expires: a%0D%0AX-Evil: b%00c
Content-Range: a%0D%0AX-Evil: b%00c
Accept-Ranges: a%0D%0AX-Evil: b%00c
Cache-Control: a%0D%0AX-Evil: b%00c
Link: a%0D%0AX-Evil: b%00c
WWW-Authenticate: a%0D%0AX-Evil: b%00c
Set-Cookie: a%0D%0AX-Evil: b%00c
Content-Type: a%0D%0AX-Evil: b%00c
X-Accel-Redirect: a%0D%0AX-Evil: b%00c
Content-Encoding: %0A
--- response_body
ok



=== TEST 4: Content-Length and Last-Modified with CR and LF
--- config
    location = /t {
        content_by_lua_block {
            local ok, err = pcall(function() ngx.header.content_length = "3\r\nX-Evil: 1" end)
            ngx.header.last_modified = "Fri, 14 Jul 2017 02:40:00 GMT\r\nX-Evil: 1"
            ngx.say(ok, " ", (err:gsub("^.-:%d+: ", "")), " ", ngx.header.last_modified)
        }
    }
--- response_headers
! X-Evil
Last-Modified: Fri, 14 Jul 2017 02:40:00 GMT%0D%0AX-Evil: 1
--- response_body
false failed to set header Fri, 14 Jul 2017 02:40:00 GMT



=== TEST 5: arrays, with strings and other values
--- config
    location = /t {
        content_by_lua_block {
            local evil = setmetatable({}, {__tostring = function() return "t\r\nX-Evil: 1" end})
            ngx.header["X-Foo"] = {"a\nb", evil, "c\rd"}
            ngx.header["X-Bar"] = {evil}
            ngx.header["Set-Cookie"] = {"e\0f", "g\r\n\r\n<html>"}
            ngx.say("ok")
        }
    }
--- raw_response_headers_like: X-Foo: a%0Ab\r\nX-Foo: t%0D%0AX-Evil: 1\r\nX-Foo: c%0Dd\r\nX-Bar: t%0D%0AX-Evil: 1\r\nSet-Cookie: e%00f\r\nSet-Cookie: g%0D%0A%0D%0A<html>\r\n
--- response_headers
! X-Evil
--- response_body
ok



=== TEST 6: a string from the client, decoded
--- config
    location = /t {
        content_by_lua_block {
            ngx.header["X-Foo"] = ngx.req.get_uri_args().name
            ngx.say("ok")
        }
    }
--- request
GET /t?name=a%0D%0AX-Evil:%201%00
--- response_headers
X-Foo: a%0D%0AX-Evil: 1%00
! X-Evil
--- response_body
ok



=== TEST 7: names with a whole header in them, and bytes of UTF-8
--- config
    location = /t {
        content_by_lua_block {
            ngx.header["X-Foo: 1\r\nX-Evil"] = "a"
            ngx.header["X-\195\164"] = "b"
            ngx.header["X\0"] = "c"
            ngx.header["\r\n\r\n"] = "d"
            ngx.say("ok")
        }
    }
--- raw_response_headers_like: X-Foo%3A%201%0D%0AX-Evil: a\r\nX-%C3%A4: b\r\nX%00: c\r\n%0D%0A%0D%0A: d\r\n
--- response_headers
! X-Evil
! X-Foo
--- response_body
ok



=== TEST 8: in the header filter
--- config
    location = /index.html {
        header_filter_by_lua_block {
            ngx.header["X-Foo"] = "a\r\nX-Evil: 1"
            ngx.header.etag = "b\r\nX-Evil: 1"
            ngx.header["X\r\nX-Evil"] = {"c\n"}
        }
    }
--- request
GET /index.html
--- response_headers
X-Foo: a%0D%0AX-Evil: 1
ETag: b%0D%0AX-Evil: 1
X%0D%0AX-Evil: c%0A
! X-Evil
--- ignore_response_body



=== TEST 9: a variable that add_header sends is nginx's affair, its value is not changed
--- config
    set $value "";
    location = /t {
        add_header X-Foo $value;
        content_by_lua_block {
            ngx.var.value = "a b"
            ngx.say(ngx.var.value)
        }
    }
--- response_headers
X-Foo: a b
--- response_body
a b



=== TEST 10: a name of nothing but bytes to escape, of 10,000
--- config
    location = /t {
        content_by_lua_block {
            ngx.header[("\n"):rep(10000)] = "1"
            local count
            for name in pairs((ngx.resp.get_headers(0, true))) do
                if #name > 100 then count = #name end
            end
            ngx.header[("\n"):rep(10000)] = nil
            ngx.say(count)
        }
    }
--- response_body
30000



=== TEST 11: an escaped name is removed under the name that was written
--- config
    location = /t {
        content_by_lua_block {
            ngx.header["X Foo"] = "1"
            ngx.header["X Foo"] = nil
            ngx.header["X Bar"] = "1"
            ngx.header["X%20Bar"] = nil
            ngx.say("ok")
        }
    }
--- response_headers
! X%20Foo
! X%20Bar
--- response_body
ok



=== TEST 12: a header without a name is not set
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(require "try"(function() ngx.header[""] = "1" return ngx.header[""] end))
            ngx.say(require "try"(require "ngx.resp".add_header, "", "1"))
        }
    }
--- raw_response_headers_unlike: \n: 1
--- response_body
nothing
nothing
--- error_log
attempt to set ngx.header.HEADER after sending out response headers
