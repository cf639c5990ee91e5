# Read by nginx's ./configure when it writes its makefile.

# cargo knows best what has changed, so it is always asked; nginx relinks only
# when the library is newer. nginx links the module to its own symbol tables,
# hence without the feature export-modules; the profile is always the optimised
# one, since --with-debug is about nginx's debug log.
cat << END                                                    >> $NGX_MAKEFILE

$ngx_lua_lib:	ngx_lua_cargo

ngx_lua_cargo:
	NGINX_SOURCE_DIR='$PWD' NGINX_BUILD_DIR='$ngx_lua_objs' \\
		cargo rustc --locked --release --lib --crate-type staticlib \\
		--no-default-features \\
		--manifest-path '$ngx_addon_dir/Cargo.toml' \\
		--target-dir '$NGX_OBJS/cargo'

.PHONY:	ngx_lua_cargo

END

cat << END                                                    >> $NGX_MAKEFILE
$ngx_lua_target:	$ngx_lua_lib
END
