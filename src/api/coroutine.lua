-- The Lua half of coroutine.wrap: `resume` may wait, which a C function that
-- called it could not outlive. It gives nil where a coroutine cannot be
-- resumed at all.
local resume, raise = ...

local function results(co, ok, ...)
    if ok then
        return ...
    end
    if ok == nil then
        return false, ...
    end
    return raise(co, (...))
end

return function(co)
    return function(...)
        return results(co, resume(co, ...))
    end
end
