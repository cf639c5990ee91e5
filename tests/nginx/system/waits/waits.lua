-- Each kind of wait, and each way in which it ends; see waits.rs.

local semaphore = require "ngx.semaphore"
local watch = require "watch"

local waits = { acted = 0 }
local kinds = {}
-- The semaphores that requests have waited for; weak, as none must outlive that.
local semaphores = setmetatable({}, { __mode = "v" })

local function new_semaphore(id)
    local sem = watch.object(semaphore.new())
    semaphores[id] = sem
    return sem
end

local piece = ("x"):rep(384 * 1024)

function kinds.sleep(seconds)
    ngx.sleep(seconds)
    return "slept"
end

function kinds.turns(seconds)
    ngx.update_time()
    local deadline = ngx.now() + seconds
    repeat
        ngx.sleep(0)
    until ngx.now() >= deadline
    return "turned"
end

function kinds.body()
    ngx.req.read_body()
    return #(ngx.req.get_body_data() or "")
end

-- More than the system takes before the client reads.
function kinds.flush()
    ngx.print(piece)
    return ngx.flush(true)
end

function kinds.capture(seconds)
    return ngx.location.capture("/sub", { args = { seconds = seconds } }).body
end

function kinds.multi(seconds)
    local options = { args = { seconds = seconds } }
    local one, two = ngx.location.capture_multi { { "/sub", options }, { "/sub", options } }
    return one.body .. two.body
end

function kinds.thread(seconds)
    local _, result = ngx.thread.wait(watch.object(ngx.thread.spawn(kinds.sleep, seconds)))
    return result
end

function kinds.semaphore(seconds, id)
    local sem = new_semaphore(id)
    ngx.thread.spawn(function ()
        ngx.sleep(seconds)
        sem:post()
    end)
    local ok = sem:wait(60)
    return tostring(ok) .. sem:count()
end

function kinds.timeout(seconds, id)
    local sem = new_semaphore(id)
    local _, err = sem:wait(seconds)
    return err
end

function kinds.datagram(seconds)
    local sock = watch.object(ngx.socket.udp())
    assert(sock:setpeername("127.0.0.1", 9))
    sock:settimeout(seconds * 1000)
    local _, err = sock:receive()
    return err
end

-- The wait three coroutines deep.
local function nested(wait, ...)
    local args = { ... }
    local result
    local function nest(depth)
        if depth == 0 then
            result = wait(unpack(args))
            return
        end
        local co = watch.object(coroutine.create(nest))
        local ok, err = coroutine.resume(co, depth - 1)
        assert(ok, err)
    end
    nest(3)
    return result
end

-- A function that waits and notes the result.
local function waiter(kind, depth, seconds, id, ctx)
    local wait = kinds[kind]
    return function ()
        if depth == "nested" then
            ctx.result = nested(wait, seconds, id)
        else
            ctx.result = wait(seconds, id)
        end
    end
end

-- What ends the other thread, or all of them.
local ends = {}

function ends.result()
end

function ends.kill()
end

function ends.exit()
    ngx.exit(ngx.OK)
end

function ends.exec()
    ngx.exec("/elsewhere")
end

function ends.redirect()
    ngx.redirect("/elsewhere", 302)
end

function ends.error()
    error("on purpose")
end

-- The client completes a body when that has happened.
local function act(ending)
    waits.acted = waits.acted + 1
    ends[ending]()
end

-- Runs a wait of 10 ms in a thread or in the chunk itself, and what ends it in
-- the other.
local function run(id, ctx, kind, depth, where, ending)
    local wait = waiter(kind, depth, 0.01, id, ctx)
    if where == "entry" then
        watch.object(ngx.thread.spawn(function ()
            ngx.sleep(0.002)
            act(ending)
        end))
        return wait()
    end

    local thread = watch.object(ngx.thread.spawn(wait))
    ngx.sleep(0.002)
    if ending == "kill" then
        local ok, err = ngx.thread.kill(thread)
        ctx.result = ok and "killed" or ctx.result
    end
    act(ending)
end

function waits.cell()
    local var = ngx.var
    run(var.request_id, ngx.ctx, var[1], var[2], var[3], var[4])
end

-- What comes after must not be woken by what was waited for before.
function waits.check(where)
    local ctx = ngx.ctx
    local sem = semaphores[ngx.var.request_id]
    if sem then
        sem:post()
    end
    ngx.update_time()
    local began = ngx.now()
    -- The client needs a moment to complete a body.
    local seconds = ngx.var.request_method == "POST" and 0.1 or 0.03
    local _, err = semaphore.new():wait(seconds)
    ngx.update_time()
    -- nginx's timers see the time in steps of some milliseconds.
    local early = ngx.now() - began < seconds - 0.01
    ngx.say(where, " ", ctx.result or "ended", " ", err, early and " too early" or "")
end

-- Waits until the client goes away or nginx ends.
function waits.hold()
    local var = ngx.var
    local wait = waiter(var[1], var[2], tonumber(var[4]), var.request_id, ngx.ctx)
    watch.started = watch.started + 1
    if var[3] == "entry" then
        wait()
    else
        assert(ngx.thread.wait(watch.object(ngx.thread.spawn(wait))))
    end
    ngx.say(ngx.ctx.result)
end

-- The same as cell() in a timer.
local results = {}

function waits.timer()
    local var = ngx.var
    local cell = { var[1], var[2], var[3], var[4] }
    assert(ngx.timer.at(0, function (premature)
        local ctx = watch.object({})
        results[table.concat(cell, " ")] = ctx
        run(cell, ctx, unpack(cell))
    end))
end

-- What the timers have noted, when all have ended.
function waits.results()
    if ngx.timer.running_count() + ngx.timer.pending_count() > 0 then
        return
    end
    for cell, ctx in pairs(results) do
        ngx.say(cell, " ", ctx.result or "ended")
    end
    results = {}
end

-- Runs a wait in a timer until nginx ends.
function waits.hold_in_timer()
    local var = ngx.var
    local wait = waiter(var[1], var[2], tonumber(var[4]), {}, {})
    assert(ngx.timer.at(0, function ()
        watch.started = watch.started + 1
        if var[3] == "entry" then
            wait()
        else
            assert(ngx.thread.wait(ngx.thread.spawn(wait)))
        end
    end))
end

return waits
