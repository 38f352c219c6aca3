# One target for each task in this repository; `make` alone lists them. The steps
# themselves are the scripts in tools/.

.DEFAULT_GOAL := help
.PHONY: help live test long fuzz chaos check generate screenshot bench lint lint-all

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

live: ## build the demo and serve it in the foreground (ADDR=host:port, default 127.0.0.1:3004; NODES=3: on so many nodes, at that port and the next ones)
	@NODES=$(NODES) bash tools/build-live.sh
	@$(if $(NODES),NODES=$(NODES) exec bin/nodes bin/live,exec bin/live)

test: ## run the tests of every module, with the race detector and a real browser
	@bash tools/test.sh

long: ## run what make test runs in a shorter form: pages that are cut off for half a minute (LIVE_AWAY=1m: for so long)
	@bash tools/long.sh

fuzz: ## run every fuzz target (FUZZTIME=10m each, default 10s; JOBS=4: so many at a time; WHAT=FuzzParse: some)
	@bash tools/fuzz.sh

chaos: ## break clusters of real processes for half an hour, and see what holds (ENGINES=nats,redis; CASES=C1,C3; FOR=1m, of each)
	@bash tools/chaos.sh

check: ## prove that generated files, go.mod files and lint are as committed
	@bash tools/check.sh

generate: ## renew every generated file
	@bash tools/generate.sh

screenshot: ## renew the pictures in docs/img: of the metrics' dashboard, and of the running demo
	@bash tools/screenshot.sh

bench: ## measure wsgen beside its peers and renew docs/benchmarks.md (WHAT=fanout,echo: some rows, shown only; WHAT=cluster: three nodes; WHAT=history: kept pushes; WHAT=generator: how fast wsgen itself is; WHAT=clients: what generated clients cost)
	@bash tools/bench.sh

lint: ## go vet, staticcheck and gofumpt over every module, in seconds
	@bash tools/lint.sh

lint-all: ## golangci-lint with the rules of .golangci.yml (its first build takes minutes)
	@bash tools/lint-all.sh
