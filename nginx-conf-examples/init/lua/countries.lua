-- Telephone codes. Imagine that reading the list takes a while.

local list = [[
    at 43
    ch 41
    de 49
    fr 33
]]

local codes = {}
for country, code in list:gmatch("(%a+) (%d+)") do
    codes[country] = "+" .. code
end

local countries = {}

-- The telephone code of a country, or nil.
function countries.code(country)
    return country and codes[country:lower()]
end

return countries
