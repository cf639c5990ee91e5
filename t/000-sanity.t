use Test::Nginx::Socket::Lua 'no_plan';

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: stock nginx answers
--- config
    location = /t {
        return 200 "hello\n";
    }
--- request
GET /t
--- response_body
hello



=== TEST 2: the Lua module answers
--- config
    location = /t {
        content_by_lua_block {
            ngx.say("hello")
            ngx.log(ngx.WARN, "said it")
        }
    }
--- request
GET /t
--- response_body
hello
--- error_log
said it
--- no_error_log
[error]
