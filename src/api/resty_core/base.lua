-- What Lua libraries that call C functions through the FFI have in common.
local _, native = ...

local ffi = require "ffi"
local ceil, error, select = math.ceil, error, select
local subsystem = ngx.config.subsystem

-- Libraries declare their functions with these types.
for name, declaration in pairs {
    ngx_str_t = "typedef struct { size_t len; const unsigned char *data; } ngx_str_t;",
    ngx_http_request_t = "typedef struct ngx_http_request_s ngx_http_request_t;",
    ngx_http_lua_ffi_str_t = "typedef struct { int len; const unsigned char *data; } ngx_http_lua_ffi_str_t;",
} do
    if not pcall(ffi.typeof, name) then
        ffi.cdef(declaration)
    end
end

local base = {
    version = "0.1.33",
    new_tab = require "table.new",
    clear_tab = require "table.clear",
    FFI_OK = 0,
    FFI_ERROR = -1,
    FFI_AGAIN = -2,
    FFI_BUSY = -3,
    FFI_DONE = -4,
    FFI_DECLINED = -5,
    FFI_NO_REQ_CTX = -100,
    FFI_BAD_CONTEXT = -101,
}

local message, size = ffi.new "char *[1]", ffi.new "size_t[1]"

-- Room for the address of an error message; all callers share it.
function base.get_errmsg_ptr()
    return message
end

-- Room for a length; all callers share it.
function base.get_size_ptr()
    return size
end

local buffer_type = ffi.typeof "char[?]"
local buffer, buffer_size = nil, 4096

-- Room for a result of `len` bytes; all callers share it, up to a size.
function base.get_string_buf(len, must_alloc)
    if must_alloc or len > buffer_size then
        return buffer_type(len)
    end
    buffer = buffer or buffer_type(buffer_size)
    return buffer
end

function base.get_string_buf_size()
    return buffer_size
end

function base.set_string_buf_size(bytes)
    if bytes > 0 then
        buffer, buffer_size = nil, ceil(bytes)
    end
end

local FREE = 0

-- Puts a value into a table under a number of its own. tab[0] is the number that
-- was given back last, and tab[number] the one before that.
function base.ref_in_table(tab, value)
    if value == nil then
        return -1
    end
    local ref = tab[FREE]
    if ref and ref ~= 0 then
        tab[FREE] = tab[ref]
    else
        ref = #tab + 1
    end
    tab[ref] = value
    return ref
end

-- Raises an error unless one of the subsystems is ours.
function base.allows_subsystem(...)
    for i = 1, select("#", ...) do
        if select(i, ...) == subsystem then
            return
        end
    end
    error("unsupported subsystem: " .. subsystem, 2)
end

local request = ffi.cast("void *(*)(void)", ffi.cast("uintptr_t", native.request()))

-- nginx's request, for C functions; nothing where none is served.
function base.get_request()
    local r = request()
    if r ~= nil then
        return r
    end
end

return base
