#!/usr/bin/env bash
# make generate: renews every generated file, module by module.
source "$(dirname "$0")/lib.sh"

# wire_gen.go carries a go:generate line of its own, with -mod=mod, which a
# workspace refuses; generate.go runs wire as a tool instead.
for m in $(workspace); do
	step "go generate in $m"
	go -C "$m" generate -skip 'mod=mod' ./...
done

# The benchmark stands outside the workspace.
step "go generate in bench"
GOWORK=off go -C bench generate ./...

# The reference of the tool comes from its tables.
step "docs/reference, and wsgen list in README.md"
go run ./cmd/wsgen/internal/reference
