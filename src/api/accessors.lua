-- A metatable whose table has two ways to be used: `index` and `newindex`, which
-- LuaJIT compiles together with the code around them, and the C functions `read`
-- and `write`. Where the compiler was turned off, the FFI would cost more than it
-- saves. The first use is late enough to know.
local status = jit.status

return function(index, newindex, read, write)
    local metatable = {}

    local function choose()
        local compiled = status()
        metatable.__index = compiled and index or read
        metatable.__newindex = compiled and newindex or write
    end

    function metatable.__index(object, key)
        choose()
        return metatable.__index(object, key)
    end

    function metatable.__newindex(object, key, value)
        choose()
        return metatable.__newindex(object, key, value)
    end

    return metatable
end
