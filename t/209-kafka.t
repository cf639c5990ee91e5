# Debian's lua-nginx-kafka. Debian has no Kafka, so it talks to a few lines of
# Lua in the same nginx that know requests for metadata and for producing.

use Test::Nginx::Socket::Lua;

-e '/usr/share/lua/5.1/nginx/kafka/producer.lua'
    ? plan('no_plan') : plan(skip_all => 'no lua-nginx-kafka');

our $HttpConfig = <<'_EOC_';
    lua_socket_log_errors off;

    init_by_lua_block {
        -- nginx only listens for HTTP: a connection to it becomes one to the
        -- broker by an upgrade that the library does not see.
        local tcp = ngx.socket.tcp
        ngx.socket.tcp = function()
            local sock = tcp()
            local connect = sock.connect
            function sock:connect(host, port)
                local ok, err = connect(self, host, port)
                if ok and port == $TEST_NGINX_SERVER_PORT and self:getreusedtimes() == 0 then
                    self:send("GET /broker HTTP/1.1\r\nHost: broker\r\n\r\n")
                    self:receiveuntil("\r\n\r\n")()
                end
                return ok, err
            end
            return sock
        end

        broker_list = { { host = "127.0.0.1", port = $TEST_NGINX_SERVER_PORT } }
        broker = require "broker"
        broker.port = $TEST_NGINX_SERVER_PORT
    }
    lua_package_path "$TEST_NGINX_SERVER_ROOT/html/?.lua;;";
_EOC_

our $Config = <<'_EOC_';
    location = /broker {
        content_by_lua_block { broker.serve() }
    }
_EOC_

our $Broker = <<'_EOC_';
>>> broker.lua
local response = require "nginx.kafka.response"
local request = require "nginx.kafka.request"

-- What was produced, how often somebody connected or asked for metadata, and
-- the error codes to answer with.
local broker = { log = {}, connections = 0, asked = 0, errors = {}, partitions = 2 }

-- The library can write and read all that both sides need.
local function answer(sock, id, write)
    local res = request:new(0, 0, "")
    res._req, res.offset, res.len = { 0 }, 2, 0
    res:int32(id)
    write(res)
    sock:send(res:package())
end

local function metadata(sock, id, req)
    broker.asked = broker.asked + 1
    local topics = {}
    for i = 1, req:int32() do
        topics[i] = req:string()
    end
    answer(sock, id, function(res)
        res:int32(1)
        res:int32(7)                -- the broker's number
        res:string("127.0.0.1")
        res:int32(broker.port)
        res:int32(#topics)
        for _, topic in ipairs(topics) do
            local known = topic ~= "unknown"
            res:int16(known and 0 or 3)
            res:string(topic)
            res:int32(known and broker.partitions or 0)
            for id = 0, known and broker.partitions - 1 or -1 do
                res:int16(0)
                res:int32(id)
                res:int32(7)        -- its leader
                res:int32(1)
                res:int32(7)
                res:int32(1)
                res:int32(7)
            end
        end
    end)
end

local function messages(set, topic, partition)
    while set.offset < #set.str do
        set:int64()
        local size, crc = set:int32(), set:int32()
        local body = set.str:sub(set.offset, set.offset + size - 5)
        local intact = bit.tobit(ngx.crc32_long(body)) == crc
        local magic = body:byte(1)
        set.offset = set.offset + (magic == 1 and 10 or 2)
        local key, text = set:bytes(), set:bytes()
        table.insert(broker.log, table.concat({
            topic, partition, "[" .. key .. "]", text, intact and "intact" or "broken", "v" .. magic,
        }, " "))
    end
end

local function produce(sock, id, req, version)
    req:int16()
    req:int32()
    local results = {}
    for i = 1, req:int32() do
        local topic, partitions = req:string(), {}
        for n = 1, req:int32() do
            local partition, set = req:int32(), req:bytes()
            local code = table.remove(broker.errors, 1) or 0
            if code == 0 then
                messages(setmetatable({ str = set, offset = 1 }, { __index = response }), topic, partition)
            end
            partitions[n] = { partition, code }
        end
        results[i] = { topic, partitions }
    end
    if broker.silent then
        return
    end
    answer(sock, id, function(res)
        res:int32(#results)
        for _, result in ipairs(results) do
            res:string(result[1])
            res:int32(#result[2])
            for _, partition in ipairs(result[2]) do
                res:int32(partition[1])
                res:int16(partition[2])
                res:int64(100LL)
                if version == 2 then
                    res:int64(-1LL)
                end
            end
        end
    end)
end

function broker.serve()
    broker.connections = broker.connections + 1
    local sock = assert(ngx.req.socket(true))
    sock:settimeout(3000)
    sock:send("HTTP/1.1 101 Switching Protocols\r\n\r\n")
    while true do
        local head = sock:receive(4)
        if not head then
            return
        end
        local req = response:new("\0\0\0\0" .. sock:receive(response.to_int32(head)))
        local api, version, id = req:int16(), req:int16(), req:int32()
        req:string()
        if api == request.MetadataRequest then
            metadata(sock, id, req)
        else
            produce(sock, id, req, version)
        end
    end
end

function broker.say()
    table.sort(broker.log)
    ngx.say(table.concat(broker.log, "\n"))
    broker.log = {}
end

function broker.wait(count)
    for i = 1, 500 do
        if #broker.log >= count then
            break
        end
        ngx.sleep(0.002)
    end
end

return broker
_EOC_

add_block_preprocessor(sub {
    my ($block) = @_;
    $block->set_value("http_config", $::HttpConfig);
    $block->set_value("config", $::Config . $block->config);
    $block->set_value("user_files", $::Broker);
    $block->set_value("request", "GET /t");
    $block->set_value("no_error_log", "[error]")
        if !defined $block->error_log && !defined $block->no_error_log;
});

# A worker ends its kept connections, which lead to itself, before it ends.
master_on();
repeat_each(2);
run_tests();

__DATA__

=== TEST 1: metadata
--- config
    location = /t {
        content_by_lua_block {
            local client = require("nginx.kafka.client"):new(broker_list)
            local brokers, partitions = client:fetch_metadata("news")
            ngx.say(brokers[7].host, " ", brokers[7].port == broker.port)
            ngx.say(partitions.num, " ", partitions[1].leader, " ", partitions[1].replicas[1])
            ngx.say(client:fetch_metadata("news") == brokers)
            ngx.say(client:fetch_metadata("unknown"))
            ngx.say(client:choose_broker("news", 0) == client.brokers[7])
            ngx.say(client:choose_broker("news", 5))
        }
    }
--- response_body
127.0.0.1 true
2 7 7
true
nilnot found topic
true
nilnot found partition



=== TEST 2: messages one by one
--- config
    location = /t {
        content_by_lua_block {
            local producer = require("nginx.kafka.producer"):new(broker_list)
            for i = 1, 3 do
                local offset, err = producer:send("news", "key" .. i, "text " .. i)
                ngx.say(tonumber(offset), " ", err)
            end
            ngx.say(tonumber((producer:offset())))
            broker.say()
        }
    }
--- response_body
101 nil
101 nil
101 nil
101
news 0 [key1] text 1 intact v0
news 0 [key2] text 2 intact v0
news 0 [key3] text 3 intact v0



=== TEST 3: no key, empty and binary messages, and 900 KB
--- config
    location = /t {
        content_by_lua_block {
            local producer = require("nginx.kafka.producer"):new(broker_list)
            broker.partitions = 1
            producer:send("news", nil, "")
            producer:send("news", nil, "\0\255\r\n.")
            producer:send("news", nil, ("x"):rep(900000))
            table.sort(broker.log)
            for i, line in ipairs(broker.log) do
                ngx.say(#line, " ", line:match("intact"))
            end
            broker.log = {}
        }
    }
--- response_body
25 intact
20 intact
900020 intact



=== TEST 4: other versions of the protocol
--- config
    location = /t {
        content_by_lua_block {
            for version = 1, 2 do
                local producer = require("nginx.kafka.producer"):new(broker_list, { api_version = version })
                ngx.say(tonumber((producer:send("news", "a", "by version " .. version))))
            end
            broker.say()
        }
    }
--- response_body
101
101
news 1 [a] by version 1 intact v0
news 1 [a] by version 2 intact v1



=== TEST 5: the connection is kept
--- config
    location = /t {
        content_by_lua_block {
            broker.connections, broker.asked = 0, 0
            local producer = require("nginx.kafka.producer"):new(broker_list)
            for i = 1, 10 do
                producer:send("news", nil, "text")
            end
            ngx.say(broker.connections <= 1, " ", broker.asked, " ", #broker.log)
            broker.log = {}
        }
    }
--- response_body
true 1 10



=== TEST 6: errors of the broker: one to try again after, one not to
--- config
    location = /t {
        content_by_lua_block {
            local producer = require("nginx.kafka.producer"):new(broker_list, { retry_backoff = 2 })
            broker.asked, broker.errors = 0, { 6 }
            ngx.say(tonumber((producer:send("news", "a", "at the second attempt"))), " ", broker.asked)
            broker.errors = { 10 }
            ngx.say(producer:send("news", "a", "too large"))
            broker.errors = { 5, 5, 5 }
            ngx.say(producer:send("news", "a", "never"))
            broker.say()
        }
    }
--- response_body
101 2
nilMessageSizeTooLargefalse
nilLeaderNotAvailabletrue
news 1 [a] at the second attempt intact v0



=== TEST 7: messages in batches, when they are flushed
--- config
    location = /t {
        content_by_lua_block {
            local options = { producer_type = "async", flush_time = 60000 }
            local producer = require("nginx.kafka.producer"):new(broker_list, options)
            ngx.sleep(0.005)  -- its timer has flushed nothing
            for i = 1, 5 do
                ngx.say(producer:send("news", i % 2 == 0 and "even" or "odd", tostring(i)))
            end
            ngx.say(#broker.log)
            producer:flush()
            broker.say()
        }
    }
--- response_body
true
true
true
true
true
0
news 0 [even] 2 intact v0
news 0 [even] 4 intact v0
news 1 [odd] 1 intact v0
news 1 [odd] 3 intact v0
news 1 [odd] 5 intact v0



=== TEST 8: messages in batches, by timers
--- config
    location = /t {
        content_by_lua_block {
            local options = { producer_type = "async", flush_time = 5, batch_num = 3 }
            local producer = require("nginx.kafka.producer"):new(broker_list, options)
            broker.partitions = 1
            for i = 1, 7 do
                producer:send("news", nil, tostring(i))
            end
            broker.wait(7)
            broker.say()
        }
    }
--- response_body
news 0 [] 1 intact v0
news 0 [] 2 intact v0
news 0 [] 3 intact v0
news 0 [] 4 intact v0
news 0 [] 5 intact v0
news 0 [] 6 intact v0
news 0 [] 7 intact v0



=== TEST 9: what is not sent is reported to a function
--- config
    location = /t {
        content_by_lua_block {
            local report
            local options = {
                producer_type = "async", flush_time = 60000, max_retry = 1,
                error_handle = function(topic, partition, queue, index, err, retryable)
                    report = table.concat({
                        topic, partition, queue[2], index, err, tostring(retryable),
                    }, " ")
                end,
            }
            local producer = require("nginx.kafka.producer"):new(broker_list, options, "errors" .. ngx.var.connection)
            ngx.sleep(0.005)
            broker.errors = { 2 }
            producer:send("news", "a", "bad")
            producer:flush()
            ngx.say(report)
        }
    }
--- response_body
news 1 bad 2 InvalidMessage false



=== TEST 10: a broker that is not there, and the next that is
--- config
    location = /t {
        content_by_lua_block {
            local dead = { host = "127.0.0.1", port = $TEST_NGINX_RAND_PORT_1 }
            local client = require("nginx.kafka.client"):new { dead, broker_list[1] }
            ngx.say(client:fetch_metadata("news")[7].host)
            client = require("nginx.kafka.client"):new { dead }
            ngx.say(client:fetch_metadata("news"))
            local producer = require("nginx.kafka.producer"):new { dead }
            ngx.say(producer:send("news", nil, "text"))
        }
    }
--- response_body
127.0.0.1
nilnot found topic
nilnot found topic
--- error_log
all brokers failed in fetch topic metadata
broker fetch metadata failed, err:connection refused



=== TEST 11: a broker that does not answer
--- config
    location = /t {
        content_by_lua_block {
            local producer = require("nginx.kafka.producer"):new(broker_list, { max_retry = 1 })
            producer.client:fetch_metadata("news")
            producer.socket_config.socket_timeout = 20
            broker.silent = true
            ngx.say(producer:send("news", "a", "text"))
            broker.wait(1)
            broker.silent = false
            broker.say()
        }
    }
--- response_body
niltimeoutnil
news 1 [a] text intact v0
--- no_error_log
[alert]
