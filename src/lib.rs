//! Lua in nginx: a dynamic module that gives stock nginx the `*_by_lua`
//! directives and the `ngx.*` Lua API.
