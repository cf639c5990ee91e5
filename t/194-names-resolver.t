# Names of peers, looked up by nginx's resolver.

use Test::Nginx::Socket::Lua 'no_plan';

plan(skip_all => 'no DNS server') if !$ENV{TEST_NGINX_DNS_PORT};

# The server of the block says which address it was reached at.
our $HttpConfig = <<'_EOC_';
    resolver 127.0.0.1:$TEST_NGINX_DNS_PORT ipv6=off;
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1;
        listen 127.0.0.2:$TEST_NGINX_RAND_PORT_1;
        listen 127.0.0.3:$TEST_NGINX_RAND_PORT_1;
        location / { return 200 "$server_addr"; }
    }
    init_by_lua_block {
        -- The address behind a name, or why there is none.
        function where(host)
            local sock = ngx.socket.tcp()
            sock:settimeout(2000)
            local ok, err = sock:connect(host, $TEST_NGINX_RAND_PORT_1)
            if not ok then
                return err
            end
            sock:send("GET / HTTP/1.0\r\n\r\n")
            local answer = sock:receive("*a")
            sock:close()
            return answer:match("\r\n\r\n(.*)")
        end
    }
_EOC_

add_block_preprocessor(sub {
    my $block = shift;
    $block->set_value(http_config => $::HttpConfig) unless defined $block->http_config;
    $block->set_value(request => "GET /t") unless defined $block->request;
});

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: a name
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(where("one.test"))
            ngx.say(where("two.test"))
        }
    }
--- response_body
127.0.0.1
127.0.0.2

=== TEST 2: a name for a UDP socket
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.udp()
            ngx.say(sock:setpeername("one.test", $TEST_NGINX_RAND_PORT_2))
            ngx.say(sock:send("x"))
            ngx.say(sock:receive())
        }
    }
--- response_body
1
1
hello
--- udp_listen: $TEST_NGINX_RAND_PORT_2
--- udp_reply: hello

=== TEST 3: aliases
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(where("alias.test"))
            ngx.say(where("chain.test"))
        }
    }
--- response_body
127.0.0.1
127.0.0.1

=== TEST 4: one of several addresses
--- config
    location = /t {
        content_by_lua_block {
            local seen = {}
            for _ = 1, 100 do
                seen[where("several.test")] = true
            end
            ngx.say(seen["127.0.0.1"], " ", seen["127.0.0.2"], " ", seen["127.0.0.3"])
        }
    }
--- response_body
true true true

=== TEST 5: capital letters, and a dot at the end
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(where("ONE.test"))
            ngx.say(where("one.test."))
        }
    }
--- response_body
127.0.0.1
127.0.0.1

=== TEST 6: an answer that does not fit into a datagram
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            ngx.say(sock:connect("big.test", $TEST_NGINX_RAND_PORT_2))
        }
    }
--- response_body
nilconnection refused

=== TEST 7: a name that does not exist
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(where("NoSuch.test"))
            ngx.say(where("nosuch.test."))
        }
    }
--- response_body
nosuch.test could not be resolved (3: Host not found)
nosuch.test could not be resolved (3: Host not found)

=== TEST 8: a name without addresses
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(where("mail.test"))
        }
    }
--- response_body
mail.test could not be resolved (3: Host not found)

=== TEST 9: a server that refuses
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(where("www.example"))
        }
    }
--- response_body
www.example could not be resolved (5: Operation refused)

=== TEST 10: names that are none
--- config
    location = /t {
        content_by_lua_block {
            for _, name in ipairs { "a..b", ".a" } do
                ngx.say((where(name):gsub("^.* could", "could")))
            end
        }
    }
--- response_body
could not be resolved (3: Host not found)
could not be resolved (3: Host not found)

=== TEST 11: localhost is a name like others
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(where("localhost"))
        }
    }
--- response_body
localhost could not be resolved (5: Operation refused)

=== TEST 12: no answer
--- http_config eval
$::HttpConfig =~ s/resolver [^;]*;/resolver 127.0.0.1:\$TEST_NGINX_RAND_PORT_3; resolver_timeout 50ms;/r
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(where("silent.test"))
        }
    }
--- response_body
silent.test could not be resolved (110: Operation timed out)

=== TEST 13: a UDP socket is usable after a name was not found
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.udp()
            ngx.say(sock:setpeername("nosuch.test", 53))
            ngx.say(sock:setpeername("one.test", 53))
            ngx.say(sock:close())
        }
    }
--- response_body
nilnosuch.test could not be resolved (3: Host not found)
1
1

=== TEST 14: a port in the name
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.udp()
            ngx.say(sock:setpeername("one.test:$TEST_NGINX_RAND_PORT_2", 1))
            ngx.say(sock:send("x"))
            ngx.say(sock:receive())
        }
    }
--- response_body
1
1
hello
--- udp_listen: $TEST_NGINX_RAND_PORT_2
--- udp_reply: hello
--- differs: the C module takes it for a part of the name

=== TEST 15: a name without a port
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.udp()
            ngx.say(sock:setpeername("one.test"))
        }
    }
--- response_body
1

=== TEST 16: the resolver of the location
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(where("one.test"))
            ngx.print(ngx.location.capture("/other").body)
        }
    }
    location = /other {
        resolver 127.0.0.1:$TEST_NGINX_RAND_PORT_3;
        resolver_timeout 20ms;
        content_by_lua_block { ngx.say((where("one.test"):gsub("one.test", "127.0.0.1"):gsub(" be .*", ""))) }
    }
--- response_body
127.0.0.1
127.0.0.1 could not

=== TEST 17: in a timer
--- config
    location = /t {
        content_by_lua_block {
            local answer
            ngx.timer.at(0, function () answer = where("two.test") end)
            while not answer do ngx.sleep(0.005) end
            ngx.say(answer)
        }
    }
--- response_body
127.0.0.2

=== TEST 18: in a timer of init_worker_by_lua
--- http_config eval
$::HttpConfig . q{
    init_worker_by_lua_block {
        ngx.timer.at(0, function () package.loaded.answer = where("two.test") end)
    }
}
--- config
    location = /t {
        content_by_lua_block {
            while not package.loaded.answer do ngx.sleep(0.005) end
            ngx.say(package.loaded.answer)
        }
    }
--- response_body
127.0.0.2

=== TEST 19: in rewrite and access
--- config
    location = /t {
        rewrite_by_lua_block { ngx.ctx.rewrite = where("one.test") }
        access_by_lua_block { ngx.say(ngx.ctx.rewrite, " ", where("two.test")) }
    }
--- response_body
127.0.0.1 127.0.0.2

=== TEST 20: in coroutines
--- config
    location = /t {
        content_by_lua_block {
            local co = coroutine.wrap(function ()
                return coroutine.wrap(function () return where("two.test") end)()
            end)
            ngx.say(co())
        }
    }
--- response_body
127.0.0.2

=== TEST 21: many threads that ask for one name
--- config
    location = /t {
        content_by_lua_block {
            local threads = {}
            for i = 1, 20 do
                threads[i] = ngx.thread.spawn(where, "alias.test")
            end
            local n = 0
            for i = 1, 20 do
                local ok, address = ngx.thread.wait(threads[i])
                if address == "127.0.0.1" then n = n + 1 end
            end
            ngx.say(n)
        }
    }
--- response_body
20

=== TEST 22: a socket is busy while its name is looked up
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.udp()
            local thread = ngx.thread.spawn(function ()
                return sock:setpeername(ngx.now() .. ".test", 53)
            end)
            ngx.say(sock:setpeername("127.0.0.1", 53))
            local ok, result, err = ngx.thread.wait(thread)
            ngx.say(ok, " ", result, " ", err:match("%(.*"))
        }
    }
--- response_body
nilsocket busy
true nil (3: Host not found)

=== TEST 23: using a socket while its name is looked up
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.udp()
            local thread = ngx.thread.spawn(function ()
                return sock:setpeername(ngx.now() .. ".test", 53)
            end)
            ngx.say(sock:send("x"))
            ngx.say(sock:receive())
            ngx.say(sock:close())
            ngx.thread.wait(thread)
        }
    }
--- response_body
nilclosed
nilclosed
nilclosed

=== TEST 24: a thread that waits for a name is killed
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.udp()
            local thread = ngx.thread.spawn(function ()
                return sock:setpeername(ngx.now() .. ".test", 53)
            end)
            ngx.say(ngx.thread.kill(thread))
            ngx.say(sock:close())
            ngx.say(sock:setpeername("two.test", 53))
            ngx.say(where("one.test"))
        }
    }
--- response_body
1
nilclosed
1
127.0.0.1
--- differs: in the C module the socket stays busy

=== TEST 25: another thread ends the request
--- config
    location = /t {
        content_by_lua_block {
            for i = 1, 3 do
                ngx.thread.spawn(where, ngx.now() .. i .. ".test")
            end
            ngx.say("bye")
            ngx.exit(200)
        }
    }
--- response_body
bye

=== TEST 26: the chunk ends while a name is looked up
--- config
    location = /t {
        content_by_lua_block {
            for i = 1, 3 do
                ngx.thread.spawn(where, ngx.now() .. i .. ".test")
            end
            ngx.say("bye")
        }
    }
--- response_body
bye

=== TEST 27: where code cannot wait
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.udp()
            ngx.say(pcall(string.gsub, "x", "x", function ()
                return (sock:setpeername(ngx.now() .. ".test", 53))
            end))
            ngx.say(sock:setpeername("127.0.0.1", 53))
        }
    }
--- response_body
falseattempt to yield across C-call boundary
1
--- differs: in the C module the socket stays busy

=== TEST 28: a name that is known needs no wait
--- config
    location = /t {
        content_by_lua_block {
            where("one.test")
            ngx.say(pcall(string.gsub, "x", "x", function ()
                return (ngx.socket.udp():setpeername("one.test", 53))
            end))
        }
    }
--- response_body
true11
