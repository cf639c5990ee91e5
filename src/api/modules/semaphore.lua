local _, native = ...

local new = native.new
local setmetatable = setmetatable

-- Of the userdata, which is at 1 in the object.
local memory = { __gc = native.close }

local semaphore = {
    version = require("resty.core.base").version,
    wait = native.wait,
    post = native.post,
    count = native.count,
}

local object = { __index = semaphore }

function semaphore.new(resources)
    return setmetatable({ new(resources, memory) }, object)
end

return semaphore
