-- resty.core.request: what stands in the C module's file beside the functions of
-- ngx.req.
local _, native = ...

return { version = require("resty.core.base").version, set_req_header = native.set_req_header }
