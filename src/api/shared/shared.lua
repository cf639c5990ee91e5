-- The most used methods of dictionaries for compiled code: they call C functions
-- through the FFI, as LuaJIT can then compile a call together with the code
-- around it. Whatever is out of the ordinary goes to the Lua C functions.
local methods, zones, native = ...

local ffi = require "ffi"
local text, type = ffi.string, type

local function c_function(signature, address)
    return ffi.cast(signature, ffi.cast("uintptr_t", address))
end

ffi.cdef [[
typedef struct {
    const char *data;
    size_t len;
    double number;
    int flags;
} nginx_lua_dict_found;
]]

local get = c_function("int (*)(int64_t, const char *, size_t, nginx_lua_dict_found *)", native.get)
local store_string = c_function(
    "int (*)(int64_t, int, const char *, size_t, const char *, size_t, double, double)",
    native.store_string)
local store_number = c_function(
    "int (*)(int64_t, int, const char *, size_t, double, double, double)", native.store_number)
local incr = c_function(
    "int (*)(int64_t, const char *, size_t, double, bool, double, nginx_lua_dict_found *)",
    native.incr)
local found = ffi.new "nginx_lua_dict_found"

local NIL, STRING, NUMBER, FALSE, TRUE = 0, 1, 2, 3, 4
local DONE, NO_MEMORY = 0, 2
local ERRORS = {
    [NO_MEMORY] = "no memory",
    [4] = "exists",
    [6] = "not found",
    [8] = "not a number",
}

-- None of these calls is a tail call: LuaJIT would compile the functions only as
-- part of others.

local plain_get = methods.get

function methods.get(dict, key)
    local zone = zones[dict]
    if zone and type(key) == "string" then
        local kind = get(zone, key, #key, found)
        local value
        if kind == STRING then
            value = text(found.data, found.len)
        elseif kind == NUMBER then
            value = found.number
        elseif kind == NIL then
            return nil
        elseif kind == FALSE then
            value = false
        elseif kind == TRUE then
            value = true
        else
            local nothing, err = plain_get(dict, key)
            return nothing, err
        end
        local flags = found.flags
        if flags ~= 0 then
            return value, flags
        end
        return value
    end
    local value, flags = plain_get(dict, key)
    if flags == nil then
        return value
    end
    return value, flags
end

local function storing(plain, mode)
    return function(dict, key, value, exptime, flags)
        local zone = zones[dict]
        local ttl, bits = exptime or 0, flags or 0
        if zone and type(key) == "string" and type(ttl) == "number" and ttl >= 0
            and type(bits) == "number"
        then
            local code = -1
            if type(value) == "string" then
                code = store_string(zone, mode, key, #key, value, #value, ttl, bits)
            elseif type(value) == "number" then
                code = store_number(zone, mode, key, #key, value, ttl, bits)
            end
            if code == DONE then
                return true, nil, false
            elseif code == DONE + 1 then
                return true, nil, true
            elseif code > 0 then
                local forcible = code % 2
                return false, ERRORS[code - forcible], forcible == 1
            end
        end
        local ok, err, forcible = plain(dict, key, value, exptime, flags)
        if ok == nil then
            return nil, err
        end
        return ok, err, forcible
    end
end

for mode, name in ipairs { "set", "safe_set", "add", "safe_add", "replace" } do
    methods[name] = storing(methods[name], mode - 1)
end

local plain_incr = methods.incr

function methods.incr(dict, key, by, init, init_ttl)
    local zone = zones[dict]
    if zone and type(key) == "string" and type(by) == "number" and init_ttl == nil
        and (init == nil or type(init) == "number")
    then
        local code = incr(zone, key, #key, by, init ~= nil, init or 0, found)
        if code == DONE or code == DONE + 1 then
            if init == nil then
                return found.number
            end
            return found.number, nil, code ~= DONE
        elseif code > 0 then
            return nil, ERRORS[code - code % 2]
        end
    end
    local value, err, forcible = plain_incr(dict, key, by, init, init_ttl)
    if forcible == nil then
        if err == nil then
            return value
        end
        return value, err
    end
    return value, err, forcible
end
