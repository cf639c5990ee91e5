-- The methods of TCP sockets that are about TLS. Sessions, certificates and keys are
-- pointers; C functions get their addresses.
local methods, native = ...

local ffi = require "ffi"
local error, select, tonumber, type = error, select, tonumber, type
local cast, gc = ffi.cast, ffi.gc

-- Where the table of a socket has what belongs to TLS.
local CERTIFICATE, KEY, STORE = 6, 7, 10

local handshake, get_session = native.handshake, native.session

local function pointer(address)
    return cast("void *", cast("uintptr_t", address))
end

local free_session = cast("void (*)(void *)", pointer(native.free_session()))

local function address(object)
    if object ~= nil then
        return tonumber(cast("uintptr_t", cast("void *", object)))
    end
end

local function session_of(sock, resumable)
    local session, err = get_session(sock, resumable)
    if not session then
        return nil, err
    end
    return gc(pointer(session), free_session)
end

-- session, err = sock:sslhandshake(session?, server_name?, verify?, status?)
--
-- Agrees on TLS with the server, within the time for connecting. A session of an
-- earlier connection makes that faster; the result is one for later. With false
-- instead of a session the result is true. Phases: those that can wait.
function methods.sslhandshake(sock, session, server_name, verify, status, ...)
    local n = select("#", ...)
    if not sock or n > 0 then
        error("ngx.socket sslhandshake: expecting 1 ~ 5 arguments (including the object), "
              .. "but seen " .. (sock and 5 + n or 0), 2)
    end
    if server_name and type(server_name) ~= "string" then
        error("bad argument #2 to 'sslhandshake' (string expected, got "
              .. type(server_name) .. ")", 2)
    end
    if not sock[1] then
        error("socket is never created nor connected", 2)
    end

    local earlier = type(session) == "cdata" and session or nil
    local ok, before = handshake(sock, address(earlier), server_name or nil, verify, status,
                                 address(sock[CERTIFICATE]), address(sock[KEY]),
                                 address(sock[STORE]))
    if not ok then
        return nil, before
    end
    if session == false then
        return true
    end
    if before and earlier then
        return session
    end
    return session_of(sock)
end

-- ok, err = sock:setclientcert(cert, key)
--
-- The certificate to show in handshakes from now on, and its key, as ngx.ssl has
-- them; none with nil, nil. All phases.
function methods.setclientcert(sock, cert, key)
    if not cert and not key then
        sock[CERTIFICATE], sock[KEY] = nil, nil
        return true
    end
    if not cert or not key then
        return nil, "client certificate must be supplied with corresponding private key"
    end
    if type(cert) ~= "cdata" then
        return nil, "bad cert arg: cdata expected, got " .. type(cert)
    end
    if type(key) ~= "cdata" then
        return nil, "bad pkey arg: cdata expected, got " .. type(key)
    end
    sock[CERTIFICATE], sock[KEY] = cert, key
    return true
end

-- ok, err = sock:settrustedstore(store)
--
-- The certificates to trust in handshakes from now on: an X509_STORE of OpenSSL's, or
-- nil for those of the configuration. All phases.
function methods.settrustedstore(sock, store)
    if store ~= nil and type(store) ~= "cdata" then
        return nil, "bad store arg: cdata expected, got " .. type(store)
    end
    local ok, err = native.may_set_trust(sock)
    if not ok then
        return nil, err
    end
    sock[STORE] = store
    return true
end

-- session, err = sock:getsslsession()
--
-- The session as it is now: with TLS 1.3 one that can be taken up is there when the
-- first data has come.
function methods.getsslsession(sock)
    return session_of(sock, true)
end

-- ssl, err = sock:getsslpointer()
--
-- OpenSSL's object, which belongs to the connection.
function methods.getsslpointer(sock)
    local ssl, err = native.ssl_pointer(sock)
    if not ssl then
        return nil, err
    end
    return pointer(ssl)
end

-- ctx, err = sock:getsslctx()
function methods.getsslctx(sock)
    local ctx, err = native.ssl_context(sock)
    if not ctx then
        return nil, err
    end
    return pointer(ctx)
end
