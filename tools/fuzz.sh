#!/usr/bin/env bash
# make fuzz: every fuzz target of the repository, one after the other, for
# FUZZTIME each (default 10s). Targets are found, not listed. WHAT, a regular
# expression, chooses some. What go test prints of each is shown if it fails.
source "$(dirname "$0")/lib.sh"

budget=${FUZZTIME:-10s}
said=$(mktemp)
trap 'rm -f "$said"' EXIT

# beside tells whether folder $1 belongs to a module outside the workspace.
beside() {
	local m
	m=$(cd "$1" && GOWORK=off go list -m -f '{{.Dir}}')
	! go list -m -f '{{.Dir}}' | grep -qx "$m"
}

ran=0 failed=()
while read -r dir; do
	off=
	! beside "$dir" || off=off
	names=$(GOWORK=$off go -C "$dir" test -list '^Fuzz' . | grep '^Fuzz' || true)
	for name in $names; do
		[[ $name =~ ${WHAT:-.} ]] || continue
		ran=$((ran + 1))
		if GOWORK=$off go -C "$dir" test -vet=off -run '^$' -fuzz "^$name\$" -fuzztime "$budget" . >"$said" 2>&1; then
			result=ok
		else
			result=FAIL
			failed+=("$dir.$name")
			cat "$said"
		fi
		execs=$(sed -n 's/.*execs: \([0-9]*\).*/\1/p' "$said" | tail -1)
		printf '%-5s %-60s %12s executions in %s\n' "$result" "$dir.$name" "${execs:-0}" "$budget"
	done
done < <(tree '**/*_test.go' | xargs grep -l '^func Fuzz' | xargs -n1 dirname | sort -u)

[ "$ran" != 0 ] || fail "no fuzz target${WHAT:+ is called $WHAT}"
[ "${#failed[@]}" = 0 ] || fail "found something: ${failed[*]}. The input is in the package's testdata/fuzz: mend what it shows, and commit both"
step "$ran fuzz targets, $budget each: nothing found"
