# Names of peers where no resolver is configured: the hosts file and the servers
# of resolv.conf.

use Test::Nginx::Socket::Lua 'no_plan';

$ENV{TEST_NGINX_HTML_DIR} ||= html_dir();

# The server of the block says which address it was reached at.
our $HttpConfig = <<'_EOC_';
    lua_resolver system hosts=../html/hosts conf=../html/resolv.conf port=$TEST_NGINX_DNS_PORT;
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
    $block->set_value(request => "GET /t") unless defined $block->request || defined $block->must_die;
    $block->set_value(user_files => ">>> resolv.conf\nnameserver 127.0.0.1\n")
        unless defined $block->user_files;
});

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: the hosts file
--- skip_eval: 3: !$ENV{TEST_NGINX_DNS_PORT}
--- user_files
>>> hosts
# a comment
127.0.0.2	db db.example # another
127.0.0.3 web#x
>>> resolv.conf
nameserver 127.0.0.1
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(where("db"))
            ngx.say(where("db.example"))
            ngx.say(where("web"))
        }
    }
--- response_body
127.0.0.2
127.0.0.2
127.0.0.3
--- differs: the C module has no resolver of its own

=== TEST 2: names in the hosts file have no case, and may end with a dot
--- skip_eval: 3: !$ENV{TEST_NGINX_DNS_PORT}
--- user_files
>>> hosts
127.0.0.2 db web.example
>>> resolv.conf
nameserver 127.0.0.1
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(where("DB"))
            ngx.say(where("Web.Example."))
        }
    }
--- response_body
127.0.0.2
127.0.0.2
--- differs: the C module has no resolver of its own

=== TEST 3: the hosts file comes before the servers
--- skip_eval: 3: !$ENV{TEST_NGINX_DNS_PORT}
--- user_files
>>> hosts
127.0.0.3 one.test
>>> resolv.conf
nameserver 127.0.0.1
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(where("one.test"))
        }
    }
--- response_body
127.0.0.3
--- differs: the C module has no resolver of its own

=== TEST 4: several lines for a name: one of the addresses
--- skip_eval: 3: !$ENV{TEST_NGINX_DNS_PORT}
--- user_files
>>> hosts
127.0.0.2 db
127.0.0.3 db
>>> resolv.conf
nameserver 127.0.0.1
--- config
    location = /t {
        content_by_lua_block {
            local seen = {}
            for _ = 1, 60 do
                seen[where("db")] = true
            end
            ngx.say(seen["127.0.0.2"], " ", seen["127.0.0.3"])
        }
    }
--- response_body
true true
--- differs: the C module has no resolver of its own

=== TEST 5: IPv4 is preferred where both are known
--- skip_eval: 3: !$ENV{TEST_NGINX_DNS_PORT}
--- user_files
>>> hosts
::1 db
127.0.0.2 db
>>> resolv.conf
nameserver 127.0.0.1
--- config
    location = /t {
        content_by_lua_block {
            for _ = 1, 20 do
                ngx.print(where("db"), " ")
            end
        }
    }
--- response_body eval: "127.0.0.2 " x 20
--- differs: the C module has no resolver of its own

=== TEST 6: localhost needs no file and no server
--- skip_eval: 3: !$ENV{TEST_NGINX_DNS_PORT}
--- user_files
>>> other
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(where("localhost"))
            ngx.say(where("LOCALHOST"))
            ngx.say(where("a.localhost"))
            ngx.say(where("localhost."))
        }
    }
--- response_body
127.0.0.1
127.0.0.1
127.0.0.1
127.0.0.1
--- differs: the C module has no resolver of its own

=== TEST 7: localhost can be another address in the hosts file
--- skip_eval: 3: !$ENV{TEST_NGINX_DNS_PORT}
--- user_files
>>> hosts
127.0.0.2 localhost
>>> resolv.conf
nameserver 127.0.0.1
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(where("localhost"))
        }
    }
--- response_body
127.0.0.2
--- differs: the C module has no resolver of its own

=== TEST 8: an address from a server
--- skip_eval: 3: !$ENV{TEST_NGINX_DNS_PORT}
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
--- differs: the C module has no resolver of its own

=== TEST 9: for a UDP socket too
--- skip_eval: 3: !$ENV{TEST_NGINX_DNS_PORT}
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
--- differs: the C module has no resolver of its own

=== TEST 10: aliases
--- skip_eval: 3: !$ENV{TEST_NGINX_DNS_PORT}
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
--- differs: the C module has no resolver of its own

=== TEST 11: one of several addresses
--- skip_eval: 3: !$ENV{TEST_NGINX_DNS_PORT}
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
--- differs: the C module has no resolver of its own

=== TEST 12: IPv4 is preferred in answers too
--- skip_eval: 3: !$ENV{TEST_NGINX_DNS_PORT}
--- config
    location = /t {
        content_by_lua_block {
            for _ = 1, 20 do
                ngx.print(where("both.test"), " ")
            end
        }
    }
--- response_body eval: "127.0.0.1 " x 20
--- differs: the C module has no resolver of its own

=== TEST 13: a name with an IPv6 address only
--- skip_eval: 3: !$ENV{TEST_NGINX_DNS_PORT} || !-e '/proc/net/if_inet6'
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(where("six.test"))
        }
    }
--- response_body
connection refused
--- differs: the C module has no resolver of its own

=== TEST 14: an answer that does not fit into a datagram
--- skip_eval: 3: !$ENV{TEST_NGINX_DNS_PORT}
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            local ok, err = sock:connect("big.test", $TEST_NGINX_RAND_PORT_2)
            ngx.say(ok, " ", err)
        }
    }
--- response_body
nil connection refused
--- differs: the C module has no resolver of its own

=== TEST 15: use-vc: all questions go over TCP
--- skip_eval: 3: !$ENV{TEST_NGINX_DNS_PORT}
--- user_files
>>> resolv.conf
nameserver 127.0.0.1
options use-vc
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(where("one.test"))
            ngx.say(where("nosuch.test"))
        }
    }
--- response_body
127.0.0.1
nosuch.test could not be resolved (3: Host not found)
--- differs: the C module has no resolver of its own

=== TEST 16: edns0
--- skip_eval: 3: !$ENV{TEST_NGINX_DNS_PORT}
--- user_files
>>> resolv.conf
nameserver 127.0.0.1
options edns0
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(where("one.test"))
        }
    }
--- response_body
127.0.0.1
--- differs: the C module has no resolver of its own

=== TEST 17: no-aaaa
--- skip_eval: 3: !$ENV{TEST_NGINX_DNS_PORT}
--- user_files
>>> resolv.conf
nameserver 127.0.0.1
options no-aaaa
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(where("both.test"))
            ngx.say(where("six.test"))
        }
    }
--- response_body
127.0.0.1
six.test could not be resolved (3: Host not found)
--- differs: the C module has no resolver of its own

=== TEST 18: a name that does not exist, in small letters and without a dot
--- skip_eval: 3: !$ENV{TEST_NGINX_DNS_PORT}
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
--- differs: the C module has no resolver of its own

=== TEST 19: a name without addresses
--- skip_eval: 3: !$ENV{TEST_NGINX_DNS_PORT}
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(where("mail.test"))
        }
    }
--- response_body
mail.test could not be resolved (3: Host not found)
--- differs: the C module has no resolver of its own

=== TEST 20: a server that refuses
--- skip_eval: 3: !$ENV{TEST_NGINX_DNS_PORT}
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(where("www.example"))
        }
    }
--- response_body
www.example could not be resolved (5: Operation refused)
--- differs: the C module has no resolver of its own

=== TEST 21: names that are none
--- skip_eval: 3: !$ENV{TEST_NGINX_DNS_PORT}
--- config
    location = /t {
        content_by_lua_block {
            for _, name in ipairs { "a..b", ".a", ("x"):rep(64) .. ".test", ("x."):rep(128) .. "test" } do
                ngx.say((where(name):gsub("^.* could", "could")))
            end
        }
    }
--- response_body
could not be resolved (3: Host not found)
could not be resolved (3: Host not found)
could not be resolved (3: Host not found)
could not be resolved (3: Host not found)
--- differs: the C module has no resolver of its own

=== TEST 22: bytes that are no letters
--- skip_eval: 3: !$ENV{TEST_NGINX_DNS_PORT}
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(where("a b.test"))
            ngx.say(where("\0.test"))
            ngx.say(where("\255.test"))
        }
    }
--- response_body_like: ^a b\.test could not be resolved \(3: Host not found\)\n\x00\.test could not be resolved \(3: Host not found\)\n[^.]+\.test could not be resolved \(3: Host not found\)$
--- differs: the C module has no resolver of its own

=== TEST 23: a name for UDP that does not exist
--- skip_eval: 3: !$ENV{TEST_NGINX_DNS_PORT}
--- config
    location = /t {
        content_by_lua_block {
            local sock = ngx.socket.udp()
            ngx.say(sock:setpeername("nosuch.test", 53))
            ngx.say(sock:setpeername("one.test", 53))
        }
    }
--- response_body
nilnosuch.test could not be resolved (3: Host not found)
1
--- differs: the C module has no resolver of its own

=== TEST 24: search domains
--- skip_eval: 3: !$ENV{TEST_NGINX_DNS_PORT}
--- user_files
>>> resolv.conf
nameserver 127.0.0.1
search nosuch.test test
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(where("one"))
            ngx.say(where("two"))
        }
    }
--- response_body
127.0.0.1
127.0.0.2
--- differs: the C module has no resolver of its own

=== TEST 25: the last of search and domain counts
--- skip_eval: 3: !$ENV{TEST_NGINX_DNS_PORT}
--- user_files
>>> resolv.conf
nameserver 127.0.0.1
search nosuch.test
domain test
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(where("one"))
        }
    }
--- response_body
127.0.0.1
--- differs: the C module has no resolver of its own

=== TEST 26: a name with a dot is tried as it is first
--- skip_eval: 3: !$ENV{TEST_NGINX_DNS_PORT}
--- user_files
>>> resolv.conf
nameserver 127.0.0.1
search nosuch.test
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
--- differs: the C module has no resolver of its own

=== TEST 27: a name that ends with a dot is not searched for
--- skip_eval: 3: !$ENV{TEST_NGINX_DNS_PORT}
--- user_files
>>> resolv.conf
nameserver 127.0.0.1
search test
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(where("one."))
            ngx.say(where("one.test."))
        }
    }
--- response_body
one could not be resolved (5: Operation refused)
127.0.0.1
--- differs: the C module has no resolver of its own

=== TEST 28: a server that does not run is passed over
--- skip_eval: 3: !$ENV{TEST_NGINX_DNS_PORT}
--- user_files
>>> resolv.conf
nameserver 127.0.0.2
nameserver 127.0.0.3
nameserver 127.0.0.1
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(where("one.test"))
        }
    }
--- response_body
127.0.0.1
--- differs: the C module has no resolver of its own

=== TEST 29: no server runs
--- skip_eval: 3: !$ENV{TEST_NGINX_DNS_PORT}
--- user_files
>>> resolv.conf
nameserver 127.0.0.2
options attempts:1
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(where("one.test"))
        }
    }
--- response_body
one.test could not be resolved (110: Operation timed out)
--- error_log eval
qr/\(111: Connection refused\) while resolving, resolver: 127\.0\.0\.2:\d+/
--- differs: the C module has no resolver of its own

=== TEST 30: without resolv.conf, the server of this machine is asked
--- skip_eval: 3: !$ENV{TEST_NGINX_DNS_PORT}
--- user_files
>>> other
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(where("one.test"))
        }
    }
--- response_body
127.0.0.1
--- differs: the C module has no resolver of its own

=== TEST 31: servers take turns
--- skip_eval: 3: !$ENV{TEST_NGINX_DNS_PORT}
--- user_files
>>> resolv.conf
nameserver 127.0.0.1
nameserver 127.0.0.2
options rotate
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(where("one.test"))
            ngx.say(where("two.test"))
            ngx.say(where("alias.test"))
        }
    }
--- response_body
127.0.0.1
127.0.0.2
127.0.0.1
--- differs: the C module has no resolver of its own

=== TEST 32: changed files are read again
--- skip_eval: 3: !$ENV{TEST_NGINX_DNS_PORT}
--- config
    location = /t {
        content_by_lua_block {
            local function write(name, text)
                local path = "$TEST_NGINX_HTML_DIR/" .. name
                local file = assert(io.open(path .. ".new", "w"))
                file:write(text)
                file:close()
                assert(os.rename(path .. ".new", path))
            end
            write("hosts", "127.0.0.2 db\n")
            write("resolv.conf", "nameserver 127.0.0.1\n")
            ngx.sleep(1.05)
            ngx.say(where("db"), " ", where("one"))
            write("hosts", "127.0.0.3 db\n")
            write("resolv.conf", "nameserver 127.0.0.1\nsearch test\n")
            ngx.sleep(1.05)
            ngx.say(where("db"), " ", where("one"))
        }
    }
--- response_body
127.0.0.2 one could not be resolved (5: Operation refused)
127.0.0.3 127.0.0.1
--- differs: the C module has no resolver of its own

=== TEST 33: in a timer
--- skip_eval: 3: !$ENV{TEST_NGINX_DNS_PORT}
--- config
    location = /t {
        content_by_lua_block {
            local answer
            ngx.timer.at(0, function () answer = where("one.test") end)
            while not answer do ngx.sleep(0.005) end
            ngx.say(answer)
        }
    }
--- response_body
127.0.0.1
--- differs: the C module has no resolver of its own

=== TEST 34: in a timer of init_worker_by_lua
--- skip_eval: 3: !$ENV{TEST_NGINX_DNS_PORT}
--- http_config eval
$::HttpConfig . q{
    init_worker_by_lua_block {
        ngx.timer.at(0, function () answer = where("two.test") end)
    }
}
--- config
    location = /t {
        content_by_lua_block {
            while not answer do ngx.sleep(0.005) end
            ngx.say(answer)
        }
    }
--- response_body
127.0.0.2
--- differs: the C module has no resolver of its own

=== TEST 35: in rewrite and access
--- skip_eval: 3: !$ENV{TEST_NGINX_DNS_PORT}
--- config
    location = /t {
        rewrite_by_lua_block { ngx.ctx.rewrite = where("one.test") }
        access_by_lua_block { ngx.say(ngx.ctx.rewrite, " ", where("two.test")) }
    }
--- response_body
127.0.0.1 127.0.0.2
--- differs: the C module has no resolver of its own

=== TEST 36: in coroutines
--- skip_eval: 3: !$ENV{TEST_NGINX_DNS_PORT}
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
--- differs: the C module has no resolver of its own

=== TEST 37: where code cannot wait, and need not
--- skip_eval: 3: !$ENV{TEST_NGINX_DNS_PORT}
--- user_files
>>> hosts
127.0.0.2 db
>>> resolv.conf
nameserver 127.0.0.1
--- config
    location = /t {
        content_by_lua_block {
            local function connect(name)
                return pcall(string.gsub, "x", "x", function ()
                    return (ngx.socket.udp():setpeername(name, 53))
                end)
            end
            ngx.say(connect(ngx.now() .. ".test"))
            ngx.say(connect("db"))
        }
    }
--- response_body
falseattempt to yield across C-call boundary
true11
--- differs: the C module has no resolver of its own

=== TEST 38: many threads that ask for one name
--- skip_eval: 3: !$ENV{TEST_NGINX_DNS_PORT}
--- config
    location = /t {
        content_by_lua_block {
            local threads = {}
            for i = 1, 50 do
                threads[i] = ngx.thread.spawn(where, "alias.test")
            end
            local seen = {}
            for i = 1, 50 do
                local ok, address = ngx.thread.wait(threads[i])
                seen[address] = (seen[address] or 0) + 1
            end
            ngx.say(seen["127.0.0.1"])
        }
    }
--- response_body
50
--- timeout: 5
--- differs: the C module has no resolver of its own

=== TEST 39: many names at once
--- skip_eval: 3: !$ENV{TEST_NGINX_DNS_PORT}
--- config
    location = /t {
        content_by_lua_block {
            local threads = {}
            for i = 1, 50 do
                threads[i] = ngx.thread.spawn(where, "name" .. i .. ".test")
            end
            for i = 1, 50 do
                local ok, err = ngx.thread.wait(threads[i])
                assert(err == "name" .. i .. ".test could not be resolved (3: Host not found)", err)
            end
            ngx.say("done")
        }
    }
--- response_body
done
--- differs: the C module has no resolver of its own

=== TEST 40: a socket is busy while its name is looked up
--- skip_eval: 3: !$ENV{TEST_NGINX_DNS_PORT}
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
            ngx.say(sock:setpeername("127.0.0.1", 53))
            local ok, result, err = ngx.thread.wait(thread)
            ngx.say(ok, " ", result, " ", err:match("%(.*"))
        }
    }
--- response_body
nilclosed
nilclosed
nilclosed
nilsocket busy
true nil (3: Host not found)
--- differs: the C module has no resolver of its own

=== TEST 41: a thread that waits for a name is killed
--- skip_eval: 3: !$ENV{TEST_NGINX_DNS_PORT}
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
--- differs: the C module has no resolver of its own

=== TEST 42: another thread ends the request
--- skip_eval: 3: !$ENV{TEST_NGINX_DNS_PORT}
--- config
    location = /t {
        content_by_lua_block {
            ngx.thread.spawn(where, "one.test")
            ngx.thread.spawn(where, "one.test")
            ngx.say("bye")
            ngx.exit(200)
        }
    }
--- response_body
bye
--- differs: the C module has no resolver of its own

=== TEST 43: nginx's resolver goes first where it has servers
--- skip_eval: 3: !$ENV{TEST_NGINX_DNS_PORT}
--- user_files
>>> hosts
127.0.0.2 one.test
>>> resolv.conf
nameserver 127.0.0.1
--- config
    location = /t {
        content_by_lua_block {
            ngx.print(ngx.location.capture("/system").body, ngx.location.capture("/nginx").body)
        }
    }
    location = /system {
        content_by_lua_block { ngx.say(where("one.test")) }
    }
    location = /nginx {
        resolver 127.0.0.1:$TEST_NGINX_DNS_PORT ipv6=off;
        content_by_lua_block { ngx.say(where("one.test")) }
    }
--- response_body
127.0.0.2
127.0.0.1
--- differs: the C module has no resolver of its own

=== TEST 44: lua_resolver nginx: there is no other
--- http_config
    lua_resolver nginx;
    init_by_lua_block {
        function where(host) return select(2, ngx.socket.tcp():connect(host, 80)) end
    }
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(where("one.test"))
            ngx.say(where("localhost"))
        }
    }
--- response_body
no resolver defined to resolve "one.test"
no resolver defined to resolve "localhost"
--- differs: the C module has no resolver of its own

=== TEST 45: another word than system and nginx
--- http_config
    lua_resolver dns;
--- config
--- must_die
--- error_log
invalid parameter "dns"
--- differs: the C module has no resolver of its own

=== TEST 46: an unknown parameter
--- http_config
    lua_resolver system host=x;
--- config
--- must_die
--- error_log
invalid parameter "host=x"
--- differs: the C module has no resolver of its own

=== TEST 47: a port that is none
--- http_config
    lua_resolver system port=0;
--- config
--- must_die
--- error_log
invalid parameter "port=0"
--- differs: the C module has no resolver of its own

=== TEST 48: nginx takes no parameters
--- http_config
    lua_resolver nginx port=53;
--- config
--- must_die
--- error_log
invalid parameter "port=53"
--- differs: the C module has no resolver of its own

=== TEST 49: lua_resolver twice
--- http_config
    lua_resolver nginx; lua_resolver system;
--- config
--- must_die
--- error_log
"lua_resolver" directive is duplicate
--- differs: the C module has no resolver of its own
