-- Runs in init_worker_by_lua: what dictionaries cost with many keys and many
-- workers. See bench/dictionary.
local dict, results = ngx.shared.dict, ngx.shared.results
local format, random = string.format, math.random

local KEYS = 1000000
local HOT = 3000000

-- Nanoseconds of CPU time for each of n calls.
local function measure(name, n, f)
    local begin = os.clock()
    for i = 1, n do
        f(i)
    end
    results:set(name, format("%6.0f ns", (os.clock() - begin) / n * 1e9))
end

local function key(i)
    return format("key:%07d", i)
end

local function many_keys()
    measure("the key alone", KEYS, key)
    measure("set 1, fresh", KEYS / 100, function(i) dict:set(key(i), "twenty bytes of data") end)
    dict:flush_all()
    dict:flush_expired()
    measure("set 2, a million keys", KEYS, function(i) dict:set(key(i), "twenty bytes of data") end)
    results:set("keys in it", #dict:get_keys(0))
    measure("get, at random", KEYS, function() dict:get(key(random(KEYS))) end)
    measure("set, at random", KEYS, function() dict:set(key(random(KEYS)), "twenty bytes of data") end)
    measure("incr, at random", KEYS, function() dict:incr("n" .. random(1000), 1, 0) end)
    local i = KEYS
    repeat
        i = i + 1
        local _, _, forcible = dict:set(key(i), "twenty bytes of data")
    until forcible
    measure("set, each evicts one", KEYS / 4, function(n) dict:set(key(i + n), "twenty bytes of data") end)
    measure("get_keys(0), a key", 1000000, function(n)
        if n == 1 then
            dict:get_keys(0)
        end
    end)
end

-- All workers begin at the same time.
local function hot_key()
    dict:set("hot", "the value that all want")
    ngx.update_time()
    local start = math.floor(ngx.now()) + 1
    repeat
        ngx.update_time()
    until ngx.now() >= start
    local clock = os.clock()
    for _ = 1, HOT do
        dict:get("hot")
    end
    ngx.update_time()
    results:incr("wall", ngx.now() - start, 0)
    results:incr("cpu", os.clock() - clock, 0)
    results:incr("done", 1, 0)
end

if ngx.worker.count() == 1 then
    many_keys()
else
    hot_key()
end
