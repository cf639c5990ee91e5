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

=== TEST 1: sub replaces the first match
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.sub("hello, 1234 5678", "[0-9]+", "N"))
        }
    }
--- response_body
hello, N 5678, 1



=== TEST 2: gsub replaces all matches
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.gsub("hello, 1234 5678", "[0-9]+", "N"))
        }
    }
--- response_body
hello, N N, 2



=== TEST 3: without a match the subject comes back, and 0
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.sub("hello", "[0-9]+", "N"))
            show(ngx.re.gsub("hello", "[0-9]+", "N"))
        }
    }
--- response_body
hello, 0
hello, 0



=== TEST 4: the results are two values
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(select("#", ngx.re.sub("hello", "l", "L")))
            ngx.say(select("#", ngx.re.gsub("hello", "x", "L")))
        }
    }
--- response_body
2
2



=== TEST 5: $0 and ${0} are the whole match
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.gsub("a1b2", "[0-9]", "<$0>"))
            show(ngx.re.gsub("a1b2", "[0-9]", "<${0}>"))
        }
    }
--- response_body
a<1>b<2>, 2
a<1>b<2>, 2



=== TEST 6: $1 and ${1} are groups
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.sub("hello world", "(\\w+) (\\w+)", "$2 $1"))
            show(ngx.re.sub("hello world", "(\\w+) (\\w+)", "${2}1${1}2"))
        }
    }
--- response_body
world hello, 1
world1hello2, 1



=== TEST 7: a number ends before the first letter
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.sub("ab", "(a)", "$1x$1_$1-"))
        }
    }
--- response_body
axa_a-b, 1



=== TEST 8: a number is as long as it can be
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.sub("ab", "(a)", "[$10]"))
            show(ngx.re.sub("ab", "(a)", "[${1}0]"))
            show(ngx.re.sub("ab", "(a)", "[$01]"))
        }
    }
--- response_body
[]b, 1
[a0]b, 1
[a]b, 1



=== TEST 9: groups above 9
--- config
    location = /t {
        content_by_lua_block {
            local regex = "(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)(k)"
            show(ngx.re.sub("abcdefghijk", regex, "$11$10${9}"))
        }
    }
--- response_body
kji, 1



=== TEST 10: a group that took no part is empty
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.gsub("ab", "(a)|(b)", "[$1,$2]"))
        }
    }
--- response_body
[a,][,b], 2



=== TEST 11: a number beyond the groups is empty
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.sub("ab", "(a)", "[$2][${7}]"))
        }
    }
--- response_body
[][]b, 1



=== TEST 12: a number that is too large for any group is empty
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.sub("ab", "a", "[$99999999999][$18446744073709551617]"))
        }
    }
--- response_body
[][]b, 1



=== TEST 13: $$ is a dollar
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.sub("ab", "(a)", "$$"))
            show(ngx.re.sub("ab", "(a)", "$$1"))
            show(ngx.re.sub("ab", "(a)", "$$$1"))
            show(ngx.re.sub("ab", "(a)", "$1$$"))
        }
    }
--- response_body
$b, 1
$1b, 1
$ab, 1
a$b, 1



=== TEST 14: a backslash is nothing special
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.sub("ab", "(a)", "\\1\\0\\\\"))
        }
    }
--- response_body
\1\0\\b, 1



=== TEST 15: the replacement may be empty
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.gsub("a-b-c", "-", ""))
        }
    }
--- response_body
abc, 2



=== TEST 16: the replacement is not searched again
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.gsub("aa", "a", "aa"))
        }
    }
--- response_body
aaaa, 2



=== TEST 17: the replacement is made text
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.sub("abc", "b", 12))
            show(ngx.re.sub("abc", "b", 1.5))
            show(ngx.re.sub("abc", "b", nil))
            show(ngx.re.sub("abc", "b"))
            show(ngx.re.sub("abc", "b", true))
        }
    }
--- response_body
a12c, 1
a1.5c, 1
anilc, 1
anilc, 1
atruec, 1



=== TEST 18: a table as the replacement is made text by __tostring
--- config
    location = /t {
        content_by_lua_block {
            local t = setmetatable({}, { __tostring = function() return "<$0>" end })
            show(ngx.re.sub("abc", "b", t))
        }
    }
--- response_body
a<b>c, 1



=== TEST 19: a table that can be called is no function
--- config
    location = /t {
        content_by_lua_block {
            local t = setmetatable({}, { __call = function() return "x" end, __tostring = function() return "text" end })
            show(ngx.re.sub("abc", "b", t))
        }
    }
--- response_body
atextc, 1



=== TEST 20: the subject is made text
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.gsub(1234, "[23]", "x"))
            show(ngx.re.gsub(nil, "i", "x"))
            show(ngx.re.gsub(12, "x", "y"))
        }
    }
--- response_body
1xx4, 2
nxl, 1
12, 0



=== TEST 21: without a match a number comes back as text
--- config
    location = /t {
        content_by_lua_block {
            local result = ngx.re.gsub(12, "x", "y")
            ngx.say(type(result))
        }
    }
--- response_body
string



=== TEST 22: gsub with empty matches
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.gsub("abc", "", "-"))
            show(ngx.re.gsub("abc", "b*", "-"))
            show(ngx.re.gsub("", "", "-"))
            show(ngx.re.gsub("abc", "$", "-"))
        }
    }
--- response_body
-a-b-c-, 4
-a--c-, 4
-, 1
abc-, 1



=== TEST 23: sub with an empty match
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.sub("abc", "", "-"))
            show(ngx.re.sub("", "", "-"))
        }
    }
--- response_body
-abc, 1
-, 1



=== TEST 24: empty matches within UTF-8
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.gsub("äö", "", "-", "u"))
            show(ngx.re.gsub("aä", "x*", "-", "ju"))
        }
    }
--- response_body
-ä-ö-, 3
-a-ä-, 3
--- differs: the C module goes on within a character, and then fails



=== TEST 25: empty matches under U
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.gsub("äö", "", "-", "U"))
        }
    }
--- response_body
-ä-ö-, 3
--- differs: the C module goes on within a character



=== TEST 26: ^ fits only at the beginning of the subject
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.gsub("aaa", "^a", "x"))
        }
    }
--- response_body
xaa, 1



=== TEST 27: option a: each match begins where the last one ended
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.gsub("aab-a", "a|b", "x", "a"))
        }
    }
--- response_body
xxx-a, 3



=== TEST 28: look-behind sees the subject as it was
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.gsub("aab", "(?<=a)[ab]", "x"))
        }
    }
--- response_body
axx, 2



=== TEST 29: the regex must be a string
--- config
    location = /t {
        content_by_lua_block {
            fails(ngx.re.sub, "a", nil, "b")
            fails(ngx.re.gsub, "a", 1, "b")
            fails(ngx.re.sub)
        }
    }
--- response_body
attempt to get length of local 'regex' (a nil value)
attempt to get length of local 'regex' (a number value)
attempt to get length of local 'regex' (a nil value)



=== TEST 30: a regex that cannot be compiled
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.sub("a", "(a", "b"))
            show(ngx.re.gsub("a", "a)", "b", "o"))
        }
    }
--- response_body
nil, nil, pcre2_compile() failed: missing closing parenthesis in "(a"
nil, nil, pcre2_compile() failed: unmatched closing parenthesis in "a)" at ")"
--- differs: PCRE2's words



=== TEST 31: unknown options
--- config
    location = /t {
        content_by_lua_block {
            fails(ngx.re.sub, "a", "a", "b", "q")
            fails(ngx.re.gsub, "a", "a", "b", "oqj")
        }
    }
--- response_body
unknown flag "q" (flags "q")
unknown flag "q" (flags "oqj")



=== TEST 32: an error of a search
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.sub("\xff", "a", "b", "u"))
            show(ngx.re.gsub("a\xff", "a", "b", "ju"))
        }
    }
--- response_body
nil, nil, pcre_exec() failed: -23
nil, nil, pcre_exec() failed: -23
--- differs: PCRE2's number



=== TEST 33: binary subjects, regexes and replacements
--- config
    location = /t {
        content_by_lua_block {
            local result, n = ngx.re.gsub("a\0b\0", "\\x00", "\0\0")
            ngx.say(#result, " ", n, " ", result == "a\0\0b\0\0")
            local result, n = ngx.re.gsub("a\xff", "\xff", "\xfe$0")
            ngx.say(result == "a\xfe\xff", " ", n)
        }
    }
--- response_body
6 2 true
true 1



=== TEST 34: a NUL byte in the replacement does not end it
--- config
    location = /t {
        content_by_lua_block {
            local result = ngx.re.sub("abc", "b", "[\0$0]")
            ngx.say(result == "a[\0b]c")
        }
    }
--- response_body
true



=== TEST 35: 10 MB with a hundred thousand replacements
--- config
    location = /t {
        content_by_lua_block {
            local subject = (("x"):rep(99) .. "a"):rep(100000)
            local result, n = ngx.re.gsub(subject, "a", "<$0>", "jo")
            ngx.say(#result, " ", n)
        }
    }
--- response_body
10200000 100000



=== TEST 36: a replacement of 1 MB
--- config
    location = /t {
        content_by_lua_block {
            local result, n = ngx.re.gsub("a-b", "[ab]", ("y"):rep(2^20), "o")
            ngx.say(#result, " ", n)
        }
    }
--- response_body
2097153 2



=== TEST 37: the same call again, with option o
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.sub("abc", "(b)", "x$1", "jo"))
            show(ngx.re.sub("abc", "(b)", "x$1", "jo"))
        }
    }
--- response_body
axbc, 1
axbc, 1



=== TEST 38: named groups of the regex have numbers in the template
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.sub("2026-11", "(?<year>\\d+)-(?<month>\\d+)", "$2/$1"))
        }
    }
--- response_body
11/2026, 1



=== TEST 39: option d: the longest match
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.sub("hello", "h|hel", "<$0$1>", "d"))
        }
    }
--- response_body
<hel>lo, 1



=== TEST 40: \K keeps what is before it
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.gsub("foobar foobaz", "foo\\Kba", "<$0>"))
        }
    }
--- response_body
foo<ba>r foo<ba>z, 2



=== TEST 41: a lone dollar
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.sub("abc", "b", "$"))
            show(ngx.re.gsub("abc", "b", "x$"))
            show(ngx.re.gsub("abc", "b", "$-x"))
            show(ngx.re.gsub("abc", "b", "${}"))
            show(ngx.re.gsub("abc", "b", "${"))
        }
    }
--- response_body
nil, nil, failed to compile the replacement template
nil, nil, failed to compile the replacement template
nil, nil, failed to compile the replacement template
nil, nil, failed to compile the replacement template
nil, nil, failed to compile the replacement template
--- error_log
lua script: invalid capturing variable name found in "$"
lua script: invalid capturing variable name found in "x$"
lua script: invalid capturing variable name found in "$-x"
lua script: invalid capturing variable name found in "${}"
lua script: invalid capturing variable name found in "${"



=== TEST 42: a name in the template
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.sub("abc", "(?<x>b)", "$x"))
            show(ngx.re.gsub("abc", "(?<x>b)", "[${name}]", "jo"))
            show(ngx.re.gsub("abc", "(?<x>b)", "$_1-"))
        }
    }
--- response_body
nil, nil, failed to compile the replacement template
nil, nil, failed to compile the replacement template
nil, nil, failed to compile the replacement template
--- error_log
attempt to use named capturing variable "x" (named captures not supported yet)
attempt to use named capturing variable "name" (named captures not supported yet)
attempt to use named capturing variable "_1" (named captures not supported yet)



=== TEST 43: a brace that is not closed
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.sub("abc", "(b)", "${1"))
            show(ngx.re.sub("abc", "(b)", "${1a}"))
            show(ngx.re.sub("abc", "(b)", "${name-x}"))
            show(ngx.re.sub("abc", "(b)", "${-}"))
        }
    }
--- response_body
nil, nil, failed to compile the replacement template
nil, nil, failed to compile the replacement template
nil, nil, failed to compile the replacement template
nil, nil, failed to compile the replacement template
--- error_log
the closing bracket in "1" variable is missing
the closing bracket in "name" variable is missing
the closing bracket in "" variable is missing



=== TEST 44: a wrong template is an error even if nothing matches; a wrong regex comes first
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.sub("abc", "x", "$"))
            local _, _, err = ngx.re.sub("abc", "(", "$")
            ngx.say((err:gsub("^pcre2?_compile.*", "not compiled")))
        }
    }
--- response_body
nil, nil, failed to compile the replacement template
not compiled
--- error_log
lua script: invalid capturing variable name found in "$"



=== TEST 45: the line about a template has no request in it
--- config
    location = /t {
        content_by_lua_block {
            ngx.re.sub("abc", "b", "$")
            ngx.say("done")
        }
    }
--- response_body
done
--- error_log eval
qr/invalid capturing variable name found in "\$"$/m
