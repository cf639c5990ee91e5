-- The module ngx.re.
local _, own = ...
local re = own.natives()

return { version = require("resty.core").version, split = re.split, opt = re.opt }
