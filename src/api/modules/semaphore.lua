-- A semaphore is a table with the semaphore proper, a pointer, at `sem`. C functions
-- are called through the FFI, as LuaJIT can then compile a call together with the
-- code around it; only what waits is a Lua C function.
local _, native = ...

local ffi = require "ffi"
local error, setmetatable, tonumber, type = error, setmetatable, tonumber, type
local gc = ffi.gc

ffi.cdef [[
typedef struct {
    int32_t resources;
    int32_t waiters;
} nginx_lua_semaphore;
]]

local function c_function(signature, name)
    return ffi.cast(signature, ffi.cast("uintptr_t", native.address(name)))
end

local create = c_function("nginx_lua_semaphore *(*)(double)", "create")
local destroy = c_function("void (*)(nginx_lua_semaphore *)", "destroy")
local post = c_function("void (*)(nginx_lua_semaphore *, double)", "post")
local take = c_function("bool (*)(nginx_lua_semaphore *)", "take")
local wait = native.wait
local WAITS = native.mark()

local semaphore = { version = require("resty.core.base").version }
local object = { __index = semaphore }

local NO_SEMAPHORE = "not a semaphore instance"

-- sem = semaphore.new(resources = 0)
--
-- What is no number counts as 0. Raises `no negative number`. All phases.
function semaphore.new(resources)
    resources = tonumber(resources) or 0
    if resources < 0 then
        error("no negative number", 2)
    end
    return setmetatable({ sem = gc(create(resources), destroy) }, object)
end

-- true = sem:post(resources = 1)
--
-- Wakes as many that wait, when the running code waits or ends. What is no number
-- counts as 1. Raises `positive number required`. All phases.
function semaphore.post(self, resources)
    local sem = type(self) == "table" and self.sem
    if type(sem) ~= "cdata" then
        error(NO_SEMAPHORE, 2)
    end
    resources = resources and tonumber(resources) or 1
    if not (resources >= 1) then
        error("positive number required", 2)
    end
    post(sem, resources)
    return true
end

-- ok, err = sem:wait(seconds)
--
-- Takes a resource. If there is none, or others wait for one already, waits for
-- `seconds` at most, to the millisecond. Results: true; nil, `timeout` without
-- having waited, as there is less than a millisecond; false, `timeout` after
-- waiting; nil, `API disabled in the context of …` in other phases. Raises
-- `no negative number`, an error of arithmetic, and in init `no request found`.
-- Phases: yield.
function semaphore.wait(self, seconds)
    local sem = type(self) == "table" and self.sem
    if type(sem) ~= "cdata" then
        error(NO_SEMAPHORE, 2)
    end
    seconds = tonumber(seconds)
    if seconds and not (seconds < 0) and take(sem) then
        return true
    end
    -- No tail call: LuaJIT would compile this function only as part of others.
    local ok, err = wait(WAITS, self, sem, seconds)
    return ok, err
end

-- n = sem:count()
--
-- The resources that are there minus those that wait. All phases.
function semaphore.count(self)
    local sem = type(self) == "table" and self.sem
    if type(sem) ~= "cdata" then
        error(NO_SEMAPHORE, 2)
    end
    return sem.resources - sem.waiters
end

return semaphore
