local _, native = ...

return {
    version = require("resty.core.base").version,
    set_resp_header = native.set_resp_header,
}
