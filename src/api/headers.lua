-- The metatable of header tables. In Lua, as LuaJIT can compile it together with
-- the code that looks at the table.
local clear = require "table.clear"
local gsub, lower, rawget, tostring, type =
    string.gsub, string.lower, rawget, tostring, type

-- The key for each name that code has asked for in its own spelling.
local keys, known = {}, 0
local MOST_KNOWN = 1000

local function learn(name)
    if type(name) ~= "string" then
        return type(name) == "number" and tostring(name) or nil
    end
    -- A client may have chosen the name: they must not pile up.
    if known == MOST_KNOWN then
        clear(keys)
        known = 0
    end
    known = known + 1

    local key = gsub(lower(name), "_", "-")
    keys[name] = key
    return key
end

return {
    __index = function(headers, name)
        -- Not a tail call: LuaJIT would compile this function only as part of others.
        local value = rawget(headers, keys[name] or learn(name))
        return value
    end,
}
