#!/usr/bin/env bash
# make generate: renews every generated file, module by module.
source "$(dirname "$0")/lib.sh"
trim

# First of all, since wsgen has it in itself, and writes it into the clients below. The part
# of clients in JavaScript comes from that in TypeScript. It is committed, and TestScript
# compares it, so that whoever does not change it needs no Node.
if find_node; then
	step "templates/tsclient/wsgen.js, and the picture of an editor"
	GOWORK=off go -C contract test -count=1 -run '^(TestScript|TestPicture)$' . -update
else
	lack "there is no Node, or no npm, here: templates/tsclient/wsgen.js and docs/img/completion.svg stay as they are." "$node_hint"
fi

# wire_gen.go carries a go:generate line of its own, with -mod=mod, which a
# workspace refuses; generate.go runs wire as a tool instead.
for m in $(workspace); do
	step "go generate in $m"
	go -C "$m" generate -skip 'mod=mod' ./...
done

# These stand outside the workspace.
for m in bench chaos examples/behind runtime/metrics/prom/dashboard; do
	step "go generate in $m"
	GOWORK=off go -C "$m" generate ./...
done

step "dashboard and alert rules of runtime/metrics/prom"
GOWORK=off go -C runtime/metrics/prom/dashboard run .

# The reference of the tool comes from its tables.
step "docs/reference, and wsgen list in README.md"
go run ./cmd/wsgen/internal/reference
