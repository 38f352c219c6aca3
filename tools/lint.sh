#!/usr/bin/env bash
# make lint: the gate that runs in seconds. Each module stands alone here, as
# its users get it: no workspace.
source "$(dirname "$0")/lib.sh"
trim
export GOWORK=off

step "building the linters"
go -C tools build -o ../bin/ honnef.co/go/tools/cmd/staticcheck mvdan.cc/gofumpt

status=0
for m in $(modules); do
	has_go "$m" || continue
	step "go vet and staticcheck in $m"
	(cd "$m" && go vet ./...) || status=1
	(cd "$m" && "$OLDPWD/bin/staticcheck" ./...) || status=1
done

# The runtime has files of its own for Linux. This compiles the files that replace
# them elsewhere, tests included, though nothing here runs them.
for os in windows darwin; do
	step "go vet of the runtime for $os"
	GOOS=$os CGO_ENABLED=0 go vet ./runtime/... || status=1
done

step "gofumpt"
unformatted=$(bin/gofumpt -l .)
if [ -n "$unformatted" ]; then
	printf '%s\n' "$unformatted" "not formatted; cure: bin/gofumpt -w ."
	status=1
fi
exit $status
