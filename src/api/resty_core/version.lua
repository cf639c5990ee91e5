-- A part of lua-resty-core that sets functions of ngx, which are there anyway.
return { version = require("resty.core.base").version }
