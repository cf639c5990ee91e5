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

=== TEST 1: split cuts at the matches
--- config
    location = /t {
        content_by_lua_block {
            local split = require("ngx.re").split
            show(split("a,b,c", ","))
            show(split("a1b22c", "\\d+"))
        }
    }
--- response_body
{1=a 2=b 3=c}
{1=a 2=b 3=c}



=== TEST 2: split without a match
--- config
    location = /t {
        content_by_lua_block {
            local split = require("ngx.re").split
            show(split("abc", ","))
        }
    }
--- response_body
{1=abc}



=== TEST 3: split drops empty pieces at the end only
--- config
    location = /t {
        content_by_lua_block {
            local split = require("ngx.re").split
            show(split(",a,,b,,", ","))
            show(split(",", ","))
            show(split(",,,", ","))
        }
    }
--- response_body
{1= 2=a 3= 4=b}
{}
{}



=== TEST 4: split of the empty string
--- config
    location = /t {
        content_by_lua_block {
            local split = require("ngx.re").split
            show(split("", ","))
            show(split("", ""))
        }
    }
--- response_body
{}
{}



=== TEST 5: split with max leaves the rest in the last piece
--- config
    location = /t {
        content_by_lua_block {
            local split = require("ngx.re").split
            show(split("a,b,c,d", ",", nil, nil, 3))
            show(split("a,b,c,d", ",", nil, nil, 1))
            show(split("a,b,c,d", ",", nil, nil, 10))
        }
    }
--- response_body
{1=a 2=b 3=c,d}
{1=a,b,c,d}
{1=a 2=b 3=c 4=d}



=== TEST 6: split with max keeps empty pieces
--- config
    location = /t {
        content_by_lua_block {
            local split = require("ngx.re").split
            show(split(",a,b,,", ",", nil, nil, 10))
            show(split("a,,", ",", nil, nil, 2))
            show(split("a,,", ",", nil, nil, 3))
        }
    }
--- response_body
{1= 2=a 3=b 4= 5=}
{1=a 2=,}
{1=a 2= 3=}



=== TEST 7: a max of 0, less, nil or false is none
--- config
    location = /t {
        content_by_lua_block {
            local split = require("ngx.re").split
            for _, max in ipairs({ 0, -1, -100 }) do
                show(split("a,b,", ",", nil, nil, max))
            end
            show(split("a,b,", ",", nil, nil, false))
        }
    }
--- response_body
{1=a 2=b}
{1=a 2=b}
{1=a 2=b}
{1=a 2=b}



=== TEST 8: max must be a number
--- config
    location = /t {
        content_by_lua_block {
            local split = require("ngx.re").split
            fails(split, "a,b", ",", nil, nil, "x")
        }
    }
--- response_body
attempt to compare number with string



=== TEST 9: split adds what group 1 has matched
--- config
    location = /t {
        content_by_lua_block {
            local split = require("ngx.re").split
            show(split("a,b;c", "([,;])"))
            show(split("a1b2c", "(\\d)", nil, nil, 2))
            show(split("a, b", "(,)( )"))
            show(split("a,b,", "(,)"))
        }
    }
--- response_body
{1=a 2=, 3=b 4=; 5=c}
{1=a 2=1 3=b2c}
{1=a 2=, 3=b}
{1=a 2=, 3=b 4=,}



=== TEST 10: split with an empty group 1
--- config
    location = /t {
        content_by_lua_block {
            local split = require("ngx.re").split
            show(split("a,b,c", ",()"))
            show(split("a,b,", ",()"))
        }
    }
--- response_body
{1=a 2= 3=b 4= 5=c}
{1=a 2= 3=b}



=== TEST 11: split with a group 1 that took no part
--- config
    location = /t {
        content_by_lua_block {
            local split = require("ngx.re").split
            show(split("a,b;c", "(,)|;"))
        }
    }
--- response_body
{1=a 2=, 3=b 4=c}



=== TEST 12: split with a group 1 that took no part, while a later one did
--- config
    location = /t {
        content_by_lua_block {
            local split = require("ngx.re").split
            show(split("a,b;c", "(,)|(;)"))
        }
    }
--- response_body
{1=a 2=, 3=b 4=c}
--- differs: the C module adds the whole subject



=== TEST 13: split with an empty regex gives the bytes
--- config
    location = /t {
        content_by_lua_block {
            local split = require("ngx.re").split
            show(split("abc", ""))
            show(split("abc", "", nil, nil, 2))
            show(split("abc", "", nil, nil, 3))
            show(split("abc", "", nil, nil, 5))
        }
    }
--- response_body
{1=a 2=b 3=c}
{1=a 2=bc}
{1=a 2=b 3=c}
{1=a 2=b 3=c 4=}



=== TEST 14: split with a regex that matches the empty string
--- config
    location = /t {
        content_by_lua_block {
            local split = require("ngx.re").split
            show(split("abcd", "(?=c)"))
            show(split("a,b", "$"))
            show(split("ab", "^"))
            show(split("abc", "x*"))
        }
    }
--- response_body
{1=ab 2=cd}
{1=a,b}
{1=ab}
{1=a 2=b 3=c}



=== TEST 15: split where only some matches are empty
--- config
    location = /t {
        content_by_lua_block {
            local split = require("ngx.re").split
            show(split("abcd", "b*"))
            show(split("a b  c", "\\s*"))
            show(split("abcd", "(b)*"))
        }
    }
--- response_body
{1=a 2=c 3=d}
{1=a 2=b 3=c}
{1=a 2=b 3=c 4=d}
--- differs: the C module gives pieces twice



=== TEST 16: split of UTF-8 with an empty regex
--- config
    location = /t {
        content_by_lua_block {
            local split = require("ngx.re").split
            show(split("日本", "", "u"))
        }
    }
--- response_body
{1=日 2=本}
--- differs: the C module goes on within a character, and then fails



=== TEST 17: split with options
--- config
    location = /t {
        content_by_lua_block {
            local split = require("ngx.re").split
            show(split("aXbxc", "x", "i"))
            show(split("aXbxc", "x", "ijo"))
            show(split("日,本", ",", "ju"))
        }
    }
--- response_body
{1=a 2=b 3=c}
{1=a 2=b 3=c}
{1=日 2=本}



=== TEST 18: unknown options
--- config
    location = /t {
        content_by_lua_block {
            local split = require("ngx.re").split
            fails(split, "a,b", ",", "q")
        }
    }
--- response_body
unknown flag "q" (flags "q")



=== TEST 19: ctx.pos says where split begins
--- config
    location = /t {
        content_by_lua_block {
            local split = require("ngx.re").split
            show(split("a,b,c", ",", nil, { pos = 3 }))
            show(split("a,b,c", ",", nil, { pos = 2 }))
            show(split("a,b,c", ",", nil, { pos = 5 }))
            show(split("a,b,c", ",", nil, { pos = 0 }))
            show(split("a,b,c", ",", nil, {}))
        }
    }
--- response_body
{1=b 2=c}
{1= 2=b 3=c}
{1=c}
{1=a 2=b 3=c}
{1=a 2=b 3=c}



=== TEST 20: a negative ctx.pos counts as 1
--- config
    location = /t {
        content_by_lua_block {
            local split = require("ngx.re").split
            show(split("a,b,c", ",", nil, { pos = -1 }))
        }
    }
--- response_body
{1=a 2=b 3=c}
--- differs: the C module takes the first piece from the end of the subject



=== TEST 21: split beyond the end is empty
--- config
    location = /t {
        content_by_lua_block {
            local split = require("ngx.re").split
            show(split("a,b,c", ",", nil, { pos = 6 }))
            show(split("a,b,c", ",", nil, { pos = 100 }))
        }
    }
--- response_body
{}
{}



=== TEST 22: ctx.pos must be a number
--- config
    location = /t {
        content_by_lua_block {
            local split = require("ngx.re").split
            fails(split, "a,b", ",", nil, { pos = "2" })
        }
    }
--- response_body
attempt to compare number with string



=== TEST 23: what split leaves in ctx.pos
--- config
    location = /t {
        content_by_lua_block {
            local split = require("ngx.re").split
            local ctx = { pos = 1 }
            split("a,b,c", ",", nil, ctx)
            ngx.say(ctx.pos)
        }
    }
--- response_body
4



=== TEST 24: split looks at what is before ctx.pos
--- config
    location = /t {
        content_by_lua_block {
            local split = require("ngx.re").split
            show(split("ab,cd", "(?<=b),", nil, { pos = 3 }))
        }
    }
--- response_body
{1= 2=cd}



=== TEST 25: split fills a table
--- config
    location = /t {
        content_by_lua_block {
            local split = require("ngx.re").split
            local res = {}
            ngx.say(split("a,b", ",", nil, nil, nil, res) == res)
            show(res)
        }
    }
--- response_body
true
{1=a 2=b}



=== TEST 26: in a table that was used, the element after the last becomes nil
--- config
    location = /t {
        content_by_lua_block {
            local split = require("ngx.re").split
            local res = { 9, 9, 9, 9, 9, 9 }
            show(split("a,b", ",", nil, nil, nil, res))
            show(split("a,b,c", ",", nil, nil, 2, res))
            show(split("", ",", nil, nil, nil, res))
        }
    }
--- response_body
{1=a 2=b 4=9 5=9 6=9}
{1=a 2=b,c 4=9 5=9 6=9}
{2=b,c 4=9 5=9 6=9}



=== TEST 27: split drops the empty pieces at the end of a used table too
--- config
    location = /t {
        content_by_lua_block {
            local split = require("ngx.re").split
            show(split("a,b,,", ",", nil, nil, nil, { 9, 9, 9, 9, 9, 9 }))
        }
    }
--- response_body
{1=a 2=b 4=9 5=9 6=9}



=== TEST 28: res must be a table
--- config
    location = /t {
        content_by_lua_block {
            local split = require("ngx.re").split
            fails(split, "a,b", ",", nil, nil, nil, 1)
            fails(split, "a,b", ",", nil, nil, nil, "text")
        }
    }
--- response_body
res is not a table
res is not a table



=== TEST 29: the subject is made text
--- config
    location = /t {
        content_by_lua_block {
            local split = require("ngx.re").split
            show(split(1234, "[23]"))
            show(split(nil, "i"))
        }
    }
--- response_body
{1=1 2= 3=4}
{1=n 2=l}



=== TEST 30: the regex must be a string
--- config
    location = /t {
        content_by_lua_block {
            local split = require("ngx.re").split
            fails(split, "a", nil)
        }
    }
--- response_body
attempt to get length of local 'regex' (a nil value)



=== TEST 31: a regex that cannot be compiled
--- config
    location = /t {
        content_by_lua_block {
            local split = require("ngx.re").split
            show(split("a", "("))
        }
    }
--- response_body
nil, pcre2_compile() failed: missing closing parenthesis in "("
--- differs: PCRE2's words



=== TEST 32: an error of a search
--- config
    location = /t {
        content_by_lua_block {
            local split = require("ngx.re").split
            show(split("a,\xff", ",", "u"))
        }
    }
--- response_body
nil, pcre_exec() failed: -23
--- differs: PCRE2's number



=== TEST 33: split of NUL bytes
--- config
    location = /t {
        content_by_lua_block {
            local split = require("ngx.re").split
            show(split("a\0b\0c", "\\x00"))
        }
    }
--- response_body
{1=a 2=b 3=c}



=== TEST 34: split into 100,000 pieces
--- config
    location = /t {
        content_by_lua_block {
            local split = require("ngx.re").split
            local res = split(("ab,"):rep(100000), ",", "jo")
            ngx.say(#res, " ", res[1], " ", res[100000])
        }
    }
--- response_body
100000 ab ab



=== TEST 35: the module ngx.re
--- config
    location = /t {
        content_by_lua_block {
            local re = require "ngx.re"
            ngx.say(type(re.split), " ", type(re.opt), " ", type(re.version), " ", re == ngx.re)
        }
    }
--- response_body
function function string false



=== TEST 36: opt: unknown names
--- config
    location = /t {
        content_by_lua_block {
            local opt = require("ngx.re").opt
            fails(opt, "x", 1)
            fails(opt)
            fails(opt, nil, 1)
        }
    }
--- response_body
unrecognized option name
unrecognized option name
unrecognized option name



=== TEST 37: opt: the size must be a number
--- http_config
    init_by_lua_block {
        local opt = require("ngx.re").opt
        _, message = pcall(opt, "jit_stack_size", "x")
    }
--- config
    location = /t {
        content_by_lua_block {
            ngx.say((message:gsub("^[^ ]*:%d+: ", "")))
        }
    }
--- response_body
bad argument #1 to 'ngx_lua_ffi_set_jit_stack_size' (cannot convert 'string' to 'int')



=== TEST 38: opt: a larger stack for machine code
--- http_config
    init_by_lua_block {
        local opt = require("ngx.re").opt
        opt("jit_stack_size", 1)
        opt("jit_stack_size", 64 * 1024)
        opt("jit_stack_size", 64 * 1024 * 1024)
    }
--- config
    location = /t {
        content_by_lua_block {
            local m, err = ngx.re.match(("ab"):rep(100000), "(?:(a)|b)*", "jo")
            ngx.say(err or #m[0])
        }
    }
--- response_body
200000



=== TEST 39: opt: not once a regex was kept
--- http_config
    init_by_lua_block {
        local opt = require("ngx.re").opt
        ngx.re.match("a", "a")
        ngx.re.gsub("a", "a", "b", "jo")
        opt("jit_stack_size", 64 * 1024)
        ngx.re.match("a", "a", "jo")
        _, message = pcall(opt, "jit_stack_size", 64 * 1024)
        local function call()
            opt("jit_stack_size", 64 * 1024)
        end
        _, placed = pcall(call)
    }
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(message)
            ngx.say((placed:gsub("^init_by_lua[^ ]*:%d+: ", "placed: ")))
        }
    }
--- response_body
changing jit stack size is not allowed when some regexs have already been compiled and cached
placed: changing jit stack size is not allowed when some regexs have already been compiled and cached



=== TEST 40: resty.core.regex has what libraries take from it
--- config
    location = /t {
        content_by_lua_block {
            local core = require "resty.core.regex"
            for _, name in ipairs({ "check_buf_size", "destroy_compiled_regex", "is_regex_cache_empty",
                                    "re_match_compile", "re_sub_compile", "set_buf_grow_ratio" }) do
                ngx.say(name, " ", type(core[name]))
            end
            ngx.say(core.no_pcre, " ", type(core.version))
        }
    }
--- response_body
check_buf_size function
destroy_compiled_regex function
is_regex_cache_empty function
re_match_compile function
re_sub_compile function
set_buf_grow_ratio function
nil string



=== TEST 41: re_match_compile says whether a regex can be compiled
--- config
    location = /t {
        content_by_lua_block {
            local core = require "resty.core.regex"
            local compiled, once, flags = core.re_match_compile("a(b)", "jo")
            ngx.say(compiled ~= nil, " ", once, " ", flags)
            local compiled, once, flags = core.re_match_compile("a(b)")
            ngx.say(compiled ~= nil, " ", once, " ", flags)
            core.destroy_compiled_regex(compiled)
            local compiled, err = core.re_match_compile("a(b")
            ngx.say(compiled, " ", (err:gsub("^(pcre)2?(_compile).*", "%1%2")))
        }
    }
--- response_body
true true 5
true false 0
nil pcre_compile



=== TEST 42: re_sub_compile compiles the template too
--- config
    location = /t {
        content_by_lua_block {
            local core = require "resty.core.regex"
            local compiled, once, flags = core.re_sub_compile("a(b)", "joD", "$1")
            ngx.say(compiled ~= nil, " ", once, " ", flags)
            local compiled, once, flags = core.re_sub_compile("a(b)", "dU", nil, function() end)
            ngx.say(compiled ~= nil, " ", once, " ", flags)
            core.destroy_compiled_regex(compiled)
        }
    }
--- response_body
true true 13
true false 18



=== TEST 43: a compiled regex is destroyed by the collector too
--- config
    location = /t {
        content_by_lua_block {
            local core = require "resty.core.regex"
            for i = 1, 1000 do
                core.re_match_compile("a(b)" .. i, "j")
            end
            collectgarbage()
            ngx.say("done")
        }
    }
--- response_body
done



=== TEST 44: is_regex_cache_empty
--- http_config
    init_by_lua_block {
        local core = require "resty.core.regex"
        local states = {}
        local function note()
            states[#states + 1] = tostring(core.is_regex_cache_empty())
        end
        note()
        ngx.re.match("a", "a")
        ngx.re.gsub("a", "a", "b", "o")
        note()
        ngx.re.find("a", "a", "o")
        note()
        result = table.concat(states, " ")
    }
--- config
    location = /t {
        content_by_lua_block { ngx.say(result) }
    }
--- response_body
true true false



=== TEST 45: check_buf_size makes a buffer larger
--- config
    location = /t {
        content_by_lua_block {
            local core = require "resty.core.regex"
            local ffi = require "ffi"
            local buf = ffi.new("char[4]", "abcd")
            local same, size, pos, len = core.check_buf_size(buf, 4, buf + 2, 2, 4)
            ngx.say(same == buf, " ", size, " ", len)
            local larger, size, pos, len = core.check_buf_size(buf, 4, buf + 2, 2, 5)
            ngx.say(larger == buf, " ", size, " ", len, " ", ffi.string(larger, 2), " ", pos - larger)
            local larger, size = core.check_buf_size(buf, 4, buf + 2, 2, 100)
            ngx.say(size)
            core.set_buf_grow_ratio(3)
            local larger, size = core.check_buf_size(buf, 4, buf + 2, 2, 5)
            ngx.say(size)
            core.set_buf_grow_ratio(2)
        }
    }
--- response_body
true 4 4
false 8 5 ab 2
100
12
