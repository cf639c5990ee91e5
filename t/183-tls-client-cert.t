# setclientcert, settrustedstore, getsslsession, getsslpointer, getsslctx.

use Test::Nginx::Socket::Lua 'no_plan';
use Cwd qw(abs_path);
use File::Basename qw(dirname);

$ENV{TEST_NGINX_HTML_DIR} ||= html_dir();
$ENV{TEST_NGINX_CERT_DIR} ||= dirname(abs_path(__FILE__)) . "/cert";

our $HttpConfig = <<'_EOC_';
    init_by_lua_block {
        ssl = require "ngx.ssl"

        function try(f, ...)
            local results = { pcall(f, ...) }
            local n = 1
            for i in pairs(results) do
                n = math.max(n, i)
            end
            if not results[1] then
                return ngx.say("error: ", (results[2]:gsub("^[^ ]+:%d+: ", "")))
            end
            for i = 1, n do
                local value = results[i]
                results[i] = type(value) == "cdata" and "cdata" or tostring(value)
            end
            ngx.say(table.concat(results, " ", 2, n))
        end

        function read(name)
            local file = assert(io.open("$TEST_NGINX_CERT_DIR/" .. name))
            local text = file:read("*a")
            file:close()
            return text
        end

        function cert(name)
            return assert(ssl.parse_pem_cert(read(name .. ".crt")))
        end

        function key(name)
            return assert(ssl.parse_pem_priv_key(read(name .. ".key")))
        end

        function connect(name)
            local sock = ngx.socket.tcp()
            sock:settimeout(20000)
            assert(sock:connect("unix:$TEST_NGINX_HTML_DIR/" .. (name or "client") .. ".sock"))
            return sock
        end

        -- What the server has seen of the client.
        function seen(sock)
            assert(sock:send("GET / HTTP/1.0\r\n\r\n"))
            local answer = assert(sock:receive("*a"))
            sock:close()
            return (answer:match("\r\n\r\n(.*)"))
        end
    }
    server {
        listen unix:$TEST_NGINX_HTML_DIR/client.sock ssl;
        ssl_protocols TLSv1.2;
        ssl_certificate $TEST_NGINX_CERT_DIR/test.crt;
        ssl_certificate_key $TEST_NGINX_CERT_DIR/test.key;
        ssl_client_certificate $TEST_NGINX_CERT_DIR/ca.crt;
        ssl_verify_client optional_no_ca;
        ssl_verify_depth 2;
        location / {
            return 200 "$ssl_client_verify $ssl_client_s_dn";
        }
    }
    server {
        listen unix:$TEST_NGINX_HTML_DIR/13.sock ssl;
        ssl_protocols TLSv1.3;
        ssl_certificate $TEST_NGINX_CERT_DIR/test.crt;
        ssl_certificate_key $TEST_NGINX_CERT_DIR/test.key;
        ssl_client_certificate $TEST_NGINX_CERT_DIR/ca.crt;
        ssl_verify_client optional;
        location / {
            return 200 "$ssl_client_verify $ssl_client_s_dn";
        }
    }
    server {
        listen unix:$TEST_NGINX_HTML_DIR/strict.sock ssl;
        ssl_protocols TLSv1.2;
        ssl_certificate $TEST_NGINX_CERT_DIR/test.crt;
        ssl_certificate_key $TEST_NGINX_CERT_DIR/test.key;
        ssl_client_certificate $TEST_NGINX_CERT_DIR/ca.crt;
        ssl_verify_client on;
        location / {
            return 200 "$ssl_client_verify";
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

=== TEST 1: a client shows its certificate
--- config
    location /t {
        content_by_lua_block {
            local sock = connect()
            try(sock.setclientcert, sock, cert("client"), key("client"))
            try(sock.sslhandshake, sock, false)
            ngx.say(seen(sock))
        }
    }
--- response_body
true
true
SUCCESS CN=Test Client



=== TEST 2: and the intermediate ones
--- config
    location /t {
        content_by_lua_block {
            local sock = connect()
            sock:setclientcert(cert("client-chain"), key("client-chain"))
            try(sock.sslhandshake, sock, false)
            ngx.say(seen(sock))
        }
    }
--- response_body
true
SUCCESS CN=Test Chained Client



=== TEST 3: with TLS 1.3
--- config
    location /t {
        lua_ssl_protocols TLSv1.3;
        content_by_lua_block {
            local sock = connect("13")
            sock:setclientcert(cert("client"), key("client"))
            try(sock.sslhandshake, sock, false)
            ngx.say(seen(sock))
        }
    }
--- response_body
true
SUCCESS CN=Test Client



=== TEST 4: DER, and an RSA key
--- config
    location /t {
        content_by_lua_block {
            local sock = connect()
            sock:setclientcert(ssl.parse_der_cert(ssl.cert_pem_to_der(read("test-rsa.crt"))),
                               ssl.parse_der_priv_key(ssl.priv_key_pem_to_der(read("test-rsa.key"), nil)))
            try(sock.sslhandshake, sock, false)
            ngx.say(seen(sock):match("CN=.*"))
        }
    }
--- response_body
true
CN=test.example
--- differs: lua-resty-core 0.1.25 has no parse_der_cert



=== TEST 5: before connect, and for all connections of the socket
--- config
    location /t {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            try(sock.setclientcert, sock, cert("client"), key("client"))
            for i = 1, 2 do
                sock:connect("unix:$TEST_NGINX_HTML_DIR/client.sock")
                try(sock.sslhandshake, sock, false)
                ngx.say(seen(sock))
            end
        }
    }
--- response_body
true
true
SUCCESS CN=Test Client
true
SUCCESS CN=Test Client



=== TEST 6: nil, nil and false, false take it back
--- config
    location /t {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            for _, nothing in ipairs { "nil", "false" } do
                sock:setclientcert(cert("client"), key("client"))
                local value = nil
                if nothing == "false" then
                    value = false
                end
                try(sock.setclientcert, sock, value, value)
                sock:connect("unix:$TEST_NGINX_HTML_DIR/client.sock")
                sock:sslhandshake()
                ngx.say(seen(sock))
            end
        }
    }
--- response_body
true
NONE 
true
NONE 



=== TEST 7: bad arguments
--- config
    location /t {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            local c, k = cert("client"), key("client")
            try(sock.setclientcert, sock, c)
            try(sock.setclientcert, sock, nil, k)
            try(sock.setclientcert, sock, "c", k)
            try(sock.setclientcert, sock, c, "k")
            try(sock.setclientcert, sock, 1, 2)
            try(sock.setclientcert, sock, {}, k)
        }
    }
--- response_body
nil client certificate must be supplied with corresponding private key
nil client certificate must be supplied with corresponding private key
nil bad cert arg: cdata expected, got string
nil bad pkey arg: cdata expected, got string
nil bad cert arg: cdata expected, got number
nil bad cert arg: cdata expected, got table



=== TEST 8: a key for another certificate
--- config
    location /t {
        content_by_lua_block {
            local sock = connect()
            sock:setclientcert(cert("client"), key("test"))
            try(sock.sslhandshake, sock)
            try(sock.sslhandshake, sock)
            -- The connection is as it was.
            sock:setclientcert(cert("client"), key("client"))
            try(sock.sslhandshake, sock, false)
            ngx.say(seen(sock))
        }
    }
--- response_body
nil ssl set client private key failed
nil ssl set client private key failed
true
SUCCESS CN=Test Client



=== TEST 9: the collector may take certificate and key after the handshake has begun
--- config
    location /t {
        content_by_lua_block {
            local sock = connect()
            sock:setclientcert(cert("client"), key("client"))
            local thread = ngx.thread.spawn(function()
                return sock:sslhandshake(false)
            end)
            sock:setclientcert()
            collectgarbage()
            collectgarbage()
            ngx.say(select(2, ngx.thread.wait(thread)))
            ngx.say(seen(sock))
        }
    }
--- response_body
true
SUCCESS CN=Test Client



=== TEST 10: a server that wants a certificate
--- config
    location /t {
        content_by_lua_block {
            local sock = connect("strict")
            sock:setclientcert(cert("client"), key("client"))
            ngx.say(sock:sslhandshake(false), " ", seen(sock))
            sock = connect("strict")
            ngx.say(sock:sslhandshake(false), " ", seen(sock):match("<title>(.-)</title>"))
        }
    }
--- response_body
true SUCCESS
true 400 No required SSL certificate was sent



=== TEST 11: a certificate that the server does not trust
--- config
    location /t {
        content_by_lua_block {
            local sock = connect()
            sock:setclientcert(cert("selfsigned"), key("selfsigned"))
            try(sock.sslhandshake, sock, false)
            ngx.say(seen(sock):match("^%w+"))
        }
    }
--- response_body
true
FAILED



=== TEST 12: settrustedstore
--- http_config eval
$::HttpConfig . <<'_EOC_'
    init_worker_by_lua_block {
        local ffi = require "ffi"
        ffi.cdef [[
            void *X509_STORE_new(void);
            void X509_STORE_free(void *store);
            int X509_STORE_load_locations(void *store, const char *file, const char *dir);
        ]]
        function store(name)
            local new = ffi.gc(ffi.C.X509_STORE_new(), ffi.C.X509_STORE_free)
            ffi.C.X509_STORE_load_locations(new, "$TEST_NGINX_CERT_DIR/" .. name, nil)
            return new
        end
    }
_EOC_
--- config
    location /t {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            try(sock.settrustedstore, sock, store("ca.crt"))
            sock:connect("unix:$TEST_NGINX_HTML_DIR/client.sock")
            try(sock.sslhandshake, sock, nil, "test.example", true)
            sock:close()

            sock = connect()
            sock:settrustedstore(store("selfsigned.crt"))
            try(sock.sslhandshake, sock, nil, "test.example", true)

            sock:connect("unix:$TEST_NGINX_HTML_DIR/client.sock")
            try(sock.settrustedstore, sock, nil)
            try(sock.sslhandshake, sock, nil, "test.example", true)
        }
    }
--- response_body
true
cdata
nil 20: unable to get local issuer certificate
true
nil 20: unable to get local issuer certificate
--- error_log
lua ssl certificate verify error
--- differs: the C module 0.10.23 does not have it



=== TEST 13: settrustedstore goes before the configuration
--- http_config eval
$::HttpConfig . <<'_EOC_'
    lua_ssl_trusted_certificate $TEST_NGINX_CERT_DIR/ca.crt;
_EOC_
--- config
    location /t {
        content_by_lua_block {
            local ffi = require "ffi"
            ffi.cdef "void *X509_STORE_new(void); void X509_STORE_free(void *store);"
            local sock = connect()
            sock:settrustedstore(ffi.gc(ffi.C.X509_STORE_new(), ffi.C.X509_STORE_free))
            collectgarbage()
            ngx.say((sock:sslhandshake(nil, "test.example", true)))
            sock = connect()
            ngx.say(type(sock:sslhandshake(nil, "test.example", true)))
        }
    }
--- response_body
nil
cdata
--- error_log
lua ssl certificate verify error
--- differs: the C module 0.10.23 does not have it



=== TEST 14: settrustedstore: errors
--- config
    location /t {
        content_by_lua_block {
            local sock = connect()
            try(sock.settrustedstore, sock, "store")
            try(sock.settrustedstore, sock, {})
            sock:sslhandshake()
            try(sock.settrustedstore, sock, nil)
            sock:close()
            try(sock.settrustedstore, sock, nil)
        }
    }
--- response_body
nil bad store arg: cdata expected, got string
nil bad store arg: cdata expected, got table
nil ssl handshake already done; trusted store cannot be changed on an established TLS connection
nil closed
--- differs: the C module 0.10.23 does not have it



=== TEST 15: getsslsession
--- config
    location /t {
        content_by_lua_block {
            local sock = connect()
            try(sock.getsslsession, sock)
            sock:sslhandshake(false)
            try(sock.getsslsession, sock)
            sock:close()
            try(sock.getsslsession, sock)
            try(sock.getsslsession, ngx.socket.tcp())
        }
    }
--- response_body
nil no session
cdata
nil closed
nil closed
--- differs: the C module 0.10.23 does not have it



=== TEST 16: getsslsession with TLS 1.3: when the server has sent something
--- config
    location /t {
        lua_ssl_protocols TLSv1.3;
        content_by_lua_block {
            local sock = connect("13")
            sock:sslhandshake(false)
            sock:send("GET / HTTP/1.0\r\n\r\n")
            sock:receive()
            try(sock.getsslsession, sock)
        }
    }
--- response_body
cdata
--- differs: the C module 0.10.23 does not have it



=== TEST 17: getsslsession with TLS 1.3, too early
--- http_config eval
$::HttpConfig . <<'_EOC_'
    server {
        listen unix:$TEST_NGINX_HTML_DIR/ticketless.sock ssl;
        ssl_protocols TLSv1.3;
        ssl_session_tickets off;
        ssl_session_cache off;
        ssl_certificate $TEST_NGINX_CERT_DIR/test.crt;
        ssl_certificate_key $TEST_NGINX_CERT_DIR/test.key;
        ssl_conf_command NumTickets 0;
        location / {
            return 200 "ok";
        }
    }
_EOC_
--- config
    location /t {
        lua_ssl_protocols TLSv1.3;
        content_by_lua_block {
            local sock = connect("ticketless")
            sock:sslhandshake(false)
            try(sock.getsslsession, sock)
        }
    }
--- response_body
nil not resumable
--- differs: the C module 0.10.23 does not have it



=== TEST 18: getsslpointer and getsslctx
--- config
    location /t {
        content_by_lua_block {
            local sock = connect()
            try(sock.getsslpointer, sock)
            try(sock.getsslctx, sock)
            sock:sslhandshake()
            try(sock.getsslpointer, sock)
            try(sock.getsslctx, sock)
            local ffi = require "ffi"
            ffi.cdef "void *SSL_get_SSL_CTX(const void *ssl); const char *SSL_get_version(const void *ssl);"
            ngx.say(ffi.C.SSL_get_SSL_CTX(sock:getsslpointer()) == sock:getsslctx())
            ngx.say(ffi.string(ffi.C.SSL_get_version(sock:getsslpointer())))
            sock:close()
            try(sock.getsslpointer, sock)
            try(sock.getsslctx, sock)
        }
    }
--- response_body
nil no ssl connection
nil no ssl connection
cdata
cdata
true
TLSv1.2
nil closed
nil closed
--- differs: the C module 0.10.23 does not have them



=== TEST 19: locations with the same settings share one context
--- config
    location /t {
        content_by_lua_block {
            local mine = connect()
            mine:sslhandshake()
            local shared = ngx.shared
            ctx = tostring(mine:getsslctx())
            local other = ngx.location.capture("/other").body
            local own = ngx.location.capture("/own").body
            ngx.say(other == ctx, " ", own == ctx)
        }
    }
    location /other {
        content_by_lua_block {
            local sock = connect()
            sock:sslhandshake()
            ngx.print(tostring(sock:getsslctx()))
        }
    }
    location /own {
        lua_ssl_verify_depth 2;
        content_by_lua_block {
            local sock = connect()
            sock:sslhandshake()
            ngx.print(tostring(sock:getsslctx()))
        }
    }
--- response_body
true false
--- differs: the C module 0.10.23 does not have getsslctx
