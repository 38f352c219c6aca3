#!/usr/bin/env bash
# make test: the tests of every module, in one report.
source "$(dirname "$0")/lib.sh"

# The race detector is linked by a C compiler: one that works, headers included.
race=()
cc=$(go env CC)
if echo '#include <stdlib.h>' | CGO_ENABLED=1 ${cc:-cc} -x c -c -o /dev/null - 2>/dev/null && [ "$(go env CGO_ENABLED)" = 1 ]; then
	race=(-race)
else
	lack "no working C compiler: the tests run without the race detector" "Install one (Debian: apt-get install gcc libc6-dev)."
fi

if ! find_chromium; then
	lack "no Chromium: the browser tests are skipped" "$chromium_hint"
fi

if ! find_proxies; then
	lack "not all of nginx, HAProxy, Caddy and Apache: the tests behind those that are missing are left out" "$proxies_hint"
fi

if ! find_redis; then
	lack "no redis-server: the tests of the adapter to Redis are skipped" "$redis_hint"
fi

if ! find_node; then
	lack "no Node 20 with npm: the tests of the TypeScript client are skipped" "$node_hint"
fi

step "fetching modules that are not in the cache yet"
need_module_files

# wsgen compiles nothing, and reads from source what is not compiled. Under the race
# detector that takes seconds, for each of hundreds of modules that tests make.
step "compiling what such modules import"
for flags in "" -trimpath; do
	GOFLAGS=$flags go list -export -deps -f '' ./runtime net/http >/dev/null
done

# Not cached: tests here drive git, the go command, sockets and a browser,
# which the test cache does not see. go vet is a part of make lint.
flags=(-json -count=1 -vet=off -timeout 25m) # a busy machine needs more than the usual 10 for the runtime

# A program that was built with the race detector sleeps for a second before it ends,
# lest goroutines that it leaves behind race. Tests leave none, and there are some sixty
# such programs, one after the other, and more that tests start.
export GORACE="atexit_sleep_ms=100${GORACE:+ $GORACE}"

# What the program as a whole does several things at once in: its tests in cmd/wsgen, and
# those of its packages in pipeline. Where there is a race detector they run with it, and
# not once more without.
at_once='^(TestInterrupt.*|TestKilled|TestRunsAtOnce)$|^TestScripts$/^watch$'
at_once_pipeline='^Test(Golden|Clients)$'
once=()
if [ "${#race[@]}" != 0 ]; then
	once=(-skip "$at_once|$at_once_pipeline")
fi

run() {
	local status=0 beside long=(./runtime ./examples/live/internal/packed ./cmd/wsgen/internal/source)
	beside=$(mktemp)
	beside >"$beside" &
	if [ "${#race[@]}" != 0 ]; then
		go test "${flags[@]}" -race -run "$at_once" ./cmd/wsgen || status=1
		go test "${flags[@]}" -race -run "$at_once_pipeline" ./cmd/wsgen/internal/pipeline || status=1
	fi
	# Those that take longest begin first: then none is left alone at the end.
	# shellcheck disable=SC2046
	go test "${flags[@]}" ${race[@]+"${race[@]}"} -skip '^TestOverHTTP2$' "${long[@]}" $(packages | grep -vxF "$(waiting)" | grep -vxF "$(generator)") || status=1
	# All of the generator but the program, which is tested beside.
	# shellcheck disable=SC2046
	go test "${flags[@]}" ${once[@]+"${once[@]}"} $(generator | grep -v '/cmd/wsgen$') || status=1
	wait $! || status=1
	cat "$beside"
	rm -f "$beside"
	if [ "${#race[@]}" != 0 ]; then # budgets of memory do not hold under the race detector
		# shellcheck disable=SC2046
		go test "${flags[@]}" -run '^TestBudget' $(budgets) || status=1
	fi
	return $status
}

# packages lists those of the workspace.
packages() {
	# shellcheck disable=SC2046
	go list $(workspace | sed 's,^,./,; s,$,/...,')
}

# generator lists the packages that are tested without the race detector, under which they
# take several times as long: the program, its packages that have all of it run again and
# again and start no goroutine, and the root, whose tests read the files of the tree.
generator() { packages | grep -xE 'github.com/wsgen/wsgen(/cmd/wsgen(/internal/(pipeline|resolve|scaffold))?)?'; }

# waiting lists the packages of the workspace whose tests wait most of the time: for
# engines that are cut off and started again, and for a browser.
waiting() { packages | grep -E '/runtime/broker(/|$)|/examples/live$'; }

# budgets lists the folders of the runtime that have tests of what it may take. To
# compile the tests of all others once more, without the race detector, takes a minute.
budgets() { tree 'runtime/**/*_test.go' | xargs grep -l '^func TestBudget' | xargs -n1 dirname | sort -u | sed 's,^,./,'; }

# beside tests what mostly waits, beside all others: the modules that the workspace
# has not, with proxies that stand idle for a minute, and waiting. These packages go one
# after the other: each has processes of its own, and tests that wait for what others do
# must not wait for the machine.
beside() {
	local status=0 m
	# The program as a whole, again and again, which takes twice as long with the race
	# detector. Its packages that start goroutines are tested with it.
	go test "${flags[@]}" ${once[@]+"${once[@]}"} ./cmd/wsgen || status=1
	# The other half of the longest package: most of its tests once more, over HTTP/2.
	go test "${flags[@]}" ${race[@]+"${race[@]}"} -run '^TestOverHTTP2$' ./runtime || status=1
	# shellcheck disable=SC2046
	go test "${flags[@]}" -p 1 ${race[@]+"${race[@]}"} $(waiting) || status=1
	trim # not above: wsgen finds no GOROOT if it is built so
	for m in $(modules); do
		if ! workspace | grep -qx "$m" && has_go "$m"; then
			(cd "$m" && GOWORK=off go test "${flags[@]}" ./...) || status=1
		fi
	done
	return $status
}

step "go test ${race[*]+${race[*]} }in every module; a line per package as it ends"
GOWORK=off go -C tools build -o ../bin/testsum ./testsum
run | bin/testsum -promises docs/reference/guarantees.md
