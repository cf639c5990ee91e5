-- Replacing by a function: it may wait, which a C function that called it could
-- not outlive.
local sub, gsub, begin, step, finish = ...
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

local function re_sub(subject, regex, replace, options)
    if type(replace) == "function" then
        return replace_by(replace, false, subject, regex, options)
    end
    return sub(subject, regex, replace, options)
end

local function re_gsub(subject, regex, replace, options)
    if type(replace) == "function" then
        return replace_by(replace, true, subject, regex, options)
    end
    return gsub(subject, regex, replace, options)
end

return re_sub, re_gsub
