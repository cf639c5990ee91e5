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

=== TEST 1: the option o keeps a regex
--- config
    location = /t {
        content_by_lua_block {
            for i = 1, 100 do
                local m = ngx.re.match("key" .. i, "(\\w+?)(\\d+)", "jo")
                assert(m[2] == tostring(i))
            end
            ngx.say("done")
        }
    }
--- response_body
done



=== TEST 2: the same text from two strings is the same regex
--- config
    location = /t {
        content_by_lua_block {
            local a = "(\\w)" .. "(\\d)"
            local b = table.concat({ "(\\w)", "(\\d)" })
            show(ngx.re.match("a1", a, "jo"), ngx.re.match("a1", b, "jo"))
        }
    }
--- response_body
{0=a1 1=a 2=1}, {0=a1 1=a 2=1}



=== TEST 3: a regex whose string is collected meanwhile
--- config
    location = /t {
        content_by_lua_block {
            for i = 1, 3000 do
                local m = ngx.re.match("x" .. i .. "y", "^x" .. i .. "(y)$", "o")
                if not m or m[1] ~= "y" then
                    ngx.say("wrong at ", i)
                    break
                end
                if i % 500 == 0 then
                    collectgarbage()
                end
            end
            ngx.say("done")
        }
    }
--- response_body
done



=== TEST 4: without o: a regex whose string is collected meanwhile
--- config
    location = /t {
        content_by_lua_block {
            for i = 1, 3000 do
                local m = ngx.re.match("x" .. i .. "y", "^x" .. i .. "(y)$")
                if not m or m[1] ~= "y" then
                    ngx.say("wrong at ", i)
                    break
                end
                if i % 500 == 0 then
                    collectgarbage()
                end
            end
            ngx.say("done")
        }
    }
--- response_body
done



=== TEST 5: templates of one regex are told apart
--- config
    location = /t {
        content_by_lua_block {
            for _, options in ipairs({ "", "jo" }) do
                show(ngx.re.gsub("ab", "(a)", "<$1>", options))
                show(ngx.re.gsub("ab", "(a)", "[$1]", options))
                show(ngx.re.gsub("ab", "(a)", "<$1>", options))
                show(ngx.re.gsub("ab", "(a)", function() return "f" end, options))
                show(ngx.re.gsub("ab", "(a)", "[$1]", options))
            end
        }
    }
--- response_body
<a>b, 1
[a]b, 1
<a>b, 1
fb, 1
[a]b, 1
<a>b, 1
[a]b, 1
<a>b, 1
fb, 1
[a]b, 1



=== TEST 6: a template that is wrong is not kept
--- config
    location = /t {
        content_by_lua_block {
            for _ = 1, 2 do
                show(ngx.re.gsub("ab", "(a)", "$", "jo"))
            end
            show(ngx.re.gsub("ab", "(a)", "$1", "jo"))
        }
    }
--- response_body
nil, nil, failed to compile the replacement template
nil, nil, failed to compile the replacement template
ab, 1
--- error_log
invalid capturing variable name



=== TEST 7: the same regex for match, find, gmatch, sub and gsub
--- config
    location = /t {
        content_by_lua_block {
            for _ = 1, 2 do
                show(ngx.re.match("ab", "(b)", "jo"))
                show(ngx.re.find("ab", "(b)", "jo"))
                show(ngx.re.gmatch("ab", "(b)", "jo")())
                show(ngx.re.sub("ab", "(b)", "$1$1", "jo"))
                show(ngx.re.gsub("ab", "(b)", function(m) return m[1] end, "jo"))
            end
        }
    }
--- response_body
{0=b 1=b}
2, 2
{0=b 1=b}
abb, 1
ab, 1
{0=b 1=b}
2, 2
{0=b 1=b}
abb, 1
ab, 1



=== TEST 8: lua_regex_cache_max_entries
--- http_config eval
"$::HttpConfig lua_regex_cache_max_entries 2;"
--- config
    location = /t {
        content_by_lua_block {
            for round = 1, 3 do
                for i = 1, 5 do
                    local text = "x" .. i
                    assert(ngx.re.match(text, "^x(" .. i .. ")$", "jo")[1] == tostring(i))
                    assert(ngx.re.gsub(text, "(" .. i .. ")", "<$1>", "jo") == "x<" .. i .. ">")
                end
                collectgarbage()
            end
            ngx.say("done")
        }
    }
--- response_body
done



=== TEST 9: a regex that leaves the cache while an iterator uses it
--- http_config eval
"$::HttpConfig lua_regex_cache_max_entries 1;"
--- config
    location = /t {
        content_by_lua_block {
            for m in ngx.re.gmatch("abc", "[a-z]", "jo") do
                ngx.re.match("x", "x" .. m[0] .. "?", "jo")
                collectgarbage()
                show(m)
            end
            ngx.say((ngx.re.gsub("abc", "[a-z]", function(m)
                ngx.re.gsub("x", "x" .. m[0] .. "?", "y", "jo")
                collectgarbage()
                return m[0]:upper()
            end, "jo")))
        }
    }
--- response_body
{0=a}
{0=b}
{0=c}
ABC



=== TEST 10: lua_regex_cache_max_entries 0 keeps nothing
--- http_config
    lua_regex_cache_max_entries 0;
    init_by_lua_block {
        ngx.re.match("a", "a", "jo")
        empty = require("resty.core.regex").is_regex_cache_empty()
    }
--- config
    location = /t {
        content_by_lua_block {
            for _ = 1, 3 do
                ngx.say(ngx.re.match("ab", "(b)", "jo")[1], (ngx.re.gsub("ab", "b", "x", "jo")))
            end
            ngx.say(empty)
        }
    }
--- response_body
bax
bax
bax
true



=== TEST 11: lua_regex_cache_max_entries takes one number
--- http_config
    lua_regex_cache_max_entries many;
--- config
--- must_die
--- error_log
"lua_regex_cache_max_entries" directive invalid number in 
--- no_error_log
[alert]



=== TEST 12: a negative lua_regex_cache_max_entries
--- http_config
    lua_regex_cache_max_entries -1;
--- config
--- must_die
--- error_log
"lua_regex_cache_max_entries" directive invalid number in 
--- no_error_log
[alert]



=== TEST 13: a second lua_regex_cache_max_entries
--- http_config
    lua_regex_cache_max_entries 1;
    lua_regex_cache_max_entries 2;
--- config
--- must_die
--- error_log
"lua_regex_cache_max_entries" directive is duplicate in 
--- no_error_log
[alert]



=== TEST 14: lua_regex_cache_max_entries within a server
--- config
    lua_regex_cache_max_entries 1;
--- must_die
--- error_log
"lua_regex_cache_max_entries" directive is not allowed here in 
--- no_error_log
[alert]



=== TEST 15: each machine of lua_code_cache off has a cache of its own
--- http_config eval
"$::HttpConfig lua_regex_cache_max_entries 3;"
--- config
    location = /t {
        lua_code_cache off;
        content_by_lua_block {
            local core = require "resty.core.regex"
            ngx.say(core.is_regex_cache_empty())
            for i = 1, 10 do
                ngx.re.match("a", "a|" .. i, "jo")
            end
            ngx.say(core.is_regex_cache_empty())
        }
    }
--- request eval
["GET /t", "GET /t"]
--- response_body eval
["true\nfalse\n", "true\nfalse\n"]
--- grep_error_log eval
qr/\[alert\] .*lua_code_cache is off; this will hurt performance in \S+nginx\.conf:\d+$/
--- grep_error_log_out eval
qr/\A(?:\[alert\].*\n)?\z/



=== TEST 16: what was compiled before the workers were forked
--- http_config
    init_by_lua_block {
        function find(text)
            return ngx.re.match(text, "([a-z]+)=(\\d+)", "jo")
        end
        find("a=1")
    }
--- config
    location = /t {
        content_by_lua_block {
            local m = find("key=42")
            ngx.say(m[1], " ", m[2])
        }
    }
--- response_body
key 42
