-- The Lua half of the clock. The C functions are called through the FFI, as
-- LuaJIT can then compile a call together with the code around it.
local native = ...

local ffi = require "ffi"
local bytes, error, ngx, type = ffi.string, error, ngx, type

local function c_function(signature, address)
    return ffi.cast(signature, ffi.cast("uintptr_t", address))
end

local now = c_function("double (*)(void)", native.now)
local time = c_function("double (*)(void)", native.time)
local update_time = c_function("void (*)(void)", native.update_time)
local utctime = c_function("uint32_t (*)(char *out)", native.utctime)
local localtime = c_function("uint32_t (*)(char *out)", native.localtime)
local http_time = c_function("uint32_t (*)(double seconds, char *out)", native.http_time)
local cookie_time = c_function("uint32_t (*)(double seconds, char *out)", native.cookie_time)
local parse_http_time = c_function("double (*)(const char *text, size_t len)", native.parse_http_time)

local out = ffi.new("char[?]", native.room)
local DAY = #"yyyy-mm-dd"
local MALFORMED = -1

-- seconds = ngx.now(): since the epoch, with milliseconds as the fraction.
function ngx.now()
    local seconds = now()
    return seconds
end

-- seconds = ngx.time(): since the epoch.
function ngx.time()
    local seconds = time()
    return seconds
end

-- ngx.update_time(): reads the system's clock.
function ngx.update_time()
    update_time()
end

-- text = ngx.today(): yyyy-mm-dd, in the server's time zone.
function ngx.today()
    localtime(out)
    local text = bytes(out, DAY)
    return text
end

-- text = ngx.localtime(): yyyy-mm-dd hh:mm:ss, in the server's time zone.
function ngx.localtime()
    local len = localtime(out)
    local text = bytes(out, len)
    return text
end

-- text = ngx.utctime(): yyyy-mm-dd hh:mm:ss
function ngx.utctime()
    local len = utctime(out)
    local text = bytes(out, len)
    return text
end

-- text = ngx.http_time(seconds): Thu, 18 Nov 2010 11:27:35 GMT
function ngx.http_time(seconds)
    if type(seconds) ~= "number" then
        error("number argument only", 2)
    end
    local len = http_time(seconds, out)
    local text = bytes(out, len)
    return text
end

-- text = ngx.cookie_time(seconds): Thu, 18-Nov-10 11:27:35 GMT
function ngx.cookie_time(seconds)
    if type(seconds) ~= "number" then
        error("number argument only", 2)
    end
    local len = cookie_time(seconds, out)
    local text = bytes(out, len)
    return text
end

-- seconds = ngx.parse_http_time(text): nil if it is no date.
function ngx.parse_http_time(text)
    if type(text) ~= "string" then
        error("string argument only", 2)
    end
    local seconds = parse_http_time(text, #text)
    if seconds == MALFORMED then
        return nil
    end
    return seconds
end
