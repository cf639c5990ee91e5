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

=== TEST 1: a regex that cannot be compiled, with the place
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.match("a", "a)b"))
            show(ngx.re.match("a", "a**b"))
            show(ngx.re.match("a", "[a"))
            show(ngx.re.match("a", "(?<x"))
        }
    }
--- response_body
nil, pcre2_compile() failed: unmatched closing parenthesis in "a)b" at ")b"
nil, pcre2_compile() failed: quantifier does not follow a repeatable item in "a**b" at "*b"
nil, pcre2_compile() failed: missing terminating ] for character class in "[a"
nil, pcre2_compile() failed: syntax error in subpattern name (missing terminator?) in "(?<x"
--- differs: PCRE2's words



=== TEST 2: the same in words that both modules have
--- config
    location = /t {
        content_by_lua_block {
            local m, err = ngx.re.match("a", "[a")
            ngx.say(m, " ", (err:gsub("^pcre2?_", "pcre_")))
        }
    }
--- response_body
nil pcre_compile() failed: missing terminating ] for character class in "[a"



=== TEST 3: a message is cut after 127 bytes
--- config
    location = /t {
        content_by_lua_block {
            local m, err = ngx.re.match("a", "(" .. ("a"):rep(1000))
            ngx.say(#err)
        }
    }
--- response_body
127



=== TEST 4: a wrong regex is an error each time
--- config
    location = /t {
        content_by_lua_block {
            for _ = 1, 2 do
                local m, err = ngx.re.match("a", "(", "jo")
                ngx.say(m, " ", err ~= nil)
            end
        }
    }
--- response_body
nil true
nil true



=== TEST 5: a regex that is too large
--- config
    location = /t {
        content_by_lua_block {
            local m, err = ngx.re.match("a", "((((a{1000}){100}){100}){100})")
            ngx.say(m, " ", err)
        }
    }
--- response_body
nil pcre2_compile() failed: regular expression is too large in "((((a{1000}){100}){100}){100})"
--- differs: PCRE2's words



=== TEST 6: parentheses that are nested too deeply
--- config
    location = /t {
        content_by_lua_block {
            local _, err = ngx.re.match("a", ("("):rep(300) .. (")"):rep(300))
            ngx.say(err:match("^pcre2_compile%(%) failed: [^\"]*"))
        }
    }
--- response_body
pcre2_compile() failed: parentheses are too deeply nested in 
--- differs: PCRE2's words, and its limit



=== TEST 7: a long regex
--- config
    location = /t {
        content_by_lua_block {
            local regex = ("a"):rep(20000)
            local m = ngx.re.match(regex, regex, "jo")
            ngx.say(#m[0])
        }
    }
--- response_body
20000



=== TEST 8: a search that goes back too often is given up
--- config
    location = /t {
        content_by_lua_block {
            local subject = ("a"):rep(30) .. "b"
            show(ngx.re.match(subject, "(a+a+)+$"))
            show(ngx.re.find(subject, "(a+a+)+$"))
            show(ngx.re.gsub(subject, "(a+a+)+$", "x"))
            show(ngx.re.gsub(subject, "(a+a+)+$", function() end))
            show(ngx.re.gmatch(subject, "(a+a+)+$")())
        }
    }
--- response_body
nil, pcre_exec() failed: -47
nil, nil, pcre_exec() failed: -47
nil, nil, pcre_exec() failed: -47
nil, nil, pcre_exec() failed: -47
nil, pcre_exec() failed: -47
--- differs: PCRE2's number



=== TEST 9: deep nesting without machine code takes no stack
--- config
    location = /t {
        content_by_lua_block {
            local m, err = ngx.re.match(("ab"):rep(100000), "(?:(a)|b)*")
            ngx.say(#m[0], " ", err)
        }
    }
--- response_body
200000 nil
--- differs: the C module crashes here



=== TEST 10: a search without machine code may take so much memory
--- config
    location = /t {
        content_by_lua_block {
            local m, err = ngx.re.match(("ab"):rep(5000000), "(?:(a)|b)*c")
            ngx.say(m, " ", err)
            show(ngx.re.match("ab", "(?:(a)|b)*"))
        }
    }
--- response_body
nil pcre_exec() failed: -63
{0=ab 1=a}
--- differs: the C module crashes here



=== TEST 11: machine code that needs more stack
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.match(("ab"):rep(100000), "(?:(a)|b)*", "jo"))
            show(ngx.re.match("ab", "(?:(a)|b)*", "jo"))
        }
    }
--- response_body
nil, pcre_exec() failed: -46
{0=ab 1=a}
--- skip_eval: 3: $ENV{TEST_NGINX_USE_VALGRIND}
--- differs: PCRE2's number



=== TEST 12: lua_regex_match_limit
--- http_config eval
"$::HttpConfig lua_regex_match_limit 500;"
--- config
    location = /t {
        content_by_lua_block {
            local subject = ("a"):rep(12) .. "b"
            for _, options in ipairs({ "", "o", "j", "jo" }) do
                local m, err = ngx.re.match(subject, "(a+a+)+$", options)
                ngx.say(m, " ", (err:gsub("%-%d+$", "N")))
            end
            show(ngx.re.match(subject, "a+b", "jo"))
        }
    }
--- response_body
nil pcre_exec() failed: N
nil pcre_exec() failed: N
nil pcre_exec() failed: N
nil pcre_exec() failed: N
{0=aaaaaaaaaaaab}



=== TEST 13: the number of lua_regex_match_limit's error
--- http_config eval
"$::HttpConfig lua_regex_match_limit 500;"
--- config
    location = /t {
        content_by_lua_block {
            local subject, regex = ("a"):rep(12) .. "b", "(a+a+)+$"
            show(ngx.re.match(subject, regex))
            show(ngx.re.find(subject, regex, "jo"))
            show(ngx.re.gmatch(subject, regex)())
            show(ngx.re.sub(subject, regex, "x"))
            show(ngx.re.gsub(subject, regex, function() end, "jo"))
        }
    }
--- response_body
nil, pcre_exec() failed: -47
nil, nil, pcre_exec() failed: -47
nil, pcre_exec() failed: -47
nil, nil, pcre_exec() failed: -47
nil, nil, pcre_exec() failed: -47
--- differs: PCRE2's number



=== TEST 14: lua_regex_match_limit 0 is the library's own limit
--- http_config eval
"$::HttpConfig lua_regex_match_limit 0;"
--- config
    location = /t {
        content_by_lua_block {
            show(ngx.re.match(("a"):rep(12) .. "b", "(a+a+)+$"))
        }
    }
--- response_body
nil



=== TEST 15: lua_regex_match_limit takes one number
--- http_config
    lua_regex_match_limit many;
--- config
--- must_die
--- error_log
"lua_regex_match_limit" directive invalid number in 
--- no_error_log
[alert]



=== TEST 16: a negative lua_regex_match_limit
--- http_config
    lua_regex_match_limit -1;
--- config
--- must_die
--- error_log
"lua_regex_match_limit" directive invalid number in 
--- no_error_log
[alert]



=== TEST 17: a second lua_regex_match_limit
--- http_config
    lua_regex_match_limit 1;
    lua_regex_match_limit 1;
--- config
--- must_die
--- error_log
"lua_regex_match_limit" directive is duplicate in 
--- no_error_log
[alert]



=== TEST 18: lua_regex_match_limit without a number
--- http_config
    lua_regex_match_limit;
--- config
--- must_die
--- error_log
invalid number of arguments in "lua_regex_match_limit" directive in 
--- no_error_log
[alert]



=== TEST 19: lua_regex_match_limit within a server
--- config
    lua_regex_match_limit 1;
--- must_die
--- error_log
"lua_regex_match_limit" directive is not allowed here in 
--- no_error_log
[alert]



=== TEST 20: in init_by_lua
--- http_config
    init_by_lua_block {
        found = ngx.re.match("hello, 1234", "(\\w+), (\\d+)", "jo")
        replaced = ngx.re.gsub("abc", "b", function(m) return "<" .. m[0] .. ">" end, "jo")
        list = {}
        for m in ngx.re.gmatch("a,b", "\\w", "jo") do
            list[#list + 1] = m[0]
        end
        _, wrong = ngx.re.match("a", "(")
    }
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(found[1], " ", found[2], " ", replaced, " ", #list, " ", wrong ~= nil)
            -- What init_by_lua compiled works here too.
            ngx.say(ngx.re.match("hello, 1234", "(\\w+), (\\d+)", "jo")[2])
        }
    }
--- response_body
hello 1234 a<b>c 2 true
1234



=== TEST 21: in init_worker_by_lua
--- http_config
    init_worker_by_lua_block {
        local from, to = ngx.re.find("hello", "l+", "jo")
        package.loaded.found = from .. "-" .. to
    }
--- config
    location = /t {
        content_by_lua_block { ngx.say(package.loaded.found) }
    }
--- response_body
3-4



=== TEST 22: in set, rewrite, access and log
--- config
    location = /t {
        set_by_lua_block $a { return (ngx.re.gsub("abc", "b", "x", "jo")) }
        rewrite_by_lua_block { ngx.ctx.b = ngx.re.match("abc", "b", "jo")[0] }
        access_by_lua_block { ngx.ctx.c = ngx.re.find("abc", "c", "jo") }
        content_by_lua_block { ngx.say(ngx.var.a, ngx.ctx.b, ngx.ctx.c) }
        log_by_lua_block {
            ngx.log(ngx.INFO, "logged: ", (ngx.re.gsub("abc", "b", function() return "y" end)))
        }
    }
--- response_body
axcb3
--- error_log
logged: ayc



=== TEST 23: in header_filter and body_filter
--- config
    location = /t {
        return 200 "hello world\n";
        header_filter_by_lua_block {
            ngx.header.content_length = nil
            ngx.header["X-Found"] = ngx.re.match("abc", "b", "jo")[0]
        }
        body_filter_by_lua_block {
            ngx.arg[1] = ngx.re.gsub(ngx.arg[1], "o", "0", "jo")
        }
    }
--- response_headers
X-Found: b
--- response_body
hell0 w0rld



=== TEST 24: a replacement function cannot sleep where nothing can
--- config
    location = /t {
        return 200 "x";
        log_by_lua_block {
            local ok, err = pcall(ngx.re.gsub, "abc", "b", function()
                ngx.sleep(0.1)
            end)
            ngx.log(ngx.INFO, ok, " ", err)
        }
    }
--- response_body chomp
x
--- error_log
API disabled in the context of log_by_lua*



=== TEST 25: in two requests at once
--- config
    location = /t {
        content_by_lua_block {
            local n = 0
            local result = ngx.re.gsub("abc", "[a-z]", function(m)
                ngx.sleep(0.01)
                return m[0] .. ngx.var.arg_n
            end, "jo")
            ngx.say(result)
        }
    }
--- pipelined_requests eval
["GET /t?n=1", "GET /t?n=2"]
--- response_body eval
["a1b1c1\n", "a2b2c2\n"]



=== TEST 26: with lua_code_cache off
--- config
    location = /t {
        lua_code_cache off;
        content_by_lua_block {
            for m in ngx.re.gmatch("ab", "\\w", "jo") do
                ngx.say(m[0])
            end
            ngx.say((ngx.re.gsub("abc", "b", function() return "x" end, "jo")))
            -- Not used up when the machine ends.
            local it = ngx.re.gmatch("ab", "\\w")
            it()
        }
    }
--- response_body
a
b
axc
--- grep_error_log eval
qr/\[alert\] .*lua_code_cache is off; this will hurt performance in \S+nginx\.conf:\d+$/
--- grep_error_log_out eval
qr/\A(?:\[alert\].*\n)?\z/



=== TEST 27: a finalizer that searches while the machine ends
--- config
    location = /t {
        lua_code_cache off;
        content_by_lua_block {
            local proxy = newproxy(true)
            getmetatable(proxy).__gc = function()
                ngx.re.match("abc", "(b)", "jo")
                ngx.re.gsub("abc", "b", function() return "x" end, "jo")
            end
            package.loaded.proxy = proxy
            ngx.say(ngx.re.match("abc", "(b)", "jo")[1])
        }
    }
--- response_body
b
--- grep_error_log eval
qr/\[alert\] .*lua_code_cache is off; this will hurt performance in \S+nginx\.conf:\d+$/
--- grep_error_log_out eval
qr/\A(?:\[alert\].*\n)?\z/



=== TEST 28: a finalizer that searches during a search
--- config
    location = /t {
        content_by_lua_block {
            local garbage = 0
            for i = 1, 3000 do
                local proxy = newproxy(true)
                getmetatable(proxy).__gc = function()
                    garbage = garbage + #ngx.re.match("xyz", "(x)(y)(z)", "jo")
                end
                proxy = nil
                local m = ngx.re.match("key" .. i .. "=value", "(\\w+)=(\\w+)", "jo")
                if m[1] ~= "key" .. i or m[2] ~= "value" then
                    ngx.say("wrong")
                end
            end
            collectgarbage()
            ngx.say(garbage % 3)
        }
    }
--- response_body
0



=== TEST 29: an error, a yield or an end while searching leaks nothing
--- config
    location = /t {
        content_by_lua_block {
            local function use()
                for i = 1, 300 do
                    pcall(ngx.re.gsub, "abc", "b" .. i, function() error("x") end, "j")
                    ngx.re.gmatch("abc", "[a-z]" .. i, "j")()
                    pcall(ngx.re.match, "a", "a" .. i, "q")
                    ngx.re.match("a", "(" .. i)
                end
                collectgarbage()
                collectgarbage()
            end
            use()
            local before = collectgarbage("count")
            use()
            ngx.say(collectgarbage("count") - before < 20)
        }
    }
--- response_body
true
