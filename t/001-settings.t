# Settings that the perl part of a file makes.

use Test::Nginx::Socket::Lua 'no_plan';

no_shuffle();
no_long_string();
master_on();
workers(2);
worker_connections(128);
log_level('info');
no_root_location();
server_name('example.com');
check_accum_error_log();
config_preamble("    location = /preamble { return 200 'preamble'; }\n");
env_to_nginx('TEST_NGINX_PASSED=on to nginx');
repeat_each(2);

run_tests();

__DATA__

=== TEST 1: master and workers
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.worker.count(), " workers")
        }
    }
--- request
GET /t
--- response_body
2 workers
--- error_log
start worker processes
--- no_error_log
[debug]



=== TEST 2: no root location; preamble; server name
--- config
    location = /name { return 200 $host; }
    location / { return 404; }
--- request eval
["GET /", "GET /preamble", "GET /name"]
--- error_code eval
[404, 200, 200]
--- response_body eval
[qr/404 Not Found/, "preamble", "example.com"]



=== TEST 3: environment of nginx
--- config
    location = /t {
        content_by_lua_block {
            ngx.say("passed ", os.getenv("TEST_NGINX_PASSED"))
        }
    }
--- request
GET /t
--- response_body
passed on to nginx
