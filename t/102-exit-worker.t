# exit_worker_by_lua: when a worker ends.

use Test::Nginx::Socket::Lua 'no_plan';

add_block_preprocessor(sub {
    my $block = shift;
    $block->set_value(config => "location = /t { return 200; }") unless defined $block->config;
    $block->set_value(request => "GET /t") unless defined $block->request;
});

repeat_each(1);
run_tests();

__DATA__

=== TEST 1: runs when the worker ends, without a request
--- http_config
    exit_worker_by_lua_block { ngx.log(ngx.NOTICE, "the end: ", ngx.get_phase()) }
--- no_error_log
the end
--- shutdown_error_log eval
qr/\[notice\] \d+#\d+: \[lua\] exit_worker_by_lua\(nginx\.conf:\d+\):1: the end: exit_worker$/



=== TEST 2: code from a file
--- http_config
    exit_worker_by_lua_file html/exit.lua;
--- user_files
>>> exit.lua
print("the end in a file")
--- shutdown_error_log
exit.lua:1: the end in a file



=== TEST 3: sees what requests left in modules
--- http_config
    exit_worker_by_lua_block { print("requests: ", require("string").count) }
--- config
    location = /t {
        content_by_lua_block {
            local module = require "string"
            module.count = (module.count or 0) + 1
            ngx.say("ok")
        }
    }
--- request eval
["GET /t", "GET /t", "GET /t"]
--- response_body eval
["ok\n", "ok\n", "ok\n"]
--- shutdown_error_log
requests: 3



=== TEST 4: an error is logged, with a traceback
--- http_config
    exit_worker_by_lua_block {
        local function f() error("no way") end
        f()
    }
--- shutdown_error_log eval
[
    qr/\[error\] .*exit_worker_by_lua error: exit_worker_by_lua\(nginx\.conf:\d+\):2: no way/,
    "stack traceback:",
]



=== TEST 5: an error of a file, and a missing file
--- http_config
    exit_worker_by_lua_file html/none.lua;
--- shutdown_error_log eval
qr/\[error\] .*exit_worker_by_lua_file error: cannot open .*none\.lua/



=== TEST 6: has no request, and cannot wait
--- http_config
    exit_worker_by_lua_block {
        local function try(what, f, ...)
            print(what, ": ", select(2, pcall(f, ...)))
        end
        try("var", function() return ngx.var.uri end)
        try("header", function() return ngx.header.a end)
        try("status", function() return ngx.status end)
        try("headers", ngx.req.get_headers)
        try("say", ngx.say, "a")
        try("exit", ngx.exit, 0)
        try("sleep", ngx.sleep, 0)
    }
--- shutdown_error_log
var: exit_worker_by_lua(nginx.conf:
header: exit_worker_by_lua(nginx.conf:
status: exit_worker_by_lua(nginx.conf:
headers: API disabled in the current context
say: API disabled in the context of exit_worker_by_lua*
exit: API disabled in the context of exit_worker_by_lua*
sleep: API disabled in the context of exit_worker_by_lua*



=== TEST 7: has a table ngx.ctx of its own
--- http_config
    exit_worker_by_lua_block {
        ngx.ctx.a = 1
        print("ctx: ", ngx.ctx.a)
    }
--- shutdown_error_log
ctx: 1



=== TEST 8: knows its worker
--- http_config
    exit_worker_by_lua_block {
        print("worker ", ngx.worker.id(), " of ", ngx.worker.count(), ", ", ngx.worker.pid() > 0)
    }
--- shutdown_error_log
worker 0 of 1, true



=== TEST 9: functions that need no request work
--- http_config
    exit_worker_by_lua_block {
        ngx.update_time()
        print("time: ", ngx.time() > 0, " ", ngx.config.subsystem)
    }
--- shutdown_error_log
time: true http



=== TEST 10: may stand only once
--- http_config
    exit_worker_by_lua_block { print("a") }
    exit_worker_by_lua_block { print("b") }
--- must_die
--- error_log
is duplicate



=== TEST 11: may not stand in a server
--- config
    exit_worker_by_lua_block { print("a") }
--- must_die
--- error_log
"exit_worker_by_lua_block" directive is not allowed here



=== TEST 12: a syntax error is logged when the worker ends
--- http_config
    exit_worker_by_lua_block { local = 1 }
--- shutdown_error_log eval
qr/\[error\] .*exit_worker_by_lua error: exit_worker_by_lua\(nginx\.conf:\d+\):1: /
