-- The Lua half of the conversions. The C function is called through the FFI, as
-- LuaJIT can then compile a call together with the code around it.
local native = ...

local ffi = require "ffi"
local bytes, error, ngx, tostring, type = ffi.string, error, ngx, tostring, type

local convert = ffi.cast(
    "int (*)(const char *text, size_t len, int kind, char *out, size_t size)",
    ffi.cast("uintptr_t", native.convert)
)
local convert_long = native.convert_long
local TOO_LONG = -2

local SIZE = 4096
local out = ffi.new("char[?]", SIZE)

local COMPONENT, LAST_TYPE = 2, 6
local UNESCAPE = native.unescape
local ENCODE_PADDED, ENCODE_UNPADDED = native.encode_padded, native.encode_unpadded
local DECODE, DECODE_MIME = native.decode, native.decode_mime

-- nil if the text is malformed.
local function converted(text, kind)
    local len = convert(text, #text, kind, out, SIZE)
    local result
    if len >= 0 then
        result = bytes(out, len)
    elseif len == TOO_LONG then
        result = convert_long(text, kind)
    end
    return result
end

local function as_text(value)
    return value and tostring(value) or ""
end

-- text = ngx.escape_uri(text, type?)
function ngx.escape_uri(text, kind)
    if type(text) ~= "string" then
        text = as_text(text)
    end
    if kind == nil then
        kind = COMPONENT
    elseif type(kind) ~= "number" then
        error('"type" is not a number', 3)
    elseif not (kind >= 0 and kind <= LAST_TYPE) then
        error('"type" ' .. kind .. " out of range", 3)
    end

    local len = convert(text, #text, kind, out, SIZE)
    if len == #text then
        return text
    end
    local result
    if len == TOO_LONG then
        result = convert_long(text, kind)
    else
        result = bytes(out, len)
    end
    return result
end

-- text = ngx.unescape_uri(text)
function ngx.unescape_uri(text)
    if type(text) ~= "string" then
        text = as_text(text)
    end
    local result = converted(text, UNESCAPE)
    return result
end

-- digits = ngx.encode_base64(text, no_padding?)
function ngx.encode_base64(text, no_padding)
    if type(text) ~= "string" then
        text = as_text(text)
    end
    local kind = ENCODE_PADDED
    if no_padding then
        if no_padding ~= true then
            error("bad no_padding: boolean expected, got " .. type(no_padding), 2)
        end
        kind = ENCODE_UNPADDED
    end
    local result = converted(text, kind)
    return result
end

-- text = ngx.decode_base64(digits): nil if they are malformed.
function ngx.decode_base64(digits)
    if type(digits) ~= "string" then
        error("string argument only", 2)
    end
    local result = converted(digits, DECODE)
    return result
end

-- text = ngx.decode_base64mime(digits): what is not in the alphabet is skipped.
function ngx.decode_base64mime(digits)
    if type(digits) ~= "string" then
        error("string argument only", 2)
    end
    local result = converted(digits, DECODE_MIME)
    return result
end
