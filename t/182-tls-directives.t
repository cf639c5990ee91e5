# The lua_ssl_* directives: where they stand, what they inherit, their mistakes.

use Test::Nginx::Socket::Lua 'no_plan';
use Cwd qw(abs_path);
use File::Basename qw(dirname);

$ENV{TEST_NGINX_HTML_DIR} ||= html_dir();
$ENV{TEST_NGINX_CERT_DIR} ||= dirname(abs_path(__FILE__)) . "/cert";

our $Servers = <<'_EOC_';
    init_by_lua_block {
        -- What a server says of the connection, or why there is none.
        function try(name, host, verify)
            local sock = ngx.socket.tcp()
            sock:settimeout(20000)
            assert(sock:connect("unix:$TEST_NGINX_HTML_DIR/" .. name .. ".sock"))
            local ok, err = sock:sslhandshake(false, host, verify)
            if not ok then
                return ngx.say(err)
            end
            sock:send("GET / HTTP/1.0\r\n\r\n")
            ngx.say(sock:receive("*a"):match("\r\n\r\n(.*)"))
            sock:close()
        end
    }
    server {
        listen unix:$TEST_NGINX_HTML_DIR/any.sock ssl;
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_certificate $TEST_NGINX_CERT_DIR/test.crt;
        ssl_certificate_key $TEST_NGINX_CERT_DIR/test.key;
        ssl_certificate $TEST_NGINX_CERT_DIR/test-rsa.crt;
        ssl_certificate_key $TEST_NGINX_CERT_DIR/test-rsa.key;
        location / {
            return 200 "$ssl_protocol $ssl_cipher";
        }
    }
    server {
        listen unix:$TEST_NGINX_HTML_DIR/12.sock ssl;
        ssl_protocols TLSv1.2;
        ssl_certificate $TEST_NGINX_CERT_DIR/test.crt;
        ssl_certificate_key $TEST_NGINX_CERT_DIR/test.key;
        location / {
            return 200 "$ssl_protocol";
        }
    }
    server {
        listen unix:$TEST_NGINX_HTML_DIR/13.sock ssl;
        ssl_protocols TLSv1.3;
        ssl_certificate $TEST_NGINX_CERT_DIR/test.crt;
        ssl_certificate_key $TEST_NGINX_CERT_DIR/test.key;
        location / {
            return 200 "$ssl_protocol $ssl_cipher";
        }
    }
    server {
        listen unix:$TEST_NGINX_HTML_DIR/client.sock ssl;
        ssl_protocols TLSv1.2;
        ssl_certificate $TEST_NGINX_CERT_DIR/test.crt;
        ssl_certificate_key $TEST_NGINX_CERT_DIR/test.key;
        ssl_client_certificate $TEST_NGINX_CERT_DIR/ca.crt;
        ssl_verify_client optional;
        ssl_verify_depth 2;
        location / {
            return 200 "$ssl_client_verify $ssl_client_s_dn";
        }
    }
_EOC_

add_block_preprocessor(sub {
    my $block = shift;
    if (!defined $block->must_die) {
        $block->set_value(http_config => $::Servers . ($block->http_config || ""));
        $block->set_value(no_error_log => "[error]") unless defined $block->no_error_log
            || defined $block->error_log;
    }
    $block->set_value(request => "GET /t") unless defined $block->request;
    $block->set_value(config => "") unless defined $block->config;
});

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: the newest protocol that both have
--- config
    location /t {
        content_by_lua_block {
            try("12")
            try("13")
        }
    }
--- response_body
TLSv1.2
TLSv1.3 TLS_AES_256_GCM_SHA384
--- differs: the C module 0.10.23 does not use TLS 1.3 unless it is configured



=== TEST 2: lua_ssl_protocols
--- config
    location /t {
        lua_ssl_protocols TLSv1.2;
        content_by_lua_block {
            try("12")
            try("13")
        }
    }
--- response_body
TLSv1.2
handshake failed
--- error_log
SSL_do_handshake() failed



=== TEST 3: lua_ssl_protocols with TLS 1.3
--- config
    location /t {
        lua_ssl_protocols TLSv1.3;
        content_by_lua_block {
            try("13")
            try("12")
        }
    }
--- response_body
TLSv1.3 TLS_AES_256_GCM_SHA384
handshake failed
--- error_log
SSL_do_handshake() failed



=== TEST 4: lua_ssl_protocols may be given again, and adds
--- config
    location /t {
        lua_ssl_protocols TLSv1.2;
        lua_ssl_protocols TLSv1.3;
        content_by_lua_block {
            try("12")
            try("13")
        }
    }
--- response_body
TLSv1.2
TLSv1.3 TLS_AES_256_GCM_SHA384



=== TEST 5: lua_ssl_ciphers
--- config
    location /t {
        lua_ssl_protocols TLSv1.2;
        lua_ssl_ciphers ECDHE-RSA-AES128-GCM-SHA256;
        content_by_lua_block {
            try("any")
        }
    }
    location /other {
        lua_ssl_protocols TLSv1.2;
        lua_ssl_ciphers ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256;
        content_by_lua_block {
            try("any")
        }
    }
--- request eval: ["GET /t", "GET /other"]
--- response_body eval
["TLSv1.2 ECDHE-RSA-AES128-GCM-SHA256\n", "TLSv1.2 ECDHE-ECDSA-AES256-GCM-SHA384\n"]



=== TEST 6: lua_ssl_conf_command
--- config
    location /t {
        lua_ssl_protocols TLSv1.2 TLSv1.3;
        lua_ssl_conf_command Ciphersuites TLS_CHACHA20_POLY1305_SHA256;
        lua_ssl_conf_command MinProtocol TLSv1.3;
        content_by_lua_block {
            try("13")
            try("12")
        }
    }
--- response_body
TLSv1.3 TLS_CHACHA20_POLY1305_SHA256
handshake failed
--- error_log
SSL_do_handshake() failed



=== TEST 7: all are inherited
--- http_config
    lua_ssl_trusted_certificate $TEST_NGINX_CERT_DIR/ca.crt;
    lua_ssl_protocols TLSv1.2;
--- config
    lua_ssl_ciphers ECDHE-RSA-AES128-GCM-SHA256;
    location /t {
        content_by_lua_block {
            try("any", "test.example", true)
            try("13", "test.example", true)
        }
    }
    location /deeper {
        lua_ssl_protocols TLSv1.3;
        content_by_lua_block {
            try("13", "test.example", true)
        }
    }
--- request eval: ["GET /t", "GET /deeper"]
--- response_body eval
["TLSv1.2 ECDHE-RSA-AES128-GCM-SHA256\nhandshake failed\n",
 "TLSv1.3 TLS_AES_256_GCM_SHA384\n"]
--- no_error_log
[alert]



=== TEST 8: a list of commands replaces that of the level around it
--- http_config
    lua_ssl_protocols TLSv1.2 TLSv1.3;
    lua_ssl_conf_command MaxProtocol TLSv1.2;
--- config
    location /t {
        content_by_lua_block {
            try("13")
        }
    }
    location /own {
        lua_ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;
        content_by_lua_block {
            try("13")
        }
    }
--- request eval: ["GET /t", "GET /own"]
--- response_body eval
["handshake failed\n", "TLSv1.3 TLS_AES_128_GCM_SHA256\n"]
--- no_error_log
[alert]



=== TEST 9: for timers, the settings of the location that made them
--- config
    location /t {
        lua_ssl_trusted_certificate $TEST_NGINX_CERT_DIR/ca.crt;
        content_by_lua_block {
            local done = require("ngx.semaphore").new()
            local result
            ngx.timer.at(0, function()
                local sock = ngx.socket.connect("unix:$TEST_NGINX_HTML_DIR/12.sock")
                result = sock:sslhandshake(false, "test.example", true)
                done:post()
            end)
            done:wait(20)
            ngx.say(result)
        }
    }
--- response_body
true



=== TEST 10: for timers of init_worker_by_lua, those of http
--- http_config
    lua_ssl_trusted_certificate $TEST_NGINX_CERT_DIR/ca.crt;
    init_worker_by_lua_block {
        done = require("ngx.semaphore").new()
        ngx.timer.at(0, function()
            local sock = ngx.socket.connect("unix:$TEST_NGINX_HTML_DIR/12.sock")
            result = tostring(sock:sslhandshake(false, "test.example", true))
            done:post()
        end)
    }
--- config
    location /t {
        content_by_lua_block {
            done:wait(20)
            done:post()
            ngx.say(result)
        }
    }
--- response_body
true



=== TEST 11: lua_ssl_certificate and lua_ssl_certificate_key
--- config
    location /t {
        lua_ssl_certificate $TEST_NGINX_CERT_DIR/client.crt;
        lua_ssl_certificate_key $TEST_NGINX_CERT_DIR/client.key;
        content_by_lua_block {
            try("client")
        }
    }
    location /chain {
        lua_ssl_certificate $TEST_NGINX_CERT_DIR/client-chain.crt;
        lua_ssl_certificate_key $TEST_NGINX_CERT_DIR/client-chain.key;
        content_by_lua_block {
            try("client")
        }
    }
    location /none {
        content_by_lua_block {
            try("client")
        }
    }
--- request eval: ["GET /t", "GET /chain", "GET /none"]
--- response_body eval
["SUCCESS CN=Test Client\n", "SUCCESS CN=Test Chained Client\n", "NONE \n"]
--- differs: the C module 0.10.23 does not have the directives



=== TEST 12: setclientcert goes before lua_ssl_certificate
--- config
    location /t {
        lua_ssl_certificate $TEST_NGINX_CERT_DIR/client.crt;
        lua_ssl_certificate_key $TEST_NGINX_CERT_DIR/client.key;
        content_by_lua_block {
            local ssl = require "ngx.ssl"
            local function read(name)
                local file = assert(io.open("$TEST_NGINX_CERT_DIR/" .. name))
                local text = file:read("*a")
                file:close()
                return text
            end
            local sock = ngx.socket.connect("unix:$TEST_NGINX_HTML_DIR/client.sock")
            sock:setclientcert(ssl.parse_pem_cert(read("client-chain.crt")),
                               ssl.parse_pem_priv_key(read("client-chain.key")))
            sock:sslhandshake()
            sock:send("GET / HTTP/1.0\r\n\r\n")
            ngx.say(sock:receive("*a"):match("\r\n\r\n(.*)"))
        }
    }
--- response_body
SUCCESS CN=Test Chained Client
--- differs: the C module 0.10.23 does not have the directives



=== TEST 13: several certificates, of which the one that fits is used
--- config
    location /t {
        lua_ssl_certificate $TEST_NGINX_CERT_DIR/test-rsa.crt;
        lua_ssl_certificate_key $TEST_NGINX_CERT_DIR/test-rsa.key;
        lua_ssl_certificate $TEST_NGINX_CERT_DIR/client.crt;
        lua_ssl_certificate_key $TEST_NGINX_CERT_DIR/client.key;
        content_by_lua_block {
            try("client")
        }
    }
--- response_body_like: CN=
--- differs: the C module 0.10.23 does not have the directives



=== TEST 14: lua_ssl_key_log
--- config
    location /t {
        lua_ssl_key_log $TEST_NGINX_HTML_DIR/keys.log;
        lua_ssl_protocols TLSv1.2;
        content_by_lua_block {
            try("12")
            local file = io.open("$TEST_NGINX_HTML_DIR/keys.log")
            local text = file:read("*a")
            file:close()
            ngx.say((text:match("^CLIENT_RANDOM %x+ %x+\n") or text):sub(1, 14))
        }
    }
--- response_body
TLSv1.2
CLIENT_RANDOM 
--- differs: the C module 0.10.23 does not have the directive



=== TEST 15: without lua_ssl_key_log nothing is written
--- config
    location /t {
        lua_ssl_key_log $TEST_NGINX_HTML_DIR/none.log;
        content_by_lua_block {
            ngx.location.capture("/other")
            local file = io.open("$TEST_NGINX_HTML_DIR/none.log")
            ngx.say(#file:read("*a"))
            file:close()
        }
    }
    location /other {
        content_by_lua_block {
            try("12")
        }
    }
--- response_body
0
--- differs: the C module 0.10.23 does not have the directive



=== TEST 16: files are relative to the prefix of the configuration
--- user_files eval
">>> ../conf/own.crt\n" . do { local (@ARGV, $/) = "$ENV{TEST_NGINX_CERT_DIR}/ca.crt"; <> }
--- config
    location /t {
        lua_ssl_trusted_certificate own.crt;
        content_by_lua_block {
            try("12", "test.example", true)
        }
    }
--- response_body
TLSv1.2



=== TEST 17: a protocol that does not exist
--- must_die
--- config
    lua_ssl_protocols TLSv1.2 TLSv9;
--- error_log
invalid value "TLSv9" in



=== TEST 18: no protocol
--- must_die
--- config
    lua_ssl_protocols;
--- error_log
invalid number of arguments in "lua_ssl_protocols" directive



=== TEST 19: ciphers that do not exist
--- must_die
--- config
    lua_ssl_ciphers NONE-SUCH;
--- error_log
SSL_CTX_set_cipher_list("NONE-SUCH") failed



=== TEST 20: ciphers given twice
--- must_die
--- config
    lua_ssl_ciphers HIGH;
    lua_ssl_ciphers HIGH;
--- error_log
"lua_ssl_ciphers" directive is duplicate



=== TEST 21: a depth that is no number
--- must_die
--- config
    lua_ssl_verify_depth deep;
--- error_log
"lua_ssl_verify_depth" directive invalid number



=== TEST 22: a trusted certificate that does not exist
--- must_die
--- config
    lua_ssl_trusted_certificate none.crt;
--- error_log eval
qr{"[^"]*/none\.crt".*(?:failed|No such file)}



=== TEST 23: a trusted certificate that is none
--- must_die
--- config
    lua_ssl_trusted_certificate $TEST_NGINX_CERT_DIR/test.key;
--- error_log eval
qr{"[^"]*/test\.key".*(?:failed|cannot)}



=== TEST 24: a revocation list that does not exist
--- must_die
--- config
    location /t {
        lua_ssl_crl none.pem;
    }
--- error_log eval
qr{"[^"]*/none\.pem".*(?:failed|No such file)}



=== TEST 25: a command that does not exist
--- must_die
--- config
    lua_ssl_conf_command Nonsense 1;
--- error_log
SSL_CONF_cmd("Nonsense", "1") failed



=== TEST 26: a command without a value
--- must_die
--- config
    lua_ssl_conf_command Options;
--- error_log
invalid number of arguments in "lua_ssl_conf_command" directive



=== TEST 27: a certificate without a key
--- must_die
--- config
    lua_ssl_certificate $TEST_NGINX_CERT_DIR/client.crt;
--- error_log eval
qr{\[emerg\] .*no "lua_ssl_certificate_key" is defined for certificate "[^"]*/client\.crt"}
--- differs: the C module 0.10.23 does not have the directives



=== TEST 28: a second certificate without a key
--- must_die
--- config
    lua_ssl_certificate $TEST_NGINX_CERT_DIR/client.crt;
    lua_ssl_certificate_key $TEST_NGINX_CERT_DIR/client.key;
    lua_ssl_certificate $TEST_NGINX_CERT_DIR/test-rsa.crt;
--- error_log eval
qr{no "lua_ssl_certificate_key" is defined for certificate "[^"]*/test-rsa\.crt"}
--- differs: the C module 0.10.23 does not have the directives



=== TEST 29: a key for another certificate
--- must_die
--- config
    lua_ssl_certificate $TEST_NGINX_CERT_DIR/client.crt;
    lua_ssl_certificate_key $TEST_NGINX_CERT_DIR/test.key;
--- error_log
key values mismatch
--- differs: the C module 0.10.23 does not have the directives



=== TEST 30: not in an "if"
--- must_die
--- config
    location /t {
        if ($arg_a) {
            lua_ssl_verify_depth 2;
        }
    }
--- error_log
"lua_ssl_verify_depth" directive is not allowed here
