// Command nats-engine is a server of NATS in a process of its own, so that what it
// costs is seen apart from the nodes.
package main

import (
	"strings"

	"github.com/wsgen/wsgen/bench/internal/control"
	"github.com/wsgen/wsgen/bench/internal/peer"
	"github.com/wsgen/wsgen/runtime/broker/nats/natstest"
)

func main() {
	server, err := natstest.Start()
	peer.Fail(err)
	defer server.Close()
	peer.Fail(peer.Hold(control.Ready{Addr: strings.TrimPrefix(server.URL(), "nats://")}, "github.com/nats-io/nats-server/v2"))
}
