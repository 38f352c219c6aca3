#!/usr/bin/env bash
# make live, first half: builds bin/live, and for several nodes bin/nodes, which
# starts them. The Makefile then execs it, so that the server is a member of make's
# own process group and Ctrl-C reaches it.
source "$(dirname "$0")/lib.sh"
trim
step "building the demo (the first build compiles its dependencies too)"
go build -o bin/live ./examples/live
[ -z "${NODES:-}" ] || go build -o bin/nodes ./examples/live/nodes
