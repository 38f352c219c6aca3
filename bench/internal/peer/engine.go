package peer

import (
	"encoding/json"
	"flag"
	"io"
	"log/slog"
	"os"

	"github.com/wsgen/wsgen/bench/internal/control"
)

// Engine is which one a node is told to use.
type Engine struct {
	Name string // "nats" or "redis"; "" is none
	Addr string // host:port
}

// EngineFlags adds the flags of an Engine to the command line, which are read by
// Flags.
func EngineFlags() *Engine {
	e := &Engine{}
	flag.StringVar(&e.Name, "engine", "", "be a node of a cluster on this `engine`: nats or redis")
	flag.StringVar(&e.Addr, "engine-addr", "", "where the engine is, `host:port`")
	return e
}

// Hold tells the driver that an engine is ready, and waits until the driver ends
// it. module is the path of the engine's library, for its version, if r has none.
func Hold(r control.Ready, module string) error {
	if r.Version == "" {
		r.Version = version(module)
	}
	if err := json.NewEncoder(os.Stdout).Encode(r); err != nil {
		return err
	}
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}

// Fail logs err and ends the process, if there is one.
func Fail(err error) {
	if err != nil {
		slog.Error("failed", "err", err)
		os.Exit(1)
	}
}
