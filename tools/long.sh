#!/usr/bin/env bash
# make long: tests that make test runs in a shorter form, in the time that they are about:
# a page that is cut off for half a minute. RUN, a regular expression, chooses some.
source "$(dirname "$0")/lib.sh"
find_chromium || fail "no Chromium to cut off. $chromium_hint"
step "cutting off pages for ${LIVE_AWAY:=30s}"
export LIVE_AWAY
go test -count=1 -v -timeout 10m -run "${RUN:-^TestNobodyMissesAMessage\$}" ./examples/live
