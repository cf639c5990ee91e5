use Test::Nginx::Socket::Lua 'no_plan';

add_block_preprocessor(sub {
    my ($block) = @_;
    $block->set_value("request", "GET /t")
        if !defined $block->request && !defined $block->raw_request
            && !defined $block->pipelined_requests;
    $block->set_value("no_error_log", "[error]")
        if !defined $block->error_log && !defined $block->no_error_log;
});

# require "try": what a function answers, or its error without the place.
our $Try = <<'_EOC_';
    init_by_lua_block {
        package.loaded.try = function(f, ...)
            local ok, result = pcall(f, ...)
            if ok then
                return tostring(result)
            end
            return "error: " .. result:gsub("^.-:%d+: ", "")
        end
    }
_EOC_

# A server that says what it receives.
our $Up = <<'_EOC_';
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1;
        client_body_buffer_size 16m;
        client_max_body_size 16m;
        location / {
            content_by_lua_block {
                ngx.req.read_body()
                local headers = ngx.req.get_headers()
                local body = ngx.req.get_body_data() or ""
                ngx.say(ngx.req.get_method(), " ", headers["Content-Length"], " ", headers["Transfer-Encoding"], " ",
                    #body, " [", body:sub(1, 50), "]")
            }
        }
    }
_EOC_

# require "slurp": the text of the file that has the body.
our $Slurp = <<'_EOC_';
    init_by_lua_block {
        package.loaded.slurp = function()
            local file = assert(io.open(ngx.req.get_body_file() or "no file"))
            local text = file:read("*a")
            file:close()
            return text
        end
    }
_EOC_

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: set_body_data puts a string in place of the body
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.say(select("#", ngx.req.set_body_data("other")))
            ngx.say(ngx.req.get_body_data(), " ", ngx.req.get_body_file(), " ", ngx.var.request_body)
            ngx.say(ngx.var.content_length, " ", ngx.req.get_headers()["Content-Length"])
        }
    }
--- request
POST /t
hello, world
--- response_body
0
other nil other
5 5



=== TEST 2: a body where there was none
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.req.set_body_data("hello")
            ngx.say(ngx.req.get_body_data(), " ", ngx.var.content_length)
        }
    }
--- request
GET /t
--- response_body
hello 5



=== TEST 3: an empty string means no body
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.req.set_body_data("")
            ngx.say(ngx.req.get_body_data(), " ", ngx.var.content_length, " ", ngx.var.request_body)
        }
    }
--- request
POST /t
hello
--- response_body
nil 0 nil



=== TEST 4: numbers are turned into text
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.req.set_body_data(12.5)
            ngx.say(ngx.req.get_body_data(), " ", ngx.req.get_headers().content_length)
            ngx.req.set_body_data(3)
            ngx.say(ngx.req.get_body_data(), " ", ngx.req.get_headers().content_length)
        }
    }
--- request
POST /t
hello
--- response_body
12.5 4
3 1



=== TEST 5: any bytes
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            local bytes = {}
            for i = 0, 255 do
                bytes[i + 1] = string.char(i)
            end
            local data = table.concat(bytes)
            ngx.req.set_body_data(data)
            ngx.say(ngx.req.get_body_data() == data, " ", ngx.var.content_length)
        }
    }
--- response_body
true 256



=== TEST 6: set_body_data again and again
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            for i = 1, 100 do
                ngx.req.set_body_data(("x"):rep(i * 1000))
            end
            ngx.req.set_body_data("last")
            ngx.say(ngx.req.get_body_data(), " ", ngx.var.content_length)
        }
    }
--- request
POST /t
hello
--- response_body
last 4



=== TEST 7: in place of a body in a file
--- config
    client_body_in_file_only clean;

    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            local path = ngx.req.get_body_file()
            ngx.req.set_body_data("other")
            ngx.say(ngx.req.get_body_data(), " ", ngx.req.get_body_file(), " ", ngx.var.request_body_file,
                " ", ngx.var.content_length)
        }
    }
--- request
POST /t
hello, world
--- response_body
other nil nil 5



=== TEST 8: a variable with the body is not kept from before
--- config
    location = /t {
        set $copy "";
        rewrite_by_lua_block {
            ngx.req.read_body()
            ngx.req.set_body_data(("a"):rep(100000))
            local first = #ngx.var.request_body
            ngx.req.set_body_data(("b"):rep(90000))
            ngx.ctx.sizes = first .. " " .. #ngx.var.request_body .. " " .. ngx.var.request_body:sub(1, 1)
        }
        content_by_lua_block { ngx.say(ngx.ctx.sizes) }
    }
--- http_config
    log_format body "$request_body";
--- request
POST /t
hello
--- response_body
100000 90000 b
--- differs: in the C module the variable keeps memory that has been freed



=== TEST 9: a proxied server gets the new body and its length
--- http_config eval: $::Up
--- config
    location = /t {
        rewrite_by_lua_block {
            ngx.req.read_body()
            ngx.req.set_body_data("the new body")
        }
        proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/up;
    }
--- request
POST /t
hello
--- response_body
POST 12 nil 12 [the new body]



=== TEST 10: a proxied server gets no body in place of one
--- http_config eval: $::Up
--- config
    location = /t {
        rewrite_by_lua_block {
            ngx.req.read_body()
            ngx.req.set_body_data("")
        }
        proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/up;
    }
--- request
POST /t
hello
--- response_body
POST 0 nil 0 []



=== TEST 11: a proxied server gets a body where the client sent none
--- http_config eval: $::Up
--- config
    location = /t {
        rewrite_by_lua_block {
            ngx.req.read_body()
            ngx.req.set_method(ngx.HTTP_POST)
            ngx.req.set_body_data("hello")
        }
        proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/up;
    }
--- response_body
POST 5 nil 5 [hello]



=== TEST 12: in place of a chunked body it has a length
--- http_config eval: $::Up
--- config
    location = /t {
        rewrite_by_lua_block {
            ngx.req.read_body()
            ngx.req.set_body_data(ngx.req.get_body_data():upper() .. "!")
        }
        proxy_http_version 1.1;
        proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/up;
    }
--- raw_request eval
"POST /t HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"
--- response_body
POST 6 nil 6 [HELLO!]



=== TEST 13: a body of 10 MB goes to a proxied server
--- http_config eval: $::Up
--- config
    location = /t {
        rewrite_by_lua_block {
            ngx.req.read_body()
            ngx.req.set_body_data(("0123456789"):rep(1024 * 1024))
        }
        proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/up;
    }
--- request
POST /t
hello
--- response_body
POST 10485760 nil 10485760 [01234567890123456789012345678901234567890123456789]



=== TEST 14: set_body_data: what it refuses
--- http_config eval: $::Try
--- config
    location = /t {
        content_by_lua_block {
            local try, set = require "try", ngx.req.set_body_data
            ngx.say(try(set))
            ngx.say(try(set, "a", "b"))
            ngx.say(try(set, "a"))
            ngx.req.read_body()
            ngx.say(try(function() return set(nil) end))
            ngx.say(try(function() return set({}) end))
            ngx.say(try(function() return set(true) end))
            ngx.say(ngx.req.get_body_data())
        }
    }
--- request
POST /t
hello
--- response_body_like chomp
\Aerror: expecting 1 arguments but seen 0
error: expecting 1 arguments but seen 2
error: request body not read yet
error: bad argument #1 to '\S+' \(string expected, got nil\)
error: bad argument #1 to '\S+' \(string expected, got table\)
error: bad argument #1 to '\S+' \(string expected, got boolean\)
hello
\z



=== TEST 15: set_body_file puts the content of a file in place of the body
--- http_config eval: $::Slurp
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            local path = ngx.config.prefix() .. "html/body.txt"
            ngx.say(select("#", ngx.req.set_body_file(path)))
            ngx.say(ngx.req.get_body_file() == path, " ", ngx.var.request_body_file == path, " ", require "slurp" ())
            ngx.say(ngx.req.get_body_data(), " ", ngx.var.content_length, " ", ngx.req.get_headers().content_length)
        }
    }
--- user_files
>>> body.txt
from a file
--- request
POST /t
hello
--- response_body
0
true true from a file

nil 12 12



=== TEST 16: a proxied server gets the file
--- http_config eval: $::Up
--- config
    location = /t {
        rewrite_by_lua_block {
            ngx.req.read_body()
            ngx.req.set_body_file(ngx.config.prefix() .. "html/body.txt")
        }
        proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/up;
    }
--- user_files
>>> body.txt
from a file
--- request
POST /t
hello
--- response_body
POST 12 nil 12 [from a file
]



=== TEST 17: a file stays, unless it is to be cleaned up
--- config
    location = /t {
        content_by_lua_block {
            local path = ngx.config.prefix() .. "html/" .. ngx.var.arg_name
            local file = assert(io.open(path, "w"))
            file:write("hello")
            file:close()
            ngx.req.read_body()
            if ngx.var.arg_clean then
                ngx.req.set_body_file(path, ngx.var.arg_clean == "true")
            else
                ngx.req.set_body_file(path)
            end
            ngx.say(ngx.var.content_length)
        }
    }
    location = /there {
        content_by_lua_block {
            for _, name in ipairs { "a", "b", "c" } do
                ngx.say(name, " ", io.open(ngx.config.prefix() .. "html/" .. name) and "there" or "gone")
            end
        }
    }
--- request eval
["POST /t?name=a\nx", "POST /t?name=b&clean=false\nx", "POST /t?name=c&clean=true\nx", "GET /there"]
--- response_body eval
["5\n", "5\n", "5\n", "a there\nb there\nc gone\n"]



=== TEST 18: an empty file means no body, and is cleaned up as well
--- http_config eval: $::Up
--- config
    location = /t {
        rewrite_by_lua_block {
            local path = ngx.config.prefix() .. "html/empty"
            assert(io.open(path, "w")):close()
            ngx.req.read_body()
            ngx.req.set_body_file(path, true)
            ngx.log(ngx.WARN, "data: ", ngx.req.get_body_data())
        }
        proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/up;
    }
    location = /there {
        content_by_lua_block { ngx.say(io.open(ngx.config.prefix() .. "html/empty")) }
    }
--- request eval
["POST /t\nhello", "GET /there"]
--- response_body_like eval
['^POST 0 nil 0 \[\]$', '^nil.*No such file']



=== TEST 19: a file that cannot be had leaves the body as it was
--- http_config eval: $::Try
--- config
    location = /t {
        content_by_lua_block {
            local try = require "try"
            ngx.req.read_body()
            ngx.say(try(ngx.req.set_body_file, "/no/such/file"))
            ngx.say(try(ngx.req.set_body_file, "/no/such/file", true))
            ngx.say(try(ngx.req.set_body_file, ""))
            ngx.say(ngx.req.get_body_data(), " ", ngx.req.get_body_file(), " ", ngx.var.content_length)
        }
    }
--- request
POST /t
hello
--- response_body
error: stat() "/no/such/file" failed
error: stat() "/no/such/file" failed
error: stat() "" failed
hello nil 5
--- differs: in the C module the body is gone then



=== TEST 20: a directory is no body
--- http_config eval: $::Try
--- config
    location = /t {
        content_by_lua_block {
            local try = require "try"
            ngx.req.read_body()
            ngx.say(try(ngx.req.set_body_file, "/"))
            ngx.say(ngx.req.get_body_data())
        }
    }
--- request
POST /t
hello
--- response_body
error: open() "/" failed
hello
--- differs: the C module takes it for a body and cannot close it



=== TEST 21: set_body_file: what it refuses
--- http_config eval: $::Try
--- config
    location = /t {
        content_by_lua_block {
            local try, set = require "try", ngx.req.set_body_file
            ngx.say(try(set))
            ngx.say(try(set, "a", true, 1))
            ngx.say(try(set, "a"))
            ngx.say(try(set, "a", 1))
            ngx.req.read_body()
            ngx.say(try(function() return set({}) end))
            ngx.say(try(function() return set("a", 1) end))
            ngx.say(try(function() return set("a", nil) end))
        }
    }
--- request
POST /t
hello
--- response_body_like chomp
\Aerror: expecting 1 or 2 arguments but seen 0
error: expecting 1 or 2 arguments but seen 3
error: request body not read yet
error: request body not read yet
error: bad argument #1 to '\S+' \(string expected, got table\)
error: bad argument #2 to '\S+' \(boolean expected, got number\)
error: bad argument #2 to '\S+' \(boolean expected, got nil\)
\z



=== TEST 22: one file after another, then a string
--- http_config eval: $::Up
--- config
    location = /t {
        rewrite_by_lua_block {
            ngx.req.read_body()
            ngx.req.set_body_file(ngx.config.prefix() .. "html/a.txt")
            ngx.req.set_body_file(ngx.config.prefix() .. "html/b.txt")
            if ngx.var.arg_data then
                ngx.req.set_body_data(ngx.var.arg_data)
            end
        }
        proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/up;
    }
--- user_files
>>> a.txt
first
>>> b.txt
the second
--- request eval
["POST /t\nhello", "POST /t?data=abc\nhello"]
--- response_body eval
["POST 11 nil 11 [the second\n]\n", "POST 3 nil 3 [abc]\n"]



=== TEST 23: in place of a body in a file, which is cleaned up with the request
--- http_config eval: $::Slurp
--- config
    client_body_in_file_only clean;

    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            package.loaded.path = ngx.req.get_body_file()
            ngx.req.set_body_file(ngx.config.prefix() .. "html/a.txt")
            ngx.print(require "slurp" ())
        }
    }
    location = /after {
        content_by_lua_block { ngx.say(io.open(require "path")) }
    }
--- user_files
>>> a.txt
first
--- request eval
["POST /t\nhello", "GET /after"]
--- response_body_like eval
['^first$', '^nil.*No such file or directory']



=== TEST 24: init_body, append_body, finish_body
--- http_config eval: $::Up
--- config
    location = /t {
        rewrite_by_lua_block {
            ngx.req.read_body()
            local n = select("#", ngx.req.init_body())
            n = n + select("#", ngx.req.append_body("new "))
            n = n + select("#", ngx.req.append_body("body "))
            ngx.req.append_body(12)
            n = n + select("#", ngx.req.finish_body())
            ngx.log(ngx.WARN, n, " ", ngx.req.get_body_data(), " ", ngx.var.content_length)
        }
        proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/up;
    }
--- request
POST /t
hello
--- response_body
POST 11 nil 11 [new body 12]
--- error_log
0 new body 12 11



=== TEST 25: what does not fit goes to a file
--- http_config eval: $::Slurp
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.req.init_body(4)
            ngx.req.append_body("abc")
            ngx.say(ngx.req.get_body_file(), " ", ngx.req.get_body_data())
            ngx.req.append_body("defghijkl")
            ngx.req.append_body("m")
            ngx.req.finish_body()
            ngx.say(require "slurp" (), " ", ngx.req.get_body_data(), " ", ngx.var.content_length)
        }
    }
--- request
POST /t
hello
--- response_body
nil abc
abcdefghijklm nil 13
--- error_log
a client request body is buffered to a temporary file



=== TEST 26: a buffer that is just full is still in memory
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.req.init_body(8)
            ngx.req.append_body("abcd")
            ngx.req.append_body("efgh")
            ngx.req.finish_body()
            ngx.say(ngx.req.get_body_file(), " ", ngx.req.get_body_data(), " ", ngx.var.content_length)
        }
    }
--- response_body
nil abcdefgh 8



=== TEST 27: the size is client_body_buffer_size if it is not given
--- config
    client_body_buffer_size 10;

    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            for _, n in ipairs { 10, 11 } do
                ngx.req.init_body()
                ngx.req.append_body(("x"):rep(n))
                ngx.req.finish_body()
                ngx.say(n, " ", ngx.req.get_body_file() and "file" or "memory")
            end
        }
    }
--- response_body
10 memory
11 file



=== TEST 28: with no buffer all of it is in a file
--- http_config eval: $::Slurp
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.req.init_body(0)
            ngx.req.append_body("abc")
            ngx.req.append_body("")
            ngx.req.append_body(("d"):rep(5))
            ngx.req.finish_body()
            ngx.say(require "slurp" (), " ", ngx.req.get_body_data(), " ", ngx.var.content_length)
        }
    }
--- response_body
abcddddd nil 8



=== TEST 29: nothing appended means no body
--- http_config eval: $::Up
--- config
    location = /t {
        rewrite_by_lua_block {
            ngx.req.read_body()
            if ngx.var.arg_size then
                ngx.req.init_body(tonumber(ngx.var.arg_size))
            else
                ngx.req.init_body()
            end
            ngx.req.append_body("")
            ngx.req.finish_body()
        }
        proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/up;
    }
--- request eval
["POST /t\nhello", "POST /t?size=0\nhello", "POST /t?size=100\nhello"]
--- response_body eval
["POST 0 nil 0 []\n", "POST 0 nil 0 []\n", "POST 0 nil 0 []\n"]
--- differs: the C module leaves a buffer without content, an alert of nginx



=== TEST 30: more can be appended, and finished again
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.req.init_body()
            ngx.req.append_body("abc")
            ngx.req.finish_body()
            ngx.req.append_body("def")
            ngx.say(ngx.req.get_body_data(), " ", ngx.req.get_headers().content_length)
            ngx.req.finish_body()
            ngx.say(ngx.req.get_body_data(), " ", ngx.req.get_headers().content_length)
        }
    }
--- request
POST /t
hello
--- response_body
abcdef 3
abcdef 6



=== TEST 31: beginning again forgets what was appended
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.req.init_body(2)
            ngx.req.append_body("abcdef")
            ngx.req.init_body()
            ngx.req.append_body("x")
            ngx.req.finish_body()
            ngx.say(ngx.req.get_body_data(), " ", ngx.req.get_body_file(), " ", ngx.var.content_length)
        }
    }
--- request
POST /t
hello
--- response_body
x nil 1



=== TEST 32: without init_body nothing can be appended, and after set_body_data neither
--- http_config eval: $::Try
--- config
    location = /t {
        content_by_lua_block {
            local try = require "try"
            ngx.say(try(ngx.req.append_body, "x"))
            ngx.say(try(ngx.req.finish_body))
            ngx.req.read_body()
            ngx.say(try(ngx.req.append_body, "x"))
            ngx.say(try(ngx.req.finish_body))
            ngx.req.init_body()
            ngx.req.set_body_data("abc")
            ngx.say(try(ngx.req.append_body, "x"))
            ngx.say(try(ngx.req.finish_body))
            ngx.say(ngx.req.get_body_data())
        }
    }
--- request
POST /t
hello
--- response_body
error: request_body not initialized
error: request_body not initialized
error: request_body not initialized
error: request_body not initialized
error: request_body not initialized
error: request_body not initialized
abc
--- differs: the C module appends to a buffer that is no longer the body



=== TEST 33: without init_body a large body that was read into memory is not appended to
--- http_config eval: $::Try
--- config
    location = /t {
        content_by_lua_block {
            local try = require "try"
            ngx.req.read_body()
            ngx.say(try(ngx.req.append_body, "x"))
            ngx.say(#ngx.req.get_body_data())
        }
    }
--- request eval
"POST /t\n" . ("x" x 5000)
--- response_body
error: request_body not initialized
5000
--- differs: the C module appends to nginx's own buffer



=== TEST 34: the sizes that init_body takes
--- http_config eval: $::Try
--- config
    location = /t {
        content_by_lua_block {
            local try, init = require "try", ngx.req.init_body
            ngx.req.read_body()
            ngx.say(try(init, -1))
            ngx.say(try(init, -2.5))
            ngx.say(try(init, 1, 2))
            ngx.say(try(function() return init("a") end))
            ngx.say(try(function() return init(nil) end))
            ngx.say(try(init, 2.9))
            ngx.say(try(init, "3"))
        }
    }
--- response_body_like chomp
\Aerror: bad size argument: -1
error: bad size argument: -2
error: expecting 0 or 1 argument but seen 2
error: bad argument #1 to '\S+' \(number expected, got string\)
error: bad argument #1 to '\S+' \(number expected, got nil\)
nil
nil
\z



=== TEST 35: what append_body and finish_body refuse
--- http_config eval: $::Try
--- config
    location = /t {
        content_by_lua_block {
            local try, append, finish = require "try", ngx.req.append_body, ngx.req.finish_body
            ngx.req.read_body()
            ngx.req.init_body()
            ngx.say(try(append))
            ngx.say(try(append, "a", "b"))
            ngx.say(try(function() return append({}) end))
            ngx.say(try(function() return append(nil) end))
            ngx.say(try(finish, 1))
            ngx.say(try(finish, nil))
        }
    }
--- response_body_like chomp
\Aerror: expecting 1 arguments but seen 0
error: expecting 1 arguments but seen 2
error: bad argument #1 to '\S+' \(string expected, got table\)
error: bad argument #1 to '\S+' \(string expected, got nil\)
error: expecting 0 argument but seen 1
error: expecting 0 argument but seen 1
\z



=== TEST 36: init_body before the body is read
--- http_config eval: $::Try
--- config
    location = /t {
        content_by_lua_block {
            local try = require "try"
            ngx.say(try(ngx.req.init_body))
            ngx.say(try(ngx.req.init_body, -1))
        }
    }
--- request
POST /t
hello
--- response_body
error: request body not read yet
error: request body not read yet



=== TEST 37: 10 MB appended at once, and in pieces
--- http_config eval: $::Up
--- config
    location = /t {
        client_body_buffer_size 16k;
        rewrite_by_lua_block {
            ngx.req.read_body()
            ngx.req.init_body()
            if ngx.var.arg_pieces then
                for i = 1, 10 do
                    ngx.req.append_body(("0123456789"):rep(104858))
                end
            else
                ngx.req.append_body(("0123456789"):rep(1048580))
            end
            ngx.req.finish_body()
        }
        proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/up;
    }
--- request eval
["POST /t\nhello", "POST /t?pieces=1\nhello"]
--- response_body eval
my $body = "0123456789" x 5;
["POST 10485800 nil 10485800 [$body]\n", "POST 10485800 nil 10485800 [$body]\n"]



=== TEST 38: a copy of a body in a file, with more at its end
--- http_config eval: $::Up
--- config
    location = /t {
        client_body_in_file_only clean;
        rewrite_by_lua_block {
            ngx.req.read_body()
            local file = assert(io.open(ngx.req.get_body_file()))
            local text = file:read("*a")
            file:close()
            ngx.req.init_body()
            ngx.req.append_body(text)
            ngx.req.append_body(", world")
            ngx.req.finish_body()
        }
        proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/up;
    }
--- request
POST /t
hello
--- response_body
POST 12 nil 12 [hello, world]



=== TEST 39: what is written to a file goes with the request
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.req.init_body(0)
            ngx.req.append_body("abc")
            ngx.req.finish_body()
            package.loaded.path = ngx.req.get_body_file()
            ngx.say(io.open(package.loaded.path) and "there")
        }
    }
    location = /after {
        content_by_lua_block { ngx.say(io.open(require "path")) }
    }
--- request eval
["POST /t\nhello", "GET /after"]
--- response_body_like eval
['^there$', '^nil.*No such file or directory']



=== TEST 40: in the phases around content
--- config
    location = /t {
        rewrite_by_lua_block {
            ngx.req.read_body()
            ngx.req.set_body_data("rewrite")
            ngx.ctx.seen = ngx.req.get_body_data()
        }
        access_by_lua_block {
            ngx.req.init_body()
            ngx.req.append_body("access")
            ngx.req.finish_body()
            ngx.ctx.seen = ngx.ctx.seen .. " " .. ngx.req.get_body_data()
        }
        content_by_lua_block { ngx.print("body") }
        header_filter_by_lua_block {
            ngx.req.set_body_data("header_filter")
            ngx.ctx.seen = ngx.ctx.seen .. " " .. ngx.req.get_body_data()
        }
        body_filter_by_lua_block {
            ngx.req.set_body_data("body_filter")
            ngx.arg[1] = ngx.ctx.seen .. " " .. ngx.req.get_body_data()
            ngx.arg[2] = true
        }
        log_by_lua_block {
            ngx.req.set_body_file(ngx.config.prefix() .. "html/index.html")
            ngx.log(ngx.WARN, "log: ", ngx.var.content_length)
        }
    }
--- request
POST /t
hello
--- response_body chop
rewrite access header_filter body_filter
--- error_log
log: 72



=== TEST 41: a header filter changes the body that a proxied server got
--- http_config eval: $::Up
--- config
    location = /t {
        rewrite_by_lua_block {
            ngx.req.read_body()
            ngx.req.set_body_data(("a"):rep(100000))
        }
        header_filter_by_lua_block { ngx.req.set_body_data(("b"):rep(200000)) }
        proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/up;
    }
--- request
POST /t
hello
--- response_body
POST 100000 nil 100000 [aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]



=== TEST 42: without a request: not in init, not in init_worker
--- http_config
    init_by_lua_block {
        local results = {}
        local calls = { set_body_data = "x", set_body_file = "x", init_body = 1, append_body = "x" }
        function collect()
            for _, name in ipairs { "set_body_data", "set_body_file", "init_body", "append_body", "finish_body" } do
                local function call()
                    if calls[name] then
                        ngx.req[name](calls[name])
                    else
                        ngx.req[name]()
                    end
                end
                local ok, err = pcall(call)
                results[#results + 1] = name .. ": " .. tostring(ok) .. " " .. err:gsub("^.*: ", "")
            end
        end
        collect()
        package.loaded.results = results
    }
    init_worker_by_lua_block { collect() }
--- config
    location = /t {
        content_by_lua_block { ngx.say(table.concat(require "results", "\n")) }
    }
--- response_body
set_body_data: false request object not found
set_body_file: false no request found
init_body: false no request found
append_body: false no request found
finish_body: false no request found
set_body_data: false API disabled in the current context
set_body_file: false API disabled in the current context
init_body: false API disabled in the current context
append_body: false API disabled in the current context
finish_body: false API disabled in the current context



=== TEST 43: a new body after an internal redirect
--- config
    location = /t {
        rewrite_by_lua_block {
            ngx.req.read_body()
            ngx.req.set_body_data("new")
            ngx.req.set_uri("/there", true)
        }
    }
    location = /there {
        content_by_lua_block {
            ngx.req.read_body()
            ngx.say(ngx.req.get_body_data())
        }
    }
--- request
POST /t
hello
--- response_body
new



=== TEST 44: a body that a subrequest changes is its own
--- config
    location = /copy {
        internal;
        content_by_lua_block {
            ngx.req.set_body_data("the body of the copy")
            ngx.log(ngx.WARN, "copy: ", ngx.req.get_body_data(), " ", ngx.req.get_headers()["Content-Length"])
        }
    }
    location = /t {
        mirror /copy;
        content_by_lua_block {
            ngx.sleep(0.02)
            ngx.say(ngx.req.get_body_data(), " ", ngx.req.get_headers()["Content-Length"])
        }
    }
--- request
POST /t
hello
--- response_body
hello 5
--- error_log
copy: the body of the copy 20
--- differs: in the C module it is the main request's too, which has the old length
