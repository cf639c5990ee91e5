-- Ways to use TLS; see tls.rs.

local ssl = require "ngx.ssl"
local watch = require "watch"


local port_12, port_13, certificates

local function read(name)
    local file = assert(io.open(certificates .. "/" .. name))
    local text = file:read("*a")
    file:close()
    return text
end

local function connect(port)
    local sock = watch.object(ngx.socket.tcp())
    sock:settimeout(10000)
    assert(sock:connect("127.0.0.1", port))
    return sock
end

local function get(sock)
    assert(sock:send("GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
    assert(sock:receiveuntil("\r\n\r\n")())
    assert(sock:receive(5) == "hello")
end

local uses = {}

function uses.full()
    local sock = connect(port_12)
    assert(sock:sslhandshake(nil, "test.example", true))
    get(sock)
    return "done"
end

-- A session that is taken up again and again.
local session

function uses.session()
    local sock = connect(port_12)
    session = assert(sock:sslhandshake(session, "test.example", true))
    get(sock)
    sock:close()
    return "done"
end

local ticket

function uses.tickets()
    local sock = connect(port_13)
    ticket = assert(sock:sslhandshake(ticket, "test.example", true))
    get(sock)
    assert(sock:getsslsession())
    sock:close()
    return "done"
end

function uses.refused()
    local sock = connect(port_12)
    local ok, err = sock:sslhandshake(nil, "other.example", true)
    return err == "certificate host mismatch" and "done" or tostring(err)
end

function uses.abandoned()
    local sock = connect(port_12)
    local thread = ngx.thread.spawn(function() sock:sslhandshake() end)
    ngx.thread.kill(thread)
    return "done"
end

function uses.client()
    local sock = connect(port_12)
    sock:setclientcert(ssl.parse_pem_cert(read("client-chain.crt")),
                       ssl.parse_pem_priv_key(read("client-chain.key")))
    assert(sock:sslhandshake(nil, "test.example", true))
    get(sock)
    return "done"
end

-- A connection from a pool that is for another name, and so replaced.
function uses.other()
    for i = 1, 2 do
        local sock = watch.object(ngx.socket.tcp())
        assert(sock:connect("127.0.0.1", port_12, { pool = "other" }))
        assert(sock:sslhandshake(nil, i .. ".wild.example", true))
        get(sock)
        assert(sock:setkeepalive(10000, 5))
    end
    return "done"
end

function uses.pooled()
    for _, port in ipairs { port_12, port_13 } do
        local sock = connect(port)
        assert(sock:sslhandshake(nil, "test.example", true))
        get(sock)
        assert(sock:setkeepalive(10000, 5))
    end
    return "done"
end

return function(directory, one, two)
    certificates, port_12, port_13 = directory, one, two
    return uses
end
