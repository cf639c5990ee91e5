local _, native = ...

return {
    version = require("resty.core.base").version,
    str_replace_char = native.str_replace_char,
}
