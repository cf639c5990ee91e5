-- As version.lua, for a part that names its version in the older way.
return { _VERSION = require("resty.core.base").version }
