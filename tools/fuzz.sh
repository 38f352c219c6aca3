#!/usr/bin/env bash
# make fuzz: every fuzz target of the repository, for FUZZTIME each (default
# 10s), JOBS at a time (default 1). Targets are found, not listed. WHAT, a
# regular expression, chooses some. What go test prints of each is shown if it
# fails.
source "$(dirname "$0")/lib.sh"

budget=${FUZZTIME:-10s} at_once=${JOBS:-1}
said=$(mktemp -d)
trap 'rm -rf "$said"' EXIT

# beside tells whether folder $1 belongs to a module outside the workspace.
beside() {
	local m
	m=$(cd "$1" && GOWORK=off go list -m -f '{{.Dir}}')
	! go list -m -f '{{.Dir}}' | grep -qx "$m"
}

# fuzz fuzzes target $2 of folder $1, GOWORK being $3, writes to file $4, and
# leaves $4.failed if it finds something.
fuzz() {
	local result=ok execs
	if ! GOWORK=$3 go -C "$1" test -vet=off -run '^$' -fuzz "^$2\$" -fuzztime "$budget" -parallel "$workers" . >"$4" 2>&1; then
		result=FAIL
		echo "$1.$2" >"$4.failed"
		cat "$4"
	fi
	execs=$(sed -n 's/.*execs: \([0-9]*\).*/\1/p' "$4" | tail -1)
	printf '%-5s %-60s %12s executions in %s\n' "$result" "$1.$2" "${execs:-0}" "$budget"
}

workers=$(($(nproc) / at_once))
[ "$workers" -gt 0 ] || workers=1
ran=0
while read -r dir; do
	off=
	! beside "$dir" || off=off
	names=$(GOWORK=$off go -C "$dir" test -list '^Fuzz' . | grep '^Fuzz' || true)
	for name in $names; do
		[[ $name =~ ${WHAT:-.} ]] || continue
		ran=$((ran + 1))
		while [ "$(jobs -rp | wc -l)" -ge "$at_once" ]; do wait -n; done
		fuzz "$dir" "$name" "$off" "$said/$ran" </dev/null &
	done
done < <(tree '**/*_test.go' | xargs grep -l '^func Fuzz' | xargs -n1 dirname | sort -u)
wait

[ "$ran" != 0 ] || fail "no fuzz target${WHAT:+ is called $WHAT}"
failed=$(cat "$said"/*.failed 2>/dev/null | tr '\n' ' ' || true)
[ -z "$failed" ] || fail "found something: $failed. The input is in the package's testdata/fuzz: mend what it shows, and commit both"
step "$ran fuzz targets, $budget each: nothing found"
