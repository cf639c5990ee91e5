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

=== TEST 1: match gives the whole match and the groups
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.match("hello, 1234", "([a-z]+), ([0-9]+)"))
        }
    }
--- response_body
{0=hello, 1234 1=hello 2=1234}



=== TEST 2: a regex without groups gives the whole match alone
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.match("hello, 1234", "[0-9]+"))
        }
    }
--- response_body
{0=1234}



=== TEST 3: no match is nil and nothing else
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.match("hello", "[0-9]+"))
            ngx.say(select("#", ngx.re.match("hello", "[0-9]+")))
        }
    }
--- response_body
nil
1



=== TEST 4: a match is one value
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(select("#", ngx.re.match("hello", "l+")))
        }
    }
--- response_body
1



=== TEST 5: a group that took no part is false
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.match("b", "(a)?(b)"))
        }
    }
--- response_body
{0=b 1=false 2=b}



=== TEST 6: groups at the end that took no part are false
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.match("a", "(a)|(b)|(c)"))
        }
    }
--- response_body
{0=a 1=a 2=false 3=false}



=== TEST 7: an empty group is the empty string
--- config
    location = /t {
        content_by_lua_block {
            local m = ngx.re.match("ab", "a()b")
            ngx.say(#m[1], " ", type(m[1]))
        }
    }
--- response_body
0 string



=== TEST 8: an empty regex matches the empty string
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.match("abc", ""))
        }
    }
--- response_body
{0=}



=== TEST 9: an empty subject
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.match("", "a*"), ngx.re.match("", "a"))
        }
    }
--- response_body
{0=}, nil



=== TEST 10: many groups
--- config
    location = /t {
        content_by_lua_block {
            local regex = ("(a)"):rep(100)
            local m = ngx.re.match(("a"):rep(100), regex)
            ngx.say(#m, " ", m[100], " ", m[101])
        }
    }
--- response_body
100 a nil



=== TEST 11: groups within groups count by their opening parenthesis
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.match("abc", "((a)(b))c"))
        }
    }
--- response_body
{0=abc 1=ab 2=a 3=b}



=== TEST 12: the captures table is new each time
--- config
    location = /t {
        content_by_lua_block {
            local a = ngx.re.match("a", "a", "o")
            local b = ngx.re.match("a", "a", "o")
            ngx.say(a == b)
        }
    }
--- response_body
false



=== TEST 13: the first match counts
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.match("a1b2", "[0-9]"))
        }
    }
--- response_body
{0=1}



=== TEST 14: the subject is made text: numbers
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.match(1234, "2(3)"))
            show(ngx.re.match(1.5, ".*"))
            show(ngx.re.match(1e100, ".*"))
        }
    }
--- response_body
{0=23 1=3}
{0=1.5}
{0=1e+100}



=== TEST 15: the subject is made text: nil and booleans
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.match(nil, "(n)il"))
            show(ngx.re.match(true, "tr"))
            show(ngx.re.match(false, "al"))
        }
    }
--- response_body
{0=nil 1=n}
{0=tr}
{0=al}



=== TEST 16: the subject is made text: __tostring
--- config
    location = /t {
        content_by_lua_block {
            local subject = setmetatable({}, { __tostring = function() return "from tostring" end })
            show(ngx.re.match(subject, "t\\w+"))
        }
    }
--- response_body
{0=tostring}



=== TEST 17: a number as the subject does not change the caller's variable
--- config
    location = /t {
        content_by_lua_block {
            local subject = 42
            ngx.re.match(subject, "4")
            ngx.say(type(subject))
        }
    }
--- response_body
number



=== TEST 18: an error in __tostring is the caller's
--- config
    location = /t {
        content_by_lua_block {
            local subject = setmetatable({}, { __tostring = function() error("no text", 0) end })
            fails(ngx.re.match, subject, "a")
        }
    }
--- response_body
no text



=== TEST 19: __tostring must give a string
--- config
    location = /t {
        content_by_lua_block {
            local subject = setmetatable({}, { __tostring = function() return nil end })
            fails(ngx.re.match, subject, "a")
            fails(ngx.re.gsub, "a", "a", subject, "jo")
            fails(ngx.re.gsub, "a", "a", function() return subject end, "jo")
        }
    }
--- response_body
'tostring' must return a string
'tostring' must return a string
'tostring' must return a string
--- differs: the C module names a line of its own



=== TEST 20: the regex must be a string
--- config
    location = /t {
        content_by_lua_block {
            fails(ngx.re.match, "a", nil)
            fails(ngx.re.match, "a")
            fails(ngx.re.match, "1", 1)
            fails(ngx.re.match)
        }
    }
--- response_body
attempt to get length of local 'regex' (a nil value)
attempt to get length of local 'regex' (a nil value)
attempt to get length of local 'regex' (a number value)
attempt to get length of local 'regex' (a nil value)



=== TEST 21: a table as the regex
--- config
    location = /t {
        content_by_lua_block {
            fails(ngx.re.match, "a", {})
        }
    }
--- response_body
attempt to get length of local 'regex' (a table value)
--- differs: the C module names a function of its own in the message



=== TEST 22: subjects with NUL bytes
--- config
    location = /t {
        content_by_lua_block {
            local m = ngx.re.match("a\0b\0c", "\\x00(b)\\x00")
            ngx.say(#m[0], " ", m[1])
            local m = ngx.re.match("\0\0", "^..$")
            ngx.say(#m[0])
        }
    }
--- response_body
3 b
2



=== TEST 23: a NUL byte in the regex
--- config
    location = /t {
        content_by_lua_block {
            local m = ngx.re.match("a\0bc", "a\0b")
            ngx.say(#m[0])
            show(ngx.re.match("a\0x", "a\0b"))
        }
    }
--- response_body
3
nil
--- differs: PCRE1 takes a regex to end there



=== TEST 24: bytes above 127
--- config
    location = /t {
        content_by_lua_block {
            local m = ngx.re.match("\xff\xfe\x80", "[\x80-\xff]+")
            ngx.say(#m[0])
        }
    }
--- response_body
3



=== TEST 25: a subject of 10 MB
--- config
    location = /t {
        content_by_lua_block {
            local subject = ("a"):rep(10 * 1024 * 1024) .. "needle"
            local m = ngx.re.match(subject, "n(e+)dle", "jo")
            ngx.say(m[0], " ", m[1])
            local m = ngx.re.match(subject, "needle$", "o")
            ngx.say(m[0])
            local m = ngx.re.match(subject, "^a+", "jo")
            ngx.say(#m[0])
        }
    }
--- response_body
needle ee
needle
10485760



=== TEST 26: ctx.pos says where to begin, and is set to the place behind the match
--- config
    location = /t {
        content_by_lua_block {
            local ctx = { pos = 2 }
            show(ngx.re.match("1234, hello", "[0-9]+", "", ctx))
            ngx.say(ctx.pos)
            show(ngx.re.match("1234, hello", "[a-z]+", "", ctx))
            ngx.say(ctx.pos)
        }
    }
--- response_body
{0=234}
5
{0=hello}
12



=== TEST 27: ctx.pos stays where it is without a match
--- config
    location = /t {
        content_by_lua_block {
            local ctx = { pos = 3 }
            show(ngx.re.match("aab", "a", "", ctx))
            ngx.say(ctx.pos)
        }
    }
--- response_body
nil
3



=== TEST 28: a ctx without pos begins at 1, and gets one
--- config
    location = /t {
        content_by_lua_block {
            local ctx = {}
            show(ngx.re.match("hello", "l", "", ctx))
            ngx.say(ctx.pos)
        }
    }
--- response_body
{0=l}
4



=== TEST 29: ctx.pos below 1 counts as 1
--- config
    location = /t {
        content_by_lua_block {
            for _, pos in ipairs({ 0, -1, -1e300, 0.5, 1 }) do
                local ctx = { pos = pos }
                show(ngx.re.match("aba", "(?:^)a", "", ctx), ctx.pos)
            end
        }
    }
--- response_body
{0=a}, 2
{0=a}, 2
{0=a}, 2
{0=a}, 2
{0=a}, 2



=== TEST 30: ctx.pos may be behind the last byte
--- config
    location = /t {
        content_by_lua_block {
            local ctx = { pos = 4 }
            show(ngx.re.match("abc", "c", "", ctx))
            show(ngx.re.match("abc", "$", "", ctx), ctx.pos)
        }
    }
--- response_body
nil
{0=}, 4



=== TEST 31: ctx.pos beyond that is an error
--- config
    location = /t {
        content_by_lua_block {
            local ctx = { pos = 5 }
            show(ngx.re.match("abc", "c", "", ctx))
            show(ngx.re.match("abc", "", "j", ctx))
            ctx.pos = 2^53
            show(ngx.re.match("abc", "c", "", ctx))
            ctx.pos = 0/0
            show(ngx.re.match("abc", "c", "", ctx))
        }
    }
--- response_body
nil, pcre_exec() failed: -33
nil, pcre_exec() failed: -33
nil, pcre_exec() failed: -33
nil, pcre_exec() failed: -33
--- differs: PCRE2's number



=== TEST 32: a fraction in ctx.pos is dropped
--- config
    location = /t {
        content_by_lua_block {
            local ctx = { pos = 2.9 }
            show(ngx.re.match("abc", ".", "", ctx), ctx.pos)
        }
    }
--- response_body
{0=b}, 3



=== TEST 33: other fields of ctx are left alone
--- config
    location = /t {
        content_by_lua_block {
            local ctx = { pos = 1, other = "x" }
            ngx.re.match("abc", "b", "", ctx)
            ngx.say(ctx.pos, " ", ctx.other)
        }
    }
--- response_body
3 x



=== TEST 34: a search from ctx.pos sees what is before it
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.match("foobar", "(?<=foo)bar", "", { pos = 4 }))
            show(ngx.re.match("foobar", "^bar", "", { pos = 4 }))
            show(ngx.re.match("foobar", "\\bbar", "", { pos = 4 }))
        }
    }
--- response_body
{0=bar}
nil
nil



=== TEST 35: a loop with ctx finds one match after the other
--- config
    location = /t {
        content_by_lua_block {
            local ctx, found = {}, {}
            while true do
                local m = ngx.re.match("a=1, b=2, c=3", "(\\w)=(\\d)", "jo", ctx)
                if not m then break end
                found[#found + 1] = m[1] .. m[2] .. "@" .. ctx.pos
            end
            ngx.say(table.concat(found, " "))
        }
    }
--- response_body
a1@4 b2@9 c3@14



=== TEST 36: nil and false as ctx
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.match("a", "a", "", nil))
            show(ngx.re.match("a", "a", "", false))
        }
    }
--- response_body
{0=a}
{0=a}



=== TEST 37: ctx must be a table
--- config
    location = /t {
        content_by_lua_block {
            fails(ngx.re.match, "a", "a", "", 1)
            fails(ngx.re.match, "a", "a", "", true)
            fails(ngx.re.match, "a", "a", "", "text")
        }
    }
--- response_body
attempt to index local 'ctx' (a number value)
attempt to index local 'ctx' (a boolean value)
attempt to index local 'ctx' (a string value)



=== TEST 38: ctx.pos must be a number
--- config
    location = /t {
        content_by_lua_block {
            fails(ngx.re.match, "a", "a", "", { pos = "1" })
            fails(ngx.re.match, "a", "a", "", { pos = {} })
        }
    }
--- response_body
attempt to compare string with number
attempt to compare table with number



=== TEST 39: a result table is filled and returned
--- config
    location = /t {
        content_by_lua_block {
            local res = {}
            local m = ngx.re.match("hello", "(h)(e)", "", nil, res)
            ngx.say(m == res)
            show(res)
        }
    }
--- response_body
true
{0=he 1=h 2=e}



=== TEST 40: a result table is not cleared
--- config
    location = /t {
        content_by_lua_block {
            local res = { [0] = "old", "old", "old", "old", name = "old" }
            ngx.re.match("hello", "(h)(x)?", "", nil, res)
            show(res)
        }
    }
--- response_body
{0=h 1=h 2=false 3=old name=old}



=== TEST 41: a result table is left alone without a match
--- config
    location = /t {
        content_by_lua_block {
            local res = { "old" }
            show(ngx.re.match("hello", "x", "", nil, res))
            show(res)
        }
    }
--- response_body
nil
{1=old}



=== TEST 42: nil and false as the result table
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.match("a", "a", "", nil, nil))
            show(ngx.re.match("a", "a", "", nil, false))
        }
    }
--- response_body
{0=a}
{0=a}



=== TEST 43: the result must be a table
--- config
    location = /t {
        content_by_lua_block {
            fails(ngx.re.match, "a", "a", "", nil, 1)
            fails(ngx.re.match, "a", "a", "", nil, "text")
        }
    }
--- response_body
attempt to index local 'res' (a number value)
attempt to index local 'res' (a string value)



=== TEST 44: named groups are there under their number and their name
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.match("2026-11", "(?<year>\\d+)-(?<month>\\d+)"))
        }
    }
--- response_body
{0=2026-11 1=2026 2=11 month=11 year=2026}



=== TEST 45: the three ways to name a group
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.match("abc", "(?<x>a)(?P<y>b)(?'z'c)"))
        }
    }
--- response_body
{0=abc 1=a 2=b 3=c x=a y=b z=c}



=== TEST 46: a named group that took no part is false
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.match("a", "(?<x>a)|(?<y>b)(?<z>c)"))
        }
    }
--- response_body
{0=a 1=a 2=false 3=false x=a y=false z=false}



=== TEST 47: names and a result table
--- config
    location = /t {
        content_by_lua_block {
            local res = { x = "old", other = "old" }
            ngx.re.match("b", "(?<x>a)|(?<y>b)", "", nil, res)
            show(res)
        }
    }
--- response_body
{0=b 1=false 2=b other=old x=false y=b}



=== TEST 48: back references, by number and by name
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.match("abab", "(ab)\\1"))
            show(ngx.re.match("abab", "(?<x>ab)\\k<x>"))
        }
    }
--- response_body
{0=abab 1=ab}
{0=abab 1=ab x=ab}



=== TEST 49: \K moves the beginning of the match
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.match("foobar", "foo\\Kbar"))
        }
    }
--- response_body
{0=bar}



=== TEST 50: recursion
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.match("x(a(b)c)y", "\\((?:[^()]|(?R))*\\)"))
        }
    }
--- response_body
{0=(a(b)c)}



=== TEST 51: matching without case leaves the subject as it is
--- config
    location = /t {
        content_by_lua_block {
            local subject = "Hello"
            ngx.re.match(subject, "hello", "i")
            ngx.say(subject)
        }
    }
--- response_body
Hello



=== TEST 52: extra arguments do not matter
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.match("a", "a", "", nil, nil, "extra", 1, {}))
        }
    }
--- response_body
{0=a}



=== TEST 53: ngx.re has these functions
--- config
    location = /t {
        content_by_lua_block {
            local names = {}
            for name, value in pairs(ngx.re) do
                names[#names + 1] = name .. " " .. type(value)
            end
            table.sort(names)
            ngx.say(table.concat(names, ", "))
        }
    }
--- response_body
find function, gmatch function, gsub function, match function, sub function
