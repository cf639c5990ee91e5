-- A cache that drops what was not used for the longest time. Entries stand in
-- slots from 1 up; those that are used form a ring through slot 0, from the one
-- used last to the one used first.
local name = ...

local bit, ffi = require "bit", require "ffi"
local clear, new_table = require "table.clear", require "table.new"
local error, setmetatable, tostring, type = error, setmetatable, tostring, type
local floor, now = math.floor, ngx.now

local slots_type, times_type = ffi.typeof "int32_t[?]", ffi.typeof "double[?]"
local flags_type = ffi.typeof "uint32_t[?]"
local NEVER = -1

-- Where a key's entry is. `make`, `find`, `add`, `remove` and `reset` are all that
-- the two variants of the module differ in.
local index = {}

-- In this variant keys are strings, and an index of its own does not mind how
-- many of them come and go: a Lua table is made anew every now and then.
local text_keys = name == "resty.lrucache.pureffi"

if text_keys then
    local band, bxor, rshift = bit.band, bit.bxor, bit.rshift
    local cast, fill, sizeof = ffi.cast, ffi.fill, ffi.sizeof
    local tonumber = tonumber

    -- Strings that are equal are the same, so their addresses tell them apart.
    local function bucket(self, key)
        local address = tonumber(cast("uintptr_t", cast("const char *", key)))
        return band(bxor(rshift(address, 4), rshift(address, 13)), self.mask)
    end

    function index.make(self)
        local buckets = 1
        while buckets < 2 * self.size do
            buckets = 2 * buckets
        end
        self.mask = buckets - 1
        self.buckets = slots_type(buckets)
        -- The next slot in the same bucket.
        self.chain = slots_type(self.size + 1)
    end

    function index.find(self, key)
        local keys, chain = self.keys, self.chain
        local slot = self.buckets[bucket(self, key)]
        while slot ~= 0 and keys[slot] ~= key do
            slot = chain[slot]
        end
        return slot ~= 0 and slot or nil
    end

    function index.add(self, key, slot)
        local buckets, at = self.buckets, bucket(self, key)
        self.chain[slot] = buckets[at]
        buckets[at] = slot
    end

    function index.remove(self, key, slot)
        local buckets, chain, at = self.buckets, self.chain, bucket(self, key)
        local other = buckets[at]
        if other == slot then
            buckets[at] = chain[slot]
            return
        end
        while chain[other] ~= slot do
            other = chain[other]
        end
        chain[other] = chain[slot]
    end

    function index.reset(self)
        fill(self.buckets, sizeof(self.buckets))
    end
else
    function index.make(self)
        self.slots = {}
    end

    function index.find(self, key)
        return self.slots[key]
    end

    function index.add(self, key, slot)
        self.slots[key] = slot
    end

    function index.remove(self, key)
        self.slots[key] = nil
    end

    function index.reset(self)
        clear(self.slots)
    end
end
local find, add, remove = index.find, index.add, index.remove

local cache = { _VERSION = "0.15" }
local metatable = { __index = cache }

-- cache, err = lrucache.new(size)
function cache.new(size)
    if size < 1 then
        return nil, "size too small"
    end
    size = floor(size)
    local self = {
        size = size,
        used = 0,
        keys = new_table(size, 0),
        values = new_table(size, 0),
        older = slots_type(size + 1),
        newer = slots_type(size + 1),
        expires = times_type(size + 1),
        flags = flags_type(size + 1),
        -- Slots that were given back, linked by `older`, and where those begin
        -- that were never used.
        free = 0,
        untouched = 1,
    }
    index.make(self)
    return setmetatable(self, metatable)
end

-- Takes a slot out of the ring.
local function unlink(self, slot)
    local older, newer = self.older, self.newer
    local o, n = older[slot], newer[slot]
    newer[o] = n
    older[n] = o
end

-- Puts a slot into the ring as the one used last.
local function link(self, slot)
    local older, newer = self.older, self.newer
    local first = older[0]
    older[slot] = first
    newer[slot] = 0
    newer[first] = slot
    older[0] = slot
end

-- A slot for a new key.
local function take(self)
    local slot = self.free
    if slot ~= 0 then
        self.free = self.older[slot]
    elseif self.untouched <= self.size then
        slot = self.untouched
        self.untouched = slot + 1
    else
        slot = self.newer[0]
        unlink(self, slot)
        remove(self, self.keys[slot], slot)
        return slot
    end
    self.used = self.used + 1
    return slot
end

-- value, stale_value, flags = cache:get(key)
function cache:get(key)
    if text_keys and type(key) ~= "string" then
        key = tostring(key)
    end
    local slot = find(self, key)
    if not slot then
        return nil
    end
    if self.older[0] ~= slot then
        unlink(self, slot)
        link(self, slot)
    end

    local value = self.values[slot]
    if value == nil then
        return nil
    end
    local expires = self.expires[slot]
    if expires >= 0 and expires < now() then
        return nil, value, self.flags[slot]
    end
    return value, nil, self.flags[slot]
end

-- cache:set(key, value, ttl?, flags?)
function cache:set(key, value, ttl, flags)
    if text_keys and type(key) ~= "string" then
        key = tostring(key)
    end
    local slot = find(self, key)
    if slot then
        unlink(self, slot)
    else
        if key == nil or key ~= key then
            error("table index is " .. (key == nil and "nil" or "NaN"), 2)
        end
        slot = take(self)
        add(self, key, slot)
        self.keys[slot] = key
    end
    link(self, slot)

    self.values[slot] = value
    self.expires[slot] = ttl and now() + ttl or NEVER
    self.flags[slot] = type(flags) == "number" and flags >= 0 and flags or 0
end

-- existed = cache:delete(key)
function cache:delete(key)
    if text_keys and type(key) ~= "string" then
        key = tostring(key)
    end
    local slot = find(self, key)
    if not slot then
        return false
    end
    unlink(self, slot)
    remove(self, key, slot)
    self.keys[slot] = nil
    self.values[slot] = nil
    self.older[slot] = self.free
    self.free = slot
    self.used = self.used - 1
    return true
end

-- n = cache:count()
function cache:count()
    return self.used
end

-- n = cache:capacity()
function cache:capacity()
    return self.size
end

-- keys = cache:get_keys(max?, keys?): the one used last comes first.
function cache:get_keys(max, keys)
    if not max or max == 0 then
        max = self.used
    end
    keys = keys or new_table(max < 0 and 0 or max, 0)

    local n, slot = 0, self.older[0]
    while slot ~= 0 and n < max do
        n = n + 1
        keys[n] = self.keys[slot]
        slot = self.older[slot]
    end
    keys[n + 1] = nil
    return keys
end

-- cache:flush_all()
function cache:flush_all()
    index.reset(self)
    clear(self.keys)
    clear(self.values)
    self.older[0], self.newer[0] = 0, 0
    self.used, self.free, self.untouched = 0, 0, 1
end

return cache
