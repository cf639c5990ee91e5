use Test::Nginx::Socket::Lua 'no_plan';

our $HttpConfig = <<'_EOC_';
    init_by_lua_block {
        -- A table of captures as text.
        local function text(value)
            if type(value) ~= "table" then
                return tostring(value)
            end
            local parts, rest = {}, {}
            for i = 0, 20 do
                if value[i] ~= nil then
                    parts[#parts + 1] = i .. "=" .. text(value[i])
                end
            end
            for key, item in pairs(value) do
                if type(key) ~= "number" then
                    rest[#rest + 1] = key .. "=" .. text(item)
                end
            end
            table.sort(rest)
            for _, part in ipairs(rest) do
                parts[#parts + 1] = part
            end
            return "{" .. table.concat(parts, " ") .. "}"
        end

        function show(...)
            local parts = {}
            for i = 1, select("#", ...) do
                parts[i] = text((select(i, ...)))
            end
            ngx.say(table.concat(parts, ", "))
        end

        -- An error without its position.
        function fails(...)
            local ok, err = pcall(...)
            ngx.say(ok and "no error" or (err:gsub("^[^ ]*:%d+: ", "")))
        end
    }
_EOC_

add_block_preprocessor(sub {
    my ($block) = @_;
    $block->set_value("http_config", $::HttpConfig) if !defined $block->http_config;
    $block->set_value("request", "GET /t") if !defined $block->request;
    $block->set_value("no_error_log", "[error]")
        if !defined $block->no_error_log && !defined $block->error_log;
});

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: the function gets the captures, and its result is put in
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.gsub("a1b2", "([a-z])(\\d)", function(m) return m[2] .. m[1] end))
            show(ngx.re.sub("a1b2", "([a-z])(\\d)", function(m) return m[0] .. "!" end))
        }
    }
--- response_body
1a2b, 2
a1!b2, 1



=== TEST 2: the captures are those of match
--- config
    location = /t {
        content_by_lua_block {
            ngx.re.gsub("ab", "(?<x>a)|(?<y>b)(z)?", function(m) show(m) return "" end)
        }
    }
--- response_body
{0=a 1=a 2=false 3=false x=a y=false}
{0=b 1=false 2=b 3=false x=false y=b}



=== TEST 3: the result is no template
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.gsub("abc", "b", function() return "$0$$\\1" end))
        }
    }
--- response_body
a$0$$\1c, 1



=== TEST 4: the result is made text
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.sub("abc", "b", function() return 12 end))
            show(ngx.re.sub("abc", "b", function() return nil end))
            show(ngx.re.sub("abc", "b", function() return false end))
            local t = setmetatable({}, { __tostring = function() return "table" end })
            show(ngx.re.sub("abc", "b", function() return t end))
        }
    }
--- response_body
a12c, 1
anilc, 1
afalsec, 1
atablec, 1



=== TEST 5: only the first result counts
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.sub("abc", "b", function() return 1, 2, 3 end))
        }
    }
--- response_body
a1c, 1



=== TEST 6: a function that returns nothing
--- config
    location = /t {
        content_by_lua_block {
            fails(ngx.re.sub, "abc", "b", function() end)
            fails(ngx.re.gsub, "abc", "b", function() return end)
        }
    }
--- response_body
bad argument #1 to 'tostring' (value expected)
bad argument #1 to 'tostring' (value expected)



=== TEST 7: sub calls the function once
--- config
    location = /t {
        content_by_lua_block {
            local calls = 0
            show(ngx.re.sub("aaa", "a", function() calls = calls + 1 return "x" end))
            ngx.say(calls)
        }
    }
--- response_body
xaa, 1
1



=== TEST 8: without a match the function is not called
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.gsub("abc", "x", function() error("called") end))
            show(ngx.re.gsub(12, "x", function() error("called") end))
        }
    }
--- response_body
abc, 0
12, 0



=== TEST 9: gsub with empty matches
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.gsub("abc", "", function() return "-" end))
            show(ngx.re.gsub("abc", "b*", function(m) return "<" .. m[0] .. ">" end))
            show(ngx.re.gsub("", "", function() return "-" end))
        }
    }
--- response_body
-a-b-c-, 4
<>a<b><>c<>, 4
-, 1



=== TEST 10: an empty result
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.gsub("a-b-c", "-", function() return "" end))
        }
    }
--- response_body
abc, 2



=== TEST 11: the function may search itself
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.gsub("a1 b2", "(\\w)(\\d)", function(m)
                local inner = ngx.re.match(m[0], "(\\d)", "jo")
                local other = ngx.re.gsub(m[1], "[ab]", "<$0>", "jo")
                return inner[1] .. other
            end, "jo"))
        }
    }
--- response_body
1<a> 2<b>, 2



=== TEST 12: the function may do the same replacement within
--- config
    location = /t {
        content_by_lua_block {
            local function nested(text, depth)
                return (ngx.re.gsub(text, "\\w+", function(m)
                    if depth == 0 then return "(" .. m[0] .. ")" end
                    return nested(m[0] .. "x", depth - 1)
                end, "jo"))
            end
            ngx.say(nested("a b", 3))
        }
    }
--- response_body
(axxx) (bxxx)
--- differs: in the C module a search within itself overwrites the outer one



=== TEST 13: the function may sleep
--- config
    location = /t {
        content_by_lua_block {
            local result, n = ngx.re.gsub("a b c", "\\w", function(m)
                ngx.sleep(0.001)
                return m[0]:upper()
            end, "jo")
            show(result, n)
        }
    }
--- response_body
A B C, 3



=== TEST 14: the function may yield to a coroutine of the user's
--- config
    location = /t {
        content_by_lua_block {
            local co = coroutine.create(function()
                return ngx.re.gsub("abc", "[a-z]", function(m)
                    return coroutine.yield(m[0])
                end)
            end)
            local _, letter = coroutine.resume(co)
            local result
            while coroutine.status(co) ~= "dead" do
                result = { coroutine.resume(co, letter:upper()) }
                letter = result[2]
            end
            show(result[2], result[3])
        }
    }
--- response_body
ABC, 3



=== TEST 15: the function may sleep while another replacement goes on
--- config
    location = /t {
        content_by_lua_block {
            local function upper(text)
                return (ngx.re.gsub(text, "[a-z]", function(m)
                    ngx.sleep(0.001)
                    return m[0]:upper()
                end))
            end
            ngx.say(ngx.re.gsub("ab-cd", "[a-z]+", function(m) return upper(m[0]) end))
        }
    }
--- response_body
AB-CD2



=== TEST 16: an error in the function comes out, with its own position
--- config
    location = /t {
        content_by_lua_block {
            local ok, err = pcall(ngx.re.gsub, "abc", "b", function(m)
                error("no " .. m[0])
            end)
            ngx.say(ok, " ", (err:gsub("%(.*%)", "(…)")))
        }
    }
--- response_body
false content_by_lua(…):3: no b



=== TEST 17: an error value that is no text
--- config
    location = /t {
        content_by_lua_block {
            local value = {}
            local ok, err = pcall(ngx.re.gsub, "abc", "b", function() error(value) end, "jo")
            ngx.say(ok, " ", err == value)
        }
    }
--- response_body
false true



=== TEST 18: after an error the same replacement works again
--- config
    location = /t {
        content_by_lua_block {
            pcall(ngx.re.gsub, "abc", "b", function() error("x") end, "jo")
            show(ngx.re.gsub("abc", "b", function() return "x" end, "jo"))
        }
    }
--- response_body
axc, 1



=== TEST 19: an error in __tostring of the result
--- config
    location = /t {
        content_by_lua_block {
            local t = setmetatable({}, { __tostring = function() error("no text", 0) end })
            fails(ngx.re.sub, "abc", "b", function() return t end)
        }
    }
--- response_body
no text



=== TEST 20: the regex must be a string
--- config
    location = /t {
        content_by_lua_block {
            fails(ngx.re.sub, "a", nil, function() end)
        }
    }
--- response_body
attempt to get length of local 'regex' (a nil value)



=== TEST 21: a regex that cannot be compiled
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.sub("a", "(a", function() end))
        }
    }
--- response_body
nil, nil, pcre2_compile() failed: missing closing parenthesis in "(a"
--- differs: PCRE2's words



=== TEST 22: unknown options
--- config
    location = /t {
        content_by_lua_block {
            fails(ngx.re.gsub, "a", "a", function() end, "q")
        }
    }
--- response_body
unknown flag "q" (flags "q")



=== TEST 23: an error of a search
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.gsub("a\xff", "a", function() error("called") end, "u"))
        }
    }
--- response_body
nil, nil, pcre_exec() failed: -23
--- differs: PCRE2's number



=== TEST 24: a C function
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.gsub("abc", "b", tostring ~= nil and type))
        }
    }
--- response_body
atablec, 1



=== TEST 25: the captures can be kept
--- config
    location = /t {
        content_by_lua_block {
            local all = {}
            ngx.re.gsub("a1b2", "([a-z])(\\d)", function(m) all[#all + 1] = m return "" end, "jo")
            show(all[1])
            show(all[2])
        }
    }
--- response_body
{0=a1 1=a 2=1}
{0=b2 1=b 2=2}



=== TEST 26: what the function does to the captures does not matter
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.gsub("abab", "(a)(b)", function(m)
                local text = m[2] .. m[1]
                m[0], m[1], m[2] = nil, nil, nil
                return text
            end))
        }
    }
--- response_body
baba, 2



=== TEST 27: option d
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.gsub("hello", "h|hel", function(m) show(m) return "x" end, "d"))
        }
    }
--- response_body
{0=hel}
xlo, 1



=== TEST 28: option D
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.gsub("ab", "(?<x>a)(?<x>b)", function(m) show(m) return "x" end, "D"))
        }
    }
--- response_body
{0=ab 1=a 2=b x={1=a 2=b}}
x, 1



=== TEST 29: binary data
--- config
    location = /t {
        content_by_lua_block {
            local result, n = ngx.re.gsub("a\0b", "\\x00", function(m) return "\0" .. #m[0] .. "\0" end)
            ngx.say(#result, " ", n)
        }
    }
--- response_body
5 1



=== TEST 30: 10,000 calls
--- config
    location = /t {
        content_by_lua_block {
            local result, n = ngx.re.gsub(("ab"):rep(10000), "a", function(m) return "xyz" end, "jo")
            ngx.say(#result, " ", n)
        }
    }
--- response_body
40000 10000



=== TEST 31: a function among many that fail leaves nothing behind
--- config
    location = /t {
        content_by_lua_block {
            for i = 1, 1000 do
                pcall(ngx.re.gsub, "abc", "b" .. i % 10, function() error("x") end)
                pcall(ngx.re.gsub, "abc", "b", function() error("x") end, "j")
            end
            collectgarbage()
            ngx.say("done")
        }
    }
--- response_body
done



=== TEST 32: a coroutine that is given up in the middle leaves nothing behind
--- config
    location = /t {
        content_by_lua_block {
            for i = 1, 100 do
                local co = coroutine.wrap(function()
                    ngx.re.gsub("abc", "b", function() coroutine.yield() end)
                end)
                co()
            end
            collectgarbage()
            ngx.say("done")
        }
    }
--- response_body
done



=== TEST 33: the end of the request in the middle
--- config
    location = /t {
        content_by_lua_block {
            ngx.say("sent")
            ngx.re.gsub("abc", "[a-z]", function(m)
                ngx.exit(ngx.HTTP_OK)
                return "x"
            end, "jo")
            ngx.say("not sent")
        }
    }
--- response_body
sent



=== TEST 34: an error that nothing catches says where it was
--- config
    location = /t {
        content_by_lua_block {
            ngx.re.gsub("abc", "b", function(m)
                local x = nil + 1
                return x
            end)
        }
    }
--- error_code: 500
--- response_body_like: 500 Internal Server Error
--- error_log eval
qr/runtime error: content_by_lua\(nginx\.conf:\d+\):3: attempt to perform arithmetic on a nil value/



=== TEST 35: the client goes away while the function sleeps
--- config
    location = /t {
        lua_check_client_abort on;
        content_by_lua_block {
            ngx.re.gsub("abc", "b", function(m)
                ngx.sleep(1)
                return "x"
            end)
            ngx.log(ngx.ERR, "not reached")
        }
    }
--- timeout: 0.2
--- abort
--- ignore_response
--- wait: 0.1
--- no_error_log
not reached
[error]



=== TEST 36: wrong arguments are reported at the caller's line
--- config
    location = /t {
        content_by_lua_block {
            local function message(replace, options)
                local ok, err = pcall(function()
                    local result = ngx.re.gsub("abc", "b", replace, options)
                end)
                ngx.say((err:gsub("%(nginx.-%)", ""):gsub("%(n%.conf.-%)", "")))
            end
            message("x", "q")
            message(function() return "x" end, "q")
            message(function() end, "jo")
        }
    }
--- response_body
content_by_lua:4: unknown flag "q" (flags "q")
content_by_lua:4: unknown flag "q" (flags "q")
content_by_lua:4: bad argument #1 to 'tostring' (value expected)
--- differs: the C module names a line of its own
