-- The Lua half of coroutine.wrap: `resume` may wait, which a C function that
-- called it could not outlive.
local resume, raise = ...

local function results(co, ok, ...)
    if ok then
        return ...
    end
    return raise(co, (...))
end

return function(co)
    return function(...)
        return results(co, resume(co, ...))
    end
end
