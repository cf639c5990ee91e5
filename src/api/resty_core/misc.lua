-- Fields of ngx that Lua code computes.
local getmetatable, next = getmetatable, next

local fields = getmetatable(ngx)
local getters, setters = {}, {}

-- get() gives ngx[name] from now on. Our own fields stay as fast as they are
-- until the first one is added.
local function register_getter(name, get)
    if not next(getters) then
        local index = fields.__index
        function fields.__index(tab, key)
            local getter = getters[key]
            if getter then
                return getter()
            end
            return index(tab, key)
        end
    end
    getters[name] = get
end

-- set(value) is what an assignment to ngx[name] does from now on.
local function register_setter(name, set)
    if not next(setters) then
        local newindex = fields.__newindex
        function fields.__newindex(tab, key, value)
            local setter = setters[key]
            if setter then
                return setter(value)
            end
            return newindex(tab, key, value)
        end
    end
    setters[name] = set
end

return {
    _VERSION = require("resty.core.base").version,
    register_ngx_magic_key_getter = register_getter,
    register_ngx_magic_key_setter = register_setter,
}
