-- The module ngx.re.
local _, own = ...
local re = own.natives()

return { version = require("resty.core.base").version, split = re.split, opt = re.opt }
