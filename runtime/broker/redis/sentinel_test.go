package redisbroker_test

import (
	"strings"
	"testing"

	redisbroker "github.com/wsgen/wsgen/runtime/broker/redis"
	"github.com/wsgen/wsgen/runtime/broker/redis/redistest"
)

// TestSentinel: a link goes to the master that Sentinels name, and to the one that
// takes its place.
func TestSentinel(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	host, port, _ := strings.Cut(redis.Addr(), ":")
	replica := redistest.Start(t, "--replicaof", host+" "+port)
	until(t, "the replica is connected", func() bool {
		return strings.Contains(replica.Do("INFO", "replication"), "master_link_status:up")
	})
	sentinel := redistest.StartSentinel(t, "gateways", redis)
	until(t, "the Sentinel knows the replica", func() bool {
		return strings.Contains(sentinel.Do("SENTINEL", "MASTER", "gateways"), "num-slaves:1")
	})
	o := redisbroker.Options{Client: sentinel.Client()}
	o.Client.Sentinel.MasterSet = "gateways"
	b := redisbroker.New(o)
	from, to := open(t, b), open(t, b)
	from.isUp(1)
	to.isUp(1)
	to.subscribe("r.a")
	from.publish("r.a", "before")
	to.hears("r.a", "before")
	until(t, "the Sentinel has looked at the replica, and promotes it", func() bool {
		_, err := sentinel.Try("SENTINEL", "FAILOVER", "gateways")
		return err == nil
	})
	from.until("Down", func() bool { return len(from.said) > 1 })
	to.until("Down", func() bool { return len(to.said) > 1 })
	until(t, "the replica is the master", func() bool {
		return strings.Contains(replica.Do("INFO", "replication"), "role:master")
	})
	until(t, "both nodes are there", func() bool {
		return strings.Contains(replica.Do("PUBSUB", "NUMSUB", "ws:main:r.a"), "1") && calls(replica, "subscribe") >= 3
	})
	settled(from)
	settled(to)
	publishAnyway(t, from, "r.a", "after")
	to.hears("r.a", "after")

	// A Sentinel is no server of messages.
	wrong := open(t, redisbroker.New(redisbroker.Options{Client: sentinel.Client()}))
	wrong.wasDown("the server is a Sentinel")
}
