#!/usr/bin/env bash
# Expected: a main package chooses each GODEBUG setting of the standard library
# by a line such as //go:debug http2server=0 (go.dev/doc/godebug), so that a
# program that serves WebSockets over HTTP/2 (RFC 8441) says so in its source.
#
# What happens: net/http reads http2xconnect from the environment alone. The go
# command knows no such setting, so that a program with the line does not build:
# "unknown //go:debug setting". Whoever starts the program has to set
# GODEBUG=http2xconnect=1, or nothing but HTTP/1.1 carries WebSockets.
#
# Seen with go1.26.8, linux/amd64. Needs the go command, and nothing else.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
export GOWORK=off GOFLAGS= GOTOOLCHAIN=local
go version
go mod init example.com/x >/dev/null 2>&1

build() { # SETTING: whether a main package with that line builds, and what is said
	printf '//go:debug %s\n\npackage main\n\nfunc main() {}\n' "$1" >main.go
	if out=$(timeout 60 go build -o x . 2>&1); then
		echo "//go:debug $1: builds"
	else
		echo "//go:debug $1: ${out##*: }"
		return 1
	fi
}

build http2server=0 # a setting of net/http that the go command knows
if build http2xconnect=1; then
	echo "this has changed: the setting can stand in the source now"
	exit 1
fi
