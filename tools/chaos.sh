#!/usr/bin/env bash
# make chaos: clusters of real processes, broken in every way that
# docs/reference/chaos.md lists. ENGINES and CASES choose some, FOR is how long the
# faults of each last, and FLAGS are more flags for the program.
source "$(dirname "$0")/lib.sh"
export GOWORK=off

engines=${ENGINES:-nats,redis}
case ,$engines, in *,redis,*)
	if ! find_redis; then
		[ "$engines" != redis ] || fail "no redis-server. $redis_hint"
		lack "no redis-server: chaos is made on NATS alone" "$redis_hint"
		engines=nats
	fi
	;;
esac

step "building what breaks clusters"
go -C chaos build -o ../bin/chaos .
cd chaos # it builds another release of itself
run() {
	# shellcheck disable=SC2086
	../bin/chaos -engines "$engines" -cases "${CASES:-}" -for "${FOR:-1m}" ${FLAGS:-}
}
if [ "$engines" != nats,redis ] || [ -n "${CASES:-}${FOR:-}" ]; then
	run
	exit
fi
# What came of a whole run is worth keeping: docs/reference/chaos.md leads to the last one.
mkdir -p results
run | tee "results/$(date -u +%Y%m%d-%H%M%S).txt"
