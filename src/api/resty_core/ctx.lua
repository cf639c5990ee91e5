local _, native = ...

return {
    _VERSION = require("resty.core.base").version,
    get_ctx_table = native.get_ctx_table,
}
