/*
 * What nginx-sys does not bind.
 *
 * The location configuration of the rewrite module is private to it; its first
 * field, the code array, has been where it is since nginx 0.7, and modules that
 * offer "set" directives have relied on that since then.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

typedef struct {
    ngx_array_t  *codes;
    ngx_uint_t    stack_size;
    ngx_flag_t    log;
    ngx_flag_t    uninitialized_variable_warn;
} ngx_http_rewrite_loc_conf_t;

extern ngx_module_t  ngx_http_rewrite_module;
