-- The Lua half of reading ngx.var. Its C functions are called through the FFI, as
-- LuaJIT can then compile a read together with the code around it.
local read, known, named = ...

local ffi = require "ffi"
local status, text, type = jit.status, ffi.string, type

local function c_function(signature, address)
    return ffi.cast(signature, ffi.cast("uintptr_t", address))
end

known = c_function("int (*)(int64_t variable, void *found)", known)
named = c_function("int (*)(const char *name, size_t len, void *found)", named)
local found = ffi.new("struct { const char *value; double variable; }")
local NONE = -1

-- The variables that the configuration defines, once they were asked for.
local variables = {}

local function index(var, name)
    local variable, len = variables[name], nil
    if variable then
        len = known(variable, found)
    elseif type(name) == "string" then
        len = named(name, #name, found)
        if found.variable ~= 0 then
            variables[name] = found.variable
        end
    else
        return read(var, name)
    end

    local value
    if len >= 0 then
        -- Not a tail call: LuaJIT would compile this function only as part of others.
        value = text(found.value, len)
    elseif len ~= NONE then
        return read(var, name)
    end
    return value
end

local metatable = {}

-- Where the compiler was turned off, the FFI would cost more than it saves. The
-- first read is late enough to know.
function metatable.__index(var, name)
    local choice = status() and index or read
    metatable.__index = choice
    return choice(var, name)
end

return metatable
