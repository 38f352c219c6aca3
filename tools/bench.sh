#!/usr/bin/env bash
# make bench: wsgen beside its peers. All rows renew docs/benchmarks.md; WHAT
# names some, whose results are only shown. WHAT=cluster are nodes beside each other,
# and renews docs/benchmarks-cluster.md. WHAT=history is kept pushes, and renews
# docs/benchmarks-history.md. WHAT=generator is the tool itself, and
# renews docs/generator-speed.md. WHAT=clients are generated clients, and renews
# docs/benchmarks-clients.md. FLAGS are more flags for the driver.
source "$(dirname "$0")/lib.sh"
export GOWORK=off

if [ "${WHAT:-}" = generator ]; then
	step "building the benchmark of the generator"
	go -C bench build -o ../bin/bench-generator ./generator
	cd bench
	# shellcheck disable=SC2086
	exec ../bin/bench-generator ${FLAGS:-}
fi

if [ "${WHAT:-}" = clients ]; then
	find_node || lack "no Node 20 with npm here" "The benchmark of clients cannot run. $node_hint"
	step "building the benchmark of clients"
	go -C bench build -o ../bin/bench-clients ./clients
	cd bench
	# shellcheck disable=SC2086
	exec ../bin/bench-clients ${FLAGS:-}
fi

limit=40m
[ -z "${WHAT:-}" ] || limit=5m
case ${WHAT:-} in
history) limit=20m ;;
cluster*)
	limit=20m
	find_redis || lack "no redis-server here" "Servers on Redis are not measured. $redis_hint"
	;;
esac
step "building the benchmark (its first build fetches the peers)"
go -C bench build -o ../bin/bench .
cd bench
# shellcheck disable=SC2086
exec ../bin/bench -limit "$limit" -what "${WHAT:-}" ${FLAGS:-}
