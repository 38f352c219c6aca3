#!/usr/bin/env bash
# make bench: wsgen beside its peers. All rows renew docs/benchmarks.md; WHAT
# names some, whose results are only shown. FLAGS are more flags for the driver.
source "$(dirname "$0")/lib.sh"
export GOWORK=off

limit=40m
[ -z "${WHAT:-}" ] || limit=5m
step "building the benchmark (its first build fetches the peers)"
go -C bench build -o ../bin/bench .
cd bench
# shellcheck disable=SC2086
exec ../bin/bench -limit "$limit" -what "${WHAT:-}" ${FLAGS:-}
