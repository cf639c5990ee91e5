use Test::Nginx::Socket::Lua 'no_plan';

add_block_preprocessor(sub {
    my ($block) = @_;
    $block->set_value("no_error_log", "[error]")
        if !defined $block->error_log && !defined $block->no_error_log;
});

repeat_each(1);
no_long_string();
run_tests();

__DATA__

=== TEST 1: a function keeps a variable of code that ended with ngx.exit
--- differs: the C module gives it a variable of the next request
--- config
    location = /t {
        content_by_lua_block {
            local loaded = package.loaded
            local secret = "of request " .. ngx.var.arg_n
            if loaded.kept then
                ngx.say(loaded.kept())
            else
                loaded.kept = function() return secret end
                ngx.say("kept")
                ngx.exit(200)
            end
        }
    }
--- request eval
["GET /t?n=1", "GET /t?n=2", "GET /t?n=3"]
--- response_body eval
["kept\n", "of request 1\n", "of request 1\n"]



=== TEST 2: a function keeps and changes a variable of a thread that was killed
--- config
    location = /t {
        content_by_lua_block {
            local get, set
            local thread = ngx.thread.spawn(function()
                local value = "first"
                get = function() return value end
                set = function(v) value = v end
                ngx.sleep(60)
            end)
            ngx.thread.kill(thread)
            local before = get()
            set("second")
            ngx.say(before, " ", get())
        }
    }
--- request
GET /t
--- response_body
first second



=== TEST 3: a function keeps a variable of coroutines inside of a killed thread
--- config
    location = /t {
        content_by_lua_block {
            local get
            local thread = ngx.thread.spawn(function()
                local outer = "outer"
                coroutine.wrap(function()
                    local inner = "inner"
                    get = function() return outer .. " " .. inner end
                    ngx.sleep(60)
                end)()
            end)
            ngx.thread.kill(thread)
            ngx.say(get())
        }
    }
--- request
GET /t
--- response_body
outer inner



=== TEST 4: a function keeps a variable of code that a sibling's exit has ended
--- differs: the C module gives it a variable of the content phase
--- config
    location = /t {
        access_by_lua_block {
            local value = "of the entry thread"
            package.loaded.kept = function() return value end
            ngx.thread.spawn(function() ngx.sleep(0.001) ngx.exit(ngx.OK) end)
            ngx.sleep(60)
        }
        content_by_lua_block {
            local a, b, c, d = "a", "b", "c", "d"
            ngx.say(package.loaded.kept())
        }
    }
--- request
GET /t
--- response_body
of the entry thread



=== TEST 5: a function keeps a variable of a request whose client went away
--- differs: the C module gives it a variable of the next request
--- config
    lua_check_client_abort on;
    location = /wait {
        content_by_lua_block {
            local value = "of the first request"
            package.loaded.kept = function() return value end
            ngx.sleep(60)
        }
        log_by_lua_block { package.loaded.gone = true }
    }
    location = /t {
        content_by_lua_block {
            local a, b, c, d = "a", "b", "c", "d"
            while not package.loaded.gone do
                ngx.sleep(0.001)
            end
            ngx.say(package.loaded.kept())
        }
    }
--- init
    use Socket;
    socket(my $sock, PF_INET, SOCK_STREAM, 0) or die;
    connect($sock, sockaddr_in($ENV{TEST_NGINX_SERVER_PORT} || server_port(), INADDR_LOOPBACK)) or die;
    syswrite($sock, "GET /wait HTTP/1.1\r\nHost: localhost\r\n\r\n");
    select(undef, undef, undef, 0.05);
    close($sock);
--- request
GET /t
--- response_body
of the first request



=== TEST 6: a function keeps the variables of a thread that an error has ended
--- differs: the C module overwrites them
--- config
    location = /t {
        content_by_lua_block {
            local get
            local thread = ngx.thread.spawn(function()
                local first, second = "first", "second"
                get = function() return first .. " " .. second end
                local nothing
                return nothing.field
            end)
            ngx.say(get(), " ", coroutine.status(thread))
            ngx.thread.wait(thread)
            ngx.say(get(), " ", coroutine.status(thread))
        }
    }
--- request
GET /t
--- response_body
first second zombie
first second dead
--- error_log
attempt to index local 'nothing'
