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

=== TEST 1: find gives the first and the last byte of the match
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.find("hello, 1234", "([0-9]+)"))
        }
    }
--- response_body
8, 11



=== TEST 2: no match is nil and nothing else
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.find("hello", "x"))
            ngx.say(select("#", ngx.re.find("hello", "x")))
        }
    }
--- response_body
nil
1



=== TEST 3: an empty match ends before it begins
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.find("hello", ""))
            show(ngx.re.find("hello", "$"))
            show(ngx.re.find("", "^"))
        }
    }
--- response_body
1, 0
6, 5
1, 0



=== TEST 4: a match is two values
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(select("#", ngx.re.find("hello", "l")))
        }
    }
--- response_body
2



=== TEST 5: the result fits string.sub
--- config
    location = /t {
        content_by_lua_block {
            local subject = "hello, 1234 5678"
            ngx.say(subject:sub(ngx.re.find(subject, "\\d+ \\d+")))
        }
    }
--- response_body
1234 5678



=== TEST 6: nth picks a group
--- config
    location = /t {
        content_by_lua_block {
            local subject = "hello, 1234"
            for nth = 0, 2 do
                show(ngx.re.find(subject, "([0-9])([0-9]+)", "", nil, nth))
            end
        }
    }
--- response_body
8, 11
8, 8
9, 11



=== TEST 7: a negative nth counts as 0
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.find("hello, 1234", "([0-9])", "", nil, -1))
        }
    }
--- response_body
8, 8



=== TEST 8: nil and false as nth
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.find("hello", "l(o)", "", nil, nil))
            show(ngx.re.find("hello", "l(o)", "", nil, false))
        }
    }
--- response_body
4, 5
4, 5



=== TEST 9: an nth beyond the groups is an error
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.find("hello", "l(o)", "", nil, 2))
            show(ngx.re.find("hello", "lo", "", nil, 1))
            show(ngx.re.find("hello", "lo", "", nil, 2^53))
        }
    }
--- response_body
nil, nil, nth out of bound
nil, nil, nth out of bound
nil, nil, nth out of bound



=== TEST 10: an nth beyond the groups does not matter without a match
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.find("hello", "x(y)", "", nil, 7))
        }
    }
--- response_body
nil



=== TEST 11: a group that took no part is nil
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.find("b", "(a)?(b)", "", nil, 1))
            show(ngx.re.find("a", "(a)|(b)|(c)", "", nil, 3))
            ngx.say(select("#", ngx.re.find("b", "(a)?(b)", "", nil, 1)))
        }
    }
--- response_body
nil, nil
nil, nil
2



=== TEST 12: an empty group
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.find("ab", "a()b", "", nil, 1))
        }
    }
--- response_body
2, 1



=== TEST 13: nth must be a number
--- config
    location = /t {
        content_by_lua_block {
            fails(ngx.re.find, "a", "(a)", "", nil, "1")
        }
    }
--- response_body
attempt to compare string with number



=== TEST 14: ctx.pos says where to begin, and is set to the place behind the match
--- config
    location = /t {
        content_by_lua_block {
            local ctx = { pos = 3 }
            show(ngx.re.find("aabaa", "a+", "", ctx))
            ngx.say(ctx.pos)
            show(ngx.re.find("aabaa", "a", "", ctx))
            ngx.say(ctx.pos)
        }
    }
--- response_body
4, 5
6
nil
6



=== TEST 15: ctx.pos is behind the match, not behind the group that nth picks
--- config
    location = /t {
        content_by_lua_block {
            local ctx = {}
            show(ngx.re.find("key: value", "(key): value", "", ctx, 1))
            ngx.say(ctx.pos)
        }
    }
--- response_body
1, 3
11



=== TEST 16: ctx.pos is set even if nth is out of bound
--- config
    location = /t {
        content_by_lua_block {
            local ctx = {}
            show(ngx.re.find("abc", "b", "", ctx, 3))
            ngx.say(ctx.pos)
        }
    }
--- response_body
nil, nil, nth out of bound
3



=== TEST 17: ctx.pos beyond the subject
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.find("abc", "c", "", { pos = 5 }))
            show(ngx.re.find("abc", "c", "jo", { pos = 5 }))
        }
    }
--- response_body
nil, nil, pcre_exec() failed: -33
nil, nil, pcre_exec() failed: -33
--- differs: PCRE2's number



=== TEST 18: ctx must be a table
--- config
    location = /t {
        content_by_lua_block {
            fails(ngx.re.find, "a", "a", "", 1)
        }
    }
--- response_body
attempt to index local 'ctx' (a number value)



=== TEST 19: the subject is made text
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.find(1234, "3"))
            show(ngx.re.find(nil, "i"))
            show(ngx.re.find(1e15, "15"))
        }
    }
--- response_body
3, 3
2, 2
4, 5



=== TEST 20: the regex must be a string
--- config
    location = /t {
        content_by_lua_block {
            fails(ngx.re.find, "a", nil)
            fails(ngx.re.find, "1", 1)
            fails(ngx.re.find)
        }
    }
--- response_body
attempt to get length of local 'regex' (a nil value)
attempt to get length of local 'regex' (a number value)
attempt to get length of local 'regex' (a nil value)



=== TEST 21: a regex that cannot be compiled
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.find("a", "(a"))
            show(ngx.re.find("a", "(a", "jo"))
        }
    }
--- response_body
nil, nil, pcre2_compile() failed: missing closing parenthesis in "(a"
nil, nil, pcre2_compile() failed: missing closing parenthesis in "(a"
--- differs: PCRE2's words



=== TEST 22: positions are bytes, in UTF-8 too
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.find("äöü", "ö", "u"))
        }
    }
--- response_body
3, 4



=== TEST 23: NUL bytes count
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.find("\0\0a\0", "a"))
            show(ngx.re.find("a\0b", "\\x00b"))
        }
    }
--- response_body
3, 3
2, 3



=== TEST 24: \K moves the beginning
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.find("foobar", "foo\\Kbar"))
        }
    }
--- response_body
4, 6



=== TEST 25: look-behind at ctx.pos
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.find("foobar", "(?<=o)b", "", { pos = 4 }))
        }
    }
--- response_body
4, 4



=== TEST 26: a subject of 10 MB
--- config
    location = /t {
        content_by_lua_block {
            local subject = ("a"):rep(10 * 1024 * 1024) .. "b"
            show(ngx.re.find(subject, "b", "jo"))
            show(ngx.re.find(subject, "b", "o"))
            show(ngx.re.find(subject, "ab$", "jo", { pos = 10 * 1024 * 1024 }))
        }
    }
--- response_body
10485761, 10485761
10485761, 10485761
10485760, 10485761
