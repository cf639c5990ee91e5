-- Certificates, keys and OpenSSL's objects are pointers. Those that belong to Lua are
-- freed by the garbage collector.
local _, native = ...

local ffi = require "ffi"
local error, tonumber, type = error, tonumber, type
local cast, gc = ffi.cast, ffi.gc

local function pointer(address)
    return cast("void *", cast("uintptr_t", address))
end

local free_certificates = cast("void (*)(void *)", pointer(native.free_certificates()))
local free_key = cast("void (*)(void *)", pointer(native.free_key()))

-- Makes a function that gives an object of one that gives an address.
local function object(parse, free)
    return function(text)
        local address, err = parse(text)
        if not address then
            return nil, err
        end
        return gc(pointer(address), free)
    end
end

local function borrowed(find)
    return function()
        local address, err = find()
        if not address then
            return nil, err
        end
        return pointer(address)
    end
end

local ssl = {
    version = require("resty.core.base").version,

    SSL3_VERSION = 0x0300,
    TLS1_VERSION = 0x0301,
    TLS1_1_VERSION = 0x0302,
    TLS1_2_VERSION = 0x0303,
    TLS1_3_VERSION = 0x0304,

    parse_pem_cert = object(native.parse_pem_cert, free_certificates),
    parse_der_cert = object(native.parse_der_cert, free_certificates),
    parse_pem_priv_key = object(native.parse_pem_priv_key, free_key),
    parse_der_priv_key = object(native.parse_der_priv_key, free_key),
    cert_pem_to_der = native.cert_pem_to_der,
    priv_key_pem_to_der = native.priv_key_pem_to_der,

    get_tls1_version = native.get_tls1_version,
    server_name = native.server_name,
    server_port = native.server_port,
    raw_server_addr = native.raw_server_addr,
    raw_client_addr = native.raw_client_addr,
    get_client_random = native.get_client_random,
    get_server_random = native.get_server_random,
    get_session_master_key = native.get_session_master_key,
    export_keying_material = native.export_keying_material,
    export_keying_material_early = native.export_keying_material_early,
    get_req_ssl_pointer = borrowed(native.request_ssl),
    get_upstream_ssl_pointer = borrowed(native.upstream_ssl),
}

local names = {
    [ssl.SSL3_VERSION] = "SSLv3",
    [ssl.TLS1_VERSION] = "TLSv1",
    [ssl.TLS1_1_VERSION] = "TLSv1.1",
    [ssl.TLS1_2_VERSION] = "TLSv1.2",
    [ssl.TLS1_3_VERSION] = "TLSv1.3",
}

-- name, err = ssl.get_tls1_version_str()
function ssl.get_tls1_version_str()
    local version, err = native.get_tls1_version()
    if not version then
        return nil, err
    end
    local name = names[version]
    if not name then
        return nil, "unknown version"
    end
    return name
end

-- reused, err = ssl.ssl_session_reused(pointer)
--
-- The pointer is what get_req_ssl_pointer gave, or the getsslpointer of a socket.
function ssl.ssl_session_reused(connection)
    if type(connection) ~= "cdata" then
        if connection == nil then
            return nil, "bad ssl"
        end
        error("bad argument #1 to 'ssl_session_reused' (cdata expected, got "
              .. type(connection) .. ")", 2)
    end
    local address = tonumber(cast("uintptr_t", cast("void *", connection)))
    if address == 0 then
        return nil, "bad ssl"
    end
    return native.ssl_session_reused(address)
end

return ssl
