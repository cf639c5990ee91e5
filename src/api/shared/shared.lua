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
    bool stale;
} nginx_lua_dict_found;
]]

local get = c_function(
    "int (*)(int64_t, const char *, size_t, bool, nginx_lua_dict_found *)", native.get)
local store = c_function(
    "int (*)(int64_t, int, const char *, size_t, int, const char *, size_t, double, double, double)",
    native.store)
local incr = c_function(
    "int (*)(int64_t, const char *, size_t, double, bool, double, double, nginx_lua_dict_found *)",
    native.incr)
local ttl = c_function("double (*)(int64_t, const char *, size_t)", native.ttl)
local expire = c_function("int (*)(int64_t, const char *, size_t, double)", native.expire)
local found = ffi.new "nginx_lua_dict_found"

local NIL, STRING, NUMBER, FALSE, TRUE = 0, 1, 2, 3, 4
local OTHER, DONE, NO_MEMORY, NOT_FOUND = -1, 0, 2, 6
local NO_KEY = 1 / 0
local ERRORS = {
    [NO_MEMORY] = "no memory",
    [4] = "exists",
    [NOT_FOUND] = "not found",
    [8] = "not a number",
}

-- None of these calls is a tail call: LuaJIT would compile the functions only as
-- part of others.

-- The value that get() has found, which is not nil.
local function found_value(kind)
    if kind == STRING then
        local value = text(found.data, found.len)
        return value
    elseif kind == NUMBER then
        return found.number
    end
    return kind == TRUE
end

local plain_get = methods.get

function methods.get(dict, key)
    local zone = zones[dict]
    if zone and type(key) == "string" then
        local kind = get(zone, key, #key, false, found)
        if kind == NIL then
            return nil
        elseif kind ~= OTHER then
            local value, flags = found_value(kind), found.flags
            if flags ~= 0 then
                return value, flags
            end
            return value
        end
    end
    local value, flags = plain_get(dict, key)
    if flags == nil then
        return value
    end
    return value, flags
end

local plain_get_stale = methods.get_stale

function methods.get_stale(dict, key)
    local zone = zones[dict]
    if zone and type(key) == "string" then
        local kind = get(zone, key, #key, true, found)
        if kind == NIL then
            return nil
        elseif kind ~= OTHER then
            local value, flags = found_value(kind), found.flags
            if flags ~= 0 then
                return value, flags, found.stale
            end
            return value, nil, found.stale
        end
    end
    local value, flags, stale = plain_get_stale(dict, key)
    if stale ~= nil then
        return value, flags, stale
    elseif flags ~= nil then
        return value, flags
    end
    return value
end

local SET = 0

local function storing(plain, mode)
    return function(dict, key, value, exptime, flags)
        local zone = zones[dict]
        local seconds, bits = exptime or 0, flags or 0
        if zone and type(key) == "string" and type(seconds) == "number" and seconds >= 0
            and type(bits) == "number"
        then
            local code = OTHER
            if type(value) == "string" then
                code = store(zone, mode, key, #key, STRING, value, #value, 0, seconds, bits)
            elseif type(value) == "number" then
                code = store(zone, mode, key, #key, NUMBER, nil, 0, value, seconds, bits)
            elseif type(value) == "boolean" then
                local kind = value and TRUE or FALSE
                code = store(zone, mode, key, #key, kind, nil, 0, 0, seconds, bits)
            elseif value == nil and mode <= SET + 1 then
                code = store(zone, mode, key, #key, NIL, nil, 0, 0, seconds, bits)
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
    methods[name] = storing(methods[name], SET + mode - 1)
end

local plain_delete = methods.delete

function methods.delete(dict, key)
    local zone = zones[dict]
    if zone and type(key) == "string"
        and store(zone, SET, key, #key, NIL, nil, 0, 0, 0, 0) == DONE
    then
        return true, nil, false
    end
    local ok, err, forcible = plain_delete(dict, key)
    if ok == nil then
        return nil, err
    end
    return ok, err, forcible
end

local plain_incr = methods.incr

function methods.incr(dict, key, by, init, init_ttl)
    local zone, seconds = zones[dict], init_ttl or 0
    if zone and type(key) == "string" and type(by) == "number"
        and (init == nil and init_ttl == nil or type(init) == "number")
        and init_ttl ~= false and type(seconds) == "number" and seconds >= 0
    then
        local code = incr(zone, key, #key, by, init ~= nil, init or 0, seconds, found)
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

local plain_ttl = methods.ttl

function methods.ttl(dict, key)
    local zone = zones[dict]
    if zone and type(key) == "string" then
        local seconds = ttl(zone, key, #key)
        if seconds == NO_KEY then
            return nil, ERRORS[NOT_FOUND]
        elseif seconds == seconds then
            return seconds
        end
    end
    local seconds, err = plain_ttl(dict, key)
    if err == nil then
        return seconds
    end
    return seconds, err
end

local plain_expire = methods.expire

function methods.expire(dict, key, exptime)
    local zone = zones[dict]
    if zone and type(key) == "string" and type(exptime) == "number" then
        local code = expire(zone, key, #key, exptime)
        if code == DONE then
            return true
        elseif code > 0 then
            return nil, ERRORS[code]
        end
    end
    local ok, err = plain_expire(dict, key, exptime)
    if err == nil then
        return ok
    end
    return ok, err
end
