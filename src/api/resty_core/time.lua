local _, native = ...

return {
    version = require("resty.core.base").version,
    monotonic_msec = native.monotonic_msec,
    monotonic_time = native.monotonic_time,
}
