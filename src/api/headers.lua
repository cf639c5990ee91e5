-- The metatable of header tables. In Lua, as LuaJIT can compile it together with
-- the code that looks at the table.
local clear = require "table.clear"
local find, gsub, lower, rawget, tostring, type =
    string.find, string.gsub, string.lower, rawget, tostring, type

-- For each name that code has asked for, in its own spelling: the key to look
-- at, and a second one if the name has underscores.
local lowered, dashed, known = {}, {}, 0
local MOST_KNOWN = 1000

local function learn(name)
    if type(name) ~= "string" then
        return type(name) == "number" and tostring(name) or nil
    end
    if known == MOST_KNOWN then
        clear(lowered)
        clear(dashed)
        known = 0
    end
    known = known + 1

    local key = lower(name)
    lowered[name] = key
    if find(key, "_", 1, true) then
        dashed[name] = gsub(key, "_", "-")
    end
    return key
end

local function index(headers, name)
    local key = lowered[name] or learn(name)
    local value = rawget(headers, key)
    if value == nil then
        key = dashed[name]
        if key then
            value = rawget(headers, key)
        end
    end
    return value
end

return { __index = index }
