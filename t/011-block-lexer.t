use Test::Nginx::Socket::Lua 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 1: braces in short strings do not count
--- config
    location = /t {
        content_by_lua_block { ngx.say("}}", '{', "'}'", '"}"') }
    }
--- request
GET /t
--- response_body
}}{'}'"}"



=== TEST 2: an escaped quote does not end a string, an escaped backslash does not escape
--- config
    location = /t {
        content_by_lua_block {
            ngx.say("\"}", '\'}', "\\")
            ngx.say('\\')
        }
    }
--- request
GET /t
--- response_body
"}'}\
\



=== TEST 3: a string goes on after an escaped line end
--- config
    location = /t {
        content_by_lua_block {
            ngx.say("a\
}b")
        }
    }
--- request
GET /t
--- response_body
a
}b
--- differs: the C module's lexer ends a string at the line end, escaped or not



=== TEST 4: a string goes on over the line ends that \z skips
--- config
    location = /t {
        content_by_lua_block {
            ngx.say("a\z
                     }b")
        }
    }
--- request
GET /t
--- response_body
a}b
--- differs: the C module's lexer ends a string at the line end, escaped or not



=== TEST 5: comments may hold anything
--- config
    location = /t {
        content_by_lua_block {
            -- it's a } and a "
            ngx.say("one") -- }
            --
            --{
            ngx.say("two") --[ }
            --[=x }
            ngx.say("three") --]] }
        }
    }
--- request
GET /t
--- response_body
one
two
three



=== TEST 6: long comments
--- config
    location = /t {
        content_by_lua_block {
            --[[ }
            " ' } ]]
            ngx.say("one") --[==[ }
            ]] ]=] ]===] -- ]== ]
            } ]==] ngx.say("two")
            ---[[ } a short comment
            ngx.say("three")
        }
    }
--- request
GET /t
--- response_body
one
two
three



=== TEST 7: long strings of several levels
--- config
    location = /t {
        content_by_lua_block {
            ngx.say([[}"']])
            ngx.say([=[}]]]=])
            ngx.say([===[}]==]]====]--]===])
        }
    }
--- request
GET /t
--- response_body
}"'
}]]
}]==]]====]--



=== TEST 8: indexing is not a long bracket
--- config
    location = /t {
        content_by_lua_block {
            local t = { 1, 2, { 3 } }
            local a = { [t[1]] = "one", [ [[}]] ] = "brace" }
            ngx.say(a[t[1]], a[ [[}]] ], t[t[2]+1][t[1]])
        }
    }
--- request
GET /t
--- response_body
onebrace3



=== TEST 9: a minus is not a comment
--- config
    location = /t {
        content_by_lua_block {
            local t = { - 1, 2-1, 3 - - 1 }
            ngx.say(#t - -#{ 1 }, t[1]-t[2])
        }
    }
--- request
GET /t
--- response_body
4-2



=== TEST 10: braces nested 150 deep
--- config eval
my $depth = 150;
qq{
    location = /t {
        content_by_lua_block {
            local t, n = @{["{" x $depth]} @{["}" x $depth]}, 0
            while t do
                t, n = t[1], n + 1
            end
            ngx.say(n)
        }
    }
}
--- request
GET /t
--- response_body
150



=== TEST 11: what ends a directive or begins a comment for nginx is plain Lua in a block
--- config
    location = /t {
        content_by_lua_block {
            local t = { 1; 2; 3 }; local n = #t;
            ngx.say(n, #{ #"}" }, "$", '#');
        }
    }
--- request
GET /t
--- response_body
31$#



=== TEST 12: where the braces of a block may stand
--- config
    location = /a { content_by_lua_block{ngx.say("a")} }
    location = /b {
        content_by_lua_block
        {
            ngx.say("b")
        } default_type text/b; }
    location = /c {
        content_by_lua_block # a comment for nginx {
        { ngx.say("c") -- a comment for Lua
        }}
--- request eval
["GET /a", "GET /b", "GET /c"]
--- response_headers eval
["Content-Type: text/plain", "Content-Type: text/b", "Content-Type: text/plain"]
--- response_body eval
["a\n", "b\n", "c\n"]



=== TEST 13: lines that end with CR LF
--- config eval
CORE::join "\r\n", <<'_EOC_' =~ /(.*)\n/g, '';
    location = /t {
        content_by_lua_block {
            -- } '
            --[[ }
            ]] ngx.print([==[}
]==])
            ngx.say("line ", debug.getinfo(1, "l").currentline)
        }
    }
_EOC_
--- request
GET /t
--- response_body
}
line 6



=== TEST 14: bytes beyond ASCII
--- config eval
<<"_EOC_";
    location = /t {
        content_by_lua_block {
            -- \xff\xfe \xc3\xa9 }
            ngx.say(#"\xff\xc3\xa9\x01\x7f", [[\xe2\x82\xac]])
        }
    }
_EOC_
--- request
GET /t
--- response_body eval
"5\xe2\x82\xac\n"



=== TEST 15: a block of 100 KB
--- config eval
my $line = "            n = n + #{ 'a', \"b\" } -- }\n";
my $count = int(100_000 / length $line);
<<"_EOC_";
    location = /t {
        content_by_lua_block {
            local n = 0
@{[$line x $count]}
            ngx.say(n == 2 * $count, " ", debug.getinfo(1, "l").currentline == $count + 4)
        }
    }
_EOC_
--- request
GET /t
--- response_body
true true



=== TEST 16: a comment larger than nginx's read buffer
--- config eval
<<"_EOC_";
    location = /t {
        content_by_lua_block {
            -- @{["} " x 5000]}
            ngx.say("after")
        }
    }
_EOC_
--- request
GET /t
--- response_body
after
--- differs: in the C module braces count from byte 4096 of a comment on



=== TEST 17: a long comment larger than nginx's read buffer
--- config eval
<<"_EOC_";
    location = /t {
        content_by_lua_block {
            --[==[ @{["} ]] '\n" x 5000]} ]==]
            ngx.say("after")
        }
    }
_EOC_
--- request
GET /t
--- response_body
after
--- differs: the C module reads a long bracket within one buffer of 4096 bytes



=== TEST 18: a string larger than nginx's read buffer
--- config eval
<<"_EOC_";
    location = /t {
        content_by_lua_block {
            ngx.say(#"@{['}' x 10_000]}", #'@{["\\'}" x 5_000]}')
        }
    }
_EOC_
--- request
GET /t
--- response_body
1000010000
--- differs: the C module reads a string within one buffer of 4096 bytes



=== TEST 19: a long string of 1 MB
--- config eval
<<"_EOC_";
    location = /t {
        content_by_lua_block {
            ngx.say(#[=[@{["} ]]\n" x 200_000]}]=])
        }
    }
_EOC_
--- request
GET /t
--- response_body
1000000
--- differs: the C module reads a long bracket within one buffer of 4096 bytes



=== TEST 20: more code than nginx's read buffer holds, without brace, quote or comment
--- config eval
<<"_EOC_";
    location = /t {
        content_by_lua_block {
            local n = 0
@{["            n = n + 1\n" x 2000]}
            ngx.say(n)
        }
    }
_EOC_
--- request
GET /t
--- response_body
2000
--- differs: the C module reads plain code within one buffer of 4096 bytes



=== TEST 21: the end of nginx's read buffer may be anywhere in a block
--- config eval
# 4097 bytes each, so that one byte after the other meets the buffer's end.
my $head = '        set_by_lua_block $n { --';
my $code = ' return ngx.var.n .. #"\\"}" .. #[==[}]]]==] --[=[ } ]=] -- }';
my $pad = 'x' x (4097 - length "$head\n$code\n}\n");
<<"_EOC_";
    location = /t {
        set \$n '';
@{["$head$pad\n$code\n}\n" x length $code]}
        return 200 \$n;
    }
_EOC_
--- request
GET /t
--- response_body_like: ^(?:23){60}$



=== TEST 22: blocks in an included file
--- config
    include ../html/locations.conf;
--- user_files
>>> locations.conf
location = /t {
    access_by_lua_block { ngx.ctx.brace = "}" }
    content_by_lua_block {
        ngx.say(ngx.ctx.brace) -- }
    }
}
--- request
GET /t
--- response_body
}



=== TEST 23: nginx goes on counting lines after a block
--- config
    include ../html/locations.conf;
--- user_files
>>> locations.conf
location = /t {
    content_by_lua_block {
        -- one
        local a = [[two
        three]] --[==[ four
        ]==] local b = "five\
        "
    }
    no_such_directive on;
}
--- must_die
--- error_log eval
qr{unknown directive "no_such_directive" in \S+/locations\.conf:9$}



=== TEST 24: a block without its closing brace
--- config
    include ../html/locations.conf;
--- user_files
>>> locations.conf
location = /t {
    content_by_lua_block {
        local t = { { {
        ngx.say("}")
    }
}
--- must_die
--- error_log eval
qr{\[emerg\] .*unexpected end of file, expecting terminating characters for lua code block.* in \S+/locations\.conf:\d+$}



=== TEST 25: the message about an unclosed block names the line where it began
--- config
    include ../html/locations.conf;
--- user_files
>>> locations.conf
location = /t {
    content_by_lua_block {
        ngx.say("{")
        do {
    }
--- must_die
--- error_log eval
qr{for lua code block \(the block starts at line 2.* in \S+/locations\.conf:}
--- differs: the C module names the last line only



=== TEST 26: a long string without its end
--- config
    include ../html/locations.conf;
--- user_files
>>> locations.conf
location = /t {
    content_by_lua_block {
        ngx.say([==[ hello ]=])
    }
}
--- must_die
--- error_log eval
qr{\[emerg\] .*Lua code block missing the closing long bracket "\]==\]", the inlined Lua code may be too long.* in \S+/locations\.conf:\d+$}



=== TEST 27: a long comment without its end
--- config
    include ../html/locations.conf;
--- user_files
>>> locations.conf
location = /t {
    content_by_lua_block {
        --[[ hello
    }
}
--- must_die
--- error_log
Lua code block missing the closing long bracket "]]", the inlined Lua code may be too long



=== TEST 28: a short string without its end ends with the line, and Lua says so
--- config
    location = /t {
        content_by_lua_block {
            ngx.say("hello)
        }
    }
--- request
GET /t
--- error_code: 500
--- error_log eval
qr/failed to load inlined Lua code: content_by_lua\(nginx\.conf:\d+\):2: unfinished string near '"hello\)'/



=== TEST 29: a brace in a short string without its end does not count either
--- config
    location = /t {
        content_by_lua_block {
            ngx.say("}
        }
    }
--- request
GET /t
--- error_code: 500
--- error_log eval
qr/failed to load inlined Lua code: content_by_lua\(nginx\.conf:\d+\):2: unfinished string near '"}'/
--- differs: the C module counts it, and nginx complains of an unexpected "}"



=== TEST 30: one closing brace too many is nginx's to refuse
--- config
    location = /t {
        content_by_lua_block { ngx.say("}") } }
    }
--- must_die
--- error_log eval
qr/\[emerg\] .*unexpected "}" in/
