-- Operations of sockets that wait, and ways to end them.

local peer = require "peer"
local watch = require "watch"

local sockets = { results = {} }

local function show(...)
    local values = { ... }
    for i = 1, select("#", ...) do
        values[i] = type(values[i]) == "string" and '"' .. values[i] .. '"' or tostring(values[i])
    end
    return table.concat(values, " ")
end

-- A socket whose other end follows the script.
local function connect(script, options)
    local sock = ngx.socket.tcp()
    assert(sock:connect("127.0.0.1", peer.port, options))
    assert(sock:send(script .. "\n"))
    return sock
end

local function reader(receive)
    return { busy = "reading", open = connect, run = receive }
end

local pools = 0

-- How each gets its socket, if the peer is to do something, and what waits.
local operations = {
    line = reader(function(sock) return sock:receive() end),
    size = reader(function(sock) return sock:receive(5) end),
    all = reader(function(sock) return sock:receive("*a") end),
    any = reader(function(sock) return sock:receiveany(5) end),
    ["until"] = reader(function(sock) return sock:receiveuntil("--")() end),
    piece = reader(function(sock) return sock:receiveuntil("--")(3) end),
    send = {
        -- A peer that reads nothing.
        open = function(script) return connect((script:gsub("hold", "stall"))) end,
        run = function(sock)
            local bytes, err = sock:send(("x"):rep(2e7))
            -- The kernel says the one or the other, depending on what came first.
            return bytes, err == "broken pipe" and "connection reset by peer" or err
        end,
    },
    connect = {
        open = function() return ngx.socket.tcp() end,
        run = function(sock) return sock:connect("127.0.0.1", peer.deaf) end,
    },
    handshake = {
        open = connect,
        run = function(sock) return sock:sslhandshake() end,
    },
    queue = {
        open = function()
            pools = pools + 1
            local options = { pool = "queue " .. pools, pool_size = 1, backlog = 1 }
            local first = connect("hold", options)
            return setmetatable({ first = first, options = options }, getmetatable(first))
        end,
        run = function(sock) return sock:connect("127.0.0.1", peer.port, sock.options) end,
    },
}

-- Each returns what is to be compared.
local ends = {}

function ends.timeout(operation)
    local sock = operation.open("hold")
    sock:settimeout(20)
    return show(operation.run(sock))
end

function ends.close(operation)
    return show(operation.run(operation.open("wait 10")))
end

function ends.reset(operation)
    return show(operation.run(operation.open("wait 10;reset")))
end

-- A socket that has received "ab-", which nobody has asked for yet.
local function with_part(operation, script)
    local sock = operation.open("say xab-;" .. script)
    assert(sock:receive(1) == "x")
    return sock
end

-- The peer sends a part, and then nothing, or closes, or resets.
function ends.part(operation)
    local sock = with_part(operation, "hold")
    sock:settimeout(20)
    return show(operation.run(sock))
end

function ends.partclose(operation)
    return show(operation.run(with_part(operation, "wait 10")))
end

function ends.partreset(operation)
    return show(operation.run(with_part(operation, "wait 10;reset")))
end

-- After it, the socket is closed, and can connect.
local function closed(sock)
    local result = show(sock:receive()) .. ", " .. show(sock:send("x")) .. ", " .. show(sock:close())
    assert(sock:connect("127.0.0.1", peer.port))
    assert(sock:send("say again\n"))
    return result .. ", " .. sock:receive("*a")
end

function ends.kill(operation)
    local sock = operation.open("hold")
    local thread = ngx.thread.spawn(operation.run, sock)
    ngx.sleep(0.005)
    assert(ngx.thread.kill(thread))
    return closed(sock)
end

-- Killed when it is about to wake up.
function ends.late(operation)
    local sock = operation.open("wait 5")
    sock:settimeout(5)
    local thread = ngx.thread.spawn(operation.run, sock)
    ngx.sleep(0.005)
    ngx.thread.kill(thread)
    sock:close()
    return "no crash"
end

function ends.exit(operation)
    local sock = operation.open("hold")
    ngx.thread.spawn(function()
        operation.run(sock)
        ngx.print("not reached ")
    end)
    ngx.sleep(0.001)
    ngx.print("exit")
    ngx.exit(200)
end

function ends.error(operation)
    local sock = operation.open("hold")
    ngx.thread.spawn(function()
        ngx.sleep(0.001)
        error("on purpose")
    end)
    sock:settimeout(20)
    return show(operation.run(sock))
end

function ends.busy(operation)
    local sock = operation.open("hold")
    local thread = ngx.thread.spawn(operation.run, sock)
    local result = show(operation.run(sock)) .. ", " .. show(sock:close())
    ngx.thread.kill(thread)
    return result
end

-- Others ask for the socket while one waits.
function ends.foreign(operation)
    local sock = operation.open("hold")
    local thread = ngx.thread.spawn(operation.run, sock)
    sockets.foreign = sock
    local result = ngx.location.capture("/foreign").body
    sockets.foreign = nil
    ngx.thread.kill(thread)
    return result
end

function sockets.cell()
    ngx.print(ends[ngx.var[2]](operations[ngx.var[1]]))
end

function sockets.cell_in_timer()
    local operation, way = ngx.var[1], ngx.var[2]
    assert(ngx.timer.at(0, function()
        local ok, result = pcall(ends[way], operations[operation])
        table.insert(sockets.results, operation .. " " .. way .. ": " .. tostring(result))
    end))
end

-- Waits for so long, unless something else happens.
function sockets.hold()
    local operation, ms = operations[ngx.var[1]], tonumber(ngx.var[2])
    local sock = operation.open("hold")
    watch.started = watch.started + 1
    sock:settimeout(ms)
    ngx.print(show(operation.run(sock)))
end

function sockets.hold_in_timer()
    local operation, ms = operations[ngx.var[1]], tonumber(ngx.var[2])
    assert(ngx.timer.at(0, function()
        local sock = operation.open("hold")
        watch.started = watch.started + 1
        sock:settimeout(ms)
        operation.run(sock)
    end))
end

local methods = {
    { "close" }, { "getoption", "keepalive" }, { "getreusedtimes" }, { "receive" }, { "receiveany", 5 },
    { "send", "x" }, { "setkeepalive" }, { "setoption", "keepalive", true },
    { "connect", "127.0.0.1", peer.port },
}

local function all_methods(sock)
    local results = {}
    for i, method in ipairs(methods) do
        local ok, result, err = pcall(sock[method[1]], sock, unpack(method, 2))
        results[i] = method[1] .. " " .. (ok and show(result, err) or "error " .. result)
    end
    return table.concat(results, "\n")
end

-- The methods of a socket that belongs to another request.
function sockets.foreign_methods()
    ngx.print(all_methods(sockets.foreign))
end

function sockets.state()
    local state = ngx.var[1]
    if state == "leave" then
        sockets.left = connect("hold")
        return
    elseif state == "left" then
        ngx.print(all_methods(sockets.left))
        return
    end
    local sock = connect("hold")
    if state == "closed" then
        sock:close()
    elseif state == "kept" then
        sock:setkeepalive()
    elseif state == "killed" then
        ngx.thread.kill(ngx.thread.spawn(function() sock:receive() end))
    elseif state == "timer" then
        local result
        ngx.timer.at(0, function() result = all_methods(sock) end)
        repeat ngx.sleep(0.001) until result
        ngx.print(result)
        return
    end
    ngx.print(all_methods(sock))
end

-- What is received of one text in many ways, whichever way it comes.
function sockets.receive_all(send)
    local text = "one\\r\\n\\ntwo\\r--\\rthree-four--\\s-five---six==--=end\\r\\n--rest\\sof\\sit"
    local function part(receive)
        return function(sock)
            local results = {}
            repeat
                local a, b, c = receive(sock)
                results[#results + 1] = show(a, b, c)
            until b or #results > 100
            return table.concat(results, " ")
        end
    end
    local function pattern(text, size, inclusive)
        return function(sock)
            local iterator = sock:receiveuntil(text, { inclusive = inclusive })
            local all, results = "", {}
            repeat
                local data, err, partial
                if size then
                    data, err, partial = iterator(size)
                else
                    data, err, partial = iterator()
                end
                -- Pieces depend on how the data comes; all of them do not.
                if size and data then
                    all = all .. data
                else
                    results[#results + 1] = all .. show(data, err, partial)
                    all = ""
                end
            until err or #results > 100
            return table.concat(results, " ")
        end
    end
    local ways = {
        part(function(sock) return sock:receive() end),
        part(function(sock) return sock:receive(1) end),
        part(function(sock) return sock:receive(7) end),
        part(function(sock) return sock:receive(1000) end),
        function(sock) return show(sock:receive("*a")) end,
        function(sock)
            local all = ""
            repeat
                local data = sock:receiveany(5)
                all = all .. (data or "")
            until not data
            return all
        end,
        pattern("--"), pattern("--", nil, true), pattern("--", 3), pattern("--", 1, true),
        pattern("-"), pattern("\r\n"), pattern("--="), pattern("==--=end"), pattern("---six"),
        pattern("rest of it"), pattern("nowhere"), pattern("it!"),
        function(sock)
            return show(sock:receive(), sock:receive(2), sock:receiveuntil("--")(), sock:receive(4))
                .. show(sock:receive("*a"))
        end,
    }
    local results = {}
    for i, receive in ipairs(ways) do
        results[i] = receive(connect(send .. " " .. text))
    end
    return table.concat(results, "\n")
end

-- Sends to a peer that reads one byte at a time.
function sockets.send_slowly()
    local pieces = { "text", 12345, { "a", { "b", 1.5 } }, ("x"):rep(3000), true, "" }
    local expected = "text12345ab1.5" .. ("x"):rep(3000) .. "true"
    local sock = connect("sip " .. #expected)
    local writer = ngx.thread.spawn(function()
        local total = 0
        for _, piece in ipairs(pieces) do
            total = total + assert(sock:send(piece))
        end
        return total
    end)
    local got = sock:receive(#expected)
    local _, total = ngx.thread.wait(writer)
    return show(got == expected, total == #expected)
end

function sockets.receive_big()
    local sock, total = connect("big " .. ngx.var.arg_bytes), 0
    while true do
        local data, _, partial = sock:receive(tonumber(ngx.var.arg_piece))
        total = total + #(data or partial)
        if not data then
            ngx.print(total)
            return
        end
    end
end

function sockets.receive_any_big()
    local sock, total = connect("big " .. ngx.var.arg_bytes), 0
    while true do
        local data = sock:receiveany(1e6)
        if not data then
            ngx.print(total)
            return
        end
        total = total + #data
    end
end

function sockets.echo_big()
    local piece, rounds = ("0123456789abcdef"):rep(4096), tonumber(ngx.var.arg_bytes) / 65536
    local sock = connect("echo")
    ngx.thread.spawn(function()
        for _ = 1, rounds do
            assert(sock:send(piece))
        end
    end)
    for _ = 1, rounds do
        assert(sock:receive(65536) == piece)
    end
    ngx.print(rounds * 65536)
end

-- So many bytes at once; how long that took, in milliseconds.
function sockets.receive_once()
    local bytes = tonumber(ngx.var.arg_bytes)
    local ways = {
        function(sock) return sock:receive(bytes) end,
        function(sock) return sock:receive("*a") end,
        function(sock) return sock:receiveuntil("END")() end,
        function(sock) return sock:receive() end,
    }
    local sock = connect(("big %d;say END\\n"):format(bytes))
    ngx.update_time()
    local start = ngx.now()
    local data = assert(ways[tonumber(ngx.var.arg_way)](sock))
    assert(#data >= bytes and #data <= bytes + 4)
    ngx.update_time()
    ngx.print(math.floor((ngx.now() - start) * 1000))
end

-- 10,000 connections, most of them used again.
function sockets.pools()
    for i = 1, 10000 do
        local sock = ngx.socket.tcp()
        assert(sock:connect("127.0.0.1", peer.port, { pool = "pool " .. i % 50, pool_size = 2 }))
        if sock:getreusedtimes() == 0 then
            assert(sock:send("echo\n"))
        end
        assert(sock:send("hello"))
        assert(sock:receive(5) == "hello")
        if i % 7 == 0 then
            assert(sock:close())
        else
            assert(sock:setkeepalive(i % 3 == 0 and 1 or 60000))
        end
    end
    ngx.print("10000")
end

-- A thousand connections at the same time, given back and taken again.
function sockets.crowd()
    local options = { pool = "crowd", pool_size = 1000 }
    local reused = 0
    for _ = 1, 10 do
        local socks = {}
        for i = 1, 1000 do
            local sock = ngx.socket.tcp()
            assert(sock:connect("127.0.0.1", peer.port, options))
            reused = reused + math.min(1, sock:getreusedtimes())
            socks[i] = sock
        end
        for i = 1, 1000 do
            assert(socks[i]:setkeepalive())
        end
    end
    ngx.print(reused)
end

return sockets
