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

=== TEST 1: gmatch gives one match after the other
--- config
    location = /t {
        content_by_lua_block {
            for m in ngx.re.gmatch("hello, world 12", "[a-z]+") do
                show(m)
            end
        }
    }
--- response_body
{0=hello}
{0=world}



=== TEST 2: gmatch with groups
--- config
    location = /t {
        content_by_lua_block {
            for m in ngx.re.gmatch("a=1, b=2", "(\\w)=(\\d)") do
                show(m)
            end
        }
    }
--- response_body
{0=a=1 1=a 2=1}
{0=b=2 1=b 2=2}



=== TEST 3: the iterator can be called by hand, and stays at its end
--- config
    location = /t {
        content_by_lua_block {
            local it = ngx.re.gmatch("ab", "[a-z]")
            show(it())
            show(it())
            show(it())
            show(it())
        }
    }
--- response_body
{0=a}
{0=b}
nil
nil



=== TEST 4: the iterator is a table that can be called
--- config
    location = /t {
        content_by_lua_block {
            local it = ngx.re.gmatch("ab", "[a-z]")
            ngx.say(type(it), " ", type(getmetatable(it).__call))
        }
    }
--- response_body
table function



=== TEST 5: gmatch without a match
--- config
    location = /t {
        content_by_lua_block {
            local it, err = ngx.re.gmatch("hello", "[0-9]")
            ngx.say(type(it), " ", err)
            show(it())
        }
    }
--- response_body
table nil
nil



=== TEST 6: empty matches go on by one byte
--- config
    location = /t {
        content_by_lua_block {
            for m, err in ngx.re.gmatch("abc", "b*") do
                show(m, err)
            end
        }
    }
--- response_body
{0=}, nil
{0=b}, nil
{0=}, nil
{0=}, nil



=== TEST 7: an empty regex matches at every place
--- config
    location = /t {
        content_by_lua_block {
            local n = 0
            for _ in ngx.re.gmatch("hello", "") do
                n = n + 1
            end
            ngx.say(n)
        }
    }
--- response_body
6



=== TEST 8: an empty subject
--- config
    location = /t {
        content_by_lua_block {
            local it = ngx.re.gmatch("", "x*")
            show(it())
            show(it())
        }
    }
--- response_body
{0=}
nil



=== TEST 9: an empty match at the end is the last
--- config
    location = /t {
        content_by_lua_block {
            local it = ngx.re.gmatch("ab", "$")
            show(it())
            show(it())
        }
    }
--- response_body
{0=}
nil



=== TEST 10: empty matches within UTF-8
--- config
    location = /t {
        content_by_lua_block {
            local it = ngx.re.gmatch("äö", "", "u")
            show(it())
            show(it())
            show(it())
            show(it())
        }
    }
--- response_body
{0=}
{0=}
{0=}
nil
--- differs: the C module goes on within a character, and then fails



=== TEST 11: groups that took no part
--- config
    location = /t {
        content_by_lua_block {
            for m in ngx.re.gmatch("ab", "(a)|(b)") do
                show(m)
            end
        }
    }
--- response_body
{0=a 1=a 2=false}
{0=b 1=false 2=b}



=== TEST 12: named groups
--- config
    location = /t {
        content_by_lua_block {
            for m in ngx.re.gmatch("a=1 b=2", "(?<key>\\w)=(?<value>\\d)") do
                show(m)
            end
        }
    }
--- response_body
{0=a=1 1=a 2=1 key=a value=1}
{0=b=2 1=b 2=2 key=b value=2}



=== TEST 13: option d
--- config
    location = /t {
        content_by_lua_block {
            for m in ngx.re.gmatch("hellohe", "h|he|hell", "d") do
                show(m)
            end
        }
    }
--- response_body
{0=hell}
{0=he}



=== TEST 14: option a: each match begins where the last one ended
--- config
    location = /t {
        content_by_lua_block {
            for m in ngx.re.gmatch("aab-a", "a|b", "a") do
                show(m)
            end
        }
    }
--- response_body
{0=a}
{0=a}
{0=b}



=== TEST 15: ^ fits only at the beginning of the subject
--- config
    location = /t {
        content_by_lua_block {
            for m in ngx.re.gmatch("aaa", "^a") do
                show(m)
            end
        }
    }
--- response_body
{0=a}



=== TEST 16: look-behind sees earlier matches
--- config
    location = /t {
        content_by_lua_block {
            for m in ngx.re.gmatch("abab", "(?<=a)b") do
                show(m)
            end
        }
    }
--- response_body
{0=b}
{0=b}



=== TEST 17: the subject is made text
--- config
    location = /t {
        content_by_lua_block {
            for m in ngx.re.gmatch(1234, "[24]") do
                show(m)
            end
            for m in ngx.re.gmatch(nil, "[il]") do
                show(m)
            end
        }
    }
--- response_body
{0=2}
{0=4}
{0=i}
{0=l}



=== TEST 18: the regex must be a string
--- config
    location = /t {
        content_by_lua_block {
            fails(ngx.re.gmatch, "a", nil)
            fails(ngx.re.gmatch, "1", 1)
            fails(ngx.re.gmatch)
        }
    }
--- response_body
attempt to get length of local 'regex' (a nil value)
attempt to get length of local 'regex' (a number value)
attempt to get length of local 'regex' (a nil value)



=== TEST 19: a regex that cannot be compiled
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.gmatch("a", "(a"))
        }
    }
--- response_body
nil, pcre2_compile() failed: missing closing parenthesis in "(a"
--- differs: PCRE2's words



=== TEST 20: unknown options
--- config
    location = /t {
        content_by_lua_block {
            fails(ngx.re.gmatch, "a", "a", "q")
        }
    }
--- response_body
unknown flag "q" (flags "q")



=== TEST 21: an error of a search ends the iteration
--- config
    location = /t {
        content_by_lua_block {
            local it = ngx.re.gmatch("ok \xff", "\\w", "u")
            show(it())
            show(it())
        }
    }
--- response_body
nil, pcre_exec() failed: -23
nil
--- differs: PCRE2's number



=== TEST 22: two iterators of one regex do not disturb each other
--- config
    location = /t {
        content_by_lua_block {
            local a = ngx.re.gmatch("abc", "[a-z]", "jo")
            local b = ngx.re.gmatch("xyz", "[a-z]", "jo")
            ngx.say(a()[0], b()[0], a()[0], b()[0], a()[0], b()[0])
        }
    }
--- response_body
axbycz



=== TEST 23: other searches while iterating
--- config
    location = /t {
        content_by_lua_block {
            for m in ngx.re.gmatch("a1,b2", "([a-z])(\\d)", "jo") do
                local inner = ngx.re.match("xx" .. m[2], "(x+)(\\d)", "jo")
                show(m)
                show(inner)
            end
        }
    }
--- response_body
{0=a1 1=a 2=1}
{0=xx1 1=xx 2=1}
{0=b2 1=b 2=2}
{0=xx2 1=xx 2=2}



=== TEST 24: an iterator that is not used up
--- config
    location = /t {
        content_by_lua_block {
            local it = ngx.re.gmatch("abc", "[a-z]")
            show(it())
            it = nil
            collectgarbage()
            collectgarbage()
            ngx.say("done")
        }
    }
--- response_body
{0=a}
done



=== TEST 25: many iterators that are not used up
--- config
    location = /t {
        content_by_lua_block {
            for i = 1, 2000 do
                ngx.re.gmatch("abc", "[a-z]" .. i % 100, "j")()
            end
            collectgarbage()
            ngx.say("done")
        }
    }
--- response_body
done



=== TEST 26: an iterator works across a sleep
--- config
    location = /t {
        content_by_lua_block {
            for m in ngx.re.gmatch("ab", "[a-z]") do
                ngx.sleep(0.001)
                show(m)
            end
        }
    }
--- response_body
{0=a}
{0=b}



=== TEST 27: an iterator within a coroutine
--- config
    location = /t {
        content_by_lua_block {
            local co = coroutine.wrap(function()
                for m in ngx.re.gmatch("abc", "[a-z]", "jo") do
                    coroutine.yield(m[0])
                end
            end)
            ngx.say(co(), co(), co())
        }
    }
--- response_body
abc



=== TEST 28: break leaves the loop
--- config
    location = /t {
        content_by_lua_block {
            for m in ngx.re.gmatch("abc", "[a-z]") do
                show(m)
                if m[0] == "b" then break end
            end
        }
    }
--- response_body
{0=a}
{0=b}



=== TEST 29: NUL bytes
--- config
    location = /t {
        content_by_lua_block {
            local n = 0
            for m in ngx.re.gmatch("a\0b\0", "\\x00") do
                n = n + #m[0]
            end
            ngx.say(n)
        }
    }
--- response_body
2



=== TEST 30: 10,000 matches
--- config
    location = /t {
        content_by_lua_block {
            local n = 0
            for m in ngx.re.gmatch(("ab"):rep(10000), "(a)(b)", "jo") do
                n = n + 1
            end
            ngx.say(n)
        }
    }
--- response_body
10000



=== TEST 31: calling an iterator with something else
--- config
    location = /t {
        content_by_lua_block {
            local it = ngx.re.gmatch("abc", "[a-z]")
            local call = getmetatable(it).__call
            fails(call, {})
            fails(call, { "x" })
            fails(call, nil)
        }
    }
--- response_body
bad argument #1 to '?' (iterator expected, got table)
bad argument #1 to '?' (iterator expected, got table)
bad argument #1 to '?' (iterator expected, got nil)
--- differs: the C module does not look



=== TEST 32: matches beyond a first error in the middle of UTF-8
--- config
    location = /t {
        content_by_lua_block {
            local n = 0
            for m, err in ngx.re.gmatch("a\xc3", ".", "u") do
                n = n + 1
            end
            ngx.say(n)
            show(ngx.re.gmatch("a\xc3", ".", "u")())
        }
    }
--- response_body
0
nil, pcre_exec() failed: -3
--- differs: PCRE2's number
