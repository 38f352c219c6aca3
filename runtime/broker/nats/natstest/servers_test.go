package natstest_test

import (
	"testing"

	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/broker/nats/natstest"
	"github.com/wsgen/wsgen/runtime/internal/fixture"
)

// TestServers: three Servers, each at another server of a cluster.
func TestServers(t *testing.T) {
	servers := natstest.Cluster(t, 3)
	t.Logf("ready after %v", fixture.CheckNodes(t, func(node int) ws.Broker { return servers[node].Broker() }))
}
