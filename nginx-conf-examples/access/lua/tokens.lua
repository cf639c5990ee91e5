-- Who has which token. A real one would come from a file or a database.

return {
    ["ada-1815"] = { name = "Ada", may_read_reports = true },
    ["bob-1842"] = { name = "Bob", may_read_reports = false },
}
