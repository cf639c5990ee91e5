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

=== TEST 1: i: case does not matter
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.match("HELLO", "hello", "i"))
            show(ngx.re.match("HELLO", "hello"))
        }
    }
--- response_body
{0=HELLO}
nil



=== TEST 2: m: ^ and $ fit at line ends
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.match("one\ntwo\nthree", "^two$", "m"))
            show(ngx.re.match("one\ntwo\nthree", "^two$"))
        }
    }
--- response_body
{0=two}
nil



=== TEST 3: s: a dot is a newline too
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.find("a\nb", "a.b", "s"))
            show(ngx.re.find("a\nb", "a.b"))
        }
    }
--- response_body
1, 3
nil



=== TEST 4: x: blanks and comments are left out
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.match("ab", "a b # comment", "x"))
            show(ngx.re.match("ab", "a b"))
        }
    }
--- response_body
{0=ab}
nil



=== TEST 5: a: only at the start position
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.match("hello, 1234", "[0-9]+", "a"))
            show(ngx.re.match("hello, 1234", "[0-9]+", "a", { pos = 8 }))
        }
    }
--- response_body
nil
{0=1234}



=== TEST 6: d: the longest match, without groups
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.match("hello", "h|hel|he", "d"))
            show(ngx.re.match("hello", "h|hel|he"))
            show(ngx.re.match("hello", "(h)(el)", "d"))
        }
    }
--- response_body
{0=hel}
{0=h}
{0=hel}



=== TEST 7: d: find knows no groups
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.find("hello", "(h)(el)", "d"))
            show(ngx.re.find("hello", "(h)(el)", "d", nil, 1))
        }
    }
--- response_body
1, 3
nil, nil, nth out of bound



=== TEST 8: d: named groups are not there
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.match("hello", "(?<x>h)(?<y>el)", "d"))
        }
    }
--- response_body
{0=hel}



=== TEST 9: d: j does no harm
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.match("hello", "h|hel|he", "djo"))
        }
    }
--- response_body
{0=hel}



=== TEST 10: d: a back reference is an error
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.match("hh", "(h)\\1", "d"))
        }
    }
--- response_body
nil, pcre_exec() failed: -42
--- differs: PCRE2's number



=== TEST 11: d: a search with many branches
--- config
    location = /t {
        content_by_lua_block {
            local words = {}
            for i = 1, 200 do words[i] = ("a"):rep(i) .. "x?" end
            local regex = "(?:" .. table.concat(words, "|") .. ")b|a*"
            show(ngx.re.find(("a"):rep(500), regex, "d"))
        }
    }
--- response_body
1, 500
--- differs: the C module runs out of room



=== TEST 12: d: with ctx
--- config
    location = /t {
        content_by_lua_block {
            local ctx = { pos = 3 }
            show(ngx.re.match("xxhello", "h|hel|he", "d", ctx), ctx.pos)
        }
    }
--- response_body
{0=hel}, 6



=== TEST 13: D: a name may be given twice, and is then an array of what took part
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.match("ab", "(?<x>a)(?<x>b)", "D"))
            show(ngx.re.match("b", "(?<x>a)?(?<x>b)", "D"))
        }
    }
--- response_body
{0=ab 1=a 2=b x={1=a 2=b}}
{0=b 1=false 2=b x={1=b}}



=== TEST 14: D: each name is an array, and what took no part is left out
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.match("a", "(?<x>a)(?<y>b)?", "D"))
        }
    }
--- response_body
{0=a 1=a 2=false x={1=a}}



=== TEST 15: D: names and a result table add up
--- config
    location = /t {
        content_by_lua_block {
            local res = { x = { "old" } }
            show(ngx.re.match("ab", "(?<x>a)(?<x>b)", "D", nil, res))
        }
    }
--- response_body
{0=ab 1=a 2=b x={1=old 2=a 3=b}}



=== TEST 16: D: a result table with something else under the name
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.match("ab", "(?<x>a)(?<x>b)", "D", nil, { x = "old" }))
        }
    }
--- response_body
{0=ab 1=a 2=b x={1=a 2=b}}
--- differs: the C module raises an error



=== TEST 17: a name given twice is an error without D
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.match("ab", "(?<x>a)(?<x>b)"))
        }
    }
--- response_body
nil, pcre2_compile() failed: two named subpatterns have the same name (PCRE2_DUPNAMES not set) in "(?<x>a)(?<x>b)" at "b)"
--- differs: PCRE2's words



=== TEST 18: (?J) in the regex allows it too
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.match("ab", "(?J)(?<x>a)(?<x>b)"))
        }
    }
--- response_body
{0=ab 1=a 2=b x=b}



=== TEST 19: J: a class may be empty
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.match("a]", "[]", "J"))
            show(ngx.re.match("a", "[^]", "J"))
        }
    }
--- response_body
nil
{0=a}



=== TEST 20: J: a reference to a group that took no part matches the empty string
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.match("ab", "(z)?\\1b", "J"))
            show(ngx.re.match("ab", "(z)?\\1b"))
        }
    }
--- response_body
{0=b 1=false}
nil



=== TEST 21: J: \u and \x as in JavaScript
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.match("AB", "\\u0041\\x42", "J"))
            show(ngx.re.match("ux", "\\u\\x", "J"))
        }
    }
--- response_body
{0=AB}
{0=ux}



=== TEST 22: u: characters, not bytes
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.match("äöü", "^.{3}$", "u"))
            show(ngx.re.match("äöü", "^.{3}$"))
            show(ngx.re.find("äöü", ".ü", "u"))
        }
    }
--- response_body
{0=äöü}
nil
3, 6



=== TEST 23: u: classes of characters
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.match("日本", "[本日]+", "u"))
            show(ngx.re.match("x日", "\\x{65e5}", "u"))
        }
    }
--- response_body
{0=日本}
{0=日}



=== TEST 24: u: case of letters beyond ASCII
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.match("ÄÖ", "äö", "ui"))
            show(ngx.re.match("ÄÖ", "äö", "i"))
        }
    }
--- response_body
{0=ÄÖ}
nil



=== TEST 25: u: properties
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.match("1ä2", "\\p{L}", "u"))
        }
    }
--- response_body
{0=ä}



=== TEST 26: u: a subject that is not UTF-8
--- config
    location = /t {
        content_by_lua_block {
            for _, subject in ipairs({ "\xff", "a\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf5\x80\x80\x80", "\xe2\x82" }) do
                show(ngx.re.match(subject, ".", "u"))
                show(ngx.re.find(subject, ".", "ju"))
            end
        }
    }
--- response_body
nil, pcre_exec() failed: -23
nil, nil, pcre_exec() failed: -23
nil, pcre_exec() failed: -3
nil, nil, pcre_exec() failed: -3
nil, pcre_exec() failed: -17
nil, nil, pcre_exec() failed: -17
nil, pcre_exec() failed: -16
nil, nil, pcre_exec() failed: -16
nil, pcre_exec() failed: -15
nil, nil, pcre_exec() failed: -15
nil, pcre_exec() failed: -3
nil, nil, pcre_exec() failed: -3
--- differs: PCRE2's number



=== TEST 27: u: a regex that is not UTF-8
--- config
    location = /t {
        content_by_lua_block {
            local m, err = ngx.re.match("a", "\xff", "u")
            ngx.say(m, " ", (err:gsub("\xff", "FF")))
        }
    }
--- response_body
nil pcre2_compile() failed: UTF-8 error: illegal byte (0xfe or 0xff) in "FF" at "FF"
--- differs: PCRE2's words



=== TEST 28: u: a start within a character
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.match("äb", "b", "u", { pos = 2 }))
            show(ngx.re.match("äb", "b", "ju", { pos = 2 }))
        }
    }
--- response_body
nil, pcre_exec() failed: -36
nil, pcre_exec() failed: -36
--- differs: PCRE2's number



=== TEST 29: u: without the option, (*UTF) in the regex
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.match("äöü", "(*UTF)^.{3}$"))
            show(ngx.re.match("äöü", "(*UTF)^.{3}$", "jo"))
        }
    }
--- response_body
{0=äöü}
{0=äöü}



=== TEST 30: (*UTF) checks the subject too
--- config
    location = /t {
        content_by_lua_block {
            local _, err = ngx.re.match("\xff", "(*UTF).", "j")
            ngx.say(err:match("^pcre_exec%(%) failed"))
        }
    }
--- response_body
pcre_exec() failed



=== TEST 31: (*NO_JIT) in the regex
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.match("abc", "(*NO_JIT)b", "jo"))
        }
    }
--- response_body
{0=b}
--- differs: PCRE1 does not have it



=== TEST 32: U: valid UTF-8
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.match("äöü", "^.{3}$", "U"))
            show(ngx.re.match("äöü", "ö", "jU"))
            show(ngx.re.match("ÄÖ", "äö", "Ui"))
        }
    }
--- response_body
{0=äöü}
{0=ö}
{0=ÄÖ}



=== TEST 33: U: a subject that is not UTF-8 is no error
--- config
    location = /t {
        content_by_lua_block {
            for _, subject in ipairs({ "a\xff", "a\xc3", "a\xf0\x9f", "a\x80\x80" }) do
                show(ngx.re.match(subject, "a", "U"))
                show(ngx.re.match(subject, "a", "jU"))
            end
        }
    }
--- response_body
{0=a}
{0=a}
{0=a}
{0=a}
{0=a}
{0=a}
{0=a}
{0=a}



=== TEST 34: U: what is not UTF-8 matches nothing
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.match("\xff", ".", "U"))
            show(ngx.re.match("\xff", ".", "jU"))
            show(ngx.re.match("\x80\x80\x80", "(?<=..).", "U"))
            show(ngx.re.find("x\xf0", ".$", "U"))
            show(ngx.re.match("\xf0\x9f", "[^a]+", "jU"))
        }
    }
--- response_body
nil
nil
nil
nil
nil
--- differs: PCRE1 takes it for characters, and may read beyond the subject



=== TEST 35: U and d
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.match("äöü", "ä|äö", "dU"))
        }
    }
--- response_body
{0=äö}



=== TEST 36: U and u together
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.match("äöü", "^.{3}$", "uU"))
        }
    }
--- response_body
{0=äöü}



=== TEST 37: j and o change nothing but the speed
--- config
    location = /t {
        content_by_lua_block {
            for _, options in ipairs({ "", "j", "o", "jo", "oj" }) do
                for _ = 1, 3 do
                    show(ngx.re.match("key=value", "(\\w+)=(\\w+)", options))
                end
            end
        }
    }
--- response_body
{0=key=value 1=key 2=value}
{0=key=value 1=key 2=value}
{0=key=value 1=key 2=value}
{0=key=value 1=key 2=value}
{0=key=value 1=key 2=value}
{0=key=value 1=key 2=value}
{0=key=value 1=key 2=value}
{0=key=value 1=key 2=value}
{0=key=value 1=key 2=value}
{0=key=value 1=key 2=value}
{0=key=value 1=key 2=value}
{0=key=value 1=key 2=value}
{0=key=value 1=key 2=value}
{0=key=value 1=key 2=value}
{0=key=value 1=key 2=value}



=== TEST 38: several options, in any order
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.match("A\nB", "a . b", "xsijo"))
            show(ngx.re.match("A\nB", "a . b", "ojisx"))
        }
    }
--- response_body
{0=A
B}
{0=A
B}



=== TEST 39: an option may be there twice
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.match("A", "a", "iijjoo"))
        }
    }
--- response_body
{0=A}



=== TEST 40: nil, false and the empty string as options
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.match("a", "a", nil))
            show(ngx.re.match("a", "a", false))
            show(ngx.re.match("a", "a", ""))
        }
    }
--- response_body
{0=a}
{0=a}
{0=a}



=== TEST 41: unknown options
--- config
    location = /t {
        content_by_lua_block {
            fails(ngx.re.match, "a", "a", "q")
            fails(ngx.re.find, "a", "a", "joZ")
            fails(ngx.re.match, "a", "a", "j o")
            fails(ngx.re.match, "a", "a", "i,m")
        }
    }
--- response_body
unknown flag "q" (flags "q")
unknown flag "Z" (flags "joZ")
unknown flag " " (flags "j o")
unknown flag "," (flags "i,m")



=== TEST 42: options must be a string
--- config
    location = /t {
        content_by_lua_block {
            fails(ngx.re.match, "a", "a", 12)
            fails(ngx.re.match, "a", "a", true)
        }
    }
--- response_body
attempt to get length of local 'opts' (a number value)
attempt to get length of local 'opts' (a boolean value)



=== TEST 43: a table as the options
--- config
    location = /t {
        content_by_lua_block {
            fails(ngx.re.match, "a", "a", {})
        }
    }
--- response_body
attempt to get length of local 'opts' (a table value)
--- differs: the C module takes it for none



=== TEST 44: options come before the regex in being wrong
--- config
    location = /t {
        content_by_lua_block {
            fails(ngx.re.match, "a", nil, "q")
        }
    }
--- response_body
unknown flag "q" (flags "q")



=== TEST 45: options within the regex
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.match("HELLO", "(?i)hello"))
            show(ngx.re.match("A\nb", "(?im)^B$"))
        }
    }
--- response_body
{0=HELLO}
{0=b}



=== TEST 46: o tells regular expressions with other options apart
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.match("A", "a", "o"))
            show(ngx.re.match("A", "a", "io"))
            show(ngx.re.match("A", "a", "o"))
            show(ngx.re.match("A", "a", "oi"))
        }
    }
--- response_body
nil
{0=A}
nil
{0=A}



=== TEST 47: an unknown option that is no letter
--- config
    location = /t {
        content_by_lua_block {
            local ok, err = pcall(ngx.re.match, "a", "a", "\0")
            ngx.say(ok)
        }
    }
--- response_body
false
