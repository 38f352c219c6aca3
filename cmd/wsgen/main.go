// Command wsgen generates typed WebSocket gateways from annotated Go structs:
// dispatch tables, server push and wire providers for
// github.com/wsgen/wsgen/runtime.
//
// Run it as a tool of the module it works on:
//
//	go get -tool github.com/wsgen/wsgen/cmd/wsgen@latest
//	go tool wsgen ./...
package main

import (
	"os"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/cli"
)

func main() { os.Exit(cli.Main(os.Stdin, os.Stdout, os.Stderr, os.Args[1:])) }
