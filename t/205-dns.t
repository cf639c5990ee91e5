# Debian's lua-nginx-dns with a DNS server.

use Test::Nginx::Socket::Lua;

$ENV{TEST_NGINX_DNS_PORT} && -e '/usr/share/lua/5.1/nginx/dns/resolver.lua'
    ? plan('no_plan') : plan(skip_all => 'no dnsmasq or no lua-nginx-dns');

our $HttpConfig = <<'_EOC_';
    init_by_lua_block {
        local resolver = require "nginx.dns.resolver"

        function package.loaded.new(options)
            options = options or {}
            options.nameservers = options.nameservers or { { "127.0.0.1", $TEST_NGINX_DNS_PORT } }
            return assert(resolver:new(options))
        end

        local types = {}
        for name, number in pairs(resolver) do
            local word = type(name) == "string" and name:match("^TYPE_(%w+)$")
            if word then
                types[number] = word
            end
        end

        -- One line for each answer: its name, type and all that is in it.
        function package.loaded.say(answers, err)
            if not answers then
                return ngx.say("error: ", err)
            end
            if answers.errcode then
                ngx.say(answers.errcode, " ", answers.errstr)
            end
            for _, answer in ipairs(answers) do
                local fields = {}
                for key, value in pairs(answer) do
                    if key ~= "name" and key ~= "type" and key ~= "section" and key ~= "class"
                       and key ~= "ttl"
                    then
                        value = type(value) == "table" and table.concat(value, "+") or value
                        fields[#fields + 1] = key .. "=" .. value
                    end
                end
                table.sort(fields)
                ngx.say(answer.name, " ", types[answer.type], " ", table.concat(fields, " "))
            end
        end
    }
_EOC_

# A reply to the query, with these flags and no answers.
sub reply {
    my ($query, $flags) = @_;
    return substr($query, 0, 2) . pack("n", $flags) . substr($query, 4);
}

add_block_preprocessor(sub {
    my ($block) = @_;
    $block->set_value("http_config", $::HttpConfig) if !defined $block->http_config;
    $block->set_value("request", "GET /t") if !defined $block->request;
    $block->set_value("no_error_log", "[error]")
        if !defined $block->error_log && !defined $block->no_error_log;
});

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: A records
--- config
    location = /t {
        content_by_lua_block {
            local r, say = require("new")(), require "say"
            say(r:query("one.test"))
            local several = r:query("several.test", { qtype = r.TYPE_A })
            table.sort(several, function(a, b) return a.address < b.address end)
            say(several)
            local answer = r:query("one.test")[1]
            ngx.say(answer.section == r.SECTION_AN, " ", answer.class == r.CLASS_IN, " ", answer.ttl)
        }
    }
--- response_body
one.test A address=127.0.0.1
several.test A address=127.0.0.1
several.test A address=127.0.0.2
several.test A address=127.0.0.3
true true 60



=== TEST 2: AAAA records
--- config
    location = /t {
        content_by_lua_block {
            local r, say = require("new")(), require "say"
            say(r:query("six.test", { qtype = r.TYPE_AAAA }))
            say(r:query("both.test", { qtype = r.TYPE_AAAA }))
            local answer = r:query("six.test", { qtype = r.TYPE_AAAA })[1]
            ngx.say(r.compress_ipv6_addr(answer.address))
        }
    }
--- response_body
six.test AAAA address=0:0:0:0:0:0:0:1
both.test AAAA address=0:0:0:0:0:0:0:1
::1



=== TEST 3: a chain of CNAME records
--- config
    location = /t {
        content_by_lua_block {
            local r, say = require("new")(), require "say"
            say(r:query("chain.test"))
            say(r:query("alias.test", { qtype = r.TYPE_CNAME }))
        }
    }
--- response_body
chain.test CNAME cname=alias.test
alias.test CNAME cname=one.test
one.test A address=127.0.0.1
alias.test CNAME cname=one.test



=== TEST 4: a name that does not exist, one without such records, and one that is refused
--- config
    location = /t {
        content_by_lua_block {
            local r, say = require("new")(), require "say"
            say(r:query("nobody.test"))
            local answers = r:query("one.test", { qtype = r.TYPE_AAAA })
            ngx.say(#answers, " ", answers.errcode)
            say(r:query("example.org"))
        }
    }
--- response_body
3 name error
0 nil
5 refused



=== TEST 5: MX and SRV records
--- config
    location = /t {
        content_by_lua_block {
            local r, say = require("new")(), require "say"
            say(r:query("mail.test", { qtype = r.TYPE_MX }))
            say(r:query("_http._tcp.test", { qtype = r.TYPE_SRV }))
        }
    }
--- response_body_filters eval
sub { join '', sort $_[0] =~ /.*\n/g }
--- response_body
_http._tcp.test SRV port=8080 priority=10 target=one.test weight=60
_http._tcp.test SRV port=8081 priority=20 target=two.test weight=40
mail.test MX exchange=one.test preference=10
mail.test MX exchange=two.test preference=20



=== TEST 6: TXT, SPF and NS records
--- config
    location = /t {
        content_by_lua_block {
            local r, say = require("new")(), require "say"
            say(r:query("text.test", { qtype = r.TYPE_TXT }))
            say(r:query("texts.test", { qtype = r.TYPE_TXT }))
            say(r:query("spf.test", { qtype = r.TYPE_SPF }))
            say(r:query("zone.test", { qtype = r.TYPE_NS }))
        }
    }
--- response_body
text.test TXT txt=hello world
texts.test TXT txt=first+second
spf.test SPF spf=v=spf1 -al
zone.test NS nsdname=ns.test



=== TEST 7: additional records
--- config
    location = /t {
        content_by_lua_block {
            local r, say = require("new")(), require "say"
            local answers = r:query("_http._tcp.test", { qtype = r.TYPE_SRV, additional_section = true })
            local more = {}
            for _, answer in ipairs(answers) do
                if answer.section == r.SECTION_AR then
                    more[#more + 1] = answer.name .. "=" .. answer.address
                end
            end
            table.sort(more)
            ngx.say(table.concat(more, " "))
        }
    }
--- response_body
one.test=127.0.0.1 two.test=127.0.0.2



=== TEST 8: names of addresses
--- config
    location = /t {
        content_by_lua_block {
            local r, say = require("new")(), require "say"
            say(r:reverse_query("127.0.0.2"))
            say(r:reverse_query("127.0.1.7"))
            say(r:query(r.arpa_str("::1"), { qtype = r.TYPE_PTR }))
        }
    }
--- response_body_like
^2\.0\.0\.127\.in-addr\.arpa PTR ptrdname=two\.test
7\.1\.0\.127\.in-addr\.arpa PTR ptrdname=big\.test
1\.(?:0\.){31}ip6\.arpa PTR ptrdname=both\.test$



=== TEST 9: an answer that is too long for a datagram comes by TCP
--- config
    location = /t {
        content_by_lua_block {
            local r = require("new")()
            for i = 1, 3 do
                local answers, err = r:query("big.test")
                ngx.say(#answers, " ", answers[1].address, " ", answers[60].address)
            end
            ngx.say(r:query("one.test")[1].address)
        }
    }
--- response_body_like
^(?:60 127\.0\.1\.\d+ 127\.0\.1\.\d+
){3}127\.0\.0\.1$
--- error_log
query the TCP server due to reply truncation



=== TEST 10: tcp_query
--- config
    location = /t {
        content_by_lua_block {
            local r, say = require("new")(), require "say"
            say(r:tcp_query("one.test"))
            say(r:tcp_query("text.test", { qtype = r.TYPE_TXT }))
            ngx.say(#r:tcp_query("big.test"))
        }
    }
--- response_body
one.test A address=127.0.0.1
text.test TXT txt=hello world
60



=== TEST 11: a server that does not answer
--- config
    lua_socket_log_errors off;

    location = /t {
        content_by_lua_block {
            local r = require("new") {
                nameservers = { { "127.0.0.1", $TEST_NGINX_RAND_PORT_1 } },
                retrans = 1,
                timeout = 20,
            }
            local answers, err = r:query("one.test")
            ngx.say(answers, " ", (err:gsub(":%d+:", ":PORT:")))
        }
    }
--- udp_listen: $TEST_NGINX_RAND_PORT_1
--- udp_reply eval: []
--- response_body
nil failed to receive reply from UDP server 127.0.0.1:PORT: timeout



=== TEST 12: the next server is asked
--- config
    lua_socket_log_errors off;

    location = /t {
        content_by_lua_block {
            local r, say = require("new") {
                nameservers = {
                    { "127.0.0.1", $TEST_NGINX_RAND_PORT_1 },
                    { "127.0.0.1", $TEST_NGINX_DNS_PORT },
                },
            }, require "say"
            r.cur = 1
            r.socks[1]:settimeout(20)
            say(r:query("one.test"))
        }
    }
--- udp_listen: $TEST_NGINX_RAND_PORT_1
--- udp_reply eval: []
--- response_body
one.test A address=127.0.0.1



=== TEST 13: nobody listens
--- config
    lua_socket_log_errors off;

    location = /t {
        content_by_lua_block {
            local r = require("new") {
                nameservers = { { "127.0.0.1", $TEST_NGINX_RAND_PORT_1 } },
                timeout = 500,
            }
            for _, method in ipairs { "query", "tcp_query" } do
                local answers, err = r[method](r, "one.test")
                ngx.say(answers, " ", (err:gsub(":%d+:", ":PORT:")))
            end
        }
    }
--- response_body
nil failed to receive reply from UDP server 127.0.0.1:PORT: connection refused
nil failed to connect to TCP server 127.0.0.1:PORT: connection refused
--- error_log
recv() failed (111: Connection refused)



=== TEST 14: a truncated answer, and nobody listens for TCP
--- config
    lua_socket_log_errors off;

    location = /t {
        content_by_lua_block {
            local r = require("new") { nameservers = { { "127.0.0.1", $TEST_NGINX_RAND_PORT_1 } } }
            local answers, err = r:query("one.test")
            ngx.say(answers, " ", (err:gsub(":%d+:", ":PORT:")))
        }
    }
--- udp_listen: $TEST_NGINX_RAND_PORT_1
--- udp_reply eval
sub { ::reply(shift, 0x8380) }
--- response_body
nil failed to connect to TCP server 127.0.0.1:PORT: connection refused



=== TEST 15: answers to other queries are left out
--- config
    location = /t {
        content_by_lua_block {
            local r = require("new") { nameservers = { { "127.0.0.1", $TEST_NGINX_RAND_PORT_1 } } }
            local answers = r:query("one.test")
            ngx.say(#answers, " ", answers.errstr)
        }
    }
--- udp_listen: $TEST_NGINX_RAND_PORT_1
--- udp_reply eval
sub {
    my $query = shift;
    my $other = pack("n", unpack("n", $query) ^ 1) . substr($query, 2);
    [::reply($other, 0x8180), ::reply($other, 0x8180), ::reply($query, 0x8182)]
}
--- error_log
id mismatch in the DNS reply
--- response_body
0 server failure



=== TEST 16: answers that are none
--- config
    location = /t {
        content_by_lua_block {
            local r, say = require("new") {
                nameservers = { { "127.0.0.1", $TEST_NGINX_RAND_PORT_1 } },
            }, require "say"
            say(r:query("one.test"))
        }
    }
--- udp_listen: $TEST_NGINX_RAND_PORT_1
--- udp_reply eval
sub { ::reply(shift, 0) }
--- response_body
error: bad QR flag in the DNS response



=== TEST 17: options and names that are wrong
--- config
    location = /t {
        content_by_lua_block {
            local resolver = require "nginx.dns.resolver"
            ngx.say(resolver:new())
            ngx.say(resolver:new {})
            ngx.say(resolver:new { nameservers = {} })
            ngx.say(require("new")():query(".one.test"))
            ngx.say(resolver.query({}, "one.test"))
            ngx.say(resolver.set_timeout({}, 10))
        }
    }
--- response_body
nilno options table specified
nilno nameservers specified
nilno nameservers specified
nilbad name
nilnot initialized
nilnot initialized



=== TEST 18: a name server that is given by its name, or by address only
--- config
    resolver 127.0.0.1:$TEST_NGINX_DNS_PORT ipv6=off;

    location = /t {
        content_by_lua_block {
            local r, say = require("new") {
                nameservers = { { "alias.test", $TEST_NGINX_DNS_PORT } },
            }, require "say"
            say(r:query("two.test"))
            say(r:query("big.test") and r:tcp_query("two.test"))
            ngx.say((require("nginx.dns.resolver"):new { nameservers = { "127.0.0.1" } }).servers[1][2])
        }
    }
--- response_body
two.test A address=127.0.0.2
two.test A address=127.0.0.2
53



=== TEST 19: queries of many threads
--- config
    location = /t {
        content_by_lua_block {
            local threads = {}
            local names = { "one.test", "two.test", "big.test", "chain.test" }
            for i = 1, 12 do
                threads[i] = ngx.thread.spawn(function()
                    local r = require("new")()
                    return #r:query(names[i % 4 + 1])
                end)
            end
            local sum = 0
            for i = 1, 12 do
                local _, n = ngx.thread.wait(threads[i])
                sum = sum + n
            end
            ngx.say(sum)
        }
    }
--- response_body
195



=== TEST 20: in other phases and in a timer
--- config
    location = /t {
        rewrite_by_lua_block { ngx.ctx.a = require("new")():query("one.test")[1].address }
        access_by_lua_block { ngx.ctx.b = require("new")():query("two.test")[1].address }
        content_by_lua_block {
            local address
            ngx.timer.at(0, function()
                address = #require("new")():query("big.test")
            end)
            for i = 1, 200 do
                if address then
                    break
                end
                ngx.sleep(0.005)
            end
            ngx.say(ngx.ctx.a, " ", ngx.ctx.b, " ", address)
        }
    }
--- response_body
127.0.0.1 127.0.0.2 60



=== TEST 21: addresses in other ways of writing
--- config
    location = /t {
        content_by_lua_block {
            local resolver = require "nginx.dns.resolver"
            ngx.say(resolver.compress_ipv6_addr("fe80:0:0:0:0:0:0:1"))
            ngx.say(resolver.compress_ipv6_addr("0:0:0:0:0:0:0:0"))
            ngx.say(resolver.expand_ipv6_addr("fe80::1"))
            ngx.say(resolver.expand_ipv6_addr("::"))
            ngx.say(resolver.arpa_str("192.0.2.17"))
            ngx.say(resolver.arpa_str("2001:db8::1f"))
        }
    }
--- response_body
fe80::1
::
fe80:0:0:0:0:0:0:1
0:0:0:0:0:0:0:0
17.2.0.192.in-addr.arpa
f.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa
