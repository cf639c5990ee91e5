# Code in files: paths, what cannot be opened, text and bytecode.

use Test::Nginx::Socket::Lua 'no_plan';

repeat_each(2);
no_root_location();

# Writes bytecode of the function `code` to html/<name>.
our $WriteBytecode = <<'_EOC_';
    init_by_lua_block {
        local function write(name, code, strip)
            local file = assert(io.open(ngx.config.prefix() .. "html/" .. name, "wb"))
            file:write(string.dump(assert(loadstring(code, "@code.lua")), strip))
            file:close()
        end
        write("code.luac", "\nngx.say('from bytecode')\nif ngx.var.arg_fail then error('boom') end")
        write("stripped.luac", "\nngx.say('from bytecode')\nif ngx.var.arg_fail then error('boom') end", true)
        write("sum.luac", "local a, b = ... return a + b + ngx.arg[1]", true)
        write("global.luac", "local old = seen seen = 'seen' ngx.say(old, ' ', seen, ' ', _G.seen)")
    }
_EOC_

run_tests();

__DATA__

=== TEST 1: a relative path starts at the server's prefix, not at the configuration
--- config
    location = /t {
        content_by_lua_file code/t.lua;
    }
--- user_files
>>> ../code/t.lua
ngx.say("prefix")
>>> ../conf/code/t.lua
ngx.say("configuration")
--- request
GET /t
--- response_body
prefix



=== TEST 2: an absolute path
--- config
    location = /t {
        content_by_lua_file $TEST_NGINX_SERVER_ROOT/html/t.lua;
    }
--- user_files
>>> t.lua
ngx.say("absolute")
--- request
GET /t
--- response_body
absolute



=== TEST 3: variables in the path of every hook of a request
--- config
    location /t {
        set_by_lua_file $set html/$arg_d/value.lua;
        rewrite_by_lua_file html/$arg_d/rewrite.lua;
        access_by_lua_file $document_root/$arg_d/access.lua;
        content_by_lua_file html/${arg_d}/content.lua;
        header_filter_by_lua_file html/$arg_d/header.lua;
        body_filter_by_lua_file html/$arg_d/body.lua;
        log_by_lua_file html/$arg_d/log.lua;
        root html;
    }
--- user_files eval
join "", map { <<"_EOC_" } "one", "two"
>>> $_/value.lua
return "$_"
>>> $_/rewrite.lua
ngx.ctx.seen = { ngx.var.set, "$_" }
>>> $_/access.lua
table.insert(ngx.ctx.seen, "$_")
>>> $_/content.lua
ngx.say(table.concat(ngx.ctx.seen, " "), " $_")
>>> $_/header.lua
ngx.header["X-File"] = "$_"
>>> $_/body.lua
if ngx.arg[2] then ngx.arg[1] = "$_" end
>>> $_/log.lua
ngx.log(ngx.WARN, "logged by $_")
_EOC_
--- request eval
["GET /t?d=one", "GET /t?d=two"]
--- response_headers eval
["X-File: one", "X-File: two"]
--- response_body eval
["one one one one\none", "two two two two\ntwo"]
--- error_log eval
qr/logged by (?:one|two) while logging request/



=== TEST 4: the path of the init hooks is taken literally
--- http_config
    init_by_lua_file html/$uri.lua;
--- config
--- must_die
--- error_log eval
qr{\[error\] .*init_by_lua_file error: cannot open /\S+/html/\$uri\.lua}



=== TEST 5: a missing file of rewrite, access and content is 404
--- config
    location = /rewrite { rewrite_by_lua_file html/none.lua; }
    location = /access { access_by_lua_file html/none.lua; }
    location = /content { content_by_lua_file html/none.lua; }
    location = /variable { content_by_lua_file html/$arg_name.lua; }
--- request eval
["GET /rewrite", "GET /access", "GET /content", "GET /variable?name=none"]
--- error_code eval
[404, 404, 404, 404]
--- error_log eval
qr{\[error\] .*failed to load external Lua file "(/\S+/html/none\.lua)": cannot open \1: No such file or directory, client: }



=== TEST 6: a missing file of set is 500
--- config
    location = /t {
        set_by_lua_file $a html/none.lua;
        return 200 "$a";
    }
--- request
GET /t
--- error_code: 500
--- error_log eval
qr{failed to load external Lua file "/\S+/html/none\.lua": cannot open /\S+/html/none\.lua}



=== TEST 7: a missing file of a filter cuts the response
--- config
    location = /header { header_filter_by_lua_file html/none.lua; return 200 "x"; }
    location = /body { body_filter_by_lua_file html/none.lua; return 200 "x"; }
--- request eval
["GET /header", "GET /body"]
--- error_code eval
["", ""]
--- response_body eval
["", ""]
--- error_log eval
qr{failed to load external Lua file "/\S+/html/none\.lua": cannot open /\S+/html/none\.lua}



=== TEST 8: a missing file of log_by_lua is only logged
--- config
    location = /t {
        log_by_lua_file html/none.lua;
        return 200 "fine\n";
    }
--- request
GET /t
--- response_body
fine
--- error_log eval
qr{failed to load external Lua file "/\S+/html/none\.lua": cannot open /\S+/html/none\.lua: No such file or directory while logging request}



=== TEST 9: a missing file of init stops nginx
--- http_config
    init_by_lua_file html/none.lua;
--- config
--- must_die
--- error_log eval
qr{\[error\] .*init_by_lua_file error: cannot open /\S+/html/none\.lua: No such file or directory}



=== TEST 10: a missing file of init_worker is only logged
--- http_config
    init_worker_by_lua_file html/none.lua;
--- config
    location = /t {
        return 200 "fine\n";
    }
--- request
GET /t
--- response_body
fine
--- grep_error_log eval
qr{init_worker_by_lua_file error: cannot open /\S+/html/none\.lua: No such file or directory}
--- grep_error_log_out eval
[qr/none\.lua/, ""]



=== TEST 11: a file that cannot be opened for another reason is 503
--- config
    location = /rewrite { rewrite_by_lua_file html/file/none.lua; }
    location = /access { access_by_lua_file html/file/none.lua; }
    location = /content { content_by_lua_file html/file/none.lua; }
--- user_files
>>> file
a file, no directory
--- request eval
["GET /rewrite", "GET /access", "GET /content"]
--- error_code eval
[503, 503, 503]
--- error_log eval
qr{failed to load external Lua file "(/\S+/html/file/none\.lua)": cannot open \1: Not a directory}



=== TEST 12: a directory is 503
--- config
    location = /t {
        content_by_lua_file html/dir;
    }
--- user_files
>>> dir/file
a file
--- request
GET /t
--- error_code: 503
--- error_log eval
qr{failed to load external Lua file "(/\S+/html/dir)": cannot read \1: Is a directory}



=== TEST 13: a name that is too long is 503
--- config
    location = /t {
        content_by_lua_file html/$arg_name.lua;
    }
--- request eval
"GET /t?name=" . "x" x 300
--- error_code: 503
--- error_log
File name too long



=== TEST 14: a file that comes later is found
--- config
    location = /t {
        content_by_lua_file html/later.lua;
        log_by_lua_block {
            local file = io.open(ngx.config.prefix() .. "html/later.lua", "w")
            file:write("ngx.say('here I am') os.remove(ngx.config.prefix() .. 'html/later.lua')")
            file:close()
        }
    }
--- request eval
["GET /t", "GET /t"]
--- error_code_like eval
["404|200", "200"]
--- response_body_like eval
["404 Not Found|here I am", "here I am"]



=== TEST 15: a first line that starts with # is skipped, and counts
--- config
    location = /t {
        content_by_lua_file html/script;
    }
--- user_files
>>> script
#!/usr/bin/env resty } "
ngx.say("line ", debug.getinfo(1, "l").currentline)
--- request
GET /t
--- response_body
line 2



=== TEST 16: a # in any other line is an error
--- config
    location = /t {
        content_by_lua_file html/script;
    }
--- user_files
>>> script
ngx.say("one")
# two
--- request
GET /t
--- error_code: 500
--- error_log eval
qr{html/script:2: unexpected symbol near '#'}



=== TEST 17: an empty file, and one with a comment only
--- config
    location = /empty { content_by_lua_file html/empty; }
    location = /comment { content_by_lua_file html/comment; }
    location = /hash { content_by_lua_file html/hash; }
--- user_files eval
[["empty", ""], ["comment", "-- nothing"], ["hash", "# nothing"]]
--- request eval
["GET /empty", "GET /comment", "GET /hash"]
--- error_code eval
[200, 200, 200]
--- response_body eval
["", "", ""]
--- no_error_log
[error]



=== TEST 18: the last line needs no line end
--- config
    location = /t {
        content_by_lua_file html/t.lua;
    }
--- user_files eval
[["t.lua", "ngx.say('one')\nngx.say('two') -- comment"]]
--- request
GET /t
--- response_body
one
two



=== TEST 19: a byte order mark, lines that end with CR LF
--- config
    location = /t {
        content_by_lua_file html/t.lua;
    }
--- user_files eval
[["t.lua", "\xef\xbb\xbfngx.say('one')\r\nngx.say('line ', debug.getinfo(1, 'l').currentline)\r\n"]]
--- request
GET /t
--- response_body
one
line 2



=== TEST 20: a file of 1 MB
--- config
    location = /t {
        content_by_lua_file html/large.lua;
    }
--- user_files eval
[["large.lua", "local s = [[" . "x" x 2**20 . "]]\n" . "-- comment\n" x 10000 . "ngx.say(#s)"]]
--- request
GET /t
--- response_body
1048576



=== TEST 21: the chunk is named after the absolute path
--- config
    location = /t {
        content_by_lua_file html/t.lua;
    }
--- user_files
>>> t.lua
ngx.say(debug.getinfo(1, "S").source == "@" .. ngx.config.prefix() .. "html/t.lua")
--- request
GET /t
--- response_body
true



=== TEST 22: one file may serve several hooks
--- config
    location = /t {
        set_by_lua_file $seen html/t.lua;
        rewrite_by_lua_file html/t.lua;
        access_by_lua_file html/$arg_name.lua;
        content_by_lua_file html/t.lua;
    }
--- user_files
>>> t.lua
local seen = (ngx.ctx.seen or "") .. " " .. ngx.get_phase()
ngx.ctx.seen = seen
if ngx.get_phase() == "content" then
    ngx.say(seen)
end
return 1
--- request
GET /t?name=t
--- response_body
 set rewrite access content



=== TEST 23: what a file of a later hook returns is ignored
--- config
    location = /t {
        rewrite_by_lua_file html/403.lua;
        access_by_lua_file html/403.lua;
        return 204;
    }
--- user_files
>>> 403.lua
return 403
--- request
GET /t
--- error_code: 204



=== TEST 24: an error in a file
--- config
    location = /t {
        content_by_lua_file html/t.lua;
    }
--- user_files
>>> t.lua
local function fail()
    error("boom")
end
fail()
--- request
GET /t
--- error_code: 500
--- error_log eval
[
    qr{lua entry thread aborted: runtime error: \S+/html/t\.lua:2: boom$},
    qr{^\t\S+/html/t\.lua:2: in function 'fail'$},
    qr{^\t\S+/html/t\.lua:4: in main chunk, client: },
]



=== TEST 25: bytecode
--- http_config eval: $::WriteBytecode
--- config
    location = /t {
        content_by_lua_file html/code.luac;
    }
--- request eval
["GET /t", "GET /t"]
--- response_body eval
[("from bytecode\n") x 2]
--- no_error_log
[error]



=== TEST 26: an error in bytecode has its line
--- http_config eval: $::WriteBytecode
--- config
    location = /t {
        access_by_lua_file html/code.luac;
    }
--- request
GET /t?fail=1
--- error_log eval
[
    qr{lua entry thread aborted: runtime error: code\.lua:3: boom$},
    qr{^\tcode\.lua:3: in main chunk, client: },
]
--- ignore_response



=== TEST 27: stripped bytecode
--- http_config eval: $::WriteBytecode
--- config
    location = /t {
        content_by_lua_file html/stripped.luac;
    }
--- request eval
["GET /t", "GET /t"]
--- response_body eval
[("from bytecode\n") x 2]
--- no_error_log
[error]



=== TEST 28: an error in stripped bytecode has the name of the file, but no line
--- http_config eval: $::WriteBytecode
--- config
    location = /t {
        access_by_lua_file html/stripped.luac;
    }
--- request
GET /t?fail=1
--- error_log eval
qr{lua entry thread aborted: runtime error: /\S+/html/stripped\.luac:0: boom$}
--- ignore_response



=== TEST 29: bytecode with arguments, for set_by_lua_file
--- http_config eval: $::WriteBytecode
--- config
    location = /t {
        set_by_lua_file $sum html/sum.luac $arg_a $arg_b;
        return 200 "$sum\n";
    }
--- request eval
["GET /t?a=1&b=2", "GET /t?a=10&b=20"]
--- response_body eval
["4\n", "40\n"]



=== TEST 30: bytecode has the globals of its run
--- http_config eval: $::WriteBytecode
--- config
    location = /t {
        content_by_lua_file html/global.luac;
    }
--- request eval
["GET /t", "GET /t"]
--- response_body eval
[("nil seen seen\n") x 2]
--- differs: in the C module all requests share their globals



=== TEST 31: bytecode by a path with variables, and with the code cache off
--- http_config eval: $::WriteBytecode
--- config
    location = /variable {
        content_by_lua_file html/$arg_name;
    }
    location = /uncached {
        lua_code_cache off;
        content_by_lua_file html/code.luac;
    }
--- request eval
["GET /variable?name=code.luac", "GET /variable?name=stripped.luac", "GET /uncached"]
--- response_body eval
[("from bytecode\n") x 3]
--- grep_error_log eval
qr/lua_code_cache is off/
--- grep_error_log_out eval
qr/\A(?:lua_code_cache is off\n)?\z/



=== TEST 32: bytecode of another version is refused
--- config
    location = /t {
        content_by_lua_file html/$arg_name;
    }
--- user_files eval
[["luajit", "\eLJ\x7f" . "x" x 100], ["lua51", "\eLuaQ" . "\0" x 100]]
--- request eval
["GET /t?name=luajit", "GET /t?name=lua51"]
--- error_code eval
[500, 500]
--- error_log eval
qr{failed to load external Lua file "/\S+/html/\w+": \S*html/\w+: cannot load incompatible bytecode}



=== TEST 33: init_by_lua_file and modules may be bytecode
--- http_config
    lua_package_path "$prefix/html/?.luac;;";
    init_by_lua_block {
        local file = assert(io.open(ngx.config.prefix() .. "html/mod.luac", "wb"))
        file:write(string.dump(function(...) return { name = ... } end, true))
        file:close()
    }
--- config
    location = /t {
        content_by_lua_block { ngx.say(require("mod").name) }
    }
--- request
GET /t
--- response_body
mod
