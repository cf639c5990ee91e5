use Test::Nginx::Socket::Lua 'no_plan';

add_block_preprocessor(sub {
    my ($block) = @_;
    $block->set_value("request", "GET /t") if !defined $block->request;
    $block->set_value("no_error_log", "[error]") if !defined $block->no_error_log;
});

workers(2);
master_on();
repeat_each(2);
run_tests();

__DATA__

=== TEST 1: a worker has a number, a process id, and knows how many there are
--- config
    location = /t {
        content_by_lua_block {
            local worker = ngx.worker
            local id = worker.id()
            ngx.say(id == 0 or id == 1, " ", worker.count(), " ", worker.pid() == tonumber(ngx.var.pid), " ",
                    worker.exiting())
        }
    }
--- response_body
true 2 true false



=== TEST 2: init runs in the master, as number 0 until there are workers
--- http_config
    init_by_lua_block {
        local worker = ngx.worker
        package.loaded.seen = {pid = worker.pid(), id = worker.id(), count = worker.count(),
                               exiting = worker.exiting()}
    }
--- config
    location = /t {
        content_by_lua_block {
            local seen = require "seen"
            local master = io.open(ngx.config.prefix() .. "logs/nginx.pid"):read("*n")
            ngx.say(seen.pid == master, " ", seen.pid ~= ngx.worker.pid(), " ", seen.id, " ", seen.count, " ",
                    seen.exiting)
        }
    }
--- response_body
true true 0 2 false



=== TEST 3: init_worker runs in each worker
--- http_config
    init_worker_by_lua_block {
        package.loaded.seen = {pid = ngx.worker.pid(), id = ngx.worker.id()}
    }
--- config
    location = /t {
        content_by_lua_block {
            local seen = require "seen"
            ngx.say(seen.pid == ngx.worker.pid(), " ", seen.id == ngx.worker.id())
        }
    }
--- response_body
true true



=== TEST 4: a worker that a reload has replaced is exiting, and serves its last request
--- config
    location = /t {
        content_by_lua_block {
            local ffi = require "ffi"
            ffi.cdef "int kill(int pid, int signal);"
            local master = io.open(ngx.config.prefix() .. "logs/nginx.pid"):read("*n")
            local SIGHUP = 1
            ngx.print(ngx.worker.exiting(), " ", ffi.C.kill(master, SIGHUP))
            for _ = 1, 200 do
                if ngx.worker.exiting() then
                    break
                end
                ngx.sleep(0.01)
            end
            ngx.say(" ", ngx.worker.exiting())
        }
    }
--- response_body
false 0 true



=== TEST 5: the process ids of all workers
--- config
    location = /t {
        content_by_lua_block {
            -- The first worker learns of the second a moment after it has started.
            local pids, own, different = ngx.worker.pids(), false, {}
            for _ = 1, 100 do
                if #pids == 2 then break end
                ngx.sleep(0.01)
                pids = ngx.worker.pids()
            end
            for _, pid in ipairs(pids) do
                own = own or pid == ngx.worker.pid()
                different[pid] = true
            end
            local n = 0
            for _ in pairs(different) do n = n + 1 end
            ngx.say(#pids, " ", n, " ", own, " ", #pids == ngx.worker.count())
        }
    }
--- response_body
2 2 true true
