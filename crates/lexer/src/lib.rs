//! Finds the end of a Lua block in an nginx configuration file.
