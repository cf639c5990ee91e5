-- The Lua half of the hash functions. The C functions are called through the
-- FFI, as LuaJIT can then compile a call together with the code around it.
local md5_bin, md5_hex, sha1_bin, crc32 = ...

local ffi = require "ffi"
local bytes, ngx, tostring, type = ffi.string, ngx, tostring, type

local function c_function(signature, address)
    return ffi.cast(signature, ffi.cast("uintptr_t", address))
end

local DIGEST = "void (*)(const char *text, size_t len, char *out)"
md5_bin = c_function(DIGEST, md5_bin)
md5_hex = c_function(DIGEST, md5_hex)
sha1_bin = c_function(DIGEST, sha1_bin)
crc32 = c_function("uint32_t (*)(const char *text, size_t len)", crc32)

local MD5, MD5_HEX, SHA1 = 16, 32, 20
local out = ffi.new("char[?]", MD5_HEX)

local function as_text(value)
    return value and tostring(value) or ""
end

-- digest = ngx.md5(text): 32 hexadecimal digits.
function ngx.md5(text)
    if type(text) ~= "string" then
        text = as_text(text)
    end
    md5_hex(text, #text, out)
    local digest = bytes(out, MD5_HEX)
    return digest
end

-- digest = ngx.md5_bin(text): 16 bytes.
function ngx.md5_bin(text)
    if type(text) ~= "string" then
        text = as_text(text)
    end
    md5_bin(text, #text, out)
    local digest = bytes(out, MD5)
    return digest
end

-- digest = ngx.sha1_bin(text): 20 bytes.
function ngx.sha1_bin(text)
    if type(text) ~= "string" then
        text = as_text(text)
    end
    sha1_bin(text, #text, out)
    local digest = bytes(out, SHA1)
    return digest
end

-- number = ngx.crc32_short(text), number = ngx.crc32_long(text)
local function checksum(text)
    if type(text) ~= "string" then
        text = as_text(text)
    end
    local number = crc32(text, #text)
    return number
end

ngx.crc32_short = checksum
ngx.crc32_long = checksum
