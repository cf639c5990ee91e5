-- ngx.req: what the table of that name does not have.
local _, native = ...

return { version = require("resty.core.base").version, add_header = native.add_header }
