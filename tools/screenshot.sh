#!/usr/bin/env bash
# make screenshot: renews the picture that the README shows.
source "$(dirname "$0")/lib.sh"
find_chromium || fail "no Chromium to take a picture with. $chromium_hint"
step "starting the demo and taking its picture"
mkdir -p docs/img
(cd examples/live && go run ./internal/cmd/screenshot ../../docs/img/live.png)
