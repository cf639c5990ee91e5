# Variables are given on the command line: make run EXAMPLE=hello PORT=8081

NGINX   = debian
EXAMPLE = hello
PORT    = 8080
T       =
QUICK   =
SOAK    = 300

# nginx takes a variable of this name for sockets that it inherits.
unexport NGINX

SETUP      = @NGINX=$(NGINX) scripts/setup
WITH_NGINX = @scripts/with-nginx $(NGINX)
SUITE      = cargo test --locked --release --test nginx -- $(T)

.DEFAULT_GOAL := help

.PHONY: help build run test unit parity valgrind soak bench deb docs fmt lint clean

help: ## Print this list
	@echo 'make TARGET [VARIABLE=VALUE]...'
	@echo
	@sed -n 's/^\([a-z]*\):.*## /\1 /p' Makefile \
		| while read -r target text; do printf '  %-10s%s\n' "$$target" "$$text"; done
	@echo
	@echo 'NGINX=debian    use Debian'\''s nginx (the default)'
	@echo 'NGINX=vendored  use nginx 1.28, from the crate nginx-src'
	@echo 'NGINX=DIR       use nginx as built from the source tree DIR'
	@echo 'EXAMPLE=NAME    what make run runs: $(notdir $(wildcard nginx-conf-examples/*))'
	@echo 'PORT=N          where make run listens, on 127.0.0.1 (8080)'
	@echo 'T=NAME          only the tests whose name contains NAME'
	@echo 'QUICK=1         make test without lints and unit tests; make bench with one run of each'
	@echo 'SOAK=SECONDS    how long make soak takes (300)'
	@echo 'BENCH=NAME      only the workloads whose name contains NAME'
	@echo 'RUNS=N          how often make bench measures each figure (3)'

build: ## Build the optimised module: build/ngx_http_lua_module.so
	$(SETUP) build
	$(WITH_NGINX) scripts/build

run: ## Build, then run nginx in the foreground with an example
	$(SETUP) run
	$(WITH_NGINX) scripts/build
	$(WITH_NGINX) scripts/run $(EXAMPLE) $(PORT)

test: $(if $(QUICK),,lint unit) ## Lint, run the unit tests, then the tests of t/ in nginx
	$(SETUP) test
	$(WITH_NGINX) scripts/build
	@echo '==> Running the tests of t/ in nginx'
	$(WITH_NGINX) $(SUITE)

unit: ## Run the unit tests of crates/, which need no nginx
	$(SETUP) test
	@echo '==> Running the unit tests'
	@cargo test --locked --workspace --exclude nginx-lua --quiet

parity: ## Run the tests of t/ on Debian's build of the C module
	$(SETUP) parity
	@echo '==> Running the tests of t/ on the C module'
	@TEST_NGINX_ORACLE=1 scripts/with-nginx debian $(SUITE)

valgrind: ## Run the tests of t/ in nginx under valgrind's memcheck
	$(SETUP) valgrind
	$(WITH_NGINX) scripts/build
	@echo '==> Running the tests of t/ under valgrind'
	@NGX_LUA_MALLOC=1 TEST_NGINX_USE_VALGRIND=1 scripts/with-nginx $(NGINX) $(SUITE)

soak: ## Run mixed waits at full load with a reload every 500 ms
	$(SETUP) test
	$(WITH_NGINX) scripts/build
	@echo '==> The soak: $(SOAK) s; SOAK=30 is shorter'
	@TEST_NGINX_SOAK_SECONDS=$(SOAK) scripts/with-nginx $(NGINX) \
		cargo test --locked --release --test nginx -- system::soak

bench: ## Compare speed: the C module, this one, nginx alone
	$(SETUP) bench
	@scripts/with-nginx debian scripts/build
	@scripts/with-nginx debian bench/run

deb: ## Build a Debian package: build/deb/libnginx-mod-http-lua-rust_*.deb
	$(SETUP) build
	@scripts/with-nginx debian scripts/build
	@scripts/with-nginx debian scripts/deb

docs: ## Write the table of the Lua API, docs/api/table.md, from its source
	@cargo run --quiet --package nginx-lua-reference > docs/api/table.md

fmt: ## Format the Rust code
	$(SETUP) lint
	cargo fmt --all

lint: ## Check the documentation and the format; run clippy, warnings are errors
	$(SETUP) lint
	@echo '==> Checking the documentation'
	@scripts/check-docs
	@echo '==> Checking the format'
	@cargo fmt --all --check
	@echo '==> Running clippy'
	$(WITH_NGINX) cargo clippy --locked --release --workspace --all-targets --quiet -- -D warnings

clean: ## Remove everything that was built
	rm -rf build target .cargo/config.toml
