# sslhandshake: the verification of the server's certificate.

use Test::Nginx::Socket::Lua 'no_plan';
use Cwd qw(abs_path);
use File::Basename qw(dirname);

$ENV{TEST_NGINX_HTML_DIR} ||= html_dir();
$ENV{TEST_NGINX_CERT_DIR} ||= dirname(abs_path(__FILE__)) . "/cert";

our $Functions = <<'_EOC_';
    init_by_lua_block {
        -- Verifies the certificate of one of the servers below, and says what came
        -- of it.
        function verify(name, host)
            local sock = ngx.socket.tcp()
            sock:settimeout(20000)
            assert(sock:connect("unix:$TEST_NGINX_HTML_DIR/" .. name .. ".sock"))
            local ok, err = sock:sslhandshake(false, host, true)
            ngx.say(name, ": ", ok, " ", err)
            return sock
        end
    }
_EOC_

our $Servers = "";
for my $name (qw(test test-rsa chain deep selfsigned unknown expired future revoked)) {
    my $server = <<'_EOC_';
    server {
        listen unix:$TEST_NGINX_HTML_DIR/NAME.sock ssl;
        ssl_certificate $TEST_NGINX_CERT_DIR/NAME.crt;
        ssl_certificate_key $TEST_NGINX_CERT_DIR/NAME.key;
        location / {
            return 200 "NAME";
        }
    }
_EOC_
    $server =~ s/NAME/$name/g;
    $Servers .= $server;
}

our $Trusting = $Functions . $Servers . <<'_EOC_';
    lua_ssl_trusted_certificate $TEST_NGINX_CERT_DIR/ca.crt;
_EOC_

add_block_preprocessor(sub {
    my $block = shift;
    $block->set_value(http_config => $::Trusting) unless defined $block->http_config;
    $block->set_value(request => "GET /t") unless defined $block->request;
    $block->set_value(no_error_log => "[error]") unless defined $block->no_error_log
        || defined $block->error_log;
});

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: a certificate by a trusted authority
--- config
    location /t {
        content_by_lua_block {
            verify("test", "test.example")
            verify("test-rsa", "test.example")
        }
    }
--- response_body
test: true nil
test-rsa: true nil



=== TEST 2: a certificate by an intermediate authority
--- config
    location /t {
        content_by_lua_block {
            verify("chain", "chain.example")
        }
    }
--- response_body
chain: true nil



=== TEST 3: one that is self-signed
--- config
    location /t {
        content_by_lua_block {
            verify("selfsigned", "test.example")
        }
    }
--- response_body
selfsigned: nil 18: self-signed certificate
--- error_log
lua ssl certificate verify error: (18: self-signed certificate)



=== TEST 4: one by an authority that is not trusted
--- config
    location /t {
        content_by_lua_block {
            verify("unknown", "test.example")
        }
    }
--- response_body
unknown: nil 21: unable to verify the first certificate
--- error_log
lua ssl certificate verify error: (21: unable to verify the first certificate)



=== TEST 5: one that has expired
--- config
    location /t {
        content_by_lua_block {
            verify("expired", "test.example")
        }
    }
--- response_body
expired: nil 10: certificate has expired
--- error_log
lua ssl certificate verify error: (10: certificate has expired)



=== TEST 6: one that is not valid yet
--- config
    location /t {
        content_by_lua_block {
            verify("future", "test.example")
        }
    }
--- response_body
future: nil 9: certificate is not yet valid
--- error_log
lua ssl certificate verify error: (9: certificate is not yet valid)



=== TEST 7: one for another host
--- config
    location /t {
        content_by_lua_block {
            verify("test", "other.example")
        }
    }
--- response_body
test: nil certificate host mismatch
--- error_log
lua ssl certificate does not match host "other.example"



=== TEST 8: names are compared without regard to case, and with wildcards
--- config
    location /t {
        content_by_lua_block {
            verify("test", "TEST.Example")
            verify("test", "a.wild.example")
            verify("test", "a.b.wild.example")
            verify("test", "wild.example")
            verify("test", "test.example.")
        }
    }
--- response_body
test: true nil
test: true nil
test: nil certificate host mismatch
test: nil certificate host mismatch
test: nil certificate host mismatch
--- error_log
lua ssl certificate does not match host "a.b.wild.example"
lua ssl certificate does not match host "wild.example"
lua ssl certificate does not match host "test.example."



=== TEST 9: an IP address is no host name, even if the certificate is for it
--- config
    location /t {
        content_by_lua_block {
            verify("test", "127.0.0.1")
        }
    }
--- response_body
test: nil certificate host mismatch
--- error_log
lua ssl certificate does not match host "127.0.0.1"



=== TEST 10: a name with a NUL is taken whole
--- config
    location /t {
        content_by_lua_block {
            verify("test", "test.example\0.evil.example")
        }
    }
--- response_body
test: nil certificate host mismatch
--- error_log
lua ssl certificate does not match host "test.example



=== TEST 11: without a name, the host is not looked at
--- config
    location /t {
        content_by_lua_block {
            verify("test")
            verify("chain")
            verify("selfsigned")
        }
    }
--- response_body
test: true nil
chain: true nil
selfsigned: nil 18: self-signed certificate
--- error_log
lua ssl certificate verify error: (18: self-signed certificate)



=== TEST 12: without verification, everything is taken
--- config
    location /t {
        content_by_lua_block {
            for _, name in ipairs { "selfsigned", "unknown", "expired", "future", "deep" } do
                local sock = ngx.socket.tcp()
                sock:connect("unix:$TEST_NGINX_HTML_DIR/" .. name .. ".sock")
                ngx.say(name, ": ", sock:sslhandshake(false, "other.example"), " ",
                        sock:sslhandshake(false, "other.example", false))
            end
        }
    }
--- response_body
selfsigned: true true
unknown: true true
expired: true true
future: true true
deep: true true



=== TEST 13: any true value asks for verification
--- config
    location /t {
        content_by_lua_block {
            for _, value in ipairs { 1, "no", {} } do
                local sock = ngx.socket.tcp()
                sock:connect("unix:$TEST_NGINX_HTML_DIR/expired.sock")
                ngx.say(sock:sslhandshake(nil, nil, value))
            end
        }
    }
--- response_body
nil10: certificate has expired
nil10: certificate has expired
nil10: certificate has expired
--- error_log
lua ssl certificate verify error: (10: certificate has expired)



=== TEST 14: a connection that is not verified is closed
--- config
    location /t {
        content_by_lua_block {
            for _, case in ipairs { { "expired", "test.example" }, { "test", "other.example" } } do
                local sock = verify(case[1], case[2])
                ngx.say(sock:send("GET / HTTP/1.0\r\n\r\n"))
                ngx.say(sock:receive())
                ngx.say(sock:setkeepalive())
                ngx.say(sock:close())
            end
        }
    }
--- response_body
expired: nil 10: certificate has expired
nilclosed
nilclosed
nilclosed
nilclosed
test: nil certificate host mismatch
nilclosed
nilclosed
nilclosed
nilclosed
--- error_log
lua ssl certificate verify error
lua ssl certificate does not match host



=== TEST 15: no lines with lua_socket_log_errors off
--- config
    location /t {
        lua_socket_log_errors off;
        content_by_lua_block {
            verify("expired", "test.example")
            verify("test", "other.example")
        }
    }
--- response_body
expired: nil 10: certificate has expired
test: nil certificate host mismatch
--- no_error_log
lua ssl certificate



=== TEST 16: more intermediate authorities than lua_ssl_verify_depth
--- config
    location /t {
        content_by_lua_block {
            verify("deep", "deep.example")
        }
    }
--- response_body
deep: nil 20: unable to get local issuer certificate
--- error_log
lua ssl certificate verify error: (20: unable to get local issuer certificate)



=== TEST 17: lua_ssl_verify_depth 2
--- config
    location /t {
        lua_ssl_verify_depth 2;
        content_by_lua_block {
            verify("deep", "deep.example")
        }
    }
--- response_body
deep: true nil



=== TEST 18: lua_ssl_verify_depth 0
--- config
    location /t {
        lua_ssl_verify_depth 0;
        content_by_lua_block {
            verify("test", "test.example")
            verify("chain", "chain.example")
        }
    }
--- response_body
test: true nil
chain: nil 20: unable to get local issuer certificate
--- error_log
lua ssl certificate verify error



=== TEST 19: lua_ssl_verify_depth without a trusted certificate
--- http_config eval: $::Functions . $::Servers
--- config
    location /t {
        lua_ssl_verify_depth 3;
        content_by_lua_block {
            verify("deep", "deep.example")
            verify("selfsigned", "test.example")
        }
    }
--- response_body
deep: nil 20: unable to get local issuer certificate
selfsigned: nil 18: self-signed certificate
--- error_log
lua ssl certificate verify error: (20: unable to get local issuer certificate)
lua ssl certificate verify error: (18: self-signed certificate)



=== TEST 20: lua_ssl_crl
--- config
    location /t {
        lua_ssl_crl $TEST_NGINX_CERT_DIR/crl.pem;
        content_by_lua_block {
            verify("revoked", "test.example")
            verify("test", "test.example")
        }
    }
--- response_body
revoked: nil 23: certificate revoked
test: true nil
--- error_log
lua ssl certificate verify error: (23: certificate revoked)



=== TEST 21: a chain needs a revocation list of each authority
--- config
    location /t {
        lua_ssl_crl $TEST_NGINX_CERT_DIR/crl.pem;
        content_by_lua_block {
            verify("chain", "chain.example")
        }
    }
--- response_body
chain: nil 3: unable to get certificate CRL
--- error_log
lua ssl certificate verify error: (3: unable to get certificate CRL)



=== TEST 22: trusting a certificate that is self-signed
--- config
    location /t {
        lua_ssl_trusted_certificate $TEST_NGINX_CERT_DIR/selfsigned.crt;
        content_by_lua_block {
            verify("selfsigned", "test.example")
            verify("test", "test.example")
        }
    }
--- response_body
selfsigned: true nil
test: nil 21: unable to verify the first certificate
--- error_log
lua ssl certificate verify error: (21: unable to verify the first certificate)



=== TEST 23: nothing to trust
--- http_config eval: $::Functions . $::Servers
--- config
    location /t {
        content_by_lua_block {
            verify("test", "test.example")
            verify("selfsigned", "test.example")
            verify("expired", "test.example")
        }
    }
--- response_body
test: nil 20: unable to get local issuer certificate
selfsigned: nil 18: self-signed certificate
expired: nil 20: unable to get local issuer certificate
--- error_log
lua ssl certificate verify error: (20: unable to get local issuer certificate)



=== TEST 24: the system's certificates, where the configuration names none
--- main_config
    env SSL_CERT_FILE=$TEST_NGINX_CERT_DIR/ca.crt;
--- http_config eval: $::Functions . $::Servers
--- config
    location /t {
        content_by_lua_block {
            verify("test", "test.example")
            verify("test", "other.example")
            verify("chain", "chain.example")
            verify("deep", "deep.example")
        }
    }
--- response_body
test: true nil
test: nil certificate host mismatch
chain: true nil
deep: nil 22: certificate chain too long
--- error_log eval
qr{lua ssl certificate verify error: \(22: certificate chain too long\), trusting ".*/ca\.crt"}
--- differs: the C module trusts nothing then



=== TEST 25: the log says which file has the system's certificates
--- main_config
    env SSL_CERT_FILE=$TEST_NGINX_CERT_DIR/ca.crt;
--- http_config eval: $::Functions . $::Servers
--- config
    location /t {
        content_by_lua_block {
            verify("test", "test.example")
        }
    }
--- response_body
test: true nil
--- grep_error_log eval: qr{lua ssl certificates are verified with those in ".*/ca\.crt"}
--- grep_error_log_out eval
[qr{.}, ""]
--- differs: the C module trusts nothing then



=== TEST 26: the system's certificates when there are none
--- main_config
    env SSL_CERT_FILE=$TEST_NGINX_CERT_DIR/none.crt;
--- http_config eval: $::Functions . $::Servers
--- config
    location /t {
        content_by_lua_block {
            verify("test", "test.example")
        }
    }
--- response_body
test: nil 20: unable to get local issuer certificate
--- error_log eval
qr{\(20: unable to get local issuer certificate\), trusting none: the certificates in ".*/none\.crt" cannot be read}
--- differs: the C module does not look for the system's certificates



=== TEST 27: the system's certificates take no part where the configuration names some
--- main_config
    env SSL_CERT_FILE=$TEST_NGINX_CERT_DIR/ca.crt;
--- http_config eval: $::Functions . $::Servers
--- config
    location /t {
        lua_ssl_trusted_certificate $TEST_NGINX_CERT_DIR/selfsigned.crt;
        content_by_lua_block {
            verify("test", "test.example")
            verify("selfsigned", "test.example")
        }
    }
--- response_body
test: nil 21: unable to verify the first certificate
selfsigned: true nil
--- error_log
lua ssl certificate verify error
--- no_error_log
trusting



=== TEST 28: the system's certificates take no part in a handshake without verification
--- main_config
    env SSL_CERT_FILE=$TEST_NGINX_CERT_DIR/ca.crt;
--- http_config eval: $::Functions . $::Servers
--- config
    location /t {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            sock:connect("unix:$TEST_NGINX_HTML_DIR/test.sock")
            ngx.say(sock:sslhandshake(false, "test.example"))
        }
    }
--- response_body
true
--- no_error_log
lua ssl certificates are verified



=== TEST 29: an empty name of a trusted certificate is none
--- config
    location /t {
        lua_ssl_trusted_certificate "";
        content_by_lua_block {
            verify("test", "test.example")
        }
    }
--- response_body
test: nil 20: unable to get local issuer certificate
--- error_log
lua ssl certificate verify error: (20: unable to get local issuer certificate)



=== TEST 30: a session does not stand in for verification
--- config
    location /t {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            sock:connect("unix:$TEST_NGINX_HTML_DIR/expired.sock")
            local session = sock:sslhandshake(nil, "test.example")
            sock:close()
            for i = 1, 2 do
                sock:connect("unix:$TEST_NGINX_HTML_DIR/expired.sock")
                ngx.say(sock:sslhandshake(session, "test.example", true))
            end
        }
    }
--- response_body
nil10: certificate has expired
nil10: certificate has expired
--- error_log
lua ssl certificate verify error: (10: certificate has expired)



=== TEST 31: the host is looked at with a session as well
--- config
    location /t {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            sock:connect("unix:$TEST_NGINX_HTML_DIR/test.sock")
            local session = sock:sslhandshake(nil, "test.example", true)
            sock:close()
            sock:connect("unix:$TEST_NGINX_HTML_DIR/test.sock")
            ngx.say(sock:sslhandshake(session, "other.example", true))
        }
    }
--- response_body
nilcertificate host mismatch
--- error_log
lua ssl certificate does not match host "other.example"



=== TEST 32: without lua_ssl_crl, revocations are not known
--- config
    location /t {
        content_by_lua_block {
            verify("revoked", "test.example")
        }
    }
--- response_body
revoked: true nil



=== TEST 33: the number of an error belongs to that error
--- config
    location /t {
        content_by_lua_block {
            local sock = verify("expired", "test.example")
            ngx.say(sock:sslhandshake())
        }
    }
--- response_body
expired: nil 10: certificate has expired
nilclosed
--- error_log
lua ssl certificate verify error
--- differs: the C module says "10: closed"
