-- The Lua half of ngx.socket: what consists of two calls, of which the second
-- may wait.
local socket = ...
local tcp = socket.tcp

function socket.connect(...)
    local sock = tcp()
    local ok, err = sock:connect(...)
    if not ok then
        return nil, err
    end
    return sock
end
