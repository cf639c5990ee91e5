/*
 * What other nginx modules can call of ngx_http_lua_module. It is loaded before
 * them, and its functions are found by name.
 */

#ifndef _NGX_HTTP_LUA_API_H_INCLUDED_
#define _NGX_HTTP_LUA_API_H_INCLUDED_


#include <nginx.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include <stdint.h>


/* The version of the interface of OpenResty's module that this one has. */
#define ngx_http_lua_version  10032


typedef struct {
    uint8_t         type;       /* LUA_TNIL, LUA_TBOOLEAN, ... */

    union {
        int         b;
        double      n;
        ngx_str_t   s;
    } value;

} ngx_http_lua_value_t;


/*
 * Finds a zone that was declared with lua_shared_dict or
 * ngx_http_lua_shared_memory_add(); NULL if there is none.
 */
ngx_shm_zone_t *ngx_http_lua_find_zone(u_char *name_data, size_t name_len);

/*
 * Gets a value of a dictionary. A string is copied to value->value.s.data, at
 * most value->value.s.len bytes of it; the length is then that of the copy.
 * Returns NGX_OK, NGX_DECLINED if there is no such key or it has expired, or
 * NGX_ERROR for a list, or if there is no room for a string.
 */
ngx_int_t ngx_http_lua_shared_dict_get(ngx_shm_zone_t *shm_zone,
    u_char *key_data, size_t key_len, ngx_http_lua_value_t *value);

/*
 * As ngx_shared_memory_add(), and init_by_lua runs only when the zone is set
 * up. The caller sets "init" and "data" of the result.
 */
ngx_shm_zone_t *ngx_http_lua_shared_memory_add(ngx_conf_t *cf, ngx_str_t *name,
    size_t size, void *tag);


#endif /* _NGX_HTTP_LUA_API_H_INCLUDED_ */
