-- Whether a function can change its globals, or see that they are not its own.
--
-- Code that only reads globals by name cannot tell a table of its own, whose
-- metatable leads to the shared globals, from these: it runs without one. What
-- counts is in the bytecode: an instruction that sets a global, or the name of
-- something that gives the globals away.
local util = require "jit.util"
local funcbc, funck, funcinfo = util.funcbc, util.funck, util.funcinfo
local band, rshift = bit.band, bit.rshift

local sample = loadstring "x = y"
local GET, SET = band(funcbc(sample, 1), 0xff), band(funcbc(sample, 2), 0xff)
assert(GET ~= SET)

local revealing = {}
for name in ([[
    _G debug dofile getfenv load loadfile loadstring module setfenv
]]):gmatch "%S+" do
    revealing[name] = true
end

local function needs_own(func)
    local info = funcinfo(func)

    for pc = 1, info.bytecodes - 1 do
        local ins = funcbc(func, pc)
        local op = band(ins, 0xff)
        if op == SET or op == GET and revealing[funck(func, -rshift(ins, 16) - 1)] then
            return true
        end
    end

    if info.children then
        for i = -1, -info.gcconsts, -1 do
            local const = funck(func, i)
            if type(const) == "proto" and needs_own(const) then
                return true
            end
        end
    end
    return false
end

return needs_own
