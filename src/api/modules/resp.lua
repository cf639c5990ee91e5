local _, native = ...

return {
    version = require("resty.core.base").version,
    add_header = native.add_header,
    set_status = native.set_status,
    bypass_if_checks = native.bypass_if_checks,
}
