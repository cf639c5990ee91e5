-- The table ngx.re. Replacing by a function is done here: it may wait, which a C
-- function that called it could not outlive.
local natives = ...
local begin, step, finish = natives.begin, natives.step, natives.finish
local sub, gsub = natives.sub, natives.gsub
local type = type

local function replace_by(call, all, subject, regex, options)
    local substitution, text = begin(subject, regex, options, all)
    if not substitution then
        return nil, nil, text
    end
    local captures = step(substitution, text)
    while captures do
        captures = step(substitution, text, call(captures))
    end
    return finish(substitution, text)
end

local re = { match = natives.match, find = natives.find, gmatch = natives.gmatch }

function re.sub(subject, regex, replace, options)
    if type(replace) == "function" then
        return replace_by(replace, false, subject, regex, options)
    end
    return sub(subject, regex, replace, options)
end

function re.gsub(subject, regex, replace, options)
    if type(replace) == "function" then
        return replace_by(replace, true, subject, regex, options)
    end
    return gsub(subject, regex, replace, options)
end

return re
