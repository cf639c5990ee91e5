-- The Lua half of ngx.var. Its C functions are called through the FFI, as LuaJIT
-- can then compile a use together with the code around it.
local accessors, read, write, known, named, assign = ...

local ffi = require "ffi"
local text, tostring, type = ffi.string, tostring, type

local function c_function(signature, address)
    return ffi.cast(signature, ffi.cast("uintptr_t", address))
end

known = c_function("int (*)(int64_t variable, void *found)", known)
named = c_function("int (*)(const char *name, size_t len, void *found)", named)
assign = c_function("int (*)(int64_t variable, const char *value, size_t len)", assign)
local found = ffi.new("struct { const char *value; double variable; }")
local NONE, DONE = -1, 0

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

local function newindex(var, name, value)
    local variable = variables[name]
    if variable then
        local given = value
        if type(given) == "number" then
            given = tostring(given)
        end
        if type(given) == "string" and assign(variable, given, #given) == DONE then
            return
        end
    end
    local known_by = write(var, name, value)
    if known_by then
        variables[name] = known_by
    end
end

return accessors(index, newindex, read, write)
