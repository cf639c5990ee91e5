-- Each kind of wait, and each way in which it ends; see waits.rs.

local semaphore = require "ngx.semaphore"
local watch = require "watch"

local waits = {}
local kinds = {}
-- The last semaphore that was waited for; weak, as it must not outlive the wait.
local last = setmetatable({}, { __mode = "v" })
local piece = ("x"):rep(1024 * 1024)

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

function kinds.semaphore(seconds)
    local sem = watch.object(semaphore.new())
    ngx.thread.spawn(function ()
        ngx.sleep(seconds)
        sem:post()
    end)
    last.sem = sem
    local ok = sem:wait(60)
    return tostring(ok) .. sem:count()
end

function kinds.timeout(seconds)
    local sem = watch.object(semaphore.new())
    last.sem = sem
    local _, err = sem:wait(seconds)
    return err
end

-- The wait three coroutines deep.
local function nested(wait, seconds)
    local result
    local function nest(depth)
        if depth == 0 then
            result = wait(seconds)
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
local function waiter(kind, depth, seconds)
    local wait = kinds[kind]
    local ctx = ngx.ctx
    return function ()
        ctx.result = depth == "nested" and nested(wait, seconds) or wait(seconds)
    end
end

-- Ends the other thread.
local ends = {}

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

-- Runs a wait of 10 ms in a thread or in the chunk itself, and what ends it in
-- the other.
function waits.cell()
    local var = ngx.var
    local kind, depth, where, ending = var[1], var[2], var[3], var[4]
    local wait = waiter(kind, depth, 0.01)
    if where == "entry" then
        if ending ~= "result" then
            watch.object(ngx.thread.spawn(function ()
                ngx.sleep(0.002)
                ends[ending]()
            end))
        end
        return wait()
    end

    local thread = watch.object(ngx.thread.spawn(wait))
    if ending == "result" then
        ngx.thread.wait(thread)
        return
    end
    ngx.sleep(0.002)
    if ending == "kill" then
        local ok, err = ngx.thread.kill(thread)
        ngx.ctx.killed = ok and "killed" or err
    else
        ends[ending]()
    end
end

-- What comes after must not be woken by what was waited for before.
function waits.check(where)
    local ctx = ngx.ctx
    local sem = last.sem
    if sem then
        sem:post()
        last.sem = nil
    end
    ngx.update_time()
    local began = ngx.now()
    local _, err = semaphore.new():wait(0.02)
    ngx.update_time()
    local early = ngx.now() - began < 0.019
    ngx.say(where, " ", ctx.result or ctx.killed or "ended", " ", err, early and " too early" or "")
end

-- Waits until the client goes away or nginx ends.
function waits.hold()
    local var = ngx.var
    local wait = waiter(var[1], var[2], tonumber(var[4]))
    watch.started = watch.started + 1
    if var[3] == "entry" then
        wait()
    else
        assert(ngx.thread.wait(watch.object(ngx.thread.spawn(wait))))
    end
    ngx.say(ngx.ctx.result)
end

return waits
