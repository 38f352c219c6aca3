package redisbroker_test

import (
	"flag"
	"runtime"
	"strconv"
	"testing"

	"go.uber.org/goleak"

	"github.com/wsgen/wsgen/runtime/broker"
	"github.com/wsgen/wsgen/runtime/broker/brokertest"
	redisbroker "github.com/wsgen/wsgen/runtime/broker/redis"
	"github.com/wsgen/wsgen/runtime/broker/redis/redistest"
)

func TestMain(m *testing.M) {
	flag.Parse()
	if flag.Lookup("test.parallel").Value.String() == strconv.Itoa(runtime.GOMAXPROCS(0)) {
		// They wait for Redis most of the time, so more of them run than there are
		// processors.
		_ = flag.Set("test.parallel", "8")
	}
	goleak.VerifyTestMain(m)
}

// keeps is a Redis whose messages can be lost.
type keeps interface {
	Kill()
	Start()
	Empty()
	Save() (restore func())
}

// engine returns an Engine for the brokers of options. Node 1 comes through a gate.
func engine(o redisbroker.Options, redis keeps) func(t *testing.T) brokertest.Engine {
	return func(t *testing.T) brokertest.Engine {
		gate := &redistest.Gate{}
		own := o
		own.Client.DialCtxFn = gate.Dial
		all, one := redisbroker.New(o), redisbroker.New(own)
		return brokertest.Engine{
			Broker: func(node int) broker.Broker {
				if node == 1 {
					return one
				}
				return all
			},
			Cut:     func(int) { gate.Cut() },
			Heal:    func(int) { gate.Heal() },
			Restart: func() { redis.Kill(); redis.Start() },
			Empty:   redis.Empty,
			Save:    redis.Save,
		}
	}
}

// TestConformance: the adapter keeps all promises on one server.
func TestConformance(t *testing.T) {
	redis := redistest.Start(t)
	brokertest.Run(t, engine(redisbroker.Options{Client: redis.Client()}, redis))
}

// TestConformanceCluster: the adapter keeps all promises on a Redis Cluster of three
// masters, with sharded pub/sub.
func TestConformanceCluster(t *testing.T) {
	redis := redistest.StartCluster(t, 3)
	brokertest.Run(t, engine(redisbroker.Options{Client: redis.Client()}, redis))
}
