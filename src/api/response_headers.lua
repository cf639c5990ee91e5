-- The Lua half of ngx.header. Its C functions are called through the FFI, as
-- LuaJIT can then compile a use together with the code around it.
local accessors, read, write, learn, find, assign, size = ...

local ffi = require "ffi"
local clear = require "table.clear"
local text, tostring, type = ffi.string, tostring, type

local function c_function(signature, address)
    return ffi.cast(signature, ffi.cast("uintptr_t", address))
end

learn = c_function("int (*)(const char *key, size_t len, void *name)", learn)
find = c_function("int (*)(const void *name, void *found)", find)
assign = c_function("int (*)(const void *name, const char *value, size_t len)", assign)
local found = ffi.new("struct { const char *value; size_t len; }")
-- Of words, for the sake of alignment.
local new_name = ffi.typeof("uint64_t[?]")
local DONE, NONE = 0, 1

-- What is known of each key; false for keys that are left to read and write.
local names, known = {}, 0
local MOST_KNOWN, LONGEST = 1000, 200

local function name_of(key)
    -- Code may make up names without end: they must not pile up.
    if known == MOST_KNOWN then
        clear(names)
        known = 0
    end
    known = known + 1

    local name = false
    if #key <= LONGEST then
        name = new_name((size + 2 * #key + 7) / 8)
        if learn(key, #key, name) ~= DONE then
            name = false
        end
    end
    names[key] = name
    return name
end

local function index(headers, key)
    local name = names[key]
    if name == nil and type(key) == "string" then
        name = name_of(key)
    end
    if name then
        local result = find(name, found)
        if result == DONE then
            -- Not a tail call: LuaJIT would compile this function only as part of others.
            local value = text(found.value, found.len)
            return value
        elseif result == NONE then
            return nil
        end
    end
    return read(headers, key)
end

local function newindex(headers, key, value)
    local name = names[key]
    if name == nil and type(key) == "string" then
        name = name_of(key)
    end
    if name then
        local given = value
        if type(given) == "number" then
            given = tostring(given)
        end
        if type(given) == "string" and assign(name, given, #given) == DONE then
            return
        end
    end
    return write(headers, key, value)
end

return accessors(index, newindex, read, write)
