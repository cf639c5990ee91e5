-- The module resty.core.regex: what libraries take from it.
local _, own = ...
local re = own.natives()
local ffi = require "ffi"

local grow_ratio = 2

-- A buffer with room for `new_len` bytes, with the first `len` of `buf`; its
-- size, the place behind those bytes, and `new_len`.
local function check_buf_size(buf, buf_size, pos, len, new_len)
    if new_len > buf_size then
        buf_size = math.max(buf_size * grow_ratio, new_len)
        local old = buf
        buf = ffi.new("char[?]", buf_size)
        ffi.copy(buf, old, len)
        pos = buf + len
    end
    return buf, buf_size, pos, new_len
end

return {
    version = require("resty.core.base").version,
    set_buf_grow_ratio = function(ratio)
        grow_ratio = ratio
    end,
    check_buf_size = check_buf_size,
    is_regex_cache_empty = re.is_regex_cache_empty,
    re_match_compile = re.re_match_compile,
    re_sub_compile = re.re_sub_compile,
    destroy_compiled_regex = re.destroy_compiled_regex,
}
