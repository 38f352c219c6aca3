#!/usr/bin/env bash
# make generate: renews every generated file, module by module.
source "$(dirname "$0")/lib.sh"

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
