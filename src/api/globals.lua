-- An error in a finalizer would surface wherever memory happens to be
-- allocated, in code that has nothing to do with it, and LuaJIT does not
-- survive it in compiled code. So finalizers are called protected, and their
-- errors are logged.
local failed = ...

local ffi = require "ffi"
local newproxy, getmetatable, setmetatable = newproxy, getmetatable, setmetatable
local pcall, rawset, type = pcall, rawset, type

local protected = setmetatable({}, { __mode = "k" })

local function protect(finalizer)
    if type(finalizer) ~= "function" then
        return finalizer
    end
    local call = protected[finalizer]
    if not call then
        call = function(object)
            local ok, err = pcall(finalizer, object)
            if not ok then
                failed(err)
            end
        end
        protected[finalizer] = call
    end
    return call
end

local proxy_meta = {
    __newindex = function(meta, key, value)
        rawset(meta, key, key == "__gc" and protect(value) or value)
    end,
}

function _G.newproxy(like)
    local proxy = newproxy(like)
    if like == true then
        setmetatable(getmetatable(proxy), proxy_meta)
    end
    return proxy
end

-- Modules are loaded with the machine's globals, whoever asks for them first.
local globals, loaded = _G, package.loaded
local require, error, getfenv, setfenv = require, error, getfenv, setfenv

local function settle(own, ok, ...)
    setfenv(0, own)
    if ok then
        return ...
    end
    local err = ...
    if type(err) == "string" and (err:find("^module '") or err:find("^error loading module '")) then
        return error(err, 2)
    end
    return error(err, 0)
end

function _G.require(name)
    local module = loaded[name]
    local kind = type(module)
    -- Anything else may be the mark of a module that is being loaded.
    if kind == "table" or kind == "function" or kind == "string" or module == true then
        return module
    end
    local own = getfenv(0)
    if own == globals then
        return require(name)
    end
    setfenv(0, globals)
    return settle(own, pcall(require, name))
end

local gc, metatype = ffi.gc, ffi.metatype

function ffi.gc(object, finalizer)
    return gc(object, protect(finalizer))
end

function ffi.metatype(ctype, meta)
    if type(meta) == "table" and type(meta.__gc) == "function" then
        meta.__gc = protect(meta.__gc)
    end
    return metatype(ctype, meta)
end
