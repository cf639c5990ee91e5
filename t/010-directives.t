use Test::Nginx::Socket::Lua 'no_plan';

repeat_each(2);
no_root_location();
run_tests();

__DATA__

=== TEST 1: each hook takes a quoted string
--- http_config
    init_by_lua 'package.loaded.seen = { "init" }';
    init_worker_by_lua 'local seen = require "seen" seen[2] = ngx.get_phase()';
--- config
    location = /t {
        set_by_lua $set 'return ngx.get_phase()';
        rewrite_by_lua 'ngx.ctx.seen = { ngx.var.set, ngx.get_phase() }';
        access_by_lua 'table.insert(ngx.ctx.seen, ngx.get_phase())';
        content_by_lua 'local seen = require "seen"
            ngx.say(table.concat(seen, " "))
            ngx.say(table.concat(ngx.ctx.seen, " "), " ", ngx.get_phase())';
        header_filter_by_lua 'ngx.header["X-Phase"] = ngx.get_phase()';
        body_filter_by_lua 'if ngx.arg[2] then ngx.arg[1] = ngx.get_phase() .. "\\n" end';
        log_by_lua 'ngx.log(ngx.WARN, "this is phase ", ngx.get_phase())';
    }
--- request
GET /t
--- response_headers
X-Phase: header_filter
--- response_body
init init_worker
set rewrite access content
body_filter
--- error_log
this is phase log
--- no_error_log
[error]



=== TEST 2: each hook takes a block
--- http_config
    init_by_lua_block { package.loaded.seen = { "init" } }
    init_worker_by_lua_block { local seen = require "seen" seen[2] = ngx.get_phase() }
--- config
    location = /t {
        set_by_lua_block $set { return ngx.get_phase() }
        rewrite_by_lua_block { ngx.ctx.seen = { ngx.var.set, ngx.get_phase() } }
        access_by_lua_block { table.insert(ngx.ctx.seen, ngx.get_phase()) }
        content_by_lua_block {
            local seen = require "seen"
            ngx.say(table.concat(seen, " "))
            ngx.say(table.concat(ngx.ctx.seen, " "), " ", ngx.get_phase())
        }
        header_filter_by_lua_block { ngx.header["X-Phase"] = ngx.get_phase() }
        body_filter_by_lua_block {
            if ngx.arg[2] then
                ngx.arg[1] = ngx.get_phase() .. "\n"
            end
        }
        log_by_lua_block { ngx.log(ngx.WARN, "this is phase ", ngx.get_phase()) }
    }
--- request
GET /t
--- response_headers
X-Phase: header_filter
--- response_body
init init_worker
set rewrite access content
body_filter
--- error_log
this is phase log
--- no_error_log
[error]



=== TEST 3: each hook takes a file
--- http_config
    init_by_lua_file html/init.lua;
    init_worker_by_lua_file html/worker.lua;
--- config
    location = /t {
        set_by_lua_file $set html/phase.lua;
        rewrite_by_lua_file html/rewrite.lua;
        access_by_lua_file html/access.lua;
        content_by_lua_file html/content.lua;
        header_filter_by_lua_file html/header.lua;
        body_filter_by_lua_file html/body.lua;
        log_by_lua_file html/log.lua;
    }
--- user_files
>>> init.lua
package.loaded.seen = { "init" }
>>> worker.lua
local seen = require "seen" seen[2] = ngx.get_phase()
>>> phase.lua
return ngx.get_phase()
>>> rewrite.lua
ngx.ctx.seen = { ngx.var.set, ngx.get_phase() }
>>> access.lua
table.insert(ngx.ctx.seen, ngx.get_phase())
>>> content.lua
local seen = require "seen"
ngx.say(table.concat(seen, " "))
ngx.say(table.concat(ngx.ctx.seen, " "), " ", ngx.get_phase())
>>> header.lua
ngx.header["X-Phase"] = ngx.get_phase()
>>> body.lua
if ngx.arg[2] then ngx.arg[1] = ngx.get_phase() .. "\n" end
>>> log.lua
ngx.log(ngx.WARN, "this is phase ", ngx.get_phase())
--- request
GET /t
--- response_headers
X-Phase: header_filter
--- response_body
init init_worker
set rewrite access content
body_filter
--- error_log
this is phase log
--- no_error_log
[error]



=== TEST 4: nginx unescapes a quoted string before Lua sees it, but puts no variables in
--- config
    location = /t {
        content_by_lua "ngx.say('$uri \"quoted\"')\n-- a comment\nngx.say([[tab:\tback:\\ it\'s]])";
    }
--- request
GET /t
--- response_body eval
qq{\$uri "quoted"\ntab:\tback:\\ it's\n}
--- no_error_log
[error]



=== TEST 5: a single word needs no quotes
--- config
    location = /t {
        content_by_lua ngx.say("bare");
    }
--- request
GET /t
--- response_body
bare



=== TEST 6: the code of a block is not unescaped
--- config
    location = /t {
        content_by_lua_block { ngx.say("a\tb\\c ${uri} \"d\"") }
    }
--- request
GET /t
--- response_body eval
qq{a\tb\\c \${uri} "d"\n}



=== TEST 7: rewrite, access, filters and log are inherited from http
--- http_config
    rewrite_by_lua_block { ngx.ctx.path = "rewrite" }
    access_by_lua_block { ngx.ctx.path = ngx.ctx.path .. " access" }
    header_filter_by_lua_block { ngx.header["X-From"] = "http" }
    body_filter_by_lua_block { ngx.arg[1] = ngx.arg[1]:upper() }
    log_by_lua_block { ngx.log(ngx.WARN, "logged from http") }
--- config
    location = /t {
        content_by_lua_block { ngx.say(ngx.ctx.path) }
    }
--- request
GET /t
--- response_headers
X-From: http
--- response_body
REWRITE ACCESS
--- error_log
logged from http



=== TEST 8: a hook of a location replaces the server's, which replaces http's
--- http_config
    rewrite_by_lua_block { ngx.say("http") }
    access_by_lua_block { ngx.say("http") ngx.exit(200) }
--- config
    rewrite_by_lua_block { ngx.ctx.rewrite = "server" }
    access_by_lua_block { ngx.ctx.access = "server" }

    location = /t {
        access_by_lua_block { ngx.ctx.access = "location" }
        content_by_lua_block { ngx.say(ngx.ctx.rewrite, " ", ngx.ctx.access) }
    }
--- request
GET /t
--- response_body
server location



=== TEST 9: each hook is inherited by itself
--- config
    location /outer {
        rewrite_by_lua_block { ngx.ctx.rewrite = "outer" }
        header_filter_by_lua_block { ngx.header["X-Filter"] = "outer" }
        log_by_lua_block { ngx.log(ngx.WARN, "logged by outer") }

        location /outer/inner {
            header_filter_by_lua_block { ngx.header["X-Filter"] = "inner" }
            content_by_lua_block { ngx.say(ngx.ctx.rewrite) }
        }
    }
--- request
GET /outer/inner
--- response_headers
X-Filter: inner
--- response_body
outer
--- error_log
logged by outer



=== TEST 10: the content handler is not inherited by a nested location
--- config
    location /outer {
        content_by_lua_block { ngx.say("outer") }

        location /outer/inner {
            root html;
        }
    }
--- user_files
>>> outer/inner
a file
--- request eval
["GET /outer/other", "GET /outer/inner"]
--- response_body eval
["outer\n", "a file\n"]



=== TEST 11: an if in a location inherits its hooks and its handler
--- config
    location = /t {
        if ($arg_x = 1) {
            set $x "in if";
        }
        rewrite_by_lua_block { ngx.ctx.rewrite = "rewrite" }
        header_filter_by_lua_block { ngx.header["X-Filter"] = "yes" }
        content_by_lua_block { ngx.say(ngx.ctx.rewrite, " ", ngx.var.x) }
    }
--- request
GET /t?x=1
--- response_headers
X-Filter: yes
--- response_body
rewrite in if



=== TEST 12: an if in a location may have hooks and a handler of its own
--- config
    location = /t {
        rewrite_by_lua_block { ngx.ctx.rewrite = "outer" }
        content_by_lua_block { ngx.say("outer ", ngx.ctx.rewrite) }

        if ($arg_x = 1) {
            rewrite_by_lua_block { ngx.ctx.rewrite = "if" }
            access_by_lua 'ngx.ctx.access = "if"';
            content_by_lua_block { ngx.say("if ", ngx.ctx.rewrite, " ", ngx.ctx.access) }
        }
    }
--- request eval
["GET /t", "GET /t?x=1"]
--- response_body eval
["outer outer\n", "if if if\n"]



=== TEST 13: filters and log in an if
--- config
    location = /t {
        if ($arg_x) {
            header_filter_by_lua_block { ngx.header["X-If"] = "yes" }
            body_filter_by_lua_block { ngx.arg[1] = ngx.arg[1]:upper() }
            log_by_lua_block { ngx.log(ngx.WARN, "logged in if") }
        }
        content_by_lua_block { ngx.say("body") }
    }
--- request
GET /t?x=1
--- response_headers
X-If: yes
--- response_body
BODY
--- error_log
logged in if



=== TEST 14: set_by_lua in a server and in an if of a server
--- config
    set_by_lua $a 'return "server"';
    if ($arg_x) {
        set_by_lua_block $a { return "if" }
    }
    location = /t {
        return 200 "$a\n";
    }
--- request eval
["GET /t", "GET /t?x=1"]
--- response_body eval
["server\n", "if\n"]



=== TEST 15: hooks of a named location
--- config
    location = /t {
        error_page 404 = @named;
        return 404;
    }
    location @named {
        rewrite_by_lua_block { ngx.ctx.rewrite = "named" }
        content_by_lua_block { ngx.say(ngx.ctx.rewrite) }
    }
--- request
GET /t
--- response_body
named



=== TEST 16: content_by_lua is for locations, not for a server
--- config
    content_by_lua 'ngx.say(1)';
--- must_die
--- error_log eval
qr/\[emerg\] .* "content_by_lua" directive is not allowed here in \S+nginx\.conf:\d+/



=== TEST 17: content_by_lua_block in http
--- http_config
    content_by_lua_block { ngx.say(1) }
--- config
--- must_die
--- error_log
"content_by_lua_block" directive is not allowed here in



=== TEST 18: init_by_lua is for http only
--- config
    init_by_lua_block { x = 1 }
--- must_die
--- error_log
"init_by_lua_block" directive is not allowed here in



=== TEST 19: init_worker_by_lua_file is for http only
--- config
    location / {
        init_worker_by_lua_file html/x.lua;
    }
--- must_die
--- error_log
"init_worker_by_lua_file" directive is not allowed here in



=== TEST 20: set_by_lua is not for http
--- http_config
    set_by_lua $a 'return 1';
--- config
--- must_die
--- error_log
"set_by_lua" directive is not allowed here in



=== TEST 21: rewrite_by_lua_block is not for the main level
--- main_config
    rewrite_by_lua_block { ngx.exit(403) }
--- config
--- must_die
--- error_log
"rewrite_by_lua_block" directive is not allowed here in



=== TEST 22: access_by_lua_file is not for an if of a server
--- config
    if ($arg_x) {
        access_by_lua_file html/x.lua;
    }
--- must_die
--- error_log
"access_by_lua_file" directive is not allowed here in



=== TEST 23: header_filter_by_lua is not for an upstream
--- http_config
    upstream u {
        server 127.0.0.1:1;
        header_filter_by_lua_block { ngx.status = 200 }
    }
--- config
--- must_die
--- error_log
"header_filter_by_lua_block" directive is not allowed here in



=== TEST 24: log_by_lua is not for limit_except
--- config
    location / {
        limit_except GET {
            log_by_lua_block { ngx.log(ngx.ERR, "x") }
        }
    }
--- must_die
--- error_log
"log_by_lua_block" directive is not allowed here in



=== TEST 25: rewrite_by_lua_no_postpone is for http only
--- config
    rewrite_by_lua_no_postpone on;
--- must_die
--- error_log
"rewrite_by_lua_no_postpone" directive is not allowed here in



=== TEST 26: lua_package_path is for http only
--- config
    lua_package_path "/x/?.lua;;";
--- must_die
--- error_log
"lua_package_path" directive is not allowed here in



=== TEST 27: a hook given twice, both strings
--- config
    location / {
        access_by_lua 'ngx.exit(403)';
        access_by_lua 'ngx.exit(404)';
    }
--- must_die
--- error_log
"access_by_lua" directive is duplicate in



=== TEST 28: a hook given as a block, then as a file
--- config
    location / {
        rewrite_by_lua_block { ngx.exit(403) }
        rewrite_by_lua_file html/x.lua;
    }
--- must_die
--- error_log
"rewrite_by_lua_file" directive is duplicate in



=== TEST 29: a hook given as a string, then as a block
--- config
    log_by_lua 'ngx.log(ngx.ERR, 1)';
    log_by_lua_block { ngx.log(ngx.ERR, 2) }
--- must_die
--- error_log
is duplicate in



=== TEST 30: two init blocks
--- http_config
    init_by_lua_block { a = 1 }
    init_by_lua_block { b = 1 }
--- config
--- must_die
--- error_log
is duplicate in



=== TEST 31: set_by_lua may be given any number of times
--- config
    location = /t {
        set_by_lua $a 'return "a"';
        set_by_lua $a 'return ngx.var.a .. "b"';
        set_by_lua_block $a { return ngx.var.a .. "c" }
        return 200 "$a\n";
    }
--- request
GET /t
--- response_body
abc



=== TEST 32: an empty string is no code
--- config
    location / {
        rewrite_by_lua '';
    }
--- must_die
--- error_log eval
qr/\[error\] .*invalid location config: no runnable Lua code/



=== TEST 33: an empty block is no code
--- config
    location / {
        content_by_lua_block {}
    }
--- must_die
--- error_log
invalid location config: no runnable Lua code



=== TEST 34: an empty file name is no code
--- config
    header_filter_by_lua_file "";
--- must_die
--- error_log
invalid location config: no runnable Lua code



=== TEST 35: an empty init block is no code
--- http_config
    init_by_lua_block {}
--- config
--- must_die
--- error_log
invalid location config: no runnable Lua code



=== TEST 36: blanks or a comment are code
--- config
    location = /t {
        rewrite_by_lua ' ';
        access_by_lua_block { }
        header_filter_by_lua_block {
            -- nothing to do
        }
        content_by_lua_block { ngx.say("fine") }
    }
--- request
GET /t
--- response_body
fine
--- no_error_log
[error]



=== TEST 37: init_worker and set may be empty
--- http_config
    init_worker_by_lua '';
--- config
    location = /t {
        set $a old;
        set_by_lua $a '';
        set $b old;
        set_by_lua_block $b {}
        return 200 "<$a><$b>\n";
    }
--- request
GET /t
--- response_body
<><>
--- no_error_log
[error]



=== TEST 38: no argument
--- config
    location / {
        content_by_lua;
    }
--- must_die
--- error_log
invalid number of arguments in "content_by_lua" directive in



=== TEST 39: too many arguments
--- config
    location / {
        content_by_lua_file html/a.lua html/b.lua;
    }
--- must_die
--- error_log
invalid number of arguments in "content_by_lua_file" directive in



=== TEST 40: set_by_lua without code
--- config
    set_by_lua $a;
--- must_die
--- error_log
invalid number of arguments in "set_by_lua" directive in



=== TEST 41: set_by_lua_block takes no arguments for the code
--- config
    set_by_lua_block $a $uri { return ngx.arg[1] }
--- must_die
--- error_log
invalid number of arguments in "set_by_lua_block" directive in



=== TEST 42: set_by_lua needs a variable to set
--- config
    set_by_lua a 'return 1';
--- must_die
--- error_log
invalid variable name "a" in



=== TEST 43: a block directive with a semicolon
--- config
    location / {
        content_by_lua_block "ngx.say(1)";
    }
--- must_die
--- error_log
directive "content_by_lua_block" has no opening "{" in



=== TEST 44: a block directive with an argument before the block
--- config
    location / {
        content_by_lua_block quick { ngx.say(1) }
    }
--- must_die
--- error_log
invalid number of arguments in "content_by_lua_block" directive in



=== TEST 45: a string directive with a block
--- config
    location / {
        content_by_lua { ngx.say(1); }
    }
--- must_die
--- error_log
directive "content_by_lua" is not terminated by ";" in



=== TEST 46: a flag takes on or off
--- http_config
    lua_code_cache maybe;
--- config
--- must_die
--- error_log
invalid value "maybe" in "lua_code_cache" directive, it must be "on" or "off" in



=== TEST 47: a flag given twice
--- config
    lua_need_request_body on;
    lua_need_request_body off;
--- must_die
--- error_log
"lua_need_request_body" directive is duplicate in



=== TEST 48: the flags of this family, wherever they may stand
--- http_config
    rewrite_by_lua_no_postpone off;
    access_by_lua_no_postpone off;
    lua_need_request_body off;
    lua_code_cache on;
    lua_use_default_type on;
    lua_http10_buffering on;
    lua_check_client_abort off;
    lua_transform_underscores_in_response_headers on;
    lua_thread_cache_max_entries 10;
    lua_package_path ";;";
    lua_package_cpath ";;";
--- config
    lua_need_request_body off;
    lua_code_cache on;
    lua_use_default_type on;
    lua_http10_buffering on;
    lua_check_client_abort off;
    lua_transform_underscores_in_response_headers on;

    location = /t {
        lua_need_request_body off;
        lua_code_cache on;
        lua_use_default_type on;
        lua_http10_buffering on;
        lua_check_client_abort off;
        lua_transform_underscores_in_response_headers on;

        if ($arg_x) {
            lua_need_request_body off;
            lua_code_cache on;
            lua_use_default_type on;
            lua_http10_buffering on;
            lua_check_client_abort off;
            lua_transform_underscores_in_response_headers on;
        }

        content_by_lua_block { ngx.say("fine") }
    }
--- request
GET /t?x=1
--- response_body
fine
