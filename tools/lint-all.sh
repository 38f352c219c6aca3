#!/usr/bin/env bash
# make lint-all: golangci-lint in every module. It lives in a module of its
# own: its some four hundred dependencies would slow every other tool.
source "$(dirname "$0")/lib.sh"
export GOWORK=off

step "building golangci-lint (minutes, the first time)"
go -C tools/lint-all build -o ../../bin/ github.com/golangci/golangci-lint/v2/cmd/golangci-lint

status=0
for m in $(modules); do
	has_go "$m" || continue
	step "golangci-lint in $m"
	(cd "$m" && "$OLDPWD/bin/golangci-lint" run --config "$OLDPWD/.golangci.yml" ./...) || status=1
done
exit $status
