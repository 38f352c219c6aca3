package natstest_test

import (
	"testing"
	"time"

	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/broker/nats/natstest"
	"github.com/wsgen/wsgen/runtime/internal/fixture"
)

// TestServers: three Servers, each at another server of a cluster.
func TestServers(t *testing.T) {
	servers := natstest.Cluster(t, 3)
	t.Logf("ready after %v", fixture.CheckNodes(t, func(node int) ws.Broker { return servers[node].Broker() }))
}

// TestStartsSoon: three nodes over a server in the test's own process know each other
// within a second, the server's start included. Other tests want the processor, too:
// one of five tries has to.
func TestStartsSoon(t *testing.T) {
	const soon, tries = time.Second, 5
	for range tries {
		began := time.Now()
		server := natstest.Run(t)
		started := time.Since(began)
		took := started + fixture.CheckNodes(t, func(int) ws.Broker { return server.Broker() })
		t.Logf("ready after %v, the server after %v", took, started)
		if took < soon {
			return
		}
	}
	t.Errorf("%d times it took longer than %v", tries, soon)
}
