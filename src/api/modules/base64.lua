local _, native = ...

return {
    version = require("resty.core.base").version,
    encode_base64url = native.encode_base64url,
    decode_base64url = native.decode_base64url,
}
