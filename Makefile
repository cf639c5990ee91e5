# Variables, given on the command line: make run EXAMPLE=hello PORT=8081

NGINX   = debian
EXAMPLE = hello
PORT    = 8080
T       =

WITH_NGINX = @scripts/with-nginx $(NGINX)
SUITE      = cargo test --locked --release --test nginx -- $(T)

.DEFAULT_GOAL := help

help: ## Print this list
	@echo 'make TARGET [VARIABLE=...]'
	@echo
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | while IFS='	' read -r target text; do \
		printf '  %-10s %s\n' "$$target" "$$text"; done
	@echo
	@echo 'NGINX=debian    build for, and run with, Debian'\''s nginx (default)'
	@echo 'NGINX=vendored  nginx 1.28, from the crate nginx-src'
	@echo 'NGINX=DIR       nginx built from the source tree DIR'
	@echo 'EXAMPLE=NAME    the example that make run runs: $(notdir $(wildcard nginx-conf-examples/*))'
	@echo 'PORT=N          the port that make run listens on (default 8080)'
	@echo 'T=NAME          only the tests whose name contains NAME'

build: ## Build the optimised module, build/ngx_http_lua_module.so
	@NGINX=$(NGINX) scripts/setup build
	$(WITH_NGINX) scripts/build

run: ## Build, and run nginx in the foreground with an example configuration
	@NGINX=$(NGINX) scripts/setup run
	$(WITH_NGINX) scripts/build
	$(WITH_NGINX) scripts/run $(EXAMPLE) $(PORT)

clean: ## Remove everything that was built
	rm -rf build target .cargo/config.toml

.PHONY: help build run clean
