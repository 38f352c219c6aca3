#!/usr/bin/env bash
# make screenshot: renews the pictures of the dashboard, and those of the demo that the
# README and the guide show.
source "$(dirname "$0")/lib.sh"
step "drawing the dashboard of runtime/metrics/prom from scrapes"
mkdir -p docs/img
GOWORK=off go -C runtime/metrics/prom/dashboard test -count=1 -run '^TestPicture$' . -pictures "$PWD/docs/img"
find_chromium || fail "no Chromium to take a picture with. $chromium_hint"
step "starting the demo and taking its pictures"
(cd examples/live && go run ./internal/cmd/screenshot ../../docs/img)
