# The module ngx.ssl: certificates and keys, and the TLS of the client's connection.

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

        -- The first certificate of a file.
        function first(name)
            return read(name):match("^.-%-%-END CERTIFICATE%-%-%-%-%-\n")
        end

        local ok, err = pcall(ssl.server_name)
        in_init = tostring(ok) .. " " .. err:gsub("^[^ ]+:%d+: ", "")

        broken = "-----BEGIN CERTIFICATE-----\nbroken\n-----END CERTIFICATE-----\n"

        -- Asks /t of the server below.
        function ask(name, protocol)
            local sock = ngx.socket.tcp()
            assert(sock:connect("unix:$TEST_NGINX_HTML_DIR/front.sock"))
            assert(sock:sslhandshake(nil, name))
            sock:send("GET /info HTTP/1.0\r\n\r\n")
            ngx.print(sock:receive("*a"):match("\r\n\r\n(.*)"))
            sock:close()
        end
    }
_EOC_

add_block_preprocessor(sub {
    my $block = shift;
    $block->set_value(http_config => $::HttpConfig . ($block->http_config || ""));
    $block->set_value(request => "GET /t") unless defined $block->request;
    $block->set_value(no_error_log => "[error]") unless defined $block->no_error_log
        || defined $block->error_log;
});

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: parse_pem_cert
--- config
    location /t {
        content_by_lua_block {
            try(ssl.parse_pem_cert, read("test.crt"))
            try(ssl.parse_pem_cert, read("chain.crt"))
            -- Text around certificates is no part of them.
            try(ssl.parse_pem_cert, "about\n" .. read("test.crt") .. "more")
        }
    }
--- response_body
cdata
cdata
cdata



=== TEST 2: parse_pem_cert: errors
--- config
    location /t {
        content_by_lua_block {
            try(ssl.parse_pem_cert, "")
            try(ssl.parse_pem_cert, "nothing")
            try(ssl.parse_pem_cert, broken)
            try(ssl.parse_pem_cert, first("chain.crt") .. broken)
            try(ssl.parse_pem_cert, broken .. first("chain.crt"))
            try(ssl.parse_pem_cert, read("test.key"))
        }
    }
--- response_body
nil PEM_read_bio_X509_AUX() failed
nil PEM_read_bio_X509_AUX() failed
nil PEM_read_bio_X509_AUX() failed
nil PEM_read_bio_X509() failed
nil PEM_read_bio_X509_AUX() failed
nil PEM_read_bio_X509_AUX() failed
--- no_error_log
[alert]



=== TEST 3: parse_pem_priv_key
--- config
    location /t {
        content_by_lua_block {
            try(ssl.parse_pem_priv_key, read("test.key"))
            try(ssl.parse_pem_priv_key, read("test-rsa.key"))
            try(ssl.parse_pem_priv_key, "")
            try(ssl.parse_pem_priv_key, "nothing")
            try(ssl.parse_pem_priv_key, read("test.crt"))
        }
    }
--- response_body
cdata
cdata
nil PEM_read_bio_PrivateKey() failed
nil PEM_read_bio_PrivateKey() failed
nil PEM_read_bio_PrivateKey() failed



=== TEST 4: parse_pem_priv_key does not ask for a passphrase
--- config
    location /t {
        content_by_lua_block {
            try(ssl.parse_pem_priv_key, read("client-encrypted.key"))
            try(ssl.priv_key_pem_to_der, read("client-encrypted.key"), nil)
        }
    }
--- response_body
nil PEM_read_bio_PrivateKey() failed
nil PEM_read_bio_PrivateKey() failed



=== TEST 5: cert_pem_to_der: all certificates, one after the other
--- config
    location /t {
        content_by_lua_block {
            local leaf = ssl.cert_pem_to_der(first("chain.crt"))
            local chain = ssl.cert_pem_to_der(read("chain.crt"))
            ngx.say(#chain > #leaf, " ", chain:sub(1, #leaf) == leaf)
            local pem = first("chain.crt"):match("%-%-%-%-%-\n(.-)\n%-%-%-%-%-"):gsub("\n", "")
            ngx.say(ngx.encode_base64(leaf) == pem)
        }
    }
--- response_body
true true
true



=== TEST 6: cert_pem_to_der: errors
--- config
    location /t {
        content_by_lua_block {
            try(ssl.cert_pem_to_der, "")
            try(ssl.cert_pem_to_der, "nothing")
            try(ssl.cert_pem_to_der, broken)
            try(ssl.cert_pem_to_der, first("chain.crt") .. broken)
        }
    }
--- response_body
nil PEM_read_bio_X509_AUX() failed
nil PEM_read_bio_X509_AUX() failed
nil PEM_read_bio_X509_AUX() failed
nil PEM_read_bio_X509() failed



=== TEST 7: priv_key_pem_to_der
--- config
    location /t {
        content_by_lua_block {
            local der = ssl.priv_key_pem_to_der(read("client.key"), nil)
            local pem = read("client.key"):match("%-%-%-%-%-\n(.-)\n%-%-%-%-%-"):gsub("\n", "")
            ngx.say(ngx.encode_base64(der) == pem)
            ngx.say(#ssl.priv_key_pem_to_der(read("test-rsa.key"), nil) > 1000)
        }
    }
--- response_body
true
true



=== TEST 8: priv_key_pem_to_der: a passphrase
--- config
    location /t {
        content_by_lua_block {
            local encrypted = read("client-encrypted.key")
            ngx.say(ssl.priv_key_pem_to_der(encrypted, "secret")
                    == ssl.priv_key_pem_to_der(read("client.key"), nil))
            try(ssl.priv_key_pem_to_der, encrypted, "wrong")
            try(ssl.priv_key_pem_to_der, encrypted, "")
            try(ssl.priv_key_pem_to_der, encrypted, ("x"):rep(100000))
            -- A key that is not encrypted needs none.
            ngx.say(#ssl.priv_key_pem_to_der(read("client.key"), "any"))
        }
    }
--- response_body
true
nil PEM_read_bio_PrivateKey() failed
nil PEM_read_bio_PrivateKey() failed
nil PEM_read_bio_PrivateKey() failed
121



=== TEST 9: parse_der_cert and parse_der_priv_key
--- config
    location /t {
        content_by_lua_block {
            local chain = ssl.cert_pem_to_der(read("chain.crt"))
            local key = ssl.priv_key_pem_to_der(read("chain.key"))
            try(ssl.parse_der_cert, chain)
            try(ssl.parse_der_priv_key, key)
            try(ssl.parse_der_cert, "")
            try(ssl.parse_der_cert, "nothing")
            try(ssl.parse_der_cert, chain .. "more")
            try(ssl.parse_der_cert, key)
            try(ssl.parse_der_priv_key, "")
            try(ssl.parse_der_priv_key, chain)
        }
    }
--- response_body
cdata
cdata
nil d2i_X509_bio() failed
nil d2i_X509_bio() failed
nil d2i_X509_bio() failed
nil d2i_X509_bio() failed
nil d2i_PrivateKey_bio() failed
nil d2i_PrivateKey_bio() failed
--- differs: lua-resty-core 0.1.25 does not have them



=== TEST 10: what is no string
--- config
    location /t {
        content_by_lua_block {
            for _, name in ipairs { "parse_pem_cert", "parse_pem_priv_key", "cert_pem_to_der",
                                    "priv_key_pem_to_der" } do
                try(ssl[name])
                try(ssl[name], 1)
                try(ssl[name], true)
            end
        }
    }
--- response_body
error: attempt to get length of local 'pem' (a nil value)
error: attempt to get length of local 'pem' (a number value)
error: attempt to get length of local 'pem' (a boolean value)
error: attempt to get length of local 'pem' (a nil value)
error: attempt to get length of local 'pem' (a number value)
error: attempt to get length of local 'pem' (a boolean value)
error: attempt to get length of local 'pem' (a nil value)
error: attempt to get length of local 'pem' (a number value)
error: attempt to get length of local 'pem' (a boolean value)
error: attempt to get length of local 'pem' (a nil value)
error: attempt to get length of local 'pem' (a number value)
error: attempt to get length of local 'pem' (a boolean value)



=== TEST 11: many objects are freed
--- config
    location /t {
        content_by_lua_block {
            local cert, key = read("chain.crt"), read("test.key")
            for i = 1, 2000 do
                ssl.parse_pem_cert(cert)
                ssl.parse_pem_priv_key(key)
            end
            collectgarbage()
            collectgarbage()
            ngx.say("done")
        }
    }
--- response_body
done



=== TEST 12: a large file
--- config
    location /t {
        content_by_lua_block {
            local many = first("chain.crt"):rep(1000)
            try(ssl.parse_pem_cert, many)
            ngx.say(#ssl.cert_pem_to_der(many) == 1000 * #ssl.cert_pem_to_der(first("chain.crt")))
            try(ssl.parse_pem_cert, ("x"):rep(10000000))
        }
    }
--- response_body
cdata
true
nil PEM_read_bio_X509_AUX() failed



=== TEST 13: parsing works in all phases
--- http_config
    init_worker_by_lua_block {
        in_init_worker = #ssl.cert_pem_to_der(read("test.crt")) > 0
    }
--- config
    location /t {
        set_by_lua_block $in_set {
            return tostring(ssl.parse_pem_cert(read("test.crt")) ~= nil)
        }
        content_by_lua_block {
            ngx.say(in_init_worker, " ", ngx.var.in_set)
        }
        header_filter_by_lua_block {
            ngx.header.X_Filter = tostring(#ssl.cert_pem_to_der(read("test.crt")) > 0)
        }
    }
--- response_body
true true
--- response_headers
X-Filter: true



=== TEST 14: constants
--- config
    location /t {
        content_by_lua_block {
            for _, name in ipairs { "SSL3", "TLS1", "TLS1_1", "TLS1_2", "TLS1_3" } do
                ngx.print(string.format("%x ", ssl[name .. "_VERSION"]))
            end
            ngx.say(type(ssl.version))
        }
    }
--- response_body
300 301 302 303 304 string



=== TEST 15: a client without TLS
--- config
    location /t {
        content_by_lua_block {
            try(ssl.get_tls1_version)
            try(ssl.get_tls1_version_str)
            try(ssl.server_name)
            try(ssl.server_port)
            try(ssl.raw_server_addr)
            try(ssl.raw_client_addr)
        }
    }
--- response_body
nil bad request
nil bad request
nil bad request
nil bad request
nil nil bad request
nil nil bad request



=== TEST 16: a client with TLS
--- http_config
    server {
        listen unix:$TEST_NGINX_HTML_DIR/front.sock ssl;
        ssl_protocols TLSv1.2;
        ssl_certificate $TEST_NGINX_CERT_DIR/test.crt;
        ssl_certificate_key $TEST_NGINX_CERT_DIR/test.key;
        location / {
            content_by_lua_block {
                try(ssl.get_tls1_version)
                try(ssl.get_tls1_version_str)
                try(ssl.server_name)
                try(ssl.server_port)
                local addr, kind = ssl.raw_server_addr()
                ngx.say(addr == "$TEST_NGINX_HTML_DIR/front.sock", " ", kind)
                try(ssl.raw_client_addr)
            }
        }
    }
--- config
    location /t {
        content_by_lua_block {
            ask("test.example")
            ask(nil)
        }
    }
--- response_body
771
TLSv1.2
test.example
nil unix domain has no port
true unix
 unix
771
TLSv1.2

nil unix domain has no port
true unix
 unix



=== TEST 17: IP addresses
--- http_config
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1 ssl;
        ssl_protocols TLSv1.3;
        ssl_certificate $TEST_NGINX_CERT_DIR/test.crt;
        ssl_certificate_key $TEST_NGINX_CERT_DIR/test.key;
        location / {
            content_by_lua_block {
                try(ssl.get_tls1_version_str)
                ngx.say(ssl.server_port() == $TEST_NGINX_RAND_PORT_1)
                for _, f in ipairs { ssl.raw_server_addr, ssl.raw_client_addr } do
                    local addr, kind = f()
                    ngx.say(table.concat({ addr:byte(1, -1) }, "."), " ", kind)
                end
            }
        }
    }
--- config
    location /t {
        lua_ssl_protocols TLSv1.3;
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            assert(sock:connect("127.0.0.1", $TEST_NGINX_RAND_PORT_1))
            assert(sock:sslhandshake())
            sock:send("GET / HTTP/1.0\r\n\r\n")
            ngx.print(sock:receive("*a"):match("\r\n\r\n(.*)"))
        }
    }
--- response_body
TLSv1.3
true
127.0.0.1 inet
127.0.0.1 inet



=== TEST 18: in filters and in the log phase
--- http_config
    server {
        listen unix:$TEST_NGINX_HTML_DIR/front.sock ssl;
        ssl_protocols TLSv1.2;
        ssl_certificate $TEST_NGINX_CERT_DIR/test.crt;
        ssl_certificate_key $TEST_NGINX_CERT_DIR/test.key;
        location / {
            set_by_lua_block $version { return (ssl.get_tls1_version_str()) }
            return 200 "$version\n";
            body_filter_by_lua_block {
                ngx.log(ngx.NOTICE, "filter: ", (ssl.get_tls1_version_str()))
            }
            log_by_lua_block {
                ngx.log(ngx.NOTICE, "log: ", (ssl.server_name()))
            }
        }
    }
--- config
    location /t {
        content_by_lua_block {
            ask("test.example")
            ngx.sleep(0.02)
        }
    }
--- response_body
TLSv1.2
--- error_log
filter: TLSv1.2
log: test.example



=== TEST 19: where there is no client
--- http_config
    init_worker_by_lua_block {
        in_init_worker = tostring(select(2, ssl.get_tls1_version()))
    }
--- config
    location /t {
        content_by_lua_block {
            ngx.say(in_init_worker)
            local done = require("ngx.semaphore").new()
            local result
            ngx.timer.at(0, function()
                result = { select(2, ssl.server_name()), select(3, ssl.raw_client_addr()) }
                done:post()
            end)
            done:wait(20)
            ngx.say(result[1], ", ", result[2])
        }
    }
--- response_body
bad request
bad request, bad request



=== TEST 20: in init_by_lua there is no request
--- http_config
    init_worker_by_lua_block {
        in_init = in_init or "none"
    }
--- config
    location /t {
        content_by_lua_block {
            ngx.say(in_init)
        }
    }
--- response_body
false no request found



=== TEST 21: the pointer of the client's connection
--- http_config
    server {
        listen unix:$TEST_NGINX_HTML_DIR/front.sock ssl;
        ssl_protocols TLSv1.2;
        ssl_certificate $TEST_NGINX_CERT_DIR/test.crt;
        ssl_certificate_key $TEST_NGINX_CERT_DIR/test.key;
        location / {
            content_by_lua_block {
                local pointer = ssl.get_req_ssl_pointer()
                local ffi = require "ffi"
                ffi.cdef "const char *SSL_get_version(const void *ssl);"
                ngx.say(ffi.string(ffi.C.SSL_get_version(pointer)))
                ngx.say(ssl.ssl_session_reused(pointer))
            }
        }
    }
--- config
    location /t {
        content_by_lua_block {
            ask()
            try(ssl.get_req_ssl_pointer)
            try(ssl.get_upstream_ssl_pointer)
            try(ssl.ssl_session_reused, nil)
            try(ssl.ssl_session_reused, require("ffi").cast("void *", 0))
        }
    }
--- response_body
TLSv1.2
false
nil bad request
nil bad upstream
nil bad ssl
nil bad ssl
--- differs: lua-resty-core 0.1.25 does not have them



=== TEST 22: the pointer of the upstream's connection
--- http_config
    server {
        listen unix:$TEST_NGINX_HTML_DIR/front.sock ssl;
        ssl_protocols TLSv1.2;
        ssl_certificate $TEST_NGINX_CERT_DIR/test.crt;
        ssl_certificate_key $TEST_NGINX_CERT_DIR/test.key;
        location / {
            return 200 "upstream";
        }
    }
--- config
    location /t {
        proxy_pass https://unix:$TEST_NGINX_HTML_DIR/front.sock:/;
        header_filter_by_lua_block {
            local pointer, err = ssl.get_upstream_ssl_pointer()
            ngx.header.X_Type = type(pointer)
            ngx.header.X_Reused = tostring(ssl.ssl_session_reused(pointer))
        }
    }
    location /plain {
        proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/inner;
        header_filter_by_lua_block {
            local pointer, err = ssl.get_upstream_ssl_pointer()
            ngx.header.X_Type = err
        }
    }
    location /inner {
        return 200 "inner";
    }
--- request eval: ["GET /t", "GET /plain"]
--- response_body eval
["upstream", "inner"]
--- response_headers_like eval
["X-Type: cdata\nX-Reused: (true|false)", "X-Type: not ssl connection"]
--- differs: lua-resty-core 0.1.25 does not have it



=== TEST 23: secrets of the client's connection
--- http_config
    server {
        listen unix:$TEST_NGINX_HTML_DIR/front.sock ssl;
        ssl_protocols TLSv1.2;
        ssl_certificate $TEST_NGINX_CERT_DIR/test.crt;
        ssl_certificate_key $TEST_NGINX_CERT_DIR/test.key;
        location / {
            content_by_lua_block {
                for _, name in ipairs { "get_client_random", "get_server_random",
                                        "get_session_master_key" } do
                    local f = ssl[name]
                    ngx.say(#f(), " ", #f(8), " ", f(0), " ", #f(1000), " ", f(8) == f():sub(1, 8))
                end
                local a = ssl.export_keying_material(20, "EXPORTER-test")
                ngx.say(#a, " ", a == ssl.export_keying_material(20, "EXPORTER-test"), " ",
                        a == ssl.export_keying_material(20, "EXPORTER-test", ""), " ",
                        a == ssl.export_keying_material(20, "EXPORTER-other"))
                try(ssl.export_keying_material_early, 20, "EXPORTER-test", "")
            }
        }
    }
--- config
    location /t {
        content_by_lua_block {
            ask()
            try(ssl.get_client_random)
            try(ssl.get_session_master_key, 0)
            try(ssl.export_keying_material, 20, "EXPORTER-test")
        }
    }
--- response_body
32 8 32 32 true
32 8 32 32 true
48 8 48 48 true
20 true false false
nil SSL_export_keying_material_early() failed
nil bad request
nil bad request
nil bad ssl connection
--- differs: lua-resty-core 0.1.25 does not have them
