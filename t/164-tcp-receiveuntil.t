# receiveuntil of TCP sockets.

use Test::Nginx::Socket::Lua 'no_plan';

our $HttpConfig = <<'_EOC_';
    init_by_lua_block {
        -- Values as one line: nil, "closed", "abc".
        function show(...)
            local values = { ... }
            for i = 1, select("#", ...) do
                local value = values[i]
                if type(value) == "string" then
                    values[i] = '"' .. value:gsub("\r", "\\r"):gsub("\n", "\\n") .. '"'
                elseif type(value) == "function" or type(value) == "table" then
                    values[i] = type(value)
                else
                    values[i] = tostring(value)
                end
            end
            return table.concat(values, ", ")
        end

        -- Says what a function returns, or its error without the position.
        function try(f, ...)
            local function report(ok, ...)
                if ok then
                    ngx.say(show(...))
                else
                    ngx.say("error: ", ((...):gsub("^[^ ]+:%d+: ", "")))
                end
            end
            report(pcall(f, ...))
        end

        -- A socket whose other end runs the code, in which say(text) sends text,
        -- pause(ms) waits and reset() resets the connection. The end of the code closes it.
        function peer(code, options)
            local sock = ngx.socket.tcp()
            assert(sock:connect("127.0.0.1", ngx.var.server_port, options))
            assert(sock:send("GET /peer?" .. ngx.escape_uri(code) .. "\r\n"))
            return sock
        end
    }
_EOC_

# HTTP/0.9: what the peer sends is the body and nothing else.
our $Preamble = <<'_EOC_';
    location = /peer {
        lua_http10_buffering off;
        lua_check_client_abort on;
        reset_timedout_connection on;
        content_by_lua_block {
            function say(text) ngx.print(text) ngx.flush(true) end
            function pause(ms) ngx.sleep(ms / 1000) end
            function reset() ngx.exit(444) end
            assert(loadstring(ngx.unescape_uri(ngx.var.args)))()
        }
    }
_EOC_

config_preamble($Preamble);

add_block_preprocessor(sub {
    my $block = shift;
    $block->set_value(http_config => $::HttpConfig) unless defined $block->http_config;
    $block->set_value(request => "GET /t") unless defined $block->request
        || defined $block->raw_request || defined $block->pipelined_requests;
    $block->set_value(no_error_log => "[error]") unless defined $block->no_error_log
        || defined $block->error_log;
});

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: receiveuntil: data before the pattern, which is dropped
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("say('one--two--three')")
            local iterator, err = sock:receiveuntil("--")
            ngx.say(show(iterator, err))
            ngx.say(show(iterator()))
            ngx.say(show(iterator()))
            ngx.say(show(iterator()))
            ngx.say(show(iterator()))
        }
    }
--- response_body
function, nil
"one"
"two"
nil, "closed", "three"
nil, "closed"



=== TEST 2: receiveuntil: data may be empty
--- config
    location = /t {
        content_by_lua_block {
            local iterator = peer("say('----a--')"):receiveuntil("--")
            ngx.say(show(iterator()))
            ngx.say(show(iterator()))
            ngx.say(show(iterator()))
        }
    }
--- response_body
""
""
"a"



=== TEST 3: receiveuntil with inclusive: the pattern is part of the data
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("say('one--two--three')")
            local iterator = sock:receiveuntil("--", { inclusive = true })
            ngx.say(show(iterator()))
            ngx.say(show(iterator()))
            ngx.say(show(iterator()))
        }
    }
--- response_body
"one--"
"two--"
nil, "closed", "three"



=== TEST 4: receiveuntil: inclusive = false is the default
--- config
    location = /t {
        content_by_lua_block {
            local iterator = peer("say('one--two')"):receiveuntil("--", { inclusive = false })
            ngx.say(show(iterator()))
        }
    }
--- response_body
"one"



=== TEST 5: receiveuntil: inclusive must be a boolean
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("pause(100)")
            for _, value in ipairs { 1, "true", {} } do
                try(function() return sock:receiveuntil("a", { inclusive = value }) end)
            end
            try(sock.receiveuntil, sock, "a", { inclusive = nil })
            try(sock.receiveuntil, sock, "a", { other = 1 })
        }
    }
--- response_body
error: bad "inclusive" option value type: number
error: bad "inclusive" option value type: string
error: bad "inclusive" option value type: table
function
function



=== TEST 6: receiveuntil: an empty pattern
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(show(peer("pause(10)"):receiveuntil("")))
        }
    }
--- response_body
nil, "pattern is empty"



=== TEST 7: receiveuntil: the pattern is a string or a number
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("say('a5b')")
            ngx.say(show(sock:receiveuntil(5)()))
            for _, pattern in ipairs { {}, true, print } do
                try(function() local x = sock:receiveuntil(pattern) return x end)
            end
            try(function() local x = sock:receiveuntil(nil) return x end)
        }
    }
--- response_body
"a"
error: bad argument #1 to 'receiveuntil' (string expected, got table)
error: bad argument #1 to 'receiveuntil' (string expected, got boolean)
error: bad argument #1 to 'receiveuntil' (string expected, got function)
error: bad argument #1 to 'receiveuntil' (string expected, got nil)



=== TEST 8: receiveuntil: options must be a table
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("pause(100)")
            try(function() local x = sock:receiveuntil("a", 5) return x end)
            try(function() local x = sock:receiveuntil("a", nil) return x end)
            try(function() local x = sock:receiveuntil("a", "x") return x end)
        }
    }
--- response_body
error: bad argument #2 to 'receiveuntil' (table expected, got number)
error: bad argument #2 to 'receiveuntil' (table expected, got nil)
error: bad argument #2 to 'receiveuntil' (table expected, got string)



=== TEST 9: receiveuntil: the number of arguments
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("pause(100)")
            try(function() return sock:receiveuntil() end)
            try(function() return sock:receiveuntil("a", {}, 1) end)
        }
    }
--- response_body
error: expecting 2 or 3 arguments (including the object), but got 1
error: expecting 2 or 3 arguments (including the object), but got 4



=== TEST 10: the iterator's arguments
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("pause(100)")
            local iterator = sock:receiveuntil("a")
            try(function() return iterator(1, 2) end)
            try(iterator, "x")
            try(iterator, nil)
            try(iterator, {})
        }
    }
--- response_body
error: expecting 0 or 1 arguments, but seen 2
error: bad argument #1 to '?' (number expected, got string)
error: bad argument #1 to '?' (number expected, got nil)
error: bad argument #1 to '?' (number expected, got table)



=== TEST 11: the iterator's size: pieces of at most so many bytes, then nil, nil, nil
--- config
    location = /t {
        content_by_lua_block {
            local iterator = peer("say('hello, world--next')"):receiveuntil("--")
            for i = 1, 6 do
                ngx.say(show(iterator(5)))
            end
        }
    }
--- response_body
"hello"
", wor"
"ld"
nil, nil, nil
nil, "closed", "next"
nil, "closed"



=== TEST 12: the iterator's size: data as long as a piece
--- config
    location = /t {
        content_by_lua_block {
            local iterator = peer("say('hello--next')"):receiveuntil("--")
            ngx.say(show(iterator(5)))
            ngx.say(show(iterator(5)))
            ngx.say(show(iterator(5)))
        }
    }
--- response_body
"hello"
""
nil, nil, nil



=== TEST 13: the iterator's size: no data before the pattern
--- config
    location = /t {
        content_by_lua_block {
            local iterator = peer("say('--next--')"):receiveuntil("--")
            ngx.say(show(iterator(5)))
            ngx.say(show(iterator(5)))
            ngx.say(show(iterator(5)))
            ngx.say(show(iterator(5)))
        }
    }
--- response_body
""
nil, nil, nil
"next"
nil, nil, nil



=== TEST 14: the iterator's size with inclusive
--- config
    location = /t {
        content_by_lua_block {
            local iterator = peer("say('hello--next--')"):receiveuntil("--", { inclusive = true })
            for i = 1, 7 do
                ngx.say(show(iterator(3)))
            end
        }
    }
--- response_body
"hel"
"lo--"
nil, nil, nil
"nex"
"t--"
nil, nil, nil
nil, "closed", ""



=== TEST 15: the iterator's size may be a text and have a fraction
--- config
    location = /t {
        content_by_lua_block {
            local iterator = peer("say('hello--')"):receiveuntil("--")
            ngx.say(show(iterator("2")))
            ngx.say(show(iterator(2.9)))
        }
    }
--- response_body
"he"
"ll"



=== TEST 16: sizes can change from call to call
--- config
    location = /t {
        content_by_lua_block {
            local iterator = peer("say('hello, world--next--')"):receiveuntil("--")
            ngx.say(show(iterator(2)))
            ngx.say(show(iterator(4)))
            ngx.say(show(iterator()))
            ngx.say(show(iterator(2)))
            ngx.say(show(iterator()))
            ngx.say(show(iterator()))
        }
    }
--- response_body
"he"
"llo,"
" world"
"ne"
"xt"
nil, "closed", ""



=== TEST 17: a size of 0, or a negative one, is none
--- config
    location = /t {
        content_by_lua_block {
            local iterator = peer("say('hello--world--')"):receiveuntil("--")
            ngx.say(show(iterator(0)))
            ngx.say(show(iterator(-1)))
        }
    }
--- response_body
"hello"
"world"



=== TEST 18: pieces of one byte
--- config
    location = /t {
        content_by_lua_block {
            local iterator = peer("say('a-b--c')"):receiveuntil("--")
            for i = 1, 5 do
                ngx.say(show(iterator(1)))
            end
        }
    }
--- response_body
"a"
"-"
"b"
""
nil, nil, nil



=== TEST 19: what looks like the pattern's beginning
--- config
    location = /t {
        content_by_lua_block {
            local iterator = peer("say('-a-b--')"):receiveuntil("--")
            ngx.say(show(iterator()))
            iterator = peer("say('aabaabaaabaac')"):receiveuntil("aabaac")
            ngx.say(show(iterator()))
            iterator = peer("say('abcabcabdabcabd')"):receiveuntil("abcabd")
            ngx.say(show(iterator()))
            ngx.say(show(iterator()))
            iterator = peer("say('\\r\\n\\r\\r\\n\\r\\n')"):receiveuntil("\r\n\r\n")
            ngx.say(show(iterator()))
            iterator = peer("say('--------x')"):receiveuntil("---x")
            ngx.say(show(iterator()))
        }
    }
--- response_body
"-a-b"
"aabaaba"
"abc"
""
"\r\n\r"
"-----"



=== TEST 20: what looks like the pattern's beginning, in parts
--- config
    location = /t {
        content_by_lua_block {
            for _, case in ipairs {
                { "aabaabaaabaac", "aabaac" }, { "abcabcabd", "abcabd" }, { "-----x", "--x" },
                { "\r\n\r\r\n\r\n", "\r\n\r\n" }, { "ababababac", "ababac" },
            } do
                local iterator = peer(("for c in (%q):gmatch('.') do say(c) pause(1) end"):format(case[1])):receiveuntil(case[2])
                ngx.say(show(iterator()))
            end
        }
    }
--- response_body
"aabaaba"
"abc"
"---"
"\r\n\r"
"abab"



=== TEST 21: what looks like the pattern's beginning, in pieces
--- config
    location = /t {
        content_by_lua_block {
            local iterator = peer("say('aabaabaaabaac')"):receiveuntil("aabaac")
            local parts = {}
            for i = 1, 20 do
                local data, err, partial = iterator(2)
                parts[i] = show(data, err, partial)
                if not data then
                    break
                end
            end
            ngx.say(table.concat(parts, "\n"))
        }
    }
--- response_body
"aab", nil, nil
"aaba", nil, nil
"", nil, nil
nil, nil, nil



=== TEST 22: a pattern of one byte
--- config
    location = /t {
        content_by_lua_block {
            local iterator = peer("say('a,b,,c')"):receiveuntil(",")
            for i = 1, 5 do
                ngx.say(show(iterator()))
            end
        }
    }
--- response_body
"a"
"b"
""
nil, "closed", "c"
nil, "closed"



=== TEST 23: a pattern with NUL and high bytes
--- config
    location = /t {
        content_by_lua_block {
            local iterator = peer("say('a\\0b\\0\\255c\\0\\255')"):receiveuntil("\0\255")
            ngx.say(#iterator(), " ", #iterator())
        }
    }
--- response_body
3 1



=== TEST 24: a pattern of 5,000 bytes
--- config
    location = /t {
        content_by_lua_block {
            local pattern = ("x"):rep(4999) .. "y"
            local iterator = peer("say('data' .. ('x'):rep(9000) .. 'y' .. 'rest')"):receiveuntil(pattern)
            local data = iterator()
            ngx.say(#data, " ", data:sub(1, 6))
            ngx.say(show(iterator()))
        }
    }
--- response_body
4005 dataxx
nil, "closed", "rest"



=== TEST 25: the pattern does not come: all data as the partial result
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("say('hello-')")
            local iterator = sock:receiveuntil("--")
            ngx.say(show(iterator()))
            ngx.say(show(iterator()))
        }
    }
--- response_body
nil, "closed", "hello"
nil, "closed"



=== TEST 26: the pattern does not come, in pieces
--- config
    location = /t {
        content_by_lua_block {
            local iterator = peer("say('hello-')"):receiveuntil("--")
            for i = 1, 4 do
                ngx.say(show(iterator(4)))
            end
        }
    }
--- response_body
"hell"
nil, "closed", "o"
nil, "closed"
nil, "closed"



=== TEST 27: the peer closes and nothing came
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("")
            ngx.say(show(sock:receiveuntil("--")()))
            sock = peer("")
            ngx.say(show(sock:receiveuntil("--")(3)))
        }
    }
--- response_body
nil, "closed", ""
nil, "closed", ""



=== TEST 28: timeout: what was received, and the search goes on where it was
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("say('hel') pause(100) say('lo--next')")
            sock:settimeout(50)
            local iterator = sock:receiveuntil("--")
            ngx.say(show(iterator()))
            sock:settimeout(2000)
            ngx.say(show(iterator()))
            ngx.say(show(sock:receive("*a")))
        }
    }
--- error_log
lua tcp socket read timed out
--- response_body
nil, "timeout", "hel"
"lo"
"next"



=== TEST 29: timeout in the middle of the pattern
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("say('hello-') pause(100) say('-next')")
            sock:settimeout(50)
            local iterator = sock:receiveuntil("--")
            ngx.say(show(iterator()))
            sock:settimeout(2000)
            ngx.say(show(iterator()))
            ngx.say(show(sock:receive("*a")))
        }
    }
--- error_log
lua tcp socket read timed out
--- response_body
nil, "timeout", "hello"
""
"next"



=== TEST 30: two iterators of one socket
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("say('a--b==c--d==')")
            local dashes, equals = sock:receiveuntil("--"), sock:receiveuntil("==")
            ngx.say(show(dashes()))
            ngx.say(show(equals()))
            ngx.say(show(dashes()))
            ngx.say(show(equals()))
        }
    }
--- response_body
"a"
"b"
"c"
"d"



=== TEST 31: an iterator that was given up in the middle of its data
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("say('hello, world--line\\nrest')")
            local iterator = sock:receiveuntil("--")
            ngx.say(show(iterator(3)))
            ngx.say(show(sock:receive(4)))
            ngx.say(show(iterator(10)))
            ngx.say(show(iterator(10)))
            ngx.say(show(sock:receive()))
            ngx.say(show(sock:receive("*a")))
        }
    }
--- response_body
"hel"
"lo, "
"world"
nil, nil, nil
"line"
"rest"



=== TEST 32: an iterator is used again on the socket's next connection
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("say('one--')")
            local iterator = sock:receiveuntil("--")
            ngx.say(show(iterator()))
            sock:close()
            ngx.say(show(iterator()))
            sock:connect("127.0.0.1", ngx.var.server_port)
            sock:send("GET /peer?say('two--')\r\n")
            ngx.say(show(iterator()))
        }
    }
--- response_body
"one"
nil, "closed"
"two"



=== TEST 33: an iterator made before connect
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            local iterator = sock:receiveuntil("--")
            ngx.say(show(iterator()))
            sock:connect("127.0.0.1", ngx.var.server_port)
            sock:send("GET /peer?say('one--')\r\n")
            ngx.say(show(iterator()))
        }
    }
--- response_body
nil, "closed"
"one"



=== TEST 34: the parts of a multipart body
--- config
    location = /t {
        content_by_lua_block {
            local body = "preamble\r\n--frontier\r\none\r\n--frontier\r\ntwo\r\nlines\r\n--frontier--\r\n"
            local sock = peer(("for c in (%q):gmatch('..?.?') do say(c) end"):format(body):gsub("\r", "\\r"):gsub("\\\n", "\\n"))
            local part = sock:receiveuntil("\r\n--frontier")
            ngx.say(show(part()))
            for i = 1, 2 do
                ngx.say(show(sock:receive()))
                ngx.say(show(part()))
            end
            ngx.say(show(sock:receive(4)))
        }
    }
--- response_body
"preamble"
""
"one"
""
"two\r\nlines"
"--\r\n"



=== TEST 35: headers of an HTTP answer, then its body
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            sock:connect("127.0.0.1", ngx.var.server_port)
            sock:send("GET /peer?say('the+body') HTTP/1.0\r\n\r\n")
            local header = sock:receiveuntil("\r\n\r\n")()
            ngx.say(header:match("^HTTP/1.1 200 OK\r\n") and "a header")
            ngx.say(show(sock:receive("*a")))
        }
    }
--- response_body
a header
"the body"



=== TEST 36: receiveuntil over 1 MB in which the pattern begins all the time
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("say(('-'):rep(1000000)) say('x') say('rest')")
            local data = sock:receiveuntil(("-"):rep(20) .. "x")()
            ngx.say(#data)
            ngx.say(show(sock:receive("*a")))
        }
    }
--- response_body
999980
"rest"
--- differs: the C module needs minutes



=== TEST 37: pieces of 1 MB of data
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("say(('0123456789'):rep(100000)) say('--rest')")
            local iterator = sock:receiveuntil("--")
            local parts, n = {}, 0
            while true do
                local data, err = iterator(1000)
                if not data then
                    ngx.say(show(err))
                    break
                end
                n = n + 1
                parts[n] = data
            end
            ngx.say(n, " ", table.concat(parts) == ("0123456789"):rep(100000))
            ngx.say(show(sock:receive("*a")))
        }
    }
--- response_body
nil
1001 true
"rest"



=== TEST 38: receiveuntil without the object's socket: closed
--- config
    location = /t {
        content_by_lua_block {
            local sock = peer("say('x')")
            local iterator = sock:receiveuntil("--")
            sock:close()
            ngx.say(show(iterator()))
            ngx.say(show(iterator(5)))
        }
    }
--- response_body
nil, "closed"
nil, "closed"
