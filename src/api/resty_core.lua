-- What lua-resty-core adds to the C module is part of this one. Code that
-- requires it goes on as before.
return { version = "0.1.33" }
