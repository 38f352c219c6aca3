package redisbroker_test

import (
	"testing"

	ws "github.com/wsgen/wsgen/runtime"
	redisbroker "github.com/wsgen/wsgen/runtime/broker/redis"
	"github.com/wsgen/wsgen/runtime/broker/redis/redistest"
	"github.com/wsgen/wsgen/runtime/internal/fixture"
)

// TestServers: three Servers over one server of Redis.
func TestServers(t *testing.T) {
	t.Parallel()
	b := redisbroker.New(redisbroker.Options{Client: redistest.Start(t).Client()})
	t.Logf("ready after %v", fixture.CheckNodes(t, func(int) ws.Broker { return b }))
}
