# Sending and receiving on sockets with TLS: patterns, records of one byte, much data.

use Test::Nginx::Socket::Lua 'no_plan';
use Cwd qw(abs_path);
use File::Basename qw(dirname);

$ENV{TEST_NGINX_HTML_DIR} ||= html_dir();
$ENV{TEST_NGINX_CERT_DIR} ||= dirname(abs_path(__FILE__)) . "/cert";

our $HttpConfig = <<'_EOC_';
    lua_ssl_trusted_certificate $TEST_NGINX_CERT_DIR/ca.crt;
    init_by_lua_block {
        function connect(uri, protocol)
            local sock = ngx.socket.tcp()
            sock:settimeout(20000)
            assert(sock:connect("unix:$TEST_NGINX_HTML_DIR/test.sock"))
            assert(sock:sslhandshake(nil, "test.example", true))
            if uri then
                assert(sock:send("GET " .. uri .. " HTTP/1.0\r\n\r\n"))
                assert(sock:receiveuntil("\r\n\r\n")())
            end
            return sock
        end
    }
    server {
        listen unix:$TEST_NGINX_HTML_DIR/test.sock ssl;
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_certificate $TEST_NGINX_CERT_DIR/test.crt;
        ssl_certificate_key $TEST_NGINX_CERT_DIR/test.key;
        client_max_body_size 100m;
        client_body_buffer_size 64k;
        # A record for each byte of the argument.
        location = /bytes {
            content_by_lua_block {
                local text = ngx.unescape_uri(ngx.var.arg_text)
                ngx.send_headers()
                for c in text:gmatch(".") do
                    ngx.print(c)
                    ngx.flush(true)
                end
            }
        }
        location = /text {
            content_by_lua_block {
                ngx.print(ngx.unescape_uri(ngx.var.arg_text))
            }
        }
        location = /large {
            content_by_lua_block {
                local piece = ("0123456789abcdef"):rep(4096)
                for i = 1, ngx.var.arg_pieces do
                    ngx.print(piece)
                    ngx.flush(true)
                end
            }
        }
        location = /upload {
            content_by_lua_block {
                ngx.req.read_body()
                local data = ngx.req.get_body_data()
                if not data then
                    local file = io.open(ngx.req.get_body_file())
                    data = file:read("*a")
                    file:close()
                end
                ngx.print(#data, " ", ngx.md5(data))
            }
        }
        location = /echo {
            content_by_lua_block {
                local sock = ngx.req.socket(true)
                sock:settimeout(20000)
                sock:send("HTTP/1.1 200 OK\r\n\r\n")
                while true do
                    local data = sock:receiveany(65536)
                    if not data or not sock:send(data) then
                        return
                    end
                end
            }
        }
        location = /silent {
            content_by_lua_block {
                ngx.send_headers()
                ngx.flush(true)
                ngx.print("ab")
                ngx.flush(true)
                ngx.sleep(0.3)
                ngx.print("cd")
            }
        }
    }
_EOC_

add_block_preprocessor(sub {
    my $block = shift;
    $block->set_value(http_config => $::HttpConfig) unless defined $block->http_config;
    $block->set_value(request => "GET /t") unless defined $block->request;
    $block->set_value(no_error_log => "[error]") unless defined $block->no_error_log
        || defined $block->error_log;
});

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: lines, sizes and the rest
--- config
    location /t {
        content_by_lua_block {
            local sock = connect("/text?text=one%0D%0Atwo%0A%0A12345rest%0Aof+it")
            ngx.say(sock:receive())
            ngx.say(sock:receive("*l"))
            ngx.say(sock:receive())
            ngx.say(sock:receive(5))
            ngx.say(sock:receive(0))
            ngx.say(sock:receive("*a"))
            ngx.say(sock:receive("*a"))
            ngx.say(sock:receive())
        }
    }
--- response_body
one
two

12345

rest
of it

nilclosed
--- no_error_log
[alert]



=== TEST 2: the same, a byte in each record
--- config
    location /t {
        content_by_lua_block {
            local sock = connect("/bytes?text=one%0D%0Atwo%0A%0A12345rest%0Aof+it")
            ngx.say(sock:receive())
            ngx.say(sock:receive("*l"))
            ngx.say(sock:receive())
            ngx.say(sock:receive(5))
            ngx.say(sock:receive(0))
            ngx.say(sock:receive("*a"))
        }
    }
--- response_body
one
two

12345

rest
of it



=== TEST 3: receiveuntil, a byte in each record
--- config
    location /t {
        content_by_lua_block {
            local sock = connect("/bytes?text=abc--abcabcd--12abcabcabcabcdef")
            local read = sock:receiveuntil("abcabcd")
            ngx.say(read())
            read = sock:receiveuntil("abcabcd", { inclusive = true })
            ngx.say(read())
            ngx.say(read())
            ngx.say(sock:receive("*a"))
        }
    }
--- response_body
abc--
--12abcabcabcabcd
nilclosedef
nilclosed
--- error_log
attempt to receive data on a closed socket



=== TEST 4: receiveuntil in pieces, a byte in each record
--- config
    location /t {
        content_by_lua_block {
            local sock = connect("/bytes?text=0123456789--boundary--tail")
            local read = sock:receiveuntil("--boundary--")
            repeat
                local data, err = read(4)
                ngx.say(data, " ", err)
            until not data
            ngx.say(sock:receive("*a"))
        }
    }
--- response_body
0123 nil
4567 nil
89 nil
nil nil
tail



=== TEST 5: receiveany
--- config
    location /t {
        content_by_lua_block {
            local sock = connect("/text?text=0123456789")
            ngx.say(sock:receiveany(4))
            ngx.say(sock:receiveany(100))
            ngx.say(sock:receiveany(100))
        }
    }
--- response_body
0123
456789
nilclosed



=== TEST 6: a timeout keeps what has come
--- config
    location /t {
        content_by_lua_block {
            local sock = connect("/silent")
            sock:settimeout(50)
            local data, err, partial = sock:receive(4)
            ngx.say(data, " ", err, " ", partial)
            sock:settimeout(2000)
            ngx.say(sock:receive("*a"))
        }
    }
--- response_body
nil timeout ab
cd
--- error_log
lua tcp socket read timed out



=== TEST 7: more than a record in one call
--- config
    location /t {
        content_by_lua_block {
            local sock = connect("/large?pieces=32")
            local data = sock:receive(1048576)
            ngx.say(#data, " ", data == ("0123456789abcdef"):rep(65536))
            ngx.say(#sock:receive("*a"))
        }
    }
--- response_body
1048576 true
1048576



=== TEST 8: 20 MB received, in pieces of odd sizes
--- config
    location /t {
        content_by_lua_block {
            local sock = connect("/large?pieces=320")
            local sum, size = 0, 1
            while true do
                local data, err, partial = sock:receive(size)
                sum = sum + #(data or partial)
                if not data then
                    break
                end
                size = size * 7 % 100003 + 1
            end
            ngx.say(sum)
        }
    }
--- response_body
20971520



=== TEST 9: 10 MB sent
--- config
    location /t {
        content_by_lua_block {
            local data = ("0123456789abcdef"):rep(655360)
            local sock = connect()
            ngx.say(sock:send({ "POST /upload HTTP/1.0\r\nContent-Length: ", #data, "\r\n\r\n" }) > 0)
            ngx.say(sock:send(data))
            ngx.say(sock:receive("*a"):match("\r\n\r\n(.*)") == #data .. " " .. ngx.md5(data))
        }
    }
--- response_body
true
10485760
true



=== TEST 10: tables and numbers are sent
--- config
    location /t {
        content_by_lua_block {
            local sock = connect()
            sock:send("GET /echo HTTP/1.1\r\nHost: x\r\n\r\n")
            sock:receiveuntil("\r\n\r\n")()
            ngx.say(sock:send({ "a", { "b", 1.5 }, 2 }))
            ngx.say(sock:send(""), sock:send({}), sock:send(3), sock:send(true))
            ngx.say(sock:receive(11))
        }
    }
--- response_body
6
0014
ab1.523true



=== TEST 11: bytes of all values
--- config
    location /t {
        content_by_lua_block {
            local bytes = {}
            for i = 0, 255 do
                bytes[#bytes + 1] = string.char(i)
            end
            local all = table.concat(bytes):rep(100)
            local sock = connect()
            sock:send("GET /echo HTTP/1.1\r\nHost: x\r\n\r\n")
            sock:receiveuntil("\r\n\r\n")()
            sock:send(all)
            ngx.say(sock:receive(#all) == all)
        }
    }
--- response_body
true



=== TEST 12: a thread sends while another one receives
--- config
    location /t {
        content_by_lua_block {
            local data = ("0123456789abcdef"):rep(131072)
            local sock = connect()
            sock:send("GET /echo HTTP/1.1\r\nHost: x\r\n\r\n")
            sock:receiveuntil("\r\n\r\n")()
            local sender = ngx.thread.spawn(function()
                return sock:send(data)
            end)
            local received = sock:receive(#data)
            ngx.say(received == data)
            ngx.say(ngx.thread.wait(sender))
        }
    }
--- response_body
true
true2097152



=== TEST 13: many small messages there and back
--- config
    location /t {
        content_by_lua_block {
            local sock = connect()
            sock:send("GET /echo HTTP/1.1\r\nHost: x\r\n\r\n")
            sock:receiveuntil("\r\n\r\n")()
            local wrong = 0
            for i = 1, 1000 do
                sock:send({ i, "\n" })
                if sock:receive() ~= tostring(i) then
                    wrong = wrong + 1
                end
            end
            ngx.say(wrong)
        }
    }
--- response_body
0



=== TEST 14: a small buffer
--- config
    location /t {
        lua_socket_buffer_size 1;
        content_by_lua_block {
            local sock = connect("/text?text=one%0Atwo%0A0123456789")
            ngx.say(sock:receive())
            ngx.say(sock:receive())
            ngx.say(sock:receive("*a"))
        }
    }
--- response_body
one
two
0123456789



=== TEST 15: sending to a server that has closed
--- config
    location /t {
        content_by_lua_block {
            local sock = connect("/text?text=x")
            sock:receive("*a")
            local ok, err
            for i = 1, 5 do
                ok, err = sock:send(("x"):rep(100000))
                if not ok then
                    break
                end
                ngx.sleep(0.01)
            end
            ngx.say(ok)
        }
    }
--- response_body
nil
--- error_log eval: qr/\[(?:error|info)\]/



=== TEST 16: getfd and options of a socket with TLS
--- config
    location /t {
        content_by_lua_block {
            local sock = connect()
            ngx.say(sock:setoption("keepalive", true), " ", sock:getoption("keepalive"))
        }
    }
--- response_body
true 1
