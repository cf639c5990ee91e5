use Test::Nginx::Socket::Lua 'no_plan';

repeat_each(2);
no_root_location();
run_tests();

__DATA__

=== TEST 1: the first value that the code returns becomes the variable
--- config
    location = /t {
        set_by_lua $a "return 'one', 'two'";
        return 200 "$a\n";
    }
--- request
GET /t
--- response_body
one



=== TEST 2: a number becomes text as in Lua
--- config
    location = /t {
        set_by_lua_block $a { return 42 }
        set_by_lua_block $b { return -1.5 }
        set_by_lua_block $c { return 1e15 }
        set_by_lua_block $d { return 2^53 }
        set_by_lua_block $e { return 1/3 }
        return 200 "$a $b $c $d $e\n";
    }
--- request
GET /t
--- response_body
42 -1.5 1e+15 9.007199254741e+15 0.33333333333333



=== TEST 3: values that are no text leave the variable empty
--- config
    location = /t {
        set $a old;
        set_by_lua_block $a { return nil }
        set_by_lua_block $b { return true }
        set_by_lua_block $c { return {} }
        set_by_lua_block $d { return print }
        set_by_lua_block $e { return ngx.null }
        set_by_lua_block $f { return setmetatable({}, { __tostring = function() return "f" end }) }
        return 200 "<$a><$b><$c><$d><$e><$f>\n";
    }
--- request
GET /t
--- response_body
<><><><><><>
--- no_error_log
[error]



=== TEST 4: code that returns nothing leaves the variable empty
--- config
    location = /t {
        set $a old;
        set_by_lua_block $a { local x = 1 }
        return 200 "<$a>\n";
    }
--- request
GET /t
--- response_body
<>



=== TEST 5: a value may have any bytes and any length
--- config
    location = /t {
        set_by_lua_block $long { return ("x"):rep(100000) }
        set_by_lua_block $bytes { return "a\0b\255" }
        content_by_lua_block {
            ngx.say(#ngx.var.long, " ", ngx.var.bytes == "a\0b\255")
        }
    }
--- request
GET /t
--- response_body
100000 true



=== TEST 6: arguments are nginx strings with variables
--- config
    location = /t {
        set $x "the x";
        set_by_lua $a "return ngx.arg[1] .. '|' .. ngx.arg[2] .. '|' .. ngx.arg[3]"
            $x "${uri}?$arg_y" plain;
        return 200 "$a\n";
    }
--- request
GET /t?y=2
--- response_body
the x|/t?2|plain



=== TEST 7: the code is a function of its arguments
--- config
    location = /t {
        set_by_lua $a "local one, two = ... return two .. one .. select('#', ...)" $arg_x $arg_y;
        return 200 "$a\n";
    }
--- request
GET /t?x=1&y=2
--- response_body
212



=== TEST 8: ngx.arg of what is empty is nil, as of what was not given
--- config
    location = /t {
        set_by_lua $a "return type(ngx.arg[1]) .. ' ' .. type(ngx.arg[2]) .. ' ' .. type(ngx.arg[3])
            .. ' ' .. type(ngx.arg[0]) .. ' ' .. type(ngx.arg[-1]) .. ' ' .. select('#', ...)"
            "" $arg_none;
        return 200 "$a\n";
    }
--- request
GET /t
--- response_body
nil nil nil nil nil 2



=== TEST 9: many arguments
--- config eval
my @args = map { "a$_" } 1 .. 60;
<<"_EOC_";
    location = /t {
        set_by_lua \$a "return ngx.arg[1] .. ngx.arg[60] .. tostring(ngx.arg[61])" @args;
        return 200 "\$a\\n";
    }
_EOC_
--- request
GET /t
--- response_body
a1a60nil



=== TEST 10: ngx.arg cannot be written
--- config
    location = /t {
        set_by_lua $a "return select(2, pcall(function() ngx.arg[1] = 'new' end))" old;
        return 200 "$a\n";
    }
--- request
GET /t
--- response_body_like: API disabled in the context of set_by_lua\*$



=== TEST 11: arguments of set_by_lua_file
--- config
    location = /t {
        set_by_lua_file $sum html/sum.lua $arg_a $arg_b;
        return 200 "$sum\n";
    }
--- user_files
>>> sum.lua
return tonumber(ngx.arg[1]) + tonumber(ngx.arg[2])
--- request eval
["GET /t?a=32&b=56", "GET /t?a=1&b=2"]
--- response_body eval
["88\n", "3\n"]



=== TEST 12: set_by_lua takes its turn among set, if and rewrite
--- config
    location /t {
        set $a 1;
        set_by_lua_block $b { return ngx.var.a + 1 }
        set $a 10;
        set_by_lua_block $c { return ngx.var.a + ngx.var.b }
        if ($c = 12) {
            set_by_lua_block $d { return "twelve" }
        }
        rewrite ^ /x/$d;
        set_by_lua_block $e { return ngx.var.uri }
        return 200 "$b $c $d $e\n";
    }
--- request
GET /t
--- response_body
2 12 twelve /x/twelve



=== TEST 13: if decides by what set_by_lua returned
--- config
    location = /t {
        set_by_lua_block $blocked { return ngx.var.arg_user == "eve" and 1 or 0 }
        if ($blocked) {
            return 403;
        }
        return 204;
    }
--- request eval
["GET /t?user=joe", "GET /t?user=eve"]
--- error_code eval
[204, 403]



=== TEST 14: the URI that rewrite made is seen, and the code may make the one of rewrite
--- config
    location /t {
        rewrite ^/t(.*)$ /u$1;
        set_by_lua_block $new { return ngx.var.uri:upper() }
        rewrite ^ $new last;
    }
    location /U {
        return 200 "$uri\n";
    }
--- request
GET /t/file
--- response_body
/U/FILE



=== TEST 15: several in a row see each other
--- config
    location = /t {
        set_by_lua_block $n { return 1 }
        set_by_lua_block $n { return ngx.var.n + 1 }
        set_by_lua_block $n { return ngx.var.n * 5 }
        set_by_lua $n "return ngx.arg[1] .. '!'" $n;
        return 200 "$n\n";
    }
--- request
GET /t
--- response_body
10!



=== TEST 16: a variable that a set_by_lua elsewhere defines is there, but uninitialised
--- config
    location = /t {
        content_by_lua_block { ngx.say("<", ngx.var.foreign, ">") }
    }
    location = /other {
        set_by_lua_block $foreign { return 1 }
    }
--- request
GET /t
--- response_body
<>
--- error_log
using uninitialized "foreign" variable



=== TEST 17: set_by_lua may not set a variable of nginx
--- config
    location = /t {
        set_by_lua $uri 'return 1';
    }
--- must_die
--- error_log
the duplicate "uri" variable



=== TEST 18: set_by_lua may set args, which nginx lets anyone set
--- config
    location = /t {
        set_by_lua_block $args { return "x=new" }
        return 200 "$arg_x $request_uri\n";
    }
--- request
GET /t?x=old
--- response_body
new /t?x=old



=== TEST 19: what the request is may be asked
--- config
    location = /t {
        set_by_lua_block $a {
            return ngx.get_phase() .. " " .. ngx.req.get_method() .. " " .. ngx.req.get_uri_args().x
                .. " " .. ngx.req.get_headers()["X-Head"]
        }
        return 200 "$a\n";
    }
--- request
GET /t?x=1
--- more_headers
X-Head: yes
--- response_body
set GET 1 yes



=== TEST 20: what is set in ngx.ctx stays for the later phases
--- config
    location = /t {
        set_by_lua_block $a { ngx.ctx.x = "from set" return 1 }
        content_by_lua_block { ngx.say(ngx.ctx.x, " ", ngx.var.a) }
    }
--- request
GET /t
--- response_body
from set 1



=== TEST 21: output, exit and waiting are refused
--- config
    location = /t {
        set_by_lua_block $a {
            local results = {}
            local function try(f, ...)
                results[#results + 1] = select(2, pcall(f, ...))
            end
            try(ngx.say, "x")
            try(ngx.print, "x")
            try(ngx.flush)
            try(ngx.eof)
            try(ngx.send_headers)
            try(ngx.exit, 403)
            try(ngx.sleep, 0)
            try(ngx.req.read_body)
            return table.concat(results, "\n")
        }
        return 200 "$a\n";
    }
--- request
GET /t
--- response_body eval
"API disabled in the context of set_by_lua*\n" x 8



=== TEST 22: coroutines are refused
--- config
    location = /t {
        set_by_lua_block $a {
            return select(2, pcall(coroutine.create, function() end)) .. "\n"
                .. select(2, pcall(coroutine.wrap, function() end)) .. "\n"
                .. select(2, pcall(coroutine.yield)) .. "\n"
                .. tostring(coroutine.running())
        }
        return 200 "$a\n";
    }
--- request
GET /t
--- response_body
API disabled in the context of set_by_lua*
API disabled in the context of set_by_lua*
API disabled in the context of set_by_lua*
nil



=== TEST 23: an error fails the request before later instructions
--- config
    location = /t {
        set_by_lua_block $a { error("boom") }
        set_by_lua_block $b { ngx.log(ngx.WARN, "second runs") }
        return 200 "not reached\n";
    }
--- request
GET /t
--- error_code: 500
--- error_log
boom
--- no_error_log
second runs



=== TEST 24: values follow the request through an internal redirect
--- config
    location = /t {
        set_by_lua_block $a { return "kept" }
        error_page 404 = /other;
        return 404;
    }
    location = /other {
        return 200 "$a\n";
    }
--- request
GET /t
--- response_body
kept



=== TEST 25: a subrequest shares the variables
--- config
    location = /t {
        set_by_lua_block $a { return "main" }
        ssi on;
        ssi_types text/plain;
        return 200 '<!--# include virtual="/sub" --> $a\n';
    }
    location = /sub {
        set_by_lua_block $b { return "sub sees " .. ngx.var.a }
        return 200 $b;
    }
--- request
GET /t
--- response_body
sub sees main main



=== TEST 26: set_by_lua_file with a variable in its path
--- config
    location = /t {
        set_by_lua_file $a html/$arg_f.lua;
        return 200 "$a\n";
    }
--- user_files
>>> one.lua
return "first"
>>> two.lua
return "second"
--- request eval
["GET /t?f=one", "GET /t?f=two", "GET /t?f=one"]
--- response_body eval
["first\n", "second\n", "first\n"]



=== TEST 27: many arguments
--- config
    location = /t {
        set_by_lua $sum "local n = 0 for i = 1, 300 do n = n + ngx.arg[i] end return n" 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1;
        return 200 "$sum\n";
    }
--- request
GET /t
--- response_body
300
