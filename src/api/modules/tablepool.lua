-- Tables that are used again, in pools that have names.
local clear, new = require "table.clear", require "table.new"
local error, setmetatable = error, setmetatable

local LARGEST = 200

-- Each an array; n is how many tables are in it.
local pools = {}

local function fetch(tag, narr, nrec)
    local pool = pools[tag]
    if pool and pool.n > 0 then
        local n = pool.n
        local tab = pool[n]
        pool[n] = nil
        pool.n = n - 1
        return tab
    end
    return new(narr, nrec)
end

local function release(tag, tab, noclear)
    if not tab then
        error("object empty", 2)
    end
    local pool = pools[tag]
    if not pool then
        pool = new(4, 1)
        pool.n = 0
        pools[tag] = pool
    end
    if not noclear then
        setmetatable(tab, nil)
        clear(tab)
    end
    if pool.n < LARGEST then
        local n = pool.n + 1
        pool[n] = tab
        pool.n = n
    end
end

return { _VERSION = "0.03", fetch = fetch, release = release }
