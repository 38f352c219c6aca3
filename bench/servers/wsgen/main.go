// Command wsgen serves the benchmark's gateway with every limit at its
// default, guards, and a log at level info.
package main

import (
	"github.com/wsgen/wsgen/bench/servers/wsgen/gateway"
	ws "github.com/wsgen/wsgen/runtime"
)

func main() { gateway.Serve(ws.NewServer) }
