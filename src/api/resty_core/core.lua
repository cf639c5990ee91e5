-- What lua-resty-core adds to the C module is part of this one. Code that
-- requires it goes on as before, and finds all its parts loaded.
local package, require = package, require

for name in pairs(package.preload) do
    if name:find("^resty%.core%.") then
        require(name)
    end
end

return { version = require("resty.core.base").version }
